"""Notes of other currencies: what they are worth here, and how many of them a drawer holds.

A note is worth `amount x rate`, rounded half up to the minor unit of the store's currency, once for
each tender. Change is always given in the store's own currency.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from engine.money import MICROS_PER_MAJOR, minor_digits


@frozen
class ForeignCurrency:
    """A currency the store takes notes of.

    `rate_micros` is what one major unit of it is worth, in millionths of the major unit of the
    store's currency; `note_minor` its smallest note that is taken, of which every tender is a
    multiple (0: any amount).
    """

    currency: str
    rate_micros: int
    note_minor: int = 0


@frozen
class ForeignNotes:
    """What was handed over in another currency, in its own minor units, and at which rate."""

    currency: str
    amount_minor: int
    rate_micros: int


@frozen
class ForeignTotal:
    """What was taken of one currency in its own minor units, and what it counted for in the
    store's. `over_short_minor`, in its own, is what counts of tills found too much or too little.
    """

    currency: str
    amount_minor: int
    worth_minor: int
    over_short_minor: int = 0


def worth_minor(amount_minor: int, rate_micros: int, *, currency: str, home: str) -> int:
    """What an amount of `currency` is worth in minor units of `home`, half a unit rounded up."""
    exact, unit = _exact(amount_minor, rate_micros, currency, home)
    return (2 * exact + unit) // (2 * unit)


def least_minor(due_minor: int, taken: ForeignCurrency, home: str) -> int:
    """The least that can be handed over in whole notes and is worth `due_minor`, which is more
    than nought, or more."""
    one, unit = _exact(1, taken.rate_micros, taken.currency, home)
    note = max(1, taken.note_minor)
    # Worth is rounded half up, so half a unit less than what is due is enough.
    needed = -(-(2 * due_minor - 1) * unit // (2 * one))
    return -(-needed // note) * note


def _exact(amount_minor: int, rate_micros: int, currency: str, home: str) -> tuple[int, int]:
    """A worth in minor units of `home` as a fraction."""
    scale = 10 ** minor_digits(home)
    return amount_minor * rate_micros * scale, MICROS_PER_MAJOR * 10 ** minor_digits(currency)


def with_total(
    rows: tuple[ForeignTotal, ...], more: Sequence[ForeignTotal]
) -> tuple[ForeignTotal, ...]:
    """`rows`, which are by currency, and what came on top, one for each currency, by currency."""
    if not more:
        return rows
    sums = {row.currency: row for row in rows}
    for entry in more:
        old = sums.get(entry.currency, ForeignTotal(entry.currency, 0, 0))
        sums[entry.currency] = ForeignTotal(
            entry.currency,
            old.amount_minor + entry.amount_minor,
            old.worth_minor + entry.worth_minor,
            old.over_short_minor + entry.over_short_minor,
        )
    return tuple(sums[currency] for currency in sorted(sums))
