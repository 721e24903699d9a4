//! nexo in JSON, as terminals speak it over a shop's own network: sealed messages are opened here,
//! and what is told of them has no card data.
//!
//! The way of a message: base64 and AES make its plain text in one buffer ([`seal`]); [`json`]
//! finds where things stand in it and copies nothing; [`told`] makes objects of the members the
//! house reads, by name, and of no others; every text goes through [`hidden`] first, but for
//! [`names`] that must come back as they were told. The buffer and every text that was decoded on
//! the way are [`Wiped`](crate::wipe::Wiped): wiped when they are dropped, whether the message was
//! read or refused, and the stack that cipher and hash worked in is written over. Registers are
//! not; the next thing that is reckoned goes over them.
//!
//! Source: nexo Retailer Protocol 3.0 in JSON and the seal of local messages, as the Adyen
//! Terminal API has them, read 2026-11.

pub mod hidden;
pub mod json;
pub mod names;
pub mod pairs;
pub mod seal;
pub mod told;

#[cfg(test)]
mod tests;

/// Bytes of one message at most, sealed or plain.
pub const MESSAGE_BYTES_MAX: usize = 262_144;
/// Objects and lists within one another.
pub const DEPTH_MAX: usize = 24;
/// Characters of one number.
pub const NUMBER_CHARS_MAX: usize = 24;
/// Values in one message.
pub const MEMBERS_MAX: usize = 20_000;

/// Why a message is not taken for what it claims to be: a stable word, and what more may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Such as `not_json`.
    pub code: &'static str,
    /// Where, or how much; never what stood there.
    pub detail: String,
}

impl Trouble {
    pub(crate) fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}

impl From<&'static str> for Trouble {
    fn from(code: &'static str) -> Self {
        Self::new(code, "")
    }
}
