//! What comes out of a card terminal's cable: frames found in a stream of bytes, and ZVT messages
//! read from them without a card number in what is told.
//!
//! Every framer is fed in any pieces, holds at most one frame in a buffer of fixed size that is
//! wiped as soon as the frame was handed on, and finds its way again after garbage where the
//! framing lets it.

pub mod apdu;
#[cfg(test)]
pub(crate) mod chance;
pub mod crc;
pub mod dle;
pub mod length;
pub mod lrc;
pub mod marked;
pub mod nexo;
#[cfg(test)]
mod streams;
pub mod web;
pub mod zvt;

/// Acknowledged.
pub const ACK: u8 = 0x06;
/// Not acknowledged: send it again.
pub const NAK: u8 = 0x15;
/// May I send?
pub const ENQ: u8 = 0x05;
/// Nothing more to send.
pub const EOT: u8 = 0x04;
/// A frame begins.
pub const STX: u8 = 0x02;
/// A frame ends.
pub const ETX: u8 = 0x03;
/// What follows is not data.
pub const DLE: u8 = 0x10;

/// Why a frame was thrown away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bad {
    /// Its check bytes do not fit it.
    Check,
    /// A byte stands where the framing has none.
    Form,
    /// It is longer than a frame may be.
    TooLong,
}

impl Bad {
    /// A stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Check => "bad_check",
            Self::Form => "bad_form",
            Self::TooLong => "too_long",
        }
    }
}

/// What a framer found.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A whole frame, and its check value (0 where the framing has none). The bytes are the
    /// framer's own and wiped when the handler returns.
    Frame(&'a mut [u8], u16),
    /// A control byte by itself: [`ACK`], [`NAK`], [`ENQ`] or [`EOT`].
    Control(u8),
    /// A word of progress that stands outside the frames.
    Progress(&'a mut [u8]),
    /// A frame that was thrown away.
    Bad(Bad),
}
