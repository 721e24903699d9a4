//! A set of promotions, checked and laid out for look-up by item.

use super::check::{Fault, check, refuse};
use super::model::{Benefit, Items, Off, Pick, Promotion};
use super::problem::{Need, needs};
use crate::error::{CoreError, Result};
use std::collections::{BTreeMap, HashMap};

/// Promotions of one set.
pub const MAX_PROMOTIONS: usize = 100_000;

/// Items of a price book that promotions may speak of.
pub const MAX_ITEMS: u32 = 1 << 24;

/// A promotion that an item is in, and by which of its sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    /// Its place in the set of promotions.
    pub promo: u32,
    /// The sets, as bits.
    pub sets: u16,
}

/// Promotions, compiled once and shared. They stand by priority, highest first, then id.
#[derive(Debug, Default)]
pub struct PromotionSet {
    promotions: Vec<Promotion>,
    item_count: u32,
    /// Where the links of each item begin, up to the last that has any, and where those end.
    starts: Vec<u32>,
    /// Ascending by promotion within an item.
    links: Vec<Link>,
    /// Promotions with a set of all items.
    everywhere: Vec<Link>,
    by_id: HashMap<u32, u32>,
    /// What one application of each promotion needs, and how many units that is.
    needs: Vec<Vec<Need>>,
    sizes: Vec<u64>,
    /// The sets each promotion's benefit speaks of, as bits.
    benefit_sets: Vec<u16>,
    /// The most each promotion takes from the price of the units of an application, where that is
    /// known.
    most_ppm: Vec<Option<i64>>,
}

impl PromotionSet {
    /// Check and compile promotions for a price book of `item_count` items.
    pub fn compile(mut promotions: Vec<Promotion>, item_count: u32) -> Result<Self> {
        if item_count > MAX_ITEMS {
            return Err(CoreError::OutOfRange {
                what: "item_count",
                need: "at most 16,777,216",
            });
        }
        if promotions.len() > MAX_PROMOTIONS {
            return Err(CoreError::OutOfRange {
                what: "the number of promotions",
                need: "at most 100,000",
            });
        }
        promotions.sort_by_key(|promotion| (u16::MAX - promotion.priority, promotion.id));
        let mut by_id = HashMap::with_capacity(promotions.len());
        for (place, promotion) in (0..).zip(&promotions) {
            check(promotion, item_count)?;
            if by_id.insert(promotion.id, place).is_some() {
                return refuse(promotion, Fault::DuplicateId);
            }
        }
        groups(&promotions)?;
        let mut per_item: BTreeMap<u32, Vec<Link>> = BTreeMap::new();
        let mut everywhere = Vec::new();
        for (place, promotion) in (0..).zip(&mut promotions) {
            let mut all = 0;
            for (number, set) in promotion.sets.iter_mut().enumerate() {
                set.except.sort_unstable();
                match &set.items {
                    Items::All => all |= 1 << number,
                    Items::Only(items) => {
                        for item in items {
                            if set.except.binary_search(item).is_err() {
                                link(per_item.entry(*item).or_default(), place, number);
                            }
                        }
                    }
                }
            }
            if all != 0 {
                everywhere.push(Link {
                    promo: place,
                    sets: all,
                });
            }
        }
        let needs: Vec<Vec<Need>> = promotions.iter().map(needs).collect();
        let sizes = needs.iter().map(|needs| {
            let counts = needs.iter().map(|need| u64::from(need.count));
            counts.sum()
        });
        let sizes = sizes.collect();
        let benefit_sets = promotions.iter().map(Promotion::benefit_sets).collect();
        let most_ppm = promotions.iter().map(Promotion::most_ppm).collect();
        let (starts, links) = rows(&per_item)?;
        Ok(Self {
            promotions,
            item_count,
            starts,
            links,
            everywhere,
            by_id,
            needs,
            sizes,
            benefit_sets,
            most_ppm,
        })
    }

    /// How many items the price book has.
    pub fn item_count(&self) -> u32 {
        self.item_count
    }

    /// The promotions, highest priority first, then by id.
    pub fn promotions(&self) -> &[Promotion] {
        &self.promotions
    }

    /// The place of a promotion.
    pub fn place(&self, id: u32) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    /// A promotion by its place.
    pub(crate) fn at(&self, place: u32) -> &Promotion {
        &self.promotions[place as usize]
    }

    /// What one application needs of its sets.
    pub(crate) fn needs_of(&self, place: u32) -> &[Need] {
        &self.needs[place as usize]
    }

    /// The least number of units that one application takes.
    pub(crate) fn size_of(&self, place: u32) -> u64 {
        self.sizes[place as usize]
    }

    /// The sets a promotion's benefit speaks of, as bits.
    pub(crate) fn benefit_sets_of(&self, place: u32) -> u16 {
        self.benefit_sets[place as usize]
    }

    /// The most a promotion takes from the price of the units of an application, but for rounding;
    /// none where that is not known.
    pub(crate) fn most_ppm_of(&self, place: u32) -> Option<i64> {
        self.most_ppm[place as usize]
    }

    /// Every promotion an item is in, ascending, each once.
    pub(crate) fn links_of(&self, item: u32, found: &mut Vec<Link>) {
        found.clear();
        let bounds = item as usize..=item as usize + 1;
        let own = match self.starts.get(bounds) {
            Some(&[start, end]) => &self.links[start as usize..end as usize],
            _ => &[],
        };
        let mut own = own.iter().copied().peekable();
        for &link in &self.everywhere {
            while let Some(before) = own.next_if(|own| own.promo < link.promo) {
                found.push(before);
            }
            let mut sets = self.without_exceptions(link, item);
            if let Some(same) = own.next_if(|own| own.promo == link.promo) {
                sets |= same.sets;
            }
            if sets != 0 {
                found.push(Link { sets, ..link });
            }
        }
        found.extend(own);
    }

    /// The sets of all items that this item is not taken out of.
    fn without_exceptions(&self, link: Link, item: u32) -> u16 {
        let mut sets = link.sets;
        for (number, set) in self.at(link.promo).sets.iter().enumerate() {
            if set.except.binary_search(&item).is_ok() {
                sets &= !(1 << number);
            }
        }
        sets
    }
}

fn link(links: &mut Vec<Link>, promo: u32, set: usize) {
    match links.last_mut() {
        Some(last) if last.promo == promo => last.sets |= 1 << set,
        _ => links.push(Link {
            promo,
            sets: 1 << set,
        }),
    }
}

/// The links of all items in one list, and where each item's begin.
fn rows(per_item: &BTreeMap<u32, Vec<Link>>) -> Result<(Vec<u32>, Vec<Link>)> {
    let end = per_item.last_key_value().map_or(0, |(item, _)| item + 1);
    let mut starts = Vec::with_capacity(end as usize + 1);
    let mut links: Vec<Link> = Vec::with_capacity(per_item.values().map(Vec::len).sum());
    for item in 0..=end {
        starts.push(u32::try_from(links.len()).map_err(|_| CoreError::Overflow {
            what: "the number of links",
        })?);
        links.extend(per_item.get(&item).into_iter().flatten());
    }
    Ok((starts, links))
}

/// Refuse two promotions of one group that agree to share units.
fn groups(promotions: &[Promotion]) -> Result<()> {
    let mut groups: BTreeMap<u16, Vec<&Promotion>> = BTreeMap::new();
    for promotion in promotions {
        if let Some(group) = promotion.exclusive_group
            && promotion.tags != 0
            && promotion.stacks_with != 0
        {
            groups.entry(group).or_default().push(promotion);
        }
    }
    for members in groups.values() {
        for (at, one) in members.iter().enumerate() {
            for other in &members[at + 1..] {
                if one.tags & other.stacks_with != 0 && other.tags & one.stacks_with != 0 {
                    return refuse(one, Fault::GroupContradicts(other.id));
                }
            }
        }
    }
    Ok(())
}

impl Promotion {
    /// Whether its units cannot be settled one by one: they are taken together, or counted.
    pub(crate) fn takes_units(&self, capped: bool) -> bool {
        match self.benefit {
            Benefit::Each { .. } => capped || self.limit_per_cart.is_some(),
            Benefit::Bundle { .. } | Benefit::BuyGet { .. } | Benefit::Tiers { .. } => true,
            Benefit::Cart { .. } | Benefit::EverySpend { .. } => false,
        }
    }

    /// The most it takes from the price of the units of an application, but for rounding.
    fn most_ppm(&self) -> Option<i64> {
        let ppm = |off: &Off| match off {
            Off::Percent(ppm) => Some(*ppm),
            Off::Amount(_) | Off::Price(_) => None,
        };
        if self.stacks_with != 0 {
            return None;
        }
        match &self.benefit {
            Benefit::Each { off, .. } | Benefit::Bundle { off, .. } => ppm(off),
            Benefit::Tiers { tiers, .. } => {
                let most = tiers.iter().map(|tier| ppm(&tier.off));
                most.collect::<Option<Vec<i64>>>()?.into_iter().max()
            }
            // The cheapest of an application cost at most their part of it.
            Benefit::BuyGet {
                buy_set,
                buy,
                get_set,
                get,
                off,
                pick: Pick::Cheapest,
            } if *buy > 0 && buy_set == get_set => {
                let whole = (i64::from(*buy) + i64::from(*get)).max(1);
                Some(ppm(off)?.saturating_mul(i64::from(*get)) / whole + 1)
            }
            _ => None,
        }
    }
}
