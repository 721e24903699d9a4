"""The search for card numbers finds what was planted, in every way of writing, and nothing else."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path

import pytest

from tests.canaries import RAW, Canaries, Leak, card_like, encodings, half_bytes, is_card

CANARIES = Canaries.seeded(20261126)
NOISE = random.Random(1).randbytes(5_000)


def test_they_are_cards() -> None:
    """Each is a number an issuer could give out, and a seed gives the same ones."""
    assert len(set(CANARIES.cards)) == 16
    assert all(map(is_card, CANARIES.cards))
    assert {len(card) for card in CANARIES.cards} == {13, 14, 15, 16, 18, 19}
    assert Canaries.seeded(20261126) == CANARIES
    assert not set(Canaries.seeded(1).cards) & set(CANARIES.cards)


def test_what_no_issuer_gives_out_is_none() -> None:
    """Lengths go with their issuers: a time of 13 digits is no card of one that gives out 16."""
    assert is_card("4222222222222")
    assert is_card("3530111333300000")
    assert not is_card("3599434036099")
    times = b'{"now_ns":4222222222222,"took_ns": 4222222222222} at_ns=4222222222222'
    assert card_like(times) == []
    assert card_like(times.replace(b"_ns", b"_id")) == ["422222***2222"] * 3


def writings(card: str) -> list[tuple[str, bytes]]:
    """A card number written by other means than the search's own."""
    packed = half_bytes(card)
    text = f'{{"detail":"CARD {card} OK"}}'.encode()
    return [
        ("ascii", text),
        ("ascii in groups", f"{card[:4]} {card[4:8]} {card[8:12]} {card[12:]}".encode()
         if len(card) <= 16 else " ".join((card[:4], card[4:8], card[8:12], card[12:16],
                                           card[16:])).encode()),
        ("utf-16", card.encode("utf-16")),
        ("bcd", b"\x5a\x08" + packed),
        ("hex of ascii", text.hex().encode()),
        ("hex of ascii, capitals", text.hex().upper().encode()),
        ("hex of bcd", packed.hex().encode()),
        ("python", repr({"track": packed}).encode()),
        *(("base64", base64.b64encode(text[cut:])) for cut in range(3)),
        *(("base64 for addresses", base64.urlsafe_b64encode(text[cut:])) for cut in range(3)),
        *(("base64 of bcd", base64.b64encode(b"\x00" * cut + packed + b"!")) for cut in range(3)),
        ("json of base64", json.dumps({"a": base64.b64encode(text).decode()}).encode()),
        ("base64 of hex", base64.b64encode(text.hex().encode())),
    ]  # fmt: skip


@pytest.mark.parametrize("card", CANARIES.cards, ids=lambda card: f"{card[:2]}-{card[-4:]}")
def test_a_planted_one_is_found_however_it_is_written(card: str) -> None:
    """In the middle of noise, each way of writing is found and told by its last four digits."""
    for name, data in writings(card):
        leaks = CANARIES.search(NOISE[:777] + data + NOISE[777:], "a place")
        assert leaks, name
        assert {(leak.ending, leak.where) for leak in leaks} == {(card[-4:], "a place")}
        assert card not in repr(leaks)
        raw = {leak.encoding for leak in CANARIES.search_raw(data)}
        assert raw == {leak.encoding for leak in leaks if leak.encoding in RAW}


@pytest.mark.parametrize("card", CANARIES.cards[:2], ids=lambda card: f"{card[:2]}-{card[-4:]}")
def test_much_is_searched_as_little_is(card: str) -> None:
    """In megabytes each way of writing is found, at the beginning, in the middle and at the end."""
    much = NOISE * (-(-(1 << 20) // len(NOISE)))
    for name, pattern, of_card in CANARIES.patterns:
        if name in RAW and of_card == card:
            for at in (0, 777_777, len(much)):
                found = CANARIES.search_raw(much[:at] + pattern + much[at:], "there", 5)
                assert Leak("there", 5 + at, name, card[-4:]) in found
    assert CANARIES.search_raw(much) == []


def test_nothing_is_found_where_nothing_is() -> None:
    """Noise, and masked numbers, are no leaks."""
    masked = [f"{card[:6]}{'*' * (len(card) - 10)}{card[-4:]}" for card in CANARIES.cards]
    assert CANARIES.search(NOISE + " ".join(masked).encode()) == []


def test_a_file_is_searched_across_its_pieces(tmp_path: Path) -> None:
    """Wherever it lies in a file that is read piece by piece, it is found once and in its place."""
    card = CANARIES.cards[3]
    alone = Canaries((card,))
    for at in (0, 1_048_560, 1_048_570, 1_048_576, 2_097_140, 2_500_000):
        data = bytearray(b"." * 2_600_000)
        data[at : at + len(card)] = card.encode()
        place = tmp_path / "below" / f"{at}.db"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(data)
        found = {(leak.where, leak.at) for leak in alone.search_file(place)
                 if leak.encoding == "ascii"}  # fmt: skip
        assert found == {(str(place), at)}
    assert len({leak.where for leak in alone.search_folder(tmp_path)}) == 6


def test_every_encoding_is_a_different_one() -> None:
    """No way of writing is empty, or so short that it would be found anywhere."""
    for card in CANARIES.cards:
        for name, data in encodings(card):
            assert len(data) >= 6, name


def test_numbers_nobody_planted() -> None:
    """What looks like a card is found, in groups too; what is part of something else is not."""
    card = CANARIES.cards[0]
    masked = [f"{card[:6]}******{card[-4:]}"]
    wrong = f"{card[:-1]}{(int(card[-1]) + 1) % 10}"
    for text in (f"PAN {card}.", f"{card[:4]}-{card[4:8]}-{card[8:12]}-{card[12:]}", f'"{card}"'):
        assert card_like(text.encode()) == masked
    for text in (f"a{card}", f"{card}f", f"1{card}", wrong, "1764150000000000000", masked[0]):
        assert card_like(text.encode()) == [], text
    assert card_like(card.encode(), allowed=[card]) == []
    for text in (f'"receipt":{card},', f"receipt={card}, ", f":V400m-1:{card}:2026-11-26",
                 f'"session":{card},', f'\0{card},"reference":"2026', f'\0{card},"date":"',
                 f'\0{card},"received":0'):  # fmt: skip
        assert card_like(text.encode()) == [], text
    assert card_like(f'"receipt":7,"detail":"{card}"'.encode()) == masked
    unlucky = f"{card[:8]}-{card[8:12]}-{card[12:]}-a000-470633123115"
    for text in (unlucky, f"{unlucky}6"):
        assert card_like(text.encode()) == [], text
    assert card_like(f"{unlucky}{card}".encode()) == masked
    # The rest of an id, a whole one, and a digit behind it: 13 that were never side by side.
    tail = "637739326400"
    assert card_like(f"57-722f-bb1c-{tail}01a2218c-6457-722f-bb1c-{tail}3".encode()) == []
    assert card_like(f"{tail}3".encode()) == ["637739***4003"]
