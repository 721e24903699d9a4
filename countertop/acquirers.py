"""A file of acquirers and their rate cards: TOML that a shop can write by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from countertop.errors import CommandFailedError
from countertop.toml_files import NOT_READ, number, read_toml
from engine.fields import Fields, FieldsError
from engine.settings import RoundingMode
from engine.settlement.decide import SetTerms
from engine.settlement.model import Acquirer, Presence, Rate

_PERCENT: Final = 4  # decimals of a percentage that are parts per million
_DAYS: Final = 4


def read_acquirers(file: Path, minor_digits: int) -> SetTerms:
    """The command a file stands for; amounts are decimals of the currency's major unit.

    Raises:
        CommandFailedError: it cannot be read; the words say where and why.
    """
    try:
        fields = Fields(read_toml(file, "acquirer = []"), "")
        acquirers = fields.each("acquirer", lambda row: _acquirer(row, minor_digits))
        fields.done()
    except FieldsError as error:
        raise CommandFailedError(f"{file}: {error}. {NOT_READ}") from None
    return SetTerms(acquirers)


def _acquirer(row: Fields, digits: int) -> Acquirer:
    return Acquirer(
        row.text("id"),
        row.text("name"),
        row.texts("terminals"),
        number(row, "days", 0, _DAYS),
        row.each("rate", lambda rate: _rate(rate, digits)),
        _day(row, "since"),
        row.texts("providers"),
    )


def _rate(row: Fields, digits: int) -> Rate:
    return Rate(
        row.word("presence", Presence, Presence.IN_PERSON),
        number(row, "percent", _PERCENT, 0),
        number(row, "fixed", digits, 0),
        row.text("brand", ""),
        _day(row, "since"),
        _day(row, "until"),
        number(row, "refund_fixed", digits, 0),
        row.word("rounding", RoundingMode, RoundingMode.HALF_UP),
    )


def _day(row: Fields, name: str) -> str:
    """A day with or without quotes; the engine knows whether it exists."""
    if not row.has(name):
        return ""
    value = row.take(name)
    if not isinstance(value, date | str):
        raise FieldsError("value_must_be_a_day", row.at(name), value)
    return str(value)
