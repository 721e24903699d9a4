"""A store whose journal is older, shorter or other than what its nodes have seen does not sell."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from actors.anchors import Anchor, AnchorError, AnchorFile, anchor_path, head_of, read_anchor
from actors.journal import Journal
from actors.journal_schema import (
    DiskFullError,
    JournalError,
    JournalHeldError,
    JournalReadOnlyError,
)
from actors.world import SystemWorld
from countertop.config import ANCHORED, Config
from countertop.offline import accept_loss, backup_store, restore_store, what_is_missing
from countertop.serving import health_of
from countertop.store import Store, open_store
from tests.store.harness import (
    PATIENCE_S,
    OwnShop,
    assert_verified,
    eventually,
    kill_now,
    open_journal,
    open_shop,
    own_config,
    verify,
)
from tests.unguarded import take_guards_off
from tests.warm import run


def _quiet(_: str, __: str) -> Callable[[int, int], None]:
    return lambda done, total: None


def _anchored(config: Config) -> dict[str, Anchor | None]:
    return {node: read_anchor(anchor_path(config.anchors, node)) for node in ANCHORED}


async def _days(folder: Path) -> tuple[Path, Anchor]:
    """A store that sold on two days and is closed: yesterday's file, and the last head."""
    journal = folder / "data" / "journal.db"
    async with open_shop(folder) as shop:
        await shop.sell()
    shutil.copy(journal, folder / "yesterday.db")
    async with open_shop(folder) as shop:
        await shop.sell("bread", "milk")
        await shop.sell("wine")
        head = head_of(shop.store.journal)
        assert head is not None
    return folder / "yesterday.db", head


def _put_back(folder: Path, file: Path) -> int:
    """Put an older journal file in place; its last position."""
    shutil.copy(file, folder / "data" / "journal.db")
    with open_journal(own_config(folder)) as journal:
        return journal.head().position


def _cut(path: Path, after: int) -> None:
    """Take the newest records out, and all that would tell."""
    db = sqlite3.connect(path)
    take_guards_off(db)
    db.execute("DELETE FROM records WHERE position > ?", (after,))
    db.execute("DELETE FROM commands WHERE position > ?", (after,))
    db.execute("DELETE FROM checkpoints WHERE tree_size > ?", (after,))
    db.execute("DELETE FROM meta WHERE key = 'frontier'")
    db.commit()
    db.close()


def _serve(folder: Path) -> subprocess.CompletedProcess[str]:
    """`countertop serve` on that data, which is expected to refuse."""
    toml = folder / "store.toml"
    toml.write_text(
        f'data_dir = "{folder / "data"}"\nstore_id = "shop-1"\nreserve_mib = 0\n'
        "[doors]\nhttp_port = 0\n"
    )
    return run("serve", str(toml))


def _notices(store: Store) -> str:
    return " ".join(health_of(store).data["anchor_notices"])


async def test_every_node_holds_the_head(folder: Path) -> None:
    """Store, devices and integrations keep it while it grows, and it is there after a stop."""
    config = own_config(folder)
    async with open_shop(folder, with_children=True) as shop:
        await shop.sell()

        def all_up() -> bool:
            position = shop.store.journal.head().position
            shown = health_of(shop.store).data["anchors"]
            return bool(shown == dict.fromkeys(sorted(ANCHORED), position))

        await eventually(all_up, "every node to hold the head")
        assert set(_anchored(config).values()) == {head_of(shop.store.journal)}
        await shop.sell()
        head = head_of(shop.store.journal)
    assert _anchored(config)["store"] == head, "the last second is anchored at the stop"
    assert what_is_missing(config.data) == ()


async def test_yesterdays_file_is_refused_and_named(folder: Path) -> None:
    """Node, record, digits, the journal's end and the missing records; the file stays as it is."""
    yesterday, head = await _days(folder)
    last = _put_back(folder, yesterday)
    before = (folder / "data" / "journal.db").read_bytes()
    done = _serve(folder)
    assert done.returncode == 3
    assert f"The store node saw record {head.position} ({head.hash[:8]})" in done.stderr
    assert f"ends at record {last}: {head.position - last} records are missing" in done.stderr
    assert "nothing was changed" in done.stderr
    assert "countertop accept-loss" in done.stderr
    assert "Traceback" not in done.stderr
    assert "serves" not in done.stdout
    assert (folder / "data" / "journal.db").read_bytes() == before


async def test_a_cut_tail_is_refused(folder: Path) -> None:
    """Records taken from the end, with all that would tell, are missed by the anchors alone."""
    await _days(folder)
    config = own_config(folder)
    whole = config.journal_path.read_bytes()
    for last in _ends_of_commands(config)[-4:-1]:
        config.journal_path.write_bytes(whole)
        _cut(config.journal_path, last)
        assert_verified(config)
        with pytest.raises(AnchorError) as refused:
            open_store(config, SystemWorld())
        assert [finding.node for finding in refused.value.findings] == ["store"]
        assert f"ends at record {last}:" in str(refused.value)


def _ends_of_commands(config: Config) -> list[int]:
    db = sqlite3.connect(config.journal_path)
    rows = db.execute("SELECT DISTINCT position FROM commands ORDER BY position").fetchall()
    db.close()
    return [int(position) for (position,) in rows]


async def test_a_rewritten_history_is_refused(folder: Path) -> None:
    """Another store of the same name, sound in itself, is not the one the node saw."""
    config = own_config(folder)
    async with open_shop(folder) as shop:
        await shop.sell()
        head = head_of(shop.store.journal)
        assert head is not None
    forged = folder / "forged"
    async with open_shop(folder, config=attrs.evolve(config, data_dir=str(forged))) as shop:
        for _ in range(3):
            await shop.sell()
        there = shop.store.journal.hash_at(head.position).hex()
    shutil.copytree(config.anchors, forged / "anchors", dirs_exist_ok=True)
    with pytest.raises(AnchorError, match=f"has {there[:8]} there"):
        open_store(attrs.evolve(config, data_dir=str(forged)), SystemWorld())


async def test_a_journal_from_before_a_restore_is_refused(folder: Path) -> None:
    """An anchor of a later epoch shows that the file is from before the last restore."""
    yesterday, _ = await _days(folder)
    config = own_config(folder)
    backup_store(config.data, folder / "backup", _quiet)
    restore_store(folder / "backup", config.data, "try", _quiet, force=True)
    async with open_shop(folder, ready=False):
        pass
    shutil.copy(yesterday, config.journal_path)
    with pytest.raises(AnchorError, match="of epoch 2, but this journal of epoch 1 ends") as found:
        open_store(config, SystemWorld())
    assert "from before a restore" in str(found.value)
    assert accept_loss(config.data, "no other file", _quiet).epoch == 3


async def test_a_lost_journal_is_not_begun_anew_silently(folder: Path) -> None:
    """Where file and keys are gone but anchors are not, an empty store is refused as well."""
    _, head = await _days(folder)
    config = own_config(folder)
    for lost in ("journal.db", "views.db"):
        (config.data / lost).unlink()
    for lost in ("keys", "snapshots"):
        shutil.rmtree(config.data / lost, ignore_errors=True)
    done = _serve(folder)
    assert done.returncode == 3
    assert f"ends at record 0: {head.position} records are missing" in done.stderr
    assert accept_loss(config.data, "the disk died, no backup", _quiet).position == 1
    async with open_shop(folder) as shop:
        assert (await shop.sell())["receipt_number"] == "1-000001"
        assert f"records 1-{head.position} of epoch 1 are missing" in _notices(shop.store)
    assert_verified(config)


async def test_a_loss_that_is_accepted_is_a_fact_and_the_shop_goes_on(folder: Path) -> None:
    """A new epoch begins with what each node saw; the store says it once more and then no more."""
    yesterday, head = await _days(folder)
    last = _put_back(folder, yesterday)
    data = folder / "data"
    done = run("accept-loss", str(data), "--reason", "The disk lied.")
    assert done.returncode == 0, done.stderr
    assert f"record {last + 1}" in done.stdout
    assert (data / "journal.db.aside-1").exists()
    async with open_shop(folder, ready=False) as shop:
        (fact,) = shop.records("journal.restored/1")
        assert (fact.epoch, fact.position, fact.data["previous_position"]) == (2, last + 1, last)
        assert fact.data["reason"].startswith("The disk lied. The store node saw record ")
        assert f"{head.position - last} records are missing" in fact.data["reason"]
        assert f"records {last + 1}-{head.position} of epoch 1 are missing" in _notices(shop.store)
        await shop.open_register()
        await shop.sell()
        await eventually(lambda: _is_up(shop), "the store's anchor")
    assert read_anchor(data / "anchors" / "store.anchor.aside-1") == head
    async with open_shop(folder) as shop:
        assert _notices(shop.store) == ""
    assert_verified(own_config(folder))
    done = run("accept-loss", str(data), "--reason", "again")
    assert done.returncode == 1
    assert "No anchor has anything against the journal" in done.stderr


def _is_up(shop: OwnShop) -> bool:
    return shop.store.anchors.held.get("store") == head_of(shop.store.journal)


async def test_a_restore_names_what_its_backup_lacks(folder: Path) -> None:
    """It is accepted, in a new epoch, and the records it lost are named where it is asked for."""
    config = own_config(folder)
    async with open_shop(folder) as shop:
        await shop.sell()
        backup = backup_store(config.data, folder / "backup", _quiet)
        await shop.sell()
        head = head_of(shop.store.journal)
        assert head is not None
    arguments = (str(folder / "backup"), str(config.data), "--reason", "died", "--force")
    done = run("restore", *arguments)
    assert done.returncode == 0, done.stderr
    lost = f"records {backup.position + 1}-{head.position} of epoch 1 are missing"
    assert lost in done.stdout
    async with open_shop(folder) as shop:
        assert lost in _notices(shop.store)
        assert (await shop.sell())["receipt_number"] == "1-000002"


async def test_a_second_restore_passes_every_epoch_that_was_anchored(folder: Path) -> None:
    """Where the journal of a later epoch is gone, its number is not used for another history."""
    config = own_config(folder)
    async with open_shop(folder) as shop:
        await shop.sell()
        backup_store(config.data, folder / "backup", _quiet)
    restore_store(folder / "backup", config.data, "first", _quiet, force=True)
    async with open_shop(folder) as shop:
        await shop.sell()
    for file in config.data.glob("journal.db*"):
        file.unlink()
    head = restore_store(folder / "backup", config.data, "second", _quiet, force=False)
    assert head.epoch == 3
    async with open_shop(folder) as shop:
        assert "of epoch 2" in _notices(shop.store)


async def test_a_damaged_anchor_is_named_and_the_store_starts(folder: Path) -> None:
    """It is kept aside, said in the log and in health, and a new one is begun."""
    config = own_config(folder)
    async with open_shop(folder) as shop:
        await shop.sell()
    path = anchor_path(config.anchors, "store")
    path.write_bytes(path.read_bytes()[:40])
    async with open_shop(folder) as shop:
        await eventually(lambda: _is_up(shop), "a new anchor")
        notices = _notices(shop.store)
        assert "The anchor of the store node" in notices
        assert "kept as store.anchor.aside-1" in notices
        await shop.sell()
    assert read_anchor(path) is not None


async def test_anchors_on_another_disk_outlive_the_data(folder: Path) -> None:
    """With a directory of their own they tell even where all of the data was put back."""
    config = own_config(folder, anchor_dir=str(folder / "elsewhere"))
    async with open_shop(folder, config=config) as shop:
        await shop.sell()
    shutil.copytree(config.data, folder / "copy", ignore=shutil.ignore_patterns("run"))
    async with open_shop(folder, config=config) as shop:
        await shop.sell()
    shutil.rmtree(config.data)
    shutil.copytree(folder / "copy", config.data)
    with pytest.raises(AnchorError, match="records are missing"):
        open_store(config, SystemWorld())
    with pytest.raises(JournalError, match="No anchor has anything"):
        accept_loss(config.data, "wrong place", _quiet)
    accept_loss(config.data, "right place", _quiet, anchors=folder / "elsewhere")
    async with open_shop(folder, config=config) as shop:
        await shop.sell()


async def test_no_anchor_and_an_anchor_behind_say_nothing(folder: Path) -> None:
    """A first start, a lost file, and a kill between a commit and its anchor."""
    config = own_config(folder)
    async with open_shop(folder) as shop:
        assert _notices(shop.store) == ""
        await shop.sell()
    behind = anchor_path(config.anchors, "store").read_bytes()
    async with open_shop(folder) as shop:
        await shop.sell()
    anchor_path(config.anchors, "store").write_bytes(behind)
    async with open_shop(folder) as shop:
        assert _notices(shop.store) == ""
    shutil.rmtree(config.anchors)
    async with open_shop(folder) as shop:
        await shop.sell()
        assert _notices(shop.store) == ""


async def test_the_child_processes_tell_too(folder: Path) -> None:
    """Devices and integrations in processes of their own keep files that refuse alone."""
    yesterday = folder / "yesterday.db"
    config = own_config(folder, one_process=False)
    async with open_shop(folder, config=config, with_children=True) as shop:
        await shop.sell()
    shutil.copy(config.journal_path, yesterday)
    async with open_shop(folder, config=config, with_children=True) as shop:
        await shop.sell()
        head = head_of(shop.store.journal)
        await eventually(lambda: set(_anchored(config).values()) == {head}, "every anchor")
    shutil.copy(yesterday, config.journal_path)
    for node in ANCHORED:
        alone = folder / node
        alone.mkdir()
        shutil.copy(anchor_path(config.anchors, node), alone)
        with pytest.raises(AnchorError) as refused:
            open_store(attrs.evolve(config, anchor_dir=str(alone)), SystemWorld())
        assert [found.node for found in refused.value.findings] == [node]


async def test_a_node_that_comes_back_having_seen_more_ends_the_store(folder: Path) -> None:
    """At the link-up of a node the same is compared as at the start, and selling ends there."""
    config = own_config(folder, one_process=False)
    told: list[Any] = []
    with pytest.RaisesGroup(AnchorError, flatten_subgroups=True):
        async with open_shop(folder, config=config, with_children=True) as shop:
            await shop.sell()
            head = head_of(shop.store.journal)
            assert head is not None
            await eventually(lambda: set(_anchored(config).values()) == {head}, "every anchor")
            file = AnchorFile(config.anchors, "integrations")
            file.load()
            file.keep(attrs.evolve(head, position=head.position + 100))
            told += shop.records("order.completed/1")
            child = next(c for c in shop.store.children if c.name == "integrations")
            assert child.process is not None
            kill_now(child.process.pid)
            await trio.sleep(PATIENCE_S)
    assert len(told) == 1
    with open_journal(config) as journal:
        sold = [record.name for record in journal.read(0, 1_000)].count("order.completed/1")
        assert sold == len(told), "what was sold is there"


async def test_a_printed_head_is_what_the_verifier_takes(folder: Path) -> None:
    """The anchor's digits, as a message shows them, are a head for the offline verifier."""
    yesterday, head = await _days(folder)
    config = own_config(folder)
    assert verify(config, "--head", f"{head.hash[:8]}@{head.position}").returncode == 0
    shutil.copy(yesterday, config.journal_path)
    told = verify(config, "--head", f"{head.hash[:8]}@{head.position}")
    assert told.returncode == 1
    assert f"anchored record {head.position}" in told.stdout
    with Journal.open(config.journal_path, reserve_bytes=0) as journal:
        assert f"record {journal.head().position + 1}" in told.stdout


async def test_a_loss_of_a_store_that_runs_is_not_accepted_in_words_of_its_own(
    folder: Path,
) -> None:
    """Nor is anything restored over it: each command says what it left undone, and what to do."""
    async with open_shop(folder) as shop:
        await shop.sell()
        data = shop.store.config.data
        backup_store(data, folder / "backup", _quiet)
        accepted = run("accept-loss", data, "--reason", "gone")
        restored = run("restore", folder / "backup", data, "--reason", "gone", "--force")
        with pytest.raises(JournalHeldError, match="What it lacks was not looked for") as held:
            what_is_missing(data)
    for done, undone, again in (
        (accepted, "Nothing was changed", "try again"),
        (restored, "Nothing was restored", "restore again"),
    ):
        assert 1 == done.returncode
        assert f"is in use by {held.value.holder}. {undone}. Stop that one" in done.stderr
        assert done.stderr.endswith(f"then {again}.\n")
        assert "server was not started" not in done.stderr


async def test_a_loss_on_a_disk_that_cannot_be_written_is_told_as_one(folder: Path) -> None:
    """It says that nothing was changed, and not that a server did not start."""
    async with open_shop(folder) as shop:
        lock = shop.store.config.data / "journal.db.lock"
    lock.unlink()
    lock.mkdir()  # which keeps even the system's administrator from writing it
    with pytest.raises(JournalReadOnlyError, match=r"Nothing was changed\. Make the disk"):
        accept_loss(lock.parent, "gone", _quiet)


async def test_a_loss_on_a_full_disk_is_told_as_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that nothing was changed, and nothing of commands that were not answered."""
    async with open_shop(folder) as shop:
        config = shop.store.config

    def full(path: Path, **_: object) -> Journal:
        raise DiskFullError(path, "no space left on device")

    monkeypatch.setattr(Journal, "open", full)
    with pytest.raises(JournalError, match=r"Nothing was changed\. See that its disk") as told:
        accept_loss(config.data, "gone", _quiet)
    assert f"The journal {config.journal_path} could not be opened" in str(told.value)
    assert "were not answered" not in str(told.value)
    with pytest.raises(JournalError, match="What it lacks was not looked for"):
        what_is_missing(config.data)


async def test_a_loss_says_what_to_do_where_there_is_nothing_to_go_on_from(folder: Path) -> None:
    """An empty file and a missing one are told, with the way on; afterwards, what was lost."""
    _, head = await _days(folder)
    config = own_config(folder)
    for lost in ("keys", "snapshots"):
        shutil.rmtree(config.data / lost, ignore_errors=True)
    config.journal_path.unlink()
    missing = run("accept-loss", config.data, "--reason", "the disk died")
    assert "Nothing was changed. Name the store's data directory" in missing.stderr
    config.journal_path.touch()
    empty = run("accept-loss", config.data, "--reason", "the disk died")
    assert f"{config.journal_path} is empty" in empty.stderr
    assert "Nothing was changed. Restore the latest backup" in empty.stderr
    assert "start the store once" in empty.stderr
    assert 3 == _serve(folder).returncode
    done = run("accept-loss", config.data, "--reason", "the disk died")
    assert 0 == done.returncode
    assert f"records 1-{head.position} of epoch 1 are missing" in done.stdout
    assert "set the store up anew before selling" in done.stdout
