//! Laws for all framers: cuts change nothing, noise panics nothing, and nothing is left behind.

use super::chance::Chance;
use super::{Event, apdu, dle, length, lrc};

trait Feed {
    fn take(&mut self, bytes: &[u8], on: &mut dyn FnMut(Event<'_>));
    fn is_left_clean(&self) -> bool;
}

macro_rules! feeds {
    ($($kind:ty),*) => {$(
        impl Feed for $kind {
            fn take(&mut self, bytes: &[u8], on: &mut dyn FnMut(Event<'_>)) {
                self.feed(bytes, &mut |event| on(event));
            }
            fn is_left_clean(&self) -> bool {
                self.is_partial() || self.is_clean()
            }
        }
    )*};
}
feeds!(dle::Framer, lrc::Framer, length::Framer, apdu::Framer);

const MAX: usize = 96;

fn framers() -> Vec<Box<dyn Feed>> {
    vec![
        Box::new(dle::Framer::new(MAX)),
        Box::new(lrc::Framer::new(lrc::Profile::CONCERT, MAX)),
        Box::new(lrc::Framer::new(lrc::Profile::ECR17, MAX)),
        Box::new(length::Framer::new(length::Width::Two, MAX)),
        Box::new(length::Framer::new(length::Width::Four, MAX)),
        Box::new(apdu::Framer::new()),
    ]
}

fn framed(kind: usize, data: &[u8]) -> Vec<u8> {
    let plain: Vec<u8> = data.iter().map(|byte| byte | 0x20).collect();
    match kind {
        0 => dle::frame(data),
        1 => lrc::Profile::CONCERT.frame(&plain),
        2 => lrc::Profile::ECR17.frame(&plain),
        3 => length::Width::Two.frame(data).unwrap(),
        4 => length::Width::Four.frame(data).unwrap(),
        _ => apdu::message(0x040F, data).unwrap(),
    }
}

fn heard(framer: &mut dyn Feed, pieces: &[&[u8]]) -> Vec<String> {
    let mut all = Vec::new();
    for piece in pieces {
        framer.take(piece, &mut |event| all.push(format!("{event:?}")));
    }
    assert!(framer.is_left_clean());
    all
}

#[test]
fn cuts_change_nothing() {
    let mut chance = Chance(31);
    for round in 0..300 {
        for kind in 0..6 {
            let mut line = Vec::new();
            for _ in 0..chance.index(4) {
                // Some are longer than the framer takes.
                let size = chance.index(140);
                line.extend(framed(kind, &chance.bytes(size)));
                if chance.below(3) == 0 {
                    let size = chance.index(9);
                    line.extend(chance.bytes(size));
                }
            }
            if round % 2 == 0 && !line.is_empty() {
                let place = chance.index(line.len());
                line[place] ^= 1 << chance.index(8);
            }
            let whole = heard(framers()[kind].as_mut(), &[&line]);
            let single: Vec<&[u8]> = line.chunks(1).collect();
            assert_eq!(heard(framers()[kind].as_mut(), &single), whole);
            let step = 1 + chance.index(7);
            let some: Vec<&[u8]> = line.chunks(step).collect();
            assert_eq!(heard(framers()[kind].as_mut(), &some), whole);
        }
    }
}

#[test]
fn framed_is_found_behind_noise() {
    let mut chance = Chance(32);
    for _ in 0..300 {
        for kind in 0..3 {
            let size = chance.index(60);
            let noise = chance.bytes(size);
            let size = chance.index(60);
            let good = framed(kind, &chance.bytes(size));
            let mut framer = framers().swap_remove(kind);
            framer.take(&noise, &mut |_| ());
            // What noise left half open swallows one frame at most.
            let told = heard(framer.as_mut(), &[&good, &good, &good]);
            assert!(told.last().unwrap().starts_with("Frame"), "{kind} {told:?}");
        }
    }
}

#[test]
fn every_flipped_bit_of_a_checked_frame_is_noticed() {
    for kind in 0..3 {
        let good = framed(kind, b"\x06\x0F\x10 Approved 12,50 \x10");
        let whole = heard(framers()[kind].as_mut(), &[&good]);
        for bit in 0..good.len() * 8 {
            let mut line = good.clone();
            line[bit / 8] ^= 1 << (bit % 8);
            let told = heard(framers()[kind].as_mut(), &[&line]);
            assert!(!told.contains(&whole[0]), "{kind} bit {bit}");
        }
    }
}
