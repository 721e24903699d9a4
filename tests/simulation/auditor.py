"""The auditor: sees what leaves the store and what its disk holds, and keeps its own books.

It reads the journal's records as plain JSON, the answers at the doors, the paper that came out and
the pulses that reached a drawer, all as plain things (`seen.py`); neither it nor its rules import
anything of what they judge. Each rule is an `Invariant`, registered under its name; a broken one
ends the simulation with that name.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, ClassVar

import orjson
from attrs import define, field

from tests.simulation.facts import JOURNAL
from tests.simulation.model import Model, Row
from tests.simulation.model_cards import stands_for
from tests.simulation.parts import load_all
from tests.simulation.seen import Answered, Asked, Shown

if TYPE_CHECKING:
    from tests.simulation.files import Change
    from tests.simulation.run import Simulation

_RECORDS = (
    "SELECT position, kind, stream, name, command_id, hash, payload FROM records "
    "WHERE position > ? ORDER BY position"
)


class Invariant:
    """A rule that must hold. Override what it listens to; call `self.broken` where it does not."""

    name: ClassVar[str] = ""

    def __init__(self, auditor: Auditor) -> None:
        self.auditor = auditor

    @property
    def model(self) -> Model:
        """The shop as the auditor knows it."""
        return self.auditor.model

    def broken(self, detail: str) -> None:
        """End the simulation: this rule does not hold."""
        self.auditor.sim.fail(self.name, detail)

    def on_record(self, row: Row) -> None:
        """A record became readable; the model does not have it yet."""

    def after_record(self, row: Row) -> None:
        """The model has it now."""

    def on_batch(self) -> None:
        """All records there are were taken in."""

    def on_release(self, asked: Asked, answer: Answered) -> None:
        """An answer leaves the store."""

    def on_heard(self, ask_id: str, answer: Answered) -> None:
        """A front end got an answer."""

    def on_paper(self, register: str, text: str) -> None:
        """A slip was cut off."""

    def on_pulse(self, register: str) -> None:
        """A drawer was kicked."""

    def on_store_open(self, store: Shown) -> None:
        """The store read its disk and is about to live."""

    def on_anchor(self, path: str, anchor: dict[str, Any]) -> None:
        """A node's anchor became durable, while the store lives."""

    def at_end(self) -> None:
        """Everything is healed and drained."""


INVARIANTS: dict[str, type[Invariant]] = {}


def invariant(name: str) -> Any:
    """Class decorator: check this rule in every simulation, under `name`."""

    def register(cls: type[Invariant]) -> type[Invariant]:
        assert name not in INVARIANTS, f"the invariant {name} is registered twice"
        cls.name = name
        INVARIANTS[name] = cls
        return cls

    return register


def _overriding(rules: list[Invariant], hook: str) -> list[Any]:
    plain = getattr(Invariant, hook)
    return [getattr(rule, hook) for rule in rules if getattr(type(rule), hook) is not plain]


@define(eq=False)
class Auditor:
    """Feeds the invariants. `trace` is the hash over everything that happened, in order.

    `durable` is the last position all of whose records are known to be on the platter: their
    command's id was among the bytes a sync made durable. A command that is accepted and changes
    nothing has no record, so its id is looked for from when it came to the store.
    """

    sim: Simulation
    model: Model = field(factory=Model)
    position: int = 0
    durable: int = 0
    last_hash: bytes = bytes(32)
    durable_ids: set[str] = field(factory=set)
    positions: dict[str, int] = field(factory=dict)
    acked_ids: dict[str, None] = field(factory=dict)
    trace: Any = field(factory=hashlib.sha256)
    store: Shown | None = None
    last_name: str = ""
    _synced: list[bytes] = field(factory=list)
    _came: dict[str, None] = field(factory=dict)
    _looked: Any = None
    _unsure: list[tuple[int, str]] = field(factory=list)
    _hooks: dict[str, list[Any]] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        """Make the rules."""
        load_all("model")
        load_all("invariants")
        rules = [INVARIANTS[name](self) for name in sorted(INVARIANTS)]
        hooks = [hook for hook in vars(Invariant) if hook.startswith(("on_", "after_", "at_"))]
        self._hooks = {hook: _overriding(rules, hook) for hook in hooks}

    def note(self, *what: object) -> None:
        """Make something part of the trace."""
        self.trace.update(repr(what).encode())

    def _call(self, hook: str, *args: Any) -> None:
        for rule in self._hooks[hook]:
            rule(*args)

    # ---------------------------------------------------------------------------- what it is told

    def disk_synced(self, path: str, changes: list[Change]) -> None:
        """Bytes of the journal became durable."""
        if path.startswith(JOURNAL):
            self._synced += [change.data for change in changes if change.data is not None]
            self.sim.world.journal_syncs += 1
            self.sim.synced.wake()
        elif ".anchor" in path and self.store is not None and self.store.version() is not None:
            self.pull()
            for change in changes:
                if change.data:
                    self._call("on_anchor", path, orjson.loads(change.data))

    def store_opened(self, store: Shown) -> None:
        """The store is about to live, with what its disk held."""
        self.store = store
        self._call("on_store_open", store)
        self.pull()

    def came(self, command_id: str) -> None:
        """A command is at the store's door."""
        if command_id not in self.durable_ids:
            self._came[command_id] = None

    def released(self, asked: Asked, answer: Answered) -> None:
        """An answer leaves the store."""
        self.pull()
        self.note("released", asked.id, answer.ok, answer.position)
        self._call("on_release", asked, answer)
        self._came.pop(asked.id, None)
        if answer.ok and not asked.is_query:
            self.acked_ids[asked.id] = None

    def heard(self, ask_id: str, answer: Answered) -> None:
        """A front end got an answer."""
        self._call("on_heard", ask_id, answer)

    def paper(self, register: str, text: str) -> None:
        """A slip was cut off."""
        self.pull()
        self.note("paper", register, text)
        self._call("on_paper", register, text)

    def pulse(self, register: str) -> None:
        """A drawer was kicked."""
        self.pull()
        self.note("pulse", register, self.sim.world.now_ns())
        self._call("on_pulse", register)

    def finish(self) -> None:
        """Everything is healed and drained."""
        self.pull()
        self._call("at_end")

    # --------------------------------------------------------------------------------- the journal

    def pull(self) -> None:
        """Take in every record there is, and learn how far the platter has them."""
        store = self.store
        if store is None or self.sim.disk.is_off or self.sim.failure is not None:
            return
        version = store.version()
        if version is None:
            return
        rows: list[Any] = []
        if version != self._looked:
            rows = store.read(_RECORDS, (self.position,))
            self._looked = version
        for row in rows:
            self._take(row)
        if rows or self._synced:
            self._learn_durable()
        if rows:
            self._call("on_batch")

    def _take(self, columns: Any) -> None:
        position, kind, stream, name, command_id, digest, payload = columns
        row = Row(
            position,
            kind,
            stream,
            name,
            command_id,
            digest,
            payload,
            orjson.loads(payload),
            self.sim.world.monotonic_ns(),
        )
        self._call("on_record", row)
        self.position, self.last_hash, self.last_name = position, digest, name
        self.positions[command_id] = position
        self.trace.update(digest)
        if kind == "live":
            self.model.fold(row)
        else:
            self.model.practise(row)
        self._call("after_record", row)
        if not self._unsure or self._unsure[-1][1] != command_id:
            self._unsure.append((position, command_id))
        else:
            self._unsure[-1] = (position, command_id)

    def _learn_durable(self) -> None:
        synced, self._synced = self._synced, []
        for command_id in [one for one in self._came if _held(one, synced)]:
            self.durable_ids.add(command_id)
            del self._came[command_id]
        still: list[tuple[int, str]] = []
        for position, command_id in self._unsure:
            if not still and (command_id in self.durable_ids or _held(command_id, synced)):
                self.durable_ids.add(command_id)
                self.durable = position
            else:
                if _held(command_id, synced):
                    self.durable_ids.add(command_id)
                still.append((position, command_id))
        self._unsure = still

    def is_refund(self, payment_id: str) -> bool:
        """Whether the journal asked for a refund under that name."""
        payment = self.model.cards.get(stands_for(self.model.cards, payment_id))
        return payment is not None and payment.asked["kind"] == "refund"

    def is_durable(self, command_id: str) -> bool:
        """Whether a command's answer is on the platter."""
        return command_id in self.durable_ids


def _held(command_id: str, blobs: list[bytes]) -> bool:
    needle = command_id.encode()
    return any(needle in blob for blob in blobs)


def digest_of(answer: Answered) -> str:
    """What of an answer must be the same each time it is given."""
    plain = [answer.ok, answer.data, answer.refusal, answer.fault]
    return hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()
