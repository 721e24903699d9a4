"""A message in its sealed envelope: a clear header, and everything once more under the seal."""

from __future__ import annotations

from typing import Any

import attrs
import orjson

from hardware.terminal.nexo import codec, told
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.crypto import SecurityKey, seal, unseal
from hardware.terminal.nexo.reading import Members, MessageError
from native import NexoMessage

SIDES = ("SaleToPOIRequest", "SaleToPOIResponse")


def close(header: m.Header, plain: bytes, key: SecurityKey, nonce: bytes, side: str) -> bytes:
    """`plain`, a whole message with that header, sealed. `side` is one of `SIDES`."""
    sealed = seal(plain, key, nonce)
    trailer = {
        "AdyenCryptoVersion": sealed.crypto_version,
        "KeyIdentifier": sealed.key_identifier,
        "KeyVersion": sealed.key_version,
        "Nonce": sealed.nonce,
        "Hmac": sealed.mac,
    }
    envelope = {
        "MessageHeader": codec.header_members(header),
        "NexoBlob": sealed.blob,
        "SecurityTrailer": trailer,
    }
    return orjson.dumps({side: envelope})


def opened(data: bytes, key: SecurityKey, poi_id: str = "") -> dict[str, Any]:
    """The message in an envelope, without card data. `poi_id` is as `read_json` has it.

    Raises:
        MessageError: it is no envelope, its seal does not hold, what is inside cannot be read, or
            `header_differs`: the clear header says something the sealed one does not.
    """
    return _agreeing(*unseal(data, key, poi_id))


def heard(answer: NexoMessage | None) -> dict[str, Any]:
    """The same of what the floor opened; none is a connection that ended in order.

    Raises:
        MessageError: `empty_answer`, `http_` and a status that is no success, or as `opened`.
    """
    if answer is not None and answer.status != 200:
        raise MessageError(f"http_{answer.status}")
    if answer is not None and answer.trouble is not None:
        raise MessageError(*answer.trouble)
    if answer is None or answer.opened is None:
        raise MessageError("empty_answer")
    return _agreeing(*answer.opened)


def _agreeing(side: str, header: dict[str, Any] | None, message: dict[str, Any]) -> dict[str, Any]:
    _, inside = _side(Members("message", message))
    outside = Members(f"envelope.{side}", {"MessageHeader": header})
    clear = attrs.astuple(told.header(outside.need("MessageHeader")))
    inner = attrs.astuple(told.header(inside.need("MessageHeader")))
    # What the clear one leaves out says nothing; only the sealed one is ever used.
    differs = [one for one, two in zip(clear, inner, strict=True) if one not in ("", two)]
    if differs or side not in message:
        raise MessageError("header_differs")
    return message


def _side(members: Members) -> tuple[str, Members]:
    found = [(side, one) for side in SIDES if (one := members.child(side)) is not None]
    if len(found) != 1:
        raise MessageError("member_missing", f"{members.where}.SaleToPOIResponse")
    return found[0]
