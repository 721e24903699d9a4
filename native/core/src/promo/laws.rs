//! Laws that hold for all carts, tried on made ones.

use super::brute;
use super::model::{
    Base, Benefit, Cap, Class, Eligibility, Facts, Gate, ItemSet, Items, Line, Off, Pick, Policy,
    Promotion, Slot, Spread, Tier, Window,
};
use super::{Cart, Effort, PricedCart, PromotionSet, Proof};
use crate::money::Rounding;
use std::sync::Arc;

const ITEMS: u32 = 5;

/// Marsaglia's xorshift: the same numbers on every machine.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn count(&mut self, from: u32, to: u32) -> u32 {
        from + u32::try_from(self.below(u64::from(to - from) + 1)).unwrap()
    }

    fn amount(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.below(u64::try_from(to - from).unwrap() + 1)).unwrap()
    }

    fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    fn set(&mut self) -> ItemSet {
        let except = if self.one_in(5) {
            vec![self.count(0, ITEMS - 1)]
        } else {
            Vec::new()
        };
        if self.one_in(4) {
            return ItemSet {
                items: Items::All,
                except,
            };
        }
        let count = self.count(1, 3);
        ItemSet {
            items: Items::Only((0..count).map(|_| self.count(0, ITEMS - 1)).collect()),
            except: Vec::new(),
        }
    }

    fn off(&mut self) -> Off {
        match self.below(3) {
            0 => Off::Percent(self.amount(0, 20) * 50_000),
            1 => Off::Amount(self.amount(0, 400)),
            _ => Off::Price(self.amount(0, 900)),
        }
    }

    fn pick(&mut self) -> Pick {
        if self.one_in(2) {
            Pick::Cheapest
        } else {
            Pick::Dearest
        }
    }

    fn benefit(&mut self) -> Benefit {
        match self.below(5) {
            0 => Benefit::Each {
                set: 0,
                off: self.off(),
            },
            1 => Benefit::Bundle {
                slots: vec![Slot {
                    set: 0,
                    count: self.count(1, 4),
                }],
                off: match self.off() {
                    Off::Price(price) => Off::Price(price * 2),
                    other => other,
                },
            },
            2 => Benefit::Bundle {
                slots: vec![
                    Slot {
                        set: 0,
                        count: self.count(1, 2),
                    },
                    Slot { set: 1, count: 1 },
                ],
                off: self.off(),
            },
            3 => Benefit::BuyGet {
                buy_set: 0,
                buy: self.count(0, 2),
                get_set: usize::from(self.one_in(2)),
                get: self.count(1, 2),
                off: self.off(),
                pick: self.pick(),
            },
            _ => {
                let from = self.count(1, 3);
                let off = Off::Percent(self.amount(1, 6) * 50_000);
                let more = Off::Percent(self.amount(6, 10) * 50_000);
                let next = Tier {
                    from: from + 2,
                    off: more,
                };
                Benefit::Tiers {
                    set: 0,
                    tiers: vec![Tier { from, off }, next],
                    marginal: self.one_in(2),
                    pick: self.pick(),
                }
            }
        }
    }

    fn promotion(&mut self, id: u32) -> Promotion {
        let gates = match self.below(7) {
            2 => vec![Gate::MinSets {
                sets: 0b11,
                count: self.count(1, 2),
                least: self.count(1, 2),
            }],
            0 => vec![Gate::MinQuantity {
                set: 1,
                count: self.count(1, 4),
            }],
            1 => vec![Gate::MinSpend {
                set: 1,
                amount_minor: self.amount(0, 3_000),
            }],
            _ => Vec::new(),
        };
        Promotion {
            id,
            version: 1,
            class: Class::Coupon,
            priority: u16::try_from(self.below(3)).unwrap(),
            exclusive_group: self.one_in(4).then_some(1),
            tags: self.below(2),
            stacks_with: 0,
            sets: vec![self.set(), self.set()],
            eligibility: Eligibility::default(),
            window: Window::default(),
            gates,
            benefit: self.benefit(),
            count_nondiscountable: self.one_in(2),
            limit_per_cart: self.one_in(4).then(|| self.count(1, 2)),
            base: if self.one_in(2) {
                Base::Original
            } else {
                Base::Running
            },
            spread: if self.one_in(2) {
                Spread::AllUnits
            } else {
                Spread::RewardUnits
            },
            rounding: Rounding::HalfUp,
            vendor_ppm: 250_000,
        }
    }

    fn promotions(&mut self, count: u32) -> Vec<Promotion> {
        let mut made: Vec<Promotion> = (1..=count).map(|id| self.promotion(id)).collect();
        let mut grouped = false;
        for promotion in &mut made {
            // One promotion of a group may stack, or the group would contradict itself.
            if promotion.exclusive_group.is_none() || !grouped {
                promotion.stacks_with = promotion.tags;
            }
            grouped |= promotion.exclusive_group.is_some();
        }
        made
    }

    fn line(&mut self, units: u32) -> Line {
        let item = self.count(0, ITEMS - 1);
        let price = self.amount(1, 12) * if self.one_in(3) { 37 } else { 50 };
        Line {
            item,
            unit_price_micros: price * 10_000,
            quantity_milli: i64::from(units) * 1_000,
            pieces: true,
            discountable: !self.one_in(8),
            floor_price_micros: if self.one_in(4) {
                self.amount(0, 400) * 10_000
            } else {
                0
            },
        }
    }

    fn lines(&mut self, mut units: u32) -> Vec<Line> {
        let mut lines = Vec::new();
        while units > 0 {
            let count = self.count(1, units.min(3));
            lines.push(self.line(count));
            units -= count;
        }
        lines
    }

    fn facts(&mut self) -> Facts {
        let caps = if self.one_in(3) {
            vec![Cap {
                promotion_id: 1,
                uses: self.one_in(2).then(|| self.count(1, 3)),
                amount_minor: self.one_in(2).then(|| self.amount(1, 500)),
            }]
        } else {
            Vec::new()
        };
        let caps = caps.into_iter();
        Facts {
            caps: caps
                .filter(|cap| cap.uses.is_some() || cap.amount_minor.is_some())
                .collect(),
            ..Facts::default()
        }
    }
}

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

/// Promotions of every kind, some on the cart.
fn all_sorts(chance: &mut Chance) -> Vec<Promotion> {
    let count = chance.count(1, 6);
    let mut promotions = chance.promotions(count);
    for id in 100..102 {
        let mut one = chance.promotion(id);
        one.class = if chance.one_in(2) {
            Class::Cart
        } else {
            Class::Tender
        };
        one.stacks_with = one.tags;
        one.exclusive_group = None;
        one.benefit = if chance.one_in(3) {
            Benefit::EverySpend {
                set: 0,
                step_minor: chance.amount(100, 1_000),
                off_minor: chance.amount(1, 90),
            }
        } else {
            let off = match chance.off() {
                Off::Price(price) => Off::Amount(price),
                other => other,
            };
            Benefit::Cart { set: 0, off }
        };
        promotions.push(one);
    }
    promotions
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
