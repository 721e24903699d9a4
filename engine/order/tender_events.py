"""What happened to an order's money: tendering, tenders, tabs, and what went back to a tender."""

from __future__ import annotations

from typing import assert_never

from attrs import field, frozen

from engine.altered import altered
from engine.credit.ledger import CreditPaid
from engine.decision import EVENTS
from engine.foreign import ForeignNotes
from engine.order.figures import (
    NOT_OWED,
    CardPaid,
    CashBack,
    Figures,
    GaveBack,
    Tab,
    TenderFigures,
    Tip,
)
from engine.provider import LinkPaid
from engine.terminal import CardShown, Slip


@EVENTS.name("order.tendering_started/1")
@frozen
class TenderingStarted:
    """The figures are fixed until every tender is undone."""

    order_id: str
    figures: Figures


@EVENTS.name("order.cash_went_back/1")
@frozen
class CashWentBack:
    """As tendering started, so much of the sales that goods come back from had gone back in cash:
    what coins pay now goes by what they paid before. Told anew where that changed, and a card has
    its part for good, so that tendering cannot start again."""

    order_id: str
    sales: tuple[CashBack, ...]


@EVENTS.name("order.tendering_undone/1")
@frozen
class TenderingUndone:
    """Back to ringing up."""

    order_id: str


@EVENTS.name("order.cash_tendered/2")
@frozen
class CashTendered:
    """Cash handed over (negative: paid out). Rounding is the order's, not the tender's."""

    order_id: str
    tender: int
    amount_minor: int
    gave_back: tuple[GaveBack, ...] = ()


@EVENTS.name("order.foreign_tendered/1")
@frozen
class ForeignTendered:
    """Notes of another currency handed over; `amount_minor` is what they count for here."""

    order_id: str
    tender: int
    amount_minor: int
    notes: ForeignNotes


@EVENTS.name("order.credit_tendered/1")
@frozen
class CreditTendered:
    """A note of store credit paid (negative: a new note is what goes back). Its completion spends
    or issues it."""

    order_id: str
    tender: int
    amount_minor: int
    credit: CreditPaid
    gave_back: tuple[GaveBack, ...] = ()


@EVENTS.name("order.card_tendered/1")
@frozen
class CardTendered:
    """A terminal took a card (negative: gave back to one). Without the tip, which is no part of
    what is due."""

    order_id: str
    tender: int
    amount_minor: int
    card: CardPaid
    gave_back: tuple[GaveBack, ...] = ()


@EVENTS.name("order.link_tendered/1")
@frozen
class LinkTendered:
    """A customer paid by link (negative: a provider is having it given back)."""

    order_id: str
    tender: int
    amount_minor: int
    link: LinkPaid
    gave_back: tuple[GaveBack, ...] = ()


@EVENTS.name("order.not_owed_tendered/1")
@frozen
class NotOwedTendered:
    """What of goods that come back is owed to nobody, below zero: a card never paid it, or the
    customer has it by a refund that no order has. No money moves by this. Only where another part
    of their return is with the customer for good."""

    order_id: str
    tender: int
    amount_minor: int
    gave_back: tuple[GaveBack, ...] = ()


AnyTendered = (
    CashTendered | CardTendered | ForeignTendered | CreditTendered | LinkTendered | NotOwedTendered
)


@EVENTS.name("order.tab_opened/1")
@frozen
class TabOpened:
    """A terminal reserved an amount for this order, instead of any before; no money moved yet."""

    order_id: str
    tab: Tab


@EVENTS.name("order.tip_adjusted/1")
@frozen
class TipAdjusted:
    """The tip to be captured with the tab, from here on."""

    order_id: str
    tip_minor: int
    operator: str


@EVENTS.name("order.tip_asked/1")
@frozen
class TipAsked:
    """The screen is the customer's: they are asked for a tip on what a card will pay."""

    order_id: str
    amount_minor: int
    operator: str


@EVENTS.name("order.tip_answered/1")
@frozen
class TipAnswered:
    """What the customer gives, nought included. Journaled before the card is asked."""

    order_id: str
    tip_minor: int


@EVENTS.name("order.tip_left/1")
@frozen
class TipLeft:
    """Whoever is signed on took the screen back with their PIN, unanswered."""

    order_id: str
    operator: str


@EVENTS.name("order.tab_closed/1")
@frozen
class TabClosed:
    """The reservation is captured or released: nothing is left of it."""

    order_id: str


@EVENTS.name("order.tender_refunded/1")
@frozen
class TenderRefunded:
    """So much of a tender of this completed order went back, by a tender of `by_order`; below zero
    where that was undone. Where no order has it, `by_order` is the stream of the card refund.
    `coins_minor` is as in `GaveBack`, with the sign of the amount."""

    order_id: str
    tender: int
    amount_minor: int
    by_order: str
    coins_minor: int | None = None


@EVENTS.name("order.tender_unpaid/1")
@frozen
class TenderUnpaid:
    """The shop has nothing of the card tender that this payment is: the bank never paid it, or it
    went back after the sale was completed. So nothing of it is ever given back."""

    order_id: str
    payment_id: str


@EVENTS.name("order.tender_undone/1")
@frozen
class TenderUndone:
    """A tender was handed back before completion. `slips` are those its terminal had for the
    customer, which have no receipt to stand below any more; `card` and `merchant_number` are what
    it was paid with, for a terminal that tells neither as it takes it back."""

    order_id: str
    tender: int
    slips: tuple[Slip, ...] = ()
    card: CardShown = field(factory=CardShown)
    merchant_number: str = ""


def tender_of(event: AnyTendered) -> TenderFigures:
    """The tender an event puts on its order."""
    number, amount = event.tender, event.amount_minor
    match event:
        case CashTendered():
            return TenderFigures(number, "cash", amount, None, event.gave_back)
        case CardTendered():
            return TenderFigures(number, "card", amount, event.card, event.gave_back)
        case ForeignTendered():
            return TenderFigures(number, "foreign", amount, foreign=event.notes)
        case CreditTendered():
            gave_back = event.gave_back
            return TenderFigures(number, "credit", amount, None, gave_back, credit=event.credit)
        case LinkTendered():
            return TenderFigures(number, "link", amount, None, event.gave_back, link=event.link)
        case NotOwedTendered():
            return TenderFigures(number, NOT_OWED, amount, None, event.gave_back)
        case _:
            assert_never(event)


def tab_after(
    tab: Tab | None, event: TabOpened | TipAdjusted | TabClosed, *, now_ns: int
) -> Tab | None:
    """An order's tab after an event of that moment; raised, it is as old as before."""
    match event:
        case TabOpened():
            opened_ns = now_ns if tab is None else tab.opened_ns
            return altered(event.tab, opened_ns=opened_ns)
        case TipAdjusted():
            assert tab is not None, "a tip is adjusted on a tab"
            return altered(tab, tip_minor=event.tip_minor)
        case TabClosed():
            return None
        case _:
            assert_never(event)


def tip_after(tip: Tip | None, event: TipAsked | TipAnswered | TipLeft) -> Tip | None:
    """What a customer is asked, or was, after an event."""
    match event:
        case TipAsked():
            return Tip(event.amount_minor)
        case TipAnswered():
            assert tip is not None, "an answer was asked for"
            return altered(tip, tip_minor=event.tip_minor)
        case TipLeft():
            return None
        case _:
            assert_never(event)


def unpaid_after(
    unpaid: tuple[int, ...], tenders: tuple[TenderFigures, ...], event: TenderUnpaid
) -> tuple[int, ...]:
    """The numbers of the tenders that the shop has nothing of, after an event."""
    found = (
        tender.tender
        for tender in tenders
        if tender.card is not None and tender.card.payment_id == event.payment_id
    )
    return (*unpaid, *(number for number in found if number not in unpaid))
