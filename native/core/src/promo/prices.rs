//! Prices for units that several promotions want: the more are wanted, the more taking one costs.
//! Deals that are still worth their price make better ways than the best deals one by one.

use super::compile::PromotionSet;
use super::left::{Deal, Left, alone_at};
use super::model::Benefit;
use super::problem::Problem;
use super::search::{By, Searcher};

/// Times that prices are changed, at most, and the promotions' rows looked at by all of them.
const ROUNDS: usize = 24;
const LOOKS: usize = 40_000;
/// Parts of a minor unit that prices are in.
pub(crate) const SCALE: i64 = 64;
/// Rounds without a lower bound after which smaller steps are taken.
const PATIENCE: usize = 3;

/// What prices found.
pub(crate) struct Market {
    /// By row, in parts of a minor unit, and none below what a unit saves alone.
    pub prices: Vec<i64>,
    /// More than any way saves, as far as each promotion by itself is planned well; in those parts.
    pub bound: i64,
    /// Whether each promotion's best deals by itself are sure to have been among its plans.
    pub planned: bool,
    /// Deals that looked good at some prices.
    pub deals: Vec<Deal>,
}

/// Look for prices at which what is wanted is what there is. Ways on the way there are given to
/// `judge`, which says what the best so far saves. None where the figures would leave 64 bits.
pub(crate) fn find_prices(
    set: &PromotionSet,
    problem: &mut Problem,
    left: &Left,
    level: Option<u16>,
    judge: &mut dyn FnMut(&mut Problem, Vec<Deal>) -> i64,
) -> Option<Market> {
    let total: i128 = problem.rows.iter().map(|row| row.units.total()).sum();
    if total > i128::from(i64::MAX / SCALE / 4_096) {
        return None;
    }
    let alone: Vec<i64> = (0..problem.rows.len())
        .map(|row| alone_at(set, problem, row, 1, level).saving_minor * SCALE)
        .collect();
    let mut prices = alone.clone();
    let mut market = Market {
        prices: alone.clone(),
        bound: i64::MAX,
        planned: (0..problem.contenders.len()).all(|one| is_planned(set, problem, one)),
        deals: Vec::new(),
    };
    // Sixteenths of the step that would close the gap if what is wanted were a straight line.
    let (mut step, mut stale) = (16, 0);
    for round in 0..ROUNDS.min(LOOKS / problem.cells.len().max(1)) {
        let first = market.deals.len();
        let mut after = left.clone();
        let searcher = Searcher::new(set, problem, &prices, SCALE, level);
        let gain = searcher.demand(&mut after, &mut market.deals);
        let by = [By::Gain, By::GainPerUnit][round % 2];
        let offers = searcher.offers(&after);
        let mut way = searcher.greedy(&mut after, offers, by);
        // Where a price is too high, units are left that are worth less to others.
        let rest = Searcher::new(set, problem, &alone, SCALE, level);
        let offers = rest.offers(&after);
        way.extend(rest.greedy(&mut after, offers, by));
        let held = left.rows.iter().zip(&prices);
        let held: i64 = held.map(|(&count, price)| i64::from(count) * price).sum();
        let bound = gain + held;
        let mut over: Vec<i64> = left.rows.iter().map(|&count| -i64::from(count)).collect();
        for deal in &market.deals[first..] {
            for used in &deal.uses {
                over[used.row] += i64::from(used.count * deal.times);
            }
        }
        market.deals.extend(way.iter().cloned());
        let most = judge(problem, way);
        if bound < market.bound {
            market.bound = bound;
            market.prices.clone_from(&prices);
            stale = 0;
        } else {
            stale += 1;
            if stale == PATIENCE {
                stale = 0;
                step = (step / 2).max(1);
                prices.clone_from(&market.prices);
            }
        }
        for (row, over) in over.iter_mut().enumerate() {
            if *over < 0 && prices[row] <= alone[row] {
                *over = 0;
            }
        }
        let norm: i128 = over
            .iter()
            .map(|&over| i128::from(over) * i128::from(over))
            .sum();
        let gap = i128::from(bound) - i128::from(most) * i128::from(SCALE);
        if norm == 0 || gap < i128::from(SCALE) {
            break;
        }
        for row in 0..prices.len() {
            let change = i128::from(over[row]) * gap * step / 16 / norm;
            let price = i128::from(prices[row]) + change;
            // No unit is worth more than it costs the customer.
            let most = i128::from(problem.rows[row].units.amount) * i128::from(SCALE);
            prices[row] = i64::try_from(price.min(most)).unwrap_or(0).max(alone[row]);
        }
    }
    Some(market)
}

/// Whether the deals a promotion wants at some prices are sure to be the best it could make.
fn is_planned(set: &PromotionSet, problem: &Problem, contender: usize) -> bool {
    let free = problem.contenders[contender].minor == i64::MAX;
    free && match &set.at(problem.contenders[contender].promo).benefit {
        Benefit::Each { .. } => true,
        Benefit::Bundle { slots, .. } => slots.len() == 1,
        Benefit::BuyGet {
            buy,
            buy_set,
            get_set,
            get,
            ..
        } => *get == 1 && *buy > 0 && buy_set == get_set,
        Benefit::Tiers { marginal, .. } => !marginal,
        Benefit::Cart { .. } | Benefit::EverySpend { .. } => false,
    }
}
