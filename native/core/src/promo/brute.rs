//! Slow and obviously right: every way to share a few units among promotions, one unit at a time.

use super::model::{
    Base, Benefit, Facts, Gate, ItemSet, Items, Line, Off, Pick, Policy, Promotion,
};
use crate::money::{Rounding, divide, extend_amount};

/// One unit for sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Unit {
    pub amount: i64,
    pub floor: i64,
    pub item: u32,
    pub discountable: bool,
}

/// The units of lines whose prices have no more digits than the currency, cheapest first.
pub(super) fn units(lines: &[Line]) -> Vec<Unit> {
    let mut units = Vec::new();
    for line in lines {
        for _ in 0..line.quantity_milli / 1_000 {
            units.push(Unit {
                amount: extend_amount(line.unit_price_micros, 1_000, 2).unwrap(),
                floor: extend_amount(line.floor_price_micros, 1_000, 2).unwrap(),
                item: line.item,
                discountable: line.discountable,
            });
        }
    }
    units.sort_unstable();
    units
}

pub(super) fn has(set: &ItemSet, item: u32) -> bool {
    let listed = match &set.items {
        Items::All => true,
        Items::Only(items) => items.contains(&item),
    };
    listed && !set.except.contains(&item)
}

/// Whether all gates hold before any promotion.
pub(super) fn gates_hold(promotion: &Promotion, units: &[Unit]) -> bool {
    let counted = |unit: &&Unit| unit.discountable || promotion.count_nondiscountable;
    promotion.gates.iter().all(|gate| match *gate {
        Gate::MinSets { sets, count, least } => {
            let named = (0..promotion.sets.len()).filter(|set| sets & 1 << set != 0);
            let full = named.filter(|&set| {
                let own = units.iter().filter(counted);
                own.filter(|unit| has(&promotion.sets[set], unit.item))
                    .count()
                    >= count as usize
            });
            full.count() >= least as usize
        }
        Gate::MinQuantity { set, count } => {
            let own = units.iter().filter(counted);
            own.filter(|unit| has(&promotion.sets[set], unit.item))
                .count()
                >= count as usize
        }
        Gate::MinSpend { set, amount_minor } => {
            let own = units.iter().filter(counted);
            let own = own.filter(|unit| has(&promotion.sets[set], unit.item));
            own.map(|unit| unit.amount).sum::<i64>() >= amount_minor
        }
    })
}

/// What comes off `count` times something that cost `original` and now costs `running`.
fn off(promotion: &Promotion, off: Off, count: i64, original: i64, running: i64, low: i64) -> i64 {
    let base = if promotion.base == Base::Original {
        original
    } else {
        running
    };
    let wanted = match off {
        Off::Percent(ppm) => {
            let exact = i128::from(base) * i128::from(ppm);
            i64::try_from(divide(exact, 1_000_000, Rounding::HalfUp)).unwrap()
        }
        Off::Amount(amount) => amount * count,
        Off::Price(price) => base - price * count,
    };
    wanted.min(running - low).max(0)
}

/// What is saved, in minor units: by each priority, the highest first, or all in one place where
/// priorities only break ties. The larger list is the better way.
type Saved = Vec<i64>;

fn total(saved: &Saved) -> i64 {
    saved.iter().sum()
}

fn both(one: &Saved, other: &Saved) -> Saved {
    one.iter().zip(other).map(|(a, b)| a + b).collect()
}

/// The places where promotions save.
struct Places(Vec<u16>);

impl Places {
    fn new(promotions: &[&Promotion], policy: Policy) -> Self {
        let mut levels: Vec<u16> = promotions.iter().map(|one| one.priority).collect();
        levels.sort_unstable_by(|one, other| other.cmp(one));
        levels.dedup();
        if policy == Policy::BestForCustomer {
            levels.clear();
        }
        Self(levels)
    }

    fn nothing(&self) -> Saved {
        vec![0; self.0.len().max(1)]
    }

    fn of(&self, promotion: &Promotion) -> usize {
        let mut levels = self.0.iter();
        levels
            .position(|&level| level == promotion.priority)
            .unwrap_or(0)
    }
}

/// The best saving on equal units by promotions on each unit that all agree.
fn alone(
    places: &Places,
    each: &[&Promotion],
    unit: Unit,
    count: i64,
    under: Option<&Promotion>,
) -> Saved {
    let mut best = places.nothing();
    for choice in 0_u32..1 << each.len() {
        let chosen: Vec<_> = (0..each.len())
            .filter(|at| choice >> at & 1 == 1)
            .map(|at| each[at])
            .collect();
        let agree = |one: &Promotion| {
            let others = chosen.iter().filter(|other| other.id != one.id);
            let mut others = others.copied().chain(under);
            others.all(|other| other.stacks(one))
        };
        if !chosen.iter().all(|one| agree(one)) {
            continue;
        }
        let mut running = unit.amount * count;
        let mut saved = places.nothing();
        for one in &chosen {
            if let Benefit::Each { set, off: what } = one.benefit
                && has(&one.sets[set], unit.item)
            {
                let low = unit.floor.min(unit.amount) * count;
                let off = off(one, what, count, unit.amount * count, running, low);
                running -= off;
                saved[places.of(one)] += off;
            }
        }
        best = best.max(saved);
    }
    best
}

/// The search: promotions on each unit, those that take units, and all units.
pub(super) struct Brute<'a> {
    each: Vec<&'a Promotion>,
    taking: Vec<&'a Promotion>,
    units: Vec<Unit>,
    facts: &'a Facts,
    deals: Vec<(usize, i64)>,
    places: Places,
    best: Saved,
}

/// What promotions on units save in the best way.
pub(super) fn best_saving(promotions: &[Promotion], units: &[Unit], facts: &Facts) -> i64 {
    let mut promotions: Vec<&Promotion> = promotions.iter().collect();
    promotions.sort_by_key(|one| (u16::MAX - one.priority, one.id));
    promotions.retain(|one| !one.on_cart() && gates_hold(one, units));
    let places = Places::new(&promotions, facts.policy);
    let capped = |one: &&Promotion| facts.caps.iter().any(|cap| cap.promotion_id == one.id);
    let (each, taking) = promotions.into_iter().partition(|one| {
        matches!(one.benefit, Benefit::Each { .. }) && !capped(one) && one.limit_per_cart.is_none()
    });
    let mut brute = Brute {
        each,
        taking,
        units: units
            .iter()
            .copied()
            .filter(|unit| unit.discountable)
            .collect(),
        facts,
        deals: Vec::new(),
        best: places.nothing(),
        places,
    };
    let free = (1_u32 << brute.units.len()) - 1;
    let nothing = brute.places.nothing();
    brute.share(free, &mut Vec::new(), &nothing);
    total(&brute.best)
}

impl Brute<'_> {
    /// Share the free units: the first stays alone, or is in a deal with some of the others.
    fn share(&mut self, free: u32, lonely: &mut Vec<Unit>, stacked: &Saved) {
        if free == 0 {
            let mut saving = both(stacked, &self.within_limits());
            let mut rest = lonely.clone();
            rest.sort_unstable();
            for equal in rest.chunk_by(|one, other| one == other) {
                let count = i64::try_from(equal.len()).unwrap();
                let found = alone(&self.places, &self.each, equal[0], count, None);
                saving = both(&saving, &found);
            }
            if saving > self.best {
                self.best = saving;
            }
            return;
        }
        let first = free & free.wrapping_neg();
        lonely.push(self.units[first.trailing_zeros() as usize]);
        self.share(free & !first, lonely, stacked);
        lonely.pop();
        let others = free & !first;
        let mut subset = others;
        loop {
            let taken = subset | first;
            for promo in 0..self.taking.len() {
                for own in self.own(promo, taken) {
                    let under = members(taken).map(|at| self.under(promo, at));
                    let stacked = under.fold(stacked.clone(), |sum, one| both(&sum, &one));
                    self.deals.push((promo, own));
                    if self.may_apply(promo) {
                        self.share(free & !taken, lonely, &stacked);
                    }
                    self.deals.pop();
                }
            }
            if subset == 0 {
                break;
            }
            subset = (subset - 1) & others;
        }
    }

    fn may_apply(&self, promo: usize) -> bool {
        let promotion = self.taking[promo];
        let uses = self.deals.iter().filter(|deal| deal.0 == promo).count();
        let once = matches!(promotion.benefit, Benefit::Tiers { .. });
        let cap = self
            .facts
            .caps
            .iter()
            .find(|cap| cap.promotion_id == promotion.id);
        let most = promotion.limit_per_cart.unwrap_or(u32::MAX);
        let most = most.min(cap.and_then(|cap| cap.uses).unwrap_or(u32::MAX));
        uses <= if once { 1 } else { most as usize }
    }

    /// What all deals take together, each promotion within its budget.
    fn within_limits(&self) -> Saved {
        (0..self.taking.len())
            .map(|promo| {
                let mut saved = self.places.nothing();
                let own = self.deals.iter().filter(|deal| deal.0 == promo);
                let cap = self.facts.caps.iter();
                let mut cap = cap.filter(|cap| cap.promotion_id == self.taking[promo].id);
                let most = cap.find_map(|cap| cap.amount_minor).unwrap_or(i64::MAX);
                saved[self.places.of(self.taking[promo])] =
                    own.map(|deal| deal.1).sum::<i64>().min(most);
                saved
            })
            .fold(self.places.nothing(), |sum, one| both(&sum, &one))
    }

    fn under(&self, promo: usize, at: usize) -> Saved {
        let under = Some(self.taking[promo]);
        alone(&self.places, &self.each, self.units[at], 1, under)
    }

    fn price(&self, promo: usize, at: usize) -> i64 {
        self.units[at].amount - total(&self.under(promo, at))
    }

    /// Every amount above zero that a promotion may take from exactly these units.
    fn own(&self, promo: usize, taken: u32) -> Vec<i64> {
        let promotion = self.taking[promo];
        let inside = |set: usize| move |at: &usize| has(&promotion.sets[set], self.units[*at].item);
        let size = taken.count_ones();
        let found = match &promotion.benefit {
            Benefit::Each { set, off }
                if size == 1 && members(taken).all(|at| inside(*set)(&at)) =>
            {
                vec![self.together(promo, taken, *off)]
            }
            Benefit::Bundle { slots, off } => {
                let wanted: Vec<usize> = slots
                    .iter()
                    .flat_map(|slot| (0..slot.count).map(|_| slot.set))
                    .collect();
                let fits = wanted.len() == size as usize && self.fills(promotion, taken, &wanted);
                if fits {
                    vec![self.together(promo, taken, *off)]
                } else {
                    Vec::new()
                }
            }
            Benefit::BuyGet { buy, get, .. } if size == buy + get => self.buy_get(promo, taken),
            Benefit::Tiers { set, .. } if members(taken).all(|at| inside(*set)(&at)) => {
                vec![self.tiers(promo, taken)]
            }
            _ => Vec::new(),
        };
        found.into_iter().filter(|&own| own > 0).collect()
    }

    /// Whether some order of the units fills the slots.
    fn fills(&self, promotion: &Promotion, free: u32, wanted: &[usize]) -> bool {
        let Some((set, rest)) = wanted.split_first() else {
            return true;
        };
        members(free).any(|at| {
            has(&promotion.sets[*set], self.units[at].item)
                && self.fills(promotion, free & !(1 << at), rest)
        })
    }

    fn together(&self, promo: usize, taken: u32, what: Off) -> i64 {
        let original = members(taken).map(|at| self.units[at].amount).sum();
        let running = members(taken).map(|at| self.price(promo, at)).sum();
        let low = members(taken).map(|at| self.units[at]);
        let low = low.map(|unit| unit.floor.min(unit.amount)).sum();
        off(self.taking[promo], what, 1, original, running, low)
    }

    /// Off units of one row: equal units are reckoned together, as a receipt does.
    fn off_rows(&self, promo: usize, what: Off, mut units: Vec<usize>) -> i64 {
        units.sort_by_key(|&at| (self.units[at], at));
        units
            .chunk_by(|&one, &other| self.units[one] == self.units[other])
            .map(|equal| {
                let count = i64::try_from(equal.len()).unwrap();
                let unit = self.units[equal[0]];
                let running = self.price(promo, equal[0]) * count;
                let low = unit.floor.min(unit.amount) * count;
                off(
                    self.taking[promo],
                    what,
                    count,
                    unit.amount * count,
                    running,
                    low,
                )
            })
            .sum()
    }

    fn by_price(&self, promo: usize, taken: u32) -> Vec<usize> {
        let mut units: Vec<usize> = members(taken).collect();
        units.sort_by_key(|&at| (self.price(promo, at), self.units[at], at));
        units
    }

    fn buy_get(&self, promo: usize, taken: u32) -> Vec<i64> {
        let promotion = self.taking[promo];
        let Benefit::BuyGet {
            buy_set,
            buy,
            get_set,
            get,
            off,
            pick,
        } = promotion.benefit
        else {
            return Vec::new();
        };
        let inside = |set: usize, at: usize| has(&promotion.sets[set], self.units[at].item);
        if buy > 0 && buy_set == get_set {
            if !members(taken).all(|at| inside(buy_set, at)) {
                return Vec::new();
            }
            let mut units = self.by_price(promo, taken);
            if pick == Pick::Dearest {
                units.reverse();
            }
            units.truncate(get as usize);
            return vec![self.off_rows(promo, off, units)];
        }
        let pool = self.pool(promo);
        let mut found = Vec::new();
        for rewarded in 0..=taken {
            let good = rewarded & !taken == 0
                && rewarded.count_ones() == get
                && members(rewarded).all(|at| pool.contains(&at))
                && members(taken & !rewarded).all(|at| inside(buy_set, at));
            if good {
                found.push(self.off_rows(promo, off, members(rewarded).collect()));
            }
        }
        found
    }

    /// The units that may be rewarded: the first so many, by price, as could be earned.
    fn pool(&self, promo: usize) -> Vec<usize> {
        let promotion = self.taking[promo];
        let Benefit::BuyGet {
            buy_set,
            buy,
            get_set,
            get,
            pick,
            ..
        } = promotion.benefit
        else {
            return Vec::new();
        };
        let all = |set: usize| {
            let units = 0..self.units.len();
            units.filter(move |&at| has(&promotion.sets[set], self.units[at].item))
        };
        let bought = all(buy_set)
            .count()
            .checked_div(buy as usize)
            .unwrap_or(usize::MAX);
        let cap = self
            .facts
            .caps
            .iter()
            .find(|cap| cap.promotion_id == promotion.id);
        let uses = promotion.limit_per_cart.unwrap_or(u32::MAX);
        let uses = uses.min(cap.and_then(|cap| cap.uses).unwrap_or(u32::MAX));
        let most = bought
            .min(all(get_set).count() / get as usize)
            .min(uses as usize);
        let mut units: Vec<usize> = all(get_set).collect();
        if pick == Pick::Dearest {
            units.reverse();
        }
        units.truncate(most * get as usize);
        units
    }

    fn tiers(&self, promo: usize, taken: u32) -> i64 {
        let Benefit::Tiers {
            tiers,
            marginal,
            pick,
            ..
        } = &self.taking[promo].benefit
        else {
            return 0;
        };
        let mut units = self.by_price(promo, taken);
        if *pick == Pick::Cheapest {
            units.reverse();
        }
        let reached = |place: usize| {
            let mut passed = tiers.iter().enumerate().rev();
            passed.find(|(_, tier)| tier.from as usize <= place)
        };
        let mut by_tier: Vec<Vec<usize>> = tiers.iter().map(|_| Vec::new()).collect();
        for (place, &at) in units.iter().enumerate() {
            let place = if *marginal { place + 1 } else { units.len() };
            if let Some((tier, _)) = reached(place) {
                by_tier[tier].push(at);
            }
        }
        let rows = tiers.iter().zip(by_tier);
        rows.map(|(tier, units)| self.off_rows(promo, tier.off, units))
            .sum()
    }
}

fn members(mask: u32) -> impl Iterator<Item = usize> {
    (0..32).filter(move |at| mask >> at & 1 == 1)
}
