"""Every bound of the engine in one place, and how they relate."""

from __future__ import annotations

LINES_PER_ORDER_MAX = 500
TENDERS_PER_ORDER_MAX = 20
QUANTITY_MILLI_MAX = 99_999_000  # 99,999 pieces, or kilograms
MEASURE_MILLI_MAX = 100_000_000  # litres, kilograms or degrees of one piece
UNIT_PRICE_MICROS_MAX = 1_000_000_000_000  # a million of the major unit
AMOUNT_MINOR_MAX = 100_000_000_000
CODE_LENGTH_MAX = 64
CODES_PER_ITEM_MAX = 100
KEY_BYTES_MAX = 128  # UTF-8 bytes of an item id, a group or a code in the native floor
SORT_MAX = 2**31 - 1
NAME_LENGTH_MAX = 120
NOTE_LENGTH_MAX = 280
NOTES_PER_ORDER_MAX = 500
REASON_LENGTH_MAX = 120
ID_LENGTH_MAX = 64
ITEM_ID_LENGTH_MAX = 240  # of a difference: its kind, an acquirer or a payment, a batch, an amount
DENOMINATIONS_MAX = 40
ORDERS_OPEN_MAX = 2_000  # per side, suspended ones included
OPERATORS_MAX = 2_000
REGISTERS_MAX = 500
ROLES_MAX = 200
TAX_CLASSES_MAX = 64
PROMOTIONS_MAX = 10_000
TAX_RULES_MAX = 5_000  # rules, jurisdictions, holidays and categories together
PRICE_LISTS_MAX = 200
PRICE_ENTRIES_MAX = 50_000  # of all lists, floors and costs together
PRICE_PARTS_MAX = 500  # of one upload; a part must fit a frame
CUSTOMER_GROUPS_MAX = 200
CHARGES_MAX = 20
DEPOSITS_MAX = 5_000
GUESTS_MAX = 999
PRIORITY_MAX = 65_535
WEEK_MINUTES = 10_080
OFFLINE_AGE_S_MAX = 30 * 86_400
BRANDS_MAX = 50
DAY_PARTS_MAX = 32  # of what a terminal took since it last told the store of an end of its day
SETTLED_IDENTITIES_MAX = 32
"""Of each terminal, how many transactions that settled a payment are known as taken, the newest.
Asked what became of one in doubt, a terminal tells its last transaction, or one by its own name: it
never tells another's from further back."""
RETURN_PRICE_DAYS_MAX = 30  # each is priced when goods come back without a receipt
DOCUMENT_BYTES_MAX = 400_000
"""Of the blocks of one document for a printer, as JSON; a longer one is printed in parts. That is
some 2,500 lines, or ten metres."""
BLOCK_BYTES_MIN = 95  # of one, whatever it says
CREDITS_MAX = 200_000  # notes with something left
TIP_CHOICES_MAX = 6
COUPONS_PER_ORDER_MAX = 20
REWARDS_PER_ORDER_MAX = 20
POINTS_MAX = 1_000_000_000  # of a member's balance, and of what a reward costs
COUPON_LENGTH_MAX = 80  # a GS1 coupon has up to 74 digits
COUPON_CODES_MAX = 1_000_000  # unique codes issued and not withdrawn, and codes used
COUPON_CODES_PER_ISSUE_MAX = 1_000  # a command must fit a frame
ADDRESS_LINES_MAX = 10
PIN_DIGITS_MIN = 4
PIN_DIGITS_MAX = 12
PIN_FAILURES_FREE = 5  # wrong PINs before the first lock
PIN_LOCK_NS_FIRST = 60 * 1_000_000_000
PIN_LOCK_NS_MAX = 15 * 60 * 1_000_000_000
DRAWER_KICK_EXPIRY_NS = 3 * 1_000_000_000
NS_PER_S = 1_000_000_000
PPM = 1_000_000
PIECE_MILLI = 1_000
CASH_STEPS_MINOR_MAX = 10_000
FOREIGN_CURRENCIES_MAX = 20
ACQUIRERS_MAX = 20
RATES_PER_ACQUIRER_MAX = 200
SETTLEMENT_DAYS_MAX = 90
SETTLEMENT_ROWS_MAX = 1_000_000  # of one file; a part must fit a frame
PAYLINK_LIFE_S = 600  # how long a payment by link may be paid, unless told otherwise
PAYLINK_LIFE_S_MIN = 60
PAYLINK_LIFE_S_MAX = 86_400
PAYLINK_GRACE_NS = 60 * 1_000_000_000  # between a payment in time and its word of it
PAYLINKS_REMEMBERED_MAX = 500  # settled ones, so that a repeated word is known
PAYLINK_EXCEPTIONS_MAX = 1_000
PAYLINK_UNKNOWN_NS = 600 * 1_000_000_000  # a refund that its provider does not know is listed then

assert PIN_DIGITS_MIN < PIN_DIGITS_MAX
assert PIN_LOCK_NS_FIRST < PIN_LOCK_NS_MAX
assert LINES_PER_ORDER_MAX * AMOUNT_MINOR_MAX < 2**63, "an order's total must fit 64 bits"
assert QUANTITY_MILLI_MAX % PIECE_MILLI == 0
assert PAYLINK_LIFE_S_MIN <= PAYLINK_LIFE_S <= PAYLINK_LIFE_S_MAX
