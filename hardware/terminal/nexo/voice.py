"""The terminal's side of the conversation: questions as they arrive, answers as it writes them.

For the simulated terminal; a round trip through both sides shows that neither loses anything.
"""

from __future__ import annotations

from typing import Any, assert_never
from urllib.parse import quote, urlencode

import orjson

from engine.terminal import Slip
from hardware.terminal.nexo import codec, codes, told
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.money import to_major, to_minor
from hardware.terminal.nexo.reading import Members, MessageError, Number

_MODES = {"chip": "ICC", "contactless": "Contactless", "magstripe": "MagStripe", "keyed": "Keyed"}
_METHODS = {
    "online_pin": ["OnlinePIN"],
    "offline_pin": ["OfflinePIN"],
    "signature": ["PaperSignature"],
    "offline_pin_and_signature": ["OfflinePIN", "PaperSignature"],
}
_QUALIFIERS = {"merchant": "CashierReceipt", "customer": "CustomerReceipt"}


# ----------------------------------------------------------------------------------- questions


def question(message: dict[str, Any]) -> tuple[m.Header, m.Ask]:
    """A register's question.

    Raises:
        MessageError: it is none.
    """
    body = Members("message", message).need("SaleToPOIRequest")
    header = told.header(body.need("MessageHeader"))
    return header, _ask(body.need(f"{header.category}Request"), header.category)


def _ask(body: Members, category: str) -> m.Ask:
    match category:
        case "Payment":
            return _payment(body)
        case "Reversal":
            return _reversal(body)
        case "TransactionStatus":
            reference = body.need("MessageReference")
            wants_receipts = body.flag("ReceiptReprintFlag")
            category, service_id = reference.name("MessageCategory"), reference.name("ServiceID")
            return m.StatusAsk(category, service_id, wants_receipts)
        case "Abort":
            reference = body.need("MessageReference")
            names = (reference.name("MessageCategory"), reference.name("ServiceID"))
            return m.AbortAsk(*names, body.text("AbortReason"))
        case "Diagnosis":
            return m.DiagnosisAsk(body.flag("HostDiagnosisFlag"))
        case "Reconciliation":
            return m.ReconciliationAsk(body.text("ReconciliationType"))
        case "Display":
            output = body.children("DisplayOutput")[:1]
            lines = _lines(output[0].inner("OutputContent")) if output else ()
            return m.DisplayAsk(lines, output[0].text("Device") if output else "")
        case "Print":
            printed = body.need("PrintOutput")
            kind, mode = printed.text("DocumentQualifier"), printed.text("ResponseMode")
            return m.PrintAsk(_lines(printed.inner("OutputContent")), kind, mode)
        case "Input":
            return _input(body)
    raise MessageError("category_unknown", category[:40])


def _need_amount(members: Members, name: str, currency: str) -> int:
    number = members.number(name)
    if number is None:
        raise MessageError("member_missing", f"{members.where}.{name}")
    return to_minor(Number(number), currency)


def _payment(body: Members) -> m.PaymentAsk:
    sale, transaction = body.need("SaleData"), body.need("PaymentTransaction")
    amounts, conditions = transaction.need("AmountsReq"), transaction.inner("TransactionConditions")
    named = sale.need("SaleTransactionID")
    currency = amounts.text("Currency")
    tip = amounts.number("TipAmount")
    tip_minor = 0 if tip is None else to_minor(tip, currency)
    options = sale.pairs("SaleToAcquirerData").get("tenderOption", "").split(",")
    is_keyed = "Keyed" in conditions.texts("ForceEntryMode")
    return m.PaymentAsk(
        _need_amount(amounts, "RequestedAmount", currency) - tip_minor,
        currency,
        named.name("TransactionID"),
        named.name("TimeStamp"),
        is_refund=body.inner("PaymentData").text("PaymentType") == "Refund",
        entry="moto" if "MOTO" in options else "keyed" if is_keyed else "",
        tip_minor=tip_minor,
        tip_allowed="AskGratuity" in options,
        partial_allowed="AllowPartialAuthorisation" in options,
        offline_allowed=not conditions.flag("ForceOnlineFlag"),
    )


def _reversal(body: Members) -> m.ReversalAsk:
    sale = body.inner("SaleData")
    original = body.need("OriginalPOITransaction").need("POITransactionID")
    named = sale.inner("SaleTransactionID")
    currency = sale.pairs("SaleToAcquirerData").get("currency", "")
    return m.ReversalAsk(
        m.PoiTransaction(original.name("TransactionID"), original.name("TimeStamp")),
        _need_amount(body, "ReversedAmount", currency),
        currency,
        named.name("TransactionID"),
        named.name("TimeStamp"),
        body.text("ReversalReason"),
    )


def _lines(content: Members) -> tuple[m.Line, ...]:
    return tuple(
        m.Line(
            text.text("Text"),
            text.text("Alignment") == "Centred",
            text.text("CharacterStyle") == "Bold",
        )
        for text in content.children("OutputText")
    )


def _input(body: Members) -> m.InputAsk:
    data, shown = body.need("InputData"), body.inner("DisplayOutput")
    texts = [line.text for line in _lines(shown.inner("OutputContent"))] or [""]
    entries = [line.text for entry in shown.children("MenuEntry") for line in _lines(entry)[:1]]
    return m.InputAsk(
        data.text("InputCommand"),
        texts[0],
        tuple(texts[1:]),
        tuple(entries),
        data.whole("MaxInputTime") or 0,
        data.whole("MinLength") or 0,
        data.whole("MaxLength") or 0,
    )


# ------------------------------------------------------------------------------------- answers


def answer(header: m.Header, said: m.Told, currency: str) -> bytes:
    """The plain text of an answer to the question with that header."""
    if isinstance(said, m.RejectedTold):
        return event(header, said.event, said.detail)
    head = codec.header_members(reply_header(header))
    body = {"MessageHeader": head, f"{header.category}Response": _body(said, currency)}
    return orjson.dumps({"SaleToPOIResponse": body})


def reply_header(header: m.Header) -> m.Header:
    """The header of an answer."""
    return m.Header(
        header.category,
        header.service_id,
        header.sale_id,
        header.poi_id,
        "Response",
        header.message_class,
        header.device_id,
    )


def _body(said: m.Told, currency: str) -> dict[str, Any]:
    match said:
        case m.PaymentTold():
            return payment(said)
        case m.ReversalTold():
            return _reversal_body(said)
        case m.StatusTold():
            return _status(said, currency)
        case m.DiagnosisTold():
            status = {
                "GlobalStatus": said.status,
                "PrinterStatus": said.printer,
                "CommunicationOKFlag": said.is_connected,
            }
            return {"Response": _outcome(said.outcome), "POIStatus": status}
        case m.ReconciliationTold():
            return _reconciliation(said, currency)
        case m.OutputTold():
            told_twice = _outcome(said.outcome)
            result = {"Device": "CustomerDisplay", "InfoQualify": "Display", "Response": told_twice}
            return {"OutputResult": [result], "Response": told_twice}
        case m.InputTold():
            return _input_body(said)
        case m.RejectedTold():
            return {}
        case _ as never:
            assert_never(never)


def _outcome(outcome: m.Outcome) -> dict[str, Any]:
    members: dict[str, Any] = {"Result": outcome.result}
    if outcome.condition:
        members["ErrorCondition"] = outcome.condition
    if outcome.extra:
        members["AdditionalResponse"] = urlencode(outcome.extra)
    return members


def _amount(amount_minor: int, currency: str) -> orjson.Fragment:
    return orjson.Fragment(to_major(amount_minor, currency))


def _poi(poi: m.PoiTransaction | None) -> dict[str, Any]:
    if poi is None:
        return {}
    named = {"TransactionID": poi.transaction_id, "TimeStamp": poi.time_stamp}
    return {"POIData": {"POITransactionID": named}}


def payment(said: m.PaymentTold) -> dict[str, Any]:
    """A payment's response, as JSON."""
    result: dict[str, Any] = {"OnlineFlag": said.is_online}
    if said.amount_minor is not None:
        amounts: dict[str, Any] = {
            "Currency": said.currency,
            "AuthorizedAmount": _amount(said.amount_minor, said.currency),
        }
        if said.tip_minor:
            amounts["TipAmount"] = _amount(said.tip_minor, said.currency)
        result["AmountsResp"] = amounts
    acquirer: dict[str, Any] = {
        "MerchantID": said.paper.merchant_number,
        "AcquirerPOIID": "SIM-1",
    }
    if said.authorisation:
        acquirer["ApprovalCode"] = said.authorisation
    if said.acquirer_reference:
        acquirer["AcquirerTransactionID"] = {
            "TransactionID": said.acquirer_reference,
            "TimeStamp": "",
        }
    result["PaymentAcquirerData"] = acquirer
    named = {"MaskedPan": said.card.number, "PaymentBrand": said.card.brand}
    # Where no card was shown nothing is told of one.
    card: dict[str, Any] = {name: value for name, value in named.items() if value}
    if said.card.entry in _MODES:
        card["EntryMode"] = [_MODES[said.card.entry]]
    result["PaymentInstrumentData"] = {"PaymentInstrumentType": "Card", "CardData": card}
    if said.card.verification in _METHODS:
        result["AuthenticationMethod"] = _METHODS[said.card.verification]
    body: dict[str, Any] = {"Response": _outcome(said.outcome), "PaymentResult": result}
    body |= _poi(said.poi)
    body["SaleData"] = {
        "SaleTransactionID": {"TransactionID": said.sale_transaction_id, "TimeStamp": ""}
    }
    body["PaymentReceipt"] = [_slip(slip) for slip in said.slips]
    return body


def _slip(slip: Slip) -> dict[str, Any]:
    texts = []
    for line in slip.lines:
        text: dict[str, Any] = {"Text": f"name={quote(line.text)}", "EndOfLineFlag": True}
        if line.centred:
            text["Alignment"] = "Centred"
        if line.wide:
            text["CharacterWidth"] = "DoubleWidth"
        if line.tall:
            text["CharacterHeight"] = "DoubleHeight"
        texts.append(text)
    return {
        "DocumentQualifier": _QUALIFIERS.get(slip.kind, "Document"),
        "RequiredSignatureFlag": slip.needs_signature,
        "OutputContent": {"OutputFormat": "Text", "OutputText": texts},
    }


def _reversal_body(said: m.ReversalTold) -> dict[str, Any]:
    body: dict[str, Any] = {"Response": _outcome(said.outcome), **_poi(said.poi)}
    if said.amount_text:
        body["ReversedAmount"] = orjson.Fragment(said.amount_text)
    body["PaymentReceipt"] = [_slip(slip) for slip in said.slips]
    return body


def _status(said: m.StatusTold, currency: str) -> dict[str, Any]:
    body: dict[str, Any] = {"Response": _outcome(said.outcome)}
    if said.header is None:
        return body
    inner: dict[str, Any] = {}
    if said.repeated is not None:
        inner[f"{said.header.category}Response"] = _body(said.repeated, currency)
    body["RepeatedMessageResponse"] = {
        "MessageHeader": codec.header_members(said.header),
        "RepeatedResponseMessageBody": inner,
    }
    return body


def _reconciliation(said: m.ReconciliationTold, currency: str) -> dict[str, Any]:
    groups = []
    for total in said.totals:
        goes_out, takes_back = total.amount_minor < 0, total.reversed_count > 0
        kind = "Credit" if goes_out is not takes_back else "Debit"
        kind = f"Reverse{kind}" if takes_back else kind
        counted = {
            "TransactionType": kind,
            "TransactionCount": total.count,
            "TransactionAmount": _amount(abs(total.amount_minor), currency),
        }
        groups.append(
            {
                "PaymentInstrumentType": "Card",
                "CardBrand": total.name,
                "PaymentCurrency": currency,
                "PaymentTotals": [counted],
            }
        )
    response = _outcome(said.outcome)
    kind = "SaleReconciliation"
    return {"Response": response, "ReconciliationType": kind, "TransactionTotals": groups}


def _input_body(said: m.InputTold) -> dict[str, Any]:
    told_input: dict[str, Any] = {"InputCommand": "GetConfirmation"}
    if said.is_confirmed is not None:
        told_input["ConfirmedFlag"] = said.is_confirmed
    if said.entry_index is not None:
        told_input["MenuEntryNumber"] = said.entry_index + 1
    if said.text:
        told_input["TextInput"] = said.text
    result = {
        "Device": "CustomerInput",
        "InfoQualify": "Input",
        "Response": _outcome(said.outcome),
        "Input": told_input,
    }
    return {"InputResult": result}


# ------------------------------------------------------------------------------------- notices


def event(header: m.Header, name: str, detail: str = "") -> bytes:
    """The plain text of an event."""
    head = codec.header_members(
        m.Header("Event", "", header.sale_id, header.poi_id, "Notification", "Event", "1")
    )
    body = {
        "EventToNotify": name,
        "EventDetails": urlencode({"message": detail}) if detail else "",
        "TimeStamp": "2026-11-26T12:00:00Z",
    }
    return orjson.dumps({"SaleToPOIRequest": {"MessageHeader": head, "EventNotification": body}})


def display(header: m.Header, name: str, poi: m.PoiTransaction | None, text: str = "") -> bytes:
    """The plain text of a display notification."""
    assert name in codes.PROGRESS
    head = codec.header_members(
        m.Header("Display", "", header.sale_id, header.poi_id, "Request", "Device", "1")
    )
    told_of = {"event": name}
    if poi is not None:
        told_of |= {"TransactionID": poi.transaction_id, "TimeStamp": poi.time_stamp}
    content: dict[str, Any] = {
        "OutputFormat": "MessageRef",
        "PredefinedContent": {"ReferenceID": urlencode(told_of)},
    }
    if text:
        content["OutputText"] = [{"Text": text}]
    output = {
        "Device": "CashierDisplay",
        "InfoQualify": "Status",
        "ResponseRequiredFlag": False,
        "OutputContent": content,
    }
    body = {"MessageHeader": head, "DisplayRequest": {"DisplayOutput": [output]}}
    return orjson.dumps({"SaleToPOIRequest": body})
