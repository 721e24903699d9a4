"""How much may still be taken that nobody has authorised: decided before a terminal is asked.

What a terminal is allowed to take offline counts from the moment it is asked, so no interleaving of
registers can take more than the ceilings.
"""

from __future__ import annotations

from attrs import frozen

from engine.limits import NS_PER_S
from engine.payment.events import OfflinePolicy
from engine.payment.state import Payment, Payments


@frozen
class Exposure:
    """What is at risk, in minor units. `oldest_ns` is when the oldest of it was taken, 0: none."""

    total_minor: int = 0
    register_minor: int = 0
    operator_minor: int = 0
    oldest_ns: int = 0


def exposure(payments: Payments, *, register: str, operator: str) -> Exposure:
    """What is at risk in the store, and of it at a register and by an operator."""
    found = list(payments.uncertain())
    return Exposure(
        sum(map(_at_risk, found)),
        sum(_at_risk(entry) for entry in found if entry.asked.register == register),
        sum(_at_risk(entry) for entry in found if entry.asked.operator == operator),
        min((entry.requested_ns for entry in found), default=0),
    )


def _at_risk(payment: Payment) -> int:
    told = payment.answer
    tip = payment.asked.tip_on_top_minor
    if told is not None and payment.is_approved:
        tip = told.tip_minor
    return payment.amount_minor + tip


def may_be_offline(
    payments: Payments, amount_minor: int, *, register: str, operator: str, now_ns: int
) -> bool:
    """Whether one payment more may be taken offline."""
    policy = payments.policy
    risk = exposure(payments, register=register, operator=operator)
    ages_ok = not risk.oldest_ns or now_ns - risk.oldest_ns <= policy.age_s * NS_PER_S
    return (
        ages_ok
        and amount_minor <= policy.payment_minor
        and risk.register_minor + amount_minor <= policy.register_minor
        and risk.operator_minor + amount_minor <= policy.operator_minor
        and risk.total_minor + amount_minor <= policy.total_minor
    )


def takes_brand(policy: OfflinePolicy, brand: str) -> bool:
    """Whether cards of that brand may be taken offline."""
    return not policy.brands or brand.casefold() in (entry.casefold() for entry in policy.brands)
