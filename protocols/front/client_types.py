"""What a front-end client gets: answers, refusals, faults; and what its carriers promise."""

from __future__ import annotations

from typing import Any, Protocol

from attrs import frozen

from protocols.front.codec import ClientFrame, ServerFrame
from protocols.front.frames import FaultCode, Welcome


@frozen
class Answer:
    """A yes: `data` as the schema says for the name, computed at `position` of `epoch`."""

    data: Any
    epoch: int
    position: int


class ClientError(Exception):
    """A command or query did not get its yes."""


class RefusedError(ClientError):
    """A decided no: `code` names the condition required, `fields` hold figures."""

    def __init__(self, code: str, fields: dict[str, Any]) -> None:
        shown = ", ".join(f"{name}={value!r}" for name, value in fields.items())
        super().__init__(f"{code} ({shown})" if shown else code)
        self.code = code
        self.fields = fields


class FaultError(ClientError):
    """The store did not take the frame; repeating it unchanged changes nothing, but after
    `busy`."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class UnknownOutcomeError(ClientError):
    """The deadline passed without an answer, and nobody knows whether it was done. Repeat it with
    the same `command_id` to find out."""

    def __init__(self, command_id: str, detail: str) -> None:
        super().__init__(f"{detail}; repeat it with the same id, {command_id}, to find out")
        self.command_id = command_id


class LostError(ClientError):
    """The connection is not there, or ended before the answer."""


def is_passing(code: str, *, has_joined: bool) -> bool:
    """Whether a fault at hello goes away by itself, so that hello is to be said again.

    A register that is not there is a wrong name, unless the store has welcomed this client before:
    then it is a store that is closing or not quite up.
    """
    if code == FaultCode.REGISTER_ABSENT.value:
        return has_joined
    return code in (FaultCode.BUSY.value, FaultCode.NO_ANSWER.value)


class Carrier(Protocol):
    """A way to the store, which joins again by itself when it was lost."""

    async def request(self, frame: ClientFrame, frame_id: str, timeout_s: float) -> ServerFrame:
        """Send once and wait for the one frame in reply.

        Raises:
            LostError: the connection ended first, or stood never within the time.
            trio.TooSlowError: no reply came in time.
        """
        ...

    async def wait_joined(self) -> Welcome:
        """Wait until the store has welcomed this client.

        Raises:
            FaultError: it will not: wrong token, wrong version, no such register.
        """
        ...

    def follow(self, topic: str, position: int) -> Any:
        """An async iterator of `Update`s; joins again where it was."""
        ...
