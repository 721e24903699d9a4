//! Texts as people search for them: without case, without accents, cut into words.

use std::sync::LazyLock;

/// Small letters that carry a mark, by the letters they are found by.
#[rustfmt::skip]
const FOLDS: &[(&str, &str)] = &[
    ("a", "àáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặ"),
    ("ae", "æǣǽ"),
    ("b", "ḃḅḇ"),
    ("c", "çćĉċčḉ"),
    ("d", "ðďđḋḍḏḑḓ"),
    ("dz", "ǆǳ"),
    ("e", "èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ"),
    ("f", "ƒḟ"),
    ("g", "ĝğġģǧǵḡ"),
    ("h", "ĥħȟḣḥḧḩḫẖ"),
    ("i", "ìíîïĩīĭįİıǐȉȋḭḯỉị"),
    ("ij", "ĳ"),
    ("j", "ĵǰ"),
    ("k", "ķǩḱḳḵ"),
    ("l", "ĺļľłḷḹḻḽ"),
    ("lj", "ǉ"),
    ("m", "ḿṁṃ"),
    ("n", "ñńņňŋǹṅṇṉṋ"),
    ("nj", "ǌ"),
    ("o", "òóôõöøōŏőơǒǫǭǿȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợ"),
    ("oe", "œ"),
    ("p", "ṕṗ"),
    ("r", "ŕŗřȑȓṙṛṝṟ"),
    ("s", "śŝşšſșṡṣṥṧṩẛ"),
    ("ss", "ß"),
    ("t", "ţťŧțṫṭṯṱẗ"),
    ("th", "þ"),
    ("u", "ùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự"),
    ("v", "ṽṿ"),
    ("w", "ŵẁẃẅẇẉẘ"),
    ("x", "ẋẍ"),
    ("y", "ýÿŷȳẏẙỳỵỷỹ"),
    ("z", "źżžẑẓẕ"),
    ("ʒ", "ǯ"),
    ("ʼn", "ŉ"),
    ("α", "άἀἁἂἃἄἅἆἇὰᾀᾁᾂᾃᾄᾅᾆᾇᾰᾱᾲᾳᾴᾶᾷ"),
    ("β", "ϐ"),
    ("ε", "έϵἐἑἒἓἔἕὲ"),
    ("η", "ήἠἡἢἣἤἥἦἧὴᾐᾑᾒᾓᾔᾕᾖᾗῂῃῄῆῇ"),
    ("θ", "ϑ"),
    ("ι", "ΐίϊἰἱἲἳἴἵἶἷὶῐῑῒῖῗ"),
    ("κ", "ϰ"),
    ("ο", "όὀὁὂὃὄὅὸ"),
    ("π", "ϖ"),
    ("ρ", "ϱῤῥ"),
    ("ς", "ϲ"),
    ("σ", "ς"),
    ("υ", "ΰϋύϒϓϔὐὑὒὓὔὕὖὗὺῠῡῢῦῧ"),
    ("φ", "ϕ"),
    ("ω", "ώὠὡὢὣὤὥὦὧὼᾠᾡᾢᾣᾤᾥᾦᾧῲῳῴῶῷ"),
    ("а", "ӑӓ"),
    ("г", "ѓ"),
    ("е", "ѐёӗ"),
    ("ж", "ӂӝ"),
    ("з", "ӟ"),
    ("и", "йѝӣӥ"),
    ("к", "ќ"),
    ("о", "ӧ"),
    ("у", "ўӯӱӳ"),
    ("ч", "ӵ"),
    ("ы", "ӹ"),
    ("э", "ӭ"),
    ("і", "ї"),
    ("ѵ", "ѷ"),
    ("ә", "ӛ"),
    ("ө", "ӫ"),
];

static TABLE: LazyLock<Vec<(char, &'static str)>> = LazyLock::new(|| {
    let mut table: Vec<_> = FOLDS
        .iter()
        .flat_map(|(plain, marked)| marked.chars().map(|letter| (letter, *plain)))
        .collect();
    table.sort_unstable();
    table
});

/// Whether `letter` is a mark that stands on the letter before it.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{20d0}'..='\u{20ff}')
}

/// The words of `text`: small letters and digits without marks, apostrophes closed up.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            word.push(letter.to_ascii_lowercase());
        } else if letter.is_alphanumeric() {
            letter
                .to_lowercase()
                .for_each(|small| fold(small, &mut word));
        } else if !matches!(letter, '\'' | '’' | '`' | '´') && !is_mark(letter) {
            finish(&mut word, &mut words);
        }
    }
    finish(&mut word, &mut words);
    words
}

/// Add what one small letter is found by.
fn fold(letter: char, word: &mut String) {
    if is_mark(letter) {
        return;
    }
    match TABLE.binary_search_by_key(&letter, |entry| entry.0) {
        Ok(at) => word.push_str(TABLE[at].1),
        Err(_) => word.push(letter),
    }
}

fn finish(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

/// Which letters a folded word has, a bit each; letters beyond a-z and 0-9 share the last 28 bits.
///
/// One typing error takes at most one letter of the typed word away, so words that lack more of
/// its bits than the errors allowed need no closer look.
pub(crate) fn letters(word: &str) -> u64 {
    word.chars().fold(0, |bits, letter| {
        bits | 1
            << match letter {
                'a'..='z' => u32::from(letter) - u32::from('a'),
                '0'..='9' => 26 + u32::from(letter) - u32::from('0'),
                _ => 36 + u32::from(letter) % 28,
            }
    })
}

/// How many typing errors a word of this many letters may hold and still be found.
pub(crate) fn errors_allowed(letters: usize) -> usize {
    match letters {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    }
}

/// The fewest typing errors between `typed` and the start of `word`, and all of `word`.
///
/// An error is a letter missing, too many, wrong, or swapped with its neighbour. None where the
/// start takes more than `allowed`; a second figure above `allowed` says only that it is more.
pub(crate) fn typing_errors(
    typed: &[char],
    word: &[char],
    allowed: usize,
    scratch: &mut Scratch,
) -> Option<(usize, usize)> {
    let width = word.len() + 1;
    let too_many = allowed + 1;
    let [before, above, here] = &mut scratch.rows;
    for row in [&mut *before, &mut *above, &mut *here] {
        row.clear();
        row.resize(width, too_many);
    }
    for (column, cell) in above.iter_mut().enumerate().take(too_many) {
        *cell = column;
    }
    for (at, &letter) in typed.iter().enumerate() {
        // A cell further than that from the diagonal has more errors than are allowed.
        let (first, end) = (
            (at + 1).saturating_sub(allowed),
            (at + 2 + allowed).min(width),
        );
        if first >= end {
            return None;
        }
        let mut fewest = too_many;
        for column in first..end {
            let mut best = above[column] + 1;
            if column == 0 {
                best = at + 1;
            } else {
                let other = word[column - 1];
                best = best.min(above[column - 1] + usize::from(letter != other));
                if column > first {
                    best = best.min(here[column - 1] + 1);
                }
                if at > 0 && column > 1 && letter == word[column - 2] && typed[at - 1] == other {
                    best = best.min(before[column - 2] + 1);
                }
            }
            here[column] = best.min(too_many);
            fewest = fewest.min(best);
        }
        if end < width {
            here[end] = too_many;
        }
        if fewest > allowed {
            return None;
        }
        std::mem::swap(before, above);
        std::mem::swap(above, here);
    }
    let first = typed.len().saturating_sub(allowed);
    let start = above[first..].iter().copied().min()?;
    let whole = above[width - 1];
    (start <= allowed).then_some((start, whole))
}

/// Rows kept between calls of `typing_errors`.
#[derive(Default)]
pub(crate) struct Scratch {
    rows: [Vec<usize>; 3],
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(typed: &str, word: &str) -> Option<(usize, usize)> {
        let [typed, word]: [Vec<char>; 2] = [typed, word].map(|text| text.chars().collect());
        typing_errors(&typed, &word, 2, &mut Scratch::default())
    }

    #[test]
    fn case_and_marks_do_not_matter() {
        assert_eq!(words("Crème BRÛLÉE 75CL"), ["creme", "brulee", "75cl"]);
        assert_eq!(words("Bu\u{308}cher & Straße"), ["bucher", "strasse"]);
        assert_eq!(
            words("Ben's «Œuf» İzmir ŁÓDŹ"),
            ["bens", "oeuf", "izmir", "lodz"]
        );
        assert_eq!(words("Άρτος, Йогурт"), ["αρτοσ", "иогурт"]);
        assert!(words(" -- ").is_empty());
    }

    #[test]
    fn typing_errors_are_counted() {
        assert_eq!(errors("mlik", "milk"), Some((1, 1)));
        assert_eq!(errors("choclat", "chocolate"), Some((1, 2)));
        assert_eq!(errors("bananna", "banana"), Some((1, 1)));
        assert_eq!(errors("", "abcd"), Some((0, 3)));
        assert_eq!(errors("abc", "a"), Some((2, 2)));
        assert_eq!(errors("abc", ""), None);
        assert_eq!(errors("bread", "butter"), None);
    }
}
