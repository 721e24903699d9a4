"""Decoders at the cables: what printers, displays and scanners say, and what the fakes hear."""

from __future__ import annotations

from functools import cache

from engine.document import Align, Document, qr, rule, text
from hardware.display.codec import Protocol, VirtualDisplay
from hardware.display.session import DisplaySession
from hardware.limits import RASTER_BYTES_MAX, SCAN_CHARS_MAX
from hardware.printer import codec
from hardware.printer.decoder import Decoder
from hardware.printer.layout import lay_out
from hardware.printer.paper import Ask, CutRow, Paper, PulseRow
from hardware.printer.profile import PROFILES
from hardware.printer.render import to_html, to_png, to_text
from hardware.printer.session import Clear, PrinterSession
from hardware.printer.status import (
    AutoStatus,
    PrinterStatus,
    RealTimeStatus,
    StatusReader,
    auto_bytes,
    real_time_byte,
)
from hardware.printer.virtual import VirtualPrinter
from hardware.scanner.codec import Scan, ScanDecoder, encode_scan
from tests.fuzz.targets import Pieces, message, stream

_WIDTH = 42
_TERMINATORS = (b"\r", b"\n", b"\r\n", b"\t", b"")


# --------------------------------------------------------------------------- towards a printer


@cache
def printed() -> list[bytes]:
    """A receipt in each profile, symbols, a picture in each way, kicks and questions."""
    receipt = Document(
        "receipt",
        (
            text("Corner Shop", align=Align.CENTER, bold=True, large=True),
            rule(),
            text("Comté 0,457 kg                       5,94"),
            text("日本語 and ελληνικά"),
            qr("1-000001"),
        ),
    )
    made = []
    for profile in PROFILES.values():
        made.append(b"".join(codec.encode(lay_out(receipt, _WIDTH), profile)))
    dots = bytes(range(64))
    made += [
        (codec.code128("4000417025005", dots_wide=512) or b"") + codec.CUT,
        b"\x1dv0\x00\x08\x00\x08\x00" + dots + codec.CUT,
        b"\x1b*\x21\x08\x00" + dots[:24] + b"\n\x1b*\x00\x10\x00" + dots[:16] + b"\n",
        b"\x1d(L\x12\x000p0\x01\x011\x08\x00\x08\x00" + dots[:8] + b"\x1d(L\x02\x0002",
        b"\x1dk\x024006381333931\x00\x1dkE\x051234A\x1dk\x05123456\x00",
        codec.pulse(pin=2, on_ms=100) + codec.real_time_pulse(pin=5, on_ms=200),
        b"".join(map(codec.status_request, (1, 2, 3, 4))) + codec.process_id(b"abcd"),
        codec.AUTO_STATUS_ON + codec.PAPER_STATUS + codec.CLEAR_BUFFER + codec.RECOVER,
        b"\x1b!\x38\x1d!\x77Tall\x1bM\x01small\x1d!\x00\x1bt\x10\x80\x1bd\x03\x1bJ\xff\tx\n",
    ]
    return made


def _hostile_prints() -> list[bytes]:
    most = RASTER_BYTES_MAX
    claims = [b"\x1dv0\x00\xff\xff\xff\xff", b"\x1d8L\xff\xff\xff\xff", b"\x1b*\x21\xff\xff",
              b"\x1d(k\xff\xff1P0", b"\x1d*\xff\xff", b"\x1dkI\xff"]  # fmt: skip
    floods = [b"\n" * 11_000, b"a" * 20_000, b"\x1b!\x38" * 5_000, b"\x10" * 9_000,
              b"\x1dI\x42" * 5_000, b"\x10\x04\x01" * 5_000]  # fmt: skip
    whole = b"\x1dv0\x00\x80\x00" + (most // 128).to_bytes(2, "little") + bytes(most)
    wide = b"\x1b*\x21\xff\xff" + bytes(3 * 65_535)
    return [*claims, *floods, whole, wide, bytes(range(256)) * 100]


@stream(printed, hostile=_hostile_prints, hostile_s=6.0, memory_bytes_max=48 << 20)
def printer_paper(pieces: Pieces) -> object:
    """ESC/POS as the virtual printer's ear hears it: rows of paper and questions."""
    decoder, items = Decoder(_WIDTH), []
    for piece in pieces:
        items += decoder.feed(piece)
    assert len(decoder.unknown) <= 256
    return items, decoder.unknown


@stream(printed, hostile=_hostile_prints, hostile_s=6.0, memory_bytes_max=48 << 20)
def printer_virtual(pieces: Pieces) -> object:
    """The whole virtual printer: real-time commands on arrival, the rest in turn, its answers."""
    printer = VirtualPrinter(_WIDTH)
    for piece in pieces:
        printer.receive(piece)
    printer.process()
    reply = printer.take_reply()
    # A picture of black and white compares slowly as a row; what was cut and kicked says enough.
    return len(printer.receipts), printer.pulses, printer.overruns, printer.status, reply


def _hostile_pictures() -> list[bytes]:
    return [b"\n" * 11_000, b"a" * 5_000, b"\x1d!\x77" + b"a" * 300, *_hostile_prints()[:6]]


@message(printed, hostile=_hostile_pictures, hostile_s=6.0, memory_bytes_max=96 << 20, slow=True)
def printer_picture(data: bytes) -> None:
    """The simulated counter's pictures of whatever was printed: text, page and PNG."""
    paper = Paper()
    for item in Decoder(_WIDTH).feed(data):
        if not isinstance(item, Ask | CutRow | PulseRow):
            paper.add(item)
    rows = paper.take()
    to_text(rows, _WIDTH)
    to_html(rows, _WIDTH)
    to_png(rows, _WIDTH)


# ----------------------------------------------------------------------------- from a printer


@cache
def statuses() -> list[bytes]:
    """What printers in many states say of themselves."""
    states = (
        PrinterStatus(drawer_high=False),
        PrinterStatus(offline=True, cover_open=True, paper="out", drawer_high=True),
        PrinterStatus(fault="cutter", paper="near_end", drawer_high=False),
    )
    made = [bytes(real_time_byte(number, one) for number in (1, 2, 3, 4)) for one in states]
    made += [auto_bytes(one) for one in states]
    return [*made, b"\x37\x220001\x00", b"\x37\x25\x00", b"\x5fTM-T88\x00", b"\x03\x00",
            made[0] + auto_bytes(states[1]) + b"\x37\x220001\x00" + made[1] * 3]  # fmt: skip


def _hostile_statuses() -> list[bytes]:
    return [b"\x37" + b"a" * 9_000, b"\x5f" * 9_000, b"\xff" * 9_000, b"\x10" * 9_001]


@stream(statuses, hostile=_hostile_statuses, hostile_s=3.0)
def printer_status(pieces: Pieces) -> object:
    """A printer's bytes, split into statuses, markers and answers; the rest is counted."""
    reader, found = StatusReader(), []
    for piece in pieces:
        found += reader.feed(piece)
    status = PrinterStatus()
    for heard in found:
        if isinstance(heard, AutoStatus):
            status = status.with_auto(heard.data)
        elif isinstance(heard, RealTimeStatus):
            for number in range(6):
                status = status.with_real_time(number, heard.byte)
    return found, reader.noise_bytes, status.code


@message(statuses, hostile=_hostile_statuses, hostile_s=6.0)
def printer_session(data: bytes) -> None:
    """A printer that says whatever it likes, in the middle of each profile's job."""
    for profile in PROFILES.values():
        session = PrinterSession(profile)
        session.opened(0)
        session.offer(0)
        for at in range(0, len(data), 7):
            # When the job goes on depends on what was read at once, so nothing is compared.
            if Clear() in session.received(data[at : at + 7], at):
                session.go((b"one", b"two", b"three"), b"0001", at)
        session.tick(10**11)
        session.closed()


# --------------------------------------------------------------------------- display, scanner


@cache
def shown() -> list[bytes]:
    """Two lines, then others, on either kind of display."""
    made = []
    for protocol in Protocol:
        session = DisplaySession(protocol)
        made.append(session.opened() + session.show("Comté", "5,94"))
        made.append(session.show("Comté 0,457 kg", "€ 5,94") + b"\x1f$\x14\x02\x0b\x0c")
    return made


def _hostile_displays() -> list[bytes]:
    return [b"\x1bQA" + b"a" * 50_000, b"\x1f$\xff\xff" * 10_000, b"\x1b" * 50_000]


def _display(protocol: Protocol, pieces: Pieces) -> object:
    display = VirtualDisplay(protocol)
    for piece in pieces:
        display.feed(piece)
    assert [len(line) for line in display.lines] == [20, 20]
    assert len(display.unknown) <= 256
    return display.lines, display.cursor, display.cursor_shown, display.unknown, display.render()


@stream(shown, hostile=_hostile_displays, hostile_s=6.0)
def display_epson(pieces: Pieces) -> object:
    """A customer display of the Epson kind."""
    return _display(Protocol.EPSON, pieces)


@stream(shown, hostile=_hostile_displays, hostile_s=6.0)
def display_cd5220(pieces: Pieces) -> object:
    """A customer display of the CD5220 kind."""
    return _display(Protocol.CD5220, pieces)


@cache
def scanned() -> list[bytes]:
    """Reads with each terminator, framed ones, and one with an AIM identifier."""
    scans = (Scan("4000417025005", "]E0"), Scan("(01)04000417025005\x1d10A1", "]d2"), Scan("Comté"))
    made = [
        b"".join(encode_scan(scan, terminator) for scan in scans) for terminator in _TERMINATORS
    ]
    return [*made, b"".join(encode_scan(scan, framed=True) for scan in scans)]


def _hostile_scans() -> list[bytes]:
    return [b"1" * 9_000, b"\x02" * 9_000, b"\r" * 9_000, b"1\r" * 5_000]


@stream(scanned, hostile=_hostile_scans, hostile_s=6.0)
def scanner(pieces: Pieces) -> object:
    """A scanner on a cable, whatever its terminator; a code is short and can be printed."""
    found: list[object] = []
    for terminator in _TERMINATORS:
        decoder = ScanDecoder(terminator)
        for piece in pieces:
            for scan in decoder.feed(piece):
                assert 0 < len(scan.code) <= SCAN_CHARS_MAX + len(terminator)
                found.append(scan)
        found += [decoder.garbage, decoder.partial]
    return found
