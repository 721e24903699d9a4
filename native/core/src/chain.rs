//! The hash of a journal record, which holds the hash of the one before.

use crate::error::{CoreError, Result};
use sha2::{Digest, Sha256};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

const DOMAIN: &[u8] = b"countertop.record.v1\0";

/// SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// A digest taken from bytes of unknown length.
pub fn as_hash(bytes: &[u8], what: &'static str) -> Result<Hash> {
    bytes.try_into().map_err(|_| CoreError::Length {
        what,
        need: "32 bytes",
        got: bytes.len(),
    })
}

/// Which record of which journal a hash is for.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The store's id.
    pub store: &'a str,
    /// `live` or `training`.
    pub kind: &'a str,
    /// A restored backup starts a new one.
    pub epoch: u64,
    /// Gapless.
    pub position: u64,
}

/// SHA-256 over the domain, store and kind with their lengths (u32 big-endian), epoch and position
/// (u64 big-endian), the previous record's hash and SHA-256 of the payload.
pub fn chain_hash(place: Place<'_>, previous: &Hash, payload: &[u8]) -> Result<Hash> {
    let mut hasher = Sha256::new();
    hasher.update(DOMAIN);
    for (what, text) in [("store", place.store), ("kind", place.kind)] {
        let length = u32::try_from(text.len()).map_err(|_| CoreError::OutOfRange {
            what,
            need: "below 4 GiB",
        })?;
        hasher.update(length.to_be_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.update(place.epoch.to_be_bytes());
    hasher.update(place.position.to_be_bytes());
    hasher.update(previous);
    hasher.update(sha256(payload));
    Ok(hasher.finalize().into())
}

const NAME_KEY: &[u8] = b"},\"name\":";

/// What the columns beside a payload say of it.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    /// The record's stream.
    pub stream: &'a str,
    /// Its number within the stream.
    pub version: u64,
    /// Its wire name.
    pub name: &'a str,
    /// The command it came of.
    pub command_id: &'a str,
}

/// Whether a payload is of that stream, version, name and command, as far as can be told without
/// reading it: false says nothing where one of the texts would be escaped.
///
/// The four stand outside `data`, and a quote within a text is never bare.
#[must_use]
pub fn payload_says(payload: &[u8], columns: &Columns<'_>) -> bool {
    let texts = [columns.stream, columns.name, columns.command_id];
    if !texts.iter().all(|text| is_bare(text.as_bytes())) {
        return false;
    }
    let [stream, name, command_id] = texts.map(str::as_bytes);
    let Some(at) = payload
        .windows(NAME_KEY.len())
        .rposition(|window| window == NAME_KEY)
    else {
        return false;
    };
    let version = columns.version.to_string();
    let begins = [b"{\"command_id\":\"", command_id, b"\",\"data\":{"];
    let named = [NAME_KEY, b"\"", name, b"\",\"operator\":\""];
    let ends = [
        b"},\"stream\":\"",
        stream,
        b"\",\"stream_version\":",
        version.as_bytes(),
        b"}",
    ];
    starts_with(payload, &begins)
        && starts_with(&payload[at..], &named)
        && ends_with(payload, &ends)
}

fn is_bare(text: &[u8]) -> bool {
    text.iter()
        .all(|&byte| byte >= b' ' && byte != b'"' && byte != b'\\')
}

fn starts_with(text: &[u8], parts: &[&[u8]]) -> bool {
    let mut rest = Some(text);
    for part in parts {
        rest = rest.and_then(|text| text.strip_prefix(*part));
    }
    rest.is_some()
}

fn ends_with(text: &[u8], parts: &[&[u8]]) -> bool {
    let mut rest = Some(text);
    for part in parts.iter().rev() {
        rest = rest.and_then(|text| text.strip_suffix(*part));
    }
    rest.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_says_its_columns_and_no_others() {
        let payload = b"{\"command_id\":\"c\",\"data\":{\"name\":\"x\"},\"name\":\"n/1\",\
            \"operator\":\"\",\"register\":\"\",\"stamp\":{},\
            \"stream\":\"s\",\"stream_version\":7}";
        let columns = Columns {
            stream: "s",
            version: 7,
            name: "n/1",
            command_id: "c",
        };
        assert!(payload_says(payload, &columns));
        let others = [
            Columns {
                stream: "t",
                ..columns
            },
            Columns {
                version: 77,
                ..columns
            },
            Columns {
                name: "x",
                ..columns
            },
            Columns {
                command_id: "",
                ..columns
            },
        ];
        for other in others {
            assert!(!payload_says(payload, &other), "{other:?}");
        }
        assert!(!payload_says(b"", &columns));
    }

    #[test]
    fn a_text_that_would_be_escaped_is_not_judged() {
        for text in ["\"", "\\", "\n"] {
            let payload = format!(
                "{{\"command_id\":\"{text}\",\"data\":{{}},\"name\":\"n\",\"operator\":\"\",\
                 \"stamp\":{{}},\"stream\":\"s\",\"stream_version\":1}}"
            );
            let columns = Columns {
                stream: "s",
                version: 1,
                name: "n",
                command_id: text,
            };
            assert!(!payload_says(payload.as_bytes(), &columns));
        }
    }

    #[test]
    fn every_part_is_in_the_hash() {
        let place = Place {
            store: "s",
            kind: "live",
            epoch: 1,
            position: 2,
        };
        let hash = chain_hash(place, &[0; 32], b"x").unwrap();
        let others = [
            chain_hash(
                Place {
                    store: "sl",
                    kind: "ive",
                    ..place
                },
                &[0; 32],
                b"x",
            ),
            chain_hash(
                Place {
                    kind: "training",
                    ..place
                },
                &[0; 32],
                b"x",
            ),
            chain_hash(Place { epoch: 2, ..place }, &[0; 32], b"x"),
            chain_hash(
                Place {
                    position: 3,
                    ..place
                },
                &[0; 32],
                b"x",
            ),
            chain_hash(place, &[1; 32], b"x"),
            chain_hash(place, &[0; 32], b"y"),
        ];
        assert!(others.iter().all(|other| other.as_ref() != Ok(&hash)));
    }
}
