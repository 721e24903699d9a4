//! What is sealed and opened, base64 in its one form, and the envelope around both.

use super::super::Trouble;
use super::super::seal::{Key, NONCE_BYTES, seal, unseal};
use super::super::told::{Sealed, Told, open};
use super::{CARD, MASKED, inner};
use crate::base64;
use crate::terminal::chance::Chance;

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
