"""What a provider said: from its word to what the store makes of it, once.

Money that moved is either a tender of its order or before a person; a word that is repeated changes
nothing, and one that fits nothing is refused by name.
"""

from __future__ import annotations

from engine import limits
from engine.decision import Decision, Fact, refuse
from engine.order.due import due_of
from engine.order.refunds import tenders_max
from engine.order.state import Order, Phase
from engine.paylink.closing import with_tender
from engine.paylink.commands import HearPaylink
from engine.paylink.context import PaylinkContext, answered
from engine.paylink.events import (
    UNTOLD,
    LinkProblem,
    PaylinkConfirmed,
    PaylinkEnded,
    PaylinkOffered,
    PaylinkStrayed,
    Standing,
)
from engine.paylink.refusal import Refusal
from engine.paylink.state import Paylink
from engine.promotion.payment import pays
from engine.provider import LinkKind, LinkPaid, LinkState, Told

_ENDS = {
    LinkState.CANCELLED: Standing.CANCELLED,
    LinkState.EXPIRED: Standing.EXPIRED,
    LinkState.FAILED: Standing.FAILED,
}
_UNTOLD = {
    LinkState.NOT_FOUND: LinkProblem.NOT_KNOWN,
    LinkState.REFUSED: LinkProblem.REFUSED,
    LinkState.UNREADABLE: LinkProblem.UNREADABLE,
}
_MOVED = {LinkKind.PAYMENT: LinkState.PAID, LinkKind.REFUND: LinkState.REFUNDED}


def hear(body: HearPaylink, context: PaylinkContext) -> Decision:
    """Take what a provider said. Said twice, the first time settled it.

    Refuses:
        paylink_must_exist, paylink_must_be_of_provider, paylink_state_must_fit,
        exceptions_limit_reached.
    """
    told = body.told
    link = context.links.known(told.reference)
    if link is None:
        if told.state is LinkState.PAID:
            return _stray(body, context)
        return refuse(Refusal.PAYLINK_MUST_EXIST, paylink_id=told.reference)
    if link.asked.provider != body.provider:
        return refuse(Refusal.PAYLINK_MUST_BE_OF_PROVIDER, paylink_id=told.reference)
    if told.state is LinkState.OPEN:
        return _offered(link, told, context)
    if told.state is _MOVED[link.asked.kind]:
        return _moved(link, body, context)
    if told.state in _ENDS or told.state in _UNTOLD:
        return _ended(link, told, context)
    return _misfit(link, told)


def _misfit(link: Paylink, told: Told) -> Decision:
    fields = {"state": told.state.value, "standing": link.standing.value}
    return refuse(Refusal.PAYLINK_STATE_MUST_FIT, paylink_id=link.asked.paylink_id, **fields)


def _stray(body: HearPaylink, context: PaylinkContext) -> Decision:
    """Money nobody here asked for, or a second time: before a person, never dropped."""
    told = body.told
    paylink_id = f"{told.reference}:{told.provider_reference}"
    known = context.links.known(paylink_id)
    if known is not None:
        return answered(paylink_id, known.standing.value, amount_minor=known.amount_minor)
    if len(context.links.exceptions) >= limits.PAYLINK_EXCEPTIONS_MAX:
        maximum = limits.PAYLINK_EXCEPTIONS_MAX
        return refuse(Refusal.EXCEPTIONS_LIMIT_REACHED, maximum=maximum)
    fact = context.fact(paylink_id, PaylinkStrayed(paylink_id, body.provider, told))
    standing, amount_minor = Standing.CONFIRMED.value, told.amount_minor
    return answered(paylink_id, standing, fact, amount_minor=amount_minor)


def _offered(link: Paylink, told: Told, context: PaylinkContext) -> Decision:
    paylink_id = link.asked.paylink_id
    facts: tuple[Fact, ...] = ()
    is_new = link.standing is Standing.REQUESTED
    is_read = link.problem is LinkProblem.UNREADABLE
    if (is_new and paylink_id in context.links.open) or is_read:
        offered = PaylinkOffered(paylink_id, told.provider_reference, told.url)
        facts = (context.fact(paylink_id, offered),)
    standing = Standing.WAITING if facts and is_new else link.standing
    return answered(paylink_id, standing.value, *facts, amount_minor=link.amount_minor)


def _moved(link: Paylink, body: HearPaylink, context: PaylinkContext) -> Decision:
    """Money moved: wanted, or for a person to see."""
    asked, told = link.asked, body.told
    if link.told is not None:
        if _is_same(link.told, told):
            amount_minor = told.amount_minor
            return answered(asked.paylink_id, link.standing.value, amount_minor=amount_minor)
        if asked.kind is LinkKind.REFUND:
            return _back_again(link, told, context)
        return _stray(body, context)
    if (told.amount_minor, told.currency) != (asked.amount_minor, asked.currency):
        return _confirmed(link, told, LinkProblem.DIFFERS, context)
    if asked.kind is LinkKind.REFUND:
        # Off the list or sent anew by a person, who took it for not given back: it may be twice.
        is_settled = asked.paylink_id in context.links.settled
        problem = LinkProblem.DIFFERS if is_settled else LinkProblem.NONE
        return _confirmed(link, told, problem, context)
    order = context.orders.get(asked.order_id)
    if order is None or not _is_wanted(link, order, context):
        return _confirmed(link, told, LinkProblem.LATE, context)
    paid = LinkPaid(asked.paylink_id, asked.provider, told.provider_reference, told.method)
    facts, number = with_tender(order, paid, told.amount_minor, context, operator=asked.operator)
    confirmed = context.fact(asked.paylink_id, PaylinkConfirmed(asked.paylink_id, told))
    return answered(
        asked.paylink_id,
        Standing.CONFIRMED.value,
        confirmed,
        *facts,
        amount_minor=told.amount_minor,
        receipt_number=number,
    )


def _back_again(link: Paylink, told: Told, context: PaylinkContext) -> Decision:
    """A refund of which its provider tells something else than before: it is before a person, as
    money that went out, unless this is the rest of it, and nobody sent that yet."""
    asked, before = link.asked, link.told
    assert before is not None, "it was told of before"
    is_listed = asked.paylink_id in context.links.exceptions
    is_more = told.currency != before.currency or told.amount_minor > before.amount_minor
    if is_listed and not is_more:
        return answered(asked.paylink_id, link.standing.value, amount_minor=before.amount_minor)
    is_whole = (told.amount_minor, told.currency) == (asked.amount_minor, asked.currency)
    is_rest = is_listed and is_whole and told.provider_reference == before.provider_reference
    return _confirmed(link, told, LinkProblem.NONE if is_rest else LinkProblem.DIFFERS, context)


def _is_same(before: Told, told: Told) -> bool:
    known = (before.amount_minor, before.currency, before.provider_reference)
    return known == (told.amount_minor, told.currency, told.provider_reference)


def _is_wanted(link: Paylink, order: Order, context: PaylinkContext) -> bool:
    """Whether the order still asks for it, in time."""
    around = context.around
    until_ns = link.asked.expires_ns + limits.PAYLINK_GRACE_NS
    if not link.is_payable or around.stamp.now_ns > until_ns:
        return False
    if order.phase is not Phase.TENDERING or order.figures is None:
        return False
    if len(order.tenders) >= tenders_max(order, around):
        return False
    if not pays(order.figures.tender, "link"):
        return False
    left_minor = due_of(order, order.figures, around.settings.required()).left_minor
    return 0 < link.asked.amount_minor <= left_minor


def _confirmed(
    link: Paylink, told: Told, problem: LinkProblem, context: PaylinkContext
) -> Decision:
    paylink_id = link.asked.paylink_id
    fact = context.fact(paylink_id, PaylinkConfirmed(paylink_id, told, problem))
    standing, amount_minor = Standing.CONFIRMED.value, told.amount_minor
    return answered(paylink_id, standing, fact, amount_minor=amount_minor)


def _ended(link: Paylink, told: Told, context: PaylinkContext) -> Decision:
    """No money moves by it. What was refunded may still bounce; what was paid stays paid."""
    asked, is_refund = link.asked, link.asked.kind is LinkKind.REFUND
    paylink_id = asked.paylink_id
    is_listed = link.problem in UNTOLD
    if told.state in _UNTOLD and (is_refund or told.state is LinkState.UNREADABLE):
        return _untold(link, told, context)
    if told.state in _UNTOLD:
        is_refused = told.state is LinkState.REFUSED
        is_asked_about = paylink_id in context.links.open or is_listed
        if is_refused or not is_asked_about or link.is_offered:
            return _misfit(link, told)
        standing = Standing.CANCELLED
    else:
        standing = Standing.FAILED if is_refund else _ENDS[told.state]
    if paylink_id not in context.links.open and not is_listed:
        has_ended = link.told is None and link.standing is not Standing.CONFIRMED
        if has_ended:
            return answered(paylink_id, link.standing.value, amount_minor=link.amount_minor)
        if not is_refund or paylink_id not in context.links.settled:
            return _misfit(link, told)
    if link.standing is Standing.EXPIRED:
        standing = Standing.EXPIRED
    problem = LinkProblem.NOT_RETURNED if is_refund else LinkProblem.NONE
    code = told.code or told.state.value
    fact = context.fact(paylink_id, PaylinkEnded(paylink_id, standing, code, problem))
    return answered(paylink_id, standing.value, fact, amount_minor=link.amount_minor)


def _untold(link: Paylink, told: Told, context: PaylinkContext) -> Decision:
    """A refund of which its provider goes on saying that it does not know it, or nothing, or what
    cannot be read; or a payment of the last kind, once nobody can pay it any more. What is owed is
    owed, and whether it moved this does not say: from some age on it is before a person."""
    asked, problem = link.asked, _UNTOLD[told.state]
    paylink_id = asked.paylink_id
    if link.problem is LinkProblem.UNREADABLE is problem:
        return answered(paylink_id, link.standing.value, amount_minor=link.amount_minor)
    is_asked_about = paylink_id in context.links.open or link.problem is LinkProblem.UNREADABLE
    is_over = asked.kind is LinkKind.REFUND or not link.is_payable
    is_due = link.age_ns(context.around.stamp.now_ns) >= limits.PAYLINK_UNKNOWN_NS
    if not (is_asked_about and is_over and is_due):
        return _misfit(link, told)
    code = told.code or told.state.value
    event = PaylinkEnded(paylink_id, link.standing, code, problem)
    fact = context.fact(paylink_id, event)
    return answered(paylink_id, link.standing.value, fact, amount_minor=link.amount_minor)
