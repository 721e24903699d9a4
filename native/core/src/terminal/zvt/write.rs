//! Writing a message: fields in the order given, as the table has them.

use super::table::{DIALECT, Kind, Shape, Width, shape};
use super::{Fault, Key, Trouble};
use crate::emv::tlv::{self, Node};
use crate::terminal::apdu;

/// What a field is to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A number.
    Number(u64),
    /// F in all half bytes: there is none.
    Absent,
    /// Bytes as they are.
    Bytes(Vec<u8>),
    /// Digits of a card number, `*` for one that is hidden. Only simulated terminals send these.
    Card(String),
    /// Objects.
    Objects(Vec<Node>),
}

/// A message of these fields.
///
/// # Errors
/// A field nobody knows, or one that takes no such value; `at` is the byte it would stand at.
pub fn write(control: u16, fields: &[(Key, Input)]) -> Result<Vec<u8>, Fault> {
    let mut data = Vec::new();
    for (key, input) in fields {
        let at = data.len();
        let shape = match key {
            Key::Lead(lead) => Some(lead.shape()),
            Key::Field(tag) => shape(*tag),
        };
        let Some(shape) = shape else {
            let Key::Field(tag) = *key else {
                continue;
            };
            return Err(Fault {
                trouble: Trouble::Unknown(tag),
                at,
            });
        };
        if let Key::Field(tag) = key {
            data.push(*tag);
        }
        let bytes = value(shape, input).filter(|bytes| fits(shape.width, bytes.len()));
        let written = bytes.and_then(|bytes| {
            push_count(&mut data, shape.width, bytes.len())?;
            data.extend_from_slice(&bytes);
            Some(())
        });
        if written.is_none() {
            return Err(Fault {
                trouble: Trouble::Value(*key),
                at,
            });
        }
    }
    apdu::message(control, &data).ok_or(Fault {
        trouble: Trouble::Length,
        at: data.len(),
    })
}

fn fits(width: Width, length: usize) -> bool {
    match width {
        Width::Fixed(fixed) => length == fixed,
        Width::Counted2 => length <= 99,
        Width::Counted3 => length <= 999,
        Width::Ber | Width::Rest => length <= apdu::DATA_BYTES_MAX,
    }
}

fn push_count(data: &mut Vec<u8>, width: Width, length: usize) -> Option<()> {
    let places: &[usize] = match width {
        Width::Counted2 => &[10, 1],
        Width::Counted3 => &[100, 10, 1],
        Width::Ber => return tlv::push_length(data, length).ok(),
        Width::Fixed(_) | Width::Rest => &[],
    };
    for place in places {
        data.push(0xF0 | u8::try_from(length / place % 10).ok()?);
    }
    Some(())
}

fn value(shape: Shape, input: &Input) -> Option<Vec<u8>> {
    match (shape.kind, input) {
        (Kind::Digits, Input::Number(number)) => digits(shape.width, *number),
        (Kind::Digits, Input::Absent) => match shape.width {
            Width::Fixed(size) => Some(vec![0xFF; size]),
            _ => None,
        },
        (Kind::Byte, Input::Number(number)) => Some(vec![u8::try_from(*number).ok()?]),
        (Kind::Card, Input::Card(card)) => half_bytes(card),
        (Kind::Container, Input::Objects(nodes)) => tlv::encode(nodes, DIALECT).ok(),
        (
            Kind::Bytes | Kind::Text | Kind::Secret | Kind::Totals | Kind::Card,
            Input::Bytes(bytes),
        ) => Some(bytes.clone()),
        _ => None,
    }
}

fn digits(width: Width, number: u64) -> Option<Vec<u8>> {
    let Width::Fixed(size) = width else {
        return None;
    };
    let mut out = vec![0; size];
    let mut rest = number;
    for byte in out.iter_mut().rev() {
        let pair = u8::try_from(rest % 100).ok()?;
        *byte = ((pair / 10) << 4) | (pair % 10);
        rest /= 100;
    }
    (rest == 0).then_some(out)
}

fn half_bytes(card: &str) -> Option<Vec<u8>> {
    let mut halves: Vec<u8> = card
        .bytes()
        .map(|letter| match letter {
            b'0'..=b'9' => Some(letter - b'0'),
            b'*' => Some(0xE),
            _ => None,
        })
        .collect::<Option<_>>()?;
    if halves.len() % 2 == 1 {
        halves.push(0xF);
    }
    Some(
        halves
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect(),
    )
}
