//! Slow and obviously right, for tests: the catalog as two maps, its segment packed field by field,
//! its search by looking at everything; and random stories on which book and twin must agree.

mod catalog;
pub(crate) mod drawn;
pub(crate) mod found;

use crate::book::PriceBook;
use crate::builder::Builder;
use crate::item::Row;
use crate::text::words;
use catalog::Twin;
use drawn::{CODES, DEPARTMENTS, Dice, IDS, QUERIES, draw_code, draw_item};
use found::{Typed, distance, score};
use std::collections::BTreeSet;

/// A base of some items and codes, and its twin.
fn drawn_base(dice: &mut Dice) -> (PriceBook, Twin) {
    let (mut builder, mut twin) = (Builder::default(), Twin::default());
    for _ in 0..dice.below(9) {
        let item = draw_item(dice);
        builder.put_item(item.clone()).unwrap();
        twin.put(item.clone());
        for _ in 0..dice.below(3) {
            let code = draw_code(dice);
            builder
                .put_code(code.0, &item.item_id, code.1, code.2)
                .unwrap();
            twin.put_code(&item.item_id, code, false);
        }
        if dice.below(5) == 0 {
            let gone = dice.one(IDS);
            builder.remove_item(gone);
            twin.drop_item(gone);
        }
    }
    let bytes = builder.build().unwrap();
    assert_eq!(bytes, twin.segment());
    (PriceBook::from_segment(&bytes).unwrap(), twin)
}

fn change(dice: &mut Dice, book: &PriceBook, twin: &mut Twin) -> PriceBook {
    if dice.below(3) == 0 {
        let gone = dice.one(IDS);
        twin.drop_item(gone);
        return book.without_item(gone);
    }
    let item = draw_item(dice);
    let codes: Vec<_> = (0..dice.below(3)).map(|_| draw_code(dice)).collect();
    twin.drop_item(&item.item_id);
    twin.put(item.clone());
    for &code in &codes {
        twin.put_code(&item.item_id, code, true);
    }
    book.with_item(item, &codes).unwrap()
}

fn ids(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| &*row.item.item_id).collect()
}

fn agree(book: &PriceBook, twin: &Twin) {
    let all: Vec<Row> = twin.items.values().cloned().map(Row::from).collect();
    assert_eq!(book.item_count(), all.len());
    assert_eq!(book.items(0, 100), all);
    for offset in 0..=all.len() + 1 {
        let rest = all.get(offset..).unwrap_or_default();
        assert_eq!(book.items(offset, 2), &rest[..rest.len().min(2)]);
    }
    for id in IDS {
        assert_eq!(
            book.find_item(id),
            twin.items.get(*id).cloned().map(Row::from)
        );
        assert_eq!(book.codes_of(id), twin.codes_of(id));
    }
    for code in CODES
        .iter()
        .chain(&["0012345678", "nothing", "000000012345678"])
    {
        let rows: Vec<Row> = twin
            .meanings(code)
            .iter()
            .map(|code| twin.row(code))
            .collect();
        assert_eq!(book.find_codes(code).unwrap(), rows);
        let alone = (rows.len() == 1).then(|| rows[0].clone());
        assert_eq!(book.find_code(code).unwrap(), alone);
    }
    for department in DEPARTMENTS {
        let wanted: Vec<&str> = twin
            .grid(department)
            .iter()
            .map(|item| &*item.item_id)
            .collect();
        for limit in [0, 1, 2, 100] {
            let shown = &wanted[..wanted.len().min(limit)];
            assert_eq!(ids(&book.grid(department, limit)), shown);
        }
    }
    let mut departments: BTreeSet<&str> = twin.items.values().map(|i| &*i.department).collect();
    departments.remove("");
    assert_eq!(
        book.departments(),
        departments.into_iter().collect::<Vec<_>>()
    );
    assert_eq!(book.to_segment().unwrap(), twin.segment());
}

#[test]
fn a_book_and_its_twin_agree_after_every_change() {
    for seed in 0..50 {
        let mut dice = Dice::new(seed);
        let (mut book, mut twin) = drawn_base(&mut dice);
        agree(&book, &twin);
        for _ in 0..dice.below(5) {
            book = change(&mut dice, &book, &mut twin);
            agree(&book, &twin);
        }
    }
}

#[test]
fn a_search_and_its_twin_find_the_same_in_the_same_order() {
    for seed in 0..20 {
        let mut dice = Dice::new(1_000 + seed);
        let (mut book, mut twin) = drawn_base(&mut dice);
        for _ in 0..dice.below(3) {
            book = change(&mut dice, &book, &mut twin);
        }
        // Words that only together make a name are known across names in the base alone.
        let merged = PriceBook::from_segment(&book.to_segment().unwrap()).unwrap();
        let mut settled = twin.clone();
        settled
            .codes
            .values_mut()
            .for_each(|sold| sold.over = false);
        for query in QUERIES {
            for limit in [1, 100] {
                let wanted = settled.search(query, limit);
                assert_eq!(ids(&merged.search(query, limit)), wanted, "{query}");
            }
            assert!(merged.search(query, 0).is_empty());
        }
    }
}

#[test]
fn typing_errors_are_those_of_the_full_table() {
    let mut dice = Dice::new(7);
    let mut scratch = crate::text::Scratch::default();
    for _ in 0..3_000 {
        let [typed, word]: [Vec<char>; 2] = [8, 9].map(|most| {
            let length = dice.below(most);
            (0..length)
                .map(|_| ['a', 'b', 'c'][dice.below(3)])
                .collect()
        });
        for allowed in 1..=2 {
            let start = (0..=word.len())
                .map(|end| distance(&typed, &word[..end]))
                .min()
                .unwrap();
            let whole = distance(&typed, &word);
            let found = crate::text::typing_errors(&typed, &word, allowed, &mut scratch);
            let Some(found) = found else {
                assert!(start > allowed, "{typed:?} {word:?}");
                continue;
            };
            assert_eq!(found.0, start, "{typed:?} {word:?}");
            assert_eq!(
                found.1.min(allowed + 1),
                whole.min(allowed + 1),
                "{typed:?} {word:?}"
            );
        }
    }
}

#[test]
fn scores_are_those_of_the_twin() {
    use crate::search::{Matcher, NONE, Term, score_words};
    let mut dice = Dice::new(11);
    let mut matcher = Matcher::default();
    for _ in 0..2_000 {
        let mut draw = |most: usize| {
            let length = 1 + dice.below(most);
            let letters = (0..length).map(|_| ['a', 'b', 'é', '1'][dice.below(4)]);
            letters.collect::<String>()
        };
        let query = format!("{} {}", draw(7), draw(4));
        let named: Vec<String> = (0..9).map(|_| words(&draw(9)).concat()).collect();
        let terms = Term::all(&query);
        let typed: Vec<Typed> = words(&query).iter().map(|word| Typed::new(word)).collect();
        for errors in [false, true] {
            let wanted = score(&typed, &named, errors);
            let found = score_words(&terms, &named, errors, &mut matcher);
            let found = (found != NONE).then_some(usize::from(found));
            assert_eq!(found, wanted, "{query} {named:?}");
        }
    }
}
