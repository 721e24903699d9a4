//! Collecting items and codes into a segment.

use crate::error::Result;
use crate::item::{Item, Sells};
use crate::segment::{Segment, place};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Items and codes by key. Later puts win; the same content builds the same bytes.
#[derive(Debug, Clone, Default)]
pub struct Builder {
    items: BTreeMap<Arc<str>, Item>,
    codes: BTreeMap<Arc<str>, (u64, Sells)>,
    /// When an item was last taken out: its codes from before that are gone, without looking for
    /// them among all codes.
    removed: HashMap<Arc<str>, u64>,
    step: u64,
    /// Texts that many items have, kept once.
    words: HashSet<Arc<str>>,
}

impl Builder {
    /// Put an item, keeping the codes it has.
    pub fn put_item(&mut self, item: Item) -> Result<()> {
        self.keep(item.checked()?);
        Ok(())
    }

    /// Put an item whose texts are in range, sharing what it has in common with others.
    fn keep(&mut self, mut item: Item) {
        for text in [
            &mut item.department,
            &mut item.tax_class,
            &mut item.image,
            &mut item.variation,
        ] {
            match self.words.get(text) {
                Some(known) => *text = Arc::clone(known),
                None => {
                    self.words.insert(Arc::clone(text));
                }
            }
        }
        if item.group == item.item_id {
            item.group = Arc::clone(&item.item_id);
        }
        self.items.insert(Arc::clone(&item.item_id), item);
    }

    /// Let a code sell an item, which may be put later.
    pub fn put_code(&mut self, code: &str, item_id: &str, price: i64, factor: i64) -> Result<()> {
        let mut sells = Sells::checked(code, item_id, price, factor)?;
        if let Some((known, _)) = self.items.get_key_value(item_id) {
            sells.item_id = Arc::clone(known);
        }
        self.step += 1;
        self.codes.insert(code.into(), (self.step, sells));
        Ok(())
    }

    /// Take an item and its codes out.
    pub fn remove_item(&mut self, item_id: &str) {
        self.step += 1;
        self.items.remove(item_id);
        self.removed.insert(item_id.into(), self.step);
    }

    pub(crate) fn remove_code(&mut self, code: &str) {
        self.codes.remove(code);
    }

    /// Put everything a segment holds on top.
    pub fn merge(&mut self, segment: &Segment) -> Result<()> {
        for at in 0..place(segment.item_count()) {
            self.keep(segment.item(at));
        }
        for at in 0..place(segment.code_count()) {
            let code = segment.code(at);
            self.put_code(
                segment.code_text(at),
                segment.item_id(code.item),
                code.price_micros,
                code.factor_milli,
            )?;
        }
        Ok(())
    }

    /// The canonical bytes. Refuses a code whose item is missing.
    pub fn build(&self) -> Result<Vec<u8>> {
        Segment::encode(self)
    }

    /// By id.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    /// By text, without those that went with their item.
    pub(crate) fn codes(&self) -> impl Iterator<Item = (&str, &Sells)> {
        self.codes
            .iter()
            .filter(|(_, (step, sells))| {
                self.removed
                    .get(&sells.item_id)
                    .is_none_or(|removed| removed < step)
            })
            .map(|(code, (_, sells))| (&**code, sells))
    }
}
