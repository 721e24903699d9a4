"""What a provider is asked, as its server reads it."""

from __future__ import annotations

import pytest
import trio
from trio.testing import memory_stream_pair

from protocols.provider import client

ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://pay.example/v1", b"pay.example"),
        ("https://pay.example:8443/v1", b"pay.example:8443"),
        ("http://[::1]:8080/v1", b"[::1]:8080"),
    ],
)
async def test_a_provider_is_asked_by_the_name_its_address_has(
    monkeypatch: pytest.MonkeyPatch, url: str, host: bytes
) -> None:
    """Many servers are behind one address, and find the right one by it."""
    ours, theirs = memory_stream_pair()

    async def connect(*_: object) -> trio.abc.Stream:
        return ours

    monkeypatch.setattr(client, "_connect", connect)
    await theirs.send_all(ANSWER)
    reply = await client.request(url, "GET", (), b"", client.client_context())
    head = bytes(await theirs.receive_some())
    assert 204 == reply.status
    lines = head.split(b"\r\n")
    assert [host] == [line[6:] for line in lines if line.lower().startswith(b"host: ")]
