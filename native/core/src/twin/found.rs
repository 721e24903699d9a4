//! Search by looking at everything.

use super::catalog::Twin;
use crate::text::words;

impl Twin {
    pub(super) fn search(&self, text: &str, limit: usize) -> Vec<String> {
        let typed: String = text.trim().chars().take(200).collect();
        let mut found = Vec::new();
        let mut add = |item_id: &str| {
            if self.items.contains_key(item_id)
                && found.len() < limit
                && !found.iter().any(|other| other == item_id)
            {
                found.push(item_id.to_owned());
            }
        };
        if typed.is_empty() {
            return found;
        }
        let mut spellings = vec![typed.clone(), typed.to_uppercase(), typed.to_lowercase()];
        spellings.dedup();
        for spelling in &spellings {
            for code in self.meanings(spelling) {
                add(&self.codes[&code].item_id);
            }
            add(spelling);
        }
        let mut starts: Vec<&str> = Vec::new();
        for start in &spellings {
            let codes = self
                .codes
                .iter()
                .filter(|(code, _)| code.starts_with(start));
            starts.extend(codes.map(|(_, sold)| sold.item_id.as_str()));
        }
        for start in &spellings {
            let ids = self.items.keys().filter(|id| id.starts_with(start));
            starts.extend(ids.map(String::as_str));
        }
        let names = self.by_names(&typed);
        let long = typed.chars().count() >= 3;
        let order = if long {
            [starts, names]
        } else {
            [names, starts]
        };
        order.concat().into_iter().for_each(&mut add);
        found
    }

    /// Ids by the words of their names: as typed, then with errors or other spaces.
    fn by_names(&self, typed: &str) -> Vec<&str> {
        let mut terms: Vec<Typed> = words(typed).iter().map(|word| Typed::new(word)).collect();
        terms.truncate(8);
        if terms.is_empty() {
            return Vec::new();
        }
        let strict = vec![(terms.clone(), false, 0)];
        let mut loose = vec![(terms.clone(), true, 0)];
        let known = |left: &str, right: &str| self.knows(left, right);
        loose.extend(
            rewritten(&terms, known)
                .into_iter()
                .map(|query| (query, false, 15)),
        );
        let mut ids: Vec<&str> = Vec::new();
        for queries in [strict, loose] {
            let mut scored = Vec::new();
            for item in self.items.values() {
                let named = [words(&item.name), words(&item.variation)].concat();
                let sums = queries.iter().filter_map(|(terms, errors, more)| {
                    score(terms, &named, *errors).map(|sum| sum + more)
                });
                if let Some(best) = sums.min() {
                    let key = (&*item.name, &*item.variation, &*item.item_id);
                    scored.push((best, item.name.len(), key));
                }
            }
            scored.sort_unstable();
            ids.extend(scored.into_iter().map(|(_, _, key)| key.2));
        }
        ids
    }

    /// Whether some name has `left` as a word and some name a word that starts like `right`; for
    /// what lies over the base it must be the same name.
    fn knows(&self, left: &str, right: &str) -> bool {
        let all = self.items.values();
        let named: Vec<String> = all
            .flat_map(|item| [words(&item.name), words(&item.variation)].concat())
            .collect();
        named.iter().any(|word| word == left) && named.iter().any(|word| word.starts_with(right))
    }
}

/// A typed word; where it is `whole`, longer words do not match.
#[derive(Clone)]
pub(super) struct Typed {
    text: String,
    whole: bool,
}

impl Typed {
    pub(super) fn new(word: &str) -> Self {
        Self {
            text: word.chars().take(40).collect(),
            whole: false,
        }
    }
}

fn rewritten(terms: &[Typed], known: impl Fn(&str, &str) -> bool) -> Vec<Vec<Typed>> {
    let mut queries = Vec::new();
    for at in 0..terms.len() {
        let text = &terms[at].text;
        if let Some(next) = terms.get(at + 1) {
            let joined = Typed {
                text: format!("{text}{}", next.text),
                whole: false,
            };
            queries.push([&terms[..at], &[joined], &terms[at + 2..]].concat());
        }
        let letters: Vec<char> = text.chars().collect();
        for cut in 2..letters.len().saturating_sub(1) {
            let [left, right] = [&letters[..cut], &letters[cut..]].map(String::from_iter);
            if known(&left, &right) {
                let pair = [
                    Typed {
                        text: left,
                        whole: true,
                    },
                    Typed {
                        text: right,
                        whole: false,
                    },
                ];
                queries.push([&terms[..at], &pair, &terms[at + 1..]].concat());
            }
        }
    }
    queries.truncate(8);
    queries
}

pub(super) fn score(terms: &[Typed], named: &[String], errors: bool) -> Option<usize> {
    let mut sum = 0;
    for term in terms {
        let matching = named.iter().enumerate().filter_map(|(place, word)| {
            word_score(term, word, errors).map(|score| score + place.min(7))
        });
        sum += matching.min()?;
    }
    Some(sum)
}

fn word_score(term: &Typed, word: &str, errors: bool) -> Option<usize> {
    if word == term.text {
        return Some(0);
    }
    if word.starts_with(&term.text) && !term.whole {
        return Some(4);
    }
    let [typed, word] = [&term.text, word].map(|text| text.chars().collect::<Vec<char>>());
    let allowed = match typed.len() {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    };
    if !errors || allowed == 0 {
        return None;
    }
    let best = (0..=word.len())
        .map(|end| distance(&typed, &word[..end]))
        .min()?;
    let rest = if distance(&typed, &word) > best { 4 } else { 0 };
    (best <= allowed).then_some(best * 20 + rest)
}

/// Letters missing, too many, wrong or swapped with a neighbour, by the full table.
pub(crate) fn distance(typed: &[char], word: &[char]) -> usize {
    let mut cells = vec![vec![0; word.len() + 1]; typed.len() + 1];
    for row in 0..=typed.len() {
        for column in 0..=word.len() {
            cells[row][column] = if row == 0 || column == 0 {
                row + column
            } else {
                let wrong = usize::from(typed[row - 1] != word[column - 1]);
                let mut best = cells[row - 1][column - 1] + wrong;
                best = best
                    .min(cells[row - 1][column] + 1)
                    .min(cells[row][column - 1] + 1);
                let swapped = row > 1
                    && column > 1
                    && typed[row - 2] == word[column - 1]
                    && typed[row - 1] == word[column - 2];
                if swapped {
                    best.min(cells[row - 2][column - 2] + 1)
                } else {
                    best
                }
            };
        }
    }
    cells[typed.len()][word.len()]
}
