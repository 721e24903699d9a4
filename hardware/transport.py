"""Byte streams to devices, named by URL, so a setting says where a device is plugged in.

`tcp://host:port`, and `serial:///dev/ttyUSB0?baud=9600&bits=8&parity=N&stop=1&xonxoff=0&rtscts=0`.
Prefer `/dev/serial/by-id/...`, which survives replugging. Every stream raises
`trio.BrokenResourceError` when the thing at the other end is gone.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
import termios
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

import serial
import trio
from attrs import frozen

from hardware.limits import CONNECT_TIMEOUT_S, READ_BYTES_MAX


class TransportError(Exception):
    """The device cannot be reached now; `code` is a stable word for the device board."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class ByteStream(Protocol):
    """Both directions of a cable."""

    async def send_all(self, data: bytes) -> None:
        """Write all of `data`; raises `trio.BrokenResourceError` when the device is gone."""
        ...

    async def receive_some(self) -> bytes:
        """Some bytes, never none; raises `trio.BrokenResourceError` when the device is gone."""
        ...

    async def aclose(self) -> None:
        """Close; never raises for a device that is gone already."""
        ...


@frozen
class TcpPlace:
    """A socket address."""

    host: str
    port: int


@frozen
class SerialPlace:
    """A serial device and its line settings. `parity` is one of N, E, O, M, S."""

    path: str
    baud: int = 9600
    bits: int = 8
    parity: str = "N"
    stop: int = 1
    xonxoff: bool = False
    rtscts: bool = False


class OtherPlace(Protocol):
    """Anything else that has a stream to give, such as a cable of the simulator."""

    async def open(self) -> ByteStream:
        """As `connect`."""
        ...


Place = TcpPlace | SerialPlace | OtherPlace
_SERIAL_NUMBERS = ("baud", "bits", "stop")
_SERIAL_FLAGS = ("xonxoff", "rtscts")
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER on, for no time: closed without the rest


def parse_transport(url: str) -> TcpPlace | SerialPlace:
    """Where `url` says the device is.

    Raises:
        ValueError: not a known transport, or a setting is wrong; the message says which.
    """
    parts = urlsplit(url)
    if parts.scheme == "tcp":
        if not parts.hostname or parts.port is None or parts.path or parts.query:
            raise ValueError(f"{url}: a network device is written tcp://host:port")
        return TcpPlace(parts.hostname, parts.port)
    if parts.scheme == "serial":
        return _parse_serial(url, parts.path, parts.query)
    raise ValueError(f"{url}: a device is reached by tcp:// or serial://")


def _parse_serial(url: str, path: str, query: str) -> SerialPlace:
    if not path.startswith("/"):
        raise ValueError(f"{url}: a serial device is written serial:///dev/...")
    options: dict[str, int | str | bool] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name in _SERIAL_NUMBERS and value.isdecimal():
            options[name] = int(value)
        elif name in _SERIAL_FLAGS and value in ("0", "1"):
            options[name] = value == "1"
        elif name == "parity" and value in tuple("NEOMS"):
            options[name] = value
        else:
            raise ValueError(f"{url}: {name}={value} is not a serial setting")
    place = SerialPlace(path, **options)  # type: ignore[arg-type]
    if place.bits not in (5, 6, 7, 8) or place.stop not in (1, 2) or not place.baud:
        raise ValueError(f"{url}: bits are 5 to 8, stop is 1 or 2, baud is above 0")
    return place


async def is_called(url: str, place: TcpPlace) -> bool:
    """Whether `url` is that place by a name; one that nobody knows leads nowhere."""
    there = parse_transport(url)
    if not isinstance(there, TcpPlace) or there.port != place.port or _is_address(there.host):
        return False
    return place.host in await _addresses_of(there)


async def is_same_host(one: TcpPlace, other: TcpPlace) -> bool | None:
    """Whether both, which have one port, are one host by different names; None where a name leads
    nowhere now, so that nobody can say."""
    found, theirs = await _addresses_of(one), await _addresses_of(other)
    return bool(found & theirs) if found and theirs else None


async def _addresses_of(place: TcpPlace) -> frozenset[str]:
    """Where a name leads now; an address leads to itself, and nobody is asked."""
    try:
        found = await trio.socket.getaddrinfo(place.host, place.port)
    except OSError:
        return frozenset()
    return frozenset(str(address[0]) for *_, address in found)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def connect(place: Place) -> ByteStream:
    """Open the device.

    Raises:
        TransportError: it is not there, refuses, or another program holds it.
    """
    if isinstance(place, TcpPlace):
        return await _connect_tcp(place)
    if isinstance(place, SerialPlace):
        return open_serial(place)
    return await place.open()


async def _connect_tcp(place: TcpPlace) -> ByteStream:
    try:
        with trio.fail_after(CONNECT_TIMEOUT_S):
            stream = await trio.open_tcp_stream(place.host, place.port)
    except trio.TooSlowError:
        detail = f"no answer from {place.host}:{place.port}; check its power and network cable"
        raise TransportError("unreachable", detail) from None
    except OSError as error:
        detail = f"cannot connect to {place.host}:{place.port} ({error.strerror or error})"
        raise TransportError("unreachable", detail) from None
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return TcpStream(stream)


class TcpStream:
    """A connected socket."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream

    @property
    def descriptor(self) -> int:
        """For who reads past Python: card data is only ever in the floor's memory."""
        return self._stream.socket.fileno()

    async def send_all(self, data: bytes) -> None:
        """As `ByteStream`."""
        await self._stream.send_all(data)

    async def receive_some(self) -> bytes:
        """As `ByteStream`; an orderly close counts as gone."""
        data = bytes(await self._stream.receive_some(READ_BYTES_MAX))
        if not data:
            raise trio.BrokenResourceError("the device closed the connection")
        return data

    def forget_unsent(self) -> None:
        """As the function."""
        self._stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)

    async def aclose(self) -> None:
        """As `ByteStream`."""
        await self._stream.aclose()


def open_serial(place: SerialPlace) -> SerialStream:
    """Open and configure a serial port, locked against other programs.

    Raises:
        TransportError: no such device, no permission, or already in use.
    """
    try:
        port = serial.Serial(
            place.path,
            baudrate=place.baud,
            bytesize=place.bits,
            parity=place.parity,
            stopbits=place.stop,
            xonxoff=place.xonxoff,
            rtscts=place.rtscts,
            timeout=0,
            exclusive=True,
        )
    except (serial.SerialException, OSError, ValueError) as error:
        raise _serial_error(place.path, error) from None
    stream = SerialStream(port)
    stream.block_until_bytes()
    return stream


def _serial_error(path: str, error: Exception) -> TransportError:
    number = getattr(error, "errno", None)
    if number in (errno.EAGAIN, errno.EWOULDBLOCK, errno.EBUSY):
        return TransportError("in_use", f"{path} is in use by another program; stop that one")
    if number in (errno.EACCES, errno.EPERM):
        return TransportError("forbidden", f"{path} may not be opened by this user; allow it")
    return TransportError("unplugged", f"{path} is not there; check the cable")


class SerialStream:
    """A serial port that pyserial configured and trio reads and writes."""

    def __init__(self, port: serial.Serial) -> None:
        self._port = port
        self._fd: int = port.fileno()
        self._closed = False

    @property
    def descriptor(self) -> int:
        """As `TcpStream.descriptor`."""
        return self._fd

    def block_until_bytes(self) -> None:
        """Make an empty read say "nothing yet" and not look like an unplugged cable.

        pyserial sets VMIN 0, where a read without data returns no bytes, as it does when the
        device is gone.
        """
        settings = termios.tcgetattr(self._fd)
        settings[6][termios.VMIN] = 1
        settings[6][termios.VTIME] = 0
        termios.tcsetattr(self._fd, termios.TCSANOW, settings)

    async def send_all(self, data: bytes) -> None:
        """As `ByteStream`."""
        await trio.lowlevel.checkpoint()
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                await self._wait(trio.lowlevel.wait_writable)
            except OSError as error:
                raise trio.BrokenResourceError(f"the serial device is gone ({error})") from error

    async def receive_some(self) -> bytes:
        """As `ByteStream`."""
        await trio.lowlevel.checkpoint()
        while True:
            try:
                data = os.read(self._fd, READ_BYTES_MAX)
            except BlockingIOError:
                await self._wait(trio.lowlevel.wait_readable)
                continue
            except OSError as error:
                raise trio.BrokenResourceError(f"the serial device is gone ({error})") from error
            if not data:
                raise trio.BrokenResourceError("the serial device is gone")
            return data

    async def _wait(self, condition: _Wait) -> None:
        try:
            await condition(self._fd)
        except OSError as error:
            raise trio.BrokenResourceError(f"the serial device is gone ({error})") from error

    def forget_unsent(self) -> None:
        """As the function."""
        termios.tcflush(self._fd, termios.TCOFLUSH)

    async def aclose(self) -> None:
        """As `ByteStream`."""
        if not self._closed:
            self._closed = True
            trio.lowlevel.notify_closing(self._fd)
            with contextlib.suppress(OSError, termios.error):
                self._port.close()
        await trio.lowlevel.checkpoint()


def forget_unsent(stream: ByteStream) -> None:
    """Have what the thing did not take yet go nowhere once `stream` is closed.

    A system that is only told to close goes on sending for a minute or two: a kick would reach its
    drawer when the cable is back in and nobody stands there. And it lets whoever closes a serial
    port that takes nothing wait for half a minute.
    """
    if isinstance(stream, TcpStream | SerialStream):
        with contextlib.suppress(OSError, termios.error, trio.ClosedResourceError):
            stream.forget_unsent()


class _Wait(Protocol):
    async def __call__(self, fd: int) -> None: ...
