"""Returns of bundles: parts are kept or the rest is priced again, and both end at what was paid."""

from __future__ import annotations

import attrs
import pytest

from engine import limits
from engine.catalog import ItemChanged
from engine.order.commands import (
    AddReturnLine,
    ChoosePromotion,
    CompLine,
    StartTendering,
    VoidLine,
    VoidOrder,
)
from engine.order.events import ReturnLineAdded
from engine.order.refusal import Refusal
from engine.order.state import Order
from engine.promotion.decide import SetPromotions
from engine.promotion.model import (
    Benefit,
    BenefitKind,
    Off,
    OffKind,
    Policy,
    Promotion,
    ReturnPolicy,
    Selection,
    Slot,
    Span,
    Tier,
)
from engine.settings import TaxClass, TaxClassesSet
from engine.taxes import SetTaxes
from engine.till import OpenTill
from tests.shop import START_NS, TAXES, Shop, item
from tests.tax_shop import rule, setup

FREE = Off(OffKind.PERCENT, 1_000_000)
AGAIN = ReturnPolicy.REEVALUATE
TRIO = Promotion(
    "trio",
    "3 for 2",
    Benefit(BenefitKind.BUY_GET, FREE, buy=2, get=1),
    (Selection(("ten", "eight", "six")),),
    returns=AGAIN,
)
DOZEN = Promotion(
    "tier",
    "From 3",
    Benefit(BenefitKind.TIERS, tiers=(Tier(3, Off(OffKind.PRICE, 500)),)),
    (Selection(("ten",)),),
    returns=AGAIN,
)


def shop_with(*promotions: Promotion, policy: Policy = Policy.BEST, store_id: str = "") -> Shop:
    """Two registers, goods of 10.00, 8.00 and 6.00 at two rates, and these promotions."""
    shop = Shop.selling(store_id=store_id)
    shop.ok(OpenTill(()), "2")
    for code, price, rate in (
        ("ten", 1000, "standard"), ("eight", 800, "reduced"), ("six", 600, "reduced"),
    ):  # fmt: skip
        shop.given(ItemChanged(item(code, code, price, tax_class=rate)))
    shop.ok(SetPromotions(promotions, policy), admin=True)
    return shop


def back(shop: Shop, sale: str, line: int, quantity_milli: int = 1000) -> int:
    """What is paid out for goods that come back, in minor units."""
    answer = shop.ok(AddReturnLine(sale, line, quantity_milli, "x"))
    shop.pay()
    return -int(answer["total_minor"])


def settled(order: Order) -> bool:
    """Whether each line gave back what was paid for it, with its tax."""
    assert order.figures is not None
    gone = [(line.returned_total_minor, line.returned_tax_minor) for line in order.lines]
    return gone == [(row.total_minor, row.tax_minor) for row in order.figures.lines]


@pytest.mark.parametrize(
    ("policy", "wanted"), [(AGAIN, [0, 800, 1000]), (ReturnPolicy.KEEP, [450, 600, 750])]
)
def test_the_cheapest_of_a_trio_comes_back_first(policy: ReturnPolicy, wanted: list[int]) -> None:
    """10.00, 8.00 and a free 6.00 cost 18.00: without the 6.00 they still do, or each keeps its
    part of what came off."""
    shop = shop_with(attrs.evolve(TRIO, returns=policy))
    sale = shop.sell("ten", "eight", "six")
    assert wanted == [back(shop, sale, line) for line in (3, 2, 1)]
    assert settled(shop.order(sale))


def test_what_stays_and_costs_more_is_told_at_its_own_taxes() -> None:
    """The return has a line for each of the goods priced again, and every rate of tax is right."""
    shop = shop_with(TRIO)
    sale = shop.sell("ten", "eight", "six")
    order = shop.order(shop.ok(AddReturnLine(sale, 3, 1000, "x"))["order_id"])
    told = [(line.source.line, line.quantity_milli, line.source.total_minor)
            for line in order.lines if line.source]  # fmt: skip
    assert [(3, -1000, -450), (1, 0, 250), (2, 0, 200)] == told
    shop.pay()
    figures = shop.order(order.id).figures
    assert figures is not None
    assert {190_000: 250, 70_000: -250} == {row.rate_ppm: row.total_minor for row in figures.taxes}
    text = [block.left for block in shop.printed()[-1].blocks]
    assert 2 == text.count("  Priced again, it stays")
    assert "Returned bundles are priced again" in [b.left for b in shop.printed()[-2].blocks]


def test_what_is_priced_again_counts_as_lines_too() -> None:
    """The return of one takes a line for each of the three, and an order has room for so many."""
    shop = shop_with(TRIO)
    sale = shop.sell("ten", "eight", "six")
    shop.ring(*["bread"] * (limits.LINES_PER_ORDER_MAX - 2))
    body = AddReturnLine(sale, 3, 1000, "x")
    assert shop.no(body) == Refusal.LINES_LIMIT_REACHED
    assert shop.refused(body) == {"maximum": limits.LINES_PER_ORDER_MAX}
    assert not shop.events(ReturnLineAdded)


def test_goods_without_tax_that_stay_are_told_too() -> None:
    """The 10.00 of a trio is free of tax: what it costs more now has no tax, and is told."""
    shop = shop_with(TRIO)
    shop.given(TaxClassesSet((*TAXES, TaxClass("none", "No VAT", 0, "N"))))
    shop.given(ItemChanged(item("ten", "ten", 1000, tax_class="none")))
    sale = shop.sell("ten", "eight", "six")
    order = shop.order(shop.ok(AddReturnLine(sale, 3, 1000, "x"))["order_id"])
    told = [(line.source.line, line.source.total_minor, line.source.tax_minor)
            for line in order.lines if line.source]  # fmt: skip
    assert [(3, -450, -30), (1, 250, 0), (2, 200, 13)] == told
    assert 0 == shop.pay()["total_minor"]


def test_nobody_pays_for_bringing_goods_back() -> None:
    """Three at 5.00, two at 10.00 each: the first brings nothing, the last all that is left."""
    shop = shop_with(DOZEN)
    sale = shop.sell("ten", "ten", "ten")
    assert [0, 500, 1000] == [back(shop, sale, line) for line in (2, 1, 3)]
    assert settled(shop.order(sale))


def test_no_return_brings_more_than_the_goods_cost() -> None:
    """Without the goods that a poor promotion took, a better one would make all the rest free."""
    pair = Benefit(BenefitKind.BUNDLE, Off(OffKind.PERCENT, 100_000),
                   slots=(Slot(0, 1), Slot(1, 1)))  # fmt: skip
    poor = Promotion("poor", "P", pair, (Selection(("ten",)), Selection(("eight",))),
                     priority=2, returns=AGAIN)  # fmt: skip
    good = Promotion("good", "G", attrs.evolve(pair, off=FREE),
                     (Selection(("eight",)), Selection(("six",))), returns=AGAIN)  # fmt: skip
    shop = shop_with(poor, good, policy=Policy.STRICT_PRIORITY)
    sale = shop.sell("ten", "eight", "eight", "six", "six")
    paid = shop.order(sale).figures
    assert paid is not None
    assert 1620 + 600 == paid.total_minor
    assert 1000 == back(shop, sale, 1)
    rest = [back(shop, sale, line) for line in (4, 2, 5, 3)]
    assert 1220 == sum(rest)
    assert settled(shop.order(sale))


def test_a_promotion_that_had_a_limit_never_takes_more_than_it_took() -> None:
    """As above, but what the better one may take is limited: of the four goods that stay it makes
    one pair free as in the sale, and not both."""
    pair = Benefit(BenefitKind.BUNDLE, Off(OffKind.PERCENT, 100_000),
                   slots=(Slot(0, 1), Slot(1, 1)))  # fmt: skip
    poor = Promotion("poor", "P", pair, (Selection(("ten",)), Selection(("eight",))),
                     priority=2, returns=AGAIN)  # fmt: skip
    good = Promotion("good", "G", attrs.evolve(pair, off=FREE),
                     (Selection(("eight",)), Selection(("six",))),
                     returns=AGAIN, budget_minor=100_000)  # fmt: skip
    shop = shop_with(poor, good, policy=Policy.STRICT_PRIORITY)
    sale = shop.sell("ten", "eight", "eight", "six", "six")
    paid = shop.order(sale).figures
    assert paid is not None
    assert 1620 + 600 == paid.total_minor
    assert 1620 + 600 - 1400 == back(shop, sale, 1)
    assert 1400 == sum(back(shop, sale, line) for line in (4, 2, 5, 3))
    assert settled(shop.order(sale))


def test_what_was_given_away_is_no_part_of_what_is_priced_again() -> None:
    """Of two at 6.00 one was spilt and given away: the trio of the other three is as above."""
    shop = shop_with(TRIO)
    sale = shop.ring("ten", "eight", "six", "six")
    shop.ok(CompLine(4, "spilt"))
    assert 1800 == shop.pay()["total_minor"]
    assert [0, 800, 1000] == [back(shop, sale, line) for line in (3, 2, 1)]


def test_what_stays_as_it_was_is_not_told() -> None:
    """The milk has a promotion of its own, priced again like the trio, and costs what it did."""
    milk = Promotion("milk", "M", Benefit(BenefitKind.EACH, Off(OffKind.AMOUNT, 10)),
                     (Selection(("milk",)),), returns=AGAIN)  # fmt: skip
    shop = shop_with(TRIO, milk)
    shop.ok(SetTaxes(setup(rule("vat", 100_000, included=True))), admin=True)
    sale = shop.sell("ten", "eight", "six", "milk")
    order = shop.order(shop.ok(AddReturnLine(sale, 3, 1000, "x"))["order_id"])
    told = [(e.source.line, e.source.total_minor) for e in order.lines if e.source]
    assert [(3, -450), (1, 250), (2, 200)] == told
    shop.pay()
    assert [119, 800, 1000] == [back(shop, sale, line) for line in (4, 2, 1)]
    assert settled(shop.order(sale))


def test_goods_under_tax_rules_go_back_with_each_of_their_taxes() -> None:
    """What stays and costs more has its part of the tax, and at the end all of it is back."""
    shop = shop_with(TRIO)
    shop.ok(SetTaxes(setup(rule("vat", 100_000, included=True))), admin=True)
    sale = shop.sell("ten", "eight", "six")
    order = shop.order(shop.ok(AddReturnLine(sale, 3, 1000, "x"))["order_id"])
    taxes = [[entry.share.tax_minor for entry in line.source.taxes]
             for line in order.lines if line.source]  # fmt: skip
    assert [[41], [-23], [-18]] == taxes
    shop.pay()
    assert 1800 == back(shop, sale, 2) + back(shop, sale, 1)
    assert settled(shop.order(sale))


def test_the_promotions_of_the_sale_count_and_no_others() -> None:
    """What is in force later, and whether the hour is over, is nothing to a return."""
    hour = attrs.evolve(TRIO, starts_s=START_NS // 10**9 - 60, ends_s=START_NS // 10**9 + 60)
    shop = shop_with(hour)
    sale = shop.sell("ten", "ten", "eight", "six", "six", "six")
    shop.ok(SetPromotions((attrs.evolve(TRIO, benefit=Benefit(BenefitKind.EACH, FREE)),)),
            admin=True)  # fmt: skip
    shop.now_ns += 3_600 * 10**9
    # 8.00 and 6.00 were free; of five or four goods the 8.00 still is.
    assert [0, 600] == [back(shop, sale, line) for line in (4, 5)]
    replayed = shop.replayed().archive[sale]
    assert shop.order(sale).figures == replayed.figures


@pytest.mark.parametrize("is_given", [False, True])
def test_what_opened_a_promotion_is_taken_as_still_so(*, is_given: bool) -> None:
    """It was of one hour of the week, or given by a person: the four that stay of five are as cheap
    as they were, at another hour and with nobody to give it again."""
    noon = (Span(2 * 1440 + 12 * 60, 2 * 1440 + 13 * 60),)  # of Wednesday, as the shop's clock says
    shop = shop_with(attrs.evolve(DOZEN, manual=is_given, weekly=() if is_given else noon))
    sale = shop.ring(*["ten"] * 5)
    if is_given:
        shop.ok(ChoosePromotion("tier", "regular"))
    assert 2500 == shop.pay()["total_minor"]
    shop.now_ns += 7_200 * 10**9
    assert [500, 500] == [back(shop, sale, line) for line in (1, 2)]


def test_what_is_priced_again_goes_with_its_goods() -> None:
    """A return line that is taken out takes along what it had priced again, whichever is named."""
    shop = shop_with(TRIO)
    sale = shop.sell("ten", "eight", "six")
    for named in (1, 5):
        order_id = shop.ok(AddReturnLine(sale, 3, 1000, "x"))["order_id"]
        answer = shop.ok(VoidLine(named, "no"))
        assert (0, ()) == (answer["total_minor"], shop.order(order_id).live_lines())
    shop.ok(VoidOrder("no"))
    assert 1000 == back(shop, sale, 1) + back(shop, sale, 3)


def test_a_return_that_another_overtook_is_rung_up_anew() -> None:
    """Register 2 reckoned with three goods out; one of them is back since."""
    shop = shop_with(TRIO)
    sale = shop.sell("ten", "eight", "six")
    assert -400 == shop.ok(AddReturnLine(sale, 1, 1000, "x"), "2")["total_minor"]
    assert 0 == back(shop, sale, 3)
    assert Refusal.RETURN_MUST_BE_WHAT_WAS_PAID == shop.no(StartTendering(), "2")
    shop.ok(VoidLine(1, "anew"), "2")
    assert -1000 == shop.ok(AddReturnLine(sale, 1, 1000, "x"), "2")["total_minor"]
    shop.pay(register="2")
    assert 800 == back(shop, sale, 2)
    assert settled(shop.order(sale))


def test_two_returns_in_one_order_are_reckoned_one_after_the_other() -> None:
    """The second knows of the first, and both fit when it is paid."""
    shop = shop_with(TRIO)
    sale = shop.sell("ten", "eight", "six")
    assert 0 == shop.ok(AddReturnLine(sale, 3, 1000, "x"))["total_minor"]
    assert -800 == shop.ok(AddReturnLine(sale, 2, 1000, "x"))["total_minor"]
    assert -800 == shop.pay()["total_minor"]
    assert 1000 == back(shop, sale, 1)
    assert settled(shop.order(sale))


def test_a_sale_of_kept_parts_records_nothing() -> None:
    """Promotions are written down with a sale only where its returns need them, with all that
    took something off beside them."""
    other = Promotion("milk", "M", Benefit(BenefitKind.EACH, FREE), (Selection(("milk",)),))
    shop = shop_with(TRIO, other)
    for codes, wanted in (
        (("milk", "ten"), None),
        (("ten", "eight", "six"), ["trio"]),
        (("ten", "eight", "six", "milk"), ["trio", "milk"]),
    ):
        figures = shop.order(shop.sell(*codes)).figures
        assert figures is not None
        recorded = figures.recorded
        assert wanted == (recorded and [one.id for one in recorded.promotions])


def test_goods_of_a_bundle_that_another_till_took_back_are_no_fault_of_the_next_scan() -> None:
    """The return on the screen names the ten, which came back at the other till since: the next
    goods are not added to it, and it is said which of its lines is too much."""
    shop = shop_with(TRIO)
    sale = shop.sell("ten", "eight", "six")
    shop.ok(AddReturnLine(sale, 1, 1_000, "x"))
    shop.ok(AddReturnLine(sale, 1, 1_000, "x"), "2")
    shop.pay(register="2")
    assert {"line": 1, "left_milli": 0} == shop.refused(AddReturnLine(sale, 3, 1_000, "x"))
    shop.ok(VoidLine(1))
    shop.ok(AddReturnLine(sale, 3, 1_000, "x"))
