"""Paying by card at the register page: what the terminal says, and what the page makes of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.shop import Cashier, DemoStore, MakeCashier

ASKED = "Ask the customer to tap or insert the card"


@pytest.fixture
def who(cashier: MakeCashier, fresh_store: DemoStore) -> Cashier:
    """Mia at register 1 of a fresh store, signed on, the till still shut."""
    found = cashier(at=fresh_store)
    found.open()
    found.sign_on("Mia")
    return found


def to_card(who: Cashier, *names: str) -> None:
    """Ring up and ask the terminal for all of it."""
    for name in names:
        who.tap(name)
    expect(who.lines).to_have_count(len(set(names)))
    who.pay()
    who.push(re.compile("^Card"))
    expect(who.page.get_by_text(ASKED)).to_be_visible()


def test_a_tap_pays_with_the_till_shut(who: Cashier) -> None:
    """The page asks for the card, then shows what was paid with which card; the receipt prints."""
    to_card(who, "Flat white", "Croissant")
    who.store.key("tap")
    expect(who.page.get_by_text("Paid by card")).to_be_visible()
    expect(who.page.locator(".done")).to_contain_text("Mastercard ··0010")
    who.page.keyboard.press("Enter")
    expect(who.page.locator(".tiles")).to_be_visible()
    assert "CARD PAYMENT" in who.store.wait_receipts(1)
