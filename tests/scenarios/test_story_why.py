"""Why it costs that: every cent told, why a promotion did nothing, a price to sit and one to go."""

from __future__ import annotations

import pytest

from engine.charge.decide import SetCharges
from engine.charge.model import ChargeKind, ChargeRule
from engine.explain import ReasonKind, explain
from engine.order.commands import (
    ChooseDining,
    DiscountLine,
    DiscountOrder,
    OverridePrice,
    ReprintReceipt,
    TellGuests,
)
from engine.order.events import (
    OrderCompleted,
)
from engine.order.figures import DiscountKind
from engine.order.offered import why_not
from engine.price_list.decide import SetPrices
from engine.price_list.model import PriceEntry, PriceList, PriceSet
from engine.promotion.decide import SetPromotions
from engine.promotion.model import (
    Benefit,
    BenefitKind,
    Gate,
    GateKind,
    Off,
    OffKind,
    Promotion,
    Selection,
    Slot,
)
from engine.tax_rules import Context
from engine.taxation import Dining
from engine.taxes import SetTaxes
from tests.shop import Shop
from tests.tax_shop import rule, setup

BREAD, WINE = Selection(items=("bread",)), Selection(items=("wine",))
THIRD = Promotion(
    "third",
    "Third bread free",
    Benefit(BenefitKind.BUY_GET, Off(OffKind.PERCENT, 1_000_000), buy=2, get=1),
    (BREAD,),
)
PARTY = Promotion(
    "party",
    "10 off from 100",
    Benefit(BenefitKind.CART, Off(OffKind.AMOUNT, 1_000)),
    gates=(Gate(GateKind.MIN_SPEND, 10_000),),
)
MARKED = PriceList("end", "Last bottles", (PriceEntry("wine", 7_000_000),), markdown=True)


def printed(shop: Shop) -> list[tuple[str, str]]:
    """The last document's lines, left and right."""
    return [(block.left.strip(), block.right) for block in shop.printed()[-1].blocks]


@pytest.mark.feature("NEW-22")
def test_every_cent_of_a_total_has_a_reason() -> None:
    """A markdown, an override, a promotion, two discounts, a charge and two taxes on top: the
    reasons of each line sum to it, the lines to the total, and paper says the same. The promotion
    that did nothing names the clause that failed, with how much was missing."""
    shop = Shop.selling()
    vat, city = rule("vat", 190_000), rule("city", 12_500, jurisdiction="port", after=("vat",))
    shop.ok(SetTaxes(setup(vat, city)), admin=True)
    shop.ok(SetPromotions((THIRD, PARTY)), admin=True)
    shop.ok(SetPrices(PriceSet(lists=(MARKED,))), admin=True)
    service = ChargeRule("service", "Service", ChargeKind.SERVICE, 125_000, tax_class="standard")
    shop.ok(SetCharges((service,)), admin=True)
    order_id = shop.ring("bread", "bread", "bread", "wine", "milk")
    shop.ok(OverridePrice(5, 1_190_000, "dented"))
    shop.ok(DiscountLine(4, DiscountKind.PERCENT, 33_333, "regular"))
    shop.ok(TellGuests(2))
    total = shop.ok(DiscountOrder(DiscountKind.AMOUNT, 101, "opening day"))["total_minor"]
    books, order = shop.books, shop.order(order_id)
    (missing,) = why_not(order, books.tariff_of(order), ("party",))
    assert (missing.code, missing.need) == ("spend_too_small", 10_000)
    assert missing.have == 350 + 350 + 700 + 119
    shop.pay()
    (done,) = shop.events(OrderCompleted)
    figures = done.figures
    assert figures.total_minor == total
    told = explain(shop.order(order_id), figures, books.settings.required())
    for line in told:
        counted = [r for r in line.reasons if r.kind is not ReasonKind.TAX_INCLUDED]
        assert sum(reason.amount_minor for reason in counted) == line.total_minor
        # Nothing is left over: an amount is its exact share and at most a cent of rounding.
        assert all(abs(reason.rounding_micro) <= 1_000_000 for reason in counted)
    assert sum(line.total_minor for line in told) == total
    kinds = {reason.kind for line in told for reason in line.reasons}
    assert kinds == {
        ReasonKind.LIST_PRICE,
        ReasonKind.MARKDOWN,
        ReasonKind.OVERRIDE,
        ReasonKind.PROMOTION,
        ReasonKind.LINE_DISCOUNT,
        ReasonKind.ORDER_DISCOUNT,
        ReasonKind.CHARGE,
        ReasonKind.TAX_ADDED,
    }
    wine = told[3]
    assert [(r.kind, r.name, r.amount_minor) for r in wine.reasons[:2]] == [
        (ReasonKind.LIST_PRICE, "", 799),
        (ReasonKind.MARKDOWN, "Last bottles", -99),
    ]
    shop.ok(ReprintReceipt(order_id, explained=True))
    paper = printed(shop)
    at = next(at for at, (left, _) in enumerate(paper) if left == "Why these prices")
    assert ("Marked down (Last bottles)", "-0.99") in paper[at:]
    assert ("Third bread free", "-1.17") in paper[at:], "a third of the free one is each one's"


@pytest.mark.feature("PRC-07")
def test_a_coffee_to_go_has_its_own_price_and_its_own_tax() -> None:
    """Sitting down it is 3.50 and 20 %, taken away 3.00 and 10 %: answered, frozen and on paper."""
    rules = (
        rule("eaten-in", 200_000, context=Context.EAT_IN),
        rule("taken-away", 100_000, context=Context.TAKEAWAY),
    )
    to_go = PriceList(
        "go", "To go", (PriceEntry("bread", 3_000_000),), dining_options=("takeaway",)
    )
    shop = Shop.selling()
    shop.ok(SetTaxes(setup(*rules)), admin=True)
    shop.ok(SetPrices(PriceSet(lists=(to_go,))), admin=True)
    for dining, net, tax in ((Dining.EAT_IN, 350, 70), (Dining.TAKEAWAY, 300, 30)):
        shop.ring("bread")
        assert shop.ok(ChooseDining(dining))["total_minor"] == net + tax
        assert shop.pay()["total_minor"] == net + tax
        figures = shop.events(OrderCompleted)[-1].figures
        (row,) = figures.taxes
        assert (row.base_minor, row.tax_minor) == (net, tax)
        assert figures.lines[0].unit_price_micros == net * 10_000
        assert f"{net / 100:.2f}" in "\n".join(right for _, right in printed(shop))


@pytest.mark.feature("CAT-03", part="the price of a bundle is apportioned to its goods to the cent")
@pytest.mark.feature("RCP-05", part="base, rate and tax of each rate")
def test_a_menu_is_shared_out_to_its_goods_and_their_rates() -> None:
    """Bread and wine for 10.00 are 3.05 and 6.95: each at its rate, and the paper tells both."""
    menu = Promotion(
        "menu",
        "Bread and wine",
        Benefit(BenefitKind.BUNDLE, Off(OffKind.PRICE, 1_000), slots=(Slot(0, 1), Slot(1, 1))),
        (BREAD, WINE),
    )
    shop = Shop.selling()
    shop.ok(SetPromotions((menu,)), admin=True)
    shop.sell("bread", "wine")
    (done,) = shop.events(OrderCompleted)
    # 1.49 off 11.49: 350/1149 of it are 0.4539, 799/1149 are 1.0361.
    assert [row.net_minor for row in done.figures.lines] == [350 - 45, 799 - 104]
    assert done.figures.total_minor == 1_000
    paper = printed(shop)
    # 3.05 with 7 % in it is 2.85 and 0.20; 6.95 with 19 % in it is 5.84 and 1.11.
    assert ("B Tax 7 %  Net 2.85", "0.20") in paper
    assert ("A Tax 19 %  Net 5.84", "1.11") in paper
