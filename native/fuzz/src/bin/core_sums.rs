//! Whatever figures an order has: refused, or priced so that every sum is the sum of its parts.
#![no_main]

use countertop_core::apportion::apportion;
use countertop_core::cash::cash_round;
use countertop_core::money::{Rounding, extend_amount};
use countertop_core::pricing::{Charge, Discount, Line, PricedLine, PricedOrder, price_order};
use countertop_core::tax::{Policy, Scope};
use libfuzzer_sys::fuzz_target;

/// Whole numbers out of bytes: small ones from one byte, any from eight; nought when used up.
struct Numbers<'a>(&'a [u8]);

impl Numbers<'_> {
    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((&byte, rest)) => {
                self.0 = rest;
                byte
            }
            None => 0,
        }
    }

    fn next(&mut self) -> i64 {
        match self.byte() {
            255 => (0..8).fold(0, |sum, _| sum << 8 | i64::from(self.byte())),
            254 => -i64::from(self.byte()),
            253 => i64::from(self.byte()) * 9_973,
            small => i64::from(small),
        }
    }
}

fn mode(byte: u8) -> Rounding {
    let words = ["half_up", "half_even", "up", "down"];
    Rounding::from_word(words[usize::from(byte) % 4]).expect("a known word")
}

fn line(numbers: &mut Numbers<'_>) -> Option<Line> {
    let tax_index = usize::from(numbers.byte() % 4);
    let kind = numbers.byte() % 4;
    let charge = if kind == 3 {
        Charge::Fixed {
            total_minor: numbers.next(),
            tax_minor: numbers.next(),
        }
    } else {
        Charge::Priced {
            unit_price_micros: numbers.next(),
            quantity_milli: numbers.next(),
            discount: Discount::from_kind(i64::from(kind), numbers.next()).ok()?,
            discountable: numbers.byte().is_multiple_of(2),
        }
    };
    Some(Line { tax_index, charge })
}

fn check(order: &PricedOrder) {
    // A part of a sum may be larger than the whole, so the parts are added in 128 bits.
    let sum = |figure: fn(&PricedLine) -> i64| -> i128 {
        order
            .lines
            .iter()
            .map(|line| i128::from(figure(line)))
            .sum()
    };
    assert_eq!(i128::from(order.total_minor), sum(|line| line.total_minor));
    assert_eq!(i128::from(order.tax_minor), sum(|line| line.tax_minor));
    assert_eq!(
        i128::from(order.subtotal_minor),
        sum(|line| line.amount_minor)
    );
    let taxed: i128 = order
        .taxes
        .iter()
        .map(|tax| i128::from(tax.total_minor))
        .sum();
    assert_eq!(i128::from(order.total_minor), taxed);
    for line in &order.lines {
        assert_eq!(line.total_minor, line.base_minor + line.tax_minor);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut numbers = Numbers(bytes);
    let numbers = &mut numbers;
    let policy = Policy {
        inclusive: numbers.byte().is_multiple_of(2),
        scope: if numbers.byte().is_multiple_of(2) {
            Scope::Line
        } else {
            Scope::RateDocument
        },
        mode: mode(numbers.byte()),
    };
    let digits = numbers.next();
    let rates: Vec<i64> = (0..numbers.byte() % 4).map(|_| numbers.next()).collect();
    let discounts: Vec<Discount> = (0..numbers.byte() % 3)
        .filter_map(|_| Discount::from_kind(i64::from(numbers.byte() % 3), numbers.next()).ok())
        .collect();
    let lines: Vec<Line> = (0..numbers.byte() % 12)
        .filter_map(|_| line(numbers))
        .collect();
    if let Ok(order) = price_order(&lines, &discounts, &rates, policy, digits) {
        check(&order);
    }
    let _ = extend_amount(numbers.next(), numbers.next(), digits);
    let (amount, step) = (numbers.next(), numbers.next());
    if let Ok(rounded) = cash_round(amount, step, policy.mode) {
        assert_eq!(rounded % step, 0);
        assert!((i128::from(rounded) - i128::from(amount)).abs() < i128::from(step));
    }
    let weights: Vec<i64> = (0..numbers.byte() % 16).map(|_| numbers.next()).collect();
    if let Ok(shares) = apportion(amount, &weights) {
        assert_eq!(
            shares.iter().map(|&share| i128::from(share)).sum::<i128>(),
            i128::from(amount)
        );
    }
});
