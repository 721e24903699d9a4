//! Tests of the segment's one form: every rule of it has bytes that break it and nothing else.

use crate::book::PriceBook;
use crate::builder::Builder;
use crate::error::CoreError;
use crate::item::{MAX_MEASURE, MAX_SORT};
use crate::segment::Segment;
use crate::twin::drawn;

/// An item as it lies in the tables.
#[derive(Clone)]
struct RawItem {
    texts: [String; 4],
    price: i64,
    words: [u32; 3],
    sort: u32,
    unit: u8,
    flags: u8,
}

/// A segment's parts, packed without looking whether they make sense.
#[derive(Clone)]
struct Raw {
    words: Vec<String>,
    items: Vec<RawItem>,
    codes: Vec<(String, u32, i64, i64)>,
    text: Option<Vec<u8>>,
    /// The form that has them, and place, litres, kilograms and degrees of each measured item.
    measured: Option<Vec<[u32; 4]>>,
}

fn raw_item(item_id: &str) -> RawItem {
    RawItem {
        texts: [item_id, "name", "", ""].map(str::to_owned),
        price: 5,
        words: [0, 1, 0],
        sort: 0,
        unit: 0,
        flags: 2,
    }
}

fn sound() -> Raw {
    Raw {
        words: vec![String::new(), "tax".into()],
        items: vec![raw_item("a"), raw_item("b")],
        codes: vec![("1".into(), 0, -1, 1_000), ("2".into(), 1, 0, 1)],
        text: None,
        measured: None,
    }
}

fn four(count: usize) -> [u8; 4] {
    u32::try_from(count).unwrap().to_le_bytes()
}

impl Raw {
    fn bytes(&self) -> Vec<u8> {
        let (mut tables, mut text) = (Vec::new(), Vec::new());
        let mut add = |tables: &mut Vec<u8>, part: &str| {
            tables.extend(u16::try_from(part.len()).unwrap().to_le_bytes());
            text.extend(part.bytes());
        };
        for word in &self.words {
            add(&mut tables, word);
        }
        for item in &self.items {
            for part in &item.texts {
                add(&mut tables, part);
            }
            tables.extend(item.price.to_le_bytes());
            for number in item.words.into_iter().chain([item.sort]) {
                tables.extend(number.to_le_bytes());
            }
            tables.extend([item.unit, item.flags]);
        }
        for (code, item, price, factor) in &self.codes {
            add(&mut tables, code);
            tables.extend(item.to_le_bytes());
            tables.extend(price.to_le_bytes());
            tables.extend(factor.to_le_bytes());
        }
        let measured = self.measured.iter().flatten().flatten();
        tables.extend(measured.flat_map(|part| part.to_le_bytes()));
        let text = self.text.clone().unwrap_or(text);
        let mut bytes = b"CTSEG\0\0\x01".to_vec();
        let mut counts = vec![
            self.words.len(),
            self.items.len(),
            self.codes.len(),
            text.len(),
        ];
        if let Some(measured) = &self.measured {
            bytes[7] = 2;
            counts.push(measured.len());
        }
        bytes.extend(counts.into_iter().flat_map(four));
        bytes.extend(tables);
        bytes.extend(text);
        bytes
    }

    fn refused(change: impl FnOnce(&mut Self)) -> (&'static str, &'static str) {
        let mut raw = sound();
        change(&mut raw);
        match Segment::parse(&raw.bytes()) {
            Err(CoreError::Segment { at, why }) => (at, why),
            other => panic!("taken: {other:?}"),
        }
    }

    fn taken(change: impl FnOnce(&mut Self)) {
        let mut raw = sound();
        change(&mut raw);
        let bytes = raw.bytes();
        let book = PriceBook::from_segment(&bytes).unwrap();
        assert_eq!(book.to_segment().unwrap(), bytes);
    }
}

#[test]
fn order_and_references_are_checked() {
    Raw::taken(|_| {});
    Raw::taken(|raw| {
        *raw = Raw {
            words: vec![],
            items: vec![],
            codes: vec![],
            text: None,
            measured: None,
        }
    });
    let order = "not in ascending order";
    let words = Raw::refused(|raw| raw.words.swap(0, 1));
    assert_eq!(words, ("words", order));
    assert_eq!(
        Raw::refused(|raw| raw.words[0] = "tax".into()),
        ("words", order)
    );
    let items = ("items", "not in ascending order of id");
    assert_eq!(Raw::refused(|raw| raw.items.swap(0, 1)), items);
    assert_eq!(Raw::refused(|raw| raw.items[1] = raw_item("a")), items);
    assert_eq!(Raw::refused(|raw| raw.codes.swap(0, 1)), ("codes", order));
    assert_eq!(
        Raw::refused(|raw| raw.codes[1].0 = "1".into()),
        ("codes", order)
    );
    let group = Raw::refused(|raw| raw.items[1].texts[3] = "b".into());
    assert_eq!(group, ("items", "a group that should be left empty"));
    Raw::taken(|raw| raw.items[1].texts[3] = "a".into());
    let missing = Raw::refused(|raw| raw.items[0].words[2] = 2);
    assert_eq!(missing, ("items", "a word that is not there"));
    let unused = Raw::refused(|raw| raw.words.push("z".into()));
    assert_eq!(unused, ("words", "one that no item uses"));
    let dangling = Raw::refused(|raw| raw.codes[1].1 = 2);
    assert_eq!(dangling, ("codes", "an item that is not there"));
}

#[test]
fn figures_stay_in_their_ranges() {
    for unit in 0..4 {
        Raw::taken(|raw| raw.items[0].unit = unit);
    }
    assert_eq!(
        Raw::refused(|raw| raw.items[0].unit = 4),
        ("items", "an unknown unit")
    );
    for flags in 0..4 {
        Raw::taken(|raw| raw.items[0].flags = flags);
    }
    let odd = ("items", "an unknown flag or a sort out of range");
    for flags in [4, 5, 128] {
        assert_eq!(Raw::refused(|raw| raw.items[0].flags = flags), odd);
    }
    Raw::taken(|raw| raw.items[0].sort = MAX_SORT);
    assert_eq!(Raw::refused(|raw| raw.items[0].sort = MAX_SORT + 1), odd);
    Raw::taken(|raw| raw.items[0].price = i64::MIN);
    let range = ("codes", "a price or factor out of range");
    assert_eq!(Raw::refused(|raw| raw.codes[0].2 = -2), range);
    assert_eq!(Raw::refused(|raw| raw.codes[1].3 = 0), range);
    Raw::taken(|raw| raw.codes[1].3 = i64::MAX);
}

#[test]
fn texts_have_their_lengths() {
    let wrong = |at| (at, "a text too short or too long");
    assert_eq!(
        Raw::refused(|raw| raw.items[0].texts[0] = String::new()),
        wrong("items")
    );
    for (part, most) in [(0, 128), (1, 1_024), (2, 1_024), (3, 128)] {
        // An id of many letters is above "a" and below "b".
        Raw::taken(|raw| raw.items[0].texts[part] = "a".repeat(most));
        let long = Raw::refused(|raw| raw.items[0].texts[part] = "a".repeat(most + 1));
        assert_eq!(long, wrong("items"));
    }
    Raw::taken(|raw| raw.words[1] = "t".repeat(1_024));
    assert_eq!(
        Raw::refused(|raw| raw.words[1] = "t".repeat(1_025)),
        wrong("words")
    );
    Raw::taken(|raw| raw.codes[1].0 = "2".repeat(128));
    assert_eq!(
        Raw::refused(|raw| raw.codes[1].0 = "2".repeat(129)),
        wrong("codes")
    );
    assert_eq!(
        Raw::refused(|raw| raw.codes[0].0 = String::new()),
        wrong("codes")
    );
}

#[test]
fn the_text_is_what_the_lengths_say() {
    let text = b"taxanamebname12".to_vec();
    Raw::taken(|raw| raw.text = Some(text.clone()));
    let more = Raw::refused(|raw| raw.text = Some([&*text, b"x"].concat()));
    assert_eq!(more, ("text", "more text than the lengths say"));
    let past = "a text past the end or ending inside a letter";
    let less = Raw::refused(|raw| raw.text = Some(text[..14].to_vec()));
    assert_eq!(less, ("codes", past));
    let split = Raw::refused(|raw| raw.text = Some("taäanamebname12".into()));
    assert_eq!(split, ("words", past));
    let binary = Raw::refused(|raw| raw.text = Some(b"tax\xffnamebname12".to_vec()));
    assert_eq!(binary, ("text", "not UTF-8"));
}

#[test]
fn the_header_gives_the_length() {
    let bytes = sound().bytes();
    let why = |bytes: &[u8]| match Segment::parse(bytes) {
        Err(CoreError::Segment { at, why }) => (at, why),
        other => panic!("taken: {other:?}"),
    };
    for end in 0..24 {
        assert_eq!(why(&bytes[..end]), ("header", "too short"));
    }
    let length = ("header", "the length does not follow from the counts");
    for end in 24..bytes.len() {
        assert_eq!(why(&bytes[..end]), length);
    }
    assert_eq!(why(&[&*bytes, &[0]].concat()), length);
    for at in 8..24 {
        let mut changed = bytes.clone();
        changed[at] ^= 0xff;
        assert_eq!(why(&changed), length);
    }
    let mut other = bytes.clone();
    other[7] = 3;
    assert_eq!(why(&other), ("header", "another magic or version"));
}

#[test]
fn measures_stand_with_their_items() {
    let with = |rows: &[[u32; 4]]| Some(rows.to_vec());
    let wrong = |rows: &[[u32; 4]]| Raw::refused(|raw| raw.measured = with(rows));
    Raw::taken(|raw| raw.measured = with(&[[1, 700, 0, 28_000]]));
    Raw::taken(|raw| raw.measured = with(&[[0, 0, 1, 0], [1, MAX_MEASURE, 0, 0]]));
    let range = ("measures", "one that says nothing or is out of range");
    assert_eq!(wrong(&[[0, 0, 0, 0]]), range);
    assert_eq!(wrong(&[[0, 0, 0, MAX_MEASURE + 1]]), range);
    let form = ("measures", "another form than the content has");
    assert_eq!(wrong(&[]), form);
    let order = ("measures", "not in ascending order");
    assert_eq!(wrong(&[[1, 1, 0, 0], [0, 1, 0, 0]]), order);
    assert_eq!(wrong(&[[1, 1, 0, 0], [1, 1, 0, 0]]), order);
    let dangling = ("measures", "an item that is not there");
    assert_eq!(wrong(&[[2, 1, 0, 0]]), dangling);
}

#[test]
fn a_catalog_in_the_first_form_gains_measures_and_loses_them_again() {
    let bytes = sound().bytes();
    let book = PriceBook::from_segment(&bytes).unwrap();
    let mut item = book.find_item("a").unwrap().item;
    let plain = item.clone();
    assert!(item.measures.is_none());
    item.measures.litres_milli = 1_500;
    let sells = [("1", -1, 1_000)];
    let measured = book.with_item(item, &sells).unwrap();
    let again = PriceBook::from_segment(&measured.to_segment().unwrap()).unwrap();
    let litres = |code| {
        again
            .find_code(code)
            .unwrap()
            .unwrap()
            .item
            .measures
            .litres_milli
    };
    assert_eq!((litres("1"), litres("2")), (1_500, 0));
    let back = again.with_item(plain, &sells).unwrap();
    assert_eq!(back.to_segment().unwrap(), bytes);
}

#[test]
fn whatever_is_flipped_is_refused_or_is_another_catalog_in_its_one_form() {
    let mut measured = sound();
    measured.measured = Some(vec![[0, 1_500, 0, 0], [1, 0, 0, 9]]);
    flip_all(&sound().bytes());
    flip_all(&measured.bytes());
}

fn flip_all(bytes: &[u8]) {
    for at in 0..bytes.len() {
        for flip in [1, 2, 4, 0x80, 0xff] {
            let mut changed = bytes.to_vec();
            changed[at] ^= flip;
            if let Ok(book) = PriceBook::from_segment(&changed) {
                assert_eq!(book.to_segment().unwrap(), changed);
                assert_eq!(book.segment_hash(), crate::chain::sha256(&changed));
            }
        }
    }
}

#[test]
fn a_code_needs_its_item() {
    let mut builder = Builder::default();
    builder.put_item(drawn::item("a", "A")).unwrap();
    builder.put_code("1", "b", -1, 1_000).unwrap();
    let refused = builder.build().unwrap_err();
    assert_eq!(
        refused.to_string(),
        "code \"1\" sells item \"b\", which is not in the catalog"
    );
    builder.put_item(drawn::item("b", "B")).unwrap();
    assert!(builder.build().is_ok());
}
