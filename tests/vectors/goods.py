"""Cases of discounts, goods brought back, small currencies, whole baskets, and cash."""

from __future__ import annotations

from fractions import Fraction

from tests.vectors.building import DIGITS, Cases, inside, line, short, tax
from tests.vectors.paper import less, on_paper, total


def discounts() -> Cases:
    """What comes off before tax."""
    cases = Cases("discounts", "Discounts come off before any tax.")
    for price, quantity, offs, net in (
        ("10.00", "1", [{"amount": "2.50"}], "7.50"),
        ("10.00", "1", [{"percent": "10"}], "9.00"),
        ("0.99", "3", [{"percent": "15"}], "2.52"),
        ("10.00", "1", [{"percent": "20"}, {"percent": "10"}], "7.20"),
        ("10.00", "1", [{"percent": "20"}, {"amount": "1.00"}], "7.00"),
        ("10.00", "1", [{"amount": "1.00"}, {"percent": "20"}], "7.20"),
        ("10.00", "1", [{"percent": "100"}], "0.00"),
        ("10.00", "1", [{"amount": "12.00"}], "-2.00"),
        ("4.99", "-2", [{"percent": "10"}], "-8.98"),
    ):
        for is_inside in (True, False):
            ratio = Fraction(19, 119) if is_inside else Fraction(19, 100)
            exact = Fraction(net) * ratio
            due = on_paper(exact)
            cases.add(
                "Each discount comes off what those before it left; then the tax is counted",
                [inside("vat", "19") if is_inside else tax("vat", "19")],
                [line(price, quantity, discounts=offs)],
                {"tax": due, "gross": net if is_inside else total(net, due)},
                f"{quantity} × {price} less discounts = {net}; × {short(ratio)} = {short(exact)}",
            )
    return cases


def returns() -> Cases:
    """Goods brought back mirror their sale."""
    cases = Cases("returns", "Lines below zero: goods brought back, deposits paid out.")
    for price, rate, is_inside in (
        ("8.99", "7", True),
        ("0.05", "10", False),
        ("11.90", "19", True),
        ("0.25", "19", True),
        ("1.50", "8.875", False),
    ):
        ratio = Fraction(rate) / (100 + Fraction(rate) if is_inside else 100)
        due = on_paper(-Fraction(price) * ratio)
        rule = [inside("vat", rate) if is_inside else tax("vat", rate)]
        cases.add(
            "A line brought back has the tax of its sale, turned round",
            rule,
            [line(price, "-1")],
            {"tax": due},
            f"−{price} × {short(ratio)} = {short(-Fraction(price) * ratio)} → {due}",
        )
        cases.add(
            "A sale and its return in one document come to nought",
            rule,
            [line(price), line(price, "-1")],
            {"tax": "0.00", "net": "0.00", "gross": "0.00"},
            f"{price} − {price} = 0, and so are their taxes",
            rounding="rate_document",
        )
    cases.add(
        "An exchange pays the difference with its tax",
        [inside("vat", "20")],
        [line("30.00", "-1"), line("42.00")],
        {"taxes": "-5.00 7.00", "gross": "12.00"},
        "−30 × 20/120 = −5; 42 × 20/120 = 7",
    )
    cases.add(
        "A crate of empties is worth more than the drink",
        [inside("vat", "19")],
        [line("0.99"), line("3.10", "-1")],
        {"tax": "-0.33", "gross": "-2.11"},
        "0.99 × 19/119 = 0.158 → 0.16; −3.10 × 19/119 = −0.49495… → −0.49",
        "DE: DSFinV-K, PfandRueckzahlung",
    )
    return cases


def digits() -> Cases:
    """Currencies of nought to four decimals."""
    cases = Cases("digits", "ISO 4217 minor units from nought to four.")
    for code, price in (
        ("JPY", "1234"),
        ("XXA", "123.4"),
        ("EUR", "12.34"),
        ("BHD", "1.234"),
        ("CLF", "0.1234"),
    ):
        places = DIGITS.get(code, 2)
        for is_inside in (True, False):
            ratio = Fraction(15, 115) if is_inside else Fraction(15, 100)
            exact = Fraction(price) * ratio
            due = on_paper(exact, places)
            cases.add(
                f"A currency of {places} decimals is rounded to them",
                [inside("vat", "15") if is_inside else tax("vat", "15")],
                [line(price)],
                {"tax": due, "net": less(price, due) if is_inside else price},
                f"{price} × {short(ratio)} = {short(exact)} → {due}",
                "ISO 4217",
                code=code,
            )
    for price, quantity, amount in (
        ("1.749", "41.273", "72.19"),
        ("0.0149", "1000", "14.90"),
        ("0.000001", "500000", "0.50"),
        ("12.99", "0.385", "5.00"),
        ("12.99", "0.001", "0.01"),
    ):
        cases.add(
            "A unit price may be finer than the minor unit; the amount is not",
            [inside("vat", "19")],
            [line(price, quantity, unit="kg")],
            {"gross": amount, "tax": on_paper(Fraction(amount) * Fraction(19, 119))},
            f"{price} × {quantity} = {short(Fraction(price) * Fraction(quantity))} → {amount}",
        )
    return cases


# Country, code, price, step, mode, due, law.
COINS = [
    ("FI", "EUR", "9.97", "0.05", "half_up", "9.95", "FI: Act on rounding of cash payments"),
    ("FI", "EUR", "9.98", "0.05", "half_up", "10.00", "FI: Act on rounding of cash payments"),
    ("NL", "EUR", "9.91", "0.05", "half_up", "9.90", "NL: since 2004-09-01"),
    ("NL", "EUR", "9.93", "0.05", "half_up", "9.95", "NL: since 2004-09-01"),
    ("BE", "EUR", "9.92", "0.05", "half_up", "9.90", "BE: mandatory since 2019-12-01"),
    ("BE", "EUR", "9.96", "0.05", "half_up", "9.95", "BE: mandatory since 2019-12-01"),
    ("EE", "EUR", "0.02", "0.05", "half_up", "0.00", "EE: since 2025-01-01"),
    ("EE", "EUR", "0.03", "0.05", "half_up", "0.05", "EE: since 2025-01-01"),
    ("LT", "EUR", "10.06", "0.05", "half_up", "10.05", "LT: since 2025-05-01"),
    ("LT", "EUR", "10.09", "0.05", "half_up", "10.10", "LT: since 2025-05-01"),
    ("SK", "EUR", "5.55", "0.05", "half_up", "5.55", "SK: since 2022-07-01"),
    ("CA", "CAD", "1.02", "0.05", "half_up", "1.00", "CA: since 2013-02-04"),
    ("CA", "CAD", "1.03", "0.05", "half_up", "1.05", "CA: since 2013-02-04"),
    ("US-AL", "USD", "6.41", "0.05", "half_up", "6.40", "US-AL: Act 2026-548"),
    ("US-AL", "USD", "6.44", "0.05", "half_up", "6.45", "US-AL: Act 2026-548"),
    ("US", "USD", "6.44", "0.05", "down", "6.40", "US: in the customer's favour, where allowed"),
    ("CH", "CHF", "0.07", "0.05", "half_up", "0.05", "CH: smallest coin of 5 Rappen"),
    ("AU", "AUD", "2.98", "0.05", "half_up", "3.00", "AU: 1 and 2 cents withdrawn"),
    ("NZ", "NZD", "2.94", "0.10", "half_up", "2.90", "NZ: since 2006-11-01"),
    ("NZ", "NZD", "2.96", "0.10", "half_up", "3.00", "NZ: since 2006-11-01"),
    ("SE", "SEK", "12.49", "1.00", "half_up", "12.00", "SE: Lag (1970:1028)"),
    ("SE", "SEK", "12.50", "1.00", "half_up", "13.00", "SE: Lag (1970:1028)"),
    ("NO", "NOK", "99.50", "1.00", "half_up", "100.00", "NO: since 2012-05-01"),
    ("DK", "DKK", "7.24", "0.50", "half_up", "7.00", "DK: smallest coin of 50 øre"),
    ("DK", "DKK", "7.25", "0.50", "half_up", "7.50", "DK: smallest coin of 50 øre"),
    ("HU", "HUF", "1232.00", "5.00", "half_up", "1230.00", "HU: smallest coin of 5 forint"),
    ("HU", "HUF", "1233.00", "5.00", "half_up", "1235.00", "HU: smallest coin of 5 forint"),
    ("CZ", "CZK", "45.50", "1.00", "half_up", "46.00", "CZ: smallest coin of 1 koruna"),
]


def coins() -> Cases:
    """Cash in many countries; refunds mirror sales; other tenders are not rounded."""
    cases = Cases("coins", "Cash rounded to the coins there are, tax untouched.")
    for _, code, price, step, mode, due, source in COINS:
        vat = on_paper(Fraction(price) / 11)
        for quantity, sign in (("1", ""), ("-1", "-")):
            turned = due if not sign or not Fraction(due) else f"-{due}"
            cases.add(
                "Cash goes to a multiple of the step"
                if not sign
                else "Cash paid back is rounded as the sale was",
                [inside("vat", "10")],
                [line(price, quantity)],
                {
                    "due": turned,
                    "gross": f"{sign}{price}",
                    "rounding": less(turned, f"{sign}{price}"),
                    "tax": f"{sign}{vat}" if Fraction(vat) else vat,
                },
                f"{sign}{price} → {turned} in steps of {step}; the tax stays {sign}{vat}",
                source,
                code=code,
                cash={"step": step, "mode": mode},
            )
    for other, due, rounding in (("0.68", "15.05", "0.01"), ("15.00", "0.70", "-0.02")):
        cases.add(
            "The rest after other tenders is rounded",
            [],
            [line("15.72", taxes=[])],
            {"due": due, "rounding": rounding},
            f"15.72 − {other} by card = {less('15.72', other)} → {due}",
            "Odoo 18: cash rounding of the remainder",
            cash={"step": "0.05", "other_tenders": other},
        )
    return cases


def baskets() -> Cases:
    """Whole documents of several rates, as a shop rings them up."""
    cases = Cases("baskets", "Whole baskets: several rates, weights, deposits, discounts.")
    shop = [
        (("1.49", "2"), "7"),
        (("12.90", "0.412"), "7"),
        (("0.99", "6"), "19"),
        (("0.25", "6"), "19"),
        (("24.95", "1"), "19"),
        (("0.25", "-9"), "19"),
    ]
    for count in (2, 3, 4, 5, 6):
        rows = shop[:count]
        amounts = [on_paper(Fraction(price) * Fraction(quantity)) for (price, quantity), _ in rows]
        for level in ("line", "rate_document"):
            sums = {}
            for rate in ("7", "19"):
                mine = [
                    Fraction(amount) * Fraction(rate) / (100 + Fraction(rate))
                    for amount, (_, of) in zip(amounts, rows, strict=True)
                    if of == rate
                ]
                if mine:
                    sums[rate] = (
                        total(*map(on_paper, mine))
                        if level == "line"
                        else on_paper(sum(mine, Fraction()))
                    )
            cases.add(
                f"{count} lines of a grocer's basket, taxed by "
                f"{'the line' if level == 'line' else 'the rate over the document'}",
                [inside("7", "7"), inside("19", "19")],
                [line(price, quantity, [rate]) for (price, quantity), rate in rows],
                sums | {"gross": total(*amounts)},
                f"amounts {', '.join(amounts)}; taxes {sums}",
                "DE: UStG §12(1), §12(2)",
                rounding=level,
            )
    cases.add(
        "Hundreds of lines are summed without a cent lost",
        [inside("vat", "19")],
        [line("0.01")] * 300,
        {"gross": "3.00", "tax": "0.48", "net": "2.52"},
        "300 × 0.01 = 3.00; 3.00 × 19/119 = 0.47899… → 0.48; by the line it would be nought",
        rounding="rate_document",
    )
    return cases
