//! Whatever a terminal's cable brings: the same frames in any pieces, nothing left behind, and
//! messages that are read or told to be faulty.
#![no_main]

use countertop_core::terminal::{Event, apdu, dle, length, lrc, zvt};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, line)) = bytes.split_first() else {
        return;
    };
    let step = usize::from(*first).max(1);
    let mut told = [Vec::new(), Vec::new()];
    for (place, pieces) in [line.len().max(1), step].into_iter().enumerate() {
        let mut serial = dle::Framer::new(512);
        let mut checked = lrc::Framer::new(lrc::Profile::ECR17, 64);
        let mut counted = length::Framer::new(length::Width::Two, 512);
        let mut stream = apdu::Framer::new();
        for piece in line.chunks(pieces) {
            serial.feed(piece, &mut |event| {
                told[place].push((0, format!("{event:?}")))
            });
            checked.feed(piece, &mut |event| {
                told[place].push((1, format!("{event:?}")))
            });
            counted.feed(piece, &mut |event| {
                told[place].push((2, format!("{event:?}")))
            });
            stream.feed(piece, &mut |event| {
                told[place].push((3, format!("{event:?}")));
                if let Event::Frame(message, _) = event {
                    let _ = zvt::read(message, pieces % 2 == 0);
                }
            });
        }
        assert!(serial.is_partial() || serial.is_clean());
        assert!(checked.is_partial() || checked.is_clean());
        assert!(counted.is_partial() || counted.is_clean());
        assert!(stream.is_partial() || stream.is_clean());
        told[place].sort_by_key(|(framer, _)| *framer);
    }
    assert_eq!(told[0], told[1]);
});
