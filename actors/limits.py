"""Every bound on what actors and links hold, wait for and carry, and how the bounds relate."""

from __future__ import annotations

NS_PER_S = 1_000_000_000

# ------------------------------------------------------------------------------------- mailboxes
MAILBOX_CAPACITY = 64
MAILBOX_CAPACITY_MAX = 4_096
ADDRESS_LENGTH_MAX = 128
ADDRESSES_PER_NODE_MAX = 4_096
ASK_TIMEOUT_S_MAX = 3_600.0

# ------------------------------------------------------------------------------------------- web
SOCKET_CLOSE_WITHIN_S = 2.0  # for the other side to read why a WebSocket is closed

# ----------------------------------------------------------------------------------- supervision
RESTART_DELAY_S_FIRST = 0.010
RESTART_DELAY_S_MAX = 5.0
RESTARTS_IN_WINDOW = 5
RESTART_WINDOW_S = 10.0
RESTART_HOLD_S = 30.0

# ----------------------------------------------------------------------------------------- links
LINK_VERSION = 1
FRAME_BYTES_MAX = 1 << 20
ITEM_BYTES_MAX = FRAME_BYTES_MAX - 64
ITEMS_PER_FRAME_MAX = 256
NAME_LENGTH_MAX = 64
TOKEN_LENGTH_MAX = 512
HELLO_BYTES_MAX = 4_096

NNG_REPLY_QUEUE = 64  # nng's raw REP drops silently beyond this many queued to one connection
CREDIT = 32  # frames, or plain requests, one side may have unanswered on one connection
BUSY_ABOVE = 48  # plain requests of one connection beyond which the router answers busy
EAGER = 2  # frames under way beyond which only full ones follow: the rest gather meanwhile
ACK_EVERY = 2  # frames taken without a frame going back before a bare acknowledgement is sent
ROUTER_BUFFER = 256  # messages nng may hold for a router, either way
CLIENT_BUFFER = 64  # messages nng may hold for a dialling socket, either way
DRAIN_MAX = 128  # messages taken from nng before other tasks get a turn
PIPES_MAX = 1_024

LINK_QUEUE_MAX = 1_024  # items waiting for a frame to one peer
LINK_QUEUE_BYTES_MAX = 8 << 20
LINK_ASKS_MAX = 1_024  # asks to one peer that wait for their answers
LINK_SEEN_MAX = 4_096  # ids of asks from one peer remembered, so that a repeat runs nothing twice
LINK_ANSWERS_BYTES_MAX = 4 << 20  # of answers kept with those ids
PEERS_MAX = 128

HEARTBEAT_S = 1.0
STALE_S = 3.0
RESEND_S = 1.0
TICK_S = 0.25
RECONNECT_MS_MIN = 50
RECONNECT_MS_MAX = 1_000
REFUSED_RETRY_S = 10.0

PUBLISH_BYTES_MAX = 64 << 10
PUBLISH_BUFFER = 128

assert CREDIT < BUSY_ABOVE < NNG_REPLY_QUEUE, "nng would drop what a connection may have waiting"
assert ACK_EVERY <= EAGER < CREDIT, "whoever waits to send is always owed an acknowledgement"
assert CREDIT + CREDIT // ACK_EVERY < NNG_REPLY_QUEUE - 8, "acknowledgements and beats fit too"
assert 2 * HEARTBEAT_S < STALE_S, "one lost heartbeat must not make a peer stale"
assert RESEND_S < STALE_S
assert TICK_S * 2 <= HEARTBEAT_S
assert RECONNECT_MS_MAX < STALE_S * 1_000, "a peer that comes back is met before it is given up"
assert ITEM_BYTES_MAX < FRAME_BYTES_MAX < LINK_QUEUE_BYTES_MAX
assert LINK_ASKS_MAX <= LINK_SEEN_MAX
assert HELLO_BYTES_MAX > NAME_LENGTH_MAX + TOKEN_LENGTH_MAX
assert MAILBOX_CAPACITY <= MAILBOX_CAPACITY_MAX
assert RESTART_DELAY_S_FIRST < RESTART_DELAY_S_MAX < RESTART_HOLD_S

# ----------------------------------------------------------------------------------- terminals

PAYMENT_TIMEOUT_S = 35 * 60.0
"""Of one payment, however long the customer takes; its terminal gives up before."""

INQUIRE_FIRST_S = 1.0
INQUIRE_OFTEN_S = 3.0
INQUIRE_OFTEN_NS = 180 * NS_PER_S
INQUIRE_MAX_S = 30.0
INQUIRE_TIMEOUT_S = 30.0
ABORT_TIMEOUT_S = 10.0

ASIDE_FIRST_NS = 10 * NS_PER_S
"""Until a terminal is asked once more about payments nobody waits for: twice as long each time that
it was asked, and at once after it did something else or was away."""
ASIDE_MAX_NS = 300 * NS_PER_S

FORWARD_FIRST_S = 5.0
"""Until a terminal is asked what became of what it took offline, and again: twice as long each time
that nothing was told."""
FORWARD_MAX_S = 120.0
FORWARD_TIMEOUT_S = 300.0
FORWARD_PAYMENTS_MAX = 500
"""How many are asked about at once, which fit a frame; the others have the next turn."""

ASK_BEFORE_END_NS = 60 * NS_PER_S
"""How long the end of a terminal's day waits for a question about these that goes well. A devices
node that was lost is back by then; a terminal takes no payment meanwhile."""

assert FORWARD_FIRST_S < FORWARD_MAX_S < FORWARD_TIMEOUT_S < ASK_TIMEOUT_S_MAX
assert ASIDE_FIRST_NS < ASIDE_MAX_NS
assert INQUIRE_FIRST_S < INQUIRE_OFTEN_S < INQUIRE_MAX_S < PAYMENT_TIMEOUT_S < ASK_TIMEOUT_S_MAX

LOOK_AGAIN_S = 10.0
"""The longest time between two looks at what is open, whatever news came."""

# ------------------------------------------------------------------------------ the bookkeeper

BATCH_COMMANDS_MAX = 256
"""Submissions of one batch: one append, one sync."""

BRIEF_NS = 3 * NS_PER_S // 1_000
"""Appends that take so long are done on a thread; shorter ones while everything waits."""

PAUSES_TO_ONE = 2
"""Those that follow another within that many times as long as it took are done on a thread too."""

SNAPSHOT_EVERY_RECORDS = 50_000
"""Records between two snapshots besides the one at each day close."""

ASK_TIMEOUT_S = 30.0
"""How long a register actor waits for the bookkeeper; an answer is never given up earlier."""

DISK_CHECK_NS = NS_PER_S
"""How often the free space is looked at."""

PERFORM_TIMEOUT_S = 2.0
"""How long the outbox waits for a device to say that it has an effect."""

REDELIVER_NS = 2 * NS_PER_S
"""An effect that is neither started nor finished is offered again after this."""

SHOW_AGAIN_S = 2.0
"""How often a display is told once more what it should show."""

REFRESH_AGAIN_S = 0.1
"""The pause after a view that could not be made, before it is tried again."""

FOLLOW_LEASE_NS = 30 * NS_PER_S
"""A follower that has been silent for so long is forgotten."""

FOLLOWERS_MAX = 256
"""Followers of one topic."""

EVENTS_BYTES_MAX = 256 << 10
"""Of the facts in one answer to `events.since`: with the words for which tokens stand in them, and
what else is said of each, they fit a frame."""

assert 3 * EVENTS_BYTES_MAX < ITEM_BYTES_MAX

VIEW_CHUNK = 1_000
"""Records a view reads at once while catching up."""

VIEW_BEHIND_MAX = 20_000
"""Records a view may still have to read while who asks it waits: some seconds' work."""

FOLD_QUIET_S = 0.02
"""How long nothing is committed before views fold what was."""

FOLD_WITHIN_S = 0.5
"""How long they wait for such a moment, as long as nobody asks."""

ANCHOR_EVERY_S = 1.0
"""The shortest time between two anchors of one node: each is a file written and synced."""

ANCHOR_TIMEOUT_S = 5.0
"""How long a node may take to write its anchor before it is asked again."""

# ------------------------------------------------------------------------------ payments by link

PROVIDER_TIMEOUT_S = 12.0
"""How long the store waits for a provider's actor; that one gives up before."""

LOOK_OFTEN_S = 2.0
"""Between two looks at a payment whose customer may be standing here."""

LOOK_OFTEN_NS = 180 * NS_PER_S
"""How long one is looked at often."""

LOOK_MAX_S = 60.0
"""Between two looks at what takes its time, or at a provider that does not answer."""

CALLBACK_TIMEOUT_S = 10.0
"""How long a provider's call waits to be durable before it is told to call again."""

LOOK_UNKNOWN_TIMES = 3
"""How often in a row a provider says that it does not know a refund before that is believed."""

assert LOOK_OFTEN_S < LOOK_MAX_S

# Looking for card terminals, and trying one out.
PROBES_AT_ONCE = 16
PROBE_TIMEOUT_S = 15.0  # longer than the devices node itself waits for one place
LOOK_TIMEOUT_S = 20.0
PAIR_AGAIN_S = 1.0
