//! From exact figures to integers that sum, with every odd unit in its place.

use super::rules::{Level, Policy, Residual};
use crate::error::Result;
use crate::money::Rounding;
use crate::rational::Rational;
use std::cmp::Ordering;

/// One tax of one line on its way to an integer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    /// Its line's place in the document.
    pub line: usize,
    /// Its tax's place in the table.
    pub tax: usize,
    /// Minor units, not rounded.
    pub exact: Rational,
    /// What is taxed, where a threshold or a cap makes it other than the line's own figures.
    pub base: Option<Rational>,
    /// Minor units, once settled.
    pub minor: i128,
}

/// The sum of exact figures.
pub(crate) fn sum(figures: impl Iterator<Item = Rational>) -> Result<Rational> {
    let mut total = Rational::ZERO;
    for figure in figures {
        total = total.plus(figure)?;
    }
    Ok(total)
}

/// Round for one of a quantity, then the quantity's worth of it.
pub(crate) fn round_unit(exact: Rational, quantity_milli: i64, mode: Rounding) -> Result<i128> {
    if quantity_milli == 0 {
        return Ok(exact.rounded(mode));
    }
    let quantity = Rational::new(i128::from(quantity_milli), 1_000).absolute()?;
    let one = Rational::whole(exact.over(quantity)?.rounded(mode));
    Ok(one.times(quantity)?.rounded(mode))
}

/// Integers beside `exact` that sum to `total`. What is nought stays nought.
pub(crate) fn spread(
    exact: &[Rational],
    total: i128,
    mode: Rounding,
    residual: Residual,
) -> Result<Vec<i128>> {
    let taking: Vec<usize> = (0..exact.len())
        .filter(|&at| !exact[at].is_zero())
        .collect();
    let (Some(&first), Some(&last)) = (taking.first(), taking.last()) else {
        return Ok(vec![0; exact.len()]);
    };
    if residual == Residual::Largest {
        return largest_remainder(exact, &taking, total);
    }
    let mut shares: Vec<i128> = exact.iter().map(|figure| figure.rounded(mode)).collect();
    let chosen = match residual {
        Residual::First | Residual::Largest => first,
        Residual::Last => last,
        Residual::Biggest => biggest(exact, &taking)?,
    };
    shares[chosen] += total - shares.iter().sum::<i128>();
    Ok(shares)
}

fn biggest(exact: &[Rational], taking: &[usize]) -> Result<usize> {
    let mut best = taking[0];
    for &at in &taking[1..] {
        if exact[at].absolute()?.compare(exact[best].absolute()?)? == Ordering::Greater {
            best = at;
        }
    }
    Ok(best)
}

/// Floors, then one unit each to the largest remainders, round after round.
fn largest_remainder(exact: &[Rational], taking: &[usize], total: i128) -> Result<Vec<i128>> {
    let mut shares = vec![0; exact.len()];
    let mut rests = Vec::with_capacity(taking.len());
    for &at in taking {
        let (floor, rest) = exact[at].split();
        shares[at] = floor;
        rests.push((at, rest));
    }
    let left = total - shares.iter().sum::<i128>();
    if left == 0 {
        return Ok(shares);
    }
    let mut failed = None;
    rests.sort_by(|a, b| {
        b.1.compare(a.1).unwrap_or_else(|error| {
            failed = Some(error);
            Ordering::Equal
        })
    });
    if let Some(error) = failed {
        return Err(error);
    }
    let takers = i128::try_from(rests.len()).unwrap_or(i128::MAX);
    let (all, some) = (left.div_euclid(takers), left.rem_euclid(takers));
    for (place, (at, _)) in (0..).zip(rests) {
        shares[at] += all + i128::from(place < some);
    }
    Ok(shares)
}

/// Settle `chosen` cells to `total`: over their taxes first, then over each tax's lines.
pub(crate) fn settle_together(
    cells: &mut [Cell],
    chosen: &[usize],
    total: i128,
    policy: Policy,
) -> Result<()> {
    let mut taxes: Vec<usize> = chosen.iter().map(|&at| cells[at].tax).collect();
    taxes.sort_unstable();
    taxes.dedup();
    let mut places = vec![Vec::new(); taxes.len()];
    for &at in chosen {
        if let Ok(place) = taxes.binary_search(&cells[at].tax) {
            places[place].push(at);
        }
    }
    let sums = places
        .iter()
        .map(|of| sum(of.iter().map(|&at| cells[at].exact)))
        .collect::<Result<Vec<_>>>()?;
    let totals = spread(&sums, total, policy.mode, policy.residual)?;
    for (of, total) in places.iter().zip(totals) {
        settle_one(cells, of, total, policy)?;
    }
    Ok(())
}

/// Settle the cells of one tax to `total`.
fn settle_one(cells: &mut [Cell], of: &[usize], total: i128, policy: Policy) -> Result<()> {
    if let [only] = of {
        cells[*only].minor = total;
        return Ok(());
    }
    if of.is_empty() {
        return Ok(());
    }
    let exact: Vec<Rational> = of.iter().map(|&at| cells[at].exact).collect();
    let shares = spread(&exact, total, policy.mode, policy.residual)?;
    for (&at, share) in of.iter().zip(shares) {
        cells[at].minor = share;
    }
    Ok(())
}

/// Settle cells whose taxes are rounded themselves; `charged` ones may be rounded together.
pub(crate) fn settle_taxes(
    cells: &mut [Cell],
    chosen: &[usize],
    quantities_milli: &[i64],
    charged: &[bool],
    policy: Policy,
) -> Result<()> {
    match policy.level {
        Level::Unit => {
            for &at in chosen {
                let cell = &mut cells[at];
                cell.minor = round_unit(cell.exact, quantities_milli[cell.line], policy.mode)?;
            }
        }
        Level::Line => {
            for &at in chosen {
                cells[at].minor = cells[at].exact.rounded(policy.mode);
            }
        }
        Level::RateDocument | Level::Document => {
            let together = policy.level == Level::Document;
            let mut places: Vec<Vec<usize>> = vec![Vec::new(); charged.len() + 1];
            for &at in chosen {
                let tax = cells[at].tax;
                let place = if together && charged[tax] {
                    charged.len()
                } else {
                    tax
                };
                places[place].push(at);
            }
            for (place, of) in places.iter().enumerate() {
                let total = sum(of.iter().map(|&at| cells[at].exact))?.rounded(policy.mode);
                if place == charged.len() {
                    settle_together(cells, of, total, policy)?;
                } else {
                    settle_one(cells, of, total, policy)?;
                }
            }
        }
    }
    Ok(())
}
