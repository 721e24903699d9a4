"""Orders taxed by rules, for all rules and carts: sums, scan order, returns, tax classes."""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from engine.order.commands import (
    AddOpenLine,
    AddReturnLine,
    ChooseDining,
    CompleteOrder,
    DiscountLine,
    DiscountOrder,
    ExemptOrder,
    StartTendering,
    TenderCash,
)
from engine.order.figures import DiscountKind, Figures
from engine.order.offered import Tariff
from engine.order.pricing import price, price_shown
from engine.packs import DatedPolicy
from engine.settings import RoundingMode, RoundingScope, TaxClass, TaxClassesSet
from engine.tax_book import tax_book
from engine.tax_document import (
    Amounts,
    Cap,
    Capped,
    Level,
    Per,
    Residual,
    TaxKind,
    TaxPolicy,
    Threshold,
)
from engine.tax_rules import Context, TaxRule
from engine.taxation import Dining
from engine.taxes import SetTaxes
from tests.draws import examples
from tests.shop import Shop
from tests.tax_shop import ALWAYS, figures_of, rule, setup, sums_agree

CATEGORIES = ("standard", "reduced", "meal")
PLACES = ("shore", "bay", "port")
CASES = settings(max_examples=examples(120), deadline=None)
FEW = settings(max_examples=examples(50), deadline=None)
POLICIES = st.builds(
    TaxPolicy,
    st.sampled_from(Level),
    st.sampled_from(RoundingMode),
    residual=st.sampled_from(Residual),
    amounts=st.sampled_from(Amounts),
)
LIMITS = st.none() | st.builds(
    Threshold, st.integers(0, 2_000), st.booleans(), st.sampled_from(Per), st.booleans()
)
CAPS = st.none() | st.builds(
    Cap, st.sampled_from(Capped), st.integers(0, 500), st.sampled_from(Per)
)
LINES = st.lists(
    st.tuples(st.integers(0, 30_000_000), st.sampled_from(CATEGORIES), st.integers(1, 9)),
    min_size=1,
    max_size=8,
)


@st.composite
def taxes(draw: Any) -> tuple[TaxRule, ...]:
    """One to three taxes, each of a place of its own, in any stack; the first may have a narrower
    rate for some goods."""
    found: list[TaxRule] = []
    for at, place in enumerate(PLACES[: draw(st.integers(1, 3))]):
        by_unit = draw(st.integers(0, 5)) == 0
        included = draw(st.booleans()) and not by_unit
        found.append(
            rule(
                f"t{at}",
                draw(st.integers(0, 300_000)),
                jurisdiction=place,
                tax_type=f"type{at}",
                kind=TaxKind.PER_UNIT if by_unit else TaxKind.PERCENT,
                included=included,
                # What is in the price and stood on cannot be exempt; that has a test of its own.
                affects_later=draw(st.booleans()) and not included,
                affected_by_previous=draw(st.booleans()),
                after=tuple(entry.id for entry in found),
                threshold=draw(LIMITS) if not by_unit else None,
                cap=draw(CAPS) if not by_unit else None,
            )
        )
    if draw(st.booleans()):
        low = attrs.evolve(
            found[0], id="low", value=draw(st.integers(0, 100_000)),
            categories=frozenset(("reduced",)), context=draw(st.sampled_from(Context)),
        )  # fmt: skip
        found.append(low)
    return tuple(found)


def shop_with(rules: tuple[TaxRule, ...], policy: TaxPolicy) -> Shop:
    """A shop under these rules; one more class, for meals."""
    shop = Shop.selling()
    names = [
        TaxClass(name, name, 0, letter) for name, letter in zip(CATEGORIES, "ABC", strict=True)
    ]
    shop.given(TaxClassesSet(tuple(names)))
    dated = DatedPolicy(ALWAYS, policy, "law")
    decision = shop.when(SetTaxes(setup(*rules, policies=(dated,))), admin=True)
    assume(decision.refused is None)
    return shop


def rung(shop: Shop, lines: list[tuple[int, str, int]]) -> str:
    """An order of typed lines, each answered with what the figures then say; draws that the rules
    have no answer for are not looked at."""
    for micros, category, pieces in lines:
        decision = shop.when(AddOpenLine("Thing", micros, category, pieces * 1_000))
        assume(decision.refused is None)
        order_id: str = decision.answer["order_id"]
        figures = price_of(shop, order_id)
        told = (decision.answer["total_minor"], decision.answer["net_minor"])
        assert told == (figures.total_minor, figures.lines[-1].net_minor)
    return order_id


@CASES
@given(
    taxes(), POLICIES, LINES, st.integers(0, 1_000_000), st.integers(0, 5_000),
    st.sampled_from(Dining), st.booleans(),
)  # fmt: skip
def test_sums_are_exact_under_any_rules(
    rules: tuple[TaxRule, ...],
    policy: TaxPolicy,
    lines: list[tuple[int, str, int]],
    percent: int,
    amount: int,
    dining: Dining,
    exempt: bool,
) -> None:
    """Lines sum to the document, taxes to their lines' parts, whatever is discounted or exempt; and
    each answer on the way is what the figures then say."""
    shop = shop_with(rules, policy)
    order_id = rung(shop, lines)
    shop.ok(DiscountLine(1, DiscountKind.PERCENT, percent))
    shop.ok(DiscountOrder(DiscountKind.AMOUNT, amount))
    answer = within_bounds(shop, ChooseDining(dining))
    if exempt:
        free = ExemptOrder("C-1", "Acme", "x", tax_types=frozenset(("type0",)))
        answer = within_bounds(shop, free)
    figures = price_of(shop, order_id)
    sums_agree(figures)
    assert answer["total_minor"] == figures.total_minor


def within_bounds(shop: Shop, choice: ChooseDining | ExemptOrder) -> dict[str, Any]:
    """The answer to a choice; passed over where an exact figure would be too long to be kept."""
    decision = shop.when(choice)
    if decision.refused is not None:
        assume("128 bits" not in str(decision.refused.fields.get("reason", "")))
    assert decision.refused is None, decision.refused
    return decision.answer


def price_of(shop: Shop, order_id: str) -> Figures:
    """An open order's figures as its last command saw them."""
    order, books = shop.order(order_id), shop.books
    tariff = Tariff(books.settings, None, order.touched_ns, order.utc_offset_s, books.taxes.book())
    assert price(order, tariff) == price_shown(order, tariff)
    return price(order, tariff)


@FEW
@given(taxes(), POLICIES, LINES, st.integers(0, 5_000), st.randoms(use_true_random=False))
def test_no_scan_order_changes_a_total_or_a_tax(
    rules: tuple[TaxRule, ...],
    policy: TaxPolicy,
    lines: list[tuple[int, str, int]],
    amount: int,
    chance: Any,
) -> None:
    """Rung up in another order, the document has the same total, the same taxes, the same bases of
    taxes that no odd cent of another moves."""
    totals = []
    shuffled = list(lines)
    chance.shuffle(shuffled)
    for cart in (lines, shuffled):
        shop = shop_with(rules, policy)
        order_id = rung(shop, cart)
        shop.ok(DiscountOrder(DiscountKind.AMOUNT, amount))
        figures = price_of(shop, order_id)
        rows = sorted((row.tax_class, row.tax_minor) for row in figures.taxes)
        totals.append((figures.total_minor, figures.tax_minor, figures.discount_minor, rows))
    assert totals[0] == totals[1]


@CASES
@given(
    LINES, st.sampled_from(RoundingScope), st.sampled_from(RoundingMode), st.booleans(),
    st.integers(0, 400_000), st.integers(0, 400_000), st.integers(0, 3_000),
)  # fmt: skip
def test_one_percentage_by_rules_is_the_tax_class_of_that_rate(
    lines: list[tuple[int, str, int]],
    scope: RoundingScope,
    mode: RoundingMode,
    inclusive: bool,
    rate: int,
    other: int,
    amount: int,
) -> None:
    """For every policy both know each line, each tax and the document come to the same cents; where
    a rate is rounded once, which of lines that come to the same has the odd cent is left open."""
    rates = {"standard": rate, "reduced": other, "meal": rate}
    classes = tuple(TaxClass(name, name, rates[name], name[0]) for name in CATEGORIES)
    level = Level.LINE if scope is RoundingScope.LINE else Level.RATE_DOCUMENT
    rules = [
        rule(f"r{ppm}", ppm, included=inclusive, categories=frozenset(
            name for name in CATEGORIES if rates[name] == ppm))
        for ppm in sorted(set(rates.values()))
    ]  # fmt: skip
    # A tax class is a group of its own even where another has its rate; rules know only rates.
    assume(rate != other)
    lines = [(micros, "standard" if name == "meal" else name, n) for micros, name, n in lines]
    found = []
    for by_rules in (False, True):
        shop = Shop.selling(rounding_scope=scope, rounding_mode=mode, prices_include_tax=inclusive)
        shop.given(TaxClassesSet(classes))
        if by_rules:
            dated = DatedPolicy(ALWAYS, TaxPolicy(level, mode), "law")
            shop.ok(SetTaxes(setup(*rules, policies=(dated,))), admin=True)
        order_id = rung(shop, lines)
        shop.ok(DiscountOrder(DiscountKind.AMOUNT, amount))
        figures = price_of(shop, order_id)
        rows = [
            (row.amount_minor, row.net_minor, row.base_minor, row.tax_minor, row.total_minor)
            for row in figures.lines
        ]
        sums = {(row.rate_ppm, row.base_minor, row.tax_minor, row.total_minor)
                for row in figures.taxes}  # fmt: skip
        amounts = [row[0] for row in rows]
        if scope is RoundingScope.RATE_DOCUMENT:
            rows = sorted((0, *row[1:]) for row in rows)
        found.append((amounts, rows, sums, figures.subtotal_minor, figures.total_minor))
    assert found[0] == found[1]


# Not even a cent a piece, of which each has a cent of tax in it, rounded up: exempt of that, the
# line comes to less than nought.
BELOW_NOUGHT = (rule("t0", 1, included=True, jurisdiction="shore", tax_type="type0"),)


@FEW
@given(
    taxes(), POLICIES, st.integers(1, 30_000_000), st.integers(2, 9),
    st.lists(st.integers(1, 9), min_size=1, max_size=8), st.integers(0, 300), st.booleans(),
)  # fmt: skip
@example(BELOW_NOUGHT, TaxPolicy(Level.UNIT, RoundingMode.UP), 1, 2, [1], 0, True)
def test_any_order_of_partial_returns_ends_at_what_was_paid_by_line_and_by_tax(
    rules: tuple[TaxRule, ...],
    policy: TaxPolicy,
    micros: int,
    pieces: int,
    parts: list[int],
    amount: int,
    exempt: bool,
) -> None:
    """However the pieces of a line come back, no tax ever gives back more than was paid, and in the
    end each has given back exactly that; a line of less than nought can come back, too."""
    shop = shop_with(rules, policy)
    order_id = rung(shop, [(micros, "standard", pieces), (5_000_000, "reduced", 1)])
    shop.ok(DiscountOrder(DiscountKind.AMOUNT, amount))
    if exempt:
        shop.ok(ExemptOrder("C-1", "Acme", "x", tax_types=frozenset(("type0",))))
    assume(price_of(shop, order_id).total_minor > 0)
    shop.pay()
    sold = figures_of(shop, order_id)
    left, back = pieces, [[0, 0, 0] for _ in sold.lines[0].taxes]
    total = 0
    for part in (*parts, pieces):
        count = min(part, left)
        if not count:
            continue
        left -= count
        given_back = shop.ok(AddReturnLine(order_id, 1, count * 1_000, "x"))["order_id"]
        started = shop.ok(StartTendering())
        if started["total_minor"]:
            shop.ok(TenderCash(started["cash_due_minor"]))
        shop.ok(CompleteOrder())
        figures = figures_of(shop, given_back)
        sums_agree(figures)
        total -= figures.total_minor
        for at, tax in enumerate(figures.lines[0].taxes):
            name = figures.taxes[tax.tax_index].tax_class
            assert name == sold.taxes[sold.lines[0].taxes[at].tax_index].tax_class
            back[at][0] -= tax.base_minor
            back[at][1] -= tax.tax_minor
            back[at][2] -= tax.uncharged_minor
            # An odd cent may have left a tax below nought: then none of it goes back early.
            assert back[at][1] <= max(0, sold.lines[0].taxes[at].tax_minor)
    paid = [[tax.base_minor, tax.tax_minor, tax.uncharged_minor] for tax in sold.lines[0].taxes]
    assert paid == back
    assert sold.lines[0].total_minor == total
    line = shop.order(order_id).lines[0]
    assert (
        paid
        == [
            [share.base_minor, share.tax_minor, share.uncharged_minor]
            for share in line.returned_taxes
        ]
        or not paid
    )


def test_no_book_asked_twice_answers_otherwise() -> None:
    """What a book remembers is what it would choose again."""
    of = setup(rule("vat", 190_000), rule("low", 70_000, categories=frozenset(("reduced",))))
    book, fresh = tax_book(of, 1), tax_book(of, 1)
    sale = book.order_facts("2026-11-18", None, None)
    wanted = frozenset(("standard", "reduced"))
    first = book.chosen(wanted, sale)
    assert first is book.chosen(wanted, sale)
    again = fresh.chosen(wanted, sale)
    assert (first.table, first.inputs, first.places) == (again.table, again.inputs, again.places)
    for day in range(600):
        book.chosen(wanted, book.order_facts(f"2027-{day % 12 + 1:02}-01", None, None))
        book.policy_input(f"day {day}")
    assert again.table == book.chosen(wanted, sale).table
