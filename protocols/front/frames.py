"""The frames of the front-end protocol, version 1. One JSON object a frame, `type` names it.

Client to server: `hello` first, then `command`, `query`, `subscribe`, `unsubscribe`, `ping`.
Server to client: `welcome`, `answer`, `update`, `pong`, `fault`. Over nng's request and reply each
request frame gets exactly one reply frame; updates are WebSocket's alone, and an nng client asks
again (`query`) when the publisher's hint (epoch, position) says something changed.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from attrs import frozen

from engine.wire import Registry

VERSION = 1
FRAMES = Registry("frame")


@FRAMES.name("hello")
@frozen
class Hello:
    """First frame of a connection. `register` is the position it sells at; "" for an observer."""

    version: int
    token: str
    register: str = ""
    client: str = ""


@FRAMES.name("welcome")
@frozen
class Welcome:
    """The connection is accepted. `heartbeat_s` is how often to ping."""

    version: int
    store: str
    epoch: int
    position: int
    heartbeat_s: int


@FRAMES.name("approval")
@frozen
class FrameApproval:
    """A second person's PIN for the command that carries it."""

    operator: str
    pin: str


@FRAMES.name("command")
@frozen
class CommandFrame:
    """Do `name` with `data`. `id` is the client's UUIDv7; repeat it and nothing happens twice."""

    id: str
    name: str
    data: dict[str, Any]
    approval: FrameApproval | None = None


@FRAMES.name("query")
@frozen
class QueryFrame:
    """Ask `name` with `data`; `id` only pairs the answer."""

    id: str
    name: str
    data: dict[str, Any]


@FRAMES.name("subscribe")
@frozen
class Subscribe:
    """Follow a topic: `register` (a RegisterView after each change), `display` (the customer's
    view of this register), `events` (facts after `position`, without loss), `status`, `notice`
    (what became of a code the register's scanner read; or, with an empty code, in `signed_on` who
    gave their PIN at this register), and `scans` (each code the register's scanner reads: while a
    front end follows this, what becomes of a code is its to say, and the store rings up none; of
    several the one that began last is told, and `notice` says `scan_asked_for_elsewhere`)."""

    topic: str
    position: int = 0


@FRAMES.name("unsubscribe")
@frozen
class Unsubscribe:
    """Stop following."""

    topic: str


@FRAMES.name("ping")
@frozen
class Ping:
    """Are you there."""

    at: int = 0


@FRAMES.name("pong")
@frozen
class Pong:
    """Yes; `at` is the ping's, `position` the journal's."""

    at: int
    epoch: int
    position: int


@FRAMES.name("refusal")
@frozen
class RefusalBody:
    """A decided no: `code` names the condition required, `fields` hold figures."""

    code: str
    fields: dict[str, Any]


@FRAMES.name("answer")
@frozen
class AnswerFrame:
    """The answer to a command or a query: `ok` with `data`, or not ok with `refusal`.

    `position` is where it was computed; it is released only when that is durable.
    """

    id: str
    ok: bool
    data: Any = None
    refusal: RefusalBody | None = None
    epoch: int = 0
    position: int = 0


@FRAMES.name("update")
@frozen
class Update:
    """News on a topic. Snapshot topics send the whole view; `events` sends what happened."""

    topic: str
    epoch: int
    position: int
    data: Any


class FaultCode(Enum):
    """Why a frame was not taken. After `busy` and `no_answer` repeat it with the same id."""

    MALFORMED = "malformed"
    FRAME_TOO_LARGE = "frame_too_large"
    INVALID_DATA = "invalid_data"
    UNKNOWN_NAME = "unknown_name"
    HELLO_EXPECTED = "hello_expected"
    HELLO_TWICE = "hello_twice"
    VERSION_UNSUPPORTED = "version_unsupported"
    TOKEN_WRONG = "token_wrong"
    REGISTER_ABSENT = "register_absent"
    NOT_ALLOWED = "not_allowed"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    ANSWER_TOO_LARGE = "answer_too_large"
    COMMAND_ID_REUSED = "command_id_reused"
    ENGINE_FAULT = "engine_fault"


@FRAMES.name("fault")
@frozen
class Fault:
    """The frame was not understood or not taken: `code` is one of `FaultCode`, stable; `detail`
    says what to change. `id` is the frame's, "" where it had none or the connection is meant."""

    code: str
    detail: str
    id: str = ""
