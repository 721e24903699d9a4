//! The price book: one base segment and a small overlay, never changed in place.

use crate::builder::Builder;
use crate::chain::{Hash, sha256};
use crate::error::{CoreError, Result};
use crate::item::{Item, Row, Sells, gtin_number, pack_price};
use crate::overlay::{Entry, Overlay};
use crate::search::{Index, JOINED, Matcher, NONE, Score, Term, score_words};
use crate::segment::{Segment, place};
use std::collections::{BTreeSet, HashSet};
use std::ops::Bound;
use std::sync::Arc;

/// A base segment and what speeds its look-ups.
#[derive(Debug, Default)]
struct Base {
    segment: Segment,
    hash: Hash,
    /// Codes with a GTIN, by its number, then place.
    gtins: Box<[(u64, u32)]>,
    /// Codes by item, then text.
    by_item: Box<[u32]>,
    /// Items in the grid, by sort, then name.
    grid: Box<[u32]>,
    /// How many items have each word for their department.
    departments: Box<[u32]>,
    index: Index,
}

/// The price book. Cloning shares everything; each change is a new book.
#[derive(Debug, Clone)]
pub struct PriceBook {
    base: Arc<Base>,
    overlay: Arc<Overlay>,
}

/// Where an item lies.
#[derive(Clone, Copy)]
enum Source<'a> {
    Base(u32),
    Overlay(&'a Entry),
}

/// What a code sells.
struct CodeHit<'a> {
    code: &'a str,
    item_id: &'a str,
    price_micros: i64,
    factor_milli: i64,
}

/// What orders rows that are otherwise alike.
type NameKey<'a> = (&'a str, &'a str, &'a str);

impl Base {
    fn new(bytes: &[u8]) -> Result<Self> {
        let segment = Segment::parse(bytes)?;
        if segment.item_count() >= 1 << 29 {
            return Err(CoreError::Overflow {
                what: "the number of items",
            });
        }
        let codes = 0..place(segment.code_count());
        let mut gtins: Vec<(u64, u32)> = codes
            .clone()
            .filter_map(|at| Some((gtin_number(segment.code_text(at))?, at)))
            .collect();
        gtins.sort_unstable();
        let mut by_item: Vec<u32> = codes.collect();
        by_item.sort_unstable_by_key(|&at| (segment.code(at).item, at));
        let items = 0..place(segment.item_count());
        let mut departments = vec![0; segment.word_count()];
        for at in items.clone() {
            departments[segment.department(at) as usize] += 1;
        }
        let mut grid: Vec<u32> = items.filter(|&at| segment.sort(at) > 0).collect();
        grid.sort_unstable_by_key(|&at| (segment.sort(at), name_key(&segment, at)));
        Ok(Self {
            hash: sha256(bytes),
            gtins: gtins.into(),
            by_item: by_item.into(),
            grid: grid.into(),
            departments: departments.into(),
            index: Index::build(&segment),
            segment,
        })
    }

    /// The places of an item's codes.
    fn codes_of(&self, item: u32) -> &[u32] {
        let of = |at: &u32| self.segment.code(*at).item;
        let start = self.by_item.partition_point(|at| of(at) < item);
        let end = self.by_item.partition_point(|at| of(at) <= item);
        &self.by_item[start..end]
    }

    fn code(&self, at: u32) -> CodeHit<'_> {
        let record = self.segment.code(at);
        CodeHit {
            code: self.segment.code_text(at),
            item_id: self.segment.item_id(record.item),
            price_micros: record.price_micros,
            factor_milli: record.factor_milli,
        }
    }
}

fn name_key(segment: &Segment, at: u32) -> NameKey<'_> {
    (segment.name(at), segment.variation(at), segment.item_id(at))
}

impl<'a> CodeHit<'a> {
    fn of(code: &'a str, sells: &'a Sells) -> Self {
        Self {
            code,
            item_id: &sells.item_id,
            price_micros: sells.price_micros,
            factor_milli: sells.factor_milli,
        }
    }

    fn sells(&self) -> (&str, i64, i64) {
        (self.item_id, self.price_micros, self.factor_milli)
    }
}

impl PriceBook {
    /// A book without items.
    pub fn empty() -> Result<Self> {
        Self::from_segment(&Builder::default().build()?)
    }

    /// The book of a segment.
    pub fn from_segment(bytes: &[u8]) -> Result<Self> {
        Ok(Self {
            base: Arc::new(Base::new(bytes)?),
            overlay: Arc::default(),
        })
    }

    /// How many items it has.
    pub fn item_count(&self) -> usize {
        self.base.segment.item_count() - self.overlay.hidden.len() + self.entries().count()
    }

    /// SHA-256 of the base segment's bytes.
    pub fn segment_hash(&self) -> Hash {
        self.base.hash
    }

    /// A book in which `item` and exactly these codes replace what it had. A code that sold another
    /// item sells this one.
    pub fn with_item(&self, item: Item, codes: &[(&str, i64, i64)]) -> Result<Self> {
        let item = item.checked()?;
        let checked = codes
            .iter()
            .map(|&(code, price, factor)| {
                Ok((code, Sells::checked(code, &item.item_id, price, factor)?))
            })
            .collect::<Result<Vec<_>>>()?;
        let mut overlay = (*self.overlay).clone();
        self.clear_codes(&mut overlay, &item.item_id);
        for (code, sells) in checked {
            overlay.put_code(code, sells);
        }
        overlay.put_item(item);
        Ok(self.with_overlay(overlay))
    }

    /// A book without an item and its codes.
    #[must_use]
    pub fn without_item(&self, item_id: &str) -> Self {
        let mut overlay = (*self.overlay).clone();
        self.clear_codes(&mut overlay, item_id);
        overlay.items.remove(item_id);
        if self.base.segment.find_item(item_id).is_some() {
            overlay.items.insert(item_id.into(), None);
        }
        self.with_overlay(overlay)
    }

    /// Take from an item every code it has now, and hide it in the base.
    fn clear_codes(&self, overlay: &mut Overlay, item_id: &str) {
        let base = &self.base;
        for code in overlay.codes_of(item_id) {
            overlay.drop_code(&code, base.segment.find_code(&code).is_some());
        }
        if let Some(at) = base.segment.find_item(item_id) {
            overlay.hidden.insert(at);
            for &code in base.codes_of(at) {
                let code = base.segment.code_text(code);
                if !overlay.codes.contains_key(code) {
                    overlay.drop_code(code, true);
                }
            }
        }
    }

    fn with_overlay(&self, overlay: Overlay) -> Self {
        Self {
            base: Arc::clone(&self.base),
            overlay: Arc::new(overlay),
        }
    }

    /// Base and overlay as one segment.
    pub fn to_segment(&self) -> Result<Vec<u8>> {
        let mut builder = Builder::default();
        builder.merge(&self.base.segment)?;
        for (item_id, entry) in &self.overlay.items {
            match entry {
                Some(entry) => builder.put_item(entry.item.clone())?,
                None => builder.remove_item(item_id),
            }
        }
        for (code, sells) in &self.overlay.codes {
            match sells {
                Some(sells) => {
                    let factor = sells.factor_milli;
                    builder.put_code(code, &sells.item_id, sells.price_micros, factor)?;
                }
                None => builder.remove_code(code),
            }
        }
        builder.build()
    }

    /// The overlay's items.
    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.overlay
            .items
            .values()
            .filter_map(|entry| entry.as_deref())
    }

    fn source(&self, item_id: &str) -> Option<Source<'_>> {
        match self.overlay.items.get(item_id) {
            Some(entry) => entry.as_deref().map(Source::Overlay),
            None => self.base.segment.find_item(item_id).map(Source::Base),
        }
    }

    fn item(&self, source: Source<'_>) -> Item {
        match source {
            Source::Base(at) => self.base.segment.item(at),
            Source::Overlay(entry) => entry.item.clone(),
        }
    }

    fn key<'a>(&'a self, source: Source<'a>) -> NameKey<'a> {
        match source {
            Source::Base(at) => name_key(&self.base.segment, at),
            Source::Overlay(entry) => {
                let item = &entry.item;
                (&item.name, &item.variation, &item.item_id)
            }
        }
    }

    /// The item of an id.
    pub fn find_item(&self, item_id: &str) -> Option<Row> {
        self.source(item_id).map(|source| self.item(source).into())
    }

    /// The row a code sells: its price is the pack's. A GTIN is found however many leading zeros it
    /// has, if only one thing to sell matches. Refuses a pack price past 64 bits.
    pub fn find_code(&self, code: &str) -> Result<Option<Row>> {
        let Some(hit) = self.resolve(code) else {
            return Ok(None);
        };
        let Some(source) = self.source(hit.item_id) else {
            return Ok(None);
        };
        let mut item = self.item(source);
        item.unit_price_micros =
            pack_price(item.unit_price_micros, hit.price_micros, hit.factor_milli)?;
        Ok(Some(Row {
            item,
            code: hit.code.into(),
            factor_milli: hit.factor_milli,
        }))
    }

    fn resolve(&self, code: &str) -> Option<CodeHit<'_>> {
        match self.overlay.codes.get_key_value(code) {
            Some((code, Some(sells))) => return Some(CodeHit::of(code, sells)),
            Some((_, None)) => {}
            None => {
                if let Some(at) = self.base.segment.find_code(code) {
                    return Some(self.base.code(at));
                }
            }
        }
        let number = gtin_number(code)?;
        let mut hits = self.gtin_hits(number);
        let first = hits.next()?;
        hits.all(|other| other.sells() == first.sells())
            .then_some(first)
    }

    /// The codes that are the same GTIN, the overlay's first.
    fn gtin_hits(&self, number: u64) -> impl Iterator<Item = CodeHit<'_>> {
        let start: (u64, Arc<str>) = (number, "".into());
        let changed = self
            .overlay
            .gtins
            .range(start..)
            .take_while(move |entry| entry.0 == number)
            .filter_map(|(_, code)| {
                let sells = self.overlay.codes.get(code)?.as_ref()?;
                Some(CodeHit::of(code, sells))
            });
        let gtins = &self.base.gtins;
        let from = gtins.partition_point(|entry| entry.0 < number);
        let kept = gtins[from..]
            .iter()
            .take_while(move |entry| entry.0 == number)
            .map(|&(_, at)| self.base.code(at))
            .filter(|hit| !self.overlay.codes.contains_key(hit.code));
        changed.chain(kept)
    }

    /// An item's codes with price (-1: the item's own) and factor, ascending.
    pub fn codes_of(&self, item_id: &str) -> Vec<(String, i64, i64)> {
        let row = |hit: CodeHit<'_>| (hit.code.to_owned(), hit.price_micros, hit.factor_milli);
        if self.overlay.items.contains_key(item_id) {
            let codes = self.overlay.codes_of(item_id);
            let sells = |code: &Arc<str>| self.overlay.codes.get(code)?.clone();
            return codes
                .iter()
                .filter_map(|code| Some(row(CodeHit::of(code, &*sells(code)?))))
                .collect();
        }
        let Some(at) = self.base.segment.find_item(item_id) else {
            return Vec::new();
        };
        let codes = self.base.codes_of(at).iter();
        codes
            .map(|&code| self.base.code(code))
            .filter(|hit| !self.overlay.codes.contains_key(hit.code))
            .map(row)
            .collect()
    }

    /// Items in the grid (of all departments when empty), by sort, then name.
    pub fn grid(&self, department: &str, limit: usize) -> Vec<Row> {
        let segment = &self.base.segment;
        let wanted = |name: &str| department.is_empty() || name == department;
        let kept = self.base.grid.iter().copied();
        let mut found: Vec<Source<'_>> = kept
            .filter(|at| wanted(segment.word(segment.department(*at))))
            .filter(|at| !self.overlay.hidden.contains(at))
            .take(limit)
            .map(Source::Base)
            .collect();
        let changed = self.entries();
        found.extend(
            changed
                .filter(|entry| entry.item.sort > 0 && wanted(&entry.item.department))
                .map(Source::Overlay),
        );
        found.sort_by_key(|&source| {
            let sort = match source {
                Source::Base(at) => segment.sort(at),
                Source::Overlay(entry) => entry.item.sort,
            };
            (sort, self.key(source))
        });
        self.rows(found.into_iter().take(limit))
    }

    fn rows<'a>(&'a self, sources: impl Iterator<Item = Source<'a>>) -> Vec<Row> {
        sources.map(|source| self.item(source).into()).collect()
    }

    /// The departments that some item has, ascending.
    pub fn departments(&self) -> Vec<String> {
        let segment = &self.base.segment;
        let mut counts = self.base.departments.clone();
        for &at in &self.overlay.hidden {
            counts[segment.department(at) as usize] -= 1;
        }
        let used = (0..place(counts.len())).filter(|&word| counts[word as usize] > 0);
        let mut names: BTreeSet<&str> = used.map(|word| segment.word(word)).collect();
        names.extend(self.entries().map(|entry| &*entry.item.department));
        names.remove("");
        names.into_iter().map(str::to_owned).collect()
    }

    /// Items by id.
    pub fn items(&self, offset: usize, limit: usize) -> Vec<Row> {
        let segment = &self.base.segment;
        let hidden = &self.overlay.hidden;
        let skipped = if hidden.is_empty() && self.overlay.items.is_empty() {
            offset.min(segment.item_count())
        } else {
            0
        };
        let mut kept = (place(skipped)..place(segment.item_count()))
            .filter(|at| !hidden.contains(at))
            .peekable();
        let mut changed = self.entries().peekable();
        let merged = std::iter::from_fn(|| match (kept.peek(), changed.peek()) {
            (Some(&at), Some(entry)) if segment.item_id(at) < &*entry.item.item_id => {
                kept.next().map(Source::Base)
            }
            (_, Some(_)) => changed.next().map(Source::Overlay),
            (_, None) => kept.next().map(Source::Base),
        });
        let rest = merged.skip(offset - skipped.min(offset));
        rest.take(limit)
            .map(|source| self.item(source).into())
            .collect()
    }

    /// The best matches first: a code or id as typed, those that start so, names that have words
    /// starting so, names within one or two typing errors of each word. A query below three letters
    /// looks at the starts of codes and ids last.
    pub fn search(&self, text: &str, limit: usize) -> Vec<Row> {
        let typed: String = text.trim().chars().take(200).collect();
        let mut found = Found::new(limit);
        if typed.is_empty() || limit == 0 {
            return Vec::new();
        }
        let mut spellings = vec![typed.clone(), typed.to_uppercase(), typed.to_lowercase()];
        spellings.dedup();
        for spelling in &spellings {
            let sold = self.resolve(spelling).map(|hit| hit.item_id);
            for item_id in sold.into_iter().chain([spelling.as_str()]) {
                found.add(self, self.source(item_id));
            }
        }
        let long = typed.chars().count() >= 3;
        if long {
            self.add_prefixes(&spellings, &mut found);
        }
        let terms = Term::all(&typed);
        if !terms.is_empty() {
            self.add_names(&terms, &mut found);
        }
        if !long {
            self.add_prefixes(&spellings, &mut found);
        }
        self.rows(found.sources.into_iter())
    }

    /// Items with a code, then those with an id, that starts with one of the spellings.
    fn add_prefixes<'a>(&'a self, spellings: &[String], found: &mut Found<'a>) {
        let (segment, overlay) = (&self.base.segment, &self.overlay);
        for start in spellings {
            let mut ids: BTreeSet<(&str, &str)> = BTreeSet::new();
            let changed = overlay.codes.range::<str, _>(from(start));
            ids.extend(
                changed
                    .take_while(|(code, _)| code.starts_with(start.as_str()))
                    .filter_map(|(code, sells)| Some((&**code, &*sells.as_ref()?.item_id)))
                    .take(found.limit),
            );
            let kept = place(segment.first_code(start))..place(segment.code_count());
            ids.extend(
                kept.map(|at| self.base.code(at))
                    .take_while(|hit| hit.code.starts_with(start))
                    .filter(|hit| !overlay.codes.contains_key(hit.code))
                    .map(|hit| (hit.code, hit.item_id))
                    .take(found.limit),
            );
            for (_, item_id) in ids {
                found.add(self, self.source(item_id));
            }
        }
        for start in spellings {
            let mut ids: BTreeSet<&str> = BTreeSet::new();
            let changed = overlay.items.range::<str, _>(from(start));
            ids.extend(
                changed
                    .take_while(|(id, _)| id.starts_with(start.as_str()))
                    .filter_map(|(_, entry)| Some(&*entry.as_ref()?.item.item_id))
                    .take(found.limit),
            );
            let kept = place(segment.first_item(start))..place(segment.item_count());
            ids.extend(
                kept.take_while(|&at| segment.item_id(at).starts_with(start))
                    .filter(|at| !overlay.hidden.contains(at))
                    .map(|at| segment.item_id(at))
                    .take(found.limit),
            );
            for item_id in ids {
                found.add(self, self.source(item_id));
            }
        }
    }

    /// Items by the words of their names: first as typed, then with errors allowed.
    fn add_names<'a>(&'a self, terms: &[Term], found: &mut Found<'a>) {
        let mut matcher = Matcher::default();
        let strict = self.scored(terms, false, &mut matcher);
        self.add_best(strict, 1, found);
        if found.full() {
            return;
        }
        let mut loose = self.scored(terms, true, &mut matcher);
        let known = |left: &str, right: &str| {
            self.base.index.knows(left, right)
                || self.entries().any(|entry| {
                    entry.words.iter().any(|word| word == left)
                        && entry.words.iter().any(|word| word.starts_with(right))
                })
        };
        let rewritten = Term::rewritten(terms, known);
        for query in &rewritten {
            let scored = self.scored(query, false, &mut matcher);
            loose.extend(
                scored
                    .into_iter()
                    .map(|(score, source)| (score + JOINED, source)),
            );
        }
        self.add_best(loose, 1 + rewritten.len(), found);
    }

    fn scored(
        &self,
        terms: &[Term],
        errors: bool,
        matcher: &mut Matcher,
    ) -> Vec<(Score, Source<'_>)> {
        let mut scores = self.base.index.scores(terms, errors, matcher);
        for &at in &self.overlay.hidden {
            scores[at as usize] = NONE;
        }
        let kept = scores.into_iter().enumerate();
        let mut scored: Vec<_> = kept
            .filter(|&(_, score)| score != NONE)
            .map(|(at, score)| (score, Source::Base(place(at))))
            .collect();
        for entry in self.entries() {
            let score = score_words(terms, &entry.words, errors, matcher);
            if score != NONE {
                scored.push((score, Source::Overlay(entry)));
            }
        }
        scored
    }

    /// Add the best of them: by score, shorter names first, then by name. Each is there at most
    /// `copies` times.
    fn add_best<'a>(
        &'a self,
        scored: Vec<(Score, Source<'a>)>,
        copies: usize,
        found: &mut Found<'a>,
    ) {
        let mut keyed: Vec<_> = scored
            .into_iter()
            .map(|(score, source)| ((score, self.key(source).0.len()), source))
            .collect();
        let order = |a: &((Score, usize), Source<'a>), b: &((Score, usize), Source<'a>)| {
            a.0.cmp(&b.0)
                .then_with(|| self.key(a.1).cmp(&self.key(b.1)))
        };
        // Enough to fill the rest even if all found so far, and every copy, are among them.
        let enough = found.limit.saturating_mul(copies).saturating_mul(2);
        if keyed.len() > enough {
            keyed.select_nth_unstable_by(enough, order);
            keyed.truncate(enough);
        }
        keyed.sort_unstable_by(order);
        for (_, source) in keyed {
            found.add(self, Some(source));
        }
    }
}

/// Rows found so far, each once.
struct Found<'a> {
    limit: usize,
    sources: Vec<Source<'a>>,
    seen: HashSet<&'a str>,
}

impl<'a> Found<'a> {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            sources: Vec::new(),
            seen: HashSet::new(),
        }
    }

    fn full(&self) -> bool {
        self.sources.len() >= self.limit
    }

    fn add(&mut self, book: &'a PriceBook, source: Option<Source<'a>>) {
        if let Some(source) = source
            && !self.full()
            && self.seen.insert(book.key(source).2)
        {
            self.sources.push(source);
        }
    }
}

/// All keys from `start` on.
fn from(start: &str) -> (Bound<&str>, Bound<&str>) {
    (Bound::Included(start), Bound::Unbounded)
}
