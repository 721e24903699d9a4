//! Messages of nexo terminals: bytes go in, and only what may be told comes out.

use crate::convert::CoreError;
use crate::forget::forget;
use countertop_core::terminal::nexo::Trouble;
use countertop_core::terminal::nexo::seal::{self, Key, NONCE_BYTES};
use countertop_core::terminal::nexo::told::{self, Opened, Sealed, Told};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyList, PyString};

/// A refusal on its way to Python: its code, and what more may be told.
fn refused(trouble: Trouble) -> PyErr {
    CoreError::new_err((trouble.code, trouble.detail))
}

/// The key of one shop and its terminals.
#[pyclass(frozen, module = "native._native")]
pub(crate) struct NexoKey {
    key: Key,
    identifier: String,
    version: u32,
}

#[pymethods]
impl NexoKey {
    #[new]
    fn new(py: Python<'_>, identifier: String, version: u32, passphrase: &str) -> Self {
        let key = py.detach(|| Key::derive(passphrase.as_bytes()));
        Self {
            key,
            identifier,
            version,
        }
    }

    /// Blob and MAC of a message.
    fn seal(&self, plain: &[u8], nonce: &[u8]) -> PyResult<(String, String)> {
        let nonce: &[u8; NONCE_BYTES] = nonce
            .try_into()
            .map_err(|_| PyValueError::new_err("a nonce has 16 bytes"))?;
        Ok(seal::seal(plain, &self.key, nonce))
    }

    /// Side, clear header and message of an envelope.
    #[pyo3(signature = (data, number, poi_id = ""))]
    fn open<'py>(
        &self,
        py: Python<'py>,
        data: &[u8],
        number: &Bound<'py, PyAny>,
        poi_id: &str,
    ) -> PyResult<Objects<'py>> {
        let opened = self.opened(data, poi_id);
        forget();
        objects(py, opened.map_err(refused)?, number)
    }
}

impl NexoKey {
    pub(crate) fn opened(&self, data: &[u8], poi_id: &str) -> Result<Opened, Trouble> {
        let sealed = Sealed {
            key: &self.key,
            identifier: &self.identifier,
            version: self.version,
            poi_id,
        };
        told::open(data, &sealed)
    }
}

/// Side, clear header and message of an envelope.
pub(crate) type Objects<'py> = (&'static str, Bound<'py, PyAny>, Bound<'py, PyAny>);

pub(crate) fn objects<'py>(
    py: Python<'py>,
    opened: Opened,
    number: &Bound<'py, PyAny>,
) -> PyResult<Objects<'py>> {
    let header = object(py, opened.header, number)?;
    Ok((opened.side, header, object(py, opened.message, number)?))
}

/// What may be told of a message in plain text.
#[pyfunction]
#[pyo3(signature = (data, number, poi_id = ""))]
pub(crate) fn nexo_read<'py>(
    py: Python<'py>,
    data: &[u8],
    number: &Bound<'py, PyAny>,
    poi_id: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let told = told::read(data, poi_id);
    forget();
    object(py, told.map_err(refused)?, number)
}

/// `number` makes an object of a number's digits.
fn object<'py>(
    py: Python<'py>,
    told: Told,
    number: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    Ok(match told {
        Told::Object(members) => {
            let made = PyDict::new(py);
            for (name, value) in members {
                made.set_item(PyString::intern(py, name), object(py, value, number)?)?;
            }
            made.into_any()
        }
        Told::List(values) => {
            let made = PyList::empty(py);
            for value in values {
                made.append(object(py, value, number)?)?;
            }
            made.into_any()
        }
        Told::Text(text) => PyString::new(py, &text).into_any(),
        Told::Pairs(pairs) => {
            let made = PyDict::new(py);
            for (name, value) in pairs {
                made.set_item(name, value)?;
            }
            made.into_any()
        }
        Told::Number(digits) => number.call1((digits,))?,
        Told::Flag(flag) => PyBool::new(py, flag).to_owned().into_any(),
        Told::Nothing => py.None().into_bound(py),
    })
}
