"""Anchors: what a file holds and refuses, what it says of a journal, and who keeps it up."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio

from actors.anchor_keeper import (
    AnchorActor,
    AnchorKeeper,
    CheckAnchor,
    Checked,
    Held,
    HoldAnchor,
    LinkUp,
)
from actors.anchors import (
    Anchor,
    AnchorError,
    AnchorFile,
    DamagedAnchorError,
    Verdict,
    anchor_path,
    head_of,
    judge,
    judge_files,
    may_follow,
    read_anchor,
)
from actors.asks import Committed
from actors.errors import AbsentError
from actors.journal import Journal
from actors.journal_backup import restore
from actors.messages import MESSAGES
from actors.node import Node
from actors.supervisor import Policy, supervise
from actors.world import SystemWorld
from benches.journal import sample_entry
from engine.stamp import Stamp
from engine.wire import WireError
from tests.actors.stand import Stand, open_stand
from tests.store.harness import eventually

HASH = "ab" * 32
OTHER = "cd" * 32


def anchor(position: int, epoch: int = 1, digest: str = HASH, store: str = "shop-1") -> Anchor:
    """An anchor of the test shop."""
    return Anchor(store, epoch, position, digest)


# --------------------------------------------------------------------------------------- files


def test_a_kept_anchor_is_read_back(tmp_path: Path) -> None:
    """What one process wrote, the next one holds; where there is no file nothing is held."""
    file = AnchorFile(tmp_path / "deep" / "anchors", "devices")
    file.load()
    assert (file.held, file.note) == (None, "")
    assert file.keep(anchor(7))
    again = AnchorFile(tmp_path / "deep" / "anchors", "devices")
    again.load()
    assert (again.held, again.note) == (anchor(7), "")
    assert [path.name for path in file.path.parent.iterdir()] == ["devices.anchor"]


@pytest.mark.parametrize(
    ("new", "follows"),
    [
        (anchor(8), True),
        (anchor(7), True),
        (anchor(7, digest=OTHER), False),
        (anchor(6), False),
        (anchor(99, epoch=1), True),
        (anchor(1, epoch=3), True),
        (anchor(99, epoch=1, store="shop-2"), True),
    ],
)
def test_an_anchor_never_goes_back_within_an_epoch(new: Anchor, follows: bool) -> None:
    """Forward, a new epoch or another store may follow; a lower position or hash may not."""
    assert may_follow(anchor(7), new) == follows
    assert not may_follow(anchor(7, epoch=4), anchor(8, epoch=3))
    assert may_follow(None, new)


def test_what_is_of_another_history_is_kept_aside(tmp_path: Path) -> None:
    """A new epoch, or another store's journal, leaves the old anchor readable beside the new."""
    file = AnchorFile(tmp_path, "devices")
    file.load()
    file.keep(anchor(7))
    assert not file.keep(anchor(6))
    assert file.keep(anchor(3, epoch=2))
    assert "devices.anchor.aside-1" in file.note
    assert file.keep(anchor(9, store="shop-2"))
    assert [read_anchor(tmp_path / f"devices.anchor.aside-{n}") for n in (1, 2)] == [
        anchor(7),
        anchor(3, epoch=2),
    ]
    assert read_anchor(file.path) == anchor(9, store="shop-2")


def test_every_flipped_bit_of_a_file_is_noticed(tmp_path: Path) -> None:
    """No single flip makes an anchor say something else, and none is taken for an empty one."""
    file = AnchorFile(tmp_path, "devices")
    file.load()
    file.keep(anchor(131))
    sound = file.path.read_bytes()
    for at in range(len(sound) - 1):
        for bit in (1, 4, 64):
            flipped = bytearray(sound)
            flipped[at] ^= bit
            file.path.write_bytes(flipped)
            with pytest.raises(DamagedAnchorError):
                read_anchor(file.path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b"{}", b"null", b'{"check":1}'])
def test_a_damaged_file_is_named_and_kept_aside(tmp_path: Path, content: bytes) -> None:
    """Whatever it holds, it is no error to start: it is moved, named, and a new one is begun."""
    path = anchor_path(tmp_path, "devices")
    path.write_bytes(content)
    file = AnchorFile(tmp_path, "devices")
    file.load()
    assert file.held is None
    assert "was damaged" in file.note
    assert (tmp_path / "devices.anchor.aside-1").read_bytes() == content
    assert file.keep(anchor(2))


@pytest.mark.parametrize(
    "wrong", [{"position": 0}, {"position": -1}, {"epoch": 0}, {"hash": "AB" * 32}, {"hash": ""}]
)
def test_what_no_journal_can_have_is_no_anchor(wrong: dict[str, Any]) -> None:
    """A node that tells nonsense over the link is not understood, whatever it says."""
    plain = MESSAGES.pack(Held(anchor(1)))
    plain["data"]["anchor"].update(wrong)
    with pytest.raises(WireError):
        MESSAGES.unpack(plain)


# ----------------------------------------------------------------------------- what they say


@pytest.fixture
def journal(tmp_path: Path) -> Any:
    """An open journal of ten records."""
    with Journal.open(tmp_path / "s" / "journal.db", store_id="shop-1", reserve_bytes=0) as made:
        made.append([sample_entry(number) for number in range(10)])
        yield made


def test_an_anchor_within_the_journal_says_nothing(journal: Journal) -> None:
    """At the head and anywhere before it, as after a kill between commit and anchor."""
    head = head_of(journal)
    assert head is not None
    assert head.position == 10
    assert judge("devices", head, journal) is None
    for position in range(1, 11):
        seen = anchor(position, digest=journal.hash_at(position).hex())
        assert judge("devices", seen, journal) is None


@pytest.mark.parametrize(
    ("seen", "verdict", "words"),
    [
        (anchor(21), Verdict.AHEAD, "ends at record 10: 11 records are missing."),
        (anchor(11), Verdict.AHEAD, "ends at record 10: 1 record is missing."),
        (anchor(10), Verdict.CHANGED, "which ends at record 10, has "),
        (anchor(3), Verdict.CHANGED, "saw record 3 (abababab) of epoch 1"),
        (anchor(8, epoch=2), Verdict.NEWER, "it is from before a restore."),
        (anchor(21, epoch=2), Verdict.NEWER, "before a restore, and at least 11 records"),
        (anchor(21, store="shop-2"), Verdict.STRANGE, "of store shop-2; it was passed over."),
    ],
)
def test_each_contradiction_is_named(
    journal: Journal, seen: Anchor, verdict: Verdict, words: str
) -> None:
    """The node, the record, its digits, the journal's end and how much is missing."""
    found = judge("devices", seen, journal)
    assert found is not None
    assert found.verdict == verdict
    assert words in found.detail
    assert "devices" in found.detail
    assert found.refuses == (verdict in (Verdict.AHEAD, Verdict.CHANGED, Verdict.NEWER))


def _restored(journal: Journal, times: int = 1) -> Journal:
    """A restore of the journal as it is, into a directory beside it."""
    source = journal.path
    for number in range(times):
        target = source.parent.parent / f"restored-{number}"
        restore(
            source,
            target,
            reason="test",
            operator="owner",
            command_id=f"restore-{number}",
            stamp=Stamp(1, 0, "2026-11-25"),
        )
        source = target / "journal.db"
    return Journal.open(source, reserve_bytes=0)


def test_a_restore_is_accepted_and_its_loss_named(journal: Journal) -> None:
    """What an anchor saw after the backup is missing from the new epoch, record by record."""
    head = head_of(journal)
    assert head is not None
    with _restored(journal, 2) as after:
        after.append([sample_entry(number) for number in range(100, 120)])
        assert judge("devices", head, after) is None
        found = judge("devices", anchor(15), after)
        assert found is not None
        assert found.verdict == Verdict.LOST
        assert "records 11-15 of epoch 1 are missing" in found.detail
        found = judge("devices", anchor(40, epoch=2), after)
        assert found is not None
        assert "records 12-40 of epoch 2 are missing" in found.detail
        found = judge("devices", anchor(11), after)
        assert found is not None
        assert "record 11 of epoch 1 is missing" in found.detail
        found = judge("devices", anchor(7), after)
        assert found is not None
        assert "that record of epoch 1 is not in this history" in found.detail
        found = judge("devices", anchor(12, epoch=3), after)
        assert found is not None
        assert found.verdict == Verdict.CHANGED


def test_the_files_of_this_machine_are_only_read(journal: Journal, tmp_path: Path) -> None:
    """One that is missing says nothing, one that is damaged is named; none is touched."""
    file = AnchorFile(tmp_path, "store")
    file.load()
    file.keep(anchor(21))
    anchor_path(tmp_path, "devices").write_bytes(b"?")
    before = {path: path.read_bytes() for path in tmp_path.glob("*.anchor*")}
    findings = judge_files(tmp_path, ("store", "devices", "integrations"), journal)
    assert [(f.node, f.verdict) for f in findings] == [
        ("store", Verdict.AHEAD),
        ("devices", Verdict.DAMAGED),
    ]
    assert {path: path.read_bytes() for path in tmp_path.glob("*.anchor*")} == before


# ------------------------------------------------------------------------------- the node's actor


async def test_a_node_swaps_only_what_it_is_believed_to_hold(tmp_path: Path) -> None:
    """Another belief changes nothing and is answered with what is held."""
    async with open_stand() as stand:
        stand.start(lambda: AnchorActor(tmp_path, "devices"))
        first = await stand.ask("anchor/devices", HoldAnchor(anchor(5)))
        assert first == Held(anchor(5))
        assert await stand.ask("anchor/devices", HoldAnchor(anchor(9))) == Held(anchor(5))
        wish = HoldAnchor(anchor(9), anchor(4))
        assert await stand.ask("anchor/devices", wish) == Held(anchor(5))
        wish = HoldAnchor(anchor(4), anchor(5))
        assert await stand.ask("anchor/devices", wish) == Held(anchor(5)), "never backwards"
        wish = HoldAnchor(anchor(9), anchor(5))
        assert await stand.ask("anchor/devices", wish) == Held(anchor(9))
        assert read_anchor(anchor_path(tmp_path, "devices")) == anchor(9)


async def test_a_full_disk_costs_the_anchor_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be written is not held; the next ask tries again."""
    sound = os.fsync

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    async with open_stand() as stand:
        stand.start(lambda: AnchorActor(tmp_path, "devices"))
        monkeypatch.setattr(os, "fsync", full)
        assert await stand.ask("anchor/devices", HoldAnchor(anchor(5))) == Held(None)
        monkeypatch.setattr(os, "fsync", sound)
        assert await stand.ask("anchor/devices", HoldAnchor(anchor(5))) == Held(anchor(5))


# ----------------------------------------------------------------------------- the store's actor


def _bookkeeper(stand: Stand, journal: Journal) -> Callable[[Any], Any]:
    def answer(body: Any) -> Any:
        assert isinstance(body, CheckAnchor)
        held = body.anchor
        return Checked(head_of(journal), judge(body.node, held, journal) if held else None)

    stand.play("bookkeeper", answer)
    return answer


def _committed(position: int) -> Committed:
    return Committed(1, position, (), frozenset())


async def test_the_keeper_brings_a_node_up_and_keeps_it_so(
    journal: Journal, tmp_path: Path
) -> None:
    """At once at the start, then after every growth, at most once a second."""
    async with open_stand() as stand:
        _bookkeeper(stand, journal)
        keeper = AnchorKeeper(("devices",), tmp_path)
        stand.start(lambda: AnchorActor(tmp_path, "devices"))
        stand.start(lambda: keeper)
        await _until(lambda: keeper.held.get("devices") == head_of(journal))
        began = trio.current_time()
        for number in range(50, 60):
            journal.append([sample_entry(number)])
            stand.tell("anchors", _committed(journal.head().position))
        await _until(lambda: keeper.held.get("devices") == head_of(journal))
        assert trio.current_time() - began > 0.5, "ten appends are not ten anchors"
        assert len(stand.heard["bookkeeper"]) <= 4
        assert keeper.notices == {}


def test_a_keeper_that_is_about_to_look_hears_of_nothing_more(tmp_path: Path) -> None:
    """It reads the head when its turn comes; only what grew since then is news."""
    keeper = AnchorKeeper(("devices", "integrations"), tmp_path)
    assert not keeper.concerns(_committed(1))
    keeper._due.discard("devices")
    assert keeper.concerns(_committed(2))


async def _until(condition: Callable[[], bool]) -> None:
    await eventually(condition, "an anchor")


async def test_a_node_that_comes_late_is_brought_up(journal: Journal, tmp_path: Path) -> None:
    """An absent node is asked again, and one that comes anew is asked what it holds."""
    async with open_stand() as stand:
        _bookkeeper(stand, journal)
        keeper = AnchorKeeper(("devices",), tmp_path)
        stand.start(lambda: keeper)
        await trio.testing.wait_all_tasks_blocked()
        assert keeper.held == {}
        stand.start(lambda: AnchorActor(tmp_path, "devices"))
        await _until(lambda: keeper.held.get("devices") == head_of(journal))
        await stand.supervisor.stop("anchor/devices")
        anchor_path(tmp_path, "devices").unlink()
        stand.start(lambda: AnchorActor(tmp_path, "devices"))
        stand.tell("anchors", LinkUp("devices"))
        stand.tell("anchors", LinkUp("a lane"))
        await _until(lambda: read_anchor(anchor_path(tmp_path, "devices")) == head_of(journal))


async def test_another_stores_anchor_is_reported_and_replaced(
    journal: Journal, tmp_path: Path
) -> None:
    """A node moved from another store serves this one; what it held is kept aside."""
    file = AnchorFile(tmp_path, "devices")
    file.load()
    file.keep(anchor(99, store="shop-2"))
    async with open_stand() as stand:
        _bookkeeper(stand, journal)
        keeper = AnchorKeeper(("devices",), tmp_path)
        stand.start(lambda: AnchorActor(tmp_path, "devices"))
        stand.start(lambda: keeper)
        await _until(lambda: keeper.held.get("devices") == head_of(journal))
        told = " ".join(keeper.notices)
        assert "an anchor of store shop-2" in told
        assert "kept as devices.anchor.aside-1" in told


@pytest.mark.parametrize("seen", [anchor(21), anchor(4), anchor(2, epoch=2)])
async def test_a_contradiction_ends_the_store(
    journal: Journal, tmp_path: Path, seen: Anchor
) -> None:
    """A node that has seen another journal ends the process; its anchor stays as it was."""
    file = AnchorFile(tmp_path, "devices")
    file.load()
    file.keep(seen)
    node = Node("store", SystemWorld())
    mailbox = node.open("bookkeeper")

    async def bookkeeper() -> None:
        async for envelope in mailbox:
            body = envelope.body
            assert isinstance(body, CheckAnchor)
            held = body.anchor
            finding = judge(body.node, held, journal) if held else None
            envelope.answer(Checked(head_of(journal), finding))

    with pytest.RaisesGroup(AnchorError, flatten_subgroups=True) as caught, trio.fail_after(10):
        async with trio.open_nursery() as nursery, supervise(node) as supervisor:
            nursery.start_soon(bookkeeper)
            supervisor.start(lambda: AnchorActor(tmp_path, "devices"))
            keeper = AnchorKeeper(("devices",), tmp_path)
            supervisor.start(lambda: keeper, policy=Policy.CORE)
            await trio.sleep_forever()
    assert "accept-loss" in str(caught.value.exceptions)
    assert read_anchor(file.path) == seen


async def test_nothing_is_anchored_before_the_first_record(tmp_path: Path) -> None:
    """A journal that holds nothing has no head to keep."""
    async with open_stand() as stand:
        stand.play("bookkeeper", lambda body: Checked(None, None))
        stand.play("anchor/devices")
        stand.start(lambda: AnchorKeeper(("devices",), tmp_path))
        await stand.wait_heard("bookkeeper", 1)
        await stand.settle()
        assert stand.heard["anchor/devices"] == []


async def test_an_answer_that_is_none_is_asked_for_again(journal: Journal, tmp_path: Path) -> None:
    """A node that answers nonsense, or dies of the ask, holds nothing and stops nothing."""
    answers = iter((True, AbsentError("anchor/devices", "gone"), Held(None)))
    async with open_stand() as stand:
        _bookkeeper(stand, journal)
        stand.play("anchor/devices", lambda body: next(answers, Held(body.anchor)))
        keeper = AnchorKeeper(("devices",), tmp_path)
        stand.start(lambda: keeper)
        await _until(lambda: keeper.held.get("devices") == head_of(journal))


def test_one_head_makes_one_file(tmp_path: Path) -> None:
    """An anchor holds nothing but the head, no time and no chance: two nodes' files are equal."""
    for node in ("devices", "integrations"):
        file = AnchorFile(tmp_path, node)
        file.load()
        file.keep(anchor(7))
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1
