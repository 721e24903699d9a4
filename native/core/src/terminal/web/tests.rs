//! Laws of what carries messages: cuts change nothing, damage panics nothing, nothing is left.

use super::http::{Reader, Side};
use super::socket::{self, NONCE_BYTES};
use super::{Event, HEAD_BYTES_MAX, HEAD_LINES_MAX, INTERIM_MAX};
use crate::terminal::chance::Chance;
use crate::terminal::nexo::MESSAGE_BYTES_MAX;

mod sockets;

const NONCE: &[u8; NONCE_BYTES] = b"the sample nonce";
/// Source: RFC 6455, section 1.3.
const OPENED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

trait Read {
    fn take(&mut self, bytes: &[u8], on: &mut dyn FnMut(Event<'_>));
    fn close(&mut self, on: &mut dyn FnMut(Event<'_>));
    fn is_left_clean(&self) -> bool;
}

macro_rules! reads {
    ($($kind:ty),*) => {$(
        impl Read for $kind {
            fn take(&mut self, bytes: &[u8], on: &mut dyn FnMut(Event<'_>)) {
                self.feed(bytes, on);
            }
            fn close(&mut self, on: &mut dyn FnMut(Event<'_>)) {
                self.end(on);
            }
            fn is_left_clean(&self) -> bool {
                self.is_clean()
            }
        }
    )*};
}
reads!(Reader, socket::Reader);

fn told(event: &Event<'_>) -> String {
    match event {
        Event::Open => "open".into(),
        Event::Over(over) => over.word().into(),
        Event::Message(message) => format!(
            "{}{} {}",
            message.status,
            if message.is_kept { " kept" } else { "" },
            String::from_utf8_lossy(message.body)
        ),
    }
}

fn reader(kind: usize) -> Box<dyn Read> {
    match kind {
        0 => Box::new(Reader::new(Side::Answer)),
        1 => Box::new(Reader::new(Side::Post)),
        _ => Box::new(socket::Reader::new(NONCE)),
    }
}

/// Everything a reader tells, with the end of the connection.
fn heard<'a>(kind: usize, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
    let mut reader = reader(kind);
    let mut all = Vec::new();
    for piece in pieces {
        reader.take(piece, &mut |event| all.push(told(&event)));
    }
    reader.close(&mut |event| all.push(told(&event)));
    assert!(reader.is_left_clean());
    all
}

fn whole(kind: usize, bytes: &[u8]) -> Vec<String> {
    heard(kind, [bytes])
}

fn answer(bytes: &[u8]) -> String {
    let all = whole(0, bytes);
    assert!(all.len() <= 1, "one answer, or why there is none: {all:?}");
    all.into_iter().next().unwrap_or_default()
}

#[test]
fn answers() {
    for (bytes, expected) in [
        (
            &b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"[..],
            "200 kept {}",
        ),
        (
            b"HTTP/1.1 200\r\ncontent-length:2 \r\n\r\n{}",
            "200 kept {}",
        ),
        (
            b"HTTP/1.1 200 \ncontent-length: 2, 2\ncontent-length: 2\n\n{}",
            "200 kept {}",
        ),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", "200 {}"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: x, Close\r\n\r\n{}",
            "200 {}",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\
              Connection: close\r\nConnection: close\r\n\r\n{}",
            "200 {}",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\
              Connection: close\r\nConnection: x\r\n\r\n{}",
            "200 {}",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n\
              1;x=\"y\"\r\n{\r\n01\r\n}\r\n0\r\n\r\n",
            "200 kept {}",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
              a\r\n0123456789\r\n0\r\nX: y\r\n\r\n",
            "200 kept 0123456789",
        ),
        // Chunks go before a length. Source: RFC 9112, section 6.3.
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "200 kept ",
        ),
        (
            b"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n",
            "204 kept ",
        ),
        (b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n", "503 kept "),
        (b"HTTP/1.1 200 OK\r\n\r\n{} ", "200 {} "),
        (
            b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
            "200 kept ",
        ),
        (
            b"HTTP/1.1 102 X\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}more",
            "200 kept {}",
        ),
    ] {
        assert_eq!(
            answer(bytes),
            expected,
            "{}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[test]
fn no_answers() {
    for (bytes, expected) in [
        (&b""[..], "link_lost"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "link_lost"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
            "link_lost",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
            "link_lost",
        ),
        (b"\r\n", "http_broken"),
        (b"HTTP/2.0 200 OK\r\n\r\n", "http_broken"),
        (b"HTTP/1.1 20 OK\r\n\r\n", "http_broken"),
        (b"HTTP/1.1 099 OK\r\n\r\n", "http_broken"),
        (b"HTTP/1.1 200OK\r\n\r\n", "http_broken"),
        (b"HTTP/1.1 2x0 OK\r\n\r\n", "http_broken"),
        (b"HTTP/1.1 200 O\x7FK\r\n\r\n", "http_broken"),
        (b"HTTP/1.1 200 OK\r\na: \x7F\r\n\r\n", "http_broken"),
        (b"HTTP/1.1 200 OK\r\na: b\r\n \x00\r\n\r\n", "http_broken"),
        (b"HTTP/1.1 101 OK\r\n\r\n", "http_broken"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "http_broken"),
        (b"HTTP/1.1 200 OK\r\na b: c\r\n\r\n", "http_broken"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n{}",
            "http_broken",
        ),
        (b"HTTP/1.1 200 OK\r\n: c\r\n\r\n", "http_broken"),
        (b"HTTP/1.1 200 OK\r\na: \x00\r\n\r\n", "http_broken"),
        (b"HTTP/1.1 200 OK\r\n b\r\n\r\n", "http_broken"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n 3\r\n\r\n",
            "http_broken",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "http_broken",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "http_broken",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
            "http_broken",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n",
            "http_broken",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551617\r\n\r\n",
            "http_broken",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 262145\r\n\r\n",
            "too_long",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "http_broken",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            "http_broken",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
            "http_broken",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{} ",
            "http_broken",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\rx",
            "http_broken",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40001\r\n",
            "too_long",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
            "http_broken",
        ),
    ] {
        assert_eq!(
            answer(bytes),
            expected,
            "{}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[test]
fn bounds() {
    let head = b"HTTP/1.1 200 OK\r\n".to_vec();
    let lines = |count: usize| [&head[..], &b"a: b\r\n".repeat(count), b"\r\n"].concat();
    assert_eq!(answer(&lines(HEAD_LINES_MAX)), "200 ");
    assert_eq!(answer(&lines(HEAD_LINES_MAX + 1)), "http_broken");
    let long = [&head[..], b"a: ", &b"b".repeat(HEAD_BYTES_MAX)].concat();
    assert_eq!(answer(&long), "http_broken");
    let body = b"x".repeat(MESSAGE_BYTES_MAX);
    assert!(answer(&[&head[..], b"\r\n", &body].concat()).starts_with("200 x"));
    assert_eq!(
        answer(&[&head[..], b"\r\n", &body, b"x"].concat()),
        "too_long"
    );
    let chunked = [&head[..], b"Transfer-Encoding: chunked\r\n\r\n"].concat();
    let ones = b"1\r\nx\r\n".repeat(MESSAGE_BYTES_MAX);
    assert_eq!(answer(&[&chunked[..], &ones].concat()), "link_lost");
    assert_eq!(
        answer(&[&chunked[..], &ones, b"1\r\n"].concat()),
        "too_long"
    );
    let line = [&chunked[..], b"1;", &b"x".repeat(2_000)].concat();
    assert_eq!(answer(&line), "http_broken");
    let trailers = [&chunked[..], b"0\r\n", &b"a: b\r\n".repeat(HEAD_BYTES_MAX)].concat();
    assert_eq!(answer(&trailers), "http_broken");
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(INTERIM_MAX as usize + 1);
    assert_eq!(answer(&interim), "http_broken");
}

#[test]
fn posts_come_one_after_the_other() {
    let one = b"POST /nexo/ HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    let two =
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
    let none = b"POST / HTTP/1.1\r\nHost: x\r\n\r\n";
    let last = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nPOST";
    let all = whole(1, &[&one[..], two, none, last].concat());
    assert_eq!(all, ["200 kept {}", "200 kept a", "200 kept ", "200 "]);
    for (bytes, expected) in [
        (&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], "method_unknown"),
        (b"POST / HTTP/1.1\r\n\r\n", "http_broken"),
        (
            b"POST / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
            "http_broken",
        ),
        (b"POST /a b HTTP/1.1\r\nHost: x\r\n\r\n", "http_broken"),
        (b"POST  HTTP/1.1\r\nHost: x\r\n\r\n", "http_broken"),
        (b" / HTTP/1.1\r\nHost: x\r\n\r\n", "http_broken"),
        (b"P(ST / HTTP/1.1\r\nHost: x\r\n\r\n", "http_broken"),
        (b"POST \x7f HTTP/1.1\r\nHost: x\r\n\r\n", "http_broken"),
        (
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 262145\r\n\r\n",
            "too_long",
        ),
        (
            b"POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\n{}",
            "link_lost",
        ),
    ] {
        assert_eq!(whole(1, bytes), [expected]);
    }
}

/// A frame as a server writes it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    match payload.len() {
        short @ 0..126 => out.push(u8::try_from(short).unwrap()),
        long @ 126..65_536 => {
            out.push(126);
            out.extend(u16::try_from(long).unwrap().to_be_bytes());
        }
        longer => {
            out.push(127);
            out.extend((longer as u64).to_be_bytes());
        }
    }
    out.extend(payload);
    out
}

fn line(frames: &[Vec<u8>]) -> Vec<u8> {
    [OPENED, &frames.concat()].concat()
}

/// Streams of all kinds, well and spoilt.
fn stream(chance: &mut Chance, kind: usize) -> Vec<u8> {
    let mut out = if kind == 2 {
        OPENED.to_vec()
    } else {
        Vec::new()
    };
    for _ in 0..=chance.index(4) {
        let size = chance.index(300);
        let body: Vec<u8> = chance.bytes(size).iter().map(|byte| byte & 0x7F).collect();
        let head: &[u8] = match (kind, chance.below(4)) {
            (0, 0) => b"HTTP/1.1 102 X\r\n\r\nHTTP/1.1 200 OK\r\nX:y\r\n",
            (0, _) => b"HTTP/1.1 200 OK\r\n",
            (1, 0) => b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n",
            _ => b"POST / HTTP/1.1\r\nHost: x\r\n",
        };
        match (kind, chance.below(3)) {
            (2, 0) => {
                let (one, two) = body.split_at(body.len() / 2);
                out.extend([frame(0x01, one), frame(0x89, b"ping"), frame(0x80, two)].concat());
            }
            (2, 1) => out.extend(frame(0x82, &body)),
            (2, _) => out.extend(frame(0x81, &body)),
            (_, 0) => {
                out.extend([head, b"Transfer-Encoding: chunked\r\n\r\n"].concat());
                for chunk in body.chunks(1 + chance.index(90)) {
                    out.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
                    out.extend([chunk, b"\r\n"].concat());
                }
                out.extend(b"0\r\n\r\n");
            }
            (0, 1) => out.extend([head, b"\r\n", &body].concat()),
            _ => {
                let length = format!("Content-Length: {}\r\n\r\n", body.len());
                out.extend([head, length.as_bytes(), &body].concat());
            }
        }
    }
    out
}

#[test]
fn cuts_change_nothing() {
    let mut chance = Chance(41);
    for round in 0..120 {
        for kind in 0..3 {
            let mut bytes = stream(&mut chance, kind);
            for _ in 0..round % 3 {
                let place = chance.index(bytes.len());
                bytes[place] ^= 1 << chance.index(8);
            }
            if round % 5 == 0 {
                bytes.truncate(chance.index(bytes.len()));
            }
            let expected = whole(kind, &bytes);
            assert_eq!(heard(kind, bytes.chunks(1)), expected);
            let step = 1 + chance.index(40);
            assert_eq!(heard(kind, bytes.chunks(step)), expected);
        }
    }
}

#[test]
fn whatever_is_cut_off_is_no_message() {
    let mut body = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n".to_vec();
    body.extend(b"hello, world");
    let chunked =
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nc\r\nhello, world\r\n0\r\n\r\n";
    for bytes in [&body[..], chunked] {
        assert_eq!(answer(bytes), "200 kept hello, world");
        for end in 0..bytes.len() {
            assert_eq!(answer(&bytes[..end]), "link_lost");
        }
    }
    let bytes = line(&[frame(0x81, b"hello, world")]);
    for end in 0..bytes.len() {
        let told = whole(2, &bytes[..end]);
        assert_eq!(told.last().unwrap(), "link_lost");
        assert!(told.len() <= 2, "no message: {told:?}");
    }
}

#[test]
fn noise_is_refused() {
    let mut chance = Chance(42);
    for _ in 0..300 {
        for kind in 0..3 {
            let size = chance.index(200);
            let mut bytes = chance.bytes(size);
            if kind == 2 {
                bytes.splice(0..0, OPENED.iter().copied());
            }
            let _ = whole(kind, &bytes);
        }
    }
}
