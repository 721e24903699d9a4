"""Decisions about payments by link: each command to the file that knows."""

from __future__ import annotations

from typing import assert_never

from engine import limits
from engine.decision import Decision, refuse
from engine.order.refusal import Refusal as OrderRefusal
from engine.paylink.asking import request, reverse_tender, send_back
from engine.paylink.commands import (
    CancelPaylink,
    CloseLinkException,
    ExpirePaylink,
    HearPaylink,
    PaylinkCommand,
    RequestPaylink,
    ReverseLinkTender,
    SendBackPaylink,
)
from engine.paylink.context import PaylinkContext, answered
from engine.paylink.events import (
    LinkExceptionClosed,
    PaylinkCancelAsked,
    PaylinkExpired,
    Standing,
)
from engine.paylink.hearing import hear
from engine.paylink.refusal import Refusal


def decide(body: PaylinkCommand, context: PaylinkContext) -> Decision:
    """Decide a command about a payment by link.

    Refuses:
        As `engine.paylink.refusal.Refusal` lists, after what the order itself must be.
    """
    match body:
        case RequestPaylink():
            return request(body, context)
        case CancelPaylink():
            return _cancel(body, context)
        case ReverseLinkTender():
            return reverse_tender(body, context)
        case SendBackPaylink():
            return send_back(body, context)
        case CloseLinkException():
            return _close(body, context)
        case HearPaylink():
            return hear(body, context)
        case ExpirePaylink():
            return _expire(body, context)
        case _:
            assert_never(body)


def _cancel(body: CancelPaylink, context: PaylinkContext) -> Decision:
    link = context.links.open.get(body.paylink_id)
    if link is not None and link.is_cancel_asked:
        return answered(body.paylink_id, link.standing.value, amount_minor=link.amount_minor)
    if link is None or not link.is_offered:
        return refuse(Refusal.PAYLINK_MUST_BE_OPEN, paylink_id=body.paylink_id)
    fact = context.fact(
        body.paylink_id, PaylinkCancelAsked(body.paylink_id, context.around.operator)
    )
    return answered(body.paylink_id, link.standing.value, fact, amount_minor=link.amount_minor)


def _expire(body: ExpirePaylink, context: PaylinkContext) -> Decision:
    link = context.links.open.get(body.paylink_id)
    if link is None or link.asked.expires_ns == 0:
        return refuse(Refusal.PAYLINK_MUST_BE_OPEN, paylink_id=body.paylink_id)
    if not link.is_payable:
        return answered(body.paylink_id, link.standing.value, amount_minor=link.amount_minor)
    until_ns = link.asked.expires_ns + limits.PAYLINK_GRACE_NS
    if context.around.stamp.now_ns <= until_ns:
        return refuse(Refusal.PAYLINK_MUST_BE_OVERDUE, paylink_id=body.paylink_id)
    fact = context.fact(body.paylink_id, PaylinkExpired(body.paylink_id))
    standing, amount_minor = Standing.EXPIRED.value, link.amount_minor
    return answered(body.paylink_id, standing, fact, amount_minor=amount_minor)


def _close(body: CloseLinkException, context: PaylinkContext) -> Decision:
    link = context.links.exceptions.get(body.paylink_id)
    if link is None:
        return refuse(Refusal.PAYLINK_MUST_EXIST, paylink_id=body.paylink_id)
    finding = body.finding.strip()
    if not 1 <= len(finding) <= limits.NOTE_LENGTH_MAX:
        return refuse(OrderRefusal.REASON_MUST_BE_GIVEN)
    event = LinkExceptionClosed(body.paylink_id, context.around.operator, finding)
    fact = context.fact(body.paylink_id, event)
    return answered(body.paylink_id, link.standing.value, fact, amount_minor=link.amount_minor)
