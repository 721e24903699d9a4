"""A simulated nexo terminal, the device that talks to it over TLS, and a store around them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache

import orjson
import trio
import trio.testing
from attrs import define, field

from actors.messages import Accepted, DeviceState, Failure
from actors.terminal_messages import Keep, Progress
from actors.world import ManualWorld, SystemWorld, World
from engine.terminal import Answer
from hardware.rig import Rig, open_rig
from hardware.terminal.nexo.client import NoticeDoor
from hardware.terminal.nexo.crypto import SecurityKey
from hardware.terminal.nexo.device import NexoDevice
from hardware.terminal.nexo.fake import NexoFake
from hardware.terminal.nexo.outlet import Outlet, Serve, TcpOutlet
from hardware.terminal.nexo.papers import Authority, Papers, new_authority
from hardware.terminal.nexo.profile import Carrier, Profile
from hardware.transport import ByteStream, Place, TcpPlace, TransportError

ADDRESS = "terminal/one"
KEEPER = "payments/test"
POI_ID = "V400m-324688179"
KEY = SecurityKey("store-1", 1, "p@ssw0rd123456")


def now() -> datetime:
    """The machine's time, which certificates are held against."""
    return datetime.fromtimestamp(SystemWorld().now_ns() // 10**9, UTC)


@cache
def authority() -> Authority:
    """Who vouches for the terminals of the tests."""
    return new_authority(now())


@cache
def papers(common: str = f"{POI_ID}.live.terminal.adyen.com") -> Papers:
    """A terminal's certificate."""
    return authority().vouch(common, now())


def base64_extra(extra: dict[str, str]) -> str:
    """Additional data in the form that the simulated terminal does not use."""
    return b64encode(orjson.dumps({"additionalData": extra})).decode()


def profile(**changes: object) -> Profile:
    """What the shop says about its terminal."""
    told = {"poi_id": POI_ID, "sale_id": "register-1", "key": KEY} | changes
    told.setdefault("authority_pem", authority().pem)
    return Profile(**told)  # type: ignore[arg-type]


class MemoryOutlet(Outlet):
    """An outlet without a machine; it is a place to connect to as well."""

    def __init__(self) -> None:
        super().__init__()
        self._in: tuple[trio.Nursery, Serve] | None = None

    async def _open(self, nursery: trio.Nursery, serve: Serve) -> None:
        self._in = nursery, serve
        await trio.lowlevel.checkpoint()

    async def unplug(self) -> None:
        self._in = None
        await super().unplug()

    async def open(self) -> ByteStream:
        """As `hardware.transport.connect`."""
        await trio.lowlevel.checkpoint()
        if self._in is None:
            raise TransportError("unreachable", "nothing is plugged in")
        nursery, serve = self._in
        near, far = trio.testing.memory_stream_pair()
        nursery.start_soon(serve, self._far(far))
        return Near(near)

    def _far(self, stream: trio.abc.Stream) -> trio.abc.Stream:
        """The end that the terminal has."""
        return stream


class Near:
    """The near end of a cable in memory."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream

    async def send_all(self, data: bytes) -> None:
        """As `ByteStream`."""
        await self._stream.send_all(data)

    async def receive_some(self) -> bytes:
        """As `ByteStream`."""
        data = bytes(await self._stream.receive_some(65_536))
        if not data:
            raise trio.BrokenResourceError("the other end closed")
        return data

    async def aclose(self) -> None:
        """As `ByteStream`."""
        await trio.aclose_forcefully(self._stream)


@define(eq=False)
class NexoShop:
    """All of it. `kept` is what the keeper wrote down of results, while `refusals` are left it
    cannot; `doubts` is what it wrote down before they were begun."""

    rig: Rig
    fake: NexoFake
    device: NexoDevice
    kept: list[Answer] = field(factory=list)
    progress: list[str] = field(factory=list)
    refusals: int = 0
    doubts: list[Answer] = field(factory=list)

    async def ready(self, *, after: int = 0) -> int:
        """Wait until the terminal takes payments."""
        return await self.rig.wait_state(ADDRESS, DeviceState.READY, after=after)

    async def idle(self) -> None:
        """Wait until the terminal is ready and nothing runs."""
        session = self.device.session
        while not (session.is_idle and session.condition.is_ready):  # noqa: ASYNC110
            await trio.sleep(0.01)

    async def _keeper(self) -> None:
        async for envelope in self.rig.node.open(KEEPER):
            match envelope.body:
                case Keep(_, answer) if answer.code == "begun":
                    self.doubts.append(answer)
                    envelope.answer(Accepted())
                case Keep(_, answer) if self.refusals == 0:
                    self.kept.append(answer)
                    envelope.answer(Accepted())
                case Keep():
                    self.refusals -= 1
                    envelope.answer(Failure("disk_full"))
                case Progress(_, code):
                    self.progress.append(code)


@asynccontextmanager
async def open_nexo(
    outlet: Outlet,
    *,
    world: World | None = None,
    told: Profile | None = None,
    shown: Papers | None = None,
    key: SecurityKey = KEY,
    poi_id: str = POI_ID,
    door: NoticeDoor | None = None,
    carrier: Carrier = Carrier.HTTPS,
    is_ready: bool = True,
) -> AsyncIterator[NexoShop]:
    """A shop whose terminal is ready, or is about to show why it is not."""
    world = world or SystemWorld()
    async with trio.open_nursery() as nursery, open_rig(world) as rig:
        tls = (shown or papers()).server()
        fake = NexoFake(outlet, tls, key, poi_id=poi_id, carrier=carrier, world=world)
        await nursery.start(fake.run)
        place: Place = outlet if isinstance(outlet, MemoryOutlet) else TcpPlace("127.0.0.1", 0)
        if isinstance(outlet, TcpOutlet):
            place = TcpPlace(outlet.host, outlet.port)
        device = NexoDevice(ADDRESS, place, told or profile(carrier=carrier), door=door)
        shop = NexoShop(rig, fake, device)
        nursery.start_soon(shop._keeper)
        rig.start(device)
        if is_ready:
            await shop.ready()
            await shop.idle()
        yield shop
        nursery.cancel_scope.cancel()


def simulated() -> tuple[MemoryOutlet, World]:
    """A cable without a machine, and a world whose clock is trio's."""
    return MemoryOutlet(), ManualWorld(follow=True)
