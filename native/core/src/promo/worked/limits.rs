//! The least and the most that can be meant, by one each way.

use super::*;

/// The fault of a promotion that is changed so; none where it is taken.
fn fault(change: &dyn Fn(&mut Promotion)) -> Option<Fault> {
    let mut one = each(4, Off::Percent(100_000));
    change(&mut one);
    match PromotionSet::compile(vec![one], 10) {
        Err(CoreError::Promotion { fault, .. }) => Some(fault),
        Err(other) => panic!("{other}"),
        Ok(_) => None,
    }
}

#[test]
fn the_least_and_the_most_that_can_be_meant_is_taken_and_no_more() {
    let (below, above) = (Some(Fault::BelowZero), Some(Fault::AboveWhole));
    let (count, never) = (Some(Fault::Count), Some(Fault::NeverOpens));
    let sets = |count| fault(&|one| one.sets = vec![all(); count]);
    assert_eq!((sets(16), sets(17)), (None, Some(Fault::UnknownSet)));
    let items = |items: &[u32]| fault(&|one| one.sets = vec![only(items)]);
    assert_eq!(
        (items(&[0, 9]), items(&[0, 10])),
        (None, Some(Fault::UnknownItem(10)))
    );
    let window = |start, end| fault(&|one| (one.window.start_s, one.window.end_s) = (start, end));
    assert_eq!(window(Some(5), Some(6)), None);
    assert_eq!(window(Some(6), Some(5)), never);
    assert_eq!((window(Some(6), None), window(None, Some(0))), (None, None));
    let weekly = |spans: &[(u32, u32)]| fault(&|one| one.window.weekly = Some(spans.to_vec()));
    assert_eq!(weekly(&[(0, 10_080)]), None);
    assert_eq!(
        (weekly(&[(0, 1), (6, 5)]), weekly(&[(9, 10_081), (0, 1)])),
        (never, never)
    );
    let gate = |gate| fault(&|one| one.gates = vec![gate]);
    let units = |count| gate(Gate::MinQuantity { set: 0, count });
    assert_eq!((units(0), units(1)), (count, None));
    let spend = |amount_minor| {
        gate(Gate::MinSpend {
            set: 0,
            amount_minor,
        })
    };
    assert_eq!((spend(-1), spend(0)), (below, None));
    let some = |count, least| {
        gate(Gate::MinSets {
            sets: 1,
            count,
            least,
        })
    };
    assert_eq!(
        (some(1, 0), some(1, 1), some(1, 2), some(0, 1)),
        (count, None, count, count)
    );
    let vendor = |ppm| fault(&|one| one.vendor_ppm = ppm);
    assert_eq!((vendor(1_000_000), vendor(1_000_001)), (None, above));
}

#[test]
fn the_least_and_the_most_a_benefit_can_give_is_taken_and_no_more() {
    let (below, above) = (Some(Fault::BelowZero), Some(Fault::AboveWhole));
    let count = Some(Fault::Count);
    let benefit = |benefit: Benefit| fault(&|one| one.benefit = benefit.clone());
    let off = |off| benefit(Benefit::Each { set: 0, off });
    for (least, most) in [
        (off(Off::Percent(-1)), off(Off::Percent(0))),
        (off(Off::Amount(-1)), off(Off::Amount(0))),
        (off(Off::Price(-1)), off(Off::Price(0))),
        (
            benefit(on_cart(1, Off::Amount(-1)).benefit),
            off(Off::Amount(i64::MAX)),
        ),
        (
            benefit(bundle(1, 2, Off::Price(-1)).benefit),
            off(Off::Percent(1_000_000)),
        ),
    ] {
        assert_eq!((least, most), (below, None));
    }
    let slots = |slots: &[u32]| {
        let slots = slots.iter().map(|&count| Slot { set: 0, count }).collect();
        benefit(Benefit::Bundle {
            slots,
            off: Off::Price(1),
        })
    };
    assert_eq!(
        (slots(&[10_000]), slots(&[10_001]), slots(&[9_999, 2])),
        (None, count, count)
    );
    assert_eq!(
        (slots(&[1; 16]), slots(&[1; 17]), slots(&[1, 0])),
        (None, count, count)
    );
    let buy_get = |buy, get, ppm| {
        let mut one = free(1, buy, get, Pick::Cheapest);
        if let Benefit::BuyGet { off, .. } = &mut one.benefit {
            *off = Off::Percent(ppm);
        }
        benefit(one.benefit)
    };
    assert_eq!((buy_get(0, 1, 1), buy_get(1, 0, 1)), (None, count));
    assert_eq!((buy_get(9_999, 1, 1), buy_get(1, 10_000, 1)), (None, count));
    assert_eq!(
        (buy_get(1, 1, -1), buy_get(1, 1, 1_000_001)),
        (below, above)
    );
    let tiers = |tiers: &[(u32, i64)]| {
        let tiers = tiers.iter().map(|&(from, ppm)| Tier {
            from,
            off: Off::Percent(ppm),
        });
        benefit(Benefit::Tiers {
            set: 0,
            tiers: tiers.collect(),
            marginal: false,
            pick: Pick::Cheapest,
        })
    };
    assert_eq!(
        (tiers(&[(1, 1)]), tiers(&[(0, 1)]), tiers(&[])),
        (None, count, count)
    );
    assert_eq!(
        (tiers(&[(1, 1), (2, 1)]), tiers(&[(2, 1), (2, 1)])),
        (None, count)
    );
    assert_eq!(
        (tiers(&[(2, 1), (1, 1)]), tiers(&[(1, 1), (2, -1)])),
        (count, below)
    );
    let long: Vec<(u32, i64)> = (1..=10_001).map(|from| (from, 1)).collect();
    assert_eq!((tiers(&long[1..]), tiers(&long)), (None, count));
    let step = |step_minor, off_minor| {
        benefit(Benefit::EverySpend {
            set: 0,
            step_minor,
            off_minor,
        })
    };
    assert_eq!(
        (step(1, 0), step(0, 0), step(-1, 0), step(1, -1)),
        (None, below, below, below)
    );
}

#[test]
fn each_class_gives_its_own_benefits() {
    let step = promotion(
        1,
        Benefit::EverySpend {
            set: 0,
            step_minor: 1,
            off_minor: 1,
        },
    );
    let kinds = [
        each(1, Off::Amount(1)),
        bundle(1, 2, Off::Price(1)),
        free(1, 1, 1, Pick::Cheapest),
        on_cart(1, Off::Amount(1)),
        step,
    ];
    for (class, gives) in [
        (Class::Item, [true, false, false, false, false]),
        (Class::Set, [false, true, true, false, false]),
        (Class::Cart, [false, false, false, true, true]),
        (Class::Coupon, [true; 5]),
    ] {
        for (kind, gives) in kinds.iter().zip(gives) {
            let one = Promotion {
                class,
                ..kind.clone()
            };
            let taken = PromotionSet::compile(vec![one], 10);
            assert_eq!(taken.is_ok(), gives, "{class:?} {:?}", kind.benefit);
        }
    }
    let too_many = vec![each(1, Off::Amount(1)); 100_001];
    let refused = PromotionSet::compile(too_many, 10).unwrap_err();
    assert!(refused.to_string().contains("at most 100,000"), "{refused}");
    assert!(PromotionSet::compile(Vec::new(), 1 << 24).is_ok());
    let refused = PromotionSet::compile(Vec::new(), (1 << 24) + 1).unwrap_err();
    assert!(refused.to_string().contains("16,777,216"), "{refused}");
}

#[test]
fn a_set_that_names_one_it_does_not_have_is_refused_wherever_it_names_it() {
    let unknown = |change: &dyn Fn(&mut Promotion)| {
        let mut one = each(4, Off::Percent(100_000));
        one.sets = vec![all(), all()];
        change(&mut one);
        let Err(CoreError::Promotion { fault, .. }) = PromotionSet::compile(vec![one], 10) else {
            return false;
        };
        fault == Fault::UnknownSet
    };
    let benefits = |set: usize| {
        let (off, slot) = (Off::Amount(1), |set| Slot { set, count: 1 });
        let buy_get = |buy_set, get_set| Benefit::BuyGet {
            buy_set,
            buy: 1,
            get_set,
            get: 1,
            off,
            pick: Pick::Cheapest,
        };
        let tiers = vec![Tier { from: 1, off }];
        [
            Benefit::Each { set, off },
            Benefit::Bundle {
                slots: vec![slot(0), slot(set)],
                off,
            },
            buy_get(set, 0),
            buy_get(0, set),
            Benefit::Tiers {
                set,
                tiers,
                marginal: false,
                pick: Pick::Cheapest,
            },
            Benefit::Cart { set, off },
            Benefit::EverySpend {
                set,
                step_minor: 1,
                off_minor: 1,
            },
        ]
    };
    for (known, missing) in benefits(1).into_iter().zip(benefits(2)) {
        assert!(!unknown(&|one| one.benefit = known.clone()), "{known:?}");
        assert!(unknown(&|one| one.benefit = missing.clone()), "{missing:?}");
    }
    for (set, is_unknown) in [(1, false), (2, true)] {
        for gate in [
            Gate::MinQuantity { set, count: 1 },
            Gate::MinSpend {
                set,
                amount_minor: 1,
            },
            Gate::MinSets {
                sets: 1 << set,
                count: 1,
                least: 1,
            },
        ] {
            assert_eq!(
                unknown(&|one| one.gates = vec![gate]),
                is_unknown,
                "{gate:?}"
            );
        }
    }
}

#[test]
fn of_one_group_only_those_that_share_units_contradict_one_another() {
    let member = |id, group, tags, stacks_with| {
        let mut one = each(id, Off::Amount(1));
        (one.exclusive_group, one.tags, one.stacks_with) = (group, tags, stacks_with);
        one
    };
    for (other, is_refused) in [
        (member(2, Some(5), 1, 1), true),
        (member(2, Some(5), 3, 3), true),
        (member(2, Some(6), 1, 1), false),
        (member(2, None, 1, 1), false),
        (member(2, Some(5), 0, 1), false),
        (member(2, Some(5), 1, 0), false),
        // Both have to agree: one that names the other's tag while the other names none of its.
        (member(2, Some(5), 2, 1), false),
        (member(2, Some(5), 1, 2), false),
    ] {
        let taken = PromotionSet::compile(vec![member(1, Some(5), 1, 1), other.clone()], 10);
        assert_eq!(taken.is_err(), is_refused, "{other:?}");
    }
    let third = vec![
        member(1, Some(5), 1, 1),
        member(2, Some(5), 2, 2),
        member(3, Some(5), 2, 2),
    ];
    let refused = PromotionSet::compile(third, 10).unwrap_err();
    let expected = Fault::GroupContradicts(3);
    assert_eq!(
        refused,
        CoreError::Promotion {
            promotion_id: 2,
            fault: expected
        }
    );
}
