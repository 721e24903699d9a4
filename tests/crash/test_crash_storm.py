"""Forty kills and sixty I/O faults on a real store, and what was promised all the while."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
import trio

from tests.crash.__main__ import do_steps, main, parse, storm_rows
from tests.crash.building import NoShimError
from tests.crash.plans import DEVICES, INTEGRATIONS, STORE
from tests.crash.rig import Rig
from tests.crash.rounds import KILLS_A_ROUND, LIE_EVERY, Spec, Storm
from tests.crash.steps import CALL, STEP, Sweep, run_sweep
from tests.crash.storm import Broken

KILLS, FAULTS = 40, 60
NODES_KILLED = ("store at random", "devices at random", "integrations at random")
DISK_FAILS = ("EIO at a write", "ENOSPC at a write", "torn write", "EIO at a sync")
SWEPT = {(STORE, STEP): 97, (STORE, CALL): 29, (DEVICES, STEP): 23, (INTEGRATIONS, STEP): 1}


def planned(seed: int) -> Counter[str]:
    """What the rounds of a storm are made of, by name; lying disks have rounds of their own."""
    rounds = range(1, KILLS // KILLS_A_ROUND + 1)
    named = [Spec(f"{seed}-{n}") for n in rounds if n % LIE_EVERY != LIE_EVERY // 2]
    return Counter(scene.name for spec in named for scene in spec.scenes())


def seed_of_all_kinds() -> int:
    """A new seed each time, of a storm that is short and has each kind all the same."""
    while True:
        seed = random.SystemRandom().randrange(10**9)
        if all(planned(seed)[name] >= 2 for name in (*NODES_KILLED, *DISK_FAILS)):
            return seed


@pytest.fixture(scope="module")
def storm(rig: Rig) -> Storm:
    """One storm for all the questions asked about it."""
    found = Storm(rig, seed_of_all_kinds(), KILLS, FAULTS)
    trio.run(found.run)
    return found


@pytest.mark.slow
@pytest.mark.feature("OFF-05", part="kills, faults and power cuts, a sample")
@pytest.mark.feature("NEW-03")
def test_no_promise_is_broken(storm: Storm) -> None:
    """Killed, starved and cut off forty and sixty times: nothing lost, doubled, or misprinted. The
    ten thousand are `python -m tests.crash storm --kills 4000 --faults 6000`; the README tells how
    the last ended."""
    assert [] == [str(failed) for failed in storm.failures]
    kills, faults = storm.done()
    assert kills >= KILLS
    assert faults >= FAULTS
    assert storm.figures.sales > KILLS, "too little was sold to prove anything"


@pytest.mark.slow
def test_the_storm_was_one(storm: Storm) -> None:
    """Each node was killed, the disk failed in every way, and power cuts took something back."""
    assert set(NODES_KILLED) <= set(storm.figures.kills)
    assert set(DISK_FAILS) <= set(storm.figures.faults)
    assert len(storm.figures.faults) >= 6
    assert storm.figures.power_cuts > 10
    assert storm.figures.taken_back > 100
    assert storm.figures.repeated > 0, "no till was ever left without an answer"


@pytest.mark.slow
def test_how_soon_a_store_is_back_is_measured(storm: Storm) -> None:
    """A whole start of a process after a kill, to its first answer. How long it may take is told by
    the long storm on a machine with nothing else to do; that none was measured is no good figure.
    """
    assert storm.figures.cold_s
    (told,) = (one for one in storm_rows(storm, "x") if one["what"].startswith("process start"))
    assert "median" in told["figure"]
    storm = Storm(storm.rig, storm.seed, 0, 0)
    (told,) = (one for one in storm_rows(storm, "x") if one["what"].startswith("process start"))
    assert (told["figure"], told["ok"]) == ("none measured", False)


@pytest.mark.slow
def test_a_lying_disk_is_noticed(storm: Storm) -> None:
    """What a lying sync lost is missed by the verifier, given the heads that receipts carry."""
    lying = [lie for lie in storm.lies if lie.lost]
    assert lying, f"seed {storm.seed}: no lie took anything"
    assert all("the verifier (exit" in lie.verdict for lie in lying)


@pytest.mark.slow
def test_the_store_refuses_what_a_lying_disk_left(storm: Storm) -> None:
    """Started on a journal that lost what was anchored, the store ends and names what is gone."""
    for lie in storm.lies:
        assert not lie.lost or lie.store_code not in (None, 0)
        assert not lie.lost or "missing" in lie.store_words or "damaged" in lie.store_words


@pytest.mark.slow
@pytest.mark.parametrize(("node", "kind"), SWEPT)
def test_a_sale_survives_a_kill_at_any_of_its_steps(rig: Rig, node: str, kind: str) -> None:
    """A few steps of the sweep that `python -m tests.crash steps` makes whole."""
    dice = random.SystemRandom()
    stride = SWEPT[node, kind]
    sweep = Sweep(node, kind, dice.randint(1, stride), stride)
    try:
        trio.run(run_sweep, rig, sweep, str)
    except Broken as broken:
        pytest.fail(
            f"{broken}\n\nRepeat it: python -m tests.crash steps --node {node} --from {sweep.at}"
        )
    assert sweep.kills >= 1


def test_a_machine_that_cannot_build_the_shim_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The long proof leaves the part out and says why; asked for by itself, it is no success."""

    def none() -> None:
        raise NoShimError("no compiler was found")

    monkeypatch.setattr("tests.crash.rig.shim", none)
    assert main(["storm", "--if-installed"]) == 0
    assert main(["storm"]) == 2
    assert capsys.readouterr().out.count("no compiler was found") == 2


def test_a_sweep_that_kills_nobody_proves_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Begun behind the end of a sale, it ends with 1 and says that nothing was killed."""

    async def nobody(_: object, sweep: Sweep, tell: object) -> None:
        sweep.at = sweep.first
        await trio.lowlevel.checkpoint()

    monkeypatch.setattr("tests.crash.__main__.run_sweep", nobody)
    rig: Any = None
    assert trio.run(do_steps, rig, parse(["steps", "--node", STORE, "--from", "90000"])) == 1
    assert "nothing was killed: none of its sales came to" in capsys.readouterr().out


@pytest.mark.parametrize("asked", [["storm", "--bug", "flood"], ["round", "7-1", "--bug", "flood"]])
def test_an_unknown_bug_is_named_with_those_there_are(
    asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is started: a store that could not plant it would look like one that lost a sale."""
    with pytest.raises(SystemExit, match="2"):
        main(asked)
    said = capsys.readouterr().err
    assert "flood" in said
    assert "never_sync" in said
