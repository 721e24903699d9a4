"""What can be done to a store's history without the store: replay, backup, restore."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from actors import snapshots
from actors.anchors import (
    Anchor,
    DamagedAnchorError,
    Finding,
    anchor_path,
    judge_files,
    read_anchor,
)
from actors.disk import SYSTEM_DISK
from actors.history import CHUNK, books_of, load_books, replay_record
from actors.journal import Journal
from actors.journal_backup import backup, restore
from actors.journal_read import Head
from actors.journal_schema import (
    DATABASE_ERROR,
    JournalError,
    JournalFailedError,
    JournalHeldError,
    JournalReadOnlyError,
    connect,
)
from actors.world import SystemWorld
from countertop.config import ANCHORED, Config
from countertop.errors import CommandFailedError
from engine.books import Books, forget_archive
from engine.decision import SYSTEM
from engine.image import state_hash
from engine.wire import canonical

Progress = Callable[[str, str], Callable[[int, int], None]]
KEPT = ("segments", "keys")
PERSONAL = "personal.db"
PARTIAL = ".partial"


def replay_journal(
    data_dir: Path,
    to: int | None,
    *,
    show: Callable[[str], None] | None,
    progress: Progress,
) -> tuple[int, str]:
    """(position, state hash) after replaying from the first record to `to`, or to the head.

    Raises:
        JournalError: no journal there, or it is damaged; names the record.
        CommandFailedError: it has no record `to`, or a snapshot is not what its records make.
    """
    with copied_journal(data_dir) as journal:
        last = journal.head().position
        if to is not None and not 0 <= to <= last:
            raise CommandFailedError(
                f"There is no record {to}: the journal of {data_dir} ends at record {last}. "
                f"Nothing was replayed. Stop at one from 0 to {last}, or leave out --to."
            )
        told = progress("Replaying", "records")
        if show is not None:
            books = _shown(journal, data_dir, to, show, told)
            return books.position, state_hash(books)
        altered: list[Path] = []
        books = load_books(
            journal,
            data_dir,
            until=to,
            use_snapshot=False,
            progress=told,
            stops=_held_against(journal, data_dir, altered),
        )
        if altered:
            names = ", ".join(path.name for path in altered)
            raise CommandFailedError(
                f"In {altered[0].parent} these are not what the journal makes of its records up "
                f"to there, and a start would believe the newest: {names}. They were changed, or "
                "the program that wrote them had a fault. The journal itself is whole (state "
                f"{state_hash(books)} at record {books.position}). Nothing was changed. Stop the "
                "store, take them out of that folder, keep them for whoever looks into it, and "
                "start again."
            )
        return books.position, state_hash(books)


def _held_against(
    journal: Journal, data_dir: Path, altered: list[Path]
) -> dict[int, Callable[[Books], None]]:
    """What looks, at the record of each snapshot that a start would believe, whether it is what the
    records make; into `altered` comes which is not."""

    def look(path: Path, digest: str, books: Books) -> None:
        if state_hash(books) != digest:
            altered.append(path)

    return {
        found.position: partial(look, path, state_hash(known))
        for path, found in snapshots.believed(data_dir / "snapshots", journal.is_ours)
        if (known := books_of(found, data_dir)) is not None
    }


@contextlib.contextmanager
def copied_journal(data_dir: Path) -> Iterator[Journal]:
    """A store's journal as of one moment, in a copy: one that is selling is not disturbed.

    Raises:
        JournalError: no journal there, or it is damaged.
        CommandFailedError: there is no room for the copy.
    """
    source = Config(str(data_dir)).journal_path
    if not source.is_file():
        raise JournalError(
            f"There is no journal at {source}. Nothing was read. Name the store's data directory."
        )
    with TemporaryDirectory(prefix="countertop-journal-") as folder:
        copy = Path(folder) / source.name
        try:
            backup(source, copy)
        except JournalError:
            if shutil.disk_usage(folder).free >= source.stat().st_size:
                raise
            raise CommandFailedError(
                f"There is no room in {Path(folder).parent} for the copy of {source} that is read. "
                "Nothing was read. Make room there, or name another folder (TMPDIR), and try again."
            ) from None
        keys = data_dir / "keys"
        (Path(folder) / "keys").mkdir()
        for name in ("journal.ed25519", "journal.ed25519.pub"):
            if (keys / name).exists():
                shutil.copy2(keys / name, Path(folder) / "keys" / name)
        with Journal.open(copy, reserve_bytes=0) as journal:
            yield journal


def _shown(
    journal: Journal,
    data_dir: Path,
    to: int | None,
    show: Callable[[str], None],
    told: Callable[[int, int], None],
) -> Books:
    """Books from every single record up to `to`, or to the head; each is shown once posted."""
    books = Books()
    last = journal.head().position if to is None else min(to, journal.head().position)
    while books.position < last:
        for record in journal.read(books.position, min(CHUNK, last - books.position)):
            replay_record(books, record, data_dir)
            show(f"{record.position:>8} {record.name} {canonical(record.data).decode()}")
        forget_archive(books)
        told(books.position, last)
    return books


def backup_store(data_dir: Path, destination: Path, progress: Progress) -> Head:
    """Copy the journal as of one moment and verify it; then the catalog segments and the keys.

    Raises:
        JournalError: it cannot be copied, or is damaged, or its keys are; nothing is left of it.
    """
    if destination.exists():
        raise JournalError(f"{destination} exists. No backup was made. Name a new directory.")
    destination.mkdir(mode=0o700, parents=True)
    try:
        head = backup(
            Config(str(data_dir)).journal_path,
            Config(str(destination)).journal_path,
            progress("Backing up", "steps"),
        )
        if (data_dir / "segments").exists():
            (destination / "segments").mkdir()
            for file in _whole_files(data_dir / "segments"):
                _copy_durably(file, destination / "segments" / file.name)
        try:
            _copy_keys(data_dir / "keys", destination / "keys")
        except DATABASE_ERROR as error:
            raise JournalError(
                f"The personal keys {data_dir / 'keys' / PERSONAL} could not be copied ({error}). "
                "No backup was made. Where they are damaged, put the keys folder of an earlier "
                "backup in place of that one, then back up again."
            ) from error
        SYSTEM_DISK.sync_folder(destination)
        SYSTEM_DISK.sync_folder(destination.absolute().parent)
    except BaseException:
        shutil.rmtree(destination)
        raise
    return head


def _copy_keys(source: Path, destination: Path) -> None:
    """Copy the keys of a store that may be adding a person, or erasing one, this very moment."""
    destination.mkdir(mode=0o700)
    with contextlib.ExitStack() as reading:
        if (source / PERSONAL).exists():
            # Nobody is added or erased while this is read, so the key that the database names as
            # wrapping all others stays where it is.
            old = reading.enter_context(
                contextlib.closing(connect(source / PERSONAL, readonly=True))
            )
            old.execute("BEGIN")
            old.execute("SELECT count(*) FROM meta").fetchall()
            partial = destination / (PERSONAL + PARTIAL)
            with (
                contextlib.closing(connect(partial)) as new,
                new.backup("main", old, "main") as copying,
            ):
                copying.step()
            partial.chmod(0o600)
            _finish(partial, destination / PERSONAL)
        for file in _whole_files(source):
            if not file.name.startswith(PERSONAL):
                with contextlib.suppress(FileNotFoundError):
                    _copy_durably(file, destination / file.name)


def _whole_files(folder: Path) -> list[Path]:
    """What lies in a folder, but not what somebody is still writing, or was when it was cut off."""
    return [file for file in sorted(folder.glob("*")) if file.suffix != PARTIAL]


def _copy_durably(source: Path, target: Path) -> None:
    """Copy a file as a whole or not at all, and so that a power cut does not take it back.

    What a cut-off copy left behind bears another name, so nobody takes half a key for a key.
    """
    partial = target.with_name(target.name + PARTIAL)
    try:
        shutil.copy2(source, partial)
        _finish(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _finish(partial: Path, target: Path) -> None:
    SYSTEM_DISK.sync(partial)
    SYSTEM_DISK.replace(partial, target)
    SYSTEM_DISK.sync_folder(target.parent)


def restore_store(
    source: Path,
    data_dir: Path,
    reason: str,
    progress: Progress,
    *,
    force: bool,
    anchors: Path | None = None,
) -> Head:
    """Put a backup's journal, segments and keys into `data_dir`, in a new epoch.

    It is one that no anchor on this machine has seen; `what_is_missing` says what they miss then.

    Raises:
        JournalError: no backup there, a journal is in the way, or a server runs on it; nothing was
            restored.
    """
    journal = Config(str(source)).journal_path
    if not journal.exists():
        raise JournalError(
            f"There is no journal at {journal}. Nothing was restored. "
            "Name a directory made by countertop backup."
        )
    world = SystemWorld()
    with _in_words_of("Nothing was restored.", "restore again"):
        head = restore(
            journal,
            data_dir,
            reason=reason,
            operator=SYSTEM,
            command_id=world.new_id(),
            stamp=world.stamp("UTC", 0),
            force=force,
            epoch_min=1 + _epoch_anchored(_anchors_of(data_dir, anchors)),
            progress=progress("Restoring", "records"),
            companions=lambda: _bring_companions(source, data_dir),
        )
    SYSTEM_DISK.sync_folder(data_dir)
    SYSTEM_DISK.sync_folder(data_dir.absolute().parent)
    return head


@contextlib.contextmanager
def _in_words_of(undone: str, again: str) -> Iterator[None]:
    """What would keep a server from starting says of a command what was left `undone`, and what to
    do before it is done `again`."""
    try:
        yield
    except JournalHeldError as error:
        words = f"{undone} Stop that one, or name another data directory, then {again}."
        raise JournalHeldError(error.path, error.holder, words) from None
    except JournalReadOnlyError as error:
        words = f"{undone} Make the disk and the directory writable, then {again}."
        raise JournalReadOnlyError(error.path, error.cause, words) from None
    except JournalFailedError as error:
        raise JournalError(
            f"The journal {error.path} could not be opened ({error.cause}). {undone} See that its "
            f"disk is there and has room, then {again}."
        ) from error


def _bring_companions(source: Path, data_dir: Path) -> None:
    """The keys and catalog segments of a backup, each whole, beside where its journal will be."""
    _set_strange_keys_aside(source / "keys", _itself(data_dir / "keys"))
    # Keys that are there already are newer than the backup's: a person erased since stays erased.
    for name in KEPT:
        folder = _itself(data_dir / name)
        for file in _whole_files(source / name):
            target = folder / file.name
            if not target.exists():
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _copy_durably(file, target)
    SYSTEM_DISK.sync_folder(data_dir)


def _itself(folder: Path) -> Path:
    """A folder, or the one that a link in its place leads to: what lies elsewhere stays there."""
    return folder.resolve() if folder.is_symlink() else folder


def accept_loss(
    data_dir: Path, reason: str, progress: Progress, *, anchors: Path | None = None
) -> Head:
    """Go on from the journal that is there although anchors have seen more: in a new epoch.

    Its first record holds the reason and what each anchor saw, so the loss is part of the history.
    The short journal is kept aside as it was.

    Raises:
        JournalError: nothing is missing, a server runs on it, or the journal cannot be read;
            nothing was changed.
    """
    with _in_words_of("Nothing was changed.", "try again"):
        return _accept_loss(data_dir, reason, progress, anchors)


def _accept_loss(data_dir: Path, reason: str, progress: Progress, anchors: Path | None) -> Head:
    journal = Config(str(data_dir)).journal_path
    against = [found for found in _missing(data_dir, anchors) if found.refuses]
    if not against:
        raise JournalError(
            f"No anchor has anything against the journal in {data_dir}. Nothing was changed. "
            "Start the store."
        )
    world = SystemWorld()
    return restore(
        journal,
        data_dir,
        reason=" ".join((reason, *(found.detail for found in against))),
        operator=SYSTEM,
        command_id=world.new_id(),
        stamp=world.stamp("UTC", 0),
        force=True,
        epoch_min=1 + _epoch_anchored(_anchors_of(data_dir, anchors)),
        progress=progress("Checking", "records"),
    )


def what_is_missing(data_dir: Path, anchors: Path | None = None) -> tuple[Finding, ...]:
    """What the anchors on this machine have against the journal of a store that is down.

    Raises:
        JournalError: no journal there, a server runs on it, or it is damaged.
    """
    with _in_words_of("What it lacks was not looked for.", "start the store, which tells it"):
        return _missing(data_dir, anchors)


def _missing(data_dir: Path, anchors: Path | None) -> tuple[Finding, ...]:
    path = Config(str(data_dir)).journal_path
    if not path.exists():
        raise JournalError(
            f"There is no journal at {path}. Nothing was changed. Name the store's data directory; "
            "where its journal is gone, restore the latest backup."
        )
    with Journal.open(path, reserve_bytes=0) as journal:
        return judge_files(_anchors_of(data_dir, anchors), ANCHORED, journal)


def _anchors_of(data_dir: Path, anchors: Path | None) -> Path:
    return Config(str(data_dir)).anchors if anchors is None else anchors


def _epoch_anchored(anchors: Path) -> int:
    """The latest epoch that an anchor of this machine has seen."""
    seen: list[Anchor] = []
    for node in ANCHORED:
        # One that is damaged has nothing to say; it is named when the store starts.
        with contextlib.suppress(DamagedAnchorError):
            found = read_anchor(anchor_path(anchors, node))
            seen += [] if found is None else [found]
    return max((anchor.epoch for anchor in seen), default=0)


def _set_strange_keys_aside(ours: Path, there: Path) -> None:
    """Move away the keys of a store that was begun anew: they open no name and no PIN of ours."""
    pepper, other = ours / "pepper", there / "pepper"
    if not pepper.exists() or not other.exists() or pepper.read_bytes() == other.read_bytes():
        return
    number = 1
    while there.with_name(f"keys.aside-{number}").exists():
        number += 1
    there.rename(there.with_name(f"keys.aside-{number}"))
