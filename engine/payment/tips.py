"""A tip asked for on our own screen: the customer answers before their card is asked.

While they are asked, the screen is theirs. The register takes nothing but the answer, from whatever
door it comes, until it is given or somebody who may sign on takes the screen back with their PIN:
whoever turned it may be in the kitchen by then.
"""

from __future__ import annotations

from typing import assert_never

from engine import limits, staff
from engine.decision import SYSTEM, Approval, Command, Decision, Fact, refuse
from engine.order.context import stream_of as order_stream
from engine.order.due import due_of
from engine.order.refusal import Refusal as OrderRefusal
from engine.order.state import Order
from engine.order.tender_events import TipAnswered, TipAsked, TipLeft
from engine.payment.asking import begun_by_card, ready_for_cards
from engine.payment.commands import AnswerTip, AskTip, LeaveTip, TipCommand
from engine.payment.context import PaymentContext
from engine.payment.refusal import Refusal
from engine.settings import TipChoices
from engine.staff import SignedOn, Staff


def is_asked(order: Order | None) -> bool:
    """Whether a customer is asked now, and the screen theirs."""
    return order is not None and order.tip is not None and order.tip.tip_minor is None


def why_locked(command: Command, order: Order | None) -> Decision | None:
    """Why a register takes no such command while its customer is asked, or None.

    Refuses:
        tip_must_be_answered.
    """
    if command.operator == SYSTEM or isinstance(command.body, AnswerTip | LeaveTip):
        return None
    return refuse(Refusal.TIP_MUST_BE_ANSWERED) if is_asked(order) else None


def shares(choices: TipChoices, amount_minor: int) -> tuple[int, ...]:
    """What each share that is offered comes to, half a minor unit rounded up."""
    return tuple(
        (2 * amount_minor * share + limits.PPM) // (2 * limits.PPM)
        for share in choices.percents_ppm
    )


def decide(body: TipCommand, command: Command, context: PaymentContext, people: Staff) -> Decision:
    """Decide a command about a tip.

    Refuses:
        As `ask`, `_answer` and `_leave` list.
    """
    match body:
        case AskTip():
            return ask(body, context)
        case AnswerTip():
            return _answer(body, context)
        case LeaveTip():
            return _leave(body, command, context, people)
        case _:
            assert_never(body)


def ask(body: AskTip, context: PaymentContext) -> Decision:
    """Ask the customer, once everything else that a card payment needs is so.

    Refuses:
        those of `ready_for_cards`; tip_choices_must_be_set_up; those of `begun_by_card`;
        amount_must_still_be_due, card_amount_must_be_due.
    """
    around = context.around
    ready = ready_for_cards(context)
    if isinstance(ready, Decision):
        return ready
    order, terminal = ready
    if around.settings.registers[around.register].tip_choices is None:
        return refuse(Refusal.TIP_CHOICES_MUST_BE_SET_UP, register=around.register)
    begun = begun_by_card(order, terminal, context)
    if isinstance(begun, Decision):
        return begun
    facts, figures = begun
    due_minor = due_of(order, figures, around.settings.required()).left_minor
    if due_minor <= 0:
        # Of what goes back nobody gives a tip.
        return refuse(OrderRefusal.AMOUNT_MUST_STILL_BE_DUE, due_minor=due_minor)
    if not 0 <= body.amount_minor <= due_minor:
        return refuse(Refusal.CARD_AMOUNT_MUST_BE_DUE, due_minor=due_minor)
    amount_minor = body.amount_minor or due_minor
    asked = Fact(order_stream(order.id), TipAsked(order.id, amount_minor, around.operator))
    return Decision((*facts, asked), {"order_id": order.id, "amount_minor": amount_minor})


def _answer(body: AnswerTip, context: PaymentContext) -> Decision:
    """Take what the customer gives.

    Refuses:
        order_must_be_open, tip_must_be_asked, tip_must_be_offered.
    """
    order, around = context.order, context.around
    if order is None:
        return refuse(OrderRefusal.ORDER_MUST_BE_OPEN)
    if order.tip is None or not is_asked(order):
        return refuse(Refusal.TIP_MUST_BE_ASKED)
    # What the office changed meanwhile counts: nobody gives what is not offered any more.
    choices = around.settings.registers[around.register].tip_choices or TipChoices()
    offered = (0, *shares(choices, order.tip.amount_minor), *choices.amounts_minor)
    if body.tip_minor not in offered and not 0 < body.tip_minor <= choices.own_minor_max:
        return refuse(Refusal.TIP_MUST_BE_OFFERED, maximum_minor=choices.own_minor_max)
    fact = Fact(order_stream(order.id), TipAnswered(order.id, body.tip_minor))
    return Decision((fact,), {"tip_minor": body.tip_minor})


def _leave(body: LeaveTip, command: Command, context: PaymentContext, people: Staff) -> Decision:
    """Give the screen back to whose PIN it is; they are signed on from then, as after any PIN.

    Refuses:
        order_must_be_open, tip_must_be_asked; those of `staff.check_pin`.
    """
    order = context.order
    if order is None:
        return refuse(OrderRefusal.ORDER_MUST_BE_OPEN)
    if not is_asked(order):
        return refuse(Refusal.TIP_MUST_BE_ASKED)
    failure = staff.check_pin(people, command, Approval(body.operator, body.pin_correct))
    if failure is not None:
        return failure
    left = Fact(order_stream(order.id), TipLeft(order.id, body.operator))
    on = Fact(staff.STREAM, SignedOn(body.operator, command.register))
    return Decision((left, on), {"order_id": order.id})
