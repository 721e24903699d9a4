"""One other node: the asks that wait for its answers, and its own asks that wait for ours."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

import trio
from attrs import define, frozen

from actors.errors import (
    POST_ERRORS,
    AbsentError,
    BusyError,
    NoAnswerError,
    OversizedError,
    PostError,
)
from actors.limits import (
    HEARTBEAT_S,
    LINK_ANSWERS_BYTES_MAX,
    LINK_ASKS_MAX,
    LINK_SEEN_MAX,
    NS_PER_S,
)
from actors.link_codec import (
    OK,
    TTL_MS_MAX,
    Answer,
    Ask,
    Beat,
    Data,
    Tell,
    clip,
    encode_answer,
    encode_ask,
    encode_tell,
)
from actors.link_session import Outgoing, Session
from actors.mailbox import Envelope, OneShot, value_or_raise
from actors.messages import MESSAGES
from actors.node import Node
from engine.wire import WireError, structure, unstructure

_HEARTBEAT_NS = int(HEARTBEAT_S * NS_PER_S)


class Sender(Protocol):
    """What a peer needs of the port it is reached by."""

    def send_nowait(self, pipe: int, frame: bytes) -> bool:
        """Hand a frame over."""
        ...


@frozen
class PeerStatistics:
    """One peer: `waiting` items are not sent yet, `unacknowledged` frames not known to be there,
    `repeats` counts asks that came twice and ran once, `resent` frames sent again."""

    name: str
    up: bool
    refusal: str
    asks_out: int
    asks_in: int
    waiting: int
    unacknowledged: int
    repeats: int
    resent: int
    lost: int


@define(eq=False)
class _Pending:
    answer: OneShot
    item: Outgoing


@define(eq=False)
class _AskedThere:
    """An ask on its way to another node; the time it may take counts from its making."""

    peer: LinkPeer
    envelope: Envelope
    pending: _Pending
    timeout_s: float
    deadline_s: float

    async def wait(self) -> Any:
        """The answer; raises as `Post.ask` says."""
        return await self.peer.wait_for(self)


def to_wire(body: object) -> tuple[str | None, Any]:
    """The registered name and plain data of a message; no name for what is plain already."""
    try:
        name = MESSAGES.name_of(type(body))
    except KeyError:
        return None, body
    return name, unstructure(body)


def from_wire(name: str | None, data: Any) -> object:
    """What `to_wire` took.

    Raises:
        WireError: no such message is registered here, or its fields differ.
    """
    return data if name is None else structure(data, MESSAGES.class_of(name))


class LinkPeer:
    """The node's `Peer` over a link.

    Its session outlives a lost connection for a few seconds; then it is given up, and with it every
    ask that waited.
    """

    def __init__(
        self,
        name: str,
        node: Node,
        mark: Callable[[LinkPeer], None],
        exposes: Callable[[str, str], bool] | None,
    ) -> None:
        self.name = name
        self.session: Session | None = None
        self.incarnation = ""
        self.nonce = ""
        self.refusal = ""
        self.heard_ns = self.lost_ns = self._said_ns = 0
        self._node = node
        self._mark = mark
        self._exposes = exposes
        self._port: Sender | None = None
        self._pipe = 0
        self._pending: dict[str, _Pending] = {}
        self._seen: OrderedDict[str, bytes | None] = OrderedDict()
        self._seen_bytes = 0
        self._in_hand: dict[str, float] = {}
        self._repeats = self._lost = 0

    # ------------------------------------------------------------------------- the connection

    @property
    def is_up(self) -> bool:
        """Whether a connection stands and both sides have said hello on it."""
        return self._port is not None

    def attached(self) -> tuple[Any, int]:
        """The port and pipe of the connection that stands."""
        return self._port, self._pipe

    def is_attached_to(self, port: Sender, pipe: int) -> bool:
        """Whether that is the connection in use."""
        return self._port is port and self._pipe == pipe

    def begin(self, session: Session, incarnation: str) -> None:
        """Start afresh with a process of that name."""
        self.session = session
        if incarnation != self.incarnation:
            self._seen.clear()
            self._in_hand.clear()
            self._seen_bytes = 0
        self.incarnation = incarnation

    def attach(self, port: Sender, pipe: int, received: int, now_ns: int) -> None:
        """Use a connection; frames of the session that did not arrive are sent again."""
        assert self.session is not None
        self.session.acknowledge(received)
        self._port, self._pipe, self.refusal = port, pipe, ""
        self.heard_ns = self._said_ns = now_ns
        for frame in self.session.overdue(now_ns, all_of_them=True):
            port.send_nowait(pipe, frame)
        self._mark(self)

    def detach(self, port: Sender, pipe: int) -> bool:
        """Stop using a connection; False where it was not the one in use."""
        if not self.is_attached_to(port, pipe):
            return False
        self._port = None
        self.lost_ns = self._node.world.monotonic_ns()
        return True

    def give_up(self, detail: str) -> None:
        """End the session: whoever waits is told, what was not sent is dropped."""
        session, self.session = self.session, None
        self._port = None
        pending, self._pending = self._pending, {}
        for ask in pending.values():
            if ask.item.framed:
                ask.answer.settle(NoAnswerError(self.name, detail))
            else:
                ask.item.wanted = False
                ask.answer.settle(AbsentError(self.name, f"{detail}; nothing was delivered"))
        if session is not None:
            self._lost += session.waiting

    # ---------------------------------------------------------------------------------- asking

    def ask_nowait(self, envelope: Envelope, timeout_s: float) -> _AskedThere:
        """Queue an ask for the other side.

        Raises:
            BusyError, AbsentError: as `DoorPost.ask_nowait` says.
            OversizedError: the message is larger than a link carries; it was not sent.
            TypeError: the body is neither a registered message nor plain data.
        """
        if self._port is None or self.session is None:
            raise AbsentError(envelope.to, f"{self._why_absent()}; nothing was delivered")
        if len(self._pending) >= LINK_ASKS_MAX or envelope.id in self._pending:
            raise BusyError(envelope.to, f"too many asks wait for {self.name}; not delivered")
        ttl_ms = None if math.isinf(timeout_s) else min(int(timeout_s * 1_000), TTL_MS_MAX)
        name, data = to_wire(envelope.body)
        ask = Ask(envelope.id, envelope.to, envelope.sender, ttl_ms, name, data)
        pending = _Pending(OneShot(), Outgoing(encode_ask(ask)))
        if not self.session.put_nowait(pending.item):
            raise BusyError(envelope.to, f"the link to {self.name} is full; not delivered")
        self._pending[envelope.id] = pending
        self._leave_soon()
        return _AskedThere(self, envelope, pending, timeout_s, trio.current_time() + timeout_s)

    async def wait_for(self, asked: _AskedThere) -> Any:
        """The answer to an ask that was queued; raises as `Post.ask` says."""
        envelope, pending = asked.envelope, asked.pending
        with trio.CancelScope(deadline=asked.deadline_s):
            try:
                return value_or_raise(await pending.answer.wait())
            except PostError as error:
                raise type(error)(envelope.to, error.detail) from None
            finally:
                pending.answer.close()
                pending.item.wanted = False
                if self._pending.get(envelope.id) is pending:
                    del self._pending[envelope.id]
        if not pending.item.framed:
            raise BusyError(envelope.to, f"the link to {self.name} stayed full; not delivered")
        detail = f"no answer from {self.name} within {asked.timeout_s:g} s"
        raise NoAnswerError(envelope.to, detail)

    def _why_absent(self) -> str:
        if self.refusal:
            return f"node {self.name} refused the link: {self.refusal}"
        return f"node {self.name} is not connected"

    def tell_nowait(self, envelope: Envelope) -> bool:
        """Queue a tell; False where the peer is away, the link full or the message too large."""
        if self._port is None or self.session is None:
            return False
        name, data = to_wire(envelope.body)
        try:
            tell = encode_tell(Tell(envelope.id, envelope.to, envelope.sender, name, data))
        except OversizedError:
            return False
        if not self.session.put_nowait(Outgoing(tell)):
            return False
        self._leave_soon()
        return True

    def _leave_soon(self) -> None:
        """A lone message leaves at once; while others are under way it waits for company."""
        session = self.session
        if session is not None and session.waiting == 1 and not session.unacknowledged:
            self.flush()
        else:
            self._mark(self)

    def flush(self) -> None:
        """Send what waits, as far as the credit goes."""
        if self._port is None or self.session is None:
            return
        now_ns = self._node.world.monotonic_ns()
        while (frame := self.session.next_frame(now_ns)) is not None:
            self._send(frame, now_ns)
        if self.session.owes_acknowledgement:
            self._send(self.session.beat(), now_ns)

    def tick(self, now_ns: int) -> None:
        """Acknowledge, show life and send again, as each falls due; forget asks that expired."""
        for ask_id in [i for i, deadline_ns in self._in_hand.items() if deadline_ns <= now_ns]:
            del self._in_hand[ask_id]
        if self.session is None:
            return
        for frame in self.session.overdue(now_ns):
            self._send(frame, now_ns)
        if self.session.unheard or now_ns - self._said_ns >= _HEARTBEAT_NS:
            self._send(self.session.beat(), now_ns)

    def _send(self, frame: bytes, now_ns: int) -> None:
        self._said_ns = now_ns
        if self._port is not None:
            # A frame that cannot be handed over is one that got lost: it is sent again in time.
            self._port.send_nowait(self._pipe, frame)

    # ------------------------------------------------------------------------------- answering

    def take(self, frame: Data | Beat) -> None:
        """Act on a frame of the session; those of an older one are dropped.

        Raises:
            LinkProtocolError: its counters cannot be.
        """
        session = self.session
        if session is None or frame.session != session.id:
            return
        self.heard_ns = self._node.world.monotonic_ns()
        if isinstance(frame, Beat):
            session.take_beat(frame)
        else:
            for item in session.take(frame):
                match item:
                    case Answer():
                        self._take_answer(item)
                    case Ask():
                        self._take_ask(item)
                    case Tell():
                        self._take_tell(item)
        if session.waiting or session.owes_acknowledgement:
            self._mark(self)

    def _take_answer(self, item: Answer) -> None:
        pending = self._pending.get(item.id)
        if pending is None or not pending.answer.settle(self._value_of(item)):
            self._node.count_late()

    def _value_of(self, item: Answer) -> object:
        if item.outcome != OK:
            return POST_ERRORS[item.outcome](self.name, item.data)
        try:
            return from_wire(item.name, item.data)
        except WireError as error:
            return NoAnswerError(self.name, f"its answer cannot be read here: {error}")

    def _take_tell(self, item: Tell) -> None:
        try:
            self._deliver(item, None, None)
        except PostError:
            self._lost += 1

    def _take_ask(self, item: Ask) -> None:
        if item.id in self._seen:
            self._repeats += 1
            answered = self._seen[item.id]
            if answered is not None:
                self._answer(answered)
            return
        if len(self._in_hand) >= LINK_ASKS_MAX:
            self._answer(_refusal(item.id, "busy", "too many asks of this link are in hand"))
            return
        deadline_ns = None
        if item.ttl_ms is not None:
            deadline_ns = self._node.world.monotonic_ns() + item.ttl_ms * 1_000_000
        self._seen[item.id] = None
        self._in_hand[item.id] = math.inf if deadline_ns is None else deadline_ns
        if len(self._seen) > LINK_SEEN_MAX:
            self._forget_oldest()
        try:
            self._deliver(item, self._reply_to(item.id), deadline_ns)
        except PostError as error:
            # Nothing was delivered, so the same id may be tried again.
            self._in_hand.pop(item.id, None)
            self._seen.pop(item.id, None)
            self._answer(_refusal(item.id, error.kind, error.detail))

    def _deliver(
        self, item: Ask | Tell, reply: Callable[[object], bool] | None, deadline_ns: int | None
    ) -> None:
        if self._exposes is not None and not self._exposes(self.name, item.to):
            raise AbsentError(item.to, f"not open to node {self.name}; nothing was delivered")
        try:
            body = from_wire(item.name, item.data)
        except WireError as error:
            raise AbsentError(item.to, f"not understood there: {error}") from None
        self._node.deliver_nowait(
            Envelope(
                id=item.id,
                to=item.to,
                sender=item.sender,
                body=body,
                reply=reply,
                deadline_ns=deadline_ns,
                peer=self.name,
            )
        )

    def _reply_to(self, ask_id: str) -> Callable[[object], bool]:
        incarnation = self.incarnation
        done = False

        def reply(value: object) -> bool:
            nonlocal done
            if done or self.incarnation != incarnation:
                self._node.count_late()
                return False
            done = True
            encoded = _encode(ask_id, value)
            self._in_hand.pop(ask_id, None)
            self._remember(ask_id, encoded)
            self._answer(encoded)
            return True

        return reply

    def _remember(self, ask_id: str, encoded: bytes) -> None:
        self._seen[ask_id] = encoded
        self._seen_bytes += len(encoded)
        while self._seen_bytes > LINK_ANSWERS_BYTES_MAX:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        _, oldest = self._seen.popitem(last=False)
        self._seen_bytes -= len(oldest or b"")

    def _answer(self, encoded: bytes) -> None:
        if self.session is not None:
            self.session.put_nowait(Outgoing(encoded), beyond=True)
            self._leave_soon()

    def statistics(self) -> PeerStatistics:
        """What is under way and what was seen."""
        session = self.session
        return PeerStatistics(
            name=self.name,
            up=self.is_up,
            refusal=self.refusal,
            asks_out=len(self._pending),
            asks_in=len(self._in_hand),
            waiting=session.waiting if session else 0,
            unacknowledged=session.unacknowledged if session else 0,
            repeats=self._repeats,
            resent=session.resent if session else 0,
            lost=self._lost,
        )


def _encode(ask_id: str, value: object) -> bytes:
    if isinstance(value, PostError):
        return _refusal(ask_id, value.kind, value.detail)
    name, data = to_wire(value)
    try:
        return encode_answer(Answer(ask_id, OK, name, data))
    except OversizedError as error:
        return _refusal(ask_id, "no_answer", f"the answer is too large: {error}")


def _refusal(ask_id: str, kind: str, detail: str) -> bytes:
    return encode_answer(Answer(ask_id, kind, None, clip(detail)))
