"""Decoders of files and stored bytes: catalog CSV, journals, snapshots, tokens, the verifier."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import sqlite3
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

from actors import snapshots
from actors.disk import SYSTEM_DISK
from actors.history import load_books
from actors.journal import Journal
from actors.journal_read import Head
from actors.journal_schema import JournalError
from actors.personal import Keyring
from benches.journal import sample_entry
from countertop.conform import run_case
from countertop.importer import ImportFileError, prepare
from countertop.pack_files import FOLDER
from countertop.store import reveal_with
from engine.decision import COMMANDS, EVENTS
from engine.effects import EFFECTS
from engine.fields import FieldsError
from engine.image import image_of
from engine.packs import parse_pack
from engine.record import NewRecord, payload_bytes, record_from_payload
from engine.stamp import Stamp
from engine.tax_rules import TaxRulesError
from engine.upcast import event_of
from engine.wire import WireError, canonical, parse, unstructure
from native import PriceBook
from tests.fuzz.targets import fresh_folder, message
from tests.shapes import sample
from tests.shop import Shop
from verifier.__main__ import main as verify

_CLASSES = frozenset(("standard", "reduced"))
_STAMP = Stamp(1_795_000_000_000_000_000, 3600, "2026-11-23")


# ---------------------------------------------------------------------------------- catalog CSV


@cache
def catalogs() -> list[bytes]:
    """Small catalogs as spreadsheets of several countries write them."""
    commas = (
        'sku,name,department,tax_class,price,codes\nb1,"Bread, white",Food,reduced,3.50,1|2\n'
        'm1,"Milk\nfresh",Food,reduced,1.29,4000417025005\n'
    )
    semicolons = (
        "code;name;department;tax_class;price_minor;unit;case_code;case_quantity;sort\r\n"
        "w1;Wine;Drinks;standard;799;piece;case-w1;6;3\r\n"
    )
    tabs = (
        "\ufeffname\tdepartment\ttax_class\tprice\tgtin\topen_price\tdiscountable\n"
        "Comté\tCheese\treduced\t12.99\t4006381333931\tno\tyes\n"
    )
    measured = (
        "code,name,department,tax_class,price,unit,litres,kilograms,degrees\n"
        "c1,Cola,Drinks,standard,2.00,piece,1.5,,\nr1,Rum,Drinks,standard,19.90,,0.7,0.02,28\n"
    )
    return [text.encode() for text in (commas, semicolons, tabs, measured)]


def _gzipped() -> list[bytes]:
    return [gzip.compress(plain, mtime=0) for plain in catalogs()]


def _hostile_catalogs() -> list[bytes]:
    head = catalogs()[0].split(b"\n")[0] + b"\n"
    return [head + b"x\n" * 10_000, head + b'"\n' * 5_000, b"a" * 3_000_000, head + b"," * 60_000,
            head + (b'"' + b"a" * 60_000 + b"\n") * 40, head + b"\n" * 50_000]  # fmt: skip


def _bombs() -> list[bytes]:
    """Small files: one that unpacks to 64 MiB, one that is cut short, one that is none."""
    head = catalogs()[0].split(b"\n")[0] + b"\n"
    bomb = gzip.compress(head + bytes(64 << 20), 6, mtime=0)
    return [bomb, _gzipped()[0][:-4], b"\x1f\x8b" + bytes(1_000)]


def _prepared(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    prepared = prepare(path, "EUR", _CLASSES)
    book = PriceBook.from_segment(prepared.segment)
    assert book.item_count <= prepared.items <= prepared.rows
    assert prepared.rows == prepared.items + len(prepared.errors)


@message(
    catalogs,
    allowed=(ImportFileError,),
    hostile=_hostile_catalogs,
    hostile_s=20.0,
    memory_bytes_max=96 << 20,
)
def catalog_csv(data: bytes) -> None:
    """A catalog somebody's spreadsheet wrote: each row is an item or a fault that is told."""
    _prepared(fresh_folder("csv") / "items.csv", data)


@message(
    _gzipped,
    allowed=(ImportFileError,),
    hostile=_bombs,
    hostile_s=20.0,
    memory_bytes_max=96 << 20,
)
def catalog_gzip(data: bytes) -> None:
    """The same, compressed; a small file that claims to be a huge one is given up."""
    _prepared(fresh_folder("gzip") / "items.csv.gz", data)


# ------------------------------------------------------------------------------- stored records


@cache
def payloads() -> list[bytes]:
    """One record of every kind of event there is."""
    return [
        payload_bytes(
            NewRecord(
                "live", "order/1", 1, name, "c1", "max", "1", _STAMP, unstructure(sample(cls))
            )
        )
        for name, cls in EVENTS.items()
    ]


def _hostile_payloads() -> list[bytes]:
    deep = b"[" * 900 + b"]" * 900
    flat = payloads()[0]
    nested = flat.replace(b'"data":{', b'"data":{"x":' + deep + b",", 1)
    large = flat.replace(b":1,", b":" + b"9" * 4_000 + b",")
    return [nested, deep, b"[" * 1_000_000, b'{"a":' * 500_000, large]


@message(payloads, allowed=(WireError,), hostile=_hostile_payloads)
def journal_payload(data: bytes) -> None:
    """A stored record's bytes up to the event of today."""
    record = record_from_payload(1, 1, "live", data)
    event = event_of(record)
    assert event is not None
    assert record_from_payload(1, 1, "live", payload_bytes(record)) == record


def _packed() -> list[bytes]:
    found = []
    for registry in (COMMANDS, EVENTS, EFFECTS):
        found += [canonical(registry.pack(sample(cls))) for _, cls in registry.items()]
    return found


@message(_packed, allowed=(WireError,), hostile=_hostile_payloads)
def wire_packed(data: bytes) -> None:
    """A named command, event or effect; what is taken packs and unpacks to the same."""
    packed = parse(data)
    for registry in (COMMANDS, EVENTS, EFFECTS):
        with contextlib.suppress(WireError):
            value = registry.unpack(packed)
            assert registry.unpack(parse(canonical(registry.pack(value)))) == value


# ------------------------------------------------------------------------------------ snapshots


class _ReplayInsteadError(Exception):
    """The snapshot was passed over and the journal was asked for its records."""


def _replay(*_: object) -> NoReturn:
    raise _ReplayInsteadError


def _journal() -> Any:
    """As much of a journal as a start with a snapshot needs, were every snapshot its own."""
    return SimpleNamespace(
        disk=SYSTEM_DISK,
        head=lambda: Head(1, 7, bytes(32)),
        is_ours=lambda *_: True,
        read_sealed=_replay,
    )


@cache
def _states() -> list[bytes]:
    selling = Shop.selling()
    selling.sell("wine", "bread")
    selling.ring("cheese")
    selling.ring("milk", register="2")
    shops = (Shop.open(), selling)
    for shop in shops:
        shop.books.position = 7
    return [canonical(image_of(shop.books)) for shop in shops]


@message(_states, allowed=(_ReplayInsteadError,))
def snapshot_state(data: bytes) -> None:
    """The books in a snapshot that is whole and of this journal: used, or passed over."""
    folder = fresh_folder("state")
    snapshots.save(folder / "snapshots", 7, 1, bytes(32), data)
    load_books(_journal(), folder)


@cache
def _snapshots() -> list[bytes]:
    return [
        snapshots.save(fresh_folder("seeds"), 7, 1, bytes(32), state).read_bytes()
        for state in _states()
    ]


def _hostile_snapshots() -> list[bytes]:
    return [b"{" * 1_000_000, b"[" * 999 + b"\n", b'{"format":' * 90 + b"\n",
            b'{"position":' + b"9" * 800 + b"}\n"]  # fmt: skip


@message(_snapshots, allowed=(_ReplayInsteadError,), hostile=_hostile_snapshots)
def snapshot_file(data: bytes) -> None:
    """A file where a snapshot should be: used, or passed over."""
    folder = fresh_folder("snapshot")
    path = folder / "snapshots" / "000001-000000000000007.snapshot"
    path.parent.mkdir()
    path.write_bytes(data)
    load_books(_journal(), folder)


# --------------------------------------------------------------------------------------- tokens


@cache
def _keyring() -> Keyring:
    keyring = Keyring(fresh_folder("keys") / "personal.db")
    keyring.seal("operator/gone", "c", "name", "Gone")
    keyring.erase("operator/gone")
    return keyring


@cache
def _tokens() -> list[bytes]:
    texts = ("Max Maple", "", "Zoë 日本")
    tokens = [_keyring().seal("operator/max", "c1", "name", text) for text in texts]
    plain = canonical({"operator": tokens[0], "lines": [tokens[1], f"for {tokens[2]}!", 7]})
    return [*(token.encode() for token in tokens), plain, b"~p1.operator/gone." + b"A" * 38]


def _hostile_tokens() -> list[bytes]:
    deep = b"[" * 900 + b'"x"' + b"]" * 900
    return [b"~p1.x." + b"A" * 500_000, b"~p1." * 100_000, (b"~p1." + b"a" * 127) * 4_000, deep,
            b"[" * 500_000]  # fmt: skip


@message(_tokens, hostile=_hostile_tokens, hostile_s=3.0)
def personal_token(data: bytes) -> None:
    """Text that may hold tokens about people, on its way to a screen, by itself and within JSON."""
    text = data.decode("utf-8", "replace")
    opened = _keyring().reveal(text)
    with contextlib.suppress(ValueError):
        _keyring().open_token(text)
    assert reveal_with(_keyring())({"lines": [7, None, [text]]}) == {"lines": [7, None, [opened]]}


# ------------------------------------------------------------------------------------- journals


@cache
def journals() -> list[bytes]:
    """A journal of six records and two checkpoints."""
    path = fresh_folder("journals") / "journal.db"
    journal = Journal.open(path, store_id="shop-1", reserve_bytes=0, checkpoint_every=4)
    with journal:
        for number in range(6):
            journal.append([sample_entry(number)])
        journal.checkpoint()
    return [path.read_bytes()]


@contextlib.contextmanager
def _damaged(name: str, data: bytes) -> Iterator[Path]:
    path = fresh_folder(name) / "journal.db"
    path.write_bytes(data)
    yield path


@message(journals, allowed=(JournalError,), slow=True)
def journal_file(data: bytes) -> None:
    """A damaged file where the journal should be: refused by name, or read and checked."""
    with (
        _damaged("opened", data) as path,
        Journal.open(path, reserve_bytes=0) as journal,
    ):
        for record in journal.read(0, 100):
            journal.read_stream(record.stream)
            journal.answer_of(record.command_id)
        journal.verify_all()


@message(journals, slow=True)
def verifier_file(data: bytes) -> None:
    """The same file before the offline verifier: 0 all well, 1 wrong, 2 not to be checked."""
    with (
        _damaged("verified", data) as path,
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        assert verify([str(path), "--prove-receipt", "3", "--json"]) in (0, 1, 2)
        with contextlib.suppress(sqlite3.Error):
            assert verify([str(path), "--head", "00" * 32 + "@3"]) in (1, 2)


# ------------------------------------------------------------------- published cases, country packs


@cache
def cases() -> list[bytes]:
    """Published cases of many kinds."""
    folder = Path(__file__).resolve().parents[1] / "vectors"
    found = [
        case
        for name in (
            *("tax/worked", "tax/caps", "tax/per_unit", "tax/thresholds", "price/bundles"),
            *("price/free", "price/tiers", "price/limits", "price/whom", "price/given"),
        )
        for case in json.loads((folder / f"{name}.json").read_text("utf-8"))["cases"][:4]
    ]
    return [json.dumps(case).encode() for case in found]


@message(cases, hostile=lambda: [b"[" * 100_000, b'{"id":' + b"9" * 100_000 + b"}"])
def tax_case(data: bytes) -> None:
    """A case of price and tax from anybody: counted, or refused by name."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    assert run_case(value).verdict in ("pass", "fail", "refused")


@cache
def packs() -> list[bytes]:
    """Country packs of the smaller sort."""
    return [(FOLDER / f"{name}.json").read_bytes() for name in ("nz", "jp", "br", "au")]


@message(packs, allowed=(FieldsError, TaxRulesError))
def country_pack(data: bytes) -> None:
    """A country pack from anybody."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    parse_pack(value)
