"""The file of what a ZVT terminal told unasked: what is in it, and when it cannot be used."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from actors.world import ManualWorld
from engine.terminal import CardShown, Identity
from hardware.terminal.zvt.codec import StatusInfo
from hardware.terminal.zvt.unclaimed import Unclaimed
from hardware.terminal.zvt.unclaimed_file import DamagedFileError, UnclaimedFile, sealed, unpack
from tests.hardware.terminal_rig import BrokenDisk

DECLINED = StatusInfo(
    result=0x05,
    amount_minor=1000,
    identity=Identity("52500001", 7, 3, "1126", "120000"),
    detail="no money",
)
PAID = StatusInfo(
    result=0,
    amount_minor=500,
    identity=Identity("52500001", 8, 4),
    authorisation="9",
    card=CardShown(number="541333******0010"),
)


class Node:
    """One life of a node, with the file of one terminal."""

    def __init__(self, folder: Path) -> None:
        """Nothing was read yet."""
        self.folder = folder
        self.world, self.disk = ManualWorld(), BrokenDisk()
        self.world.disk = self.disk
        self.unclaimed = Unclaimed()
        self.file = UnclaimedFile(folder, "terminal/1")

    async def read(self) -> bool:
        """As the device does when it begins."""
        return await self.file.read(self.unclaimed, self.world)

    async def write(self) -> bool:
        """As the device does before it acknowledges."""
        return await self.file.write(self.unclaimed, self.world)

    @property
    def content(self) -> bytes:
        """What is in the folder."""
        (file,) = self.folder.iterdir()
        return file.read_bytes()


async def test_each_life_of_a_node_knows_what_the_one_before_was_told(tmp_path: Path) -> None:
    """Both days of the terminal, in order, as far as it says what became of which payment; nothing
    of the card lies on the disk."""
    first = Node(tmp_path)
    assert await first.read()
    first.unclaimed.keep(DECLINED)
    first.unclaimed.end_day()
    first.unclaimed.keep(PAID)
    assert await first.write()
    second = Node(tmp_path)
    assert await second.read()
    assert second.unclaimed.before == (DECLINED,)
    assert second.unclaimed.told == (attrs.evolve(PAID, card=CardShown()),)
    assert b"0010" not in second.content
    assert b"541333" not in second.content


async def test_what_is_over_is_gone_from_the_file(tmp_path: Path) -> None:
    """A later payment that has the same numbers is not taken for one told by a node before."""
    first = Node(tmp_path)
    first.unclaimed.keep(DECLINED)
    assert await first.write()
    assert len(first.unclaimed.forget(DECLINED.identity)) == 1, "to be written"
    assert first.unclaimed.forget(DECLINED.identity) == []
    assert await first.write()
    second = Node(tmp_path)
    assert await second.read()
    assert second.unclaimed == Unclaimed()
    assert second.unclaimed.end_day() == []


async def test_nothing_told_leaves_no_file(tmp_path: Path) -> None:
    """Most terminals tell nothing unasked, and a disk that is only read wears off less."""
    node = Node(tmp_path)
    assert await node.write()
    assert list(tmp_path.iterdir()) == []


async def test_a_damaged_file_is_told_apart_and_replaced(tmp_path: Path) -> None:
    """What is not as it was written counts for nothing: a digit that turned could name another
    payment. The next result is kept again."""
    first = Node(tmp_path)
    first.unclaimed.keep(DECLINED)
    assert await first.write()
    whole = first.content
    (file,) = tmp_path.iterdir()
    file.write_bytes(whole.replace(b'"amount_minor":1000', b'"amount_minor":1001'))
    second = Node(tmp_path)
    assert await second.read()
    assert second.unclaimed == Unclaimed()
    second.unclaimed.keep(DECLINED)
    assert await second.write()
    assert second.content == whole


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"countertop.unclaimed/1", sealed(b""), sealed(b"[]"), sealed(b'{"told":[{}]}')],
)
def test_what_is_no_such_file_is_said_to_be_damaged(content: bytes) -> None:
    """Whole by its check sum or not."""
    with pytest.raises(DamagedFileError):
        unpack(content)


async def test_a_disk_that_cannot_be_read_now_is_read_later(tmp_path: Path) -> None:
    """Until then nothing is written over what lies there."""
    first = Node(tmp_path)
    first.unclaimed.keep(DECLINED)
    assert await first.write()
    second = Node(tmp_path)
    second.disk.is_unreadable = True
    assert not await second.read()
    second.unclaimed.keep(PAID)
    assert not await second.write()
    second.disk.is_unreadable = False
    assert await second.write()
    third = Node(tmp_path)
    assert await third.read()
    assert [one.result for one in third.unclaimed.told] == [DECLINED.result, PAID.result]
