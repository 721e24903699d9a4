//! The search of a price book: which rows are meant by what was typed, best first.

use super::{PriceBook, Source};
use crate::item::Row;
use crate::search::{JOINED, Matcher, NONE, Score, Term, score_words};
use crate::segment::place;
use std::collections::{BTreeSet, HashSet};
use std::ops::Bound;

impl PriceBook {
    /// The best matches first: a code or id as typed, those that start so, names that have words
    /// starting so, names within one or two typing errors of each word. A query below three letters
    /// looks at the starts of codes and ids last.
    pub fn search(&self, text: &str, limit: usize) -> Vec<Row> {
        let typed: String = text.trim().chars().take(200).collect();
        let mut found = Found::new(limit);
        if typed.is_empty() || limit == 0 {
            return Vec::new();
        }
        let mut spellings = vec![typed.clone(), typed.to_uppercase(), typed.to_lowercase()];
        spellings.dedup();
        for spelling in &spellings {
            let sold = self.meanings(spelling).into_iter().map(|hit| hit.item_id);
            for item_id in sold.chain([spelling.as_str()]) {
                found.add(self, self.source(item_id));
            }
        }
        let long = typed.chars().count() >= 3;
        if long {
            self.add_prefixes(&spellings, &mut found);
        }
        let terms = Term::all(&typed);
        if !terms.is_empty() {
            self.add_names(&terms, &mut found);
        }
        if !long {
            self.add_prefixes(&spellings, &mut found);
        }
        self.rows(found.sources.into_iter())
    }

    /// Items with a code, then those with an id, that starts with one of the spellings.
    fn add_prefixes<'a>(&'a self, spellings: &[String], found: &mut Found<'a>) {
        let (segment, overlay) = (&self.base.segment, &self.overlay);
        for start in spellings {
            let mut ids: BTreeSet<(&str, &str)> = BTreeSet::new();
            let changed = overlay.codes.range::<str, _>(from(start));
            ids.extend(
                changed
                    .take_while(|(code, _)| code.starts_with(start.as_str()))
                    .filter_map(|(code, sells)| Some((&**code, &*sells.as_ref()?.item_id)))
                    .take(found.limit),
            );
            let kept = place(segment.first_code(start))..place(segment.code_count());
            ids.extend(
                kept.map(|at| self.base.code(at))
                    .take_while(|hit| hit.code.starts_with(start))
                    .filter(|hit| !overlay.codes.contains_key(hit.code))
                    .map(|hit| (hit.code, hit.item_id))
                    .take(found.limit),
            );
            for (_, item_id) in ids {
                found.add(self, self.source(item_id));
            }
        }
        for start in spellings {
            let mut ids: BTreeSet<&str> = BTreeSet::new();
            let changed = overlay.items.range::<str, _>(from(start));
            ids.extend(
                changed
                    .take_while(|(id, _)| id.starts_with(start.as_str()))
                    .filter_map(|(_, entry)| Some(&*entry.as_ref()?.item.item_id))
                    .take(found.limit),
            );
            let kept = place(segment.first_item(start))..place(segment.item_count());
            ids.extend(
                kept.take_while(|&at| segment.item_id(at).starts_with(start))
                    .filter(|at| !overlay.hidden.contains(at))
                    .map(|at| segment.item_id(at))
                    .take(found.limit),
            );
            for item_id in ids {
                found.add(self, self.source(item_id));
            }
        }
    }

    /// Items by the words of their names: first as typed, then with errors allowed.
    fn add_names<'a>(&'a self, terms: &[Term], found: &mut Found<'a>) {
        let mut matcher = Matcher::default();
        let strict = self.scored(terms, false, &mut matcher);
        self.add_best(strict, 1, found);
        if found.full() {
            return;
        }
        let mut loose = self.scored(terms, true, &mut matcher);
        let known = |left: &str, right: &str| {
            self.base.index.knows(left, right)
                || self.entries().any(|entry| {
                    entry.words.iter().any(|word| word == left)
                        && entry.words.iter().any(|word| word.starts_with(right))
                })
        };
        let rewritten = Term::rewritten(terms, known);
        for query in &rewritten {
            let scored = self.scored(query, false, &mut matcher);
            loose.extend(
                scored
                    .into_iter()
                    .map(|(score, source)| (score + JOINED, source)),
            );
        }
        self.add_best(loose, 1 + rewritten.len(), found);
    }

    fn scored(
        &self,
        terms: &[Term],
        errors: bool,
        matcher: &mut Matcher,
    ) -> Vec<(Score, Source<'_>)> {
        let mut all = self.base.index.scores(terms, errors, matcher);
        for &at in &self.overlay.hidden {
            all[at as usize] = NONE;
        }
        let kept = all.into_iter().enumerate();
        let mut scored: Vec<_> = kept
            .filter(|&(_, score)| score != NONE)
            .map(|(at, score)| (score, Source::Base(place(at))))
            .collect();
        for entry in self.entries() {
            let score = score_words(terms, &entry.words, errors, matcher);
            if score != NONE {
                scored.push((score, Source::Overlay(entry)));
            }
        }
        scored
    }

    /// Add the best of them: by score, shorter names first, then by name. Each is there at most
    /// `copies` times.
    fn add_best<'a>(
        &'a self,
        scored: Vec<(Score, Source<'a>)>,
        copies: usize,
        found: &mut Found<'a>,
    ) {
        let mut keyed: Vec<_> = scored
            .into_iter()
            .map(|(score, source)| ((score, self.key(source).0.len()), source))
            .collect();
        let order = |a: &((Score, usize), Source<'a>), b: &((Score, usize), Source<'a>)| {
            a.0.cmp(&b.0)
                .then_with(|| self.key(a.1).cmp(&self.key(b.1)))
        };
        // Enough to fill the rest even if all found so far, and every copy, are among them.
        let enough = found.limit.saturating_mul(copies).saturating_mul(2);
        if keyed.len() > enough {
            keyed.select_nth_unstable_by(enough, order);
            keyed.truncate(enough);
        }
        keyed.sort_unstable_by(order);
        for (_, source) in keyed {
            found.add(self, Some(source));
        }
    }
}

/// Rows found so far, each once.
struct Found<'a> {
    limit: usize,
    sources: Vec<Source<'a>>,
    seen: HashSet<&'a str>,
}

impl<'a> Found<'a> {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            sources: Vec::new(),
            seen: HashSet::new(),
        }
    }

    fn full(&self) -> bool {
        self.sources.len() >= self.limit
    }

    fn add(&mut self, book: &'a PriceBook, source: Option<Source<'a>>) {
        if let Some(source) = source
            && !self.full()
            && self.seen.insert(book.key(source).2)
        {
            self.sources.push(source);
        }
    }
}

/// All keys from `start` on.
fn from(start: &str) -> (Bound<&str>, Bound<&str>) {
    (Bound::Included(start), Bound::Unbounded)
}
