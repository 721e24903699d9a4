"""Bugs in cards taken without the bank and in terminals' days, planted as those of `planted.py`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

from actors import view_clearing_folds
from engine.payment import asking, hearing, outcome
from engine.payment import state as payment_state
from engine.payment.events import PaymentHeard, Problem
from engine.payment.state import MOVED, Payments
from engine.payment.terminal_day import TerminalDay, with_payment
from engine.terminal import UNDOING
from engine.views import payments as payments_shown
from hardware.terminal.zvt.codec import StatusInfo
from hardware.terminal.zvt.unclaimed import Unclaimed
from tests.simulation.planted import Bug
from tests.simulation.planted_money import Planted


def stored_is_no_risk() -> Planted:
    """Only what a terminal works on counts towards the ceilings."""

    def working(self: Payments) -> Any:
        return [one for one in self.open.values() if one.asked.offline_allowed]

    return mock.patch.object(Payments, "uncertain", working)


@contextlib.contextmanager
def taken_whatever_it_was() -> Iterator[None]:
    """A terminal that approves alone may, however much it took and takes."""
    with (
        mock.patch.object(asking, "may_be_offline", return_value=True),
        mock.patch.object(hearing, "may_count", return_value=True),
        mock.patch.object(outcome, "may_count", return_value=True),
    ):
        yield


def refused_and_not_shown() -> Planted:
    """What the bank refused afterwards is on no list that a person sees."""
    listed = payments_shown.listed

    def some(*args: Any) -> Any:
        return [one for one in listed(*args) if one.problem is not Problem.UPLOAD_DECLINED]

    return mock.patch.object(payments_shown, "listed", some)


def told_unasked_forgotten() -> Planted:
    """What a terminal tells of a stored card that it was not asked about is acknowledged, as if it
    had been kept."""

    keep = Unclaimed.keep

    def forgotten(self: Unclaimed, info: StatusInfo) -> bool:
        return keep(Unclaimed(), info)

    return mock.patch.object(Unclaimed, "keep", forgotten)


def day_without_what_went_back() -> Planted:
    """What a terminal took back is counted as taken."""

    def forgetful(day: Any, asked: Any, answer: Any, part: int) -> Any:
        return day if asked.kind in UNDOING else with_payment(day, asked, answer, part)

    return mock.patch.object(payment_state, "with_payment", forgetful)


def found_out_counts_today() -> Planted:
    """What was in doubt as its terminal ended the day counts on the day that it is found out on."""

    hear = payment_state._hear

    def counted(payments: Payments, event: PaymentHeard) -> None:
        before = payments.known(event.payment_id)
        hear(payments, event)
        if before is not None and before.is_day_over and event.standing in MOVED:
            asked, days = before.asked, payments.days
            today = days.get(asked.terminal, TerminalDay(asked.terminal))
            days[asked.terminal] = with_payment(today, asked, event.answer, before.day_part)

    return mock.patch.object(payment_state, "_hear", counted)


def found_out_explains_nothing() -> Planted:
    """A difference stays though the payment that made it is known."""
    return mock.patch.object(view_clearing_folds, "count_late")


STORED_BUGS: dict[str, Bug] = {
    "stored_is_no_risk": Bug(
        stored_is_no_risk,
        ("C4_within_every_ceiling", "C5_what_is_at_risk_is_shown"),
        sales=40,
    ),
    "taken_whatever_it_was": Bug(taken_whatever_it_was, ("C4_within_every_ceiling",), sales=40),
    "refused_and_not_shown": Bug(
        refused_and_not_shown, ("C6_a_late_refusal_is_before_a_person",), sales=60
    ),
    "told_unasked_forgotten": Bug(
        told_unasked_forgotten,
        ("L1_everything_drains",),
        ("bank_away", "terminal_unplugged", "terminal_reboots", "devices_kill", "store_kill"),
        sales=60,
        seed=55,
    ),
    "day_without_what_went_back": Bug(
        day_without_what_went_back, ("C8_a_terminals_day_is_the_journals",), sales=60
    ),
    "found_out_counts_today": Bug(
        found_out_counts_today,
        ("C8_a_terminals_day_is_the_journals",),
        ("devices_kill", "link_cut", "store_kill", "terminal_slow"),
        sales=60,
        seed=46,
    ),
    "found_out_explains_nothing": Bug(
        found_out_explains_nothing,
        ("C8_a_terminals_day_is_the_journals",),
        sales=100,
        seed=206,
        is_drawn=True,
    ),
}
