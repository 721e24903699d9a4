"""Card numbers that must never be seen again, and a search for them in whatever was left behind.

Make a set with `Canaries.seeded(…)`, have a terminal tell them (`leaking_plan`), and search bytes,
files or folders. `card_like` finds numbers nobody planted.
"""

from __future__ import annotations

import base64
import random
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from attrs import field, frozen

from hardware.terminal.zvt.person import Plan

# Issuers' beginnings and how many digits their numbers have. Source: ISO/IEC 7812-1; the schemes'
# published ranges.
ISSUERS = (
    ("4", 16), ("4", 13), ("4", 19), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16),
    ("34", 15), ("37", 15), ("36", 14), ("3528", 16), ("6011", 16), ("65", 16), ("62", 18),
    ("5018", 16), ("6759", 19),
)  # fmt: skip
# First digits from and to, and lengths, of all that are given out. Source: as above.
RANGES = (
    ("4", "4", (13, 16, 19)), ("51", "55", (16,)), ("2221", "2720", (16,)),
    ("34", "34", (15,)), ("37", "37", (15,)), ("30", "30", range(14, 20)),
    ("36", "36", range(14, 20)), ("38", "39", range(14, 20)), ("3528", "3589", range(16, 20)),
    ("50", "50", range(13, 20)), ("56", "69", range(13, 20)),
)  # fmt: skip
RAW = ("ascii", "ascii in groups", "utf-16", "bcd", "bcd, half a byte on")
_RUN = re.compile(rb"(?<![0-9A-Za-z])[2-6][0-9](?:[ -]?[0-9]){11,17}(?![0-9A-Za-z])")
# An id may end in twelve digits, and in a database the next column's digits follow at once.
_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# A nexo message has a name that is made here, of up to 16 digits as a number, which may look like a
# card's by chance. It stands in the books, in words about them and in the key of a view; where
# memory was used again its first digits may be gone, and what follows it in the books is not. So
# may a time in nanoseconds, where the clock says 1970 or time is counted from a machine's start,
# and the number two nodes know their session by, which is any of 63 bits.
_OWN = re.compile(
    rb'"receipt":[0-9]+|receipt=[0-9]+|[0-9]{13,16}(?=,"(?:reference|date)":)'
    rb'|:[0-9]{13,16}:(?=20[0-9]{2}-)|_ns"?[:=] ?[0-9]+'
    rb'|"session":[0-9]+|[0-9]{13,19}(?=,"received":)'
)
_PIECE = 1 << 20


def luhn_digit(digits: str) -> str:
    """The check digit that belongs behind them. Source: ISO/IEC 7812-1, annex B."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits)))
    return str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def is_card(digits: str) -> bool:
    """Whether an issuer could have given it out, and its check digit is right."""
    return luhn_digit(digits[:-1]) == digits[-1] and any(
        low <= digits[: len(low)] <= high and len(digits) in lengths
        for low, high, lengths in RANGES
    )


def half_bytes(card: str) -> bytes:
    """As terminals send it: two digits in a byte, F behind an odd one."""
    return bytes.fromhex(card + "F" * (len(card) % 2))


def _in_base64(data: bytes) -> Iterator[bytes]:
    """What stands in any base64 of anything that holds `data`: three shifts, whole letters."""
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + data)
        first = -(-8 * shift // 6)
        last = (8 * (shift + len(data))) // 6
        yield text[first:last]
        yield text[first:last].replace(b"+", b"-").replace(b"/", b"_")


def encodings(card: str) -> Iterator[tuple[str, bytes]]:
    """Every way a card number could be written, by its name."""
    ascii_digits, packed = card.encode(), half_bytes(card)
    even = len(card) // 2 * 2
    inner = bytes.fromhex(card[:even])
    yield "ascii", ascii_digits
    for between in (" ", "-"):
        grouped = between.join(card[at : at + 4] for at in range(0, len(card), 4))
        yield "ascii in groups", grouped.encode()
    yield "utf-16", card.encode("utf-16-le")
    yield "bcd", inner
    yield "bcd, half a byte on", bytes.fromhex(card[1 : 1 + (len(card) - 1) // 2 * 2])
    yield "hex of ascii", ascii_digits.hex().encode()
    yield "hex of bcd", inner.hex().upper().encode()
    yield "bytes as Python shows them", repr(inner)[2:-1].encode()
    for data, name in ((ascii_digits, "ascii"), (inner, "bcd"), (packed, "bcd")):
        for text in _in_base64(data):
            yield f"base64 of {name}", text
    for text in _in_base64(ascii_digits.hex().encode()):
        yield "base64 of hex of ascii", text


@cache
def has_grep() -> bool:
    """Whether this machine has a grep that takes any bytes for text."""
    if shutil.which("grep") is None:
        return False
    words = ["grep", "--version"]
    said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    return "GNU grep" in said


def _is_any_in(data: bytes, patterns: list[bytes]) -> bool:
    """Whether one of them is in it, by one pass over all of it; none of them has a line's end."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"\n".join(patterns) + b"\n")
        file.flush()
        told = subprocess.run(
            ["grep", "-qaF", "-f", file.name],
            env={"LC_ALL": "C", "PATH": "/usr/bin:/bin:/usr/local/bin"},
            input=data,
            check=False,
        )
    if told.returncode not in (0, 1):
        raise OSError(f"grep ended with {told.returncode}; nothing was searched")
    return told.returncode == 0


@frozen
class Leak:
    """Where a card number was found, and how it was written; the number itself is not told."""

    where: str
    at: int
    encoding: str
    ending: str


@frozen
class Canaries:
    """Card numbers to look for; `patterns` are all their encodings."""

    cards: tuple[str, ...]
    patterns: tuple[tuple[str, bytes, str], ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Write each card in every way, once."""
        found: dict[tuple[bytes, str], tuple[str, bytes, str]] = {}
        for card in self.cards:
            for name, data in encodings(card):
                found.setdefault((data, card), (name, data, card))
        object.__setattr__(self, "patterns", tuple(found.values()))

    @classmethod
    def seeded(cls, seed: int, count: int = len(ISSUERS)) -> Canaries:
        """So many numbers of all issuers, the same for one seed."""
        chance = random.Random(seed)
        cards = []
        for number in range(count):
            first, length = ISSUERS[number % len(ISSUERS)]
            digits = first + "".join(
                chance.choice("0123456789") for _ in range(length - len(first) - 1)
            )
            cards.append(digits + luhn_digit(digits))
        planted = cls(tuple(cards))
        _MADE.setdefault(planted.cards, planted)
        return planted

    @property
    def longest(self) -> int:
        """The most bytes one of them takes."""
        return max(len(data) for _, data, _ in self.patterns)

    def search_raw(self, data: bytes, where: str = "", start: int = 0) -> list[Leak]:
        """Every one of them in these bytes as a terminal would send it, and as texts in memory are:
        quick, for much that has been written by nobody."""
        raw = [one for one in self.patterns if one[0] in RAW]
        if len(data) >= _PIECE and has_grep() and not _is_any_in(data, [one[1] for one in raw]):
            return []
        return [
            Leak(where, start + data.find(pattern), name, card[-4:])
            for name, pattern, card in raw
            if pattern in data
        ]

    def search(self, data: bytes, where: str = "", start: int = 0) -> list[Leak]:
        """Every one of them in these bytes, in any letter case; `start` is where these begin."""
        lower = data.lower()
        found = []
        for name, pattern, card in self.patterns:
            # Letters of either case are the same number in hexadecimal, and base64 has both.
            place, looked_for = (data, pattern) if "base64" in name else (lower, pattern.lower())
            at = place.find(looked_for)
            while at >= 0:
                found.append(Leak(where, start + at, name, card[-4:]))
                at = place.find(looked_for, at + 1)
        return found

    def search_file(self, path: Path) -> list[Leak]:
        """Every one of them in a file, however long it is."""
        found: list[Leak] = []
        overlap = self.longest - 1
        with path.open("rb") as file:
            kept, start = b"", 0
            while piece := file.read(_PIECE):
                data = kept + piece
                # What lies wholly in the kept part was found with the piece before.
                found += [
                    leak
                    for leak in self.search(data, str(path), start)
                    if leak.at + self._size(leak) > start + len(kept)
                ]
                kept = data[-overlap:]
                start += len(data) - len(kept)
        return found

    def _size(self, leak: Leak) -> int:
        return max(
            len(data)
            for name, data, card in self.patterns
            if name == leak.encoding and card.endswith(leak.ending)
        )

    def search_folder(self, folder: Path) -> list[Leak]:
        """Every one of them in every file below a folder."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return [leak for path in files for leak in self.search_file(path)]


_MADE: dict[tuple[str, ...], Canaries] = {}


def made() -> tuple[Canaries, ...]:
    """All that were seeded in this process, for the search of what a whole run leaves."""
    return tuple(_MADE.values())


def card_like(data: bytes, allowed: Iterable[str] = ()) -> list[str]:
    """Runs of 13 to 19 digits that could be a card's, masked, though nobody planted them.

    Digits in groups of three and more, parted by spaces or dashes, are one run; the last may be
    shorter. Digits within words, hexadecimal or ids are none, nor are counts in a row.
    `allowed` are those that are known to be something else, such as bar codes.
    """
    known = set(allowed)
    # What stood on either side of them stands apart from now on.
    told = _OWN.sub(b"\0", _ID.sub(b"\0", data))
    runs = (
        re.sub(rb"[ -]", b"", match[0]).decode()
        for match in _RUN.finditer(told)
        if all(len(group) >= 3 for group in re.split(rb"[ -]", match[0])[:-1])
    )
    return [
        f"{run[:6]}{'*' * (len(run) - 10)}{run[-4:]}"
        for run in runs
        if is_card(run) and run not in known
    ]


def leaking_plan(number: str, /, **changes: Any) -> Plan:
    """A transaction in which a terminal tells a card number in every place that has room for it:
    fields, tracks, objects, texts, receipts and display."""
    digits, packed = number.encode(), half_bytes(number)
    track = half_bytes(f"{number}D2512201123456789")
    grouped = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    fields: tuple[tuple[int | str, Any], ...] = (
        (0x0E, packed[:2]), (0x23, track), (0x24, b"01" + digits + b"=2512"),
        (0x2D, b"B" + digits + b"^TEST/CARD^2512201"), (0x2E, packed + digits), (0x3A, packed[:2]),
        (0x3C, b"CARD " + digits + b" " + grouped.encode()), (0x8B, b"V " + digits + b"\0"),
        (0x92, packed), (0x9A, digits), (0xA7, packed), (0xAF, digits + packed),
        (0xD1, packed), (0xE1, digits), (0xF1, grouped.encode()),
        (0xE2, digits.hex().encode()), (0xE3, base64.b64encode(digits)), (0xF2, b"V " + packed),
        (0xF3, grouped.replace(" ", "\xa0").encode("cp437")),
        (0xF4, grouped.replace(" ", ".").encode()), (0x60, bytes(4) + digits + packed + bytes(30)),
    )  # fmt: skip
    objects: tuple[tuple[int, Any], ...] = (
        (0x07, digits), (0x42, digits), (0x46, b"PAN " + digits), (0x47, grouped.encode()),
        (0x48, digits), (0x4A, digits), (0x56, digits), (0x57, track), (0x5A, packed),
        (0x5F20, digits), (0x5F24, packed[:3]), (0x9F1F, digits), (0x9F20, packed),
        (0x9F6B, track), (0xDF8129, digits), (0x1F14, b"\xff" + packed + b"\xff"),
        (0x1F17, digits), (0x1F2B, packed), (0x1F36, packed), (0xC1, digits),
        (0x64, [(0x07, digits)]), (0x60, [(0x43, packed), (0x44, digits)]),
        # A chip's objects, and half bytes behind others, where no tag tells of them.
        (0xDF01, bytes([0x5A, len(packed)]) + packed), (0x9F7C, b"\x08" + track),
        (0x0A, bytes([0x57, len(track)]) + track), (0x1F7E, b"\x22\xf0\xf8" + packed),
        (0xDF02, digits.hex().encode()), (0xDF03, base64.b64encode(digits)),
    )  # fmt: skip
    if changes.get("tip_minor"):
        # Its place is taken.
        objects = tuple(one for one in objects if one[0] != 0x1F36)
    plan: dict[str, Any] = {
        "says_card": number,
        "extra": fields,
        "objects": objects,
        "slip_lines": (f"CARD {number}", grouped, f"PAN {number} OK"),
        "shows": (f"CARD {number}", grouped),
        "why": f"CARD {number}",
    }
    return Plan(**{**plan, **changes})
