//! What is still free while a contest is being settled, and the deals made so far.

use super::compile::PromotionSet;
use super::deal::stacked_off;
use super::problem::{Problem, Use};
use super::score::Score;
use super::uses::Uses;

/// One application, or several alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deal {
    pub contender: usize,
    pub uses: Uses,
    /// Minor units the promotion itself takes, each time.
    pub own: i64,
    pub times: u32,
}

/// Units, applications and budgets that are left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Left {
    /// Units by row.
    pub rows: Vec<u32>,
    /// Applications by contender.
    pub uses: Vec<u32>,
    /// Minor units by contender.
    pub minor: Vec<i64>,
    /// Units by contender that may still be rewarded in the row that only some are picked of.
    pub edge: Vec<u32>,
}

impl Left {
    /// Everything.
    pub fn all(problem: &Problem) -> Self {
        let contenders = &problem.contenders;
        Self {
            rows: problem.rows.iter().map(|row| row.units.count).collect(),
            uses: contenders.iter().map(|one| one.uses).collect(),
            minor: contenders.iter().map(|one| one.minor).collect(),
            edge: contenders
                .iter()
                .map(|one| one.edge.map_or(u32::MAX, |(_, count)| count))
                .collect(),
        }
    }

    /// How often a deal fits.
    pub fn times(&self, problem: &Problem, contender: usize, uses: &[Use], own: i64) -> u32 {
        let by_minor = self.minor[contender].checked_div(own.max(1)).unwrap_or(0);
        let mut times = self.uses[contender].min(u32::try_from(by_minor).unwrap_or(u32::MAX));
        for used in uses {
            times = times.min(self.rows[used.row] / used.count.max(1));
        }
        let edge = edge_of(problem, contender, uses);
        self.edge[contender]
            .checked_div(edge)
            .map_or(times, |most| times.min(most))
    }

    /// Take what a deal takes, all its times.
    pub fn take(&mut self, problem: &Problem, deal: &Deal) {
        for used in &deal.uses {
            self.rows[used.row] -= used.count * deal.times;
        }
        self.uses[deal.contender] -= deal.times;
        self.minor[deal.contender] -= deal.own * i64::from(deal.times);
        let edge = edge_of(problem, deal.contender, &deal.uses) * deal.times;
        self.edge[deal.contender] -= edge;
    }

    /// Give back what one application of a deal took.
    pub fn give_back(&mut self, problem: &Problem, deal: &Deal) {
        for used in &deal.uses {
            self.rows[used.row] += used.count;
        }
        self.uses[deal.contender] += 1;
        self.minor[deal.contender] += deal.own;
        self.edge[deal.contender] += edge_of(problem, deal.contender, &deal.uses);
    }
}

/// Rewarded units of the row that only some are picked of.
pub(crate) fn edge_of(problem: &Problem, contender: usize, uses: &[Use]) -> u32 {
    let Some((row, _)) = problem.contenders[contender].edge else {
        return 0;
    };
    let rewarded = uses.iter().filter(|used| used.row == row);
    rewarded.map(|used| used.reward).sum()
}

/// What one time of a deal is worth.
pub(crate) fn score_of(
    set: &PromotionSet,
    problem: &Problem,
    contender: usize,
    uses: &[Use],
    own: i64,
) -> Score {
    let promotion = set.at(problem.contenders[contender].promo);
    let saving = own + stacked_off(problem, uses);
    let places = uses
        .iter()
        .map(|used| i64::try_from(used.row).unwrap_or(i64::MAX));
    let cheaper = uses
        .iter()
        .zip(places)
        .map(|(used, place)| place * i64::from(used.count));
    Score {
        cheaper: -cheaper.sum::<i64>(),
        ..Score::of(promotion, saving)
    }
}

/// What deals are worth together with what the units left over save alone.
pub(crate) fn evaluate(
    set: &PromotionSet,
    problem: &mut Problem,
    deals: &[Deal],
    left: &Left,
    level: Option<u16>,
) -> Score {
    let mut score = Score::default();
    for deal in deals {
        score += score_of(set, problem, deal.contender, &deal.uses, deal.own).times(deal.times);
    }
    for row in 0..problem.rows.len() {
        score += alone_at(set, problem, row, left.rows[row], level);
    }
    score
}

/// What `count` units of a row save alone; of one priority, what that and higher ones do.
pub(crate) fn alone_at(
    set: &PromotionSet,
    problem: &mut Problem,
    row: usize,
    count: u32,
    level: Option<u16>,
) -> Score {
    if level.is_none() && count == problem.rows[row].units.count {
        return problem.all_alone[row];
    }
    let few = (count as usize).wrapping_sub(1);
    let known = problem.few_alone[row].get(few).copied().flatten();
    known.unwrap_or_else(|| {
        let found = match level {
            None => problem.alone(set, row, count),
            Some(level) => problem.alone_from(set, row, count, level),
        };
        if let Some(slot) = problem.few_alone[row].get_mut(few) {
            *slot = Some(found);
        }
        found
    })
}

/// Whether a contender takes part in a contest of one priority, or of all.
pub(crate) fn takes_part(
    set: &PromotionSet,
    problem: &Problem,
    contender: usize,
    level: Option<u16>,
) -> bool {
    let promo = problem.contenders[contender].promo;
    level.is_none_or(|at| at == set.at(promo).priority)
}
