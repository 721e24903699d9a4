"""A conversation over TCP as a capture file, for programs that read captures."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

REGISTER_PORT, TERMINAL_PORT = 40_000, 20_007
_RAW_IP = 101
_LOCALHOST = bytes([127, 0, 0, 1])
_PUSH, _ACK = 0x08, 0x10


def checksum(data: bytes) -> int:
    """The internet checksum. Source: RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _packet(
    payload: bytes, ports: tuple[int, int], sequence: int, acknowledged: int, number: int
) -> bytes:
    fields = struct.pack(
        ">HHIIBBHHH", *ports, sequence, acknowledged, 5 << 4, _PUSH | _ACK, 65_535, 0, 0
    )
    pseudo = _LOCALHOST * 2 + struct.pack(">BBH", 0, 6, len(fields) + len(payload))
    check = checksum(pseudo + fields + payload)
    segment = fields[:16] + struct.pack(">H", check) + fields[18:] + payload
    total = 20 + len(segment)
    head = struct.pack(">BBHHHBBH", 0x45, 0, total, number & 0xFFFF, 0, 64, 6, 0)
    head += _LOCALHOST * 2
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + segment


def write_capture(place: Path, frames: Iterable[tuple[bool, bytes]]) -> None:
    """Write messages, each in a packet of its own; True for those of the register.

    Source: libpcap's file format, version 2.4; RFC 791, RFC 9293.
    """
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, _RAW_IP)]
    sequences = {True: 1, False: 1}
    for number, (is_ours, payload) in enumerate(frames):
        ports = (REGISTER_PORT, TERMINAL_PORT) if is_ours else (TERMINAL_PORT, REGISTER_PORT)
        packet = _packet(payload, ports, sequences[is_ours], sequences[not is_ours], number)
        sequences[is_ours] += len(payload)
        out.append(struct.pack("<IIII", number, 0, len(packet), len(packet)) + packet)
    place.write_bytes(b"".join(out))
