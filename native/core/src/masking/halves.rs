//! Card numbers in half bytes, two digits in each byte: one that is known to be there, and those
//! that stand within bytes nobody knows or within what ought to be text.

use super::number::{DIGITS_MAX, DIGITS_MIN, is_hidden, is_issued, looks_like_a_card};
use crate::wipe::Wiped;
use std::ops::Range;
use zeroize::Zeroize;

/// The half byte that stands for a hidden digit, as ZVT terminals write it.
pub(super) const HIDDEN: u8 = 0xE;

/// What a text is filled up with.
const FILLING: [u8; 3] = [0, b' ', 0xFF];
/// Signs of which so many stand nowhere within eight letters of words.
const SIGNS: &[u8] = b"!\"#$%&'()@`";
const SIGNS_MIN: usize = 3;

/// Mask a card number in half bytes: F and what follows a separator D is not part of it.
///
/// Fewer than 13 digits keep the last four at most, so that a short number is not told whole.
pub fn mask_half_bytes(value: &mut [u8]) {
    let count = (0..value.len() * 2)
        .take_while(|place| !matches!(half(value, *place), 0xD | 0xF))
        .count();
    for place in 0..count {
        if is_hidden(place, count) {
            set_half(value, place, HIDDEN);
        }
    }
    for place in count..value.len() * 2 {
        set_half(value, place, 0xF);
    }
}

/// A half byte.
pub(crate) fn half(value: &[u8], place: usize) -> u8 {
    let byte = value[place / 2];
    if place.is_multiple_of(2) {
        byte >> 4
    } else {
        byte & 0xF
    }
}

pub(super) fn set_half(value: &mut [u8], place: usize, digit: u8) {
    let byte = &mut value[place / 2];
    *byte = if place.is_multiple_of(2) {
        *byte & 0x0F | digit << 4
    } else {
        *byte & 0xF0 | digit
    };
}

/// A masked card number as text, hidden digits as `*`.
pub fn shown(value: &[u8]) -> String {
    (0..value.len() * 2)
        .map(|place| half(value, place))
        .take_while(|digit| *digit != 0xF)
        .map(|digit| match digit {
            0..=9 => char::from(b'0' + digit),
            _ => '*',
        })
        .collect()
}

/// The next run of digits in half bytes that a card number has room in.
fn next_run(value: &[u8], mut at: usize) -> Option<Range<usize>> {
    let halves = value.len() * 2;
    while at + DIGITS_MIN <= halves {
        let end = digits_end(value, at);
        if end - at >= DIGITS_MIN {
            return Some(at..end);
        }
        at = end + 1;
    }
    None
}

/// Which counts of digits from a place on are card numbers, by bits.
///
/// A run that is nothing else is one by its first digit, unless it has to be `is_known`. Any other
/// has to be one that schemes give out, and to begin and end where bytes do, or the run, or behind
/// a nought.
fn sizes_at(value: &[u8], run: &Range<usize>, from: usize, is_known: bool) -> u32 {
    let is_begin = from.is_multiple_of(2) || from == run.start || half(value, from - 1) == 0;
    let count = (run.end - from).min(DIGITS_MAX);
    if !is_begin || count < DIGITS_MIN {
        return 0;
    }
    let mut digits = [0_u8; DIGITS_MAX];
    for (place, digit) in digits[..count].iter_mut().enumerate() {
        *digit = half(value, from + place);
    }
    let mut sizes = 0;
    for size in DIGITS_MIN..=count {
        let end = from + size;
        let is_whole = !is_known && from == run.start && end == run.end;
        let is_end = end.is_multiple_of(2) || end == run.end;
        // What is asked first is what is quickest to answer.
        if (is_whole || is_end && is_issued(&digits[..size]))
            && looks_like_a_card(&digits[..size])
            && !is_letters(value, from..end)
        {
            sizes |= 1 << size;
        }
    }
    digits.zeroize();
    sizes
}

/// Whether half bytes are digits in letters, with a 3 before each, and what such are filled up
/// with: those are searched as a text.
fn is_letters(value: &[u8], place: Range<usize>) -> bool {
    let bytes = &value[place.start / 2..place.end.div_ceil(2)];
    let count = bytes.iter().rposition(|one| !FILLING.contains(one));
    let end = (place.start / 2 + count.map_or(0, |at| at + 1)) * 2;
    (place.start..place.end.min(end)).all(|place| place % 2 == 1 || half(value, place) == 3)
}

/// Mask every card number in half bytes, and what follows it as on a track.
pub(crate) fn search_half_bytes(value: &mut [u8]) {
    let mut at = 0;
    while let Some(run) = next_run(value, at) {
        at = run.end;
        if hide_within(value, &run) && at < value.len() * 2 && half(value, at) == 0xD {
            let track = at + 1..digits_end(value, at + 1);
            at = track.end;
            track.for_each(|place| set_half(value, place, HIDDEN));
        }
    }
}

/// Hide the middle of each that could be one; whether one ends where the run does.
fn hide_within(value: &mut [u8], run: &Range<usize>) -> bool {
    let (mut hidden, mut is_last) = (0_u32, false);
    for from in run.clone() {
        let sizes = sizes_at(value, run, from, false);
        for size in (DIGITS_MIN..=DIGITS_MAX).filter(|size| sizes >> size & 1 == 1) {
            is_last |= from + size == run.end;
            for place in (0..size).filter(|place| is_hidden(*place, size)) {
                hidden |= 1 << place;
            }
        }
        if hidden & 1 == 1 {
            set_half(value, from, HIDDEN);
        }
        hidden >>= 1;
    }
    is_last
}

/// Star every card number in half bytes within what ought to be text, where its bytes are no words.
pub(super) fn star_half_bytes(text: &mut [u8]) {
    // Most texts are words: of those a number is all there is, or there is none.
    let is_printable = text.iter().all(|one| (b' '..0x7F).contains(one));
    let mut at = 0;
    while let Some(run) = next_run(text, at) {
        at = run.end;
        let last = if is_printable { 1 } else { run.end };
        let found = (run.start..last).find_map(|from| number_in_text(text, &run, from));
        if let Some(place) = found {
            at = place.end * 2;
            text[place].fill(b'*');
        }
    }
}

/// The bytes of a number, and of the track behind it, that begins at a place of a run.
fn number_in_text(text: &[u8], run: &Range<usize>, from: usize) -> Option<Range<usize>> {
    let sizes = sizes_at(text, run, from, true);
    let mut sizes = (DIGITS_MIN..=DIGITS_MAX)
        .rev()
        .filter(|size| sizes >> size & 1 == 1);
    sizes.find_map(|size| {
        let mut end = from + size;
        let number = from / 2..end.div_ceil(2);
        let is_all = from == 0 && text[number.end..].iter().all(|one| FILLING.contains(one));
        if is_words(&text[number.clone()], is_all) {
            return None;
        }
        if end < text.len() * 2 && half(text, end) == 0xD {
            end = digits_end(text, end + 1);
        }
        Some(number.start..end.div_ceil(2))
    })
}

/// Whether bytes could be words: none that is for a printer's or a cable's use, and, where some are
/// beyond ASCII, nothing that is odd in words. Where they are all there is, they are none if they
/// are beyond ASCII, or odd twice.
fn is_words(bytes: &[u8], is_all: bool) -> bool {
    let end = bytes
        .iter()
        .rposition(|one| *one != 0)
        .map_or(0, |at| at + 1);
    let bytes = &bytes[..end];
    if bytes.iter().any(|one| *one < b' ' && *one != b'\t') {
        return false;
    }
    let odd_count = bytes.windows(2).filter(|pair| is_odd(pair)).count();
    let sign_count = bytes.iter().filter(|one| SIGNS.contains(one)).count();
    match (bytes.is_ascii(), is_all) {
        (true, false) => true,
        (true, true) => odd_count < 2 && sign_count < SIGNS_MIN,
        (false, false) => odd_count == 0 && sign_count < SIGNS_MIN,
        (false, true) => false,
    }
}

/// Whether a digit stands next to a letter, or a capital behind a small letter, as terminals write
/// them (code page 437).
fn is_odd(pair: &[u8]) -> bool {
    let is_capital = |one: u8| {
        one.is_ascii_uppercase() || matches!(one, 0x80 | 0x8E..=0x90 | 0x92 | 0x99 | 0x9A)
    };
    let is_letter = |one: u8| one.is_ascii_alphabetic() || one >= 0x80;
    let [one, two] = [pair[0], pair[1]];
    one.is_ascii_digit() && is_letter(two)
        || is_letter(one) && two.is_ascii_digit()
        || is_letter(one) && !is_capital(one) && is_capital(two)
}

/// Where digits in half bytes end.
fn digits_end(value: &[u8], from: usize) -> usize {
    let halves = value.len() * 2;
    (from..halves)
        .find(|place| half(value, *place) > 9)
        .unwrap_or(halves)
}

/// Whether a card number in half bytes stands anywhere in these bytes, where `counts` says that so
/// many of them are no other thing.
pub(super) fn has_packed(bytes: &[u8], counts: impl Fn(&[u8]) -> bool) -> bool {
    let halves = bytes.len() * 2;
    let mut digits = [0; DIGITS_MAX];
    let found = (0..halves.saturating_sub(DIGITS_MIN - 1)).any(|from| {
        let count = (from..halves.min(from + DIGITS_MAX))
            .take_while(|place| half(bytes, *place) <= 9)
            .count();
        for (place, digit) in digits[..count].iter_mut().enumerate() {
            *digit = half(bytes, from + place);
        }
        (DIGITS_MIN..=count).any(|size| {
            looks_like_a_card(&digits[..size])
                && counts(&bytes[from / 2..(from + size).div_ceil(2)])
        })
    });
    digits.zeroize();
    found
}

/// Whether they are one in half bytes and nothing else.
pub(super) fn is_packed(bytes: &[u8]) -> bool {
    let halves = bytes.len() * 2;
    let mut digits = [0; DIGITS_MAX];
    let count = (0..halves.min(DIGITS_MAX))
        .take_while(|place| half(bytes, *place) <= 9)
        .count();
    for (place, digit) in digits[..count].iter_mut().enumerate() {
        *digit = half(bytes, place);
    }
    let is_whole = count == halves || (count + 1 == halves && half(bytes, count) == 0xF);
    let is_packed = is_whole && looks_like_a_card(&digits[..count]);
    digits.zeroize();
    is_packed
}

/// Whether a text has them as its characters; where these could all be printed it is words.
pub(super) fn has_half_bytes(text: &[u8]) -> bool {
    let is_odd = |one: &u8| !matches!(one, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    if !text.iter().any(is_odd) {
        return false;
    }
    let mut room = Wiped::new(text.len());
    if let Ok(text) = std::str::from_utf8(text) {
        for letter in text.chars() {
            let _ = room.push(u8::try_from(u32::from(letter)).unwrap_or(0xFF));
        }
    } else {
        let _ = room.extend(text);
    }
    has_packed(room.as_slice(), |bytes| bytes.iter().any(is_odd))
}

#[cfg(test)]
mod twin;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::masking::packed;

    fn masked(text: &str) -> String {
        let mut value = packed(text);
        mask_half_bytes(&mut value);
        shown(&value)
    }

    #[test]
    fn card_numbers_keep_first_six_and_last_four() {
        assert_eq!(masked("4111111111111111"), "411111******1111");
        assert_eq!(masked("559883EEEEEE8074"), "559883******8074");
        assert_eq!(masked("6703444444444449FF"), "670344******4449");
        assert_eq!(masked("378282246310005F"), "378282*****0005");
        assert_eq!(masked("4111111111111111D2512"), "411111******1111");
        assert_eq!(masked("123456789012"), "********9012");
        assert_eq!(masked("1234"), "****");
        assert_eq!(masked(""), "");
    }
}
