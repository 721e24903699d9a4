"""How a job of the session ends: answered, lost, or settled by the terminal's last transaction."""

from __future__ import annotations

from collections import deque

import attrs

from actors.terminal_messages import Forwarded
from engine.terminal import Answer, Condition, Identity, Kind, Settlement, Transaction, Verdict
from hardware.terminal.actions import Done, Told
from hardware.terminal.doubt import is_same, resolve
from hardware.terminal.tips import tip_of
from hardware.terminal.zvt import codec, codes
from hardware.terminal.zvt.jobs import Action, Job, Send, Task
from hardware.terminal.zvt.memory import Memory
from hardware.terminal.zvt.outcome import OTHER_ORIGINAL, answer, let_go
from native import ZvtMessage

LATE: tuple[Action, ...] = (Send(codec.TAKE_BACK), Told("late_result"))
_COPIES = 2  # the merchant's and the customer's


def answered(job: Job, before: Identity | None, verdict: Verdict, code: str) -> Done:
    """A transaction ended so; `before` is the terminal's last one before it."""
    assert job.transaction is not None
    known = answer(
        job.transaction,
        job.info,
        job.slips,
        before,
        ended=(verdict, code),
        is_acknowledged=job.is_acknowledged,
        why=job.why,
    )
    return Done(job.job_id, known)


def so_far(job: Job, before: Identity | None) -> Answer:
    """What would be known if nothing more came: not certain until the terminal completed."""
    assert job.transaction is not None
    known = answer(job.transaction, job.info, job.slips, before)
    return attrs.evolve(known, verdict=Verdict.UNKNOWN, code=f"not_completed_{known.code}")


def lost(job: Job, before: Identity | None, condition: Condition, *, sent: bool) -> list[Action]:
    """The connection broke, or the job never began; what was sent is unknown now."""
    verdict = Verdict.UNKNOWN if sent else Verdict.ABORTED
    code = "link_lost" if sent else "not_sent"
    match job.task:
        case Task.TRANSACT:
            return [answered(job, before, verdict, code)]
        case Task.INQUIRE:
            assert job.doubt is not None
            return [Done(job.job_id, attrs.evolve(job.doubt, code="link_lost"))]
        case Task.RECEIPT:
            # What became of the payment was told before.
            return [_known(job)]
        case Task.SETTLE:
            return [Done(job.job_id, Settlement(verdict, code))]
        case Task.FORWARD:
            return [Done(job.job_id, Forwarded(code))]
        case _:
            return [Done(job.job_id, condition)] if job.job_id else []


def unasked(message: ZvtMessage) -> list[Action]:
    """What is said to a message while nothing runs. A result nobody waits for is not acknowledged:
    so the terminal takes it back. An end of its day is none."""
    is_result = message.control == codec.STATUS_INFO
    is_day = is_result and codec.status_info(message).is_day
    if is_day or message.control in (codec.INTERMEDIATE, *codec.ENDS):
        return [Send(codec.ACKNOWLEDGE)]
    return [*LATE] if is_result else [Send(codec.UNKNOWN_COMMAND)]


def left_unsent(queue: deque[Job], before: Identity | None, condition: Condition) -> list[Action]:
    """Take what can be called off out of those that wait their turn; the end of it, if any."""
    waiting = next((job for job in queue if job.may_be_called_off), None)
    if waiting is None:
        return []
    queue.remove(waiting)
    return lost(waiting, before, condition, sent=False)


def plainer(job: Job, message: ZvtMessage) -> Job | None:
    """The same capture without the reservation's authorisation, where the terminal does not know
    that field: it said no to the command as a whole, and did nothing. None where that is not it."""
    transaction = job.transaction
    if transaction is None or not transaction.authorisation or job.is_accepted:
        return None
    if codec.refusal(message) != f"refused_{codes.NOTHING_KEPT}":
        return None
    plain = attrs.evolve(transaction, authorisation="")
    return Job(job.task, job.job_id, plain, is_abort_wanted=job.is_abort_wanted)


def elsewhere(job: Job, before: Identity | None, terminal_id: str) -> Done | None:
    """The end of a transaction whose original is another terminal's than this one, which is not
    asked: by that number it would take back, or capture, what somebody else paid here. A refund
    names no original to the terminal. None where it is asked."""
    transaction = job.transaction
    if transaction is None or transaction.original is None or transaction.kind is Kind.REFUND:
        return None
    made_at = transaction.original.terminal_id
    if not (made_at and terminal_id) or made_at == terminal_id:
        return None
    return answered(job, before, Verdict.ABORTED, "other_terminal")


def has_none(job: Job, code: str) -> bool:
    """Whether a terminal that was asked for its last transaction said that it has none. One that
    is busy, that does not know the command, or whose answer could not be read said no such thing.
    """
    return code == codes.NOTHING_KEPT and job.info is None


def is_untold(job: Job) -> bool:
    """Whether a transaction ended that the terminal began and told no number of, as one that was
    called off. Some count it all the same: which was its last nobody knows, and held against the
    one before that, the next payment would not be the very next to come."""
    is_told = job.info is not None and job.info.identity.is_told
    return job.is_accepted and not is_told


def note_end(memory: Memory, job: Job, verdict: Verdict) -> None:
    """What the end of a transaction leaves open of which was the terminal's last: one that told no
    number may be counted all the same, and one that came to nothing may be forgotten."""
    memory.is_old |= is_untold(job)
    if job.info is not None and job.info.identity.is_told and not job.info.is_day:
        is_nothing = verdict is not Verdict.APPROVED or bool(job.info.result)
        memory.is_forgettable |= is_nothing


def is_older(job: Job, told: Identity, last: Identity | None) -> bool:
    """Whether a result is that of the transaction before, told once more. One that refers to
    another may be told by the number of that one."""
    if job.transaction is None or job.transaction.original is not None or last is None:
        return False
    return last.is_told and _is_same(told, last)


def meanwhile(job: Job, message: ZvtMessage, last: Identity | None) -> ZvtMessage | None:
    """The result a terminal told while another of that transaction is written down: it is the one
    that counts, and acknowledged in the place of that one nobody would have written it down. None
    where it only repeated that one, or told the one before once more."""
    if message.control != codec.STATUS_INFO or job.task is not Task.TRANSACT:
        return job.meanwhile
    info = codec.status_info(message)
    is_no_other = info == job.info or info.is_day or is_older(job, info.identity, last)
    return None if is_no_other else message


def _is_same(one: Identity, other: Identity) -> bool:
    numbers = (one.trace, one.receipt) == (other.trace, other.receipt)
    return numbers and is_same(one, other)


def resolved(job: Job, verdict: Verdict, code: str, currency_code: int) -> Answer:
    """An inquiry ended so: what the terminal told of its last transaction, held against the
    doubt."""
    doubt = job.doubt
    assert doubt is not None
    info = let_go(doubt.kind, doubt.asked_minor, job.info)
    if doubt.code == OTHER_ORIGINAL:
        # It took back another's although it was told not to: that is for a person.
        return attrs.evolve(doubt, verdict=Verdict.UNKNOWN)
    if has_none(job, code):
        return resolve(doubt, None, told_minor=None)
    if info is None or info.is_day:
        why = "nothing_told" if verdict is Verdict.APPROVED else f"not_told_{code}"
        return attrs.evolve(doubt, verdict=Verdict.UNKNOWN, code=why)
    asked = Transaction(
        Kind.SALE,
        doubt.asked_minor,
        currency_code,
        partial_allowed=doubt.partial_allowed,
        tip_minor=doubt.asked_tip_minor,
    )
    told = answer(asked, info, job.slips, doubt.before)
    tip_minor = tip_of(asked, info.amount_minor or 0, info.tip_minor)
    known = resolve(doubt, told, told_minor=info.amount_minor, told_tip_minor=tip_minor)
    if (
        info.is_reversal
        and doubt.kind is not Kind.REVERSAL
        and known.verdict is not Verdict.UNKNOWN
    ):
        # Somebody took one back at the terminal; what was asked for is another.
        return attrs.evolve(doubt, verdict=Verdict.UNKNOWN, code="other_transaction")
    return known


def from_memory(memory: Memory, doubt: Answer, currency_code: int) -> Answer | None:
    """An inquiry answered by what the terminal told while the transaction in doubt was its last;
    None where it must be asked."""
    told = memory.overtaken(doubt)
    if told is None:
        return None
    job = Job(Task.INQUIRE, doubt=doubt, info=told)
    known = resolved(job, Verdict.APPROVED, "", currency_code)
    return None if known.verdict is Verdict.UNKNOWN else known


def receipt_job(job: Job, known: Answer) -> Job | None:
    """The job that has the receipts of a payment told once more, where one was found by asking and
    they were lost with its reply; None where there is nothing to have. It keeps nobody waiting
    that the inquiry did not."""
    if not known.verdict.is_approved or len(known.slips) >= _COPIES:
        return None
    return Job(Task.RECEIPT, job.job_id, answer=known, gives_way=job.gives_way)


def with_receipt(job: Job) -> Done:
    """What is known, with the receipts as far as they are of that very transaction."""
    known, info = _known(job), job.info
    assert isinstance(known.result, Answer)
    slips = job.slips.of_payment(known.result.card.verification)
    if not slips or info is None or not _is_same(info.identity, known.result.identity):
        return known
    return Done(job.job_id, attrs.evolve(known.result, slips=slips))


def _known(job: Job) -> Done:
    assert job.answer is not None
    return Done(job.job_id, job.answer)
