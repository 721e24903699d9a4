//! `STX` data `ETX` and one check byte, the exclusive or of what a profile says, with control bytes
//! between frames. Sources: Concert (Telium) as its drivers write it; ECR17, public documentation.

use super::marked::{self, Framing};
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

/// Where in a frame a framer is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Between frames.
    Idle,
    /// In the data.
    Body,
    /// Before the check byte.
    Check,
    /// After a control byte that is framed.
    ControlEnd(u8),
    /// Before its check byte.
    ControlCheck(u8),
    /// In a word of progress.
    Progress,
}

/// Finds frames in what a line brings.
pub type Framer = marked::Framer<Profile>;

impl Framer {
    /// A framer for data of at most `bytes_max`, which is at least 20.
    pub fn new(profile: Profile, bytes_max: usize) -> Self {
        Self::of(profile, bytes_max.max(PROGRESS_BYTES))
    }

    fn progress(&mut self, byte: u8, on: &mut impl FnMut(Event<'_>)) {
        if byte == EOT && self.body.len() == PROGRESS_BYTES {
            on(Event::Progress(self.body.as_mut_slice()));
            self.forget();
        } else if byte == STX {
            self.restart(on);
        } else if self.body.len() == PROGRESS_BYTES || !self.body.push(byte) {
            self.fail(Bad::Form, on);
        }
    }

    fn check(&mut self, told: u8, on: &mut impl FnMut(Event<'_>)) {
        let fits = self.framing.check(self.body.as_slice()) == told;
        self.finish(u16::from(told), fits, on);
    }

    fn check_control(&mut self, control: u8, told: u8, on: &mut impl FnMut(Event<'_>)) {
        if told == self.framing.control_check(control) {
            self.state = State::Idle;
            on(Event::Control(control));
        } else {
            self.fail(Bad::Check, on);
        }
    }
}

impl Framing for Profile {
    type State = State;
    const IDLE: State = State::Idle;
    const BODY: State = State::Body;

    fn is_mark(byte: u8) -> bool {
        matches!(byte, STX | ETX)
    }

    fn step(framer: &mut Framer, byte: u8, on: &mut impl FnMut(Event<'_>)) {
        match (framer.state, byte) {
            (State::Idle, STX) => framer.state = State::Body,
            (State::Idle, ACK | NAK) if framer.framing.frames_controls => {
                framer.state = State::ControlEnd(byte);
            }
            (State::Idle, SOH) if framer.framing.frames_controls => framer.state = State::Progress,
            (State::Idle, ACK | NAK | ENQ | EOT) => on(Event::Control(byte)),
            (State::Idle, _) => framer.garbage += 1,
            (State::Body | State::ControlEnd(_), STX) => framer.restart(on),
            (State::Body, _) => framer.state = State::Check,
            (State::Check, told) => framer.check(told, on),
            (State::ControlEnd(control), ETX) => framer.state = State::ControlCheck(control),
            (State::ControlEnd(_), _) => framer.fail(Bad::Form, on),
            (State::ControlCheck(control), told) => framer.check_control(control, told, on),
            (State::Progress, byte) => framer.progress(byte, on),
        }
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
