"""The promotions of a published case and what is known around it, as the engine takes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from countertop.errors import CommandFailedError
from countertop.promotions import read_hours
from engine.circumstances import Circumstances, week_second
from engine.coupon.model import CouponKind, CouponRule
from engine.fields import Fields, FieldsError
from engine.limits import NS_PER_S, POINTS_MAX
from engine.promotion.model import (
    Benefit,
    BenefitKind,
    Gate,
    GateKind,
    Off,
    OffKind,
    Pick,
    Promotion,
    Selection,
    Slot,
    Span,
    Tier,
)
from engine.promotion.payment import is_tender

PERCENT_DECIMALS: Final = 4
_COUNT_MAX: Final = 10**6
_PRIORITY_MAX: Final = 2**16 - 1
_NOWHERE: Final = Path()


@frozen
class Around:
    """What opens promotions beside the goods: circumstances, the clock's offset, codes of coupons,
    and the ids of what an operator gave and of the rewards a member chose."""

    circumstances: Circumstances
    utc_offset_s: int = 0
    coupons: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()


NOBODY: Final = Around(Circumstances(channel=""))


def read_around(fields: Fields | None) -> Around:
    """The circumstances of a case; those of nobody in particular, in 1970, where it has none."""
    if fields is None:
        return NOBODY
    moment = _instant(fields, "at") if fields.has("at") else None
    offset = None if moment is None else moment.utcoffset()
    now_s = 0 if moment is None else int(moment.timestamp())
    utc_offset_s = 0 if offset is None else int(offset.total_seconds())
    week_s = week_second(now_s * NS_PER_S, utc_offset_s)
    around = Around(
        Circumstances(
            fields.text("customer_group", ""),
            fields.text("channel", ""),
            store=fields.text("store", ""),
            now_s=now_s,
            week_s=week_s,
            business_week_s=week_s,
            points=_count(fields, "points", 0, 0, POINTS_MAX),
            tender=_tender(fields.text("tender", ""), fields.at("tender")),
        ),
        utc_offset_s,
        fields.texts("coupons"),
        fields.texts("given"),
        fields.texts("chosen"),
    )
    fields.done()
    return around


def read_promotions(entries: list[Fields], digits: int) -> tuple[Promotion, ...]:
    """The promotions of a case.

    Raises:
        FieldsError: what this engine does not know or cannot hold.
    """
    found = tuple(_promotion(entry, digits) for entry in entries)
    if len({one.id for one in found}) != len(found):
        raise FieldsError("promotion_ids_must_be_distinct", "promotions")
    return found


def _promotion(fields: Fields, digits: int) -> Promotion:
    name = fields.text("id")
    selections = tuple(map(_selection, fields.objects("selections"))) or (Selection(),)
    inner = fields.inner("benefit")
    if inner is None:
        raise FieldsError("field_must_be_present", fields.at("benefit"))
    code = fields.text("coupon", "")
    budget_minor = fields.number_or_none("amount_left", digits)
    if budget_minor is not None and budget_minor <= 0:
        raise FieldsError("amount_left_must_be_positive", fields.at("amount_left"))
    found = Promotion(
        name,
        fields.text("name", name),
        _benefit(inner, digits, len(selections)),
        selections,
        tuple(_gate(gate, digits, len(selections)) for gate in fields.objects("gates")),
        priority=_count(fields, "priority", 0, 0, _PRIORITY_MAX),
        exclusive_group=fields.text("exclusive_group", ""),
        tags=fields.texts("tags"),
        stacks_with=fields.texts("stacks_with"),
        starts_s=_seconds(fields, "starts"),
        ends_s=_seconds(fields, "ends"),
        weekly=_weekly(fields),
        limit_per_cart=_count(fields, "limit_per_cart", 0),
        count_nondiscountable=fields.flag("count_nondiscountable", default=False),
        vendor_ppm=fields.number_or_none("vendor_percent", PERCENT_DECIMALS) or 0,
        customer_groups=fields.texts("customer_groups"),
        channels=fields.texts("channels"),
        stores=fields.texts("stores"),
        coupon=CouponRule(name, CouponKind.GENERIC, code) if code else None,
        manual=fields.flag("manual", default=False),
        employees=fields.flag("employees", default=False),
        budget_minor=budget_minor or 0,
        costs_points=_count(fields, "costs_points", 0, 0, POINTS_MAX),
        by_itself=fields.flag("by_itself", default=False),
        tenders=tuple(
            _tender(one, f"{fields.at('tenders')}[{at}]")
            for at, one in enumerate(fields.texts("tenders"))
        ),
    )
    fields.done()
    return found


def _tender(name: str, where: str) -> str:
    """A means of payment; "" for none in particular."""
    if name and not is_tender(name):
        raise FieldsError("tender_must_be_cash_card_or_card_and_a_brand", where, name)
    return name


def _selection(fields: Fields) -> Selection:
    found = Selection(
        fields.texts("items"), fields.texts("departments"), fields.texts("except_items")
    )
    fields.done()
    return found


def _benefit(fields: Fields, digits: int, selections: int) -> Benefit:
    """A benefit; a field that its kind does not read is refused, as it would change nothing."""
    kind = fields.word("kind", BenefitKind, BenefitKind.EACH)
    if kind is BenefitKind.BUNDLE:
        slots = tuple(_slot(entry, selections) for entry in fields.objects("slots"))
        found = Benefit(kind, _off(fields, digits), slots=slots)
    elif kind is BenefitKind.BUY_GET:
        found = Benefit(
            kind,
            _off(fields, digits),
            _place(fields, "selection", selections),
            buy=_count(fields, "buy"),
            get=_count(fields, "get", None, 1),
            get_selection=_place(fields, "get_selection", selections),
            pick=fields.word("pick", Pick, Pick.CHEAPEST),
        )
    elif kind is BenefitKind.TIERS:
        found = Benefit(
            kind,
            selection=_place(fields, "selection", selections),
            tiers=tuple(_tier(entry, digits) for entry in fields.objects("tiers")),
            marginal=fields.flag("marginal", default=False),
            pick=fields.word("pick", Pick, Pick.CHEAPEST),
        )
    else:
        step = fields.number("step", digits) if kind is BenefitKind.EVERY_SPEND else 0
        selection = _place(fields, "selection", selections)
        found = Benefit(kind, _off(fields, digits), selection, step_minor=step)
        if step and found.off is not None and found.off.kind is not OffKind.AMOUNT:
            raise FieldsError("every_spend_needs_an_amount", fields.at("off"))
    fields.done()
    return found


def _off(fields: Fields, digits: int) -> Off:
    inner = fields.inner("off")
    if inner is None:
        raise FieldsError("field_must_be_present", fields.at("off"))
    for kind in OffKind:
        if inner.has(kind.value):
            decimals = PERCENT_DECIMALS if kind is OffKind.PERCENT else digits
            off = Off(kind, inner.number(kind.value, decimals))
            inner.done()
            return off
    raise FieldsError("off_must_be_percent_amount_or_price", inner.where)


def _slot(fields: Fields, selections: int) -> Slot:
    slot = Slot(_place(fields, "selection", selections), _count(fields, "count", None, 1))
    fields.done()
    return slot


def _tier(fields: Fields, digits: int) -> Tier:
    tier = Tier(_count(fields, "from", None, 1), _off(fields, digits))
    fields.done()
    return tier


def _gate(fields: Fields, digits: int, selections: int) -> Gate:
    kind = next((kind for kind in GateKind if fields.has(kind.value)), None)
    if kind is None:
        raise FieldsError("gate_must_be_min_quantity_or_min_spend", fields.where)
    if kind is GateKind.MIN_SPEND:
        value = fields.number(kind.value, digits)
    else:
        value = _count(fields, kind.value)
    gate = Gate(kind, value, _place(fields, "selection", selections))
    fields.done()
    return gate


def _place(fields: Fields, name: str, selections: int) -> int:
    """The place of a selection among those of the promotion."""
    where = fields.at(name)
    place = _count(fields, name, 0)
    if place >= selections:
        raise FieldsError("selection_must_be_defined", where, place)
    return place


def _count(
    fields: Fields, name: str, default: int | None = None, low: int = 0, high: int = _COUNT_MAX
) -> int:
    if default is not None and not fields.has(name):
        return default
    value = fields.whole(name)
    if not low <= value <= high:
        raise FieldsError(f"count_must_be_{low}_to_{high}", fields.at(name), value)
    return value


def _instant(fields: Fields, name: str) -> datetime:
    text = fields.text(name)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment.timestamp() <= 0:
        raise FieldsError("moment_must_be_iso_8601_with_an_offset", fields.at(name), text)
    return moment


def _seconds(fields: Fields, name: str) -> int:
    return int(_instant(fields, name).timestamp()) if fields.has(name) else 0


def _weekly(fields: Fields) -> tuple[Span, ...]:
    return tuple(
        Span(row["from_minute"], row["until_minute"])
        for value, where in fields.entries("weekly")
        for row in _hours(value, where)
    )


def _hours(value: Any, where: str) -> list[dict[str, int]]:
    read: Callable[[Path, Any], list[dict[str, int]]] = read_hours
    try:
        return read(_NOWHERE, value)
    except CommandFailedError:
        raise FieldsError("hours_must_be_days_and_times", where, value) from None
