//! ZVT messages as they stand: two bytes that say which, a length, and the data. On TCP they follow
//! one another without anything between them. Source: PA00P015 revision 13.08, chapter 3.

use super::{Bad, Event};
use crate::wipe::Wiped;

/// The most data one message may have, and the most bytes with its head.
pub const DATA_BYTES_MAX: usize = 65_535;
/// With its head.
pub const BYTES_MAX: usize = DATA_BYTES_MAX + 5;
const LONG: u8 = 0xFF;
/// The classes of messages that terminals and registers send.
const CLASSES: [u8; 6] = [0x04, 0x05, 0x06, 0x08, 0x80, 0x84];

/// A message's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Class and instruction as one number: `0x040F`.
    pub control: u16,
    /// How many bytes the head has.
    pub bytes: usize,
    /// How many bytes of data follow.
    pub data_bytes: usize,
}

/// The head `bytes` begin with; none where they are too few to tell.
pub fn head(bytes: &[u8]) -> Option<Head> {
    let control = u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]);
    let short = *bytes.get(2)?;
    if short != LONG {
        return Some(Head {
            control,
            bytes: 3,
            data_bytes: usize::from(short),
        });
    }
    let long = u16::from_le_bytes([*bytes.get(3)?, *bytes.get(4)?]);
    Some(Head {
        control,
        bytes: 5,
        data_bytes: usize::from(long),
    })
}

/// A message; none where the data is more than a message holds.
pub fn message(control: u16, data: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(data.len()).ok()?;
    let mut out = control.to_be_bytes().to_vec();
    match u8::try_from(length) {
        Ok(short) if short < LONG => out.push(short),
        _ => {
            out.push(LONG);
            out.extend_from_slice(&length.to_le_bytes());
        }
    }
    out.extend_from_slice(data);
    Some(out)
}

/// Finds messages in a TCP stream.
///
/// A byte that begins no message is garbage; after some, one `Bad` is told, because what follows
/// may be read wrongly until the connection is made anew.
pub struct Framer {
    body: Wiped,
    is_astray: bool,
    garbage: u64,
}

impl Framer {
    /// A framer for messages of any length they may have.
    pub fn new() -> Self {
        Self {
            body: Wiped::new(BYTES_MAX),
            is_astray: false,
            garbage: 0,
        }
    }

    /// Whether a message has begun and not ended.
    pub fn is_partial(&self) -> bool {
        !self.body.is_empty()
    }

    /// How many bytes belonged to no message.
    pub fn garbage(&self) -> u64 {
        self.garbage
    }

    /// Whether the buffer holds nothing, not even what it held before.
    pub fn is_clean(&self) -> bool {
        self.body.is_clean()
    }

    /// Forget a message that has begun; whether one had.
    pub fn drop_partial(&mut self) -> bool {
        let had = self.is_partial();
        self.body.wipe();
        self.is_astray = false;
        had
    }

    /// Take bytes, telling `on` of everything they complete.
    pub fn feed(&mut self, bytes: &[u8], on: &mut impl FnMut(Event<'_>)) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let Some(head) = head(self.body.as_slice()) else {
                self.begin(rest[0], on);
                rest = &rest[1..];
                self.finish(on);
                continue;
            };
            let missing = head.bytes + head.data_bytes - self.body.len();
            let count = missing.min(rest.len());
            // The room is that of the longest message.
            let _ = self.body.extend(&rest[..count]);
            rest = &rest[count..];
            self.finish(on);
        }
    }

    fn begin(&mut self, byte: u8, on: &mut impl FnMut(Event<'_>)) {
        if self.body.is_empty() && !CLASSES.contains(&byte) {
            self.garbage += 1;
            if !self.is_astray {
                self.is_astray = true;
                on(Event::Bad(Bad::Form));
            }
            return;
        }
        self.is_astray = false;
        let _ = self.body.push(byte);
    }

    fn finish(&mut self, on: &mut impl FnMut(Event<'_>)) {
        if let Some(head) = head(self.body.as_slice())
            && self.body.len() == head.bytes + head.data_bytes
        {
            on(Event::Frame(self.body.as_mut_slice(), 0));
            self.body.wipe();
        }
    }
}

impl Default for Framer {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_change_form_at_255() {
        assert_eq!(message(0x0601, &[]).unwrap(), [6, 1, 0]);
        assert_eq!(message(0x0601, &[0; 254]).unwrap()[..3], [6, 1, 254]);
        assert_eq!(
            message(0x0601, &[0; 255]).unwrap()[..5],
            [6, 1, 0xFF, 0xFF, 0]
        );
        assert_eq!(message(0x0601, &vec![0; 65_536]), None);
        for size in [0, 1, 254, 255, 256, 65_535] {
            let bytes = message(0x040F, &vec![7; size]).unwrap();
            let head = head(&bytes).unwrap();
            assert_eq!(
                (head.control, head.bytes + head.data_bytes),
                (0x040F, bytes.len())
            );
            assert_eq!(head.data_bytes, size);
        }
    }

    #[test]
    fn messages_follow_one_another() {
        let mut line = message(0x8000, &[]).unwrap();
        line.extend(message(0x040F, &[1; 300]).unwrap());
        line.extend(b"??");
        line.extend(message(0x060F, &[2]).unwrap());
        let mut framer = Framer::new();
        let mut told = Vec::new();
        framer.feed(&line, &mut |event| {
            told.push(match event {
                Event::Frame(bytes, _) => bytes.len(),
                _ => 0,
            });
        });
        assert_eq!(told, [3, 305, 0, 4]);
        assert_eq!(framer.garbage(), 2);
        assert!(framer.is_clean());
    }
}
