//! Made promotions and lines for tests, the same each time.

use super::model::{
    Base, Benefit, Cap, Class, Eligibility, Facts, Gate, ItemSet, Items, Line, Off, Pick,
    Promotion, Slot, Spread, Tier, Window,
};
use crate::money::Rounding;

pub(super) const ITEMS: u32 = 5;

/// Marsaglia's xorshift: the same numbers on every machine.
pub(super) struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn count(&mut self, from: u32, to: u32) -> u32 {
        from + u32::try_from(self.below(u64::from(to - from) + 1)).unwrap()
    }

    pub fn amount(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.below(u64::try_from(to - from).unwrap() + 1)).unwrap()
    }

    pub fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    pub fn set(&mut self) -> ItemSet {
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

    pub fn off(&mut self) -> Off {
        match self.below(3) {
            0 => Off::Percent(self.amount(0, 20) * 50_000),
            1 => Off::Amount(self.amount(0, 400)),
            _ => Off::Price(self.amount(0, 900)),
        }
    }

    pub fn pick(&mut self) -> Pick {
        if self.one_in(2) {
            Pick::Cheapest
        } else {
            Pick::Dearest
        }
    }

    pub fn benefit(&mut self) -> Benefit {
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

    pub fn promotion(&mut self, id: u32) -> Promotion {
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

    pub fn promotions(&mut self, count: u32) -> Vec<Promotion> {
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

    pub fn line(&mut self, units: u32) -> Line {
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

    pub fn lines(&mut self, mut units: u32) -> Vec<Line> {
        let mut lines = Vec::new();
        while units > 0 {
            let count = self.count(1, units.min(3));
            lines.push(self.line(count));
            units -= count;
        }
        lines
    }

    pub fn facts(&mut self) -> Facts {
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

/// Promotions of every kind, some on the cart.
pub(super) fn all_sorts(chance: &mut Chance) -> Vec<Promotion> {
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
