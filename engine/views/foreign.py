"""What screens show of other currencies: rates, what pays an order, what lies in a till."""

from __future__ import annotations

from collections.abc import Collection

from engine.foreign import least_minor
from engine.money import minor_digits
from engine.order.due import Due
from engine.register import Totals
from engine.settings import Settings
from engine.till import Till
from engine.views.till_shapes import ForeignCurrencyView, ForeignDueView, ForeignTillView


def currency_views(settings: Settings) -> tuple[ForeignCurrencyView, ...]:
    """The currencies whose notes are taken, in the order they were set."""
    return tuple(
        ForeignCurrencyView(
            entry.currency, entry.rate_micros, entry.note_minor, minor_digits(entry.currency)
        )
        for entry in settings.foreign.values()
    )


def due_views(due: Due, settings: Settings) -> tuple[ForeignDueView, ...]:
    """What pays what is due, in each currency; none where nothing is."""
    if due.in_cash_minor <= 0:
        return ()
    home = settings.required().currency
    return tuple(
        ForeignDueView(entry.currency, least_minor(due.in_cash_minor, entry, home))
        for entry in settings.foreign.values()
    )


def till_rows(
    till: Till, currencies: Collection[str], *, shows_expected: bool
) -> tuple[ForeignTillView, ...]:
    """Each currency that is taken, or was in this session; blind where the till is."""
    rows = {row.currency: row for row in till.differences()}
    counted = till.counted_minor is not None
    shown = []
    for currency in sorted({*currencies, *rows}):
        row = rows.get(currency)
        expected, found = (0, 0) if row is None else (row.expected_minor, row.counted_minor)
        shown.append(
            ForeignTillView(
                currency,
                minor_digits(currency),
                expected if shows_expected else None,
                found if counted else None,
                found - expected if counted else None,
            )
        )
    return tuple(shown)


def digits_of(totals: Totals) -> dict[str, int]:
    """How many digits the amounts of each other currency of a report have."""
    return {row.currency: minor_digits(row.currency) for row in totals.foreign}
