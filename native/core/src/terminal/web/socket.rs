//! A WebSocket this side opened: its answer, and the messages that come on it.
//!
//! What is too large is refused by its frame's header, before it is read. No extension is asked
//! for, so none is taken. Of several pings that came at once the last one is answered.

use super::head::{self, First};
use super::{Event, HEAD_BYTES_MAX, Message, Over};
use crate::base64;
use crate::terminal::nexo::MESSAGE_BYTES_MAX;
use crate::wipe::Wiped;
use sha1::{Digest, Sha1};

const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const HEADER_BYTES_MAX: usize = 10;
const CONTROL_BYTES_MAX: usize = 125;
const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
/// In the place of a length: it stands in so many bytes behind it.
const TWO_BYTES: u8 = 0x7E;
const EIGHT_BYTES: u8 = 0x7F;
/// Bytes of the nonce a WebSocket is asked for with.
pub const NONCE_BYTES: usize = 16;
/// Bytes of what a frame of this side is masked with; unforeseeable for each.
pub const MASK_BYTES: usize = 4;

mod opcode {
    pub const CONTINUED: u8 = 0;
    pub const TEXT: u8 = 1;
    pub const BINARY: u8 = 2;
    pub const CLOSE: u8 = 8;
    pub const PING: u8 = 9;
    pub const PONG: u8 = 10;
}

/// Codes of closing. Source: RFC 6455, section 7.4.1.
mod code {
    pub const ENDED: u16 = 1_000;
    pub const BROKEN: u16 = 1_002;
    pub const NO_TEXT: u16 = 1_007;
    pub const TOO_LONG: u16 = 1_009;
}

/// The nonce as it is written.
fn key(nonce: &[u8; NONCE_BYTES]) -> String {
    base64::encode(nonce)
}

/// What who understood the question answers.
fn accept(nonce: &[u8; NONCE_BYTES]) -> String {
    let mut hash = Sha1::new();
    hash.update(key(nonce).as_bytes());
    hash.update(GUID);
    base64::encode(&hash.finalize())
}

/// The question for a WebSocket.
pub fn hello(host: &str, path: &str, nonce: &[u8; NONCE_BYTES]) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\n\r\n",
        key(nonce)
    )
    .into_bytes()
}

/// A text message in one frame.
pub fn text(payload: &[u8], mask: [u8; MASK_BYTES]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + HEADER_BYTES_MAX + MASK_BYTES);
    out.push(FIN | opcode::TEXT);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short), _) if short < TWO_BYTES => out.push(MASKED | short),
        (_, Ok(long)) => {
            out.push(MASKED | TWO_BYTES);
            out.extend(long.to_be_bytes());
        }
        _ => {
            out.push(MASKED | EIGHT_BYTES);
            out.extend((payload.len() as u64).to_be_bytes());
        }
    }
    out.extend(mask);
    out.extend(masked(payload, mask));
    out
}

fn masked(payload: &[u8], mask: [u8; MASK_BYTES]) -> impl Iterator<Item = u8> {
    payload
        .iter()
        .zip(mask.into_iter().cycle())
        .map(|(byte, mask)| byte ^ mask)
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Answer,
    Header,
    /// So many bytes of a data frame, and whether it is the last of its message.
    Data(usize, bool),
    /// So many bytes of a frame of that kind.
    Control(usize, u8),
    Nothing,
}

/// Finds messages in a stream.
pub struct Reader {
    accept: String,
    next: Next,
    head: Wiped,
    header: Wiped,
    /// The kind of the message that has begun.
    kind: Option<u8>,
    body: Wiped,
    control: Wiped,
    /// The last ping that was not answered.
    ping: Wiped,
    owes_pong: bool,
    owes_close: Option<u16>,
}

impl Reader {
    /// A reader of what comes after `hello` with that nonce.
    pub fn new(nonce: &[u8; NONCE_BYTES]) -> Self {
        Self {
            accept: accept(nonce),
            next: Next::Answer,
            head: Wiped::new(HEAD_BYTES_MAX),
            header: Wiped::new(HEADER_BYTES_MAX),
            kind: None,
            body: Wiped::new(MESSAGE_BYTES_MAX),
            control: Wiped::new(CONTROL_BYTES_MAX),
            ping: Wiped::new(CONTROL_BYTES_MAX),
            owes_pong: false,
            owes_close: None,
        }
    }

    /// Whether nothing more is read.
    pub fn is_over(&self) -> bool {
        self.next == Next::Nothing
    }

    /// Whether the buffers hold nothing, not even what they held before.
    pub fn is_clean(&self) -> bool {
        let rooms = [
            &self.head,
            &self.header,
            &self.body,
            &self.control,
            &self.ping,
        ];
        rooms.into_iter().all(Wiped::is_clean)
    }

    /// Forget what was read, and read nothing more.
    pub fn drop_all(&mut self) {
        self.head.wipe();
        self.header.wipe();
        self.body.wipe();
        self.control.wipe();
        self.ping.wipe();
        self.owes_pong = false;
        self.next = Next::Nothing;
    }

    /// Take bytes, telling `on` of everything they complete.
    pub fn feed(&mut self, bytes: &[u8], on: &mut dyn FnMut(Event<'_>)) {
        let mut rest = bytes;
        while !rest.is_empty() && !self.is_over() {
            let count = match self.next {
                Next::Data(left, _) | Next::Control(left, _) => left.min(rest.len()),
                _ => 1,
            };
            self.take(&rest[..count], on);
            rest = &rest[count..];
        }
    }

    /// The connection ended.
    pub fn end(&mut self, on: &mut dyn FnMut(Event<'_>)) {
        if !self.is_over() {
            self.drop_all();
            on(Event::Over(Over::Lost));
        }
    }

    /// What has to be sent because of what came: a frame, in a buffer that is wiped.
    pub fn owed(&mut self, mask: [u8; MASK_BYTES]) -> Option<Wiped> {
        let mut payload = Wiped::new(CONTROL_BYTES_MAX);
        let kind = if let Some(code) = self.owes_close.take() {
            let _ = payload.extend(&code.to_be_bytes());
            opcode::CLOSE
        } else if self.owes_pong {
            self.owes_pong = false;
            let _ = payload.extend(self.ping.as_slice());
            self.ping.wipe();
            opcode::PONG
        } else {
            return None;
        };
        let mut frame = Wiped::new(2 + MASK_BYTES + CONTROL_BYTES_MAX);
        let length = u8::try_from(payload.len()).expect("a control frame is short");
        let _ = frame.extend(&[FIN | kind, MASKED | length]);
        let _ = frame.extend(&mask);
        for byte in masked(payload.as_slice(), mask) {
            let _ = frame.push(byte);
        }
        Some(frame)
    }

    /// Take as many bytes as belong together.
    fn take(&mut self, bytes: &[u8], on: &mut dyn FnMut(Event<'_>)) {
        let taken = match self.next {
            Next::Answer => self.answer(bytes, on),
            Next::Header => self.header(bytes, on),
            Next::Data(left, is_last) => {
                // There was room for all of it when its header was read.
                let _ = self.body.extend(bytes);
                self.next = Next::Data(left - bytes.len(), is_last);
                self.finish(on)
            }
            Next::Control(left, kind) => {
                let _ = self.control.extend(bytes);
                self.next = Next::Control(left - bytes.len(), kind);
                self.finish(on)
            }
            Next::Nothing => Ok(()),
        };
        if let Err((over, code)) = taken {
            self.drop_all();
            self.owes_close = code;
            on(Event::Over(over));
        }
    }

    fn answer(&mut self, bytes: &[u8], on: &mut dyn FnMut(Event<'_>)) -> Result<(), Failure> {
        if !self.head.extend(bytes) {
            return Err((Over::NoWebSocket, None));
        }
        if head::is_whole(self.head.as_slice()) {
            let read = head::read(self.head.as_slice(), true);
            let is_open = read.is_some_and(|head| {
                head.first == First::Status(101)
                    && head.is_websocket
                    && head.accept == self.accept.as_bytes()
            });
            self.head.wipe();
            if !is_open {
                return Err((Over::NoWebSocket, None));
            }
            self.next = Next::Header;
            on(Event::Open);
        }
        Ok(())
    }

    /// A frame's header. Source: RFC 6455, section 5.2.
    fn header(&mut self, bytes: &[u8], on: &mut dyn FnMut(Event<'_>)) -> Result<(), Failure> {
        let _ = self.header.extend(bytes);
        let [first, second, more @ ..] = self.header.as_slice() else {
            return Ok(());
        };
        let (is_last, kind, short) = (first & FIN != 0, first & 0x0F, second & 0x7F);
        let is_control = kind >= opcode::CLOSE;
        let is_known = matches!(
            kind,
            opcode::CONTINUED..=opcode::BINARY | opcode::CLOSE..=opcode::PONG
        );
        let is_wrong = first & 0x70 != 0
            || second & MASKED != 0
            || !is_known
            || (is_control && (!is_last || usize::from(short) > CONTROL_BYTES_MAX))
            || (!is_control && (kind == opcode::CONTINUED) != self.kind.is_some());
        if is_wrong {
            return Err(BROKEN);
        }
        let length = match (short, more) {
            (0..=125, _) => u64::from(short),
            (TWO_BYTES, [one, two]) => u64::from(u16::from_be_bytes([*one, *two])),
            (EIGHT_BYTES, more) if more.len() == 8 => more
                .iter()
                .fold(0, |sum, byte| (sum << 8) | u64::from(*byte)),
            _ => return Ok(()),
        };
        self.header.wipe();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if is_control {
            self.next = Next::Control(length, kind);
        } else {
            if length > self.body.room() {
                return Err((Over::TooLong, Some(code::TOO_LONG)));
            }
            self.kind.get_or_insert(kind);
            self.next = Next::Data(length, is_last);
        }
        self.finish(on)
    }

    /// Go on to the next frame, where this one is whole.
    fn finish(&mut self, on: &mut dyn FnMut(Event<'_>)) -> Result<(), Failure> {
        match self.next {
            Next::Data(0, true) => {
                let is_text = self.kind.take() == Some(opcode::TEXT);
                if is_text && std::str::from_utf8(self.body.as_slice()).is_err() {
                    return Err((Over::Broken, Some(code::NO_TEXT)));
                }
                on(Event::Message(Message {
                    status: 200,
                    is_kept: true,
                    body: self.body.as_slice(),
                }));
                self.body.wipe();
            }
            Next::Control(0, opcode::PING) => {
                self.ping.wipe();
                let _ = self.ping.extend(self.control.as_slice());
                self.owes_pong = true;
            }
            Next::Control(0, opcode::CLOSE) => return Err(closed(self.control.as_slice())),
            Next::Data(0, false) | Next::Control(0, _) => {}
            _ => return Ok(()),
        }
        self.control.wipe();
        self.next = Next::Header;
        Ok(())
    }
}

/// Why nothing more is read, and the code that is owed the other side.
type Failure = (Over, Option<u16>);

const BROKEN: Failure = (Over::Broken, Some(code::BROKEN));

/// What a frame of closing says. Source: RFC 6455, sections 5.5.1 and 7.4.
fn closed(payload: &[u8]) -> Failure {
    let [high, low, reason @ ..] = payload else {
        // Without a code it is not known to be in order.
        return if payload.is_empty() {
            (Over::Lost, Some(code::ENDED))
        } else {
            BROKEN
        };
    };
    let told = u16::from_be_bytes([*high, *low]);
    if !matches!(told, 1_000..=1_003 | 1_007..=1_014 | 3_000..=4_999) {
        return BROKEN;
    }
    if std::str::from_utf8(reason).is_err() {
        return (Over::Broken, Some(code::NO_TEXT));
    }
    let over = match told {
        code::ENDED => Over::Ended,
        code::BROKEN | code::NO_TEXT => Over::Broken,
        code::TOO_LONG => Over::TooLong,
        _ => Over::Lost,
    };
    (over, Some(told))
}
