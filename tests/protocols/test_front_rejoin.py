"""What a front-end client does when its register is not there: at first, and once it was."""

from __future__ import annotations

import contextlib
import json
from functools import partial
from typing import Any

import pytest
import trio

from actors.web.sockets import Gone, WebSocket, accept
from actors.world import ManualWorld, SystemWorld
from protocols.front import client_websocket
from protocols.front.client_nng import NngCarrier
from protocols.front.client_types import FaultError, LostError
from protocols.front.client_websocket import WebSocketCarrier
from protocols.front.codec import ServerFrame, encode
from protocols.front.frames import (
    VERSION,
    AnswerFrame,
    CommandFrame,
    Fault,
    FaultCode,
    Hello,
    Pong,
    Update,
    Welcome,
)

HELLO = Hello(VERSION, "token", "1", "test")
WELCOME = Welcome(VERSION, "shop-1", epoch=1, position=0, heartbeat_s=15)
ABSENT = Fault(FaultCode.REGISTER_ABSENT.value, "register '1' is not there (yet)")


class Store:
    """Says what it was told to say, in order, as a WebSocket and as an nng requester."""

    def __init__(self, *frames: ServerFrame) -> None:
        self.frames = list(frames)

    async def send(self, _: Any) -> None:
        """Hear hello."""

    async def receive(self) -> Any:
        """The next frame."""
        return encode(self.frames.pop(0))

    async def request(self, _: bytes, __: float) -> Any:
        """The same over nng."""
        return encode(self.frames.pop(0))


async def test_a_client_that_was_welcomed_waits_for_a_store_that_closes() -> None:
    """A hello that meets a closing store says its register is absent: it is said again later."""
    websocket = WebSocketCarrier("ws://127.0.0.1:1/ws", HELLO, ManualWorld())
    assert await websocket._greet(_as_any(Store(WELCOME))) == WELCOME
    with pytest.raises(Gone):
        await websocket._greet(_as_any(Store(ABSENT)))
    assert await websocket._greet(_as_any(Store(WELCOME))) == WELCOME
    store = Store(WELCOME, ABSENT, WELCOME)
    nng = NngCarrier(_as_any(store), HELLO, ManualWorld())
    await nng.wait_joined()
    nng._welcome = None
    assert await nng.wait_joined() == WELCOME
    assert store.frames == []


async def test_a_client_with_a_wrong_name_is_told() -> None:
    """Never welcomed before, a register that is absent is a name to be checked."""
    websocket = WebSocketCarrier("ws://127.0.0.1:1/ws", HELLO, ManualWorld())
    await websocket._greet(_as_any(Store(ABSENT)))
    with pytest.raises(FaultError, match="register_absent"):
        await websocket.wait_joined()
    with pytest.raises(FaultError, match="register_absent"):
        await NngCarrier(_as_any(Store(ABSENT)), HELLO, ManualWorld()).wait_joined()


async def _welcomed(stream: trio.SocketStream) -> WebSocket | None:
    """The store's side of a connection, greeted; None where the client had given it up by then."""
    try:
        socket = await accept(stream, lambda _: "", message_bytes_max=1_000, within_s=5)
        if socket is not None:
            await socket.receive()
            await socket.send(encode(WELCOME))
    except (Gone, trio.BrokenResourceError):
        return None
    return socket


async def test_a_client_that_was_refused_asks_again() -> None:
    """Never welcomed, it is told that its register is absent; once that is there, it is let in."""
    connections = 0

    async def serve(stream: trio.SocketStream) -> None:
        nonlocal connections
        connections += 1
        socket = await accept(stream, lambda _: "", message_bytes_max=1_000, within_s=5)
        assert socket is not None
        await socket.receive()
        await socket.send(encode(ABSENT if connections < 3 else WELCOME))
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        url = f"ws://127.0.0.1:{listeners[0].socket.getsockname()[1]}/ws"
        carrier = WebSocketCarrier(url, HELLO, SystemWorld())
        nursery.start_soon(carrier.run)
        with trio.fail_after(20):
            with pytest.raises(FaultError, match="register_absent"):
                await carrier.wait_joined()
            welcome = None
            while welcome is None:
                with contextlib.suppress(FaultError):
                    welcome = await carrier.wait_joined()
                await trio.sleep(0.05)
        assert (welcome, connections) == (WELCOME, 3)
        nursery.cancel_scope.cancel()


async def test_a_store_that_says_nothing_is_joined_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that is taken and never greeted, and one that falls silent, are given up; one
    that only answers slowly, but gives signs of life, is not."""
    monkeypatch.setattr(client_websocket, "HELLO_WITHIN_S", 0.2)
    silent, fell_silent = False, False

    async def serve(stream: trio.SocketStream) -> None:
        nonlocal silent, fell_silent
        if not silent:
            silent = True
            await trio.sleep_forever()
        socket = await _welcomed(stream)
        # On a busy machine a client gives up a greeting that is merely slow: it will ask again.
        if socket is not None:
            if not fell_silent:
                fell_silent = True
                await trio.sleep_forever()
            asked = 0
            with contextlib.suppress(Gone):
                while True:
                    frame = json.loads(await socket.receive())
                    if frame["type"] == "ping":
                        await socket.send(encode(Pong(frame["at"], 1, 1)))
                    elif (asked := asked + 1) > 4:
                        await socket.send(encode(AnswerFrame(frame["id"], True, {}, None, 1, 1)))

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        url = f"ws://127.0.0.1:{listeners[0].socket.getsockname()[1]}/ws"
        carrier = WebSocketCarrier(url, HELLO, SystemWorld())
        nursery.start_soon(carrier.run)
        with trio.fail_after(20):
            answer = None
            while answer is None:
                with contextlib.suppress(LostError, trio.TooSlowError):
                    answer = await carrier.request(CommandFrame("1", "x", {}, None), "1", 0.3)
        assert isinstance(answer, AnswerFrame)
        assert fell_silent
        nursery.cancel_scope.cancel()


def _as_any(store: Store) -> Any:
    return store


async def test_who_stops_following_in_the_middle_of_a_backlog_is_heard_on(
    autojump_clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader waits for a loop that is slow, and not for one that was left: it went on waiting,
    and whatever else that client asked was never answered."""
    monkeypatch.setattr(client_websocket, "CLIENT_UPDATES_MAX", 2)
    websocket = WebSocketCarrier("ws://127.0.0.1:1/ws", HELLO, ManualWorld())
    pages = [Update("events", 1, position, {"events": []}) for position in range(1, 6)]

    async def read() -> None:
        for page in pages:
            await websocket._note(page)

    with trio.fail_after(5):
        async with (
            trio.open_nursery() as nursery,
            contextlib.aclosing(websocket.follow("events")) as updates,
        ):
            nursery.start_soon(read)
            assert await anext(updates) == pages[0]
            await trio.sleep(1)
