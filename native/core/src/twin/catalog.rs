//! A catalog as two maps, and its segment packed field by field.

use crate::item::{Item, Row};
use std::collections::{BTreeMap, BTreeSet};

/// What a code sells, and whether that was said after the base was made.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sold {
    pub(super) item_id: String,
    pub(super) price: i64,
    pub(super) factor: i64,
    pub(super) over: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Twin {
    pub(super) items: BTreeMap<String, Item>,
    pub(super) codes: BTreeMap<String, Sold>,
}

fn gtin(code: &str) -> Option<String> {
    let fits = (8..=14).contains(&code.len()) && code.chars().all(|c| c.is_ascii_digit());
    fits.then(|| format!("{code:0>14}"))
}

impl Twin {
    pub(super) fn drop_item(&mut self, item_id: &str) {
        self.items.remove(item_id);
        self.codes.retain(|_, sold| sold.item_id != item_id);
    }

    pub(super) fn put(&mut self, mut item: Item) {
        if item.group.is_empty() {
            item.group = item.item_id.clone();
        }
        self.items.insert(item.item_id.to_string(), item);
    }

    pub(super) fn put_code(
        &mut self,
        item_id: &str,
        (code, price, factor): (&str, i64, i64),
        over: bool,
    ) {
        let item_id = item_id.to_owned();
        let sold = Sold {
            item_id,
            price,
            factor,
            over,
        };
        self.codes.insert(code.into(), sold);
    }

    pub(super) fn codes_of(&self, item_id: &str) -> Vec<(String, i64, i64)> {
        let own = self
            .codes
            .iter()
            .filter(|(_, sold)| sold.item_id == item_id);
        own.map(|(code, sold)| (code.clone(), sold.price, sold.factor))
            .collect()
    }

    /// The codes that a text may mean, each thing sold once.
    pub(super) fn meanings(&self, text: &str) -> Vec<String> {
        if self.codes.contains_key(text) {
            return vec![text.to_owned()];
        }
        let Some(wanted) = gtin(text) else {
            return Vec::new();
        };
        let mut found: Vec<String> = Vec::new();
        for over in [true, false] {
            for (code, sold) in &self.codes {
                let alike = gtin(code).as_ref() == Some(&wanted) && sold.over == over;
                let same = |other: &String| {
                    let other = &self.codes[other];
                    (&other.item_id, other.price, other.factor)
                        == (&sold.item_id, sold.price, sold.factor)
                };
                if alike && !found.iter().any(same) {
                    found.push(code.clone());
                }
            }
        }
        found
    }

    pub(super) fn row(&self, code: &str) -> Row {
        let sold = &self.codes[code];
        let mut item = self.items[&sold.item_id].clone();
        if sold.price >= 0 {
            item.unit_price_micros = sold.price;
        } else {
            let product = item.unit_price_micros * sold.factor;
            item.unit_price_micros = (2 * product.abs() + 1_000) / 2_000 * product.signum();
        }
        Row {
            item,
            code: code.into(),
            factor_milli: sold.factor,
        }
    }

    pub(super) fn grid(&self, department: &str) -> Vec<&Item> {
        let shown = |item: &&Item| {
            item.sort > 0 && (department.is_empty() || &*item.department == department)
        };
        let mut found: Vec<&Item> = self.items.values().filter(shown).collect();
        found.sort_by_key(|item| (item.sort, &item.name, &item.variation, &item.item_id));
        found
    }

    pub(super) fn segment(&self) -> Vec<u8> {
        let items: Vec<&Item> = self.items.values().collect();
        let used = items
            .iter()
            .flat_map(|i| [&*i.department, &*i.tax_class, &*i.image]);
        let words: Vec<&str> = used.collect::<BTreeSet<_>>().into_iter().collect();
        let place = |word: &str| at(words.iter().position(|other| *other == word).unwrap());
        let (mut tables, mut text) = (Vec::new(), String::new());
        let mut add = |tables: &mut Vec<u8>, part: &str| {
            tables.extend(u16::try_from(part.len()).unwrap().to_le_bytes());
            text.push_str(part);
        };
        for word in &words {
            add(&mut tables, word);
        }
        for item in &items {
            let group = if item.group == item.item_id {
                ""
            } else {
                &item.group
            };
            for part in [&item.item_id, &item.name, &item.variation, group] {
                add(&mut tables, part);
            }
            tables.extend(item.unit_price_micros.to_le_bytes());
            for word in [&item.department, &item.tax_class, &item.image] {
                tables.extend(place(word).to_le_bytes());
            }
            tables.extend(item.sort.to_le_bytes());
            let flags = u8::from(item.open_price) + 2 * u8::from(item.discountable);
            tables.extend([item.unit as u8, flags]);
        }
        for (code, sold) in &self.codes {
            add(&mut tables, code);
            let item = items.iter().position(|item| *item.item_id == sold.item_id);
            tables.extend(at(item.unwrap()).to_le_bytes());
            tables.extend(sold.price.to_le_bytes());
            tables.extend(sold.factor.to_le_bytes());
        }
        let mut measured = 0;
        for (place, item) in items.iter().enumerate() {
            let m = item.measures;
            if m.litres_milli + m.kilograms_milli + m.degrees_milli > 0 {
                measured += 1;
                let row = [
                    at(place),
                    m.litres_milli,
                    m.kilograms_milli,
                    m.degrees_milli,
                ];
                tables.extend(row.into_iter().flat_map(u32::to_le_bytes));
            }
        }
        let mut counts = vec![words.len(), items.len(), self.codes.len(), text.len()];
        let mut bytes = b"CTSEG\0\0\x01".to_vec();
        if measured > 0 {
            counts.push(measured);
            bytes[7] = 2;
        }
        bytes.extend(counts.into_iter().flat_map(|count| at(count).to_le_bytes()));
        bytes.extend(tables);
        bytes.extend(text.bytes());
        bytes
    }
}

fn at(place: usize) -> u32 {
    u32::try_from(place).unwrap()
}
