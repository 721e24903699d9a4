"""A promotion as the native floor takes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen

from engine.promotion.model import Benefit, BenefitKind, Gate, GateKind, Off, Promotion


@frozen
class Bits:
    """Which bit the native floor knows a name by."""

    groups: Mapping[str, int]
    channels: Mapping[str, int]
    stores: Mapping[str, int]
    tenders: Mapping[str, int]


def row_of(number: int, one: Promotion, bits: Bits) -> dict[str, Any]:
    """A promotion as the native floor takes it, but for what is told apart among all of them."""
    return {
        "id": number,
        "class": _class_of(one),
        "benefit": _benefit(one.benefit),
        "gates": [_gate(gate) for gate in one.gates],
        "priority": one.priority,
        "start_s": one.starts_s or None,
        "end_s": one.ends_s or None,
        "weekly": [(s.from_minute, s.until_minute) for s in one.weekly] or None,
        "business_day": one.business_day,
        "limit_per_cart": one.limit_per_cart or None,
        "count_nondiscountable": one.count_nondiscountable,
        "vendor_ppm": one.vendor_ppm,
        "customer_groups": _mask(bits.groups, one.customer_groups),
        "channels": _mask(bits.channels, one.channels),
        "stores": _mask(bits.stores, one.stores),
        "tenders": _mask(bits.tenders, map(str.casefold, one.tenders)),
        # A promotion that must be asked for is one with a coupon, whoever asks.
        "coupon": number if must_be_asked_for(one) else None,
        "points_min": one.costs_points,
    }


def must_be_asked_for(promotion: Promotion) -> bool:
    """Whether a coupon, an operator or a member's choice opens it."""
    return promotion.coupon is not None or promotion.manual or promotion.is_chosen()


def _mask(bits: Mapping[str, int], names: Iterable[str]) -> int:
    return sum(bits[name] for name in set(names))


def _class_of(promotion: Promotion) -> str:
    if promotion.coupon is not None:
        return "coupon"
    if promotion.manual:
        return "manual"
    if promotion.employees:
        return "employee"
    if promotion.costs_points:
        return "loyalty"
    if promotion.tenders:
        return "tender"
    match promotion.benefit.kind:
        case BenefitKind.EACH:
            return "item"
        case BenefitKind.CART | BenefitKind.EVERY_SPEND:
            return "cart"
        case _:
            return "set"


def _off(off: Off | None) -> tuple[str, int]:
    return ("percent", 0) if off is None else (off.kind.value, off.value)


def _gate(gate: Gate) -> tuple[Any, ...]:
    if gate.kind is GateKind.MIN_SETS:
        return (gate.kind.value, list(gate.selections), gate.value, gate.least)
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
