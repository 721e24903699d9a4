//! Worked messages, what is kept back, every refusal, and laws over made ones.

use super::*;
use crate::emv::Node;
use crate::emv::screen::Rule;
use crate::terminal::chance::Chance;

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace()
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect()
}

fn told(message: &Message, bytes: &[u8]) -> Vec<(String, String)> {
    message
        .fields
        .iter()
        .map(|(key, value)| {
            let value = match value {
                Value::Number(number) => number.to_string(),
                Value::Absent => "none".to_owned(),
                Value::Bytes(range) => format!("{:02X?}", &bytes[range.clone()]),
                Value::Masked(range) => crate::masking::shown(&bytes[range.clone()]),
                Value::Objects(objects) => objects
                    .iter()
                    .map(|one| format!("{:X}={:02X?}", one.tag, &bytes[one.range()]))
                    .collect::<Vec<_>>()
                    .join(" "),
            };
            (key.to_string(), value)
        })
        .collect()
}

fn read_hex(text: &str) -> (Message, Vec<u8>) {
    let mut bytes = hex(text);
    let message = read(&mut bytes, false).unwrap();
    (message, bytes)
}

/// A status information of these fields.
fn read_sized(text: &str) -> (Message, Vec<u8>) {
    let mut bytes = crate::terminal::apdu::message(0x040F, &hex(text)).unwrap();
    let message = read(&mut bytes, false).unwrap();
    (message, bytes)
}

fn field(message: &Message, key: Key) -> Option<&Value> {
    message
        .fields
        .iter()
        .find(|(one, _)| *one == key)
        .map(|(_, value)| value)
}

/// Source: PA00P015 revision 13.08, example 5.1.
#[test]
fn worked_registration() {
    let text = "06 00 14 00 00 00 9E 09 78 06 0C 26 04 0A 02 06 D3 1F 73 03 00 00 00";
    let (message, bytes) = read_hex(text);
    assert_eq!(message.fault, None);
    assert_eq!(
        told(&message, &bytes)[..3],
        [
            ("password".to_owned(), "0".to_owned()),
            ("config".to_owned(), 0x9E.to_string()),
            ("currency".to_owned(), "978".to_owned()),
        ]
    );
    let again = write(
        0x0600,
        &[
            (Key::Lead(Lead::Password), Input::Number(0)),
            (Key::Lead(Lead::Config), Input::Number(0x9E)),
            (Key::Lead(Lead::Currency), Input::Number(978)),
            (
                Key::Field(0x06),
                Input::Objects(vec![
                    Node::template(0x26, vec![Node::bytes(0x0A, &[0x06, 0xD3])]),
                    Node::bytes(0x1F73, &[0, 0, 0]),
                ]),
            ),
        ],
    );
    assert_eq!(again.unwrap(), hex(text));
}

/// Source: the authorisation of 110.00 euro of the serial vectors.
#[test]
fn worked_authorisation() {
    let bytes = write(
        0x0601,
        &[
            (Key::Field(0x04), Input::Number(11_000)),
            (Key::Field(0x49), Input::Number(978)),
        ],
    );
    assert_eq!(
        bytes.unwrap(),
        hex("06 01 0A 04 00 00 00 01 10 00 49 09 78")
    );
}

#[test]
fn card_data_is_masked_or_withheld() {
    let (message, bytes) = read_sized(
        "27 00 04 00 00 00 00 12 50 22 F0 F8 41 11 11 11 11 11 11 11 0E 25 12 \
         23 F0 F9 41 11 11 11 11 11 11 11 D2 87 00 42 29 12 34 56 78 \
         3C F0 F1 F6 34 31 31 31 31 31 31 31 31 31 31 31 31 31 31 31",
    );
    assert_eq!(message.fault, None);
    assert_eq!(
        told(&message, &bytes)[..3],
        [
            ("field 27".to_owned(), "0".to_owned()),
            ("field 04".to_owned(), "1250".to_owned()),
            ("field 22".to_owned(), "411111******1111".to_owned()),
        ]
    );
    assert_eq!(message.withheld, [Key::Field(0x0E), Key::Field(0x23)]);
    assert_eq!(field(&message, Key::Field(0x87)), Some(&Value::Number(42)));
    let Some(Value::Bytes(range)) = field(&message, Key::Field(0x3C)) else {
        panic!("no text");
    };
    assert_eq!(&bytes[range.clone()], b"411111******1111");
    assert!(
        !bytes
            .windows(8)
            .any(|part| part == hex("41 11 11 11 11 11 11 11"))
    );
}

#[test]
fn a_result_before_an_unknown_field_is_told_and_the_rest_wiped() {
    let (message, bytes) = read_hex("04 0F 0A 27 00 87 00 07 5F 41 11 11 11");
    assert_eq!(told(&message, &bytes).len(), 2);
    let fault = message.fault.unwrap();
    assert_eq!((fault.trouble, fault.at), (Trouble::Unknown(0x5F), 8));
    assert_eq!(fault.to_string(), "field 5F is not known (at byte 8)");
    assert_eq!(bytes[8..], [0; 5]);
}

#[test]
fn faults_say_what_and_where() {
    let fault = |text: &str| read_hex(text).0.fault.unwrap().to_string();
    assert_eq!(
        fault("04 0F 03 04 00 00"),
        "the message ends within field 04 (at byte 3)"
    );
    assert_eq!(
        fault("04 0F 07 04 00 00 00 00 1A 00"),
        "field 04 must be digits (at byte 3)"
    );
    assert_eq!(
        fault("04 0F 04 27 00 27 01"),
        "field 27 is there twice (at byte 5)"
    );
    assert_eq!(
        fault("04 0F 03 22 F1 18"),
        "the message ends within field 22 (at byte 3)"
    );
    assert_eq!(
        fault("04 0F 05 06 03 07 05 41"),
        "field 06: a value reaches beyond what holds it (at byte 5)"
    );
    let mut short = hex("04 0F 05 27");
    assert_eq!(
        read(&mut short, false).unwrap_err().to_string(),
        "a message must be as long as its head says (at byte 0)"
    );
    assert_eq!(short, [0; 4]);
}

#[test]
fn numbers_that_are_none() {
    let (message, _) = read_hex("04 0F 03 87 FF FF");
    assert_eq!(message.fields, [(Key::Field(0x87), Value::Absent)]);
    let bytes = write(0x0623, &[(Key::Field(0x87), Input::Absent)]);
    assert_eq!(bytes.unwrap(), hex("06 23 03 87 FF FF"));
}

#[test]
fn a_completion_means_what_was_asked() {
    let mut bytes = hex("06 0F 03 06 06 00");
    let plain = read(&mut bytes.clone(), false).unwrap();
    assert!(plain.fault.is_some());
    let mut enquiry = hex("06 0F 08 F0 F0 F3 31 2E 30 DC 06 00");
    enquiry[2] = 9;
    let message = read(&mut enquiry, true).unwrap();
    assert_eq!(message.fault, None);
    assert_eq!(
        field(&message, Key::Lead(Lead::Status)),
        Some(&Value::Number(0xDC))
    );
    let message = read(&mut bytes, true).unwrap();
    assert_eq!(
        message.fields,
        [
            (Key::Lead(Lead::Status), Value::Number(6)),
            (Key::Field(6), Value::Objects(vec![]))
        ]
    );
}

#[test]
fn an_intermediate_status_with_and_without_its_timeout() {
    for (text, minutes) in [
        ("04 FF 01 0A", None),
        ("04 FF 02 0A 05", Some(5)),
        ("04 FF 02 0A 06", Some(6)),
        ("04 FF 07 0A 06 04 24 02 07 00", None),
        ("04 FF 08 0A 01 06 04 24 02 07 00", Some(1)),
    ] {
        let (message, _) = read_hex(text);
        assert_eq!(message.fault, None, "{text}");
        let told = field(&message, Key::Lead(Lead::TimeoutMinutes));
        assert_eq!(told, minutes.map(Value::Number).as_ref(), "{text}");
        assert_eq!(
            field(&message, Key::Field(6)).is_some(),
            text.contains("24"),
            "{text}"
        );
    }
}

/// A log-on with another currency: the result, and the terminal's own currency where it tells it.
/// Source: PA00P015 revision 13.08, chapter 2.1.
#[test]
fn a_refused_log_on_tells_why() {
    for (text, currency) in [
        ("84 1E 03 6F 09 78", Some(&Value::Number(978))),
        ("84 1E 01 6F", None),
        ("84 1E 00", None),
    ] {
        let (message, _) = read_hex(text);
        assert_eq!(message.fault, None);
        let is_told = text != "84 1E 00";
        let result = field(&message, Key::Lead(Lead::Result));
        assert_eq!(result, is_told.then_some(&Value::Number(0x6F)));
        assert_eq!(field(&message, Key::Lead(Lead::Currency)), currency);
    }
}

#[test]
fn aborts_and_lines() {
    let (message, _) = read_hex("06 1E 01 6C");
    assert_eq!(
        message.fields,
        [(Key::Lead(Lead::Result), Value::Number(0x6C))]
    );
    let (message, _) = read_hex("06 1E 03 6F 08 26");
    assert_eq!(message.fields[1].1, Value::Number(826));
    let (message, bytes) = read_hex("06 D1 0A 40 54 6F 74 06 04 1F 07 01 02");
    assert!(message.fault.is_none());
    assert_eq!(told(&message, &bytes)[1].1, "[54, 6F, 74]");
    assert_eq!(told(&message, &bytes)[2].1, "1F07=[02]");
}

#[test]
fn totals_end_where_they_are_published_to() {
    let mut data = hex("60 F0 F6 F0 00 01 00 07");
    data.extend([3, 0, 1, 2, 3, 4, 5].repeat(6));
    data.extend([0xFF; 7]);
    data.extend(b"4111111");
    let mut bytes = crate::terminal::apdu::message(0x040F, &data).unwrap();
    let message = read(&mut bytes, false).unwrap();
    assert_eq!(message.fields[0].1, Value::Bytes(7..60));
    assert_eq!(bytes[60..], [0; 7]);
}

#[test]
fn what_cannot_be_totals_is_not_told() {
    let card = *b"4111111111111111";
    let packed = hex("41 11 11 11 11 11 11 11");
    for at in 0..=37 {
        for number in [&card[..], &packed] {
            let mut data = hex("60 F0 F5 F3");
            data.extend(vec![0; at]);
            data.extend(number);
            data.resize(4 + 53, 0);
            let mut bytes = crate::terminal::apdu::message(0x040F, &data).unwrap();
            let message = read(&mut bytes, false).unwrap();
            assert_eq!(message.withheld, [Key::Field(0x60)], "{at}");
            assert!(bytes[7..].iter().all(|byte| *byte == 0), "{at}");
        }
    }
    let (message, bytes) = read_sized("27 00 60 F0 F0 F2 41 11 87 00 42");
    assert_eq!(message.withheld, [Key::Field(0x60)], "too short to be some");
    assert_eq!(bytes[9..11], [0, 0]);
    assert_eq!(field(&message, Key::Field(0x87)), Some(&Value::Number(42)));
}

#[test]
fn a_state_is_told_from_a_version() {
    let state_of = |text: &str| {
        let mut bytes = hex(text);
        let message = read(&mut bytes, true).unwrap();
        let has_version = field(&message, Key::Lead(Lead::Software)).is_some();
        match field(&message, Key::Lead(Lead::Status)) {
            Some(Value::Number(state)) => (*state, has_version),
            other => panic!("{text}: {other:?} {:?}", message.fault),
        }
    };
    assert_eq!(state_of("06 0F 01 F0"), (0xF0, false));
    assert_eq!(state_of("06 0F 01 F6"), (0xF6, false));
    assert_eq!(state_of("06 0F 03 F0 06 00"), (0xF0, false));
    assert_eq!(state_of("06 0F 01 00"), (0, false));
    assert_eq!(state_of("06 0F 06 F0 F0 F2 56 31 F0"), (0xF0, true));
    assert_eq!(state_of("06 0F 04 F0 F0 F0 00"), (0, true));
}

/// Tags of the container that are said to hold what may not be told, whatever stands there.
#[test]
fn objects_that_hold_card_data_are_wiped() {
    let track = "42 34 31 5E 41 2F 42 5E 32 35 31 32";
    for tag in [
        "1F 08", "1F 09", "1F 0A", "1F 2A", "1F 31", "1F 3E", "1F 46", "1F 5C", "1F 5D",
    ] {
        let (message, bytes) = read_sized(&format!("06 0F {tag} 0C {track}"));
        assert_eq!(message.fault, None);
        let Some(Value::Objects(objects)) = field(&message, Key::Field(0x06)) else {
            panic!("no objects");
        };
        assert_eq!(&bytes[objects[0].range()], [0; 12], "{tag}");
        assert_eq!(container_rule(objects[0].tag), Rule::Withhold, "{tag}");
    }
    // A number that needs no check digit to be one, where one belongs.
    let (message, bytes) = read_sized("06 0B 1F 1A 08 67 25 90 00 00 00 12 34");
    assert!(!told(&message, &bytes)[0].1.contains("90, 0, 0"));
}

/// A card's objects within tags that say nothing of them, and half bytes where letters belong.
#[test]
fn card_data_in_unknown_objects_and_texts_is_not_told() {
    let card = "41 11 11 11 11 11 11 11";
    let objects = [
        format!("5A 08 {card}"),
        format!("5A 08 {card} 5F 34 01 01"),
        format!("57 11 {card} D2 51 22 01 00 00 01 23 0F"),
        format!("{card} D2 51 22 01 00 00 01 23 0F"),
        format!("08 {card}"),
        format!("22 F0 F8 {card}"),
    ];
    let count = |text: &str| text.split_whitespace().count();
    for object in objects {
        for tag in ["DF 01", "1F 7E", "9F 7C", "0A"] {
            let held = format!("{tag} {:02X} {object}", count(&object));
            let (message, bytes) = read_sized(&format!("06 {:02X} {held}", count(&held)));
            let told = told(&message, &bytes)[0].1.clone();
            assert_eq!(message.fault, None);
            assert!(!told.contains("11, 11, 11, 11"), "{held}: {told}");
            assert!(!told.contains("D2, 51"), "{held}: {told}");
        }
    }
    for tag in ["07", "42", "44", "1F 17"] {
        let held = format!("{tag} 08 {card}");
        let (message, bytes) = read_sized(&format!("06 {:02X} {held}", count(&held)));
        assert!(
            told(&message, &bytes)[0]
                .1
                .ends_with("=[2A, 2A, 2A, 2A, 2A, 2A, 2A, 2A]")
        );
    }
    for head in ["3C F0 F0 F8", "8B F0 F8", "F1 F0 F8"] {
        let (message, bytes) = read_sized(&format!("{head} {card}"));
        assert_eq!(message.fault, None);
        assert!(!told(&message, &bytes)[0].1.contains("41"), "{head}");
    }
}

#[test]
fn values_that_do_not_fit_are_not_written() {
    let fault = |key, input| write(0x0601, &[(key, input)]).unwrap_err().to_string();
    let amount = Key::Field(0x04);
    assert_eq!(
        fault(amount, Input::Number(1_000_000_000_000)),
        "field 04 takes no such value (at byte 0)"
    );
    assert_eq!(
        fault(amount, Input::Bytes(vec![0; 6])),
        "field 04 takes no such value (at byte 0)"
    );
    assert_eq!(
        fault(Key::Field(0x5F), Input::Number(1)),
        "field 5F is not known (at byte 0)"
    );
    assert!(write(0x0601, &[(Key::Field(0x19), Input::Number(256))]).is_err());
    assert!(write(0x0601, &[(Key::Field(0x3C), Input::Bytes(vec![65; 1_000]))]).is_err());
    assert!(write(0x0601, &[(Key::Field(0x2A), Input::Bytes(vec![65; 14]))]).is_err());
}

#[test]
fn no_bytes_panic_and_no_flip_tells_a_card() {
    let data = hex(
        "27 00 04 00 00 00 00 12 50 22 F0 F8 41 11 11 11 11 11 11 11 0B 00 00 01 \
         87 00 42 06 0D 2F 08 1F 10 01 02 1F 12 01 01 1F 17 00",
    );
    let good = crate::terminal::apdu::message(0x040F, &data).unwrap();
    assert!(read(&mut good.clone(), false).unwrap().fault.is_none());
    let card = hex("41 11 11 11 11 11 11 11");
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        // A flip in the number makes another number; one in its tag makes it another field.
        let is_card_spoiled = (12..23).contains(&(bit / 8));
        if let Ok(message) = read(&mut bytes, bit % 2 == 0) {
            for (_, value) in &message.fields {
                if let Value::Bytes(range) | Value::Masked(range) = value {
                    assert!(range.end <= bytes.len());
                    let said = &bytes[range.clone()];
                    assert!(is_card_spoiled || !said.windows(8).any(|part| part == card));
                }
            }
        }
    }
    let mut chance = Chance(91);
    for round in 0..20_000 {
        let size = chance.index(50);
        let mut data = chance.bytes(size);
        if round % 2 == 0 {
            // Begin as a message would, so that more than the head is read.
            data.splice(0..0, [0x27, 0x00]);
        }
        let controls = [
            0x040F, 0x04FF, 0x060F, 0x061E, 0x06D1, 0x06D3, 0x0600, 0x841E,
        ];
        let control = controls[chance.index(controls.len())];
        let mut bytes = crate::terminal::apdu::message(control, &data).unwrap();
        let message = read(&mut bytes, chance.below(2) == 0).unwrap();
        assert_eq!(message.control, control);
    }
}
