"""Cases of rewards that cost points, and of promotions for a means of payment."""

from __future__ import annotations

from tests.vectors.building import Data
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


def points() -> PriceCases:
    """Promotions that a member's points are spent on."""
    cases = PriceCases("points", "Rewards: promotions that cost points of the member.")
    loaf = each("p", percent("100"), selections=only("a"), costs_points=100)
    for have, left, spent, why in (
        (99, "9.00", "0", "99 points are not enough for one"),
        (100, "6.00", "100", "one of three is free"),
        (250, "3.00", "200", "two are; 50 points are left"),
        (300, "0.00", "300", "all three"),
        (1_000_000, "0.00", "300", "no more than there are to give"),
    ):
        cases.price(
            "A reward applies as often as there are points; of `each` every unit is a time",
            [loaf],
            [good("a", "3.00", "3")],
            {"lines": left, "points": spent},
            why,
            around={"points": have, "chosen": ["p"]},
        )
    for around, left, why in (
        ({"points": 100}, "3.00", "nobody chose it"),
        ({"chosen": ["p"]}, "3.00", "there are no points"),
        ({"points": 100, "chosen": ["q"]}, "3.00", "another one was chosen"),
    ):
        cases.price(
            "A reward needs to be chosen, and points",
            [loaf],
            goods("3.00"),
            {"lines": left, "off": "0.00"},
            why,
            around=around,
        )
    cases.price(
        "Some rewards apply by themselves",
        [loaf | {"by_itself": True}],
        goods("3.00 2.00"),
        {"lines": "0.00 2.00", "points": "100"},
        "100 points, one a",
        around={"points": 150},
    )
    cases.price(
        "The limit of a basket holds rewards too",
        [loaf | {"limit_per_cart": 1}],
        [good("a", "3.00", "3")],
        {"lines": "6.00", "points": "100"},
        "once, though there are points for three",
        around={"points": 300, "chosen": ["p"]},
    )
    cases.price(
        "A reward that takes nothing costs nothing",
        [loaf],
        [good("b", "3.00")],
        {"lines": "3.00", "off": "0.00"},
        "no a is there",
        around={"points": 300, "chosen": ["p"]},
    )
    off = promotion("c", "cart", amount("5.00"), costs_points=400)
    for have, prices, left, spent, why in (
        (400, "20.00 10.00", "16.67 8.33", "400", "5.00 × 20/30 = 3.333…, × 10/30 = 1.666…"),
        (1_200, "20.00 10.00", "16.67 8.33", "400", "off the cart it is once"),
        (400, "3.00", "0.00", "400", "no more than 3.00 comes off, for the same points"),
    ):
        cases.price(
            "Off the whole basket a reward applies once",
            [off],
            goods(prices),
            {"lines": left, "points": spent},
            why,
            around={"points": have, "chosen": ["c"]},
        )
    both = {"points": 500, "chosen": ["p", "c"]}
    cases.price(
        "Of rewards that together want more points than there are the first keeps its own",
        [loaf, off],
        [good("a", "3.00", "3"), good("b", "6.00")],
        {"lines": "0.00 6.00", "points:p": "300", "points:c": "0"},
        "3 × 100 leaves 200 of 500, and c costs 400",
        around=both,
    )
    cases.price(
        "Of rewards that together want more points than there are the higher priority goes first",
        [loaf, off | {"priority": 1}],
        [good("a", "3.00", "3"), good("b", "6.00")],
        {"lines": "3.50 3.50", "points:p": "100", "points:c": "400"},
        ("400 for 5.00, then 100 for one a: 9.00 − 3.00 = 6.00 and 6.00, and 5.00 of 12.00 by"
         " halves: 3.50 and 3.50"),
        around=both,
    )  # fmt: skip
    cases.price(
        "Both apply where there are points for both",
        [loaf, off],
        goods("3.00 6.00"),
        {"lines": "0.00 1.00", "points:p": "100", "points:c": "400"},
        "3.00 off a, then 5.00 off the 6.00 that are left",
        around=both,
    )
    pair = bundle("d", 2, price("5.00"), costs_points=50)
    for have, left, spent in ((49, "8.00", "0"), (50, "5.00", "50")):
        cases.price(
            "A deal for points",
            [pair],
            [good("a", "4.00", "2")],
            {"lines": left, "points": spent} if have > 49 else {"lines": left, "off": "0.00"},
            f"two for 5.00 cost 50 points, and there are {have}",
            around={"points": have, "chosen": ["d"]},
        )
    gift = free("g", 1, 1, costs_points=80)
    cases.price(
        "Each application of a deal costs its points",
        [gift],
        [good("a", "4.00", "4")],
        {"lines": "12.00", "points": "80"},
        "buy one, get one twice would cost 160, and there are 150: once",
        around={"points": 150, "chosen": ["g"]},
    )
    cases.price(
        "A reward competes for units as others do, and costs points only where it has them",
        [loaf | {"benefit": {"kind": "each", "off": percent("10")}}, each("o", percent("20"))],
        goods("10.00"),
        {"lines": "8.00", "off": "0.00 2.00"},
        "20 % for nothing saves more than 10 % for points",
        around={"points": 100, "chosen": ["p"]},
    )
    return cases


def tenders() -> PriceCases:
    """Promotions for documents that will be paid in a certain way."""
    cases = PriceCases("tenders", "Promotions for a means of payment, which is known before.")
    two = percent("2")
    for names, tender, left, why in (
        (["cash"], "cash", "9.80", "it will be paid in cash"),
        (["cash"], "CASH", "9.80", "letters in any case"),
        (["cash"], "card", "10.00", "it will be paid by card"),
        (["cash"], "", "10.00", "nobody said"),
        (["card"], "card", "9.80", "any card"),
        (["card"], "card:Visa", "9.80", "a card of a brand is a card"),
        (["card:visa"], "card:Visa", "9.80", "that brand"),
        (["card:visa"], "card:Mastercard", "10.00", "another brand"),
        (["card:visa"], "card", "10.00", "a card of no brand in particular is none of that brand"),
        (["cash", "card:visa"], "card:visa", "9.80", "one of two"),
    ):
        around: Data | None = {"tender": tender} if tender else None
        cases.price(
            "A promotion is for a means of payment",
            [promotion("t", "cart", two, tenders=names)],
            goods("10.00"),
            {"lines": left},
            f"{why}; 2 % of 10.00",
            around=around,
        )
    cases.price(
        "What is for a means of payment comes last, off what all others left",
        [
            promotion("t", "cart", two, tenders=["cash"]),
            promotion("l", "cart", amount("4.00"), costs_points=10),
            promotion("e", "cart", percent("10"), employees=True, customer_groups=["staff"]),
            promotion("s", "cart", percent("50")),
        ],
        goods("100.00"),
        {"lines": "40.18", "off": "0.82 4.00 5.00 50.00"},
        "100.00 → 50.00 → staff 45.00 → for points 41.00 → in cash 41.00 × 2 % = 0.82: 40.18",
        around={"tender": "cash", "points": 10, "chosen": ["l"], "customer_group": "staff"},
    )
    cases.price(
        "Units may be cheaper for a means of payment too",
        [
            each("t", percent("10"), tenders=["cash"]),
            each("o", percent("20"), selections=only("b")),
        ],
        goods("10.00 10.00"),
        {"lines": "9.00 8.00", "off": "1.00 2.00"},
        "10 % off a; 20 % off b save more than 10 %",
        around={"tender": "cash"},
    )
    return cases
