//! Promotions on units: which kinds hang together, their contests, and what comes of them.

use super::cart::{Cart, Kind, KindMod, index};
use super::compile::PromotionSet;
use super::deal::shares;
use super::left::{Deal, Left};
use super::model::{Benefit, Gate, Promotion};
use super::problem::{Cell, Contender, Row};
use super::solve::{Proof, settle};
use super::stack::{Equal, each_off, small};
use std::sync::Arc;

/// Memory kept between changes.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Kinds tied to one another.
    together: Vec<u32>,
    /// By place in that: another of the same group, or itself.
    parent: Vec<usize>,
    /// The place that stands for a group, and a kind of it.
    groups: Vec<(usize, u32)>,
    /// Promotion and row as one number, and the sets the row is in.
    cells: Vec<(u64, u16)>,
}

impl Cart {
    /// Settle every contest whose units changed.
    pub(crate) fn settle_units(&mut self) {
        self.mark += 1;
        let set = Arc::clone(&self.set);
        let mut scratch = std::mem::take(&mut self.scratch);
        self.scratch.cells = std::mem::take(&mut scratch.cells);
        while let Some(kind) = self.next_dirty() {
            if self.kinds[kind as usize].mark == self.mark {
                continue;
            }
            if self.kinds[kind as usize].ties.is_empty() {
                self.settle_alone(&set, kind);
                continue;
            }
            let Scratch {
                together,
                parent,
                groups,
                ..
            } = &mut scratch;
            together.clear();
            self.gather(kind, together);
            together.sort_unstable_by_key(|&kind| self.kinds[kind as usize].key);
            self.test_gates(&set, together);
            self.split(&set, together, parent, groups);
            for group in groups.chunk_by(|one, other| one.0 == other.0) {
                match group {
                    [(_, kind)] if !self.is_contested(*kind) => self.settle_alone(&set, *kind),
                    _ => self.settle_group(&set, group),
                }
            }
        }
        scratch.cells = std::mem::take(&mut self.scratch.cells);
        self.scratch = scratch;
    }

    /// Every kind tied to this one by promotions, step by step.
    fn gather(&mut self, kind: u32, together: &mut Vec<u32>) {
        self.kinds[kind as usize].mark = self.mark;
        together.push(kind);
        let mut next = 0;
        while next < together.len() {
            let kind = together[next] as usize;
            next += 1;
            for tie in 0..self.kinds[kind].ties.len() {
                let promo = self.kinds[kind].ties[tie].promo as usize;
                if self.states[promo].mark == self.mark {
                    continue;
                }
                self.states[promo].mark = self.mark;
                for at in 0..self.states[promo].kinds.len() {
                    let (other, _) = self.states[promo].kinds[at];
                    let found = &mut self.kinds[other as usize];
                    if found.mark != self.mark && found.count > 0 {
                        found.mark = self.mark;
                        together.push(other);
                    }
                }
            }
        }
    }

    /// Test the gates of all promotions that tie these kinds, on prices before any promotion, and
    /// whether there are units enough for one application.
    fn test_gates(&mut self, set: &PromotionSet, together: &[u32]) {
        self.joined += 1;
        for &kind in together {
            for tie in 0..self.kinds[kind as usize].ties.len() {
                let promo = self.kinds[kind as usize].ties[tie].promo;
                if self.states[promo as usize].joined == self.joined {
                    continue;
                }
                let promotion = set.at(promo);
                let passed = promotion
                    .gates
                    .iter()
                    .all(|&gate| self.gate_holds(promo, gate));
                let sets = promotion.benefit_sets();
                let kinds = self.states[promo as usize].kinds.iter();
                let wanted = kinds
                    .filter(|&&(_, own)| own & sets != 0)
                    .map(|&(kind, _)| &self.kinds[kind as usize])
                    .filter(|kind| kind.key.discountable);
                let units: u64 = wanted.map(|kind| u64::from(kind.count)).sum();
                let state = &mut self.states[promo as usize];
                state.joined = self.joined;
                state.passed = passed;
                state.competes = state.takes && passed && units >= set.size_of(promo);
            }
        }
    }

    /// Whether the units of a promotion's kinds are enough for one of its gates.
    pub(crate) fn gate_holds(&self, promo: u32, gate: Gate) -> bool {
        let inside = |wanted: usize| {
            let kinds = &self.states[promo as usize].kinds;
            kinds
                .iter()
                .filter(move |&&(_, sets)| sets & 1 << wanted != 0)
                .map(|&(kind, _)| &self.kinds[kind as usize])
        };
        let units = |set: usize| {
            let units = inside(set).map(|kind| u64::from(kind.count));
            units.sum::<u64>()
        };
        match gate {
            Gate::MinQuantity { set, count } => units(set) >= u64::from(count),
            Gate::MinSets { sets, count, least } => {
                let named = (0..16).filter(|set| sets & 1 << set != 0);
                let full = named.filter(|&set| units(set) >= u64::from(count));
                full.count() >= least as usize
            }
            Gate::MinSpend { set, amount_minor } => {
                let spent = inside(set).map(|kind| kind.units(kind.count).total());
                spent.sum::<i128>() >= i128::from(amount_minor)
            }
        }
    }

    /// The kinds that compete for the same deals, group by group, by content.
    fn split(
        &mut self,
        set: &PromotionSet,
        together: &[u32],
        parent: &mut Vec<usize>,
        groups: &mut Vec<(usize, u32)>,
    ) {
        parent.clear();
        parent.extend(0..together.len());
        for (local, &kind) in together.iter().enumerate() {
            self.kinds[kind as usize].local = local;
        }
        self.joined += 1;
        for &kind in together {
            for link in &self.kinds[kind as usize].ties {
                let state = &mut self.states[link.promo as usize];
                if state.joined == self.joined || !state.competes {
                    continue;
                }
                state.joined = self.joined;
                let sets = set.at(link.promo).benefit_sets();
                let mut first = None;
                for &(other, own) in &state.kinds {
                    let other = &self.kinds[other as usize];
                    if other.count > 0 && own & sets != 0 && other.key.discountable {
                        let root = find(parent, other.local);
                        let first = *first.get_or_insert(root);
                        // The smaller place stays the root, so groups stand by content.
                        let (low, high) = (first.min(root), first.max(root));
                        let low = find(parent, low);
                        let high = find(parent, high);
                        parent[low.max(high)] = low.min(high);
                    }
                }
            }
        }
        groups.clear();
        for (local, &kind) in together.iter().enumerate() {
            groups.push((find(parent, local), kind));
        }
        // By content within a group, for the places in `together` are.
        let local = |kind: u32| self.kinds[kind as usize].local;
        groups.sort_unstable_by_key(|&(root, kind)| (root, local(kind)));
    }

    /// The promotions on each unit of a kind whose gates hold.
    fn each_of(&self, set: &PromotionSet, kind: &Kind, into: &mut Vec<u32>) {
        if kind.key.discountable {
            into.extend(kind.each.iter().copied().filter(|&promo| {
                set.at(promo).gates.is_empty() || self.states[promo as usize].passed
            }));
        }
    }

    /// Settle a kind that no promotion ties to another.
    fn settle_alone(&mut self, set: &PromotionSet, kind: u32) {
        let mut stacker = std::mem::take(&mut self.stacker);
        let mut each = std::mem::take(&mut self.open);
        each.clear();
        self.each_of(set, &self.kinds[kind as usize], &mut each);
        let found = &mut self.kinds[kind as usize];
        found.mark = self.mark;
        found.mods.clear();
        stacker.whole = true;
        let units = found.units(found.count);
        stacker.find(set, self.facts.policy, &each, units, None);
        self.open = each;
        found.proof = if stacker.whole {
            Proof::Proven
        } else {
            Proof::Greedy
        };
        self.token = found.stand_alone(set, &stacker.best, 0, units, self.token);
        self.stacker = stacker;
        self.touch_members(kind);
    }

    /// Whether any promotion that takes units could take this kind's.
    fn is_contested(&self, kind: u32) -> bool {
        let found = &self.kinds[kind as usize];
        let mut ties = found.ties.iter();
        ties.any(|link| self.states[link.promo as usize].competes)
    }

    fn settle_group(&mut self, set: &PromotionSet, group: &[(usize, u32)]) {
        self.write_contest(set, group);
        let mut problem = std::mem::take(&mut self.problem);
        let (deals, proof) = settle(set, &mut problem);
        let mut left = Left::all(&problem);
        let mut from = vec![0_u32; group.len()];
        for &(_, kind) in group {
            self.kinds[kind as usize].mods.clear();
            self.kinds[kind as usize].proof = proof;
        }
        for deal in &deals {
            left.take(&problem, deal);
            self.token += 1;
            let token = self.token;
            let carried = shares(set, &problem, deal.contender, &deal.uses, deal.own);
            let promo = problem.contenders[deal.contender].promo;
            for (used, share) in deal.uses.iter().zip(carried) {
                problem.under(set, used.row, promo);
                let kind = &mut self.kinds[problem.rows[used.row].kind as usize];
                let whole = used.count * deal.times;
                let span = (from[used.row], whole);
                self.token = kind.stand_under(set, &problem.stacker.best, span, self.token);
                kind.mods.push(KindMod {
                    from: span.0,
                    units: whole,
                    promo,
                    token,
                    times: deal.times,
                    off: share * i64::from(deal.times),
                    odd_from: 0,
                    carries: carries(set.at(promo), deal, used.reward),
                });
                from[used.row] += whole;
            }
        }
        for row in 0..group.len() {
            problem.alone(set, row, left.rows[row]);
            let kind = &mut self.kinds[group[row].1 as usize];
            let units = kind.units(left.rows[row]);
            let best = &problem.stacker.best;
            self.token = kind.stand_alone(set, best, from[row], units, self.token);
        }
        self.problem = problem;
        for &(_, kind) in group {
            self.touch_members(kind);
        }
    }

    /// Write the contest of a group.
    fn write_contest(&mut self, set: &PromotionSet, group: &[(usize, u32)]) {
        let mut problem = std::mem::take(&mut self.problem);
        problem.clear(self.facts.policy);
        let mut cells = std::mem::take(&mut self.scratch.cells);
        cells.clear();
        for (row, &(_, kind)) in group.iter().enumerate() {
            let found = &self.kinds[kind as usize];
            let start = problem.each.len();
            self.each_of(set, found, &mut problem.each);
            problem.rows.push(Row {
                kind,
                units: found.units(found.count),
                each: start..problem.each.len(),
            });
            for link in &found.ties {
                let state = &self.states[link.promo as usize];
                let sets = set.at(link.promo).benefit_sets();
                if found.key.discountable && state.competes && link.sets & sets != 0 {
                    // One number sorts faster than three.
                    let place = u64::from(link.promo) << 32 | u64::from(index(row));
                    cells.push((place, link.sets));
                }
            }
        }
        cells.sort_unstable();
        for mine in cells.chunk_by(|one, other| one.0 >> 32 == other.0 >> 32) {
            let promo = half(mine[0].0 >> 32);
            let state = &self.states[promo as usize];
            let once = matches!(set.at(promo).benefit, Benefit::Tiers { .. });
            let start = problem.cells.len();
            problem.cells.extend(mine.iter().map(|&(place, sets)| Cell {
                row: half(place) as usize,
                sets,
                running: 0,
                rewards: 0,
            }));
            problem.contenders.push(Contender {
                promo,
                uses: if once { state.uses.min(1) } else { state.uses },
                minor: state.minor,
                edge: None,
                cells: start..problem.cells.len(),
            });
        }
        self.scratch.cells = cells;
        self.problem = problem;
    }

    fn touch_members(&mut self, kind: u32) {
        for at in 0..self.kinds[kind as usize].members.len() {
            let (line, _) = self.kinds[kind as usize].members[at];
            self.touch(line);
        }
    }
}

impl Kind {
    /// So many of its units.
    pub fn units(&self, count: u32) -> Equal {
        Equal {
            amount: self.key.amount,
            floor: self.key.floor,
            count,
        }
    }

    /// The sets of a promotion that it is in.
    pub fn sets_of(&self, promo: u32) -> u16 {
        let found = self.links.binary_search_by_key(&promo, |link| link.promo);
        found.map_or(0, |at| self.links[at].sets)
    }

    /// Write a stack on units that are in no deal; the last token used comes back.
    fn stand_alone(
        &mut self,
        set: &PromotionSet,
        stack: &[u32],
        from: u32,
        units: Equal,
        mut token: u64,
    ) -> u64 {
        let mut running = units.total();
        let mut odd_from = 0;
        for &promo in stack {
            let off = each_off(set.at(promo), units, running);
            running -= off;
            token += 1;
            self.mods.push(KindMod {
                from,
                units: units.count,
                promo,
                token,
                times: 1,
                off: small(off),
                odd_from,
                carries: true,
            });
            let odd = (off + i128::from(odd_from)) % i128::from(units.count);
            odd_from = u32::try_from(odd).unwrap_or(0);
        }
        token
    }

    /// Write a stack on each unit of a deal; the last token used comes back.
    fn stand_under(
        &mut self,
        set: &PromotionSet,
        stack: &[u32],
        (from, count): (u32, u32),
        mut token: u64,
    ) -> u64 {
        let one = self.units(1);
        let mut running = one.total();
        for &promo in stack {
            let off = each_off(set.at(promo), one, running);
            running -= off;
            token += 1;
            self.mods.push(KindMod {
                from,
                units: count,
                promo,
                token,
                times: 1,
                off: small(off * i128::from(count)),
                odd_from: 0,
                carries: true,
            });
        }
        token
    }
}

/// Whether units of a deal carry a share of it.
fn carries(promotion: &Promotion, deal: &Deal, reward: u32) -> bool {
    let rewarded = deal.uses.iter().any(|used| used.reward > 0);
    promotion.spread == super::model::Spread::AllUnits || !rewarded || reward > 0
}

/// The lower half of a number.
fn half(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(0)
}

fn find(parent: &mut [usize], mut at: usize) -> usize {
    while parent[at] != at {
        parent[at] = parent[parent[at]];
        at = parent[at];
    }
    at
}
