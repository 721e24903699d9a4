"""A file of charges and deposits: TOML that a shop can write by hand, read into their command."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

from countertop.errors import CommandFailedError
from engine.charge.decide import SetCharges
from engine.charge.model import ChargeKind, ChargeRule, Deposit
from engine.fields import Fields, FieldsError, scaled

_PERCENT: Final = 4  # decimals of a percentage that are parts per million
_NOT_READ: Final = "Nothing was changed. Correct the file and import it again."


def read_charges(file: Path, minor_digits: int) -> SetCharges:
    """The command a file stands for; amounts are decimals of the currency's major unit.

    Raises:
        CommandFailedError: it cannot be read; the words say where and why.
    """
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"), parse_float=str)
    except FileNotFoundError:
        raise CommandFailedError(f"There is no file {file}. {_NOT_READ}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CommandFailedError(f"{file} is no TOML: {error}. {_NOT_READ}") from None
    fields = Fields(document, "")
    charges, deposits = [], []
    try:
        for row in fields.objects("charge"):
            charges.append(_charge(row, minor_digits))
            row.done()
        for row in fields.objects("deposit"):
            deposit = row.text("id")
            deposits += [Deposit(item, deposit) for item in _texts(row, "items")]
            row.done()
        fields.done()
    except FieldsError as error:
        raise CommandFailedError(f"{file}: {error}. {_NOT_READ}") from None
    return SetCharges(tuple(charges), tuple(deposits))


def _charge(row: Fields, minor_digits: int) -> ChargeRule:
    return ChargeRule(
        row.text("id"),
        row.text("name"),
        row.word("kind", ChargeKind, ChargeKind.SERVICE),
        _number(row, "percent", _PERCENT),
        _number(row, "amount", minor_digits),
        row.text("tax_class", ""),
        _number(row, "guests_min", 0),
        _texts(row, "channels"),
        _texts(row, "dining_options"),
    )


def _number(row: Fields, name: str, decimals: int) -> int:
    if not row.has(name):
        return 0
    value = row.take(name)
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return scaled(text, decimals, row.at(name))


def _texts(row: Fields, name: str) -> tuple[str, ...]:
    found = []
    for value, where in row.entries(name):
        if not isinstance(value, str):
            raise FieldsError("value_must_be_text", where, value)
        found.append(value)
    return tuple(found)
