"""What doors ask of a register actor, and what comes back; also over a link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from actors.messages import MESSAGES
from engine.payment.state import Payment


@MESSAGES.name("register.ask")
@frozen
class Ask:
    """A front end's command (`is_query` False) or query, already shape-checked by the door.

    `data` is plain. `admin` says the session proved the administrator's token: it acts as the
    system principal. `approver` and `approver_pin` carry an override for this very command.
    """

    id: str
    register: str
    name: str
    data: dict[str, Any]
    is_query: bool = False
    admin: bool = False
    approver: str = ""
    approver_pin: str = ""


@MESSAGES.name("register.reply")
@frozen
class Reply:
    """The answer to an `Ask`, released when durable. `refusal` is {"code", "fields"} or None;
    `fault` is a stable code such as `engine_fault`, `invalid_data`, `command_id_reused` or ""."""

    ok: bool
    data: Any = None
    refusal: dict[str, Any] | None = None
    fault: str = ""
    detail: str = ""
    epoch: int = 0
    position: int = 0

    def at(self, position: int, epoch: int = 0) -> Reply:
        """The same, computed at that place of the journal."""
        return Reply(
            self.ok, self.data, self.refusal, self.fault, self.detail, epoch or self.epoch, position
        )

    def with_data(self, data: Any) -> Reply:
        """The same with other data."""
        return Reply(
            self.ok, data, self.refusal, self.fault, self.detail, self.epoch, self.position
        )


@MESSAGES.name("broadcast.follow")
@frozen
class Follow:
    """A door to `broadcast`: tell me about `topic` at `register` from now on.

    Idempotent; repeated every 10 s as a lease, forgotten after 30 s of silence. The current view
    is asked for by an ordinary query first (`register.state`, `display.state`, `store.status`).
    """

    follower: str
    topic: str
    register: str = ""


@MESSAGES.name("broadcast.unfollow")
@frozen
class Unfollow:
    """Nobody at this door follows it any more."""

    follower: str
    topic: str
    register: str = ""


@MESSAGES.name("broadcast.news")
@frozen
class News:
    """`broadcast` to a follower, after commit. Snapshot topics (`register`, `display`, `status`)
    carry the whole view, and only the latest counts; `events` carries no data, only how far the
    journal is: the door asks `events.since` with its session's cursor."""

    topic: str
    register: str
    epoch: int
    position: int
    data: Any = None


@MESSAGES.name("bookkeeper.submit")
@frozen
class Submit:
    """A register actor to `bookkeeper`: decide this, or look this up. Answered with `Reply`.

    Secrets are gone: PINs were checked and replaced by `pin_correct` in `data` or here.
    """

    id: str
    register: str
    name: str
    data: dict[str, Any]
    is_query: bool = False
    admin: bool = False
    approver: str = ""
    approver_pin_correct: bool = False


@MESSAGES.name("bookkeeper.pin_hash")
@frozen
class PinHashOf:
    """A register actor to `bookkeeper`: the stored PIN hash of an operator, "" for unknown ones."""

    operator: str


@MESSAGES.name("bookkeeper.pending")
@frozen
class ReadPending:
    """The outbox actor to `bookkeeper`: effects not finished yet, oldest first."""


@frozen
class ReadPayments:
    """`payments` to `bookkeeper` in the same node: the open payments, oldest first."""


@frozen
class ReadAside:
    """`payments` to `bookkeeper` in the same node: payments nobody waits for of which a terminal
    has still something to tell or to take back. Answered with a tuple of `Aside`, oldest first."""


@frozen
class Aside:
    """One of them. `can_be_asked`: its terminal is at nothing else, and says that it is well."""

    payment: Payment
    can_be_asked: bool


@frozen
class ReadStored:
    """`payments` to `bookkeeper` in the same node: the payments taken offline of which nobody told
    yet what became of them, oldest first."""


@frozen
class ReadFiled:
    """`payments` to `views` in the same node: what settlement files say of these payments; a
    `PresentedRow` for each that one tells of."""

    payment_ids: tuple[str, ...]


@frozen
class ReadEndingDays:
    """`payments` to `bookkeeper` in the same node: the ends of day terminals are asked for."""


@frozen
class ReadPaylinks:
    """`paylinks` to `bookkeeper` in the same node: those still asked about, oldest first."""


@MESSAGES.name("catalog.stage")
@frozen
class StageUpload:
    """A door to `catalog_desk`: the segment at `path` was uploaded whole; make it ready.

    Answered with `Staged`, or `Failure` with what is wrong with it.
    """

    path: str
    segment_hash: str


@MESSAGES.name("catalog.staged")
@frozen
class Staged:
    """The upload over today's catalog is on disk under this hash and may be installed, as long as
    the catalog is still at `base_version`."""

    segment_hash: str
    item_count: int
    base_version: int


@MESSAGES.name("bookkeeper.catalog")
@frozen
class ReadCatalog:
    """`catalog_desk` to `bookkeeper`: the catalog in force (the object: same node only)."""


@frozen
class SegmentReady:
    """`catalog_desk` to `bookkeeper` in the same node: this hash may be installed."""

    segment_hash: str
    book: Any


@MESSAGES.name("bookkeeper.records")
@frozen
class ReadRecords:
    """`views` to `bookkeeper`: journal records after a position, for catching up."""

    after: int
    limit: int


@frozen
class Committed:
    """`bookkeeper` to its followers in the same node, after each durable batch that had facts.

    `records` are journal records in order; `registers` are those whose view may have changed.
    """

    epoch: int
    position: int
    records: tuple[Any, ...]
    registers: frozenset[str]


Followers = dict[str, Callable[[Committed], bool] | None]
"""Who hears of what was committed, in order, and of which news; None for all of them."""
