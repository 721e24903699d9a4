//! Worked figures: each kind of promotion, each clause, each refusal.

mod benefits;
mod bounds;
mod contests;
mod limits;
mod open;
mod refused;
mod told;

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

/// Whoever buys a printer (1) has a cable (2) at half its price, which the cable carries alone.
fn cable_at_half() -> Promotion {
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
    cable
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
