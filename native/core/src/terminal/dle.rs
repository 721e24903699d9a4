//! ZVT on a serial line: `DLE STX`, the message with each DLE doubled, `DLE ETX`, and a check value
//! low byte first that is not doubled. Source: PA00P016 revision 04, chapter 2.

use super::crc::kermit;
use super::wipe::Wiped;
use super::{ACK, Bad, DLE, ETX, Event, NAK, STX};

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Begun,
    Body,
    Escaped,
    CheckLow,
    CheckHigh(u8),
}

/// Finds frames in what a serial line brings.
pub struct Framer {
    state: State,
    body: Wiped,
    garbage: u64,
}

impl Framer {
    /// A framer for messages of at most `bytes_max`.
    pub fn new(bytes_max: usize) -> Self {
        Self {
            state: State::Idle,
            body: Wiped::new(bytes_max),
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
                let plain = rest.iter().position(|one| *one == DLE);
                let count = plain.unwrap_or(rest.len());
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
            (State::Idle, ACK | NAK) => on(Event::Control(byte)),
            (State::Idle, DLE) => self.state = State::Begun,
            // A second DLE may be the one before STX.
            (State::Idle, _) | (State::Begun, DLE) => self.garbage += 1,
            (State::Begun, STX) => self.state = State::Body,
            (State::Begun, _) => {
                self.garbage += 2;
                self.state = State::Idle;
            }
            (State::Body, _) => self.state = State::Escaped,
            (State::Escaped, DLE) => {
                self.state = State::Body;
                if !self.body.push(DLE) {
                    self.fail(Bad::TooLong, on);
                }
            }
            (State::Escaped, ETX) => self.state = State::CheckLow,
            (State::Escaped, STX) => {
                on(Event::Bad(Bad::Form));
                self.body.wipe();
                self.state = State::Body;
            }
            (State::Escaped, _) => self.fail(Bad::Form, on),
            (State::CheckLow, low) => self.state = State::CheckHigh(low),
            (State::CheckHigh(low), high) => self.finish(u16::from_le_bytes([low, high]), on),
        }
    }

    fn finish(&mut self, told: u16, on: &mut impl FnMut(Event<'_>)) {
        if kermit(kermit(0, self.body.as_slice()), &[ETX]) == told {
            on(Event::Frame(self.body.as_mut_slice(), told));
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

/// A message as it goes over the line.
pub fn frame(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 8);
    out.extend_from_slice(&[DLE, STX]);
    for byte in message {
        out.push(*byte);
        if *byte == DLE {
            out.push(DLE);
        }
    }
    out.extend_from_slice(&[DLE, ETX]);
    out.extend_from_slice(&kermit(kermit(0, message), &[ETX]).to_le_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(bytes: &[u8]) -> Vec<String> {
        let mut framer = Framer::new(64);
        let mut all = Vec::new();
        framer.feed(bytes, &mut |event| all.push(format!("{event:02X?}")));
        all
    }

    /// Source: PA00P016 revision 04, and frames captured from terminals.
    #[test]
    fn worked_frames() {
        for (message, framed) in [
            (&[0x80, 0x00, 0x00][..], &[0xF5, 0x1F]),
            (&[0x84, 0x9C, 0x00], &[0xC3, 0x41]),
            (&[0x06, 0x70, 0x00], &[0xD9, 0xF9]),
            (&[0x06, 0x18, 0x00], &[0x56, 0x3A]),
            (
                &[0x06, 0x00, 0x06, 0x12, 0x34, 0x56, 0xBA, 0x09, 0x78],
                &[0x24, 0xC3],
            ),
        ] {
            let mut expected = vec![DLE, STX];
            expected.extend_from_slice(message);
            expected.extend_from_slice(&[DLE, ETX]);
            expected.extend_from_slice(framed);
            assert_eq!(frame(message), expected);
        }
        let amount = [
            0x06, 0x01, 0x0A, 0x04, 0x00, 0x00, 0x00, 0x01, 0x10, 0x00, 0x49, 0x09, 0x78,
        ];
        let line = [
            0x10, 0x02, 0x06, 0x01, 0x0A, 0x04, 0x00, 0x00, 0x00, 0x01, 0x10, 0x10, 0x00, 0x49,
            0x09, 0x78, 0x10, 0x03, 0xF2, 0xFF,
        ];
        assert_eq!(frame(&amount), line);
        assert_eq!(
            heard(&line),
            [format!(
                "{:02X?}",
                Event::Frame(&mut amount.clone(), 0xFFF2)
            )]
        );
    }

    #[test]
    fn trouble_is_told_and_the_next_frame_found() {
        let good = frame(&[0x80, 0, 0]);
        let mut line = b"noise\x10x".to_vec();
        line.extend_from_slice(&[ACK, NAK, DLE]);
        line.extend_from_slice(&good);
        let told = heard(&line);
        assert_eq!(told[..2], ["Control(06)", "Control(15)"]);
        assert!(told[2].starts_with("Frame"));
        let mut bad = good.clone();
        bad[2] ^= 1;
        bad.extend_from_slice(&good);
        assert_eq!(heard(&bad)[0], "Bad(Check)");
        assert_eq!(heard(&bad).len(), 2);
        let mut restarted = vec![DLE, STX, 1, 2];
        restarted.extend_from_slice(&good);
        assert_eq!(heard(&restarted)[0], "Bad(Form)");
        assert!(heard(&restarted)[1].starts_with("Frame"));
        assert_eq!(heard(&[DLE, STX, 1, DLE, 9]), ["Bad(Form)"]);
        let mut long = vec![DLE, STX];
        long.extend([7; 65]);
        long.extend_from_slice(&good);
        assert_eq!(heard(&long)[0], "Bad(TooLong)");
        assert!(heard(&long)[1].starts_with("Frame"));
    }

    #[test]
    fn nothing_is_left_in_the_buffer() {
        let mut framer = Framer::new(64);
        let line = frame(b"4111111111111111");
        framer.feed(&line[..9], &mut |_| ());
        assert!(framer.is_partial() && !framer.is_clean());
        assert!(framer.drop_partial() && framer.is_clean());
        framer.feed(&line, &mut |_| ());
        assert!(!framer.is_partial() && framer.is_clean());
        let mut bad = line;
        bad[4] ^= 1;
        framer.feed(&bad, &mut |_| ());
        assert!(framer.is_clean());
    }
}
