//! What a promotion is: plain data, checked and compiled by [`super::compile`].

use crate::money::Rounding;

/// The item of a line that sells nothing of the price book: only sets of all items hold it.
pub const NO_ITEM: u32 = u32::MAX;

/// Who gives a promotion; cart benefits apply class by class, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// On units of the scope.
    Item,
    /// Consumes units of a set.
    Set,
    /// On the cart.
    Cart,
    /// Asks for a coupon; on units or the cart.
    Coupon,
    /// Given by an operator.
    Manual,
    /// For the shop's own people.
    Employee,
    /// For points.
    Loyalty,
    /// For a means of payment.
    Tender,
}

/// The items of a set before its exceptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Items {
    /// Every item, also those outside the price book.
    All,
    /// These indices of the price book.
    Only(Vec<u32>),
}

/// Items a promotion speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemSet {
    /// What is in it.
    pub items: Items,
    /// What is taken out again.
    pub except: Vec<u32>,
}

/// What comes off, each time the benefit applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Off {
    /// Parts per million, 0 to 1,000,000.
    Percent(i64),
    /// Minor units, zero or more.
    Amount(i64),
    /// What is left to pay, in minor units, zero or more.
    Price(i64),
}

/// Which units are rewarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// Those with the lowest price.
    Cheapest,
    /// Those with the highest price.
    Dearest,
}

/// A part of a bundle. Sets are named by their place in [`Promotion::sets`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Whose units fill it.
    pub set: usize,
    /// How many.
    pub count: u32,
}

/// A step of a quantity price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// The smallest number of units it holds for.
    pub from: u32,
    /// What comes off each unit.
    pub off: Off,
}

/// What a promotion gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Benefit {
    /// On each unit of a set.
    Each {
        /// The set.
        set: usize,
        /// Off each unit.
        off: Off,
    },
    /// Units that fill all slots, together: n for a price, n for a percentage, a fixed bundle.
    Bundle {
        /// The slots; no unit fills two.
        slots: Vec<Slot>,
        /// Off the whole bundle.
        off: Off,
    },
    /// `buy` units pay, `get` units are rewarded. With one set for both, the picked `get` of the
    /// units taken are rewarded; k free of n is `buy` n − k, `get` k. With another set, or nothing
    /// to buy (a gift), rewards are picked among all units of `get_set` in the cart: the first by
    /// price, as many as could be earned, are in the running.
    BuyGet {
        /// Whose units pay.
        buy_set: usize,
        /// How many pay.
        buy: u32,
        /// Whose units are rewarded.
        get_set: usize,
        /// How many are rewarded.
        get: u32,
        /// Off each rewarded unit.
        off: Off,
        /// Which are rewarded.
        pick: Pick,
    },
    /// A price by quantity, applied at most once to a cart.
    Tiers {
        /// The set.
        set: usize,
        /// Ascending by `from`.
        tiers: Vec<Tier>,
        /// Each tier is for the units from its `from` on only; else the highest reached is for all.
        marginal: bool,
        /// With `marginal`, which units stand last and so get the highest tier.
        pick: Pick,
    },
    /// On the lines of a set together; [`Off::Price`] is refused.
    Cart {
        /// The set.
        set: usize,
        /// Off their sum.
        off: Off,
    },
    /// For every full step spent on a set.
    EverySpend {
        /// The set.
        set: usize,
        /// Minor units, above zero.
        step_minor: i64,
        /// Minor units off for each full step.
        off_minor: i64,
    },
}

/// What the cart must hold, tested on what the promotion's layer starts from. Consumes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// At least this many units of a set.
    MinQuantity {
        /// The set.
        set: usize,
        /// Units.
        count: u32,
    },
    /// At least this much spent on a set.
    MinSpend {
        /// The set.
        set: usize,
        /// Minor units.
        amount_minor: i64,
    },
    /// So many units of each of some sets, whichever they are.
    MinSets {
        /// The sets to choose from, as bits.
        sets: u16,
        /// Units of each chosen set.
        count: u32,
        /// How many of the sets.
        least: u32,
    },
}

/// What a second promotion on a unit is reckoned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// The price before this layer: 10 % and 20 % of 100 leave 70.
    Original,
    /// What the earlier promotions left: 10 % and 20 % of 100 leave 72.
    Running,
}

/// Which units of an application carry its discount, in proportion to their prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// All it took.
    AllUnits,
    /// The rewarded ones, where there are some.
    RewardUnits,
}

/// When a promotion is open. Instants and the week are the caller's; the core reads no clock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Window {
    /// First instant, in seconds since 1970.
    pub start_s: Option<i64>,
    /// First instant after it.
    pub end_s: Option<i64>,
    /// Spans [from, until) in minutes of the store's local week, 0 to 10,080; none: always.
    pub weekly: Option<Vec<(u32, u32)>>,
    /// Instants and spans are on the clock of the business day, on which a sale after midnight is
    /// still of the evening before: a day begins there when trade does.
    pub business_day: bool,
}

/// Who may have it. Sets of up to 64 numbers are bits; no bit set means anybody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Eligibility {
    /// Stores.
    pub stores: u64,
    /// Channels.
    pub channels: u64,
    /// Customer groups; one suffices.
    pub customer_groups: u64,
    /// Kinds of tender; one suffices.
    pub tenders: u64,
    /// The coupon that must be present.
    pub coupon: Option<u32>,
    /// Points the member must have.
    pub points_min: i64,
}

/// A promotion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promotion {
    /// The caller's number, unique in a set of promotions.
    pub id: u32,
    /// Copied to whatever the promotion does.
    pub version: u32,
    /// Who gives it.
    pub class: Class,
    /// Higher goes first.
    pub priority: u16,
    /// At most one promotion of a group touches a unit, or the cart.
    pub exclusive_group: Option<u16>,
    /// What it is, for others' `stacks_with`.
    pub tags: u64,
    /// What it shares a unit (or, within its class, the cart) with: both sides must agree.
    pub stacks_with: u64,
    /// The sets that the benefit and the gates name by place.
    pub sets: Vec<ItemSet>,
    /// Who may have it.
    pub eligibility: Eligibility,
    /// When it is open.
    pub window: Window,
    /// All must hold.
    pub gates: Vec<Gate>,
    /// What it gives.
    pub benefit: Benefit,
    /// Units that are never discounted count for the gates.
    pub count_nondiscountable: bool,
    /// Applications in one cart; for [`Benefit::Each`] units.
    pub limit_per_cart: Option<u32>,
    /// What a second promotion is reckoned from.
    pub base: Base,
    /// Which units carry the discount.
    pub spread: Spread,
    /// Of percentages: once for equal units of [`Benefit::Each`], once for a bundle or the cart.
    pub rounding: Rounding,
    /// The vendor's part of the cost in parts per million; the rest is the store's.
    pub vendor_ppm: u32,
}

/// How promotions that want the same units are settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// The largest saving; then fewer applications, higher priority, lower ids, cheaper units.
    #[default]
    BestForCustomer,
    /// Higher priority first, whatever it saves; the largest saving among equals. What one priority
    /// saves counts before all that lower ones save.
    StrictPriority,
}

/// What is left of a promotion's limits outside this cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    /// Its id.
    pub promotion_id: u32,
    /// Applications left for this customer; none: no limit.
    pub uses: Option<u32>,
    /// Minor units left of a budget or of an employee's yearly cap; none: no limit.
    pub amount_minor: Option<i64>,
}

/// What is known of a cart beside its lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// One bit: this store.
    pub store: u64,
    /// One bit: this channel.
    pub channel: u64,
    /// The customer's groups.
    pub customer_groups: u64,
    /// The kinds of tender offered so far.
    pub tenders: u64,
    /// Coupons present.
    pub coupons: Vec<u32>,
    /// The member's points.
    pub points: i64,
    /// The instant, in seconds since 1970.
    pub now_s: i64,
    /// Seconds since Monday 00:00 on the store's clock.
    pub week_s: u32,
    /// Seconds since Monday's business day began; none: days begin at midnight.
    pub business_week_s: Option<u32>,
    /// What is left of limits.
    pub caps: Vec<Cap>,
    /// How contests are settled.
    pub policy: Policy,
}

/// A line of a cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line {
    /// Its place in the price book, or [`NO_ITEM`].
    pub item: u32,
    /// Micros of the major unit.
    pub unit_price_micros: i64,
    /// Thousandths.
    pub quantity_milli: i64,
    /// Sold by the piece: whole quantities are so many units; else the line is one unit.
    pub pieces: bool,
    /// Promotions may touch it.
    pub discountable: bool,
    /// The lowest lawful unit price, in micros; zero or more.
    pub floor_price_micros: i64,
}

impl Promotion {
    /// Whether it and another may share a unit: tags agree both ways and no group forbids it.
    pub fn stacks(&self, other: &Self) -> bool {
        self.tags & other.stacks_with != 0
            && other.tags & self.stacks_with != 0
            && !self.excludes(other)
    }

    /// Whether both are of one exclusive group.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        self.exclusive_group.is_some() && self.exclusive_group == other.exclusive_group
    }

    /// Whether it acts on the cart as a whole.
    pub fn on_cart(&self) -> bool {
        matches!(
            self.benefit,
            Benefit::Cart { .. } | Benefit::EverySpend { .. }
        )
    }

    /// The sets of its benefit, as bits.
    pub(crate) fn benefit_sets(&self) -> u16 {
        match &self.benefit {
            Benefit::Each { set, .. }
            | Benefit::Tiers { set, .. }
            | Benefit::Cart { set, .. }
            | Benefit::EverySpend { set, .. } => 1 << set,
            Benefit::Bundle { slots, .. } => {
                slots.iter().fold(0, |mask, slot| mask | 1 << slot.set)
            }
            Benefit::BuyGet {
                buy_set, get_set, ..
            } => 1 << buy_set | 1 << get_set,
        }
    }
}
