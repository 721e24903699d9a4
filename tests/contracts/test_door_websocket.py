"""What only the WebSocket door must stand: browsers, slow readers, silence, and the store's end."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trio

from actors.asks import News
from actors.web.sockets import Gone, WebSocket, connect
from protocols.front import conversation
from protocols.front.client import open_client
from protocols.front.client_types import FaultError, UnknownOutcomeError
from protocols.front.hub import Published
from protocols.limits import CLIENT_FRAME_BYTES_MAX, NOTICES_MAX
from tests.contracts.door_rig import ADMIN, EPOCH, FRONT, Rig, open_rig

HELLO = json.dumps({"type": "hello", "version": 1, "token": FRONT, "register": "1"}).encode()
VIEW_BYTES = 200_000


@contextlib.asynccontextmanager
async def joined(rig: Rig, *topics: str, hello: bytes = HELLO) -> AsyncIterator[WebSocket]:
    """A welcomed WebSocket that follows topics and has read nothing since."""
    socket = await connect(rig.bound.websocket_url, message_bytes_max=CLIENT_FRAME_BYTES_MAX)
    try:
        await socket.send(hello)
        assert "welcome" == (await heard(socket))["type"]
        for topic in topics:
            await socket.send(json.dumps({"type": "subscribe", "topic": topic}).encode())
        yield socket
    finally:
        await socket.close()


async def heard(socket: WebSocket) -> dict[str, Any]:
    """The next frame."""
    frame: dict[str, Any] = json.loads(await socket.receive())
    return frame


async def wait_until(rig: Rig, condition: Any) -> None:
    """Wait until something holds that only the door knows of."""
    with trio.fail_after(10):
        # Doors have no event for this.
        while not condition():  # noqa: ASYNC110
            await trio.sleep(0.002)


# ----------------------------------------------------------------------------------------- order


async def test_commands_sent_without_waiting_keep_their_order(tmp_path: Path) -> None:
    """Scans faster than their answers reach the register as they came, however busy the store."""
    async with open_rig(tmp_path) as rig, joined(rig) as socket:
        for batch in range(5):
            ids = [rig.world.new_id() for _ in range(20)]
            # The store finds them all at once, as after a moment in which it was busy elsewhere.
            for one in ids:
                socket._protocol.send_text(_scan(one))
            await socket.flush()
            for _ in ids:
                await heard(socket)
            came = [ask.id for ask in rig.shop.asked if ask.name == "order.add_line"]
            assert came[20 * batch :] == ids


def _scan(command_id: str) -> bytes:
    frame = {"type": "command", "id": command_id, "name": "order.add_line", "data": {"code": "42"}}
    return json.dumps(frame).encode()


# --------------------------------------------------------------------------------------- browsers


@pytest.mark.parametrize(
    "headers",
    [
        [("Origin", "https://evil.example")],
        [("Origin", "null")],
        [("Origin", "http://127.0.0.1:1")],
        [("Origin", "http://127.0.0.1")],
        [("Origin", "http://127.0.0.1.evil.example")],
        [("Origin", "file://")],
        [("Host", "evil.example")],
        [("Host", "127.0.0.1:1")],
        [("Host", "localhost.evil.example")],
        [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "websocket")],
    ],
    ids=str,
)
async def test_pages_of_other_sites_are_refused(
    headers: list[tuple[str, str]], tmp_path: Path
) -> None:
    """A foreign or null Origin, and a name re-pointed at this machine, get 403 and no WebSocket."""
    async with open_rig(tmp_path) as rig:
        with pytest.raises(Gone, match="403"):
            await connect(
                rig.bound.websocket_url, message_bytes_max=CLIENT_FRAME_BYTES_MAX, headers=headers
            )
        with trio.fail_after(5):
            # It is counted once the refusal is out, which whoever was refused may hear before.
            while not rig.websocket.refused:  # noqa: ASYNC110
                await trio.sleep(0.001)
        assert 1 == rig.websocket.refused
        assert [] == rig.shop.asked


async def test_the_stores_own_pages_are_let_in(tmp_path: Path) -> None:
    """Under each of its local names the store's own page opens a WebSocket."""
    async with open_rig(tmp_path) as rig:
        for host in ("127.0.0.1", "localhost", "LOCALHOST", "[::1]"):
            place = f"{host}:{rig.bound.port}"
            headers = [("Host", place), ("Origin", f"http://{place}")]
            socket = await connect(
                rig.bound.websocket_url, message_bytes_max=CLIENT_FRAME_BYTES_MAX, headers=headers
            )
            await socket.close()


async def test_a_request_that_is_none_is_answered(tmp_path: Path) -> None:
    """Plain HTTP, half a line and no line at all at the WebSocket's path cost one connection."""
    async with open_rig(tmp_path) as rig:
        place = f"Host: 127.0.0.1:{rig.bound.port}\r\n"
        for request, status in [
            (f"GET /ws HTTP/1.1\r\n{place}\r\n", b"426"),
            (f"GET /ws HTTP/1.0\r\n{place}\r\n", b""),
            ("GET /ws \x00\x00\r\n\r\n", b""),
            (f"POST /ws HTTP/1.1\r\n{place}\r\n", b"404"),
        ]:
            stream = await trio.open_tcp_stream("127.0.0.1", rig.bound.port)
            await stream.send_all(request.encode())
            answer = b""
            with trio.fail_after(8):
                answer = await stream.receive_some(4096)
            assert status in answer.split(b"\r\n")[0], (request, answer)
            await stream.aclose()
        async with joined(rig) as socket:
            await socket.send(b'{"type":"ping","at":1}')
            assert "pong" == (await heard(socket))["type"]


async def test_binary_messages_are_told_to_be_text(tmp_path: Path) -> None:
    """Binary garbage gets a fault, half a character ends that connection alone."""
    async with open_rig(tmp_path) as rig, joined(rig) as good:
        await good.send_binary(b"\x00\x01\x02")
        assert "malformed" == (await heard(good))["code"]
        async with joined(rig) as bad:
            await bad.send(b'{"type":"\xff"}')
            with pytest.raises(Gone, match="1007"):
                await bad.receive()
        await good.send(b'{"type":"ping","at":1}')
        assert "pong" == (await heard(good))["type"]


# ------------------------------------------------------------------------------------ slow readers


async def test_a_slow_subscriber_costs_one_view(tmp_path: Path) -> None:
    """Who does not read holds no more than the latest view, and reads that one when it comes
    back."""
    async with (
        open_rig(tmp_path) as rig,
        joined(rig, "register") as slow,
        open_client(rig.bound.websocket_url, FRONT, world=rig.world, register="1") as till,
    ):
        rig.shop.filler = "x" * VIEW_BYTES
        await rig.wait_followed("register", "1")
        for _ in range(120):
            await till.command("order.open")
        held = [s for s in rig.websocket.statistics() if s.client == ""]
        assert 1 == len(held)
        assert held[0].waiting_frames <= 1
        assert held[0].waiting_bytes <= VIEW_BYTES + 1_000
        sold: list[int] = []
        while not sold or sold[-1] < 120:
            sold.append((await heard(slow))["data"]["sold"])
        assert sold == sorted(sold)
        assert len(sold) < 100, "views that nobody could read were kept"


async def test_facts_wait_for_a_slow_reader_without_growing(tmp_path: Path) -> None:
    """A reader of facts that stops costs one page; it loses none of them."""
    hello = HELLO.replace(FRONT.encode(), ADMIN.encode())
    async with open_rig(tmp_path) as rig:
        for number in range(4_000):
            rig.shop.facts.append({"name": "sold", "number": number, "pad": "y" * 3_000})
        await _read_all_facts(rig, hello)


async def _read_all_facts(rig: Rig, hello: bytes) -> None:
    async with joined(rig, "events", hello=hello) as slow:
        positions: list[int] = []
        while len(positions) < 4_000:
            positions += [e["position"] for e in (await heard(slow))["data"]["events"]]
            for statistics in rig.websocket.statistics():
                assert statistics.waiting_frames <= 1
        assert list(range(1, 4_001)) == positions


async def test_notices_are_kept_in_order_and_few(tmp_path: Path) -> None:
    """Each scan's notice arrives; for a reader that is away the oldest go first."""
    async with open_rig(tmp_path) as rig, joined(rig, "notice") as screen:
        await rig.wait_followed("notice", "1")
        for number in range(3):
            rig.node.tell_nowait(rig.hub.address, News("notice", "1", EPOCH, number, {"n": number}))
            assert number == (await heard(screen))["data"]["n"]
        for number in range(3 * NOTICES_MAX):
            for reader in rig.websocket.conversations():
                reader.hear(Published("notice", EPOCH, number, {"n": number}))
        seen = [(await heard(screen))["data"]["n"] for _ in range(NOTICES_MAX)]
        assert list(range(2 * NOTICES_MAX, 3 * NOTICES_MAX)) == seen


async def test_codes_of_the_scanner_all_arrive_in_order(tmp_path: Path) -> None:
    """A screen that asked for them has each one, also before it read the one before."""
    async with open_rig(tmp_path) as rig, joined(rig, "scans") as screen:
        await wait_until(rig, lambda: rig.hub.following() == 2)
        for number in range(3):
            news = News("scans", "1", 0, 0, {"code": str(number)})
            rig.node.tell_nowait(rig.hub.address, news)
        assert ["0", "1", "2"] == [(await heard(screen))["data"]["code"] for _ in range(3)]


async def test_who_never_reads_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame that is not taken in time ends the connection, and what it held is free."""
    monkeypatch.setattr(conversation, "SEND_WITHIN_S", 0.2)
    async with open_rig(tmp_path) as rig, joined(rig) as stuck:
        rig.shop.filler = "x" * 8_000_000
        await stuck.send(b'{"type":"subscribe","topic":"register"}')
        await wait_until(rig, lambda: rig.websocket.statistics() == [])
        assert 1 == rig.hub.following(), "only the nng door follows what it always does"


async def test_who_asks_and_never_reads_is_not_read_either(tmp_path: Path) -> None:
    """Pings without end from one that takes no answer wait in its own pipe, not in the store."""
    async with open_rig(tmp_path) as rig, joined(rig) as stuck:
        ping = json.dumps({"type": "ping", "at": 1}).encode()
        sent = 0
        with trio.move_on_after(1.0):
            while True:
                await stuck.send(ping)
                sent += 1
        figures = rig.websocket.statistics()
        assert not figures or figures[0].waiting_frames <= 64
        assert sent > 64


# ---------------------------------------------------------------------------------------- endings


async def test_a_connection_without_a_hello_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silence after the door opened is ended with the reason."""
    monkeypatch.setattr(conversation, "HELLO_WITHIN_S", 0.1)
    async with open_rig(tmp_path) as rig:
        socket = await connect(rig.bound.websocket_url, message_bytes_max=CLIENT_FRAME_BYTES_MAX)
        fault = await heard(socket)
        assert "hello_expected" == fault["code"]
        with pytest.raises(Gone, match="1008 hello_expected"):
            await socket.receive()
        await socket.close()


async def test_silence_ends_a_conversation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A front end that gives no sign of life is let go; what it followed is not followed on."""
    monkeypatch.setattr(conversation, "SILENCE_S_MAX", 0.2)
    async with open_rig(tmp_path) as rig, joined(rig, "register") as socket:
        assert "update" == (await heard(socket))["type"]
        with pytest.raises(Gone, match="1001 nothing was heard"):
            await socket.receive()
        await wait_until(rig, lambda: not rig.shop.followers[("register", "1")])


async def test_the_stores_end_is_told(tmp_path: Path) -> None:
    """When the store stops every WebSocket is closed with 1001 at once, readers or not."""
    async with open_rig(tmp_path) as rig, joined(rig) as reads, joined(rig) as stuck:
        rig.shop.filler = "x" * 8_000_000
        await stuck.send(b'{"type":"subscribe","topic":"register"}')
        await rig.wait_followed("register", "1")
        with trio.fail_after(6):
            rig.http_scope.cancel()
            with pytest.raises(Gone, match="1001 the store stops"):
                await reads.receive()
            await wait_until(rig, lambda: rig.websocket.statistics() == [])


async def test_a_client_joins_again_and_repeats_what_was_open(tmp_path: Path) -> None:
    """A command whose connection breaks is sent again with its id, and happened once."""
    async with (
        open_rig(tmp_path) as rig,
        open_client(rig.bound.websocket_url, FRONT, world=rig.world, register="1") as client,
        contextlib.aclosing(client.subscribe("register")) as updates,
    ):
        assert 0 == (await anext(updates)).data["sold"]
        rig.shop.held = trio.Event()
        answers = []

        async def sell() -> None:
            answers.append(await client.command("order.open"))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(sell)
            await wait_until(rig, lambda: rig.shop.waiting == 1)
            rig.websocket.stop()
            await wait_until(rig, lambda: rig.shop.waiting == 2)
            rig.shop.held.set()
        assert (1, 1) == (answers[0].position, rig.shop.position)
        assert client.repeats == 1
        while (await anext(updates)).data["sold"] != 1:
            pass


async def test_a_client_gives_up_at_its_deadline_and_says_so(tmp_path: Path) -> None:
    """Without an answer in time the outcome is unknown, and the id to ask again with is told."""
    async with (
        open_rig(tmp_path) as rig,
        open_client(rig.bound.websocket_url, FRONT, world=rig.world, register="1") as client,
    ):
        rig.shop.held = trio.Event()
        command_id = rig.world.new_id()
        with pytest.raises(UnknownOutcomeError, match=command_id):
            await client.command("order.open", command_id=command_id, deadline_s=0.1)
        rig.shop.held.set()
        assert 1 == (await client.command("order.open", command_id=command_id)).position


async def test_facts_need_their_right(tmp_path: Path) -> None:
    """A subscription that is refused is told on its topic, and the conversation goes on."""
    async with (
        open_rig(tmp_path) as rig,
        open_client(rig.bound.websocket_url, FRONT, world=rig.world, register="1") as client,
    ):
        async with contextlib.aclosing(client.subscribe("events")) as updates:
            with pytest.raises(FaultError, match="right_must_be_granted"):
                await anext(updates)
        assert (await client.query("store.state")).data["store"] == "s-1"
