"""What may be asked of card payments."""

from __future__ import annotations

from attrs import frozen

from engine.decision import COMMANDS
from engine.payment.events import OfflinePolicy, UploadSource
from engine.terminal import Answer, CardEntry


@COMMANDS.name("payment.request")
@frozen
class RequestPayment:
    """Have the register's terminal take what is due of the current order, or `amount_minor` of it;
    where money goes back, give it back to the card it came from.

    `source_order` and `source_tender` name the tender to give back of; empty takes the first card
    of the receipts the goods came from. With an `entry` the card's number is typed at the terminal,
    which takes a right of its own.
    """

    amount_minor: int = 0
    source_order: str = ""
    source_tender: int = 0
    entry: CardEntry = CardEntry.READ


@COMMANDS.name("payment.ask_tip")
@frozen
class AskTip:
    """Turn the screen to the customer and ask for a tip on what a card will pay: `amount_minor`, or
    all that is due. From here on the register takes nothing but the answer, or `payment.leave_tip`.
    """

    amount_minor: int = 0


@COMMANDS.name("payment.answer_tip")
@frozen
class AnswerTip:
    """What the customer gives; the next `payment.request` of that amount has it on top."""

    tip_minor: int


@COMMANDS.name("payment.leave_tip")
@frozen
class LeaveTip:
    """Take the screen back unanswered. Whose PIN it is is signed on from then. `pin_correct` is set
    by the register actor only."""

    operator: str
    pin: str = ""
    pin_correct: bool = False


@COMMANDS.name("payment.open_tab")
@frozen
class OpenTab:
    """Reserve an amount on a card for the current order, whose bill is closed later."""

    amount_minor: int


@COMMANDS.name("payment.raise_tab")
@frozen
class RaiseTab:
    """Reserve a higher amount instead, on a card shown again; only then is the first released."""

    amount_minor: int


@COMMANDS.name("payment.adjust_tip")
@frozen
class AdjustTip:
    """Set the tip to be captured with the tab; may change until it is."""

    tip_minor: int


@COMMANDS.name("payment.capture_tab")
@frozen
class CaptureTab:
    """Take what is due, and the tip, from the card of the tab. Once."""


@COMMANDS.name("payment.release_tab")
@frozen
class ReleaseTab:
    """Give up the reservation; the bill is paid another way."""


@COMMANDS.name("payment.cancel")
@frozen
class CancelPayment:
    """Ask the terminal to end what it does; what it answers counts."""

    payment_id: str


@COMMANDS.name("payment.reverse_tender")
@frozen
class ReverseTender:
    """Take back a card tender of the current order before it completes."""

    tender: int


@COMMANDS.name("payment.reverse_again")
@frozen
class ReverseAgain:
    """Try once more to take back an exception's payment."""

    payment_id: str


@COMMANDS.name("payment.take_back")
@frozen
class TakeBack:
    """Have a terminal that is free now take back what nobody wants any more. The store asks so by
    itself for what waits for that; of any other payment it changes nothing."""

    payment_id: str


@COMMANDS.name("payment.set_aside")
@frozen
class SetPaymentAside:
    """Stop waiting for an unknown payment, so that its terminal can take others. It stays unknown
    and on the list of exceptions."""

    payment_id: str
    reason: str


@COMMANDS.name("payment.close_exception")
@frozen
class CloseException:
    """Take a payment off the list of exceptions, with what was found. Moves no money."""

    payment_id: str
    finding: str


@COMMANDS.name("payment.keep")
@frozen
class KeepPayment:
    """A terminal wants this written down before it is told that it arrived."""

    payment_id: str
    answer: Answer


@COMMANDS.name("payment.hear")
@frozen
class HearPayment:
    """What became of a payment. `is_inquiry`: this is what the terminal says when asked again."""

    payment_id: str
    answer: Answer
    is_inquiry: bool = False


@COMMANDS.name("payment.upload")
@frozen
class ReportUpload:
    """What came of a payment taken offline once it was presented. Said twice, the first time
    settled it."""

    payment_id: str
    is_paid: bool
    source: UploadSource = UploadSource.NONE
    code: str = ""
    detail: str = ""


@COMMANDS.name("payment.set_offline_policy")
@frozen
class SetOfflinePolicy:
    """How much may be taken offline."""

    policy: OfflinePolicy


TipCommand = AskTip | AnswerTip | LeaveTip
PaymentCommand = (
    RequestPayment
    | AskTip
    | AnswerTip
    | LeaveTip
    | OpenTab
    | RaiseTab
    | AdjustTip
    | CaptureTab
    | ReleaseTab
    | CancelPayment
    | ReverseTender
    | ReverseAgain
    | TakeBack
    | SetPaymentAside
    | CloseException
    | KeepPayment
    | HearPayment
    | ReportUpload
    | SetOfflinePolicy
)
