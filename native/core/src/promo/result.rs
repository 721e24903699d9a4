//! A priced cart written out: lines, what each promotion did to them, applications, totals.

use super::cart::Cart;
use super::layers::CartMod;
use super::solve::Proof;
use crate::money::{MILLION, divide, narrow};
use std::collections::BTreeMap;

/// What one application of a promotion did to a line. Minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Modifier {
    /// The line.
    pub line: u32,
    /// The promotion and its version.
    pub promotion_id: u32,
    /// Its version.
    pub version: u32,
    /// The place of the application in [`PricedCart::applications`].
    pub application: usize,
    /// Units of the line that took part; for promotions on the cart all of them.
    pub units: u32,
    /// Zero or less. Zero where units took part and carry no share.
    pub amount_minor: i64,
    /// What the line cost before.
    pub before_minor: i64,
    /// What it costs after: before + amount.
    pub after_minor: i64,
    /// What rounding added to the amount, in millionths of a minor unit: the amount less the
    /// line's exact part of the application's saving. Sums to about zero over an application.
    pub rounding_micro: i64,
}

/// Units a promotion took together, or in one stroke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// The promotion.
    pub promotion_id: u32,
    /// Its version.
    pub version: u32,
    /// How many equal deals, or full steps of a threshold, it stands for.
    pub times: u32,
    /// Zero or more.
    pub saving_minor: i64,
    /// The vendor's part of the saving, rounded half away from zero; the rest is the store's.
    pub vendor_minor: i64,
    /// Line, units and what came off them, zero or more.
    pub units: Vec<(u32, u32, i64)>,
}

/// A line, priced. Minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PricedLine {
    /// The line.
    pub line: u32,
    /// Unit price × quantity.
    pub amount_minor: i64,
    /// Zero or less: the sum of its modifiers.
    pub discount_minor: i64,
    /// Amount + discount.
    pub net_minor: i64,
}

/// A cart, priced. Minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedCart {
    /// Live lines, by number.
    pub lines: Vec<PricedLine>,
    /// By line, in the order they apply.
    pub modifiers: Vec<Modifier>,
    /// Promotions on units, then those on the cart.
    pub applications: Vec<Application>,
    /// Sum of the amounts.
    pub subtotal_minor: i64,
    /// Zero or less.
    pub discount_minor: i64,
    /// Subtotal + discount.
    pub total_minor: i64,
    /// How far the result is known to be the best; the weakest of all contests.
    pub proof: Proof,
}

/// What a promotion does to a line, before applications are numbered.
struct Piece {
    line: u32,
    promo: u32,
    token: u64,
    times: u32,
    units: u32,
    off: i64,
    before: i64,
    carries: bool,
}

impl Cart {
    /// The whole result, written out.
    pub fn priced(&self) -> PricedCart {
        let mut pieces = Vec::new();
        let mut lines = Vec::with_capacity(self.sorted.len());
        let mut proof = Proof::Proven;
        let mut on_cart: Vec<&CartMod> = self.cart_mods.iter().collect();
        on_cart.sort_by_key(|found| found.line);
        for (number, slot) in (0..).zip(&self.lines) {
            if !slot.live {
                continue;
            }
            let mut running = slot.amount;
            for &(kind, _) in &slot.parts[..slot.part_count] {
                proof = proof.max(self.kinds[kind as usize].proof);
            }
            let first = on_cart.partition_point(|found| found.line < number);
            let last = on_cart.partition_point(|found| found.line <= number);
            self.pieces_of(number, &on_cart[first..last], &mut running, &mut pieces);
            lines.push(PricedLine {
                line: number,
                amount_minor: slot.amount,
                discount_minor: running - slot.amount,
                net_minor: running,
            });
        }
        if !self.cart_whole {
            proof = proof.max(Proof::Greedy);
        }
        let (applications, modifiers) = self.number(&pieces);
        let sum = |amounts: &mut dyn Iterator<Item = i64>| {
            let sum = amounts.map(i128::from).sum();
            // No sum of parts of the cart leaves 64 bits: the cart has seen to that.
            narrow(sum, "a total").unwrap_or(i64::MAX)
        };
        PricedCart {
            subtotal_minor: sum(&mut lines.iter().map(|line| line.amount_minor)),
            discount_minor: sum(&mut lines.iter().map(|line| line.discount_minor)),
            total_minor: sum(&mut lines.iter().map(|line| line.net_minor)),
            lines,
            modifiers,
            applications,
            proof,
        }
    }

    /// What promotions do to a line, in order; `running` goes from its amount to its net.
    fn pieces_of(
        &self,
        line: u32,
        on_cart: &[&CartMod],
        running: &mut i64,
        pieces: &mut Vec<Piece>,
    ) {
        let slot = &self.lines[line as usize];
        for &(kind, _) in &slot.parts[..slot.part_count] {
            for (found, off, units) in self.kinds[kind as usize].shares_of(line) {
                pieces.push(Piece {
                    line,
                    promo: found.promo,
                    token: found.token,
                    times: found.times,
                    units,
                    off,
                    before: *running,
                    carries: found.carries,
                });
                *running -= off;
            }
        }
        let units = slot.parts[..slot.part_count]
            .iter()
            .map(|part| part.1)
            .sum();
        for found in on_cart {
            pieces.push(Piece {
                line,
                promo: found.promo,
                // Once a cart, and told apart from all tokens.
                token: u64::MAX - u64::from(found.promo),
                times: found.times,
                units,
                off: found.off,
                before: *running,
                carries: true,
            });
            *running -= found.off;
        }
    }

    /// Gather pieces into applications, numbered in the order of the lines.
    fn number(&self, pieces: &[Piece]) -> (Vec<Application>, Vec<Modifier>) {
        let mut places: BTreeMap<u64, usize> = BTreeMap::new();
        let mut applications: Vec<Application> = Vec::new();
        let mut weights: Vec<i128> = Vec::new();
        let mut order: Vec<&Piece> = pieces.iter().collect();
        order.sort_by_key(|piece| piece.token > u64::MAX / 2);
        for piece in order {
            let promotion = self.set.at(piece.promo);
            let place = *places.entry(piece.token).or_insert_with(|| {
                weights.push(0);
                applications.push(Application {
                    promotion_id: promotion.id,
                    version: promotion.version,
                    times: piece.times,
                    saving_minor: 0,
                    vendor_minor: 0,
                    units: Vec::new(),
                });
                applications.len() - 1
            });
            let found = &mut applications[place];
            found.saving_minor += piece.off;
            found.units.push((piece.line, piece.units, piece.off));
            if piece.carries {
                weights[place] += i128::from(self.weight(piece));
            }
        }
        for found in &mut applications {
            let place = self.set.place(found.promotion_id);
            let ppm = place.map_or(0, |place| self.set.at(place).vendor_ppm);
            let part = crate::money::percent_of(found.saving_minor.into(), ppm.into());
            found.vendor_minor = narrow(part, "the vendor's part").unwrap_or(0);
        }
        let modifiers = pieces.iter().map(|piece| {
            let application = places[&piece.token];
            let whole = i128::from(applications[application].saving_minor) * MILLION;
            let exact = if piece.carries && weights[application] > 0 {
                let part = i128::from(self.weight(piece));
                multiply_divide(whole, part, weights[application])
            } else {
                0
            };
            let rounding = exact - i128::from(piece.off) * MILLION;
            Modifier {
                line: piece.line,
                promotion_id: self.set.at(piece.promo).id,
                version: self.set.at(piece.promo).version,
                application,
                units: piece.units,
                amount_minor: -piece.off,
                before_minor: piece.before,
                after_minor: piece.before - piece.off,
                rounding_micro: narrow(rounding, "rounding").unwrap_or(0),
            }
        });
        let modifiers = modifiers.collect();
        (applications, modifiers)
    }

    /// What a line's part of an application is reckoned by: what its units cost at first, or for
    /// a promotion on the cart what the line cost before.
    fn weight(&self, piece: &Piece) -> i64 {
        if piece.token > u64::MAX / 2 {
            return piece.before;
        }
        let slot = &self.lines[piece.line as usize];
        let units: u32 = slot.parts[..slot.part_count]
            .iter()
            .map(|part| part.1)
            .sum();
        let part = i128::from(slot.amount) * i128::from(piece.units);
        narrow(part / i128::from(units.max(1)), "a part").unwrap_or(0)
    }
}

/// `a × b / c`, where the product may leave 128 bits: then to the precision that is left.
fn multiply_divide(a: i128, b: i128, c: i128) -> i128 {
    match a.checked_mul(b) {
        Some(product) => divide(product, c, crate::money::Rounding::HalfUp),
        None => (a / c).saturating_mul(b),
    }
}
