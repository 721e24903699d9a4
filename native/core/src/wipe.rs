//! A buffer that forgets: of fixed size, so that growing never leaves a copy behind, and wiped
//! with writes the compiler may not leave out.

use zeroize::Zeroize;

/// Bytes on their way from a terminal.
pub struct Wiped {
    bytes: Box<[u8]>,
    length: usize,
}

impl Wiped {
    /// Room for `capacity` bytes, and never more.
    pub fn new(capacity: usize) -> Self {
        Self {
            bytes: vec![0; capacity].into_boxed_slice(),
            length: 0,
        }
    }

    /// A copy of these, and no room for more.
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.into(),
            length: bytes.len(),
        }
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// How many more fit.
    pub fn room(&self) -> usize {
        self.bytes.len() - self.length
    }

    /// Append, or say no where they do not fit; then nothing was appended.
    #[must_use]
    pub fn extend(&mut self, bytes: &[u8]) -> bool {
        if bytes.len() > self.room() {
            return false;
        }
        self.bytes[self.length..self.length + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
        true
    }

    /// Append one byte, or say no where it does not fit.
    #[must_use]
    pub fn push(&mut self, byte: u8) -> bool {
        self.extend(&[byte])
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// The bytes, to be masked where they stand.
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.length]
    }

    /// Let `read` fill the buffer from its beginning; it answers how many bytes it wrote.
    ///
    /// # Errors
    /// Those of `read`; then the buffer was wiped whole.
    pub fn fill<E>(&mut self, read: impl FnOnce(&mut [u8]) -> Result<usize, E>) -> Result<(), E> {
        self.wipe();
        match read(&mut self.bytes) {
            Ok(count) => {
                self.length = count.min(self.bytes.len());
                Ok(())
            }
            Err(error) => {
                self.bytes.zeroize();
                Err(error)
            }
        }
    }

    /// Forget what is behind the first `length` bytes.
    pub fn cut(&mut self, length: usize) {
        let length = length.min(self.length);
        self.bytes[length..self.length].zeroize();
        self.length = length;
    }

    /// Forget everything.
    pub fn wipe(&mut self) {
        self.bytes[..self.length].zeroize();
        self.length = 0;
    }

    /// Whether nothing but noughts is left in all of the room: for tests and self-checks.
    pub fn is_clean(&self) -> bool {
        self.bytes.iter().all(|byte| *byte == 0)
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// Write over the stack below the caller, where a cipher or a hash that was called left its last
/// blocks.
#[inline(never)]
pub fn wipe_stack() {
    let mut room = [u64::MAX; 2_048];
    std::hint::black_box(&mut room);
    room.zeroize();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_after_wiping() {
        let mut buffer = Wiped::new(8);
        assert!(buffer.extend(b"411111"));
        assert!(!buffer.extend(b"111"));
        assert!(buffer.push(b'1'));
        assert_eq!(
            (buffer.len(), buffer.room(), buffer.is_clean()),
            (7, 1, false)
        );
        buffer.wipe();
        assert!(buffer.is_clean() && buffer.is_empty());
    }

    #[test]
    fn a_read_that_fails_leaves_nothing() {
        let mut buffer = Wiped::new(4);
        let failed: Result<(), ()> = buffer.fill(|room| {
            room.copy_from_slice(b"4111");
            Err(())
        });
        assert!(failed.is_err() && buffer.is_clean());
        let read: Result<(), ()> = buffer.fill(|room| {
            room[..2].copy_from_slice(b"41");
            Ok(2)
        });
        assert!(read.is_ok());
        assert_eq!(buffer.as_slice(), b"41");
    }

    #[test]
    fn what_is_cut_off_is_wiped() {
        let mut buffer = Wiped::new(8);
        assert!(buffer.extend(b"41111111"));
        buffer.cut(2);
        assert_eq!(buffer.as_slice(), b"41");
        assert!(buffer.bytes[2..].iter().all(|byte| *byte == 0));
        buffer.cut(5);
        assert_eq!(buffer.len(), 2);
    }
}
