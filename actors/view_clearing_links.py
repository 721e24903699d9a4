"""Money paid by link or QR code on its way to the bank, folded from the journal.

A provider's takings are in its acquirer's files as a terminal's are. What it took counts whatever
became of it here: money that fits no order, or comes a second time, is with the provider too.
"""

from __future__ import annotations

import apsw

from actors.view_clearing_folds import Money, put_money
from actors.view_clearing_match import keys_of_payment
from actors.view_clearing_schema import row_of
from engine.paylink.events import (
    LinkAsked,
    PaylinkConfirmed,
    PaylinkEnded,
    PaylinkOffered,
    PaylinkRequested,
    PaylinkStrayed,
)
from engine.provider import LinkKind, Told
from engine.record import Record
from engine.settings import StoreConfigured
from engine.terminal import Kind
from engine.upcast import event_of
from engine.wire import canonical, parse, structure, unstructure

_ENTRY = "link"


def fold_link(db: apsw.Connection, record: Record) -> None:
    """What providers took and gave back, with its fee by the rate card once it is confirmed."""
    day = record.stamp.business_date
    match event_of(record):
        case PaylinkRequested(asked):
            paylink_id = asked.paylink_id
            body = canonical(unstructure(asked))
            db.execute("INSERT OR REPLACE INTO link_asked VALUES (?, ?, '')", (paylink_id, body))
        case PaylinkOffered(paylink_id, reference):
            values = (reference, paylink_id)
            db.execute("UPDATE link_asked SET reference = ? WHERE paylink_id = ?", values)
        case PaylinkConfirmed(paylink_id, told):
            _confirm(db, paylink_id, told, day)
        case PaylinkEnded(paylink_id):
            _end(db, paylink_id, day)
        case PaylinkStrayed(paylink_id, provider, told):
            _stray(db, (paylink_id, provider), told, day)
        case StoreConfigured(rules):
            db.execute("INSERT OR REPLACE INTO state VALUES ('currency', ?)", (rules.currency,))
        case _:
            pass


def _confirm(db: apsw.Connection, paylink_id: str, told: Told, day: str) -> None:
    if not _is_ours(db, told):
        return
    asked, reference = _asked(db, paylink_id)
    money = _money(db, asked, day, told.amount_minor, told.method)
    put_money(db, money, _keys(paylink_id, reference, told.provider_reference))


def _end(db: apsw.Connection, paylink_id: str, day: str) -> None:
    """No money moves by it; what had gone back and bounced is a refund that was taken back."""
    asked, reference = _asked(db, paylink_id)
    if asked.kind is LinkKind.PAYMENT:
        # What came to nothing here may all the same be in a file one day.
        put_money(db, _money(db, asked, day, 0, ""), _keys(paylink_id, reference))
        return
    gone = row_of(
        db, "SELECT root, amount_minor, brand FROM card_money WHERE payment_id = ?", (paylink_id,)
    )
    if gone is not None:
        root, amount_minor, brand = gone
        bounced = Money(
            f"{paylink_id}/bounced",
            root,
            asked.provider,
            Kind.REVERSAL,
            day,
            amount_minor,
            _ENTRY,
            brand,
            order_id=asked.order_id,
            of_refund=True,
            is_link=True,
        )
        put_money(db, bounced, ())


def _stray(db: apsw.Connection, named: tuple[str, str], told: Told, day: str) -> None:
    """Money that nobody asked for, or more of it: an account of its own, unless the provider calls
    it what it called another."""
    if not _is_ours(db, told):
        return
    paylink_id, provider = named
    keys = _keys(told.provider_reference)
    known = row_of(db, "SELECT root FROM card_keys WHERE key = ?", keys) if keys else None
    money = Money(
        paylink_id,
        paylink_id if known is None else str(known[0]),
        provider,
        Kind.SALE,
        day,
        told.amount_minor,
        _ENTRY,
        told.method,
        is_link=True,
    )
    put_money(db, money, keys)


def _asked(db: apsw.Connection, paylink_id: str) -> tuple[LinkAsked, str]:
    """What was asked of the provider, and the name that it gave it when it took it on."""
    body, reference = row_of(
        db, "SELECT body, reference FROM link_asked WHERE paylink_id = ?", (paylink_id,)
    )
    return structure(parse(body), LinkAsked), str(reference)


def _is_ours(db: apsw.Connection, told: Told) -> bool:
    """Whether it is money of the store's currency; other money is nowhere in clearing."""
    row = row_of(db, "SELECT value FROM state WHERE key = 'currency'")
    return row is not None and row[0] == told.currency


def _money(
    db: apsw.Connection, asked: LinkAsked, day: str, amount_minor: int, method: str
) -> Money:
    is_refund = asked.kind is LinkKind.REFUND
    root, brand = asked.paylink_id, method
    if is_refund:
        root, brand = _root_of(db, asked)
    return Money(
        asked.paylink_id,
        root,
        asked.provider,
        Kind.REFUND if is_refund else Kind.SALE,
        day,
        amount_minor,
        _ENTRY,
        brand,
        order_id=asked.order_id,
        is_link=True,
    )


def _root_of(db: apsw.Connection, asked: LinkAsked) -> tuple[str, str]:
    """The payment that a refund gives back of, and how that was paid."""
    for paylink_id in (asked.of_paylink, asked.original):
        row = row_of(db, "SELECT root, brand FROM card_money WHERE payment_id = ?", (paylink_id,))
        if row is not None:
            return str(row[0]), str(row[1])
    return asked.paylink_id, ""


def _keys(*references: str) -> tuple[str, ...]:
    """By what a file may know it: the provider's names for it, and ours."""
    return tuple(keys_of_payment(references))
