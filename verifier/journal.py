"""One pass over a journal file: every record, answer and checkpoint, and how each is found."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from verifier.hashes import (
    Tree,
    command_digest,
    is_signed,
    leaf_hash,
    note_problem,
    origin_of,
    record_hash,
)
from verifier.inputs import CannotCheckError, Head

APPLICATION_ID = 0x4354504A
LAYOUTS = (1, 2)
"""The second only guards the same tables better: nothing in them is replaced."""
RESTORED = "journal.restored/1"
_RECORDS = """SELECT position, epoch, kind, stream, stream_version, name, command_id, payload, hash
    FROM records NOT INDEXED"""
_ANSWERS = "SELECT rowid, id, body_hash, position, answer, digest FROM commands NOT INDEXED"
_CHECKPOINTS = "SELECT tree_size, root, public_key, note FROM checkpoints"
RECORDS = (_RECORDS, "position")
ANSWERS = (_ANSWERS, "rowid")
CHECKPOINTS = (_CHECKPOINTS, "tree_size")
BY_POSITION = "SELECT hash FROM records WHERE position = ?"
BY_STREAM = """SELECT position FROM records INDEXED BY records_by_stream
    WHERE stream = ? AND stream_version = ?"""
BY_ID = "SELECT rowid, position FROM commands WHERE id = ?"
COMMAND_AT = "SELECT command_id FROM records WHERE position = ?"
LAST_OF_COMMAND = "SELECT max(position) FROM records NOT INDEXED WHERE command_id = ?"
COUNTS = (
    "SELECT count(*) FROM records INDEXED BY records_by_stream",
    "SELECT count(*) FROM commands INDEXED BY sqlite_autoindex_commands_1",
)
# Where the text of an error is damaged as well, Python cannot even tell it.
UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
REPEATED = ("stream", "stream_version", "name", "command_id")


class Wrong(Exception):  # noqa: N818 (a finding, not a failure of this program)
    """Something is not as it was written; `position` is the record it was found at.

    0 is the file itself, where no record is touched.
    """

    def __init__(self, position: int, what: str) -> None:
        super().__init__(f"record {position}: {what}")
        self.position = position
        self.what = what


@dataclass
class Report:
    """What was found. `problems` is empty where all is well."""

    file: str
    store: str = ""
    records: int = 0
    epoch: int = 0
    head: str = "00" * 32
    root: str = ""
    checkpoints: int = 0
    keys: list[str] = field(default_factory=list)
    anchors: int = 0
    signed: int = 0
    """The last record under a checkpoint."""
    vouched: int = 0
    """The last record that something from outside agrees with: a head, or a key that was given."""
    problems: list[dict[str, Any]] = field(default_factory=list)
    proof: dict[str, Any] | None = None

    def add(self, problem: Wrong) -> None:
        """Note a problem."""
        self.problems.append({"position": problem.position, "what": problem.what})


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that leaves the file, its log and their directory as they are.

    A file alone is opened as immutable. With a log and a shared memory file a server may be using
    it: it is read in place, as one moment. With a log only, both are copied and the copy is read.

    Raises:
        CannotCheckError: a server began to use a file that was read or copied as one of nobody.
    """
    # The log lies beside the file itself, not beside a link to it.
    path = path.resolve()
    log, shared = (path.with_name(path.name + end) for end in ("-wal", "-shm"))
    uri = "file:" + quote(str(path))
    before = _look_of(path, log, shared)
    if not log.exists() or log.stat().st_size == 0:
        with closing(sqlite3.connect(uri + "?mode=ro&immutable=1", uri=True)) as db:
            try:
                yield db
            except (CannotCheckError, *UNREADABLE):
                _require_untouched(before, _look_of(path, log, shared))
                raise
        # What was found wrong may be no more than two moments of one file.
        _require_untouched(before, _look_of(path, log, shared))
    elif shared.exists():
        with closing(sqlite3.connect(uri + "?mode=ro", uri=True)) as db:
            yield db
    else:
        with tempfile.TemporaryDirectory() as directory:
            copy = Path(directory) / "journal.db"
            shutil.copyfile(path, copy)
            shutil.copyfile(log, copy.with_name("journal.db-wal"))
            _require_untouched(before, _look_of(path, log, shared))
            with closing(sqlite3.connect(copy)) as db:
                yield db


def _look_of(path: Path, log: Path, shared: Path) -> tuple[object, ...]:
    """What shows that a file or its log was written to, or that somebody has it open."""
    with path.open("rb") as file:
        header = file.read(100)
    log_seen = (log.stat().st_size, log.stat().st_mtime_ns) if log.exists() else None
    seen = path.stat()
    # The change counter of the header; of a database with a log it moves when the log does.
    counter = header[24:28] + header[92:100]
    return seen.st_ino, seen.st_size, seen.st_mtime_ns, counter, log_seen, shared.exists()


def _require_untouched(before: tuple[object, ...], after: tuple[object, ...]) -> None:
    if before != after:
        raise CannotCheckError(
            "a store began to use it during the check, so nothing that was found counts; "
            "check again, a file in use is read as well"
        )


class Verification:
    """One pass over one file, up to the first thing that is wrong."""

    def __init__(self, db: sqlite3.Connection, report: Report, *, keep_leaves: bool) -> None:
        self._db = db
        self.report = report
        self.leaves: list[bytes] = []
        self._keep_leaves = keep_leaves
        self.tree = Tree()
        self.last_note, self.noted_size, self.noted_key = "", 0, b""
        self._previous = bytes(32)
        self._versions: dict[str, int] = {}
        self._heads: dict[int, list[Head]] = {}
        self._keys: list[bytes] = []
        self._checkpoints: dict[int, tuple[Any, ...]] = {}
        self._saved_size, self._saved = 0, b""
        self._restores: list[tuple[int, int]] = []
        self._epoch = 0

    def prepare(self, heads: list[Head], keys: list[bytes]) -> int:
        """Read who the journal belongs to and what to hold it against; how many records."""
        # Bytes that are no text are a finding at their record, not the end of the reading.
        self._db.text_factory = lambda text: text.decode(errors="surrogateescape")
        try:
            self._db.execute("BEGIN")
            found = self._db.execute("PRAGMA application_id").fetchone()[0]
            layout = self._db.execute("PRAGMA user_version").fetchone()[0]
            if found != APPLICATION_ID:
                raise CannotCheckError("it is a database but not a journal")
            if layout not in LAYOUTS:
                known = " and ".join(map(str, LAYOUTS))
                raise CannotCheckError(f"its layout is {layout}, this program reads {known}")
            meta = dict(self._db.execute("SELECT key, value FROM meta"))
            self.report.store = str(meta["store_id"])
            self._epoch, self._saved = meta["epoch"], meta.get("frontier", b"")
        except (*UNREADABLE, TypeError, KeyError) as error:
            raise CannotCheckError(f"{error} (this is SQLite {sqlite3.sqlite_version})") from None
        if isinstance(self._saved, bytes):
            self._saved_size = int.from_bytes(self._saved[:8], "big")
        self._read_checkpoints()
        for head in heads:
            if head.store not in ("", self.report.store):
                raise CannotCheckError(f"{head.source} belongs to store {head.store}")
            self._heads.setdefault(head.position, []).append(head)
        self._keys = keys
        try:
            row = self._db.execute("SELECT max(position) FROM records").fetchone()
            return int(row[0] or 0)
        except (*UNREADABLE, TypeError, ValueError):
            return 0  # for the progress line only; the pass itself says what is wrong

    def _read_checkpoints(self) -> None:
        size = 0
        try:
            for found, root, key, note in rows_of(self._db, *CHECKPOINTS):
                if (type(root), type(key), type(note)) != (bytes, bytes, str):
                    raise Wrong(size + 1, "the checkpoint after it cannot be read")
                if (noted := size_by_note(note, key, found)) != found:
                    raise Wrong(noted, f"its checkpoint is stored as one of record {found}")
                if found <= size:
                    raise Wrong(size + 1, f"checkpoint {found} follows {size}")
                self._checkpoints[found] = (root, key, note)
                size = found
        except UNREADABLE as error:
            self.report.add(Wrong(size + 1, f"the checkpoints are damaged from there: {error}"))
        except Wrong as problem:
            self.report.add(problem)

    def run(self, total: int) -> None:
        """Check all records, then that nothing anchored lies beyond the last one."""
        try:
            for row in rows_of(self._db, *RECORDS):
                self._check_record(row)
                progress(self.report.records, total)
            self._check_end()
            self._check_answers()
            self._check_file()
            self._check_keys()
        except Wrong as problem:
            self.report.add(problem)
        except UNREADABLE as error:
            found = f"it cannot be read or looked up: {error}"
            self.report.add(Wrong(self.report.records + 1, found))
        self.report.root = self.tree.root().hex()

    # --------------------------------------------------------------------------------- records

    def _check_record(self, row: tuple[Any, ...]) -> None:
        position, epoch, kind, stream, version, name, command_id, payload, stored = row
        expected = self.report.records + 1
        if position != expected:
            raise Wrong(expected, f"it is missing, {position} follows")
        try:
            found = record_hash(self.report.store, kind, epoch, position, self._previous, payload)
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise Wrong(position, f"it cannot be read: {error!r}") from None
        if found != stored:
            raise Wrong(position, "its hash does not fit its content and the record before it")
        try:
            body = json.loads(payload)
            inside = tuple(body[key] for key in REPEATED)
        except (TypeError, ValueError, KeyError, RecursionError) as error:
            raise Wrong(position, f"it cannot be read: {error!r}") from None
        if inside != (stream, version, name, command_id):
            raise Wrong(position, "its columns do not fit its payload")
        if version != self._versions.get(stream, 0) + 1:
            raise Wrong(position, f"its stream lacks version {self._versions.get(stream, 0) + 1}")
        if epoch != self.report.epoch:
            self._check_epoch(position, epoch, name)
        self._check_ways(position, stream, version, command_id, stored)
        self._versions[stream] = version
        self._accept(position, epoch, stored)

    def _check_ways(
        self, position: int, stream: str, version: int, command_id: str, stored: bytes
    ) -> None:
        """A record is read in order, and looked up by position, by stream and by its command."""
        if self._db.execute(BY_POSITION, (position,)).fetchall() != [(stored,)]:
            raise Wrong(position, "it is not found by its position")
        if self._db.execute(BY_STREAM, (stream, version)).fetchall() != [(position,)]:
            raise Wrong(position, "it is not found by its stream")
        answers = self._db.execute(BY_ID, (command_id,)).fetchall()
        if not answers:
            raise Wrong(position, "no answer is stored for its command")
        answered = answers[0][1]
        if len(answers) != 1 or type(answered) is not int or answered < position:
            raise Wrong(position, "the answer to its command is not at its place")

    def _check_epoch(self, position: int, epoch: int, name: str) -> None:
        if epoch < self.report.epoch:
            raise Wrong(position, "its epoch is older than that of the record before it")
        if name != RESTORED and (position, epoch) != (1, 1):
            raise Wrong(position, f"a new epoch begins without {RESTORED}")
        if name == RESTORED:
            self._restores.append((position, epoch))

    def _accept(self, position: int, epoch: int, stored: bytes) -> None:
        self._previous = stored
        self.report.records, self.report.epoch, self.report.head = position, epoch, stored.hex()
        leaf = leaf_hash(stored)
        self.tree.append(leaf)
        if self._keep_leaves:
            self.leaves.append(leaf)
        for head in self._heads.pop(position, []):
            if not stored.hex().startswith(head.digits):
                raise self._against(head, f"its hash is {stored.hex()}, not {head.digits}")
            self.report.anchors += 1
            self.report.vouched = position
        if position in self._checkpoints:
            self._check_checkpoint(position, epoch, *self._checkpoints.pop(position))
        if self._saved_size == position and self._saved != self.tree.saved():
            raise Wrong(position, "the saved tree does not fit the records up to it")

    def _check_checkpoint(
        self, position: int, epoch: int, root: bytes, key: bytes, note: str
    ) -> None:
        if root != self.tree.root():
            raise Wrong(position, "the checkpoint's root does not fit the records up to it")
        if self._keys and key not in self._keys:
            raise Wrong(position, f"the checkpoint is signed with another key, {key.hex()}")
        problem = note_problem(note, origin_of(self.report.store, epoch), position, root, key)
        if problem:
            raise Wrong(position, problem)
        if key.hex() not in self.report.keys:
            self.report.keys.append(key.hex())
        self.report.checkpoints += 1
        self.report.signed = position
        if self._keys:
            self.report.vouched = position
        self.last_note, self.noted_size, self.noted_key = note, position, key

    # ------------------------------------------------------------------------------------- end

    def _against(self, head: Head, what: str) -> Wrong:
        """What a head that is not in the journal shows: a loss, if a restore explains it."""
        later = [at for at, epoch in self._restores if epoch > head.epoch]
        if not later or head.position < later[0]:
            return Wrong(head.position, f"{what}, by {head.source}")
        lost = f"it began to be replaced in the restore at record {later[0]}"
        if head.epoch == 0:
            return Wrong(head.position, f"{what}, by {head.source}; it may have been lost: {lost}")
        lost = f"records {later[0]}-{head.position} of epoch {head.epoch} are missing"
        return Wrong(later[0], f"{lost} since the restore there, by {head.source}")

    def _check_end(self) -> None:
        last = self.report.records
        for head in (head for heads in self._heads.values() for head in heads):
            if any(epoch > head.epoch > 0 for _, epoch in self._restores):
                raise self._against(head, "it is missing")
        beyond = dict.fromkeys(self._checkpoints, "a checkpoint")
        if self._saved_size > last:
            beyond[self._saved_size] = "the saved tree"
        beyond |= {position: heads[0].source for position, heads in self._heads.items()}
        if beyond:
            most = max(beyond)
            count = f"{most - last} records are missing" if most > last + 1 else "it is missing"
            raise Wrong(last + 1, f"{count}: {beyond[most]} anchored record {most}")
        if last and self._epoch != self.report.epoch:
            raise Wrong(last, f"its epoch is {self.report.epoch}, the journal's {self._epoch}")
        if self.noted_size > self._saved_size:
            raise Wrong(self.noted_size, "the tree that was saved with its checkpoint is not there")
        if self.noted_size < self._saved_size:
            raise Wrong(self._saved_size, "a checkpoint was made there and is missing")

    def _check_answers(self) -> None:
        count, before = 0, 0
        try:
            for row in rows_of(self._db, *ANSWERS):
                count += 1
                self._check_answer(row, count, before)
                before = row[3]
        except (sqlite3.Error, TypeError, AttributeError, OverflowError, ValueError) as error:
            raise Wrong(before + 1, f"the stored answers are damaged there: {error!r}") from None
        records, answers = (self._db.execute(query).fetchone()[0] for query in COUNTS)
        if records != self.report.records:
            raise Wrong(self.report.records, f"by their streams there are {records} records")
        if answers != count:
            raise Wrong(before, f"after it {abs(answers - count)} stored answers are missing")

    def _check_answer(self, row: tuple[Any, ...], count: int, before: int) -> None:
        """One answer; it stands at its command's last record, or where the one before it does."""
        number, command_id, body_hash, position, answer, stored = row
        named = f"the stored answer to {command_id!r}"
        if number != count:
            raise Wrong(before + 1, f"the stored answer number {count} is missing")
        if command_digest(command_id, body_hash, position, answer) != stored:
            raise Wrong(self._place_of(row, before), f"{named} was changed")
        if position > self.report.records:
            raise Wrong(self.report.records + 1, f"it is missing, {named} is of {position}")
        if position != before or before == 0:
            last = self._db.execute(COMMAND_AT, (position,)).fetchall()
            if last != [(command_id,)] and position:
                raise Wrong(self._place_of(row, before), f"{named} is not at its place")
        if self._db.execute(BY_ID, (command_id,)).fetchall() != [(number, position)]:
            raise Wrong(position, f"{named} is not found by its id")

    def _place_of(self, row: tuple[Any, ...], before: int) -> int:
        """Where a changed answer belongs: its command's last record, or where it stands itself."""
        _, command_id, body_hash, position, answer, stored = row
        there = self._db.execute(COMMAND_AT, (position,)).fetchone()
        if there and command_digest(there[0], body_hash, position, answer) == stored:
            return int(position)
        last = self._db.execute(LAST_OF_COMMAND, (command_id,)).fetchone()[0]
        return int(before if position == before else last or before)

    def _check_file(self) -> None:
        try:
            found = [str(row[0]) for row in self._db.execute("PRAGMA quick_check(1)")]
        except UNREADABLE as error:
            found = [str(error)]
        if found != ["ok"]:
            raise Wrong(0, f"the file itself is damaged, though every record is there: {found[0]}")

    def _check_keys(self) -> None:
        """Whoever writes a whole history anew leaves its checkpoints out: none is no agreement."""
        if self._keys and not self.report.checkpoints:
            raise Wrong(
                0,
                "no checkpoint in it is signed with a key that was given: it is younger than its "
                "first closed day, or it was written anew",
            )


def size_by_note(note: str, key: bytes, size: int) -> int:
    """The size a checkpoint's note gives, where that is signed; else the one of its row."""
    text, _, signature_lines = note.partition("\n\n")
    origin, _, rest = text.partition("\n")
    told = rest.partition("\n")[0]
    if not told.isdecimal() or int(told) == size:
        return size
    return int(told) if is_signed(text + "\n", signature_lines, origin, key) else size


def rows_of(db: sqlite3.Connection, query: str, key: str) -> Iterator[tuple[Any, ...]]:
    """Every row in the order of its key, the first column; one by one where a scan breaks off.

    Python loses the row before an error, and a row that is looked up may still be read.
    """
    last = 0
    try:
        for row in db.execute(f"{query} ORDER BY {key}"):
            yield row
            last = row[0]
    except UNREADABLE:
        following = f"{query} WHERE {key} > ? ORDER BY {key} LIMIT 1"
        while found := db.execute(following, (last,)).fetchone():
            yield found
            last = found[0]
        raise


def progress(done: int, total: int) -> None:
    """A line on the error channel now and then, for files that take more than a moment."""
    if total >= 50_000 and done % 25_000 == 0:
        end = "\r" if sys.stderr.isatty() and done < total else "\n"
        sys.stderr.write(f"checked {done:,} of {total:,} records{end}")
        sys.stderr.flush()
