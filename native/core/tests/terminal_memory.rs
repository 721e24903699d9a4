//! Nothing of a card number that has to be hidden lies in memory that the terminals' floor gave
//! back, nor on the stack it worked on.

mod watched;

use countertop_core::terminal::nexo::seal::{Key, NONCE_BYTES, seal};
use countertop_core::terminal::nexo::told::{Sealed, Told, open, read};
use countertop_core::terminal::{Event, apdu, dle, length, lrc, zvt};
use std::hint::black_box;
use watched::{CARD, Left, base64, freed_count, left_by, packed, writings};

const MASKED: &str = "675941*********4357";

// ------------------------------------------------------------------------------------ messages

/// An answer with the number in every place and every way.
fn answer() -> String {
    let told = writings();
    let texts: Vec<String> = told
        .iter()
        .flat_map(|one| {
            [
                format!("{{\"Text\":\"{one}\"}}"),
                format!("{{\"Text\":\"name=Card&value={one}&key=pan\"}}"),
            ]
        })
        .collect();
    let form: Vec<String> = told
        .iter()
        .enumerate()
        .map(|(number, one)| format!("x{number}={one}"))
        .collect();
    let pairs: Vec<String> = told
        .iter()
        .enumerate()
        .map(|(number, one)| format!("\"x{number}\":\"{one}\""))
        .collect();
    let in_json = base64(
        format!(
            "{{\"additionalData\":{{{}}},\"number\":{CARD}}}",
            pairs.join(",")
        )
        .as_bytes(),
    );
    let modes: Vec<String> = told.iter().map(|one| format!("\"{one}\"")).collect();
    format!(
        "{{\"SaleToPOIResponse\":{{\"PaymentResponse\":{{\
         \"Response\":{{\"Result\":\"Success\",\"AdditionalResponse\":\"{}\"}},\
         \"SaleData\":{{\"SaleTransactionID\":{{\"TransactionID\":\"{CARD}\"}}}},\
         \"POIData\":{{\"AdditionalResponse\":\"{in_json}\",\"EventDetails\":\"{CARD}\"}},\
         \"PaymentResult\":{{\"AuthenticationMethod\":[{}],\
         \"PaymentInstrumentData\":{{\"CardData\":{{\"MaskedPan\":\"{CARD}\",\
         \"SensitiveCardData\":{{\"PAN\":\"{CARD}\"}},\"{CARD}\":{CARD}}}}},\
         \"TransactionCount\":{CARD}}},\
         \"PaymentReceipt\":[{{\"OutputContent\":{{\"OutputText\":[{}]}}}}]}}}}}}",
        form.join("&"),
        modes.join(","),
        texts.join(","),
    )
}

fn envelope(plain: &str, key: &Key) -> String {
    let nonce = [7; NONCE_BYTES];
    let (blob, mac) = seal(plain.as_bytes(), key, &nonce);
    format!(
        "{{\"SaleToPOIResponse\":{{\"MessageHeader\":{{\"MessageCategory\":\"Payment\"}},\
         \"NexoBlob\":\"{blob}\",\"SecurityTrailer\":{{\"AdyenCryptoVersion\":1,\
         \"KeyIdentifier\":\"shop\",\"KeyVersion\":1,\"Nonce\":\"{}\",\"Hmac\":\"{mac}\"}}}}}}",
        base64(&nonce),
    )
}

/// How often the masked number was told.
fn shown(told: &Told) -> usize {
    match told {
        Told::Object(members) => members.iter().map(|(_, one)| shown(one)).sum(),
        Told::List(values) => values.iter().map(shown).sum(),
        Told::Text(text) => usize::from(text.contains(&MASKED[..6])),
        Told::Pairs(pairs) => pairs
            .iter()
            .filter(|(_, value)| value.contains(MASKED))
            .count(),
        _ => 0,
    }
}

// ----------------------------------------------------------------------------------- the tests

#[test]
fn what_is_left_is_found() {
    let kept = left_by(|| drop(black_box(CARD.as_bytes().to_vec())));
    assert_eq!(kept.heap_count, 1, "a block that was freed as it was");
    let grown = left_by(|| {
        let mut digits = black_box(CARD.as_bytes().to_vec());
        digits.reserve(4_096);
        digits.fill(0);
    });
    assert_eq!(grown.heap_count, 1, "a block that was grown out of");
    let on_stack = left_by(|| {
        let mut room = [0_u8; 256];
        room[100..100 + CARD.len()].copy_from_slice(CARD.as_bytes());
        black_box(&room);
    });
    assert!(on_stack.stack_count >= 1, "a frame that was left");
    assert_eq!(left_by(|| {}), Left::default());
    for one in writings() {
        let bytes = one.into_bytes();
        let found = left_by(|| drop(black_box(bytes.clone()))).heap_count;
        let is_escaped = bytes.contains(&b'\\') || bytes.contains(&b'%') || bytes.contains(&b'+');
        assert!(
            found > 0 || is_escaped,
            "{}",
            String::from_utf8_lossy(&bytes)
        );
    }
}

#[test]
fn a_message_that_was_opened_leaves_nothing() {
    let key = Key::derive(b"a passphrase");
    let sealed = Sealed {
        key: &key,
        identifier: "shop",
        version: 1,
        poi_id: "",
    };
    let data = envelope(&answer(), &key);
    let opened = open(data.as_bytes(), &sealed).expect("it is sealed so");
    assert!(shown(&opened.message) > 10, "it tells the card, masked");
    let left = left_by(|| drop(open(data.as_bytes(), &sealed)));
    assert!(freed_count() > 100, "blocks were looked at");
    assert_eq!(left, Left::default());
}

#[test]
fn a_message_that_was_refused_leaves_nothing() {
    let key = Key::derive(b"a passphrase");
    let sealed = Sealed {
        key: &key,
        identifier: "shop",
        version: 1,
        poi_id: "",
    };
    let broken = answer().replace("\"Success\"", "\"Success");
    let data = envelope(&broken, &key);
    assert_eq!(open(data.as_bytes(), &sealed).unwrap_err().code, "not_json");
    let left = left_by(|| drop(open(data.as_bytes(), &sealed)));
    assert_eq!(left, Left::default());
    // Under another's seal it was decrypted all the same, into noise; and under a broken one whole.
    let data = envelope(&answer(), &key).replace("\"Hmac\":\"", "\"Hmac\":\"AAAA");
    assert_eq!(
        open(data.as_bytes(), &sealed).unwrap_err().code,
        "seal_broken"
    );
    let left = left_by(|| drop(open(data.as_bytes(), &sealed)));
    assert_eq!(left, Left::default());
}

#[test]
fn a_message_without_a_seal_leaves_nothing_of_the_floors_own() {
    let data = answer();
    assert!(shown(&read(data.as_bytes(), "").expect("it is JSON")) > 10);
    let left = left_by(|| drop(read(data.as_bytes(), "")));
    assert_eq!(left, Left::default());
}

/// A status information with the number in a field that is masked, tracks, an unknown object and
/// texts.
fn status() -> Vec<u8> {
    let packed = packed();
    let track = [&packed[..9], &[0x7D], &b"\x25\x12\x20\x1F"[..]].concat();
    let mut data = Vec::new();
    // The card number, track 2, additional text and the name of the card's brand.
    data.extend([&[0x22, 0xF1, 0xF0][..], &packed].concat());
    data.extend([&[0x23, 0xF1, 0xF4][..], &track].concat());
    let line = format!("CARD {CARD}");
    let length = u8::try_from(line.len()).unwrap();
    let counted = [
        0xF0 | (length / 100),
        0xF0 | (length / 10 % 10),
        0xF0 | (length % 10),
    ];
    data.extend([&[0x3C][..], &counted, line.as_bytes()].concat());
    let mut held = [&[0x1F, 0x14, 10][..], &packed, &[0x07, 19], CARD.as_bytes()].concat();
    // An object nobody knows with a chip's in it, and texts that are none.
    held.extend(
        [
            &[0xDF, 0x01, 12, 0x5A, 10][..],
            &packed,
            &[0x42, 10],
            &packed,
        ]
        .concat(),
    );
    let written = base64(CARD.as_bytes());
    held.extend([0x1F, 0x17, u8::try_from(written.len()).unwrap()]);
    held.extend(written.as_bytes());
    assert!(held.len() < 0x80, "one byte tells its length");
    data.extend([&[0x06, u8::try_from(held.len()).unwrap()][..], &held].concat());
    apdu::message(0x040F, &data).expect("it is short")
}

#[test]
fn a_zvt_message_leaves_nothing() {
    let message = status();
    let serial = dle::frame(&message);
    let mut seen = 0;
    let left = left_by(|| {
        let mut read_one = |event: Event<'_>| {
            if let Event::Frame(bytes, _) = event {
                let told = zvt::read(bytes, false).expect("it is one message");
                seen += told.fields.len();
            }
        };
        let mut framer = apdu::Framer::new();
        framer.feed(&message, &mut read_one);
        assert!(framer.is_clean());
        // A cable that is pulled in the middle of a message.
        framer.feed(&message[..message.len() - 1], &mut read_one);
        drop(framer);
        let mut framer = dle::Framer::new(apdu::BYTES_MAX);
        framer.feed(&serial, &mut read_one);
        assert!(framer.is_clean());
        framer.feed(&serial[..serial.len() - 1], &mut read_one);
        drop(framer);
    });
    assert!(seen >= 6, "both were read: {seen}");
    assert!(freed_count() > 4, "blocks were looked at");
    assert_eq!(left, Left::default());
}

#[test]
fn framers_that_read_nothing_leave_nothing() {
    let text = format!("PAN {CARD}");
    let counted = length::Width::Two.frame(text.as_bytes()).expect("short");
    let checked = lrc::Profile::CONCERT.frame(text.as_bytes());
    let left = left_by(|| {
        let mut on = |_: Event<'_>| {};
        let mut framer = length::Framer::new(length::Width::Two, 1_024);
        framer.feed(&counted, &mut on);
        assert!(framer.is_clean());
        framer.feed(&counted[..counted.len() - 1], &mut on);
        drop(framer);
        let mut framer = lrc::Framer::new(lrc::Profile::CONCERT, 1_024);
        framer.feed(&checked, &mut on);
        assert!(framer.is_clean());
        framer.feed(&checked[..checked.len() - 1], &mut on);
        drop(framer);
    });
    assert_eq!(left, Left::default());
}
