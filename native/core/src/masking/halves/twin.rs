//! The masks of half bytes held against a slow twin, which has every half byte in a place of its
//! own and tries every beginning and every size, over bytes made of what numbers stand between.

use super::*;
use crate::masking::packed;
use crate::terminal::chance::Chance;

const ROUNDS: usize = 3_000;

fn halves_of(value: &[u8]) -> Vec<u8> {
    value
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0xF])
        .collect()
}

fn bytes_of(halves: &[u8]) -> Vec<u8> {
    halves
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// Where the digits that begin at a place end.
fn end_of(halves: &[u8], from: usize) -> usize {
    let mut end = from;
    while end < halves.len() && halves[end] <= 9 {
        end += 1;
    }
    end
}

/// The digits of a number, with its check digit; as schemes give them out, or any.
fn number(chance: &mut Chance) -> String {
    const ISSUED: [(&str, usize); 9] = [
        ("4", 13),
        ("4", 16),
        ("4", 19),
        ("51", 16),
        ("34", 15),
        ("36", 14),
        ("3528", 18),
        ("62", 17),
        ("60", 13),
    ];
    let (first, size) = ISSUED[chance.index(ISSUED.len())];
    let first = if chance.below(4) == 0 { "" } else { first };
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

/// Bytes in which numbers stand behind one another, within digits, on tracks and as letters.
fn made(chance: &mut Chance) -> Vec<u8> {
    const BETWEEN: [&str; 16] = [
        "0", "1", "00", "10", "D", "D2512201", "F", "FF", "E", "A", "20", "2020", "47", "00FF",
        "B4", "D9F",
    ];
    let mut text = String::new();
    for _ in 0..=chance.index(5) {
        match chance.below(8) {
            0..=2 => text.push_str(&number(chance)),
            3 => {
                for one in number(chance).chars().skip(chance.index(6)) {
                    text.extend(['3', one]);
                }
            }
            _ => text.push_str(BETWEEN[chance.index(BETWEEN.len())]),
        }
    }
    if !text.len().is_multiple_of(2) {
        text.push(['0', '7', 'F', 'D'][chance.index(4)]);
    }
    packed(&text)
}

/// Whether nothing but digits in letters stands there, and what such are filled up with.
fn are_letters(halves: &[u8], from: usize, end: usize) -> bool {
    let bytes = bytes_of(halves);
    let mut last = end.div_ceil(2);
    while last > from / 2 && [0x00, 0x20, 0xFF].contains(&bytes[last - 1]) {
        last -= 1;
    }
    (from.div_ceil(2)..last).all(|place| 2 * place >= end || halves[2 * place] == 3)
}

/// Whether a number could stand there, within digits from `run` on that end at `run_end`.
fn could_be(halves: &[u8], run: (usize, usize), place: (usize, usize), is_known: bool) -> bool {
    let (from, end) = place;
    let digits = &halves[from..end];
    let begins = from % 2 == 0 || from == run.0 || halves[from - 1] == 0;
    let ends = end % 2 == 0 || end == run.1;
    let is_alone = !is_known && place == run;
    looks_like_a_card(digits)
        && (is_alone || begins && ends && is_issued(digits))
        && !are_letters(halves, from, end)
}

fn hidden_slowly(value: &[u8]) -> Vec<u8> {
    let mut halves = halves_of(value);
    let mut at = 0;
    while at < halves.len() {
        let run = (at, end_of(&halves, at));
        let mut hidden = vec![false; halves.len()];
        let mut is_last = false;
        for from in run.0..run.1 {
            for size in 13..=19 {
                let end = from + size;
                if end <= run.1 && could_be(&halves, run, (from, end), false) {
                    is_last |= end == run.1;
                    hidden[from + 6..end - 4].fill(true);
                }
            }
            if hidden[from] {
                halves[from] = 0xE;
            }
        }
        at = run.1 + 1;
        if is_last && halves.get(run.1) == Some(&0xD) {
            let end = end_of(&halves, at);
            halves[at..end].fill(0xE);
            at = end;
        }
    }
    bytes_of(&halves)
}

fn starred_slowly(text: &[u8]) -> Vec<u8> {
    let halves = halves_of(text);
    let is_printable = text.iter().all(|one| (b' '..=b'~').contains(one));
    let mut starred = text.to_vec();
    let mut at = 0;
    while at < halves.len() {
        let run = (at, end_of(&halves, at));
        let found = (run.0..run.1)
            .filter(|from| !is_printable || *from == 0)
            .flat_map(|from| (13..=19).rev().map(move |size| (from, from + size)))
            .find(|place| {
                let bytes = place.0 / 2..place.1.div_ceil(2);
                place.1 <= run.1
                    && could_be(&halves, run, *place, true)
                    && !is_words(
                        &text[bytes.clone()],
                        place.0 == 0 && text[bytes.end..].iter().all(|one| FILLING.contains(one)),
                    )
            });
        at = run.1 + 1;
        if let Some((from, mut end)) = found {
            if halves.get(end) == Some(&0xD) {
                end = end_of(&halves, end + 1);
            }
            starred[from / 2..end.div_ceil(2)].fill(b'*');
            at = end.div_ceil(2) * 2;
        }
    }
    starred
}

#[test]
fn half_bytes_are_masked_as_a_slow_twin_does() {
    let mut chance = Chance(17);
    let mut masked_count = 0;
    for _ in 0..ROUNDS {
        let value = made(&mut chance);
        let mut masked = value.clone();
        search_half_bytes(&mut masked);
        assert_eq!(masked, hidden_slowly(&value), "{value:02X?}");
        masked_count += usize::from(masked != value);
    }
    assert!(masked_count > ROUNDS / 3, "{masked_count}");
}

#[test]
fn half_bytes_in_texts_are_starred_as_a_slow_twin_does() {
    const AROUND: [&[u8]; 8] = [b"", b"", b"", b"A", b"Visa ", b"\x81", b"\t", b"7"];
    let mut chance = Chance(23);
    let mut starred_count = 0;
    for _ in 0..ROUNDS {
        let before = AROUND[chance.index(AROUND.len())];
        let behind = AROUND[chance.index(AROUND.len())];
        let text = [before, &made(&mut chance), behind].concat();
        let mut starred = text.clone();
        star_half_bytes(&mut starred);
        assert_eq!(starred, starred_slowly(&text), "{text:02X?}");
        starred_count += usize::from(starred != text);
    }
    assert!(starred_count > ROUNDS / 5, "{starred_count}");
}

#[test]
fn a_known_number_is_masked_as_a_slow_twin_does() {
    let mut chance = Chance(29);
    for _ in 0..ROUNDS {
        let value = made(&mut chance);
        let mut halves = halves_of(&value);
        let count = halves.iter().position(|one| matches!(one, 0xD | 0xF));
        let count = count.unwrap_or(halves.len());
        let first = if count < 13 { 0 } else { 6 };
        let last = if count <= 4 { count } else { count - 4 };
        halves[first..last].fill(0xE);
        halves[count..].fill(0xF);
        let mut masked = value.clone();
        mask_half_bytes(&mut masked);
        assert_eq!(masked, bytes_of(&halves), "{value:02X?}");
        let text: String = halves[..count]
            .iter()
            .map(|one| char::from_digit(u32::from(*one), 10).unwrap_or('*'))
            .collect();
        assert_eq!(shown(&masked), text, "{value:02X?}");
    }
}

#[test]
fn whether_a_number_stands_anywhere_is_told_as_a_slow_twin_does() {
    let is_control = |bytes: &[u8]| bytes.iter().any(|one| *one < b' ');
    let mut chance = Chance(31);
    for round in 0..ROUNDS {
        let mut value = made(&mut chance);
        if round % 2 == 0 {
            value.truncate(6 + chance.index(5));
        }
        let halves = halves_of(&value);
        let places: Vec<(usize, usize)> = (0..halves.len())
            .flat_map(|from| (13..=19).map(move |size| (from, from + size)))
            .filter(|(from, end)| *end <= end_of(&halves, *from))
            .filter(|(from, end)| looks_like_a_card(&halves[*from..*end]))
            .collect();
        assert_eq!(
            has_packed(&value, |_| true),
            !places.is_empty(),
            "{value:02X?}"
        );
        let is_found = places
            .iter()
            .any(|(from, end)| is_control(&value[from / 2..end.div_ceil(2)]));
        assert_eq!(has_packed(&value, is_control), is_found, "{value:02X?}");
        let digits = halves.strip_suffix(&[0xF]).unwrap_or(&halves);
        assert_eq!(
            is_packed(&value),
            digits.iter().all(|one| *one <= 9) && looks_like_a_card(digits),
            "{value:02X?}"
        );
    }
}

#[test]
fn half_bytes_of_a_number_alone_are_one_whatever_their_count() {
    for (text, expected) in [
        ("4222222222222F", true),
        ("4111111111111111", true),
        ("378282246310005F", true),
        ("6304000000000000000F", true),
        ("6304000000000000000", false),
        ("63040000000000000000", false),
        ("4111111111111111FF", false),
        ("411111111111111D", false),
        ("422222222222", false),
        ("4111111111111112", false),
        ("", false),
    ] {
        let text = format!("{text}{}", &"A"[..text.len() % 2]);
        assert_eq!(is_packed(&packed(&text)), expected, "{text}");
    }
}

#[test]
fn bytes_are_words_by_what_is_odd_in_them() {
    for (bytes, in_words, alone) in [
        (&b"Gr\x81\xE1e"[..], true, false),
        (b"Total", true, true),
        (b"To\tal", true, true),
        (b"To\nal", false, false),
        (b"Total\0\0", true, true),
        (b"\0Total", false, false),
        (b"", true, true),
        (b"\0\0", true, true),
        // A digit by a letter, a capital behind a small letter: once may be, twice is no word.
        (b"A1", true, true),
        (b"1A", true, true),
        (b"aA", true, true),
        (b"A1B", true, false),
        (b"aAbB", true, false),
        (b"AbC", true, true),
        (b"A-1-B", true, true),
        (b"a!b\"", true, true),
        (b"a!b\"c#", true, false),
        (b"a!b!c!", true, false),
        // Beyond ASCII nothing odd may stand in words.
        (b"\x811", false, false),
        (b"1\x81", false, false),
        (b"\x81-1", true, false),
        (b"\x81A", false, false),
        (b"a\x8E", false, false),
        (b"a\x8F", false, false),
        (b"a\x90", false, false),
        (b"a\x92", false, false),
        (b"a\x99", false, false),
        (b"a\x9A", false, false),
        (b"a\x91", true, false),
        (b"A\x9A", true, false),
        (b"\x9AA", true, false),
        (b"\x81!(", true, false),
        (b"\x81!()", false, false),
    ] {
        assert_eq!(is_words(bytes, false), in_words, "{bytes:02X?}");
        assert_eq!(is_words(bytes, true), alone, "{bytes:02X?} alone");
    }
}

#[test]
fn a_text_has_half_bytes_where_no_printer_would_print_them() {
    let told = |text: &[u8]| has_half_bytes(text);
    assert!(told(&packed("4111111111111111")));
    assert!(told(&packed("4111111111119F")));
    // A number in letters that all can be printed is none, whatever stands beside it.
    assert!(!told(b"\x42\x22\x22\x22\x22\x22\x2F\x01"));
    // As letters of a text beyond ASCII, which is longer by them.
    let letters: String = packed("5598839012458074")
        .into_iter()
        .map(char::from)
        .collect();
    assert!(told(letters.as_bytes()));
    // What stands by a letter nobody writes does not count, only what it is part of.
    assert!(!told("AbCdEfGh\u{2009}".as_bytes()));
    assert!(!told(b"BBBBBBBB\n\r\t ~"));
    assert!(!told(b"4111111111111111"));
    assert!(!told(b""));
}
