"""What a ZVT terminal told of its transactions, which it tells only as long as each is its last."""

from __future__ import annotations

from attrs import define, field

from engine.terminal import Answer, Identity
from hardware.terminal.doubt import is_later, is_same
from hardware.terminal.limits import FOLLOWED_MAX
from hardware.terminal.zvt.codec import StatusInfo

_Key = tuple[int | None, int | None, str, str]


@define
class Memory:
    """`known` is its last transaction as it told it, an empty identity where it said it has none,
    None where it told neither. Once the cable was out it may have done others since (`is_old`), and
    until it tells its last again nobody knows it: `last` is None.

    What it told as its last after another one, when nobody waited for a result, is what was in
    doubt since that other one. That is remembered for as long as this process lives, because the
    next customer's transaction takes its place at the terminal.

    Some terminals forget what came to nothing. Held against that, the next payment would never be
    found: so the terminal is asked for its last before that one (`is_forgettable`), and says itself
    whether it is such a one.
    """

    known: Identity | None = None
    is_old: bool = False
    is_forgettable: bool = False
    _behind: Identity | None = None
    _followed: dict[_Key, StatusInfo] = field(factory=dict)

    @property
    def last(self) -> Identity | None:
        """Its last transaction, as a payment that begins now may be held against it."""
        return None if self.is_old else self.known

    @property
    def is_in_question(self) -> bool:
        """Whether it should be asked for its last before it is asked for money."""
        return self.last is None or self.is_forgettable

    def note(self, told: StatusInfo, *, was_awaited: bool) -> None:
        """It told of a transaction, as the result of what it was asked for or as its last."""
        last, identity = self.known, told.identity
        behind, self._behind = self._behind, last if was_awaited else None
        if self.is_forgettable and behind is not None and is_same(behind, identity):
            # Nothing came after what it forgot, and it does not count anew.
            last = identity
        self.is_forgettable = False
        is_again = last is not None and (last == identity or is_same(last, identity))
        if last is not None and last.is_told and not (is_again or is_later(identity, last)):
            # It counts anew: its numbers do not name what they named before.
            self._followed.clear()
        if last is not None and not is_again and not was_awaited:
            self._followed[_key(last)] = told
            while len(self._followed) > FOLLOWED_MAX:
                del self._followed[next(iter(self._followed))]
        self.known, self.is_old = identity, False

    def has_none(self, terminal_id: str) -> None:
        """It says that it never had one; one that had, forgot it."""
        self._followed.clear()
        self.is_old = False
        was_none = self.is_forgettable and self._behind is not None and not self._behind.is_told
        self.is_forgettable = False
        if was_none or self.known is None or not self.known.is_told:
            self.known = Identity(terminal_id)

    def overtaken(self, doubt: Answer) -> StatusInfo | None:
        """What it told of a transaction in doubt before it did something else: asked now, it would
        tell of that."""
        if doubt.before is None or self.last is None:
            return None
        told = self._followed.get(_key(doubt.before))
        return None if told is None or is_same(told.identity, self.last) else told


def _key(identity: Identity) -> _Key:
    return identity.trace, identity.receipt, identity.date, identity.time
