"""Every bound of the terminals, with its unit, and the relations between them.

Source: ZVT, PA00P015 revision 13.08, chapter 2 (T3, T4), PA00P016 revision 04, chapter 2 (T1, T2).
"""

from __future__ import annotations

from hardware.limits import CONNECT_TIMEOUT_S

NS_PER_S = 1_000_000_000

# The serial line.
BYTE_GAP_NS = 200_000_000  # T1
LINE_ACK_NS = 5 * NS_PER_S  # T2
LINE_REPEATS_MAX = 2

# The conversation.
REPLY_NS = 5 * NS_PER_S  # T3: from a command to its acknowledgement
SERIAL_REPLY_NS = REPLY_NS + LINE_REPEATS_MAX * LINE_ACK_NS  # the same, on a line that repeats
COMPLETION_NS = 180 * NS_PER_S  # T4: from there, or from the last sign of life, to the end
RECEIPT_NS = 10 * NS_PER_S  # of a receipt that is only asked for again
QUESTION_NS = 30 * NS_PER_S  # of another question: it knows the answer, and whoever pays waits
MINUTES_MAX = 60  # what a terminal may ask for instead of T4
WHOLE_NS = 30 * 60 * NS_PER_S  # of one command, however lively the terminal is
KEEP_NS = 4 * NS_PER_S  # to write down a result before it is acknowledged
KEEP_AGAIN_NS = 2 * NS_PER_S  # when a terminal told "not ready" tries again
NOT_READY_MAX = 2
ENQUIRE_EVERY_NS = 30 * NS_PER_S
ENQUIRE_BLOCKED_NS = 5 * NS_PER_S

# What one transaction may bring.
SLIPS_MAX = 32
SLIP_LINES_MAX = 3_200  # of all receipts together: an end of day may list each payment
SLIP_LINE_CHARS_MAX = 256  # some widths of the widest paper
DETAIL_CHARS_MAX = 200

# What is remembered of one terminal beside its last transaction.
FOLLOWED_MAX = 8
UNCLAIMED_MAX = 1_000

# Numbers a terminal counts its transactions with.
RECEIPT_NUMBERS = 9_999
TRACE_NUMBERS = 999_999

assert BYTE_GAP_NS < LINE_ACK_NS
assert KEEP_NS < REPLY_NS, "a terminal waits for an acknowledgement as long as a register does"
assert REPLY_NS < RECEIPT_NS < QUESTION_NS < COMPLETION_NS
assert REPLY_NS < SERIAL_REPLY_NS < QUESTION_NS
assert COMPLETION_NS < WHOLE_NS
assert MINUTES_MAX * 60 * NS_PER_S <= 2 * WHOLE_NS
assert CONNECT_TIMEOUT_S * NS_PER_S <= REPLY_NS
