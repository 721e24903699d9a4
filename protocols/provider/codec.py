"""The words of the paylink protocol: what is asked, and what an answer or a callback says. Pure.

Source: docs/payment-links.md.
"""

from __future__ import annotations

import re
from typing import Any, Literal
from urllib.parse import quote

from attrs import frozen

from actors.provider_messages import LookUp, Offer, Withdraw
from engine.limits import AMOUNT_MINOR_MAX
from engine.provider import LinkKind, LinkState, Told
from engine.wire import WireError, canonical, parse
from protocols.provider import limits
from protocols.provider.settings import is_url

Method = Literal["GET", "PUT", "POST"]
_REFERENCE = re.compile(rf"[0-9A-Za-z._:-]{{1,{limits.REFERENCE_LENGTH_MAX}}}", re.ASCII)
_WORD = re.compile(rf"[a-z0-9_]{{0,{limits.WORD_LENGTH_MAX}}}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_DIGITS = re.compile(r"[0-9](?:[ ._:-]?[0-9]){12,18}", re.ASCII)
_LONG_NUMBER = re.compile(r"[0-9](?:[^0-9A-Za-z]{0,3}[0-9]){11,}", re.ASCII)
_ID = re.compile(r"(?:[0-9a-f]{4}){2}(?:-[0-9a-f]{4}){4}(?:[0-9a-f]{4}){2}")  # RFC 9562
# What a provider cannot do just now, it may do later.
_LATER = (408, 423, 425, 429)
# These speak of who asks, of another request or of another server: not of the refund.
_OF_WHO_ASKS = (401, 403, 407, 409, 421, 424)
# Where providers put the words of a refusal.
_SAYING = ("code", "title", "message", "detail")
_FOLDERS = {LinkKind.PAYMENT: "payments", LinkKind.REFUND: "refunds"}


class MessageError(Exception):
    """Bytes that are no word of this protocol; nothing in them was acted on. `code` is stable."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail


@frozen
class Question:
    """One request; `path` goes behind the provider's `url`."""

    method: Method
    path: str
    body: bytes
    reference: str
    kind: LinkKind = LinkKind.PAYMENT


def question(body: Offer | LookUp | Withdraw, callback_url: str = "") -> Question:
    """The request for what the store wants."""
    reference = quote(body.reference, safe="")
    match body:
        case Offer():
            fields: dict[str, Any] = {
                "amount_minor": body.amount_minor,
                "currency": body.currency,
                "callback_url": callback_url,
            }
            if body.kind is LinkKind.PAYMENT:
                fields["expires_at"] = body.until_s
            else:
                fields["payment"] = body.original
            path = f"/v1/{_FOLDERS[body.kind]}/{reference}"
            return Question("PUT", path, canonical(fields), body.reference, body.kind)
        case LookUp():
            path = f"/v1/{_FOLDERS[body.kind]}/{reference}"
            return Question("GET", path, b"", body.reference, body.kind)
        case Withdraw():
            return Question("POST", f"/v1/payments/{reference}/cancel", b"", body.reference)


def answer(asked: Question, status: int, body: bytes) -> Told:
    """What a provider answered.

    Raises:
        MessageError: `not_now`.
    """
    if status == 404:
        return Told(asked.reference, LinkState.NOT_FOUND)
    if status in _LATER or status >= 500:
        raise MessageError("not_now", str(status))
    if asked.kind is LinkKind.REFUND and status != 200:
        return _refund_refused(asked, status, body)
    if asked.method == "PUT" and status == 409:
        raise MessageError("not_now", str(status))
    if asked.method == "PUT" and 400 <= status < 500:
        # It will not do this, whoever asks again: nothing moved and nothing will.
        return Told(asked.reference, LinkState.FAILED, code="refused")
    if status != 200:
        return unreadable(asked, str(status), body)
    try:
        told = read(body, asked.kind)
        if told.reference != asked.reference:
            raise MessageError("other_reference")
    except MessageError as error:
        return unreadable(asked, f"{status} {error}", body)
    return told


def unreadable(asked: Question, why: str, body: bytes = b"") -> Told:
    """That nobody knows by this answer how it stands, and why, with its provider's own words."""
    said = " ".join(("unreadable", why, _said(body))).strip()
    return Told(asked.reference, LinkState.UNREADABLE, code=said[: limits.SAID_LENGTH_MAX])


def _refund_refused(asked: Question, status: int, body: bytes) -> Told:
    """What it means that a provider has no word of a refund. A person is to see it, with what it
    said: nobody stands there who would ask why it takes so long."""
    is_no = asked.method == "PUT" and 400 <= status < 500 and status not in _OF_WHO_ASKS
    state = LinkState.FAILED if is_no else LinkState.REFUSED
    said = " ".join(("refused", str(status), _said(body))).strip()
    return Told(asked.reference, state, code=said[: limits.SAID_LENGTH_MAX])


def _said(body: bytes) -> str:
    """A refusal in its provider's own words, in one line; "" where they are none. No number in it
    is long enough to be a card's, with up to three signs between two of its digits."""
    if len(body) > limits.ANSWER_BYTES_MAX:
        return ""
    try:
        data = parse(body)
    except WireError:
        data = None
    named = data.get("error", data) if isinstance(data, dict) else None
    fields = named if isinstance(named, dict) else {"message": named}
    found = (fields.get(name) for name in _SAYING)
    words = " ".join(text for text in found if isinstance(text, str))
    plain = "".join(sign if sign.isprintable() else " " for sign in words)
    return _LONG_NUMBER.sub("***", " ".join(plain.split()))


def read(body: bytes, kind: LinkKind | None = None) -> Told:
    """A payment or a refund as a provider describes it, in an answer or in a callback; of that
    `kind` where one is asked about.

    What it says beyond that is not looked at, so that it may say more one day.

    Raises:
        MessageError: `too_long`, `not_json`, or `field_wrong` with the field's name.
    """
    if len(body) > limits.ANSWER_BYTES_MAX:
        raise MessageError("too_long")
    try:
        data = parse(body)
    except WireError:
        raise MessageError("not_json") from None
    if not isinstance(data, dict):
        raise MessageError("not_json")
    state = _state(data, kind)
    amount_minor, currency = _money(data, state)
    url = _text(data, "url", default="")
    if url and not is_url(url, ("https",)):
        raise MessageError("field_wrong", "url")
    if state is LinkState.OPEN and data.get("kind") != LinkKind.REFUND.value and not url:
        raise MessageError("field_wrong", "url")
    return Told(
        _matching(data, "reference", _REFERENCE),
        state,
        amount_minor,
        currency,
        _matching(data, "provider_reference", _REFERENCE),
        _matching(data, "method", _WORD, default=""),
        url if state is LinkState.OPEN else "",
        _matching(data, "code", _WORD, default=""),
    )


def describe(told: Told, kind: LinkKind) -> bytes:
    """The bytes `read` reads; what a provider sends."""
    return canonical(
        {
            "reference": told.reference,
            "kind": kind.value,
            "state": told.state.value,
            "amount_minor": told.amount_minor,
            "currency": told.currency,
            "provider_reference": told.provider_reference,
            "method": told.method,
            "url": told.url,
            "code": told.code,
        }
    )


def _state(data: dict[str, Any], wanted: LinkKind | None) -> LinkState:
    kind, text = data.get("kind"), data.get("state")
    moved = {LinkKind.PAYMENT.value: LinkState.PAID, LinkKind.REFUND.value: LinkState.REFUNDED}
    is_other = wanted is not None and kind != wanted.value
    if not isinstance(kind, str) or kind not in moved or is_other:
        raise MessageError("field_wrong", "kind")
    known = (LinkState.OPEN, LinkState.CANCELLED, LinkState.EXPIRED, LinkState.FAILED, moved[kind])
    found = next((state for state in known if state.value == text), None)
    if found is None:
        raise MessageError("field_wrong", "state")
    return found


def _money(data: dict[str, Any], state: LinkState) -> tuple[int, str]:
    """Amount and currency; neither is there of what ended before its provider knew of it."""
    amount_minor = data.get("amount_minor", 0)
    has_ended = state in (LinkState.CANCELLED, LinkState.EXPIRED, LinkState.FAILED)
    if type(amount_minor) is int and has_ended and not amount_minor and not data.get("currency"):
        return 0, ""
    if type(amount_minor) is not int or not 0 < amount_minor <= AMOUNT_MINOR_MAX:
        raise MessageError("field_wrong", "amount_minor")
    return amount_minor, _matching(data, "currency", _CURRENCY)


def _text(data: dict[str, Any], name: str, *, default: str | None = None) -> str:
    value = data.get(name, default)
    if not isinstance(value, str):
        raise MessageError("field_wrong", name)
    return value


def _matching(
    data: dict[str, Any], name: str, pattern: re.Pattern[str], *, default: str | None = None
) -> str:
    """A field of a plain kind. What could be the number of a card is taken from nobody; an id such
    as ours is none, however its digits fall."""
    value = _text(data, name, default=default)
    digits = _DIGITS.findall(_ID.sub(" ", value))
    if not pattern.fullmatch(value) or any(map(_is_card, digits)):
        raise MessageError("field_wrong", name)
    return value


def _is_card(text: str) -> bool:
    """Whether digits are a card's by their check digit. Source: ISO/IEC 7812-1, annex B."""
    digits = [int(sign) for sign in text if sign.isdigit()]
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
