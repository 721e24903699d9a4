//! Orders worked by hand, and the bounds of what they may hold.

use super::*;
use crate::money::Rounding;

fn line(unit_price_micros: i64, tax_index: usize, discount: Discount) -> Line {
    Line {
        tax_index,
        charge: Charge::Priced {
            unit_price_micros,
            quantity_milli: 1_000,
            discount,
            discountable: true,
        },
    }
}

const INSIDE: Policy = Policy {
    inclusive: true,
    scope: Scope::RateDocument,
    mode: Rounding::HalfUp,
};

#[test]
fn two_rates_inside_the_price() {
    let lines = [
        line(8_990_000, 0, Discount::None),
        line(11_900_000, 1, Discount::None),
    ];
    let order = price_order(&lines, &[], &[70_000, 190_000], INSIDE, 2).unwrap();
    assert_eq!(
        order
            .taxes
            .iter()
            .map(|tax| tax.tax_minor)
            .collect::<Vec<_>>(),
        [59, 190]
    );
    assert_eq!(order.total_minor, 2089);
}

#[test]
fn discounts_come_off_in_order_and_never_past_zero() {
    let lines = [
        line(10_000_000, 0, Discount::Percent(100_000)),
        line(1_000_000, 0, Discount::Amount(500)),
    ];
    let off = [Discount::Percent(500_000), Discount::Amount(10_000)];
    let order = price_order(&lines, &off, &[0], INSIDE, 2).unwrap();
    assert_eq!(order.lines[0].line_discount_minor, -100);
    assert_eq!(order.lines[1].line_discount_minor, -100);
    assert_eq!(order.total_minor, 0);
    assert_eq!(order.discount_minor, -1_100);
}

fn figures(line: &PricedLine) -> [i64; 4] {
    [
        line.net_minor,
        line.base_minor,
        line.tax_minor,
        line.total_minor,
    ]
}

#[test]
fn tax_comes_on_top_where_prices_are_without_it() {
    let lines = [
        line(980_000, 0, Discount::None),
        line(980_000, 0, Discount::None),
        line(10_000_000, 1, Discount::Percent(250_000)),
    ];
    let policy = |scope| Policy {
        inclusive: false,
        scope,
        mode: Rounding::Down,
    };
    let order = price_order(&lines, &[], &[80_000, 0], policy(Scope::RateDocument), 2).unwrap();
    assert_eq!(figures(&order.lines[0]), [98, 98, 8, 106]);
    assert_eq!(figures(&order.lines[1]), [98, 98, 7, 105]);
    assert_eq!(figures(&order.lines[2]), [750, 750, 0, 750]);
    assert_eq!((order.subtotal_minor, order.discount_minor), (1_196, -250));
    assert_eq!((order.tax_minor, order.total_minor), (15, 961));
    let rows = order.taxes.iter();
    let rows = rows.map(|row| (row.tax_index, row.rate_ppm, row.base_minor, row.total_minor));
    assert_eq!(
        rows.collect::<Vec<_>>(),
        [(0, 80_000, 196, 211), (1, 0, 750, 750)]
    );
    let order = price_order(&lines, &[], &[80_000, 0], policy(Scope::Line), 2).unwrap();
    assert_eq!(figures(&order.lines[0]), [98, 98, 7, 105]);
    assert_eq!(order.tax_minor, 14);
}

#[test]
fn tax_is_taken_out_where_prices_hold_it() {
    let lines = [
        line(8_990_000, 0, Discount::Amount(99)),
        line(1_000_000, 0, Discount::None),
    ];
    let scope = Scope::Line;
    let order = price_order(&lines, &[], &[70_000], Policy { scope, ..INSIDE }, 2).unwrap();
    assert_eq!(figures(&order.lines[0]), [800, 748, 52, 800]);
    assert_eq!(figures(&order.lines[1]), [100, 93, 7, 100]);
    assert_eq!(order.taxes[0].tax_minor, 59);
    assert!(
        price_order(&[], &[], &[70_000], INSIDE, 2)
            .unwrap()
            .taxes
            .is_empty()
    );
}

#[test]
fn an_order_discount_is_shared_by_what_may_bear_it() {
    let mut kept = line(2_000_000, 0, Discount::None);
    if let Charge::Priced { discountable, .. } = &mut kept.charge {
        *discountable = false;
    }
    let lines = [
        kept,
        line(1_000_000, 0, Discount::None),
        line(3_000_000, 0, Discount::None),
        line(-5_000_000, 0, Discount::None),
        line(0, 0, Discount::Amount(5)),
    ];
    let order = price_order(&lines, &[Discount::Amount(101)], &[0], INSIDE, 2).unwrap();
    let shares = order.lines.iter().map(|line| line.order_discount_minor);
    assert_eq!(shares.collect::<Vec<_>>(), [0, -25, -76, 0, 0]);
    assert_eq!((order.subtotal_minor, order.discount_minor), (100, -101));
    assert_eq!(order.total_minor, -1);
    let none = price_order(&lines[3..], &[Discount::Amount(1)], &[0], INSIDE, 2).unwrap();
    assert_eq!(none.discount_minor, 0);
}

#[test]
fn a_discount_has_its_bounds() {
    assert_eq!(Discount::from_kind(0, 7), Ok(Discount::None));
    for ppm in [0, 1_000_000] {
        assert_eq!(Discount::from_kind(1, ppm), Ok(Discount::Percent(ppm)));
    }
    assert_eq!(Discount::from_kind(2, 0), Ok(Discount::Amount(0)));
    assert!(Discount::from_kind(1, -1).is_err());
    assert_eq!(Discount::Percent(333_333).off(200), 67);
    assert_eq!(Discount::Amount(5).off(3), 3);
    assert_eq!(Discount::None.off(3), 0);
}

#[test]
fn a_fixed_line_is_copied() {
    let fixed = Line {
        tax_index: 0,
        charge: Charge::Fixed {
            total_minor: -119,
            tax_minor: -20,
        },
    };
    let lines = [line(1_000_000, 0, Discount::None), fixed];
    let order = price_order(&lines, &[Discount::Amount(50)], &[190_000], INSIDE, 2).unwrap();
    assert_eq!(order.lines[1].tax_minor, -20);
    assert_eq!(order.lines[1].net_minor, -119);
    assert_eq!(order.total_minor, 50 - 119);
}

#[test]
fn bad_input_is_refused() {
    let one = [line(1, 1, Discount::None)];
    assert!(price_order(&one, &[], &[0], INSIDE, 2).is_err());
    assert!(price_order(&[], &[], &[-1], INSIDE, 2).is_err());
    assert!(Discount::from_kind(1, 1_000_001).is_err());
    assert!(Discount::from_kind(2, -1).is_err());
    assert!(Discount::from_kind(7, 1).is_err());
    let negative = [line(-1_000_000, 0, Discount::Amount(1))];
    assert!(price_order(&negative, &[], &[0], INSIDE, 2).is_err());
}

#[test]
fn a_discount_that_cannot_be_is_refused_by_its_own_name() {
    let refused = |kind, value| match Discount::from_kind(kind, value) {
        Err(CoreError::OutOfRange { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    for value in [-1, 1_000_001] {
        assert_eq!(refused(1, value), "a percent discount");
    }
    assert_eq!(refused(2, -1), "an amount discount");
    for kind in [-1, 3, 9] {
        assert_eq!(refused(kind, 1), "discount kind");
    }
}
