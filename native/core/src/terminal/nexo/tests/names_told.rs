//! Names that are told as they stand, and card numbers that are not told for such names.

use super::super::pairs;
use super::super::told::{Told, read};
use super::{CARD, MASKED, card, inner, words};
use crate::terminal::chance::Chance;

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
