"""`python -m tests.verifier.damage [--bits 1|8] [--json FILE]`: flip every byte of a small journal.

Each flip is read twice: by a plain scan that knows what the file held before, and by the verifier.
Where the scan reads anything else than before, the verifier must name that very record. A flip in
free space, or one that no reader sees, asks for nothing.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from attrs import field, frozen
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from actors.checkpoints import Signer
from actors.journal import Journal
from actors.journal_backup import backup
from benches.journal import sample_entry
from tests.arguments import new_file
from tests.stopping import exit_with
from verifier.inputs import CannotCheckError
from verifier.journal import Report, Verification, Wrong

# A scan step by step: Python's own loses the row before an error.
SCANS = {
    "records": "SELECT * FROM records NOT INDEXED WHERE position > ? ORDER BY 1 LIMIT 1",
    "commands": "SELECT rowid, * FROM commands NOT INDEXED WHERE rowid > ? ORDER BY 1 LIMIT 1",
    "checkpoints": "SELECT * FROM checkpoints WHERE tree_size > ? ORDER BY 1 LIMIT 1",
}
CHECKPOINTS = "SELECT * FROM checkpoints ORDER BY tree_size"
META = "SELECT * FROM meta ORDER BY key"
BY_POSITION = "SELECT * FROM records WHERE position = ?"
BY_STREAM = "SELECT * FROM records WHERE stream = ? AND stream_version = ?"
BY_ID = "SELECT rowid, * FROM commands WHERE id = ?"
PAGE = 4_096
ROWS_MAX = 1_000
SHAPE = ("sqlite_schema", "meta", "sqlite_autoindex_meta_1")
TABLES = (
    "records",
    "records_by_stream",
    "commands",
    "sqlite_autoindex_commands_1",
    "checkpoints",
)


def make_journal(folder: Path) -> bytes:
    """The bytes of a whole journal with answers that have no facts, and three checkpoints."""
    path = folder / "store" / "journal.db"
    # One key, so that the same file is made each time.
    signer = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    with Journal.open(
        path, store_id="shop-1", reserve_bytes=0, checkpoint_every=6, signer=signer
    ) as journal:
        for number in range(14):
            # Every fifth command is a refusal whose answer is kept, every fourth has two facts.
            count = 0 if number % 5 == 3 else 2 if number % 4 == 1 else 1
            journal.append([sample_entry(number, records=count)])
        journal.checkpoint()
    backup(path, folder / "copy.db")
    return (folder / "copy.db").read_bytes()


@frozen
class Sound:
    """What a journal held before anything was done to it."""

    data: bytes
    reading: dict[str, list[Any]]
    records: int
    pages: dict[int, str] = field(factory=dict)


def connect(data: bytes | bytearray) -> sqlite3.Connection:
    """A database in memory over bytes of a file."""
    db = sqlite3.connect(":memory:")
    db.deserialize(bytes(data))
    db.text_factory = bytes
    return db


def rows_of(db: sqlite3.Connection, query: str, *values: Any) -> list[Any]:
    """What a query gives, or its error."""
    try:
        return db.execute(query, values).fetchall()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return [f"error {error}"]


def rows_at_once(db: sqlite3.Connection, query: str) -> list[Any]:
    """What one pass over a query gives, up to its error."""
    rows: list[Any] = []
    try:
        for row in db.execute(query):
            rows.append(row)
            if len(rows) == ROWS_MAX:
                break
    except (sqlite3.Error, UnicodeDecodeError) as error:
        rows.append(f"error {error}")
    return rows


def scan(db: sqlite3.Connection, query: str) -> list[Any]:
    """Every row of a table in order, and an error in its place where it ends."""
    rows: list[Any] = []
    while len(rows) < ROWS_MAX and (found := rows_of(db, query, rows[-1][0] if rows else 0)):
        rows += found
        if isinstance(found[0], str):
            break
    return rows


def read_all(data: bytes | bytearray, known: dict[str, list[Any]] | None = None) -> Any:
    """Every row in every way a reader finds it; lookups are those that `known` rows ask for."""
    db = connect(data)
    try:
        reading = {name: scan(db, query) for name, query in SCANS.items()}
        reading["meta"] = rows_of(db, META)
        reading["checkpoints_at_once"] = rows_at_once(db, CHECKPOINTS)
        asked = known or reading
        reading["by_position"] = [rows_of(db, BY_POSITION, row[0]) for row in asked["records"]]
        reading["by_stream"] = [rows_of(db, BY_STREAM, *row[3:5]) for row in asked["records"]]
        reading["by_id"] = [rows_of(db, BY_ID, row[1]) for row in asked["commands"]]
        return reading
    finally:
        db.close()


def sound_journal(folder: Path) -> Sound:
    """A new journal and everything that is read of it."""
    data = make_journal(folder)
    reading = read_all(data)
    db = connect(data)
    roots = db.execute("SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0").fetchall()
    db.close()
    pages = {1: "sqlite_schema"}
    for name, root in roots:
        pages |= dict.fromkeys(_pages_below(data, root), name.decode())
    return Sound(data, reading, len(reading["records"]), pages)


def _pages_below(data: bytes, root: int) -> list[int]:
    """The pages of a b-tree. Source: sqlite.org/fileformat.html, section 1.6."""
    page = data[(root - 1) * PAGE : root * PAGE]
    if page[0] not in (2, 5):
        return [root]
    count = int.from_bytes(page[3:5], "big")
    starts = [int.from_bytes(page[12 + 2 * n : 14 + 2 * n], "big") for n in range(count)]
    children = [int.from_bytes(page[start : start + 4], "big") for start in (8, *starts)]
    return [root, *(deep for child in children for deep in _pages_below(data, child))]


def _first_difference(old: list[Any], new: list[Any]) -> int | None:
    for index, row in enumerate(old):
        if index >= len(new) or new[index] != row:
            return index
    return len(old) if len(new) > len(old) else None


def _all_differences(old: list[Any], new: list[Any]) -> list[int]:
    return [index for index, row in enumerate(old) if new[index] != row]


def may_be_named(sound: Sound, new: dict[str, list[Any]]) -> set[int] | None:
    """The positions that name what differs; None where nothing does."""
    old, named = sound.reading, set[int]()
    if (at := _first_difference(old["records"], new["records"])) is not None:
        named.add(at + 1)
    for way in ("by_position", "by_stream"):
        named |= {at + 1 for at in _all_differences(old[way], new[way])}
    places = [0, *(row[3] for row in old["commands"]), sound.records]
    answers = _all_differences(old["by_id"], new["by_id"])
    if (at := _first_difference(old["commands"], new["commands"])) is not None:
        answers.append(at)
    for at in answers:
        # From the place of the answer before it to its own, which is its command's last.
        named |= set(range(places[at], max(places[at + 1], places[at] + 1) + 1))
    sizes = [0, *(row[0] for row in old["checkpoints"])]
    for way in ("checkpoints", "checkpoints_at_once"):
        if (at := _first_difference(old[way], new[way])) is not None:
            # From the checkpoint before it to its own, the last that is covered by it.
            upto = sizes[at + 1] if at + 1 < len(sizes) else sizes[at] + 1
            named |= set(range(sizes[at] + 1, upto + 1))
    if old["meta"] != new["meta"]:
        return set(range(sound.records + 2))
    return named or None


def found_by_verifier(data: bytes | bytearray) -> list[Wrong] | CannotCheckError:
    """What the verifier says of a file."""
    db = connect(data)
    try:
        report = Report("flipped")
        checked = Verification(db, report, keep_leaves=False)
        checked.run(checked.prepare([], []))
    except CannotCheckError as error:
        return error
    finally:
        db.close()
    return [Wrong(one["position"], one["what"]) for one in report.problems]


@frozen
class Flip:
    """One flipped bit and what came of it. `missed` is "" where all is well."""

    at: int
    bit: int
    table: str
    outcome: str
    missed: str = ""


def judge_flip(sound: Sound, at: int, bit: int) -> Flip:
    """Flip one bit and hold the verifier to what it must say."""
    data = bytearray(sound.data)
    data[at] ^= 1 << bit
    table = sound.pages.get(at // PAGE + 1, "free")
    found = found_by_verifier(data)
    named = may_be_named(sound, read_all(data, sound.reading))
    if named is None:
        return Flip(at, bit, table, "seen by no reader" if not found else "named all the same")
    if isinstance(found, CannotCheckError):
        shape = table in SHAPE
        return Flip(at, bit, table, "not readable", "" if shape else f"not checked: {found}")
    if not found:
        return Flip(at, bit, table, "missed", f"nothing was found, expected one of {sorted(named)}")
    if found[0].position not in named:
        what = f"named {found[0]}, expected one of {sorted(named)}"
        return Flip(at, bit, table, "misnamed", what)
    return Flip(at, bit, table, "named")


def offsets_of(sound: Sound, tables: Iterable[str]) -> list[int]:
    """The offset of every byte on the pages of some tables, free space within them left out."""
    wanted = set(tables)
    offsets = []
    for page in range(1, len(sound.data) // PAGE + 1):
        if sound.pages.get(page) in wanted:
            start = (page - 1) * PAGE
            content = sound.data[start : start + PAGE]
            # A run of zeros between the cell pointers and the cells is space nobody uses.
            used = content.rstrip(b"\0")
            offsets += [
                start + at for at in range(len(used)) if any(content[max(0, at - 8) : at + 9])
            ]
    return offsets


def say(line: str) -> None:
    """A line of the result."""
    sys.stdout.write(line + "\n")


def main(arguments: list[str]) -> int:
    """Flip every byte, or every bit, of a small journal; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--bits", type=int, choices=(1, 8), default=1, help="of each byte")
    parser.add_argument("--json", type=new_file)
    options = parser.parse_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        sound = sound_journal(Path(folder))
    outcomes: Counter[tuple[str, str]] = Counter()
    missed: list[Flip] = []
    for count, at in enumerate(range(len(sound.data)), 1):
        for bit in range(8) if options.bits == 8 else (at % 8,):
            flip = judge_flip(sound, at, bit)
            outcomes[flip.table, flip.outcome] += 1
            missed += [flip] if flip.missed else []
        if count % 1_024 == 0:
            share = 100 * count // len(sound.data)
            sys.stderr.write(f"\rflipped {count:,} bytes, {share} %, {len(missed)} missed")
    sys.stderr.write("\n")
    for (table, outcome), count in sorted(outcomes.items()):
        say(f"{table:28} {outcome:20} {count:8,}")
    for flip in missed[:20]:
        say(f"MISSED byte {flip.at} bit {flip.bit} in {flip.table}: {flip.missed}")
    total = sum(outcomes.values())
    read = sum(n for (_, outcome), n in outcomes.items() if outcome not in UNSEEN)
    say(f"{total:,} flips, {read:,} that a reader sees, {len(missed):,} not named")
    if options.json:
        row = {
            "what": "flipped bits of a journal that a reader sees and the verifier does not name",
            "figure": f"{len(missed):,} of {read:,} ({total:,} flips)",
            "aim": "0",
            "ok": not missed,
            "command": f"python -m tests.verifier.damage --bits {options.bits}",
        }
        seconds = round(time.monotonic() - began, 1)
        told = {"part": "verifier", "seconds": seconds, "rows": [row]}
        options.json.write_text(json.dumps(told, indent=1) + "\n")
    return 1 if missed else 0


UNSEEN = ("seen by no reader", "named all the same")

if __name__ == "__main__":
    exit_with(partial(main, sys.argv[1:]))
