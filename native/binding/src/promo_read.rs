//! Promotions and facts as Python writes them, read into the core's model.

use crate::convert::{Int, plain};
use crate::promo::refused;
use countertop_core::money::Rounding;
use countertop_core::promo::model::{
    Base, Benefit, Cap, Class, Eligibility, Facts, Gate, ItemSet, Items, Off, Pick, Policy,
    Promotion, Slot, Spread, Tier, Window,
};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

const KEYS: [&str; 26] = [
    "id",
    "version",
    "class",
    "priority",
    "group",
    "tags",
    "stacks_with",
    "sets",
    "benefit",
    "gates",
    "stores",
    "channels",
    "customer_groups",
    "tenders",
    "coupon",
    "points_min",
    "start_s",
    "end_s",
    "weekly",
    "count_nondiscountable",
    "limit_per_cart",
    "base",
    "spread",
    "rounding",
    "vendor_ppm",
    "business_day",
];

const FACTS: [&str; 11] = [
    "store",
    "channel",
    "customer_groups",
    "tenders",
    "coupons",
    "points",
    "now_s",
    "week_s",
    "caps",
    "policy",
    "business_week_s",
];

/// A dictionary whose keys are all known.
struct Fields<'a, 'py>(&'a Bound<'py, PyDict>);

impl<'a, 'py> Fields<'a, 'py> {
    fn new(dict: &'a Bound<'py, PyDict>, known: &[&str]) -> PyResult<Self> {
        for key in dict.keys() {
            let key: String = key.extract()?;
            if !known.contains(&key.as_str()) {
                return Err(refused(format!("{key:?} is no field of it")));
            }
        }
        Ok(Self(dict))
    }

    /// A field that is there and not None.
    fn some(&self, key: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.0.get_item(key)?.filter(|value| !value.is_none()))
    }

    fn int<T>(&self, key: &str) -> PyResult<Option<T>>
    where
        T: for<'b> FromPyObject<'b, 'py, Error = PyErr>,
    {
        let value = self.some(key)?;
        let value = value.map(|value| value.extract::<Int<T>>()).transpose()?;
        Ok(value.map(|value| value.0))
    }

    fn word<T: Copy>(&self, key: &str, words: &[(&str, T)], default: T) -> PyResult<T> {
        match self.some(key)? {
            Some(value) => word(&value, key, words),
            None => Ok(default),
        }
    }
}

/// What a word stands for.
fn word<T: Copy>(value: &Bound<'_, PyAny>, what: &str, words: &[(&str, T)]) -> PyResult<T> {
    let said: String = value.extract()?;
    let found = words.iter().find(|(word, _)| *word == said);
    found.map(|&(_, meaning)| meaning).ok_or_else(|| {
        let allowed: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let allowed = allowed.join(", ");
        refused(format!("{what} must be one of {allowed}, not {said:?}"))
    })
}

/// The members of a tuple after its first word, which must be so many.
fn rest<'py>(tuple: &Bound<'py, PyTuple>, count: usize) -> PyResult<Vec<Bound<'py, PyAny>>> {
    if tuple.len() == count + 1 {
        Ok(tuple.iter().skip(1).collect())
    } else {
        Err(refused(format!("{tuple} must have {} members", count + 1)))
    }
}

fn number<T>(value: &Bound<'_, PyAny>) -> PyResult<T>
where
    T: for<'b, 'py> FromPyObject<'b, 'py, Error = PyErr>,
{
    Ok(value.extract::<Int<T>>()?.0)
}

/// A promotion from its dictionary.
pub(crate) fn promotion(dict: &Bound<'_, PyDict>) -> PyResult<Promotion> {
    let fields = Fields::new(dict, &KEYS)?;
    let missing = |key: &str| refused(format!("a promotion must have {key:?}"));
    let benefit = fields.some("benefit")?.ok_or_else(|| missing("benefit"))?;
    let sets = match fields.some("sets")? {
        Some(sets) => sets
            .try_iter()?
            .map(|set| item_set(&set?))
            .collect::<PyResult<_>>()?,
        None => vec![everything()],
    };
    let gates = match fields.some("gates")? {
        Some(gates) => gates
            .try_iter()?
            .map(|one| gate(&one?))
            .collect::<PyResult<_>>()?,
        None => Vec::new(),
    };
    let rounding = fields
        .some("rounding")?
        .map(|word| word.extract::<String>());
    let rounding = rounding
        .transpose()?
        .unwrap_or_else(|| "half_up".to_owned());
    Ok(Promotion {
        id: fields.int("id")?.ok_or_else(|| missing("id"))?,
        version: fields.int("version")?.unwrap_or(1),
        class: class(&fields)?,
        priority: fields.int("priority")?.unwrap_or(0),
        exclusive_group: fields.int("group")?,
        tags: fields.int("tags")?.unwrap_or(0),
        stacks_with: fields.int("stacks_with")?.unwrap_or(0),
        sets,
        eligibility: Eligibility {
            stores: fields.int("stores")?.unwrap_or(0),
            channels: fields.int("channels")?.unwrap_or(0),
            customer_groups: fields.int("customer_groups")?.unwrap_or(0),
            tenders: fields.int("tenders")?.unwrap_or(0),
            coupon: fields.int("coupon")?,
            points_min: fields.int("points_min")?.unwrap_or(0),
        },
        window: Window {
            start_s: fields.int("start_s")?,
            end_s: fields.int("end_s")?,
            weekly: weekly(&fields)?,
            business_day: flag(&fields, "business_day")?,
        },
        gates,
        benefit: self::benefit(&benefit)?,
        count_nondiscountable: flag(&fields, "count_nondiscountable")?,
        limit_per_cart: fields.int("limit_per_cart")?,
        base: fields.word(
            "base",
            &[("original", Base::Original), ("running", Base::Running)],
            Base::Running,
        )?,
        spread: fields.word(
            "spread",
            &[("all", Spread::AllUnits), ("rewarded", Spread::RewardUnits)],
            Spread::AllUnits,
        )?,
        rounding: Rounding::from_word(&rounding).map_err(|error| refused(error.to_string()))?,
        vendor_ppm: fields.int("vendor_ppm")?.unwrap_or(0),
    })
}

fn class(fields: &Fields<'_, '_>) -> PyResult<Class> {
    let words = [
        ("item", Class::Item),
        ("set", Class::Set),
        ("cart", Class::Cart),
        ("coupon", Class::Coupon),
        ("manual", Class::Manual),
        ("employee", Class::Employee),
        ("loyalty", Class::Loyalty),
        ("tender", Class::Tender),
    ];
    let value = fields.some("class")?;
    let value = value.ok_or_else(|| refused("a promotion must have \"class\"".to_owned()))?;
    word(&value, "class", &words)
}

fn weekly(fields: &Fields<'_, '_>) -> PyResult<Option<Vec<(u32, u32)>>> {
    let spans = fields.some("weekly")?;
    let spans = spans.map(|spans| spans.extract::<Vec<(Int<u32>, Int<u32>)>>());
    let spans = spans.transpose()?;
    Ok(spans.map(|spans| {
        spans
            .into_iter()
            .map(|(from, until)| (from.0, until.0))
            .collect()
    }))
}

fn flag(fields: &Fields<'_, '_>, key: &str) -> PyResult<bool> {
    let value = fields.some(key)?.map(|value| value.extract::<bool>());
    Ok(value.transpose()?.unwrap_or(false))
}

fn everything() -> ItemSet {
    ItemSet {
        items: Items::All,
        except: Vec::new(),
    }
}

/// A set: (items or None for all, exceptions).
fn item_set(value: &Bound<'_, PyAny>) -> PyResult<ItemSet> {
    let (items, except): (Option<Vec<Int<u32>>>, Vec<Int<u32>>) = value.extract()?;
    Ok(ItemSet {
        items: items.map_or(Items::All, |items| Items::Only(plain(items))),
        except: plain(except),
    })
}

fn gate(value: &Bound<'_, PyAny>) -> PyResult<Gate> {
    let tuple = value.cast::<PyTuple>()?;
    let kinds = [("min_quantity", 2), ("min_spend", 2), ("min_sets", 3)];
    let count = word(&tuple.get_item(0)?, "a gate", &kinds)?;
    let kind: String = tuple.get_item(0)?.extract()?;
    let rest = rest(tuple, count)?;
    Ok(match kind.as_str() {
        "min_quantity" => Gate::MinQuantity {
            set: number(&rest[0])?,
            count: number(&rest[1])?,
        },
        "min_spend" => Gate::MinSpend {
            set: number(&rest[0])?,
            amount_minor: number(&rest[1])?,
        },
        _ => Gate::MinSets {
            sets: set_bits(&rest[0])?,
            count: number(&rest[1])?,
            least: number(&rest[2])?,
        },
    })
}

/// Places of sets as bits.
fn set_bits(value: &Bound<'_, PyAny>) -> PyResult<u16> {
    let places: Vec<Int<u32>> = value.extract()?;
    places.into_iter().try_fold(0, |bits, place| {
        let bit = 1_u16.checked_shl(place.0);
        let bit = bit.ok_or_else(|| refused(format!("there is no set {}", place.0)))?;
        Ok(bits | bit)
    })
}

fn off(value: &Bound<'_, PyAny>) -> PyResult<Off> {
    type Kind = fn(i64) -> Off;
    let kinds: [(&str, Kind); 3] = [
        ("percent", Off::Percent),
        ("amount", Off::Amount),
        ("price", Off::Price),
    ];
    let (kind, value): (Bound<'_, PyAny>, Int<i64>) = value.extract()?;
    Ok(word(&kind, "what comes off", &kinds)?(value.0))
}

fn pick(value: &Bound<'_, PyAny>) -> PyResult<Pick> {
    let words = [("cheapest", Pick::Cheapest), ("dearest", Pick::Dearest)];
    word(value, "pick", &words)
}

/// A benefit: a word and what belongs to it.
fn benefit(value: &Bound<'_, PyAny>) -> PyResult<Benefit> {
    let tuple = value.cast::<PyTuple>()?;
    let kinds = [
        ("each", 2),
        ("bundle", 2),
        ("buy_get", 6),
        ("tiers", 4),
        ("cart", 2),
        ("every_spend", 3),
    ];
    let count = word(&tuple.get_item(0)?, "a benefit", &kinds)?;
    let kind: String = tuple.get_item(0)?.extract()?;
    let rest = rest(tuple, count)?;
    Ok(match kind.as_str() {
        "each" => Benefit::Each {
            set: number(&rest[0])?,
            off: off(&rest[1])?,
        },
        "bundle" => {
            let slots: Vec<(Int<usize>, Int<u32>)> = rest[0].extract()?;
            let slots = slots.into_iter().map(|(set, count)| Slot {
                set: set.0,
                count: count.0,
            });
            Benefit::Bundle {
                slots: slots.collect(),
                off: off(&rest[1])?,
            }
        }
        "buy_get" => Benefit::BuyGet {
            buy_set: number(&rest[0])?,
            buy: number(&rest[1])?,
            get_set: number(&rest[2])?,
            get: number(&rest[3])?,
            off: off(&rest[4])?,
            pick: pick(&rest[5])?,
        },
        "tiers" => {
            let tiers: Vec<(Int<u32>, Bound<'_, PyAny>)> = rest[1].extract()?;
            let tiers = tiers.into_iter().map(|(from, value)| {
                Ok(Tier {
                    from: from.0,
                    off: off(&value)?,
                })
            });
            Benefit::Tiers {
                set: number(&rest[0])?,
                tiers: tiers.collect::<PyResult<_>>()?,
                marginal: rest[2].extract()?,
                pick: pick(&rest[3])?,
            }
        }
        "cart" => Benefit::Cart {
            set: number(&rest[0])?,
            off: off(&rest[1])?,
        },
        _ => Benefit::EverySpend {
            set: number(&rest[0])?,
            step_minor: number(&rest[1])?,
            off_minor: number(&rest[2])?,
        },
    })
}

/// Facts from their dictionary; none at all is a cart nobody knows anything of.
pub(crate) fn facts(dict: Option<&Bound<'_, PyDict>>) -> PyResult<Facts> {
    let Some(dict) = dict else {
        return Ok(Facts::default());
    };
    let fields = Fields::new(dict, &FACTS)?;
    let caps = match fields.some("caps")? {
        Some(caps) => caps.extract::<Vec<(Int<u32>, Option<Int<u32>>, Option<Int<i64>>)>>()?,
        None => Vec::new(),
    };
    let coupons = fields.some("coupons")?;
    let coupons = coupons
        .map(|coupons| coupons.extract::<Vec<Int<u32>>>())
        .transpose()?;
    Ok(Facts {
        store: fields.int("store")?.unwrap_or(0),
        channel: fields.int("channel")?.unwrap_or(0),
        customer_groups: fields.int("customer_groups")?.unwrap_or(0),
        tenders: fields.int("tenders")?.unwrap_or(0),
        coupons: plain(coupons.unwrap_or_default()),
        points: fields.int("points")?.unwrap_or(0),
        now_s: fields.int("now_s")?.unwrap_or(0),
        week_s: fields.int("week_s")?.unwrap_or(0),
        business_week_s: fields.int("business_week_s")?,
        caps: caps
            .into_iter()
            .map(|(promotion_id, uses, amount_minor)| Cap {
                promotion_id: promotion_id.0,
                uses: uses.map(|uses| uses.0),
                amount_minor: amount_minor.map(|amount| amount.0),
            })
            .collect(),
        policy: fields.word(
            "policy",
            &[
                ("best", Policy::BestForCustomer),
                ("strict_priority", Policy::StrictPriority),
            ],
            Policy::BestForCustomer,
        )?,
    })
}
