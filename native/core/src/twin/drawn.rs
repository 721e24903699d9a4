//! Items, codes and queries that look random and are the same each time.

use crate::item::{Item, Measures, Unit};

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

    pub(super) fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
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
        measures: Measures::default(),
    }
}

pub(super) const IDS: &[&str] = &["a", "A", "ab", "abc", "b", "milk", "12345678", "z"];
pub(super) const NAMES: &[&str] = &[
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
pub(super) const VARIATIONS: &[&str] = &["", "", "large", "Small 2"];
pub(super) const DEPARTMENTS: &[&str] = &["", "Food", "Drinks", "Foo"];
pub(super) const CODES: &[&str] = &[
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
pub(super) const QUERIES: &[&str] = &[
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

pub(super) fn draw_item(dice: &mut Dice) -> Item {
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
        measures: Measures::from_parts([
            [0, 0, 0, 1_500][dice.below(4)],
            [0, 0, 0, 20][dice.below(4)],
            [0, 0, 0, 28_000][dice.below(4)],
        ]),
        ..item(dice.one(IDS), dice.one(NAMES))
    }
}

pub(super) fn draw_code(dice: &mut Dice) -> (&'static str, i64, i64) {
    let price = [-1, -1, 0, 250][dice.below(4)];
    (
        dice.one(CODES),
        price,
        [1_000, 1_000, 1, 12_000, 1_500][dice.below(5)],
    )
}
