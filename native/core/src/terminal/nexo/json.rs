//! JSON with bounds. What is found are places in the text: nothing of it is copied.

use super::{DEPTH_MAX, MEMBERS_MAX, MESSAGE_BYTES_MAX, NUMBER_CHARS_MAX, Trouble};
use crate::wipe::Wiped;
use std::str;

/// Where something stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    start: usize,
    end: usize,
}

impl Span {
    /// What stands there.
    pub fn of<'a>(&self, data: &'a str) -> &'a str {
        &data[self.start..self.end]
    }
}

/// A value, by where its parts stand: of texts and names what is between the quotation marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw {
    /// Members in their order; no name twice.
    Object(Members),
    /// Values in their order.
    List(Vec<Self>),
    /// A text, escapes and all.
    Text(Span),
    /// A number in the digits it was written with.
    Number(Span),
    /// True or false.
    Flag(bool),
    /// Null.
    Nothing,
}

/// Members of an object in their order.
pub type Members = Vec<(Span, Raw)>;

/// The object that `data` is, and the same as text.
pub fn object(data: &[u8]) -> Result<(&str, Members), Trouble> {
    if data.len() > MESSAGE_BYTES_MAX {
        return Err(Trouble::new("too_long", format!("{} bytes", data.len())));
    }
    let text = str::from_utf8(data)
        .map_err(|error| Trouble::new("not_utf8", format!("at {}", error.valid_up_to())))?;
    let mut reader = Reader {
        text,
        at: 0,
        seen: 0,
    };
    let value = reader.value(0)?;
    reader.skip_space();
    if reader.at < data.len() {
        return Err(reader.wrong());
    }
    match value {
        Raw::Object(members) => Ok((text, members)),
        _ => Err("not_an_object".into()),
    }
}

/// The characters of a text with escapes; half of a pair is `?`.
pub fn letters(raw: &str) -> Letters<'_> {
    Letters { rest: raw }
}

/// Decoded into a buffer that is wiped.
pub fn decoded(raw: &str) -> Wiped {
    let mut room = Wiped::new(raw.len());
    if raw.contains('\\') {
        let mut bytes = [0; 4];
        for letter in letters(raw) {
            let _ = room.extend(letter.encode_utf8(&mut bytes).as_bytes());
        }
    } else {
        let _ = room.extend(raw.as_bytes());
    }
    room
}

/// See [`letters`].
pub struct Letters<'a> {
    rest: &'a str,
}

impl Letters<'_> {
    fn take(&mut self, count: usize) -> &str {
        let (taken, rest) = self.rest.split_at(count);
        self.rest = rest;
        taken
    }

    fn unit(&mut self) -> u32 {
        u32::from_str_radix(self.take(4), 16).unwrap_or(u32::MAX)
    }
}

impl Iterator for Letters<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let letter = self.rest.chars().next()?;
        self.take(letter.len_utf8());
        if letter != '\\' {
            return Some(letter);
        }
        Some(match self.take(1) {
            "b" => '\u{8}',
            "f" => '\u{c}',
            "n" => '\n',
            "r" => '\r',
            "t" => '\t',
            "u" => {
                let unit = self.unit();
                let is_pair = (0xD800..0xDC00).contains(&unit) && self.rest.starts_with("\\u");
                let low = if is_pair {
                    u32::from_str_radix(&self.rest[2..6], 16).unwrap_or(0)
                } else {
                    0
                };
                if (0xDC00..0xE000).contains(&low) {
                    self.take(6);
                    let whole = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                    char::from_u32(whole).unwrap_or('?')
                } else {
                    char::from_u32(unit).unwrap_or('?')
                }
            }
            other => other.chars().next().unwrap_or('?'),
        })
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    seen: usize,
}

impl Reader<'_> {
    fn wrong(&self) -> Trouble {
        Trouble::new("not_json", format!("at {}", self.at))
    }

    fn rest(&self) -> &[u8] {
        &self.text.as_bytes()[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is_it = self.peek() == Some(byte);
        self.at += usize::from(is_it);
        is_it
    }

    fn need(&mut self, byte: u8) -> Result<(), Trouble> {
        if self.eat(byte) {
            Ok(())
        } else {
            Err(self.wrong())
        }
    }

    fn value(&mut self, depth: usize) -> Result<Raw, Trouble> {
        self.seen += 1;
        if self.seen > MEMBERS_MAX {
            return Err("too_many_members".into());
        }
        if depth > DEPTH_MAX {
            return Err("too_deep".into());
        }
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.members(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(Raw::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Raw, Trouble> {
        for (word, value) in [
            ("true", Raw::Flag(true)),
            ("false", Raw::Flag(false)),
            ("null", Raw::Nothing),
        ] {
            if self.rest().starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        // Some write these, and nobody can say how much they are.
        if self.rest().starts_with(b"NaN") || self.rest().starts_with(b"Infinity") {
            return Err(Trouble::new("number_wrong", format!("at {}", self.at)));
        }
        Err(self.wrong())
    }

    fn list(&mut self, depth: usize) -> Result<Raw, Trouble> {
        self.at += 1;
        self.skip_space();
        let mut found = Vec::new();
        if self.eat(b']') {
            return Ok(Raw::List(found));
        }
        loop {
            found.push(self.value(depth + 1)?);
            self.skip_space();
            if self.eat(b']') {
                return Ok(Raw::List(found));
            }
            self.need(b',')?;
        }
    }

    fn members(&mut self, depth: usize) -> Result<Raw, Trouble> {
        self.at += 1;
        self.skip_space();
        let mut found = Vec::new();
        if self.eat(b'}') {
            return Ok(Raw::Object(found));
        }
        loop {
            self.skip_space();
            let name = self.string()?;
            self.skip_space();
            self.need(b':')?;
            found.push((name, self.value(depth + 1)?));
            self.skip_space();
            if self.eat(b'}') {
                break;
            }
            self.need(b',')?;
        }
        let mut names: Vec<&str> = found.iter().map(|(name, _)| name.of(self.text)).collect();
        names.sort_by(|one, two| letters(one).cmp(letters(two)));
        let is_same = |pair: &[&str]| letters(pair[0]).eq(letters(pair[1]));
        if names.windows(2).any(is_same) {
            // Two readers would disagree which of them counts.
            return Err("member_doubled".into());
        }
        Ok(Raw::Object(found))
    }

    fn string(&mut self) -> Result<Span, Trouble> {
        self.need(b'"')?;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Span {
                        start,
                        end: self.at - 1,
                    });
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape()?;
                }
                Some(0x20..) => self.at += 1,
                _ => return Err(self.wrong()),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Trouble> {
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                let digits = self.rest().get(1..5);
                if !digits.is_some_and(|four| four.iter().all(u8::is_ascii_hexdigit)) {
                    return Err(self.wrong());
                }
                self.at += 5;
            }
            _ => return Err(self.wrong()),
        }
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let count = self
            .rest()
            .iter()
            .take_while(|one| one.is_ascii_digit())
            .count();
        self.at += count;
        count
    }

    fn number(&mut self) -> Result<Raw, Trouble> {
        let start = self.at;
        self.eat(b'-');
        if self.peek() == Some(b'I') {
            return Err(Trouble::new("number_wrong", format!("at {start}")));
        }
        let is_right = (self.eat(b'0') || self.digits() > 0)
            && (!self.eat(b'.') || self.digits() > 0)
            && (!(self.eat(b'e') || self.eat(b'E')) || {
                let _ = self.eat(b'+') || self.eat(b'-');
                self.digits() > 0
            });
        if !is_right {
            return Err(self.wrong());
        }
        let count = self.at - start;
        if count > NUMBER_CHARS_MAX {
            return Err(Trouble::new("number_wrong", format!("{count} characters")));
        }
        Ok(Raw::Number(Span {
            start,
            end: self.at,
        }))
    }
}
