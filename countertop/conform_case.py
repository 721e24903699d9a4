"""A published case as the engine counts it: taxes, lines, policy, and what is expected of them."""

from __future__ import annotations

from attrs import frozen

from engine.fields import Fields, FieldsError
from engine.packs import read_cap, read_policy, read_threshold
from engine.settings import RoundingMode
from engine.tax_document import (
    Amounts,
    Charge,
    DocumentLine,
    DocumentTax,
    TaxKind,
    TaxPolicy,
    Unit,
)
from native import CoreError, extend_amount

_MICROS, _MILLI, _PPM, _E5 = 6, 3, 4, 5
_PPM_WHOLE = 1_000_000


@frozen
class CashPart:
    """How the part of the total that is paid in cash is rounded."""

    step_minor: int
    mode: RoundingMode
    other_tenders_minor: int


@frozen
class Wanted:
    """One expected figure by its path, as an integer with `decimals` decimals."""

    path: str
    value: int
    decimals: int


@frozen
class Case:
    """One case. `refused` means that the right answer is to refuse the document."""

    id: str
    rule: str
    minor_digits: int
    tax_ids: tuple[str, ...]
    taxes: tuple[DocumentTax, ...]
    lines: tuple[DocumentLine, ...]
    policy: TaxPolicy
    cash: CashPart | None
    wanted: tuple[Wanted, ...]
    refused: bool


def read_case(value: object) -> Case:
    """A case from parsed JSON.

    Raises:
        FieldsError: a field, word or figure that this engine does not know or cannot hold.
    """
    fields = Fields(value, "")
    case_id = fields.text("id")
    rule = fields.text("rule", "")
    for name in ("source", "arithmetic"):
        fields.text(name, "")
    if fields.entries("promotions"):
        raise FieldsError("promotions_must_be_empty", "promotions")
    digits = _minor_digits(fields)
    entries = [_tax(entry, digits) for entry in fields.objects("taxes")]
    ids = tuple(name for name, _ in entries)
    if len(set(ids)) != len(ids):
        raise FieldsError("tax_ids_must_be_distinct", "taxes")
    policies = fields.inner("policies") or Fields({}, "policies")
    policy = read_policy(policies)
    cash = _cash(policies, digits)
    policies.done()
    lines = [_line(entry, ids, digits, policy) for entry in fields.objects("lines")]
    expected = Fields(fields.take("expected"), "expected")
    refused = expected.flag("refused", default=False)
    wanted = tuple(_wanted(expected, ids, digits))
    expected.done()
    if not refused and not wanted:
        raise FieldsError("expectation_must_be_present", "expected")
    fields.done()
    taxes = tuple(tax for _, tax in entries)
    return Case(case_id, rule, digits, ids, taxes, tuple(lines), policy, cash, wanted, refused)


def _minor_digits(fields: Fields) -> int:
    currency = Fields(fields.take("currency"), "currency")
    currency.text("code", "")
    digits = currency.whole("minor_digits")
    currency.done()
    if not 0 <= digits <= 4:
        raise FieldsError("minor_digits_must_be_0_to_4", "currency.minor_digits", digits)
    return digits


def _tax(fields: Fields, digits: int) -> tuple[str, DocumentTax]:
    name = fields.text("id")
    kind = fields.word("kind", TaxKind, TaxKind.PERCENT)
    value = fields.number("value", _MICROS if kind is TaxKind.PER_UNIT else _PPM)
    reverse = fields.flag("reverse_charge", default=False)
    exempt = fields.flag("exempt", default=False)
    if reverse and exempt:
        raise FieldsError("tax_must_be_reverse_charged_or_exempt_not_both", fields.where)
    charge = Charge.REVERSE if reverse else Charge.EXEMPT if exempt else Charge.CHARGED
    threshold, cap = fields.inner("threshold"), fields.inner("cap")
    tax = DocumentTax(
        kind,
        value,
        unit=fields.word("unit", Unit, Unit.PIECE),
        included=fields.flag("price_included", default=False),
        affects_later=fields.flag("affects_later", default=False),
        affected_by_previous=fields.flag("affected_by_previous", default=True),
        charge=charge,
        threshold=None if threshold is None else read_threshold(threshold, digits),
        cap=None if cap is None else read_cap(cap, digits),
    )
    fields.done()
    return name, tax


def _cash(policies: Fields, digits: int) -> CashPart | None:
    fields = policies.inner("cash")
    if fields is None:
        return None
    part = CashPart(
        fields.number("step", digits),
        fields.word("mode", RoundingMode, RoundingMode.HALF_UP),
        fields.number_or_none("other_tenders", digits) or 0,
    )
    fields.done()
    return part


def _line(fields: Fields, ids: tuple[str, ...], digits: int, policy: TaxPolicy) -> DocumentLine:
    price = fields.number("unit_price", _MICROS)
    quantity = fields.number("quantity", _MILLI)
    unit = fields.word("unit", Unit, Unit.PIECE)
    places = []
    for name, where in fields.entries("taxes"):
        if name not in ids:
            raise FieldsError("tax_must_be_defined", where, name)
        places.append(ids.index(name))
    measured = fields.inner("measures") or Fields({}, fields.at("measures"))
    measures = {
        entry: measured.number(entry.value, _MILLI) for entry in Unit if measured.has(entry.value)
    }
    measured.done()
    off = _discounts(fields, digits, policy, (price, quantity))
    fields.done()
    return DocumentLine(price, quantity, tuple(places), unit, off, measures)


def _discounts(fields: Fields, digits: int, policy: TaxPolicy, extent: tuple[int, int]) -> int:
    """What comes off, in minor units: each percent of what the discounts before it left."""
    off = 0
    price, quantity = extent
    for entry in fields.objects("discounts"):
        if entry.has("percent"):
            if policy.amounts is Amounts.EXACT or policy.amount_mode is not RoundingMode.HALF_UP:
                raise FieldsError("percent_discount_needs_amounts_rounded_half_up", entry.where)
            ppm = entry.number("percent", _PPM)
            if not 0 <= ppm <= _PPM_WHOLE:
                raise FieldsError("percent_discount_must_be_0_to_100", entry.where)
            try:
                amount = extend_amount(price, quantity, digits)
            except CoreError as error:
                raise FieldsError("amount_must_fit", entry.where, error) from error
            off += _percent(amount - off, ppm)
        else:
            off += entry.number("amount", digits)
        entry.done()
    return off


def _percent(amount_minor: int, ppm: int) -> int:
    """So much of an amount, rounded half away from zero."""
    size = (2 * abs(amount_minor) * ppm + _PPM_WHOLE) // (2 * _PPM_WHOLE)
    return size if amount_minor >= 0 else -size


def _wanted(fields: Fields, ids: tuple[str, ...], digits: int) -> list[Wanted]:
    wanted = _figures(fields, ("price", "net", "tax", "gross"), "", digits)
    for entry in fields.objects("per_tax"):
        wanted += _tax_figures(entry, ids, "per_tax", digits)
    for at, line in enumerate(fields.objects("per_line")):
        path = f"per_line[{at}]"
        wanted += _figures(line, ("price", "net", "tax", "gross"), path, digits)
        for entry in line.objects("taxes"):
            wanted += _tax_figures(entry, ids, f"{path}.taxes", digits)
        line.done()
    cash = fields.inner("cash")
    if cash is not None:
        wanted += _figures(cash, ("due", "rounding"), "cash", digits)
        cash.done()
    return wanted


def _tax_figures(entry: Fields, ids: tuple[str, ...], path: str, digits: int) -> list[Wanted]:
    name = entry.text("id")
    if name not in ids:
        raise FieldsError("tax_must_be_defined", entry.at("id"), name)
    of = f"{path}[{name}]"
    wanted = _figures(entry, ("base", "tax", "uncharged"), of, digits)
    wanted += _figures(entry, ("exact",), of, _E5)
    entry.done()
    return wanted


def _figures(fields: Fields, names: tuple[str, ...], path: str, decimals: int) -> list[Wanted]:
    dot = f"{path}." if path else ""
    return [
        Wanted(dot + name, fields.number(name, decimals), decimals)
        for name in names
        if fields.has(name)
    ]
