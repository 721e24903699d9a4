//! Card numbers among the digits of a text, in one group or in several.

use super::number::{DIGITS_MAX, is_hidden, is_issued, looks_like_a_card};
use zeroize::Zeroize;

/// The most marks that may stand between two groups of one number.
const GAP_MAX: usize = 3;
/// The fewest digits of a group, but for the last, where anything else than a space or a dash
/// parts them: days and hours have fewer.
const GROUP_MIN: usize = 3;

/// What stands first in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A digit.
    Digit(u8),
    /// What alone parts groups of any size.
    Between,
    /// What parts groups that look like a card number's.
    Apart,
    /// What stands in no number.
    Other,
}

/// What stands first in a text, and its bytes. A letter beyond ASCII may be a space, in any
/// writing of it.
pub(crate) fn mark(text: &[u8]) -> (Mark, usize) {
    match text {
        [digit @ b'0'..=b'9', ..] => (Mark::Digit(digit - b'0'), 1),
        [b' ' | b'-', ..] => (Mark::Between, 1),
        [
            ..b' ' | 0x7F | b'.' | b',' | b':' | b'/' | b'\\' | b'|' | b'_',
            ..,
        ] => (Mark::Apart, 1),
        [0x80..=0xFF, after @ ..] => {
            let more = after.iter().take_while(|one| **one & 0xC0 == 0x80).count();
            (Mark::Apart, 1 + more)
        }
        _ => (Mark::Other, 1),
    }
}

/// Digits in groups, one group after the other: which of them are hidden, because a card number
/// begins with one group and ends with another. What stands before or behind a number, parted by
/// what parts groups, does not hide it; where several could be one, each has its middle hidden.
#[derive(Default)]
pub(crate) struct Groups {
    digits: [u8; DIGITS_MAX],
    count: usize,
    hidden: u32,
    in_group: usize,
    is_short: bool,
    is_apart: bool,
}

impl Groups {
    /// A group begins here.
    pub(crate) fn begin(&mut self) {
        self.count = 0;
        self.in_group = 0;
        self.is_short = false;
        self.is_apart = false;
    }

    /// A group ended, and the next begins behind more than a space or a dash.
    fn part(&mut self, is_apart: bool) {
        self.is_apart |= is_apart;
        self.is_short |= self.in_group < GROUP_MIN;
        self.in_group = 0;
    }

    /// The next digit from there on; no more are wanted where it answers no.
    pub(crate) fn push(&mut self, digit: u8, ends_group: bool) -> bool {
        if self.count == DIGITS_MAX {
            return false;
        }
        self.digits[self.count] = digit;
        self.count += 1;
        self.in_group += 1;
        if ends_group && self.is_card() {
            for place in (0..self.count).filter(|place| is_hidden(*place, self.count)) {
                self.hidden |= 1 << place;
            }
        }
        true
    }

    fn is_card(&self) -> bool {
        let digits = &self.digits[..self.count];
        (!self.is_apart || !self.is_short && is_issued(digits)) && looks_like_a_card(digits)
    }

    /// Whether the next digit of the group that begins is hidden.
    pub(crate) fn take(&mut self) -> bool {
        let is_hidden = self.hidden & 1 == 1;
        self.hidden >>= 1;
        is_hidden
    }

    /// Tell of the digits from here on, as far as they could be one number.
    pub(crate) fn look_ahead(&mut self, text: &[u8], mark: impl Fn(&[u8]) -> (Mark, usize)) {
        let (mut at, mut gap, mut is_apart) = (0, 0, false);
        self.begin();
        while at < text.len() {
            let (what, size) = mark(&text[at..]);
            at += size;
            match what {
                Mark::Digit(digit) => {
                    if gap > 0 {
                        self.part(is_apart || gap > 1);
                    }
                    (gap, is_apart) = (0, false);
                    let goes_on = at < text.len() && matches!(mark(&text[at..]).0, Mark::Digit(_));
                    if !self.push(digit, !goes_on) {
                        return;
                    }
                }
                Mark::Between | Mark::Apart if gap < GAP_MAX => {
                    gap += 1;
                    is_apart |= what == Mark::Apart;
                }
                _ => return,
            }
        }
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        self.digits.zeroize();
    }
}

/// Mask every run of 13 to 19 digits that an issuer could have given out and whose check digit is
/// right.
///
/// One space or dash between digits does not part a run. Nor do up to three of what
/// [`mark`] names, between groups of three digits and more, where schemes do give out such numbers.
pub fn search_text(text: &mut [u8]) {
    let mut groups = Groups::default();
    let mut at = 0;
    while at < text.len() {
        if !text[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        groups.look_ahead(&text[at..], mark);
        while at < text.len() && text[at].is_ascii_digit() {
            if groups.take() {
                text[at] = b'*';
            }
            at += 1;
        }
    }
}
