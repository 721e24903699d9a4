//! Making a good way of settling a large contest better: some units at a time are taken back, and
//! settled anew with deals that are worth about what their units are.

use super::compile::PromotionSet;
use super::exact::{Candidate, list_deals};
use super::left::{Deal, Left, alone_at, edge_of, score_of, takes_part};
use super::prices::{Market, SCALE};
use super::problem::Problem;
use super::score::Score;

/// Units taken back together, at most.
const UNITS_MAX: u32 = 20;
/// Times that units are taken back from one contest, for each row, and at most.
const TRIES_A_ROW: usize = 6;
const TRIES_MAX: usize = 800;
/// Steps of settling them anew, before the best so far is taken; and in a hard contest.
const STEPS_MAX: u32 = 300;
const HARD_STEPS_MAX: u32 = 1_000;
/// Units of a contest that is settled anew as a whole, and the steps of that; and units up to which
/// every deal that can be listed is looked at.
const SMALL_STEPS: u32 = 10_000;
const SMALL_UNITS: u32 = 32;
/// Where the bound is not to be trusted: the part of the saving by which it may be wrong.
const LOOSE: i64 = 16;
/// Steps of all that; and in a hard contest, where more than this part of the saving may be missing
/// still.
const STEPS_ALL: u32 = 40_000;
const HARD_STEPS_ALL: u32 = 240_000;
const HARD: i64 = 1_000;
/// Steps of listing the deals of one promotion, and of all; past them only some are known.
const LIST_STEPS: u32 = 4_000;
const LIST_STEPS_ALL: u32 = 60_000;
/// Deals to choose from.
const POOL: usize = 2_048;

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

/// A deal to choose, and what it saves over the prices of its units.
struct Column {
    deal: Candidate,
    surplus: i64,
}

/// A way of settling a contest, being improved.
struct Way<'a> {
    set: &'a PromotionSet,
    level: Option<u16>,
    prices: &'a [i64],
    pool: Vec<Column>,
    /// By row: the deals of the pool that take its units; and those of which it is the first row.
    with: Vec<Vec<usize>>,
    first: Vec<Vec<usize>>,
    /// One application each.
    deals: Vec<Deal>,
    /// By row: the deals that take its units.
    by_row: Vec<Vec<usize>>,
    left: Left,
    chance: Chance,
    steps: u32,
}

/// A better way than `deals`, where one is found.
pub(crate) fn improve(
    set: &PromotionSet,
    problem: &mut Problem,
    left: &Left,
    level: Option<u16>,
    market: &Market,
    (score, deals): (Score, Vec<Deal>),
) -> Vec<Deal> {
    let rows = problem.rows.len();
    let units: u32 = left.rows.iter().sum();
    let most = score.saving_minor;
    let mut gap = market.bound.saturating_sub(most.saturating_mul(SCALE));
    if units <= SMALL_UNITS {
        gap = i64::MAX;
    } else if !market.planned {
        // The bound is only as good as the plans it comes from.
        gap = gap.max(most.saturating_mul(SCALE / LOOSE));
    } else if gap < SCALE {
        return deals;
    }
    let pool = pool(set, problem, left, level, market, gap, &deals);
    let mut way = Way {
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
    let open: Vec<usize> = (0..rows).filter(|&row| way.with[row].len() > 1).collect();
    if units <= UNITS_MAX {
        let all: Vec<usize> = (0..rows).rev().filter(|&row| left.rows[row] > 0).collect();
        let deals = (0..way.deals.len()).collect();
        way.settle_anew(problem, &all, deals, SMALL_STEPS);
        return way.told();
    }
    let tries = open.len().saturating_mul(TRIES_A_ROW).min(TRIES_MAX);
    let mut saved = most;
    for turn in 0..tries {
        let missing = market.bound.saturating_sub(saved.saturating_mul(SCALE));
        if way.steps > HARD_STEPS_ALL || way.steps > STEPS_ALL && !is_hard(market, saved, missing) {
            break;
        }
        let steps_max = if way.steps > STEPS_ALL {
            HARD_STEPS_MAX
        } else {
            STEPS_MAX
        };
        let seed = open[turn % open.len()];
        // Deals on goods next to one another in price can often be better only all at once.
        let near = if way.steps > STEPS_ALL && turn % 2 == 1 {
            way.neighbours(problem, seed)
        } else {
            Vec::new()
        };
        let (around, freed) = way.around(seed, near);
        saved += way.settle_anew(problem, &around, freed, steps_max);
    }
    way.told()
}

/// Whether much may be missing still, as far as the bound tells.
fn is_hard(market: &Market, saved: i64, missing: i64) -> bool {
    market.planned && missing > saved.saturating_mul(SCALE) / HARD
}

/// Deals that could be in a better way: those that save about what their units are worth.
fn pool(
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
    fn neighbours(&mut self, problem: &Problem, seed: usize) -> Vec<usize> {
        let with = &self.with[seed];
        let column = &self.pool[with[self.chance.below(with.len())]];
        let cells = problem.cells_of(column.deal.contender).iter();
        let mut rows: Vec<usize> = cells.map(|cell| cell.row).collect();
        rows.sort_unstable_by_key(|&row| std::cmp::Reverse((row.abs_diff(seed), row)));
        rows
    }

    /// Rows around one, and the deals on them, until their units are many: first `near`, from its
    /// end on, then what some deal would take together with them.
    fn around(&mut self, seed: usize, mut near: Vec<usize>) -> (Vec<usize>, Vec<usize>) {
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
    fn settle_anew(
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
    fn told(self) -> Vec<Deal> {
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

/// Searches choices of deals, row by row, as long as there is hope.
struct Search<'a> {
    pool: &'a [Column],
    rows: &'a [usize],
    /// By place in `rows`: the deals of which it is the first row, the most promising first.
    columns: &'a [Vec<usize>],
    /// By place in `rows`: more than any unit saves, in parts of a minor unit.
    hope: &'a [i64],
    set: &'a PromotionSet,
    level: Option<u16>,
    left: &'a mut Left,
    path: Vec<(usize, i64)>,
    best: Score,
    best_path: Option<Vec<(usize, i64)>>,
    steps: u32,
    steps_max: u32,
}

impl Search<'_> {
    /// Settle what is left from the place `at` on; of its row only deals from `from` on.
    fn descend(&mut self, problem: &mut Problem, mut at: usize, mut from: usize, so_far: Score) {
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
