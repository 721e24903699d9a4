"""Sequence, credit and sending again, on both ends of one session."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import LinkProtocolError
from actors.limits import (
    CREDIT,
    EAGER,
    FRAME_BYTES_MAX,
    ITEMS_PER_FRAME_MAX,
    LINK_QUEUE_MAX,
)
from actors.link_codec import Beat, Data, Tell, decode, encode_tell
from actors.link_session import Outgoing, Session

SECOND = 1_000_000_000


def item(number: int, size: int = 0) -> Outgoing:
    """An encoded tell that carries `number`."""
    return Outgoing(encode_tell(Tell("1", "a", "b", None, [number, "x" * size])))


def data(frame: bytes) -> Data:
    """A data frame's fact."""
    decoded = decode(frame)
    assert isinstance(decoded, Data)
    return decoded


def numbers(taken: tuple[object, ...]) -> list[int]:
    """What `item` carried."""
    return [tell.data[0] for tell in taken if isinstance(tell, Tell)]


def test_everything_waiting_shares_a_frame() -> None:
    """Items queued before a frame is made leave together, in order."""
    here, there = Session(5), Session(5)
    for number in range(10):
        assert here.put_nowait(item(number))
    frame = here.next_frame(0)
    assert frame is not None
    assert here.next_frame(0) is None
    assert numbers(there.take(data(frame))) == list(range(10))


def test_frames_stay_within_their_limits() -> None:
    """Neither too many items nor too many bytes go into one frame."""
    here = Session(1)
    for number in range(ITEMS_PER_FRAME_MAX + 1):
        here.put_nowait(item(number))
    first = here.next_frame(0)
    assert first is not None
    assert len(data(first).items) == ITEMS_PER_FRAME_MAX
    here = Session(1)
    for number in range(3):
        here.put_nowait(item(number, FRAME_BYTES_MAX // 2 - 100))
    for expected in ([0, 1], [2]):
        frame = here.next_frame(0)
        assert frame is not None
        assert len(frame) <= FRAME_BYTES_MAX
        assert numbers(data(frame).items) == expected


def test_small_frames_wait_for_company() -> None:
    """With some frames under way, items gather until one is acknowledged."""
    here = Session(1)
    for number in range(EAGER):
        here.put_nowait(item(number))
        assert here.next_frame(0) is not None
    here.put_nowait(item(98))
    assert here.next_frame(0) is None
    here.put_nowait(item(99))
    here.take_beat(Beat(1, 0, 1))
    frame = here.next_frame(0)
    assert frame is not None
    assert numbers(data(frame).items) == [98, 99]


def test_credit_is_never_exceeded() -> None:
    """However much waits, no more frames are under way than the credit."""
    here = Session(1)
    for number in range(LINK_QUEUE_MAX):
        assert here.put_nowait(item(number, 4_000))
    assert not here.put_nowait(item(0))
    assert here.put_nowait(item(0), beyond=True)
    frames = 0
    while here.next_frame(0) is not None:
        frames += 1
    assert 0 < frames <= CREDIT
    assert here.unacknowledged == frames


def test_an_unwanted_item_is_left_out() -> None:
    """An ask whose asker left before it was framed is never sent."""
    here = Session(1)
    first, second = item(1), item(2)
    here.put_nowait(first)
    here.put_nowait(second)
    first.wanted = False
    frame = here.next_frame(0)
    assert frame is not None
    assert numbers(data(frame).items) == [2]
    assert (first.framed, second.framed) == (False, True)


def test_what_is_not_acknowledged_is_sent_again() -> None:
    """A frame that got lost is sent again in time, or at once on a new connection."""
    here, there = Session(1), Session(1)
    here.put_nowait(item(1))
    assert here.next_frame(0) is not None
    assert here.overdue(SECOND // 2) == []
    (again,) = here.overdue(SECOND)
    assert here.overdue(SECOND) == []
    assert len(here.overdue(SECOND, all_of_them=True)) == 1
    assert numbers(there.take(data(again))) == [1]
    here.take_beat(Beat(1, 0, there.received))
    assert here.overdue(9 * SECOND) == []


def test_an_acknowledgement_out_of_nowhere_is_an_error() -> None:
    """Acknowledging what was never sent breaks the protocol."""
    with pytest.raises(LinkProtocolError):
        Session(1).take_beat(Beat(1, 0, 1))


@given(st.lists(st.sampled_from(["lose", "twice", "once", "once", "wait"]), max_size=80))
def test_in_order_and_once_whatever_happens(fates: list[str]) -> None:
    """Lost, doubled and late frames either way: every item arrives once and in order."""
    here, there = Session(1), Session(1)
    arrived: list[int] = []
    now_ns = 0
    sent = 0
    for fate in [*fates, *["wait", "once"] * 6]:
        now_ns += SECOND // 10 if fate != "wait" else 2 * SECOND
        if sent < len(fates):
            here.put_nowait(item(sent))
            sent += 1
        frames = here.overdue(now_ns)
        while (frame := here.next_frame(now_ns)) is not None:
            frames.append(frame)
        copies = {"lose": 0, "twice": 2}.get(fate, 1)
        for frame in frames:
            for _ in range(copies):
                arrived += numbers(there.take(data(frame)))
        if fate != "lose":
            beat = decode(there.beat())
            assert isinstance(beat, Beat)
            here.take_beat(beat)
    assert arrived == list(range(sent))
