"""Effects: what is asked of printers and drawers, tried, and ended."""

from __future__ import annotations

import pytest

from engine.effects import EFFECTS, KickDrawer, Print
from engine.order.commands import ReprintReceipt
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
from engine.till import CloseTill, CountTill, OpenDrawer, OpenTill, PayIn
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
