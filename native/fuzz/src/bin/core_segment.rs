//! Whatever bytes stand where a catalog segment should: refused, or taken in their one form.
#![no_main]

use countertop_core::book::PriceBook;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(book) = PriceBook::from_segment(bytes) else {
        return;
    };
    assert_eq!(book.to_segment().as_deref(), Ok(bytes));
    for row in book.items(0, 4) {
        assert!(book.find_item(&row.item.item_id).is_some());
        for (code, ..) in book.codes_of(&row.item.item_id) {
            let _ = book.find_code(&code);
        }
    }
    for department in book.departments() {
        let _ = book.grid(&department, 4);
    }
});
