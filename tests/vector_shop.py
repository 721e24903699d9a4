"""A shop made for a published case: its goods, taxes, promotions and moment."""

from __future__ import annotations

import attrs
from attrs import define, frozen

from countertop.conform_case import Case
from countertop.conform_count import taken_off
from engine.catalog import Item, ItemChanged
from engine.limits import NS_PER_S
from engine.measures import Measures
from engine.packs import CashRounding, DatedPolicy
from engine.price_list.decide import SetPrices
from engine.price_list.model import CustomerGroup, PriceFloor, PriceSet
from engine.promotion.deals import TagsLimitError, named_items
from engine.promotion.decide import SetPromotions
from engine.settings import TaxClass, TaxClassesSet
from engine.stamp import Stamp
from engine.tax_book import TaxSetup
from engine.tax_document import Charge, DocumentLine, Unit
from engine.tax_rules import Jurisdiction, JurisdictionKind, TaxRule, Window
from engine.taxes import SetTaxes
from native import CoreError, extend_amount
from tests.shop import Shop, item

CURRENCIES = {0: "JPY", 2: "EUR", 3: "BHD", 4: "CLF"}
UNITS = {Unit.PIECE: "piece", Unit.LITRE: "l", Unit.KG: "kg"}
ALWAYS = Window("2000-01-01")


class BeyondError(Exception):
    """What a case holds and no order can: said in a word."""


@define
class StoppedShop(Shop):
    """A shop in which it is always the same moment."""

    at_ns: int = 0
    utc_offset_s: int = 0

    def stamp(self) -> Stamp:
        """The moment."""
        return Stamp(self.at_ns, self.utc_offset_s, self.business_date)


@frozen
class Counter:
    """A shop made for a case, with an item for each line."""

    shop: Shop
    items: tuple[str, ...]


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
    offs = line_discounts(case)
    for at, (line, category) in enumerate(zip(case.lines, categories, strict=True)):
        if line.unit not in UNITS:
            raise BeyondError("a unit items do not have")
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
        if not 0 <= offs[at] <= most:
            raise BeyondError("a discount no line takes")
        goods = case.goods[at]
        if goods.floor_micros > line.unit_price_micros:
            raise BeyondError("a price below its floor, which a register raises")
        found.append(
            item(goods.item_id or f"i{at}", f"Thing {at}", 0, tax_class=category,
                 department=goods.department or "Food", discountable=goods.discountable,
                 unit_price_micros=line.unit_price_micros, unit=UNITS[line.unit],
                 measures=measures_of(line))
        )  # fmt: skip
    if case.minor_digits not in CURRENCIES:
        raise BeyondError("a currency nobody has")
    if not found or len(found) > 500:
        raise BeyondError("too few or too many lines")
    return found


def measures_of(line: DocumentLine) -> Measures | None:
    """What one of a line's goods has, or why no item can have it."""
    one = {}
    for unit, milli in line.measures.items():
        one[unit], rest = divmod(milli * 1000, line.quantity_milli)
        if rest or not 0 < one[unit] <= 10**8 or unit not in (Unit.LITRE, Unit.KG, Unit.DEGREE):
            raise BeyondError("a measure no item has")
    found = Measures(one.get(Unit.LITRE, 0), one.get(Unit.KG, 0), one.get(Unit.DEGREE, 0))
    if found.repeat_the_unit(UNITS[line.unit]):
        raise BeyondError("a measure the unit says already")
    return found if one else None


def line_discounts(case: Case) -> tuple[int, ...]:
    """What people take off each line, in minor units; nothing of a case that must be refused."""
    try:
        return taken_off(case).line_discounts
    except (CoreError, TagsLimitError):
        return (0,) * len(case.lines)


def elsewhere(case: Case, goods: list[Item]) -> list[Item]:
    """Items that promotions name and the basket has not."""
    have = {entry.item_id for entry in goods}
    named = sorted(named_items(case.promotions) - have)
    return [item(name, name, 100, tax_class=goods[0].tax_class) for name in named]


def at_its_moment(shop: Shop, case: Case) -> Shop:
    """The same shop, its clock stopped where the case is."""
    around = case.around
    if not around.circumstances.now_s:
        return shop
    return StoppedShop(
        **attrs.asdict(shop, recurse=False),
        at_ns=around.circumstances.now_s * NS_PER_S,
        utc_offset_s=around.utc_offset_s,
    )


def offer(shop: Shop, case: Case) -> bool:
    """Put the case's groups, floors and promotions in force; whether they were taken."""
    groups = {name for one in case.promotions for name in one.customer_groups}
    groups |= {case.around.circumstances.customer_group} - {""}
    floors = tuple(
        PriceFloor(goods.floor_micros, goods.item_id or f"i{at}")
        for at, goods in enumerate(case.goods)
        if goods.floor_micros
    )
    if groups or floors:
        named = tuple(CustomerGroup(name, name) for name in sorted(groups))
        shop.ok(SetPrices(PriceSet(named, floors=floors)), admin=True)
    if not case.promotions:
        return True
    return shop.when(SetPromotions(case.promotions, case.settled), admin=True).refused is None


def counter_for(case: Case) -> Counter:
    """A shop under the case's rules, with its goods."""
    ways = list(dict.fromkeys(line.taxes for line in case.lines))
    categories = tuple(f"c{ways.index(line.taxes)}" for line in case.lines)
    goods = goods_of(case, categories)
    currency = CURRENCIES[case.minor_digits]
    shop = at_its_moment(
        Shop.selling(currency=currency, store_id=case.around.circumstances.store), case
    )
    names = sorted(set(categories))
    shop.given(TaxClassesSet(tuple(TaxClass(name, name, 0, "") for name in names)))
    shop.given(*(ItemChanged(entry) for entry in (*goods, *elsewhere(case, goods))))
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
    return Counter(shop, tuple(entry.item_id for entry in goods))
