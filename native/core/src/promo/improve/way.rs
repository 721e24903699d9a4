//! A way of settling a contest: deals are made and taken back, some of them at a time.

use super::descent::Search;
use super::pool::Column;
use crate::promo::compile::PromotionSet;
use crate::promo::left::{Deal, Left, alone_at, score_of};
use crate::promo::prices::{Market, SCALE};
use crate::promo::problem::Problem;
use crate::promo::score::Score;

/// Units taken back together, at most.
pub(super) const UNITS_MAX: u32 = 20;

/// Marsaglia's xorshift: which units are taken back looks random and is the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end.max(1)).unwrap_or(1)).unwrap_or(0)
    }
}

/// A way of settling a contest, being improved.
pub(super) struct Way<'a> {
    set: &'a PromotionSet,
    level: Option<u16>,
    prices: &'a [i64],
    pool: Vec<Column>,
    /// By row: the deals of the pool that take its units; and those of which it is the first row.
    pub(super) with: Vec<Vec<usize>>,
    first: Vec<Vec<usize>>,
    /// One application each.
    pub(super) deals: Vec<Deal>,
    /// By row: the deals that take its units.
    by_row: Vec<Vec<usize>>,
    left: Left,
    chance: Chance,
    pub(super) steps: u32,
}

impl<'a> Way<'a> {
    /// What was found so far, its deals one application each.
    pub(super) fn new(
        set: &'a PromotionSet,
        problem: &Problem,
        left: &Left,
        level: Option<u16>,
        market: &'a Market,
        pool: Vec<Column>,
        deals: Vec<Deal>,
    ) -> Self {
        let rows = problem.rows.len();
        let mut way = Self {
            set,
            level,
            prices: &market.prices,
            pool,
            with: vec![Vec::new(); rows],
            first: vec![Vec::new(); rows],
            deals: Vec::new(),
            by_row: vec![Vec::new(); rows],
            left: left.clone(),
            chance: Chance(0x9E37_79B9_7F4A_7C15),
            steps: 0,
        };
        for (at, column) in way.pool.iter().enumerate() {
            let uses = &column.deal.uses;
            for used in uses {
                way.with[used.row].push(at);
            }
            if let Some(first) = uses.iter().map(|used| used.row).max() {
                way.first[first].push(at);
            }
        }
        for deal in deals {
            for _ in 0..deal.times {
                way.make(
                    problem,
                    Deal {
                        times: 1,
                        ..deal.clone()
                    },
                );
            }
        }
        way
    }
}

impl Way<'_> {
    /// Make a deal.
    fn make(&mut self, problem: &Problem, deal: Deal) {
        self.left.take(problem, &deal);
        for used in &deal.uses {
            self.by_row[used.row].push(self.deals.len());
        }
        self.deals.push(deal);
    }

    /// Take a deal back.
    fn undo(&mut self, problem: &Problem, at: usize) -> Deal {
        let last = self.deals.len() - 1;
        for used in &self.deals[at].uses {
            self.by_row[used.row].retain(|&other| other != at);
        }
        if at != last {
            for used in &self.deals[last].uses {
                for other in &mut self.by_row[used.row] {
                    if *other == last {
                        *other = at;
                    }
                }
            }
        }
        let deal = self.deals.swap_remove(at);
        self.left.give_back(problem, &deal);
        deal
    }

    /// The rows of one of the promotions that want a row, those next to it in price first.
    pub(super) fn neighbours(&mut self, problem: &Problem, seed: usize) -> Vec<usize> {
        let with = &self.with[seed];
        let column = &self.pool[with[self.chance.below(with.len())]];
        let cells = problem.cells_of(column.deal.contender).iter();
        let mut rows: Vec<usize> = cells.map(|cell| cell.row).collect();
        rows.sort_unstable_by_key(|&row| std::cmp::Reverse((row.abs_diff(seed), row)));
        rows
    }

    /// Rows around one, and the deals on them, until their units are many: first `near`, from its
    /// end on, then what some deal would take together with them.
    pub(super) fn around(&mut self, seed: usize, mut near: Vec<usize>) -> (Vec<usize>, Vec<usize>) {
        let mut rows: Vec<usize> = Vec::new();
        let mut deals: Vec<usize> = Vec::new();
        let mut units = 0;
        let mut dry = 0;
        let mut wanted = vec![seed];
        while units < UNITS_MAX && dry < 16 {
            for row in wanted.drain(..) {
                let mut more = vec![row];
                while let Some(row) = more.pop() {
                    if rows.contains(&row) {
                        continue;
                    }
                    rows.push(row);
                    units += self.left.rows[row];
                    // A row may be in many deals: one of them each time.
                    let own = &self.by_row[row];
                    if !own.is_empty() && !own.iter().any(|deal| deals.contains(deal)) {
                        let deal = own[self.chance.below(own.len())];
                        deals.push(deal);
                        let uses = &self.deals[deal].uses;
                        units += uses.iter().map(|used| used.count).sum::<u32>();
                        more.extend(uses.iter().map(|used| used.row));
                    }
                }
            }
            if let Some(row) = near.pop() {
                wanted.push(row);
                continue;
            }
            dry += 1;
            let from = rows[self.chance.below(rows.len())];
            let with = &self.with[from];
            if !with.is_empty() {
                let column = &self.pool[with[self.chance.below(with.len())]];
                wanted.extend(column.deal.uses.iter().map(|used| used.row));
            }
        }
        // The dearest are settled first: where those go wrong, the rest need not be looked at.
        rows.sort_unstable_by_key(|&row| std::cmp::Reverse(row));
        (rows, deals)
    }

    /// Take deals back and settle their rows anew, where that is better; minor units saved by it.
    pub(super) fn settle_anew(
        &mut self,
        problem: &mut Problem,
        rows: &[usize],
        mut freed: Vec<usize>,
        steps_max: u32,
    ) -> i64 {
        let was = self.worth(problem, rows, freed.iter().map(|&at| &self.deals[at]));
        freed.sort_unstable();
        let old: Vec<Deal> = freed
            .iter()
            .rev()
            .map(|&at| self.undo(problem, at))
            .collect();
        let found = self.settle(problem, rows, was, steps_max);
        let (score, deals) = found.unwrap_or((was, old));
        for deal in deals {
            self.make(problem, deal);
        }
        score.saving_minor - was.saving_minor
    }

    /// What deals save together with what is left of rows.
    fn worth<'d>(
        &self,
        problem: &mut Problem,
        rows: &[usize],
        deals: impl Iterator<Item = &'d Deal>,
    ) -> Score {
        let mut score = Score::default();
        for deal in deals {
            score += score_of(self.set, problem, deal.contender, &deal.uses, deal.own);
        }
        for &row in rows {
            score += alone_at(self.set, problem, row, self.left.rows[row], self.level);
        }
        score
    }

    /// Deals on what is left of a few rows that are better than what was.
    fn settle(
        &mut self,
        problem: &mut Problem,
        rows: &[usize],
        was: Score,
        steps_max: u32,
    ) -> Option<(Score, Vec<Deal>)> {
        let mut inside = vec![false; problem.rows.len()];
        for &row in rows {
            inside[row] = true;
        }
        let mut columns = Vec::new();
        let mut hope = Vec::new();
        for &row in rows {
            let own = self.first[row].iter().copied();
            let own = own.filter(|&at| {
                let uses = &self.pool[at].deal.uses;
                uses.iter().all(|used| inside[used.row])
            });
            let own: Vec<usize> = own.collect();
            let most = own.iter().map(|&at| self.pool[at].surplus).max();
            let alone = alone_at(self.set, problem, row, 1, self.level).saving_minor;
            let alone = (alone + 1) * SCALE - self.prices[row];
            hope.push(self.prices[row] + most.unwrap_or(0).max(alone).max(0));
            columns.push(own);
        }
        let mut search = Search {
            pool: &self.pool,
            rows,
            columns: &columns,
            hope: &hope,
            set: self.set,
            level: self.level,
            left: &mut self.left,
            path: Vec::new(),
            best: was,
            best_path: None,
            steps: 0,
            steps_max,
        };
        search.descend(problem, 0, 0, Score::default());
        self.steps += search.steps;
        let score = search.best;
        let path = search.best_path?;
        let deals = path.iter().map(|&(at, own)| Deal {
            contender: self.pool[at].deal.contender,
            uses: self.pool[at].deal.uses.clone(),
            own,
            times: 1,
        });
        Some((score, deals.collect()))
    }

    /// The deals, equal ones as one.
    pub(super) fn told(self) -> Vec<Deal> {
        let mut deals: Vec<Deal> = Vec::new();
        for deal in self.deals {
            let same = |other: &&mut Deal| {
                other.contender == deal.contender
                    && other.uses == deal.uses
                    && other.own == deal.own
            };
            match deals.iter_mut().find(same) {
                Some(same) => same.times += 1,
                None => deals.push(deal),
            }
        }
        deals
    }
}
