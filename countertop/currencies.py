"""A file of foreign currencies: TOML that a shop can write by hand, read into their command."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from countertop.errors import CommandFailedError
from countertop.toml_files import NOT_READ, number, read_toml
from engine.fields import Fields, FieldsError
from engine.foreign import ForeignCurrency
from engine.money import minor_digits
from engine.settings import SetForeignCurrencies

_RATE: Final = 6  # decimals of a rate that are millionths


def read_currencies(file: Path) -> SetForeignCurrencies:
    """The command a file stands for: `rate` is what one of a currency is worth here, `note` its
    smallest note, as decimals.

    Raises:
        CommandFailedError: it cannot be read; the words say where and why.
    """
    try:
        fields = Fields(read_toml(file, "currency = []"), "")
        currencies = fields.each("currency", _currency)
        fields.done()
    except FieldsError as error:
        raise CommandFailedError(f"{file}: {error}. {NOT_READ}") from None
    return SetForeignCurrencies(currencies)


def _currency(row: Fields) -> ForeignCurrency:
    code = row.text("code")
    return ForeignCurrency(
        code, number(row, "rate", _RATE), number(row, "note", minor_digits(code), 0)
    )
