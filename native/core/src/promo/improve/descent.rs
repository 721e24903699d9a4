//! Settling a few rows anew: every choice of deals that may still be better.

use super::pool::Column;
use crate::promo::compile::PromotionSet;
use crate::promo::exact::Candidate;
use crate::promo::left::{Left, alone_at};
use crate::promo::prices::SCALE;
use crate::promo::problem::Problem;
use crate::promo::score::Score;

/// Searches choices of deals, row by row, as long as there is hope.
pub(super) struct Search<'a> {
    pub(super) pool: &'a [Column],
    pub(super) rows: &'a [usize],
    /// By place in `rows`: the deals of which it is the first row, the most promising first.
    pub(super) columns: &'a [Vec<usize>],
    /// By place in `rows`: more than any unit saves, in parts of a minor unit.
    pub(super) hope: &'a [i64],
    pub(super) set: &'a PromotionSet,
    pub(super) level: Option<u16>,
    pub(super) left: &'a mut Left,
    pub(super) path: Vec<(usize, i64)>,
    pub(super) best: Score,
    pub(super) best_path: Option<Vec<(usize, i64)>>,
    pub(super) steps: u32,
    pub(super) steps_max: u32,
}

impl Search<'_> {
    /// Settle what is left from the place `at` on; of its row only deals from `from` on.
    pub(super) fn descend(
        &mut self,
        problem: &mut Problem,
        mut at: usize,
        mut from: usize,
        so_far: Score,
    ) {
        self.steps += 1;
        if self.steps > self.steps_max {
            return;
        }
        while at < self.rows.len() && self.left.rows[self.rows[at]] == 0 {
            (at, from) = (at + 1, 0);
        }
        if at == self.rows.len() {
            if so_far > self.best {
                self.best = so_far;
                self.best_path = Some(self.path.clone());
            }
            return;
        }
        let hope: i128 = (at..self.rows.len())
            .map(|at| i128::from(self.left.rows[self.rows[at]]) * i128::from(self.hope[at]))
            .sum();
        let needed = i128::from(self.best.saving_minor - so_far.saving_minor) * i128::from(SCALE);
        if hope < needed {
            return;
        }
        let columns = self.columns;
        for (place, &column) in columns[at].iter().enumerate().skip(from) {
            self.try_deal(problem, at, place, column, so_far);
        }
        let row = self.rows[at];
        let count = self.left.rows[row];
        let alone = alone_at(self.set, problem, row, count, self.level);
        self.left.rows[row] = 0;
        self.descend(problem, at + 1, 0, so_far + alone);
        self.left.rows[row] = count;
    }

    fn try_deal(
        &mut self,
        problem: &mut Problem,
        at: usize,
        place: usize,
        column: usize,
        so_far: Score,
    ) {
        let Candidate {
            contender,
            uses,
            own,
            score,
            edge,
        } = &self.pool[column].deal;
        let who = *contender;
        if self.left.uses[who] == 0
            || self.left.minor[who] <= 0
            || *edge > self.left.edge[who]
            || !uses
                .iter()
                .all(|used| used.count <= self.left.rows[used.row])
        {
            return;
        }
        let taken = (*own).min(self.left.minor[who]);
        let mut score = *score;
        score.saving_minor -= own - taken;
        for used in uses {
            self.left.rows[used.row] -= used.count;
        }
        self.left.uses[who] -= 1;
        self.left.minor[who] -= taken;
        self.left.edge[who] -= edge;
        self.path.push((column, taken));
        self.descend(problem, at, place, so_far + score);
        self.path.pop();
        self.left.edge[who] += edge;
        self.left.minor[who] += taken;
        self.left.uses[who] += 1;
        for used in uses {
            self.left.rows[used.row] += used.count;
        }
    }
}
