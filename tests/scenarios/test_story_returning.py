"""Bringing back and exchanging: against the receipt, at the price paid, never more than sold."""

from __future__ import annotations

from itertools import permutations

import pytest

from engine.catalog import ChangeItem
from engine.order.commands import (
    AddLine,
    AddReturnLine,
    CompleteOrder,
    DiscountOrder,
    StartTendering,
    TenderCash,
)
from engine.order.events import (
    OrderCompleted,
)
from engine.order.figures import DiscountKind
from engine.settings import SetTaxClasses, TaxClass
from engine.till import OpenTill
from tests.shop import Shop, item


def bought() -> tuple[Shop, str]:
    """Three breads and two wines for 25.00 after 1.48 off the whole; two registers can refund."""
    shop = Shop.selling()
    shop.ok(OpenTill(()), "2")
    shop.ok(AddLine("bread", "", 3000))
    order_id = shop.ok(AddLine("wine", "", 2000))["order_id"]
    shop.ok(DiscountOrder(DiscountKind.AMOUNT, 148))
    assert shop.pay()["total_minor"] == 2500
    return shop, order_id


def give_back(shop: Shop, order_id: str, line: int, pieces: int, register: str = "1") -> int:
    """Return so many pieces of a line in an order of its own; what was paid out, in minor units."""
    shop.ok(AddReturnLine(order_id, line, pieces * 1000, "no need"), register)
    return -int(shop.pay(register=register)["total_minor"])


@pytest.mark.feature("CHK-09")
def test_never_more_than_was_sold() -> None:
    """Over several visits only what was bought comes back, then nothing more."""
    shop, order_id = bought()
    give_back(shop, order_id, 1, 2)
    assert shop.refused(AddReturnLine(order_id, 1, 2000, "x")) == {"left_milli": 1000}
    give_back(shop, order_id, 1, 1, "2")
    for register in ("1", "2"):
        one_more = AddReturnLine(order_id, 1, 1000, "x")
        assert shop.no(one_more, register) == "return_must_be_within_sold"


@pytest.mark.feature("CHK-09")
def test_what_was_paid_comes_back_not_what_it_costs_today() -> None:
    """Dearer goods and other taxes since then change nothing; the discount is given back too."""
    shop, order_id = bought()
    shop.ok(ChangeItem(item("wine", "Wine", 2999, tax_class="standard")), admin=True)
    rates = (TaxClass("standard", "VAT", 250_000, "A"), TaxClass("reduced", "VAT", 50_000, "B"))
    shop.ok(SetTaxClasses(rates), admin=True)
    figures = shop.order(order_id).figures
    assert figures is not None
    wine = figures.lines[1]
    assert wine.total_minor < 2 * 799
    assert give_back(shop, order_id, 2, 2) == wine.total_minor
    refund = shop.events(OrderCompleted)[-1].figures
    assert [(row.rate_ppm, row.tax_minor) for row in refund.taxes] == [(190_000, -wine.tax_minor)]


@pytest.mark.feature("CHK-09")
@pytest.mark.parametrize("steps", sorted(set(permutations(((1, 1), (1, 2), (2, 1), (2, 1))))))
def test_any_order_of_visits_ends_at_what_was_paid(steps: tuple[tuple[int, int], ...]) -> None:
    """However the goods come back, in the end exactly 25.00 was paid out."""
    shop, order_id = bought()
    assert sum(give_back(shop, order_id, line, pieces) for line, pieces in steps) == 2500


@pytest.mark.feature("CHK-09")
def test_two_registers_race_for_the_last_bottle() -> None:
    """Both rang it up before either paid out; one refund goes through, the other is refused."""
    shop, order_id = bought()
    give_back(shop, order_id, 2, 1)
    for register in ("1", "2"):
        shop.ok(AddReturnLine(order_id, 2, 1000, "corked"), register)
    answer = shop.ok(StartTendering(), "2")
    shop.ok(TenderCash(answer["cash_due_minor"]), "2")
    shop.pay(register="1")
    assert shop.no(CompleteOrder(), "2") == "return_must_be_within_sold"
    assert shop.order(order_id).lines[1].returned_milli == 2000
    assert len(shop.events(OrderCompleted)) == 3


@pytest.mark.feature("CHK-10")
def test_one_size_larger() -> None:
    """Bread goes back, wine goes out: one amount to pay, one receipt that shows both."""
    shop, order_id = bought()
    figures = shop.order(order_id).figures
    assert figures is not None
    refund = figures.lines[0].total_minor
    shop.ok(AddReturnLine(order_id, 1, 3000, "stale"))
    shop.ok(AddLine("wine", "", 2000))
    due = 2 * 799 - refund
    assert due > 0
    before = len(shop.printed())
    done = shop.pay(2000)
    assert (done["total_minor"], done["change_minor"]) == (due, 2000 - due)
    (receipt,) = shop.printed()[before:]
    lines = [f"{block.left}|{block.right}" for block in receipt.blocks]
    assert f"Bread|-{refund // 100}.{refund % 100:02d} B" in lines
    assert "Wine|15.98 A" in lines
    assert "  Return of receipt 1-000001|" in lines
    assert f"Total|€{due // 100}.{due % 100:02d}" in lines
    totals = shop.books.live.position("1").totals
    assert (totals.returned_minor, totals.gross_minor) == (refund, 2500 + 1598)
    assert totals.total_minor == 2500 + due


@pytest.mark.feature("CHK-10")
def test_one_size_smaller() -> None:
    """Where more goes back than out, the one amount is paid out."""
    shop, order_id = bought()
    figures = shop.order(order_id).figures
    assert figures is not None
    refund = figures.lines[1].total_minor
    shop.ok(AddReturnLine(order_id, 2, 2000, "corked"))
    shop.ok(AddLine("bread"))
    assert shop.pay()["total_minor"] == 350 - refund
    assert shop.books.live.till("1").expected_minor() == 10_000 + 2500 + 350 - refund
    last = shop.printed()[-1].blocks
    assert any(block.left == "Refund" for block in last)


@pytest.mark.feature("CHK-10")
def test_like_for_like() -> None:
    """An even exchange needs no money and still has its receipt and number."""
    shop = Shop.selling()
    order_id = shop.sell("bread")
    shop.ok(AddReturnLine(order_id, 1, 1000, "burnt"))
    shop.ok(AddLine("bread"))
    assert shop.ok(StartTendering())["total_minor"] == 0
    done = shop.ok(CompleteOrder())
    assert (done["total_minor"], done["receipt_number"]) == (0, "1-000002")
    assert len(shop.printed()) == 2
