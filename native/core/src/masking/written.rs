//! Card numbers in texts, however they are written: in digits, in pairs with escapes, in
//! hexadecimal, in base64, in half bytes.
//!
//! What is masked keeps its first six and last four digits; what a number was found within is
//! starred whole. Of names, which must come back as they were told or a transaction could not be
//! named again, half bytes count only where a name is nothing else.

use super::groups::{self, Groups, Mark, search_text};
use super::halves::{has_half_bytes, has_packed, is_packed};
use super::number::DIGITS_MIN;
use crate::base64;
use crate::wipe::Wiped;

/// Half bytes of the shortest number, in base64.
const RUN_MIN: usize = 10;
/// Digits of the shortest number, in base64.
const DIGITS_RUN_MIN: usize = 17;
/// Half bytes of the shortest number, as letters.
const TEXT_MIN: usize = 7;

/// What a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// To be read.
    Words,
    /// To name something to whoever told it.
    Name,
}

/// A text without card numbers.
pub fn cleaned(text: &[u8], used: Use) -> String {
    if text.len() < TEXT_MIN {
        return String::from_utf8_lossy(text).into_owned();
    }
    if has_half_bytes(text) {
        return String::new();
    }
    let mut room = Wiped::of(text);
    search_text(room.as_mut_slice());
    if room
        .as_slice()
        .iter()
        .any(|one| matches!(one, b'%' | b'+' | ..b' ' | 0x7F..))
    {
        room = through_escapes(room.as_slice());
    }
    search_hex(room.as_mut_slice());
    search_base64(room.as_mut_slice(), used);
    String::from_utf8_lossy(room.as_slice()).into_owned()
}

/// Mask what is a card number once it is read as hexadecimal or base64.
pub(crate) fn search_written(text: &mut [u8]) {
    search_hex(text);
    search_base64(text, Use::Words);
}

// ------------------------------------------------------------------------------------- escapes

/// What stands first in a text that may be decoded as pairs of a form, and its bytes. Whatever
/// would be shown as a space may stand between digits.
fn mark(text: &[u8]) -> (Mark, usize) {
    match text {
        [b'%', one, two, ..] => match (hex(*one), hex(*two)) {
            (Some(3), Some(digit @ 0..=9)) => (Mark::Digit(digit), 3),
            (Some(0..=2), Some(_)) => (Mark::Between, 3),
            (Some(_), Some(_)) => (Mark::Other, 3),
            _ => (Mark::Other, 1),
        },
        [b'+' | ..b' ' | 0x7F..=0xFF, ..] => (Mark::Between, groups::mark(text).1),
        _ => groups::mark(text),
    }
}

fn hex(letter: u8) -> Option<u8> {
    char::from(letter)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

/// Mask what is a card number once escapes are decoded; a masked digit loses its escape.
fn through_escapes(data: &[u8]) -> Wiped {
    let mut room = Wiped::new(data.len());
    let mut groups = Groups::default();
    let mut at = 0;
    while at < data.len() {
        groups.look_ahead(&data[at..], mark);
        loop {
            let (what, size) = mark(&data[at..]);
            let is_digit = matches!(what, Mark::Digit(_));
            if is_digit && groups.take() {
                let _ = room.push(b'*');
            } else {
                let _ = room.extend(&data[at..at + size]);
            }
            at += size;
            if !(is_digit && is_digit_next(&data[at..])) {
                break;
            }
        }
    }
    room
}

fn is_digit_next(data: &[u8]) -> bool {
    matches!(mark(data).0, Mark::Digit(_))
}

// --------------------------------------------------------------------------------- hexadecimal

/// Mask digits that are written as the hexadecimal of their letters.
fn search_hex(text: &mut [u8]) {
    let mut at = 0;
    while at + 2 * DIGITS_MIN <= text.len() {
        let end = text[at..]
            .iter()
            .position(|one| !one.is_ascii_hexdigit())
            .map_or(text.len(), |size| at + size);
        for shift in 0..2 {
            if end - at >= 2 * DIGITS_MIN + shift {
                search_pairs(&mut text[at + shift..end]);
            }
        }
        at = end + 1;
    }
}

fn search_pairs(text: &mut [u8]) {
    let pair = |text: &[u8], place: usize| match &text[2 * place..2 * place + 2] {
        [b'3', digit @ b'0'..=b'9'] => Some(digit - b'0'),
        _ => None,
    };
    let is_between = |text: &[u8], place: usize| {
        matches!(&text[2 * place..2 * place + 2], b"20" | b"2d" | b"2D")
    };
    let pairs = text.len() / 2;
    let is_digit = |text: &[u8], place: usize| place < pairs && pair(text, place).is_some();
    let mut groups = Groups::default();
    let mut at = 0;
    while at < pairs {
        if !is_digit(text, at) {
            at += 1;
            continue;
        }
        groups.begin();
        for place in at..pairs {
            let goes_on = is_digit(text, place + 1);
            let is_within = match pair(text, place) {
                Some(digit) => groups.push(digit, !goes_on),
                None => is_between(text, place) && goes_on,
            };
            if !is_within {
                break;
            }
        }
        while is_digit(text, at) {
            if groups.take() {
                text[2 * at..2 * at + 2].copy_from_slice(b"2a");
            }
            at += 1;
        }
    }
}

// -------------------------------------------------------------------------------------- base64

/// Star every run of base64 letters that a card number stands in, wherever its groups begin.
fn search_base64(text: &mut [u8], used: Use) {
    if used == Use::Name && base64::decode(text).is_some_and(|room| is_packed(room.as_slice())) {
        text.fill(b'*');
    }
    let whole = text.len();
    let mut at = 0;
    while at < text.len() {
        let size = text[at..]
            .iter()
            .position(|one| base64::bits(*one).is_none())
            .unwrap_or(whole - at);
        let letters = &text[at..at + size];
        if has_room(letters, used) && is_told_within(letters, used) {
            text[at..at + size].fill(b'*');
        }
        at += size + 1;
    }
}

/// Whether a number has room in so many letters: half bytes, or the longer digits.
fn has_room(letters: &[u8], used: Use) -> bool {
    letters.len() >= DIGITS_RUN_MIN
        || letters.len() >= RUN_MIN && used == Use::Words && is_no_word(letters)
}

fn is_told_within(letters: &[u8], used: Use) -> bool {
    (0..4.min(letters.len() - RUN_MIN + 1)).any(|shift| {
        let mut room = base64::decode_run(&letters[shift..]);
        if used == Use::Words && is_no_word(letters) && has_packed(room.as_slice(), |_| true) {
            return true;
        }
        let before = Wiped::of(room.as_slice());
        search_text(room.as_mut_slice());
        search_hex(room.as_mut_slice());
        before.as_slice() != room.as_slice()
    })
}

/// Whether letters and digits stand mixed as they do in no word, or capitals behind small letters.
fn is_no_word(letters: &[u8]) -> bool {
    letters.windows(2).any(|pair| {
        let [one, two] = [pair[0], pair[1]];
        one.is_ascii_digit() != two.is_ascii_digit()
            && one.is_ascii_alphanumeric()
            && two.is_ascii_alphanumeric()
            || one.is_ascii_lowercase() && two.is_ascii_uppercase()
    })
}

#[cfg(test)]
mod twin;
