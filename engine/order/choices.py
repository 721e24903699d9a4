"""What changes an order's prices besides its goods: the customer's group, the channel, a promotion
an operator gives, a comp."""

from __future__ import annotations

from engine import limits
from engine.decision import Decision, refuse
from engine.order.commands import (
    ChooseChannel,
    ChooseCustomerGroup,
    ChoosePromotion,
    ChooseReward,
    CompLine,
    CompOrder,
)
from engine.order.context import OrderContext
from engine.order.events import (
    ChannelChosen,
    CustomerGroupChosen,
    LineComped,
    OrderComped,
    PromotionChosen,
    RewardChosen,
)
from engine.order.refusal import Refusal
from engine.order.state import Order


def choose_customer_group(
    order: Order, body: ChooseCustomerGroup, context: OrderContext
) -> CustomerGroupChosen | Decision:
    """The customer's group and number, and what points there are. Blanks around a number are no
    part of it, or who typed one would be another member, with limits of their own.

    Refuses:
        customer_group_must_exist, points_must_be_within_limit, member_must_be_named,
        text_must_be_short.
    """
    if body.group and body.group not in context.offers.prices.groups:
        return refuse(Refusal.CUSTOMER_GROUP_MUST_EXIST, group=body.group[: limits.ID_LENGTH_MAX])
    if not 0 <= body.points <= limits.POINTS_MAX:
        return refuse(Refusal.POINTS_MUST_BE_WITHIN_LIMIT, maximum=limits.POINTS_MAX)
    member = body.member.strip()
    if body.points and not member:
        return refuse(Refusal.MEMBER_MUST_BE_NAMED)
    if len(body.member) > limits.ID_LENGTH_MAX or not (body.member + "x").isprintable():
        return refuse(Refusal.TEXT_MUST_BE_SHORT, maximum=limits.ID_LENGTH_MAX)
    return CustomerGroupChosen(
        order.id, body.group, member, context.operator, context.approver, body.points
    )


def choose_reward(
    order: Order, body: ChooseReward, context: OrderContext
) -> RewardChosen | Decision:
    """A reward that the member spends points on. It costs them only where it applies.

    Refuses:
        member_must_be_named, reward_must_be_offered, rewards_limit_reached.
    """
    if body.withdraw and body.promotion in order.rewards:
        return RewardChosen(order.id, body.promotion, context.operator, withdrawn=True)
    if not order.member:
        return refuse(Refusal.MEMBER_MUST_BE_NAMED)
    if body.withdraw or not any(
        one.is_chosen() and one.id == body.promotion for one in context.promotions()
    ):
        shown = body.promotion[: limits.ID_LENGTH_MAX]
        return refuse(Refusal.REWARD_MUST_BE_OFFERED, promotion=shown)
    others = sum(1 for one in order.rewards if one != body.promotion)
    if others >= limits.REWARDS_PER_ORDER_MAX:
        return refuse(Refusal.REWARDS_LIMIT_REACHED, maximum=limits.REWARDS_PER_ORDER_MAX)
    return RewardChosen(order.id, body.promotion, context.operator)


def choose_channel(order: Order, body: ChooseChannel, _: OrderContext) -> ChannelChosen | Decision:
    """How the order came in.

    Refuses:
        text_must_be_short.
    """
    if len(body.channel) > limits.ID_LENGTH_MAX or not (body.channel + "x").isprintable():
        return refuse(Refusal.TEXT_MUST_BE_SHORT, maximum=limits.ID_LENGTH_MAX)
    return ChannelChosen(order.id, body.channel)


def choose_promotion(
    order: Order, body: ChoosePromotion, context: OrderContext
) -> PromotionChosen | Decision:
    """A promotion that is an operator's to give.

    Refuses:
        promotion_must_be_manual, reason_must_be_given.
    """
    chosen = any(entry.promotion == body.promotion for entry in order.chosen)
    manual = any(one.manual and one.id == body.promotion for one in context.promotions())
    if not manual and not (chosen and body.withdraw):
        shown = body.promotion[: limits.ID_LENGTH_MAX]
        return refuse(Refusal.PROMOTION_MUST_BE_MANUAL, promotion=shown)
    reason = "" if body.withdraw else body.reason.strip()
    if not body.withdraw and not 1 <= len(reason) <= limits.REASON_LENGTH_MAX:
        return refuse(Refusal.REASON_MUST_BE_GIVEN)
    return PromotionChosen(order.id, body.promotion, reason, context.operator, context.approver)


def comp_line(order: Order, body: CompLine, context: OrderContext) -> LineComped | Decision:
    """A line is given away, or no longer.

    Refuses:
        line_must_exist, line_must_not_be_a_return, line_must_be_discountable (a deposit),
        reason_must_be_given.
    """
    line = order.line_at(body.line)
    if line is None:
        return refuse(Refusal.LINE_MUST_EXIST, line=body.line)
    if line.source is not None:
        return refuse(Refusal.LINE_MUST_NOT_BE_A_RETURN, line=body.line)
    if line.linked_to and not body.withdraw:
        # It would be on record as given away, and be paid all the same.
        return refuse(Refusal.LINE_MUST_BE_DISCOUNTABLE, line=body.line)
    if not _reason_is_given(body.reason, withdraw=body.withdraw):
        return refuse(Refusal.REASON_MUST_BE_GIVEN)
    reason = "" if body.withdraw else body.reason.strip()
    return LineComped(order.id, line.line, reason, context.operator, context.approver)


def comp_order(order: Order, body: CompOrder, context: OrderContext) -> OrderComped | Decision:
    """The whole order is given away, or no longer.

    Refuses:
        reason_must_be_given.
    """
    if not _reason_is_given(body.reason, withdraw=body.withdraw):
        return refuse(Refusal.REASON_MUST_BE_GIVEN)
    reason = "" if body.withdraw else body.reason.strip()
    return OrderComped(order.id, reason, context.operator, context.approver)


def _reason_is_given(reason: str, *, withdraw: bool) -> bool:
    return withdraw or 1 <= len(reason.strip()) <= limits.REASON_LENGTH_MAX
