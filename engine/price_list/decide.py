"""Which prices are in force: one fact sets all of them, so that a set is never half changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise

from attrs import field, frozen

from engine import limits
from engine.circumstances import DINING_OPTIONS
from engine.decision import COMMANDS, EVENTS, Decision, Fact, refuse
from engine.price_list.contention import contending
from engine.price_list.model import CustomerGroup, PriceList, PriceSet
from engine.price_list.table import PriceTable
from engine.settings import Settings
from native import PriceBook

STREAM = "prices"

# ------------------------------------------------------------------------------------- Events


@EVENTS.name("prices.set/1")
@frozen
class PricesSet:
    """These price lists, groups, floors and costs are in force from here on, and no others."""

    prices: PriceSet


# -------------------------------------------------------------------------------------- State


@frozen
class Prices:
    """The prices in force; `version` counts how often they were set."""

    prices: PriceSet = field(factory=PriceSet)
    version: int = 0

    @cached_property
    def table(self) -> PriceTable:
        """Them, made quick to ask."""
        return PriceTable(self.prices)

    @cached_property
    def groups(self) -> Mapping[str, CustomerGroup]:
        """The customer groups by id."""
        return {group.id: group for group in self.prices.customer_groups}


def evolve(state: Prices, event: PricesSet) -> Prices:
    """The prices after `event`."""
    return Prices(event.prices, state.version + 1)


# ----------------------------------------------------------------------------------- Commands


@COMMANDS.name("prices.set")
@frozen
class SetPrices:
    """Put these prices in force, in place of all there were. None: the catalog's alone."""

    prices: PriceSet


class Refusal:
    """In precedence order."""

    STORE_MUST_BE_SET_UP = "store_must_be_set_up"
    PRICE_LISTS_LIMIT_REACHED = "price_lists_limit_reached"
    PRICE_ENTRIES_LIMIT_REACHED = "price_entries_limit_reached"
    CUSTOMER_GROUPS_LIMIT_REACHED = "customer_groups_limit_reached"
    PRICE_LIST_IDS_MUST_BE_DISTINCT = "price_list_ids_must_be_distinct"
    CUSTOMER_GROUP_IDS_MUST_BE_DISTINCT = "customer_group_ids_must_be_distinct"
    TEXT_MUST_BE_SHORT = "text_must_be_short"
    CUSTOMER_GROUP_MUST_EXIST = "customer_group_must_exist"
    DINING_OPTION_MUST_BE_KNOWN = "dining_option_must_be_known"
    PRICE_LIST_MUST_OPEN = "price_list_must_open"
    PRIORITY_MUST_BE_IN_RANGE = "priority_must_be_in_range"
    ITEM_MUST_EXIST = "item_must_exist"
    ITEM_MUST_BE_NAMED_ONCE = "item_must_be_named_once"
    PRICE_MUST_BE_WITHIN_LIMIT = "price_must_be_within_limit"
    FACTOR_MUST_BE_POSITIVE = "factor_must_be_positive"
    TIERS_MUST_ASCEND = "tiers_must_ascend"
    DISCOUNT_MUST_BE_WITHIN_LIMIT = "discount_must_be_within_limit"
    PRICE_MUST_NOT_BE_BELOW_FLOOR = "price_must_not_be_below_floor"
    PRICE_LISTS_MUST_NOT_CONTEND = "price_lists_must_not_contend"


# ------------------------------------------------------------------------------------- Decide


def decide(body: SetPrices, settings: Settings, book: PriceBook) -> Decision:
    """Decide a new set of prices.

    Refuses:
        As `Refusal` lists, in that order.
    """
    prices = body.prices
    if settings.rules is None:
        return refuse(Refusal.STORE_MUST_BE_SET_UP)
    refused = check_counts((prices,))
    if refused is not None:
        return refused
    refused = _check_names(prices)
    if refused is not None:
        return refused
    for check in (_check_conditions, check_entries, _check_floors):
        refused = check(prices, book)
        if refused is not None:
            return refused
    rivals = contending(prices.lists)
    if rivals is not None:
        first, second, goods = rivals
        return refuse(
            Refusal.PRICE_LISTS_MUST_NOT_CONTEND, price_list=first, other=second, goods=goods
        )
    return Decision((Fact(STREAM, PricesSet(prices)),), {"price_lists": len(prices.lists)})


def check_counts(parts: Sequence[PriceSet]) -> Decision | None:
    """The parts together are no more than a set may be; a list may go on in several of them."""
    entries = sum(
        sum(len(one.entries) + len(one.percents) for one in part.lists)
        + len(part.floors)
        + len(part.costs)
        for part in parts
    )
    lists = sum(len(part.lists) for part in parts)
    if len(parts) > 1:
        lists = len({one.id for part in parts for one in part.lists})
    groups = sum(len(part.customer_groups) for part in parts)
    for count, maximum, code in (
        (lists, limits.PRICE_LISTS_MAX, Refusal.PRICE_LISTS_LIMIT_REACHED),
        (entries, limits.PRICE_ENTRIES_MAX, Refusal.PRICE_ENTRIES_LIMIT_REACHED),
        (groups, limits.CUSTOMER_GROUPS_MAX, Refusal.CUSTOMER_GROUPS_LIMIT_REACHED),
    ):
        if count > maximum:
            return refuse(code, maximum=maximum)
    return None


def check_entries(prices: PriceSet, book: PriceBook) -> Decision | None:
    """Every item is for sale and named once, and every price can be one."""
    return _check_items(prices, book) or _check_prices(prices)


def _check_names(prices: PriceSet) -> Decision | None:
    """Ids are told apart and short, names can be shown."""
    for code, ids in (
        (Refusal.PRICE_LIST_IDS_MUST_BE_DISTINCT, [one.id for one in prices.lists]),
        (Refusal.CUSTOMER_GROUP_IDS_MUST_BE_DISTINCT, [one.id for one in prices.customer_groups]),
    ):
        for name, count in Counter(ids).items():
            if count > 1 or not 1 <= len(name) <= limits.ID_LENGTH_MAX:
                return refuse(code, id=name[: limits.ID_LENGTH_MAX])
    named = [(one.id, one.name) for one in prices.lists]
    named += [(group.id, group.name) for group in prices.customer_groups]
    for owner, name in named:
        if not 1 <= len(name.strip()) <= limits.NAME_LENGTH_MAX:
            return refuse(Refusal.TEXT_MUST_BE_SHORT, id=owner, maximum=limits.NAME_LENGTH_MAX)
    return None


def _check_conditions(prices: PriceSet, _: PriceBook) -> Decision | None:
    """Each list can come to count: its groups are there and its window opens."""
    groups = {group.id for group in prices.customer_groups}
    for one in prices.lists:
        missing = sorted(set(one.customer_groups) - groups)
        if missing:
            return refuse(
                Refusal.CUSTOMER_GROUP_MUST_EXIST, price_list=one.id, group=missing[0][:64]
            )
        unknown = sorted(set(one.dining_options) - set(DINING_OPTIONS))
        if unknown:
            return refuse(
                Refusal.DINING_OPTION_MUST_BE_KNOWN, price_list=one.id, dining=unknown[0][:64]
            )
        if not _opens(one):
            return refuse(Refusal.PRICE_LIST_MUST_OPEN, price_list=one.id)
        if not 0 <= one.priority <= limits.PRIORITY_MAX:
            return refuse(
                Refusal.PRIORITY_MUST_BE_IN_RANGE, price_list=one.id, maximum=limits.PRIORITY_MAX
            )
    return None


def _opens(one: PriceList) -> bool:
    spans = all(0 <= s.from_minute < s.until_minute <= limits.WEEK_MINUTES for s in one.weekly)
    return spans and (not one.ends_s or one.starts_s < one.ends_s)


def _check_items(prices: PriceSet, book: PriceBook) -> Decision | None:
    """Every item that is named is for sale, and named once."""
    places: list[tuple[str, Iterable[tuple[str, int]]]] = [
        (one.id, ((entry.item_id, entry.factor_milli) for entry in one.entries))
        for one in prices.lists
    ]
    places.append(("", ((floor.item_id, 0) for floor in prices.floors if floor.item_id)))
    places.append(("", ((cost.item_id, 0) for cost in prices.costs)))
    for place, named in places:
        seen: set[tuple[str, int]] = set()
        for item_id, factor_milli in named:
            if book.find_item(item_id) is None:
                return refuse(Refusal.ITEM_MUST_EXIST, price_list=place, item_id=item_id[:64])
            if (item_id, factor_milli) in seen:
                return refuse(Refusal.ITEM_MUST_BE_NAMED_ONCE, price_list=place, item_id=item_id)
            seen.add((item_id, factor_milli))
    for one in prices.lists:
        for item_id in (name for entry in one.percents for name in entry.except_items):
            if book.find_item(item_id) is None:
                return refuse(Refusal.ITEM_MUST_EXIST, price_list=one.id, item_id=item_id[:64])
    departments = Counter(floor.department for floor in prices.floors if not floor.item_id)
    for department, count in departments.items():
        if count > 1 or not department:
            return refuse(Refusal.ITEM_MUST_BE_NAMED_ONCE, department=department[:64])
    return None


def _check_prices(prices: PriceSet) -> Decision | None:
    """Amounts are within the bounds of a catalog's, tiers ascend, shares are shares."""
    most = limits.UNIT_PRICE_MICROS_MAX
    amounts = [floor.unit_price_micros for floor in prices.floors]
    amounts += [cost.unit_cost_micros for cost in prices.costs]
    if not all(0 <= amount <= most for amount in amounts):
        return refuse(Refusal.PRICE_MUST_BE_WITHIN_LIMIT, maximum_micros=most)
    for one in prices.lists:
        for entry in one.entries:
            where = {"price_list": one.id, "item_id": entry.item_id}
            asked = (entry.unit_price_micros, *(t.unit_price_micros for t in entry.tiers))
            if not all(0 <= amount <= most for amount in asked):
                return refuse(Refusal.PRICE_MUST_BE_WITHIN_LIMIT, **where, maximum_micros=most)
            if not 0 < entry.factor_milli <= limits.QUANTITY_MILLI_MAX:
                return refuse(Refusal.FACTOR_MUST_BE_POSITIVE, **where)
            steps = [0, *(tier.from_milli for tier in entry.tiers)]
            if any(low >= high for low, high in pairwise(steps)):
                return refuse(Refusal.TIERS_MUST_ASCEND, **where)
        if not all(0 <= entry.off_ppm <= limits.PPM for entry in one.percents):
            return refuse(Refusal.DISCOUNT_MUST_BE_WITHIN_LIMIT, price_list=one.id)
    return None


def _check_floors(prices: PriceSet, book: PriceBook) -> Decision | None:
    """No list names a price below the lowest lawful one."""
    if not prices.floors:
        return None
    table = PriceTable(PriceSet(floors=prices.floors))
    for one in prices.lists:
        for entry in one.entries:
            row = book.find_item(entry.item_id)
            assert row is not None, "items were looked up before"
            own = table.own_floor_micros(row.item_id, row.department)
            floor = own * entry.factor_milli // limits.PIECE_MILLI
            asked = (entry.unit_price_micros, *(t.unit_price_micros for t in entry.tiers))
            if min(asked) < floor:
                return refuse(
                    Refusal.PRICE_MUST_NOT_BE_BELOW_FLOOR,
                    price_list=one.id,
                    item_id=entry.item_id,
                    floor_micros=floor,
                )
    return None
