"""A register that others wrote, as a program: `python other_register.py FOLDER DEVICE` or `FOLDER`.

FOLDER is a checkout of wirelane/ecrterm (LGPL-3), which stays a program of its own. With DEVICE it
has a day at a terminal; without, it reads messages in hexadecimal, one a line, and says of each
which packet it takes it for and how it would write it. It answers in JSON.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any


def a_day(device: str) -> list[list[Any]]:
    """Log on, ask, pay, be declined, reserve, capture, release, end the day: what it is told."""
    serial = importlib.import_module("serial")
    # A pty has no such wires.
    serial.Serial.setRTS = serial.Serial.setDTR = lambda *_: None
    ecr = importlib.import_module("ecrterm.ecr").ECR(device=device, password="000000")
    config = importlib.import_module("ecrterm.packets.types").ConfigByte.DEFAULT
    told: list[list[Any]] = [["register", ecr.register(config)], ["terminal", str(ecr.terminal_id)]]
    ecr.status()
    told.append(["status", ecr._status])
    told.append(["payment", ecr.payment(1250)])
    heard = [
        packet
        for is_incoming, packet in ecr.transmitter.last_history
        if is_incoming and type(packet).__name__ == "StatusInformation"
    ]
    told.append(["result", {name: str(value) for name, value in heard[0].items()}])
    told.append(["declined", ecr.payment(500)])
    told.append(["reservation", ecr.request_reservation(5000)])
    told.append(["capture", ecr.book_reservation("0003", 4200)])
    told.append(["reservation", ecr.request_reservation(700)])
    told.append(["release", ecr.reverse_reservation("0005", 700)])
    told.append(["end of day", ecr.end_of_day()])
    return told


def messages(lines: list[str]) -> list[list[str]]:
    """What each message is, and the same written anew; or why it is not read."""
    packet = importlib.import_module("ecrterm.packets.base_packets").Packet
    told = []
    for line in lines:
        try:
            found = packet.parse(bytes.fromhex(line))
            told.append([type(found).__name__, bytes(found.serialize()).hex()])
        except Exception as error:  # noqa: BLE001 (whatever the other program raises is told)
            told.append(["", repr(error)])
    return told


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    if len(sys.argv) > 2:
        answer: list[Any] = a_day(sys.argv[2])
    else:
        answer = messages(sys.stdin.read().split())
    sys.stdout.write(json.dumps(answer))
