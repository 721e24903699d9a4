//! What a promotion must be before it is compiled, and the names of what it may not be.

use super::model::{Benefit, Class, Gate, Items, Off, Promotion, Window};
use crate::error::{CoreError, Result};
use std::fmt;

/// Sets of one promotion, slots of one bundle.
pub const MAX_SETS: usize = 16;
/// Units of one application, and tiers.
pub const MAX_TAKE: u32 = 10_000;
/// Minutes in a week.
pub const WEEK_MINUTES: u32 = 10_080;

/// Why a promotion is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Another has its id.
    DuplicateId,
    /// A set holds nothing.
    EmptySet,
    /// A set names an item the price book does not have.
    UnknownItem(u32),
    /// It names a set it does not have, or has more than 16.
    UnknownSet,
    /// Its window never opens.
    NeverOpens,
    /// A price, amount or step below zero, or a step of zero.
    BelowZero,
    /// A percentage above 100, or a funding share above the whole.
    AboveWhole,
    /// A count of zero or above 10,000, or tiers that do not ascend.
    Count,
    /// A class whose promotions do not give such a benefit.
    ClassAndBenefit,
    /// A fixed price for a whole cart.
    CartPrice,
    /// It agrees to stack with this promotion of its own exclusive group.
    GroupContradicts(u32),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateId => write!(f, "another promotion has this id"),
            Self::EmptySet => write!(f, "a set is empty"),
            Self::UnknownItem(item) => write!(f, "item {item} is not in the price book"),
            Self::UnknownSet => write!(f, "it names a set it does not have, or has more than 16"),
            Self::NeverOpens => write!(f, "its window never opens"),
            Self::BelowZero => write!(f, "prices and amounts must be zero or more, steps above"),
            Self::AboveWhole => write!(f, "a share must be at most 1,000,000 ppm"),
            Self::Count => write!(f, "counts must be 1 to 10,000, and tiers ascend"),
            Self::ClassAndBenefit => write!(f, "its class does not give such a benefit"),
            Self::CartPrice => write!(f, "a cart has no fixed price"),
            Self::GroupContradicts(other) => {
                write!(
                    f,
                    "it stacks with {other} and is in one exclusive group with it"
                )
            }
        }
    }
}

/// A refusal of one promotion.
pub(crate) fn refuse<T>(promotion: &Promotion, fault: Fault) -> Result<T> {
    Err(CoreError::Promotion {
        promotion_id: promotion.id,
        fault,
    })
}

/// Refuse what cannot mean anything.
pub(crate) fn check(promotion: &Promotion, item_count: u32) -> Result<()> {
    let fault = sets(promotion, item_count)
        .or_else(|| window(&promotion.window))
        .or_else(|| promotion.gates.iter().find_map(|gate| self::gate(*gate)))
        .or_else(|| benefit(&promotion.benefit))
        .or_else(|| class(promotion))
        .or_else(|| (promotion.vendor_ppm > 1_000_000).then_some(Fault::AboveWhole));
    match fault {
        Some(fault) => refuse(promotion, fault),
        None => Ok(()),
    }
}

fn sets(promotion: &Promotion, item_count: u32) -> Option<Fault> {
    let count = promotion.sets.len();
    if count > MAX_SETS || names(promotion).any(|set| set >= count) {
        return Some(Fault::UnknownSet);
    }
    for set in &promotion.sets {
        let listed = match &set.items {
            Items::All => &[][..],
            Items::Only(items) => items,
        };
        let unknown = listed
            .iter()
            .chain(&set.except)
            .find(|&&item| item >= item_count);
        if let Some(&item) = unknown {
            return Some(Fault::UnknownItem(item));
        }
        if set.items != Items::All && listed.iter().all(|item| set.except.contains(item)) {
            return Some(Fault::EmptySet);
        }
    }
    None
}

/// Every set that the benefit and the gates name.
fn names(promotion: &Promotion) -> impl Iterator<Item = usize> + '_ {
    let gates = promotion.gates.iter().flat_map(|gate| {
        let (one, several) = match *gate {
            Gate::MinQuantity { set, .. } | Gate::MinSpend { set, .. } => (Some(set), 0),
            Gate::MinSets { sets, .. } => (None, sets),
        };
        let several = (0..MAX_SETS).filter(move |set| several & 1 << set != 0);
        one.into_iter().chain(several)
    });
    let (slots, others): (&[_], [Option<usize>; 2]) = match &promotion.benefit {
        Benefit::Bundle { slots, .. } => (slots, [None, None]),
        Benefit::BuyGet {
            buy_set, get_set, ..
        } => (&[], [Some(*buy_set), Some(*get_set)]),
        Benefit::Each { set, .. }
        | Benefit::Tiers { set, .. }
        | Benefit::Cart { set, .. }
        | Benefit::EverySpend { set, .. } => (&[], [Some(*set), None]),
    };
    let slots = slots.iter().map(|slot| slot.set);
    gates.chain(slots).chain(others.into_iter().flatten())
}

fn window(window: &Window) -> Option<Fault> {
    if let (Some(start), Some(end)) = (window.start_s, window.end_s)
        && start >= end
    {
        return Some(Fault::NeverOpens);
    }
    let spans = window.weekly.as_ref()?;
    let good = |&(from, until): &(u32, u32)| from < until && until <= WEEK_MINUTES;
    (spans.is_empty() || !spans.iter().all(good)).then_some(Fault::NeverOpens)
}

fn gate(gate: Gate) -> Option<Fault> {
    match gate {
        Gate::MinQuantity { count, .. } => (count == 0).then_some(Fault::Count),
        Gate::MinSpend { amount_minor, .. } => (amount_minor < 0).then_some(Fault::BelowZero),
        Gate::MinSets { sets, count, least } => {
            let good = count > 0 && (1..=sets.count_ones()).contains(&least);
            (!good).then_some(Fault::Count)
        }
    }
}

fn off(off: Off) -> Option<Fault> {
    match off {
        Off::Percent(value) | Off::Amount(value) | Off::Price(value) if value < 0 => {
            Some(Fault::BelowZero)
        }
        Off::Percent(ppm) if ppm > 1_000_000 => Some(Fault::AboveWhole),
        _ => None,
    }
}

fn benefit(benefit: &Benefit) -> Option<Fault> {
    let counted = |count: u64| (count == 0 || count > u64::from(MAX_TAKE)).then_some(Fault::Count);
    match benefit {
        Benefit::Cart {
            off: Off::Price(_), ..
        } => Some(Fault::CartPrice),
        Benefit::Each { off, .. } | Benefit::Cart { off, .. } => self::off(*off),
        Benefit::Bundle { slots, off } => {
            let whole = slots.iter().map(|slot| u64::from(slot.count)).sum();
            let hollow = slots.len() > MAX_SETS || slots.iter().any(|slot| slot.count == 0);
            let hollow = hollow.then_some(Fault::Count);
            hollow
                .or_else(|| counted(whole))
                .or_else(|| self::off(*off))
        }
        Benefit::BuyGet { buy, get, off, .. } => {
            let hollow = (*get == 0).then_some(Fault::Count);
            let whole = u64::from(*buy) + u64::from(*get);
            hollow
                .or_else(|| counted(whole))
                .or_else(|| self::off(*off))
        }
        Benefit::Tiers { tiers, .. } => {
            let climbs = tiers.windows(2).all(|pair| pair[0].from < pair[1].from);
            let first = tiers.first().map_or(0, |tier| tier.from);
            let bad = !climbs || first == 0 || tiers.len() > MAX_TAKE as usize;
            let bad = bad.then_some(Fault::Count);
            bad.or_else(|| tiers.iter().find_map(|tier| off(tier.off)))
        }
        Benefit::EverySpend {
            step_minor,
            off_minor,
            ..
        } => (*step_minor <= 0 || *off_minor < 0).then_some(Fault::BelowZero),
    }
}

fn class(promotion: &Promotion) -> Option<Fault> {
    let each = matches!(promotion.benefit, Benefit::Each { .. });
    let fits = match promotion.class {
        Class::Item => each,
        Class::Set => !each && !promotion.on_cart(),
        Class::Cart => promotion.on_cart(),
        _ => true,
    };
    (!fits).then_some(Fault::ClassAndBenefit)
}
