"""Two tabs of one browser at the same register: what ends in one of them has ended in the other."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.shop import Cashier, code_of
from tests.e2e.test_card_page import ASKED, to_card
from tests.e2e.test_tip_page import FOLLOW, QUESTION, THANKS, ask_here, take_back, turn
from tests.e2e.test_without_receipt import allow_it

ELSEWHERE = "Another screen of this register asks for what is scanned"


@pytest.fixture
def other(who: Cashier) -> Cashier:
    """The same register in a second tab, behind the first."""
    who.open_till()
    found = Cashier(who.page.context.new_page(), who.store)
    found.page.goto(who.page.url)
    expect(found.page.locator(".tiles")).to_be_visible()
    who.page.bring_to_front()
    return found


def test_a_card_is_followed_to_its_end_and_past_it(who: Cashier, other: Cashier) -> None:
    """Whatever becomes of the card is told in both; the end that somebody read in one stands in the
    way in neither, and the sale that is paid in one is over in the other."""
    to_card(who, "Flat white")
    expect(other.page.get_by_text(ASKED)).to_be_visible()
    who.store.key("decline")
    for page in (who.page, other.page):
        expect(page.get_by_text("The card was declined")).to_be_visible()
    who.push("Cash", exact=True)
    expect(other.page.locator(".pay .quick").first).to_be_visible()
    expect(other.page.get_by_text("The card was declined")).to_have_count(0)
    who.push(re.compile("^Card"))
    expect(other.page.get_by_text(ASKED)).to_be_visible()
    who.push("Cancel card payment")
    expect(other.page.get_by_text("The card payment was stopped")).to_be_visible()
    who.push("Back", exact=True)
    expect(other.page.locator(".tiles")).to_be_visible()
    who.pay()
    who.push(re.compile("^Card"))
    expect(other.page.get_by_text(ASKED)).to_be_visible()
    who.store.key("cut")
    expect(other.page.get_by_text("Nobody knows yet whether the card was charged")).to_be_visible()
    who.push("Take cash instead")
    expect(other.page.locator(".pay .doubt")).to_contain_text("It is not known yet")
    who.tender("€10.00")
    expect(who.page.locator(".done")).to_contain_text("Change")
    expect(other.page.locator(".tiles")).to_be_visible()


def test_a_scan_that_one_asked_for_is_said_in_the_other(who: Cashier, other: Cashier) -> None:
    """A panel that asks for a scan has it alone. At the other screen nothing is rung up, which is
    said, with where the code went; once the panel is left, the next is rung up for both."""
    allow_it(who.store)
    who.menu("Return goods")
    who.push("Return without a receipt")
    expect(who.page.locator(".without")).to_be_visible()
    who.store.do("scan", code=code_of("Croissant"))
    expect(who.page.locator(".without")).to_contain_text(f"Code {code_of('Croissant')}")
    notice = other.page.locator(".order .notice")
    expect(notice).to_contain_text(ELSEWHERE)
    expect(who.page.get_by_text(ELSEWHERE)).to_have_count(0)
    who.push("Back", exact=True)
    who.push("Back", exact=True)
    expect(who.page.locator(".tiles")).to_be_visible()
    who.store.do("scan", code=code_of("Croissant"))
    expect(other.lines).to_have_count(1)
    expect(who.lines).to_have_count(1)
    expect(notice).to_have_count(0)


def test_a_screen_that_one_took_back_is_no_customers_in_the_other(
    who: Cashier, other: Cashier
) -> None:
    """Asked for a tip, both tabs are the customer's, up to the thanks. Whoever takes the screen
    back with their PIN has it back: the other tab thanks no customer of long ago."""
    ask_here(who)
    turn(who)
    expect(other.page.get_by_role("heading", name=QUESTION)).to_be_visible()
    who.push("No tip")
    expect(other.page.get_by_role("heading", name=FOLLOW)).to_be_visible()
    who.store.key("tap")
    for page in (who.page, other.page):
        expect(page.get_by_role("heading", name=THANKS)).to_be_visible()
    take_back(who)
    expect(other.page.locator(".sale")).to_be_visible()
    # And who counts in one tab while the other closes the till is told what is to be done now.
    who.next_order()
    for one in (other, who):
        one.menu("Till")
        one.push("Count and close")
    who.push(re.compile("^Lock count"))
    who.push("Close till")
    expect(other.page.get_by_role("heading", name="Open till")).to_be_visible()
    expect(other.button(re.compile("^Open with €0.00"))).to_be_visible()
