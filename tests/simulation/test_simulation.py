"""Days of a simulated shop: many seeds, kept seeds, one long day, and the same day twice."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from hardware.terminal.nexo.fake import NexoFake
from hardware.terminal.nexo.profile import Carrier
from tests.breadth import breadth
from tests.simulation import seeds as kept_seeds
from tests.simulation.__main__ import main, plan_of
from tests.simulation.auditor import Auditor
from tests.simulation.disk import MemoryDisk
from tests.simulation.faults import FAULTS
from tests.simulation.files import File
from tests.simulation.machines import StoreMachine
from tests.simulation.model import KICK_NS
from tests.simulation.provider import Provider
from tests.simulation.report import (
    DAY_S,
    DAY_SALES,
    Summary,
    describe_failure,
    processors,
    run_plans,
    write_day,
)
from tests.simulation.run import (
    Failure,
    Outcome,
    Plan,
    Simulation,
    UnknownFaultError,
    draw,
    simulate,
    with_faults,
)
from tests.simulation.seeds import Kept, SeedsError, keep_seed, kept_of, read_seeds
from tests.simulation.shrink import shrink, shrink_all

ROOT = Path(__file__).parents[2]
TRACES = Path(__file__).with_name("traces.txt")
SEEDS = range(1, 201)
# Enough for every fault to strike somewhere; `./run check` asks for a hundred.
SALES_EACH = int(os.environ.get("COUNTERTOP_SALES_EACH", "25"))
STORMY = 14
ELSEWHERE = (("1", "UTC"), ("2", "Asia/Tokyo"))
ONE_SEED = (
    "from tests.simulation.run import draw, simulate\n"
    "print(simulate(draw({seed}, {sales})).trace)\n"
)
NEXO_SEEDS = ((56, Carrier.HTTPS), (68, Carrier.WEBSOCKET))
# One seed in a hundred told of a loop through a set, and only of days as long as this.
SEED_OF_A_SET, ITS_SALES = 88, 40


# By its command: a kept day that is long enough is one of the two hundred, and not run twice.
_DAYS: dict[str, Outcome] = {}


def _failures(plans: list[Plan], jobs: int) -> Summary:
    summary = Summary()
    new = [plan for plan in plans if plan.command() not in _DAYS]
    _DAYS.update((outcome.plan.command(), outcome) for outcome in run_plans(new, jobs))
    for plan in plans:
        summary.add(_DAYS[plan.command()])
    return summary


def _two_hundred() -> list[Plan]:
    """Every kept day of as many sales, then the first of those drawn."""
    kept = [kept.plan for kept in read_seeds() if kept.plan.sales >= SALES_EACH]
    drawn = [draw(seed, SALES_EACH) for seed in SEEDS]
    return [*kept, *(plan for plan in drawn if plan not in kept)][: len(SEEDS)]


def _told(failures: list[Outcome], run: Callable[[Plan], Outcome] = simulate) -> str:
    """What failed, how to repeat it, and of each the smaller run, which is kept."""
    words = [describe_failure(outcome) for outcome in failures]
    kept = [kept_of(outcome) for outcome in shrink_all(failures, run=run)]
    for one in kept:
        keep_seed(one)
    return "\n".join([*words, "For tests/simulation/seeds.txt:", *(one.line() for one in kept)])


def test_kept_seeds_stay_mended() -> None:
    """Every seed that ever failed goes through."""
    summary = _failures([kept.plan for kept in read_seeds()], processors())
    assert not summary.failures, "\n".join(map(describe_failure, summary.failures))


@pytest.mark.slow
@breadth
def test_a_store_day_of_two_thousand_sales() -> None:
    """Three registers sell 2,000 times on one seed, and every rule holds."""
    outcome = simulate(Plan(1, DAY_SALES))
    sys.stdout.write(f"a store-day of {outcome.sales} sales took {outcome.real_s:.1f} s\n")
    assert outcome.failure is None, describe_failure(outcome)
    assert outcome.sales >= DAY_SALES


def _out_of_order(monkeypatch: pytest.MonkeyPatch, plan: Plan) -> int:
    """How many commands of a day reach the store first after a later one of their front end."""
    count, seen, latest = 0, set[str](), dict[str, str]()
    hand_on = StoreMachine._hand_on

    def watched(self: StoreMachine, store: Any, envelope: Any) -> None:
        nonlocal count
        ask = envelope.body
        if not ask.is_query and ask.id not in seen:
            seen.add(ask.id)
            # Ids are numbered: each is greater than all before it.
            count += ask.id < latest.get(ask.register, "")
            latest[ask.register] = max(ask.id, latest.get(ask.register, ""))
        hand_on(self, store, envelope)

    with monkeypatch.context() as patch:
        patch.setattr(StoreMachine, "_hand_on", watched)
        outcome = simulate(plan)
    assert outcome.failure is None, describe_failure(outcome)
    assert outcome.sales >= plan.sales
    return count


def test_commands_come_in_another_order_than_they_were_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A front end that reorders has commands arrive after later ones, and every rule holds; one
    that does not has none."""
    assert _out_of_order(monkeypatch, Plan(STORMY, 40)) == 0
    assert _out_of_order(monkeypatch, Plan(STORMY, 40, {"front_reorders": 1.0})) >= 5


def _told_by_process(hash_seed: str, zone: str, seed: int, sales: int) -> str:
    """The event hash of one seed in a process with other hashes and another time zone."""
    return subprocess.run(
        [sys.executable, "-c", ONE_SEED.format(seed=seed, sales=sales)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": zone},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_the_same_seed_is_the_same_day() -> None:
    """One seed gives one event hash: again, and in a process with other hashes and time zone."""
    plan = draw(STORMY, 15)
    first = simulate(plan)
    assert first.faults, "a day without faults would prove little"
    assert first.trace == simulate(plan).trace
    assert {first.trace} == {_told_by_process(*other, STORMY, 15) for other in ELSEWHERE}
    assert first.trace != simulate(draw(STORMY + 1, 15)).trace


def test_another_machine_has_the_same_day() -> None:
    """Each hash was written down where the code was last changed, and is had again wherever this
    runs: another machine, system or Python. `UPDATE_GOLDEN=1` writes them anew."""
    kept = [line.split() for line in TRACES.read_text().splitlines() if line[0] != "#"]
    plans = [draw(int(seed), int(sales)) for seed, sales, _ in kept]
    now = [simulate(plan).trace for plan in plans]
    if os.environ.get("UPDATE_GOLDEN"):
        head = [line for line in TRACES.read_text().splitlines() if line[0] == "#"]
        rows = [f"{plan.seed} {plan.sales} {trace}" for plan, trace in zip(plans, now, strict=True)]
        TRACES.write_text("\n".join([*head, *rows]) + "\n")
    assert len(kept) >= 3
    assert now == [trace for _, _, trace in kept], (
        "what happens on a seed changed; if that is meant: UPDATE_GOLDEN=1 pytest "
        "tests/simulation/test_simulation.py -k another_machine"
    )


def test_a_seed_with_a_nexo_terminal_is_the_same_day() -> None:
    """By POST and by WebSocket, with TLS whose bytes are others each time: one event hash, here and
    in a process with other hashes and time zone."""
    for (seed, carrier), other in zip(NEXO_SEEDS, ELSEWHERE, strict=True):
        plan = draw(seed, 8)
        assert plan.nexo.carrier is carrier
        assert simulate(plan).trace == _told_by_process(*other, seed, 8)


def test_registers_of_some_seeds_have_nexo_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    """One seed in six from a first one on, each register in some; a card is paid at them, and none
    is paid there in any other seed."""
    having = [seed for seed in SEEDS if draw(seed).nexo.registers]
    assert [*range(44, 201, 6)] == having
    every = [draw(seed).nexo for seed in having]
    assert {"1", "2", "3"} == {register for nexo in every for register in nexo.registers}
    assert set(Carrier) == {nexo.carrier for nexo in every}
    heard: list[str] = []
    posted = NexoFake._posted

    async def watched(self: NexoFake, *args: Any) -> Any:
        said = await posted(self, *args)
        heard.append(self.heard[-1])
        return said

    monkeypatch.setattr(NexoFake, "_posted", watched)
    simulate(draw(42, 6))
    assert not heard
    assert simulate(draw(NEXO_SEEDS[0][0], 12)).failure is None
    assert "Payment" in heard


def test_a_command_without_a_record_is_looked_for_on_the_disk() -> None:
    """A payment is called off twice, and the second changes nothing: that too is answered once the
    platter has it, and not before."""
    disk = MemoryDisk("simulated-unrecorded")
    try:
        simulation = Simulation(Plan(1), disk)
        simulation.provider = Provider(simulation, simulation.chance("provider"))
        auditor = Auditor(simulation)
        auditor.came("called-off-again")
        auditor._synced = [b"... of another command ..."]
        auditor._learn_durable()
        assert not auditor.is_durable("called-off-again")
        auditor._synced = [b"... called-off-again ..."]
        auditor._learn_durable()
        assert auditor.is_durable("called-off-again")
    finally:
        disk.close()


def test_two_processes_have_the_same_day() -> None:
    """A longer day, whose order once followed that of a set."""
    told = {_told_by_process(*other, SEED_OF_A_SET, ITS_SALES) for other in ELSEWHERE}
    assert len(told) == 1


def test_the_plan_follows_from_the_seed_and_names_its_command() -> None:
    """Faults are drawn by the seed alone, and the command printed repeats what was left out."""
    assert draw(STORMY) == draw(STORMY)
    assert len({tuple(draw(seed).force) for seed in range(30)}) > 20
    assert "./run simulate 14" == draw(STORMY).command()
    gone = min(draw(STORMY).force)
    smaller = with_faults(draw(STORMY, 30), ["paper_out"], [gone])
    assert f"--sales 30 --without {gone}" in smaller.command()
    assert smaller.force["paper_out"] <= 1


@pytest.mark.parametrize("kept", read_seeds(), ids=lambda kept: str(kept.plan.seed))
def test_the_command_of_a_kept_seed_repeats_it(kept: Kept) -> None:
    """Faults, how strong each is, sales and time: what is printed is the plan that failed, also
    where it was drawn by a simulator that drew otherwise."""
    assert kept.plan == plan_of(kept.plan.command())
    shorter = evolve(kept.plan, until_s=12.5, force=dict(list(kept.plan.force.items())[1:]))
    assert shorter == plan_of(shorter.command())


@pytest.mark.parametrize("force", ["2", "0", "much", "nan", ""])
def test_a_fault_of_no_force_is_refused(capsys: pytest.CaptureFixture[str], force: str) -> None:
    """The words are those for a kept seed, and nothing runs."""
    assert main(["simulate", "1", "--fault", f"store_kill:{force}"]) == 2
    assert "force above 0" in capsys.readouterr().err


def test_an_unknown_fault_is_named_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing runs, the exit code is 2, and the list helps."""
    with pytest.raises(UnknownFaultError, match="store_kill"):
        with_faults(draw(1), ["earthquake"], [])
    assert main(["simulate", "1", "--without", "earthquake"]) == 2
    told = capsys.readouterr().err
    assert "earthquake" in told
    assert all(name in told for name in FAULTS)


MORE = {
    "workloads_of_tea.py": """
from tests.simulation.fronts import Front
from tests.simulation.workloads import workload

@workload(1_000)
async def sell_a_tea(front: Front) -> None:
    await front.pay((await front.do("order.add_line", code="tea"))["total_minor"])
""",
    "faults_of_wind.py": """
import trio
from tests.simulation.faults import Fault, fault

@fault("wind")
class Wind(Fault):
    async def strike(self) -> bool:
        await trio.lowlevel.checkpoint()
        return True
""",
    "invariants_of_tea.py": """
from tests.simulation.auditor import Invariant, invariant
from tests.simulation.facts import PRICES
from tests.simulation.model import Row

@invariant("W1_no_tea_in_the_wind")
class NoTeaInTheWind(Invariant):
    def on_record(self, row: Row) -> None:
        if self.auditor.sim.faults["wind"] and row.name == "order.completed/1":
            if row.data["figures"]["total_minor"] == PRICES["tea"]:
                self.broken("a tea was sold in the wind")
""",
}


def test_a_file_beside_the_others_is_all_it_takes(tmp_path: Path) -> None:
    """A workload, a fault and a rule in files of their own: cashiers do it, it strikes, it is
    looked at; nothing that was there has to name them."""
    folder = tmp_path / "tests" / "simulation"
    folder.mkdir(parents=True)
    for name, text in MORE.items():
        (folder / name).write_text(text)
    asked = ["simulate", "42", "--sales", "9", "--fault", "wind", "--no-keep"]
    told = subprocess.run(
        [sys.executable, "-m", "tests.simulation", *asked],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 1, told.stderr
    assert "BROKEN W1_no_tea_in_the_wind in seed 42" in told.stderr


def test_a_night_has_the_faults_that_were_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Each of its days has them, for as long as was said, and the figures name the command; of a
    fault that there is not no day is simulated."""
    ran: list[Plan] = []

    def runs(plans: Iterable[Plan], jobs: int) -> Iterator[Outcome]:
        for plan in plans:
            ran.append(plan)
            yield Outcome(plan, None, "", 4, 0, 0, 0, 0, 0.0, 0.0, {}, frozenset(), {})
            if len(ran) == 3:
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("tests.simulation.__main__.run_plans", runs)
    path = tmp_path / "night.json"
    asked = ["--from", "14", "--fault", "paper_out:0.5", "--without", "store_kill", "--until", "9"]
    assert main(["simulate", "--night", *asked, "--json", str(path)]) == 0
    assert [14, 15, 16] == [plan.seed for plan in ran]
    assert all(plan.force["paper_out"] == 0.5 and plan.until_s == 9 for plan in ran)
    assert not any("store_kill" in plan.force for plan in ran)
    (told,) = {row["command"] for row in json.loads(path.read_text())["rows"]}
    assert told == (
        "./run simulate --night --from 14 --until 9 --fault paper_out:0.5 --without store_kill"
    )
    ran.clear()
    capsys.readouterr()
    assert main(["simulate", "--night", "--fault", "earthquake"]) == 2
    said = capsys.readouterr()
    assert ("earthquake" in said.err, said.out, ran) == (True, "", [])


@pytest.mark.parametrize("seeds", ["abc", "3-1", "1-x", "-", ""])
def test_a_range_without_seeds_is_refused(capsys: pytest.CaptureFixture[str], seeds: str) -> None:
    """Nothing is simulated and called well."""
    with pytest.raises(SystemExit, match="2"):
        main(["check", f"--seeds={seeds}"])
    assert "names no seeds, so nothing was simulated" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("not a seed", "line 2 is not a kept seed"),
        ("7 sales=9 until=5 faults=flood:1 why: x", "line 2 names the fault 'flood'"),
        ("7 sales=9 until=5 faults=store_kill:2 why: x", "line 2.*force above 0"),
        ("7 sales=9 until=5 faults=store_kill:much why: x", "line 2.*force above 0"),
        ("7 sales=9 until=5 faults=store_kill:nan why: x", "line 2.*force above 0"),
        ("7 sales=9 until=5 faults=store_kill:1,store_kill:1 why: x", "line 2 names .* twice"),
        ("7 sales=9 until=5 faults= why:", "line 2 is not a kept seed"),
        ("\N{ARABIC-INDIC DIGIT SEVEN} sales=9 until=5 faults= why: x", "line 2 is not a kept"),
        ("7 sales=0 until=5 faults= why: x", "line 2 needs a sale"),
        ("7 sales=9 until=0.0 faults= why: x", "line 2 needs .* seconds"),
    ],
)
def test_a_corrupted_file_of_seeds_is_named_by_its_line(
    tmp_path: Path, line: str, words: str
) -> None:
    """The line and what is wrong with it are told, and nothing runs."""
    path = tmp_path / "seeds.txt"
    path.write_text(f"# kept\n{line}\n")
    with pytest.raises(SeedsError, match=words):
        read_seeds(path)


def test_a_file_of_seeds_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Bytes that are no text, no file at all, and one that nothing can be put into."""
    path = tmp_path / "seeds.txt"
    path.write_bytes(b"\xff\xfe\x00garbage\n")
    for unread in (path, tmp_path / "none.txt", tmp_path):
        with pytest.raises(SeedsError, match="cannot be read"):
            read_seeds(unread)
        with pytest.raises(SeedsError, match="cannot be read"):
            keep_seed(Kept(Plan(1), "why"), unread)


def test_a_night_reads_its_file_of_seeds_first_and_tells_its_figures_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A spoilt file is told before the night; one that is spoilt during it costs no figures, and
    every seed that failed is shrunk and kept."""
    path = tmp_path / "seeds.txt"
    path.write_text("not a seed\n")
    monkeypatch.setattr(kept_seeds, "SEEDS", path)
    night = ["simulate", "--night", "--from", "1", "--jobs", "1", "--minutes", "1"]

    def runs(plans: Iterable[Plan], jobs: int) -> Iterator[Outcome]:
        yield from (_fails_with(Plan(seed, 4, {"power_cut": 0.5})) for seed in range(1, 8))

    monkeypatch.setattr("tests.simulation.__main__.run_plans", runs)
    monkeypatch.setattr("tests.simulation.__main__.shrink", lambda outcome: outcome)
    assert main(night) == 2
    told = capsys.readouterr()
    assert ("line 1 is not a kept seed" in told.err, told.out) == (True, "")
    path.write_text("")
    assert main(night) == 1
    assert [kept.plan.seed for kept in read_seeds(path)] == list(range(1, 8))
    capsys.readouterr()

    def spoiling(plans: Iterable[Plan], jobs: int) -> Iterator[Outcome]:
        path.write_bytes(b"\xff")
        return runs(plans, jobs)

    monkeypatch.setattr("tests.simulation.__main__.run_plans", spoiling)
    assert main(night) == 1
    told = capsys.readouterr()
    assert "lost                7" in told.out
    assert "cannot be read" in told.err
    assert all(f"{seed} sales=4 until=300 faults=power_cut:0.5" in told.err for seed in range(1, 8))


def test_a_seed_is_kept_once(tmp_path: Path) -> None:
    """A failing plan comes back from the file as it was, and is not put there twice."""
    path = tmp_path / "seeds.txt"
    path.write_text("# kept\n")
    kept = Kept(with_faults(draw(3, 12), ["store_kill"], []), "a\nreason")
    assert keep_seed(kept, path)
    assert not keep_seed(kept, path)
    (again,) = read_seeds(path)
    assert kept.plan == again.plan
    assert "a reason" == again.why
    path.write_text(path.read_text().rstrip())
    other = Kept(with_faults(draw(4, 12), ["store_kill"], []), "another")
    assert keep_seed(other, path), "beside a last line without its end"
    assert [kept.plan.seed, other.plan.seed] == [one.plan.seed for one in read_seeds(path)]


def test_a_simulation_that_cannot_converge_says_which_queue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A store whose outbox never delivers is told from one that is only slow, by its name."""

    async def never(*_: object) -> None:
        return None

    monkeypatch.setattr("actors.outbox.OutboxActor._send_due", never)
    monkeypatch.setattr("tests.simulation.run.DRAIN_S_MAX", 20.0)
    outcome = simulate(Plan(1, 3))
    assert outcome.failure is not None
    assert outcome.failure.invariant == "L1_everything_drains"
    assert "outbox" in outcome.failure.detail


def _fails_with(plan: Plan) -> Outcome:
    """A stand-in for a run: it fails as long as the power is cut and four sales are made."""
    fails = "power_cut" in plan.force and plan.sales >= 4
    failure = Failure("J1_acknowledged_is_durable", "gone", 3.5) if fails else None
    return Outcome(plan, failure, "", 0, 0, 0, 0, 0, 0.0, 0.0, {}, frozenset(), {})


def test_a_failing_plan_is_shrunk() -> None:
    """Faults and sales that are not needed go; the rule that breaks stays the same."""
    plan = Plan(5, 100, dict.fromkeys(sorted(FAULTS), 0.5))
    smallest = shrink(_fails_with(plan), run=_fails_with)
    assert Plan(5, 6, {"power_cut": 0.5}, 4.0) == smallest.plan


def test_what_fails_among_many_seeds_is_shrunk_told_and_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each with the command that repeats it and the smaller line, which is put into the file."""
    path = tmp_path / "seeds.txt"
    path.write_text("")
    monkeypatch.setattr(kept_seeds, "SEEDS", path)
    plans = [Plan(seed, 100, dict.fromkeys(sorted(FAULTS), 0.5)) for seed in (5, 6)]
    told = _told([_fails_with(plan) for plan in plans], run=_fails_with)
    for seed in (5, 6):
        assert f"Repeat it: ./run simulate {seed}" in told
        assert f"{seed} sales=6 until=4 faults=power_cut:0.5 why: broke J1" in told
    assert [5, 6] == [kept.plan.seed for kept in read_seeds(path)]
    failed = [_fails_with(plan) for plan in plans]
    assert failed == shrink_all(failed, seconds_max=0.0, run=_fails_with), "in bounded time"


def test_a_failing_seed_prints_what_repeats_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """One seed with a planted bug: the rule, the command and the line are printed, and the line is
    kept, once; not where one says so."""
    path = tmp_path / "seeds.txt"
    path.write_text("")
    monkeypatch.setattr("tests.simulation.invariants.KICK_TOLERANCE_NS", -2 * KICK_NS)
    monkeypatch.setattr(kept_seeds, "SEEDS", path)
    assert main(["simulate", "20", "--sales", "3"]) == 1
    told = capsys.readouterr().err
    assert "BROKEN K1_kicked_once_and_in_time" in told
    assert "Repeat it: ./run simulate 20 --sales 3" in told
    assert "why: broke K1_kicked_once_and_in_time" in told
    (kept,) = read_seeds(path)
    assert kept.line() in told
    assert simulate(kept.plan).failure is not None
    assert main(["simulate", "20", "--sales", "3"]) == 1
    assert [kept] == read_seeds(path)
    path.write_text("")
    assert main(["simulate", "20", "--sales", "3", "--no-keep"]) == 1
    assert not path.read_text()


def test_a_night_ends_after_its_minutes_with_a_summary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The figures are printed and written as `./run prove` gathers them."""
    path = tmp_path / "night.json"
    arguments = ["simulate", "--night", "--minutes", "0.02", "--jobs", "1", "--sales", "6"]
    assert main([*arguments, "--json", str(path)]) == 0
    assert "store-days" in capsys.readouterr().out
    told = json.loads(path.read_text())
    assert told["part"] == "simulation"
    assert {row["what"] for row in told["rows"]} >= {"simulated seeds", "acknowledged sales lost"}
    assert all(set(row) == {"what", "figure", "aim", "ok", "command"} for row in told["rows"])


def _interrupt_one_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C strikes where the store waits for its disk, deep within SQLite."""
    real, syncs = MemoryDisk.sync_file, itertools.count()

    def sync(self: MemoryDisk, path: str, file: File) -> None:
        if next(syncs) == 30:
            signal.raise_signal(signal.SIGINT)
        real(self, path, file)

    monkeypatch.setattr(MemoryDisk, "sync_file", sync)


def test_an_interrupt_is_no_fault_of_the_night_it_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The seed it strikes goes on to its own end, with nothing broken; then comes the summary."""
    before = signal.getsignal(signal.SIGINT)
    _interrupt_one_sync(monkeypatch)
    seen: list[Outcome] = []

    def runs(plans: Iterable[Plan], jobs: int) -> Iterator[Outcome]:
        for outcome in run_plans(plans, jobs):
            seen.append(outcome)
            yield outcome

    monkeypatch.setattr("tests.simulation.__main__.run_plans", runs)
    night = ["simulate", "--night", "--from", "42", "--jobs", "1", "--sales", "6"]
    assert main([*night, "--minutes", "5"]) == 0
    told = capsys.readouterr()
    assert [(42, 6, None)] == [(one.plan.seed, one.sales, one.failure) for one in seen]
    assert "stopping once the seeds under way have ended" in told.err
    assert "seeds               1 (" in told.out
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("words", ["simulate 42 --sales 6", "check --seeds 42-50 --sales 6"])
def test_an_interrupted_seed_has_broken_nothing(words: str) -> None:
    """It ends then and there, with one sentence and an interrupt's exit code; nothing is kept."""
    program = (
        "import sys\n"
        "import pytest\n"
        "from tests.simulation.__main__ import main\n"
        "from tests.simulation.test_simulation import _interrupt_one_sync\n"
        "_interrupt_one_sync(pytest.MonkeyPatch())\n"
        f"sys.exit(main({words.split()!r}))\n"
    )
    before = kept_seeds.SEEDS.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.startswith("\ninterrupted: what broke a rule is told above")
    assert "BROKEN" not in done.stderr
    assert "Traceback" not in done.stderr
    assert kept_seeds.SEEDS.read_bytes() == before


def test_a_day_tells_how_long_it_took(tmp_path: Path) -> None:
    """One seed's figures are written too; only a whole day is held against the aim."""
    path = tmp_path / "day.json"
    assert main(["simulate", "20", "--sales", "3", "--json", str(path)]) == 0
    day, trace = json.loads(path.read_text())["rows"]
    assert (day["what"], day["aim"], day["ok"]) == ("a store-day of 3 sales on one seed", "", True)
    assert day["command"] == "./run simulate 20 --sales 3"
    assert trace["figure"] == simulate(draw(20, 3)).trace
    outcome = evolve(simulate(draw(20, 3)), plan=draw(20, DAY_SALES), real_s=DAY_S)
    write_day(path, outcome)
    day = json.loads(path.read_text())["rows"][0]
    assert (day["figure"], day["aim"], day["ok"]) == ("10.0 s", "10 s", False)


def test_check_stops_at_the_first_seed_that_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A range of seeds passes, or ends with exit code 1 and the rule that was broken."""
    assert main(["check", "--seeds", "20-21", "--sales", "3"]) == 0
    monkeypatch.setattr("tests.simulation.invariants.KICK_TOLERANCE_NS", -2 * KICK_NS)
    capsys.readouterr()
    assert main(["check", "--seeds", "20-29", "--sales", "3"]) == 1
    assert "BROKEN K1_kicked_once_and_in_time in seed 20" in capsys.readouterr().err


def test_a_day_can_be_cut_short() -> None:
    """With `until` the faults end early, and what was begun is finished all the same."""
    outcome = simulate(evolve(draw(STORMY, 15), until_s=2.0))
    assert outcome.failure is None, describe_failure(outcome)
    assert outcome.sales >= 15


# The last of this lane: it takes every processor, and by then the other lanes leave them.
@pytest.mark.slow
@pytest.mark.feature("NEW-03", part="simulated kills and power cuts, a sample")
def test_two_hundred_seeds_keep_every_rule() -> None:
    """Whatever strikes, no answered sale is lost or doubled, and afterwards every queue drains."""
    summary = _failures(_two_hundred(), processors())
    sys.stdout.write("\n".join(summary.lines()) + "\n")
    assert not summary.failures, _told(summary.failures)
    survivable = {name for name, kind in FAULTS.items() if kind.is_survivable}
    assert set(summary.faults) == survivable, "every fault struck somewhere"
    assert summary.sales >= len(SEEDS) * SALES_EACH
