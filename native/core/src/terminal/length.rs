//! Frames behind a big-endian length that does not count itself: two bytes, or four as nexo has
//! them on TCP.

use super::{Bad, Event};
use crate::wipe::Wiped;

/// How many bytes the length has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// Two.
    Two,
    /// Four.
    Four,
}

impl Width {
    /// As a number.
    pub fn bytes(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    /// `data` with its length before it; none where the length does not hold it.
    pub fn frame(self, data: &[u8]) -> Option<Vec<u8>> {
        let mut out = match self {
            Self::Two => u16::try_from(data.len()).ok()?.to_be_bytes().to_vec(),
            Self::Four => u32::try_from(data.len()).ok()?.to_be_bytes().to_vec(),
        };
        out.extend_from_slice(data);
        Some(out)
    }
}

/// Finds frames in a stream.
///
/// After a length that is too long nothing in the stream can be trusted: everything is dropped
/// until `drop_partial`, which belongs to a new connection.
pub struct Framer {
    width: Width,
    head: [u8; 4],
    head_count: usize,
    missing: usize,
    body: Wiped,
    is_lost: bool,
    garbage: u64,
}

impl Framer {
    /// A framer for data of at most `bytes_max`.
    pub fn new(width: Width, bytes_max: usize) -> Self {
        Self {
            width,
            head: [0; 4],
            head_count: 0,
            missing: 0,
            body: Wiped::new(bytes_max),
            is_lost: false,
            garbage: 0,
        }
    }

    /// Whether a frame has begun and not ended.
    pub fn is_partial(&self) -> bool {
        self.head_count > 0
    }

    /// How many bytes belonged to no frame.
    pub fn garbage(&self) -> u64 {
        self.garbage
    }

    /// Whether the buffer holds nothing, not even what it held before.
    pub fn is_clean(&self) -> bool {
        self.body.is_clean()
    }

    /// Forget what came, for a new connection; whether a frame had begun.
    pub fn drop_partial(&mut self) -> bool {
        let had = self.is_partial();
        self.body.wipe();
        self.head_count = 0;
        self.missing = 0;
        self.is_lost = false;
        had
    }

    /// Take bytes, telling `on` of everything they complete.
    pub fn feed(&mut self, bytes: &[u8], on: &mut impl FnMut(Event<'_>)) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.is_lost {
                self.garbage += rest.len() as u64;
                return;
            }
            if self.head_count < self.width.bytes() {
                self.head[self.head_count] = rest[0];
                self.head_count += 1;
                rest = &rest[1..];
                if self.head_count == self.width.bytes() {
                    self.begin(on);
                }
                continue;
            }
            let count = self.missing.min(rest.len());
            // The room was checked when the length came.
            let _ = self.body.extend(&rest[..count]);
            self.missing -= count;
            rest = &rest[count..];
            self.finish(on);
        }
    }

    fn begin(&mut self, on: &mut impl FnMut(Event<'_>)) {
        let head = &self.head[..self.width.bytes()];
        let length = head
            .iter()
            .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        match usize::try_from(length) {
            Ok(length) if length <= self.body.room() => {
                self.missing = length;
                self.finish(on);
            }
            _ => {
                self.is_lost = true;
                self.head_count = 0;
                on(Event::Bad(Bad::TooLong));
            }
        }
    }

    fn finish(&mut self, on: &mut impl FnMut(Event<'_>)) {
        if self.missing == 0 {
            on(Event::Frame(self.body.as_mut_slice(), 0));
            self.body.wipe();
            self.head_count = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_end_where_their_length_says() {
        for width in [Width::Two, Width::Four] {
            let mut line = width.frame(b"abc").unwrap();
            line.extend(width.frame(b"").unwrap());
            line.extend(width.frame(b"d").unwrap());
            let mut framer = Framer::new(width, 8);
            let mut all = Vec::new();
            framer.feed(&line, &mut |event| {
                if let Event::Frame(data, _) = event {
                    all.push(data.to_vec());
                }
            });
            assert_eq!(all, [b"abc".to_vec(), vec![], b"d".to_vec()]);
            assert!(!framer.is_partial() && framer.is_clean());
        }
        assert_eq!(Width::Two.frame(&vec![0; 65_536]), None);
    }

    #[test]
    fn too_long_is_lost_until_a_new_connection() {
        let mut framer = Framer::new(Width::Four, 8);
        let mut told = Vec::new();
        framer.feed(&[0, 0, 0, 9, 1, 2, 3], &mut |event| {
            told.push(format!("{event:?}"));
        });
        assert_eq!(told, ["Bad(TooLong)"]);
        assert_eq!(framer.garbage(), 3);
        assert!(!framer.drop_partial());
        framer.feed(&[0, 0, 0, 1, 7], &mut |event| {
            told.push(format!("{event:?}"));
        });
        assert_eq!(told[1], "Frame([7], 0)");
    }
}
