"""Effects on their way: asked for with the fact that wants them, started, finished.

They are journaled like everything else, so a restart knows exactly what the world was asked and
what it may already have done.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, assert_never

from attrs import frozen

from engine.altered import altered
from engine.decision import COMMANDS, EVENTS, Decision, Fact, refuse

# ------------------------------------------------------------------------------------- Events


class EffectOutcome(Enum):
    """How a try ended. FAILED means provably nothing happened; UNKNOWN means it may have."""

    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@EVENTS.name("effect.requested/1")
@frozen
class EffectRequested:
    """A fact asked this of `address`. `effect` is the registry's packed form."""

    effect_id: str
    address: str
    effect: dict[str, Any]
    expires_ns: int
    repeatable: bool


@EVENTS.name("effect.started/1")
@frozen
class EffectStarted:
    """The first byte is about to leave."""

    effect_id: str


@EVENTS.name("effect.finished/1")
@frozen
class EffectFinished:
    """A try ended. Anything but DONE or EXPIRED of a repeatable effect is tried again."""

    effect_id: str
    outcome: EffectOutcome
    reason: str


OutboxEvent = EffectRequested | EffectStarted | EffectFinished

# -------------------------------------------------------------------------------------- State


@frozen
class PendingEffect:
    """An effect not yet confirmed. `expires_ns` 0 is never; `may_have_happened` marks COPY."""

    effect_id: str
    address: str
    effect: dict[str, Any]
    expires_ns: int
    repeatable: bool
    requested_ns: int
    may_have_happened: bool = False
    tries: int = 0
    reason: str = ""


Outbox = dict[str, PendingEffect]


def evolve(outbox: Outbox, event: OutboxEvent, *, now_ns: int) -> None:
    """Change `outbox`, in insertion order, to what it is after `event`."""
    match event:
        case EffectRequested():
            outbox[event.effect_id] = PendingEffect(
                event.effect_id,
                event.address,
                event.effect,
                event.expires_ns,
                event.repeatable,
                now_ns,
            )
        case EffectStarted():
            pending = outbox[event.effect_id]
            outbox[event.effect_id] = altered(
                pending, may_have_happened=True, tries=pending.tries + 1
            )
        case EffectFinished():
            pending = outbox[event.effect_id]
            over = event.outcome in (EffectOutcome.DONE, EffectOutcome.EXPIRED)
            if over or not pending.repeatable:
                del outbox[event.effect_id]
                return
            outbox[event.effect_id] = altered(
                pending,
                may_have_happened=event.outcome is EffectOutcome.UNKNOWN,
                reason=event.reason,
            )
        case _:
            assert_never(event)


# ----------------------------------------------------------------------------------- Commands


@COMMANDS.name("effect.start")
@frozen
class StartEffect:
    """A device is about to send the first byte. `late` says that the effect's time is over, by a
    clock that nobody sets: the one of stamps may have jumped since it was asked for."""

    effect_id: str
    late: bool = False


@COMMANDS.name("effect.finish")
@frozen
class FinishEffect:
    """A device says how a try ended."""

    effect_id: str
    outcome: EffectOutcome
    reason: str = ""


OutboxCommand = StartEffect | FinishEffect


class Refusal:
    """In precedence order."""

    EFFECT_MUST_BE_PENDING = "effect_must_be_pending"
    EFFECT_MUST_NOT_BE_EXPIRED = "effect_must_not_be_expired"


# ------------------------------------------------------------------------------------- Decide


def stream_of(address: str) -> str:
    """The stream of a device's effects."""
    return f"effect/{address}"


def decide(outbox: Outbox, body: OutboxCommand) -> Decision:
    """Decide about an effect.

    Refuses:
        effect_must_be_pending, effect_must_not_be_expired.
    """
    pending = outbox.get(body.effect_id)
    if pending is None:
        return refuse(Refusal.EFFECT_MUST_BE_PENDING, effect_id=body.effect_id)
    stream = stream_of(pending.address)
    match body:
        case StartEffect():
            if pending.expires_ns and body.late:
                return refuse(Refusal.EFFECT_MUST_NOT_BE_EXPIRED, effect_id=body.effect_id)
            answer = {"may_have_happened": pending.may_have_happened}
            return Decision((Fact(stream, EffectStarted(body.effect_id)),), answer)
        case FinishEffect():
            event = EffectFinished(body.effect_id, body.outcome, body.reason[:200])
            return Decision((Fact(stream, event),), {})
        case _:
            assert_never(body)
