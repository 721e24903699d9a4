"""The till: an insert of money with an owner, counted blind, closed once.

expected = float + cash sales - cash refunds + paid in - paid out, at every moment. Notes of other
currencies lie apart: of each as many are expected as were taken, and each is counted by itself.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import assert_never

import attrs
from attrs import frozen

from engine import limits
from engine.altered import altered
from engine.decision import COMMANDS, EVENTS, Command, Decision, Fact, refuse
from engine.foreign import ForeignTotal, with_total
from engine.order.events import (
    OrderCompleted,
)
from engine.order.figures import foreign_taken

# ------------------------------------------------------------------------------------- Events


@frozen
class Denomination:
    """How many of one coin or note; `value_minor` each."""

    value_minor: int
    count: int


@frozen
class ForeignCount:
    """The notes of one other currency, in its own minor units."""

    currency: str
    denominations: tuple[Denomination, ...]


@frozen
class ForeignDifference:
    """What was counted of one other currency against what was taken, in its own minor units."""

    currency: str
    expected_minor: int
    counted_minor: int
    difference_minor: int


@EVENTS.name("till.opened/1")
@frozen
class TillOpened:
    """A till session began with its float. Sessions count from 1 per register."""

    register: str
    session: int
    operator: str
    float_minor: int
    denominations: tuple[Denomination, ...]


@EVENTS.name("till.paid_in/1")
@frozen
class PaidIn:
    """Money put in that is no sale."""

    register: str
    session: int
    operator: str
    approver: str
    amount_minor: int
    reason: str


@EVENTS.name("till.paid_out/1")
@frozen
class PaidOut:
    """Money taken out that is no refund."""

    register: str
    session: int
    operator: str
    approver: str
    amount_minor: int
    reason: str


@EVENTS.name("till.no_sale/1")
@frozen
class NoSale:
    """The drawer was opened without a sale: who, why; when is the stamp."""

    register: str
    session: int
    operator: str
    approver: str
    reason: str


@EVENTS.name("till.counted/1")
@frozen
class TillCounted:
    """The count is locked; only now may the expected amount be shown."""

    register: str
    session: int
    operator: str
    denominations: tuple[Denomination, ...]
    counted_minor: int
    foreign: tuple[ForeignCount, ...] = ()


@EVENTS.name("till.closed/1")
@frozen
class TillClosed:
    """The session ended; the difference (counted - expected) is posted once.

    Change for notes of another currency lessens `cash_sales_minor`; the notes are in `foreign`.
    """

    register: str
    session: int
    operator: str
    float_minor: int
    cash_sales_minor: int
    cash_refunds_minor: int
    paid_in_minor: int
    paid_out_minor: int
    expected_minor: int
    counted_minor: int
    difference_minor: int
    no_sales: int
    foreign: tuple[ForeignDifference, ...] = ()


TillEvent = TillOpened | PaidIn | PaidOut | NoSale | TillCounted | TillClosed

# -------------------------------------------------------------------------------------- State


@frozen
class Till:
    """The till of one register. `session` is the last one; `is_open` says whether it runs.

    `foreign` is what was taken of other currencies, `foreign_counts` what was counted of them.
    """

    session: int = 0
    is_open: bool = False
    opened_by: str = ""
    opened_ns: int = 0
    float_minor: int = 0
    cash_sales_minor: int = 0
    cash_refunds_minor: int = 0
    paid_in_minor: int = 0
    paid_out_minor: int = 0
    no_sales: int = 0
    counted_minor: int | None = None
    denominations: tuple[Denomination, ...] = ()
    foreign: tuple[ForeignTotal, ...] = ()
    foreign_counts: tuple[ForeignCount, ...] = ()

    def expected_minor(self) -> int:
        """What the drawer should hold now."""
        return (
            self.float_minor
            + self.cash_sales_minor
            - self.cash_refunds_minor
            + self.paid_in_minor
            - self.paid_out_minor
        )

    def differences(self) -> tuple[ForeignDifference, ...]:
        """Every other currency that was taken or counted, by currency; what was not counted is
        missing."""
        expected = {row.currency: row.amount_minor for row in self.foreign}
        counted = {row.currency: _value(row.denominations) for row in self.foreign_counts}
        return tuple(
            ForeignDifference(name, taken, found, found - taken)
            for name in sorted(expected | counted)
            for taken, found in [(expected.get(name, 0), counted.get(name, 0))]
        )

    def awaits_count(self) -> bool:
        """Whether a count is still to come that must not be led by what is expected."""
        return self.is_open and self.counted_minor is None

    def selling_session(self) -> int:
        """The session cash may go into: 0 while closed or once counted."""
        return self.session if self.awaits_count() else 0


def evolve(till: Till, event: TillEvent | OrderCompleted, *, now_ns: int) -> Till:
    """The till after `event`; a completed order brings its cash."""
    match event:
        case TillOpened():
            return Till(
                event.session,
                is_open=True,
                opened_by=event.operator,
                opened_ns=now_ns,
                float_minor=event.float_minor,
                denominations=event.denominations,
            )
        case PaidIn():
            return altered(till, paid_in_minor=till.paid_in_minor + event.amount_minor)
        case PaidOut():
            return altered(till, paid_out_minor=till.paid_out_minor + event.amount_minor)
        case NoSale():
            return altered(till, no_sales=till.no_sales + 1)
        case TillCounted():
            return altered(
                till,
                counted_minor=event.counted_minor,
                denominations=event.denominations,
                foreign_counts=event.foreign,
            )
        case TillClosed():
            return altered(till, is_open=False)
        case OrderCompleted():
            taken = foreign_taken(event.tenders)
            if event.cash_minor >= 0 or taken:
                return altered(
                    till,
                    cash_sales_minor=till.cash_sales_minor + event.cash_minor,
                    foreign=with_total(till.foreign, taken),
                )
            return altered(till, cash_refunds_minor=till.cash_refunds_minor - event.cash_minor)
        case _:
            assert_never(event)


# ----------------------------------------------------------------------------------- Commands


@COMMANDS.name("till.open")
@frozen
class OpenTill:
    """Open with a float counted by denomination; the float is their sum."""

    denominations: tuple[Denomination, ...]


@COMMANDS.name("till.pay_in")
@frozen
class PayIn:
    """Put money in, with the reason."""

    amount_minor: int
    reason: str


@COMMANDS.name("till.pay_out")
@frozen
class PayOut:
    """Take money out, with the reason."""

    amount_minor: int
    reason: str


@COMMANDS.name("till.no_sale")
@frozen
class OpenDrawer:
    """Open the drawer without a sale, with the reason."""

    reason: str


@COMMANDS.name("till.count")
@frozen
class CountTill:
    """Lock the count by denomination; blind until then. What is left out of it was not there."""

    denominations: tuple[Denomination, ...]
    foreign: tuple[ForeignCount, ...] = ()


@COMMANDS.name("till.close")
@frozen
class CloseTill:
    """End the session after the count."""


TillCommand = OpenTill | PayIn | PayOut | OpenDrawer | CountTill | CloseTill


class Refusal:
    """In precedence order."""

    TILL_MUST_NOT_BE_OPEN = "till_must_not_be_open"
    TILL_MUST_BE_OPEN = "till_must_be_open"
    TILL_MUST_NOT_BE_COUNTED = "till_must_not_be_counted"
    TILL_MUST_BE_COUNTED = "till_must_be_counted"
    ORDER_MUST_NOT_BE_TENDERING = "order_must_not_be_tendering"
    DENOMINATIONS_MUST_BE_VALID = "denominations_must_be_valid"
    CURRENCIES_MUST_BE_DISTINCT = "currencies_must_be_distinct"
    CURRENCY_MUST_BE_TAKEN = "currency_must_be_taken"
    AMOUNT_MUST_BE_POSITIVE = "amount_must_be_positive"
    AMOUNT_MUST_BE_WITHIN_LIMIT = "amount_must_be_within_limit"
    AMOUNT_MUST_BE_IN_TILL = "amount_must_be_in_till"
    REASON_MUST_BE_GIVEN = "reason_must_be_given"


# ------------------------------------------------------------------------------------- Decide


def stream_of(register: str) -> str:
    """The stream of a register's till."""
    return f"till/{register}"


def decide(
    till: Till,
    command: Command,
    body: TillCommand,
    *,
    approver: str,
    training: bool,
    tendering: bool,
    currencies: Collection[str] = (),
) -> Decision:
    """Decide about the till of `command.register`; `tendering` says its order is being paid, and
    `currencies` are those whose notes are taken.

    Refuses:
        As `Refusal` lists, in that order.
    """
    by = (command.register, till.session, command.operator)

    def done(event: TillEvent, **answer: object) -> Decision:
        return Decision((Fact(stream_of(command.register), event, training),), answer)

    if isinstance(body, OpenTill):
        if till.is_open:
            return refuse(Refusal.TILL_MUST_NOT_BE_OPEN, session=till.session)
        float_minor = _sum(body.denominations)
        if float_minor is None:
            return refuse(Refusal.DENOMINATIONS_MUST_BE_VALID)
        session = till.session + 1
        opened = TillOpened(
            command.register, session, command.operator, float_minor, body.denominations
        )
        return done(opened, session=session, float_minor=float_minor)
    if not till.is_open:
        return refuse(Refusal.TILL_MUST_BE_OPEN, register=command.register)
    if isinstance(body, CloseTill):
        return _close(till, command, training)
    if till.counted_minor is not None:
        return refuse(Refusal.TILL_MUST_NOT_BE_COUNTED, session=till.session)
    match body:
        case PayIn() | PayOut():
            refused = _check_amount(till, body)
            if refused is not None:
                return refused
            kind = PaidIn if isinstance(body, PayIn) else PaidOut
            return done(kind(*by, approver, body.amount_minor, body.reason.strip()))
        case OpenDrawer():
            if not 1 <= len(body.reason.strip()) <= limits.REASON_LENGTH_MAX:
                return refuse(Refusal.REASON_MUST_BE_GIVEN)
            return done(NoSale(*by, approver, body.reason.strip()))
        case CountTill():
            if tendering:
                return refuse(Refusal.ORDER_MUST_NOT_BE_TENDERING)
            return _count(till, command, body, currencies, training)
        case _:
            assert_never(body)


def _count(
    till: Till, command: Command, body: CountTill, currencies: Collection[str], training: bool
) -> Decision:
    sums = [_sum(body.denominations), *(_sum(entry.denominations) for entry in body.foreign)]
    counted = sums[0]
    if counted is None or None in sums:
        return refuse(Refusal.DENOMINATIONS_MUST_BE_VALID)
    if len({entry.currency for entry in body.foreign}) != len(body.foreign):
        return refuse(Refusal.CURRENCIES_MUST_BE_DISTINCT)
    known = {*currencies, *(row.currency for row in till.foreign)}
    for entry in body.foreign:
        if entry.currency not in known:
            return refuse(Refusal.CURRENCY_MUST_BE_TAKEN, currency=entry.currency[:3])
    event = TillCounted(
        command.register,
        till.session,
        command.operator,
        body.denominations,
        counted,
        tuple(sorted(body.foreign, key=lambda entry: entry.currency)),
    )
    after = altered(till, foreign_counts=event.foreign)
    answer: dict[str, object] = {
        "counted_minor": counted,
        "expected_minor": till.expected_minor(),
        "difference_minor": counted - till.expected_minor(),
        "foreign": _told(after.differences()),
    }
    return Decision((Fact(stream_of(command.register), event, training),), answer)


def _told(rows: tuple[ForeignDifference, ...]) -> list[dict[str, object]]:
    return [attrs.asdict(row) for row in rows]


def _value(denominations: tuple[Denomination, ...]) -> int:
    return sum(entry.value_minor * entry.count for entry in denominations)


def _sum(denominations: tuple[Denomination, ...]) -> int | None:
    """What the count comes to, or None where an entry is absurd or stands twice."""
    values = {entry.value_minor for entry in denominations}
    if len(values) != len(denominations) or len(values) > limits.DENOMINATIONS_MAX:
        return None
    if any(entry.value_minor <= 0 or not 0 <= entry.count < 1_000_000 for entry in denominations):
        return None
    total = _value(denominations)
    return total if total <= limits.AMOUNT_MINOR_MAX else None


def _check_amount(till: Till, body: PayIn | PayOut) -> Decision | None:
    if body.amount_minor <= 0:
        return refuse(Refusal.AMOUNT_MUST_BE_POSITIVE)
    if body.amount_minor > limits.AMOUNT_MINOR_MAX:
        return refuse(Refusal.AMOUNT_MUST_BE_WITHIN_LIMIT, maximum_minor=limits.AMOUNT_MINOR_MAX)
    # The figure is not given: it would tell a cashier the expected amount before the count.
    if isinstance(body, PayOut) and body.amount_minor > till.expected_minor():
        return refuse(Refusal.AMOUNT_MUST_BE_IN_TILL)
    if not 1 <= len(body.reason.strip()) <= limits.REASON_LENGTH_MAX:
        return refuse(Refusal.REASON_MUST_BE_GIVEN)
    return None


def _close(till: Till, command: Command, training: bool) -> Decision:
    if till.counted_minor is None:
        return refuse(Refusal.TILL_MUST_BE_COUNTED, session=till.session)
    expected = till.expected_minor()
    event = TillClosed(
        command.register,
        till.session,
        command.operator,
        till.float_minor,
        till.cash_sales_minor,
        till.cash_refunds_minor,
        till.paid_in_minor,
        till.paid_out_minor,
        expected,
        till.counted_minor,
        till.counted_minor - expected,
        till.no_sales,
        till.differences(),
    )
    answer = {
        "session": till.session,
        "expected_minor": expected,
        "counted_minor": till.counted_minor,
        "difference_minor": till.counted_minor - expected,
        "foreign": _told(event.foreign),
    }
    return Decision((Fact(stream_of(command.register), event, training),), answer)
