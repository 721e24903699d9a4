"""Decoders of what acquirers send: settlement files, in our own format and in another's."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from countertop.importer import ImportFileError
from countertop.settlement_columns import ADYEN, OWN, Columns
from countertop.settlement_files import check, rows_of
from engine.settlement.decide import is_sound
from tests.fuzz.targets import fresh_folder, message


@cache
def settlements() -> list[bytes]:
    """Small files of every kind of row."""
    own = (
        "kind,currency,gross,fee,batch,date,reference,own_reference,terminal_id,trace,receipt\n"
        "payment,EUR,7.99,0.12,1,2026-11-26,,,29001234,17,9\n"
        'refund,EUR,-1.00,,1,2026-11-26,"a ""b""",c,,,\n'
    )
    short = "kind;currency;gross\r\nfee;EUR;-1.00\r\npayout;EUR;-5\r\nchargeback;EUR;-2.5\r\n"
    return [own.encode(), short.encode()]


def _reports() -> list[bytes]:
    head = "Type,Gross Currency,Gross Debit (GC),Gross Credit (GC),Commission (NC),Net Debit (NC)"
    rows = ("Settled,EUR,,10.00,0.15,", "Refunded,EUR,3.00,,0.10,3.10", "MerchantPayout,EUR,,,,6")
    return ["\n".join((head, *rows, "")).encode()]


def _hostile() -> list[bytes]:
    head = settlements()[0].split(b"\n")[0] + b"\n"
    return [head + b"x\n" * 10_000, head + b'"\n' * 5_000, b"a" * 3_000_000, head + b"," * 60_000,
            head + b"payment,EUR," + b"9" * 60_000 + b",,,,,,,,\n"]  # fmt: skip


def _read(path: Path, data: bytes, columns: Columns) -> None:
    path.write_bytes(data)
    found = check(path, columns, "EUR")
    told = [row for _, row in rows_of(path, columns, "EUR")]
    assert found.rows == len(told)
    assert found.faults == sum(isinstance(row, str) for row in told)
    # What is let through here the engine takes: a file that was checked is not refused by half.
    assert all(isinstance(row, str) or is_sound(row) for row in told)


@message(
    settlements,
    allowed=(ImportFileError,),
    hostile=_hostile,
    hostile_s=20.0,
    memory_bytes_max=96 << 20,
)
def settlement_csv(data: bytes) -> None:
    """A settlement file in our own format: each row is sound or a fault that is told."""
    _read(fresh_folder("settlement") / "own.csv", data, OWN)


@message(
    _reports,
    allowed=(ImportFileError,),
    hostile=_hostile,
    hostile_s=20.0,
    memory_bytes_max=96 << 20,
)
def settlement_report(data: bytes) -> None:
    """The same through a map of columns, with credits and debits."""
    _read(fresh_folder("settlement") / "report.csv", data, ADYEN)
