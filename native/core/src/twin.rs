//! Slow and obviously right, for tests: the catalog as two maps, its segment packed field by field,
//! its search by looking at everything; and random stories on which book and twin must agree.

use crate::book::PriceBook;
use crate::builder::Builder;
use crate::item::{Item, Row, Unit};
use crate::text::words;
use std::collections::{BTreeMap, BTreeSet};

/// Numbers that look random and are the same each time (xorshift64*).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(drawn).unwrap() % count
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// An item of piece goods in no group, grid or department.
pub(crate) fn item(item_id: &str, name: &str) -> Item {
    Item {
        item_id: item_id.into(),
        name: name.into(),
        variation: "".into(),
        department: "".into(),
        tax_class: "t".into(),
        unit_price_micros: 1_000_000,
        unit: Unit::Piece,
        open_price: false,
        discountable: true,
        group: "".into(),
        image: "".into(),
        sort: 0,
    }
}

/// What a code sells, and whether that was said after the base was made.
#[derive(Debug, Clone, PartialEq)]
struct Sold {
    item_id: String,
    price: i64,
    factor: i64,
    over: bool,
}

#[derive(Debug, Clone, Default)]
struct Twin {
    items: BTreeMap<String, Item>,
    codes: BTreeMap<String, Sold>,
}

const IDS: &[&str] = &["a", "A", "ab", "abc", "b", "milk", "12345678", "z"];
const NAMES: &[&str] = &[
    "Milk",
    "Buttermilk",
    "Crème brûlée",
    "Choco late bar",
    "chocolate",
    "Coca-Cola",
    "bar",
    "Mlik drink",
    "a b c d e f g h i j",
    "milk chocolate",
    "chocolatebar",
    "Bread roll",
];
const VARIATIONS: &[&str] = &["", "", "large", "Small 2"];
const DEPARTMENTS: &[&str] = &["", "Food", "Drinks", "Foo"];
const CODES: &[&str] = &[
    "1",
    "12",
    "A",
    "ab",
    "AB",
    "abcd",
    "12345678",
    "012345678",
    "00012345678",
    "7612345678900",
    "07612345678900",
];
const QUERIES: &[&str] = &[
    "milk",
    "MILK",
    "mlik",
    "milkk",
    "mi",
    "m",
    "choclate",
    "chocolatebar",
    "choco bar",
    "late",
    "a",
    "A",
    "ab",
    "AB",
    "abc",
    "12345678",
    "0012345678",
    "12",
    "1",
    "creme",
    "brulee creme",
    "bred",
    "bread rol",
    "coca cola",
    "cocacola",
    "large milk",
    "smal",
    "bar bar",
    "?!",
    "",
    "a b c d e f g h i j k",
    "breadroll",
    "x",
    "76123",
    "buttermlk",
    "milkchocolate",
    "j i",
];

fn draw_item(dice: &mut Dice) -> Item {
    let units = [Unit::Piece, Unit::Kilogram, Unit::Litre, Unit::Metre];
    Item {
        variation: dice.one(VARIATIONS).into(),
        department: dice.one(DEPARTMENTS).into(),
        tax_class: dice.one(&["t", "u"]).into(),
        unit_price_micros: i64::try_from(dice.below(5)).unwrap() * 333_335 - 333_335,
        unit: units[dice.below(4)],
        open_price: dice.below(2) == 0,
        discountable: dice.below(2) == 0,
        group: dice.one(&["", "", "g", "a"]).into(),
        image: dice.one(&["", "🥐", "Food"]).into(),
        sort: [0, 1, 1, 2, 300][dice.below(5)],
        ..item(dice.one(IDS), dice.one(NAMES))
    }
}

fn draw_code(dice: &mut Dice) -> (&'static str, i64, i64) {
    let price = [-1, -1, 0, 250][dice.below(4)];
    (
        dice.one(CODES),
        price,
        [1_000, 1_000, 1, 12_000, 1_500][dice.below(5)],
    )
}

fn gtin(code: &str) -> Option<String> {
    let fits = (8..=14).contains(&code.len()) && code.chars().all(|c| c.is_ascii_digit());
    fits.then(|| format!("{code:0>14}"))
}

impl Twin {
    fn drop_item(&mut self, item_id: &str) {
        self.items.remove(item_id);
        self.codes.retain(|_, sold| sold.item_id != item_id);
    }

    fn put(&mut self, mut item: Item) {
        if item.group.is_empty() {
            item.group = item.item_id.clone();
        }
        self.items.insert(item.item_id.to_string(), item);
    }

    fn put_code(&mut self, item_id: &str, (code, price, factor): (&str, i64, i64), over: bool) {
        let item_id = item_id.to_owned();
        let sold = Sold {
            item_id,
            price,
            factor,
            over,
        };
        self.codes.insert(code.into(), sold);
    }

    fn codes_of(&self, item_id: &str) -> Vec<(String, i64, i64)> {
        let own = self
            .codes
            .iter()
            .filter(|(_, sold)| sold.item_id == item_id);
        own.map(|(code, sold)| (code.clone(), sold.price, sold.factor))
            .collect()
    }

    /// The codes that a text may mean, each thing sold once.
    fn meanings(&self, text: &str) -> Vec<String> {
        if self.codes.contains_key(text) {
            return vec![text.to_owned()];
        }
        let Some(wanted) = gtin(text) else {
            return Vec::new();
        };
        let mut found: Vec<String> = Vec::new();
        for over in [true, false] {
            for (code, sold) in &self.codes {
                let alike = gtin(code).as_ref() == Some(&wanted) && sold.over == over;
                let same = |other: &String| {
                    let other = &self.codes[other];
                    (&other.item_id, other.price, other.factor)
                        == (&sold.item_id, sold.price, sold.factor)
                };
                if alike && !found.iter().any(same) {
                    found.push(code.clone());
                }
            }
        }
        found
    }

    fn row(&self, code: &str) -> Row {
        let sold = &self.codes[code];
        let mut item = self.items[&sold.item_id].clone();
        if sold.price >= 0 {
            item.unit_price_micros = sold.price;
        } else {
            let product = item.unit_price_micros * sold.factor;
            item.unit_price_micros = (2 * product.abs() + 1_000) / 2_000 * product.signum();
        }
        Row {
            item,
            code: code.into(),
            factor_milli: sold.factor,
        }
    }

    fn grid(&self, department: &str) -> Vec<&Item> {
        let shown = |item: &&Item| {
            item.sort > 0 && (department.is_empty() || &*item.department == department)
        };
        let mut found: Vec<&Item> = self.items.values().filter(shown).collect();
        found.sort_by_key(|item| (item.sort, &item.name, &item.variation, &item.item_id));
        found
    }

    fn segment(&self) -> Vec<u8> {
        let items: Vec<&Item> = self.items.values().collect();
        let used = items
            .iter()
            .flat_map(|i| [&*i.department, &*i.tax_class, &*i.image]);
        let words: Vec<&str> = used.collect::<BTreeSet<_>>().into_iter().collect();
        let place = |word: &str| at(words.iter().position(|other| *other == word).unwrap());
        let (mut tables, mut text) = (Vec::new(), String::new());
        let mut add = |tables: &mut Vec<u8>, part: &str| {
            tables.extend(u16::try_from(part.len()).unwrap().to_le_bytes());
            text.push_str(part);
        };
        for word in &words {
            add(&mut tables, word);
        }
        for item in &items {
            let group = if item.group == item.item_id {
                ""
            } else {
                &item.group
            };
            for part in [&item.item_id, &item.name, &item.variation, group] {
                add(&mut tables, part);
            }
            tables.extend(item.unit_price_micros.to_le_bytes());
            for word in [&item.department, &item.tax_class, &item.image] {
                tables.extend(place(word).to_le_bytes());
            }
            tables.extend(item.sort.to_le_bytes());
            let flags = u8::from(item.open_price) + 2 * u8::from(item.discountable);
            tables.extend([item.unit as u8, flags]);
        }
        for (code, sold) in &self.codes {
            add(&mut tables, code);
            let item = items.iter().position(|item| *item.item_id == sold.item_id);
            tables.extend(at(item.unwrap()).to_le_bytes());
            tables.extend(sold.price.to_le_bytes());
            tables.extend(sold.factor.to_le_bytes());
        }
        let counts = [words.len(), items.len(), self.codes.len(), text.len()];
        let mut bytes = b"CTSEG\0\0\x01".to_vec();
        bytes.extend(counts.into_iter().flat_map(|count| at(count).to_le_bytes()));
        bytes.extend(tables);
        bytes.extend(text.bytes());
        bytes
    }

    fn search(&self, text: &str, limit: usize) -> Vec<String> {
        let typed: String = text.trim().chars().take(200).collect();
        let mut found = Vec::new();
        let mut add = |item_id: &str| {
            if self.items.contains_key(item_id)
                && found.len() < limit
                && !found.iter().any(|other| other == item_id)
            {
                found.push(item_id.to_owned());
            }
        };
        if typed.is_empty() {
            return found;
        }
        let mut spellings = vec![typed.clone(), typed.to_uppercase(), typed.to_lowercase()];
        spellings.dedup();
        for spelling in &spellings {
            for code in self.meanings(spelling) {
                add(&self.codes[&code].item_id);
            }
            add(spelling);
        }
        let mut starts: Vec<&str> = Vec::new();
        for start in &spellings {
            let codes = self
                .codes
                .iter()
                .filter(|(code, _)| code.starts_with(start));
            starts.extend(codes.map(|(_, sold)| sold.item_id.as_str()));
        }
        for start in &spellings {
            let ids = self.items.keys().filter(|id| id.starts_with(start));
            starts.extend(ids.map(String::as_str));
        }
        let names = self.by_names(&typed);
        let long = typed.chars().count() >= 3;
        let order = if long {
            [starts, names]
        } else {
            [names, starts]
        };
        order.concat().into_iter().for_each(&mut add);
        found
    }

    /// Ids by the words of their names: as typed, then with errors or other spaces.
    fn by_names(&self, typed: &str) -> Vec<&str> {
        let mut terms: Vec<Typed> = words(typed).iter().map(|word| Typed::new(word)).collect();
        terms.truncate(8);
        if terms.is_empty() {
            return Vec::new();
        }
        let strict = vec![(terms.clone(), false, 0)];
        let mut loose = vec![(terms.clone(), true, 0)];
        let known = |left: &str, right: &str| self.knows(left, right);
        loose.extend(
            rewritten(&terms, known)
                .into_iter()
                .map(|query| (query, false, 15)),
        );
        let mut ids: Vec<&str> = Vec::new();
        for queries in [strict, loose] {
            let mut scored = Vec::new();
            for item in self.items.values() {
                let named = [words(&item.name), words(&item.variation)].concat();
                let sums = queries.iter().filter_map(|(terms, errors, more)| {
                    score(terms, &named, *errors).map(|sum| sum + more)
                });
                if let Some(best) = sums.min() {
                    let key = (&*item.name, &*item.variation, &*item.item_id);
                    scored.push((best, item.name.len(), key));
                }
            }
            scored.sort_unstable();
            ids.extend(scored.into_iter().map(|(_, _, key)| key.2));
        }
        ids
    }

    /// Whether some name has `left` as a word and some name a word that starts like `right`; for
    /// what lies over the base it must be the same name.
    fn knows(&self, left: &str, right: &str) -> bool {
        let all = self.items.values();
        let named: Vec<String> = all
            .flat_map(|item| [words(&item.name), words(&item.variation)].concat())
            .collect();
        named.iter().any(|word| word == left) && named.iter().any(|word| word.starts_with(right))
    }
}

fn at(place: usize) -> u32 {
    u32::try_from(place).unwrap()
}

/// A typed word; where it is `whole`, longer words do not match.
#[derive(Clone)]
struct Typed {
    text: String,
    whole: bool,
}

impl Typed {
    fn new(word: &str) -> Self {
        Self {
            text: word.chars().take(40).collect(),
            whole: false,
        }
    }
}

fn rewritten(terms: &[Typed], known: impl Fn(&str, &str) -> bool) -> Vec<Vec<Typed>> {
    let mut queries = Vec::new();
    for at in 0..terms.len() {
        let text = &terms[at].text;
        if let Some(next) = terms.get(at + 1) {
            let joined = Typed {
                text: format!("{text}{}", next.text),
                whole: false,
            };
            queries.push([&terms[..at], &[joined], &terms[at + 2..]].concat());
        }
        let letters: Vec<char> = text.chars().collect();
        for cut in 2..letters.len().saturating_sub(1) {
            let [left, right] = [&letters[..cut], &letters[cut..]].map(String::from_iter);
            if known(&left, &right) {
                let pair = [
                    Typed {
                        text: left,
                        whole: true,
                    },
                    Typed {
                        text: right,
                        whole: false,
                    },
                ];
                queries.push([&terms[..at], &pair, &terms[at + 1..]].concat());
            }
        }
    }
    queries.truncate(8);
    queries
}

fn score(terms: &[Typed], named: &[String], errors: bool) -> Option<usize> {
    let mut sum = 0;
    for term in terms {
        let matching = named.iter().enumerate().filter_map(|(place, word)| {
            word_score(term, word, errors).map(|score| score + place.min(7))
        });
        sum += matching.min()?;
    }
    Some(sum)
}

fn word_score(term: &Typed, word: &str, errors: bool) -> Option<usize> {
    if word == term.text {
        return Some(0);
    }
    if word.starts_with(&term.text) && !term.whole {
        return Some(4);
    }
    let [typed, word] = [&term.text, word].map(|text| text.chars().collect::<Vec<char>>());
    let allowed = match typed.len() {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    };
    if !errors || allowed == 0 {
        return None;
    }
    let best = (0..=word.len())
        .map(|end| distance(&typed, &word[..end]))
        .min()?;
    let rest = if distance(&typed, &word) > best { 4 } else { 0 };
    (best <= allowed).then_some(best * 20 + rest)
}

/// Letters missing, too many, wrong or swapped with a neighbour, by the full table.
pub(crate) fn distance(typed: &[char], word: &[char]) -> usize {
    let mut cells = vec![vec![0; word.len() + 1]; typed.len() + 1];
    for row in 0..=typed.len() {
        for column in 0..=word.len() {
            cells[row][column] = if row == 0 || column == 0 {
                row + column
            } else {
                let wrong = usize::from(typed[row - 1] != word[column - 1]);
                let mut best = cells[row - 1][column - 1] + wrong;
                best = best
                    .min(cells[row - 1][column] + 1)
                    .min(cells[row][column - 1] + 1);
                let swapped = row > 1
                    && column > 1
                    && typed[row - 2] == word[column - 1]
                    && typed[row - 1] == word[column - 2];
                if swapped {
                    best.min(cells[row - 2][column - 2] + 1)
                } else {
                    best
                }
            };
        }
    }
    cells[typed.len()][word.len()]
}

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
