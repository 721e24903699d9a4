"""A process that reads a ZVT terminal's cable holds no card number afterwards."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from hardware.terminal.zvt.person import Plan
from native import zvt_encode, zvt_frame
from tests.canaries import Canaries, half_bytes, leaking_plan
from tests.left_behind import ROOT
from tests.store.memory import in_memory

CANARIES = Canaries.seeded(20261129)
PROGRAM = """
import socket, sys, time
from native import ZvtLink
cable = socket.socket(fileno=int(sys.argv[1]))
link, wanted, read = ZvtLink(sys.argv[2] == "serial"), int(sys.argv[3]), []
while len(read) < wanted or not link.is_partial:
    read += link.read_from(cable.fileno()) or []
print(len([one for one in read if not isinstance(one, str)]), flush=True)
link.drop_partial()
print("read", flush=True)
time.sleep(60)
"""


def told(number: str, *, is_serial: bool) -> bytes:
    """A status information with a card in every place it has, as it goes over the cable."""
    plan: Plan = leaking_plan(number)
    texts = [(tag, value) for tag, value in plan.extra if tag != 0x22]
    fields = [(0x22, half_bytes(number)), *texts, (0x06, list(plan.objects))]
    message = zvt_encode(0x040F, fields)
    return zvt_frame(message) if is_serial else message


@pytest.mark.feature("PAY-08", part="the RAM of a process right after it read a ZVT cable")
@pytest.mark.parametrize("kind", ["tcp", "serial"])
def test_no_card_number_is_left_in_the_memory_that_read_it(kind: str) -> None:
    """Right after sixteen messages full of numbers and one that broke off, with their buffers still
    there and nothing read over what they held, none is in memory, as letters or as half bytes."""
    lines = [told(card, is_serial=kind == "serial") for card in CANARIES.cards]
    near, far = socket.socketpair()
    words = [sys.executable, "-c", PROGRAM, str(far.fileno()), kind, str(len(lines))]
    with (
        near,
        subprocess.Popen(
            words, stdout=subprocess.PIPE, cwd=ROOT, pass_fds=(far.fileno(),)
        ) as process,
    ):
        far.close()
        assert process.stdout is not None
        near.sendall(b"".join(lines) + lines[-1][:-9])
        count = process.stdout.readline()
        assert process.stdout.readline() == b"read\n"
        found = in_memory(CANARIES, process.pid)
        process.kill()
    assert int(count) == len(lines), "each was read"
    assert found == []
