"""A card without a bank at the register page: taken, held to its ceilings, and what came of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.breadth import breadth
from tests.e2e.shop import Cashier, DemoStore, MakeCashier
from tests.e2e.test_card_page import to_card
from tests.e2e.test_link_page import phone
from tests.properties import test_offline_risk as law

POLICY: dict[str, object] = {
    "payment_minor": 1000,
    "operator_minor": 4000,
    "register_minor": 4000,
    "total_minor": 4000,
    "age_s": 3600,
    "brands": ["mastercard"],
    "brand_limits": [{"brand": "mastercard", "limit_minor": 3000}],
}


@pytest.fixture
def who(who: Cashier, fresh_store: DemoStore) -> Cashier:
    """Mia at register 1 of a fresh store whose terminal takes small cards alone."""
    answer = fresh_store.command("payment.set_offline_policy", {"policy": POLICY})
    assert answer.get("ok"), answer
    fresh_store.key("take_alone")
    fresh_store.key("go_offline")
    return who


def tapped(who: Cashier, *names: str) -> None:
    """A whole sale by a card that no bank sees."""
    to_card(who, *names)
    who.store.key("tap")
    expect(who.page.get_by_text("Paid by card")).to_be_visible()
    who.page.keyboard.press("Enter")
    expect(who.page.locator(".tiles")).to_be_visible()


@pytest.mark.feature("PAY-07", part="at the register page, with a terminal over ZVT")
@pytest.mark.feature("NEW-15")
def test_taken_held_to_its_ceilings_and_known_once_the_bank_is_back(
    who: Cashier, artefacts: Path
) -> None:
    """In any interleaving what the store shows is what the journal has at risk, and never above a
    ceiling; and the page shows that. Two cards without a bank, a third beyond the ceiling that is
    not charged, and the page says how much one payment may be; then the bank is back, pays one and
    refuses one, and the page says so by itself."""
    law.test_no_interleaving_passes_a_ceiling()
    page, store = who.page, who.store
    tapped(who, "Flat white")
    store.key("refuse_later")
    tapped(who, "Croissant")
    who.menu("Card payments")
    rows = page.locator(".ceilings div")
    for name in ("Whoever is signed on", "This register", "All registers"):
        expect(rows.filter(has_text=name)).to_contain_text("€6.40 of €40.00")
    expect(rows.filter(has_text="One payment")).to_contain_text("at most €10.00")
    room = "Cards the terminal accepts alone: up to €33.60 more at this register, at most €10.00"
    expect(page.locator(".offline")).to_contain_text(room)
    strip = page.locator("button.strip:visible")
    expect(strip).to_contain_text("Without the bank: €10.00 in one payment")
    expect(rows.filter(has_text="Cards of Mastercard")).to_contain_text("€6.40 of €30.00")
    expect(page.get_by_text("No card payment waits for anybody")).to_be_visible()
    (artefacts / "screenshots").mkdir(exist_ok=True)
    page.screenshot(path=artefacts / "screenshots" / "offline-ceilings.png")
    page.keyboard.press("Escape")
    who.items()
    for _ in range(3):
        who.tap("Flat white")
    who.pay()
    who.push(re.compile("^Card"))
    store.key("tap")
    expect(who.button("Try again")).to_be_visible(timeout=20_000)
    expect(page.locator(".order .notice")).to_contain_text(room)
    assert store.counter()["terminal"]["booked_minor"] == 640
    store.key("go_online")
    badge = page.get_by_role("button", name="Cards: 1 to settle")
    expect(badge).to_be_visible(timeout=60_000)
    who.press(badge)
    expect(page.locator(".offline")).to_contain_text("€0.00 of €40.00")
    expect(rows.filter(has_text="Cards of Mastercard")).to_contain_text("€0.00 of €30.00")
    entry = page.locator(".exceptions li.part")
    expect(entry).to_have_count(1)
    for words in ("€2.60", "Mastercard ··0010", "Receipt 1-", "the bank refused it"):
        expect(entry).to_contain_text(words)
    who.press(entry.locator(".facts"))
    for words in ("Mia", "Completed", "Croissant"):
        expect(entry.locator("dl")).to_contain_text(words)
    expect(entry.get_by_role("button", name="Give back")).to_have_count(0)
    page.screenshot(path=artefacts / "screenshots" / "offline-refused.png")
    assert store.counter()["terminal"]["booked_minor"] == 380
    who.push("Close with finding")
    who.push("It is not on the statement")
    entry.locator(".btn.main").click()
    expect(badge).to_have_count(0)


@breadth
def test_what_was_not_taken_back_and_was_refused_is_one_entry_of_the_page(who: Cashier) -> None:
    """A card without a bank is not taken back for want of one; once the bank is there and refuses
    it, the list has one entry, which says both, offers nothing to give back and is closed once."""
    page, store = who.page, who.store
    store.key("refuse_later")
    who.tap("Flat white")
    expect(who.lines).to_have_count(1)
    who.pay()
    who.digits("100")
    who.push(re.compile("^Card €1.00"))
    store.key("tap")
    expect(page.locator(".tenders li")).to_have_count(1)
    who.push(re.compile("^Have the terminal take back"))
    expect(page.get_by_text("It was not taken back")).to_be_visible()
    store.key("go_online")
    badge = page.get_by_role("button", name="Cards: 1 to settle")
    who.press(badge)
    entry = page.locator(".exceptions li.part")
    # It is the money that was not taken back, until the terminal is asked what its bank said.
    expect(entry).to_contain_text("the bank refused it", timeout=60_000)
    expect(entry).to_have_count(1)
    for words in ("€1.00", "ago to take it back, and did not"):
        expect(entry).to_contain_text(words)
    expect(entry.get_by_role("button", name="Give back")).to_have_count(0)
    who.push("Close with finding")
    who.push("It is not on the statement")
    entry.locator(".btn.main").click()
    expect(badge).to_have_count(0)
    expect(entry).to_have_count(0)


def owed_for(who: Cashier) -> None:
    """A flat white, 1.00 by QR code and the rest by a card that no bank sees, comes back for a
    croissant, and 1.00 went back to the phone; then the bank refuses the card."""
    page, store = who.page, who.store
    who.open_till()
    store.key("refuse_later")
    who.tap("Flat white")
    expect(who.lines).to_have_count(1)
    who.pay()
    who.digits("100")
    who.push(re.compile("^QR . link"))
    phone(store)
    expect(page.locator(".tenders li")).to_have_count(1)
    who.push(re.compile("^Card"))
    store.key("tap")
    who.next_order()
    who.bring_back("Flat white")
    page.keyboard.press("Escape")
    who.tap("Croissant")
    expect(who.lines).to_have_count(2)
    who.pay()
    who.push("Back by QR")
    expect(page.locator(".tenders li")).to_have_count(1)
    store.key("go_online")
    badge = page.get_by_role("button", name="Cards: 1 to settle")
    expect(badge).to_be_visible(timeout=60_000)
    who.push("Back to Mastercard ··0010")


def test_an_exchange_that_turns_out_to_be_owed_for_is_paid(who: Cashier) -> None:
    """What the bank never paid is left out, the croissant is paid for, and nobody is told to pay
    that out again."""
    page = who.page
    owed_for(who)
    expect(page.get_by_text("Take €2.60 for the goods that go out").first).to_be_visible()
    expect(page.locator(".due")).to_contain_text("€2.60")
    expect(who.button("Park", exact=True)).to_be_visible()
    who.tender("€5.00")
    expect(page.locator(".done .change")).to_contain_text("€2.40")


@breadth
def test_the_customer_of_an_exchange_that_was_not_paid_sees_what_is_owed(
    who: Cashier, cashier: MakeCashier
) -> None:
    """Until the bank is heard the customer's page says that it is paid out; then that it is still
    to be paid, with no word of a refund, and its change with the thanks."""
    customer = cashier(at=who.store).page
    customer.goto(f"{who.store.url}/display/?register=1")
    owed_for(who)
    total = customer.locator(".total")
    expect(total).to_have_text(re.compile("Still to pay.*2.60", re.DOTALL))
    expect(customer.get_by_text(re.compile("Refund|pay out"))).to_have_count(0)
    who.tender("€5.00")
    thanks = customer.locator(".thanks")
    expect(thanks.locator(".change")).to_contain_text("2.40")
