"""What one model of printer can do, as far as our encoder and our session need to know."""

from __future__ import annotations

from enum import Enum

from attrs import evolve, frozen

from hardware.printer.codepages import COMMON_PAGES, Page, pages_by_name

CELL_DOTS_WIDE = 12
CELL_DOTS_TALL = 24


class Confirm(Enum):
    """How the printer can say that a job is on paper."""

    PROCESS_ID = "process_id"  # GS ( H: answers with our marker when it got there
    PAPER_SENSOR = "gs_r"  # GS r 1: answers in order with the data before it
    NOTHING = "nothing"  # never answers; a job counts as printed once sent


@frozen
class Profile:
    """A printer model. `width` is columns of font A; `real_time` says DLE commands work."""

    name: str
    width: int = 42
    pages: tuple[Page, ...] = pages_by_name(COMMON_PAGES)
    confirm: Confirm = Confirm.PROCESS_ID
    real_time: bool = True

    @property
    def dots_wide(self) -> int:
        """Printable dots across the paper."""
        return self.width * CELL_DOTS_WIDE


PROFILES = {
    "epson": Profile("epson"),
    "escpos": Profile("escpos", confirm=Confirm.PAPER_SENSOR),
    "escpos-mute": Profile("escpos-mute", confirm=Confirm.NOTHING, real_time=False),
    "ascii": Profile("ascii", pages=pages_by_name(("CP437",)), confirm=Confirm.PAPER_SENSOR),
}


def profile(name: str, width: int) -> Profile:
    """The named profile at a paper width.

    Raises:
        ValueError: the name is unknown; the message lists the known ones.
    """
    if name not in PROFILES:
        raise ValueError(f"unknown printer protocol {name}; known are {', '.join(PROFILES)}")
    return evolve(PROFILES[name], width=width)
