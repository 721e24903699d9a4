//! What terminals write into texts: pairs of a form, or base64 of JSON; and lines of a receipt.

use super::hidden;
use super::hidden::cut;
use super::json::{self, Raw, Span};
use super::names;
use crate::base64;
use crate::masking::written::{Use, cleaned};
use crate::wipe::Wiped;

const PAIRS_MAX: usize = 128;
const LINE_PAIRS_MAX: usize = 16;
const CHARS_MAX: usize = 200;
/// Beside a masked number, these would tell more of the card than may be kept in one place.
const WITHHELD: [&str; 20] = [
    "pan",
    "cardbin",
    "cardsummary",
    "expiry",
    "track",
    "cardholder",
    "cvc",
    "cvv",
    "issuerbin",
    "alias",
    "iban",
    "sensitivecarddata",
    "protectedcarddata",
    "cardseqnumb",
    "pinblock",
    "protectedpin",
    "signature",
    "checkdata",
    "mobiledata",
    "password",
];

/// Pairs of a text, without card data; objects within objects are named `outer.inner`, and a text
/// that is neither form has none.
pub fn pairs(text: &[u8]) -> Vec<(String, String)> {
    if let Some(room) = base64::decode(text)
        && let Ok((data, members)) = json::object(room.as_slice())
    {
        let mut found = Vec::new();
        flat(data, &members, "", &mut found);
        return found;
    }
    let mut found = Vec::new();
    for (name, value) in split(text, PAIRS_MAX) {
        add(&decoded(name), &decoded(value), &mut found);
    }
    found
}

/// A sentence, which comes as pairs with a `message`, or as it is.
pub fn sentence(text: &[u8]) -> String {
    let told = pairs(text)
        .into_iter()
        .rfind(|(name, value)| name == "message" && !value.is_empty());
    told.map_or_else(|| cleaned(text, Use::Words), |(_, value)| value)
}

/// A line of a receipt, which comes as `name=…&value=…&key=…` or as it is.
pub fn line(text: &[u8]) -> String {
    let is_form = [&b"name="[..], b"value=", b"key="]
        .iter()
        .any(|one| text.starts_with(one));
    if !is_form {
        return cleaned(text, Use::Words);
    }
    let parts = split(text, LINE_PAIRS_MAX);
    let mut room = Wiped::new(text.len() + 2);
    for wanted in [&b"name"[..], b"value"] {
        let part = parts
            .iter()
            .rfind(|(name, _)| decoded(name).as_slice() == wanted)
            .map(|(_, value)| decoded(value));
        if let Some(part) = part.filter(|part| !part.is_empty()) {
            if !room.is_empty() {
                let _ = room.extend(b"  ");
            }
            let _ = room.extend(part.as_slice());
        }
    }
    cleaned(room.as_slice(), Use::Words)
}

fn split(text: &[u8], most: usize) -> Vec<(&[u8], &[u8])> {
    let parts = || text.split(|one| *one == b'&');
    if parts().count() > most {
        return Vec::new();
    }
    parts()
        .filter(|part| !part.is_empty())
        .map(|part| {
            let at = part.iter().position(|one| *one == b'=');
            at.map_or((part, &[][..]), |at| (&part[..at], &part[at + 1..]))
        })
        .collect()
}

/// One name or value of a form.
fn decoded(part: &[u8]) -> Wiped {
    let mut room = Wiped::new(part.len());
    let mut rest = part;
    while let [first, after @ ..] = rest {
        let digit = |place: usize| {
            rest.get(place)
                .and_then(|one| char::from(*one).to_digit(16))
        };
        let escaped = digit(1)
            .zip(digit(2))
            .and_then(|(one, two)| u8::try_from(one * 16 + two).ok());
        let (byte, left) = match (first, escaped) {
            (b'%', Some(byte)) => (byte, &rest[3..]),
            (b'+', _) => (b' ', after),
            _ => (*first, after),
        };
        let _ = room.push(byte);
        rest = left;
    }
    room
}

fn add(name: &Wiped, value: &Wiped, found: &mut Vec<(String, String)>) {
    if found.len() >= PAIRS_MAX || name.is_empty() {
        return;
    }
    let name = cleaned(cut(name.as_slice(), CHARS_MAX), Use::Words);
    let lower = name.to_lowercase();
    if WITHHELD.iter().any(|word| lower.contains(word)) {
        return;
    }
    // A notice tells a transaction's name so.
    if name == "TransactionID" && names::is_of_transaction(value.as_slice()) {
        let value = String::from_utf8_lossy(value.as_slice()).into_owned();
        found.push((name, value));
        return;
    }
    let value = cleaned(value.as_slice(), Use::Words);
    // Digits too many for a number may be few enough once they are cut.
    let value = cleaned(cut(value.as_bytes(), CHARS_MAX), Use::Words);
    found.push((name, value));
}

fn flat(data: &str, members: &[(Span, Raw)], prefix: &str, found: &mut Vec<(String, String)>) {
    for (name, value) in members {
        let mut whole = Wiped::new(prefix.len() + name.of(data).len());
        let _ = whole.extend(prefix.as_bytes());
        let _ = whole.extend(json::decoded(name.of(data)).as_slice());
        match value {
            Raw::Object(inner) => {
                let prefix = format!("{}.", cleaned(whole.as_slice(), Use::Words));
                flat(data, inner, &prefix, found);
            }
            Raw::Text(text) => add(&whole, &json::decoded(text.of(data)), found),
            Raw::Number(number) if !hidden::is_number_hidden(number.of(data)) => {
                add(&whole, &json::decoded(number.of(data)), found);
            }
            Raw::Flag(flag) => {
                let word: &[u8] = if *flag { b"true" } else { b"false" };
                let mut room = Wiped::new(word.len());
                let _ = room.extend(word);
                add(&whole, &room, found);
            }
            Raw::Number(_) | Raw::List(_) | Raw::Nothing => {}
        }
    }
}
