"""Messages to a terminal as JSON, and its messages as what they mean.

Source: nexo Retailer Protocol 3.0 as published in the Adyen Terminal API's model, 32.1.0.
"""

from __future__ import annotations

from typing import Any, assert_never
from urllib.parse import urlencode

import orjson

from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.money import to_major

_ENTRY_MODES = {"keyed": ["Keyed"], "moto": ["Keyed"]}
_FIELD_CHARS_MAX = 80


def _amount(amount_minor: int, currency: str) -> orjson.Fragment:
    # Written digit by digit: a float would write other digits for some amounts.
    return orjson.Fragment(to_major(amount_minor, currency))


def header_members(header: m.Header) -> dict[str, Any]:
    """A message header as JSON."""
    members = {
        "ProtocolVersion": m.PROTOCOL_VERSION,
        "MessageClass": header.message_class,
        "MessageCategory": header.category,
        "MessageType": header.type,
        "ServiceID": header.service_id,
        "SaleID": header.sale_id,
        "POIID": header.poi_id,
        "DeviceID": header.device_id,
    }
    return {name: value for name, value in members.items() if value}


def request(header: m.Header, ask: m.Ask) -> bytes:
    """The plain text of a question.

    Raises:
        MessageError: `currency_unknown`.
    """
    body = {
        "MessageHeader": header_members(header),
        f"{header.category}Request": _body(ask, header),
    }
    return orjson.dumps({"SaleToPOIRequest": body})


def header_for(ask: m.Ask, *, service_id: str, sale_id: str, poi_id: str) -> m.Header:
    """The header that goes with a question."""
    category = m.CATEGORIES[type(ask)]
    kind = "Device" if category in m.DEVICE_CATEGORIES else "Service"
    device_id = service_id if kind == "Device" else ""
    return m.Header(category, service_id, sale_id, poi_id, "Request", kind, device_id)


def _body(ask: m.Ask, header: m.Header) -> dict[str, Any]:
    match ask:
        case m.PaymentAsk():
            return _payment(ask)
        case m.ReversalAsk():
            return _reversal(ask)
        case m.StatusAsk(category, service_id):
            reference = _reference(category, service_id, header)
            return {"ReceiptReprintFlag": False, "MessageReference": reference}
        case m.AbortAsk(category, service_id, reason):
            reference = _reference(category, service_id, header)
            return {"AbortReason": reason, "MessageReference": reference}
        case m.DiagnosisAsk(asks_host):
            return {"HostDiagnosisFlag": asks_host}
        case m.ReconciliationAsk(kind):
            return {"ReconciliationType": kind}
        case m.DisplayAsk(lines, device):
            shown = {"Device": device, "InfoQualify": "Display", "OutputContent": _content(lines)}
            return {"DisplayOutput": [shown]}
        case m.PrintAsk(lines, kind, mode):
            output = {"DocumentQualifier": kind, "ResponseMode": mode,
                      "OutputContent": _content(lines)}  # fmt: skip
            return {"PrintOutput": output}
        case m.InputAsk():
            return _input(ask)
        case _ as never:
            assert_never(never)


def _reference(category: str, service_id: str, header: m.Header) -> dict[str, Any]:
    """A message by this register to this terminal."""
    return {
        "MessageCategory": category,
        "ServiceID": service_id,
        "SaleID": header.sale_id,
        "POIID": header.poi_id,
    }


def _payment(ask: m.PaymentAsk) -> dict[str, Any]:
    amounts: dict[str, Any] = {
        "Currency": ask.currency,
        "RequestedAmount": _amount(ask.amount_minor + ask.tip_minor, ask.currency),
    }
    if ask.tip_minor:
        amounts["TipAmount"] = _amount(ask.tip_minor, ask.currency)
    conditions: dict[str, Any] = {"ForceOnlineFlag": not ask.offline_allowed}
    if ask.entry:
        conditions["ForceEntryMode"] = _ENTRY_MODES[ask.entry]
    sale = _sale(ask.transaction_id, ask.time_stamp)
    if options := _tender_options(ask):
        sale["SaleToAcquirerData"] = urlencode({"tenderOption": ",".join(options)}, safe=",")
    return {
        "SaleData": sale,
        "PaymentTransaction": {"AmountsReq": amounts, "TransactionConditions": conditions},
        "PaymentData": {"PaymentType": "Refund" if ask.is_refund else "Normal"},
    }


def _tender_options(ask: m.PaymentAsk) -> list[str]:
    wanted = {
        # The receipts come with the answer, for the register to print.
        "ReceiptHandler": True,
        "AskGratuity": ask.tip_allowed,
        "AllowPartialAuthorisation": ask.partial_allowed,
        "MOTO": ask.entry == "moto",
    }
    return [name for name, is_wanted in wanted.items() if is_wanted]


def _sale(transaction_id: str, time_stamp: str) -> dict[str, Any]:
    named = {"TransactionID": transaction_id[:_FIELD_CHARS_MAX], "TimeStamp": time_stamp}
    return {"SaleTransactionID": named}


def _reversal(ask: m.ReversalAsk) -> dict[str, Any]:
    sale = _sale(ask.transaction_id, ask.time_stamp)
    sale["SaleToAcquirerData"] = urlencode({"currency": ask.currency})
    original = {"TransactionID": ask.original.transaction_id, "TimeStamp": ask.original.time_stamp}
    return {
        "SaleData": sale,
        "OriginalPOITransaction": {"POITransactionID": original},
        "ReversedAmount": _amount(ask.amount_minor, ask.currency),
        "ReversalReason": ask.reason,
    }


def _content(lines: tuple[m.Line, ...]) -> dict[str, Any]:
    texts = []
    for line in lines:
        text: dict[str, Any] = {"Text": line.text, "EndOfLineFlag": True}
        if line.centred:
            text["Alignment"] = "Centred"
        if line.is_bold:
            text["CharacterStyle"] = "Bold"
        texts.append(text)
    return {"OutputFormat": "Text", "OutputText": texts}


def _input(ask: m.InputAsk) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "Device": "CustomerDisplay",
        "InfoQualify": "Display",
        "OutputContent": {
            "OutputFormat": "Text",
            "PredefinedContent": {"ReferenceID": ask.command},
            "OutputText": [{"Text": text} for text in (ask.title, *ask.lines)],
        },
    }
    if ask.entries:
        shown["MenuEntry"] = [
            {"OutputFormat": "Text", "OutputText": [{"Text": text}]} for text in ask.entries
        ]
    data: dict[str, Any] = {
        "Device": "CustomerInput",
        "InfoQualify": "Input",
        "InputCommand": ask.command,
        "MaxInputTime": ask.seconds_max,
    }
    if ask.digits_max:
        data |= {"MinLength": ask.digits_min, "MaxLength": ask.digits_max}
    return {"DisplayOutput": shown, "InputData": data}
