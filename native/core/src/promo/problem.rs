//! One contest: equal units in rows, and the promotions that want them together.

use super::compile::PromotionSet;
use super::model::{Benefit, Pick, Policy, Promotion, Slot};
use super::score::{ByLevel, Score};
use super::solve::Effort;
use super::stack::{Equal, Stacker};
use std::ops::Range;

/// Equal units of one kind.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// The kind in the cart.
    pub kind: u32,
    pub units: Equal,
    /// The promotions on each unit, in [`Problem::each`].
    pub each: Range<usize>,
}

/// A promotion that takes units.
#[derive(Debug, Clone)]
pub(crate) struct Contender {
    pub promo: u32,
    /// Applications left.
    pub uses: u32,
    /// Minor units left.
    pub minor: i64,
    /// Where rewards are picked among all units: the row of which only some are, and how many.
    pub edge: Option<(usize, u32)>,
    /// Its rows, in [`Problem::cells`], ascending.
    pub cells: Range<usize>,
}

/// A row that a contender may take units of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    pub row: usize,
    /// The sets the row is in.
    pub sets: u16,
    /// The price of a unit under the contender.
    pub running: i64,
    /// What promotions that stack under the contender save on a unit, as far as it counts.
    pub stacked: i64,
    /// How many units of the row may be rewarded.
    pub rewards: u32,
}

/// Units of a row in an application, and how many of them are rewarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Use {
    pub cell: usize,
    pub row: usize,
    pub count: u32,
    pub reward: u32,
}

/// What an application needs of a set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Need {
    pub set: usize,
    pub count: u32,
    pub reward: bool,
}

/// Units of a row up to which what they save alone is remembered.
pub(crate) const FEW: usize = 4;

/// One contest. Rows stand by content, so their order tells nothing of the order of scanning.
#[derive(Debug, Default)]
pub(crate) struct Problem {
    pub rows: Vec<Row>,
    pub each: Vec<u32>,
    pub contenders: Vec<Contender>,
    pub cells: Vec<Cell>,
    /// By row: what all its units save alone.
    pub all_alone: Vec<Score>,
    /// By row: what so many units less one save alone, as far as it counts, once asked.
    pub few_alone: Vec<[Option<Score>; FEW]>,
    pub stacker: Stacker,
    pub policy: Policy,
    /// Units up to which every way is tried.
    pub exact_units: u32,
    pub effort: Effort,
}

impl Problem {
    /// Begin another contest; memory is kept.
    pub fn clear(&mut self, policy: Policy) {
        self.rows.clear();
        self.each.clear();
        self.contenders.clear();
        self.cells.clear();
        self.all_alone.clear();
        self.few_alone.clear();
        self.stacker.whole = true;
        self.policy = policy;
    }

    /// Fill in what follows from rows, contenders and sets.
    pub fn prepare(&mut self, set: &PromotionSet) {
        self.few_alone.resize(self.rows.len(), [None; FEW]);
        for row in self.all_alone.len()..self.rows.len() {
            let saved = self.alone(set, row, self.rows[row].units.count);
            self.all_alone.push(saved);
        }
        for at in 0..self.contenders.len() {
            let promo = self.contenders[at].promo;
            for cell in self.contenders[at].cells.clone() {
                let row = self.cells[cell].row;
                let saved = self.under(set, row, promo);
                self.cells[cell].running = self.rows[row].units.amount - saved;
                self.cells[cell].stacked = saved;
                self.cells[cell].rewards = self.rows[row].units.count;
            }
            self.pick_pool(set, at);
        }
    }

    /// What `count` units of a row save alone; the promotions are left in the stacker.
    pub fn alone(&mut self, set: &PromotionSet, row: usize, count: u32) -> Score {
        let row = &self.rows[row];
        let units = Equal { count, ..row.units };
        let each = &self.each[row.each.clone()];
        self.stacker.find(set, self.policy, each, units, None)
    }

    /// What `count` units of a row save alone by promotions of a priority and of higher ones.
    pub fn alone_from(&mut self, set: &PromotionSet, row: usize, count: u32, level: u16) -> Score {
        self.alone(set, row, count);
        self.found_from(set, row, count, level)
    }

    /// What promotions found for `count` units of a row save, by priority.
    pub fn found_by_level(&self, set: &PromotionSet, row: usize, count: u32) -> ByLevel {
        let units = Equal {
            count,
            ..self.rows[row].units
        };
        let mut saved = ByLevel::default();
        for (promo, off) in self.stacker.offs(set, units) {
            if off > 0 {
                saved.add(set.at(promo).priority, off);
            }
        }
        saved
    }

    /// What promotions found for `count` units of a row save, of a priority and of higher ones.
    fn found_from(&self, set: &PromotionSet, row: usize, count: u32, level: u16) -> Score {
        let units = Equal {
            count,
            ..self.rows[row].units
        };
        let mut score = Score::default();
        for (promo, off) in self.stacker.offs(set, units) {
            if set.at(promo).priority >= level {
                score += Score::of(set.at(promo), off);
            }
        }
        score
    }

    /// Come to the contenders of a priority: lower ones count no longer, and where promotions of a
    /// higher one that units of `left` have do not agree with a deal, the deal may not take them.
    pub fn begin_level(&mut self, set: &PromotionSet, left: &[u32], level: u16) {
        self.few_alone.fill([None; FEW]);
        for at in 0..self.contenders.len() {
            let promo = self.contenders[at].promo;
            if set.at(promo).priority != level {
                continue;
            }
            for cell in self.contenders[at].cells.clone() {
                let row = self.cells[cell].row;
                self.under(set, row, promo);
                self.cells[cell].stacked = self.found_from(set, row, 1, level).saving_minor;
                self.alone(set, row, left[row]);
                let bars = |&other: &u32| {
                    set.at(other).priority > level && !set.at(other).stacks(set.at(promo))
                };
                if self.stacker.best.iter().any(bars) {
                    self.cells[cell].sets = 0;
                }
            }
        }
    }

    /// What one unit of a row saves by promotions that stack with the one that takes it.
    pub fn under(&mut self, set: &PromotionSet, row: usize, promo: u32) -> i64 {
        if set.at(promo).stacks_with == 0 {
            self.stacker.best.clear();
            return 0;
        }
        let row = &self.rows[row];
        let units = Equal {
            count: 1,
            ..row.units
        };
        let each = &self.each[row.each.clone()];
        let score = self
            .stacker
            .find(set, self.policy, each, units, Some(promo));
        score.saving_minor
    }

    /// The cells of a contender.
    pub fn cells_of(&self, contender: usize) -> &[Cell] {
        &self.cells[self.contenders[contender].cells.clone()]
    }

    /// How many of the units left in a row may fill a need.
    pub fn room(&self, cell: usize, need: Need, left: u32) -> u32 {
        let cell = &self.cells[cell];
        if cell.sets & 1 << need.set == 0 {
            0
        } else if need.reward {
            left.min(cell.rewards)
        } else {
            left
        }
    }

    /// Where rewards are picked among all units: the first so many, by price, that could be earned.
    fn pick_pool(&mut self, set: &PromotionSet, contender: usize) {
        let promotion = set.at(self.contenders[contender].promo);
        let Benefit::BuyGet {
            buy_set,
            buy,
            get_set,
            get,
            pick,
            ..
        } = promotion.benefit
        else {
            return;
        };
        if buy > 0 && buy_set == get_set {
            return;
        }
        let units = |wanted: usize| -> u64 {
            let cells = self.cells_of(contender).iter();
            cells
                .filter(|cell| cell.sets & 1 << wanted != 0)
                .map(|cell| u64::from(self.rows[cell.row].units.count))
                .sum()
        };
        let bought = units(buy_set)
            .checked_div(u64::from(buy))
            .unwrap_or(u64::MAX);
        let most = bought.min(units(get_set) / u64::from(get));
        let most = most.min(u64::from(self.contenders[contender].uses));
        let mut left = most * u64::from(get);
        let cells = self.contenders[contender].cells.clone();
        for step in 0..cells.len() {
            let at = match pick {
                Pick::Cheapest => cells.start + step,
                Pick::Dearest => cells.end - 1 - step,
            };
            if self.cells[at].sets & 1 << get_set == 0 {
                continue;
            }
            let row = self.cells[at].row;
            let had = u64::from(self.rows[row].units.count);
            let kept = left.min(had);
            let kept_units = u32::try_from(kept).unwrap_or(u32::MAX);
            if kept > 0 && kept < had {
                self.contenders[contender].edge = Some((row, kept_units));
            }
            self.cells[at].rewards = kept_units;
            left -= kept;
        }
    }
}

/// What one application of a promotion takes, slot by slot. Tiers take what there is.
pub(crate) fn needs(promotion: &Promotion) -> Vec<Need> {
    let plain = |&Slot { set, count }: &Slot| Need {
        set,
        count,
        reward: false,
    };
    match &promotion.benefit {
        Benefit::Each { set, .. } => vec![plain(&Slot {
            set: *set,
            count: 1,
        })],
        Benefit::Tiers { set, tiers, .. } => vec![plain(&Slot {
            set: *set,
            count: tiers.first().map_or(1, |tier| tier.from),
        })],
        Benefit::Bundle { slots, .. } => slots.iter().map(plain).collect(),
        Benefit::BuyGet {
            buy_set,
            buy,
            get_set,
            get,
            ..
        } if *buy > 0 && buy_set == get_set => vec![plain(&Slot {
            set: *buy_set,
            count: buy + get,
        })],
        Benefit::BuyGet {
            buy_set,
            buy,
            get_set,
            get,
            ..
        } => {
            let reward = Need {
                set: *get_set,
                count: *get,
                reward: true,
            };
            let pays = plain(&Slot {
                set: *buy_set,
                count: *buy,
            });
            if *buy == 0 {
                vec![reward]
            } else {
                vec![pays, reward]
            }
        }
        Benefit::Cart { .. } | Benefit::EverySpend { .. } => Vec::new(),
    }
}
