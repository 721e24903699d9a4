"""The words actors say to each other: one registry, so the same crosses a mailbox or nng."""

from __future__ import annotations

from enum import Enum
from typing import Any

from attrs import frozen

from engine.outbox import EffectOutcome as Outcome
from engine.wire import Registry

MESSAGES = Registry("message")
__all__ = [
    "MESSAGES",
    "Accepted",
    "DeviceState",
    "DeviceStatus",
    "Failure",
    "Finished",
    "Outcome",
    "Perform",
    "Proceed",
    "Scanned",
    "ShowLines",
    "Started",
]


class DeviceState(Enum):
    """A device as its actor last knew it."""

    ABSENT = "absent"
    STARTING = "starting"
    READY = "ready"
    STALE = "stale"
    FAILED = "failed"


@MESSAGES.name("effect.perform")
@frozen
class Perform:
    """Outbox to device: do this effect. Answered `Accepted` at once; the work goes on apart.

    `effect` is `EFFECTS.pack`'s plain data. `may_have_happened` says an earlier try was started
    and never confirmed: a printer marks COPY, a drawer does nothing and reports UNKNOWN.
    `left_ns` is how long from now it is worth doing, None for ever: a clock may be set, so the
    moment itself is never sent.
    """

    effect_id: str
    effect: dict[str, Any]
    left_ns: int | None = None
    may_have_happened: bool = False


@MESSAGES.name("effect.accepted")
@frozen
class Accepted:
    """The effect is queued at the device (or already was: the id makes it idempotent)."""


@MESSAGES.name("effect.started")
@frozen
class Started:
    """Device to `outbox`, asked before the first byte leaves; go on only on `Proceed`."""

    effect_id: str


@MESSAGES.name("effect.proceed")
@frozen
class Proceed:
    """The start is durable. `proceed` False: withdrawn or expired, send nothing.

    `left_ns` is how long it was worth doing when this was answered, None for ever or where the
    outbox does not know. The way here takes time too: a device counts it from when it asked.
    """

    proceed: bool
    may_have_happened: bool = False
    left_ns: int | None = None


@MESSAGES.name("effect.finished")
@frozen
class Finished:
    """Device to `outbox`, asked until answered `Accepted`: how the effect ended, and why."""

    effect_id: str
    outcome: Outcome
    reason: str = ""


@MESSAGES.name("device.status")
@frozen
class DeviceStatus:
    """Device to `devices` (the store's board of devices), told on each change and every 5 s.

    `code` is a stable word such as `paper_out`, `cover_open`, `unplugged`, `ok`.
    """

    address: str
    state: DeviceState
    code: str = "ok"
    detail: str = ""


@MESSAGES.name("scanner.scanned")
@frozen
class Scanned:
    """Scanner to `register/<id>`: one code as read, with its AIM symbology id if it was sent."""

    scanner: str
    code: str
    symbology: str = ""


@MESSAGES.name("display.show")
@frozen
class ShowLines:
    """Store to a customer display: two lines of at most 20 characters; the latest wins."""

    top: str
    bottom: str


@MESSAGES.name("actor.failure")
@frozen
class Failure:
    """An answer that says the ask was not carried out; `code` is stable, `detail` is for people."""

    code: str
    detail: str = ""
