"""The native boundary once more: carts under promotions, and what only terminals and chips say."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

from native import (
    Cart,
    CheckedFramer,
    CoreError,
    LengthFramer,
    NexoKey,
    NexoLink,
    PromotionSet,
    ZvtLink,
    crc_kermit,
    emv_cryptogram,
    emv_dol,
    emv_dol_build,
    emv_encode,
    emv_tag_name,
    emv_tsi,
    emv_tvr,
    emv_verification,
    nexo_frame,
    nexo_hello,
    nexo_read,
    price_cart,
    zvt_decode,
    zvt_encode,
    zvt_frame,
)
from tests.fuzz.targets import message
from tests.fuzz.targets_floor import Draws, numbers
from tests.fuzz.targets_nexo import messages as nexo_messages
from tests.fuzz.targets_terminal import said as zvt_messages
from tests.fuzz.targets_terminal import serial_lines

Line = tuple[int, int, int, bool, bool, int]
_CLASSES = ("item", "set", "cart", "coupon", "manual", "employee", "loyalty", "tender", "gift")
_OFFS = ("percent", "amount", "price", "present")
_BENEFITS = ("each", "bundle", "buy_get", "tiers", "cart", "every_spend", "lottery")
_GATES = ("min_quantity", "min_spend", "min_sets", "min_patience")
_WORDS = ("cheapest", "dearest", "running", "original", "all", "rewarded", "half_up", "down", "x")
_UNITS_MAX = 1_000


# ------------------------------------------------------------------------- promotions and carts


def _pick(draws: Draws, words: tuple[str, ...]) -> str:
    return words[draws.byte() % len(words)]


def _off(draws: Draws) -> tuple[str, int]:
    return _pick(draws, _OFFS), draws.number()


def _benefit(draws: Draws) -> tuple[Any, ...]:
    word, some = _pick(draws, _BENEFITS), draws.byte() % 3
    match word:
        case "bundle":
            return word, [(draws.byte() % 3, draws.number()) for _ in draws.count(3)], _off(draws)
        case "buy_get":
            half = (some, draws.number(), draws.byte() % 3, draws.number())
            return (word, *half, _off(draws), _pick(draws, _WORDS))
        case "tiers":
            steps = [(draws.number(), _off(draws)) for _ in draws.count(3)]
            return word, some, steps, draws.byte() % 2 == 0, _pick(draws, _WORDS)
        case "every_spend":
            return word, some, draws.number(), draws.number()
        case _:
            return word, some, _off(draws)


def _gate(draws: Draws) -> tuple[Any, ...]:
    word = _pick(draws, _GATES)
    if word == "min_sets":
        sets = [draws.byte() % 3 for _ in draws.count(3)]
        return word, sets, draws.number(), draws.number()
    return word, draws.byte() % 3, draws.number()


def _optional(draws: Draws) -> dict[str, Any]:
    """Some of what a promotion may have besides, and now and then what none has."""
    makers: dict[str, Callable[[], Any]] = {
        **dict.fromkeys(
            ("version", "priority", "group", "tags", "stacks_with", "stores", "channels"),
            draws.number,
        ),
        **dict.fromkeys(("coupon", "points_min", "start_s", "end_s", "vendor_ppm"), draws.number),
        **dict.fromkeys(("base", "spread", "rounding"), lambda: _pick(draws, _WORDS)),
        **dict.fromkeys(("business_day", "count_nondiscountable"), lambda: draws.byte() % 2 == 0),
        "limit_per_cart": draws.number,
        "weekly": lambda: [(draws.number(), draws.number()) for _ in draws.count(3)],
        "gates": lambda: [_gate(draws) for _ in draws.count(3)],
        "colour": draws.text,
    }
    names = tuple(makers)
    return {name: makers[name]() for name in (_pick(draws, names) for _ in draws.count(4))}


def _promotion(draws: Draws, number: int) -> dict[str, Any]:
    sets: list[tuple[list[int] | None, list[int]]] = [
        ([draws.byte() % 6 for _ in draws.count(4)] if draws.byte() % 2 else None, [])
        for _ in range(3)
    ]
    required = {"class": _pick(draws, _CLASSES), "benefit": _benefit(draws), "sets": sets}
    return {"id": draws.number() or number, **required, **_optional(draws)}


def _line(draws: Draws) -> Line:
    pieces, quantity = draws.byte() % 2 == 0, draws.number()
    if pieces and quantity > _UNITS_MAX * 1_000:
        # A cart may hold a million units, and each then takes its time.
        quantity %= _UNITS_MAX * 1_000
    item = draws.byte() % 8 or 2**32 - 1
    return item, draws.number(), quantity, pieces, draws.byte() % 8 > 0, draws.byte()


def _facts(draws: Draws) -> dict[str, Any]:
    named = ("store", "channel", "customer_groups", "tenders", "points", "now_s", "week_s", "moon")
    facts: dict[str, Any] = {_pick(draws, named): draws.number() for _ in draws.count(3)}
    if draws.byte() % 2:
        facts["coupons"] = [draws.number() for _ in draws.count(3)]
    if draws.byte() % 4 == 0:
        facts["policy"] = _pick(draws, ("best", "strict_priority", "random"))
        facts["caps"] = [(draws.number(), draws.number(), None) for _ in draws.count(2)]
    return facts


@message(numbers, slow=True)
def native_promotions(data: bytes) -> None:
    """Promotions and carts of hostile figures and words: refused, or every sum right, both ways."""
    draws = Draws(data)
    promotions = PromotionSet([], 6)
    with suppress(CoreError, OverflowError, TypeError):
        made = [_promotion(draws, number) for number in draws.count(4)]
        promotions = PromotionSet(made, 6)
    lines, facts = [_line(draws) for _ in draws.count(5)], _facts(draws)
    try:
        whole = price_cart(promotions, lines, facts, draws.byte() % 6)
    except (CoreError, OverflowError, TypeError):
        return
    assert whole.total_minor == whole.subtotal_minor + whole.discount_minor
    assert whole.total_minor == sum(line.net_minor for line in whole.lines)
    assert whole.discount_minor == sum(one.amount_minor for one in whole.modifiers)
    _kept(promotions, lines, draws)


def _kept(promotions: PromotionSet, lines: list[Line], draws: Draws) -> None:
    """The same in a cart that is changed line by line."""
    cart = Cart(promotions, None, 2, _pick(draws, ("quick", "thorough")))
    for line in lines:
        with suppress(CoreError, OverflowError):
            cart.add_line(line)
        with suppress(CoreError, OverflowError, IndexError):
            cart.change_line(draws.byte() % 8, _line(draws))
        with suppress(CoreError, OverflowError, TypeError):
            cart.set_facts(_facts(draws))
        if draws.byte() % 3 == 0:
            with suppress(CoreError, OverflowError, IndexError):
                cart.remove_line(draws.byte() % 8)
    assert cart.total_minor == sum(line.net_minor for line in cart.priced().lines)
    for number in range(8):
        with suppress(CoreError, IndexError):
            parts = cart.explain(number)
            assert parts[0][0] is None
    with suppress(CoreError):
        cart.why_not(draws.number() % 2**31)


# ------------------------------------------------------------------------------ what chips say


@cache
def _lists() -> list[bytes]:
    """Data object lists, verification results and methods."""
    return [bytes.fromhex(text) for text in ("9F02069F03069F1A0295055F2A029A039C019F3704",
            "8000000000", "E800", "1F0302", "9F3704", "")]  # fmt: skip


@message(
    _lists, hostile=lambda: [b"\x9f\x02\xff" * 20_000, b"\xff" * 30_000, b"\x50\x81\xff" * 9_000]
)
def chip_lists(data: bytes) -> None:
    """Lists a chip asks by, and the bits of its results, of any length."""
    for read in (emv_tvr, emv_tsi, emv_verification):
        with suppress(ValueError):
            read(data)  # each has one length
    for at in range(min(len(data), 4)):
        emv_cryptogram(data[at])
        emv_tag_name(int.from_bytes(data[at : at + 4], "big"))
    with suppress(CoreError):
        asked = emv_dol(data)
        values = [(tag, data[: tag % 9]) for tag, _ in asked[::2]]
        assert len(emv_dol_build(data, values)) == sum(size for _, size in asked)
    with suppress(CoreError):
        emv_encode([(data[0] if data else 0, data), (0x70, [(0x50, data)])])


# ----------------------------------------------------------------------- what terminals are told


@message(
    zvt_messages, hostile=lambda: [b"\x04\x0f\xff\xff\xff" + b"\x06" * 60_000, b"\x06\x0f" * 9_000]
)
def zvt_whole(data: bytes) -> None:
    """One message of a ZVT terminal, and fields drawn from the bytes, written, framed and read."""
    for is_enquiry in (False, True):
        with suppress(CoreError):
            zvt_decode(data, is_enquiry)
    draws = Draws(data)
    fields: list[tuple[int | str, Any]] = [
        (draws.byte(), data[:9] if draws.byte() % 2 else draws.number()) for _ in draws.count(4)
    ]
    with suppress(CoreError, OverflowError):
        written = zvt_encode(draws.number(), fields)
        assert zvt_decode(written).control == int.from_bytes(written[:2], "big")
    with suppress(CoreError):
        framed = zvt_frame(data)
        assert ZvtLink(is_serial=True).feed(framed)
    assert 0 <= crc_kermit(data) < 1 << 16


@message(serial_lines)
def zvt_descriptor(data: bytes) -> None:
    """The same bytes as the system hands them over, straight from a descriptor to the floor."""
    reader, writer = os.pipe()
    try:
        os.set_blocking(reader, False)
        os.write(writer, data[:4_096])
        link, whole = ZvtLink(is_serial=True), ZvtLink(is_serial=True)
        events = link.read_from(reader) if data else []
        assert len(events or ()) == len(whole.feed(data[:4_096]))
        assert link.read_from(reader) is None
        link.drop_partial()
        assert link.is_clean
    finally:
        os.close(reader)
        os.close(writer)


@message(numbers)
def native_frames(data: bytes) -> None:
    """Whatever is put into a frame comes out of it again, or is refused before it goes out."""
    for profile in ("concert", "ecr17"):
        for framer in (CheckedFramer(profile, 512), LengthFramer(2, 512), LengthFramer(4, 512)):
            with suppress(CoreError, ValueError):
                framed = framer.frame(data)
                assert len(framer.feed(framed)) >= 1
            framer.drop_partial()
            assert framer.is_clean


@cache
def _key() -> NexoKey:
    return NexoKey("store-1", 1, "p@ssw0rd123456")


@message(nexo_messages, hostile=lambda: [b"[" * 200_000, b'{"a":"' + b"5" * 200_000 + b'"}'])
def nexo_whole(data: bytes) -> None:
    """What is sealed, framed and asked of a nexo terminal, whatever it is made of."""
    for call in (lambda: nexo_read(data, int), lambda: _key().open(data, int)):
        with suppress(CoreError, ValueError):
            call()
    blob, mac = _key().seal(data, data[:16].ljust(16, b"\0"))
    assert len(blob) >= len(data)
    assert len(mac) == 44
    frame = nexo_frame(data, b"mask")
    assert len(frame) > len(data)
    text = data[:200].decode("utf-8", "replace")
    with suppress(CoreError, ValueError):
        assert nexo_hello(text, text, data[:16])
    with suppress(CoreError, ValueError):
        NexoLink(text[:6], _key(), int, data[:16])
    link = NexoLink("answer", _key(), int)
    part = data[: len(link.room)]
    link.room[: len(part)] = part
    link.heard(len(part))
    link.drop_all()
    assert link.is_clean
