//! Promotions that want the same units, or the same cart.

use super::*;

#[test]
fn stacking_is_on_what_is_left_or_on_the_original() {
    let two = |base| {
        [
            stacking(each(1, Off::Percent(100_000)), base),
            stacking(each(2, Off::Percent(200_000)), base),
        ]
    };
    assert_eq!(nets(&two(Base::Running), &[piece(1, 10_000)]), [7_200]);
    assert_eq!(nets(&two(Base::Original), &[piece(1, 10_000)]), [7_000]);
    // One side alone does not agree: the better one is given.
    let mut shy = two(Base::Running);
    shy[0].stacks_with = 0;
    assert_eq!(nets(&shy, &[piece(1, 10_000)]), [8_000]);
    // Two that stack beat a better single one.
    let [one, two] = two(Base::Running);
    let lonely = each(3, Off::Percent(250_000));
    assert_eq!(nets(&[one, two, lonely], &[piece(1, 10_000)]), [7_200]);
    // On the cart the same.
    let on = |id, ppm| stacking(on_cart(id, Off::Percent(ppm)), Base::Original);
    assert_eq!(
        nets(&[on(1, 100_000), on(2, 200_000)], &[piece(1, 10_000)]),
        [7_000]
    );
}

#[test]
fn a_deal_may_stand_on_what_stacks_with_it() {
    let tenth = stacking(each(1, Off::Percent(100_000)), Base::Running);
    let third = stacking(free(2, 2, 1, Pick::Cheapest), Base::Running);
    let priced = cart(&[tenth, third], &[pieces(1, 100, 3)]).priced();
    assert_eq!(priced.total_minor, 180);
    let mods: Vec<_> = priced
        .modifiers
        .iter()
        .map(|m| (m.promotion_id, m.amount_minor))
        .collect();
    assert_eq!(mods, [(1, -30), (2, -90)]);
}

#[test]
fn stacked_shares_never_take_a_unit_below_nothing() {
    let one = stacking(each(1, Off::Percent(500_000)), Base::Original);
    let two = stacking(each(2, Off::Percent(500_000)), Base::Original);
    let lines = [piece(1, 1), piece(1, 1), piece(1, 1)];
    assert_eq!(nets(&[one, two], &lines), [0, 0, 0]);
}

#[test]
fn the_best_deal_wins_and_ties_go_by_the_rule() {
    let tenth = each(1, Off::Percent(100_000));
    let three = bundle(2, 3, Off::Price(200));
    let lines = [pieces(1, 100, 4)];
    let found = cart(&[tenth.clone(), three.clone()], &lines);
    assert_eq!(found.total_minor(), 290);
    // As good: fewer applications, then higher priority, then the lower id.
    let winner = |promotions: &[Promotion], lines: &[Line]| {
        cart(promotions, lines).priced().applications[0].promotion_id
    };
    let [mut a, b] = [each(5, Off::Amount(10)), each(6, Off::Percent(100_000))];
    assert_eq!(winner(&[b.clone(), a.clone()], &[piece(1, 100)]), 5);
    let mut high = b;
    high.priority = 1;
    assert_eq!(winner(&[a.clone(), high.clone()], &[piece(1, 100)]), 6);
    a.priority = 1;
    assert_eq!(winner(&[high, a], &[piece(1, 100)]), 5);
    // Strict priority takes the lesser one first.
    let mut first = tenth;
    first.priority = 9;
    let facts = Facts {
        policy: Policy::StrictPriority,
        ..Facts::default()
    };
    assert_eq!(cart_with(&[first, three], facts, &lines).total_minor(), 360);
}

/// What a cart comes to where the higher priority goes first.
fn strict_total(promotions: &[Promotion], lines: &[Line]) -> i64 {
    let facts = Facts {
        policy: Policy::StrictPriority,
        ..Facts::default()
    };
    cart_with(promotions, facts, lines).total_minor()
}

#[test]
fn of_equal_priorities_the_one_that_saves_more_goes_first() {
    let lines = [piece(1, 1_000)];
    let units = [
        each(1, Off::Percent(100_000)),
        each(2, Off::Percent(200_000)),
    ];
    assert_eq!(strict_total(&units, &lines), 800);
    let whole = [
        on_cart(1, Off::Percent(100_000)),
        on_cart(2, Off::Percent(200_000)),
    ];
    assert_eq!(strict_total(&whole, &lines), 800);
    // Not more than all that is left to a lower one: the higher still goes first.
    let mut third = each(3, Off::Percent(50_000));
    third.priority = 1;
    assert_eq!(strict_total(&[third, units[1].clone()], &lines), 950);
}

#[test]
fn a_deal_stands_on_what_a_higher_priority_takes_of_each_where_they_agree() {
    let lines = [piece(1, 1_000), piece(2, 800)];
    let mut tenth = stacking(each(1, Off::Percent(100_000)), Base::Running);
    tenth.priority = 5;
    let pair = stacking(bundle(2, 2, Off::Percent(200_000)), Base::Running);
    // 9.00 and 7.20, then 20 % of 16.20.
    assert_eq!(strict_total(&[tenth.clone(), pair.clone()], &lines), 1_296);
    // Where they do not, it takes none of those units.
    let mut lone = pair.clone();
    lone.stacks_with = 0;
    assert_eq!(strict_total(&[tenth.clone(), lone], &lines), 1_620);
    // The same in a contest too large to try every way.
    let many = [pieces(1, 1_000, 40), pieces(2, 800, 40)];
    assert_eq!(strict_total(&[tenth.clone(), pair.clone()], &many), 51_840);
    // What stacks by a lower priority gives way to a deal of a higher one that it does not suit.
    let mut half = each(3, Off::Percent(500_000));
    half.tags = 1;
    half.stacks_with = 2;
    tenth.tags = 3;
    tenth.stacks_with = 3;
    let mut pair = pair;
    pair.priority = 3;
    pair.tags = 1;
    pair.stacks_with = 1;
    half.tags = 2;
    for (lines, left) in [(lines, 1_296), (many, 51_840)] {
        let set = [tenth.clone(), half.clone(), pair.clone()];
        assert_eq!(strict_total(&set, &lines), left);
    }
}

#[test]
fn classes_follow_one_another_on_the_cart() {
    let class = |mut one: Promotion, class| {
        one.class = class;
        one
    };
    let cart_class = class(on_cart(1, Off::Percent(100_000)), Class::Cart);
    let coupon = class(on_cart(2, Off::Amount(500)), Class::Coupon);
    let staff = class(on_cart(3, Off::Percent(500_000)), Class::Employee);
    let set = [staff, coupon, cart_class];
    // 100.00 − 10 % − 5.00, then half.
    assert_eq!(cart(&set, &[piece(1, 10_000)]).total_minor(), 4_250);
    // Within one class the better one.
    let pair = [
        on_cart(1, Off::Percent(100_000)),
        on_cart(2, Off::Amount(500)),
    ];
    assert_eq!(cart(&pair, &[piece(1, 10_000)]).total_minor(), 9_000);
    // A group reaches from units to the cart: the line that was touched is passed by.
    let mut unit = each(1, Off::Amount(100));
    unit.sets = vec![only(&[1])];
    unit.exclusive_group = Some(3);
    let mut whole = on_cart(2, Off::Percent(100_000));
    whole.exclusive_group = Some(3);
    assert_eq!(
        nets(&[unit, whole], &[piece(1, 1_000), piece(2, 1_000)]),
        [900, 900]
    );
}

#[test]
fn a_deal_is_found_that_is_worth_it_only_for_all_its_units_together() {
    // A tenth off four saves 40.00; alone, three of them save nothing and the fourth 35.00.
    let tenth = bundle(1, 4, Off::Percent(100_000));
    let mut alone = each(2, Off::Amount(3_500));
    alone.sets = vec![only(&[2])];
    let lines = [pieces(1, 10_000, 3), piece(2, 10_000)];
    assert_eq!(cart(&[tenth, alone], &lines).total_minor(), 36_000);
}

#[test]
fn a_part_that_no_millionths_tell_exactly_is_not_told_for_less() {
    // A third of three is 1,000,000,000 of one; 333,333 millionths of one are 999,999,000.
    let alone = each(1, Off::Amount(999_999_500));
    let third = free(2, 2, 1, Pick::Cheapest);
    let lines = [pieces(1, 3_000_000_000, 3)];
    assert_eq!(cart(&[alone, third], &lines).total_minor(), 6_000_000_000);
}
