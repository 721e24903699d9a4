"""Spoils valid bytes as wires, disks and enemies do: flips, cuts, repeats, splices, lengths."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from random import Random

from tests.canaries import card_like

INTERESTING = (0, 1, 0x7F, 0x80, 0xFF)
LENGTHS = (0, 1, 2, 127, 128, 255, 256, 65_535, 65_536, 2**31 - 1, 2**31, 2**32 - 1, 2**63)
WRITTEN = (-1, 0, 1, 2, 127, 128, 255, 256, 10**5, 2**31 - 1, 2**31, 10**10, 2**63, 2**64, 1.5)


def flip(data: bytearray, random: Random, _: tuple[bytes, ...]) -> None:
    """One bit, or a whole byte to a value at some edge."""
    if not data:
        return
    at = random.randrange(len(data))
    if random.random() < 0.5:
        data[at] ^= 1 << random.randrange(8)
    else:
        data[at] = random.choice((*INTERESTING, random.randrange(256)))


def cut(data: bytearray, random: Random, _: tuple[bytes, ...]) -> None:
    """The end is missing, or a piece out of the middle."""
    start = random.randint(0, len(data))
    end = len(data) if random.random() < 0.5 else random.randint(start, len(data))
    del data[start:end]


def duplicate(data: bytearray, random: Random, _: tuple[bytes, ...]) -> None:
    """A piece stands there again, up to eight times more."""
    start = random.randint(0, len(data))
    piece = data[start : start + random.choice((1, 4, 16, 64, 1_024))]
    data[start:start] = piece * random.choice((1, 1, 2, 8))


def splice(data: bytearray, random: Random, others: tuple[bytes, ...]) -> None:
    """The beginning of this and the end of another."""
    other = random.choice(others)
    data[random.randint(0, len(data)) :] = other[random.randint(0, len(other)) :]


def insert(data: bytearray, random: Random, _: tuple[bytes, ...]) -> None:
    """A few bytes that were never there."""
    at = random.randint(0, len(data))
    data[at:at] = random.randbytes(random.choice((1, 2, 4, 9)))


def tamper_length(data: bytearray, random: Random, _: tuple[bytes, ...]) -> None:
    """A number of one to eight bytes, either end first, claims something else."""
    size = random.choice((1, 2, 4, 8))
    if len(data) < size:
        return
    at = random.randint(0, len(data) - size)
    value = random.choice(LENGTHS) % 256**size
    data[at : at + size] = value.to_bytes(size, random.choice(("big", "little")))


def tamper_digits(data: bytearray, random: Random, _: tuple[bytes, ...]) -> None:
    """A number written in digits claims something else."""
    places = [at for at, byte in enumerate(data) if 0x30 <= byte <= 0x39]
    if places:
        at = random.choice(places)
        data[at : at + 1] = str(random.choice(WRITTEN)).encode()


WAYS: tuple[Callable[[bytearray, Random, tuple[bytes, ...]], None], ...] = (
    flip,
    cut,
    duplicate,
    splice,
    insert,
    tamper_length,
    tamper_digits,
)
BYTES_MAX = 16_384
_DIGITS = re.compile(rb"[2-6][0-9](?:[ -]?[0-9]){11}")


def spoiled(seeds: tuple[bytes, ...], random: Random) -> bytes:
    """One of the seeds after one to four such accidents, of a bounded size."""
    data = bytearray(random.choice(seeds))
    for _ in range(random.randint(1, 4)):
        random.choice(WAYS)(data, random, seeds)
        del data[BYTES_MAX:]
    return _without_cards(bytes(data))


def _without_cards(data: bytes) -> bytes:
    """By chance some digits could pass for a card's number, and those are searched for in all that
    a run of the tests leaves."""
    while card_like(data):
        data = _DIGITS.sub(lambda run: b"1" + run[0][1:], data)
    return data


def pieces_of(data: bytes, random: Random) -> list[bytes]:
    """The same bytes in pieces: single ones, a few, or many, empty ones among them."""
    if random.random() < 0.25:
        return [data[at : at + 1] for at in range(len(data))]
    count = random.choice((1, 2, 5, 20))
    edges = sorted(random.randint(0, len(data)) for _ in range(count))
    bounds = [0, *edges, len(data)]
    return [data[start:end] for start, end in pairwise(bounds)]
