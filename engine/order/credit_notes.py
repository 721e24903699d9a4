"""Which notes of store credit open orders have among their tenders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from engine.altered import altered
from engine.credit.ledger import CreditPaid, Credits, code_from
from engine.order.figures import TenderFigures
from engine.order.state import Order


def _notes_of(orders: Iterable[Order]) -> Iterator[tuple[str, int]]:
    """The code and amount of each tender that is a note, in minor units as the tender's."""
    for order in orders:
        for tender in order.tenders:
            if tender.credit is not None:
                yield tender.credit.code, tender.amount_minor


def held_in(orders: Iterable[Order], code: str) -> int:
    """What orders are about to spend of a note."""
    return sum(minor for entry, minor in _notes_of(orders) if entry == code and minor > 0)


def held_minor(code: str, order: Order, open_orders: Mapping[str, Order]) -> int:
    """What open orders, this one too, are about to spend of a note."""
    others = (entry for entry in open_orders.values() if entry.id != order.id)
    return held_in((order, *others), code)


def new_code(seed: str, open_orders: Iterable[Order], credits: Credits) -> str:
    """A code no note has and none is about to have."""
    taken = {code for code, _ in _notes_of(open_orders)}
    code, turn = code_from(seed), 0
    while code in taken or credits.is_known(code):
        turn += 1
        code = code_from(f"{seed}/{turn}")
    return code


def with_what_is_left(
    tenders: tuple[TenderFigures, ...], credits: Credits
) -> tuple[TenderFigures, ...]:
    """The tenders of an order that completes, each note with what is left of it after them all."""
    spent: dict[str, int] = {}
    for tender in tenders:
        if tender.credit is not None and tender.amount_minor > 0:
            code = tender.credit.code
            spent[code] = spent.get(code, 0) + tender.amount_minor
    return tuple(
        altered(
            tender,
            credit=CreditPaid(
                tender.credit.code,
                credits.left_minor(tender.credit.code) - spent[tender.credit.code],
            ),
        )
        if tender.credit is not None and tender.amount_minor > 0
        else tender
        for tender in tenders
    )
