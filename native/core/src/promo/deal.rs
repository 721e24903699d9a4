//! One application of a promotion that takes units: what it is worth and who carries it.

use super::compile::PromotionSet;
use super::model::{Benefit, Off, Pick, Spread, Tier};
use super::problem::{Problem, Use};
use super::stack::{Equal, small, taken};
use crate::apportion::apportion;

/// Say which units of an application are rewarded, where that is decided among those it took.
pub(crate) fn settle_roles(
    set: &PromotionSet,
    problem: &Problem,
    contender: usize,
    uses: &mut [Use],
) {
    let promotion = set.at(problem.contenders[contender].promo);
    let Benefit::BuyGet {
        buy_set,
        buy,
        get_set,
        get,
        pick,
        ..
    } = promotion.benefit
    else {
        return;
    };
    if buy == 0 || buy_set != get_set {
        return;
    }
    by_price(problem, uses);
    let mut left = get;
    let mut reward = |taken: &mut Use| {
        taken.reward = taken.count.min(left);
        left -= taken.reward;
    };
    match pick {
        Pick::Cheapest => uses.iter_mut().for_each(&mut reward),
        Pick::Dearest => uses.iter_mut().rev().for_each(&mut reward),
    }
}

/// Cheapest first, by the price under the contender that takes them, then by content.
fn by_price(problem: &Problem, uses: &mut [Use]) {
    uses.sort_unstable_by_key(|used| (problem.cells[used.cell].running, used.row));
}

/// Minor units that the promotion itself takes from the units of an application.
///
/// `uses` are put in order of price.
pub(crate) fn own_off(
    set: &PromotionSet,
    problem: &Problem,
    contender: usize,
    uses: &mut [Use],
) -> i64 {
    by_price(problem, uses);
    let promotion = set.at(problem.contenders[contender].promo);
    let part = |used: &Use, count: u32| {
        let units = Equal {
            count,
            ..problem.rows[used.row].units
        };
        let price = problem.cells[used.cell].running;
        let running = i128::from(price) * i128::from(count);
        [units.total(), running, units.lowest()]
    };
    let on_row = |used: &Use, count: u32, off: Off| taken(promotion, off, count, part(used, count));
    let off = match &promotion.benefit {
        Benefit::Each { off, .. } | Benefit::Bundle { off, .. } => {
            let sums = uses.iter().fold([0; 3], |[a, b, c], used| {
                let [original, running, lowest] = part(used, used.count);
                [a + original, b + running, c + lowest]
            });
            taken(promotion, *off, 1, sums)
        }
        Benefit::BuyGet { off, .. } => {
            let rewarded = uses.iter();
            rewarded.map(|used| on_row(used, used.reward, *off)).sum()
        }
        Benefit::Tiers {
            tiers,
            marginal,
            pick,
            ..
        } => {
            if *marginal && *pick == Pick::Cheapest {
                uses.reverse();
            }
            let whole: u32 = uses.iter().map(|used| used.count).sum();
            let mut before = 0;
            uses.iter()
                .map(|used| {
                    let last = before + used.count;
                    let span = if *marginal {
                        (before, last)
                    } else {
                        (whole.saturating_sub(used.count), whole)
                    };
                    before = last;
                    tier_off(tiers, *marginal, span, &|count, off| {
                        on_row(used, count, off)
                    })
                })
                .sum()
        }
        Benefit::Cart { .. } | Benefit::EverySpend { .. } => 0,
    };
    small(off)
}

/// What tiers take from the units that stand after `before` up to `last`.
fn tier_off(
    tiers: &[Tier],
    marginal: bool,
    (before, last): (u32, u32),
    on_row: &dyn Fn(u32, Off) -> i128,
) -> i128 {
    if !marginal {
        let reached = tiers.iter().rev().find(|tier| tier.from <= last);
        return reached.map_or(0, |tier| on_row(last - before, tier.off));
    }
    let ends = tiers.iter().skip(1).map(|next| next.from - 1);
    tiers
        .iter()
        .zip(ends.chain([u32::MAX]))
        .map(|(tier, end)| {
            let first = before.max(tier.from - 1);
            let end = last.min(end);
            if end > first {
                on_row(end - first, tier.off)
            } else {
                0
            }
        })
        .sum()
}

/// What the stacked promotions take from the units of an application, in minor units, as far as
/// it counts.
pub(crate) fn stacked_off(problem: &Problem, uses: &[Use]) -> i64 {
    uses.iter()
        .map(|used| problem.cells[used.cell].stacked * i64::from(used.count))
        .sum()
}

/// Split what an application takes over its rows, in proportion to their prices, none below its
/// floor. Ties go to the cheaper row.
pub(crate) fn shares(
    set: &PromotionSet,
    problem: &Problem,
    contender: usize,
    uses: &[Use],
    off: i64,
) -> Vec<i64> {
    let promotion = set.at(problem.contenders[contender].promo);
    let rewarded = uses.iter().any(|used| used.reward > 0);
    let only = promotion.spread == Spread::RewardUnits && rewarded;
    let (prices, room): (Vec<i64>, Vec<i64>) = uses
        .iter()
        .map(|used| {
            let count = i64::from(if only { used.reward } else { used.count });
            let price = problem.cells[used.cell].running;
            let floor = problem.rows[used.row].units.floor.min(price);
            (price * count, (price - floor) * count)
        })
        .unzip();
    spread(off, &prices, &room)
}

/// Split `off` in proportion to `prices`, each share at most its `room`; what does not fit goes to
/// the others. At most the sum of the rooms is split.
pub(crate) fn spread(off: i64, prices: &[i64], room: &[i64]) -> Vec<i64> {
    if let (&[price], &[room]) = (prices, room)
        && price > 0
    {
        return vec![off.min(room)];
    }
    let mut shares = vec![0; prices.len()];
    let mut left = off;
    // Each round fills at least one room or ends, so there are at most as many as shares.
    for _ in 0..prices.len() {
        let open: Vec<i64> = (0..prices.len())
            .map(|at| if shares[at] < room[at] { prices[at] } else { 0 })
            .collect();
        let Ok(more) = apportion(left, &open) else {
            break;
        };
        for (at, more) in more.into_iter().enumerate() {
            let fits = more.min(room[at] - shares[at]);
            shares[at] += fits;
            left -= fits;
        }
        if left == 0 {
            break;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_one_unit_goes_to_the_others() {
        for (off, prices, room, expected) in [
            (10, &[100][..], &[100][..], &[10][..]),
            (10, &[100], &[7], &[7]),
            (10, &[0], &[0], &[0]),
            (10, &[100, 100], &[100, 100], &[5, 5]),
            (11, &[100, 100], &[100, 100], &[6, 5]),
            (10, &[300, 100], &[100, 100], &[8, 2]),
            // The first has room for two, and the others share the rest by what they cost.
            (12, &[100, 100, 100], &[2, 100, 100], &[2, 5, 5]),
            (12, &[100, 300, 100], &[2, 100, 100], &[2, 8, 2]),
            (12, &[100, 100, 100], &[2, 3, 100], &[2, 3, 7]),
            (12, &[100, 100, 100], &[0, 100, 0], &[0, 12, 0]),
            // No more than there is room for.
            (12, &[100, 100], &[4, 5], &[4, 5]),
            (12, &[0, 0], &[4, 5], &[0, 0]),
            (0, &[100, 100], &[4, 5], &[0, 0]),
            (5, &[], &[], &[]),
        ] {
            assert_eq!(
                spread(off, prices, room),
                expected,
                "{off} {prices:?} {room:?}"
            );
        }
    }

    #[test]
    fn tiers_take_from_the_units_that_stand_in_them() {
        let tier = |from, minor| Tier {
            from,
            off: Off::Amount(minor),
        };
        let tiers = [tier(2, 10), tier(4, 100), tier(7, 1_000)];
        let of = |marginal, before, last| {
            tier_off(&tiers, marginal, (before, last), &|count, off| match off {
                Off::Amount(minor) => i128::from(count) * i128::from(minor),
                Off::Percent(_) | Off::Price(_) => unreachable!("these take amounts"),
            })
        };
        for (last, all, past) in [
            (0, 0, 0),
            (1, 0, 0),
            (2, 20, 10),
            (3, 30, 20),
            (4, 400, 120),
            (6, 600, 320),
            (7, 7_000, 1_320),
            (9, 9_000, 3_320),
        ] {
            assert_eq!(of(false, 0, last), all, "all {last}");
            assert_eq!(of(true, 0, last), past, "past {last}");
            for before in 0..=last {
                let parts = of(true, 0, before) + of(true, before, last);
                assert_eq!(parts, past, "past {before} and {last}");
            }
        }
        // Of nine, those two that stand last, at the tier that all nine reach.
        assert_eq!(of(false, 7, 9), 2_000);
    }
}
