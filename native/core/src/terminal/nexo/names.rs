//! Names that must come back byte for byte: a terminal's own, or its answers would be another
//! terminal's; and its name for a transaction, or that could not be reversed.
//!
//! One in ten serial numbers of fifteen digits, and one in a hundred names of transactions, has
//! digits that look like a card's number.

use super::hidden::cleaned_raw;
use super::json;
use crate::masking::written::{Use, cleaned};

/// Letters and digits before the time in a transaction's name, and with the time.
const LEAD: usize = 4;
const HEAD: usize = 19;
/// The same with a dot and the acquirer's sixteen letters and digits.
const WHOLE: usize = 36;
/// Milliseconds since 1970 at the beginning of 2010 and of 2100.
const FIRST_MS: u64 = 1_262_304_000_000;
const LAST_MS: u64 = 4_102_444_800_000;

/// A terminal's name: as it stands where it is the one that is expected, since that tells nothing
/// new, and else without card numbers.
pub(super) fn terminal(raw: &str, expected: &str, chars_max: usize) -> String {
    if json::decoded(raw).as_slice() == expected.as_bytes() {
        return expected.to_owned();
    }
    cleaned_raw(raw, Use::Name, chars_max)
}

/// A terminal's name for a transaction: as it stands where it is one of those, and else without
/// card numbers.
pub(super) fn transaction(raw: &str, chars_max: usize) -> String {
    let room = json::decoded(raw);
    if is_of_transaction(room.as_slice()) {
        return String::from_utf8_lossy(room.as_slice()).into_owned();
    }
    cleaned_raw(raw, Use::Name, chars_max)
}

/// Whether a text is made as terminals name transactions: four letters and digits, `00`,
/// milliseconds since 1970, and behind a dot the acquirer's reference, if any. No digits alone
/// are: a card's number has no letter.
///
/// Source: names in the examples of the Adyen Terminal API and in reports of its users, read
/// 2026-11.
#[must_use]
pub fn is_of_transaction(text: &[u8]) -> bool {
    let (head, tail) = match text.len() {
        HEAD => (text, &[][..]),
        WHOLE if text[HEAD] == b'.' => (&text[..HEAD], &text[HEAD + 1..]),
        _ => return false,
    };
    let (lead, time) = head.split_at(LEAD);
    lead.iter().chain(tail).all(u8::is_ascii_alphanumeric)
        && !lead.iter().all(u8::is_ascii_digit)
        && is_time(time)
        // The reference is sixteen signs of anybody's: as many as a card's number has.
        && cleaned(tail, Use::Name).as_bytes() == tail
}

fn is_time(digits: &[u8]) -> bool {
    let number = digits.iter().try_fold(0_u64, |sum, one| {
        one.is_ascii_digit()
            .then(|| sum * 10 + u64::from(one - b'0'))
    });
    digits.starts_with(b"00") && number.is_some_and(|ms| (FIRST_MS..LAST_MS).contains(&ms))
}
