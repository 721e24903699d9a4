//! The floor under the engine: integers and bytes in, integers and bytes out.
//!
//! Amounts are minor units, unit prices micros of the major unit, quantities thousandths, rates
//! parts per million. Products are taken in `i128` and narrowed with a check. Nothing here reads a
//! clock, a file or a random number, and nothing panics on any input.
#![forbid(unsafe_code)]

pub mod apportion;
pub mod base64;
pub mod book;
pub mod builder;
#[cfg(test)]
mod canonical;
pub mod cash;
pub mod chain;
pub mod emv;
pub mod error;
pub mod item;
pub mod masking;
pub mod money;
mod overlay;
pub mod pricing;
pub mod promo;
mod rational;
mod search;
pub mod segment;
pub mod tax;
pub mod tax_document;
pub mod terminal;
pub mod text;
pub mod tree;
#[cfg(test)]
mod twin;
pub mod wipe;

pub use error::{CoreError, Result};
