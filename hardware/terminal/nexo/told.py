"""What a terminal's messages mean. Everything read here was cleaned of card data before.

What money depends on is read strictly: an amount that is not one makes the whole message unread.
What only adorns an answer is left out where it cannot be read.
"""

from __future__ import annotations

from typing import Any

from engine.terminal import CardShown, ForPaper, SettledTotal, Slip, SlipLine, Wanted
from hardware.terminal.limits import SLIP_LINE_CHARS_MAX, SLIP_LINES_MAX, SLIPS_MAX
from hardware.terminal.nexo import codes, limits
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.money import to_minor
from hardware.terminal.nexo.reading import Members, MessageError
from native import mask_card_numbers

_DETAIL_CHARS_MAX = 200


def header(members: Members) -> m.Header:
    """A message header.

    Raises:
        MessageError: `member_missing` or `text_too_long`.
    """
    names = ("MessageCategory", "ServiceID", "SaleID", "POIID", "MessageType", "MessageClass")
    category, service_id, sale_id, poi_id, kind, message_class = map(members.name, names)
    if not category or not poi_id or not kind:
        raise MessageError("member_missing", members.where)
    device_id = members.name("DeviceID")
    return m.Header(category, service_id, sale_id, poi_id, kind, message_class, device_id)


def answer(message: dict[str, Any], currency: str) -> tuple[m.Header, m.Told]:
    """An answer of a terminal. `currency` is what is meant where it names none.

    Raises:
        MessageError: it cannot be read; the code says why.
    """
    whole = Members("message", message)
    body = whole.child("SaleToPOIResponse")
    if body is None:
        # A notice in the place of an answer comes as a request.
        body = whole.need("SaleToPOIRequest")
        notice = body.need("EventNotification")
        event = notice.text("EventToNotify", limits.ID_CHARS_MAX)
        return header(body.need("MessageHeader")), m.RejectedTold(event, _detail(notice))
    head = header(body.need("MessageHeader"))
    return head, _told(body.need(f"{head.category}Response"), head.category, currency)


def _told(body: Members, category: str, currency: str) -> m.Told:
    match category:
        case "Payment":
            return payment(body, currency)
        case "Reversal":
            return reversal(body)
        case "TransactionStatus":
            return _status(body, currency)
        case "Diagnosis":
            return _diagnosis(body)
        case "Reconciliation":
            return _reconciliation(body, currency)
        case "Print":
            return m.OutputTold(outcome(body))
        case "Display":
            results = body.children("OutputResult")
            if not results:
                raise MessageError("member_missing", f"{body.where}.OutputResult")
            return m.OutputTold(outcome(results[0]))
        case "Input":
            return _input(body)
    raise MessageError("category_unknown", category[:40])


def outcome(body: Members) -> m.Outcome:
    """How it went.

    Raises:
        MessageError: `member_missing`; nothing is concluded from silence.
    """
    told = body.need("Response")
    result = told.text("Result", limits.ID_CHARS_MAX)
    if not result:
        raise MessageError("member_missing", f"{told.where}.Result")
    condition = told.text("ErrorCondition", limits.ID_CHARS_MAX)
    return m.Outcome(result, condition, told.pairs("AdditionalResponse"))


def _poi(members: Members) -> m.PoiTransaction | None:
    named = members.inner("POITransactionID")
    transaction_id = named.name("TransactionID")
    return m.PoiTransaction(transaction_id, named.name("TimeStamp")) if transaction_id else None


def payment(body: Members, currency: str) -> m.PaymentTold:
    """What became of a payment.

    Raises:
        MessageError: an amount, a currency or the outcome cannot be read.
    """
    result = body.inner("PaymentResult")
    amounts = result.inner("AmountsResp")
    acquirer = result.inner("PaymentAcquirerData")
    told_currency = amounts.text("Currency", 3) or currency
    authorised, tip = amounts.number("AuthorizedAmount"), amounts.number("TipAmount")
    ended = outcome(body)
    return m.PaymentTold(
        ended,
        body.inner("SaleData").inner("SaleTransactionID").name("TransactionID"),
        _poi(body.inner("POIData")),
        None if authorised is None else to_minor(authorised, told_currency),
        0 if tip is None else to_minor(tip, told_currency),
        told_currency,
        result.flag("OnlineFlag", default=True),
        _card(result, ended),
        acquirer.text("ApprovalCode", limits.ID_CHARS_MAX),
        acquirer.inner("AcquirerTransactionID").text("TransactionID", limits.ID_CHARS_MAX),
        _slips(body),
        _for_paper(body, acquirer.text("MerchantID", limits.ID_CHARS_MAX)),
    )


def reversal(body: Members) -> m.ReversalTold:
    """What became of a reversal."""
    amount = body.number("ReversedAmount")
    slips, paper = _slips(body), _for_paper(body)
    return m.ReversalTold(outcome(body), _poi(body.inner("POIData")), amount or "", slips, paper)


def _card(result: Members, ended: m.Outcome) -> CardShown:
    card = result.inner("PaymentInstrumentData").inner("CardData")
    entries = [codes.ENTRIES[mode] for mode in card.texts("EntryMode") if mode in codes.ENTRIES]
    methods = result.texts("AuthenticationMethod")
    checks = [codes.VERIFICATIONS[one] for one in methods if one in codes.VERIFICATIONS]
    pin = next((one for one in checks if one in codes.PINS), "")
    if pin and "signature" in checks:
        checks = [f"{pin}_and_signature"]
    extra = ended.extra
    return CardShown(
        number=card.text("MaskedPan"),
        brand=card.text("PaymentBrand", limits.ID_CHARS_MAX),
        application_id=extra.get("AID") or extra.get("additionalData.AID", ""),
        application_label=extra.get("applicationLabel")
        or extra.get("additionalData.applicationLabel", ""),
        entry=entries[0] if entries else "",
        verification=checks[0] if checks else "",
    )


def _slips(body: Members) -> tuple[Slip, ...]:
    """Its receipts. It was asked to send rather than print them: the two copies are wanted on
    paper, and nothing in a message says that one is not."""
    slips = []
    for receipt in body.children("PaymentReceipt")[:SLIPS_MAX]:
        kind = codes.SLIP_KINDS.get(receipt.text("DocumentQualifier"), "administrative")
        lines = tuple(_lines(receipt.inner("OutputContent").children("OutputText")))
        needs_signature = receipt.flag("RequiredSignatureFlag")
        if lines:
            slips.append(Slip(lines, kind, kind in codes.SLIP_KINDS.values(), needs_signature))
    return tuple(slips)


def _for_paper(body: Members, merchant_number: str = "") -> ForPaper:
    """What is told for paper of ours. A receipt that is named and has no lines is one to make."""
    named = [
        (codes.SLIP_KINDS.get(receipt.text("DocumentQualifier"), ""), receipt)
        for receipt in body.children("PaymentReceipt")[:SLIPS_MAX]
        if not _lines(receipt.inner("OutputContent").children("OutputText"))
    ]
    kinds = [kind for kind, _ in named]
    return ForPaper(
        merchant_number=merchant_number,
        merchant=Wanted.ALL if "merchant" in kinds else Wanted.UNTOLD,
        customer=Wanted.ALL if "customer" in kinds else Wanted.UNTOLD,
        needs_signature=any(
            kind == "merchant" and receipt.flag("RequiredSignatureFlag") for kind, receipt in named
        ),
    )


def _lines(texts: list[Members]) -> list[SlipLine]:
    lines: list[SlipLine] = []
    begun = ""
    for text in texts[:SLIP_LINES_MAX]:
        # Longer than a line may be, so that a number at its end is still seen whole.
        begun = (begun + slip_text(text.text("Text")))[: 2 * SLIP_LINE_CHARS_MAX]
        if text.flag("EndOfLineFlag", default=True):
            lines.append(
                SlipLine(
                    _whole(begun),
                    centred=text.text("Alignment") == "Centred",
                    wide=text.text("CharacterWidth") == "DoubleWidth",
                    tall=text.text("CharacterHeight") == "DoubleHeight",
                )
            )
            begun = ""
    return [*lines, SlipLine(_whole(begun))] if begun else lines


def _whole(line: str) -> str:
    """A line that was put together: the floor searched its parts, and a number may be in two."""
    return mask_card_numbers(line)[:SLIP_LINE_CHARS_MAX]


def slip_text(text: str) -> str:
    """A line of a receipt with nothing in it that a printer would take for an order."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _status(body: Members, currency: str) -> m.StatusTold:
    ended = outcome(body)
    repeated = body.child("RepeatedMessageResponse")
    if repeated is None:
        return m.StatusTold(ended)
    # Some put the message that is repeated a level deeper than others.
    inner = repeated.child("RepeatedResponseMessageBody") or repeated
    head = header(repeated.need("MessageHeader"))
    if (told := inner.child("PaymentResponse")) is not None:
        return m.StatusTold(ended, head, payment(told, currency))
    if (told := inner.child("ReversalResponse")) is not None:
        return m.StatusTold(ended, head, reversal(told))
    return m.StatusTold(ended, head)


def _diagnosis(body: Members) -> m.DiagnosisTold:
    status = body.inner("POIStatus")
    return m.DiagnosisTold(
        outcome(body),
        status.text("GlobalStatus", limits.ID_CHARS_MAX),
        status.text("PrinterStatus", limits.ID_CHARS_MAX),
        status.flag("CommunicationOKFlag", default=True),
    )


def _reconciliation(body: Members, currency: str) -> m.ReconciliationTold:
    ended = outcome(body)
    totals: list[SettledTotal] = []
    all_minor: int | None = 0
    for group in body.children("TransactionTotals")[: limits.TOTALS_MAX]:
        told_currency = group.text("PaymentCurrency", 3) or currency
        name = group.text("CardBrand", 40) or group.text("PaymentInstrumentType", 40) or "other"
        # Another currency's are no part of the same brand's in the shop's.
        name = name if told_currency == currency else f"{name} {told_currency}"
        count, amount_minor, reversed_count = 0, 0, 0
        for total in group.children("PaymentTotals")[: limits.TOTALS_MAX]:
            kind, amount = total.text("TransactionType", 40), total.number("TransactionAmount")
            if amount is None or kind not in (*codes.DEBITS, *codes.CREDITS):
                continue
            minor = to_minor(amount, told_currency)
            amount_minor += minor if kind in codes.DEBITS else -minor
            of_kind = total.whole("TransactionCount") or 0
            count += of_kind
            reversed_count += of_kind if kind in codes.REVERSALS else 0
        totals.append(SettledTotal(name, count, amount_minor, reversed_count))
        is_ours = all_minor is not None and told_currency == currency
        all_minor = all_minor + amount_minor if is_ours and all_minor is not None else None
    return m.ReconciliationTold(ended, tuple(totals), all_minor if totals else None)


def _input(body: Members) -> m.InputTold:
    result = body.need("InputResult")
    told = result.inner("Input")
    confirmed = told.values.get("ConfirmedFlag")
    # Some list the one that was chosen, and write the digits that were typed as a number.
    entries, digits = told.wholes("MenuEntryNumber"), told.values.get("DigitInput")
    entry = entries[0] if len(entries) == 1 else None
    return m.InputTold(
        outcome(result),
        confirmed if isinstance(confirmed, bool) else None,
        entry - 1 if entry else None,
        told.text("TextInput") or (str(digits) if isinstance(digits, str) else ""),
    )


def notice(message: dict[str, Any]) -> tuple[m.Header, m.Notice]:
    """What a terminal tells unasked.

    Raises:
        MessageError: it is no notice.
    """
    body = Members("message", message).need("SaleToPOIRequest")
    head = header(body.need("MessageHeader"))
    if (event := body.child("EventNotification")) is not None:
        return head, m.Notice(event.text("EventToNotify", limits.ID_CHARS_MAX), _detail(event))
    for output in body.need("DisplayRequest").children("DisplayOutput"):
        content = output.inner("OutputContent")
        told = content.inner("PredefinedContent").pairs("ReferenceID")
        if word := told.get("event", ""):
            transaction_id = told.get("TransactionID", "")[: limits.ID_CHARS_MAX]
            poi = m.PoiTransaction(transaction_id, told.get("TimeStamp", ""))
            texts = "  ".join(slip_text(one.text("Text")) for one in content.children("OutputText"))
            texts = mask_card_numbers(texts)[:_DETAIL_CHARS_MAX]
            return head, m.Notice(word, texts, poi if transaction_id else None,
                                  is_display=True)  # fmt: skip
    raise MessageError("notice_unknown", head.category[:40])


def _detail(event: Members) -> str:
    return event.text("EventDetails", _DETAIL_CHARS_MAX)
