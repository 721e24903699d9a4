"""A register: its current order, its receipt numbers, its running totals, its day closings.

X and Z are running totals, not queries: closing a day with a hundred thousand sales copies one
small object.
"""

from __future__ import annotations

from typing import assert_never

import attrs
from attrs import frozen

from engine.altered import altered
from engine.charge.model import ChargeKind
from engine.decision import COMMANDS, EVENTS, Command, Decision, Fact, refuse
from engine.foreign import ForeignTotal, with_total
from engine.order.events import (
    OrderCompleted,
    OrderOpened,
    OrderResumed,
    OrderSuspended,
    OrderVoided,
)
from engine.order.figures import Figures, TaxFigures, foreign_taken
from engine.promotion.model import taken_by
from engine.stamp import Stamp
from engine.till import NoSale, PaidIn, PaidOut, TillClosed

# -------------------------------------------------------------------------------------- State


@frozen
class PromotionTotal:
    """What one promotion took off `sales` sales, of which the vendor pays `vendor_minor`. What of
    it came back with goods that did is apart from that, as a positive amount; so are the points it
    cost members."""

    promotion: str
    name: str
    sales: int
    amount_minor: int
    vendor_minor: int
    returned_minor: int = 0
    vendor_returned_minor: int = 0
    points: int = 0
    points_returned: int = 0


@frozen
class ChargeTotal:
    """What one charge came to in how many sales, in minor units, as it was priced. A gratuity is
    the staff's: it is no customer's own tip."""

    charge: str
    name: str
    kind: ChargeKind
    sales: int
    amount_minor: int


@frozen
class Totals:
    """What happened since the last Z, in minor units; returns count as positive amounts.

    gross = what sale lines came to, returned = what return lines gave back,
    gross - returned = total; tenders sum to total + rounding. `promotion_minor` is the part of
    `discount_minor` that promotions took off, `promotions` the same one by one. What was given away
    is apart from discounts: `comps` lines, at the price they had and at what they cost the shop.
    `tips` are by operator, and part of nothing else here. `foreign` is the part of the tenders that
    was notes of other currencies, each in its own and in the store's.
    """

    sales: int = 0
    gross_minor: int = 0
    returned_minor: int = 0
    discount_minor: int = 0
    total_minor: int = 0
    tax_minor: int = 0
    taxes: tuple[TaxFigures, ...] = ()
    tenders: dict[str, int] = attrs.field(factory=dict)
    rounding_minor: int = 0
    open_price_minor: int = 0
    voided_orders: int = 0
    voided_lines: int = 0
    voided_minor: int = 0
    no_sales: int = 0
    paid_in_minor: int = 0
    paid_out_minor: int = 0
    over_short_minor: int = 0
    receipt_first: int = 0
    receipt_last: int = 0
    since_ns: int = 0
    promotion_minor: int = 0
    promotions: tuple[PromotionTotal, ...] = ()
    comps: int = 0
    comp_minor: int = 0
    comp_cost_minor: int = 0
    charges: tuple[ChargeTotal, ...] = ()
    tips: dict[str, int] = attrs.field(factory=dict)
    foreign: tuple[ForeignTotal, ...] = ()


@EVENTS.name("register.day_closed/1")
@frozen
class DayClosed:
    """A Z: numbered from 1 per register, once, immutable. `grand_total_minor` never resets.

    What belongs to it is what this register did since its last Z, in the order of the journal.
    `business_date` is that of the sales in it, the latest where a Z was skipped.
    """

    register: str
    z_number: int
    operator: str
    business_date: str
    totals: Totals
    grand_total_minor: int


@EVENTS.name("register.training_started/1")
@frozen
class TrainingStarted:
    """From here on this register's commands are practice."""

    register: str
    operator: str


@EVENTS.name("register.training_ended/1")
@frozen
class TrainingEnded:
    """From here on it is serious again."""

    register: str
    operator: str


RegisterEvent = DayClosed | TrainingStarted | TrainingEnded
OrderFact = OrderOpened | OrderResumed | OrderSuspended | OrderVoided | OrderCompleted
TillFact = NoSale | PaidIn | PaidOut | TillClosed


@frozen
class Position:
    """One side (live or training) of a register. `next_receipt` counts from 1, without gaps.

    `business_date` is the latest one of a sale since the last Z, "" where there was none.
    """

    current_order: str = ""
    next_receipt: int = 1
    z_number: int = 0
    totals: Totals = Totals()
    grand_total_minor: int = 0
    business_date: str = ""


def follow_order(position: Position, event: OrderFact, stamp: Stamp) -> Position:
    """The position after an order's event at this register."""
    match event:
        case OrderOpened() | OrderResumed():
            return altered(position, current_order=event.order_id)
        case OrderSuspended():
            return altered(position, current_order="")
        case OrderVoided():
            totals = altered(
                position.totals,
                voided_orders=position.totals.voided_orders + 1,
                voided_minor=position.totals.voided_minor + event.total_minor,
            )
            return altered(position, current_order="", totals=_since(totals, stamp.now_ns))
        case OrderCompleted():
            assert event.receipt_sequence == position.next_receipt, "receipt numbers have no gaps"
            return altered(
                position,
                current_order="",
                next_receipt=event.receipt_sequence + 1,
                totals=_since(_with_sale(position.totals, event), stamp.now_ns),
                grand_total_minor=position.grand_total_minor + event.figures.total_minor,
                business_date=max(position.business_date, stamp.business_date),
            )
        case _:
            assert_never(event)


def follow_till(position: Position, event: TillFact, *, now_ns: int) -> Position:
    """The position after a till's event at this register."""
    before = position.totals
    match event:
        case NoSale():
            totals = altered(before, no_sales=before.no_sales + 1)
        case PaidIn():
            totals = altered(before, paid_in_minor=before.paid_in_minor + event.amount_minor)
        case PaidOut():
            totals = altered(before, paid_out_minor=before.paid_out_minor + event.amount_minor)
        case TillClosed():
            foreign = [
                ForeignTotal(row.currency, 0, 0, row.difference_minor) for row in event.foreign
            ]
            totals = altered(
                before,
                over_short_minor=before.over_short_minor + event.difference_minor,
                foreign=with_total(before.foreign, foreign),
            )
        case _:
            assert_never(event)
    return altered(position, totals=_since(totals, now_ns))


def _since(totals: Totals, now_ns: int) -> Totals:
    return totals if totals.since_ns else altered(totals, since_ns=now_ns)


def _with_sale(totals: Totals, event: OrderCompleted) -> Totals:
    figures = event.figures
    tenders = dict(totals.tenders)
    for tender in event.tenders:
        tenders[tender.kind] = tenders.get(tender.kind, 0) + tender.amount_minor
    if event.change_minor:
        tenders["cash"] = tenders.get("cash", 0) - event.change_minor
    comped = [row for row in figures.lines if row.comp_minor]
    return altered(
        totals,
        sales=totals.sales + 1,
        gross_minor=totals.gross_minor + figures.total_minor - event.returned_minor,
        returned_minor=totals.returned_minor - event.returned_minor,
        discount_minor=totals.discount_minor - figures.discount_minor,
        total_minor=totals.total_minor + figures.total_minor,
        tax_minor=totals.tax_minor + figures.tax_minor,
        taxes=_with_taxes(totals.taxes, figures.taxes),
        tenders=tenders,
        rounding_minor=totals.rounding_minor + event.rounding_minor,
        open_price_minor=totals.open_price_minor + event.open_price_minor,
        voided_lines=totals.voided_lines + event.voided_lines,
        receipt_first=totals.receipt_first or event.receipt_sequence,
        receipt_last=event.receipt_sequence,
        promotion_minor=totals.promotion_minor - figures.promotion_minor,
        promotions=_with_promotions(totals.promotions, figures),
        comps=totals.comps + len(comped),
        comp_minor=totals.comp_minor - figures.comp_minor,
        comp_cost_minor=totals.comp_cost_minor + sum(row.cost_minor for row in comped),
        charges=_with_charges(totals.charges, figures),
        tips=_with_tips(totals.tips, event),
        foreign=with_total(totals.foreign, foreign_taken(event.tenders)),
    )


def _with_taxes(
    before: tuple[TaxFigures, ...], more: tuple[TaxFigures, ...]
) -> tuple[TaxFigures, ...]:
    """The taxes with those of one sale more, in the order of their keys, as `before` is."""
    rows = list(before)
    for row in map(_of_nobody, more):
        for index, old in enumerate(rows):
            # A day has few taxes, and nearly all of its sales have none but these.
            if old.tax_class == row.tax_class and old.key() == row.key():
                rows[index] = old.plus(row)
                break
        else:
            rows.append(row)
    if len(rows) > len(before):
        rows.sort(key=TaxFigures.key)
    return tuple(rows)


def _with_tips(tips: dict[str, int], event: OrderCompleted) -> dict[str, int]:
    """Tips by who served: they are neither sales nor tax, and belong to nobody's tender."""
    given = sum(tender.card.tip_minor for tender in event.tenders if tender.card is not None)
    if not given:
        return tips
    return {**tips, event.operator: tips.get(event.operator, 0) + given}


def _of_nobody(row: TaxFigures) -> TaxFigures:
    """A tax without the certificate that took it off: a day has one row for all of them."""
    if row.rule is None or not row.rule.certificate:
        return row
    return altered(row, rule=altered(row.rule, certificate=""))


def _with_promotions(
    before: tuple[PromotionTotal, ...], figures: Figures
) -> tuple[PromotionTotal, ...]:
    """The promotions with those of one sale more, and what came back; a name is the latest."""
    if not figures.promotion_minor and not figures.promotions_back:
        return before
    rows = {row.promotion: row for row in before}
    taken = taken_by(entry for line in figures.lines for entry in line.promotions)
    for share in taken:
        row = rows.get(share.promotion, PromotionTotal(share.promotion, "", 0, 0, 0))
        rows[share.promotion] = altered(
            row,
            name=share.name,
            sales=row.sales + 1,
            amount_minor=row.amount_minor + share.amount_minor,
            vendor_minor=row.vendor_minor + share.vendor_minor,
            points=row.points + share.points,
        )
    for share in figures.promotions_back:
        row = rows.get(share.promotion, PromotionTotal(share.promotion, share.name, 0, 0, 0))
        rows[share.promotion] = altered(
            row,
            returned_minor=row.returned_minor + share.amount_minor,
            vendor_returned_minor=row.vendor_returned_minor + share.vendor_minor,
            points_returned=row.points_returned + share.points,
        )
    return tuple(rows[key] for key in sorted(rows))


def _with_charges(before: tuple[ChargeTotal, ...], figures: Figures) -> tuple[ChargeTotal, ...]:
    """The charges with those of one sale more, by id; a name is the latest."""
    if not figures.charges:
        return before
    rows = {row.charge: row for row in before}
    for entry in figures.charges:
        old = rows.get(entry.charge)
        sales, amount = (0, 0) if old is None else (old.sales, old.amount_minor)
        rows[entry.charge] = ChargeTotal(
            entry.charge, entry.name, entry.kind, sales + 1, amount + entry.amount_minor
        )
    return tuple(rows[key] for key in sorted(rows))


def close_position(position: Position, event: DayClosed) -> Position:
    """The position after its Z: totals start anew, numbers go on."""
    return altered(position, z_number=event.z_number, totals=Totals(), business_date="")


# ----------------------------------------------------------------------------------- Commands


@COMMANDS.name("register.close_day")
@frozen
class CloseDay:
    """Make the Z of this register."""


@COMMANDS.name("register.start_training")
@frozen
class StartTraining:
    """Practise here from now on."""


@COMMANDS.name("register.end_training")
@frozen
class EndTraining:
    """Stop practising."""


RegisterCommand = CloseDay | StartTraining | EndTraining


class Refusal:
    """In precedence order; the first is checked for every command."""

    REGISTER_MUST_EXIST = "register_must_exist"
    ORDER_MUST_NOT_BE_OPEN = "order_must_not_be_open"
    TILL_MUST_NOT_BE_OPEN = "till_must_not_be_open"
    DAY_MUST_HAVE_BUSINESS = "day_must_have_business"
    TRAINING_MUST_NOT_BE_ON = "training_must_not_be_on"
    TRAINING_MUST_BE_ON = "training_must_be_on"


# ------------------------------------------------------------------------------------- Decide


def stream_of(register: str) -> str:
    """The stream of a register's own facts."""
    return f"register/{register}"


def decide(
    position: Position, command: Command, body: RegisterCommand, *, till_open: bool, training: bool
) -> Decision:
    """Decide about the register itself.

    Refuses:
        As `Refusal` lists, in that order.
    """
    stream = stream_of(command.register)
    if position.current_order:
        return refuse(Refusal.ORDER_MUST_NOT_BE_OPEN, order_id=position.current_order)
    match body:
        case CloseDay():
            return _close_day(position, command, till_open=till_open, training=training)
        case StartTraining():
            if training:
                return refuse(Refusal.TRAINING_MUST_NOT_BE_ON)
            event = TrainingStarted(command.register, command.operator)
            return Decision((Fact(stream, event),), {"training": True})
        case EndTraining():
            if not training:
                return refuse(Refusal.TRAINING_MUST_BE_ON)
            ended = TrainingEnded(command.register, command.operator)
            return Decision((Fact(stream, ended),), {"training": False})
        case _:
            assert_never(body)


def _close_day(
    position: Position, command: Command, *, till_open: bool, training: bool
) -> Decision:
    if till_open:
        return refuse(Refusal.TILL_MUST_NOT_BE_OPEN)
    if position.totals == Totals():
        return refuse(Refusal.DAY_MUST_HAVE_BUSINESS, z_number=position.z_number)
    # A Z forgotten in the evening and made in the morning is of the evening's business, or the new
    # day's sales would follow a Z of their own date. A clock that ran ahead for a while dates none.
    today = command.stamp.business_date
    event = DayClosed(
        command.register,
        position.z_number + 1,
        command.operator,
        min(position.business_date or today, today),
        position.totals,
        position.grand_total_minor,
    )
    fact = Fact(stream_of(command.register), event, training)
    answer = {"z_number": event.z_number, "total_minor": position.totals.total_minor}
    return Decision((fact,), answer)
