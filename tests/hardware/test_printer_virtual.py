"""The machine without its metal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hardware.limits import RECEIVE_BUFFER_BYTES_MAX
from hardware.printer import codec
from hardware.printer.paper import PulseRow
from hardware.printer.status import PrinterStatus, auto_bytes
from hardware.printer.virtual import RealTimeScanner, VirtualPrinter

RECEIPT = b"Tea 1.00\n" + codec.CUT


@given(st.lists(st.sampled_from([b"\x10\x04\x01", b"\x10\x14\x01\x00\x01", codec.CLEAR_BUFFER,
                                 b"\x10\x05\x02", b"tea", b"\x10", b"\x10\x14"]), max_size=12),
       st.integers(1, 5))  # fmt: skip
def test_real_time_commands_in_any_fragments(parts: list[bytes], step: int) -> None:
    """The same commands are found however the stream is cut."""
    data = b"".join(parts)
    whole = [(one.kind, one.parameters) for one in RealTimeScanner().feed(data)]
    scanner = RealTimeScanner()
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    found = [(one.kind, one.parameters) for piece in pieces for one in scanner.feed(piece)]
    assert found == whole


def test_kick_and_status_while_out_of_paper() -> None:
    """Without paper the data waits, yet a kick and a question are obeyed on arrival."""
    printer = VirtualPrinter()
    printer.change(paper="out")
    printer.receive(RECEIPT + codec.real_time_pulse(pin=2, on_ms=100) + codec.status_request(4))
    printer.process()
    assert printer.pulses == [PulseRow(2, 100, real_time=True)]
    assert printer.take_reply() == b"\x7e"
    assert printer.receipts == []
    printer.change(paper="ok")
    printer.process()
    assert len(printer.receipts) == 1
    assert len(printer.pulses) == 1


def test_kick_in_turn_waits_for_paper() -> None:
    """ESC p waits its turn behind the paper, which is why kicks are sent in real time."""
    printer = VirtualPrinter()
    printer.change(cover_open=True)
    printer.receive(codec.pulse(pin=5, on_ms=100))
    printer.process()
    assert printer.pulses == []
    printer.change(cover_open=False)
    printer.process()
    assert [kick.pin for kick in printer.pulses] == [5]


def test_drawer_switch_is_reported() -> None:
    """A kick opens the drawer and, where asked for, the change is told by itself."""
    printer = VirtualPrinter()
    printer.receive(codec.AUTO_STATUS_ON)
    printer.process()
    printer.take_reply()
    printer.receive(codec.real_time_pulse(pin=2, on_ms=100))
    assert printer.take_reply() == auto_bytes(PrinterStatus(drawer_high=True))


def test_paper_runs_out_after_some_lines() -> None:
    """The roll ends within a receipt; what follows is printed on the next roll."""
    printer = VirtualPrinter(lines_left=2)
    printer.receive(b"1\n2\n3\n" + codec.CUT + codec.process_id(b"abcd"))
    printer.process()
    assert printer.status.paper == "out"
    assert len(printer.paper.rows) == 2
    assert b"abcd" not in printer.take_reply()
    printer.change(paper="ok")
    printer.process()
    assert len(printer.receipts) == 1
    assert printer.take_reply() == b"\x37\x22abcd\x00"


def test_power_cut_after_some_bytes() -> None:
    """A printer that dies keeps the bytes up to then and forgets them when switched on."""
    printer = VirtualPrinter(dies_after_bytes=4)
    printer.receive(b"abcdefgh")
    assert printer.dead
    assert printer.received_bytes == 4
    printer.power_cycle()
    printer.receive(RECEIPT)
    printer.process()
    assert len(printer.receipts) == 1


def test_power_cut_in_the_middle_of_a_kick() -> None:
    """Half a kick is gone with the power; the first bytes afterwards do not complete it."""
    kick = codec.real_time_pulse(pin=2, on_ms=100)
    for cut in range(1, len(kick)):
        printer = VirtualPrinter(dies_after_bytes=cut)
        printer.receive(kick)
        printer.power_cycle()
        printer.receive(codec.CLEAR_BUFFER)
        printer.process()
        assert printer.pulses == []


def test_clear_buffer_ends_half_a_picture() -> None:
    """DLE DC4 8 frees a printer that was left in the middle of a picture."""
    printer = VirtualPrinter()
    printer.receive(b"\x1dv0\x00\x48\x00\xff\x00" + b"\x00" * 100)
    printer.process()
    printer.receive(codec.CLEAR_BUFFER + RECEIPT)
    printer.process()
    assert len(printer.receipts) == 1
    assert printer.take_reply() == b"\x37\x25\x00"


def test_full_buffer_is_counted() -> None:
    """What does not fit into the receive buffer is lost and counted, never kept."""
    printer = VirtualPrinter()
    printer.change(paper="out")
    printer.receive(b"x" * (RECEIVE_BUFFER_BYTES_MAX + 10))
    assert len(printer.buffered) == RECEIVE_BUFFER_BYTES_MAX
    assert printer.overruns == 10


def test_recovers_from_a_jammed_blade() -> None:
    """DLE ENQ 2 clears the error and what was waiting."""
    printer = VirtualPrinter()
    printer.change(fault="cutter")
    printer.receive(RECEIPT + codec.RECOVER)
    printer.process()
    assert printer.status.fault == ""
    assert printer.receipts == []
