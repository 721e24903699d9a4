"""Bytes of a serial scanner to codes, and the other way for its fake.

A read ends with the configured terminator or with ETX; STX begins one. Line ends around a read
are never part of it. The AIM symbology identifier, where the scanner sends it, is `]`, a letter
and a modifier, such as `]E0` for EAN-13.

Source: ISO/IEC 15424 (symbology identifiers); GS1 General Specifications, 7.8 (FNC1 as GS, 1D
hex).
"""

from __future__ import annotations

import re

from attrs import frozen

from hardware.limits import SCAN_CHARS_MAX

STX, ETX = 0x02, 0x03
_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")
# FNC1 and the separators of ISO/IEC 15434 belong to a code; other controls do not.
_KEPT_CONTROLS = "\x1d\x1e\x04\x1c\x1f"


@frozen
class Scan:
    """One code as read. `symbology` is the AIM identifier, empty where none was sent."""

    code: str
    symbology: str = ""


class ScanDecoder:
    """Cuts a stream into scans, in any fragments; what is no code is counted in `garbage`.

    `terminator` may be several bytes; empty means that only ETX ends a read.
    """

    def __init__(self, terminator: bytes = b"\r") -> None:
        self.terminator = terminator
        self.garbage = 0
        self._buffer = bytearray()
        self._overlong = False

    @property
    def partial(self) -> bool:
        """Whether a read has begun and not ended."""
        return bool(self._buffer) or self._overlong

    def drop_partial(self) -> None:
        """Give up the read that has begun."""
        if self.partial:
            self.garbage += 1
        self._buffer.clear()
        self._overlong = False

    def feed(self, data: bytes) -> list[Scan]:
        """The scans that `data` completes, in order."""
        scans: list[Scan] = []
        for byte in data:
            if byte == STX:
                self.drop_partial()
                continue
            if byte == ETX:
                self._finish(scans)
                continue
            if self._overlong:
                if self.terminator.endswith(bytes([byte])):
                    self._finish(scans)
                continue
            self._buffer.append(byte)
            if self.terminator and self._buffer.endswith(self.terminator):
                del self._buffer[-len(self.terminator) :]
                self._finish(scans)
            elif len(self._buffer) > SCAN_CHARS_MAX + len(self.terminator):
                self._overlong = True
                self._buffer.clear()
        return scans

    def _finish(self, scans: list[Scan]) -> None:
        data, overlong = bytes(self._buffer), self._overlong
        self._buffer.clear()
        self._overlong = False
        if overlong:
            self.garbage += 1
            return
        text = data.strip(b"\r\n")
        if not text:
            return
        scan = parse_scan(text)
        if scan is None:
            self.garbage += 1
        else:
            scans.append(scan)


def parse_scan(data: bytes) -> Scan | None:
    """One read without its terminator; None for what no scanner reads from a label."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    symbology = ""
    if found := _AIM.match(text):
        symbology, text = found.group(), text[3:]
    if not text.strip() or any(not c.isprintable() and c not in _KEPT_CONTROLS for c in text):
        return None
    return Scan(text, symbology)


def encode_scan(scan: Scan, terminator: bytes = b"\r", *, framed: bool = False) -> bytes:
    """What a scanner sends for `scan`; `framed` puts it between STX and ETX."""
    data = (scan.symbology + scan.code).encode()
    return bytes([STX]) + data + bytes([ETX]) if framed else data + terminator
