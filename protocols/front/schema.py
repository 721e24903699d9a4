"""The protocol as machines read it: JSON Schema, AsyncAPI and TypeScript, from the attrs classes.

What goes out has every field; what comes in may leave out a field with a default. A class that goes
both ways and has defaults appears twice, the one for input with `Input` behind its name.

Source: JSON Schema draft 2020-12; AsyncAPI 3.0.0.
"""

from __future__ import annotations

import inspect
import types
import typing
from enum import Enum
from typing import Any, Final

import attrs

from engine.queries import ANSWERS, QUERIES
from protocols.front.answers import COMMAND_ANSWERS, SYSTEM_FIELDS, front_commands
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
    RefusalBody,
    Subscribe,
    Unsubscribe,
    Update,
    Welcome,
)
from protocols.front.topics import TOPICS

Json = dict[str, Any]
CLIENT_FRAMES: Final = (Hello, CommandFrame, QueryFrame, Subscribe, Unsubscribe, Ping)
SERVER_FRAMES: Final = (Welcome, AnswerFrame, Update, Pong, Fault)
BOUND: Final = 2**63 - 1
_PRIMITIVES: Final[dict[Any, Json]] = {
    int: {"type": "integer", "minimum": -BOUND, "maximum": BOUND},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
}


def words_of(cls: type) -> str:
    """A class's docstring as one paragraph; attrs' own generated ones do not count."""
    words = inspect.getdoc(cls) or ""
    return " ".join(words.split())


def hints_of(cls: type) -> dict[str, Any]:
    """Field names to their types, resolved where the class was written."""
    hints = typing.get_type_hints(cls)
    return {entry.name: hints[entry.name] for entry in attrs.fields(cls)}


def has_default(cls: type, name: str) -> bool:
    """Whether a sender may leave the field out."""
    return getattr(attrs.fields(cls), name).default is not attrs.NOTHING


class Schemas:
    """Definitions collected from classes; `taken` is for input, where defaults may be left out."""

    def __init__(self) -> None:
        self.definitions: dict[str, Json] = {}
        self._owners: dict[str, type] = {}

    def of(self, annotation: Any, *, taken: bool) -> Json:
        """The schema of an annotation; classes become references."""
        if annotation in _PRIMITIVES:
            return dict(_PRIMITIVES[annotation])
        if annotation in (Any, object):
            return {}
        origin, args = typing.get_origin(annotation), typing.get_args(annotation)
        if origin in (typing.Union, types.UnionType):
            return {"anyOf": [self.of(arg, taken=taken) for arg in args]}
        if origin is tuple and len(args) == 2 and args[1] is Ellipsis:
            return {"type": "array", "items": self.of(args[0], taken=taken)}
        if origin is frozenset:
            return {"type": "array", "items": self.of(args[0], taken=taken), "uniqueItems": True}
        if origin is dict and args[0] is str:
            return {"type": "object", "additionalProperties": self.of(args[1], taken=taken)}
        if isinstance(annotation, type) and issubclass(annotation, Enum):
            name = self._claim(annotation.__name__, annotation)
            self.definitions[name] = {
                "description": words_of(annotation),
                "type": "string",
                "enum": [member.value for member in annotation],
            }
            return _reference(name)
        if isinstance(annotation, type) and attrs.has(annotation):
            return self.of_class(annotation, taken=taken)
        raise TypeError(f"the protocol has no form for {annotation!r}; give it one here")

    def of_class(self, cls: type, *, taken: bool) -> Json:
        """A reference to a class's definition, made on the way."""
        name = self.name_for(cls, taken=taken)
        known = name in self.definitions
        self._claim(name, cls)
        if not known:
            self.definitions[name] = {}
            self.definitions[name] = self.object_of(cls, taken=taken)
        return _reference(name)

    def object_of(self, cls: type, *, taken: bool) -> Json:
        """A class's own schema, without a definition; what only the store sets is not taken."""
        hidden = SYSTEM_FIELDS.get(cls, frozenset()) if taken else frozenset()
        fields = {name: hint for name, hint in hints_of(cls).items() if name not in hidden}
        required = [name for name in fields if not (taken and has_default(cls, name))]
        return {
            "description": words_of(cls),
            "type": "object",
            "properties": {name: self.of(hint, taken=taken) for name, hint in fields.items()},
            "required": required,
            "additionalProperties": False,
        }

    def name_for(self, cls: type, *, taken: bool) -> str:
        """`Input` marks the form that may leave fields out, where the two differ."""
        return f"{cls.__name__}Input" if taken and _differs(cls) else cls.__name__

    def _claim(self, name: str, cls: type) -> str:
        owner = self._owners.setdefault(name, cls)
        if owner is not cls:
            raise TypeError(f"{owner.__module__} and {cls.__module__} both have a class {name}")
        return name


def _reference(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def _differs(cls: type, seen: frozenset[type] = frozenset()) -> bool:
    """Whether a class, or one within it, has a field that may be left out."""
    if cls in seen:
        return False
    for name, hint in hints_of(cls).items():
        if has_default(cls, name):
            return True
        for inner in _classes_in(hint):
            if _differs(inner, seen | {cls}):
                return True
    return False


def _classes_in(annotation: Any) -> list[type]:
    if isinstance(annotation, type) and attrs.has(annotation):
        return [annotation]
    return [cls for arg in typing.get_args(annotation) for cls in _classes_in(arg)]


# ------------------------------------------------------------------------------------ JSON Schema


def frame_schema(schemas: Schemas, cls: type, kind: str, *, taken: bool) -> str:
    """Define a frame with its `type`; returns the definition's name."""
    name = f"{kind.title()}Frame"
    body = schemas.object_of(cls, taken=taken)
    body["properties"] = {"type": {"const": kind}, **body["properties"]}
    body["required"] = ["type", *body["required"]]
    schemas.definitions[name] = body
    return name


def definitions() -> Json:
    """Every definition of the protocol by name, in order."""
    schemas = Schemas()
    client = [frame_schema(schemas, c, FRAMES.name_of(c), taken=True) for c in CLIENT_FRAMES]
    server = [frame_schema(schemas, c, FRAMES.name_of(c), taken=False) for c in SERVER_FRAMES]
    schemas.of(FaultCode, taken=False)
    schemas.of_class(RefusalBody, taken=False)
    commands = {
        name: {
            "data": schemas.of_class(cls, taken=True),
            "answer": schemas.of_class(COMMAND_ANSWERS[cls], taken=False),
        }
        for name, cls in front_commands()
    }
    queries = {
        name: {
            "data": schemas.of_class(cls, taken=True),
            "answer": schemas.of(ANSWERS[cls], taken=False),
        }
        for name, cls in QUERIES.items()
    }
    found = schemas.definitions
    found["ClientFrame"] = {"oneOf": [_reference(name) for name in client]}
    found["ServerFrame"] = {"oneOf": [_reference(name) for name in server]}
    found["SubscribeFrame"]["properties"]["topic"] = {"enum": list(TOPICS)}
    _bind_names(found["CommandFrame"], commands)
    _bind_names(found["QueryFrame"], queries)
    return {"$defs": dict(sorted(found.items())), "commands": commands, "queries": queries}


def _bind_names(frame: Json, family: dict[str, Json]) -> None:
    """Let `name` decide what `data` is."""
    frame["properties"]["name"] = {"enum": sorted(family)}
    frame["properties"]["id"]["format"] = "uuid"
    frame["allOf"] = [
        {
            "if": {"properties": {"name": {"const": name}}},
            "then": {"properties": {"data": entry["data"]}},
        }
        for name, entry in sorted(family.items())
    ]


def json_schema() -> Json:
    """One document: validates a client's frame; everything else is under `$defs`."""
    found = definitions()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:countertop:front-end-protocol:{VERSION}",
        "title": "Countertop front-end protocol",
        "description": "A frame from a front end. Integers are whole and within 64 bits with a "
        "sign; 1.0 is no integer here although JSON Schema takes it for one.",
        "$ref": "#/$defs/ClientFrame",
        "$defs": found["$defs"],
        "x-commands": found["commands"],
        "x-queries": found["queries"],
    }


def asyncapi() -> Json:
    """The same as AsyncAPI: two servers, one channel, what goes which way."""
    found = definitions()["$defs"]
    components = {name: _relocated(schema) for name, schema in found.items()}
    messages = {
        name.removesuffix("Frame").lower(): {
            "name": name.removesuffix("Frame").lower(),
            "contentType": "application/json",
            "summary": found[name].get("description", ""),
            "payload": {"$ref": f"#/components/schemas/{name}"},
        }
        for name in sorted(found)
        if name.endswith("Frame") and "oneOf" not in found[name]
    }
    sent = [name.__name__.removesuffix("Frame").lower() for name in CLIENT_FRAMES]
    given = [name.__name__.removesuffix("Frame").lower() for name in SERVER_FRAMES]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Countertop front-end protocol",
            "version": f"{VERSION}.0.0",
            "description": "JSON frames between a front end and the store. The first frame is "
            "`hello` with the token.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "websocket": {"host": "127.0.0.1:8080", "pathname": "/ws", "protocol": "ws"},
            "nng": {
                "host": "127.0.0.1:8081",
                "protocol": "nng",
                "description": "Request and reply; also over ipc://. Nothing is followed there.",
            },
        },
        "channels": {
            "conversation": {
                "address": "/ws",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": {
            "take": _operation("receive", "What the store takes.", sent),
            "give": _operation("send", "What the store sends.", given),
        },
        "components": {"messages": messages, "schemas": components},
    }


def _operation(action: str, summary: str, names: list[str]) -> Json:
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": "#/channels/conversation"},
        "messages": [{"$ref": f"#/channels/conversation/messages/{name}"} for name in names],
    }


def _relocated(schema: Any) -> Any:
    """The same schema with its references below `components`."""
    if isinstance(schema, dict):
        return {
            key: value.replace("#/$defs/", "#/components/schemas/")
            if key == "$ref"
            else _relocated(value)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [_relocated(entry) for entry in schema]
    return schema
