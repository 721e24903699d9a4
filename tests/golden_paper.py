"""What a receipt printer makes of a document, and whether it is what is kept with the tests."""

from __future__ import annotations

import os
from pathlib import Path

from engine.document import Document
from hardware.printer import codec
from hardware.printer.decoder import Decoder
from hardware.printer.layout import lay_out
from hardware.printer.paper import Ask
from hardware.printer.profile import profile
from hardware.printer.render import to_text

WIDTH = 42
_GOLDEN = Path(__file__).parent / "golden" / "receipts"


def on_paper(document: Document) -> str:
    """What the receipt printer's bytes make of a document, as lines of text."""
    lines = lay_out(document, WIDTH, copy=document.copy)
    data = b"".join(codec.encode(lines, profile("epson", WIDTH)))
    rows = (item for item in Decoder(WIDTH).feed(data) if not isinstance(item, Ask))
    return to_text(tuple(rows), WIDTH)


def hold(name: str, document: Document) -> None:
    """Line for line it is what is kept under that name, and fits the paper; with UPDATE_GOLDEN=1 in
    the environment that is written anew."""
    shown, place = on_paper(document), _GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        place.write_text(shown, encoding="utf-8")
    assert shown == place.read_text(encoding="utf-8")
    assert all(len(line) <= WIDTH for line in shown.splitlines())
