"""The load tester: it counts right, it does not let a slow store hide, and it finds wrong sums."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import define, evolve, field

from benches import saturday
from benches.load import NS_PER_S, Crew, LoadError, Place, Plan, Register, Tally
from benches.own_store import PIN, OwnStore, own_store, set_up, work_directory
from countertop.seed import DEMO_CATALOG

PLACES = saturday.places_of(2, "", "", PIN)
PRICES = saturday.read_catalog(DEMO_CATALOG)
BASKETS = saturday.made_baskets(sorted(PRICES))


@pytest.fixture(scope="module")
def store() -> Iterator[OwnStore]:
    """A store server in a process of its own, with two registers and the demo catalog."""
    with work_directory() as directory, own_store(directory) as running:
        set_up(running, PLACES, DEMO_CATALOG)
        yield running


def plan(**changes: Any) -> Plan:
    """Two orders at each of two registers, unless changed."""
    return evolve(Plan(PLACES, BASKETS, orders=2, prices_minor=PRICES), **changes)


def expected_minor(baskets: tuple[tuple[str, ...], ...]) -> int:
    """What baskets come to by the catalog file."""
    return sum(PRICES[code] for basket in baskets for code in basket)


def test_what_is_sold_is_what_the_store_says(store: OwnStore) -> None:
    """Sums, counts and Zs agree with the catalog file, over nng and over WebSocket alike."""
    for websocket in (False, True):
        result = saturday.load_store(store, plan(), websocket=websocket)
        figures = result.figures()
        assert result.tally.errors == {}
        assert (figures["sales"], figures["commands"]) == (4, 4 * 11)
        assert figures["total_minor"] == expected_minor(BASKETS[:4])
        assert sorted(result.zs) == ["1", "2"]
        assert figures["server_resident_mb"] > 10
        assert figures["digest"] == "1d44029d8a2ad385"


def test_a_wrong_price_is_found(store: OwnStore) -> None:
    """Where the store answers another price than expected, the error table says so."""
    wrong = {code: price + 1 for code, price in PRICES.items()}
    result = saturday.load_store(store, plan(orders=1, prices_minor=wrong))
    assert result.tally.errors == {"order.add_line: price differs": 16}
    assert any("price differs" in line for line in result.lines())


def test_an_unknown_code_is_counted_and_the_order_goes_on(store: OwnStore) -> None:
    """A refused scan is in the error table under its code; the rest of the basket is sold."""
    basket = (BASKETS[0][0], "NOSUCH")
    result = saturday.load_store(store, plan(orders=1, baskets=(basket,)))
    assert result.tally.errors == {"order.add_line: code_must_be_known": 2}
    assert result.figures()["total_minor"] == 2 * PRICES[basket[0]]


def test_aimed_at_a_running_store(
    store: OwnStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its data directory, with registers, rate, baskets and duration of one's own, as JSON."""
    baskets = tmp_path / "baskets.txt"
    baskets.write_text("\n".join(",".join(basket) for basket in BASKETS[:4]))
    aimed = ["--data", str(store.data), "--registers", "2", "--json"]
    assert saturday.main([*aimed, "--baskets", str(baskets)]) == 0
    once = json.loads(capsys.readouterr().out)
    assert (once["sales"], once["total_minor"]) == (4, expected_minor(BASKETS[:4]))
    paced = ["--rate", "200", "--duration", "0.5", "--pid", str(store.pid)]
    assert saturday.main([*aimed, *paced]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["sales"] >= 2
    assert again["commands_per_s"] < 250
    assert again["server_cpu_us_per_command"] > 0


def test_new_registers_on_request(store: OwnStore, tmp_path: Path) -> None:
    """`--prepare` adds registers and operators with the administrator's token."""
    front, admin = tmp_path / "front", tmp_path / "admin"
    front.write_text(store.tokens.front)
    admin.write_text(store.tokens.admin)
    where = ["--url", store.doors.nng, "--token-file", str(front), "--admin-token-file", str(admin)]
    assert saturday.main([*where, "--registers", "1", "--prepare", "--orders", "1"]) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "/nowhere"], "no store is running on /nowhere"),
        (["--url", "ipc:///nowhere"], "--token-file"),
    ],
)
def test_what_cannot_be_loaded_is_said(arguments: list[str], said: str) -> None:
    """An address without a store ends in a sentence, not in a trace."""
    with pytest.raises(SystemExit, match="benches") as ended:
        saturday.main(arguments)
    assert said in str(ended.value)


def test_a_register_that_cannot_sell_is_said(store: OwnStore) -> None:
    """A wrong PIN names the register and the refusal."""
    options = ["--data", str(store.data), "--registers", "1", "--pin", "0000"]
    with pytest.raises(SystemExit, match="register 1 cannot be opened: pin_must_be_correct"):
        saturday.main(options)


# ------------------------------------------------------------------------- without a store server


@define(eq=False)
class SlowLine:
    """A store that answers at once but for its first answer, which takes `stall_s`."""

    stall_s: float
    repeats: Counter[str] = field(factory=Counter)
    total: int = 0
    asked: int = 0

    async def command(self, name: str, /, **data: Any) -> dict[str, Any]:
        """Answer as a store would; each code costs 100."""
        self.asked += 1
        await trio.sleep(self.stall_s if self.asked == 1 else 0)
        if name == "order.add_line":
            self.total += 100
        change = -self.total % 500
        return {"net_minor": 100, "total_minor": self.total, "change_minor": change}

    async def query(self, name: str, /, **data: Any) -> Any:
        """The running totals, one sale short."""
        return {"totals": {"sales": 0, "total_minor": self.total}}


def test_a_stall_is_seen_by_every_command_that_was_due(autojump_clock: Any) -> None:
    """With a rate, commands that were due during a stall count their wait from then."""
    made = Plan((Place("1", "a", PIN),), (("x",) * 7,), orders=1, rate=100)
    register = Register(made.places[0], SlowLine(1.0), made, Tally(), 0)
    clock_ns = lambda: int(trio.current_time() * NS_PER_S)  # noqa: E731
    register.now_ns = clock_ns

    async def sell() -> None:
        await register.sell_all(clock_ns())

    trio.run(sell, clock=autojump_clock)
    waits = [w for name in register.tally.waits_ns.values() for w in name]
    assert len(waits) == 10
    assert max(waits) >= NS_PER_S
    assert min(waits) > 0.9 * NS_PER_S


def test_totals_that_differ_are_found() -> None:
    """A store whose running totals lack a sale is reported."""
    made = Plan((Place("1", "a", PIN),), (("x",),), orders=1)
    tally = Tally()
    register = Register(made.places[0], SlowLine(0), made, tally, 0)
    register.before = {"sales": 0, "total_minor": 0}
    trio.run(partial(Crew.sell, Crew([register], tally)))
    assert tally.errors == {"report.x: sales differs": 1}


def test_percentiles() -> None:
    """The 99th of a hundred waits is the second longest's upper neighbour; none is nought."""
    tally = Tally({"a": [n * 1_000_000 for n in range(100, 0, -1)]})
    assert [tally.percentile_ms("a", share) for share in (0.5, 0.99, 1.0)] == [51, 100, 100]
    assert tally.percentile_ms("b", 0.5) == 0


def test_an_empty_basket_file(tmp_path: Path) -> None:
    """Is refused."""
    path = tmp_path / "none.txt"
    path.write_text("\n\n")
    with pytest.raises(LoadError, match="holds no basket"):
        saturday.read_baskets(path)


def test_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    """`--tiny` runs everything small: its own store, the limits beside it, the digest."""
    assert saturday.main(["--tiny"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "digest c88f8509a2c72b3b"
    assert any(line.startswith("fdatasync") for line in lines)
