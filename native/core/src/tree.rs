//! A Merkle tree over record hashes. Source: RFC 6962 §2.1.

use crate::chain::{Hash, as_hash, sha256};
use crate::error::{CoreError, Result};
use sha2::{Digest, Sha256};

/// SHA-256 of a zero byte and the leaf's data.
pub fn leaf_hash(data: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(data);
    hasher.finalize().into()
}

/// SHA-256 of a one byte and both children.
fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

/// The right edge of a tree: the roots of its full subtrees, largest first.
///
/// Bytes: the size as u64 big-endian, then 32 bytes for each one bit of it from the highest down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Add a leaf.
    pub fn append(&mut self, data: &[u8]) -> Result<()> {
        let size = self.size.checked_add(1).ok_or(CoreError::Overflow {
            what: "the size of the tree",
        })?;
        let mut node = leaf_hash(data);
        // Each full subtree of the same size is joined, as a carry runs in addition.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.peaks.push(node);
        self.size = size;
        Ok(())
    }

    /// The tree's root; SHA-256 of nothing when it is empty.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => sha256(&[]),
            Some(last) => peaks.fold(*last, |right, left| node_hash(left, &right)),
        }
    }

    /// The bytes that `from_bytes` reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        bytes.extend(self.peaks.iter().flatten());
        bytes
    }

    /// A frontier from its bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let wrong = || CoreError::Length {
            what: "frontier",
            need: "8 bytes and 32 for each one bit of the size",
            got: bytes.len(),
        };
        let (size, rest) = bytes.split_first_chunk::<8>().ok_or_else(wrong)?;
        let size = u64::from_be_bytes(*size);
        let peaks = rest
            .chunks(32)
            .map(|chunk| as_hash(chunk, "frontier"))
            .collect::<Result<Vec<_>>>()
            .map_err(|_| wrong())?;
        if peaks.len() != size.count_ones() as usize {
            return Err(wrong());
        }
        Ok(Self { size, peaks })
    }
}

/// The root over leaves that are already hashed; there is at least one.
fn subtree(leaves: &[Hash]) -> Hash {
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        // A last node without a partner moves up as it is: the RFC's split gives the same tree.
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => node_hash(left, right),
                _ => pair[0],
            })
            .collect();
    }
    level[0]
}

/// The audit path of leaf `index`, from the leaf's sibling to the root's child.
pub fn inclusion_proof<T: AsRef<[u8]>>(leaves: &[T], index: usize) -> Result<Vec<Hash>> {
    if index >= leaves.len() {
        return Err(CoreError::OutOfRange {
            what: "index",
            need: "below the number of records",
        });
    }
    let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf.as_ref())).collect();
    let mut path = Vec::new();
    let (mut part, mut at) = (hashes.as_slice(), index);
    while part.len() > 1 {
        let half = part.len().next_power_of_two() / 2;
        let (left, right) = part.split_at(half);
        if at < half {
            path.push(subtree(right));
            part = left;
        } else {
            path.push(subtree(left));
            part = right;
            at -= half;
        }
    }
    path.reverse();
    Ok(path)
}

/// Whether `proof` shows that a leaf stands at `index` in the tree of `size` leaves with `root`.
pub fn verify_inclusion(data: &[u8], index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last) = (index, size - 1);
    let mut node = leaf_hash(data);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at % 2 == 1 || at == last {
            node = node_hash(sibling, &node);
            while at.is_multiple_of(2) && at != 0 {
                at /= 2;
                last /= 2;
            }
        } else {
            node = node_hash(&node, sibling);
        }
        at /= 2;
        last /= 2;
    }
    last == 0 && node == *root
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(hash: Hash) -> String {
        use std::fmt::Write;
        hash.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    #[test]
    fn the_empty_tree_and_the_empty_leaf() {
        assert_eq!(
            hex(Frontier::default().root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            hex(leaf_hash(b"")),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
    }

    #[test]
    fn every_leaf_of_every_small_tree_is_proven() {
        let leaves: Vec<[u8; 1]> = (0..40).map(|n| [n]).collect();
        let mut frontier = Frontier::default();
        for (count, leaf) in leaves.iter().enumerate() {
            frontier.append(leaf).unwrap();
            let here = &leaves[..=count];
            let size = frontier.size();
            assert_eq!(
                Frontier::from_bytes(&frontier.to_bytes()).as_ref(),
                Ok(&frontier)
            );
            for index in 0..here.len() {
                let proof = inclusion_proof(here, index).unwrap();
                let at = index as u64;
                let root = frontier.root();
                assert!(verify_inclusion(&here[index], at, size, &proof, &root));
                assert!(!verify_inclusion(b"other", at, size, &proof, &root));
                assert!(!verify_inclusion(
                    &here[index],
                    at + size,
                    size,
                    &proof,
                    &root
                ));
            }
        }
    }

    #[test]
    fn torn_frontiers_are_refused() {
        let mut frontier = Frontier::default();
        for leaf in [b"a", b"b", b"c"] {
            frontier.append(leaf).unwrap();
        }
        let bytes = frontier.to_bytes();
        for end in 0..bytes.len() {
            assert!(Frontier::from_bytes(&bytes[..end]).is_err());
        }
    }
}
