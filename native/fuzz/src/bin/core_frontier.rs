//! Whatever bytes stand where a tree's edge should: refused, or the same bytes again, and usable.
#![no_main]

use countertop_core::chain::Hash;
use countertop_core::tree::{Frontier, inclusion_proof, verify_inclusion};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(mut frontier) = Frontier::from_bytes(bytes) {
        assert_eq!(frontier.to_bytes(), bytes);
        let size = frontier.size();
        let grown = frontier.append(b"leaf");
        assert_eq!(grown.is_ok(), size < u64::MAX);
        let _ = frontier.root();
    }
    // The same bytes as a claim about a tree: a place, a size, a path and a root.
    let Some((numbers, rest)) = bytes.split_first_chunk::<16>() else {
        return;
    };
    let [index, size] = [&numbers[..8], &numbers[8..]].map(|part| {
        part.iter()
            .fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte))
    });
    let hashes: Vec<Hash> = rest.chunks_exact(32).flat_map(Hash::try_from).collect();
    let root = hashes.first().copied().unwrap_or_default();
    let _ = verify_inclusion(b"leaf", index, size, &hashes, &root);
    if let Ok(proof) = inclusion_proof(&hashes, usize::from(numbers[7])) {
        let mut frontier = Frontier::default();
        for hash in &hashes {
            frontier.append(hash).expect("a few leaves fit");
        }
        let (at, root) = (u64::from(numbers[7]), frontier.root());
        let leaf = hashes[usize::from(numbers[7])];
        assert!(verify_inclusion(&leaf, at, frontier.size(), &proof, &root));
    }
});
