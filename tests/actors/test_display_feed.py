"""The feed of pole displays: two lines of what the customer sees, told until they are shown."""

from __future__ import annotations

from typing import Any

import attrs
import trio

from actors.asks import Committed, Reply
from actors.display_feed import DisplayFeed
from actors.messages import ShowLines
from actors.world import ManualWorld
from engine.order.commands import AddLine
from engine.record import Record
from engine.stamp import Stamp
from engine.views.build import display_view
from engine.wire import unstructure
from tests.actors.stand import Stand, open_stand
from tests.shop import Shop

NEWS = Committed(1, 1, (), frozenset({"1"}))
STAMP = Stamp(1_795_000_000_000_000_000, 0, "2026-11-23")
NAME = "settings.register_defined/1"
DEFINED = Record(2, 1, "live", "settings", 1, NAME, "c", "system", "_office", STAMP, {})


def _view() -> dict[str, Any]:
    shop = Shop.selling()
    shop.ok(AddLine("bread"))
    view: dict[str, Any] = unstructure(display_view(shop.books, "1", epoch=1, last_order=None))
    return view


async def _fed(stand: Stand, view: dict[str, Any]) -> dict[str, Any]:
    state = {"view": view}
    stand.play("bookkeeper", lambda _: Reply(ok=True, data=state["view"]))
    stand.start(DisplayFeed)
    await stand.settle()
    return state


async def test_a_change_is_shown_once() -> None:
    """The last line and the total go to the register's display; the same again goes nowhere."""
    view = _view()
    async with open_stand() as stand:
        await _fed(stand, view)
        stand.play("display/1")
        stand.tell("display_feed", NEWS)
        (lines,) = await stand.wait_heard("display/1", 1)
        assert isinstance(lines, ShowLines)
        assert (lines.top.split(), lines.bottom.split()) == (["Bread", "3.50"], ["Total", "3.50"])
        stand.tell("display_feed", NEWS)
        await stand.settle()
        assert len(stand.heard["display/1"]) == 1


async def test_a_register_without_a_display_is_left_alone() -> None:
    """No display, no message, and no question after each batch until registers are defined anew."""
    view = _view()
    async with open_stand() as stand:
        state = await _fed(stand, {**view, "display": ""})
        stand.play("display/1")
        stand.tell("display_feed", NEWS)
        await stand.settle()
        assert stand.heard["display/1"] == []
        assert len(stand.heard["bookkeeper"]) == 1
        state["view"] = view
        stand.tell("display_feed", NEWS)
        await stand.settle()
        assert len(stand.heard["bookkeeper"]) == 1
        stand.tell("display_feed", attrs.evolve(NEWS, records=(DEFINED,)))
        await stand.wait_heard("display/1", 1)


async def test_a_display_that_comes_late_is_told_again(autojump_clock: object) -> None:
    """Lines that reached nobody are told until the display lives; then it has the latest."""
    view = _view()
    async with open_stand(ManualWorld(follow=True)) as stand:
        await _fed(stand, view)
        stand.tell("display_feed", NEWS)
        await trio.sleep(1)
        stand.play("display/1")
        began = trio.current_time()
        (lines, *_) = await stand.wait_heard("display/1", 1)
        assert trio.current_time() - began <= 2.0
        assert lines.top.startswith("Bread")
