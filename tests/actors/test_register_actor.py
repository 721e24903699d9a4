"""A register's conversations: PINs stay here, commands keep their order, scans become lines."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest
import trio

from actors.asks import Ask, Follow, News, PinHashOf, Reply, Submit, Unfollow
from actors.errors import AbsentError, BusyError
from actors.limits import FOLLOW_LEASE_NS
from actors.messages import Scanned
from actors.pins import Pins
from actors.register import VIEW_QUERIES, RegisterActor
from actors.world import ManualWorld
from engine.queries import QUERIES
from tests.actors.stand import Stand, open_stand

PINS = Pins(b"pepper" * 6)
HASHES = {"ana": PINS.hash("1111"), "max": PINS.hash("1234")}


class Keeper:
    """A bookkeeper that says yes to everything and knows two people."""

    def __init__(self) -> None:
        self.submits: list[Submit] = []
        self.reply: Any = Reply(ok=True, data={"name": "~token"}, epoch=1, position=7)

    def __call__(self, body: Any) -> Any:
        if isinstance(body, PinHashOf):
            return HASHES.get(body.operator, "")
        self.submits.append(body)
        return self.reply


async def _register(stand: Stand) -> Keeper:
    keeper = Keeper()
    stand.play("bookkeeper", keeper)
    stand.play("views", lambda _: Reply(ok=True, data=["from views"]))
    stand.play("broadcast")

    def reveal(data: Any) -> Any:
        return {**data, "name": "Ana"} if isinstance(data, dict) else data

    stand.start(lambda: RegisterActor("1", PINS, reveal))
    await stand.settle()
    return keeper


def _ask(name: str, data: dict[str, Any], **more: Any) -> Ask:
    return Ask("id-1", "1", name, data, **more)


@pytest.mark.parametrize(
    ("operator", "pin", "correct"),
    [("ana", "1111", True), ("ana", "1234", False), ("nobody", "1111", False), (5, [], False)],
)
async def test_a_pin_is_checked_and_goes_no_further(operator: Any, pin: Any, correct: bool) -> None:
    """The bookkeeper hears whether it was right, never what it was, whatever was typed."""
    async with open_stand() as stand:
        keeper = await _register(stand)
        data = {"operator": operator, "pin": pin, "pin_correct": True}
        await stand.ask("register/1", _ask("staff.sign_on", data))
        (submit,) = keeper.submits
        assert submit.data == {"operator": operator, "pin_correct": correct}
        assert submit.id == "id-1"


async def test_a_new_pin_is_hashed_here() -> None:
    """A person is added with a hash; what is no PIN is refused, and a hash that is sent ignored."""
    async with open_stand() as stand:
        keeper = await _register(stand)
        person = {"operator": "eve", "name": "Eve", "role": "cashier", "pin_hash": "forged"}
        await stand.ask("register/1", _ask("staff.add_operator", {**person, "pin": "4321"}))
        (submit,) = keeper.submits
        assert "pin" not in submit.data
        assert PINS.check(submit.data["pin_hash"], "4321")
        for bad in ("123", "12a4", 1234, None):
            reply = await stand.ask("register/1", _ask("staff.change_pin", {**person, "pin": bad}))
            assert reply.refusal == {"code": "pin_must_be_digits", "fields": {}}
        assert len(keeper.submits) == 1


async def test_an_approver_is_checked() -> None:
    """With a command comes who approves it and whether that PIN was right."""
    async with open_stand() as stand:
        keeper = await _register(stand)
        for pin in ("1234", "9999"):
            ask = _ask("order.void", {"reason": "x"}, approver="max", approver_pin=pin)
            await stand.ask("register/1", ask)
        assert [s.approver_pin_correct for s in keeper.submits] == [True, False]
        assert {s.approver for s in keeper.submits} == {"max"}
        await stand.ask("register/1", _ask("order.void", {"reason": "x"}))
        assert (keeper.submits[-1].approver, keeper.submits[-1].approver_pin_correct) == ("", False)


async def test_answers_hold_words_instead_of_tokens() -> None:
    """What comes back is revealed; its position and epoch stay."""
    async with open_stand() as stand:
        await _register(stand)
        reply = await stand.ask("register/1", _ask("order.open", {}))
        assert (reply.data, reply.epoch, reply.position) == ({"name": "Ana"}, 1, 7)


async def test_views_answer_what_is_theirs() -> None:
    """Receipts, Zs and count sheets are asked of the views, everything else of the bookkeeper."""
    async with open_stand() as stand:
        keeper = await _register(stand)
        for name in sorted(VIEW_QUERIES):
            reply = await stand.ask("register/1", _ask(name, {}, is_query=True))
            assert reply.data == ["from views"]
        assert keeper.submits == []
        await stand.ask("register/1", _ask("register.state", {}, is_query=True))
        assert keeper.submits[0].is_query
        assert {name for name, _ in QUERIES.items()} > VIEW_QUERIES


async def test_errors_of_the_way_reach_who_asked() -> None:
    """A bookkeeper that is busy or gone is told as that, and the next command is taken."""
    async with open_stand() as stand:
        keeper = await _register(stand)
        for error in (BusyError("bookkeeper", "full"), AbsentError("bookkeeper", "gone")):
            keeper.reply = error
            with pytest.raises(type(error)):
                await stand.ask("register/1", _ask("order.open", {}))
        keeper.reply = Reply(ok=True)
        assert (await stand.ask("register/1", _ask("order.open", {}))).ok


async def test_a_scan_becomes_a_line_and_a_notice() -> None:
    """The code is rung up under an id of its own; the screen hears how it went."""
    async with open_stand() as stand:
        keeper = await _register(stand)
        stand.tell("register/1", Scanned("scanner/1", "4000417025005"))
        (notice,) = await stand.wait_heard("broadcast", 1)
        (submit,) = keeper.submits
        assert (submit.name, submit.data) == ("order.add_line", {"code": "4000417025005"})
        assert isinstance(notice, News)
        assert (notice.topic, notice.register) == ("notice", "1")
        assert notice.data["ok"]
        refusal = {"code": "code_must_be_known", "fields": {}}
        keeper.reply = Reply(ok=False, refusal=refusal)
        stand.tell("register/1", Scanned("scanner/1", "0"))
        notices = await stand.wait_heard("broadcast", 2)
        assert notices[1].data == {"code": "0", "ok": False, "refusal": refusal}
        keeper.reply = BusyError("bookkeeper", "full")
        stand.tell("register/1", Scanned("scanner/1", "1"))
        notices = await stand.wait_heard("broadcast", 3)
        assert notices[2].data["refusal"]["code"] == "store_busy"


async def test_a_code_that_a_screen_asked_for_is_not_rung_up() -> None:
    """Whoever asked last is given it, until they let it go or fall silent: then it is sold."""
    world = ManualWorld()
    async with open_stand(world) as stand:
        keeper = await _register(stand)
        stand.play("door/1")
        stand.play("door/2")
        stand.tell("register/1", Follow("door/1", "scans", "1"))
        stand.tell("register/1", Follow("door/2", "scans", "1"))
        stand.tell("register/1", Follow("door/1", "scans", "1"))
        stand.tell("register/1", Scanned("scanner/1", "4000417025005"))
        (news,) = await stand.wait_heard("door/2", 1)
        assert (news.topic, news.register, news.data) == ("scans", "1", {"code": "4000417025005"})
        (notice,) = await stand.wait_heard("broadcast", 1)
        assert notice.data["code"] == "4000417025005"
        assert notice.data["refusal"]["code"] == "scan_asked_for_elsewhere"
        stand.tell("register/1", Unfollow("door/2", "scans", "1"))
        stand.tell("register/1", Scanned("scanner/1", "0"))
        (news,) = await stand.wait_heard("door/1", 1)
        assert news.data == {"code": "0"}
        assert keeper.submits == []
        world.advance(FOLLOW_LEASE_NS // 1_000_000_000 + 1)
        stand.tell("register/1", Scanned("scanner/1", "1"))
        await stand.wait_heard("broadcast", 3)
        (submit,) = keeper.submits
        assert submit.data == {"code": "1"}


async def test_a_code_that_finds_its_screen_too_busy_is_not_sold() -> None:
    """What is scanned to come back must not be rung up because a door had no room."""
    async with open_stand() as stand:
        keeper = await _register(stand)
        stand.tell("register/1", Follow("door/gone", "scans", "1"))
        stand.tell("register/1", Scanned("scanner/1", "4000417025005"))
        (notice,) = await stand.wait_heard("broadcast", 1)
        assert notice.data["refusal"]["code"] == "store_busy"
        assert keeper.submits == []


async def test_a_look_holds_up_nobody_and_commands_keep_their_order() -> None:
    """A query that takes long lets commands pass; a command waits for the one before it."""
    async with open_stand() as stand:
        keeper = stand.node.open("bookkeeper")
        stand.start(lambda: RegisterActor("1", PINS, lambda data: data))
        heard: list[str] = []

        async def send(name: str, is_query: bool) -> None:
            await stand.ask("register/1", Ask(name, "1", name, {}, is_query=is_query))
            heard.append(name)

        stand.nursery.start_soon(send, "register.state", True)
        look = await keeper.get()
        stand.nursery.start_soon(send, "order.open", False)
        first = await keeper.get()
        stand.nursery.start_soon(send, "order.suspend", False)
        await stand.settle()
        assert keeper.statistics().waiting == 0, "the second command waits for the first"
        first.answer(Reply(ok=True))
        second = await keeper.get()
        assert isinstance(second.body, Submit)
        assert second.body.name == "order.suspend"
        second.answer(Reply(ok=True))
        await stand.settle()
        look.answer(Reply(ok=True))
        await stand.settle()
        assert heard == ["order.open", "order.suspend", "register.state"]


async def test_no_pin_reaches_disk_or_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After sign-ons right and wrong, no file of the store and no log line holds a PIN."""
    from tests.store.harness import open_shop

    secret = "73519284"
    with trio.CancelScope():
        async with open_shop(tmp_path) as shop:
            await shop.office(
                "staff.add_operator", operator="eve", name="Eve", role="cashier", pin=secret
            )
            await shop.do("staff.sign_on", "2", operator="eve", pin=secret)
            await shop.refused("staff.sign_on", "2", operator="max", pin=secret + "1")
            await shop.ask("staff.sign_on", "2", {"operator": "eve", "pin": secret, "colour": 1})
    for path in (tmp_path / "data").rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path
    captured = capsys.readouterr()
    assert secret not in captured.out + captured.err


async def test_no_pin_stays_with_a_store_that_waits(tmp_path: Path) -> None:
    """Once a sign-on is answered nothing holds what was typed, however long nobody comes."""
    from tests.store.harness import open_shop

    async with open_shop(tmp_path) as shop:
        await shop.do("staff.sign_on", "2", operator="ana", pin="1111")
        await trio.testing.wait_all_tasks_blocked()
        gc.collect()
        asks = [held for held in gc.get_objects() if isinstance(held, Ask)]
        assert [ask for ask in asks if "pin" in ask.data or ask.approver_pin] == []
