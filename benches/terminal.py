"""Terminals' bytes through the floor, against the same in plain Python, in one run.

`python -m benches.terminal [--tiny]`: reads a chip's message of 31 objects and a terminal's result,
and lines of framed results. The twins are those of `tests/native/terminal_twin.py`; the floor's
figures include the crossing from Python, the masking and the wiping, which the twins do not do. A
sealed answer of a nexo terminal is opened and read against the seal over OpenSSL and Python's JSON.
Where `pyemv` and `ber-tlv` are installed (`pip install pyemv ber-tlv`), the chip's message is read
by them too, in the same run. Aims: 4 µs for the chip's message, 8 µs for the result, on a machine
where `pyemv` takes 17 µs for the former.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import native
from benches.native import Figure, best_ns
from engine.terminal import CardShown, Slip, SlipLine
from hardware.terminal.nexo import envelope, voice
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.crypto import SecurityKey
from hardware.terminal.nexo.reading import Number
from tests.native import nexo_twin
from tests.native import terminal_twin as twin

CHIP_SIZES = {
    0x82: 2, 0x84: 7, 0x95: 5, 0x9A: 3, 0x9C: 1, 0x5F2A: 2, 0x5F34: 1, 0x9F02: 6, 0x9F03: 6,
    0x9F06: 7, 0x9F09: 2, 0x9F10: 19, 0x9F1A: 2, 0x9F1E: 8, 0x9F26: 8, 0x9F27: 1, 0x9F33: 3,
    0x9F34: 3, 0x9F35: 1, 0x9F36: 2, 0x9F37: 4, 0x9F41: 4, 0x9F53: 1, 0x9F39: 1, 0x9F21: 3,
    0x50: 10, 0x4F: 7, 0x9F12: 10, 0x8A: 2, 0x9F6E: 4, 0x5F28: 2,
}  # fmt: skip
LINE_FRAMES = 200
_NONCE = bytes(range(16))
_ROUNDS = 50  # short ones, so that one of them is undisturbed on a busy machine


def chip() -> bytes:
    """The 31 objects of a cryptogram's answer."""
    return native.emv_encode([(tag, b"1" * size) for tag, size in CHIP_SIZES.items()])


def result() -> bytes:
    """A terminal's result of a sale, a long one: 209 bytes."""
    payment = [(0x1F10, b"\x02"), (0x1F11, b"\x01"), (0x1F12, b"\x01")]
    application = [(0x43, bytes(7)), (0x44, b"Mastercard")]
    fields: list[tuple[int | str, Any]] = [
        (0x27, 0), (0x04, 1250), (0x0B, 5), (0x0C, 120000), (0x0D, 1126), (0x17, 1), (0x19, 0x60),
        (0x22, "541333******0010"), (0x29, 52500001), (0x2A, b"455600000599   "),
        (0x3B, b"123456\0\0"), (0x3C, b"Approved. Thank you. Please take your card"),
        (0x49, 978), (0x87, 10), (0x88, 7), (0x8A, 6), (0x8B, b"Mastercard"),
        (0x06, [(0x2F, payment), (0x60, application), (0x46, b"x" * 24), (0x1F37, b"\x01")]),
    ]  # fmt: skip
    return native.zvt_encode(0x040F, fields)


def chips(repeats: int) -> Figure:
    """A chip's message to Python objects and back."""
    data = chip()
    told = native.emv_decode(data)
    assert native.emv_encode(told) == data
    return Figure(
        f"read a chip's {len(data)} bytes",
        best_ns(lambda: native.emv_decode(data), repeats, _ROUNDS),
        best_ns(lambda: twin.tlv_objects(data), repeats // 10 or 1, _ROUNDS),
        repr(told),
    )


def peers(repeats: int) -> list[Figure]:
    """The same message read by what others wrote, as far as it is installed."""
    data = chip()
    found = []
    readers: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
        ("pyemv", "pyemv.tlv", lambda module: module.decode),
        ("ber-tlv", "ber_tlv.tlv", lambda module: module.Tlv.parse),
    )
    for name, module, reader in readers:
        try:
            read = partial(reader(importlib.import_module(module)), data)
        except ImportError:
            continue
        assert len(read()) == len(CHIP_SIZES)
        ours_ns = best_ns(lambda: native.emv_decode(data), repeats, _ROUNDS)
        theirs_ns = best_ns(read, repeats // 10 or 1, _ROUNDS)
        found.append(Figure(f"the same, against {name}", ours_ns, theirs_ns, ""))
    return found


def results(repeats: int) -> Figure:
    """A terminal's result to a dictionary."""
    data = result()
    told = native.zvt_decode(data)
    assert told.fault is None
    return Figure(
        f"read a result of {len(data)} bytes",
        best_ns(lambda: native.zvt_decode(data).fields, repeats, _ROUNDS),
        0,
        repr(told.fields),
    )


def sealed(repeats: int) -> Figure:
    """An answer to a payment with two receipts, from its envelope to objects."""
    head = m.Header("Payment", "AB12CD34EF", "register-1", "V400m-324688179")
    lines = tuple(SlipLine(f"Line {number} of a receipt, EUR 12.50") for number in range(18))
    extra = {"AID": "A0000000041010", "applicationLabel": "mc", "message": "Approved"}
    said = m.PaymentTold(
        m.Outcome("Success", "", extra),
        "sale-1",
        m.PoiTransaction("BV0q001643892070000.VK9DRSLLRCQ2WN82", "2026-11-26T09:30:00Z"),
        1250,
        currency="EUR",
        card=CardShown("541333******0010", "mc"),
        authorisation="123456",
        slips=(Slip(lines, "merchant"), Slip(lines, "customer")),
    )
    plain, key = voice.answer(head, said, "EUR"), SecurityKey("store-1", 1, "p@ssw0rd123456")
    data = envelope.close(head, plain, key, _NONCE, envelope.SIDES[1])
    native_key = native.NexoKey(key.identifier, key.version, key.passphrase)

    def in_python() -> Any:
        body = json.loads(data)[envelope.SIDES[1]]
        mac = body["SecurityTrailer"]["Hmac"]
        return json.loads(nexo_twin.unseal(body["NexoBlob"], mac, key.passphrase, _NONCE))

    assert in_python() == json.loads(plain)
    return Figure(
        f"open and read {len(data)} sealed bytes",
        best_ns(lambda: native_key.open(data, Number), repeats, _ROUNDS),
        best_ns(in_python, repeats // 10 or 1, _ROUNDS),
        str(len(plain)),
    )


def lines(repeats: int, *, tiny: bool) -> list[Figure]:
    """Framed results from a serial line; what is framed is no message, so that only framing is
    measured."""
    found = []
    data = bytes(byte | 0x20 for byte in result())
    count = 5 if tiny else LINE_FRAMES
    framer = native.CheckedFramer("ecr17", 512)
    checked = framer.frame(data) * count
    found.append(
        Figure(
            f"find {count} checked frames, {len(checked)} bytes",
            best_ns(lambda: framer.feed(checked), repeats),
            best_ns(lambda: list(twin.Checked("ecr17", 512).read(checked)), 1, 2),
            str(len(framer.feed(checked))),
        )
    )
    link = native.ZvtLink(is_serial=True)
    serial = native.zvt_frame(result()) * count
    found.append(
        Figure(
            f"find and read {count} results, {len(serial)} bytes",
            best_ns(lambda: link.feed(serial), repeats),
            best_ns(lambda: list(twin.dle_frames(serial, 512)), 1, 2),
            str(len(link.feed(serial))),
        )
    )
    return found


def report(*, tiny: bool) -> list[str]:
    """Measure everything; the lines to print."""
    figures = [
        chips(20 if tiny else 500),
        *peers(20 if tiny else 500),
        results(20 if tiny else 500),
        sealed(5 if tiny else 100),
        *lines(1 if tiny else 20, tiny=tiny),
    ]
    return [
        f"{'':<32} {'native':>14}  {'Python twin':>16}  {'ratio':>9}",
        *(figure.line() for figure in figures),
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="benches.terminal", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="a few calls only")
    options = parser.parse_args(arguments)
    sys.stdout.write("\n".join(report(tiny=options.tiny)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
