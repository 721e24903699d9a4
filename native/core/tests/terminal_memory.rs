//! Nothing of a card number that has to be hidden lies in memory that the terminals' floor gave
//! back, nor on the stack it worked on.
//!
//! The allocator of this test looks at each block as it is freed or grown out of; after that the
//! stack is read where the floor was. What is looked for are the digits between the first six and
//! the last four, in each way of writing a message can have them in.

use countertop_core::terminal::nexo::seal::{Key, NONCE_BYTES, seal};
use countertop_core::terminal::nexo::told::{Sealed, Told, open, read};
use countertop_core::terminal::{Event, apdu, dle, length, lrc, zvt};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Write;
use std::hint::black_box;
use std::ptr;

const CARD: &str = "6759418073918264357";
const MASKED: &str = "675941*********4357";
const HIDDEN: &str = "807391826";
/// The same in half bytes, as far as they fill whole ones.
const HIDDEN_PACKED: [u8; 4] = [0x80, 0x73, 0x91, 0x82];
const STACK_BYTES: usize = 65_536;
const ROOM_BYTES: usize = 16_384;

// ------------------------------------------------------------------------------- the allocator

/// Where card digits were found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Left {
    heap_count: usize,
    stack_count: usize,
}

thread_local! {
    static LOOKED_FOR: Cell<&'static [Vec<u8>]> = const { Cell::new(&[]) };
    static FOUND: Cell<usize> = const { Cell::new(0) };
    static FREED: Cell<usize> = const { Cell::new(0) };
}

/// The system's memory; of a thread that looks for something, each block is looked at before it is
/// given back, and was all noughts when it was given out.
struct Watching;

impl Watching {
    fn is_watching() -> bool {
        !LOOKED_FOR.get().is_empty()
    }

    /// Look at a block.
    fn inspect(at: *const u8, size: usize) {
        FREED.set(FREED.get() + 1);
        FOUND.set(FOUND.get() + count(at, size));
    }
}

/// How many of what is looked for stand in memory.
fn count(at: *const u8, size: usize) -> usize {
    let mut found = 0;
    for one in LOOKED_FOR.get() {
        for place in 0..(size + 1).saturating_sub(one.len()) {
            // SAFETY: the place and what follows it are within the `size` bytes the caller owns.
            let is_there = |(offset, byte): (usize, &u8)| unsafe {
                ptr::read_volatile(at.add(place + offset)) == *byte
            };
            found += usize::from(one.iter().enumerate().all(is_there));
        }
    }
    found
}

// SAFETY: every call goes to the system's allocator as it came, but that blocks are cleared when
// they are given out and read before they are taken back; neither asks for memory.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are passed on.
        unsafe {
            if Self::is_watching() {
                System.alloc_zeroed(layout)
            } else {
                System.alloc(layout)
            }
        }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        if Self::is_watching() {
            Self::inspect(at, layout.size());
        }
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(at, layout) }
    }

    // Growing is as the trait has it: a new block, a copy, and the old one given back, looked at.
}

#[global_allocator]
static MEMORY: Watching = Watching;

// ------------------------------------------------------------------------------------ watching

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whole letters of the base64 of bytes that stand `shift` bytes after a group's beginning.
fn base64_within(bytes: &[u8], shift: usize) -> Vec<u8> {
    let whole = base64(&[&vec![0; shift], bytes].concat());
    let first = (8 * shift).div_ceil(6);
    let last = 8 * (shift + bytes.len()) / 6;
    whole.as_bytes()[first..last].to_vec()
}

fn base64(bytes: &[u8]) -> String {
    countertop_core::terminal::nexo::base64::encode(bytes)
}

/// Every way the hidden digits may be written.
fn hidden() -> &'static [Vec<u8>] {
    let digits = HIDDEN.as_bytes();
    let mut all = vec![
        digits.to_vec(),
        digits.iter().map(|one| one - b'0').collect(),
        HIDDEN_PACKED.to_vec(),
        b"80 7391 826".to_vec(),
        b"80-7391-826".to_vec(),
        hex(digits).into_bytes(),
        hex(digits).to_uppercase().into_bytes(),
    ];
    for shift in 0..3 {
        all.push(base64_within(digits, shift));
        all.push(base64_within(&HIDDEN_PACKED, shift));
        all.push(base64_within(hex(digits).as_bytes(), shift));
    }
    Vec::leak(all)
}

/// Write over the stack the test itself worked on.
#[inline(never)]
#[allow(clippy::large_stack_arrays, reason = "the stack is what it is for")]
fn scrub() {
    let room = [0_u8; 2 * STACK_BYTES];
    black_box(&room);
}

/// Run that far below the caller, so that looking at what it left does not write over it.
#[inline(never)]
fn below<T>(run: impl FnOnce() -> T) -> T {
    let room = [0_u8; ROOM_BYTES];
    black_box(&room);
    let result = run();
    black_box(&room);
    result
}

/// How many of what is looked for lie where `below` ran something.
#[inline(never)]
fn count_stack() -> usize {
    let here = 0_u8;
    let top = ptr::from_ref(black_box(&here));
    // SAFETY: test threads have megabytes of stack, all of it mapped, and this is near its top.
    // Nothing lives there; it is read as bytes, by nobody else.
    count(
        unsafe { top.sub(ROOM_BYTES + STACK_BYTES) },
        STACK_BYTES + ROOM_BYTES / 2,
    )
}

/// What is left of card digits once `run` is over and what it made is dropped.
fn left_by(run: impl FnOnce()) -> Left {
    LOOKED_FOR.set(&[]);
    let looked_for = hidden();
    scrub();
    FOUND.set(0);
    FREED.set(0);
    LOOKED_FOR.set(looked_for);
    below(run);
    let stack_count = count_stack();
    LOOKED_FOR.set(&[]);
    Left {
        heap_count: FOUND.get(),
        stack_count,
    }
}

// -------------------------------------------------------------------------------------- a number

/// The number in each way a text of JSON may have it.
fn writings() -> Vec<String> {
    let packed = packed();
    let latin: String = packed.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\u00{byte:02x}");
        text
    });
    let escaped: String = CARD.bytes().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\u00{byte:02x}");
        text
    });
    let quoted = CARD.bytes().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "%{byte:02X}");
        text
    });
    let mut all = vec![
        CARD.to_owned(),
        format!("CARD {CARD} OK"),
        "6759 4180 7391 8264 357".to_owned(),
        "6759-4180-7391-8264-357".to_owned(),
        "6759+4180+7391+8264+357".to_owned(),
        latin,
        escaped,
        quoted,
        hex(CARD.as_bytes()),
        hex(CARD.as_bytes()).to_uppercase(),
        hex(&packed),
        base64(hex(CARD.as_bytes()).as_bytes()),
    ];
    for shift in 0..3 {
        all.push(base64(&[&b"~~~"[..shift], CARD.as_bytes(), b"!"].concat()));
        all.push(base64(&[&b"~~~"[..shift], &packed, b"!"].concat()));
    }
    all
}

fn packed() -> Vec<u8> {
    let padded = format!("{CARD}f");
    padded
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// An answer with the number in every place and every way.
fn answer() -> String {
    let told = writings();
    let texts: Vec<String> = told
        .iter()
        .flat_map(|one| {
            [
                format!("{{\"Text\":\"{one}\"}}"),
                format!("{{\"Text\":\"name=Card&value={one}&key=pan\"}}"),
            ]
        })
        .collect();
    let form: Vec<String> = told
        .iter()
        .enumerate()
        .map(|(number, one)| format!("x{number}={one}"))
        .collect();
    let pairs: Vec<String> = told
        .iter()
        .enumerate()
        .map(|(number, one)| format!("\"x{number}\":\"{one}\""))
        .collect();
    let in_json = base64(
        format!(
            "{{\"additionalData\":{{{}}},\"number\":{CARD}}}",
            pairs.join(",")
        )
        .as_bytes(),
    );
    let modes: Vec<String> = told.iter().map(|one| format!("\"{one}\"")).collect();
    format!(
        "{{\"SaleToPOIResponse\":{{\"PaymentResponse\":{{\
         \"Response\":{{\"Result\":\"Success\",\"AdditionalResponse\":\"{}\"}},\
         \"SaleData\":{{\"SaleTransactionID\":{{\"TransactionID\":\"{CARD}\"}}}},\
         \"POIData\":{{\"AdditionalResponse\":\"{in_json}\",\"EventDetails\":\"{CARD}\"}},\
         \"PaymentResult\":{{\"AuthenticationMethod\":[{}],\
         \"PaymentInstrumentData\":{{\"CardData\":{{\"MaskedPan\":\"{CARD}\",\
         \"SensitiveCardData\":{{\"PAN\":\"{CARD}\"}},\"{CARD}\":{CARD}}}}},\
         \"TransactionCount\":{CARD}}},\
         \"PaymentReceipt\":[{{\"OutputContent\":{{\"OutputText\":[{}]}}}}]}}}}}}",
        form.join("&"),
        modes.join(","),
        texts.join(","),
    )
}

fn envelope(plain: &str, key: &Key) -> String {
    let nonce = [7; NONCE_BYTES];
    let (blob, mac) = seal(plain.as_bytes(), key, &nonce);
    format!(
        "{{\"SaleToPOIResponse\":{{\"MessageHeader\":{{\"MessageCategory\":\"Payment\"}},\
         \"NexoBlob\":\"{blob}\",\"SecurityTrailer\":{{\"AdyenCryptoVersion\":1,\
         \"KeyIdentifier\":\"shop\",\"KeyVersion\":1,\"Nonce\":\"{}\",\"Hmac\":\"{mac}\"}}}}}}",
        base64(&nonce),
    )
}

/// How often the masked number was told.
fn shown(told: &Told) -> usize {
    match told {
        Told::Object(members) => members.iter().map(|(_, one)| shown(one)).sum(),
        Told::List(values) => values.iter().map(shown).sum(),
        Told::Text(text) => usize::from(text.contains(&MASKED[..6])),
        Told::Pairs(pairs) => pairs
            .iter()
            .filter(|(_, value)| value.contains(MASKED))
            .count(),
        _ => 0,
    }
}

// ----------------------------------------------------------------------------------- the tests

#[test]
fn what_is_left_is_found() {
    let kept = left_by(|| drop(black_box(CARD.as_bytes().to_vec())));
    assert_eq!(kept.heap_count, 1, "a block that was freed as it was");
    let grown = left_by(|| {
        let mut digits = black_box(CARD.as_bytes().to_vec());
        digits.reserve(4_096);
        digits.fill(0);
    });
    assert_eq!(grown.heap_count, 1, "a block that was grown out of");
    let on_stack = left_by(|| {
        let mut room = [0_u8; 256];
        room[100..100 + CARD.len()].copy_from_slice(CARD.as_bytes());
        black_box(&room);
    });
    assert!(on_stack.stack_count >= 1, "a frame that was left");
    assert_eq!(left_by(|| {}), Left::default());
    for one in writings() {
        let bytes = one.into_bytes();
        let found = left_by(|| drop(black_box(bytes.clone()))).heap_count;
        let is_escaped = bytes.contains(&b'\\') || bytes.contains(&b'%') || bytes.contains(&b'+');
        assert!(
            found > 0 || is_escaped,
            "{}",
            String::from_utf8_lossy(&bytes)
        );
    }
}

#[test]
fn a_message_that_was_opened_leaves_nothing() {
    let key = Key::derive(b"a passphrase");
    let sealed = Sealed {
        key: &key,
        identifier: "shop",
        version: 1,
    };
    let data = envelope(&answer(), &key);
    let opened = open(data.as_bytes(), &sealed).expect("it is sealed so");
    assert!(shown(&opened.message) > 10, "it tells the card, masked");
    let left = left_by(|| drop(open(data.as_bytes(), &sealed)));
    assert!(FREED.get() > 100, "blocks were looked at");
    assert_eq!(left, Left::default());
}

#[test]
fn a_message_that_was_refused_leaves_nothing() {
    let key = Key::derive(b"a passphrase");
    let sealed = Sealed {
        key: &key,
        identifier: "shop",
        version: 1,
    };
    let broken = answer().replace("\"Success\"", "\"Success");
    let data = envelope(&broken, &key);
    assert_eq!(open(data.as_bytes(), &sealed).unwrap_err().code, "not_json");
    let left = left_by(|| drop(open(data.as_bytes(), &sealed)));
    assert_eq!(left, Left::default());
    // Under another's seal it was decrypted all the same, into noise; and under a broken one whole.
    let data = envelope(&answer(), &key).replace("\"Hmac\":\"", "\"Hmac\":\"AAAA");
    assert_eq!(
        open(data.as_bytes(), &sealed).unwrap_err().code,
        "seal_broken"
    );
    let left = left_by(|| drop(open(data.as_bytes(), &sealed)));
    assert_eq!(left, Left::default());
}

#[test]
fn a_message_without_a_seal_leaves_nothing_of_the_floors_own() {
    let data = answer();
    assert!(shown(&read(data.as_bytes()).expect("it is JSON")) > 10);
    let left = left_by(|| drop(read(data.as_bytes())));
    assert_eq!(left, Left::default());
}

/// A status information with the number in a field that is masked, tracks, an unknown object and
/// texts.
fn status() -> Vec<u8> {
    let packed = packed();
    let track = [&packed[..9], &[0x7D], &b"\x25\x12\x20\x1F"[..]].concat();
    let mut data = Vec::new();
    // The card number, track 2, additional text and the name of the card's brand.
    data.extend([&[0x22, 0xF1, 0xF0][..], &packed].concat());
    data.extend([&[0x23, 0xF1, 0xF4][..], &track].concat());
    let line = format!("CARD {CARD}");
    let length = u8::try_from(line.len()).unwrap();
    let counted = [
        0xF0 | (length / 100),
        0xF0 | (length / 10 % 10),
        0xF0 | (length % 10),
    ];
    data.extend([&[0x3C][..], &counted, line.as_bytes()].concat());
    let held = [&[0x1F, 0x14, 10][..], &packed, &[0x07, 19], CARD.as_bytes()].concat();
    data.extend([&[0x06, u8::try_from(held.len()).unwrap()][..], &held].concat());
    apdu::message(0x040F, &data).expect("it is short")
}

#[test]
fn a_zvt_message_leaves_nothing() {
    let message = status();
    let serial = dle::frame(&message);
    let mut seen = 0;
    let left = left_by(|| {
        let mut read_one = |event: Event<'_>| {
            if let Event::Frame(bytes, _) = event {
                let told = zvt::read(bytes, false).expect("it is one message");
                seen += told.fields.len();
            }
        };
        let mut framer = apdu::Framer::new();
        framer.feed(&message, &mut read_one);
        assert!(framer.is_clean());
        // A cable that is pulled in the middle of a message.
        framer.feed(&message[..message.len() - 1], &mut read_one);
        drop(framer);
        let mut framer = dle::Framer::new(apdu::BYTES_MAX);
        framer.feed(&serial, &mut read_one);
        assert!(framer.is_clean());
        framer.feed(&serial[..serial.len() - 1], &mut read_one);
        drop(framer);
    });
    assert!(seen >= 6, "both were read: {seen}");
    assert!(FREED.get() > 4, "blocks were looked at");
    assert_eq!(left, Left::default());
}

#[test]
fn framers_that_read_nothing_leave_nothing() {
    let text = format!("PAN {CARD}");
    let counted = length::Width::Two.frame(text.as_bytes()).expect("short");
    let checked = lrc::Profile::CONCERT.frame(text.as_bytes());
    let left = left_by(|| {
        let mut on = |_: Event<'_>| {};
        let mut framer = length::Framer::new(length::Width::Two, 1_024);
        framer.feed(&counted, &mut on);
        assert!(framer.is_clean());
        framer.feed(&counted[..counted.len() - 1], &mut on);
        drop(framer);
        let mut framer = lrc::Framer::new(lrc::Profile::CONCERT, 1_024);
        framer.feed(&checked, &mut on);
        assert!(framer.is_clean());
        framer.feed(&checked[..checked.len() - 1], &mut on);
        drop(framer);
    });
    assert_eq!(left, Left::default());
}
