"""What a power cut leaves: files rebuilt from the shim's log of changes and syncs.

A killed process loses nothing that the kernel holds, so killing cannot test syncing. `Disk` follows
what was asked of a folder's files, over as many processes as lived on it, and knows at every moment
what is safely on the platter and what is only on its way there. `cut` then takes the power away:
of what was under way each piece arrives whole, in part, or not at all, as the dice will have it.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from pathlib import Path

from attrs import define, field

SECTOR_BYTES = 512
SHARED_MEMORY = "-shm"  # SQLite maps it, so no write is seen; it never counts after a crash
NEVER_WRITTEN_BY_CALLS = (SHARED_MEMORY, ".lock", ".reserve")


class LogError(Exception):
    """The shim's log or the files under it are not what the shim says they are."""


@define(eq=False)
class Change:
    """A write at `offset`, or with `data` None a new length. `doomed`: its sync failed, and the
    kernel will not try again."""

    number: int
    offset: int
    data: bytes | None
    doomed: bool = False

    def put(self, content: bytearray) -> None:
        """Carry it out on a file's content."""
        if self.data is None:
            if self.offset < len(content):
                del content[self.offset :]
            else:
                content.extend(bytes(self.offset - len(content)))
            return
        if self.offset > len(content):
            content.extend(bytes(self.offset - len(content)))
        content[self.offset : self.offset + len(self.data)] = self.data

    def put_torn(self, content: bytearray, dice: random.Random) -> None:
        """Carry out some of its sectors; one of them may come out as noise."""
        if self.data is None:
            if dice.random() < 0.5:
                self.put(content)
            return
        first = self.offset // SECTOR_BYTES
        last = (self.offset + len(self.data) - 1) // SECTOR_BYTES
        for sector in range(first, last + 1):
            start = max(self.offset, sector * SECTOR_BYTES)
            end = min(self.offset + len(self.data), (sector + 1) * SECTOR_BYTES)
            piece = self.data[start - self.offset : end - self.offset]
            chance = dice.random()
            if chance < 0.1:
                piece = dice.randbytes(len(piece))
            if chance < 0.5:
                Change(0, start, piece).put(content)


@define(eq=False)
class Inode:
    """A file's content on the platter, and the changes on their way there."""

    safe: bytearray = field(factory=bytearray)
    under_way: list[Change] = field(factory=list)

    def now(self) -> bytearray:
        """What a program that reads the file gets."""
        content = bytearray(self.safe)
        for change in self.under_way:
            change.put(content)
        return content

    def settle(self, number: int) -> None:
        """A sync that began after change `number` is done."""
        for change in self.under_way:
            if change.number <= number and not change.doomed:
                change.put(self.safe)
        self.under_way = [c for c in self.under_way if c.number > number or c.doomed]

    def after_cut(self, dice: random.Random) -> bytearray:
        """The content after the power went: chance decides about everything under way."""
        content = bytearray(self.safe)
        for change in self.under_way:
            chance = dice.random()
            if change.doomed and chance < 0.8:
                continue
            if chance < 0.4:
                change.put(content)
            elif chance < 0.6:
                change.put_torn(content, dice)
        return content


@define(eq=False)
class Rename:
    """A change of names in a folder: `inode` appears as `path`, or nothing does, and the name
    `gone` goes."""

    number: int
    path: str
    inode: Inode | None
    gone: str = ""

    def put(self, names: dict[str, Inode]) -> None:
        """Carry it out."""
        names.pop(self.gone, None)
        if self.inode is None:
            names.pop(self.path, None)
        else:
            names[self.path] = self.inode


@define(eq=False)
class Claim:
    """A name that the log says is gone, the file it had, and what stood where it went."""

    change: Rename
    inode: Inode
    replaced: Inode | None = None


@define(eq=False)
class Disk:
    """The files below `root`, as on the platter and as programs see them.

    A kill can come between a change of names and its entry in the log: a file is there that was
    never noted as made, or one that was noted as gone. Whoever comes next finds it, so it is put
    back once it is met.
    """

    root: Path
    names: dict[str, Inode] = field(factory=dict)
    safe_names: dict[str, Inode] = field(factory=dict)
    renames: list[Rename] = field(factory=list)
    _claims: dict[str, Claim] = field(factory=dict)
    _number: int = 0
    _syncs: dict[int, int] = field(factory=dict)

    @staticmethod
    def adopt(root: Path) -> Disk:
        """A disk on which everything that is there now is safe."""
        disk = Disk(root)
        for path in _files(root):
            disk.names[str(path)] = Inode(bytearray(path.read_bytes()))
        disk.safe_names = dict(disk.names)
        return disk

    def follow(self, log: Path) -> None:
        """Take in what a log says, and empty it; only while no process writes there."""
        if not log.exists():
            return
        for kind, path, rest in entries(log.read_bytes()):
            self._take(kind, path, rest)
        for found in _files(self.root):
            if str(found) not in self.names and (str(found) in self._claims or _is_empty(found)):
                self._put_back(str(found))
        self._claims.clear()
        self._syncs.clear()
        log.unlink()

    def _take(self, kind: str, path: str, rest: bytes) -> None:
        self._number += 1
        number = self._number
        match kind:
            case "W":
                offset = struct.unpack_from("<Q", rest)[0]
                self._inode(path).under_way.append(Change(number, offset, rest[8:]))
            case "T":
                self._inode(path).under_way.append(
                    Change(number, struct.unpack("<Q", rest)[0], None)
                )
            case "C":
                self._claims.pop(path, None)
                self._rename(Rename(number, path, Inode()))
            case "U":
                change = Rename(number, path, None)
                # A socket's name goes too, and was never a file of this disk.
                if path in self.names:
                    self._claims[path] = Claim(change, self.names[path])
                self._rename(change)
            case "R":
                inode, to = self._inode(path), rest.decode()
                change = Rename(number, to, inode, gone=path)
                self._claims[path] = Claim(change, inode, self.names.get(to))
                self._rename(change)
            case "B":
                self._syncs[struct.unpack("<Q", rest)[0]] = number
            case "S":
                self._settle(path, self._syncs.pop(struct.unpack("<Q", rest)[0]))
            case "F":
                self._doom(path, self._syncs.pop(struct.unpack("<Q", rest)[0]))
            case _:
                raise LogError(f"an entry of the unknown kind {kind!r}")

    def _inode(self, path: str) -> Inode:
        if path not in self.names:
            self._put_back(path)
        return self.names[path]

    def _put_back(self, path: str) -> None:
        """A file that no entry left there: its going never came about, or its making was not noted.
        What is synced went for good."""
        claim = self._claims.pop(path, None)
        if claim is None or claim.change not in self.renames:
            self._rename(Rename(self._number, path, Inode()))
            return
        self.renames.remove(claim.change)
        self.names[path] = claim.inode
        if claim.change.inode is None or self.names.get(claim.change.path) is not claim.inode:
            return
        if claim.replaced is None:
            del self.names[claim.change.path]
        else:
            self.names[claim.change.path] = claim.replaced

    def _rename(self, change: Rename) -> None:
        change.put(self.names)
        self.renames.append(change)

    def _settle(self, path: str, number: int) -> None:
        if path in self.names:
            self.names[path].settle(number)
            return
        folder = path.rstrip("/")
        for change in self.renames:
            if change.number <= number and _folder(change.path) == folder:
                change.put(self.safe_names)
        self.renames = [c for c in self.renames if c.number > number or _folder(c.path) != folder]

    def _doom(self, path: str, number: int) -> None:
        inode = self.names.get(path)
        for change in inode.under_way if inode is not None else ():
            change.doomed = change.doomed or change.number <= number

    def differences(self) -> list[str]:
        """Where the files are not what the log says: then the shim missed a call."""
        found = {str(path): path for path in _files(self.root)}
        wrong = [f"{path} is there and should not be" for path in found.keys() - self.names.keys()]
        wrong += [f"{path} is missing" for path in self.names.keys() - found.keys()]
        for name, path in found.items():
            inode = self.names.get(name)
            if inode is not None and not name.endswith(NEVER_WRITTEN_BY_CALLS):
                content, told = path.read_bytes(), bytes(inode.now())
                if content != told:
                    wrong.append(f"{path} has {len(content)} bytes and other than {len(told)} told")
        return sorted(wrong)

    def under_way(self) -> int:
        """How many changes a power cut could take back."""
        return len(self.renames) + sum(len(i.under_way) for i in self.names.values())

    def cut(self, dice: random.Random) -> None:
        """Cut the power, while no process lives on it, and write what is left to the files."""
        names = dict(self.safe_names)
        folders: dict[str, list[Rename]] = {}
        for change in self.renames:
            folders.setdefault(_folder(change.path), []).append(change)
        for changes in folders.values():
            for change in changes[: dice.randint(0, len(changes))]:
                change.put(names)
        content = {name: inode.after_cut(dice) for name, inode in names.items()}
        for path in _files(self.root):
            if str(path) not in content:
                path.unlink()
        for name, data in content.items():
            if name.endswith(SHARED_MEMORY):
                data = bytearray(dice.randbytes(len(data)))
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_bytes(data)
        self.names = {name: Inode(data) for name, data in content.items()}
        self.safe_names = dict(self.names)
        self.renames = []


def entries(log: bytes) -> Iterator[tuple[str, str, bytes]]:
    """Kind, path and the rest of each entry; the last may be cut off by a kill."""
    at = 0
    while at + 4 <= len(log):
        size = struct.unpack_from("<I", log, at)[0]
        if at + 4 + size > len(log):
            return
        kind = chr(log[at + 4])
        path_end = at + 7 + struct.unpack_from("<H", log, at + 5)[0]
        yield kind, log[at + 7 : path_end].decode(), log[path_end : at + 4 + size]
        at += 4 + size


def _files(root: Path) -> list[Path]:
    return [path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink()]


def _is_empty(path: Path) -> bool:
    return path.stat().st_size == 0


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
