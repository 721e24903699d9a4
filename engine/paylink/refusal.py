"""Why a command about a payment by link is refused, named as the condition required."""

from __future__ import annotations


class Refusal:
    """Checked from the top; the first that fails is the answer. What an order must be is refused in
    the order's own words."""

    ORDER_MUST_BE_LIVE = "order_must_be_live"
    PROVIDER_MUST_BE_SET_UP = "provider_must_be_set_up"
    PAYLINK_MUST_EXIST = "paylink_must_exist"
    PAYLINK_MUST_BE_OF_PROVIDER = "paylink_must_be_of_provider"
    PAYLINK_STATE_MUST_FIT = "paylink_state_must_fit"
    PAYLINK_MUST_BE_OPEN = "paylink_must_be_open"
    PAYLINK_MUST_BE_SETTLED = "paylink_must_be_settled"
    PAYLINK_MUST_BE_OVERDUE = "paylink_must_be_overdue"
    PAYLINK_LIFE_MUST_BE_IN_RANGE = "paylink_life_must_be_in_range"
    PAYLINK_AMOUNT_MUST_BE_DUE = "paylink_amount_must_be_due"
    TENDER_MUST_BE_BY_LINK = "tender_must_be_by_link"
    REFUND_MUST_BE_WITHIN_TENDER = "refund_must_be_within_tender"
    EXCEPTIONS_LIMIT_REACHED = "exceptions_limit_reached"
