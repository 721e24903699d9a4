"""The page on card data lists every field that is stored of a payment, and no other."""

from __future__ import annotations

import re
import types
import typing
from pathlib import Path
from typing import Any

import attrs
import pytest

from engine.decision import EVENTS
from engine.order.commands import CompleteOrder
from engine.order.events import OrderCompleted
from engine.order.figures import CardPaid, TenderFigures
from engine.order.tender_events import CardTendered
from engine.payment.commands import RequestPayment
from engine.payment.events import PaymentEvent
from engine.rights import RIGHTS
from engine.terminal import Answer, CardShown, Identity, Slip, SlipLine, Verdict
from engine.wire import unstructure
from tests.card_shop import card_shop, hear, keep, slip

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "card-data.md"
ROW = re.compile(r"^\| `(\w+\.\w+)` \| ([^|]+) \| ([JSPT](?: [JSPT])*) \|$", re.MULTILINE)
ABOUT_CARDS = {Answer, CardPaid, CardShown, Identity, Slip, SlipLine}
# Facts of an order hold what was sold too; of those only their tenders are about cards.
TENDERS = (CardTendered, TenderFigures)


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


def stored() -> set[str]:
    """Every field that a payment leaves in the journal, as the page writes it."""
    assert isinstance(PaymentEvent, types.UnionType)
    classes = reached(*typing.get_args(PaymentEvent), *TENDERS)
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
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    assert len(rows) == len(listed()), "a row of a table is written another way"


@pytest.mark.feature("BO-08", part="no other fact has card data")
def test_no_other_fact_has_card_data() -> None:
    """Of all facts that may be journaled, those with anything of a card within are the payments'
    and the orders' tenders, which the page lists."""
    assert RIGHTS, "importing them registered every event"
    payments = set(typing.get_args(PaymentEvent))
    others = {
        name
        for name, cls in EVENTS.items()
        if cls not in payments and cls is not CardTendered and reached(cls) & ABOUT_CARDS
    }
    through_tenders = {
        name for name in others if TenderFigures in reached(dict(EVENTS.items())[name])
    }
    assert others - through_tenders == set()
    assert through_tenders == {"order.completed/1"}


def keys(data: Any) -> set[str]:
    """Every name in plain data."""
    if isinstance(data, dict):
        return set(data) | {found for value in data.values() for found in keys(value)}
    if isinstance(data, list | tuple):
        return {found for value in data for found in keys(value)}
    return set()


def test_what_is_written_has_the_names_of_the_page() -> None:
    """As the journal writes them, the facts of a card sale with slips have no
    name within a payment or a card that the page does not list."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    slips = (slip("merchant", "SHOP", needs_signature=True), slip("customer", "SHOP"))
    keep(shop, Verdict.APPROVED)
    hear(shop, Verdict.APPROVED, slips=slips, detail="thank you")
    shop.ok(CompleteOrder())
    written: list[Any] = []
    for kind in typing.get_args(PaymentEvent):
        written += [unstructure(fact) for fact in shop.events(kind)]
    written += [unstructure(fact) for fact in shop.events(CardTendered)]
    (completed,) = shop.events(OrderCompleted)
    written += unstructure(completed)["tenders"]
    assert len(written) >= 4
    assert keys(written) <= {name.partition(".")[2] for name in listed()}
    assert {"slips", "number", "authorisation", "before", "trace"} <= keys(written)
