"""Charges and deposits as the shop writes them down, and what charges come to: the same order, the
same charges."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from attrs import frozen

from engine.limits import PPM


class ChargeKind(Enum):
    """What a charge is for. A GRATUITY is the staff's and never a customer's own tip."""

    SERVICE = "service"
    GRATUITY = "gratuity"
    FEE = "fee"


@frozen
class ChargeRule:
    """One charge: `percent_ppm` of what the goods come to, or `amount_minor` for the order.

    It is added to orders of at least `guests_min` people, of one of the `channels` and handed over
    in one of the `dinings` (empty: all). `tax_class` is what it is taxed as, "" for not at all.
    `name` is what the customer reads. It is never discounted.
    """

    id: str
    name: str
    kind: ChargeKind
    percent_ppm: int = 0
    amount_minor: int = 0
    tax_class: str = ""
    guests_min: int = 0
    channels: tuple[str, ...] = ()
    dinings: tuple[str, ...] = ()


@frozen
class Deposit:
    """Goods that are sold with a deposit: one piece of the item `deposit` for each piece."""

    item: str
    deposit: str


@frozen
class ChargeFigures:
    """A charge of a document, frozen. Its amounts are those of the figures' line `line`, below
    zero."""

    line: int
    charge: str
    name: str
    kind: ChargeKind
    tax_class: str
    percent_ppm: int
    amount_minor: int
    unit_price_micros: int


@frozen
class Asked:
    """What of an order decides its charges; `waived` are ids, `micros` is one minor unit in micros
    of the major one."""

    micros: int
    goods_minor: int
    guests: int
    channel: str
    dining: str
    waived: frozenset[str]


def charged(rules: tuple[ChargeRule, ...], asked: Asked) -> Iterator[ChargeFigures]:
    """The charges of an order in the rules' order; a percentage is rounded half up.

    None where nothing is sold, and none that comes to nothing.
    """
    if asked.goods_minor <= 0:
        return
    for number, rule in enumerate(rules, 1):
        if rule.id in asked.waived or not _fits(rule, asked):
            continue
        amount = rule.amount_minor
        if rule.percent_ppm:
            amount = (2 * asked.goods_minor * rule.percent_ppm + PPM) // (2 * PPM)
        if amount:
            yield ChargeFigures(
                -number,
                rule.id,
                rule.name,
                rule.kind,
                rule.tax_class,
                rule.percent_ppm,
                amount,
                amount * asked.micros,
            )


def _fits(rule: ChargeRule, asked: Asked) -> bool:
    return (
        asked.guests >= rule.guests_min
        and (not rule.channels or asked.channel in rule.channels)
        and (not rule.dinings or asked.dining in rule.dinings)
    )
