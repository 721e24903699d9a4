//! Every way to settle a small contest: all deals listed, all choices of them searched.

use super::compile::PromotionSet;
use super::deal::{own_off, settle_roles};
use super::left::{Deal, Left, alone_at, edge_of, score_of, takes_part};
use super::model::Benefit;
use super::problem::{Need, Problem, Use};
use super::score::{ByLevel, Score, Worth};
use super::uses::Uses;

/// Steps of listing deals, and again of choosing among them, before the contest counts as large.
pub(crate) const EXACT_STEPS: u32 = 200_000;
/// States remembered.
const MAX_STATES: usize = 1 << 16;

/// A deal that could be made.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub contender: usize,
    pub uses: Uses,
    pub own: i64,
    pub score: Score,
    /// Rewarded units of the row that only some are picked of.
    pub edge: u32,
}

/// Lists the deals of one contender.
struct Lister<'a> {
    set: &'a PromotionSet,
    problem: &'a Problem,
    left: &'a Left,
    contender: usize,
    needs: &'a [Need],
    counts: Vec<Use>,
    found: &'a mut Vec<Candidate>,
    steps: u32,
    steps_max: u32,
}

impl Lister<'_> {
    fn list(&mut self) {
        let promotion = self.set.at(self.problem.contenders[self.contender].promo);
        if let Benefit::Tiers { .. } = promotion.benefit {
            let own = self.counts.iter().map(|used| self.left.rows[used.row]);
            let most: u32 = own.sum();
            for size in self.needs[0].count..=most {
                self.fill(0, 0, size);
            }
        } else {
            self.fill(0, 0, self.needs[0].count);
        }
    }

    /// Fill a need with units of this of its rows and later ones, `left` of them missing.
    fn fill(&mut self, need: usize, row: usize, left: u32) {
        self.steps += 1;
        if self.steps > self.steps_max {
            return;
        }
        if left == 0 {
            match self.needs.get(need + 1) {
                Some(next) => self.fill(need + 1, 0, next.count),
                None => self.emit(),
            }
            return;
        }
        if row == self.counts.len() {
            return;
        }
        let wanted = self.needs[need];
        let Use { cell, .. } = self.counts[row];
        let free = self.left.rows[self.counts[row].row] - self.counts[row].count;
        let room = self.problem.room(cell, wanted, free);
        for count in 0..=room.min(left) {
            let reward = if wanted.reward { count } else { 0 };
            self.counts[row].count += count;
            self.counts[row].reward += reward;
            self.fill(need, row + 1, left - count);
            self.counts[row].count -= count;
            self.counts[row].reward -= reward;
        }
    }

    fn emit(&mut self) {
        let some = self.counts.iter().filter(|used| used.count > 0);
        let mut uses: Uses = some.copied().collect();
        settle_roles(self.set, self.problem, self.contender, &mut uses);
        let own = own_off(self.set, self.problem, self.contender, &mut uses);
        if own > 0 {
            self.found.push(Candidate {
                contender: self.contender,
                own,
                score: score_of(self.set, self.problem, self.contender, &uses, own),
                edge: edge_of(self.problem, self.contender, &uses),
                uses,
            });
        }
    }
}

/// Add all deals of a contender to `found`, in at most `steps_max` steps; the steps it took, or
/// none where they were not enough.
pub(crate) fn list_deals(
    set: &PromotionSet,
    problem: &Problem,
    left: &Left,
    contender: usize,
    steps_max: u32,
    found: &mut Vec<Candidate>,
) -> Option<u32> {
    let blank = |cell: usize| Use {
        cell,
        row: problem.cells[cell].row,
        ..Use::default()
    };
    let cells = problem.contenders[contender].cells.clone();
    let free = |used: &Use| left.rows[used.row] > 0;
    let mut lister = Lister {
        set,
        problem,
        left,
        contender,
        needs: set.needs_of(problem.contenders[contender].promo),
        // Rows already used up would only deepen the search.
        counts: cells.map(blank).filter(free).collect(),
        found,
        steps: 0,
        steps_max,
    };
    lister.list();
    (lister.steps <= steps_max).then_some(lister.steps)
}

/// All deals, by the first row they use; or none where there are too many.
fn list(
    set: &PromotionSet,
    problem: &Problem,
    left: &Left,
    level: Option<u16>,
) -> Option<Vec<Vec<Candidate>>> {
    let mut found = Vec::new();
    let mut steps_left = EXACT_STEPS;
    for contender in 0..problem.contenders.len() {
        if takes_part(set, problem, contender, level) && left.uses[contender] > 0 {
            steps_left -= list_deals(set, problem, left, contender, steps_left, &mut found)?;
        }
    }
    let mut by_row: Vec<Vec<Candidate>> = problem.rows.iter().map(|_| Vec::new()).collect();
    for candidate in found {
        let first = candidate.uses.iter().map(|used| used.row).min()?;
        by_row[first].push(candidate);
    }
    Some(by_row)
}

/// Searches all choices of deals, row by row.
struct Search<'a, W> {
    by_row: &'a [Vec<Candidate>],
    /// What each of them is worth.
    worth: Vec<Vec<W>>,
    /// The priority of each contender.
    priorities: Vec<u16>,
    /// The highest priority of all promotions.
    highest: u16,
    /// By row and count.
    alone: Vec<Vec<W>>,
    /// By row: more than any unit of it can save.
    bound: Vec<i64>,
    left: Left,
    /// What one unit of a row, application or edge counts in the number of a state.
    row_stride: Vec<usize>,
    use_stride: Vec<usize>,
    edge_stride: Vec<usize>,
    state: usize,
    /// The best way to each state so far; empty where states cannot be numbered.
    seen: Vec<Option<W>>,
    path: Vec<(usize, usize, i64)>,
    best: Option<W>,
    best_path: Vec<(usize, usize, i64)>,
    steps: u32,
}

impl<W: Worth> Search<'_, W> {
    fn descend(&mut self, mut row: usize, so_far: &W) {
        self.steps += 1;
        if self.steps > EXACT_STEPS {
            return;
        }
        while row < self.left.rows.len() && self.left.rows[row] == 0 {
            row += 1;
        }
        if row == self.left.rows.len() {
            if self.best.as_ref().is_none_or(|best| so_far > best) {
                self.best = Some(so_far.clone());
                self.best_path.clone_from(&self.path);
            }
            return;
        }
        let hope = self.left.rows[row..].iter().zip(&self.bound[row..]);
        let hope = hope.fold(0_i64, |hope, (&count, &most)| {
            hope.saturating_add(i64::from(count).saturating_mul(most))
        });
        let most = so_far.first_minor(self.highest).saturating_add(hope);
        let beaten = |best: &W| most < best.first_minor(self.highest);
        if self.best.as_ref().is_some_and(beaten) {
            return;
        }
        if let Some(seen) = self.seen.get_mut(self.state) {
            if seen.as_ref().is_some_and(|seen| seen >= so_far) {
                return;
            }
            *seen = Some(so_far.clone());
        }
        let by_row = self.by_row;
        for (at, candidate) in by_row[row].iter().enumerate() {
            self.try_deal(row, at, candidate, so_far);
        }
        let count = self.left.rows[row];
        let so_far = so_far.plus(&self.alone[row][count as usize]);
        self.left.rows[row] = 0;
        self.state -= self.row_stride[row] * count as usize;
        self.descend(row + 1, &so_far);
        self.state += self.row_stride[row] * count as usize;
        self.left.rows[row] = count;
    }

    fn try_deal(&mut self, row: usize, at: usize, candidate: &Candidate, so_far: &W) {
        let who = candidate.contender;
        let fits = |used: &Use| used.count <= self.left.rows[used.row];
        if self.left.uses[who] == 0
            || self.left.minor[who] <= 0
            || candidate.edge > self.left.edge[who]
            || !candidate.uses.iter().all(fits)
        {
            return;
        }
        let own = candidate.own.min(self.left.minor[who]);
        let mut so_far = so_far.plus(&self.worth[row][at]);
        so_far.lose(self.priorities[who], candidate.own - own);
        let mut weight = self.use_stride[who] + self.edge_stride[who] * candidate.edge as usize;
        for used in &candidate.uses {
            self.left.rows[used.row] -= used.count;
            weight += self.row_stride[used.row] * used.count as usize;
        }
        self.left.uses[who] -= 1;
        self.left.minor[who] -= own;
        self.left.edge[who] -= candidate.edge;
        self.state -= weight;
        self.path.push((row, at, own));
        self.descend(row, &so_far);
        self.path.pop();
        self.state += weight;
        self.left.edge[who] += candidate.edge;
        self.left.minor[who] += own;
        self.left.uses[who] += 1;
        for used in &candidate.uses {
            self.left.rows[used.row] += used.count;
        }
    }

    /// Number the states, where there are few enough and no budget is part of them.
    fn number_states(&mut self, units: u32) {
        let mut states = 1_usize;
        for row in 0..self.left.rows.len() {
            let (stride, value) = digit(&mut states, self.left.rows[row]);
            self.row_stride.push(stride);
            self.state += value;
        }
        for who in 0..self.left.uses.len() {
            // What cannot run out while there are units need not be remembered.
            for (left, strides) in [
                (self.left.uses[who], &mut self.use_stride),
                (self.left.edge[who], &mut self.edge_stride),
            ] {
                if left >= units || states > MAX_STATES {
                    strides.push(0);
                } else {
                    let (stride, value) = digit(&mut states, left);
                    strides.push(stride);
                    self.state += value;
                }
            }
        }
        let budgets = self.left.minor.iter().any(|&minor| minor < i64::MAX);
        if states <= MAX_STATES && !budgets {
            self.seen.resize(states, None);
        }
    }
}

/// Another digit of a state's number, `left` at first: what one counts, and what it adds now.
fn digit(states: &mut usize, left: u32) -> (usize, usize) {
    let stride = *states;
    *states = stride.saturating_mul(left as usize + 1);
    (stride, stride.saturating_mul(left as usize))
}

/// The best deals of a small contest, or none where it would take too many steps.
pub(crate) fn settle(
    set: &PromotionSet,
    problem: &mut Problem,
    left: &Left,
    level: Option<u16>,
) -> Option<Vec<Deal>> {
    let by_row = list(set, problem, left, level)?;
    let alone = alone_by_count(left, &mut |row, count| {
        alone_at(set, problem, row, count, level)
    });
    let scores = |row: &Vec<Candidate>| row.iter().map(|deal| deal.score).collect();
    let worth = by_row.iter().map(scores).collect();
    choose(set, problem, left, &by_row, worth, alone)
}

/// The same under strict priority: what each priority saves counts before what lower ones do.
pub(crate) fn settle_strict(
    set: &PromotionSet,
    problem: &mut Problem,
    left: &Left,
) -> Option<Vec<Deal>> {
    let by_row = list(set, problem, left, None)?;
    let alone = alone_by_count(left, &mut |row, count| {
        let score = problem.alone(set, row, count);
        (problem.found_by_level(set, row, count), score)
    });
    let mut under = vec![ByLevel::default(); problem.cells.len()];
    for one in problem.contenders.clone() {
        for cell in one.cells {
            let row = problem.cells[cell].row;
            problem.under(set, row, one.promo);
            under[cell] = problem.found_by_level(set, row, 1);
        }
    }
    let weigh = |deal: &Candidate| {
        let mut saved = ByLevel::default();
        for used in &deal.uses {
            for _ in 0..used.count {
                saved = saved.plus(&under[used.cell]);
            }
        }
        let mut own = ByLevel::default();
        let promotion = set.at(problem.contenders[deal.contender].promo);
        own.add(promotion.priority, deal.own);
        (saved.plus(&own), deal.score)
    };
    let weigh_row = |row: &Vec<Candidate>| row.iter().map(weigh).collect();
    let worth = by_row.iter().map(weigh_row).collect();
    choose(set, problem, left, &by_row, worth, alone)
}

/// What units save alone, by row and count.
fn alone_by_count<W>(left: &Left, ask: &mut dyn FnMut(usize, u32) -> W) -> Vec<Vec<W>> {
    let rows = left.rows.iter().enumerate();
    rows.map(|(row, &most)| (0..=most).map(|count| ask(row, count)).collect())
        .collect()
}

/// The best choice of deals, or none where it would take too many steps.
fn choose<W: Worth>(
    set: &PromotionSet,
    problem: &Problem,
    left: &Left,
    by_row: &[Vec<Candidate>],
    worth: Vec<Vec<W>>,
    alone: Vec<Vec<W>>,
) -> Option<Vec<Deal>> {
    let contenders = problem.contenders.iter();
    let priorities: Vec<u16> = contenders.map(|one| set.at(one.promo).priority).collect();
    let each = problem.each.iter().map(|&promo| set.at(promo).priority);
    let highest = each.chain(priorities.iter().copied()).max().unwrap_or(0);
    let bound = bounds(by_row, &worth, &alone, highest);
    let mut search = Search {
        by_row,
        worth,
        priorities,
        highest,
        alone,
        bound,
        left: left.clone(),
        row_stride: Vec::new(),
        use_stride: Vec::new(),
        edge_stride: Vec::new(),
        state: 0,
        seen: Vec::new(),
        path: Vec::new(),
        best: None,
        best_path: Vec::new(),
        steps: 0,
    };
    search.number_states(left.rows.iter().sum());
    search.descend(0, &W::default());
    if search.steps > EXACT_STEPS {
        return None;
    }
    let path = search.best_path;
    Some(
        path.into_iter()
            .map(|(row, at, own)| Deal {
                contender: by_row[row][at].contender,
                uses: by_row[row][at].uses.clone(),
                own,
                times: 1,
            })
            .collect(),
    )
}

/// For each row a saving that no unit of it exceeds, of what counts first: the largest share per
/// unit of any deal, or of staying alone, rounded up.
fn bounds<W: Worth>(
    by_row: &[Vec<Candidate>],
    worth: &[Vec<W>],
    alone: &[Vec<W>],
    highest: u16,
) -> Vec<i64> {
    let mut bound: Vec<i64> = alone
        .iter()
        .map(|by_count| {
            let shares = (1..).zip(by_count.iter().skip(1));
            let shares = shares.map(|(count, worth)| per_unit(worth.first_minor(highest), count));
            shares.max().unwrap_or(0)
        })
        .collect();
    for (candidate, worth) in by_row.iter().flatten().zip(worth.iter().flatten()) {
        let units = candidate
            .uses
            .iter()
            .map(|used| i64::from(used.count))
            .sum();
        let share = per_unit(worth.first_minor(highest), units);
        for used in &candidate.uses {
            bound[used.row] = bound[used.row].max(share);
        }
    }
    bound
}

fn per_unit(saving: i64, units: i64) -> i64 {
    saving / units + i64::from(saving % units > 0)
}
