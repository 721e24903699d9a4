//! The one state of the shim in a process, and the few calls of the system it makes for itself.

use std::ffi::{CString, c_int};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::log::Log;
use crate::plan::{Call, Harm, Plan, bytes};

/// What the shim was told, and where it writes.
pub struct State {
    armed: bool,
    plan: Option<Plan>,
    report: c_int,
    /// Where changes are logged.
    pub log: Log,
}

static STATE: Mutex<State> = Mutex::new(State {
    armed: false,
    plan: None,
    report: -1,
    log: Log::NOWHERE,
});

/// The directory the shim acts on, empty for none. It stands outside the lock, because Python's
/// signal handler writes a byte to wake its loop, and may interrupt the very thread that has the
/// lock; each one ever set is kept for ever, as somebody may still be reading it.
static DIRECTORY: AtomicPtr<Vec<u8>> = AtomicPtr::new(ptr::null_mut());

/// Whether a path is below the directory the shim acts on. Safe within a signal handler.
pub fn is_meant(path: &[u8]) -> bool {
    let directory = directory();
    !directory.is_empty() && path.starts_with(directory)
}

/// Whether there is nothing to do at all.
pub fn is_idle() -> bool {
    directory().is_empty()
}

fn directory() -> &'static [u8] {
    if DIRECTORY.load(Ordering::Acquire).is_null() {
        arm();
    }
    // SAFETY: arming has stored one, and what was stored there once is never freed.
    unsafe { &*DIRECTORY.load(Ordering::Acquire) }
}

/// The state, read from the environment at the first use. Held while a change is logged and made,
/// so that the log has the order in which the changes happened.
pub fn state() -> MutexGuard<'static, State> {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    if !state.armed {
        state.read_environment();
    }
    state
}

/// Read the environment again.
pub fn arm() {
    state().read_environment();
}

/// How many calls of the planned kind were seen.
pub fn seen() -> u64 {
    state().plan.as_ref().map_or(0, Plan::seen)
}

impl State {
    fn read_environment(&mut self) {
        for fd in [self.report, self.log.fd()] {
            if fd >= 0 {
                // SAFETY: both are descriptors that were opened here and that nobody else has.
                unsafe { libc::syscall(libc::SYS_close, fd) };
            }
        }
        self.armed = true;
        let directory = bytes("COUNTERTOP_SHIM_DIRECTORY").unwrap_or_default();
        DIRECTORY.store(Box::into_raw(Box::new(directory)), Ordering::Release);
        self.plan = Plan::from_environment();
        self.report = open_for_appending("COUNTERTOP_SHIM_REPORT");
        self.log = Log::to(open_for_appending("COUNTERTOP_SHIM_LOG"));
    }

    /// The harm to a call, noted in the report; dies here where the harm is to die before it.
    pub fn judge(&mut self, call: Call, path: &[u8]) -> Option<Harm> {
        let plan = self.plan.as_mut()?;
        let harm = plan.judge(call, path)?;
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
        // SAFETY: getpid has no conditions.
        let pid = unsafe { libc::getpid() };
        let line = format!(
            "{} {} {} {} {}\n",
            plan.word(),
            call.word(),
            String::from_utf8_lossy(name),
            plan.seen(),
            pid,
        );
        append(self.report, line.as_bytes());
        if harm == Harm::Kill {
            die();
        }
        Some(harm)
    }
}

fn open_for_appending(variable: &str) -> c_int {
    let Some(path) = bytes(variable).and_then(|value| CString::new(value).ok()) else {
        return -1;
    };
    let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND | libc::O_CLOEXEC;
    // SAFETY: the path ends in a zero byte and lives until after the call.
    let fd = unsafe {
        libc::syscall(
            libc::SYS_openat,
            libc::AT_FDCWD,
            path.as_ptr(),
            flags,
            0o644,
        )
    };
    c_int::try_from(fd).unwrap_or(-1)
}

/// Append bytes to a descriptor with one call of the system, past the shim's own.
pub fn append(fd: c_int, data: &[u8]) {
    if fd >= 0 {
        // SAFETY: `data` is valid for its length.
        unsafe { libc::syscall(libc::SYS_write, fd, data.as_ptr(), data.len()) };
    }
}

/// kill -9 of this very process.
pub fn die() -> ! {
    loop {
        // SAFETY: neither call has conditions, and the first does not return.
        unsafe {
            libc::kill(libc::getpid(), libc::SIGKILL);
            libc::pause();
        }
    }
}
