"""Wireshark's ZVT dissector reads what the register sends and what the simulated terminal says.

It was written by others from the same specification, and knows fewer messages than are spoken here.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import trio
from attrs import frozen

from engine.terminal import Identity, Kind, Transaction, Verdict
from hardware.carrier import Handle
from hardware.terminal.zvt import codec
from hardware.terminal.zvt.person import Plan
from native import ZvtLink, ZvtMessage, zvt_encode
from tests.hardware.capture import TERMINAL_PORT, write_capture
from tests.hardware.terminal_rig import Shop, about, open_shop, sale, simulated
from tests.simulation.streams import SimulatedCarrier

pytestmark = pytest.mark.skipif(
    shutil.which("tshark") is None,
    reason="there is no tshark here; install Debian's package of that name",
)
FIELDS = (
    "_ws.col.Info", "zvt.control_field", "zvt.ccrc", "zvt.aprc", "zvt.length_field", "zvt.password",
    "zvt.bmp", "zvt.amount", "zvt.cc", "zvt.result_code", "zvt.trace_number", "zvt.terminal_id",
    "zvt.card_type", "zvt.date", "zvt.time", "zvt.card_number", "zvt.tlv.total_len", "zvt.tlv.tag",
    "zvt.tlv.text_lines.line", "zvt.int_status", "zvt.characters_per_line",
    "zvt.tlv.permitted_command", "_ws.expert", "_ws.malformed", "tcp.checksum.status",
    "ip.checksum.status",
)  # fmt: skip
UNKNOWN_THERE = {
    codec.ENQUIRE, codec.RECALL, codec.RESERVE, codec.CAPTURE, codec.RELEASE, codec.ABORT,
}  # fmt: skip
"""What Wireshark 4.0 has no name for and leaves as bytes."""
NAMES = {
    codec.REGISTER: "Registration",
    codec.AUTHORISE: "Authorisation",
    codec.REFUND: "Refund",
    codec.REVERSE: "Reversal",
    codec.END_OF_DAY: "End Of Day",
    codec.STATUS_INFO: "Status Information",
    codec.INTERMEDIATE: "Intermediate Status Information",
    codec.COMPLETION: "Completion",
    codec.ABORTION: "Abort",
    codec.PRINT_LINE: "Print Line",
    codec.PRINT_BLOCK: "Print Text Block",
}
Frames = list[tuple[bool, bytes]]
PROFILE = codec.Profile(password=123456)
BEFORE = Identity("52500001", 42, 17, "1126", "120000")


@frozen
class Read:
    """One message as tshark read it: every field it found, each with all its values."""

    told: dict[str, list[str]]

    def all(self, name: str) -> list[str]:
        """All values of a field."""
        return self.told[name]

    def one(self, name: str) -> str:
        """The only value of a field; empty where it was not there."""
        found = self.told[name]
        assert len(found) <= 1, (name, found)
        return found[0] if found else ""

    def number(self, name: str) -> int | None:
        """The only value of a field as a number."""
        text = self.one(name)
        return int(text, 0) if text else None


def dissected(frames: Frames, folder: Path) -> list[Read]:
    """What tshark makes of a conversation."""
    place = folder / "conversation.pcap"
    write_capture(place, frames)
    named = [word for name in FIELDS for word in ("-e", name)]
    checks = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
    command = ("tshark", "-r", place, "-d", f"tcp.port=={TERMINAL_PORT},zvt", *checks)
    form = ("-T", "fields", "-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=;")
    ended = subprocess.run((*command, *form, *named), capture_output=True, text=True, check=True)
    rows = ended.stdout.splitlines()
    assert len(rows) == len(frames)
    return [
        Read(
            {
                name: value.split(";") if value else []
                for name, value in zip(FIELDS, row.split("\t"), strict=True)
            }
        )
        for row in rows
    ]


def _is_whole(read: Read) -> None:
    assert read.all("_ws.malformed") == []
    assert read.all("_ws.expert") == []
    # 1 is good, 0 bad, 2 unchecked.
    assert (read.one("tcp.checksum.status"), read.one("ip.checksum.status")) == ("1", "1")


def _transaction(kind: Kind, **more: object) -> Transaction:
    original = None if kind in (Kind.SALE, Kind.RESERVATION) else BEFORE
    return Transaction(kind, 1250, 978, original, **more)  # type: ignore[arg-type]


COMMANDS = [
    pytest.param(codec.register(PROFILE), {
        "zvt.password": ["123456"], "zvt.cc": ["0x0978"], "zvt.bmp": ["0x06"],
        "zvt.characters_per_line": ["42"], "zvt.tlv.permitted_command": ["0x06d3"],
    }, id="registration"),
    pytest.param(codec.command(_transaction(Kind.SALE), PROFILE), {
        "zvt.amount": ["1250"], "zvt.cc": ["0x0978"], "zvt.bmp": ["0x04", "0x49", "0x19"],
    }, id="authorisation"),
    pytest.param(
        codec.command(_transaction(Kind.SALE, tip_minor=50, partial_allowed=True), PROFILE), {
            "zvt.amount": ["1300"], "zvt.bmp": ["0x04", "0x49", "0x19", "0x06"],
            "zvt.tlv.tag": ["0x00001f36", "0x00001f70"], "zvt.tlv.total_len": ["13"],
        }, id="authorisation with a tip, or a part"),
    pytest.param(codec.command(_transaction(Kind.REFUND), PROFILE), {
        "zvt.password": ["123456"], "zvt.amount": ["1250"], "zvt.bmp": ["0x04", "0x49"],
    }, id="refund"),
    pytest.param(codec.command(_transaction(Kind.REVERSAL), PROFILE), {
        "zvt.password": ["123456"], "zvt.amount": ["1250"], "zvt.bmp": ["0x87", "0x04", "0x49"],
    }, id="reversal"),
    pytest.param(codec.end_of_day(PROFILE), {"zvt.length_field": ["3"]}, id="end of day"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "expected"), COMMANDS)
def test_our_commands_say_what_they_should(
    message: bytes, expected: dict[str, list[str]], tmp_path: Path
) -> None:
    """The command's name, its amount, currency, password and every field in its order."""
    (read,) = dissected([(True, message)], tmp_path)
    _is_whole(read)
    assert read.one("_ws.col.Info") == NAMES[int.from_bytes(message[:2], "big")]
    assert {name: read.all(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("message", "yes"),
    [(codec.ACKNOWLEDGE, True), (codec.NOT_READY, False), (codec.TAKE_BACK, False),
     (codec.UNKNOWN_COMMAND, False)],
    ids=["acknowledged", "not ready", "take back", "unknown command"],
)  # fmt: skip
def test_our_replies_are_a_yes_or_a_no(message: bytes, yes: bool, tmp_path: Path) -> None:
    """A no is never read as a yes; its code is the one that was meant."""
    (read,) = dissected([(True, message)], tmp_path)
    _is_whole(read)
    assert read.one("_ws.col.Info") == f"{'Positive' if yes else 'Negative'} completion"
    assert read.number("zvt.ccrc") == message[0]
    assert read.number("zvt.aprc") == message[1]


# ----------------------------------------------------------------------- whole conversations


class TappedCarrier(SimulatedCarrier):
    """A cable that keeps what went over it, in order; True for what the register sent."""

    def __init__(self) -> None:
        super().__init__("tapped")
        self.frames: Frames = []

    async def _serve(self, handle: Handle) -> None:
        async def tapped(data: bytes) -> None:
            self.frames += [(True, message) for message in _apart(data)]
            await handle(data)

        await super()._serve(tapped)

    async def _send(self, data: bytes) -> None:
        self.frames.append((False, data))
        await super()._send(data)


def _apart(data: bytes) -> Iterator[bytes]:
    """Messages that were read at once: two bytes of control and one of length, or FF and two of
    length, the lower first. Source: PA00P015 revision 13.08."""
    while data:
        is_long = data[2] == 0xFF
        size = 5 + int.from_bytes(data[3:5], "little") if is_long else 3 + data[2]
        yield data[:size]
        data = data[size:]


async def _all_kinds(shop: Shop) -> None:
    """One of everything: what is paid, declined, reserved, given back and settled."""
    plans = (Plan(), Plan(tip_minor=150), Plan(decline=0x05, why="no money"), Plan(by_line=True))
    for plan in plans:
        shop.fake.plans.append(plan)
        await shop.device.request(sale())
    shop.fake.plans.append(Plan(partial_minor=700))
    part = await shop.device.request(sale(partial_allowed=True))
    assert part.verdict is Verdict.PARTIALLY_APPROVED
    first = await shop.device.request(sale(500))
    await shop.device.request(about(Kind.REVERSAL, first.identity, 500))
    await shop.device.request(about(Kind.REFUND, Identity()))
    held = await shop.device.request(Transaction(Kind.RESERVATION, 5000, 978))
    await shop.device.request(about(Kind.CAPTURE, held.identity, 900))
    again = await shop.device.request(Transaction(Kind.RESERVATION, 3000, 978))
    await shop.device.request(about(Kind.RELEASE, again.identity, 3000))
    await shop.device.inquire(again)
    shop.fake.plans.append(Plan("none"))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(shop.device.request, sale())
        while shop.fake.shown != "insert or tap card":  # noqa: ASYNC110
            await trio.sleep(0.01)
        assert await shop.device.abort()
    await shop.device.settle()


async def recorded(act: Callable[[Shop], Awaitable[None]]) -> Frames:
    """A conversation between the production device and the simulated terminal."""
    _, world = simulated()
    carrier = TappedCarrier()
    async with open_shop(carrier, world=world) as shop:
        await act(shop)
        await shop.idle()
    return carrier.frames


def _meant(data: bytes) -> ZvtMessage:
    (message,) = ZvtLink(False).feed(data)
    assert isinstance(message, ZvtMessage)
    return message


def _reads_as_meant(message: ZvtMessage, read: Read) -> None:
    """Every value that both read is the same."""
    fields = message.fields
    assert read.number("zvt.amount") == fields.get(0x04)
    currency = fields.get(0x49, fields.get("currency"))
    assert read.one("zvt.cc") == ("" if currency is None else f"0x{currency:04}")
    assert read.number("zvt.card_type") == fields.get(0x8A)
    result = fields.get(0x27, fields.get("result"))
    assert read.number("zvt.result_code") == result
    trace, terminal = fields.get(0x0B), fields.get(0x29)
    assert read.one("zvt.trace_number") == ("" if trace is None else f"{trace:06}")
    assert read.one("zvt.terminal_id") == ("" if terminal is None else f"{terminal:08}")
    number = fields.get(0x22)
    if number:
        assert read.one("zvt.card_number") == number.replace("*", "?")
    if 0x0C in fields and message.control == codec.STATUS_INFO:
        assert read.one("zvt.time").replace(":", "") == f"{fields[0x0C]:06}"
        assert read.one("zvt.date").replace("/", "") == f"{fields[0x0D]:04}"


async def test_a_day_of_messages_is_read_as_it_was_meant(
    autojump_clock: object, tmp_path: Path
) -> None:
    """Log-on, every kind of transaction, receipts, an inquiry and the end of the day: whatever the
    dissector knows has the names, amounts, currencies, results and numbers that were sent."""
    frames = await recorded(_all_kinds)
    seen: set[int] = set()
    for (is_ours, data), read in zip(frames, dissected(frames, tmp_path), strict=True):
        message = _meant(data)
        control = message.control
        seen.add(control)
        _is_whole(read)
        if control in UNKNOWN_THERE:
            assert is_ours
            assert read.number("zvt.control_field") is None, "Wireshark has learnt it: compare it"
        elif control >> 8 in (0x80, 0x84):
            assert read.number("zvt.ccrc") == control >> 8
        else:
            assert read.number("zvt.control_field") == control
            assert read.one("_ws.col.Info") == NAMES[control]
            _reads_as_meant(message, read)
    assert seen >= NAMES.keys() | UNKNOWN_THERE


def test_what_the_terminal_shows_and_prints_is_text(tmp_path: Path) -> None:
    """Lines of a receipt and of the display are found in their containers."""
    shows = [(0x24, [(0x07, b"insert or tap card")])]
    told = zvt_encode(codec.INTERMEDIATE, [("status", 10), ("timeout_minutes", 0), (0x06, shows)])
    lines: list[tuple[int, bytes]] = [(0x09, b"\x40"), (0x07, b"CARD PAYMENT")]
    block = zvt_encode(codec.PRINT_BLOCK, [(0x06, [(0x1F07, b"\x01"), (0x25, lines)])])
    shown, printed = dissected([(False, told), (False, block)], tmp_path)
    _is_whole(shown)
    _is_whole(printed)
    assert shown.number("zvt.int_status") == 10
    assert shown.all("zvt.tlv.text_lines.line") == ["insert or tap card"]
    assert printed.all("zvt.tlv.text_lines.line") == ["CARD PAYMENT"]


def test_the_reader_can_say_no(tmp_path: Path) -> None:
    """A message that ends before its field does is told as broken, so silence means something."""
    good = codec.command(_transaction(Kind.SALE), PROFILE)
    short = good[:2] + bytes([good[2] - 8]) + good[3:-8]
    read_good, read_short = dissected([(True, good), (True, short)], tmp_path)
    _is_whole(read_good)
    assert read_short.all("_ws.malformed") or read_short.all("_ws.expert"), read_short
