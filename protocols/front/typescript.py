"""The protocol's definitions as TypeScript: one interface a definition, and maps by name."""

from __future__ import annotations

import json
from typing import Any

from protocols.front.frames import VERSION
from protocols.front.schema import definitions
from protocols.front.topics import TOPICS

Json = dict[str, Any]
COMMAND = "python tools/schemas.py"
_WIDTH = 96
_TOPIC_VIEWS = {
    "register": "RegisterView",
    "display": "DisplayView",
    "status": "StatusView",
    "events": "EventsView",
    "notice": "NoticeView",
    "scans": "ScanView",
}
_HEAD = f"""// Generated from the store's own classes by `{COMMAND}`. Do not edit: change the
// class, and generate again. Amounts are in minor units, quantities in thousandths, unit prices in
// millionths of the major unit, moments in nanoseconds since 1970.

export const VERSION = {VERSION} as const;
"""
_NOTICE = """
/** What became of a code the register's scanner read; or who gave their PIN here, and no code. */
export interface NoticeView {
  code: string;
  ok: boolean;
  refusal: RefusalBody | null;
  signed_on?: string;
}

/** A code the register's scanner read, for whoever follows `scans` to do something with. */
export interface ScanView {
  code: string;
}
"""


def typescript() -> str:
    """The whole module."""
    found = definitions()
    pieces = [_HEAD]
    pieces += [_declaration(name, schema) for name, schema in found["$defs"].items()]
    pieces += [_NOTICE, _family("Commands", found["commands"], "What each command takes.")]
    pieces += [_family("Queries", found["queries"], "What each query takes.")]
    topics = [f"  {topic}: {_TOPIC_VIEWS[topic]};" for topic in TOPICS]
    doc = "\n/** What an update on each topic carries. */\n"
    pieces.append("\n".join([doc + "export interface Topics {", *topics, "}\n"]))
    return "".join(pieces)


def _family(name: str, family: dict[str, Json], words: str) -> str:
    lines = [f"\n/** {words} `answer` is the `data` of an answer that is ok. */"]
    lines.append(f"export interface {name} {{")
    for key, entry in sorted(family.items()):
        data, answer = _type(entry["data"]), _type(entry["answer"])
        lines.append(f"  '{key}': {{ data: {data}; answer: {answer} }};")
    return "\n".join([*lines, "}\n"])


def _declaration(name: str, schema: Json) -> str:
    words = _comment(schema.get("description", ""), "")
    if "enum" in schema or "oneOf" in schema:
        return f"\n{words}export type {name} =\n{_alternatives(schema)};\n"
    lines = [f"\n{words}export interface {name} {{"]
    for field, inner in schema["properties"].items():
        mark = "" if field in schema["required"] else "?"
        lines.append(f"  {field}{mark}: {_field_type(name, field, inner)};")
    if len(lines) == 1:
        return f"\n{words}export type {name} = Record<string, never>;\n"
    return "\n".join([*lines, "}\n"])


def _field_type(name: str, field: str, schema: Json) -> str:
    match name, field:
        case "CommandFrame", "name":
            return "keyof Commands"
        case "QueryFrame", "name":
            return "keyof Queries"
        case "SubscribeFrame" | "UnsubscribeFrame" | "UpdateFrame", "topic":
            return "keyof Topics"
        case "FaultFrame", "code":
            return "FaultCode"
        case "CommandFrame" | "QueryFrame", "data":
            return "object"
        case _:
            return _type(schema)


def _alternatives(schema: Json) -> str:
    if "oneOf" in schema:
        return "\n".join(f"  | {_type(entry)}" for entry in schema["oneOf"])
    return "\n".join(f"  | '{value}'" for value in schema["enum"])


def _type(schema: Json) -> str:
    match schema:
        case {"$ref": reference}:
            return str(reference).removeprefix("#/$defs/")
        case {"anyOf": entries}:
            return " | ".join(_type(entry) for entry in entries)
        case {"const": value}:
            return json.dumps(value).replace('"', "'")
        case {"type": "array", "items": items}:
            inner = _type(items)
            return f"({inner})[]" if "|" in inner else f"{inner}[]"
        case {"type": "object", "additionalProperties": inner}:
            return f"Record<string, {_type(inner)}>"
        case {"type": "integer"}:
            return "number"
        case {"type": "string" | "boolean" | "null" as kind}:
            return str(kind)
        case {}:
            return "unknown"
    raise TypeError(f"no TypeScript for {schema!r}")


def _comment(words: str, indent: str) -> str:
    """A documentation comment, wrapped at words."""
    if not words:
        return ""
    words = words.replace("*/", "* /")
    if len(words) + len(indent) + 7 <= _WIDTH:
        return f"{indent}/** {words} */\n"
    lines: list[str] = [""]
    for word in words.split(" "):
        if len(lines[-1]) + len(word) + 1 > _WIDTH - 4:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    body = "\n".join(f"{indent} * {line}" for line in lines)
    return f"{indent}/**\n{body}\n{indent} */\n"
