//! What each kind of promotion takes.

use super::*;

#[test]
fn each_unit_has_a_percentage_an_amount_or_a_price() {
    assert_eq!(
        nets(&[each(1, Off::Percent(100_000))], &[piece(1, 999)]),
        [899]
    );
    assert_eq!(
        nets(&[each(1, Off::Amount(150))], &[pieces(1, 999, 2)]),
        [1_698]
    );
    assert_eq!(nets(&[each(1, Off::Amount(1_500))], &[piece(1, 999)]), [0]);
    assert_eq!(
        nets(&[each(1, Off::Price(500))], &[pieces(1, 999, 3)]),
        [1_500]
    );
    // A price above the line's own changes nothing.
    assert_eq!(nets(&[each(1, Off::Price(1_500))], &[piece(1, 999)]), [999]);
    // A percentage is rounded once for equal units: a hundred screws at five cents come to 4.50.
    assert_eq!(
        nets(&[each(1, Off::Percent(100_000))], &[pieces(1, 5, 100)]),
        [450]
    );
    // What is weighed is one unit.
    let weighed = Line {
        quantity_milli: 1_275,
        ..piece(1, 1_000)
    };
    assert_eq!(nets(&[each(1, Off::Percent(500_000))], &[weighed]), [637]);
    assert_eq!(nets(&[each(1, Off::Price(500))], &[weighed]), [500]);
}

#[test]
fn the_cheapest_of_three_is_free_and_all_three_carry_it() {
    let lines = [piece(1, 1_000), piece(2, 800), piece(3, 600)];
    let one = free(1, 2, 1, Pick::Cheapest);
    let priced = cart(std::slice::from_ref(&one), &lines).priced();
    assert_eq!(offs(&priced), [250, 200, 150]);
    assert_eq!(priced.proof, Proof::Proven);
    assert_eq!(priced.applications.len(), 1);
    assert_eq!(priced.applications[0].units.len(), 3);
    // Or the free unit alone.
    let mut direct = one.clone();
    direct.spread = Spread::RewardUnits;
    assert_eq!(nets(&[direct], &lines), [1_000, 800, 0]);
    assert_eq!(
        nets(&[free(1, 2, 1, Pick::Dearest)], &lines)
            .iter()
            .sum::<i64>(),
        1_400
    );
    // Six units make the best two groups: 10, 8, 6 and 5, 4, 3.
    let six = [1_000, 800, 600, 500, 400, 300].map(|cents| piece(1, cents));
    assert_eq!(cart(&[one], &six).total_minor(), 3_600 - 900);
}

#[test]
fn three_for_a_price_split_to_the_cent() {
    let three = bundle(1, 3, Off::Price(100));
    let lines = [piece(1, 50), piece(1, 50), piece(1, 50)];
    assert_eq!(nets(std::slice::from_ref(&three), &lines), [33, 33, 34]);
    // The fourth pays its own price, on whatever line it stands.
    assert_eq!(cart(&[three], &[pieces(1, 50, 4)]).total_minor(), 150);
    let percent = bundle(1, 3, Off::Percent(200_000));
    assert_eq!(
        cart(std::slice::from_ref(&percent), &[pieces(1, 50, 7)]).total_minor(),
        290
    );
    let amount = bundle(1, 2, Off::Amount(30));
    assert_eq!(cart(&[amount], &[pieces(1, 50, 5)]).total_minor(), 190);
}

#[test]
fn an_amount_on_the_cart_is_split_by_what_lines_cost() {
    let lines = [piece(1, 1_999), piece(2, 549), piece(3, 99)];
    let priced = cart(&[on_cart(1, Off::Amount(1_000))], &lines).priced();
    assert_eq!(offs(&priced), [755, 208, 37]);
    let lines = [piece(1, 333), piece(2, 333), piece(3, 333)];
    assert_eq!(
        offs(&cart(&[on_cart(1, Off::Amount(100))], &lines).priced()),
        [34, 33, 33]
    );
    // Never more than there is.
    assert_eq!(
        cart(&[on_cart(1, Off::Amount(5_000))], &lines).total_minor(),
        0
    );
}

#[test]
fn a_bundle_takes_one_of_each_slot() {
    let mut meal = promotion(
        1,
        Benefit::Bundle {
            slots: vec![Slot { set: 0, count: 1 }, Slot { set: 1, count: 1 }],
            off: Off::Price(700),
        },
    );
    meal.sets = vec![only(&[1, 2]), only(&[3])];
    let lines = [piece(1, 600), piece(2, 650), piece(3, 250)];
    // The dearer burger goes into the meal; ties of odd cents go to the cheaper row.
    let priced = cart(std::slice::from_ref(&meal), &lines).priced();
    assert_eq!(priced.total_minor, 600 + 700);
    assert_eq!(offs(&priced), [0, 144, 56]);
    assert_eq!(cart(&[meal], &lines[..2]).total_minor(), 1_250);
}

#[test]
fn buying_one_thing_rewards_another() {
    let mut cable = cable_at_half();
    let lines = [piece(1, 9_900), piece(2, 1_000), piece(2, 500)];
    // One printer earns one cable, the cheapest in the cart.
    assert_eq!(
        nets(std::slice::from_ref(&cable), &lines),
        [9_900, 1_000, 250]
    );
    let Benefit::BuyGet { pick, .. } = &mut cable.benefit else {
        panic!("made above");
    };
    *pick = Pick::Dearest;
    assert_eq!(nets(&[cable], &lines), [9_900, 500, 500]);
}

#[test]
fn a_gift_needs_its_gate_and_ends_at_its_limit() {
    let mut gift = free(1, 0, 1, Pick::Cheapest);
    gift.sets = vec![only(&[2]), all()];
    gift.gates = vec![Gate::MinSpend {
        set: 1,
        amount_minor: 5_000,
    }];
    gift.limit_per_cart = Some(1);
    let gifts = [gift];
    assert_eq!(
        nets(&gifts, &[piece(1, 4_000), piece(2, 900)]),
        [4_000, 900]
    );
    assert_eq!(nets(&gifts, &[piece(1, 4_100), piece(2, 900)]), [4_100, 0]);
    let two = [piece(1, 5_000), piece(2, 900), piece(2, 800)];
    assert_eq!(nets(&gifts, &two), [5_000, 900, 0]);
}

#[test]
fn a_benefit_may_be_for_a_later_set_than_its_gate() {
    let set = 1;
    let off = Off::Amount(100);
    let benefits = [
        Benefit::Each { set, off },
        Benefit::Tiers {
            set,
            tiers: vec![Tier { from: 1, off }],
            marginal: false,
            pick: Pick::Cheapest,
        },
        Benefit::Cart { set, off },
        Benefit::EverySpend {
            set,
            step_minor: 500,
            off_minor: 100,
        },
    ];
    for benefit in benefits {
        let mut one = promotion(1, benefit);
        one.sets = vec![only(&[1]), only(&[2])];
        one.gates = vec![Gate::MinSpend {
            set: 0,
            amount_minor: 300,
        }];
        let one = [one];
        assert_eq!(nets(&one, &[piece(1, 300), piece(2, 500)]), [300, 400]);
        assert_eq!(nets(&one, &[piece(1, 299), piece(2, 500)]), [299, 500]);
    }
}

#[test]
fn tiers_are_for_all_units_or_for_those_past_them() {
    let tiers = |marginal| {
        let tier = |from, ppm| Tier {
            from,
            off: Off::Percent(ppm),
        };
        promotion(
            1,
            Benefit::Tiers {
                set: 0,
                tiers: vec![tier(3, 100_000), tier(5, 200_000)],
                marginal,
                pick: Pick::Cheapest,
            },
        )
    };
    let total = |one, count| cart(&[one], &[pieces(1, 100, count)]).total_minor();
    assert_eq!(
        [2, 3, 4, 5, 20].map(|n| total(tiers(false), n)),
        [200, 270, 360, 400, 1_600]
    );
    assert_eq!(
        [2, 3, 4, 5, 6].map(|n| total(tiers(true), n)),
        [200, 290, 380, 460, 540]
    );
    // The discounted units are the cheapest: 10 % off the third, which costs 1.00.
    let lines = [piece(1, 300), piece(1, 200), piece(1, 100)];
    assert_eq!(cart(&[tiers(true)], &lines).total_minor(), 590);
}

#[test]
fn every_full_step_takes_its_amount() {
    let fifty = promotion(
        1,
        Benefit::EverySpend {
            set: 0,
            step_minor: 5_000,
            off_minor: 500,
        },
    );
    let total =
        |one: &Promotion, cents| cart(std::slice::from_ref(one), &[piece(1, cents)]).total_minor();
    assert_eq!(
        [4_999, 5_000, 14_999].map(|c| total(&fifty, c)),
        [4_999, 4_500, 13_999]
    );
    let mut once = fifty;
    once.limit_per_cart = Some(1);
    assert_eq!(total(&once, 14_999), 14_499);
}
