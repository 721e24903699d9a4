//! Whatever a nexo terminal sends: read and told without a card number, or refused by name; and
//! what was told once is told the same again.
#![no_main]

use countertop_core::masking;
use countertop_core::masking::written::{Use, cleaned};
use countertop_core::terminal::nexo::names::is_of_transaction;
use countertop_core::terminal::nexo::seal::Key;
use countertop_core::terminal::nexo::told::{Sealed, Told, open, read};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// The digits of its model and serial look like a card's number.
const POI_ID: &str = "S1F2-000158213605019";
static KEY: LazyLock<Key> = LazyLock::new(|| Key::derive(b"p@ssw0rd123456"));

fuzz_target!(|bytes: &[u8]| {
    if let Ok(told) = read(bytes, POI_ID) {
        check(&told);
    }
    let sealed = Sealed {
        key: &KEY,
        identifier: "store-1",
        version: 1,
        poi_id: POI_ID,
    };
    if let Ok(opened) = open(bytes, &sealed) {
        check(&opened.header);
        check(&opened.message);
    }
    let once = cleaned(bytes, Use::Words);
    assert_eq!(cleaned(once.as_bytes(), Use::Words), once);
});

fn check(told: &Told) {
    match told {
        Told::Object(members) => members.iter().for_each(|(_, inner)| check(inner)),
        Told::List(values) => values.iter().for_each(check),
        // Names that must come back as they were told.
        Told::Text(text) if text == POI_ID || is_of_transaction(text.as_bytes()) => {}
        Told::Text(text) | Told::Number(text) => clean(text),
        Told::Pairs(pairs) => pairs.iter().for_each(|(name, value)| {
            clean(name);
            if name != "TransactionID" || !is_of_transaction(value.as_bytes()) {
                clean(value);
            }
        }),
        Told::Flag(_) | Told::Nothing => {}
    }
}

fn clean(text: &str) {
    let mut bytes = text.as_bytes().to_vec();
    masking::search_text(&mut bytes);
    assert_eq!(bytes, text.as_bytes());
}
