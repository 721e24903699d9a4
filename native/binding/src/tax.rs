//! The taxes of a document.

use crate::convert::{Answer, Int};
use countertop_core::tax_document as core;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;

/// One tax of one line.
#[pyclass(frozen, get_all, eq, hash, module = "native._native")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct LineTax {
    tax_index: usize,
    base_minor: i64,
    tax_minor: i64,
    uncharged_minor: i64,
    exact_e5: i64,
    residual_minor: i64,
}

#[pymethods]
impl LineTax {
    fn __repr__(&self) -> String {
        format!(
            "LineTax(tax_index={}, base_minor={}, tax_minor={}, uncharged_minor={}, exact_e5={}, \
             residual_minor={})",
            self.tax_index,
            self.base_minor,
            self.tax_minor,
            self.uncharged_minor,
            self.exact_e5,
            self.residual_minor
        )
    }
}

/// One line, taxed.
#[pyclass(frozen, get_all, module = "native._native")]
pub(crate) struct TaxedLine {
    price_minor: i64,
    net_minor: i64,
    tax_minor: i64,
    gross_minor: i64,
    net_exact_e5: i64,
    taxes: Vec<Py<LineTax>>,
}

#[pymethods]
impl TaxedLine {
    fn __repr__(&self) -> String {
        format!(
            "TaxedLine(price_minor={}, net_minor={}, tax_minor={}, gross_minor={})",
            self.price_minor, self.net_minor, self.tax_minor, self.gross_minor
        )
    }
}

/// One tax over the document.
#[pyclass(frozen, get_all, eq, hash, module = "native._native")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct TaxSum {
    tax_index: usize,
    base_minor: i64,
    tax_minor: i64,
    uncharged_minor: i64,
    exact_e5: i64,
    rounding_e5: i64,
}

#[pymethods]
impl TaxSum {
    fn __repr__(&self) -> String {
        format!(
            "TaxSum(tax_index={}, base_minor={}, tax_minor={}, uncharged_minor={}, exact_e5={}, \
             rounding_e5={})",
            self.tax_index,
            self.base_minor,
            self.tax_minor,
            self.uncharged_minor,
            self.exact_e5,
            self.rounding_e5
        )
    }
}

/// A document, taxed.
#[pyclass(frozen, get_all, module = "native._native")]
pub(crate) struct TaxedDocument {
    lines: Vec<Py<TaxedLine>>,
    taxes: Vec<Py<TaxSum>>,
    price_minor: i64,
    net_minor: i64,
    tax_minor: i64,
    gross_minor: i64,
    rounding_e5: i64,
}

#[pymethods]
impl TaxedDocument {
    fn __repr__(&self) -> String {
        format!(
            "TaxedDocument({} lines, net_minor={}, tax_minor={}, gross_minor={})",
            self.lines.len(),
            self.net_minor,
            self.tax_minor,
            self.gross_minor
        )
    }
}

/// One line as Python gives it, in the order of `tax_document`'s docstring.
type LineTuple = (
    Int<i64>,
    Int<i64>,
    PyBackedStr,
    Int<i64>,
    Vec<Int<i64>>,
    Vec<(PyBackedStr, Int<i64>)>,
);

/// One tax as Python gives it, in the order of `tax_document`'s docstring.
type TaxTuple = (
    PyBackedStr,
    Int<i64>,
    PyBackedStr,
    bool,
    bool,
    bool,
    PyBackedStr,
    Option<(Int<i64>, bool, PyBackedStr, bool)>,
    Option<(PyBackedStr, Int<i64>, PyBackedStr)>,
);

type PolicyTuple = (
    PyBackedStr,
    PyBackedStr,
    PyBackedStr,
    PyBackedStr,
    PyBackedStr,
    PyBackedStr,
    PyBackedStr,
);

fn line(tuple: LineTuple) -> Answer<core::Line> {
    let (price, quantity, unit, discount, taxes, measures) = tuple;
    Ok(core::Line {
        unit_price_micros: price.0,
        quantity_milli: quantity.0,
        unit: core::Measure::from_word(&unit)?,
        discount_minor: discount.0,
        taxes: taxes
            .into_iter()
            // A negative index is past the end of any list.
            .map(|index| usize::try_from(index.0).unwrap_or(usize::MAX))
            .collect(),
        measures: measures
            .into_iter()
            .map(|(unit, milli)| Ok((core::Measure::from_word(&unit)?, milli.0)))
            .collect::<Answer<_>>()?,
    })
}

fn tax(tuple: TaxTuple) -> Answer<core::Tax> {
    let (kind, value, unit, included, affects_later, affected, charge, threshold, cap) = tuple;
    let threshold = match threshold {
        None => None,
        Some((amount, exempt_at_amount, per, excess)) => Some(core::Threshold {
            amount_minor: amount.0,
            exempt_at_amount,
            per: core::Per::from_word(&per)?,
            excess,
        }),
    };
    let cap = match cap {
        None => None,
        Some((of, amount, per)) => Some(core::Cap::from_words(&of, amount.0, &per)?),
    };
    Ok(core::Tax {
        kind: core::Kind::from_words(&kind, value.0, &unit)?,
        included,
        affects_later,
        affected_by_previous: affected,
        charge: core::Charge::from_word(&charge)?,
        threshold,
        cap,
    })
}

fn taxed(
    lines: Vec<LineTuple>,
    taxes: Vec<TaxTuple>,
    policy: PolicyTuple,
    minor_digits: i64,
) -> Answer<core::TaxedDocument> {
    let lines = lines.into_iter().map(line).collect::<Answer<Vec<_>>>()?;
    let table = taxes.into_iter().map(tax).collect::<Answer<Vec<_>>>()?;
    let (level, mode, extract, residual, amounts, amount_mode, base) = policy;
    let words = [
        &level,
        &mode,
        &extract,
        &residual,
        &amounts,
        &amount_mode,
        &base,
    ];
    let policy = core::Policy::from_words(words.map(|word| &**word))?;
    Ok(core::tax_document(&lines, &table, policy, minor_digits)?)
}

fn line_out(py: Python<'_>, line: core::TaxedLine) -> PyResult<Py<TaxedLine>> {
    let taxes = line
        .taxes
        .into_iter()
        .map(|tax| {
            Py::new(
                py,
                LineTax {
                    tax_index: tax.tax_index,
                    base_minor: tax.base_minor,
                    tax_minor: tax.tax_minor,
                    uncharged_minor: tax.uncharged_minor,
                    exact_e5: tax.exact_e5,
                    residual_minor: tax.residual_minor,
                },
            )
        })
        .collect::<PyResult<_>>()?;
    Py::new(
        py,
        TaxedLine {
            price_minor: line.price_minor,
            net_minor: line.net_minor,
            tax_minor: line.tax_minor,
            gross_minor: line.gross_minor,
            net_exact_e5: line.net_exact_e5,
            taxes,
        },
    )
}

fn sum_out(py: Python<'_>, tax: &core::TaxSum) -> PyResult<Py<TaxSum>> {
    Py::new(
        py,
        TaxSum {
            tax_index: tax.tax_index,
            base_minor: tax.base_minor,
            tax_minor: tax.tax_minor,
            uncharged_minor: tax.uncharged_minor,
            exact_e5: tax.exact_e5,
            rounding_e5: tax.rounding_e5,
        },
    )
}

/// Tax a whole document in one call.
#[pyfunction]
pub(crate) fn tax_document(
    py: Python<'_>,
    lines: Vec<LineTuple>,
    taxes: Vec<TaxTuple>,
    policy: PolicyTuple,
    minor_digits: Int<i64>,
) -> PyResult<TaxedDocument> {
    let done = taxed(lines, taxes, policy, minor_digits.0)?;
    Ok(TaxedDocument {
        lines: done
            .lines
            .into_iter()
            .map(|line| line_out(py, line))
            .collect::<PyResult<_>>()?,
        taxes: done
            .taxes
            .iter()
            .map(|tax| sum_out(py, tax))
            .collect::<PyResult<_>>()?,
        price_minor: done.price_minor,
        net_minor: done.net_minor,
        tax_minor: done.tax_minor,
        gross_minor: done.gross_minor,
        rounding_e5: done.rounding_e5,
    })
}
