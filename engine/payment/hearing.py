"""What a terminal told: from its answer to what the store makes of it.

Money that moved is either a tender of its order or asked back at once; nothing is ever assumed to
have moved, or not to have.
"""

from __future__ import annotations

import attrs
from attrs import frozen

from engine.decision import Decision, Fact, refuse
from engine.order.context import stream_of as order_stream
from engine.order.due import due_of
from engine.order.events import CardTendered, TenderUndone
from engine.order.figures import CardPaid, GaveBack, TenderFigures
from engine.order.refunds import refunded_facts
from engine.order.state import Order, Phase
from engine.payment.asking import reversal_of
from engine.payment.commands import HearPayment, KeepPayment
from engine.payment.context import PaymentContext, answered
from engine.payment.events import (
    Asked,
    PaymentHeard,
    PaymentKept,
    PaymentNotFound,
    PaymentRequested,
    Problem,
    Standing,
)
from engine.payment.exposure import takes_brand
from engine.payment.refusal import Refusal
from engine.payment.state import Payment
from engine.terminal import Answer, Kind, Verdict

NOT_FOUND_TIMES = 2
_ENDS = {
    Verdict.DECLINED: Standing.DECLINED,
    Verdict.ABORTED: Standing.ABORTED,
    Verdict.PARTIALLY_APPROVED: Standing.PARTIALLY_APPROVED,
}


@frozen
class _Found:
    """What an answer comes to: where the payment stands, and what keeps it from being a tender."""

    standing: Standing
    problem: Problem = Problem.NONE


def keep(body: KeepPayment, context: PaymentContext) -> Decision:
    """Write down what a terminal told on the way.

    Refuses:
        payment_must_be_open: whoever asks must take the transaction back.
    """
    payment = context.payments.open.get(body.payment_id)
    if payment is None:
        return refuse(Refusal.PAYMENT_MUST_BE_OPEN, payment_id=body.payment_id)
    fact = context.fact(body.payment_id, PaymentKept(body.payment_id, body.answer))
    return answered(body.payment_id, payment.standing.value, fact)


def hear(body: HearPayment, context: PaymentContext) -> Decision:
    """Take what became of a payment. Said twice, the first time settled it.

    Refuses:
        payment_must_exist.
    """
    payment = context.payments.known(body.payment_id)
    if payment is None:
        return refuse(Refusal.PAYMENT_MUST_EXIST, payment_id=body.payment_id)
    if not payment.is_open:
        return answered(body.payment_id, payment.standing.value)
    if body.answer.verdict is Verdict.UNKNOWN:
        return _still_unknown(payment, body, context)
    found = _found(payment, body.answer)
    if not Payment(payment.asked, 0, found.standing).is_approved:
        return _ended(payment, body.answer, found, context)
    if found.problem is Problem.NONE and payment.asked.kind is Kind.REVERSAL:
        return _taken_back(payment, body.answer, context)
    if found.problem is Problem.NONE and not _is_wanted(payment, body.answer, context):
        found = attrs.evolve(found, problem=Problem.LATE)
    if found.problem is Problem.NONE:
        return _tendered(payment, body.answer, found, context)
    return _unwanted(payment, body.answer, found, context)


def _found(payment: Payment, answer: Answer) -> _Found:
    """Where an answer that is no doubt puts a payment, and what is wrong with it."""
    asked = payment.asked
    standing = _ENDS.get(answer.verdict, Standing.APPROVED)
    if standing in (Standing.DECLINED, Standing.ABORTED):
        problem = Problem.NOT_REVERSED if asked.kind is Kind.REVERSAL else Problem.NONE
        return _Found(standing, problem)
    if answer.is_offline:
        standing = Standing.OFFLINE_APPROVED
    taken = answer.amount_minor - answer.tip_minor
    less = answer.verdict is Verdict.PARTIALLY_APPROVED and 0 < taken < asked.amount_minor
    fits = less if answer.verdict is Verdict.PARTIALLY_APPROVED else taken == asked.amount_minor
    if asked.kind is Kind.REVERSAL:
        # What it took back is what the terminal says it was; its own words count.
        fits = True
    if not fits or answer.currency_code not in (0, asked.currency_code):
        return _Found(standing, Problem.DIFFERS)
    if answer.is_offline and not asked.offline_allowed:
        return _Found(standing, Problem.OFFLINE)
    return _Found(standing)


def _still_unknown(payment: Payment, body: HearPayment, context: PaymentContext) -> Decision:
    """Journal the first doubt, and each time in a row that the terminal does not know of it."""
    payment_id, answer = body.payment_id, body.answer
    if payment.standing is Standing.REQUESTED:
        if _never_began(payment, answer):
            began = attrs.evolve(answer, verdict=Verdict.ABORTED, code="not_sent")
            return _ended(payment, began, _found(payment, began), context)
        doubt = _doubt(payment, answer)
        fact = context.fact(payment_id, PaymentHeard(payment_id, Standing.UNKNOWN, doubt))
        return answered(payment_id, Standing.UNKNOWN.value, fact)
    is_waited_for = payment_id in context.payments.open
    if not is_waited_for or not body.is_inquiry or answer.code != "not_found":
        again = context.fact(payment_id, PaymentNotFound(payment_id, 0))
        facts = (again,) if is_waited_for and payment.not_found else ()
        return answered(payment_id, payment.standing.value, *facts)
    times = payment.not_found + 1
    counted = context.fact(payment_id, PaymentNotFound(payment_id, times))
    if times < NOT_FOUND_TIMES:
        return answered(payment_id, Standing.UNKNOWN.value, counted)
    is_reversal = payment.asked.kind is Kind.REVERSAL
    problem = Problem.NOT_REVERSED if is_reversal else Problem.NONE
    over = PaymentHeard(payment_id, Standing.ABANDONED, answer, problem)
    return answered(payment_id, over.standing.value, counted, context.fact(payment_id, over))


def _is_named(answer: Answer) -> bool:
    """Whether a terminal could be asked about it."""
    return answer.before is not None or answer.identity.is_told


def _never_began(payment: Payment, answer: Answer) -> bool:
    """Whether the terminal provably heard nothing: it is told only once what was its last
    transaction before is written down, and from here on that is refused."""
    return payment.answer is None and not _is_named(answer)


def _doubt(payment: Payment, answer: Answer) -> Answer:
    """What to ask about: what was written down where whoever reports knows less."""
    if payment.answer is None or answer.identity.is_told or not _is_named(payment.answer):
        return answer
    if _is_named(answer) and not payment.answer.identity.is_told:
        return answer
    return attrs.evolve(
        payment.answer, verdict=Verdict.UNKNOWN, code=answer.code, detail=answer.detail
    )


def _ended(payment: Payment, answer: Answer, found: _Found, context: PaymentContext) -> Decision:
    payment_id = payment.asked.payment_id
    event = PaymentHeard(payment_id, found.standing, answer, found.problem)
    return answered(payment_id, found.standing.value, context.fact(payment_id, event))


def _is_wanted(payment: Payment, answer: Answer, context: PaymentContext) -> bool:
    """Whether the order still asks for what the terminal approved, and the shop takes it so."""
    asked, order = payment.asked, context.orders.get(payment.asked.order_id)
    if payment.problem is not Problem.NONE:
        return False  # set aside: whoever did it settled the order another way
    if order is None or order.phase is not Phase.TENDERING or order.figures is None:
        return False
    taken = answer.amount_minor - answer.tip_minor
    due = due_of(order, order.figures, context.around.settings.required()).left_minor
    wanted = -due if asked.kind is Kind.REFUND else due
    return 0 < taken <= wanted


def _tendered(payment: Payment, answer: Answer, found: _Found, context: PaymentContext) -> Decision:
    """It is a tender of its order from here on."""
    asked, order = payment.asked, context.orders[payment.asked.order_id]
    if answer.is_offline and not takes_brand(context.payments.policy, answer.card.brand):
        return _unwanted(payment, answer, _Found(found.standing, Problem.OFFLINE), context)
    taken = answer.amount_minor - answer.tip_minor
    is_refund = asked.kind is Kind.REFUND
    shares = (GaveBack(asked.source_order, asked.source_tender, taken),) if is_refund else ()
    tender = CardTendered(
        order.id,
        order.tender_count + 1,
        -taken if is_refund else taken,
        _card(asked, answer),
        shares,
    )
    event = PaymentHeard(asked.payment_id, found.standing, answer)
    facts = [context.fact(asked.payment_id, event), Fact(order_stream(order.id), tender)]
    facts += [Fact(order_stream(sale), gone) for sale, gone in refunded_facts(order.id, shares)]
    return answered(asked.payment_id, found.standing.value, *facts, amount_minor=taken)


def _card(asked: Asked, answer: Answer) -> CardPaid:
    return CardPaid(
        asked.payment_id,
        asked.terminal,
        asked.currency_code,
        answer.identity,
        answer.card,
        answer.authorisation,
        answer.tip_minor,
        answer.is_offline,
        answer.slips,
    )


def _unwanted(payment: Payment, answer: Answer, found: _Found, context: PaymentContext) -> Decision:
    """Money moved that must not stay: a sale is taken back at once, a person sees to the rest."""
    payment_id = payment.asked.payment_id
    event = PaymentHeard(payment_id, found.standing, answer, found.problem)
    facts = [context.fact(payment_id, event)]
    other = context.payments.at_terminal(payment.asked.terminal)
    is_free = other is None or other.asked.payment_id == payment_id
    if payment.asked.kind is Kind.SALE and answer.identity.is_told and is_free:
        told = attrs.evolve(payment, standing=found.standing, answer=answer)
        back = reversal_of(told, context.around.command_id)
        facts.append(context.fact(back.payment_id, PaymentRequested(back)))
    return answered(payment_id, found.standing.value, *facts)


def _taken_back(payment: Payment, answer: Answer, context: PaymentContext) -> Decision:
    """A payment is undone; where it was a tender, it is none any more."""
    asked = payment.asked
    event = PaymentHeard(asked.payment_id, Standing.APPROVED, answer)
    facts = [context.fact(asked.payment_id, event)]
    order = context.orders.get(asked.order_id)
    tender = None if order is None else _tender_of(order, asked)
    if order is not None and tender is not None:
        facts.append(Fact(order_stream(order.id), TenderUndone(order.id, tender.tender)))
        facts += [
            Fact(order_stream(sale), again)
            for sale, again in refunded_facts(order.id, tender.gave_back, undone=True)
        ]
    return answered(asked.payment_id, event.standing.value, *facts)


def _tender_of(order: Order, asked: Asked) -> TenderFigures | None:
    """The tender a reversal is about, while the order still has it."""
    for tender in order.tenders:
        if tender.card is not None and tender.card.payment_id == asked.of_payment:
            return tender
    return None
