"""Tax rules as data: which taxes a line has, when, where and for whom; and which rules are none."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from engine.stamp import Stamp
from engine.tax import (
    AppliedTax,
    Certificate,
    LineFacts,
    SaleFacts,
    local_day,
    taxes_for,
)
from engine.tax_document import (
    Charge,
    DocumentLine,
    Level,
    Per,
    Residual,
    TaxKind,
    TaxPolicy,
    Threshold,
)
from engine.tax_rules import (
    Context,
    Fault,
    Holiday,
    Jurisdiction,
    JurisdictionKind,
    TaxRule,
    TaxRules,
    TaxRulesError,
    Window,
    checked,
)
from tests.taxed_sale import tax_sale

SHORE = Jurisdiction("shore", JurisdictionKind.COUNTRY)
BAY = Jurisdiction("bay", JurisdictionKind.STATE, "shore")
PORT = Jurisdiction("port", JurisdictionKind.CITY, "bay")
PLACES = (SHORE, BAY, PORT)
GOODS = frozenset(("food", "drink", "clothing", "other"))
ALWAYS = Window("2020-01-01")
VAT = TaxRule("vat", "shore", "VAT", ALWAYS, 190_000)
FOOD = attrs.evolve(VAT, id="vat-food", value=70_000, categories=frozenset(("food",)))
STATE = TaxRule("state", "bay", "sales", ALWAYS, 40_000)
CITY = TaxRule("city", "port", "sales", ALWAYS, 45_000)
DAY = "2026-11-25"


def rules(*entries: TaxRule, holidays: tuple[Holiday, ...] = ()) -> TaxRules:
    """A checked set of these rules."""
    return checked(PLACES, GOODS, entries, holidays)


def applied(category: str, of: TaxRules, **facts: Any) -> tuple[AppliedTax, ...]:
    """The taxes of a line in the port today, unless said otherwise."""
    sale = SaleFacts(**{"jurisdiction": "port", "day": DAY, **facts})
    return taxes_for(LineFacts(category), sale, of)


def ids(category: str, of: TaxRules, **facts: Any) -> list[str]:
    """The rules of a line's taxes, in order."""
    return [one.rule for one in applied(category, of, **facts)]


def fault(*entries: TaxRule, holidays: tuple[Holiday, ...] = ()) -> str:
    """The code these rules are refused with."""
    with pytest.raises(TaxRulesError) as refused:
        rules(*entries, holidays=holidays)
    assert str(refused.value) == f"{refused.value.code}: {refused.value.detail}"
    return refused.value.code


@pytest.mark.feature("TAX-02", part="jurisdictions")
def test_every_jurisdiction_on_the_way_asks_its_tax_the_widest_first() -> None:
    """A shop in the port pays country, state and city; one elsewhere in the bay no city tax."""
    of = rules(CITY, STATE, VAT)
    assert ["vat", "state", "city"] == ids("other", of)
    assert ["vat", "state"] == ids("other", of, jurisdiction="bay")
    assert ["vat"] == ids("other", of, jurisdiction="shore")


def test_a_rule_names_what_is_counted_before_it() -> None:
    """`after` outweighs how wide a jurisdiction is."""
    late = attrs.evolve(VAT, after=("state", "city"))
    assert ["state", "city", "vat"] == ids("other", rules(late, CITY, STATE))


def test_the_narrowest_rule_that_fits_applies() -> None:
    """A rule for the category stands before the rule for all, and others keep the latter."""
    of = rules(VAT, FOOD)
    assert ["vat-food"] == ids("food", of)
    assert ["vat"] == ids("drink", of)


@pytest.mark.feature("TAX-04", part="rules")
def test_take_away_is_taxed_otherwise_than_eat_in() -> None:
    """The same meal has another rate by the way it is handed over."""
    seated = attrs.evolve(FOOD, id="seated", value=190_000, context=Context.EAT_IN)
    of = rules(VAT, FOOD, seated)
    assert ["seated"] == ids("food", of, context=Context.EAT_IN)
    assert ["vat-food"] == ids("food", of, context=Context.TAKEAWAY)
    assert ["vat-food"] == ids("food", of, context=Context.DELIVERY)


def test_a_customer_class_may_have_its_own_rate() -> None:
    """A rule for a class of customers leaves all others alone."""
    club = attrs.evolve(VAT, id="diplomats", value=0, customers=frozenset(("diplomat",)))
    of = rules(VAT, club)
    assert ["diplomats"] == ids("other", of, customer_class="diplomat")
    assert ["vat"] == ids("other", of, customer_class="member")


def test_a_rate_changes_at_midnight_by_a_new_entry() -> None:
    """The day before the change has the old rate, the day of it the new one, for good."""
    old = attrs.evolve(VAT, window=Window("2020-01-01", "2026-01-01"))
    new = attrs.evolve(VAT, window=Window("2026-01-01"), value=210_000)
    of = rules(new, old)
    assert [190_000] == [one.tax.value for one in applied("other", of, day="2025-12-31")]
    assert [210_000] == [one.tax.value for one in applied("other", of, day="2026-01-01")]
    assert [] == ids("other", of, day="2019-12-31")


@pytest.mark.parametrize(
    ("offset_s", "day"), [(0, "2026-08-09"), (-5 * 3600, "2026-08-09"), (3600, "2026-08-10")]
)
def test_the_day_is_the_stores_own(offset_s: int, day: str) -> None:
    """23:30 in Greenwich is the next day further east; the business day plays no part."""
    half_past = 1_786_318_200 * 1_000_000_000
    assert day == local_day(Stamp(half_past, offset_s, "2026-08-08"))


@pytest.mark.parametrize(("second", "taxed"), [(-1, 0), (0, 400)])
def test_a_holiday_ends_at_the_stores_midnight(second: int, taxed: int) -> None:
    """A shirt is free in the holiday's last second and taxed in the next, five hours west."""
    weekend = Holiday(
        "school", "bay", "sales", Window("2026-08-07", "2026-08-10"), frozenset(("clothing",)),
        below_minor=10_000,
    )  # fmt: skip
    of = rules(STATE, holidays=(weekend,))
    midnight_ns = (1_786_320_000 + 5 * 3600) * 1_000_000_000
    stamp = Stamp(midnight_ns + second * 1_000_000_000, -5 * 3600, "2026-08-09")
    sale = SaleFacts("bay", local_day(stamp))
    shirt = (LineFacts("clothing"), DocumentLine(99_990_000, 1_000, ()))
    done = tax_sale((shirt,), sale, of, TaxPolicy(), 2)
    assert taxed == done.figures.tax_minor
    assert ("school" if second < 0 else "") == done.applied[0].holiday


def test_a_holiday_frees_cheap_items_and_named_goods_only() -> None:
    """At the holiday's limit an item is taxed, other goods always."""
    weekend = Holiday(
        "school", "bay", "sales", ALWAYS, frozenset(("clothing",)), below_minor=10_000
    )
    sale = SaleFacts("bay", DAY)
    lines = (
        (LineFacts("clothing"), DocumentLine(99_990_000, 1_000, ())),
        (LineFacts("clothing"), DocumentLine(100_000_000, 1_000, ())),
        (LineFacts("other"), DocumentLine(50_000_000, 1_000, ())),
    )
    done = tax_sale(lines, sale, rules(STATE, holidays=(weekend,)), TaxPolicy(), 2)
    assert [0, 400, 200] == [line.tax_minor for line in done.figures.lines]
    whole = attrs.evolve(weekend, below_minor=None)
    done = tax_sale(lines, sale, rules(STATE, holidays=(whole,)), TaxPolicy(), 2)
    assert [0, 0, 200] == [line.tax_minor for line in done.figures.lines]


PAPER = Certificate("R-77", "mill", Window("2026-01-01", "2026-12-01"), "resale")


@pytest.mark.feature("TAX-03", part="rules")
def test_a_certificate_frees_while_it_is_valid_and_is_kept() -> None:
    """Valid: no tax, the base told and the certificate named. Expired: the tax as for anybody."""
    lines = ((LineFacts("other"), DocumentLine(100_000_000, 1_000, ())),)
    of = rules(attrs.evolve(STATE, value=80_000))
    sale = SaleFacts("bay", "2026-11-30", certificates=(PAPER,))
    done = tax_sale(lines, sale, of, TaxPolicy(), 2)
    assert (0, 10_000, 800) == (
        done.figures.tax_minor,
        done.figures.taxes[0].base_minor,
        done.figures.taxes[0].uncharged_minor,
    )
    assert "R-77" == done.applied[0].certificate
    sale = attrs.evolve(sale, day="2026-12-01")
    done = tax_sale(lines, sale, of, TaxPolicy(), 2)
    assert (800, "") == (done.figures.tax_minor, done.applied[0].certificate)


@pytest.mark.parametrize(
    "limits",
    [
        {"tax_types": frozenset(("VAT",))},
        {"jurisdictions": frozenset(("bay",))},
        {"categories": frozenset(("clothing",))},
    ],
)
def test_a_certificate_frees_from_what_it_says_only(limits: dict[str, Any]) -> None:
    """One for another tax, place or kind of goods frees nothing here."""
    paper = attrs.evolve(PAPER, **limits)
    (one,) = applied("other", rules(CITY), certificates=(paper,))
    assert (Charge.CHARGED, "") == (one.tax.charge, one.certificate)


def test_a_class_may_account_for_the_tax_itself() -> None:
    """Reverse charge: shown, not charged, and no part of later bases."""
    shown = attrs.evolve(VAT, reverse_for=frozenset(("trade",)), affects_later=True)
    (one,) = applied("other", rules(shown), customer_class="trade")
    assert (Charge.REVERSE, False) == (one.tax.charge, one.tax.affects_later)
    (one,) = applied("other", rules(shown))
    assert (Charge.CHARGED, True) == (one.tax.charge, one.tax.affects_later)


def test_a_tax_in_the_price_under_others_must_be_charged() -> None:
    """Nobody can say what a price would be without a tax that others in it stand on."""
    under = attrs.evolve(VAT, included=True, affects_later=True)
    division = attrs.evolve(VAT, kind=TaxKind.DIVISION)
    for rule in (under, division):
        with pytest.raises(TaxRulesError) as refused:
            applied("other", rules(rule), certificates=(PAPER,))
        assert Fault.BASE_MUST_BE_CHARGED == refused.value.code


def test_a_question_about_nothing_is_refused() -> None:
    """An unknown category, place or day has no taxes, and that is not the same as no tax."""
    for category, facts, code in (
        ("tobacco", {}, Fault.CATEGORY_MUST_EXIST),
        ("food", {"jurisdiction": "moon"}, Fault.JURISDICTION_MUST_EXIST),
        ("food", {"day": "2026-02-30"}, Fault.DATE_MUST_EXIST),
    ):
        with pytest.raises(TaxRulesError) as refused:
            applied(category, rules(VAT), **facts)
        assert code == refused.value.code


LIMIT = Threshold(10_000, exempt_at_amount=False, per=Per.ITEM, excess=False)
PARTY = Holiday("party", "bay", "sales", ALWAYS, frozenset(("clothing",)), below_minor=5_000)


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([attrs.evolve(VAT, jurisdiction="moon")], Fault.JURISDICTION_MUST_EXIST),
        ([attrs.evolve(VAT, window=Window("2026-13-01"))], Fault.DATE_MUST_EXIST),
        ([attrs.evolve(VAT, window=Window("20260101"))], Fault.DATE_MUST_EXIST),
        ([attrs.evolve(VAT, window=Window("2026-01-02", "2026-01-02"))], Fault.WINDOW_MUST_OPEN),
        (
            [VAT, attrs.evolve(VAT, window=Window("2026-01-01"), value=1)],
            Fault.WINDOWS_MUST_NOT_OVERLAP,
        ),
        ([attrs.evolve(VAT, categories=frozenset(("hats",)))], Fault.CATEGORY_MUST_EXIST),
        ([attrs.evolve(VAT, value=-1)], Fault.RATE_MUST_BE_IN_RANGE),
        ([attrs.evolve(VAT, value=10_000_001)], Fault.RATE_MUST_BE_IN_RANGE),
        (
            [attrs.evolve(VAT, kind=TaxKind.DIVISION, value=1_000_000)],
            Fault.RATE_MUST_BE_IN_RANGE,
        ),
        ([attrs.evolve(VAT, after=("none",))], Fault.RULE_MUST_EXIST),
        ([attrs.evolve(VAT, after=("vat",))], Fault.ORDER_MUST_NOT_CIRCLE),
        (
            [attrs.evolve(STATE, after=("city",)), attrs.evolve(CITY, after=("state",))],
            Fault.ORDER_MUST_NOT_CIRCLE,
        ),
        ([VAT, attrs.evolve(VAT, id="other-vat")], Fault.RULES_MUST_NOT_CONTEND),
        (
            [FOOD, attrs.evolve(FOOD, id="two", categories=frozenset(("food", "drink")))],
            Fault.RULES_MUST_NOT_CONTEND,
        ),
    ],
)
def test_rules_without_one_answer_are_refused(entries: list[TaxRule], code: str) -> None:
    """Overlaps, circles, unknown names and rates out of range are named before anything is sold."""
    assert code == fault(*entries)


def test_rates_of_nought_and_of_all_and_more_are_rates() -> None:
    """0 %, 100 % and 1000 % are within range."""
    for value in (0, 1_000_000, 10_000_000):
        assert ["vat"] == ids("other", rules(attrs.evolve(VAT, value=value)))


def test_a_holiday_with_a_limit_leaves_thresholds_alone() -> None:
    """Two limits on one tax would need a third rule to say which one counts."""
    limited = attrs.evolve(STATE, threshold=LIMIT)
    assert Fault.HOLIDAY_MUST_LEAVE_THRESHOLDS == fault(limited, holidays=(PARTY,))


def test_places_form_a_tree() -> None:
    """A place needs a wider parent that exists; only a country stands alone; ids are distinct."""
    for places, code in (
        ((SHORE, SHORE), Fault.ID_MUST_BE_DISTINCT),
        ((BAY,), Fault.JURISDICTION_MUST_EXIST),
        ((attrs.evolve(BAY, parent=""),), Fault.JURISDICTIONS_MUST_BE_A_TREE),
        (
            (SHORE, BAY, Jurisdiction("land", JurisdictionKind.STATE, "bay")),
            Fault.JURISDICTIONS_MUST_BE_A_TREE,
        ),
    ):
        with pytest.raises(TaxRulesError) as refused:
            checked(places, GOODS, ())
        assert code == refused.value.code


def test_a_sale_names_each_tax_once_for_all_its_lines() -> None:
    """Lines of one rule share one entry of the table, so a rate is rounded once over them."""
    lines = tuple(
        (LineFacts(category), DocumentLine(1_010_000, 1_000, ()))
        for category in ("food", "other", "food")
    )
    done = tax_sale(lines, SaleFacts("shore", DAY), rules(VAT, FOOD), TaxPolicy(), 2)
    assert ["vat", "vat-food"] == [one.rule for one in done.applied]
    assert [(0, 101), (1, 202)] == [(row.tax_index, row.base_minor) for row in done.figures.taxes]


def test_no_tax_depends_on_what_was_rung_up_first() -> None:
    """One sum over the document is shared between taxes alike, whatever line came first."""
    tied = rules(attrs.evolve(VAT, value=15_000), attrs.evolve(FOOD, value=15_000))
    lines = tuple(
        (LineFacts(category), DocumentLine(1_000_000, 1_000, ())) for category in ("food", "other")
    )
    policy = TaxPolicy(level=Level.DOCUMENT, residual=Residual.FIRST)
    sums = []
    for row in (lines, lines[::-1]):
        done = tax_sale(row, SaleFacts("shore", DAY), tied, policy, 2)
        sums.append({done.applied[tax.tax_index].rule: tax.tax_minor for tax in done.figures.taxes})
    assert {"vat": 1, "vat-food": 2} == sums[0] == sums[1]
