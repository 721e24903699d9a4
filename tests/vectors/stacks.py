"""Cases of several taxes on a line: stacks, inside and on top together, division, per unit."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from tests.vectors.building import Cases, inside, line, short, tax
from tests.vectors.paper import less, on_paper, total


def stacks() -> Cases:
    """Every way two taxes can stand on each other, and some of three."""
    cases = Cases("stacks", "Several taxes of one line, and what each is counted on.")
    for affects, affected, first_in, second_in in product((False, True), repeat=4):
        _pair(cases, affects, affected, first_in, second_in)
    _three(cases)
    _mixed(cases)
    return cases


def _pair(cases: Cases, affects: bool, affected: bool, first_in: bool, second_in: bool) -> None:
    """10 % and 6 %, with every combination of flags, of a price of 100.00."""
    a, joined = Fraction(10, 100), affects and affected
    b = Fraction(6, 100) * (1 + a if joined else 1)
    # Both are parts of the net, so the price is the net times one and those inside it.
    net = Fraction(100) / (1 + (a if first_in else 0) + (b if second_in else 0))
    due_a, due_b = on_paper(net * a), on_paper(net * b)
    told_net = less("100.00", *[due_a] * first_in, *[due_b] * second_in)
    where = {True: "inside", False: "on top"}
    cases.add(
        f"10 % {where[first_in]} and 6 % {where[second_in]}, "
        f"{'the second on the first' if joined else 'both on the net'}"
        f"{'' if joined or not (affects or affected) else ' although one flag alone is set'}",
        [
            tax("a", "10", price_included=first_in, affects_later=affects),
            tax("b", "6", price_included=second_in, affected_by_previous=affected),
        ],
        [line("100.00", taxes=["a", "b"])],
        {
            "a": due_a,
            "b": due_b,
            "net": told_net,
            "gross": total(told_net, due_a, due_b),
            "base:b": total(told_net, due_a) if joined else told_net,
        },
        f"net {short(net)}; × 0.1 = {short(net * a)}; × {short(b)} = {short(net * b)}",
        "Odoo 18: include_base_amount and is_base_affected",
    )


def _three(cases: Cases) -> None:
    """Which of three taxes stand on which."""
    for first, second, sums in (
        (True, True, ("6.00", "6.36", "3.37")),
        (True, False, ("6.00", "6.36", "3.18")),
        (False, True, ("6.00", "6.00", "3.18")),
        (False, False, ("6.00", "6.00", "3.00")),
    ):
        bases = f"{short(Fraction(sums[1]) / 6 * 100)} and {short(Fraction(sums[2]) / 3 * 100)}"
        cases.add(
            "Of three taxes the last stands on those before it that affect later ones",
            [
                tax("a", "6", affects_later=first),
                tax("b", "6", affects_later=second),
                tax("c", "3"),
            ],
            [line("100.00", taxes=["a", "b", "c"])],
            dict(zip(("a", "b", "c"), sums, strict=True)),
            f"6 % of 100; then about {bases} are the bases: {', '.join(sums)}",
        )
    for order, second_due in ((["a", "b"], "22.00"), (["b", "a"], "20.00")):
        cases.add(
            "The order of a line's list is the order of counting",
            [tax("a", "10", affects_later=True), tax("b", "20")],
            [line("100.00", taxes=order)],
            {"a": "10.00", "b": second_due},
            "a before b: b on 110; b before a: both on 100",
        )
    cases.add(
        "Old Quebec: the provincial tax stood on the federal one",
        [tax("gst", "5", affects_later=True), tax("qst", "9.5")],
        [line("100.00", taxes=["gst", "qst"])],
        {"gst": "5.00", "qst": "9.98", "gross": "114.98"},
        "100 × 5 % = 5; 105 × 9.5 % = 9.975 → 9.98",
        "CA-QC: before 2013-01-01",
        code="CAD",
    )
    nyc = {"state": "4", "mctd": "0.375", "city": "4.5"}
    for level, due in (("line", "0.10"), ("document", "0.11")):
        cases.add(
            "State and local taxes rounded each, or aggregated as one",
            [tax(name, rate) for name, rate in nyc.items()],
            [line("1.19", taxes=list(nyc))],
            {"tax": due},
            "1.19 × 4 % = 0.0476 → 0.05, × 0.375 % = 0.0044625 → 0.00, × 4.5 % = 0.05355 → 0.05: "
            "0.10; together 0.1056125 → 0.11",
            "US: Streamlined Sales and Use Tax Agreement §324, aggregation",
            code="USD",
            rounding=level,
        )


def _mixed(cases: Cases) -> None:
    """Inside and on top on one document."""
    table = [inside("food", "7"), inside("rest", "19"), tax("city", "2.5")]
    cases.add(
        "Lines with tax inside and lines with tax on top share one document",
        table,
        [line("10.70", taxes=["food"]), line("100.00", taxes=["city"])],
        {"food": "0.70", "city": "2.50", "net": "110.00", "gross": "113.20"},
        "10.70 × 7/107 = 0.70; 100 × 2.5 % = 2.50",
    )
    cases.add(
        "A tax on top stands on the net of the tax inside",
        table,
        [line("11.90", taxes=["rest", "city"])],
        {"rest": "1.90", "city": "0.25", "net": "10.00", "gross": "12.15"},
        "11.90 × 19/119 = 1.90, net 10.00; 10.00 × 2.5 % = 0.25",
    )
    cases.add(
        "A tax on top under one inside takes part in finding the net",
        [tax("excise", "21", affects_later=True), inside("vat", "17.5")],
        [line("1210.00", taxes=["excise", "vat"])],
        {"net": "998.56", "vat": "211.44", "excise": "209.70", "gross": "1419.70"},
        "net × (1 + 0.175 × 1.21) = 1210, so net = 1210 / 1.21175 = 998.55580…; × 0.21 = "
        "209.6967…; × 0.21175 = 211.4441…",
        "Odoo since 18 solves taxes inside and on top together",
    )
    cases.add(
        "An amount on top that a percentage inside stands on lowers the net",
        [tax("eco", "10", "per_unit", affects_later=True), inside("vat", "21")],
        [line("1210.00", taxes=["eco", "vat"])],
        {"net": "998.26", "vat": "211.74", "base:vat": "1008.26", "gross": "1220.00"},
        "net + 0.21 × (net + 10) = 1210: net = 1207.90 / 1.21 = 998.26446…; "
        "1008.26446… × 0.21 = 211.73553… → 211.74",
        "Odoo since 18: 998.26, before 1000.00",
    )


def division() -> Cases:
    """Por dentro."""
    cases = Cases("division", "Taxes that are a percentage of the amount with themselves in it.")
    for price, rates in (
        ("100.00", ["18"]),
        ("100.00", ["12"]),
        ("59.90", ["18", "1.65", "7.6"]),
        ("0.99", ["50"]),
        ("1000.00", ["0"]),
    ):
        parts = [Fraction(price) * Fraction(rate) / 100 for rate in rates]
        names = [f"t{at}" for at in range(len(rates))]
        sums = [on_paper(part) for part in parts]
        cases.add(
            "Inside the price: each is its percentage of the price, the net is the rest",
            [
                tax(name, rate, "division", price_included=True)
                for name, rate in zip(names, rates, strict=True)
            ],
            [line(price, taxes=names)],
            dict(zip(names, sums, strict=True)) | {"net": less(price, *sums), "base:t0": price},
            f"{price} × {' %, × '.join(rates)} % = {', '.join(map(short, parts))}",
            "BR: LC 87/1996 art. 13 §1",
            code="BRL",
        )
        part = sum(map(Fraction, rates), Fraction()) / 100
        gross = Fraction(price) / (1 - part)
        sums = [on_paper(gross * Fraction(rate) / 100) for rate in rates]
        cases.add(
            "On top of the price: each is its percentage of the amount with all of them in it",
            [tax(name, rate, "division") for name, rate in zip(names, rates, strict=True)],
            [line(price, taxes=names)],
            dict(zip(names, sums, strict=True)) | {"net": price, "gross": total(price, *sums)},
            f"{price} / (1 − {short(part)}) = {short(gross)}",
            "BR: LC 87/1996 art. 13 §1",
            code="BRL",
        )
    stage = [
        tax("pis", "1.65", "division", price_included=True, affects_later=True),
        tax("cofins", "7.6", "division", price_included=True, affects_later=True),
        tax("icms", "18", "division", price_included=True),
    ]
    cases.add(
        "Two batches: the state's tax is inside the whole, the contributions inside the rest",
        stage,
        [line("100.00", taxes=["pis", "cofins", "icms"])],
        {"icms": "18.00", "pis": "1.35", "cofins": "6.23", "net": "74.42"},
        "100 × 18 % = 18; 82 × 1.65 % = 1.353; 82 × 7.6 % = 6.232; 100 − 25.58 = 74.42",
        "BR: STF RE 574.706 (Tema 69)",
        code="BRL",
    )
    return cases


def per_unit() -> Cases:
    """Amounts for each piece, litre, kilogram and degree."""
    cases = Cases("per_unit", "Taxes that are an amount for each of a measure.")
    spirits = {"litre": "0.7", "degree": "28"}
    for unit, value, quantity, measures, due, text, source in (
        ("piece", "0.25", "6", {}, "1.50", "6 × 0.25", "arithmetic"),
        ("piece", "0.05", "-6", {}, "-0.30", "−6 × 0.05", "arithmetic"),
        ("piece", "0.005", "3", {}, "0.02", "3 × 0.005 = 0.015 → 0.02", "arithmetic"),
        ("litre", "0.6545", "38.27", {}, "25.05", "38.27 × 0.6545 = 25.047715",
         "DE: EnergieStG §2(1), petrol by the litre"),
        ("litre", "1.20", "2", {"litre": "1.5"}, "1.80", "1.5 litres × 1.20", "arithmetic"),
        ("kg", "2.19", "4", {"kg": "2"}, "4.38", "2 kg × 2.19", "DE: KaffeeStG §2, roasted coffee"),
        ("degree", "0.1303", "1", spirits, "3.65", "28 litre degrees × 0.1303 = 3.6484",
         "DE: AlkStG §2(1): 1303 EUR a hectolitre of alcohol, 13.03 a litre of it"),
        ("litre", "0.24", "1", spirits, "0.17", "0.7 litres × 0.24 = 0.168", "arithmetic"),
        ("piece", "0", "5", {}, "0.00", "5 × 0", "arithmetic"),
    ):  # fmt: skip
        sold = {"litre": "litre", "kg": "kg"}.get(unit, "piece") if not measures else "piece"
        cases.add(
            f"An amount for each {unit}, whatever the price",
            [tax("excise", value, "per_unit", unit=unit)],
            [line("2.00", quantity, ["excise"], unit=sold, measures=measures)],
            {"excise": due},
            f"{text} → {due}",
            source,
        )
    for is_inside, affects in product((True, False), repeat=2):
        inner = Fraction("2.5") if is_inside else Fraction()
        base = {
            (True, True): "(11.90 / 1.19) = 10.00; 10.00 − 2.50 = 7.50; 10.00 × 19 % = 1.90",
            (True, False): "(11.90 − 2.50) / 1.19 = 7.89915…; × 19 % = 1.50084…",
            (False, True): "net + 0.19 × (net + 2.50) = 11.90: net = 11.425 / 1.19 = 9.60084…",
            (False, False): "11.90 / 1.19 = 10.00; 10.00 × 19 % = 1.90",
        }[is_inside, affects]
        found = (Fraction("11.90") - inner - (Fraction("0.475") if affects else 0)) / Fraction(
            "1.19"
        )
        due = on_paper((found + (Fraction("2.5") if affects else 0)) * Fraction("0.19"))
        rest = less("11.90", due, *["2.50"] * is_inside)
        cases.add(
            "An excise and a percentage, one perhaps on the other, in or on the price",
            [
                tax("excise", "2.50", "per_unit", price_included=is_inside, affects_later=affects),
                inside("vat", "19"),
            ],
            [line("11.90", taxes=["excise", "vat"])],
            {"excise": "2.50", "vat": due, "net": rest},
            base,
        )
    return cases
