"""Cables: what a URL says, and what pulling them out looks like."""

from __future__ import annotations

import contextlib
import os
import socket
import termios
from pathlib import Path

import pytest
import trio

from hardware.carrier import Carrier, PtyCarrier, TcpCarrier
from hardware.transport import (
    ByteStream,
    SerialPlace,
    SerialStream,
    TcpPlace,
    TransportError,
    connect,
    forget_unsent,
    open_serial,
    parse_transport,
)


def test_places() -> None:
    """A URL says host and port, or device and line settings."""
    assert parse_transport("tcp://192.0.2.1:9100") == TcpPlace("192.0.2.1", 9100)
    assert parse_transport("serial:///dev/ttyS0") == SerialPlace("/dev/ttyS0")
    url = "serial:///dev/serial/by-id/x?baud=19200&bits=7&parity=E&stop=2&xonxoff=1&rtscts=0"
    assert parse_transport(url) == SerialPlace(
        "/dev/serial/by-id/x", 19_200, 7, "E", 2, xonxoff=True
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "usb://x",
        "tcp://host",
        "tcp://host:9100/path",
        "serial://ttyS0",
        "serial:///dev/ttyS0?speed=9600",
        "serial:///dev/ttyS0?baud=fast",
        "serial:///dev/ttyS0?bits=9",
        "serial:///dev/ttyS0?parity=X",
    ],
)
def test_wrong_places(url: str) -> None:
    """A URL nobody can use is refused with the URL and the reason."""
    with pytest.raises(ValueError, match=r"tcp://|serial://|serial setting|bits are"):
        parse_transport(url)


async def _swallow(data: bytes) -> None:
    await trio.lowlevel.checkpoint()


async def _send_for_ever(stream: ByteStream) -> None:
    while True:
        await stream.send_all(b"x" * 1_000)


@pytest.mark.parametrize("kind", ["tcp", "pty"])
async def test_pulled_cable(kind: str, tmp_path: Path) -> None:
    """Reading and writing both break when the cable is pulled, and it cannot be opened again."""
    carrier: Carrier = TcpCarrier() if kind == "tcp" else PtyCarrier(tmp_path)
    async with trio.open_nursery() as nursery:
        await nursery.start(carrier.run, _swallow)
        place = parse_transport(carrier.url)
        stream = await connect(place)
        await stream.send_all(b"hello")
        with trio.move_on_after(0.05) as idle:
            await stream.receive_some()
        assert idle.cancelled_caught
        await carrier.unplug()
        with trio.fail_after(5), pytest.raises(trio.BrokenResourceError):
            await stream.receive_some()
        with trio.fail_after(5), pytest.raises(trio.BrokenResourceError):
            await _send_for_ever(stream)
        await stream.aclose()
        with pytest.raises(TransportError, match=r"cannot connect|not there"):
            await connect(place)
        nursery.cancel_scope.cancel()


async def _fill(stream: ByteStream) -> int:
    """Write until the system takes no more; how many bytes it took."""
    descriptor, taken = stream.descriptor, 0  # type: ignore[attr-defined]
    for size in (10_000, 100, 1):
        while True:
            try:
                taken += os.write(descriptor, b"x" * size)
            except BlockingIOError:
                break
            await trio.sleep(0.001)
    return taken


async def test_what_a_device_never_took_does_not_arrive_after_it_was_given_up(
    tmp_path: Path,
) -> None:
    """Given up, a socket or a port hands over no more of what waited in the system: no drawer
    opens when the cable is back in after a minute."""
    listener = trio.socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    await listener.bind(("127.0.0.1", 0))
    listener.listen(1)
    stream = await connect(TcpPlace(*listener.getsockname()))
    far, _ = await listener.accept()
    taken, came = await _fill(stream), 0
    forget_unsent(stream)
    await stream.aclose()
    with trio.fail_after(20), contextlib.suppress(ConnectionResetError):
        while data := await far.recv(1 << 16):
            came += len(data)
    far.close()
    listener.close()
    assert came < taken

    near, port = os.openpty()
    os.set_blocking(near, False)
    serial = await connect(SerialPlace(os.ttyname(port)))
    taken, came = await _fill(serial), 0
    forget_unsent(serial)
    await serial.aclose()
    with contextlib.suppress(BlockingIOError):
        while True:
            came += len(os.read(near, 1 << 16))
    os.close(near)
    os.close(port)
    assert came < taken


async def test_idle_is_not_unplugged(tmp_path: Path) -> None:
    """An idle port waits for bytes."""
    carrier = PtyCarrier(tmp_path)
    async with trio.open_nursery() as nursery:
        await nursery.start(carrier.run, _swallow)
        stream = await connect(parse_transport(carrier.url))
        assert isinstance(stream, SerialStream)
        with trio.move_on_after(0.02) as idle:
            await stream.receive_some()
        assert idle.cancelled_caught
        assert termios.tcgetattr(stream._fd)[6][termios.VMIN] in (1, b"\x01")
        await carrier.send(b"abc")
        assert await stream.receive_some() == b"abc"
        await stream.aclose()
        nursery.cancel_scope.cancel()


async def test_one_program_at_a_time(tmp_path: Path) -> None:
    """A port another program holds is reported as in use, until that one closes it."""
    carrier = PtyCarrier(tmp_path)
    async with trio.open_nursery() as nursery:
        await nursery.start(carrier.run, _swallow)
        place = parse_transport(carrier.url)
        assert isinstance(place, SerialPlace)
        first = open_serial(place)
        with pytest.raises(TransportError) as raised:
            open_serial(place)
        assert raised.value.code == "in_use"
        await first.aclose()
        await open_serial(place).aclose()
        nursery.cancel_scope.cancel()
