"""A simulated terminal played by a person: keys, troubles, and what its display says."""

from __future__ import annotations

import attrs
import pytest
import trio
import trio.testing

from engine.terminal import Verdict
from hardware.terminal.played import TROUBLES
from tests.hardware.terminal_rig import Shop, open_shop, sale, simulated


@pytest.mark.parametrize(
    ("keys", "verdict", "code", "shown", "booked_minor"),
    [
        (("insert", "pin"), Verdict.APPROVED, "ok", "approved", 1250),
        (("tap",), Verdict.APPROVED, "ok", "approved", 1250),
        (("partial", "tap"), Verdict.PARTIALLY_APPROVED, "ok", "approved", 625),
        (("tip", "tap"), Verdict.APPROVED, "ok", "approved", 1400),
        (("insert", "wrong_pin", "pin"), Verdict.APPROVED, "ok", "approved", 1250),
        (("insert", *("wrong_pin",) * 3), Verdict.DECLINED, "declined_4b", "declined", 0),
        (("decline",), Verdict.DECLINED, "declined_05", "declined", 0),
        (("cancel",), Verdict.ABORTED, "aborted_at_terminal", "cancelled", 0),
        (("insert", "cancel"), Verdict.ABORTED, "aborted_at_terminal", "cancelled", 0),
        (("time_out",), Verdict.ABORTED, "aborted_at_terminal", "cancelled", 0),
        ((), Verdict.ABORTED, "aborted_at_terminal", "cancelled", 0),
    ],
)
async def test_played_by_a_person(
    keys: tuple[str, ...],
    verdict: Verdict,
    code: str,
    shown: str,
    booked_minor: int,
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Each key does what it says, and the display says how it ended; nobody at all is a time-out
    of the terminal's own."""
    end, world = simulated()
    async with open_shop(end, world=world) as shop:
        shop.fake.operator = True
        asked = attrs.evolve(sale(partial_allowed=True), tip_allowed=True)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_press, shop, keys)
            answer = await shop.device.request(asked)
        assert (answer.verdict, answer.code) == (verdict, code)
        state = shop.fake.state()
        assert state["shown"][-1] == shown
        assert state["keys"] == []
        assert state["booked_minor"] == shop.fake.ledger.booked_minor == booked_minor
        assert state["transactions"][0]["booked"] is (booked_minor > 0)


async def test_a_reply_lost_by_a_person(autojump_clock: trio.testing.MockClock) -> None:
    """The key that loses the reply moves money and breaks the cable; asked again, the terminal
    tells the truth."""
    end, world = simulated()
    async with open_shop(end, world=world) as shop:
        shop.fake.operator = True
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_press, shop, ("lose_reply", "tap"))
            answer = await shop.device.request(sale())
        assert (answer.verdict, answer.code) == (Verdict.UNKNOWN, "link_lost")
        await trio.sleep(10)
        await shop.idle()
        told = await shop.device.inquire(answer)
        assert (told.verdict, told.amount_minor) == (Verdict.APPROVED, 1250)
        assert shop.fake.ledger.booked_minor == 1250


async def test_a_key_out_of_turn_does_nothing(autojump_clock: trio.testing.MockClock) -> None:
    """Only what the terminal waits for can be pressed, and nothing is kept for the next payment:
    it waits for a person, however often somebody pressed before."""
    end, world = simulated()
    async with open_shop(end, world=world) as shop:
        fake = shop.fake
        fake.operator = True
        assert fake.state()["keys"] == []
        assert not await fake.do("tap")
        assert not await fake.do("explode")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(shop.device.request, sale())
            await trio.sleep(1)
            assert fake.state()["shown"] == ["EUR 12.50", "insert or tap card"]
            assert fake.state()["keys"] == [
                *("tap", "insert", "type_number"),
                *("partial", "decline", "lose_reply", "cancel", "time_out"),
            ]
            assert not await fake.do("pin")
            assert not await fake.do("tip", 100), "the register did not allow a tip"
            assert await fake.do("insert")
            assert not await fake.do("cancel"), "one key at a time"
            await trio.sleep(1)
            assert fake.state()["keys"] == ["pin", "wrong_pin", "cancel", "time_out"]
            await fake.do("cancel")
        assert fake.ledger.booked_minor == 0


async def test_troubles_by_a_person(autojump_clock: trio.testing.MockClock) -> None:
    """Paper, bank, cable and power can be taken away and given back, each once, and a payment
    meanwhile says what is wrong."""
    end, world = simulated()
    async with open_shop(end, world=world) as shop:
        fake = shop.fake
        assert fake.state()["troubles"] == [
            "cut",
            "reboot",
            "paper_out",
            "go_offline",
            "take_alone",
            "end_day",
        ]
        assert not await fake.do("plug")
        assert await fake.do("paper_out")
        assert not await fake.do("paper_out")
        assert fake.state()["paper"] == "out"
        assert (await shop.device.status()).code == "terminal_paper_out"
        assert (await shop.device.request(sale())).code == "printer_not_ready"
        assert fake.state()["shown"] == ["EUR 12.50", "out of paper"]
        assert await fake.do("paper_in")
        assert await fake.do("go_offline")
        assert fake.state()["is_offline"]
        assert (await shop.device.request(sale())).code == "no_connection"
        assert fake.state()["shown"][-1] == "no connection to the bank"
        assert await fake.do("go_online")
        assert await fake.do("cut")
        gone = {"cut", "paper_in", "go_online", "take_none", "refuse_later"}
        assert set(TROUBLES) - set(fake.state()["troubles"]) == gone
        await trio.sleep(1)
        assert (await shop.device.request(sale())).code == "not_sent"
        assert await fake.do("plug")
        assert await fake.do("reboot")
        await shop.idle()
        assert (await shop.device.request(sale())).verdict is Verdict.APPROVED


async def test_a_person_lets_it_take_cards_alone(autojump_clock: trio.testing.MockClock) -> None:
    """While the bank is away it stores what it takes, and the bank says later what it thinks."""
    end, world = simulated()
    async with open_shop(end, world=world) as shop:
        fake = shop.fake
        assert not await fake.do("refuse_later")
        for key in ("take_alone", "go_offline"):
            assert await fake.do(key)
        assert (await shop.device.request(sale())).is_offline
        assert await fake.do("refuse_later")
        assert (await shop.device.request(sale())).is_offline
        ends = [row["ended"] for row in fake.state()["transactions"]]
        assert ends == ["stored", "stored"]
        assert fake.state()["booked_minor"] == 2500
        assert await fake.do("go_online")
        ends = [row["ended"] for row in fake.state()["transactions"]]
        assert ends == ["refused later", "approved later"]
        assert fake.state()["booked_minor"] == 1250
        assert await fake.do("take_none")
        assert await fake.do("go_offline")
        assert (await shop.device.request(sale())).code == "no_connection"


async def _press(shop: Shop, keys: tuple[str, ...]) -> None:
    for key in keys:
        await trio.sleep(1)
        assert await shop.fake.do(key, 150 if key == "tip" else 0)
