"""The Python front-end client: commands that are repeated with their own id until answered.

    async with open_client("ws://127.0.0.1:8170/ws", token, register="1", world=world) as client:
        await client.command("order.add_line", code="4006381333931")
        answer = await client.command("order.tender_cash", amount_minor=500)

A command may be lost, doubled or answered late on the way; its id makes that one sale all the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import trio

from actors.link_client import open_requester
from actors.world import World
from protocols.front.client_nng import NngCarrier
from protocols.front.client_types import (
    Answer,
    Carrier,
    FaultError,
    LostError,
    RefusedError,
    UnknownOutcomeError,
)
from protocols.front.client_websocket import WebSocketCarrier
from protocols.front.codec import ServerFrame
from protocols.front.frames import (
    VERSION,
    AnswerFrame,
    CommandFrame,
    Fault,
    FaultCode,
    FrameApproval,
    Hello,
    Ping,
    Pong,
    QueryFrame,
    Update,
    Welcome,
)
from protocols.limits import (
    CLIENT_ATTEMPT_S,
    CLIENT_DEADLINE_S,
    CLIENT_RETRY_S_FIRST,
    CLIENT_RETRY_S_MAX,
)

_REPEAT = frozenset((FaultCode.BUSY.value, FaultCode.NO_ANSWER.value))


class FrontClient:
    """A front end. Safe for several tasks at once; their commands may overtake each other."""

    def __init__(self, carrier: Carrier, world: World) -> None:
        self._carrier = carrier
        self._world = world
        self._repeats = 0

    @property
    def repeats(self) -> int:
        """How often something was sent again because it was not answered, or the store was busy."""
        return self._repeats

    async def wait_joined(self) -> Welcome:
        """Wait until the store has welcomed this client.

        Raises:
            FaultError: it will not: wrong token, wrong version, no such register.
        """
        return await self._carrier.wait_joined()

    async def command(
        self,
        command_name: str,
        /,
        *,
        command_id: str = "",
        approval: tuple[str, str] | None = None,
        deadline_s: float = CLIENT_DEADLINE_S,
        **data: Any,
    ) -> Answer:
        """Do something, once. `approval` is an operator and their PIN; `command_id` repeats an
        earlier command of unknown outcome.

        Raises:
            RefusedError: a decided no.
            FaultError: the command was not understood, or the store has a fault.
            UnknownOutcomeError: the deadline passed; it may have been done.
        """
        approves = FrameApproval(*approval) if approval is not None else None
        frame_id = command_id or self._world.new_id()
        frame = CommandFrame(frame_id, command_name, data, approves)
        return await self._until_answered(frame, deadline_s)

    async def query(
        self, query_name: str, /, *, deadline_s: float = CLIENT_DEADLINE_S, **data: Any
    ) -> Answer:
        """Ask something; raises as `command`."""
        frame = QueryFrame(self._world.new_id(), query_name, data)
        return await self._until_answered(frame, deadline_s)

    async def ping(self) -> Pong:
        """The store's sign of life with the newest position.

        Raises:
            LostError: the connection is not there.
        """
        at = self._world.monotonic_ns()
        try:
            reply = await self._carrier.request(Ping(at), f"ping/{at}", CLIENT_ATTEMPT_S)
        except trio.TooSlowError:
            raise LostError("no sign of life came in time") from None
        if not isinstance(reply, Pong):
            raise LostError("something else came back")
        return reply

    def subscribe(self, topic: str, position: int = 0) -> AsyncGenerator[Update, None]:
        """Follow a topic: the view as it is, then each later one; of `events` each page after
        `position`. Close the iterator (`contextlib.aclosing`) to stop.

        Raises:
            FaultError: this connection may not follow it.
        """
        found: AsyncGenerator[Update, None] = self._carrier.follow(topic, position)
        return found

    async def _until_answered(self, frame: CommandFrame | QueryFrame, deadline_s: float) -> Answer:
        delay_s = CLIENT_RETRY_S_FIRST
        detail = "no answer came"
        with trio.move_on_after(deadline_s):
            while True:
                try:
                    reply = await self._carrier.request(frame, frame.id, CLIENT_ATTEMPT_S)
                    found = _judged(reply)
                    if found is not None:
                        return found
                    detail = getattr(reply, "detail", detail)
                except (LostError, trio.TooSlowError) as error:
                    detail = str(error) or detail
                self._repeats += 1
                await self._world.sleep(delay_s * (0.5 + self._world.random()))
                delay_s = min(2 * delay_s, CLIENT_RETRY_S_MAX)
        raise UnknownOutcomeError(frame.id, f"{frame.name}: {detail} within {deadline_s:g} s")


def _judged(reply: ServerFrame) -> Answer | None:
    """The yes of a reply, or None where it is to be repeated."""
    match reply:
        case AnswerFrame(ok=True):
            return Answer(reply.data, reply.epoch, reply.position)
        case AnswerFrame(refusal=refusal) if refusal is not None:
            raise RefusedError(refusal.code, refusal.fields)
        case Fault() if reply.code in _REPEAT:
            return None
        case Fault():
            raise FaultError(reply.code, reply.detail)
        case _:
            raise FaultError("malformed", "the store answered with a frame of another kind")


@contextlib.asynccontextmanager
async def open_client(
    url: str,
    token: str,
    *,
    world: World,
    register: str = "",
    client: str = "python",
    hints: str = "",
    join: bool = True,
) -> AsyncIterator[FrontClient]:
    """A client for as long as the block lasts, over `ws://`, `ipc://` or `tcp://`.

    `hints` is where an nng store publishes, needed only to follow something there. With `join` the
    block begins once the store has welcomed it.

    Raises:
        FaultError: the store will not have this client.
        ValueError: an address of another kind.
    """
    hello = Hello(VERSION, token, register, client)
    # What goes wrong in the block is raised as itself; the nurseries below would wrap it.
    failed: Exception | None = None
    async with contextlib.AsyncExitStack() as stack:
        carrier = await _open_carrier(stack, url, hello, world, hints)
        found = FrontClient(carrier, world)
        try:
            if join:
                await found.wait_joined()
            yield found
        except Exception as error:  # noqa: BLE001 - it is raised below
            failed = error
    if failed is not None:
        raise failed


async def _open_carrier(
    stack: contextlib.AsyncExitStack, url: str, hello: Hello, world: World, hints: str
) -> Carrier:
    scheme = url.partition("://")[0]
    if scheme == "ws":
        websocket = WebSocketCarrier(url, hello, world)
        nursery = await stack.enter_async_context(_cancelled_at_the_end())
        nursery.start_soon(websocket.run)
        return websocket
    if scheme in ("ipc", "tcp", "inproc", "tls+tcp"):
        requester = await stack.enter_async_context(open_requester(url))
        return NngCarrier(requester, hello, world, hints)
    raise ValueError(f"{url}: a store is reached over ws://, ipc:// or tcp://")


@contextlib.asynccontextmanager
async def _cancelled_at_the_end() -> AsyncIterator[trio.Nursery]:
    async with trio.open_nursery() as nursery:
        yield nursery
        nursery.cancel_scope.cancel()
