"""Bytes of the front-end protocol to frames and back; no IO and no opinion about whose turn it is.

A frame is one JSON object in UTF-8 whose `type` names it. What is not a frame becomes a
`FrameError` with a stable code and a sentence that says what to change; it never quotes values, for
one of them may be a PIN.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import orjson
from attrs import frozen

from engine.wire import WireError, structure, unstructure
from protocols.front.frames import (
    FRAMES,
    VERSION,
    AnswerFrame,
    CommandFrame,
    Fault,
    FaultCode,
    Hello,
    Ping,
    Pong,
    QueryFrame,
    Subscribe,
    Unsubscribe,
    Update,
    Welcome,
)
from protocols.limits import (
    DETAIL_LENGTH_MAX,
    FRAME_BYTES_MAX,
    FRAME_DEPTH_MAX,
    ID_LENGTH_MAX,
    INTEGER_MAX,
)

ClientFrame = Hello | CommandFrame | QueryFrame | Subscribe | Unsubscribe | Ping
ServerFrame = Welcome | AnswerFrame | Update | Pong | Fault

_FROM_CLIENT: Final[dict[str, type[Any]]] = {
    FRAMES.name_of(cls): cls
    for cls in (Hello, CommandFrame, QueryFrame, Subscribe, Unsubscribe, Ping)
}
_FROM_SERVER: Final[dict[str, type[Any]]] = {
    FRAMES.name_of(cls): cls for cls in (Welcome, AnswerFrame, Update, Pong, Fault)
}
_UPDATE = FRAMES.name_of(Update)
_KEY = re.compile(rb'"\s*:')


class FrameError(ValueError):
    """Bytes that are no frame; `code` and `detail` go to the other side, and `id` if it had one."""

    def __init__(self, code: FaultCode, detail: str, frame_id: str = "") -> None:
        super().__init__(f"{code.value}: {detail}")
        self.code = code
        self.detail = clip(detail)
        self.id = frame_id

    def fault(self) -> Fault:
        """The frame that says so."""
        return Fault(self.code.value, self.detail, self.id)


@frozen
class _Shape:
    """What a walk over plain data found."""

    keys: int
    problem: str = ""


def clip(detail: str) -> str:
    """A detail at the length a fault may carry."""
    return detail if len(detail) <= DETAIL_LENGTH_MAX else detail[: DETAIL_LENGTH_MAX - 1] + "…"


# ----------------------------------------------------------------------------------- from bytes


def decode_client(payload: bytes | str) -> ClientFrame:
    """The frame a front end sent.

    Raises:
        FrameError: `frame_too_large`, `malformed`, `version_unsupported` or `invalid_data`.
    """
    fields = parse_object(payload, FRAME_BYTES_MAX)
    frame: ClientFrame = _structured(fields, _FROM_CLIENT)
    return frame


def decode_server(payload: bytes | str, bytes_max: int) -> ServerFrame:
    """The frame the store sent, of at most `bytes_max`; raises as `decode_client`."""
    fields = parse_object(payload, bytes_max)
    frame: ServerFrame = _structured(fields, _FROM_SERVER)
    return frame


def parse_object(payload: bytes | str, bytes_max: int) -> dict[str, Any]:
    """The JSON object in `payload`: within its limits, no key twice, no number beyond 64 bits.

    Raises:
        FrameError: `frame_too_large` or `malformed`.
    """
    if len(payload) > bytes_max:
        raise _too_large(len(payload), bytes_max)
    if isinstance(payload, str):
        payload = _utf8(payload)
        if len(payload) > bytes_max:
            raise _too_large(len(payload), bytes_max)
    try:
        fields = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise FrameError(FaultCode.MALFORMED, f"the frame is not UTF-8 JSON: {error}") from None
    if not isinstance(fields, dict):
        raise FrameError(FaultCode.MALFORMED, "a frame is one JSON object with a `type`")
    shape = _walk(fields)
    if shape.problem:
        raise FrameError(FaultCode.MALFORMED, shape.problem, _id_of(fields))
    # Each key is followed by a colon at least once in the text; only more colons than keys may hide
    # a key that stands twice, and only then is the text read again, slowly.
    if len(_KEY.findall(payload)) > shape.keys and _has_duplicates(payload):
        raise FrameError(FaultCode.MALFORMED, "a field stands twice in one object", _id_of(fields))
    return fields


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise FrameError(FaultCode.MALFORMED, "the frame holds half a character") from None


def _too_large(size: int, bytes_max: int) -> FrameError:
    return FrameError(
        FaultCode.FRAME_TOO_LARGE,
        f"the frame has {size} bytes and at most {bytes_max} are read; nothing was done; "
        "send less in one frame",
    )


def _walk(root: Any) -> _Shape:
    """Count keys; say what goes too deep or counts too far. Bounded by the frame's own size."""
    keys = 0
    waiting: list[tuple[Any, int]] = [(root, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > FRAME_DEPTH_MAX:
            return _Shape(keys, f"objects and lists go deeper than {FRAME_DEPTH_MAX} levels")
        children = value.values() if isinstance(value, dict) else value
        keys += len(value) if isinstance(value, dict) else 0
        for child in children:
            if isinstance(child, dict | list):
                waiting.append((child, depth + 1))
            elif type(child) is int and not -INTEGER_MAX <= child <= INTEGER_MAX:
                return _Shape(keys, "a number does not fit 64 bits with a sign")
    return _Shape(keys)


def _has_duplicates(payload: bytes) -> bool:
    found = False

    def pairs(entries: list[tuple[str, Any]]) -> None:
        nonlocal found
        found = found or len({key for key, _ in entries}) != len(entries)

    try:
        json.loads(payload, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return True  # what only the second reader stumbles over stands in a value the first dropped
    return found


def _id_of(fields: dict[str, Any]) -> str:
    value = fields.get("id")
    return value if isinstance(value, str) and len(value) <= ID_LENGTH_MAX else ""


def _structured(fields: dict[str, Any], classes: dict[str, type[Any]]) -> Any:
    frame_id = _id_of(fields)
    kind = fields.pop("type", None)
    cls = classes.get(kind) if isinstance(kind, str) else None
    if cls is None:
        expected = ", ".join(classes)
        raise FrameError(FaultCode.MALFORMED, f"`type` must be one of {expected}", frame_id)
    if cls is Hello:
        _check_version(fields)
    try:
        return structure(fields, cls)
    except WireError as error:
        raise FrameError(FaultCode.INVALID_DATA, describe(error), frame_id) from None


def _check_version(fields: dict[str, Any]) -> None:
    """A hello of another version may have other fields: its version is judged before its shape."""
    version = fields.get("version")
    if type(version) is int and version != VERSION:
        raise FrameError(
            FaultCode.VERSION_UNSUPPORTED,
            f"this store speaks version {VERSION} of the protocol, not {version}; "
            "use a front end of the store's own release",
        )


def describe(error: WireError) -> str:
    """The problems of a `WireError` in one line, each with its path from `$`."""
    return clip("; ".join(error.problems))


# ------------------------------------------------------------------------------------- to bytes


def encode(frame: ClientFrame | ServerFrame) -> bytes:
    """The bytes of a frame, every field present."""
    if type(frame) is Update:
        # Its data is as plain as it was made, and a whole view: what is not would be made so.
        fields = {"topic": frame.topic, "epoch": frame.epoch, "position": frame.position}
        return orjson.dumps({"type": _UPDATE, **fields, "data": frame.data}, unstructure)
    return orjson.dumps({"type": FRAMES.name_of(frame), **unstructure(frame)})
