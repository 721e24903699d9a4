"""Cases of thresholds, caps, taxes that are not charged, and documents that have no figures."""

from __future__ import annotations

from fractions import Fraction

from tests.vectors.building import Cases, Data, inside, line, short, tax
from tests.vectors.paper import less, on_paper, total

EXCESS = {"then": "excess", "exempt_at_amount": True}


def thresholds() -> Cases:
    """Below, at and above; whole or excess; an item or the receipt."""
    cases = Cases("thresholds", "Amounts below which a tax is not due, and what is taxed above.")
    for price in ("99.99", "100.00", "100.01"):
        for at, then in ((False, "whole"), (True, "whole"), (False, "excess"), (True, "excess")):
            above = Fraction(price) > 100 or (price == "100.00" and not at)
            base = Fraction(price) - (100 if then == "excess" else 0) if above else Fraction()
            due = on_paper(base * Fraction("0.08"))
            cases.add(
                f"An item {'at' if price == '100.00' else 'above' if above else 'below'} the "
                f"threshold, itself {'exempt' if at else 'taxed'} there, above it the {then}",
                [tax("vat", "8", threshold=_limit("100.00", at, then))],
                [line(price)],
                {"tax": due, "base:vat": on_paper(base), "net": price},
                f"taxed are {short(base)}; × 8 % = {short(base * Fraction('0.08'))} → {due}",
                "US: clothing thresholds of NY (whole), MA and RI (excess)",
                code="USD",
            )
    limit = _limit("50.00", True, "excess")
    for prices, quantities, over, why in (
        (["60.00"], ["3"], "30.00", "each of three exceeds 50.00 by 10.00"),
        (["60.00"], ["-3"], "-30.00", "brought back, the same turned round"),
        (["40.00", "80.00"], ["1", "1"], "30.00", "40.00 is exempt, 80.00 exceeds by 30.00"),
    ):
        cases.add(
            "A threshold of an item is measured for each piece",
            [tax("vat", "5", threshold=limit)],
            [line(price, quantity) for price, quantity in zip(prices, quantities, strict=True)],
            {"base:vat": over, "tax": on_paper(Fraction(over) / 20)},
            f"{why}: {over} × 5 %",
        )
    cases.add(
        "A store's discount is taken off before the threshold is measured",
        [tax("vat", "4", threshold={"amount": "110.00"})],
        [line("120.00", discounts=[{"percent": "10"}])],
        {"tax": "0.00", "net": "108.00"},
        "120.00 − 12.00 = 108.00, below 110.00",
        "US-NY: Tax Law §1115(a)(30)",
        code="USD",
    )
    cases.add(
        "What is sold by weight is one item",
        [tax("vat", "5", threshold=limit)],
        [line("20.00", "3", unit="kg")],
        {"base:vat": "10.00", "tax": "0.50"},
        "3 kg × 20.00 = 60.00, one item: 10.00 above 50.00; × 5 % = 0.50",
    )
    receipt = {"amount": "50.00", "exempt_at_amount": True, "per": "receipt"}
    for prices, then, taxed, taxes in (
        (["30.00", "20.00"], "whole", "0.00", "0.00 0.00"),
        (["30.00", "20.01"], "whole", "50.01", "3.00 2.00"),
        (["30.00", "30.00"], "excess", "10.00", "0.50 0.50"),
        (["45.00", "15.00"], "excess", "10.00", "0.75 0.25"),
    ):
        cases.add(
            f"A threshold of the receipt is measured over all lines with the tax; the {then} above",
            [tax("vat", "10", threshold={**receipt, "then": then})],
            [line(price) for price in prices],
            {"base:vat": taxed, "taxes": taxes},
            f"{' + '.join(prices)} = {total(*prices)} against 50.00: {taxed} taxed at 10 %",
        )
    cases.add(
        "A tax inside a price below its threshold is not in it",
        [inside("vat", "8", threshold=_limit("100.00", False, "whole"))],
        [line("99.00"), line("108.00")],
        {"taxes": "0.00 8.00", "net": "199.00"},
        "99.00 is below 100.00: no tax; 108.00 × 8/108 = 8.00",
    )
    return cases


def _limit(amount: str, at: bool, then: str) -> Data:
    return {"amount": amount, "exempt_at_amount": at, "then": then}


def caps() -> Cases:
    """The most tax, and the most that is taxed."""
    cases = Cases("caps", "The most of a tax, or the most that is taxed.")
    for price, quantity in (("1500.00", "1"), ("1600.00", "1"), ("4000.00", "1"), ("4000.00", "3")):
        count = Fraction(quantity)
        base = min(Fraction(price), Fraction(1600)) * count
        due = on_paper(base * Fraction("0.0275"))
        cases.add(
            "Of a single article only the first 1,600 are taxed",
            [tax("local", "2.75", cap={"of": "base", "amount": "1600.00"})],
            [line(price, quantity, ["local"])],
            {"base:local": on_paper(base), "local": due},
            f"{short(base)} × 2.75 % = {short(base * Fraction('0.0275'))} → {due}",
            "US-TN: Code §67-6-702, local tax on single articles",
            code="USD",
        )
    for price, quantity in (("400.00", "1"), ("500.00", "1"), ("900.00", "1"), ("900.00", "-2")):
        full = Fraction(price) * Fraction("0.05")
        one = min(full, Fraction(25))
        due = on_paper(one * Fraction(quantity))
        cases.add(
            "The tax of each item ends at its cap; the base is told whole",
            [tax("vat", "5", cap={"amount": "25.00"})],
            [line(price, quantity)],
            {"tax": due, "base:vat": on_paper(Fraction(price) * Fraction(quantity))},
            f"{price} × 5 % = {short(full)}, at most 25.00, times {quantity}",
        )
    for of, amount, taxes, why in (
        ("tax", "9.00", "6.00 3.00", "150.00 × 10 % = 15.00, at most 9.00: shared 2 to 1"),
        ("tax", "20.00", "10.00 5.00", "150.00 × 10 % = 15.00, below 20.00"),
        ("base", "75.00", "5.00 2.50", "75.00 of 150.00 are taxed: 7.50, shared 2 to 1"),
    ):
        cases.add(
            "A cap of the receipt holds all lines of the tax, each by its share",
            [tax("vat", "10", cap={"of": of, "amount": amount, "per": "receipt"})],
            [line("100.00"), line("50.00")],
            {"taxes": taxes},
            why,
        )
    for price, net, due in (("110.00", "105.00", "5.00"), ("44.00", "40.00", "4.00")):
        cases.add(
            "A capped tax inside the price: the net is what is left",
            [inside("vat", "10", cap={"amount": "5.00"})],
            [line(price)],
            {"net": net, "tax": due},
            f"{price} × 10/110 = {short(Fraction(price) / 11)}, at most 5.00; net {net}",
        )
    cases.add(
        "A threshold and a cap: the excess, up to the cap",
        [tax("vat", "10", threshold={"amount": "50.00", **EXCESS}, cap={"amount": "3.00"})],
        [line("70.00"), line("90.00"), line("50.00")],
        {"taxes": "2.00 3.00 0.00"},
        "20.00 × 10 % = 2.00; 40.00 × 10 % = 4.00, at most 3.00; 50.00 is exempt",
    )
    return cases


def uncharged() -> Cases:
    """Reverse charge and exemption."""
    cases = Cases("uncharged", "Taxes that the customer does not pay here.")
    for flag, why in (
        ("reverse_charge", "the customer accounts for it"),
        ("exempt", "nobody owes it"),
    ):
        for price, rate, is_inside in (
            ("100.00", "19", False),
            ("119.00", "19", True),
            ("9.99", "20", True),
            ("9.99", "8.875", False),
        ):
            ratio = Fraction(rate) / (100 + Fraction(rate) if is_inside else 100)
            off = on_paper(Fraction(price) * ratio)
            net = less(price, off) if is_inside else price
            cases.add(
                f"Not charged: {why}; the price without it is paid",
                [tax("vat", rate, price_included=is_inside, **{flag: True})],
                [line(price)],
                {"tax": "0.00", "uncharged:vat": off, "net": net, "gross": net, "base:vat": net},
                f"{price} × {short(ratio)} → {off}, told and not charged; {net} is paid",
                "EU: Directive 2006/112/EC art. 194-199"
                if flag == "reverse_charge"
                else "resale and other certificates",
            )
        cases.add(
            "One of two taxes is not charged; the other is as ever",
            [tax("state", "6", **{flag: True}), tax("city", "2")],
            [line("50.00", taxes=["state", "city"])],
            {"state": "0.00", "uncharged:state": "3.00", "city": "1.00", "gross": "51.00"},
            "50.00 × 6 % = 3.00, not charged; × 2 % = 1.00",
        )
    cases.add(
        "A document with charged and uncharged lines",
        [inside("vat", "19"), inside("free", "19", exempt=True)],
        [line("11.90", taxes=["vat"]), line("11.90", taxes=["free"])],
        {"tax": "1.90", "net": "20.00", "gross": "21.90"},
        "11.90 × 19/119 = 1.90 on both; the second is paid as 10.00",
        rounding="document",
    )
    return cases


def refusals() -> Cases:
    """Documents that have no figures."""
    cases = Cases("refusals", "Documents that must be refused.")
    one = [line("10.00")]
    cases.refuse(
        "A tax listed twice would be its own base",
        [tax("vat", "10")],
        [line("1", "1", ["vat"] * 2)],
    )
    halves = [tax("a", "50", "division"), tax("b", "50", "division")]
    cases.refuse("Division taxes of 100 % leave no net", halves, [line("1", "1", ["a", "b"])])
    cases.refuse("A division of 100 % has no end", [tax("vat", "100", "division")], one)
    cases.refuse("A rate below nought is none", [tax("vat", "-1")], one)
    cases.refuse("A rate above 1000 % is out of range", [tax("vat", "1000.0001")], one)
    cases.refuse("An amount per unit below nought is none", [tax("vat", "-1", "per_unit")], one)
    cases.refuse(
        "A tax per litre of a line that says no litres",
        [tax("vat", "1", "per_unit", unit="litre")],
        one,
    )
    cases.refuse(
        "What is not charged cannot be part of what other taxes stand on",
        [tax("vat", "10", exempt=True, affects_later=True)],
        one,
    )
    cases.refuse(
        "A threshold is of a percentage",
        [tax("vat", "1", "per_unit", threshold={"amount": "5.00"})],
        one,
    )
    cases.refuse("A cap below nought is none", [tax("vat", "1", cap={"amount": "-1.00"})], one)
    cases.refuse(
        "A cap of the receipt on a tax inside the price",
        [inside("vat", "1", cap={"amount": "1.00", "per": "receipt"})],
        one,
    )
    cases.refuse(
        "An amount past 64 bits is refused, never wrapped",
        [tax("vat", "10")],
        [line("9000000000000", "9000000000000")],
    )
    cases.refuse(
        "A sum past 64 bits is refused, never wrapped",
        [tax("vat", "10")],
        [line("9000000000000", "9000")] * 2,
    )
    return cases
