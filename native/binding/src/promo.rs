//! Promotions: dictionaries and tuples in, a compiled set; lines in, a priced cart.

use crate::convert::{Answer, CoreError, Int};
use countertop_core::CoreError as Refusal;
use countertop_core::promo::{self, Clause, Line, Proof, Reason, WhyNot};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::Arc;

use crate::promo_read;

/// Promotions, compiled once and shared by all carts.
#[pyclass(frozen, module = "native._native")]
pub(crate) struct PromotionSet(Arc<promo::PromotionSet>);

#[pymethods]
impl PromotionSet {
    #[new]
    fn new(promotions: Vec<Bound<'_, PyDict>>, item_count: Int<u32>) -> PyResult<Self> {
        let promotions = promotions
            .into_iter()
            .map(|one| promo_read::promotion(&one))
            .collect::<PyResult<Vec<_>>>()?;
        let compiled: Answer<_> =
            promo::PromotionSet::compile(promotions, item_count.0).map_err(Into::into);
        Ok(Self(Arc::new(compiled?)))
    }

    fn __len__(&self) -> usize {
        self.0.promotions().len()
    }
}

/// One line of a priced cart.
#[pyclass(frozen, get_all, eq, hash, module = "native._native")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct CartLine {
    line: u32,
    amount_minor: i64,
    discount_minor: i64,
    net_minor: i64,
}

/// What one application of a promotion did to a line.
#[pyclass(frozen, get_all, eq, hash, module = "native._native")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Modifier {
    line: u32,
    promotion_id: u32,
    version: u32,
    application: usize,
    units: u32,
    amount_minor: i64,
    before_minor: i64,
    after_minor: i64,
    rounding_micro: i64,
}

/// Units a promotion took together.
#[pyclass(frozen, get_all, eq, hash, module = "native._native")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Application {
    promotion_id: u32,
    version: u32,
    times: u32,
    saving_minor: i64,
    vendor_minor: i64,
    units: Vec<(u32, u32, i64)>,
}

/// A cart, priced.
#[pyclass(frozen, get_all, module = "native._native")]
pub(crate) struct PricedCart {
    lines: Vec<Py<CartLine>>,
    modifiers: Vec<Py<Modifier>>,
    applications: Vec<Py<Application>>,
    subtotal_minor: i64,
    discount_minor: i64,
    total_minor: i64,
    proof: &'static str,
}

impl From<promo::PricedLine> for CartLine {
    fn from(line: promo::PricedLine) -> Self {
        Self {
            line: line.line,
            amount_minor: line.amount_minor,
            discount_minor: line.discount_minor,
            net_minor: line.net_minor,
        }
    }
}

impl From<promo::Modifier> for Modifier {
    fn from(found: promo::Modifier) -> Self {
        Self {
            line: found.line,
            promotion_id: found.promotion_id,
            version: found.version,
            application: found.application,
            units: found.units,
            amount_minor: found.amount_minor,
            before_minor: found.before_minor,
            after_minor: found.after_minor,
            rounding_micro: found.rounding_micro,
        }
    }
}

impl From<promo::Application> for Application {
    fn from(found: promo::Application) -> Self {
        Self {
            promotion_id: found.promotion_id,
            version: found.version,
            times: found.times,
            saving_minor: found.saving_minor,
            vendor_minor: found.vendor_minor,
            units: found.units,
        }
    }
}

fn written(py: Python<'_>, found: promo::PricedCart) -> PyResult<PricedCart> {
    Ok(PricedCart {
        lines: found
            .lines
            .into_iter()
            .map(|one| Py::new(py, CartLine::from(one)))
            .collect::<PyResult<_>>()?,
        modifiers: found
            .modifiers
            .into_iter()
            .map(|one| Py::new(py, Modifier::from(one)))
            .collect::<PyResult<_>>()?,
        applications: found
            .applications
            .into_iter()
            .map(|one| Py::new(py, Application::from(one)))
            .collect::<PyResult<_>>()?,
        subtotal_minor: found.subtotal_minor,
        discount_minor: found.discount_minor,
        total_minor: found.total_minor,
        proof: match found.proof {
            Proof::Proven => "proven",
            Proof::Searched => "searched",
            Proof::Greedy => "greedy",
        },
    })
}

/// A line as Python gives it, in the order of `price_cart`'s docstring.
pub(crate) type LineTuple = (Int<u32>, Int<i64>, Int<i64>, bool, bool, Int<i64>);

fn line((item, price, quantity, pieces, discountable, floor): LineTuple) -> Line {
    Line {
        item: item.0,
        unit_price_micros: price.0,
        quantity_milli: quantity.0,
        pieces,
        discountable,
        floor_price_micros: floor.0,
    }
}

/// Price a whole cart in one call.
#[pyfunction]
#[pyo3(signature = (promotions, lines, facts=None, minor_digits=Int(2)))]
#[pyo3(text_signature = "(promotions, lines, facts=None, minor_digits=2)")]
pub(crate) fn price_cart(
    py: Python<'_>,
    promotions: &PromotionSet,
    lines: Vec<LineTuple>,
    facts: Option<&Bound<'_, PyDict>>,
    minor_digits: Int<i64>,
) -> PyResult<PricedCart> {
    let facts = promo_read::facts(facts)?;
    let set = Arc::clone(&promotions.0);
    let priced = || -> Answer<promo::PricedCart> {
        let mut cart = promo::Cart::new(set, facts, minor_digits.0)?;
        for row in lines {
            cart.push_line(line(row))?;
        }
        cart.settle();
        Ok(cart.priced())
    };
    let priced = priced()?;
    written(py, priced)
}

/// Changed lines with their nets, and the total.
type Change = (Vec<(u32, i64)>, i64);

fn change(diff: Result<&promo::Diff, Refusal>) -> Answer<Change> {
    let diff = diff?;
    Ok((diff.changed.clone(), diff.total_minor))
}

/// A cart that re-prices only what a change touches.
#[pyclass(module = "native._native")]
pub(crate) struct Cart(promo::Cart);

#[pymethods]
impl Cart {
    #[new]
    #[pyo3(signature = (promotions, facts=None, minor_digits=Int(2), effort="thorough"))]
    #[pyo3(text_signature = "(promotions, facts=None, minor_digits=2, effort='thorough')")]
    fn new(
        promotions: &PromotionSet,
        facts: Option<&Bound<'_, PyDict>>,
        minor_digits: Int<i64>,
        effort: &str,
    ) -> PyResult<Self> {
        let facts = promo_read::facts(facts)?;
        let effort = match effort {
            "thorough" => promo::Effort::Thorough,
            "quick" => promo::Effort::Quick,
            _ => {
                let told = format!("effort must be one of thorough, quick, not {effort:?}");
                return Err(refused(told));
            }
        };
        let set = Arc::clone(&promotions.0);
        let cart: Answer<_> = promo::Cart::new(set, facts, minor_digits.0).map_err(Into::into);
        Ok(Self(cart?.with_effort(effort)))
    }

    fn add_line(&mut self, line: LineTuple) -> Answer<Change> {
        change(self.0.add_line(self::line(line)))
    }

    fn change_line(&mut self, number: Int<u32>, line: LineTuple) -> Answer<Change> {
        change(self.0.change_line(number.0, self::line(line)))
    }

    fn remove_line(&mut self, number: Int<u32>) -> Answer<Change> {
        change(self.0.remove_line(number.0))
    }

    fn set_facts(&mut self, facts: Option<&Bound<'_, PyDict>>) -> PyResult<Change> {
        let facts = promo_read::facts(facts)?;
        Ok(change(self.0.set_facts(facts))?)
    }

    #[getter]
    fn total_minor(&self) -> i64 {
        self.0.total_minor()
    }

    fn priced(&self, py: Python<'_>) -> PyResult<PricedCart> {
        written(py, self.0.priced())
    }

    fn explain(&self, number: Int<u32>) -> Answer<Vec<(Option<u32>, i64)>> {
        let parts = self.0.explain(number.0)?;
        let told = parts.iter().map(|part| match part {
            Reason::Amount(amount) => (None, *amount),
            Reason::Promotion(found) => (Some(found.promotion_id), found.amount_minor),
        });
        Ok(told.collect())
    }

    fn why_not(
        &self,
        py: Python<'_>,
        promotion_id: Int<u32>,
    ) -> PyResult<(&'static str, Py<PyDict>)> {
        let why: Answer<_> = self.0.why_not(promotion_id.0).map_err(Into::into);
        let (code, fields) = told(why?);
        let told = PyDict::new(py);
        for (name, value) in fields {
            told.set_item(name, value)?;
        }
        Ok((code, told.unbind()))
    }
}

/// The code and the figures of an answer.
fn told(why: WhyNot) -> (&'static str, Vec<(&'static str, i128)>) {
    match why {
        WhyNot::Applied(saving) => ("applied", vec![("saving_minor", saving.into())]),
        WhyNot::Closed(clause) => (closed(clause), Vec::new()),
        WhyNot::NoItem => ("no_item", Vec::new()),
        WhyNot::Excluded { line } => ("item_excluded", vec![("line", line.into())]),
        WhyNot::MinQuantity { have, need } => {
            let fields = vec![("have_count", have.into()), ("need_count", need.into())];
            ("quantity_too_small", fields)
        }
        WhyNot::MinSpend { have, need } => {
            let fields = vec![("have_minor", have.into()), ("need_minor", need.into())];
            ("spend_too_small", fields)
        }
        WhyNot::MinSets { have, need } => {
            let fields = vec![("have_count", have.into()), ("need_count", need.into())];
            ("sets_too_few", fields)
        }
        WhyNot::Floor => ("price_floor", Vec::new()),
        WhyNot::NoSaving => ("no_saving", Vec::new()),
        WhyNot::UnitsConsumed { by, alone_minor } => {
            let fields = vec![("by", by.into()), ("alone_minor", alone_minor.into())];
            ("units_consumed", fields)
        }
        WhyNot::LostTo { by, alone_minor } => {
            let fields = vec![("by", by.into()), ("alone_minor", alone_minor.into())];
            ("lost_to_better", fields)
        }
    }
}

fn closed(clause: Clause) -> &'static str {
    match clause {
        Clause::Window => "outside_window",
        Clause::Store => "other_store",
        Clause::Channel => "other_channel",
        Clause::CustomerGroup => "other_customer_group",
        Clause::CouponMissing => "coupon_missing",
        Clause::Tender => "other_tender",
        Clause::Points => "too_few_points",
        Clause::LimitReached => "limit_reached",
    }
}

/// A refusal of words or keys that mean nothing here.
pub(crate) fn refused(message: String) -> PyErr {
    CoreError::new_err(message)
}
