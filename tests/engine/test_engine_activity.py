"""What the activity log says of money: a row a fact, with the amount whoever looks there wants."""

from __future__ import annotations

from engine.credit.rules import ReturnRules, SetReturnRules
from engine.decision import EVENTS
from engine.order.commands import AddReturnLine, CompleteOrder, RefundToCredit, StartTendering
from engine.order.tender_events import AnyTendered, CreditTendered
from engine.payment.commands import AdjustTip, AnswerTip, AskTip, CaptureTab, OpenTab
from engine.terminal import Verdict
from engine.views.activity import row_of
from engine.views.shapes import ActivityRow
from tests.card_shop import card_shop, hear, with_tip_screen
from tests.clearing_shop import Clearing
from tests.shop import Shop


def rows(shop: Shop) -> list[ActivityRow]:
    """The log of everything that happened at a shop."""
    found = (row_of(record) for record in Clearing(shop).records())
    return [row for row in found if row is not None]


def amounts(shop: Shop, *names: str) -> list[tuple[str, int | None]]:
    """What it says of facts of these names, oldest first."""
    return [(row.fact, row.amount_minor) for row in rows(shop) if row.fact in names]


def test_each_tender_has_its_amount_in_the_log() -> None:
    """However it was paid: a note of store credit as much as cash."""
    shop = card_shop()
    shop.ok(SetReturnRules(ReturnRules(store_credit=True)))
    sale = shop.sell("wine")
    shop.ok(AddReturnLine(sale, 1, 1000, "corked"))
    shop.ok(RefundToCredit())
    shop.ok(CompleteOrder())
    tenders = [EVENTS.name_of(kind).partition("/")[0] for kind in AnyTendered.__args__]
    assert EVENTS.name_of(CreditTendered).partition("/")[0] in tenders
    assert amounts(shop, *tenders) == [
        ("order.cash_tendered", 799),
        ("order.credit_tendered", -799),
    ]


def test_a_tab_and_its_tip_have_their_amounts_in_the_log() -> None:
    """Who wrote down how much: a tip is changed by hand until it is charged."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(OpenTab(5000))
    hear(shop, Verdict.APPROVED, 1)
    shop.ok(AdjustTip(100))
    shop.ok(AdjustTip(2000))
    shop.ok(StartTendering())
    shop.ok(CaptureTab())
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(CompleteOrder())
    with_tip_screen(shop)
    shop.ring("wine")
    shop.ok(AskTip())
    shop.ok(AnswerTip(200))
    told = ("order.tab_opened", "order.tip_adjusted", "order.tip_answered")
    assert amounts(shop, *told) == [
        ("order.tab_opened", 5000),
        ("order.tip_adjusted", 100),
        ("order.tip_adjusted", 2000),
        ("order.tip_answered", 200),
    ]
