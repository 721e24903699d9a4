//! Base64. Source: RFC 4648, sections 4 and 5.

use crate::wipe::Wiped;

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Six bits of a letter, in either alphabet.
pub fn bits(letter: u8) -> Option<u8> {
    match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// The text of bytes, with its padding.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word = group.iter().enumerate().fold(0_u32, |word, (place, byte)| {
            word | u32::from(*byte) << (16 - 8 * place)
        });
        for place in 0..4 {
            text.push(if place <= group.len() {
                char::from(LETTERS[(word >> (18 - 6 * place) & 63) as usize])
            } else {
                '='
            });
        }
    }
    text
}

/// What letters of either alphabet stand for, read as far as they go: no padding, and bits left
/// over at the end are passed over.
pub fn decode_run(letters: &[u8]) -> Wiped {
    let mut room = Wiped::new(letters.len() * 3 / 4);
    for group in letters.chunks(4) {
        let word = group.iter().enumerate().fold(0_u32, |word, (place, one)| {
            word | u32::from(bits(*one).unwrap_or(0)) << (18 - 6 * place)
        });
        let [_, bytes @ ..] = word.to_be_bytes();
        let count = group.len() * 3 / 4;
        let _ = room.extend(&bytes[..count]);
    }
    room
}

/// What a text in the one strict form stands for; nothing for any other.
pub fn decode(text: &[u8]) -> Option<Wiped> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let padding = text
        .iter()
        .rev()
        .take(2)
        .filter(|one| **one == b'=')
        .count();
    let letters = &text[..text.len() - padding];
    let is_plain = |one: &u8| bits(*one).is_some() && !matches!(one, b'-' | b'_');
    if !letters.iter().all(is_plain) {
        return None;
    }
    // Bits that no byte has must be noughts, or two texts would be the same bytes.
    let left = match padding {
        1 => 0b11,
        2 => 0b1111,
        _ => 0,
    };
    if letters.last().and_then(|one| bits(*one)).unwrap_or(0) & left != 0 {
        return None;
    }
    Some(decode_run(letters))
}
