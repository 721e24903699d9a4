//! Whatever is typed into the search, over whatever the goods are called: an answer, in bounds.
#![no_main]

use countertop_core::book::PriceBook;
use countertop_core::builder::Builder;
use countertop_core::item::{Item, Measures, Unit};
use libfuzzer_sys::fuzz_target;

const LIMIT: usize = 8;

fn item(id: &str, name: &str, price: i64) -> Item {
    Item {
        item_id: id.into(),
        name: name.into(),
        variation: "".into(),
        department: "Food".into(),
        tax_class: "reduced".into(),
        unit_price_micros: price,
        unit: Unit::from_word("piece").expect("a unit"),
        open_price: false,
        discountable: true,
        group: "".into(),
        image: "".into(),
        sort: 1,
        measures: Measures::default(),
    }
}

// The first line is typed; each other line is the name and the code of an item.
fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines();
    let typed = lines.next().unwrap_or_default();
    let mut builder = Builder::default();
    for (number, name) in lines.take(64).enumerate() {
        let id = format!("i{number}");
        if builder.put_item(item(&id, name, 1_000_000)).is_ok() {
            let _ = builder.put_code(name, &id, -1, 1_000);
        }
    }
    let segment = builder
        .build()
        .expect("items that were taken make a segment");
    let book = PriceBook::from_segment(&segment).expect("what was built is read");
    let found = book.search(typed, LIMIT);
    assert!(found.len() <= LIMIT);
    let _ = book.find_code(typed);
    let _ = book.find_codes(typed);
    // An item is found by its own code, as it was put.
    for row in book.items(0, LIMIT) {
        for (code, ..) in book.codes_of(&row.item.item_id) {
            let hits = book.find_codes(&code).expect("a price that fits");
            assert!(hits.iter().any(|hit| hit.item.item_id == row.item.item_id));
        }
    }
});
