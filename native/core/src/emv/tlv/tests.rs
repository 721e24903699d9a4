//! Worked messages, every refusal, and laws over made ones.

use super::*;
use crate::terminal::chance::Chance;

fn read(bytes: &[u8]) -> Result<Vec<(u32, u8, Vec<u8>)>, Fault> {
    let objects = decode(bytes, Dialect::default())?;
    Ok(objects
        .iter()
        .map(|one| (one.tag, one.depth, bytes[one.range()].to_vec()))
        .collect())
}

#[test]
fn order_and_repeats_are_kept() {
    let bytes = [
        0x72, 0x09, 0x9F, 0x18, 0x01, 0x01, 0x86, 0x01, 0x02, 0x86, 0x00, 0x9A, 0x00,
    ];
    assert_eq!(
        read(&bytes).unwrap(),
        [
            (0x72, 0, bytes[2..11].to_vec()),
            (0x9F18, 1, vec![1]),
            (0x86, 1, vec![2]),
            (0x86, 1, vec![]),
            (0x9A, 0, vec![]),
        ]
    );
}

#[test]
fn padding_stands_between_objects_only() {
    assert_eq!(
        read(&[0, 0, 0x9A, 2, 0, 0, 0, 0x9C, 1, 0, 0]).unwrap(),
        [(0x9A, 0, vec![0, 0]), (0x9C, 0, vec![0])]
    );
    let ff = Dialect {
        trailing_ff: true,
        ..Dialect::default()
    };
    assert_eq!(decode(&[0x9A, 0, 0xFF, 0xFF], ff).unwrap().len(), 1);
    assert!(decode(&[0x9A, 0, 0xFF, 0xFF], Dialect::default()).is_err());
}

#[test]
fn lengths_of_every_form() {
    let mut long = vec![0x5F, 0x50, 0x82, 0x01, 0x00];
    long.extend([7; 256]);
    assert_eq!(read(&long).unwrap(), [(0x5F50, 0, vec![7; 256])]);
    for form in [
        &[0x50, 0x81, 0x01, 9][..],
        &[0x50, 0x82, 0, 1, 9],
        &[0x50, 0x83, 0, 0, 1, 9],
        &[0x50, 0x84, 0, 0, 0, 1, 9],
    ] {
        assert_eq!(read(form).unwrap(), [(0x50, 0, vec![9])]);
    }
}

#[test]
fn refusals_say_what_and_where() {
    let fault = |trouble, at| Err(Fault { trouble, at });
    assert_eq!(read(&[0x9F]), fault(Trouble::Cut, 1));
    assert_eq!(read(&[0x50]), fault(Trouble::Cut, 1));
    assert_eq!(read(&[0x9A, 0, 0x50, 0x82, 1]), fault(Trouble::Cut, 5));
    assert_eq!(read(&[0x50, 2, 1]), fault(Trouble::Overrun, 0));
    assert_eq!(read(&[0x70, 2, 0x50, 1, 1]), fault(Trouble::Overrun, 2));
    assert_eq!(
        read(&[0x50, 0x84, 255, 255, 255, 255]),
        fault(Trouble::Overrun, 0)
    );
    assert_eq!(read(&[0x50, 0x80, 0, 0]), fault(Trouble::LengthForm, 1));
    assert_eq!(read(&[0x50, 0x91, 0, 0]), fault(Trouble::LengthForm, 1));
    assert_eq!(
        read(&[0x9F, 0x81, 0x82, 0x83, 0x04, 0]),
        fault(Trouble::TagLong, 0)
    );
    let deep: Vec<u8> = (0..16_u8).flat_map(|n| [0x70, 30 - 2 * n]).collect();
    assert_eq!(read(&deep), fault(Trouble::TooDeep, 30));
    let many = [0x50, 0].repeat(OBJECTS_MAX + 1);
    assert_eq!(read(&many), fault(Trouble::TooMany, 2 * OBJECTS_MAX));
    assert_eq!(
        read(&vec![0; BYTES_MAX + 1]),
        fault(Trouble::TooLong, BYTES_MAX)
    );
    assert_eq!(
        Fault::new(Trouble::Overrun, 7).to_string(),
        "not TLV: a value reaches beyond what holds it (at byte 7)"
    );
}

#[test]
fn tags_that_would_not_be_read_back_are_not_written() {
    for tag in [0, 0x1F, 0x9F81, 0x009F_0203, 0x5000] {
        let nodes = [Node::bytes(tag, b"x")];
        let fault = encode(&nodes, Dialect::default()).unwrap_err();
        assert_eq!(fault.trouble, Trouble::NoTag, "{tag:X}");
    }
    assert!(encode(&[Node::bytes(0x70, b"x")], Dialect::default()).is_err());
    assert!(encode(&[Node::template(0x50, vec![])], Dialect::default()).is_err());
}

#[test]
fn as_many_bytes_as_are_read_are_written() {
    let of = |size| encode(&[Node::bytes(0x50, &vec![7; size])], Dialect::default());
    // A tag, and a length in three bytes.
    assert_eq!(of(BYTES_MAX - 4).unwrap().len(), BYTES_MAX);
    assert_eq!(
        of(BYTES_MAX - 3).unwrap_err(),
        Fault::new(Trouble::TooLong, BYTES_MAX)
    );
}

fn made(chance: &mut Chance, depth: usize) -> Vec<Node> {
    (0..chance.below(5))
        .map(|_| {
            if depth < 5 && chance.below(3) == 0 {
                let tag = [0x70, 0x77, 0xBF0C, 0xE1][chance.index(4)];
                Node::template(tag, made(chance, depth + 1))
            } else {
                let tag = [0x50, 0x9F02, 0x82, 0x5F2A, 0xDF_8129, 0xC1][chance.index(6)];
                let size = [0, 1, 3, 127, 128, 300][chance.index(6)];
                Node::bytes(tag, &chance.bytes(size))
            }
        })
        .collect()
}

#[test]
fn what_is_written_is_read_back() {
    let mut chance = Chance(0x1234_5678_9ABC);
    for _ in 0..2_000 {
        let nodes = made(&mut chance, 0);
        let bytes = encode(&nodes, Dialect::default()).unwrap();
        let objects = decode(&bytes, Dialect::default()).unwrap();
        assert_eq!(tree(&bytes, &objects), nodes);
        assert!(objects.iter().all(|one| one.end <= bytes.len()));
    }
}

#[test]
fn no_bytes_panic_and_what_reads_writes_again() {
    let mut chance = Chance(77);
    for _ in 0..20_000 {
        let size = chance.index(60);
        let bytes = chance.bytes(size);
        if let Ok(objects) = decode(&bytes, Dialect::default()) {
            let nodes = tree(&bytes, &objects);
            let again = encode(&nodes, Dialect::default()).unwrap();
            let objects = decode(&again, Dialect::default()).unwrap();
            assert_eq!(tree(&again, &objects), nodes);
        }
    }
}
