"""Why a payment command is refused, named as the condition required, in precedence order."""

from __future__ import annotations


class Refusal:
    """Checked from the top; the first that fails is the answer. What an order must be is refused in
    the order's own words."""

    ORDER_MUST_BE_LIVE = "order_must_be_live"
    TIP_MUST_BE_ANSWERED = "tip_must_be_answered"
    TERMINAL_MUST_BE_SET_UP = "terminal_must_be_set_up"
    CURRENCY_MUST_HAVE_A_NUMBER = "currency_must_have_a_number"
    PAYMENT_MUST_EXIST = "payment_must_exist"
    PAYMENT_MUST_BE_OPEN = "payment_must_be_open"
    PAYMENT_MUST_BE_UNKNOWN = "payment_must_be_unknown"
    PAYMENT_MUST_BE_SETTLED = "payment_must_be_settled"
    PAYMENT_MUST_BE_APPROVED = "payment_must_be_approved"
    PAYMENT_MUST_NOT_BE_COUNTED = "payment_must_not_be_counted"
    PAYMENT_MUST_BE_NUMBERED = "payment_must_be_numbered"
    REFUND_MUST_BE_REVERSIBLE = "refund_must_be_reversible"
    PAYMENT_MUST_BE_OF_TERMINAL_DAY = "payment_must_be_of_terminal_day"
    PAYMENT_MUST_BE_WITHIN_CEILINGS = "payment_must_be_within_ceilings"
    PAYMENT_MUST_BE_OF_ITS_ORIGINAL = "payment_must_be_of_its_original"
    TERMINAL_MUST_BE_FREE = "terminal_must_be_free"
    TAB_MUST_BE_OPEN = "tab_must_be_open"
    TAB_MUST_NOT_BE_OPEN = "tab_must_not_be_open"
    TAB_AMOUNT_MUST_BE_WITHIN_LIMIT = "tab_amount_must_be_within_limit"
    TAB_AMOUNT_MUST_BE_HIGHER = "tab_amount_must_be_higher"
    TENDER_MUST_BE_BY_CARD = "tender_must_be_by_card"
    TENDER_MUST_HAVE_BEEN_PAID = "tender_must_have_been_paid"
    CARD_AMOUNT_MUST_BE_DUE = "card_amount_must_be_due"
    TIP_CHOICES_MUST_BE_SET_UP = "tip_choices_must_be_set_up"
    TIP_MUST_BE_ASKED = "tip_must_be_asked"
    TIP_MUST_BE_OFFERED = "tip_must_be_offered"
    ENTRY_MUST_BE_OF_A_SALE = "entry_must_be_of_a_sale"
    REFUND_MUST_BE_WITHIN_TENDER = "refund_must_be_within_tender"
    POLICY_MUST_BE_CONSISTENT = "policy_must_be_consistent"
