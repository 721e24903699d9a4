//! What a document is taxed by: taxes, lines and policies, each checked where it is made.

use crate::error::{CoreError, Result};
use crate::money::Rounding;
use crate::tax::MAX_RATE_PPM;

/// The most lines of a document.
pub const LINES_MAX: usize = 20_000;
/// The most taxes of a document.
pub const TAXES_MAX: usize = 256;
/// The most taxes of one line.
pub const TAXES_PER_LINE_MAX: usize = 16;

/// What a quantity counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Whole things.
    Piece,
    /// Volume.
    Litre,
    /// Weight.
    Kg,
    /// Litres × per cent of alcohol, or what else a law counts in degrees.
    Degree,
}

impl Measure {
    /// The measure a word names: `piece`, `litre`, `kg` or `degree`.
    pub fn from_word(word: &str) -> Result<Self> {
        match word {
            "piece" => Ok(Self::Piece),
            "litre" => Ok(Self::Litre),
            "kg" => Ok(Self::Kg),
            "degree" => Ok(Self::Degree),
            _ => unknown("unit", word, "piece, litre, kg, degree"),
        }
    }
}

/// How a tax is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Parts per million of its base, 0 to 10,000,000.
    Percent(i64),
    /// Micros of the major unit for each of a measure, zero or more.
    PerUnit(i64, Measure),
    /// Parts per million of the amount with the tax in it, 0 to below 1,000,000.
    Division(i64),
}

impl Kind {
    /// The kind a word names: `percent`, `per_unit` (of `unit`) or `division`.
    pub fn from_words(word: &str, value: i64, unit: &str) -> Result<Self> {
        match word {
            "percent" if (0..=MAX_RATE_PPM).contains(&value) => Ok(Self::Percent(value)),
            "percent" => range("each tax rate", "0 to 10,000,000 ppm"),
            "division" if (0..1_000_000).contains(&value) => Ok(Self::Division(value)),
            "division" => range("each division rate", "0 to below 1,000,000 ppm"),
            "per_unit" if value >= 0 => Ok(Self::PerUnit(value, Measure::from_word(unit)?)),
            "per_unit" => range("each tax per unit", "zero or more"),
            _ => unknown("tax kind", word, "percent, per_unit, division"),
        }
    }
}

/// Who pays a tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charge {
    /// The customer, here.
    Charged,
    /// The customer accounts for it: shown, not charged.
    Reverse,
    /// Nobody; what it would have been is told.
    Exempt,
}

impl Charge {
    /// The word's meaning: `charged`, `reverse` or `exempt`.
    pub fn from_word(word: &str) -> Result<Self> {
        match word {
            "charged" => Ok(Self::Charged),
            "reverse" => Ok(Self::Reverse),
            "exempt" => Ok(Self::Exempt),
            _ => unknown("tax charge", word, "charged, reverse, exempt"),
        }
    }
}

/// What a threshold or a cap is measured over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// Each piece of a line counted in pieces; the line where it is not.
    Item,
    /// All lines that have the tax.
    Receipt,
}

impl Per {
    /// The word's meaning: `item` or `receipt`.
    pub fn from_word(word: &str) -> Result<Self> {
        match word {
            "item" => Ok(Self::Item),
            "receipt" => Ok(Self::Receipt),
            _ => unknown("threshold or cap measure", word, "item, receipt"),
        }
    }
}

/// Below an amount nothing is taxed. Prices are measured as marked, after discounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    /// Minor units, zero or more.
    pub amount_minor: i64,
    /// The amount itself is still exempt.
    pub exempt_at_amount: bool,
    /// What is measured.
    pub per: Per,
    /// Above it only what exceeds it is taxed, else the whole.
    pub excess: bool,
}

/// What a cap bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capped {
    /// The tax.
    Tax,
    /// The amount that is taxed.
    Base,
}

/// The most that is taxed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    /// What is bounded.
    pub of: Capped,
    /// Minor units, zero or more; for each piece where it is per item.
    pub amount_minor: i64,
    /// What is measured.
    pub per: Per,
}

impl Cap {
    /// A cap on `tax` or `base`.
    pub fn from_words(of: &str, amount_minor: i64, per: &str) -> Result<Self> {
        let of = match of {
            "tax" => Capped::Tax,
            "base" => Capped::Base,
            _ => return unknown("cap", of, "tax, base"),
        };
        Ok(Self {
            of,
            amount_minor,
            per: Per::from_word(per)?,
        })
    }
}

/// One tax of the document's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tax {
    /// How it is counted.
    pub kind: Kind,
    /// The marked price has it in it.
    pub included: bool,
    /// Taxes after it on a line are counted on it too.
    pub affects_later: bool,
    /// It is counted on the taxes before it that affect later ones.
    pub affected_by_previous: bool,
    /// Who pays it.
    pub charge: Charge,
    /// Below what it is not due.
    pub threshold: Option<Threshold>,
    /// The most of it.
    pub cap: Option<Cap>,
}

impl Tax {
    /// Refuse what has no meaning.
    pub(crate) fn check(&self) -> Result<()> {
        let percent = matches!(self.kind, Kind::Percent(_));
        if !percent && (self.threshold.is_some() || self.cap.is_some()) {
            return range("a tax with a threshold or cap", "of kind percent");
        }
        if self.threshold.is_some_and(|found| found.amount_minor < 0)
            || self.cap.is_some_and(|found| found.amount_minor < 0)
        {
            return range("each threshold and cap", "zero or more");
        }
        if self.charge != Charge::Charged
            && (self.affects_later || matches!(self.kind, Kind::Division(_)))
        {
            return range(
                "a tax that is not charged",
                "no division tax and no part of later bases",
            );
        }
        let receipt_cap = self.cap.is_some_and(|cap| cap.per == Per::Receipt);
        if receipt_cap && (self.included || self.affects_later) {
            return range(
                "a tax with a cap per receipt",
                "on top of the price and no part of later bases",
            );
        }
        Ok(())
    }
}

/// One line of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Micros of the major unit.
    pub unit_price_micros: i64,
    /// Thousandths of `unit`.
    pub quantity_milli: i64,
    /// What the quantity counts.
    pub unit: Measure,
    /// Minor units that come off the amount.
    pub discount_minor: i64,
    /// Places in the document's table of taxes, in the order they are counted.
    pub taxes: Vec<usize>,
    /// What else the whole line measures, in thousandths: the litres of its bottles.
    pub measures: Vec<(Measure, i64)>,
}

impl Line {
    /// Thousandths of `measure` that the line has.
    pub(crate) fn measured(&self, measure: Measure) -> Option<i64> {
        if measure == self.unit {
            return Some(self.quantity_milli);
        }
        let found = self.measures.iter().find(|(unit, _)| *unit == measure);
        found.map(|&(_, milli)| milli)
    }
}

/// Where a tax is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For one of a line's quantity, then times the quantity.
    Unit,
    /// Each tax of each line.
    Line,
    /// Each tax once over the document.
    RateDocument,
    /// All charged taxes once over the document.
    Document,
}

/// Where the cents go by which rounded shares miss their rounded sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Residual {
    /// One each to the largest remainders, ties to the first.
    Largest,
    /// All to the first share that is not nought.
    First,
    /// All to the last.
    Last,
    /// All to the biggest, ties to the first.
    Biggest,
}

/// Every choice that changes a cent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Where taxes are rounded.
    pub level: Level,
    /// How.
    pub mode: Rounding,
    /// Of a price with tax in it the net is rounded and the tax is the rest, else the reverse.
    pub net_first: bool,
    /// Where odd cents go.
    pub residual: Residual,
    /// A line's amount is taxed unrounded; it is rounded where its taxes are.
    pub exact_amounts: bool,
    /// How amounts are rounded.
    pub amount_mode: Rounding,
    /// The base told for a division tax leaves out the taxes of its batch.
    pub division_base_net: bool,
}

impl Policy {
    /// A policy in settings words, in the order of the fields.
    pub fn from_words(words: [&str; 7]) -> Result<Self> {
        let [level, mode, extract, residual, amounts, amount_mode, base] = words;
        Ok(Self {
            level: match level {
                "unit" => Level::Unit,
                "line" => Level::Line,
                "rate_document" => Level::RateDocument,
                "document" => Level::Document,
                _ => {
                    return unknown(
                        "rounding level",
                        level,
                        "unit, line, rate_document, document",
                    );
                }
            },
            mode: Rounding::from_word(mode)?,
            net_first: match extract {
                "tax_first" => false,
                "net_first" => true,
                _ => return unknown("extraction", extract, "tax_first, net_first"),
            },
            residual: match residual {
                "largest" => Residual::Largest,
                "first" => Residual::First,
                "last" => Residual::Last,
                "biggest" => Residual::Biggest,
                _ => return unknown("residual", residual, "largest, first, last, biggest"),
            },
            exact_amounts: match amounts {
                "rounded" => false,
                "exact" => true,
                _ => return unknown("amounts", amounts, "rounded, exact"),
            },
            amount_mode: Rounding::from_word(amount_mode)?,
            division_base_net: match base {
                "gross" => false,
                "net" => true,
                _ => return unknown("division base", base, "gross, net"),
            },
        })
    }
}

/// A refusal of a word.
fn unknown<T>(what: &'static str, word: &str, allowed: &'static str) -> Result<T> {
    Err(CoreError::UnknownWord {
        what,
        word: word.to_owned(),
        allowed,
    })
}

/// A refusal of a figure or a combination.
pub(crate) fn range<T>(what: &'static str, need: &'static str) -> Result<T> {
    Err(CoreError::OutOfRange { what, need })
}
