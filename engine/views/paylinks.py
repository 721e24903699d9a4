"""Payments by link as people see them."""

from __future__ import annotations

from engine.books import Books
from engine.limits import NS_PER_S
from engine.order.due import due_of
from engine.order.pricing import price_shown
from engine.order.state import Phase
from engine.paylink.state import Paylink
from engine.views.paylink_shapes import PaylinkShown, PaylinksView, PaylinkView


def paylink_view(link: Paylink, *, now_ns: int) -> PaylinkView:
    """One of them."""
    asked, told = link.asked, link.told
    return PaylinkView(
        asked.paylink_id,
        asked.order_id,
        asked.register,
        asked.operator,
        asked.provider,
        asked.kind.value,
        link.standing.value,
        link.problem.value,
        link.amount_minor,
        asked.currency if told is None else told.currency,
        link.url,
        link.provider_reference if told is None else told.provider_reference,
        "" if told is None else told.method,
        link.code,
        max(0, now_ns - link.requested_ns) // NS_PER_S,
        max(0, asked.expires_ns - now_ns) // NS_PER_S if link.is_payable else 0,
        link.is_cancel_asked,
    )


def register_paylink(books: Books, register: str) -> Paylink | None:
    """The last payment by link of the order a register has in hand."""
    link = books.paylinks.latest.get(register)
    order = books.live.position(register).current_order
    return link if link is not None and link.asked.order_id == order else None


def paylink_shown(books: Books, order_id: str) -> PaylinkShown | None:
    """What the customer of an order is asked to pay, once there is something to open, and while all
    of it is still due."""
    link = books.paylinks.offered_for(order_id)
    if link is None or not link.url or link.asked.amount_minor > _left_minor(books, order_id):
        return None
    return PaylinkShown(
        link.asked.paylink_id, link.asked.amount_minor, link.url, link.asked.expires_ns
    )


def _left_minor(books: Books, order_id: str) -> int:
    """What an order that is being paid still asks for."""
    order = books.live.orders.get(order_id)
    if order is None or order.phase is not Phase.TENDERING:
        return 0
    figures = price_shown(order, books.tariff_of(order))
    return due_of(order, figures, books.settings.required()).left_minor


def paylinks_view(books: Books, *, now_ns: int) -> PaylinksView:
    """All that is not settled."""
    exceptions = sorted(books.paylinks.exceptions.values(), key=lambda e: e.requested_ns)
    return PaylinksView(
        tuple(paylink_view(link, now_ns=now_ns) for link in exceptions),
        tuple(paylink_view(link, now_ns=now_ns) for link in books.paylinks.open.values()),
    )
