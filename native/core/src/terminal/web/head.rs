//! The lines before a body: what of them decides how it is read, and nothing else.

use super::HEAD_LINES_MAX;

const LENGTH_DIGITS_MAX: usize = 18;

/// The first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    /// Of an answer.
    Status(u16),
    /// Of a request: whether it posts.
    Request { is_post: bool },
}

/// A head that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is what one line says, and they say it by themselves"
)]
pub(super) struct Head<'a> {
    pub first: First,
    /// How many bytes it says will follow.
    pub length: Option<u64>,
    /// Whether they come in chunks, whatever it says of a length.
    pub is_chunked: bool,
    /// Whether the connection stays.
    pub is_kept: bool,
    /// Whether it turns into a WebSocket, without anything nobody asked for.
    pub is_websocket: bool,
    /// What shows that the question for one was understood.
    pub accept: &'a [u8],
}

/// Whether `bytes`, taken one after the other, end with the empty line that ends a head.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    matches!(bytes, [b'\n'] | b"\r\n") || bytes.ends_with(b"\n\n") || bytes.ends_with(b"\n\r\n")
}

/// The head in `bytes`, which end with the empty line; none where it is no head.
pub(super) fn read(bytes: &[u8], is_answer: bool) -> Option<Head<'_>> {
    let mut lines = bytes.split(|byte| *byte == b'\n').map(without_return);
    let first = lines.next()?;
    let (first, is_old) = if is_answer {
        status_line(first)?
    } else {
        request_line(first)?
    };
    let mut seen = Seen::default();
    let mut last: &[u8] = &[];
    for (number, line) in lines.enumerate() {
        if line.is_empty() {
            // The one that ends it, and what `split` makes of its end.
            return seen.head(first, is_old);
        }
        if number >= HEAD_LINES_MAX {
            return None;
        }
        if matches!(line[0], b' ' | b'\t') {
            // A value that goes on in the next line; none of those that decide anything may.
            let is_other = !last.is_empty() && !DECIDING.iter().any(|one| is(last, one));
            (is_other && line.iter().all(|byte| is_of_value(*byte))).then_some(())?;
            continue;
        }
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (&line[..colon], trimmed(&line[colon + 1..]));
        let is_well = !name.is_empty()
            && name.iter().all(|byte| is_of_token(*byte))
            && value.iter().all(|byte| is_of_value(*byte));
        is_well.then_some(())?;
        seen.take(name, value)?;
        last = name;
    }
    None
}

const DECIDING: [&[u8]; 7] = [
    b"content-length",
    b"transfer-encoding",
    b"connection",
    b"upgrade",
    b"host",
    b"sec-websocket-accept",
    b"sec-websocket-extensions",
];

/// What the lines said.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "as above")]
struct Seen<'a> {
    length: Option<u64>,
    is_chunked: bool,
    closes: bool,
    upgrades: bool,
    is_websocket: bool,
    is_more: bool,
    hosts: u32,
    accept: Option<&'a [u8]>,
}

impl<'a> Seen<'a> {
    fn take(&mut self, name: &[u8], value: &'a [u8]) -> Option<()> {
        if is(name, b"content-length") {
            // The same length said twice is one.
            for one in value.split(|byte| *byte == b',').map(trimmed) {
                let length = number(one)?;
                if self.length.is_some_and(|before| before != length) {
                    return None;
                }
                self.length = Some(length);
            }
        } else if is(name, b"transfer-encoding") {
            if self.is_chunked || !is(value, b"chunked") {
                return None;
            }
            self.is_chunked = true;
        } else if is(name, b"connection") {
            let mut words = value.split(|byte| *byte == b',').map(trimmed);
            self.closes |= words.clone().any(|one| is(one, b"close"));
            self.upgrades |= words.any(|one| is(one, b"upgrade"));
        } else if is(name, b"upgrade") {
            self.is_websocket |= is(value, b"websocket");
        } else if is(name, b"sec-websocket-accept") {
            if self.accept.is_some() {
                return None;
            }
            self.accept = Some(value);
        } else if is(name, b"sec-websocket-extensions") || is(name, b"sec-websocket-protocol") {
            // Nobody asked for any.
            self.is_more = true;
        } else if is(name, b"host") {
            self.hosts += 1;
        }
        Some(())
    }

    fn head(&self, first: First, is_old: bool) -> Option<Head<'a>> {
        let is_request = matches!(first, First::Request { .. });
        if is_request && (self.hosts > 1 || (self.hosts == 0 && !is_old)) {
            return None;
        }
        Some(Head {
            first,
            length: self.length,
            is_chunked: self.is_chunked,
            is_kept: !is_old && !self.closes,
            is_websocket: !is_old && self.upgrades && self.is_websocket && !self.is_more,
            accept: self.accept.unwrap_or_default(),
        })
    }
}

/// `HTTP/1.1 200 OK`; the reason may be missing, and the space before it.
fn status_line(line: &[u8]) -> Option<(First, bool)> {
    let (version, rest) = line.split_at_checked(8)?;
    let is_old = is_old(version)?;
    let rest = rest.strip_prefix(b" ")?;
    let (digits, reason) = rest.split_at_checked(3)?;
    let is_well = matches!(reason, [] | [b' ', ..])
        && reason.iter().all(|byte| is_of_value(*byte))
        && digits.iter().all(u8::is_ascii_digit);
    let status = digits.iter().fold(0, |sum, digit| {
        sum * 10 + u16::from(digit.wrapping_sub(b'0'))
    });
    (is_well && (100..1_000).contains(&status)).then_some((First::Status(status), is_old))
}

/// `POST /nexo/ HTTP/1.1`.
fn request_line(line: &[u8]) -> Option<(First, bool)> {
    let mut words = line.split(|byte| *byte == b' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_well = words.next().is_none()
        && !method.is_empty()
        && method.iter().all(|byte| is_of_token(*byte))
        && !target.is_empty()
        && target.iter().all(|byte| matches!(byte, b'!'..=b'~'));
    let is_post = method == b"POST";
    is_well.then_some((First::Request { is_post }, is_old(version)?))
}

fn is_old(version: &[u8]) -> Option<bool> {
    match version {
        b"HTTP/1.1" => Some(false),
        b"HTTP/1.0" => Some(true),
        _ => None,
    }
}

/// A number in digits, as many as a length may have.
fn number(digits: &[u8]) -> Option<u64> {
    let is_well = (1..=LENGTH_DIGITS_MAX).contains(&digits.len());
    if !is_well || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(
        digits
            .iter()
            .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')),
    )
}

fn is(value: &[u8], wanted: &[u8]) -> bool {
    value.eq_ignore_ascii_case(wanted)
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn trimmed(value: &[u8]) -> &[u8] {
    let mut value = value;
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_of_value(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7F)
}

/// The size in the line before a chunk; what stands behind a semicolon is passed over.
pub(super) fn chunk_size(line: &[u8]) -> Option<u64> {
    let line = without_return(line.strip_suffix(b"\n")?);
    let end = line.iter().position(|byte| *byte == b';');
    let digits = trimmed(&line[..end.unwrap_or(line.len())]);
    if !(1..=15).contains(&digits.len()) {
        return None;
    }
    digits.iter().try_fold(0, |sum, digit| {
        let value = char::from(*digit).to_digit(16)?;
        Some(sum * 16 + u64::from(value))
    })
}
