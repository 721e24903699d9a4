"""A receipt printer without its metal: paper, cover, blade, drawer plug and a receive buffer.

Real-time commands act on arrival, everything else in turn and only while the printer is on line,
as the real ones do. No IO here; `hardware.printer.fake` puts it at the end of a cable.
"""

from __future__ import annotations

from collections import deque

from attrs import define, evolve, field, frozen

from hardware.limits import RECEIVE_BUFFER_BYTES_MAX
from hardware.printer.decoder import Decoder
from hardware.printer.paper import (
    Ask,
    CutRow,
    FeedRow,
    Item,
    Paper,
    PaperRow,
    PulseRow,
    RasterRow,
    SymbolRow,
    TextRow,
)
from hardware.printer.status import PAPER_OUT, PrinterStatus, auto_bytes, real_time_byte

_SLICE_BYTES = 32
_MODEL_NAME = b"VIRTUAL"


@frozen
class RealTime:
    """A real-time command and the offset just after it in the bytes it came with."""

    kind: str
    parameters: bytes
    end: int


_REAL_TIME_LENGTHS = {b"\x10\x04": 3, b"\x10\x05": 3, b"\x10\x14\x01": 5, b"\x10\x14\x08": 10}
_REAL_TIME_KINDS = {b"\x10\x04": "ask", b"\x10\x05": "recover", b"\x10\x14\x01": "kick",
                    b"\x10\x14\x08": "clear"}  # fmt: skip
_CLEAR_PARAMETERS = b"\x01\x03\x14\x01\x06\x02\x08"


class RealTimeScanner:
    """Finds real-time commands in a stream, whatever surrounds them and however it is cut."""

    def __init__(self) -> None:
        self._tail = b""

    def feed(self, data: bytes) -> list[RealTime]:
        """The commands that `data` completes, in order."""
        text = self._tail + data
        offset = len(self._tail)
        found: list[RealTime] = []
        at = 0
        while (at := text.find(b"\x10", at)) >= 0:
            command = self._match(text, at)
            if command is None:
                at += 1
            elif command.end < 0:
                break
            else:
                found.append(RealTime(command.kind, command.parameters, command.end - offset))
                at = command.end
        self._tail = text[at:] if at >= 0 else b""
        return found

    def _match(self, text: bytes, at: int) -> RealTime | None:
        """The command at `at`; one with end -1 where more bytes must come first."""
        for head, length in _REAL_TIME_LENGTHS.items():
            piece = text[at : at + length]
            if len(piece) < length and (head.startswith(piece) or piece.startswith(head)):
                return RealTime("", b"", -1)
            if piece.startswith(head):
                parameters = piece[len(head) :]
                if _REAL_TIME_KINDS[head] != "clear" or parameters == _CLEAR_PARAMETERS:
                    return RealTime(_REAL_TIME_KINDS[head], parameters, at + length)
        return None


@define
class VirtualPrinter:
    """The state of the machine. Set `status` through `change`; read `outgoing` by `take_reply`.

    `lines_left` runs the paper out after that many more lines; `dies_after_bytes` cuts the power
    when that many more bytes have come in. `drawer_wired` False is a printer without a drawer.
    `pulses` are the kicks that reached the plug, `receipts` what was cut off.
    """

    width: int = 42
    status: PrinterStatus = field(factory=lambda: PrinterStatus(drawer_high=False))
    drawer_wired: bool = True
    lines_left: int | None = None
    dies_after_bytes: int | None = None
    dead: bool = False
    received_bytes: int = 0
    paper: Paper = field(factory=Paper)
    receipts: list[tuple[PaperRow, ...]] = field(factory=list)
    pulses: list[PulseRow] = field(factory=list)
    overruns: int = 0
    decoder: Decoder = field(init=False)
    _scanner: RealTimeScanner = field(factory=RealTimeScanner)
    _buffer: bytearray = field(factory=bytearray)
    _items: deque[Item] = field(factory=deque)
    _outgoing: bytearray = field(factory=bytearray)
    _auto: bool = False

    def __attrs_post_init__(self) -> None:
        """The decoder shares the paper's width."""
        self.decoder = Decoder(self.width)

    def is_online(self) -> bool:
        """Whether it carries out what is buffered."""
        return not self.status.blocked

    @property
    def buffered(self) -> bytes:
        """What was received and not yet carried out."""
        return bytes(self._buffer)

    def receive(self, data: bytes) -> None:
        """Bytes arrive: real-time commands act now, the rest waits in the buffer."""
        if self.dies_after_bytes is not None and len(data) >= self.dies_after_bytes:
            data = data[: self.dies_after_bytes]
            self.dies_after_bytes, self.dead = None, True
        elif self.dies_after_bytes is not None:
            self.dies_after_bytes -= len(data)
        self.received_bytes += len(data)
        at = 0
        for command in self._scanner.feed(data):
            self._store(data[at : command.end])
            at = command.end
            self._act(command)
        self._store(data[at:])

    def _store(self, data: bytes) -> None:
        room = RECEIVE_BUFFER_BYTES_MAX - len(self._buffer)
        self.overruns += max(0, len(data) - room)
        self._buffer += data[:room]

    def _act(self, command: RealTime) -> None:
        match command.kind:
            case "ask":
                number = command.parameters[0]
                if 1 <= number <= 4:
                    self._outgoing.append(real_time_byte(number, self.status))
            case "kick":
                pin = 5 if command.parameters[0] else 2
                self._kick(PulseRow(pin, command.parameters[1] * 100, real_time=True))
            case "clear":
                self._forget()
                self._outgoing += b"\x37\x25\x00"
            case "recover":
                self._forget()
                if self.status.fault in ("cutter", "recoverable"):
                    self.change(fault="")

    def _forget(self) -> None:
        self._buffer.clear()
        self._items.clear()
        self.decoder.reset()

    def process(self, limit: int | None = None) -> int:
        """Carry out at most `limit` buffered bytes while on line; how many were."""
        done = 0
        while self.is_online():
            if self._items:
                self._print(self._items.popleft())
                continue
            left = len(self._buffer) if limit is None else min(limit - done, len(self._buffer))
            if left <= 0:
                break
            piece = bytes(self._buffer[: min(left, _SLICE_BYTES)])
            del self._buffer[: len(piece)]
            self._items.extend(self.decoder.feed(piece))
            done += len(piece)
        return done

    def _print(self, item: Item) -> None:
        match item:
            case Ask():
                self._answer(item)
            case PulseRow():
                if not item.real_time:
                    self._kick(item)
            case CutRow():
                self.paper.add(item)
                self.receipts.append(self.paper.take())
            case TextRow() | RasterRow() | SymbolRow() | FeedRow():
                self.paper.add(item)
                if self.lines_left is not None:
                    self.lines_left -= 1
                    if self.lines_left <= 0:
                        self.lines_left = None
                        self.change(paper=PAPER_OUT)

    def _answer(self, ask: Ask) -> None:
        match ask.kind:
            case "auto":
                self._auto = bool(ask.number)
                if self._auto:
                    self._outgoing += auto_bytes(self.status)
            case "sensor":
                drawer = 0x01 if self.status.drawer_high else 0x00
                paper = 0x03 if self.status.paper != "ok" else 0x00
                self._outgoing.append(paper if ask.number == 1 else drawer)
            case "info":
                named = b"\x5f" + _MODEL_NAME + b"\x00"
                self._outgoing += named if ask.number >= 65 else b"\x20"
            case "process":
                self._outgoing += b"\x37\x22" + ask.data + b"\x00"

    def _kick(self, pulse: PulseRow) -> None:
        self.pulses.append(pulse)
        if self.drawer_wired:
            self.change(drawer_high=True)

    def change(self, **changes: bool | str | None) -> None:
        """Something happened to the machine, such as `paper="out"` or `cover_open=True`."""
        status = evolve(self.status, **changes)  # type: ignore[arg-type]
        if status != self.status:
            self.status = status
            if self._auto:
                self._outgoing += auto_bytes(status)

    def power_cycle(self) -> None:
        """Switched off and on: buffers, modes and half a command are gone, the paper stays."""
        self._forget()
        self._scanner = RealTimeScanner()
        self._auto = self.dead = False
        self._outgoing.clear()

    def take_reply(self) -> bytes:
        """What the printer has to say since last asked."""
        reply = bytes(self._outgoing)
        self._outgoing.clear()
        return reply
