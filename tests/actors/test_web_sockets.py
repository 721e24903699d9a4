"""A WebSocket's beginning, as strangers begin it."""

from __future__ import annotations

import pytest
import trio
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from actors.web.sockets import Gone, accept


def request() -> bytes:
    """What a browser sends first."""
    client = ClientProtocol(parse_uri("ws://127.0.0.1/ws"))
    client.send_request(client.connect())
    return b"".join(client.data_to_send())


@pytest.mark.parametrize(
    "following",
    [b"\xff" * 8, b"\x81\x05plain", b"\x88\x80\x00\x00\x00\x00"],
    ids=["no frame", "an unmasked frame", "a goodbye"],
)
async def test_who_does_not_wait_for_the_answer_is_turned_away(following: bytes) -> None:
    """A request with what ends the protocol on its heels ends the connection, and fails nothing."""
    client, server = trio.testing.memory_stream_pair()
    await client.send_all(request() + following)
    assert await accept(server, lambda _: "", message_bytes_max=1_000, within_s=5) is None


async def test_nothing_counts_after_a_message_that_is_no_text() -> None:
    """What follows broken text is not taken, even where both came in one read."""
    client, server = trio.testing.memory_stream_pair()
    await client.send_all(request())
    socket = await accept(server, lambda _: "", message_bytes_max=1_000, within_s=5)
    assert socket is not None
    messages = (b"before", b"\xff", b"after")
    await client.send_all(b"".join(Frame(Opcode.TEXT, m).serialize(mask=True) for m in messages))
    assert await socket.receive() == "before"
    await client.send_eof()
    with pytest.raises(Gone):
        await socket.receive()
