"""A process that opens what a nexo terminal sealed holds no card number afterwards."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import trio
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from hardware.terminal.nexo import envelope, play, voice
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.http import question
from hardware.terminal.nexo.profile import Carrier
from tests.canaries import Canaries
from tests.hardware.nexo_rig import KEY, POI_ID, authority, papers
from tests.left_behind import ROOT
from tests.nexo_canaries import clear, leaks, writings
from tests.store.memory import in_memory

CANARIES = Canaries.seeded(20261127)
PROGRAM = """
import sys, time
from hardware.terminal.nexo import envelope, told
from hardware.terminal.nexo.crypto import SecurityKey
key = SecurityKey(sys.argv[1], int(sys.argv[2]), sys.argv[3])
for line in sys.stdin.buffer.read().splitlines():
    told.answer(envelope.opened(line, key), "EUR")
print("opened", flush=True)
time.sleep(60)
"""


def sealed() -> list[bytes]:
    """An answer with each card in every place and every way of writing."""
    head = m.Header("Payment", "AB12CD34EF", "register-1", POI_ID)
    poi = m.PoiTransaction("SIM1.REF1", "2026-11-26T09:30:00Z")
    plain = voice.answer(
        head, m.PaymentTold(m.Outcome("Success"), "r1", poi, 1250, 0, "EUR"), "EUR"
    )
    return [
        envelope.close(
            voice.reply_header(head),
            play.over(plain, play.Plan(extra=leaks(card))),
            KEY,
            bytes([number] * 16),
            "SaleToPOIResponse",
        )
        for number, card in enumerate(CANARIES.cards)
    ]


@pytest.mark.feature("PAY-08", part="the RAM of a process right after it opened seals of nexo")
def test_no_card_number_is_left_in_the_memory_that_opened_it() -> None:
    """Right after sixteen messages full of numbers, before anything else is written over what they
    left, none is in memory, as letters or as half bytes."""
    words = [sys.executable, "-c", PROGRAM, KEY.identifier, str(KEY.version), KEY.passphrase]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"\n".join(sealed()) + b"\n")
        process.stdin.close()
        assert process.stdout.readline() == b"opened\n"
        found = in_memory(CANARIES, process.pid)
        process.kill()
    assert found == []


# ------------------------------------------------------------------- what is outside of the seals

REGISTER = """
import os, sys, time, trio
from hardware.terminal.nexo import client, envelope
from hardware.terminal.nexo.crypto import SecurityKey
from hardware.terminal.nexo.identity import context
from hardware.terminal.nexo.profile import Carrier, Profile
from hardware.transport import TcpPlace
port, count, carrier, poi_id, identifier, version, passphrase, authority = sys.argv[1:]
key = SecurityKey(identifier, int(version), passphrase)
pem = open(authority).read()
profile = Profile(poi_id, "register-1", key, pem, carrier=Carrier(carrier))
place = TcpPlace("127.0.0.1", int(port))
kept, seen = [], []
async def aside(message):
    await trio.lowlevel.checkpoint()
    return False
async def take(message):
    seen.append("posted")
    return 400
async def main():
    terminal = client.Terminal(place, context(profile.authority_pem), profile, os.urandom)
    for _ in range(int(count)):
        try:
            answer, line = await client.exchange(terminal, b"{}", 10**10, aside)
        except client.LinkError as error:
            seen.append(error.code)
            continue
        kept.append(line)
        seen.append(answer.trouble[0] if answer.trouble else "opened")
    async with trio.open_nursery() as nursery:
        door = client.NoticeDoor("127.0.0.1", 0)
        (door,) = await nursery.start(client.serve_notices, door, profile, take)
        print(door.socket.getsockname()[1], flush=True)
        while seen.count("posted") < int(count):
            await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
    print(*seen, flush=True)
    time.sleep(60)
trio.run(main)
"""
BARE = b'{"SaleToPOIResponse":{"PaymentResponse":{}}}'


def _told(carrier: Carrier) -> list[bytes]:
    """Answers outside of whose seals is a number, without a seal, and such as break off."""
    wholes = [
        one
        for sealed_one, card in zip(sealed(), CANARIES.cards, strict=True)
        for one in (
            play.beside(sealed_one, clear(card)),
            play.over(BARE, play.Plan(extra=leaks(card))),
        )
    ]
    frames = [_framed(one) for one in wholes]
    if carrier is Carrier.HTTPS:
        told = "".join(
            f"X-{number}: {writings(card)[0]}\r\n" for number, card in enumerate(CANARIES.cards)
        )
        head = f"HTTP/1.1 200 {CANARIES.cards[0]}\r\n{told}Content-Length: "
        frames = [b"%b%d\r\n\r\n%b" % (head.encode(), len(one), one) for one in wholes]
    return [*frames, *(one[:-30] for one in frames)]


def _framed(message: bytes) -> bytes:
    """In two frames, with a ping between that tells a number too."""
    ping = Frame(Opcode.PING, CANARIES.cards[0].encode()).serialize(mask=False)
    one = Frame(Opcode.TEXT, message[:999], fin=False).serialize(mask=False)
    return one + ping + Frame(Opcode.CONT, message[999:]).serialize(mask=False)


async def _terminal(answers: list[bytes], stream: trio.SocketStream) -> None:
    """Gives the next answer to whoever asks, and closes in order where it was cut short."""
    async with trio.SSLStream(stream, papers().server(), server_side=True) as secured:
        heard = bytes(await secured.receive_some())
        if heard.startswith(b"GET"):
            server = ServerProtocol()
            server.receive_data(heard)
            (request,) = server.events_received()
            assert isinstance(request, Request)
            server.send_response(server.accept(request))
            await secured.send_all(b"".join(server.data_to_send()))
            await secured.receive_some()
        elif b"\r\n\r\n{}" not in heard:
            await secured.receive_some()
        answer = answers.pop(0)
        await secured.send_all(answer)
        if len(answers) >= 2 * len(CANARIES.cards):
            # Until the register, which keeps the line, is gone.
            with contextlib.suppress(trio.BrokenResourceError):
                while await secured.receive_some():
                    pass


@pytest.mark.feature("PAY-08", part="the RAM of a process that heard a nexo terminal over TLS")
@pytest.mark.parametrize("carrier", list(Carrier), ids=lambda one: one.value)
async def test_no_card_number_is_left_in_the_memory_that_heard_it(
    carrier: Carrier, tmp_path: Path
) -> None:
    """Right after answers and notices with numbers outside of their seals, without a seal, in
    headers and pings, whole and cut short, with the connections still there, none is in memory."""
    trusted = tmp_path / "authority.pem"
    trusted.write_text(authority().pem)
    answers = _told(carrier)
    count = len(answers)
    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_tcp, partial(_terminal, answers), 0, host="127.0.0.1")
        listeners = await nursery.start(serve)
        port = listeners[0].socket.getsockname()[1]
        key = (KEY.identifier, str(KEY.version), KEY.passphrase)
        told = (str(port), str(count), carrier.value, POI_ID, *key, str(trusted))
        process = await trio.lowlevel.open_process(
            [sys.executable, "-c", REGISTER, *told], stdout=subprocess.PIPE, cwd=ROOT
        )
        assert process.stdout is not None
        door = await _line(process.stdout)
        for message in _told(Carrier.WEBSOCKET)[:count]:
            async with await trio.open_tcp_stream("127.0.0.1", int(door)) as stream:
                await stream.send_all(question(CANARIES.cards[0], "/", message).data)
                assert b" 400 " in await stream.receive_some()
        seen = (await _line(process.stdout)).split()
        found = in_memory(CANARIES, process.pid)
        process.kill()
        await process.wait()
        nursery.cancel_scope.cancel()
    assert seen.count("opened") == len(CANARIES.cards)
    assert seen.count("link_lost") == 2 * len(CANARIES.cards)
    assert len(seen) == 2 * count, "each was heard"
    assert found == []


async def _line(stream: trio.abc.ReceiveStream) -> str:
    told = b""
    while not told.endswith(b"\n"):
        told += await stream.receive_some()
    return told.decode()
