"""The simulated terminal's end of a cable: what is said of a cut is so."""

from __future__ import annotations

import trio
import trio.testing

from hardware.carrier import TcpCarrier
from hardware.terminal.zvt.fake import TerminalFake


class SlowCarrier(TcpCarrier):
    """A cable whose bytes leave only when they may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_leave = trio.Event()

    async def _send(self, data: bytes) -> None:
        await self.may_leave.wait()


def _state(fake: TerminalFake) -> dict[str, object]:
    return {"sent": fake.sent_bytes, "cutting": fake.is_cutting, "plugged": fake.is_plugged}


async def test_a_cut_is_under_way_until_the_cable_is_out() -> None:
    """From the byte it was to come at until the cable is out, a cut is neither to come nor over."""
    carrier = SlowCarrier()
    fake = TerminalFake(carrier)
    fake.cut_after = 1
    async with trio.open_nursery() as nursery:
        await nursery.start(fake.run)
        nursery.start_soon(fake._write, b"ab")
        await trio.testing.wait_all_tasks_blocked()
        assert {"sent": 1, "cutting": True, "plugged": True} == _state(fake)
        carrier.may_leave.set()
        await trio.testing.wait_all_tasks_blocked()
        assert {"sent": 1, "cutting": False, "plugged": False} == _state(fake)
        nursery.cancel_scope.cancel()
