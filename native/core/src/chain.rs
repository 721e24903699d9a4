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

#[cfg(test)]
mod tests {
    use super::*;

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
