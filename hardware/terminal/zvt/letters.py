"""Letters of a terminal, which need not say in which character set it writes them.

Source: PA00P015 revision 13.08, chapter 9.4.5 (tag 14: CP437 is the default); for terminals that
write ISO 8859-1 without saying so, a receipt captured from one by the project bezahl-online/zvt.
"""

from __future__ import annotations

# Of German, French and Italian. In CP437 they are parts of frames, Greek and signs, but for E1,
# which is the sharp s there and is not among them.
_LETTERS = frozenset("ÄÖÜäöüßÀÂÇÈÉÊËÎÏÔÙÛÌÒàâçèéêëîïôùûìò".encode("latin-1"))
_PLAIN = 0x80


def decoded(data: bytes, charset: str = "") -> str:
    """`data` as text. Without a `charset` it is CP437, unless all that is not plain in it would be
    signs in the middle of words there, and are letters in ISO 8859-1."""
    unsaid = "latin-1" if _is_latin(data) else "cp437"
    return data.decode(charset or unsaid, "replace")


def _is_latin(data: bytes) -> bool:
    places = [place for place, byte in enumerate(data) if byte >= _PLAIN]
    return bool(places) and all(
        data[place] in _LETTERS and _is_in_word(data, place) for place in places
    )


def _is_in_word(data: bytes, place: int) -> bool:
    """Whether a plain letter stands beside it; a line drawn of signs has none."""
    beside = data[max(0, place - 1) : place] + data[place + 1 : place + 2]
    return any(byte < _PLAIN and chr(byte).isalpha() for byte in beside)
