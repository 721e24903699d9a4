//! What the catalog keeps about a sellable position, and the codes that sell it.

use crate::error::{CoreError, Result};
use std::sync::Arc;

/// The longest text the catalog keeps, in bytes of UTF-8.
pub const MAX_TEXT: usize = 1_024;
/// The longest code or item id, in bytes of UTF-8.
pub const MAX_KEY: usize = 128;
/// The highest place in the grid.
pub const MAX_SORT: u32 = i32::MAX as u32;

/// The most a measure of one piece may be, in thousandths.
pub const MAX_MEASURE: u32 = 100_000_000;

/// What one of an item has besides what it is sold by, in thousandths: the litres of a bottle.
///
/// Taxes may be by them. A degree is what a law counts spirits in: litres × per cent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Measures {
    /// Litres.
    pub litres_milli: u32,
    /// Kilograms.
    pub kilograms_milli: u32,
    /// Degrees.
    pub degrees_milli: u32,
}

impl Measures {
    /// Whether nothing is said.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    pub(crate) fn parts(self) -> [u32; 3] {
        [self.litres_milli, self.kilograms_milli, self.degrees_milli]
    }

    pub(crate) fn from_parts([litres_milli, kilograms_milli, degrees_milli]: [u32; 3]) -> Self {
        Self {
            litres_milli,
            kilograms_milli,
            degrees_milli,
        }
    }

    pub(crate) fn in_range(self) -> bool {
        self.parts().into_iter().all(|part| part <= MAX_MEASURE)
    }
}

/// What a quantity counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Pieces.
    Piece,
    /// Kilograms.
    Kilogram,
    /// Litres.
    Litre,
    /// Metres.
    Metre,
}

impl Unit {
    const ALL: [Self; 4] = [Self::Piece, Self::Kilogram, Self::Litre, Self::Metre];

    /// Its word: `piece`, `kg`, `l` or `m`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Piece => "piece",
            Self::Kilogram => "kg",
            Self::Litre => "l",
            Self::Metre => "m",
        }
    }

    /// The unit a word names.
    pub fn from_word(word: &str) -> Result<Self> {
        let named = Self::ALL.into_iter().find(|unit| unit.word() == word);
        named.ok_or_else(|| CoreError::UnknownWord {
            what: "unit",
            word: word.to_owned(),
            allowed: "piece, kg, l, m",
        })
    }

    /// Its number in a segment.
    pub(crate) fn number(self) -> u8 {
        self as u8
    }

    /// The unit of a number in a segment.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

/// One sellable position: an item's variation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Item {
    /// Its own id.
    pub item_id: Arc<str>,
    /// What people call it.
    pub name: Arc<str>,
    /// Which of its group it is, or empty.
    pub variation: Arc<str>,
    /// Where it is sold.
    pub department: Arc<str>,
    /// Which tax rule it falls under.
    pub tax_class: Arc<str>,
    /// Micros of the major unit.
    pub unit_price_micros: i64,
    /// What a quantity of it counts.
    pub unit: Unit,
    /// The price is asked for at each sale.
    pub open_price: bool,
    /// Order discounts apply.
    pub discountable: bool,
    /// The id of the item a variation belongs to; its own when it stands alone.
    pub group: Arc<str>,
    /// An emoji or a picture's name.
    pub image: Arc<str>,
    /// Its place in the grid; 0 is not in the grid.
    pub sort: u32,
    /// What one of it has besides.
    pub measures: Measures,
}

impl Item {
    /// The item with an empty group filled in, or a refusal of a text too long or an id missing.
    pub fn checked(mut self) -> Result<Self> {
        check_key("item_id", &self.item_id)?;
        let texts = [
            ("name", &self.name),
            ("variation", &self.variation),
            ("department", &self.department),
            ("tax_class", &self.tax_class),
            ("image", &self.image),
        ];
        for (what, text) in texts {
            if text.len() > MAX_TEXT {
                return Err(CoreError::Text {
                    what,
                    need: "at most 1,024 bytes",
                });
            }
        }
        if self.group.is_empty() {
            self.group = Arc::clone(&self.item_id);
        }
        check_key("group", &self.group)?;
        if self.sort > MAX_SORT {
            return Err(CoreError::OutOfRange {
                what: "sort",
                need: "0 to 2,147,483,647",
            });
        }
        if !self.measures.in_range() {
            return Err(CoreError::OutOfRange {
                what: "measures",
                need: "0 to 100,000,000 thousandths each",
            });
        }
        Ok(self)
    }
}

fn check_key(what: &'static str, key: &str) -> Result<()> {
    if key.is_empty() || key.len() > MAX_KEY {
        return Err(CoreError::Text {
            what,
            need: "1 to 128 bytes",
        });
    }
    Ok(())
}

/// What a code sells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sells {
    /// The item.
    pub item_id: Arc<str>,
    /// Micros for the whole pack, or -1 where the item's price counts.
    pub price_micros: i64,
    /// Thousandths of a piece the code stands for.
    pub factor_milli: i64,
}

impl Sells {
    /// What `code` sells, or a refusal of a figure out of range.
    pub fn checked(code: &str, item_id: &str, price_micros: i64, factor: i64) -> Result<Self> {
        check_key("code", code)?;
        check_key("item_id", item_id)?;
        if price_micros < -1 {
            return Err(CoreError::OutOfRange {
                what: "the price of a code",
                need: "zero or more, or -1 for the item's own",
            });
        }
        if factor < 1 {
            return Err(CoreError::OutOfRange {
                what: "factor_milli",
                need: "1 or more",
            });
        }
        Ok(Self {
            item_id: item_id.into(),
            price_micros,
            factor_milli: factor,
        })
    }
}

/// A pack's own price, or the unit price times the pieces in it, rounded half away from zero.
pub(crate) fn pack_price(unit_price: i64, own_price: i64, factor_milli: i64) -> Result<i64> {
    if own_price >= 0 {
        return Ok(own_price);
    }
    if factor_milli == 1_000 {
        return Ok(unit_price);
    }
    let product = i128::from(unit_price) * i128::from(factor_milli);
    let price = crate::money::divide(product, 1_000, crate::money::Rounding::HalfUp);
    crate::money::narrow(price, "the price of a pack")
}

/// What a look-up answers: an item, and the code that found it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Row {
    /// The item; found by a code, its price is the pack's.
    pub item: Item,
    /// The code as the catalog has it; empty unless a code found the row.
    pub code: Arc<str>,
    /// Thousandths of a piece: 1000 is one.
    pub factor_milli: i64,
}

impl From<Item> for Row {
    fn from(item: Item) -> Self {
        Self {
            item,
            code: "".into(),
            factor_milli: 1_000,
        }
    }
}

/// The number of a GTIN, the same however many leading zeros it is written with.
///
/// Source: GS1 General Specifications, the 14-digit reference format: shorter GTINs are padded
/// with zeros on the left. Only texts of 8 to 14 digits have one.
pub fn gtin_number(code: &str) -> Option<u64> {
    if (8..=14).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit()) {
        code.parse().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twin::drawn::item;

    fn long(count: usize) -> Arc<str> {
        "x".repeat(count).into()
    }

    #[test]
    fn a_unit_has_one_word() {
        for (unit, word) in Unit::ALL.into_iter().zip(["piece", "kg", "l", "m"]) {
            assert_eq!(unit.word(), word);
            assert_eq!(Unit::from_word(word), Ok(unit));
            assert_eq!(Unit::from_number(unit.number()), Some(unit));
        }
        assert_eq!(Unit::from_number(4), None);
        let refused = Unit::from_word("box").unwrap_err().to_string();
        assert_eq!(refused, "unit must be one of piece, kg, l, m, not \"box\"");
    }

    #[test]
    fn texts_and_keys_have_their_lengths() {
        type Set = fn(&mut Item, Arc<str>);
        let texts: [(&str, Set); 5] = [
            ("name", |item, text| item.name = text),
            ("variation", |item, text| item.variation = text),
            ("department", |item, text| item.department = text),
            ("tax_class", |item, text| item.tax_class = text),
            ("image", |item, text| item.image = text),
        ];
        for (what, set) in texts {
            let mut fits = item("a", "A");
            set(&mut fits, long(MAX_TEXT));
            assert!(fits.clone().checked().is_ok());
            set(&mut fits, long(MAX_TEXT + 1));
            let refused = fits.checked().unwrap_err().to_string();
            assert_eq!(refused, format!("{what} must be at most 1,024 bytes"));
        }
        assert!(item(&long(MAX_KEY), "A").checked().is_ok());
        let refused = item(&long(MAX_KEY + 1), "A").checked().unwrap_err();
        assert_eq!(refused.to_string(), "item_id must be 1 to 128 bytes");
        assert!(item("", "A").checked().is_err());
        let grouped = |group| Item {
            group,
            ..item("a", "A")
        };
        assert_eq!(&*grouped("".into()).checked().unwrap().group, "a");
        assert_eq!(&*grouped("g".into()).checked().unwrap().group, "g");
        assert!(grouped(long(MAX_KEY)).checked().is_ok());
        assert!(grouped(long(MAX_KEY + 1)).checked().is_err());
        let sorted = |sort| Item {
            sort,
            ..item("a", "A")
        };
        assert!(sorted(MAX_SORT).checked().is_ok());
        assert!(sorted(MAX_SORT + 1).checked().is_err());
        for at in 0..3 {
            let measured = |most| {
                let mut parts = [0; 3];
                parts[at] = most;
                Item {
                    measures: Measures::from_parts(parts),
                    ..item("a", "A")
                }
            };
            assert!(measured(MAX_MEASURE).checked().is_ok());
            assert!(measured(MAX_MEASURE + 1).checked().is_err());
        }
    }

    #[test]
    fn a_code_sells_something_at_a_price() {
        assert!(Sells::checked("c", "a", -1, 1).is_ok());
        assert!(Sells::checked("c", "a", -2, 1).is_err());
        assert!(Sells::checked("c", "a", 0, 0).is_err());
        assert!(Sells::checked("", "a", 0, 1).is_err());
        assert!(Sells::checked("c", "", 0, 1).is_err());
        assert!(Sells::checked(&long(MAX_KEY + 1), "a", 0, 1).is_err());
    }

    #[test]
    fn a_pack_costs_its_own_price_or_its_pieces() {
        assert_eq!(pack_price(10, 0, 12_000), Ok(0));
        assert_eq!(pack_price(10, 7, 12_000), Ok(7));
        assert_eq!(pack_price(10, -1, 12_000), Ok(120));
        assert_eq!(pack_price(i64::MAX, -1, 1_000), Ok(i64::MAX));
        assert_eq!(pack_price(5, -1, 500), Ok(3));
        assert!(pack_price(i64::MAX, -1, 1_001).is_err());
    }

    #[test]
    fn a_gtin_has_eight_to_fourteen_digits() {
        let digits = "00000000000000012345";
        for count in 0..20 {
            let number = (8..=14).contains(&count).then_some(12_345);
            assert_eq!(gtin_number(&digits[20 - count..]), number, "{count}");
        }
        assert_eq!(gtin_number("1234567a"), None);
        assert_eq!(gtin_number("+1234567"), None);
    }
}
