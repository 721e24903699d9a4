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

    async def rules(self, **rules: bool) -> None:
        """Give the register rules for paper."""
        setup = attrs.asdict(self.shop.store.books.settings.registers["1"]) | rules
        await self.shop.office("settings.define_register", setup=setup)

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
async def test_without_lines_the_copies_are_ours_as_the_register_has_it(
    folder: Path, open_kind: Any
) -> None:
    """A terminal that sends no receipts, and a register that wants the merchant's copy of each
    payment and a slip for who was declined: each with the number that the terminal told of the
    shop, and the decline as what it is."""
    async with open_kind(folder) as here:
        await here.rules(merchant_copies=True, declined_slips=True)
        await here.shop.do("order.add_line", code="wine")
        await here.pays("declined", decline=here.decline)
        await here.pays("approved", prints=False)
        await here.shop.do("order.complete")
        papers = await here.counter.wait_receipts(4)
        assert [True, True, False, False] == ["not a receipt" in text for text in papers]
        assert ["Merchant copy" in text for text in papers] == [True, False, True, False]
        assert ["Customer copy" in text for text in papers] == [False, True, False, True]
        assert [False, False, False, True] == ["Total" in text for text in papers]
        # A nexo terminal tells who the merchant is with a payment's result alone.
        number = "455600000599" if isinstance(here.terminal, TerminalFake) else "SIMULATED"
        assert [True, True] == [number in text for text in papers[2:]]


async def test_what_a_zvt_terminal_wants_on_paper_is_there_without_a_rule(folder: Path) -> None:
    """Tag 45 wants both copies whatever becomes of it, and 46 and 47 have what the chip says."""
    wants = ((0x45, b"\x22\0\0\0"), (0x46, b"AID OF THE CHIP"), (0x47, b"TVR 0000048000"))
    async with zvt(folder) as here:
        await here.shop.do("order.add_line", code="wine")
        await here.pays("declined", decline=here.decline, objects=wants)
        await here.pays("approved", prints=False, objects=wants)
        await here.shop.do("order.complete")
        papers = await here.counter.wait_receipts(4)
        assert [True, True, False, False] == ["Declined" in text for text in papers]
        assert [False, True, False, True] == ["AID OF THE CHIP" in text for text in papers]
        assert [True, False, True, False] == ["TVR 0000048000" in text for text in papers]


async def test_what_a_nexo_terminal_names_and_does_not_send_is_made_here(folder: Path) -> None:
    """A receipt without a line is one that is wanted; the merchant's is to be signed."""
    names = ({"DocumentQualifier": "CashierReceipt", "RequiredSignatureFlag": True},
             {"DocumentQualifier": "CustomerReceipt"})  # fmt: skip
    async with nexo(folder) as here:
        await here.shop.do("order.add_line", code="wine")
        await here.pays("declined", decline=here.decline, extra={"PaymentReceipt": names})
        await here.pays("approved", prints=False, extra={"PaymentReceipt": names})
        await here.shop.do("order.complete")
        papers = await here.counter.wait_receipts(4)
        assert [True, True, False, False] == ["Declined" in text for text in papers]
        assert [False, False, True, False] == ["Signature" in text for text in papers]


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
