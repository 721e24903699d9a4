//! An allocator that looks at each block as it is freed or grown out of, and a look at the stack
//! the floor worked on: for tests that nothing of a card number lies there.
//!
//! What is looked for are the digits between the first six and the last four, in each way of
//! writing a message can have them in.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Write;
use std::hint::black_box;
use std::ptr;

/// A number whose digits are looked for.
pub const CARD: &str = "6759418073918264357";
const HIDDEN: &str = "807391826";
/// The same in half bytes, as far as they fill whole ones.
const HIDDEN_PACKED: [u8; 4] = [0x80, 0x73, 0x91, 0x82];
const STACK_BYTES: usize = 65_536;
const ROOM_BYTES: usize = 16_384;

// ------------------------------------------------------------------------------- the allocator

/// How many blocks were looked at.
pub fn freed_count() -> usize {
    FREED.get()
}

/// Where card digits were found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Left {
    /// In blocks of memory that were given back.
    pub heap_count: usize,
    /// Below the frame that ran it.
    pub stack_count: usize,
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

/// Digits of bytes.
pub fn hex(bytes: &[u8]) -> String {
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

/// As terminals write it.
pub fn base64(bytes: &[u8]) -> String {
    countertop_core::base64::encode(bytes)
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
pub fn left_by(run: impl FnOnce()) -> Left {
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
pub fn writings() -> Vec<String> {
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

/// The number in half bytes.
pub fn packed() -> Vec<u8> {
    let padded = format!("{CARD}f");
    padded
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
