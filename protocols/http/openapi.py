"""What the HTTP side offers to programs, as OpenAPI; the rest is the front-end protocol.

Source: OpenAPI Specification 3.1.0.
"""

from __future__ import annotations

from typing import Any

from protocols.front.frames import VERSION
from protocols.limits import CALLBACK_BYTES_MAX, SEGMENT_BYTES_MAX

Json = dict[str, Any]
_TEXT = {"text/plain": {"schema": {"type": "string"}}}
_PROBLEM = {
    "application/json": {
        "schema": {
            "type": "object",
            "properties": {"code": {"type": "string"}, "detail": {"type": "string"}},
            "required": ["code", "detail"],
            "additionalProperties": False,
        }
    }
}
_OBJECT = {"application/json": {"schema": {"type": "object"}}}


def _answer(words: str, content: Json | None = None) -> Json:
    return {"description": words} if content is None else {"description": words, "content": content}


def openapi() -> Json:
    """The document served at `/api/openapi.json`."""
    problem = {
        status: _answer(words, _PROBLEM)
        for status, words in {
            "401": "No administrator's token, or a wrong one.",
            "408": "Its rest did not come in time; nothing was kept.",
            "413": f"More than {SEGMENT_BYTES_MAX} bytes; nothing was kept.",
            "422": "The bytes are not what their hash says, or no segment; nothing was kept.",
        }.items()
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Countertop over HTTP",
            "version": f"{VERSION}.0.0",
            "description": "Selling goes through the front-end protocol at /ws.",
        },
        "paths": {
            "/health": {"get": _get("Whether the store can sell.", _OBJECT, ("503",))},
            "/metrics": {"get": _get("Figures for Prometheus.", _TEXT, ())},
            "/session.json": {
                "get": _get("The front ends' token, for the store's own pages only.", _OBJECT, ())
            },
            "/api/segments/{sha256}": {
                "put": {
                    "summary": "Stage a catalog segment; catalog.install_segment installs it.",
                    "security": [{"administrator": []}],
                    "parameters": [_parameter("sha256", "^[0-9a-f]{64}$")],
                    "requestBody": {
                        "required": True,
                        "content": {"application/octet-stream": {}},
                    },
                    "responses": {"200": _answer("Staged.", _OBJECT), **problem},
                }
            },
            "/receipts/{order_id}.{form}": {
                "get": {
                    "summary": "A receipt as it was printed.",
                    "parameters": [
                        _parameter("order_id", "^[0-9A-Za-z-]{1,64}$"),
                        _parameter("form", "^(png|html|txt)$"),
                    ],
                    "responses": {
                        "200": _answer("The receipt."),
                        "404": _answer("No such receipt.", _PROBLEM),
                    },
                }
            },
            "/callbacks/{provider}": {"post": _callback()},
            "/paylinks/{paylink_id}.svg": {
                "get": {
                    "summary": "The QR code of a payment by link that waits.",
                    "parameters": [_parameter("paylink_id", "^[0-9A-Za-z-]{1,64}$")],
                    "responses": {
                        "200": _answer("The picture.", {"image/svg+xml": {}}),
                        "404": _answer("There is nothing to pay under it.", _PROBLEM),
                    },
                }
            },
        },
        "components": {"securitySchemes": {"administrator": {"type": "http", "scheme": "bearer"}}},
    }


def _callback() -> Json:
    """A provider's word, signed. It is answered 204 once it is durable, and never before."""
    refusals = {
        "400": "The signed bytes are no word of this protocol; nothing was kept.",
        "401": "Not signed by this provider, or at another time; nothing was kept.",
        "404": "No such provider, or no payment under that reference.",
        "409": "It contradicts what the provider said before, or is another provider's.",
        "408": "Its rest did not come in time; nothing was kept. Call again.",
        "413": f"More than {CALLBACK_BYTES_MAX} bytes; nothing was kept.",
        "503": "It is not durable. Call again.",
    }
    header = {"in": "header", "required": True, "schema": {"type": "string"}}
    return {
        "summary": "A payment provider tells what became of a payment or a refund.",
        "parameters": [
            _parameter("provider", "^[a-z0-9-]{1,32}$"),
            {"name": "Paylink-Timestamp", **header},
            {"name": "Paylink-Signature", **header},
        ],
        "requestBody": {"required": True, "content": _OBJECT},
        "responses": {
            "204": _answer("It is in the journal, or was before."),
            **{status: _answer(words, _PROBLEM) for status, words in refusals.items()},
        },
    }


def _get(summary: str, content: Json, also: tuple[str, ...]) -> Json:
    responses = {"200": _answer(summary, content)}
    responses.update({status: _answer("It cannot.", content) for status in also})
    return {"summary": summary, "responses": responses}


def _parameter(name: str, pattern: str) -> Json:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": pattern},
    }
