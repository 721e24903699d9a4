"""What of each promotion comes back with part of a line, so that all its returns end at what the
promotion took off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from engine.order.figures import LineFigures
from engine.order.state import Line
from engine.promotion.model import (
    LinePromotion,
    PromotionShare,
    promotion_shares_sum,
    taken_by,
)
from native import apportion


def promotions_back(
    row: LineFigures, sold: Line, pending: list[Line], gone_milli: int
) -> tuple[PromotionShare, ...]:
    """Each promotion's part that comes back so that `gone_milli` of the sold line are settled
    exactly. Where returns were rung up side by side nothing may be left of it."""
    due = shares_by_quantity(row.promotions, gone_milli, sold.quantity_milli)
    found = shares_less(due, _went(sold, pending))
    return tuple(share for share in (one.at_least_nothing() for one in found) if share.is_some())


def shares_by_quantity(
    entries: Iterable[LinePromotion], gone_milli: int, sold_milli: int
) -> tuple[PromotionShare, ...]:
    """What of each promotion has to have come back with so much of a line."""
    weights = [gone_milli, sold_milli - gone_milli]
    return tuple(
        one.mapped(lambda whole: apportion(whole, weights)[0]) for one in taken_by(entries)
    )


def shares_by_what_stays(
    entries: Iterable[LinePromotion], stays_minor: Mapping[str, int]
) -> tuple[PromotionShare, ...]:
    """What of each promotion has to have come back where it takes only so much off what stays."""
    return tuple(
        one.mapped(_less_its_part(stays_minor.get(one.promotion, 0), one.amount_minor))
        for one in taken_by(entries)
    )


def _less_its_part(stays_minor: int, took_minor: int) -> Callable[[int], int]:
    """A whole less the part of it that stays, to the nearest, halves upwards."""

    def less(whole: int) -> int:
        return whole - (2 * whole * stays_minor + took_minor) // (2 * took_minor)

    return less


def shares_less(
    due: Iterable[PromotionShare], went: Iterable[PromotionShare]
) -> list[PromotionShare]:
    """What has to have come back less what did, promotion by promotion."""
    before = {share.promotion: share for share in promotion_shares_sum(went)}
    return [one.less(before.get(one.promotion)) for one in due]


def promotions_fit(row: LineFigures, sold: Line, pending: list[Line], *, ended: bool) -> bool:
    """Whether no promotion of a line gave back more than it took, or other than that where it
    `ended`."""
    took = taken_by(row.promotions)
    left = shares_less(took, _went(sold, pending))
    if ended:
        return not any(share.is_some() for share in left)
    return all(share == share.at_least_nothing() for share in left)


def _went(sold: Line, pending: list[Line]) -> tuple[PromotionShare, ...]:
    """What of each promotion came back so far, and would with the lines of an open order."""
    shares = list(sold.returned_promotions)
    for line in pending:
        assert line.source is not None, "only a line that goes back is pending"
        shares += line.source.promotions
    return tuple(shares)
