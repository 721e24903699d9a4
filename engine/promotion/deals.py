"""From promotions as data to the native floor, and from lines to what each promotion takes off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from attrs import frozen

from engine.limits import NS_PER_S, PIECE_MILLI
from engine.promotion.model import (
    Benefit,
    BenefitKind,
    Gate,
    LinePromotion,
    Off,
    Policy,
    Promotion,
    Selection,
)
from native import CoreError, PromotionSet, price_cart

_NO_ITEM: Final = 2**32 - 1
_WEEK_S: Final = 7 * 86_400
_MONDAY_S: Final = 4 * 86_400  # 5 January 1970 was a Monday
_BITS: Final = 64


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
    """More than 64 different tags."""


@frozen(eq=False)
class Deals:
    """Promotions compiled for one catalog. Goods are told apart only as far as promotions do: by
    their own place where one names them, else by their department's where one names that."""

    promotions: tuple[Promotion, ...]
    policy: Policy
    compiled: PromotionSet
    items: Mapping[str, int]
    departments: Mapping[str, int]

    def place(self, item: Goods) -> int:
        """What the native floor calls the goods of a line."""
        found = self.items.get(item.item_id)
        return self.departments.get(item.department, _NO_ITEM) if found is None else found

    def take_off(
        self,
        lines: Iterable[tuple[Goods, int]],
        *,
        now_ns: int,
        utc_offset_s: int,
        minor_digits: int,
    ) -> list[tuple[LinePromotion, ...]]:
        """What promotions take off each line (goods, quantity in thousandths), in their order.

        A cart past the floor's bounds (a million units) gets none: it must sell all the same.
        """
        facts = {
            "now_s": now_ns // NS_PER_S,
            "week_s": (now_ns // NS_PER_S + utc_offset_s - _MONDAY_S) % _WEEK_S,
            "policy": self.policy.value,
        }
        cart = [self._line(item, quantity_milli) for item, quantity_milli in lines]
        found: list[list[LinePromotion]] = [[] for _ in cart]
        try:
            priced = price_cart(self.compiled, cart, facts, minor_digits)
        except CoreError:
            return [()] * len(cart)
        for entry in priced.modifiers:
            if entry.amount_minor:
                promotion = self.promotions[entry.promotion_id]
                taken = LinePromotion(
                    promotion.id, promotion.name, entry.amount_minor, entry.rounding_micro
                )
                found[entry.line].append(taken)
        return [tuple(entries) for entries in found]

    def _line(self, item: Goods, quantity_milli: int) -> tuple[int, int, int, bool, bool, int]:
        pieces = item.unit == "piece" and quantity_milli % PIECE_MILLI == 0
        return (
            self.place(item),
            item.unit_price_micros,
            quantity_milli,
            pieces,
            item.discountable,
            0,
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
    if len(tags) > _BITS:
        raise TagsLimitError(f"{len(tags)} tags are in use; {_BITS} is the most")

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

    rows = []
    for number, one in enumerate(promotions):
        row = {
            "id": number,
            "class": _class_of(one.benefit),
            "benefit": _benefit(one.benefit),
            "sets": [goods(selection) for selection in one.selections],
            "gates": [_gate(gate) for gate in one.gates],
            "priority": one.priority,
            "group": groups[one.exclusive_group] if one.exclusive_group else None,
            "tags": sum(1 << tags[tag] for tag in set(one.tags)),
            "stacks_with": sum(1 << tags[tag] for tag in set(one.stacks_with)),
            "start_s": one.starts_s or None,
            "end_s": one.ends_s or None,
            "weekly": [(s.from_minute, s.until_minute) for s in one.weekly] or None,
            "limit_per_cart": one.limit_per_cart or None,
            "count_nondiscountable": one.count_nondiscountable,
            "vendor_ppm": one.vendor_ppm,
        }
        rows.append(row)
    native = PromotionSet(rows, len(items) + len(departments))
    return Deals(promotions, policy, native, items, departments)


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


def _class_of(benefit: Benefit) -> str:
    match benefit.kind:
        case BenefitKind.EACH:
            return "item"
        case BenefitKind.CART | BenefitKind.EVERY_SPEND:
            return "cart"
        case _:
            return "set"


def _off(off: Off | None) -> tuple[str, int]:
    return ("percent", 0) if off is None else (off.kind.value, off.value)


def _gate(gate: Gate) -> tuple[str, int, int]:
    return (gate.kind.value, gate.selection, gate.value)


def _benefit(benefit: Benefit) -> tuple[Any, ...]:
    off, of = _off(benefit.off), benefit.selection
    match benefit.kind:
        case BenefitKind.EACH | BenefitKind.CART:
            return (benefit.kind.value, of, off)
        case BenefitKind.BUNDLE:
            return ("bundle", [(slot.selection, slot.count) for slot in benefit.slots], off)
        case BenefitKind.BUY_GET:
            rewarded = (benefit.get_selection, benefit.get, off, benefit.pick.value)
            return ("buy_get", of, benefit.buy, *rewarded)
        case BenefitKind.TIERS:
            tiers = [(tier.from_count, _off(tier.off)) for tier in benefit.tiers]
            return ("tiers", of, tiers, benefit.marginal, benefit.pick.value)
        case BenefitKind.EVERY_SPEND:
            return ("every_spend", of, benefit.step_minor, off[1])
