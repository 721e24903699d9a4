//! Card numbers in bytes and texts of a terminal, found however they are written and masked to
//! their first six and last four digits, in the buffer they arrived in. Source: PCI DSS 4.0,
//! requirements 3.3 and 3.4.
//!
//! What a number is says [`number`]; [`groups`] finds it in the digits of a text, [`halves`] in
//! half bytes, [`written`] in hexadecimal, base64 and behind escapes. What else of a chip's objects
//! may not leave, and where card numbers are looked for, says [`crate::emv::screen`].

pub(crate) mod groups;
pub(crate) mod halves;
pub mod number;
pub mod written;

pub use groups::search_text;
pub use halves::{mask_half_bytes, shown};

/// Mask every card number in what ought to be a text, whatever it is written in; what one in half
/// bytes, or in letters that stand for others, stands within is starred whole.
pub fn search_words(text: &mut [u8]) {
    search_text(text);
    halves::star_half_bytes(text);
    written::search_written(text);
}

/// Bytes from their half bytes, as they are written in tests.
#[cfg(test)]
pub(crate) fn packed(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
