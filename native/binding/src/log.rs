//! The hash chain and the tree.

use crate::convert::{Answer, Count, Int, Refused};
use countertop_core::chain::{self, Columns, Hash, Place, as_hash};
use countertop_core::{CoreError, tree};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

/// The hash of a journal record.
#[pyfunction]
pub(crate) fn chain_hash<'py>(
    py: Python<'py>,
    store: &str,
    kind: &str,
    epoch: Int<u64>,
    position: Int<u64>,
    previous: &[u8],
    payload: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    let place = Place {
        store,
        kind,
        epoch: epoch.0,
        position: position.0,
    };
    let hash = hash_record(place, previous, payload)?;
    Ok(PyBytes::new(py, &hash))
}

fn hash_record(place: Place<'_>, previous: &[u8], payload: &[u8]) -> Answer<Hash> {
    let previous = as_hash(previous, "previous")?;
    Ok(chain::chain_hash(place, &previous, payload)?)
}

/// How many rows from `start` on are each the next of the chain, with columns that fit its payload.
///
/// A row is (position, epoch, kind, stream, stream version, name, command id, payload, hash). One
/// of another form, or whose texts would be escaped, is not counted: the caller looks itself.
#[pyfunction]
pub(crate) fn chained_count(
    store: &str,
    rows: &Bound<'_, PyList>,
    start: usize,
    expected: Int<u64>,
    previous: &[u8],
) -> PyResult<usize> {
    let mut previous = as_hash(previous, "previous").map_err(Refused::from)?;
    let mut count = 0;
    for (index, position) in (start..rows.len()).zip(expected.0..=u64::MAX) {
        let row = rows.get_item(index)?;
        let Some(hash) = chained(store, &row, position, &previous) else {
            break;
        };
        previous = hash;
        count += 1;
    }
    Ok(count)
}

/// The hash of a row, if it is the one at `position` after `previous`.
fn chained(store: &str, row: &Bound<'_, PyAny>, position: u64, previous: &Hash) -> Option<Hash> {
    let row = row.cast::<PyTuple>().ok()?;
    if row.len() != 9 || number(row, 0)? != position {
        return None;
    }
    let texts = [2, 3, 5, 6].map(|index| row.get_borrowed_item(index));
    let [Ok(kind), Ok(stream), Ok(name), Ok(command_id)] = texts else {
        return None;
    };
    let (payload, stored) = (
        row.get_borrowed_item(7).ok()?,
        row.get_borrowed_item(8).ok()?,
    );
    let (payload, stored): (&[u8], &[u8]) = (payload.extract().ok()?, stored.extract().ok()?);
    let place = Place {
        store,
        kind: kind.extract().ok()?,
        epoch: number(row, 1)?,
        position,
    };
    let columns = Columns {
        stream: stream.extract().ok()?,
        version: number(row, 4)?,
        name: name.extract().ok()?,
        command_id: command_id.extract().ok()?,
    };
    let hash = chain::chain_hash(place, previous, payload).ok()?;
    (hash == stored && chain::payload_says(payload, &columns)).then_some(hash)
}

fn number(row: &Bound<'_, PyTuple>, index: usize) -> Option<u64> {
    row.get_borrowed_item(index).ok()?.extract().ok()
}

fn record(bytes: &[u8]) -> Answer<Hash> {
    Ok(as_hash(bytes, "record_hash")?)
}

/// The hash of a leaf of the tree.
#[pyfunction]
pub(crate) fn leaf_hash<'py>(py: Python<'py>, record_hash: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, &tree::leaf_hash(&record(record_hash)?)))
}

/// The right edge of an RFC 6962 Merkle tree over record hashes.
#[pyclass(eq, module = "native._native")]
#[derive(PartialEq, Eq)]
pub(crate) struct TreeFrontier {
    frontier: tree::Frontier,
}

#[pymethods]
impl TreeFrontier {
    #[new]
    fn new() -> Self {
        Self {
            frontier: tree::Frontier::default(),
        }
    }

    /// A frontier from the bytes `to_bytes` gave.
    #[staticmethod]
    fn from_bytes(data: &[u8]) -> Answer<Self> {
        Ok(Self {
            frontier: tree::Frontier::from_bytes(data)?,
        })
    }

    /// The size as u64 big-endian, then the roots of the full subtrees, largest first.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.frontier.to_bytes())
    }

    /// How many record hashes there are.
    #[getter]
    fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Add a record hash.
    fn append(&mut self, record_hash: &[u8]) -> Answer<()> {
        let record_hash = record(record_hash)?;
        Ok(self.frontier.append(&record_hash)?)
    }

    /// SHA-256 of the empty string when size is 0.
    fn root<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.frontier.root())
    }
}

/// The audit path of one record hash in the tree over all.
#[pyfunction]
#[allow(clippy::needless_pass_by_value)]
pub(crate) fn inclusion_proof<'py>(
    py: Python<'py>,
    record_hashes: Vec<Bound<'py, PyBytes>>,
    index: Int<i64>,
) -> PyResult<Vec<Bound<'py, PyBytes>>> {
    let hashes = record_hashes
        .iter()
        .map(|hash| record(hash.as_bytes()))
        .collect::<Answer<Vec<_>>>()?;
    let proof = py.detach(|| audit_path(&hashes, index.0))?;
    Ok(proof.iter().map(|hash| PyBytes::new(py, hash)).collect())
}

fn audit_path(hashes: &[Hash], index: i64) -> Answer<Vec<Hash>> {
    let index = usize::try_from(index).map_err(|_| CoreError::OutOfRange {
        what: "index",
        need: "zero or more",
    })?;
    Ok(tree::inclusion_proof(hashes, index)?)
}

/// Whether a proof shows that a record hash is in a tree. Anything malformed is simply not a proof.
#[pyfunction]
#[allow(clippy::needless_pass_by_value)]
pub(crate) fn verify_inclusion(
    record_hash: &[u8],
    index: Count,
    size: Count,
    proof: Vec<Bound<'_, PyBytes>>,
    root: &[u8],
) -> bool {
    let checked = || {
        let proof: Option<Vec<Hash>> = proof
            .iter()
            .map(|hash| as_hash(hash.as_bytes(), "proof").ok())
            .collect();
        Some(tree::verify_inclusion(
            &record(record_hash).ok()?,
            index.0?,
            size.0?,
            &proof?,
            &as_hash(root, "root").ok()?,
        ))
    };
    checked().unwrap_or(false)
}
