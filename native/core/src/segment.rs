//! A catalog segment: items and codes as canonical bytes, named by their SHA-256.
//!
//! All numbers are little-endian. In this order, without gaps:
//!
//! * magic: `CTSEG`, 0, 0, and 1, or 2 where some item has measures;
//! * header: u32 words, u32 items, u32 codes, u32 bytes of text, and in form 2 u32 measured items;
//! * each word: u16 length;
//! * each item: u16 lengths of id, name, variation and group; i64 price; u32 places of department,
//!   tax class and image among the words; u32 sort; u8 unit; u8 flags (1 open price, 2
//!   discountable);
//! * each code: u16 length; u32 place of its item; i64 price or -1; i64 factor;
//! * in form 2, each item that has measures: u32 place of it; u32 thousandths of litres, kilograms
//!   and degrees of one, of which one at least is not nought;
//! * text: the texts of the words, items and codes in that order, UTF-8.
//!
//! Words are the distinct departments, tax classes and images. Words, items (by id) and codes
//! ascend strictly by their bytes, measured items by place; a group equal to the item's id is left
//! empty. So the same content has one form, and `parse` takes no other.

mod read;

use self::read::{Cursor, Reader};
use crate::builder::Builder;
use crate::error::{CoreError, Result};
use crate::item::{Item, Measures, Unit};

const MAGIC: &[u8; 8] = b"CTSEG\0\0\x01";
const MAGIC_MEASURED: &[u8; 8] = b"CTSEG\0\0\x02";
const HEADER: usize = 8 + 4 * 4;
const MEASURED: usize = 4 * 4;
const WORD: usize = 2;
const ITEM: usize = 4 * 2 + 8 + 3 * 4 + 4 + 2;
const CODE: usize = 2 + 4 + 8 + 8;
const OPEN_PRICE: u8 = 1;
const DISCOUNTABLE: u8 = 2;

/// Where a text lies.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: u32,
    length: u16,
}

#[derive(Debug, Clone)]
struct ItemRecord {
    start: u32,
    /// Of id, name, variation and group, which lie one after the other.
    lengths: [u16; 4],
    unit: Unit,
    flags: u8,
    price_micros: i64,
    /// Department, tax class and image.
    words: [u32; 3],
    sort: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct CodeRecord {
    text: Span,
    pub(crate) item: u32,
    pub(crate) price_micros: i64,
    pub(crate) factor_milli: i64,
}

/// A parsed segment.
#[derive(Debug, Clone, Default)]
pub struct Segment {
    text: Box<str>,
    words: Box<[Span]>,
    items: Box<[ItemRecord]>,
    codes: Box<[CodeRecord]>,
    /// By place of the item.
    measured: Box<[(u32, Measures)]>,
}

/// The parts of an item's own text.
#[derive(Clone, Copy)]
enum Part {
    Id,
    Name,
    Variation,
    Group,
}

impl Segment {
    pub(crate) fn item_count(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn code_count(&self) -> usize {
        self.codes.len()
    }

    pub(crate) fn word_count(&self) -> usize {
        self.words.len()
    }

    fn span(&self, span: Span) -> &str {
        let start = span.start as usize;
        &self.text[start..start + usize::from(span.length)]
    }

    pub(crate) fn word(&self, at: u32) -> &str {
        self.span(self.words[at as usize])
    }

    fn part(&self, at: u32, part: Part) -> &str {
        let record = &self.items[at as usize];
        let before = &record.lengths[..part as usize];
        let skipped: u32 = before.iter().map(|&length| u32::from(length)).sum();
        self.span(Span {
            start: record.start + skipped,
            length: record.lengths[part as usize],
        })
    }

    pub(crate) fn item_id(&self, at: u32) -> &str {
        self.part(at, Part::Id)
    }

    pub(crate) fn name(&self, at: u32) -> &str {
        self.part(at, Part::Name)
    }

    pub(crate) fn variation(&self, at: u32) -> &str {
        self.part(at, Part::Variation)
    }

    pub(crate) fn department(&self, at: u32) -> u32 {
        self.items[at as usize].words[0]
    }

    pub(crate) fn sort(&self, at: u32) -> u32 {
        self.items[at as usize].sort
    }

    pub(crate) fn item(&self, at: u32) -> Item {
        let record = &self.items[at as usize];
        let group = match self.part(at, Part::Group) {
            "" => self.item_id(at),
            group => group,
        };
        let [department, tax_class, image] = record.words.map(|word| self.word(word).into());
        Item {
            item_id: self.item_id(at).into(),
            name: self.name(at).into(),
            variation: self.variation(at).into(),
            department,
            tax_class,
            unit_price_micros: record.price_micros,
            unit: record.unit,
            open_price: record.flags & OPEN_PRICE != 0,
            discountable: record.flags & DISCOUNTABLE != 0,
            group: group.into(),
            image,
            sort: record.sort,
            measures: self.measures(at),
        }
    }

    fn measures(&self, at: u32) -> Measures {
        match self.measured.binary_search_by_key(&at, |(item, _)| *item) {
            Ok(found) => self.measured[found].1,
            Err(_) => Measures::default(),
        }
    }

    pub(crate) fn code(&self, at: u32) -> &CodeRecord {
        &self.codes[at as usize]
    }

    pub(crate) fn code_text(&self, at: u32) -> &str {
        self.span(self.codes[at as usize].text)
    }

    /// The place of an item among the items.
    pub(crate) fn find_item(&self, item_id: &str) -> Option<u32> {
        let at = self.first_item(item_id);
        (at < self.items.len() && self.item_id(place(at)) == item_id).then(|| place(at))
    }

    /// The first item whose id is not below `item_id`.
    pub(crate) fn first_item(&self, item_id: &str) -> usize {
        first(self.items.len(), |at| self.item_id(at) < item_id)
    }

    /// The place of a code among the codes.
    pub(crate) fn find_code(&self, code: &str) -> Option<u32> {
        let at = self.first_code(code);
        (at < self.codes.len() && self.code_text(place(at)) == code).then(|| place(at))
    }

    /// The first code whose text is not below `code`.
    pub(crate) fn first_code(&self, code: &str) -> usize {
        first(self.codes.len(), |at| self.code_text(at) < code)
    }

    /// Read a segment, taking nothing but its canonical form.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader {
            bytes,
            at: "header",
        };
        let magic = reader.array::<8>()?;
        let is_measured = magic == *MAGIC_MEASURED;
        if magic != *MAGIC && !is_measured {
            return reader.wrong("another magic or version");
        }
        let [words, items, codes, text] = [
            reader.u32()? as usize,
            reader.u32()? as usize,
            reader.u32()? as usize,
            reader.u32()? as usize,
        ];
        let measured = if is_measured {
            reader.u32()? as usize
        } else {
            0
        };
        let head = HEADER + if is_measured { 4 } else { 0 };
        let tables = [
            (words, WORD),
            (items, ITEM),
            (codes, CODE),
            (measured, MEASURED),
            (text, 1),
        ];
        let need = tables.into_iter().try_fold(head, |sum, (count, size)| {
            sum.checked_add(count.checked_mul(size)?)
        });
        if need != Some(bytes.len()) {
            return reader.wrong("the length does not follow from the counts");
        }
        let (tables, text) = reader.bytes.split_at(reader.bytes.len() - text);
        reader.bytes = tables;
        let Ok(text) = std::str::from_utf8(text) else {
            reader.at = "text";
            return reader.wrong("not UTF-8");
        };
        let mut cursor = Cursor { text, start: 0 };
        let segment = Self {
            words: reader.words(words, &mut cursor)?,
            items: reader.items(items, &mut cursor)?,
            codes: reader.codes(codes, &mut cursor)?,
            measured: reader.measured(measured)?,
            text: text.into(),
        };
        if cursor.start as usize != text.len() {
            reader.at = "text";
            return reader.wrong("more text than the lengths say");
        }
        segment.check(words)?;
        segment.check_measured(is_measured)?;
        Ok(segment)
    }

    /// Check what holds between the records: order, references, words used.
    fn check(&self, words: usize) -> Result<()> {
        let fail = |at, why| Err(CoreError::Segment { at, why });
        if !ascends(words, |at| self.word(at)) {
            return fail("words", "not in ascending order");
        }
        if !ascends(self.items.len(), |at| self.item_id(at)) {
            return fail("items", "not in ascending order of id");
        }
        if !ascends(self.codes.len(), |at| self.code_text(at)) {
            return fail("codes", "not in ascending order");
        }
        let mut used = vec![false; words];
        for at in 0..place(self.items.len()) {
            if self.part(at, Part::Group) == self.item_id(at) {
                return fail("items", "a group that should be left empty");
            }
            for &word in &self.items[at as usize].words {
                match used.get_mut(word as usize) {
                    Some(used) => *used = true,
                    None => return fail("items", "a word that is not there"),
                }
            }
        }
        if used.contains(&false) {
            return fail("words", "one that no item uses");
        }
        if self
            .codes
            .iter()
            .any(|code| code.item as usize >= self.items.len())
        {
            return fail("codes", "an item that is not there");
        }
        Ok(())
    }

    /// Check that measures are those of items, each told once, and only where there are any.
    fn check_measured(&self, is_measured: bool) -> Result<()> {
        let fail = |why| {
            Err(CoreError::Segment {
                at: "measures",
                why,
            })
        };
        if is_measured == self.measured.is_empty() {
            return fail("another form than the content has");
        }
        if !self.measured.is_sorted_by(|one, next| one.0 < next.0) {
            return fail("not in ascending order");
        }
        match self.measured.last() {
            Some((item, _)) if *item as usize >= self.items.len() => {
                fail("an item that is not there")
            }
            _ => Ok(()),
        }
    }

    /// The canonical bytes of what a builder holds.
    pub(crate) fn encode(builder: &Builder) -> Result<Vec<u8>> {
        let items: Vec<&Item> = builder.items().collect();
        let mut words: Vec<&str> = items
            .iter()
            .flat_map(|item| [&*item.department, &*item.tax_class, &*item.image])
            .collect();
        words.sort_unstable();
        words.dedup();
        let codes: Vec<_> = builder.codes().collect();
        let mut writer = Writer::default();
        let measured = items.iter().filter(|item| !item.measures.is_none()).count();
        let magic = if measured == 0 { MAGIC } else { MAGIC_MEASURED };
        writer.tables.extend(magic);
        for count in [words.len(), items.len(), codes.len(), 0] {
            writer.count(count)?;
        }
        if measured > 0 {
            writer.count(measured)?;
        }
        for word in &words {
            writer.text(word);
        }
        for item in &items {
            let group = if item.group == item.item_id {
                ""
            } else {
                &item.group
            };
            for text in [&item.item_id, &item.name, &item.variation, group] {
                writer.text(text);
            }
            writer.tables.extend(item.unit_price_micros.to_le_bytes());
            for word in [&item.department, &item.tax_class, &item.image] {
                writer.count(words.partition_point(|other| *other < &**word))?;
            }
            writer.tables.extend(item.sort.to_le_bytes());
            let open = if item.open_price { OPEN_PRICE } else { 0 };
            let discountable = if item.discountable { DISCOUNTABLE } else { 0 };
            writer
                .tables
                .extend([item.unit.number(), open | discountable]);
        }
        for (code, sells) in codes {
            let Ok(item) = items.binary_search_by(|item| (*item.item_id).cmp(&sells.item_id))
            else {
                return Err(CoreError::DanglingCode {
                    code: code.into(),
                    item_id: (*sells.item_id).to_owned(),
                });
            };
            writer.text(code);
            writer.count(item)?;
            writer.tables.extend(sells.price_micros.to_le_bytes());
            writer.tables.extend(sells.factor_milli.to_le_bytes());
        }
        for (at, item) in items.iter().enumerate() {
            if !item.measures.is_none() {
                writer.count(at)?;
                for part in item.measures.parts() {
                    writer.tables.extend(part.to_le_bytes());
                }
            }
        }
        writer.finish()
    }
}

/// A place among records, of which there are fewer than 2^32.
pub(crate) fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The first place below `count` where `below` no longer holds.
fn first(count: usize, below: impl Fn(u32) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if below(place(middle)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

fn ascends<'a>(count: usize, text: impl Fn(u32) -> &'a str) -> bool {
    (1..place(count)).all(|at| text(at - 1) < text(at))
}

#[derive(Default)]
struct Writer {
    tables: Vec<u8>,
    text: Vec<u8>,
}

impl Writer {
    fn count(&mut self, count: usize) -> Result<()> {
        let count = u32::try_from(count).map_err(|_| CoreError::Overflow {
            what: "the size of a segment",
        })?;
        self.tables.extend(count.to_le_bytes());
        Ok(())
    }

    /// A text of at most `MAX_TEXT` bytes, which the builder has seen to.
    fn text(&mut self, text: &str) {
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        self.tables.extend(length.to_le_bytes());
        self.text.extend(text.as_bytes());
    }

    fn finish(mut self) -> Result<Vec<u8>> {
        let length = u32::try_from(self.text.len()).map_err(|_| CoreError::Overflow {
            what: "the size of a segment",
        })?;
        self.tables[HEADER - 4..HEADER].copy_from_slice(&length.to_le_bytes());
        self.tables.extend(self.text);
        Ok(self.tables)
    }
}
