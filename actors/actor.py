"""What every actor is given and what it promises; the seam between actors and their carriers."""

from __future__ import annotations

from typing import Any, Protocol

from actors.mailbox import Mailbox
from actors.world import World


class Asked(Protocol):
    """An ask that was delivered and is not answered yet."""

    async def wait(self) -> Any:
        """The answer; waited for once. Raises as `Post.ask` says."""
        ...


class Post(Protocol):
    """How an actor reaches any other by address, wherever that one lives."""

    async def ask(self, to: str, body: object, *, timeout_s: float) -> Any:
        """Send `body` to the actor at `to` and wait for its answer.

        Raises:
            BusyError: its mailbox or the link is full; nothing was delivered; try again later.
            AbsentError: no node holds the address now.
            NoAnswerError: delivered or not, nobody knows; ask what happened or repeat the same id.
        """
        ...

    def tell_nowait(self, to: str, body: object) -> bool:
        """Send without waiting or answer; False where it could not be queued."""
        ...


class DoorPost(Post, Protocol):
    """A post for those who take in what others send, and must keep its order."""

    def ask_nowait(self, to: str, body: object, *, timeout_s: float) -> Asked:
        """Deliver `body` now and leave the waiting for later: two asks of one address arrive in the
        order of the calls, which tasks started for them would not promise.

        Raises:
            BusyError, AbsentError: as `ask` says.
        """
        ...


class Actor(Protocol):
    """A thing with an address, a mailbox and one task. Docstrings say: Owns, Receives, Sends,
    If it dies."""

    address: str

    async def run(self, mailbox: Mailbox, post: Post, world: World) -> None:
        """Live until cancelled; raising means dying, and the supervisor decides what follows."""
        ...
