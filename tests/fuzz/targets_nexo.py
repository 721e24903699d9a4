"""Decoders at a nexo terminal: what it answers, tells and is told, sealed and in HTTP."""

from __future__ import annotations

from functools import cache

from actors.web.exchange import HttpError
from engine.terminal import Kind, Transaction
from hardware.terminal.nexo import codec, envelope, told, voice
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.crypto import SecurityKey
from hardware.terminal.nexo.http import HttpNotices, question
from hardware.terminal.nexo.jobs import (
    Post,
)
from hardware.terminal.nexo.profile import Profile
from hardware.terminal.nexo.reading import MessageError, read_json
from hardware.terminal.nexo.session import NexoSession
from tests.fuzz.targets import Pieces, message, stream

_KEY = SecurityKey("store-1", 1, "p@ssw0rd123456")
_PROFILE = Profile("V400m-324688179", "register-1", _KEY, "")
_SALE = Transaction(Kind.SALE, 1250, 978)
_POI = m.PoiTransaction("SIM1.REF1", "2026-11-26T09:30:00Z")


def _head(category: str) -> m.Header:
    return m.Header(category, "AB12CD34EF", "register-1", "V400m-324688179")


@cache
def said() -> list[bytes]:
    """A terminal's day in plain text: answers, what it remembers, notices."""
    success, refused = m.Outcome("Success"), m.Outcome("Failure", "Refusal", {"message": "05"})
    paid = m.PaymentTold(success, "r1", _POI, 1400, 150, "EUR", authorisation="123456")
    status = m.StatusTold(success, voice.reply_header(_head("Payment")), paid)
    made: list[tuple[str, m.Told]] = [
        ("Payment", paid),
        ("Payment", m.PaymentTold(refused, "r1")),
        ("Reversal", m.ReversalTold(success, _POI, "12.50")),
        ("TransactionStatus", status),
        ("TransactionStatus", m.StatusTold(m.Outcome("Failure", "NotFound"))),
        ("Diagnosis", m.DiagnosisTold(success, "OK", "NoPaper")),
        ("Payment", m.RejectedTold("Reject", "not delivered")),
    ]
    answers = [voice.answer(_head(category), one, "EUR") for category, one in made]
    return [*answers, voice.display(_head("Payment"), "PIN_ENTERED", _POI, "please wait")]


@cache
def sealed() -> list[bytes]:
    """The same in their envelopes."""
    head = voice.reply_header(_head("Payment"))
    return [envelope.close(head, said()[0], _KEY, bytes(16), "SaleToPOIResponse")]


def messages() -> list[bytes]:
    """All of these, for the floor that reads them."""
    return [*said(), *sealed(), *asked()]


@cache
def carried() -> list[bytes]:
    """Answers in HTTP, whole, in chunks, and after one that only says to go on."""
    body = sealed()[0]
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    return [whole, chunked, b"HTTP/1.1 100 Continue\r\n\r\n" + whole,
            b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"]  # fmt: skip


@cache
def posted() -> list[bytes]:
    """Notices in HTTP, one and two of them."""
    one = question("x:8443", "/", said()[-1]).data
    return [one, one + one, question("x", "/nexo/", b"").data]


@cache
def asked() -> list[bytes]:
    """What a register asks, in plain text."""
    asks: tuple[m.Ask, ...] = (
        m.PaymentAsk(1250, "EUR", "r1", "2026-11-26T09:30:00+00:00", tip_allowed=True),
        m.ReversalAsk(_POI, 1250, "EUR", "r2", "2026-11-26T09:30:00+00:00"),
        m.StatusAsk("Payment", "AB12CD34EF"),
        m.InputAsk("GetMenuEntry", "Bag?", ("10 ct",), ("yes", "no")),
        m.PrintAsk((m.Line("Hello", centred=True),)),
    )
    heads = [
        codec.header_for(one, service_id="AB12CD34EF", sale_id="r", poi_id="V-1") for one in asks
    ]
    return [codec.request(head, one) for head, one in zip(heads, asks, strict=True)]


def _floods() -> list[bytes]:
    return [b"[" * 200_000, b'{"a":' * 50_000, b'{"a":[' + b"1," * 60_000 + b"1]}",
            b'{"a":"' + b"\\u0035" * 30_000 + b'"}', b'{"a":' + b"9" * 200_000 + b"}",
            b"5413330089020011" * 12_000, b'{"a":1e' + b"9" * 20 + b"}",
            b'{"SaleToPOIResponse":{"MessageHeader":{}}}' * 6_000]  # fmt: skip


def _carried_floods() -> list[bytes]:
    return [b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 300_000,
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 20_000,
            b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20_000,
            b"HTTP/1.1 100 Continue\r\n\r\n" * 5_000]  # fmt: skip


_MEMORY = 32 << 20


@message(said, allowed=(MessageError,), hostile=_floods, hostile_s=6.0, memory_bytes_max=_MEMORY)
def nexo_answer(data: bytes) -> None:
    """What a nexo terminal answers or tells, in plain text, put into the middle of a payment."""
    plain = read_json(data)
    session = NexoSession(_PROFILE, "PREFIX")
    (post, _) = session.transact("r1", _SALE, 0, when="2026-11-26T09:30:00+00:00")
    assert isinstance(post, Post)
    try:
        told.notice(plain)
    except MessageError:
        header, answer = told.answer(plain, "EUR")
        session.replied(post.service_id, header, answer, 1)
    session.tick(10**15)
    session.failed(post.service_id, "link_lost", 10**15, is_sent=True)


@message(asked, allowed=(MessageError,), hostile=_floods, hostile_s=6.0, memory_bytes_max=_MEMORY)
def nexo_question(data: bytes) -> None:
    """What a register asks of the simulated terminal."""
    voice.question(read_json(data))


@message(sealed, allowed=(MessageError,), hostile=_floods, hostile_s=6.0, memory_bytes_max=_MEMORY)
def nexo_envelope(data: bytes) -> None:
    """A sealed message: whatever of it is changed, it opens as the same one or not at all."""
    assert envelope.opened(data, _KEY) == read_json(said()[0])


def _refused(error: MessageError) -> object:
    return "refused", error.code


@stream(carried, hostile=_carried_floods, hostile_s=6.0, memory_bytes_max=_MEMORY)
def nexo_http(pieces: Pieces) -> object:
    """An answer in HTTP."""
    asked = question("x:8443", "/nexo/", b"{}")
    try:
        for piece in pieces:
            if piece and (answer := asked.heard(piece)) is not None:
                return answer.status, answer.body
        answer = asked.heard(b"")
        return None if answer is None else (answer.status, answer.body)
    except HttpError as error:
        return "refused", error.code


@stream(posted, hostile=_carried_floods, hostile_s=6.0, memory_bytes_max=_MEMORY)
def nexo_door(pieces: Pieces) -> object:
    """The first notice somebody posts in HTTP."""
    http = HttpNotices()
    try:
        for piece in pieces:
            if piece and (posted := http.heard(piece)) is not None:
                return posted
    except MessageError as error:
        return _refused(error)
    return None
