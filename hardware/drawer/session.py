"""One kick as a conversation with the printer that carries the plug, without IO."""

from __future__ import annotations

from attrs import frozen

from actors.messages import Accepted, Failure, Outcome
from hardware.printer.messages import Pulse


@frozen
class Again:
    """Nothing was sent; ask once more a little later."""

    reason: str


@frozen
class Kicked:
    """The kick is over."""

    outcome: Outcome
    reason: str = ""


def first_step(*, may_have_happened: bool) -> Kicked | None:
    """A drawer that may have opened is not opened a second time; None means go on."""
    if may_have_happened:
        return Kicked(
            Outcome.UNKNOWN, "an earlier kick may have opened the drawer; it was not kicked again"
        )
    return None


def pulse(*, pin: int, on_ms: int, left_ns: int | None) -> Pulse:
    """What to ask of the printer."""
    return Pulse(pin, on_ms, left_ns)


def answered(answer: object) -> Kicked | Again:
    """What the printer's answer means."""
    match answer:
        case Accepted():
            return Kicked(Outcome.DONE)
        case Failure("expired", detail):
            return Kicked(Outcome.EXPIRED, detail)
        case Failure("absent", detail):
            return Again(detail)
        case Failure("unknown", detail):
            return Kicked(Outcome.UNKNOWN, detail)
        case Failure(_, detail):
            return Kicked(Outcome.FAILED, detail)
        case _:
            return Kicked(Outcome.UNKNOWN, "the printer gave no answer one can read")


def unreachable(detail: str) -> Again:
    """The printer's actor could not be reached, and nothing was delivered."""
    return Again(detail)


def unanswered() -> Kicked:
    """The kick was delivered, or not; nobody knows."""
    return Kicked(Outcome.UNKNOWN, "the printer did not say whether it kicked; look at the drawer")
