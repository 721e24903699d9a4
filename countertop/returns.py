"""A file of the rules of returns: TOML that a shop can write by hand, read into their command."""

from __future__ import annotations

from pathlib import Path

from countertop.errors import CommandFailedError
from countertop.toml_files import NOT_READ, number, read_toml
from engine.credit.rules import PriceRule, ReturnRules, SetReturnRules
from engine.fields import Fields, FieldsError


def read_returns(file: Path, minor_digits: int) -> SetReturnRules:
    """The command a file stands for; what it leaves out is off. `ceiling` is a decimal in the
    store's currency.

    Raises:
        CommandFailedError: it cannot be read; the words say where and why.
    """
    try:
        fields = Fields(read_toml(file, "without_receipt = false"), "")
        rules = ReturnRules(
            fields.flag("without_receipt", default=False),
            number(fields, "ceiling", minor_digits, 0),
            fields.word("price", PriceRule, PriceRule.TODAY),
            number(fields, "days", 0, 0),
            fields.flag("store_credit", default=False),
        )
        fields.done()
    except FieldsError as error:
        raise CommandFailedError(f"{file}: {error}. {NOT_READ}") from None
    return SetReturnRules(rules)
