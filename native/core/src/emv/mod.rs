//! What chips and terminals say about a card payment: BER-TLV, data object lists, and the bits of
//! the results a receipt or a dispute needs.
//!
//! Source: EMV Book 3 (version 4.3), annexes A, B and C; bits of later versions are named where
//! they are known and never refused where they are not.

pub mod dictionary;
pub mod dol;
pub mod results;
pub mod screen;
pub mod tlv;

pub use tlv::{Fault, Node, Object, Trouble};
