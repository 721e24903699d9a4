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
