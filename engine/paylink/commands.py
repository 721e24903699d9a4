"""What may be asked of payments by link."""

from __future__ import annotations

from attrs import frozen

from engine.decision import COMMANDS
from engine.limits import PAYLINK_LIFE_S
from engine.provider import Told


@COMMANDS.name("paylink.request")
@frozen
class RequestPaylink:
    """Have the register's provider make a link for what is due of the current order, or for
    `amount_minor` of it, to be paid within `life_s`; where money goes back, have it given back.

    `source_order` and `source_tender` name the tender to give back of; empty takes the first one
    by link of the receipts the goods came from.
    """

    amount_minor: int = 0
    life_s: int = PAYLINK_LIFE_S
    source_order: str = ""
    source_tender: int = 0


@COMMANDS.name("paylink.cancel")
@frozen
class CancelPaylink:
    """End one that waits; if it was paid already, that counts."""

    paylink_id: str


@COMMANDS.name("paylink.reverse_tender")
@frozen
class ReverseLinkTender:
    """Give back a tender by link of the current order before it completes."""

    tender: int


@COMMANDS.name("paylink.send_back")
@frozen
class SendBackPaylink:
    """Have the provider give back the money of an exception, or try a refund once more."""

    paylink_id: str


@COMMANDS.name("paylink.close_exception")
@frozen
class CloseLinkException:
    """Take it off the list of exceptions, with what was found. Moves no money."""

    paylink_id: str
    finding: str


@COMMANDS.name("paylink.hear")
@frozen
class HearPaylink:
    """What a provider said, whether it was asked or called by itself."""

    provider: str
    told: Told


@COMMANDS.name("paylink.expire")
@frozen
class ExpirePaylink:
    """Its time is over."""

    paylink_id: str


PaylinkCommand = (
    RequestPaylink
    | CancelPaylink
    | ReverseLinkTender
    | SendBackPaylink
    | CloseLinkException
    | HearPaylink
    | ExpirePaylink
)
