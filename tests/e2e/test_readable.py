"""What nobody can read on a page is found, and nothing else."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.e2e.test_looks import READABLE

ROW = "position: absolute; top: 40px; width: 80px; white-space: nowrap;"
PAGES = {
    "words over words": (
        f"<p style='{ROW}; left: 0'>twelve hundred</p><p style='{ROW}; left: 60px'>euro</p>",
        ["twelve hundred lies over euro"],
    ),
    "words beside words": (
        f"<p style='{ROW}; left: 0'>twelve</p><p style='{ROW}; left: 90px'>euro</p>",
        [],
    ),
    "words cut off": (
        "<p style='width: 60px; overflow: hidden; white-space: nowrap'>twelve hundred euro</p>",
        ["cut off: twelve hundred euro"],
    ),
    "a word broken to letters": (
        "<p style='width: 16px; overflow-wrap: anywhere'>receipt</p>",
        ["broken: receipt"],
    ),
    "a word broken once": (
        "<p style='width: 150px; overflow-wrap: anywhere'>receiptreceiptreceiptreceipt</p>",
        [],
    ),
    "words that say that they are longer": (
        (
            "<p style='width: 60px; overflow: hidden; white-space: nowrap;"
            " text-overflow: ellipsis'>twelve hundred euro</p>"
        ),
        [],
    ),
    "words that can be scrolled": (
        "<p style='width: 60px; overflow-x: auto; white-space: nowrap'>twelve hundred euro</p>",
        [],
    ),
    "words below a sheet": (
        (
            f"<p style='{ROW}; left: 0'>twelve hundred</p>"
            f"<p style='{ROW}; left: 0; background: white; width: 200px'>What is paid?</p>"
        ),
        [],
    ),
    "words below a dialog": (
        (
            f"<p style='{ROW}; left: 40px'>twelve hundred</p>"
            "<dialog style='top: 40px; margin: 0'>What is paid?</dialog>"
            "<script>document.querySelector('dialog').showModal()</script>"
        ),
        [],
    ),
    "words for a screen reader alone": (
        (
            "<p style='position: absolute; width: 1px; height: 1px; overflow: hidden'>saved</p>"
            "<p>twelve</p>"
        ),
        [],
    ),
    "a page too wide": (
        "<p style='width: 900px'>twelve</p>",
        ["the page is wider than its screen"],
    ),
}


@pytest.mark.parametrize("page", PAGES)
def test_what_cannot_be_read_is_found(browser: Browser, page: str) -> None:
    """Each page by itself, on a small screen."""
    html, finds = PAGES[page]
    shown = browser.new_page(viewport={"width": 400, "height": 300})
    shown.set_content(f"<!doctype html><body>{html}</body>")
    assert shown.evaluate(READABLE) == finds
    shown.close()
