//! The log of what was asked of the disk, from which a power cut is made afterwards.
//!
//! Each entry is one append, in little-endian numbers:
//!
//! ```text
//! length of the rest: u32   kind: u8   length of the path: u16   path   what the kind needs
//!
//! W  a write        offset: u64, the bytes
//! T  a new length   length: u64
//! C  a file made    nothing
//! R  a rename       the new path
//! U  a name removed nothing
//! B  a sync begins  its number: u64        what was written before is meant
//! S  it is done     its number: u64
//! F  it failed      its number: u64        the kernel forgets that these pages were ever dirty
//! ```
//!
//! The entry is written before the change is made, so that a kill between the two at most claims a
//! change that the program had already asked for.

use std::ffi::c_int;

use crate::state::append;

/// The descriptors the shim writes to; -1 where there is none.
pub struct Log {
    fd: c_int,
    next: u64,
}

impl Log {
    /// No log.
    pub const NOWHERE: Log = Log { fd: -1, next: 0 };

    /// Log to a descriptor, or to nowhere.
    pub fn to(fd: c_int) -> Log {
        Log { fd, next: 0 }
    }

    /// The descriptor, to be closed by whoever opened it.
    pub fn fd(&self) -> c_int {
        self.fd
    }

    fn entry(&self, kind: u8, path: &[u8], rest: &[&[u8]]) {
        if self.fd < 0 {
            return;
        }
        let size: usize = 3 + path.len() + rest.iter().map(|part| part.len()).sum::<usize>();
        let mut entry = Vec::with_capacity(4 + size);
        // Paths are at most 4,096 bytes and one write at most 2 GiB, so neither is cut.
        #[allow(clippy::cast_possible_truncation)]
        {
            entry.extend_from_slice(&(size as u32).to_le_bytes());
            entry.push(kind);
            entry.extend_from_slice(&(path.len() as u16).to_le_bytes());
        }
        entry.extend_from_slice(path);
        for part in rest {
            entry.extend_from_slice(part);
        }
        append(self.fd, &entry);
    }

    /// Bytes are about to be put at an offset.
    pub fn write(&self, path: &[u8], offset: u64, data: &[u8]) {
        self.entry(b'W', path, &[&offset.to_le_bytes(), data]);
    }

    /// The file is about to have this length.
    pub fn truncate(&self, path: &[u8], size: u64) {
        self.entry(b'T', path, &[&size.to_le_bytes()]);
    }

    /// A file was made.
    pub fn create(&self, path: &[u8]) {
        self.entry(b'C', path, &[]);
    }

    /// A file is about to be renamed.
    pub fn rename(&self, path: &[u8], to: &[u8]) {
        self.entry(b'R', path, &[to]);
    }

    /// A name is about to be removed.
    pub fn unlink(&self, path: &[u8]) {
        self.entry(b'U', path, &[]);
    }

    /// A sync begins; its number.
    pub fn begin_sync(&mut self, path: &[u8]) -> u64 {
        self.next += 1;
        // SAFETY: getpid has no conditions. The number tells syncs of several processes apart.
        let pid = u64::try_from(unsafe { libc::getpid() }).unwrap_or(0);
        let number = (pid << 32) | self.next;
        self.entry(b'B', path, &[&number.to_le_bytes()]);
        number
    }

    /// A sync ended well, or not.
    pub fn end_sync(&self, path: &[u8], number: u64, done: bool) {
        let kind = if done { b'S' } else { b'F' };
        self.entry(kind, path, &[&number.to_le_bytes()]);
    }
}
