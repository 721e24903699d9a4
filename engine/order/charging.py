"""Charges on an order: how many are at the table, and a charge that somebody lets go."""

from __future__ import annotations

from engine import limits
from engine.decision import Decision, refuse
from engine.order.commands import TellGuests, WaiveCharge
from engine.order.context import OrderContext
from engine.order.events import (
    ChargeWaived,
    GuestsTold,
)
from engine.order.refusal import Refusal
from engine.order.state import Order


def tell_guests(order: Order, body: TellGuests, context: OrderContext) -> GuestsTold | Decision:
    """How many people the order is for.

    Refuses:
        guests_must_be_within_limit.
    """
    if not 0 <= body.guests <= limits.GUESTS_MAX:
        return refuse(Refusal.GUESTS_MUST_BE_WITHIN_LIMIT, maximum=limits.GUESTS_MAX)
    return GuestsTold(order.id, body.guests, context.operator)


def waive_charge(order: Order, body: WaiveCharge, context: OrderContext) -> ChargeWaived | Decision:
    """Let a charge go, with the reason, or take that back.

    Refuses:
        charge_must_exist, reason_must_be_given.
    """
    if all(rule.id != body.charge for rule in context.offers.charges.rules):
        return refuse(Refusal.CHARGE_MUST_EXIST, charge=body.charge[: limits.ID_LENGTH_MAX])
    reason = "" if body.withdraw else body.reason.strip()
    if not body.withdraw and not 1 <= len(reason) <= limits.REASON_LENGTH_MAX:
        return refuse(Refusal.REASON_MUST_BE_GIVEN)
    return ChargeWaived(order.id, body.charge, reason, context.operator, context.approver)
