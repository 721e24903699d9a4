"""What a front-end client does when its register is not there: at first, and once it was."""

from __future__ import annotations

from typing import Any

import pytest

from actors.world import ManualWorld
from protocols.front.client_nng import NngCarrier
from protocols.front.client_types import FaultError
from protocols.front.client_websocket import WebSocketCarrier
from protocols.front.codec import ServerFrame, encode
from protocols.front.frames import VERSION, Fault, FaultCode, Hello, Welcome
from protocols.front.sockets import Gone

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


def _as_any(store: Store) -> Any:
    return store
