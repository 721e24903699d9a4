//! What a card number is: how many digits, whose, with which check digit, and which of them may be
//! told.

/// The fewest and the most digits of a card number. Source: ISO/IEC 7812-1.
pub(crate) const DIGITS_MIN: usize = 13;
pub(crate) const DIGITS_MAX: usize = 19;
const KEPT_FIRST: usize = 6;
const KEPT_LAST: usize = 4;
/// Whether the digit at a place of so many is one that is not told.
pub(crate) fn is_hidden(place: usize, count: usize) -> bool {
    if count < DIGITS_MIN {
        return count <= KEPT_LAST || place + KEPT_LAST < count;
    }
    place >= KEPT_FIRST && place + KEPT_LAST < count
}

/// Whether schemes give out numbers of so many digits that begin so. Source: ISO/IEC 7812-1; the
/// schemes' published ranges.
pub(crate) fn is_issued(digits: &[u8]) -> bool {
    let Some(first) = digits.first_chunk::<4>() else {
        return false;
    };
    let first = first
        .iter()
        .fold(0, |sum, digit| sum * 10 + u16::from(*digit));
    match first {
        4000..=4999 => matches!(digits.len(), 13 | 16 | 19),
        2221..=2720 | 5100..=5599 | 8100..=8299 | 9792 => digits.len() == 16,
        3400..=3499 | 3700..=3799 => digits.len() == 15,
        3000..=3099 | 3600..=3699 | 3800..=3999 => (14..=19).contains(&digits.len()),
        2200..=2204 | 3528..=3589 => (16..=19).contains(&digits.len()),
        5000..=5099 | 5600..=6999 => (DIGITS_MIN..=DIGITS_MAX).contains(&digits.len()),
        _ => false,
    }
}

/// Whether digits could be a card number: 13 to 19 of them, of an issuer, with the right check
/// digit. Source: ISO/IEC 7812-1, first digits 2 to 6 and 8 to 9 as schemes use them, annex B.
pub fn looks_like_a_card(digits: &[u8]) -> bool {
    if !(DIGITS_MIN..=DIGITS_MAX).contains(&digits.len()) || matches!(digits[0], 0 | 1 | 7) {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(*digit);
            if place.is_multiple_of(2) {
                digit
            } else {
                digit * 2 / 10 + digit * 2 % 10
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_schemes_give_out() {
        let is_issued = |text: &str| {
            let digits: Vec<u8> = text.bytes().map(|byte| byte - b'0').collect();
            is_issued(&digits)
        };
        for (first, sizes) in [
            ("4", &[13, 16, 19][..]),
            ("51", &[16]),
            ("2221", &[16]),
            ("2720", &[16]),
            ("34", &[15]),
            ("36", &[14, 15, 16, 17, 18, 19]),
            ("3528", &[16, 17, 18, 19]),
            ("62", &[13, 14, 15, 16, 17, 18, 19]),
            ("2721", &[]),
            ("31", &[]),
            ("91", &[]),
            ("00", &[]),
        ] {
            for size in 12..=20 {
                assert_eq!(
                    is_issued(&format!("{first:0<size$}")),
                    sizes.contains(&size),
                    "{first} {size}"
                );
            }
        }
    }
}
