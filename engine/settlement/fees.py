"""What a card payment costs by the rate card of its acquirer."""

from __future__ import annotations

from collections.abc import Iterable

from engine.payment.terminal_day import plain_brand
from engine.settings import RoundingMode
from engine.settlement.model import Acquirer, Presence, Rate

# What terminals and payment pages call the ways a card was read; any other way it was there itself.
_KEYED = frozenset(("keyed", "phone", "manual", "moto", "on_file"))
_ONLINE = frozenset(("online", "ecommerce", "link"))
_PPM = 1_000_000


def presence_of(entry: str) -> Presence:
    """How a card was there, by how it was read."""
    if entry in _KEYED:
        return Presence.KEYED
    return Presence.ONLINE if entry in _ONLINE else Presence.IN_PERSON


def acquirer_of(acquirers: Iterable[Acquirer], terminal: str, day: str) -> Acquirer | None:
    """Whose what a terminal took on a business date is: of those whose first day was by then the
    latest that names the terminal, else the latest that names nothing; None where there is
    neither."""
    begun = [entry for entry in acquirers if entry.since <= day]
    naming = [entry for entry in begun if terminal in entry.terminals]
    rest = [entry for entry in begun if entry.has_the_rest]
    return _latest(naming or rest)


def acquirer_of_provider(acquirers: Iterable[Acquirer], provider: str, day: str) -> Acquirer | None:
    """Whose what a provider took by link on a business date is: of those whose first day was by
    then the latest that names it, and nobody's where none does."""
    return _latest([one for one in acquirers if one.since <= day and provider in one.providers])


def may_have(
    acquirers: Iterable[Acquirer], acquirer: Acquirer, place: str, *, is_link: bool = False
) -> bool:
    """Whether an acquirer has a terminal or a provider on any day, beside these others: where one
    follows another, files of both may tell of what was taken about that day."""
    if is_link or not acquirer.has_the_rest:
        return place in (acquirer.providers if is_link else acquirer.terminals)
    return all(one.since > acquirer.since for one in acquirers if place in one.terminals)


def _latest(acquirers: list[Acquirer]) -> Acquirer | None:
    return max(acquirers, key=lambda entry: entry.since, default=None)


def rate_of(acquirer: Acquirer, presence: Presence, brand: str, day: str) -> Rate | None:
    """The rate in force on an ISO date: one for the brand goes before one for all. Debit and credit
    cards have prices of their own where the rate card says so, and no other card has them."""
    for wanted in (plain_brand(brand), ""):
        for rate in acquirer.rates:
            fits = rate.presence is presence and plain_brand(rate.brand) == wanted
            if fits and is_in_force(rate, day):
                return rate
    return None


def is_in_force(rate: Rate, day: str) -> bool:
    """Whether a rate is in force on an ISO date."""
    return rate.since <= day and (not rate.until or day <= rate.until)


def fee_minor(rate: Rate, amount_minor: int, *, is_refund: bool = False) -> int:
    """What the acquirer keeps of an amount above nought."""
    if is_refund:
        return rate.refund_fixed_minor
    return rounded(amount_minor * rate.rate_ppm, _PPM, rate.rounding) + rate.fixed_minor


def rounded(dividend: int, divisor: int, mode: RoundingMode) -> int:
    """A quotient of numbers that are not negative, rounded once."""
    whole, rest = divmod(dividend, divisor)
    match mode:
        case RoundingMode.UP:
            return whole + (rest > 0)
        case RoundingMode.DOWN:
            return whole
        case RoundingMode.HALF_EVEN:
            return whole + (2 * rest > divisor or (2 * rest == divisor and whole % 2 == 1))
        case _:
            return whole + (2 * rest >= divisor)
