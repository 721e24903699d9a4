//! The tax of an amount under a rate, inside or on top of the price.

use crate::apportion::round_shares;
use crate::error::{CoreError, Result};
use crate::money::{MILLION, Rounding, divide};

/// The highest rate taken: 1000 %.
pub const MAX_RATE_PPM: i64 = 10_000_000;

/// Where tax is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Each line by itself.
    Line,
    /// Once per rate over the whole document.
    RateDocument,
}

impl Scope {
    /// The scope a settings word names: `line` or `rate_document`.
    pub fn from_word(word: &str) -> Result<Self> {
        match word {
            "line" => Ok(Self::Line),
            "rate_document" => Ok(Self::RateDocument),
            _ => Err(CoreError::UnknownWord {
                what: "rounding scope",
                word: word.to_owned(),
                allowed: "line, rate_document",
            }),
        }
    }
}

/// How tax is computed: the store's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Prices already contain the tax.
    pub inclusive: bool,
    /// Where it is rounded.
    pub scope: Scope,
    /// How it is rounded.
    pub mode: Rounding,
}

/// One rate as the fraction that its tax is of the price side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    numerator: i128,
    denominator: i128,
}

impl Policy {
    /// The fraction of a net amount that is its tax: rate / 1e6, or rate / (1e6 + rate) inside.
    pub(crate) fn share(self, rate_ppm: i64) -> Result<Share> {
        if !(0..=MAX_RATE_PPM).contains(&rate_ppm) {
            return Err(CoreError::OutOfRange {
                what: "each tax rate",
                need: "0 to 10,000,000 ppm",
            });
        }
        let numerator = i128::from(rate_ppm);
        let denominator = if self.inclusive {
            MILLION + numerator
        } else {
            MILLION
        };
        Ok(Share {
            numerator,
            denominator,
        })
    }
}

impl Share {
    /// The tax of one amount.
    pub(crate) fn of(self, net_minor: i128, mode: Rounding) -> i128 {
        divide(net_minor * self.numerator, self.denominator, mode)
    }

    /// The tax of the sum of `nets`, and what of it falls on each: its own exact tax, brought to
    /// integers by largest remainder. Amounts of both signs share correctly.
    pub(crate) fn spread(self, nets: &[i128], mode: Rounding) -> Vec<i128> {
        let total = self.of(nets.iter().sum(), mode);
        round_shares(
            nets.iter().map(|net| net * self.numerator),
            self.denominator,
            total,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_rounding_for_each_rate_is_not_the_sum_of_line_roundings() {
        let policy = Policy {
            inclusive: false,
            scope: Scope::RateDocument,
            mode: Rounding::Down,
        };
        let share = policy.share(80_000).unwrap();
        assert_eq!(share.of(294, Rounding::Down), 23);
        assert_eq!(share.spread(&[98, 98, 98], Rounding::Down), vec![8, 8, 7]);
    }

    #[test]
    fn tax_inside_a_price() {
        let policy = Policy {
            inclusive: true,
            scope: Scope::Line,
            mode: Rounding::HalfUp,
        };
        assert_eq!(policy.share(70_000).unwrap().of(899, policy.mode), 59);
        assert_eq!(policy.share(190_000).unwrap().of(1190, policy.mode), 190);
    }

    #[test]
    fn rates_have_a_range_and_scopes_a_word() {
        let policy = Policy {
            inclusive: true,
            scope: Scope::Line,
            mode: Rounding::HalfUp,
        };
        assert!(policy.share(0).is_ok());
        assert!(policy.share(MAX_RATE_PPM).is_ok());
        assert!(policy.share(MAX_RATE_PPM + 1).is_err());
        assert!(policy.share(-1).is_err());
        assert_eq!(Scope::from_word("line"), Ok(Scope::Line));
        assert_eq!(Scope::from_word("rate_document"), Ok(Scope::RateDocument));
        assert!(Scope::from_word("").is_err());
    }

    #[test]
    fn amounts_that_cancel_have_taxes_that_cancel() {
        let policy = Policy {
            inclusive: false,
            scope: Scope::RateDocument,
            mode: Rounding::HalfUp,
        };
        let share = policy.share(200_000).unwrap();
        assert_eq!(share.spread(&[100, -100], policy.mode), vec![20, -20]);
    }
}
