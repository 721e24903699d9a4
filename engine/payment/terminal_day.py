"""A terminal's day: what it took since its last end of day, by the store's books and by its own.

Only the terminal's own word ends its day. Where that word was lost nobody knows whether it did, so
what it takes from there on is kept apart: the totals it tells the next time say which it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from attrs import frozen

from engine.altered import altered
from engine.decision import EVENTS
from engine.limits import DAY_PARTS_MAX
from engine.payment.events import Asked
from engine.terminal import Answer, Kind, SettledTotal, Settlement, Slip, Verdict

OTHER = "other"
BEGAN_ANEW = "began_anew"
"""The code of an end of day that nobody here asked for: the terminal's numbers show that there may
have been one."""
COUNT_WRAPS = 256
"""ZVT tells the number of transactions of a kind of card in one byte."""

# Terminals name one brand in several ways; what is not here is its own name, in small letters.
_BRANDS = {
    "mc": "mastercard",
    "ec": "girocard",
    "visa_electron": "visa",
    "v_pay": "visa",
    "vpay": "visa",
    "american express": "amex",
    "dinersclub": "diners",
}
_UNNAMED = ("", OTHER, "card", "cards", "all", "debit", "credit")
_COUNTED = (Kind.SALE, Kind.CAPTURE, Kind.REFUND, Kind.REVERSAL)


# ------------------------------------------------------------------------------------- Events


@frozen
class Taken:
    """What a terminal took of one brand by the store's books; positive is towards the store.

    `count` is of payments and refunds; `reversed_count` of what took one of them back, which some
    terminals count as one more, and others as one less.
    """

    brand: str
    count: int = 0
    reversed_count: int = 0
    amount_minor: int = 0


class DayFault(Enum):
    """What a terminal's totals and the store's differ in, for one brand."""

    MISSING_HERE = "missing_here"
    MISSING_IN_TERMINAL = "missing_in_terminal"
    AMOUNT_DIFFERS = "amount_differs"
    COUNT_DIFFERS = "count_differs"
    NOT_TOLD = "not_told"


@frozen
class DayDifference:
    """One difference. `brand` is "" for all cards together; `told` figures are the terminal's.

    NOT_TOLD: an end of day, `day_id`, did happen, and what it came to was never told.
    """

    brand: str
    fault: DayFault
    ours_count: int
    ours_minor: int
    told_count: int
    told_minor: int
    day_id: str = ""


@EVENTS.name("terminal.day_asked/1")
@frozen
class TerminalDayAsked:
    """A terminal is about to be asked to end its day. Journaled before it hears the first byte."""

    day_id: str
    terminal: str
    register: str
    operator: str


@EVENTS.name("terminal.day_heard/1")
@frozen
class TerminalDayHeard:
    """What became of it. APPROVED: its day ended, with the totals it told, what the books had, and
    every difference. UNKNOWN: nobody knows whether it ended. Else it goes on.

    `lost` are earlier ends of day whose answer was lost and which the totals show to have happened.
    With the code BEGAN_ANEW it was ended at the terminal itself, if at all, and before the payment
    by whose id it is named.
    """

    day_id: str
    terminal: str
    verdict: Verdict
    code: str = ""
    detail: str = ""
    told_minor: int | None = None
    told: tuple[SettledTotal, ...] = ()
    ours: tuple[Taken, ...] = ()
    differences: tuple[DayDifference, ...] = ()
    lost: tuple[str, ...] = ()
    slips: tuple[Slip, ...] = ()


TerminalDayEvent = TerminalDayAsked | TerminalDayHeard

# -------------------------------------------------------------------------------------- State


@frozen
class TerminalDay:
    """A terminal's day so far.

    `parts` are what it took, cut at each of the ends of day `unheard` that nobody heard: one part
    more than those. `asked` is the end of day it is asked for now.
    """

    terminal: str
    parts: tuple[tuple[Taken, ...], ...] = ((),)
    unheard: tuple[str, ...] = ()
    asked: TerminalDayAsked | None = None


def taken_of(asked: Asked, answer: Answer) -> Taken | None:
    """What a payment that was approved comes to in its terminal's totals; None where it is in none
    of them."""
    if asked.kind not in _COUNTED:
        return None
    amount_minor = answer.amount_minor or asked.amount_minor
    is_reversal = asked.kind is Kind.REVERSAL or answer.identity.is_of_payment
    goes_out = asked.kind is Kind.REFUND or (is_reversal and not asked.of_refund)
    return Taken(
        brand_of(answer.card.brand or asked.brand),
        int(not is_reversal),
        int(is_reversal),
        -amount_minor if goes_out else amount_minor,
    )


def with_payment(day: TerminalDay, asked: Asked, answer: Answer, part: int) -> TerminalDay:
    """The day after a payment that was asked for in this part of it was approved, however much
    later that is known."""
    one = taken_of(asked, answer)
    return day if one is None else _with(day, one, part)


def without_payment(day: TerminalDay, asked: Asked, answer: Answer, part: int) -> TerminalDay:
    """The day after one of its payments, which went into this part, turned out to be none."""
    if asked.kind not in _COUNTED:
        return day
    amount_minor = answer.amount_minor or asked.amount_minor
    return _with(day, Taken(brand_of(answer.card.brand or asked.brand), -1, 0, -amount_minor), part)


def _with(day: TerminalDay, one: Taken, part: int) -> TerminalDay:
    rows = summed((*day.parts[part], one))
    return altered(day, parts=(*day.parts[:part], rows, *day.parts[part + 1 :]))


def evolve(day: TerminalDay, event: TerminalDayEvent) -> TerminalDay:
    """The day after `event`."""
    if isinstance(event, TerminalDayAsked):
        return altered(day, asked=event)
    if event.verdict is Verdict.UNKNOWN:
        unheard, parts = (*day.unheard, event.day_id), (*day.parts, ())
        if len(parts) > DAY_PARTS_MAX:
            # As where every day is ended at the terminal itself: what is older is one part.
            rows = summed(row for part in parts[-3:-1] for row in part)
            unheard, parts = (*unheard[:-2], unheard[-1]), (*parts[:-3], rows, ())
        return TerminalDay(day.terminal, parts, unheard)
    if event.verdict is Verdict.APPROVED:
        return TerminalDay(day.terminal)
    return altered(day, asked=None)


# ----------------------------------------------------------------------------------- Comparing


def brand_of(name: str) -> str:
    """A brand by the one name it has here; what names no brand is with the rest."""
    plain = plain_brand(name)
    return OTHER if plain in _UNNAMED else plain


def plain_brand(name: str) -> str:
    """What a card is called by the one name it has here, also where that is no brand: debit cards
    are no brand, and have a price."""
    plain = name.strip().casefold()
    return _BRANDS.get(plain, plain)


def summed(rows: Iterable[Taken]) -> tuple[Taken, ...]:
    """One row for each brand, in the order of their names."""
    found: dict[str, Taken] = {}
    for row in rows:
        before = found.get(row.brand, Taken(row.brand))
        found[row.brand] = Taken(
            row.brand,
            before.count + row.count,
            before.reversed_count + row.reversed_count,
            before.amount_minor + row.amount_minor,
        )
    return tuple(found[brand] for brand in sorted(found))


def heard(day: TerminalDay, told: Settlement) -> TerminalDayHeard:
    """What an answer comes to against the books."""
    assert day.asked is not None, "only what was asked is heard"
    day_id = day.asked.day_id
    base = TerminalDayHeard(
        day_id,
        day.terminal,
        told.verdict,
        told.code,
        told.detail,
        told.amount_minor,
        told.totals,
        slips=told.slips,
    )
    if not told.verdict.is_approved:
        return base
    base = altered(base, verdict=Verdict.APPROVED)
    if not _is_told(told):
        # Nothing is compared, and that is told.
        ours = summed(row for part in day.parts for row in part)
        return altered(base, ours=ours, differences=_not_told(day_id, ours))
    # The longest day that the totals fit; where none does, all of it is compared.
    for start in range(len(day.parts)):
        ours = summed(row for part in day.parts[start:] for row in part)
        if not compare(ours, told):
            lost = day.unheard[:start]
            parts = zip(lost, day.parts[:start], strict=True)
            missed = tuple(entry for name, part in parts for entry in _not_told(name, part))
            return altered(base, ours=ours, differences=missed, lost=lost)
    ours = summed(row for part in day.parts for row in part)
    return altered(base, ours=ours, differences=compare(ours, told))


def _is_told(told: Settlement) -> bool:
    return bool(told.totals) or told.amount_minor is not None


def _not_told(day_id: str, ours: tuple[Taken, ...]) -> tuple[DayDifference, ...]:
    """A day that ended without a word of what it came to; nothing to look for where it had none."""
    untold = DayDifference("", DayFault.NOT_TOLD, _count(ours), _amount(ours), 0, 0, day_id)
    return (untold,) if _is_any(ours) else ()


def with_late(day: TerminalDayHeard, unheard: str, one: Taken) -> TerminalDayHeard:
    """What an end of day comes to once it is known that `one` was taken before it, of which nobody
    knew then; before `unheard` already, where that is an earlier end whose answer was lost."""
    if unheard and unheard not in day.lost and _is_told(_told(day)) and not _own(day):
        # The totals are whole without it, so it was in those that nobody heard.
        day = altered(day, lost=(*day.lost, unheard))
    return _recounted(day, unheard, one)


def without_late(day: TerminalDayHeard, unheard: str, one: Taken) -> TerminalDayHeard:
    """What it comes to once the bank refused what `with_late` counted. The terminal may have told
    its totals with it, before it asked the bank, or without: whichever fits."""
    none = Taken(one.brand, -one.count, -one.reversed_count, -one.amount_minor)
    less = _recounted(day, unheard, none)
    return less if unheard in day.lost or len(_own(less)) < len(_own(day)) else day


def _told(day: TerminalDayHeard) -> Settlement:
    return Settlement(day.verdict, amount_minor=day.told_minor, totals=day.told)


def _own(day: TerminalDayHeard) -> tuple[DayDifference, ...]:
    """What differs in the day itself, and in no earlier one."""
    return tuple(entry for entry in day.differences if entry.day_id not in day.lost)


def _recounted(day: TerminalDayHeard, unheard: str, one: Taken) -> TerminalDayHeard:
    assert day.verdict is Verdict.APPROVED, "only a day that ended is over"
    missed = {entry.day_id: entry for entry in day.differences if entry.day_id in day.lost}
    own, ours, told = _own(day), day.ours, _told(day)
    if unheard in day.lost:
        before = missed.get(unheard, DayDifference("", DayFault.NOT_TOLD, 0, 0, 0, 0, unheard))
        missed[unheard] = altered(
            before,
            ours_count=before.ours_count + one.count,
            ours_minor=before.ours_minor + one.amount_minor,
        )
    else:
        ours = summed((*ours, one))
        own = compare(ours, told) if _is_told(told) else _not_told(day.day_id, ours)
    earlier = (missed[name] for name in day.lost if name in missed)
    some = tuple(entry for entry in earlier if entry.ours_count or entry.ours_minor)
    return altered(day, ours=ours, differences=(*some, *own))


def compare(ours: tuple[Taken, ...], told: Settlement) -> tuple[DayDifference, ...]:
    """Every difference, by brand. Brands a terminal does not name are in what it calls the rest."""
    if not told.totals and told.amount_minor is not None:
        is_same = told.amount_minor == _amount(ours)
        fault = DayFault.AMOUNT_DIFFERS
        whole = DayDifference("", fault, _count(ours), _amount(ours), 0, told.amount_minor)
        return () if is_same else (whole,)
    theirs: dict[str, SettledTotal] = {}
    for total in told.totals:
        brand = brand_of(total.name)
        before = theirs.get(brand, SettledTotal(brand, 0, 0))
        theirs[brand] = SettledTotal(
            brand,
            before.count + total.count,
            before.amount_minor + total.amount_minor,
            before.reversed_count + total.reversed_count,
        )
    if OTHER in theirs:
        rest = (altered(row, brand=row.brand if row.brand in theirs else OTHER) for row in ours)
        ours = summed(rest)
    mine = {row.brand: row for row in ours}
    found = (
        _difference(brand, mine.get(brand), theirs.get(brand))
        for brand in sorted(mine.keys() | theirs.keys())
    )
    return tuple(entry for entry in found if entry is not None)


def _difference(
    brand: str, ours: Taken | None, theirs: SettledTotal | None
) -> DayDifference | None:
    mine = ours or Taken(brand)
    total = theirs or SettledTotal(brand, 0, 0)
    if _counts_agree(mine, total) and mine.amount_minor == total.amount_minor:
        return None
    if theirs is None:
        fault = DayFault.MISSING_IN_TERMINAL
    elif ours is None:
        fault = DayFault.MISSING_HERE
    elif mine.amount_minor != total.amount_minor:
        fault = DayFault.AMOUNT_DIFFERS
    else:
        fault = DayFault.COUNT_DIFFERS
    return DayDifference(
        brand, fault, mine.count, mine.amount_minor, total.count, total.amount_minor
    )


def _counts_agree(ours: Taken, told: SettledTotal) -> bool:
    """Each reversal is one transaction more, or takes the one it reverses out of the count.

    A terminal that tells reversals apart counts payments the books never had, which it took back
    at once, with what took them back. So what was not taken back is held against the same.
    """
    fewest, most = ours.count - ours.reversed_count, ours.count + ours.reversed_count
    if told.reversed_count:
        return (fewest - told.count + 2 * told.reversed_count) % COUNT_WRAPS == 0
    return any((count - told.count) % COUNT_WRAPS == 0 for count in range(fewest, most + 1, 2))


def _is_any(rows: tuple[Taken, ...]) -> bool:
    """Whether anything was taken: what the bank refused afterwards leaves a row of noughts."""
    return any(row != Taken(row.brand) for row in rows)


def _count(rows: tuple[Taken, ...]) -> int:
    return sum(row.count for row in rows)


def _amount(rows: tuple[Taken, ...]) -> int:
    return sum(row.amount_minor for row in rows)
