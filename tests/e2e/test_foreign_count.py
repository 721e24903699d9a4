"""Counting a drawer with foreign notes in it, in a real browser."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.breadth import breadth
from tests.e2e.shop import ROOT, Cashier, DemoStore, MakeCashier

AT_ONCE_MS = 3_000  # an open page asks by itself after ten seconds
RATES = """
[[currency]]
code = "USD"
rate = 0.921
note = 5

[[currency]]
code = "JPY"
rate = 0.006123
"""


FRANCS = """
[[currency]]
code = "CHF"
rate = 1.04
"""


def take_notes(store: DemoStore, folder: Path, rates: str = RATES) -> None:
    """Have the store take dollars in notes of five and more, and yen; or what `rates` say."""
    file = folder / "currencies.toml"
    file.write_text(rates)
    command = (sys.executable, "-m", "countertop", "import", "currencies", str(file))
    done = subprocess.run(
        [*command, "--data", str(store.folder / "data")],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    count = rates.count("[[currency]]")
    assert f"Notes of {count} foreign currencies are taken." in done.stdout


def at_payment(cashier: MakeCashier, store: DemoStore) -> Cashier:
    """A page that asks how a loaf is paid, in a store of its own."""
    ana = cashier(at=store)
    ana.open()
    ana.sign_on("Ana")
    ana.open_till(1)
    ana.tap("Sourdough loaf")
    ana.pay()
    return ana


@pytest.mark.feature("CHK-15", part="register page")
def test_dollars_pay_and_change_is_at_home(
    cashier: MakeCashier, fresh_store: DemoStore, tmp_path: Path
) -> None:
    """The least in whole notes is one touch away, and the button says what it counts for, as what
    was typed does: 5.00 at 0.921 are 4.605, and half a cent is rounded up. What no notes make is
    not offered. The change is told in euro."""
    take_notes(fresh_store, tmp_path)
    ana = at_payment(cashier, fresh_store)
    notes = ana.page.locator(".note")
    expect(notes).to_have_text([re.compile("USD .10.00.*is worth €9.21"), re.compile("JPY.*€5.20")])
    ana.digits("500")
    expect(notes.first).to_have_text(re.compile("USD .5.00.*is worth €4.61"))
    ana.page.keyboard.press("Delete")
    ana.digits("350")
    expect(notes).to_have_text([re.compile("JPY ¥350")])
    expect(ana.page.get_by_text("Smallest notes: $5.00")).to_be_visible()
    ana.page.keyboard.press("Delete")
    ana.push("USD $10.00")
    done = ana.page.locator(".done")
    expect(done.locator(".change")).to_contain_text("4.01")
    expect(done).to_contain_text("USD 10.00")


@breadth
def test_a_rate_of_meanwhile_is_told_at_once(
    cashier: MakeCashier, fresh_store: DemoStore, tmp_path: Path
) -> None:
    """Changed in the middle of a payment: what the button says a note is worth is what it counts
    for, and so is whether it is taken at all, with nobody signing on anew."""
    take_notes(fresh_store, tmp_path)
    ana = at_payment(cashier, fresh_store)
    notes = ana.page.locator(".note")
    expect(notes).to_have_text([re.compile("USD .10.00.*is worth €9.21"), re.compile("JPY")])
    take_notes(fresh_store, tmp_path, RATES.replace("0.921", "0.8"))
    worth = re.compile("USD .10.00.*is worth €8.00")
    expect(notes.first).to_have_text(worth, timeout=AT_ONCE_MS)
    take_notes(fresh_store, tmp_path, FRANCS)
    expect(notes).to_have_text([re.compile("CHF")], timeout=AT_ONCE_MS)


@breadth
def test_high_notes_stay_on_their_buttons(
    cashier: MakeCashier, fresh_store: DemoStore, tmp_path: Path
) -> None:
    """A currency without a sign is named once, and no amount is wider than what is pressed."""
    take_notes(fresh_store, tmp_path, RATES + FRANCS)
    ana = at_payment(cashier, fresh_store)
    ana.digits("99999999")
    notes = ana.page.locator(".note")
    francs = notes.filter(has_text="CHF")
    expect(francs).to_have_text(re.compile("^ *CHF.999,999.99 *is worth"))
    assert notes.evaluate_all("all => all.every((one) => one.scrollWidth <= one.clientWidth)")
    francs.scroll_into_view_if_needed()
    ana.page.keyboard.press("Delete")
    ana.push(re.compile(r"^CHF.5.00"))
    paid = ana.page.locator(".done .tenders li")
    expect(paid).to_contain_text(re.compile(r"Foreign notes\s*CHF\s5.00"))


@breadth
@pytest.mark.feature("CHK-15", part="register page")
def test_each_currency_is_counted_by_itself(
    cashier: MakeCashier, fresh_store: DemoStore, tmp_path: Path
) -> None:
    """After the store's own coins each other currency has a sheet of its own, with its coins and
    notes; the count is locked once, and what is over or short is told for each."""
    take_notes(fresh_store, tmp_path)
    ana = cashier(at=fresh_store)
    ana.open()
    ana.sign_on("Ana")
    ana.open_till(1)
    ana.menu("Till")
    ana.push("Count and close")
    ana.push("One €10.00 more")
    ana.push("€10.00, now count JPY")
    ana.push("One ¥1,000 more")
    ana.push("¥1,000, now count USD")
    ana.push("One $20.00 more")
    ana.push("Lock count of $20.00")
    figures = ana.page.locator(".figures")
    expect(figures.locator("div", has_text="Counted in JPY")).to_contain_text("¥1,000")
    for about, amount in (
        ("Expected in USD", "$0.00"),
        ("Counted in USD", "$20.00"),
        ("USD: Over", "$20.00"),
        ("JPY: Over", "¥1,000"),
    ):
        expect(figures.locator("div", has_text=about)).to_contain_text(amount)
    ana.push("Close till")
    ana.push("To the Z report")
    expect(ana.page.locator("table").first).to_contain_text("Over / short in JPY")
