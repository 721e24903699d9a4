//! What makes one way of applying promotions better than another.

use super::model::Promotion;
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
