"""Paying at a nexo terminal that a person plays at the simulated counter's page."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.breadth import breadth
from tests.e2e.shop import Cashier, DemoStore, MakeCashier
from tests.e2e.test_looks import AXE, RUN_AXE, SIZES


@pytest.fixture
def fresh_store(
    request: pytest.FixtureRequest, tmp_path: Path, browser: Browser
) -> Iterator[DemoStore]:
    """A demo store whose terminal speaks nexo: by WebSocket, unless a test asks for the other."""
    speaks = getattr(request, "param", "nexo-websocket")
    demo = DemoStore(tmp_path / "demo", options=("--terminal", speaks))
    demo.start()
    yield demo
    demo.stop()


@pytest.fixture
def terminal(cashier: MakeCashier, who: Cashier) -> Locator:
    """The terminal on the counter, in a window beside the register's."""
    page = cashier(SIZES["1024x768"], at=who.store).page
    page.goto(f"{who.store.url}/counter/")
    return page.get_by_role("region", name="Card terminal")


def to_card(who: Cashier, terminal: Locator) -> None:
    """Ring up and ask the terminal for all of it."""
    who.tap("Flat white")
    expect(who.lines).to_have_count(1)
    who.pay()
    who.push(re.compile("^Card"))
    is_asked_for_card(terminal)


def is_asked_for_card(terminal: Locator) -> None:
    """Its display says so; only by WebSocket does the register hear of it."""
    shown = re.compile("EUR 3.80\\s+insert or tap card")
    expect(terminal.get_by_label("Terminal display")).to_have_text(shown)


def press(terminal: Locator, *names: str) -> None:
    """Each button once it can be pressed."""
    for name in names:
        terminal.get_by_role("button", name=name, exact=True).click()


def sales(store: DemoStore) -> list[dict[str, Any]]:
    """What the terminal remembers of payments, the newest first."""
    rows: list[dict[str, Any]] = store.counter()["terminal"]["transactions"]
    return [row for row in rows if row["kind"] == "sale"]


def is_websocket(store: DemoStore) -> bool:
    """Whether the terminal tells on the way what the customer does."""
    return "nexo-websocket" in store.options


def look_at(page: Page, artefacts: Path, name: str) -> None:
    """A picture of the whole page."""
    (artefacts / "screenshots").mkdir(exist_ok=True)
    page.screenshot(path=artefacts / "screenshots" / f"{name}.png", full_page=True)


@pytest.mark.parametrize(
    "fresh_store", ["nexo", pytest.param("nexo-websocket", marks=breadth)], indirect=True
)
def test_card_pin_and_tip_at_the_page(who: Cashier, terminal: Locator, artefacts: Path) -> None:
    """A tip, a card put in, a wrong PIN and the right one: paid, with a receipt of the terminal's;
    the page says what the terminal remembers, and how a store reaches it."""
    page = who.page
    display = terminal.get_by_label("Terminal display")
    to_card(who, terminal)
    expect(terminal.get_by_role("button", name="Type the number here")).to_be_disabled()
    terminal.get_by_label("Tip, in cents").fill("100")
    press(terminal, "Add tip")
    expect(display).to_have_text(re.compile("EUR 4.80"))
    press(terminal, "Insert card", "Type wrong PIN")
    expect(display).to_have_text(re.compile("wrong PIN, tries left: 2"))
    if is_websocket(who.store):
        expect(page.get_by_text("The customer types the PIN")).to_be_visible()
        expect(page.get_by_text("wrong PIN, tries left: 2")).to_be_visible()
    press(terminal, "Type right PIN")
    expect(page.get_by_text("Paid by card")).to_be_visible()
    expect(page.locator(".done")).to_contain_text("and a tip of €1.00")
    assert "CARD PAYMENT" in who.store.wait_receipts(1)
    expect(display).to_have_text(re.compile("EUR 4.80\\s+approved"))
    remembered = terminal.get_by_role("list", name="What the terminal remembers")
    expect(remembered.get_by_role("listitem").first).to_contain_text("sale EUR 4.80, approved")
    terminal.get_by_text("How a store reaches this terminal").click()
    for line in ("protocol", "transport", "serial", "passphrase", "authority_file"):
        expect(terminal.locator("#setup")).to_contain_text(f"{line} = ")
    look_at(terminal.page, artefacts, f"counter-{who.store.options[-1]}")
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run `npm ci` in frontends/")
    terminal.page.evaluate(AXE.read_text())
    assert [] == terminal.page.evaluate(RUN_AXE)


@breadth
def test_said_no_walked_away_and_out_of_paper(who: Cashier, terminal: Locator) -> None:
    """Each is told at the register in words, nothing is charged, and the next card pays."""
    page = who.page
    to_card(who, terminal)
    press(terminal, "Decline")
    expect(page.get_by_text("The card was declined")).to_be_visible()
    expect(page.get_by_text("05 Do not honour")).to_be_visible()
    who.push("Try again")
    press(terminal, "Insert card", "Type wrong PIN")
    for left in (2, 1):
        # What is pressed before the terminal asks again, nobody typed.
        shown = re.compile(f"tries left: {left}")
        expect(terminal.get_by_label("Terminal display")).to_have_text(shown)
        press(terminal, "Type wrong PIN")
    expect(page.get_by_text("The PIN was wrong too often.", exact=False)).to_be_visible()
    who.push("Try again")
    press(terminal, "Walk away")
    expect(page.get_by_text("nobody came")).to_be_visible()
    press(terminal, "Take terminal paper out")
    who.push("Try again")
    expect(terminal.get_by_label("Terminal display")).to_have_text(re.compile("out of paper"))
    expect(page.get_by_text("The terminal says: no paper")).to_be_visible()
    press(terminal, "Put terminal paper in", "Cut off the bank")
    who.push("Try again")
    press(terminal, "Tap card")
    expect(terminal.get_by_label("Terminal display")).to_have_text(re.compile("no connection"))
    expect(page.get_by_text("The terminal does not reach the bank.", exact=False)).to_be_visible()
    assert 0 == who.store.counter()["terminal"]["booked_minor"]
    press(terminal, "Reach the bank again")
    who.push("Try again")
    press(terminal, "Tap card")
    expect(page.get_by_text("Paid by card")).to_be_visible()


def test_a_nexo_terminal_keeps_no_tabs(who: Cashier, terminal: Locator) -> None:
    """The page says so and what to do instead, offers no trying again, and the card pays later."""
    page = who.page
    who.menu("Tabs")
    who.digits("500")
    who.push(re.compile("^Reserve €"))
    expect(page.get_by_text("This terminal keeps no tabs.", exact=False)).to_be_visible()
    expect(page.get_by_text("Nothing was changed at the card.")).to_be_visible()
    expect(who.button("Try again")).to_have_count(0)
    expect(page.get_by_text("The terminal says", exact=False)).to_have_count(0)
    who.push("Back", exact=True)
    expect(page.get_by_role("heading", name="Open a tab")).to_be_visible()
    who.push("Back", exact=True)
    assert [] == who.store.counter()["terminal"]["transactions"]
    to_card(who, terminal)
    press(terminal, "Tap card")
    expect(page.get_by_text("Paid by card")).to_be_visible()


def test_the_nexo_answer_is_lost_and_the_truth_is_that_the_card_paid(
    who: Cashier, terminal: Locator
) -> None:
    """Money moved and nobody heard: the store finds out, and the sale closes by itself, once."""
    page = who.page
    to_card(who, terminal)
    press(terminal, "Lose the reply", "Tap card")
    expect(page.get_by_text("Nobody knows yet whether the card was charged")).to_be_visible()
    expect(page.get_by_text("Paid by card")).to_be_visible(timeout=30_000)
    assert [True] == [row["booked"] for row in sales(who.store)]


@breadth
def test_a_nexo_terminal_goes_away_in_the_middle(who: Cashier, terminal: Locator) -> None:
    """Switched off before the card, it says afterwards that nothing was paid; with its cable
    pulled it takes the card all the same, and that is found out once the cable is back."""
    page = who.page
    to_card(who, terminal)
    press(terminal, "Restart terminal")
    expect(page.get_by_text("The card payment was stopped")).to_be_visible(timeout=30_000)
    who.push("Try again")
    is_asked_for_card(terminal)
    press(terminal, "Pull terminal cable")
    expect(page.get_by_text("Nobody knows yet whether the card was charged")).to_be_visible()
    press(terminal, "Tap card", "Plug terminal cable")
    expect(page.get_by_text("Paid by card")).to_be_visible(timeout=30_000)
    deadline = time.monotonic() + 10
    while not (rows := sales(who.store)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert ["approved", "cancelled"] == [row["ended"] for row in rows]
    who.store.stop()
    expect(terminal.page.get_by_role("alert")).to_have_text(re.compile("does not answer"))


@breadth
def test_a_nexo_terminal_of_the_file_is_tested_at_the_register(
    who: Cashier, terminal: Locator
) -> None:
    """The page of terminals shows it beside what is paired, says which ones it finds, and
    its test says in words what the terminal lacks."""
    page = who.page
    who.menu("Card terminals")
    expect(
        page.get_by_text("ZVT terminals on the network or a serial port, and those that speak nexo")
    ).to_be_visible()
    row = page.locator("li.part")
    expect(row).to_contain_text("set up in the configuration file")
    row.get_by_role("button", name="Test").click()
    expect(row).to_contain_text("The terminal answers and takes payments. Nothing was charged.")
    press(terminal, "Take terminal paper out")
    row.get_by_role("button", name="Test").click()
    expect(row).to_contain_text("The terminal is out of paper. No card payment goes to it.")
    press(terminal, "Put terminal paper in")
    row.get_by_role("button", name="Test").click()
    expect(row).to_contain_text("The terminal answers and takes payments. Nothing was charged.")
    assert 0 == who.store.counter()["terminal"]["booked_minor"]
