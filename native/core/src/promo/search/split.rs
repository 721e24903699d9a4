//! Where those that pay and those rewarded are of one set: which units are which.

use super::{Offer, Searcher};
use crate::promo::deal::{own_off, settle_roles};
use crate::promo::left::{Deal, Left};
use crate::promo::model::{Benefit, Pick};
use crate::promo::problem::Use;
use crate::promo::uses::Uses;

/// Units among which those that pay and those rewarded are looked for, at most.
const SPLITS: usize = 1_024;

/// Memory of looking for those that pay and those rewarded, kept between looks.
#[derive(Default)]
pub(super) struct Rooms {
    units: Vec<usize>,
    above: Vec<Option<i64>>,
    below: Vec<Option<i64>>,
    most: Vec<i64>,
    taken: Vec<(i64, usize)>,
}

impl Searcher<'_> {
    /// The units that pay and those rewarded, where all are of one set: the dearer ones of some
    /// place in the prices pay (or are rewarded), the others are rewarded (or pay), and on each
    /// side those that gain most.
    pub(super) fn split_offer(
        &self,
        contender: usize,
        left: &Left,
        order: &[usize],
    ) -> Option<Offer> {
        let promotion = self.set.at(self.problem.contenders[contender].promo);
        let Benefit::BuyGet { buy, get, pick, .. } = promotion.benefit else {
            return None;
        };
        let (upper, lower) = match pick {
            Pick::Cheapest => (buy, get),
            Pick::Dearest => (get, buy),
        };
        let gain = |cell: usize, above: bool| {
            let (base, off) = self.worth[cell];
            let pays = above == (pick == Pick::Cheapest);
            if pays { base } else { base + off }
        };
        if self.flat[contender] {
            return self.filled(contender, left, [order; 2]);
        }
        let mut rooms = self.rooms.borrow_mut();
        let Rooms {
            units,
            above,
            below,
            most,
            taken,
        } = &mut *rooms;
        // Every unit that could matter, the dearest first.
        units.clear();
        for &cell in order {
            let row = self.problem.cells[cell].row;
            let count = left.rows[row].min(buy + get);
            units.extend((0..count).map(|_| cell));
            if units.len() >= SPLITS.max((buy + get) as usize) {
                break;
            }
        }
        if units.len() < (buy + get) as usize {
            return None;
        }
        let worths = units.iter().map(|&cell| gain(cell, true));
        most_up_to(worths, upper as usize, most, above);
        let worths = units.iter().rev().map(|&cell| gain(cell, false));
        most_up_to(worths, lower as usize, most, below);
        let mut best: Option<(i64, usize)> = None;
        for at in 1..units.len() {
            if let (Some(upper), Some(lower)) = (above[at - 1], below[units.len() - at - 1])
                && best.is_none_or(|(most, _)| upper + lower > most)
            {
                best = Some((upper + lower, at));
            }
        }
        let (_, split) = best?;
        // Of equals those nearest to the other side.
        let dear = units[..split].iter().rev().copied();
        best_of(dear, upper as usize, |cell| gain(cell, true), taken);
        let mut uses = Uses::new();
        self.gather(taken, &mut uses);
        let cheap = units[split..].iter().copied();
        best_of(cheap, lower as usize, |cell| gain(cell, false), taken);
        self.gather(taken, &mut uses);
        self.priced(contender, left, uses)
    }

    /// The best deals of a contender by itself, where one unit of each deal is rewarded and all
    /// are of one set: walking down the prices, a unit pays, is rewarded, or is passed by.
    pub fn plan(&self, contender: usize, left: &Left) -> Option<Vec<Deal>> {
        const OPEN: usize = 9;
        let promotion = self.set.at(self.problem.contenders[contender].promo);
        let Benefit::BuyGet {
            buy_set,
            buy,
            get_set,
            get: 1,
            pick,
            ..
        } = promotion.benefit
        else {
            return None;
        };
        let buy_units = buy as usize;
        if buy == 0
            || buy_set != get_set
            || buy_units >= OPEN
            || self.problem.contenders[contender].uses < u32::MAX
            || left.minor[contender] < i64::MAX
            || !self.part[contender]
        {
            return None;
        }
        let mut units: Vec<usize> = Vec::new();
        for &cell in self.whole(contender)[0] {
            let count = left.rows[self.problem.cells[cell].row];
            units.extend((0..count).map(|_| cell));
            if units.len() > SPLITS {
                return None;
            }
        }
        if pick == Pick::Dearest {
            units.reverse();
        }
        // By unit and how many that pay are still without a reward: the most gained, and how.
        let mut most = vec![[None::<(i64, u8)>; OPEN]; units.len() + 1];
        most[0][0] = Some((0, 0));
        for (at, &cell) in units.iter().enumerate() {
            let (base, off) = self.worth[cell];
            for open in 0..OPEN {
                let Some((gain, _)) = most[at][open] else {
                    continue;
                };
                let mut reach = |to: usize, gain: i64, how: u8| {
                    let slot = &mut most[at + 1][to];
                    if slot.is_none_or(|(known, _)| gain > known) {
                        *slot = Some((gain, how));
                    }
                };
                reach(open, gain, 0);
                if open + 1 < OPEN {
                    reach(open + 1, gain + base, 1);
                }
                if open >= buy_units && off > 0 {
                    reach(open - buy_units, gain + base + off, 2);
                }
            }
        }
        let mut deals = Vec::new();
        let mut open = 0;
        let mut groups: Vec<Vec<(i64, usize)>> = Vec::new();
        for at in (0..units.len()).rev() {
            let cell = units[at];
            match most[at + 1][open]?.1 {
                1 => {
                    open -= 1;
                    // The reward nearest in price that still wants one that pays.
                    let wants = groups
                        .iter_mut()
                        .rev()
                        .find(|deal| deal.len() <= buy_units)?;
                    wants.push((0, cell));
                }
                2 => {
                    open += buy_units;
                    groups.push(vec![(0, cell)]);
                }
                _ => {}
            }
        }
        for cells in groups {
            let mut uses = Uses::new();
            self.gather(&cells, &mut uses);
            settle_roles(self.set, self.problem, contender, &mut uses);
            let own = own_off(self.set, self.problem, contender, &mut uses);
            if own > 0 {
                deals.push(Deal {
                    contender,
                    uses,
                    own,
                    times: 1,
                });
            }
        }
        Some(deals)
    }

    /// Add units by the cell each is of, those of a row together.
    fn gather(&self, taken: &[(i64, usize)], uses: &mut Uses) {
        for &(_, cell) in taken {
            let row = self.problem.cells[cell].row;
            match uses.iter_mut().find(|one| one.row == row) {
                Some(one) => one.count += 1,
                None => uses.push(Use {
                    cell,
                    row,
                    count: 1,
                    reward: 0,
                }),
            }
        }
    }
}

/// By place, what the `count` best up to there are worth; none before there are so many.
fn most_up_to(
    worths: impl Iterator<Item = i64>,
    count: usize,
    most: &mut Vec<i64>,
    sums: &mut Vec<Option<i64>>,
) {
    most.clear();
    sums.clear();
    let mut sum = 0;
    sums.extend(worths.map(|worth| {
        let at = most.partition_point(|&other| other >= worth);
        if at < count {
            if most.len() == count {
                sum -= most.pop().unwrap_or(0);
            }
            most.insert(at, worth);
            sum += worth;
        }
        (most.len() == count).then_some(sum)
    }));
}

/// The `count` best cells, of equals the earlier.
fn best_of(
    cells: impl Iterator<Item = usize>,
    count: usize,
    gain: impl Fn(usize) -> i64,
    chosen: &mut Vec<(i64, usize)>,
) {
    chosen.clear();
    for cell in cells {
        let worth = gain(cell);
        let at = chosen.partition_point(|other| other.0 >= worth);
        if at < count {
            chosen.truncate(count - 1);
            chosen.insert(at, (worth, cell));
        }
    }
}
