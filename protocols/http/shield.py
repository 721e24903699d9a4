"""Around the application: who may speak to it, how much may be sent, what browsers are told.

Source: W3C Content Security Policy 3; OWASP Secure Headers Project.
"""

from __future__ import annotations

from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from protocols.front.guard import Guard
from protocols.limits import BODY_BYTES_MAX, SEGMENT_BYTES_MAX

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
        limit = SEGMENT_BYTES_MAX if scope["path"].startswith(_SEGMENTS) else BODY_BYTES_MAX
        if _announced(headers) > limit:
            await _too_large(limit)(scope, receive, _dressed(send))
            return
        await self._app(scope, _counted(receive, limit), _dressed(send))


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


def _counted(receive: Receive, limit: int) -> Receive:
    read = 0

    async def counted() -> Message:
        nonlocal read
        message = await receive()
        if message["type"] == "http.request":
            read += len(message.get("body", b""))
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
