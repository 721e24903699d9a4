"""Coupons on an order: presented, withdrawn, used up with the sale, good again when all goes back.

A code that is good once is held by the order it was presented on, on whatever register or parked,
until that order gives it up or ends; a sale it gave something in uses it up.
"""

from __future__ import annotations

from engine import limits
from engine.catalog import code_is_well_formed
from engine.coupon.gs1 import Gcn, Gs1Error, NorthAmerican, read_gs1
from engine.coupon.model import CouponKind, CouponUse, Presented
from engine.coupon.redeemed import key_of
from engine.decision import Decision, refuse
from engine.order.context import OrderContext
from engine.order.events import (
    CouponPresented,
    CouponWithdrawn,
)
from engine.order.pricing import price
from engine.order.refusal import Refusal
from engine.order.state import Order, evolve
from engine.promotion.model import Promotion

NS_PER_S = limits.NS_PER_S


def is_coupon(code: str, context: OrderContext) -> bool:
    """Whether a scanned code is a coupon's, good or not, and no item's."""
    if not code or not context.coupons():
        return False
    is_item = code_is_well_formed(code) and bool(context.book.find_codes(code))
    return not is_item and _looks_like_coupon(code, context)


def _looks_like_coupon(code: str, context: OrderContext) -> bool:
    try:
        read = read_gs1(code)
    except Gs1Error:
        return any(_is_gs1(one) for one in context.coupons())
    return _matching(code, read, context) is not None


def _is_gs1(promotion: Promotion) -> bool:
    rule = promotion.coupon
    return rule is not None and rule.kind in (CouponKind.GS1_GCN, CouponKind.GS1_NORTH_AMERICAN)


def _matching(
    code: str, read: Gcn | NorthAmerican | None, context: OrderContext
) -> tuple[Promotion, Presented] | None:
    for promotion in context.coupons():
        presented = _as_presented(code, read, promotion, context)
        if presented is not None:
            return promotion, presented
    return None


def _as_presented(
    code: str, read: Gcn | NorthAmerican | None, promotion: Promotion, context: OrderContext
) -> Presented | None:
    """A code as a coupon of that promotion; None where it is none."""
    rule = promotion.coupon
    assert rule is not None, "only promotions with coupons are asked"
    plain = code.upper()
    match rule.kind, read:
        case CouponKind.GENERIC, _:
            return Presented(plain, rule.id, promotion.id) if plain == rule.code.upper() else None
        case CouponKind.PATTERN, _:
            fits = len(plain) == rule.length and plain.startswith(rule.code.upper())
            if not fits or (rule.check_digit and not ends_right(plain)):
                return None
            return Presented(plain, rule.id, promotion.id, key_of(rule.id, plain))
        case CouponKind.ISSUED, _:
            issued = context.redeemed().issued.get(rule.id)
            key = key_of(rule.id, plain)
            known = issued is not None and key in issued
            return Presented(plain, rule.id, promotion.id, key) if known else None
        case CouponKind.GS1_GCN, Gcn(number=number, serial=serial) if number == rule.code:
            key = key_of(rule.id, serial) if serial else ""
            return Presented(plain, rule.id, promotion.id, key)
        case CouponKind.GS1_NORTH_AMERICAN, NorthAmerican() as offer:
            if (offer.company, offer.offer) != (rule.code, rule.offer):
                return None
            key = key_of(rule.id, offer.serial) if offer.serial else ""
            return Presented(plain, rule.id, promotion.id, key, offer.value_minor)
        case _:
            return None


def ends_right(code: str) -> bool:
    """Whether the digits of a code end in GS1's check digit of those before it."""
    digits = [int(character) for character in code if character.isascii() and character.isdigit()]
    weighted = sum(d * (3 if at % 2 == 0 else 1) for at, d in enumerate(reversed(digits[:-1])))
    return len(digits) > 1 and (weighted + digits[-1]) % 10 == 0


def present_coupon(order: Order, code: str, context: OrderContext) -> Decision:
    """A coupon, answered as a line of its own would be: what it gives, or nothing yet."""
    event, promotion, refused = _presented(order, code, context)
    if event is None or promotion is None:
        assert refused is not None, "a coupon is presented or refused"
        return refused
    figures = price(evolve(order, event, at=context.at()), context.tariff())
    gives = figures.promotion_amount_minor(promotion.id)
    answer = {
        "order_id": order.id,
        "line": 0,
        "name": promotion.name,
        "net_minor": gives,
        "total_minor": figures.total_minor,
        "due_minor": figures.total_minor,
    }
    return Decision((context.fact(event, order.id),), answer)


def _presented(
    order: Order, code: str, context: OrderContext
) -> tuple[CouponPresented | None, Promotion | None, Decision | None]:
    """The fact that a coupon is on `order` and the promotion it asks for, or why not.

    Refuses:
        code_must_be_well_formed, coupon_must_be_understood, coupon_must_be_known,
        coupon_must_be_in_its_window, coupon_must_not_be_used, coupon_must_not_be_presented,
        coupons_limit_reached, in that order.
    """
    code = code.strip()
    if not 0 < len(code) <= limits.COUPON_LENGTH_MAX or not code.replace("\x1d", "").isprintable():
        shown = code[: limits.COUPON_LENGTH_MAX]
        return None, None, refuse(Refusal.CODE_MUST_BE_WELL_FORMED, code=shown)
    read: Gcn | NorthAmerican | None = None
    reason = ""
    try:
        read = read_gs1(code)
    except Gs1Error as error:
        reason = str(error)
    found = _matching(code, read, context)
    if found is None and reason:
        return None, None, refuse(Refusal.COUPON_MUST_BE_UNDERSTOOD, code=code, reason=reason)
    if found is None:
        return None, None, refuse(Refusal.COUPON_MUST_BE_KNOWN, code=code)
    promotion, presented = found
    refused = _check(order, promotion, presented, read, context)
    if refused is not None:
        return None, None, refused
    return CouponPresented(order.id, presented), promotion, None


def _check(
    order: Order,
    promotion: Promotion,
    presented: Presented,
    read: Gcn | NorthAmerican | None,
    context: OrderContext,
) -> Decision | None:
    code = presented.code
    if not _is_in_its_window(promotion, read, context):
        return refuse(Refusal.COUPON_MUST_BE_IN_ITS_WINDOW, code=code)
    if presented.key and presented.key in context.redeemed().used:
        return refuse(Refusal.COUPON_MUST_NOT_BE_USED, code=code)
    if any(entry.promotion == promotion.id for entry in order.coupons):
        return refuse(Refusal.COUPON_MUST_NOT_BE_PRESENTED, code=code, register=context.register)
    if presented.key:
        for other in context.open_orders.values():
            if any(entry.key == presented.key for entry in other.coupons):
                return refuse(
                    Refusal.COUPON_MUST_NOT_BE_PRESENTED, code=code, register=other.register
                )
    if len(order.coupons) >= limits.COUPONS_PER_ORDER_MAX:
        return refuse(Refusal.COUPONS_LIMIT_REACHED, maximum=limits.COUPONS_PER_ORDER_MAX)
    return None


def _is_in_its_window(
    promotion: Promotion, read: Gcn | NorthAmerican | None, context: OrderContext
) -> bool:
    """Whether the promotion is on, and the date on the coupon, which is of the business day."""
    now_s = context.stamp.now_ns // NS_PER_S
    if now_s < promotion.starts_s or (promotion.ends_s and now_s >= promotion.ends_s):
        return False
    if not isinstance(read, NorthAmerican):
        return True
    today = context.stamp.business_date
    return read.starts <= today and (not read.ends or today <= read.ends)


def withdraw(order: Order, code: str) -> CouponWithdrawn | Decision:
    """The fact that a coupon is no longer on the order.

    Refuses:
        coupon_must_be_presented.
    """
    code = code.strip().upper()
    if not any(entry.code == code for entry in order.coupons):
        shown = code[: limits.COUPON_LENGTH_MAX]
        return refuse(Refusal.COUPON_MUST_BE_PRESENTED, code=shown)
    return CouponWithdrawn(order.id, code)


def uses_of(order: Order) -> tuple[CouponUse, ...]:
    """The coupons that give something in the frozen figures: the sale uses them up."""
    if order.training or order.figures is None:
        return ()
    gave = {entry.promotion for row in order.figures.lines for entry in row.promotions}
    return tuple(
        CouponUse(entry.coupon, entry.promotion, entry.key)
        for entry in order.coupons
        if entry.promotion in gave
    )


def restored_by(order: Order, context: OrderContext) -> tuple[str, ...]:
    """Keys of coupons whose sale has gone back whole once `order` is completed."""
    if order.training:
        return ()
    keys: list[str] = []
    for original_id in sorted(sources_of(order)):
        original = context.originals[original_id]
        used = () if original.completion is None else original.completion.coupons
        if used and _goes_back_whole(original, order):
            keys += [use.key for use in used if use.key]
    return tuple(keys)


def sources_of(order: Order | None) -> set[str]:
    """The ids of the sales that goods come back from; none where there is no order."""
    sources = () if order is None else (line.source for line in order.live_lines())
    return {entry.order_id for entry in sources if entry is not None and entry.has_receipt()}


def _goes_back_whole(original: Order, order: Order) -> bool:
    """Whether the last goods of a sale come back with `order`. A charge may come back too, or stay:
    the coupon was for the goods. Where it comes after them, its code was good again before."""
    back = {line.line: line.returned_milli for line in original.live_lines()}
    before = dict(back)
    for line in order.live_lines():
        if line.source is not None and line.source.order_id == original.id and line.source.line > 0:
            back[line.source.line] -= line.quantity_milli
    sold = [line for line in original.live_lines() if line.source is None]
    return back != before and all(back[line.line] >= line.quantity_milli for line in sold)
