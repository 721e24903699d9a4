"""Cases of promotions that want the same units, of their limits, and of whom they are for."""

from __future__ import annotations

from typing import Any

from tests.vectors.pricing import (
    PriceCases,
    amount,
    bundle,
    each,
    free,
    good,
    goods,
    only,
    percent,
    price,
    promotion,
)

A = only("a")
SHOPIFY = "two-way tag agreement, as combining discounts is published by several shop systems"


def contests() -> PriceCases:
    """Which promotion has a unit that several want."""
    cases = PriceCases("contests", "Several promotions want the same units.")
    for promotions, prices, left, off, why in (
        ([each("x", percent("10")), each("y", percent("20"))], "10.00", "8.00", "0.00 2.00",
         "2.00 is more than 1.00"),
        ([each("x", percent("10")), each("y", amount("0.50"))], "10.00 3.00", "9.00 2.50",
         "1.00 0.50", "10 % of 10.00 is more than 0.50, of 3.00 less"),
        ([each("x", percent("20")), each("y", percent("20"))], "5.00", "4.00", "1.00 0.00",
         "they save the same: the one named first"),
        ([each("x", percent("20")), each("y", percent("20"), priority=5)], "5.00", "4.00",
         "0.00 1.00", "they save the same: the higher priority"),
        ([each("x", percent("40")), free("y", 2, 1)], "3.00 3.00 3.00", "1.80 1.80 1.80",
         "3.60 0.00", "40 % of 9.00 is 3.60, one of three free 3.00"),
        ([each("x", percent("30")), free("y", 2, 1)], "3.00 3.00 3.00", "2.00 2.00 2.00",
         "0.00 3.00", "30 % of 9.00 is 2.70, one of three free 3.00"),
        ([each("x", percent("30")), free("y", 2, 1)], "3.00 3.00 3.00 3.00",
         "2.00 2.00 2.00 2.10", "0.90 3.00", "three in the deal, 3.00; the fourth has 30 %, 0.90"),
        ([bundle("x", 2, price("5.00")), bundle("y", 3, price("7.00"))], "3.00 3.00 3.00",
         "2.33 2.33 2.34", "0.00 2.00", ("three for 7.00 saves 2.00, two for 5.00 saves 1.00;"
         " 0.666… each, the odd cents to the first two")),
        ([bundle("x", 2, price("5.00")), bundle("y", 3, price("8.00"))], "3.00 3.00 3.00 3.00",
         "2.50 2.50 2.50 2.50", "2.00 0.00", "two pairs save 2.00, a three saves 1.00"),
        ([bundle("x", 2, price("5.00")), bundle("y", 4, price("10.00"))],
         "3.00 3.00 3.00 3.00", "2.50 2.50 2.50 2.50", "0.00 2.00",
         "both ways save 2.00: one application is fewer than two"),
    ):  # fmt: skip
        for turned in (False, True):
            if turned and len(prices.split()) == 1:
                continue
            lines = goods(prices)
            cases.price(
                "`best`: the combination that saves the customer most, in any order of scanning",
                promotions,
                lines[::-1] if turned else lines,
                {"off": off} if turned else {"lines": left, "off": off},
                why,
                totals_only=turned,
            )
    for low, high, left, off, why in (
        (each("x", percent("20")), each("y", percent("10"), priority=9), "9.00", "0.00 1.00",
         "y goes first, though 20 % would be more"),
        (each("x", percent("20")), each("y", price("12.00"), priority=9), "8.00", "2.00 0.00",
         "y takes nothing from 10.00, and so holds nothing back"),
        (each("x", percent("20")), each("y", percent("10")), "8.00", "2.00 0.00",
         "equal priorities: what saves more"),
    ):  # fmt: skip
        cases.price(
            "`strict_priority`: the higher priority first, whatever it saves",
            [low, high],
            goods("10.00"),
            {"lines": left, "off": off},
            why,
            promotions="strict_priority",
        )
    low, high = each("x", percent("50")), bundle("y", 2, price("5.00"), priority=3)
    for policy, left, off in (
        ("strict_priority", "2.50 2.50 1.50", "1.50 1.00"),
        ("best", "1.50 1.50 1.50", "4.50 0.00"),
    ):
        cases.price(
            "A deal of higher priority keeps its units under `strict_priority` alone",
            [low, high],
            goods("3.00 3.00 3.00"),
            {"lines": left, "off": off},
            "two for 5.00 saves 1.00 and leaves one at half of 3.00; halves alone save 4.50",
            promotions=policy,
        )
    _levels(cases)
    return cases


def _levels(cases: PriceCases) -> None:
    """Add what equal priorities do, and what lower ones do beside higher ones."""
    tenth, fifth = percent("10"), percent("20")
    for promotions, off, why in (
        ([each("x", tenth), each("y", fifth)], "0.00 2.00", "2.00 is more than 1.00"),
        ([promotion("x", "cart", tenth), promotion("y", "cart", fifth)], "0.00 2.00",
         "of the cart too 2.00 is more than 1.00"),
        ([promotion("x", "cart", fifth), promotion("y", "cart", tenth)], "2.00 0.00",
         "of the cart too 2.00 is more than 1.00"),
    ):  # fmt: skip
        cases.price(
            "`strict_priority`: of equal priorities what saves more, in whatever order they stand",
            promotions,
            goods("10.00"),
            {"lines": "8.00", "off": off},
            why,
            promotions="strict_priority",
        )
    tagged = {"tags": ["s"], "stacks_with": ["s"]}
    for above, tags, left, off, why in (
        (5, tagged, "7.20 7.20", "2.00 3.60", "1.00 off each, then 20 % of 18.00: 3.60"),
        (0, tagged, "7.20 7.20", "2.00 3.60", "1.00 off each, then 20 % of 18.00: 3.60"),
        (5, {}, "9.00 9.00", "2.00 0.00", "they share nothing, and x is the higher: 1.00 off each"),
        (0, {}, "8.00 8.00", "0.00 4.00", "they share nothing, and 20 % of 20.00 is more"),
    ):
        cases.price(
            "`strict_priority`: a deal stands on what higher ones left where their tags agree",
            [each("x", tenth, priority=above, **tags), bundle("y", 2, fifth, **tags)],
            goods("10.00 10.00"),
            {"lines": left, "off": off},
            why,
            promotions="strict_priority",
        )
    cases.price(
        "`strict_priority`: what lower priorities add counts for nothing against higher ones",
        [
            each("x", tenth, priority=5, **tagged),
            each("y", fifth, **tagged),
            each("z", percent("15"), priority=5),
        ],
        goods("100.00"),
        {"lines": "85.00", "off": "0.00 0.00 15.00"},
        "of priority 5 z saves 15.00 and x 10.00; that y would take 18.00 after x comes too late",
        promotions="strict_priority",
    )


def stacking() -> PriceCases:
    """Promotions that may share a unit, and those that may not."""
    cases = PriceCases("stacking", "Tags agree both ways, or nothing is shared.")
    tagged = {"tags": ["s"], "stacks_with": ["s"]}
    first = each("x", percent("10"), **tagged)
    second = each("y", percent("20"), **tagged)
    for promotions, one, left, off, why in (
        ([first, second], "100.00", "72.00", "10.00 18.00",
         "10 % of 100.00, then 20 % of 90.00: 72.00, not the 70.00 of both on the original"),
        ([first, second | {"priority": 2}], "100.00", "72.00", "8.00 20.00",
         "20 % goes first: 20.00, then 10 % of 80.00"),
        ([first, each("y", amount("5.00"), **tagged)], "100.00", "85.00", "10.00 5.00",
         "10 % of 100.00, then 5.00"),
        ([each("x", amount("5.00"), **tagged), second], "100.00", "76.00", "5.00 19.00",
         "5.00, then 20 % of 95.00"),
        ([each("x", percent("10"), **tagged), each("y", percent("5"), **tagged)], "100.00",
         "85.50", "10.00 4.50", "10 % of 100.00, 5 % of 90.00: 85.50, not 85.00"),
        ([first, each("y", percent("20"), tags=["s"])], "100.00", "80.00", "0.00 20.00",
         "x would share with y, y with nobody: the better one alone"),
        ([first, each("y", percent("20"), stacks_with=["s"])], "100.00", "80.00", "0.00 20.00",
         "y would share with x, but has no tag that x names"),
        ([each("x", percent("10"), tags=["l"], stacks_with=["r"]),
          each("y", percent("20"), tags=["r"], stacks_with=["l"])], "100.00", "72.00",
         "10.00 18.00", "different tags that name each other agree too"),
        ([first | {"exclusive_group": "g"}, second | {"exclusive_group": "h"}], "100.00", "72.00",
         "10.00 18.00", "two exclusive groups do not exclude each other"),
        ([first, second, each("z", percent("25"), **tagged)], "100.00", "54.00",
         "10.00 18.00 18.00", "all three agree: 100.00 → 90.00 → 72.00 → 54.00"),
        ([first, second, each("z", percent("50"))], "100.00", "50.00", "0.00 0.00 50.00",
         "z shares with nobody and alone is more than 28.00"),
        ([first, each("y", price("95.00"), **tagged)], "100.00", "90.00", "10.00 0.00",
         "after 10 % it costs 90.00, which 95.00 does not better; y alone saves 5.00"),
    ):  # fmt: skip
        cases.price(
            "Two promotions share a unit where each one's tags are among what the other stacks"
            " with; the second counts on what the first left",
            promotions,
            goods(one),
            {"lines": left, "off": off},
            why,
            SHOPIFY,
        )
    cases.contradict(
        "Promotions of one exclusive group cannot also stack with each other",
        [first | {"exclusive_group": "g"}, second | {"exclusive_group": "g"}],
        goods("100.00"),
    )
    for tags, left, off, why in (
        (tagged, "1.00 1.00 1.00", "0.45 1.05",
         "10 % first: 3 × 1.35 = 4.05; then the three for 3.00: 1.05 off"),
        ({}, "1.00 1.00 1.00", "0.00 1.50", "alone three for 3.00 saves 1.50, 10 % only 0.45"),
    ):  # fmt: skip
        cases.price(
            "A deal may stand on what stacks with it",
            [each("x", percent("10"), **tags), bundle("y", 3, price("3.00"), **tags)],
            goods("1.50 1.50 1.50"),
            {"lines": left, "off": off},
            why,
        )
    for tags, left, off, why in (
        (tagged, "72.00", "10.00 18.00", "10 % of the unit, then 20 % of the cart of 90.00"),
        ({}, "72.00", "10.00 18.00", "the cart comes after units and needs no tag"),
    ):
        cases.price(
            "What is on the cart counts on what promotions on units left",
            [each("x", percent("10"), **tags), promotion("y", "cart", percent("20"), **tags)],
            goods("100.00"),
            {"lines": left, "off": off},
            why,
        )
    for tags, left, off, why in (
        (tagged, "72.00", "10.00 18.00", "both: 100.00 → 90.00 → 72.00"),
        ({}, "80.00", "0.00 20.00", "one of them: the better"),
    ):
        cases.price(
            "Two promotions on the cart of one class share it only where their tags agree",
            [
                promotion("x", "cart", percent("10"), **tags),
                promotion("y", "cart", percent("20"), **tags),
            ],
            goods("100.00"),
            {"lines": left, "off": off},
            why,
            SHOPIFY,
        )
    cases.price(
        "A promotion on the cart passes by lines that one of its exclusive group touched",
        [
            each("x", percent("10"), selections=A, exclusive_group="g"),
            promotion("y", "cart", percent("20"), exclusive_group="g"),
        ],
        goods("50.00 50.00"),
        {"lines": "45.00 40.00", "off": "5.00 10.00"},
        "a has 10 %; the cart's 20 % is for b alone",
    )
    return cases


def limits() -> PriceCases:
    """How often, how much, and how low."""
    cases = PriceCases("limits", "Limits of a basket, of a budget, and lowest lawful prices.")
    for made, quantity, left, why in (
        (each("p", percent("50"), limit_per_cart=2), "5", "8.00", "two of five halved"),
        (each("p", percent("50"), limit_per_cart=9), "5", "5.00", "fewer than the limit: all"),
        (free("p", 2, 1, limit_per_cart=1), "6", "10.00", "one of six free, not two"),
        (bundle("p", 3, price("5.00"), limit_per_cart=1), "6", "11.00", "5.00 and three at 2.00"),
        (each("p", percent("50"), amount_left="3.00"), "5", "7.00",
         "units of 1.00 off while 3.00 last"),
        (free("p", 2, 1, amount_left="3.00"), "6", "9.00",
         "one free, 2.00; the second time gives the 1.00 that is left"),
    ):  # fmt: skip
        cases.price(
            "A promotion ends at its limit in a basket, or with what is left of its budget",
            [made | {"selections": A}],
            [good("a", "2.00", quantity)],
            {"lines": left},
            f"{quantity} × 2.00; {why}",
        )
    cases.price(
        "A limit goes where it saves most",
        [each("p", percent("50"), limit_per_cart=1)],
        goods("4.00 9.00 6.00"),
        {"lines": "4.00 4.50 6.00"},
        "half of 9.00 is the most",
    )
    for left_over, left in (("7.50", "92.50"), ("12.00", "90.00")):
        cases.price(
            "A promotion on the cart gives what is left of its budget",
            [promotion("p", "cart", percent("10"), amount_left=left_over)],
            goods("100.00"),
            {"lines": left},
            f"10 % of 100.00 is 10.00; {left_over} is left",
        )
    for made, lines, left, why in (
        (each("p", percent("50")), [good("a", "10.00", floor="8.00")], "8.00",
         "5.00 would be below 8.00"),
        (each("p", percent("10")), [good("a", "10.00", floor="8.00")], "9.00", "9.00 is above"),
        (each("p", percent("50")), [good("a", "10.00", "2", floor="8.00")], "16.00", "2 × 8.00"),
        (each("p", percent("10")), [good("a", "7.00", floor="8.00")], "7.00",
         "a price below its floor is left as it is"),
        (each("p", percent("50")), [good("a", "10.00", "0.500", unit="kg", floor="8.00")], "4.00",
         "half a kilogram costs 5.00 and may not cost less than 4.00"),
        (promotion("p", "cart", amount("9.00")),
         [good("a", "10.00", floor="9.00"), good("b", "10.00")], "9.00 2.00",
         "4.50 each; a has room for 1.00, the rest goes to b"),
        (promotion("p", "cart", percent("90")),
         [good("a", "10.00", floor="9.00"), good("b", "10.00", floor="6.00")], "9.00 6.00",
         "18.00 would come off; there is room for 1.00 and 4.00"),
        (bundle("p", 2, price("10.00")),
         [good("a", "10.00", floor="9.00"), good("b", "10.00")], "9.00 1.00",
         "10.00 comes off, 5.00 each; a has room for 1.00"),
    ):  # fmt: skip
        cases.price(
            "No promotion takes a unit below its lowest lawful price",
            [made],
            lines,
            {"lines": left},
            why,
        )
    for made, left, why in (
        (each("p", percent("50")), "5.00 10.00", "b is never discounted"),
        (promotion("p", "cart", amount("4.00")), "6.00 10.00", "all of the 4.00 off a"),
        (bundle("p", 2, price("15.00")), "10.00 10.00", "b fills no bundle"),
    ):
        cases.price(
            "Goods that are never discounted are left alone",
            [made],
            [good("a", "10.00"), good("b", "10.00", discountable=False)],
            {"lines": left},
            why,
        )
    for counts, left in ((True, "5.00 15.00"), (False, "10.00 15.00")):
        for gate in ({"min_spend": "20.00"}, {"min_quantity": 2}):
            cases.price(
                "With `count_nondiscountable` goods that are never discounted count for gates",
                [each("p", percent("50"), gates=[gate], count_nondiscountable=counts)],
                [good("a", "10.00"), good("b", "15.00", discountable=False)],
                {"lines": left},
                "25.00 and two units with b, 10.00 and one without",
            )
    return cases


def whom() -> PriceCases:
    """When a promotion holds and for whom."""
    cases = PriceCases("whom", "When, where and for whom a promotion holds.")

    def told(made: dict[str, Any], around: dict[str, Any] | None, left: str, why: str) -> None:
        cases.price(
            "A promotion holds only at its times, in its places, for its people",
            [made],
            goods("10.00"),
            {"lines": left},
            f"{why}; 10.00 × 20 % = 2.00 comes off where it holds",
            around=around,
        )

    fifth = percent("20")
    window = each("p", fifth, starts="2026-12-01T00:00:00+01:00", ends="2027-01-01T00:00:00+01:00")
    for at, left, why in (
        ("2026-11-30T23:59:59+01:00", "10.00", "a second before it starts"),
        ("2026-12-01T00:00:00+01:00", "8.00", "the first moment"),
        ("2026-12-31T23:59:59+01:00", "8.00", "the last second"),
        ("2027-01-01T00:00:00+01:00", "10.00", "the end is outside"),
        ("2026-11-30T23:30:00+00:00", "8.00", "the same instant on another clock is 00:30"),
    ):
        told(window, {"at": at}, left, why)
    happy = each("p", fifth, weekly=["Mon-Fri 16:00-18:00"])
    for at, left, why in (
        ("2026-11-23T15:59:59+01:00", "10.00", "Monday, a second before"),
        ("2026-11-23T16:00:00+01:00", "8.00", "Monday at four"),
        ("2026-11-27T17:59:59+01:00", "8.00", "Friday, the last second"),
        ("2026-11-27T18:00:00+01:00", "10.00", "six o'clock is outside"),
        ("2026-11-28T17:00:00+01:00", "10.00", "Saturday"),
        ("2026-11-23T16:00:00-05:00", "8.00", "the clock of the shop counts, wherever it is"),
    ):
        told(happy, {"at": at}, left, why)
    night = each("p", fifth, weekly=["Sun 22:00-02:00"])
    for at, left, why in (
        ("2026-11-29T23:00:00+01:00", "8.00", "Sunday evening"),
        ("2026-11-30T01:59:00+01:00", "8.00", "Monday morning still belongs to Sunday's hours"),
        ("2026-11-30T02:00:00+01:00", "10.00", "two o'clock is outside"),
        ("2026-11-29T01:00:00+01:00", "10.00", "Sunday morning belongs to Saturday"),
    ):
        told(night, {"at": at}, left, why)
    for field, one, right, wrong in (
        ("customer_groups", "customer_group", "gold", "silver"),
        ("channels", "channel", "web", "shop"),
        ("stores", "store", "north", "south"),
    ):
        made = each("p", fifth, **{field: [right, "other"]})
        told(made, {one: right}, "8.00", f"{one} is {right}")
        told(made, {one: wrong}, "10.00", f"{one} is {wrong}")
        told(made, None, "10.00", f"no {one} is known")
    coupon = each("p", fifth, coupon="SAVE20")
    told(coupon, {"coupons": ["SAVE20"]}, "8.00", "the coupon was presented")
    told(coupon, {"coupons": ["save20"]}, "8.00", "letters in any case")
    told(coupon, {"coupons": ["SAVE2"]}, "10.00", "another code")
    told(coupon, None, "10.00", "no coupon")
    manual = each("p", fifth, manual=True)
    told(manual, {"given": ["p"]}, "8.00", "an operator gave it")
    told(manual, None, "10.00", "nobody gave it")
    staff = each("p", fifth, employees=True, customer_groups=["staff"])
    told(staff, {"customer_group": "staff"}, "8.00", "one of the shop's own people")
    told(staff, {"customer_group": "gold"}, "10.00", "a customer")
    for gate, lines, left, why in (
        ({"min_quantity": 3}, "2.00 2.00 2.00", "1.60 1.60 1.60", "three of three"),
        ({"min_quantity": 3}, "2.00 2.00", "2.00 2.00", "two of three"),
        ({"min_spend": "10.00"}, "5.00 5.00", "4.00 4.00", "10.00 is enough"),
        ({"min_spend": "10.00"}, "5.00 4.99", "5.00 4.99", "9.99 is not"),
        ({"min_spend": "10.00", "selection": 1}, "12.00 5.00", "9.60 4.00",
         "a alone counts, 12.00, and all have it"),
        ({"min_quantity": 1, "selection": 1}, "7.00 5.00", "5.60 4.00", "an a is there"),
    ):  # fmt: skip
        cases.price(
            "A gate says what the basket must hold, and takes nothing of it",
            [each("p", fifth, selections=[{}, {"items": ["a"]}], gates=[gate])],
            goods(lines),
            {"lines": left},
            f"{why}; 20 % off each",
        )
    return cases
