//! A disk that fails, lies, dawdles and loses power, for a process that does not know of it.
//!
//! Preloaded (`LD_PRELOAD`) it stands in front of the C library's calls that change files. It acts
//! only on files below one directory, and does two things there: it does harm to the n-th call as
//! it was told (`plan`), and it keeps a log of every change and every sync (`log`), from which the
//! other side makes what a power cut would have left. Told by environment variables, read when the
//! library is first used and again whenever the program calls `countertop_shim_arm`.
//!
//! `open` and `openat` are variadic in C. They are written here with their mode always present:
//! on Linux's 64-bit calling conventions whole-number arguments travel the same way in both.

mod calls;
mod log;
mod plan;
mod state;

use std::ffi::{c_char, c_int, c_void};

use libc::{mode_t, off_t, size_t, ssize_t};

/// Read the environment again and count from nought: the program has come to the moment meant.
#[unsafe(no_mangle)]
pub extern "C" fn countertop_shim_arm() {
    state::arm();
}

/// How many calls of the planned kind have been seen since arming.
#[unsafe(no_mangle)]
pub extern "C" fn countertop_shim_seen() -> u64 {
    state::seen()
}

/// # Safety
/// As `open(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the arguments are passed on as they came.
    unsafe { calls::open_at(libc::AT_FDCWD, path, flags, mode) }
}

/// # Safety
/// As `open(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the arguments are passed on as they came.
    unsafe { calls::open_at(libc::AT_FDCWD, path, flags, mode) }
}

/// # Safety
/// As `openat(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openat(
    at: c_int,
    path: *const c_char,
    flags: c_int,
    mode: mode_t,
) -> c_int {
    // SAFETY: the arguments are passed on as they came.
    unsafe { calls::open_at(at, path, flags, mode) }
}

/// # Safety
/// As `openat(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openat64(
    at: c_int,
    path: *const c_char,
    flags: c_int,
    mode: mode_t,
) -> c_int {
    // SAFETY: the arguments are passed on as they came.
    unsafe { calls::open_at(at, path, flags, mode) }
}

/// # Safety
/// As `write(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(fd: c_int, data: *const c_void, count: size_t) -> ssize_t {
    // SAFETY: the arguments are passed on as they came.
    unsafe { calls::write(fd, data.cast(), count, None) }
}

/// # Safety
/// As `pwrite(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite(
    fd: c_int,
    data: *const c_void,
    count: size_t,
    offset: off_t,
) -> ssize_t {
    // SAFETY: the arguments are passed on as they came.
    unsafe { calls::write(fd, data.cast(), count, Some(offset)) }
}

/// # Safety
/// As `pwrite(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite64(
    fd: c_int,
    data: *const c_void,
    count: size_t,
    offset: off_t,
) -> ssize_t {
    // SAFETY: the arguments are passed on as they came.
    unsafe { calls::write(fd, data.cast(), count, Some(offset)) }
}

/// # Safety
/// As `ftruncate(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ftruncate(fd: c_int, size: off_t) -> c_int {
    calls::truncate(fd, size)
}

/// # Safety
/// As `ftruncate(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ftruncate64(fd: c_int, size: off_t) -> c_int {
    calls::truncate(fd, size)
}

/// # Safety
/// As `fsync(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsync(fd: c_int) -> c_int {
    calls::sync(fd, libc::SYS_fsync)
}

/// # Safety
/// As `fdatasync(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fdatasync(fd: c_int) -> c_int {
    calls::sync(fd, libc::SYS_fdatasync)
}

/// # Safety
/// As `rename(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: the arguments are passed on as they came.
    unsafe { calls::rename(from, to) }
}

/// # Safety
/// As `unlink(2)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: the arguments are passed on as they came.
    unsafe { calls::unlink(path) }
}
