"""Whether what a terminal remembers settles a doubt: only where it remembers that very message.

A transaction is looked for by the ServiceID it was sent under. One that was paid is looked at
twice, because it may have been taken back since. One the terminal does not know counts as not
found only where the terminal still knows what came before it, and is at nothing: one that forgot
proves nothing, and one that is at something may be at this. Whether an unknown one is abandoned is
for who keeps the books.

Source: Adyen Terminal API, verify transaction status, read 2026-11.
"""

from __future__ import annotations

from enum import Enum

import attrs
from attrs import define, frozen

from engine.terminal import Answer, Identity, Kind, Verdict
from hardware.terminal.nexo import codes, limits, naming, outcome
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.profile import Profile
from hardware.terminal.nexo.reading import MessageError


@frozen
class Wait:
    """Ask `Inquiry.question` after that time; 0 is at once."""

    wait_ns: int = 0


class Step(Enum):
    """Which question is out."""

    BECAME = "became"  # what became of it
    TAKEN_BACK = "taken_back"  # whether it was taken back
    MEMORY = "memory"  # whether what came before is still known
    IDLE = "idle"  # whether the terminal is at nothing


def taken_back(answer: Answer) -> Answer:
    """A paid one after the terminal undid it."""
    return attrs.evolve(
        answer, verdict=Verdict.ABORTED, code="taken_back", amount_minor=0, tip_minor=0
    )


def uploaded(stored: Answer, known: Answer) -> Answer | None:
    """What became of a payment taken offline, where what the terminal remembers of it now is an
    end: that its host paid what it stored, or refused it."""
    if known.verdict.is_approved and not known.is_offline:
        return known if known.amount_minor == stored.amount_minor else None
    return known if known.verdict is Verdict.DECLINED else None


@define
class Inquiry:
    """One doubt being asked about. Codes of what stays unknown: `no_identity_before` where it is
    not named, or nothing before it is; `not_found`, `memory_lost`, `other_terminal`,
    `other_transaction`, `in_progress`, `take_back_unknown` where only a part was taken back, and
    why no answer could be read."""

    doubt: Answer
    profile: Profile
    service_id: str
    started_ns: int = 0
    step: Step = Step.BECAME
    known: Answer | None = None

    @classmethod
    def of(
        cls, doubt: Answer, profile: Profile, request_id: str, remembered: Identity | None = None
    ) -> Inquiry | str:
        """An inquiry, or the code of why none is begun. A doubt that is not named is looked for
        under the name `request_id` was sent by, where that is given. `remembered` stands in for
        what came before, where the doubt does not say and this very terminal told it."""
        terminal_id = doubt.identity.terminal_id
        if terminal_id and terminal_id != profile.poi_id:
            return "other_terminal"
        try:
            outcome.transaction_of(doubt, profile.currency_code)
        except ValueError:
            return "no_identity_before"
        service_id = naming.service_id_in(doubt.identity)
        if not service_id and request_id:
            service_id = naming.service_id_of(request_id)
        if not service_id:
            return "no_identity_before"
        is_known = doubt.before is not None and bool(naming.service_id_in(doubt.before))
        if not is_known and remembered is not None and remembered.terminal_id == profile.poi_id:
            doubt = attrs.evolve(doubt, before=remembered)
        return cls(doubt, profile, service_id)

    @property
    def category(self) -> str:
        """The category of the message that is asked about."""
        if self.doubt.kind is Kind.REVERSAL:
            return "Reversal"
        return naming.category_of(self.doubt.identity)

    @property
    def question(self) -> m.Ask:
        """What to ask next."""
        return m.DiagnosisAsk() if self.step is Step.IDLE else self._about

    @property
    def _about(self) -> m.StatusAsk:
        match self.step:
            case Step.BECAME | Step.IDLE:
                return m.StatusAsk(self.category, self.service_id, wants_receipts=True)
            case Step.TAKEN_BACK:
                return m.StatusAsk("Reversal", naming.take_back_id_of(self.service_id))
            case Step.MEMORY:
                assert self.doubt.before is not None
                before = self.doubt.before
                return m.StatusAsk(naming.category_of(before), naming.service_id_in(before))

    def unresolved(self, code: str) -> Answer:
        """The doubt, with why it stays one."""
        return attrs.evolve(self.doubt, verdict=Verdict.UNKNOWN, code=code)

    def heard(self, told: m.AboutTold, now_ns: int) -> Answer | Wait:
        """What the terminal said to the question: the end, or what to do next."""
        if isinstance(told, m.DiagnosisTold) != (self.step is Step.IDLE):
            return self.unresolved("other_message")
        if isinstance(told, m.DiagnosisTold):
            return self._looked(told, now_ns)
        is_success, condition = told.outcome.is_success, told.outcome.condition
        if not is_success and condition in codes.IN_PROGRESS:
            # What came before has ended: whatever runs is another, and shows no memory of that.
            return self._later(now_ns)
        if is_success:
            asked = self._about
            repeated = outcome.repeated(told, asked.service_id, asked.category)
            if repeated is None:
                return self.unresolved("other_transaction")
            return self._found(repeated, now_ns)
        if condition == codes.NOT_FOUND:
            return self._not_found()
        return self.unresolved(codes.failure(condition)[1])

    def _looked(self, told: m.DiagnosisTold, now_ns: int) -> Answer | Wait:
        """A terminal that is at something may be at this very one, which it does not tell of yet.
        One that does not say how it is, is believed."""
        if codes.BUSY in (told.status, told.outcome.condition):
            self.step = Step.BECAME
            return self._later(now_ns)
        return self.unresolved("not_found")

    def _later(self, now_ns: int) -> Answer | Wait:
        if now_ns + limits.INQUIRE_AGAIN_NS > self.started_ns + limits.INQUIRE_WHOLE_NS:
            return self.unresolved("in_progress")
        return Wait(limits.INQUIRE_AGAIN_NS)

    def _found(self, told: m.PaymentTold | m.ReversalTold, now_ns: int) -> Answer | Wait:
        if self.step is Step.MEMORY:
            self.step = Step.IDLE
            return Wait()
        if self.step is Step.TAKEN_BACK:
            assert self.known is not None
            assert isinstance(told, m.ReversalTold)
            if outcome.is_whole(told, self.known):
                return taken_back(self.known)
            if told.outcome.is_success:
                return self.unresolved("take_back_unknown")
            if told.outcome.condition == "InProgress":
                return self._later(now_ns)
            return self.known if told.outcome.result == "Failure" else self.unresolved("no_result")
        try:
            known = outcome.answer(
                outcome.transaction_of(self.doubt, self.profile.currency_code),
                told,
                poi_id=self.profile.poi_id,
                service_id=self.service_id,
                before=self.doubt.before,
            )
        except MessageError as error:
            return self.unresolved(error.code)
        if known.code == "in_progress":
            return self._later(now_ns)
        if not known.verdict.is_approved or self.category == "Reversal":
            return known
        self.known, self.step = known, Step.TAKEN_BACK
        return Wait()

    def _not_found(self) -> Answer | Wait:
        if self.step is Step.TAKEN_BACK:
            assert self.known is not None
            return self.known
        if self.step is Step.MEMORY:
            return self.unresolved("memory_lost")
        before = self.doubt.before
        # Under a name that was only guessed, not being found says nothing.
        is_named = bool(naming.service_id_in(self.doubt.identity))
        if not is_named or before is None or not naming.service_id_in(before):
            return self.unresolved("no_identity_before")
        self.step = Step.MEMORY
        return Wait()
