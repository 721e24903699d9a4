"""A terminal on a bad line, or with manners of its own: nothing is charged twice or believed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing
from attrs import define

from actors.terminal_messages import Heard, Request
from actors.world import ManualWorld
from engine.terminal import Answer, Verdict
from hardware.terminal.limits import COMPLETION_NS, LINE_ACK_NS, NS_PER_S
from hardware.terminal.zvt import codec
from hardware.terminal.zvt.line import ACK, NAK
from hardware.terminal.zvt.person import Plan
from native import zvt_decode
from tests.hardware.terminal_rig import ADDRESS, KEEPER, Shop, open_shop, sale
from tests.simulation.streams import SimulatedCarrier

Change = Callable[[bytes], list[bytes]]


def as_it_is(data: bytes) -> list[bytes]:
    """Nothing is changed."""
    return [data]


def _pieces(data: bytes) -> list[bytes]:
    """An acknowledgement and the serial frame written with it (DLE STX), apart: whether they share
    a write is a matter of which task woke first."""
    return [ACK, data[1:]] if data.startswith(ACK + b"\x10\x02") else [data]


class Meddler(SimulatedCarrier):
    """A cable with somebody on it: each frame and each acknowledgement of either end goes through a
    function that says what arrives. `refuses` answers whatever the register says with a refusal."""

    def __init__(self) -> None:
        super().__init__("terminal")
        self.to_terminal: Change = as_it_is
        self.to_register: Change = as_it_is
        self.refuses = False

    async def run(self, handle: Any, *, task_status: Any = trio.TASK_STATUS_IGNORED) -> None:
        """As `Carrier.run`."""

        async def meddled(data: bytes) -> None:
            if self.refuses:
                await super(Meddler, self).send(NAK)
                return
            for piece in _pieces(data):
                for part in self.to_terminal(piece):
                    await handle(part)

        await super().run(meddled, task_status=task_status)

    async def send(self, data: bytes) -> None:
        """As `Carrier.send`."""
        for piece in _pieces(data):
            for part in self.to_register(piece):
                await super().send(part)


@define
class Once:
    """Changes the `number`th write that is `about`, and no other."""

    number: int
    about: Callable[[bytes], bool]
    change: Change
    seen: int = 0

    def __call__(self, data: bytes) -> list[bytes]:
        """As `Change`."""
        if not self.about(data):
            return [data]
        self.seen += 1
        return self.change(data) if self.seen - 1 == self.number else [data]


def lost(data: bytes) -> list[bytes]:
    """It never arrives."""
    return []


def garbled(data: bytes) -> list[bytes]:
    """A bit of its middle is flipped."""
    middle = len(data) // 2
    return [data[:middle] + bytes([data[middle] ^ 0x04]) + data[middle + 1 :]]


def twice(data: bytes) -> list[bytes]:
    """It arrives twice."""
    return [data, data]


def unframed(data: bytes) -> bytes:
    """The message in a serial frame without doubled bytes."""
    return data[2:-4]


def is_frame(data: bytes) -> bool:
    """More than an acknowledgement."""
    return len(data) > 1


@asynccontextmanager
async def on_a_cable(*, is_serial: bool) -> AsyncIterator[tuple[Shop, Meddler]]:
    """A shop whose terminal is ready, and who can meddle with its cable."""
    cable = Meddler()
    async with open_shop(cable, world=ManualWorld(follow=True), is_serial=is_serial) as shop:
        yield shop, cable


async def _pay(shop: Shop, request_id: str = "r") -> Answer:
    """Ask for a sale, and for the truth where that is not known."""
    heard = await shop.rig.post.ask(ADDRESS, Request(request_id, sale(), KEEPER), timeout_s=900)
    assert isinstance(heard, Heard)
    return heard.answer


async def _truth(shop: Shop, answer: Answer) -> Answer:
    await shop.idle()
    return await shop.device.inquire(answer) if answer.verdict is Verdict.UNKNOWN else answer


def _hold(shop: Shop, answer: Answer) -> None:
    """What is known is what the terminal booked, and it was asked once."""
    paid_minor = answer.amount_minor if answer.verdict is Verdict.APPROVED else 0
    assert shop.fake.ledger.booked_minor == paid_minor, answer
    assert shop.fake.heard.count(codec.AUTHORISE) <= 1
    assert len(shop.fake.ledger.entries) <= 1
    assert answer.verdict is not Verdict.UNKNOWN or answer.code == "not_found"


async def test_a_storm_of_refusals(autojump_clock: trio.testing.MockClock) -> None:
    """A frame that is refused three times ends the connection; the payment never began, and the
    next one goes through."""
    async with on_a_cable(is_serial=True) as (shop, cable):
        cable.refuses = True
        answer = await _pay(shop)
        assert (answer.verdict, answer.code) == (Verdict.UNKNOWN, "link_lost")
        cable.refuses = False
        answer = await _truth(shop, answer)
        assert (answer.verdict, answer.code) == (Verdict.UNKNOWN, "not_found")
        assert codec.AUTHORISE not in shop.fake.heard
        assert (await _pay(shop, "next")).verdict is Verdict.APPROVED


async def test_refusals_out_of_nowhere(autojump_clock: trio.testing.MockClock) -> None:
    """Thousands of refusals and acknowledgements while nothing was sent change nothing."""
    async with on_a_cable(is_serial=True) as (shop, cable):
        for _ in range(50):
            await cable.send((NAK + ACK) * 100)
        answer = await _pay(shop)
        assert answer.verdict is Verdict.APPROVED
        _hold(shop, answer)
        assert shop.device.connections == 1


FAULTS = {
    "lost ACK": (ACK.__eq__, lost),
    "lost frame": (is_frame, lost),
    "garbled frame": (is_frame, garbled),
    "frame twice": (is_frame, twice),
}


@pytest.mark.parametrize(
    ("way", "fault"),
    # The register writes a frame twice only where its acknowledgement was lost: that is another.
    [("to_register", fault) for fault in FAULTS]
    + [("to_terminal", fault) for fault in FAULTS if fault != "frame twice"],
)
async def test_one_fault_on_a_serial_line(
    way: str, fault: str, autojump_clock: trio.testing.MockClock
) -> None:
    """Whichever frame or acknowledgement of a payment is lost, garbled or told twice, the payment
    comes to its end on the same connection, and money moves once."""
    number = 0
    while True:
        async with on_a_cable(is_serial=True) as (shop, cable):
            meddling = Once(number, *FAULTS[fault])
            setattr(cable, way, meddling)
            answer = await _pay(shop)
            assert answer.verdict is Verdict.APPROVED, (way, number, answer)
            _hold(shop, answer)
            assert shop.device.connections == 1, (way, number)
        if meddling.seen <= number:
            break
        number += 1
    assert number >= 8, "there were frames to meddle with"


async def test_an_end_told_again_behind_the_next_command(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The register's acknowledgement of an end was lost, of what became of the payment before, and
    the terminal says that end once more right behind its acknowledgement of the next payment, which
    it takes: it is paid, once, and the books have it."""
    async with on_a_cable(is_serial=True) as (shop, cable):
        shop.fake.plans.append(Plan(decline=0x6C))
        ends: list[bytes] = []

        def keep(data: bytes) -> list[bytes]:
            ends[:] = [data] if is_frame(data) else ends
            return [data]

        cable.to_register = keep
        assert (await _pay(shop)).verdict is Verdict.ABORTED
        assert zvt_decode(unframed(ends[0])).control == codec.ABORTION
        await shop.device.carry_out(shop.device.session.recall(shop.device.now_ns()))
        while not shop.device.session.is_idle:  # noqa: ASYNC110
            await trio.sleep(0.01)
        assert zvt_decode(unframed(ends[0])).control == codec.COMPLETION

        asked: list[bytes] = []

        def note(data: bytes) -> list[bytes]:
            if is_frame(data) and data[2:4] == b"\x06\x01":
                asked.append(data)
            return [data]

        def behind(data: bytes) -> list[bytes]:
            return [ACK, ends.pop()] if data == ACK and asked and ends else [data]

        cable.to_terminal, cable.to_register = note, behind
        answer = await _pay(shop, "next")
        assert (answer.verdict, ends) == (Verdict.APPROVED, [])
        assert shop.fake.ledger.booked_minor == answer.amount_minor
        assert shop.device.connections == 1


async def test_a_command_lost_with_its_answer(autojump_clock: trio.testing.MockClock) -> None:
    """The command arrives and neither its acknowledgement nor its answer: it is repeated, told from
    a new one, and paid once."""
    async with on_a_cable(is_serial=True) as (shop, cable):
        gone: list[bytes] = []

        def swallow(data: bytes) -> list[bytes]:
            gone.append(data)
            return [] if len(gone) <= 2 else [data]

        cable.to_register = swallow
        begun = trio.current_time()
        answer = await _pay(shop)
        assert trio.current_time() - begun >= LINE_ACK_NS / NS_PER_S
        assert answer.verdict is Verdict.APPROVED
        _hold(shop, answer)


@pytest.mark.parametrize("control", [codec.STATUS_INFO, codec.COMPLETION, codec.PRINT_BLOCK])
async def test_an_answer_told_twice(control: int, autojump_clock: trio.testing.MockClock) -> None:
    """A terminal that tells its result, its receipt or its end twice is believed once."""
    async with on_a_cable(is_serial=False) as (shop, cable):
        cable.to_register = Once(
            0, lambda data: is_frame(data) and zvt_decode(data).control == control, twice
        )
        answer = await _truth(shop, await _pay(shop))
        assert answer.verdict is Verdict.APPROVED
        _hold(shop, answer)
        cable.to_register = as_it_is
        assert (await _pay(shop, "next")).verdict is Verdict.APPROVED


@pytest.mark.parametrize("keeps", [False, True], ids=["takes_back", "keeps"])
async def test_an_answer_after_the_register_gave_up(
    keeps: bool, autojump_clock: trio.testing.MockClock
) -> None:
    """A result that comes when the register has given up and logged on anew is not acknowledged;
    what the terminal then remembers is the truth."""
    async with on_a_cable(is_serial=False) as (shop, cable):
        shop.fake.keeps_unacknowledged = keeps
        held: list[bytes] = []

        def hold(data: bytes) -> list[bytes]:
            if codec.AUTHORISE not in shop.fake.heard or zvt_decode(data).control != 0x040F:
                return [data]
            held.append(data)
            return []

        cable.to_register = hold
        begun = trio.current_time()
        answer = await _pay(shop)
        assert (answer.verdict, answer.code) == (Verdict.UNKNOWN, "link_lost")
        assert trio.current_time() - begun > COMPLETION_NS / NS_PER_S - 5
        assert len(held) == 1
        cable.to_register = as_it_is
        while shop.device.connections < 2:  # noqa: ASYNC110
            await trio.sleep(0.001)
        await cable.send(held[0])
        answer = await _truth(shop, answer)
        assert answer.verdict is (Verdict.APPROVED if keeps else Verdict.ABORTED)
        _hold(shop, answer)


async def test_the_result_before_told_again(autojump_clock: trio.testing.MockClock) -> None:
    """A terminal that tells the result before once more, in the middle of the next payment: each
    has its own end."""
    async with on_a_cable(is_serial=False) as (shop, cable):
        told: list[bytes] = []

        def note(data: bytes) -> list[bytes]:
            if zvt_decode(data).control == codec.STATUS_INFO:
                told.append(data)
            return [data]

        cable.to_register = note
        first = await _pay(shop)
        cable.to_register = Once(
            0,
            lambda data: zvt_decode(data).control == codec.STATUS_INFO,
            lambda data: [told[0], data],
        )
        second = await _pay(shop, "second")
        assert second.verdict is Verdict.APPROVED
        assert second.identity != first.identity
        assert shop.fake.ledger.booked_minor == 2500
