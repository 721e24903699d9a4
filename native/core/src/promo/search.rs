//! Larger contests: the deal with the best marginal value again and again, or a beam of such ways.

use super::compile::PromotionSet;
use super::deal::{own_off, settle_roles, stacked_off};
use super::left::{Deal, Left, takes_part};
use super::model::{Benefit, Off, Pick};
use super::problem::{Cell, Need, Problem, Use, needs};
use super::stack::{Equal, small, taken};

/// Ways kept side by side.
pub(crate) const BEAM_WIDTH: usize = 8;
/// Places in the order of a promotion's units from which a beam lets a deal begin.
const BEAM_STARTS: usize = 4;
/// Places from which rewards among the units taken are looked for, at most.
const WINDOWS: usize = 1_024;
/// Deals looked at by a beam.
pub(crate) const BEAM_STEPS: u32 = 4_000;
/// Promotions times units up to which those suffice; a beam cut short finds nothing better.
const BEAM_REACH: u64 = 160;

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
pub(crate) struct Offer {
    uses: Vec<Use>,
    own: i64,
    gain: i64,
    units: i64,
}

/// The best deal of each contender, where it has one.
pub(crate) type Offers = Vec<Option<Offer>>;

/// Offers deals. What does not change while deals are made is worked out once.
pub(crate) struct Searcher<'a> {
    set: &'a PromotionSet,
    problem: &'a Problem,
    /// By row: what a unit saves alone.
    alone: &'a [i64],
    /// By contender: what it needs.
    needs: Vec<Vec<Need>>,
    /// By contender: its cells, the most promising first; then those for rewards.
    orders: Vec<[Vec<usize>; 2]>,
    /// By cell: what a unit gains before the benefit, and what the benefit takes from it.
    worth: Vec<(i64, i64)>,
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
            worth: vec![(0, 0); problem.cells.len()],
            part: Vec::new(),
        };
        for contender in contenders {
            let promotion = set.at(problem.contenders[contender].promo);
            let mut wanted = needs(promotion);
            // What can be filled by fewest is filled first.
            wanted.sort_by_key(|need| {
                let cells = problem.cells_of(contender).iter();
                let inside = cells.filter(|cell| cell.sets & 1 << need.set != 0);
                let units = inside.map(|cell| u64::from(problem.rows[cell.row].units.count));
                units.sum::<u64>()
            });
            searcher.needs.push(wanted);
            searcher
                .part
                .push(takes_part(set, problem, contender, level));
            searcher.weigh(contender);
            let orders = [false, true].map(|reward| searcher.order(contender, reward));
            searcher.orders.push(orders);
        }
        searcher
    }

    /// Fill in what units of a contender are worth.
    fn weigh(&mut self, contender: usize) {
        let promotion = self.set.at(self.problem.contenders[contender].promo);
        let what = match &promotion.benefit {
            Benefit::Each { off, .. } | Benefit::BuyGet { off, .. } => *off,
            Benefit::Bundle { off, .. } => match off {
                Off::Percent(_) => *off,
                // The amount is for all together; for a price the dearer units are the better.
                Off::Amount(_) => Off::Amount(0),
                Off::Price(_) => Off::Price(0),
            },
            Benefit::Tiers { tiers, .. } => tiers.last().map_or(Off::Amount(0), |tier| tier.off),
            Benefit::Cart { .. } | Benefit::EverySpend { .. } => Off::Amount(0),
        };
        for at in self.problem.contenders[contender].cells.clone() {
            let cell = &self.problem.cells[at];
            let units = Equal {
                count: 1,
                ..self.problem.rows[cell.row].units
            };
            let sums = [units.total(), cell.running.into(), units.lowest()];
            let base = units.amount - cell.running - self.alone[cell.row];
            self.worth[at] = (base, small(taken(promotion, what, 1, sums)));
        }
    }

    /// The cells of a contender by what a unit of them adds to a deal, the largest first.
    fn order(&self, contender: usize, reward: bool) -> Vec<usize> {
        let promotion = self.set.at(self.problem.contenders[contender].promo);
        let (by_price, pays) = match promotion.benefit {
            Benefit::BuyGet {
                buy,
                buy_set,
                get_set,
                ..
            } => (buy > 0 && buy_set == get_set, !reward),
            _ if reward => return Vec::new(),
            _ => (false, false),
        };
        let key = |&at: &usize| {
            let cell = &self.problem.cells[at];
            let (base, off) = self.worth[at];
            let first = match (by_price, pays) {
                // Rewards among the units taken are found by walking down the prices.
                (true, _) => (cell.running, base),
                (false, true) => (base, cell.running),
                // The more a unit can give, the fewer are needed for an amount.
                (false, false) => (base + off, cell.running - self.lowest(cell)),
            };
            std::cmp::Reverse((first, cell.row))
        };
        let mut cells: Vec<usize> = self.problem.contenders[contender].cells.clone().collect();
        cells.sort_unstable_by_key(key);
        cells
    }

    /// The least a unit may cost.
    fn lowest(&self, cell: &Cell) -> i64 {
        let units = self.problem.rows[cell.row].units;
        units.floor.min(units.amount)
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
        for &cell in order {
            if missing == 0 {
                break;
            }
            let row = self.problem.cells[cell].row;
            if left.rows[row] == 0 {
                continue;
            }
            let at = uses.iter().position(|used| used.row == row);
            let gone = at.map_or(0, |at| uses[at].count);
            let mut room = self.problem.room(cell, need, left.rows[row] - gone);
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
                None => uses.push(Use {
                    cell,
                    row,
                    count,
                    reward,
                }),
            }
        }
        missing == 0
    }

    /// The best deal of a contender that begins no earlier than `skip` rows into its order.
    fn offer(
        &self,
        contender: usize,
        left: &Left,
        orders: [&[usize]; 2],
        skip: usize,
    ) -> Option<Offer> {
        if !self.part[contender] || left.uses[contender] == 0 || left.minor[contender] <= 0 {
            return None;
        }
        let promotion = self.set.at(self.problem.contenders[contender].promo);
        match &promotion.benefit {
            Benefit::Tiers { tiers, .. } => {
                let steps = tiers.iter().map(|tier| tier.from);
                let offers =
                    steps.filter_map(|from| self.tier_offer(contender, left, orders[0], from));
                best(offers)
            }
            Benefit::BuyGet {
                buy,
                buy_set,
                get_set,
                ..
            } if *buy > 0 && buy_set == get_set => {
                let start = self.best_window(contender, left, orders[0], skip)?;
                self.filled(contender, left, orders, start)
            }
            _ => self.filled(contender, left, orders, skip),
        }
    }

    /// Where in the prices to begin, so that the rewards among the units next to it gain most.
    fn best_window(
        &self,
        contender: usize,
        left: &Left,
        order: &[usize],
        skip: usize,
    ) -> Option<usize> {
        let promotion = self.set.at(self.problem.contenders[contender].promo);
        let Benefit::BuyGet { buy, get, pick, .. } = promotion.benefit else {
            return None;
        };
        let mut best: Option<(i64, usize)> = None;
        for start in (skip..order.len()).take(WINDOWS) {
            if left.rows[self.problem.cells[order[start]].row] == 0 {
                continue;
            }
            // The dearest come first, so the cheapest are rewarded last.
            let mut pays = if pick == Pick::Cheapest { buy } else { 0 };
            let mut missing = buy + get;
            let mut gain = 0;
            for &cell in &order[start..] {
                let count = left.rows[self.problem.cells[cell].row].min(missing);
                missing -= count;
                let paying = count.min(pays);
                pays -= paying;
                // Of the dearest only the first few are rewarded.
                let over = if pick == Pick::Dearest {
                    buy.saturating_sub(missing)
                } else {
                    0
                };
                let rewarded = i64::from((count - paying).saturating_sub(over));
                let (base, off) = self.worth[cell];
                gain += base * i64::from(count) + off * rewarded;
                if missing == 0 {
                    break;
                }
            }
            if missing > 0 {
                break;
            }
            if best.is_none_or(|(most, _)| gain > most) {
                best = Some((gain, start));
            }
        }
        best.map(|(_, start)| start)
    }

    /// A deal of the first units in an order of a contender's cells.
    ///
    /// The order begins `start` cells in; from [`BEAM_STARTS`] on it is turned round, and from one
    /// more on its first cell comes before that: a dear unit among cheap ones.
    fn filled(
        &self,
        contender: usize,
        left: &Left,
        orders: [&[usize]; 2],
        start: usize,
    ) -> Option<Offer> {
        let mut uses = Vec::new();
        let mut turned: Vec<usize>;
        for &need in &self.needs[contender] {
            let mut order = orders[usize::from(need.reward)];
            if start < BEAM_STARTS || self.walks_prices(contender) {
                order = order.get(start..)?;
            } else {
                turned = order.iter().rev().copied().collect();
                if start > BEAM_STARTS {
                    let free = |cell: &&usize| left.rows[self.problem.cells[**cell].row] > 0;
                    if let Some(&first) = order.iter().find(free) {
                        turned.retain(|&cell| cell != first);
                        turned.insert(0, first);
                    }
                }
                order = &turned;
            }
            if !self.fill(contender, need, order, left, &mut uses) {
                return None;
            }
        }
        self.priced(contender, left, uses)
    }

    /// Whether rewards are found by walking down the prices.
    fn walks_prices(&self, contender: usize) -> bool {
        let promotion = self.set.at(self.problem.contenders[contender].promo);
        matches!(promotion.benefit, Benefit::BuyGet { buy, buy_set, get_set, .. }
            if buy > 0 && buy_set == get_set)
    }

    /// Just enough units to reach a tier, or all that gain by it besides.
    fn tier_offer(
        &self,
        contender: usize,
        left: &Left,
        order: &[usize],
        from: u32,
    ) -> Option<Offer> {
        let need = self.needs[contender][0];
        let mut uses: Vec<Use> = Vec::new();
        let mut least = None;
        let mut total = 0;
        for &cell in order {
            let row = self.problem.cells[cell].row;
            let room = self.problem.room(cell, need, left.rows[row]);
            let (base, off) = self.worth[cell];
            if room == 0 || total >= from && base + off <= 0 {
                continue;
            }
            let enough = total < from && total + room >= from;
            let mut part = Use {
                cell,
                row,
                count: if enough { from - total } else { room },
                reward: 0,
            };
            uses.push(part);
            if enough {
                least = self.priced(contender, left, uses.clone());
                if base + off > 0 {
                    part.count = room;
                    uses.pop();
                    uses.push(part);
                }
            }
            total += room;
        }
        if total < from {
            return None;
        }
        best(least.into_iter().chain(self.priced(contender, left, uses)))
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
        let gain = own + stacked_off(self.problem, &uses) - alone;
        (own > 0 && gain > 0).then(|| Offer {
            units: uses.iter().map(count).sum(),
            uses,
            own,
            gain,
        })
    }

    /// Whether a beam over so many units can be finished, and could see further: one promotion
    /// that fills one slot has no rivals.
    pub fn suits_beam(&self, units: u64) -> bool {
        let rivals = self.needs.len() > 1 || self.needs.iter().any(|needs| needs.len() > 1);
        let promotions = u64::try_from(self.needs.len()).unwrap_or(u64::MAX);
        rivals && promotions.saturating_mul(units) <= BEAM_REACH
    }

    /// Both orders of a contender.
    fn whole(&self, contender: usize) -> [&[usize]; 2] {
        let [pays, rewards] = &self.orders[contender];
        [pays, rewards]
    }

    /// The best deal of each contender.
    pub fn offers(&self, left: &Left) -> Offers {
        let contenders = 0..self.problem.contenders.len();
        contenders
            .map(|contender| self.offer(contender, left, self.whole(contender), 0))
            .collect()
    }

    /// Make the best deal until none gains, beginning with what is on offer.
    ///
    /// An offer only gets worse while others are taken, so it is looked at again when it would be
    /// the best, and not before.
    pub fn greedy(&self, left: &mut Left, mut offers: Offers, by: By) -> Vec<Deal> {
        let better = |one: &Offer, other: &Offer| match by {
            By::Gain => one.gain > other.gain,
            By::GainPerUnit => {
                i128::from(one.gain) * i128::from(other.units)
                    > i128::from(other.gain) * i128::from(one.units)
            }
        };
        let mut made_at = vec![0; offers.len()];
        let mut fronts = vec![[0; 2]; offers.len()];
        let mut deals: Vec<Deal> = Vec::new();
        loop {
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
            if made_at[contender] < deals.len() {
                made_at[contender] = deals.len();
                let orders = self.still(contender, left, &mut fronts[contender]);
                offers[contender] = self.offer(contender, left, orders, 0);
                continue;
            }
            let times = left.times(self.problem, contender, &offer.uses, offer.own);
            let deal = Deal {
                contender,
                uses: offer.uses.clone(),
                own: offer.own,
                times: times.max(1),
            };
            left.take(self.problem, &deal);
            deals.push(deal);
        }
    }

    /// Both orders of a contender without the used up rows that stand first.
    fn still(&self, contender: usize, left: &Left, fronts: &mut [usize; 2]) -> [&[usize]; 2] {
        let orders = self.whole(contender);
        let gone = |&cell: &usize| left.rows[self.problem.cells[cell].row] == 0;
        [0, 1].map(|at| {
            let more = orders[at][fronts[at]..]
                .iter()
                .take_while(|&cell| gone(cell));
            fronts[at] += more.count();
            &orders[at][fronts[at]..]
        })
    }

    /// By row, the most that a unit gains in any first deal: what is left counts by it, or ways
    /// that have used many units would always look the better.
    fn hope(&self, left: &Left) -> Vec<i64> {
        let mut hope = vec![0; left.rows.len()];
        for contender in 0..self.problem.contenders.len() {
            for skip in 0..BEAM_STARTS + 2 {
                if let Some(offer) = self.offer(contender, left, self.whole(contender), skip) {
                    for used in &offer.uses {
                        hope[used.row] = hope[used.row].max(offer.gain / offer.units.max(1));
                    }
                }
            }
        }
        hope
    }

    /// Several ways side by side, each extended by every promotion's best deals.
    pub fn beam(&self, left: &Left) -> Vec<Deal> {
        let mut nodes: Vec<(usize, Option<Deal>)> = vec![(0, None)];
        let mut front = vec![(0_i64, left.clone(), 0_usize)];
        let mut best = (0, 0);
        let mut steps = 0;
        let hope = self.hope(left);
        while !front.is_empty() && steps < BEAM_STEPS {
            let mut next: Vec<(i64, Left, usize, Deal)> = Vec::new();
            for (gain, left, node) in &front {
                for contender in 0..self.problem.contenders.len() {
                    for skip in 0..BEAM_STARTS + 2 {
                        steps += 1;
                        let Some(offer) = self.offer(contender, left, self.whole(contender), skip)
                        else {
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
            next.sort_by_cached_key(|(gain, left, ..)| {
                let rest = left.rows.iter().zip(&hope);
                let rest = rest.map(|(&count, &most)| i128::from(count) * i128::from(most));
                std::cmp::Reverse(i128::from(*gain) + rest.sum::<i128>())
            });
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
