"""A store on a real disk that becomes read-only or full: it says so, ends, and loses nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import trio

from actors.errors import PostError
from actors.journal import DiskFullError, Journal, JournalReadOnlyError
from actors.journal_backup import backup
from actors.journal_schema import JournalError
from benches.journal import sample_entry
from countertop.config import Config
from tests.store.disks import (
    MIB,
    leave_free,
    mend,
    mounted,
    mounted_ext4,
    remount,
    turn_read_only,
)
from tests.store.harness import (
    Shop,
    StoreProcess,
    assert_verified,
    insist,
    open_journal,
    open_link,
    own_config,
)
from tests.warm import run


def _serve(folder: Path, data: Path) -> subprocess.CompletedProcess[str]:
    """`countertop serve`, which is expected to end by itself."""
    path = folder / "store.toml"
    lines = [f'data_dir = "{data}"', 'store_id = "shop-1"', "reserve_mib = 0"]
    path.write_text("\n".join([*lines, "[doors]", "http_port = 0"]) + "\n")
    return run("serve", path)


async def _sell_until_it_ends(shop: Shop, server: StoreProcess) -> dict[str, Any]:
    """Sell until the server is gone; the answered completions by their command's id."""
    assert server.process is not None
    answered: dict[str, Any] = {}
    with trio.fail_after(60):
        while server.process.poll() is None:
            try:
                await shop.ask("order.add_line", data={"code": "bread"}, timeout_s=1.0)
                await shop.ask("order.tender_cash", data={"amount_minor": 350}, timeout_s=1.0)
                identity = shop.world.new_id()
                reply = await shop.ask("order.complete", command_id=identity, timeout_s=1.0)
            except PostError:
                continue
            if reply.ok:
                answered[identity] = reply.data
    return answered


async def _sold_before(shop: Shop) -> dict[str, Any]:
    """Set the shop up and sell a little; the answered completions."""
    await insist(shop, "store.state", "_office", {})
    await shop.seed()
    await shop.open_register()
    answered = {}
    for _ in range(5):
        await shop.do("order.add_line", code="bread")
        await shop.do("order.tender_cash", amount_minor=350)
        identity = shop.world.new_id()
        reply = await shop.ask("order.complete", command_id=identity)
        assert reply.ok
        answered[identity] = reply.data
    return answered


def _assert_nothing_lost(config: Config, answered: dict[str, Any]) -> None:
    """Every answered sale is in the journal, once, and the verifier is content."""
    with open_journal(config) as journal:
        for identity in answered:
            assert journal.answer_of(identity) is not None, identity
        sales = [r for r in journal.read(0, 100_000) if r.name == "order.completed/1"]
        assert len({record.command_id for record in sales}) == len(sales) >= len(answered)
    assert_verified(config)


@pytest.mark.parametrize("trouble", ["read-only", "full"])
async def test_a_disk_that_fails_while_selling(folder: Path, trouble: str) -> None:
    """Turned read-only by the system, or full to the last byte, under a running store: the process
    ends with a word for it instead of guessing, every answered sale is there afterwards, and once
    the disk is well it sells on."""
    config = own_config(folder, one_process=False)
    with (mounted if trouble == "full" else mounted_ext4)(config.data, 96) as disk:
        server = StoreProcess(config)
        log = folder / "server.log"
        with server:
            async with open_link(config, "till") as shop:
                answered = await _sold_before(shop)
                if trouble == "full":
                    leave_free(disk, 0)
                else:
                    turn_read_only(disk)
                answered |= await _sell_until_it_ends(shop, server)
            assert server.process is not None
            assert server.process.returncode not in (0, None)
            if trouble == "full":
                leave_free(disk, 60 * MIB)
            else:
                mend(disk)
            told = log.read_text()
            assert "Writing the journal" in told
            assert ("disk is full" if trouble == "full" else "starting it again") in told
            _assert_nothing_lost(config, answered)
            server.start()
            async with open_link(config, "till-2") as shop:
                await insist(shop, "store.state", "_office", {})
                for identity, data in answered.items():
                    _, again = await insist(shop, "order.complete", "1", {}, command_id=identity)
                    assert again.data == data, "the one answer, whenever it is asked again"
            assert server.stop() == 0
        assert_verified(config)


@pytest.mark.parametrize("trouble", ["read-only", "full"])
def test_a_store_does_not_start_on_a_disk_that_cannot_be_written(
    folder: Path, trouble: str
) -> None:
    """It says which disk, what was not done and what to do, and leaves the journal as it is."""
    with mounted(folder / "disk", 16) as disk:
        path = disk / "data" / "journal.db"
        with Journal.open(path, store_id="shop-1", reserve_bytes=0) as journal:
            journal.append([sample_entry(number) for number in range(10)])
        before = path.read_bytes()
        if trouble == "full":
            leave_free(disk, 0)
        else:
            remount(disk, "ro")
        done = _serve(folder, disk / "data")
        assert done.returncode == 1, done.stderr
        assert "Traceback" not in done.stderr
        words = "disk is full" if trouble == "full" else "Read-only file system"
        assert words in done.stderr
        assert ("make room" if trouble == "full" else "see that the path") in done.stderr
        assert str(disk) in done.stderr
        if trouble == "read-only":
            remount(disk, "rw")
        else:
            leave_free(disk, 8 * MIB)
        assert path.read_bytes() == before


def _append_for_ever(journal: Journal) -> None:
    for number in range(2, 3_000):
        journal.append([sample_entry(number, records=40)])


def test_the_journal_names_what_the_disk_is(folder: Path) -> None:
    """Read-only at opening and full while appending are errors of their own; the reserve lets a
    full disk be opened once more."""
    with mounted(folder / "disk", 24) as disk:
        path = disk / "data" / "journal.db"
        with Journal.open(path, store_id="shop-1", reserve_bytes=2 * MIB) as journal:
            journal.append([sample_entry(1)])
            leave_free(disk, 0)
            with pytest.raises(DiskFullError, match="disk is full"):
                _append_for_ever(journal)
        with Journal.open(path, reserve_bytes=2 * MIB) as journal:
            assert journal.is_nearly_full()
            assert journal.answer_of("bench-00000001") is not None
            assert journal.verify_all().position == journal.head().position
        remount(disk, "ro")
        with pytest.raises(JournalReadOnlyError):
            Journal.open(path, reserve_bytes=0)
        remount(disk, "rw")


def test_a_backup_without_room_says_so(folder: Path) -> None:
    """Nothing half-written is left where it was to go, and the journal is as it was."""
    path = folder / "data" / "journal.db"
    with Journal.open(path, store_id="shop-1", reserve_bytes=0) as journal:
        for number in range(1, 200):
            journal.append([sample_entry(number, records=40)])
    with mounted(folder / "disk", 24) as disk:
        leave_free(disk, MIB)
        with pytest.raises(JournalError, match=r"\(the disk is full\)\. No backup was made"):
            backup(path, disk / "copy.db")
        assert not list(disk.glob("copy*"))
    with Journal.open(path, reserve_bytes=0) as journal:
        assert journal.verify_all().position == journal.head().position
