"""A number typed at a terminal: what each kind can be told of it, and what it tells."""

from __future__ import annotations

import attrs
import pytest
import trio

from engine.terminal import CardEntry, Verdict
from hardware.carrier import TcpCarrier
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.outlet import TcpOutlet
from hardware.terminal.zvt import codec
from hardware.terminal.zvt.codec import Profile
from hardware.terminal.zvt.person import Plan
from tests.hardware.nexo_rig import open_nexo
from tests.hardware.terminal_rig import open_shop, sale


@pytest.mark.feature("PAY-15", part="nexo terminals are told to have the number typed")
@pytest.mark.parametrize(("entry", "said"), [(CardEntry.KEYED, "keyed"), (CardEntry.PHONE, "moto")])
async def test_a_nexo_terminal_is_told_and_tells(entry: CardEntry, said: str) -> None:
    """ForceEntryMode, and MOTO for an order by phone; the answer names how the card came."""
    async with open_nexo(TcpOutlet()) as shop:
        with trio.fail_after(20):
            paid = await shop.device.request(attrs.evolve(sale(1250), entry=entry))
        (made,) = shop.fake.ledger.entries
    assert isinstance(made.ask, m.PaymentAsk)
    assert said == made.ask.entry
    assert (Verdict.APPROVED, "keyed") == (paid.verdict, paid.card.entry)
    assert "541333******0010" == paid.card.number


def test_zvt_has_no_field_for_it() -> None:
    """No bit of the payment type and no tag says so: the question is the same, and the number is
    typed at the terminal where its contract allows that."""
    plain = codec.command(sale(1250), Profile())
    assert plain == codec.command(attrs.evolve(sale(1250), entry=CardEntry.PHONE), Profile())


@pytest.mark.feature("PAY-15", part="typed on a ZVT terminal while it asks for a card")
async def test_a_number_typed_at_a_zvt_terminal_pays() -> None:
    """The terminal says no way the card came by, and never the number."""
    async with open_shop(TcpCarrier()) as shop:
        shop.fake.plans.append(Plan(card="keyed"))
        with trio.fail_after(20):
            paid = await shop.device.request(attrs.evolve(sale(1250), entry=CardEntry.KEYED))
    assert (Verdict.APPROVED, 1250) == (paid.verdict, paid.amount_minor)
    assert ("", "541333******0010") == (paid.card.entry, paid.card.number)
