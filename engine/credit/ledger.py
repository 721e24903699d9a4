"""The ledger of store credit: which notes were issued and what is left of each.

A note that is being spent is held by the open order it is a tender of, which needs no state of its
own; the completion spends it. So replay may read the end of an order alone. Live sales only.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from attrs import define, field, frozen

from engine.altered import altered
from engine.coupon.redeemed import CodeSet, key_of

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O and U, which misread
_LETTERS: Final = 12  # of five bits each
_SPENT: Final = "store credit"


@frozen
class CreditPaid:
    """The note a tender issues or spends, and what is left of it once its order is completed."""

    code: str
    left_minor: int


@frozen
class CreditNote:
    """A note with something left, in minor units; issued by the receipt named."""

    code: str
    issued_minor: int
    left_minor: int
    order_id: str
    receipt_number: str
    business_date: str


@define
class Credits:
    """`notes` have something left, by code; of those spent to nothing only the key is kept."""

    notes: dict[str, CreditNote] = field(factory=dict)
    spent: CodeSet = field(factory=CodeSet)

    def left_minor(self, code: str) -> int:
        """What is left of a note, 0 of one that is unknown or spent."""
        note = self.notes.get(code)
        return 0 if note is None else note.left_minor

    def is_known(self, code: str) -> bool:
        """Whether it ever was issued."""
        return code in self.notes or self.is_spent(code)

    def is_spent(self, code: str) -> bool:
        """Whether nothing is left of it."""
        return code not in self.notes and key_of(_SPENT, code) in self.spent

    def issue(self, note: CreditNote) -> None:
        """A new note."""
        assert not self.is_known(note.code), "a note is issued once"
        self.notes[note.code] = note

    def spend(self, code: str, amount_minor: int) -> None:
        """So much less is left of a note."""
        note = self.notes[code]
        assert 0 < amount_minor <= note.left_minor, "no more is spent than is left"
        left_minor = note.left_minor - amount_minor
        if left_minor:
            self.notes[code] = altered(note, left_minor=left_minor)
        else:
            del self.notes[code]
            self.spent.add([key_of(_SPENT, code)])


def code_from(seed: str) -> str:
    """A note's code: sixty bits of the seed's SHA-256, in letters and digits that read well."""
    bits = int.from_bytes(sha256(f"{_SPENT}\0{seed}".encode()).digest()[:8], "big")
    return "".join(_ALPHABET[bits >> 5 * at & 31] for at in range(_LETTERS))


def code_typed(text: str) -> str:
    """A code as somebody typed or scanned it: without blanks and dashes, in capitals."""
    return "".join(text.split()).replace("-", "").upper()


@frozen
class CreditsImage:
    """The ledger as a snapshot stores it."""

    notes: tuple[CreditNote, ...] = ()
    spent: str = ""


def image_of(credits: Credits) -> CreditsImage:
    """The same as plain data."""
    return CreditsImage(tuple(credits.notes.values()), credits.spent.packed())


def credits_from(image: CreditsImage) -> Credits:
    """What a snapshot holds.

    Raises:
        ValueError: its codes are not as `image_of` packs them.
    """
    return Credits({note.code: note for note in image.notes}, CodeSet(image.spent))
