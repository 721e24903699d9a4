"""A front end's side of the nng door: requests over a REQ socket, hints over SUB."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator

import trio

from actors.errors import PostError
from actors.limits import FRAME_BYTES_MAX
from actors.link import Subscriber
from actors.link_client import PlainRequester
from actors.world import World
from protocols.front.client_types import FaultError, LostError, RefusedError, is_passing
from protocols.front.codec import ClientFrame, FrameError, ServerFrame, decode_server, encode
from protocols.front.frames import AnswerFrame, Fault, FaultCode, Hello, QueryFrame, Update, Welcome
from protocols.front.topics import EVENTS, TOPICS
from protocols.limits import (
    CLIENT_ATTEMPT_S,
    CLIENT_DEADLINE_S,
    CLIENT_RETRY_S_FIRST,
    CLIENT_RETRY_S_MAX,
    EVENTS_PAGE,
)

_PASSING = frozenset((FaultCode.BUSY.value, FaultCode.NO_ANSWER.value))
_POLL_S = 1.0


class NngCarrier:
    """*Owns* the conversation over one requester. Says hello again when the store forgot it."""

    def __init__(
        self, requester: PlainRequester, hello: Hello, world: World, hints: str = ""
    ) -> None:
        self._requester = requester
        self._hello = hello
        self._world = world
        self._hints = hints
        self._welcome: Welcome | None = None
        self._greeting = trio.Lock()
        self._greeted = 0

    async def request(self, frame: ClientFrame, frame_id: str, timeout_s: float) -> ServerFrame:
        """As `Carrier.request`."""
        with trio.fail_after(timeout_s):
            while True:
                await self.wait_joined()
                greeted = self._greeted
                reply = await self._exchange(frame, timeout_s)
                if not isinstance(reply, Fault) or reply.code != FaultCode.HELLO_EXPECTED.value:
                    return reply
                # The connection was made anew below: nothing was done, say hello and repeat.
                if self._greeted == greeted:
                    self._welcome = None

    async def _exchange(self, frame: ClientFrame, timeout_s: float) -> ServerFrame:
        try:
            payload = await self._requester.request(encode(frame), timeout_s)
        except PostError as error:
            raise LostError(str(error)) from None
        try:
            return decode_server(payload, FRAME_BYTES_MAX)
        except FrameError as error:
            raise LostError(f"the store sent what is no frame: {error}") from None

    async def wait_joined(self) -> Welcome:
        """As `Carrier.wait_joined`."""
        async with self._greeting:
            delay_s = CLIENT_RETRY_S_FIRST
            while self._welcome is None:
                try:
                    reply = await self._exchange(self._hello, CLIENT_ATTEMPT_S)
                except LostError:
                    reply = Fault(FaultCode.BUSY.value, "")
                match reply:
                    case Welcome():
                        self._welcome = reply
                        self._greeted += 1
                    case Fault(code, detail) if not is_passing(code, has_joined=self._greeted > 0):
                        raise FaultError(code, detail)
                    case _:
                        await self._world.sleep(delay_s)
                        delay_s = min(2 * delay_s, CLIENT_RETRY_S_MAX)
            return self._welcome

    # ---------------------------------------------------------------------------------- following

    async def follow(self, topic: str, position: int = 0) -> AsyncGenerator[Update, None]:
        """As `Carrier.follow`, by asking again on each hint, and each second without one."""
        cursor = position
        last: object = None
        with contextlib.closing(Subscriber(self._hints)) as subscriber:
            while True:
                answer = await self._view(topic, cursor)
                more = False
                if topic == EVENTS:
                    more = answer.data["more"]
                    if answer.data["events"]:
                        yield Update(EVENTS, answer.epoch, answer.data["position"], answer.data)
                    cursor = answer.data["position"]
                elif answer.data != last:
                    last = answer.data
                    yield Update(topic, answer.epoch, answer.position, answer.data)
                if not more:
                    # A hint that came since the question waits in the socket.
                    with trio.move_on_after(_POLL_S):
                        await subscriber.receive()

    async def _view(self, topic: str, cursor: int) -> AnswerFrame:
        name = TOPICS.get(topic) or "events.since"
        data = {"position": cursor, "limit": EVENTS_PAGE} if topic == EVENTS else {}
        while True:
            frame = QueryFrame(self._world.new_id(), name, data)
            try:
                reply = await self.request(frame, frame.id, CLIENT_DEADLINE_S)
            except (LostError, trio.TooSlowError):
                continue
            match reply:
                case AnswerFrame(ok=True):
                    return reply
                case AnswerFrame(refusal=refusal) if refusal is not None:
                    raise RefusedError(refusal.code, refusal.fields)
                case Fault() if reply.code not in _PASSING:
                    raise FaultError(reply.code, reply.detail)
                case _:
                    await self._world.sleep(CLIENT_RETRY_S_FIRST)
