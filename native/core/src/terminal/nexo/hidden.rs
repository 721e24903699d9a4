//! What is told of a nexo terminal's texts and numbers: no card's number, and no more of them than
//! may be kept.

use crate::masking::number::DIGITS_MIN;
use crate::masking::search_text;
use crate::masking::written::{Use, cleaned};
use crate::wipe::Wiped;

/// A JSON text with its escapes decoded, cut, and without card numbers.
pub fn cleaned_raw(raw: &str, used: Use, chars_max: usize) -> String {
    let room = super::json::decoded(raw);
    cleaned(cut(room.as_slice(), chars_max), used)
}

/// The first so many characters.
pub fn cut(text: &[u8], chars_max: usize) -> &[u8] {
    let is_first = |byte: u8| byte & 0xC0 != 0x80;
    let mut count = 0;
    let end = text.iter().position(|byte| {
        count += usize::from(is_first(*byte));
        count > chars_max
    });
    &text[..end.unwrap_or(text.len())]
}

/// Whether a number in digits is a card's.
pub fn is_number_hidden(raw: &str) -> bool {
    let mut room = Wiped::of(raw.as_bytes());
    search_text(room.as_mut_slice());
    room.as_slice() != raw.as_bytes()
}

/// A card's number as six digits, stars, four digits; empty where it is not masked enough to tell
/// which digits those are.
pub fn shown(number: &[u8]) -> String {
    let digits = || number.iter().copied().filter(u8::is_ascii_digit);
    let count = digits().count();
    let is_masked = number
        .iter()
        .any(|one| matches!(one, b'*' | b'X' | b'x' | b'#'));
    if count < DIGITS_MIN && !(is_masked && is_cut(number)) {
        return String::new();
    }
    let told = |from: usize, size: usize| digits().skip(from).take(size).map(char::from);
    told(0, 6)
        .chain("******".chars())
        .chain(told(count - 4, 4))
        .collect()
}

/// Whether digits stand before and after the mask, no more of them than may be kept.
fn is_cut(number: &[u8]) -> bool {
    let compact = || number.iter().filter(|one| !matches!(one, b' ' | b'-'));
    let head = compact().take_while(|one| one.is_ascii_digit()).count();
    let tail = compact()
        .rev()
        .take_while(|one| one.is_ascii_digit())
        .count();
    let all = compact().filter(|one| one.is_ascii_digit()).count();
    head >= 6 && tail >= 4 && all == head + tail
}
