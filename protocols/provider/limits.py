"""Every bound of the conversation with a provider."""

from __future__ import annotations

from actors.limits import LOOK_OFTEN_S, PROVIDER_TIMEOUT_S

ANSWER_BYTES_MAX = 16 << 10
HEAD_BYTES_MAX = 16 << 10
READ_BYTES_MAX = 16 << 10
URL_LENGTH_MAX = 512
REFERENCE_LENGTH_MAX = 64
WORD_LENGTH_MAX = 32
SAID_LENGTH_MAX = 160  # of why a refund was refused
KEY_BYTES_MIN = 16  # of a key that callbacks are signed with
KEYS_MAX = 4  # at once: an old one beside a new one
SIGNATURES_MAX = 4
CLOCK_S_MAX = 300  # how far a callback's time may be from ours
EXCHANGE_S = 8.0
AT_ONCE_MAX = 8
ANNOUNCE_S = 5.0

assert EXCHANGE_S < PROVIDER_TIMEOUT_S, "the store hears of a failure before it gives up waiting"
assert LOOK_OFTEN_S < EXCHANGE_S
