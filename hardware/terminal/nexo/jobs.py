"""What a nexo session wants done, and what it has to do."""

from __future__ import annotations

from enum import Enum

from attrs import define, frozen

from engine.terminal import Answer, Identity, Transaction
from hardware.terminal.actions import Done, Reported, Store, Told
from hardware.terminal.nexo.inquiry import Inquiry
from hardware.terminal.nexo.messages import Ask, Notice, PoiTransaction
from hardware.terminal.nexo.naming import poi_in


@frozen
class Post:
    """Send this question, once; then call `replied` or `failed` with its ServiceID, within the
    time given or the answer is `no_reply`."""

    service_id: str
    ask: Ask
    within_ns: int


@frozen
class Drop:
    """Nobody waits for the answer to that question any more."""

    service_id: str


_BEGINS = "TENDER_CREATED"

Action = Post | Drop | Told | Store | Done | Reported


class Task(Enum):
    """What a job is for."""

    LOOK = "look"
    TRANSACT = "transact"
    WITNESS = "witness"
    INQUIRE = "inquire"
    SETTLE = "settle"


class Step(Enum):
    """What a job waits for."""

    ANSWER = "answer"
    KEEPING = "keeping"
    KEEP_PAUSE = "keep_pause"
    TAKING_BACK = "taking_back"


@define
class Job:
    """One job and what came of it so far. `service_id` is the transaction's, `asked` that of a
    question that is out beside it or instead of it; `due_ns` is when the job goes on by itself.
    A question what became of something ends as soon as somebody wants money moved, one that
    `gives_way` as soon as anybody wants anything. `is_written` is set once all of a transaction
    left for the terminal. `abort_id` is the ServiceID of an abort that is out, `abort_due_ns` when
    it is sent again."""

    task: Task
    job_id: str = ""
    transaction: Transaction | None = None
    inquiry: Inquiry | None = None
    service_id: str = ""
    when: str = ""
    before: Identity | None = None
    asked: str = ""
    step: Step = Step.ANSWER
    answer: Answer | None = None
    poi: PoiTransaction | None = None
    started_ns: int = 0
    due_ns: int | None = None
    tries: int = 0
    is_written: bool = False
    is_abort_wanted: bool = False
    abort_id: str = ""
    abort_due_ns: int | None = None
    is_checked: bool = False
    gives_way: bool = False

    @property
    def is_question(self) -> bool:
        """Whether it asks how the terminal is or what became of something: it moves no money."""
        return self.task in (Task.LOOK, Task.INQUIRE)

    def is_of_before(self, notice: Notice) -> bool:
        """Whether a notice is about the transaction that came before this one. Those told before
        the host was asked have only the first half of its name."""
        known = None if self.before is None else poi_in(self.before)
        if known is None or notice.poi is None:
            return False
        return _tender(known) == _tender(notice.poi)

    def is_named_by(self, notice: Notice, service_id: str) -> bool:
        """Whether a notice gives this transaction its name: it says that it is about this message,
        or that one begins. What else comes may be late, of whatever was before."""
        return service_id == self.service_id if service_id else notice.event == _BEGINS


def _tender(poi: PoiTransaction) -> str:
    return poi.transaction_id.partition(".")[0]
