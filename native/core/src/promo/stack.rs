//! Promotions on each unit: which of them equal units have together, and what those save.

use super::compile::PromotionSet;
use super::model::{Base, Benefit, Off, Policy, Promotion};
use super::score::{ByLevel, Score, level_of};
use crate::money::{MILLION, divide, narrow};

/// Choices looked at for one row before the best so far is taken.
pub(crate) const STACK_STEPS: u32 = 1_024;

/// So many equal units. Amounts are minor units of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Equal {
    pub amount: i64,
    pub floor: i64,
    pub count: u32,
}

impl Equal {
    pub fn total(self) -> i128 {
        i128::from(self.amount) * i128::from(self.count)
    }

    /// The least they may cost; a price below its floor is left as it is.
    pub fn lowest(self) -> i128 {
        i128::from(self.amount.min(self.floor)) * i128::from(self.count)
    }
}

/// What a benefit takes from a sum: never below zero or past the floor.
///
/// `times` is how often a fixed amount or price stands for the sum.
pub(crate) fn taken(
    promotion: &Promotion,
    off: Off,
    times: u32,
    [original, running, lowest]: [i128; 3],
) -> i128 {
    let base = match promotion.base {
        Base::Original => original,
        Base::Running => running,
    };
    let wanted = match off {
        Off::Percent(ppm) => divide(base * i128::from(ppm), MILLION, promotion.rounding),
        Off::Amount(amount) => i128::from(amount) * i128::from(times),
        Off::Price(price) => base - i128::from(price) * i128::from(times),
    };
    wanted.clamp(0, (running - lowest).max(0))
}

/// What one promotion on each unit takes from equal units that now cost `running` together.
pub(crate) fn each_off(promotion: &Promotion, units: Equal, running: i128) -> i128 {
    match promotion.benefit {
        Benefit::Each { off, .. } => {
            let sums = [units.total(), running, units.lowest()];
            taken(promotion, off, units.count, sums)
        }
        _ => 0,
    }
}

/// Finds the best promotions that may share a unit. Keeps its memory between calls.
#[derive(Debug, Default)]
pub(crate) struct Stacker {
    open: Vec<u32>,
    chosen: Vec<u32>,
    /// What the chosen ones save, and the best.
    saved: ByLevel,
    best_saved: ByLevel,
    /// The promotions found, in the order they apply.
    pub best: Vec<u32>,
    score: Score,
    policy: Policy,
    steps: u32,
    /// Whether every choice was looked at since this was last set.
    pub whole: bool,
}

impl Stacker {
    /// The best stack out of `each`, beside `under` where the units take part in that.
    pub fn find(
        &mut self,
        set: &PromotionSet,
        policy: Policy,
        each: &[u32],
        units: Equal,
        under: Option<u32>,
    ) -> Score {
        self.best.clear();
        self.score = Score::default();
        if each.is_empty() || units.count == 0 {
            return self.score;
        }
        self.open.clear();
        let fits = |&promo: &u32| under.is_none_or(|under| set.at(under).stacks(set.at(promo)));
        self.open.extend(each.iter().copied().filter(fits));
        self.chosen.clear();
        self.steps = 0;
        self.saved.clear();
        self.best_saved.clear();
        self.policy = policy;
        if self.all_agree(set) {
            self.take_in_order(set, units);
        } else {
            self.grow(set, units, 0, units.total(), Score::default());
        }
        self.score
    }

    /// The promotions found, and what each takes from such units, in minor units.
    pub fn offs(&self, set: &PromotionSet, units: Equal) -> impl Iterator<Item = (u32, i64)> {
        let mut running = units.total();
        self.best.iter().map(move |&promo| {
            let off = each_off(set.at(promo), units, running);
            running -= off;
            (promo, small(off))
        })
    }

    fn all_agree(&self, set: &PromotionSet) -> bool {
        self.open.len() <= 32
            && self.open.iter().enumerate().all(|(at, &one)| {
                let others = &self.open[at + 1..];
                others
                    .iter()
                    .all(|&other| set.at(one).stacks(set.at(other)))
            })
    }

    fn agrees(&self, set: &PromotionSet, promo: u32) -> bool {
        let chosen = &mut self.chosen.iter();
        chosen.all(|&other| set.at(other).stacks(set.at(promo)))
    }

    /// Each in turn that takes something; all of them agree.
    fn take_in_order(&mut self, set: &PromotionSet, units: Equal) {
        let mut running = units.total();
        for at in 0..self.open.len() {
            let promo = self.open[at];
            let off = each_off(set.at(promo), units, running);
            if off > 0 {
                running -= off;
                self.score += Score::of(set.at(promo), small(off));
                self.chosen.push(promo);
            }
        }
        self.best.extend_from_slice(&self.chosen);
    }

    /// Every choice of promotions that all agree, from the place `from` on.
    fn grow(&mut self, set: &PromotionSet, units: Equal, from: usize, running: i128, score: Score) {
        for at in from..self.open.len() {
            self.steps += 1;
            if self.steps > STACK_STEPS {
                self.whole = false;
                return;
            }
            let promo = self.open[at];
            if !self.agrees(set, promo) {
                continue;
            }
            let off = each_off(set.at(promo), units, running);
            if off == 0 {
                continue;
            }
            let score = score + Score::of(set.at(promo), small(off));
            self.chosen.push(promo);
            self.saved
                .add(level_of(self.policy, set.at(promo)), small(off));
            if (&self.saved, score) > (&self.best_saved, self.score) {
                self.score = score;
                self.best_saved.clone_from(&self.saved);
                self.best.clear();
                self.best.extend_from_slice(&self.chosen);
            }
            if set.at(promo).stacks_with != 0 {
                self.grow(set, units, at + 1, running - off, score);
            }
            self.saved.take_back(small(off));
            self.chosen.pop();
        }
    }
}

/// A part of a cart's total, which fits 64 bits.
pub(crate) fn small(amount: i128) -> i64 {
    narrow(amount, "a part of the total").unwrap_or(i64::MAX)
}
