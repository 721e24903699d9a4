"""Decoders at the doors and between the nodes: link frames, front-end frames, WebSockets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import count

import trio
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from actors.asks import Reply
from actors.errors import LinkProtocolError, PostError
from actors.link_codec import (
    Answer,
    Ask,
    Beat,
    Data,
    Hello,
    Item,
    Refused,
    Tell,
    Welcome,
    decode,
    encode_answer,
    encode_ask,
    encode_beat,
    encode_data,
    encode_hello,
    encode_refused,
    encode_tell,
    encode_welcome,
    join_items,
)
from actors.link_peer import from_wire, to_wire
from actors.link_session import Session as LinkSession
from actors.messages import MESSAGES
from actors.web.sockets import Gone, accept
from engine.decision import COMMANDS
from engine.provider import LinkKind, LinkState, Told
from engine.queries import QUERIES
from engine.wire import WireError, canonical, parse, unstructure
from protocols.front import codec, frames
from protocols.front.session import AskRegister, Close, Head, Phase, Session
from protocols.front.tokens import Tokens
from protocols.limits import CLIENT_FRAME_BYTES_MAX, FRAME_BYTES_MAX
from protocols.provider import codec as provider_codec
from protocols.provider.codec import MessageError
from protocols.provider.limits import SAID_LENGTH_MAX
from tests.fuzz.targets import Pieces, message, stream
from tests.shapes import sample

_TOKENS = Tokens("front-token", "admin-token")
_UUID = "018f0000-0000-7000-8000-{:012x}"
_LONG_NUMBER = re.compile(r"(?:\d[ .\-]{0,3}){12}", re.ASCII)
_DEEP = b"[" * 30_000 + b"]" * 30_000


# ------------------------------------------------------------------------------------ the link


def _item_bytes(item: Item) -> bytes:
    match item:
        case Ask():
            return encode_ask(item)
        case Tell():
            return encode_tell(item)
        case Answer():
            return encode_answer(item)


def _link_bytes(frame: object) -> bytes:
    match frame:
        case Hello():
            return encode_hello(frame)
        case Welcome():
            return encode_welcome(frame)
        case Refused():
            return encode_refused(frame)
        case Beat():
            return encode_beat(frame.session, frame.sequence, frame.acknowledged)
        case Data():
            items = join_items(map(_item_bytes, frame.items))
            return encode_data(frame.session, frame.sequence, frame.acknowledged, items)
        case _:
            raise AssertionError(f"a decoder made {frame!r}")


@cache
def link_frames() -> list[bytes]:
    """A handshake, a beat, and every message there is in data frames."""
    handshake: list[object] = [
        Hello(1, "devices", "inc-1", "nonce-1", "token", 7, 3),
        Welcome(1, "store", "inc-2", "nonce-1", 7, 3),
        Refused(2, "version_unsupported", "speak 2"),
        Beat(7, 3, 2),
    ]
    bodies = [to_wire(sample(cls)) for _, cls in MESSAGES.items()]
    bodies += [(None, {"plain": [1, 2.5, None, True, "é"]})]
    for number, (name, data) in enumerate(bodies, 1):
        items: tuple[Item, ...] = (
            Ask(f"a{number}", "outbox", "printer/1", 2_000, name, data),
            Tell(f"t{number}", "devices", "", name, data),
            Answer(f"a{number}", "ok", name, data),
        )
        handshake.append(Data(7, number, number, items))
    handshake.append(Data(7, 1, 0, (Answer("a", "busy", None, "later"),)))
    return list(map(_link_bytes, handshake))


def _hostile_links() -> list[bytes]:
    head = encode_data(7, 1, 0, b"")
    many = join_items([encode_tell(Tell("t", "to", "", None, 0))] * 30_000)
    return [head + _DEEP, head + b'[[1,"t","to","",null,' + _DEEP + b"]]", head + many,
            b"CTH" + _DEEP, b"CTD" + b"\xff" * 1_000_000]  # fmt: skip


@message(link_frames, allowed=(LinkProtocolError,), hostile=_hostile_links)
def link_frame(data: bytes) -> None:
    """One frame of a link between two nodes; what is taken has bytes that mean the same."""
    frame = decode(data)
    try:
        again = _link_bytes(frame)
    except TypeError:
        return  # deeper than the encoder goes, so no encoder of ours made it
    assert decode(again) == frame


@message(link_frames, allowed=(LinkProtocolError, WireError), hostile=_hostile_links)
def link_message(data: bytes) -> None:
    """The messages in a data frame, as the actor they are for gets them."""
    frame = decode(data)
    for item in frame.items if isinstance(frame, Data) else ():
        if not isinstance(item, Answer) or item.outcome == "ok":
            from_wire(item.name, item.data)


def _link_talks() -> list[bytes]:
    datas = [frame for frame in link_frames() if frame[:3] in (b"CTD", b"CTB")]
    return [b"".join(len(frame).to_bytes(4, "big") + frame for frame in datas[:4])]


@message(_link_talks, allowed=(LinkProtocolError,))
def link_session(data: bytes) -> None:
    """Frame after frame, each behind its length, in a session: items come in order and once."""
    session, last = LinkSession(7, sent=1_000), 0
    for part in _framed(data):
        frame = decode(part)
        if isinstance(frame, Beat):
            session.take_beat(frame)
        elif isinstance(frame, Data) and session.take(frame):
            assert frame.sequence == last + 1
            last = frame.sequence
    assert session.received == last


def _framed(data: bytes) -> Iterator[bytes]:
    at = 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 4 + size]
        at += 4 + size


# ---------------------------------------------------------------------------- front-end frames


@cache
def front_frames() -> list[bytes]:
    """Every frame, and every command and query there is."""
    made = [codec.encode(frames.Hello(1, "front-token", "1", "fuzz"))]
    made += [codec.encode(frames.Subscribe("register")), codec.encode(frames.Unsubscribe("status"))]
    made += [codec.encode(frames.Ping(7)), codec.encode(frames.Subscribe("events", 5))]
    for number, (name, cls) in enumerate(COMMANDS.items()):
        approval = frames.FrameApproval("max", "1234") if number % 2 else None
        data = unstructure(sample(cls))
        made.append(codec.encode(frames.CommandFrame(_UUID.format(number), name, data, approval)))
    for number, (name, cls) in enumerate(QUERIES.items()):
        data = unstructure(sample(cls))
        made.append(codec.encode(frames.QueryFrame(_UUID.format(number), name, data)))
    # A text that looks like a key is read again, more slowly.
    return [*made, codec.encode(frames.Hello(1, "front-token", '1":2', "fuzz"))]


def _hostile_fronts() -> list[bytes]:
    keys = b",".join(b'"a":1' for _ in range(8_000))
    return [b'{"type":"ping","at":' + _DEEP + b"}", b"{" + keys + b"}", b'{"a":' * 5_000,
            b'{"type":"ping","at":' + b"9" * 60_000 + b"}", b" " * 1_000_000,
            b'{"type":"ping","at":1' + b'":' * 30_000 + b"}"]  # fmt: skip


@message(front_frames, allowed=(codec.FrameError,), hostile=_hostile_fronts)
def front_frame(data: bytes) -> None:
    """One frame from a front end; what is taken has bytes that mean the same."""
    frame = codec.decode_client(data)
    again = codec.encode(frame)
    if len(again) <= FRAME_BYTES_MAX:
        assert codec.decode_client(again) == frame


def server_frames() -> list[bytes]:
    """What the store sends."""
    kinds = (frames.Welcome, frames.AnswerFrame, frames.Update, frames.Pong, frames.Fault)
    plain = {"lines": [{"name": "Comté", "total_minor": -350}], "note": None}
    made = [codec.encode(sample(kind)) for kind in kinds if kind is not frames.Update]
    made += [codec.encode(frames.AnswerFrame("id", True, plain))]
    return [*made, codec.encode(frames.Update("register", 1, 7, plain))]


@message(server_frames, allowed=(codec.FrameError,), hostile=_hostile_fronts)
def server_frame(data: bytes) -> None:
    """One frame from the store, as the client of the load tester and the carriers reads it."""
    codec.decode_server(data, CLIENT_FRAME_BYTES_MAX)


def _front_talks() -> list[bytes]:
    hello, *rest = front_frames()
    return [b"\n".join((hello, *rest[at : at + 6])) for at in range(0, len(rest), 12)]


def _talk(session: Session, data: bytes) -> None:
    """Give a session line after line; every second question is answered, the others fail."""
    for number, line in enumerate(data.split(b"\n")):
        outputs = session.receive(line)
        while outputs:
            output = outputs.pop(0)
            if isinstance(output, AskRegister):
                reply = Reply(ok=True, data={"store": "shop-1"}, epoch=1, position=number)
                answered = session.phase is Phase.GREETING or number % 2
                outputs += (
                    session.answered(output.ticket, reply)
                    if answered
                    else session.unanswered(output.ticket, PostError.kind)
                )
            elif isinstance(output, Close):
                assert session.phase is Phase.CLOSED
    assert session.outstanding == 0
    assert session.register == "" or session.access is not None


@message(_front_talks, hostile=_hostile_fronts)
def front_session(data: bytes) -> None:
    """A conversation at the WebSocket door, one frame a line; it never fails, only says no."""
    numbers = count(1)
    _talk(Session(_TOKENS, Head(), lambda: _UUID.format(next(numbers))), data)


@message(_front_talks, hostile=_hostile_fronts)
def front_session_nng(data: bytes) -> None:
    """A conversation at the nng door, where a second hello begins anew."""
    numbers = count(1)
    session = Session(_TOKENS, Head(), lambda: _UUID.format(next(numbers)), request_reply=True)
    _talk(session, data)


# ----------------------------------------------------------------------------------- WebSocket


@cache
def _requests() -> list[bytes]:
    client = ClientProtocol(parse_uri("ws://127.0.0.1/ws"))
    client.send_request(client.connect())
    request = b"".join(client.data_to_send())
    early = _masked(Frame(Opcode.TEXT, front_frames()[0])) + _masked(Frame(Opcode.PING, b"?"))
    return [request, request + early]


@cache
def _websocket_talks() -> list[bytes]:
    hello = front_frames()[0]
    whole = _masked(Frame(Opcode.TEXT, hello))
    first = _masked(Frame(Opcode.TEXT, hello[:9], fin=False))
    ping = _masked(Frame(Opcode.PING, b"there?"))
    close = _masked(Frame(Opcode.CLOSE, b"\x03\xe8bye"))
    binary = _masked(Frame(Opcode.BINARY, hello))
    return [whole + ping + first + _masked(Frame(Opcode.CONT, hello[9:])) + close, binary + whole]


def _masked(frame: Frame) -> bytes:
    return frame.serialize(mask=True)


def _hostile_requests() -> list[bytes]:
    return [b"GET /ws HTTP/1.1\r\n" + b"a: b\r\n" * 9_000, b"GET /ws?" + b"a" * 300_000,
            _requests()[0] + b"\xff" * 300_000]  # fmt: skip


def _hostile_websockets() -> list[bytes]:
    claims = b"\x81\xff" + (2**63 - 1).to_bytes(8, "big")
    begun = _masked(Frame(Opcode.TEXT, b"x" * 100, fin=False))
    more = _masked(Frame(Opcode.CONT, b"x" * 100, fin=False))
    return [claims, begun + more * 2_000, _masked(Frame(Opcode.PING, b"?")) * 20_000]


class _Wire(trio.abc.HalfCloseableStream):
    """Bytes that come in the given pieces and then end; what is sent goes nowhere."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = [piece for piece in pieces if piece]

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """The next piece, at most `max_bytes` of it."""
        if not self._pieces:
            return b""
        piece = self._pieces.pop(0)
        most = len(piece) if max_bytes is None else max_bytes
        if piece[most:]:
            self._pieces.insert(0, piece[most:])
        return piece[:most]

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Gone."""

    async def wait_send_all_might_not_block(self) -> None:
        """At once."""

    async def send_eof(self) -> None:
        """Nobody minds."""

    async def aclose(self) -> None:
        """Nothing to close."""


async def _heard(pieces: Pieces) -> object:
    """What a door hears on a connection, and how that ends."""
    socket = await accept(
        _Wire(pieces), lambda _: "", message_bytes_max=2 * FRAME_BYTES_MAX, within_s=5
    )
    heard: list[str | bytes] = []
    if socket is None:
        return "refused"
    try:
        while True:
            heard.append(await socket.receive())
    except Gone:
        # The code may depend on the pieces: a goodbye that was read already has been answered.
        return heard


@message(_requests, hostile=_hostile_requests)
def websocket_request(data: bytes) -> None:
    """The first bytes at the WebSocket door: a browser's request, or whatever stands there."""
    trio.run(_heard, (data,))


@stream(_websocket_talks, hostile=_hostile_websockets, hostile_s=3.0)
def websocket(pieces: Pieces) -> object:
    """What comes after the request: messages whole or in frames, pings, a close."""
    return trio.run(_heard, (_requests()[0], *pieces))


# -------------------------------------------------------------------------- a payment provider


@cache
def _provider_words() -> list[bytes]:
    """A payment and a refund in every state there is."""
    found = []
    for kind in LinkKind:
        moved = LinkState.PAID if kind is LinkKind.PAYMENT else LinkState.REFUNDED
        for state in (LinkState.OPEN, LinkState.CANCELLED, LinkState.FAILED, moved):
            url = "https://pay.example/x" if state is LinkState.OPEN else ""
            told = Told("ref-1", state, 799, "EUR", "P-1", "wallet", url, "why")
            found.append(provider_codec.describe(told, kind))
    return [*found, provider_codec.describe(Told("ref-1", LinkState.FAILED, 0, "", "P-1"), kind)]


def _hostile_provider_words() -> list[bytes]:
    """Anything but text where text belongs, and more than a provider has to say."""
    sound = parse(_provider_words()[0])
    wrong: tuple[object, ...] = ([], {}, [[]], None, True, 1.5, 10**15)
    odd = [canonical({**sound, name: value}) for name in sound for value in wrong]
    return [*odd, _DEEP, b"[]", canonical({**sound, "code": "7 " * 20_000})]


@message(_provider_words, allowed=(MessageError,), hostile=_hostile_provider_words)
def provider_word(data: bytes) -> None:
    """What a payment provider answers, or calls back with; what is taken is written the same."""
    told = provider_codec.read(data)
    kind = LinkKind(parse(data)["kind"])
    assert provider_codec.read(provider_codec.describe(told, kind)) == told


@cache
def _refusals() -> list[bytes]:
    """Why a refund was refused, in the forms in which providers say it."""
    flat = {"code": "charge_refunded", "message": "All of it is back", "detail": "since noon"}
    return [canonical(flat), canonical({"error": flat}), canonical({"error": "no such charge"})]


def _hostile_refusals() -> list[bytes]:
    """A card's number however it is written, more than anybody reads, and no words at all."""
    numbers = ("4" * 19, "4.7.6.1.7.3.9.0.0.1.0.1.0.1.1.9", "4761 7390\n0101 0119", "4 - " * 5_000)
    written = [canonical({"message": f"card {number} is closed"}) for number in numbers]
    return [*written, *_hostile_provider_words(), b"", b'{"error":[{"message":1}]}']


@message(_refusals, hostile=_hostile_refusals)
def provider_refusal(data: bytes) -> None:
    """What a payment provider says with a refusal of a refund, or where nothing can be read: shown
    to people, and so short, in one line, and without a number as long as a card's."""
    asked = provider_codec.Question("GET", "/v1/refunds/ref-1", b"", "ref-1", LinkKind.REFUND)
    said = [provider_codec.answer(asked, status, data) for status in (403, 200)]
    assert said[0].state is LinkState.REFUSED
    for told in said:
        if told.state in (LinkState.REFUSED, LinkState.UNREADABLE):
            assert len(told.code) <= SAID_LENGTH_MAX
            assert told.code.isprintable()
            words = told.code.removeprefix("refused 403").removeprefix("unreadable 200")
            assert _LONG_NUMBER.search(words) is None
