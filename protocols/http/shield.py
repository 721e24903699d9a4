"""Around the application: who may speak to it, how much may be sent, what browsers are told.

Source: W3C Content Security Policy 3; OWASP Secure Headers Project.
"""

from __future__ import annotations

import math
from typing import Any

import trio
from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from protocols.front.guard import Guard
from protocols.limits import (
    BODY_BYTES_MAX,
    BODY_WITHIN_S,
    SEGMENT_BYTES_MAX,
    SEGMENT_PIECE_WITHIN_S,
)

# Style attributes are how Svelte moves things; a style attribute runs nothing.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; media-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-src 'self'; frame-ancestors 'self'"
)
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "SAMEORIGIN",
    "permissions-policy": "geolocation=(), microphone=(), payment=(), usb=()",
}
_SEGMENTS = "/api/segments/"


def problem(status: int, code: str, detail: str) -> JSONResponse:
    """A no that a program and a person can read."""
    return JSONResponse({"code": code, "detail": detail}, status_code=status)


class BodyTooLargeError(Exception):
    """More came than may be sent; it was not read on."""


class BodySlowError(Exception):
    """The rest did not come within its time; it was not waited for any longer."""


class Shield:
    """Middleware: what the guard objects to is 403, a body beyond its limit 413; the rest gets
    headers."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge a request, then let it through with a counted body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = scope["headers"]
        objection = self._guard.objection(headers)
        if objection:
            await problem(403, "not_allowed", objection)(scope, receive, _dressed(send))
            return
        is_segment = scope["path"].startswith(_SEGMENTS)
        limit = SEGMENT_BYTES_MAX if is_segment else BODY_BYTES_MAX
        if _announced(headers) > limit:
            await _too_large(limit)(scope, receive, _dressed(send))
            return
        await self._app(scope, _counted(receive, limit, is_segment=is_segment), _dressed(send))


def _too_large(limit: int) -> JSONResponse:
    detail = f"at most {limit} bytes are read here; nothing was kept"
    response = problem(413, "body_too_large", detail)
    response.headers["connection"] = "close"
    return response


def _announced(headers: Any) -> int:
    for name, value in headers:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _counted(receive: Receive, limit: int, *, is_segment: bool) -> Receive:
    """As `receive`, up to `limit` bytes and within their time: whoever sends a byte now and then
    would hold the connection, and what the store may open is bounded."""
    read, is_whole = 0, False
    until_s = trio.current_time() + BODY_WITHIN_S

    async def counted() -> Message:
        nonlocal read, is_whole
        deadline_s = until_s
        if is_whole:
            deadline_s = math.inf
        elif is_segment:
            deadline_s = trio.current_time() + SEGMENT_PIECE_WITHIN_S
        with trio.CancelScope(deadline=deadline_s) as scope:
            message = await receive()
        if scope.cancelled_caught:
            raise BodySlowError
        if message["type"] == "http.request":
            read += len(message.get("body", b""))
            is_whole = not message.get("more_body", False)
            if read > limit:
                raise BodyTooLargeError
        return message

    return counted


def _dressed(send: Send) -> Send:
    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _ALWAYS.items():
                headers.setdefault(name, value)
            headers.setdefault("content-security-policy", PAGE_POLICY)
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return dressed
