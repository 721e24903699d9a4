//! The hash chain and the tree.

use crate::convert::{Answer, Count, Int};
use countertop_core::chain::{self, Hash, Place, as_hash};
use countertop_core::{CoreError, tree};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

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
