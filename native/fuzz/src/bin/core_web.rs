//! Whatever carries a terminal's messages: in any pieces the same, and nothing of it is left.
#![no_main]

use countertop_core::terminal::web::http::{Reader, Side};
use countertop_core::terminal::web::{Event, socket};
use libfuzzer_sys::fuzz_target;

const NONCE: &[u8; socket::NONCE_BYTES] = b"the sample nonce";

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else {
        return;
    };
    assert_eq!(heard(*kind, bytes, bytes.len()), heard(*kind, bytes, 1));
});

fn heard(kind: u8, bytes: &[u8], size: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut on = |event: Event<'_>| all.push(format!("{event:?}"));
    let pieces = bytes.chunks(size.max(1));
    let is_clean = if kind % 3 < 2 {
        let side = if kind.is_multiple_of(3) {
            Side::Answer
        } else {
            Side::Post
        };
        let mut reader = Reader::new(side);
        pieces.for_each(|piece| reader.feed(piece, &mut on));
        reader.end(&mut on);
        reader.is_clean()
    } else {
        let mut reader = socket::Reader::new(NONCE);
        for piece in pieces {
            reader.feed(piece, &mut on);
            let _ = reader.owed([1, 2, 3, 4]);
        }
        reader.end(&mut on);
        reader.is_clean()
    };
    assert!(is_clean);
    all
}
