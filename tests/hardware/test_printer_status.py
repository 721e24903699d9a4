"""What printers say: status bytes both ways, told apart in a noisy stream."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from hardware.printer.status import (
    AutoStatus,
    BufferCleared,
    Info,
    PrinterStatus,
    ProcessDone,
    RealTimeStatus,
    Sensor,
    StatusReader,
    auto_bytes,
    real_time_byte,
)

_STATUSES = st.builds(
    PrinterStatus,
    cover_open=st.booleans(),
    paper=st.sampled_from(["ok", "near_end", "out"]),
    fault=st.sampled_from(["", "cutter", "unrecoverable", "recoverable", "overheated"]),
    drawer_high=st.booleans(),
)


@given(_STATUSES)
def test_real_time_status_both_ways(status: PrinterStatus) -> None:
    """Four answers to DLE EOT give back the status they were made from."""
    heard = PrinterStatus()
    for number in (1, 2, 3, 4):
        byte = real_time_byte(number, status)
        assert byte & 0x93 == 0x12
        heard = heard.with_real_time(number, byte)
    assert heard == evolve(status, offline=status.blocked)


@given(_STATUSES)
def test_automatic_status_both_ways(status: PrinterStatus) -> None:
    """Four bytes of automatic status give back the status they were made from."""
    (message,) = StatusReader().feed(auto_bytes(status))
    assert isinstance(message, AutoStatus)
    assert PrinterStatus().with_auto(message.data) == evolve(status, offline=status.blocked)


@pytest.mark.parametrize(
    ("status", "code", "blocked"),
    [
        (PrinterStatus(), "ok", False),
        (PrinterStatus(paper="near_end"), "paper_near_end", False),
        (PrinterStatus(paper="out", offline=True), "paper_out", True),
        (PrinterStatus(cover_open=True, paper="out"), "cover_open", True),
        (PrinterStatus(fault="cutter"), "cutter_error", True),
        (PrinterStatus(offline=True), "offline", True),
    ],
)
def test_one_word_for_the_person(status: PrinterStatus, code: str, blocked: bool) -> None:
    """The most useful word comes first, and near end does not stop printing."""
    assert (status.code, status.blocked) == (code, blocked)


def test_vectors() -> None:
    """Bytes as the reference manual prints them."""
    reader = StatusReader()
    data = b"\x12" + b"\x10\x00\x0f\x0f" + b"\x37\x22ab12\x00" + b"\x37\x25\x00" + b"\x5fTM-T88\x00"
    assert reader.feed(data + b"\x03") == [
        RealTimeStatus(0x12),
        AutoStatus(b"\x10\x00\x0f\x0f"),
        ProcessDone(b"ab12"),
        BufferCleared(),
        Info("TM-T88"),
        Sensor(0x03),
    ]
    assert reader.noise_bytes == 0


@given(st.binary(max_size=300), st.integers(1, 7))
def test_noise_never_stops_the_reader(noise: bytes, step: int) -> None:
    """Any bytes in any fragments are read without error, and the reader's memory stays small."""
    reader, whole = StatusReader(), StatusReader()
    found = [m for at in range(0, len(noise), step) for m in reader.feed(noise[at : at + step])]
    assert found == whole.feed(noise)
    reader.feed(b"\xff" * 200)
    assert reader.feed(b"\x12")[-1:] == [RealTimeStatus(0x12)]
