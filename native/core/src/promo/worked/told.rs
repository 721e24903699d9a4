//! What is told of a priced cart: modifiers, parts of a line, why a promotion did not act.

use super::*;
use crate::promo::Reason;

#[test]
fn modifiers_say_what_was_before_and_after_and_who_pays() {
    let mut one = each(1, Off::Percent(100_000));
    one.vendor_ppm = 500_000;
    let priced = cart(&[one, on_cart(2, Off::Amount(100))], &[piece(1, 1_005)]).priced();
    let rows = priced.modifiers.iter();
    let rows: Vec<_> = rows
        .map(|m| {
            (
                m.promotion_id,
                m.version,
                m.amount_minor,
                m.before_minor,
                m.after_minor,
            )
        })
        .collect();
    assert_eq!(rows, [(1, 7, -101, 1_005, 904), (2, 7, -100, 904, 804)]);
    let funded = priced
        .applications
        .iter()
        .map(|a| (a.saving_minor, a.vendor_minor));
    assert_eq!(funded.collect::<Vec<_>>(), [(101, 51), (100, 0)]);
    // 1.00 over three equal lines: the first got two thirds of a cent too much.
    let lines = [piece(1, 333), piece(2, 333), piece(3, 333)];
    let priced = cart(&[on_cart(1, Off::Amount(100))], &lines).priced();
    let rounding: Vec<i64> = priced.modifiers.iter().map(|m| m.rounding_micro).collect();
    assert_eq!(rounding, [-666_667, 333_333, 333_333]);
}

#[test]
fn what_only_pays_for_a_reward_has_no_part_and_so_no_rounding() {
    let priced = cart(&[cable_at_half()], &[piece(1, 9_900), piece(2, 501)]).priced();
    let rows = priced.modifiers.iter();
    let rows = rows.map(|m| (m.line, m.amount_minor, m.rounding_micro));
    assert_eq!(rows.collect::<Vec<_>>(), [(0, 0, 0), (1, -251, 0)]);
}

#[test]
fn a_line_is_explained_by_parts_that_sum_to_it() {
    let found = cart(
        &[each(1, Off::Percent(100_000)), on_cart(2, Off::Amount(100))],
        &[piece(1, 1_000)],
    );
    let parts = found.explain(0).unwrap();
    assert_eq!(
        parts.iter().map(Reason::amount_minor).collect::<Vec<_>>(),
        [1_000, -100, -100]
    );
    assert!(found.explain(1).is_err());
}

fn why(one: Promotion, facts: Facts, lines: &[Line]) -> WhyNot {
    let id = one.id;
    cart_with(&[one], facts, lines).why_not(id).unwrap()
}

#[test]
fn what_keeps_a_promotion_closed_is_named() {
    let lines = [piece(1, 1_000)];
    let closed = |change: &dyn Fn(&mut Promotion)| {
        let mut one = each(1, Off::Percent(100_000));
        change(&mut one);
        why(one, Facts::default(), &lines)
    };
    assert_eq!(closed(&|_| ()), WhyNot::Applied(100));
    let is = |clause| WhyNot::Closed(clause);
    assert_eq!(
        closed(&|one| one.window.start_s = Some(1)),
        is(Clause::Window)
    );
    assert_eq!(
        closed(&|one| one.window.end_s = Some(0)),
        is(Clause::Window)
    );
    assert_eq!(
        closed(&|one| one.window.weekly = Some(vec![(60, 120)])),
        is(Clause::Window)
    );
    assert_eq!(closed(&|one| one.eligibility.stores = 2), is(Clause::Store));
    assert_eq!(
        closed(&|one| one.eligibility.channels = 2),
        is(Clause::Channel)
    );
    assert_eq!(
        closed(&|one| one.eligibility.customer_groups = 4),
        is(Clause::CustomerGroup)
    );
    assert_eq!(
        closed(&|one| one.eligibility.coupon = Some(9)),
        is(Clause::CouponMissing)
    );
    assert_eq!(
        closed(&|one| one.eligibility.tenders = 1),
        is(Clause::Tender)
    );
    assert_eq!(
        closed(&|one| one.eligibility.points_min = 1),
        is(Clause::Points)
    );
    assert_eq!(
        closed(&|one| one.limit_per_cart = Some(0)),
        is(Clause::LimitReached)
    );
    // All of it met, at the first minute of the hour.
    let mut one = each(1, Off::Percent(100_000));
    one.window.weekly = Some(vec![(60, 120)]);
    one.eligibility = Eligibility {
        stores: 2,
        channels: 1,
        customer_groups: 6,
        tenders: 1,
        coupon: Some(9),
        points_min: 10,
    };
    let facts = Facts {
        store: 2,
        channel: 1,
        customer_groups: 4,
        tenders: 3,
        coupons: vec![8, 9],
        points: 10,
        week_s: 3_600,
        ..Facts::default()
    };
    assert_eq!(
        why(one.clone(), facts.clone(), &lines),
        WhyNot::Applied(100)
    );
    let late = Facts {
        week_s: 7_200,
        ..facts
    };
    assert_eq!(why(one, late, &lines), is(Clause::Window));
}

#[test]
fn what_keeps_an_open_promotion_from_acting_is_named() {
    let now = Facts::default;
    let lines = [piece(1, 1_000), piece(2, 500)];
    let mut one = each(1, Off::Percent(100_000));
    one.sets = vec![only(&[3]), all()];
    assert_eq!(why(one.clone(), now(), &lines), WhyNot::NoItem);
    one.sets[0] = ItemSet {
        items: Items::All,
        except: vec![1, 2],
    };
    assert_eq!(
        why(one.clone(), now(), &lines),
        WhyNot::Excluded { line: 0 }
    );
    one.sets[0] = all();
    one.gates = vec![Gate::MinQuantity { set: 1, count: 3 }];
    assert_eq!(
        why(one.clone(), now(), &lines),
        WhyNot::MinQuantity { have: 2, need: 3 }
    );
    one.gates = vec![Gate::MinSpend {
        set: 1,
        amount_minor: 2_000,
    }];
    assert_eq!(
        why(one, now(), &lines),
        WhyNot::MinSpend {
            have: 1_500,
            need: 2_000
        }
    );
    let three = bundle(1, 3, Off::Price(100));
    assert_eq!(
        why(three, now(), &lines),
        WhyNot::MinQuantity { have: 2, need: 3 }
    );
    let floored = Line {
        floor_price_micros: 10_000_000,
        ..piece(1, 1_000)
    };
    assert_eq!(
        why(each(1, Off::Amount(1)), now(), &[floored]),
        WhyNot::Floor
    );
    assert_eq!(
        why(each(1, Off::Price(9_000)), now(), &lines),
        WhyNot::NoSaving
    );
    let step = Benefit::EverySpend {
        set: 0,
        step_minor: 5_000,
        off_minor: 500,
    };
    let short = WhyNot::MinSpend {
        have: 1_500,
        need: 5_000,
    };
    assert_eq!(why(promotion(1, step), now(), &lines), short);
}

#[test]
fn what_a_promotion_lost_to_is_named() {
    let tenth = each(1, Off::Percent(100_000));
    let pair = bundle(2, 2, Off::Percent(500_000));
    let fifth = each(3, Off::Percent(200_000));
    let lines = [pieces(1, 1_000, 2)];
    let found = cart(&[tenth.clone(), pair], &lines);
    let lost = WhyNot::UnitsConsumed {
        by: 2,
        alone_minor: 200,
    };
    assert_eq!(found.why_not(1), Ok(lost));
    let found = cart(&[tenth, fifth], &lines);
    let lost = WhyNot::LostTo {
        by: 3,
        alone_minor: 200,
    };
    assert_eq!(found.why_not(1), Ok(lost));
    assert!(found.why_not(9).is_err());
    // An item number from elsewhere is no reason to make room for all below it.
    let far = cart(&[each(1, Off::Percent(0))], &[piece(4_000_000_000, 100)]);
    assert_eq!(far.why_not(1), Ok(WhyNot::NoSaving));
    let pair = [
        on_cart(1, Off::Percent(100_000)),
        on_cart(2, Off::Amount(50)),
    ];
    let lost = WhyNot::LostTo {
        by: 1,
        alone_minor: 50,
    };
    assert_eq!(cart(&pair, &lines).why_not(2), Ok(lost));
}

#[test]
fn a_clause_that_is_met_to_the_unit_and_the_cent_is_not_what_is_missing() {
    let lines = [pieces(1, 500, 2), piece(1, 500), piece(2, 200)];
    let closed = |gate: Gate, benefit: Benefit| {
        let mut one = promotion(1, benefit);
        one.sets = vec![only(&[1]), only(&[2])];
        one.gates = vec![gate];
        why(one, Facts::default(), &lines)
    };
    let nothing = Benefit::Each {
        set: 0,
        off: Off::Percent(0),
    };
    let units = |set, count| closed(Gate::MinQuantity { set, count }, nothing.clone());
    assert_eq!(
        (units(0, 3), units(1, 1)),
        (WhyNot::NoSaving, WhyNot::NoSaving)
    );
    assert_eq!(units(0, 4), WhyNot::MinQuantity { have: 3, need: 4 });
    assert_eq!(units(1, 2), WhyNot::MinQuantity { have: 1, need: 2 });
    let spend = |set, amount_minor| closed(Gate::MinSpend { set, amount_minor }, nothing.clone());
    assert_eq!(
        (spend(0, 1_500), spend(1, 200)),
        (WhyNot::NoSaving, WhyNot::NoSaving)
    );
    assert_eq!(
        spend(0, 1_501),
        WhyNot::MinSpend {
            have: 1_500,
            need: 1_501
        }
    );
    assert_eq!(
        spend(1, 201),
        WhyNot::MinSpend {
            have: 200,
            need: 201
        }
    );
    let sets = |count, least| {
        closed(
            Gate::MinSets {
                sets: 3,
                count,
                least,
            },
            nothing.clone(),
        )
    };
    assert_eq!(
        (sets(1, 2), sets(3, 1)),
        (WhyNot::NoSaving, WhyNot::NoSaving)
    );
    assert_eq!(sets(2, 2), WhyNot::MinSets { have: 1, need: 2 });
    assert_eq!(sets(4, 1), WhyNot::MinSets { have: 0, need: 1 });
    let open = Gate::MinQuantity { set: 0, count: 1 };
    let step = |step_minor| {
        let benefit = Benefit::EverySpend {
            set: 0,
            step_minor,
            off_minor: 0,
        };
        closed(open, benefit)
    };
    assert_eq!(step(1_500), WhyNot::NoSaving);
    assert_eq!(
        step(1_501),
        WhyNot::MinSpend {
            have: 1_500,
            need: 1_501
        }
    );
    let slots = |first, second| {
        let slots = vec![
            Slot {
                set: 0,
                count: first,
            },
            Slot {
                set: 1,
                count: second,
            },
        ];
        closed(
            open,
            Benefit::Bundle {
                slots,
                off: Off::Price(90_000),
            },
        )
    };
    assert_eq!(slots(3, 1), WhyNot::NoSaving);
    assert_eq!(slots(4, 1), WhyNot::MinQuantity { have: 3, need: 4 });
    assert_eq!(slots(3, 2), WhyNot::MinQuantity { have: 1, need: 2 });
}

#[test]
fn what_is_spent_is_measured_as_the_promotion_finds_it() {
    let tenth = each(1, Off::Percent(100_000));
    let mut gated = on_cart(2, Off::Amount(50));
    gated.gates = vec![Gate::MinSpend {
        set: 0,
        amount_minor: 1_901,
    }];
    let lines = [piece(1, 1_000), piece(1, 1_000), piece(2, 111)];
    // Of the cart's promotions behind what the units already have off: 900, 900 and 100.
    let found = cart(&[tenth.clone(), gated.clone()], &lines);
    assert_eq!(
        found.why_not(2),
        Ok(WhyNot::MinSpend {
            have: 1_900,
            need: 1_901
        })
    );
    // Of the others before it.
    gated.benefit = Benefit::Each {
        set: 0,
        off: Off::Amount(1),
    };
    gated.gates = vec![Gate::MinSpend {
        set: 0,
        amount_minor: 2_112,
    }];
    let found = cart(&[tenth.clone(), gated], &lines);
    assert_eq!(
        found.why_not(2),
        Ok(WhyNot::MinSpend {
            have: 2_111,
            need: 2_112
        })
    );
    let step = Benefit::EverySpend {
        set: 0,
        step_minor: 2_112,
        off_minor: 5,
    };
    let found = cart(&[tenth, promotion(2, step)], &lines);
    assert_eq!(
        found.why_not(2),
        Ok(WhyNot::MinSpend {
            have: 1_900,
            need: 2_112
        })
    );
}

#[test]
fn a_line_that_is_only_just_outside_is_named() {
    let off = Off::Percent(100_000);
    let sets = |sets: Vec<ItemSet>, lines: &[Line]| {
        let mut one = each(1, off);
        one.sets = sets;
        why(one, Facts::default(), lines)
    };
    let without = |items: Items, except: &[u32]| ItemSet {
        items,
        except: except.to_vec(),
    };
    let fixed = Line {
        discountable: false,
        ..piece(1, 100)
    };
    let lines = [piece(3, 100), fixed, piece(2, 100)];
    assert_eq!(sets(vec![only(&[1])], &lines), WhyNot::Excluded { line: 1 });
    assert_eq!(sets(vec![only(&[1, 3])], &lines), WhyNot::Applied(10));
    let listed = without(Items::Only(vec![1, 2, 4]), &[2]);
    assert_eq!(
        sets(vec![listed], &lines[2..]),
        WhyNot::Excluded { line: 0 }
    );
    assert_eq!(
        sets(vec![without(Items::All, &[2, 3])], &lines),
        WhyNot::Excluded { line: 0 }
    );
    // A set the benefit does not speak of brings no line in.
    assert_eq!(sets(vec![only(&[4]), all()], &lines), WhyNot::NoItem);
    let mut pair = promotion(
        1,
        Benefit::Bundle {
            slots: vec![Slot { set: 0, count: 1 }, Slot { set: 2, count: 1 }],
            off: Off::Price(1),
        },
    );
    pair.sets = vec![
        without(Items::All, &[2]),
        only(&[2]),
        without(Items::All, &[2, 3]),
    ];
    let found = why(pair.clone(), Facts::default(), &lines[2..]);
    assert_eq!(found, WhyNot::Excluded { line: 0 });
    let found = why(pair, Facts::default(), &lines[..1]);
    assert_eq!(found, WhyNot::MinQuantity { have: 0, need: 1 });
}

#[test]
fn of_several_it_lost_to_the_one_that_took_most_is_named() {
    let lines = [piece(1, 1_000), piece(2, 300)];
    let own = |id, items: &[u32], minor| {
        let mut one = each(id, Off::Amount(minor));
        one.sets = vec![only(items)];
        one
    };
    let of = |others: &[Promotion]| {
        let one = Promotion {
            priority: 0,
            ..each(9, Off::Amount(20))
        };
        let all: Vec<Promotion> = others.iter().cloned().chain([one]).collect();
        cart(&all, &lines).why_not(9)
    };
    let lost = |by| {
        Ok(WhyNot::LostTo {
            by,
            alone_minor: 40,
        })
    };
    assert_eq!(of(&[own(1, &[1], 50), own(2, &[2], 60)]), lost(2));
    assert_eq!(of(&[own(1, &[1], 60), own(2, &[2], 50)]), lost(1));
    // Of equals the one that stands first.
    assert_eq!(of(&[own(1, &[1], 50), own(2, &[2], 50)]), lost(1));
    let mut higher = own(2, &[2], 50);
    higher.priority = 5;
    assert_eq!(of(&[own(1, &[1], 50), higher]), lost(2));
    // What a promotion takes of several units counts together.
    assert_eq!(of(&[own(1, &[1, 2], 30), own(2, &[2], 50)]), lost(2));
    assert_eq!(of(&[own(1, &[1, 2], 26), own(2, &[2], 25)]), lost(1));
}
