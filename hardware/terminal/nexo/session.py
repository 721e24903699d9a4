"""What is asked of a nexo terminal, and what became of it. Pure: times are given.

One thing runs at a time. A transaction is sent once, under a name that follows from its request;
from its first byte on it ends as the terminal says, or unknown: never by a guess. The terminal
does not wait for an acknowledgement, so what the books could not write down is taken back.

Source: Adyen Terminal API, verify transaction status, read 2026-11; times in `limits.py`.
"""

from __future__ import annotations

from collections import deque

import attrs
from attrs import define, field

from engine.terminal import Answer, Condition, Identity, Kind, Settlement, Transaction, Verdict
from hardware.terminal.actions import Done, Reported, Store, Told
from hardware.terminal.limits import KEEP_AGAIN_NS, KEEP_NS, NOT_READY_MAX, WHOLE_NS
from hardware.terminal.nexo import asking, calling_off, codes, limits, naming, outcome
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.inquiry import Inquiry, Wait, taken_back
from hardware.terminal.nexo.jobs import Action, Drop, Job, Post, Step, Task
from hardware.terminal.nexo.money import letters_of
from hardware.terminal.nexo.profile import Profile
from hardware.terminal.nexo.reading import MessageError

ABSENT = Condition(is_ready=False, code="absent")


@define
class NexoSession:
    """The conversation with one terminal. `prefix` is six letters or digits that no other run of
    the program has: names of questions that move no money begin with them. `last` is the newest
    transaction this terminal told of."""

    profile: Profile
    prefix: str
    last: Identity | None = None
    condition: Condition = ABSENT
    _job: Job | None = None
    _queue: deque[Job] = field(factory=deque)
    _count: int = 0
    _look_ns: int | None = None
    _look_wait_ns: int = limits.LOOK_FIRST_NS
    _is_unplugged: bool = False

    # -------------------------------------------------------------------------------- being asked

    @property
    def is_idle(self) -> bool:
        """Whether a job would begin at once."""
        return self._job is None and not self._queue

    @property
    def deadline_ns(self) -> int | None:
        """When `tick` has something to do."""
        job = self._job
        due = (self._look_ns, *((job.due_ns, job.abort_due_ns) if job is not None else ()))
        return min((moment for moment in due if moment is not None), default=None)

    def opened(self, now_ns: int) -> list[Action]:
        """The device runs: ask how the terminal is, and keep asking."""
        return self._begin(Job(Task.LOOK), now_ns)

    def transact(
        self, job_id: str, transaction: Transaction, now_ns: int, *, when: str
    ) -> list[Action]:
        """Do a transaction. `when` is the time now as ISO 8601, in UTC.

        Refused at once, with nothing sent: `terminal_busy`, `function_not_supported`,
        `original_not_named`, `currency_unknown`.
        """
        if refusal := self._refusal(transaction):
            return [Done(job_id, outcome.not_sent(transaction, refusal))]
        job = Job(Task.TRANSACT, job_id, transaction, when=when, before=self.last)
        job.service_id = naming.service_id_of(job_id)
        return self._begin(job, now_ns)

    def witness(self, job_id: str, now_ns: int, *, when: str) -> list[Action]:
        """Before a first payment, have the terminal take back one that never was, and see whether
        it knows of that afterwards: then it is known to come before what is asked for next.

        Done with a condition: not ready where the link broke, so that no money is asked for over
        it; else `remembers`, or why that could not be seen.
        """
        if self.is_busy:
            return [Done(job_id, Condition(is_ready=True, code="terminal_busy"))]
        job = Job(Task.WITNESS, job_id, when=when, service_id=naming.service_id_of(job_id))
        return self._begin(job, now_ns)

    def inquire(
        self,
        job_id: str,
        doubt: Answer,
        now_ns: int,
        *,
        request_id: str = "",
        remembered: Identity | None = None,
        gives_way: bool = False,
        is_abort_wanted: bool = False,
    ) -> list[Action]:
        """Ask what became of a transaction in doubt. `request_id` is what a doubt that is not
        named was asked for by, `remembered` a payment the terminal told of before it. One that
        `gives_way` begins only while nothing else is wanted; each ends as soon as money is. Where
        `is_abort_wanted`, a transaction that still goes on is called off."""
        why = "terminal_busy" if self.is_taken or (gives_way and not self.is_idle) else ""
        inquiry = why or Inquiry.of(doubt, self.profile, request_id, remembered)
        if isinstance(inquiry, str):
            return [Done(job_id, attrs.evolve(doubt, verdict=Verdict.UNKNOWN, code=inquiry))]
        job = Job(Task.INQUIRE, job_id, inquiry=inquiry, gives_way=gives_way)
        job.is_abort_wanted = is_abort_wanted
        return self._begin(job, now_ns)

    def settle(self, job_id: str, now_ns: int) -> list[Action]:
        """End the terminal's day."""
        if self.is_busy:
            return [Done(job_id, Settlement(Verdict.ABORTED, "terminal_busy"))]
        return self._begin(Job(Task.SETTLE, job_id), now_ns)

    def look(self, job_id: str, now_ns: int) -> list[Action]:
        """How is it? Answered from memory while something runs."""
        if self.is_taken:
            return [Done(job_id, self.condition)]
        return self._begin(Job(Task.LOOK, job_id), now_ns)

    def abort(self) -> tuple[bool, list[Action]]:
        """Ask for the end of the transaction that runs, or is being asked about, or leave one that
        waits unsent; whether there is one."""
        job = self._job
        if job is None or not calling_off.is_possible(job):
            unsent = calling_off.left_unsent(self._queue)
            return bool(unsent), unsent
        return True, calling_off.wanted(job, self.next_id)

    @property
    def is_taken(self) -> bool:
        """Whether somebody's job runs or waits: not a question how it is, nor what gives way."""
        return any(job.job_id and not job.gives_way for job in self._waiting)

    @property
    def is_busy(self) -> bool:
        """Whether money is being asked for, or a day ended: neither begins meanwhile."""
        return not all(job.is_question for job in self._waiting)

    @property
    def _waiting(self) -> list[Job]:
        return [job for job in (self._job, *self._queue) if job is not None]

    def _refusal(self, transaction: Transaction) -> str:
        if self.is_busy:
            return "terminal_busy"
        if transaction.kind not in (*asking.PAYMENTS, Kind.REVERSAL):
            return "function_not_supported"
        original = transaction.original
        if transaction.kind is Kind.REVERSAL and not (original and naming.poi_in(original)):
            return "original_not_named"
        try:
            letters_of(transaction.currency_code)
        except MessageError as error:
            return error.code
        return ""

    def next_id(self) -> str:
        """A name for a question that moves no money."""
        self._count += 1
        return self.prefix + naming.service_id_text(self._count)[-4:]

    # ------------------------------------------------------------------------------------ one job

    def _begin(self, job: Job, now_ns: int) -> list[Action]:
        # Money goes before questions, whoever waits for them.
        (self._queue.append if job.is_question else self._queue.appendleft)(job)
        running = self._job
        if running is None or running.task is not Task.INQUIRE or not job.job_id:
            return self._next(now_ns)
        # A question that moves no money: whatever is answered to it, nobody waits for it now.
        assert running.inquiry is not None
        dropped: list[Action] = [Drop(running.asked)] if running.asked else []
        unresolved = running.inquiry.unresolved("terminal_busy")
        return [*dropped, *self._finish(running, unresolved, now_ns)]

    def _next(self, now_ns: int) -> list[Action]:
        if self._job is not None or not self._queue:
            return []
        job = self._job = self._queue.popleft()
        job.started_ns, self._look_ns = now_ns, None
        match job.task:
            case Task.LOOK:
                self._is_unplugged = False
                return self._ask(job, m.DiagnosisAsk())
            case Task.SETTLE:
                return self._ask(job, m.ReconciliationAsk(), limits.SETTLE_NS)
            case Task.WITNESS:
                nothing = asking.nothing(job, self.profile.currency_code)
                return [Post(job.service_id, nothing, limits.SHORT_NS)]
            case Task.INQUIRE:
                assert job.inquiry is not None
                job.inquiry.started_ns = now_ns
                return self._ask(job, job.inquiry.question)
            case Task.TRANSACT:
                assert job.transaction is not None
                job.due_ns = now_ns + limits.QUIET_NS
                ask = asking.request(job)
                return [Post(job.service_id, ask, WHOLE_NS), Told("at_terminal")]

    def _ask(self, job: Job, ask: m.Ask, within_ns: int = limits.SHORT_NS) -> list[Action]:
        job.asked, job.due_ns = self.next_id(), None
        return [Post(job.asked, ask, within_ns)]

    def _finish(
        self, job: Job, result: Answer | Settlement | Condition, now_ns: int
    ) -> list[Action]:
        return [Done(job.job_id, result), *self._over(now_ns)]

    def _over(self, now_ns: int) -> list[Action]:
        self._job = None
        actions = self._next(now_ns)
        if self.is_idle and self._look_ns is None:
            wait_ns = limits.LOOK_EVERY_NS if self.condition.is_ready else limits.LOOK_BLOCKED_NS
            self._look_ns = now_ns if self._is_unplugged else now_ns + wait_ns
        return actions

    # ------------------------------------------------------------------------- what the other says

    def written(self, service_id: str) -> list[Action]:
        """All of a question left for the terminal."""
        job = self._job
        if job is None or service_id != job.service_id:
            return []
        job.is_written = True
        return calling_off.post(job, self.next_id)

    def replied(self, service_id: str, header: m.Header, told: m.Told, now_ns: int) -> list[Action]:
        """The answer to a question, as it came."""
        if header.poi_id != self.profile.poi_id:
            return self.failed(service_id, "other_terminal", now_ns, is_sent=True)
        if isinstance(told, m.RejectedTold):
            return self.failed(service_id, "not_delivered", now_ns, is_sent=True)
        is_answer = header.type == "Response" and header.service_id == service_id
        if not is_answer or header.sale_id not in ("", self.profile.sale_id):
            return self.failed(service_id, "other_message", now_ns, is_sent=True)
        job = self._job
        if job is None or service_id not in (job.service_id, job.asked):
            return []
        match job.task, told:
            case Task.LOOK, m.DiagnosisTold():
                return self._looked(job, outcome.condition(told), now_ns)
            case Task.SETTLE, m.ReconciliationTold():
                return self._finish(job, outcome.settlement(told), now_ns)
            case Task.INQUIRE, m.StatusTold() | m.DiagnosisTold():
                return self._inquired(job, told, now_ns)
            case Task.WITNESS, m.ReversalTold() if service_id == job.service_id:
                return self._ask(job, m.StatusAsk("Reversal", job.service_id))
            case Task.WITNESS, m.StatusTold():
                return self._witnessed(job, told, now_ns)
            case Task.TRANSACT, m.PaymentTold() | m.ReversalTold() | m.StatusTold():
                return self._transacted(job, service_id, told, now_ns)
        return self.failed(service_id, "other_message", now_ns, is_sent=True)

    def failed(self, service_id: str, code: str, now_ns: int, *, is_sent: bool) -> list[Action]:
        """A question was not answered; `is_sent` says whether any of it left for the terminal."""
        job = self._job
        if job is not None and service_id == job.abort_id:
            calling_off.over(job, code, now_ns, self.profile.carrier, is_sent=is_sent)
            return []
        if job is None or service_id not in (job.service_id, job.asked):
            return []
        match job.task:
            case Task.LOOK:
                return self._looked(job, Condition(is_ready=False, code=code), now_ns)
            case Task.SETTLE:
                verdict = Verdict.UNKNOWN if is_sent else Verdict.ABORTED
                return self._finish(
                    job, Settlement(verdict, codes.end_code(code, is_sent=is_sent)), now_ns
                )
            case Task.WITNESS:
                if not is_sent or code == "link_lost":
                    broken = Condition(is_ready=False, code=codes.end_code(code, is_sent=False))
                    return self._finish(job, broken, now_ns)
                return self._finish(job, Condition(is_ready=True, code=code), now_ns)
            case Task.INQUIRE:
                assert job.inquiry is not None
                return self._finish(job, job.inquiry.unresolved(code), now_ns)
            case Task.TRANSACT:
                return self._lost(job, service_id, code, now_ns, is_sent=is_sent)

    def _looked(self, job: Job, condition: Condition, now_ns: int) -> list[Action]:
        self.condition = condition
        wait_ns = limits.LOOK_EVERY_NS if condition.is_ready else limits.LOOK_BLOCKED_NS
        if condition.code in codes.LINK_CODES:
            wait_ns = self._look_wait_ns
            self._look_wait_ns = min(2 * wait_ns, limits.LOOK_BLOCKED_NS)
        else:
            self._look_wait_ns = limits.LOOK_FIRST_NS
        self._look_ns = now_ns + wait_ns
        done: list[Action] = [Done(job.job_id, condition)] if job.job_id else []
        self._job = None
        return [Reported(condition), *done, *self._next(now_ns)]

    def _inquired(self, job: Job, told: m.AboutTold, now_ns: int) -> list[Action]:
        assert job.inquiry is not None
        result = job.inquiry.heard(told, now_ns)
        if isinstance(result, Wait):
            if result.wait_ns:
                job.asked, job.due_ns = "", now_ns + result.wait_ns
                is_told = job.abort_due_ns is not None
                return [] if is_told else calling_off.post(job, self.next_id)
            return self._ask(job, job.inquiry.question)
        if result.verdict is not Verdict.UNKNOWN and not job.gives_way:
            self._remember(result)
        return self._finish(job, result, now_ns)

    def _witnessed(self, job: Job, told: m.StatusTold, now_ns: int) -> list[Action]:
        is_known = outcome.repeated(told, job.service_id, "Reversal") is not None
        if is_known:
            self.last = naming.witness(self.profile.poi_id, job.service_id)
        code = "remembers" if is_known else "memory_not_seen"
        return self._finish(job, Condition(is_ready=True, code=code), now_ns)

    def _remember(self, answer: Answer) -> None:
        """What the terminal told of is known to come before what is asked for next."""
        if answer.kind in asking.PAYMENTS:
            self.last = answer.identity

    def unplugged(self, now_ns: int) -> list[Action]:
        """A connection the terminal had kept open is gone: see whether it is, or at the end of
        what runs."""
        self._is_unplugged = True
        return self._begin(Job(Task.LOOK), now_ns) if self.is_idle else []

    def noticed(self, notice: m.Notice, service_id: str = "") -> list[Action]:
        """What the terminal tells unasked; `service_id` is of the message it is about, where it
        says so."""
        job = self._job
        if notice.poi is not None and job is not None and job.task is Task.TRANSACT:
            if job.is_of_before(notice):
                return []
            job.poi = notice.poi if job.is_named_by(notice, service_id) else job.poi
        return [Told(codes.progress_word(notice.event), notice.detail)]

    # ------------------------------------------------------------------------------ a transaction

    def _transacted(
        self,
        job: Job,
        service_id: str,
        told: m.PaymentTold | m.ReversalTold | m.StatusTold,
        now_ns: int,
    ) -> list[Action]:
        is_own = service_id == job.service_id and outcome.fits(told, asking.category(job))
        match job.step, told:
            case Step.ANSWER, m.StatusTold() if service_id == job.asked:
                return self._asked_after(job, told, now_ns)
            case Step.ANSWER, m.PaymentTold() | m.ReversalTold() if is_own:
                return self._ended(job, told, now_ns)
            case Step.TAKING_BACK, m.ReversalTold() if service_id == job.asked:
                return self._taken_back(job, told, now_ns)
        return self.failed(service_id, "other_message", now_ns, is_sent=True)

    def _ended(self, job: Job, told: m.PaymentTold | m.ReversalTold, now_ns: int) -> list[Action]:
        assert job.transaction is not None
        try:
            answer = outcome.answer(
                job.transaction,
                told,
                poi_id=self.profile.poi_id,
                service_id=job.service_id,
                before=job.before,
            )
        except MessageError as error:
            return self._lost(job, job.service_id, error.code, now_ns, is_sent=True)
        dropped: list[Action] = [Drop(job.asked)] if job.asked else []
        job.answer, job.asked = answer, ""
        if told.outcome.condition in codes.PERHAPS_TAKEN and not job.is_checked:
            # Asked for once more after a crash, it may be the first one that counts.
            job.is_checked, job.started_ns = True, now_ns
            return [*dropped, *self._ask(job, asking.status(job))]
        if answer.code != "in_progress":
            self._remember(answer)
        if not answer.verdict.is_approved:
            return [*dropped, *self._finish(job, answer, now_ns)]
        return [*dropped, *self._store(job, answer, now_ns)]

    def _store(self, job: Job, answer: Answer, now_ns: int) -> list[Action]:
        job.step, job.due_ns = Step.KEEPING, now_ns + KEEP_NS
        so_far = attrs.evolve(answer, verdict=Verdict.UNKNOWN, code=f"not_completed_{answer.code}")
        return [Store(job.job_id, so_far)]

    def kept(
        self, job_id: str, now_ns: int, *, is_kept: bool, is_final: bool = False
    ) -> list[Action]:
        """Whoever keeps the books wrote the result down, or could not: then it is asked twice
        more, and after that, or at once where it `is_final`, the terminal takes it back."""
        job = self._job
        if job is None or job.job_id != job_id or job.step is not Step.KEEPING:
            return []
        assert job.answer is not None
        if is_kept:
            return self._finish(job, job.answer, now_ns)
        job.tries += 1
        if job.tries <= NOT_READY_MAX and not is_final:
            job.step, job.due_ns = Step.KEEP_PAUSE, now_ns + KEEP_AGAIN_NS
            return []
        ask = asking.take_back(job)
        if ask is None:
            answer = attrs.evolve(job.answer, code="not_taken_back")
            return self._finish(job, answer, now_ns)
        job.step, job.due_ns = Step.TAKING_BACK, None
        job.asked = naming.take_back_id_of(job.service_id)
        return [Post(job.asked, ask, limits.QUIET_NS), Told("reversing")]

    def _taken_back(self, job: Job, told: m.ReversalTold, now_ns: int) -> list[Action]:
        assert job.answer is not None
        if outcome.is_whole(told, job.answer):
            return self._finish(job, taken_back(job.answer), now_ns)
        if told.outcome.result != "Failure" or told.outcome.condition == "InProgress":
            return self._lost(job, job.asked, "take_back_unknown", now_ns, is_sent=True)
        answer = attrs.evolve(job.answer, code="not_taken_back")
        return self._finish(job, answer, now_ns)

    def _asked_after(self, job: Job, told: m.StatusTold, now_ns: int) -> list[Action]:
        """The terminal says what it did with a transaction under that name: its answer is late, or
        says that it was refused."""
        job.asked = ""
        is_success, condition = told.outcome.is_success, told.outcome.condition
        if not is_success and condition in codes.IN_PROGRESS:
            # Busy with what it refused this for, it may be so for long: the register goes on.
            is_other = job.answer is not None and condition == codes.BUSY
            if now_ns - job.started_ns >= (limits.INQUIRE_WHOLE_NS if is_other else WHOLE_NS):
                return self._lost(job, job.service_id, "no_reply", now_ns, is_sent=True)
            again_ns = limits.QUIET_AGAIN_NS if job.answer is None else limits.INQUIRE_AGAIN_NS
            job.due_ns = now_ns + again_ns
            return []
        repeated = outcome.repeated(told, job.service_id, asking.category(job))
        if repeated is not None:
            return [Drop(job.service_id), *self._ended(job, repeated, now_ns)]
        if condition == codes.NOT_FOUND and job.answer is not None:
            return self._finish(job, job.answer, now_ns)
        return self._lost(job, job.service_id, "no_reply", now_ns, is_sent=True)

    def _lost(
        self, job: Job, service_id: str, code: str, now_ns: int, *, is_sent: bool
    ) -> list[Action]:
        """No answer will come to one of the questions that are out."""
        assert job.transaction is not None
        if job.step is Step.TAKING_BACK:
            assert job.answer is not None
            if not is_sent:
                # Nothing was taken back, and the sale is what the terminal said.
                return self._finish(job, attrs.evolve(job.answer, code="not_taken_back"), now_ns)
            answer = attrs.evolve(job.answer, verdict=Verdict.UNKNOWN, code="take_back_unknown")
            return self._finish(job, answer, now_ns)
        if job.step is not Step.ANSWER:
            return []
        if service_id == job.asked:
            code = "no_reply"
        dropped: list[Action] = [Drop(one) for one in (job.service_id, job.asked) if one]
        if not is_sent and service_id == job.service_id:
            known = outcome.not_sent(job.transaction, codes.end_code(code, is_sent=False))
        else:
            known = outcome.unknown(
                job.transaction,
                codes.end_code(code, is_sent=True),
                poi_id=self.profile.poi_id,
                service_id=job.service_id,
                before=job.before,
                poi=job.poi,
            )
        actions = [*dropped, *self._finish(job, known, now_ns)]
        if self.is_idle:
            self._look_ns = now_ns
        return actions

    # ------------------------------------------------------------------------------------ the clock

    def tick(self, now_ns: int) -> list[Action]:
        """Time passed."""
        job = self._job
        if job is None:
            if self._look_ns is not None and now_ns >= self._look_ns:
                return self._begin(Job(Task.LOOK), now_ns)
            return []
        if job.abort_due_ns is not None and now_ns >= job.abort_due_ns:
            return calling_off.post(job, self.next_id)
        if job.due_ns is None or now_ns < job.due_ns:
            return []
        job.due_ns = None
        match job.task, job.step:
            case Task.INQUIRE, _:
                assert job.inquiry is not None
                return self._ask(job, job.inquiry.question)
            case Task.TRANSACT, Step.ANSWER:
                return self._ask(job, asking.status(job))
            case Task.TRANSACT, Step.KEEPING:
                return self.kept(job.job_id, now_ns, is_kept=False)
            case Task.TRANSACT, Step.KEEP_PAUSE:
                assert job.answer is not None
                return self._store(job, job.answer, now_ns)
        return []
