"""What a terminal told of payments that it was not asked about: it tells each result once."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define

from actors.terminal_messages import StoredPayment
from engine.terminal import Answer, Identity
from hardware.terminal.limits import UNCLAIMED_MAX
from hardware.terminal.zvt.codec import StatusInfo
from hardware.terminal.zvt.outcome import uploaded


@define
class Unclaimed:
    """Results nobody knew what to do with when they were told, oldest first.

    A terminal presents all that it has, also what was taken while it was being asked about others,
    or what nobody knows yet that it took. Refusing such a result would hold up those behind it, so
    it is acknowledged, and kept here until its payment is asked about. It goes with the process.
    Numbers begin anew, at some terminals every day: what has a new one's numbers is forgotten, and
    all that was told before the day `before` this one.
    """

    told: tuple[StatusInfo, ...] = ()
    before: tuple[StatusInfo, ...] = ()

    def keep(self, info: StatusInfo) -> None:
        """Keep it, where it names a transaction and is none of a whole day."""
        if info.identity.is_told and not info.totals and not info.is_day:
            self.told = (*self.told, info)[-UNCLAIMED_MAX:]

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

    def forget(self, numbers: Identity) -> None:
        """A transaction began that has these numbers now."""
        for info in (*self.told, *self.before):
            if _numbers(info.identity) == _numbers(numbers):
                self.drop(info)

    def end_day(self) -> None:
        """The terminal ended its day."""
        self.told, self.before = (), self.told


def _numbers(identity: Identity) -> tuple[str, int | None, int | None]:
    """Without its date: of another day it is another, and that is what must be told apart."""
    return identity.terminal_id, identity.trace, identity.receipt
