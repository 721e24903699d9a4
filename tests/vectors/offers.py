"""Cases of promotions on units: each, bundles, free ones, prices by quantity."""

from __future__ import annotations

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

B6 = "arithmetic: proportional parts, each rounded down, the odd cents to the largest remainders"


def each_unit() -> PriceCases:
    """A percentage, an amount or a price, off every unit."""
    cases = PriceCases("each", "Something comes off every unit of a selection.")
    for one, quantity, off, left, why in (
        ("10.00", "1", percent("10"), "9.00", "10.00 × 10 % = 1.00"),
        ("9.99", "1", percent("10"), "8.99", "9.99 × 10 % = 0.999 → 1.00"),
        ("0.05", "1", percent("10"), "0.04", "0.05 × 10 % = 0.005 → 0.01, half away from zero"),
        ("0.04", "1", percent("10"), "0.04", "0.04 × 10 % = 0.004 → 0.00: nothing comes off"),
        ("0.99", "3", percent("10"), "2.67", "equal units together: 2.97 × 10 % = 0.297 → 0.30"),
        ("0.33", "3", percent("50"), "0.49", "equal units together: 0.99 × 50 % = 0.495 → 0.50"),
        ("19.99", "1", percent("33.3333"), "13.33", "19.99 × 33.3333 % = 6.66333 → 6.66"),
        ("5.00", "2", percent("100"), "0.00", "all of 10.00"),
        ("5.00", "2", percent("0"), "10.00", "nothing of 10.00"),
        ("4.00", "1", amount("1.50"), "2.50", "4.00 − 1.50"),
        ("4.00", "3", amount("1.50"), "7.50", "12.00 − 3 × 1.50"),
        ("1.00", "2", amount("1.50"), "0.00", "never below zero: 2 × (1.00 − 1.00)"),
        ("4.00", "1", price("2.99"), "2.99", "2.99 is left to pay"),
        ("4.00", "3", price("2.99"), "8.97", "3 × 2.99"),
        ("2.50", "1", price("2.99"), "2.50", "a price above the price takes nothing"),
        ("2.50", "2", price("0"), "0.00", "nothing is left to pay"),
    ):
        cases.price(
            "A percentage, an amount or a price counts for every unit, equal units together",
            [each("p", off, selections=only("a"))],
            [good("a", one, quantity)],
            {"lines": left, "gross": left},
            f"{quantity} × {one}; {why}",
        )
    cases.price(
        "Only goods of the selection have it",
        [each("p", percent("50"), selections=only("a", "c"))],
        goods("2.00 3.00 4.00"),
        {"lines": "1.00 3.00 2.00", "off": "3.00"},
        "2.00 and 4.00 are halved, 3.00 is not named",
    )
    cases.price(
        "A department is a selection, less its exceptions",
        [each("p", percent("20"), selections=[{"departments": ["Bakery"], "except_items": ["b"]}])],
        [*goods("2.00 3.00", department="Bakery"), good("c", "4.00", department="Dairy")],
        {"lines": "1.60 3.00 4.00"},
        "2.00 × 20 % = 0.40; b is an exception, c is of another department",
    )
    cases.price(
        "A selection that names nothing is everything, unnamed goods too",
        [each("p", percent("25"))],
        [good("a", "2.00"), good("", "6.00")],
        {"lines": "1.50 4.50"},
        "2.00 × 25 % = 0.50; 6.00 × 25 % = 1.50",
    )
    for quantity, left, why in (
        ("1.250", "13.32", "1.25 × 12.99 = 16.2375 → 16.24; × 18 % = 2.9232 → 2.92"),
        ("0.400", "4.26", "0.4 × 12.99 = 5.196 → 5.20; × 18 % = 0.936 → 0.94"),
    ):
        cases.price(
            "Weighed goods are one unit, whose amount is rounded before a percentage of it",
            [each("p", percent("18"), selections=only("a"))],
            [good("a", "12.99", quantity, unit="kg")],
            {"lines": left},
            why,
        )
    for quantity, left in (("2.500", "19.00"), ("2.000", "15.00")):
        cases.price(
            "Money off weighed goods comes off once, however much they weigh",
            [each("p", amount("1.00"), selections=only("a"))],
            [good("a", "8.00", quantity, unit="kg")],
            {"lines": left},
            f"{quantity} × 8.00 is one unit; − 1.00",
        )
    for one, quantity, left, why in (
        ("0.1234", "10", "1.11", ("10 × 0.1234 = 1.234 → 1.23; 7 units of 0.12 and 3 of 0.13:"
         " 0.84 × 10 % = 0.084 → 0.08, 0.39 × 10 % = 0.039 → 0.04")),
        ("0.0666", "3", "0.18", ("3 × 0.0666 = 0.1998 → 0.20; units of 0.06 and twice 0.07:"
         " 0.06 × 10 % = 0.006 → 0.01, 0.14 × 10 % = 0.014 → 0.01; 0.20 − 0.02")),
    ):  # fmt: skip
        cases.price(
            "A price finer than a cent is a line's amount in whole cents, split over its units",
            [each("p", percent("10"), selections=only("a"))],
            [good("a", one, quantity)],
            {"lines": left},
            why,
        )
    return cases


def bundles() -> PriceCases:
    """Units that fill all slots together."""
    cases = PriceCases("bundles", "Several units together have a price, or something off.")
    for prices, count, off, left, why in (
        ("0.50 0.50 0.50", 3, price("1.00"), "0.33 0.33 0.34",
         "0.50 off 1.50: 0.1666… each; rounded down 0.16, the odd two cents to the first two"),
        ("3.33 3.33 3.33", 3, amount("1.00"), "2.99 3.00 3.00",
         "1.00 / 3 = 0.333…: 0.34, 0.33, 0.33 come off"),
        ("0.34 0.33 0.33", 3, price("1.00"), "0.34 0.33 0.33", "they cost 1.00: nothing comes off"),
        ("19.99 5.49 0.99", 3, amount("10.00"), "12.44 3.41 0.62",
         ("10.00 × 19.99/26.47 = 7.5519…, × 5.49/26.47 = 2.0740…, × 0.99/26.47 = 0.3740…:"
         " 7.55, 2.07, 0.37 and the odd cent to .0740…: 2.08")),
        ("2.00 2.00", 2, price("3.00"), "1.50 1.50", "1.00 off, halved"),
        ("2.00 2.00 2.00", 2, price("3.00"), "1.50 1.50 2.00",
         "two of three make a bundle: 1.50 + 1.50; the third is at its price"),
        ("2.00 2.00 2.00 2.00", 2, price("3.00"), "1.50 1.50 1.50 1.50", "two bundles"),
        ("4.00 3.00 2.00", 2, price("4.50"), "2.57 1.93 2.00",
         ("4.00 with 3.00 saves 2.50, more than any other two; × 4/7 = 1.4285… → 1.43,"
         " × 3/7 = 1.0714… → 1.07")),
        ("4.00 3.00 2.00", 3, percent("10"), "3.60 2.70 1.80", "9.00 × 10 % = 0.90; by 4 : 3 : 2"),
        ("0.99 0.99", 2, percent("15"), "0.84 0.84", "1.98 × 15 % = 0.297 → 0.30, halved"),
        ("0.99 0.99", 2, price("2.50"), "0.99 0.99", "a bundle dearer than its parts is none"),
        ("1.00 2.00", 2, amount("5.00"), "0.00 0.00", "no more comes off than they cost"),
        ("1.00 1.00", 3, price("2.00"), "1.00 1.00", "two of three: no bundle"),
    ):  # fmt: skip
        cases.price(
            "What comes off a bundle is split over its units by their prices, exact to the cent",
            [bundle("p", count, off)],
            goods(prices),
            {"lines": left},
            why,
            B6,
        )
    for quantity, count, off, left, why in (
        ("3", 3, price("1.00"), "1.00", "3 × 0.50 for 1.00"),
        ("7", 7, price("1.00"), "1.00", "7 × 0.50 for 1.00: the line is exact, whatever a unit is"),
        ("4", 3, price("1.00"), "1.50", "three for 1.00 and one at 0.50"),
        ("6", 3, price("1.00"), "2.00", "two bundles of 1.00"),
        ("8", 3, price("1.00"), "3.00", "two bundles of 1.00 and two at 0.50"),
    ):
        cases.price(
            "The units of one line fill bundles, those left over are at their price",
            [bundle("p", count, off, selections=only("a"))],
            [good("a", "0.50", quantity)],
            {"lines": left, "gross": left},
            why,
            "the price display `3 for 1.00`: what three cost together is 1.00 exactly",
        )
    menu = promotion(
        "menu", "bundle", price("4.50"), selections=[{"items": ["a", "b"]}, {"items": ["c"]}],
        slots=[{"selection": 0, "count": 1}, {"selection": 1, "count": 1}],
    )  # fmt: skip
    for prices, left, why in (
        ("3.50 3.00 2.50", "2.63 3.00 1.87",
         ("3.50 + 2.50 saves 1.50, 3.00 + 2.50 saves 1.00; × 3.5/6 = 0.875, × 2.5/6 = 0.625:"
         " equal remainders, the odd cent to the cheaper")),
        ("3.50 3.00", "3.50 3.00", "no c, no menu"),
        ("2.00 2.00 2.50", "2.00 2.00 2.50", "2.00 + 2.50 = 4.50: nothing to save"),
    ):  # fmt: skip
        cases.price(
            "A set menu takes one unit for each slot, the dearest where that saves more",
            [menu], goods(prices), {"lines": left}, why,
        )  # fmt: skip
    cases.price(
        "A slot may ask for several units",
        [
            promotion(
                "box", "bundle", amount("2.00"), selections=[{"items": ["a"]}, {"items": ["b"]}],
                slots=[{"selection": 0, "count": 2}, {"selection": 1, "count": 1}],
            )
        ],
        [good("a", "3.00", "2"), good("b", "4.00")],
        {"lines": "4.80 3.20"},
        "2.00 by 6.00 : 4.00 is 1.20 and 0.80",
    )  # fmt: skip
    cases.price(
        "A bundle of goods of two rates leaves each rate its own base",
        [bundle("p", 2, price("15.00"))],
        [good("a", "10.70", taxes=["7"]), good("b", "11.90", taxes=["19"])],
        {"lines": "7.10 7.90", "tax:7": "0.46", "tax:19": "1.26", "gross": "15.00"},
        "7.60 off 22.60; × 10.70/22.60 = 3.5982… → 3.60, × 11.90/22.60 = 4.0017… → 4.00;"
        " 7.10 × 7/107 = 0.4644…, 7.90 × 19/119 = 1.2613…",
        taxes=[RATE_7, RATE_19],
    )
    return cases


RATE_7 = {"id": "7", "kind": "percent", "value": "7", "price_included": True}
RATE_19 = {"id": "19", "kind": "percent", "value": "19", "price_included": True}


def free_ones() -> PriceCases:
    """Some units pay, others are rewarded."""
    cases = PriceCases("free", "Buy some, get some free, cheaper, or for a price.")
    for prices, buy, get, more, left, why in (
        ("10.00 8.00 6.00", 2, 1, {}, "7.50 6.00 4.50",
         "6.00 is free and split by 10 : 8 : 6: 2.50, 2.00, 1.50"),
        ("10.00 8.00 6.00", 2, 1, {"pick": "dearest"}, "5.83 4.67 3.50",
         ("10.00 is free; × 10/24 = 4.166…, × 8/24 = 3.333…, × 6/24 = 2.50:"
         " 4.16, 3.33, 2.50 and the odd cent to .666…")),
        ("10.00 8.00", 2, 1, {}, "10.00 8.00", "two of three: nothing"),
        ("10.00 8.00", 1, 1, {}, "5.56 4.44",
         "8.00 is free; × 10/18 = 4.444…, × 8/18 = 3.555…: 4.44 and 3.56"),
        ("10.00 8.00", 1, 1, {"off": percent("50")}, "7.78 6.22",
         "4.00 off; × 10/18 = 2.222… → 2.22, × 8/18 = 1.777… → 1.78"),
        ("10.00 8.00", 1, 1, {"off": amount("3.00")}, "8.33 6.67",
         "3.00 off; × 10/18 = 1.666… → 1.67, × 8/18 = 1.333… → 1.33"),
        ("10.00 8.00", 1, 1, {"off": price("2.00")}, "6.67 5.33",
         "the second is 2.00: 6.00 off; × 10/18 = 3.333… → 3.33, × 8/18 = 2.666… → 2.67"),
        ("9.00 7.00 5.00 3.00", 2, 2, {}, "6.00 4.67 3.33 2.00",
         ("5.00 and 3.00 are free; 8.00 × 9/24 = 3.00, × 7/24 = 2.333…, × 5/24 = 1.666…,"
         " × 3/24 = 1.00: the odd cent to .666…")),
        ("9.00 7.00 5.00 3.00", 1, 1, {}, "5.06 3.94 3.13 1.87",
         ("9.00 with 7.00, 5.00 with 3.00: 10.00 is free, the most there is;"
         " 7.00 × 9/16 = 3.9375, × 7/16 = 3.0625; 3.00 × 5/8 = 1.875, × 3/8 = 1.125,"
         " equal remainders, the odd cent to the cheaper")),
        ("6.00 6.00 6.00", 2, 1, {}, "4.00 4.00 4.00", "6.00 is free, a third of it off each"),
        ("0.01 0.01 0.01", 2, 1, {}, "0.00 0.01 0.01", "a cent cannot be split: off the first"),
    ):  # fmt: skip
        cases.price(
            "The rewarded units are picked by price; what they save is carried by all of the deal",
            [free("p", buy, get, **more)],
            goods(prices),
            {"lines": left},
            why,
            B6,
        )
    for made, why in (
        (bundle("p", 2, price("3.00")), "4.00 alone is no two"),
        (free("p", 1, 1), "nothing was bought beside 4.00"),
        (each("p", percent("50"), gates=[{"min_quantity": 2}]), "one unit, not two"),
    ):
        cases.price(
            "What costs nothing is no unit: it fills no deal and counts for no gate",
            [made],
            goods("4.00 0.00"),
            {"lines": "4.00 0.00"},
            why,
            "engine rule: a gift in the basket must not earn another",
        )
    for quantity, buy, get, left, why in (
        ("3", 2, 1, "5.98", "3 × 2.99, one free"),
        ("5", 2, 1, "11.96", "one of five free: no second three"),
        ("6", 2, 1, "11.96", "two of six free"),
        ("4", 3, 1, "8.97", "one of four free"),
        ("7", 1, 1, "11.96", "three of seven free"),
        ("8", 6, 2, "17.94", "two of eight free"),
    ):
        cases.price(
            "n for m: of the units of one line every full deal has its free ones",
            [free("p", buy, get, selections=only("a"))],
            [good("a", "2.99", quantity)],
            {"lines": left},
            why,
        )
    other = {"selections": [{"items": ["a"]}, {"items": ["b", "c"]}], "get_selection": 1}
    for prices, get_off, more, left, why in (
        ("5.00 2.00", percent("100"), {}, "3.57 1.43",
         "b is free with a: 2.00 × 5/7 = 1.428… → 1.43, × 2/7 = 0.571… → 0.57"),
        ("5.00 2.00 4.00", percent("50"), {}, "4.29 1.71 4.00",
         "the cheaper of b and c is halved: 1.00 × 5/7 = 0.714… → 0.71, 0.29 off b"),
        ("5.00 2.00 4.00", percent("50"), {"pick": "dearest"}, "3.89 2.00 3.11",
         "the dearer is halved: 2.00 × 5/9 = 1.111… → 1.11, × 4/9 = 0.888… → 0.89"),
    ):  # fmt: skip
        cases.price(
            "Goods of one selection reward goods of another",
            [free("p", 1, 1, off=get_off, **other, **more)],
            goods(prices),
            {"lines": left},
            why,
        )
    cases.price(
        "Without what is bought the other is not rewarded",
        [free("p", 1, 1, **other)],
        [good("b", "2.00"), good("c", "4.00")],
        {"lines": "2.00 4.00"},
        "no a in the basket",
    )
    gift = free("gift", 0, 1, selections=[{"items": ["b"]}, {}], limit_per_cart=1)
    gift["gates"] = [{"min_spend": "20.00", "selection": 1}]
    for bought, left in (("18.01", "18.01 0.00"), ("17.99", "17.99 1.99")):
        cases.price(
            "A gift is free once the basket has come to its amount",
            [gift],
            [good("a", bought), good("b", "1.99")],
            {"lines": left},
            f"{bought} + 1.99 against 20.00; nothing has to be bought for the one free b",
        )
    return cases


def tiers() -> PriceCases:
    """A price by quantity."""
    cases = PriceCases("tiers", "What comes off each unit depends on how many there are.")
    steps = [{"from": 3, "off": percent("10")}, {"from": 6, "off": percent("20")}]
    for quantity, left, marginal, why in (
        ("2", "2.00", False, "below the first step"),
        ("3", "2.70", False, "3.00 × 10 % = 0.30"),
        ("5", "4.50", False, "5.00 × 10 % = 0.50"),
        ("6", "4.80", False, "6.00 × 20 % = 1.20: the highest step reached is for all"),
        ("2", "2.00", True, "below the first step"),
        ("3", "2.90", True, "the third has 10 %: 0.10"),
        ("5", "4.70", True, "the third to the fifth have 10 %: 0.30"),
        ("6", "5.50", True, "three have 10 %, the sixth 20 %: 0.30 + 0.20"),
        ("8", "7.10", True, "three have 10 %, three 20 %: 0.30 + 0.60"),
    ):
        cases.price(
            "A step counts for all units, or with `marginal` for those past it",
            [promotion("p", "tiers", tiers=steps, marginal=marginal, selections=only("a"))],
            [good("a", "1.00", quantity)],
            {"lines": left},
            why,
        )
    for marginal, pick, left, why in (
        (False, "cheapest", "3.60 1.80", "all of 6.00 has 10 %"),
        (True, "cheapest", "3.87 1.93",
         "the cheapest is last: 2.00 × 10 % = 0.20, split by 4 : 2, 0.1333… and 0.0666…"),
        (True, "dearest", "3.73 1.87",
         "the dearest is last: 4.00 × 10 % = 0.40, split by 4 : 2, 0.2666… and 0.1333…"),
    ):  # fmt: skip
        cases.price(
            "With `marginal`, `pick` says which units stand past the step",
            [
                promotion(
                    "p", "tiers", tiers=[{"from": 2, "off": percent("10")}], marginal=marginal,
                    pick=pick,
                )
            ],
            goods("4.00 2.00"),
            {"lines": left},
            why,
        )  # fmt: skip
    for quantity, left in (("11", "11.00"), ("12", "10.80")):
        cases.price(
            "A step may be a price, money off, or both in turn",
            [
                promotion(
                    "p", "tiers", selections=only("a"),
                    tiers=[{"from": 1, "off": amount("0.20")}, {"from": 12, "off": price("0.90")}],
                )
            ],
            [good("a", "1.20", quantity)],
            {"lines": left},
            "11 × (1.20 − 0.20) = 11.00; 12 × 0.90 = 10.80: a dozen costs less than eleven",
        )  # fmt: skip
    return cases
