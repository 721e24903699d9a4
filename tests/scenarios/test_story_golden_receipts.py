"""A rich sale's receipt, its copy, a refund and the Z, on 42 columns of paper in three languages.

After a wanted change: run this file with UPDATE_GOLDEN=1 in the environment,
then read the difference as a customer would.
"""

from __future__ import annotations

from functools import cache

import pytest

from engine.document import Document
from engine.order.commands import (
    AddLine,
    AddNote,
    AddOpenLine,
    AddReturnLine,
    ChangeQuantity,
    DiscountLine,
    DiscountOrder,
    OverridePrice,
    ReprintReceipt,
    VoidLine,
)
from engine.order.events import (
    Audience,
)
from engine.order.figures import DiscountKind
from engine.register import CloseDay, StartTraining
from engine.till import CloseTill, CountTill, Denomination, OpenDrawer, OpenTill, PayIn, PayOut
from tests.golden_paper import hold, on_paper
from tests.shop import Shop

FOOTERS = {"en": "Thank you", "de": "Vielen Dank für Ihren Einkauf", "fr": "Merci, à bientôt"}
PAPERS = ("sale", "sale-copy", "sale-explained", "refund", "z", "training")


@cache
def papers(language: str) -> dict[str, Document]:
    """Each document of a day in one language, under cash rounding to five cents."""
    shop = Shop.selling(
        language=language,
        cash_step_minor=5,
        receipt_footer=FOOTERS[language],
        name="Épicerie Müller",
    )
    shop.ok(AddLine("cheese", "", 477, 20))
    shop.ok(DiscountLine(1, DiscountKind.PERCENT, 100_000, "regular"))
    shop.ring("wine", "bread", "milk", "case-water")
    shop.ok(ChangeQuantity(2, 150_000))
    shop.ok(VoidLine(4))
    shop.ok(OverridePrice(3, 3_000_000, "stale"))
    shop.ok(AddOpenLine("Tulpen – rot & weiß", 12_345_000, "standard"))
    shop.ok(AddNote(Audience.CUSTOMER, "bitte kühl lagern", 1))
    order_id = shop.ok(AddNote(Audience.CUSTOMER, "See you on Sunday"))["order_id"]
    shop.ok(DiscountOrder(DiscountKind.AMOUNT, 998))
    shop.pay(150_000)
    shop.ok(ReprintReceipt(order_id))
    shop.ok(ReprintReceipt(order_id, explained=True))
    shop.ok(AddReturnLine(order_id, 2, 2000, "corked"))
    shop.ok(AddLine("bread"))
    shop.pay()
    shop.ok(PayIn(500, "coins"))
    shop.ok(PayOut(300, "stamps"))
    shop.ok(OpenDrawer("look"))
    shop.ok(CountTill((Denomination(100, 100),)))
    shop.ok(CloseTill())
    shop.ok(CloseDay())
    shop.ok(StartTraining())
    shop.ok(OpenTill(()))
    shop.sell("bread")
    return dict(zip(PAPERS, shop.printed(), strict=True))


@pytest.mark.feature("BO-17", part="receipts in English, German and French")
@pytest.mark.parametrize("language", ["en", "de", "fr"])
@pytest.mark.parametrize("paper", PAPERS)
def test_golden_receipts(language: str, paper: str) -> None:
    """What the customer holds is, line for line, what is kept with the tests."""
    hold(f"{paper}-{language}", papers(language)[paper])


@pytest.mark.feature("RCP-02")
@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_a_printed_copy_is_the_original_and_its_mark(language: str) -> None:
    """Line for line the same paper; only the mark that it is a copy is more, above and below, in
    the language of the paper."""
    original = on_paper(papers(language)["sale"]).splitlines()
    copied = on_paper(papers(language)["sale-copy"]).splitlines()
    mark = {"en": "*** COPY ***", "de": "*** KOPIE ***", "fr": "*** DUPLICATA ***"}[language]
    assert [line.strip() for line in copied if "***" in line] == [mark, mark]
    assert [line for line in copied if mark not in line and line] == [
        line for line in original if line
    ]
