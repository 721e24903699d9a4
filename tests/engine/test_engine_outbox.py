"""Effects: what is asked of printers and drawers, tried, and ended."""

from __future__ import annotations

import pytest

from engine.document import Align, Document, in_parts, text
from engine.effects import EFFECTS, KickDrawer, Print
from engine.limits import DOCUMENT_BYTES_MAX, LINES_PER_ORDER_MAX
from engine.order.commands import AddLine, AddNote, DiscountLine, ReprintReceipt
from engine.order.events import Audience
from engine.order.figures import DiscountKind
from engine.outbox import (
    EffectFinished,
    EffectOutcome,
    EffectRequested,
    EffectStarted,
    FinishEffect,
    Refusal,
    StartEffect,
)
from engine.register import CloseDay, StartTraining
from engine.requests import receipt_of
from engine.till import CloseTill, CountTill, OpenDrawer, OpenTill, PayIn
from engine.wire import canonical, unstructure
from hardware.printer.layout import lay_out
from tests.shop import Shop

DONE, FAILED = EffectOutcome.DONE, EffectOutcome.FAILED


def wanted(shop: Shop) -> list[tuple[str, str]]:
    """(address, kind) of every effect asked for so far."""
    return [(e.address, e.effect["name"]) for e in shop.events(EffectRequested)]


def test_a_cash_sale_kicks_the_drawer_first_then_prints() -> None:
    """One kick with an expiry of three seconds, then the receipt, which waits for ever."""
    shop = Shop.selling()
    shop.facts.clear()
    shop.sell("bread")
    kick, receipt = shop.events(EffectRequested)
    assert (kick.effect_id, kick.address) == (f"c{shop.sent}:1", "drawer/1")
    assert EFFECTS.unpack(kick.effect) == KickDrawer("OrderCompleted")
    assert kick.expires_ns == shop.now_ns + 3_000_000_000
    assert not kick.repeatable
    assert (receipt.effect_id, receipt.address) == (f"c{shop.sent}:2", "printer/1")
    assert isinstance(EFFECTS.unpack(receipt.effect), Print)
    assert (receipt.expires_ns, receipt.repeatable) == (0, True)


def test_a_register_without_devices_asks_for_nothing() -> None:
    """Where no address is set the sale goes on and nothing waits in the outbox."""
    shop = Shop.selling()
    shop.ok(OpenTill(()), "2")
    shop.facts.clear()
    shop.sell("bread", register="2")
    assert wanted(shop) == []


def test_what_opens_the_drawer_and_what_prints() -> None:
    """Float, paid in, no sale and cash kick; receipts, copies and the Z print."""
    shop = Shop.selling()
    shop.facts.clear()
    shop.ok(PayIn(100, "coins"))
    shop.ok(OpenDrawer("look"))
    order_id = shop.sell("bread")
    shop.ok(ReprintReceipt(order_id))
    shop.ok(CountTill(()))
    shop.ok(CloseTill())
    shop.ok(CloseDay())
    kick, paper = ("drawer/1", "drawer.kick/1"), ("printer/1", "printer.print/1")
    assert wanted(shop) == [kick, kick, kick, paper, paper, paper]


def test_training_opens_no_drawer() -> None:
    """A practice sale prints its marked receipt and leaves the drawer shut."""
    shop = Shop.selling()
    shop.ok(StartTraining())
    shop.facts.clear()
    shop.ok(OpenTill(()))
    shop.sell("bread")
    assert wanted(shop) == [("printer/1", "printer.print/1")]


def test_an_effect_is_started_and_finished() -> None:
    """Started is journaled before the first byte; done takes it off the outbox."""
    shop = Shop.selling()
    shop.sell("bread")
    effect_id = f"c{shop.sent}:2"
    assert shop.ok(StartEffect(effect_id), admin=True) == {"may_have_happened": False}
    assert shop.ok(StartEffect(effect_id), admin=True) == {"may_have_happened": True}
    shop.ok(FinishEffect(effect_id, DONE), admin=True)
    assert effect_id not in shop.books.outbox
    assert len(shop.events(EffectStarted)) == 2
    assert shop.events(EffectFinished) == [EffectFinished(effect_id, DONE, "")]


@pytest.mark.parametrize(
    ("outcome", "kept", "may_have_happened"),
    [
        (EffectOutcome.DONE, False, False),
        (EffectOutcome.EXPIRED, False, False),
        (EffectOutcome.FAILED, True, False),
        (EffectOutcome.UNKNOWN, True, True),
    ],
)
def test_how_a_try_ends(outcome: EffectOutcome, kept: bool, may_have_happened: bool) -> None:
    """A print that failed waits for the next try; one that may have printed is marked so."""
    shop = Shop.selling()
    shop.sell("bread")
    effect_id = f"c{shop.sent}:2"
    shop.ok(StartEffect(effect_id), admin=True)
    shop.ok(FinishEffect(effect_id, outcome, "paper " * 60), admin=True)
    assert (effect_id in shop.books.outbox) is kept
    if kept:
        pending = shop.books.outbox[effect_id]
        assert pending.may_have_happened is may_have_happened
        assert (pending.tries, len(pending.reason)) == (1, 200)


@pytest.mark.parametrize("outcome", list(EffectOutcome))
def test_a_kick_is_never_tried_again(outcome: EffectOutcome) -> None:
    """However a kick ended, it is over: a drawer must not open by surprise."""
    shop = Shop.selling()
    kick = next(e.effect_id for e in shop.events(EffectRequested))
    shop.ok(FinishEffect(kick, outcome), admin=True)
    assert kick not in shop.books.outbox


def test_effects_that_cannot_start() -> None:
    """An unknown or finished one, and one whose moment has passed."""
    shop = Shop.selling()
    kick = next(e.effect_id for e in shop.events(EffectRequested))
    assert shop.no(StartEffect("c9:9"), admin=True) == Refusal.EFFECT_MUST_BE_PENDING
    assert shop.no(FinishEffect("c9:9", FAILED), admin=True) == Refusal.EFFECT_MUST_BE_PENDING
    assert shop.no(StartEffect(kick, late=True), admin=True) == Refusal.EFFECT_MUST_NOT_BE_EXPIRED
    shop.ok(FinishEffect(kick, EffectOutcome.EXPIRED), admin=True)


def test_the_clock_of_stamps_decides_nothing_about_effects() -> None:
    """A kick that is in time starts though the clock jumped a day; a receipt is never late."""
    shop = Shop.selling()
    shop.sell("bread")
    kick, receipt = f"c{shop.sent}:1", f"c{shop.sent}:2"
    shop.now_ns += 86_400_000_000_000
    shop.ok(StartEffect(kick), admin=True)
    shop.ok(StartEffect(receipt, late=True), admin=True)


def test_people_cannot_report_on_effects() -> None:
    """Only the store's own actors may, however many rights a manager has."""
    shop = Shop.selling()
    kick = next(e.effect_id for e in shop.events(EffectRequested))
    assert shop.no(FinishEffect(kick, DONE)) == "right_must_be_granted"


def _endless() -> Shop:
    """A sale of as many lines as an order takes, each counted, discounted and with a note."""
    shop = Shop.selling()
    for line in range(1, LINES_PER_ORDER_MAX + 1):
        shop.ok(AddLine("bread", "", 2_000))
        shop.ok(DiscountLine(line, DiscountKind.AMOUNT, 1))
        shop.ok(AddNote(Audience.CUSTOMER, "well done, " * 25, line))
    shop.facts.clear()
    shop.pay()
    return shop


def test_a_receipt_of_thousands_of_lines_prints() -> None:
    """It is one paper while a link carries it; with the reasons of its prices it is two. Nothing
    of them is lost, and each says whose it is and which of how many."""
    shop = _endless()
    ((order_id, order),) = shop.books.archive.items()
    (whole,) = shop.printed()
    assert len(whole.blocks) > 2_000
    assert len(lay_out(whole, 42)) >= len(whole.blocks)
    shop.facts.clear()
    shop.ok(ReprintReceipt(order_id, explained=True))
    parts = shop.printed()
    explained = receipt_of(order, shop.books, copy=True, explained=True)
    assert tuple(block for part in parts for block in part.blocks[:-1]) == explained.blocks
    marks = ["Receipt 1-000001 (1/2)", "Receipt 1-000001 (2/2)"]
    assert [part.title for part in parts] == marks
    for mark, part in zip(marks, parts, strict=True):
        assert (part.copy, part.blocks[-1]) == (True, text(mark, align=Align.CENTER))
        assert lay_out(part, 42)


def test_a_paper_that_fits_is_not_touched() -> None:
    """A part begins only where the next block would not fit, and a short one stays whole."""
    block = text("x" * 1_000)
    size = len(canonical(unstructure(block)))
    fits = Document("Z", (block,) * (DOCUMENT_BYTES_MAX // size))
    assert in_parts(fits) == (fits,)
    longer = Document("Z", (*fits.blocks, block), "de")
    first, second = in_parts(longer)
    assert (first.blocks[:-1], second.blocks[:-1]) == (fits.blocks, (block,))
    assert (second.title, second.language) == ("Z (2/2)", "de")
