"""What an order's prices and promotions hang on besides its goods."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from attrs import frozen

from engine.altered import altered
from engine.circumstances import IN_STORE, Circumstances, week_second
from engine.coupon.redeemed import NOTHING, Redeemed, member_key
from engine.limits import NS_PER_S
from engine.order.state import Order
from engine.promotion.deals import Left
from engine.promotion.held import Holder, is_held
from engine.promotion.model import Promotion
from engine.settings import StoreRules
from engine.tax_book import TaxBook


def dining_of(order: Order, taxes: TaxBook | None) -> str:
    """The dining option an order is priced by, one of `DINING_OPTIONS`: what was chosen, else what
    the tax rules take for granted; "" where there is neither."""
    if order.dining is not None:
        return order.dining.value
    return "" if taxes is None or taxes.setup.dining is None else taxes.setup.dining.value


def circumstances_of(
    order: Order,
    rules: StoreRules,
    taxes: TaxBook | None,
    *,
    now_ns: int,
    utc_offset_s: int,
) -> Circumstances:
    """What prices hang on, at that moment."""
    return Circumstances(
        order.customer_group,
        order.channel or IN_STORE,
        dining_of(order, taxes),
        rules.store_id,
        now_ns // NS_PER_S,
        week_second(now_ns, utc_offset_s),
        week_second(now_ns, utc_offset_s, rules.cutoff_s),
        order.points,
        order.tender,
    )


def business_year(rules: StoreRules, *, now_ns: int, utc_offset_s: int) -> str:
    """The year of the business day, four digits."""
    second = now_ns // NS_PER_S + utc_offset_s - rules.cutoff_s
    return str((datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)).year)


@frozen
class Asking:
    """What of an order opens promotions; see `engine.promotion.deals.Asked`. `others` are the other
    open orders, which hold what they have. `as_held` leaves it what it holds itself, no more."""

    order: Order
    around: Circumstances
    redeemed: Redeemed
    year: str
    others: tuple[Holder, ...] = ()
    as_held: bool = False

    @property
    def promotions(self) -> frozenset[str]:
        """Ids of the promotions its coupons, the operator and the member ask for."""
        chosen = (entry.promotion for entry in self.order.chosen)
        coupons = (entry.promotion for entry in self.order.coupons)
        return frozenset((*chosen, *coupons, *self.order.rewards))

    def left(self, promotion: Promotion) -> tuple[Left, ...]:
        """What is left of a promotion's limits for this order."""
        found: list[Left] = [
            (None, entry.value_minor)
            for entry in self.order.coupons
            if entry.promotion == promotion.id and entry.value_minor
        ]
        if promotion.costs_points:
            found.append((self.order.points // promotion.costs_points, None))
        if self.as_held and is_held(promotion):
            found.append((None, self.order.held_minor(promotion.id)))
            return tuple(found)
        found += self._left_of_budget(promotion)
        found += self._left_to_member(promotion)
        return tuple(found)

    def _left_of_budget(self, promotion: Promotion) -> list[Left]:
        if not promotion.budget_minor:
            return []
        given_minor = self.redeemed.given.get(promotion.id, NOTHING).amount_minor
        held_minor = sum(other.held_minor(promotion.id) for other in self.others)
        return [(None, max(0, promotion.budget_minor - given_minor - held_minor))]

    def _left_to_member(self, promotion: Promotion) -> list[Left]:
        """A limit that counts by member is used up for whoever is none."""
        if not promotion.sales_per_member and not promotion.yearly_minor:
            return []
        member = self.order.member
        if not member:
            return [(0, None)]
        had = self.redeemed.to_members
        theirs = [other.held_minor(promotion.id) for other in self._others_of_member()]
        held = [minor for minor in theirs if minor > 0]
        found: list[Left] = []
        if promotion.sales_per_member:
            sales = had.get(member_key(promotion.id, member), NOTHING).sales + len(held)
            found.append((0 if sales >= promotion.sales_per_member else None, None))
        if promotion.yearly_minor:
            in_year = had.get(member_key(promotion.id, member, self.year), NOTHING)
            left_minor = promotion.yearly_minor - in_year.amount_minor - sum(held)
            found.append((None, max(0, left_minor)))
        return found

    def _others_of_member(self) -> tuple[Holder, ...]:
        return tuple(other for other in self.others if other.member == self.order.member)

    def holder(self, promotion: Promotion) -> Holder | None:
        """The open order for which this one does not get a promotion that is limited for each
        member or by a budget; None where it would not get it without that one either."""
        if _is_used_up(altered(self, others=()).left(promotion)):
            return None
        if _is_used_up(self._left_to_member(promotion)):
            among = self._others_of_member()
        elif _is_used_up(self._left_of_budget(promotion)):
            among = self.others
        else:
            return None
        return next(other for other in among if other.held_minor(promotion.id) > 0)


def _is_used_up(left: Iterable[Left]) -> bool:
    return any(0 in entry for entry in left)
