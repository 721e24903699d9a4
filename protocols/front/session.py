"""One conversation with a front end, without a wire or a clock: input in, what to do out.

*Opened* by a hello with the right token, then commands, queries and subscriptions until it is
closed. The door carries out what the session returns, in order.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import Any, assert_never

from attrs import define, field, frozen

from actors.asks import Ask, Reply
from engine.decision import COMMANDS
from engine.queries import QUERIES
from engine.wire import WireError, structure
from protocols.front.answers import COMMAND_ANSWERS, SYSTEM_FIELDS
from protocols.front.codec import FrameError, ServerFrame, clip, decode_client, describe
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
    RefusalBody,
    Subscribe,
    Unsubscribe,
    Welcome,
)
from protocols.front.tokens import Access, Tokens
from protocols.front.topics import EVENTS, OFFICE, STATUS, TOPICS
from protocols.limits import (
    CLIENT_LENGTH_MAX,
    HEARTBEAT_S,
    NAME_LENGTH_MAX,
    OUTSTANDING_MAX,
    REGISTER_LENGTH_MAX,
    TOKEN_LENGTH_MAX,
)

_STORE_TOPICS = frozenset(("status", EVENTS))
_OBSERVER_QUERIES = frozenset(("store.state", STATUS))
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


# --------------------------------------------------------------------------- what the door knows


@define
class Head:
    """The newest position this door has heard of; one for all its sessions."""

    epoch: int = 0
    position: int = 0

    def hear(self, epoch: int, position: int) -> bool:
        """Take note; whether it is news."""
        if (epoch, position) <= (self.epoch, self.position):
            return False
        self.epoch, self.position = epoch, position
        return True


# ------------------------------------------------------------------------------ what it asks for


@frozen
class Send:
    """Send this frame."""

    frame: ServerFrame


@frozen
class AskRegister:
    """Ask the actor at `to`; hand what comes back to `answered` or `unanswered` with `ticket`."""

    ticket: int
    to: str
    ask: Ask


@frozen
class Begin:
    """Begin to follow `topic`; `register` "" where it is the store's, `position` for `events`."""

    topic: str
    register: str
    position: int
    ask_to: str
    query: str


@frozen
class End:
    """Stop following `topic`."""

    topic: str


@frozen
class Close:
    """Close the connection, after what was to be sent."""

    reason: FaultCode


Output = Send | AskRegister | Begin | End | Close


class Phase(Enum):
    """Whose turn it is."""

    HELLO = "hello"
    GREETING = "greeting"
    OPEN = "open"
    CLOSED = "closed"


@frozen
class _Waiting:
    """Something asked and not answered; `id` is the frame's."""

    id: str
    is_hello: bool = False


# ---------------------------------------------------------------------------------- the session


@define(eq=False)
class Session:
    """The state of one connection.

    `new_id` makes the id of what the session asks on its own account. `request_reply` is for a
    carrier on which each frame has exactly one frame in reply and nobody sees connections come and
    go (nng): nothing can be followed there, and a second hello begins the conversation anew.
    """

    tokens: Tokens
    head: Head
    new_id: Callable[[], str]
    request_reply: bool = False
    phase: Phase = Phase.HELLO
    access: Access = Access.FRONT
    register: str = ""
    client: str = ""
    topics: set[str] = field(factory=set)
    _waiting: dict[int, _Waiting] = field(factory=dict)
    _tickets: int = 0

    @property
    def outstanding(self) -> int:
        """Commands and queries without an answer yet."""
        return len(self._waiting)

    def receive(self, payload: bytes | str) -> list[Output]:
        """Act on one frame's bytes."""
        if self.phase is Phase.CLOSED:
            return []
        try:
            frame = decode_client(payload)
        except FrameError as error:
            return self._not_a_frame(error)
        if self.phase is Phase.HELLO and not isinstance(frame, Hello):
            return self.close(FaultCode.HELLO_EXPECTED, "say hello before anything else")
        match frame:
            case Hello():
                return self._hello(frame)
            case CommandFrame() | QueryFrame() if self.phase is Phase.GREETING:
                return [_fault(FaultCode.HELLO_EXPECTED, "wait for the welcome", frame.id)]
            case Subscribe() | Unsubscribe() if self.phase is Phase.GREETING:
                return [_fault(FaultCode.HELLO_EXPECTED, "wait for the welcome")]
            case CommandFrame():
                return self._command(frame)
            case QueryFrame():
                return self._query(frame)
            case Subscribe():
                return self._subscribe(frame)
            case Unsubscribe():
                return self._unsubscribe(frame)
            case Ping():
                return [Send(Pong(frame.at, self.head.epoch, self.head.position))]
            case _:
                assert_never(frame)

    def _not_a_frame(self, error: FrameError) -> list[Output]:
        fatal = (FaultCode.FRAME_TOO_LARGE, FaultCode.VERSION_UNSUPPORTED)
        if self.phase is Phase.HELLO or error.code in fatal:
            return self.close(error.code, error.detail, error.id)
        return [Send(error.fault())]

    def close(self, code: FaultCode, detail: str, frame_id: str = "") -> list[Output]:
        """Say why and end the conversation."""
        self.phase = Phase.CLOSED
        return [_fault(code, detail, frame_id), Close(code)]

    # ------------------------------------------------------------------------------------ hello

    def _hello(self, frame: Hello) -> list[Output]:
        if self.phase is not Phase.HELLO and not self.request_reply:
            return [_fault(FaultCode.HELLO_TWICE, "this connection has said hello already")]
        if frame.version != VERSION:
            return self.close(FaultCode.VERSION_UNSUPPORTED, f"this store speaks {VERSION}")
        access = None if len(frame.token) > TOKEN_LENGTH_MAX else self.tokens.judge(frame.token)
        if access is None:
            detail = "the token is not one of this store's; give the front end the current one"
            return self.close(FaultCode.TOKEN_WRONG, detail)
        if not _is_register(frame.register) or len(frame.client) > CLIENT_LENGTH_MAX:
            detail = "`register` is at most 12 letters and digits, `client` at most 120 characters"
            return self.close(FaultCode.INVALID_DATA, detail)
        self.access, self.register, self.client = access, frame.register, frame.client
        self.phase = Phase.GREETING
        self.topics.clear()
        ask = self._ask(self.new_id(), STATUS, {}, is_query=True)
        return [self._asking(_Waiting("", is_hello=True), ask)]

    def _welcome(self, reply: Reply) -> list[Output]:
        store = reply.data.get("store") if isinstance(reply.data, dict) else None
        if not reply.ok or not isinstance(store, str):
            return self.close(FaultCode.ENGINE_FAULT, "the store could not say what it is")
        self.phase = Phase.OPEN
        welcome = Welcome(VERSION, store, reply.epoch, reply.position, HEARTBEAT_S)
        return [Send(welcome)]

    # --------------------------------------------------------------------- commands and queries

    def _command(self, frame: CommandFrame) -> list[Output]:
        if self.register == "" and self.access is not Access.ADMIN:
            detail = "a connection without a register may only look; name one in the hello"
            return [_fault(FaultCode.NOT_ALLOWED, detail, frame.id)]
        cls = _class_of(COMMANDS, frame.name)
        if cls is None or cls not in COMMAND_ANSWERS:
            return [_fault(FaultCode.UNKNOWN_NAME, _unknown("command", frame.name), frame.id)]
        forged = SYSTEM_FIELDS.get(cls, frozenset()) & frame.data.keys()
        if forged:
            detail = f"{', '.join(sorted(forged))} is set by the store alone; send `pin`"
            return [_fault(FaultCode.INVALID_DATA, detail, frame.id)]
        return self._asked(frame.id, frame.name, frame.data, cls, approval=frame.approval)

    def _query(self, frame: QueryFrame) -> list[Output]:
        cls = _class_of(QUERIES, frame.name)
        if cls is None:
            return [_fault(FaultCode.UNKNOWN_NAME, _unknown("query", frame.name), frame.id)]
        observes = self.register == "" and self.access is not Access.ADMIN
        if observes and frame.name not in _OBSERVER_QUERIES:
            allowed = " and ".join(sorted(_OBSERVER_QUERIES))
            detail = f"a connection without a register may ask for {allowed}"
            return [_fault(FaultCode.NOT_ALLOWED, detail, frame.id)]
        return self._asked(frame.id, frame.name, frame.data, cls, is_query=True)

    def _asked(
        self,
        frame_id: str,
        name: str,
        data: dict[str, Any],
        cls: type[Any],
        *,
        is_query: bool = False,
        approval: FrameApproval | None = None,
    ) -> list[Output]:
        if not _UUID.fullmatch(frame_id):
            detail = "`id` is a UUID in lower case with hyphens, best of version 7"
            return [_fault(FaultCode.INVALID_DATA, detail, frame_id[:36])]
        try:
            structure(data, cls)
        except WireError as error:
            return [_fault(FaultCode.INVALID_DATA, f"data: {describe(error)}", frame_id)]
        if self.outstanding >= OUTSTANDING_MAX:
            detail = (
                f"{OUTSTANDING_MAX} wait for their answers on this connection; nothing was done"
            )
            return [_fault(FaultCode.BUSY, f"{detail}; repeat it with the same id", frame_id)]
        ask = self._ask(frame_id, name, data, is_query=is_query, approval=approval)
        return [self._asking(_Waiting(frame_id), ask)]

    def _ask(
        self,
        frame_id: str,
        name: str,
        data: dict[str, Any],
        *,
        is_query: bool,
        approval: FrameApproval | None = None,
    ) -> Ask:
        return Ask(
            id=frame_id,
            register=self.register or OFFICE,
            name=name,
            data=data,
            is_query=is_query,
            admin=self.access is Access.ADMIN,
            approver=approval.operator if approval else "",
            approver_pin=approval.pin if approval else "",
        )

    def _asking(self, waiting: _Waiting, ask: Ask) -> AskRegister:
        self._tickets += 1
        self._waiting[self._tickets] = waiting
        return AskRegister(self._tickets, f"register/{ask.register}", ask)

    def answered(self, ticket: int, reply: Reply) -> list[Output]:
        """What to do now that `ticket` was answered; nothing where nobody waits any more."""
        waiting = self._waiting.pop(ticket, None)
        if reply.fault == "":
            self.head.hear(reply.epoch, reply.position)
        if waiting is None or self.phase is Phase.CLOSED:
            return []
        if waiting.is_hello:
            return self._welcome(reply)
        if reply.fault:
            return [Send(Fault(reply.fault, clip(reply.detail), waiting.id))]
        refusal = None
        if reply.refusal is not None:
            refusal = RefusalBody(reply.refusal["code"], reply.refusal["fields"])
        answer = AnswerFrame(waiting.id, reply.ok, reply.data, refusal, reply.epoch, reply.position)
        return [Send(answer)]

    def unanswered(self, ticket: int, kind: str) -> list[Output]:
        """What to do now that the post failed with `kind`: `busy`, `absent` or `no_answer`."""
        waiting = self._waiting.pop(ticket, None)
        if waiting is None or self.phase is Phase.CLOSED:
            return []
        if waiting.is_hello and kind == "absent":
            place = f"register {self.register!r}" if self.register else "the store's office"
            detail = f"{place} is not there (yet); check its name, or say hello again shortly"
            return self.close(FaultCode.REGISTER_ABSENT, detail)
        if kind == "no_answer":
            code = FaultCode.NO_ANSWER
            detail = "nobody knows whether it was done; repeat it with the same id to find out"
        else:
            code = FaultCode.BUSY
            detail = "the store is busy and nothing was done; repeat it with the same id"
        if waiting.is_hello:
            return self.close(code, detail)
        return [_fault(code, detail, waiting.id)]

    # ----------------------------------------------------------------------------- subscriptions

    def _subscribe(self, frame: Subscribe) -> list[Output]:
        topic = frame.topic
        if self.request_reply:
            return [_only_asks()]
        if topic not in TOPICS:
            return [_fault(FaultCode.UNKNOWN_NAME, f"`topic` is one of {', '.join(TOPICS)}")]
        of_store = topic in _STORE_TOPICS
        if not of_store and self.register == "":
            detail = "a connection without a register follows only status and events"
            return [_fault(FaultCode.NOT_ALLOWED, detail)]
        if frame.position < 0:
            return [_fault(FaultCode.INVALID_DATA, "`position` is not negative")]
        ended: list[Output] = [End(topic)] if topic in self.topics else []
        self.topics.add(topic)
        register = "" if of_store else self.register
        to = f"register/{self.register or OFFICE}"
        return [*ended, Begin(topic, register, frame.position, to, TOPICS[topic])]

    def _unsubscribe(self, frame: Unsubscribe) -> list[Output]:
        if self.request_reply:
            return [_only_asks()]
        if frame.topic not in self.topics:
            return []
        self.topics.discard(frame.topic)
        return [End(frame.topic)]

    def ask_for_view(self, name: str, data: dict[str, Any]) -> Ask:
        """The query a subscription makes on its own account, with this session's rights."""
        return self._ask(self.new_id(), name, data, is_query=True)


def _fault(code: FaultCode, detail: str, frame_id: str = "") -> Send:
    return Send(Fault(code.value, clip(detail), frame_id))


def _only_asks() -> Send:
    detail = "this door only answers; take its published hints and query again on each"
    return _fault(FaultCode.NOT_ALLOWED, detail)


def _class_of(registry: Any, name: str) -> type[Any] | None:
    try:
        found: type[Any] = registry.class_of(name)
    except WireError:
        return None
    return found


def _unknown(family: str, name: str) -> str:
    return f"there is no {family} {name[:NAME_LENGTH_MAX]!r} for front ends; see the schema"


def _is_register(text: str) -> bool:
    return text == "" or (len(text) <= REGISTER_LENGTH_MAX and text.isascii() and text.isalnum())
