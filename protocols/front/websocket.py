"""The WebSocket door: a Starlette endpoint that turns each admitted connection into a conversation.

Source: RFC 6455; ASGI 3.0, WebSocket specification 2.3.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from attrs import define, field

from actors.actor import Post
from actors.world import World
from protocols.front.conversation import Conversation, ConversationStatistics, Gone
from protocols.front.guard import Guard
from protocols.front.hub import Hub
from protocols.front.session import Session, Tokens
from protocols.limits import FRAME_BYTES_MAX, SESSIONS_MAX

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
SendMessage = Callable[[Message], Awaitable[None]]

# The server below gives up on a message that is longer; what lies between is answered with a fault.
MESSAGE_BYTES_MAX = 2 * FRAME_BYTES_MAX
TRY_AGAIN_LATER = 1013
_REASON_BYTES_MAX = 123


@define(eq=False)
class _AsgiWire:
    """A WebSocket as the ASGI server gives it, after it was accepted."""

    _receive: Receive
    _send: SendMessage
    _gone: bool = False

    async def receive(self) -> str | bytes:
        message = await self._receive()
        if message["type"] != "websocket.receive":
            self._gone = True
            raise Gone
        text: str | None = message.get("text")
        return text if text is not None else bytes(message.get("bytes") or b"")

    async def send(self, payload: bytes) -> None:
        if self._gone:
            raise Gone
        await self._give({"type": "websocket.send", "text": payload.decode()})

    async def close(self, code: int, reason: str) -> None:
        if self._gone:
            return
        short = reason.encode()[:_REASON_BYTES_MAX].decode(errors="ignore")
        try:
            await self._give({"type": "websocket.close", "code": code, "reason": short})
        except Gone:
            return

    async def _give(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError:
            self._gone = True
            raise Gone from None


@define(eq=False)
class WebSocketDoor:
    """*Owns* its conversations. It is no actor: the HTTP server runs each in a task of its own,
    and one that fails takes no other with it."""

    tokens: Tokens
    hub: Hub
    post: Post
    world: World
    guard: Guard
    _conversations: dict[Conversation, None] = field(factory=dict)
    _refused: int = 0

    async def __call__(self, scope: Any, receive: Receive, send: SendMessage) -> None:
        """Serve one connection; a strange Host or Origin is answered 403 before it is accepted."""
        await receive()  # the connect message, which says nothing
        if self.guard.objection(scope["headers"]):
            self._refused += 1
            await send({"type": "websocket.close", "code": 1008})
            return
        await send({"type": "websocket.accept"})
        wire = _AsgiWire(receive, send)
        if len(self._conversations) >= SESSIONS_MAX:
            self._refused += 1
            await wire.close(TRY_AGAIN_LATER, f"{SESSIONS_MAX} front ends are connected already")
            return
        session = Session(self.tokens, self.hub.head, self.world.new_id)
        conversation = Conversation(session, wire, self.hub, self.post, self.world)
        self._conversations[conversation] = None
        try:
            await conversation.run()
        finally:
            del self._conversations[conversation]

    def stop(self) -> None:
        """Close every conversation with 1001, as the store goes away."""
        for conversation in list(self._conversations):
            conversation.stop()

    def statistics(self) -> list[ConversationStatistics]:
        """Each conversation's figures."""
        return [conversation.statistics() for conversation in self._conversations]

    @property
    def refused(self) -> int:
        """Connections turned away before a hello."""
        return self._refused
