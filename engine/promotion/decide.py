"""Which promotions are in force: one fact sets all of them, so that a set is never half changed."""

from __future__ import annotations

from collections import Counter

import attrs
from attrs import frozen

from engine import limits
from engine.coupon.model import CouponRule
from engine.decision import COMMANDS, EVENTS, Decision, Fact, refuse
from engine.promotion.check import fault_of
from engine.promotion.deals import Deals, TagsLimitError, compiled, named_items
from engine.promotion.model import Policy, Promotion
from engine.settings import Settings
from native import CoreError, PriceBook

STREAM = "promotions"

# ------------------------------------------------------------------------------------- Events


@EVENTS.name("promotions.set/1")
@frozen
class PromotionsSet:
    """These promotions are in force from here on, and no others."""

    promotions: tuple[Promotion, ...]
    policy: Policy = Policy.BEST


# -------------------------------------------------------------------------------------- State


@frozen
class Promotions:
    """The promotions in force; `version` counts how often they were set."""

    promotions: tuple[Promotion, ...] = ()
    policy: Policy = Policy.BEST
    version: int = 0
    _made: dict[int, Deals] = attrs.field(factory=dict, eq=False, repr=False, init=False)

    def coupon_rules(self) -> tuple[CouponRule, ...]:
        """The coupons that promotions ask for."""
        return tuple(one.coupon for one in self.promotions if one.coupon is not None)

    def deals(self, book: PriceBook, book_version: int) -> Deals | None:
        """Them, compiled for the catalog of that version; None where there is none."""
        if not self.promotions:
            return None
        found = self._made.get(book_version)
        if found is None:
            self._made.clear()
            found = _compiled(self.promotions, self.policy, book)
            self._made[book_version] = found
        return found


def _compiled(promotions: tuple[Promotion, ...], policy: Policy, book: PriceBook) -> Deals:
    rows = ((item, book.find_item(item)) for item in named_items(promotions))
    departments = {item: row.department for item, row in rows if row is not None}
    return compiled(promotions, policy, departments)


def evolve(state: Promotions, event: PromotionsSet) -> Promotions:
    """The promotions after `event`."""
    return Promotions(event.promotions, event.policy, state.version + 1)


# ----------------------------------------------------------------------------------- Commands


@COMMANDS.name("promotions.set")
@frozen
class SetPromotions:
    """Put these promotions in force, in place of all there were. None: no promotions."""

    promotions: tuple[Promotion, ...]
    policy: Policy = Policy.BEST


class Refusal:
    """In precedence order."""

    STORE_MUST_BE_SET_UP = "store_must_be_set_up"
    PROMOTIONS_LIMIT_REACHED = "promotions_limit_reached"
    PROMOTION_IDS_MUST_BE_DISTINCT = "promotion_ids_must_be_distinct"
    PROMOTION_NAME_MUST_BE_SHORT = "promotion_name_must_be_short"
    PROMOTION_ITEMS_MUST_EXIST = "promotion_items_must_exist"
    PROMOTION_COUPONS_MUST_BE_DISTINCT = "promotion_coupons_must_be_distinct"
    PROMOTION_MUST_BE_SOUND = "promotion_must_be_sound"


# ------------------------------------------------------------------------------------- Decide


def decide(body: SetPromotions, settings: Settings, book: PriceBook) -> Decision:
    """Decide a new set of promotions.

    Refuses:
        As `Refusal` lists, in that order.
    """
    if settings.rules is None:
        return refuse(Refusal.STORE_MUST_BE_SET_UP)
    if len(body.promotions) > limits.PROMOTIONS_MAX:
        return refuse(Refusal.PROMOTIONS_LIMIT_REACHED, maximum=limits.PROMOTIONS_MAX)
    ids = Counter(entry.id for entry in body.promotions)
    for promotion, count in ids.items():
        if count > 1 or not 1 <= len(promotion) <= limits.ID_LENGTH_MAX:
            return refuse(Refusal.PROMOTION_IDS_MUST_BE_DISTINCT, promotion=promotion[:64])
    for entry in body.promotions:
        if not 1 <= len(entry.name.strip()) <= limits.NAME_LENGTH_MAX:
            return refuse(
                Refusal.PROMOTION_NAME_MUST_BE_SHORT,
                promotion=entry.id,
                maximum=limits.NAME_LENGTH_MAX,
            )
        missing = sorted(i for i in named_items((entry,)) if book.find_item(i) is None)
        if missing:
            return refuse(
                Refusal.PROMOTION_ITEMS_MUST_EXIST, promotion=entry.id, item_id=missing[0][:64]
            )
    rules = Counter(entry.coupon.id for entry in body.promotions if entry.coupon is not None)
    for rule, count in rules.items():
        if count > 1 or not 1 <= len(rule) <= limits.ID_LENGTH_MAX:
            return refuse(Refusal.PROMOTION_COUPONS_MUST_BE_DISTINCT, coupon=rule[:64])
    reason = _fault(body.promotions, body.policy, book)
    if reason:
        culprit, why = _culprit(body.promotions, body.policy, book)
        return refuse(Refusal.PROMOTION_MUST_BE_SOUND, promotion=culprit, reason=why or reason)
    event = PromotionsSet(body.promotions, body.policy)
    return Decision((Fact(STREAM, event),), {"promotions": len(body.promotions)})


def _culprit(promotions: tuple[Promotion, ...], policy: Policy, book: PriceBook) -> tuple[str, str]:
    """The first promotion that is wrong by itself, and why; empty where only all together are."""
    for entry in promotions:
        reason = _fault((entry,), policy, book)
        if reason:
            return entry.id, reason
    return "", ""


def _fault(promotions: tuple[Promotion, ...], policy: Policy, book: PriceBook) -> str:
    """Why these promotions cannot be; empty where they can."""
    reason = next(filter(None, map(fault_of, promotions)), "")
    if reason:
        return reason
    try:
        _compiled(promotions, policy, book)
    except (CoreError, TagsLimitError) as error:
        return str(error)[: limits.NOTE_LENGTH_MAX]
    return ""
