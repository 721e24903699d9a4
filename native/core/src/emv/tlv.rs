//! BER-TLV with order and multiplicity kept: a flat list in the order of the bytes, each object
//! with its depth and where its value stands. Source: EMV Book 3, annex B.

use std::fmt;
use std::ops::Range;

/// How deep templates may stand within one another.
pub const DEPTH_MAX: usize = 16;
/// How many objects one message may hold.
pub const OBJECTS_MAX: usize = 4_096;
/// How long one message may be.
pub const BYTES_MAX: usize = 65_535;
const TAG_BYTES_MAX: usize = 4;

/// Why bytes are not TLV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The bytes end within a tag or a length.
    Cut,
    /// A value would reach beyond what holds it.
    Overrun,
    /// A tag is longer than four bytes.
    TagLong,
    /// The length is indefinite, or has more than four bytes.
    LengthForm,
    /// Templates stand too deep within one another.
    TooDeep,
    /// More objects than one message may hold.
    TooMany,
    /// More bytes than one message may have.
    TooLong,
    /// A tag to be written that no reader would read back.
    NoTag,
}

/// What is wrong and at which byte; nothing of the message itself, which may be a card's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub trouble: Trouble,
    /// The byte it stands at, from 0.
    pub at: usize,
}

impl Fault {
    pub(crate) fn new(trouble: Trouble, at: usize) -> Self {
        Self { trouble, at }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cut => "the bytes end within a tag or a length",
            Self::Overrun => "a value reaches beyond what holds it",
            Self::TagLong => "a tag must have 1 to 4 bytes",
            Self::LengthForm => "a length must be definite and have at most 4 bytes",
            Self::TooDeep => "templates must stand at most 16 deep",
            Self::TooMany => "a message must hold at most 4096 objects",
            Self::TooLong => "a message must have at most 65535 bytes",
            Self::NoTag => "a tag must be one that can be read back",
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not TLV: {} (at byte {})", self.trouble, self.at)
    }
}

impl std::error::Error for Fault {}

/// One object; its value is `bytes[start..end]` of the message it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object {
    /// The tag's bytes as a big-endian number: `9F02` is `0x9F02`.
    pub tag: u32,
    /// How many templates it stands in.
    pub depth: u8,
    /// Whether it holds objects, which follow it in the list one deeper.
    pub is_template: bool,
    /// Where its value begins.
    pub start: usize,
    /// Where its value ends.
    pub end: usize,
}

impl Object {
    /// Where its value stands.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// How a dialect differs from EMV.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dialect {
    /// Tags that hold bytes although their bits say they hold objects.
    pub plain: &'static [u32],
    /// Whether the message may end in bytes FF, as some terminals pad.
    pub trailing_ff: bool,
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self, end: usize) -> Result<u8, Fault> {
        if self.at >= end {
            return Err(Fault::new(Trouble::Cut, self.at));
        }
        let byte = self.bytes[self.at];
        self.at += 1;
        Ok(byte)
    }

    fn tag(&mut self, end: usize) -> Result<(u32, bool), Fault> {
        let begun = self.at;
        let first = self.byte(end)?;
        let mut tag = u32::from(first);
        if first & 0x1F == 0x1F {
            loop {
                if self.at - begun == TAG_BYTES_MAX {
                    return Err(Fault::new(Trouble::TagLong, begun));
                }
                let next = self.byte(end)?;
                tag = tag << 8 | u32::from(next);
                if next & 0x80 == 0 {
                    break;
                }
            }
        }
        Ok((tag, first & 0x20 != 0))
    }

    fn length(&mut self, end: usize) -> Result<usize, Fault> {
        let at = self.at;
        let first = self.byte(end)?;
        if first < 0x80 {
            return Ok(usize::from(first));
        }
        if !(0x81..=0x84).contains(&first) {
            return Err(Fault::new(Trouble::LengthForm, at));
        }
        let mut length = 0_u32;
        for _ in 0..first & 0x7F {
            length = length << 8 | u32::from(self.byte(end)?);
        }
        usize::try_from(length).map_err(|_| Fault::new(Trouble::Overrun, at))
    }
}

/// The length of a BER length field and the length it tells, where `bytes` begins with one.
///
/// # Errors
/// The field is cut off or of a form that is not taken.
pub fn length_field(bytes: &[u8]) -> Result<(usize, usize), Fault> {
    let mut reader = Reader { bytes, at: 0 };
    let length = reader.length(bytes.len())?;
    Ok((reader.at, length))
}

/// The tag `bytes` begins with and how many bytes it has.
///
/// # Errors
/// The tag is cut off or too long.
pub fn length_of_tag(bytes: &[u8]) -> Result<(u32, usize), Fault> {
    let mut reader = Reader { bytes, at: 0 };
    let (tag, _) = reader.tag(bytes.len())?;
    Ok((tag, reader.at))
}

/// Every object of `bytes`, templates before what they hold.
///
/// Bytes 00 between objects are padding. Nothing is looked up: a tag nobody knows is an object.
///
/// # Errors
/// The bytes are not TLV; the fault says what and where.
pub fn decode(bytes: &[u8], dialect: Dialect) -> Result<Vec<Object>, Fault> {
    if bytes.len() > BYTES_MAX {
        return Err(Fault::new(Trouble::TooLong, BYTES_MAX));
    }
    let mut objects = Vec::with_capacity(bytes.len().min(128) / 4);
    let mut ends = [bytes.len(); DEPTH_MAX];
    let mut depth = 0;
    let mut reader = Reader { bytes, at: 0 };
    loop {
        while reader.at >= ends[depth] {
            if depth == 0 {
                return Ok(objects);
            }
            depth -= 1;
        }
        let end = ends[depth];
        let head = bytes[reader.at];
        if head == 0 {
            reader.at += 1;
            continue;
        }
        if dialect.trailing_ff && depth == 0 && head == 0xFF && all_ff(&bytes[reader.at..]) {
            return Ok(objects);
        }
        let begun = reader.at;
        let (tag, is_constructed) = reader.tag(end)?;
        let length = reader.length(end)?;
        let start = reader.at;
        if length > end - start {
            return Err(Fault::new(Trouble::Overrun, begun));
        }
        if objects.len() == OBJECTS_MAX {
            return Err(Fault::new(Trouble::TooMany, begun));
        }
        let is_template = is_constructed && !dialect.plain.contains(&tag);
        objects.push(Object {
            tag,
            depth: u8::try_from(depth).unwrap_or(u8::MAX),
            is_template,
            start,
            end: start + length,
        });
        if is_template {
            if depth + 1 == DEPTH_MAX {
                return Err(Fault::new(Trouble::TooDeep, begun));
            }
            depth += 1;
            ends[depth] = start + length;
        } else {
            reader.at = start + length;
        }
    }
}

fn all_ff(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0xFF)
}

/// An object to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The tag's bytes as a big-endian number.
    pub tag: u32,
    /// What it holds.
    pub content: Content,
}

/// What an object to be written holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Bytes.
    Bytes(Vec<u8>),
    /// Objects.
    Objects(Vec<Node>),
}

impl Node {
    /// An object that holds bytes.
    pub fn bytes(tag: u32, bytes: &[u8]) -> Self {
        Self {
            tag,
            content: Content::Bytes(bytes.to_vec()),
        }
    }

    /// An object that holds objects.
    pub fn template(tag: u32, objects: Vec<Self>) -> Self {
        Self {
            tag,
            content: Content::Objects(objects),
        }
    }
}

/// The objects in the one shortest form: no padding, each length in as few bytes as it takes.
///
/// # Errors
/// A tag that would not be read back as itself, too many bytes, or too deep.
pub fn encode(nodes: &[Node], dialect: Dialect) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::new();
    write_all(&mut out, nodes, dialect, 0)?;
    if out.len() > BYTES_MAX {
        return Err(Fault::new(Trouble::TooLong, BYTES_MAX));
    }
    Ok(out)
}

fn write_all(
    out: &mut Vec<u8>,
    nodes: &[Node],
    dialect: Dialect,
    depth: usize,
) -> Result<(), Fault> {
    if depth == DEPTH_MAX {
        return Err(Fault::new(Trouble::TooDeep, out.len()));
    }
    for node in nodes {
        write_tag(out, node, dialect)?;
        match &node.content {
            Content::Bytes(bytes) => {
                push_length(out, bytes.len())?;
                out.extend_from_slice(bytes);
            }
            Content::Objects(objects) => {
                let mut held = Vec::new();
                write_all(&mut held, objects, dialect, depth + 1)?;
                push_length(out, held.len())?;
                out.append(&mut held);
            }
        }
    }
    Ok(())
}

fn write_tag(out: &mut Vec<u8>, node: &Node, dialect: Dialect) -> Result<(), Fault> {
    let bytes = node.tag.to_be_bytes();
    let used = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    let mut reader = Reader { bytes: used, at: 0 };
    let read = reader.tag(used.len());
    let is_template = matches!(node.content, Content::Objects(_));
    match read {
        Ok((tag, is_constructed))
            if tag == node.tag
                && reader.at == used.len()
                && (is_constructed && !dialect.plain.contains(&tag)) == is_template =>
        {
            out.extend_from_slice(used);
            Ok(())
        }
        _ => Err(Fault::new(Trouble::NoTag, out.len())),
    }
}

/// Append a length in as few bytes as it takes.
///
/// # Errors
/// It is more than a message may have.
pub fn push_length(out: &mut Vec<u8>, length: usize) -> Result<(), Fault> {
    let number = u16::try_from(length).map_err(|_| Fault::new(Trouble::TooLong, out.len()))?;
    let [high, low] = number.to_be_bytes();
    match (high, low) {
        (0, 0..=0x7F) => out.push(low),
        (0, _) => out.extend_from_slice(&[0x81, low]),
        _ => out.extend_from_slice(&[0x82, high, low]),
    }
    Ok(())
}

/// The objects of `decode` as the tree `encode` takes.
pub fn tree(bytes: &[u8], objects: &[Object]) -> Vec<Node> {
    let mut open: Vec<Vec<Node>> = vec![Vec::new()];
    let mut tags: Vec<u32> = Vec::new();
    for object in objects {
        close_to(&mut open, &mut tags, usize::from(object.depth));
        if object.is_template {
            open.push(Vec::new());
            tags.push(object.tag);
        } else if let Some(last) = open.last_mut() {
            last.push(Node::bytes(object.tag, &bytes[object.range()]));
        }
    }
    close_to(&mut open, &mut tags, 0);
    open.pop().unwrap_or_default()
}

fn close_to(open: &mut Vec<Vec<Node>>, tags: &mut Vec<u32>, depth: usize) {
    while tags.len() > depth {
        let (Some(held), Some(tag)) = (open.pop(), tags.pop()) else {
            return;
        };
        if let Some(last) = open.last_mut() {
            last.push(Node::template(tag, held));
        }
    }
}

#[cfg(test)]
mod tests;
