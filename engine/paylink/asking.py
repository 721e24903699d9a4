"""Asking a provider for a link to be paid, or to give money back."""

from __future__ import annotations

from engine import limits
from engine.altered import altered
from engine.decision import Decision, Fact, refuse
from engine.order.context import stream_of as order_stream
from engine.order.due import due_of
from engine.order.figures import GaveBack, TenderFigures
from engine.order.refunds import left_for, originals_of
from engine.order.refusal import Refusal as OrderRefusal
from engine.order.state import Order, Phase, evolve
from engine.order.tender_events import TenderUndone
from engine.order.tendering import figures_frozen, why_no_tender
from engine.paylink.closing import with_tender
from engine.paylink.commands import RequestPaylink, ReverseLinkTender, SendBackPaylink
from engine.paylink.context import PaylinkContext, answered
from engine.paylink.events import (
    UNTOLD,
    LinkAsked,
    PaylinkAskedAgain,
    PaylinkRequested,
    Standing,
)
from engine.paylink.refusal import Refusal
from engine.provider import LinkKind, LinkPaid


def request(body: RequestPaylink, context: PaylinkContext) -> Decision:
    """Ask the register's provider for what is due, or to give it back.

    Refuses:
        order_must_be_open; order_must_be_live, provider_must_be_set_up,
        paylink_life_must_be_in_range; those of `start_tendering`; tender_must_be_as_chosen,
        tenders_limit_reached, paylink_must_be_settled, amount_must_still_be_due,
        paylink_amount_must_be_due; where money goes back terminal_must_be_done and those of a
        refund.
    """
    order, around = context.order, context.around
    if order is None:
        return refuse(OrderRefusal.ORDER_MUST_BE_OPEN)
    if order.training:
        return refuse(Refusal.ORDER_MUST_BE_LIVE)
    setup = around.settings.registers.get(around.register)
    if setup is None or not setup.provider:
        return refuse(Refusal.PROVIDER_MUST_BE_SET_UP, register=around.register)
    if not limits.PAYLINK_LIFE_S_MIN <= body.life_s <= limits.PAYLINK_LIFE_S_MAX:
        maximum_s = limits.PAYLINK_LIFE_S_MAX
        return refuse(Refusal.PAYLINK_LIFE_MUST_BE_IN_RANGE, maximum_s=maximum_s)
    begun = figures_frozen(order, around)
    if isinstance(begun, Decision):
        return begun
    (facts, figures), rules = begun, around.settings.required()
    for fact in facts:
        order = evolve(order, fact.event, at=around.at())
    refused = why_no_tender(order, figures, "link", around)
    if refused is not None:
        return refused
    other = context.links.offered_for(order.id)
    if other is not None:
        return refuse(Refusal.PAYLINK_MUST_BE_SETTLED, paylink_id=other.asked.paylink_id)
    due = due_of(order, figures, rules)
    due_minor = due.left_minor
    if not due.is_due():
        return refuse(OrderRefusal.AMOUNT_MUST_STILL_BE_DUE, due_minor=due_minor)
    if not 0 <= body.amount_minor <= abs(due_minor):
        return refuse(Refusal.PAYLINK_AMOUNT_MUST_BE_DUE, due_minor=abs(due_minor))
    asked = LinkAsked(
        around.command_id,
        order.id,
        around.register,
        around.operator,
        setup.provider,
        LinkKind.PAYMENT,
        body.amount_minor or abs(due_minor),
        rules.currency,
        around.stamp.now_ns + body.life_s * limits.NS_PER_S,
    )
    if due_minor < 0:
        if around.is_terminal_at_work:
            # What the terminal gives back would be given back a second time.
            return refuse(OrderRefusal.TERMINAL_MUST_BE_DONE)
        return _refund(order, body, asked, context, facts)
    return _asked(asked, context, *facts)


def _asked(
    asked: LinkAsked, context: PaylinkContext, *before: Fact, receipt_number: str = ""
) -> Decision:
    fact = context.fact(asked.paylink_id, PaylinkRequested(asked))
    return answered(
        asked.paylink_id,
        Standing.REQUESTED.value,
        *before,
        fact,
        amount_minor=asked.amount_minor,
        receipt_number=receipt_number,
    )


def _refund(
    order: Order,
    body: RequestPaylink,
    asked: LinkAsked,
    context: PaylinkContext,
    before: tuple[Fact, ...],
) -> Decision:
    """The refund of one tender by link: the one named, else the first with something left.

    It is a tender of the return at once: the shop owes it from here on, its provider is asked until
    it says how it went, and what it could not give back is listed.

    Refuses:
        tender_must_be_by_link, refund_must_be_within_tender.
    """
    found = [
        (sale, tender, tender.link)
        for sale in originals_of(order, context.around.originals)
        for tender in _tenders_of(sale)
        if tender.link is not None
        and tender.amount_minor > 0
        and (
            not body.source_order
            or (sale.id, tender.tender) == (body.source_order, body.source_tender)
        )
    ]
    if not found:
        return refuse(Refusal.TENDER_MUST_BE_BY_LINK)
    left = [(*entry, left_for(order, entry[0]).get(entry[1].tender, 0)) for entry in found]
    sale, tender, paid, left_minor = next((entry for entry in left if entry[3] > 0), left[0])
    amount_minor = asked.amount_minor
    if not body.amount_minor and 0 < left_minor < amount_minor:
        amount_minor = left_minor
    if amount_minor > left_minor:
        return refuse(Refusal.REFUND_MUST_BE_WITHIN_TENDER, left_minor=max(0, left_minor))
    asked = altered(
        asked,
        kind=LinkKind.REFUND,
        provider=paid.provider,
        amount_minor=amount_minor,
        expires_ns=0,
        original=paid.paylink_id,
        source_order=sale.id,
        source_tender=tender.tender,
    )
    link = LinkPaid(asked.paylink_id, paid.provider, paid.provider_reference, paid.method)
    shares = (GaveBack(sale.id, tender.tender, amount_minor),)
    facts, number = with_tender(
        order, link, -amount_minor, context, operator=asked.operator, shares=shares
    )
    return _asked(asked, context, *before, *facts, receipt_number=number)


def _tenders_of(sale: Order) -> tuple[TenderFigures, ...]:
    assert sale.completion is not None, "goods come back from completed sales"
    return sale.completion.tenders


def reverse_tender(body: ReverseLinkTender, context: PaylinkContext) -> Decision:
    """Give a tender by link back before the sale completes; it is a tender no more at once.

    Refuses:
        order_must_be_open, order_must_be_tendering, tender_must_exist, tender_must_be_by_link.
    """
    order, around = context.order, context.around
    if order is None:
        return refuse(OrderRefusal.ORDER_MUST_BE_OPEN)
    if order.phase is not Phase.TENDERING:
        return refuse(OrderRefusal.ORDER_MUST_BE_TENDERING)
    tender = next((entry for entry in order.tenders if entry.tender == body.tender), None)
    if tender is None:
        return refuse(OrderRefusal.TENDER_MUST_EXIST, tender=body.tender)
    # What was given back already cannot be taken again by pressing a key.
    if tender.link is None or tender.amount_minor < 0:
        return refuse(Refusal.TENDER_MUST_BE_BY_LINK)
    asked = LinkAsked(
        around.command_id,
        order.id,
        around.register,
        around.operator,
        tender.link.provider,
        LinkKind.REFUND,
        tender.amount_minor,
        around.settings.required().currency,
        original=tender.link.paylink_id,
    )
    undone = Fact(order_stream(order.id), TenderUndone(order.id, tender.tender))
    return _asked(asked, context, undone)


def send_back(body: SendBackPaylink, context: PaylinkContext) -> Decision:
    """Have money given back that nobody wanted, or try again what could not be: of what went back
    in part the rest, of what bounced all of it. A refund that its provider did not know, or would
    say nothing of, is asked for once more under its own reference, so that it is given back once,
    whatever became of it. Of a payment whose answers cannot be read nobody knows that it came.

    Refuses:
        order_must_be_live (a register that practises moves no money), paylink_must_exist,
        paylink_state_must_fit (whether it was paid cannot be read),
        amount_must_still_be_due (all of it and more went back).
    """
    if context.around.training:
        return refuse(Refusal.ORDER_MUST_BE_LIVE)
    link = context.links.exceptions.get(body.paylink_id)
    if link is None:
        return refuse(Refusal.PAYLINK_MUST_EXIST, paylink_id=body.paylink_id)
    around, was = context.around, link.asked
    if link.problem in UNTOLD and was.kind is LinkKind.PAYMENT:
        fields = {"state": link.problem.value, "standing": link.standing.value}
        return refuse(Refusal.PAYLINK_STATE_MUST_FIT, paylink_id=was.paylink_id, **fields)
    if link.problem in UNTOLD:
        again = context.fact(was.paylink_id, PaylinkAskedAgain(was.paylink_id, around.operator))
        standing, amount_minor = Standing.REQUESTED.value, was.amount_minor
        return answered(was.paylink_id, standing, again, amount_minor=amount_minor)
    amount_minor, currency = was.amount_minor, was.currency
    if link.told is not None:
        came = (link.told.amount_minor, link.told.currency)
        if was.kind is LinkKind.PAYMENT or link.standing is Standing.FAILED:
            # A refund that bounced: what had gone back is here again.
            amount_minor, currency = came
        elif came[1] == currency:
            amount_minor -= came[0]
    if amount_minor <= 0:
        return refuse(OrderRefusal.AMOUNT_MUST_STILL_BE_DUE, due_minor=amount_minor)
    asked = LinkAsked(
        around.command_id,
        was.order_id,
        around.register,
        around.operator,
        was.provider,
        LinkKind.REFUND,
        amount_minor,
        currency,
        original=was.original or was.paylink_id,
        of_paylink=was.paylink_id,
    )
    return _asked(asked, context)
