//! `STX` data `ETX` and one check byte, the exclusive or of what a profile says, with control bytes
//! between frames. Sources: Concert (Telium) as its drivers write it; ECR17, public documentation.

use super::wipe::Wiped;
use super::{ACK, Bad, ENQ, EOT, ETX, Event, NAK, STX};

const SOH: u8 = 0x01;
const PROGRESS_BYTES: usize = 20;

/// What is checked, and how control bytes come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// What the exclusive or begins from.
    pub seed: u8,
    /// Whether STX counts.
    pub counts_stx: bool,
    /// Whether ETX counts.
    pub counts_etx: bool,
    /// Whether ACK and NAK are followed by ETX and a check byte, and progress may come.
    pub frames_controls: bool,
}

impl Profile {
    /// Concert: data and ETX, from 0, bare control bytes.
    pub const CONCERT: Self = Self {
        seed: 0,
        counts_stx: false,
        counts_etx: true,
        frames_controls: false,
    };
    /// ECR17 in the mode its documentation calls standard: data only, from 7F, framed controls.
    pub const ECR17: Self = Self {
        seed: 0x7F,
        counts_stx: false,
        counts_etx: false,
        frames_controls: true,
    };

    /// The check byte of `data`.
    pub fn check(self, data: &[u8]) -> u8 {
        let mut check = self.seed;
        if self.counts_stx {
            check ^= STX;
        }
        if self.counts_etx {
            check ^= ETX;
        }
        data.iter().fold(check, |sum, byte| sum ^ byte)
    }

    /// `data` as it goes over the line. Data holds neither STX nor ETX.
    pub fn frame(self, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(data.len() + 3);
        out.push(STX);
        out.extend_from_slice(data);
        out.extend_from_slice(&[ETX, self.check(data)]);
        out
    }

    /// A control byte as it goes over the line.
    pub fn control(self, byte: u8) -> Vec<u8> {
        if self.frames_controls && matches!(byte, ACK | NAK) {
            vec![byte, ETX, self.control_check(byte)]
        } else {
            vec![byte]
        }
    }

    fn control_check(self, byte: u8) -> u8 {
        self.seed ^ byte ^ if self.counts_etx { ETX } else { 0 }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Body,
    Check,
    ControlEnd(u8),
    ControlCheck(u8),
    Progress,
}

/// Finds frames in what a line brings.
pub struct Framer {
    profile: Profile,
    state: State,
    body: Wiped,
    garbage: u64,
}

impl Framer {
    /// A framer for data of at most `bytes_max`, which is at least 20.
    pub fn new(profile: Profile, bytes_max: usize) -> Self {
        Self {
            profile,
            state: State::Idle,
            body: Wiped::new(bytes_max.max(PROGRESS_BYTES)),
            garbage: 0,
        }
    }

    /// Whether a frame has begun and not ended.
    pub fn is_partial(&self) -> bool {
        self.state != State::Idle
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
        self.body.wipe();
        self.state = State::Idle;
        had
    }

    /// Take bytes, telling `on` of everything they complete.
    pub fn feed(&mut self, bytes: &[u8], on: &mut impl FnMut(Event<'_>)) {
        let mut rest = bytes;
        while let [byte, after @ ..] = rest {
            if self.state == State::Body {
                let end = rest.iter().position(|one| matches!(*one, STX | ETX));
                let count = end.unwrap_or(rest.len());
                if count > 0 {
                    rest = self.append(rest, count, on);
                    continue;
                }
            }
            self.step(*byte, on);
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

    fn step(&mut self, byte: u8, on: &mut impl FnMut(Event<'_>)) {
        match (self.state, byte) {
            (State::Idle, STX) => self.state = State::Body,
            (State::Idle, ACK | NAK) if self.profile.frames_controls => {
                self.state = State::ControlEnd(byte);
            }
            (State::Idle, SOH) if self.profile.frames_controls => self.state = State::Progress,
            (State::Idle, ACK | NAK | ENQ | EOT) => on(Event::Control(byte)),
            (State::Idle, _) => self.garbage += 1,
            (State::Body, STX) => {
                on(Event::Bad(Bad::Form));
                self.body.wipe();
            }
            (State::Body, _) => self.state = State::Check,
            (State::Check, check) => self.finish(check, on),
            (State::ControlEnd(control), ETX) => self.state = State::ControlCheck(control),
            (State::ControlEnd(_), STX) => {
                on(Event::Bad(Bad::Form));
                self.state = State::Body;
            }
            (State::ControlEnd(_), _) => self.fail(Bad::Form, on),
            (State::ControlCheck(control), check) => {
                if check == self.profile.control_check(control) {
                    self.state = State::Idle;
                    on(Event::Control(control));
                } else {
                    self.fail(Bad::Check, on);
                }
            }
            (State::Progress, byte) => self.progress(byte, on),
        }
    }

    fn progress(&mut self, byte: u8, on: &mut impl FnMut(Event<'_>)) {
        if byte == EOT && self.body.len() == PROGRESS_BYTES {
            on(Event::Progress(self.body.as_mut_slice()));
            self.body.wipe();
            self.state = State::Idle;
        } else if byte == STX {
            on(Event::Bad(Bad::Form));
            self.body.wipe();
            self.state = State::Body;
        } else if self.body.len() == PROGRESS_BYTES || !self.body.push(byte) {
            self.fail(Bad::Form, on);
        }
    }

    fn finish(&mut self, told: u8, on: &mut impl FnMut(Event<'_>)) {
        if self.profile.check(self.body.as_slice()) == told {
            on(Event::Frame(self.body.as_mut_slice(), u16::from(told)));
            self.body.wipe();
            self.state = State::Idle;
        } else {
            self.fail(Bad::Check, on);
        }
    }

    fn fail(&mut self, bad: Bad, on: &mut impl FnMut(Event<'_>)) {
        self.body.wipe();
        self.state = State::Idle;
        on(Event::Bad(bad));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(counts_stx: bool, counts_etx: bool) -> Profile {
        Profile {
            counts_stx,
            counts_etx,
            ..Profile::ECR17
        }
    }

    fn heard(profile: Profile, bytes: &[u8]) -> Vec<String> {
        let mut framer = Framer::new(profile, 64);
        let mut all = Vec::new();
        framer.feed(bytes, &mut |event| all.push(format!("{event:02X?}")));
        assert!(framer.is_partial() || framer.is_clean());
        all
    }

    /// Source: ECR17, the check bytes of its four modes over "A", over "AB" and over nothing.
    #[test]
    fn published_check_bytes() {
        assert_eq!(mode(false, false).check(b"A"), 0x3E);
        assert_eq!(mode(true, true).check(b"A"), 0x3F);
        assert_eq!(mode(false, true).check(b"A"), 0x3D);
        assert_eq!(mode(true, false).check(b"A"), 0x3C);
        assert_eq!(mode(false, false).check(b""), 0x7F);
        assert_eq!(mode(true, true).check(b""), 0x7E);
        assert_eq!(Profile::ECR17.frame(b"AB"), [2, 0x41, 0x42, 3, 0x7C]);
        assert_eq!(Profile::ECR17.control(ACK), [6, 3, 0x79]);
        assert_eq!(Profile::CONCERT.frame(b"AB"), [2, 0x41, 0x42, 3, 0]);
        assert_eq!(Profile::CONCERT.control(ACK), [6]);
    }

    #[test]
    fn frames_and_controls() {
        let concert = [&[ENQ, ACK][..], &Profile::CONCERT.frame(b"01"), &[EOT]].concat();
        assert_eq!(
            heard(Profile::CONCERT, &concert),
            [
                "Control(05)",
                "Control(06)",
                "Frame([30, 31], 02)",
                "Control(04)"
            ]
        );
        let mut line = vec![SOH];
        line.extend([b'.'; 20]);
        line.push(EOT);
        line.extend(Profile::ECR17.control(NAK));
        let told = heard(Profile::ECR17, &line);
        assert!(told[0].starts_with("Progress"));
        assert_eq!(told[1], "Control(15)");
    }

    #[test]
    fn trouble_is_told_and_the_next_frame_found() {
        let good = Profile::ECR17.frame(b"AB");
        for (before, bad) in [
            (&[STX, b'A', ETX, 0][..], "Bad(Check)"),
            (&[STX, b'A'], "Bad(Form)"),
            (&[ACK], "Bad(Form)"),
            (&[ACK, 9], "Bad(Form)"),
            (&[ACK, ETX, 0], "Bad(Check)"),
            (&[SOH, b'x'], "Bad(Form)"),
            (&[7; 3], "Frame([41, 42], 7C)"),
        ] {
            let told = heard(Profile::ECR17, &[before, &good].concat());
            assert_eq!(told[0], bad, "{before:02X?}");
            assert_eq!(told.last().unwrap(), "Frame([41, 42], 7C)");
        }
        let mut long = vec![STX];
        long.extend([b'x'; 65]);
        assert_eq!(heard(Profile::ECR17, &long), ["Bad(TooLong)"]);
    }
}
