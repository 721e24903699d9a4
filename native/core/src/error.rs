//! What the floor refuses, and how it says so.

use crate::promo::Fault;
use std::fmt;

/// Every refusal of this crate. Nothing was changed when one is returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CoreError {
    /// A figure does not fit 64 bits.
    Overflow {
        /// The figure.
        what: &'static str,
    },
    /// An exact fraction does not fit 128 bits.
    Wide {
        /// The figure.
        what: &'static str,
    },
    /// A number lies outside what the argument may be.
    OutOfRange {
        /// The argument.
        what: &'static str,
        /// What it must be.
        need: &'static str,
    },
    /// A word is none of those the argument may be.
    UnknownWord {
        /// The argument.
        what: &'static str,
        /// The word that came.
        word: String,
        /// The words it may be.
        allowed: &'static str,
    },
    /// There is nothing to split an amount over.
    AllWeightsZero,
    /// A text is longer than the catalog keeps, or empty where it may not be.
    Text {
        /// The field.
        what: &'static str,
        /// What it must be.
        need: &'static str,
    },
    /// A code sells an item that is not there.
    DanglingCode {
        /// The code.
        code: String,
        /// The item that is missing.
        item_id: String,
    },
    /// Bytes have the wrong length.
    Length {
        /// The argument.
        what: &'static str,
        /// What its length must be.
        need: &'static str,
        /// The length that came.
        got: usize,
    },
    /// Bytes are not a catalog segment in its one canonical form.
    Segment {
        /// Where reading stopped.
        at: &'static str,
        /// What was wrong there.
        why: &'static str,
    },
    /// A promotion cannot mean anything.
    Promotion {
        /// Its id.
        promotion_id: u32,
        /// What is wrong with it.
        fault: Fault,
    },
}

/// A result whose error is a refusal of this crate.
pub type Result<T> = std::result::Result<T, CoreError>;

impl fmt::Display for CoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overflow { what } => write!(f, "{what} does not fit 64 bits"),
            Self::Wide { what } => write!(f, "{what} does not fit 128 bits"),
            Self::OutOfRange { what, need } | Self::Text { what, need } => {
                write!(f, "{what} must be {need}")
            }
            Self::UnknownWord {
                what,
                word,
                allowed,
            } => {
                write!(f, "{what} must be one of {allowed}, not {word:?}")
            }
            Self::AllWeightsZero => {
                write!(
                    f,
                    "weights must not all be zero: there is nothing to split over"
                )
            }
            Self::DanglingCode { code, item_id } => {
                write!(
                    f,
                    "code {code:?} sells item {item_id:?}, which is not in the catalog"
                )
            }
            Self::Length { what, need, got } => write!(f, "{what} must be {need}, not {got} bytes"),
            Self::Promotion {
                promotion_id,
                fault,
            } => write!(f, "promotion {promotion_id}: {fault}"),
            Self::Segment { at, why } => write!(f, "not a catalog segment: {at}: {why}"),
        }
    }
}

impl std::error::Error for CoreError {}
