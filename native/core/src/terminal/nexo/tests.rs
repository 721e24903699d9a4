//! What comes out of a message, and what never does.

use super::hidden::shown;
use super::told::{Told, read};
use super::{MEMBERS_MAX, MESSAGE_BYTES_MAX, json, pairs};
use crate::base64;
use crate::masking::number::looks_like_a_card;
use crate::masking::packed;
use crate::masking::written::{Use, cleaned};
use crate::terminal::chance::Chance;
use std::fmt::Write;

mod bounds;
mod names_told;
mod sealed;

const CARD: &str = "5413330089020011";
const MASKED: &str = "541333******0011";

fn words(text: &str) -> String {
    cleaned(text.as_bytes(), Use::Words)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// In half bytes, filled up where it has an odd one.
fn in_half_bytes(card: &str) -> Vec<u8> {
    packed(&format!("{card}{}", &"f"[..card.len() % 2]))
}

/// A number an issuer could have given out.
fn card(chance: &mut Chance) -> String {
    loop {
        let size = 13 + chance.index(7);
        let digits: Vec<u8> = (0..size)
            .map(|_| u8::try_from(chance.index(10)).unwrap())
            .collect();
        if looks_like_a_card(&digits) {
            return digits.iter().map(|one| char::from(b'0' + one)).collect();
        }
    }
}

fn grouped(card: &str, between: &str) -> String {
    let parts: Vec<&str> = card
        .as_bytes()
        .chunks(4)
        .map(|part| std::str::from_utf8(part).unwrap())
        .collect();
    parts.join(between)
}

fn code(data: &[u8]) -> &'static str {
    read(data, "").unwrap_err().code
}

fn inner<'a>(told: &'a Told, name: &str) -> &'a Told {
    let Told::Object(members) = told else {
        panic!("no object around {name}")
    };
    let found = members.iter().find(|(one, _)| *one == name);
    &found.unwrap_or_else(|| panic!("no {name}")).1
}

// ---------------------------------------------------------------------------------------- texts

#[test]
fn masked_however_it_is_written() {
    assert_eq!(
        words(&format!("CARD {CARD} ok")),
        format!("CARD {MASKED} ok")
    );
    let escaped: String = CARD.bytes().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "%{byte:02X}");
        text
    });
    assert_eq!(words(&escaped), "%35%34%31%33%33%33******%30%30%31%31");
    assert_eq!(words(&grouped(CARD, "+")), "5413+33**+****+0011");
    assert_eq!(
        words(&grouped(CARD, "\u{a0}")),
        "5413\u{a0}33**\u{a0}****\u{a0}0011"
    );
    assert_eq!(
        words(&hex(CARD.as_bytes())),
        format!("{}2a2a2a2a2a2a30303131", "353431333333")
    );
    assert_eq!(
        words("%4111111111111111 is no escape"),
        "%411111******1111 is no escape"
    );
    assert_eq!(words("4111111111111112"), "4111111111111112");
    assert_eq!(words("A0000000041010"), "A0000000041010");
}

#[test]
fn words_and_names_stay_as_they_are() {
    for text in [
        "AUTHORISATION",
        "Thank you for shopping",
        "TRANSACTION APPROVED",
        "26.11.2026  12:30:05",
        "Grüße, 12,50 €",
        "MERCHANT COPY",
        "A0000000031010",
        "Mastercard Debit Contactless",
        "VK9DRSLLRCQ2WN82",
        "2026-11-26T09:30:00.000+0000",
        "Line\nof two 1250 1300 1450",
    ] {
        assert_eq!(words(text), text);
    }
    let mut chance = Chance(8);
    for round in 0..30_000 {
        // As long as those of messages, of acquirers and of terminals.
        let reference: String = (0..[10, 16, 20][round % 3])
            .map(|_| char::from(b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789"[chance.index(32)]))
            .collect();
        assert_eq!(cleaned(reference.as_bytes(), Use::Name), reference);
    }
}

/// Law: no way of writing a number is told again, whatever stands around it.
#[test]
fn no_writing_of_any_number_is_told() {
    let mut chance = Chance(41);
    for round in 0..400 {
        let card = card(&mut chance);
        let bytes = in_half_bytes(&card);
        let lead: Vec<u8> = (0..chance.index(4)).map(|_| b'~').collect();
        let around = |inner: &[u8]| [&lead, inner, b"!"].concat();
        let writings = [
            card.clone(),
            grouped(&card, " "),
            grouped(&card, "-"),
            hex(card.as_bytes()),
            hex(card.as_bytes()).to_uppercase(),
            hex(&bytes),
            base64::encode(&around(card.as_bytes())),
            base64::encode(&around(hex(card.as_bytes()).as_bytes())),
            base64::encode(&around(&bytes)),
            base64::encode(&around(&bytes))
                .replace('+', "-")
                .replace('/', "_"),
            bytes.iter().map(|byte| char::from(*byte)).collect(),
        ];
        for (kind, writing) in writings.iter().enumerate() {
            let is_words = kind == 10 && bytes.iter().all(|one| matches!(one, b'\t' | b' '..=b'~'));
            let is_plain = kind >= 8 && !writing.bytes().any(|one| one.is_ascii_digit());
            if is_words || is_plain {
                continue;
            }
            let told = words(&format!("PAN={writing}; ok"));
            assert!(!told.contains(writing.as_str()), "{round} {kind} {told}");
            let named = cleaned(writing.as_bytes(), Use::Name);
            // A name that holds half bytes among other things is kept: see `hidden`.
            let is_whole = !matches!(kind, 8 | 9);
            assert!(!is_whole || named != *writing, "{round} {kind} {named}");
        }
        let alone = base64::encode(&bytes);
        assert_ne!(cleaned(alone.as_bytes(), Use::Name), alone);
    }
}

#[test]
fn any_bytes_are_cleaned_without_a_panic() {
    let mut chance = Chance(9);
    for _ in 0..20_000 {
        let size = chance.index(60);
        let mut value = chance.bytes(size);
        if chance.below(2) == 0 {
            for byte in &mut value {
                *byte = b"0123456789%+- =&3AaFf/\\"[usize::from(*byte) % 23];
            }
        }
        let once = cleaned(&value, Use::Words);
        assert_eq!(words(&once), once);
        pairs::line(&value);
        pairs::pairs(&value);
        pairs::sentence(&value);
        shown(&value);
        let _ = read(&value, "");
    }
}

#[test]
fn numbers_of_cards_are_shown_one_way() {
    for (number, expected) in [
        ("541333 **** 0010", "541333******0010"),
        ("54133312******0010", "541333******0010"),
        ("541333XXXXXX0010", "541333******0010"),
        ("1234567890123456", "123456******3456"),
        ("************0010", ""),
        ("5413**78****0010", ""),
        ("", ""),
    ] {
        assert_eq!(shown(number.as_bytes()), expected, "{number}");
    }
}

#[test]
fn pairs_and_lines() {
    let flat = |text: &str| {
        let found = pairs::pairs(text.as_bytes());
        let told: Vec<String> = found
            .iter()
            .map(|(one, two)| format!("{one}={two}"))
            .collect();
        told.join("|")
    };
    assert_eq!(flat("a=1+2&b=&&c"), "a=1 2|b=|c=");
    assert_eq!(
        flat(&format!("x={CARD}&pan={CARD}&cardBin=541333")),
        format!("x={MASKED}")
    );
    let inside = format!(
        r#"{{"additionalData":{{"AID":"A1","on":true,"n":12.5,"track2":"x"}},"m":"{CARD}",
        "SensitiveCardData":{{"x":"1"}},"l":[1],"z":null,"b":{CARD}}}"#
    );
    assert_eq!(
        flat(&base64::encode(inside.as_bytes())),
        format!("additionalData.AID=A1|additionalData.on=true|additionalData.n=12.5|m={MASKED}")
    );
    assert_eq!(flat(&"&a=1".repeat(500)), "");
    let line = |text: &str| pairs::line(text.as_bytes());
    assert_eq!(
        line("name=Total&value=12.50%20%E2%82%AC&key=x"),
        "Total  12.50 €"
    );
    assert_eq!(line("key=filler"), "");
    assert_eq!(line("a=b"), "a=b");
    assert_eq!(line("name=x%FF"), "x\u{fffd}");
    assert_eq!(line("name=%41%11%11%11%11%11%11%11"), "");
    assert_eq!(pairs::sentence(b"message=not+delivered"), "not delivered");
    assert_eq!(pairs::sentence(b"someone pressed"), "someone pressed");
}

// ------------------------------------------------------------------------------------- messages

#[test]
fn what_is_read_is_told_and_nothing_else() {
    let data = format!(
        r#"{{"SaleToPOIResponse":{{"PaymentResponse":{{"PaymentResult":{{
        "AmountsResp":{{"AuthorizedAmount":12.50,"Currency":"EUR"}},"OnlineFlag":true,
        "PaymentInstrumentData":{{"CardData":{{"MaskedPan":"{CARD}","SensitiveCardData":{{
        "PAN":"{CARD}"}},"EntryMode":["ICC"]}}}}}},"{CARD}":"{CARD}","Unknown":["{CARD}"],
        "TransactionCount":{CARD}}}}}}}"#
    );
    let told = read(data.as_bytes(), "").unwrap();
    assert!(!format!("{told:?}").contains(CARD));
    let result = inner(
        inner(inner(&told, "SaleToPOIResponse"), "PaymentResponse"),
        "PaymentResult",
    );
    let amount = inner(inner(result, "AmountsResp"), "AuthorizedAmount");
    assert_eq!(*amount, Told::Number("12.50".into()));
    let card = inner(inner(result, "PaymentInstrumentData"), "CardData");
    let expected = vec![
        ("MaskedPan", Told::Text(MASKED.into())),
        ("EntryMode", Told::List(vec![Told::Text("ICC".into())])),
    ];
    assert_eq!(*card, Told::Object(expected));
    let body = inner(inner(&told, "SaleToPOIResponse"), "PaymentResponse");
    assert_eq!(*inner(body, "TransactionCount"), Told::Nothing);
}

#[test]
fn what_is_no_message() {
    assert_eq!(code(b"{\"a\":\"\xff\"}"), "not_utf8");
    for text in [
        "",
        "{",
        "\u{feff}{}",
        "{}x",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\":-}",
        "{\"a\":1e}",
    ] {
        assert_eq!(code(text.as_bytes()), "not_json", "{text}");
    }
    for text in ["NaN", "Infinity", "-Infinity", &"1".repeat(25)] {
        assert_eq!(
            code(format!("{{\"a\":{text}}}").as_bytes()),
            "number_wrong",
            "{text}"
        );
    }
    assert_eq!(code(b"[]"), "not_an_object");
    assert_eq!(code(b"{\"a\":1,\"\\u0061\":1}"), "member_doubled");
    assert_eq!(code(&vec![b' '; MESSAGE_BYTES_MAX + 1]), "too_long");
    assert_eq!(
        code(&[&b"{\"a\":"[..], &vec![b'['; 100_000]].concat()),
        "too_deep"
    );
    let many = format!("{{\"a\":[{}1]}}", "1,".repeat(MEMBERS_MAX));
    assert_eq!(code(many.as_bytes()), "too_many_members");
}

#[test]
fn escapes_become_letters() {
    let plain: String = json::letters("a\\u00fc\\n\\ud83d\\ude00\\ud800x\\udc00\\/").collect();
    assert_eq!(plain, "aü\n😀?x?/");
    let text: String = CARD.bytes().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\u{byte:04x}");
        text
    });
    let told = read(format!("{{\"Result\":\"{text}\"}}").as_bytes(), "").unwrap();
    assert_eq!(
        told,
        Told::Object(vec![("Result", Told::Text(MASKED.into()))])
    );
}
