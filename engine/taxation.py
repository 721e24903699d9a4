"""What an order has to do with tax: how it is handed over, who is free of it, and its frozen taxes.

Shapes alone: the facts of an order hold them, and so do its figures.
"""

from __future__ import annotations

from enum import Enum

from attrs import field, frozen

from engine.settings import RoundingMode
from engine.tax_document import Charge, TaxKind, Unit


class Dining(Enum):
    """How an order is handed over."""

    EAT_IN = "eat_in"
    TAKEAWAY = "takeaway"
    DELIVERY = "delivery"


@frozen
class Exemption:
    """Why a customer pays less tax: a certificate, a class of customers, or both.

    `valid_until` is the certificate's last day in the store's calendar, "" for good. Empty sets are
    all of them. `customer` is a token of the order, as notes are.
    """

    certificate: str
    customer: str
    reason: str
    valid_until: str = ""
    jurisdictions: frozenset[str] = frozenset()
    tax_types: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    customer_class: str = ""


@frozen
class RuleTax:
    """One tax as a rule made it. `since` tells the rule's entry from its earlier and later ones.

    `value` is ppm, or micros of the major unit for each `unit`; `codes` are what fiscal systems
    call it. `certificate` and `holiday` say why it is not charged, "" where they do not.
    `base_with_tax` says that its base holds the tax itself.
    """

    rule: str
    since: str
    jurisdiction: str
    tax_type: str
    name: str
    kind: TaxKind
    value: int
    unit: Unit = Unit.PIECE
    included: bool = False
    charge: Charge = Charge.CHARGED
    certificate: str = ""
    holiday: str = ""
    codes: dict[str, str] = field(factory=dict)
    base_with_tax: bool = False

    def key(self) -> tuple[str, str, str, str, str]:
        """What tells it apart from every other tax."""
        return self.rule, self.since, self.charge.value, self.certificate, self.holiday

    def percent_ppm(self) -> int:
        """The rate of a percentage; nought for a tax by the unit."""
        return 0 if self.kind is TaxKind.PER_UNIT else self.value

    def charged_ppm(self) -> int:
        """The same, where the customer pays it."""
        return self.percent_ppm() if self.charge is Charge.CHARGED else 0


@frozen
class LineTax:
    """A line's part of the tax at `tax_index` of the document's, in minor units.

    `uncharged_minor` is what it comes to where the customer does not pay it here.
    """

    tax_index: int
    base_minor: int
    tax_minor: int
    uncharged_minor: int = 0


@frozen
class TaxShare:
    """What of one tax of a sold line went back, as positive amounts in minor units."""

    base_minor: int = 0
    tax_minor: int = 0
    uncharged_minor: int = 0

    def plus(self, other: TaxShare) -> TaxShare:
        """Both together."""
        return TaxShare(
            self.base_minor + other.base_minor,
            self.tax_minor + other.tax_minor,
            self.uncharged_minor + other.uncharged_minor,
        )

    def less(self, other: TaxShare) -> TaxShare:
        """This without the other."""
        return TaxShare(
            self.base_minor - other.base_minor,
            self.tax_minor - other.tax_minor,
            self.uncharged_minor - other.uncharged_minor,
        )


def shares_sum(one: tuple[TaxShare, ...], other: tuple[TaxShare, ...]) -> tuple[TaxShare, ...]:
    """Both, tax by tax; a missing one is nought."""
    size = max(len(one), len(other))
    padded = [(*row, *(TaxShare(),) * (size - len(row))) for row in (one, other)]
    return tuple(a.plus(b) for a, b in zip(*padded, strict=True))


@frozen
class ReturnTax:
    """A tax of a sold line and what of it goes back, as positive amounts."""

    tax: RuleTax
    share: TaxShare


@frozen
class CashStep:
    """What the cash part of an order rounds to, in minor units, and how."""

    step_minor: int
    mode: RoundingMode
