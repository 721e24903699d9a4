//! TLV and the results of chips, with what may not be told left out.

use crate::convert::CoreError;
use countertop_core::emv::screen::{self, Rule};
use countertop_core::emv::tlv::{self, Content, Dialect, Node};
use countertop_core::emv::{Object, dictionary, dol, results};
use countertop_core::masking;
use countertop_core::wipe::Wiped;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};
use std::collections::BTreeMap;

/// A refusal of the readers on its way to Python.
pub(crate) fn refused(error: &dyn std::fmt::Display) -> PyErr {
    CoreError::new_err(error.to_string())
}

/// Objects as nested lists of (tag, value); `value_of` says what may be told of each.
pub(crate) fn told<'py>(
    py: Python<'py>,
    objects: &[Object],
    value_of: impl Fn(&Object) -> Option<Bound<'py, PyBytes>>,
) -> PyResult<Bound<'py, PyList>> {
    let top = PyList::empty(py);
    let mut open = vec![top.clone()];
    for object in objects {
        open.truncate(usize::from(object.depth) + 1);
        let holder = &open[usize::from(object.depth)];
        if object.is_template {
            let held = PyList::empty(py);
            holder.append((object.tag, &held))?;
            open.push(held);
        } else {
            holder.append((object.tag, value_of(object)))?;
        }
    }
    Ok(top)
}

/// Objects to be written, from nested lists of (tag, value).
pub(crate) fn nodes(list: &Bound<'_, PyAny>) -> PyResult<Vec<Node>> {
    // Deeper than any message may be is refused here, before the nesting of the caller's lists can
    // use up the stack.
    nodes_within(list, tlv::DEPTH_MAX)
}

fn nodes_within(list: &Bound<'_, PyAny>, depth_left: usize) -> PyResult<Vec<Node>> {
    if depth_left == 0 {
        return Err(refused(&tlv::Trouble::TooDeep));
    }
    list.try_iter()?
        .map(|item| {
            let item = item?;
            let pair = item.cast::<PyTuple>()?;
            let tag: u32 = pair.get_item(0)?.extract()?;
            let value = pair.get_item(1)?;
            let content = match value.cast::<PyBytes>() {
                Ok(bytes) => Content::Bytes(bytes.as_bytes().to_vec()),
                Err(_) => Content::Objects(nodes_within(&value, depth_left - 1)?),
            };
            Ok(Node { tag, content })
        })
        .collect()
}

/// Every object of a chip's message.
#[pyfunction]
#[pyo3(signature = (data, trailing_ff = false))]
pub(crate) fn emv_decode<'py>(
    py: Python<'py>,
    data: &[u8],
    trailing_ff: bool,
) -> PyResult<Bound<'py, PyList>> {
    let dialect = Dialect {
        trailing_ff,
        ..Dialect::default()
    };
    let objects = tlv::decode(data, dialect).map_err(|fault| refused(&fault))?;
    told(py, &objects, |object| {
        let value = &data[object.range()];
        match screen::rule(object.tag) {
            Rule::Withhold => None,
            Rule::Tell => Some(PyBytes::new(py, value)),
            rule => {
                let mut room = Wiped::new(value.len());
                let _ = room.extend(value);
                screen::apply(rule, room.as_mut_slice());
                Some(PyBytes::new(py, room.as_slice()))
            }
        }
    })
}

/// The shortest bytes of objects.
#[pyfunction]
pub(crate) fn emv_encode<'py>(
    py: Python<'py>,
    objects: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    let nodes = nodes(objects)?;
    let bytes = tlv::encode(&nodes, Dialect::default()).map_err(|fault| refused(&fault))?;
    Ok(PyBytes::new(py, &bytes))
}

/// What a data object list asks for.
#[pyfunction]
pub(crate) fn emv_dol(list: &[u8]) -> PyResult<Vec<(u32, u8)>> {
    let wanted = dol::parse(list).map_err(|fault| refused(&fault))?;
    Ok(wanted.iter().map(|one| (one.tag, one.bytes)).collect())
}

/// The bytes that answer a data object list.
#[pyfunction]
pub(crate) fn emv_dol_build<'py>(
    py: Python<'py>,
    list: &[u8],
    values: Vec<(u32, Vec<u8>)>,
) -> PyResult<Bound<'py, PyBytes>> {
    let wanted = dol::parse(list).map_err(|fault| refused(&fault))?;
    let values: BTreeMap<u32, Vec<u8>> = values.into_iter().collect();
    let value_of = |tag| values.get(&tag).map(Vec::as_slice);
    Ok(PyBytes::new(py, &dol::build(&wanted, value_of)))
}

/// The name of a tag.
#[pyfunction]
pub(crate) fn emv_tag_name(tag: u32) -> Option<&'static str> {
    dictionary::find(tag).map(|entry| entry.name)
}

/// Names of the bits of tag 95.
#[pyfunction]
pub(crate) fn emv_tvr(value: [u8; 5]) -> Vec<&'static str> {
    results::tvr(value)
}

/// Names of the bits of tag 9B.
#[pyfunction]
pub(crate) fn emv_tsi(value: [u8; 2]) -> Vec<&'static str> {
    results::tsi(value)
}

/// What the card decided.
#[pyfunction]
pub(crate) fn emv_cryptogram(information: u8) -> &'static str {
    results::cryptogram(information)
}

/// How the cardholder was verified: method, condition, result, and whether another may follow.
#[pyfunction]
pub(crate) fn emv_verification(value: [u8; 3]) -> (&'static str, &'static str, &'static str, bool) {
    let told = results::verification(value);
    (
        told.method,
        told.condition,
        told.result,
        told.next_if_failed,
    )
}

/// A text with everything masked that looks like a card number.
#[pyfunction]
pub(crate) fn mask_card_numbers<'py>(
    py: Python<'py>,
    text: &str,
) -> PyResult<Bound<'py, PyString>> {
    let mut bytes = text.as_bytes().to_vec();
    masking::search_text(&mut bytes);
    PyString::from_bytes(py, &bytes)
}
