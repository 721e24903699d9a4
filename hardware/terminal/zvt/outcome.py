"""From what a terminal told to what is known: the one place that decides a verdict."""

from __future__ import annotations

import attrs

from engine.terminal import (
    Answer,
    ForPaper,
    Identity,
    Kind,
    Settlement,
    Slip,
    Transaction,
    Verdict,
)
from hardware.terminal.limits import TRACE_NUMBERS
from hardware.terminal.tips import tip_of
from hardware.terminal.zvt import codes
from hardware.terminal.zvt.codec import StatusInfo
from hardware.terminal.zvt.slips import SlipReader

Ended = tuple[Verdict, str]
OTHER_ORIGINAL = "other_original"
"""The code of a reversal by which a terminal says that it took back another transaction."""


def answer(
    transaction: Transaction,
    info: StatusInfo | None,
    slips: SlipReader,
    before: Identity | None,
    *,
    ended: Ended | None = None,
    is_acknowledged: bool = True,
    why: str = "",
) -> Answer:
    """What is known of a transaction.

    `ended` is how the command ended: completed (approved), aborted, or not at all; None while its
    result alone is looked at, as for a transaction told again. `is_acknowledged` says whether the
    terminal was told that its result arrived: one that was not takes it back when it aborts. `why`
    is its own text of that, where the result had none.
    """
    info = let_go(transaction.kind, transaction.amount_minor, info)
    told = info or StatusInfo()
    is_believed = told.is_approved and is_acknowledged
    verdict, code = _verdict(_of_result(transaction, info), ended, is_believed=is_believed)
    amount_minor = _amount_minor(transaction, told) if _is_paid(verdict, told) else 0
    printed = slips.of_payment(told.card.verification if told.is_approved else "")
    return Answer(
        verdict=verdict,
        kind=transaction.kind,
        asked_minor=transaction.amount_minor,
        code=code,
        detail=told.detail or why,
        amount_minor=amount_minor,
        tip_minor=tip_of(transaction, amount_minor, told.tip_minor) if amount_minor else 0,
        currency_code=told.currency_code or transaction.currency_code,
        identity=told.identity,
        before=before,
        card=told.card,
        authorisation=told.authorisation,
        is_offline=told.is_offline,
        partial_allowed=transaction.partial_allowed,
        slips=printed,
        asked_tip_minor=transaction.tip_minor,
        paper=_left_to_us(told, printed),
    )


def takes_back_another(transaction: Transaction | None, info: StatusInfo | None) -> bool:
    """Whether a reversal's result names another transaction as the one that it took back: one that
    has the number now which ours had before numbers began anew. A longer trace is not told so."""
    if transaction is None or transaction.kind is not Kind.REVERSAL or info is None:
        return False
    meant = 0 if transaction.original is None else transaction.original.trace or 0
    is_named = info.is_approved and bool(info.original_trace)
    return is_named and 0 < meant <= TRACE_NUMBERS and info.original_trace != meant


def let_go(kind: Kind, reserved_minor: int, info: StatusInfo | None) -> StatusInfo | None:
    """A result as it is read for that kind: of a release some tell what was let go, and some what
    is left of the reservation, which is nothing. Source: captured from a terminal by the project
    EVerest/zvt (nought after `06 25`)."""
    if kind is not Kind.RELEASE or info is None or info.amount_minor != 0 or not info.is_approved:
        return info
    return attrs.evolve(info, amount_minor=reserved_minor)


def _left_to_us(told: StatusInfo, printed: tuple[Slip, ...]) -> ForPaper:
    """What is told for paper of ours; its lines not where it sends whole receipts itself."""
    if {"merchant", "customer"} <= {slip.kind for slip in printed}:
        return attrs.evolve(told.paper, merchant_lines=(), customer_lines=())
    return told.paper


def _is_paid(verdict: Verdict, told: StatusInfo) -> bool:
    """An unknown one keeps the amount the terminal named before the line broke."""
    approved = verdict.is_approved
    return approved or (verdict is Verdict.UNKNOWN and told.is_approved)


def _amount_minor(transaction: Transaction, told: StatusInfo) -> int:
    asked_minor = transaction.amount_minor + transaction.tip_minor
    return asked_minor if told.amount_minor is None else told.amount_minor


def _verdict(result: Ended | None, ended: Ended | None, *, is_believed: bool) -> Ended:
    if ended is None:
        return result or (Verdict.UNKNOWN, "no_result")
    verdict, code = ended
    if verdict is Verdict.UNKNOWN:
        return verdict, code
    if verdict is Verdict.APPROVED:
        # A completion without a result says nothing about money.
        return result or (Verdict.UNKNOWN, "completed_without_result")
    if is_believed:
        # It said yes, was believed, and then broke off: only its memory can tell.
        return Verdict.UNKNOWN, f"contradiction_{code}"
    return verdict, code


def _of_result(transaction: Transaction, info: StatusInfo | None) -> Ended | None:
    """What the result code says; none where it could not be read."""
    if info is None or info.result is None:
        return None
    if info.result != 0:
        is_declined = info.result in codes.DECLINES
        verdict = Verdict.DECLINED if is_declined else Verdict.ABORTED
        return verdict, codes.result_word(info.result)
    if takes_back_another(transaction, info):
        return Verdict.UNKNOWN, OTHER_ORIGINAL
    if info.host_result:
        # The terminal booked it, perhaps; nobody says what the host's word means.
        return Verdict.UNKNOWN, f"host_code_{info.host_result:02x}"
    if info.amount_minor is None:
        # Where it may approve less, only the amount says whether it did.
        verdict = Verdict.UNKNOWN if transaction.partial_allowed else Verdict.APPROVED
        return verdict, "amount_not_told"
    plain_minor = info.amount_minor - tip_of(transaction, info.amount_minor, info.tip_minor)
    if plain_minor < transaction.amount_minor:
        return Verdict.PARTIALLY_APPROVED, "ok" if transaction.partial_allowed else "amount_differs"
    if plain_minor > transaction.amount_minor:
        return Verdict.APPROVED, "amount_differs"
    return Verdict.APPROVED, "ok"


def is_numbered_so(one: Identity, other: Identity) -> bool:
    """Whether both have the same numbers of one terminal, or the same of them."""
    numbers = (one.terminal_id, one.trace, one.receipt)
    return numbers == (other.terminal_id, other.trace, other.receipt)


def is_of_its_day(one: Identity, other: Identity) -> bool:
    """Whether two of one number may be one transaction: not of two days, as far as both tell
    theirs. Where receipts alone are counted, which begin anew with each end of day, and there may
    be several on one date, nor of two times."""
    are_dated = bool(one.date and other.date)
    are_timed = bool(one.time and other.time) and None in (one.trace, other.trace)
    return not (are_dated and one.date != other.date) and not (are_timed and one.time != other.time)


def uploaded(stored: Answer, info: StatusInfo) -> Answer | None:
    """What became of a payment taken offline, where a result is about it and is an end: another
    amount or day is another payment's, and what failed on the way is presented again."""
    ours, theirs = stored.identity, info.identity
    is_it = is_numbered_so(ours, theirs) and is_of_its_day(ours, theirs)
    if not (is_it and ours.is_told) or info.amount_minor not in (None, stored.amount_minor):
        return None
    if info.is_approved:
        if info.is_offline or info.host_result:
            return None
        return attrs.evolve(
            stored,
            verdict=Verdict.APPROVED,
            code="ok",
            authorisation=info.authorisation,
            is_offline=False,
        )
    if info.result is not None and info.result in codes.DECLINES:
        code = codes.result_word(info.result)
        declined = attrs.evolve(stored, verdict=Verdict.DECLINED, code=code, detail=info.detail)
        return attrs.evolve(declined, amount_minor=0, tip_minor=0, is_offline=False)
    return None


def settlement(
    verdict: Verdict, code: str, info: StatusInfo | None, slips: SlipReader, why: str = ""
) -> Settlement:
    """What is known of an end of day; `why` is the terminal's own text of its breaking off. One
    that told what its day came to, and then broke off, ended it or did not: nobody knows."""
    told = info or StatusInfo()
    if verdict is Verdict.APPROVED and told.result:
        verdict, code = Verdict.ABORTED, codes.result_word(told.result)
    elif verdict is not Verdict.APPROVED and verdict is not Verdict.UNKNOWN and told.is_approved:
        verdict, code = Verdict.UNKNOWN, f"contradiction_{code}"
    return Settlement(
        verdict,
        code,
        told.detail or why,
        amount_minor=told.amount_minor,
        totals=told.totals,
        slips=slips.kept,
    )
