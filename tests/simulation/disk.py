"""A disk in memory that forgets, under a power cut, what was never synced.

Every file has the bytes programs see and the bytes the platter holds. A write reaches the first at
once and the second at the next sync; in between it waits. When the power goes, each waiting write
is kept, lost, torn or garbled as chance has it, and names that no sync of their folder made durable
come or go. SQLite uses the same files through a file system of its own (`vfs.py`).
"""

from __future__ import annotations

import errno
import random
from collections.abc import Callable
from pathlib import Path

import apsw
from attrs import define, field

from actors.disk import Disk, FileHeldError
from tests.simulation.files import Change, File, Op, PowerLostError
from tests.simulation.vfs import MemoryVfs

FREE_BYTES = 8 << 30
# A connection nobody closed is closed when Python finds it, and then needs its file system.
_RETIRED: list[MemoryVfs] = []


@define(eq=False)
class MemoryDisk(Disk):
    """Files by path. `before(op, path)` is called ahead of every act and may raise; `after_sync`
    is told the file and what became durable. `free` is what `free_bytes` answers. A sync of a file
    that `lies` names does nothing and says it did."""

    name: str
    chance: random.Random = field(factory=lambda: random.Random(0))
    files: dict[str, File] = field(factory=dict)
    kept_names: dict[str, File] = field(factory=dict)
    before: Callable[[Op, str], None] | None = None
    after_sync: Callable[[str, list[Change]], None] | None = None
    lies: Callable[[str], bool] | None = None
    free: int = FREE_BYTES
    is_off: bool = False
    boots: int = 0
    acts: int = 0
    _held: set[str] = field(factory=set)
    is_quiet: bool = False
    _vfs: MemoryVfs = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Make the file system known to SQLite."""
        self._vfs = MemoryVfs(self)

    def close(self) -> None:
        """Take the file system away from SQLite again, and let go of the files."""
        self.stop()
        self._retire()
        self.files.clear()
        self.kept_names.clear()
        # SQLite's file system stays behind and knows this disk; who watched it need not stay too.
        self.before = self.after_sync = self.lies = None

    def _retire(self) -> None:
        self._vfs.unregister()
        _RETIRED.append(self._vfs)

    # ------------------------------------------------------------------------------- the machine

    def image(self) -> dict[str, bytes]:
        """What programs see, by path; only to be taken while nobody writes."""
        return {path: bytes(self.files[path].live) for path in sorted(self.files)}

    def load(self, image: dict[str, bytes]) -> None:
        """Begin with these files, all durable."""
        for path, content in image.items():
            self.files[path] = File(bytearray(content), bytearray(content))
        self.kept_names = dict(self.files)

    def stop(self) -> None:
        """The process that used the disk is gone; what it does from now on fails."""
        self.is_off = True

    def start(self) -> None:
        """A new process may use the disk, without the handles of the old one."""
        self.is_off = False
        self.boots += 1
        self._held.clear()
        # One of its own, or a connection of the old process could still delete a file of the new.
        self._retire()
        self._vfs = MemoryVfs(self)

    def lose_power(self) -> None:
        """What was not synced is kept, lost, torn or garbled, names too. The disk is off then."""
        self.stop()
        self._lose_names()
        for path in sorted(self.files):
            self.files[path].lose_power(self.chance)
        self.kept_names = dict(self.files)

    def _lose_names(self) -> None:
        # A file that took another's name brings it at once or not at all, and no order holds.
        changed = [
            path
            for path in sorted(self.files.keys() | self.kept_names.keys())
            if self.files.get(path) is not self.kept_names.get(path)
        ]
        for path in changed:
            if self.chance.random() < 0.5:
                before = self.kept_names.get(path)
                if before is None:
                    self.files.pop(path, None)
                else:
                    self.files[path] = before

    def undisturbed(self) -> Undisturbed:
        """For the auditor's own looks: no fault strikes them, and they are not counted."""
        return Undisturbed(self)

    def act(self, op: Op, path: str) -> None:
        """Count one act, and let a fault raise."""
        if self.is_quiet:
            return
        if self.is_off:
            raise PowerLostError
        self.acts += 1
        if self.before is not None:
            self.before(op, path)

    def open_file(self, path: str, *, create: bool) -> File:
        """The file at a path, made where it is missing and `create` says so."""
        file = self.files.get(path)
        if file is None:
            if not create:
                raise FileNotFoundError(errno.ENOENT, "no such file", path)
            self.act(Op.NAME, path)
            file = self.files[path] = File()
        return file

    def sync_file(self, path: str, file: File) -> None:
        """As fsync: what waits is durable, or, where a fault strikes, nobody knows."""
        try:
            self.act(Op.SYNC, path)
        except OSError:
            if not self.is_off:
                file.fail_sync(self.chance)
            raise
        if self.lies is not None and self.lies(path):
            done = list(file.waiting)
        else:
            done = file.settle()
        if self.after_sync is not None and done:
            self.after_sync(path, done)

    # --------------------------------------------------------------------------------- as a Disk

    def connect(self, path: Path, *, readonly: bool = False) -> apsw.Connection:
        """A connection over this disk; it has no shared memory, so one connection a file."""
        flags = apsw.SQLITE_OPEN_READONLY if readonly else apsw.SQLITE_OPEN_READWRITE
        if not readonly:
            flags |= apsw.SQLITE_OPEN_CREATE
        db = apsw.Connection(str(path), flags=flags, vfs=self._vfs.name)
        db.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
        # A statement that changes much keeps what was there in a file without a name, else.
        db.execute("PRAGMA temp_store = MEMORY").fetchall()
        return db

    def make_folder(self, path: Path, mode: int = 0o777) -> None:
        """Folders are nothing but the beginnings of paths here."""

    def size(self, path: Path) -> int | None:
        """As `Disk`."""
        file = self.files.get(str(path))
        return None if file is None else len(file.live)

    def name_count(self, path: Path) -> int:
        """As `Disk`; there are no hard links here."""
        return int(str(path) in self.files)

    def names(self, folder: Path) -> list[str]:
        """As `Disk`."""
        start = f"{folder}/"
        inside = [path[len(start) :] for path in self.files if path.startswith(start)]
        return sorted({name.partition("/")[0] for name in inside})

    def read(self, path: Path, limit: int = -1) -> bytes:
        """As `Disk`."""
        self.act(Op.READ, str(path))
        live = self.open_file(str(path), create=False).live
        return bytes(live if limit < 0 else live[:limit])

    def write(self, path: Path, content: bytes, mode: int = 0o644) -> None:
        """As `Disk`."""
        file = self.open_file(str(path), create=True)
        self.act(Op.WRITE, str(path))
        file.change(Change(0, None))
        file.change(Change(0, content))

    def sync(self, path: Path) -> None:
        """As `Disk`."""
        self.sync_file(str(path), self.open_file(str(path), create=False))

    def sync_folder(self, path: Path) -> None:
        """As `Disk`."""
        self.act(Op.SYNC, str(path))
        start = f"{path}/"
        for name in sorted(self.files.keys() | self.kept_names.keys()):
            if name.startswith(start) and "/" not in name[len(start) :]:
                self._keep_name(name)

    def _keep_name(self, path: str) -> None:
        file = self.files.get(path)
        if file is None:
            self.kept_names.pop(path, None)
        else:
            self.kept_names[path] = file

    def keep_name(self, path: str) -> None:
        """What SQLite's own file system does with a new log: its folder is synced with it."""
        self._keep_name(path)

    def replace(self, source: Path, target: Path) -> None:
        """As `Disk`."""
        self.act(Op.NAME, str(target))
        self.files[str(target)] = self.files.pop(str(source))

    def remove(self, path: Path) -> None:
        """As `Disk`."""
        if str(path) in self.files:
            self.act(Op.NAME, str(path))
            del self.files[str(path)]

    def overwrite(self, path: Path, content: bytes) -> None:
        """As `Disk`."""
        file = self.open_file(str(path), create=False)
        self.act(Op.WRITE, str(path))
        file.change(Change(0, content))
        self.sync_file(str(path), file)

    def hold(self, path: Path, text: bytes) -> Callable[[], None]:
        """As `Disk`."""
        if str(path) in self._held:
            raise FileHeldError(text)
        self._held.add(str(path))
        boot = self.boots

        def let_go() -> None:
            if boot == self.boots:
                self._held.discard(str(path))

        return let_go

    def free_bytes(self, folder: Path) -> int:
        """As `Disk`."""
        return self.free

    def reserve(self, path: Path, size: int) -> bool:
        """As `Disk`; the file is only noted, nobody needs its bytes."""
        self.write(path, b"reserve")
        return True


@define
class Undisturbed:
    """While it is entered no fault strikes the disk."""

    disk: MemoryDisk

    def __enter__(self) -> None:
        self.disk.is_quiet = True

    def __exit__(self, *_: object) -> None:
        self.disk.is_quiet = False
