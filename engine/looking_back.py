"""Which commands look back at orders that ended."""

from __future__ import annotations

from typing import Any

from engine.order.commands import (
    AddReturnLine,
    CompleteOrder,
    OpenOrder,
    RefundToCredit,
    ReprintReceipt,
    ResumeOrder,
    StartTendering,
    TenderCash,
    TenderCredit,
    TenderForeign,
)
from engine.paylink.commands import HearPaylink, RequestPaylink
from engine.payment.commands import AskTip, CaptureTab, RequestPayment

SettlesReturns = (
    StartTendering
    | TenderCash
    | TenderForeign
    | TenderCredit
    | RefundToCredit
    | CompleteOrder
    | RequestPayment
    | RequestPaylink
    | AskTip
    | CaptureTab
)
"""These look at the sales that goods of the current order came back from."""


def looks_back(body: Any) -> bool:
    """Whether a command may name an order that ended."""
    named = AddReturnLine | ReprintReceipt | ResumeOrder | OpenOrder | HearPaylink
    return isinstance(body, named | SettlesReturns)
