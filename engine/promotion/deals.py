"""From promotions as data to the native floor, and from lines to what each promotion takes off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from attrs import frozen

from engine.circumstances import Circumstances
from engine.coupon.model import CouponKind
from engine.limits import PIECE_MILLI
from engine.promotion.model import (
    LinePromotion,
    Policy,
    Promotion,
    Selection,
)
from engine.promotion.payment import named_by
from engine.promotion.rewards import caps_within, times_of
from engine.promotion.rows import Bits, row_of
from native import Application, Cart, CoreError, PricedCart, PromotionSet, apportion, price_cart

_NO_ITEM: Final = 2**32 - 1
_BITS: Final = 64
NOT_IN_FORCE: Final = "not_in_force"
LIMIT_REACHED: Final = "limit_reached"
HELD_BY_OPEN_ORDER: Final = "held_by_open_order"


class Goods(Protocol):
    """What a promotion looks at of what a line sells."""

    @property
    def item_id(self) -> str: ...
    @property
    def department(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def unit_price_micros(self) -> int: ...
    @property
    def discountable(self) -> bool: ...


class TagsLimitError(ValueError):
    """More than 64 different tags, customer groups, channels, stores or means of payment."""


Left = tuple[int | None, int | None]
"""Applications left and minor units left of a promotion; None where there is no limit."""


class Asked(Protocol):
    """What of an order opens promotions, and what is left of their limits."""

    @property
    def around(self) -> Circumstances: ...
    @property
    def promotions(self) -> frozenset[str]:
        """Ids of those that a coupon or an operator asked for."""
        ...

    def left(self, promotion: Promotion) -> tuple[Left, ...]:
        """The limits of a promotion that has some."""
        ...


@frozen
class WhyNot:
    """Why a promotion takes nothing: the native floor's word for the first clause that fails,
    "applied" where it takes `saving_minor` off.

    `have` and `need` are units of quantity_too_small and minor units of spend_too_small; `by` is
    the name of the promotion it lost to, and `alone_minor` what it would take off if there were no
    other; `line` is the place (from 0, -1: none) of the line of item_excluded among those asked.
    Of held_by_open_order, which is ours and no word of the floor, `held_at` is the register where
    the other order is, "" where that is parked.
    """

    code: str
    have: int = 0
    need: int = 0
    by: str = ""
    alone_minor: int = 0
    line: int = -1
    saving_minor: int = 0
    held_at: str = ""


@frozen(eq=False)
class Deals:
    """Promotions compiled for one catalog. Goods are told apart only as far as promotions do: by
    their own place where one names them, else by their department's where one names that."""

    promotions: tuple[Promotion, ...]
    policy: Policy
    compiled: PromotionSet
    items: Mapping[str, int]
    departments: Mapping[str, int]
    bits: Bits
    capped: tuple[int, ...]
    with_coupons: tuple[Promotion, ...]
    rewards: tuple[int, ...]

    def place(self, item: Goods) -> int:
        """What the native floor calls the goods of a line."""
        found = self.items.get(item.item_id)
        return self.departments.get(item.department, _NO_ITEM) if found is None else found

    def take_off(
        self,
        lines: Iterable[tuple[Goods, int, int]],
        asked: Asked,
        minor_digits: int,
    ) -> list[tuple[LinePromotion, ...]]:
        """What promotions take off each line (goods, quantity in thousandths, the lowest lawful
        unit price in micros), in their order.

        A cart past the floor's bounds (a million units) gets none: it must sell all the same.
        """
        facts = self._facts(asked)
        cart = [self._line(*line) for line in lines]
        try:
            priced = price_cart(self.compiled, cart, facts, minor_digits)
            caps = self._within_points(priced, asked)
            if caps:
                facts["caps"] += caps
                priced = price_cart(self.compiled, cart, facts, minor_digits)
        except CoreError:
            return [()] * len(cart)
        return self._taken(priced, len(cart))

    def why_not(
        self,
        lines: Iterable[tuple[Goods, int, int]],
        asked: Asked,
        promotions: Iterable[str],
        minor_digits: int,
    ) -> list[WhyNot]:
        """What each of `promotions` (ids) takes, else the first of its clauses that fails."""
        places = {one.id: at for at, one in enumerate(self.promotions)}
        facts = self._facts(asked)
        try:
            cart = Cart(self.compiled, facts, minor_digits)
            for line in lines:
                cart.add_line(self._line(*line))
            caps = self._within_points(cart.priced(), asked) if self.rewards else []
            if caps:
                cart.set_facts(facts | {"caps": facts["caps"] + caps})
        except CoreError:
            # A cart past the floor's bounds has no promotions; see `take_off`.
            return [WhyNot(NOT_IN_FORCE) for _ in promotions]
        return [
            self._told(*cart.why_not(places[one])) if one in places else WhyNot(NOT_IN_FORCE)
            for one in promotions
        ]

    def _within_points(self, priced: PricedCart, asked: Asked) -> list[tuple[int, int, None]]:
        """How often rewards may apply that together want more points than there are."""
        return caps_within(self.promotions, self.rewards, priced, asked.around.points)

    def _told(self, code: str, figures: dict[str, int]) -> WhyNot:
        """The native floor's answer, the rival by its name."""
        by = figures.get("by")
        units = ("have_count", "need_count")
        have, need = units if "have_count" in figures else ("have_minor", "need_minor")
        return WhyNot(
            code,
            figures.get(have, 0),
            figures.get(need, 0),
            "" if by is None else self.promotions[by].name,
            figures.get("alone_minor", 0),
            figures.get("line", -1),
            figures.get("saving_minor", 0),
        )

    def _facts(self, asked: Asked) -> dict[str, Any]:
        bits, around = self.bits, asked.around
        return {
            "now_s": around.now_s,
            "week_s": around.week_s,
            "business_week_s": around.business_week_s,
            "policy": self.policy.value,
            "customer_groups": bits.groups.get(around.customer_group, 0),
            "channel": bits.channels.get(around.channel, 0),
            "store": bits.stores.get(around.store, 0),
            "tenders": sum(bits.tenders.get(name, 0) for name in named_by(around.tender)),
            "coupons": self._asked_for(asked.promotions),
            "points": around.points,
            "caps": [
                (place, uses, amount)
                for place in self.capped
                for uses, amount in asked.left(self.promotions[place])
            ],
        }

    def _asked_for(self, promotions: frozenset[str]) -> list[int]:
        if not promotions:
            return []
        return [place for place, one in enumerate(self.promotions) if one.id in promotions]

    def _taken(self, priced: PricedCart, count: int) -> list[tuple[LinePromotion, ...]]:
        """The modifiers as they are kept; the vendor's part of an application, and its points, are
        spread over its lines by what each lost, so that the parts add up."""
        vendor = _spread(priced, [entry.vendor_minor for entry in priced.applications])
        points = _spread(priced, list(map(self._points_of, priced.applications)))
        found: list[list[LinePromotion]] = [[] for _ in range(count)]
        for at, entry in enumerate(priced.modifiers):
            if entry.amount_minor:
                one = self.promotions[entry.promotion_id]
                taken = LinePromotion(
                    one.id,
                    one.name,
                    entry.amount_minor,
                    "" if one.coupon is None else one.coupon.id,
                    -vendor[at],
                    entry.rounding_micro,
                    points[at],
                )
                found[entry.line].append(taken)
        return [tuple(entries) for entries in found]

    def _points_of(self, entry: Application) -> int:
        """What an application cost the member."""
        one = self.promotions[entry.promotion_id]
        return one.costs_points * times_of(one, entry) if one.costs_points else 0

    def _line(
        self, item: Goods, quantity_milli: int, floor_micros: int
    ) -> tuple[int, int, int, bool, bool, int]:
        pieces = item.unit == "piece" and quantity_milli % PIECE_MILLI == 0
        return (
            self.place(item),
            item.unit_price_micros,
            quantity_milli,
            pieces,
            item.discountable,
            floor_micros,
        )


def compiled(
    promotions: tuple[Promotion, ...], policy: Policy, department_of: Mapping[str, str]
) -> Deals:
    """Promotions for a catalog in which the goods they name are in `department_of`'s departments.

    Raises:
        CoreError: the floor refuses one; its words say which and why.
        TagsLimitError: more tags than there are bits.
    """
    items = {item: at for at, item in enumerate(sorted(named_items(promotions)))}
    wanted = sorted({name for one in promotions for s in one.selections for name in s.departments})
    departments = {name: len(items) + at for at, name in enumerate(wanted)}
    tags = _numbers(tag for one in promotions for tag in (*one.tags, *one.stacks_with))
    groups = _numbers(one.exclusive_group for one in promotions if one.exclusive_group)
    bits = Bits(
        _bits(name for one in promotions for name in one.customer_groups),
        _bits(name for one in promotions for name in one.channels),
        _bits(name for one in promotions for name in one.stores),
        _bits(name.casefold() for one in promotions for name in one.tenders),
    )
    for what, names in (
        ("tags", tags),
        ("customer groups", bits.groups),
        ("channels", bits.channels),
        ("stores", bits.stores),
        ("means of payment", bits.tenders),
    ):
        if len(names) > _BITS:
            raise TagsLimitError(f"{len(names)} {what} are in use; {_BITS} is the most")

    def places(names: Iterable[str], inside: Iterable[str] = ()) -> list[int]:
        of_departments = set(inside)
        found = {items[name] for name in names}
        found |= {departments[name] for name in of_departments}
        found |= {at for name, at in items.items() if department_of.get(name) in of_departments}
        return sorted(found)

    def goods(selection: Selection) -> tuple[list[int] | None, list[int]]:
        every = not selection.items and not selection.departments
        held = None if every else places(selection.items, selection.departments)
        return held, places(selection.except_items)

    rows = [
        row_of(number, one, bits)
        | {
            "sets": [goods(selection) for selection in one.selections],
            "group": groups[one.exclusive_group] if one.exclusive_group else None,
            "tags": sum(1 << tags[tag] for tag in set(one.tags)),
            "stacks_with": sum(1 << tags[tag] for tag in set(one.stacks_with)),
        }
        for number, one in enumerate(promotions)
    ]
    native = PromotionSet(rows, len(items) + len(departments))
    capped = tuple(at for at, one in enumerate(promotions) if is_capped(one))
    asked = tuple(one for one in promotions if one.coupon is not None)
    rewards = tuple(at for at, one in enumerate(promotions) if one.costs_points)
    return Deals(promotions, policy, native, items, departments, bits, capped, asked, rewards)


def _spread(priced: PricedCart, wholes: Sequence[int]) -> list[int]:
    """What each modifier has of its application's whole, by what its line lost."""
    parts = [0] * len(priced.modifiers)
    places: dict[int, list[int]] = {}
    for at, entry in enumerate(priced.modifiers):
        if wholes[entry.application] and entry.amount_minor:
            places.setdefault(entry.application, []).append(at)
    for application, found in places.items():
        weights = [-priced.modifiers[at].amount_minor for at in found]
        for at, part in zip(found, apportion(wholes[application], weights), strict=True):
            parts[at] = part
    return parts


def is_capped(promotion: Promotion) -> bool:
    """Whether it has limits: of past sales, of the coupon itself, or of a member's points."""
    rule = promotion.coupon
    valued = rule is not None and rule.kind is CouponKind.GS1_NORTH_AMERICAN
    limited = promotion.sales_per_member or promotion.yearly_minor or promotion.budget_minor
    return bool(limited or valued or promotion.costs_points)


def named_items(promotions: Iterable[Promotion]) -> frozenset[str]:
    """The ids of every item a promotion names."""
    return frozenset(
        item
        for one in promotions
        for selection in one.selections
        for item in (*selection.items, *selection.except_items)
    )


def _numbers(names: Iterable[str]) -> dict[str, int]:
    return {name: at for at, name in enumerate(sorted(set(names)))}


def _bits(names: Iterable[str]) -> dict[str, int]:
    return {name: 1 << at for name, at in _numbers(names).items()}
