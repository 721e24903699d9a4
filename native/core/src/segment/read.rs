//! Reads a segment's tables and text from the front, and takes nothing that is out of range.

use super::{CodeRecord, DISCOUNTABLE, ItemRecord, OPEN_PRICE, Span, place};
use crate::error::{CoreError, Result};
use crate::item::{MAX_KEY, MAX_SORT, MAX_TEXT, Measures, Unit};

/// Reads the tables from the front.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: &'static str,
}

/// Hands out the text from the front.
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    pub(super) start: u32,
}

impl Reader<'_> {
    pub(super) fn wrong<T>(&self, why: &'static str) -> Result<T> {
        Err(CoreError::Segment { at: self.at, why })
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        match self.bytes.split_first_chunk::<N>() {
            Some((head, rest)) => {
                self.bytes = rest;
                Ok(*head)
            }
            None => self.wrong("too short"),
        }
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn i64(&mut self) -> Result<i64> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    /// The next text, of a length between `least` and `most`.
    pub(super) fn text(
        &mut self,
        cursor: &mut Cursor<'_>,
        least: usize,
        most: usize,
    ) -> Result<Span> {
        let length = self.u16()?;
        if !(least..=most).contains(&usize::from(length)) {
            return self.wrong("a text too short or too long");
        }
        let start = cursor.start;
        let end = start as usize + usize::from(length);
        if !cursor.text.is_char_boundary(end) {
            return self.wrong("a text past the end or ending inside a letter");
        }
        cursor.start = place(end);
        Ok(Span { start, length })
    }

    pub(super) fn words(&mut self, count: usize, cursor: &mut Cursor<'_>) -> Result<Box<[Span]>> {
        self.at = "words";
        (0..count).map(|_| self.text(cursor, 0, MAX_TEXT)).collect()
    }

    pub(super) fn items(
        &mut self,
        count: usize,
        cursor: &mut Cursor<'_>,
    ) -> Result<Box<[ItemRecord]>> {
        self.at = "items";
        (0..count)
            .map(|_| {
                let id = self.text(cursor, 1, MAX_KEY)?;
                let name = self.text(cursor, 0, MAX_TEXT)?;
                let variation = self.text(cursor, 0, MAX_TEXT)?;
                let group = self.text(cursor, 0, MAX_KEY)?;
                let price_micros = self.i64()?;
                let words = [self.u32()?, self.u32()?, self.u32()?];
                let sort = self.u32()?;
                let [unit, flags] = self.array()?;
                let Some(unit) = Unit::from_number(unit) else {
                    return self.wrong("an unknown unit");
                };
                if sort > MAX_SORT || flags & !(OPEN_PRICE | DISCOUNTABLE) != 0 {
                    return self.wrong("an unknown flag or a sort out of range");
                }
                Ok(ItemRecord {
                    start: id.start,
                    lengths: [id, name, variation, group].map(|span| span.length),
                    unit,
                    flags,
                    price_micros,
                    words,
                    sort,
                })
            })
            .collect()
    }

    pub(super) fn codes(
        &mut self,
        count: usize,
        cursor: &mut Cursor<'_>,
    ) -> Result<Box<[CodeRecord]>> {
        self.at = "codes";
        (0..count)
            .map(|_| {
                let code = CodeRecord {
                    text: self.text(cursor, 1, MAX_KEY)?,
                    item: self.u32()?,
                    price_micros: self.i64()?,
                    factor_milli: self.i64()?,
                };
                if code.price_micros < -1 || code.factor_milli < 1 {
                    return self.wrong("a price or factor out of range");
                }
                Ok(code)
            })
            .collect()
    }

    pub(super) fn measured(&mut self, count: usize) -> Result<Box<[(u32, Measures)]>> {
        self.at = "measures";
        (0..count)
            .map(|_| {
                let item = self.u32()?;
                let measures = Measures::from_parts([self.u32()?, self.u32()?, self.u32()?]);
                if measures.is_none() || !measures.in_range() {
                    return self.wrong("one that says nothing or is out of range");
                }
                Ok((item, measures))
            })
            .collect()
    }
}
