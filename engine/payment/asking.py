"""Asking a terminal for money, to give some back, or to take a payment back."""

from __future__ import annotations

from engine.altered import altered
from engine.decision import Decision, Fact, refuse
from engine.money import numeric_code
from engine.order.due import due_of
from engine.order.figures import Figures, TenderFigures, Tip
from engine.order.refunds import by_refund, cards_of, left_for, left_of
from engine.order.refusal import Refusal as OrderRefusal
from engine.order.state import Order, Phase
from engine.order.tendering import figures_frozen, why_no_tender
from engine.order.without_receipt import comes_back_alone
from engine.payment.commands import RequestPayment, ReverseAgain, ReverseTender, TakeBack
from engine.payment.context import PaymentContext, answered, stream_of
from engine.payment.ending_days import Refusal as DayRefusal
from engine.payment.events import Asked, PaymentKept, PaymentRequested, Problem, Standing
from engine.payment.exposure import alone_minor_max, may_be_offline
from engine.payment.refusal import Refusal
from engine.payment.state import Payment, Payments, is_counted
from engine.terminal import BEGUN, UNDOING, Answer, CardEntry, Identity, Kind, Verdict

# What undoes an approval that nobody wants; of the others a person sees what is to be done.
UNDONE_BY = {
    Kind.SALE: Kind.REVERSAL,
    Kind.CAPTURE: Kind.REVERSAL,
    Kind.RESERVATION: Kind.RELEASE,
}


def request(body: RequestPayment, context: PaymentContext) -> Decision:
    """Ask the register's terminal for what is due, or to give it back.

    Refuses:
        order_must_be_open; order_must_be_live, terminal_must_be_set_up,
        currency_must_have_a_number; those of `begun_by_card`; amount_must_still_be_due,
        card_amount_must_be_due, entry_must_be_of_a_sale; those of a refund.
    """
    around = context.around
    ready = ready_for_cards(context)
    if isinstance(ready, Decision):
        return ready
    order, terminal = ready
    begun = begun_by_card(order, terminal, context)
    if isinstance(begun, Decision):
        return begun
    facts, figures = begun
    due = due_of(order, figures, around.settings.required())
    due_minor = due.left_minor
    if not due.is_due():
        return refuse(OrderRefusal.AMOUNT_MUST_STILL_BE_DUE, due_minor=due_minor)
    if not 0 <= body.amount_minor <= abs(due_minor):
        return refuse(Refusal.CARD_AMOUNT_MUST_BE_DUE, due_minor=abs(due_minor))
    amount_minor = body.amount_minor or abs(due_minor)
    if due_minor < 0 and body.entry is not CardEntry.READ:
        return refuse(Refusal.ENTRY_MUST_BE_OF_A_SALE)
    tip = _tip(order, body, context) if due_minor > 0 else None
    asked = _sale(order, body, terminal, amount_minor, context, tip=tip)
    if due_minor < 0:
        found = _refund(order, body, asked, context)
        if isinstance(found, Decision):
            return found
        asked = found
    return asked_for(asked, context, *facts)


def begun_by_card(
    order: Order, terminal: str, context: PaymentContext
) -> tuple[tuple[Fact, ...], Figures] | Decision:
    """The fact that starts tendering, if need be, and the frozen figures that a card at `terminal`
    may pay; or why none may.

    Refuses:
        those of `start_tendering`; tender_must_be_as_chosen, tenders_limit_reached,
        payment_must_be_settled, terminal_must_be_free.
    """
    begun = figures_frozen(order, context.around)
    if isinstance(begun, Decision):
        return begun
    refused = why_no_tender(order, begun[1], "card", context.around)
    refused = refused or why_not_free(terminal, order.id, context)
    return begun if refused is None else refused


def _tip(order: Order, body: RequestPayment, context: PaymentContext) -> Tip | None:
    """What the customer said of a tip. Who tells their number by phone was never asked, and where
    our own screen asks no more, nobody is charged what was said there before."""
    asks = context.around.settings.registers[context.around.register].tip_choices is not None
    return order.tip if asks and body.entry is CardEntry.READ else None


def _sale(
    order: Order,
    body: RequestPayment,
    terminal: str,
    amount_minor: int,
    context: PaymentContext,
    *,
    tip: Tip | None,
) -> Asked:
    """What a terminal is asked to take; `tip` is what the customer said on our own screen."""
    around = context.around
    tip_minor = 0
    if tip is not None and tip.amount_minor == amount_minor:
        tip_minor = tip.tip_minor or 0
    may_wait = may_be_offline(
        context.payments,
        amount_minor + tip_minor,
        register=around.register,
        operator=around.operator,
        now_ns=around.stamp.now_ns,
    )
    asked = Asked(
        around.command_id,
        order.id,
        around.register,
        around.operator,
        terminal,
        Kind.SALE,
        amount_minor,
        numeric_code(around.settings.required().currency),
        # Asked on our own screen, the customer is not asked again by the terminal.
        tip_allowed=around.settings.registers[around.register].tips and tip is None,
        # Nobody vouches for a number that was only told, so somebody must be asked.
        offline_allowed=may_wait and body.entry is CardEntry.READ,
        tip_on_top_minor=tip_minor,
        entry=body.entry,
    )
    alone_max = alone_minor_max(context.payments, asked)
    return altered(asked, alone_minor_max=alone_max)


def ready_for_cards(context: PaymentContext) -> tuple[Order, str] | Decision:
    """The register's order and its terminal's address, or why it takes no cards now.

    Refuses:
        order_must_be_open, order_must_be_live, terminal_must_be_set_up,
        currency_must_have_a_number.
    """
    order, around = context.order, context.around
    if order is None:
        return refuse(OrderRefusal.ORDER_MUST_BE_OPEN)
    if order.training:
        return refuse(Refusal.ORDER_MUST_BE_LIVE)
    setup = around.settings.registers.get(around.register)
    if setup is None or not setup.terminal:
        return refuse(Refusal.TERMINAL_MUST_BE_SET_UP, register=around.register)
    currency = around.settings.required().currency
    if numeric_code(currency) == 0:
        return refuse(Refusal.CURRENCY_MUST_HAVE_A_NUMBER, currency=currency)
    return order, setup.terminal


def asked_for(asked: Asked, context: PaymentContext, *before: Fact) -> Decision:
    """The decision that a terminal is asked, after the facts `before`."""
    remembered = context.payments.remembered.get(asked.terminal)
    fact = context.fact(asked.payment_id, PaymentRequested(asked, remembered))
    standing = Standing.REQUESTED.value
    facts = (*before, fact, *_begun(asked, context))
    return answered(asked.payment_id, standing, *facts, amount_minor=asked.amount_minor)


def _begun(asked: Asked, context: PaymentContext) -> tuple[Fact, ...]:
    """What its terminal would have written down before it began: which transaction was its last,
    where the books know. The terminal begins at once only where it says the same."""
    last = context.payments.lasts.get(asked.terminal)
    if last is None:
        return ()
    doubt = Answer(
        Verdict.UNKNOWN,
        asked.kind,
        asked.amount_minor,
        BEGUN,
        currency_code=asked.currency_code,
        before=last,
        partial_allowed=asked.kind is Kind.SALE,
        asked_tip_minor=asked.tip_on_top_minor,
    )
    return (context.fact(asked.payment_id, PaymentKept(asked.payment_id, doubt)),)


def why_not_free(terminal: str, order_id: str, context: PaymentContext) -> Decision | None:
    """Why no payment can begin at a terminal for an order, or None."""
    payments = context.payments
    mine = payments.of_order(order_id)
    if mine is not None:
        return refuse(Refusal.PAYMENT_MUST_BE_SETTLED, payment_id=mine.asked.payment_id)
    day = payments.days.get(terminal)
    if day is not None and day.asked is not None:
        return refuse(DayRefusal.TERMINAL_DAY_MUST_HAVE_ENDED, terminal=terminal)
    other = payments.at_terminal(terminal)
    if other is not None:
        order = other.asked.order_id
        payment_id = other.asked.payment_id
        return refuse(Refusal.TERMINAL_MUST_BE_FREE, payment_id=payment_id, order_id=order)
    return None


def _refund(
    order: Order, body: RequestPayment, asked: Asked, context: PaymentContext
) -> Asked | Decision:
    """The refund of one card tender: the one named, else the first with something left.

    Refuses:
        refund_must_be_store_credit, tender_must_be_by_card, tender_must_have_been_paid,
        refund_must_be_within_tender.
    """
    if comes_back_alone(order):
        return refuse(OrderRefusal.REFUND_MUST_BE_STORE_CREDIT)
    cards = [
        (sale, tender)
        for sale, tender in cards_of(order, context.around.originals)
        if not body.source_order
        or (sale.id, tender.tender) == (body.source_order, body.source_tender)
    ]
    if not cards:
        return refuse(Refusal.TENDER_MUST_BE_BY_CARD)
    left = [(sale, tender, _left_minor(order, sale, tender, context)) for sale, tender in cards]
    sale, tender, left_minor = next((entry for entry in left if entry[2] > 0), left[0])
    if left_minor <= 0 and any(one.tender in of.unpaid for of, one in cards):
        return refuse(Refusal.TENDER_MUST_HAVE_BEEN_PAID)
    amount_minor = asked.amount_minor
    if not body.amount_minor and 0 < left_minor < amount_minor:
        # The rest goes back another way: to another card, or in cash where cash was paid too.
        amount_minor = left_minor
    if amount_minor > left_minor:
        return refuse(Refusal.REFUND_MUST_BE_WITHIN_TENDER, left_minor=max(0, left_minor))
    card = tender.card
    assert card is not None
    return altered(
        asked,
        kind=Kind.REFUND,
        amount_minor=amount_minor,
        original=card.identity,
        of_payment=card.payment_id,
        source_order=sale.id,
        source_tender=tender.tender,
        tip_allowed=False,
        offline_allowed=False,
        alone_minor_max=0,
        brand=card.card.brand,
        card_ends=card.card.ends(),
    )


def _left_minor(order: Order, sale: Order, tender: TenderFigures, context: PaymentContext) -> int:
    """What `order` may give back of a card tender, after what terminals may be giving back of it
    now."""
    payments = [*context.payments.open.values(), *context.payments.exceptions.values()]
    going = sum(
        entry.asked.amount_minor
        for entry in payments
        if (entry.asked.source_order, entry.asked.source_tender) == (sale.id, tender.tender)
        and (entry.is_open or _is_untold(entry, sale))
    )
    left_minor = left_of(sale).get(tender.tender, 0) - going
    return min(left_minor, left_for(order, sale).get(tender.tender, 0))


def _is_untold(refund: Payment, sale: Order) -> bool:
    """Whether money went back that the sale was not told of: a journal of before has such."""
    is_given = refund.is_approved and not refund.is_done
    return is_given and not by_refund(sale, stream_of(refund.asked.payment_id))


def moving_money(payments: Payments) -> frozenset[str]:
    """The orders that a terminal may be taking money for, or giving it back: nobody knows yet, or
    any more."""
    tries = (*payments.open.values(), *payments.exceptions.values())
    kinds = (Kind.SALE, Kind.CAPTURE, Kind.REFUND)
    moving = (one for one in tries if one.is_open and one.asked.kind in kinds)
    return frozenset(one.asked.order_id for one in moving)


def reverse_tender(body: ReverseTender, context: PaymentContext) -> Decision:
    """Ask the terminal to take back a card tender; it is a tender until the terminal has.

    Refuses:
        order_must_be_open, order_must_be_tendering, tender_must_exist, tender_must_be_by_card,
        those of `_why_final`, payment_must_be_of_terminal_day, payment_must_be_settled,
        terminal_must_be_free.
    """
    order = context.order
    if order is None:
        return refuse(OrderRefusal.ORDER_MUST_BE_OPEN)
    if order.phase is not Phase.TENDERING:
        return refuse(OrderRefusal.ORDER_MUST_BE_TENDERING)
    tender = next((entry for entry in order.tenders if entry.tender == body.tender), None)
    if tender is None:
        return refuse(OrderRefusal.TENDER_MUST_EXIST, tender=body.tender)
    card = tender.card
    if card is None:
        return refuse(Refusal.TENDER_MUST_BE_BY_CARD)
    refused = _why_final(card.identity, card.payment_id)
    if refused is None and card.payment_id in context.payments.overnight.get(order.id, ()):
        return refuse(Refusal.PAYMENT_MUST_BE_OF_TERMINAL_DAY, payment_id=card.payment_id)
    refused = refused or why_not_free(card.terminal, order.id, context)
    if refused is not None:
        return refused
    asked = Asked(
        context.around.command_id,
        order.id,
        context.around.register,
        context.around.operator,
        card.terminal,
        Kind.REVERSAL,
        abs(tender.amount_minor) + card.tip_minor,
        card.currency_code,
        card.identity,
        card.payment_id,
        tender.tender,
        brand=card.card.brand,
        of_refund=tender.amount_minor < 0,
        card_ends=card.card.ends(),
    )
    return asked_for(asked, context)


def _why_final(original: Identity | None, payment_id: str) -> Decision | None:
    """Why no terminal can be asked to take it back, or None.

    Refuses:
        payment_must_be_numbered, refund_must_be_reversible.
    """
    if original is None or original.receipt is None:
        return refuse(Refusal.PAYMENT_MUST_BE_NUMBERED, payment_id=payment_id)
    if original.is_of_payment:
        return refuse(Refusal.REFUND_MUST_BE_REVERSIBLE, payment_id=payment_id)
    return None


def reversal_of(payment: Payment, payment_id: str) -> Asked:
    """What takes back an approved payment whole, in the currency that it was taken in, or lets a
    reservation go."""
    asked, answer = payment.asked, payment.answer
    assert answer is not None, "what is approved was told"
    return altered(
        asked,
        payment_id=payment_id,
        kind=UNDONE_BY.get(asked.kind, Kind.REVERSAL),
        amount_minor=answer.amount_minor or asked.amount_minor,
        currency_code=answer.currency_code or asked.currency_code,
        original=answer.identity,
        of_payment=asked.payment_id,
        source_order="",
        source_tender=0,
        tip_allowed=False,
        offline_allowed=False,
        alone_minor_max=0,
        tip_minor=0,
        brand=answer.card.brand or asked.brand,
        of_refund=asked.kind is Kind.REFUND,
        tip_on_top_minor=0,
        entry=CardEntry.READ,
        card_ends=answer.card.ends(),
        authorisation="",
    )


def reverse_again(body: ReverseAgain, context: PaymentContext) -> Decision:
    """Try once more what could not be taken back. Once a sale was completed with it, that is what
    its receipt says: it goes back by a return alone.

    Refuses:
        order_must_be_live (a register that practises moves no money), payment_must_exist,
        payment_must_be_approved, payment_must_not_be_counted, those of `_why_final`,
        payment_must_be_of_terminal_day, terminal_must_be_free.
    """
    if context.around.training:
        return refuse(Refusal.ORDER_MUST_BE_LIVE)
    payment = context.payments.exceptions.get(body.payment_id)
    if payment is None:
        return refuse(Refusal.PAYMENT_MUST_EXIST, payment_id=body.payment_id)
    is_reversal = payment.asked.kind in UNDOING
    # What was taken offline and refused afterwards took nothing that could be given back.
    has_money = payment.is_approved and payment.problem is not Problem.UPLOAD_DECLINED
    is_refused = context.payments.was_refused(payment.asked.of_payment)
    is_gone = payment.problem is Problem.UNPAID or is_refused
    if is_gone or (not is_reversal and not has_money):
        return refuse(Refusal.PAYMENT_MUST_BE_APPROVED, payment_id=body.payment_id)
    if payment.is_done or is_counted(payment.asked, context.orders):
        return refuse(Refusal.PAYMENT_MUST_NOT_BE_COUNTED, payment_id=body.payment_id)
    command_id = context.around.command_id
    if is_reversal:
        # The same reversal under another id; the one that failed stays until this one succeeds.
        again = altered(payment.asked, payment_id=command_id)
    else:
        again = reversal_of(payment, command_id)
    refused = _why_final(again.original, body.payment_id)
    if refused is None and context.payments.is_past(payment):
        return refuse(Refusal.PAYMENT_MUST_BE_OF_TERMINAL_DAY, payment_id=body.payment_id)
    refused = refused or why_not_free(payment.asked.terminal, "", context)
    if refused is not None:
        return refused
    return asked_for(again, context)


def take_back(body: TakeBack, context: PaymentContext) -> Decision:
    """Ask a terminal for what waits to go back, once; said again, or where a person was first, it
    changes nothing.

    Refuses:
        payment_must_exist, terminal_must_be_free.
    """
    payment = context.payments.exceptions.get(body.payment_id)
    if payment is None:
        return refuse(Refusal.PAYMENT_MUST_EXIST, payment_id=body.payment_id)
    if not context.payments.is_going_back(payment):
        return answered(body.payment_id, payment.standing.value)
    refused = why_not_free(payment.asked.terminal, "", context)
    if refused is not None:
        return refused
    return asked_for(reversal_of(payment, context.around.command_id), context)
