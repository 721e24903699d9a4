"""One front end on a connection that can speak at any time: reads, asks, follows, writes in order.

What a slow reader costs is bounded: direct frames by not reading on, views by keeping only the
latest of each, facts by fetching the next page when the last is gone.
"""

from __future__ import annotations

from collections import deque
from typing import assert_never

import structlog
import trio
from attrs import define, field, frozen

from actors.actor import Asked, DoorPost
from actors.asks import Reply
from actors.errors import PostError
from actors.web.sockets import Gone, WebSocket
from actors.world import World
from protocols.front.codec import encode
from protocols.front.frames import Fault, FaultCode, Update
from protocols.front.hub import Hub, Published
from protocols.front.session import (
    AskRegister,
    Begin,
    Close,
    End,
    Output,
    Phase,
    Send,
    Session,
)
from protocols.front.topics import EVENTS, NOTICE, SCANS
from protocols.limits import (
    ASK_TIMEOUT_S,
    EVENTS_PAGE,
    FOLLOW_RETRY_S,
    HELLO_WITHIN_S,
    NOTICES_MAX,
    OUTBOX_FRAMES_MAX,
    SEND_WITHIN_S,
    SILENCE_S_MAX,
)

log = structlog.get_logger()
GOING_AWAY = 1001
POLICY = 1008
TOO_LARGE = 1009


@define(eq=False)
class _Following:
    """A topic of this conversation. `sent` is the place in history of what was sent last."""

    register: str
    scope: trio.CancelScope = field(factory=trio.CancelScope)
    sent: tuple[int, int] = (-1, -1)
    latest: Published | None = None
    notices: deque[Published] = field(factory=lambda: deque(maxlen=NOTICES_MAX))
    page: bytes = b""
    taken: trio.Event = field(factory=trio.Event)
    due: trio.Event = field(factory=trio.Event)


@frozen
class ConversationStatistics:
    """What one conversation holds for its reader now, in frames and bytes, and has moved."""

    client: str
    register: str
    waiting_frames: int
    waiting_bytes: int
    received: int
    sent: int


@define(eq=False)
class Conversation:
    """A session on a wire, from hello to the end."""

    session: Session
    socket: WebSocket
    hub: Hub
    post: DoorPost
    world: World
    _direct: deque[bytes] = field(factory=deque)
    _topics: dict[str, _Following] = field(factory=dict)
    _work: trio.Event = field(factory=trio.Event)
    _room: trio.Event = field(factory=trio.Event)
    _nursery: trio.Nursery | None = None
    _close: tuple[int, str] | None = None
    _received: int = 0
    _sent: int = 0

    async def run(self) -> None:
        """Converse until either side ends it."""
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                nursery.start_soon(self._write_forever)
                nursery.start_soon(self._read_forever)
        finally:
            for topic in list(self._topics):
                self._end(topic)
            code, reason = self._close or (GOING_AWAY, "the store stops")
            await self.socket.close(code, reason)

    def stop(self, code: int = GOING_AWAY, reason: str = "the store stops") -> None:
        """End it now; answers that were not sent are asked for again with the same id."""
        self._close = self._close or (code, reason)
        if self._nursery is not None:
            self._nursery.cancel_scope.cancel()

    # ---------------------------------------------------------------------------------- reading

    async def _read_forever(self) -> None:
        while self._close is None:
            patience_s = HELLO_WITHIN_S if self.session.phase is Phase.HELLO else SILENCE_S_MAX
            with trio.move_on_after(patience_s) as scope:
                try:
                    payload = await self.socket.receive()
                except Gone:
                    self.stop(GOING_AWAY, "")
                    return
            if scope.cancelled_caught:
                self._silent()
                return
            self._received += 1
            self._do(self._outputs(payload))
            while len(self._direct) >= OUTBOX_FRAMES_MAX:
                self._room = trio.Event()
                await self._room.wait()

    def _outputs(self, payload: str | bytes) -> list[Output]:
        if isinstance(payload, bytes):
            detail = "frames are text on this carrier; send the JSON as a text message"
            if self.session.phase is Phase.HELLO:
                return self.session.close(FaultCode.MALFORMED, detail)
            return [Send(Fault(FaultCode.MALFORMED.value, detail))]
        return self.session.receive(payload)

    def _silent(self) -> None:
        if self.session.phase is Phase.HELLO:
            detail = f"no hello came within {HELLO_WITHIN_S:g} s"
            self._do(self.session.close(FaultCode.HELLO_EXPECTED, detail))
        else:
            self.stop(GOING_AWAY, f"nothing was heard for {SILENCE_S_MAX:g} s")

    def _do(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Send():
                    self._direct.append(encode(output.frame))
                    self._work.set()
                case AskRegister():
                    self._ask(output)
                case Begin():
                    self._begin(output)
                case End():
                    self._end(output.topic)
                case Close():
                    code = TOO_LARGE if output.reason is FaultCode.FRAME_TOO_LARGE else POLICY
                    self._close = self._close or (code, output.reason.value)
                    self._work.set()
                case _:
                    assert_never(output)

    def _ask(self, output: AskRegister) -> None:
        """Hand it on at once, in the order of the frames; only its answer is waited for apart."""
        assert self._nursery is not None
        try:
            asked = self.post.ask_nowait(output.to, output.ask, timeout_s=ASK_TIMEOUT_S)
        except PostError as error:
            self._do(self.session.unanswered(output.ticket, error.kind))
            return
        self._nursery.start_soon(self._answer, output, asked)

    async def _answer(self, output: AskRegister, asked: Asked) -> None:
        try:
            reply = await asked.wait()
        except PostError as error:
            self._do(self.session.unanswered(output.ticket, error.kind))
            return
        self._do(self.session.answered(output.ticket, reply))

    # ---------------------------------------------------------------------------------- writing

    async def _write_forever(self) -> None:
        while True:
            payload = self._next()
            if payload is not None:
                await self._send(payload)
            elif self._close is not None:
                self.stop()
                return
            else:
                self._work = trio.Event()
                await self._work.wait()

    async def _send(self, payload: bytes) -> None:
        try:
            with trio.fail_after(SEND_WITHIN_S):
                await self.socket.send(payload)
        except (Gone, trio.TooSlowError):
            self.stop(GOING_AWAY, "the front end does not read")
            await trio.sleep_forever()
        self._sent += 1

    def _next(self) -> bytes | None:
        """What to send next: answers first, then each topic's news."""
        if self._direct:
            payload = self._direct.popleft()
            self._room.set()
            return payload
        if self._close is not None:
            return None
        for topic, following in self._topics.items():
            found = _take(following)
            if found is not None:
                # Whoever spoke last comes last next time.
                self._topics[topic] = self._topics.pop(topic)
                return found
        return None

    # ------------------------------------------------------------------------------- following

    def _begin(self, begin: Begin) -> None:
        assert self._nursery is not None
        following = _Following(begin.register)
        self._topics[begin.topic] = following
        self.hub.follow(begin.topic, begin.register, self)
        if begin.topic == EVENTS:
            self._nursery.start_soon(self._follow_events, begin, following)
        elif begin.query:
            self._nursery.start_soon(self._first_view, begin, following)

    def _end(self, topic: str) -> None:
        following = self._topics.pop(topic, None)
        if following is not None:
            self.hub.unfollow(topic, following.register, self)
            following.scope.cancel()

    def hear(self, news: Published) -> None:
        """Take note of news the hub hands out; only the latest view of a topic is kept."""
        following = self._topics.get(news.topic)
        if following is None:
            return
        if news.topic == EVENTS:
            following.due.set()
        elif news.topic in (NOTICE, SCANS):
            following.notices.append(news)
            self._work.set()
        elif news.at >= following.sent and _is_newer(news, following.latest):
            following.latest = news
            self._work.set()

    async def _query(self, begin: Begin, data: dict[str, object]) -> Reply:
        """A view with this session's rights; a busy store is asked again."""
        while True:
            ask = self.session.ask_for_view(begin.query or "events.since", data)
            try:
                reply: Reply = await self.post.ask(begin.ask_to, ask, timeout_s=ASK_TIMEOUT_S)
            except PostError:
                await self.world.sleep(FOLLOW_RETRY_S)
                continue
            if reply.fault == "":
                self.hub.head.hear(reply.epoch, reply.position)
            return reply

    async def _first_view(self, begin: Begin, following: _Following) -> None:
        with following.scope:
            reply = await self._query(begin, {})
            if reply.ok:
                self.hear(Published(begin.topic, reply.epoch, reply.position, reply.data))
            else:
                self._refuse_topic(begin.topic, reply)

    async def _follow_events(self, begin: Begin, following: _Following) -> None:
        cursor = begin.position
        with following.scope:
            while True:
                following.due = trio.Event()
                reply = await self._query(begin, {"position": cursor, "limit": EVENTS_PAGE})
                if not reply.ok:
                    self._refuse_topic(begin.topic, reply)
                    return
                view = reply.data
                if view["events"] or view["position"] < cursor:
                    update = Update(EVENTS, view["epoch"], view["position"], view)
                    following.taken = trio.Event()
                    following.page = encode(update)
                    self._work.set()
                    await following.taken.wait()
                cursor = view["position"]
                if not view["more"]:
                    await following.due.wait()

    def _refuse_topic(self, topic: str, reply: Reply) -> None:
        reason = reply.refusal["code"] if reply.refusal else reply.fault
        detail = f"{topic} is not followed: {reason}"
        self._do([Send(Fault(FaultCode.NOT_ALLOWED.value, detail))])
        self.session.topics.discard(topic)
        self._end(topic)

    def statistics(self) -> ConversationStatistics:
        """What waits for the reader, and what has moved."""
        waiting = [*self._direct]
        for following in self._topics.values():
            waiting += [following.page] if following.page else []
            waiting += [following.latest.payload()] if following.latest else []
            waiting += [notice.payload() for notice in following.notices]
        return ConversationStatistics(
            client=self.session.client,
            register=self.session.register,
            waiting_frames=len(waiting),
            waiting_bytes=sum(map(len, waiting)),
            received=self._received,
            sent=self._sent,
        )


def _is_newer(news: Published, than: Published | None) -> bool:
    return than is None or news.at >= than.at


def _take(following: _Following) -> bytes | None:
    if following.latest is not None:
        news, following.latest = following.latest, None
        following.sent = news.at
        return news.payload()
    if following.notices:
        return following.notices.popleft().payload()
    if following.page:
        page, following.page = following.page, b""
        following.taken.set()
        return page
    return None
