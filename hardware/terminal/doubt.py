"""Whether a terminal's last transaction settles a doubt: only where identities match.

Nothing is concluded from silence or from likeness: a transaction the terminal does not know stays
unknown here, and who keeps the books decides when it is abandoned.
"""

from __future__ import annotations

import attrs

from engine.terminal import Answer, Identity, Kind, Verdict
from hardware.terminal.limits import RECEIPT_NUMBERS, TRACE_NUMBERS

_FAR = TRACE_NUMBERS  # more steps than either counter takes for later
_TRIED_AGAIN = (Kind.SALE, Kind.REFUND, Kind.RESERVATION)  # what refers to another reads no card
_NOTHING = Identity(trace=0, receipt=0)  # counters of a terminal that never did anything


def resolve(
    doubt: Answer, last: Answer | None, *, told_minor: int | None, told_tip_minor: int = 0
) -> Answer:
    """The doubt settled by the terminal's last transaction, or the doubt with why it stays.

    `last` is None where the terminal says it has none, and only there. `told_minor` is the amount
    it named, and `told_tip_minor` the tip within it, whatever became of them. Codes of what stays
    unknown: `no_identity_before`, `not_found`, `memory_lost`, `identity_not_told`,
    `other_terminal`, `other_transaction`.
    """
    why = _against(doubt, last, None if told_minor is None else told_minor - told_tip_minor)
    if why or last is None:
        return attrs.evolve(doubt, verdict=Verdict.UNKNOWN, code=why)
    return attrs.evolve(
        last,
        kind=doubt.kind,
        asked_minor=doubt.asked_minor,
        before=doubt.before,
        partial_allowed=doubt.partial_allowed,
        asked_tip_minor=doubt.asked_tip_minor,
        slips=last.slips or doubt.slips,
    )


def _against(doubt: Answer, last: Answer | None, plain_minor: int | None) -> str:
    """Why `last`, an amount without its tip, does not settle the doubt; empty where it does."""
    if doubt.before is None and not doubt.identity.is_told:
        return "no_identity_before"
    known = doubt.identity if doubt.identity.is_told else doubt.before
    assert known is not None
    if last is None:
        # One that had a last transaction and says that it has none forgot it: that proves nothing.
        return "memory_lost" if known.is_told else "not_found"
    if not last.identity.is_told:
        return "identity_not_told"
    if known.terminal_id and known.terminal_id != last.identity.terminal_id:
        return "other_terminal"
    if doubt.identity.is_told and not _is_next_try(doubt, last.identity):
        is_it = is_same(doubt.identity, last.identity) and not _is_as_before(doubt)
        return "" if is_it else _against_heard(doubt, last.identity)
    if known.is_told and is_same(known, last.identity):
        return "not_found"
    if known.is_told and not (is_later(last.identity, known) or _opens_day(last.identity, known)):
        return "other_transaction"
    # Without its amount only its number speaks, and that is not enough to say what was paid.
    if not _amount_fits(doubt, last, plain_minor, known) or last.currency_code not in (
        0,
        doubt.currency_code,
    ):
        return "other_transaction"
    return ""


def _was_refused(doubt: Answer) -> bool:
    """Whether what was heard of it was a no to the card."""
    return doubt.kind in _TRIED_AGAIN and doubt.identity.is_told and doubt.amount_minor == 0


def _is_next_try(doubt: Answer, told: Identity) -> bool:
    """Whether `told` came after the no that was heard: where a PIN was wrong, the card is tried
    again within the same command, and that try has a number of its own. It is held against the try
    before as any other is against the transaction before."""
    return _was_refused(doubt) and is_later(told, doubt.identity)


def _against_heard(doubt: Answer, told: Identity) -> str:
    """Why `told`, which is not what was heard of it, does not settle it. Some terminals keep no
    memory of what came to nothing: of a no they know no more, and nothing came after it. What was
    heard as approved is a person's to look into, where the terminal does not tell it."""
    before = doubt.before
    is_before = before is not None and before.is_told and is_same(before, told)
    is_gone = is_before and _was_refused(doubt) and not _is_as_before(doubt)
    return "not_found" if is_gone else "other_transaction"


def _is_as_before(doubt: Answer) -> bool:
    """Whether what was heard of it names the last transaction before: that one told once more, as
    when the sale is told within its reversal, says nothing of this one."""
    before = doubt.before
    return before is not None and before.is_told and is_same(doubt.identity, before)


def _amount_fits(doubt: Answer, last: Answer, plain_minor: int | None, known: Identity) -> bool:
    """What was asked for and is approved fits, also where others were between that somebody began
    at the terminal itself. What came to nothing, and less than was asked for, fits the very next
    transaction alone: any other may be a later customer's, or a second try after one that was paid.
    """
    if plain_minor is None:
        return False
    if plain_minor == doubt.asked_minor and last.verdict.is_approved:
        return True
    is_less = doubt.partial_allowed and 0 < plain_minor < doubt.asked_minor
    return (is_less or plain_minor == doubt.asked_minor) and _is_next(last.identity, known)


def _is_next(one: Identity, known: Identity) -> bool:
    """Whether `one` is the very next transaction; after none at all it is the first."""
    if _opens_day(one, known):
        return True
    return _steps(one, known if known.is_told else _NOTHING) == {1}


def _opens_day(one: Identity, known: Identity) -> bool:
    """Whether `one` is the very next transaction and the first of its day: a terminal that ends its
    day of its own accord as it is asked for money counts receipts anew, and traces go on."""
    if one.receipt != 1 or known.receipt is None or one.trace is None or known.trace is None:
        return False
    return (one.trace - known.trace) % TRACE_NUMBERS == 1


def is_same(one: Identity, other: Identity) -> bool:
    """Whether both are one transaction of a terminal: by each number both have, and by day and time
    where both tell them. Numbers may begin anew each day, and what takes another back may be told
    by the numbers of that one."""
    pairs = ((one.trace, other.trace), (one.receipt, other.receipt))
    told = [(ours, theirs) for ours, theirs in pairs if ours is not None and theirs is not None]
    return bool(told) and all(ours == theirs for ours, theirs in told) and _is_same_time(one, other)


def _is_same_time(one: Identity, other: Identity) -> bool:
    pairs = ((one.date, other.date), (one.time, other.time))
    return all(ours == theirs for ours, theirs in pairs if ours and theirs)


def is_later(one: Identity, other: Identity) -> bool:
    """Whether `one` was counted after `other`, by each number both have; counters wrap round."""
    steps = _steps(one, other)
    return bool(steps) and all(0 < step < _FAR for step in steps)


def _steps(one: Identity, other: Identity) -> set[int]:
    """How many transactions after `other` `one` was counted, as each number both have says; a
    number that is more than half its counter away is as good as before, and says `_FAR`."""
    pairs = (
        (one.receipt, other.receipt, RECEIPT_NUMBERS),
        (one.trace, other.trace, TRACE_NUMBERS),
    )
    return {
        step if 2 * step < numbers else _FAR
        for ours, theirs, numbers in pairs
        if ours is not None and theirs is not None
        for step in ((ours - theirs) % numbers,)
    }
