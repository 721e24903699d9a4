"""Every bound of the device rooms, with its unit, and the relations between them."""

from __future__ import annotations

from actors.limits import ITEM_BYTES_MAX, PROBE_TIMEOUT_S
from engine.limits import (
    BLOCK_BYTES_MIN,
    DOCUMENT_BYTES_MAX,
    NOTE_LENGTH_MAX,
    NOTES_PER_ORDER_MAX,
)
from engine.terminals import SERIAL_RATES

# Effects at one device. A printer that is out of paper for an hour must not eat memory.
EFFECTS_QUEUED_MAX = 256
EFFECTS_REMEMBERED_MAX = 2048

# Connections.
CONNECT_TIMEOUT_S = 3.0
BACKOFF_FIRST_S = 0.05
BACKOFF_MAX_S = 5.0
ANNOUNCE_EVERY_S = 5.0
TELL_AGAIN_S = 0.1
READ_BYTES_MAX = 4096

# Talking to the outbox and to other devices.
ASK_TIMEOUT_S = 2.0
OUTBOX_TIMEOUT_S = 35.0  # longer than the outbox itself waits, or a start would look like two
RETRY_FIRST_S = 0.02
RETRY_MAX_S = 1.0

# Printer. A chunk is what a drawer kick may have to wait for: 512 bytes are 0.5 s at 9600 baud.
CHUNK_BYTES_TARGET = 512
RASTER_BAND_DOTS = 8
STATUS_REPLY_TIMEOUT_NS = 1_000_000_000
STATUS_TRIES_MAX = 3
STATUS_IDLE_EVERY_NS = 5_000_000_000
STATUS_BLOCKED_EVERY_NS = 1_000_000_000
CONFIRM_TIMEOUT_NS = 30_000_000_000
CONFIRM_FALLBACK_NS = 5_000_000_000
SENSOR_ANSWERS_MAX = 8  # to GS r that may come late; beyond, a new connection clears them
PRINT_TRIES_MAX = 3
DOCUMENT_BLOCKS_MAX = 5_000
SYMBOL_BYTES_MAX = 1_000
DRAWERS_PER_PRINTER_MAX = 4

# Virtual printer: memory of the decoder whatever it is fed.
RASTER_BYTES_MAX = 1_048_576
PAPER_ROWS_MAX = 10_000
PAPER_BYTES_MAX = 8_388_608
RECEIVE_BUFFER_BYTES_MAX = 262_144
COMMAND_BYTES_MAX = 65_541
PICTURE_DOTS_TALL_MAX = 24_000  # three metres of paper

# Scanner.
SCAN_CHARS_MAX = 256
SCANS_QUEUED_MAX = 256
SCAN_GAP_NS = 300_000_000
SCAN_KEPT_NS = 5_000_000_000

# Looking whether a terminal is at a place.
PROBE_S = 6.0
SERIAL_PROBE_S = 12.0
SERIAL_WORD_S = 1.0  # at each speed, for a terminal to acknowledge: it does so before it thinks
SERIAL_REPLY_S = 3.0  # from there until it says something

# Customer display.
DISPLAY_ROWS = 2
DISPLAY_COLUMNS = 20

assert len(SERIAL_RATES) * SERIAL_WORD_S + PROBE_S < SERIAL_PROBE_S < PROBE_TIMEOUT_S
assert EFFECTS_QUEUED_MAX < EFFECTS_REMEMBERED_MAX
assert BACKOFF_FIRST_S < BACKOFF_MAX_S
assert RETRY_FIRST_S < RETRY_MAX_S
assert STATUS_REPLY_TIMEOUT_NS <= STATUS_IDLE_EVERY_NS
assert STATUS_REPLY_TIMEOUT_NS * STATUS_TRIES_MAX < CONFIRM_TIMEOUT_NS
assert CONFIRM_FALLBACK_NS < CONFIRM_TIMEOUT_NS
assert RASTER_BAND_DOTS * 72 + 8 <= 2 * CHUNK_BYTES_TARGET
assert DOCUMENT_BLOCKS_MAX * BLOCK_BYTES_MIN > DOCUMENT_BYTES_MAX, "what the engine asks for prints"
assert DOCUMENT_BYTES_MAX + NOTES_PER_ORDER_MAX * NOTE_LENGTH_MAX * 4 < ITEM_BYTES_MAX, (
    "a link carries a document with the words in it that stood for tokens in the journal"
)
assert RASTER_BYTES_MAX < PAPER_BYTES_MAX
assert SYMBOL_BYTES_MAX < COMMAND_BYTES_MAX
