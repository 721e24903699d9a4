"""Broadcast: whole views after the commit to whoever follows, the latest only, on a lease."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from actors.asks import Committed, Follow, News, Reply, Submit, Unfollow
from actors.broadcast import BroadcastActor, DeviceBoard
from actors.errors import BusyError
from actors.limits import FOLLOWERS_MAX, NS_PER_S
from actors.lookups import STALE_NS
from actors.messages import DeviceState, DeviceStatus
from actors.world import ManualWorld
from engine.record import Record
from engine.stamp import Stamp
from tests.actors.stand import Stand, open_stand

STAMP = Stamp(1, 0, "2026-11-23")


def _news(position: int, *registers: str, name: str = "order.line_added/1") -> Committed:
    noun = name.partition(".")[0]
    stream = {"effect": "effect/printer/1", "order": "order/x"}.get(noun, noun)
    record = Record(position, 1, "live", stream, 1, name, "c", "", "1", STAMP, {})
    return Committed(1, position, (record,), frozenset(registers))


class Keeper:
    """A bookkeeper whose views are numbered."""

    def __init__(self) -> None:
        self.asked: list[Submit] = []
        self.errors: list[Exception] = []

    def __call__(self, body: Any) -> Any:
        if not isinstance(body, Submit):
            return True
        if self.errors:
            return self.errors.pop()
        self.asked.append(body)
        data = {"view": f"{body.name} {len(self.asked)}", "who": "~token"}
        return Reply(ok=True, data=data, epoch=1, position=len(self.asked))


async def _broadcast(stand: Stand) -> tuple[Keeper, BroadcastActor]:
    keeper = Keeper()
    stand.play("bookkeeper", keeper)
    stand.play("door/1")
    actor = BroadcastActor(lambda data: {**data, "who": "Ana"})
    stand.start(lambda: actor)
    await stand.settle()
    return keeper, actor


async def test_followers_get_the_view_after_a_commit() -> None:
    """A register's commit refreshes that register's view, with tokens opened; no other's."""
    async with open_stand() as stand:
        keeper, _ = await _broadcast(stand)
        for register in ("1", "2"):
            stand.tell("broadcast", Follow("door/1", "register", register))
        stand.tell("broadcast", _news(7, "1"))
        (news,) = await stand.wait_heard("door/1", 1)
        assert (news.topic, news.register, news.epoch, news.position) == ("register", "1", 1, 1)
        assert news.data == {"view": "register.state 1", "who": "Ana"}
        await stand.settle()
        assert [submit.register for submit in keeper.asked] == ["1"]


@pytest.mark.parametrize(
    ("name", "topics"),
    [
        ("order.suspended/1", ["display", "register", "status"]),
        ("settings.register_defined/1", ["display", "register", "status"]),
        ("settings.foreign_currencies_set/1", ["display", "register", "status"]),
        ("catalog.segment_installed/1", ["display", "register", "status"]),
        ("charges.set/1", ["display", "register", "status"]),
        ("prices.set/1", ["display", "register", "status"]),
        ("promotions.set/1", ["display", "register", "status"]),
        ("taxes.set/1", ["display", "register", "status"]),
        ("effect.started/1", ["register", "status"]),
        ("order.line_added/1", ["status"]),
    ],
)
async def test_what_concerns_everyone_reaches_everyone(name: str, topics: list[str]) -> None:
    """Parked orders, settings and what is offered change every screen, a device's report the
    registers', a line only its own."""
    async with open_stand() as stand:
        await _broadcast(stand)
        for topic in ("register", "display"):
            stand.tell("broadcast", Follow("door/1", topic, "2"))
        stand.tell("broadcast", Follow("door/1", "status"))
        stand.tell("broadcast", _news(7, "1", name=name))
        heard = await stand.wait_heard("door/1", len(topics))
        await stand.settle()
        assert sorted(news.topic for news in heard) == topics


async def test_what_a_terminal_told_on_the_way_is_shown_with_its_end() -> None:
    """It is certain only then: no view is made of it alone, and followers of events hear of it."""
    async with open_stand() as stand:
        keeper, _ = await _broadcast(stand)
        for topic in ("register", "events"):
            register = "1" if topic == "register" else ""
            stand.tell("broadcast", Follow("door/1", topic, register))
        stand.tell("broadcast", _news(7, "1", name="payment.kept/1"))
        assert await stand.wait_heard("door/1", 1) == [News("events", "", 1, 7)]
        await stand.settle()
        assert keeper.asked == []
        stand.tell("broadcast", _news(8, "1", name="payment.heard/1"))
        assert [one.topic for one in await stand.wait_heard("door/1", 3)][1:] == [
            "events",
            "register",
        ]


async def test_events_are_a_hint_without_content() -> None:
    """Followers of events hear how far the journal is, each commit, and nothing of what is in."""
    async with open_stand() as stand:
        keeper, _ = await _broadcast(stand)
        stand.tell("broadcast", Follow("door/1", "events"))
        for position in (7, 8):
            stand.tell("broadcast", _news(position, "1"))
        heard = await stand.wait_heard("door/1", 2)
        assert heard == [News("events", "", 1, 7), News("events", "", 1, 8)]
        assert keeper.asked == []


async def test_a_rush_costs_one_view() -> None:
    """Commits that come while a view is made are shown by one more view, not by one each."""
    async with open_stand() as stand:
        keeper = stand.node.open("bookkeeper")
        stand.play("door/1")
        stand.start(lambda: BroadcastActor(lambda data: data))
        stand.tell("broadcast", Follow("door/1", "register", "1"))
        stand.tell("broadcast", _news(1, "1"))
        first = await keeper.get()
        for position in range(2, 52):
            stand.tell("broadcast", _news(position, "1"))
        await stand.settle()
        first.answer(Reply(ok=True, data={}, epoch=1, position=1))
        (await keeper.get()).answer(Reply(ok=True, data={}, epoch=1, position=51))
        await stand.settle()
        assert [news.position for news in stand.heard["door/1"]] == [1, 51]
        assert keeper.statistics().waiting == 0


async def test_notices_are_passed_on() -> None:
    """What a register actor says to its screens reaches their doors as it is."""
    async with open_stand() as stand:
        await _broadcast(stand)
        stand.tell("broadcast", Follow("door/1", "notice", "1"))
        notice = News("notice", "1", 1, 5, {"code": "123", "ok": False})
        stand.tell("broadcast", notice)
        assert await stand.wait_heard("door/1", 1) == [notice]


async def test_a_view_that_could_not_be_made_is_made_later(autojump_clock: object) -> None:
    """A bookkeeper too busy to answer delays the view and loses nothing."""
    async with open_stand(ManualWorld(follow=True)) as stand:
        keeper, _ = await _broadcast(stand)
        keeper.errors = [BusyError("bookkeeper", "full")]
        stand.tell("broadcast", Follow("door/1", "register", "1"))
        stand.tell("broadcast", _news(7, "1"))
        assert len(await stand.wait_heard("door/1", 1)) == 1


async def test_who_leaves_or_falls_silent_is_forgotten(autojump_clock: object) -> None:
    """After `Unfollow`, or 30 s without a repeated `Follow`, nothing is sent any more."""
    async with open_stand(ManualWorld(follow=True)) as stand:
        keeper, _ = await _broadcast(stand)
        stand.tell("broadcast", Follow("door/1", "register", "1"))
        stand.tell("broadcast", Unfollow("door/1", "register", "1"))
        stand.tell("broadcast", _news(7, "1"))
        await trio.sleep(1)
        assert stand.heard["door/1"] == []
        stand.tell("broadcast", Follow("door/1", "register", "1"))
        await trio.sleep(29)
        stand.tell("broadcast", _news(8, "1"))
        await stand.wait_heard("door/1", 1)
        await trio.sleep(2)
        stand.tell("broadcast", _news(9, "1"))
        await trio.sleep(1)
        assert len(stand.heard["door/1"]) == 1
        assert len(keeper.asked) == 1


async def test_followers_are_bounded() -> None:
    """One more than the limit is not taken on; those there keep their place."""
    async with open_stand() as stand:
        _, actor = await _broadcast(stand)
        for number in range(FOLLOWERS_MAX + 1):
            stand.tell("broadcast", Follow(f"door/{number}", "register", "1"))
            if number % 100 == 0:
                await stand.settle()
        await stand.settle()
        (followers,) = actor._followers.values()
        assert len(followers) == FOLLOWERS_MAX
        assert f"door/{FOLLOWERS_MAX}" not in followers


async def test_a_device_that_changes_refreshes_the_screens() -> None:
    """The board passes every report on and refreshes screens only where one is different."""
    async with open_stand() as stand:
        stand.play("bookkeeper")
        marks: list[int] = []
        stand.start(lambda: DeviceBoard(lambda: marks.append(1)))
        await stand.settle()
        for state in (DeviceState.READY, DeviceState.READY, DeviceState.FAILED):
            stand.tell("devices", DeviceStatus("printer/1", state))
        await stand.wait_heard("bookkeeper", 3)
        assert len(marks) == 2


async def test_devices_that_fall_silent_or_are_back_refresh_the_screens(
    autojump_clock: object,
) -> None:
    """Each is told once, by itself: nobody need ask, and no other device need be heard of."""
    world = ManualWorld(follow=True)
    async with open_stand(world) as stand:
        stand.play("bookkeeper")
        marks: list[int] = []
        stand.start(lambda: DeviceBoard(lambda: marks.append(world.monotonic_ns() // NS_PER_S)))
        await stand.settle()
        ready = DeviceState.READY
        for address in ("printer/1", "scanner/1"):
            stand.tell("devices", DeviceStatus(address, ready))
        await stand.wait_heard("bookkeeper", 2)
        assert marks == [0, 0]
        await trio.sleep(10)
        stand.tell("devices", DeviceStatus("scanner/1", ready))
        silent_s = STALE_NS // NS_PER_S + 1
        await trio.sleep(silent_s + 0.5)
        assert marks == [0, 0, silent_s, 10 + silent_s]
        await trio.sleep(200)
        assert len(marks) == 4
        for _ in range(2):
            stand.tell("devices", DeviceStatus("printer/1", ready))
        await stand.wait_heard("bookkeeper", 5)
        assert len(marks) == 5
