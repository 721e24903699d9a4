"""The question that goes with a job."""

from __future__ import annotations

from engine.terminal import CardEntry, Kind
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo import naming
from hardware.terminal.nexo.jobs import (
    Job,
)
from hardware.terminal.nexo.money import letters_of

_ENTRIES = {CardEntry.READ: "", CardEntry.KEYED: "keyed", CardEntry.PHONE: "moto"}
PAYMENTS = (Kind.SALE, Kind.REFUND)


def category(job: Job) -> str:
    """The category of the message that carries a job's transaction."""
    transaction = job.transaction
    is_reversal = transaction is not None and (
        transaction.kind is Kind.REVERSAL or naming.is_of_payment(transaction)
    )
    return "Reversal" if is_reversal else "Payment"


def abort(job: Job) -> m.AbortAsk:
    """The end of the transaction that a job does or asks about."""
    if job.inquiry is not None:
        return m.AbortAsk(job.inquiry.category, job.inquiry.service_id)
    return m.AbortAsk(category(job), job.service_id)


def request(job: Job) -> m.Ask:
    """A transaction; its kind, its original and its currency were looked at before."""
    transaction = job.transaction
    assert transaction is not None
    currency = letters_of(transaction.currency_code)
    if category(job) == "Reversal":
        # A refund goes back to the card that paid, as one of all the parts of that payment.
        original = None if transaction.original is None else naming.poi_in(transaction.original)
        assert original is not None
        return m.ReversalAsk(original, transaction.amount_minor, currency, job.job_id, job.when)
    return m.PaymentAsk(
        transaction.amount_minor,
        currency,
        job.job_id,
        job.when,
        is_refund=transaction.kind is Kind.REFUND,
        tip_allowed=transaction.tip_allowed,
        partial_allowed=transaction.partial_allowed,
        offline_allowed=transaction.offline_allowed,
        tip_minor=transaction.tip_minor,
        entry=_ENTRIES[transaction.entry],
    )


def nothing(job: Job, currency_code: int) -> m.ReversalAsk:
    """The reversal of a payment that never was."""
    original = m.PoiTransaction(f"NOTHING-{job.service_id}", job.when)
    return m.ReversalAsk(original, 1, letters_of(currency_code), job.job_id, job.when)


def status(job: Job) -> m.StatusAsk:
    """What became of it, so far."""
    return m.StatusAsk(category(job), job.service_id, wants_receipts=True)


def take_back(job: Job) -> m.ReversalAsk | None:
    """What undoes a payment; None where it cannot be undone, or the terminal did not name it."""
    assert job.answer is not None
    original = naming.poi_in(job.answer.identity)
    if job.answer.kind not in PAYMENTS or original is None:
        return None
    currency = letters_of(job.answer.currency_code)
    name, amount_minor = f"{job.job_id}-taken-back", job.answer.amount_minor
    return m.ReversalAsk(original, amount_minor, currency, name, job.when, "Malfunction")
