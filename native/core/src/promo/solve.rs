//! Settling a contest: which solver, by size; never worse than the best single promotion.

use super::compile::PromotionSet;
use super::deal::{own_off, settle_roles};
use super::exact;
use super::improve::improve;
use super::left::{Deal, Left, alone_at, evaluate, takes_part};
use super::model::{Benefit, Off, Policy};
use super::prices::find_prices;
use super::problem::{Cell, Contender, Problem, Row};
use super::score::Score;
use super::search::{By, Searcher};
use crate::money::percent_of;

/// Units up to which every way is tried.
pub const EXACT_UNITS: u32 = 10;
/// Units up to which a larger contest is searched for better ways than the first.
pub const SEARCHED_UNITS: u64 = 2_048;

/// How far a result is known to be the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Proof {
    /// No other way saves more.
    Proven,
    /// The best of many ways.
    Searched,
    /// The best of a few ways.
    Greedy,
}

/// How hard a better way to settle a large contest is looked for; small ones are settled exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Effort {
    /// A few ways: for each scan of a long cart, where microseconds count.
    Quick,
    /// Many ways: in a few milliseconds, and some tens of them where promotions want the same units
    /// of a long cart over and over.
    #[default]
    Thorough,
}

/// Settle a contest. Under strict priority, where not every way can be tried, each priority is a
/// contest of its own for what the higher ones left.
pub(crate) fn settle(set: &PromotionSet, problem: &mut Problem) -> (Vec<Deal>, Proof) {
    problem.prepare(set);
    let mut left = Left::all(problem);
    let mut deals = Vec::new();
    let mut proof = Proof::Proven;
    match problem.policy {
        _ if problem.contenders.is_empty() => {}
        Policy::BestForCustomer => {
            proof = contest(set, problem, &mut left, None, &mut deals);
        }
        Policy::StrictPriority => {
            if let Some(found) = every_way(set, problem, &left) {
                deals = found;
            } else {
                proof = Proof::Searched;
                for level in levels(set, problem) {
                    problem.begin_level(set, &left.rows, level);
                    let found = contest(set, problem, &mut left, Some(level), &mut deals);
                    proof = proof.max(found);
                }
            }
        }
    }
    if !problem.stacker.whole {
        proof = proof.max(Proof::Greedy);
    }
    (deals, proof)
}

/// The priorities of the contenders, highest first.
fn levels(set: &PromotionSet, problem: &Problem) -> Vec<u16> {
    let contenders = problem.contenders.iter();
    let mut levels: Vec<u16> = contenders.map(|one| set.at(one.promo).priority).collect();
    levels.sort_unstable_by_key(|&level| std::cmp::Reverse(level));
    levels.dedup();
    levels
}

/// The best way under strict priority, where the contest is small enough to try every way.
fn every_way(set: &PromotionSet, problem: &mut Problem, left: &Left) -> Option<Vec<Deal>> {
    if units(left) > u64::from(problem.exact_units) {
        return None;
    }
    exact::settle_strict(set, problem, left)
}

/// Settle what is left among the contenders of one priority, or of all.
fn contest(
    set: &PromotionSet,
    problem: &mut Problem,
    left: &mut Left,
    level: Option<u16>,
    deals: &mut Vec<Deal>,
) -> Proof {
    let (mut best, mut way, proof) = search(set, problem, left, level);
    if proof != Proof::Proven && problem.contenders.len() > 1 {
        for contender in 0..problem.contenders.len() {
            if takes_part(set, problem, contender, level)
                && most_alone(set, problem, left, contender, best.saving_minor.into())
                    > i128::from(best.saving_minor)
            {
                let single = only(set, problem, left, contender);
                let score = worth(set, problem, left, &single, level);
                if score > best {
                    (best, way) = (score, single);
                }
            }
        }
    }
    for deal in way {
        left.take(problem, &deal);
        deals.push(deal);
    }
    proof
}

/// The best way that is found with the effort that is asked for.
fn search(
    set: &PromotionSet,
    problem: &mut Problem,
    left: &Left,
    level: Option<u16>,
) -> (Score, Vec<Deal>, Proof) {
    let (mut best, mut way, mut proof) = ways(set, problem, left, level);
    let open = proof != Proof::Proven && units(left) <= SEARCHED_UNITS;
    if open && problem.effort == Effort::Thorough {
        proof = Proof::Searched;
        let market = find_prices(set, problem, left, level, &mut |problem, found| {
            let score = worth(set, problem, left, &found, level);
            if score > best {
                (best, way) = (score, found);
            }
            best.saving_minor
        });
        if let Some(market) = market {
            let found = improve(set, problem, left, level, &market, (best, way.clone()));
            let score = worth(set, problem, left, &found, level);
            if score > best {
                (best, way) = (score, found);
            }
        }
    }
    (best, way, proof)
}

/// The best way that the solver for the size of a contest finds at once.
fn ways(
    set: &PromotionSet,
    problem: &mut Problem,
    left: &Left,
    level: Option<u16>,
) -> (Score, Vec<Deal>, Proof) {
    if units(left) <= u64::from(problem.exact_units)
        && let Some(found) = exact::settle(set, problem, left, level)
    {
        let score = worth(set, problem, left, &found, level);
        return (score, found, Proof::Proven);
    }
    let alone: Vec<i64> = (0..left.rows.len())
        .map(|row| alone_at(set, problem, row, 1, level).saving_minor)
        .collect();
    let searcher = Searcher::new(set, problem, &alone, 1, level);
    let offers = searcher.offers(left);
    let greedy = |offers, by| {
        let mut after = left.clone();
        (searcher.greedy(&mut after, offers, by), after)
    };
    // One promotion by itself has nothing to put in another order.
    let found = if problem.contenders.len() > 1 {
        let first = greedy(offers.clone(), By::Gain);
        [Some(first), Some(greedy(offers, By::GainPerUnit))]
    } else {
        [Some(greedy(offers, By::Gain)), None]
    };
    let mut best = (evaluate(set, problem, &[], left, level), Vec::new());
    for (way, after) in found.into_iter().flatten() {
        let score = evaluate(set, problem, &way, &after, level);
        if score > best.0 {
            best = (score, way);
        }
    }
    (best.0, best.1, Proof::Greedy)
}

fn units(left: &Left) -> u64 {
    left.rows.iter().map(|&count| u64::from(count)).sum()
}

/// What deals are worth with all else left alone.
fn worth(
    set: &PromotionSet,
    problem: &mut Problem,
    left: &Left,
    deals: &[Deal],
    level: Option<u16>,
) -> Score {
    let mut after = left.clone();
    for deal in deals {
        after.take(problem, deal);
    }
    evaluate(set, problem, deals, &after, level)
}

/// More than a promotion by itself can save: what its benefit takes from all its units. Where that
/// is not more than `enough` anyhow, how much less is not reckoned.
fn most_alone(
    set: &PromotionSet,
    problem: &Problem,
    left: &Left,
    contender: usize,
    enough: i128,
) -> i128 {
    let promotion = set.at(problem.contenders[contender].promo);
    let cells = problem.cells_of(contender).iter();
    let sums = cells.map(|cell| {
        let units = i128::from(left.rows[cell.row]);
        [
            units,
            units * i128::from(problem.rows[cell.row].units.amount),
        ]
    });
    let [units, price] = sums.fold([0; 2], |[a, b], [c, d]| [a + c, b + d]);
    if price <= enough {
        return price;
    }
    let off = |off: &Off| match off {
        // Each unit may be rounded up by itself.
        Off::Percent(ppm) => percent_of(price, *ppm) + units,
        Off::Amount(amount) => units.saturating_mul(i128::from(*amount)),
        Off::Price(_) => price,
    };
    let most = match &promotion.benefit {
        Benefit::Each { off: what, .. }
        | Benefit::Bundle { off: what, .. }
        | Benefit::BuyGet { off: what, .. } => off(what),
        Benefit::Tiers { tiers, .. } => {
            let most = tiers.iter().map(|tier| off(&tier.off)).max();
            most.unwrap_or(0)
        }
        Benefit::Cart { .. } | Benefit::EverySpend { .. } => 0,
    };
    most.min(price)
}

/// The deals of one promotion as if there were no other; none may be worth less beside others.
fn only(set: &PromotionSet, problem: &Problem, left: &Left, contender: usize) -> Vec<Deal> {
    let cells = problem.contenders[contender].cells.clone();
    let cells: Vec<usize> = cells
        .filter(|&cell| left.rows[problem.cells[cell].row] > 0)
        .collect();
    let mut alone = Problem {
        policy: problem.policy,
        exact_units: problem.exact_units,
        effort: problem.effort,
        contenders: vec![Contender {
            uses: left.uses[contender],
            minor: left.minor[contender],
            promo: problem.contenders[contender].promo,
            edge: None,
            cells: 0..cells.len(),
        }],
        ..Problem::default()
    };
    for (row, &cell) in cells.iter().enumerate() {
        let cell = problem.cells[cell];
        let found = &problem.rows[cell.row];
        let mut units = found.units;
        units.count = left.rows[cell.row];
        alone.rows.push(Row {
            kind: found.kind,
            units,
            each: 0..0,
        });
        alone.cells.push(Cell { row, ..cell });
    }
    alone.prepare(set);
    // Rewards stay those that were picked among all units, of which some may be gone by now.
    for (own, &cell) in alone.cells.iter_mut().zip(&cells) {
        own.rewards = problem.cells[cell].rewards;
    }
    let edge = problem.contenders[contender].edge;
    alone.contenders[0].edge = edge.and_then(|(row, _)| {
        let mut rows = cells.iter().map(|&cell| problem.cells[cell].row);
        let place = rows.position(|found| found == row)?;
        Some((place, left.edge[contender]))
    });
    let start = Left::all(&alone);
    let (_, mut deals, _) = search(set, &mut alone, &start, None);
    for deal in &mut deals {
        deal.contender = contender;
        for used in &mut deal.uses {
            used.cell = cells[used.row];
            used.row = problem.cells[used.cell].row;
        }
        settle_roles(set, problem, contender, &mut deal.uses);
        // What stacks underneath takes its part first, so this can only be less.
        deal.own = deal
            .own
            .min(own_off(set, problem, contender, &mut deal.uses));
    }
    deals.retain(|deal| deal.own > 0);
    deals
}
