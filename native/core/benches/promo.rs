//! What promotions take without the crossing from Python: `cargo bench -p countertop-core --bench
//! promo`. All carts and promotions are made up, the same on every machine; `calibration` is a
//! plain loop of integer work, to compare machines by. Lines with `p50 p99` are the spread over the
//! scans of a cart; the others are criterion's.

use countertop_core::money::Rounding;
use countertop_core::pricing::{self, Charge, Discount, price_order};
use countertop_core::promo::model::{
    Base, Benefit, Class, Eligibility, Gate, ItemSet, Items, Off, Pick, Slot, Spread, Tier, Window,
};
use countertop_core::promo::{Cart, Effort, Facts, Line, Promotion, PromotionSet};
use countertop_core::tax;
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

const ITEMS: u32 = 100_000;

/// Marsaglia's xorshift.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 % u64::from(end)).expect("below 32 bits")
    }
}

fn promotion(id: u32, items: Items, benefit: Benefit) -> Promotion {
    Promotion {
        id,
        version: 1,
        class: Class::Coupon,
        priority: 0,
        exclusive_group: None,
        tags: 0,
        stacks_with: 0,
        sets: vec![ItemSet {
            items,
            except: Vec::new(),
        }],
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

/// Six in ten promotions are on each unit, three take units together, one is by quantity.
fn benefit(chance: &mut Chance) -> Benefit {
    let percent = |chance: &mut Chance| Off::Percent(50_000 * i64::from(1 + chance.below(8)));
    match chance.below(10) {
        0..=5 => Benefit::Each {
            set: 0,
            off: percent(chance),
        },
        6 | 7 => Benefit::Bundle {
            slots: vec![Slot {
                set: 0,
                count: 2 + chance.below(2),
            }],
            off: percent(chance),
        },
        8 => Benefit::BuyGet {
            buy_set: 0,
            buy: 2,
            get_set: 0,
            get: 1,
            off: Off::Percent(1_000_000),
            pick: Pick::Cheapest,
        },
        _ => Benefit::Tiers {
            set: 0,
            tiers: vec![Tier {
                from: 3,
                off: percent(chance),
            }],
            marginal: false,
            pick: Pick::Cheapest,
        },
    }
}

/// `count` promotions, each on `size` items of which carts hold those below `pool`.
fn promotions(count: u32, size: u32, pool: u32) -> Arc<PromotionSet> {
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    let made = (1..=count).map(|id| {
        let items = (0..size).map(|_| chance.below(pool)).collect();
        let benefit = benefit(&mut chance);
        promotion(id, Items::Only(items), benefit)
    });
    Arc::new(PromotionSet::compile(made.collect(), ITEMS).expect("good promotions"))
}

/// Lines of one piece each.
fn lines(count: u32, pool: u32) -> Vec<Line> {
    let mut chance = Chance(0xD1B5_4A32_D192_ED03);
    (0..count)
        .map(|_| Line {
            item: chance.below(pool),
            unit_price_micros: 10_000 * i64::from(50 + chance.below(2_000)),
            quantity_milli: 1_000,
            pieces: true,
            discountable: true,
            floor_price_micros: 0,
        })
        .collect()
}

fn filled(set: &Arc<PromotionSet>, lines: &[Line]) -> Cart {
    let mut cart = Cart::new(Arc::clone(set), Facts::default(), 2).expect("a good cart");
    for line in lines {
        cart.push_line(*line).expect("a good line");
    }
    cart.settle();
    cart
}

/// Time every quick scan of a cart, over and over, and print the shortest each took: the
/// others tell of the machine's other work. The spread is over the scans of the cart.
fn scans(name: &str, set: &Arc<PromotionSet>, lines: &[Line], rounds: usize) {
    let cart = Cart::new(Arc::clone(set), Facts::default(), 2).expect("a good cart");
    let mut cart = cart.with_effort(Effort::Quick);
    let mut shortest_ns = vec![u128::MAX; lines.len()];
    let mut all_ns = Vec::with_capacity(rounds * lines.len());
    for _ in 0..rounds {
        cart.clear(Facts::default());
        for (line, shortest) in lines.iter().zip(&mut shortest_ns) {
            let before = Instant::now();
            black_box(cart.add_line(black_box(*line)).expect("a good line"));
            let taken = before.elapsed().as_nanos();
            *shortest = taken.min(*shortest);
            all_ns.push(taken);
        }
    }
    let at = |taken_ns: &mut [u128], part: usize| {
        taken_ns.sort_unstable();
        let taken = taken_ns[(taken_ns.len() - 1) * part / 100];
        format!("{}.{:02} µs", taken / 1_000, taken % 1_000 / 10)
    };
    println!(
        "p50 p99 {name}: {} {}; with the machine's other work {} {}, {} scans",
        at(&mut shortest_ns, 50),
        at(&mut shortest_ns, 99),
        at(&mut all_ns, 50),
        at(&mut all_ns, 99),
        rounds * lines.len()
    );
}

fn scan(criterion: &mut Criterion) {
    criterion.bench_function("calibration: 1,000 xorshift steps", |bench| {
        let mut chance = Chance(1);
        bench.iter(|| (0..1_000).map(|_| chance.below(7)).sum::<u32>());
    });
    // 500 promotions on 200 items each: about one of each item of the shop.
    let typical = promotions(500, 200, ITEMS);
    scans("scan, typical", &typical, &lines(200, ITEMS), 200);
    // 500 promotions on 2,000 items each: about ten of each item.
    let busy = promotions(500, 2_000, ITEMS);
    scans("scan, ten rules an item", &busy, &lines(200, ITEMS), 20);
    // Every unit of the cart in one set of three for two.
    let benefit = Benefit::BuyGet {
        buy_set: 0,
        buy: 2,
        get_set: 0,
        get: 1,
        off: Off::Percent(1_000_000),
        pick: Pick::Cheapest,
    };
    let one = promotion(1, Items::All, benefit);
    let one = Arc::new(PromotionSet::compile(vec![one], ITEMS).expect("good promotions"));
    scans("scan, one contested set", &one, &lines(200, ITEMS), 20);
}

/// Price and tax carts of eight lines as an engine does, promotions first, then the order's taxes,
/// and print how many a second that is, by the quickest round over them all. Beside it stands a
/// loop of the same round, by which the figure may be scaled to another machine.
fn till(set: &Arc<PromotionSet>, rounds: u32) {
    let carts: Vec<Vec<Line>> = lines(8 * 256, 400)
        .chunks(8)
        .map(<[Line]>::to_vec)
        .collect();
    let policy = tax::Policy {
        inclusive: true,
        scope: tax::Scope::RateDocument,
        mode: Rounding::HalfUp,
    };
    let mut cart = filled(set, &[]);
    let mut order = Vec::with_capacity(8);
    let (mut shortest_ns, mut loop_ns) = (u128::MAX, u128::MAX);
    let mut sum_minor = 0;
    for round in 0..rounds {
        let before = Instant::now();
        let mut chance = Chance(u64::from(round + 1));
        black_box((0..100_000).map(|_| chance.below(7)).sum::<u32>());
        loop_ns = loop_ns.min(before.elapsed().as_nanos() / 100);
        let before = Instant::now();
        sum_minor = 0;
        for lines in &carts {
            cart.clear(Facts::default());
            for line in black_box(lines) {
                cart.push_line(*line).expect("a good line");
            }
            cart.settle();
            order.clear();
            // All lines are new, so the change tells them all, in their order.
            order.extend(cart.diff().changed.iter().zip(lines).map(|(told, line)| {
                let gross_minor = line.unit_price_micros / 10_000;
                pricing::Line {
                    tax_index: line.item as usize % 3,
                    charge: Charge::Priced {
                        unit_price_micros: line.unit_price_micros,
                        quantity_milli: line.quantity_milli,
                        discount: Discount::Amount(gross_minor - told.1),
                        discountable: false,
                    },
                }
            }));
            let rates = [190_000, 70_000, 0];
            let priced = price_order(&order, &[], &rates, policy, 2).expect("a good order");
            assert_eq!(priced.total_minor, cart.total_minor());
            sum_minor += black_box(priced.total_minor);
        }
        shortest_ns = shortest_ns.min(before.elapsed().as_nanos());
    }
    let each_ns = shortest_ns / carts.len() as u128;
    println!(
        "price and tax 8 lines, 20 promotions: {} carts/s on one core, {}.{:02} µs a cart, \
         {}.{:02} times the 1,000 xorshift steps of the same run ({}.{:02} µs); digest {sum_minor}",
        1_000_000_000 / each_ns.max(1),
        each_ns / 1_000,
        each_ns % 1_000 / 10,
        each_ns / loop_ns.max(1),
        each_ns * 100 / loop_ns.max(1) % 100,
        loop_ns / 1_000,
        loop_ns % 1_000 / 10,
    );
}

/// Time pricing a cart thoroughly, over and over, with lines that differ each time.
fn fulls(name: &str, set: &Arc<PromotionSet>, lines: &[Line], rounds: u32) {
    let mut all_ns: Vec<u128> = Vec::new();
    for round in 0..rounds {
        let own: Vec<Line> = lines
            .iter()
            .map(|line| Line {
                unit_price_micros: line.unit_price_micros + 10_000 * i64::from(round),
                ..*line
            })
            .collect();
        let before = Instant::now();
        black_box(filled(set, black_box(&own)).total_minor());
        all_ns.push(before.elapsed().as_nanos());
    }
    all_ns.sort_unstable();
    let at = |part: usize| all_ns[(all_ns.len() - 1) * part / 100] / 1_000;
    println!(
        "p50 p99 {name}: {} µs {} µs, {rounds} carts",
        at(50),
        at(99)
    );
}

fn whole(criterion: &mut Criterion) {
    let twenty = promotions(20, 40, 400);
    till(&twenty, 400);
    let carts: Vec<Vec<Line>> = lines(8 * 64, 400).chunks(8).map(<[Line]>::to_vec).collect();
    let mut cart = filled(&twenty, &[]);
    let mut next = 0;
    criterion.bench_function("price 8 lines, 20 promotions, memory kept", |bench| {
        bench.iter(|| {
            cart.clear(Facts::default());
            for line in &carts[next % carts.len()] {
                cart.push_line(*line).expect("a good line");
            }
            cart.settle();
            next += 1;
            cart.total_minor()
        });
    });
    criterion.bench_function("price 8 lines, 20 promotions, written out", |bench| {
        bench.iter(|| {
            next += 1;
            filled(&twenty, black_box(&carts[next % carts.len()])).priced()
        });
    });
    // A threshold makes every scan look at all lines again.
    let gate = Gate::MinSpend {
        set: 0,
        amount_minor: 1_000,
    };
    let off = Off::Percent(50_000);
    let mut threshold = promotion(1, Items::All, Benefit::Cart { set: 0, off });
    threshold.gates.push(gate);
    let threshold = PromotionSet::compile(vec![threshold], ITEMS).expect("good promotions");
    let threshold = Arc::new(threshold);
    scans(
        "scan, a threshold on the cart",
        &threshold,
        &lines(200, ITEMS),
        20,
    );
    let mut slow = criterion.benchmark_group("10,000 live rules");
    slow.sample_size(10);
    let many = promotions(10_000, 100, ITEMS);
    let hundred = lines(100, ITEMS);
    slow.bench_function("price 100 lines, ten rules an item", |bench| {
        bench.iter(|| filled(&many, black_box(&hundred)).total_minor());
    });
    let few = promotions(10_000, 10, ITEMS);
    slow.bench_function("price 100 lines, one rule an item", |bench| {
        bench.iter(|| filled(&few, black_box(&hundred)).total_minor());
    });
    slow.finish();
    // Every rule of the ten on each of the cart's items has rivals in the cart.
    let crowded = promotions(500, 8, 400);
    fulls(
        "whole cart, 100 lines, ten rules an item, all in it",
        &crowded,
        &lines(100, 400),
        40,
    );
    fulls(
        "whole cart, 100 lines of 10,000 live rules",
        &many,
        &hundred,
        100,
    );
}

criterion_group!(benches, scan, whole);
criterion_main!(benches);
