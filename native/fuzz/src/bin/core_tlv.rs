//! Whatever bytes stand where a chip's objects should: refused, or written again the same.
#![no_main]

use countertop_core::emv::tlv::{Dialect, decode, encode, tree};
use countertop_core::emv::{dol, screen};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut masked = bytes.to_vec();
    screen::search(&mut masked);
    assert_eq!(masked.len(), bytes.len());
    if let Ok(wanted) = dol::parse(bytes) {
        let size: usize = wanted.iter().map(|one| usize::from(one.bytes)).sum();
        assert_eq!(dol::build(&wanted, |_| Some(bytes)).len(), size);
    }
    let Ok(objects) = decode(bytes, Dialect::default()) else {
        return;
    };
    let nodes = tree(bytes, &objects);
    let again = encode(&nodes, Dialect::default()).expect("what was read can be written");
    let objects = decode(&again, Dialect::default()).expect("what was written can be read");
    assert_eq!(tree(&again, &objects), nodes);
});
