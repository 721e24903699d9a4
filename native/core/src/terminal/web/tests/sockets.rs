//! How a `WebSocket` is asked for, what comes on it, and what ends it.

use super::super::HEAD_BYTES_MAX;
use super::super::socket::{self, hello, text};
use super::{NONCE, OPENED, frame, line, told, whole};
use crate::terminal::nexo::MESSAGE_BYTES_MAX;

/// What is owed, unmasked: the first byte, and what it carries.
fn owed(reader: &mut socket::Reader) -> Option<(u8, Vec<u8>)> {
    let frame = reader.owed([1, 2, 3, 4])?;
    let bytes = frame.as_slice();
    assert_eq!(usize::from(bytes[1]), 0x80 | (bytes.len() - 6));
    assert_eq!(&bytes[2..6], [1, 2, 3, 4]);
    let payload = bytes[6..].iter().zip([1, 2, 3, 4].into_iter().cycle());
    Some((bytes[0], payload.map(|(byte, mask)| byte ^ mask).collect()))
}

#[test]
fn a_websocket_is_asked_for_as_the_rfc_has_it() {
    let asked = String::from_utf8(hello("x:8443", "/nexo/", NONCE)).unwrap();
    assert!(asked.starts_with("GET /nexo/ HTTP/1.1\r\nHost: x:8443\r\n"));
    assert!(asked.contains("\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
    // Source: RFC 6455, section 5.7.
    let masked = [
        0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
    ];
    assert_eq!(text(b"Hello", [0x37, 0xfa, 0x21, 0x3d]), masked);
    assert_eq!(text(&[0; 126], [0; 4])[..4], [0x81, 0xFE, 0, 126]);
    assert_eq!(
        text(&vec![0; 65_536], [0; 4])[..10],
        [0x81, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0]
    );
}

#[test]
fn messages_of_a_websocket() {
    let all = whole(
        2,
        &line(&[
            frame(0x81, b"one"),
            frame(0x01, b"t"),
            frame(0x89, b"ping"),
            frame(0x00, b""),
            frame(0x80, b"wo"),
            frame(0x82, b"\xff"),
            frame(0x81, &[b'x'; 300]),
            frame(0x81, b""),
            frame(0x8A, b"pong"),
            frame(0x88, b"\x03\xe8bye"),
            frame(0x81, b"after"),
        ]),
    );
    let long = format!("200 kept {}", "x".repeat(300));
    assert_eq!(
        all,
        [
            "open",
            "200 kept one",
            "200 kept two",
            "200 kept \u{fffd}",
            &long,
            "200 kept ",
            "ended"
        ]
    );
    let mut reader = socket::Reader::new(NONCE);
    reader.feed(
        &line(&[frame(0x89, b"one"), frame(0x89, b"two")]),
        &mut |_| (),
    );
    assert_eq!(owed(&mut reader), Some((0x8A, b"two".to_vec())));
    assert_eq!(owed(&mut reader), None);
    assert!(reader.is_clean());
    reader.feed(&frame(0x88, b"\x03\xe8"), &mut |_| ());
    assert_eq!(owed(&mut reader), Some((0x88, vec![0x03, 0xE8])));
}

#[test]
fn what_ends_a_websocket() {
    let mut large = vec![0x81, 127];
    large.extend((MESSAGE_BYTES_MAX as u64 + 1).to_be_bytes());
    let mut absurd = vec![0x81, 127];
    absurd.extend(u64::MAX.to_be_bytes());
    let rest = MESSAGE_BYTES_MAX - 1;
    for (frames, word, code) in [
        (vec![frame(0x88, b"\x03\xe8")], "ended", 1_000),
        (vec![frame(0x88, b"")], "link_lost", 1_000),
        (vec![frame(0x88, b"\x03\xf0")], "link_lost", 1_008),
        (vec![frame(0x88, b"\x03\xea")], "http_broken", 1_002),
        (vec![frame(0x88, b"\x03\xf1")], "too_long", 1_009),
        (vec![frame(0x88, b"\x03")], "http_broken", 1_002),
        (vec![frame(0x88, b"\x03\xed")], "http_broken", 1_002),
        (vec![frame(0x88, b"\x03\xe8\xff")], "http_broken", 1_007),
        (vec![frame(0x81, b"\xff")], "http_broken", 1_007),
        (
            vec![frame(0x01, b"\xc3"), frame(0x80, b"(")],
            "http_broken",
            1_007,
        ),
        (vec![frame(0xC1, b"")], "http_broken", 1_002),
        (vec![frame(0x83, b"")], "http_broken", 1_002),
        (vec![frame(0x8B, b"")], "http_broken", 1_002),
        (vec![frame(0x09, b"")], "http_broken", 1_002),
        (vec![frame(0x89, &[0; 126])], "http_broken", 1_002),
        (vec![frame(0x80, b"")], "http_broken", 1_002),
        (
            vec![frame(0x01, b""), frame(0x81, b"")],
            "http_broken",
            1_002,
        ),
        (vec![vec![0x81, 0x80]], "http_broken", 1_002),
        (vec![large], "too_long", 1_009),
        (vec![absurd], "too_long", 1_009),
        (
            vec![frame(0x01, &vec![b'x'; rest]), frame(0x80, b"xx")],
            "too_long",
            1_009,
        ),
    ] {
        let mut reader = socket::Reader::new(NONCE);
        let mut all = Vec::new();
        reader.feed(&line(&frames), &mut |event| all.push(told(&event)));
        assert_eq!(all, ["open", word], "{:?}", &frames[0][..2]);
        assert!(reader.is_clean());
        let (first, payload) = owed(&mut reader).expect("the other side is told");
        assert_eq!((first, payload), (0x88, u16::to_be_bytes(code).to_vec()));
        assert_eq!(
            whole(2, &[&line(&frames)[..], b"\x81\x00"].concat()),
            ["open", word]
        );
    }
    assert_eq!(whole(2, &line(&[])), ["open", "link_lost"]);
}

#[test]
fn what_opens_no_websocket() {
    let opened = String::from_utf8(OPENED.to_vec()).unwrap();
    for other in [
        opened.replace("s3p", "s3q"),
        opened.replace("101", "200"),
        opened.replace("HTTP/1.1", "HTTP/1.0"),
        opened.replace("Upgrade: websocket", "Upgrade: h2c"),
        opened.replace("Connection: Upgrade", "Connection: close"),
        opened.replace(
            "\r\n\r\n",
            "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
        ),
        opened.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: x\r\n\r\n"),
        opened.replace("Sec-WebSocket-Accept", "X-Accept"),
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".into(),
        "\r\n".into(),
        "x".repeat(HEAD_BYTES_MAX + 1),
    ] {
        assert_eq!(whole(2, other.as_bytes()), ["no_websocket"], "{other:.90}");
    }
    assert_eq!(whole(2, &OPENED[..OPENED.len() - 1]), ["link_lost"]);
}
