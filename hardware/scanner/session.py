"""What a scanner's bytes mean over time: noise left behind goes, repeats may be held back.

Times are monotonic nanoseconds.
"""

from __future__ import annotations

from attrs import define, field

from hardware.limits import SCAN_GAP_NS
from hardware.scanner.codec import Scan, ScanDecoder


@define
class ScannerSession:
    """One scanner's reads. `same_code_ns` drops the same code within that time; 0 drops none.

    The time runs from the last read of the code, dropped ones included, so a label left in the
    beam counts once.
    """

    decoder: ScanDecoder = field(factory=ScanDecoder)
    same_code_ns: int = 0
    repeats: int = 0
    _last: Scan | None = None
    _last_ns: int = 0
    _heard_ns: int = 0

    def opened(self) -> None:
        """A new connection: half a read of the old one is worthless."""
        self.decoder.drop_partial()

    def received(self, data: bytes, now_ns: int) -> list[Scan]:
        """Scans to pass on.

        A scanner sends a read in one go. A fragment followed by a pause is noise from plugging in,
        and would spoil the next code.
        """
        if self.decoder.partial and now_ns - self._heard_ns > SCAN_GAP_NS:
            self.decoder.drop_partial()
        self._heard_ns = now_ns
        return [scan for scan in self.decoder.feed(data) if self._is_new(scan, now_ns)]

    def _is_new(self, scan: Scan, now_ns: int) -> bool:
        repeat = scan == self._last and now_ns - self._last_ns < self.same_code_ns
        self._last, self._last_ns = scan, now_ns
        self.repeats += repeat
        return not repeat
