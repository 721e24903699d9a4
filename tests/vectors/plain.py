"""Cases of one tax a line: inside the price, on top of it, and the ways it is rounded."""

from __future__ import annotations

from fractions import Fraction

from tests.vectors.building import DIGITS, Cases, inside, line, short, tax
from tests.vectors.paper import less, on_paper, total

# Code, rate, price, law. Prices were taken so that no two lines of arithmetic look alike.
INCLUDED = [
    ("EUR", "19", "1.99", "DE: UStG §12(1)"),
    ("EUR", "19", "249.95", "DE: UStG §12(1)"),
    ("EUR", "16", "1.99", "DE: UStG §28(1), second half of 2020"),
    ("EUR", "7", "0.69", "DE: UStG §12(2)"),
    ("EUR", "5", "12.80", "DE: UStG §28(2), second half of 2020"),
    ("EUR", "20", "3.49", "AT: UStG 1994 §10(1)"),
    ("EUR", "13", "17.90", "AT: UStG 1994 §10(3)"),
    ("EUR", "10", "5.55", "AT: UStG 1994 §10(2)"),
    ("EUR", "4.9", "2.29", "AT: UStG 1994 §10, staple foods from 2026-07-01"),
    ("EUR", "20", "24.99", "FR: CGI art. 278"),
    ("EUR", "10", "13.50", "FR: CGI art. 279"),
    ("EUR", "5.5", "4.15", "FR: CGI art. 278-0 bis"),
    ("EUR", "2.1", "3.20", "FR: CGI art. 298 septies"),
    ("GBP", "20", "12.99", "GB: VATA 1994 s 2(1)"),
    ("GBP", "5", "48.37", "GB: VATA 1994 Sch 7A Group 1"),
    ("GBP", "12.5", "18.25", "GB: Finance Act 2021, hospitality until 2022-03-31"),
    ("GBP", "0", "1.15", "GB: VATA 1994 Sch 8 Group 1"),
    ("EUR", "21", "59.90", "ES: Ley 37/1992 art. 90"),
    ("EUR", "10", "2.35", "ES: Ley 37/1992 art. 91.Uno"),
    ("EUR", "4", "0.89", "ES: Ley 37/1992 art. 91.Dos"),
    ("EUR", "2", "0.89", "ES: RDL 4/2024, last quarter of 2024"),
    ("EUR", "22", "19.90", "IT: DPR 633/1972 art. 16"),
    ("EUR", "4", "1.30", "IT: DPR 633/1972 Tabella A parte II"),
    ("EUR", "21", "7.49", "NL: Wet OB 1968 art. 9(1)"),
    ("EUR", "9", "2.19", "NL: Wet OB 1968 art. 9(2)"),
    ("CHF", "8.1", "34.50", "CH: MWSTG art. 25(1)"),
    ("CHF", "7.7", "34.50", "CH: MWSTG art. 25(1), until 2023-12-31"),
    ("CHF", "2.6", "6.95", "CH: MWSTG art. 25(2)"),
    ("CHF", "3.8", "180.00", "CH: MWSTG art. 25(4)"),
    ("SEK", "25", "129.00", "SE: Mervärdesskattelag (2023:200) 9 kap."),
    ("SEK", "12", "54.90", "SE: Mervärdesskattelag (2023:200) 9 kap."),
    ("SEK", "6", "54.90", "SE: food at 6 % from 2026-04-01"),
    ("NOK", "25", "79.00", "NO: Merverdiavgiftsloven §5-1"),
    ("NOK", "15", "44.90", "NO: Merverdiavgiftsloven §5-2"),
    ("AUD", "10", "16.45", "AU: GST Act 1999 s 9-70"),
    ("NZD", "15", "23.80", "NZ: Goods and Services Tax Act 1985 s 8(1)"),
    ("JPY", "10", "1098", "JP: Consumption Tax Act art. 29, price with tax"),
    ("JPY", "8", "321", "JP: Consumption Tax Act art. 29, price with tax"),
    ("EUR", "100", "9.99", "arithmetic"),
    ("EUR", "250", "10.00", "arithmetic"),
]
ADDED = [
    ("USD", "4", "14.37", "US-NY: Tax Law §1105"),
    ("USD", "8.875", "14.37", "US-NY: state, MCTD and New York City together"),
    ("USD", "6.25", "39.99", "US-MA: M.G.L. c. 64H §2"),
    ("USD", "7", "39.99", "US-RI: Gen. Laws §44-18-18"),
    ("USD", "8.25", "5.49", "US-TX: Tax Code §151.051 and §321"),
    ("USD", "7.25", "0.07", "arithmetic"),
    ("CAD", "5", "3.79", "CA: Excise Tax Act s 165(1)"),
    ("CAD", "13", "3.79", "CA-ON: Excise Tax Act s 165(2)"),
    ("CAD", "15", "3.79", "CA-NB: Excise Tax Act s 165(2)"),
    ("CAD", "14", "3.79", "CA-NS: from 2025-04-01"),
    ("CAD", "9.975", "3.79", "CA-QC: Act respecting the Québec sales tax s 16"),
    ("JPY", "8", "98", "JP: Consumption Tax Act art. 29"),
    ("JPY", "10", "98", "JP: Consumption Tax Act art. 29"),
    ("EUR", "19", "84.03", "DE: UStG §12(1), price without tax"),
    ("EUR", "0", "84.03", "arithmetic"),
    ("EUR", "100", "84.03", "arithmetic"),
    ("EUR", "1000", "84.03", "arithmetic"),
    ("EUR", "0.0001", "84.03", "arithmetic"),
    ("XXA", "19", "7.3", "arithmetic"),
    ("KRW", "10", "12345", "arithmetic"),
    ("BHD", "10", "4.321", "BH: ISO 4217 exponent 3"),
    ("TND", "19", "4.321", "TN: ISO 4217 exponent 3"),
    ("CLF", "19", "1.2345", "CL: ISO 4217 exponent 4"),
]


def included() -> Cases:
    """Tax inside the price."""
    cases = Cases("included", "One tax inside the price: rate over 100 and rate, of the price.")
    for code, rate, price, source in INCLUDED:
        digits = DIGITS.get(code, 2)
        exact = Fraction(price) * Fraction(rate) / (100 + Fraction(rate))
        due = on_paper(exact, digits)
        cases.add(
            "The tax inside a price is rate / (100 + rate) of it; the net is the rest",
            [inside("vat", rate)],
            [line(price)],
            {"tax": due, "gross": price, "net": less(price, due)},
            f"{price} × {rate} / (100 + {rate}) = {short(exact)} → {due}",
            source,
            code=code,
        )
    return cases


def added() -> Cases:
    """Tax on top of the price."""
    cases = Cases("added", "One tax on top of the price.")
    for code, rate, price, source in ADDED:
        digits = DIGITS.get(code, 2)
        exact = Fraction(price) * Fraction(rate) / 100
        due = on_paper(exact, digits)
        cases.add(
            "The tax on top of a price is rate / 100 of it",
            [tax("vat", rate)],
            [line(price)],
            {"tax": due, "net": price, "gross": total(price, due)},
            f"{price} × {rate} % = {short(exact)} → {due}",
            source,
            code=code,
        )
    return cases


MODES = ("half_up", "half_even", "up", "down")
RULES = {
    "half_up": "Halves go away from zero, on both sides of it",
    "half_even": "Halves go to the even neighbour",
    "up": "Any rest goes away from zero",
    "down": "Any rest goes towards zero",
}


def rounding() -> Cases:
    """Modes, levels, exact and rounded amounts."""
    cases = Cases("rounding", "How a tax is rounded, and where.")
    for mode in MODES:
        for price, quantity in (
            ("0.25", "1"),
            ("0.35", "1"),
            ("0.24", "1"),
            ("0.26", "1"),
            ("0.25", "-1"),
            ("0.35", "-1"),
        ):
            exact = Fraction(price) * Fraction(quantity) / 10
            due = on_paper(exact, 2, mode)
            cases.add(
                RULES[mode],
                [tax("vat", "10")],
                [line(price, quantity)],
                {"tax": due},
                f"{quantity} × {price} × 10 % = {short(exact)} → {due}",
                mode=mode,
            )
    _levels(cases)
    _amounts(cases)
    return cases


BASKETS = {
    "three at 19 %": ("19", ["0.99", "0.99", "0.99"]),
    "seven odd prices": ("16", ["1.07", "2.13", "3.19", "0.41", "5.57", "0.83", "9.91"]),
    "many small things": ("8.875", ["0.10"] * 9),
    "dear beside cheap": ("7", ["119.93", "0.03", "0.08"]),
}


def _levels(cases: Cases) -> None:
    for name, (rate, prices) in BASKETS.items():
        for is_inside in (True, False):
            ratio = Fraction(rate) / (100 + Fraction(rate) if is_inside else 100)
            exact = [Fraction(price) * ratio for price in prices]
            by_line = total(*(on_paper(value) for value in exact))
            whole = on_paper(sum(exact, Fraction()))
            for level, due in (("line", by_line), ("rate_document", whole), ("document", whole)):
                cases.add(
                    f"Rounded {'by the line' if level == 'line' else 'once over the document'}: "
                    f"{name}, tax {'inside' if is_inside else 'on top'}",
                    [inside("vat", rate) if is_inside else tax("vat", rate)],
                    [line(price) for price in prices],
                    {"tax": due},
                    f"exactly {' + '.join(short(value) for value in exact)} "
                    f"= {short(sum(exact, Fraction()))} → {due}",
                    rounding=level,
                )
    two = [tax("a", "5"), tax("b", "9.975", affected_by_previous=False)]
    lines = [line(price, taxes=["a", "b"]) for price in ("0.10", "0.30")]
    # 0.40 × 5 % = 0.02; × 9.975 % = 0.0399; together 0.0599.
    for level, due in (("line", "0.07"), ("rate_document", "0.06"), ("document", "0.06")):
        cases.add(
            "Two taxes rounded by the line, each over the document, or both together",
            two,
            lines,
            {"tax": due},
            "0.40 × 5 % = 0.02 and 0.40 × 9.975 % = 0.0399, together 0.0599; by the line "
            "0.005 → 0.01, 0.009975 → 0.01, 0.015 → 0.02, 0.029925 → 0.03",
            rounding=level,
        )
    small = [tax("a", "5"), tax("b", "6", affected_by_previous=False)]
    lines = [line(price, taxes=["a", "b"]) for price in ("0.02", "0.04")]
    for level, due in (("line", "0.00"), ("rate_document", "0.00"), ("document", "0.01")):
        cases.add(
            "Two taxes that are nothing each are a cent together",
            small,
            lines,
            {"tax": due},
            "0.06 × 5 % = 0.003 and 0.06 × 6 % = 0.0036: nought each; together 0.0066 → 0.01",
            rounding=level,
        )
    for price, quantity, rate, is_inside in (
        ("1.08", "3", "19", False),
        ("0.33", "7", "20", True),
        ("2.49", "1.25", "10", False),
        ("0.05", "12", "5", False),
        ("1.99", "-4", "7", True),
    ):
        ratio = Fraction(rate) / (100 + Fraction(rate) if is_inside else 100)
        # The unit's amount is that of the rounded line, so that discounts count.
        amount = Fraction(on_paper(Fraction(price) * Fraction(quantity)))
        size = abs(Fraction(quantity))
        one = on_paper(amount * ratio / size)
        due = on_paper(Fraction(one) * size)
        cases.add(
            "Rounded for one of the quantity, then multiplied by it",
            [inside("vat", rate) if is_inside else tax("vat", rate)],
            [line(price, quantity)],
            {"tax": due},
            f"{short(amount / size)} × {short(ratio)} → {one} for one; × {short(size)} → {due}",
            "commercetools: line item price rounded by the unit",
            rounding="unit",
        )


def _amounts(cases: Cases) -> None:
    for price, quantity, rate in (
        ("1.999", "1", "20"),
        ("12.34", "0.333", "19"),
        ("1.749", "38.27", "19"),
        ("0.0149", "250", "7"),
        ("3.3333", "3", "21"),
    ):
        product = Fraction(price) * Fraction(quantity)
        ratio = Fraction(rate) / 100
        for amounts in ("rounded", "exact"):
            marked = on_paper(product)
            base = Fraction(marked) if amounts == "rounded" else product
            due = on_paper(base * ratio)
            cases.add(
                "An amount is rounded before it is taxed"
                if amounts == "rounded"
                else "An amount is taxed as it is and rounded beside its tax",
                [tax("vat", rate)],
                [line(price, quantity, unit="kg")],
                {"tax": due, "net": marked, "gross": total(marked, due)},
                f"{price} × {quantity} = {short(product)}, marked {marked}; "
                f"{short(base)} × {rate} % = {short(base * ratio)} → {due}",
                amounts=amounts,
            )
    odd = [line("1.004"), line("1.004"), line("1.004")]
    for level, net in (("line", "3.00"), ("rate_document", "3.01")):
        cases.add(
            "Exact amounts are rounded where their taxes are",
            [tax("vat", "10")],
            odd,
            {"net": net, "tax": "0.30"},
            "by the line 3 × 1.00 = 3.00 with 3 × 0.10; over the document 3.012 → 3.01, "
            "0.3012 → 0.30",
            rounding=level,
            amounts="exact",
        )
    for mode, marked in (("half_up", "1.01"), ("half_even", "1.00"), ("down", "1.00")):
        cases.add(
            "The mode of amounts is its own setting",
            [tax("vat", "0")],
            [line("1.005")],
            {"net": marked},
            f"1.005 → {marked}",
            amounts="exact",
            amount_mode=mode,
        )
