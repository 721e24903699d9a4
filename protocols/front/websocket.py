"""The WebSocket door: each admitted connection becomes a conversation."""

from __future__ import annotations

import trio
from attrs import define, field

from actors.actor import DoorPost
from actors.web.sockets import accept
from actors.world import World
from protocols.front.conversation import Conversation, ConversationStatistics
from protocols.front.guard import Guard
from protocols.front.hub import Hub
from protocols.front.session import Session
from protocols.front.tokens import Tokens
from protocols.limits import FRAME_BYTES_MAX, HELLO_WITHIN_S, SESSIONS_MAX

# A message that is longer is cut off by its header; what lies between is answered with a fault.
MESSAGE_BYTES_MAX = 2 * FRAME_BYTES_MAX
TRY_AGAIN_LATER = 1013


@define(eq=False)
class WebSocketDoor:
    """*Owns* its conversations. It is no actor: each connection runs in a task of its own, and one
    that fails takes no other with it."""

    tokens: Tokens
    hub: Hub
    post: DoorPost
    world: World
    guard: Guard
    _conversations: dict[Conversation, None] = field(factory=dict)
    _refused: int = 0

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Serve one connection from its request on; a strange Host or Origin is answered 403."""
        socket = await accept(
            stream,
            self.guard.objection,
            message_bytes_max=MESSAGE_BYTES_MAX,
            within_s=HELLO_WITHIN_S,
        )
        if socket is None:
            self._refused += 1
            return
        if len(self._conversations) >= SESSIONS_MAX:
            self._refused += 1
            await socket.close(TRY_AGAIN_LATER, f"{SESSIONS_MAX} are connected already")
            return
        session = Session(self.tokens, self.hub.head, self.world.new_id)
        conversation = Conversation(session, socket, self.hub, self.post, self.world)
        self._conversations[conversation] = None
        try:
            await conversation.run()
        finally:
            del self._conversations[conversation]

    def stop(self) -> None:
        """Close every conversation with 1001, as the store goes away."""
        for conversation in self.conversations():
            conversation.stop()

    def conversations(self) -> list[Conversation]:
        """Those under way."""
        return list(self._conversations)

    def statistics(self) -> list[ConversationStatistics]:
        """Each conversation's figures."""
        return [conversation.statistics() for conversation in self._conversations]

    @property
    def refused(self) -> int:
        """Connections turned away before a hello."""
        return self._refused
