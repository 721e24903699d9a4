//! Reading a message where it stands, masking as it goes: what could not be read is wiped too, for
//! nobody knows what it was.

use super::table::{DIALECT, Kind, Shape, Width, container_rule, shape};
use super::{Fault, Key, Lead, Message, Trouble, Value};
use crate::emv::{Object, screen, tlv};
use crate::masking;
use crate::terminal::apdu;
use crate::wipe::wipe_stack;
use std::ops::Range;
use zeroize::Zeroize;

/// The published length of the totals in field 60: two receipt numbers, then a count and a sum for
/// each of seven kinds of card.
const TOTALS_BYTES: usize = 53;
/// The bytes before the first kind of card, and of each kind; the first of these is the count.
const TOTALS_HEAD: usize = 4;
const TOTALS_OF_KIND: usize = 7;
const CONTAINER: u8 = 0x06;

struct Reader<'a> {
    bytes: &'a mut [u8],
    at: usize,
    end: usize,
    message: Message,
}

/// Read one message. `is_enquiry` says the register asked for the terminal's status, because a
/// completion means something else then.
///
/// What stands in `bytes` afterwards may be told: card numbers are masked, secrets and everything
/// unread are wiped.
///
/// # Errors
/// The bytes are not one message by their head; nothing of them may be told.
pub fn read(bytes: &mut [u8], is_enquiry: bool) -> Result<Message, Fault> {
    let message = read_here(bytes, is_enquiry);
    // What searches for numbers works on many bytes at once, and leaves some of them behind.
    wipe_stack();
    message
}

// Never within its caller's frame, or what it left would lie above what is written over.
#[inline(never)]
fn read_here(bytes: &mut [u8], is_enquiry: bool) -> Result<Message, Fault> {
    let head = apdu::head(bytes).filter(|head| head.bytes + head.data_bytes == bytes.len());
    let Some(head) = head else {
        bytes.zeroize();
        return Err(Fault {
            trouble: Trouble::Length,
            at: 0,
        });
    };
    let end = bytes.len();
    let mut reader = Reader {
        bytes,
        at: head.bytes,
        end,
        message: Message {
            control: head.control,
            fields: Vec::with_capacity(24),
            withheld: Vec::new(),
            fault: None,
        },
    };
    if let Err(fault) = reader.all(is_enquiry) {
        reader.message.fault = Some(fault);
        reader.bytes[reader.at..].zeroize();
    }
    Ok(reader.message)
}

impl Reader<'_> {
    fn all(&mut self, is_enquiry: bool) -> Result<(), Fault> {
        match self.message.control {
            0x0600 => self.registration()?,
            0x0610 | 0x0620 | 0x0630 | 0x0631 | 0x0650 | 0x0651 | 0x0691 | 0x0693 | 0x061B
            | 0x0501 => {
                self.lead_if_any(Lead::Password)?;
            }
            0x0612 => {
                self.lead(Lead::Password)?;
                self.lead(Lead::First)?;
                self.lead_if_any(Lead::Last)?;
            }
            0x0695 => {
                self.lead(Lead::Password)?;
                self.lead(Lead::NewPassword)?;
            }
            0x04FF => self.intermediate()?,
            0x060F if is_enquiry => {
                if self.is_version() {
                    self.lead(Lead::Software)?;
                }
                self.lead(Lead::Status)?;
            }
            // A refusal with a reason is a log-on's, and has the same data.
            0x061E | 0x841E => self.abort()?,
            0x06D1 => return self.line(),
            _ => {}
        }
        while self.at < self.end {
            let tag = self.bytes[self.at];
            let shape = shape(tag).ok_or(Fault {
                trouble: Trouble::Unknown(tag),
                at: self.at,
            })?;
            self.field(Key::Field(tag), shape, 1)?;
        }
        Ok(())
    }

    fn left(&self) -> &[u8] {
        &self.bytes[self.at..self.end]
    }

    /// Whether a version stands before the state: some states look like the first byte of a
    /// version's length.
    fn is_version(&self) -> bool {
        match self.left() {
            [digits @ .., _] if digits.len() >= 3 => {
                counted(&digits[..3]).is_some_and(|(head, length)| head + length <= digits.len())
            }
            _ => false,
        }
    }

    fn lead(&mut self, lead: Lead) -> Result<(), Fault> {
        self.field(Key::Lead(lead), lead.shape(), 0)
    }

    fn lead_if_any(&mut self, lead: Lead) -> Result<(), Fault> {
        if self.at == self.end {
            return Ok(());
        }
        self.lead(lead)
    }

    fn registration(&mut self) -> Result<(), Fault> {
        self.lead(Lead::Password)?;
        self.lead(Lead::Config)?;
        self.currency_if_any()
    }

    /// A currency has no tag; what follows without one is a service byte or the container.
    fn currency_if_any(&mut self) -> Result<(), Fault> {
        match self.left() {
            [first, _, ..] if !matches!(*first, 0x03 | CONTAINER) => self.lead(Lead::Currency),
            _ => Ok(()),
        }
    }

    /// The timeout ought to be there before a container, and is not always. Sources: PA00P015,
    /// example 5.1; terminals of one maker.
    fn intermediate(&mut self) -> Result<(), Fault> {
        self.lead(Lead::Status)?;
        let is_container = match self.left() {
            [CONTAINER, rest @ ..] => tlv::length_field(rest)
                .is_ok_and(|(head, length)| length > 0 && head + length == rest.len()),
            _ => false,
        };
        if is_container {
            return Ok(());
        }
        self.lead_if_any(Lead::TimeoutMinutes)
    }

    fn abort(&mut self) -> Result<(), Fault> {
        self.lead_if_any(Lead::Result)?;
        match self.message.fields.last() {
            Some((_, Value::Number(0x6F))) => self.currency_if_any(),
            _ => Ok(()),
        }
    }

    /// A line to be printed. Some terminals append a container that tells the kind of receipt; it
    /// is not part of the text.
    fn line(&mut self) -> Result<(), Fault> {
        self.lead(Lead::Attribute)?;
        let kind = match self.left() {
            [.., CONTAINER, 0x04, 0x1F, 0x07, 0x01, _] => 6,
            _ => 0,
        };
        self.end -= kind;
        self.lead(Lead::Text)?;
        self.end += kind;
        if kind > 0 {
            let shape = Shape {
                width: Width::Ber,
                kind: Kind::Container,
            };
            self.field(Key::Field(CONTAINER), shape, 1)?;
        }
        Ok(())
    }

    /// Read a field whose tag has `tag_bytes`; the place is only moved on once all of it is well.
    fn field(&mut self, key: Key, shape: Shape, tag_bytes: usize) -> Result<(), Fault> {
        let begun = self.at;
        let fault = |trouble| Fault { trouble, at: begun };
        if self.message.fields.iter().any(|(one, _)| *one == key)
            || self.message.withheld.contains(&key)
        {
            return Err(fault(Trouble::Repeated(key)));
        }
        let (head, length) = count(shape.width, &self.bytes[begun + tag_bytes..self.end])
            .ok_or(fault(Trouble::Cut(key)))?;
        let start = begun + tag_bytes + head;
        if length > self.end - start {
            return Err(fault(Trouble::Cut(key)));
        }
        let range = start..start + length;
        let value = match shape.kind {
            Kind::Digits => {
                number(&self.bytes[range.clone()]).ok_or(fault(Trouble::Digits(key)))?
            }
            Kind::Byte => Value::Number(u64::from(self.bytes[start])),
            Kind::Bytes => {
                screen::search(&mut self.bytes[range.clone()]);
                Value::Bytes(range.clone())
            }
            Kind::Text => {
                masking::search_words(&mut self.bytes[range.clone()]);
                Value::Bytes(range.clone())
            }
            Kind::Card => {
                masking::mask_half_bytes(&mut self.bytes[range.clone()]);
                Value::Masked(range.clone())
            }
            Kind::Totals if are_totals(&self.bytes[range.clone()]) => {
                let told = start..start + TOTALS_BYTES;
                self.bytes[told.end..range.end].zeroize();
                Value::Bytes(told)
            }
            Kind::Secret | Kind::Totals => {
                self.bytes[range.clone()].zeroize();
                self.message.withheld.push(key);
                self.at = range.end;
                return Ok(());
            }
            Kind::Container => Value::Objects(self.objects(range.clone())?),
        };
        self.message.fields.push((key, value));
        self.at = range.end;
        Ok(())
    }

    fn objects(&mut self, range: Range<usize>) -> Result<Vec<Object>, Fault> {
        let base = range.start;
        let held = &mut self.bytes[range];
        let mut objects = tlv::decode(held, DIALECT).map_err(|fault| Fault {
            trouble: Trouble::Container(fault.trouble),
            at: base + fault.at,
        })?;
        for object in &mut objects {
            if !object.is_template {
                screen::apply(container_rule(object.tag), &mut held[object.range()]);
            }
            object.start += base;
            object.end += base;
        }
        Ok(objects)
    }
}

/// The bytes a length takes, and the length.
fn count(width: Width, bytes: &[u8]) -> Option<(usize, usize)> {
    match width {
        Width::Fixed(length) => Some((0, length)),
        Width::Counted2 => counted(bytes.get(..2)?),
        Width::Counted3 => counted(bytes.get(..3)?),
        Width::Ber => tlv::length_field(bytes).ok(),
        Width::Rest => Some((0, bytes.len())),
    }
}

/// Whether these are totals. Each sum begins with a nought, or there is none, so that no card
/// number in letters or in half bytes has room among them: a hundred millions are taken on no
/// terminal in a day.
fn are_totals(bytes: &[u8]) -> bool {
    let is_sum = |sum: &[u8]| match number(sum) {
        Some(Value::Number(_)) => sum[0] == 0,
        Some(_) => true,
        None => false,
    };
    bytes
        .get(TOTALS_HEAD..TOTALS_BYTES)
        .is_some_and(|kinds| kinds.chunks(TOTALS_OF_KIND).all(|kind| is_sum(&kind[1..])))
}

fn counted(digits: &[u8]) -> Option<(usize, usize)> {
    let mut length = 0;
    for byte in digits {
        if byte >> 4 != 0xF || byte & 0xF > 9 {
            return None;
        }
        length = length * 10 + usize::from(byte & 0xF);
    }
    Some((digits.len(), length))
}

fn number(bytes: &[u8]) -> Option<Value> {
    if bytes.iter().all(|byte| *byte == 0xFF) {
        return Some(Value::Absent);
    }
    let mut number = 0_u64;
    for byte in bytes {
        let (high, low) = (byte >> 4, byte & 0xF);
        if high > 9 || low > 9 {
            return None;
        }
        number = number * 100 + u64::from(high) * 10 + u64::from(low);
    }
    Some(Value::Number(number))
}
