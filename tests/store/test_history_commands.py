"""History away from the store: replayed elsewhere, backed up while selling, restored."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import attrs
import pytest
import trio

from actors.journal_schema import JournalError
from actors.personal import Keyring
from countertop import offline
from countertop.config import Config
from countertop.errors import CommandFailedError
from countertop.offline import backup_store, replay_journal, restore_store
from engine.order.state import Phase
from engine.wire import canonical
from tests.store.harness import ROOT, OwnShop, assert_verified, open_shop, own_config, verify
from tests.warm import run


def _quiet(_: str, __: str) -> Callable[[int, int], None]:
    return lambda done, total: None


async def _sell_a_day(shop: OwnShop) -> None:
    for number in range(6):
        await shop.sell("bread", "milk", "wine")
        await shop.do("order.add_line", code="cheese", quantity_milli=457)
        await shop.do("order.suspend", label=f"Customer {number}")
    parked = (await shop.look("orders.suspended"))[0]["order_id"]
    await shop.do("order.resume", order_id=parked)
    await shop.do("order.void", reason="left")
    sold = (await shop.look("receipts.find", text="1-000002"))[0]["order_id"]
    await shop.do("order.add_return_line", order_id=sold, line=1, quantity_milli=1000, reason="bad")
    await shop.do("order.tender_cash", amount_minor=-350)
    await shop.do("order.complete")
    await shop.office("catalog.remove_item", item_id="book")


def _replay_elsewhere(data: Path, *arguments: str) -> tuple[int, str]:
    """`countertop replay` as another machine would run it: other process, zone, locale, hashes."""
    other = {"TZ": "Pacific/Auckland", "LC_ALL": "C", "PYTHONHASHSEED": "4711"}
    done = subprocess.run(
        [sys.executable, "-m", "countertop", "replay", str(data), *arguments],
        cwd=ROOT,
        env={**os.environ, **other},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = dict(line.split(" ", 1) for line in done.stdout.splitlines()[-2:])
    return int(lines["position"]), lines["state"]


@pytest.mark.feature("NEW-14")
async def test_a_day_replays_elsewhere_to_the_same_state_and_steps_to_the_fault(
    folder: Path,
) -> None:
    """A copied journal gives the live store's state hash, at the end and at every chosen step."""
    hashes: dict[int, str] = {}
    async with open_shop(folder) as shop:
        hashes[shop.store.books.position] = shop.hash()
        await _sell_a_day(shop)
        hashes[shop.store.books.position] = shop.hash()
        await shop.sell("wine", "wine")
        hashes[shop.store.books.position] = shop.hash()
    copy = folder / "elsewhere"
    shutil.copytree(folder / "data", copy, ignore=shutil.ignore_patterns("run", "views*"))
    last = max(hashes)
    assert _replay_elsewhere(copy) == (last, hashes[last])
    for position, digest in hashes.items():
        assert _replay_elsewhere(copy, "--to", str(position)) == (position, digest)


async def test_replaying_disturbs_no_store(folder: Path) -> None:
    """A running store's journal can be replayed up to now, and shown event by event."""
    async with open_shop(folder) as shop:
        await shop.sell()
        told: list[str] = []
        position, digest = replay_journal(folder / "data", None, show=told.append, progress=_quiet)
        assert (position, digest) == (shop.store.books.position, shop.hash())
        assert sum("order.completed/1" in line for line in told) == 1
        await shop.sell()


@pytest.mark.feature("NEW-14", part="a snapshot that is not what its records make is named")
async def test_a_replay_names_a_snapshot_that_was_changed(folder: Path) -> None:
    """Who can write the store's files takes three euros out of a snapshot's cash sales and mends
    its digest: the next start counts from it, but a replay names the file."""
    async with open_shop(folder) as shop:
        await shop.sell()
    data = folder / "data"
    whole = replay_journal(data, None, show=None, progress=_quiet)
    (path,) = (data / "snapshots").glob("*.snapshot")
    header, _, state = path.read_bytes().partition(b"\n")
    told, image = json.loads(header), json.loads(state)
    image["live"]["tills"]["1"]["cash_sales_minor"] -= 300
    changed = canonical(image)
    told |= {"size": len(changed), "sha256": hashlib.sha256(changed).hexdigest()}
    path.write_bytes(json.dumps(told).encode() + b"\n" + changed)
    with pytest.raises(CommandFailedError, match="not what the journal makes") as said:
        replay_journal(data, None, show=None, progress=_quiet)
    assert path.name in str(said.value)
    assert f"state {whole[1]} at record {whole[0]}" in str(said.value)
    # Up to a record before it nobody looks at it, and a file that no start believes is passed over.
    assert replay_journal(data, whole[0] - 1, show=None, progress=_quiet)[0] == whole[0] - 1
    path.write_bytes(json.dumps(told | {"size": 1}).encode() + b"\n" + changed)
    assert replay_journal(data, None, show=None, progress=_quiet) == whole


def test_replaying_nothing_says_so(folder: Path) -> None:
    """Where there is no journal, none is made."""
    with pytest.raises(JournalError, match="no journal"):
        replay_journal(folder, None, show=None, progress=_quiet)
    assert list(folder.iterdir()) == []


def test_replaying_without_room_for_a_copy_says_where_it_lacks(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the folder for what is passing that is full, and no backup was asked for."""

    def full(source: Path, destination: Path) -> None:
        raise JournalError("It could not be copied. No backup was made.")

    (folder / "data").mkdir()
    Config(str(folder / "data")).journal_path.write_bytes(b"a journal")
    monkeypatch.setattr(offline, "backup", full)
    with pytest.raises(JournalError, match="could not be copied"):
        replay_journal(folder / "data", None, show=None, progress=_quiet)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=4))
    with pytest.raises(CommandFailedError, match=r"no room in .* Nothing was read") as told:
        replay_journal(folder / "data", None, show=None, progress=_quiet)
    assert "backup" not in str(told.value)


@pytest.mark.feature("BO-14", part="live backup, restore with a new epoch")
async def test_a_backup_made_while_selling_goes_on_in_a_new_epoch(folder: Path) -> None:
    """The copy holds every sale answered before it; restored elsewhere it sells on, verified."""
    async with open_shop(folder) as shop:
        await _sell_a_day(shop)
        acknowledged = (await shop.sell())["receipt_number"]
        async with trio.open_nursery() as nursery:
            stop = trio.Event()

            async def keep_selling() -> None:
                while not stop.is_set():
                    await shop.sell()

            nursery.start_soon(keep_selling)
            head = await shop.world.in_thread(
                backup_store, folder / "data", folder / "backup", _quiet
            )
            stop.set()
        assert head.position <= shop.store.journal.head().position

    restored = attrs.evolve(own_config(folder), data_dir=str(folder / "new"))
    after = restore_store(folder / "backup", restored.data, "disk died", _quiet, force=False)
    assert (after.epoch, after.position) == (2, head.position + 1)
    async with open_shop(folder, config=restored, ready=False) as shop:
        await shop.open_register()
        found = await shop.look("receipts.find", text=acknowledged)
        assert [row["receipt_number"] for row in found] == [acknowledged]
        order = shop.store.books.live.current("1")
        if order is not None and order.phase is Phase.TENDERING:
            # The copy was made between the money and the receipt: the sale goes on from there.
            await shop.do("order.complete")
        newest = (await shop.look("receipts.find", limit=1))[0]["receipt_number"]
        following = (await shop.sell())["receipt_number"]
        assert int(following.partition("-")[2]) == int(newest.partition("-")[2]) + 1
        assert (
            shop.store.keyring.reveal(shop.store.books.staff.operators["max"].name) == "Max Maple"
        )
    assert_verified(restored)


@pytest.mark.feature("BO-14", part="a missing tail is named")
async def test_what_a_restore_lacks_is_named_by_a_printed_head(folder: Path) -> None:
    """A head noted after the backup is not in the restored history, and the verifier says so."""
    async with open_shop(folder) as shop:
        await shop.sell()
        backup_store(folder / "data", folder / "backup", _quiet)
        await shop.sell()
        later = shop.store.journal.head()
    restored = Config(str(folder / "new"), "shop-1")
    restore_store(folder / "backup", restored.data, "disk died", _quiet, force=False)
    anchor = f"{later.hash.hex()}@{later.position}"
    done = verify(restored, "--head", anchor)
    assert done.returncode == 1
    assert str(later.position) in done.stdout + done.stderr


async def test_a_restore_overwrites_nothing_unasked(folder: Path) -> None:
    """An existing journal stays unless it is forced aside, and is kept even then."""
    async with open_shop(folder) as shop:
        await shop.sell()
        backup_store(folder / "data", folder / "backup", _quiet)
        await shop.sell()
    with pytest.raises(JournalError, match="Nothing was restored"):
        restore_store(folder / "backup", folder / "data", "try", _quiet, force=False)
    restore_store(folder / "backup", folder / "data", "try", _quiet, force=True)
    aside = [path for path in (folder / "data").iterdir() if "journal.db" in path.name]
    assert len(aside) > 1
    async with open_shop(folder) as shop:
        assert shop.store.journal.head().epoch == 2


async def test_a_restore_leaves_what_was_put_on_another_disk_there(folder: Path) -> None:
    """Journal and keys of the directory are links: both stay, what is restored lies where they
    lead, and so do the keys of a store that was begun anew, which are moved aside."""
    async with open_shop(folder) as shop:
        await shop.sell()
        backup_store(folder / "data", folder / "backup", _quiet)
    disk, data = folder / "disk", folder / "new"
    (disk / "keys").mkdir(parents=True)
    (disk / "keys" / "pepper").write_bytes(b"of a store begun anew")
    data.mkdir()
    (data / "journal.db").symlink_to(disk / "journal.db")
    (data / "keys").symlink_to(disk / "keys")
    restored = attrs.evolve(own_config(folder), data_dir=str(data))
    restore_store(folder / "backup", restored.data, "disk died", _quiet, force=False)
    assert (data / "journal.db").is_symlink()
    assert (data / "keys").is_symlink()
    assert b"of a store begun anew" == (disk / "keys.aside-1" / "pepper").read_bytes()
    async with open_shop(folder, config=restored, ready=False) as shop:
        await shop.open_register()
        await shop.sell()
        assert shop.store.journal.head().epoch == 2
    assert (disk / "journal.db").is_file()
    assert (data / "journal.db").is_symlink()


async def test_a_restore_under_a_running_store_is_refused(folder: Path) -> None:
    """The store that holds the directory is named."""
    async with open_shop(folder) as shop:
        backup_store(folder / "data", folder / "backup", _quiet)
        with pytest.raises(JournalError, match="in use by process"):
            restore_store(folder / "backup", folder / "data", "try", _quiet, force=True)
        await shop.sell()


async def test_a_backup_does_not_write_over_anything(folder: Path) -> None:
    """The destination must be new."""
    async with open_shop(folder):
        (folder / "there").mkdir()
        with pytest.raises(JournalError, match="No backup was made"):
            backup_store(folder / "data", folder / "there", _quiet)


async def test_a_backup_that_fails_leaves_nothing(folder: Path) -> None:
    """Where there is no journal no directory is made, so the next try is not refused for it."""
    for _ in range(2):
        with pytest.raises(JournalError, match="There is no journal"):
            backup_store(folder / "nowhere", folder / "backup", _quiet)
    assert not (folder / "backup").exists()


async def test_a_backup_has_the_keys_of_its_moment(folder: Path) -> None:
    """Names open from the copied keys, though people are added and erased while they are copied."""
    async with open_shop(folder) as shop, trio.open_nursery() as nursery:
        nursery.start_soon(_change_people, shop)
        for number in range(3):
            backup = folder / f"backup-{number}"
            done = await trio.to_thread.run_sync(run, "backup", folder / "data", backup)
            assert done.returncode == 0, done.stderr
            keys = Keyring(backup / "keys" / "personal.db")
            assert keys.reveal(shop.store.books.staff.operators["max"].name) == "Max Maple"
            keys.close()
        nursery.cancel_scope.cancel()


async def _change_people(shop: OwnShop) -> None:
    number = 0
    while True:
        number += 1
        person = {"operator": f"p{number}", "name": "Somebody", "role": "cashier", "pin": "1357"}
        await shop.office("staff.add_operator", **person)
        shop.store.keyring.erase(f"operator/p{number}")


async def test_a_restore_over_a_store_begun_anew_brings_its_keys(folder: Path) -> None:
    """Names and PINs work again even where an empty store was started first; its keys are kept."""
    async with open_shop(folder) as shop:
        await shop.sell()
        backup_store(folder / "data", folder / "backup", _quiet)
    other = attrs.evolve(own_config(folder), data_dir=str(folder / "new"))
    async with open_shop(folder, config=other):
        pass
    restore_store(folder / "backup", other.data, "new machine", _quiet, force=True)
    async with open_shop(folder, config=other, ready=False) as shop:
        await shop.open_register()
        assert (await shop.look("register.state"))["operator"]["name"] == "Max Maple"
        assert (await shop.sell())["receipt_number"] == "1-000002"
    assert (other.data / "keys.aside-1" / "pepper").exists()


async def test_a_restore_cut_off_among_the_keys_is_mended_by_the_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full in the middle of a key: no journal is there that a store would begin without
    its keys, and make others for. Room is made, it is restored again, and all names are there."""
    async with open_shop(folder) as shop:
        await shop.sell()
        backup_store(folder / "data", folder / "backup", _quiet)
    target = folder / "new" / "data"
    real = shutil.copy2

    def cut_off(source: Path, to: Path) -> object:
        if source.name == "personal.db":
            to.write_bytes(source.read_bytes()[:5_000])
            raise OSError(errno.ENOSPC, "No space left on device", str(to))
        return real(source, to)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copy2", cut_off)
        with pytest.raises(JournalError, match=r"No space left.*Nothing was restored"):
            restore_store(folder / "backup", target, "disk died", _quiet, force=False)
    assert not list(target.rglob("*.partial"))
    assert not (target / "journal.db").exists()
    restore_store(folder / "backup", target, "disk died", _quiet, force=False)
    for file in sorted((folder / "backup" / "keys").glob("*")):
        assert (target / "keys" / file.name).read_bytes() == file.read_bytes(), file.name
    async with open_shop(folder / "new", ready=False) as shop:
        people = shop.store.books.staff.operators.values()
        names = [shop.store.keyring.reveal(one.name) for one in people]
        assert names
        assert not [name for name in names if "~p1." in name]


async def test_half_a_key_that_was_left_is_not_taken_for_one(folder: Path) -> None:
    """A restore that was killed leaves it behind under another name; the next one replaces it."""
    async with open_shop(folder) as shop:
        await shop.sell()
        backup_store(folder / "data", folder / "backup", _quiet)
    keys = folder / "new" / "data" / "keys"
    keys.mkdir(parents=True)
    (keys / "pepper.partial").write_bytes(b"half")
    restore_store(folder / "backup", folder / "new" / "data", "disk died", _quiet, force=False)
    assert (keys / "pepper").read_bytes() == (folder / "backup" / "keys" / "pepper").read_bytes()
    assert not (keys / "pepper.partial").exists()


@pytest.mark.parametrize("which", ["backup", "restore"])
async def test_what_was_copied_is_on_the_disk_when_it_is_said_to_be(
    folder: Path, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    """A power cut, or a stick that is pulled out, leaves no empty keys beside a whole journal."""
    synced: set[int] = set()
    real = os.fsync

    def noted(fd: int) -> None:
        synced.add(os.fstat(fd).st_ino)
        real(fd)

    made = folder / "backup" if which == "backup" else folder / "new" / "data"
    async with open_shop(folder) as shop:
        await shop.sell()
        (folder / "data" / "segments").mkdir(exist_ok=True)
        (folder / "data" / "segments" / "one.segment").write_bytes(b"goods")
        monkeypatch.setattr(os, "fsync", noted)
        backup_store(folder / "data", folder / "backup", _quiet)
    if which == "restore":
        restore_store(folder / "backup", made, "disk died", _quiet, force=False)
    there = [made.parent, made, *sorted(made.rglob("*"))]
    unsynced = [path for path in there if path.stat().st_ino not in synced]
    assert [path for path in unsynced if path.suffix != ".lock"] == []
    assert (made / "segments" / "one.segment").read_bytes() == b"goods"


async def test_a_backup_to_where_no_file_of_its_size_may_be_is_told(folder: Path) -> None:
    """SQLite has no word for it but "not an error"; the backup says that none was made."""
    async with open_shop(folder) as shop:
        await shop.sell("bread")
    limited = ("bash", "-c", 'ulimit -f 16; exec "$@"', "limited")
    words = (sys.executable, "-m", "countertop", "backup", folder / "data", folder / "copy")
    done = subprocess.run(
        [*limited, *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert 1 == done.returncode
    assert "allows no file of that size). No backup was made" in done.stderr
    assert "not an error" not in done.stderr
    assert not (folder / "copy").exists()


@pytest.mark.parametrize("content", [b"no database, and more than a few letters of it", b""])
async def test_a_backup_of_damaged_personal_keys_is_told(folder: Path, content: bytes) -> None:
    """It names the file, says that no backup was made, and leaves nothing of one."""
    async with open_shop(folder) as shop:
        await shop.sell("bread")
    (folder / "data" / "keys" / "personal.db").write_bytes(content)
    done = run("backup", folder / "data", folder / "copy")
    assert 1 == done.returncode
    assert done.stderr.startswith("countertop: The personal keys ")
    assert "No backup was made. Where they are damaged, put the keys folder" in done.stderr
    assert not (folder / "copy").exists()
