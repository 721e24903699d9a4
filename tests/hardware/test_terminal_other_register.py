"""Another register, written by others, reads what ours says and has a day at our terminal.

Name a checkout of github.com/wirelane/ecrterm (LGPL-3) in COUNTERTOP_ECRTERM to run these.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import trio

from engine.terminal import Identity, Kind, Transaction
from hardware.terminal.zvt import codec
from hardware.terminal.zvt.codec import Profile
from hardware.terminal.zvt.fake import TerminalFake
from hardware.terminal.zvt.person import Plan
from tests.hardware.terminal_rig import real
from tests.hardware.test_terminal_damage import frames

# Read while collecting: a running test no longer sees the developer's own settings.
FOLDER = os.environ.get("COUNTERTOP_ECRTERM", "")
PROGRAM = Path(__file__).with_name("other_register.py")
NOT_KNOWN = {"0620", "0630", "0631"}  # it repeats no receipts, reverses nothing, refunds nothing
wanted = pytest.mark.skipif(not FOLDER, reason="name a checkout of ecrterm in COUNTERTOP_ECRTERM")


async def _run(*arguments: str, said: bytes = b"") -> Any:
    ended = await trio.run_process(
        [sys.executable, str(PROGRAM), FOLDER, *arguments],
        stdin=said,
        capture_stdout=True,
        capture_stderr=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr.decode()
    return json.loads(ended.stdout)


def commands() -> list[bytes]:
    """Whatever a register of ours says."""
    profile = Profile(123456, 978, 42)
    before = Identity("52500001", trace=5, receipt=10)
    referring = (Kind.REVERSAL, Kind.CAPTURE, Kind.RELEASE)
    asked = [
        Transaction(kind, 1250, 978, before if kind in referring else None, tip_allowed=tips)
        for kind in Kind
        for tips in (False, True)
    ]
    asked.append(Transaction(Kind.SALE, 1250, 978, partial_allowed=True))
    return [
        codec.register(profile),
        codec.enquire(profile),
        codec.recall(profile),
        codec.end_of_day(profile),
        codec.abort(),
        codec.ACKNOWLEDGE,
        *(codec.command(one, profile) for one in asked),
    ]


@wanted
def test_each_message_is_read_and_written_alike() -> None:
    """Each command of ours and each message of a terminal's day is read by the other program for
    what it is, and written by it byte for byte the same."""
    said = [message.hex() for message in (*commands(), *frames())]
    told = trio.run(lambda: _run(said="\n".join(said).encode()))
    assert len(told) == len(said) > 50
    unread = {message[:4] for message, (name, _) in zip(said, told, strict=True) if not name}
    assert unread == NOT_KNOWN
    for message, (name, again) in zip(said, told, strict=True):
        assert not name or again == message, name
    names = {name for name, _ in told}
    assert names >= {"Registration", "Authorisation", "StatusInformation", "PrintTextBlock"}


@wanted
@pytest.mark.parametrize("carrier", ["tcp", "pty"])
async def test_another_register_has_a_day_at_our_terminal(carrier: str, tmp_path: Path) -> None:
    """It logs on, pays, is declined, reserves, captures, releases and ends the day, over a socket
    and a serial line, and makes of it what the terminal's books say."""
    end, is_serial = real(carrier, tmp_path)
    fake = TerminalFake(end, is_serial=is_serial)
    fake.plans.extend([Plan(), Plan(decline=0x05)])
    async with trio.open_nursery() as nursery:
        await nursery.start(fake.run)
        device = end.url.replace("tcp://", "socket://")
        if is_serial:
            device = end.url.removeprefix("serial://").partition("?")[0]
        with trio.fail_after(60):
            told = await _run(device)
        nursery.cancel_scope.cancel()
    result = dict(told[4][1])
    assert [entry for entry in told if entry[0] != "result"] == [
        ["register", 0],
        ["terminal", "52500001"],
        ["status", 0],
        ["payment", True],
        ["declined", False],
        ["reservation", True],
        ["capture", True],
        ["reservation", True],
        ["release", True],
        ["end of day", 0],
    ]
    assert (result["amount"], result["receipt"]) == ("1250", "0001")
    assert [entry.is_booked for entry in fake.ledger.entries] == [
        True,
        False,
        True,
        True,
        True,
        True,
    ]
    assert fake.ledger.booked_minor == 1250 + 4200
    assert fake.ledger.unsettled() == []
