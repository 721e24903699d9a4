"""What a promotion must be before the native floor is asked: its limits and its coupon."""

from __future__ import annotations

from typing import Final

from engine import limits
from engine.catalog import check_digit_is_right
from engine.coupon.model import CouponKind, CouponRule
from engine.promotion.model import Promotion
from engine.promotion.payment import is_tender

_PATTERN_DIGITS_MIN: Final = 6  # what a code needs beyond its beginning, or it is soon guessed


def fault_of(promotion: Promotion) -> str:
    """Why a promotion cannot be; empty where it can."""
    most = limits.AMOUNT_MINOR_MAX
    asked = (promotion.budget_minor, promotion.yearly_minor, promotion.sales_per_member)
    if not all(0 <= limit <= most for limit in asked):
        return f"its limits must be 0, which is none, to {most}"
    is_reward = promotion.costs_points != 0
    ways = promotion.manual + promotion.employees + (promotion.coupon is not None) + is_reward
    if ways > 1:
        return "it is given for a coupon, by an operator, to employees or for points: one of these"
    if not 0 <= promotion.costs_points <= limits.POINTS_MAX:
        return f"it must cost 1 to {limits.POINTS_MAX} points"
    if promotion.by_itself and not is_reward:
        return "only what costs points is told to apply by itself"
    if not all(map(is_tender, promotion.tenders)):
        return "it can be for cash, card, or card: and a brand"
    return "" if promotion.coupon is None else coupon_fault(promotion.coupon)


def coupon_fault(rule: CouponRule) -> str:
    """Why a coupon cannot be; empty where it can."""
    code = rule.code
    if not code.isprintable() or code != code.strip() or len(code) > limits.COUPON_LENGTH_MAX:
        return "its coupon's code must be printable and short"
    match rule.kind:
        case CouponKind.GENERIC:
            return "" if code else "its coupon has no code"
        case CouponKind.PATTERN:
            room = rule.length - len(code)
            fits = code and room >= _PATTERN_DIGITS_MIN and rule.length <= limits.COUPON_LENGTH_MAX
            return "" if fits else "its coupon's codes must be six to eighty characters longer"
        case CouponKind.ISSUED:
            return "its coupon's codes are issued, not written" if code else ""
        case CouponKind.GS1_GCN:
            good = _digits(code, 13, 13) and check_digit_is_right(code)
            return "" if good else "its coupon number must be 13 digits, the check digit right"
        case CouponKind.GS1_NORTH_AMERICAN:
            good = _digits(code, 6, 12) and _digits(rule.offer, 6, 6)
            return "" if good else "its coupon needs a company prefix and an offer code"


def _digits(text: str, low: int, high: int) -> bool:
    return low <= len(text) <= high and text.isascii() and text.isdigit()
