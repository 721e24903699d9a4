//! Settling a contest: which solver, by size; never worse than the best single promotion.

use super::compile::PromotionSet;
use super::exact;
use super::left::{Deal, Left, alone_at, evaluate, takes_part};
use super::model::Policy;
use super::problem::{Contender, Problem, Row};
use super::search::{By, Searcher};

/// Units up to which every way is tried.
pub const EXACT_UNITS: u32 = 10;
/// Units up to which a beam is tried.
pub const BEAM_UNITS: u32 = 64;

/// How far a result is known to be the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Proof {
    /// No other way saves more.
    Proven,
    /// The best of several ways.
    Beam,
    /// The best of a few ways.
    Greedy,
}

/// Settle a contest. Under strict priority each priority is a contest of its own for what the
/// higher ones left.
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
            for level in levels(set, problem) {
                set_aside(set, problem, &mut left, level, false);
                let found = contest(set, problem, &mut left, Some(level), &mut deals);
                proof = proof.max(found);
                set_aside(set, problem, &mut left, level, true);
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

/// Take rows out of the contest that a promotion on each unit of higher (or this) priority leads.
fn set_aside(
    set: &PromotionSet,
    problem: &mut Problem,
    left: &mut Left,
    level: u16,
    this_too: bool,
) {
    for row in 0..problem.rows.len() {
        problem.alone(set, row, left.rows[row]);
        let leader = problem.stacker.best.first();
        let leads = leader.is_some_and(|&promo| {
            let priority = set.at(promo).priority;
            priority > level || this_too && priority == level
        });
        if leads {
            left.rows[row] = 0;
        }
    }
}

/// Settle what is left among the contenders of one priority, or of all.
fn contest(
    set: &PromotionSet,
    problem: &mut Problem,
    left: &mut Left,
    level: Option<u16>,
    deals: &mut Vec<Deal>,
) -> Proof {
    let units: u64 = left.rows.iter().map(|&count| u64::from(count)).sum();
    if units <= u64::from(EXACT_UNITS)
        && let Some(found) = exact::settle(set, problem, left, level)
    {
        commit(problem, left, found, deals);
        return Proof::Proven;
    }
    let beam = units <= u64::from(BEAM_UNITS);
    let mut ways = Vec::new();
    {
        let leads = |row| alone_at(set, problem, row, 1, level).saving_minor;
        let alone: Vec<i64> = (0..left.rows.len()).map(leads).collect();
        let nothing = vec![0; alone.len()];
        let searcher = Searcher::new(set, problem, &alone, level);
        for by in [By::Gain, By::GainPerUnit] {
            ways.push(searcher.greedy(&mut left.clone(), by, None));
        }
        if beam {
            ways.push(searcher.beam(left));
        }
        let single = Searcher::new(set, problem, &nothing, level);
        for contender in 0..problem.contenders.len() {
            ways.push(single.greedy(&mut left.clone(), By::Gain, Some(contender)));
        }
        ways.push(Vec::new());
    }
    for contender in 0..problem.contenders.len() {
        if takes_part(set, problem, contender, level) {
            ways.extend(only(set, problem, left, contender));
        }
    }
    let mut best = None;
    for way in ways {
        let mut after = left.clone();
        for deal in &way {
            after.take(problem, deal);
        }
        let score = evaluate(set, problem, &way, &after, level);
        if best.as_ref().is_none_or(|(found, _)| score > *found) {
            best = Some((score, way));
        }
    }
    commit(problem, left, best.map_or_else(Vec::new, |(_, way)| way), deals);
    if beam { Proof::Beam } else { Proof::Greedy }
}

/// Every way of one promotion by itself, where its units are few: the best of them.
fn only(
    set: &PromotionSet,
    problem: &Problem,
    left: &Left,
    contender: usize,
) -> Option<Vec<Deal>> {
    let sets = set.at(problem.contenders[contender].promo).benefit_sets();
    let rows = 0..problem.rows.len();
    let rows: Vec<usize> = rows
        .filter(|&row| {
            let cell = problem.cell(contender, row);
            left.rows[row] > 0 && problem.sets[cell] & sets != 0
        })
        .collect();
    let units: u64 = rows.iter().map(|&row| u64::from(left.rows[row])).sum();
    if units > u64::from(EXACT_UNITS) {
        return None;
    }
    let mut alone = Problem {
        policy: problem.policy,
        contenders: vec![Contender {
            edge: None,
            ..problem.contenders[contender].clone()
        }],
        ..Problem::default()
    };
    for &row in &rows {
        let found = &problem.rows[row];
        let start = alone.each.len();
        alone.each.extend_from_slice(&problem.each[found.each.clone()]);
        let mut units = found.units;
        units.count = left.rows[row];
        alone.rows.push(Row {
            kind: found.kind,
            units,
            each: start..alone.each.len(),
        });
        alone.sets.push(problem.sets[problem.cell(contender, row)]);
    }
    alone.prepare(set);
    let start = Left::all(&alone);
    let mut deals = exact::settle(set, &mut alone, &start, None)?;
    for deal in &mut deals {
        deal.contender = contender;
        for used in &mut deal.uses {
            used.row = rows[used.row];
        }
    }
    Some(deals)
}

fn commit(problem: &Problem, left: &mut Left, found: Vec<Deal>, deals: &mut Vec<Deal>) {
    for deal in found {
        left.take(problem, &deal);
        deals.push(deal);
    }
}
