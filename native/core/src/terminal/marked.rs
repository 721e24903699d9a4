//! What framings have in common whose frames stand between marks: bytes that are no mark are taken
//! as they come, in runs, and whatever goes wrong ends at the next mark.

use super::{Bad, Event};
use crate::wipe::Wiped;

/// How a framing goes on from one byte to the next.
pub trait Framing: Sized {
    /// Where in a frame a framer is.
    type State: Copy + PartialEq;
    /// Between frames.
    const IDLE: Self::State;
    /// Among the bytes of a frame.
    const BODY: Self::State;

    /// Whether a byte among those of a frame is more than itself.
    fn is_mark(byte: u8) -> bool;

    /// Take a byte that is a mark, or one outside the bytes of a frame.
    fn step(framer: &mut Framer<Self>, byte: u8, on: &mut impl FnMut(Event<'_>));
}

/// Finds frames in what a line brings.
pub struct Framer<F: Framing> {
    pub(super) framing: F,
    pub(super) state: F::State,
    pub(super) body: Wiped,
    pub(super) garbage: u64,
}

impl<F: Framing> Framer<F> {
    /// A framer for frames of at most `bytes_max`.
    pub(super) fn of(framing: F, bytes_max: usize) -> Self {
        Self {
            framing,
            state: F::IDLE,
            body: Wiped::new(bytes_max),
            garbage: 0,
        }
    }

    /// Whether a frame has begun and not ended.
    pub fn is_partial(&self) -> bool {
        self.state != F::IDLE
    }

    /// How many bytes belonged to no frame.
    pub fn garbage(&self) -> u64 {
        self.garbage
    }

    /// Whether the buffer holds nothing, not even what it held before.
    pub fn is_clean(&self) -> bool {
        self.body.is_clean()
    }

    /// Forget a frame that has begun; whether one had.
    pub fn drop_partial(&mut self) -> bool {
        let had = self.is_partial();
        self.forget();
        had
    }

    /// Take bytes, telling `on` of everything they complete.
    pub fn feed(&mut self, bytes: &[u8], on: &mut impl FnMut(Event<'_>)) {
        let mut rest = bytes;
        while let [byte, after @ ..] = rest {
            if self.state == F::BODY {
                let mark = rest.iter().position(|one| F::is_mark(*one));
                let count = mark.unwrap_or(rest.len());
                if count > 0 {
                    rest = self.append(rest, count, on);
                    continue;
                }
            }
            F::step(self, *byte, on);
            rest = after;
        }
    }

    /// Append the first `count` bytes; what is left. The byte that finds no room ends the frame,
    /// and those after it are read like any others, however the line was cut.
    fn append<'a>(
        &mut self,
        rest: &'a [u8],
        count: usize,
        on: &mut impl FnMut(Event<'_>),
    ) -> &'a [u8] {
        if self.body.extend(&rest[..count]) {
            return &rest[count..];
        }
        let used = self.body.room() + 1;
        self.fail(Bad::TooLong, on);
        &rest[used..]
    }

    /// Hand a whole frame on where its check value `fits`, and begin anew.
    pub(super) fn finish(&mut self, told: u16, fits: bool, on: &mut impl FnMut(Event<'_>)) {
        if fits {
            on(Event::Frame(self.body.as_mut_slice(), told));
            self.forget();
        } else {
            self.fail(Bad::Check, on);
        }
    }

    /// Throw the frame away.
    pub(super) fn fail(&mut self, bad: Bad, on: &mut impl FnMut(Event<'_>)) {
        self.forget();
        on(Event::Bad(bad));
    }

    /// Throw the frame away: another one begins here.
    pub(super) fn restart(&mut self, on: &mut impl FnMut(Event<'_>)) {
        on(Event::Bad(Bad::Form));
        self.body.wipe();
        self.state = F::BODY;
    }

    /// Stand between frames again, with nothing kept.
    pub(super) fn forget(&mut self) {
        self.body.wipe();
        self.state = F::IDLE;
    }
}
