"""The journal after a power cut: unsynced writes are there, gone or half there, as chance has it.

Killing a process loses nothing the kernel holds, so it cannot test syncing. Here one run of the
journal is recorded write by write, and then cut at any point under any choice of what of the
unsynced writes reached the disk.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import apsw
import pytest
from attrs import field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.disk import SystemDisk
from actors.journal import Journal, JournalError
from benches.journal import sample_entry
from tests.draws import examples


class Act(Enum):
    """What was asked of the disk, and when the journal answered."""

    WRITE = "write"
    TRUNCATE = "truncate"
    SYNC = "sync"
    DELETE = "delete"
    ANSWER = "answer"


@frozen
class Step:
    """One act on a file; an answer has the head's position and hash instead."""

    act: Act
    file: str = ""
    offset: int = 0
    data: bytes = b""


class RecordedFile(apsw.VFSFile):
    """Passes on to the real file and notes what changes it."""

    def __init__(self, disk: RecordedDisk, name: Any, flags: list[int]) -> None:
        super().__init__(disk.base, name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        self._file = Path(path).name
        self._steps = disk.steps

    def xWrite(self, data: bytes, offset: int) -> None:
        """Write and note it."""
        super().xWrite(data, offset)
        self._steps.append(Step(Act.WRITE, self._file, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:
        """Truncate and note it."""
        super().xTruncate(newsize)
        self._steps.append(Step(Act.TRUNCATE, self._file, newsize))

    def xSync(self, flags: int) -> None:
        """Sync and note it."""
        super().xSync(flags)
        self._steps.append(Step(Act.SYNC, self._file))


class RecordedDisk(apsw.VFS):
    """An SQLite file system that keeps a record of every change."""

    def __init__(self, name: str) -> None:
        self.base = apsw.vfs_names()[0]
        self.steps: list[Step] = []
        super().__init__(name, self.base)

    def xOpen(self, name: Any, flags: list[int]) -> RecordedFile:
        """Open a file of this disk."""
        return RecordedFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        """Delete and note it."""
        super().xDelete(filename, syncdir)
        self.steps.append(Step(Act.DELETE, Path(filename).name))


@frozen
class Recording:
    """A run of the journal; `states` are the heads it ever answered, and the empty one."""

    steps: tuple[Step, ...]
    states: frozenset[tuple[int, bytes]] = field(default=frozenset())


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    """Fourteen batches with checkpoints, and the log moved into the database four times."""
    path = tmp_path_factory.mktemp("recorded") / "journal.db"
    disk = RecordedDisk("recorded")
    states = []
    with Journal.open(
        path, store_id="s", reserve_bytes=0, disk=SystemDisk("recorded"), checkpoint_every=6
    ) as journal:
        states.append((0, journal.head().hash))
        for batch in range(14):
            journal.append([sample_entry(batch * 4 + number) for number in range(4)])
            head = journal.head()
            states.append((head.position, head.hash))
            disk.steps.append(Step(Act.ANSWER, offset=head.position, data=head.hash))
            if batch % 3 == 2:
                journal.checkpoint_wal()
        steps = tuple(disk.steps)
    yield Recording(steps, frozenset(states))
    disk.unregister()


def _apply(files: dict[str, bytearray], step: Step, length: int) -> None:
    if step.act is Act.DELETE:
        files.pop(step.file, None)
        return
    content = files.setdefault(step.file, bytearray())
    if step.act is Act.TRUNCATE:
        del content[step.offset :]
        return
    if len(content) < step.offset:
        content.extend(bytes(step.offset - len(content)))
    content[step.offset : step.offset + length] = step.data[:length]


def _after_power_loss(
    steps: tuple[Step, ...], chance: st.DataObject
) -> tuple[dict[str, bytearray], int]:
    """The files as the disk may hold them, and the last position that was answered."""
    answered = 0
    waiting: list[Step] = []
    files: dict[str, bytearray] = {}
    for step in steps:
        if step.act is Act.ANSWER:
            answered = step.offset
        elif step.act is Act.SYNC:
            for done in waiting:
                if done.file == step.file:
                    _apply(files, done, len(done.data))
            waiting = [other for other in waiting if other.file != step.file]
        elif step.act is Act.DELETE:
            # Names are kept by the directory, which is synced with them.
            waiting = [other for other in waiting if other.file != step.file]
            _apply(files, step, 0)
        else:
            waiting.append(step)
    for step in waiting:
        fate = chance.draw(st.sampled_from(["kept", "lost", "torn"]))
        if fate == "kept":
            _apply(files, step, len(step.data))
        elif fate == "torn" and step.act is Act.WRITE:
            _apply(files, step, chance.draw(st.integers(0, len(step.data))))
    return files, answered


@settings(max_examples=examples(150), deadline=None)
@given(chance=st.data())
def test_no_answered_command_is_lost_when_the_power_goes(
    recording: Recording, chance: st.DataObject
) -> None:
    """Whatever the cut, what opens is a state that was, with everything that was answered."""
    cut = chance.draw(st.integers(0, len(recording.steps)))
    files, answered = _after_power_loss(recording.steps[:cut], chance)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "journal.db"
        for name, content in files.items():
            path.with_name(name).write_bytes(content)
        try:
            with Journal.open(path, store_id="s", reserve_bytes=0) as journal:
                head = journal.verify_all()
                assert journal.statistics()["commands"] == head.position
        except JournalError:
            assert answered == 0, "a journal with answered commands did not open"
            return
    assert (head.position, head.hash) in recording.states
    assert head.position >= answered


def test_the_recording_holds_every_kind_of_act(recording: Recording) -> None:
    """The run really wrote and synced both the log and the database, more than once."""
    synced = [step.file for step in recording.steps if step.act is Act.SYNC]
    assert synced.count("journal.db-wal") >= 14
    assert synced.count("journal.db") >= 4
    assert sum(step.act is Act.WRITE for step in recording.steps) > 100
