//! Worked figures: each kind of promotion, each clause, each refusal.

use super::model::{
    Base, Benefit, Cap, Class, Eligibility, Facts, Gate, ItemSet, Items, Line, NO_ITEM, Off, Pick,
    Policy, Promotion, Slot, Spread, Tier, Window,
};
use super::{Cart, Clause, Fault, PricedCart, PromotionSet, Proof, WhyNot};
use crate::error::CoreError;
use crate::money::Rounding;
use std::sync::Arc;

fn only(items: &[u32]) -> ItemSet {
    ItemSet {
        items: Items::Only(items.to_vec()),
        except: Vec::new(),
    }
}

fn all() -> ItemSet {
    ItemSet {
        items: Items::All,
        except: Vec::new(),
    }
}

/// A promotion on all items; tests change what they are about.
fn promotion(id: u32, benefit: Benefit) -> Promotion {
    Promotion {
        id,
        version: 7,
        class: Class::Coupon,
        priority: 0,
        exclusive_group: None,
        tags: 0,
        stacks_with: 0,
        sets: vec![all()],
        eligibility: Eligibility::default(),
        window: Window::default(),
        gates: Vec::new(),
        benefit,
        count_nondiscountable: false,
        limit_per_cart: None,
        base: Base::Running,
        spread: Spread::AllUnits,
        rounding: Rounding::HalfUp,
        vendor_ppm: 0,
    }
}

fn each(id: u32, off: Off) -> Promotion {
    promotion(id, Benefit::Each { set: 0, off })
}

fn bundle(id: u32, count: u32, off: Off) -> Promotion {
    let slots = vec![Slot { set: 0, count }];
    promotion(id, Benefit::Bundle { slots, off })
}

fn free(id: u32, buy: u32, get: u32, pick: Pick) -> Promotion {
    let benefit = Benefit::BuyGet {
        buy_set: 0,
        buy,
        get_set: 0,
        get,
        off: Off::Percent(1_000_000),
        pick,
    };
    promotion(id, benefit)
}

fn on_cart(id: u32, off: Off) -> Promotion {
    promotion(id, Benefit::Cart { set: 0, off })
}

/// A promotion that agrees to stack with others made so.
fn stacking(mut one: Promotion, base: Base) -> Promotion {
    one.tags = 1;
    one.stacks_with = 1;
    one.base = base;
    one
}

/// One piece for so many cents.
fn piece(item: u32, cents: i64) -> Line {
    Line {
        item,
        unit_price_micros: cents * 10_000,
        quantity_milli: 1_000,
        pieces: true,
        discountable: true,
        floor_price_micros: 0,
    }
}

fn pieces(item: u32, cents: i64, count: i64) -> Line {
    Line {
        quantity_milli: count * 1_000,
        ..piece(item, cents)
    }
}

fn cart_with(promotions: &[Promotion], facts: Facts, lines: &[Line]) -> Cart {
    let set = PromotionSet::compile(promotions.to_vec(), 10).unwrap();
    let mut cart = Cart::new(Arc::new(set), facts, 2).unwrap();
    for line in lines {
        cart.add_line(*line).unwrap();
    }
    cart
}

fn cart(promotions: &[Promotion], lines: &[Line]) -> Cart {
    cart_with(promotions, Facts::default(), lines)
}

fn nets(promotions: &[Promotion], lines: &[Line]) -> Vec<i64> {
    let priced = cart(promotions, lines).priced();
    priced.lines.iter().map(|line| line.net_minor).collect()
}

fn offs(priced: &PricedCart) -> Vec<i64> {
    priced
        .lines
        .iter()
        .map(|line| -line.discount_minor)
        .collect()
}

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
    let mut cable = promotion(
        1,
        Benefit::BuyGet {
            buy_set: 0,
            buy: 1,
            get_set: 1,
            get: 1,
            off: Off::Percent(500_000),
            pick: Pick::Cheapest,
        },
    );
    cable.sets = vec![only(&[1]), only(&[2])];
    cable.spread = Spread::RewardUnits;
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
fn floors_and_what_is_never_discounted_are_kept() {
    let book = Line {
        floor_price_micros: 9_500_000,
        ..piece(1, 1_000)
    };
    assert_eq!(nets(&[each(1, Off::Percent(100_000))], &[book]), [950]);
    // What the book cannot give, the others do.
    let cart_off = on_cart(1, Off::Amount(500));
    assert_eq!(
        nets(std::slice::from_ref(&cart_off), &[book, piece(2, 1_000)]),
        [950, 550]
    );
    let deposit = Line {
        discountable: false,
        ..piece(3, 25)
    };
    assert_eq!(nets(&[cart_off], &[deposit, piece(2, 1_000)]), [25, 500]);
    // A return, and a line of nothing, are passed by.
    let back = Line {
        quantity_milli: -1_000,
        ..piece(1, 400)
    };
    assert_eq!(
        nets(&[each(1, Off::Percent(500_000))], &[back, piece(1, 0)]),
        [-400, 0]
    );
    // An item outside the book is in sets of all items only.
    let open = piece(NO_ITEM, 100);
    let mut listed = each(1, Off::Percent(500_000));
    assert_eq!(nets(std::slice::from_ref(&listed), &[open]), [50]);
    listed.sets = vec![only(&[1])];
    assert_eq!(nets(&[listed], &[open]), [100]);
}

#[test]
fn limits_and_budgets_end_a_promotion() {
    let mut half = each(1, Off::Percent(500_000));
    half.limit_per_cart = Some(2);
    assert_eq!(
        cart(std::slice::from_ref(&half), &[pieces(1, 100, 5)]).total_minor(),
        400
    );
    half.limit_per_cart = None;
    let cap = |uses, amount_minor| Facts {
        caps: vec![Cap {
            promotion_id: 1,
            uses,
            amount_minor,
        }],
        ..Facts::default()
    };
    let total = |facts, one: &Promotion, count| {
        cart_with(std::slice::from_ref(one), facts, &[pieces(1, 100, count)]).total_minor()
    };
    assert_eq!(total(cap(Some(3), None), &half, 5), 350);
    assert_eq!(total(cap(None, Some(120)), &half, 5), 380);
    assert_eq!(total(cap(None, Some(120)), &half, 50), 4_880);
    assert_eq!(total(cap(None, Some(0)), &half, 5), 500);
    let whole = on_cart(1, Off::Percent(500_000));
    assert_eq!(total(cap(None, Some(120)), &whole, 5), 380);
}

#[test]
fn prices_finer_than_a_cent_are_split_over_their_units() {
    // Three for 1.00 at a price of 0.3333: two units at 33 and one at 34 cents.
    let line = Line {
        unit_price_micros: 333_300,
        ..pieces(1, 0, 3)
    };
    let priced = cart(&[bundle(1, 2, Off::Percent(500_000))], &[line]).priced();
    assert_eq!(priced.subtotal_minor, 100);
    assert_eq!(priced.discount_minor, -34);
}

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
fn a_line_is_explained_by_parts_that_sum_to_it() {
    let found = cart(
        &[each(1, Off::Percent(100_000)), on_cart(2, Off::Amount(100))],
        &[piece(1, 1_000)],
    );
    let parts = found.explain(0).unwrap();
    assert_eq!(
        parts
            .iter()
            .map(super::Reason::amount_minor)
            .collect::<Vec<_>>(),
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
fn ten_thousand_lines_are_priced() {
    let promotions = [
        bundle(1, 3, Off::Price(100)),
        on_cart(2, Off::Percent(100_000)),
    ];
    let set = PromotionSet::compile(promotions.to_vec(), 10).unwrap();
    let mut cart = Cart::new(Arc::new(set), Facts::default(), 2).unwrap();
    for number in 0..10_000 {
        cart.push_line(piece(number % 10, 50)).unwrap();
    }
    cart.settle();
    // 3,333 deals of three for 1.00 and one unit at 0.50, less a tenth.
    assert_eq!(cart.total_minor(), (333_300 + 50) / 10 * 9);
    assert_eq!(cart.priced().proof, Proof::Greedy);
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
