"""What an approval makes of its order: a tender, a tab, a tender less; or money to give back.

Money that moved is either wanted by its order or asked back at once.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.altered import altered
from engine.decision import Decision, Fact
from engine.order.context import stream_of as order_stream
from engine.order.due import due_of
from engine.order.figures import CardPaid, GaveBack, Tab, TenderFigures
from engine.order.refunds import refunded_facts, unpaid_fact
from engine.order.state import Order, Phase
from engine.order.tender_events import (
    CardTendered,
    TabClosed,
    TabOpened,
    TenderUndone,
)
from engine.payment.asking import UNDONE_BY, reversal_of
from engine.payment.context import PaymentContext, answered, stream_of
from engine.payment.events import Asked, PaymentHeard, PaymentRequested, Problem, Standing
from engine.payment.exposure import may_count
from engine.payment.state import Payment, is_counted, tip_in
from engine.payment.tabs import release_of
from engine.promotion.payment import pays
from engine.terminal import UNDOING, Answer, CardShown, Kind, of_customer

_HIDDEN_DIGITS = 12


def approved(
    payment: Payment,
    answer: Answer,
    standing: Standing,
    problem: Problem,
    context: PaymentContext,
) -> Decision:
    """What follows from an approval; `problem` is what is wrong with it by itself."""
    asked = payment.asked
    heard = PaymentHeard(asked.payment_id, standing, answer, problem)
    if problem is Problem.NONE and not _is_taken(payment, answer, context):
        heard = altered(heard, problem=Problem.OFFLINE)
    elif problem is Problem.NONE and not _is_wanted(payment, answer, context):
        heard = altered(heard, problem=Problem.LATE)
    elif problem is Problem.NONE and not _is_raised(payment, answer, context):
        heard = altered(heard, problem=Problem.DIFFERS)
    elif problem is Problem.NONE and not _is_as_chosen(payment, answer, context):
        heard = altered(heard, problem=Problem.OTHER_CARD)
    elif problem is Problem.NONE and is_counted(asked, context.orders):
        heard = altered(heard, problem=Problem.UNPAID)
    elif problem is Problem.NONE and _is_another_card(asked, answer):
        heard = altered(heard, problem=Problem.NOT_ITS_CARD)
    if heard.problem not in (Problem.NONE, Problem.NOT_ITS_CARD):
        return _unwanted(payment, heard, context)
    order = context.orders.get(asked.order_id)
    facts: list[Fact] = []
    match asked.kind:
        case Kind.SALE | Kind.REFUND | Kind.CAPTURE:
            assert order is not None, "an order that is not there wants nothing"
            facts = _tendered(order, asked, answer)
        case Kind.RESERVATION:
            assert order is not None, "an order that is not there wants nothing"
            facts = _reserved(order, asked, answer, context)
        case Kind.REVERSAL | Kind.RELEASE:
            facts = [] if order is None else undone(order, asked)
            facts += _came_back(context.payments.exceptions.get(asked.of_payment))
    amount_minor = _taken_minor(asked, answer)
    fact = context.fact(asked.payment_id, heard)
    return answered(asked.payment_id, standing.value, fact, *facts, amount_minor=amount_minor)


def _reserved(order: Order, asked: Asked, answer: Answer, context: PaymentContext) -> list[Fact]:
    """The order's tab is on this reservation; one it came instead of is given up."""
    before = order.tab
    tip_minor = 0 if before is None else before.tip_minor
    # A bank may hold less than it was asked for.
    tab = Tab(answer.amount_minor, _card(asked, answer), tip_minor)
    facts = [Fact(order_stream(order.id), TabOpened(order.id, tab))]
    if before is not None:
        back = release_of(before, asked, context.around.command_id)
        facts.append(context.fact(back.payment_id, PaymentRequested(back)))
    return facts


def _taken_minor(asked: Asked, answer: Answer) -> int:
    """What counts towards the order: the amount without the tip."""
    return answer.amount_minor - tip_in(asked, answer)


def _is_taken(payment: Payment, answer: Answer, context: PaymentContext) -> bool:
    """Whether the shop takes such a card, and so much, offline, where it was."""
    is_alone = answer.is_offline and payment.asked.kind is Kind.SALE
    now_ns = context.around.stamp.now_ns
    return not is_alone or may_count(context.payments, payment, answer, now_ns=now_ns)


def _is_wanted(payment: Payment, answer: Answer, context: PaymentContext) -> bool:
    """Whether the order still asks for what the terminal approved."""
    asked, order = payment.asked, context.orders.get(payment.asked.order_id)
    if asked.kind in UNDOING:
        return True
    if order is None:
        return False
    if payment.problem is not Problem.NONE and asked.kind is not Kind.REFUND:
        return False  # set aside: whoever did it settled the order another way
    if asked.kind is Kind.RESERVATION:
        return asked.of_payment == ("" if order.tab is None else order.tab.card.payment_id)
    # What was paid, or paid back, in part and parked is due the rest as before.
    if order.phase not in (Phase.TENDERING, Phase.SUSPENDED) or order.figures is None:
        return False
    due = due_of(order, order.figures, context.around.settings.required()).left_minor
    wanted = -due if asked.kind is Kind.REFUND else due
    return 0 < _taken_minor(asked, answer) <= wanted


def _is_raised(payment: Payment, answer: Answer, context: PaymentContext) -> bool:
    """Whether a reservation that comes instead of another holds more than that one."""
    order = context.orders.get(payment.asked.order_id)
    if payment.asked.kind is not Kind.RESERVATION or order is None or order.tab is None:
        return True
    return answer.amount_minor > order.tab.reserved_minor


def _is_as_chosen(payment: Payment, answer: Answer, context: PaymentContext) -> bool:
    """Whether the card pays the price of its order, which may have been made for a brand."""
    order = context.orders.get(payment.asked.order_id)
    if payment.asked.kind is not Kind.SALE or order is None or order.figures is None:
        return True
    return pays(order.figures.tender, "card", answer.card.brand)


def _is_another_card(asked: Asked, answer: Answer) -> bool:
    """Whether what went back went to another card than the one that paid, where both are known."""
    ends = answer.card.ends()
    is_known = asked.kind is Kind.REFUND and asked.card_ends != "" and ends != ""
    return is_known and ends != asked.card_ends


def _tendered(order: Order, asked: Asked, answer: Answer) -> list[Fact]:
    """It is a tender of its order from here on; a captured tab is closed by it."""
    taken = _taken_minor(asked, answer)
    is_refund = asked.kind is Kind.REFUND
    shares = (GaveBack(asked.source_order, asked.source_tender, taken),) if is_refund else ()
    amount = -taken if is_refund else taken
    tender = CardTendered(order.id, order.tender_count + 1, amount, _card(asked, answer), shares)
    facts = [Fact(order_stream(order.id), tender)]
    facts += _captured(order, asked)
    facts += [Fact(order_stream(sale), gone) for sale, gone in refunded_facts(order.id, shares)]
    return facts


def _captured(order: Order | None, asked: Asked) -> list[Fact]:
    """A capture uses the reservation up, whether the order wants the money or not."""
    if asked.kind is not Kind.CAPTURE or order is None or order.tab is None:
        return []
    if order.tab.card.payment_id != asked.of_payment:
        return []
    return [Fact(order_stream(order.id), TabClosed(order.id))]


def _card(asked: Asked, answer: Answer) -> CardPaid:
    shown = answer.card
    if answer.identity.is_of_payment and not shown.number:
        # No card was read: it went to the one that paid.
        ends = asked.card_ends and f"{'*' * _HIDDEN_DIGITS}{asked.card_ends}"
        shown = CardShown(ends, asked.brand)
    return CardPaid(
        asked.payment_id,
        asked.terminal,
        asked.currency_code,
        answer.identity,
        shown,
        answer.authorisation,
        tip_in(asked, answer),
        answer.is_offline,
        answer.slips,
        asked.entry,
        answer.paper,
    )


def never_paid(asked: Asked, orders: Mapping[str, Order]) -> list[Fact]:
    """What it means that a bank refused afterwards what was taken offline. The customer of an open
    order may still be here: what was not paid is due again. Of one that ended nothing is ever given
    back for it."""
    order = orders.get(asked.order_id)
    if order is not None and order.figures is not None:
        return undone(order, altered(asked, of_payment=asked.payment_id))
    return [unpaid_fact(asked.order_id, asked.payment_id)]


def undone(order: Order, asked: Asked) -> list[Fact]:
    """What was taken back, `asked.of_payment`, is a tender, or a tab, no more."""
    if order.tab is not None and order.tab.card.payment_id == asked.of_payment:
        return [Fact(order_stream(order.id), TabClosed(order.id))]
    tender = _tender_of(order, asked)
    if tender is None:
        return []
    gone = TenderUndone(order.id, tender.tender)
    if (card := tender.card) is not None:
        number = card.paper.merchant_number
        gone = altered(gone, slips=of_customer(card.slips), card=card.card, merchant_number=number)
    facts = [Fact(order_stream(order.id), gone)]
    facts += [
        Fact(order_stream(sale), again)
        for sale, again in refunded_facts(order.id, tender.gave_back, undone=True)
    ]
    return facts


def is_outstanding(asked: Asked, context: PaymentContext) -> bool:
    """Whether what is taken back is with the shop still, as far as the books know: a tender, a tab,
    or on the list of what must go back."""
    order = context.orders.get(asked.order_id)
    is_paid = is_counted(asked, context.orders) if order is None else bool(undone(order, asked))
    return is_paid or asked.of_payment in context.payments.exceptions


def _tender_of(order: Order, asked: Asked) -> TenderFigures | None:
    """The tender a reversal is about, while the order still has it."""
    for tender in order.tenders:
        if tender.card is not None and tender.card.payment_id == asked.of_payment:
            return tender
    return None


def _gone(asked: Asked, answer: Answer, *, undone: bool = False) -> list[Fact]:
    """The customer has what a refund gave back, though no return has it: so much less is left of
    the tender that paid, whatever a person makes of it on the list."""
    is_same_money = answer.currency_code in (0, asked.currency_code)
    moved_minor = _taken_minor(asked, answer) if is_same_money else asked.amount_minor
    if not asked.source_order or moved_minor <= 0:
        return []
    shares = (GaveBack(asked.source_order, asked.source_tender, moved_minor),)
    told = refunded_facts(stream_of(asked.payment_id), shares, undone=undone)
    return [Fact(order_stream(sale), event) for sale, event in told]


def _came_back(refund: Payment | None) -> list[Fact]:
    """What it means for a sale that a refund on the list was taken back: its tender has that."""
    if refund is None or refund.asked.kind is not Kind.REFUND or not refund.is_unwanted:
        return []
    assert refund.answer is not None, "what is approved was told"
    return _gone(refund.asked, refund.answer, undone=True)


def _unwanted(payment: Payment, heard: PaymentHeard, context: PaymentContext) -> Decision:
    """What was approved must not stay: it is taken back at once where its terminal is free, else as
    soon as it is."""
    asked, answer = payment.asked, heard.answer
    told = altered(payment, standing=heard.standing, answer=answer)
    # Without a receipt number no terminal can be asked for it, nor by one of a day that is over: a
    # person gives it back there.
    is_numbered = answer.identity.receipt is not None and not context.payments.is_past(told)
    goes_back = asked.kind in UNDONE_BY and is_numbered
    is_free = context.payments.is_free(asked.terminal, but_for=asked.payment_id)
    heard = altered(heard, back_waits=goes_back and not is_free)
    facts = [context.fact(asked.payment_id, heard)]
    if heard.problem is Problem.UNPAID and not asked.of_refund:
        facts.append(unpaid_fact(asked.order_id, asked.of_payment))
    facts += _captured(context.orders.get(asked.order_id), asked)
    if asked.kind is Kind.REFUND:
        facts += _gone(asked, answer)
    if goes_back and is_free:
        back = reversal_of(told, context.around.command_id)
        facts.append(context.fact(back.payment_id, PaymentRequested(back)))
    return answered(asked.payment_id, heard.standing.value, *facts)
