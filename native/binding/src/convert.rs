//! Errors and integers at the border.

use countertop_core as core;
use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;

pyo3::create_exception!(
    native,
    CoreError,
    PyValueError,
    "Input the floor refuses: out of range, malformed segment, overflow. Nothing was changed."
);

/// A refusal on its way to Python.
pub(crate) struct Refused(core::CoreError);

/// What bound functions return.
pub(crate) type Answer<T> = Result<T, Refused>;

impl From<core::CoreError> for Refused {
    fn from(error: core::CoreError) -> Self {
        Self(error)
    }
}

impl From<Refused> for PyErr {
    fn from(refused: Refused) -> Self {
        CoreError::new_err(refused.0.to_string())
    }
}

/// An integer of `T`'s range; one outside it is a refusal like any other, not an `OverflowError`.
#[derive(Clone, Copy)]
pub(crate) struct Int<T>(pub(crate) T);

impl<'a, 'py, T> FromPyObject<'a, 'py> for Int<T>
where
    T: FromPyObject<'a, 'py, Error = PyErr>,
{
    type Error = PyErr;

    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let py = value.py();
        value.extract::<T>().map(Self).map_err(|error| {
            if error.is_instance_of::<PyOverflowError>(py) {
                CoreError::new_err("an integer must fit its 64 bits, and counts cannot be negative")
            } else {
                error
            }
        })
    }
}

/// A count, or None for any integer that is none.
pub(crate) struct Count(pub(crate) Option<u64>);

impl<'py> FromPyObject<'_, 'py> for Count {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match value.extract::<u64>() {
            Ok(count) => Ok(Self(Some(count))),
            Err(error) if error.is_instance_of::<PyOverflowError>(value.py()) => Ok(Self(None)),
            Err(error) => Err(error),
        }
    }
}

/// The bare numbers.
pub(crate) fn plain<T>(values: Vec<Int<T>>) -> Vec<T> {
    values.into_iter().map(|value| value.0).collect()
}
