//! Amounts, apportioning, cash rounding and pricing.

use crate::convert::{Answer, Int, plain};
use countertop_core::money::Rounding;
use countertop_core::pricing::{self, Charge, Discount, Line};
use countertop_core::tax::{Policy, Scope};
use countertop_core::{apportion as split, cash, money};
use pyo3::prelude::*;

/// unit price × quantity in minor units, rounded half away from zero.
#[pyfunction]
pub(crate) fn extend_amount(
    unit_price_micros: Int<i64>,
    quantity_milli: Int<i64>,
    minor_digits: Int<i64>,
) -> Answer<i64> {
    Ok(money::extend_amount(
        unit_price_micros.0,
        quantity_milli.0,
        minor_digits.0,
    )?)
}

/// Split a total over weights, largest remainder, ties to the lower index.
#[pyfunction]
pub(crate) fn apportion(total_minor: Int<i64>, weights: Vec<Int<i64>>) -> Answer<Vec<i64>> {
    Ok(split::apportion(total_minor.0, &plain(weights))?)
}

/// An amount to a multiple of a step.
#[pyfunction]
pub(crate) fn cash_round(amount_minor: Int<i64>, step_minor: Int<i64>, mode: &str) -> Answer<i64> {
    let mode = Rounding::from_word(mode)?;
    Ok(cash::cash_round(amount_minor.0, step_minor.0, mode)?)
}

/// One line, priced.
#[pyclass(frozen, get_all, eq, hash, module = "native._native")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct PricedLine {
    amount_minor: i64,
    line_discount_minor: i64,
    order_discount_minor: i64,
    net_minor: i64,
    tax_minor: i64,
    base_minor: i64,
    total_minor: i64,
}

#[pymethods]
impl PricedLine {
    fn __repr__(&self) -> String {
        format!(
            "PricedLine(amount_minor={}, line_discount_minor={}, order_discount_minor={}, \
             net_minor={}, tax_minor={}, base_minor={}, total_minor={})",
            self.amount_minor,
            self.line_discount_minor,
            self.order_discount_minor,
            self.net_minor,
            self.tax_minor,
            self.base_minor,
            self.total_minor
        )
    }
}

impl From<pricing::PricedLine> for PricedLine {
    fn from(line: pricing::PricedLine) -> Self {
        Self {
            amount_minor: line.amount_minor,
            line_discount_minor: line.line_discount_minor,
            order_discount_minor: line.order_discount_minor,
            net_minor: line.net_minor,
            tax_minor: line.tax_minor,
            base_minor: line.base_minor,
            total_minor: line.total_minor,
        }
    }
}

/// What one rate comes to.
#[pyclass(frozen, get_all, eq, hash, module = "native._native")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct TaxTotal {
    tax_index: usize,
    rate_ppm: i64,
    base_minor: i64,
    tax_minor: i64,
    total_minor: i64,
}

#[pymethods]
impl TaxTotal {
    fn __repr__(&self) -> String {
        format!(
            "TaxTotal(tax_index={}, rate_ppm={}, base_minor={}, tax_minor={}, total_minor={})",
            self.tax_index, self.rate_ppm, self.base_minor, self.tax_minor, self.total_minor
        )
    }
}

impl From<pricing::TaxTotal> for TaxTotal {
    fn from(tax: pricing::TaxTotal) -> Self {
        Self {
            tax_index: tax.tax_index,
            rate_ppm: tax.rate_ppm,
            base_minor: tax.base_minor,
            tax_minor: tax.tax_minor,
            total_minor: tax.total_minor,
        }
    }
}

/// A whole order, priced.
#[pyclass(frozen, get_all, module = "native._native")]
pub(crate) struct PricedOrder {
    lines: Vec<Py<PricedLine>>,
    taxes: Vec<Py<TaxTotal>>,
    subtotal_minor: i64,
    discount_minor: i64,
    tax_minor: i64,
    total_minor: i64,
}

#[pymethods]
impl PricedOrder {
    fn __repr__(&self) -> String {
        format!(
            "PricedOrder({} lines, subtotal_minor={}, discount_minor={}, tax_minor={}, \
             total_minor={})",
            self.lines.len(),
            self.subtotal_minor,
            self.discount_minor,
            self.tax_minor,
            self.total_minor
        )
    }
}

/// One line as Python gives it, in the order of `price_order`'s docstring.
type LineTuple = (
    Int<i64>,
    Int<i64>,
    Int<i64>,
    Int<i64>,
    Int<i64>,
    bool,
    Int<i64>,
    Int<i64>,
);

const FIXED: i64 = 9;

fn line(tuple: LineTuple) -> Answer<Line> {
    let (price, quantity, tax_index, kind, value, discountable, fixed_total, fixed_tax) = tuple;
    let charge = if kind.0 == FIXED {
        Charge::Fixed {
            total_minor: fixed_total.0,
            tax_minor: fixed_tax.0,
        }
    } else {
        Charge::Priced {
            unit_price_micros: price.0,
            quantity_milli: quantity.0,
            discount: Discount::from_kind(kind.0, value.0)?,
            discountable,
        }
    };
    Ok(Line {
        // A negative index is past the end of any list.
        tax_index: usize::try_from(tax_index.0).unwrap_or(usize::MAX),
        charge,
    })
}

/// Price a whole order in one call.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub(crate) fn price_order(
    py: Python<'_>,
    lines: Vec<LineTuple>,
    order_discounts: Vec<(Int<i64>, Int<i64>)>,
    tax_rates_ppm: Vec<Int<i64>>,
    prices_include_tax: bool,
    rounding_scope: &str,
    rounding_mode: &str,
    minor_digits: Int<i64>,
) -> PyResult<PricedOrder> {
    let lines = lines.into_iter().map(line).collect::<Answer<Vec<_>>>()?;
    let discounts = order_discounts
        .into_iter()
        .map(|(kind, value)| Ok(Discount::from_kind(kind.0, value.0)?))
        .collect::<Answer<Vec<_>>>()?;
    let order = priced(
        &lines,
        &discounts,
        &plain(tax_rates_ppm),
        (prices_include_tax, rounding_scope, rounding_mode),
        minor_digits.0,
    )?;
    Ok(PricedOrder {
        lines: order
            .lines
            .into_iter()
            .map(|line| Py::new(py, PricedLine::from(line)))
            .collect::<PyResult<_>>()?,
        taxes: order
            .taxes
            .into_iter()
            .map(|tax| Py::new(py, TaxTotal::from(tax)))
            .collect::<PyResult<_>>()?,
        subtotal_minor: order.subtotal_minor,
        discount_minor: order.discount_minor,
        tax_minor: order.tax_minor,
        total_minor: order.total_minor,
    })
}

fn priced(
    lines: &[Line],
    discounts: &[Discount],
    rates: &[i64],
    (inclusive, scope, mode): (bool, &str, &str),
    minor_digits: i64,
) -> Answer<pricing::PricedOrder> {
    let policy = Policy {
        inclusive,
        scope: Scope::from_word(scope)?,
        mode: Rounding::from_word(mode)?,
    };
    Ok(pricing::price_order(
        lines,
        discounts,
        rates,
        policy,
        minor_digits,
    )?)
}
