"""A cancel is told to the terminal until it has heard it, or what it is for is over.

It goes over a connection of its own, which may break while the payment's holds; and it may be
wanted when nobody knows yet whether the payment goes on, because the payment's own connection
broke. A terminal that waits for a card is told then, as soon as it says that it does. An abort
names its transaction, so telling it twice ends nothing else. That a terminal heard it says nothing
of the payment: whether the end came in time, the payment's own result says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from hardware.terminal.actions import Done
from hardware.terminal.nexo import asking, limits, outcome
from hardware.terminal.nexo.jobs import Action, Job, Post, Step, Task


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


def post(job: Job, new_id: Callable[[], str]) -> list[Action]:
    """Tell it now, unless that is done or being done."""
    job.abort_due_ns = None
    if not job.is_abort_wanted or job.is_abort_told or job.abort_id or not is_possible(job):
        return []
    job.abort_id = new_id()
    return [Post(job.abort_id, asking.abort(job), limits.SHORT_NS)]


def over(job: Job, code: str, now_ns: int, *, is_sent: bool) -> None:
    """An abort that was out is over: nothing answers it, so an end of the connection in order is
    all that says it was heard. Where the connection broke it is told again in a while."""
    job.abort_id = ""
    if is_sent and code != "link_lost":
        job.is_abort_told = True
    else:
        job.abort_due_ns = now_ns + limits.INQUIRE_AGAIN_NS
