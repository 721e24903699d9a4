//! Rounding a cash amount to the coins there are.

use crate::error::{CoreError, Result};
use crate::money::{Rounding, divide, narrow};

/// `amount_minor` to a multiple of `step_minor` (1 or more; 1 changes nothing).
pub fn cash_round(amount_minor: i64, step_minor: i64, mode: Rounding) -> Result<i64> {
    if step_minor < 1 {
        return Err(CoreError::OutOfRange {
            what: "step_minor",
            need: "1 or more",
        });
    }
    let step = i128::from(step_minor);
    narrow(
        divide(i128::from(amount_minor), step, mode) * step,
        "rounded amount",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_cent_steps() {
        for (amount, rounded) in [(1, 0), (2, 0), (3, 5), (7, 5), (8, 10), (-3, -5), (-2, 0)] {
            assert_eq!(cash_round(amount, 5, Rounding::HalfUp), Ok(rounded));
        }
        assert_eq!(cash_round(25, 10, Rounding::HalfEven), Ok(20));
        assert_eq!(cash_round(7, 1, Rounding::HalfUp), Ok(7));
        assert_eq!(cash_round(21, 10, Rounding::Up), Ok(30));
        assert_eq!(cash_round(-29, 10, Rounding::Down), Ok(-20));
    }

    #[test]
    fn a_step_below_one_and_an_overflow_are_refused() {
        assert!(cash_round(1, 0, Rounding::HalfUp).is_err());
        assert!(cash_round(i64::MAX, 10, Rounding::Up).is_err());
    }
}
