"""What an order may be given: groups, promotions, ways of handing over; and why it has none."""

from __future__ import annotations

from typing import Any, Final

from engine.books import Books
from engine.order.offered import why_not
from engine.order.pricing import price_shown
from engine.order.state import Order
from engine.promotion.deals import WhyNot
from engine.promotion.model import Promotion
from engine.taxation import Dining
from engine.views.offer_shapes import (
    OfferView,
    OrderPromotionsView,
    PriceListView,
    PromotionReasonView,
    RewardView,
)
from engine.views.taxes import taxes_view

SHOWN_MAX: Final = 100
ASKED_MAX: Final = 1_000  # a question must not keep a scan waiting
_APPLIED: Final = "applied"
# From what the customer has nearly got to what this order has nothing to do with.
_NEARNESS: Final = (
    "quantity_too_small",
    "spend_too_small",
    "units_consumed",
    "lost_to_better",
    "coupon_missing",
    "other_customer_group",
    "held_by_open_order",
    "limit_reached",
    "price_floor",
    "no_saving",
    "item_excluded",
    "outside_window",
    "other_channel",
    "other_store",
    "other_tender",
    "too_few_points",
    "no_item",
    "not_in_force",
)


def choices_of(books: Books) -> dict[str, Any]:
    """What a screen offers to choose for an order, by the names of `StoreView`."""
    deals = books.offers().deals
    promotions = () if deals is None else deals.promotions
    groups = books.prices.prices.customer_groups
    taxes = taxes_view(books.taxes.setup)
    listed = {name for one in books.prices.prices.lists for name in one.dining_options}
    told_apart = {Dining(name) for name in listed} | set(() if taxes is None else taxes.dinings)
    usual = None if taxes is None else taxes.dining
    if told_apart:
        told_apart |= {Dining.EAT_IN, Dining.TAKEAWAY}
        # Where no list is for eating in, an order of which nobody said anything is priced as one.
        if usual is None and Dining.EAT_IN.value not in listed:
            usual = Dining.EAT_IN
    return {
        "customer_groups": groups,
        "promotions_to_give": tuple(OfferView(e.id, e.name) for e in promotions if e.manual),
        "rewards": tuple(
            RewardView(e.id, e.name, e.costs_points, e.by_itself)
            for e in promotions
            if e.costs_points
        ),
        "tenders": tuple(sorted({name.casefold() for e in promotions for name in e.tenders})),
        "has_coupons": any(one.coupon is not None for one in promotions),
        "has_charges": bool(books.charges.rules),
        "dinings": tuple(entry for entry in Dining if entry in told_apart),
        "dining": usual,
        "price_lists": tuple(PriceListView(e.id, e.name) for e in books.prices.prices.lists),
    }


def promotions_view(order: Order, books: Books) -> OrderPromotionsView:
    """Every promotion in force and what it takes off `order`, else why not; `SHOWN_MAX` at most.

    Of more than `ASKED_MAX` promotions those that apply and the first of the others are asked.
    """
    tariff = books.tariff_of(order)
    deals = None if tariff.offers is None else tariff.offers.deals
    if deals is None:
        return OrderPromotionsView(order.id, (), 0)
    figures = price_shown(order, tariff)
    taken = {entry.promotion for row in figures.lines for entry in row.promotions}
    asked = {e.promotion for e in order.chosen} | {e.promotion for e in order.coupons}
    held = asked | taken | set(order.rewards)
    ranked = sorted(deals.promotions, key=lambda one: one.id not in held)[:ASKED_MAX]
    found = why_not(order, tariff, [one.id for one in ranked])
    names = [
        line.item.name
        for line in order.live_lines()
        if line.source is None and not order.is_comped(line)
    ]
    pairs = sorted(zip(ranked, found, strict=True), key=_nearness)[:SHOWN_MAX]
    shown = tuple(_reason(promotion, why, names) for promotion, why in pairs)
    return OrderPromotionsView(order.id, shown, len(deals.promotions) - len(shown))


def _nearness(pair: tuple[Promotion, WhyNot]) -> tuple[int, int, int]:
    """Those that apply, the largest saving first; then by the clause, the least missing first."""
    _, why = pair
    if why.code == _APPLIED:
        return (0, -why.saving_minor, 0)
    return (1, _NEARNESS.index(why.code), why.need - why.have)


def _reason(promotion: Promotion, why: WhyNot, names: list[str]) -> PromotionReasonView:
    asked_by = "coupon" if promotion.coupon is not None else "operator" if promotion.manual else ""
    asked_by = "member" if promotion.is_chosen() else asked_by
    return PromotionReasonView(
        promotion.id,
        promotion.name,
        -why.saving_minor,
        "" if why.code == _APPLIED else why.code,
        why.have,
        why.need,
        why.by,
        -why.alone_minor,
        names[why.line] if 0 <= why.line < len(names) else "",
        asked_by,
        why.held_at,
    )
