"""The published tax cases, rung up: screen, frozen sale, paper, day's totals and refund agree."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from attrs import frozen

from countertop.conform_case import Case, read_case
from engine.catalog import Item, ItemChanged
from engine.fields import FieldsError
from engine.money import format_minor
from engine.order.commands import (
    AddLine,
    AddReturnLine,
    CompleteOrder,
    DiscountLine,
    ExemptOrder,
    StartTendering,
    TenderCash,
)
from engine.order.figures import DiscountKind, Figures
from engine.packs import CashRounding, DatedPolicy
from engine.settings import TaxClass, TaxClassesSet
from engine.tax_book import TaxSetup
from engine.tax_document import Charge, Unit
from engine.tax_rules import Jurisdiction, JurisdictionKind, TaxRule, Window
from engine.taxes import SetTaxes
from engine.views.build import order_view
from native import CoreError, extend_amount
from tests.shop import Shop, item
from tests.tax_shop import figures_of, sums_agree

VECTORS = Path(__file__).parent.parent / "vectors" / "tax"
CURRENCIES = {0: "JPY", 2: "EUR", 3: "BHD", 4: "CLF"}
UNITS = {Unit.PIECE: "piece", Unit.LITRE: "l", Unit.KG: "kg"}
ALWAYS = Window("2000-01-01")


class BeyondError(Exception):
    """What a case holds and no order can: said in a word."""


@cache
def cases() -> dict[str, Case]:
    """Every published case that the reader understands, by file and id."""
    found = {}
    for path in sorted(VECTORS.glob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        for value in told["cases"] if isinstance(told, dict) else told:
            try:
                case = read_case(value)
            except FieldsError:
                continue
            found[f"{path.stem}/{case.id}"] = case
    return found


@frozen
class Counter:
    """A shop made for a case, with an item for each line."""

    shop: Shop
    items: tuple[str, ...]
    categories: tuple[str, ...]


def order_of_taxes(case: Case) -> dict[int, tuple[str, ...]]:
    """For each tax in use those that some line counts before it."""
    before: dict[int, set[int]] = {}
    for line in case.lines:
        for at, tax in enumerate(line.taxes):
            before.setdefault(tax, set()).update(line.taxes[:at])
    if any(one in before[other] for one in before for other in before[one]):
        raise BeyondError("lines count taxes in different orders")
    return {tax: tuple(case.tax_ids[one] for one in sorted(held)) for tax, held in before.items()}


def rules_of(case: Case, categories: tuple[str, ...]) -> tuple[TaxRule, ...]:
    """One rule for each tax in use, for the categories whose lines have it."""
    found = []
    for place, after in order_of_taxes(case).items():
        tax = case.taxes[place]
        if tax.charge is not Charge.CHARGED and tax.affects_later:
            raise BeyondError("others stand on a tax that is not charged")
        held = {name for name, line in zip(categories, case.lines, strict=True)
                if place in line.taxes}  # fmt: skip
        found.append(
            TaxRule(
                case.tax_ids[place],
                "here",
                case.tax_ids[place],
                ALWAYS,
                tax.value,
                tax.kind,
                tax.unit,
                frozenset(held),
                reverse_for=frozenset(("r",) if tax.charge is Charge.REVERSE else ()),
                threshold=tax.threshold,
                cap=tax.cap,
                included=tax.included,
                affects_later=tax.affects_later,
                affected_by_previous=tax.affected_by_previous,
                after=after,
            )
        )
    return tuple(found)


def goods_of(case: Case, categories: tuple[str, ...]) -> list[Item]:
    """An item for each line, or why no order can hold it."""
    found = []
    for at, (line, category) in enumerate(zip(case.lines, categories, strict=True)):
        if line.unit not in UNITS or line.measures:
            raise BeyondError("a measure items do not have")
        if not 0 <= line.unit_price_micros <= 10**12:
            raise BeyondError("a price no item has")
        if not 0 < line.quantity_milli < 10**8:
            raise BeyondError("a quantity no line has")
        if line.unit is Unit.PIECE and line.quantity_milli % 1000:
            raise BeyondError("part of a piece")
        try:
            most = extend_amount(line.unit_price_micros, line.quantity_milli, case.minor_digits)
        except CoreError:
            most = 0
        if not 0 <= line.discount_minor <= most:
            raise BeyondError("a discount no line takes")
        found.append(
            item(f"i{at}", f"Thing {at}", 0, unit_price_micros=line.unit_price_micros,
                 unit=UNITS[line.unit], tax_class=category)
        )  # fmt: skip
    if case.minor_digits not in CURRENCIES:
        raise BeyondError("a currency nobody has")
    if not found or len(found) > 500:
        raise BeyondError("too few or too many lines")
    return found


def counter_for(case: Case) -> Counter:
    """A shop under the case's rules, with its goods."""
    ways = list(dict.fromkeys(line.taxes for line in case.lines))
    categories = tuple(f"c{ways.index(line.taxes)}" for line in case.lines)
    goods = goods_of(case, categories)
    currency = CURRENCIES[case.minor_digits]
    shop = Shop.selling(currency=currency)
    names = sorted(set(categories))
    shop.given(TaxClassesSet(tuple(TaxClass(name, name, 0, "") for name in names)))
    shop.given(*(ItemChanged(entry) for entry in goods))
    cash: tuple[CashRounding, ...] = ()
    if case.cash is not None:
        cash = (CashRounding(ALWAYS, "here", case.cash.step_minor, case.cash.mode,
                             "mandatory", "case"),)  # fmt: skip
    taxes = TaxSetup(
        "here",
        currency,
        (Jurisdiction("here", JurisdictionKind.COUNTRY),),
        frozenset(names),
        rules_of(case, categories),
        policies=(DatedPolicy(ALWAYS, case.policy, "case"),),
        cash=cash,
    )
    decision = shop.when(SetTaxes(taxes), admin=True)
    if decision.refused is not None:
        raise BeyondError(f"rules that are refused: {decision.refused.code}")
    return Counter(shop, tuple(entry.item_id for entry in goods), categories)


def exempted(case: Case) -> ExemptOrder | None:
    """What frees the order of what the case does not charge."""
    used = {tax for line in case.lines for tax in line.taxes}
    free = {case.tax_ids[at] for at in used if case.taxes[at].charge is Charge.EXEMPT}
    reverse = any(case.taxes[at].charge is Charge.REVERSE for at in used)
    if not free and not reverse:
        return None
    named = ("C-1", "Acme", "case") if free else ("", "", "")
    who = "r" if reverse else ""
    return ExemptOrder(*named, tax_types=frozenset(free), customer_class=who)


def rung_up(case: Case, counter: Counter) -> str | None:
    """The order with every line of the case; None where a line was refused."""
    shop = counter.shop
    free = exempted(case)
    order_id = ""
    for at, (code, line) in enumerate(zip(counter.items, case.lines, strict=True), 1):
        bodies: list[AddLine | ExemptOrder] = [AddLine(code, "", line.quantity_milli)]
        bodies += [free] if free is not None and at == 1 else []
        for body in bodies:
            decision = shop.when(body)
            if decision.refused is not None:
                return None
            order_id = decision.answer["order_id"]
        if line.discount_minor:
            shop.ok(DiscountLine(at, DiscountKind.AMOUNT, line.discount_minor))
    return order_id


def told(figures: Figures, case: Case) -> dict[str, int]:
    """The figures by the paths of published cases."""
    got = {
        "price": sum(row.net_minor for row in figures.lines),
        "net": sum(row.base_minor for row in figures.lines),
        "tax": figures.tax_minor,
        "gross": figures.total_minor,
    }
    for row in figures.taxes:
        path = f"per_tax[{row.tax_class}]"
        got |= {
            f"{path}.base": row.base_minor,
            f"{path}.tax": row.tax_minor,
            f"{path}.uncharged": row.uncharged_minor,
        }
    for at, line in enumerate(figures.lines):
        path = f"per_line[{at}]"
        got |= {
            f"{path}.price": line.net_minor,
            f"{path}.net": line.base_minor,
            f"{path}.tax": line.tax_minor,
            f"{path}.gross": line.total_minor,
        }
        for tax in line.taxes:
            own = f"{path}.taxes[{figures.taxes[tax.tax_index].tax_class}]"
            got |= {
                f"{own}.base": tax.base_minor,
                f"{own}.tax": tax.tax_minor,
                f"{own}.uncharged": tax.uncharged_minor,
            }
    return got


def agree(case: Case, got: dict[str, int]) -> int:
    """Hold the figures against what the case expects; how many were held."""
    held = 0
    for want in case.wanted:
        if want.path.endswith(".exact") or want.path.startswith("cash."):
            continue
        assert want.value == got.get(want.path), want.path
        held += 1
    return held


def cash_agrees(case: Case, due_minor: int, total_minor: int) -> None:
    """What cash rounds to, where all of it is paid so."""
    if case.cash is None or case.cash.other_tenders_minor:
        return
    for want in case.wanted:
        if want.path == "cash.due":
            assert want.value == due_minor
        if want.path == "cash.rounding":
            assert want.value == due_minor - total_minor


def run(case: Case) -> int:
    """Ring a case up, look, pay, print, sum up and take back; how many figures were held."""
    counter = counter_for(case)
    shop = counter.shop
    order_id = rung_up(case, counter)
    if case.refused:
        assert order_id is None
        return 1
    assert order_id is not None, "a line was refused"
    books = shop.books
    view = order_view(
        shop.order(order_id), books.settings, books.catalog.book, None, books.taxes.book()
    )
    cash_agrees(case, view.cash_due_minor, view.total_minor)
    pay(shop)
    figures = figures_of(shop, order_id)
    sums_agree(figures)
    held = agree(case, told(figures, case))
    assert (view.total_minor, view.tax_minor) == (figures.total_minor, figures.tax_minor)
    assert [(row.base_minor, row.tax_minor) for row in view.taxes] == [
        (row.base_minor, row.tax_minor) for row in figures.taxes
    ]
    totals = books.live.position("1").totals
    assert sorted((row.tax_class, row.base_minor, row.tax_minor) for row in totals.taxes) == sorted(
        (row.tax_class, row.base_minor, row.tax_minor) for row in figures.taxes
    )
    printed = [block.right for block in shop.printed()[-1].blocks if " Net " in block.left]
    language = CURRENCIES[case.minor_digits]
    assert printed == [format_minor(row.tax_minor, language) for row in figures.taxes]
    refunded(shop, order_id)
    return held


def pay(shop: Shop) -> None:
    """Exactly what is due in cash; nothing, where coins round it away."""
    started = shop.ok(StartTendering())
    if started["total_minor"]:
        shop.ok(TenderCash(started["cash_due_minor"]))
    shop.ok(CompleteOrder())


def refunded(shop: Shop, order_id: str) -> None:
    """Everything goes back, and the day ends at nothing by line and by tax."""
    sold = shop.order(order_id)
    for line in sold.lines:
        shop.ok(AddReturnLine(order_id, line.line, line.quantity_milli, "back"))
    back = shop.books.live.position("1").current_order
    pay(shop)
    figures, given = figures_of(shop, order_id), figures_of(shop, back)
    sums_agree(given)
    assert [-row.tax_minor for row in figures.lines] == [row.tax_minor for row in given.lines]
    assert (-figures.total_minor, -figures.tax_minor) == (given.total_minor, given.tax_minor)
    totals = shop.books.live.position("1").totals
    assert {(0, 0, 0)} == {
        (row.base_minor, row.tax_minor, row.uncharged_minor) for row in totals.taxes
    } or not totals.taxes


@pytest.mark.feature("NEW-05", part="register preview, receipt, report and refund of an order")
def test_published_cases_come_out_to_the_cent_on_every_page_of_an_order() -> None:
    """Every case an order can hold: each expected figure, on screen, frozen, on paper, in the day's
    totals, and taken back. What no order can hold is counted by its reason."""
    beyond: dict[str, int] = {}
    held = done = 0
    wrong = []
    for name, case in cases().items():
        try:
            held += run(case)
            done += 1
        except BeyondError as error:
            beyond[str(error)] = beyond.get(str(error), 0) + 1
        except AssertionError as error:
            wrong.append(f"{name}: {str(error).splitlines()[0]}")
    assert wrong == []
    assert done >= 380, beyond
    assert held > 6_000
