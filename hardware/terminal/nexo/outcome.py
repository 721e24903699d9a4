"""From what a terminal told to what is known: the one place that decides a verdict."""

from __future__ import annotations

from typing import TypeGuard

from engine.terminal import (
    Answer,
    Condition,
    Identity,
    Kind,
    Settlement,
    Transaction,
    Verdict,
)
from hardware.terminal.nexo import codes
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.money import NUMBERS, letters_of, to_minor
from hardware.terminal.nexo.naming import identity, is_of_payment
from hardware.terminal.nexo.reading import MessageError, Number
from hardware.terminal.tips import tip_of

Ended = tuple[Verdict, str]


def fits(told: m.Told | None, category: str) -> TypeGuard[m.PaymentTold | m.ReversalTold]:
    """Whether it is the answer to a message of that category, and not to another one."""
    return isinstance(told, m.ReversalTold if category == "Reversal" else m.PaymentTold)


def repeated(
    told: m.StatusTold, service_id: str, category: str
) -> m.PaymentTold | m.ReversalTold | None:
    """The answer that a status repeats, where it is to the message of that name and category."""
    if not told.outcome.is_success or told.header is None or told.header.service_id != service_id:
        return None
    return told.repeated if fits(told.repeated, category) else None


def answer(
    transaction: Transaction,
    told: m.PaymentTold | m.ReversalTold,
    *,
    poi_id: str,
    service_id: str,
    before: Identity | None,
) -> Answer:
    """What is known of a transaction whose answer came, or was told again."""
    of_payment = False
    if isinstance(told, m.ReversalTold):
        of_payment = transaction.kind is Kind.REFUND
        told = _as_payment(told, transaction)
    verdict, code = _verdict(transaction, told)
    is_paid = verdict.is_approved
    asked_minor = transaction.amount_minor + transaction.tip_minor
    amount_minor = asked_minor if told.amount_minor is None else told.amount_minor
    return Answer(
        verdict=verdict,
        kind=transaction.kind,
        asked_minor=transaction.amount_minor,
        code=code,
        detail=_detail(told.outcome),
        amount_minor=amount_minor if is_paid else 0,
        tip_minor=tip_of(transaction, amount_minor, told.tip_minor) if is_paid else 0,
        currency_code=NUMBERS.get(told.currency, transaction.currency_code),
        identity=identity(poi_id, service_id, told.poi, is_of_payment=of_payment),
        before=before,
        card=told.card,
        authorisation=told.authorisation,
        is_offline=is_paid and not told.is_online,
        partial_allowed=transaction.partial_allowed,
        slips=told.slips,
        asked_tip_minor=transaction.tip_minor,
        paper=told.paper,
    )


def unknown(
    transaction: Transaction,
    code: str,
    *,
    poi_id: str,
    service_id: str,
    before: Identity | None,
    poi: m.PoiTransaction | None = None,
) -> Answer:
    """What is known of a transaction whose answer did not come: its name, and no more."""
    return Answer(
        verdict=Verdict.UNKNOWN,
        kind=transaction.kind,
        asked_minor=transaction.amount_minor,
        code=code,
        currency_code=transaction.currency_code,
        identity=identity(poi_id, service_id, poi, is_of_payment=is_of_payment(transaction)),
        before=before,
        partial_allowed=transaction.partial_allowed,
        asked_tip_minor=transaction.tip_minor,
    )


def not_sent(transaction: Transaction, code: str) -> Answer:
    """A transaction of which nothing reached the terminal."""
    return Answer(
        verdict=Verdict.ABORTED,
        kind=transaction.kind,
        asked_minor=transaction.amount_minor,
        code=code,
        currency_code=transaction.currency_code,
        partial_allowed=transaction.partial_allowed,
        asked_tip_minor=transaction.tip_minor,
    )


def _as_payment(told: m.ReversalTold, transaction: Transaction) -> m.PaymentTold:
    currency = letters_of(transaction.currency_code)
    minor = to_minor(Number(told.amount_text), currency) if told.amount_text else None
    if minor is None and told.outcome.result == "Success":
        # The amount is a copy of what was asked, and may be left out.
        minor = transaction.amount_minor
    return m.PaymentTold(
        told.outcome,
        poi=told.poi,
        amount_minor=minor,
        currency=currency,
        slips=told.slips,
        paper=told.paper,
    )


def is_whole(told: m.ReversalTold, paid: Answer) -> bool:
    """Whether all that was paid was taken back. A part of it, a smaller amount or one that cannot
    be read leaves the customer with the rest to pay."""
    if told.outcome.result != "Success":
        return False
    if not told.amount_text:
        # It is a copy of what was asked, and may be left out.
        return True
    try:
        minor = to_minor(Number(told.amount_text), letters_of(paid.currency_code))
    except MessageError:
        return False
    return minor >= paid.amount_minor


def _verdict(transaction: Transaction, told: m.PaymentTold) -> Ended:
    if told.outcome.result == "Failure":
        return codes.failure(told.outcome.condition)
    if not told.outcome.is_success:
        return Verdict.UNKNOWN, "result_unknown"
    if told.currency and NUMBERS.get(told.currency) != transaction.currency_code:
        # Another currency's amount cannot be held against what was asked for.
        return Verdict.UNKNOWN, "currency_differs"
    if told.amount_minor is None:
        is_part = told.outcome.result == "Partial"
        return Verdict.UNKNOWN if is_part else Verdict.APPROVED, "amount_not_told"
    # A tip it was asked with it may repeat, though the card had less than that.
    plain_minor = told.amount_minor - tip_of(transaction, told.amount_minor, told.tip_minor)
    if plain_minor <= 0:
        return Verdict.UNKNOWN, "amount_differs"
    if plain_minor < transaction.amount_minor:
        code = "ok" if transaction.partial_allowed else "amount_differs"
        return Verdict.PARTIALLY_APPROVED, code
    return Verdict.APPROVED, "ok" if plain_minor == transaction.amount_minor else "amount_differs"


def _detail(outcome: m.Outcome) -> str:
    extra = outcome.extra
    for name in ("refusalReason", "additionalData.refusalReason", "message", "warningMessage"):
        if extra.get(name):
            return extra[name]
    return ""


def transaction_of(doubt: Answer, currency_code: int) -> Transaction:
    """What was asked for, as far as its outcome depends on it. `currency_code` is the shop's.

    Raises:
        ValueError: a doubt without an amount.
    """
    return Transaction(
        doubt.kind,
        doubt.asked_minor,
        doubt.currency_code or currency_code,
        Identity(receipt=0),
        partial_allowed=doubt.partial_allowed,
        tip_minor=doubt.asked_tip_minor,
    )


def condition(told: m.DiagnosisTold) -> Condition:
    """How a terminal says it is."""
    if not told.outcome.is_success and not told.status:
        code = codes.failure(told.outcome.condition)[1]
        return Condition(is_ready=False, code=code, detail=_detail(told.outcome))
    code = codes.condition_word(told.status or "OK")
    if code == "ready":
        code = codes.PRINTERS.get(told.printer, code)
    if code == "ready" and not told.is_connected:
        # It says itself whether it takes payments without: only then is it ready.
        return Condition(is_ready=True, code="ready", detail="no_connection")
    return Condition(is_ready=code == "ready", code=code)


def settlement(told: m.ReconciliationTold) -> Settlement:
    """What is known of an end of day."""
    if not told.outcome.is_success:
        if told.outcome.result != "Failure":
            return Settlement(Verdict.UNKNOWN, "result_unknown")
        verdict, code = codes.failure(told.outcome.condition)
        return Settlement(verdict, code, _detail(told.outcome))
    return Settlement(Verdict.APPROVED, amount_minor=told.amount_minor, totals=told.totals)
