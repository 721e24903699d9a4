"""Decisions about orders: ringing up. Tendering and returns have files of their own."""

from __future__ import annotations

from typing import assert_never

from engine import limits
from engine.altered import altered
from engine.decision import Decision, Fact, refuse
from engine.order.charging import tell_guests, waive_charge
from engine.order.choices import (
    choose_channel,
    choose_customer_group,
    choose_promotion,
    choose_reward,
    comp_line,
    comp_order,
)
from engine.order.commands import (
    AddLine,
    AddNote,
    AddOpenLine,
    AddReturnLine,
    AddReturnWithoutReceipt,
    ChangeQuantity,
    ChooseChannel,
    ChooseCustomerGroup,
    ChooseDining,
    ChoosePromotion,
    ChooseReward,
    ChooseTender,
    CompleteOrder,
    CompLine,
    CompOrder,
    DiscountLine,
    DiscountOrder,
    ExemptOrder,
    OpenOrder,
    OrderCommand,
    OverridePrice,
    PresentCoupon,
    RefundToCredit,
    ReprintReceipt,
    ResumeOrder,
    StartTendering,
    SuspendOrder,
    TellGuests,
    TenderCash,
    TenderCredit,
    TenderForeign,
    UndoTender,
    UndoTendering,
    VoidLine,
    VoidOrder,
    WaiveCharge,
    WithdrawCoupon,
)
from engine.order.context import OrderContext
from engine.order.coupons import is_coupon, present_coupon, withdraw
from engine.order.deposits import deposit_changed, deposit_for
from engine.order.due import due_of
from engine.order.events import (
    LineAdded,
    LineQuantityChanged,
    LineVoided,
    Noted,
    OrderEvent,
    OrderOpened,
    OrderResumed,
    OrderSuspended,
    OrderVoided,
    ReceiptReprinted,
)
from engine.order.figures import LineItem
from engine.order.finding import check_quantity, found_item
from engine.order.foreign_notes import tender_foreign
from engine.order.holding import with_promotions_held
from engine.order.pricing import price_shown
from engine.order.refunds import may_be_parked
from engine.order.refusal import Refusal
from engine.order.repricing import discount_line, discount_order, override_price
from engine.order.returns import add_return_line, lines_with
from engine.order.ruled import UntaxableError
from engine.order.settling import applied, settled, with_lines
from engine.order.state import Line, Order, Phase, opened
from engine.order.store_credit import by_credit
from engine.order.tax_choices import tax_choice
from engine.order.tender_choice import choose_tender
from engine.order.tendering import (
    complete,
    start_tendering,
    tab_left,
    tender_cash,
    undo_tender,
    undo_tendering,
)
from engine.order.without_receipt import add_return_without_receipt, comes_back_alone

Choice = (
    ChooseDining
    | ExemptOrder
    | TellGuests
    | WaiveCharge
    | ChoosePromotion
    | ChooseReward
    | ChooseTender
    | CompLine
    | CompOrder
    | WithdrawCoupon
)


def decide(order: Order | None, body: OrderCommand, context: OrderContext) -> Decision:
    """Decide an order command against the register's current `order` (None: there is none).

    For ResumeOrder and ReprintReceipt `order` is the one named.

    Refuses:
        As `Refusal` lists, in that order.
    """
    try:
        return with_promotions_held(order, _decided(order, body, context), context)
    except UntaxableError as error:
        return refuse(Refusal.TAXES_MUST_APPLY, reason=error.reason, category=error.category)


def _decided(order: Order | None, body: OrderCommand, context: OrderContext) -> Decision:
    match body:
        case OpenOrder():
            return _open(order, body, context)
        case AddLine() | AddOpenLine():
            return _ring_up(order, body, context)
        case AddReturnLine() | AddReturnWithoutReceipt():
            return _take_back(order, body, context)
        case ChooseCustomerGroup() | ChooseChannel() | PresentCoupon():
            return _begin_with(order, body, context)
        case ResumeOrder():
            return _resume(order, body, context)
        case ReprintReceipt():
            return _reprint(order, body, context)
        case _:
            pass
    if order is None:
        return refuse(Refusal.ORDER_MUST_BE_OPEN)
    match body:
        case StartTendering():
            return start_tendering(order, context)
        case UndoTendering():
            return undo_tendering(order, context)
        case TenderCash():
            return tender_cash(order, body, context)
        case TenderForeign():
            return tender_foreign(order, body, context)
        case TenderCredit() | RefundToCredit():
            return by_credit(order, body, context)
        case UndoTender():
            return undo_tender(order, body, context)
        case CompleteOrder():
            return complete(order, context)
        case VoidOrder():
            return _void(order, body, context)
        case SuspendOrder():
            return _suspend(order, body, context)
        case _:
            pass
    if order.phase is Phase.TENDERING:
        return refuse(Refusal.ORDER_MUST_NOT_BE_TENDERING)
    match body:
        case ChangeQuantity():
            return _change_quantity(order, body, context)
        case OverridePrice():
            return override_price(order, body, context)
        case DiscountLine():
            return discount_line(order, body, context)
        case DiscountOrder():
            return discount_order(order, body, context)
        case AddNote():
            return _note(order, body, context)
        case VoidLine():
            return _void_line(order, body, context)
        case _:
            return settled(order, _chosen(order, body, context), context)


def _chosen(order: Order, body: Choice, context: OrderContext) -> OrderEvent | Decision:
    """What a choice makes of an order that is being rung up."""
    match body:
        case ChooseDining() | ExemptOrder():
            return tax_choice(order, body, context)
        case TellGuests():
            return tell_guests(order, body, context)
        case WaiveCharge():
            return waive_charge(order, body, context)
        case ChoosePromotion():
            return choose_promotion(order, body, context)
        case ChooseReward():
            return choose_reward(order, body, context)
        case ChooseTender():
            return choose_tender(order, body, context)
        case CompLine():
            return comp_line(order, body, context)
        case CompOrder():
            return comp_order(order, body, context)
        case WithdrawCoupon():
            return withdraw(order, body.code)
        case _:
            assert_never(body)


def opened_for(
    order: Order | None, context: OrderContext, order_id: str = ""
) -> tuple[Order, tuple[Fact, ...], Decision | None]:
    """The current order, or a new one with the fact that opens it, or why not."""
    none = Order("", "", "")
    if order is not None:
        if order.phase is Phase.TENDERING:
            return none, (), refuse(Refusal.ORDER_MUST_NOT_BE_TENDERING)
        return order, (), None
    if context.settings.rules is None:
        return none, (), refuse(Refusal.STORE_MUST_BE_SET_UP)
    if context.disk_nearly_full:
        return none, (), refuse(Refusal.STORE_MUST_HAVE_DISK_SPACE)
    if context.orders_open >= limits.ORDERS_OPEN_MAX:
        return none, (), refuse(Refusal.ORDERS_LIMIT_REACHED, maximum=limits.ORDERS_OPEN_MAX)
    new_id = order_id or context.command_id
    setup = context.settings.registers.get(context.register)
    channel = "" if setup is None else setup.channel
    event = OrderOpened(new_id, context.register, context.operator, channel)
    new = opened(event, training=context.training, at=context.at())
    return new, (context.fact(event, new_id),), None


def _prefixed(facts: tuple[Fact, ...], decision: Decision) -> Decision:
    """`decision` with the opening before it; a refusal opens nothing."""
    if decision.refused is not None or not facts:
        return decision
    return Decision(facts + decision.facts, decision.answer)


def _take_back(
    order: Order | None, body: AddReturnLine | AddReturnWithoutReceipt, context: OrderContext
) -> Decision:
    current, facts, refused = opened_for(order, context)
    if refused is not None:
        return refused
    if isinstance(body, AddReturnLine):
        return _prefixed(facts, add_return_line(current, body, context))
    return _prefixed(facts, add_return_without_receipt(current, body, context))


def _begin_with(
    order: Order | None,
    body: ChooseCustomerGroup | ChooseChannel | PresentCoupon,
    context: OrderContext,
) -> Decision:
    """What may come before the first line: it opens an order if there is none."""
    current, facts, refused = opened_for(order, context)
    if refused is not None:
        return refused
    match body:
        case ChooseCustomerGroup():
            found = choose_customer_group(current, body, context)
        case ChooseChannel():
            return _prefixed(
                facts, settled(current, choose_channel(current, body, context), context)
            )
        case PresentCoupon():
            return _prefixed(facts, present_coupon(current, body.code, context))
        case _:
            assert_never(body)
    return _prefixed(facts, settled(current, found, context))


def _open(order: Order | None, body: OpenOrder, context: OrderContext) -> Decision:
    if order is not None:
        return refuse(Refusal.ORDER_MUST_NOT_BE_OPEN, order_id=order.id)
    if body.order_id in context.originals:
        return refuse(Refusal.ORDER_ID_MUST_BE_NEW, order_id=body.order_id)
    plain = body.order_id.replace("-", "") or "x"
    if len(body.order_id) > limits.ID_LENGTH_MAX or not (plain.isascii() and plain.isalnum()):
        return refuse(Refusal.TEXT_MUST_BE_SHORT, maximum=limits.ID_LENGTH_MAX)
    new, facts, refused = opened_for(None, context, body.order_id)
    return refused or Decision(facts, {"order_id": new.id, "total_minor": 0, "due_minor": 0})


def _ring_up(order: Order | None, body: AddLine | AddOpenLine, context: OrderContext) -> Decision:
    current, facts, refused = opened_for(order, context)
    if refused is not None:
        return refused
    if isinstance(body, AddLine) and is_coupon(body.code, context):
        return _prefixed(facts, present_coupon(current, body.code, context))
    if comes_back_alone(current):
        return refuse(Refusal.RETURN_WITHOUT_RECEIPT_MUST_STAND_ALONE)
    if len(current.lines) >= limits.LINES_PER_ORDER_MAX:
        return refuse(Refusal.LINES_LIMIT_REACHED, maximum=limits.LINES_PER_ORDER_MAX)
    tare = 0
    match body:
        case AddLine():
            found = found_item(body.code, body.item_id, context)
            tare = body.tare_milli
        case AddOpenLine():
            found = _open_item(body, context)
        case _:
            assert_never(body)
    if isinstance(found, Decision):
        return found
    refused = check_quantity(body.quantity_milli, found.unit, tare)
    if refused is not None:
        return refused
    number = len(current.lines) + 1
    net_milli = body.quantity_milli - tare
    event = LineAdded(current.id, number, found, net_milli, tare)
    changed: list[tuple[Line, OrderEvent]] = [
        (Line(number, found, net_milli, tare_milli=tare), event)
    ]
    changed += deposit_for(current.id, changed[0][0], context)
    if len(current.lines) + len(changed) > limits.LINES_PER_ORDER_MAX:
        return refuse(Refusal.LINES_LIMIT_REACHED, maximum=limits.LINES_PER_ORDER_MAX)
    return _prefixed(facts, with_lines(current, changed, context))


def _open_item(body: AddOpenLine, context: OrderContext) -> LineItem | Decision:
    name = body.name.strip()
    if not 1 <= len(name) <= limits.NAME_LENGTH_MAX:
        return refuse(Refusal.NAME_MUST_BE_SHORT, maximum=limits.NAME_LENGTH_MAX)
    if len(body.department) > limits.NAME_LENGTH_MAX:
        return refuse(Refusal.TEXT_MUST_BE_SHORT, maximum=limits.NAME_LENGTH_MAX)
    if body.tax_class not in context.settings.tax_classes:
        return refuse(Refusal.TAX_CLASS_MUST_EXIST, tax_class=body.tax_class)
    if not 0 <= body.unit_price_micros <= limits.UNIT_PRICE_MICROS_MAX:
        return refuse(Refusal.PRICE_MUST_NOT_BE_NEGATIVE)
    return LineItem(
        "",
        name,
        "",
        body.department,
        body.tax_class,
        "piece",
        body.unit_price_micros,
        "",
        limits.PIECE_MILLI,
        context.book_version,
        open_price=True,
    )


def _change_quantity(order: Order, body: ChangeQuantity, context: OrderContext) -> Decision:
    line = order.line_at(body.line)
    if line is None:
        return refuse(Refusal.LINE_MUST_EXIST, line=body.line)
    if line.source is not None:
        return refuse(Refusal.LINE_MUST_NOT_BE_A_RETURN, line=body.line)
    refused = check_quantity(body.quantity_milli, line.item.unit)
    if refused is not None:
        return refused
    event = LineQuantityChanged(order.id, line.line, body.quantity_milli)
    changed = altered(line, quantity_milli=body.quantity_milli, tare_milli=0)
    with_it = deposit_changed(order, changed)
    return with_lines(order, [(changed, event), *with_it], context)


def _note(order: Order, body: AddNote, context: OrderContext) -> Decision:
    if body.line and order.line_at(body.line) is None:
        return refuse(Refusal.LINE_MUST_EXIST, line=body.line)
    # A sealed note is a token and longer than its text; the door checks the text's own length.
    if not body.text or len(body.text) > limits.NOTE_LENGTH_MAX * 8:
        return refuse(Refusal.TEXT_MUST_BE_SHORT, maximum=limits.NOTE_LENGTH_MAX)
    count = len(order.notes) + sum(len(line.notes) for line in order.lines)
    if count >= limits.NOTES_PER_ORDER_MAX:
        return refuse(Refusal.NOTES_LIMIT_REACHED, maximum=limits.NOTES_PER_ORDER_MAX)
    return applied(order, Noted(order.id, body.line, body.audience, body.text), context)


def _void_line(order: Order, body: VoidLine, context: OrderContext) -> Decision:
    if order.line_at(body.line) is None:
        return refuse(Refusal.LINE_MUST_EXIST, line=body.line)
    if len(body.reason) > limits.REASON_LENGTH_MAX:
        return refuse(Refusal.TEXT_MUST_BE_SHORT, maximum=limits.REASON_LENGTH_MAX)
    deposit = order.deposit_of(body.line)
    voided = [*lines_with(order, body.line), *([] if deposit is None else [deposit.line])]
    events = [LineVoided(order.id, line, body.reason, context.operator) for line in voided]
    return applied(order, events[0], context, *events[1:], line=body.line)


def _void(order: Order, body: VoidOrder, context: OrderContext) -> Decision:
    if context.is_terminal_at_work:
        return refuse(Refusal.TERMINAL_MUST_BE_DONE)
    if order.tenders:
        return refuse(Refusal.TENDERS_MUST_BE_UNDONE, tenders=len(order.tenders))
    facts = tab_left(order, context)
    if isinstance(facts, Decision):
        return facts
    if not 1 <= len(body.reason.strip()) <= limits.REASON_LENGTH_MAX:
        return refuse(Refusal.REASON_MUST_BE_GIVEN)
    total = price_shown(order, context.tariff()).total_minor
    event = OrderVoided(
        order.id,
        context.register,
        body.reason.strip(),
        context.operator,
        context.approver,
        total,
    )
    return Decision((*facts, context.fact(event, order.id)), {"order_id": order.id})


def _suspend(order: Order, body: SuspendOrder, context: OrderContext) -> Decision:
    if order.phase is Phase.TENDERING:
        if context.is_terminal_at_work:
            return refuse(Refusal.TERMINAL_MUST_BE_DONE)
        # No other tender goes from one till to another.
        if not may_be_parked(order, context.out_of_reach, is_in_doubt=context.is_in_doubt):
            return refuse(Refusal.ORDER_MUST_NOT_BE_TENDERING)
    if not order.live_lines():
        return refuse(Refusal.LINES_MUST_BE_PRESENT)
    if len(body.label) > limits.NOTE_LENGTH_MAX * 8:
        return refuse(Refusal.TEXT_MUST_BE_SHORT, maximum=limits.NOTE_LENGTH_MAX)
    event = OrderSuspended(order.id, context.register, body.label)
    return Decision((context.fact(event, order.id),), {"order_id": order.id})


def _resume(order: Order | None, body: ResumeOrder, context: OrderContext) -> Decision:
    if order is None:
        return refuse(Refusal.ORDER_MUST_EXIST, order_id=body.order_id)
    if order.phase is not Phase.SUSPENDED:
        return refuse(Refusal.ORDER_MUST_BE_SUSPENDED, order_id=order.id, register=order.register)
    event = OrderResumed(order.id, context.register, context.operator)
    figures = order.figures
    if figures is None:
        return applied(order, event, context)
    due_minor = due_of(order, figures, context.settings.required()).left_minor
    total_minor = figures.total_minor
    return applied(order, event, context, total_minor=total_minor, due_minor=due_minor)


def _reprint(order: Order | None, body: ReprintReceipt, context: OrderContext) -> Decision:
    if order is None:
        return refuse(Refusal.ORDER_MUST_EXIST)
    if order.completion is None:
        return refuse(Refusal.ORDER_MUST_BE_COMPLETED, order_id=order.id)
    number = order.completion.receipt_number
    event = ReceiptReprinted(order.id, context.register, context.operator, number, body.explained)
    return Decision((context.fact(event, order.id),), {"receipt_number": number})
