"""What a cashier does about an order that something went wrong with, before it can be ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulation.facts import CASHIER, OPERATOR, PIN, PINS
from tests.simulation.fronts_errors import RefusedError

if TYPE_CHECKING:
    from tests.simulation.fronts import Front


async def settle(front: Front) -> dict[str, Any]:
    """Give the screen back, end what a customer is asked to pay by link, let go what a card has
    reserved; what the register shows then."""
    state: dict[str, Any] = await front.look("register.state")
    order = state["order"]
    if order is None or order["phase"] in ("completed", "voided"):
        return state
    await give_back_screen(front, order)
    link = state["paylink"]
    if link is not None and is_offered(link):
        await front.do("paylink.cancel", paylink_id=link["paylink_id"])
    while order is not None and order["tab"] is not None:
        front.till.cards.forget_customers()
        await front.card_over()
        if (await front.look("register.state"))["order"]["tab"] is not None:
            await front.do("payment.release_tab")
        order = (await front.card_over())["order"]
    return await front.card_over()


async def sign_on(front: Front) -> None:
    """Somebody is at the register again."""
    operator = front.chance.choice((OPERATOR, CASHIER))
    await front.do("staff.sign_on", operator=operator, pin=PINS[operator])


async def give_back_screen(front: Front, order: dict[str, Any] | None) -> None:
    """Answer the question for a tip that holds the register, or leave it."""
    if order is None or order["tip"] is None or order["tip"]["is_answered"]:
        return
    if front.chance.random() < 0.5:
        await front.do("payment.leave_tip", operator=OPERATOR, pin=PIN)
    else:
        await front.do("payment.answer_tip", tip_minor=0)


def is_offered(link: dict[str, Any]) -> bool:
    """Whether a customer is asked to pay it."""
    is_waiting = link["standing"] in ("requested", "waiting") and not link["is_cancel_asked"]
    return is_waiting and link["kind"] == "payment"


async def hand_back(front: Front, reason: str) -> None:
    """Undo money and order."""
    await undo_tenders(front)
    await front.do("order.undo_tendering")
    await front.do("order.void", reason=reason)


async def undo_tenders(front: Front) -> None:
    """Each the way it came."""
    order = (await front.look("register.state"))["order"]
    for tender in order["tenders"]:
        if tender["kind"] == "card":
            await front.do("payment.reverse_tender", tender=tender["tender"])
            await front.card_over()
        elif tender["kind"] == "link":
            await front.do("paylink.reverse_tender", tender=tender["tender"])
        else:
            await front.do("order.undo_tender", tender=tender["tender"])


async def pay_otherwise(front: Front, code: str) -> None:
    """Cash is not what this order takes."""
    if code == "refund_must_be_store_credit":
        await credit_back(front)
    elif code == "tender_must_be_as_chosen":
        await undo_tenders(front)
        await front.do("order.undo_tendering")
        await front.do("order.choose_tender", tender="")
        due = (await front.do("order.start_tendering"))["cash_due_minor"]
        await front.pay(due)
    else:
        # Another register took the same goods back meanwhile, or the card they were paid with
        # says no.
        await _hand_back_or_go_on(front)


async def _hand_back_or_go_on(front: Front) -> None:
    """What went back by its payment at a nexo terminal is final: then the rest goes there, too."""
    try:
        await hand_back(front, "returned elsewhere")
    except RefusedError as error:
        if error.code != "refund_must_be_reversible":
            raise
        front.till.cards.forget_customers()
        await front.do("payment.request")
        order = (await front.card_over())["order"]
        await front.pay(order["cash_due_minor"] if order["due_minor"] else 0)


async def credit_back(front: Front) -> dict[str, Any]:
    """What goes back is a note of store credit, which whoever comes next may have found."""
    note = await front.do("order.refund_to_credit")
    done = await front.do("order.complete")
    front.sold += 1
    front.kept["credit"].append(note["code"])
    return done
