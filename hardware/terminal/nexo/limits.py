"""Every bound of the nexo terminals, with its unit, and the relations between them."""

from __future__ import annotations

from hardware.limits import CONNECT_TIMEOUT_S
from hardware.terminal.limits import KEEP_AGAIN_NS, KEEP_NS, NS_PER_S, WHOLE_NS

# A message, as JSON and as what it says.
MESSAGE_BYTES_MAX = 262_144  # the floor's own bound, and those of depth and members, stand there
NUMBER_CHARS_MAX = 24
TEXT_CHARS_MAX = 4_096
ID_CHARS_MAX = 128
MINOR_MAX = 10**12
COUNT_MAX = 10**9  # of transactions in a day, or a place in a menu
TOTALS_MAX = 64

# HTTP.
HEAD_BYTES_MAX = 16_384
READ_BYTES_MAX = 16_384
NOTICES_AT_ONCE_MAX = 8
NOTICE_NS = 10 * NS_PER_S

# The conversation.
SHAKE_NS = 5 * NS_PER_S  # to a certificate that was checked, and from there to a WebSocket
SHORT_NS = 15 * NS_PER_S  # an answer nobody at the terminal has to press a key for
QUIET_NS = 120 * NS_PER_S  # until the terminal is asked what became of a transaction
QUIET_AGAIN_NS = 30 * NS_PER_S
SETTLE_NS = 180 * NS_PER_S
INQUIRE_AGAIN_NS = 2 * NS_PER_S  # also an abort that nobody may have heard
ABORT_AGAIN_NS = 5 * NS_PER_S  # one that was heard, while what it is for goes on
INQUIRE_WHOLE_NS = 15 * NS_PER_S
LOOK_FIRST_NS = NS_PER_S // 10  # after it was not reached, then twice as long each time
LOOK_BLOCKED_NS = 5 * NS_PER_S
LOOK_EVERY_NS = 30 * NS_PER_S

assert CONNECT_TIMEOUT_S * NS_PER_S + 2 * SHAKE_NS < SHORT_NS
assert SHORT_NS < QUIET_NS < WHOLE_NS
assert KEEP_NS + KEEP_AGAIN_NS < SHORT_NS
assert INQUIRE_AGAIN_NS < ABORT_AGAIN_NS < INQUIRE_WHOLE_NS
assert LOOK_FIRST_NS < LOOK_BLOCKED_NS < LOOK_EVERY_NS
assert NUMBER_CHARS_MAX < 28, "decimals of 28 digits are exact"
