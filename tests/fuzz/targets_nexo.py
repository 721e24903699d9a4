"""Decoders at a nexo terminal: what it answers, tells and is told, sealed and in HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import IPv4Address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.frames import Frame, Opcode

from engine.terminal import Kind, Transaction
from hardware.terminal.nexo import codec, envelope, told, voice
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.crypto import SecurityKey, link
from hardware.terminal.nexo.http import HttpNotices, question
from hardware.terminal.nexo.jobs import Post
from hardware.terminal.nexo.probe import names_shown
from hardware.terminal.nexo.profile import Profile
from hardware.terminal.nexo.reading import MessageError, read_json
from hardware.terminal.nexo.session import NexoSession
from native import NexoMessage
from tests.fuzz.targets import Pieces, message, stream

_KEY = SecurityKey("store-1", 1, "p@ssw0rd123456")
_PROFILE = Profile("V400m-324688179", "register-1", _KEY, "")
_SALE = Transaction(Kind.SALE, 1250, 978)
_CERTIFIED = "V400m-324688179.live.terminal.adyen.com"
_NONCE = b"the sample nonce"
_OPENED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
"""What opens a WebSocket asked for with that nonce. Source: RFC 6455, section 1.3."""
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


def _frame(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=False)


@cache
def spoken() -> list[bytes]:
    """WebSockets: a message in one frame and in two with a ping between, and an end in order."""
    body, notice = sealed()[0], said()[-1]
    ended = _frame(Opcode.CLOSE, (1000).to_bytes(2, "big") + b"bye")
    parts = [
        _frame(Opcode.TEXT, body[:100], fin=False),
        _frame(Opcode.PING, b"are you there"),
        _frame(Opcode.CONT, body[100:]),
    ]
    return [
        _OPENED + _frame(Opcode.TEXT, body),
        _OPENED + _frame(Opcode.BINARY, notice) + b"".join(parts) + ended,
        _OPENED + _frame(Opcode.PONG, b"") + ended,
    ]


def connections() -> list[bytes]:
    """The same for the floor: a byte that says of which kind a connection is, and what comes."""
    kinds = ((b"\0", carried()), (b"\1", posted()), (b"\2", spoken()))
    return [kind + one for kind, made in kinds for one in made]


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


def _spoken_floods() -> list[bytes]:
    claimed = b"\x81\x7f" + b"\x7f" * 8
    return [_OPENED + claimed, b"HTTP/1.1 101 X\r\n" + b"a: b\r\n" * 20_000,
            _OPENED + _frame(Opcode.PING, b"x" * 125) * 4_000,
            _OPENED + _frame(Opcode.TEXT, b"", fin=False) + _frame(Opcode.CONT, b"x", fin=False)
            * 100_000]  # fmt: skip


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


def _told(event: NexoMessage | str) -> object:
    if isinstance(event, str):
        return event
    return event.status, event.is_kept, event.is_empty, event.opened, event.trouble


def _heard(kind: str, pieces: Pieces, nonce: bytes | None = None) -> object:
    """All that a connection tells, to its end; nothing of it stays in the buffers."""
    reader, events = link(kind, _KEY, _PROFILE.poi_id, nonce), []
    for piece in pieces:
        for at in range(0, len(piece), len(reader.room)):
            part = piece[at : at + len(reader.room)]
            reader.room[: len(part)] = part
            events += reader.heard(len(part))
            reader.owed(b"mask")
    events += reader.ended()
    assert reader.is_clean
    return [_told(one) for one in events]


@stream(carried, hostile=_carried_floods, hostile_s=6.0, memory_bytes_max=_MEMORY)
def nexo_http(pieces: Pieces) -> object:
    """An answer in HTTP."""
    return _heard("answer", pieces)


@stream(posted, hostile=_carried_floods, hostile_s=6.0, memory_bytes_max=_MEMORY)
def nexo_door(pieces: Pieces) -> object:
    """The notices somebody posts in HTTP."""
    return _heard("post", pieces)


@stream(spoken, hostile=_spoken_floods, hostile_s=6.0, memory_bytes_max=_MEMORY)
def nexo_socket(pieces: Pieces) -> object:
    """What comes on a WebSocket, from the answer that opens it."""
    return _heard("socket", pieces, _NONCE)


@message(posted, allowed=(MessageError,), hostile=_carried_floods, hostile_s=6.0)
def nexo_notices(data: bytes) -> None:
    """What is posted to the simulated terminal in HTTP, one after the other."""
    notices = HttpNotices()
    found = notices.heard(data)
    while found is not None:
        assert notices.reply(200)
        found = notices.heard(b"") if notices.again() else None


@cache
def shown() -> list[bytes]:
    """A terminal's certificate by its common name alone, one with alternative names of each kind,
    and one with a name of bits where text belongs."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _CERTIFIED)])
    bits = x509.Name([*name, x509.NameAttribute(NameOID.SURNAME, "\x00\x01")])
    began = datetime(2026, 1, 1, tzinfo=UTC)
    plain, odd = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(began)
        .not_valid_after(began + timedelta(days=365))
        for subject in (name, bits)
    )
    others: list[x509.GeneralName] = [
        x509.DNSName(_CERTIFIED),
        x509.RFC822Name("a@example.org"),
        x509.UniformResourceIdentifier("https://example.org/"),
        x509.IPAddress(IPv4Address("192.0.2.1")),
        x509.DirectoryName(name),
    ]
    more = plain.add_extension(x509.SubjectAlternativeName(others), critical=False)
    made = [one.sign(key, hashes.SHA256()) for one in (plain, more, odd)]
    told = [one.public_bytes(serialization.Encoding.DER) for one in made]
    return [one.replace(b"\x0c\x02\x00\x01", b"\x03\x02\x00\x01") for one in told]


@message(shown)
def nexo_certificate(data: bytes) -> None:
    """The names in a certificate that anybody at a place of the network shows."""
    assert all(isinstance(name, str) for name in names_shown(data))
