"""Who took cards without the bank is asked what became of all of them, each time it is asked."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from actors.asks import ReadFiled, ReadPayments, ReadStored
from actors.stored_payments import StoredPayments
from actors.terminal_messages import Forward, Forwarded
from engine.payment.events import Asked, Standing
from engine.payment.state import Payment
from engine.terminal import Answer, Kind, Verdict


def stored(number: int) -> Payment:
    """One that the terminal approved alone."""
    asked = Asked(f"p{number}", "o", "1", "max", "terminal/1", Kind.SALE, 799, 978)
    answer = Answer(Verdict.APPROVED, Kind.SALE, 799, amount_minor=799, is_offline=True)
    return Payment(asked, 0, Standing.OFFLINE_APPROVED, answer)


class Desk:
    """Answers for the books, the files and a terminal whose bank does not come back; time passes at
    once."""

    def __init__(self, count: int) -> None:
        self.payments = tuple(map(stored, range(count)))
        self.asked: list[int] = []

    async def sleep(self, seconds: float) -> None:
        """As a world."""
        await trio.sleep(seconds)

    async def ask(self, to: str, body: object, *, timeout_s: float) -> Any:
        """As a post."""
        await trio.lowlevel.checkpoint()
        match body:
            case ReadStored():
                return self.payments
            case ReadPayments() | ReadFiled():
                return ()
            case Forward(payments):
                self.asked.append(len(payments))
        return Forwarded("declined_a3")


@pytest.mark.parametrize(
    ("count", "asked"), [(3, [3, 3, 3, 3]), (500, [500] * 4), (1100, [500, 500, 100, 500])]
)
async def test_a_terminal_is_asked_of_all_that_it_took_each_time(
    autojump_clock: trio.testing.MockClock, count: int, asked: list[int]
) -> None:
    """A terminal presents all it has at once, and what nobody asked about it would tell in vain;
    only where they are too many for one question is it asked about some, and then the others."""
    desk = Desk(count)
    async with trio.open_nursery() as nursery:
        await StoredPayments("payments").look(nursery, desk, desk)  # type: ignore[arg-type]
        while len(desk.asked) < len(asked):
            await desk.sleep(1)
        nursery.cancel_scope.cancel()
    assert desk.asked == asked
