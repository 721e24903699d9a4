"""What card terminals of both protocols print, from their messages to the paper of the register."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
from attrs import define

from hardware.terminal.nexo import play
from hardware.terminal.nexo.fake import NexoFake
from hardware.terminal.nexo.messages import ReversalAsk
from hardware.terminal.zvt.fake import TerminalFake
from hardware.terminal.zvt.person import Plan
from tests.store.harness import CounterTop, OwnShop, open_counter, open_shop, own_config
from tests.store.test_card_payments import payment, terminal_ready
from tests.store.test_terminal_days import nexo_terminal

CARD, DECLINED = "CARD PAYMENT", "PAYMENT DECLINED"


@define(eq=False)
class AtTheCounter:
    """A store whose register 1 has a terminal and a printer; `plan` is a transaction of it."""

    shop: OwnShop
    counter: CounterTop
    terminal: TerminalFake | NexoFake
    plan: Callable[..., Any]
    decline: str | int

    async def pays(self, standing: str, **changes: Any) -> None:
        """A card for what is due, to its end."""
        self.terminal.plans.append(self.plan(**changes))
        await self.shop.do("payment.request")
        await payment(self.shop, standing)


@asynccontextmanager
async def zvt(folder: Path) -> AsyncIterator[AtTheCounter]:
    """With a ZVT terminal."""
    async with (
        open_counter(folder) as counter,
        open_shop(folder, counter=counter) as shop,
    ):
        await terminal_ready(shop)
        yield AtTheCounter(shop, counter, counter.terminal, Plan, 0x05)


@asynccontextmanager
async def nexo(folder: Path) -> AsyncIterator[AtTheCounter]:
    """With a nexo terminal."""
    async with open_counter(folder) as counter, nexo_terminal(folder) as (fake, device):
        others = [one for one in counter.devices() if one.kind != "terminal"]
        config = own_config(folder, devices=(*others, device))
        async with open_shop(folder, config=config, with_children=True) as shop:
            setup = attrs.asdict(shop.store.books.settings.registers["1"])
            setup |= {"terminal": "terminal/1", "printer": "printer/1"}
            await shop.office("settings.define_register", setup=setup)
            await terminal_ready(shop)
            yield AtTheCounter(shop, counter, fake, play.Plan, "Refusal")


KINDS = pytest.mark.parametrize("open_kind", [zvt, nexo])


@KINDS
async def test_a_declined_payment_is_on_paper_where_its_terminal_prints_it(
    folder: Path, open_kind: Any
) -> None:
    """Both copies at once; what it sends nothing of is on none. The one that paid has its
    merchant's copy, and the customer's below the receipt."""
    async with open_kind(folder) as here:
        await here.shop.do("order.add_line", code="wine")
        await here.pays("declined", decline=here.decline)
        await here.pays("declined", decline=here.decline, prints_declined=True)
        await here.pays("approved")
        await here.shop.do("order.complete")
        papers = await here.counter.wait_receipts(4)
        assert [True, True, False, False] == [DECLINED in text for text in papers]
        assert [False, False, True, True] == [CARD in text for text in papers]
        assert [False, False, False, True] == ["Total" in text for text in papers]


async def test_receipts_by_line_are_the_merchants_and_the_customers(folder: Path) -> None:
    """As those that say whose they are."""
    async with zvt(folder) as here:
        await here.shop.do("order.add_line", code="wine")
        await here.pays("declined", decline=here.decline, by_line=True, prints_declined=True)
        await here.pays("approved", by_line=True)
        await here.shop.do("order.complete")
        papers = await here.counter.wait_receipts(4)
        assert [True, True, False, False] == [DECLINED in text for text in papers]
        assert [0, 0, 1, 1] == [text.count(CARD) for text in papers]
        assert [False, False, False, True] == ["Total" in text for text in papers]


@KINDS
async def test_a_payment_found_by_asking_is_on_paper(folder: Path, open_kind: Any) -> None:
    """Its reply was lost, and its receipts with it: they are had again, each copy once."""
    async with open_kind(folder) as here:
        await here.shop.do("order.add_line", code="wine")
        is_zvt = isinstance(here.terminal, TerminalFake)
        await here.pays("approved", **({"breaks": True} if is_zvt else {"lose": "reply"}))
        await here.shop.do("order.complete")
        papers = await here.counter.wait_receipts(2)
        assert [1, 1] == [text.count(CARD) for text in papers]
        assert [False, True] == ["Total" in text for text in papers]


@KINDS
async def test_a_payment_taken_back_is_on_paper(folder: Path, open_kind: Any) -> None:
    """The customer has the slip of the payment and that of its reversal, which is of our making
    where the terminal sends none."""
    async with open_kind(folder) as here:
        await here.shop.do("order.add_line", code="wine")
        await here.pays("approved")
        (merchants,) = await here.counter.wait_receipts(1)
        assert CARD in merchants
        here.terminal.plans.append(here.plan(prints=False))
        await here.shop.do("payment.reverse_tender", tender=1)
        papers = await here.counter.wait_receipts(3)
        assert [CARD in text for text in papers] == [True, False, True]
        assert "Reversal" in papers[1]


@pytest.mark.feature("PAY-06", part="a store's refund at a nexo terminal names what it is of")
async def test_a_refund_by_its_payment_has_the_card_that_paid(folder: Path) -> None:
    """The terminal is told which payment a part goes back of, asks for no card, and the receipt of
    the return has the one that gets it."""
    async with nexo(folder) as here:
        sold = (await here.shop.do("order.add_line", code="wine"))["order_id"]
        await here.shop.do("order.add_line", code="bread")
        await here.pays("approved")
        await here.shop.do("order.complete")
        back = {"order_id": sold, "line": 1, "quantity_milli": 1000, "reason": "corked"}
        await here.shop.do("order.add_return_line", **back)
        await here.pays("approved", card="none")
        await here.shop.do("order.complete")
        papers = await here.counter.wait_receipts(3)
        assert "************0010" in papers[-1]
        assert "mc" in papers[-1]
        assert isinstance(here.terminal, NexoFake)
        paid, refund = [one for one in here.terminal.ledger.entries if one.is_booked]
        assert isinstance(refund.ask, ReversalAsk)
        assert (paid.poi, 799) == (refund.ask.original, refund.amount_minor)
