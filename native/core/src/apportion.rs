//! Splitting an amount so that the parts sum to it exactly.

use crate::error::{CoreError, Result};

/// Split `total_minor` over `weights` by largest remainder, ties to the lower index.
///
/// Weights are zero or more and not all zero. A negative total splits as its positive, negated.
/// Where `|total| <= sum of weights`, no share is larger than its weight.
pub fn apportion(total_minor: i64, weights: &[i64]) -> Result<Vec<i64>> {
    if weights.iter().any(|&weight| weight < 0) {
        return Err(CoreError::OutOfRange {
            what: "each weight",
            need: "zero or more",
        });
    }
    let sum: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
    if sum == 0 {
        return Err(CoreError::AllWeightsZero);
    }
    let size = i128::from(total_minor).abs();
    let exact = weights.iter().map(|&weight| size * i128::from(weight));
    let shares = round_shares(exact, sum, size);
    // A share is never larger than the total, which fits 64 bits.
    let sign = if total_minor < 0 { -1 } else { 1 };
    shares
        .into_iter()
        .map(|share| crate::money::narrow(sign * share, "share"))
        .collect()
}

/// Round `numerators / denominator` to integers that sum to `total`, largest remainder first.
///
/// `total` lies between the sums of the floors and of the ceilings; ties go to the lower index.
pub(crate) fn round_shares(
    numerators: impl Iterator<Item = i128>,
    denominator: i128,
    total: i128,
) -> Vec<i128> {
    let mut shares = Vec::with_capacity(numerators.size_hint().0);
    let mut rests = Vec::with_capacity(shares.capacity());
    let mut left = total;
    for numerator in numerators {
        let share = numerator.div_euclid(denominator);
        left -= share;
        rests.push((numerator.rem_euclid(denominator), shares.len()));
        shares.push(share);
    }
    if left > 0 {
        rests.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let count = usize::try_from(left).unwrap_or(usize::MAX);
        for &(_, index) in rests.iter().take(count) {
            shares[index] += 1;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_remainders_take_the_odd_units() {
        assert_eq!(apportion(100, &[1, 1, 1]), Ok(vec![34, 33, 33]));
        assert_eq!(apportion(-100, &[1, 1, 1]), Ok(vec![-34, -33, -33]));
        assert_eq!(apportion(10, &[0, 3, 7]), Ok(vec![0, 3, 7]));
        assert_eq!(apportion(5, &[3, 3, 1]), Ok(vec![2, 2, 1]));
    }

    #[test]
    fn nothing_to_split_over_is_refused() {
        assert_eq!(apportion(1, &[]), Err(CoreError::AllWeightsZero));
        assert_eq!(apportion(0, &[0, 0]), Err(CoreError::AllWeightsZero));
        assert!(matches!(
            apportion(1, &[2, -1]),
            Err(CoreError::OutOfRange { .. })
        ));
    }

    #[test]
    fn extremes_conserve() {
        let shares = apportion(i64::MIN, &[i64::MAX, i64::MAX, 1]).unwrap();
        let sum: i128 = shares.iter().map(|&share| i128::from(share)).sum();
        assert_eq!(sum, i128::from(i64::MIN));
    }
}
