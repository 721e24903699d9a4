"""A file of charges and deposits: TOML that a shop can write by hand, read into their command."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Final

from countertop.errors import CommandFailedError
from countertop.toml_files import NOT_READ, number, read_toml
from engine.charge.decide import SetCharges
from engine.charge.model import ChargeKind, ChargeRule, Deposit
from engine.fields import Fields, FieldsError

_PERCENT: Final = 4  # decimals of a percentage that are parts per million


def read_charges(file: Path, minor_digits: int) -> SetCharges:
    """The command a file stands for; amounts are decimals of the currency's major unit.

    Raises:
        CommandFailedError: it cannot be read; the words say where and why.
    """
    try:
        fields = Fields(read_toml(file, "charge = []"), "")
        charges = fields.each("charge", lambda row: _charge(row, minor_digits))
        deposits = fields.each("deposit", _deposits)
        fields.done()
    except FieldsError as error:
        raise CommandFailedError(f"{file}: {error}. {NOT_READ}") from None
    return SetCharges(charges, tuple(chain.from_iterable(deposits)))


def _deposits(row: Fields) -> list[Deposit]:
    deposit = row.text("id")
    return [Deposit(item, deposit) for item in row.texts("items")]


def _charge(row: Fields, minor_digits: int) -> ChargeRule:
    return ChargeRule(
        row.text("id"),
        row.text("name"),
        row.word("kind", ChargeKind, ChargeKind.SERVICE),
        number(row, "percent", _PERCENT, 0),
        number(row, "amount", minor_digits, 0),
        row.text("tax_class", ""),
        number(row, "guests_min", 0, 0),
        row.texts("channels"),
        row.texts("dining_options"),
    )
