"""What a terminal told of payments that it was not asked about: it tells each result once."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
from attrs import define, frozen

from actors.terminal_messages import StoredPayment
from engine.terminal import Answer, Identity
from hardware.terminal.actions import StoreUpload
from hardware.terminal.limits import UNCLAIMED_MAX
from hardware.terminal.zvt.codec import StatusInfo
from hardware.terminal.zvt.jobs import SetAside
from hardware.terminal.zvt.outcome import is_numbered_so, is_of_its_day, uploaded


@frozen
class Row:
    """What says which payment a result is about and what became of that, and nothing of the card.
    As it lies in the file; later releases read it too."""

    identity: Identity
    result: int | None
    amount_minor: int | None
    host_result: int = 0
    is_offline: bool = False
    authorisation: str = ""
    detail: str = ""

    @classmethod
    def of(cls, info: StatusInfo) -> Row:
        """That of a result."""
        return cls(**{one.name: getattr(info, one.name) for one in attrs.fields(cls)})

    def info(self) -> StatusInfo:
        """The result, as far as it is kept."""
        return StatusInfo(**attrs.asdict(self, recurse=False))


@define
class Unclaimed:
    """Results nobody knew what to do with when they were told, oldest first.

    A terminal presents all that it has, also what was taken while it was being asked about others,
    or what nobody knows yet that it took. Refusing such a result would hold up those behind it, so
    it is acknowledged once it is on the disk (`unclaimed_file.py`), and kept until its payment is
    asked about. Numbers begin anew, at some terminals every day: what has a new one's numbers, and
    does not tell another day, is forgotten, and all that was told before the day `before` this one.
    """

    told: tuple[StatusInfo, ...] = ()
    before: tuple[StatusInfo, ...] = ()

    def told_of(
        self, asked: Iterable[StoredPayment], info: StatusInfo, job_id: str
    ) -> StoreUpload | SetAside | None:
        """What is to be done about a result before it is acknowledged, while the terminal is asked
        about some payments: it is of one of them, or kept; None where it is about no payment."""
        for one in asked:
            answer = uploaded(one.answer, info)
            if answer is not None:
                return StoreUpload(job_id, one.payment_id, answer)
        return SetAside(job_id) if self.keep(info) else None

    def keep(self, info: StatusInfo) -> bool:
        """Keep it, where it names a transaction and is none of a whole day; whether it is kept. It
        comes once more where it could not be written down before."""
        if not info.identity.is_told or info.totals or info.is_day:
            return False
        result = Row.of(info).info()
        if result not in self.told:
            self.told = (*self.told, result)[-UNCLAIMED_MAX:]
        return True

    def recall(self, told: tuple[StatusInfo, ...], before: tuple[StatusInfo, ...]) -> None:
        """These were told to a process before this one."""
        self.told = (*told, *(one for one in self.told if one not in told))[-UNCLAIMED_MAX:]
        self.before = (*before, *self.before)[-UNCLAIMED_MAX:]

    def claimed(
        self, payments: Iterable[StoredPayment]
    ) -> list[tuple[StatusInfo, StoredPayment, Answer]]:
        """Those that say what became of one of `payments`, each with its payment."""
        found = []
        for one in payments:
            for info in (*self.told, *self.before):
                answer = uploaded(one.answer, info)
                if answer is not None:
                    found.append((info, one, answer))
                    break
        return found

    def drop(self, info: StatusInfo) -> None:
        """It is written down, or will never be."""
        self.told = tuple(one for one in self.told if one is not info)
        self.before = tuple(one for one in self.before if one is not info)

    def forget(self, numbers: Identity) -> list[SetAside]:
        """A transaction began that has these numbers now; what is to be done where one had them."""
        is_known = False
        for info in (*self.told, *self.before):
            told = info.identity
            if is_numbered_so(told, numbers) and is_of_its_day(told, numbers):
                self.drop(info)
                is_known = True
        return [SetAside()] if is_known else []

    def end_day(self) -> list[SetAside]:
        """The terminal ended its day; what is to be done where anything was told by then."""
        is_any = bool(self.told or self.before)
        self.told, self.before = (), self.told
        return [SetAside()] if is_any else []
