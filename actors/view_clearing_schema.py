"""Where the views keep card money on its way: the tables, and how they are asked."""

from __future__ import annotations

from typing import Any, Final

import apsw

CLEARING_SCHEMA: Final = (
    # What was asked of a terminal, until it is known what became of it. Meanwhile the terminal may
    # end its day: `ended` is the end of day it came before, and `unheard` one before that whose
    # answer was lost, "" where there was none.
    """CREATE TABLE IF NOT EXISTS card_asked (payment_id TEXT PRIMARY KEY, terminal TEXT NOT NULL,
    unheard TEXT NOT NULL, ended TEXT NOT NULL, body BLOB NOT NULL) STRICT""",
    # What was asked of a provider, which may tell of it more than once, and its name for it.
    """CREATE TABLE IF NOT EXISTS link_asked (paylink_id TEXT PRIMARY KEY,
    body BLOB NOT NULL, reference TEXT NOT NULL) STRICT""",
    # Every payment, refund and reversal that moved money; `root` is the payment an account is of,
    # `place` the terminal or, where it was paid by link, the provider.
    """CREATE TABLE IF NOT EXISTS card_money (payment_id TEXT PRIMARY KEY, root TEXT NOT NULL,
    place TEXT NOT NULL, acquirer TEXT NOT NULL, kind TEXT NOT NULL, of_refund INTEGER NOT NULL,
    day TEXT NOT NULL, amount_minor INTEGER NOT NULL, entry TEXT NOT NULL, brand TEXT NOT NULL,
    card TEXT NOT NULL, order_id TEXT NOT NULL, presence TEXT NOT NULL, fee_minor INTEGER NOT NULL,
    has_rate INTEGER NOT NULL, is_link INTEGER NOT NULL) STRICT""",
    "CREATE INDEX IF NOT EXISTS card_money_by_root ON card_money (root)",
    "CREATE INDEX IF NOT EXISTS card_money_by_day ON card_money (day)",
    """CREATE TABLE IF NOT EXISTS card_keys (key TEXT NOT NULL, root TEXT NOT NULL,
    PRIMARY KEY (key, root)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS accounts (root TEXT PRIMARY KEY, acquirer TEXT NOT NULL,
    told INTEGER NOT NULL, body BLOB NOT NULL) STRICT""",
    # What differs in an account: from the day in `due` on, where a file may still tell of it.
    """CREATE TABLE IF NOT EXISTS account_items (item TEXT PRIMARY KEY, root TEXT NOT NULL,
    acquirer TEXT NOT NULL, kind TEXT NOT NULL, due TEXT NOT NULL, day TEXT NOT NULL,
    difference_minor INTEGER NOT NULL, ours_minor INTEGER NOT NULL, theirs_minor INTEGER NOT NULL,
    is_back INTEGER NOT NULL) STRICT""",
    "CREATE INDEX IF NOT EXISTS account_items_by_root ON account_items (root)",
    "CREATE INDEX IF NOT EXISTS account_items_by_day ON account_items (acquirer, day, item)",
    """CREATE INDEX IF NOT EXISTS account_items_sums ON account_items
    (acquirer, due, kind, difference_minor)""",
    """CREATE TABLE IF NOT EXISTS clearing_days (day TEXT NOT NULL, acquirer TEXT NOT NULL,
    payments INTEGER NOT NULL, captured_minor INTEGER NOT NULL, cleared_minor INTEGER NOT NULL,
    fee_expected_minor INTEGER NOT NULL, fee_charged_minor INTEGER NOT NULL,
    PRIMARY KEY (day, acquirer)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS settlement_staged (file TEXT NOT NULL, part INTEGER NOT NULL,
    body BLOB NOT NULL, PRIMARY KEY (file, part)) STRICT""",
    # A row is what it says, and how often its file said so: in another file it is the same row. One
    # without any name is so only behind the same row; `behind` is the last with a name of a file.
    """CREATE TABLE IF NOT EXISTS settlement_rows (row TEXT PRIMARY KEY, acquirer TEXT NOT NULL,
    file TEXT NOT NULL, line INTEGER NOT NULL, kind TEXT NOT NULL, root TEXT NOT NULL,
    batch TEXT NOT NULL, day TEXT NOT NULL, gross_minor INTEGER NOT NULL, fee_minor INTEGER,
    reference TEXT NOT NULL, brand TEXT NOT NULL) STRICT""",
    "CREATE INDEX IF NOT EXISTS settlement_rows_by_root ON settlement_rows (root) WHERE root <> ''",
    """CREATE INDEX IF NOT EXISTS settlement_rows_unmatched ON settlement_rows (acquirer)
    WHERE root = '' AND kind IN ('payment', 'refund', 'chargeback')""",
    """CREATE TABLE IF NOT EXISTS row_keys (key TEXT NOT NULL, rank INTEGER NOT NULL,
    row TEXT NOT NULL, PRIMARY KEY (key, row)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS row_keys_by_row ON row_keys (row, rank)",
    # How often the file that is being counted said a row.
    "CREATE TABLE IF NOT EXISTS row_counts (row BLOB PRIMARY KEY, n INTEGER NOT NULL) STRICT",
    """CREATE TABLE IF NOT EXISTS batches (acquirer TEXT NOT NULL, batch TEXT NOT NULL,
    day TEXT NOT NULL, net_minor INTEGER NOT NULL, paid_out_minor INTEGER NOT NULL,
    other_minor INTEGER NOT NULL, payouts INTEGER NOT NULL, fee_minor INTEGER NOT NULL,
    PRIMARY KEY (acquirer, batch)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS settlement_files (file TEXT PRIMARY KEY, acquirer TEXT NOT NULL,
    name TEXT NOT NULL, at_ns INTEGER NOT NULL, rows INTEGER NOT NULL, seen INTEGER NOT NULL,
    parts INTEGER NOT NULL, counted INTEGER NOT NULL, position INTEGER NOT NULL,
    behind TEXT NOT NULL) STRICT""",
    """CREATE TABLE IF NOT EXISTS explained (item TEXT PRIMARY KEY, operator TEXT NOT NULL,
    finding TEXT NOT NULL) STRICT""",
    """CREATE TABLE IF NOT EXISTS terminal_days (terminal TEXT PRIMARY KEY, asked TEXT NOT NULL,
    at_ns INTEGER NOT NULL, body BLOB) STRICT""",
    # The ends of day before which something was taken that nobody knows of yet, or was not.
    """CREATE TABLE IF NOT EXISTS doubted_days (day_id TEXT PRIMARY KEY, day TEXT NOT NULL,
    body BLOB NOT NULL) STRICT""",
    # What was counted into one of these, until it is known whether its bank paid.
    """CREATE TABLE IF NOT EXISTS counted_late (payment_id TEXT PRIMARY KEY, day_id TEXT NOT NULL,
    body BLOB NOT NULL) STRICT""",
    """CREATE TABLE IF NOT EXISTS day_items (item TEXT PRIMARY KEY, terminal TEXT NOT NULL,
    day TEXT NOT NULL, body BLOB NOT NULL) STRICT""",
    "CREATE INDEX IF NOT EXISTS day_items_by_day ON day_items (day, item)",
)


def rows_of(db: apsw.Connection, statement: str, values: tuple[Any, ...] = ()) -> list[Any]:
    """Every row of an answer, its columns as the tables have them."""
    return db.execute(statement, values).fetchall()


def row_of(db: apsw.Connection, statement: str, values: tuple[Any, ...] = ()) -> Any:
    """The one row of an answer; None where there is none."""
    return db.execute(statement, values).fetchone()
