"""What a terminal told: from its answer to what the store makes of it.

Money that moved is either a tender of its order or asked back at once; nothing is ever assumed to
have moved, or not to have.
"""

from __future__ import annotations

from attrs import frozen

from engine.altered import altered
from engine.decision import Decision, Fact, refuse
from engine.payment.anew import day_before
from engine.payment.commands import HearPayment, KeepPayment
from engine.payment.context import PaymentContext, answered
from engine.payment.events import (
    Asked,
    PaymentHeard,
    PaymentKept,
    PaymentNotFound,
    Problem,
    Standing,
)
from engine.payment.exposure import may_count
from engine.payment.outcome import approved, is_outstanding, undone
from engine.payment.refusal import Refusal
from engine.payment.state import Payment
from engine.terminal import (
    ALREADY_REVERSED,
    IDENTITY_TAKEN,
    STORABLE,
    UNDOING,
    UNSENT,
    Answer,
    Kind,
    Verdict,
)

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
    """Write down what a terminal told on the way. Refused, whoever asks must take it back: a
    terminal that approves alone learns here whether the shop takes that risk, and one that would
    take back what is another's by that number, that it must not.

    Refuses:
        payment_must_be_open, payment_must_be_within_ceilings, payment_must_be_of_its_original.
    """
    payment = context.payments.open.get(body.payment_id)
    if payment is None:
        return refuse(Refusal.PAYMENT_MUST_BE_OPEN, payment_id=body.payment_id)
    is_alone = body.answer.is_offline and body.answer.amount_minor > 0
    is_sale = payment.asked.kind is Kind.SALE
    now_ns = context.around.stamp.now_ns
    if (
        is_alone
        and is_sale
        and not may_count(context.payments, payment, body.answer, now_ns=now_ns)
    ):
        return refuse(Refusal.PAYMENT_MUST_BE_WITHIN_CEILINGS, payment_id=body.payment_id)
    if _is_of_another(payment.asked, body.answer):
        return refuse(Refusal.PAYMENT_MUST_BE_OF_ITS_ORIGINAL, payment_id=body.payment_id)
    fact = context.fact(body.payment_id, PaymentKept(body.payment_id, body.answer))
    return answered(body.payment_id, payment.standing.value, fact)


def _is_of_another(asked: Asked, answer: Answer) -> bool:
    """Whether what a terminal takes, or takes back, by a number alone is shown to be another's: on
    another card, or more than is to go back. The number may have begun anew, and be a stranger's.
    """
    is_more = asked.kind is Kind.REVERSAL and answer.amount_minor > asked.amount_minor
    is_other = is_more or _is_on_other_card(asked, answer)
    return _is_by_number(asked) and answer.amount_minor > 0 and is_other


def _is_on_other_card(asked: Asked, answer: Answer) -> bool:
    """Whether it is on another card than the transaction that it is about by a number alone."""
    ends = answer.card.ends()
    return _is_by_number(asked) and asked.card_ends != "" and ends not in ("", asked.card_ends)


def _is_by_number(asked: Asked) -> bool:
    """Whether a terminal finds what it is about by a number alone."""
    original, is_about = asked.original, asked.kind in (*UNDOING, Kind.CAPTURE)
    return is_about and original is not None and not original.reference


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
    ended = day_before(payment, body.answer, context, is_inquiry=body.is_inquiry)
    decision = _heard(payment, body, context)
    return altered(decision, facts=(*ended, *decision.facts)) if ended else decision


def _heard(payment: Payment, body: HearPayment, context: PaymentContext) -> Decision:
    """What it comes to for a payment that is open."""
    if body.answer.verdict is Verdict.UNKNOWN:
        return _still_unknown(payment, body, context)
    is_found_out = body.is_inquiry and payment.standing is Standing.UNKNOWN
    if is_found_out and context.payments.is_taken(payment.asked, body.answer.identity):
        return _taken_by_another(payment, context)
    found = _found(payment, body.answer)
    is_undoing = payment.asked.kind in UNDOING
    is_ours = not _is_on_other_card(payment.asked, body.answer)
    if is_undoing and is_ours and body.answer.code == ALREADY_REVERSED:
        return _gone_before(payment, body.answer, found, context)
    if not Payment(payment.asked, 0, found.standing).is_approved:
        return _ended(payment, body.answer, found, context)
    return approved(payment, body.answer, found.standing, found.problem, context)


def _gone_before(
    payment: Payment, answer: Answer, found: _Found, context: PaymentContext
) -> Decision:
    """A terminal that refuses because it took it back before says that the money is gone: by a try
    nobody knew the end of, or by hand. It counts once. Where a part is known to have gone back, it
    may be that. Where the order still has it as a tender it does no longer."""
    asked = payment.asked
    tries = [
        one
        for one in context.payments.exceptions.values()
        if one.asked.kind in UNDOING
        and one.is_approved
        and one.asked.of_payment == asked.of_payment
    ]
    if any(one.problem is Problem.NOT_REVERSED for one in tries):
        return _ended(payment, answer, found, context)
    if tries or not is_outstanding(asked, context):
        order = context.orders.get(asked.order_id)
        gone_too = [] if order is None else undone(order, asked)
        return _ended(payment, answer, _Found(found.standing), context, *gone_too)
    gone = altered(answer, verdict=Verdict.APPROVED, amount_minor=asked.amount_minor)
    return approved(payment, gone, Standing.APPROVED, Problem.NONE, context)


def _found(payment: Payment, answer: Answer) -> _Found:
    """Where an answer that is no doubt puts a payment, and what is wrong with it."""
    asked = payment.asked
    standing = _ENDS.get(answer.verdict, Standing.APPROVED)
    if standing in (Standing.DECLINED, Standing.ABORTED):
        return _Found(standing, _stands(asked.kind))
    if answer.is_offline:
        standing = Standing.OFFLINE_APPROVED
    taken = answer.amount_minor - answer.tip_minor
    less = answer.verdict is Verdict.PARTIALLY_APPROVED and 0 < taken < asked.amount_minor
    fits = less if answer.verdict is Verdict.PARTIALLY_APPROVED else taken == asked.amount_minor
    is_others = _is_of_another(asked, answer)
    if asked.kind in UNDOING:
        is_less = asked.kind is Kind.REVERSAL and answer.amount_minor < asked.amount_minor
        if is_less or is_others:
            # What did not go back is still the customer's, and no tender is undone by it; nor by
            # what went back of somebody else's.
            return _Found(standing, Problem.NOT_REVERSED)
        # More than was reserved or taken cannot go back: it is another way of saying all.
        fits = True
    if is_others or not fits or answer.currency_code not in (0, asked.currency_code):
        return _Found(standing, Problem.DIFFERS)
    if answer.is_offline and asked.kind in STORABLE and not asked.offline_allowed:
        return _Found(standing, Problem.OFFLINE)
    return _Found(standing)


def _stands(kind: Kind) -> Problem:
    """What is left where this kind of transaction did not happen: money that should be gone."""
    return Problem.NOT_REVERSED if kind in UNDOING else Problem.NONE


def _still_unknown(payment: Payment, body: HearPayment, context: PaymentContext) -> Decision:
    """Journal the first doubt, and each time in a row that the terminal does not know of it."""
    payment_id, answer = body.payment_id, body.answer
    if payment.standing is Standing.REQUESTED:
        if _never_began(payment, answer):
            began = altered(answer, verdict=Verdict.ABORTED, code="not_sent")
            return _ended(payment, began, _found(payment, began), context)
        doubt = _doubt(payment, answer)
        fact = context.fact(payment_id, PaymentHeard(payment_id, Standing.UNKNOWN, doubt))
        return answered(payment_id, Standing.UNKNOWN.value, fact)
    if not body.is_inquiry or answer.code != "not_found":
        again = context.fact(payment_id, PaymentNotFound(payment_id, 0))
        facts = (again,) if payment.not_found else ()
        return answered(payment_id, payment.standing.value, *facts)
    times = payment.not_found + 1
    counted = context.fact(payment_id, PaymentNotFound(payment_id, times))
    if times < NOT_FOUND_TIMES:
        return answered(payment_id, Standing.UNKNOWN.value, counted)
    found = _Found(Standing.ABANDONED, _stands(payment.asked.kind))
    over = context.fact(payment_id, _over(payment, answer, found, context))
    return answered(payment_id, found.standing.value, counted, over)


def _taken_by_another(payment: Payment, context: PaymentContext) -> Decision:
    """A terminal that names another payment's transaction says nothing of this one."""
    payment_id, known = payment.asked.payment_id, payment.answer
    assert known is not None, "what is unknown was heard of"
    if known.code != IDENTITY_TAKEN:
        # What it wanted on paper was printed as the doubt was heard of, and is not once more.
        doubt = altered(known, verdict=Verdict.UNKNOWN, code=IDENTITY_TAKEN, detail="", slips=())
        event = PaymentHeard(payment_id, Standing.UNKNOWN, doubt, payment.problem)
        return answered(payment_id, Standing.UNKNOWN.value, context.fact(payment_id, event))
    again = context.fact(payment_id, PaymentNotFound(payment_id, 0))
    facts = (again,) if payment.not_found else ()
    return answered(payment_id, Standing.UNKNOWN.value, *facts)


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
    return altered(payment.answer, verdict=Verdict.UNKNOWN, code=answer.code, detail=answer.detail)


def _ended(
    payment: Payment, answer: Answer, found: _Found, context: PaymentContext, *more: Fact
) -> Decision:
    payment_id = payment.asked.payment_id
    event = _over(payment, answer, found, context)
    return answered(payment_id, found.standing.value, context.fact(payment_id, event), *more)


def _over(payment: Payment, answer: Answer, found: _Found, context: PaymentContext) -> PaymentHeard:
    """It ended so. Where it was to take back what is on the list, and provably never began, that
    waits for its terminal once more, and this try needs nobody."""
    asked, unwanted = payment.asked, context.payments.exceptions.get(payment.asked.of_payment)
    is_unsent = found.standing is Standing.ABORTED and answer.code in UNSENT
    never_began = is_unsent or found.standing is Standing.ABANDONED
    waits = unwanted is not None and unwanted.is_unwanted and never_began
    back_waits = waits and asked.kind in UNDOING
    problem = Problem.NONE if back_waits else found.problem
    return PaymentHeard(asked.payment_id, found.standing, answer, problem, back_waits)
