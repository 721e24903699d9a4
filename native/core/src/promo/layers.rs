//! Promotions on the cart, class by class, each on what the one before left.

use super::cart::Cart;
use super::compile::PromotionSet;
use super::deal::spread;
use super::model::{Benefit, Gate};
use super::score::{ByLevel, Score, level_of};
use super::stack::{small, taken};
use std::sync::Arc;

/// Choices tried within one class before the best so far is taken.
pub(crate) const CART_STEPS: u32 = 1_024;

/// A line's share of a promotion on the cart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CartMod {
    pub promo: u32,
    pub line: u32,
    pub off: i64,
    pub times: u32,
}

/// The lines of a promotion on the cart, by content.
struct Reach {
    promo: u32,
    /// Places among the sorted lines.
    places: Vec<usize>,
}

/// One class of promotions, being settled.
struct Layer<'a> {
    set: &'a PromotionSet,
    cart: &'a Cart,
    reaches: Vec<Reach>,
    /// Nets by place, as the class found them.
    start: Vec<i64>,
    /// The least each line may cost.
    floors: &'a [i64],
    saved: ByLevel,
    best: (ByLevel, Score, Vec<usize>),
    steps: u32,
}

impl Cart {
    /// Settle the promotions on the cart.
    pub(crate) fn settle_cart(&mut self) {
        if self.on_cart.is_empty() {
            return;
        }
        let set = Arc::clone(&self.set);
        self.cart_mods.clear();
        self.cart_whole = true;
        for at in 0..self.sorted.len() {
            let line = self.sorted[at];
            self.lines[line as usize].cart_off = 0;
            self.touch(line);
        }
        let slots = self.sorted.iter().map(|&line| &self.lines[line as usize]);
        let mut nets: Vec<i64> = slots.map(|slot| slot.amount - slot.unit_off).collect();
        let floors: Vec<i64> = self
            .sorted
            .iter()
            .map(|&line| self.floor_of(line))
            .collect();
        let mut promos = self.on_cart.clone();
        promos.sort_unstable_by_key(|&promo| (set.at(promo).class, promo));
        let mut groups: Vec<u16> = Vec::new();
        for class in promos.chunk_by(|&one, &other| set.at(one).class == set.at(other).class) {
            let free = class.iter().copied().filter(|&promo| {
                let group = set.at(promo).exclusive_group;
                group.is_none_or(|group| !groups.contains(&group))
            });
            let free: Vec<u32> = free.collect();
            let mut layer = Layer::new(&set, self, &free, nets.clone(), &floors);
            let whole = layer.choose();
            let chosen = std::mem::take(&mut layer.best.2);
            let mut mods = Vec::new();
            for &at in &chosen {
                layer.apply(at, &mut nets, Some(&mut mods));
                groups.extend(set.at(layer.reaches[at].promo).exclusive_group);
            }
            self.cart_whole &= whole;
            for found in mods {
                self.lines[found.line as usize].cart_off += found.off;
                self.cart_mods.push(found);
            }
        }
    }

    fn floor_of(&self, line: u32) -> i64 {
        let slot = &self.lines[line as usize];
        let parts = slot.parts[..slot.part_count].iter();
        let floors = parts.map(|&(kind, units)| self.kinds[kind as usize].units(units).lowest());
        small(floors.sum())
    }

    /// The lines of a set of a promotion on the cart, each once.
    fn lines_in(&self, promo: u32, sets: u16, paying: bool) -> impl Iterator<Item = u32> {
        let kinds = self.states[promo as usize].kinds.iter();
        kinds.flat_map(move |&(number, own)| {
            let kind = &self.kinds[number as usize];
            let inside = own & sets != 0 && (kind.key.discountable || !paying);
            let members = kind.members.iter().filter(move |_| inside);
            members.filter_map(move |&(line, _)| {
                // A line's units may be of two kinds of one item.
                (self.lines[line as usize].parts[0].0 == number).then_some(line)
            })
        })
    }

    /// Whether a promotion of the same exclusive group touched a line.
    pub(crate) fn group_touched(&self, set: &PromotionSet, promo: u32, line: u32) -> bool {
        let slot = &self.lines[line as usize];
        set.at(promo).exclusive_group.is_some()
            && slot.parts[..slot.part_count].iter().any(|&(kind, _)| {
                let mut shares = self.kinds[kind as usize].shares_of(line);
                shares.any(|(found, ..)| set.at(promo).excludes(set.at(found.promo)))
            })
    }

    /// Whether a promotion on the cart may begin, on nets by place among the sorted lines.
    pub(crate) fn cart_gate_holds(&self, promo: u32, gate: Gate, nets: &[i64]) -> bool {
        match gate {
            Gate::MinQuantity { .. } | Gate::MinSets { .. } => self.gate_holds(promo, gate),
            Gate::MinSpend { set, amount_minor } => {
                let mut inside: Vec<u32> = self.lines_in(promo, 1 << set, false).collect();
                inside.sort_unstable();
                let lines = self.sorted.iter().zip(nets);
                let spent = lines.filter(|(line, _)| inside.binary_search(line).is_ok());
                let spent = spent.map(|(_, &net)| i128::from(net));
                spent.sum::<i128>() >= i128::from(amount_minor)
            }
        }
    }
}

impl<'a> Layer<'a> {
    fn new(
        set: &'a PromotionSet,
        cart: &'a Cart,
        promos: &[u32],
        start: Vec<i64>,
        floors: &'a [i64],
    ) -> Self {
        let mut reaches = Vec::new();
        let mut inside = vec![false; cart.lines.len()];
        for &promo in promos {
            let gates = &set.at(promo).gates;
            if !gates
                .iter()
                .all(|&gate| cart.cart_gate_holds(promo, gate, &start))
            {
                continue;
            }
            inside.fill(false);
            for line in cart.lines_in(promo, set.at(promo).benefit_sets(), true) {
                inside[line as usize] = !cart.group_touched(set, promo, line);
            }
            let places = cart.sorted.iter().enumerate();
            let places = places.filter(|&(_, &line)| inside[line as usize]);
            let places: Vec<usize> = places.map(|(place, _)| place).collect();
            if !places.is_empty() {
                reaches.push(Reach { promo, places });
            }
        }
        Self {
            set,
            cart,
            reaches,
            start,
            floors,
            saved: ByLevel::default(),
            best: Default::default(),
            steps: 0,
        }
    }

    fn agrees(&self, chosen: &[usize], at: usize) -> bool {
        let one = self.set.at(self.reaches[at].promo);
        let others = chosen
            .iter()
            .map(|&other| self.set.at(self.reaches[other].promo));
        others.into_iter().all(|other| other.stacks(one))
    }

    /// Find the best choice; whether every choice was tried.
    fn choose(&mut self) -> bool {
        let all: Vec<usize> = (0..self.reaches.len()).collect();
        let agree = all.iter().all(|&at| self.agrees(&all[..at], at));
        let mut nets = self.start.clone();
        if agree {
            let mut chosen = Vec::new();
            for at in all {
                if self.apply(at, &mut nets, None) > 0 {
                    chosen.push(at);
                }
            }
            self.best.2 = chosen;
        } else {
            self.grow(0, &nets, Score::default(), &mut Vec::new());
        }
        self.steps <= CART_STEPS
    }

    fn grow(&mut self, from: usize, nets: &[i64], score: Score, chosen: &mut Vec<usize>) {
        for at in from..self.reaches.len() {
            self.steps += 1;
            if self.steps > CART_STEPS {
                return;
            }
            if !self.agrees(chosen, at) {
                continue;
            }
            let mut after = nets.to_vec();
            let off = self.apply(at, &mut after, None);
            if off == 0 {
                continue;
            }
            let promotion = self.set.at(self.reaches[at].promo);
            let score = score + Score::of(promotion, off);
            chosen.push(at);
            let level = level_of(self.cart.facts.policy, promotion);
            self.saved.add(level, off);
            if (&self.saved, score) > (&self.best.0, self.best.1) {
                self.best = (self.saved.clone(), score, chosen.clone());
            }
            self.grow(at + 1, &after, score, chosen);
            self.saved.take_back(off);
            chosen.pop();
        }
    }

    /// Take a promotion off the nets; what it takes comes back in minor units.
    fn apply(&self, at: usize, nets: &mut [i64], mods: Option<&mut Vec<CartMod>>) -> i64 {
        let Reach { promo, places } = &self.reaches[at];
        let promotion = self.set.at(*promo);
        let state = &self.cart.states[*promo as usize];
        let sum = |of: &[i64]| {
            places
                .iter()
                .map(|&place| i128::from(of[place]))
                .sum::<i128>()
        };
        let prices: Vec<i64> = places.iter().map(|&place| nets[place]).collect();
        let room: Vec<i64> = places
            .iter()
            .map(|&place| (nets[place] - self.floors[place]).max(0))
            .collect();
        let whole: i128 = room.iter().map(|&room| i128::from(room)).sum();
        let sums = [sum(&self.start), sum(nets), sum(nets) - whole];
        let mut times = 1;
        let off = match promotion.benefit {
            Benefit::Cart { off, .. } => taken(promotion, off, 1, sums),
            Benefit::EverySpend {
                step_minor,
                off_minor,
                ..
            } => {
                let steps = sums[1].max(0) / i128::from(step_minor);
                times = u32::try_from(steps).unwrap_or(u32::MAX).min(state.uses);
                (i128::from(times) * i128::from(off_minor)).min(whole)
            }
            _ => 0,
        };
        let off = small(off).min(state.minor);
        let shares = spread(off, &prices, &room);
        for (&place, &share) in places.iter().zip(&shares) {
            nets[place] -= share;
        }
        if let Some(mods) = mods {
            mods.extend(places.iter().zip(&shares).map(|(&place, &off)| CartMod {
                promo: *promo,
                line: self.cart.sorted[place],
                off,
                times,
            }));
        }
        off
    }
}
