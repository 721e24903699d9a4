"""The cable to a terminal is pulled at every moment at which anybody waits for anything."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from engine.terminal import Answer, Verdict
from hardware.terminal.zvt import codec
from tests.hardware.terminal_rig import Shop, open_shop, sale, simulated

SETTLED_S = 6.0  # longer than a terminal waits for anything


class StepCounter(trio.abc.Instrument):
    """Counts every time a task goes on, and says when the `at`th time comes."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.steps = 0
        self.reached = trio.Event()
        self._token = trio.lowlevel.current_trio_token()

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """As `trio.abc.Instrument`."""
        self.steps += 1
        if self.steps == self.at:
            self._token.run_sync_soon(self.reached.set)


async def _pull(shop: Shop, counter: StepCounter) -> None:
    await counter.reached.wait()
    await shop.fake.cut()


async def _one(at: int, *, keeps: bool) -> tuple[int, str]:
    """A payment whose cable is pulled at that step; how many steps it took, and its end."""
    end, world = simulated()
    async with open_shop(end, world=world) as shop:
        assert (await shop.device.request(sale(500))).verdict is Verdict.APPROVED
        shop.fake.keeps_unacknowledged = keeps
        counter = StepCounter(at)
        trio.lowlevel.add_instrument(counter)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_pull, shop, counter)
                answer: Answer = await shop.device.request(sale())
                nursery.cancel_scope.cancel()
        finally:
            trio.lowlevel.remove_instrument(counter)
        steps = counter.steps
        if not shop.fake.is_plugged:
            was = shop.device.connections
            # Where the cable was pulled while nobody listened, only time shows it.
            await trio.sleep(SETTLED_S)
            await shop.fake.plug()
            await shop.reconnected(was)
        if answer.verdict is Verdict.UNKNOWN:
            answer = await shop.device.inquire(answer)
        moved_minor = shop.fake.ledger.booked_minor - 500
        assert moved_minor == (1250 if answer.verdict is Verdict.APPROVED else 0), (at, answer)
        assert shop.fake.heard.count(codec.AUTHORISE) <= 2, "the first sale, and this one once"
        if answer.verdict is Verdict.UNKNOWN:
            assert answer.code == "not_found"
        return steps, answer.verdict.value
    raise AssertionError


@pytest.mark.feature("NEW-07", part="the terminal's side, at every await point, without intents")
@pytest.mark.parametrize("keeps", [False, True], ids=["takes_back", "keeps"])
async def test_the_cable_pulled_at_every_await_point(
    keeps: bool, autojump_clock: trio.testing.MockClock
) -> None:
    """Whatever the device, the terminal or the cable was about to do, what is known afterwards is
    what was booked, once."""
    steps, _ = await _one(0, keeps=keeps)
    ends = set()
    for at in range(1, steps + 1):
        ends.add((await _one(at, keeps=keeps))[1])
    assert steps > 30
    print(f"{steps} steps: {sorted(ends)}")  # noqa: T201
    assert {"approved", "unknown"} <= ends
