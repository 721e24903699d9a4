//! Exact fractions in 128 bits: what does not fit is refused, never wrapped or rounded.

use crate::error::{CoreError, Result};
use crate::money::{Rounding, divide};
use std::cmp::Ordering;

/// A fraction. It is reduced only where it would not fit otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rational {
    numerator: i128,
    /// Above zero.
    denominator: i128,
}

const WIDE: CoreError = CoreError::Wide {
    what: "an exact figure of the document",
};

/// The greatest common divisor; that of nought and `b` is `b`.
fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        // Most figures are small, and 64-bit division is many times quicker.
        if let (Ok(small_a), Ok(small_b)) = (u64::try_from(a), u64::try_from(b)) {
            return u128::from(small_gcd(small_a, small_b));
        }
        (a, b) = (b, a % b);
    }
    a
}

fn small_gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// `value` by a divisor of it that came from `gcd`.
fn shrink(value: i128, divisor: u128) -> i128 {
    i128::try_from(divisor).map_or(value, |divisor| value / divisor.max(1))
}

impl Rational {
    pub(crate) const ZERO: Self = Self::whole(0);
    pub(crate) const ONE: Self = Self::whole(1);

    /// An integer.
    pub(crate) const fn whole(numerator: i128) -> Self {
        Self {
            numerator,
            denominator: 1,
        }
    }

    /// A fraction over a constant or otherwise checked denominator above zero.
    pub(crate) fn new(numerator: i128, denominator: i128) -> Self {
        debug_assert!(denominator > 0);
        Self {
            numerator,
            denominator,
        }
    }

    pub(crate) fn is_zero(self) -> bool {
        self.numerator == 0
    }

    /// -1, 0 or 1.
    pub(crate) fn sign(self) -> i128 {
        self.numerator.signum()
    }

    /// The same fraction in its smallest terms.
    pub(crate) fn reduced(self) -> Self {
        let divisor = gcd(
            self.numerator.unsigned_abs(),
            self.denominator.unsigned_abs(),
        );
        Self {
            numerator: shrink(self.numerator, divisor),
            denominator: shrink(self.denominator, divisor),
        }
    }

    pub(crate) fn negated(self) -> Result<Self> {
        let numerator = self.numerator.checked_neg().ok_or(WIDE)?;
        Ok(Self { numerator, ..self })
    }

    pub(crate) fn absolute(self) -> Result<Self> {
        if self.numerator < 0 {
            self.negated()
        } else {
            Ok(self)
        }
    }

    pub(crate) fn plus(self, other: Self) -> Result<Self> {
        if self.is_zero() {
            return Ok(other);
        }
        sum(self, other)
            .or_else(|| sum(self.reduced(), other.reduced()))
            .ok_or(WIDE)
    }

    pub(crate) fn minus(self, other: Self) -> Result<Self> {
        self.plus(other.negated()?)
    }

    pub(crate) fn times(self, other: Self) -> Result<Self> {
        product(self, other)
            .or_else(|| {
                let (a, b) = (self.reduced(), other.reduced());
                let one = Self::new(a.numerator, b.denominator).reduced();
                let two = Self::new(b.numerator, a.denominator).reduced();
                product(one, two)
            })
            .ok_or(WIDE)
    }

    /// The quotient; by nought it is refused like any figure that does not fit.
    pub(crate) fn over(self, other: Self) -> Result<Self> {
        let sign = other.numerator.signum();
        if sign == 0 {
            return Err(WIDE);
        }
        let inverse = Self {
            numerator: other.denominator * sign,
            denominator: other.numerator.checked_abs().ok_or(WIDE)?,
        };
        self.times(inverse)
    }

    pub(crate) fn compare(self, other: Self) -> Result<Ordering> {
        if self.denominator == other.denominator {
            return Ok(self.numerator.cmp(&other.numerator));
        }
        Ok(self.minus(other)?.numerator.cmp(&0))
    }

    pub(crate) fn rounded(self, mode: Rounding) -> i128 {
        divide(self.numerator, self.denominator, mode)
    }

    /// Whether it is sure to round to 64 bits without a division: only then is one spared.
    pub(crate) fn is_small(self) -> bool {
        i64::try_from(self.numerator).is_ok()
    }

    /// The largest integer not above it, and the rest: from 0 to below 1.
    pub(crate) fn split(self) -> (i128, Self) {
        if let (Ok(small), Ok(by)) = (
            i64::try_from(self.numerator),
            i64::try_from(self.denominator),
        ) && by > 0
        {
            let rest = i128::from(small.rem_euclid(by));
            let floor = i128::from(small.div_euclid(by));
            return (floor, Self::new(rest, self.denominator));
        }
        let rest = self.numerator.rem_euclid(self.denominator);
        (
            self.numerator.div_euclid(self.denominator),
            Self::new(rest, self.denominator),
        )
    }
}

fn product(a: Rational, b: Rational) -> Option<Rational> {
    Some(Rational {
        numerator: a.numerator.checked_mul(b.numerator)?,
        denominator: a.denominator.checked_mul(b.denominator)?,
    })
}

fn sum(a: Rational, b: Rational) -> Option<Rational> {
    if a.denominator == b.denominator {
        return Some(Rational {
            numerator: a.numerator.checked_add(b.numerator)?,
            denominator: a.denominator,
        });
    }
    let shared = gcd(a.denominator.unsigned_abs(), b.denominator.unsigned_abs());
    let by_a = shrink(b.denominator, shared);
    let by_b = shrink(a.denominator, shared);
    let left = a.numerator.checked_mul(by_a)?;
    let right = b.numerator.checked_mul(by_b)?;
    Some(Rational {
        numerator: left.checked_add(right)?,
        denominator: a.denominator.checked_mul(by_a)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numerator: i128, denominator: i128) -> Rational {
        Rational::new(numerator, denominator)
    }

    fn same(a: Rational, b: Rational) -> bool {
        a.compare(b) == Ok(Ordering::Equal)
    }

    #[test]
    fn fractions_add_multiply_and_divide_exactly() {
        assert!(same(of(1, 6).plus(of(1, 10)).unwrap(), of(4, 15)));
        assert!(same(of(1, 6).minus(of(1, 10)).unwrap(), of(1, 15)));
        assert!(same(of(-2, 3).times(of(9, 4)).unwrap(), of(-3, 2)));
        assert!(same(of(1, 2).over(of(-1, 3)).unwrap(), of(-3, 2)));
        assert!(of(1, 2).over(Rational::ZERO).is_err());
        assert_eq!(of(-7, 2).split().0, -4);
        assert!(same(of(-7, 2).split().1, of(1, 2)));
        assert_eq!(of(5, 2).rounded(Rounding::HalfEven), 2);
    }

    #[test]
    fn what_fits_after_reducing_is_not_refused() {
        let big = of(i128::MAX - 1, i128::MAX - 1);
        assert!(same(big.times(big).unwrap(), Rational::ONE));
        assert!(same(big.plus(Rational::ONE).unwrap(), Rational::whole(2)));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let most = Rational::whole(i128::MAX);
        let least = Rational::whole(i128::MIN);
        assert_eq!(most.plus(Rational::ONE).unwrap_err(), WIDE);
        assert_eq!(most.times(Rational::whole(2)).unwrap_err(), WIDE);
        assert_eq!(least.negated().unwrap_err(), WIDE);
        assert_eq!(least.absolute().unwrap_err(), WIDE);
        assert_eq!(Rational::ONE.over(least).unwrap_err(), WIDE);
        assert!(of(1, i128::MAX).minus(of(1, i128::MAX - 1)).is_err());
    }
}
