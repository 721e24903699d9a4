"""What a shop and a nexo terminal say to each other, as types. Amounts are minor units.

Source: nexo Retailer Protocol 3.0 as published in the Adyen Terminal API's model, 32.1.0.
"""

from __future__ import annotations

from attrs import field, frozen

from engine.terminal import CardShown, ForPaper, SettledTotal, Slip

PROTOCOL_VERSION = "3.0"


@frozen
class Header:
    """Who speaks to whom about what. `service_id` pairs a question with its answer and names a
    transaction for the two days the terminal remembers it."""

    category: str
    service_id: str
    sale_id: str
    poi_id: str
    type: str = "Request"
    message_class: str = "Service"
    device_id: str = ""


@frozen
class PoiTransaction:
    """The terminal's own name for a transaction, and its time as it wrote it."""

    transaction_id: str
    time_stamp: str


@frozen
class PaymentAsk:
    """Take or give back money. `entry` is empty, `keyed` (typed at the terminal) or `moto` (the
    same for a customer on the telephone); `tip_minor` is a tip the register knows already."""

    amount_minor: int
    currency: str
    transaction_id: str
    time_stamp: str
    is_refund: bool = False
    entry: str = ""
    tip_minor: int = 0
    tip_allowed: bool = False
    partial_allowed: bool = False
    offline_allowed: bool = False


@frozen
class ReversalAsk:
    """Undo a transaction, `amount_minor` of it."""

    original: PoiTransaction
    amount_minor: int
    currency: str
    transaction_id: str
    time_stamp: str
    reason: str = "MerchantCancel"


@frozen
class StatusAsk:
    """What became of a message? `category` is Payment or Reversal; `wants_receipts` has them told
    again as well."""

    category: str
    service_id: str
    wants_receipts: bool = False


@frozen
class AbortAsk:
    """End a message that runs."""

    category: str
    service_id: str
    reason: str = "MerchantAbort"


@frozen
class DiagnosisAsk:
    """How are you? `asks_host` has it try its connection as well."""

    asks_host: bool = False


@frozen
class ReconciliationAsk:
    """End the day."""

    kind: str = "SaleReconciliation"


@frozen
class Line:
    """One line to show or print."""

    text: str
    centred: bool = False
    is_bold: bool = False


@frozen
class DisplayAsk:
    """Show this on `device`."""

    lines: tuple[Line, ...]
    device: str = "CustomerDisplay"


@frozen
class PrintAsk:
    """Print this; `kind` is a document qualifier."""

    lines: tuple[Line, ...]
    kind: str = "Document"
    mode: str = "PrintEnd"


@frozen
class InputAsk:
    """Ask the customer. `command` is GetConfirmation, GetMenuEntry, TextString, DigitString or
    DecimalString, `entries` are a menu's."""

    command: str
    title: str
    lines: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    seconds_max: int = 60
    digits_min: int = 0
    digits_max: int = 0


Ask = (
    PaymentAsk
    | ReversalAsk
    | StatusAsk
    | AbortAsk
    | DiagnosisAsk
    | ReconciliationAsk
    | DisplayAsk
    | PrintAsk
    | InputAsk
)
CATEGORIES: dict[type, str] = {
    PaymentAsk: "Payment",
    ReversalAsk: "Reversal",
    StatusAsk: "TransactionStatus",
    AbortAsk: "Abort",
    DiagnosisAsk: "Diagnosis",
    ReconciliationAsk: "Reconciliation",
    DisplayAsk: "Display",
    PrintAsk: "Print",
    InputAsk: "Input",
}
DEVICE_CATEGORIES = ("Display", "Print", "Input")


@frozen
class Outcome:
    """How it went: `result` is Success, Partial, Failure or a word to come; `condition` is why not.
    `extra` is what else was told, by name."""

    result: str
    condition: str = ""
    extra: dict[str, str] = field(factory=dict)

    @property
    def is_success(self) -> bool:
        """Whether it was done, in whole or in part."""
        return self.result in ("Success", "Partial")


@frozen
class PaymentTold:
    """What became of a payment; amounts None where they were not told. `amount_minor` is what was
    authorised, tip included."""

    outcome: Outcome
    sale_transaction_id: str = ""
    poi: PoiTransaction | None = None
    amount_minor: int | None = None
    tip_minor: int = 0
    currency: str = ""
    is_online: bool = True
    card: CardShown = field(factory=CardShown)
    authorisation: str = ""
    acquirer_reference: str = ""
    slips: tuple[Slip, ...] = ()
    paper: ForPaper = field(factory=ForPaper)


@frozen
class ReversalTold:
    """What became of a reversal. `poi` is its own name, not its original's."""

    outcome: Outcome
    poi: PoiTransaction | None = None
    amount_text: str = ""
    slips: tuple[Slip, ...] = ()
    paper: ForPaper = field(factory=ForPaper)


@frozen
class StatusTold:
    """What the terminal remembers of a message: its header and what it was answered."""

    outcome: Outcome
    header: Header | None = None
    repeated: PaymentTold | ReversalTold | None = None


@frozen
class DiagnosisTold:
    """How the terminal is. `printer` is empty where it has none or does not say."""

    outcome: Outcome
    status: str = ""
    printer: str = ""
    is_connected: bool = True


@frozen
class ReconciliationTold:
    """The terminal's totals, and what they come to in all where they could be read."""

    outcome: Outcome
    totals: tuple[SettledTotal, ...] = ()
    amount_minor: int | None = None


@frozen
class OutputTold:
    """What became of something to show or print."""

    outcome: Outcome


@frozen
class InputTold:
    """What the customer answered; None and empty where that was not it."""

    outcome: Outcome
    is_confirmed: bool | None = None
    entry_index: int | None = None
    text: str = ""


@frozen
class RejectedTold:
    """A notice in the place of an answer: the message did not arrive, or nobody knows."""

    event: str
    detail: str = ""


Told = (
    PaymentTold
    | ReversalTold
    | StatusTold
    | DiagnosisTold
    | ReconciliationTold
    | OutputTold
    | InputTold
    | RejectedTold
)

AboutTold = StatusTold | DiagnosisTold
"""What may be answered to an inquiry."""


@frozen
class Notice:
    """What a terminal tells unasked. `event` is a display notification's (`PIN_ENTERED`) or an
    event's (`Shutdown`); `poi` where it names the transaction it is about."""

    event: str
    detail: str = ""
    poi: PoiTransaction | None = None
    is_display: bool = False
