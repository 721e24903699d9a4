"""Receipts to look at: through the same bytes a printer gets, back through the decoder."""

from __future__ import annotations

from engine.document import Document
from hardware.printer.codec import encode
from hardware.printer.layout import lay_out
from hardware.printer.profile import profile
from hardware.printer.render import to_html, to_png, to_text
from hardware.printer.virtual import VirtualPrinter

WIDTH = 42


def render_document(document: Document, form: str) -> tuple[str, bytes]:
    """(media type, bytes) of a document as `png`, `html` or `txt`.

    Raises:
        KeyError: another form.
    """
    printer = VirtualPrinter(width=WIDTH)
    for part in encode(lay_out(document, WIDTH), profile("epson", WIDTH)):
        printer.receive(part)
        printer.process()
    rows = printer.receipts[-1]
    match form:
        case "png":
            return "image/png", to_png(rows, WIDTH)
        case "html":
            page = to_html(rows, WIDTH, title=document.title, language=document.language)
            return "text/html; charset=utf-8", page.encode()
        case "txt":
            return "text/plain; charset=utf-8", to_text(rows, WIDTH).encode()
        case _:
            raise KeyError(form)
