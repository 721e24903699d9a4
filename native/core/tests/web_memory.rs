//! What a nexo terminal wrote around its messages, and outside their seals, lies nowhere once it
//! was read: neither in memory that was given back, nor on the stack.

mod watched;

use countertop_core::terminal::nexo::seal::Key;
use countertop_core::terminal::nexo::told::{Sealed, open};
use countertop_core::terminal::web::Event;
use countertop_core::terminal::web::http::{Reader, Side};
use countertop_core::terminal::web::socket::{self, NONCE_BYTES};
use watched::{CARD, Left, freed_count, left_by, writings};

const NONCE: &[u8; NONCE_BYTES] = b"the sample nonce";
/// Source: RFC 6455, section 1.3.
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A clear message where a sealed one belongs, with the number in every way of writing.
fn clear() -> String {
    let told: Vec<String> = writings()
        .iter()
        .map(|one| format!("\"{one}\":\"{one}\""))
        .collect();
    format!(
        "{{\"SaleToPOIResponse\":{{\"Clear\":{{{}}},\"Number\":{CARD},\"NexoBlob\":\"\",\
         \"SecurityTrailer\":{{\"AdyenCryptoVersion\":1,\"KeyVersion\":1,\
         \"KeyIdentifier\":\"{CARD}\"}}}}}}",
        told.join(",")
    )
}

fn headers() -> String {
    let told: Vec<String> = writings()
        .iter()
        .enumerate()
        .map(|(number, one)| format!("X-{number}-{CARD}: {one}\r\n"))
        .collect();
    told.concat()
}

/// Answers and posts of one kind, by their lengths, in chunks, and to the end.
fn carried(first: &str) -> Vec<String> {
    let (head, body) = (format!("{first}\r\nHost: x\r\n{}", headers()), clear());
    let length = body.len();
    vec![
        format!("{head}Content-Length: {length}\r\n\r\n{body}"),
        format!(
            "{head}Transfer-Encoding: chunked\r\n\r\n{length:x};{CARD}\r\n{body}\r\n0\r\n\
             {}\r\n",
            headers()
        ),
        format!("{head}Connection: close\r\n\r\n{body}"),
    ]
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).expect("it is short");
    let mut out = vec![first];
    match u8::try_from(length) {
        Ok(short) if short < 126 => out.push(short),
        _ => {
            out.push(126);
            out.extend(length.to_be_bytes());
        }
    }
    out.extend(payload);
    out
}

fn opened() -> String {
    format!(
        "HTTP/1.1 101 {CARD}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {ACCEPT}\r\n{}\r\n",
        headers()
    )
}

/// Open what was carried, as the binding does; nothing of it is sealed.
fn refuse(event: &Event<'_>, key: &Key, seen: &mut usize) {
    if let Event::Message(message) = event {
        let sealed = Sealed {
            key,
            identifier: "shop",
            version: 1,
            poi_id: "",
        };
        assert!(open(message.body, &sealed).is_err());
        *seen += 1;
    }
}

#[test]
fn what_http_carried_leaves_nothing() {
    let key = Key::derive(b"a passphrase");
    for (side, first) in [
        (Side::Answer, format!("HTTP/1.1 200 {CARD}")),
        (Side::Post, format!("POST /{CARD} HTTP/1.1")),
    ] {
        for whole in carried(&first) {
            let bytes = whole.as_bytes();
            let mut seen = 0;
            let left = left_by(|| {
                let mut reader = Reader::new(side);
                for piece in bytes.chunks(1_000) {
                    reader.feed(piece, &mut |event| refuse(&event, &key, &mut seen));
                }
                reader.end(&mut |event| refuse(&event, &key, &mut seen));
                assert!(reader.is_clean());
            });
            assert!(seen >= 1, "it was read");
            assert!(freed_count() >= 2, "blocks were looked at");
            assert_eq!(left, Left::default());
            // A connection that breaks in the middle of the body.
            let left = left_by(|| {
                let mut reader = Reader::new(side);
                reader.feed(&bytes[..bytes.len() - 400], &mut |_| ());
            });
            assert_eq!(left, Left::default());
        }
    }
}

#[test]
fn what_http_refused_leaves_nothing() {
    let head = format!("HTTP/1.1 200 {CARD}\r\n{}", headers());
    for last in ["no colon", "Content-Length: 99999999", "X: \0"] {
        let bytes = format!("{head}{last}\r\n\r\n{}", clear()).into_bytes();
        let left = left_by(|| {
            let mut reader = Reader::new(Side::Answer);
            let mut words = 0;
            reader.feed(&bytes, &mut |event| {
                words += usize::from(matches!(event, Event::Over(_)));
            });
            assert_eq!(words, 1);
            assert!(reader.is_clean());
        });
        assert_eq!(left, Left::default());
    }
}

#[test]
fn what_a_websocket_carried_leaves_nothing() {
    let key = Key::derive(b"a passphrase");
    let body = clear();
    let (one, two) = body.as_bytes().split_at(body.len() / 2);
    let closing = [&1_000_u16.to_be_bytes()[..], CARD.as_bytes()].concat();
    let frames = [
        frame(0x81, body.as_bytes()),
        frame(0x01, one),
        frame(0x89, CARD.as_bytes()),
        frame(0x80, two),
        frame(0x8A, CARD.as_bytes()),
        frame(0x88, &closing),
    ];
    let bytes = [opened().as_bytes(), &frames.concat()].concat();
    let mut seen = 0;
    let left = left_by(|| {
        let mut reader = socket::Reader::new(NONCE);
        for piece in bytes.chunks(1_000) {
            reader.feed(piece, &mut |event| refuse(&event, &key, &mut seen));
            let owed = reader.owed([0x5A, 0xA5, 0x3C, 0xC3]);
            drop(owed);
        }
        assert!(reader.is_clean());
    });
    assert_eq!(seen, 2);
    assert_eq!(left, Left::default());
    for kept in [bytes.len() - 4, opened().len() + 900, opened().len() - 2] {
        let left = left_by(|| {
            let mut reader = socket::Reader::new(NONCE);
            reader.feed(&bytes[..kept], &mut |_| ());
        });
        assert_eq!(left, Left::default());
    }
}
