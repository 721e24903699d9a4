//! Making a good way of settling a large contest better: some units at a time are taken back, and
//! settled anew with deals that are worth about what their units are.

mod descent;
mod pool;
mod way;

use super::compile::PromotionSet;
use super::left::{Deal, Left};
use super::prices::{Market, SCALE};
use super::problem::Problem;
use super::score::Score;
use pool::pool;
use way::{UNITS_MAX, Way};

/// Times that units are taken back from one contest, for each row, and at most.
const TRIES_A_ROW: usize = 6;
const TRIES_MAX: usize = 800;
/// Steps of settling them anew, before the best so far is taken; and in a hard contest.
const STEPS_MAX: u32 = 300;
const HARD_STEPS_MAX: u32 = 1_000;
/// Units of a contest that is settled anew as a whole, and the steps of that; and units up to which
/// every deal that can be listed is looked at.
const SMALL_STEPS: u32 = 10_000;
const SMALL_UNITS: u32 = 32;
/// Where the bound is not to be trusted: the part of the saving by which it may be wrong.
const LOOSE: i64 = 16;
/// Steps of all that; and in a hard contest, where more than this part of the saving may be missing
/// still.
const STEPS_ALL: u32 = 40_000;
const HARD_STEPS_ALL: u32 = 240_000;
const HARD: i64 = 1_000;

/// A better way than `deals`, where one is found.
pub(crate) fn improve(
    set: &PromotionSet,
    problem: &mut Problem,
    left: &Left,
    level: Option<u16>,
    market: &Market,
    (score, deals): (Score, Vec<Deal>),
) -> Vec<Deal> {
    let rows = problem.rows.len();
    let units: u32 = left.rows.iter().sum();
    let most = score.saving_minor;
    let mut gap = market.bound.saturating_sub(most.saturating_mul(SCALE));
    if units <= SMALL_UNITS {
        gap = i64::MAX;
    } else if !market.planned {
        // The bound is only as good as the plans it comes from.
        gap = gap.max(most.saturating_mul(SCALE / LOOSE));
    } else if gap < SCALE {
        return deals;
    }
    let pool = pool(set, problem, left, level, market, gap, &deals);
    let mut way = Way::new(set, problem, left, level, market, pool, deals);
    let open: Vec<usize> = (0..rows).filter(|&row| way.with[row].len() > 1).collect();
    if units <= UNITS_MAX {
        let all: Vec<usize> = (0..rows).rev().filter(|&row| left.rows[row] > 0).collect();
        let deals = (0..way.deals.len()).collect();
        way.settle_anew(problem, &all, deals, SMALL_STEPS);
        return way.told();
    }
    let tries = open.len().saturating_mul(TRIES_A_ROW).min(TRIES_MAX);
    let mut saved = most;
    for turn in 0..tries {
        let missing = market.bound.saturating_sub(saved.saturating_mul(SCALE));
        if way.steps > HARD_STEPS_ALL || way.steps > STEPS_ALL && !is_hard(market, saved, missing) {
            break;
        }
        let steps_max = if way.steps > STEPS_ALL {
            HARD_STEPS_MAX
        } else {
            STEPS_MAX
        };
        let seed = open[turn % open.len()];
        // Deals on goods next to one another in price can often be better only all at once.
        let near = if way.steps > STEPS_ALL && turn % 2 == 1 {
            way.neighbours(problem, seed)
        } else {
            Vec::new()
        };
        let (around, freed) = way.around(seed, near);
        saved += way.settle_anew(problem, &around, freed, steps_max);
    }
    way.told()
}

/// Whether much may be missing still, as far as the bound tells.
fn is_hard(market: &Market, saved: i64, missing: i64) -> bool {
    market.planned && missing > saved.saturating_mul(SCALE) / HARD
}
