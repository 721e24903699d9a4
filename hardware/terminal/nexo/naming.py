"""How transactions are named, so that a name is known before anything was sent.

A request's own id gives the ServiceID of its message, so the same request can never reach the
terminal under two names, and what was asked can be asked about after any crash. As a receipt
number of `Identity` it stands as that number in base 36.

A witness is a reversal of a payment that never was. It moves no money, whatever is answered, and a
terminal that knows of it afterwards remembers what it is asked.

A refund whose payment the terminal can be told by name is a reversal to it. Its own name says so,
because it must be asked about as one, also after a crash.
"""

from __future__ import annotations

import hashlib

from engine.terminal import Identity, Kind, Transaction
from hardware.terminal.nexo.messages import PoiTransaction

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CHARS = 10
_NUMBERS = 36**_CHARS
_WITNESS = "witness"
_MASK = "*"


def service_id_of(request_id: str) -> str:
    """The ServiceID of the message that carries a request: ten letters and digits."""
    digest = hashlib.sha256(request_id.encode("utf-8", "replace")).digest()
    return service_id_text(int.from_bytes(digest[:16], "big") % _NUMBERS)


def take_back_id_of(service_id: str) -> str:
    """The ServiceID of the message that takes a transaction back."""
    return service_id_of(f"take back {service_id}")


def service_id_text(number: int) -> str:
    """A number as ten digits in base 36."""
    digits = []
    for _ in range(_CHARS):
        number, digit = divmod(number, 36)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


def service_id_number(service_id: str) -> int:
    """The other way round."""
    return int(service_id, 36)


def identity(
    poi_id: str, service_id: str, poi: PoiTransaction | None = None, *, is_of_payment: bool = False
) -> Identity:
    """A transaction as the house names it. `reference` is the terminal's time and name for it."""
    stamp = "" if poi is None else poi.time_stamp
    digits = "".join(letter for letter in stamp if letter in "0123456789")[:14]
    return Identity(
        poi_id,
        receipt=service_id_number(service_id),
        date=digits[4:8],
        time=digits[8:14],
        reference="" if poi is None else f"{stamp} {poi.transaction_id}",
        is_of_payment=is_of_payment,
    )


def witness(poi_id: str, service_id: str) -> Identity:
    """The witness that came under that name."""
    return Identity(poi_id, receipt=service_id_number(service_id), reference=_WITNESS)


def category_of(identity: Identity) -> str:
    """The category of the message that brought a payment, a refund or a witness."""
    is_reversal = identity.is_of_payment or identity.reference == _WITNESS
    return "Reversal" if is_reversal else "Payment"


def is_of_payment(transaction: Transaction) -> bool:
    """Whether it is a refund of a payment that a terminal can be told by name."""
    original = transaction.original
    is_refund = transaction.kind is Kind.REFUND
    return is_refund and original is not None and poi_in(original) is not None


def service_id_in(identity: Identity) -> str:
    """The ServiceID a transaction is named by; empty where it is not."""
    number = identity.receipt
    return service_id_text(number) if number is not None and 0 <= number < _NUMBERS else ""


def poi_in(identity: Identity) -> PoiTransaction | None:
    """The terminal's own name for what can be reversed, where it told it. One that the floor had
    to mask is nobody's, and whatever were asked under it would be refused, or of another."""
    stamp, _, transaction_id = identity.reference.partition(" ")
    is_known = transaction_id != "" and _MASK not in transaction_id
    is_final = identity.is_of_payment
    return PoiTransaction(transaction_id, stamp) if is_known and not is_final else None
