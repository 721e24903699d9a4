"""The worked examples every engine should know: each from a law, an authority or a known peer."""

from __future__ import annotations

from tests.vectors.building import Cases, inside, line, tax

RECEIPT = {"rounding": "rate_document"}
EU_CASH = {"step": "0.05"}


def europe(cases: Cases) -> None:
    """Taxes inside the price, two rates, splits, lines against documents."""
    cases.add(
        "Two rates inside their prices, each rounded by itself",
        [inside("7", "7"), inside("19", "19")],
        [line("8.99", taxes=["7"]), line("11.90", taxes=["19"])],
        {"7": "0.59", "19": "1.90", "base:7": "8.40", "base:19": "10.00"},
        "8.99 × 7/107 = 0.58813… → 0.59, net 8.40; 11.90 × 19/119 = 1.90, net 10.00",
        "DE: UStG §12(1), §12(2)",
    )
    cases.add(
        "Food eaten in is taxed at the reduced rate in Germany from 2026, drinks are not",
        [inside("7", "7"), inside("19", "19")],
        [line("14.90", taxes=["7"]), line("4.20", taxes=["19"])],
        {"7": "0.97", "19": "0.67"},
        "14.90 × 7/107 = 0.97476… → 0.97; 4.20 × 19/119 = 0.67058… → 0.67",
        "DE: UStG §12(2) no. 15 from 2026-01-01",
    )
    cases.add(
        "The same meal eaten in before 2026 is taxed at the standard rate",
        [inside("19", "19")],
        [line("14.90", taxes=["19"])],
        {"19": "2.38", "net": "12.52"},
        "14.90 × 19/119 = 2.37899… → 2.38",
        "DE: UStG §12(1)",
    )
    cases.add(
        "A menu's price is split by list prices over the rates of its parts",
        [inside("7", "7"), inside("19", "19")],
        [line("6.75", taxes=["7"]), line("3.15", taxes=["19"])],
        {"7": "0.44", "19": "0.50", "gross": "9.90"},
        "9.90 × 7.50/11.00 = 6.75, × 3.50/11.00 = 3.15; 6.75 × 7/107 = 0.44158…, "
        "3.15 × 19/119 = 0.50294…",
        "DE: DSFinV-K, sub-items; apportioned by list price",
    )
    cases.add(
        "A special reduced rate",
        [inside("4.9", "4.9")],
        [line("1.49", taxes=["4.9"])],
        {"4.9": "0.07", "net": "1.42"},
        "1.49 × 4.9/104.9 = 0.06959… → 0.07",
        "AT: RKSV, rate 'Besonders'",
    )
    norway = [line("32.80"), line("25.80"), line("27.80")]
    cases.add(
        "Tax by the line sums to what the lines say",
        [inside("vat", "15")],
        norway,
        {"taxes": "4.28 3.37 3.63", "tax": "11.28", "net": "75.12"},
        "32.80 × 15/115 = 4.278…, 25.80 × 15/115 = 3.365…, 27.80 × 15/115 = 3.626…",
        "NO: Skatteetaten, example of the cash register system specification (2021)",
        code="NOK",
    )
    cases.add(
        "The same lines taxed once over the document differ by an øre",
        [inside("vat", "15")],
        norway,
        {"tax": "11.27", "gross": "86.40"},
        "86.40 × 15/115 = 11.26956… → 11.27",
        "NO: Skatteetaten, the same example",
        code="NOK",
        **RECEIPT,
    )
    twice = [line("12.12", "12.12")] * 2
    cases.add(
        "Exact amounts taxed by the line",
        [tax("vat", "23")],
        twice,
        {"taxes": "33.79 33.79", "tax": "67.58"},
        "12.12 × 12.12 = 146.8944; × 0.23 = 33.785712 → 33.79, twice",
        "Odoo 18, account_tax.py: round per line",
        amounts="exact",
    )
    cases.add(
        "Exact amounts taxed once over the document",
        [tax("vat", "23")],
        twice,
        {"tax": "67.57", "net": "293.79"},
        "2 × 33.785712 = 67.571424 → 67.57; 2 × 146.8944 = 293.7888 → 293.79",
        "Odoo 18, account_tax.py: round globally",
        amounts="exact",
        **RECEIPT,
    )
    cases.add(
        "A deposit is taxed at its drink's rate; by the line",
        [inside("vat", "19")],
        [line("0.99"), line("0.25")],
        {"taxes": "0.16 0.04", "tax": "0.20"},
        "0.99 × 19/119 = 0.15806… → 0.16; 0.25 × 19/119 = 0.03991… → 0.04",
        "DE: DSFinV-K, business case Pfand",
    )
    cases.add(
        "A deposit is taxed at its drink's rate; once over the document",
        [inside("vat", "19")],
        [line("0.99"), line("0.25")],
        {"tax": "0.20", "taxes": "0.16 0.04"},
        "1.24 × 19/119 = 0.19798… → 0.20",
        "DE: DSFinV-K, business case Pfand",
        **RECEIPT,
    )


def vouchers(cases: Cases) -> None:
    """What a voucher is taxed as depends on whether its rate is known when it is sold."""
    cases.add(
        "A multi-purpose voucher is not taxed when it is sold",
        [],
        [line("50.00", taxes=[])],
        {"tax": "0.00", "gross": "50.00"},
        "Nothing is supplied yet, so nothing is taxed: 50.00",
        "Council Directive (EU) 2016/1065, article 30b(1)",
    )
    cases.add(
        "A single-purpose voucher is taxed when it is sold",
        [inside("vat", "19")],
        [line("50.00")],
        {"tax": "7.98", "net": "42.02"},
        "50.00 × 19/119 = 7.98319… → 7.98",
        "Council Directive (EU) 2016/1065, article 30b(1)",
    )


def islands(cases: Cases) -> None:
    """Japan's one rounding an invoice and rate; Britain's ban on rounding down."""
    three = [line("98")] * 3
    for mode, total, how in (("down", "23", "cut"), ("half_up", "24", "nearest")):
        cases.add(
            "A qualified invoice rounds once for each rate, in a direction of the seller's choice",
            [tax("vat", "8")],
            three,
            {"tax": total},
            f"3 × 98 = 294; 294 × 8 % = 23.52 → {total} ({how}); 7 + 7 + 7 = 21 is not allowed",
            "JP: National Tax Agency, qualified invoice Q&A, rounding of fractions",
            code="JPY",
            mode=mode,
            **RECEIPT,
        )
    for rate, gross, where in (("8", "540", "taken away"), ("10", "550", "eaten in")):
        cases.add(
            f"A meal {where}: the rate follows the way it is served",
            [tax("vat", rate)],
            [line("500")],
            {"gross": gross},
            f"500 × 1.{int(rate):02} = {gross}",
            "JP: National Tax Agency, reduced tax rate Q&A",
            code="JPY",
        )
    cases.add(
        "A retailer rounds each line to the nearest penny",
        [inside("vat", "20")],
        [line("0.99")] * 3,
        {"taxes": "0.17 0.17 0.17", "tax": "0.51"},
        "0.99 × 20/120 = 0.165 → 0.17, three times",
        "UK: HMRC VATREC12020",
        code="GBP",
    )
    cases.add(
        "A retailer rounds once over the document",
        [inside("vat", "20")],
        [line("0.99")] * 3,
        {"tax": "0.50"},
        "2.97 × 20/120 = 0.495 → 0.50; cutting each line to 0.16 would be 0.48, which is forbidden",
        "UK: HMRC VATREC12020",
        code="GBP",
        **RECEIPT,
    )
    cases.add(
        "A currency of three decimals",
        [tax("vat", "10")],
        [line("1.235")],
        {"tax": "0.124", "gross": "1.359"},
        "1.235 × 10 % = 0.1235 → 0.124",
        "BH: ISO 4217 exponent 3",
        code="BHD",
    )


def america(cases: Cases) -> None:
    """Item or invoice, clothing, coupons, holidays, certificates, Quebec."""
    three = [line("0.99")] * 3
    us = "US: Streamlined Sales and Use Tax Agreement §324"
    cases.add(
        "A seller may elect to round by the item",
        [tax("vat", "7.75")],
        three,
        {"taxes": "0.08 0.08 0.08", "tax": "0.24"},
        "0.99 × 7.75 % = 0.076725 → 0.08, three times",
        us,
        code="USD",
    )
    cases.add(
        "A seller may elect to round by the invoice",
        [tax("vat", "7.75")],
        three,
        {"tax": "0.23"},
        "2.97 × 7.75 % = 0.230175 → 0.23",
        us,
        code="USD",
        **RECEIPT,
    )
    cases.add(
        "The third decimal decides: nothing is rounded before it",
        [tax("vat", "7.499")],
        [line("1.00")],
        {"tax": "0.07"},
        "1.00 × 7.499 % = 0.07499: its third decimal is 4, so 0.07; 0.075 first would make 0.08",
        us,
        code="USD",
    )
    york = tax("vat", "4", threshold={"amount": "110.00"})
    ny = "US-NY: Tax Law §1115(a)(30), clothing below 110 an item"
    for price, due in (("109.99", "0.00"), ("110.00", "4.40")):
        cases.add(
            "Clothing below the threshold is exempt; at it the whole is taxed",
            [york],
            [line(price)],
            {"tax": due},
            f"{price} {'is below 110.00: exempt' if due == '0.00' else '× 4 % = 4.40'}",
            ny,
            code="USD",
        )
    for what, off, due in (("store's", ["15.00"], "0.00"), ("manufacturer's", [], "4.80")):
        cases.add(
            f"A {what} coupon {'lowers' if off else 'does not lower'} what the threshold measures",
            [york],
            [line("120.00", discounts=[{"amount": amount} for amount in off])],
            {"tax": due},
            "120.00 − 15.00 = 105.00, below 110.00: exempt"
            if off
            else "The manufacturer pays 15.00 of 120.00, as a tender: 120.00 × 4 % = 4.80",
            "US-NY: Department of Taxation and Finance, tax bulletin on coupons",
            code="USD",
        )
    for state, rate, limit, price, base, due in (
        ("MA", "6.25", "175.00", "200.00", "25.00", "1.56"),
        ("RI", "7", "250.00", "300.00", "50.00", "3.50"),
    ):
        above = {"amount": limit, "exempt_at_amount": True, "then": "excess"}
        cases.add(
            "Only what exceeds the threshold of an item is taxed",
            [tax("vat", rate, threshold=above)],
            [line(price)],
            {"tax": due, "base:vat": base},
            f"{price} − {limit} = {base}; × {rate} % = {due} once rounded",
            {"MA": "US-MA: M.G.L. c. 64H §6(k)", "RI": "US-RI: Gen. Laws §44-18-30(27)"}[state],
            code="USD",
        )
    quebec = [tax("gst", "5"), tax("qst", "9.975", affected_by_previous=False)]
    cases.add(
        "Quebec's two taxes both stand on the price; cash is rounded last",
        quebec,
        [line("19.99", taxes=["gst", "qst"])],
        {"gst": "1.00", "qst": "1.99", "gross": "22.98", "due": "23.00"},
        "19.99 × 5 % = 0.9995 → 1.00; 19.99 × 9.975 % = 1.99400… → 1.99; 22.98 → 23.00",
        "CA: Excise Tax Act s. 165(1); CA-QC: Act respecting the Québec sales tax s. 16",
        code="CAD",
        cash=EU_CASH,
    )
    for when, taxes, due in (
        ("23:59:59 on its last day", [], "0.00"),
        ("00:00:00 of the day after", ["vat"], "6.25"),
    ):
        cases.add(
            "A tax holiday ends at midnight of the store's own time",
            [tax("vat", "6.25")],
            [line("99.99", taxes=taxes)],
            {"tax": due},
            f"Sold at {when}: " + ("no tax" if not taxes else "99.99 × 6.25 % = 6.249375 → 6.25"),
            "US-TX: Tax Code §151.326, sales tax holiday",
            code="USD",
        )
    for state, exempt, due in (("valid", True, "0.00"), ("expired", False, "8.00")):
        cases.add(
            f"A reseller whose certificate is {state}",
            [tax("vat", "8", exempt=exempt)],
            [line("100.00")],
            {"tax": due, "base:vat": "100.00"},
            "exempt, the base still told" if exempt else "100.00 × 8 % = 8.00",
            "US: resale certificates; the certificate is kept with the sale",
            code="USD",
        )


def peers(cases: Cases) -> None:
    """Stacks as a widely used peer counts them."""
    lines = [line("100.00", taxes=["a", "b", "c"])]
    for affected, third, total in ((True, "6.36", "115.54"), (False, "6.00", "115.18")):
        cases.add(
            "A tax that affects later bases is under those that let themselves be affected",
            [
                tax("a", "6", affects_later=True),
                tax("b", "6", affected_by_previous=affected),
                tax("c", "3"),
            ],
            lines,
            {"a": "6.00", "b": third, "c": "3.18", "gross": total},
            f"100 × 6 % = 6; {'106' if affected else '100'} × 6 % = {third}; 106 × 3 % = 3.18",
            "Odoo 18, l10n_in test vectors",
        )
    for price, affects, total in (("20.00", False, "136.00"), ("19.00", True, "131.00")):
        cases.add(
            "Amounts per unit beside a percentage, under it or not",
            [
                tax("eco", "1", "per_unit", affects_later=affects),
                tax("vat", "21"),
                tax("fee", "2", "per_unit"),
            ],
            [line(price, "5", ["eco", "vat", "fee"])],
            {"eco": "5.00", "vat": "21.00", "fee": "10.00", "gross": total},
            f"5 × {price}; 5 × 1 = 5; 100 × 21 % = 21; 5 × 2 = 10",
            "Odoo 18, l10n_be test vectors",
        )
    rates = {"pis": "5", "cofins": "3", "iss": "0.65", "csll": "9", "irpj": "15"}
    for base, told in (("gross", "48.000"), ("net", "32.328")):
        cases.add(
            "Division taxes of one batch are percentages of the price with all of them in it",
            [tax(name, rate, "division", price_included=True) for name, rate in rates.items()],
            [line("48.00", taxes=list(rates))],
            {
                "pis": "2.400",
                "cofins": "1.440",
                "iss": "0.312",
                "csll": "4.320",
                "irpj": "7.200",
                "net": "32.328",
                "base:iss": told,
            },
            "48 × (5 + 3 + 0.65 + 9 + 15) % = 15.672; 48 − 15.672 = 32.328",
            "Odoo 18, l10n_br test vectors",
            code="TND",
            division_base=base,
        )


def cash(cases: Cases) -> None:
    """Cash is rounded last, for its own part only, and no tax with it."""
    total = [line("25.48", taxes=[])]
    us = "US-AL: Act 2026-548"
    cases.add(
        "Only the part paid in cash is rounded",
        [],
        total,
        {"due": "5.50", "rounding": "0.02", "gross": "25.48"},
        "25.48 − 20.00 by card = 5.48 → 5.50",
        us,
        code="USD",
        cash={"step": "0.05", "other_tenders": "20.00"},
    )
    cases.add(
        "Nothing is rounded where nothing is paid in cash",
        [],
        total,
        {"due": "0.00", "rounding": "0.00"},
        "25.48 − 25.48 by card = 0.00",
        us,
        code="USD",
        cash={"step": "0.05", "other_tenders": "25.48"},
    )
    basket = [line(price, taxes=[]) for price in ("2.28", "15.32", "11.99", "1.17")]
    cases.add(
        "Estonian cash is rounded by the receipt's total",
        [],
        basket,
        {"gross": "30.76", "due": "30.75", "rounding": "-0.01"},
        "2.28 + 15.32 + 11.99 + 1.17 = 30.76 → 30.75",
        "EE: Eesti Pank, rounding rules from 2025-01-01",
        cash=EU_CASH,
    )
    for price, due, code, source in (
        ("10.07", "10.05", "EUR", "LT: Seimas, act of 2024-03-28, from 2025-05-01"),
        ("10.08", "10.10", "EUR", "LT: Seimas, act of 2024-03-28, from 2025-05-01"),
        ("12.47", "12.45", "CHF", "CH: smallest coin of 5 Rappen (Coinage Ordinance)"),
        ("12.48", "12.50", "CHF", "CH: smallest coin of 5 Rappen (Coinage Ordinance)"),
    ):
        cases.add(
            "Cash goes to the nearest five hundredths",
            [],
            [line(price, taxes=[])],
            {"gross": price, "due": due},
            f"{price} → {due}",
            source,
            code=code,
            cash=EU_CASH,
        )


def worked() -> Cases:
    """The file of worked examples."""
    cases = Cases("worked", "Worked examples from laws, authorities and known peers.")
    for part in (europe, vouchers, islands, america, peers, cash):
        part(cases)
    return cases
