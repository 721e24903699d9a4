"""Decisions about card payments: each command to the file that knows."""

from __future__ import annotations

from typing import assert_never

from engine import limits
from engine.decision import Command, Decision, Fact, refuse
from engine.order.context import stream_of as order_stream
from engine.order.refusal import Refusal as OrderRefusal
from engine.order.tender_events import TabClosed
from engine.payment import tips
from engine.payment.asking import request, reverse_again, reverse_tender, take_back
from engine.payment.commands import (
    AdjustTip,
    AnswerTip,
    AskTip,
    CancelPayment,
    CaptureTab,
    CloseException,
    HearPayment,
    KeepPayment,
    LeaveTip,
    OpenTab,
    PaymentCommand,
    RaiseTab,
    ReleaseTab,
    ReportUpload,
    RequestPayment,
    ReverseAgain,
    ReverseTender,
    SetOfflinePolicy,
    SetPaymentAside,
    TakeBack,
)
from engine.payment.context import PaymentContext, answered
from engine.payment.events import (
    ExceptionClosed,
    OfflinePolicySet,
    OfflineUploaded,
    PaymentCancelAsked,
    PaymentSetAside,
    Standing,
)
from engine.payment.exposure import untold
from engine.payment.hearing import hear, keep
from engine.payment.outcome import never_paid
from engine.payment.refusal import Refusal
from engine.payment.state import Payment
from engine.payment.tabs import adjust_tip, capture_tab, open_tab, raise_tab, release_tab
from engine.payment.terminal_day import brand_of
from engine.staff import Staff
from engine.terminal import Kind

POLICY = "policy"


def decide(command: Command, context: PaymentContext, people: Staff) -> Decision:
    """Decide a payment command; `people` are who may take a screen back.

    Refuses:
        As `engine.payment.refusal.Refusal` lists, after what the order itself must be.
    """
    body: PaymentCommand = command.body
    match body:
        case RequestPayment():
            return request(body, context)
        case AskTip() | AnswerTip() | LeaveTip():
            return tips.decide(body, command, context, people)
        case OpenTab():
            return open_tab(body, context)
        case RaiseTab():
            return raise_tab(body, context)
        case AdjustTip():
            return adjust_tip(body, context)
        case CaptureTab():
            return capture_tab(context)
        case ReleaseTab():
            return release_tab(context)
        case CancelPayment():
            return _cancel(body, context)
        case ReverseTender():
            return reverse_tender(body, context)
        case ReverseAgain():
            return reverse_again(body, context)
        case TakeBack():
            return take_back(body, context)
        case SetPaymentAside():
            return _set_aside(body, context)
        case CloseException():
            return _close(body, context)
        case KeepPayment():
            return keep(body, context)
        case HearPayment():
            return hear(body, context)
        case ReportUpload():
            return _upload(body, context)
        case SetOfflinePolicy():
            return _set_policy(body, context)
        case _:
            assert_never(body)


def _cancel(body: CancelPayment, context: PaymentContext) -> Decision:
    payment = context.payments.open.get(body.payment_id)
    if payment is None or payment.standing is not Standing.REQUESTED:
        return refuse(Refusal.PAYMENT_MUST_BE_OPEN, payment_id=body.payment_id)
    if payment.is_cancel_asked:
        return answered(body.payment_id, payment.standing.value)
    event = PaymentCancelAsked(body.payment_id, context.around.operator)
    return answered(body.payment_id, payment.standing.value, context.fact(body.payment_id, event))


def _set_aside(body: SetPaymentAside, context: PaymentContext) -> Decision:
    payment = context.payments.open.get(body.payment_id)
    if payment is None:
        return refuse(Refusal.PAYMENT_MUST_BE_OPEN, payment_id=body.payment_id)
    if payment.standing is not Standing.UNKNOWN:
        return refuse(Refusal.PAYMENT_MUST_BE_UNKNOWN, payment_id=body.payment_id)
    if not 1 <= len(body.reason.strip()) <= limits.REASON_LENGTH_MAX:
        return refuse(OrderRefusal.REASON_MUST_BE_GIVEN)
    event = PaymentSetAside(body.payment_id, context.around.operator, body.reason.strip())
    return answered(body.payment_id, payment.standing.value, context.fact(body.payment_id, event))


def _close(body: CloseException, context: PaymentContext) -> Decision:
    silent = untold(context.payments, context.around.stamp.now_ns)
    closable = {payment.asked.payment_id: payment for payment in silent}
    payment = context.payments.exceptions.get(body.payment_id) or closable.get(body.payment_id)
    if payment is None:
        return refuse(Refusal.PAYMENT_MUST_EXIST, payment_id=body.payment_id)
    if not 1 <= len(body.finding.strip()) <= limits.NOTE_LENGTH_MAX:
        return refuse(OrderRefusal.REASON_MUST_BE_GIVEN)
    # What it stood for on the list is closed with it, and each says so for itself.
    moot = context.payments.moot_tries(body.payment_id)
    facts = [
        context.fact(one, ExceptionClosed(one, context.around.operator, body.finding.strip()))
        for one in (*(tried.asked.payment_id for tried in moot), body.payment_id)
    ]
    facts += _tab_given_up(payment, context)
    return answered(body.payment_id, payment.standing.value, *facts)


def _tab_given_up(payment: Payment, context: PaymentContext) -> list[Fact]:
    """A release that a person has seen to leaves its bill no tab to let go once more, unless a
    terminal is still asked for another."""
    order = context.orders.get(payment.asked.order_id)
    if payment.asked.kind is not Kind.RELEASE or order is None or order.tab is None:
        return []
    is_of_it = order.tab.card.payment_id == payment.asked.of_payment
    if not is_of_it or context.payments.of_order(order.id) is not None:
        return []
    return [Fact(order_stream(order.id), TabClosed(order.id))]


def _upload(body: ReportUpload, context: PaymentContext) -> Decision:
    payment_id = body.payment_id
    payment = context.payments.offline.get(payment_id)
    if payment is None:
        # Known no more, it was told before: whoever tells it again changes nothing.
        return refuse(Refusal.PAYMENT_MUST_EXIST, payment_id=payment_id)
    event = OfflineUploaded(payment_id, body.is_paid, body.source, body.code, body.detail)
    facts = [context.fact(payment_id, event)]
    if not body.is_paid:
        facts += never_paid(payment.asked, context.orders)
    return answered(payment_id, payment.standing.value, *facts)


def _set_policy(body: SetOfflinePolicy, context: PaymentContext) -> Decision:
    policy = body.policy
    figures = (
        policy.payment_minor,
        policy.operator_minor,
        policy.register_minor,
        policy.total_minor,
    )
    bounds = (*figures, policy.tip_minor_max)
    if any(not 0 <= entry <= limits.AMOUNT_MINOR_MAX for entry in bounds):
        return refuse(Refusal.POLICY_MUST_BE_CONSISTENT, maximum_minor=limits.AMOUNT_MINOR_MAX)
    if not 0 <= policy.age_s <= limits.OFFLINE_AGE_S_MAX or len(policy.brands) > limits.BRANDS_MAX:
        return refuse(Refusal.POLICY_MUST_BE_CONSISTENT, maximum_s=limits.OFFLINE_AGE_S_MAX)
    if len(policy.brand_limits) > limits.BRANDS_MAX or any(
        not 0 <= entry.limit_minor <= limits.AMOUNT_MINOR_MAX for entry in policy.brand_limits
    ):
        return refuse(Refusal.POLICY_MUST_BE_CONSISTENT, maximum_minor=limits.AMOUNT_MINOR_MAX)
    named = [brand_of(entry.brand) for entry in policy.brand_limits]
    if len(set(named)) != len(named):
        return refuse(Refusal.POLICY_MUST_BE_CONSISTENT, brands=len(set(named)))
    if policy.payment_minor > min(figures):
        # A ceiling for one payment that no sum may reach would never let it happen.
        return refuse(Refusal.POLICY_MUST_BE_CONSISTENT, payment_minor=policy.payment_minor)
    return Decision((context.fact(POLICY, OfflinePolicySet(policy)),), {})
