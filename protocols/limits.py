"""Every bound of the doors in one place, and how they relate."""

from __future__ import annotations

from actors.limits import BUSY_ABOVE, CREDIT, SOCKET_CLOSE_WITHIN_S

# ------------------------------------------------------------------------------------- the frames
FRAME_BYTES_MAX = 64 << 10  # of a frame from outside
FRAME_DEPTH_MAX = 16  # objects and lists inside each other
ID_LENGTH_MAX = 64
NAME_LENGTH_MAX = 64
CLIENT_LENGTH_MAX = 120
TOKEN_LENGTH_MAX = 512
REGISTER_LENGTH_MAX = 12
DETAIL_LENGTH_MAX = 400
INTEGER_MAX = 2**63 - 1

# ----------------------------------------------------------------------------------- conversations
OUTSTANDING_MAX = CREDIT  # commands and queries of one connection without an answer yet
SESSIONS_MAX = 512  # connections of one door
HELLO_WITHIN_S = 5.0
HEARTBEAT_S = 15
SILENCE_S_MAX = 40.0  # nothing heard for so long: the other side is gone
SEND_WITHIN_S = 20.0  # one frame not taken for so long: the other side is gone
ASK_TIMEOUT_S = 35.0  # how long a door waits for a register actor
OUTBOX_FRAMES_MAX = 64  # direct frames waiting for one slow reader; then nothing is read from it
NOTICES_MAX = 16  # scan notices waiting for one slow reader; then the oldest goes
EVENTS_PAGE = 100  # facts fetched at once for a subscriber
LEASE_RENEW_S = 10.0
FOLLOW_RETRY_S = 0.5
CLOSE_WITHIN_S = SOCKET_CLOSE_WITHIN_S

# --------------------------------------------------------------------------------------- clients
CLIENT_FRAME_BYTES_MAX = 4 << 20  # of a frame from the store
CLIENT_DEADLINE_S = 30.0  # for one command with all its repeats
CLIENT_ATTEMPT_S = 5.0  # for one try of it
CLIENT_RETRY_S_FIRST = 0.02
CLIENT_RETRY_S_MAX = 1.0
CLIENT_UPDATES_MAX = 1_024

# ------------------------------------------------------------------------------------------ HTTP
BODY_BYTES_MAX = 64 << 10
SEGMENT_BYTES_MAX = 64 << 20
CALLBACK_BYTES_MAX = 16 << 10
BODY_WITHIN_S = 15.0  # the whole of a body, but a segment's
SEGMENT_PIECE_WITHIN_S = 20.0  # the next piece of a segment
SHUTDOWN_S = 3.0
KEEP_ALIVE_S = 30.0
BACKLOG = 128
CONNECTIONS_MAX = SESSIONS_MAX + 128  # of one port; a process may often open no more than 1,024

assert OUTSTANDING_MAX <= CREDIT < BUSY_ABOVE, "nng drops replies beyond its queue in silence"
assert OUTSTANDING_MAX < OUTBOX_FRAMES_MAX, "every answer a connection may wait for has room"
assert HELLO_WITHIN_S < HEARTBEAT_S < SILENCE_S_MAX / 2, "one lost ping is no lost front end"
assert LEASE_RENEW_S * 3 <= 30.0, "a lease survives a renewal that was lost"
assert CLIENT_ATTEMPT_S < CLIENT_DEADLINE_S < ASK_TIMEOUT_S
assert CALLBACK_BYTES_MAX <= BODY_BYTES_MAX <= SEGMENT_BYTES_MAX
