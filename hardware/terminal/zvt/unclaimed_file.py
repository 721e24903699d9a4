"""The file of what a terminal told unasked: written before the terminal hears that it arrived."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import quote

import structlog
from attrs import frozen

from actors.world import World
from engine.wire import WireError, canonical, parse, structure, unstructure
from hardware.terminal.zvt.codec import StatusInfo
from hardware.terminal.zvt.unclaimed import Row, Unclaimed
from hardware.turn import Turn

log = structlog.get_logger()
FORMAT = "countertop.unclaimed/1"


@frozen
class Rows:
    """All of them, of this day of the terminal and of the day before."""

    told: tuple[Row, ...] = ()
    before: tuple[Row, ...] = ()


class DamagedFileError(ValueError):
    """The file is not what was written; what it held is known by settlement files alone."""


class UnclaimedFile:
    """The file of one terminal. Owns what is in it; where there is no folder to put it in, nothing
    outlives the process."""

    def __init__(self, folder: Path | None, address: str) -> None:
        self._path = None if folder is None else folder / f"{quote(address, safe='')}.unclaimed"
        self._turn = Turn()
        self._held: bytes | None = None

    async def read(self, unclaimed: Unclaimed, world: World) -> bool:
        """Have what was told to a process before this one recalled, once; whether it is. A disk
        that cannot be read now is tried again the next time."""
        async with self._turn:
            return await self._read(unclaimed, world)

    async def write(self, unclaimed: Unclaimed, world: World) -> bool:
        """Make what is unclaimed now durable; whether it is."""
        async with self._turn:
            if not await self._read(unclaimed, world):
                return False
            content = pack(unclaimed)
            if self._path is None or content == self._held:
                return True
            try:
                await world.in_thread(_put, self._path, content, world)
            except OSError as error:
                log.warning("unclaimed_not_written", file=str(self._path), reason=str(error))
                return False
            self._held = content
            return True

    async def _read(self, unclaimed: Unclaimed, world: World) -> bool:
        if self._path is None or self._held is not None:
            return True
        held = pack(Unclaimed())
        try:
            # Most have no such file, and to look for one takes less than to have a thread do it.
            if world.disk.size(self._path) is not None:
                held = await world.in_thread(world.disk.read, self._path)
                unclaimed.recall(*unpack(held))
        except DamagedFileError as error:
            log.warning("unclaimed_damaged", file=str(self._path), reason=str(error))
        except OSError as error:
            log.warning("unclaimed_not_read", file=str(self._path), reason=str(error))
            return False
        self._held = held
        return True


def _put(path: Path, content: bytes, world: World) -> None:
    world.disk.make_folder(path.parent, 0o700)
    world.disk.write_durably(path, content, 0o600)


def pack(unclaimed: Unclaimed) -> bytes:
    """The content of a file."""
    rows = Rows(tuple(map(Row.of, unclaimed.told)), tuple(map(Row.of, unclaimed.before)))
    return sealed(canonical(unstructure(rows)))


def sealed(body: bytes) -> bytes:
    """A body with its format and check sum before it."""
    return f"{FORMAT} {hashlib.sha256(body).hexdigest()}\n".encode() + body


def unpack(content: bytes) -> tuple[tuple[StatusInfo, ...], tuple[StatusInfo, ...]]:
    """What was told, this day and the day before.

    Raises:
        DamagedFileError: it is not what was written.
    """
    _, _, body = content.partition(b"\n")
    if content != sealed(body):
        raise DamagedFileError("its check sum does not fit")
    try:
        rows = structure(parse(body), Rows)
    except WireError as error:
        raise DamagedFileError(str(error)) from None
    return tuple(map(Row.info, rows.told)), tuple(map(Row.info, rows.before))
