//! A cart that re-prices only what a change touches.
//!
//! Equal units of all lines are one *kind*; what promotions do is settled by kind and handed to the
//! lines by content, so the order of scanning tells in nothing. Memory is kept between changes: the
//! book-keeping allocates nothing once warm; contests of units still do.

use super::compile::{Link, PromotionSet};
use super::contest::Scratch;
use super::eligible::{Clause, closed, left};
use super::layers::CartMod;
use super::model::{Facts, Line};
use super::problem::{Alone, Problem};
use super::score::Score;
use super::solve::{EXACT_UNITS, Effort, Proof};
use super::stack::Stacker;
use crate::error::{CoreError, Result};
use crate::money::{MILLION, Rounding, divide, extend_amount, narrow};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

/// Lines of a cart, removed ones included.
pub const MAX_LINES: usize = 100_000;
/// Units of a cart.
pub const MAX_UNITS: u32 = 1_000_000;

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

type Mixing = BuildHasherDefault<Mixer>;

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
    dirty: bool,
}

/// What the units of a kind save alone, as last worked out.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Units, and the promotions on each of them, that it holds for; nought where for none.
    pub count: u32,
    pub each: Vec<u32>,
    pub one: Alone,
    pub all: Alone,
    /// What one unit saves, once asked; only where none of the promotions has gates.
    pub least: Option<Score>,
    /// The promotions of all, in the order they apply.
    pub best: Vec<u32>,
    /// Whether every choice was looked at.
    pub whole: bool,
}

/// What a promotion is in this cart.
#[derive(Debug, Default, Clone)]
pub(crate) struct State {
    epoch: u64,
    pub closed: Option<Clause>,
    /// Takes units together, or counts them.
    pub takes: bool,
    pub uses: u32,
    pub minor: i64,
    listed: u64,
    /// Kinds in it and the sets they are in, where it ties kinds or is on the cart; by content.
    pub kinds: Vec<(u32, u16)>,
    pub mark: u64,
    pub joined: u64,
    pub passed: bool,
    /// Takes units, may, and there are enough for one application.
    pub competes: bool,
}

/// A line and what it comes to. Minor units.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    pub line: Line,
    pub live: bool,
    pub amount: i64,
    pub parts: [(u32, u32); 2],
    pub part_count: usize,
    /// Off by promotions on units, and on the cart; zero or more.
    pub unit_off: i64,
    pub cart_off: i64,
    told: Option<i64>,
    touched: bool,
}

/// What a change did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diff {
    /// Lines whose net changed and their new net in minor units; a removed line is not told.
    pub changed: Vec<(u32, i64)>,
    /// The cart's total in minor units.
    pub total_minor: i64,
}

/// Lines, facts and promotions, always priced.
#[derive(Debug)]
pub struct Cart {
    pub(crate) set: Arc<PromotionSet>,
    pub(crate) facts: Facts,
    pub(crate) minor_digits: i64,
    pub(crate) lines: Vec<Slot>,
    /// Live lines by content.
    pub(crate) sorted: Vec<u32>,
    pub(crate) kinds: Vec<Kind>,
    free: Vec<u32>,
    by_key: HashMap<Key, u32, Mixing>,
    pub(crate) states: Vec<State>,
    epoch: u64,
    /// Open promotions on the cart that some kind is in.
    pub(crate) on_cart: Vec<u32>,
    with_kinds: Vec<u32>,
    dirty: Vec<u32>,
    pub(crate) touched: Vec<u32>,
    pub(crate) cart_mods: Vec<CartMod>,
    pub(crate) cart_whole: bool,
    pub(crate) mark: u64,
    pub(crate) joined: u64,
    pub(crate) token: u64,
    gross: i128,
    units: u32,
    total: i128,
    pub(crate) problem: Problem,
    pub(crate) stacker: Stacker,
    pub(crate) open: Vec<u32>,
    /// What units of the kinds of a promotion may gain by it, and how many they are.
    pub(crate) hopes: Vec<(i128, u32)>,
    links: Vec<Link>,
    pub(crate) scratch: Scratch,
    diff: Diff,
}

impl Cart {
    /// An empty cart. `minor_digits` is the currency's exponent, 0 to 6.
    pub fn new(set: Arc<PromotionSet>, facts: Facts, minor_digits: i64) -> Result<Self> {
        extend_amount(0, 0, minor_digits)?;
        let states = vec![State::default(); set.promotions().len()];
        Ok(Self {
            set,
            facts,
            minor_digits,
            lines: Vec::new(),
            sorted: Vec::new(),
            kinds: Vec::new(),
            free: Vec::new(),
            by_key: HashMap::default(),
            states,
            epoch: 1,
            on_cart: Vec::new(),
            with_kinds: Vec::new(),
            dirty: Vec::new(),
            touched: Vec::new(),
            cart_mods: Vec::new(),
            cart_whole: true,
            mark: 0,
            joined: 0,
            token: 0,
            gross: 0,
            units: 0,
            total: 0,
            problem: Problem {
                exact_units: EXACT_UNITS,
                ..Problem::default()
            },
            stacker: Stacker::default(),
            open: Vec::new(),
            hopes: Vec::new(),
            links: Vec::new(),
            scratch: Scratch::default(),
            diff: Diff::default(),
        })
    }

    /// The same cart, with so much effort from now on.
    #[must_use]
    pub fn with_effort(mut self, effort: Effort) -> Self {
        self.problem.effort = effort;
        self
    }

    /// Empty the cart for another customer; memory is kept.
    pub fn clear(&mut self, facts: Facts) {
        self.facts = facts;
        self.lines.clear();
        self.sorted.clear();
        for promo in self.with_kinds.drain(..) {
            self.states[promo as usize].kinds.clear();
        }
        self.by_key.clear();
        self.free.clear();
        for (number, kind) in (0..).zip(&mut self.kinds) {
            kind.members.clear();
            kind.mods.clear();
            kind.count = 0;
            kind.dirty = false;
            self.free.push(number);
        }
        self.epoch += 1;
        self.on_cart.clear();
        self.dirty.clear();
        self.touched.clear();
        self.cart_mods.clear();
        self.cart_whole = true;
        self.gross = 0;
        self.units = 0;
        self.total = 0;
    }

    /// Put a new set of facts in place of the old: everything is priced again.
    pub fn set_facts(&mut self, facts: Facts) -> Result<&Diff> {
        let slots: Vec<Slot> = self.lines.clone();
        let total = self.total;
        self.clear(facts);
        self.total = total;
        for slot in slots {
            let number = self.lines.len();
            self.lines.push(Slot {
                live: false,
                unit_off: 0,
                cart_off: 0,
                ..slot
            });
            if slot.live {
                self.put(number, slot.line)?;
            }
        }
        self.settle();
        Ok(&self.diff)
    }

    /// Add a line; its number is the count of lines added before. Nothing changes on a refusal.
    pub fn add_line(&mut self, line: Line) -> Result<&Diff> {
        self.push_line(line)?;
        self.settle();
        Ok(&self.diff)
    }

    /// Add a line to be priced by the next [`Self::settle`].
    pub fn push_line(&mut self, line: Line) -> Result<u32> {
        if self.lines.len() >= MAX_LINES {
            return Err(CoreError::OutOfRange {
                what: "the number of lines",
                need: "at most 100,000",
            });
        }
        let number = self.lines.len();
        self.lines.push(Slot {
            line,
            live: false,
            amount: 0,
            parts: [(0, 0); 2],
            part_count: 0,
            unit_off: 0,
            cart_off: 0,
            told: None,
            touched: false,
        });
        match self.put(number, line) {
            Ok(()) => Ok(index(number)),
            Err(refused) => {
                self.lines.pop();
                Err(refused)
            }
        }
    }

    /// Put another line in place of a live one.
    pub fn change_line(&mut self, number: u32, line: Line) -> Result<&Diff> {
        let was = self.live(number)?;
        self.take_out(number as usize);
        if let Err(refused) = self.put(number as usize, line) {
            // It was there a moment ago, so there is room for it.
            self.put(number as usize, was)?;
            self.settle();
            return Err(refused);
        }
        self.settle();
        Ok(&self.diff)
    }

    /// Take a live line out.
    pub fn remove_line(&mut self, number: u32) -> Result<&Diff> {
        self.live(number)?;
        self.take_out(number as usize);
        self.settle();
        Ok(&self.diff)
    }

    /// The total of the live lines in minor units.
    pub fn total_minor(&self) -> i64 {
        self.diff.total_minor
    }

    /// What the last change did.
    pub fn diff(&self) -> &Diff {
        &self.diff
    }

    fn live(&self, number: u32) -> Result<Line> {
        match self.lines.get(number as usize) {
            Some(slot) if slot.live => Ok(slot.line),
            _ => Err(CoreError::OutOfRange {
                what: "line",
                need: "a line of the cart",
            }),
        }
    }

    /// Price what has changed since.
    pub fn settle(&mut self) {
        self.settle_units();
        for at in 0..self.touched.len() {
            self.sum_line(self.touched[at]);
        }
        self.settle_cart();
        self.diff.changed.clear();
        let mut touched = std::mem::take(&mut self.touched);
        for number in touched.drain(..) {
            let slot = &mut self.lines[number as usize];
            slot.touched = false;
            let net = slot
                .live
                .then(|| slot.amount - slot.unit_off - slot.cart_off);
            self.total -= i128::from(slot.told.unwrap_or(0));
            self.total += i128::from(net.unwrap_or(0));
            if let Some(net) = net
                && slot.told != Some(net)
            {
                self.diff.changed.push((number, net));
            }
            slot.told = net;
        }
        self.touched = touched;
        self.diff.changed.sort_unstable();
        // The sum of the amounts fits, and no discount is below zero.
        self.diff.total_minor = narrow(self.total, "total_minor").unwrap_or(i64::MAX);
    }

    /// Say that a line's net may have changed.
    pub(crate) fn touch(&mut self, number: u32) {
        let slot = &mut self.lines[number as usize];
        if !slot.touched {
            slot.touched = true;
            self.touched.push(number);
        }
    }

    fn put(&mut self, number: usize, line: Line) -> Result<()> {
        let amount = extend_amount(
            line.unit_price_micros,
            line.quantity_milli,
            self.minor_digits,
        )?;
        let units = units_of(line, amount);
        if units > MAX_UNITS - self.units {
            return Err(CoreError::OutOfRange {
                what: "the number of units",
                need: "at most 1,000,000",
            });
        }
        if line.floor_price_micros < 0 {
            return Err(CoreError::OutOfRange {
                what: "floor_price_micros",
                need: "zero or more",
            });
        }
        let gross = self.gross + i128::from(amount).abs();
        narrow(gross, "the sum of the lines")?;
        self.gross = gross;
        self.units += units;
        let slot = &mut self.lines[number];
        slot.line = line;
        slot.live = true;
        slot.amount = amount;
        slot.part_count = 0;
        if units > 0 {
            let count = i64::from(units);
            let floor = self.unit_floor(line, units);
            let odd = amount % count;
            let key = |amount| Key {
                amount,
                floor,
                item: line.item,
                discountable: line.discountable,
            };
            // A price finer than the minor unit leaves some units one dearer than the others.
            self.join(number, key(amount / count), count - odd);
            if odd > 0 {
                self.join(number, key(amount / count + 1), odd);
            }
        }
        let order = |&other: &u32| (self.lines[other as usize].line, other as usize);
        let at = self
            .sorted
            .partition_point(|other| order(other) < (line, number));
        self.sorted.insert(at, index(number));
        self.touch(index(number));
        Ok(())
    }

    /// The least a unit may cost, rounded up.
    fn unit_floor(&self, line: Line, units: u32) -> i64 {
        let digits = u32::try_from(self.minor_digits).unwrap_or(0);
        let product = i128::from(line.floor_price_micros) * i128::from(line.quantity_milli);
        let per_unit = i128::from(units) * 1_000 * (MILLION / 10_i128.pow(digits));
        narrow(divide(product, per_unit, Rounding::Up), "floor").unwrap_or(i64::MAX)
    }

    fn join(&mut self, number: usize, key: Key, units: i64) {
        let units = u32::try_from(units).unwrap_or(0);
        if units == 0 || key.amount == 0 {
            return;
        }
        let kind = match self.by_key.get(&key) {
            Some(&kind) => kind,
            None => self.create(key),
        };
        let slot = &mut self.lines[number];
        slot.parts[slot.part_count] = (kind, units);
        slot.part_count += 1;
        let lines = &self.lines;
        let order = |number: u32| (lines[number as usize].line, number);
        let members = &mut self.kinds[kind as usize].members;
        let own = order(index(number));
        let at = members.partition_point(|&(other, _)| order(other) < own);
        members.insert(at, (index(number), units));
        self.kinds[kind as usize].count += units;
        self.soil(kind);
    }

    fn take_out(&mut self, number: usize) {
        let slot = self.lines[number];
        for &(kind, units) in &slot.parts[..slot.part_count] {
            let found = &mut self.kinds[kind as usize];
            found.members.retain(|&(line, _)| line as usize != number);
            found.count -= units;
            self.soil(kind);
        }
        self.units -= units_of(slot.line, slot.amount);
        self.gross -= i128::from(slot.amount).abs();
        self.sorted.retain(|&line| line as usize != number);
        let slot = &mut self.lines[number];
        slot.live = false;
        slot.part_count = 0;
        slot.unit_off = 0;
        slot.cart_off = 0;
        self.touch(index(number));
    }

    fn soil(&mut self, kind: u32) {
        let found = &mut self.kinds[kind as usize];
        if !found.dirty {
            found.dirty = true;
            self.dirty.push(kind);
        }
    }

    /// The next kind whose units changed; a kind left empty passes that on to its neighbours.
    pub(crate) fn next_dirty(&mut self) -> Option<u32> {
        while let Some(kind) = self.dirty.pop() {
            self.kinds[kind as usize].dirty = false;
            if self.kinds[kind as usize].count > 0 {
                return Some(kind);
            }
            self.retire(kind);
        }
        None
    }

    fn retire(&mut self, kind: u32) {
        let ties = std::mem::take(&mut self.kinds[kind as usize].ties);
        for link in &ties {
            for at in 0..self.states[link.promo as usize].kinds.len() {
                let (other, _) = self.states[link.promo as usize].kinds[at];
                if other != kind {
                    self.soil(other);
                }
            }
        }
        let found = &mut self.kinds[kind as usize];
        found.ties = ties;
        found.mods.clear();
        self.by_key.remove(&found.key);
        for link in &found.links {
            self.states[link.promo as usize]
                .kinds
                .retain(|&(other, _)| other != kind);
        }
        self.free.push(kind);
    }

    fn create(&mut self, key: Key) -> u32 {
        let set = Arc::clone(&self.set);
        let mut links = std::mem::take(&mut self.links);
        set.links_of(key.item, &mut links);
        for link in &links {
            self.look_up(&set, link.promo);
        }
        let kind = self.free.pop().unwrap_or_else(|| {
            self.kinds.push(Kind {
                key,
                count: 0,
                members: Vec::new(),
                links: Vec::new(),
                each: Vec::new(),
                gated: false,
                ties: Vec::new(),
                mods: Vec::new(),
                alone: Known::default(),
                proof: Proof::Proven,
                mark: 0,
                local: 0,
                dirty: false,
            });
            index(self.kinds.len() - 1)
        });
        let found = &mut self.kinds[kind as usize];
        found.key = key;
        found.count = 0;
        found.mark = 0;
        found.alone.count = 0;
        found.alone.least = None;
        found.gated = false;
        found.links.clear();
        found.each.clear();
        found.ties.clear();
        for &link in &links {
            let state = &mut self.states[link.promo as usize];
            let promotion = set.at(link.promo);
            if state.closed.is_some() || !key.discountable && !promotion.count_nondiscountable {
                continue;
            }
            self.kinds[kind as usize].links.push(link);
            let on_cart = promotion.on_cart();
            if !on_cart && !state.takes && link.sets & promotion.benefit_sets() != 0 {
                self.kinds[kind as usize].each.push(link.promo);
                self.kinds[kind as usize].gated |= !promotion.gates.is_empty();
            }
            let ties = !on_cart && (state.takes || !promotion.gates.is_empty());
            if ties {
                self.kinds[kind as usize].ties.push(link);
            }
            if ties || on_cart {
                if state.listed != self.epoch {
                    state.listed = self.epoch;
                    self.with_kinds.push(link.promo);
                    if on_cart {
                        self.on_cart.push(link.promo);
                    }
                }
                let before = |&(other, _): &(u32, u16)| self.kinds[other as usize].key < key;
                let at = state.kinds.partition_point(before);
                state.kinds.insert(at, (kind, link.sets));
            }
        }
        self.links = links;
        self.by_key.insert(key, kind);
        kind
    }

    /// Work out once for this cart whether a promotion is open.
    fn look_up(&mut self, set: &PromotionSet, promo: u32) {
        let state = &mut self.states[promo as usize];
        if state.epoch == self.epoch {
            return;
        }
        let promotion = set.at(promo);
        state.epoch = self.epoch;
        state.closed = closed(promotion, &self.facts);
        (state.uses, state.minor) = left(promotion, &self.facts);
        let capped = state.uses < u32::MAX || state.minor < i64::MAX;
        state.takes = promotion.takes_units(capped);
        (state.passed, state.competes) = (false, false);
    }

    /// Add up what promotions on units take from a line.
    fn sum_line(&mut self, number: u32) {
        let slot = &mut self.lines[number as usize];
        slot.unit_off = 0;
        for &(kind, _) in &slot.parts[..slot.part_count] {
            let shares = self.kinds[kind as usize].shares_of(number);
            slot.unit_off += shares.map(|(_, off, _)| off).sum::<i64>();
        }
    }
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

/// Units promotions may take: a line that gives nothing to take from has none.
fn units_of(line: Line, amount: i64) -> u32 {
    let units = if amount <= 0 || line.quantity_milli <= 0 {
        0
    } else if line.pieces && line.quantity_milli % 1_000 == 0 {
        line.quantity_milli / 1_000
    } else {
        1
    };
    u32::try_from(units).unwrap_or(u32::MAX)
}

/// A place in a list of at most a few hundred thousand.
pub(crate) fn index(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
