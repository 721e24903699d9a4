"""Asking a terminal to end its day, and taking what it told. No Z waits for it."""

from __future__ import annotations

from typing import assert_never

from attrs import frozen

from engine.decision import COMMANDS, Decision, Fact, refuse
from engine.payment.context import PaymentContext
from engine.payment.refusal import Refusal as PaymentRefusal
from engine.payment.terminal_day import TerminalDay, TerminalDayAsked, heard
from engine.terminal import Settlement, Verdict

# ----------------------------------------------------------------------------------- Commands


@COMMANDS.name("terminal.end_day")
@frozen
class EndTerminalDay:
    """Ask a terminal, by its address, to end its day; empty takes the register's own."""

    terminal: str = ""


@COMMANDS.name("terminal.hear_day")
@frozen
class HearTerminalDay:
    """What became of it."""

    terminal: str
    day_id: str
    settlement: Settlement


TerminalDayCommand = EndTerminalDay | HearTerminalDay


class Refusal:
    """In precedence order, with those of payments between."""

    TERMINAL_DAY_MUST_HAVE_ENDED = "terminal_day_must_have_ended"
    TERMINAL_DAY_MUST_BE_ASKED = "terminal_day_must_be_asked"


# ------------------------------------------------------------------------------------- Decide


def stream_of(day_id: str) -> str:
    """The stream of one end of day."""
    return f"terminal_day/{day_id}"


def decide(body: TerminalDayCommand, context: PaymentContext) -> Decision:
    """Decide an end of day.

    Refuses:
        order_must_be_live (a register that practises ends no real day), terminal_must_be_set_up,
        terminal_day_must_have_ended, terminal_must_be_free;
        what was heard: terminal_day_must_be_asked.
    """
    match body:
        case EndTerminalDay():
            return _end(body, context)
        case HearTerminalDay():
            return _hear(body, context)
        case _:
            assert_never(body)


def _end(body: EndTerminalDay, context: PaymentContext) -> Decision:
    around = context.around
    if around.training:
        return refuse(PaymentRefusal.ORDER_MUST_BE_LIVE)
    registers = around.settings.registers
    own = registers.get(around.register)
    terminal = body.terminal or ("" if own is None else own.terminal)
    if not terminal or all(setup.terminal != terminal for setup in registers.values()):
        return refuse(PaymentRefusal.TERMINAL_MUST_BE_SET_UP, register=around.register)
    day = context.payments.days.get(terminal)
    if day is not None and day.asked is not None:
        return refuse(Refusal.TERMINAL_DAY_MUST_HAVE_ENDED, terminal=terminal)
    other = context.payments.at_terminal(terminal)
    if other is not None:
        asked = other.asked
        return refuse(
            PaymentRefusal.TERMINAL_MUST_BE_FREE,
            payment_id=asked.payment_id,
            order_id=asked.order_id,
        )
    day_id = around.command_id
    event = TerminalDayAsked(day_id, terminal, around.register, around.operator)
    return _answered(day_id, terminal, Verdict.UNKNOWN, 0, Fact(stream_of(day_id), event))


def _hear(body: HearTerminalDay, context: PaymentContext) -> Decision:
    day = context.payments.days.get(body.terminal, TerminalDay(body.terminal))
    if day.asked is None or day.asked.day_id != body.day_id:
        return refuse(Refusal.TERMINAL_DAY_MUST_BE_ASKED, terminal=body.terminal)
    event = heard(day, body.settlement)
    fact = Fact(stream_of(body.day_id), event)
    return _answered(body.day_id, body.terminal, event.verdict, len(event.differences), fact)


def _answered(
    day_id: str, terminal: str, verdict: Verdict, differences: int, *facts: Fact
) -> Decision:
    answer = {
        "day_id": day_id,
        "terminal": terminal,
        "verdict": verdict.value,
        "differences": differences,
    }
    return Decision(facts, answer)
