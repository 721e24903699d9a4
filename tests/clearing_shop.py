"""A shop whose card money is followed to the bank: its facts folded as the views fold them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

import apsw
from attrs import define, field

from actors.view_clearing_reads import clearing_view, payment_fees
from actors.view_clearing_rows import count_some, fold_clearing
from actors.view_folds import SCHEMA
from engine.decision import EVENTS
from engine.paylink.events import PaylinkConfirmed
from engine.queries import ClearingState, FindPaymentFees
from engine.record import Kind, NewRecord, Record
from engine.settlement.decide import ImportSettlement, SetTerms, StageSettlement
from engine.settlement.model import Acquirer, Presence, Rate, RowKind, SettlementRow
from engine.views.clearing_shapes import AcquirerView, ClearingView, PaymentFeeView
from engine.wire import canonical, parse, unstructure
from tests.shop import Shop

PART = 3
TODAY = "2026-11-30"
RATES = (
    Rate(Presence.IN_PERSON, 9_000, 5),
    Rate(Presence.IN_PERSON, 19_500, 8, brand="amex"),
    Rate(Presence.KEYED, 29_000, 30),
    Rate(Presence.ONLINE, 14_000, 25),
)
BANK = Acquirer("bank", "Card Bank", rates=RATES, days=3)


def _memory() -> apsw.Connection:
    db = apsw.Connection(":memory:")
    for statement in SCHEMA:
        db.execute(statement)
    return db


@define
class Clearing:
    """A shop, and the views of its clearing account up to the last fact that was folded."""

    shop: Shop
    db: apsw.Connection = field(factory=_memory)
    folded: int = 0
    files: int = 0

    def records(self) -> Iterator[Record]:
        """The shop's facts since it was asked last, as the journal has them."""
        for fact, stamp in self.shop.posted[self.folded :]:
            self.folded += 1
            data = parse(canonical(unstructure(fact.event)))
            kind: Kind = "training" if fact.training else "live"
            name = EVENTS.name_of(fact.event)
            new = NewRecord(kind, fact.stream, 1, name, "c", "max", "1", stamp, data)
            yield new.at(self.folded, 1)

    def fold(self) -> None:
        """Catch up with the shop's facts."""
        for record in self.records():
            fold_clearing(self.db, record)
        while count_some(self.db):
            pass

    def view(self, today: str = TODAY, **query: Any) -> ClearingView:
        """What is told of it on a day."""
        self.fold()
        return clearing_view(self.db, ClearingState(**query), today)

    def account(self, today: str = TODAY) -> AcquirerView:
        """The one acquirer's clearing account."""
        (found,) = self.view(today).acquirers
        return found

    def kinds(self, today: str = TODAY) -> list[str]:
        """What kinds of differences are listed."""
        return [item.kind for item in self.view(today).items]

    def fees(self) -> tuple[PaymentFeeView, ...]:
        """What the payments of the shop's day cost."""
        self.fold()
        return payment_fees(self.db, FindPaymentFees("2026-11-23")).payments

    def terms(self, *acquirers: Acquirer) -> None:
        """Put terms in force."""
        self.shop.ok(SetTerms(acquirers or (BANK,)), admin=True)

    def settle(self, rows: Iterable[SettlementRow], acquirer: str = "bank") -> str:
        """Import a file of these rows; its hash."""
        rows = tuple(rows)
        self.files += 1
        content = canonical([self.files, unstructure(rows)])
        file = sha256(content).hexdigest()
        parts = [rows[at : at + PART] for at in range(0, len(rows), PART)] or [()]
        for number, part in enumerate(parts):
            self.shop.ok(StageSettlement(file, number, acquirer, part), admin=True)
        whole = ImportSettlement(file, f"file {self.files}", len(parts), len(rows))
        self.shop.ok(whole, admin=True)
        return file


def paid(number: int, gross_minor: int, fee_minor: int | None = None, **more: Any) -> SettlementRow:
    """What a file says of the terminal's transaction with this number (`tests.card_shop.told`)."""
    base: dict[str, Any] = {
        "batch": "1",
        "date": "2026-11-26",
        "terminal_id": "29001234",
        "trace": number,
        "brand": "visa",
    }
    kind = RowKind.PAYMENT if gross_minor > 0 else RowKind.REFUND
    return SettlementRow(kind, gross_minor, fee_minor, **{**base, **more})


def link_names(clearing: Clearing) -> list[str]:
    """What the provider calls each transaction by link it told of, in order."""
    return [event.told.provider_reference for event in clearing.shop.events(PaylinkConfirmed)]


def payout(amount_minor: int, batch: str = "1") -> SettlementRow:
    """What a file says of money sent to the bank."""
    return SettlementRow(RowKind.PAYOUT, -amount_minor, batch=batch, date="2026-11-27")
