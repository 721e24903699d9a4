//! The deals a better way is made of.

use crate::promo::compile::PromotionSet;
use crate::promo::exact::{Candidate, list_deals};
use crate::promo::left::{Deal, Left, edge_of, score_of, takes_part};
use crate::promo::prices::{Market, SCALE};
use crate::promo::problem::Problem;

/// Steps of listing the deals of one promotion, and of all; past them only some are known.
const LIST_STEPS: u32 = 4_000;
const LIST_STEPS_ALL: u32 = 60_000;
/// Deals to choose from.
const POOL: usize = 2_048;

/// A deal to choose, and what it saves over the prices of its units.
pub(super) struct Column {
    pub(super) deal: Candidate,
    pub(super) surplus: i64,
}

/// Deals that could be in a better way: those that save about what their units are worth.
pub(super) fn pool(
    set: &PromotionSet,
    problem: &Problem,
    left: &Left,
    level: Option<u16>,
    market: &Market,
    gap: i64,
    deals: &[Deal],
) -> Vec<Column> {
    let mut found: Vec<Candidate> = Vec::new();
    let mut steps_left = LIST_STEPS_ALL;
    for contender in 0..problem.contenders.len() {
        if takes_part(set, problem, contender, level) && left.uses[contender] > 0 {
            let before = found.len();
            let most = steps_left.min(LIST_STEPS);
            let steps = list_deals(set, problem, left, contender, most, &mut found);
            if steps.is_none() {
                found.truncate(before);
            }
            steps_left -= steps.unwrap_or(most);
        }
    }
    for deal in market.deals.iter().chain(deals) {
        found.push(Candidate {
            contender: deal.contender,
            own: deal.own,
            score: score_of(set, problem, deal.contender, &deal.uses, deal.own),
            edge: edge_of(problem, deal.contender, &deal.uses),
            uses: deal.uses.clone(),
        });
    }
    let mut pool: Vec<Column> = found
        .into_iter()
        .map(|deal| {
            let costs = deal.uses.iter();
            let costs = costs.map(|used| market.prices[used.row] * i64::from(used.count));
            let surplus = deal.score.saving_minor * SCALE - costs.sum::<i64>();
            Column { deal, surplus }
        })
        .filter(|column| column.surplus >= -gap)
        .collect();
    let key = |column: &Column| {
        let uses = column.deal.uses.iter();
        let uses: Vec<_> = uses
            .map(|used| (used.row, used.count, used.reward))
            .collect();
        (-column.surplus, column.deal.contender, uses)
    };
    pool.sort_by_cached_key(key);
    pool.dedup_by(|one, other| {
        one.deal.contender == other.deal.contender && one.deal.uses == other.deal.uses
    });
    pool.truncate(POOL);
    pool
}
