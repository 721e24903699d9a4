"""The simulated counter's page in a browser: its terminal's buttons, and whether all can use it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.breadth import breadth
from tests.e2e.shop import MakeCashier
from tests.e2e.test_looks import AXE, RUN_AXE, SIZES


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=breadth)])
def test_the_terminal_is_used_at_the_page(
    cashier: MakeCashier, artefacts: Path, theme: str
) -> None:
    """Buttons can be pressed where the terminal waits for them and say what they do; axe finds
    nothing on the page."""
    who = cashier(SIZES["1024x768"], theme)
    page = who.page
    page.goto(f"{who.store.url}/counter/")
    terminal = page.get_by_role("region", name="Card terminal")
    expect(terminal.get_by_label("Terminal display")).to_have_text("ready")
    for name in ("Tap card", "Insert card", "Decline", "Add tip", "Plug terminal cable"):
        expect(terminal.get_by_role("button", name=name)).to_be_disabled()
    for pressed, back in (
        ("Take terminal paper out", "Put terminal paper in"),
        ("Cut off the bank", "Reach the bank again"),
        ("Pull terminal cable", "Plug terminal cable"),
    ):
        terminal.get_by_role("button", name=pressed).press("Enter")
        expect(terminal.get_by_role("button", name=pressed)).to_be_disabled()
        terminal.get_by_role("button", name=back).press("Enter")
        expect(terminal.get_by_role("button", name=back)).to_be_disabled()
    terminal.get_by_role("button", name="Restart terminal").click()
    expect(terminal.get_by_label("Terminal display")).to_have_text("ready")
    (artefacts / "screenshots").mkdir(exist_ok=True)
    page.screenshot(path=artefacts / "screenshots" / f"counter-{theme}.png", full_page=True)
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run `npm ci` in frontends/")
    page.evaluate(AXE.read_text())
    assert page.evaluate(RUN_AXE) == []
