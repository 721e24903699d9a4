"""A document of taxed lines as the engine speaks of it: named parts, one call into native.

What is taxed with what is decided elsewhere (`engine.tax`); here nothing is chosen, only counted.
With one percentage a line, amounts rounded and extraction tax first it comes to what `price_order`
comes to, line by line. Lines that copy figures of an earlier sale are no part of it: a refund is
never computed again.
"""

from __future__ import annotations

from enum import Enum

import attrs
from attrs import frozen

from engine.settings import RoundingMode
from native import TaxedDocument
from native import tax_document as _tax_document


class TaxKind(Enum):
    """How a tax is counted: of its base, per unit, or as a part of the price it is itself in."""

    PERCENT = "percent"
    PER_UNIT = "per_unit"
    DIVISION = "division"


class Unit(Enum):
    """What a quantity counts. A degree is what a law counts spirits in: litres × per cent."""

    PIECE = "piece"
    LITRE = "litre"
    KG = "kg"
    DEGREE = "degree"


class Charge(Enum):
    """Who pays: the customer here, the customer to the tax office, or nobody."""

    CHARGED = "charged"
    REVERSE = "reverse"
    EXEMPT = "exempt"


class Per(Enum):
    """What a threshold or cap measures: each piece of a line, or all lines with the tax."""

    ITEM = "item"
    RECEIPT = "receipt"


class Capped(Enum):
    """What a cap bounds."""

    TAX = "tax"
    BASE = "base"


class Level(Enum):
    """Where a tax is rounded."""

    UNIT = "unit"
    LINE = "line"
    RATE_DOCUMENT = "rate_document"
    DOCUMENT = "document"


class Extract(Enum):
    """Which side of a price with tax in it is rounded; the other side is the rest."""

    TAX_FIRST = "tax_first"
    NET_FIRST = "net_first"


class Residual(Enum):
    """Where the cents go by which rounded shares miss their rounded sum."""

    LARGEST = "largest"
    FIRST = "first"
    LAST = "last"
    BIGGEST = "biggest"


class Amounts(Enum):
    """Whether a line's amount is an integer before it is taxed."""

    ROUNDED = "rounded"
    EXACT = "exact"


class DivisionBase(Enum):
    """Whether the base told of a division tax has the taxes of its batch in it."""

    GROSS = "gross"
    NET = "net"


@frozen
class TaxPolicy:
    """Every choice that changes a cent. The default is what most shops with VAT do."""

    level: Level = Level.LINE
    mode: RoundingMode = RoundingMode.HALF_UP
    extract: Extract = Extract.TAX_FIRST
    residual: Residual = Residual.LARGEST
    amounts: Amounts = Amounts.ROUNDED
    amount_mode: RoundingMode = RoundingMode.HALF_UP
    division_base: DivisionBase = DivisionBase.GROSS


@frozen
class Threshold:
    """Below `amount_minor` (at it too, if `exempt_at_amount`) nothing is taxed.

    Measured on the marked price after discounts; above, the whole is taxed or only the excess.
    """

    amount_minor: int
    exempt_at_amount: bool
    per: Per
    excess: bool


@frozen
class Cap:
    """The most tax, or the most that is taxed, for each piece or for the receipt."""

    of: Capped
    amount_minor: int
    per: Per


@frozen
class DocumentTax:
    """One tax of a document. `value` is ppm, or micros of the major unit for each `unit`."""

    kind: TaxKind
    value: int
    unit: Unit = Unit.PIECE
    included: bool = False
    affects_later: bool = False
    affected_by_previous: bool = True
    charge: Charge = Charge.CHARGED
    threshold: Threshold | None = None
    cap: Cap | None = None


@frozen
class DocumentLine:
    """One line; `taxes` are places in the document's list, in the order they are counted.

    `measures` says in thousandths what else the whole line has: the litres of its bottles.
    """

    unit_price_micros: int
    quantity_milli: int
    taxes: tuple[int, ...]
    unit: Unit = Unit.PIECE
    discount_minor: int = 0
    measures: dict[Unit, int] = attrs.field(factory=dict)


_ThresholdInput = tuple[int, bool, str, bool]
_CapInput = tuple[str, int, str]
TaxInput = tuple[str, int, str, bool, bool, bool, str, _ThresholdInput | None, _CapInput | None]
LineInput = tuple[int, int, str, int, list[int], list[tuple[str, int]]]
PolicyInput = tuple[str, str, str, str, str, str, str]


def _threshold_input(threshold: Threshold | None) -> _ThresholdInput | None:
    if threshold is None:
        return None
    return (
        threshold.amount_minor,
        threshold.exempt_at_amount,
        threshold.per.value,
        threshold.excess,
    )


def tax_input(tax: DocumentTax) -> TaxInput:
    """A tax as the native floor takes it."""
    return (
        tax.kind.value,
        tax.value,
        tax.unit.value if tax.kind is TaxKind.PER_UNIT else "",
        tax.included,
        tax.affects_later,
        tax.affected_by_previous,
        tax.charge.value,
        _threshold_input(tax.threshold),
        None if tax.cap is None else (tax.cap.of.value, tax.cap.amount_minor, tax.cap.per.value),
    )


def _line_input(line: DocumentLine) -> LineInput:
    return (
        line.unit_price_micros,
        line.quantity_milli,
        line.unit.value,
        line.discount_minor,
        list(line.taxes),
        [(unit.value, milli) for unit, milli in line.measures.items()],
    )


def policy_input(policy: TaxPolicy) -> PolicyInput:
    """A policy as the native floor takes it."""
    return (
        policy.level.value,
        policy.mode.value,
        policy.extract.value,
        policy.residual.value,
        policy.amounts.value,
        policy.amount_mode.value,
        policy.division_base.value,
    )


def tax_document(
    lines: tuple[DocumentLine, ...],
    taxes: tuple[DocumentTax, ...],
    policy: TaxPolicy,
    minor_digits: int,
) -> TaxedDocument:
    """Every figure of a document, under one policy; a pure function of its arguments.

    Raises:
        CoreError: what has no figures, by name; see `native.tax_document`.
    """
    return _tax_document(
        [_line_input(line) for line in lines],
        [tax_input(tax) for tax in taxes],
        policy_input(policy),
        minor_digits,
    )
