//! What a document may have at least and at most, and what a tax cannot be beside what it is.

use super::*;
use crate::error::CoreError;

type Change<'a> = &'a dyn Fn(&mut Tax);

#[test]
fn the_least_and_the_most_of_a_document_is_taken_and_no_more() {
    let is_taken = |word: &str, value| Kind::from_words(word, value, "kg").is_ok();
    let refused = |word: &str, value| Kind::from_words(word, value, "kg").unwrap_err().to_string();
    assert!(refused("percent", -1).contains("0 to 10,000,000 ppm"));
    assert!(refused("division", 1_000_000).contains("0 to below 1,000,000 ppm"));
    assert!(refused("per_unit", -1).contains("zero or more"));
    assert!(refused("flat", 1).contains("percent, per_unit, division"));
    for (word, least, most) in [
        ("percent", 0, 10_000_000),
        ("division", 0, 999_999),
        ("per_unit", 0, i64::MAX),
    ] {
        assert!(is_taken(word, least) && is_taken(word, most), "{word}");
        assert!(!is_taken(word, least - 1), "{word}");
        assert!(word == "per_unit" || !is_taken(word, most + 1), "{word}");
    }
    let lines = |count: usize| tax_document(&vec![line(1, 1, &[]); count], &[], BY_LINE, 2);
    assert!(lines(LINES_MAX).is_ok());
    assert!(
        lines(LINES_MAX + 1)
            .unwrap_err()
            .to_string()
            .contains("20,000 at most")
    );
    let taxes = |count: usize| tax_document(&[], &vec![PLAIN; count], BY_LINE, 2);
    assert!(taxes(TAXES_MAX).is_ok());
    assert!(
        taxes(TAXES_MAX + 1)
            .unwrap_err()
            .to_string()
            .contains("256 at most")
    );
    let each = |count: usize| {
        let list: Vec<usize> = (0..count).collect();
        tax_document(&[line(1, 1, &list)], &vec![percent(1); 20], BY_LINE, 2)
    };
    assert!(each(TAXES_PER_LINE_MAX).is_ok());
    assert!(
        each(TAXES_PER_LINE_MAX + 1)
            .unwrap_err()
            .to_string()
            .contains("16 at most")
    );
    let index = |index| tax_document(&[line(1, 1, &[0, index])], &[PLAIN, PLAIN], BY_LINE, 2);
    assert!(index(1).is_ok());
    assert!(index(2).unwrap_err().to_string().contains("tax_index"));
    assert!(index(0).unwrap_err().to_string().contains("its own base"));
    for digits in 0..=4 {
        assert!(tax_document(&[], &[], BY_LINE, digits).is_ok());
    }
    assert!(tax_document(&[], &[], BY_LINE, -1).is_err());
}

#[test]
fn what_a_tax_cannot_be_beside_what_it_is_is_refused_by_name() {
    let told = |tax: Tax| match tax_document(&[], &[tax], BY_LINE, 2) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    };
    let threshold = |amount_minor| {
        Some(Threshold {
            amount_minor,
            exempt_at_amount: false,
            per: Per::Item,
            excess: false,
        })
    };
    let cap = |amount_minor, per| {
        Some(Cap {
            of: Capped::Tax,
            amount_minor,
            per,
        })
    };
    let division = |tax: &mut Tax| tax.kind = Kind::Division(1);
    let litre = |tax: &mut Tax| tax.kind = Kind::PerUnit(1, Measure::Litre);
    let from = |amount| move |tax: &mut Tax| tax.threshold = threshold(amount);
    let most = |amount, per| move |tax: &mut Tax| tax.cap = cap(amount, per);
    let later = |tax: &mut Tax| tax.affects_later = true;
    let included = |tax: &mut Tax| tax.included = true;
    let reverse = |tax: &mut Tax| tax.charge = Charge::Reverse;
    let exempt = |tax: &mut Tax| tax.charge = Charge::Exempt;
    let same = |_: &mut Tax| ();
    let changes: [(Change<'_>, Change<'_>, &str); 16] = [
        (&from(0), &same, ""),
        (&from(-1), &same, "each threshold"),
        (&most(0, Per::Item), &same, ""),
        (&most(-1, Per::Item), &same, "each threshold"),
        (&from(0), &litre, "of kind percent"),
        (&most(0, Per::Item), &division, "of kind percent"),
        (&litre, &same, ""),
        (&division, &later, ""),
        (&reverse, &same, ""),
        (&exempt, &litre, ""),
        (&reverse, &later, "not charged"),
        (&exempt, &division, "not charged"),
        (&most(0, Per::Receipt), &same, ""),
        (&most(0, Per::Receipt), &included, "cap per receipt"),
        (&most(0, Per::Receipt), &later, "cap per receipt"),
        (&most(0, Per::Item), &included, ""),
    ];
    for (first, second, expected) in changes {
        let mut tax = percent(1);
        first(&mut tax);
        second(&mut tax);
        let said = told(tax);
        assert_eq!(said.is_empty(), expected.is_empty(), "{tax:?}: {said}");
        assert!(said.contains(expected), "{tax:?}: {said}");
    }
}

#[test]
fn each_word_of_a_policy_means_its_own_and_others_are_refused() {
    let words = [
        "line",
        "half_up",
        "tax_first",
        "largest",
        "rounded",
        "half_up",
        "gross",
    ];
    let with = |place: usize, word| {
        let mut words = words;
        words[place] = word;
        Policy::from_words(words)
    };
    let plain = Policy::from_words(words).unwrap();
    assert_eq!(
        (plain.level, plain.residual),
        (Level::Line, Residual::Largest)
    );
    assert!(!plain.net_first && !plain.exact_amounts && !plain.division_base_net);
    for (word, level) in [
        ("unit", Level::Unit),
        ("rate_document", Level::RateDocument),
        ("document", Level::Document),
    ] {
        assert_eq!(with(0, word).unwrap().level, level);
    }
    assert_ne!(with(1, "down").unwrap().mode, plain.mode);
    assert!(with(2, "net_first").unwrap().net_first);
    for (word, residual) in [
        ("first", Residual::First),
        ("last", Residual::Last),
        ("biggest", Residual::Biggest),
    ] {
        assert_eq!(with(3, word).unwrap().residual, residual);
    }
    assert!(with(4, "exact").unwrap().exact_amounts);
    assert_ne!(with(5, "down").unwrap().amount_mode, plain.amount_mode);
    assert!(with(6, "net").unwrap().division_base_net);
    for place in 0..words.len() {
        let refused = with(place, "Line").unwrap_err();
        assert!(matches!(refused, CoreError::UnknownWord { .. }), "{place}");
    }
    for (word, measure) in [
        ("piece", Measure::Piece),
        ("litre", Measure::Litre),
        ("kg", Measure::Kg),
        ("degree", Measure::Degree),
    ] {
        assert_eq!(Measure::from_word(word), Ok(measure));
    }
    for (word, charge) in [
        ("charged", Charge::Charged),
        ("reverse", Charge::Reverse),
        ("exempt", Charge::Exempt),
    ] {
        assert_eq!(Charge::from_word(word), Ok(charge));
    }
    let capped = |of: &str, per: &str| Cap::from_words(of, 7, per).map(|cap| (cap.of, cap.per));
    assert_eq!(capped("tax", "item"), Ok((Capped::Tax, Per::Item)));
    assert_eq!(capped("base", "receipt"), Ok((Capped::Base, Per::Receipt)));
    for refused in [
        Measure::from_word("ton").is_err(),
        Charge::from_word("paid").is_err(),
        capped("price", "item").is_err(),
        capped("tax", "day").is_err(),
        Kind::from_words("flat", 1, "").is_err(),
    ] {
        assert!(refused);
    }
}
