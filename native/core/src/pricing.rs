//! Pricing a whole order: amounts, discounts, taxes, totals.

use crate::apportion::apportion;
use crate::error::{CoreError, Result};
use crate::money::{MILLION, extend_amount, narrow, percent_of};
use crate::tax::{Policy, Scope, Share};

/// What comes off a line or an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discount {
    /// Nothing.
    None,
    /// Parts per million of the amount, 0 to 1,000,000.
    Percent(i64),
    /// Minor units, zero or more; never more than there is.
    Amount(i64),
}

impl Discount {
    /// The discount of a kind number: 0 none, 1 percent, 2 amount.
    pub fn from_kind(kind: i64, value: i64) -> Result<Self> {
        match kind {
            0 => Ok(Self::None),
            1 if (0..=1_000_000).contains(&value) => Ok(Self::Percent(value)),
            1 => Err(CoreError::OutOfRange {
                what: "a percent discount",
                need: "0 to 1,000,000 ppm",
            }),
            2 if value >= 0 => Ok(Self::Amount(value)),
            2 => Err(CoreError::OutOfRange {
                what: "an amount discount",
                need: "zero or more",
            }),
            _ => Err(CoreError::OutOfRange {
                what: "discount kind",
                need: "0 none, 1 percent, 2 amount or, for a line, 9 fixed",
            }),
        }
    }

    /// What comes off `amount` (zero or more): between zero and all of it.
    fn off(self, amount: i128) -> i128 {
        match self {
            Self::None => 0,
            Self::Percent(ppm) => percent_of(amount, ppm),
            Self::Amount(value) => i128::from(value).min(amount),
        }
    }
}

/// What a line charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charge {
    /// Unit price × quantity, less a discount.
    Priced {
        /// Micros of the major unit.
        unit_price_micros: i64,
        /// Thousandths.
        quantity_milli: i64,
        /// What comes off this line.
        discount: Discount,
        /// Order discounts apply to it.
        discountable: bool,
    },
    /// A return line: figures copied from the sale it undoes.
    Fixed {
        /// With tax; negative for a return.
        total_minor: i64,
        /// The tax in it.
        tax_minor: i64,
    },
}

/// One line of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Its place in the list of rates.
    pub tax_index: usize,
    /// What it charges.
    pub charge: Charge,
}

/// One line, priced. All figures are minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PricedLine {
    /// Unit price × quantity.
    pub amount_minor: i64,
    /// Zero or less on a sale line.
    pub line_discount_minor: i64,
    /// This line's share of the order discounts, zero or less on a sale line.
    pub order_discount_minor: i64,
    /// Amount and both discounts.
    pub net_minor: i64,
    /// This line's tax.
    pub tax_minor: i64,
    /// Without tax.
    pub base_minor: i64,
    /// With tax.
    pub total_minor: i64,
}

/// What one rate comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TaxTotal {
    /// Its place in the list of rates.
    pub tax_index: usize,
    /// Parts per million.
    pub rate_ppm: i64,
    /// Without tax.
    pub base_minor: i64,
    /// The tax.
    pub tax_minor: i64,
    /// With tax.
    pub total_minor: i64,
}

/// A whole order, priced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedOrder {
    /// The lines, as given.
    pub lines: Vec<PricedLine>,
    /// The rates that some line has, by index.
    pub taxes: Vec<TaxTotal>,
    /// Sum of the amounts.
    pub subtotal_minor: i64,
    /// Sum of both discounts.
    pub discount_minor: i64,
    /// Sum of the taxes.
    pub tax_minor: i64,
    /// Sum of the totals.
    pub total_minor: i64,
}

/// Price a whole order.
///
/// Line discounts come off first. Each order discount then applies, in order, to the sum of the
/// running nets of the discountable lines above zero, and is apportioned over them by those nets.
/// Taxes follow `policy`; fixed lines keep the tax they came with.
pub fn price_order(
    lines: &[Line],
    order_discounts: &[Discount],
    tax_rates_ppm: &[i64],
    policy: Policy,
    minor_digits: i64,
) -> Result<PricedOrder> {
    let shares = tax_rates_ppm
        .iter()
        .map(|&rate| policy.share(rate))
        .collect::<Result<Vec<_>>>()?;
    let mut priced = lines
        .iter()
        .map(|line| {
            if line.tax_index >= tax_rates_ppm.len() {
                return Err(CoreError::OutOfRange {
                    what: "tax_index",
                    need: "an index into tax_rates_ppm",
                });
            }
            start_line(line, policy, minor_digits)
        })
        .collect::<Result<Vec<_>>>()?;
    spread_discounts(lines, &mut priced, order_discounts)?;
    tax_lines(lines, &mut priced, &shares, policy)?;
    total_up(lines, priced, tax_rates_ppm)
}

/// A line before order discounts and tax.
fn start_line(line: &Line, policy: Policy, minor_digits: i64) -> Result<PricedLine> {
    match line.charge {
        Charge::Priced {
            unit_price_micros,
            quantity_milli,
            discount,
            ..
        } => {
            let amount = extend_amount(unit_price_micros, quantity_milli, minor_digits)?;
            if amount < 0 && discount != Discount::None {
                return Err(CoreError::OutOfRange {
                    what: "the amount of a discounted line",
                    need: "zero or more",
                });
            }
            let off = narrow(discount.off(i128::from(amount)), "line discount")?;
            Ok(PricedLine {
                amount_minor: amount,
                line_discount_minor: -off,
                net_minor: amount - off,
                ..PricedLine::default()
            })
        }
        Charge::Fixed {
            total_minor,
            tax_minor,
        } => {
            let base = total_minor
                .checked_sub(tax_minor)
                .ok_or(CoreError::Overflow {
                    what: "the base of a fixed line",
                })?;
            let net = if policy.inclusive { total_minor } else { base };
            Ok(PricedLine {
                amount_minor: net,
                net_minor: net,
                tax_minor,
                base_minor: base,
                total_minor,
                ..PricedLine::default()
            })
        }
    }
}

/// Take the order discounts off the lines that have something to give.
fn spread_discounts(
    lines: &[Line],
    priced: &mut [PricedLine],
    order_discounts: &[Discount],
) -> Result<()> {
    for discount in order_discounts {
        let nets: Vec<i64> = lines
            .iter()
            .zip(priced.iter())
            .map(|(line, priced)| match line.charge {
                Charge::Priced {
                    discountable: true, ..
                } => priced.net_minor.max(0),
                _ => 0,
            })
            .collect();
        let sum: i128 = nets.iter().map(|&net| i128::from(net)).sum();
        if sum == 0 {
            return Ok(());
        }
        let off = narrow(discount.off(sum), "order discount")?;
        for (line, share) in priced.iter_mut().zip(apportion(off, &nets)?) {
            // A share is at most the line's net, so neither figure leaves 64 bits.
            line.order_discount_minor -= share;
            line.net_minor -= share;
        }
    }
    Ok(())
}

/// Fill in tax, base and total of every line that is not fixed.
fn tax_lines(
    lines: &[Line],
    priced: &mut [PricedLine],
    shares: &[Share],
    policy: Policy,
) -> Result<()> {
    match policy.scope {
        Scope::Line => {
            for (line, priced) in lines.iter().zip(priced) {
                if matches!(line.charge, Charge::Priced { .. }) {
                    let net = i128::from(priced.net_minor);
                    settle(
                        priced,
                        shares[line.tax_index].of(net, policy.mode),
                        policy.inclusive,
                    )?;
                }
            }
        }
        Scope::RateDocument => {
            let mut members: Vec<Vec<usize>> = vec![Vec::new(); shares.len()];
            for (index, line) in lines.iter().enumerate() {
                if matches!(line.charge, Charge::Priced { .. }) {
                    members[line.tax_index].push(index);
                }
            }
            for (share, members) in shares.iter().zip(&members) {
                let nets: Vec<i128> = members
                    .iter()
                    .map(|&index| i128::from(priced[index].net_minor))
                    .collect();
                let taxes = share.spread(&nets, policy.mode);
                for (&index, tax) in members.iter().zip(taxes) {
                    settle(&mut priced[index], tax, policy.inclusive)?;
                }
            }
        }
    }
    Ok(())
}

/// Write a line's tax and what follows from it.
fn settle(line: &mut PricedLine, tax: i128, inclusive: bool) -> Result<()> {
    let net = i128::from(line.net_minor);
    line.tax_minor = narrow(tax, "tax_minor")?;
    line.base_minor = narrow(if inclusive { net - tax } else { net }, "base_minor")?;
    line.total_minor = narrow(if inclusive { net } else { net + tax }, "total_minor")?;
    Ok(())
}

/// The document's figures: sums of the lines', by rate and altogether.
fn total_up(lines: &[Line], priced: Vec<PricedLine>, tax_rates_ppm: &[i64]) -> Result<PricedOrder> {
    let mut sums = vec![None::<[i128; 3]>; tax_rates_ppm.len()];
    let [mut subtotal, mut discount, mut tax, mut total] = [0_i128; 4];
    for (line, priced) in lines.iter().zip(&priced) {
        let sum = sums[line.tax_index].get_or_insert([0; 3]);
        sum[0] += i128::from(priced.base_minor);
        sum[1] += i128::from(priced.tax_minor);
        sum[2] += i128::from(priced.total_minor);
        subtotal += i128::from(priced.amount_minor);
        discount +=
            i128::from(priced.line_discount_minor) + i128::from(priced.order_discount_minor);
        tax += i128::from(priced.tax_minor);
        total += i128::from(priced.total_minor);
    }
    let taxes = sums
        .into_iter()
        .zip(tax_rates_ppm)
        .enumerate()
        .filter_map(|(tax_index, (sum, &rate_ppm))| sum.map(|sum| (tax_index, rate_ppm, sum)))
        .map(|(tax_index, rate_ppm, [base, tax, total])| {
            Ok(TaxTotal {
                tax_index,
                rate_ppm,
                base_minor: narrow(base, "base of a rate")?,
                tax_minor: narrow(tax, "tax of a rate")?,
                total_minor: narrow(total, "total of a rate")?,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(PricedOrder {
        lines: priced,
        taxes,
        subtotal_minor: narrow(subtotal, "subtotal_minor")?,
        discount_minor: narrow(discount, "discount_minor")?,
        tax_minor: narrow(tax, "tax_minor")?,
        total_minor: narrow(total, "total_minor")?,
    })
}

// The share of a rate is at most ten: no product above leaves 128 bits.
const _: () = assert!((crate::tax::MAX_RATE_PPM as i128) <= 10 * MILLION);

#[cfg(test)]
mod tests;
