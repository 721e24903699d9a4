//! What may not leave of a chip's objects, by their tags, and of bytes that nobody knows: card
//! numbers are masked ([`crate::masking`]), tracks and other sensitive data are wiped. Source: PCI
//! DSS 4.0, requirements 3.3 and 3.4.
//!
//! Everything happens in place, in the buffer the bytes were received in, before anything is made
//! of them.

use super::dictionary::{Format, find};
use super::tlv::{self, Dialect};
use crate::masking::halves::{half, mask_half_bytes, search_half_bytes};
use crate::masking::number::DIGITS_MAX;
use crate::masking::written::search_written;
use crate::masking::{search_text, search_words};
use zeroize::Zeroize;

/// The shortest object whose value may not be told: an expiry.
const OBJECT_MIN: usize = 6;
/// How often objects are looked for within one another where no tag says that they are there.
const GUESSES_MAX: usize = 4;
const PADDED: Dialect = Dialect {
    plain: &[],
    trailing_ff: true,
};

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
        Rule::Text => search_words(value),
        Rule::Search => search(value),
    }
}

/// Mask every run that looks like a card number, in letters or in half bytes, and what a chip's
/// objects hold of one.
///
/// Letters are half bytes too; where all bytes are printable they are taken for letters, but where
/// they are no longer than a number and all digits in half bytes.
pub fn search(value: &mut [u8]) {
    search_text(value);
    if !value.iter().all(|byte| (0x20..0x7F).contains(byte)) {
        search_objects(value);
        search_half_bytes(value);
        return;
    }
    let is_digits =
        value.len() * 2 <= DIGITS_MAX && (0..value.len() * 2).all(|place| half(value, place) <= 9);
    if is_digits {
        search_half_bytes(value);
    }
    search_written(value);
}

/// Mask and wipe what may not be told of a chip's objects, where these bytes are some.
fn search_objects(value: &mut [u8]) {
    guess_objects(value, GUESSES_MAX);
}

fn guess_objects(value: &mut [u8], left: usize) {
    if value.len() < OBJECT_MIN || left == 0 {
        return;
    }
    let Ok(objects) = tlv::decode(value, PADDED) else {
        return;
    };
    for object in objects.iter().filter(|one| !one.is_template) {
        let held = &mut value[object.range()];
        match rule(object.tag) {
            hard @ (Rule::Mask | Rule::Withhold) => apply(hard, held),
            _ => guess_objects(held, left - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::masking::packed;
    use crate::terminal::chance::Chance;

    fn searched(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        search(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
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
    fn other_marks_part_what_schemes_give_out() {
        for between in [
            ".", "/", "  ", "\u{a0}", "\u{2009}", "_", ":", "\t", " - ", "|", ",", "\\",
        ] {
            let card = ["4111", "1111", "1111", "1111"].join(between);
            let hidden = ["4111", "11**", "****", "1111"].join(between);
            assert_eq!(searched(&card), hidden, "{between:?}");
        }
        let mut cp437 = *b"4111\xFF1111\xFF1111\xFF1111";
        search_words(&mut cp437);
        assert_eq!(&cp437, b"4111\xFF11**\xFF****\xFF1111");
        // Too far apart; groups of a day and an hour; what no scheme gives out.
        for text in [
            "4111    1111    1111    1111",
            "26.11.2026  14.03.2214",
            "3111.1111.1111.1113",
        ] {
            assert_eq!(searched(text), text);
        }
        assert_eq!(searched("3111-1111-1111-1113"), "3111-11**-****-1113");
    }

    #[test]
    fn runs_in_half_bytes_are_masked() {
        for (told, masked) in [
            ("FFAA4111111111111111FF", "FFAA411111EEEEEE1111FF"),
            ("FFA14111111111111111FF", "FFA1411111EEEEEE1111FF"),
            ("12004111111111111111", "1200411111EEEEEE1111"),
            // One that begins within a byte does so behind a nought.
            ("10378282246310005F", "10378282EEEEE0005F"),
            // What stands behind it as on a track is gone.
            ("4111111111111111D2512201F0", "411111EEEEEE1111DEEEEEEEF0"),
        ] {
            let mut value = packed(told);
            apply(Rule::Search, &mut value);
            assert_eq!(value, packed(masked), "{told}");
        }
    }

    #[test]
    fn objects_of_a_chip_are_found_where_no_tag_tells_of_them() {
        for (told, masked) in [
            ("5A081234567890123456", "5A08123456EEEEEE3456"),
            (
                "570A4111111111111112D251FFFF",
                "570A00000000000000000000FFFF",
            ),
            ("DF02065F2403251231", "DF02065F2403000000"),
            ("DF020A5A081234567890123456", "DF020A5A08123456EEEEEE3456"),
        ] {
            let mut value = packed(told);
            apply(Rule::Search, &mut value);
            assert_eq!(value, packed(masked), "{told}");
        }
        // However deep they stand within one another, that is not followed for long.
        let mut value = vec![0x81; 2_000];
        apply(Rule::Search, &mut value);
    }

    #[test]
    fn what_is_no_card_stays() {
        for text in [
            "A0000000041010",
            "A0000003591010028001",
            "A0000001523010",
            "D27600002545410100",
            "A000000333010101",
            "8E5F1B2C9A7D3346",
            "20261126140322000117",
            "000000001250097800000042",
        ] {
            let mut value = packed(text);
            apply(Rule::Search, &mut value);
            assert_eq!(value, packed(text));
        }
        for text in [
            &b"Gr\x81\xE1e f\x81r 3 Tage"[..],
            b"d\x82bit\x82 83 23 13 03 4",
            b"Visa\0\0\0\0",
            b"A1B2C3D4E5F60718",
            b"Contactless Mastercard Debit",
            b"123456\0\0",
            b"52500010",
        ] {
            let mut value = text.to_vec();
            apply(Rule::Text, &mut value);
            assert_eq!(value, text);
        }
    }

    #[test]
    fn texts_have_no_number_in_any_writing() {
        for (told, masked) in [
            (
                &b"V \x41\x11\x11\x11\x11\x11\x11\x11\0"[..],
                &b"V ********\0"[..],
            ),
            (
                b"\x41\x11\x11\x11\x11\x11\x11\x11\xD2\x51\x22\x01",
                b"************",
            ),
            (
                b"34313131313131313131313131313131",
                b"3431313131312a2a2a2a2a2a31313131",
            ),
            (b"NDExMTExMTExMTExMTExMQ==", b"**********************=="),
        ] {
            let mut value = told.to_vec();
            apply(Rule::Text, &mut value);
            assert_eq!(value, masked, "{told:?}");
        }
        let mut value = *b"34313131313131313131313131313131";
        apply(Rule::Search, &mut value);
        assert_eq!(&value, b"3431313131312a2a2a2a2a2a31313131");
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
        let mut track = packed("4111111111111111D2512");
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
