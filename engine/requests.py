"""What facts ask of the world: from the events of one command to the effects it requests."""

from __future__ import annotations

from collections.abc import Iterable

from engine import limits
from engine.books import Books
from engine.card_copies import papers_of_answer, papers_of_tender
from engine.card_paper import slip_document
from engine.credit_paper import note_document
from engine.decision import Command, Fact
from engine.document import Document, in_parts
from engine.effects import EFFECTS, Effect, KickDrawer, Print
from engine.order.events import (
    OrderCompleted,
    ReceiptReprinted,
)
from engine.order.state import Order
from engine.order.tender_events import CardTendered, TenderUndone
from engine.outbox import EffectRequested, stream_of
from engine.payment.events import PaymentHeard
from engine.payment.terminal_day import TerminalDayHeard
from engine.receipt import receipt_document, z_document
from engine.register import DayClosed
from engine.settings import RegisterSetup
from engine.tender_rules import rule_of
from engine.terminal import Slip
from engine.till import NoSale, PaidIn, PaidOut, TillOpened


def effects_of(command: Command, facts: tuple[Fact, ...], books: Books) -> tuple[Fact, ...]:
    """The effects `facts` ask for, as facts themselves, after `facts` were posted to `books`.

    Ids are `<command id>:<n>`, so a repeated command asks for nothing twice. Training opens no
    drawer.
    """
    setup = books.settings.registers.get(command.register)
    if setup is None or not (setup.printer or setup.drawer):
        return ()
    training = any(fact.training for fact in facts)
    wanted: list[tuple[str, Effect, int]] = []
    undone = next((fact.event for fact in facts if isinstance(fact.event, TenderUndone)), None)
    for fact in facts:
        for address, effect, expires_ns in _wanted(fact, setup, command, books, undone):
            wanted += [(address, part, expires_ns) for part in _parts(effect)]
    return tuple(
        Fact(
            stream_of(address),
            EffectRequested(
                f"{command.id}:{number}",
                address,
                EFFECTS.pack(effect),
                expires_ns,
                isinstance(effect, Print),
            ),
            training,
        )
        for number, (address, effect, expires_ns) in enumerate(wanted, 1)
        if address
    )


def _parts(effect: Effect) -> tuple[Effect, ...]:
    """What is asked for as links and printers take it: a very long paper is several."""
    if isinstance(effect, Print):
        return tuple(Print(part) for part in in_parts(effect.document))
    return (effect,)


def _wanted(
    fact: Fact,
    setup: RegisterSetup,
    command: Command,
    books: Books,
    undone: TenderUndone | None,
) -> list[tuple[str, Effect, int]]:
    event = fact.event
    match event:
        case OrderCompleted():
            document = receipt_of(books.archive[event.order_id], books)
            house = books.settings.tenders
            opens = any(rule_of(house, tender.kind).opens_drawer for tender in event.tenders)
            # An opening drawer is what a cashier waits for: it goes first.
            kick = _kick(fact, setup, command) if opens else []
            return [*kick, (setup.printer, Print(document), 0), *_notes(event, setup, books)]
        case PaymentHeard():
            rules = books.settings.required()
            papers = papers_of_answer(event, setup, rules, command.stamp, undone)
            return [(setup.printer, Print(paper), 0) for paper in papers]
        case TerminalDayHeard(slips=slips):
            return _papers(slips, setup, books)
        case CardTendered():
            papers = papers_of_tender(event, setup, books.settings.required(), command.stamp)
            return [(setup.printer, Print(paper), 0) for paper in papers]
        case TenderUndone(slips=slips):
            return _papers(slips, setup, books)
        case ReceiptReprinted():
            order = books.archive[event.order_id]
            document = receipt_of(order, books, copy=True, explained=event.explained)
            return [(setup.printer, Print(document), 0)]
        case DayClosed():
            at = (command.stamp.now_ns, command.stamp.utc_offset_s)
            paper = z_document(event, books.settings, at=at, training=fact.training)
            return [(setup.printer, Print(paper), 0)]
        case NoSale() | PaidIn() | PaidOut() | TillOpened():
            return _kick(fact, setup, command)
        case _:
            return []


def _notes(
    event: OrderCompleted, setup: RegisterSetup, books: Books
) -> list[tuple[str, Effect, int]]:
    """The notes of store credit that a sale issues, each on paper of its own."""
    order = books.archive[event.order_id]
    rules = books.settings.required()
    return [
        (setup.printer, Print(paper), 0)
        for paper in (
            note_document(tender.credit, rules, event.receipt_number, training=order.training)
            for tender in event.tenders
            if tender.credit is not None and tender.amount_minor < 0
        )
    ]


def _papers(
    slips: Iterable[Slip], setup: RegisterSetup, books: Books
) -> list[tuple[str, Effect, int]]:
    """Each slip on paper of its own."""
    rules = books.settings.required()
    return [(setup.printer, Print(slip_document(slip, rules)), 0) for slip in slips]


def receipt_of(
    order: Order, books: Books, *, copy: bool = False, explained: bool = False
) -> Document:
    """The receipt of a completed order, as the rules of its day had it."""
    assert order.figures is not None, "a completed order has figures"
    needs = books.taxes.needs_at(order.figures.tax_version)
    return receipt_document(
        order, books.settings, books.staff, copy=copy, explained=explained, needs=needs
    )


def _kick(fact: Fact, setup: RegisterSetup, command: Command) -> list[tuple[str, Effect, int]]:
    if fact.training:
        return []
    until_ns = command.stamp.now_ns + limits.DRAWER_KICK_EXPIRY_NS
    return [(setup.drawer, KickDrawer(type(fact.event).__name__), until_ns)]
