//! Finding items by words typed in a hurry.
//!
//! The base's words are kept once, sorted, each with the items that have it; a query's words are
//! looked up by prefix, then, where that finds too little, compared with every word whose letters
//! make one or two typing errors possible.

use crate::segment::{Segment, place};
use crate::text::{Scratch, errors_allowed, letters, typing_errors, words};
use std::collections::HashMap;

/// How far an item is from what was typed; the lowest is the best.
pub(crate) type Score = u16;

/// The item was not found.
pub(crate) const NONE: Score = Score::MAX;

/// What a longer word than the typed one adds, what each typing error adds, and what words written
/// together or apart add.
const LONGER: Score = 4;
const ERROR: Score = 20;
pub(crate) const JOINED: Score = 15;

/// Most words of a query, and most letters of each, that are looked at.
const MOST_TERMS: usize = 8;
const MOST_LETTERS: usize = 40;
/// A word's place in its item's name counts up to this one; it is kept in that many bits.
const PLACE_BITS: u32 = 3;
const LAST_PLACE: usize = (1 << PLACE_BITS) - 1;

/// One typed word.
#[derive(Clone)]
pub(crate) struct Term {
    text: String,
    letters: Vec<char>,
    bits: u64,
    /// Longer words do not match.
    whole: bool,
}

impl Term {
    fn new(text: String) -> Self {
        Self {
            letters: text.chars().collect(),
            bits: letters(&text),
            whole: false,
            text,
        }
    }

    /// The words of a query.
    pub(crate) fn all(query: &str) -> Vec<Self> {
        let mut terms = words(query);
        terms.truncate(MOST_TERMS);
        terms
            .into_iter()
            .map(|term| Self::new(term.chars().take(MOST_LETTERS).collect()))
            .collect()
    }

    /// The same query with two neighbours written together, or one word written as the two that
    /// `known` takes for a whole word, which it then has to be, and the start of one.
    pub(crate) fn rewritten(terms: &[Self], known: impl Fn(&str, &str) -> bool) -> Vec<Vec<Self>> {
        let mut queries = Vec::new();
        for at in 0..terms.len() {
            let (before, after) = (&terms[..at], &terms[at + 1..]);
            let term = &terms[at];
            if let Some((next, after)) = after.split_first() {
                let joined = Self::new(format!("{}{}", term.text, next.text));
                queries.push([before, &[joined], after].concat());
            }
            for (split, _) in term.text.char_indices().skip(2) {
                let (left, right) = term.text.split_at(split);
                if right.chars().count() >= 2 && known(left, right) {
                    let mut pair = [left, right].map(|half| Self::new(half.to_owned()));
                    pair[0].whole = true;
                    queries.push([before, &pair, after].concat());
                }
            }
        }
        queries.truncate(MOST_TERMS);
        queries
    }

    /// What a word that starts like this one adds.
    fn prefix_score(&self, word: &str) -> Option<Score> {
        let longer = word.strip_prefix(self.text.as_str())?;
        match longer.is_empty() {
            true => Some(0),
            false if self.whole => None,
            false => Some(LONGER),
        }
    }

    /// What a word with typing errors adds.
    fn error_score(&self, word: &str, bits: u64, matcher: &mut Matcher) -> Option<Score> {
        let allowed = errors_allowed(self.letters.len());
        if (self.bits & !bits).count_ones() as usize > allowed {
            return None;
        }
        let longest = self.letters.len() + allowed;
        matcher.letters.clear();
        matcher.letters.extend(word.chars().take(longest + 1));
        let longer = matcher.letters.len() > longest;
        matcher.letters.truncate(longest);
        let (typed, scratch) = (&self.letters, &mut matcher.scratch);
        let (start, whole) = typing_errors(typed, &matcher.letters, allowed, scratch)?;
        let errors = Score::try_from(start).ok()?;
        let rest = if longer || whole > start { LONGER } else { 0 };
        Some(errors * ERROR + rest)
    }
}

/// Space kept between comparisons.
#[derive(Default)]
pub(crate) struct Matcher {
    letters: Vec<char>,
    scratch: Scratch,
}

/// The score of one item that is not in the index.
pub(crate) fn score_words(
    terms: &[Term],
    words: &[String],
    errors: bool,
    matcher: &mut Matcher,
) -> Score {
    let mut sum: Score = 0;
    for term in terms {
        let best = words
            .iter()
            .enumerate()
            .filter_map(|(at, word)| {
                let score = term.prefix_score(word).or_else(|| {
                    errors
                        .then(|| term.error_score(word, letters(word), matcher))
                        .flatten()
                })?;
                Some(score + place_score(at))
            })
            .min();
        sum = sum.saturating_add(best.unwrap_or(NONE));
    }
    sum
}

fn place_score(at: usize) -> Score {
    Score::try_from(at.min(LAST_PLACE)).unwrap_or(NONE)
}

/// Every word of a segment's items, with the items that have it.
#[derive(Debug, Default)]
pub(crate) struct Index {
    items: usize,
    text: Box<str>,
    /// Where each word ends in `text`; words ascend.
    ends: Box<[u32]>,
    /// The letters of each word.
    bits: Box<[u64]>,
    /// Where each word's items end in `postings`.
    posting_ends: Box<[u32]>,
    /// Item × 8 + the word's place in its name, ascending.
    postings: Box<[u32]>,
}

impl Index {
    pub(crate) fn build(segment: &Segment) -> Self {
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for item in 0..place(segment.item_count()) {
            let mut found = words(segment.name(item));
            found.extend(words(segment.variation(item)));
            let first = pairs.len();
            for (at, word) in found.into_iter().enumerate() {
                let next = place(numbers.len());
                let number = *numbers.entry(word).or_insert(next);
                let known = pairs[first..].iter().any(|pair| pair.0 == number);
                if !known {
                    let posting = (item << PLACE_BITS) | u32::from(place_score(at));
                    pairs.push((number, posting));
                }
            }
        }
        let mut sorted: Vec<(String, u32)> = numbers.into_iter().collect();
        sorted.sort_unstable();
        let mut rank = vec![0; sorted.len()];
        for (at, (_, number)) in sorted.iter().enumerate() {
            rank[*number as usize] = place(at);
        }
        for pair in &mut pairs {
            pair.0 = rank[pair.0 as usize];
        }
        pairs.sort_unstable();
        Self::assemble(segment.item_count(), &sorted, &pairs)
    }

    /// From the words, ascending, and (word, posting) pairs, ascending.
    fn assemble(items: usize, sorted: &[(String, u32)], pairs: &[(u32, u32)]) -> Self {
        let mut text = String::new();
        let mut ends = Vec::with_capacity(sorted.len());
        let mut posting_ends = Vec::with_capacity(sorted.len());
        let mut end = 0;
        for (at, (word, _)) in sorted.iter().enumerate() {
            text.push_str(word);
            ends.push(place(text.len()));
            end += pairs[end..].partition_point(|pair| pair.0 as usize <= at);
            posting_ends.push(place(end));
        }
        Self {
            items,
            text: text.into(),
            ends: ends.into(),
            bits: sorted.iter().map(|(word, _)| letters(word)).collect(),
            posting_ends: posting_ends.into(),
            postings: pairs.iter().map(|pair| pair.1).collect(),
        }
    }

    fn word(&self, at: usize) -> &str {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.text[start as usize..self.ends[at] as usize]
    }

    fn postings(&self, at: usize) -> &[u32] {
        let start = if at == 0 {
            0
        } else {
            self.posting_ends[at - 1]
        };
        &self.postings[start as usize..self.posting_ends[at] as usize]
    }

    /// The first word not below `text`.
    fn first(&self, text: &str) -> usize {
        let (mut low, mut high) = (0, self.ends.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.word(middle) < text {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Whether `left` is a word and `right` starts one.
    pub(crate) fn knows(&self, left: &str, right: &str) -> bool {
        let (whole, start) = (self.first(left), self.first(right));
        whole < self.ends.len()
            && self.word(whole) == left
            && start < self.ends.len()
            && self.word(start).starts_with(right)
    }

    /// The score of every item: of the best word for each term, summed.
    pub(crate) fn scores(&self, terms: &[Term], errors: bool, matcher: &mut Matcher) -> Vec<Score> {
        let mut sums: Vec<Score> = vec![0; self.items];
        for term in terms {
            let mut best = vec![NONE; self.items];
            let first = self.first(&term.text);
            let mut end = first;
            while end < self.ends.len() && self.word(end).starts_with(&term.text) {
                if let Some(score) = term.prefix_score(self.word(end)) {
                    self.note(end, score, &mut best);
                }
                end += 1;
            }
            if errors && errors_allowed(term.letters.len()) > 0 {
                for at in (0..first).chain(end..self.ends.len()) {
                    if let Some(score) = term.error_score(self.word(at), self.bits[at], matcher) {
                        self.note(at, score, &mut best);
                    }
                }
            }
            for (sum, best) in sums.iter_mut().zip(best) {
                *sum = sum.saturating_add(best);
            }
        }
        sums
    }

    fn note(&self, at: usize, score: Score, best: &mut [Score]) {
        for &posting in self.postings(at) {
            let item = (posting >> PLACE_BITS) as usize;
            let here = score + place_score(posting as usize & LAST_PLACE);
            best[item] = best[item].min(here);
        }
    }
}
