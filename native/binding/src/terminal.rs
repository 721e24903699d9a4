//! A terminal's cable: bytes go in or are read here, and only what may be told comes out.

use crate::emv::{nodes, refused, told};
use crate::forget::forget;
use countertop_core::emv::screen::{self, Rule};
use countertop_core::masking;
use countertop_core::terminal::zvt::{self, Input, Key, Lead, Value};
use countertop_core::terminal::{ACK, Bad, ENQ, EOT, Event, NAK, apdu, crc, dle, length, lrc};
use countertop_core::wipe::Wiped;
use pyo3::exceptions::{PyEOFError, PyOSError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt, PyList, PyString};
use std::io::{ErrorKind, Read};

const READ_BYTES: usize = 4_096;
const FRAME_BYTES_MAX: usize = 1 << 20;

/// One ZVT message, read and screened.
#[pyclass(frozen, get_all, module = "native._native")]
pub(crate) struct ZvtMessage {
    control: u16,
    fields: Py<PyDict>,
    withheld: Vec<String>,
    fault: Option<String>,
    check: u16,
}

#[pymethods]
impl ZvtMessage {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let fields = self.fields.bind(py).repr()?;
        Ok(format!(
            "ZvtMessage({:04X}, {fields}, withheld={:?}, fault={:?})",
            self.control, self.withheld, self.fault
        ))
    }
}

fn read_message(
    py: Python<'_>,
    bytes: &mut [u8],
    is_enquiry: bool,
    check: u16,
) -> PyResult<Option<ZvtMessage>> {
    let Ok(message) = zvt::read(bytes, is_enquiry) else {
        return Ok(None);
    };
    let fields = PyDict::new(py);
    for (key, value) in &message.fields {
        let value = match value {
            Value::Number(number) => PyInt::new(py, *number).into_any(),
            Value::Absent => py.None().into_bound(py),
            Value::Bytes(range) => PyBytes::new(py, &bytes[range.clone()]).into_any(),
            Value::Masked(range) => {
                PyString::new(py, &masking::shown(&bytes[range.clone()])).into_any()
            }
            Value::Objects(objects) => told(py, objects, |object| {
                // What is withheld was wiped where it stood.
                (zvt::container_rule(object.tag) != Rule::Withhold)
                    .then(|| PyBytes::new(py, &bytes[object.range()]))
            })?
            .into_any(),
        };
        match key {
            Key::Lead(lead) => fields.set_item(lead.word(), value)?,
            Key::Field(tag) => fields.set_item(*tag, value)?,
        }
    }
    Ok(Some(ZvtMessage {
        control: message.control,
        fields: fields.unbind(),
        withheld: message.withheld.iter().map(Key::to_string).collect(),
        fault: message.fault.map(|fault| fault.to_string()),
        check,
    }))
}

enum Framer {
    Tcp(apdu::Framer),
    Serial(dle::Framer),
}

/// The bytes of one ZVT terminal.
#[pyclass(module = "native._native")]
pub(crate) struct ZvtLink {
    framer: Framer,
    room: Wiped,
    /// Whether the register asked for the terminal's status, so that a completion tells that.
    #[pyo3(get, set)]
    is_enquiry: bool,
}

#[pymethods]
impl ZvtLink {
    #[new]
    fn new(is_serial: bool) -> Self {
        Self {
            framer: if is_serial {
                Framer::Serial(dle::Framer::new(apdu::BYTES_MAX))
            } else {
                Framer::Tcp(apdu::Framer::new())
            },
            room: Wiped::new(READ_BYTES),
            is_enquiry: false,
        }
    }

    /// Take bytes that came some other way than `read_from`.
    fn feed<'py>(&mut self, py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyList>> {
        let events = self.take(py, data);
        forget();
        events
    }

    /// Read once from a file descriptor, without waiting.
    fn read_from<'py>(
        &mut self,
        py: Python<'py>,
        descriptor: i32,
    ) -> PyResult<Option<Bound<'py, PyList>>> {
        match self.room.fill(|room| read_some(descriptor, room)) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(PyOSError::new_err(error)),
        }
        if self.room.is_empty() {
            return Err(PyEOFError::new_err("the terminal closed the connection"));
        }
        let room = std::mem::replace(&mut self.room, Wiped::new(0));
        let events = self.take(py, room.as_slice());
        self.room = room;
        self.room.wipe();
        forget();
        events.map(Some)
    }

    /// Forget a message that has begun; whether one had.
    fn drop_partial(&mut self) -> bool {
        match &mut self.framer {
            Framer::Tcp(framer) => framer.drop_partial(),
            Framer::Serial(framer) => framer.drop_partial(),
        }
    }

    #[getter]
    fn is_partial(&self) -> bool {
        match &self.framer {
            Framer::Tcp(framer) => framer.is_partial(),
            Framer::Serial(framer) => framer.is_partial(),
        }
    }

    #[getter]
    fn garbage_bytes(&self) -> u64 {
        match &self.framer {
            Framer::Tcp(framer) => framer.garbage(),
            Framer::Serial(framer) => framer.garbage(),
        }
    }

    /// Whether no byte received is kept anywhere in the buffers.
    #[getter]
    fn is_clean(&self) -> bool {
        let is_framer_clean = match &self.framer {
            Framer::Tcp(framer) => framer.is_clean(),
            Framer::Serial(framer) => framer.is_clean(),
        };
        is_framer_clean && self.room.is_clean()
    }
}

impl ZvtLink {
    // Never within its caller's frame, or what it left would lie above what is written over.
    #[inline(never)]
    fn take<'py>(&mut self, py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        let is_enquiry = self.is_enquiry;
        let mut outcome = Ok(());
        let mut on = |event: Event<'_>| {
            let added = match event {
                Event::Frame(bytes, check) => match read_message(py, bytes, is_enquiry, check) {
                    Ok(Some(message)) => list.append(message),
                    Ok(None) => list.append(Bad::Form.word()),
                    Err(error) => Err(error),
                },
                other => list.append(word(&other)),
            };
            if added.is_err() && outcome.is_ok() {
                outcome = added;
            }
        };
        match &mut self.framer {
            Framer::Tcp(framer) => framer.feed(data, &mut on),
            Framer::Serial(framer) => framer.feed(data, &mut on),
        }
        outcome.map(|()| list)
    }
}

fn word(event: &Event<'_>) -> &'static str {
    match event {
        Event::Control(ACK) => "ack",
        Event::Control(NAK) => "nak",
        Event::Control(ENQ) => "enq",
        Event::Control(EOT) => "eot",
        Event::Bad(bad) => bad.word(),
        Event::Control(_) | Event::Frame(..) | Event::Progress(_) => "",
    }
}

#[cfg(unix)]
fn read_some(descriptor: i32, room: &mut [u8]) -> std::io::Result<usize> {
    use std::fs::File;
    use std::os::fd::BorrowedFd;

    if descriptor < 0 {
        return Err(ErrorKind::InvalidInput.into());
    }
    // SAFETY: the descriptor is not -1. The caller owns it and holds the interpreter for the length
    // of this call, so nobody closes it meanwhile; one that is closed already makes the kernel
    // answer EBADF to the duplication, before anything is read.
    let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
    let mut file = File::from(borrowed.try_clone_to_owned()?);
    file.read(room)
}

#[cfg(not(unix))]
fn read_some(_: i32, _: &mut [u8]) -> std::io::Result<usize> {
    Err(ErrorKind::Unsupported.into())
}

/// Read one ZVT message.
#[pyfunction]
#[pyo3(signature = (data, is_enquiry = false))]
pub(crate) fn zvt_decode(py: Python<'_>, data: &[u8], is_enquiry: bool) -> PyResult<ZvtMessage> {
    let mut copy = Wiped::new(data.len());
    let _ = copy.extend(data);
    let message = read_message(py, copy.as_mut_slice(), is_enquiry, 0);
    forget();
    message?.ok_or_else(|| {
        refused(&zvt::Fault {
            trouble: zvt::Trouble::Length,
            at: 0,
        })
    })
}

/// Write one ZVT message.
#[pyfunction]
pub(crate) fn zvt_encode<'py>(
    py: Python<'py>,
    control: u16,
    fields: Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
) -> PyResult<Bound<'py, PyBytes>> {
    let fields = fields
        .into_iter()
        .map(|(name, value)| Ok((key(&name)?, input(&value)?)))
        .collect::<PyResult<Vec<_>>>()?;
    let bytes = zvt::write(control, &fields).map_err(|fault| refused(&fault))?;
    Ok(PyBytes::new(py, &bytes))
}

fn key(name: &Bound<'_, PyAny>) -> PyResult<Key> {
    if let Ok(word) = name.cast::<PyString>() {
        let word = word.to_str()?;
        return Lead::from_word(word)
            .map(Key::Lead)
            .ok_or_else(|| PyValueError::new_err(format!("{word} is no field of a message")));
    }
    Ok(Key::Field(name.extract()?))
}

fn input(value: &Bound<'_, PyAny>) -> PyResult<Input> {
    if value.is_none() {
        Ok(Input::Absent)
    } else if let Ok(bytes) = value.cast::<PyBytes>() {
        Ok(Input::Bytes(bytes.as_bytes().to_vec()))
    } else if let Ok(text) = value.cast::<PyString>() {
        Ok(Input::Card(text.to_str()?.to_owned()))
    } else if value.is_instance_of::<PyInt>() {
        Ok(Input::Number(value.extract()?))
    } else if value.is_instance_of::<PyList>() {
        Ok(Input::Objects(nodes(value)?))
    } else {
        Err(PyTypeError::new_err(
            "a field is an int, None, bytes, digits or a list of objects",
        ))
    }
}

/// A message as it goes over a serial line.
#[pyfunction]
pub(crate) fn zvt_frame<'py>(py: Python<'py>, message: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &dle::frame(message))
}

/// CRC-16/KERMIT.
#[pyfunction]
pub(crate) fn crc_kermit(data: &[u8]) -> u16 {
    crc::kermit(0, data)
}

/// Frames between STX and ETX with a check byte.
#[pyclass(module = "native._native")]
pub(crate) struct CheckedFramer {
    profile: lrc::Profile,
    framer: lrc::Framer,
}

#[pymethods]
impl CheckedFramer {
    #[new]
    fn new(profile: &str, bytes_max: usize) -> PyResult<Self> {
        let profile = match profile {
            "concert" => lrc::Profile::CONCERT,
            "ecr17" => lrc::Profile::ECR17,
            _ => return Err(PyValueError::new_err("a profile is concert or ecr17")),
        };
        let framer = lrc::Framer::new(profile, bytes_max.min(FRAME_BYTES_MAX));
        Ok(Self { profile, framer })
    }

    fn feed<'py>(&mut self, py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyList>> {
        let events = kept(py, |mut on| self.framer.feed(data, &mut on));
        forget();
        events
    }

    fn frame<'py>(&self, py: Python<'py>, data: &[u8]) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.profile.frame(data))
    }

    fn drop_partial(&mut self) -> bool {
        self.framer.drop_partial()
    }

    #[getter]
    fn is_partial(&self) -> bool {
        self.framer.is_partial()
    }

    #[getter]
    fn is_clean(&self) -> bool {
        self.framer.is_clean()
    }
}

/// Frames behind a big-endian length.
#[pyclass(module = "native._native")]
pub(crate) struct LengthFramer {
    width: length::Width,
    framer: length::Framer,
}

#[pymethods]
impl LengthFramer {
    #[new]
    fn new(width_bytes: usize, bytes_max: usize) -> PyResult<Self> {
        let width = match width_bytes {
            2 => length::Width::Two,
            4 => length::Width::Four,
            _ => return Err(PyValueError::new_err("a length has 2 or 4 bytes")),
        };
        let framer = length::Framer::new(width, bytes_max.min(FRAME_BYTES_MAX));
        Ok(Self { width, framer })
    }

    fn feed<'py>(&mut self, py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyList>> {
        let events = kept(py, |mut on| self.framer.feed(data, &mut on));
        forget();
        events
    }

    fn frame<'py>(&self, py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        self.width
            .frame(data)
            .map(|bytes| PyBytes::new(py, &bytes))
            .ok_or_else(|| PyValueError::new_err("the length does not hold so many bytes"))
    }

    fn drop_partial(&mut self) -> bool {
        self.framer.drop_partial()
    }

    #[getter]
    fn is_partial(&self) -> bool {
        self.framer.is_partial()
    }

    #[getter]
    fn is_clean(&self) -> bool {
        self.framer.is_clean()
    }
}

/// What a framer tells while it is fed. Nobody has read these frames yet, so all that looks like a
/// card number is masked.
#[inline(never)]
fn kept(
    py: Python<'_>,
    feed: impl FnOnce(&mut dyn FnMut(Event<'_>)),
) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    let mut outcome = Ok(());
    feed(&mut |event| {
        let added = match event {
            Event::Frame(bytes, _) | Event::Progress(bytes) => {
                screen::search(bytes);
                list.append(PyBytes::new(py, bytes))
            }
            other => list.append(word(&other)),
        };
        if added.is_err() && outcome.is_ok() {
            outcome = added;
        }
    });
    outcome.map(|()| list)
}
