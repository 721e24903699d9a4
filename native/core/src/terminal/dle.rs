//! ZVT on a serial line: `DLE STX`, the message with each DLE doubled, `DLE ETX`, and a check value
//! low byte first that is not doubled. Source: PA00P016 revision 04, chapter 2.

use super::crc::kermit;
use super::marked::{self, Framing};
use super::{ACK, Bad, DLE, ETX, Event, NAK, STX};

/// Where in a frame a framer is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Between frames.
    Idle,
    /// After a DLE that may begin one.
    Begun,
    /// In the message.
    Body,
    /// After a DLE in it.
    Escaped,
    /// Before the check value.
    CheckLow,
    /// Before its second byte.
    CheckHigh(u8),
}

/// Marked by DLE.
pub struct Doubled;

/// Finds frames in what a serial line brings.
pub type Framer = marked::Framer<Doubled>;

impl Framer {
    /// A framer for messages of at most `bytes_max`.
    pub fn new(bytes_max: usize) -> Self {
        Self::of(Doubled, bytes_max)
    }

    fn check(&mut self, told: u16, on: &mut impl FnMut(Event<'_>)) {
        let fits = kermit(kermit(0, self.body.as_slice()), &[ETX]) == told;
        self.finish(told, fits, on);
    }
}

impl Framing for Doubled {
    type State = State;
    const IDLE: State = State::Idle;
    const BODY: State = State::Body;

    fn is_mark(byte: u8) -> bool {
        byte == DLE
    }

    fn step(framer: &mut Framer, byte: u8, on: &mut impl FnMut(Event<'_>)) {
        match (framer.state, byte) {
            (State::Idle, ACK | NAK) => on(Event::Control(byte)),
            (State::Idle, DLE) => framer.state = State::Begun,
            // A second DLE may be the one before STX.
            (State::Idle, _) | (State::Begun, DLE) => framer.garbage += 1,
            (State::Begun, STX) => framer.state = State::Body,
            (State::Begun, _) => {
                framer.garbage += 2;
                framer.state = State::Idle;
            }
            (State::Body, _) => framer.state = State::Escaped,
            (State::Escaped, DLE) => {
                framer.state = State::Body;
                if !framer.body.push(DLE) {
                    framer.fail(Bad::TooLong, on);
                }
            }
            (State::Escaped, ETX) => framer.state = State::CheckLow,
            (State::Escaped, STX) => framer.restart(on),
            (State::Escaped, _) => framer.fail(Bad::Form, on),
            (State::CheckLow, low) => framer.state = State::CheckHigh(low),
            (State::CheckHigh(low), high) => framer.check(u16::from_le_bytes([low, high]), on),
        }
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
