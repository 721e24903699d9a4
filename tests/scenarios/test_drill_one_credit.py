"""Fault drill: one note of store credit, two registers, and a store that begins anew."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.store.harness import OwnShop, assert_verified, open_shop

ROUNDS = 6
RULES: dict[str, Any] = {
    "without_receipt": True,
    "ceiling_minor": 5_000,
    "price": "today",
    "days": 0,
    "store_credit": False,
}


async def note_of(shop: OwnShop, register: str) -> str:
    """Take a wine back without a receipt; the code of its note."""
    back = {"code": "wine", "reason": "no receipt"}
    await shop.do("order.add_return_without_receipt", register, **back)
    code = (await shop.do("order.refund_to_credit", register))["code"]
    await shop.do("order.complete", register)
    return str(code)


@pytest.mark.feature("PAY-11", part="once at two registers and over a restart")
async def test_one_note_is_spent_once_at_two_registers(tmp_path: Path) -> None:
    """Both show it in one batch: one has it, the other is told how much is left. Once sold it is
    spent, also after a restart; a note that is held stays held over one."""
    dice = random.Random(5)
    codes = []
    async with open_shop(tmp_path) as shop:
        await shop.open_register("2", "max")
        await shop.office("settings.set_return_rules", rules=RULES)
        for _ in range(ROUNDS):
            code = await note_of(shop, "2")
            codes.append(code)
            for register in ("1", "2"):
                await shop.do("order.add_line", register, code="wine")
            waiting = [shop.submit("order.tender_credit", r, code=code) for r in ("1", "2")]
            dice.shuffle(waiting)
            answers = await shop.together(*waiting)
            replies = {one.register: reply for one, reply in zip(waiting, answers, strict=True)}
            (winner,) = (register for register, reply in replies.items() if reply.ok)
            (loser,) = set(replies) - {winner}
            assert replies[loser].refusal == {
                "code": "credit_must_suffice",
                "fields": {"code": code, "left_minor": 0},
            }
            await shop.do("order.complete", winner)
            refused = await shop.refused("order.tender_credit", loser, code=code)
            assert refused == "credit_must_not_be_spent"
            await shop.do("order.tender_cash", loser, amount_minor=799)
            await shop.do("order.complete", loser)
        held = await note_of(shop, "2")
        await shop.do("order.add_line", "1", code="bread")
        await shop.do("order.tender_credit", "1", code=held, amount_minor=300)
        await shop.do("order.add_line", "2", code="wine")
    async with open_shop(tmp_path, ready=False) as shop:
        for code in codes:
            spent = await shop.ask("credit.get", "2", {"code": code}, query=True)
            assert spent.refusal == {"code": "credit_must_not_be_spent", "fields": {"code": code}}
        note = await shop.look("credit.get", "2", code=held)
        assert (799, 799, 300) == (note["issued_minor"], note["left_minor"], note["held_minor"])
        ledger = await shop.look("credits.list", "2")
        assert (1, 799) == (ledger["notes"], ledger["left_minor"])
        assert 499 == (await shop.do("order.tender_credit", "2", code=held))["amount_minor"]
        config = shop.store.config
    assert_verified(config)
