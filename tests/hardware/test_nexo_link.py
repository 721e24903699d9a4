"""The floor's reader of a nexo connection: as independent readers read it, and over real TLS."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Sequence
from typing import Any

import attrs
import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from actors.web.exchange import HttpAnswer, HttpError
from hardware.terminal.nexo import envelope, voice
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.crypto import link
from hardware.terminal.nexo.http import question
from hardware.terminal.nexo.identity import context
from hardware.terminal.nexo.reading import MessageError
from hardware.terminal.nexo.secured import CLEANSE_PLAINTEXT, Secured, drop
from native import NexoLink, NexoMessage, nexo_frame, nexo_hello
from tests.draws import examples
from tests.hardware.nexo_rig import KEY, POI_ID, papers, profile

HEAD = m.Header("Payment", "AB12CD34EF", "register-1", POI_ID, "Response")
NONCE = b"the sample nonce"
MASK = b"\x5a\xa5\x3c\xc3"
Events = list[NexoMessage | str]


def sealed(amount_minor: int = 1250) -> bytes:
    """An answer as it is carried."""
    told = m.PaymentTold(m.Outcome("Success"), "r1", None, amount_minor, 0, "EUR")
    plain = voice.answer(HEAD, told, "EUR")
    return envelope.close(HEAD, plain, KEY, bytes(16), "SaleToPOIResponse")


def feed(reader: NexoLink, *pieces: bytes) -> Events:
    """What these pieces complete; the room is noughts after each."""
    events: Events = []
    for piece in pieces:
        for at in range(0, len(piece), len(reader.room)):
            part = piece[at : at + len(reader.room)]
            reader.room[: len(part)] = part
            events += reader.heard(len(part))
            assert reader.room.count(0) == len(reader.room)
    return events


def shown(told: NexoMessage | str) -> object:
    """A message as it can be compared."""
    if isinstance(told, str):
        return told
    return told.status, told.is_kept, told.opened, told.trouble


def told_of(answer: HttpAnswer) -> object:
    """What the floor should tell of an answer that another reader read."""
    if answer.status != 200 or not answer.body:
        return answer.status, answer.is_kept, None, None
    (event,) = feed(
        link("answer", KEY, POI_ID),
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer.body),
        answer.body,
    )
    assert isinstance(event, NexoMessage)
    if event.trouble is None:
        assert envelope.opened(answer.body, KEY) == envelope.heard(event)
    else:
        with pytest.raises(MessageError) as caught:
            envelope.opened(answer.body, KEY)
        assert event.trouble == (caught.value.code, caught.value.detail)
    return answer.status, answer.is_kept, event.opened, event.trouble


# ----------------------------------------------------------------------------------------- HTTP

BODIES = st.sampled_from([b"", b"{}", sealed(), sealed(7), b"x" * 20_000])
NAMES = st.sampled_from(["X-One", "Server", "Keep-Alive", "x!#$%"])
VALUES = st.text("abc 123;=,\t", max_size=20).map(str.strip)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """An answer of HTTP in any of its forms."""
    body, status = draw(BODIES), draw(st.sampled_from([200, 200, 200, 204, 400, 503]))
    lines = [f"HTTP/1.{draw(st.sampled_from([1, 1, 1, 0]))} {status} {draw(VALUES)}".rstrip()]
    lines += [f"{draw(NAMES)}:{draw(VALUES)}" for _ in range(draw(st.integers(0, 3)))]
    if draw(st.booleans()):
        lines.append(f"Connection: {draw(st.sampled_from(['close', 'keep-alive', 'X, Close']))}")
    match draw(st.sampled_from(["length", "chunks", "end"])):
        case "length":
            lines.append(f"content-length: {0 if status == 204 else len(body)}")
        case "chunks" if status != 204:
            lines.append("Transfer-Encoding: chunked")
            size = draw(st.integers(1, 900))
            parts = [body[at : at + size] for at in range(0, len(body), size)]
            body = b"".join(b"%x;a=b\r\n%b\r\n" % (len(part), part) for part in parts)
            body += b"0\r\nX: y\r\n\r\n"
    line_end = draw(st.sampled_from(["\r\n", "\n"]))
    head = line_end.join([*lines, "", ""]).encode()
    before = draw(st.sampled_from([b"", b"HTTP/1.1 102 Processing\r\nX: y\r\n\r\n"]))
    return before + head + (b"" if status == 204 else body)


def by_h11(data: bytes) -> object:
    """The answer as `h11` reads it."""
    asked = question("x:8443", "/nexo/", b"{}")
    try:
        for piece in (data, b""):
            if (answer := asked.heard(piece)) is not None:
                # What only an end makes whole cannot be kept.
                return told_of(attrs.evolve(answer, is_kept=answer.is_kept and bool(piece)))
    except HttpError as error:
        return "link_lost" if error.ended_early else error.code
    return None


def by_floor(pieces: Sequence[bytes]) -> object:
    """The same by the floor."""
    reader = link("answer", KEY, POI_ID)
    events = [*feed(reader, *pieces), *reader.ended()]
    assert reader.is_clean
    return shown(events[0])


@settings(max_examples=examples(60))
@given(answers(), st.integers(1, 5_000), st.data())
def test_answers_are_read_as_h11_reads_them(data: bytes, size: int, more: Any) -> None:
    """By length, in chunks, to the end, with what stands before and around them, in any pieces and
    cut off anywhere: the same answer as by an independent reader, or none from both."""
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert by_h11(data) == by_floor(pieces)
    cut = data[: more.draw(st.integers(0, len(data)))]
    assert by_h11(cut) == by_floor([cut])


def test_what_is_not_asked_for_is_refused() -> None:
    """A reader says what it reads; a room takes no more than it holds."""
    reader = link("answer", KEY, POI_ID)
    with pytest.raises(ValueError, match="room"):
        reader.heard(len(reader.room) + 1)
    with pytest.raises(BufferError):
        reader.room.append(0)
    for kind, nonce in (("answer", NONCE), ("socket", None), ("socket", b"x"), ("else", None)):
        with pytest.raises(ValueError, match=r"link is|nonce has"):
            link(kind, KEY, POI_ID, nonce)
    with pytest.raises(ValueError, match="mask has"):
        reader.owed(b"")
    assert bytearray() == reader.owed(MASK)
    reader.room[:4] = b"card"
    assert not reader.is_clean
    reader.drop_all()
    assert reader.is_clean
    assert [] == feed(reader, b"HTTP/1.1 200 OK\r\n\r\n")


# ------------------------------------------------------------------------------------ WebSockets


def opened() -> tuple[NexoLink, ServerProtocol]:
    """A WebSocket between the floor and an independent server."""
    server, reader = ServerProtocol(), link("socket", KEY, POI_ID, NONCE)
    server.receive_data(nexo_hello("x:8443", "/nexo/", NONCE))
    (request,) = server.events_received()
    assert isinstance(request, Request)
    server.send_response(server.accept(request))
    assert ["open"] == feed(reader, *server.data_to_send())
    return reader, server


@settings(max_examples=examples(40))
@given(st.lists(st.tuples(BODIES, st.integers(1, 9_000), st.booleans()), max_size=4))
def test_messages_of_an_independent_server(said: list[tuple[bytes, int, bool]]) -> None:
    """Whole or in parts, with pings between, text or binary: each message once, in order."""
    reader, server = opened()
    for body, size, is_text in said:
        parts = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
        (server.send_text if is_text else server.send_binary)(parts[0], fin=len(parts) == 1)
        for number, part in enumerate(parts[1:], start=2):
            server.send_ping(b"there?")
            server.send_continuation(part, fin=number == len(parts))
    events = feed(reader, *server.data_to_send())
    expected = [told_of(HttpAnswer(200, body, is_kept=True)) for body, _, _ in said]
    assert expected == [shown(one) for one in events]
    if any(len(body) > size for body, size, _ in said):
        server.receive_data(bytes(reader.owed(MASK)))
        assert [Frame(Opcode.PONG, b"there?")] == server.events_received()
    assert bytearray() == reader.owed(MASK)
    assert reader.is_clean


def test_a_question_reaches_an_independent_server() -> None:
    """Frames of every length are understood; so are answers to an end, and why there was one."""
    for size in (0, 1, 125, 126, 65_535, 65_536, 100_000):
        _, server = opened()
        server.receive_data(nexo_frame(b"x" * size, MASK))
        assert [Frame(Opcode.TEXT, b"x" * size)] == server.events_received()
    reader, server = opened()
    server.send_close(1000, "bye")
    assert ["ended"] == feed(reader, *server.data_to_send())
    server.receive_data(bytes(reader.owed(MASK)))
    assert Close(1000, "") == server.close_rcvd
    reader, server = opened()
    server.send_text(b"\xff")
    assert ["http_broken"] == feed(reader, *server.data_to_send())
    server.receive_data(bytes(reader.owed(MASK)))
    assert Close(1007, "") == server.close_rcvd


def test_who_opens_no_websocket() -> None:
    """Another answer, or one to another's question, opens none."""
    for nonce in (bytes(16), None):
        server = ServerProtocol()
        server.receive_data(nexo_hello("x:8443", "/nexo/", nonce or NONCE))
        (request,) = server.events_received()
        assert isinstance(request, Request)
        answer = server.accept(request) if nonce else server.reject(403, "no")
        server.send_response(answer)
        reader = link("socket", KEY, POI_ID, NONCE)
        assert ["no_websocket"] == feed(reader, *server.data_to_send())
        assert reader.is_clean


# ------------------------------------------------------------------------------------------- TLS


class Near:
    """The near end of a cable in memory."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream

    async def send_all(self, data: bytes) -> None:
        """As `ByteStream`."""
        await self._stream.send_all(data)

    async def receive_some(self) -> bytes:
        """As `ByteStream`."""
        if data := bytes(await self._stream.receive_some(50_000)):
            return data
        raise trio.BrokenResourceError

    async def aclose(self) -> None:
        """As `ByteStream`."""
        await trio.aclose_forcefully(self._stream)


async def _talk(answer: bytes, *, in_order: bool) -> tuple[Events, bool]:
    """What the register hears of that answer over TLS, and whether the connection then broke."""
    tls = context(profile().authority_pem)
    near, far = trio.testing.memory_stream_pair()
    events: Events = []

    async def terminal() -> None:
        secured = trio.SSLStream(far, papers().server(), server_side=True)
        with contextlib.suppress(trio.BrokenResourceError):
            await secured.receive_some()
            await secured.send_all(answer)
            if in_order:
                await secured.aclose()
        await trio.aclose_forcefully(far)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(terminal)
        spoken, reader = Secured(Near(near), tls), link("answer", KEY, POI_ID)
        await spoken.handshake()
        await spoken.send_all(b"POST")
        broke = False
        while not (events or broke):
            try:
                events += await spoken.hear(reader)
            except trio.BrokenResourceError:
                broke = True
        await drop(spoken, reader)
        assert reader.is_clean
    return events, broke


async def test_an_answer_over_tls_is_ended_by_tls_alone(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """An answer without a length is whole where TLS was closed in order; a cable that was cut
    makes none, or who sits between could shorten it."""
    body, head = sealed(), b"HTTP/1.1 200 OK\r\n\r\n"
    events, broke = await _talk(head + body, in_order=True)
    assert (told_of(HttpAnswer(200, body)), False) == (shown(events[0]), broke)
    assert ([], True) == await _talk(head + body, in_order=False)
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000
    events, broke = await _talk(large, in_order=False)
    assert [(200, True, None, ("not_json", "at 0"))] == [shown(one) for one in events]
    assert (["link_lost"], False) == await _talk(head[:9], in_order=True)


@pytest.mark.skipif(
    ssl.OPENSSL_VERSION_INFO < (3, 0), reason="OpenSSL wipes what it decrypted from 3.0 on"
)
async def test_openssl_is_told_to_wipe() -> None:
    """What OpenSSL decrypted into its own buffer is wiped by it once it was read."""
    tls = context(profile().authority_pem)
    near, _ = trio.testing.memory_stream_pair()
    assert not tls.options & CLEANSE_PLAINTEXT
    Secured(Near(near), tls)
    assert tls.options & CLEANSE_PLAINTEXT
