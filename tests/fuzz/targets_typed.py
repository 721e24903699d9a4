"""Decoders of what people write and type: files of rules, codes, addresses and keys."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from actors.anchors import Anchor, AnchorFile
from countertop.acquirers import read_acquirers
from countertop.charges import read_charges
from countertop.conform import read_cases, run_case
from countertop.currencies import read_currencies
from countertop.errors import CommandFailedError
from countertop.pack_files import FOLDER, read_pack
from countertop.price_parts import parts_of
from countertop.prices import preview, read_prices
from countertop.promotions import exclusions, read_promotions
from countertop.returns import read_returns
from countertop.settlement_columns import columns_named
from countertop.tenders import read_tenders
from engine.catalog import check_digit_is_right, code_is_well_formed
from engine.coupon.gs1 import Gs1Error, NorthAmerican, read_gs1
from engine.credit.ledger import code_typed
from engine.decision import Decision
from engine.order.coupons import ends_right
from engine.terminal import Identity
from engine.terminals import SEARCHED_MAX, places_of
from engine.wire import canonical, unstructure
from hardware.terminal.zvt.codec import StatusInfo
from hardware.terminal.zvt.unclaimed import Unclaimed
from hardware.terminal.zvt.unclaimed_file import DamagedFileError, pack, sealed, unpack
from hardware.transport import parse_transport
from native import mask_card_numbers
from tests.fuzz.targets import fresh_folder, message
from tests.fuzz.targets_files import cases

ROOT = Path(__file__).resolve().parents[2]
_DIGITS = 2


# ---------------------------------------------------------------------------- files of rules


@cache
def _rule_files() -> list[bytes]:
    """The examples of the documentation, and what the demo store has."""
    pages = [page.read_text("utf-8") for page in sorted((ROOT / "docs").glob("*.md"))]
    found = [text for page in pages for text in re.findall(r"```toml\n(.*?)```", page, re.DOTALL)]
    files = sorted((ROOT / "countertop" / "demo_data").glob("*.toml"))
    made = [text.encode() for text in found] + [file.read_bytes() for file in files]
    return [one for one in made if _takers(one)]


def _takers(data: bytes) -> int:
    """How many of the commands read a file of rules as theirs."""
    file = fresh_folder("rules") / "rules.toml"
    file.write_bytes(data)
    readers: tuple[Callable[[Path], object], ...] = (
        lambda path: preview(read_prices(path)),
        lambda path: parts_of(read_prices(path).prices),
        lambda path: exclusions(read_promotions(path)),
        lambda path: unstructure(read_charges(path, _DIGITS)),
        lambda path: unstructure(read_currencies(path)),
        lambda path: unstructure(read_tenders(path, _DIGITS)),
        lambda path: unstructure(read_returns(path, _DIGITS)),
        lambda path: unstructure(read_acquirers(path, _DIGITS)),
        lambda path: columns_named(str(path)),
    )
    taken = 0
    for read in readers:
        with contextlib.suppress(CommandFailedError):
            read(file)
            taken += 1
    return taken


def _hostile_rules() -> list[bytes]:
    floods = (b"[" * 50_000, b"a." * 1_000 + b"a = 1", b"a = " + b"[" * 50_000,
              b"a = " + b"9" * 50_000,
              b"[[price_list]]\n" * 10_000, b'weekly = ["Mon-Sun 0:00-24:00"]\n', b"\xff\xfe",
              b"[[promotion]]\nstarts = 0001-01-01T00:00:00+23:59\n",
              b"[[currency]]\ncode = 'USD'\nrate = 1e400000000\n",
              b"[[charge]]\nid = 'a'\nname = 'a'\npercent = -0.00001\n")  # fmt: skip
    return list(floods)


@message(_rule_files, allowed=(CommandFailedError,), hostile=_hostile_rules, hostile_s=6.0)
def rules_file(data: bytes) -> None:
    """TOML of prices, promotions, charges, currencies, tenders, returns, acquirers, columns."""
    if not _takers(data):
        raise CommandFailedError("no command reads it")


@message(
    lambda: [(FOLDER / f"{name}.json").read_bytes() for name in ("nz", "jp")],
    allowed=(CommandFailedError,),
    hostile=lambda: [
        b"[" * 100_000,
        b'{"format":' + b"9" * 100_000 + b"}",
        b"\xff",
        b"\xef\xbb\xbf{}",
    ],
)
def pack_file(data: bytes) -> None:
    """A file where a country pack should be."""
    file = fresh_folder("pack") / "pack.json"
    file.write_bytes(data)
    read_pack(file)


@message(
    lambda: [b"[" + b",".join(cases()[:3]) + b"]", b'{"cases":[' + cases()[0] + b"]}", cases()[1]],
    allowed=(CommandFailedError,),
    hostile=lambda: [b"[" * 100_000, b"[]", b"[1,null,[]]", b"9" * 100_000],
    hostile_s=3.0,
)
def case_file(data: bytes) -> None:
    """A file where published cases should be."""
    file = fresh_folder("cases") / "cases.json"
    file.write_bytes(data)
    for case in read_cases(file)[:20]:
        assert run_case(case).verdict in ("pass", "fail", "refused")


# ------------------------------------------------------------------------- codes and addresses


@cache
def _codes() -> list[bytes]:
    """Coupons of GS1's, one with every field there is, a credit note, and the codes of goods."""
    texts = (
        "]C1255400041702500912345", "811010614141012345610501085102610011",
        "(8112)00614141123456012345678", "4000417025005", "WXYZ-1234 ABCD", "WELCOME-0000017",
        "811010614141012345610501085102610011031261231326123141000001",
    )  # fmt: skip
    return [text.encode() for text in texts]


@message(_codes, hostile=lambda: [b"8110" + b"9" * 500_000, "٣".encode() * 9_000, b"(" * 500_000])
def coupon_code(data: bytes) -> None:
    """Whatever is scanned or typed where a coupon, a credit note or goods are asked for."""
    text = data.decode("utf-8", "replace")
    with contextlib.suppress(Gs1Error):
        found = read_gs1(text)
        if isinstance(found, NorthAmerican):
            assert found.value_minor >= 0
    assert code_typed(code_typed(text)) == code_typed(text)
    if code_is_well_formed(text):
        ends_right(text)
        if text.isascii() and text.isdigit():
            check_digit_is_right(text)


@message(
    lambda: [
        b"4111 1111 1111 1111",
        b"5413330089020011 and 5413-3300-8902-0011",
        "Comté 12".encode(),
    ],
    hostile=lambda: [
        b"4" * 200_000,
        b"4 " * 100_000,
        b"4-" * 100_000,
        b"5413330089020011" * 12_000,
    ],
)
def card_number(data: bytes) -> None:
    """Text that may hold a card number, before it is kept or shown: only digits are hidden, and
    masking again shows none. It may hide more: stars part what stood in one group with others."""
    text = data.decode("utf-8", "replace")
    masked = mask_card_numbers(text)
    assert only_hides_digits(text, masked)
    assert only_hides_digits(masked, mask_card_numbers(masked))


def only_hides_digits(text: str, masked: str) -> bool:
    """Whether `masked` is `text` with stars in place of some of its digits."""
    return len(masked) == len(text) and all(
        now == before or (now == "*" and before in "0123456789")
        for before, now in zip(text, masked, strict=True)
    )


def _overlapping() -> bytes:
    """As many ranges as a frame holds, no two alike, and few places in all."""
    return b" ".join(b"10.0.0.%d-%d" % (at, to) for at in range(1, 100) for to in range(200, 255))


@cache
def _places() -> list[bytes]:
    texts = ("192.168.1.7:20007, 10.0.0.0/24", "192.168.0.10-40", "tcp://127.0.0.1:9100",
             "serial:///dev/ttyUSB0?baud=115200&parity=E&bits=7&stop=2&rtscts=1")  # fmt: skip
    return [text.encode() for text in texts]


@message(
    _places,
    allowed=(ValueError,),
    hostile=lambda: [b"10.0.0.0/0", b"10.0.0.1-255 " * 5_000, _overlapping(),
                     b"tcp://[" + b":" * 9_000,
                     b"tcp://x:" + b"9" * 9_000, b"serial:///x?" + b"baud=1&" * 9_000,
                     b"serial:///x?baud=" + b"9" * 9_000],
)  # fmt: skip
def device_place(data: bytes) -> None:
    """Where somebody says that a terminal or another device is, or where to search for one."""
    text = data.decode("utf-8", "replace")
    found = places_of(text)
    if isinstance(found, Decision):
        parse_transport(text)
        return
    assert 0 < len(found) <= SEARCHED_MAX
    for place in found:
        parse_transport(place)


# ------------------------------------------------------------------------------------- anchors


@cache
def _anchors() -> list[bytes]:
    anchor = AnchorFile(fresh_folder("node-anchors"), "front")
    anchor.keep(Anchor("shop-1", 1, 3, "07" * 32))
    return [anchor.path.read_bytes()]


@message(
    _anchors,
    hostile=lambda: [b"[" * 100_000, b'{"format":1,"check":[]}', b"[]", b"", b"9" * 100_000,
                     canonical({"format": "countertop.anchor/1", "check": "", "position": -1})],
)  # fmt: skip
def node_anchor(data: bytes) -> None:
    """A file where a node's own anchor should be: read, or set aside with a note."""
    anchor = AnchorFile(fresh_folder("node-anchor"), "front")
    anchor.path.write_bytes(data)
    anchor.load()
    assert (anchor.held is None) == bool(anchor.note)
    assert anchor.path.exists() == (anchor.held is not None)


# ------------------------------------------------------------------------ what was told unasked


@cache
def _unclaimed() -> list[bytes]:
    told = Unclaimed()
    for number in (1, 2):
        numbers = Identity("52500001", number, number, "1126", "120000")
        told.keep(StatusInfo(result=5, amount_minor=1250, identity=numbers, detail="no"))
        told.end_day()
    return [pack(told).partition(b"\n")[2]]


@message(
    _unclaimed,
    allowed=(DamagedFileError,),
    hostile=lambda: [b"[" * 100_000, b"[]", b"", b"9" * 100_000, b'{"told":[{"identity":1}]}'],
)  # fmt: skip
def told_unasked(data: bytes) -> None:
    """A file where what a terminal told unasked should be, and one whose check sum fits."""
    with contextlib.suppress(DamagedFileError):
        unpack(data)
    told, before = unpack(sealed(data))
    again = Unclaimed()
    again.recall(told, before)
    assert unpack(pack(again)) == (again.told, again.before)
