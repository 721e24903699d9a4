"""What one turn of the bookkeeper gathers before its single append."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from actors.asks import Reply, Submit
from actors.journal_batch import Entry
from actors.mailbox import Envelope
from engine.record import NewRecord


@define(eq=False)
class Pending:
    """One submission of the batch and what will be said to it."""

    envelope: Envelope
    submit: Submit
    body: Any = None
    body_hash: bytes = b""
    reply: Reply | None = None
    joined: Pending | None = None


@define(eq=False)
class Batch:
    """All of them, and what becomes of the journal."""

    entries: list[Entry] = field(factory=list)
    pending: list[Pending] = field(factory=list)
    records: list[NewRecord] = field(factory=list)
    registers: set[str] = field(factory=set)
    by_id: dict[str, Pending] = field(factory=dict)
    deferred: list[Pending] = field(factory=list)
    day_closed: bool = False
