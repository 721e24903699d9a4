"""A tip the register knows already: in one amount with the goods, and named as a tip."""

from __future__ import annotations

import attrs
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from engine.terminal import Kind, Transaction, Verdict
from hardware.carrier import TcpCarrier
from hardware.terminal.nexo.outlet import TcpOutlet
from hardware.terminal.tips import tip_of
from hardware.terminal.zvt import codec
from hardware.terminal.zvt.codec import Profile
from hardware.terminal.zvt.person import Plan
from tests.hardware.nexo_rig import open_nexo
from tests.hardware.terminal_rig import KEEPER, open_shop, sale

TIPPED = attrs.evolve(sale(1000), tip_minor=150)
TIPS = st.integers(0, 10_000)


def test_the_command_has_one_amount_and_the_tip_within_it() -> None:
    """Field 04 is all of it, tag 1F36 the tip: the same tag the terminal tells one with."""
    golden = "0601170400000000115049097819400609" + "1f3606000000000150"
    assert golden == codec.command(TIPPED, Profile()).hex()


@given(st.integers(1, 10_000), TIPS, st.integers(0, 30_000), TIPS)
def test_a_tip_is_never_more_than_the_amount_has_beyond_the_goods(
    goods: int, tip: int, amount: int, told: int
) -> None:
    """Unless the terminal names one itself; goods come first."""
    found = tip_of(Transaction(Kind.SALE, goods, 978, tip_minor=tip), amount, told)
    if told > tip:
        assert told == found
    else:
        assert min(tip, max(0, amount - goods)) == found


@pytest.mark.parametrize("says", [None, 0])
async def test_a_zvt_terminal_charges_goods_and_tip(says: int | None) -> None:
    """Whether or not it names the tip again, it is a tip and the goods are paid whole."""
    async with open_shop(TcpCarrier()) as shop:
        with trio.fail_after(20):
            if says == 0:
                shop.fake.plans.append(Plan(names_tip=False))
            paid = await shop.device.request(TIPPED)
    assert (Verdict.APPROVED, "ok") == (paid.verdict, paid.code)
    assert (1150, 150, 1000, 150) == (
        paid.amount_minor,
        paid.tip_minor,
        paid.asked_minor,
        paid.asked_tip_minor,
    )
    assert 1150 == shop.fake.ledger.booked_minor


async def test_a_tip_that_is_asked_for_and_another_at_the_terminal() -> None:
    """What the customer gives there besides is a tip too."""
    async with open_shop(TcpCarrier()) as shop:
        with trio.fail_after(20):
            shop.fake.plans.append(Plan(tip_minor=50))
            paid = await shop.device.request(TIPPED)
    assert (Verdict.APPROVED, 1200, 200) == (paid.verdict, paid.amount_minor, paid.tip_minor)


async def test_less_on_the_card_pays_goods_first() -> None:
    """Half of 11.50 is less than the goods: nothing of it is a tip."""
    async with open_shop(TcpCarrier()) as shop:
        with trio.fail_after(20):
            shop.fake.plans.append(Plan(partial_minor=-1, names_tip=False))
            paid = await shop.device.request(attrs.evolve(TIPPED, partial_allowed=True))
    assert (Verdict.PARTIALLY_APPROVED, 575, 0) == (
        paid.verdict,
        paid.amount_minor,
        paid.tip_minor,
    )


@pytest.mark.parametrize("names_tip", [True, False])
async def test_a_lost_answer_is_settled_with_the_tip(names_tip: bool) -> None:
    """What was asked for beside the goods is known to the doubt: the recalled amount fits."""
    async with open_shop(TcpCarrier()) as shop:
        with trio.fail_after(30):
            shop.fake.plans.append(Plan(breaks=True, names_tip=names_tip))
            doubt = await shop.device.request(TIPPED)
            assert Verdict.UNKNOWN is doubt.verdict
            await shop.reconnected(1)
            found = await shop.device.inquire(doubt)
    assert (Verdict.APPROVED, 1150, 150) == (found.verdict, found.amount_minor, found.tip_minor)


async def test_a_nexo_terminal_charges_goods_and_tip() -> None:
    """RequestedAmount is all of it, TipAmount the tip."""
    async with open_nexo(TcpOutlet()) as shop:
        with trio.fail_after(20):
            paid = await shop.device.request(TIPPED)
    assert (Verdict.APPROVED, 1150, 150) == (paid.verdict, paid.amount_minor, paid.tip_minor)
    assert 1150 == shop.fake.ledger.booked_minor


async def test_the_doubt_that_is_kept_names_the_tip() -> None:
    """Before the first byte: so an inquiry after a restart knows it."""
    from actors.terminal_messages import Request

    async with open_shop(TcpCarrier()) as shop:
        with trio.fail_after(20):
            await shop.rig.post.ask("terminal/one", Request("r1", TIPPED, KEEPER), timeout_s=10)
    assert [150] == [doubt.asked_tip_minor for doubt in shop.doubts]


@pytest.mark.parametrize("tip_minor", [-1, 10**12 - 1000])
def test_tips_that_cannot_be(tip_minor: int) -> None:
    """Never below nothing, and what is charged fits the field."""
    with pytest.raises(ValueError, match="tip_minor"):
        attrs.evolve(sale(1000), tip_minor=tip_minor)
