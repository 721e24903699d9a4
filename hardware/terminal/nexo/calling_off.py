"""A cancel is told to the terminal until what it is for is over.

It goes over a connection of its own, which may break while the payment's holds; and it may be
wanted when nobody knows yet whether the payment goes on, because the payment's own connection
broke. A terminal that waits for a card is told then, as soon as it says that it does. An abort
names its transaction, so telling it twice ends nothing else. That a terminal heard it says nothing
of the payment: whether the end came in time, the payment's own result says.

A terminal that is told before it has the payment ends nothing, and says the same to it. So it is
told once all of the payment was written; and as the one may still overtake the other on its way,
it is told again while the payment goes on, also where it was heard.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from hardware.terminal.actions import Done
from hardware.terminal.nexo import asking, limits, outcome
from hardware.terminal.nexo.jobs import Action, Job, Post, Step, Task
from hardware.terminal.nexo.profile import Carrier


def is_possible(job: Job) -> bool:
    """Whether what a job is about may still wait for a card."""
    if job.task is Task.INQUIRE:
        return not job.gives_way
    return job.task is Task.TRANSACT and job.step is Step.ANSWER


def left_unsent(queue: deque[Job]) -> list[Action]:
    """A transaction that waits its turn never leaves for the terminal; nothing where none waits."""
    for job in queue:
        if job.task is Task.TRANSACT:
            assert job.transaction is not None
            queue.remove(job)
            return [Done(job.job_id, outcome.not_sent(job.transaction, "not_sent"))]
    return []


def wanted(job: Job, new_id: Callable[[], str]) -> list[Action]:
    """Somebody wants the end of it, or wants it once more. A terminal that is asked what became of
    it is told as soon as it says that it goes on."""
    job.is_abort_wanted = True
    is_first = job.abort_due_ns is None
    return [] if job.task is Task.INQUIRE and is_first else post(job, new_id)


def post(job: Job, new_id: Callable[[], str]) -> list[Action]:
    """Tell it now, unless one is out, or the terminal cannot have the payment yet."""
    job.abort_due_ns = None
    is_held = job.task is Task.TRANSACT and not job.is_written
    if not job.is_abort_wanted or is_held or job.abort_id or not is_possible(job):
        return []
    job.abort_id = new_id()
    return [Post(job.abort_id, asking.abort(job), limits.SHORT_NS)]


def over(job: Job, code: str, now_ns: int, carrier: Carrier, *, is_sent: bool) -> None:
    """An abort that was out is over. Nothing answers one, so an end in order is all that says it
    was heard, on a WebSocket also that the line stays open; any word is a refusal. One that was
    not heard is told again sooner."""
    silence = ("empty_answer", "no_reply") if carrier is Carrier.WEBSOCKET else ("empty_answer",)
    is_heard = is_sent and code in silence
    again_ns = limits.ABORT_AGAIN_NS if is_heard else limits.INQUIRE_AGAIN_NS
    job.abort_id, job.abort_due_ns = "", now_ns + again_ns
