//! Kinds that come and go as lines do, and the promotions that are thereby in the cart.

use super::{Cart, Key, Kind, Known, index};
use crate::promo::compile::PromotionSet;
use crate::promo::eligible::{closed, left};
use crate::promo::solve::Proof;
use std::sync::Arc;

impl Cart {
    /// Say that the units of a kind changed.
    pub(super) fn soil(&mut self, kind: u32) {
        let found = &mut self.kinds[kind as usize];
        if !found.dirty {
            found.dirty = true;
            self.dirty.push(kind);
        }
    }

    /// The next kind whose units changed; a kind left empty passes that on to its neighbours.
    pub(crate) fn next_dirty(&mut self) -> Option<u32> {
        while let Some(kind) = self.dirty.pop() {
            self.kinds[kind as usize].dirty = false;
            if self.kinds[kind as usize].count > 0 {
                return Some(kind);
            }
            self.retire(kind);
        }
        None
    }

    fn retire(&mut self, kind: u32) {
        let ties = std::mem::take(&mut self.kinds[kind as usize].ties);
        for link in &ties {
            for at in 0..self.states[link.promo as usize].kinds.len() {
                let (other, _) = self.states[link.promo as usize].kinds[at];
                if other != kind {
                    self.soil(other);
                }
            }
        }
        let found = &mut self.kinds[kind as usize];
        found.ties = ties;
        found.mods.clear();
        self.by_key.remove(&found.key);
        for link in &found.links {
            self.states[link.promo as usize]
                .kinds
                .retain(|&(other, _)| other != kind);
        }
        self.free.push(kind);
    }

    /// A kind for units that none is for yet.
    pub(super) fn create(&mut self, key: Key) -> u32 {
        let set = Arc::clone(&self.set);
        let mut links = std::mem::take(&mut self.links);
        set.links_of(key.item, &mut links);
        for link in &links {
            self.look_up(&set, link.promo);
        }
        let kind = self.free.pop().unwrap_or_else(|| {
            self.kinds.push(Kind {
                key,
                count: 0,
                members: Vec::new(),
                links: Vec::new(),
                each: Vec::new(),
                gated: false,
                ties: Vec::new(),
                mods: Vec::new(),
                alone: Known::default(),
                proof: Proof::Proven,
                mark: 0,
                local: 0,
                dirty: false,
            });
            index(self.kinds.len() - 1)
        });
        let found = &mut self.kinds[kind as usize];
        found.key = key;
        found.count = 0;
        found.mark = 0;
        found.alone.count = 0;
        found.alone.least = None;
        found.gated = false;
        found.links.clear();
        found.each.clear();
        found.ties.clear();
        for &link in &links {
            let state = &mut self.states[link.promo as usize];
            let promotion = set.at(link.promo);
            if state.closed.is_some() || !key.discountable && !promotion.count_nondiscountable {
                continue;
            }
            self.kinds[kind as usize].links.push(link);
            let on_cart = promotion.on_cart();
            if !on_cart && !state.takes && link.sets & promotion.benefit_sets() != 0 {
                self.kinds[kind as usize].each.push(link.promo);
                self.kinds[kind as usize].gated |= !promotion.gates.is_empty();
            }
            let ties = !on_cart && (state.takes || !promotion.gates.is_empty());
            if ties {
                self.kinds[kind as usize].ties.push(link);
            }
            if ties || on_cart {
                if state.listed != self.epoch {
                    state.listed = self.epoch;
                    self.with_kinds.push(link.promo);
                    if on_cart {
                        self.on_cart.push(link.promo);
                    }
                }
                let before = |&(other, _): &(u32, u16)| self.kinds[other as usize].key < key;
                let at = state.kinds.partition_point(before);
                state.kinds.insert(at, (kind, link.sets));
            }
        }
        self.links = links;
        self.by_key.insert(key, kind);
        kind
    }

    /// Work out once for this cart whether a promotion is open.
    fn look_up(&mut self, set: &PromotionSet, promo: u32) {
        let state = &mut self.states[promo as usize];
        if state.epoch == self.epoch {
            return;
        }
        let promotion = set.at(promo);
        state.epoch = self.epoch;
        state.closed = closed(promotion, &self.facts);
        (state.uses, state.minor) = left(promotion, &self.facts);
        let capped = state.uses < u32::MAX || state.minor < i64::MAX;
        state.takes = promotion.takes_units(capped);
        (state.passed, state.competes) = (false, false);
    }
}
