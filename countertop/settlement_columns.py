"""How the columns of an acquirer's settlement file are named, and what its kinds of rows mean."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from attrs import frozen

from countertop.errors import CommandFailedError
from countertop.toml_files import NOT_READ, read_toml
from engine.fields import Fields, FieldsError
from engine.settlement.model import RowKind


@frozen
class Columns:
    """The names of columns, in small letters; "" for what a file does not have.

    An amount is in `gross` with its sign, or in `credit` and `debit` without one; what only has a
    net amount, such as a payout, has it in `net`, or in `net_credit` and `net_debit`. Of `fees` all
    that are filled are summed. `decimal` is the sign before the decimals of amounts. `others` are
    left unread; "*" stands for any.
    """

    kind: str
    currency: str
    gross: str = ""
    credit: str = ""
    debit: str = ""
    fees: tuple[str, ...] = ()
    net: str = ""
    net_credit: str = ""
    net_debit: str = ""
    net_currency: str = ""
    batch: str = ""
    date: str = ""
    reference: str = ""
    own_reference: str = ""
    terminal_id: str = ""
    trace: str = ""
    receipt: str = ""
    brand: str = ""
    others: tuple[str, ...] = ()
    decimal: str = "."
    kinds: tuple[tuple[str, RowKind], ...] = ()

    def named(self) -> list[str]:
        """Every column that is read where a file has it."""
        single = (
            *(self.kind, self.currency, self.gross, self.credit, self.debit, self.net),
            *(self.net_credit, self.net_debit, self.net_currency, self.batch, self.date),
            *(self.reference, self.own_reference, self.terminal_id, self.trace, self.receipt),
            self.brand,
        )
        return [name for name in (*single, *self.fees) if name]

    def kind_of(self, word: str) -> RowKind | None:
        """What a word in the column of kinds means; None where nobody said."""
        return dict(self.kinds).get(word.casefold())


OWN: Final = Columns(
    "kind",
    "currency",
    "gross",
    fees=("fee",),
    batch="batch",
    date="date",
    reference="reference",
    own_reference="own_reference",
    terminal_id="terminal_id",
    trace="trace",
    receipt="receipt",
    brand="brand",
    kinds=tuple((kind.value, kind) for kind in RowKind),
)
_ADYEN_KINDS: Final = {
    RowKind.PAYMENT: ("Settled",),
    RowKind.REFUND: ("Refunded",),
    RowKind.CHARGEBACK: (
        *("Chargeback", "SecondChargeback", "ChargebackReversed", "RefundedReversed"),
    ),
    RowKind.FEE: ("Fee", "MiscCosts", "PaymentCost"),
    RowKind.PAYOUT: ("MerchantPayout", "PaidOut"),
    RowKind.OTHER: (
        *("DepositCorrection", "InvoiceDeduction", "MatchedStatement", "ManualCorrected"),
        *("BankInstructionReturned", "EpaPaid", "Balancetransfer", "PaidOutReversed"),
    ),
}
ADYEN: Final = Columns(
    "type",
    "gross currency",
    credit="gross credit (gc)",
    debit="gross debit (gc)",
    fees=("commission (nc)", "markup (nc)", "scheme fees (nc)", "interchange (nc)"),
    net_credit="net credit (nc)",
    net_debit="net debit (nc)",
    net_currency="net currency",
    batch="batch number",
    date="creation date",
    reference="psp reference",
    own_reference="modification reference",
    brand="payment method",
    others=("*",),
    kinds=tuple((word.casefold(), kind) for kind, words in _ADYEN_KINDS.items() for word in words),
)
"""Adyen's settlement details report. Source: docs.adyen.com, "Settlement details report" and its
journal types, as published in November 2026. No real report has been tried."""

BUILT_IN: Final = {"own": OWN, "adyen": ADYEN}
_TEXTS: Final = (
    *("gross", "credit", "debit", "net", "net_credit", "net_debit", "net_currency", "batch"),
    *("date", "reference", "own_reference", "terminal_id", "trace", "receipt", "brand"),
)


def columns_named(name: str) -> Columns:
    """A map by its name, or from a TOML file.

    Raises:
        CommandFailedError: there is none, or the file cannot be read; the words say where and why.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    file = Path(name)
    try:
        fields = Fields(read_toml(file), "")
        row = fields.inner("columns")
        if row is None:
            raise FieldsError("field_must_be_present", "columns")
        texts = {key: row.text(key, "").lower() for key in _TEXTS}
        found = Columns(
            row.text("kind").lower(),
            row.text("currency").lower(),
            fees=tuple(entry.lower() for entry in row.texts("fees")),
            others=tuple(entry.lower() for entry in row.texts("others")),
            decimal=row.text("decimal", "."),
            kinds=_kinds(fields),
            **texts,
        )
        row.done()
        fields.done()
    except FieldsError as error:
        raise CommandFailedError(f"{file}: {error}. {NOT_READ}") from None
    if found.decimal not in (".", ","):
        raise CommandFailedError(f"{file}: columns.decimal is neither . nor a comma. {NOT_READ}")
    if not found.kind or not found.currency:
        raise CommandFailedError(f"{file} names no column of kinds, or of currencies. {NOT_READ}")
    if not found.gross and not (found.credit and found.debit):
        raise CommandFailedError(f"{file} names no column of amounts. {NOT_READ}")
    return found


def _kinds(fields: Fields) -> tuple[tuple[str, RowKind], ...]:
    row = fields.inner("kinds")
    if row is None:
        return OWN.kinds
    found = [(word.casefold(), row.word(word, RowKind, RowKind.OTHER)) for word in row.names()]
    row.done()
    return tuple(found)
