"""A published case as the engine counts it: taxes, lines, policy, and what is expected of them."""

from __future__ import annotations

from attrs import frozen

from countertop.conform_deals import NOBODY, Around, read_around, read_promotions
from engine.fields import Fields, FieldsError
from engine.packs import read_cap, read_policy, read_threshold
from engine.promotion.model import Policy, Promotion
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

_MICROS, _MILLI, _PPM, _E5 = 6, 3, 4, 5
_PPM_WHOLE = 1_000_000
_SUMS = ("price", "net", "tax", "gross")


@frozen
class Reduction:
    """A discount that somebody gave: parts per million where `is_percent`, else minor units."""

    is_percent: bool
    value: int


@frozen
class Goods:
    """What promotions look at of a line, and its own discounts; `unit` is as items have it."""

    item_id: str
    department: str
    unit: str
    unit_price_micros: int
    discountable: bool
    floor_micros: int
    discounts: tuple[Reduction, ...]


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
    """One case. `refused` means that the right answer is to refuse the document.

    `lines` are at their prices; what comes off them is in `goods`, `promotions` and `discounts`,
    which are the order's.
    """

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
    goods: tuple[Goods, ...] = ()
    discounts: tuple[Reduction, ...] = ()
    promotions: tuple[Promotion, ...] = ()
    settled: Policy = Policy.BEST
    around: Around = NOBODY


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
    _refuse_what_comes_before(fields)
    digits = _minor_digits(fields)
    entries = [_tax(entry, digits) for entry in fields.objects("taxes")]
    ids = tuple(name for name, _ in entries)
    if len(set(ids)) != len(ids):
        raise FieldsError("tax_ids_must_be_distinct", "taxes")
    policies = fields.inner("policies") or Fields({}, "policies")
    policy = read_policy(policies)
    cash = _cash(policies, digits)
    settled = policies.word("promotions", Policy, Policy.BEST)
    policies.done()
    rows = [_line(entry, ids, digits, policy) for entry in fields.objects("lines")]
    promotions = read_promotions(fields.objects("promotions"), digits)
    around = read_around(fields.inner("circumstances"))
    discounts = _discounts(fields, digits, policy)
    named = tuple(one.id for one in promotions)
    expected = Fields(fields.take("expected"), "expected")
    refused = expected.flag("refused", default=False)
    wanted = tuple(_wanted(expected, ids, named, digits))
    expected.done()
    if not refused and not wanted:
        raise FieldsError("expectation_must_be_present", "expected")
    fields.done()
    case = Case(
        case_id,
        rule,
        digits,
        ids,
        tuple(tax for _, tax in entries),
        tuple(line for line, _ in rows),
        policy,
        cash,
        wanted,
        refused,
        tuple(goods for _, goods in rows),
        discounts,
        promotions,
        settled,
        around,
    )
    _refuse_what_does_not_fit(case)
    return case


def _refuse_what_comes_before(fields: Fields) -> None:
    """A case begins at unit prices that count and at lines: lists and charges come to both."""
    if fields.has("price_lists"):
        raise FieldsError("prices_must_be_resolved", "price_lists")
    if fields.has("charges"):
        raise FieldsError("charges_must_be_lines", "charges")


def _refuse_what_does_not_fit(case: Case) -> None:
    """Promotions and the order's discounts take whole minor units off what is sold."""
    if not case.promotions and not case.discounts:
        return
    policy = case.policy
    if policy.amounts is Amounts.EXACT or policy.amount_mode is not RoundingMode.HALF_UP:
        where = "promotions" if case.promotions else "discounts"
        raise FieldsError("amounts_must_be_rounded_half_up", where)
    manual = {one.id for one in case.promotions if one.manual}
    for name in case.around.given:
        if name not in manual:
            raise FieldsError("promotion_must_be_manual", "circumstances.given", name)
    departments: dict[str, str] = {}
    for at, (line, goods) in enumerate(zip(case.lines, case.goods, strict=True)):
        if line.quantity_milli <= 0:
            raise FieldsError("quantity_must_be_positive", f"lines[{at}].quantity")
        if line.unit_price_micros < 0:
            raise FieldsError("unit_price_must_not_be_negative", f"lines[{at}].unit_price")
        if goods.item_id and departments.setdefault(goods.item_id, goods.department) != (
            goods.department
        ):
            raise FieldsError("item_must_have_one_department", f"lines[{at}].department")


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


def _line(
    fields: Fields, ids: tuple[str, ...], digits: int, policy: TaxPolicy
) -> tuple[DocumentLine, Goods]:
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
    floor = fields.number_or_none("floor", _MICROS) or 0
    if floor < 0:
        raise FieldsError("floor_must_not_be_negative", fields.at("floor"))
    goods = Goods(
        fields.text("item", ""),
        fields.text("department", ""),
        unit.value,
        price,
        fields.flag("discountable", default=True),
        floor,
        _discounts(fields, digits, policy),
    )
    fields.done()
    return DocumentLine(price, quantity, tuple(places), unit, 0, measures), goods


def _discounts(fields: Fields, digits: int, policy: TaxPolicy) -> tuple[Reduction, ...]:
    found = []
    for entry in fields.objects("discounts"):
        is_percent = entry.has("percent")
        if is_percent:
            if policy.amounts is Amounts.EXACT or policy.amount_mode is not RoundingMode.HALF_UP:
                raise FieldsError("percent_discount_needs_amounts_rounded_half_up", entry.where)
            value = entry.number("percent", _PPM)
            if not 0 <= value <= _PPM_WHOLE:
                raise FieldsError("percent_discount_must_be_0_to_100", entry.where)
        else:
            value = entry.number("amount", digits)
        entry.done()
        found.append(Reduction(is_percent, value))
    return tuple(found)


def _wanted(
    fields: Fields, ids: tuple[str, ...], promotions: tuple[str, ...], digits: int
) -> list[Wanted]:
    wanted = _figures(fields, _SUMS, "", digits)
    for entry in fields.objects("per_tax"):
        wanted += _tax_figures(entry, ids, "per_tax", digits)
    for entry in fields.objects("per_promotion"):
        names = ("amount", "vendor")
        wanted += _promotion_figures(entry, promotions, "per_promotion", names, digits)
    for at, line in enumerate(fields.objects("per_line")):
        path = f"per_line[{at}]"
        wanted += _figures(line, (*_SUMS, "order_discount"), path, digits)
        for entry in line.objects("taxes"):
            wanted += _tax_figures(entry, ids, f"{path}.taxes", digits)
        for entry in line.objects("promotions"):
            own = f"{path}.promotions"
            wanted += _promotion_figures(entry, promotions, own, ("amount",), digits)
        line.done()
    cash = fields.inner("cash")
    if cash is not None:
        wanted += _figures(cash, ("due", "rounding"), "cash", digits)
        cash.done()
    return wanted


def _promotion_figures(
    entry: Fields, promotions: tuple[str, ...], path: str, names: tuple[str, ...], digits: int
) -> list[Wanted]:
    name = entry.text("id")
    if name not in promotions:
        raise FieldsError("promotion_must_be_defined", entry.at("id"), name)
    wanted = _figures(entry, names, f"{path}[{name}]", digits)
    if "vendor" in names and entry.has("points"):
        wanted.append(Wanted(f"{path}[{name}].points", entry.whole("points"), 0))
    entry.done()
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
