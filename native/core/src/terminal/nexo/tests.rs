//! What comes out of a message, and what never does.

use super::hidden::shown;
use super::seal::{Key, NONCE_BYTES, seal, unseal};
use super::told::{Sealed, Told, open, read};
use super::{MEMBERS_MAX, MESSAGE_BYTES_MAX, Trouble, json, pairs};
use crate::base64;
use crate::masking::number::looks_like_a_card;
use crate::masking::packed;
use crate::masking::written::{Use, cleaned};
use crate::terminal::chance::Chance;
use std::fmt::Write;

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

// ---------------------------------------------------------------------------------------- names

/// A serial number of fifteen digits that, with its model's last digit, looks like a card's number.
const POI_ID: &str = "S1F2-000158213605019";
const POI_ID_MASKED: &str = "S1F2-00015******5019";

fn told_in(message: &str, poi_id: &str, way: &[&str]) -> String {
    let told = read(message.as_bytes(), poi_id).unwrap();
    let last = way.iter().fold(&told, |told, name| inner(told, name));
    match last {
        Told::Text(text) => text.clone(),
        other => panic!("{other:?} is no text"),
    }
}

fn name_told(name: &str) -> String {
    let message = format!(r#"{{"POIData":{{"POITransactionID":{{"TransactionID":"{name}"}}}}}}"#);
    let way = ["POIData", "POITransactionID", "TransactionID"];
    told_in(&message, "", &way)
}

#[test]
fn the_expected_terminals_own_name_is_told_as_it_stands() {
    let told = |poi_id: &str, expected: &str| {
        let message = format!(r#"{{"MessageHeader":{{"POIID":"{poi_id}"}}}}"#);
        told_in(&message, expected, &["MessageHeader", "POIID"])
    };
    assert_eq!(told(POI_ID, POI_ID), POI_ID);
    for other in [
        "",
        "s1f2-000158213605019",
        "S1F2-00015821360501",
        POI_ID_MASKED,
    ] {
        assert_eq!(told(POI_ID, other), POI_ID_MASKED, "{other}");
    }
    assert_eq!(told(CARD, POI_ID), MASKED);
    assert_eq!(told("V400m-324688179", POI_ID), "V400m-324688179");
    // No other member becomes a place for it.
    let elsewhere = format!(r#"{{"DeviceID":"{POI_ID}"}}"#);
    assert_eq!(told_in(&elsewhere, POI_ID, &["DeviceID"]), POI_ID_MASKED);
}

#[test]
fn a_transactions_own_name_is_told_as_it_stands() {
    for name in [
        "HTAA001746476109001.Q6KKFDG8LZTG9975",
        "57Ra001607941627000",
        "HFK2001728622482801",
        "HFK2001728622482801.PVXXZT3V86KBJQOI",
    ] {
        assert_eq!(name_told(name), name);
    }
    let mut chance = Chance(77);
    let mut masked = 0;
    for _ in 0..20_000 {
        let lead: String = (0..4)
            .map(|_| char::from(b"ABCDEFGHabcdefgh23456789"[chance.index(24)]))
            .collect();
        if lead.bytes().all(|one| one.is_ascii_digit()) {
            continue;
        }
        let ms = 1_262_304_000_000 + chance.below(2_840_140_800_000);
        let name = format!("{lead}00{ms}.VK9DRSLLRCQ2WN82");
        masked += usize::from(words(&name) != name);
        assert_eq!(name_told(&name), name);
    }
    assert!(masked > 100, "{masked}");
}

#[test]
fn a_notice_tells_a_transactions_name_as_it_stands() {
    let name = "HFK2001728622482801.PVXXZT3V86KBJQOI";
    let told = pairs::pairs(format!("TransactionID={name}&x={name}&event=PIN").as_bytes());
    assert_eq!(told[0], ("TransactionID".to_owned(), name.to_owned()));
    assert_ne!(told[1].1, name);
    let number = format!("TransactionID={CARD}");
    assert_eq!(pairs::pairs(number.as_bytes())[0].1, MASKED);
}

/// Law: what is not made as such names are is masked as everywhere.
#[test]
fn no_card_number_is_told_as_a_transactions_name() {
    for (name, expected) in [
        // Digits alone, as a number of nineteen digits has them.
        ("4222001728622482801", "422200*********2801"),
        // Before 2010, and after 2099.
        ("HFK2001262303999990", "HFK200126******9990"),
        ("HFK2004102444800003", "HFK200410******0003"),
        ("HFK2011728622482809", "HFK201172******2809"),
        // Longer, shorter, with other signs.
        ("HFK2001728622482801.", "HFK200172******2801."),
        ("HFK2001728622482801.PVXX", "HFK200172******2801.PVXX"),
        ("xHFK2001728622482801", "xHFK200172******2801"),
        ("HF-2001728622482801", "HF-200172******2801"),
        // The acquirer's reference has as many signs as a number.
        (
            "HTAA001746476109001.4111111111111111",
            "HTAA001746476109001.411111******1111",
        ),
        (CARD, MASKED),
        ("HFK-5413330089020011", "HFK-541333******0011"),
    ] {
        assert_eq!(name_told(name), expected, "{name}");
    }
    let name = "HFK2001728622482801";
    for message in [
        format!(r#"{{"SaleTransactionID":{{"TransactionID":"{name}"}}}}"#),
        format!(r#"{{"AcquirerTransactionID":{{"TransactionID":"{name}"}}}}"#),
        format!(r#"{{"TransactionID":"{name}"}}"#),
        format!(r#"{{"POITransactionID":{{"Result":"{name}"}}}}"#),
        format!(r#"{{"POITransactionID":"{name}"}}"#),
    ] {
        let told = format!("{:?}", read(message.as_bytes(), "").unwrap());
        assert!(!told.contains(name), "{told}");
    }
    let mut chance = Chance(78);
    for _ in 0..20_000 {
        let card = card(&mut chance);
        for name in [
            card.clone(),
            format!("{card}.VK9DRSLLRCQ2WN82"),
            format!("ABCD{card}"),
        ] {
            assert_ne!(name_told(&name), name);
        }
    }
}

// ----------------------------------------------------------------------------------------- seal

#[test]
fn base64_has_one_form() {
    let mut chance = Chance(3);
    for size in 0..80 {
        let data = chance.bytes(size);
        let text = base64::encode(&data);
        assert_eq!(base64::decode(text.as_bytes()).unwrap().as_slice(), data);
    }
    for text in [
        "A", "AA", "AAA", "AA=A", "AB==", "AAB=", "AA==AAAA", "AA-_", "=AAA", "A===", "\nAAA",
    ] {
        assert!(base64::decode(text.as_bytes()).is_none(), "{text}");
    }
}

#[test]
fn sealed_and_opened() {
    let key = Key::derive(b"p@ssw0rd123456");
    let mut chance = Chance(12);
    for size in 0..70 {
        let plain = chance.bytes(size);
        let nonce: [u8; NONCE_BYTES] = chance.bytes(NONCE_BYTES).try_into().unwrap();
        let (blob, mac) = seal(&plain, &key, &nonce);
        let nonce = base64::encode(&nonce);
        let opened = unseal(blob.as_bytes(), mac.as_bytes(), nonce.as_bytes(), &key);
        assert_eq!(opened.ok().unwrap().as_slice(), plain);
        let refused = |blob: &str, mac: &str, nonce: &str| {
            let one = unseal(blob.as_bytes(), mac.as_bytes(), nonce.as_bytes(), &key);
            one.err().unwrap()
        };
        let broken = Trouble::from("seal_broken");
        let other = base64::encode(&[1; 32]);
        assert_eq!(refused(&blob, &other, &nonce), broken);
        assert_eq!(refused(&blob, "", &nonce), broken);
        assert_eq!(refused(&other, &mac, &nonce), broken);
        assert_eq!(refused("", &mac, &nonce).code, "blob_wrong");
        assert_eq!(refused("AAAA", &mac, &nonce).code, "blob_wrong");
        assert_eq!(refused(&blob, &mac, "AAAA").code, "nonce_wrong");
    }
}

#[test]
fn an_envelope_is_opened_or_named() {
    let key = Key::derive(b"x");
    let sealed = Sealed {
        key: &key,
        identifier: "k",
        version: 7,
        poi_id: "",
    };
    let plain = format!(r#"{{"SaleToPOIResponse":{{"Result":"{CARD}"}}}}"#);
    let (blob, mac) = seal(plain.as_bytes(), &key, &[0; 16]);
    let nonce = base64::encode(&[0; 16]);
    let whole = format!(
        r#"{{"SaleToPOIResponse":{{"MessageHeader":{{"ServiceID":"s"}},"NexoBlob":"{blob}",
        "SecurityTrailer":{{"AdyenCryptoVersion":1,"KeyIdentifier":"k","KeyVersion":7,
        "Nonce":"{nonce}","Hmac":"{mac}"}}}}}}"#
    );
    let opened = open(whole.as_bytes(), &sealed).unwrap();
    assert_eq!(opened.side, "SaleToPOIResponse");
    let header = Told::Object(vec![("ServiceID", Told::Text("s".into()))]);
    assert_eq!(opened.header, header);
    let result = inner(inner(&opened.message, "SaleToPOIResponse"), "Result");
    assert_eq!(*result, Told::Text(MASKED.into()));
    for (old, new, expected) in [
        ("SaleToPOIResponse", "x", "not_sealed"),
        ("SecurityTrailer", "x", "not_sealed"),
        ("NexoBlob", "x", "not_sealed"),
        ("\"KeyVersion\":7", "\"KeyVersion\":\"7\"", "not_sealed"),
        ("Version\":1", "Version\":2", "crypto_version_other"),
        ("\"k\"", "\"l\"", "key_identifier_other"),
        ("\"KeyVersion\":7", "\"KeyVersion\":8", "key_version_other"),
        ("\"Nonce\"", "\"x\"", "nonce_wrong"),
        ("\"Hmac\"", "\"x\"", "seal_broken"),
    ] {
        let changed = whole.replace(old, new);
        assert_eq!(
            open(changed.as_bytes(), &sealed).unwrap_err().code,
            expected,
            "{old}"
        );
    }
    let escaped = whole.replace('/', "\\/");
    assert_eq!(
        open(escaped.as_bytes(), &sealed),
        open(whole.as_bytes(), &sealed)
    );
}
