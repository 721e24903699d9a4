"""The shape of every decision: a command in, facts and an answer or a refusal out."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from engine.record import HeadMark
from engine.stamp import Stamp
from engine.wire import Registry

COMMANDS = Registry("command")
EVENTS = Registry("event")

SYSTEM = "system"  # the principal of the store's own actors and of the local administrator


@frozen
class Approval:
    """A second person's fresh PIN, bound to the one command that carries it.

    The PIN itself never gets here: the register actor checks it on a thread and says only whether
    it was right.
    """

    approver: str
    pin_correct: bool


@frozen
class Command:
    """A wish with everything a decision may look at.

    `id` is the client's UUIDv7; `operator` the person signed on at `register` (or `SYSTEM`). `head`
    is the journal's, None while it holds nothing; it enters what is decided as the time does.
    """

    id: str
    register: str
    operator: str
    body: Any
    stamp: Stamp
    approval: Approval | None = None
    head: HeadMark | None = None


@frozen
class Fact:
    """An event and the stream it belongs to; `training` facts never touch live totals."""

    stream: str
    event: Any
    training: bool = False


@frozen
class Refused:
    """A decided no. `code` names the condition required; `fields` hold figures, never prose."""

    code: str
    fields: dict[str, Any] = field(factory=dict)


@frozen
class Decision:
    """Facts to journal and the answer to release once they are durable."""

    facts: tuple[Fact, ...] = ()
    answer: dict[str, Any] = field(factory=dict)
    refused: Refused | None = None


def refuse(code: str, /, *facts: Fact, **fields: Any) -> Decision:
    """A refusal, with the facts that stand all the same (a wrong PIN counts)."""
    return Decision(facts=facts, refused=Refused(code, fields))
