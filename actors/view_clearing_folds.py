"""Card money on its way to the bank, folded from the journal: what was taken, and what it costs.

What terminals' ends of day say of it is folded in `view_clearing_days`, what files say in
`view_clearing_rows`, and which payment each row is of is found in `view_clearing_match`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import apsw
import attrs
from attrs import frozen

from actors.view_clearing_days import Late, count_late, forget_certain_days, judged_late
from actors.view_clearing_match import (
    Terms,
    find_payment,
    keys_of_payment,
    look_again,
    terms_of,
)
from actors.view_clearing_schema import row_of, rows_of
from engine.limits import NS_PER_S
from engine.payment.events import (
    Asked,
    ExceptionClosed,
    OfflineUploaded,
    PaymentHeard,
    PaymentRequested,
    Standing,
)
from engine.payment.terminal_day import taken_of
from engine.record import Record
from engine.settlement import fees
from engine.settlement.decide import ItemExplained, TermsSet
from engine.settlement.judge import Account, TakenBack, judge
from engine.settlement.presented import day_of
from engine.stamp import Stamp
from engine.terminal import Answer, Kind
from engine.upcast import event_of
from engine.wire import canonical, parse, structure, unstructure

APPROVED: Final = (
    Standing.APPROVED,
    Standing.PARTIALLY_APPROVED,
    Standing.OFFLINE_APPROVED,
)
# After every business date: all that is in no file yet is missing then.
_ONE_DAY: Final = "9999-12-31"
_OPEN: Final = (Standing.REQUESTED, Standing.UNKNOWN)
_MONEY: Final = (Kind.SALE, Kind.CAPTURE, Kind.REFUND, Kind.REVERSAL)


@frozen
class Money:
    """What a terminal or a provider took or gave back; `root` is the payment whose account it is
    of, `place` the address of the terminal or the provider, `entry` how the card was read."""

    payment_id: str
    root: str
    place: str
    kind: Kind
    day: str
    amount_minor: int
    entry: str
    brand: str = ""
    card: str = ""
    order_id: str = ""
    of_refund: bool = False
    is_link: bool = False


def fold_payment(db: apsw.Connection, record: Record) -> None:
    """What terminals took, with its fee by the rate card as soon as it is captured."""
    if record.stream.startswith("payment/"):
        match event_of(record):
            case PaymentRequested(asked):
                if asked.kind in _MONEY:
                    body = canonical(unstructure(asked))
                    values = (asked.payment_id, asked.terminal, body)
                    db.execute("INSERT OR REPLACE INTO card_asked VALUES (?, ?, '', '', ?)", values)
            case PaymentHeard() as event:
                _hear(db, event, record.stamp)
            case OfflineUploaded(payment_id, is_paid):
                if not is_paid:
                    _undo(db, payment_id)
                judged_late(db, payment_id, is_paid=is_paid)
            case ExceptionClosed(payment_id):
                # Nobody told what the bank made of it, and nobody will.
                judged_late(db, payment_id, is_paid=True)
                _forget(db, payment_id)
            case _:
                pass


def fold_terms(db: apsw.Connection, record: Record) -> None:
    """Other rate cards price anew what no file has told of yet; and what somebody explained. What
    an acquirer that is left out has not paid yet stays its own, once it sent a file."""
    event = event_of(record)
    if isinstance(event, ItemExplained):
        values = (event.item, event.operator, event.finding)
        db.execute("INSERT OR REPLACE INTO explained VALUES (?, ?, ?)", values)
    if not isinstance(event, TermsSet):
        return
    before, names = terms_of(db), {entry.id for entry in event.acquirers}
    told = {row[0] for row in rows_of(db, "SELECT DISTINCT acquirer FROM settlement_files")}
    former = tuple(
        entry
        for entry in before.acquirers + before.former
        if entry.id in told and entry.id not in names
    )
    terms = Terms(event.acquirers, former)
    text = canonical(unstructure(terms)).decode()
    db.execute("INSERT OR REPLACE INTO state VALUES ('terms', ?)", (text,))
    rows = rows_of(
        db,
        "SELECT payment_id, root, place, kind, day, amount_minor, entry, brand, is_link "
        "FROM card_money "
        "LEFT JOIN accounts USING (root) WHERE coalesce(told, 0) = 0 "
        "AND card_money.acquirer NOT IN (SELECT value FROM json_each(?))",
        (canonical([entry.id for entry in former]).decode(),),
    )
    for payment_id, root, place, kind, day, amount_minor, entry, brand, is_link in rows:
        money = Money(payment_id, root, place, Kind(kind), day, amount_minor, entry, brand)
        priced = _priced(terms, attrs.evolve(money, is_link=bool(is_link)))
        db.execute(
            "UPDATE card_money SET acquirer = ?, presence = ?, fee_minor = ?, has_rate = ? "
            "WHERE payment_id = ?",
            (*priced, payment_id),
        )
    # What was another's may be the one's that told of it all along.
    recount(db, dict.fromkeys((*(row[1] for row in rows), *look_again(db, terms))))


# ----------------------------------------------------------------------------------- payments


def _hear(db: apsw.Connection, event: PaymentHeard, stamp: Stamp) -> None:
    found = row_of(
        db, "SELECT body, unheard, ended FROM card_asked WHERE payment_id = ?", (event.payment_id,)
    )
    if found is None or event.standing in _OPEN:
        return
    asked, answer = structure(parse(found[0]), Asked), event.answer
    is_taken = event.standing in APPROVED
    taken = taken_of(asked, answer) if is_taken else None
    if found[2] and taken is not None:
        is_stored = event.standing is Standing.OFFLINE_APPROVED
        late = Late(found[2], found[1], taken, is_stored)
        count_late(db, event.payment_id, late)
    _forget(db, event.payment_id)
    if is_taken and asked.kind is Kind.REVERSAL:
        # What went back is presented to no bank.
        judged_late(db, asked.of_payment, is_paid=True)
    if not is_taken and not answer.identity.is_told:
        return
    # What came to nothing here may all the same be in a file one day.
    amount_minor = (answer.amount_minor or asked.amount_minor) if is_taken else 0
    if asked.kind is Kind.REVERSAL and _moved_nothing(db, asked.of_payment):
        amount_minor = 0
    money = Money(
        event.payment_id,
        _root_of(db, asked),
        asked.terminal,
        asked.kind,
        stamp.business_date,
        amount_minor,
        # Typed by our own asking, whatever the terminal calls it.
        asked.entry.value or answer.card.entry,
        answer.card.brand or asked.brand,
        answer.card.number,
        asked.order_id,
        asked.of_refund,
    )
    put_money(db, money, _keys_of_payment(asked, answer, stamp))


def _forget(db: apsw.Connection, payment_id: str) -> None:
    """Nothing more will be told of what became of it."""
    db.execute("DELETE FROM card_asked WHERE payment_id = ?", (payment_id,))
    forget_certain_days(db)


def put_money(db: apsw.Connection, money: Money, keys: Iterable[str]) -> None:
    """Put `money` into its account, with its fee by the rate card, and let rows of files that came
    before it find it by any of its `keys`."""
    terms = terms_of(db)
    acquirer, presence, fee_minor, has_rate = _priced(terms, money)
    db.execute(
        f"INSERT OR REPLACE INTO card_money VALUES ({', '.join('?' * 16)})",
        (
            money.payment_id,
            money.root,
            money.place,
            acquirer,
            money.kind.value,
            int(money.of_refund),
            money.day,
            money.amount_minor,
            money.entry,
            money.brand,
            money.card,
            money.order_id,
            presence,
            fee_minor,
            has_rate,
            int(money.is_link),
        ),
    )
    named: dict[str, str] = {}
    for key in keys:
        db.execute("INSERT OR IGNORE INTO card_keys VALUES (?, ?)", (key, money.root))
        rows = rows_of(
            db,
            "SELECT row, settlement_rows.root FROM row_keys JOIN settlement_rows USING (row) "
            "WHERE key = ?",
            (key,),
        )
        named.update(rows)
    found = [find_payment(db, terms, row) for row in named]
    roots = dict.fromkeys((money.root, *named.values(), *found))
    recount(db, (root for root in roots if root))


def _undo(db: apsw.Connection, payment_id: str) -> None:
    """Taken offline and refused afterwards: no money moved, nor by what took back a part of it."""
    row = row_of(db, "SELECT root FROM card_money WHERE payment_id = ?", (payment_id,))
    if row is not None:
        db.execute(
            "UPDATE card_money SET amount_minor = 0, fee_minor = 0 WHERE payment_id = ?1 "
            "OR (root = ?1 AND kind = 'reversal' AND of_refund = 0)",
            (payment_id,),
        )
        # Another payment of one name with it is the only one of that name now.
        recount(db, (row[0], *look_again(db, terms_of(db), row[0])))


def _moved_nothing(db: apsw.Connection, payment_id: str) -> bool:
    """Whether a payment came to nothing, as where its bank refused what was stored: what takes it
    back, and was on its way by then, moves nothing either."""
    row = row_of(db, "SELECT amount_minor FROM card_money WHERE payment_id = ?", (payment_id,))
    return row is not None and row[0] == 0


def _root_of(db: apsw.Connection, asked: Asked) -> str:
    """The payment whose account this is of: a refund and a reversal are of the one they undo."""
    if asked.kind not in (Kind.REFUND, Kind.REVERSAL):
        return asked.payment_id
    row = row_of(db, "SELECT root FROM card_money WHERE payment_id = ?", (asked.of_payment,))
    return asked.payment_id if row is None else str(row[0])


def _priced(terms: Terms, money: Money) -> tuple[str, str, int, int]:
    """Acquirer, presence, fee, and whether the rate card has a line for it."""
    whose = fees.acquirer_of_provider if money.is_link else fees.acquirer_of
    acquirer = whose(terms.acquirers, money.place, money.day)
    presence = fees.presence_of(money.entry)
    rate = None if acquirer is None else fees.rate_of(acquirer, presence, money.brand, money.day)
    fee_minor = 0
    if rate is not None and money.amount_minor:
        is_refund = money.kind in (Kind.REFUND, Kind.REVERSAL)
        fee_minor = fees.fee_minor(rate, money.amount_minor, is_refund=is_refund)
    return acquirer.id if acquirer else "", presence.value, fee_minor, int(rate is not None)


# --------------------------------------------------------------------------------------- keys


def _keys_of_payment(asked: Asked, answer: Answer, stamp: Stamp) -> Iterator[str]:
    """Every name a settlement file may have for it: ours, and the terminal's; a capture is also
    named as its reservation."""
    yield from keys_of_payment((asked.payment_id,))
    names = [answer.identity]
    if asked.kind is Kind.CAPTURE and asked.original is not None:
        names.append(asked.original)
    for name in names:
        yield from keys_of_payment(
            (name.reference, name.reference.rpartition(".")[2]),
            name.terminal_id,
            day_of(name.date, stamp.now_ns // NS_PER_S + stamp.utc_offset_s),
            (name.trace, name.receipt),
        )


# ----------------------------------------------------------------------------------- accounts


def recount(db: apsw.Connection, roots: Iterable[str]) -> None:
    """Make the accounts of these payments, and the days they are on, what they come to now."""
    for root in roots:
        row = row_of(db, "SELECT acquirer, body FROM accounts WHERE root = ?", (root,))
        if row is not None:
            _count_in(db, row[0], structure(parse(row[1]), Account), -1)
        acquirer, account = _account_of(db, root)
        told = int(
            account.settled_rows + account.settled_back_rows > 0 or account.charged_minor != 0
        )
        db.execute(
            "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?)",
            (root, acquirer, told, canonical(unstructure(account))),
        )
        _count_in(db, acquirer, account, 1)
        _list_items(db, acquirer, root, account)


def _list_items(db: apsw.Connection, acquirer: str, root: str, account: Account) -> None:
    """What differs in an account, each from the day it is due on: nobody has to judge thousands of
    accounts who only wants to see the oldest."""
    db.execute("DELETE FROM account_items WHERE root = ?", (root,))
    for entry in judge(account, _ONE_DAY).findings:
        day = (entry.is_back and account.back_day) or account.paid_day or account.back_day
        side = "back" if entry.is_back else "paid"
        db.execute(
            f"INSERT INTO account_items VALUES ({', '.join('?' * 10)})",
            (
                f"{entry.kind.value}/{root}/{side}/{entry.difference_minor}",
                root,
                acquirer,
                entry.kind.value,
                entry.due,
                day,
                entry.difference_minor,
                entry.ours_minor,
                entry.theirs_minor,
                int(entry.is_back),
            ),
        )


def _count_in(db: apsw.Connection, acquirer: str, account: Account, sign: int) -> None:
    standing = judge(account, "")
    paid_day = account.paid_day or account.back_day
    fee = (account.fee_expected_minor, account.fee_charged_minor)
    counted = int(account.paid_minor > 0)
    rows = [(paid_day, counted, standing.captured_minor, standing.cleared_minor, *fee)]
    back = (standing.captured_back_minor, standing.cleared_back_minor)
    if any(back):
        rows.append((account.back_day or paid_day, 0, *back, 0, 0))
    for day, *figures in rows:
        db.execute(
            "INSERT INTO clearing_days VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "payments = payments + excluded.payments, "
            "captured_minor = captured_minor + excluded.captured_minor, "
            "cleared_minor = cleared_minor + excluded.cleared_minor, "
            "fee_expected_minor = fee_expected_minor + excluded.fee_expected_minor, "
            "fee_charged_minor = fee_charged_minor + excluded.fee_charged_minor",
            (day, acquirer, *(sign * figure for figure in figures)),
        )


def _account_of(db: apsw.Connection, root: str) -> tuple[str, Account]:
    money = rows_of(
        db,
        "SELECT kind, of_refund, day, amount_minor, fee_minor, acquirer, has_rate FROM card_money "
        "WHERE root = ? ORDER BY payment_id = root DESC, day",
        (root,),
    )
    sums: dict[str, Any] = dict.fromkeys(("paid", "back", "reversed"), 0)
    costs = dict(sums)
    days = {"paid": "", "back": "", "reversed": ""}
    taken_back: list[TakenBack] = []
    for kind, of_refund, day, amount_minor, fee_minor, _, _ in money:
        side, sign = _side_of(Kind(kind), of_refund=bool(of_refund))
        sums[side] += sign * amount_minor
        costs[side] += sign * fee_minor
        if sign < 0:
            taken_back.append(TakenBack(amount_minor, fee_minor))
        days[side] = max(days[side], day)
    told = _told_of(db, root)
    # Without a line of the rate card nobody knows what it should have cost.
    fee_rows = told["fee_rows"] if all(row[6] for row in money) else 0
    account = Account(
        sums["paid"],
        sums["reversed"],
        sums["back"],
        days["paid"],
        max(days["back"], days["reversed"]),
        told["paid"],
        told["paid_rows"],
        told["back"],
        told["back_rows"],
        told["charged"],
        costs["paid"],
        costs["back"],
        costs["reversed"],
        told["fee"],
        fee_rows,
        tuple(taken_back),
    )
    return money[0][5], account


def _side_of(kind: Kind, *, of_refund: bool) -> tuple[str, int]:
    if kind is Kind.REFUND:
        return "back", 1
    if kind is Kind.REVERSAL:
        return ("back", -1) if of_refund else ("reversed", 1)
    return "paid", 1


def _told_of(db: apsw.Connection, root: str) -> dict[str, int]:
    found = dict.fromkeys(
        ("paid", "paid_rows", "back", "back_rows", "charged", "fee", "fee_rows"), 0
    )
    rows = rows_of(
        db,
        # Of what was declined nothing is paid, and what that costs no rate card has.
        "SELECT kind, gross_minor, fee_minor FROM settlement_rows WHERE root = ? "
        "AND kind <> 'declined'",
        (root,),
    )
    for kind, gross_minor, fee_minor in rows:
        match kind:
            case "payment":
                found["paid"] += gross_minor
                found["paid_rows"] += 1
            case "refund":
                found["back"] -= gross_minor
                found["back_rows"] += 1
            case _:
                found["charged"] += gross_minor
        found["fee"] += fee_minor or 0
        found["fee_rows"] += fee_minor is not None
    return found
