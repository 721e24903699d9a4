//! What makes one way of applying promotions better than another.

use super::model::{Policy, Promotion};
use std::cmp::Reverse;
use std::ops::{Add, AddAssign};

/// Compared field by field, the larger the better. Sums are exact: a cart has at most a million
/// units, and its total fits 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Score {
    /// Minor units saved.
    pub saving_minor: i64,
    /// Applications, negated: fewer are better.
    pub fewer: i64,
    /// Sum of the applications' priorities.
    pub priority: i64,
    /// Sum of the applications' ids, negated: lower are better.
    pub lower_ids: i64,
    /// Sum of the places of the units taken together, cheapest first, negated.
    pub cheaper: i64,
}

impl Score {
    /// One application that saves so much.
    pub(crate) fn of(promotion: &Promotion, saving_minor: i64) -> Self {
        Self {
            saving_minor,
            fewer: -1,
            priority: i64::from(promotion.priority),
            lower_ids: -i64::from(promotion.id),
            cheaper: 0,
        }
    }

    /// So many times the same.
    pub(crate) fn times(self, times: u32) -> Self {
        let times = i64::from(times);
        Self {
            saving_minor: self.saving_minor * times,
            fewer: self.fewer * times,
            priority: self.priority * times,
            lower_ids: self.lower_ids * times,
            cheaper: self.cheaper * times,
        }
    }
}

impl Add for Score {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            saving_minor: self.saving_minor + other.saving_minor,
            fewer: self.fewer + other.fewer,
            priority: self.priority + other.priority,
            lower_ids: self.lower_ids + other.lower_ids,
            cheaper: self.cheaper + other.cheaper,
        }
    }
}

impl AddAssign for Score {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// What promotions save by priority, in minor units. Compared from the highest priority on, the
/// larger the better.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct ByLevel {
    /// The highest priority first, each saving above zero.
    saved: Vec<(u16, i64)>,
}

impl Clone for ByLevel {
    fn clone(&self) -> Self {
        Self {
            saved: self.saved.clone(),
        }
    }

    // So that memory is kept.
    fn clone_from(&mut self, other: &Self) {
        self.saved.clone_from(&other.saved);
    }
}

impl ByLevel {
    /// Begin anew, with nothing saved.
    pub fn clear(&mut self) {
        self.saved.clear();
    }

    /// Add what a promotion takes, more than nothing, of the last priority or a lower one.
    pub fn add(&mut self, priority: u16, off_minor: i64) {
        match self.saved.last_mut() {
            Some((last, saved)) if *last == priority => *saved += off_minor,
            _ => self.saved.push((priority, off_minor)),
        }
    }

    /// Undo the last addition.
    pub fn take_back(&mut self, off_minor: i64) {
        if let Some((_, saved)) = self.saved.last_mut() {
            *saved -= off_minor;
            if *saved == 0 {
                self.saved.pop();
            }
        }
    }

    /// Both together.
    pub fn plus(&self, other: &Self) -> Self {
        let mut all: Vec<_> = self.saved.iter().chain(&other.saved).copied().collect();
        // Where one priority stands twice, the first of both keeps the sum.
        all.sort_by_key(|&(priority, _)| Reverse(priority));
        all.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            kept.1 += if is_same { next.1 } else { 0 };
            is_same
        });
        Self { saved: all }
    }
}

/// The priority that a promotion counts for: where all count alike, one for all.
pub(crate) fn level_of(policy: Policy, promotion: &Promotion) -> u16 {
    match policy {
        Policy::BestForCustomer => 0,
        Policy::StrictPriority => promotion.priority,
    }
}

/// What ways to settle a contest are compared by.
pub(crate) trait Worth: Clone + Ord + Default {
    /// Both together.
    fn plus(&self, other: &Self) -> Self;

    /// What counts before all else, in minor units: all that is saved, or what promotions of the
    /// highest priority save.
    fn first_minor(&self, highest: u16) -> i64;

    /// A promotion of that priority takes so much less.
    fn lose(&mut self, priority: u16, minor: i64);
}

impl Worth for Score {
    fn plus(&self, other: &Self) -> Self {
        *self + *other
    }

    fn first_minor(&self, _: u16) -> i64 {
        self.saving_minor
    }

    fn lose(&mut self, _: u16, minor: i64) {
        self.saving_minor -= minor;
    }
}

impl Worth for (ByLevel, Score) {
    fn plus(&self, other: &Self) -> Self {
        (self.0.plus(&other.0), self.1 + other.1)
    }

    fn first_minor(&self, highest: u16) -> i64 {
        let first = self.0.saved.first();
        first.map_or(
            0,
            |&(level, saved)| if level == highest { saved } else { 0 },
        )
    }

    fn lose(&mut self, priority: u16, minor: i64) {
        for (level, saved) in &mut self.0.saved {
            if *level == priority {
                *saved -= minor;
            }
        }
        self.0.saved.retain(|&(_, saved)| saved > 0);
        self.1.saving_minor -= minor;
    }
}
