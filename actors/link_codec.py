"""Frames of a link between two nodes: bytes to facts and back, with a limit on everything.

A frame is `CT`, one byte of kind, then a body. Numbers are big-endian.

    H hello     JSON: version, name, incarnation, nonce, token, session, received
    W welcome   JSON: version, name, incarnation, nonce, session, received
    R refused   JSON: version, code, detail
    D data      session u64, sequence u32, acknowledged u32, then a JSON list of items
    B beat      session u64, sequence u32 of the last data frame sent, acknowledged u32

An item is `[0, id, to, sender, ttl_ms, name, data]` for an ask, `[1, id, to, sender, name, data]`
for a tell and `[2, id, outcome, name, data]` for an answer. `name` is the message's registered name
and null for plain data; an answer's `outcome` is `ok`, or a kind of `actors.errors`, whose data is
the detail. Nothing is ever allocated for a length that a frame only claims to have.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

import attrs
import orjson
from attrs import frozen

from actors.errors import POST_ERRORS, LinkProtocolError, OversizedError
from actors.limits import (
    ADDRESS_LENGTH_MAX,
    ASK_TIMEOUT_S_MAX,
    FRAME_BYTES_MAX,
    HELLO_BYTES_MAX,
    ITEM_BYTES_MAX,
    ITEMS_PER_FRAME_MAX,
    NAME_LENGTH_MAX,
    TOKEN_LENGTH_MAX,
)

MAGIC = b"CT"
ID_LENGTH_MAX = 64
DETAIL_LENGTH_MAX = 400
TTL_MS_MAX = int(ASK_TIMEOUT_S_MAX * 1_000)
OK = "ok"
_OUTCOMES = frozenset({OK, *POST_ERRORS})
_COUNTERS = struct.Struct(">QII")
_HEAD_BYTES = 3
_SESSION_MAX = 1 << 63


@frozen
class Hello:
    """The dialling node's first frame. `session` 0 asks for a new one, else to go on with that;
    `received` is the last data frame taken of it. `nonce` is the same for a hello sent again."""

    version: int
    name: str
    incarnation: str
    nonce: str
    token: str = ""
    session: int = 0
    received: int = 0


@frozen
class Welcome:
    """The listening node's answer: the session that counts, and how far it had received."""

    version: int
    name: str
    incarnation: str
    nonce: str
    session: int
    received: int


@frozen
class Refused:
    """The listening node's no; `code` is stable, `version` what it speaks itself."""

    version: int
    code: str
    detail: str


@frozen
class Ask:
    """An ask; `ttl_ms` is how long its asker still waits, None for without end."""

    id: str
    to: str
    sender: str
    ttl_ms: int | None
    name: str | None
    data: Any


@frozen
class Tell:
    """A tell."""

    id: str
    to: str
    sender: str
    name: str | None
    data: Any


@frozen
class Answer:
    """An answer to the ask `id`."""

    id: str
    outcome: str
    name: str | None
    data: Any


Item = Ask | Tell | Answer


@frozen
class Data:
    """Items in order; `sequence` counts frames from 1, `acknowledged` is the last one taken."""

    session: int
    sequence: int
    acknowledged: int
    items: tuple[Item, ...]


@frozen
class Beat:
    """A sign of life with the sender's counters."""

    session: int
    sequence: int
    acknowledged: int


Frame = Hello | Welcome | Refused | Data | Beat


# ------------------------------------------------------------------------------------- to bytes


def encode_hello(hello: Hello) -> bytes:
    """The bytes of a hello."""
    return _encode_json(b"H", hello)


def encode_welcome(welcome: Welcome) -> bytes:
    """The bytes of a welcome."""
    return _encode_json(b"W", welcome)


def encode_refused(refused: Refused) -> bytes:
    """The bytes of a refusal; a long detail is cut."""
    return _encode_json(b"R", Refused(refused.version, refused.code, clip(refused.detail)))


def clip(detail: str) -> str:
    """A detail at the length a frame may carry."""
    return detail[:DETAIL_LENGTH_MAX]


def _encode_json(kind: bytes, message: Hello | Welcome | Refused) -> bytes:
    fields = attrs.asdict(message)
    return MAGIC + kind + orjson.dumps(fields)


def encode_ask(ask: Ask) -> bytes:
    """The bytes of one ask, to be put in a data frame.

    Raises:
        OversizedError: longer than an item may be.
        TypeError: `data` is not plain data.
    """
    return _item([0, ask.id, ask.to, ask.sender, ask.ttl_ms, ask.name, ask.data])


def encode_tell(tell: Tell) -> bytes:
    """The bytes of one tell; raises as `encode_ask`."""
    return _item([1, tell.id, tell.to, tell.sender, tell.name, tell.data])


def encode_answer(answer: Answer) -> bytes:
    """The bytes of one answer; raises as `encode_ask`."""
    return _item([2, answer.id, answer.outcome, answer.name, answer.data])


_PLAIN = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def _item(fields: list[Any]) -> bytes:
    encoded = orjson.dumps(fields, option=_PLAIN)
    if len(encoded) > ITEM_BYTES_MAX:
        raise OversizedError(
            f"the message has {len(encoded)} bytes and a link carries {ITEM_BYTES_MAX}; "
            "it was not sent; send it in parts"
        )
    return encoded


def encode_data(session: int, sequence: int, acknowledged: int, items: bytes) -> bytes:
    """A data frame around what `join_items` made."""
    return MAGIC + b"D" + _COUNTERS.pack(session, sequence, acknowledged) + items


def join_items(items: Iterable[bytes]) -> bytes:
    """Encoded items as the one list a data frame carries."""
    return b"[" + b",".join(items) + b"]"


def encode_beat(session: int, sequence: int, acknowledged: int) -> bytes:
    """A sign of life."""
    return MAGIC + b"B" + _COUNTERS.pack(session, sequence, acknowledged)


# ----------------------------------------------------------------------------------- from bytes


def decode(frame: bytes) -> Frame:
    """The fact behind a frame's bytes.

    Raises:
        LinkProtocolError: they are no frame, or one beyond the limits.
    """
    if len(frame) > FRAME_BYTES_MAX:
        raise LinkProtocolError(f"a frame of {len(frame)} bytes; at most {FRAME_BYTES_MAX}")
    kind = frame[2:_HEAD_BYTES]
    if frame[:2] != MAGIC:
        raise LinkProtocolError("not a frame of this protocol")
    if kind == b"D":
        return _decode_data(frame)
    if kind == b"B":
        if len(frame) != _HEAD_BYTES + _COUNTERS.size:
            raise LinkProtocolError("a beat of the wrong length")
        return Beat(*_COUNTERS.unpack_from(frame, _HEAD_BYTES))
    if kind == b"H":
        return _decode_hello(_json_object(frame))
    if kind == b"W":
        return _decode_welcome(_json_object(frame))
    if kind == b"R":
        fields = _json_object(frame)
        return Refused(
            version=_number(fields, "version"),
            code=_text(fields, "code", NAME_LENGTH_MAX),
            detail=_text(fields, "detail", DETAIL_LENGTH_MAX, least=0),
        )
    raise LinkProtocolError("an unknown kind of frame")


def _decode_hello(fields: dict[str, Any]) -> Hello:
    return Hello(
        version=_number(fields, "version"),
        name=_text(fields, "name", NAME_LENGTH_MAX),
        incarnation=_text(fields, "incarnation", ID_LENGTH_MAX),
        nonce=_text(fields, "nonce", ID_LENGTH_MAX),
        token=_text(fields, "token", TOKEN_LENGTH_MAX, least=0),
        session=_number(fields, "session"),
        received=_number(fields, "received"),
    )


def _decode_welcome(fields: dict[str, Any]) -> Welcome:
    return Welcome(
        version=_number(fields, "version"),
        name=_text(fields, "name", NAME_LENGTH_MAX),
        incarnation=_text(fields, "incarnation", ID_LENGTH_MAX),
        nonce=_text(fields, "nonce", ID_LENGTH_MAX),
        session=_number(fields, "session"),
        received=_number(fields, "received"),
    )


def _parse(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise LinkProtocolError(f"a frame's body is not JSON: {error}") from None


def _json_object(frame: bytes) -> dict[str, Any]:
    if len(frame) > HELLO_BYTES_MAX:
        raise LinkProtocolError("a handshake frame beyond its limit")
    fields = _parse(frame[_HEAD_BYTES:])
    if not isinstance(fields, dict):
        raise LinkProtocolError("a handshake frame without fields")
    return fields


def _number(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    if type(value) is not int or not 0 <= value < _SESSION_MAX:
        raise LinkProtocolError(f"{name} is not a number a handshake may have")
    return value


def _text(fields: dict[str, Any], name: str, most: int, least: int = 1) -> str:
    value = fields.get(name)
    if type(value) is not str or not least <= len(value) <= most:
        raise LinkProtocolError(f"{name} is not a text a handshake may have")
    return value


def _decode_data(frame: bytes) -> Data:
    start = _HEAD_BYTES + _COUNTERS.size
    if len(frame) < start:
        raise LinkProtocolError("a data frame cut short")
    session, sequence, acknowledged = _COUNTERS.unpack_from(frame, _HEAD_BYTES)
    items = _parse(frame[start:])
    if type(items) is not list or not 0 < len(items) <= ITEMS_PER_FRAME_MAX:
        raise LinkProtocolError("a data frame has 1 to 256 items")
    return Data(session, sequence, acknowledged, tuple(map(_decode_item, items)))


def _decode_item(fields: Any) -> Item:
    match fields:
        case [0, str(id_), str(to), str(sender), (int() | None) as ttl_ms, name, data] if (
            _addressed(id_, to, sender, name)
            and (ttl_ms is None or (type(ttl_ms) is int and 0 <= ttl_ms <= TTL_MS_MAX))
        ):
            return Ask(id_, to, sender, ttl_ms, name, data)
        case [1, str(id_), str(to), str(sender), name, data] if _addressed(id_, to, sender, name):
            return Tell(id_, to, sender, name, data)
        case [2, str(id_), str(outcome), name, data] if (
            0 < len(id_) <= ID_LENGTH_MAX
            and outcome in _OUTCOMES
            and (outcome == OK or type(data) is str)
            and _named(name)
        ):
            return Answer(id_, outcome, name, data)
        case _:
            raise LinkProtocolError("an item of no known shape")


def _addressed(id_: str, to: str, sender: str, name: object) -> bool:
    return (
        0 < len(id_) <= ID_LENGTH_MAX
        and 0 < len(to) <= ADDRESS_LENGTH_MAX
        and len(sender) <= ADDRESS_LENGTH_MAX
        and _named(name)
    )


def _named(name: object) -> bool:
    return name is None or (type(name) is str and 0 < len(name) <= NAME_LENGTH_MAX)
