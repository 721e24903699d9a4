"""What the session of a terminal wants done, whatever it speaks."""

from __future__ import annotations

from attrs import frozen

from actors.terminal_messages import Forwarded
from engine.terminal import Answer, Condition, Settlement

Result = Answer | Settlement | Condition | Forwarded


@frozen
class Told:
    """What the terminal shows meanwhile: a stable word and its own text."""

    code: str
    text: str = ""


@frozen
class Store:
    """Write this down, then call `kept`."""

    job_id: str
    answer: Answer


@frozen
class StoreUpload:
    """This became of a payment taken offline: write it down, then call `kept`."""

    job_id: str
    payment_id: str
    answer: Answer


@frozen
class Done:
    """A job ended."""

    job_id: str
    result: Result


@frozen
class Reported:
    """How the terminal is."""

    condition: Condition
