"""The bounded mailbox and the one-shot answer."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
import trio
import trio.testing

from actors.errors import AbsentError, BusyError, NoAnswerError
from actors.mailbox import Envelope, Mailbox, OneShot
from actors.world import ManualWorld


def tell(body: object, deadline_ns: int | None = None) -> Envelope:
    """A message nobody waits for."""
    return Envelope(id="1", to="a", sender="b", body=body, deadline_ns=deadline_ns)


def ask(body: object, answers: list[Any], deadline_ns: int | None = None) -> Envelope:
    """A message whose answers are collected."""

    def reply(value: object) -> bool:
        answers.append(value)
        return len(answers) == 1

    return Envelope("1", "a", "b", body, reply, deadline_ns)


async def test_order_of_arrival() -> None:
    """Messages come out in the order they went in, by get and by drain."""
    mailbox = Mailbox("a", ManualWorld(), 8)
    for number in range(5):
        mailbox.put_nowait(tell(number))
    assert (await mailbox.get()).body == 0
    assert [e.body for e in mailbox.drain_nowait(3)] == [1, 2, 3]
    assert [e.body for e in mailbox.drain_nowait(9)] == [4]
    assert mailbox.drain_nowait(1) == []


async def test_full_is_busy() -> None:
    """A full mailbox refuses at once and keeps what it has."""
    mailbox = Mailbox("a", ManualWorld(), 2)
    mailbox.put_nowait(tell(1))
    mailbox.put_nowait(tell(2))
    with pytest.raises(BusyError, match="full"):
        mailbox.put_nowait(tell(3))
    assert (mailbox.statistics().waiting, mailbox.statistics().refused) == (2, 1)


async def test_put_waits_for_room(autojump_clock: trio.testing.MockClock) -> None:
    """A waiting put goes on as soon as the reader takes one."""
    mailbox = Mailbox("a", ManualWorld(), 1)
    mailbox.put_nowait(tell(1))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(mailbox.put, tell(2))
        await trio.testing.wait_all_tasks_blocked()
        assert len(mailbox) == 1
        assert [(await mailbox.get()).body, (await mailbox.get()).body] == [1, 2]


async def test_get_waits_for_a_message() -> None:
    """The reader sleeps until something comes, and gets all there is in order."""
    mailbox = Mailbox("a", ManualWorld(), 4)
    seen: list[object] = []

    async def read() -> None:
        for _ in range(3):
            seen.append((await mailbox.get()).body)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await trio.testing.wait_all_tasks_blocked()
        mailbox.put_nowait(tell("x"))
        mailbox.put_nowait(tell("y"))
        await trio.testing.wait_all_tasks_blocked()
        assert seen == ["x", "y"]
        mailbox.put_nowait(tell("z"))
    assert seen == ["x", "y", "z"]


async def test_a_second_reader_is_a_mistake() -> None:
    """A mailbox is one actor's; two that wait at it would share its messages by chance."""
    mailbox = Mailbox("a", ManualWorld(), 4)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(mailbox.get)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(RuntimeError, match="one task at a time"):
            await mailbox.get()
        mailbox.put_nowait(tell("x"))


async def test_a_cancelled_reader_loses_nothing() -> None:
    """A message put after a reader was cancelled waits for the next."""
    mailbox = Mailbox("a", ManualWorld(), 4)
    with trio.move_on_after(0):
        await mailbox.get()
    mailbox.put_nowait(tell("kept"))
    assert (await mailbox.get()).body == "kept"


async def test_expired_messages_are_dropped() -> None:
    """What nobody waits for any more is dropped unread and counted."""
    world = ManualWorld()
    mailbox = Mailbox("a", world, 4)
    mailbox.put_nowait(tell("old", deadline_ns=world.monotonic_ns() + 10))
    mailbox.put_nowait(tell("new", deadline_ns=world.monotonic_ns() + 10**12))
    world.advance(1)
    assert (await mailbox.get()).body == "new"
    assert mailbox.statistics().expired == 1


async def test_closing_answers_what_waits() -> None:
    """Asks still in the box are answered absent, writers and readers are let go."""
    mailbox = Mailbox("a", ManualWorld(), 1)
    answers: list[Any] = []
    mailbox.put_nowait(ask(1, answers))
    async with trio.open_nursery() as nursery:

        async def blocked_put() -> None:
            with pytest.raises(AbsentError):
                await mailbox.put(tell(2))

        nursery.start_soon(blocked_put)
        await trio.testing.wait_all_tasks_blocked()
        mailbox.close()
    assert [type(a) for a in answers] == [AbsentError]
    with pytest.raises(trio.EndOfChannel):
        await mailbox.get()
    assert [e async for e in mailbox] == []


async def test_closing_wakes_a_waiting_reader() -> None:
    """A reader asleep on an empty box ends its loop when the box closes."""
    mailbox = Mailbox("a", ManualWorld())
    bodies: list[object] = []

    async def read() -> None:
        async for envelope in mailbox:
            bodies.append(envelope.body)
        bodies.append("end")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await trio.testing.wait_all_tasks_blocked()
        mailbox.put_nowait(tell(1))
        await trio.testing.wait_all_tasks_blocked()
        mailbox.close()
    assert bodies == [1, "end"]


async def test_held_is_absent_until_released() -> None:
    """A held box answers absent and takes messages again when released."""
    mailbox = Mailbox("a", ManualWorld(), 2)
    answers: list[Any] = []
    mailbox.put_nowait(ask(1, answers))
    mailbox.hold()
    assert isinstance(answers[0], AbsentError)
    with pytest.raises(AbsentError, match="keeps failing"):
        mailbox.put_nowait(tell(2))
    mailbox.release()
    mailbox.put_nowait(tell(3))
    assert (await mailbox.get()).body == 3


async def test_open_asks_fail_with_their_actor() -> None:
    """Asks taken and not answered are answered no-answer; answered ones are left alone."""
    mailbox = Mailbox("a", ManualWorld(), 4)
    first: list[Any] = []
    second: list[Any] = []
    mailbox.put_nowait(ask(1, first))
    mailbox.put_nowait(ask(2, second))
    (await mailbox.get()).answer("done")
    await mailbox.get()
    assert mailbox.fail_open_asks("it died") == 1
    assert first == ["done"]
    assert [type(a) for a in second] == [NoAnswerError]
    assert mailbox.fail_open_asks("again") == 0


async def test_what_was_answered_is_let_go() -> None:
    """Neither the question, which may hold a PIN, nor its answer stays with the mailbox; a second
    answer is still told apart."""
    mailbox = Mailbox("a", ManualWorld(), 8)
    answers: list[Any] = []
    mailbox.put_nowait(ask("1234", answers))
    mailbox.put_nowait(ask("5678", []))
    taken = await mailbox.get()
    await mailbox.get()
    assert taken.answer("done")
    assert not taken.answer("again")
    kept = weakref.ref(taken)
    del taken
    gc.collect()
    assert kept() is None
    assert mailbox.fail_open_asks("it died") == 1


async def test_open_asks_are_bounded() -> None:
    """An actor that never answers does not make its mailbox remember without end."""
    mailbox = Mailbox("a", ManualWorld(), 4)
    for _ in range(1_000):
        mailbox.put_nowait(ask(1, []))
        await mailbox.get()
    assert mailbox.fail_open_asks("it died") <= 8


async def test_one_shot_settles_once() -> None:
    """The first answer counts; a second, or one after its asker left, is refused."""
    answer = OneShot()
    assert answer.settle(1)
    assert not answer.settle(2)
    assert await answer.wait() == 1
    late = OneShot()
    with trio.move_on_after(0):
        await late.wait()
    late.close()
    assert not late.settle(3)


def test_a_tell_can_be_answered_in_vain() -> None:
    """Answering a tell does nothing, so an actor need not tell them apart."""
    envelope = tell("x")
    envelope.answer("y")
    assert envelope.answered


@pytest.mark.parametrize("capacity", [0, -1, 100_000])
def test_capacity_is_bounded(capacity: int) -> None:
    """A mailbox without room, or with no end, is an error."""
    with pytest.raises(ValueError, match="holds"):
        Mailbox("a", ManualWorld(), capacity)
