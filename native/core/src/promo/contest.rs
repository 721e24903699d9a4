//! Promotions on units: which kinds hang together, their contests, and what comes of them.

use super::cart::{Cart, Kind, KindMod};
use super::compile::PromotionSet;
use super::deal::shares;
use super::left::{Deal, Left};
use super::model::{Benefit, Gate, Policy, Promotion};
use super::problem::{Cell, Contender, FEW, Problem, Row};
use super::solve::{Proof, settle};
use super::stack::{Equal, Stacker, each_off, small};
use crate::money::percent_of;
use std::sync::Arc;

/// Memory kept between changes.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Kinds whose units changed, or what their promotions may do.
    changed: Vec<u32>,
    /// Kinds that compete for the same deals, by content.
    group: Vec<u32>,
    /// Promotions they compete by, in their order.
    wanted: Vec<u32>,
}

impl Cart {
    /// Settle every contest whose units changed.
    pub(crate) fn settle_units(&mut self) {
        self.mark += 1;
        let set = Arc::clone(&self.set);
        let mut scratch = std::mem::take(&mut self.scratch);
        let Scratch {
            changed,
            group,
            wanted,
        } = &mut scratch;
        changed.clear();
        while let Some(kind) = self.next_dirty() {
            changed.push(kind);
        }
        self.test_gates(&set, changed);
        for &kind in &*changed {
            if self.kinds[kind as usize].mark == self.mark {
                continue;
            }
            if self.is_contested(kind) {
                self.gather(&set, kind, group, wanted);
                self.settle_group(&set, group, wanted);
            } else {
                self.settle_alone(&set, kind);
            }
        }
        self.scratch = scratch;
    }

    /// Every kind that competes with this one for deals, step by step, and what they compete by.
    fn gather(
        &mut self,
        set: &PromotionSet,
        kind: u32,
        group: &mut Vec<u32>,
        wanted: &mut Vec<u32>,
    ) {
        group.clear();
        wanted.clear();
        self.kinds[kind as usize].mark = self.mark;
        group.push(kind);
        let mut next = 0;
        while next < group.len() {
            let kind = &self.kinds[group[next] as usize];
            next += 1;
            if !kind.key.discountable {
                continue;
            }
            let start = wanted.len();
            for link in &kind.ties {
                let state = &mut self.states[link.promo as usize];
                if state.mark != self.mark
                    && state.competes
                    && link.sets & set.benefit_sets_of(link.promo) != 0
                {
                    state.mark = self.mark;
                    wanted.push(link.promo);
                }
            }
            for &promo in &wanted[start..] {
                let sets = set.benefit_sets_of(promo);
                for &(other, own) in &self.states[promo as usize].kinds {
                    let found = &mut self.kinds[other as usize];
                    if found.mark != self.mark && own & sets != 0 && found.key.discountable {
                        found.mark = self.mark;
                        group.push(other);
                    }
                }
            }
        }
        group.sort_unstable_by_key(|&kind| self.kinds[kind as usize].key);
        wanted.sort_unstable();
    }

    /// Test the gates of all promotions that tie changed kinds, on prices before any promotion, and
    /// whether there are units enough for one application. Where that is not as it was, all kinds
    /// of the promotion have changed.
    fn test_gates(&mut self, set: &PromotionSet, changed: &mut Vec<u32>) {
        self.joined += 1;
        for at in 0..changed.len() {
            for tie in 0..self.kinds[changed[at] as usize].ties.len() {
                let promo = self.kinds[changed[at] as usize].ties[tie].promo;
                if self.states[promo as usize].joined == self.joined {
                    continue;
                }
                let promotion = set.at(promo);
                let passed = promotion
                    .gates
                    .iter()
                    .all(|&gate| self.gate_holds(promo, gate));
                let takes = self.states[promo as usize].takes && passed;
                let competes = takes && self.are_enough(set, promo) && self.has_hope(set, promo);
                let state = &mut self.states[promo as usize];
                state.joined = self.joined;
                if (state.passed, state.competes) != (passed, competes) {
                    (state.passed, state.competes) = (passed, competes);
                    changed.extend(state.kinds.iter().map(|&(kind, _)| kind));
                }
            }
        }
    }

    /// Whether there are units enough for one application.
    fn are_enough(&self, set: &PromotionSet, promo: u32) -> bool {
        let (sets, enough) = (set.benefit_sets_of(promo), set.size_of(promo));
        let mut units = 0;
        self.states[promo as usize]
            .kinds
            .iter()
            .any(|&(kind, own)| {
                let kind = &self.kinds[kind as usize];
                if own & sets != 0 && kind.key.discountable {
                    units += u64::from(kind.count);
                }
                units >= enough
            })
    }

    /// Whether units might save more by a promotion than alone. Where none does, no way with the
    /// promotion in it is as good as the same way with its units left alone.
    fn has_hope(&mut self, set: &PromotionSet, promo: u32) -> bool {
        let Some(most_ppm) = set.most_ppm_of(promo) else {
            return true;
        };
        if self.facts.policy != Policy::BestForCustomer {
            return true;
        }
        let (sets, needed) = (set.benefit_sets_of(promo), set.size_of(promo));
        let (stacker, hopes) = (&mut self.stacker, &mut self.hopes);
        hopes.clear();
        let mut bright = 0;
        for &(kind, own) in &self.states[promo as usize].kinds {
            let kind = &mut self.kinds[kind as usize];
            if own & sets == 0 || !kind.key.discountable {
                continue;
            }
            let hope = kind.hope(set, stacker, most_ppm);
            if hope >= 0 {
                bright += u64::from(kind.count);
            }
            if kind.gated || bright >= needed {
                return true;
            }
            hopes.push((hope, kind.count));
        }
        // The brightest that are enough for one application; fewer than those gain by themselves.
        hopes.sort_unstable();
        let mut missing = needed;
        let mut sum = 0;
        for &(hope, count) in hopes.iter().rev() {
            let taken = u64::from(count).min(missing);
            missing -= taken;
            sum += hope * i128::from(taken);
        }
        sum >= 0
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

    /// The promotions on each unit of a kind whose gates hold.
    fn each_of(&self, set: &PromotionSet, kind: &Kind, into: &mut Vec<u32>) {
        let open = |&promo: &u32| {
            // To look one up costs more than to know that there is nothing to look up.
            !kind.gated || set.at(promo).gates.is_empty() || self.states[promo as usize].passed
        };
        if kind.key.discountable {
            into.extend(kind.each.iter().copied().filter(open));
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

    /// Settle kinds that compete for the same deals by the promotions `wanted`.
    fn settle_group(&mut self, set: &PromotionSet, group: &[u32], wanted: &[u32]) {
        self.write_contest(set, group, wanted);
        let mut problem = std::mem::take(&mut self.problem);
        let (deals, proof) = settle(set, &mut problem);
        let mut left = Left::all(&problem);
        for &kind in group {
            self.kinds[kind as usize].mods.clear();
            self.kinds[kind as usize].proof = proof;
        }
        for deal in &deals {
            self.write_deal(set, &mut problem, &left, deal);
            left.take(&problem, deal);
        }
        for (row, &kind) in group.iter().enumerate() {
            let units = problem.rows[row].units;
            let count = left.rows[row];
            let kind = &mut self.kinds[kind as usize];
            if count > 0 && count < units.count {
                problem.alone(set, row, count);
                let (best, few) = (&problem.stacker.best, Equal { count, ..units });
                self.token = kind.stand_alone(set, best, units.count - count, few, self.token);
            } else if count > 0 {
                let best = std::mem::take(&mut kind.alone.best);
                self.token = kind.stand_alone(set, &best, 0, units, self.token);
                kind.alone.best = best;
            }
        }
        self.problem = problem;
        for &kind in group {
            self.touch_members(kind);
        }
    }

    /// Write a deal on the next units of its kinds.
    fn write_deal(&mut self, set: &PromotionSet, problem: &mut Problem, left: &Left, deal: &Deal) {
        self.token += 1;
        let token = self.token;
        let carried = shares(set, problem, deal.contender, &deal.uses, deal.own);
        let promo = problem.contenders[deal.contender].promo;
        for (used, share) in deal.uses.iter().zip(carried) {
            problem.under(set, used.row, promo);
            let row = &problem.rows[used.row];
            let kind = &mut self.kinds[row.kind as usize];
            let whole = used.count * deal.times;
            let span = (row.units.count - left.rows[used.row], whole);
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
        }
    }

    /// Write the contest of a group.
    fn write_contest(&mut self, set: &PromotionSet, group: &[u32], wanted: &[u32]) {
        let mut problem = std::mem::take(&mut self.problem);
        problem.clear(self.facts.policy);
        for (row, &kind) in group.iter().enumerate() {
            let found = &self.kinds[kind as usize];
            let start = problem.each.len();
            self.each_of(set, found, &mut problem.each);
            problem.rows.push(Row {
                kind,
                units: found.units(found.count),
                each: start..problem.each.len(),
            });
            let found = &mut self.kinds[kind as usize];
            found.local = row;
            found.stand_known(set, &mut problem);
        }
        for &promo in wanted {
            let state = &self.states[promo as usize];
            let sets = set.benefit_sets_of(promo);
            let start = problem.cells.len();
            // They stand by content, as the rows do.
            for &(kind, own) in &state.kinds {
                let kind = &self.kinds[kind as usize];
                if own & sets != 0 && kind.key.discountable {
                    problem.cells.push(Cell {
                        row: kind.local,
                        sets: own,
                        running: 0,
                        stacked: 0,
                        rewards: 0,
                    });
                }
            }
            let once = matches!(set.at(promo).benefit, Benefit::Tiers { .. });
            problem.contenders.push(Contender {
                promo,
                uses: if once { state.uses.min(1) } else { state.uses },
                minor: state.minor,
                edge: None,
                cells: start..problem.cells.len(),
            });
        }
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

    /// More than a unit gains by a promotion that takes at most so much of its price, over what it
    /// saves alone.
    fn hope(&mut self, set: &PromotionSet, stacker: &mut Stacker, most_ppm: i64) -> i128 {
        let units = self.units(1);
        let (each, policy) = (&self.each, Policy::BestForCustomer);
        let find = || stacker.find(set, policy, each, units, None);
        let score = *self.alone.least.get_or_insert_with(find);
        // Of many units each promotion may be rounded otherwise than of one.
        let slack = 4 * (1 - score.fewer);
        percent_of(units.total(), most_ppm) + 1 - i128::from(score.saving_minor - slack)
    }

    /// Tell the last row of a contest, which is its own, what its units save alone.
    fn stand_known(&mut self, set: &PromotionSet, problem: &mut Problem) {
        let row = problem.rows.len() - 1;
        let known = &mut self.alone;
        let each = &problem.each[problem.rows[row].each.clone()];
        if known.count != self.count || self.gated && known.each != each {
            known.count = self.count;
            known.each.clear();
            known.each.extend_from_slice(each);
            let whole = std::mem::replace(&mut problem.stacker.whole, true);
            known.one = problem.alone(set, row, 1);
            known.all = known.one;
            if known.count > 1 {
                known.all = problem.alone(set, row, known.count);
            }
            known.best.clone_from(&problem.stacker.best);
            known.whole = problem.stacker.whole;
            problem.stacker.whole = whole;
        }
        problem.stacker.whole &= known.whole;
        problem.all_alone.push(known.all);
        let mut few = [None; FEW];
        few[0] = Some(known.one);
        problem.few_alone.push(few);
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
