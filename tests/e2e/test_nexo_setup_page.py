"""A nexo terminal at the set-up page: met without trust, then with it, paired and paid at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from countertop.counter_terminals import AUTHORITY_FILE
from hardware.terminal.nexo.papers import new_authority
from tests.e2e.shop import Cashier, DemoStore, MakeCashier
from tests.e2e.test_looks import SIZES
from tests.e2e.test_nexo_counter_page import look_at, press, to_card
from tests.e2e.test_terminal_setup_page import FITS, look
from tests.hardware.nexo_rig import now

PLACE = re.compile(r"have it looked for at +(\S+)")
WITHIN = """(one) => [one, ...one.querySelectorAll('*')].every(
    (part) => part.scrollWidth <= part.clientWidth + 1 || !part.clientWidth)"""


@pytest.fixture
def fresh_store(tmp_path: Path, browser: Browser) -> Iterator[DemoStore]:
    """A demo store whose nexo terminal nobody has paired."""
    demo = DemoStore(tmp_path / "demo", options=("--terminal", "nexo", "--pair"))
    demo.start()
    yield demo
    demo.stop()


@pytest.fixture
def who(cashier: MakeCashier, fresh_store: DemoStore) -> Cashier:
    """Mia, who may set things up, with a phone."""
    found = cashier(SIZES["390x844"], at=fresh_store)
    found.open()
    found.sign_on("Mia")
    return found


@pytest.fixture
def terminal(cashier: MakeCashier, fresh_store: DemoStore) -> Locator:
    """The terminal on the counter."""
    page = cashier(SIZES["1024x768"], at=fresh_store).page
    page.goto(f"{fresh_store.url}/counter/")
    return page.get_by_role("region", name="Card terminal")


@pytest.mark.feature("HW-07", part="one of nexo, from nothing to a payment at the page")
def test_a_nexo_terminal_is_found_paired_tested_and_paid_at(
    who: Cashier, fresh_store: DemoStore, terminal: Locator, artefacts: Path
) -> None:
    """Where the demo says that it is. While the store was given the wrong certificate it is shown
    with the reason, and cannot be paired."""
    told = PLACE.search((fresh_store.folder / "told.txt").read_text())
    assert told is not None
    page = who.page
    trusted = fresh_store.folder / "data" / "counter" / AUTHORITY_FILE
    given = trusted.read_text()
    trusted.write_text(new_authority(now()).pem)
    who.menu("Card terminals")
    look(who, told[1])
    found = page.locator(".found")
    expect(found).to_contain_text("Nobody the store trusts vouches for this terminal")
    expect(found.get_by_role("button")).to_have_count(0)
    found.scroll_into_view_if_needed()
    look_at(page, artefacts, "nexo-not-trusted")
    assert page.evaluate(FITS), "wider than the screen"
    trusted.write_text(given)
    look(who, told[1])
    expect(found).to_contain_text(f"No. V400m-324688179 at {told[1]}")
    who.push(re.compile("^Pair as"))
    row = page.locator("li.part", has_text="V400m-324688179")
    expect(row.locator(".badge")).to_contain_text("Ready", timeout=20_000)
    row.get_by_role("button", name="Test").click()
    expect(row).to_contain_text("The terminal answers and takes payments. Nothing was charged.")
    look(who, told[1])
    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(found).to_contain_text("in use already")
    look_at(page, artefacts, "nexo-paired")
    for one in (row, found):
        assert one.evaluate(WITHIN), "something is wider than it"
    who.push("Back", exact=True)
    to_card(who, terminal)
    press(terminal, "Tap card")
    expect(page.get_by_text("Paid by card")).to_be_visible()
