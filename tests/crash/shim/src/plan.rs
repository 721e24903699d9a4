//! What harm to do, to which call: read from the environment.

use std::env;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

/// The kinds of call that can be harmed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Bytes put into a file.
    Write,
    /// A file made longer or shorter.
    Truncate,
    /// A file or directory synced.
    Sync,
}

impl Call {
    /// The word for it, in the environment and in the report.
    pub fn word(self) -> &'static str {
        match self {
            Call::Write => "write",
            Call::Truncate => "truncate",
            Call::Sync => "sync",
        }
    }
}

/// What happens to a call that is harmed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// It fails with this error and changes nothing.
    Fail(i32),
    /// A part is written, the rest is not, and that is said: a short write.
    Short,
    /// A part is written and the call fails with this error.
    Torn(i32),
    /// A part is written and the process dies.
    TornKill,
    /// The process dies before the call.
    Kill,
    /// The process dies after the call.
    KillAfter,
    /// The call takes this long.
    Slow(Duration),
    /// A sync that says it was done and was not.
    Lie,
}

/// One instruction: this harm to the n-th call of a kind on files that end so, once or for ever.
pub struct Plan {
    harm: Harm,
    word: String,
    call: Option<Call>,
    suffix: Vec<u8>,
    at: u64,
    forever: bool,
    seen: u64,
}

impl Plan {
    /// The plan in the environment; None where there is none.
    pub fn from_environment() -> Option<Plan> {
        let word = text("COUNTERTOP_SHIM_FAULT")?;
        let harm = harm_of(&word)?;
        let call = match text("COUNTERTOP_SHIM_CALL").as_deref() {
            Some("write") => Some(Call::Write),
            Some("truncate") => Some(Call::Truncate),
            Some("sync") => Some(Call::Sync),
            _ => None,
        };
        Some(Plan {
            harm,
            word,
            call,
            suffix: bytes("COUNTERTOP_SHIM_FILE").unwrap_or_default(),
            at: number("COUNTERTOP_SHIM_AT").unwrap_or(1),
            forever: text("COUNTERTOP_SHIM_TIMES").as_deref() == Some("forever"),
            seen: 0,
        })
    }

    /// The harm to this call, if it is one that is meant; counts it.
    pub fn judge(&mut self, call: Call, path: &[u8]) -> Option<Harm> {
        if self.call.is_some_and(|wanted| wanted != call) || !path.ends_with(&self.suffix) {
            return None;
        }
        self.seen += 1;
        let meant = self.seen == self.at || (self.forever && self.seen > self.at);
        meant.then_some(self.harm)
    }

    /// The word for the harm, for the report.
    pub fn word(&self) -> &str {
        &self.word
    }

    /// How many calls were counted.
    pub fn seen(&self) -> u64 {
        self.seen
    }
}

fn harm_of(word: &str) -> Option<Harm> {
    let slow = Duration::from_millis(number("COUNTERTOP_SHIM_SLEEP_MS").unwrap_or(20));
    Some(match word {
        "eio" => Harm::Fail(libc::EIO),
        "enospc" => Harm::Fail(libc::ENOSPC),
        "short" => Harm::Short,
        "torn" => Harm::Torn(libc::EIO),
        "torn-kill" => Harm::TornKill,
        "kill" => Harm::Kill,
        "kill-after" => Harm::KillAfter,
        "slow" => Harm::Slow(slow),
        "lie" => Harm::Lie,
        _ => return None,
    })
}

/// The bytes of a variable that is set and not empty.
pub fn bytes(name: &str) -> Option<Vec<u8>> {
    env::var_os(name)
        .map(OsString::into_vec)
        .filter(|value| !value.is_empty())
}

fn text(name: &str) -> Option<String> {
    bytes(name).and_then(|value| String::from_utf8(value).ok())
}

fn number(name: &str) -> Option<u64> {
    text(name).and_then(|value| value.parse().ok())
}
