"""The journal record: what is stored of one fact, its payload bytes and its place in the chain.

The payload is the canonical JSON of everything that does not depend on where the record lands:
stream, version, name, stamp, command, operator, register and data. Position, epoch and kind enter
the chain hash beside it, so nothing of a record can change without the hash showing it.
"""

from __future__ import annotations

from typing import Any, Literal

from attrs import frozen

from engine.stamp import Stamp
from engine.wire import WireError, canonical, parse
from native import chain_hash

Kind = Literal["live", "training"]
KINDS: tuple[Kind, ...] = ("live", "training")

GENESIS = bytes(32)
"""What stands as the previous hash of position 1."""

RESTORED = "journal.restored/1"
"""Wire name of the record that opens every epoch after the first."""

JOURNAL_STREAM = "journal"
"""The stream of what happened to the journal itself."""

_NAME_KEY = b'},"name":'
_TEXTS = ("stream", "name", "command_id", "operator", "register")
_KEYS = {*_TEXTS, "stream_version", "stamp", "data"}
_STAMP_KEYS = {"now_ns", "utc_offset_s", "business_date"}


@frozen
class HeadMark:
    """The last durable record when something was decided: its position and how its hash begins.

    A receipt carries it, so that whoever holds the paper can show that the journal had that record.
    """

    position: int
    digits: str


@frozen
class NewRecord:
    """A fact before it has a position. `stream_version` counts from 1 within its stream, gapless.

    `operator` and `register` are empty where none was involved. `data` is plain JSON data: text,
    64-bit integers, booleans, None, lists and objects.
    """

    kind: Kind
    stream: str
    stream_version: int
    name: str
    command_id: str
    operator: str
    register: str
    stamp: Stamp
    data: dict[str, Any]

    def at(self, position: int, epoch: int) -> Record:
        """This fact with its place in the journal."""
        return Record(
            position,
            epoch,
            self.kind,
            self.stream,
            self.stream_version,
            self.name,
            self.command_id,
            self.operator,
            self.register,
            self.stamp,
            self.data,
        )


@frozen
class Record:
    """A fact in the journal. Positions are gapless from 1 over all kinds; epochs never decrease."""

    position: int
    epoch: int
    kind: Kind
    stream: str
    stream_version: int
    name: str
    command_id: str
    operator: str
    register: str
    stamp: Stamp
    data: dict[str, Any]


@frozen
class Restored:
    """Data of `journal.restored/1`: a backup became the journal, and from where it goes on.

    `previous_hash` is the hexadecimal hash of the last record of the backup, or 64 zeros where it
    held none.
    """

    previous_epoch: int
    previous_position: int
    previous_hash: str
    reason: str


def payload_bytes(record: NewRecord | Record) -> bytes:
    """The bytes that are stored and hashed."""
    stamp = record.stamp
    return canonical(
        {
            "command_id": record.command_id,
            "data": record.data,
            "name": record.name,
            "operator": record.operator,
            "register": record.register,
            "stamp": {
                "business_date": stamp.business_date,
                "now_ns": stamp.now_ns,
                "utc_offset_s": stamp.utc_offset_s,
            },
            "stream": record.stream,
            "stream_version": record.stream_version,
        }
    )


def payload_says(
    payload: bytes, stream: str, stream_version: int, name: str, command_id: str
) -> bool:
    """Whether a payload as `payload_bytes` makes it is of that stream, version, name and command.

    The four stand outside `data`, and a quote within a text is never bare, so they are found
    without reading the rest: a long replay needs most records for nothing else.
    """
    at = payload.rfind(_NAME_KEY)
    return (
        payload.startswith(b'{"command_id":%b,"data":{' % canonical(command_id))
        and payload.startswith(_NAME_KEY + canonical(name) + b',"operator":"', at)
        and payload.endswith(
            b'},"stream":%b,"stream_version":%d}' % (canonical(stream), stream_version)
        )
    )


def record_from_payload(position: int, epoch: int, kind: str, payload: bytes) -> Record:
    """The record behind stored bytes.

    Raises:
        WireError: the bytes are not a payload as `payload_bytes` makes it.
    """
    body = parse(payload)
    if not isinstance(body, dict) or body.keys() != _KEYS:
        raise WireError(("a record payload has exactly " + ", ".join(sorted(_KEYS)),))
    if kind not in KINDS:
        raise WireError((f"unknown record kind {kind!r}",))
    for key in _TEXTS:
        if type(body[key]) is not str:
            raise WireError((f"{key} is not text",))
    if type(body["stream_version"]) is not int or type(body["data"]) is not dict:
        raise WireError(("stream_version is an integer and data an object",))
    return Record(
        position,
        epoch,
        kind,
        body["stream"],
        body["stream_version"],
        body["name"],
        body["command_id"],
        body["operator"],
        body["register"],
        _stamp(body["stamp"]),
        body["data"],
    )


def _stamp(value: Any) -> Stamp:
    if not isinstance(value, dict) or value.keys() != _STAMP_KEYS:
        raise WireError(("stamp is not as registered",))
    now_ns, offset_s, date = value["now_ns"], value["utc_offset_s"], value["business_date"]
    if type(now_ns) is not int or type(offset_s) is not int or type(date) is not str:
        raise WireError(("stamp is not as registered",))
    return Stamp(now_ns, offset_s, date)


def record_hash(
    store_id: str, kind: str, epoch: int, position: int, previous: bytes, payload: bytes
) -> bytes:
    """The chain hash of a record: 32 bytes over its place, the hash before it and its payload."""
    return chain_hash(store_id, kind, epoch, position, previous, payload)
