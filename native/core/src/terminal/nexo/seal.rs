//! The seal of local messages: encrypted and authenticated under what follows from a passphrase.
//!
//! The MAC is over the plain text, so nothing may be told of a broken seal but that it is broken:
//! how it broke would help who tries keys out. Source: Adyen Terminal API, protect local
//! communications, read 2026-11.

use super::{MESSAGE_BYTES_MAX, Trouble};
use crate::base64;
use crate::wipe::{Wiped, wipe_stack};
use aes::Aes256;
use cbc::cipher::{Block, BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use zeroize::Zeroize;

const SALT: &[u8] = b"AdyenNexoV1Salt";
const ROUNDS: u32 = 4_000;
const BLOCK: usize = 16;
/// Bytes of a nonce.
pub const NONCE_BYTES: usize = 16;

/// What both sides reckon from their passphrase; forgotten when it is dropped.
pub struct Key {
    mac: [u8; 32],
    cipher: [u8; 32],
    start: [u8; BLOCK],
}

impl Drop for Key {
    fn drop(&mut self) {
        self.mac.zeroize();
        self.cipher.zeroize();
        self.start.zeroize();
    }
}

impl Key {
    /// Takes milliseconds: that is its purpose.
    pub fn derive(passphrase: &[u8]) -> Self {
        let mut made = [0; 80];
        pbkdf2::pbkdf2_hmac::<Sha1>(passphrase, SALT, ROUNDS, &mut made);
        let mut key = Self {
            mac: [0; 32],
            cipher: [0; 32],
            start: [0; BLOCK],
        };
        key.mac.copy_from_slice(&made[..32]);
        key.cipher.copy_from_slice(&made[32..64]);
        key.start.copy_from_slice(&made[64..]);
        made.zeroize();
        key
    }

    fn start(&self, nonce: &[u8; NONCE_BYTES]) -> [u8; BLOCK] {
        std::array::from_fn(|place| self.start[place] ^ nonce[place])
    }

    fn mac(&self, plain: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.mac).expect("any length of key will do");
        mac.update(plain);
        mac
    }
}

/// `plain` under a key: blob and MAC, in base64. A nonce is never used twice.
pub fn seal(plain: &[u8], key: &Key, nonce: &[u8; NONCE_BYTES]) -> (String, String) {
    let missing = BLOCK - plain.len() % BLOCK;
    let mut room = Wiped::new(plain.len() + missing);
    let _ = room.extend(plain);
    for _ in 0..missing {
        let _ = room.push(u8::try_from(missing).expect("a block is short"));
    }
    let mut cipher = cbc::Encryptor::<Aes256>::new(&key.cipher.into(), &key.start(nonce).into());
    let (blocks, _) = Block::<cbc::Encryptor<Aes256>>::slice_as_chunks_mut(room.as_mut_slice());
    cipher.encrypt_blocks(blocks);
    let mac = key.mac(plain).finalize().into_bytes();
    (base64::encode(room.as_slice()), base64::encode(&mac))
}

/// The plain text of a blob, in a buffer that is wiped; texts are base64 in its strict form.
pub fn unseal(blob: &[u8], mac: &[u8], nonce: &[u8], key: &Key) -> Result<Wiped, Trouble> {
    let opened = unseal_here(blob, mac, nonce, key);
    // At once: what is moved takes along what lies in its unfilled bytes, into the heap too.
    wipe_stack();
    opened
}

// Never within its caller's frame, or what it left would lie above what is written over.
#[inline(never)]
fn unseal_here(blob: &[u8], mac: &[u8], nonce: &[u8], key: &Key) -> Result<Wiped, Trouble> {
    let nonce = base64::decode(nonce).ok_or("nonce_wrong")?;
    let nonce: &[u8; NONCE_BYTES] = nonce.as_slice().try_into().map_err(|_| "nonce_wrong")?;
    let mut room = base64::decode(blob).ok_or("blob_wrong")?;
    let count = room.len();
    if count == 0 || !count.is_multiple_of(BLOCK) || count > MESSAGE_BYTES_MAX {
        return Err("blob_wrong".into());
    }
    let mut cipher = cbc::Decryptor::<Aes256>::new(&key.cipher.into(), &key.start(nonce).into());
    let (blocks, _) = Block::<cbc::Decryptor<Aes256>>::slice_as_chunks_mut(room.as_mut_slice());
    cipher.decrypt_blocks(blocks);
    let padding = usize::from(room.as_slice()[count - 1]);
    let is_padded = (1..=BLOCK).contains(&padding)
        && room.as_slice()[count - padding..]
            .iter()
            .all(|one| usize::from(*one) == padding);
    let size = if is_padded { count - padding } else { count };
    // The MAC is reckoned either way, so that time does not tell which of the two was wrong.
    let told = base64::decode(mac);
    let told = told.as_ref().map_or(&[][..], Wiped::as_slice);
    let is_same = key.mac(&room.as_slice()[..size]).verify_slice(told).is_ok();
    if !(is_padded && is_same) {
        return Err("seal_broken".into());
    }
    room.cut(size);
    Ok(room)
}
