"""Taxes as rules at the register: stacks, ways of handing over, certificates, holidays, coins."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from engine.document import Document
from engine.order.commands import (
    AddLine,
    AddOpenLine,
    AddReturnLine,
    ChooseDining,
    CompleteOrder,
    DiscountLine,
    DiscountOrder,
    ExemptOrder,
    ReprintReceipt,
    ResumeOrder,
    StartTendering,
    SuspendOrder,
    TenderCash,
    VoidLine,
)
from engine.order.events import (
    OrderCompleted,
)
from engine.order.figures import DiscountKind
from engine.packs import CashRounding, DatedPolicy
from engine.receipt import z_document
from engine.register import CloseDay, DayClosed
from engine.settings import RoundingMode
from engine.tax_document import Charge, Level, Per, TaxKind, TaxPolicy, Threshold, Unit
from engine.tax_rules import Context, Holiday, Window
from engine.taxation import Dining
from engine.taxes import SetTaxes
from engine.till import CloseTill, CountTill, OpenTill
from engine.views.build import order_view
from engine.views.shapes import OrderView
from tests.shop import Shop
from tests.tax_shop import (
    ALWAYS,
    by_rule,
    figures_of,
    in_country,
    rule,
    ruled,
    setup,
    sums_agree,
)

MIDNIGHT_NS = 1_795_042_800 * 1_000_000_000  # the end of 18 November 2026, an hour east


def paper(document: Document) -> list[tuple[str, str]]:
    """The lines of a document that say something."""
    return [(block.left.strip(), block.right) for block in document.blocks if block.left.strip()]


def seen(shop: Shop, order_id: str) -> OrderView:
    """An order as screens show it."""
    books = shop.books
    return order_view(shop.order(order_id), books)


def close_day(shop: Shop) -> DayClosed:
    """Count, close and make the Z."""
    shop.ok(CountTill(()))
    shop.ok(CloseTill())
    shop.ok(CloseDay())
    event: DayClosed = shop.events(DayClosed)[-1]
    return event


# ---------------------------------------------------------------------------- several, compound

FIRST = rule("cess", 60_000, tax_type="cess", affects_later=True)
SECOND = rule("state", 60_000, jurisdiction="bay", tax_type="state", after=("cess",))
THIRD = rule("city", 30_000, jurisdiction="port", tax_type="city", after=("state",))


@pytest.mark.feature("TAX-02")
def test_each_tax_of_a_cascade_is_told_with_its_base_in_the_order_it_is_counted() -> None:
    """6 %, then 6 % and 3 % on what the first makes of 100: 6.00, 6.36 and 3.18 beside."""
    shop = ruled(setup(FIRST, SECOND, THIRD))
    order_id = shop.ok(AddOpenLine("Cloth", 100_000_000, "standard"))["order_id"]
    view = seen(shop, order_id)
    shop.pay()
    figures = figures_of(shop, order_id)
    sums_agree(figures)
    wanted = [("cess", 10_000, 600), ("state", 10_600, 636), ("city", 10_600, 318)]
    assert 11_554 == figures.total_minor
    assert wanted == [(row.tax_class, row.base_minor, row.tax_minor) for row in figures.taxes]
    assert wanted == [(row.rule, row.base_minor, row.tax_minor) for row in view.taxes]
    (line,) = figures.lines
    assert [600, 636, 318] == [tax.tax_minor for tax in line.taxes]
    printed = paper(shop.printed()[-1])
    rows = [row for row in printed if "Net" in row[0]]
    assert [
        ("A cess 6 %  Net 100.00", "6.00"),
        ("A state 6 %  Net 106.00", "6.36"),
        ("A city 3 %  Net 106.00", "3.18"),
    ] == rows
    day = close_day(shop)
    assert sorted(wanted) == [
        (row.tax_class, row.base_minor, row.tax_minor) for row in day.totals.taxes
    ]
    z = paper(z_document(day, shop.books.settings, at=(0, 0)))
    assert {row[0][2:] for row in rows} <= {left for left, _ in z}


def test_taxes_in_the_price_and_on_top_of_it_meet_on_one_line() -> None:
    """10 % is in the marked 11.00, and 5 % comes on top of what is left without it."""
    inside = rule("inside", 100_000, included=True)
    on_top = rule("top", 50_000, tax_type="top", after=("inside",), affected_by_previous=False)
    shop = ruled(setup(inside, on_top))
    order_id = shop.ok(AddOpenLine("Thing", 11_000_000, "standard"))["order_id"]
    shop.pay()
    figures = figures_of(shop, order_id)
    sums_agree(figures)
    assert {"inside": (1_000, 100), "top": (1_000, 50)} == by_rule(figures)
    assert 1_150 == figures.total_minor


@pytest.mark.parametrize(
    ("unit", "code", "quantity_milli", "tax"),
    [(Unit.PIECE, "bread", 3_000, 75), (Unit.KG, "cheese", 460, 12)],
)
def test_a_tax_by_the_piece_or_the_kilogram(
    unit: Unit, code: str, quantity_milli: int, tax: int
) -> None:
    """25 cents a unit of what the line itself counts."""
    by_unit = rule("deposit", 250_000, kind=TaxKind.PER_UNIT, unit=unit)
    shop = ruled(setup(by_unit))
    order_id = shop.ok(AddLine(code, "", quantity_milli))["order_id"]
    shop.pay()
    figures = figures_of(shop, order_id)
    sums_agree(figures)
    assert tax == figures.tax_minor
    assert f"A deposit 0.25/{unit.value}" not in str(paper(shop.printed()[-1]))
    assert f"VAT 0.25/{unit.value}" in str(paper(shop.printed()[-1]))


def test_new_york_clothing_is_free_below_its_limit_and_wholly_taxed_at_it() -> None:
    """Each piece of 109.99 is free of the state's tax, one of 110.00 pays 4.40."""
    shop = in_country("US", "US-NY")
    for micros, tax in ((109_990_000, 0), (110_000_000, 440)):
        order_id = shop.ok(AddOpenLine("Jacket", micros, "clothing", 2_000))["order_id"]
        shop.pay()
        sums_agree(figures_of(shop, order_id))
        assert 2 * tax == figures_of(shop, order_id).tax_minor


# --------------------------------------------------------------------------------------- dining


@pytest.mark.feature("TAX-04")
@pytest.mark.feature("PRC-07", part="tax")
def test_a_meal_eaten_in_is_taxed_otherwise_than_one_taken_away() -> None:
    """A bento of 500 yen: 8 % taken away or delivered, 10 % eaten in; the paper says which."""
    totals = {}
    for dining in Dining:
        shop = in_country("JP")
        order_id = shop.ok(AddOpenLine("Bento", 500_000_000, "meal"))["order_id"]
        shop.ok(ChooseDining(dining))
        assert dining is seen(shop, order_id).dining
        shop.pay()
        figures = figures_of(shop, order_id)
        sums_agree(figures)
        totals[dining] = (figures.tax_minor, figures.total_minor)
        words = {Dining.EAT_IN: "Eat in", Dining.TAKEAWAY: "Takeaway", Dining.DELIVERY: "Delivery"}
        assert (words[dining], "") in paper(shop.printed()[-1])
    assert {Dining.EAT_IN: (50, 550), Dining.TAKEAWAY: (40, 540), Dining.DELIVERY: (40, 540)} == (
        totals
    )


def test_changing_ones_mind_about_sitting_down_prices_the_order_anew() -> None:
    """The last word before paying counts, and the store's own way where nobody said a word."""
    meal = rule("meal", 70_000, included=True)
    seated = attrs.evolve(meal, id="seated", value=190_000, context=Context.EAT_IN)
    shop = ruled(setup(meal, seated, dining=Dining.EAT_IN))
    order_id = shop.ring("bread")
    assert ["seated"] == [row.rule for row in seen(shop, order_id).taxes]
    shop.ok(ChooseDining(Dining.DELIVERY))
    assert ["meal"] == [row.rule for row in seen(shop, order_id).taxes]
    shop.ok(ChooseDining(Dining.EAT_IN))
    shop.pay()
    assert {"seated": (294, 56)} == by_rule(figures_of(shop, order_id))


# ----------------------------------------------------------------------------------- exemption

VAT = rule("vat", 80_000)


@pytest.mark.feature("TAX-03")
def test_a_certificate_takes_the_tax_off_and_stays_with_the_sale() -> None:
    """A reseller pays 100.00 without the 8 %; the certificate is on the sale, the receipt, its copy
    and the screen, and the Z tells the exempt base."""
    shop = ruled(setup(VAT))
    order_id = shop.ok(AddOpenLine("Tools", 100_000_000, "standard"))["order_id"]
    assert 10_800 == seen(shop, order_id).total_minor
    wanted = ExemptOrder("C-77", "Acme Ltd", "Resale", "2027-12-31")
    assert 10_000 == shop.ok(wanted)["total_minor"]
    held = seen(shop, order_id).exemption
    assert held is not None
    assert ("C-77", "Acme Ltd", "Resale", "2027-12-31") == (
        held.certificate, held.customer, held.reason, held.valid_until,
    )  # fmt: skip
    shop.pay()
    figures = figures_of(shop, order_id)
    sums_agree(figures)
    (row,) = figures.taxes
    assert row.rule is not None
    assert (10_000, 0, 800) == (row.base_minor, row.tax_minor, row.uncharged_minor)
    assert (Charge.EXEMPT, "C-77") == (row.rule.charge, row.rule.certificate)
    again = shop.replayed().archive[order_id].exemption
    assert again is not None
    assert ("C-77", "Acme Ltd", "Resale") == (again.certificate, again.customer, again.reason)
    shop.ok(ReprintReceipt(order_id))
    for printed in shop.printed():
        assert ("Exempt by certificate C-77, Resale", "") in paper(printed)
        assert ("Acme Ltd", "") in paper(printed)
    (total,) = close_day(shop).totals.taxes
    assert (10_000, 0, 800) == (total.base_minor, total.tax_minor, total.uncharged_minor)


@pytest.mark.feature("TAX-03", part="what the certificate names")
def test_a_certificate_frees_of_what_it_names_and_of_nothing_else() -> None:
    """One for the city's tax on reduced goods leaves the state's, and all of other goods."""
    state, city = attrs.evolve(SECOND, after=()), attrs.evolve(THIRD, after=())
    shop = ruled(setup(state, city, VAT))
    shop.ring("bread")
    order_id = shop.ring("wine")
    named = ExemptOrder(
        "C-1", "Acme", "Resale", "", frozenset(("port",)), frozenset(("city",)),
        frozenset(("reduced",)),
    )  # fmt: skip
    shop.ok(named)
    shop.pay()
    figures = figures_of(shop, order_id)
    sums_agree(figures)
    freed = [row for row in figures.taxes if row.uncharged_minor]
    assert [("city", 350)] == [(row.tax_class, row.base_minor) for row in freed]
    bread, wine = figures.lines
    assert (0, 24) == (bread.taxes[-1].tax_minor, wine.taxes[-1].tax_minor)


def test_in_the_price_the_exempt_customer_does_not_pay_it_and_the_paper_adds_up() -> None:
    """Of 11.90 with 1.90 in it he pays 10.00; the line says what is not charged."""
    shop = ruled(setup(rule("vat", 190_000, included=True)))
    order_id = shop.ok(AddOpenLine("Tools", 11_900_000, "standard"))["order_id"]
    shop.ok(ExemptOrder("C-1", "Acme", "Resale"))
    shop.pay()
    sums_agree(figures_of(shop, order_id))
    assert 1_000 == figures_of(shop, order_id).total_minor
    printed = paper(shop.printed()[-1])
    assert ("Tax not charged", "-1.90") in printed
    assert ("Total", "€10.00") in printed


@pytest.mark.feature("TAX-03", part="reverse charge")
def test_a_trader_accounts_for_the_tax_himself() -> None:
    """His class reverses the charge: nothing is paid here, and the receipt says what he owes."""
    shop = ruled(setup(rule("vat", 200_000, reverse_for=frozenset(("trade",)))))
    order_id = shop.ok(AddOpenLine("Phones", 5_000_000_000, "standard"))["order_id"]
    assert 500_000 == shop.ok(ExemptOrder(customer_class="trade"))["total_minor"]
    shop.pay()
    figures = figures_of(shop, order_id)
    sums_agree(figures)
    (row,) = figures.taxes
    assert (500_000, 0, 100_000) == (row.base_minor, row.tax_minor, row.uncharged_minor)
    printed = paper(shop.printed()[-1])
    assert ("Reverse charge: the customer accounts for 1,000.00", "") in printed


# ---------------------------------------------------------------------------------- the calendar


def test_a_holiday_ends_at_the_stores_own_midnight() -> None:
    """A shirt of 99.99 is free of tax until 24:00, taxed from 0:00; an order parked in between
    is taxed as it is paid."""
    days = Holiday(
        "school", "shore", "VAT", Window("2026-11-16", "2026-11-19"), frozenset(("standard",)),
        below_minor=10_000,
    )  # fmt: skip
    shop = ruled(setup(VAT, holidays=(days,)))
    shop.now_ns = MIDNIGHT_NS - 10_000_000_000
    order_id = shop.ok(AddOpenLine("Shirt", 99_990_000, "standard"))["order_id"]
    shop.pay()
    assert 9_999 == figures_of(shop, order_id).total_minor
    parked = shop.ok(AddOpenLine("Shirt", 99_990_000, "standard"))["order_id"]
    shop.ok(SuspendOrder("later"))
    assert shop.now_ns < MIDNIGHT_NS
    shop.now_ns = MIDNIGHT_NS - 1_000_000_000
    assert 9_999 + 800 == shop.ok(ResumeOrder(parked))["total_minor"]
    shop.pay()
    sums_agree(figures_of(shop, parked))
    assert {"vat": (9_999, 800)} == by_rule(figures_of(shop, parked))


def test_a_rate_changes_at_midnight_by_its_date_within_the_set() -> None:
    """7 % on the last day, 8 % on the first; what was frozen before midnight stays as it was."""
    old = rule("vat", 70_000, window=Window("2020-01-01", "2026-11-19"))
    new = rule("vat", 80_000, window=Window("2026-11-19"))
    shop = ruled(setup(old, new))
    shop.now_ns = MIDNIGHT_NS - 10_000_000_000
    order_id = shop.ok(AddOpenLine("Thing", 100_000_000, "standard"))["order_id"]
    assert 10_700 == shop.ok(StartTendering())["total_minor"]
    shop.now_ns = MIDNIGHT_NS
    shop.ok(TenderCash(10_700))
    shop.ok(CompleteOrder())
    assert {"vat": (10_000, 700)} == by_rule(figures_of(shop, order_id))
    order_id = shop.ok(AddOpenLine("Thing", 100_000_000, "standard"))["order_id"]
    shop.pay()
    assert {"vat": (10_000, 800)} == by_rule(figures_of(shop, order_id))


# -------------------------------------------------------------------------------- going back


def test_each_tax_of_a_line_goes_back_with_it_and_the_z_ends_at_nought() -> None:
    """Three pieces of a taxed cascade come back one by one, in the end to the cent by tax."""
    shop = ruled(setup(FIRST, SECOND, THIRD))
    order_id = shop.ok(AddOpenLine("Cloth", 3_330_000, "standard", 3_000))["order_id"]
    shop.pay()
    paid = by_rule(figures_of(shop, order_id))
    back: dict[str, list[int]] = {name: [0, 0] for name in paid}
    for _ in range(3):
        part = shop.ok(AddReturnLine(order_id, 1, 1_000, "torn"))["order_id"]
        shop.pay()
        figures = figures_of(shop, part)
        sums_agree(figures)
        assert list(paid) == [row.tax_class for row in figures.taxes]
        for name, (base, tax) in by_rule(figures).items():
            back[name][0] += base
            back[name][1] += tax
        printed = paper(shop.printed()[-1])
        assert any(left.startswith("A cess 6 %") and "-" in right for left, right in printed)
    assert {name: (-base, -tax) for name, (base, tax) in paid.items()} == {
        name: (base, tax) for name, (base, tax) in back.items()
    }
    day = close_day(shop)
    assert {(0, 0)} == {(row.base_minor, row.tax_minor) for row in day.totals.taxes}


def test_two_registers_cannot_both_give_back_the_odd_cent_of_a_tax() -> None:
    """Two pieces bore one cent of tax. Brought back at two registers at once, the second is told to
    take its line out and in again, and then gives back what is left."""
    shop = ruled(setup(rule("vat", 60_000)))
    shop.ok(OpenTill(()), "2")
    order_id = shop.ok(AddOpenLine("Sweet", 100_000, "standard", 2_000))["order_id"]
    shop.pay()
    assert {"vat": (20, 1)} == by_rule(figures_of(shop, order_id))
    given = [
        shop.ok(AddReturnLine(order_id, 1, 1_000, "x"), register)["order_id"]
        for register in ("1", "2")
    ]
    shop.pay(register="1")
    assert "return_must_be_what_was_paid" == shop.no(StartTendering(), "2")
    shop.ok(VoidLine(1), "2")
    shop.ok(AddReturnLine(order_id, 1, 1_000, "x"), "2")
    shop.pay(register="2")
    rows = [by_rule(figures_of(shop, entry))["vat"] for entry in given]
    assert (-20, -1) == (sum(base for base, _ in rows), sum(tax for _, tax in rows))


def test_goods_go_back_as_they_were_taxed_whatever_the_rules_are_now() -> None:
    """Sold before there were rules, sold under them, sold under others: each as it was paid."""
    shop = Shop.selling()
    by_class = shop.sell("wine")
    shop.ok(SetTaxes(setup(VAT)), admin=True)
    by_vat = shop.sell("wine")
    shop.ok(SetTaxes(setup(rule("new", 500_000))), admin=True)
    for sold in (by_class, by_vat):
        shop.ok(AddReturnLine(sold, 1, 1_000, "x"))
    order_id = shop.ring("wine")
    shop.pay()
    figures = figures_of(shop, order_id)
    sums_agree(figures)
    rows = {row.tax_class: (row.base_minor, row.tax_minor) for row in figures.taxes}
    assert {"standard": (-671, -128), "vat": (-799, -64), "new": (799, 400)} == rows
    shop.ok(SetTaxes(None), admin=True)
    last = shop.ok(AddReturnLine(order_id, 3, 1_000, "x"))["order_id"]
    shop.ok(AddLine("wine"))
    shop.pay()
    sums_agree(figures_of(shop, last))
    assert {"new": (-799, -400), "standard": (671, 128)} == by_rule(figures_of(shop, last))


# -------------------------------------------------------------------------------------- cash


@pytest.mark.feature("TAX-06", part="the step of the day's rules, on the cash part only")
@pytest.mark.parametrize(
    ("window", "obligation", "paid"),
    [
        (ALWAYS, "mandatory", 1_250),
        (ALWAYS, "optional", 1_248),
        (Window("2020-01-01", "2026-11-18"), "mandatory", 1_248),
    ],
    ids=["in force", "the shop's choice", "over"],
)
def test_the_coins_of_the_day_round_what_is_paid_in_cash(
    window: Window, obligation: str, paid: int
) -> None:
    """12.48 is paid as 12.50 where the rules of that day say so; the total and its tax stay."""
    step = CashRounding(window, "bay", 5, RoundingMode.HALF_UP, obligation, "law")
    shop = ruled(setup(rule("vat", 190_000, included=True), cash=(step,)))
    order_id = shop.ok(AddOpenLine("Thing", 12_480_000, "standard"))["order_id"]
    assert paid == seen(shop, order_id).cash_due_minor
    shop.pay()
    (done,) = shop.events(OrderCompleted)
    assert (paid, paid - 1_248) == (done.cash_minor, done.rounding_minor)
    assert 1_248 == figures_of(shop, order_id).total_minor
    rounding = dict(paper(shop.printed()[-1])).get("Rounding")
    assert rounding == ("0.02" if paid == 1_250 else None)


# ------------------------------------------------------------------------------ one rounding


@pytest.mark.feature("TAX-05", part="register, receipt and Z")
@pytest.mark.parametrize("level", list(Level))
def test_register_receipt_and_z_agree_to_the_cent_under_every_policy(level: Level) -> None:
    """A basket of odd cents, discounts and weights: what the screen said is printed and summed."""
    policy = DatedPolicy(ALWAYS, TaxPolicy(level), "law")
    rules = (
        rule("vat", 77_500), rule("city", 33_330, jurisdiction="port", tax_type="city"),
    )  # fmt: skip
    shop = ruled(setup(*rules, policies=(policy,)))
    day: dict[str, list[int]] = {}
    for weight in (333, 457, 999):
        shop.ring("bread", "milk", "wine", "book")
        shop.ok(AddLine("cheese", "", weight))
        shop.ok(DiscountLine(3, DiscountKind.PERCENT, 33_333))
        order_id = shop.ok(DiscountOrder(DiscountKind.AMOUNT, 101))["order_id"]
        shown = seen(shop, order_id)
        shop.pay()
        figures = figures_of(shop, order_id)
        sums_agree(figures)
        assert (shown.total_minor, shown.tax_minor) == (figures.total_minor, figures.tax_minor)
        printed = {left.split("  ")[0]: right for left, right in paper(shop.printed()[-1])}
        for row in shown.taxes:
            told = f"{row.letters} {row.name} {'7.75' if row.rule == 'vat' else '3.333'} %"
            assert f"{row.tax_minor // 100}.{row.tax_minor % 100:02}" == printed[told]
            sums = day.setdefault(row.rule, [0, 0])
            sums[0] += row.base_minor
            sums[1] += row.tax_minor
    totals = close_day(shop).totals
    assert {name: tuple(sums) for name, sums in day.items()} == {
        row.tax_class: (row.base_minor, row.tax_minor) for row in totals.taxes
    }
    assert totals.tax_minor == sum(row.tax_minor for row in totals.taxes)


@pytest.mark.feature("TAX-01", part="by rules both modes give the same totals on receipt and Z")
def test_prices_with_and_without_tax_meet_under_rules() -> None:
    """8.99 and 11.90 with the tax in them come to what 8.40 and 10.00 without it come to."""
    found: list[Any] = []
    for included, prices in ((True, (8_990_000, 11_900_000)), (False, (8_400_000, 10_000_000))):
        low = rule("low", 70_000, included=included, categories=frozenset(("reduced",)))
        shop = ruled(setup(rule("vat", 190_000, included=included), low))
        shop.ok(AddOpenLine("Thing", prices[0], "reduced"))
        order_id = shop.ok(AddOpenLine("Thing", prices[1], "standard"))["order_id"]
        shop.pay()
        figures = figures_of(shop, order_id)
        rows = [row for row in paper(shop.printed()[-1]) if "Net" in row[0] or row[0] == "Total"]
        day = [(row.tax_class, row.base_minor, row.tax_minor)
               for row in close_day(shop).totals.taxes]  # fmt: skip
        found.append((figures.total_minor, figures.tax_minor, by_rule(figures), rows, day))
    assert found[0] == found[1]
    assert (2_089, 249) == found[0][:2]


def test_an_exempt_threshold_is_measured_after_discounts() -> None:
    """A jacket of 120.00 with 15.00 off is 105.00: below the limit of 110.00, so untaxed."""
    limit = Threshold(11_000, exempt_at_amount=False, per=Per.ITEM, excess=False)
    shop = ruled(setup(rule("vat", 40_000, threshold=limit)))
    order_id = shop.ok(AddOpenLine("Jacket", 120_000_000, "standard"))["order_id"]
    assert 12_480 == seen(shop, order_id).total_minor
    shop.ok(DiscountLine(1, DiscountKind.AMOUNT, 1_500))
    shop.pay()
    assert 10_500 == figures_of(shop, order_id).total_minor
