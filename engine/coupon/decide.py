"""Codes issued for a coupon, a part of them at a time: a hundred thousand fit no single command."""

from __future__ import annotations

from attrs import frozen

from engine import limits
from engine.coupon.model import CouponKind, CouponRule
from engine.coupon.redeemed import Redeemed, key_of
from engine.decision import COMMANDS, EVENTS, Decision, Fact, refuse

STREAM = "coupons"

# ------------------------------------------------------------------------------------- Events


@EVENTS.name("coupons.issued/1")
@frozen
class CouponsIssued:
    """These codes of a coupon are good, each once. Only their keys are kept: whoever reads the
    journal cannot hand out coupons."""

    coupon: str
    keys: tuple[str, ...]


# ----------------------------------------------------------------------------------- Commands


@COMMANDS.name("coupons.issue")
@frozen
class IssueCoupons:
    """Make codes of a coupon good, beside those issued before."""

    coupon: str
    codes: tuple[str, ...]


class Refusal:
    """In precedence order."""

    COUPON_MUST_BE_KNOWN = "coupon_must_be_known"
    CODES_MUST_BE_PRESENT = "codes_must_be_present"
    CODES_LIMIT_REACHED = "codes_limit_reached"
    CODE_MUST_BE_WELL_FORMED = "code_must_be_well_formed"


# ------------------------------------------------------------------------------------- Decide


def decide(body: IssueCoupons, rules: tuple[CouponRule, ...], redeemed: Redeemed) -> Decision:
    """Decide to issue codes. Letters are taken in capitals, as they are when presented.

    Refuses:
        As `Refusal` lists, in that order.
    """
    rule = next((one for one in rules if one.id == body.coupon), None)
    if rule is None or rule.kind is not CouponKind.ISSUED:
        return refuse(Refusal.COUPON_MUST_BE_KNOWN, coupon=body.coupon[: limits.ID_LENGTH_MAX])
    if not body.codes:
        return refuse(Refusal.CODES_MUST_BE_PRESENT)
    held = sum(len(codes) for codes in redeemed.issued.values())
    if (
        len(body.codes) > limits.COUPON_CODES_PER_ISSUE_MAX
        or held + len(body.codes) > limits.COUPON_CODES_MAX
    ):
        return refuse(Refusal.CODES_LIMIT_REACHED, maximum=limits.COUPON_CODES_PER_ISSUE_MAX)
    for code in body.codes:
        plain = code == code.strip() and code.isprintable()
        if not plain or not 0 < len(code) <= limits.COUPON_LENGTH_MAX:
            return refuse(Refusal.CODE_MUST_BE_WELL_FORMED, code=code[: limits.COUPON_LENGTH_MAX])
    keys = sorted({key_of(rule.id, code.upper()) for code in body.codes})
    fact = Fact(STREAM, CouponsIssued(rule.id, tuple(keys)))
    return Decision((fact,), {"coupon": rule.id, "codes": len(keys)})
