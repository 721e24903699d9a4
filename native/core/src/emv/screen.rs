//! What may not leave: card numbers are masked to their first six and last four digits, tracks
//! and other sensitive data are wiped, wherever they stand. Source: PCI DSS 4.0, requirements 3.3
//! and 3.4.
//!
//! Everything happens in place, in the buffer the bytes were received in, before anything is made
//! of them.

use super::dictionary::{Format, find};
use zeroize::Zeroize;

/// The fewest and the most digits of a card number. Source: ISO/IEC 7812-1.
pub(crate) const DIGITS_MIN: usize = 13;
pub(crate) const DIGITS_MAX: usize = 19;
const KEPT_FIRST: usize = 6;
const KEPT_LAST: usize = 4;
/// The half byte that stands for a hidden digit, as ZVT terminals write it.
const HIDDEN: u8 = 0xE;

/// What may be told of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// All of it.
    Tell,
    /// A card number in half bytes: masked.
    Mask,
    /// Nothing but that it was there.
    Withhold,
    /// It is text: what looks like a card number in it is masked.
    Text,
    /// Nobody knows what it is: what looks like a card number in letters or half bytes is masked.
    Search,
}

/// The rule for an object of a chip.
pub fn rule(tag: u32) -> Rule {
    match tag {
        0x5A => Rule::Mask,
        // Tracks and their parts, the holder's name, the expiry, the service code, PIN data.
        0x56 | 0x57 | 0x5F20 | 0x5F24 | 0x5F30 | 0x99 | 0x9F0B | 0x9F1F | 0x9F20 | 0x9F6B => {
            Rule::Withhold
        }
        // DF81xx carry what kernels keep to themselves, tracks among it.
        0xDF_8100..=0xDF_81FF => Rule::Withhold,
        _ => match find(tag).map(|entry| entry.format) {
            Some(Format::Text) => Rule::Text,
            Some(_) => Rule::Tell,
            None => Rule::Search,
        },
    }
}

/// Apply a rule to a value where it stands.
pub fn apply(rule: Rule, value: &mut [u8]) {
    match rule {
        Rule::Tell => {}
        Rule::Mask => mask_half_bytes(value),
        Rule::Withhold => value.zeroize(),
        Rule::Text => search_text(value),
        Rule::Search => search(value),
    }
}

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

/// Whether the digit at a place of so many is one that is not told.
pub(crate) fn is_hidden(place: usize, count: usize) -> bool {
    if count < DIGITS_MIN {
        return count <= KEPT_LAST || place + KEPT_LAST < count;
    }
    place >= KEPT_FIRST && place + KEPT_LAST < count
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

fn set_half(value: &mut [u8], place: usize, digit: u8) {
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

/// Mask every run that looks like a card number, in letters or in half bytes.
///
/// Letters are half bytes too; where all bytes are printable and some are no digits in half bytes,
/// they are taken for letters only.
pub fn search(value: &mut [u8]) {
    search_text(value);
    let is_printable = value.iter().all(|byte| (0x20..0x7F).contains(byte));
    let is_digits = (0..value.len() * 2).all(|place| half(value, place) <= 9);
    if !is_printable || is_digits {
        search_half_bytes(value);
    }
}

/// Digits in groups, one group after the other: which of them are hidden, because a card number
/// begins with one group and ends with another. What stands before or behind a number, parted by
/// what parts groups, does not hide it; where several could be one, each has its middle hidden.
#[derive(Default)]
pub(crate) struct Groups {
    digits: [u8; DIGITS_MAX],
    count: usize,
    hidden: u32,
}

impl Groups {
    /// A group begins here.
    pub(crate) fn begin(&mut self) {
        self.count = 0;
    }

    /// The next digit from there on; no more are wanted where it answers no.
    pub(crate) fn push(&mut self, digit: u8, ends_group: bool) -> bool {
        if self.count == DIGITS_MAX {
            return false;
        }
        self.digits[self.count] = digit;
        self.count += 1;
        if ends_group && looks_like_a_card(&self.digits[..self.count]) {
            for place in (0..self.count).filter(|place| is_hidden(*place, self.count)) {
                self.hidden |= 1 << place;
            }
        }
        true
    }

    /// Whether the next digit of the group that begins is hidden.
    pub(crate) fn take(&mut self) -> bool {
        let is_hidden = self.hidden & 1 == 1;
        self.hidden >>= 1;
        is_hidden
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        self.digits.zeroize();
    }
}

/// Mask every run of 13 to 19 digits that an issuer could have given out and whose check digit is
/// right. One space or dash between digits does not part a run.
pub fn search_text(text: &mut [u8]) {
    let mut groups = Groups::default();
    let mut at = 0;
    while at < text.len() {
        if !text[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let run = &text[at..run_end(text, at)];
        groups.begin();
        for (place, byte) in run.iter().enumerate() {
            let ends_group = !run.get(place + 1).is_some_and(u8::is_ascii_digit);
            if byte.is_ascii_digit() && !groups.push(byte - b'0', ends_group) {
                break;
            }
        }
        while at < text.len() && text[at].is_ascii_digit() {
            if groups.take() {
                text[at] = b'*';
            }
            at += 1;
        }
    }
}

fn run_end(text: &[u8], from: usize) -> usize {
    let mut end = from + 1;
    loop {
        match text.get(end) {
            Some(byte) if byte.is_ascii_digit() => end += 1,
            Some(b' ' | b'-') if text.get(end + 1).is_some_and(u8::is_ascii_digit) => end += 2,
            _ => return end,
        }
    }
}

fn search_half_bytes(value: &mut [u8]) {
    let halves = value.len() * 2;
    let mut at = 0;
    while at < halves {
        if half(value, at) > 9 {
            at += 1;
            continue;
        }
        let end = (at..halves)
            .find(|place| half(value, *place) > 9)
            .unwrap_or(halves);
        let count = end - at;
        // Digits in letters are half bytes too, with a 3 before each: those were searched already.
        let is_letters = (at..end).all(|place| place % 2 == 1 || half(value, place) == 3);
        if (DIGITS_MIN..=DIGITS_MAX).contains(&count) && !is_letters {
            let mut digits = [0_u8; DIGITS_MAX];
            for (place, digit) in digits[..count].iter_mut().enumerate() {
                *digit = half(value, at + place);
            }
            if looks_like_a_card(&digits[..count]) {
                for place in (0..count).filter(|place| is_hidden(*place, count)) {
                    set_half(value, at + place, HIDDEN);
                }
            }
            digits.zeroize();
        }
        at = end;
    }
}

/// Whether digits could be a card number: 13 to 19 of them, of an issuer, with the right check
/// digit. Source: ISO/IEC 7812-1, first digits 2 to 6 and 8 to 9 as schemes use them, annex B.
pub fn looks_like_a_card(digits: &[u8]) -> bool {
    if !(DIGITS_MIN..=DIGITS_MAX).contains(&digits.len()) || matches!(digits[0], 0 | 1 | 7) {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(*digit);
            if place.is_multiple_of(2) {
                digit
            } else {
                digit * 2 / 10 + digit * 2 % 10
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::chance::Chance;

    fn bcd(text: &str) -> Vec<u8> {
        text.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    fn masked(text: &str) -> String {
        let mut value = bcd(text);
        mask_half_bytes(&mut value);
        shown(&value)
    }

    fn searched(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        search(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
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

    #[test]
    fn runs_in_text_are_masked_where_they_could_be_cards() {
        assert_eq!(
            searched("PAN 4111111111111111 ok"),
            "PAN 411111******1111 ok"
        );
        assert_eq!(searched("4111 1111 1111 1111"), "4111 11** **** 1111");
        assert_eq!(searched("4111-1111-1111-1111x"), "4111-11**-****-1111x");
        assert_eq!(searched("4111111111111112"), "4111111111111112");
        assert_eq!(searched("0000000000000000"), "0000000000000000");
        assert_eq!(searched("4111  1111"), "4111  1111");
        assert_eq!(searched("411111******1111"), "411111******1111");
        // Groups before and behind it do not hide it.
        assert_eq!(
            searched("No 12 4111111111111111 2512"),
            "No 12 411111******1111 2512"
        );
        assert_eq!(
            searched("4111111111111111 4111 1111 1111 1111"),
            "411111******1111 4111 11** **** 1111"
        );
        // With 26 before it, it could be another one, and each has its middle hidden.
        assert_eq!(
            searched("2026-11-26 4111-1111-1111-1111"),
            "2026-11-26 4111-****-****-1111"
        );
        assert_eq!(searched("41111111111111112512"), "41111111111111112512");
    }

    #[test]
    fn runs_in_half_bytes_are_masked() {
        let mut value = bcd("FFA14111111111111111FF");
        apply(Rule::Search, &mut value);
        assert_eq!(
            value,
            bcd("FFA14111111111111111FF"),
            "a longer run is no card"
        );
        let mut value = bcd("FFAA4111111111111111FF");
        apply(Rule::Search, &mut value);
        assert_eq!(value, bcd("FFAA411111EEEEEE1111FF"));
    }

    #[test]
    fn digits_in_letters_are_no_half_bytes() {
        // The half bytes of these eight letters would pass for a card's number.
        let mut value = *b"99999999";
        search_half_bytes(&mut value);
        assert_eq!(&value, b"99999999");
    }

    #[test]
    fn rules_of_tags() {
        assert_eq!(rule(0x5A), Rule::Mask);
        for tag in [
            0x56, 0x57, 0x5F20, 0x5F24, 0x9F1F, 0x9F20, 0x9F6B, 0xDF_8129,
        ] {
            assert_eq!(rule(tag), Rule::Withhold, "{tag:X}");
        }
        assert_eq!(rule(0x9F26), Rule::Tell);
        assert_eq!(rule(0x50), Rule::Text);
        assert_eq!(rule(0x9F7C), Rule::Search);
        let mut track = bcd("4111111111111111D2512");
        apply(Rule::Withhold, &mut track);
        assert!(track.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn any_bytes_are_searched_without_a_panic_and_twice_is_once() {
        let mut chance = Chance(5);
        for _ in 0..5_000 {
            let size = chance.index(40);
            let mut value = chance.bytes(size);
            if chance.below(2) == 0 {
                for byte in &mut value {
                    *byte = b'0' + *byte % 10;
                }
            }
            search(&mut value);
            let once = value.clone();
            search_text(&mut value);
            assert_eq!(once, value);
            mask_half_bytes(&mut value);
        }
    }
}
