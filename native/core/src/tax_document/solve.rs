//! The exact taxes of one line: taxes inside and on top of its price, solved together.
//!
//! Every base and every tax is a straight line over the line's net, so the net follows from the
//! marked price in one division. Thresholds are decided on the marked price; a cap bends the line,
//! so it is laid on or taken off until it stands where it belongs.

use super::rules::{Cap, Capped, Kind, Level, Line, Measure, Per, Policy, Tax, range};
use super::settle::{Cell, sum};
use crate::error::{CoreError, Result};
use crate::money::divide;
use crate::rational::Rational;
use std::cmp::Ordering;
use std::ops::Range;

/// `slope` × the line's net + `fixed`.
#[derive(Debug, Clone, Copy)]
struct Affine {
    slope: Rational,
    fixed: Rational,
}

impl Affine {
    const ZERO: Self = Self::constant(Rational::ZERO);
    const NET: Self = Self {
        slope: Rational::ONE,
        fixed: Rational::ZERO,
    };

    const fn constant(fixed: Rational) -> Self {
        Self {
            slope: Rational::ZERO,
            fixed,
        }
    }

    fn plus(self, other: Self) -> Result<Self> {
        Ok(Self {
            slope: self.slope.plus(other.slope)?,
            fixed: self.fixed.plus(other.fixed)?,
        })
    }

    fn times(self, factor: Rational) -> Result<Self> {
        Ok(Self {
            slope: self.slope.times(factor)?,
            fixed: self.fixed.times(factor)?,
        })
    }

    fn at(self, net: Rational) -> Result<Rational> {
        if self.fixed.is_zero() {
            return self.slope.times(net);
        }
        self.slope.times(net)?.plus(self.fixed)
    }
}

/// How much of a base a threshold leaves to be taxed.
#[derive(Debug, Clone, Copy)]
enum Reach {
    All,
    Nothing,
    /// All but an amount.
    Above(Rational),
    /// This part of it.
    Share(Rational),
}

impl Reach {
    fn of(self, base: Affine) -> Result<Affine> {
        match self {
            Self::All => Ok(base),
            Self::Nothing => Ok(Affine::ZERO),
            Self::Above(amount) => base.plus(Affine::constant(amount.negated()?)),
            Self::Share(part) => base.times(part),
        }
    }
}

/// One tax of a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ExactTax {
    /// Minor units, not rounded.
    pub tax: Rational,
    /// What is taxed, where a threshold or a cap makes it other than the line's own figures.
    pub base: Option<Rational>,
}

/// One line, solved. All figures are minor units, not rounded.
#[derive(Debug, Clone)]
pub(crate) struct ExactLine {
    pub net: Rational,
    pub taxes: Vec<ExactTax>,
}

/// A line's marked amount after its discount: an integer unless the policy taxes exact amounts.
pub(crate) fn amount(line: &Line, policy: Policy, minor_digits: i64) -> Result<Rational> {
    let divisor = match minor_digits {
        0 => 1_000_000_000,
        1 => 100_000_000,
        2 => 10_000_000,
        3 => 1_000_000,
        4 => 100_000,
        _ => return range("minor_digits", "0 to 4"),
    };
    // Two 64-bit factors always fit 128 bits.
    let product = i128::from(line.unit_price_micros) * i128::from(line.quantity_milli);
    let off = i128::from(line.discount_minor);
    if !policy.exact_amounts {
        return Ok(Rational::whole(
            divide(product, divisor, policy.amount_mode) - off,
        ));
    }
    let wide = CoreError::Wide {
        what: "an exact amount",
    };
    let numerator = product.checked_sub(off * divisor).ok_or(wide)?;
    Ok(Rational::new(numerator, divisor))
}

/// The places in a line's list that are counted together: a run of division taxes of one kind,
/// else one tax.
pub(crate) fn batch(list: &[usize], table: &[Tax], start: usize) -> Range<usize> {
    let flags = |at: usize| {
        let tax = &table[list[at]];
        (tax.included, tax.affects_later, tax.affected_by_previous)
    };
    let division = |at: usize| matches!(table[list[at]].kind, Kind::Division(_));
    let mut end = start + 1;
    while division(start) && end < list.len() && division(end) && flags(end) == flags(start) {
        end += 1;
    }
    start..end
}

/// Whole things on a line, for what is measured per item: one where it is not sold by the piece.
fn count(line: &Line) -> Result<Rational> {
    if line.unit != Measure::Piece || line.quantity_milli == 0 {
        return Ok(Rational::ONE);
    }
    Rational::new(i128::from(line.quantity_milli), 1_000).absolute()
}

/// What solves the lines of one document.
pub(crate) struct Solver<'a> {
    pub table: &'a [Tax],
    /// Sums of the marked amounts of the lines that have each tax.
    pub sums: Vec<Rational>,
    pub minor_per_micro: Rational,
}

/// What one pass over a line's taxes comes to.
struct Pass {
    taxable: Vec<Affine>,
    taxes: Vec<Affine>,
    /// The taxes inside the marked price.
    inside: Affine,
}

impl Solver<'_> {
    /// Whether a line's taxes are plain factors of its amount, the same for all such lines.
    pub(crate) fn is_plain(&self, list: &[usize]) -> bool {
        list.iter().all(|&index| {
            let tax = &self.table[index];
            tax.threshold.is_none() && tax.cap.is_none() && !matches!(tax.kind, Kind::PerUnit(_, _))
        })
    }

    /// The net and tax of an amount of one under a lone percentage: no equations for what every
    /// second shop has on every line.
    pub(crate) fn lone_percent(&self, list: &[usize]) -> Option<ExactLine> {
        let [index] = list else { return None };
        let tax = &self.table[*index];
        let Kind::Percent(ppm) = tax.kind else {
            return None;
        };
        let rate = i128::from(ppm);
        let whole = if tax.included {
            1_000_000 + rate
        } else {
            1_000_000
        };
        let net = if tax.included { 1_000_000 } else { whole };
        Some(ExactLine {
            net: Rational::new(net, whole),
            taxes: vec![ExactTax {
                tax: Rational::new(rate, whole),
                base: None,
            }],
        })
    }

    /// Solve `line` for its net and taxes.
    pub(crate) fn solve(&self, line: &Line, amount: Rational) -> Result<ExactLine> {
        let count = count(line)?;
        let reaches = line
            .taxes
            .iter()
            .map(|&index| self.reach(index, amount, count))
            .collect::<Result<Vec<_>>>()?;
        let mut capped: Vec<Option<Rational>> = vec![None; line.taxes.len()];
        // Each round lays at least one more cap where it belongs, or the price fits no net.
        for _ in 0..=2 * line.taxes.len() + 1 {
            let pass = self.pass(line, &reaches, &capped)?;
            let slope = Rational::ONE.plus(pass.inside.slope)?;
            let net = amount.minus(pass.inside.fixed)?.over(slope)?;
            let now = self.caps(line, &pass, net, count)?;
            if same(&now, &capped)? {
                return self.told(line, &pass, net);
            }
            capped = now;
        }
        range("the capped taxes of a line", "such that some net fits them")
    }

    /// Every base and tax of a line over its net, with the caps as they are laid on.
    fn pass(&self, line: &Line, reaches: &[Reach], capped: &[Option<Rational>]) -> Result<Pass> {
        let mut done = Pass {
            taxable: Vec::with_capacity(line.taxes.len()),
            taxes: Vec::with_capacity(line.taxes.len()),
            inside: Affine::ZERO,
        };
        let mut affecting = Affine::ZERO;
        let mut start = 0;
        while start < line.taxes.len() {
            let run = batch(&line.taxes, self.table, start);
            let first = &self.table[line.taxes[start]];
            let mut base = Affine::NET;
            if first.affected_by_previous {
                base = base.plus(affecting)?;
            }
            if let Some(gross) = self.division_gross(&line.taxes[run.clone()], base)? {
                base = gross;
            }
            for at in run.clone() {
                let tax = &self.table[line.taxes[at]];
                let taxable = reaches[at].of(base)?;
                let amount = match (tax.kind, tax.cap, capped[at]) {
                    (_, Some(_), Some(limit)) => Affine::constant(limit),
                    (Kind::Percent(ppm) | Kind::Division(ppm), _, _) => {
                        taxable.times(Rational::new(i128::from(ppm), 1_000_000))?
                    }
                    (Kind::PerUnit(micros, unit), _, _) => {
                        Affine::constant(self.per_unit(line, micros, unit)?)
                    }
                };
                if tax.included {
                    done.inside = done.inside.plus(amount)?;
                }
                if tax.affects_later {
                    affecting = affecting.plus(amount)?;
                }
                done.taxable.push(taxable);
                done.taxes.push(amount);
            }
            start = run.end;
        }
        Ok(done)
    }

    /// A base with the division taxes of its batch in it, where they are such.
    fn division_gross(&self, run: &[usize], base: Affine) -> Result<Option<Affine>> {
        let mut rest = 1_000_000;
        for &index in run {
            let Kind::Division(ppm) = self.table[index].kind else {
                return Ok(None);
            };
            rest -= i128::from(ppm);
        }
        if rest <= 0 {
            return range(
                "the division rates of one batch",
                "below 1,000,000 ppm together",
            );
        }
        base.times(Rational::new(1_000_000, rest)).map(Some)
    }

    fn per_unit(&self, line: &Line, micros: i64, unit: Measure) -> Result<Rational> {
        let Some(milli) = line.measured(unit) else {
            return range(
                "the measures of a line",
                "such that each of its taxes per unit finds its unit",
            );
        };
        let each = Rational::whole(i128::from(micros)).times(self.minor_per_micro)?;
        each.times(Rational::new(i128::from(milli), 1_000))
    }

    /// What a tax's threshold leaves of a base, from the marked price.
    fn reach(&self, index: usize, amount: Rational, count: Rational) -> Result<Reach> {
        let Some(threshold) = self.table[index].threshold else {
            return Ok(Reach::All);
        };
        let limit = Rational::whole(i128::from(threshold.amount_minor));
        let (whole, limit) = match threshold.per {
            Per::Item => (amount, limit.times(count)?),
            Per::Receipt => (self.sums[index], limit),
        };
        let exempt = match whole.absolute()?.compare(limit)? {
            Ordering::Less => true,
            Ordering::Equal => threshold.exempt_at_amount,
            Ordering::Greater => false,
        };
        if exempt {
            return Ok(Reach::Nothing);
        }
        if !threshold.excess {
            return Ok(Reach::All);
        }
        match threshold.per {
            Per::Item => limit
                .times(Rational::whole(amount.sign()))
                .map(Reach::Above),
            // A sum of nought that is not exempt has a limit of nought: all of it exceeds that.
            Per::Receipt if whole.is_zero() => Ok(Reach::All),
            Per::Receipt => Ok(Reach::Share(
                Rational::ONE.minus(limit.over(whole.absolute()?)?)?,
            )),
        }
    }

    /// The capped amount of each tax that its cap holds at this net.
    fn caps(
        &self,
        line: &Line,
        pass: &Pass,
        net: Rational,
        count: Rational,
    ) -> Result<Vec<Option<Rational>>> {
        line.taxes
            .iter()
            .enumerate()
            .map(
                |(at, &index)| match (self.table[index].cap, self.table[index].kind) {
                    (Some(cap), Kind::Percent(ppm)) if cap.per == Per::Item => {
                        let taxable = pass.taxable[at].at(net)?;
                        held(
                            cap,
                            Rational::new(i128::from(ppm), 1_000_000),
                            taxable,
                            count,
                        )
                    }
                    _ => Ok(None),
                },
            )
            .collect()
    }

    /// The figures of a line at its net.
    fn told(&self, line: &Line, pass: &Pass, net: Rational) -> Result<ExactLine> {
        let mut taxes = Vec::with_capacity(line.taxes.len());
        for (at, &index) in line.taxes.iter().enumerate() {
            let rule = &self.table[index];
            let tax = pass.taxes[at].at(net)?;
            let mut base = None;
            if rule.threshold.is_some() || rule.cap.is_some() {
                let mut reached = pass.taxable[at].at(net)?;
                if let (Some(cap), Kind::Percent(ppm)) = (rule.cap, rule.kind)
                    && cap.of == Capped::Base
                    && ppm > 0
                {
                    // A capped base is the one its tax is of.
                    reached = tax.times(Rational::new(1_000_000, i128::from(ppm)))?;
                }
                base = Some(reached);
            }
            taxes.push(ExactTax { tax, base });
        }
        Ok(ExactLine { net, taxes })
    }
}

/// The tax a cap per item allows where it holds, else none.
fn held(cap: Cap, rate: Rational, taxable: Rational, count: Rational) -> Result<Option<Rational>> {
    let mut limit = Rational::whole(i128::from(cap.amount_minor)).times(count)?;
    if cap.of == Capped::Base {
        limit = limit.times(rate)?;
    }
    let tax = taxable.times(rate)?;
    if tax.absolute()?.compare(limit)? == Ordering::Greater {
        return limit.times(Rational::whole(tax.sign())).map(Some);
    }
    Ok(None)
}

fn same(a: &[Option<Rational>], b: &[Option<Rational>]) -> Result<bool> {
    for pair in a.iter().zip(b) {
        let equal = match pair {
            (Some(a), Some(b)) => a.compare(*b)? == Ordering::Equal,
            (None, None) => true,
            _ => false,
        };
        if !equal {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Lay a cap per receipt on the cells of its tax: each shrinks alike where it holds.
pub(crate) fn cap_receipt(tax: &Tax, cells: &mut [Cell], of: &[usize]) -> Result<()> {
    let (Some(cap), Kind::Percent(ppm)) = (tax.cap, tax.kind) else {
        return Ok(());
    };
    let whole = sum(of.iter().map(|&at| cells[at].exact))?;
    let rate = Rational::new(i128::from(ppm), 1_000_000);
    if rate.is_zero() {
        return Ok(());
    }
    let Some(limit) = held(cap, rate, whole.over(rate)?, Rational::ONE)? else {
        return Ok(());
    };
    let part = limit.absolute()?.over(whole.absolute()?)?;
    for &at in of {
        let cell = &mut cells[at];
        cell.exact = cell.exact.times(part)?;
        if let (Capped::Base, Some(base)) = (cap.of, cell.base) {
            cell.base = Some(base.times(part)?);
        }
    }
    Ok(())
}

/// Whether `level` rounds amounts once over the document.
pub(crate) fn rounds_document(level: Level) -> bool {
    matches!(level, Level::RateDocument | Level::Document)
}
