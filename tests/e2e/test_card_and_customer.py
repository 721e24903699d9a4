"""The customer displays while a card pays, and a card whose number is typed at the terminal."""

from __future__ import annotations

import csv
import re
from io import StringIO
from pathlib import Path

import pytest
import trio
from playwright.sync_api import expect

from countertop.activity import write_activity
from countertop.calling import client_of
from tests.breadth import some_of
from tests.e2e.shop import Cashier, DemoStore, MakeCashier
from tests.e2e.test_looks import AXE, SCREENS, SIZES, Look

FITS = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"


def pole(store: DemoStore, who: Cashier, text: str) -> None:
    """Wait until the pole display reads so."""
    for _ in range(100):
        if text in store.counter()["display"][1]:
            return
        who.page.wait_for_timeout(50)
    raise AssertionError(store.counter()["display"])


@pytest.mark.feature("HW-05", part="web page and pole display follow a card payment")
def test_the_displays_follow_a_card_payment_and_are_clean(
    cashier: MakeCashier, fresh_store: DemoStore, artefacts: Path
) -> None:
    """Amount and plain words, from the asking to the approval, in each size and theme."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run `npm ci` in frontends/")
    folder = artefacts / "screenshots"
    folder.mkdir(exist_ok=True)
    store = fresh_store
    mia = cashier(at=store)
    mia.open()
    mia.sign_on("Mia")
    screens = []
    for size, theme in some_of(SCREENS, 2):
        customer = cashier(SIZES[size], theme, at=store)
        customer.page.goto(f"{store.url}/display/?register=1")
        screens.append((customer, Look(folder, f"customer-{size}-{theme}")))

    def each(name: str, text: str) -> None:
        for customer, look in screens:
            state = customer.page.locator(".state")
            expect(state).to_contain_text(text, timeout=15_000)
            look(customer, f"customer-{name}")
            if not customer.page.evaluate(FITS):
                look.found.append(f"{name} ({look.suffix}): wider than the screen")

    mia.tap("Flat white")
    expect(mia.lines).to_have_count(1)
    mia.pay()
    mia.push(re.compile("^Card"))
    each("terminal", "Please follow the card terminal")
    pole(store, mia, "See card terminal")
    assert "3.80" in store.counter()["display"][0]
    store.key("decline")
    each("not-paid", "The card was not charged")
    pole(store, mia, "Card not charged")
    mia.push("Try again")
    store.key("tip", 50)
    store.key("lose_reply")
    store.key("tap")
    each("checking", "One moment: we are asking the terminal")
    pole(store, mia, "One moment please")
    for customer, _ in screens:
        expect(customer.page.get_by_text("Thank you!")).to_be_visible(timeout=45_000)
    problems = [problem for _, look in screens for problem in look.found]
    assert not problems, "\n".join(["", *problems])


async def presences(store: DemoStore) -> list[str]:
    """How the cards of today's payments were there, as their fees are found by."""
    told = StringIO()
    write_activity(store.data, told)
    today = list(csv.DictReader(StringIO(told.getvalue())))[-1]["business_date"]
    async with client_of(store.data, admin=True) as client:
        found = await client.query("clearing.fees", business_date=today)
    return [one["presence"] for one in found.data["payments"]]


@pytest.mark.feature("PAY-15")
def test_a_number_is_typed_on_the_terminal_and_marked(
    cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """Ana needs somebody with the right; no field of any page takes a card number; the terminal
    does; the mark is on the tender, the receipt and the copy of it, and its fee and risk are those
    of a card that was not there."""
    store = fresh_store
    ana = cashier(at=store)
    page = ana.page
    ana.open()
    ana.sign_on("Ana")
    ana.tap("Flat white")
    expect(ana.lines).to_have_count(1)
    ana.pay()
    ana.push("The card is not here")
    expect(page.get_by_text("never on this screen", exact=False)).to_be_visible()
    ana.push("Ordered by phone")
    ana.allow("Mia")
    expect(page.get_by_text("Type the card number on the terminal")).to_be_visible()
    assert 0 == page.locator("input:visible, textarea:visible, .pad").count()
    store.key("type_number")
    expect(page.get_by_text("Paid by card")).to_be_visible()
    expect(page.locator(".done")).to_contain_text("Ordered by phone")
    assert "Ordered by phone, number typed" in store.wait_receipts(2)
    ana.push(re.compile("Print|Copy"))
    assert "Ordered by phone, number typed" in store.wait_receipts(3)
    assert ["keyed"] == trio.run(presences, store)
