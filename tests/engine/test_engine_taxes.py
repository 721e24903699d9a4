"""Tax rules in force: what a set must be, what an order's circumstances must be, and who may."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from engine.catalog import ItemChanged
from engine.decision import Approval
from engine.image import books_from, image_of, state_hash
from engine.limits import LINES_PER_ORDER_MAX
from engine.order.commands import (
    AddLine,
    AddOpenLine,
    AddReturnLine,
    ChooseDining,
    ExemptOrder,
    ReprintReceipt,
    ResumeOrder,
    StartTendering,
    SuspendOrder,
    TenderCash,
    VoidLine,
    VoidOrder,
)
from engine.order.events import (
    OrderExempted,
)
from engine.order.offered import Tariff
from engine.order.pricing import price
from engine.order.refusal import Refusal as OrderRefusal
from engine.packs import CashRounding, DatedPolicy, ReceiptNeeds
from engine.promotion.decide import SetPromotions
from engine.promotion.model import Benefit, BenefitKind, Off, OffKind, Promotion, Selection
from engine.settings import ConfigureStore, RoundingMode, SetTaxClasses, TaxClass
from engine.settings import Refusal as SettingsRefusal
from engine.tax_book import TaxSetup
from engine.tax_document import Cap, Capped, Per, TaxKind, TaxPolicy, Threshold, Unit
from engine.tax_rules import Context, Holiday, Jurisdiction, JurisdictionKind, Window
from engine.taxation import Dining
from engine.taxes import Refusal, SetTaxes
from engine.views.build import order_view, store_view
from engine.views.taxes import taxes_view
from engine.wire import canonical, parse
from tests.shop import TAXES, Shop, item, rules
from tests.tax_shop import (
    ALWAYS,
    PLACES,
    by_rule,
    figures_of,
    pack_setup,
    rule,
    ruled,
    setup,
    sums_agree,
)

VAT = rule("vat", 190_000, included=True)
FOOD = rule("food", 70_000, included=True, categories=frozenset(("reduced",)))
GONE = Window("2020-01-01", "2020-01-01")
HOLIDAY = Holiday("days", "shore", "VAT", ALWAYS, frozenset(("reduced",)))
CYCLE = (rule("a", 1, after=("b",)), rule("b", 1, tax_type="other", after=("a",)))
STEP = CashRounding(ALWAYS, "shore", 5, RoundingMode.HALF_UP, "mandatory", "law")


def with_cash(**changes: Any) -> TaxSetup:
    """Rules with one cash rounding."""
    return setup(VAT, cash=(attrs.evolve(STEP, **changes),))


REFUSED: list[tuple[str, TaxSetup]] = [
    (Refusal.TAX_RULES_LIMIT_REACHED,
     setup(*(rule(f"r{at}", 0, tax_type=f"t{at}") for at in range(5_000)))),
    (Refusal.TAX_RULES_LIMIT_REACHED, setup(VAT, holidays=(HOLIDAY,) * 4_994)),
    (Refusal.TAX_TEXT_MUST_BE_SHORT, setup(rule("x" * 121, 0))),
    (Refusal.TAX_CURRENCY_MUST_BE_THE_STORES, setup(VAT, currency="USD")),
    (Refusal.TAX_ID_MUST_BE_DISTINCT, setup(VAT, jurisdictions=(*PLACES, PLACES[0]))),
    (Refusal.TAX_JURISDICTION_MUST_EXIST, setup(VAT, jurisdiction="moon")),
    (Refusal.TAX_JURISDICTION_MUST_EXIST, setup(rule("vat", 1, jurisdiction="moon"))),
    (Refusal.TAX_JURISDICTION_MUST_EXIST, with_cash(jurisdiction="moon")),
    (Refusal.TAX_JURISDICTIONS_MUST_BE_A_TREE,
     setup(VAT, jurisdictions=(*PLACES, Jurisdiction("isle", JurisdictionKind.CITY)))),
    (Refusal.TAX_DATE_MUST_EXIST, setup(rule("vat", 1, window=Window("2026-02-30")))),
    (Refusal.TAX_DATE_MUST_EXIST, setup(VAT, compiled="yesterday")),
    (Refusal.TAX_WINDOW_MUST_OPEN, setup(rule("vat", 1, window=GONE))),
    (Refusal.TAX_WINDOWS_MUST_NOT_OVERLAP, setup(VAT, VAT)),
    (Refusal.TAX_WINDOWS_MUST_NOT_OVERLAP,
     setup(VAT, policies=(DatedPolicy(ALWAYS, TaxPolicy(), "law"),) * 2)),
    (Refusal.TAX_CATEGORY_MUST_EXIST, setup(rule("vat", 1, categories=frozenset(("tea",))))),
    (Refusal.TAX_RATE_MUST_BE_IN_RANGE, setup(rule("vat", -1))),
    (Refusal.TAX_RATE_MUST_BE_IN_RANGE, setup(rule("vat", 10_000_001))),
    (Refusal.TAX_RATE_MUST_BE_IN_RANGE, setup(rule("vat", 1_000_000, kind=TaxKind.DIVISION))),
    (Refusal.TAX_RATE_MUST_BE_IN_RANGE, setup(rule("vat", 10**13, kind=TaxKind.PER_UNIT))),
    (Refusal.TAX_RULE_MUST_EXIST, setup(rule("vat", 1, after=("none",)))),
    (Refusal.TAX_ORDER_MUST_NOT_CIRCLE, setup(*CYCLE)),
    (Refusal.TAX_ORDER_MUST_NOT_CIRCLE, setup(rule("first", 1, tax_type="third"), *CYCLE)),
    (Refusal.TAX_RULES_MUST_NOT_CONTEND, setup(VAT, rule("other", 1))),
    (Refusal.TAX_HOLIDAY_MUST_LEAVE_THRESHOLDS,
     setup(rule("vat", 1, threshold=Threshold(1, exempt_at_amount=False, per=Per.ITEM,
                                              excess=False)),
           holidays=(attrs.evolve(HOLIDAY, below_minor=100),))),
    (Refusal.TAX_BASE_MUST_BE_CHARGED,
     setup(rule("vat", 180_000, kind=TaxKind.DIVISION, included=True), holidays=(HOLIDAY,))),
    (Refusal.TAX_BASE_MUST_BE_CHARGED,
     setup(rule("vat", 1, included=True, affects_later=True,
                reverse_for=frozenset(("trade",))))),
    (Refusal.TAX_RULE_MUST_BE_SOUND,
     setup(rule("vat", 1, cap=Cap(Capped.TAX, -1, Per.ITEM)))),
    (Refusal.TAX_CASH_MUST_BE_SOUND, with_cash(step_minor=0)),
    (Refusal.TAX_CASH_MUST_BE_SOUND, with_cash(obligation="perhaps")),
    (Refusal.TAX_CLASS_MUST_BE_A_CATEGORY, setup(VAT, categories=frozenset(("standard",)))),
]  # fmt: skip


@pytest.mark.parametrize(("code", "taxes"), REFUSED, ids=[f"{at}" for at in range(len(REFUSED))])
def test_rules_without_one_answer_are_refused_by_name(code: str, taxes: TaxSetup) -> None:
    """Nothing of such a set is in force, and the shop sells on as before."""
    shop = Shop.selling()
    before = state_hash(shop.books)
    assert code == shop.no(SetTaxes(taxes), admin=True)
    assert before == state_hash(shop.books)
    assert shop.sell("bread")


def test_a_refusal_says_which_rule_or_class_and_why() -> None:
    """Whoever keeps the rules finds the entry by it."""
    shop = Shop.selling()

    def figures(taxes: TaxSetup) -> dict[str, Any]:
        return shop.refused(SetTaxes(taxes), admin=True)

    missing = "none before vat"
    assert {"detail": missing, "tax_class": missing} == figures(
        setup(rule("vat", 1, after=("none",)))
    )
    unsound = figures(setup(VAT, rule("duty", 1, tax_type="d", cap=Cap(Capped.TAX, -1, Per.ITEM))))
    assert "duty" == unsound["rule"]
    assert "cap" in unsound["reason"]
    assert {"tax_class": "reduced"} == figures(setup(VAT, categories=frozenset(("standard",))))
    assert {"jurisdiction": "shore"} == figures(with_cash(step_minor=0))
    twice = figures(setup(VAT, jurisdictions=(*PLACES, PLACES[0])))
    assert "jurisdictions and holidays" == twice["detail"]
    long = figures(setup(rule("x" * 121, 0)))
    assert {"text": "x" * 64, "maximum": 120} == long


@pytest.mark.parametrize("where", [{"included": True}, {"affects_later": True}])
def test_a_tax_that_can_be_left_out_may_be_one_that_customers_account_for(
    where: dict[str, bool],
) -> None:
    """Inside the price, or in the base of others; only both at once cannot be left out."""
    reverse = rule("vat", 1, reverse_for=frozenset(("trade",)), **where)
    assert {"rules": 1} == Shop.selling().ok(SetTaxes(setup(reverse)), admin=True)


def test_every_set_of_rules_has_the_next_number() -> None:
    """By it a sale knows its rules, and a replay counts the same."""
    shop = Shop.selling()
    for version, taxes in enumerate((setup(VAT), None, setup(VAT)), 1):
        shop.ok(SetTaxes(taxes), admin=True)
        sold = figures_of(shop, shop.sell("bread"))
        assert (version, version if taxes else 0) == (shop.books.taxes.version, sold.tax_version)
    assert shop.books.taxes == shop.replayed().taxes


def test_a_shop_has_rules_only_once_it_is_set_up() -> None:
    """Without a currency there is nothing to hold them against."""
    assert Refusal.STORE_MUST_BE_SET_UP == Shop().no(SetTaxes(setup(VAT)), admin=True)


def test_a_cashier_sets_no_taxes_and_frees_nobody() -> None:
    """Both are rights of their own; a cashier has neither unless a role says so."""
    shop = ruled(setup(VAT), "ana")
    assert "right_must_be_granted" == shop.no(SetTaxes(None))
    shop.ring("bread")
    wanted = ExemptOrder("C-1", "Acme", "resale")
    assert {"right": "tax_exempt"} == shop.refused(wanted)
    shop.ok(wanted, approval=Approval("max", pin_correct=True))
    (fact,) = shop.events(OrderExempted)
    assert ("ana", "max") == (fact.operator, fact.approver)


def test_rates_of_nought_of_all_and_of_more_than_all_are_counted() -> None:
    """0 %, 100 % and 250 % on top of a price of 3.50."""
    for rate, tax in ((0, 0), (1_000_000, 350), (2_500_000, 875)):
        shop = ruled(setup(rule("vat", rate)))
        order_id = shop.sell("bread")
        figures = figures_of(shop, order_id)
        sums_agree(figures)
        assert {"vat": (350, tax)} == by_rule(figures)


def test_what_cannot_be_counted_is_refused_at_the_line_and_the_rest_is_sold() -> None:
    """A tax by the kilogram has no answer for pieces: that line is refused by its category."""
    by_weight = rule("weight", 1_000_000, tax_type="w", kind=TaxKind.PER_UNIT, unit=Unit.KG,
                     categories=frozenset(("standard",)))  # fmt: skip
    shop = ruled(setup(FOOD, by_weight))
    shop.ring("bread")
    assert OrderRefusal.TAXES_MUST_APPLY == shop.no(AddLine("wine"))
    assert "standard" == shop.refused(AddLine("wine"))["category"]
    shop.ok(AddLine("cheese", "", 500))
    assert shop.pay()["total_minor"] == 350 + 650


def test_what_is_sold_by_the_metre_has_every_tax_but_one_by_the_unit() -> None:
    """The floor knows no metres; a percentage asks for none."""
    by_piece = rule("piece", 1_000_000, tax_type="p", kind=TaxKind.PER_UNIT,
                    categories=frozenset(("standard",)))  # fmt: skip
    shop = ruled(setup(VAT, by_piece))
    for name, tax_class in (("ribbon", "reduced"), ("cable", "standard")):
        shop.given(ItemChanged(item(name, name, 100, unit="m", tax_class=tax_class)))
    assert 150 == shop.ok(AddLine("ribbon", "", 1_500))["total_minor"]
    assert "standard" == shop.refused(AddLine("cable", "", 1_500))["category"]


def test_a_sum_that_leaves_64_bits_is_refused_and_never_wrapped() -> None:
    """The largest tax by the unit on the largest quantity, in thousandths of a cent's worth."""
    dear = rule("dear", 10**12, kind=TaxKind.PER_UNIT)
    shop = ruled(setup(dear))
    shop.ok(AddLine("bread"))
    refused = shop.no(AddLine("bread", "", 99_999_000))
    assert refused in (OrderRefusal.TAXES_MUST_APPLY, OrderRefusal.AMOUNT_MUST_BE_WITHIN_LIMIT)
    assert 350 + 10**8 == shop.ok(StartTendering())["total_minor"]


def test_lines_that_only_together_cannot_be_counted_blame_none_of_them() -> None:
    """Each could be taxed by itself, so no category is named; alone it is only too dear. The ship's
    taxes nearly fill 64 bits with hundred-thousandths of a cent."""
    tenfold = [rule(name, 10_000_000, tax_type=name, affects_later=True) for name in "abcdefgh"]
    shop = ruled(setup(*tenfold))
    ships = AddOpenLine("Ship", 473_304_000, "reduced", 1_000_000)
    assert OrderRefusal.AMOUNT_MUST_BE_WITHIN_LIMIT == shop.no(ships)
    shop.ok(AddOpenLine("Boat", 4_000_000, "reduced"))
    refused = shop.when(ships).refused
    assert refused is not None
    assert (OrderRefusal.TAXES_MUST_APPLY, "") == (refused.code, refused.fields["category"])


def test_what_no_rule_taxes_is_told_beside_the_taxes() -> None:
    """So that the day knows its turnover: under its class, at nought."""
    shop = ruled(setup(FOOD))
    figures = figures_of(shop, shop.sell("wine", "bread"))
    sums_agree(figures)
    rows = [(e.tax_class, e.rate_ppm, e.base_minor, e.tax_minor, e.total_minor)
            for e in figures.taxes]  # fmt: skip
    assert [("food", 70_000, 327, 23, 350), ("standard", 0, 799, 0, 799)] == rows


def test_what_a_promotion_makes_free_has_no_tax() -> None:
    """Free to the last fraction, beside goods that are taxed."""
    shop = ruled(setup(rule("vat", 190_000)))
    free = Benefit(BenefitKind.EACH, Off(OffKind.PERCENT, 1_000_000))
    shop.ok(SetPromotions((Promotion("p", "P", free, (Selection(("bread",)),)),)), admin=True)
    assert [0, 951] == [shop.ok(AddLine(code))["total_minor"] for code in ("bread", "wine")]
    shop.ok(VoidOrder("test"))
    figures = figures_of(shop, shop.sell("bread", "wine"))
    sums_agree(figures)
    assert {"vat": (799, 152)} == by_rule(figures)
    assert [0, 951] == [row.total_minor for row in figures.lines]


def test_a_cart_of_ten_thousand_lines_is_refused_by_its_limit_and_would_be_right() -> None:
    """The line after the limit is refused; the sums of twenty times as many are exact."""
    shop = ruled(setup(rule("vat", 77_500, affects_later=True), rule("top", 9_750, tax_type="t",
                                                                     after=("vat",))))  # fmt: skip
    order_id = shop.ring(*["milk"] * LINES_PER_ORDER_MAX)
    assert OrderRefusal.LINES_LIMIT_REACHED == shop.no(AddLine("milk"))
    order = shop.order(order_id)
    many = tuple(
        attrs.evolve(order.lines[at % LINES_PER_ORDER_MAX], line=at + 1) for at in range(10_000)
    )
    books = shop.books
    tariff = Tariff(books.settings, None, shop.now_ns, 3_600, books.taxes.book())
    figures = price(attrs.evolve(order, lines=many), tariff)
    sums_agree(figures)
    assert 10_000 * 129 == figures.subtotal_minor
    shop.pay()
    sums_agree(figures_of(shop, order_id))


def test_tax_classes_and_categories_go_together() -> None:
    """Under rules no tax class can be added that none of their categories is named after."""
    shop = ruled(setup(VAT))
    more = (*TAXES, TaxClass("tea", "Tea", 0, "T"))
    assert SettingsRefusal.TAX_CLASS_MUST_BE_A_CATEGORY == shop.no(SetTaxClasses(more), admin=True)
    shop.ok(SetTaxClasses((*TAXES, TaxClass("meal", "Meal", 0, "M"))), admin=True)
    dollars = ConfigureStore(rules(currency="USD"))
    assert SettingsRefusal.CURRENCY_MUST_NOT_CHANGE == shop.no(dollars, admin=True)


def test_taking_the_rules_out_goes_back_to_the_classes() -> None:
    """None in force: the tax classes' own rates are charged again."""
    shop = ruled(setup(rule("vat", 0)))
    assert 0 == figures_of(shop, shop.sell("wine")).tax_minor
    assert {"rules": 1} == shop.ok(SetTaxes(setup(rule("vat", 0))), admin=True)
    assert {"rules": 0} == shop.ok(SetTaxes(None), admin=True)
    assert 128 == figures_of(shop, shop.sell("wine")).tax_minor


def test_a_copy_is_headed_as_the_rules_it_was_sold_under_ask() -> None:
    """Whatever is in force when it is printed: a law of before still names the paper."""
    shop = ruled(setup(VAT, receipt=ReceiptNeeds((), {"title": "Tax Invoice"}, "law")))
    sold = shop.sell("bread")
    shop.ok(SetTaxes(setup(VAT)), admin=True)
    untitled = shop.sell("bread")
    headed = []
    for order_id in (sold, untitled):
        shop.ok(ReprintReceipt(order_id))
        headed.append("Tax Invoice" in [block.left for block in shop.printed()[-1].blocks])
    assert [True, False] == headed


# ------------------------------------------------------------------------------- circumstances


def test_circumstances_need_an_order_that_is_not_being_paid() -> None:
    """There must be an order, and its figures must not be fixed yet."""
    shop = ruled(setup(VAT))
    bodies = (ChooseDining(Dining.EAT_IN), ExemptOrder("C-1", "Acme", "resale"))
    for body in bodies:
        assert OrderRefusal.ORDER_MUST_BE_OPEN == shop.no(body)
    shop.ring("bread")
    shop.ok(StartTendering())
    for body in bodies:
        assert OrderRefusal.ORDER_MUST_NOT_BE_TENDERING == shop.no(body)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (ExemptOrder("x" * 65, "Acme", "resale"), OrderRefusal.TEXT_MUST_BE_SHORT),
        (ExemptOrder("C-1", "Acme", "x" * 121), OrderRefusal.TEXT_MUST_BE_SHORT),
        (ExemptOrder("C-1", "", "resale"), OrderRefusal.CERTIFICATE_MUST_BE_COMPLETE),
        (ExemptOrder("C-1", "Acme", " "), OrderRefusal.CERTIFICATE_MUST_BE_COMPLETE),
        (ExemptOrder("C-1", "Acme", "r", "soon"), OrderRefusal.CERTIFICATE_MUST_BE_COMPLETE),
        (ExemptOrder("C-1", "Acme", "r", "2026-11-17"),
         OrderRefusal.CERTIFICATE_MUST_NOT_BE_EXPIRED),
        (ExemptOrder("C-1", "Acme", "r", jurisdictions=frozenset(("moon",))),
         OrderRefusal.EXEMPTION_MUST_FIT_TAXES),
        (ExemptOrder("C-1", "Acme", "r", tax_types=frozenset(("duty",))),
         OrderRefusal.EXEMPTION_MUST_FIT_TAXES),
        (ExemptOrder("C-1", "Acme", "r", categories=frozenset(("tea",))),
         OrderRefusal.EXEMPTION_MUST_FIT_TAXES),
        (ExemptOrder(customer_class="nobody"), OrderRefusal.EXEMPTION_MUST_FIT_TAXES),
    ],
)  # fmt: skip
def test_an_exemption_that_would_mean_nothing_is_refused(body: ExemptOrder, code: str) -> None:
    """Whoever is free of tax, by what paper, until when and of what must be clear."""
    shop = ruled(setup(VAT))
    order_id = shop.ring("bread")
    assert code == shop.no(body)
    assert shop.order(order_id).exemption is None


def test_without_rules_nobody_can_be_freed_of_them() -> None:
    """Tax classes know no certificates; how an order is handed over may be said all the same."""
    shop = Shop.selling()
    order_id = shop.ring("bread")
    assert OrderRefusal.TAXES_MUST_BE_SET == shop.no(ExemptOrder("C-1", "Acme", "resale"))
    assert 350 == shop.ok(ChooseDining(Dining.DELIVERY))["total_minor"]
    shop.pay()
    assert Dining.DELIVERY is figures_of(shop, order_id).dining
    assert 23 == figures_of(shop, order_id).tax_minor


@pytest.mark.parametrize("last", ["2026-11-18", "9999-12-31", ""])
def test_a_certificate_is_good_on_its_last_day_and_on_the_last_there_is(last: str) -> None:
    """Valid today, for ever by its date, and for good."""
    shop = ruled(setup(VAT))
    shop.ring("bread")
    assert 294 == shop.ok(ExemptOrder("C-1", "Acme", "resale", last))["total_minor"]


def test_a_tax_that_was_not_charged_comes_back_as_not_charged() -> None:
    """A return by halves ends at what the certificate kept off, and at nothing more."""
    shop = ruled(setup(VAT))
    shop.ok(AddLine("bread", "", 2_000))
    sale = shop.ok(ExemptOrder("C-1", "Acme", "resale"))["order_id"]
    shop.pay()
    (sold,) = figures_of(shop, sale).taxes
    assert (588, 0, 112) == (sold.base_minor, sold.tax_minor, sold.uncharged_minor)
    for _ in range(2):
        returned = shop.ok(AddReturnLine(sale, 1, 1_000, "stale"))["order_id"]
        shop.pay()
        (back,) = figures_of(shop, returned).taxes
        assert (-294, 0, -56) == (back.base_minor, back.tax_minor, back.uncharged_minor)
        sums_agree(figures_of(shop, returned))


def test_an_empty_exemption_takes_it_off() -> None:
    """Neither a certificate nor a class: taxed as everybody is."""
    shop = ruled(setup(VAT))
    order_id = shop.ring("bread")
    assert 294 == shop.ok(ExemptOrder("C-1", "Acme", "resale"))["total_minor"]
    assert 350 == shop.ok(ExemptOrder())["total_minor"]
    assert shop.order(order_id).exemption is None


def test_a_certificate_worth_nothing_from_midnight_on_leaves_a_parked_order_at_midnight() -> None:
    """Parked on its last day it is free of tax; taken up a second after midnight it is not."""
    shop = ruled(setup(VAT))
    # The shop's clock reads 12:06:40 on 18 November 2026, an hour east.
    order_id = shop.ring("bread")
    shop.ok(ExemptOrder("C-1", "Acme", "resale", "2026-11-18"))
    midnight_ns = 1_795_042_800 * 1_000_000_000
    shop.now_ns = midnight_ns - 3_000_000_000
    assert 294 == shop.ok(AddLine("milk"))["total_minor"] - 108
    shop.ok(SuspendOrder("table"))
    shown = order_view(shop.order(order_id), shop.books)
    assert 294 + 108 == shown.total_minor
    shop.now_ns = midnight_ns
    assert 350 + 129 == shop.ok(ResumeOrder(order_id))["total_minor"]
    shop.pay()
    figures = figures_of(shop, order_id)
    sums_agree(figures)
    assert [""] == [row.rule.certificate for row in figures.taxes if row.rule is not None]
    assert "C-1" not in str(shop.printed()[-1])


def test_an_order_that_new_rules_cannot_tax_is_seen_mended_and_ended() -> None:
    """Rules set since make its certificate impossible: it is shown, not paid, and can be freed of
    the certificate or given up."""
    shop = ruled(setup(VAT))
    order_id = shop.ring("bread")
    shop.ok(ExemptOrder("C-1", "Acme", "resale"))
    inside = rule("inside", 180_000, kind=TaxKind.DIVISION, included=True)
    shop.ok(SetTaxes(setup(inside)), admin=True)
    view = order_view(shop.order(order_id), shop.books)
    assert 350 == view.total_minor
    assert OrderRefusal.TAXES_MUST_APPLY == shop.no(StartTendering())
    assert OrderRefusal.TAXES_MUST_APPLY == shop.no(TenderCash(350))
    assert 0 == shop.ok(VoidLine(1))["total_minor"]
    shop.ok(ExemptOrder())
    shop.ring("bread")
    shop.pay()
    shop.ring("bread")
    shop.ok(SetTaxes(setup(VAT)), admin=True)
    shop.ok(ExemptOrder("C-1", "Acme", "resale"))
    shop.ok(SetTaxes(setup(inside)), admin=True)
    shop.ok(VoidOrder("given up"))


def test_the_rules_are_state_that_is_kept_and_replayed() -> None:
    """A snapshot and a replay hold the rules, an order's circumstances and the same hash."""
    shop = ruled(pack_in_euros())
    shop.ring("wine")
    shop.ok(ChooseDining(Dining.EAT_IN))
    shop.ok(ExemptOrder("C-1", "Acme", "resale"))
    again = books_from(parse(canonical(image_of(shop.books))), None)
    replayed = shop.replayed()
    for books in (again, replayed):
        assert shop.books.taxes == books.taxes
        assert shop.books.live.orders == books.live.orders
    assert state_hash(shop.books) == state_hash(again)


def pack_in_euros() -> TaxSetup:
    """The German pack with the test shop's two classes for categories."""
    german = pack_setup("DE")
    return attrs.evolve(german, categories=german.categories | {"reduced"})


def test_a_screen_can_tell_what_the_rules_know() -> None:
    """The store's view names the pack, its date, the ways of handing over and the classes."""
    reverse = rule("vat", 190_000, reverse_for=frozenset(("trade",)))
    seated = rule("seated", 1, context=Context.EAT_IN)
    shop = ruled(setup(reverse, seated, pack="XX", compiled="2026-11-26"))
    view = store_view(shop.books, "store").taxes
    assert view is not None
    assert ("XX", "2026-11-26", "port") == (view.pack, view.compiled, view.jurisdiction)
    assert (("meal", "reduced", "standard"), ("VAT",)) == (view.categories, view.tax_types)
    assert (Dining.TAKEAWAY, (Dining.EAT_IN,)) == (view.dining, view.dinings)
    assert ("trade",) == view.customer_classes
    assert (("shore",), ("VAT",)) == (view.own_jurisdictions, view.own_tax_types)
    quebec = taxes_view(pack_setup("CA", "CA-QC"))
    assert quebec is not None
    assert (("CA-QC",), ("GST", "QST")) == (quebec.own_jurisdictions, quebec.own_tax_types)
    houston = taxes_view(pack_setup("US", "US-TX-HOUSTON"))
    assert houston is not None
    assert ("US-TX", "US-TX-HOUSTON") == houston.own_jurisdictions


def test_a_screen_can_tell_what_an_exemption_is_of() -> None:
    """What of the taxes the order is free of, in a fixed order."""
    shop = ruled(setup(VAT))
    order_id = shop.ring("bread")
    shop.ok(
        ExemptOrder(
            "C-1",
            "Acme",
            "resale",
            jurisdictions=frozenset(("port",)),
            tax_types=frozenset(("VAT",)),
            categories=frozenset(("standard", "reduced")),
        )
    )
    held = order_view(shop.order(order_id), shop.books, internal=True).exemption
    assert held is not None
    found = (held.jurisdictions, held.tax_types, held.categories)
    assert (("port",), ("VAT",), ("reduced", "standard")) == found
    assert store_view(Shop.selling().books, "store").taxes is None


def test_rules_and_classes_are_set_together_or_neither_is() -> None:
    """Both are facts of one command; where one is refused, so is the other."""
    shop = Shop.selling()
    more = (*TAXES, TaxClass("books", "Books", 70_000, "C"))
    both = setup(VAT, categories=frozenset(("standard", "reduced", "books")))
    before = shop.books.settings.tax_classes
    refused = [
        (SetTaxes(both, (*more, more[0])), SettingsRefusal.TAX_CLASSES_MUST_BE_DISTINCT),
        (SetTaxes(setup(VAT), more), Refusal.TAX_CLASS_MUST_BE_A_CATEGORY),
        (SetTaxes(setup(VAT, currency="USD"), more), Refusal.TAX_CURRENCY_MUST_BE_THE_STORES),
        (SetTaxes(None, (*more, more[0])), SettingsRefusal.TAX_CLASSES_MUST_BE_DISTINCT),
        (SetTaxes(both, (attrs.evolve(more[0], rate_ppm=-1),)),
         SettingsRefusal.TAX_RATE_MUST_BE_IN_RANGE),
    ]  # fmt: skip
    for body, code in refused:
        assert code == shop.no(body, admin=True)
    shop.ring("wine")
    assert SettingsRefusal.TAX_CLASS_MUST_NOT_BE_IN_USE == shop.no(
        SetTaxes(both, more[1:]), admin=True
    )
    assert (before, None) == (shop.books.settings.tax_classes, shop.books.taxes.setup)
    assert {"rules": 1} == shop.ok(SetTaxes(both, more), admin=True)
    assert both == shop.books.taxes.setup
    assert tuple(shop.books.settings.tax_classes.values()) == more
    assert state_hash(shop.replayed()) == state_hash(shop.books)
