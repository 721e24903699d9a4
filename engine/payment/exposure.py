"""How much may be taken that nobody has authorised: decided before a terminal is asked, and once
more, with the card and the tip it turned out to be, before its result counts.

What a terminal is allowed to take offline counts from the moment it is asked, so no interleaving of
registers can take more than the ceilings.
"""

from __future__ import annotations

from attrs import frozen

from engine.limits import NS_PER_S
from engine.payment.events import OfflinePolicy
from engine.payment.state import Payment, Payments
from engine.payment.terminal_day import brand_of
from engine.terminal import Answer


@frozen
class Exposure:
    """What is at risk, in minor units. `oldest_ns` is when the oldest of it was taken, 0: none."""

    total_minor: int = 0
    register_minor: int = 0
    operator_minor: int = 0
    oldest_ns: int = 0


def exposure(payments: Payments, *, register: str, operator: str, without: str = "") -> Exposure:
    """What is at risk in the store, and of it at a register and by an operator; of the payment
    `without` nothing."""
    found = [entry for entry in payments.uncertain() if entry.asked.payment_id != without]
    return Exposure(
        sum(map(_at_risk, found)),
        sum(_at_risk(entry) for entry in found if entry.asked.register == register),
        sum(_at_risk(entry) for entry in found if entry.asked.operator == operator),
        min((entry.requested_ns for entry in found), default=0),
    )


def brand_exposure(payments: Payments, brand: str, *, without: str = "") -> int:
    """What is at risk of one brand, as far as terminals have told which cards they took; what is
    being taken back is at risk until it went back."""
    return sum(
        _at_risk(entry)
        for entry in payments.uncertain()
        if entry.asked.payment_id != without and brand_of(brand) == _brand(entry)
    )


def _brand(payment: Payment) -> str:
    """The one name of its card's brand; "" where no terminal told it yet."""
    if payment.answer is not None and payment.is_approved:
        return brand_of(payment.answer.card.brand)
    return brand_of(payment.kept_brand) if payment.kept_minor else ""


def _at_risk(payment: Payment) -> int:
    if payment.answer is not None and payment.is_approved:
        return payment.answer.amount_minor
    if payment.kept_minor:
        return payment.kept_minor
    return payment.asked.amount_minor + payment.asked.tip_on_top_minor


def may_be_offline(
    payments: Payments, amount_minor: int, *, register: str, operator: str, now_ns: int
) -> bool:
    """Whether one payment more may be taken offline."""
    risk = exposure(payments, register=register, operator=operator)
    policy = payments.policy
    return _is_young(policy, risk, now_ns) and _fits(policy, risk, amount_minor)


def untold(payments: Payments, now_ns: int) -> tuple[Payment, ...]:
    """What was taken offline longer ago than the shop allows without a word of what became of it,
    oldest first."""
    return tuple(
        payment
        for payment_id, payment in payments.offline.items()
        if payment_id not in payments.exceptions
        and now_ns - payment.requested_ns > payments.policy.age_s * NS_PER_S
    )


def may_count(payments: Payments, payment: Payment, answer: Answer, *, now_ns: int) -> bool:
    """Whether what a terminal approved alone may count: it was allowed to, and the card and the
    amount it turned out to be, a tip from its own screen included, are within every ceiling. How
    old the rest may be was asked when it was let store; heard of later, it is that sale still."""
    asked, policy = payment.asked, payments.policy
    if not asked.offline_allowed or not takes_brand(policy, answer.card.brand):
        return False
    risk = exposure(
        payments, register=asked.register, operator=asked.operator, without=asked.payment_id
    )
    if not payment.kept_minor and not _is_young(policy, risk, now_ns):
        return False
    of_brand = brand_exposure(payments, answer.card.brand, without=asked.payment_id)
    within = of_brand + answer.amount_minor <= brand_limit(policy, answer.card.brand)
    return within and _fits(policy, risk, answer.amount_minor)


def _is_young(policy: OfflinePolicy, risk: Exposure, now_ns: int) -> bool:
    return not risk.oldest_ns or now_ns - risk.oldest_ns <= policy.age_s * NS_PER_S


def _fits(policy: OfflinePolicy, risk: Exposure, amount_minor: int) -> bool:
    return (
        amount_minor <= policy.payment_minor
        and risk.register_minor + amount_minor <= policy.register_minor
        and risk.operator_minor + amount_minor <= policy.operator_minor
        and risk.total_minor + amount_minor <= policy.total_minor
    )


def takes_brand(policy: OfflinePolicy, brand: str) -> bool:
    """Whether cards of that brand may be taken offline."""
    return not policy.brands or brand_of(brand) in map(brand_of, policy.brands)


def brand_limit(policy: OfflinePolicy, brand: str) -> int:
    """How much of a brand may be at risk: its own ceiling, else that of all."""
    own = (
        entry.limit_minor
        for entry in policy.brand_limits
        if brand_of(entry.brand) == brand_of(brand)
    )
    return next(own, policy.total_minor)
