//! How long each field is and what it holds. Source: PA00P015 revision 13.08, chapter 9.1 (fields)
//! and 9.4 (tags of the container).

use crate::emv::screen::{self, Rule};
use crate::emv::tlv::Dialect;

/// How a field's length is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// It is always so many bytes.
    Fixed(usize),
    /// Two half bytes F x tell it.
    Counted2,
    /// Three half bytes F x tell it.
    Counted3,
    /// A BER length tells it.
    Ber,
    /// It goes on to the end.
    Rest,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Digits in half bytes.
    Digits,
    /// A byte.
    Byte,
    /// Bytes, searched for a card number that a terminal put into the wrong place.
    Bytes,
    /// Letters.
    Text,
    /// A card number in half bytes.
    Card,
    /// What may not be told.
    Secret,
    /// Totals, of which only the published 53 bytes are told: some terminals send more, and nobody
    /// knows of what. What cannot be totals is not told.
    Totals,
    /// Objects.
    Container,
}

/// A field's length and content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Its length.
    pub width: Width,
    /// Its content.
    pub kind: Kind,
}

/// Tags FF01 to FF04 hold bytes although their bits say otherwise.
pub const DIALECT: Dialect = Dialect {
    plain: &[0xFF01, 0xFF02, 0xFF03, 0xFF04],
    trailing_ff: false,
};

const BYTE_FIELDS: [u8; 25] = [
    0x01, 0x02, 0x03, 0x05, 0x19, 0x27, 0x72, 0x73, 0x74, 0x75, 0x8A, 0x8C, 0xA0, 0xD0, 0xD2, 0xD3,
    0xE0, 0xE9, 0xEA, 0xF0, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD,
];

/// The field with this tag; none where nobody knows it.
pub fn shape(tag: u8) -> Option<Shape> {
    use Kind::{Byte, Bytes, Card, Container, Digits, Secret, Text, Totals};
    use Width::{Ber, Counted2, Counted3, Fixed};
    let (width, kind) = match tag {
        _ if BYTE_FIELDS.contains(&tag) => (Fixed(1), Byte),
        0x04 => (Fixed(6), Digits),
        0x0B | 0x0C | 0x37 | 0x3D | 0x88 | 0xAA => (Fixed(3), Digits),
        0x0D | 0x17 | 0x49 | 0x87 => (Fixed(2), Digits),
        0x29 => (Fixed(4), Digits),
        0x06 => (Ber, Container),
        // Expiry and check digits of a card.
        0x0E | 0x3A => (Fixed(2), Secret),
        0x22 => (Counted2, Card),
        // Tracks, what a chip or an old purse holds, PIN data.
        0x23 | 0x2D | 0xA7 | 0xD1 => (Counted2, Secret),
        0x24 | 0x2E | 0x92 | 0x9A | 0xAF => (Counted3, Secret),
        0x2A => (Fixed(15), Text),
        0x3B | 0xEB => (Fixed(8), Bytes),
        0x3C => (Counted3, Text),
        0x4C => (Counted2, Bytes),
        0x60 => (Counted3, Totals),
        0x70 | 0x71 => (Fixed(4), Bytes),
        0x8B | 0xE1..=0xE8 | 0xF1..=0xF8 => (Counted2, Text),
        0xBA => (Fixed(5), Bytes),
        _ => return None,
    };
    Some(Shape { width, kind })
}

/// The rule for an object of the container.
pub fn container_rule(tag: u32) -> Rule {
    match tag {
        // Text lines, names, texts of errors, lines to be printed as they are.
        0x07 | 0x1F17 | 0x42 | 0x44 | 0x46..=0x48 | 0x4A | 0x4B => Rule::Text,
        // Tracks 1 to 3, what is said of a holder (an account's number among it), PIN data, what a
        // chip said, keys.
        0x1F08..=0x1F0A | 0x1F2A | 0x1F31 | 0x1F3E | 0x1F46 | 0x1F5C | 0x1F5D => Rule::Withhold,
        // The number that another system shall match.
        0x1F1A => Rule::Mask,
        // Whatever a tag is said to hold, a terminal may put a card number there.
        _ => match screen::rule(tag) {
            Rule::Tell => Rule::Search,
            rule => rule,
        },
    }
}
