"""Decoders of HTTP: requests at the store's door, and what a payment provider answers and signs."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import h11
import trio

from actors.provider_messages import Callback, Taken
from actors.web.exchange import HttpError, HttpExchange
from actors.world import SystemWorld
from protocols.front.guard import Guard
from protocols.http.app import make_app
from protocols.http.settings import Health, HttpSettings, Receipt
from protocols.provider import limits, signing
from tests.fuzz.targets import Pieces, message, scratch, stream

_HOST = b"127.0.0.1:8080"
_KEY = b"a key that is long enough to be one"
_AT_S = 1_795_000_000
_BODY = b'{"reference":"ref-1"}'


# ------------------------------------------------------------------------- requests at the door


async def _stage(path: Path, digest: str) -> dict[str, Any]:
    return {"bytes": len(path.read_bytes()), "sha256": digest}


async def _render(order_id: str, form: str) -> Receipt | None:
    return Receipt("text/plain", form.encode()) if order_id == "o-1" else None


async def _hand(callback: Callback) -> Taken:
    signature = callback.signature.encode("utf-8", "replace")
    assert len(signature) + len(callback.body) < 1 << 20
    return Taken()


@cache
def _app() -> Any:
    settings = HttpSettings(
        8080,
        health=lambda: Health(ok=True),
        samples=list,
        front_token="front-token",
        admin_token="admin-token",
        uploads=scratch() / "uploads",
        stage=_stage,
        render=_render,
        hand=_hand,
        opens=lambda name: "https://pay.example/x" if name == "p-1" else "",
    )
    return make_app(settings, SystemWorld(), Guard({_HOST.decode()}))


def _request(first: str, body: bytes = b"", *more: str) -> bytes:
    lines = [first + " HTTP/1.1", f"Host: {_HOST.decode()}", *more]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, "", "")).encode() + body


@cache
def _requests() -> list[bytes]:
    """What a page, a provider and an importer ask; each route there is."""
    name = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    signed = f"Paylink-Signature: {signing.sign(_KEY, _AT_S, _BODY)}"
    admin = "Authorization: Bearer admin-token"
    chunked = _request("PUT /api/segments/" + name, b"", admin, "Transfer-Encoding: chunked")
    return [
        *(_request(f"GET {path}") for path in ("/health", "/metrics", "/session.json?x=%41")),
        _request("GET /receipts/o-1.png", b"", f"Origin: http://{_HOST.decode()}"),
        _request("GET /paylinks/p-1.svg", b"", "Sec-Fetch-Site: same-origin"),
        _request("POST /callbacks/wallet", _BODY, f"Paylink-Timestamp: {_AT_S}", signed),
        _request("PUT /api/segments/" + name, b"test", admin),
        chunked + b"2\r\nte\r\n2\r\nst\r\n0\r\n\r\n",
        _request("HEAD /api/openapi.json"),
    ]


def _hostile_requests() -> list[bytes]:
    admin = "Authorization: Bearer admin-token"
    many = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"Origin: http://a\r\n" * 800 + b"\r\n"
    name = "0" * 64
    return [many, _request("POST /callbacks/x", b"x" * 600_000),
            _request("POST /callbacks/x", b"", "Content-Length: 99999999999999999999"),
            _request("GET /receipts/" + "../" * 4_000 + "x.png"), _request("GET /%00%ff" * 400),
            _request("PUT /api/segments/" + name, b"x" * 2_000_000, admin)]  # fmt: skip


class _Unfinished(Exception):  # noqa: N818 - it is no fault of anybody's
    """No HTTP, or it ended too early: anycorn answers that, and the store never sees it."""


def _read(data: bytes) -> tuple[h11.Request, list[bytes]]:
    """The request as anycorn reads it, by h11: the head, and the pieces of the body."""
    connection, head, parts = h11.Connection(h11.SERVER), None, []
    try:
        connection.receive_data(data)
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                parts.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return head, parts
            else:
                raise _Unfinished
    except h11.RemoteProtocolError:
        raise _Unfinished from None


@message(_requests, allowed=(_Unfinished,), hostile=_hostile_requests, hostile_s=3.0)
def http_request(data: bytes) -> None:
    """A request at the store's port, whatever it asks for: answered once, never with a fault."""
    head, parts = _read(data)
    path, _, query = head.target.partition(b"?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": head.method.decode("ascii"),
        "scheme": "http",
        "path": path.decode("latin-1"),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": list(head.headers),
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8080),
    }
    answers: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        body = parts.pop(0) if parts else b""
        return {"type": "http.request", "body": body, "more_body": bool(parts)}

    async def send(told: dict[str, Any]) -> None:
        answers.append(told)

    async def asked() -> None:
        await _app()(scope, receive, send)

    trio.run(asked)
    assert [told["type"] for told in answers].count("http.response.start") == 1
    assert answers[0]["status"] < 500
    assert (b"x-content-type-options", b"nosniff") in answers[0]["headers"]


# -------------------------------------------------------------------------- a payment provider


@cache
def _answers() -> list[bytes]:
    """Answers in HTTP: whole, in chunks, after one that only says to go on, to the end."""
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(_BODY) + _BODY
    chunked = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    return [whole, chunked, b"HTTP/1.1 100 Continue\r\n\r\n" + whole,
            b"HTTP/1.1 409 Conflict\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"]  # fmt: skip


def _hostile_answers() -> list[bytes]:
    return [b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 300_000,
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 20_000,
            b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20_000,
            b"HTTP/1.1 100 Continue\r\n\r\n" * 5_000]  # fmt: skip


@stream(_answers, allowed=(HttpError,), hostile=_hostile_answers, hostile_s=3.0)
def provider_answer(pieces: Pieces) -> object:
    """What answers a request to a provider, up to its end, from whoever is at that address."""
    exchange = HttpExchange(
        "GET",
        "/payments/ref-1",
        (("Host", "pay.example"),),
        b"",
        head_bytes_max=limits.HEAD_BYTES_MAX,
        body_bytes_max=limits.ANSWER_BYTES_MAX,
    )
    for piece in pieces:
        for at in range(0, len(piece), limits.READ_BYTES_MAX):
            told = exchange.heard(piece[at : at + limits.READ_BYTES_MAX])
            if told is not None:
                assert len(told.body) <= limits.ANSWER_BYTES_MAX
                return told
    return exchange.heard(b"")


@cache
def _signed() -> list[bytes]:
    """A body signed once, and by an old key and a new one."""
    old, new = (signing.sign(key, _AT_S, _BODY) for key in (b"the one before", _KEY))
    return [json.dumps([str(_AT_S), text, _BODY.decode()]).encode()
            for text in (new, f"{old}, {new}", f"{new},v2=00")]  # fmt: skip


def _hostile_signatures() -> list[bytes]:
    fields = (("9" * 5_000, ""), (str(_AT_S), "v1=" + "0" * 64 + "," * 200_000),
              ("1" * 12, "v1=" * 90_000), ("\u0661" * 10, ""), ("", "\u2028"))  # fmt: skip
    return [json.dumps([*pair, ""]).encode() for pair in fields]


@message(_signed, allowed=(signing.SignatureError,), hostile=_hostile_signatures)
def provider_signature(data: bytes) -> None:
    """The time and the signatures of what is posted as a provider's word; only a right one fits."""
    try:
        timestamp, signature, body = json.loads(data)
        texts = (str(timestamp), str(signature), str(body).encode())
    except (ValueError, TypeError, RecursionError):
        return
    signing.check((_KEY,), *texts, now_s=_AT_S)
    assert signing.sign(_KEY, int(texts[0]), texts[2]) in texts[1] or texts[0].startswith("0")
