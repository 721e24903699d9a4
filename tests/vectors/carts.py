"""Cases of promotions on the cart, given discounts, mixed taxes, small currencies."""

from __future__ import annotations

from tests.vectors.building import inside, tax
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

HAMILTON = "arithmetic: largest remainders, as seats are given by the method of Hamilton"
DSFINVK = "DE: DSFinV-K 2.4, each rate's base is known after discounts: apportion before tax"
TENTH = percent("10")


def carts() -> PriceCases:
    """Off the sum of a selection."""
    cases = PriceCases("carts", "Something comes off all lines of a selection together.")
    for off, prices, left, why in (
        (amount("10.00"), "19.99 5.49 0.99", "12.44 3.41 0.62",
         ("10.00 × 19.99/26.47 = 7.5519…, × 5.49/26.47 = 2.0740…, × 0.99/26.47 = 0.3740…:"
         " 7.55, 2.08, 0.37")),
        (amount("1.00"), "3.33 3.33 3.33", "2.99 3.00 3.00", "0.34, 0.33, 0.33"),
        (amount("0.02"), "1.00 1.00 1.00", "0.99 0.99 1.00",
         "two cents for three lines: the first two"),
        (amount("0.01"), "0.50 9.50", "0.50 9.49", "0.0005 and 0.0095: the larger remainder"),
        (amount("50.00"), "20.00 10.00", "0.00 0.00", "no more than 30.00 comes off"),
        (percent("10"), "19.99 5.49 0.99", "17.99 4.94 0.89",
         ("26.47 × 10 % = 2.647 → 2.65; in cents 200.12…, 54.96… and 9.91…: 200, 54, 9 and the odd"
         " two to .96… and .91…")),
        (percent("10"), "0.04 0.04", "0.03 0.04", "0.08 × 10 % = 0.008 → 0.01, off the first"),
        (percent("100"), "1.00 2.00", "0.00 0.00", "all of it"),
    ):  # fmt: skip
        cases.price(
            "What comes off the cart is split over its lines by what they cost",
            [promotion("p", "cart", off)],
            goods(prices),
            {"lines": left},
            why,
            HAMILTON,
        )
    cases.price(
        "Lines outside the selection carry nothing of it",
        [promotion("p", "cart", amount("3.00"), selections=only("a", "b"))],
        goods("4.00 2.00 6.00"),
        {"lines": "2.00 1.00 6.00"},
        "3.00 by 4 : 2",
    )
    step = promotion("p", "every_spend", amount("5.00"), step="50.00")
    for prices, left, why in (
        ("49.99", "49.99", "no full step"),
        ("50.00", "45.00", "one step"),
        ("99.99", "94.99", "one step"),
        ("60.00 40.00", "54.00 36.00", "two steps: 10.00 by 6 : 4"),
        ("100.00 75.00", "91.43 68.57",
         "three steps of 175.00: 15.00 × 100/175 = 8.5714…, × 75/175 = 6.4285…"),
    ):  # fmt: skip
        cases.price(
            "For every full step that is spent its amount comes off",
            [step],
            goods(prices),
            {"lines": left},
            why,
        )
    cases.price(
        "Steps end at the limit in a basket",
        [step | {"limit_per_cart": 2}],
        goods("200.00"),
        {"lines": "190.00"},
        "four steps, two of which count",
    )
    for prices, left, why in (
        ("55.00", "49.50", "10 % off units leaves 49.50: no full step"),
        ("60.00", "49.00", "10 % off units leaves 54.00: one step"),
    ):
        cases.price(
            "A step is measured on what promotions on units left",
            [each("u", TENTH), step],
            goods(prices),
            {"lines": left},
            why,
        )
    cases.price(
        "Coupons on the cart come after the shop's own promotions on it",
        [
            promotion("c", "cart", amount("10.00"), coupon="TEN"),
            promotion("s", "cart", percent("50")),
        ],
        goods("100.00"),
        {"lines": "40.00", "off": "10.00 50.00"},
        "50 % of 100.00 first, then 10.00: 40.00, not (100.00 − 10.00) × 50 % = 45.00",
        around={"coupons": ["TEN"]},
    )
    cases.price(
        "The shop's own people come last of all",
        [
            promotion("e", "cart", TENTH, employees=True, customer_groups=["staff"]),
            promotion("m", "cart", amount("5.00"), manual=True),
            promotion("c", "cart", amount("10.00"), coupon="TEN"),
            promotion("s", "cart", percent("50")),
        ],
        goods("100.00"),
        {"lines": "31.50", "off": "3.50 5.00 10.00 50.00"},
        "100.00 → 50.00 → coupon 40.00 → by hand 35.00 → 10 % 31.50",
        around={"coupons": ["TEN"], "given": ["m"], "customer_group": "staff"},
    )
    for share, taken, part in (
        ("100", "2.50", "2.50"),
        ("50", "2.51", "1.26"),
        ("0", "2.50", "0.00"),
        ("33.3333", "3.00", "1.00"),
    ):
        cases.price(
            "The vendor's part of what a promotion took is rounded half away from zero",
            [promotion("p", "cart", amount(taken), vendor_percent=share)],
            goods("10.00"),
            {"vendor:p": part},
            f"{taken} × {share} %",
        )
    return cases


def given() -> PriceCases:
    """Discounts that people give, after promotions."""
    cases = PriceCases("given", "Discounts of a line and of the order, after promotions.")
    for prices, discounts, shares, why in (
        ("19.99 5.49 0.99", [amount("10.00")], "7.55 2.08 0.37",
         "10.00 × 19.99/26.47 = 7.5519…, 2.0740…, 0.3740…: the odd cent to .0740…"),
        ("3.33 3.33 3.33", [amount("1.00")], "0.34 0.33 0.33", "0.333… each"),
        ("10.00 20.00 30.00", [percent("10")], "1.00 2.00 3.00", "6.00 by 1 : 2 : 3"),
        ("0.99 0.99", [percent("5")], "0.05 0.05", "1.98 × 5 % = 0.099 → 0.10, halved"),
        ("0.99", [percent("5")], "0.05", "0.0495 → 0.05"),
        ("0.10 0.10 0.10", [percent("50")], "0.05 0.05 0.05", "0.15"),
        ("0.01 0.01 0.01", [percent("50")], "0.01 0.01 0.00", "0.015 → 0.02: the first two"),
        ("8.00 2.00", [amount("12.00")], "8.00 2.00", "no more than there is"),
        ("10.00", [percent("20"), percent("10")], "2.80", "2.00, then 10 % of 8.00"),
        ("10.00", [amount("1.00"), percent("10")], "1.90", "1.00, then 10 % of 9.00"),
        ("7.00 5.00 1.00", [percent("0")], "0.00 0.00 0.00", "nothing"),
    ):  # fmt: skip
        cases.price(
            "The order's discount is split over its lines by what they cost, exact to the cent",
            [],
            goods(prices),
            {"order": shares},
            why,
            HAMILTON,
            discounts=discounts,
        )
    cases.price(
        "Goods that are never discounted carry nothing of the order's discount",
        [],
        [good("a", "10.00"), good("b", "10.00", discountable=False), good("c", "5.00")],
        {"order": "2.00 0.00 1.00"},
        "3.00 by 10 : 5",
        discounts=[amount("3.00")],
    )
    for made, line_off, order_off, left, why in (
        (each("p", TENTH), [percent("10")], [percent("10")], "7.29",
         "10.00 → 9.00 → 8.10 → 7.29: each on what the one before left"),
        (each("p", price("5.00")), [amount("1.00")], [amount("0.50")], "3.50",
         "5.00, less 1.00, less 0.50"),
        (promotion("p", "cart", amount("4.00")), [percent("50")], [], "3.00", "6.00, halved"),
    ):  # fmt: skip
        cases.price(
            "Promotions come first, then the line's discount, then the order's",
            [made],
            [good("a", "10.00", discounts=line_off)],
            {"lines": left},
            why,
            discounts=order_off,
        )
    cases.price(
        "The order's discount is split by what promotions left of the lines",
        [each("p", percent("50"), selections=only("a"))],
        goods("10.00 5.00"),
        {"order": "1.50 1.50", "lines": "3.50 3.50"},
        "a is halved to 5.00: 3.00 by 5 : 5",
        discounts=[amount("3.00")],
    )
    cases.price(
        "What promotions made free carries nothing of the order's discount",
        [each("p", percent("100"), selections=only("a"))],
        goods("10.00 5.00"),
        {"order": "0.00 1.00", "lines": "0.00 4.00"},
        "nothing is left of a",
        discounts=[amount("1.00")],
    )
    return cases


def mixed() -> PriceCases:
    """Promotions over lines of several rates."""
    cases = PriceCases("mixed", "Promotions over lines of several taxes: net, tax and gross.")
    rates = [inside("7", "7"), inside("19", "19")]
    lines = [good("a", "10.70", taxes=["7"]), good("b", "11.90", taxes=["19"])]
    cart_off = promotion("p", "cart", amount("2.26"))
    for made, left, seven, nineteen, why in (
        ([cart_off], "9.63 10.71", "0.63", "1.71",
         "2.26 by 10.70 : 11.90 is 1.07 and 1.19; 9.63 × 7/107 = 0.63, 10.71 × 19/119 = 1.71"),
        ([each("p", percent("50"), selections=only("a"))], "5.35 11.90", "0.35", "1.90",
         "5.35 × 7/107 = 0.35"),
        ([free("p", 1, 1)], "5.63 6.27", "0.37", "1.00",
         ("10.70 is free; × 10.70/22.60 = 5.0659… → 5.07, × 11.90/22.60 = 5.6340… → 5.63;"
         " 5.63 × 7/107 = 0.3683…, 6.27 × 19/119 = 1.0010…")),
        ([promotion("p", "cart", percent("100"))], "0.00 0.00", "0.00", "0.00", "all free"),
    ):  # fmt: skip
        cases.price(
            "Each rate's tax is counted on what promotions left of its lines",
            made,
            lines,
            {"lines": left, "tax:7": seven, "tax:19": nineteen},
            why,
            DSFINVK,
            taxes=rates,
        )
    on_top = [tax("a", "6"), tax("b", "10.25")]
    sold = [good("x", "10.00", taxes=["a"]), good("y", "30.00", taxes=["b"])]
    for made, net, due, gross, why in (
        ([promotion("p", "cart", percent("25"))], "30.00", "2.76", "32.76",
         "10.00 off by 1 : 3; 7.50 × 6 % = 0.45; 22.50 × 10.25 % = 2.30625 → 2.31"),
        ([bundle("p", 2, price("20.00"))], "20.00", "1.84", "21.84",
         "20.00 off by 1 : 3; 5.00 × 6 % = 0.30; 15.00 × 10.25 % = 1.5375 → 1.54"),
    ):  # fmt: skip
        cases.price(
            "Taxes on top are counted on the price after promotions",
            made,
            sold,
            {"net": net, "tax": due, "gross": gross},
            why,
            taxes=on_top,
        )
    for level, mode, due, why in (
        ("line", "half_up", "0.03", "three lines of 0.09 × 10 % = 0.009 → 0.01 each"),
        ("line", "down", "0.00", "0.009 → 0.00 each"),
        ("line", "up", "0.03", "0.009 → 0.01 each"),
        ("rate_document", "half_up", "0.03", "0.27 × 10 % = 0.027 → 0.03"),
        ("rate_document", "half_even", "0.03", "0.027 → 0.03"),
        ("rate_document", "down", "0.02", "0.027 → 0.02"),
        ("document", "half_up", "0.03", "0.027 → 0.03"),
        ("document", "up", "0.03", "0.027 → 0.03"),
    ):
        cases.price(
            "What promotions leave is taxed at the level and in the mode of the policy",
            [promotion("p", "cart", amount("0.03"))],
            goods("0.10 0.10 0.10", taxes=["t"]),
            {"net": "0.27", "tax": due, "lines": "0.09 0.09 0.09"},
            f"0.03 off, 0.01 each; {why}",
            taxes=[tax("t", "10")],
            rounding=level,
            mode=mode,
        )
    for taken, first, second, why in (
        ("1.00", "0.45", "0.95", "9.00 × 5 % = 0.45; (9.00 + 0.45) × 10 % = 0.945 → 0.95"),
        ("10.00", "0.00", "0.00", "nothing is left to tax"),
    ):
        cases.price(
            "A tax stands on the price after promotions, and so does the tax on that tax",
            [promotion("p", "cart", amount(taken))],
            [good("a", "10.00", taxes=["first", "second"])],
            {"tax:first": first, "tax:second": second},
            why,
            taxes=[tax("first", "5", affects_later=True), tax("second", "10")],
        )
    cases.price(
        "A tax by the piece is due in full, whatever promotions take off the price",
        [each("p", percent("50"))],
        [good("a", "2.00", "3", taxes=["levy"])],
        {"net": "3.00", "tax": "0.75", "gross": "3.75"},
        "3 × 2.00 halved is 3.00; 3 × 0.25 = 0.75",
        taxes=[tax("levy", "0.25", "per_unit")],
    )
    cases.price(
        "Cash is rounded once, after promotions and tax",
        [each("p", percent("15"))],
        [good("a", "4.99")],
        {"gross": "4.24"},
        "4.99 × 15 % = 0.7485 → 0.75; 4.24 is paid as 4.25",
        cash={"step": "0.05"},
    )
    return cases


def minor() -> PriceCases:
    """Currencies with other digits than two."""
    cases = PriceCases("minor", "Promotions in currencies of no, three and four decimals.")
    for code, made, prices, left, why in (
        ("JPY", each("p", TENTH), "105", "94", "10.5 → 11"),
        ("JPY", each("p", TENTH), "104", "94", "10.4 → 10"),
        ("JPY", bundle("p", 3, price("100")), "50 50 50", "33 33 34", "50 off: 17, 17, 16"),
        ("JPY", promotion("p", "cart", amount("10")), "100 50 25", "94 47 24",
         "10 × 100/175 = 5.714…, 2.857…, 1.428…: 5, 2, 1 and two more to .857… and .714…"),
        ("JPY", free("p", 2, 1), "300 200 100", "250 167 83",
         "100 free: 50, 33.3…, 16.6…: the odd one to .6"),
        ("KRW", promotion("p", "every_spend", amount("1000"), step="10000"), "25000", "23000",
         "two steps"),
        ("BHD", each("p", TENTH), "1.005", "0.904", "0.1005 → 0.101"),
        ("BHD", bundle("p", 3, price("1.000")), "0.500 0.500 0.500", "0.333 0.333 0.334",
         "0.500 off: 0.167, 0.167, 0.166"),
        ("BHD", promotion("p", "cart", amount("0.100")), "0.300 0.300 0.300",
         "0.266 0.267 0.267", "0.034, 0.033, 0.033"),
        ("BHD", each("p", price("0.999")), "1.250", "0.999", "what is left to pay"),
        ("TND", free("p", 1, 1, off=percent("50")), "2.345 1.111", "1.968 0.932",
         "1.111 × 50 % = 0.5555 → 0.556; × 2345/3456 = 0.3772…, × 1111/3456 = 0.1787…"),
        ("CLF", each("p", percent("33.3333")), "1.0000", "0.6667", "0.333333 → 0.3333"),
        ("XXA", promotion("p", "cart", percent("5")), "3.3 3.3", "3.1 3.2",
         "6.6 × 5 % = 0.33 → 0.3: 0.15 each, the odd one off the first"),
    ):  # fmt: skip
        cases.price(
            "Whatever digits a currency has, its smallest unit is what is split and rounded",
            [made],
            goods(prices),
            {"lines": left},
            why,
            code=code,
        )
    return cases


def refusals() -> PriceCases:
    """What cannot be meant."""
    cases = PriceCases("contradictions", "Promotions that cannot be meant are refused, not read.")
    for rule, made in (
        ("More than all of a price cannot come off", each("p", percent("101"))),
        ("Less than nothing cannot come off", each("p", percent("-1"))),
        ("An amount below nothing would be a surcharge", each("p", amount("-1.00"))),
        ("A price below nothing cannot be left to pay", each("p", price("-0.01"))),
        ("The cart has no price of its own", promotion("p", "cart", price("10.00"))),
        ("A bundle of no slots holds nothing", promotion("p", "bundle", TENTH, slots=[])),
        (
            "Steps of nothing would never end",
            promotion("p", "every_spend", amount("1.00"), step="0.00"),
        ),
        ("A price by quantity has steps", promotion("p", "tiers", tiers=[])),
        (
            "The steps of a price by quantity go up",
            promotion("p", "tiers", tiers=[{"from": 3, "off": TENTH}, {"from": 2, "off": TENTH}]),
        ),
        (
            "It ends after it starts",
            each("p", TENTH, starts="2026-12-02T00:00:00Z", ends="2026-12-01T00:00:00Z"),
        ),
        ("The vendor pays no more than all", each("p", TENTH, vendor_percent="100.0001")),
        ("It is for a coupon or given by hand", each("p", TENTH, coupon="X", manual=True)),
        ("It is for points or given by hand", each("p", TENTH, costs_points=5, manual=True)),
        ("Only what costs points is told to apply by itself", each("p", TENTH, by_itself=True)),
    ):
        cases.contradict(rule, [made], goods("10.00"))
    return cases
