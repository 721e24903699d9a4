//! Worked figures: the document computes what a person works out on paper.

use super::*;
use crate::money::Rounding;

mod limits;

const PLAIN: Tax = Tax {
    kind: Kind::Percent(190_000),
    included: false,
    affects_later: false,
    affected_by_previous: true,
    charge: Charge::Charged,
    threshold: None,
    cap: None,
};
const BY_LINE: Policy = Policy {
    level: Level::Line,
    mode: Rounding::HalfUp,
    net_first: false,
    residual: Residual::Largest,
    exact_amounts: false,
    amount_mode: Rounding::HalfUp,
    division_base_net: false,
};

fn by(level: Level) -> Policy {
    Policy { level, ..BY_LINE }
}

fn exact(level: Level) -> Policy {
    Policy {
        exact_amounts: true,
        ..by(level)
    }
}

fn percent(ppm: i64) -> Tax {
    Tax {
        kind: Kind::Percent(ppm),
        ..PLAIN
    }
}

fn inside(ppm: i64) -> Tax {
    Tax {
        included: true,
        ..percent(ppm)
    }
}

fn line(unit_price_micros: i64, quantity_milli: i64, taxes: &[usize]) -> Line {
    Line {
        unit_price_micros,
        quantity_milli,
        unit: Measure::Piece,
        discount_minor: 0,
        taxes: taxes.to_vec(),
        measures: Vec::new(),
    }
}

fn taxed(lines: &[Line], table: &[Tax], policy: Policy) -> TaxedDocument {
    tax_document(lines, table, policy, 2).unwrap()
}

fn line_taxes(document: &TaxedDocument) -> Vec<i64> {
    let taxes = document.lines.iter().flat_map(|line| &line.taxes);
    taxes.map(|tax| tax.tax_minor).collect()
}

#[test]
fn two_rates_inside_their_prices() {
    let lines = [line(8_990_000, 1_000, &[0]), line(11_900_000, 1_000, &[1])];
    let done = taxed(&lines, &[inside(70_000), inside(190_000)], BY_LINE);
    assert_eq!(line_taxes(&done), [59, 190]);
    assert_eq!((done.net_minor, done.gross_minor), (1_840, 2_089));
    assert_eq!(done.taxes[0].base_minor, 840);
    assert_eq!(done.taxes[0].exact_e5, 58_813);
    assert_eq!(done.taxes[0].rounding_e5, 187);
}

#[test]
fn what_rounding_did_is_told_in_the_same_unit_in_every_currency() {
    // 19 % of a third of a unit, nearly: 0.06333 in money of any number of digits.
    let lines = [line(333_300, 1_000, &[0])];
    for (minor_digits, told) in [
        (0, (0, 0)),
        (1, (5_700, 4_300)),
        (2, (6_270, -270)),
        (3, (6_327, -27)),
        (4, (6_333, -3)),
    ] {
        let done = tax_document(&lines, &[PLAIN], BY_LINE, minor_digits).unwrap();
        let sum = &done.taxes[0];
        assert_eq!((sum.exact_e5, sum.rounding_e5), told, "{minor_digits}");
    }
}

#[test]
fn a_line_and_a_document_round_differently() {
    let lines = vec![line(12_120_000, 12_120, &[0]); 2];
    let table = [percent(230_000)];
    assert_eq!(taxed(&lines, &table, exact(Level::Line)).tax_minor, 6_758);
    let whole = taxed(&lines, &table, exact(Level::RateDocument));
    assert_eq!(whole.tax_minor, 6_757);
    // 293.7888 is the exact net.
    assert_eq!(whole.net_minor, 29_379);
    assert_eq!(whole.gross_minor, whole.net_minor + whole.tax_minor);
}

#[test]
fn a_unit_is_rounded_before_it_is_multiplied() {
    let lines = [line(1_080_000, 3_000, &[0])];
    let table = [percent(190_000)];
    assert_eq!(taxed(&lines, &table, by(Level::Line)).gross_minor, 386);
    assert_eq!(taxed(&lines, &table, by(Level::Unit)).gross_minor, 387);
}

#[test]
fn compound_taxes_stand_on_those_before_them() {
    let lines = [line(100_000_000, 1_000, &[0, 1, 2])];
    let affecting = Tax {
        affects_later: true,
        ..percent(60_000)
    };
    let done = taxed(&lines, &[affecting, affecting, percent(30_000)], BY_LINE);
    // The second affects the third too.
    assert_eq!(line_taxes(&done), [600, 636, 337]);
    let done = taxed(
        &lines,
        &[affecting, percent(60_000), percent(30_000)],
        BY_LINE,
    );
    assert_eq!(line_taxes(&done), [600, 636, 318]);
    assert_eq!(done.gross_minor, 11_554);
    assert_eq!(done.lines[0].taxes[1].base_minor, 10_600);
    let alone = Tax {
        affected_by_previous: false,
        ..percent(60_000)
    };
    let done = taxed(&lines, &[affecting, alone, percent(30_000)], BY_LINE);
    assert_eq!(done.gross_minor, 11_518);
}

#[test]
fn taxes_per_unit_stand_beside_percents() {
    let each = |micros, affects_later| Tax {
        kind: Kind::PerUnit(micros, Measure::Piece),
        affects_later,
        ..PLAIN
    };
    let lines = [line(20_000_000, 5_000, &[0, 1, 2])];
    let table = [
        each(1_000_000, false),
        percent(210_000),
        each(2_000_000, false),
    ];
    assert_eq!(taxed(&lines, &table, BY_LINE).gross_minor, 13_600);
    let lines = [line(19_000_000, 5_000, &[0, 1, 2])];
    let table = [
        each(1_000_000, true),
        percent(210_000),
        each(2_000_000, false),
    ];
    assert_eq!(taxed(&lines, &table, BY_LINE).gross_minor, 13_100);
}

#[test]
fn taxes_inside_and_on_top_are_solved_together() {
    // 100.00 with 6 % on top of it that the 10 % inside stands on: net × (1 + 0.1 × 1.06) = 100.
    let on_top = Tax {
        affects_later: true,
        ..percent(60_000)
    };
    let lines = [line(100_000_000, 1_000, &[0, 1])];
    let done = taxed(&lines, &[on_top, inside(100_000)], BY_LINE);
    assert_eq!(line_taxes(&done), [542, 958]);
    assert_eq!((done.net_minor, done.gross_minor), (9_042, 10_542));
}

#[test]
fn division_rates_of_a_batch_add_up() {
    let division = |ppm| Tax {
        kind: Kind::Division(ppm),
        included: true,
        ..PLAIN
    };
    let table = [50_000, 30_000, 6_500, 90_000, 150_000].map(division);
    let lines = [line(48_000_000, 1_000, &[0, 1, 2, 3, 4])];
    let done = tax_document(&lines, &table, BY_LINE, 3).unwrap();
    assert_eq!(line_taxes(&done), [2_400, 1_440, 312, 4_320, 7_200]);
    assert_eq!(done.net_minor, 32_328);
    assert!(done.taxes.iter().all(|tax| tax.base_minor == 48_000));
    let net = Policy {
        division_base_net: true,
        ..BY_LINE
    };
    let done = tax_document(&lines, &table, net, 3).unwrap();
    assert!(done.taxes.iter().all(|tax| tax.base_minor == 32_328));
}

#[test]
fn net_first_leaves_the_tax_the_rest() {
    let lines = [line(52_500_000, 1_000, &[0])];
    let table = [inside(120_000)];
    let done = taxed(&lines, &table, BY_LINE);
    assert_eq!((done.net_minor, done.tax_minor), (4_687, 563));
    let net_first = Policy {
        net_first: true,
        ..BY_LINE
    };
    let done = taxed(&lines, &table, net_first);
    assert_eq!((done.net_minor, done.tax_minor), (4_688, 562));
}

fn clothing(amount_minor: i64, exempt_at_amount: bool, excess: bool, ppm: i64) -> Tax {
    let threshold = Some(Threshold {
        amount_minor,
        exempt_at_amount,
        per: Per::Item,
        excess,
    });
    Tax {
        threshold,
        ..percent(ppm)
    }
}

#[test]
fn thresholds_exempt_the_whole_or_tax_the_excess() {
    let york = [clothing(11_000, false, false, 40_000)];
    assert_eq!(
        taxed(&[line(109_990_000, 1_000, &[0])], &york, BY_LINE).tax_minor,
        0
    );
    assert_eq!(
        taxed(&[line(110_000_000, 1_000, &[0])], &york, BY_LINE).tax_minor,
        440
    );
    let bay = [clothing(17_500, true, true, 62_500)];
    let done = taxed(&[line(200_000_000, 1_000, &[0])], &bay, BY_LINE);
    assert_eq!((done.tax_minor, done.taxes[0].base_minor), (156, 2_500));
    assert_eq!(
        taxed(&[line(175_000_000, 1_000, &[0])], &bay, BY_LINE).tax_minor,
        0
    );
    let two_back = [line(200_000_000, -2_000, &[0])];
    let done = taxed(&two_back, &bay, BY_LINE);
    assert_eq!((done.tax_minor, done.taxes[0].base_minor), (-313, -5_000));
}

#[test]
fn caps_hold_a_tax_or_its_base() {
    let capped = |of, per, amount_minor| Tax {
        cap: Some(Cap {
            of,
            amount_minor,
            per,
        }),
        ..percent(27_500)
    };
    let lines = [line(4_000_000_000, 2_000, &[0])];
    let done = taxed(&lines, &[capped(Capped::Base, Per::Item, 160_000)], BY_LINE);
    assert_eq!((done.tax_minor, done.taxes[0].base_minor), (8_800, 320_000));
    let done = taxed(&lines, &[capped(Capped::Tax, Per::Item, 1_000)], BY_LINE);
    assert_eq!((done.tax_minor, done.taxes[0].base_minor), (2_000, 800_000));
    let lines = vec![line(4_000_000_000, 1_000, &[0]); 2];
    let done = taxed(
        &lines,
        &[capped(Capped::Base, Per::Receipt, 160_000)],
        BY_LINE,
    );
    assert_eq!(line_taxes(&done), [2_200, 2_200]);
    assert_eq!(done.taxes[0].base_minor, 160_000);
}

#[test]
fn a_cap_inside_the_price_finds_its_net() {
    // 110.00 with 10 % inside, capped at 5.00: the net is 105.00.
    let tax = Tax {
        cap: Some(Cap {
            of: Capped::Tax,
            amount_minor: 500,
            per: Per::Item,
        }),
        ..inside(100_000)
    };
    let done = taxed(&[line(110_000_000, 1_000, &[0])], &[tax], BY_LINE);
    assert_eq!((done.net_minor, done.tax_minor), (10_500, 500));
}

#[test]
fn what_is_not_charged_is_told() {
    let reverse = Tax {
        charge: Charge::Reverse,
        ..percent(190_000)
    };
    let done = taxed(&[line(100_000_000, 1_000, &[0])], &[reverse], BY_LINE);
    assert_eq!((done.tax_minor, done.gross_minor), (0, 10_000));
    assert_eq!(done.taxes[0].uncharged_minor, 1_900);
    let exempt = Tax {
        charge: Charge::Exempt,
        ..inside(190_000)
    };
    let done = taxed(&[line(119_000_000, 1_000, &[0])], &[exempt], BY_LINE);
    assert_eq!((done.net_minor, done.gross_minor), (10_000, 10_000));
    assert_eq!(done.taxes[0].base_minor, 10_000);
}

#[test]
fn odd_cents_go_where_the_policy_says() {
    let lines = vec![line(980_000, 1_000, &[0]); 3];
    let table = [percent(80_000)];
    for (residual, shares) in [(Residual::Largest, [8, 8, 8]), (Residual::First, [8, 8, 8])] {
        let policy = Policy {
            residual,
            ..by(Level::RateDocument)
        };
        assert_eq!(line_taxes(&taxed(&lines, &table, policy)), shares);
    }
    for (residual, shares) in [
        (Residual::Largest, [8, 8, 7]),
        (Residual::First, [9, 7, 7]),
        (Residual::Last, [7, 7, 9]),
        (Residual::Biggest, [9, 7, 7]),
    ] {
        let policy = Policy {
            residual,
            mode: Rounding::Down,
            ..by(Level::RateDocument)
        };
        let done = taxed(&lines, &table, policy);
        assert_eq!(line_taxes(&done), shares);
        assert_eq!(done.tax_minor, 23);
        assert_eq!(done.rounding_e5, -520);
    }
}

#[test]
fn what_has_no_meaning_is_refused_by_name() {
    let refused = |lines: &[Line], table: &[Tax]| {
        tax_document(lines, table, BY_LINE, 2)
            .unwrap_err()
            .to_string()
    };
    let one = [line(1_000_000, 1_000, &[0, 0])];
    assert!(refused(&one, &[PLAIN]).contains("cannot be its own base"));
    assert!(refused(&[line(1, 1, &[1])], &[PLAIN]).contains("tax_index"));
    let division = |ppm| Tax {
        kind: Kind::Division(ppm),
        ..PLAIN
    };
    let two = [line(1_000_000, 1_000, &[0, 1])];
    assert!(refused(&two, &[division(500_000), division(500_000)]).contains("one batch"));
    let litre = Tax {
        kind: Kind::PerUnit(1, Measure::Litre),
        ..PLAIN
    };
    assert!(refused(&[line(1, 1, &[0])], &[litre]).contains("finds its unit"));
    assert!(refused(&[line(i64::MAX, i64::MAX, &[0])], &[PLAIN]).contains("64 bits"));
    let free = Tax {
        charge: Charge::Exempt,
        affects_later: true,
        ..PLAIN
    };
    assert!(refused(&[], &[free]).contains("not charged"));
    assert!(tax_document(&[], &[], BY_LINE, 4).is_ok_and(|done| done.lines.is_empty()));
    assert!(tax_document(&[], &[], BY_LINE, 5).is_err());
    let steep = Kind::from_words("percent", 10_000_001, "").unwrap_err();
    assert!(steep.to_string().contains("0 to 10,000,000 ppm"), "{steep}");
    assert!(Kind::from_words("per_unit", 1, "gallon").is_err());
    assert!(Kind::from_words("division", 1_000_000, "").is_err());
}

#[test]
fn extremes_are_refused_or_exact() {
    let steep: Vec<Tax> = (0..16)
        .map(|_| Tax {
            affects_later: true,
            ..percent(9_999_991)
        })
        .collect();
    let list: Vec<usize> = (0..16).collect();
    let lines = [line(i64::MAX, 1_000, &list), line(1, i64::MIN, &list)];
    for level in [
        Level::Unit,
        Level::Line,
        Level::RateDocument,
        Level::Document,
    ] {
        assert!(tax_document(&lines, &steep, exact(level), 4).is_err());
    }
}

#[test]
fn many_rates_on_one_document_are_no_matter() {
    let table: Vec<Tax> = (0..256).map(|at| inside(1_000 * at + 37)).collect();
    let lines: Vec<Line> = (0..10_000)
        .map(|at: u32| {
            line(
                999_999 + i64::from(at),
                1_275,
                &[usize::from(at.to_le_bytes()[0])],
            )
        })
        .collect();
    for level in [Level::Unit, Level::Line, Level::RateDocument] {
        let done = taxed(&lines, &table, exact(level));
        assert_eq!(done.taxes.len(), 256);
        let roundings: i64 = done.taxes.iter().map(|tax| tax.rounding_e5).sum();
        assert_eq!(done.rounding_e5, roundings);
    }
}
