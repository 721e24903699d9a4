"""The nng door: the same frames, each request with exactly one reply, a session per connection.

Clients are ordinary nng REQ sockets of any language. A connection's session dies with it, so a
client whose socket dialled again is told `hello_expected` and says hello again.
"""

from __future__ import annotations

from functools import partial

import trio
from attrs import define, field

from actors.actor import Asked, DoorPost
from actors.errors import PostError
from actors.limits import BUSY_ABOVE
from actors.limits import FRAME_BYTES_MAX as NNG_BYTES_MAX
from actors.link import Publisher, RawRouter
from actors.world import World
from engine.wire import canonical
from protocols.front.codec import encode
from protocols.front.frames import Fault, FaultCode
from protocols.front.hub import Hub, Published
from protocols.front.session import AskRegister, Close, Output, Send, Session
from protocols.front.tokens import Tokens
from protocols.front.topics import EVENTS
from protocols.limits import ASK_TIMEOUT_S, FRAME_BYTES_MAX

# nng cuts a connection that brings more; what lies between is answered with a fault.
REQUEST_BYTES_MAX = 2 * FRAME_BYTES_MAX


def open_router(*urls: str) -> RawRouter:
    """A router fit for this door, listening at `urls`.

    Raises:
        AddressInUseError: somebody listens there already.
        LinkError: it cannot be listened at for another reason.
    """
    return RawRouter(*urls, receive_bytes_max=REQUEST_BYTES_MAX)


@define(eq=False)
class NngDoor:
    """*Owns* the sessions of its connections. With a `publisher` it hints at each new position."""

    router: RawRouter
    tokens: Tokens
    hub: Hub
    post: DoorPost
    world: World
    publisher: Publisher | None = None
    _sessions: dict[int, Session] = field(factory=dict)

    async def run(self) -> None:
        """Answer requests until cancelled."""
        self.hub.follow(EVENTS, "", self)
        try:
            async with trio.open_nursery() as nursery:
                take = partial(self._take, nursery)
                await self.router.serve(take, on_lost=self._lost)
        finally:
            self.hub.unfollow(EVENTS, "", self)

    def hear(self, news: Published) -> None:
        """Hint that the journal is further; who wants to know what happened asks."""
        if self.publisher is not None:
            self.publisher.publish_nowait(
                canonical({"type": "hint", "epoch": news.epoch, "position": news.position})
            )

    def _lost(self, pipe: int) -> None:
        self._sessions.pop(pipe, None)

    def _take(self, nursery: trio.Nursery, pipe: int, header: bytes, body: bytes) -> None:
        if self.router.outstanding(pipe) > BUSY_ABOVE:
            detail = "too many requests of this connection wait; nothing was done; repeat it"
            self._reply(header, [Send(Fault(FaultCode.BUSY.value, detail))])
            return
        session = self._sessions.get(pipe)
        if session is None:
            session = Session(self.tokens, self.hub.head, self.world.new_id, request_reply=True)
            self._sessions[pipe] = session
        outputs = session.receive(body)
        asks = [output for output in outputs if isinstance(output, AskRegister)]
        if not asks:
            self._give(pipe, session, header, outputs)
            return
        ask = asks[0]
        # Handed on at once, in the order of the frames; only its answer is waited for apart.
        try:
            asked = self.post.ask_nowait(ask.to, ask.ask, timeout_s=ASK_TIMEOUT_S)
        except PostError as error:
            self._give(pipe, session, header, session.unanswered(ask.ticket, error.kind))
            return
        nursery.start_soon(self._answer, pipe, session, header, ask.ticket, asked)

    async def _answer(
        self, pipe: int, session: Session, header: bytes, ticket: int, asked: Asked
    ) -> None:
        try:
            reply = await asked.wait()
        except PostError as error:
            outputs = session.unanswered(ticket, error.kind)
        else:
            outputs = session.answered(ticket, reply)
        self._give(pipe, session, header, outputs)

    def _give(self, pipe: int, session: Session, header: bytes, outputs: list[Output]) -> None:
        self._reply(header, outputs)
        closed = any(isinstance(output, Close) for output in outputs)
        if closed and self._sessions.get(pipe) is session:
            del self._sessions[pipe]

    def _reply(self, header: bytes, outputs: list[Output]) -> None:
        frames = [output.frame for output in outputs if isinstance(output, Send)]
        if not frames:
            detail = "the conversation ended meanwhile; say hello and repeat it with the same id"
            frames = [Fault(FaultCode.HELLO_EXPECTED.value, detail)]
        payload = encode(frames[0])
        if len(payload) > NNG_BYTES_MAX:
            detail = f"the answer has {len(payload)} bytes and this door gives {NNG_BYTES_MAX}"
            frame_id = getattr(frames[0], "id", "")
            payload = encode(Fault(FaultCode.ANSWER_TOO_LARGE.value, detail, frame_id))
        self.router.reply_nowait(header, payload)

    @property
    def sessions(self) -> int:
        """Connections that said something."""
        return len(self._sessions)
