//! The price book: one base segment and a small overlay, never changed in place.

mod find;

use crate::builder::Builder;
use crate::chain::{Hash, sha256};
use crate::error::{CoreError, Result};
use crate::item::{Item, Row, Sells, gtin_number, pack_price};
use crate::overlay::{Entry, Overlay};
use crate::search::Index;
use crate::segment::{Segment, place};
use std::collections::BTreeSet;
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
        match self.meanings(code).as_slice() {
            [hit] => self.sold(hit).map(Some),
            _ => Ok(None),
        }
    }

    /// Every row a code may mean: what the very code sells, alone, or else what the codes that are
    /// the same GTIN sell, each once.
    pub fn find_codes(&self, code: &str) -> Result<Vec<Row>> {
        self.meanings(code)
            .iter()
            .map(|hit| self.sold(hit))
            .collect()
    }

    /// The row of a code, at the pack's price.
    fn sold(&self, hit: &CodeHit<'_>) -> Result<Row> {
        let Some(source) = self.source(hit.item_id) else {
            return Err(CoreError::DanglingCode {
                code: hit.code.into(),
                item_id: hit.item_id.into(),
            });
        };
        let mut item = self.item(source);
        item.unit_price_micros =
            pack_price(item.unit_price_micros, hit.price_micros, hit.factor_milli)?;
        Ok(Row {
            item,
            code: hit.code.into(),
            factor_milli: hit.factor_milli,
        })
    }

    fn meanings(&self, code: &str) -> Vec<CodeHit<'_>> {
        match self.overlay.codes.get_key_value(code) {
            Some((code, Some(sells))) => return vec![CodeHit::of(code, sells)],
            Some((_, None)) => {}
            None => {
                if let Some(at) = self.base.segment.find_code(code) {
                    return vec![self.base.code(at)];
                }
            }
        }
        let mut hits: Vec<CodeHit<'_>> = Vec::new();
        if let Some(number) = gtin_number(code) {
            for hit in self.gtin_hits(number) {
                if hits.iter().all(|other| other.sells() != hit.sells()) {
                    hits.push(hit);
                }
            }
        }
        hits
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
}
