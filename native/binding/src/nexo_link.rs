//! The line to a nexo terminal, within TLS: what is decrypted is put into a room of the floor's,
//! read here, opened, and wiped; Python hears what may be told of it.

use crate::forget::forget;
use crate::nexo::{NexoKey, objects};
use countertop_core::terminal::web::http::{self, Side};
use countertop_core::terminal::web::socket::{self, MASK_BYTES, NONCE_BYTES};
use countertop_core::terminal::web::{Event, Message};
use countertop_core::wipe::Wiped;
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyList};

/// As much as one record of TLS holds, so that none is left half read. Source: RFC 8446,
/// section 5.1.
const ROOM_BYTES: usize = 16_384;
const OK: u16 = 200;

/// A message that came whole.
#[pyclass(frozen, get_all, module = "native._native")]
pub(crate) struct NexoMessage {
    status: u16,
    is_kept: bool,
    is_empty: bool,
    opened: Option<(&'static str, Py<PyAny>, Py<PyAny>)>,
    trouble: Option<(&'static str, String)>,
}

enum Reader {
    Http(http::Reader),
    Socket(socket::Reader),
}

impl Reader {
    fn feed(&mut self, bytes: &[u8], on: &mut dyn FnMut(Event<'_>)) {
        match self {
            Self::Http(reader) => reader.feed(bytes, on),
            Self::Socket(reader) => reader.feed(bytes, on),
        }
    }

    fn end(&mut self, on: &mut dyn FnMut(Event<'_>)) {
        match self {
            Self::Http(reader) => reader.end(on),
            Self::Socket(reader) => reader.end(on),
        }
    }
}

/// What comes on one connection.
#[pyclass(module = "native._native")]
pub(crate) struct NexoLink {
    reader: Reader,
    key: Py<NexoKey>,
    number: Py<PyAny>,
    poi_id: String,
    room: Py<PyByteArray>,
    /// While it is held, the room keeps its place and its size.
    held: PyBuffer<u8>,
    copy: Wiped,
}

#[pymethods]
impl NexoLink {
    #[new]
    #[pyo3(signature = (kind, key, number, nonce = None, poi_id = ""))]
    fn new(
        py: Python<'_>,
        kind: &str,
        key: Py<NexoKey>,
        number: Py<PyAny>,
        nonce: Option<&[u8]>,
        poi_id: &str,
    ) -> PyResult<Self> {
        let reader = match (kind, nonce) {
            ("answer", None) => Reader::Http(http::Reader::new(Side::Answer)),
            ("post", None) => Reader::Http(http::Reader::new(Side::Post)),
            ("socket", Some(nonce)) => Reader::Socket(socket::Reader::new(nonce_of(nonce)?)),
            _ => {
                let what = "a link is answer or post, or socket with a nonce";
                return Err(PyValueError::new_err(what));
            }
        };
        let room = PyByteArray::new(py, &[0; ROOM_BYTES]);
        Ok(Self {
            reader,
            key,
            number,
            poi_id: poi_id.to_owned(),
            held: PyBuffer::get(&room)?,
            room: room.unbind(),
            copy: Wiped::new(ROOM_BYTES),
        })
    }

    /// Where what is decrypted is put.
    #[getter]
    fn room(&self, py: Python<'_>) -> Py<PyByteArray> {
        self.room.clone_ref(py)
    }

    /// Take the first `count` bytes of the room; it is wiped.
    fn heard<'py>(&mut self, py: Python<'py>, count: usize) -> PyResult<Bound<'py, PyList>> {
        let events = self.take(py, count);
        forget();
        events
    }

    /// The other side will send nothing more.
    fn ended<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let events = self.told(py, |reader, on| reader.end(on));
        forget();
        events
    }

    /// Forget all that was read, and read nothing more.
    fn drop_all(&mut self, py: Python<'_>) -> PyResult<()> {
        match &mut self.reader {
            Reader::Http(reader) => reader.drop_all(),
            Reader::Socket(reader) => reader.drop_all(),
        }
        let wiped = self.wipe_room(py);
        forget();
        wiped
    }

    /// A frame that has to be sent because of what came, to be wiped once it was; empty if none.
    fn owed<'py>(&mut self, py: Python<'py>, mask: &[u8]) -> PyResult<Bound<'py, PyByteArray>> {
        let mask = mask_of(mask)?;
        let frame = match &mut self.reader {
            Reader::Http(_) => None,
            Reader::Socket(reader) => reader.owed(mask),
        };
        let owed = PyByteArray::new(py, frame.as_ref().map_or(&[], Wiped::as_slice));
        drop(frame);
        forget();
        Ok(owed)
    }

    /// Whether nothing that was received is kept anywhere in the buffers.
    #[getter]
    fn is_clean(&self, py: Python<'_>) -> bool {
        let is_reader_clean = match &self.reader {
            Reader::Http(reader) => reader.is_clean(),
            Reader::Socket(reader) => reader.is_clean(),
        };
        let is_room_clean = self
            .held
            .to_vec(py)
            .is_ok_and(|bytes| bytes.iter().all(|byte| *byte == 0));
        is_reader_clean && is_room_clean && self.copy.is_clean()
    }
}

impl NexoLink {
    // Never within its caller's frame, or what it left would lie above what is written over.
    #[inline(never)]
    fn take<'py>(&mut self, py: Python<'py>, count: usize) -> PyResult<Bound<'py, PyList>> {
        if count > ROOM_BYTES {
            return Err(PyValueError::new_err("the room has not so many bytes"));
        }
        let mut copy = std::mem::replace(&mut self.copy, Wiped::new(0));
        let taken = copy.fill(|room| self.held.copy_to_slice(py, room).map(|()| ROOM_BYTES));
        self.wipe_room(py)?;
        taken?;
        let events = self.told(py, |reader, on| {
            reader.feed(&copy.as_slice()[..count], on);
        });
        copy.wipe();
        self.copy = copy;
        events
    }

    /// All of it, since nobody says how much of it was written.
    fn wipe_room(&self, py: Python<'_>) -> PyResult<()> {
        self.held.copy_from_slice(py, &[0; ROOM_BYTES])
    }

    #[inline(never)]
    fn told<'py>(
        &mut self,
        py: Python<'py>,
        read: impl FnOnce(&mut Reader, &mut dyn FnMut(Event<'_>)),
    ) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        let (key, poi_id) = (self.key.get(), self.poi_id.as_str());
        let number = self.number.bind(py);
        let mut outcome = Ok(());
        read(&mut self.reader, &mut |event| {
            let added = match event {
                Event::Message(message) => {
                    told(py, key, poi_id, &message, number).and_then(|message| list.append(message))
                }
                Event::Open => list.append("open"),
                Event::Over(over) => list.append(over.word()),
            };
            if added.is_err() && outcome.is_ok() {
                outcome = added;
            }
        });
        outcome.map(|()| list)
    }
}

impl Drop for NexoLink {
    fn drop(&mut self) {
        // Writing noughts over bytes of the right size cannot fail.
        let _ = Python::attach(|py| self.wipe_room(py));
    }
}

/// An answer that is no success is not opened.
fn told(
    py: Python<'_>,
    key: &NexoKey,
    poi_id: &str,
    message: &Message<'_>,
    number: &Bound<'_, PyAny>,
) -> PyResult<NexoMessage> {
    let is_empty = message.body.is_empty();
    let mut made = NexoMessage {
        status: message.status,
        is_kept: message.is_kept,
        is_empty,
        opened: None,
        trouble: None,
    };
    if message.status == OK && !is_empty {
        match key.opened(message.body, poi_id) {
            Ok(opened) => {
                let (side, header, message) = objects(py, opened, number)?;
                made.opened = Some((side, header.unbind(), message.unbind()));
            }
            Err(trouble) => made.trouble = Some((trouble.code, trouble.detail)),
        }
    }
    Ok(made)
}

fn nonce_of(nonce: &[u8]) -> PyResult<&[u8; NONCE_BYTES]> {
    nonce
        .try_into()
        .map_err(|_| PyValueError::new_err("a nonce has 16 bytes"))
}

fn mask_of(mask: &[u8]) -> PyResult<[u8; MASK_BYTES]> {
    mask.try_into()
        .map_err(|_| PyValueError::new_err("a mask has 4 bytes"))
}

/// The question for a WebSocket.
#[pyfunction]
pub(crate) fn nexo_hello<'py>(
    py: Python<'py>,
    host: &str,
    path: &str,
    nonce: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(
        py,
        &socket::hello(host, path, nonce_of(nonce)?),
    ))
}

/// A text message of a WebSocket, masked.
#[pyfunction]
pub(crate) fn nexo_frame<'py>(
    py: Python<'py>,
    payload: &[u8],
    mask: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, &socket::text(payload, mask_of(mask)?)))
}
