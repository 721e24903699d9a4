//! A cart that re-prices only what a change touches.
//!
//! Equal units of all lines are one *kind*; what promotions do is settled by kind and handed to the
//! lines by content, so the order of scanning tells in nothing. Memory is kept between changes: the
//! book-keeping allocates nothing once warm; contests of units still do.

mod kind;
mod kinds;

use super::compile::{Link, PromotionSet};
use super::contest::Scratch;
use super::eligible::Clause;
use super::layers::CartMod;
use super::model::{Facts, Line};
use super::problem::Problem;
use super::solve::{EXACT_UNITS, Effort};
use super::stack::Stacker;
use crate::error::{CoreError, Result};
use crate::money::{MILLION, Rounding, divide, extend_amount, narrow};
use std::collections::HashMap;
use std::sync::Arc;

use kind::Mixing;
pub(crate) use kind::{Key, Kind, KindMod, Known};

/// Lines of a cart, removed ones included.
pub const MAX_LINES: usize = 100_000;
/// Units of a cart.
pub const MAX_UNITS: u32 = 1_000_000;

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
