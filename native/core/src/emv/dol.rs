//! Data object lists: which values a card asks for, and the bytes that answer. Source: EMV Book 3,
//! section 5.4.

use super::dictionary::{Format, find};
use super::tlv::{Fault, Trouble, length_of_tag};

/// One thing asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The tag.
    pub tag: u32,
    /// How many bytes of it.
    pub bytes: u8,
}

/// What a data object list asks for, in order.
///
/// # Errors
/// A tag that is none, or an entry without a length.
pub fn parse(list: &[u8]) -> Result<Vec<Wanted>, Fault> {
    let mut wanted = Vec::new();
    let mut at = 0;
    while at < list.len() {
        let (tag, size) = length_of_tag(&list[at..]).map_err(|fault| Fault {
            at: fault.at + at,
            ..fault
        })?;
        at += size;
        let bytes = *list.get(at).ok_or(Fault {
            trouble: Trouble::Cut,
            at,
        })?;
        wanted.push(Wanted { tag, bytes });
        at += 1;
    }
    Ok(wanted)
}

/// The bytes that answer a list: each value cut or padded to the length asked for.
///
/// A tag without a value, and a template, is answered with noughts. Too long: numbers keep their
/// last bytes, all else its first. Too short: noughts before a number, F behind compressed digits,
/// noughts behind all else.
pub fn build<'a>(wanted: &[Wanted], value_of: impl Fn(u32) -> Option<&'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    for one in wanted {
        let size = usize::from(one.bytes);
        let value = match value_of(one.tag) {
            Some(value) if !is_template(one.tag) => value,
            _ => &[],
        };
        let known = !value.is_empty();
        let format = find(one.tag).map_or(Format::Binary, |entry| entry.format);
        let pad = if known && format == Format::Compressed {
            0xFF
        } else {
            0
        };
        let cut = value.len().min(size);
        let missing = size - cut;
        if format == Format::Numeric {
            out.resize(out.len() + missing, pad);
            out.extend_from_slice(&value[value.len() - cut..]);
        } else {
            out.extend_from_slice(&value[..cut]);
            out.resize(out.len() + missing, pad);
        }
    }
    out
}

fn is_template(tag: u32) -> bool {
    let bytes = tag.to_be_bytes();
    bytes
        .iter()
        .find(|byte| **byte != 0)
        .is_some_and(|first| first & 0x20 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_asks_in_order() {
        let list = [0x9F, 0x02, 6, 0x5F, 0x2A, 2, 0x9A, 3, 0x9F, 0x37, 4];
        let wanted = parse(&list).unwrap();
        assert_eq!(
            wanted
                .iter()
                .map(|one| (one.tag, one.bytes))
                .collect::<Vec<_>>(),
            [(0x9F02, 6), (0x5F2A, 2), (0x9A, 3), (0x9F37, 4)]
        );
        assert_eq!(
            parse(&[0x9A, 3, 0x9F]),
            Err(Fault {
                trouble: Trouble::Cut,
                at: 3
            })
        );
        assert_eq!(
            parse(&[0x9A]),
            Err(Fault {
                trouble: Trouble::Cut,
                at: 1
            })
        );
    }

    #[test]
    fn values_are_cut_and_padded_by_format() {
        let value = |tag| match tag {
            0x9F02 => Some(&[0x12, 0x34, 0x56][..]),
            0x5A => Some(&[0x54, 0x13][..]),
            0x50 => Some(&b"VISA"[..]),
            0x70 => Some(&[1, 2][..]),
            _ => None,
        };
        let ask = |tag, bytes| build(&[Wanted { tag, bytes }], value);
        assert_eq!(ask(0x9F02, 2), [0x34, 0x56]);
        assert_eq!(ask(0x9F02, 5), [0, 0, 0x12, 0x34, 0x56]);
        assert_eq!(ask(0x5A, 4), [0x54, 0x13, 0xFF, 0xFF]);
        assert_eq!(ask(0x50, 2), *b"VI");
        assert_eq!(ask(0x50, 6), *b"VISA\0\0");
        assert_eq!(ask(0x70, 2), [0, 0]);
        assert_eq!(ask(0x9F99, 3), [0, 0, 0]);
    }
}
