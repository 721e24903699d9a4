"""A terminal's day is ended once it told what it could of cards taken without the bank."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from actors.asks import ReadEndingDays, ReadPayments, ReadStored, Reply, Submit
from actors.errors import AbsentError, NoAnswerError, PostError
from actors.limits import ASK_BEFORE_END_NS, FORWARD_PAYMENTS_MAX, NS_PER_S
from actors.stored_payments import StoredPayments
from actors.terminal_days import STORED_NOT_ASKED, TerminalDays
from actors.terminal_messages import CUT_SHORT, Forward, Forwarded, Settle
from engine.payment.terminal_day import TerminalDayAsked
from engine.terminal import Settlement, Verdict
from tests.actors.test_stored_payments import stored

LOST = NoAnswerError("terminal/1", "its node began anew before it answered")
AWAY = AbsentError("terminal/1", "no node has it")
Said = PostError | str


class Ending:
    """The books and a terminal that is to end its day; it says `said` to each question about what
    it took alone, and the last of them for ever."""

    def __init__(self, *said: Said, count: int = 1) -> None:
        self.said = list(said)
        self.payments = tuple(map(stored, range(count)))
        self.heard: list[str] = []
        self.settlement: dict[str, Any] = {}

    async def sleep(self, seconds: float) -> None:
        """As a world."""
        await trio.sleep(seconds)

    def monotonic_ns(self) -> int:
        """As a world."""
        return int(trio.current_time() * NS_PER_S)

    def new_id(self) -> str:
        """As a world."""
        return "c"

    async def ask(self, to: str, body: object, *, timeout_s: float) -> Any:
        """As a post."""
        await trio.lowlevel.checkpoint()
        match body:
            case ReadEndingDays():
                return (TerminalDayAsked("d", "terminal/1", "1", "max"),)
            case ReadStored():
                return self.payments
            case ReadPayments():
                return ()
            case Forward(payments):
                self.heard.append(f"forward {len(payments)}")
                said = self.said[0] if len(self.said) == 1 else self.said.pop(0)
                if isinstance(said, PostError):
                    raise said
                return Forwarded(said)
            case Settle():
                self.heard.append("settle")
                return Settlement(Verdict.APPROVED)
            case Submit(name="terminal.hear_day", data=data):
                self.settlement = data["settlement"]
                return Reply(ok=True)
        raise AssertionError(body)

    async def end(self) -> tuple[str, str, str]:
        """End the day; verdict, code and detail of what the books are told of it."""
        async with trio.open_nursery() as nursery:
            days = TerminalDays(StoredPayments("payments"))
            await days.look(nursery, self, self, met=True)  # type: ignore[arg-type]
        told = self.settlement
        return told["verdict"], told["code"], told["detail"]


@pytest.mark.parametrize("first", [LOST, AWAY, *CUT_SHORT], ids=str)
async def test_a_lost_question_is_asked_again_before_the_end(
    autojump_clock: trio.testing.MockClock, first: Said
) -> None:
    """Whatever kept the terminal from telling, it is asked once more and its day is ended after
    that: ended before, its totals would lack what the bank refused, as a difference for good."""
    ending = Ending(first, "ok")
    assert await ending.end() == ("approved", "ok", "")
    assert ending.heard == ["forward 1", "forward 1", "settle"]


@pytest.mark.parametrize("code", ["ok", "no_connection", "function_not_supported", "host_silent"])
async def test_what_a_terminal_cannot_tell_keeps_no_day_open(
    autojump_clock: trio.testing.MockClock, code: str
) -> None:
    """One whose bank is away, or that knows no such question, is asked it once."""
    ending = Ending(code)
    assert await ending.end() == ("approved", "ok", "")
    assert ending.heard == ["forward 1", "settle"]


@pytest.mark.parametrize(
    ("said", "why"), [(AWAY, "absent"), (LOST, "no_answer"), ("terminal_busy", "terminal_busy")]
)
async def test_a_day_that_cannot_be_asked_about_goes_on(
    autojump_clock: trio.testing.MockClock, said: Said, why: str
) -> None:
    """After a minute it is said that the day was not ended, and why; the terminal never heard that
    it should be."""
    ending, began_s = Ending(said), trio.current_time()
    assert await ending.end() == ("aborted", STORED_NOT_ASKED, why)
    assert "settle" not in ending.heard
    assert len(ending.heard) > 10, "a node that was lost is back within seconds"
    waited_s, most_s = trio.current_time() - began_s, ASK_BEFORE_END_NS / NS_PER_S
    assert most_s <= waited_s < most_s + 5


async def test_all_that_was_stored_is_asked_about_before_the_end(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Also where they are too many for one question."""
    ending = Ending("ok", count=2 * FORWARD_PAYMENTS_MAX + 7)
    assert await ending.end() == ("approved", "ok", "")
    full = f"forward {FORWARD_PAYMENTS_MAX}"
    assert ending.heard == [full, full, "forward 7", "settle"]


async def test_a_day_with_nothing_stored_is_ended_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """No question comes before it."""
    ending = Ending("ok", count=0)
    assert await ending.end() == ("approved", "ok", "")
    assert ending.heard == ["settle"]
