"""A nexo terminal that tells a card number wherever it has room, in every way of writing."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode

import orjson

from hardware.terminal.nexo.play import Plan
from tests.canaries import half_bytes


def writings(card: str) -> list[str]:
    """A number in every way a text can have it."""
    digits, packed = card.encode(), half_bytes(card)
    groups = [card[at : at + 4] for at in range(0, len(card), 4)]
    return [
        f"CARD {card} OK", " ".join(groups), "-".join(groups), "\u00a0".join(groups),
        "".join(f"%{one:02x}" for one in digits), "+".join(groups), "\0".join(card),
        digits.hex(), digits.hex().upper(), packed.hex(), packed.hex().upper(),
        "".join(map(chr, packed)),
        *(b64encode(b"~" * shift + digits + b"!").decode() for shift in range(3)),
        *(b64encode(b"~" * shift + packed + b"!").decode() for shift in range(3)),
        urlsafe_b64encode(packed).decode(), b64encode(digits.hex().encode()).decode(),
    ]  # fmt: skip


def leaks(card: str) -> dict[str, Any]:
    """What is put over a payment's answer."""
    told = writings(card)
    named = {f"x{number}": one for number, one in enumerate(told)}
    pairs = {"refusalReason": f"CARD {card}", "pan": card, "cardBin": card[:8], **named, card: card}
    in_json = {"additionalData": pairs, "SensitiveCardData": {"PAN": card}, "number": int(card)}
    sensitive = {
        "PAN": card, "ExpiryDate": "2512", "CardSeqNumb": "01",
        "TrackData": [{"TrackValue": f"{card}D2512201123456789"}],
    }  # fmt: skip
    texts = [{"Text": one} for one in told]
    forms = [{"Text": urlencode({"name": "Card", "value": one, "key": "pan"})} for one in told]
    names = {"TransactionID": card, "TimeStamp": card}
    receipt = {
        "DocumentQualifier": "CustomerReceipt",
        "OutputContent": {"OutputFormat": "Text", "OutputText": [*texts, *forms]},
    }
    return {
        "Response": {"AdditionalResponse": urlencode(pairs) if int(card) % 2
                     else b64encode(orjson.dumps(in_json)).decode()},
        "PaymentResult": {
            "PaymentAcquirerData": {
                "ApprovalCode": card, "MerchantID": card, "AcquirerTransactionID": names,
            },
            "AuthenticationMethod": ["OnlinePIN", *told],
            "PaymentInstrumentData": {
                "CardData": {
                    "MaskedPan": card, "PaymentBrand": f"mc {card}", "EntryMode": ["ICC", *told],
                    "SensitiveCardData": sensitive, "ProtectedCardData": sensitive,
                    "PaymentToken": {"TokenValue": card}, card: card,
                },
                "CheckData": {"TrackData": card}, "MobileData": {"MaskedMSISDN": card},
            },
            "CapturedSignature": {"SignaturePoint": told}, "TransactionCount": int(card),
        },
        "PaymentReceipt": [receipt],
        "LoyaltyResult": [{"LoyaltyAccount": {"LoyaltyAccountID": card}}],
        "NextRelease": told, card: int(card),
    }  # fmt: skip


def clear(card: str) -> dict[str, Any]:
    """What is told outside of any seal."""
    return {"Clear": writings(card), card: int(card), "AdditionalResponse": f"pan={card}"}


def leaking_nexo(card: str, /, **changes: Any) -> Plan:
    """A transaction of a terminal that tells too much, under its seal and outside of it."""
    return Plan(**{"extra": leaks(card), "clear": clear(card), "card": "insert", **changes})
