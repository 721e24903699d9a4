"""A simulated nexo terminal played by a person: keys, troubles, and what its display says.

Over a socket, within TLS and under its seal; only where minutes pass, without a machine.
"""

from __future__ import annotations

from typing import Any

import attrs
import pytest
import trio
import trio.testing

from engine.terminal import Answer, CardEntry, Transaction, Verdict
from hardware.terminal.nexo.outlet import TcpOutlet
from hardware.terminal.nexo.profile import Carrier
from hardware.terminal.played import TROUBLES
from tests.hardware.nexo_rig import NexoShop, open_nexo, simulated
from tests.hardware.terminal_rig import sale

ASKED = attrs.evolve(sale(partial_allowed=True), tip_allowed=True)
BOTH = pytest.mark.parametrize("carrier", list(Carrier), ids=lambda carrier: carrier.value)


def possible(shop: NexoShop) -> list[str]:
    """What may be pressed now."""
    state = shop.fake.state()
    return [*state["keys"], *state["troubles"]]


async def press(shop: NexoShop, *keys: str) -> None:
    """Each key once the terminal waits for it; a tip of 1.50."""
    with trio.fail_after(10):
        for key in keys:
            while key not in possible(shop):  # noqa: ASYNC110
                await trio.sleep(0.01)
            assert await shop.fake.do(key, 150 if key == "tip" else 0)


async def pay(shop: NexoShop, *keys: str, asked: Transaction = ASKED) -> Answer:
    """Ask for a payment and press these keys meanwhile; what became of it."""
    answers: list[Answer] = []

    async def request() -> None:
        answers.append(await shop.device.request(asked))

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(request)
            await press(shop, *keys)
    return answers[0]


def shown(shop: NexoShop) -> list[str]:
    """What stands on its display."""
    lines: list[str] = shop.fake.state()["shown"]
    return lines


def rows(shop: NexoShop) -> list[dict[str, Any]]:
    """What it remembers, the newest first."""
    found: list[dict[str, Any]] = shop.fake.state()["transactions"]
    return found


@BOTH
@pytest.mark.parametrize(
    ("keys", "verdict", "code", "display", "booked_minor"),
    [
        (("insert", "pin"), Verdict.APPROVED, "ok", "approved", 1250),
        (("tap",), Verdict.APPROVED, "ok", "approved", 1250),
        (("partial", "tap"), Verdict.PARTIALLY_APPROVED, "ok", "approved", 625),
        (("tip", "tap"), Verdict.APPROVED, "ok", "approved", 1400),
        (("insert", "wrong_pin", "pin"), Verdict.APPROVED, "ok", "approved", 1250),
        (("insert", *("wrong_pin",) * 3), Verdict.DECLINED, "wrong_pin", "declined", 0),
        (("decline",), Verdict.DECLINED, "declined", "declined", 0),
        (("cancel",), Verdict.ABORTED, "aborted_at_terminal", "cancelled", 0),
        (("insert", "cancel"), Verdict.ABORTED, "aborted_at_terminal", "cancelled", 0),
        (("time_out",), Verdict.ABORTED, "aborted_at_terminal", "cancelled", 0),
        (("insert", "time_out"), Verdict.ABORTED, "aborted_at_terminal", "cancelled", 0),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, tuple) else None,
)
async def test_a_nexo_terminal_is_played_by_a_person(
    keys: tuple[str, ...],
    verdict: Verdict,
    code: str,
    display: str,
    booked_minor: int,
    carrier: Carrier,
) -> None:
    """Each key does what it says, by POST and by WebSocket, and the display says how it ended."""
    async with open_nexo(TcpOutlet(), carrier=carrier) as shop:
        shop.fake.operator = True
        answer = await pay(shop, *keys)
        assert (verdict, code) == (answer.verdict, answer.code)
        assert booked_minor == answer.amount_minor == shop.fake.state()["booked_minor"]
        assert (150 if "tip" in keys else 0) == answer.tip_minor
        assert display == shown(shop)[-1]
        assert [] == shop.fake.state()["keys"]
        assert (display, booked_minor > 0) == (rows(shop)[0]["ended"], rows(shop)[0]["booked"])


async def test_nobody_at_a_nexo_terminal(autojump_clock: trio.testing.MockClock) -> None:
    """Where nobody presses anything, the terminal gives up by itself, and says that."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        shop.fake.operator = True
        answer = await shop.device.request(sale())
        assert (Verdict.ABORTED, "nobody came") == (answer.verdict, answer.detail)
        assert ["EUR 12.50", "cancelled"] == shown(shop)


@BOTH
async def test_a_nexo_reply_lost_by_a_person(carrier: Carrier) -> None:
    """The key that loses the reply moves money and nobody hears; asked again, the terminal tells
    the truth, once."""
    async with open_nexo(TcpOutlet(), carrier=carrier) as shop:
        shop.fake.operator = True
        answer = await pay(shop, "lose_reply", "tap")
        assert (Verdict.UNKNOWN, "link_lost") == (answer.verdict, answer.code)
        assert ["EUR 12.50", "approved"] == shown(shop)
        await shop.idle()
        told = await shop.device.inquire(answer)
        assert (Verdict.APPROVED, 1250) == (told.verdict, told.amount_minor)
        assert 1250 == shop.fake.state()["booked_minor"]


async def test_a_key_out_of_turn_does_nothing_at_a_nexo_terminal() -> None:
    """Only what the terminal waits for can be pressed: no tip and no half where the register does
    not take them, no PIN before a card, and nothing between payments."""
    async with open_nexo(TcpOutlet()) as shop:
        fake = shop.fake
        fake.operator = True
        assert [] == fake.state()["keys"]
        assert not await fake.do("tap")
        assert not await fake.do("explode")

        async def look() -> None:
            await press(shop, "lose_reply")
            while not fake.state()["keys"]:  # noqa: ASYNC110
                await trio.sleep(0.01)
            assert ["EUR 12.50", "insert or tap card (the reply will be lost)"] == shown(shop)
            wanted = ["tap", "insert", "decline", "lose_reply", "cancel", "time_out"]
            assert wanted == fake.state()["keys"]
            for key in ("pin", "tip", "partial", "type_number"):
                assert not await fake.do(key, 100 if key == "tip" else 0)
            await press(shop, "insert")
            assert not await fake.do("cancel"), "one key at a time"
            while not fake.state()["keys"]:  # noqa: ASYNC110
                await trio.sleep(0.01)
            assert ["pin", "wrong_pin", "cancel", "time_out"] == fake.state()["keys"]
            assert ["EUR 12.50", "enter PIN"] == shown(shop)
            await press(shop, "cancel")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(look)
            await shop.device.request(sale())
        assert 0 == fake.state()["booked_minor"]


@pytest.mark.parametrize("keys", [(), ("insert",)], ids=["at the card", "at the PIN"])
async def test_the_register_calls_off_what_a_person_plays(keys: tuple[str, ...]) -> None:
    """A cancel at the register ends it wherever the customer is, and the display says so."""
    async with open_nexo(TcpOutlet()) as shop:
        shop.fake.operator = True
        answers: list[Answer] = []

        async def request() -> None:
            answers.append(await shop.device.request(sale()))

        with trio.fail_after(20):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(request)
                await press(shop, *keys)
                while "cancel" not in shop.fake.state()["keys"]:  # noqa: ASYNC110
                    await trio.sleep(0.01)
                assert await shop.device.abort()
        assert (Verdict.ABORTED, "by the register") == (answers[0].verdict, answers[0].detail)
        assert ["EUR 12.50", "cancelled"] == shown(shop)


async def test_a_number_is_typed_at_a_nexo_terminal() -> None:
    """Only where the register asked for a card that is not there, and then no other way."""
    async with open_nexo(TcpOutlet()) as shop:
        shop.fake.operator = True
        asked = attrs.evolve(sale(), entry=CardEntry.KEYED)
        answer = await pay(shop, "type_number", asked=asked)
        assert (Verdict.APPROVED, "keyed") == (answer.verdict, answer.card.entry)
        assert "tap" not in shop.fake.state()["keys"]


async def test_troubles_at_a_nexo_terminal() -> None:
    """Paper, bank, cable and power can be taken away and given back, each once, and a payment
    meanwhile says what is wrong."""
    async with open_nexo(TcpOutlet()) as shop:
        fake = shop.fake
        wanted = ["cut", "reboot", "paper_out", "go_offline", "take_alone", "end_day"]
        assert wanted == fake.state()["troubles"]
        assert not await fake.do("plug")
        await press(shop, "paper_out")
        assert not await fake.do("paper_out")
        assert "out" == fake.state()["paper"]
        assert "terminal_paper_out" == (await shop.device.status()).code
        assert "device_out" == (await shop.device.request(sale())).code
        assert ["EUR 12.50", "out of paper"] == shown(shop)
        await press(shop, "paper_in", "go_offline")
        assert fake.state()["is_offline"]
        assert "no_connection" == (await shop.device.request(sale())).code
        assert ["EUR 12.50", "no connection to the bank"] == shown(shop)
        await press(shop, "go_online", "cut")
        assert not fake.state()["is_plugged"]
        gone = {"cut", "paper_in", "go_online", "take_none", "refuse_later"}
        assert gone == set(TROUBLES) - set(fake.state()["troubles"])
        assert "not_sent" == (await shop.device.request(sale())).code
        await press(shop, "plug", "reboot")
        assert ["ready"] == shown(shop)
        await shop.idle()
        assert Verdict.APPROVED is (await shop.device.request(sale())).verdict


@pytest.mark.parametrize("trouble", ["cut", "reboot"])
async def test_a_trouble_in_the_middle_of_a_payment(trouble: str) -> None:
    """The cable breaks: the customer goes on and pays, and nobody knows until the terminal is
    asked. It is switched off instead: it says that nothing was paid."""
    async with open_nexo(TcpOutlet()) as shop:
        fake = shop.fake
        fake.operator = True
        doubt = await pay(shop, "insert", trouble)
        assert (Verdict.UNKNOWN, "link_lost") == (doubt.verdict, doubt.code)
        if trouble == "cut":
            assert not fake.state()["is_plugged"]
            await press(shop, "pin", "plug")
        await shop.idle()
        told = await shop.device.inquire(doubt)
        paid = (Verdict.APPROVED, 1250) if trouble == "cut" else (Verdict.ABORTED, 0)
        assert paid == (told.verdict, told.amount_minor)
        assert paid[1] == fake.state()["booked_minor"]
        assert ("approved" if trouble == "cut" else "cancelled") == rows(shop)[0]["ended"]


async def test_a_person_lets_a_nexo_terminal_take_cards_alone() -> None:
    """While the bank is away it stores what the register lets it take, and the bank says later
    what it thinks."""
    async with open_nexo(TcpOutlet()) as shop:
        allowed = attrs.evolve(sale(), offline_allowed=True)
        assert not await shop.fake.do("refuse_later")
        await press(shop, "take_alone", "go_offline")
        assert "no_connection" == (await shop.device.request(sale())).code
        assert (await shop.device.request(allowed)).is_offline
        await press(shop, "refuse_later")
        assert (await shop.device.request(allowed)).is_offline
        assert ["stored", "stored"] == [row["ended"] for row in rows(shop)[:2]]
        assert 2500 == shop.fake.state()["booked_minor"]
        await press(shop, "go_online")
        assert ["refused later", "approved later"] == [row["ended"] for row in rows(shop)[:2]]
        assert 1250 == shop.fake.state()["booked_minor"]
        await press(shop, "take_none", "go_offline")
        assert "no_connection" == (await shop.device.request(allowed)).code
        await shop.fake.do("go_online")


async def test_what_was_taken_back_is_listed_as_that() -> None:
    """A reversal stands in the memory beside what it took back."""
    async with open_nexo(TcpOutlet()) as shop:
        paid = await shop.device.request(sale())
        await shop.device.reverse(paid)
        undone, first = rows(shop)[:2]
        assert ("reversal", "EUR 12.50") == (undone["kind"], undone["amount"])
        assert ("approved", True) == (undone["ended"], undone["booked"])
        assert ("sale", "reversed", True) == (first["kind"], first["ended"], first["booked"])
        assert 0 == shop.fake.state()["booked_minor"]
