"""Whose turn it is with a ZVT terminal, and what became of what was asked. Pure: times are given.

The register is master; after a command the terminal is, until its completion or abortion. One thing
runs at a time. A transaction whose first byte was sent ends as the terminal says, or unknown: never
by a guess. A result is acknowledged only after whoever keeps the books wrote it down, because the
acknowledgement is what makes the terminal store the sale.

Source: PA00P015 revision 13.08, chapters 2.2 and 3; times in `hardware/terminal/limits.py`.
"""

from __future__ import annotations

from collections import deque

import attrs
from attrs import define, field

from actors.terminal_messages import Forwarded, StoredPayment
from engine.terminal import Answer, Condition, Settlement, Slip, Transaction, Verdict
from hardware.terminal import limits
from hardware.terminal.actions import Done, Reported, Store, StoreUpload, Told
from hardware.terminal.zvt import codec, codes, endings
from hardware.terminal.zvt.codec import Profile, StatusInfo
from hardware.terminal.zvt.jobs import Action, Break, Job, Send, SetAside, Task, command_of
from hardware.terminal.zvt.memory import Memory
from hardware.terminal.zvt.outcome import settlement
from hardware.terminal.zvt.unclaimed import Unclaimed
from native import ZvtMessage

_ABSENT = Condition(is_ready=False, code="absent")
UNKNOWN_FUNCTION = f"refused_{codes.NOTHING_KEPT}"
RECALLS_AGAIN = 2


@define
class ZvtSession:
    """The conversation with one terminal, and what it told of its transactions (`memory`).

    `stored` is what it took offline and was asked about last, and `forwards` whether it knows how
    to present that; `unclaimed` is what else it presented, `papers` what it printed that is of no
    payment. `paired_id` is the only terminal asked for payments: the profile's, else the first.
    `terminal_id` is who answers now. `reply_ns` is how long a command may wait to be accepted.
    """

    profile: Profile
    memory: Memory = field(factory=Memory)
    condition: Condition = _ABSENT
    terminal_id: str = ""
    paired_id: str = field(default=attrs.Factory(lambda self: self.profile.terminal_id, True))
    reply_ns: int = limits.REPLY_NS
    is_open: bool = False
    stored: tuple[StoredPayment, ...] = ()
    forwards: bool = True
    unclaimed: Unclaimed = field(factory=Unclaimed)
    papers: tuple[Slip, ...] = ()
    _job: Job | None = None
    _queue: deque[Job] = field(factory=deque)
    _due_ns: int | None = None
    _completion_ns: int = limits.COMPLETION_NS
    _enquire_ns: int | None = None
    _is_keeping: bool = False
    _is_aborting: bool = False
    _is_barred: bool = False
    _recalls: int = 0

    # ------------------------------------------------------------------------------ the connection

    def opened(self, now_ns: int) -> list[Action]:
        """A new connection: log on, ask how it is, and which transaction was its last."""
        self.is_open, self.forwards, self._is_barred = True, True, False
        self._recalls, self.terminal_id = RECALLS_AGAIN, ""
        return self._log_on(now_ns)

    def _log_on(self, now_ns: int) -> list[Action]:
        self.memory.is_old = True
        self._queue.extendleft(map(Job, (Task.RECALL, Task.ENQUIRE, Task.REGISTER)))
        return self._next(now_ns)

    def closed(self) -> list[Action]:
        """The connection broke. What was sent and not answered is unknown now."""
        self.is_open = False
        jobs, running = self._waiting, self._job
        self._job, self._due_ns, self._enquire_ns = None, None, None
        self._completion_ns = limits.COMPLETION_NS
        self._is_keeping = self._is_aborting = False
        self._queue.clear()
        self.condition = _ABSENT
        last, condition = self.memory.last, self.condition
        return [
            done for job in jobs for done in endings.lost(job, last, condition, sent=job is running)
        ]

    # -------------------------------------------------------------------------------- being asked

    @property
    def is_idle(self) -> bool:
        """Whether a job would begin at once."""
        return self.is_open and self._job is None and not self._is_aborting and not self._queue

    @property
    def is_telling(self) -> bool:
        """Whether what was its last, or what became of a transaction, is still being asked."""
        return any(job.tells_the_last for job in self._waiting)

    @property
    def is_at_a_loss(self) -> bool:
        """Whether it is not certain which transaction was its last, and it could be asked now."""
        return self.memory.is_in_question and self.is_idle and not self._is_barred

    @property
    def expects_enquiry(self) -> bool:
        """Whether the next completion answers a status enquiry."""
        return self._job is not None and self._job.task is Task.ENQUIRE

    @property
    def deadline_ns(self) -> int | None:
        """When `tick` has something to do."""
        whole_ns = None if self._job is None else self._job.ends_ns
        due = (self._due_ns, self._enquire_ns, whole_ns)
        return min((moment for moment in due if moment is not None), default=None)

    def transact(self, job_id: str, transaction: Transaction, now_ns: int) -> list[Action]:
        """Do a transaction, after any question that is out; refused at once, with nothing sent,
        where somebody pays or ends the day, or the terminal is not there."""
        job = Job(Task.TRANSACT, job_id, transaction)
        if refusal := self.refusal:
            return [endings.answered(job, self.memory.last, Verdict.ABORTED, refusal)]
        return self._begin(job, now_ns)

    def inquire(
        self, job_id: str, doubt: Answer, now_ns: int, *, gives_way: bool = False
    ) -> list[Action]:
        """Ask what became of a transaction in doubt."""
        is_late = not self.is_idle if gives_way else any(job.keeps_it for job in self._waiting)
        if refusal := self.refusal or ("terminal_busy" if is_late else ""):
            return [Done(job_id, attrs.evolve(doubt, verdict=Verdict.UNKNOWN, code=refusal))]
        # Nothing of ours overtakes what a register waits for; what was done by hand may undo it.
        known = gives_way and endings.from_memory(self.memory, doubt, self.profile.currency_code)
        if known:
            return [Done(job_id, known)]
        return self._begin(Job(Task.INQUIRE, job_id, doubt=doubt, gives_way=gives_way), now_ns)

    def recall(self, now_ns: int) -> list[Action]:
        """Ask which transaction was its last."""
        return self._begin(Job(Task.RECALL), now_ns)

    def settle(self, job_id: str, now_ns: int) -> list[Action]:
        """End the terminal's day."""
        if refusal := self.refusal:
            return [Done(job_id, Settlement(Verdict.ABORTED, refusal))]
        return self._begin(Job(Task.SETTLE, job_id), now_ns)

    def forward(self, job_id: str, stored: tuple[StoredPayment, ...], now_ns: int) -> list[Action]:
        """Have it present what it took offline; only while nothing else is to be done."""
        self.stored = stored
        why = self.refusal or ("" if self.is_idle else "terminal_busy")
        if not why and not self.forwards:
            why = "function_not_supported"
        if why:
            return [Done(job_id, Forwarded(why))]
        return self._begin(Job(Task.FORWARD, job_id), now_ns)

    def look(self, job_id: str, now_ns: int) -> list[Action]:
        """How is it? Answered from memory while something runs."""
        if self.refusal or any(job.keeps_it for job in self._waiting):
            return [Done(job_id, self.condition)]
        return self._begin(Job(Task.ENQUIRE, job_id), now_ns)

    def abort(self) -> tuple[bool, list[Action]]:
        """Ask for the end of the transaction that runs, or leave one that waits its turn unsent;
        whether there is one, and the card is not accepted yet."""
        job = self._job
        if job is None or not job.may_be_called_off:
            unsent = endings.left_unsent(self._queue, self.memory.last, self.condition)
            return bool(unsent), unsent
        if self._is_keeping or job.has_paid:
            return False, []
        job.is_abort_wanted = True
        return True, self._tell_abort()

    def _tell_abort(self) -> list[Action]:
        """Tell the terminal that its command is called off: once, and only where this cannot be
        taken for something else. Until the command is accepted, the answer could be taken for the
        command's; while a result waits for its acknowledgement, the abort could for that."""
        job = self._job
        if job is None or not job.is_abort_wanted or job.is_abort_sent or not job.is_accepted:
            return []
        if self._is_keeping or job.has_paid:
            return []
        job.is_abort_sent = self._is_aborting = True
        return [Send(codec.abort())]

    def _abort_is_over(self, now_ns: int) -> list[Action]:
        """It was answered, or will not be any more: whoever waited for that is next."""
        self._is_aborting, self._due_ns = False, None
        return self._next(now_ns)

    def kept(
        self, job_id: str, now_ns: int, *, is_kept: bool, is_final: bool = False
    ) -> list[Action]:
        """Whoever keeps the books wrote the result down, or could not: then the terminal is told
        to wait a little, and after that, or at once where it `is_final`, to take it back."""
        job = self._job
        if job is None or job.job_id != job_id or not self._is_keeping:
            return []
        self._is_keeping = False
        self._due_ns = now_ns + self._completion_ns
        if (other := job.meanwhile) is not None:
            return self._status_info(job, other, now_ns)
        reply = job.reply(is_kept=is_kept, is_final=is_final)
        return [Send(reply), *([] if reply == codec.NOT_READY else self._tell_abort())]

    @property
    def refusal(self) -> str:
        """Why what moves money would be refused now, with nothing sent; empty where it is not."""
        if not self.is_open:
            return "not_sent"
        if self._is_barred:
            return self.condition.code
        is_taken = any(job.keeps_it and not job.is_question for job in self._waiting)
        return "terminal_busy" if is_taken else ""

    @property
    def _waiting(self) -> list[Job]:
        return [job for job in (self._job, *self._queue) if job is not None]

    def _begin(self, job: Job, now_ns: int) -> list[Action]:
        self._queue.append(job)
        return [*self._make_way(job), *self._next(now_ns)]

    def _make_way(self, job: Job) -> list[Action]:
        """What was taken offline waits whenever somebody wants something else."""
        running = self._job
        if running is None or running.task is not Task.FORWARD or not job.job_id:
            return []
        running.is_abort_wanted = True
        return self._tell_abort()

    def _next(self, now_ns: int) -> list[Action]:
        # The late answer to an abort would be taken for the answer to the next command.
        if self._job is not None or not self._queue or self._is_aborting:
            return []
        job = self._queue.popleft()
        if unasked := endings.elsewhere(job, self.memory.last, self.terminal_id or self.paired_id):
            return [unasked, *self._next(now_ns)]
        self._job, job.started_ns = job, now_ns
        self._due_ns, self._enquire_ns = now_ns + self.reply_ns, None
        return [Send(command_of(job, self.profile))]

    # ------------------------------------------------------------------------- what the other says

    def received(self, message: ZvtMessage, now_ns: int, *, is_again: bool = False) -> list[Action]:
        """One message of the terminal; `is_again` where it is what it said last, which it may say
        again because our acknowledgement was lost."""
        job = self._job
        if is_again and job is not None and job.may_be_of_before(message.control):
            return self._again(job, message, now_ns)
        if message.control >> 8 in (0x80, 0x84):
            return self._replied(job, message, now_ns)
        if job is None:
            return endings.unasked(message)
        if self._is_keeping and message.control not in codec.ENDS:
            # The answer to what is written down answers what it repeats meanwhile, and no more.
            job.meanwhile = endings.meanwhile(job, message, self.memory.known)
            return []
        # A terminal may speak before its acknowledgement arrives.
        job.is_accepted = True
        job.is_lively |= message.control in codec.LIVELY
        self._due_ns = now_ns + self._completion_ns
        return [*self._heard(job, message, now_ns), *self._tell_abort()]

    def _heard(self, job: Job, message: ZvtMessage, now_ns: int) -> list[Action]:
        match message.control:
            case codec.INTERMEDIATE:
                return self._intermediate(message, now_ns)
            case codec.STATUS_INFO:
                return self._status_info(job, message, now_ns)
            case codec.PRINT_LINE | codec.PRINT_BLOCK:
                return self._printed(job, message, now_ns)
            case codec.COMPLETION | codec.ABORTION:
                return [Send(codec.ACKNOWLEDGE), *self._ended(job, message, now_ns)]
            case codec.SET_CLOCK:
                # The store's clock is not the terminal's to set.
                return [Send(codec.ACKNOWLEDGE)]
            case _:
                return [Send(codec.UNKNOWN_COMMAND)]

    def _again(self, job: Job, message: ZvtMessage, now_ns: int) -> list[Action]:
        """A no is this command's only if no other answer follows it. An end is never, and answered
        twice it would have the terminal take that for the answer to its next message."""
        if message.control in codec.ENDS:
            return []
        job.refusal = codec.refusal(message)
        self._due_ns = min(self._due_ns or now_ns, now_ns + limits.REPLY_NS)
        return []

    def _replied(self, job: Job | None, message: ZvtMessage, now_ns: int) -> list[Action]:
        is_yes = message.control in (0x8000, 0x8400)
        if job is not None and not job.is_replied and (is_yes or not self._is_aborting):
            return self._command_replied(job, message, now_ns, is_yes=is_yes)
        if self._is_aborting:
            # The abort's own answer; whether it was in time, the end of the transaction says.
            self._is_aborting = False
            return self._abort_is_over(now_ns) if job is None else []
        return []

    def _command_replied(
        self, job: Job, message: ZvtMessage, now_ns: int, *, is_yes: bool
    ) -> list[Action]:
        """The answer to a command. A no after it told a result is not about that."""
        job.is_replied = True
        if not is_yes and (plainer := endings.plainer(job, message)) is not None:
            self._job = None
            return self._begin(plainer, now_ns)
        if not is_yes and job.info is None:
            return self._finish(job, Verdict.ABORTED, codec.refusal(message), now_ns)
        if is_yes and not job.is_accepted:
            job.is_accepted = True
            self._due_ns = now_ns + self._completion_ns
        return self._tell_abort()

    def _intermediate(self, message: ZvtMessage, now_ns: int) -> list[Action]:
        minutes = message.fields.get("timeout_minutes") or 0
        if minutes:
            # From now on, and not for this once.
            self._completion_ns = min(minutes, limits.MINUTES_MAX) * 60 * limits.NS_PER_S
            self._due_ns = now_ns + self._completion_ns
        return [Send(codec.ACKNOWLEDGE), Told(*codec.shown(message))]

    def _status_info(self, job: Job, message: ZvtMessage, now_ns: int) -> list[Action]:
        info = codec.status_info(message)
        if info.is_day and job.task in (Task.REGISTER, Task.ENQUIRE, Task.TRANSACT):
            # It ended its day of its own accord, and what it was asked for is still to come.
            return [Send(codec.ACKNOWLEDGE)]
        if job.task in (Task.REGISTER, Task.ENQUIRE):
            return [*endings.LATE]
        if job.task in (Task.FORWARD, Task.SETTLE):
            return self._presented(job, info, now_ns)
        if endings.is_older(job, info.identity, self.memory.known):
            # The terminal told it before and holds it for told: taking it back now would be wrong.
            return [Send(codec.ACKNOWLEDGE), Told("older_result")]
        self.papers = (*self.papers, *job.hear(info))[-limits.SLIPS_MAX :]
        if job.task is not Task.TRANSACT:
            return [Send(codec.ACKNOWLEDGE)]
        store = Store(job.job_id, endings.so_far(job, self.memory.last))
        return [*self.unclaimed.forget(info.identity), *self._keep(store, now_ns)]

    def _keep(self, what: Store | StoreUpload | SetAside, now_ns: int) -> list[Action]:
        """Have it written down before it is acknowledged."""
        self._is_keeping = True
        self._due_ns = now_ns + limits.KEEP_NS
        return [what]

    def _presented(self, job: Job, info: StatusInfo, now_ns: int) -> list[Action]:
        """One of those taken offline, or the totals of the day."""
        what = self.unclaimed.told_of(self.stored, info, job.job_id)
        if what is not None:
            return self._keep(what, now_ns)
        if job.task is Task.SETTLE and (job.info is None or info.totals or not job.info.totals):
            job.info = info
        return [Send(codec.ACKNOWLEDGE)]

    def _printed(self, job: Job, message: ZvtMessage, now_ns: int) -> list[Action]:
        is_line = message.control == codec.PRINT_LINE
        is_whole = job.slips.line(message) if is_line else job.slips.block(message)
        if is_whole and job.task is Task.TRANSACT and job.info is not None:
            return self._keep(Store(job.job_id, endings.so_far(job, self.memory.last)), now_ns)
        return [Send(codec.ACKNOWLEDGE)]

    # ------------------------------------------------------------------------------------ the end

    def _ended(self, job: Job, message: ZvtMessage, now_ns: int) -> list[Action]:
        job.slips.end()
        if job.task is Task.REGISTER:
            self._heard_from(codec.terminal_id(message.fields))
        elif job.info is not None:
            self._heard_from(job.info.identity.terminal_id)
        if message.control == codec.COMPLETION:
            if job.task is Task.ENQUIRE:
                code = message.fields.get("status")
                self.condition = Condition(is_ready=code == 0, code=codes.condition_word(code))
            return self._finish(job, Verdict.APPROVED, "ok", now_ns)
        code, job.why = message.fields.get("result", 0xFF), codec.why(message)
        verdict = Verdict.DECLINED if code in codes.DECLINES else Verdict.ABORTED
        return self._finish(job, verdict, codes.result_word(code), now_ns)

    def _finish(self, job: Job, verdict: Verdict, code: str, now_ns: int) -> list[Action]:
        """The command ended as the terminal says; the next job begins."""
        self._job, self._is_keeping = None, False
        self._due_ns = now_ns + self.reply_ns if self._is_aborting else None
        actions: list[Action] = []
        if job.task in (Task.REGISTER, Task.ENQUIRE, Task.FORWARD):
            # No payment's paper: it waits for the next end of the terminal's day.
            self.papers = (*self.papers, *job.slips.kept)[-limits.SLIPS_MAX :]
        match job.task:
            case Task.REGISTER if verdict is not Verdict.APPROVED:
                actions += self._bar(code)
            case Task.REGISTER:
                self._is_barred = False
            case Task.ENQUIRE:
                self._completion_ns = limits.COMPLETION_NS
                if verdict is not Verdict.APPROVED:
                    self.condition = Condition(is_ready=False, code=code)
                actions.append(Reported(self.condition))
                if job.job_id:
                    actions.append(Done(job.job_id, self.condition))
            case Task.RECALL if job.info is None and code != codes.NOTHING_KEPT and self._recalls:
                # The end of an older conversation, perhaps: it says nothing of what was its last.
                self._recalls -= 1
                self._queue.appendleft(Job(Task.RECALL))
            case Task.RECALL:
                self._remember(job, has_none=endings.has_none(job, code))
            case Task.INQUIRE:
                known = endings.resolved(job, verdict, code, self.profile.currency_code)
                self._remember(job)
                # Whoever waits for a card goes before paper.
                again = None if self._queue else endings.receipt_job(job, known)
                if again is not None:
                    self._queue.append(again)
                else:
                    actions.append(Done(job.job_id, known))
            case Task.RECEIPT:
                actions.append(endings.with_receipt(job))
            case Task.FORWARD:
                self.forwards = self.forwards and code != UNKNOWN_FUNCTION
                # It was told to take a result back, and to tell it another time.
                said = "not_kept" if job.is_refused and code == "ok" else code
                actions.append(Done(job.job_id, Forwarded(said)))
            case Task.SETTLE:
                end = settlement(verdict, code, job.info, job.slips, job.why)
                actions += self.unclaimed.end_day() if end.verdict is Verdict.APPROVED else []
                slips, self.papers = (*self.papers, *end.slips), ()
                actions.append(Done(job.job_id, attrs.evolve(end, slips=slips)))
            case Task.TRANSACT:
                actions.append(endings.answered(job, self.memory.last, verdict, code))
                self._remember(job)
                endings.note_end(self.memory, job, verdict)
        if self._is_other_terminal() and not self._is_barred:
            actions += self._bar("other_terminal")
        actions += self._next(now_ns)
        if self._job is None:
            is_calm = self.condition.is_ready and not self.memory.is_forgettable
            wait_ns = limits.ENQUIRE_EVERY_NS if is_calm else limits.ENQUIRE_BLOCKED_NS
            self._enquire_ns = now_ns + wait_ns
        return actions

    def _bar(self, code: str) -> list[Action]:
        """Ask this terminal for nothing but to log on again, now and then."""
        self._is_barred = True
        other = f"terminal {self.terminal_id} answers in place of {self.paired_id}"
        detail = other if code == "other_terminal" else ""
        self.condition = Condition(is_ready=False, code=code, detail=detail)
        waiting = [job for job in self._queue if job.job_id]
        self._queue.clear()
        last, condition = self.memory.last, self.condition
        lost = [done for job in waiting for done in endings.lost(job, last, condition, sent=False)]
        return [Reported(condition), *lost]

    def _remember(self, job: Job, *, has_none: bool = False) -> None:
        """Note the terminal's last transaction, or that it says it never had one. One that told
        neither leaves it untold."""
        if self._is_other_terminal():
            return
        if job.info is not None and job.info.identity.is_told and not job.info.is_day:
            self.memory.note(job.info, was_awaited=job.task is Task.TRANSACT)
        elif has_none:
            self.memory.has_none(self.terminal_id)

    def _heard_from(self, terminal_id: str) -> None:
        """The terminal told its number; the first that does is taken, where none is expected."""
        if terminal_id:
            self.terminal_id = terminal_id
            self.paired_id = self.paired_id or terminal_id

    def _is_other_terminal(self) -> bool:
        return bool(self.paired_id and self.terminal_id) and self.paired_id != self.terminal_id

    # ------------------------------------------------------------------------------------ the clock

    def tick(self, now_ns: int) -> list[Action]:
        """Time passed."""
        job = self._job
        if job is not None and now_ns >= job.ends_ns:
            return [Break("the command never ended")]
        if self._due_ns is not None and now_ns >= self._due_ns:
            if self._is_keeping and job is not None:
                return self.kept(job.job_id, now_ns, is_kept=False)
            if job is None:
                return self._abort_is_over(now_ns)
            self._due_ns = None
            if job.refusal and not job.is_accepted:
                return self._finish(job, Verdict.ABORTED, job.refusal, now_ns)
            return [Break("no completion" if job.is_accepted else "no reply")]
        if self._enquire_ns is not None and now_ns >= self._enquire_ns and self.is_idle:
            if self._is_barred:
                return self._log_on(now_ns)
            # Too busy to tell at the log-on: a payment whose reply is lost could not be found.
            is_at_a_loss, asked = self.is_at_a_loss, self._begin(Job(Task.ENQUIRE), now_ns)
            return [*asked, *(self.recall(now_ns) if is_at_a_loss else [])]
        return []
