"""What the HTTP side offers to programs, as OpenAPI; the rest is the front-end protocol.

Source: OpenAPI Specification 3.1.0.
"""

from __future__ import annotations

from typing import Any

from protocols.front.frames import VERSION
from protocols.limits import SEGMENT_BYTES_MAX

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
        },
        "components": {"securitySchemes": {"administrator": {"type": "http", "scheme": "bearer"}}},
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
