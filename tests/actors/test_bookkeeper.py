"""The bookkeeper: one effect an id, nothing said before it is durable, replay is state."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio

import actors.bookkeeper as keeping
from actors.asks import Committed, Reply, Submit
from actors.batch import Batch
from actors.errors import PostError
from actors.journal import JournalFailedError
from actors.journal_batch import Appended, Entry
from actors.world import ManualWorld, SystemWorld
from engine.books import decide
from engine.decision import Command, Decision, Fact
from engine.order.tender_events import TipLeft
from engine.promotion.model import (
    Benefit,
    BenefitKind,
    Off,
    OffKind,
    Promotion,
    Selection,
    Slot,
)
from engine.wire import unstructure
from tests.store.harness import (
    OwnShop,
    eventually,
    open_shop,
    own_config,
    receipt_numbers,
)

EIGHT_DAYS_NS = 8 * 86_400 * 10**9


async def _lines(shop: OwnShop, register: str = "1") -> list[Any]:
    order = (await shop.look("register.state", register))["order"]
    return [] if order is None else list(order["lines"])


# ------------------------------------------------------------------------------------ one id


@pytest.mark.feature("NEW-02", part="one effect and one answer an id")
async def test_an_id_sent_twice_has_one_effect_and_one_answer(tmp_path: Path) -> None:
    """The second time the stored answer comes back and no line is added."""
    async with open_shop(tmp_path) as shop:
        first = await shop.ask("order.add_line", "1", {"code": "milk"}, command_id="id-1")
        again = await shop.ask("order.add_line", "1", {"code": "milk"}, command_id="id-1")
        assert (first.ok, first.data) == (again.ok, again.data)
        assert len(await _lines(shop)) == 1


async def test_an_id_is_remembered_over_a_restart(tmp_path: Path) -> None:
    """A command that was answered is answered the same after the store was started again."""
    async with open_shop(tmp_path) as shop:
        await shop.do("order.add_line", code="milk")
        await shop.do("order.tender_cash", amount_minor=500)
        first = await shop.ask("order.complete", command_id="id-1")
    async with open_shop(tmp_path, ready=False) as shop:
        before = shop.hash()
        again = await shop.ask("order.complete", command_id="id-1")
        assert again.ok
        assert again.data == first.data
        assert shop.hash() == before


async def test_an_id_with_another_body_is_a_fault(tmp_path: Path) -> None:
    """The same id for another wish is answered command_id_reused, in and after its batch."""
    async with open_shop(tmp_path) as shop:
        one = shop.submit("order.add_line", code="milk")
        other = Submit(one.id, "1", "order.add_line", {"code": "bread"})
        first, second = await shop.together(one, other)
        assert first.ok
        assert second.fault == "command_id_reused"
        later = await shop.ask("order.void_line", "1", {"line": 1}, command_id=one.id)
        assert later.fault == "command_id_reused"
        assert "Nothing was done" in later.detail
        assert [line["item_id"] for line in await _lines(shop)] == ["milk"]


async def test_a_repeat_in_flight_joins_the_first(tmp_path: Path) -> None:
    """The same id twice in one batch is decided once and answered twice."""
    async with open_shop(tmp_path) as shop:
        submit = shop.submit("order.add_line", code="milk")
        first, second = await shop.together(submit, submit)
        assert first == second
        assert first.ok
        assert len(await _lines(shop)) == 1


async def test_a_plain_refusal_leaves_its_id_free(tmp_path: Path) -> None:
    """A refusal without facts stores nothing: the same id may succeed once the reason is gone."""
    async with open_shop(tmp_path) as shop:
        refused = await shop.ask("order.complete", command_id="id-1")
        assert refused.refusal is not None
        await shop.do("order.add_line", code="milk")
        await shop.do("order.tender_cash", amount_minor=500)
        assert (await shop.ask("order.complete", command_id="id-1")).ok


async def test_a_sign_on_repeats_by_its_pin(tmp_path: Path) -> None:
    """A repeated sign-on is the same command although PINs are hashed anew each time."""
    async with open_shop(tmp_path) as shop:
        data = {"operator": "ana", "pin": "1111"}
        first = await shop.ask("staff.sign_on", "1", data, command_id="id-1")
        again = await shop.ask("staff.sign_on", "1", data, command_id="id-1")
        assert first.ok
        assert first.data == again.data
        person = {"operator": "eve", "name": "Eve", "role": "cashier", "pin": "4321"}
        one = await shop.ask("staff.add_operator", "_office", person, admin=True, command_id="id-2")
        two = await shop.ask("staff.add_operator", "_office", person, admin=True, command_id="id-2")
        assert one.ok
        assert two.ok


async def test_a_sign_on_repeats_after_its_pin_changed(tmp_path: Path) -> None:
    """The answer was lost; until it is asked for again the person has another PIN."""
    async with open_shop(tmp_path) as shop:
        data = {"operator": "ana", "pin": "1111"}
        first = await shop.ask("staff.sign_on", "2", data, command_id="id-1")
        assert first.ok
        await shop.office("staff.change_pin", operator="ana", pin="777777")
        again = await shop.ask("staff.sign_on", "2", data, command_id="id-1")
        assert (again.ok, again.data, again.fault) == (True, first.data, "")
        other = await shop.ask("staff.sign_on", "2", {**data, "operator": "max"}, command_id="id-1")
        assert other.fault == "command_id_reused"


async def test_what_was_approved_repeats_after_the_approvers_pin_changed(tmp_path: Path) -> None:
    """What the manager allowed was done once, and is told once more."""
    async with open_shop(tmp_path) as shop:
        await shop.do("order.add_line", code="milk")
        (line,) = await _lines(shop)
        data = {"line": line["line"], "unit_price_micros": 1_000_000, "reason": "damaged"}

        async def override(approver: str) -> Reply:
            return await shop.ask(
                "order.override_price",
                data=data,
                command_id="id-1",
                approver=approver,
                approver_pin="1234",
            )

        first = await override("max")
        assert first.ok
        await shop.office("staff.change_pin", operator="max", pin="777777")
        again = await override("max")
        assert (again.ok, again.data, again.fault) == (True, first.data, "")
        other = await override("ana")
        assert other.fault == "command_id_reused"


# --------------------------------------------------------------------------------- one batch


class Gate:
    """Holds every append on its thread until it is let through."""

    def __init__(self, append: Callable[[Any], Appended]) -> None:
        self._append = append
        self.reached = threading.Event()
        self.go = threading.Event()

    def __call__(self, batch: list[Entry]) -> Appended:
        self.reached.set()
        assert self.go.wait(10)
        return self._append(batch)


async def test_nothing_of_a_batch_is_said_before_its_append(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Acceptance, refusal and lookup of one batch all wait for the sync of that batch."""
    # However quick the disk is, this append is on a thread.
    monkeypatch.setattr(SystemWorld, "briefly", SystemWorld.in_thread)
    async with open_shop(tmp_path) as shop:
        gate = Gate(shop.store.journal.append)
        monkeypatch.setattr(shop.store.journal, "append", gate)
        replies: dict[str, Any] = {}

        async def ask(name: str, submit: Submit) -> None:
            (replies[name],) = await shop.together(submit)

        async with trio.open_nursery() as nursery:
            for name, submit in (
                ("accepted", shop.submit("order.add_line", code="milk")),
                ("refused", shop.submit("order.add_line", code="no-such-code")),
                ("seen", shop.query("register.state")),
            ):
                nursery.start_soon(ask, name, submit)
            with trio.fail_after(10):
                await trio.to_thread.run_sync(gate.reached.wait)
            await trio.testing.wait_all_tasks_blocked()
            assert shop.store.books.side(training=False).current("1"), "all three are decided"
            assert replies == {}
            gate.go.set()
        assert replies["accepted"].ok
        assert replies["refused"].refusal["code"] == "code_must_be_known"
        assert replies["seen"].ok


async def test_an_answer_names_the_position_it_was_computed_at(tmp_path: Path) -> None:
    """A lookup between two commands of one batch shows the first, not the second, and says so."""
    async with open_shop(tmp_path) as shop:
        start = shop.store.journal.head().position
        early, one, between, two, late = await shop.together(
            shop.query("register.state"),
            shop.submit("order.add_line", code="milk"),
            shop.query("register.state"),
            shop.submit("order.add_line", code="bread"),
            shop.query("register.state"),
        )
        assert early.position == start
        assert early.data["order"] is None
        for command, seen, lines in ((one, between, 1), (two, late, 2)):
            assert seen.position == command.position == seen.data["position"]
            assert len(seen.data["order"]["lines"]) == lines
        assert shop.store.journal.head().position == late.position


async def test_news_holds_the_records_of_the_batch(tmp_path: Path) -> None:
    """Followers hear of each batch once, with its records in order and the registers concerned."""
    async with open_shop(tmp_path) as shop:
        mailbox = shop.node.open("listener")
        shop.store.bookkeeper._followers = {"listener": None}
        await shop.together(
            shop.submit("order.add_line", code="milk"), shop.submit("order.open", "2")
        )
        news = (await mailbox.get()).body
        assert isinstance(news, Committed)
        assert [record.position for record in news.records] == list(
            range(news.position - len(news.records) + 1, news.position + 1)
        )
        assert list(news.records) == shop.records()[-len(news.records) :]
        assert news.registers == {"1"} or news.registers == {"1", "2"}


async def test_news_concerns_the_register_an_order_is_at_now(tmp_path: Path) -> None:
    """What becomes of a payment is heard for the register that asked for it; where its order was
    parked and taken up at another one meanwhile, that one's screen changes."""
    async with open_shop(tmp_path) as shop:
        order_id = (await shop.do("order.add_line", code="milk"))["order_id"]
        batch = Batch()
        fact = Fact(f"order/{order_id}", TipLeft(order_id, "max"))
        command = Command("c1", "2", "system", None, shop.world.stamp("UTC", 0))
        shop.store.bookkeeper._note(command, (fact,), batch)
        assert batch.registers == {"1", "2"}


async def test_who_must_act_on_news_does_before_anybody_is_answered(tmp_path: Path) -> None:
    """A terminal is asked before the page hears that it is, and only of what was made durable."""
    async with open_shop(tmp_path) as shop:
        head = shop.store.journal.head().position
        durable: list[bool] = []
        acted, answered = trio.Event(), trio.Event()

        async def act() -> None:
            news = (await mailbox.get()).body
            assert isinstance(news, Committed)
            durable.append(shop.store.journal.head().position >= news.position > head)
            assert not answered.is_set()
            acted.set()

        async def ask() -> None:
            await shop.do("order.add_line", code="milk")
            answered.set()

        mailbox = shop.node.open("first")
        shop.store.bookkeeper._first = {"first": lambda _: True}
        async with trio.open_nursery() as nursery:
            nursery.start_soon(act)
            nursery.start_soon(ask)
        assert acted.is_set()
        assert durable == [True]


async def test_a_fault_of_the_engine_costs_its_command_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decider that raises changes nothing; the others of the batch are decided and stored."""
    sound = decide

    def faulty(command: Command, books: Any) -> Decision:
        if getattr(command.body, "code", "") == "wine":
            raise ZeroDivisionError("a bug")
        return sound(command, books)

    async with open_shop(tmp_path) as shop:
        monkeypatch.setattr(keeping, "decide", faulty)
        one, broken, two = await shop.together(
            *(shop.submit("order.add_line", code=code) for code in ("milk", "wine", "bread"))
        )
        assert one.ok
        assert two.ok
        assert broken.fault == "engine_fault"
        assert "Nothing was changed" in broken.detail
        assert [line["item_id"] for line in await _lines(shop)] == ["milk", "bread"]
        monkeypatch.undo()
        await shop.do("order.add_line", code="wine")
        after = shop.hash()
    async with open_shop(tmp_path, ready=False) as shop:
        assert shop.hash() == after


@pytest.mark.parametrize("name", ["decide", "effects_of"])
async def test_without_memory_nothing_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A lack of memory is no fault of the engine: the store ends, and a restart has what was
    promised and nothing else."""

    def greedy(*_: Any) -> Any:
        raise MemoryError("no more")

    async def run() -> None:
        async with open_shop(tmp_path) as shop:
            await shop.do("order.add_line", code="milk")
            told.append(shop.hash())
            monkeypatch.setattr(keeping, name, greedy)
            with pytest.raises(PostError):
                told.append(str(await shop.ask("order.add_line", "1", {"code": "wine"})))
            await trio.sleep_forever()

    told: list[str] = []
    with pytest.raises(BaseExceptionGroup) as ended:
        await run()
    assert isinstance(_plainest(ended.value), MemoryError)
    monkeypatch.undo()
    async with open_shop(tmp_path, ready=False) as shop:
        assert told == [shop.hash()]


async def test_malformed_data_is_named(tmp_path: Path) -> None:
    """A field of the wrong kind, or unknown, is answered with its name; nothing is decided."""
    async with open_shop(tmp_path) as shop:
        for data in ({"code": "milk", "quantity_milli": 1.5}, {"code": "milk", "extra": 1}):
            reply = await shop.ask("order.add_line", "1", data)
            assert reply.fault == "invalid_data"
            assert "quantity_milli" in reply.detail or "extra" in reply.detail
        assert await _lines(shop) == []


# ------------------------------------------------------------------------------ failing appends


def _plainest(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


async def test_a_failed_append_ends_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the batch is answered, the node ends, and a restart has what was promised."""
    promised = ""
    asked: list[Reply | PostError] = []

    async def run() -> None:
        nonlocal promised
        async with open_shop(tmp_path) as shop:
            await shop.sell("milk")
            await shop.do("order.add_line", code="bread")
            promised = shop.hash()

            def fail(_: object) -> Appended:
                raise JournalFailedError(Path("journal.db"), "the disk is gone")

            monkeypatch.setattr(shop.store.journal, "append", fail)
            try:
                asked.append(await shop.ask("order.add_line", "1", {"code": "wine"}))
            except PostError as error:
                asked.append(error)
                await trio.sleep_forever()

    with pytest.raises(BaseExceptionGroup) as failure:
        await run()
    monkeypatch.undo()
    assert isinstance(_plainest(failure.value), JournalFailedError)
    assert not [answer for answer in asked if getattr(answer, "ok", False)]
    async with open_shop(tmp_path, ready=False) as shop:
        assert shop.hash() == promised
        assert [line["item_id"] for line in await _lines(shop)] == ["bread"]


class CutOffWorld(SystemWorld):
    """Cancels `scope` just before an append begins, as a stop at the wrong moment."""

    scope: trio.CancelScope | None = None

    async def briefly(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        if self.scope is not None and getattr(function, "__name__", "") == "append":
            self.scope.cancel()
        return await super().briefly(function, *args, **kwargs)


async def test_a_stop_between_deciding_and_appending_leaves_no_trace(tmp_path: Path) -> None:
    """What was decided and never appended is in no snapshot: the next start does not know it."""
    world = CutOffWorld()
    promised = ""
    with trio.CancelScope() as scope:
        async with open_shop(tmp_path, world=world) as shop:
            await shop.sell("milk")
            promised = shop.hash()
            world.scope = scope
            await shop.ask("order.add_line", "1", {"code": "wine"})
    assert scope.cancelled_caught
    async with open_shop(tmp_path, ready=False) as shop:
        assert shop.hash() == promised
        assert await _lines(shop) == []


# ------------------------------------------------------------------------------- looking back


async def _return(shop: OwnShop, register: str, order_id: str, quantity_milli: int) -> Any:
    data = {"order_id": order_id, "line": 1, "quantity_milli": quantity_milli, "reason": "faulty"}
    return await shop.ask("order.add_return_line", register, data)


async def test_a_sale_of_before_the_restart_can_be_returned(tmp_path: Path) -> None:
    """An ended order is no longer in the books; a return fetches it from its own stream."""
    async with open_shop(tmp_path) as shop:
        sold = await shop.sell("wine", "wine")
    async with open_shop(tmp_path, ready=False) as shop:
        assert sold["order_id"] not in shop.store.books.live.orders
        assert (await _return(shop, "1", sold["order_id"], 1000)).ok
        await shop.do("order.tender_cash", amount_minor=-799)
        assert (await shop.do("order.complete"))["total_minor"] == -799
        shown = await shop.look("order.get", order_id=sold["order_id"])
        assert shown["lines"][0]["returned_milli"] == 1000
        why = await shop.look("order.explain", order_id=sold["order_id"])
        assert [line["total_minor"] for line in why["lines"]] == [799, 799]
        assert why["total_minor"] == 1598
        assert (await _return(shop, "1", sold["order_id"], 1000)).refusal["code"] == (
            "return_must_be_within_sold"
        )
        assert (await _return(shop, "1", "no-such-order", 1000)).refusal["code"] == (
            "order_must_exist"
        )


async def test_the_order_at_a_register_says_why_a_promotion_takes_nothing(tmp_path: Path) -> None:
    """Of the register's own order, as it is now; without an order the question is refused."""
    benefit = Benefit(BenefitKind.BUNDLE, Off(OffKind.AMOUNT, 100), slots=(Slot(0, 2),))
    pair = Promotion("pair", "Two wines", benefit, (Selection(("wine",)),))
    async with open_shop(tmp_path) as shop:
        await shop.office("promotions.set", promotions=unstructure((pair,)))
        refused = await shop.ask("order.why_not", query=True)
        assert refused.refusal is not None
        assert refused.refusal["code"] == "order_must_be_open"
        await shop.do("order.add_line", code="wine")
        (found,) = (await shop.look("order.why_not"))["promotions"]
        assert (found["why"], found["have"], found["need"]) == ("quantity_too_small", 1, 2)
        await shop.do("order.add_line", code="wine")
        (found,) = (await shop.look("order.why_not"))["promotions"]
        assert (found["amount_minor"], found["why"]) == (-100, "")


@pytest.mark.feature("CHK-09", part="two registers at once, and after a restart")
async def test_two_registers_cannot_return_the_same_goods(tmp_path: Path) -> None:
    """Of two refunds of one bottle that race in one batch, one goes through and one is refused."""
    async with open_shop(tmp_path) as shop:
        sold = await shop.sell("wine")
    async with open_shop(tmp_path) as shop:
        await shop.open_register("2")
        data = {
            "order_id": sold["order_id"], "line": 1, "quantity_milli": 1000, "reason": "faulty",
        }  # fmt: skip
        taken = await shop.together(
            shop.submit("order.add_return_line", "1", **data),
            shop.submit("order.add_return_line", "2", **data),
        )
        assert [reply.ok for reply in taken] == [True, True], "both may still be put together"
        ends = [
            reply
            for register in ("1", "2")
            for reply in await shop.together(
                shop.submit("order.tender_cash", register, amount_minor=-799),
                shop.submit("order.complete", register),
            )
        ]
        assert [reply.ok for reply in ends] == [True, True, False, False]
        assert (ends[2].refusal or {})["code"] == "return_must_be_within_sold"
        assert len(shop.records("order.returned/1")) == 1


async def test_both_ends_of_a_race_in_one_batch(tmp_path: Path) -> None:
    """Four commands of two refunds found waiting together still pay out only once."""
    async with open_shop(tmp_path) as shop:
        sold = await shop.sell("wine")
    async with open_shop(tmp_path) as shop:
        await shop.open_register("2")
        for register in ("1", "2"):
            assert (await _return(shop, register, sold["order_id"], 1000)).ok
        commands = [
            shop.submit(name, register, **data)
            for name, data in (
                ("order.tender_cash", {"amount_minor": -799}),
                ("order.complete", {}),
            )
            for register in ("1", "2")
        ]
        replies = await shop.together(*commands)
        assert sum(reply.ok for reply in replies[2:]) == 1
        assert len(shop.records("order.returned/1")) == 1


async def test_a_command_that_must_fetch_keeps_its_register_in_order(tmp_path: Path) -> None:
    """What one register sent stays in order though its first command waits for an old order."""
    async with open_shop(tmp_path) as shop:
        sold = await shop.sell("wine")
    async with open_shop(tmp_path) as shop:
        replies = await shop.together(
            shop.submit("order.open"),
            shop.submit(
                "order.add_return_line",
                order_id=sold["order_id"], line=1, quantity_milli=1000, reason="faulty",
            ),
            shop.submit("order.add_line", code="bread"),
        )  # fmt: skip
        assert all(reply.ok for reply in replies)
        assert [line["item_id"] for line in await _lines(shop)] == ["wine", "bread"]


async def test_a_need_that_arises_in_the_batch_is_fetched_before_deciding(tmp_path: Path) -> None:
    """A parked refund is taken up, paid out and closed in one batch after a restart: what the
    payment looks back at is fetched first, and what follows it waits for it."""
    async with open_shop(tmp_path) as shop:
        sold = await shop.sell("wine")
        assert (await _return(shop, "1", sold["order_id"], 1000)).ok
        parked = await shop.do("order.suspend")
    async with open_shop(tmp_path) as shop:
        replies = await shop.together(
            shop.submit("order.resume", order_id=parked["order_id"]),
            shop.submit("order.tender_cash", amount_minor=-799),
            shop.submit("order.complete"),
            shop.submit("order.add_line", code="bread"),
        )
        assert [reply.refusal for reply in replies] == [None] * 4
        assert len(shop.records("order.returned/1")) == 1
        assert [line["item_id"] for line in await _lines(shop)] == ["bread"]


# ------------------------------------------------------------------------------ replay = state


async def _busy_day(shop: OwnShop) -> None:
    await shop.open_register("2", "max")
    sold = await shop.sell("wine", "bread")
    await shop.do("order.add_line", code="milk", quantity_milli=3000)
    await shop.do("order.discount_order", kind="percent", value=100_000, reason="regular")
    await shop.do("order.note", audience="customer", text="For the school")
    await shop.do("order.suspend", label="Blue hat")
    await shop.do("order.add_line", "2", code="cheese", quantity_milli=457)
    await _return(shop, "1", sold["order_id"], 1000)
    await shop.do("till.pay_out", amount_minor=500, reason="Stamps")
    await shop.ask("staff.sign_on", "2", {"operator": "ana", "pin": "0000"})
    await shop.office("catalog.remove_item", item_id="book")


async def test_replay_comes_to_the_same_state(tmp_path: Path) -> None:
    """Stopped in order, with and without its snapshot, the books come back as they were."""
    async with open_shop(tmp_path) as shop:
        await _busy_day(shop)
        before, position = shop.hash(), shop.store.books.position
    snapshots = sorted((tmp_path / "data" / "snapshots").iterdir())
    assert snapshots, "a stop in order leaves a snapshot"
    async with open_shop(tmp_path, ready=False) as shop:
        assert (shop.hash(), shop.store.books.position) == (before, position)
    for path in snapshots:
        path.unlink(missing_ok=True)
    async with open_shop(tmp_path, ready=False) as shop:
        assert (shop.hash(), shop.store.books.position) == (before, position)


async def test_a_damaged_snapshot_is_passed_over(tmp_path: Path) -> None:
    """Changed, cut off or foreign, a snapshot costs the longer replay and nothing else."""
    async with open_shop(tmp_path) as shop:
        await _busy_day(shop)
        before = shop.hash()
    (snapshot,) = (tmp_path / "data" / "snapshots").glob("*.snapshot")
    whole = snapshot.read_bytes()
    changed = bytearray(whole)
    changed[-20] ^= 1
    for damaged in (bytes(changed), whole[:-1], b"", b"not a snapshot\n", b"[" * 999 + b"\n"):
        snapshot.write_bytes(damaged)
        async with open_shop(tmp_path, ready=False) as shop:
            assert shop.hash() == before


async def test_a_snapshot_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    """Where no snapshot can be written, the day closes, the store stops and starts all the same."""
    async with open_shop(tmp_path) as shop:
        (tmp_path / "data" / "snapshots").write_text("in the way")
        await shop.sell()
        await shop.do("till.count", denominations=[{"value_minor": 50, "count": 207}])
        await shop.do("till.close")
        await shop.do("register.close_day")
        await shop.do("till.open", denominations=[])
        await shop.sell()
        before = shop.hash()
    async with open_shop(tmp_path, ready=False) as shop:
        assert shop.hash() == before


# ------------------------------------------------------------------------------------- people


@pytest.mark.feature("STF-01", part="wrong PINs are throttled, also over a restart")
async def test_a_lock_out_survives_a_restart(tmp_path: Path) -> None:
    """Five wrong PINs lock the person, at every register, and a restart does not help."""
    wrong = {"operator": "ana", "pin": "9999"}
    async with open_shop(tmp_path) as shop:
        left = []
        for _ in range(5):
            reply = await shop.ask("staff.sign_on", "2", wrong)
            assert reply.refusal is not None
            left.append(reply.refusal["fields"]["tries_left"])
        assert left == [4, 3, 2, 1, 0]
    async with open_shop(tmp_path, ready=False) as shop:
        for register in ("1", "2"):
            reply = await shop.ask("staff.sign_on", register, {"operator": "ana", "pin": "1111"})
            assert reply.refusal is not None
            assert reply.refusal["code"] == "operator_must_not_be_locked"
            assert 0 < reply.refusal["fields"]["locked_for_s"] <= 60


async def test_a_lock_out_ends(tmp_path: Path) -> None:
    """After its time the right PIN works again, and the failures are forgotten."""
    world = ManualWorld()
    async with open_shop(tmp_path, world=world) as shop:
        for _ in range(5):
            await shop.refused("staff.sign_on", "2", operator="ana", pin="9999")
        world.advance(61)
        await shop.do("staff.sign_on", "2", operator="ana", pin="1111")
        assert shop.store.books.staff.operators["ana"].failures == 0


@pytest.mark.feature("STF-03")
async def test_an_approval_lets_one_command_through(tmp_path: Path) -> None:
    """Both people and the command are on record; the next command needs an approval of its own."""
    async with open_shop(tmp_path) as shop:
        await shop.open_register("2", "ana")
        await shop.do("order.add_line", "2", code="wine")
        wish = {"line": 1, "unit_price_micros": 5_000_000, "reason": "chipped"}
        assert await shop.refused("order.override_price", "2", **wish) == "right_must_be_granted"
        by: dict[str, Any] = {"approver": "max", "approver_pin": "1234"}
        given = await shop.ask("order.override_price", "2", wish, command_id="id-1", **by)
        assert given.ok
        (record,) = shop.records("staff.approval_given/1")
        assert record.data == {
            "approver": "max",
            "operator": "ana",
            "register": "2",
            "right": "price_override",
            "command_id": "id-1",
            "command_name": "order.override_price",
        }
        assert await shop.refused("order.override_price", "2", **wish) == "right_must_be_granted"
        again = await shop.ask("order.override_price", "2", wish, command_id="id-1", **by)
        assert again.ok
        assert len(shop.records("staff.approval_given/1")) == 1
        wrong = await shop.ask(
            "order.override_price", "2", wish, approver="max", approver_pin="0000"
        )
        assert wrong.refusal is not None
        assert wrong.refusal["code"] == "pin_must_be_correct"
        assert shop.store.books.staff.operators["max"].failures == 1


async def test_names_are_tokens_in_the_journal_and_words_in_answers(tmp_path: Path) -> None:
    """No file but the keys holds a name in the clear; erasing a person erases it everywhere."""
    async with open_shop(tmp_path) as shop:
        (added,) = (
            record
            for record in shop.records("staff.operator_added/1")
            if record.data["operator"] == "max"
        )
        assert added.data["name"].startswith("~p1.operator/max.")
        state = await shop.look("register.state")
        assert state["operator"]["name"] == "Max Maple"
        sold = await shop.sell()
        receipt = await shop.look("receipt.get", order_id=sold["order_id"])
        assert "Max Maple" in str(receipt)
        shop.store.keyring.erase("operator/max")
        state = await shop.look("register.state")
        assert state["operator"]["name"] == "(erased)"
        assert "Max Maple" not in str(await shop.look("receipt.get", order_id=sold["order_id"]))
        before = shop.hash()
    for path in (tmp_path / "data").rglob("*"):
        if path.is_file():
            assert b"Max Maple" not in path.read_bytes(), path
    async with open_shop(tmp_path, ready=False) as shop:
        assert shop.hash() == before
        assert (await shop.look("register.state"))["operator"]["name"] == "(erased)"


# -------------------------------------------------------------------------------- the machine


async def test_a_clock_set_back_changes_stamps_and_nothing_else(tmp_path: Path) -> None:
    """Receipts go on, positions go on, and a lock-out does not end early."""
    world = ManualWorld()
    async with open_shop(tmp_path, world=world) as shop:
        await shop.sell()
        for _ in range(5):
            await shop.refused("staff.sign_on", "2", operator="ana", pin="9999")
        world.set_now_ns(world.now_ns() - EIGHT_DAYS_NS)
        assert (await shop.sell())["receipt_number"] == "1-000002"
        assert await shop.refused("staff.sign_on", "2", operator="ana", pin="1111") == (
            "operator_must_not_be_locked"
        )
        records = shop.records()
        assert [record.position for record in records] == list(range(1, len(records) + 1))
        first, second = (r.stamp for r in records if r.name == "order.completed/1")
        assert second.now_ns < first.now_ns
        assert second.business_date < first.business_date
        before = shop.hash()
    async with open_shop(tmp_path, world=world, ready=False) as shop:
        assert shop.hash() == before


async def test_a_disk_nearly_full_lets_open_orders_finish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New orders are refused, the open one completes; with room again selling goes on by itself."""
    config = own_config(tmp_path, reserve_mib=1)
    world = ManualWorld()
    async with open_shop(tmp_path, config=config, world=world) as shop:
        reserve = tmp_path / "data" / "journal.db.reserve"
        space = shop.store.journal.space
        await shop.open_register("2")
        await shop.do("order.add_line", code="milk")
        assert reserve.stat().st_size == 1024 * 1024
        monkeypatch.setattr(type(space), "free_bytes", lambda _: 1_000_000)
        world.advance(2)
        assert await shop.refused("order.add_line", "2", code="milk") == (
            "store_must_have_disk_space"
        )
        assert not reserve.exists(), "the reserve is what the open order is finished with"
        await shop.do("order.add_line", code="bread")
        await shop.do("order.tender_cash", amount_minor=500)
        await shop.do("order.complete")
        assert await shop.refused("order.open") == "store_must_have_disk_space"
        assert (await shop.look("store.status"))["disk_nearly_full"]
        monkeypatch.undo()
        world.advance(2)
        await shop.do("order.add_line", "2", code="milk")
        assert reserve.exists()
        assert not (await shop.look("store.status"))["disk_nearly_full"]


@pytest.mark.feature("NEW-30")
async def test_training_touches_no_money(tmp_path: Path) -> None:
    """Practised sales have their own till, totals, receipt series and kind in the chain."""
    async with open_shop(tmp_path) as shop:
        await shop.sell("wine")
        live = await shop.look("report.x")
        till = await shop.look("till.state")
        await shop.do("register.start_training")
        await shop.do("till.open", denominations=[])
        practised = await shop.sell("bread", "bread")
        assert practised["receipt_number"].startswith("T")
        practice = await shop.look("report.x")
        assert practice["training"]
        assert practice["totals"] != live["totals"]
        refused = await shop.refused("till.pay_out", amount_minor=9_000, reason="practice")
        assert refused == "amount_must_be_in_till"
        await shop.do("register.end_training")
        assert await shop.look("till.state") == till
        again = await shop.look("report.x")
        assert again["totals"] == live["totals"]
        assert again["grand_total_minor"] == live["grand_total_minor"]
        assert (await shop.sell())["receipt_number"] == "1-000002"
        kinds = {r.kind for r in shop.records() if r.data.get("order_id") == practised["order_id"]}
        assert kinds == {"training"}
        assert receipt_numbers(shop.records(), "1") == [1, 2]
        assert receipt_numbers(shop.records(), "1", "training") == [1]
        before = shop.hash()
    async with open_shop(tmp_path, ready=False) as shop:
        assert shop.hash() == before
        assert await eventually(lambda: shop.look("till.state"), "the till") != till
