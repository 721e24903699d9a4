//! What reading a terminal takes without the crossing from Python: `cargo bench -p countertop-core
//! --bench terminal`. The chip's message is made up: the 31 objects of a cryptogram's answer, 222
//! bytes; so is the terminal's result, 209 bytes.

use countertop_core::emv::tlv::{Dialect, Node, decode, encode};
use countertop_core::terminal::{apdu, crc, dle, length, lrc, zvt};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

fn chip() -> Vec<u8> {
    let sizes: [(u32, usize); 31] = [
        (0x82, 2),
        (0x84, 7),
        (0x95, 5),
        (0x9A, 3),
        (0x9C, 1),
        (0x5F2A, 2),
        (0x5F34, 1),
        (0x9F02, 6),
        (0x9F03, 6),
        (0x9F06, 7),
        (0x9F09, 2),
        (0x9F10, 19),
        (0x9F1A, 2),
        (0x9F1E, 8),
        (0x9F26, 8),
        (0x9F27, 1),
        (0x9F33, 3),
        (0x9F34, 3),
        (0x9F35, 1),
        (0x9F36, 2),
        (0x9F37, 4),
        (0x9F41, 4),
        (0x9F53, 1),
        (0x9F39, 1),
        (0x9F21, 3),
        (0x50, 10),
        (0x4F, 7),
        (0x9F12, 10),
        (0x8A, 2),
        (0x9F6E, 4),
        (0x5F28, 2),
    ];
    let nodes: Vec<Node> = sizes
        .iter()
        .map(|(tag, size)| Node::bytes(*tag, &vec![0x31; *size]))
        .collect();
    encode(&nodes, Dialect::default()).expect("made well")
}

fn result() -> Vec<u8> {
    let data = "27 00 04 00 00 00 00 12 50 0B 00 00 05 0C 12 00 00 0D 11 26 17 00 01 19 60 \
                22 F0 F8 54 13 33 EE EE EE 00 10 29 52 50 00 01 49 09 78 87 00 10 \
                88 00 00 07 8A 06";
    let mut bytes: Vec<u8> = data
        .split_whitespace()
        .map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal"))
        .collect();
    bytes.extend_from_slice(b"\x2A455600000599   \x8B\xF1\xF0Mastercard\x3B123456\0\0");
    bytes.extend_from_slice(b"\x3C\xF0\xF4\xF2Approved. Thank you. Please take your card");
    let payment = [0x1F10, 0x1F11, 0x1F12].map(|tag| Node::bytes(tag, &[1]));
    let objects = [
        Node::template(0x2F, payment.to_vec()),
        Node::template(
            0x60,
            vec![
                Node::bytes(0x43, &[0xA0; 7]),
                Node::bytes(0x44, b"Mastercard"),
            ],
        ),
        Node::bytes(0x46, &[b'x'; 24]),
        Node::bytes(0x1F37, &[1]),
    ];
    let held = encode(&objects, zvt::DIALECT).expect("made well");
    bytes.push(0x06);
    bytes.push(u8::try_from(held.len()).expect("short"));
    bytes.extend(held);
    apdu::message(0x040F, &bytes).expect("short")
}

fn reading(criterion: &mut Criterion) {
    let chip = chip();
    let mut group = criterion.benchmark_group("read");
    group.throughput(Throughput::Bytes(chip.len() as u64));
    group.bench_function(format!("chip of {} bytes", chip.len()), |bench| {
        bench.iter(|| decode(black_box(&chip), Dialect::default()));
    });
    let result = result();
    group.throughput(Throughput::Bytes(result.len() as u64));
    let mut room = result.clone();
    group.bench_function(format!("result of {} bytes", result.len()), |bench| {
        bench.iter(|| {
            room.copy_from_slice(&result);
            zvt::read(black_box(&mut room), false)
        });
    });
    group.finish();
}

fn framing(criterion: &mut Criterion) {
    let message = result();
    let text = vec![b'0'; message.len()];
    let mut group = criterion.benchmark_group("frame");
    let mut serial = dle::Framer::new(apdu::BYTES_MAX);
    let line = dle::frame(&message).repeat(200);
    group.throughput(Throughput::Bytes(line.len() as u64));
    group.bench_function("serial", |bench| {
        bench.iter(|| {
            serial.feed(black_box(&line), &mut |event| {
                let _ = black_box(event);
            });
        });
    });
    let mut stream = apdu::Framer::new();
    let line = message.repeat(200);
    group.throughput(Throughput::Bytes(line.len() as u64));
    group.bench_function("tcp", |bench| {
        bench.iter(|| {
            stream.feed(black_box(&line), &mut |event| {
                let _ = black_box(event);
            });
        });
    });
    let mut checked = lrc::Framer::new(lrc::Profile::ECR17, 512);
    let line = lrc::Profile::ECR17.frame(&text).repeat(200);
    group.throughput(Throughput::Bytes(line.len() as u64));
    group.bench_function("checked", |bench| {
        bench.iter(|| {
            checked.feed(black_box(&line), &mut |event| {
                let _ = black_box(event);
            });
        });
    });
    let mut counted = length::Framer::new(length::Width::Four, 512);
    let line = length::Width::Four.frame(&text).expect("short").repeat(200);
    group.throughput(Throughput::Bytes(line.len() as u64));
    group.bench_function("length", |bench| {
        bench.iter(|| {
            counted.feed(black_box(&line), &mut |event| {
                let _ = black_box(event);
            });
        });
    });
    group.throughput(Throughput::Bytes(line.len() as u64));
    group.bench_function("check value alone", |bench| {
        bench.iter(|| crc::kermit(0, black_box(&line)));
    });
    group.finish();
}

criterion_group!(benches, reading, framing);
criterion_main!(benches);
