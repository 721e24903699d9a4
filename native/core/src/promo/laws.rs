//! Laws that hold for all carts, tried on made ones.

use super::brute;
use super::made::{Chance, ITEMS, all_sorts};
use super::model::{Benefit, Facts, Line, Off, Policy, Promotion};
use super::{Cart, Effort, PricedCart, PromotionSet, Proof};
use std::sync::Arc;

fn cart(promotions: &[Promotion], facts: &Facts, lines: &[Line]) -> Cart {
    let set = PromotionSet::compile(promotions.to_vec(), ITEMS).unwrap();
    let mut cart = Cart::new(Arc::new(set), facts.clone(), 2).unwrap();
    for line in lines {
        cart.push_line(*line).unwrap();
    }
    cart.settle();
    cart
}

/// Sums are exact and nothing is below zero or its floor.
fn adds_up(priced: &PricedCart, lines: &[Line]) {
    let mut left = Vec::new();
    for row in &priced.lines {
        let mods = priced
            .modifiers
            .iter()
            .filter(|found| found.line == row.line);
        let mods: Vec<_> = mods.collect();
        let off: i64 = mods.iter().map(|found| found.amount_minor).sum();
        assert_eq!(off, row.discount_minor);
        assert_eq!(row.amount_minor + row.discount_minor, row.net_minor);
        assert!(mods.iter().all(|found| found.amount_minor <= 0));
        let line = lines[row.line as usize];
        let floor = line.floor_price_micros / 10_000 * line.quantity_milli / 1_000;
        assert!(row.net_minor >= floor.min(row.amount_minor), "{row:?}");
        left.push(row.net_minor);
    }
    assert_eq!(left.iter().sum::<i64>(), priced.total_minor);
    assert_eq!(
        priced.subtotal_minor + priced.discount_minor,
        priced.total_minor
    );
    let saving: i64 = priced
        .applications
        .iter()
        .map(|found| found.saving_minor)
        .sum();
    assert_eq!(saving, -priced.discount_minor);
    for found in &priced.applications {
        assert_eq!(
            found.units.iter().map(|unit| unit.2).sum::<i64>(),
            found.saving_minor
        );
    }
}

/// Carts of few units, each held to every way tried; how many had several applications.
fn held_to_every_way(mut chance: Chance, rounds: u32, policy: Policy) -> u32 {
    let mut several = 0;
    for round in 0..rounds {
        let count = chance.count(1, 5);
        let promotions = chance.promotions(count);
        let units = chance.count(2, if round % 10 == 0 { 8 } else { 6 });
        let lines = chance.lines(units);
        let mut facts = chance.facts();
        facts.policy = policy;
        let cart = cart(&promotions, &facts, &lines);
        let priced = cart.priced();
        adds_up(&priced, &lines);
        assert_eq!(priced.proof, Proof::Proven);
        let best = brute::best_saving(&promotions, &brute::units(&lines), &facts);
        assert_eq!(
            -priced.discount_minor, best,
            "round {round}: {promotions:#?} {lines:#?} {facts:?} {priced:#?}"
        );
        several += u32::from(priced.applications.len() > 1);
    }
    several
}

#[test]
fn the_saving_is_that_of_every_way_tried() {
    let chance = Chance(0x9E37_79B9_7F4A_7C15);
    let several = held_to_every_way(chance, 3_000, Policy::BestForCustomer);
    assert!(
        several > 600,
        "too few carts with several applications: {several}"
    );
}

#[test]
fn under_strict_priority_each_priority_saves_what_the_higher_ones_let_it() {
    let chance = Chance(0xBF58_476D_1CE4_E5B9);
    let several = held_to_every_way(chance, 3_000, Policy::StrictPriority);
    assert!(
        several > 600,
        "too few carts with several applications: {several}"
    );
}

/// Nets by the content of the lines, and what each promotion saved.
type Content = (Vec<(Line, i64)>, Vec<(u32, i64)>, i64);

fn content(priced: &PricedCart, lines: &[Line]) -> Content {
    let rows = priced.lines.iter();
    let rows = rows.map(|row| (lines[row.line as usize], row.net_minor));
    let mut rows: Vec<_> = rows.collect();
    rows.sort_unstable();
    let applied = priced.applications.iter();
    let mut applied: Vec<_> = applied
        .map(|found| (found.promotion_id, found.saving_minor))
        .collect();
    applied.sort_unstable();
    (rows, applied, priced.total_minor)
}

#[test]
fn the_order_of_scanning_changes_nothing() {
    let mut chance = Chance(0xD1B5_4A32_D192_ED03);
    for round in 0..400 {
        let promotions = all_sorts(&mut chance);
        let units = chance.count(2, if round % 20 == 0 { 90 } else { 24 });
        let mut lines = chance.lines(units);
        let mut facts = chance.facts();
        if round % 4 == 0 {
            facts.policy = Policy::StrictPriority;
        }
        let first = cart(&promotions, &facts, &lines).priced();
        adds_up(&first, &lines);
        let wanted = content(&first, &lines);
        for at in (1..lines.len()).rev() {
            let other = usize::try_from(chance.below(at as u64 + 1)).unwrap();
            lines.swap(at, other);
        }
        let second = cart(&promotions, &facts, &lines).priced();
        assert_eq!(content(&second, &lines), wanted, "round {round}");
    }
}

#[test]
fn edits_come_to_what_a_fresh_cart_does() {
    let mut chance = Chance(0xA076_1D64_78BD_642F);
    for round in 0..150 {
        let promotions = all_sorts(&mut chance);
        let mut facts = chance.facts();
        if round % 4 == 0 {
            facts.policy = Policy::StrictPriority;
        }
        let mut edited = cart(&promotions, &facts, &[]);
        let mut lines: Vec<Option<Line>> = Vec::new();
        let mut nets: Vec<Option<i64>> = Vec::new();
        for _ in 0..25 {
            let count = chance.count(1, 3);
            let line = chance.line(count);
            let at = usize::try_from(chance.below(lines.len() as u64 + 1)).unwrap();
            let number = u32::try_from(at).unwrap();
            let diff = match lines.get_mut(at) {
                Some(slot @ Some(_)) if chance.one_in(3) => {
                    *slot = None;
                    nets[at] = None;
                    edited.remove_line(number)
                }
                Some(slot @ Some(_)) => {
                    *slot = Some(line);
                    edited.change_line(number, line)
                }
                _ => {
                    lines.push(Some(line));
                    nets.push(None);
                    edited.add_line(line)
                }
            };
            let diff = diff.unwrap().clone();
            for (line, net) in diff.changed {
                nets[line as usize] = Some(net);
            }
            let kept: Vec<Line> = lines.iter().copied().flatten().collect();
            let fresh = cart(&promotions, &facts, &kept);
            assert_eq!(diff.total_minor, fresh.total_minor());
            let priced = edited.priced();
            let said: Vec<i64> = nets.iter().copied().flatten().collect();
            let known: Vec<i64> = priced.lines.iter().map(|row| row.net_minor).collect();
            assert_eq!(
                said, known,
                "the differences told come to the nets, round {round}"
            );
            let other = fresh.priced();
            assert_eq!(
                known,
                other
                    .lines
                    .iter()
                    .map(|row| row.net_minor)
                    .collect::<Vec<_>>()
            );
            assert_eq!(priced.applications.len(), other.applications.len());
            assert_eq!(priced.proof, other.proof);
        }
    }
}

#[test]
fn no_cart_is_worse_than_with_the_best_single_promotion() {
    let mut chance = Chance(0x8EBC_6AF0_9C88_C6E3);
    let mut large = 0;
    for round in 0..200 {
        let count = chance.count(2, 6);
        let promotions = chance.promotions(count);
        let units = chance.count(8, if round % 10 == 0 { 120 } else { 40 });
        let lines = chance.lines(units);
        let facts = chance.facts();
        let together = cart(&promotions, &facts, &lines).priced();
        adds_up(&together, &lines);
        large += u32::from(together.proof != Proof::Proven);
        for one in &promotions {
            let single = cart(std::slice::from_ref(one), &facts, &lines).priced();
            assert!(
                together.discount_minor <= single.discount_minor,
                "round {round}: {} is better than {}, alone {:?}: {promotions:?} {lines:?}",
                single.discount_minor,
                together.discount_minor,
                one.id
            );
        }
    }
    assert!(large > 50, "too few large contests: {large}");
}

#[test]
fn extremes_are_priced_or_refused() {
    let mut chance = Chance(0x2545_F491_4F6C_DD1D);
    let edges = [
        0,
        1,
        -1,
        i64::MAX,
        i64::MIN,
        1_000,
        1_000_000,
        i64::MAX / 1_000,
    ];
    let mut priced = 0;
    for _ in 0..2_000 {
        let mut promotions = all_sorts(&mut chance);
        for promotion in &mut promotions {
            if let Benefit::Each { off, .. } | Benefit::Bundle { off, .. } = &mut promotion.benefit
                && chance.one_in(2)
            {
                *off = if chance.one_in(2) {
                    Off::Amount(i64::MAX)
                } else {
                    Off::Price(i64::MAX)
                };
            }
        }
        let set = PromotionSet::compile(promotions, ITEMS).unwrap();
        let digits = [0, 2, 6][usize::try_from(chance.below(3)).unwrap()];
        let mut cart = Cart::new(Arc::new(set), chance.facts(), digits).unwrap();
        for _ in 0..4 {
            let mut edge = || edges[usize::try_from(chance.below(8)).unwrap()];
            let line = Line {
                unit_price_micros: edge(),
                quantity_milli: edge(),
                floor_price_micros: edge(),
                ..Line {
                    item: u32::try_from(edge().rem_euclid(7)).unwrap(),
                    ..Chance(7).line(1)
                }
            };
            priced += u32::from(cart.add_line(line).is_ok());
        }
        let found = cart.priced();
        assert_eq!(
            found.subtotal_minor + found.discount_minor,
            found.total_minor
        );
        assert_eq!(found.total_minor, cart.total_minor());
    }
    assert!(priced > 1_000, "too few extreme lines were taken: {priced}");
}

#[test]
fn the_ways_of_large_contests_come_close_on_small_ones() {
    let mut chance = Chance(0x5851_F42D_4C95_7F2D);
    let mut saved = [0_i64; 3];
    let mut equal = [0_u32; 3];
    for _ in 0..1_000 {
        let count = chance.count(2, 5);
        let promotions = chance.promotions(count);
        let lines = chance.lines(9);
        let facts = chance.facts();
        let ways = [
            (10, Effort::Quick),
            (0, Effort::Thorough),
            (0, Effort::Quick),
        ];
        let found = ways.map(|(exact, effort)| {
            let mut cart = cart(&promotions, &facts, &[]).with_effort(effort);
            cart.problem.exact_units = exact;
            for line in &lines {
                cart.push_line(*line).unwrap();
            }
            cart.settle();
            adds_up(&cart.priced(), &lines);
            -cart.priced().discount_minor
        });
        for way in 0..3 {
            assert!(found[way] <= found[0]);
            saved[way] += found[way];
            equal[way] += u32::from(found[way] == found[0]);
        }
    }
    println!("saved exactly, thoroughly, quickly: {saved:?}; as good: {equal:?} of 1,000");
    assert!(
        saved[1] * 1_000 >= saved[0] * 999,
        "a thorough search saves {saved:?}"
    );
    assert!(saved[2] * 1_000 >= saved[0] * 970, "greed saves {saved:?}");
}

/// What the promotions of each priority save together, the highest first.
fn by_priority(promotions: &[Promotion], priced: &PricedCart) -> [i64; 3] {
    let mut saved = [0; 3];
    for found in &priced.applications {
        let mut named = promotions.iter();
        let one = named.find(|one| one.id == found.promotion_id).unwrap();
        saved[2 - usize::from(one.priority)] += found.saving_minor;
    }
    saved
}

#[test]
fn priority_after_priority_comes_close_to_every_way() {
    let mut chance = Chance(0x94D0_49BB_1331_11EB);
    let (mut equal, mut first) = (0, [0_i64; 2]);
    for round in 0..600 {
        let count = chance.count(2, 5);
        let promotions = chance.promotions(count);
        let lines = chance.lines(8);
        let mut facts = chance.facts();
        facts.policy = Policy::StrictPriority;
        let found = [10, 0].map(|exact| {
            let mut cart = cart(&promotions, &facts, &[]);
            cart.problem.exact_units = exact;
            for line in &lines {
                cart.push_line(*line).unwrap();
            }
            cart.settle();
            adds_up(&cart.priced(), &lines);
            by_priority(&promotions, &cart.priced())
        });
        assert!(
            found[1] <= found[0],
            "round {round}: {found:?} {promotions:#?} {lines:?} {facts:?}"
        );
        equal += u32::from(found[1] == found[0]);
        for way in 0..2 {
            first[way] += found[way][0];
        }
    }
    println!("as good: {equal} of 600; the highest priority saves {first:?}");
    assert!(equal > 560, "as good as every way: {equal} of 600");
    assert!(
        first[1] * 1_000 >= first[0] * 990,
        "the highest priority saves {first:?}"
    );
}
