//! Items, segments and the price book.

use crate::convert::{Answer, Int};
use countertop_core::CoreError;
use countertop_core::book;
use countertop_core::builder::Builder;
use countertop_core::item::{Item, Measures, Row, Unit};
use countertop_core::segment::Segment;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// One sellable position (an item's variation).
#[pyclass(frozen, eq, hash, module = "native._native")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct ItemRow {
    row: Row,
}

impl From<Row> for ItemRow {
    fn from(row: Row) -> Self {
        Self { row }
    }
}

fn measures_of((litres, kilograms, degrees): (Int<i64>, Int<i64>, Int<i64>)) -> Answer<Measures> {
    let part = |milli: Int<i64>| {
        u32::try_from(milli.0).map_err(|_| CoreError::OutOfRange {
            what: "measures",
            need: "0 to 100,000,000 thousandths each",
        })
    };
    Ok(Measures {
        litres_milli: part(litres)?,
        kilograms_milli: part(kilograms)?,
        degrees_milli: part(degrees)?,
    })
}

fn rows(found: Vec<Row>) -> Vec<ItemRow> {
    found.into_iter().map(ItemRow::from).collect()
}

#[pymethods]
impl ItemRow {
    #[new]
    #[pyo3(signature = (
        item_id, name, variation, department, tax_class, unit_price_micros, unit = "piece",
        open_price = false, discountable = true, group = "", image = "", sort = Int(0),
        measures = (Int(0), Int(0), Int(0))
    ), text_signature = "(item_id, name, variation, department, tax_class, unit_price_micros, \
        unit='piece', open_price=False, discountable=True, group='', image='', sort=0, \
        measures=(0, 0, 0))")]
    #[allow(clippy::too_many_arguments, clippy::fn_params_excessive_bools)]
    fn new(
        item_id: &str,
        name: &str,
        variation: &str,
        department: &str,
        tax_class: &str,
        unit_price_micros: Int<i64>,
        unit: &str,
        open_price: bool,
        discountable: bool,
        group: &str,
        image: &str,
        sort: Int<i64>,
        measures: (Int<i64>, Int<i64>, Int<i64>),
    ) -> Answer<Self> {
        let item = Item {
            item_id: item_id.into(),
            name: name.into(),
            variation: variation.into(),
            department: department.into(),
            tax_class: tax_class.into(),
            unit_price_micros: unit_price_micros.0,
            unit: Unit::from_word(unit)?,
            open_price,
            discountable,
            group: group.into(),
            image: image.into(),
            sort: u32::try_from(sort.0).map_err(|_| CoreError::OutOfRange {
                what: "sort",
                need: "0 to 2,147,483,647",
            })?,
            measures: measures_of(measures)?,
        };
        Ok(Self {
            row: item.checked()?.into(),
        })
    }

    #[getter]
    fn item_id(&self) -> &str {
        &self.row.item.item_id
    }

    #[getter]
    fn name(&self) -> &str {
        &self.row.item.name
    }

    #[getter]
    fn variation(&self) -> &str {
        &self.row.item.variation
    }

    #[getter]
    fn department(&self) -> &str {
        &self.row.item.department
    }

    #[getter]
    fn tax_class(&self) -> &str {
        &self.row.item.tax_class
    }

    #[getter]
    fn unit_price_micros(&self) -> i64 {
        self.row.item.unit_price_micros
    }

    #[getter]
    fn unit(&self) -> &str {
        self.row.item.unit.word()
    }

    #[getter]
    fn open_price(&self) -> bool {
        self.row.item.open_price
    }

    #[getter]
    fn discountable(&self) -> bool {
        self.row.item.discountable
    }

    #[getter]
    fn group(&self) -> &str {
        &self.row.item.group
    }

    #[getter]
    fn image(&self) -> &str {
        &self.row.item.image
    }

    #[getter]
    fn sort(&self) -> u32 {
        self.row.item.sort
    }

    /// Thousandths of litres, kilograms and degrees that one has besides.
    #[getter]
    fn measures(&self) -> (u32, u32, u32) {
        let measures = self.row.item.measures;
        (
            measures.litres_milli,
            measures.kilograms_milli,
            measures.degrees_milli,
        )
    }

    #[getter]
    fn code(&self) -> &str {
        &self.row.code
    }

    #[getter]
    fn factor_milli(&self) -> i64 {
        self.row.factor_milli
    }

    fn __repr__(&self) -> String {
        let item = &self.row.item;
        format!(
            "ItemRow(item_id={:?}, name={:?}, unit_price_micros={}, code={:?})",
            item.item_id, item.name, item.unit_price_micros, self.row.code
        )
    }
}

/// Collects rows and codes and builds the canonical bytes of a catalog segment.
#[pyclass(module = "native._native")]
pub(crate) struct SegmentBuilder {
    builder: Builder,
}

#[pymethods]
impl SegmentBuilder {
    #[new]
    fn new() -> Self {
        Self {
            builder: Builder::default(),
        }
    }

    /// A builder that holds what a segment holds.
    #[staticmethod]
    fn from_segment(py: Python<'_>, data: &[u8]) -> Answer<Self> {
        let mut this = Self::new();
        this.merge(py, data)?;
        Ok(this)
    }

    /// Put an item; it keeps the codes it has.
    fn put_item(&mut self, item: &ItemRow) -> Answer<()> {
        Ok(self.builder.put_item(item.row.item.clone())?)
    }

    /// Let a code sell an item; a price >= 0 overrides the item's for the whole pack.
    #[pyo3(
        signature = (code, item_id, unit_price_micros = Int(-1), factor_milli = Int(1000)),
        text_signature = "($self, code, item_id, unit_price_micros=-1, factor_milli=1000)"
    )]
    fn put_code(
        &mut self,
        code: &str,
        item_id: &str,
        unit_price_micros: Int<i64>,
        factor_milli: Int<i64>,
    ) -> Answer<()> {
        Ok(self
            .builder
            .put_code(code, item_id, unit_price_micros.0, factor_milli.0)?)
    }

    /// Take an item and its codes out.
    fn remove_item(&mut self, item_id: &str) {
        self.builder.remove_item(item_id);
    }

    /// Put every item and code of another segment on top of this one.
    fn merge(&mut self, py: Python<'_>, data: &[u8]) -> Answer<()> {
        let builder = &mut self.builder;
        py.detach(|| Ok(builder.merge(&Segment::parse(data)?)?))
    }

    /// The canonical bytes.
    fn build<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let builder = &self.builder;
        let bytes = py.detach(|| -> Answer<_> { Ok(builder.build()?) })?;
        Ok(PyBytes::new(py, &bytes))
    }
}

/// Immutable: one base segment and a small overlay.
#[pyclass(frozen, module = "native._native")]
pub(crate) struct PriceBook {
    book: book::PriceBook,
}

#[pymethods]
impl PriceBook {
    /// A book without items.
    #[staticmethod]
    fn empty() -> Answer<Self> {
        Ok(Self {
            book: book::PriceBook::empty()?,
        })
    }

    /// The book of a segment's bytes.
    #[staticmethod]
    fn from_segment(py: Python<'_>, data: &[u8]) -> Answer<Self> {
        py.detach(|| {
            Ok(Self {
                book: book::PriceBook::from_segment(data)?,
            })
        })
    }

    /// How many items it has.
    #[getter]
    fn item_count(&self) -> usize {
        self.book.item_count()
    }

    /// SHA-256 of the base segment's bytes.
    #[getter]
    fn segment_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.book.segment_hash())
    }

    /// A new book in which an item and exactly these codes replace what it had.
    #[allow(clippy::needless_pass_by_value)]
    fn with_item(&self, item: &ItemRow, codes: Vec<(String, Int<i64>, Int<i64>)>) -> Answer<Self> {
        let codes: Vec<_> = codes
            .iter()
            .map(|(code, price, factor)| (code.as_str(), price.0, factor.0))
            .collect();
        Ok(Self {
            book: self.book.with_item(item.row.item.clone(), &codes)?,
        })
    }

    /// A new book without an item and its codes.
    fn without_item(&self, item_id: &str) -> Self {
        Self {
            book: self.book.without_item(item_id),
        }
    }

    /// Base and overlay as one canonical segment.
    fn to_segment<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = py.detach(|| -> Answer<_> { Ok(self.book.to_segment()?) })?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The item of an id.
    fn find_item(&self, item_id: &str) -> Option<ItemRow> {
        self.book.find_item(item_id).map(ItemRow::from)
    }

    /// The row a code sells, with the pack's price.
    fn find_code(&self, code: &str) -> Answer<Option<ItemRow>> {
        Ok(self.book.find_code(code)?.map(ItemRow::from))
    }

    /// Every row a code may mean.
    fn find_codes(&self, code: &str) -> Answer<Vec<ItemRow>> {
        Ok(rows(self.book.find_codes(code)?))
    }

    /// An item's codes with price (-1: the item's own) and factor.
    fn codes_of(&self, item_id: &str) -> Vec<(String, i64, i64)> {
        self.book.codes_of(item_id)
    }

    /// Best matches first.
    fn search(&self, py: Python<'_>, text: &str, limit: Int<usize>) -> Vec<ItemRow> {
        py.detach(|| rows(self.book.search(text, limit.0)))
    }

    /// Rows with a place in the grid, by it, then name.
    fn grid(&self, department: &str, limit: Int<usize>) -> Vec<ItemRow> {
        rows(self.book.grid(department, limit.0))
    }

    /// Names in use, sorted.
    fn departments(&self) -> Vec<String> {
        self.book.departments()
    }

    /// By id.
    fn items(&self, offset: Int<usize>, limit: Int<usize>) -> Vec<ItemRow> {
        rows(self.book.items(offset.0, limit.0))
    }
}
