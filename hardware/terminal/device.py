"""What the actors of all card terminals share: who asked for what, and what they are told."""

from __future__ import annotations

from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import attrs
import trio
from attrs import define, field

from actors.mailbox import Envelope
from actors.messages import Accepted, Failure
from actors.terminal_messages import (
    Abort,
    Forward,
    Forwarded,
    Heard,
    Inquire,
    Look,
    Over,
    Progress,
    Request,
    Said,
    Say,
    Settle,
)
from engine.terminal import Answer, Condition, Identity, Kind, Settlement, Transaction, Verdict
from hardware.device import Device
from hardware.terminal.actions import Done, Reported, Result, Store, StoreUpload, Told
from hardware.terminal.keeping import Kept, kept, upload_kept

ANSWERS_KEPT_MAX = 256
Begin = Callable[[int], list[Any]]
"""From the time now, in ns, to the actions that begin a job."""


@define(eq=False)
class Waiting:
    """Who waits for one job, and about which request it is. What `is_called_off` before it began
    never leaves for the terminal."""

    keeper: str = ""
    about: str = ""
    ended: trio.Event = field(factory=trio.Event)
    result: Result | None = None
    has_begun: bool = False
    is_called_off: bool = False


@define(eq=False)
class Requests:
    """The jobs that run and the answers to the last requests, by their ids; what is shown now, and
    who keeps what becomes of payments taken offline."""

    running: dict[str, Waiting] = field(factory=dict)
    answers: OrderedDict[str, Answer] = field(factory=OrderedDict)
    shown: Told = field(factory=lambda: Told(""))
    keeper: str = ""


class TerminalDevice(Device):
    """A card terminal. A subclass holds the conversation: it carries out its session's actions,
    and hands those every session has to `tell`.

    Receives: `Request`, `Inquire`, `Forward`, `Settle`, `Look`, `Abort`, `Say`.
    Sends: `Keep`, `KeepUpload`, `Over` and `Progress` to the keeper a request names.
    """

    requests: Requests
    session: Any

    # ----------------------------------------------------------------------- what a subclass adds

    @abstractmethod
    async def carry_out(self, actions: list[Any]) -> None:
        """Do what the session wants; never raises for a conversation that breaks."""

    @abstractmethod
    async def begin(self, request: Request) -> Begin:
        """How to begin a transaction, once the session knows what was the terminal's last."""

    @abstractmethod
    def doubt(self, request_id: str, transaction: Transaction) -> Answer:
        """What is left of a transaction if everything but the terminal goes away now."""

    @abstractmethod
    def inquiry(self, job_id: str, asked: Inquire) -> Begin:
        """How to ask what became of a transaction; its `request_id` is "" where nobody knows it."""

    @property
    def begins_at_once(self) -> bool:
        """Whether a request that comes now leaves for the terminal now."""
        return True

    @property
    def takes_requests(self) -> bool:
        """Whether a request that begins now leaves for the terminal, then or later."""
        return True

    @abstractmethod
    async def forward(self, forward: Forward) -> Forwarded:
        """Find out what became of payments taken offline; a sale meanwhile goes before."""

    @abstractmethod
    def is_over(self, answer: Answer) -> bool:
        """Whether the same request is answered so from now on; else it may be tried again."""

    @abstractmethod
    def report(self, condition: Condition) -> None:
        """Show how the terminal is."""

    @abstractmethod
    def new_id(self) -> str:
        """A name for a job nobody named."""

    # ------------------------------------------------------------------------------ being asked

    async def receive(self, envelope: Envelope) -> None:
        """Each is answered by a task of its own, however long the customer takes."""
        match envelope.body:
            case Request() | Inquire() | Forward() | Settle() | Look() | Abort() | Say():
                self.nursery.start_soon(self._answer, envelope)
            case _:
                await super().receive(envelope)

    async def _answer(self, envelope: Envelope) -> None:
        match envelope.body:
            case Request(request_id, keeper=keeper):
                answer = await self._transact(envelope.body)
                is_heard = envelope.answer(Heard(request_id, answer))
                if keeper and not is_heard:
                    self.post.tell_nowait(keeper, Over(request_id))
            case Inquire(request_id):
                envelope.answer(Heard(request_id, await self._inquire(envelope.body)))
            case Forward():
                self.requests.keeper = envelope.body.keeper
                envelope.answer(await self.forward(envelope.body))
            case Settle():
                envelope.answer(await self.settle())
            case Look():
                envelope.answer(await self.status())
            case Say():
                envelope.answer(await self.say(envelope.body))
            case Abort(request_id):
                is_running = await self._end(request_id)
                envelope.answer(Accepted() if is_running else Failure("nothing_runs"))

    async def request(self, transaction: Transaction) -> Answer:
        """As `hardware.terminal.card_terminal.CardTerminal`."""
        return await self._transact(Request(self.new_id(), transaction))

    async def reverse(self, original: Answer) -> Answer:
        """As `hardware.terminal.card_terminal.CardTerminal`."""
        return await self.request(
            Transaction(
                Kind.REVERSAL,
                original.amount_minor or original.asked_minor,
                original.currency_code or self.session.profile.currency_code,
                original.identity,
            )
        )

    async def inquire(self, doubt: Answer) -> Answer:
        """As `hardware.terminal.card_terminal.CardTerminal`."""
        return await self._inquire(Inquire("", doubt))

    async def _inquire(self, asked: Inquire) -> Answer:
        job_id = self.new_id()
        result = await self._run(job_id, self.inquiry(job_id, asked), about=asked.request_id)
        assert isinstance(result, Answer)
        return result

    async def settle(self) -> Settlement:
        """As `hardware.terminal.card_terminal.CardTerminal`."""
        job_id = self.new_id()
        result = await self._run(job_id, lambda now_ns: self.session.settle(job_id, now_ns))
        assert isinstance(result, Settlement)
        return result

    async def status(self) -> Condition:
        """As `hardware.terminal.card_terminal.CardTerminal`."""
        job_id = self.new_id()
        result = await self._run(job_id, lambda now_ns: self.session.look(job_id, now_ns))
        assert isinstance(result, Condition)
        return result

    async def say(self, say: Say) -> Said:
        """Use its screen, printer or keys beside payments; not every protocol can."""
        await trio.lowlevel.checkpoint()
        return Said("function_not_supported")

    async def abort(self) -> bool:
        """As `hardware.terminal.card_terminal.CardTerminal`."""
        return await self._end("")

    async def _end(self, request_id: str) -> bool:
        """The same; where a request is named, only if what runs is that or asks about it."""
        running = self.requests.running.values()
        meant = [one for one in running if not request_id or one.about == request_id]
        for waiting in meant:
            if waiting.keeper and not waiting.has_begun:
                waiting.is_called_off = True
                return True
        if request_id and not meant:
            return False
        is_running, actions = self.session.abort()
        await self.carry_out(actions)
        return bool(is_running)

    async def _transact(self, request: Request) -> Answer:
        """Once for each id: money is never moved twice because a question came twice."""
        request_id, keeper, answers = request.request_id, request.keeper, self.requests.answers
        if request_id in answers:
            return answers[request_id]
        if (running := self.requests.running.get(request_id)) is not None:
            await running.ended.wait()
            assert isinstance(running.result, Answer)
            return running.result
        waiting = self.requests.running[request_id] = Waiting(keeper, request_id)
        try:
            is_late = not self.begins_at_once
            begin = await self.begin(request)
            # What is refused at once was never begun, and so it must be in the books.
            is_doubt = bool(keeper) and self.takes_requests
            doubt = self.doubt(request_id, request.transaction) if is_doubt else None
            is_kept = doubt is None or (not is_late and _is_kept(request.before, doubt))
            if doubt is not None and not is_kept:
                is_kept = await kept(self.post, keeper, request_id, doubt) is Kept.YES
            if doubt is not None and (waiting.is_called_off or not is_kept):
                # Nothing was sent, and whoever waits for the same request is told so too.
                waiting.result = attrs.evolve(
                    doubt, verdict=Verdict.ABORTED, code="not_sent", identity=Identity()
                )
                waiting.ended.set()
            result = await self._ended(waiting, begin)
        finally:
            self.requests.running.pop(request_id, None)
        assert isinstance(result, Answer)
        if self.is_over(result):
            answers[request_id] = result
            if len(answers) > ANSWERS_KEPT_MAX:
                answers.popitem(last=False)
        return result

    async def _run(self, job_id: str, begin: Begin, *, about: str = "") -> Result:
        waiting = self.requests.running[job_id] = Waiting(about=about)
        try:
            return await self._ended(waiting, begin)
        finally:
            self.requests.running.pop(job_id, None)

    async def _ended(self, waiting: Waiting, begin: Begin) -> Result:
        """Begin, unless it is over already, and wait for the end."""
        if not waiting.ended.is_set():
            waiting.has_begun = True
            await self.carry_out(begin(self.now_ns()))
            await waiting.ended.wait()
        assert waiting.result is not None
        return waiting.result

    # ------------------------------------------------------------------------------- being told

    def now_ns(self) -> int:
        """The steady clock, as sessions take it."""
        return self.world.monotonic_ns()

    def tell(self, action: Any) -> bool:
        """See to an action every session has; False where it is one of its own."""
        match action:
            case Told(code, text):
                self.requests.shown = action
                for job_id, waiting in self.requests.running.items():
                    if waiting.keeper:
                        self.post.tell_nowait(waiting.keeper, Progress(job_id, code, text))
            case Store(job_id, answer):
                self.nursery.start_soon(self._keep, job_id, answer)
            case StoreUpload(job_id, payment_id, answer):
                self.nursery.start_soon(self._keep_upload, job_id, payment_id, answer)
            case Done(job_id, result):
                if (asker := self.requests.running.get(job_id)) is not None:
                    asker.result = result
                    asker.ended.set()
            case Reported(condition):
                self.report(condition)
            case _:
                return False
        return True

    async def _keep(self, job_id: str, answer: Answer) -> None:
        """Have the keeper write the result down before the terminal hears that it arrived, or is
        made to take it back."""
        waiting = self.requests.running.get(job_id)
        said = Kept.LATER if waiting is None else Kept.YES
        if waiting is not None and waiting.keeper:
            said = await kept(self.post, waiting.keeper, job_id, answer)
        await self._tell_kept(job_id, said)

    async def _keep_upload(self, job_id: str, payment_id: str, answer: Answer) -> None:
        """The same of what became of a payment taken offline: not written down, it is told again
        another time."""
        said = await upload_kept(self.post, self.requests.keeper, payment_id, answer)
        await self._tell_kept(job_id, said)

    async def _tell_kept(self, job_id: str, said: Kept) -> None:
        is_kept, is_final = said is Kept.YES, said is Kept.NEVER
        actions = self.session.kept(job_id, self.now_ns(), is_kept=is_kept, is_final=is_final)
        await self.carry_out(actions)


def _is_kept(before: Identity | None, doubt: Answer) -> bool:
    """Whether what was written down with the request says all that `doubt` does."""
    return before is not None and before == doubt.before and not doubt.identity.is_told
