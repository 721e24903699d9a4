"""The journal's head on a receipt: what a customer holds proves what the journal had."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from engine.document import Document
from engine.image import state_hash
from engine.order.commands import ReprintReceipt
from engine.order.events import (
    OrderCompleted,
)
from engine.receipt import receipt_document
from engine.record import HeadMark
from engine.wire import structure, unstructure
from engine.words import CATALOGUES
from tests.shop import Shop
from tests.store.harness import open_shop


def _mark(document: Document) -> str:
    """The last words on the paper."""
    return document.blocks[-1].left


@pytest.mark.parametrize("language", sorted(CATALOGUES))
def test_a_receipt_ends_with_the_head_and_its_copy_with_the_same(language: str) -> None:
    """Position and eight digits of what was durable when the sale was decided; a copy copies it."""
    shop = Shop.selling(language=language)
    order_id = shop.ring("bread")
    shop.pay()
    (completed,) = shop.events(OrderCompleted)
    assert completed.head is not None
    shop.sell("milk")
    shop.ok(ReprintReceipt(order_id))
    word = CATALOGUES[language]["journal"]
    shown = f"{word} {completed.head.position}·{completed.head.digits}"
    original, other, copied = shop.printed()
    assert _mark(original) == _mark(copied) == shown
    assert _mark(other) != shown
    assert copied.copy


def test_a_sale_of_before_it_was_printed_has_no_such_line() -> None:
    """A fact that was stored without a head is read, and its receipt is as it was."""
    shop = Shop.selling()
    order_id = shop.sell("bread")
    (completed,) = shop.events(OrderCompleted)
    stored = unstructure(completed)
    del stored["head"]
    assert structure(stored, OrderCompleted) == attrs.evolve(completed, head=None)
    order = shop.order(order_id)
    assert order.completion is not None
    assert order.completion.head == completed.head
    older = attrs.evolve(order, completion=attrs.evolve(order.completion, head=None))
    plain = receipt_document(older, shop.books.settings, shop.books.staff)
    shown = receipt_document(order, shop.books.settings, shop.books.staff)
    assert "Journal" not in str(plain)
    assert shown.blocks[:-2] == plain.blocks


def test_the_state_is_that_of_the_facts() -> None:
    """Whatever head a process knew, replay reads it from the facts and comes to the same state."""
    shop = Shop.selling()
    shop.sell("bread", "wine")
    replayed = shop.replayed()
    assert state_hash(replayed) == state_hash(shop.books)
    assert any("Journal" in str(pending.effect) for pending in replayed.outbox.values())


async def test_the_head_is_the_durable_one_at_the_decision(tmp_path: Path) -> None:
    """Commands of one batch see what was on the disk before any of them, and that very hash."""
    async with open_shop(tmp_path) as shop:
        await shop.open_register("2")
        for register in ("1", "2"):
            await shop.do("order.add_line", register, code="bread")
            await shop.do("order.tender_cash", register, amount_minor=350)
        before = shop.store.journal.head()
        replies = await shop.together(
            shop.submit("order.complete", "1"), shop.submit("order.complete", "2")
        )
        assert all(reply.ok for reply in replies)
        sold = shop.records("order.completed/1")
        expected = HeadMark(before.position, before.hash.hex()[:8])
        assert [structure(record.data, OrderCompleted).head for record in sold] == [expected] * 2
        receipt = await shop.look("receipt.get", order_id=sold[0].data["order_id"])
        shown = receipt["document"]["blocks"][-1]["left"]
        assert shown == f"Journal {before.position}·{before.hash.hex()[:8]}"
