"""A nexo terminal beside payments: shown, printed and asked over TLS, by POST and by WebSocket."""

from __future__ import annotations

import pytest
import trio

from actors.terminal_messages import Said, Say, Use
from engine.terminal import Verdict
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo import talk
from hardware.terminal.nexo.outlet import TcpOutlet
from hardware.terminal.nexo.profile import Carrier
from tests.hardware.nexo_rig import ADDRESS, NexoShop, open_nexo, simulated
from tests.hardware.terminal_rig import open_shop, sale
from tests.hardware.terminal_rig import simulated as simulated_zvt

SHOW = Say(Use.SHOW, ("Total", "12.50 EUR"))
SURE = Say(Use.CONFIRM, ("Keep the bottle?",), "Deposit")


async def _say(shop: NexoShop, say: Say) -> Said:
    said = await shop.rig.post.ask(ADDRESS, say, timeout_s=60)
    assert isinstance(said, Said)
    return said


@pytest.mark.parametrize("carrier", list(Carrier))
async def test_shown_printed_and_asked_over_tls(carrier: Carrier) -> None:
    """Each is answered by the terminal itself; without paper it says so; and payments go on."""
    async with open_nexo(TcpOutlet(), carrier=carrier) as shop:
        with trio.fail_after(20):
            assert Said("ok") == await _say(shop, SHOW)
            assert "Total 12.50 EUR" == shop.fake.shown
            assert Said("ok") == await _say(shop, Say(Use.PRINT, ("Thank you",)))
            assert "Thank you" == shop.fake.shown
            assert Said("ok", is_confirmed=True) == await _say(shop, SURE)
            assert ["Display", "Print", "Input"] == [
                one for one in shop.fake.heard if one in m.DEVICE_CATEGORIES
            ]
            shop.fake.is_paper_out = True
            assert Said("device_out") == await _say(shop, Say(Use.PRINT, ("Thank you",)))
            shop.fake.is_paper_out = False
            assert Verdict.APPROVED is (await shop.device.request(sale())).verdict


async def test_a_payment_goes_before_a_question(autojump_clock: trio.testing.MockClock) -> None:
    """Whoever waits for a key is told that it gave way, the terminal that its question is over, and
    the customer pays; while one pays nothing else is shown."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        shop.fake.hangs = True
        answers: list[Said] = []

        async def ask() -> None:
            answers.append(await _say(shop, SURE))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            await trio.sleep(1)
            assert Said("terminal_busy") == await _say(shop, SHOW)
            shop.fake.hangs = False
            assert Verdict.APPROVED is (await shop.device.request(sale())).verdict
        assert [Said("gave_way")] == answers
        assert "Abort" in shop.fake.heard


async def test_a_terminal_that_is_away_says_nothing(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Nothing is raised, and why is a stable word."""
    outlet, world = simulated()
    async with open_nexo(outlet, world=world) as shop:
        await outlet.unplug()
        assert (await _say(shop, SHOW)).code in ("unreachable", "link_lost")


async def test_a_terminal_that_cannot_says_so(autojump_clock: trio.testing.MockClock) -> None:
    """ZVT terminals are not used so here."""
    end, world = simulated_zvt()
    async with open_shop(end, world=world) as shop:
        said = await shop.rig.post.ask(ADDRESS, SHOW, timeout_s=5)
        assert Said("function_not_supported") == said


def test_what_goes_out_and_what_is_made_of_it() -> None:
    """Keys are waited for as long as was said, a choice names its lines, and what fits nothing is
    no answer."""
    choice = Say(Use.CHOOSE, ("Red", "White"), "Wine", seconds_max=20)
    assert m.InputAsk("GetMenuEntry", "Wine", (), ("Red", "White"), 20) == talk.ask_of(choice)
    assert 20 * 10**9 == talk.within_ns(choice) - talk.within_ns(SHOW)
    assert m.InputAsk("DigitString", "Table", ()) == talk.ask_of(Say(Use.DIGITS, title="Table"))
    success = m.Outcome("Success")
    assert Said("ok", choice=1) == talk.said(m.InputTold(success, entry_index=1))
    assert Said("ok", text="17") == talk.said(m.InputTold(success, text="17"))
    assert Said("other_message") == talk.said(m.PaymentTold(success))
    refused = m.Outcome("Failure", "Cancel")
    assert Said("aborted_at_terminal") == talk.said(m.InputTold(refused))
