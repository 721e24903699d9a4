"""How a job of the session ends: answered, lost, or settled by the terminal's last transaction."""

from __future__ import annotations

import attrs

from actors.terminal_messages import Forwarded
from engine.terminal import Answer, Condition, Identity, Kind, Settlement, Transaction, Verdict
from hardware.terminal.actions import Done
from hardware.terminal.doubt import resolve
from hardware.terminal.tips import tip_of
from hardware.terminal.zvt import codes
from hardware.terminal.zvt.jobs import Action, Job, Task
from hardware.terminal.zvt.outcome import answer


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
        case Task.SETTLE:
            return [Done(job.job_id, Settlement(verdict, code))]
        case Task.FORWARD:
            return [Done(job.job_id, Forwarded(code))]
        case _:
            return [Done(job.job_id, condition)] if job.job_id else []


def has_none(job: Job, code: str) -> bool:
    """Whether a terminal that was asked for its last transaction said that it has none. One that
    is busy, that does not know the command, or whose answer could not be read said no such thing.
    """
    return code == codes.NOTHING_KEPT and job.info is None


def resolved(job: Job, verdict: Verdict, code: str, currency_code: int) -> Done:
    """An inquiry ended so: what the terminal told of its last transaction, held against the
    doubt."""
    doubt, info = job.doubt, job.info
    assert doubt is not None
    if has_none(job, code):
        return Done(job.job_id, resolve(doubt, None, told_minor=None))
    if info is None:
        why = "nothing_told" if verdict is Verdict.APPROVED else f"not_told_{code}"
        return Done(job.job_id, attrs.evolve(doubt, verdict=Verdict.UNKNOWN, code=why))
    asked = Transaction(
        Kind.SALE,
        doubt.asked_minor,
        currency_code,
        partial_allowed=doubt.partial_allowed,
        tip_minor=doubt.asked_tip_minor,
    )
    told = answer(asked, info, job.slips, doubt.before)
    tip_minor = tip_of(asked, info.amount_minor or 0, info.tip_minor)
    settled = resolve(doubt, told, told_minor=info.amount_minor, told_tip_minor=tip_minor)
    return Done(job.job_id, settled)
