"""A process that opens what a nexo terminal sealed holds no card number afterwards."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hardware.terminal.nexo import envelope, play, voice
from hardware.terminal.nexo import messages as m
from tests.canaries import Canaries
from tests.hardware.nexo_rig import KEY, POI_ID
from tests.left_behind import ROOT
from tests.nexo_canaries import leaks
from tests.store.memory import in_memory

CANARIES = Canaries.seeded(20261127)
PROGRAM = """
import sys, time
from hardware.terminal.nexo import envelope, told
from hardware.terminal.nexo.crypto import SecurityKey
key = SecurityKey(sys.argv[1], int(sys.argv[2]), sys.argv[3])
for line in sys.stdin.buffer.read().splitlines():
    told.answer(envelope.opened(line, key), "EUR")
print("opened", flush=True)
time.sleep(60)
"""


def sealed() -> list[bytes]:
    """An answer with each card in every place and every way of writing."""
    head = m.Header("Payment", "AB12CD34EF", "register-1", POI_ID)
    poi = m.PoiTransaction("SIM1.REF1", "2026-11-26T09:30:00Z")
    plain = voice.answer(
        head, m.PaymentTold(m.Outcome("Success"), "r1", poi, 1250, 0, "EUR"), "EUR"
    )
    return [
        envelope.close(
            voice.reply_header(head),
            play.over(plain, play.Plan(extra=leaks(card))),
            KEY,
            bytes([number] * 16),
            "SaleToPOIResponse",
        )
        for number, card in enumerate(CANARIES.cards)
    ]


@pytest.mark.feature("PAY-08", part="the RAM of a process right after it opened seals of nexo")
def test_no_card_number_is_left_in_the_memory_that_opened_it() -> None:
    """Right after sixteen messages full of numbers, before anything else is written over what they
    left, none is in memory, as letters or as half bytes."""
    words = [sys.executable, "-c", PROGRAM, KEY.identifier, str(KEY.version), KEY.passphrase]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"\n".join(sealed()) + b"\n")
        process.stdin.close()
        assert process.stdout.readline() == b"opened\n"
        found = in_memory(CANARIES, process.pid)
        process.kill()
    assert found == []
