"""Bugs in what coins can pay and in which day is closed, planted as those of `planted.py`."""

from __future__ import annotations

import contextlib
from typing import Any, cast
from unittest import mock

import attrs

from engine import receipt, register
from engine.order import coins_back, due
from engine.order.events import OrderCompleted
from tests.simulation.planted import Bug

Planted = contextlib.AbstractContextManager[Any]
PAPER, DUE = cast(Any, receipt), cast(Any, due)


def coins_always_up() -> Planted:
    """The shop keeps what a sale is over the last coin, however little it is."""
    return mock.patch.object(
        coins_back, "cash_round", lambda minor, step, _: -(-minor // step) * step
    )


def exact_cash_rounded_too() -> Planted:
    """Who counts out the exact amount is told that coins had added to it."""
    due_of = DUE.due_of

    def rounded(order: Any, figures: Any, rules: Any) -> Any:
        found = due_of(order, figures, rules)
        return attrs.evolve(found, rounding_minor=found.in_cash_minor - found.left_minor)

    return mock.patch("engine.order.tendering.due_of", rounded)


def rounding_in_no_day() -> Planted:
    """A Z says nothing of what coins added."""
    with_sale = register._with_sale

    def silent(totals: Any, event: Any) -> Any:
        return attrs.evolve(with_sale(totals, event), rounding_minor=totals.rounding_minor)

    return mock.patch.object(register, "_with_sale", silent)


def rounding_not_printed() -> Planted:
    """A receipt does not say why cash came to something else."""
    blocks = PAPER._total_blocks

    def silent(order: Any, *rest: Any) -> Any:
        completion = attrs.evolve(order.completion, rounding_minor=0)
        return blocks(attrs.evolve(order, completion=completion), *rest)

    return mock.patch.object(receipt, "_total_blocks", silent)


def day_of_its_first_sale() -> Planted:
    """A Z that was forgotten for a night has the evening's day, though the morning is in it."""
    follow_order = register.follow_order

    def early(position: Any, event: Any, stamp: Any) -> Any:
        after = follow_order(position, event, stamp)
        day = position.business_date or after.business_date
        return attrs.evolve(after, business_date=day)

    return mock.patch.object(register, "follow_order", early)


def day_in_the_order_of_the_clock() -> Planted:
    """A sale after the clock was set back comes before the others of its day."""
    follow_order = register.follow_order
    latest: dict[str, int] = {}

    def ordered(position: Any, event: Any, stamp: Any) -> Any:
        after = follow_order(position, event, stamp)
        if not isinstance(event, OrderCompleted):
            return after
        last = position.totals.receipt_last
        if last and stamp.now_ns < latest.get(event.register, 0):
            after = attrs.evolve(after, totals=attrs.evolve(after.totals, receipt_last=last))
        latest[event.register] = max(stamp.now_ns, latest.get(event.register, 0))
        return after

    return mock.patch.object(register, "follow_order", ordered)


CASH_BUGS: dict[str, Bug] = {
    # The answer to the cash is out before the sale is complete.
    "coins_always_up": Bug(
        coins_always_up,
        ("D2_cash_is_what_coins_can_pay", "S9_answers_say_what_is_so"),
        sales=60,
    ),
    "exact_cash_rounded_too": Bug(
        exact_cash_rounded_too,
        ("D2_cash_is_what_coins_can_pay", "S9_answers_say_what_is_so"),
        sales=60,
    ),
    "rounding_in_no_day": Bug(rounding_in_no_day, ("D2_cash_is_what_coins_can_pay",), sales=60),
    "rounding_not_printed": Bug(rounding_not_printed, ("P2_paper_says_what_was_sold",), sales=60),
    "day_of_its_first_sale": Bug(
        day_of_its_first_sale,
        ("J4_a_day_is_what_stands_before_its_close",),
        ("clock_jumps",),
        sales=60,
        seed=5,
    ),
    "day_in_the_order_of_the_clock": Bug(
        day_in_the_order_of_the_clock,
        ("J4_a_day_is_what_stands_before_its_close",),
        ("clock_jumps",),
        sales=60,
    ),
}
