//! ZVT messages: which fields they have, read without card data in what is told, and written.
//!
//! Source: PA00P015 revision 13.08 (2018), chapters 2, 3, 5 and 9. Later revisions have fields this
//! table lacks; a message that holds one is told up to it.

mod read;
mod table;
mod write;

pub use read::read;
pub use table::{DIALECT, Kind, Shape, Width, container_rule, shape};
pub use write::{Input, write};

use crate::emv::Object;
use std::fmt;
use std::ops::Range;

/// A field that stands first in some messages, by its place and without a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lead {
    /// Three bytes of digits.
    Password,
    /// The password to come.
    NewPassword,
    /// What the register can do, by bits.
    Config,
    /// ISO 4217, numeric.
    Currency,
    /// The first receipt of a range.
    First,
    /// The last receipt of a range.
    Last,
    /// A state of the terminal.
    Status,
    /// Minutes in digits.
    TimeoutMinutes,
    /// A result code.
    Result,
    /// How a line is to be printed.
    Attribute,
    /// Letters up to the end.
    Text,
    /// The version of the terminal's programs.
    Software,
}

/// Every lead with its word.
pub const LEADS: [(Lead, &str); 12] = [
    (Lead::Password, "password"),
    (Lead::NewPassword, "new_password"),
    (Lead::Config, "config"),
    (Lead::Currency, "currency"),
    (Lead::First, "first"),
    (Lead::Last, "last"),
    (Lead::Status, "status"),
    (Lead::TimeoutMinutes, "timeout_minutes"),
    (Lead::Result, "result"),
    (Lead::Attribute, "attribute"),
    (Lead::Text, "text"),
    (Lead::Software, "software"),
];

impl Lead {
    /// Its word.
    pub fn word(self) -> &'static str {
        LEADS
            .iter()
            .find(|(lead, _)| *lead == self)
            .map_or("", |(_, word)| word)
    }

    /// The lead of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        LEADS
            .iter()
            .find(|(_, one)| *one == word)
            .map(|(lead, _)| *lead)
    }

    /// How it is written.
    pub fn shape(self) -> Shape {
        let (width, kind) = match self {
            Self::Password | Self::NewPassword => (Width::Fixed(3), Kind::Digits),
            Self::Currency | Self::First | Self::Last => (Width::Fixed(2), Kind::Digits),
            Self::TimeoutMinutes => (Width::Fixed(1), Kind::Digits),
            Self::Config | Self::Status | Self::Result | Self::Attribute => {
                (Width::Fixed(1), Kind::Byte)
            }
            Self::Text => (Width::Rest, Kind::Text),
            Self::Software => (Width::Counted3, Kind::Text),
        };
        Shape { width, kind }
    }
}

/// Which field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// One that stands first.
    Lead(Lead),
    /// One with a tag, which the specification calls a bitmap.
    Field(u8),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lead(lead) => f.write_str(lead.word()),
            Self::Field(tag) => write!(f, "field {tag:02X}"),
        }
    }
}

/// What a field holds; ranges are places in the message, masked where they had to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Digits or a byte, as a number.
    Number(u64),
    /// All half bytes are F: there is none.
    Absent,
    /// Bytes, letters among them.
    Bytes(Range<usize>),
    /// A card number that was masked.
    Masked(Range<usize>),
    /// Objects, in the order of the bytes.
    Objects(Vec<Object>),
}

/// A message that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Class and instruction as one number: `0x040F`.
    pub control: u16,
    /// What it holds, in its order.
    pub fields: Vec<(Key, Value)>,
    /// Fields that were there and may not be told.
    pub withheld: Vec<Key>,
    /// Why reading stopped before the end, where it did. What was read until then holds.
    pub fault: Option<Fault>,
}

/// What is wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Its length is not the one its head tells.
    Length,
    /// It ends within this field.
    Cut(Key),
    /// A half byte of this field is no digit.
    Digits(Key),
    /// Nobody knows how long this field is.
    Unknown(u8),
    /// This field was there before.
    Repeated(Key),
    /// The container does not hold objects.
    Container(crate::emv::Trouble),
    /// This field takes no such value.
    Value(Key),
}

/// What is wrong with a message and at which byte of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub trouble: Trouble,
    /// The byte it stands at, from 0.
    pub at: usize,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.trouble {
            Trouble::Length => write!(f, "a message must be as long as its head says")?,
            Trouble::Cut(key) => write!(f, "the message ends within {key}")?,
            Trouble::Digits(key) => write!(f, "{key} must be digits")?,
            Trouble::Unknown(tag) => write!(f, "field {tag:02X} is not known")?,
            Trouble::Repeated(key) => write!(f, "{key} is there twice")?,
            Trouble::Container(trouble) => write!(f, "field 06: {trouble}")?,
            Trouble::Value(key) => write!(f, "{key} takes no such value")?,
        }
        write!(f, " (at byte {})", self.at)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests;
