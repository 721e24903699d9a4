//! Equal units of a cart, and what promotions do to them.

use crate::promo::compile::Link;
use crate::promo::score::Score;
use crate::promo::solve::Proof;
use std::hash::{BuildHasherDefault, Hasher};

/// What makes units equal. Sorts by price, so rows of a contest stand from the cheapest up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub amount: i64,
    pub floor: i64,
    pub item: u32,
    pub discountable: bool,
}

/// Hashes keys: a few figures of the shop's own, so that mixing them is enough.
#[derive(Debug, Default)]
pub(crate) struct Mixer(u64);

pub(super) type Mixing = BuildHasherDefault<Mixer>;

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(byte.into());
        }
    }

    fn write_u8(&mut self, figure: u8) {
        self.write_u64(figure.into());
    }

    fn write_u32(&mut self, figure: u32) {
        self.write_u64(figure.into());
    }

    fn write_i64(&mut self, figure: i64) {
        self.write_u64(figure.cast_unsigned());
    }

    fn write_u64(&mut self, figure: u64) {
        // An odd number near 2^64 over the golden ratio spreads a bit over all above it.
        self.0 = (self.0.rotate_left(29) ^ figure).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// A promotion on a span of the units of a kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KindMod {
    pub from: u32,
    pub units: u32,
    pub promo: u32,
    /// Tells applications apart; no order in it.
    pub token: u64,
    pub times: u32,
    /// Minor units it takes from the span: as many from each unit, and one more from some, the
    /// first of which stands `odd_from` units into the span. So no unit gives more than it has.
    pub off: i64,
    pub odd_from: u32,
    /// Its units carry a share, even where that is nought.
    pub carries: bool,
}

/// Equal units.
#[derive(Debug)]
pub(crate) struct Kind {
    pub key: Key,
    pub count: u32,
    /// Lines and their units, by the content of the line.
    pub members: Vec<(u32, u32)>,
    /// Open promotions it is in.
    pub links: Vec<Link>,
    /// Those on each unit, settled without regard to others.
    pub each: Vec<u32>,
    /// Whether any of those has gates.
    pub gated: bool,
    /// Those that tie it to other kinds.
    pub ties: Vec<Link>,
    pub mods: Vec<KindMod>,
    pub alone: Known,
    pub proof: Proof,
    pub mark: u64,
    pub local: usize,
    pub(super) dirty: bool,
}

/// What the units of a kind save alone, as last worked out.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Units, and the promotions on each of them, that it holds for; nought where for none.
    pub count: u32,
    pub each: Vec<u32>,
    pub one: Score,
    pub all: Score,
    /// What one unit saves, once asked; only where none of the promotions has gates.
    pub least: Option<Score>,
    /// The promotions of all, in the order they apply.
    pub best: Vec<u32>,
    /// Whether every choice was looked at.
    pub whole: bool,
}

impl Kind {
    /// What each promotion on a line's units takes: the modifier, its share and how many units.
    pub fn shares_of(&self, line: u32) -> impl Iterator<Item = (&KindMod, i64, u32)> {
        let mut from = 0;
        let mut units = 0;
        for &(member, count) in &self.members {
            if member == line {
                units = count;
                break;
            }
            from += count;
        }
        let end = from + units;
        self.mods.iter().filter_map(move |found| {
            let first = from.max(found.from);
            let last = end.min(found.from + found.units);
            (first < last).then(|| {
                let share = found.up_to(last - found.from) - found.up_to(first - found.from);
                (found, share, last - first)
            })
        })
    }
}

impl KindMod {
    /// What it takes from the first so many units of its span.
    fn up_to(&self, count: u32) -> i64 {
        let whole = i64::from(self.units);
        let odd = self.off % whole;
        let (count, start) = (i64::from(count), i64::from(self.odd_from));
        // Odd units past the end of the span begin again at its front.
        let wrapped = (start + odd - whole).max(0).min(count);
        let straight = (count - start).clamp(0, odd.min(whole - start));
        self.off / whole * count + wrapped + straight
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, KindMod, Mixing};
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    #[test]
    fn kinds_of_a_shop_are_spread_so_that_finding_one_asks_few_others() {
        let mut key = Key {
            amount: 100,
            floor: 0,
            item: 0,
            discountable: true,
        };
        let (mut hashes, mut low, mut high) = (HashSet::new(), HashSet::new(), HashSet::new());
        for item in 0..2_000 {
            for (discountable, floor) in [(true, 0), (true, 50), (false, 0)] {
                (key.item, key.discountable, key.floor) = (item, discountable, floor);
                key.amount = 100 * i64::from(item % 50);
                let hash = Mixing::default().hash_one(key);
                hashes.insert(hash);
                low.insert(hash % 8_192);
                high.insert(hash >> 57);
            }
        }
        assert_eq!(hashes.len(), 6_000);
        // As many of the 8,192 places as chance takes, and every one of the seven first bits.
        assert!(low.len() > 4_000, "{}", low.len());
        assert_eq!(high.len(), 128);
    }

    #[test]
    fn the_odd_minor_units_begin_where_they_are_told_and_wrap() {
        let found = KindMod {
            from: 0,
            units: 4,
            promo: 0,
            token: 0,
            times: 1,
            off: 11,
            odd_from: 3,
            carries: true,
        };
        // Two from each, and one more from the fourth, the first and the second.
        let taken: Vec<i64> = (0..=4).map(|count| found.up_to(count)).collect();
        assert_eq!(taken, [0, 3, 6, 8, 11]);
    }
}
