"""Receipts: numbers without gaps, copies that equal the original, and what waits for a printer."""

from __future__ import annotations

import attrs
import pytest

from engine.document import Document
from engine.order.commands import AddReturnLine, ReprintReceipt, VoidOrder
from engine.order.events import (
    OrderCompleted,
    ReceiptReprinted,
)
from engine.outbox import EffectOutcome, FinishEffect, StartEffect
from engine.settings import ConfigureStore, SetTaxClasses, TaxClass
from engine.till import OpenTill
from engine.views.build import register_view
from engine.views.shapes import QueueEntry
from tests.shop import Shop, rules


def numbers(shop: Shop, register: str) -> list[str]:
    """The receipt numbers of a register, in the order they were given."""
    sales = shop.events(OrderCompleted)
    return [sale.receipt_number for sale in sales if sale.register == register]


def copy_of(document: Document) -> Document:
    """The same document, marked."""
    return attrs.evolve(document, copy=True)


@pytest.mark.feature("RCP-02")
def test_the_customer_lost_the_receipt() -> None:
    """The copy is the original and the COPY mark, nothing else; who printed it is on record."""
    shop = Shop.selling("ana")
    order_id = shop.sell("bread", "wine", "cheese")
    original = shop.printed()[-1]
    assert not original.copy
    shop.ok(ReprintReceipt(order_id))
    assert shop.printed()[-1] == copy_of(original)
    # Register 2 has no printer: the copy is asked for and logged, and there is nothing to print.
    shop.ok(ReprintReceipt(order_id), "2")
    assert len(shop.printed()) == 2
    assert shop.events(ReceiptReprinted) == [
        ReceiptReprinted(order_id, "1", "ana", "1-000001"),
        ReceiptReprinted(order_id, "2", "max", "1-000001"),
    ]


@pytest.mark.feature("RCP-02")
def test_a_copy_shows_the_shop_as_it_was() -> None:
    """Another name, language, tax letter and rate since then are not on the copy."""
    shop = Shop.selling("ana")
    order_id = shop.sell("bread", "wine")
    original = shop.printed()[-1]
    shop.ok(ConfigureStore(rules(name="New owner", language="de")), admin=True)
    classes = (TaxClass("standard", "X", 250_000, "X"), TaxClass("reduced", "Y", 0, "Y"))
    shop.ok(SetTaxClasses(classes), admin=True)
    shop.ok(ReprintReceipt(order_id))
    assert shop.printed()[-1] == copy_of(original)
    shop.sell("bread")
    assert shop.printed()[-1].blocks[0].left == "New owner"
    assert shop.printed()[-1].language == "de"


@pytest.mark.feature("RCP-02")
def test_a_copy_after_a_return_is_still_the_original() -> None:
    """What went back later has its own receipt and changes no copy of the first."""
    shop = Shop.selling()
    order_id = shop.sell("wine")
    original = shop.printed()[-1]
    shop.ok(AddReturnLine(order_id, 1, 1000, "corked"))
    shop.pay()
    shop.ok(ReprintReceipt(order_id))
    assert shop.printed()[-1] == copy_of(original)


@pytest.mark.feature("RCP-04", part="per register in the books, through a replay and interleaving")
def test_numbers_have_no_gaps() -> None:
    """Voided and refused sales take no number; two registers count each for itself."""
    shop = Shop.selling()
    shop.ok(OpenTill(()), "2")
    shop.sell("bread")
    shop.ring("milk", register="2")
    shop.sell("wine")
    shop.ring("book")
    shop.ok(VoidOrder("left"))
    shop.pay(register="2")
    shop.no(ReprintReceipt("never"))
    shop.sell("milk")
    assert numbers(shop, "1") == ["1-000001", "1-000002", "1-000003"]
    assert numbers(shop, "2") == ["2-000001"]


@pytest.mark.feature("RCP-04", part="per register in the books, through a replay and interleaving")
def test_numbers_go_on_after_a_restart() -> None:
    """Books replayed in the middle of a sale give the very next number."""
    shop = Shop.selling()
    shop.sell("bread")
    shop.ring("wine")
    archive = shop.books.archive
    shop.books = shop.replayed()
    shop.books.archive.update(archive)
    shop.pay()
    shop.sell("milk")
    assert numbers(shop, "1") == ["1-000001", "1-000002", "1-000003"]


@pytest.mark.feature("OFF-07", part="number, age and reason of unsent prints on screen")
def test_the_printer_is_out_of_paper() -> None:
    """The screen shows how many receipts wait, since when, and what the printer said."""
    shop = Shop.selling("ana")
    shop.books.outbox.clear()
    shop.sell("bread")
    kick, first = shop.books.outbox
    shop.ok(FinishEffect(kick, EffectOutcome.DONE), admin=True)
    asked_ns = shop.books.outbox[first].requested_ns
    shop.ok(StartEffect(first), admin=True)
    shop.ok(FinishEffect(first, EffectOutcome.FAILED, "paper_out"), admin=True)
    shop.sell("milk")
    shop.now_ns = asked_ns + 90 * 1_000_000_000
    screen = register_view(
        shop.books, "1", epoch=1, now_ns=shop.now_ns, devices={}, last_order=None
    )
    prints = [entry for entry in screen.queue if entry.kind == "printer.print/1"]
    assert prints[0] == QueueEntry(
        first, "printer/1", "printer.print/1", "Receipt 1-000001", 90, 1, "paper_out"
    )
    assert [entry.title for entry in prints] == ["Receipt 1-000001", "Receipt 1-000002"]
    assert [entry.age_s for entry in prints][1] < 90
    shop.ok(FinishEffect(first, EffectOutcome.DONE), admin=True)
    screen = register_view(
        shop.books, "1", epoch=1, now_ns=shop.now_ns, devices={}, last_order=None
    )
    assert [entry.title for entry in screen.queue][-1] == "Receipt 1-000002"
    assert first not in {entry.effect_id for entry in screen.queue}
