//! When a promotion is open.

use super::*;

#[test]
fn facts_can_change_under_a_cart() {
    let mut half = each(1, Off::Percent(500_000));
    half.eligibility.coupon = Some(7);
    let mut found = cart(&[half], &[piece(1, 100), piece(2, 300)]);
    found.remove_line(0).unwrap();
    assert_eq!(found.total_minor(), 300);
    let facts = Facts {
        coupons: vec![7],
        ..Facts::default()
    };
    assert_eq!(found.set_facts(facts).unwrap().changed, [(1, 150)]);
    assert_eq!(found.total_minor(), 150);
}

#[test]
fn a_window_may_go_by_the_business_day() {
    // Fridays, from six to three in the morning, which is still Friday's trade.
    let friday = 4 * 1_440;
    let mut late = each(1, Off::Percent(500_000));
    late.window.weekly = Some(vec![(friday + 720, friday + 1_440)]);
    late.window.business_day = true;
    let total = |week_s: u32, business_week_s| {
        let facts = Facts {
            week_s,
            business_week_s,
            ..Facts::default()
        };
        cart_with(std::slice::from_ref(&late), facts, &[piece(1, 100)]).total_minor()
    };
    let saturday_two = 5 * 86_400 + 2 * 3_600;
    let six_hours = 6 * 3_600;
    assert_eq!(total(saturday_two, Some(saturday_two - six_hours)), 50);
    // Without a business day, days begin at midnight.
    assert_eq!(total(saturday_two, None), 100);
    // Monday at two is still Sunday's, the last day of the week before.
    let mut sunday = late.clone();
    sunday.window.weekly = Some(vec![(6 * 1_440, 7 * 1_440)]);
    // Its last day ends when that day's trade does.
    sunday.window.end_s = Some(1_000_000);
    let open = |now_s| {
        let facts = Facts {
            now_s,
            week_s: 2 * 3_600,
            business_week_s: Some(7 * 86_400 - 4 * 3_600),
            ..Facts::default()
        };
        cart_with(std::slice::from_ref(&sunday), facts, &[piece(1, 100)]).total_minor() == 50
    };
    assert!(open(1_000_000 + 21_599));
    assert!(!open(1_000_000 + 21_600));
}

#[test]
fn a_gate_may_ask_for_some_of_several_sets() {
    let mut menu = each(1, Off::Percent(500_000));
    menu.sets = vec![only(&[1]), only(&[2]), only(&[3]), only(&[4])];
    let gate = |sets, count, least| Gate::MinSets { sets, count, least };
    menu.gates = vec![gate(0b1110, 1, 2)];
    let of = |items: &[u32]| {
        let lines: Vec<Line> = items.iter().map(|&item| piece(item, 100)).collect();
        cart(std::slice::from_ref(&menu), &lines)
    };
    assert_eq!(of(&[1, 2, 4]).total_minor(), 250);
    assert_eq!(of(&[1, 2, 2]).total_minor(), 300);
    assert_eq!(
        of(&[1, 2]).why_not(1),
        Ok(WhyNot::MinSets { have: 1, need: 2 })
    );
    // A set that is not named does not count.
    assert_eq!(
        of(&[1]).why_not(1),
        Ok(WhyNot::MinSets { have: 0, need: 2 })
    );
    let refused = |gate| {
        let mut one = menu.clone();
        one.gates = vec![gate];
        let refused = PromotionSet::compile(vec![one], 10).unwrap_err();
        let CoreError::Promotion { fault, .. } = refused else {
            panic!("another refusal");
        };
        fault
    };
    assert_eq!(refused(gate(0b0110, 1, 3)), Fault::Count);
    assert_eq!(refused(gate(0b0110, 0, 1)), Fault::Count);
    assert_eq!(refused(gate(0b1_0000, 1, 1)), Fault::UnknownSet);
}

#[test]
fn a_gate_opens_at_its_amount_and_its_count_and_not_before() {
    let tenth = each(1, Off::Percent(100_000));
    let lines = [piece(1, 1_000), piece(1, 1_000), piece(2, 111)];
    let takes = |benefit: Benefit, gate| {
        let mut gated = promotion(2, benefit);
        gated.gates = vec![gate];
        let found = cart(&[tenth.clone(), gated], &lines);
        matches!(found.why_not(2), Ok(WhyNot::Applied(_)))
    };
    let on_units = || Benefit::Each {
        set: 0,
        off: Off::Percent(500_000),
    };
    let on_cart = || Benefit::Cart {
        set: 0,
        off: Off::Amount(50),
    };
    let spend = |amount_minor| Gate::MinSpend {
        set: 0,
        amount_minor,
    };
    let units = |count| Gate::MinQuantity { set: 0, count };
    // What units cost at first, and behind them what the tenth left of 1,000, 1,000 and 111.
    assert!(takes(on_units(), spend(2_111)) && !takes(on_units(), spend(2_112)));
    assert!(takes(on_cart(), spend(1_900)) && !takes(on_cart(), spend(1_901)));
    for benefit in [on_units(), on_cart()] {
        assert!(takes(benefit.clone(), units(3)) && !takes(benefit, units(4)));
    }
}
