"""Practising harms nothing, and a day told again is the same day."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from engine.catalog import ChangeItem, RemoveItem
from engine.decision import EVENTS
from engine.image import books_from, image_of, state_hash
from engine.order.commands import (
    AddLine,
    AddNote,
    AddOpenLine,
    AddReturnLine,
    DiscountOrder,
    ReprintReceipt,
    ResumeOrder,
    SuspendOrder,
    TenderCash,
    VoidLine,
    VoidOrder,
)
from engine.order.events import (
    Audience,
    OrderCompleted,
)
from engine.order.figures import DiscountKind
from engine.record import NewRecord, payload_bytes
from engine.register import CloseDay, EndTraining, StartTraining
from engine.staff import SignOff, SignOn
from engine.till import CloseTill, CountTill, Denomination, OpenDrawer, OpenTill, PayIn, PayOut
from native import chain_hash
from tests.shop import Shop, item

OUTSIDE = ("outbox", "training", "training_on", "signed_on")


def real(shop: Shop) -> dict[str, Any]:
    """Everything of the books that is not practice: orders, cash, numbers, totals, rules."""
    return {key: value for key, value in image_of(shop.books).items() if key not in OUTSIDE}


def a_whole_day(shop: Shop) -> None:
    """Sales, a return, money in and out, a no-sale, voids, a parked order, count, close and Z."""
    shop.ok(OpenTill((Denomination(500, 4),)))
    sold = shop.sell("bread", "wine")
    shop.ok(AddReturnLine(sold, 2, 1000, "corked"))
    shop.ok(AddLine("milk", "", 3000))
    shop.pay()
    shop.ok(ReprintReceipt(sold))
    shop.ok(PayIn(100, "coins"))
    shop.ok(PayOut(50, "stamps"))
    shop.ok(OpenDrawer("look"))
    shop.ok(AddOpenLine("Tulips", 9_990_000, "standard"))
    shop.ok(DiscountOrder(DiscountKind.PERCENT, 150_000))
    shop.ok(AddNote(Audience.CUSTOMER, "water daily"))
    parked = shop.ok(SuspendOrder("hat"))["order_id"]
    shop.ring("book")
    shop.ok(VoidOrder("left"))
    shop.ok(ResumeOrder(parked))
    shop.ring("bread")
    shop.ok(VoidLine(2))
    shop.ok(TenderCash(100))
    shop.pay(5_000)
    shop.ok(CountTill((Denomination(500, 5),)))
    shop.ok(CloseTill())
    shop.ok(CloseDay())


# -------------------------------------------------------------------------------------- training


@pytest.mark.feature("NEW-30")
@pytest.mark.feature("BO-11", part="cash, numbers and fiscal totals of the store")
def test_a_new_colleague_practises_a_whole_day() -> None:
    """Orders, cash, receipt numbers, X, Z and grand total of the shop are as they were."""
    shop = Shop.selling()
    shop.sell("bread")
    before = real(shop)
    shop.ok(StartTraining())
    a_whole_day(shop)
    assert real(shop) == before
    shop.ok(EndTraining())
    assert real(shop) == before
    assert shop.order(shop.sell("milk")).completion is not None
    assert shop.events(OrderCompleted)[-1].receipt_number == "1-000002"


@pytest.mark.feature("NEW-30")
def test_practice_has_its_own_numbers_and_marks() -> None:
    """Its receipts count apart, begin with a T and say what they are not; so does its Z."""
    shop = Shop.selling()
    shop.ok(StartTraining())
    a_whole_day(shop)
    practised = [sale.receipt_number for sale in shop.events(OrderCompleted)]
    assert practised == ["T1-000001", "T1-000002", "T1-000003"]
    receipts = [paper for paper in shop.printed() if paper.title.startswith("Receipt")]
    for paper in receipts:
        assert any(block.left == "TRAINING - NOT A RECEIPT" for block in paper.blocks)
    assert shop.books.training.position("1").z_number == 1
    assert shop.books.live.position("1").z_number == 0
    (z,) = (paper for paper in shop.printed() if paper.title.startswith("Z report"))
    assert any(block.left == "TRAINING - NOT A RECEIPT" for block in z.blocks)


@pytest.mark.feature("NEW-30")
def test_every_fact_of_practice_is_of_its_own_kind() -> None:
    """Each is marked as it is decided, and the kind is in the hash: none can pass for real."""
    shop = Shop.selling()
    shop.ok(StartTraining())
    shop.facts.clear()
    a_whole_day(shop)
    assert shop.facts
    assert all(fact.training for fact in shop.facts)
    fact, stamp = next(
        (fact, stamp) for fact, stamp in shop.posted if isinstance(fact.event, OrderCompleted)
    )
    data = EVENTS.pack(fact.event)
    record = NewRecord(
        "training", fact.stream, 1, data["name"], "c", "max", "1", stamp, data["data"]
    )
    sealed = [
        chain_hash("shop", kind, 1, 1, bytes(32), payload_bytes(record))
        for kind in ("live", "training")
    ]
    assert sealed[0] != sealed[1]


@pytest.mark.feature("NEW-30")
def test_one_practises_while_the_others_sell() -> None:
    """Training is a register's own: the next one sells for real at the same time."""
    shop = Shop.selling()
    shop.ok(OpenTill(()), "2")
    shop.ok(StartTraining())
    shop.ok(OpenTill(()))
    practice = shop.ring("bread")
    order_id = shop.sell("wine", register="2")
    shop.pay()
    assert shop.order(practice).training
    assert not shop.order(order_id).training
    assert shop.books.live.position("2").totals.total_minor == 799
    assert shop.books.live.position("1").totals.total_minor == 0


# ---------------------------------------------------------------------------------------- replay


@pytest.mark.feature("NEW-14", part="replay of the facts and a snapshot give the same state hash")
def test_a_day_told_again_is_the_same_day() -> None:
    """Every fact through its stored form and back, posted to empty books: the same hash."""
    shop = Shop.open()
    shop.ok(SignOn("max", pin_correct=True))
    a_whole_day(shop)
    shop.ok(StartTraining())
    shop.ok(OpenTill(()))
    shop.sell("bread")
    shop.ring("milk")
    shop.no(SignOn("ana"))
    shop.ok(SignOn("max", pin_correct=True), "2")
    shop.ok(AddLine("wine"), "2")
    shop.ok(ChangeItem(item("tea", "Tea", 250)), admin=True)
    shop.ok(RemoveItem("book"), admin=True)
    shop.ok(SignOff(), "2")
    told_again = shop.replayed()
    assert image_of(told_again) == image_of(shop.books)
    assert state_hash(told_again) == state_hash(shop.books)


@pytest.mark.feature("NEW-14", part="replay of the facts and a snapshot give the same state hash")
def test_a_snapshot_is_the_same_day() -> None:
    """Books from a snapshot have the same hash and decide the same next sale."""
    shop = Shop.selling()
    shop.ok(ChangeItem(item("tea", "Tea", 250)), admin=True)
    shop.ok(RemoveItem("book"), admin=True)
    shop.sell("bread", "tea")
    shop.ring("cheese")
    again = books_from(image_of(shop.books), None)
    assert state_hash(again) == state_hash(shop.books)
    other = attrs.evolve(shop, books=again, facts=list(shop.facts), posted=list(shop.posted))
    other.books.archive.update(shop.books.archive)
    for each in (shop, other):
        each.ok(AddLine("tea"))
        each.pay()
        assert each.no(AddLine("book")) == "code_must_be_known"
    assert state_hash(other.books) == state_hash(shop.books)


@pytest.mark.feature("NEW-14", part="replay of the facts and a snapshot give the same state hash")
def test_a_day_can_be_stepped_to_the_fault() -> None:
    """After each fact the replayed books are as the shop's were at that moment."""
    shop = Shop.open()
    shop.ok(SignOn("max", pin_correct=True))
    hashes = {}
    for body in (OpenTill(()), AddLine("bread"), AddLine("wine"), VoidLine(1), TenderCash(1000)):
        shop.ok(body)
        hashes[len(shop.posted)] = state_hash(shop.books)
    for length, then in hashes.items():
        part = attrs.evolve(shop, posted=shop.posted[:length])
        assert state_hash(part.replayed()) == then
    assert len(set(hashes.values())) == len(hashes)
