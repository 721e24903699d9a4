"""Anchors: the journal's head in small files outside it, and what they say of the journal.

A chain cannot show that its end was cut off, nor that an older file was put in its place. So every
node keeps the newest head it was told of, in a file of its own, and the store holds its journal
against those files before it sells anything.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Any

from attrs import asdict, field, frozen

from actors.disk import SYSTEM_DISK, Disk
from actors.journal import Journal
from actors.journal_schema import JournalError
from engine.wire import WireError, canonical, parse, structure

FORMAT = "countertop.anchor/1"
SHOWN_DIGITS = 8
_HASH = re.compile(r"[0-9a-f]{64}")


def _sound(anchor: Anchor, _: Any, __: Any) -> None:
    if anchor.epoch < 1 or anchor.position < 1 or not _HASH.fullmatch(anchor.hash):
        raise ValueError("an anchor has an epoch, a position and a hash of 64 hexadecimal digits")


@frozen
class Anchor:
    """A head that somebody saw: this record of this store's journal had this hash."""

    store_id: str
    epoch: int
    position: int
    hash: str = field(validator=_sound)

    def __str__(self) -> str:
        return f"record {self.position} ({self.hash[:SHOWN_DIGITS]}) of epoch {self.epoch}"


def head_of(journal: Journal) -> Anchor | None:
    """The journal's head as an anchor; None while it holds nothing."""
    head = journal.head()
    if head.position == 0:
        return None
    return Anchor(journal.store_id, head.epoch, head.position, head.hash.hex())


def may_follow(held: Anchor | None, new: Anchor) -> bool:
    """Whether `new` may take the place of `held`: never backwards within an epoch."""
    if held is None or held.store_id != new.store_id:
        return True
    return (held.epoch, held.position) < (new.epoch, new.position) or held == new


# --------------------------------------------------------------------------------------- files


class DamagedAnchorError(ValueError):
    """An anchor file is not what was written."""


def anchor_path(directory: Path, node: str) -> Path:
    """Where the anchor of a node lies."""
    return directory / f"{node}.anchor"


def read_anchor(path: Path, disk: Disk = SYSTEM_DISK) -> Anchor | None:
    """The anchor in a file, None where there is no file.

    Raises:
        DamagedAnchorError: the file cannot be read, or is not what was written.
    """
    try:
        data = parse(disk.read(path))
        stored = data.pop("check")
        if data.pop("format") != FORMAT or stored != _check(data):
            raise DamagedAnchorError("its check sum does not fit")
        return structure(data, Anchor)
    except FileNotFoundError:
        return None
    except (OSError, WireError, KeyError, AttributeError, TypeError) as error:
        raise DamagedAnchorError(str(error)) from None


def _check(data: dict[str, Any]) -> str:
    return sha256(FORMAT.encode() + b"\n" + canonical(data)).hexdigest()


class AnchorFile:
    """One node's anchor. Owns its file and those set aside beside it; synchronous."""

    def __init__(self, directory: Path, node: str, disk: Disk = SYSTEM_DISK) -> None:
        self.path = anchor_path(directory, node)
        self._disk = disk
        self.note = ""
        self.held: Anchor | None = None

    def load(self) -> None:
        """Read what is held; a damaged file is set aside, and `note` says so."""
        try:
            self.held = read_anchor(self.path, self._disk)
        except DamagedAnchorError as error:
            self.held = None
            aside = self._set_aside()
            self.note = f"The anchor {self.path} was damaged ({error}); it was kept as {aside}."

    def keep(self, new: Anchor) -> bool:
        """Hold `new` durably, unless that would go back; what is of another history stays aside.

        Raises:
            OSError: it could not be written; what was held before is still there.
        """
        held = self.held
        if not may_follow(held, new):
            return False
        if held == new:
            return True
        if held is not None and (held.store_id, held.epoch) != (new.store_id, new.epoch):
            aside = self._set_aside()
            self.note = f"The anchor at {held} of store {held.store_id} was kept as {aside}."
        self._disk.make_folder(self.path.parent, 0o700)
        data = asdict(new)
        line = canonical({"format": FORMAT, "check": _check(data), **data})
        self._disk.write_durably(self.path, line + b"\n")
        self.held = new
        return True

    def _set_aside(self) -> str:
        number = 1
        taken = self._disk.names(self.path.parent)
        while (aside := self.path.with_name(f"{self.path.name}.aside-{number}")).name in taken:
            number += 1
        with contextlib.suppress(FileNotFoundError):
            self._disk.replace(self.path, aside)
        return aside.name


# ----------------------------------------------------------------------------- what they say


class Verdict(Enum):
    """What an anchor says of a journal. The first three are no journal to sell on."""

    AHEAD = "ahead"
    """Of the journal's epoch and beyond its end: the tail is missing."""
    CHANGED = "changed"
    """Within the journal, which has another record there: history was rewritten."""
    NEWER = "newer"
    """Of a later epoch: the journal is from before a restore."""
    LOST = "lost"
    """Of an earlier epoch and not in the journal: the loss a restore declared."""
    STRANGE = "strange"
    """Another store's: it says nothing."""
    DAMAGED = "damaged"
    """The file cannot be read: it says nothing any more."""


_REFUSED = (Verdict.AHEAD, Verdict.CHANGED, Verdict.NEWER)


@frozen
class Finding:
    """What the anchor of `node` brought to light; `detail` is a sentence for people."""

    node: str
    verdict: Verdict
    detail: str

    @property
    def refuses(self) -> bool:
        """Whether the store must not sell on this journal."""
        return self.verdict in _REFUSED


class AnchorError(JournalError):
    """The journal is not the one that was anchored; nothing may be sold on it silently."""

    exit_code = 3

    def __init__(self, findings: Iterable[Finding], data_dir: Path) -> None:
        self.findings = tuple(findings)
        told = " ".join(finding.detail for finding in self.findings)
        super().__init__(
            f"{told} The file is an older copy, its end was cut off, or the disk lost what it said "
            "was written. The store does not sell on it, and nothing was changed. Find the newer "
            f"journal and put it into {data_dir}, or restore the newest backup with `countertop "
            "restore`. If the records are gone for good, say so with `countertop accept-loss "
            f"{data_dir} --reason …`: the loss is journaled, and the shop can go on."
        )


def judge(node: str, anchor: Anchor, journal: Journal) -> Finding | None:
    """What the anchor that `node` holds says of a journal; None where all is well."""
    if anchor.store_id != journal.store_id:
        detail = f"The {node} node holds an anchor of store {anchor.store_id}; it was passed over."
        return Finding(node, Verdict.STRANGE, detail)
    head = journal.head()
    if journal.is_ours(anchor.epoch, anchor.position, bytes.fromhex(anchor.hash)):
        return None
    saw = f"The {node} node saw {anchor}"
    if anchor.epoch < head.epoch:
        return Finding(node, Verdict.LOST, f"{saw}; {_lost(anchor, journal)}.")
    ends = f"this journal of epoch {head.epoch} ends at record {head.position}"
    count = anchor.position - head.position
    missing = f"{count} records are missing" if count != 1 else "1 record is missing"
    if anchor.epoch > head.epoch:
        more = f", and at least {missing}" if anchor.position > head.position else ""
        detail = f"{saw}, but {ends}: it is from before a restore{more}."
        return Finding(node, Verdict.NEWER, detail)
    if anchor.position > head.position:
        return Finding(node, Verdict.AHEAD, f"{saw}, but {ends}: {missing}.")
    there = journal.hash_at(anchor.position).hex()[:SHOWN_DIGITS]
    detail = f"{saw}, but this journal, which ends at record {head.position}, has {there} there."
    return Finding(node, Verdict.CHANGED, detail)


def _lost(anchor: Anchor, journal: Journal) -> str:
    """Name what a restore left out, from the last record that is not of a later epoch."""
    low, high = 0, journal.head().position
    while low < high:
        middle = (low + high + 1) // 2
        if journal.read(middle - 1, 1)[0].epoch <= anchor.epoch:
            low = middle
        else:
            high = middle - 1
    if low + 1 == anchor.position:
        return f"record {anchor.position} of epoch {anchor.epoch} is missing"
    if low < anchor.position:
        return f"records {low + 1}-{anchor.position} of epoch {anchor.epoch} are missing"
    return f"that record of epoch {anchor.epoch} is not in this history"


def judge_files(
    directory: Path, nodes: Iterable[str], journal: Journal, disk: Disk = SYSTEM_DISK
) -> tuple[Finding, ...]:
    """What the anchor files of nodes on this machine say of a journal; they are only read."""
    findings = []
    for node in nodes:
        path = anchor_path(directory, node)
        try:
            anchor = read_anchor(path, disk)
        except DamagedAnchorError as error:
            detail = f"The anchor of the {node} node, {path}, is damaged ({error})"
            findings.append(Finding(node, Verdict.DAMAGED, f"{detail}: it says nothing."))
            continue
        found = None if anchor is None else judge(node, anchor, journal)
        if found is not None:
            findings.append(found)
    return tuple(findings)
