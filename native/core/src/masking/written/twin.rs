//! The masks of written numbers held against a slow twin, which cuts a text into marks and tries
//! every group of digits as the first and every one behind it as the last.

use super::*;
use crate::masking::number::{is_issued, looks_like_a_card};
use crate::terminal::chance::Chance;
use std::ops::Range;

const ROUNDS: usize = 3_000;

/// A mark and where it stands.
type Token = (Mark, Range<usize>);

/// Which of the marks are hidden: `parts` says how what stands between two groups parts them, and
/// whether that asks for a number schemes give out; no answer, and they are no one number.
fn hidden(tokens: &[Token], parts: impl Fn(&[Mark]) -> Option<bool>) -> Vec<bool> {
    let mut hidden = vec![false; tokens.len()];
    let digit = |place: usize| match tokens.get(place)?.0 {
        Mark::Digit(digit) => Some(digit),
        _ => None,
    };
    for first in 0..tokens.len() {
        if digit(first).is_none() || first > 0 && digit(first - 1).is_some() {
            continue;
        }
        let (mut places, mut at) = (Vec::new(), first);
        let (mut is_apart, mut is_short) = (false, false);
        loop {
            let group = places.len();
            while digit(at).is_some() {
                places.push(at);
                at += 1;
            }
            let digits: Vec<u8> = places.iter().filter_map(|place| digit(*place)).collect();
            let counts = !is_apart || !is_short && is_issued(&digits);
            if counts && looks_like_a_card(&digits) {
                places[6..places.len() - 4]
                    .iter()
                    .for_each(|place| hidden[*place] = true);
            }
            let next = (at..tokens.len()).find(|place| digit(*place).is_some());
            let Some(next) = next else { break };
            let between: Vec<Mark> = tokens[at..next].iter().map(|one| one.0).collect();
            let Some(parts_wide) = parts(&between) else {
                break;
            };
            is_apart |= parts_wide;
            is_short |= places.len() - group < 3;
            at = next;
        }
    }
    hidden
}

/// One space or dash is nothing; up to three marks part groups of three digits and more.
fn marks_part(between: &[Mark]) -> Option<bool> {
    let is_far = between.len() > 3 || between.contains(&Mark::Other);
    (!is_far).then(|| between.len() > 1 || between[0] == Mark::Apart)
}

fn tokens(text: &[u8], mark: impl Fn(&[u8]) -> (Mark, usize)) -> Vec<Token> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (what, size) = mark(&text[at..]);
        found.push((what, at..at + size));
        at += size;
    }
    found
}

/// The text with what is hidden written as `star`.
fn starred(text: &[u8], tokens: &[Token], hidden: &[bool], star: &[u8]) -> Vec<u8> {
    let parts = tokens.iter().zip(hidden);
    parts
        .flat_map(|((_, place), is_hidden)| {
            if *is_hidden {
                star
            } else {
                &text[place.clone()]
            }
        })
        .copied()
        .collect()
}

/// A number with its check digit, of any size.
fn number(chance: &mut Chance) -> String {
    let first = ["4", "5", "62", "3", "9", ""][chance.index(6)];
    let size = 13 + chance.index(7);
    loop {
        let mut text = first.to_owned();
        while text.len() < size {
            text.push(char::from(b'0' + u8::try_from(chance.index(10)).unwrap()));
        }
        let digits: Vec<u8> = text.bytes().map(|one| one - b'0').collect();
        if looks_like_a_card(&digits) {
            return text;
        }
    }
}

/// Digits, in groups that some of `between` parts, `written` one by one.
fn made(chance: &mut Chance, between: &[&str], written: impl Fn(char) -> String) -> Vec<u8> {
    let mut text = String::new();
    for _ in 0..=chance.index(3) {
        let usual = between[chance.index(between.len())];
        let every = 2 + chance.index(5);
        for (place, one) in number(chance).chars().enumerate() {
            if place > 0 && place % every == 0 {
                let is_other = chance.below(9) == 0;
                text += if is_other {
                    between[chance.index(between.len())]
                } else {
                    usual
                };
            }
            text += &written(one);
        }
        for _ in 0..chance.index(3) {
            text += between[chance.index(between.len())];
        }
        if chance.below(3) == 0 {
            text += &written('7');
        }
    }
    text.into_bytes()
}

#[test]
fn groups_of_digits_are_masked_as_a_slow_twin_does() {
    const BETWEEN: [&str; 14] = [
        "",
        "",
        " ",
        "-",
        ".",
        "  ",
        " - ",
        "...",
        "....",
        "x",
        "\u{a0}",
        "\u{2009} ",
        "/",
        "-.-",
    ];
    let mut chance = Chance(37);
    let mut masked_count = 0;
    for _ in 0..ROUNDS {
        let text = made(&mut chance, &BETWEEN, |one| one.to_string());
        let found = tokens(&text, groups::mark);
        let expected = starred(&text, &found, &hidden(&found, marks_part), b"*");
        let mut masked = text.clone();
        search_text(&mut masked);
        assert_eq!(masked, expected, "{}", String::from_utf8_lossy(&text));
        masked_count += usize::from(masked != text);
    }
    assert!(masked_count > ROUNDS / 3, "{masked_count}");
}

#[test]
fn escaped_digits_are_masked_as_a_slow_twin_does() {
    const BETWEEN: [&str; 14] = [
        "",
        "",
        "+",
        "%20",
        "%2D",
        "%00",
        "%41",
        "%",
        "%2",
        " ",
        ".",
        "%20+",
        "%0a%0d%09+",
        "\u{a0}",
    ];
    let mut chance = Chance(43);
    let mut masked_count = 0;
    for round in 0..ROUNDS {
        let is_escaped = |one: char| match (round % 3, one) {
            (0, _) | (1, '4'..='9') => format!("%3{one}"),
            _ => one.to_string(),
        };
        let text = made(&mut chance, &BETWEEN, is_escaped);
        let found = tokens(&text, mark);
        let expected = starred(&text, &found, &hidden(&found, marks_part), b"*");
        let masked = through_escapes(&text);
        assert_eq!(
            masked.as_slice(),
            expected,
            "{}",
            String::from_utf8_lossy(&text)
        );
        masked_count += usize::from(masked.as_slice() != text);
    }
    assert!(masked_count > ROUNDS / 3, "{masked_count}");
}

#[test]
fn digits_in_hexadecimal_are_masked_as_a_slow_twin_does() {
    const BETWEEN: [&str; 14] = [
        "", "", "20", "2d", "2D", "2020", "3", "2", "3a", "41", "x", "-", "0", "203",
    ];
    let as_pairs = |text: &[u8]| match text {
        [b'3', digit @ b'0'..=b'9', ..] => (Mark::Digit(digit - b'0'), 2),
        [b'2', b'0' | b'd' | b'D', ..] => (Mark::Between, 2),
        [_, _, ..] => (Mark::Other, 2),
        _ => (Mark::Other, 1),
    };
    let one_parts = |between: &[Mark]| (between == [Mark::Between]).then_some(false);
    let mut chance = Chance(47);
    let mut masked_count = 0;
    for _ in 0..ROUNDS {
        let text = made(&mut chance, &BETWEEN, |one| format!("3{one}"));
        let mut expected = text.clone();
        for run in expected.split_mut(|one| !one.is_ascii_hexdigit()) {
            for shift in 0..run.len().min(2) {
                let pairs = &mut run[shift..];
                let found = tokens(pairs, as_pairs);
                let starred = starred(pairs, &found, &hidden(&found, one_parts), b"2a");
                pairs.copy_from_slice(&starred);
            }
        }
        let mut masked = text.clone();
        search_hex(&mut masked);
        assert_eq!(masked, expected, "{}", String::from_utf8_lossy(&text));
        masked_count += usize::from(masked != text);
    }
    assert!(masked_count > ROUNDS / 5, "{masked_count}");
}

#[test]
fn marks_are_told_with_all_their_bytes() {
    let between = (Mark::Between, 1);
    let (apart, other) = ((Mark::Apart, 1), (Mark::Other, 1));
    for one in 0..=u8::MAX {
        let plain = match one {
            b'0'..=b'9' => (Mark::Digit(one - b'0'), 1),
            b' ' | b'-' => between,
            0..=0x1F | 0x7F | b'.' | b',' | b':' | b'/' | b'\\' | b'|' | b'_' | 0x80.. => apart,
            _ => other,
        };
        assert_eq!(groups::mark(&[one, b'x']), plain, "{one}");
        let escaped = if matches!(one, b'+' | 0..=b' ' | 0x7F..) {
            between
        } else {
            plain
        };
        assert_eq!(mark(&[one, b'x']), escaped, "{one}");
    }
    assert_eq!(
        groups::mark("\u{2009}\u{2009}".as_bytes()),
        (Mark::Apart, 3)
    );
    assert_eq!(groups::mark(b"\xC2\xA0\xC0"), (Mark::Apart, 2));
    assert_eq!(mark("\u{a0}1".as_bytes()), (Mark::Between, 2));
    for (text, expected) in [
        (&b"%30"[..], (Mark::Digit(0), 3)),
        (b"%39", (Mark::Digit(9), 3)),
        (b"%3a", (Mark::Other, 3)),
        (b"%2F", (Mark::Between, 3)),
        (b"%00", (Mark::Between, 3)),
        (b"%41", (Mark::Other, 3)),
        (b"%3", (Mark::Other, 1)),
        (b"%3x", (Mark::Other, 1)),
        (b"%x3", (Mark::Other, 1)),
    ] {
        assert_eq!(mark(text), expected, "{text:?}");
    }
}

#[test]
fn letters_that_could_be_base64_are_told_from_words() {
    for (letters, expected) in [
        ("a1", true),
        ("1a", true),
        ("A1", true),
        ("1A", true),
        ("aA", true),
        ("Aa", false),
        ("AA", false),
        ("11", false),
        ("aa", false),
        ("1+", false),
        ("/1", false),
        ("a+A", false),
        ("a", false),
        ("", false),
    ] {
        assert_eq!(is_no_word(letters.as_bytes()), expected, "{letters}");
    }
}

#[test]
fn base64_is_searched_from_the_shortest_number_on() {
    // Thirteen digits in half bytes are seven bytes and ten letters; as letters, eighteen.
    let packed = base64::encode(&[0x42, 0x22, 0x22, 0x22, 0x22, 0x22, 0x2F]);
    let packed = packed.trim_end_matches('=').to_owned();
    assert_eq!(packed.len(), RUN_MIN);
    let digits = base64::encode(b"4222222222222");
    let digits = digits.trim_end_matches('=').to_owned();
    for (text, used, is_hidden) in [
        (packed.clone(), Use::Words, true),
        // A name is starred where it is a number and nothing else, as it was told.
        (packed.clone(), Use::Name, false),
        (format!("{packed}=="), Use::Name, true),
        (format!("{packed}aaaa"), Use::Name, false),
        (packed[..9].to_owned(), Use::Words, false),
        (digits.clone(), Use::Words, true),
        (digits.clone(), Use::Name, true),
        (digits[..17].to_owned(), Use::Name, false),
        (format!("x{digits}"), Use::Name, true),
        (format!("xx{digits}"), Use::Words, true),
        (format!("xxx{digits}"), Use::Words, true),
        (
            base64::encode(b"34323232323232323232323232"),
            Use::Name,
            true,
        ),
    ] {
        let mut found = text.clone().into_bytes();
        search_base64(&mut found, used);
        let found = String::from_utf8(found).unwrap();
        let letters = text.trim_end_matches('=').len();
        let expected = match (is_hidden, used) {
            (false, _) => text.clone(),
            (true, Use::Name) if text.starts_with(&packed) => "*".repeat(text.len()),
            (true, _) => format!("{}{}", "*".repeat(letters), &text[letters..]),
        };
        assert_eq!(found, expected, "{text} {used:?}");
    }
    // Each run by itself: what stands beside one is not touched.
    let mut found = format!("AUTHORISED: {packed}, {packed}").into_bytes();
    search_base64(&mut found, Use::Words);
    assert_eq!(found, b"AUTHORISED: **********, **********");
}

#[test]
fn only_texts_of_less_bytes_than_a_number_are_left_unread() {
    let told = |text: &[u8]| cleaned(text, Use::Words);
    assert_eq!(told(b"\x41\x11\x11\x11\x11\x11\x9F"), "");
    assert_eq!(
        told(b"\x41\x11\x11\x11\x11\x11\x1F"),
        "A\x11\x11\x11\x11\x11\x1F"
    );
    assert_eq!(
        told(b"%34%32%32%32%32%32%32%32%32%32%32%32%32"),
        "%34%32%32%32%32%32***%32%32%32%32"
    );
    assert_eq!(told(b"4222+222222222"), "4222+22***2222");
    assert_eq!(told(b"4222\x7F222222222"), "4222\x7F22***2222");
    assert_eq!(
        told("4222\u{a0}222222222".as_bytes()),
        "4222\u{a0}22***2222"
    );
    assert_eq!(told(b"4222\t222222222"), "4222\t22***2222");
}
