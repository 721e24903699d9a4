//! Rounding division and the amount of a line.

use crate::error::{CoreError, Result};

/// One million: parts in a rate, micros in a major unit.
pub const MILLION: i128 = 1_000_000;

/// Where a figure between two integers goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, halves away from zero.
    HalfUp,
    /// To the nearest, halves to the even neighbour.
    HalfEven,
    /// Away from zero.
    Up,
    /// Towards zero.
    Down,
}

impl Rounding {
    /// The mode a settings word names: `half_up`, `half_even`, `up` or `down`.
    pub fn from_word(word: &str) -> Result<Self> {
        match word {
            "half_up" => Ok(Self::HalfUp),
            "half_even" => Ok(Self::HalfEven),
            "up" => Ok(Self::Up),
            "down" => Ok(Self::Down),
            _ => Err(CoreError::UnknownWord {
                what: "rounding mode",
                word: word.to_owned(),
                allowed: "half_up, half_even, up, down",
            }),
        }
    }
}

/// `numerator / denominator` to an integer. The denominator is above zero.
pub fn divide(numerator: i128, denominator: i128, mode: Rounding) -> i128 {
    debug_assert!(denominator > 0);
    let (quotient, rest) = match i64::try_from(numerator) {
        // Everyday percentages: a constant divisor of 64 bits is many times as fast.
        Ok(small) if denominator == MILLION => {
            (i128::from(small / 1_000_000), i128::from(small % 1_000_000))
        }
        _ => (numerator / denominator, numerator % denominator),
    };
    let rest = rest.abs();
    if rest == 0 {
        return quotient;
    }
    // Compared this way round because twice the rest could leave 128 bits.
    let away = match mode {
        Rounding::HalfUp => rest >= denominator - rest,
        Rounding::HalfEven => match rest.cmp(&(denominator - rest)) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => quotient % 2 != 0,
            std::cmp::Ordering::Greater => true,
        },
        Rounding::Up => true,
        Rounding::Down => false,
    };
    if away {
        quotient + numerator.signum()
    } else {
        quotient
    }
}

/// A 128-bit figure as 64 bits, or a refusal that names it.
pub fn narrow(value: i128, what: &'static str) -> Result<i64> {
    i64::try_from(value).map_err(|_| CoreError::Overflow { what })
}

/// Unit price × quantity in minor units, rounded half away from zero.
///
/// `minor_digits` is the currency's exponent (ISO 4217), 0 to 6.
pub fn extend_amount(
    unit_price_micros: i64,
    quantity_milli: i64,
    minor_digits: i64,
) -> Result<i64> {
    let divisor = match minor_digits {
        0 => 1_000_000_000,
        1 => 100_000_000,
        2 => 10_000_000,
        3 => 1_000_000,
        4 => 100_000,
        5 => 10_000,
        6 => 1_000,
        _ => {
            return Err(CoreError::OutOfRange {
                what: "minor_digits",
                need: "0 to 6",
            });
        }
    };
    // Two 64-bit factors always fit 128 bits.
    let product = i128::from(unit_price_micros) * i128::from(quantity_milli);
    narrow(divide(product, divisor, Rounding::HalfUp), "amount_minor")
}

/// `ppm` millionths of `amount_minor`, rounded half away from zero.
pub fn percent_of(amount_minor: i128, ppm: i64) -> i128 {
    divide(amount_minor * i128::from(ppm), MILLION, Rounding::HalfUp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_where_the_mode_says_on_both_sides_of_zero() {
        for (n, half_up, half_even, up, down) in [
            (25, 3, 2, 3, 2),
            (35, 4, 4, 4, 3),
            (24, 2, 2, 3, 2),
            (26, 3, 3, 3, 2),
            (20, 2, 2, 2, 2),
        ] {
            for sign in [1, -1] {
                assert_eq!(divide(sign * n, 10, Rounding::HalfUp), sign * half_up);
                assert_eq!(divide(sign * n, 10, Rounding::HalfEven), sign * half_even);
                assert_eq!(divide(sign * n, 10, Rounding::Up), sign * up);
                assert_eq!(divide(sign * n, 10, Rounding::Down), sign * down);
            }
        }
    }

    #[test]
    fn an_amount_is_price_times_quantity() {
        assert_eq!(extend_amount(2_990_000, 1_000, 2), Ok(299));
        assert_eq!(extend_amount(12_500_000, 333, 2), Ok(416));
        assert_eq!(extend_amount(98_000_000, 3_000, 0), Ok(294));
        assert_eq!(extend_amount(1_005_000, 1_000, 2), Ok(101));
        assert_eq!(extend_amount(1_005_000, -1_000, 2), Ok(-101));
        // Rounded once: by way of tenths of a cent it would be 101.
        assert_eq!(extend_amount(1_004_500, 1_000, 2), Ok(100));
    }

    #[test]
    fn each_currency_has_its_digits() {
        for (digits, amount) in [5, 50, 500, 5_000, 50_000, 500_000, 5_000_000]
            .iter()
            .enumerate()
        {
            let digits = i64::try_from(digits).unwrap();
            assert_eq!(extend_amount(5_000_000, 1_000, digits), Ok(*amount));
        }
        assert!(extend_amount(1, 1, -1).is_err());
    }

    #[test]
    fn a_mode_has_one_word() {
        assert_eq!(Rounding::from_word("half_up"), Ok(Rounding::HalfUp));
        assert_eq!(Rounding::from_word("half_even"), Ok(Rounding::HalfEven));
        assert_eq!(Rounding::from_word("up"), Ok(Rounding::Up));
        assert_eq!(Rounding::from_word("down"), Ok(Rounding::Down));
        assert!(Rounding::from_word("HALF_UP").is_err());
    }

    #[test]
    fn an_amount_past_64_bits_is_refused() {
        assert!(matches!(
            extend_amount(i64::MAX, i64::MAX, 2),
            Err(CoreError::Overflow { .. })
        ));
        assert!(matches!(
            extend_amount(1, 1, 7),
            Err(CoreError::OutOfRange { .. })
        ));
    }
}
