"""The shapes of a till, its counts, and the currencies whose notes are taken."""

from __future__ import annotations

from attrs import frozen

from engine.till import Denomination, ForeignCount, ForeignDifference


@frozen
class ForeignDueView:
    """The least of another currency, in whole notes and its minor units, that pays what is due."""

    currency: str
    amount_minor: int


@frozen
class ForeignTillView:
    """The notes of another currency in a till, in its minor units; amounts are None where the
    store's own are."""

    currency: str
    minor_digits: int
    expected_minor: int | None
    counted_minor: int | None
    difference_minor: int | None


@frozen
class TillView:
    """A till. `expected_minor` is None while the viewer must count blind. `foreign` has every
    currency to be counted beside the store's own."""

    session: int
    is_open: bool
    counted: bool
    opened_by: str
    opened_ns: int
    float_minor: int
    expected_minor: int | None
    counted_minor: int | None
    difference_minor: int | None
    foreign: tuple[ForeignTillView, ...] = ()


@frozen
class ForeignCurrencyView:
    """A currency whose notes are taken: what one of its major unit counts for in micros of the
    store's, its smallest note (0: any amount), and the digits of its amounts."""

    currency: str
    rate_micros: int
    note_minor: int
    minor_digits: int


@frozen
class TillCountView:
    """A closed till session's count sheet."""

    register: str
    session: int
    operator: str
    at_ns: int
    denominations: tuple[Denomination, ...]
    expected_minor: int
    counted_minor: int
    difference_minor: int
    foreign: tuple[ForeignDifference, ...] = ()
    foreign_counts: tuple[ForeignCount, ...] = ()
