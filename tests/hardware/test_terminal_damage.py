"""Every frame a terminal says, with every bit flipped and cut off at every byte."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import attrs
import pytest
import trio.testing

from actors.world import ManualWorld
from engine.terminal import Answer, Kind, Verdict
from hardware.terminal.actions import (
    Done,
)
from hardware.terminal.limits import BYTE_GAP_NS
from hardware.terminal.zvt.codec import Profile
from hardware.terminal.zvt.jobs import (
    Action,
)
from hardware.terminal.zvt.line import NAK, SerialLine
from hardware.terminal.zvt.person import Plan
from hardware.terminal.zvt.session import ZvtSession
from native import ZvtLink, ZvtMessage, zvt_frame
from tests.fuzz.targets_terminal import said
from tests.hardware.terminal_rig import about, open_shop, sale
from tests.hardware.test_terminal_faults import Meddler

PLANS = (Plan(), Plan(decline=0x05), Plan(partial_minor=700), Plan(tip_minor=150), Plan("tap"))


async def _a_day() -> list[bytes]:
    """What a terminal says over a day with one of each."""
    heard: list[bytes] = []
    cable = Meddler()

    def note(data: bytes) -> list[bytes]:
        heard.append(data)
        return [data]

    cable.to_register = note
    async with open_shop(cable, world=ManualWorld(follow=True)) as shop:
        for plan in PLANS:
            shop.fake.plans.append(plan)
            paid = await shop.device.request(sale(partial_allowed=True))
        await shop.device.request(attrs.evolve(sale(), kind=Kind.REFUND))
        await shop.device.request(about(Kind.REVERSAL, paid.identity))
        tab = await shop.device.request(attrs.evolve(sale(), kind=Kind.RESERVATION))
        await shop.device.request(about(Kind.CAPTURE, tab.identity, 900))
        await shop.device.settle()
    return heard


@cache
def frames() -> list[bytes]:
    """Each once."""
    clock = trio.testing.MockClock(autojump_threshold=0)
    found = {*trio.run(_a_day, clock=clock), *said()}
    return sorted(found)


def _told(events: list[ZvtMessage | str]) -> list[tuple[object, ...]]:
    return [
        (event.control, event.fields, event.withheld, event.fault)
        for event in events
        if not isinstance(event, str)
    ]


def flips(data: bytes) -> list[bytes]:
    """With each bit flipped in turn."""
    whole = int.from_bytes(data, "big")
    return [(whole ^ 1 << bit).to_bytes(len(data), "big") for bit in range(8 * len(data))]


def test_there_is_one_of_each() -> None:
    """The day has log-on, states, results, receipts, ends and aborts in it."""
    controls = {frame[:2].hex() for frame in frames()}
    assert controls >= {"8000", "04ff", "040f", "060f", "061e", "06d1", "06d3"}
    assert len(frames()) > 30


def test_no_flipped_bit_passes_a_serial_line() -> None:
    """A frame with any bit flipped is never taken for a message that was not sent, and the frame
    after the next is read in any case."""
    count = 0
    for frame in frames():
        (good,) = _told(ZvtLink(is_serial=True).feed(zvt_frame(frame)))
        for flipped in flips(zvt_frame(frame)):
            link = ZvtLink(is_serial=True)
            messages = _told(link.feed(flipped + zvt_frame(frame) * 2))
            assert messages in ([good], [good] * 2), frame.hex()
            count += 1
    print(f"{count} flips")  # noqa: T201
    assert count > 10_000


def test_a_frame_cut_off_on_a_serial_line_is_asked_for_again() -> None:
    """Cut off at every byte, it is refused after T1, forgotten, and read when it comes again."""
    for frame in map(zvt_frame, frames()):
        for length in range(2, len(frame)):
            link, line = ZvtLink(is_serial=True), SerialLine()
            assert _told(link.feed(frame[:length])) == []
            assert link.is_partial
            line.gap(is_partial=True, now_ns=0)
            heard = line.tick(BYTE_GAP_NS)
            assert (heard.write, heard.drops_partial) == (NAK, True)
            link.drop_partial()
            assert link.is_clean
            assert len(_told(link.feed(frame))) == 1


def _paying() -> ZvtSession:
    session = ZvtSession(Profile())
    session.is_open = True
    session.transact("j", sale(), 0)
    for event in ZvtLink(is_serial=False).feed(b"\x80\x00\x00"):
        assert isinstance(event, ZvtMessage)
        session.received(event, 0)
    return session


def _ends(actions: Sequence[Action]) -> list[Answer]:
    found = [one.result for one in actions if isinstance(one, Done)]
    return [answer for answer in found if isinstance(answer, Answer)]


@pytest.mark.parametrize("is_cut", [False, True], ids=["flipped", "cut off"])
def test_no_damage_on_tcp_makes_a_sale(is_cut: bool) -> None:
    """In the middle of a payment, no one damaged message is an approval, none is more than one
    end, and the end of the connection is the end of it."""
    count = 0
    for frame in frames():
        damaged = [frame[:n] for n in range(1, len(frame))] if is_cut else flips(frame)
        for data in damaged:
            session, link = _paying(), ZvtLink(is_serial=False)
            ends: list[Answer] = []
            for event in link.feed(data):
                if isinstance(event, ZvtMessage):
                    ends += _ends(session.received(event, 0))
                    ends += _ends(session.kept("j", 0, is_kept=True))
            assert not (is_cut and ends)
            ends += _ends(session.closed())
            (end,) = ends
            assert end.verdict in (Verdict.UNKNOWN, Verdict.ABORTED, Verdict.DECLINED)
            count += 1
    print(f"{count} messages")  # noqa: T201
    assert count > 1_000
