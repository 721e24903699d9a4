//! Promotions and lines that cannot be meant.

use super::*;

#[test]
fn what_cannot_mean_anything_is_refused_by_name() {
    let fault = |change: &dyn Fn(&mut Promotion)| {
        let mut one = each(4, Off::Percent(100_000));
        change(&mut one);
        match PromotionSet::compile(vec![one], 10) {
            Err(CoreError::Promotion {
                promotion_id: 4,
                fault,
            }) => Some(fault),
            _ => None,
        }
    };
    assert_eq!(fault(&|_| ()), None);
    assert_eq!(
        fault(&|one| one.sets = vec![only(&[])]),
        Some(Fault::EmptySet)
    );
    assert_eq!(
        fault(&|one| one.sets = vec![only(&[10])]),
        Some(Fault::UnknownItem(10))
    );
    assert_eq!(
        fault(&|one| one.sets[0].except = vec![11]),
        Some(Fault::UnknownItem(11))
    );
    assert_eq!(fault(&|one| one.sets.clear()), Some(Fault::UnknownSet));
    let emptied = ItemSet {
        items: Items::Only(vec![1]),
        except: vec![1],
    };
    assert_eq!(
        fault(&|one| one.sets = vec![emptied.clone()]),
        Some(Fault::EmptySet)
    );
    let never = Some(Fault::NeverOpens);
    assert_eq!(
        fault(&|one| (one.window.start_s, one.window.end_s) = (Some(5), Some(5))),
        never
    );
    assert_eq!(fault(&|one| one.window.weekly = Some(vec![])), never);
    assert_eq!(fault(&|one| one.window.weekly = Some(vec![(5, 5)])), never);
    assert_eq!(
        fault(&|one| one.window.weekly = Some(vec![(0, 10_081)])),
        never
    );
    let benefit = |benefit: Benefit| fault(&|one| one.benefit = benefit.clone());
    let off = |off| benefit(Benefit::Each { set: 0, off });
    assert_eq!(off(Off::Price(-1)), Some(Fault::BelowZero));
    assert_eq!(off(Off::Percent(1_000_001)), Some(Fault::AboveWhole));
    let slots = |slots| {
        benefit(Benefit::Bundle {
            slots,
            off: Off::Price(1),
        })
    };
    assert_eq!(slots(vec![]), Some(Fault::Count));
    assert_eq!(slots(vec![Slot { set: 0, count: 0 }]), Some(Fault::Count));
    assert_eq!(
        slots(vec![Slot { set: 1, count: 1 }]),
        Some(Fault::UnknownSet)
    );
    let cart_price = Benefit::Cart {
        set: 0,
        off: Off::Price(1),
    };
    assert_eq!(benefit(cart_price), Some(Fault::CartPrice));
    let step = Benefit::EverySpend {
        set: 0,
        step_minor: 0,
        off_minor: 1,
    };
    assert_eq!(benefit(step), Some(Fault::BelowZero));
    assert_eq!(
        fault(&|one| one.class = Class::Cart),
        Some(Fault::ClassAndBenefit)
    );
    assert_eq!(
        fault(&|one| one.class = Class::Set),
        Some(Fault::ClassAndBenefit)
    );
    assert_eq!(
        fault(&|one| one.vendor_ppm = 1_000_001),
        Some(Fault::AboveWhole)
    );
}

#[test]
fn promotions_that_contradict_one_another_are_refused() {
    let twice = vec![each(1, Off::Amount(1)), each(1, Off::Amount(2))];
    let refused = |promotions| {
        PromotionSet::compile(promotions, 10)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(refused(twice), "promotion 1: another promotion has this id");
    let grouped = |id| {
        let mut one = stacking(each(id, Off::Amount(1)), Base::Running);
        one.exclusive_group = Some(5);
        one
    };
    assert!(PromotionSet::compile(Vec::new(), u32::MAX).is_err());
    assert_eq!(
        refused(vec![grouped(1), grouped(2)]),
        "promotion 1: it stacks with 2 and is in one exclusive group with it"
    );
}

#[test]
fn a_refused_line_changes_nothing() {
    let mut found = cart(&[each(1, Off::Percent(500_000))], &[piece(1, 100)]);
    let huge = Line {
        unit_price_micros: i64::MAX,
        quantity_milli: i64::MAX,
        ..piece(1, 0)
    };
    assert!(found.add_line(huge).is_err());
    assert!(found.change_line(0, huge).is_err());
    let crowd = pieces(1, 1, 1_000_001);
    assert!(found.add_line(crowd).is_err());
    let sunken = Line {
        floor_price_micros: -1,
        ..piece(1, 1)
    };
    assert!(found.add_line(sunken).is_err());
    assert!(found.remove_line(7).is_err());
    assert_eq!(found.total_minor(), 50);
    assert_eq!(found.add_line(piece(1, 10)).unwrap().changed, [(1, 5)]);
    assert_eq!(found.remove_line(1).unwrap().changed, []);
    // Two halves of the largest sum fit; a third line does not.
    let half = Line {
        unit_price_micros: i64::MAX / 2,
        quantity_milli: 10_000_000,
        ..piece(1, 0)
    };
    let half = Line {
        pieces: false,
        ..half
    };
    assert!(found.add_line(half).is_ok());
    assert!(matches!(
        found.add_line(half),
        Ok(_) | Err(CoreError::Overflow { .. })
    ));
    assert!(matches!(
        found.add_line(half),
        Err(CoreError::Overflow { .. })
    ));
}

#[test]
fn a_line_that_is_gone_leaves_its_room_in_the_sum_and_no_more() {
    // Of four quarters of the largest sum; a line of nothing is left where one was.
    let quarters = |count: i64| Line {
        unit_price_micros: i64::MAX / 4,
        quantity_milli: count * 10_000_000,
        pieces: false,
        ..piece(1, 0)
    };
    let mut found = cart(&[], &[quarters(2), quarters(1)]);
    assert!(found.add_line(quarters(2)).is_err());
    found.remove_line(0).unwrap();
    assert!(found.add_line(quarters(4)).is_err());
    assert!(found.add_line(quarters(2)).is_ok());
    assert!(found.add_line(quarters(2)).is_err());
}
