//! Why a line costs what it costs, and why a promotion did nothing.

use super::cart::{Cart, index};
use super::compile::PromotionSet;
use super::eligible::{Clause, closed};
use super::model::{Benefit, Gate, Items, Line, Promotion};
use super::problem::needs;
use super::result::Modifier;
use crate::error::{CoreError, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A part of a line's price. The parts of a line sum to its net.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Unit price × quantity, in minor units.
    Amount(i64),
    /// A promotion's share.
    Promotion(Modifier),
}

impl Reason {
    /// Minor units; below zero for a discount.
    pub fn amount_minor(&self) -> i64 {
        match self {
            Self::Amount(amount) => *amount,
            Self::Promotion(found) => found.amount_minor,
        }
    }
}

/// Why a promotion does nothing in a cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNot {
    /// It does something: minor units.
    Applied(i64),
    /// A clause fails before any line is looked at.
    Closed(Clause),
    /// No line has an item of its sets.
    NoItem,
    /// This line would be in its set, and is excepted or never discounted.
    Excluded {
        /// The line.
        line: u32,
    },
    /// Too few units for a gate or for one application.
    MinQuantity {
        /// Units in the cart.
        have: u64,
        /// Units needed.
        need: u64,
    },
    /// Too little spent for a gate or for one step, in minor units.
    MinSpend {
        /// Spent.
        have: i64,
        /// Needed.
        need: i64,
    },
    /// Units of too few of the sets that a gate asks for.
    MinSets {
        /// Sets with units enough.
        have: u64,
        /// Sets needed.
        need: u64,
    },
    /// The lowest lawful price leaves it nothing to take.
    Floor,
    /// It would take nothing: the price is already as low.
    NoSaving,
    /// Another promotion took its units.
    UnitsConsumed {
        /// Its id.
        by: u32,
        /// What this one alone would save, in minor units.
        alone_minor: i64,
    },
    /// Another promotion, or several, saved more.
    LostTo {
        /// The id of the one that took most.
        by: u32,
        /// What this one alone would save, in minor units.
        alone_minor: i64,
    },
}

impl Cart {
    /// The parts of a line's price, in the order they apply.
    pub fn explain(&self, line: u32) -> Result<Vec<Reason>> {
        let priced = self.priced();
        let own = priced.lines.iter().find(|row| row.line == line);
        let own = own.ok_or(CoreError::OutOfRange {
            what: "line",
            need: "a line of the cart",
        })?;
        let mods = priced.modifiers.iter().filter(|found| found.line == line);
        let mods = mods.copied().map(Reason::Promotion);
        Ok([Reason::Amount(own.amount_minor)]
            .into_iter()
            .chain(mods)
            .collect())
    }

    /// The first clause of a promotion that fails in this cart, or what it lost to.
    pub fn why_not(&self, promotion_id: u32) -> Result<WhyNot> {
        let place = self.set.place(promotion_id).ok_or(CoreError::OutOfRange {
            what: "promotion_id",
            need: "a promotion of the set",
        })?;
        let promotion = self.set.at(place);
        let saved = self.takes_now(promotion_id);
        if saved > 0 {
            return Ok(WhyNot::Applied(saved));
        }
        if let Some(clause) = closed(promotion, &self.facts) {
            return Ok(WhyNot::Closed(clause));
        }
        if let Some(why) = self.no_item(promotion) {
            return Ok(why);
        }
        if let Some(why) = self.gate_fails(place, promotion) {
            return Ok(why);
        }
        let alone_minor = self.saves_alone(promotion, true)?;
        if alone_minor > 0 {
            return Ok(self.lost(place, promotion, alone_minor));
        }
        if let Some(why) = self.falls_short(promotion) {
            return Ok(why);
        }
        let lawful = self.saves_alone(promotion, false)? > 0;
        Ok(if lawful {
            WhyNot::Floor
        } else {
            WhyNot::NoSaving
        })
    }

    fn takes_now(&self, promotion_id: u32) -> i64 {
        let priced = self.priced();
        let own = priced.applications.iter();
        let own = own.filter(|found| found.promotion_id == promotion_id);
        own.map(|found| found.saving_minor).sum()
    }

    fn live_lines(&self) -> impl Iterator<Item = (u32, &Line)> {
        let lines = self.lines.iter().enumerate().filter(|(_, slot)| slot.live);
        lines.map(|(number, slot)| (index(number), &slot.line))
    }

    /// That no line is in the sets of its benefit, and whether one only just is not.
    fn no_item(&self, promotion: &Promotion) -> Option<WhyNot> {
        let sets = promotion.benefit_sets();
        let wanted = promotion.sets.iter().enumerate();
        let wanted = wanted.filter(|(number, _)| sets & 1 << number != 0);
        let wanted: Vec<_> = wanted.map(|(_, set)| set).collect();
        let listed = |line: &Line| {
            wanted.iter().any(|set| match &set.items {
                Items::All => true,
                Items::Only(items) => items.contains(&line.item),
            })
        };
        let inside = |line: &Line| {
            let excepted = wanted.iter().all(|set| set.except.contains(&line.item));
            line.discountable && !excepted
        };
        let mut near = None;
        for (number, line) in self.live_lines().filter(|(_, line)| listed(line)) {
            if inside(line) {
                return None;
            }
            near = near.or(Some(number));
        }
        Some(near.map_or(WhyNot::NoItem, |line| WhyNot::Excluded { line }))
    }

    fn gate_fails(&self, place: u32, promotion: &Promotion) -> Option<WhyNot> {
        promotion.gates.iter().find_map(|&gate| match gate {
            Gate::MinQuantity { set, count } => {
                let (have, need) = (self.inside(place, promotion, set).0, count.into());
                (have < need).then_some(WhyNot::MinQuantity { have, need })
            }
            Gate::MinSpend { set, amount_minor } => {
                let (have, need) = (self.inside(place, promotion, set).1, amount_minor);
                (have < need).then_some(WhyNot::MinSpend { have, need })
            }
            Gate::MinSets { sets, count, least } => {
                let named = (0..promotion.sets.len()).filter(|set| sets & 1 << set != 0);
                let units = named.map(|set| self.inside(place, promotion, set).0);
                let have = units.filter(|&units| units >= u64::from(count)).count();
                let (have, need) = (u64::try_from(have).unwrap_or(u64::MAX), least.into());
                (have < need).then_some(WhyNot::MinSets { have, need })
            }
        })
    }

    /// Units, and minor units spent, in a set as the promotion's layer finds them.
    fn inside(&self, place: u32, promotion: &Promotion, set: usize) -> (u64, i64) {
        let mut lines: BTreeMap<u32, i64> = BTreeMap::new();
        let mut units = 0;
        for &(kind, sets) in &self.states[place as usize].kinds {
            let kind = &self.kinds[kind as usize];
            if sets & 1 << set != 0 {
                units += u64::from(kind.count);
                for &(line, _) in &kind.members {
                    let slot = &self.lines[line as usize];
                    let off = if promotion.on_cart() {
                        slot.unit_off
                    } else {
                        0
                    };
                    lines.insert(line, slot.amount - off);
                }
            }
        }
        (units, lines.values().sum())
    }

    /// What the promotion would save in this cart if there were no other.
    fn saves_alone(&self, promotion: &Promotion, floors: bool) -> Result<i64> {
        let one = vec![promotion.clone()];
        let set = Arc::new(PromotionSet::compile(one, self.set.item_count())?);
        let mut cart = Self::new(set, self.facts.clone(), self.minor_digits)?;
        for (_, line) in self.live_lines() {
            let floor_price_micros = if floors { line.floor_price_micros } else { 0 };
            cart.push_line(Line {
                floor_price_micros,
                ..*line
            })?;
        }
        cart.settle();
        Ok(-cart.priced().discount_minor)
    }

    /// Too few units for one application, or too little for one step.
    fn falls_short(&self, promotion: &Promotion) -> Option<WhyNot> {
        let lines = || self.live_lines().filter(|(_, line)| line.discountable);
        let has = |set: usize, line: &Line| {
            let set = &promotion.sets[set];
            let listed = match &set.items {
                Items::All => true,
                Items::Only(items) => items.contains(&line.item),
            };
            listed && !set.except.contains(&line.item)
        };
        if let Benefit::EverySpend {
            set, step_minor, ..
        } = promotion.benefit
        {
            let own = lines().filter(|(_, line)| has(set, line));
            let nets = own.map(|(number, _)| {
                let slot = &self.lines[number as usize];
                slot.amount - slot.unit_off
            });
            let have = nets.sum();
            let need = step_minor;
            return (have < need).then_some(WhyNot::MinSpend { have, need });
        }
        needs(promotion).into_iter().find_map(|need| {
            let own = lines().filter(|(_, line)| has(need.set, line));
            let units = own.map(|(number, _)| {
                let slot = &self.lines[number as usize];
                let parts = slot.parts[..slot.part_count].iter();
                parts.map(|part| u64::from(part.1)).sum::<u64>()
            });
            let have = units.sum();
            let need = u64::from(need.count);
            (have < need).then_some(WhyNot::MinQuantity { have, need })
        })
    }

    /// Which other promotion has most of what this one could have had.
    fn lost(&self, place: u32, promotion: &Promotion, alone_minor: i64) -> WhyNot {
        let mut taken: BTreeMap<u32, i64> = BTreeMap::new();
        for kind in self.kinds.iter().filter(|kind| kind.count > 0) {
            if promotion.on_cart() || kind.sets_of(place) & promotion.benefit_sets() != 0 {
                for found in &kind.mods {
                    *taken.entry(found.promo).or_default() += found.off;
                }
            }
        }
        for found in &self.cart_mods {
            *taken.entry(found.promo).or_default() += found.off;
        }
        if promotion.on_cart() {
            // It competes with its own class; others only where a group forbids both.
            let rivals = |promo: &u32| {
                let other = self.set.at(*promo);
                promotion.excludes(other) || other.on_cart() && other.class == promotion.class
            };
            taken.retain(|promo, _| rivals(promo));
        }
        // Of equals the one that stands first: higher priority, then lower id.
        let most = taken
            .iter()
            .max_by_key(|&(&promo, &off)| (off, u32::MAX - promo));
        let Some((&promo, _)) = most else {
            return WhyNot::NoSaving;
        };
        let by = self.set.at(promo).id;
        if self.set.at(promo).takes_units(false) && !promotion.on_cart() {
            WhyNot::UnitsConsumed { by, alone_minor }
        } else {
            WhyNot::LostTo { by, alone_minor }
        }
    }
}
