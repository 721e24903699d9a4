"""Cases of which side is rounded, and of where the odd cents go."""

from __future__ import annotations

from fractions import Fraction

from tests.vectors.building import DIGITS, Cases, inside, line, short, tax
from tests.vectors.paper import less, on_paper

SIDES = [
    ("52.50", "12", "EUR", "half_up", "Odoo 18 rounds the tax (46.87 + 5.63), Odoo 17 the net"),
    ("24.99", "20", "EUR", "half_up", "Odoo 18: 20.82 + 4.17"),
    ("0.03", "100", "EUR", "half_up", "arithmetic"),
    ("-52.50", "12", "EUR", "half_up", "arithmetic"),
    ("10.50", "5", "EUR", "half_even", "arithmetic"),
    ("0.11", "10", "EUR", "half_up", "arithmetic"),
    ("0.21", "40", "EUR", "half_even", "arithmetic"),
    ("1.00", "19", "EUR", "down", "arithmetic"),
    ("1.00", "19", "EUR", "up", "arithmetic"),
    ("105", "10", "JPY", "down", "JP: price with tax"),
    ("105", "10", "JPY", "up", "JP: price with tax"),
]


def extract() -> Cases:
    """Tax first or net first."""
    cases = Cases("extract", "Of a price with tax in it, which side is rounded.")
    for price, rate, code, mode, source in SIDES:
        digits = DIGITS.get(code, 2)
        part = Fraction(price) * Fraction(rate) / (100 + Fraction(rate))
        net = Fraction(price) - part
        for side in ("tax_first", "net_first"):
            first = side == "tax_first"
            due = on_paper(part, digits, mode) if first else ""
            base = less(price, due) if first else on_paper(net, digits, mode)
            due = due or less(price, base)
            cases.add(
                "The tax is rounded and the net is the rest"
                if first
                else "The net is rounded and the tax is the rest",
                [inside("vat", rate)],
                [line(price.lstrip("-"), "-1" if price.startswith("-") else "1")],
                {"net": base, "tax": due, "gross": price},
                f"tax {short(part)}, net {short(net)}: "
                + (f"tax → {due}, net {base}" if first else f"net → {base}, tax {due}"),
                source,
                code=code,
                mode=mode,
                extract=side,
            )
    _groups(cases)
    return cases


def _groups(cases: Cases) -> None:
    """Net first over several lines or taxes."""
    lines = [line(price) for price in ("0.52", "0.52", "0.52")]
    for level, net in (("line", "1.38"), ("rate_document", "1.39"), ("document", "1.39")):
        cases.add(
            "A net is rounded by the line, or once over the lines that share their taxes",
            [inside("vat", "12")],
            lines,
            {"net": net, "tax": less("1.56", net)},
            "0.52 × 100/112 = 0.46428… → 0.46, three times 1.38; 1.56 × 100/112 = 1.39285… → 1.39",
            rounding=level,
            extract="net_first",
        )
    two = [inside("a", "10"), inside("b", "10", affected_by_previous=False)]
    for residual, a, b in (
        ("largest", "0.11", "0.10"),
        ("first", "0.11", "0.10"),
        ("last", "0.10", "0.11"),
        ("biggest", "0.11", "0.10"),
    ):
        cases.add(
            "What is left beside a rounded net is split over its taxes as the policy says",
            two,
            [line("1.25", taxes=["a", "b"])],
            {"net": "1.04", "a": a, "b": b},
            "1.25 / 1.2 = 1.04166… → 1.04; 0.21 is left for two taxes of 0.104166… each",
            "Tryton puts a line's odd cent on its first tax",
            extract="net_first",
            residual=residual,
        )


def residual() -> Cases:
    """Odd cents between lines and between taxes."""
    cases = Cases("residual", "Where the cents go by which rounded shares miss their rounded sum.")
    baskets = [
        (["0.98", "0.98", "0.98"], "8", "down"),
        (["0.98", "0.98", "0.98"], "8", "up"),
        (["1.00", "2.00", "10.00", "1.00"], "8.875", "half_up"),
        (["0.06", "0.06", "0.06", "0.06", "0.06"], "7", "half_up"),
        (["3.33", "-1.11", "2.22"], "19", "half_up"),
        (["0.05", "0.05", "0.05", "0.05"], "10", "half_even"),
        (["0.00", "0.07", "0.07"], "7.5", "up"),
        (["5.00", "5.00"], "0.1", "half_up"),
    ]
    for prices, rate, mode in baskets:
        exact = [Fraction(price) * Fraction(rate) for price in prices]  # in cents
        whole = int(on_paper(sum(exact, Fraction()), 0, mode))
        for way in ("largest", "first", "last", "biggest"):
            shares = _by_hand(exact, whole, way, mode)
            told = " ".join(on_paper(Fraction(share, 100)) for share in shares)
            cases.add(
                {
                    "largest": "The largest remainders take one cent each, ties to the first",
                    "first": "The first share that is not nought takes all odd cents",
                    "last": "The last share that is not nought takes all odd cents",
                    "biggest": "The biggest share takes all odd cents",
                }[way],
                [tax("vat", rate)],
                [line(price.lstrip("-"), "-1" if "-" in price else "1") for price in prices],
                {"tax": on_paper(Fraction(whole, 100)), "taxes": told},
                f"in cents {', '.join(map(short, exact))}: {whole} together, shared as {shares}",
                rounding="rate_document",
                mode=mode,
                residual=way,
            )
    _between_taxes(cases)
    return cases


def _by_hand(exact: list[Fraction], whole: int, way: str, mode: str) -> list[int]:
    """The shares, given out cent by cent."""
    takers = [at for at, value in enumerate(exact) if value]
    if way == "largest":
        shares = [value.numerator // value.denominator for value in exact]
        order = sorted(takers, key=lambda at: exact[at] - shares[at], reverse=True)
        for at in order[: whole - sum(shares)]:
            shares[at] += 1
        return shares
    shares = [int(on_paper(value, 0, mode)) for value in exact]
    chosen = {
        "first": takers[0],
        "last": takers[-1],
        "biggest": max(takers, key=lambda at: abs(exact[at])),
    }[way]
    shares[chosen] += whole - sum(shares)
    return shares


def _between_taxes(cases: Cases) -> None:
    """One sum over the document, shared by three taxes."""
    three = [tax(name, "1.5", affected_by_previous=False) for name in ("a", "b", "c")]
    for way, shares in (
        ("largest", ("0.02", "0.02", "0.01")),
        ("first", ("0.01", "0.02", "0.02")),
        ("last", ("0.02", "0.02", "0.01")),
        ("biggest", ("0.01", "0.02", "0.02")),
    ):
        cases.add(
            "A document's one sum goes to its taxes first, in the order of the table",
            three,
            [line("1.00", taxes=["a", "b", "c"])],
            dict(zip(("a", "b", "c"), shares, strict=True)) | {"tax": "0.05"},
            "3 × 0.015 = 0.045 → 0.05; each alone 0.02, one cent too much",
            rounding="document",
            residual=way,
        )
