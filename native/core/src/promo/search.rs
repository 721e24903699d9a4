//! Larger contests: the deal with the best marginal value again and again.

mod split;

use super::compile::PromotionSet;
use super::deal::{own_off, settle_roles, stacked_off};
use super::left::{Deal, Left, takes_part};
use super::model::{Benefit, Off};
use super::problem::{Cell, Need, Problem, Use};
use super::stack::{Equal, small, taken};
use super::uses::Uses;
use split::Rooms;
use std::borrow::Cow;
use std::cell::RefCell;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::ops::Range;

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
    uses: Uses,
    own: i64,
    gain: i64,
    units: i64,
}

/// An offer in the order of what it gains; of equals the one of the earlier contender is first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    gain: i64,
    /// Units the gain is reckoned by; one where it is not.
    units: i64,
    contender: Reverse<usize>,
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        let one = i128::from(self.gain) * i128::from(other.units);
        let two = i128::from(other.gain) * i128::from(self.units);
        one.cmp(&two).then(self.contender.cmp(&other.contender))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The best deal of each contender, where it has one.
pub(crate) type Offers = Vec<Option<Offer>>;

/// Offers deals. What does not change while deals are made is worked out once.
pub(crate) struct Searcher<'a> {
    set: &'a PromotionSet,
    problem: &'a Problem,
    /// By row: what taking a unit costs, in parts of a minor unit.
    prices: &'a [i64],
    /// Those parts of a minor unit.
    scale: i64,
    /// By contender: what it needs.
    needs: Vec<Cow<'a, [Need]>>,
    /// By contender: its cells, the most promising first; then those for rewards.
    orders: Vec<[Range<usize>; 2]>,
    order_cells: Vec<usize>,
    /// The cells that are being put in order, each behind what it goes by.
    ranked: Vec<(i64, i64, usize, usize)>,
    /// By cell: what a unit gains before the benefit, and what the benefit takes from it.
    worth: Vec<(i64, i64)>,
    part: Vec<bool>,
    /// By contender: whether all its units gain alike before the benefit, and the dearer never
    /// gain less by it. Then the first of its order make the best deal.
    flat: Vec<bool>,
    rooms: RefCell<Rooms>,
}

impl<'a> Searcher<'a> {
    pub fn new(
        set: &'a PromotionSet,
        problem: &'a Problem,
        prices: &'a [i64],
        scale: i64,
        level: Option<u16>,
    ) -> Self {
        let contenders = 0..problem.contenders.len();
        let mut searcher = Self {
            set,
            problem,
            prices,
            scale,
            needs: Vec::with_capacity(problem.contenders.len()),
            orders: Vec::with_capacity(problem.contenders.len()),
            order_cells: Vec::with_capacity(problem.cells.len() * 2),
            ranked: Vec::new(),
            worth: vec![(0, 0); problem.cells.len()],
            part: Vec::with_capacity(problem.contenders.len()),
            flat: Vec::with_capacity(problem.contenders.len()),
            rooms: RefCell::default(),
        };
        for contender in contenders {
            let mut wanted = Cow::Borrowed(set.needs_of(problem.contenders[contender].promo));
            if wanted.len() > 1 {
                // What can be filled by fewest is filled first.
                wanted.to_mut().sort_by_key(|need| {
                    let cells = problem.cells_of(contender).iter();
                    let inside = cells.filter(|cell| cell.sets & 1 << need.set != 0);
                    let units = inside.map(|cell| u64::from(problem.rows[cell.row].units.count));
                    units.sum::<u64>()
                });
            }
            searcher.needs.push(wanted);
            searcher
                .part
                .push(takes_part(set, problem, contender, level));
            searcher.weigh(contender);
            let orders = [false, true].map(|reward| searcher.order(contender, reward));
            searcher.orders.push(orders);
            searcher.flat.push(searcher.is_flat(contender));
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
            let base = cell.stacked * self.scale - self.prices[cell.row];
            self.worth[at] = (base, small(taken(promotion, what, 1, sums)) * self.scale);
        }
    }

    /// The cells of a contender by what a unit of them adds to a deal, the largest first.
    fn order(&mut self, contender: usize, reward: bool) -> Range<usize> {
        let promotion = self.set.at(self.problem.contenders[contender].promo);
        let (by_price, pays) = match promotion.benefit {
            Benefit::BuyGet {
                buy,
                buy_set,
                get_set,
                ..
            } if buy == 0 || buy_set != get_set => (false, !reward),
            Benefit::BuyGet { .. } if !reward => (true, true),
            _ if reward => return 0..0,
            _ => (false, false),
        };
        let mut ranked = std::mem::take(&mut self.ranked);
        ranked.clear();
        ranked.extend(self.problem.contenders[contender].cells.clone().map(|at| {
            let cell = &self.problem.cells[at];
            let (base, off) = self.worth[at];
            let (first, then) = match (by_price, pays) {
                // Rewards among the units taken are found by walking down the prices.
                (true, _) => (cell.running, base),
                (false, true) => (base, cell.running),
                // The more a unit can give, the fewer are needed for an amount.
                (false, false) => (base + off, cell.running - self.lowest(cell)),
            };
            (first, then, cell.row, at)
        }));
        ranked.sort_unstable_by(|one, other| other.cmp(one));
        let start = self.order_cells.len();
        self.order_cells.extend(ranked.iter().map(|&(.., at)| at));
        self.ranked = ranked;
        start..self.order_cells.len()
    }

    fn is_flat(&self, contender: usize) -> bool {
        let order = self.whole(contender)[0].iter();
        let worth = order.map(|&cell| self.worth[cell]);
        worth.is_sorted_by(|(base, off), (next, less)| base == next && off >= less)
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
        uses: &mut Uses,
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

    /// The best deal of a contender.
    fn offer(&self, contender: usize, left: &Left, orders: [&[usize]; 2]) -> Option<Offer> {
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
            } if *buy > 0 && buy_set == get_set => self.split_offer(contender, left, orders[0]),
            _ => self.filled(contender, left, orders),
        }
    }

    /// A deal of the first units in the orders of a contender's cells.
    fn filled(&self, contender: usize, left: &Left, orders: [&[usize]; 2]) -> Option<Offer> {
        let mut uses = Uses::new();
        for &need in self.needs[contender].iter() {
            let order = orders[usize::from(need.reward)];
            if !self.fill(contender, need, order, left, &mut uses) {
                return None;
            }
        }
        self.priced(contender, left, uses)
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
        let mut uses = Uses::new();
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
                    if let Some(last) = uses.last_mut() {
                        *last = part;
                    }
                }
            }
            total += room;
        }
        if total < from {
            return None;
        }
        best(least.into_iter().chain(self.priced(contender, left, uses)))
    }

    fn priced(&self, contender: usize, left: &Left, mut uses: Uses) -> Option<Offer> {
        settle_roles(self.set, self.problem, contender, &mut uses);
        let own = own_off(self.set, self.problem, contender, &mut uses);
        let own = own.min(left.minor[contender]);
        let count = |used: &Use| i64::from(used.count);
        let costs = uses.iter();
        let costs = costs.map(|used| self.prices[used.row] * count(used));
        let saving = own + stacked_off(self.problem, &uses);
        let gain = saving * self.scale - costs.sum::<i64>();
        (own > 0 && gain > 0).then(|| Offer {
            units: uses.iter().map(count).sum(),
            uses,
            own,
            gain,
        })
    }

    /// Both orders of a contender.
    fn whole(&self, contender: usize) -> [&[usize]; 2] {
        let [pays, rewards] = &self.orders[contender];
        [pays, rewards].map(|order| &self.order_cells[order.clone()])
    }

    /// What each contender would take if there were no others: its deals, and what all gain.
    pub fn demand(&self, left: &mut Left, deals: &mut Vec<Deal>) -> i64 {
        let mut gain = 0;
        for contender in 0..self.problem.contenders.len() {
            let first = deals.len();
            match self.plan(contender, left) {
                Some(plan) => deals.extend(plan),
                None => self.take_greedily(contender, left, deals),
            }
            gain += deals[first..]
                .iter()
                .map(|deal| self.gain(deal))
                .sum::<i64>();
        }
        gain
    }

    /// The best deal of a contender again and again; what they take is given back.
    fn take_greedily(&self, contender: usize, left: &mut Left, deals: &mut Vec<Deal>) {
        let first = deals.len();
        let mut fronts = [0; 2];
        loop {
            let orders = self.still(contender, left, &mut fronts);
            let Some(offer) = self.offer(contender, left, orders) else {
                break;
            };
            let times = left.times(self.problem, contender, &offer.uses, offer.own);
            let deal = Deal {
                contender,
                uses: offer.uses,
                own: offer.own,
                times: times.max(1),
            };
            left.take(self.problem, &deal);
            deals.push(deal);
        }
        for deal in &deals[first..] {
            for _ in 0..deal.times {
                left.give_back(self.problem, deal);
            }
        }
    }

    /// What a deal gains over the prices of its units, all its times.
    fn gain(&self, deal: &Deal) -> i64 {
        let costs = deal.uses.iter();
        let costs = costs.map(|used| self.prices[used.row] * i64::from(used.count));
        let saving = deal.own + stacked_off(self.problem, &deal.uses);
        (saving * self.scale - costs.sum::<i64>()) * i64::from(deal.times)
    }

    /// The best deal of each contender.
    pub fn offers(&self, left: &Left) -> Offers {
        let contenders = 0..self.problem.contenders.len();
        contenders
            .map(|contender| self.offer(contender, left, self.whole(contender)))
            .collect()
    }

    /// Make the best deal until none gains, beginning with what is on offer.
    ///
    /// An offer only gets worse while others are taken, so it is looked at again when it would be
    /// the best, and not before.
    pub fn greedy(&self, left: &mut Left, mut offers: Offers, by: By) -> Vec<Deal> {
        let entry = |contender: usize, offer: &Offer| Entry {
            gain: offer.gain,
            units: if by == By::Gain { 1 } else { offer.units },
            contender: Reverse(contender),
        };
        let made = offers.iter().enumerate();
        let made = made.filter_map(|(at, offer)| Some(entry(at, offer.as_ref()?)));
        let mut heap: BinaryHeap<Entry> = made.collect();
        let mut made_at = vec![0; offers.len()];
        let mut touched_at = vec![0; left.rows.len()];
        let mut fronts = vec![[0; 2]; offers.len()];
        let mut deals: Vec<Deal> = Vec::new();
        while let Some(top) = heap.pop() {
            let contender = top.contender.0;
            let Some(offer) = &offers[contender] else {
                continue;
            };
            // Only what others took of its own units can have made it worse.
            let stands = offer.uses.iter();
            let stands = stands
                .map(|used| touched_at[used.row])
                .all(|at| at <= made_at[contender]);
            if !stands {
                made_at[contender] = deals.len();
                let orders = self.still(contender, left, &mut fronts[contender]);
                offers[contender] = self.offer(contender, left, orders);
                heap.extend(
                    offers[contender]
                        .as_ref()
                        .map(|offer| entry(contender, offer)),
                );
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
            heap.push(top);
            for used in &deal.uses {
                touched_at[used.row] = deals.len() + 1;
            }
            deals.push(deal);
        }
        deals
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
}

fn best(offers: impl Iterator<Item = Offer>) -> Option<Offer> {
    offers.fold(None, |best: Option<Offer>, offer| match best {
        Some(best) if best.gain >= offer.gain => Some(best),
        _ => Some(offer),
    })
}
