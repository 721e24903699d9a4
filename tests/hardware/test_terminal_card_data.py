"""A terminal tells whole card numbers wherever it can, and none gets past the floor."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import attrs
import pytest

from actors.terminal_messages import Heard, Inquire, Request, Settle
from engine.terminal import Answer, Verdict
from engine.wire import canonical, unstructure
from hardware.terminal.limits import SLIP_LINE_CHARS_MAX
from hardware.terminal.zvt.codec import PRINT_LINE, STATUS_INFO, status_info
from hardware.terminal.zvt.person import Plan
from hardware.terminal.zvt.slips import SlipReader
from native import zvt_decode, zvt_encode
from tests.canaries import Canaries, card_like, half_bytes, leaking_plan
from tests.hardware.terminal_rig import ADDRESS, KEEPER, Shop, open_shop, real, sale

CANARIES = Canaries.seeded(4_711)


def _left(shop: Shop, answers: list[object]) -> bytes:
    """Every message that left the device, as it crosses a link and as a log would show it."""
    bodies: list[Any] = [*answers, *shop.kept, *shop.shown, *shop.rig.statuses]
    crossed = [canonical(unstructure(body)) for body in bodies]
    return b"\n".join([*crossed, *(repr(body).encode() for body in bodies)])


def _tapped(shop: Shop) -> bytearray:
    """What goes over the wire from now on."""
    wire, send = bytearray(), shop.fake.carrier.send

    async def tapped(data: bytes) -> None:
        wire.extend(data)
        await send(data)

    shop.fake.carrier.send = tapped  # type: ignore[method-assign]
    return wire


PLANS: dict[str, dict[str, Any]] = {
    "approved": {},
    "tapped": {"card": "tap"},
    "line by line": {"by_line": True},
    "declined": {"decline": 0x05},
    "aborted": {"decline": 0x6C},
    "in part": {"partial_minor": 700},
    "with a tip": {"tip_minor": 150},
}


@pytest.mark.feature("PAY-08", part="every field of a ZVT terminal, in every message that leaves")
@pytest.mark.parametrize("carrier", ["tcp", "pty"])
@pytest.mark.parametrize("plan", PLANS)
async def test_no_card_number_leaves_the_device(plan: str, carrier: str, tmp_path: Path) -> None:
    """Fields, tracks, objects, receipts, display and reasons full of card numbers: what is told,
    kept, shown and reported has none of them in any writing, and the payment has its end."""
    end, is_serial = real(carrier, tmp_path)
    async with open_shop(end, is_serial=is_serial) as shop:
        answers: list[object] = []
        wire = _tapped(shop)
        for number, card in enumerate(CANARIES.cards):
            shop.fake.plans.append(leaking_plan(card, **PLANS[plan]))
            request = Request(f"r{number}", sale(partial_allowed=True), KEEPER)
            heard = await shop.rig.post.ask(ADDRESS, request, timeout_s=10)
            assert isinstance(heard, Heard)
            answers.append(heard)
            shown = heard.answer.card.number
            assert shown == f"{card[:6]}{'*' * (len(card) - 10)}{card[-4:]}"
        answers.append(await shop.rig.post.ask(ADDRESS, Settle(), timeout_s=10))
        verdicts = {one.answer.verdict for one in answers if isinstance(one, Heard)}
        assert len(verdicts) == 1
        assert Verdict.UNKNOWN not in verdicts
        left = _left(shop, answers)
        first = CANARIES.cards[0]
        assert f"{first[:6]}{'*' * (len(first) - 10)}".encode() in left, "texts do arrive"
        assert CANARIES.search(left) == []
        assert card_like(left) == []
        assert shop.device._link.is_clean
        told = {leak.ending for leak in CANARIES.search(bytes(wire))}
        assert told == {card[-4:] for card in CANARIES.cards}, "the terminal did tell them"


@pytest.mark.parametrize("carrier", ["tcp", "pty"])
async def test_no_card_number_is_told_again(carrier: str, tmp_path: Path) -> None:
    """The same where the reply is lost and the terminal is asked for it."""
    end, is_serial = real(carrier, tmp_path)
    async with open_shop(end, is_serial=is_serial) as shop:
        answers: list[object] = []
        for number, card in enumerate(CANARIES.cards[:4]):
            shop.fake.plans.append(leaking_plan(card))
            shop.fake.keeps_unacknowledged = True
            shop.fake.cut_after = 330
            request = Request(f"r{number}", sale(), KEEPER)
            was = shop.device.connections
            heard = await shop.rig.post.ask(ADDRESS, request, timeout_s=10)
            assert isinstance(heard, Heard)
            assert heard.answer.verdict is Verdict.UNKNOWN
            await shop.fake.plug()
            await shop.reconnected(was)
            inquire = Inquire(f"i{number}", heard.answer)
            answers += [heard, await shop.rig.post.ask(ADDRESS, inquire, timeout_s=10)]
        told = [one.answer for one in answers if isinstance(one, Heard)]
        assert Verdict.APPROVED in {answer.verdict for answer in told}
        left = _left(shop, answers)
        assert CANARIES.search(left) == []
        assert card_like(left) == []


def _of(**objects: Any) -> Plan:
    return Plan(**objects)


@pytest.mark.parametrize(
    ("plan", "name", "expected"),
    [
        (_of(extra=((0x3B, bytes.fromhex("5413330089020011")),)), "authorisation", ""),
        (_of(extra=((0x3B, b"87654321"),)), "authorisation", "87654321"),
        (_of(objects=((0x1F36, bytes.fromhex("5413330089020011")),)), "tip_minor", 0),
        # With another check digit it is no card's, and still no tip.
        (_of(objects=((0x1F36, bytes.fromhex("5413330089020012")),)), "tip_minor", 0),
        (_of(objects=((0x1F2B, bytes.fromhex("5413330089020011")),)), "detail", ""),
    ],
)
async def test_numbers_that_are_no_cards_place(
    plan: Plan, name: str, expected: object, tmp_path: Path
) -> None:
    """A card number in half bytes where a code, a tip or a trace belongs is not taken for one; a
    code in digits is."""
    if plan.extra:
        # A declined one has no code of its own, so that there is room for this one.
        plan = attrs.evolve(plan, decline=0x05)
    end, _ = real("tcp", tmp_path)
    async with open_shop(end) as shop:
        shop.fake.plans.append(plan)
        answer: Answer = await shop.device.request(sale())
        assert getattr(answer, name) == expected
        assert b"541333008902001" not in repr(answer).encode()


def test_no_card_number_is_a_label_or_a_reason() -> None:
    """A number in half bytes, in hexadecimal or in base64, where an application's label, a brand or
    a reason belongs, is in nothing that is made of it."""
    for card in CANARIES.cards:
        digits = card.encode()
        for written in (half_bytes(card), digits.hex().encode(), b64encode(digits)):
            objects = [(0x60, [(0x44, written)]), (0x1F17, written)]
            fields: list[tuple[int | str, Any]] = [(0x27, 0), (0x8B, written), (0x06, objects)]
            info = status_info(zvt_decode(zvt_encode(STATUS_INFO, fields)))
            assert info.detail
            told = (info.detail, info.card.application_label, info.card.brand)
            for text in told:
                assert CANARIES.search(text.encode("cp437")) == []


def _slip_line(attribute: int, text: bytes) -> str:
    reader = SlipReader()
    fields: list[tuple[int | str, object]] = [("attribute", attribute), ("text", text)]
    assert reader.line(zvt_decode(zvt_encode(PRINT_LINE, fields)))
    ((line,),) = [slip.lines for slip in reader.slips]
    return line.text


def test_a_line_of_a_receipt_has_its_bounds() -> None:
    """A line that has no end is cut, and a number that stands at the cut was masked before."""
    assert _slip_line(0x81, b"x" * 60_000) == "x" * SLIP_LINE_CHARS_MAX
    told_until = b"x" * (SLIP_LINE_CHARS_MAX - 15)
    cut = _slip_line(0x81, told_until + b"5413330089020011")
    assert cut == told_until.decode() + "541333******001"
