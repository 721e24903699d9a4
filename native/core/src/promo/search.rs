//! Larger contests: the deal with the best marginal value again and again, or a beam of such ways.

use super::compile::PromotionSet;
use super::deal::{own_off, settle_roles, stacked_off};
use super::left::{Deal, Left, takes_part};
use super::model::{Benefit, Off};
use super::problem::{Need, Problem, Use, needs};

/// Ways kept side by side.
pub(crate) const BEAM_WIDTH: usize = 8;
/// Deals looked at by a beam.
pub(crate) const BEAM_STEPS: u32 = 4_000;

/// What a greedy search asks of the next deal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// The largest gain.
    Gain,
    /// The largest gain per unit taken.
    GainPerUnit,
}

/// A deal on offer and what it gains over leaving its units alone.
#[derive(Debug, Clone)]
struct Offer {
    uses: Vec<Use>,
    own: i64,
    gain: i64,
    units: i64,
}

/// Offers deals. What does not change while deals are made is worked out once.
pub(crate) struct Searcher<'a> {
    set: &'a PromotionSet,
    problem: &'a Problem,
    /// By row: what a unit saves alone.
    alone: &'a [i64],
    /// By contender: what it needs.
    needs: Vec<Vec<Need>>,
    /// By contender: its rows, the most promising first; then those for rewards.
    orders: Vec<[Vec<usize>; 2]>,
    part: Vec<bool>,
}

impl<'a> Searcher<'a> {
    pub fn new(
        set: &'a PromotionSet,
        problem: &'a Problem,
        alone: &'a [i64],
        level: Option<u16>,
    ) -> Self {
        let contenders = 0..problem.contenders.len();
        let mut searcher = Self {
            set,
            problem,
            alone,
            needs: Vec::new(),
            orders: Vec::new(),
            part: Vec::new(),
        };
        for contender in contenders {
            let promotion = set.at(problem.contenders[contender].promo);
            searcher.needs.push(needs(promotion));
            searcher
                .part
                .push(takes_part(set, problem, contender, level));
            let orders = [false, true].map(|reward| searcher.order(contender, reward));
            searcher.orders.push(orders);
        }
        searcher
    }

    /// The rows of a contender by what a unit of them adds to a deal, the largest first.
    fn order(&self, contender: usize, reward: bool) -> Vec<usize> {
        let promotion = self.set.at(self.problem.contenders[contender].promo);
        let sets = promotion.benefit_sets();
        let key = |row: usize| {
            let cell = self.problem.cell(contender, row);
            let price = self.problem.running[cell];
            let base = self.problem.rows[row].units.amount - price - self.alone[row];
            let off = |off: Off| match off {
                Off::Percent(ppm) => {
                    let part = i128::from(price) * i128::from(ppm) / 1_000_000;
                    i64::try_from(part).unwrap_or(i64::MAX)
                }
                Off::Amount(amount) => amount.min(price),
                Off::Price(left) => (price - left).max(0),
            };
            let adds = match &promotion.benefit {
                Benefit::Bundle { off: whole, .. } => match whole {
                    Off::Percent(_) => off(*whole),
                    Off::Amount(_) => 0,
                    Off::Price(_) => price,
                },
                Benefit::Each { off: each, .. } => off(*each),
                Benefit::Tiers { tiers, .. } => tiers.last().map_or(0, |tier| off(tier.off)),
                Benefit::BuyGet { off: each, .. } if reward => off(*each),
                // Rewards among the units taken are found by walking down the prices.
                Benefit::BuyGet {
                    buy,
                    buy_set,
                    get_set,
                    ..
                } if *buy > 0 && buy_set == get_set => return (price, base, row),
                _ => 0,
            };
            (base + adds, price, row)
        };
        let rows = 0..self.problem.rows.len();
        let mut rows: Vec<usize> = rows
            .filter(|&row| self.problem.sets[self.problem.cell(contender, row)] & sets != 0)
            .collect();
        rows.sort_by_cached_key(|&row| std::cmp::Reverse(key(row)));
        rows
    }

    /// Take units for a need from `order`; false where there are too few.
    fn fill(
        &self,
        contender: usize,
        need: Need,
        order: &[usize],
        left: &Left,
        uses: &mut Vec<Use>,
    ) -> bool {
        let mut missing = need.count;
        for &row in order {
            if missing == 0 {
                break;
            }
            let at = uses.iter().position(|used| used.row == row);
            let gone = at.map_or(0, |at| uses[at].count);
            let mut room = self
                .problem
                .room(contender, row, need, left.rows[row] - gone);
            if need.reward
                && self.problem.contenders[contender]
                    .edge
                    .is_some_and(|e| e.0 == row)
            {
                room = room.min(left.edge[contender]);
            }
            let count = room.min(missing);
            if count == 0 {
                continue;
            }
            let reward = if need.reward { count } else { 0 };
            missing -= count;
            match at {
                Some(at) => {
                    uses[at].count += count;
                    uses[at].reward += reward;
                }
                None => uses.push(Use { row, count, reward }),
            }
        }
        missing == 0
    }

    /// The best deal of a contender that begins no earlier than `skip` rows into its order.
    fn offer(&self, contender: usize, left: &Left, skip: usize) -> Option<Offer> {
        if !self.part[contender] || left.uses[contender] == 0 || left.minor[contender] <= 0 {
            return None;
        }
        let promotion = self.set.at(self.problem.contenders[contender].promo);
        match &promotion.benefit {
            Benefit::Tiers { tiers, .. } => {
                let steps = tiers.iter().map(|tier| tier.from);
                let offers = steps.filter_map(|from| self.tier_offer(contender, left, from));
                best(offers)
            }
            Benefit::BuyGet {
                buy,
                buy_set,
                get_set,
                ..
            } if *buy > 0 && buy_set == get_set => {
                let starts = skip..self.orders[contender][0].len();
                best(starts.filter_map(|start| {
                    let first = self.orders[contender][0][start];
                    let free = left.rows[first] > 0;
                    free.then(|| self.filled(contender, left, start)).flatten()
                }))
            }
            _ => self.filled(contender, left, skip),
        }
    }

    fn filled(&self, contender: usize, left: &Left, skip: usize) -> Option<Offer> {
        let mut uses = Vec::new();
        for &need in &self.needs[contender] {
            let order = &self.orders[contender][usize::from(need.reward)];
            let order = order.get(skip..)?;
            if !self.fill(contender, need, order, left, &mut uses) {
                return None;
            }
        }
        self.priced(contender, left, uses)
    }

    /// All units that gain by tiers, and at least `from`.
    fn tier_offer(&self, contender: usize, left: &Left, from: u32) -> Option<Offer> {
        let need = self.needs[contender][0];
        let order = &self.orders[contender][0];
        let mut uses = Vec::new();
        let mut best_offer: Option<Offer> = None;
        let mut total = 0;
        for &row in order {
            let room = self.problem.room(contender, row, need, left.rows[row]);
            if room == 0 {
                continue;
            }
            // Just enough to reach the tier, and then row by row.
            let count = if total < from {
                room.min(from - total)
            } else {
                room
            };
            for count in [count, room] {
                uses.retain(|used: &Use| used.row != row);
                uses.push(Use {
                    row,
                    count,
                    reward: 0,
                });
                if total + count >= from {
                    let offer = self.priced(contender, left, uses.clone());
                    best_offer = best(best_offer.into_iter().chain(offer));
                }
            }
            total += room;
        }
        best_offer
    }

    fn priced(&self, contender: usize, left: &Left, mut uses: Vec<Use>) -> Option<Offer> {
        settle_roles(self.set, self.problem, contender, &mut uses);
        let own = own_off(self.set, self.problem, contender, &mut uses);
        let own = own.min(left.minor[contender]);
        let count = |used: &Use| i64::from(used.count);
        let alone: i64 = uses
            .iter()
            .map(|used| self.alone[used.row] * count(used))
            .sum();
        let gain = own + stacked_off(self.problem, contender, &uses) - alone;
        (own > 0 && gain > 0).then(|| Offer {
            units: uses.iter().map(count).sum(),
            uses,
            own,
            gain,
        })
    }

    /// What the best deal of a contender gains.
    pub fn best_gain(&self, contender: usize, left: &Left) -> Option<i64> {
        self.offer(contender, left, 0).map(|offer| offer.gain)
    }

    /// Make the best deal until none gains.
    pub fn greedy(&self, left: &mut Left, by: By) -> Vec<Deal> {
        let count = self.problem.contenders.len();
        let mut offers: Vec<Option<Offer>> = (0..count)
            .map(|contender| self.offer(contender, left, 0))
            .collect();
        let mut deals = Vec::new();
        loop {
            let better = |one: &Offer, other: &Offer| match by {
                By::Gain => one.gain > other.gain,
                By::GainPerUnit => {
                    i128::from(one.gain) * i128::from(other.units)
                        > i128::from(other.gain) * i128::from(one.units)
                }
            };
            let mut found: Option<(usize, &Offer)> = None;
            for (contender, offer) in offers.iter().enumerate() {
                if let Some(offer) = offer
                    && found.is_none_or(|(_, other)| better(offer, other))
                {
                    found = Some((contender, offer));
                }
            }
            let Some((contender, offer)) = found else {
                return deals;
            };
            let times = left.times(self.problem, contender, &offer.uses, offer.own);
            let deal = Deal {
                contender,
                uses: offer.uses.clone(),
                own: offer.own,
                times: times.max(1),
            };
            left.take(self.problem, &deal);
            for (other, offer) in offers.iter_mut().enumerate() {
                let touched = offer.as_ref().is_some_and(|offer| {
                    let mut rows = offer.uses.iter().map(|used| used.row);
                    rows.any(|row| deal.uses.iter().any(|used| used.row == row))
                });
                if touched || other == contender {
                    *offer = self.offer(other, left, 0);
                }
            }
            deals.push(deal);
        }
    }

    /// Several ways side by side, each extended by every promotion's best deals.
    pub fn beam(&self, left: &Left) -> Vec<Deal> {
        let mut nodes: Vec<(usize, Option<Deal>)> = vec![(0, None)];
        let mut front = vec![(0_i64, left.clone(), 0_usize)];
        let mut best = (0, 0);
        let mut steps = 0;
        while !front.is_empty() && steps < BEAM_STEPS {
            let mut next: Vec<(i64, Left, usize, Deal)> = Vec::new();
            for (gain, left, node) in &front {
                for contender in 0..self.problem.contenders.len() {
                    for skip in 0..2 {
                        steps += 1;
                        let Some(offer) = self.offer(contender, left, skip) else {
                            continue;
                        };
                        let deal = Deal {
                            contender,
                            uses: offer.uses,
                            own: offer.own,
                            times: 1,
                        };
                        let mut after = left.clone();
                        after.take(self.problem, &deal);
                        next.push((gain + offer.gain, after, *node, deal));
                    }
                }
            }
            // Stable, so that equals stay in the order of nodes and promotions.
            next.sort_by_key(|(gain, ..)| std::cmp::Reverse(*gain));
            front.clear();
            for (gain, left, parent, deal) in next {
                if front.len() == BEAM_WIDTH {
                    break;
                }
                if front.iter().any(|(_, kept, _)| *kept == left) {
                    continue;
                }
                nodes.push((parent, Some(deal)));
                if gain > best.0 {
                    best = (gain, nodes.len() - 1);
                }
                front.push((gain, left, nodes.len() - 1));
            }
        }
        let mut deals = Vec::new();
        let mut node = best.1;
        while let (parent, Some(deal)) = &nodes[node] {
            deals.push(deal.clone());
            node = *parent;
        }
        deals.reverse();
        deals
    }
}

fn best(offers: impl Iterator<Item = Offer>) -> Option<Offer> {
    offers.fold(None, |best: Option<Offer>, offer| match best {
        Some(best) if best.gain >= offer.gain => Some(best),
        _ => Some(offer),
    })
}
