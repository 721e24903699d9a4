//! CRC-16/KERMIT: polynomial 1021 reflected (8408), from 0, no final change. Source: PA00P016
//! revision 04, block check; check value of "123456789" by the catalogue of parametrised CRCs.

const POLYNOMIAL: u16 = 0x8408;
const SLICES: usize = 8;

static TABLES: [[u16; 256]; SLICES] = tables();

const fn tables() -> [[u16; 256]; SLICES] {
    let mut made = [[0_u16; 256]; SLICES];
    let mut byte = 0;
    while byte < 256 {
        #[allow(clippy::cast_possible_truncation)] // below 256
        let mut crc = byte as u16;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ POLYNOMIAL
            } else {
                crc >> 1
            };
            bit += 1;
        }
        made[0][byte] = crc;
        byte += 1;
    }
    let mut slice = 1;
    while slice < SLICES {
        let mut byte = 0;
        while byte < 256 {
            let before = made[slice - 1][byte];
            made[slice][byte] = before >> 8 ^ made[0][(before & 0xFF) as usize];
            byte += 1;
        }
        slice += 1;
    }
    made
}

fn at(slice: usize, byte: u8) -> u16 {
    TABLES[slice][usize::from(byte)]
}

/// The check value after `bytes`, going on from `crc`.
pub fn kermit(crc: u16, bytes: &[u8]) -> u16 {
    let mut crc = crc;
    let mut chunks = bytes.chunks_exact(SLICES);
    for chunk in &mut chunks {
        let [low, high] = crc.to_le_bytes();
        crc = at(7, chunk[0] ^ low) ^ at(6, chunk[1] ^ high);
        for (slice, byte) in chunk[2..].iter().enumerate() {
            crc ^= at(5 - slice, *byte);
        }
    }
    for byte in chunks.remainder() {
        let [low, _] = crc.to_le_bytes();
        crc = crc >> 8 ^ at(0, byte ^ low);
    }
    crc
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::chance::Chance;

    fn bit_by_bit(bytes: &[u8]) -> u16 {
        let mut crc = 0_u16;
        for byte in bytes {
            crc ^= u16::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 {
                    crc >> 1 ^ POLYNOMIAL
                } else {
                    crc >> 1
                };
            }
        }
        crc
    }

    #[test]
    fn published_check_value() {
        assert_eq!(kermit(0, b"123456789"), 0x2189);
        assert_eq!(kermit(0, b""), 0);
    }

    #[test]
    fn eight_bytes_at_a_time_is_bit_by_bit() {
        let mut chance = Chance(11);
        for size in 0..200 {
            let bytes = chance.bytes(size);
            let cut = chance.index(size + 1);
            let crc = kermit(kermit(0, &bytes[..cut]), &bytes[cut..]);
            assert_eq!(crc, bit_by_bit(&bytes));
        }
    }
}
