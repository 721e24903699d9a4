"""A file of what the house allows of tenders: TOML that a shop can write by hand."""

from __future__ import annotations

from pathlib import Path

from countertop.errors import CommandFailedError
from countertop.toml_files import NOT_READ, number, read_toml
from engine.fields import Fields, FieldsError
from engine.settings import SetTenderRules
from engine.tender_rules import TenderRule, rule_of


def read_tenders(file: Path, minor_digits: int) -> SetTenderRules:
    """The command a file stands for; what it leaves out is as usual. `over` is a decimal in the
    store's currency.

    Raises:
        CommandFailedError: it cannot be read; the words say where and why.
    """

    def rule(row: Fields) -> TenderRule:
        usual = rule_of({}, row.text("kind"))
        return TenderRule(
            usual.kind,
            number(row, "over", minor_digits) if row.has("over") else usual.over_minor_max,
            row.flag("change", default=usual.gives_change),
            row.flag("drawer", default=usual.opens_drawer),
        )

    try:
        fields = Fields(read_toml(file, "tender = []"), "")
        rules = fields.each("tender", rule)
        fields.done()
    except FieldsError as error:
        raise CommandFailedError(f"{file}: {error}. {NOT_READ}") from None
    return SetTenderRules(rules)
