//! A scan of a known item asks for no memory once its cart is warm.
//!
//! Contests of units (two promotions that want the same units, in units enough) and promotions on
//! the cart still do while they are settled; scans beside them do not.

use countertop_core::money::Rounding;
use countertop_core::promo::model::{
    Base, Benefit, Class, Eligibility, Gate, ItemSet, Items, Off, Pick, Spread, Window,
};
use countertop_core::promo::{Cart, Facts, Line, Promotion, PromotionSet};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

/// The system's memory, counting how often this thread asks for some.
struct Counting;

// SAFETY: every call goes to the system's allocator as it came; counting touches a `Cell` of the
// thread that asks for no memory itself.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.with(|asked| asked.set(asked.get() + 1));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ASKED.with(|asked| asked.set(asked.get() + 1));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static MEMORY: Counting = Counting;

const ITEMS: u32 = 1_000;

fn promotion(id: u32, items: Vec<u32>, benefit: Benefit, gates: Vec<Gate>) -> Promotion {
    Promotion {
        id,
        version: 1,
        class: Class::Coupon,
        priority: 0,
        exclusive_group: None,
        tags: 1,
        stacks_with: 1,
        sets: vec![ItemSet {
            items: Items::Only(items),
            except: Vec::new(),
        }],
        eligibility: Eligibility::default(),
        window: Window::default(),
        gates,
        benefit,
        count_nondiscountable: false,
        limit_per_cart: None,
        base: Base::Running,
        spread: Spread::AllUnits,
        rounding: Rounding::HalfUp,
        vendor_ppm: 0,
    }
}

/// On each item a percentage, on some a second that stacks; a gate over many; three for two on
/// items of which the cart has at most two.
fn shop() -> Arc<PromotionSet> {
    let off = |ppm| Benefit::Each {
        set: 0,
        off: Off::Percent(ppm),
    };
    let mut made: Vec<Promotion> = (0..ITEMS)
        .map(|item| promotion(item + 1, vec![item], off(100_000), Vec::new()))
        .collect();
    made.extend((0..ITEMS / 2).map(|item| {
        let gate = Gate::MinQuantity { set: 0, count: 2 };
        let items = vec![2 * item, (2 * item + 500) % ITEMS];
        promotion(2_000 + item, items, off(50_000), vec![gate])
    }));
    made.extend((0..ITEMS / 4).map(|item| {
        let free = Benefit::BuyGet {
            buy_set: 0,
            buy: 2,
            get_set: 0,
            get: 1,
            off: Off::Percent(1_000_000),
            pick: Pick::Cheapest,
        };
        let items = vec![4 * item, (4 * item + 250) % ITEMS];
        promotion(4_000 + item, items, free, Vec::new())
    }));
    Arc::new(PromotionSet::compile(made, ITEMS).expect("good promotions"))
}

fn line(number: u32) -> Line {
    Line {
        item: number * 7 % ITEMS,
        unit_price_micros: 10_000 * i64::from(100 + number % 40),
        quantity_milli: 1_000,
        pieces: true,
        discountable: true,
        floor_price_micros: 0,
    }
}

#[test]
fn a_warm_cart_asks_for_no_memory() {
    let mut cart = Cart::new(shop(), Facts::default(), 2).expect("a good cart");
    let fill = |cart: &mut Cart| {
        cart.clear(Facts::default());
        for number in 0..200 {
            cart.add_line(line(number)).expect("a good line");
        }
        for number in 0..100 {
            cart.change_line(number, line(number + 200))
                .expect("a line");
            cart.remove_line(number).expect("a line");
        }
        cart.total_minor()
    };
    for _ in 0..10 {
        fill(&mut cart);
    }
    let warm = fill(&mut cart);
    let before = ASKED.with(Cell::get);
    assert!(before > 1_000, "memory is counted");
    for _ in 0..20 {
        assert_eq!(fill(&mut cart), warm);
    }
    assert_eq!(ASKED.with(Cell::get) - before, 0);
    let priced = cart.priced();
    assert!(priced.applications.len() >= 100, "the promotions act");
}
