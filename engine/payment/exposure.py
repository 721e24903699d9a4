"""How much may be taken that nobody has authorised: decided before a terminal is asked, and once
more, with the card and the tip it turned out to be, before its result counts.

What a terminal is allowed to take offline counts from the moment it is asked, so no interleaving of
registers can take more than the ceilings. A terminal that can be told to ask its bank is told so
unless the most that can come of it fits: with all that a customer may add there, and whatever card
it is. Then nothing that it tells, or does not, passes a ceiling.
"""

from __future__ import annotations

from attrs import frozen

from engine.limits import NS_PER_S
from engine.payment.events import Asked, OfflinePolicy
from engine.payment.state import Payment, Payments
from engine.payment.terminal_day import OTHER, brand_of
from engine.terminal import Answer


@frozen
class Exposure:
    """What is at risk, in minor units."""

    total_minor: int = 0
    register_minor: int = 0
    operator_minor: int = 0


def exposure(
    payments: Payments, *, register: str, operator: str, without: str = "", is_pending: bool = False
) -> Exposure:
    """What is at risk in the store, and of it at a register and by an operator; of the payment
    `without` nothing. `is_pending`: only the part that terminals may be storing, and nobody knows
    that they did."""
    found = [entry for entry in payments.uncertain() if entry.asked.payment_id != without]
    if is_pending:
        found = [entry for entry in found if _is_pending(entry)]
    return Exposure(
        sum(map(_at_risk, found)),
        sum(_at_risk(entry) for entry in found if entry.asked.register == register),
        sum(_at_risk(entry) for entry in found if entry.asked.operator == operator),
    )


def oldest_ns(payments: Payments, now_ns: int, *, without: str = "") -> int:
    """How old the oldest of what is at risk is, 0 where nothing is; of the payment `without`
    nothing."""
    ages = (
        entry.age_ns(now_ns) for entry in payments.uncertain() if entry.asked.payment_id != without
    )
    return max(ages, default=0)


def brand_exposure(
    payments: Payments, brand: str, *, without: str = "", is_pending: bool = False
) -> int:
    """What is at risk of one brand: of its cards, and of those that may be of any, because their
    terminal named none, or was told that it may approve alone and has told nothing yet. What is
    being taken back is at risk until it went back."""
    return sum(
        _at_risk(entry)
        for entry in payments.uncertain()
        if entry.asked.payment_id != without
        and _may_be_of(entry, brand_of(brand))
        and (not is_pending or _is_pending(entry))
    )


def _is_pending(payment: Payment) -> bool:
    """Whether no terminal told that it has it."""
    return not payment.is_approved and not payment.kept_minor


def _may_be_of(payment: Payment, brand: str) -> bool:
    if payment.answer is not None and payment.is_approved:
        return brand_of(payment.answer.card.brand) in (OTHER, brand)
    if payment.kept_minor:
        return brand_of(payment.kept_brand) in (OTHER, brand)
    return payment.asked.alone_minor_max > 0


def _at_risk(payment: Payment) -> int:
    if payment.answer is not None and payment.is_approved:
        return payment.answer.amount_minor
    if payment.kept_minor:
        return payment.kept_minor
    asked = payment.asked
    return max(asked.alone_minor_max, asked.amount_minor + asked.tip_on_top_minor)


def may_be_offline(
    payments: Payments, amount_minor: int, *, register: str, operator: str, now_ns: int
) -> bool:
    """Whether one payment more may be taken offline, as far as it is known before it is asked for:
    if its card and a tip at the terminal are within the ceilings too."""
    risk = exposure(payments, register=register, operator=operator)
    policy = payments.policy
    return _is_young(payments, now_ns) and _fits(policy, risk, amount_minor)


def alone_minor_max(payments: Payments, asked: Asked) -> int:
    """The most that may come of a payment whose terminal is told that it may approve alone; 0 where
    that is not certain to be within every ceiling, whatever card it is: then the terminal is told
    to ask its bank. Which cards to take alone, no terminal can be told."""
    policy = payments.policy
    tip_minor = policy.tip_minor_max if asked.tip_allowed else 0
    is_open_ended = asked.tip_allowed and not tip_minor
    if not asked.offline_allowed or is_open_ended or policy.brands:
        return 0
    most_minor = asked.amount_minor + asked.tip_on_top_minor + tip_minor
    risk = exposure(payments, register=asked.register, operator=asked.operator)
    fits = _fits(policy, risk, most_minor) and _fits_brands(payments, OTHER, most_minor)
    return most_minor if fits else 0


def untold(payments: Payments, now_ns: int) -> tuple[Payment, ...]:
    """What was taken offline longer ago than the shop allows without a word of what became of it,
    oldest first."""
    return tuple(
        payment
        for payment_id, payment in payments.offline.items()
        if payment_id not in payments.exceptions
        and payment.age_ns(now_ns) > payments.policy.age_s * NS_PER_S
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
    if not payment.kept_minor and not _is_young(payments, now_ns, without=asked.payment_id):
        return False
    within = _fits_brands(
        payments,
        brand_of(answer.card.brand),
        answer.amount_minor,
        without=asked.payment_id,
    )
    return within and _fits(policy, risk, answer.amount_minor)


def _is_young(payments: Payments, now_ns: int, *, without: str = "") -> bool:
    return oldest_ns(payments, now_ns, without=without) <= payments.policy.age_s * NS_PER_S


def _fits(policy: OfflinePolicy, risk: Exposure, amount_minor: int) -> bool:
    return (
        amount_minor <= policy.payment_minor
        and risk.register_minor + amount_minor <= policy.register_minor
        and risk.operator_minor + amount_minor <= policy.operator_minor
        and risk.total_minor + amount_minor <= policy.total_minor
    )


def _fits_brands(payments: Payments, brand: str, amount_minor: int, *, without: str = "") -> bool:
    """Whether a card of that brand is within the ceilings of single brands; one that nobody named,
    within each."""
    return all(
        brand_exposure(payments, entry.brand, without=without) + amount_minor <= entry.limit_minor
        for entry in payments.policy.brand_limits
        if brand in (OTHER, brand_of(entry.brand))
    )


def takes_brand(policy: OfflinePolicy, brand: str) -> bool:
    """Whether cards of that brand may be taken offline."""
    return not policy.brands or brand_of(brand) in map(brand_of, policy.brands)
