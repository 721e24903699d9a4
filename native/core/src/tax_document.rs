//! The taxes of a whole document: lines, each with its own ordered taxes, under one policy.
//!
//! Every tax is computed exactly and rounded once, where the policy says. What rounding moved is
//! told, and the sums of lines, taxes and document agree to the unit.

mod rules;
mod settle;
mod solve;
#[cfg(test)]
mod tests;

pub use rules::{
    Cap, Capped, Charge, Kind, LINES_MAX, Level, Line, Measure, Per, Policy, Residual, TAXES_MAX,
    TAXES_PER_LINE_MAX, Tax, Threshold,
};

use crate::error::{CoreError, Result};
use crate::money::{Rounding, narrow};
use crate::rational::Rational;
use rules::range;
use settle::{Cell, round_unit, settle_taxes, settle_together, spread, sum};
use solve::{ExactLine, Solver, amount, batch, cap_receipt, rounds_document};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// One tax of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineTax {
    /// Its place in the table.
    pub tax_index: usize,
    /// What it is counted on.
    pub base_minor: i64,
    /// What the customer pays of it.
    pub tax_minor: i64,
    /// What it comes to where it is not charged: self-assessed, or exempt.
    pub uncharged_minor: i64,
    /// The computed tax, hundred-thousandths of the major unit, halves away from zero.
    pub exact_e5: i64,
    /// By how much the tax differs from its own exact figure rounded alone.
    pub residual_minor: i64,
}

/// One line, taxed. gross = net + tax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxedLine {
    /// The marked amount after its discount.
    pub price_minor: i64,
    /// Without any tax.
    pub net_minor: i64,
    /// The charged taxes.
    pub tax_minor: i64,
    /// What the customer pays.
    pub gross_minor: i64,
    /// The exact net, hundred-thousandths of the major unit, halves away from zero.
    pub net_exact_e5: i64,
    /// Its taxes, as listed.
    pub taxes: Vec<LineTax>,
}

/// One tax over the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxSum {
    /// Its place in the table.
    pub tax_index: usize,
    /// Sum of the lines'.
    pub base_minor: i64,
    /// Sum of the lines'.
    pub tax_minor: i64,
    /// Sum of the lines'.
    pub uncharged_minor: i64,
    /// The exact sum, hundred-thousandths of the major unit, halves away from zero.
    pub exact_e5: i64,
    /// What rounding added: tax and uncharged less the exact sum, hundred-thousandths.
    pub rounding_e5: i64,
}

/// A document, taxed. Every sum is that of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxedDocument {
    /// The lines, as given.
    pub lines: Vec<TaxedLine>,
    /// The taxes that some line has, by place in the table.
    pub taxes: Vec<TaxSum>,
    /// The marked amounts after discounts.
    pub price_minor: i64,
    /// Without any tax.
    pub net_minor: i64,
    /// The charged taxes.
    pub tax_minor: i64,
    /// What the customer pays.
    pub gross_minor: i64,
    /// What rounding added: the sum of the charged taxes', hundred-thousandths of the major unit.
    pub rounding_e5: i64,
}

/// Tax a document. `minor_digits` is the currency's exponent (ISO 4217), 0 to 4.
pub fn tax_document(
    lines: &[Line],
    table: &[Tax],
    policy: Policy,
    minor_digits: i64,
) -> Result<TaxedDocument> {
    check(lines, table, minor_digits)?;
    let amounts = lines
        .iter()
        .map(|line| amount(line, policy, minor_digits))
        .collect::<Result<Vec<_>>>()?;
    let (nets, mut cells) = solve_lines(lines, table, &amounts, minor_digits)?;
    let prices = settle_prices(&amounts, policy)?;
    settle_cells(lines, table, &nets, &prices, &mut cells, policy)?;
    Document {
        lines,
        table,
        policy,
        e5: Rational::whole(match minor_digits {
            0 => 100_000,
            1 => 10_000,
            2 => 1_000,
            3 => 100,
            _ => 10,
        }),
    }
    .told(&nets, &prices, &cells)
}

/// Refuse what is no document.
fn check(lines: &[Line], table: &[Tax], minor_digits: i64) -> Result<()> {
    if !(0..=4).contains(&minor_digits) {
        return range("minor_digits", "0 to 4");
    }
    if lines.len() > LINES_MAX {
        return range("the lines of a document", "20,000 at most");
    }
    if table.len() > TAXES_MAX {
        return range("the taxes of a document", "256 at most");
    }
    for tax in table {
        tax.check()?;
    }
    for line in lines {
        if line.taxes.len() > TAXES_PER_LINE_MAX {
            return range("the taxes of a line", "16 at most");
        }
        for (at, index) in line.taxes.iter().enumerate() {
            if *index >= table.len() {
                return range("tax_index", "an index into the taxes");
            }
            if line.taxes[..at].contains(index) {
                return range("a tax of a line", "listed once: it cannot be its own base");
            }
        }
    }
    Ok(())
}

/// The exact net of every line, and its taxes line by line as listed. Lines with the same plain
/// taxes share one solution.
fn solve_lines(
    lines: &[Line],
    table: &[Tax],
    amounts: &[Rational],
    minor_digits: i64,
) -> Result<(Vec<Rational>, Vec<Cell>)> {
    let mut sums = vec![Rational::ZERO; table.len()];
    if table.iter().any(|tax| tax.threshold.is_some()) {
        for (line, &amount) in lines.iter().zip(amounts) {
            for &index in &line.taxes {
                sums[index] = sums[index].plus(amount)?;
            }
        }
    }
    let per_major = 10_i128.pow(u32::try_from(minor_digits).unwrap_or(0));
    let solver = Solver {
        table,
        sums,
        minor_per_micro: Rational::new(per_major, 1_000_000),
    };
    let mut shared: HashMap<&[usize], ExactLine> = HashMap::new();
    let mut nets = Vec::with_capacity(lines.len());
    let mut cells = Vec::with_capacity(lines.iter().map(|line| line.taxes.len()).sum());
    for (at, (line, &amount)) in lines.iter().zip(amounts).enumerate() {
        let list = line.taxes.as_slice();
        if !solver.is_plain(list) {
            let own = solver.solve(line, amount)?;
            lay(&own, Rational::ONE, (at, list), &mut nets, &mut cells)?;
            continue;
        }
        let one = match shared.entry(list) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(free) => free.insert(solve_one(&solver, line)?),
        };
        lay(one, amount, (at, list), &mut nets, &mut cells)?;
    }
    lay_receipt_caps(table, &mut cells)?;
    for exact in nets.iter().chain(cells.iter().map(|cell| &cell.exact)) {
        fits(*exact, "the net or a tax of a line")?;
    }
    Ok((nets, cells))
}

/// The solution of an amount of one, for all lines with the same plain taxes.
fn solve_one(solver: &Solver<'_>, line: &Line) -> Result<ExactLine> {
    let mut one = match solver.lone_percent(&line.taxes) {
        Some(found) => found,
        None => solver.solve(line, Rational::ONE)?,
    };
    one.net = one.net.reduced();
    for tax in &mut one.taxes {
        tax.tax = tax.tax.reduced();
    }
    Ok(one)
}

/// Note down a line's figures, `factor` times a solution.
fn lay(
    solution: &ExactLine,
    factor: Rational,
    (line, list): (usize, &[usize]),
    nets: &mut Vec<Rational>,
    cells: &mut Vec<Cell>,
) -> Result<()> {
    nets.push(solution.net.times(factor)?);
    for (&tax, figures) in list.iter().zip(&solution.taxes) {
        cells.push(Cell {
            line,
            tax,
            exact: figures.tax.times(factor)?,
            base: figures.base,
            minor: 0,
        });
    }
    Ok(())
}

fn lay_receipt_caps(table: &[Tax], cells: &mut [Cell]) -> Result<()> {
    for (index, tax) in table.iter().enumerate() {
        if tax.cap.is_some_and(|cap| cap.per == Per::Receipt) {
            let of: Vec<usize> = (0..cells.len())
                .filter(|&at| cells[at].tax == index)
                .collect();
            cap_receipt(tax, cells, &of)?;
        }
    }
    Ok(())
}

/// Refuse an exact figure that no 64-bit integer is near to.
fn fits(exact: Rational, what: &'static str) -> Result<()> {
    if exact.is_small() {
        return Ok(());
    }
    narrow(exact.rounded(Rounding::Up), what).map(|_| ())
}

/// The marked amounts as integers.
fn settle_prices(amounts: &[Rational], policy: Policy) -> Result<Vec<i128>> {
    for amount in amounts {
        fits(*amount, "the amount of a line")?;
    }
    if policy.exact_amounts && rounds_document(policy.level) {
        let total = sum(amounts.iter().copied())?.rounded(policy.amount_mode);
        return spread(amounts, total, policy.amount_mode, policy.residual);
    }
    Ok(amounts
        .iter()
        .map(|amount| amount.rounded(policy.amount_mode))
        .collect())
}

/// Bring every tax of every line to an integer.
fn settle_cells(
    lines: &[Line],
    table: &[Tax],
    nets: &[Rational],
    prices: &[i128],
    cells: &mut [Cell],
    policy: Policy,
) -> Result<()> {
    let (inside, outside): (Vec<usize>, Vec<usize>) =
        (0..cells.len()).partition(|&at| policy.net_first && table[cells[at].tax].included);
    if policy.net_first {
        settle_rests(lines, nets, prices, cells, &inside, policy)?;
    }
    let quantities: Vec<i64> = lines.iter().map(|line| line.quantity_milli).collect();
    let charged: Vec<bool> = table
        .iter()
        .map(|tax| tax.charge == Charge::Charged)
        .collect();
    settle_taxes(cells, &outside, &quantities, &charged, policy)
}

/// Taxes inside the price as what is left of it beside a rounded net.
fn settle_rests(
    lines: &[Line],
    nets: &[Rational],
    prices: &[i128],
    cells: &mut [Cell],
    inside: &[usize],
    policy: Policy,
) -> Result<()> {
    let mut group_of: HashMap<&[usize], usize> = HashMap::new();
    let mut groups: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
    let mut place = vec![0; lines.len()];
    for (at, line) in lines.iter().enumerate() {
        let next = groups.len();
        place[at] = match policy.level {
            Level::Unit | Level::Line => next,
            Level::RateDocument => *group_of.entry(line.taxes.as_slice()).or_insert(next),
            Level::Document => 0,
        };
        if place[at] == next {
            groups.push((Vec::new(), Vec::new()));
        }
        groups[place[at]].0.push(at);
    }
    for &at in inside {
        groups[place[cells[at].line]].1.push(at);
    }
    for (members, chosen) in &groups {
        let price: i128 = members.iter().map(|&at| prices[at]).sum();
        let net = sum(members.iter().map(|&at| nets[at]))?;
        let net = match (policy.level, members.as_slice()) {
            (Level::Unit, [only]) => round_unit(net, lines[*only].quantity_milli, policy.mode)?,
            _ => net.rounded(policy.mode),
        };
        settle_together(cells, chosen, price - net, policy)?;
    }
    Ok(())
}

/// What is needed to tell the settled figures.
struct Document<'a> {
    lines: &'a [Line],
    table: &'a [Tax],
    policy: Policy,
    /// Hundred-thousandths of the major unit in a minor unit.
    e5: Rational,
}

impl Document<'_> {
    fn told(&self, nets: &[Rational], prices: &[i128], cells: &[Cell]) -> Result<TaxedDocument> {
        let mut lines = Vec::with_capacity(self.lines.len());
        let mut start = 0;
        for (at, line) in self.lines.iter().enumerate() {
            let end = start + line.taxes.len();
            lines.push(self.line(line, nets[at], prices[at], &cells[start..end])?);
            start = end;
        }
        let taxes = self.taxes(&lines, cells)?;
        let charged = |sum: &&TaxSum| self.table[sum.tax_index].charge == Charge::Charged;
        Ok(TaxedDocument {
            price_minor: total(lines.iter().map(|line| line.price_minor), "the price")?,
            net_minor: total(lines.iter().map(|line| line.net_minor), "the net")?,
            tax_minor: total(lines.iter().map(|line| line.tax_minor), "the tax")?,
            gross_minor: total(lines.iter().map(|line| line.gross_minor), "the gross")?,
            rounding_e5: total(
                taxes.iter().filter(charged).map(|sum| sum.rounding_e5),
                "what rounding added",
            )?,
            lines,
            taxes,
        })
    }

    fn e5(&self, exact: Rational) -> Result<i64> {
        let scaled = exact.times(self.e5)?.rounded(Rounding::HalfUp);
        narrow(scaled, "an exact figure in hundred-thousandths")
    }

    fn rounding(&self, minor: i128, exact: Rational) -> Result<i64> {
        self.e5(Rational::whole(minor).minus(exact)?)
    }

    fn line(
        &self,
        line: &Line,
        exact_net: Rational,
        price: i128,
        cells: &[Cell],
    ) -> Result<TaxedLine> {
        let mut net = price;
        let mut tax = 0;
        for cell in cells {
            if self.table[cell.tax].included {
                net -= cell.minor;
            }
            if self.table[cell.tax].charge == Charge::Charged {
                tax += cell.minor;
            }
        }
        Ok(TaxedLine {
            price_minor: narrow(price, "the price of a line")?,
            net_minor: narrow(net, "the net of a line")?,
            tax_minor: narrow(tax, "the tax of a line")?,
            gross_minor: narrow(net + tax, "the gross of a line")?,
            net_exact_e5: self.e5(exact_net)?,
            taxes: self.line_taxes(line, net, cells)?,
        })
    }

    /// Each tax of a line with the base it is counted on, from the settled figures.
    fn line_taxes(&self, line: &Line, net: i128, cells: &[Cell]) -> Result<Vec<LineTax>> {
        let mut taxes = Vec::with_capacity(cells.len());
        let mut affecting = 0;
        let mut start = 0;
        while start < cells.len() {
            let run = batch(&line.taxes, self.table, start);
            let first = &self.table[cells[start].tax];
            let mut base = net;
            if first.affected_by_previous {
                base += affecting;
            }
            if matches!(first.kind, Kind::Division(_)) && !self.policy.division_base_net {
                base += cells[run.clone()]
                    .iter()
                    .map(|cell| cell.minor)
                    .sum::<i128>();
            }
            for at in run.clone() {
                let (cell, rule) = (&cells[at], &self.table[cells[at].tax]);
                if rule.affects_later {
                    affecting += cell.minor;
                }
                let told = cell
                    .base
                    .map_or(base, |base| base.rounded(self.policy.amount_mode));
                taxes.push(self.line_tax(cell, told)?);
            }
            start = run.end;
        }
        Ok(taxes)
    }

    fn line_tax(&self, cell: &Cell, base: i128) -> Result<LineTax> {
        let minor = narrow(cell.minor, "a tax")?;
        let charged = self.table[cell.tax].charge == Charge::Charged;
        let alone = cell.exact.rounded(self.policy.mode);
        Ok(LineTax {
            tax_index: cell.tax,
            base_minor: narrow(base, "the base of a tax")?,
            tax_minor: if charged { minor } else { 0 },
            uncharged_minor: if charged { 0 } else { minor },
            exact_e5: self.e5(cell.exact)?,
            residual_minor: narrow(cell.minor - alone, "a residual")?,
        })
    }

    fn taxes(&self, lines: &[TaxedLine], cells: &[Cell]) -> Result<Vec<TaxSum>> {
        let mut exact = vec![None; self.table.len()];
        for cell in cells {
            let before = exact[cell.tax].unwrap_or(Rational::ZERO);
            exact[cell.tax] = Some(before.plus(cell.exact)?);
        }
        let mut sums = vec![(0_i128, 0_i128, 0_i128); self.table.len()];
        for tax in lines.iter().flat_map(|line| &line.taxes) {
            let of = &mut sums[tax.tax_index];
            of.0 += i128::from(tax.base_minor);
            of.1 += i128::from(tax.tax_minor);
            of.2 += i128::from(tax.uncharged_minor);
        }
        let mut told = Vec::new();
        for (tax_index, exact) in exact.into_iter().enumerate() {
            let Some(exact) = exact else { continue };
            let (base, tax, uncharged) = sums[tax_index];
            told.push(TaxSum {
                tax_index,
                base_minor: narrow(base, "the base of a tax")?,
                tax_minor: narrow(tax, "the sum of a tax")?,
                uncharged_minor: narrow(uncharged, "the sum of a tax")?,
                exact_e5: self.e5(exact)?,
                rounding_e5: self.rounding(tax + uncharged, exact)?,
            });
        }
        Ok(told)
    }
}

/// The sum of 64-bit figures, if it is one.
fn total(figures: impl Iterator<Item = i64>, what: &'static str) -> Result<i64> {
    let mut sum = 0_i64;
    for figure in figures {
        sum = sum
            .checked_add(figure)
            .ok_or(CoreError::Overflow { what })?;
    }
    Ok(sum)
}
