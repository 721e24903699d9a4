"""The page on card data lists every field that is stored of a payment, and no other."""

from __future__ import annotations

import re
import typing
from pathlib import Path
from typing import Any

import attrs
import pytest

from engine.decision import EVENTS
from engine.foreign import ForeignNotes
from engine.order.commands import CompleteOrder
from engine.order.events import OrderCompleted
from engine.order.figures import CardPaid, TenderFigures
from engine.order.tender_events import CardTendered, CashTendered, LinkTendered, TabOpened
from engine.paylink.commands import RequestPaylink
from engine.paylink.events import LinkAsked, PaylinkConfirmed, PaylinkEvent
from engine.payment.commands import RequestPayment
from engine.payment.events import PaymentEvent, PaymentHeard
from engine.payment.terminal_day import TerminalDayEvent
from engine.provider import LinkPaid, LinkState, Told
from engine.rights import RIGHTS
from engine.settlement.model import SettlementRow
from engine.terminal import Answer, CardShown, Identity, Slip, SlipLine, Verdict
from engine.wire import unstructure
from tests.card_shop import card_shop, hear, keep, slip
from tests.link_shop import hear as hear_link
from tests.link_shop import with_provider

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "card-data.md"
ROW = re.compile(r"^\| `(\w+\.\w+)` \| ([^|]+) \| ([JSPTL](?: [JSPTL])*) \|$", re.MULTILINE)
COLUMN = re.compile(r"^\| `([a-z_]+\.[a-z_]+)` \| [^|]+ \| V(?: [SP])* \|$", re.MULTILINE)
"""A row about a column of the views, which `test_card_data_views.py` holds against them."""
NOTES = {ForeignNotes}  # a tender may be these in place of a card
ABOUT_CARDS = {Answer, CardPaid, CardShown, Identity, SettlementRow, Slip, SlipLine}
ABOUT_LINKS = {LinkAsked, LinkPaid, Told}


def within(annotation: Any) -> set[type]:
    """The classes of fields that an annotation names."""
    if isinstance(annotation, type) and attrs.has(annotation):
        return {annotation}
    return {found for part in typing.get_args(annotation) for found in within(part)}


def reached(*roots: type) -> set[type]:
    """Classes of fields, and those within them."""
    found: set[type] = set()
    waiting = list(roots)
    while waiting:
        cls = waiting.pop()
        if cls in found:
            continue
        found.add(cls)
        hints = typing.get_type_hints(cls)
        waiting += [one for field in attrs.fields(cls) for one in within(hints[field.name])]
    return found


def facts_about_payments() -> set[type]:
    """Every fact that may be journaled and is about a payment, by card or by link, or has anything
    of one within; of a completed order, which has much else, its tenders."""
    assert RIGHTS, "importing them registered every event"
    about = (PaymentEvent, TerminalDayEvent, PaylinkEvent)
    found: set[type] = {cls for events in about for cls in typing.get_args(events)}
    for _, cls in EVENTS.items():
        within_it = reached(cls)
        if within_it & (ABOUT_CARDS | ABOUT_LINKS):
            found.add(TenderFigures if TenderFigures in within_it else cls)
    return found


def stored() -> set[str]:
    """Every field that a payment leaves in the journal, as the page writes it."""
    classes = reached(*facts_about_payments()) - NOTES
    return {f"{cls.__name__}.{field.name}" for cls in classes for field in attrs.fields(cls)}


def listed() -> list[str]:
    """Every field the page lists, in its order."""
    return [name for name, _, _ in ROW.findall(PAGE.read_text("utf-8"))]


@pytest.mark.feature("BO-08")
def test_the_page_lists_what_is_stored_and_nothing_else() -> None:
    """Every field of every fact about a payment is on the page once, and nothing that is gone."""
    assert sorted(listed()) == sorted(set(listed())), "a field is listed twice"
    assert stored() - set(listed()) == set(), "say in docs/card-data.md what these are"
    assert set(listed()) - stored() == set(), "take these out of docs/card-data.md"
    page = PAGE.read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    written = len(listed()) + len(COLUMN.findall(page))
    assert len(rows) == written, "a row of a table is written another way"


def test_the_search_of_facts_finds_what_it_should() -> None:
    """Payments, card tenders, links and tabs are found, and cash is not."""
    assert {PaymentHeard, CardTendered, LinkTendered, PaylinkConfirmed} <= facts_about_payments()
    assert {TabOpened, TenderFigures} <= facts_about_payments()
    assert not facts_about_payments() & {CashTendered, OrderCompleted}


def keys(data: Any) -> set[str]:
    """Every name in plain data."""
    if isinstance(data, dict):
        return set(data) | {found for value in data.values() for found in keys(value)}
    if isinstance(data, list | tuple):
        return {found for value in data for found in keys(value)}
    return set()


def test_what_is_written_has_the_names_of_the_page() -> None:
    """As the journal writes them, the facts of a card sale with slips, and those of a sale by link,
    have no name within a payment or a card that the page does not list."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    slips = (slip("merchant", "SHOP", needs_signature=True), slip("customer", "SHOP"))
    keep(shop, Verdict.APPROVED)
    hear(shop, Verdict.APPROVED, slips=slips, detail="thank you")
    shop.ok(CompleteOrder())
    with_provider(shop, "1")
    shop.ring("wine")
    paylink_id = shop.ok(RequestPaylink())["paylink_id"]
    hear_link(shop, paylink_id, LinkState.OPEN)
    hear_link(shop, paylink_id, LinkState.PAID)
    written: list[Any] = []
    kinds = (*typing.get_args(PaymentEvent), *typing.get_args(PaylinkEvent))
    for kind in (*kinds, CardTendered, LinkTendered):
        written += [unstructure(fact) for fact in shop.events(kind)]
    for completed in shop.events(OrderCompleted):
        written += unstructure(completed)["tenders"]
    assert len(written) >= 8
    assert keys(written) <= {name.partition(".")[2] for name in listed()}
    assert {"slips", "number", "authorisation", "before", "trace"} <= keys(written)
    assert {"provider_reference", "method", "url", "told"} <= keys(written)
