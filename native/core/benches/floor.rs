//! What the floor takes without the crossing from Python: `cargo bench -p countertop-core`.

use countertop_core::book::PriceBook;
use countertop_core::builder::Builder;
use countertop_core::chain::{Place, chain_hash};
use countertop_core::item::{Item, Measures, Unit};
use countertop_core::money::{Rounding, extend_amount};
use countertop_core::pricing::{Charge, Discount, Line, price_order};
use countertop_core::tax::{Policy, Scope};
use countertop_core::tax_document::{
    self, Charge as TaxCharge, Kind, Level, Measure, Residual, Tax, tax_document,
};
use countertop_core::tree::Frontier;
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

const HEADS: [&str; 5] = ["whole", "dark", "garden", "golden", "crème"];
const KINDS: [&str; 4] = ["bread", "cheese", "chocolate", "yoghurt"];
const SOUNDS: [&str; 10] = [
    "ba", "ko", "li", "mer", "no", "pas", "ri", "sol", "ta", "ver",
];

fn lines(count: usize) -> Vec<Line> {
    let prices = (0..).map(|step| 990_000 + 370_000 * (step % 23));
    prices
        .take(count)
        .enumerate()
        .map(|(at, unit_price_micros)| Line {
            tax_index: at % 3,
            charge: Charge::Priced {
                unit_price_micros,
                quantity_milli: if at % 3 == 0 { 731 } else { 1_000 },
                discount: Discount::Percent(50_000),
                discountable: at % 4 != 0,
            },
        })
        .collect()
}

fn segment(count: usize) -> Vec<u8> {
    let mut builder = Builder::default();
    for number in 0..count {
        let own: String = [1, 10, 100, 1_000, 10_000]
            .map(|unit| SOUNDS[number / 2 / unit % 10])
            .concat();
        let head = HEADS[number / 7 % HEADS.len()];
        let kind = KINDS[number % KINDS.len()];
        let item = Item {
            item_id: format!("item-{number:06}").into(),
            name: format!("{head} {kind} {own}").into(),
            variation: "".into(),
            department: kind.into(),
            tax_class: "standard".into(),
            unit_price_micros: 1_990_000,
            unit: Unit::Piece,
            open_price: false,
            discountable: true,
            group: "".into(),
            image: "".into(),
            sort: 0,
            measures: Measures::default(),
        };
        let code = format!("4{number:012}");
        builder
            .put_code(&code, &item.item_id, -1, 1_000)
            .expect("a good code");
        builder.put_item(item).expect("a good item");
    }
    builder.build().expect("a good segment")
}

fn money(criterion: &mut Criterion) {
    criterion.bench_function("extend_amount", |bench| {
        bench.iter(|| extend_amount(black_box(12_345_678), black_box(1_275), 2));
    });
    let policy = Policy {
        inclusive: true,
        scope: Scope::RateDocument,
        mode: Rounding::HalfUp,
    };
    let off = [Discount::Percent(50_000), Discount::Amount(250)];
    for count in [8, 200] {
        let lines = lines(count);
        criterion.bench_function(&format!("price_order/{count}"), |bench| {
            bench.iter(|| price_order(black_box(&lines), &off, &[190_000, 70_000, 0], policy, 2));
        });
    }
}

fn taxes(criterion: &mut Criterion) {
    let table = [190_000, 70_000, 0].map(|ppm| Tax {
        kind: Kind::Percent(ppm),
        included: true,
        affects_later: false,
        affected_by_previous: true,
        charge: TaxCharge::Charged,
        threshold: None,
        cap: None,
    });
    let policy = tax_document::Policy {
        level: Level::RateDocument,
        mode: Rounding::HalfUp,
        net_first: false,
        residual: Residual::Largest,
        exact_amounts: false,
        amount_mode: Rounding::HalfUp,
        division_base_net: false,
    };
    for count in [8, 200] {
        let lines: Vec<_> = (0..)
            .take(count)
            .map(|at: i64| tax_document::Line {
                unit_price_micros: 990_000 + 370_000 * (at % 23),
                quantity_milli: if at % 3 == 0 { 731 } else { 1_000 },
                unit: Measure::Piece,
                discount_minor: 0,
                taxes: vec![usize::try_from(at % 3).unwrap_or(0)],
                measures: Vec::new(),
            })
            .collect();
        criterion.bench_function(&format!("tax_document/{count}"), |bench| {
            bench.iter(|| tax_document(black_box(&lines), &table, policy, 2));
        });
    }
}

fn catalog(criterion: &mut Criterion) {
    let data = segment(100_000);
    let book = PriceBook::from_segment(&data).expect("a good segment");
    criterion.bench_function("find_code/100k", |bench| {
        bench.iter(|| book.find_code(black_box("4000000047110")));
    });
    for query in ["golden che", "likobababa", "choclate dark"] {
        criterion.bench_function(&format!("search/100k/{query}"), |bench| {
            bench.iter(|| book.search(black_box(query), 20));
        });
    }
    let mut slow = criterion.benchmark_group("segment");
    slow.sample_size(10);
    slow.bench_function("read 100k", |bench| {
        bench.iter(|| PriceBook::from_segment(black_box(&data)));
    });
    slow.finish();
}

fn log(criterion: &mut Criterion) {
    let place = Place {
        store: "store-1",
        kind: "live",
        epoch: 1,
        position: 1,
    };
    let payload = [7; 400];
    criterion.bench_function("chain_hash/400 bytes", |bench| {
        bench.iter(|| chain_hash(place, &[0; 32], black_box(&payload)));
    });
    criterion.bench_function("tree append and root", |bench| {
        let mut frontier = Frontier::default();
        bench.iter(|| {
            frontier.append(black_box(&payload)).expect("room");
            frontier.root()
        });
    });
}

criterion_group!(benches, money, taxes, catalog, log);
criterion_main!(benches);
