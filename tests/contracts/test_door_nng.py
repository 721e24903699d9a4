"""What only the nng door must stand: plain sockets of any language, lost connections, hints."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pynng
import pytest
import trio

from actors.errors import AddressInUseError
from actors.link import Subscriber
from actors.link_client import open_requester
from protocols.front.client import open_client
from protocols.front.nng import open_router
from tests.contracts.door_rig import EPOCH, FRONT, open_rig

HELLO = {"type": "hello", "version": 1, "token": FRONT, "register": "1"}


def talk(url: str, *frames: dict[str, Any]) -> list[dict[str, Any]]:
    """What an ordinary, blocking REQ socket gets for each frame."""
    answers = []
    with pynng.Req0(dial=url, send_timeout=5_000, recv_timeout=5_000) as socket:
        for frame in frames:
            socket.send(json.dumps(frame).encode())
            answers.append(json.loads(socket.recv()))
    return answers


async def test_an_ordinary_socket_of_any_language_sells(tmp_path: Path) -> None:
    """A stock REQ socket says hello once and then commands, one reply for each request."""
    async with open_rig(tmp_path) as rig:
        command = {"type": "command", "id": rig.world.new_id(), "name": "order.open", "data": {}}
        answers = await trio.to_thread.run_sync(talk, rig.nng_url, HELLO, command, command)
        assert ["welcome", "answer", "answer"] == [answer["type"] for answer in answers]
        assert answers[1] == answers[2]
        assert 1 == rig.shop.position


async def test_a_conversation_dies_with_its_connection(tmp_path: Path) -> None:
    """What one connection proved opens nothing for the next, and nothing is kept for it."""
    ping = {"type": "ping", "at": 1}
    async with open_rig(tmp_path) as rig:
        first = await trio.to_thread.run_sync(talk, rig.nng_url, HELLO, ping)
        second = await trio.to_thread.run_sync(talk, rig.nng_url, ping)
        assert ["welcome", "pong"] == [answer["type"] for answer in first]
        assert "hello_expected" == second[0]["code"]
        with trio.fail_after(5):
            while rig.nng.sessions:  # noqa: ASYNC110 - the door has no event for this
                await trio.sleep(0.002)


async def test_a_client_whose_connection_was_cut_says_hello_again(tmp_path: Path) -> None:
    """After the store drops a connection the client's next command succeeds, and happens once."""
    async with (
        open_rig(tmp_path) as rig,
        open_client(rig.nng_url, FRONT, world=rig.world, register="1") as client,
    ):
        await client.command("order.open")
        for pipe in list(rig.nng.router._pipes):
            rig.nng.router.drop(pipe)
        answer = await client.command("order.open")
        assert (2, 2) == (answer.position, rig.shop.position)


async def test_each_new_position_is_hinted(tmp_path: Path) -> None:
    """Whoever listens hears (epoch, position) and nothing else after a command."""
    async with open_rig(tmp_path) as rig, open_requester(rig.nng_url) as requester:
        subscriber = Subscriber(rig.hint_url)
        with trio.fail_after(5):
            while not subscriber.joined:  # noqa: ASYNC110 - nng tells nobody
                await trio.sleep(0.002)
            await rig.wait_followed("events", "")
            await requester.request(json.dumps(HELLO).encode(), 5.0)
            frame = {"type": "command", "id": rig.world.new_id(), "name": "order.open", "data": {}}
            await requester.request(json.dumps(frame).encode(), 5.0)
            hint = json.loads((await subscriber.receive())[0])
        assert {"type": "hint", "epoch": EPOCH, "position": 1} == hint
        subscriber.close()


async def test_the_socket_is_its_owners_and_taken_once(tmp_path: Path) -> None:
    """Nobody else on the machine may connect, and a second store on the address is told."""
    async with open_rig(tmp_path) as rig:
        mode = (tmp_path / "front.sock").stat().st_mode
        assert 0o600 == stat.S_IMODE(mode)
        with pytest.raises(AddressInUseError, match="already in use"):
            open_router(rig.nng_url)
