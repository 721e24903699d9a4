"""What other actors ask of a terminal, and what it asks and tells in return."""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from actors.messages import MESSAGES
from engine.terminal import UNSENT, Answer, Condition, Identity, Settlement, Transaction
from engine.terminals import PairedTerminal, TerminalProtocol


@MESSAGES.name("terminal.request")
@frozen
class Request:
    """Do a transaction. Answered `Heard` at its end.

    `keeper`, where given, is asked `Keep` before the terminal hears that its result arrived.
    `before`, where given, was written down for the terminal's last transaction before this one,
    with the request itself: if it was, the first `Keep` is not needed. `remembered` is as in
    `Inquire`.
    """

    request_id: str
    transaction: Transaction
    keeper: str = ""
    before: Identity | None = None
    remembered: Identity | None = None


@MESSAGES.name("terminal.inquire")
@frozen
class Inquire:
    """Ask what became of a transaction in doubt. Answered `Heard`.

    `remembered`, where given, is a payment the terminal told of before: one that forgot it proves
    nothing by not knowing this one. It is for terminals whose transactions have names of their own.
    Where `is_cancel_asked`, one that still goes on is called off. One that `gives_way` is asked
    only while nothing else is wanted of the terminal, and what a customer waits for goes before.
    """

    request_id: str
    doubt: Answer
    remembered: Identity | None = None
    is_cancel_asked: bool = False
    gives_way: bool = False


@MESSAGES.name("terminal.heard")
@frozen
class Heard:
    """What became of a request, or is known of it."""

    request_id: str
    answer: Answer


@MESSAGES.name("terminal.keep")
@frozen
class Keep:
    """Terminal to keeper: write this down now.

    The first one is a doubt with code `begun`: what was its last transaction before, so that this
    one can be asked for. Only `Accepted` lets it begin; otherwise the terminal hears nothing and
    the request is answered as aborted, `not_sent`. The second is the result: only `Accepted` lets
    the terminal hear that it arrived; anything else makes it take the transaction back.
    """

    request_id: str
    answer: Answer


@MESSAGES.name("terminal.progress")
@frozen
class Progress:
    """Terminal to keeper, told and not asked: what it shows to the customer meanwhile."""

    request_id: str
    code: str
    text: str = ""


@MESSAGES.name("terminal.over")
@frozen
class Over:
    """Terminal to keeper, told and not asked: that request is over, and whoever asked for it, such
    as the store before it began anew, was not there any more to hear it. Told once, and it may be
    lost."""

    request_id: str


@MESSAGES.name("terminal.abort")
@frozen
class Abort:
    """End what runs for that request. Answered `Accepted`, or `Failure` with code `nothing_runs`:
    what began since is another customer's."""

    request_id: str


@frozen
class StoredPayment:
    """A payment a terminal approved alone; `answer` is what it told when it did."""

    payment_id: str
    answer: Answer


@MESSAGES.name("terminal.forward")
@frozen
class Forward:
    """Present what you took offline, where you can, and tell what became of these. Answered
    `Forwarded`; each result is asked of `keeper` as `KeepUpload` before the terminal hears that it
    arrived. Whatever else is asked of the terminal meanwhile goes before.
    """

    payments: tuple[StoredPayment, ...]
    keeper: str


CUT_SHORT = (*UNSENT, "unreachable", "link_lost", "no_reply", "aborted_at_terminal", "not_kept")
"""Codes of a question about what was taken offline that came to no end, by no word of the bank."""


@MESSAGES.name("terminal.forwarded")
@frozen
class Forwarded:
    """How that ended, as a stable word: `ok`, or why no more was told."""

    code: str

    @property
    def is_cut_short(self) -> bool:
        """Whether the same question may bring more as soon as it is asked again: the terminal did
        not hear all of it, something else went before, or a result could not be written down."""
        return self.code in CUT_SHORT


@MESSAGES.name("terminal.keep_upload")
@frozen
class KeepUpload:
    """Terminal to keeper: this became of a payment taken offline; write it down now. `answer` says
    approved or declined. Only `Accepted` lets the terminal hear that it arrived."""

    payment_id: str
    answer: Answer


class Use(Enum):
    """What a terminal's screen, printer or keys are wanted for beside payments."""

    SHOW = "show"
    PRINT = "print"
    CONFIRM = "confirm"
    CHOOSE = "choose"
    DIGITS = "digits"
    TEXT = "text"


@MESSAGES.name("terminal.say")
@frozen
class Say:
    """Show or print these lines, or ask the customer: under `title` to confirm them, to choose one
    of them, to type digits or words, at most `seconds_max` long. Only while no payment runs, and
    one that begins goes before. Answered `Said`. A card number is never asked for."""

    use: Use
    lines: tuple[str, ...] = ()
    title: str = ""
    seconds_max: int = 60


@MESSAGES.name("terminal.said")
@frozen
class Said:
    """What became of it: `ok`, or why it came to nothing, as a stable word. `is_confirmed` answers
    `confirm`, `choice` is the line chosen, from 0, `text` what was typed."""

    code: str
    is_confirmed: bool | None = None
    choice: int | None = None
    text: str = ""


@MESSAGES.name("terminal.settle")
@frozen
class Settle:
    """End the terminal's day. Answered `Settlement`."""


@MESSAGES.name("terminal.look")
@frozen
class Look:
    """How is it? Answered `Condition`."""


@MESSAGES.name("terminal.probe")
@frozen
class Probe:
    """Is a card terminal at this place (`tcp://host:port`, or `serial:///dev/...`, at whatever
    speed)? Where the port is that of one protocol, the other's is looked at too, if the shop has
    such terminals. Answered `Probed`."""

    transport: str


@MESSAGES.name("terminal.probed")
@frozen
class Probed:
    """What is at a place: a terminal's own number, "" where none answered as one, and how it said
    it is, or why nothing was heard. `transport` is where it answered. One that is not `is_trusted`
    told that number and could not show that it is the one; or it is a serial port that this program
    may not use (`port_forbidden`), or another one does (`port_in_use`)."""

    code: str
    serial: str = ""
    transport: str = ""
    protocol: TerminalProtocol = TerminalProtocol.ZVT
    is_trusted: bool = True

    @property
    def is_met(self) -> bool:
        """Whether a terminal is there, be it one that never told its number."""
        return bool(self.serial) or self.code == "in_use"

    @property
    def is_told(self) -> bool:
        """Whether a person wants to know of it: a terminal, or why one could not be heard."""
        return self.is_met or not self.is_trusted


@MESSAGES.name("terminal.locate")
@frozen
class Locate:
    """Which network is this machine in, and which serial ports has it? Answered `Located`."""


@MESSAGES.name("terminal.located")
@frozen
class Located:
    """A network of 256, such as `192.168.1.0/24`; "" where it is in none of a shop's own. `ports`
    are named as they are opened."""

    network: str
    ports: tuple[str, ...] = ()


@MESSAGES.name("terminal.pairings")
@frozen
class Pairings:
    """All terminals that are paired. Answered `Accepted` once each runs, and no other does."""

    terminals: tuple[PairedTerminal, ...]


# Answers that are whole messages: without a name they would not cross a link.
MESSAGES.name("terminal.condition")(Condition)
MESSAGES.name("terminal.settlement")(Settlement)
