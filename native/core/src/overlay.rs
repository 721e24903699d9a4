//! The few changes that lie over a base segment.

use crate::item::{Item, Sells, gtin_number};
use crate::text;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An item that stands for, or beside, the base's.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) item: Item,
    /// The words of its name and variation.
    pub(crate) words: Vec<String>,
}

/// Changes by key; cloned for each new book, so it is kept small by merging it into a segment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overlay {
    /// None: the base's item is gone.
    pub(crate) items: BTreeMap<Arc<str>, Option<Arc<Entry>>>,
    /// None: the base's code sells nothing any more. Every code of an item in `items` is here.
    pub(crate) codes: BTreeMap<Arc<str>, Option<Arc<Sells>>>,
    /// Places of the base's items that `items` stands for.
    pub(crate) hidden: BTreeSet<u32>,
    /// Codes that sell something, by item.
    pub(crate) by_item: BTreeSet<(Arc<str>, Arc<str>)>,
    /// Codes that sell something, by GTIN.
    pub(crate) gtins: BTreeSet<(u64, Arc<str>)>,
}

impl Overlay {
    pub(crate) fn put_item(&mut self, item: Item) {
        let mut words = text::words(&item.name);
        words.extend(text::words(&item.variation));
        let key: Arc<str> = (&*item.item_id).into();
        self.items
            .insert(key, Some(Arc::new(Entry { item, words })));
    }

    pub(crate) fn put_code(&mut self, code: &str, sells: Sells) {
        self.drop_code(code, false);
        let key: Arc<str> = code.into();
        self.by_item
            .insert(((&*sells.item_id).into(), Arc::clone(&key)));
        if let Some(number) = gtin_number(code) {
            self.gtins.insert((number, Arc::clone(&key)));
        }
        self.codes.insert(key, Some(Arc::new(sells)));
    }

    /// Let a code sell nothing. `in_base` says whether the base has it, which then stays hidden.
    pub(crate) fn drop_code(&mut self, code: &str, in_base: bool) {
        let key: Arc<str> = code.into();
        if let Some(Some(sells)) = self.codes.remove(code) {
            self.by_item
                .remove(&((&*sells.item_id).into(), Arc::clone(&key)));
            if let Some(number) = gtin_number(code) {
                self.gtins.remove(&(number, Arc::clone(&key)));
            }
        }
        if in_base {
            self.codes.insert(key, None);
        }
    }

    /// The codes of an item that lie in the overlay, ascending.
    pub(crate) fn codes_of(&self, item_id: &str) -> Vec<Arc<str>> {
        let start: (Arc<str>, Arc<str>) = (item_id.into(), "".into());
        self.by_item
            .range(start..)
            .take_while(|(id, _)| &**id == item_id)
            .map(|(_, code)| Arc::clone(code))
            .collect()
    }
}
