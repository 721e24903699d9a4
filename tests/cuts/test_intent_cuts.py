"""A card payment cut off anywhere ends at the terminal's truth, and nobody is charged twice.

A sample here, of fixed strides and every first and last byte; all of it in `./run prove`.
"""

from __future__ import annotations

import json
import os
from itertools import chain
from pathlib import Path

import pytest

from actors.world import run_simulated
from tests.cuts.__main__ import main, rows
from tests.cuts.dialogues import Dialogue, Lane, conclude, dialogues_of, judge
from tests.cuts.far_ends import DEAF_AFTER, NEXO_IN_MEMORY, PLACES, REAL, ZVT_IN_MEMORY
from tests.cuts.kills import HARMS, Sweep
from tests.cuts.stage import open_simulated, prepare, quiet
from tests.cuts.wires import Tally, arrange, cuts_of, in_memory, measure, on_real
from tests.simulation.disk import MemoryDisk

EVERY = os.environ.get("HYPOTHESIS_PROFILE") == "night"
STEPS = {ZVT_IN_MEMORY: 1 if EVERY else 89, NEXO_IN_MEMORY: 1 if EVERY else 607}
# Of these each dialogue has its part, the next one the next.
PARTS = {ZVT_IN_MEMORY: 1 if EVERY else 2, NEXO_IN_MEMORY: 1 if EVERY else 3}
# Between a terminal that booked and a store that knows are some sixteen steps: a longer stride
# may step over all of them.
KILLED = {
    ZVT_IN_MEMORY: {
        "very first sale": 13,
        "sale": 47,
        "reversal": 53,
        "completion": 53,
        "taken offline": 53,
        "upload that is refused": 89,
        "upload told unasked": 89,
        "end of day": 37,
        "end of day that presents what is refused": 31,
    },
    NEXO_IN_MEMORY: {
        "very first sale": 13,
        "sale": 47,
        "refund": 53,
        "taken offline": 59,
        "upload that is refused": 97,
        "end of day": 41,
        "end of day that presents what is refused": 41,
    },
}


def _hold(tally: Tally, least: int) -> None:
    assert tally.wrong == []
    assert (tally.second_charges, tally.unresolved) == (0, 0)
    assert tally.struck >= least
    assert tally.closes >= 1, "a Z was held against the terminal's day"


@pytest.mark.feature("NEW-07")
@pytest.mark.feature("PAY-09", part="with intents, journal and order, at every byte and kill")
@pytest.mark.parametrize("carrier", [ZVT_IN_MEMORY, NEXO_IN_MEMORY], ids=["zvt", "nexo"])
def test_the_wire_cut_at_every_byte_and_the_store_at_every_await_point(carrier: str) -> None:
    """Whatever is cut, what the order holds is what the terminal booked: every dialogue at bytes of
    both directions, and kills, power cuts and pulled cables from intent to commit. Every single one
    is `python -m tests.cuts memory real kills`; the README tells how the last ended.
    """
    ends = Tally()
    parts = PARTS[carrier]
    for number, dialogue in enumerate(dialogues_of(carrier)):
        shard = (number % parts, parts)
        tally = in_memory(carrier, dialogue, step=STEPS[carrier], shard=shard)
        # A signature of TLS is now and then a byte shorter, and its last byte is not there to cut.
        _hold(tally, least=1)
        ends.add(tally)
    assert {"approved", "aborted", "declined", "offline_approved"} <= set(ends.ends)
    assert ends.struck >= 3 * len(dialogues_of(carrier))
    assert ends.listed, "what the bank refused afterwards is before a person"
    for harm in HARMS:
        for dialogue in dialogues_of(carrier):
            step = 1 if EVERY else KILLED[carrier].get(dialogue.name, 0)
            is_zvt = carrier == ZVT_IN_MEMORY
            for keeps in ((False, True) if EVERY else (True,)) if is_zvt else (False,):
                if step:
                    _hold(Sweep(dialogue, harm, step, carrier, keeps=keeps).run(), least=2)


@pytest.mark.feature("NEW-07", part="on real sockets and ptys, with intents")
@pytest.mark.parametrize("carrier", REAL, ids=["tcp", "pty", "tls"])
async def test_the_wire_cut_on_real_sockets_and_ptys(carrier: str, tmp_path: Path) -> None:
    """The same over TCP, a serial line and TLS, at six registers of one store at once."""
    quiet()
    chosen: tuple[Dialogue, ...] = dialogues_of(carrier)
    if not EVERY:
        chosen = tuple(one for one in chosen if one.name in ("sale", "upload"))
    step = 1 if EVERY else 2003 if carrier.startswith("nexo") else 211
    found = await on_real(carrier, chosen, tmp_path, step=step, hurried=EVERY)
    for tally in found.values():
        _hold(tally, least=3)


def test_a_cancel_cut_off_anywhere_is_heard_before_nobody_comes() -> None:
    """The wire goes deaf at any time while a cashier cancels: once the cable is back the terminal
    is told, and does not show the amount until it gives up by itself."""
    prepare()
    disk = MemoryDisk("cancelled")

    async def run() -> list[float]:
        taken_s: list[float] = []
        async with open_simulated(NEXO_IN_MEMORY, disk, 0) as stage:
            lane = Lane(stage, "1")
            (dialogue,) = (one for one in dialogues_of(NEXO_IN_MEMORY) if "abort" in one.name)
            length = (await measure(stage, dialogue))[DEAF_AFTER]
            for after in range(100, length, 150):
                await arrange(lane, dialogue, keeps=False)
                lane.far.arm(DEAF_AFTER, after)
                began_ns = stage.world.monotonic_ns()
                await dialogue.ask(lane)
                await stage.settle("1")
                taken_s.append((stage.world.monotonic_ns() - began_ns) / 1e9)
                lane.far.arm(DEAF_AFTER, 0)
                assert judge(lane) in ("aborted", "abandoned"), "abandoned: it never left"
                await conclude(lane)
        return taken_s

    taken_s = run_simulated(0, run)
    disk.close()
    assert len(taken_s) > 10
    assert max(taken_s) < 20, "nobody comes to the terminal for a minute"


def test_the_proof_leaves_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """How many were cut, of what, and that none was charged twice; a miss is no pass."""
    place = tmp_path / "figures.json"
    asked = ["memory", "--every", "3000", "--dialogue", "decline", "--json", str(place)]
    assert main(asked) == 0
    said = capsys.readouterr().out
    assert "4 decline" in said, "both ends of both directions, over ZVT"
    told = json.loads(place.read_text())["rows"]
    assert [row["figure"].split(" of ")[0] for row in told] == [
        "0 second charges, 0 unresolved"
    ] * 2
    assert all(row["what"].endswith("both ways; dialogues: 1") for row in told)
    (row,) = rows("memory", {"zvt in memory": Tally(struck=9, wrong=["sale: charged twice"])}, "x")
    assert not row["ok"]
    assert "charged twice" in row["figure"]
    for tally in (Tally(struck=9, second_charges=1), Tally(struck=9, unresolved=1), Tally()):
        (row,) = rows("memory", {"zvt in memory": tally}, "x")
        assert not row["ok"], row["figure"]
    (row,) = rows("memory", {"zvt in memory": Tally(struck=9)}, "x")
    assert row["ok"]


def test_shards_are_all_of_the_bytes() -> None:
    """What is cut in parts is what is cut at once, each byte in one of them."""
    dialogue, lengths = dialogues_of(ZVT_IN_MEMORY)[1], dict(zip(PLACES, (7, 4), strict=True))
    whole = cuts_of(dialogue, lengths, 1, (False, True), (0, 1))
    parts = [cuts_of(dialogue, lengths, 1, (False, True), (number, 3)) for number in range(3)]
    assert len(whole) == 22
    assert sorted(map(str, chain(*parts))) == sorted(map(str, whole))


def test_a_shard_that_is_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is cut where it is not clear what."""
    for said in ("4/4", "1", "a/b", "0/0", "-1/4"):
        with pytest.raises(SystemExit):
            main(["memory", f"--shard={said}"])
        assert f"{said} is no shard" in capsys.readouterr().err
