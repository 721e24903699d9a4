//! The calls themselves: harmed, logged, then made by the system.

use std::ffi::{CStr, c_char, c_int, c_long};
use std::ffi::{OsStr, OsString};
use std::io::Error;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};
use std::{env, slice, thread};

use libc::{mode_t, off_t, size_t, ssize_t};

use crate::plan::{Call, Harm};
use crate::state::{die, is_idle, is_meant, state};

const LINK_BYTES_MAX: usize = 4_096;

/// Set `errno` and answer as a call that failed.
fn failed<T: From<i8>>(error: i32) -> T {
    // SAFETY: the C library gives each thread a place for its error.
    unsafe { *libc::__errno_location() = error };
    T::from(-1)
}

fn last_error() -> i32 {
    Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// The path behind a descriptor, where it is a file the shim acts on. Takes no lock and no memory
/// for any other, so that a signal handler may write to its socket.
fn meant(fd: c_int) -> Option<Vec<u8>> {
    if is_idle() {
        return None;
    }
    let before = last_error();
    let mut path = [0_u8; LINK_BYTES_MAX];
    let link = link_of(fd);
    // SAFETY: the link ends in a zero byte, and the buffer is as long as is said.
    let length =
        unsafe { libc::readlink(link.as_ptr().cast(), path.as_mut_ptr().cast(), path.len()) };
    // SAFETY: as in `failed`.
    unsafe { *libc::__errno_location() = before };
    let path = path.get(..usize::try_from(length).ok()?)?;
    is_meant(path).then(|| path.to_vec())
}

/// `/proc/self/fd/` and the number, with a zero byte at the end.
fn link_of(fd: c_int) -> [u8; 32] {
    const FOLDER: &[u8] = b"/proc/self/fd/";
    let mut link = [0_u8; 32];
    link[..FOLDER.len()].copy_from_slice(FOLDER);
    let mut rest = fd.unsigned_abs();
    let digits = rest.checked_ilog10().map_or(1, |log| log as usize + 1);
    for place in (FOLDER.len()..FOLDER.len() + digits).rev() {
        link[place] = b"0123456789"[(rest % 10) as usize];
        rest /= 10;
    }
    link
}

/// An absolute path from one relative to a directory; dots are taken out, links are not followed.
///
/// # Safety
/// `path` points to a string that ends in a zero byte.
unsafe fn absolute(path: *const c_char) -> Vec<u8> {
    // SAFETY: promised by the caller.
    let given = Path::new(OsStr::from_bytes(
        unsafe { CStr::from_ptr(path) }.to_bytes(),
    ));
    let mut found = if given.is_absolute() {
        PathBuf::new()
    } else {
        env::current_dir().unwrap_or_default()
    };
    for part in given.components() {
        match part {
            Component::ParentDir => {
                found.pop();
            }
            Component::CurDir => {}
            other => found.push(other),
        }
    }
    OsString::from(found).into_vec()
}

fn exists(path: *const c_char) -> bool {
    // SAFETY: the caller's path ends in a zero byte, as `open` requires.
    unsafe { libc::access(path, libc::F_OK) == 0 }
}

/// As `openat(2)`; notes what it makes or empties.
///
/// # Safety
/// As `openat(2)`.
pub unsafe fn open_at(at: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    let changes = flags & (libc::O_CREAT | libc::O_TRUNC) != 0;
    let known = changes && exists(path);
    // SAFETY: the arguments are the caller's.
    let opened = unsafe { libc::syscall(libc::SYS_openat, at, path, flags, mode) };
    let fd = c_int::try_from(opened).unwrap_or(-1);
    if fd >= 0
        && changes
        && let Some(found) = meant(fd)
    {
        let state = state();
        if known && flags & libc::O_TRUNC != 0 {
            state.log.truncate(&found, 0);
        } else if !known {
            state.log.create(&found);
        }
    }
    fd
}

/// As `write(2)` or, with an offset, as `pwrite(2)`.
///
/// # Safety
/// As those.
pub unsafe fn write(fd: c_int, data: *const u8, count: size_t, offset: Option<off_t>) -> ssize_t {
    let Some(path) = meant(fd) else {
        // SAFETY: the arguments are the caller's.
        return unsafe { make_write(fd, data, count, offset) };
    };
    let mut guard = state();
    let harm = guard.judge(Call::Write, &path);
    if let Some(Harm::Slow(pause)) = harm {
        drop(guard);
        thread::sleep(pause);
        guard = state();
    }
    if let Some(Harm::Fail(error)) = harm {
        return failed(error);
    }
    let part = match harm {
        Some(Harm::Short | Harm::Torn(_) | Harm::TornKill) => count.div_ceil(3),
        _ => count,
    };
    if !data.is_null() {
        // SAFETY: the caller promises `count` bytes, and `part` is not more.
        let bytes = unsafe { slice::from_raw_parts(data, part) };
        guard.log.write(&path, place_of(fd, offset), bytes);
    }
    // SAFETY: the arguments are the caller's, the length at most theirs.
    let written = unsafe { make_write(fd, data, part, offset) };
    match harm {
        Some(Harm::TornKill | Harm::KillAfter) => die(),
        Some(Harm::Torn(error)) => failed(error),
        _ => written,
    }
}

/// # Safety
/// As `write(2)` and `pwrite(2)`.
unsafe fn make_write(fd: c_int, data: *const u8, count: size_t, offset: Option<off_t>) -> ssize_t {
    // SAFETY: promised by the caller.
    let written = unsafe {
        match offset {
            Some(offset) => libc::syscall(libc::SYS_pwrite64, fd, data, count, offset),
            None => libc::syscall(libc::SYS_write, fd, data, count),
        }
    };
    ssize_t::try_from(written).unwrap_or(-1)
}

/// Where a write will go: said, at the end, or at the descriptor's own place.
fn place_of(fd: c_int, offset: Option<off_t>) -> u64 {
    if let Some(offset) = offset {
        return u64::try_from(offset).unwrap_or(0);
    }
    // SAFETY: neither call changes anything but the place, which stays where the write will be.
    let place = unsafe {
        let appends = libc::fcntl(fd, libc::F_GETFL) & libc::O_APPEND != 0;
        libc::lseek(
            fd,
            0,
            if appends {
                libc::SEEK_END
            } else {
                libc::SEEK_CUR
            },
        )
    };
    u64::try_from(place).unwrap_or(0)
}

/// As `ftruncate(2)`.
pub fn truncate(fd: c_int, size: off_t) -> c_int {
    let path = meant(fd);
    let mut guard = state();
    let mut harm = None;
    if let Some(path) = &path {
        harm = guard.judge(Call::Truncate, path);
        match harm {
            Some(Harm::Fail(error) | Harm::Torn(error)) => return failed(error),
            Some(Harm::TornKill) => die(),
            Some(Harm::Slow(pause)) => thread::sleep(pause),
            _ => {}
        }
        guard.log.truncate(path, u64::try_from(size).unwrap_or(0));
    }
    // SAFETY: ftruncate has no conditions on memory.
    let done = unsafe { libc::syscall(libc::SYS_ftruncate, fd, size) };
    if harm == Some(Harm::KillAfter) {
        die();
    }
    c_int::try_from(done).unwrap_or(-1)
}

/// As `fsync(2)` or `fdatasync(2)`, whichever `call` of the system is.
pub fn sync(fd: c_int, call: c_long) -> c_int {
    let Some(path) = meant(fd) else {
        return make_sync(fd, call);
    };
    let mut guard = state();
    let harm = guard.judge(Call::Sync, &path);
    if harm == Some(Harm::Lie) {
        return 0;
    }
    let number = guard.log.begin_sync(&path);
    if let Some(Harm::Fail(error) | Harm::Torn(error)) = harm {
        guard.log.end_sync(&path, number, false);
        return failed(error);
    }
    if harm == Some(Harm::TornKill) {
        die();
    }
    // Others may write meanwhile; what they write is not covered by this sync.
    drop(guard);
    if let Some(Harm::Slow(pause)) = harm {
        thread::sleep(pause);
    }
    let done = make_sync(fd, call);
    state().log.end_sync(&path, number, done == 0);
    if harm == Some(Harm::KillAfter) {
        die();
    }
    done
}

fn make_sync(fd: c_int, call: c_long) -> c_int {
    // SAFETY: syncing has no conditions on memory.
    let done = unsafe { libc::syscall(call, fd) };
    c_int::try_from(done).unwrap_or(-1)
}

/// As `rename(2)`.
///
/// # Safety
/// As that.
pub unsafe fn rename(from: *const c_char, to: *const c_char) -> c_int {
    let guard = state();
    if !is_idle() {
        // SAFETY: the caller's paths end in zero bytes.
        let (old, new) = unsafe { (absolute(from), absolute(to)) };
        if is_meant(&old) && exists(from) {
            guard.log.rename(&old, &new);
        }
    }
    // SAFETY: the arguments are the caller's.
    let done = unsafe {
        libc::syscall(
            libc::SYS_renameat2,
            libc::AT_FDCWD,
            from,
            libc::AT_FDCWD,
            to,
            0,
        )
    };
    c_int::try_from(done).unwrap_or(-1)
}

/// As `unlink(2)`.
///
/// # Safety
/// As that.
pub unsafe fn unlink(path: *const c_char) -> c_int {
    let guard = state();
    if !is_idle() {
        // SAFETY: the caller's path ends in a zero byte.
        let name = unsafe { absolute(path) };
        if is_meant(&name) && exists(path) {
            guard.log.unlink(&name);
        }
    }
    // SAFETY: the arguments are the caller's.
    let done = unsafe { libc::syscall(libc::SYS_unlinkat, libc::AT_FDCWD, path, 0) };
    c_int::try_from(done).unwrap_or(-1)
}
