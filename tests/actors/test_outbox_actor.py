"""The outbox: in order to each device, never twice at once, given up when its time is over."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
import trio

from actors.asks import Committed, ReadPending, Reply, Submit
from actors.errors import BusyError, OversizedError, PostError
from actors.limits import NS_PER_S
from actors.mailbox import Envelope
from actors.messages import Accepted, Finished, Outcome, Perform, Proceed, Started
from actors.node import AskedHere
from actors.outbox import OutboxActor
from actors.world import ManualWorld
from engine.outbox import PendingEffect
from engine.record import Record
from engine.stamp import Stamp
from tests.actors.stand import Stand, open_stand

STAMP = Stamp(1, 0, "2026-11-23")


def _effect(effect_id: str, address: str = "printer/1", **changes: Any) -> PendingEffect:
    base = PendingEffect(effect_id, address, {"name": "x", "data": {}}, 0, True, 0)
    return attrs.evolve(base, **changes)


def _news(effect_id: str = "e1", expires_ns: int = 0) -> Committed:
    data = {"effect_id": effect_id, "expires_ns": expires_ns}
    record = Record(
        1, 1, "live", "effect/printer/1", 1, "effect.requested/1", "c", "", "1", STAMP, data
    )
    return Committed(1, 1, (record,), frozenset())


class Keeper:
    """A bookkeeper that only knows what is pending."""

    def __init__(self) -> None:
        self.pending: list[PendingEffect] = []
        self.submits: list[Submit] = []
        self.reply = Reply(ok=True, data={"may_have_happened": False})

    def __call__(self, body: Any) -> Any:
        if isinstance(body, ReadPending):
            return tuple(self.pending)
        self.submits.append(body)
        if body.name == "effect.finish" and self.reply.ok:
            self.pending = [e for e in self.pending if e.effect_id != body.data["effect_id"]]
        return self.reply


async def _outbox(stand: Stand) -> Keeper:
    keeper = Keeper()
    stand.play("bookkeeper", keeper)
    stand.start(lambda: OutboxActor(lambda data: data))
    await stand.settle()
    return keeper


def _ids(bodies: list[Any]) -> list[str]:
    return [body.effect_id for body in bodies if isinstance(body, Perform)]


async def test_effects_reach_a_device_in_their_order(autojump_clock: object) -> None:
    """Ten receipts that waited while the printer was away are offered oldest first."""
    async with open_stand(ManualWorld(follow=True)) as stand:
        keeper = await _outbox(stand)
        keeper.pending = [_effect(f"e{number}") for number in range(10)]
        stand.tell("outbox", _news())
        await trio.sleep(5)
        stand.play("printer/1", lambda _: Accepted())
        performs = await stand.wait_heard("printer/1", 10)
        assert _ids(performs)[:10] == [f"e{number}" for number in range(10)]


async def test_no_receipt_overtakes_an_older_one(autojump_clock: object) -> None:
    """A device that took two receipts and died hears of them again before it hears of a third, and
    one that was away gets the oldest first however often it was tried."""
    async with open_stand(ManualWorld(follow=True)) as stand:
        keeper = await _outbox(stand)
        keeper.pending = [_effect("e1"), _effect("e2")]
        stand.tell("outbox", _news())
        await trio.sleep(0.3)
        keeper.pending.append(_effect("e3"))
        stand.tell("outbox", _news("e3"))
        await trio.sleep(0.1)
        stand.play("printer/1", lambda _: Accepted())
        assert _ids(await stand.wait_heard("printer/1", 3)) == ["e1", "e2", "e3"]
        keeper.pending.append(_effect("e4"))
        stand.tell("outbox", _news("e4"))
        assert _ids(await stand.wait_heard("printer/1", 7))[3:] == ["e1", "e2", "e3", "e4"]


async def test_a_device_that_is_away_holds_up_nobody_else(autojump_clock: object) -> None:
    """While printer 1 is absent, printer 2 gets its effects at once."""
    async with open_stand(ManualWorld(follow=True)) as stand:
        keeper = await _outbox(stand)
        stand.play("printer/2", lambda _: Accepted())
        keeper.pending = [_effect("e1"), _effect("e2", "printer/2")]
        began = trio.current_time()
        stand.tell("outbox", _news())
        assert _ids(await stand.wait_heard("printer/2", 1)) == ["e2"]
        assert trio.current_time() - began < 0.1


async def test_a_busy_device_is_asked_again(autojump_clock: object) -> None:
    """A device whose queue is full is offered the same effect a little later."""
    async with open_stand(ManualWorld(follow=True)) as stand:
        keeper = await _outbox(stand)
        answers: list[Any] = [BusyError("printer/1", "full"), Accepted()]
        stand.play("printer/1", lambda _: answers.pop(0) if answers else Accepted())
        keeper.pending = [_effect("e1"), _effect("e2")]
        stand.tell("outbox", _news())
        assert _ids(await stand.wait_heard("printer/1", 3)) == ["e1", "e1", "e2"]


class _Narrow:
    """Another node behind a link that carries messages of at most a thousand bytes."""

    name = "devices"

    def __init__(self) -> None:
        self.taken: list[str] = []

    def ask_nowait(self, envelope: Envelope, timeout_s: float) -> AskedHere:
        """Take it."""
        assert isinstance(envelope.body, Perform)
        if len(str(envelope.body.effect)) > 1_000:
            raise OversizedError("too large; nothing was sent")
        self.taken.append(envelope.body.effect_id)
        asked = AskedHere(envelope.to, timeout_s)
        asked.answer.settle(Accepted())
        return asked

    def tell_nowait(self, envelope: Envelope) -> bool:
        """Nobody tells it anything."""
        return False


async def test_one_that_no_link_carries_stops_nobody_behind_it(autojump_clock: object) -> None:
    """A receipt that is too large for the way to its printer ends failed, with what to do; those
    behind it, and the drawer, go on."""
    async with open_stand(ManualWorld(follow=True)) as stand:
        narrow = _Narrow()
        stand.node.add_peer(narrow)
        stand.node.route("", "devices")
        keeper = await _outbox(stand)
        large = {"name": "x", "data": {"text": "x" * 2_000}}
        keeper.pending = [_effect("e1", effect=large), _effect("e2"), _effect("k1", "drawer/1")]
        stand.tell("outbox", _news())
        await trio.sleep(1)
        assert sorted(narrow.taken) == ["e2", "k1"]
        (end,) = keeper.submits
        assert (end.data["effect_id"], end.data["outcome"]) == ("e1", "failed")
        assert "do it in parts" in end.data["reason"]


async def test_what_can_never_be_printed_does_not_fill_the_journal(autojump_clock: object) -> None:
    """A receipt that its printer refuses before it begins is offered again ever more seldom: each
    time is a record in the journal, and there is nothing new to hear."""
    async with open_stand(ManualWorld(follow=True)) as stand:
        keeper = await _outbox(stand)

        def refuse(body: Any) -> Any:
            stand.tell("outbox", Finished(body.effect_id, Outcome.FAILED, "over 2000 blocks"))
            return Accepted()

        def keep(body: Any) -> Any:
            if isinstance(body, ReadPending):
                return tuple(keeper.pending)
            keeper.submits.append(body)
            keeper.pending = [attrs.evolve(keeper.pending[0], reason="over 2000 blocks")]
            return keeper.reply

        stand.node.close("bookkeeper")
        stand.play("bookkeeper", keep)
        stand.play("printer/1", refuse)
        keeper.pending = [_effect("e1")]
        stand.tell("outbox", _news())
        await trio.sleep(3_600)
        assert 5 <= len(keeper.submits) <= 15


async def test_what_waits_too_long_is_given_up(autojump_clock: object) -> None:
    """A kick past its time ends expired; one that had begun ends unknown, and neither is sent."""
    world = ManualWorld(follow=True)
    async with open_stand(world) as stand:
        keeper = await _outbox(stand)
        late = world.now_ns() - 1
        keeper.pending = [
            _effect("e1", "drawer/1", expires_ns=late, repeatable=False),
            _effect("e2", "drawer/1", expires_ns=late, repeatable=False, may_have_happened=True),
        ]
        stand.play("drawer/1", lambda _: Accepted())
        stand.tell("outbox", _news())
        await trio.sleep(1)
        ends = {s.data["effect_id"]: s.data["outcome"] for s in keeper.submits}
        assert ends == {"e1": "expired", "e2": "unknown"}
        assert stand.heard["drawer/1"] == []


@pytest.mark.parametrize("jump_s", [-86_400, -3_600, 3_600, 86_400, -1_700_000_000])
async def test_a_clock_that_jumps_makes_no_kick_late(autojump_clock: object, jump_s: int) -> None:
    """Three seconds are three seconds by the steady clock, wherever the date is set to: a kick that
    waits is offered until then and never after, and never said to be late before."""
    world = ManualWorld(follow=True)
    async with open_stand(world) as stand:
        keeper = await _outbox(stand)
        now_ns = world.now_ns()
        kick = _effect("e1", "drawer/1", requested_ns=now_ns, expires_ns=now_ns + 3 * NS_PER_S)
        keeper.pending = [attrs.evolve(kick, repeatable=False)]
        stand.tell("outbox", _news("e1", kick.expires_ns))
        await stand.settle()
        world.set_now_ns(now_ns + jump_s * NS_PER_S)
        assert keeper.submits == []
        assert await stand.ask("outbox", Started("e1")) == Proceed(True, False, 3 * NS_PER_S)
        assert keeper.submits[-1].data == {"effect_id": "e1", "late": False}
        await trio.sleep(1.5)
        stand.play("drawer/1", lambda _: Accepted())
        (perform,) = await stand.wait_heard("drawer/1", 1)
        assert 0 < perform.left_ns <= 1_500_000_000
        await trio.sleep(10)
        assert len(stand.heard["drawer/1"]) == 1
        assert keeper.submits[-1].data["outcome"] == "expired"


async def test_a_kick_from_before_a_restart_is_never_revived_by_a_clock_set_back(
    autojump_clock: object,
) -> None:
    """What this outbox did not hear of itself it judges by the date; a date before the asking says
    nothing about how long ago that was, so the drawer stays shut."""
    world = ManualWorld(follow=True)
    async with open_stand(world) as stand:
        keeper = await _outbox(stand)
        asked_ns = world.now_ns() + 3_600 * NS_PER_S
        kick = _effect("e1", "drawer/1", requested_ns=asked_ns, expires_ns=asked_ns + 3 * NS_PER_S)
        keeper.pending = [attrs.evolve(kick, repeatable=False)]
        stand.play("drawer/1", lambda _: Accepted())
        await stand.wait_heard("bookkeeper", 2)
        await trio.sleep(5)
        assert stand.heard["drawer/1"] == []
        assert [s.data["outcome"] for s in keeper.submits] == ["expired"]


@pytest.mark.parametrize(("age_s", "left_s"), [(2, 1), (4, 0)])
async def test_a_kick_offered_by_an_outbox_before_this_one_is_held_to_its_time(
    autojump_clock: object, age_s: int, left_s: int
) -> None:
    """The offer may have been long on its way to the device, which counts from when it came: the
    books say how long the kick is good for, also to an outbox that has not looked at it yet."""
    world = ManualWorld(follow=True)
    async with open_stand(world) as stand:
        keeper = await _outbox(stand)
        asked_ns = world.now_ns() - age_s * NS_PER_S
        kick = _effect("e1", "drawer/1", requested_ns=asked_ns, expires_ns=asked_ns + 3 * NS_PER_S)
        keeper.pending = [attrs.evolve(kick, repeatable=False)]
        answer = await stand.ask("outbox", Started("e1"))
        assert answer == Proceed(True, False, left_s * NS_PER_S)
        assert keeper.submits[-1].data == {"effect_id": "e1", "late": not left_s}


async def test_a_start_is_durable_before_the_device_goes_on(autojump_clock: object) -> None:
    """`Started` is answered once the bookkeeper has it; a refusal says send nothing."""
    async with open_stand(ManualWorld(follow=True)) as stand:
        keeper = await _outbox(stand)
        keeper.reply = Reply(ok=True, data={"may_have_happened": True})
        assert await stand.ask("outbox", Started("e1")) == Proceed(True, True)
        assert keeper.submits[-1].name == "effect.start"
        assert keeper.submits[-1].admin
        keeper.reply = Reply(ok=False, refusal={"code": "effect_must_be_pending", "fields": {}})
        assert await stand.ask("outbox", Started("e2")) == Proceed(False, False)


async def test_an_end_is_heard_however_often_it_is_told(autojump_clock: object) -> None:
    """`Finished` is accepted the first time and after, so that a device can stop telling it."""
    async with open_stand(ManualWorld(follow=True)) as stand:
        keeper = await _outbox(stand)
        keeper.pending = [_effect("e1")]
        end = Finished("e1", Outcome.DONE, "")
        assert await stand.ask("outbox", end) == Accepted()
        keeper.reply = Reply(ok=False, refusal={"code": "effect_must_be_pending", "fields": {}})
        assert await stand.ask("outbox", end) == Accepted()
        assert [s.data["outcome"] for s in keeper.submits] == ["done", "done"]


async def test_without_the_bookkeeper_nothing_is_started(autojump_clock: object) -> None:
    """A start or an end that could not be stored is an error the device repeats, never a yes."""
    async with open_stand(ManualWorld(follow=True)) as stand:
        stand.start(lambda: OutboxActor(lambda data: data))
        for body in (Started("e1"), Finished("e1", Outcome.DONE)):
            try:
                answer = await stand.ask("outbox", body)
            except PostError:
                continue
            raise AssertionError(f"answered {answer}")
