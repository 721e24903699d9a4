"""A second tap that only meant the first: nothing that appeared under the finger is pressed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.breadth import breadth
from tests.e2e.conftest import PHONE, WIDE
from tests.e2e.shop import LOOK_S, Cashier, DemoStore, MakeCashier

ASKED = "Ask the customer to tap or insert the card"
AGAIN_MS = 120
TAPS = 3


def bounce(who: Cashier, target: Locator) -> None:
    """Taps in one place within half a second, wherever the first of them leads."""
    target.scroll_into_view_if_needed()
    who.page.wait_for_timeout(LOOK_S * 1000)
    box = target.bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for at in range(TAPS):
        if at:
            who.page.wait_for_timeout(AGAIN_MS)
        who.page.touchscreen.tap(*middle)


def rung_up(who: Cashier, name: str = "Flat white") -> None:
    """One item, and the pay panel."""
    who.tap(name)
    expect(who.lines).to_have_count(1)
    who.pay()


def paid(who: Cashier) -> None:
    """The rest in cash, and the next customer."""
    who.tender("Exact")
    who.next_order()
    expect(who.page.get_by_text("Nothing rung up")).to_be_attached()


def cash_after_a_decline(who: Cashier) -> None:
    """Cash after a declined card, then a note that was never chosen: the sale stays open."""
    rung_up(who)
    who.push(re.compile("^Card"))
    who.store.key("decline")
    expect(who.page.get_by_text("The card was declined")).to_be_visible()
    bounce(who, who.button("Cash", exact=True))
    expect(who.page.locator("section.pay .figure")).to_contain_text("3.80")
    expect(who.page.locator(".tenders li")).to_have_count(0)
    paid(who)


def cancel_and_again(who: Cashier) -> None:
    """Cancelled, the terminal is not asked again; asked again, that is not cancelled."""
    rung_up(who)
    who.push(re.compile("^Card"))
    bounce(who, who.button("Cancel card payment"))
    stopped = who.page.get_by_text("The card payment was stopped")
    expect(stopped).to_be_visible()
    bounce(who, who.button("Try again"))
    expect(who.page.get_by_text(ASKED)).to_be_visible()
    who.store.key("decline")
    who.push("Cash", exact=True)
    paid(who)


def a_part_in_cash(who: Cashier) -> None:
    """Part of it is taken, and not the rest with the same button."""
    rung_up(who)
    who.digits("100")
    bounce(who, who.button("Take €1.00"))
    expect(who.page.locator("section.pay .figure")).to_contain_text("2.80")
    who.page.wait_for_timeout(600)
    who.push(re.compile("^Take €2.80"))
    who.next_order()


def one_tender_back(who: Cashier) -> None:
    """The first of two tenders is handed back, and not the one that came into its place."""
    rung_up(who)
    for part in ("Take €1.00", "Take €0.50"):
        who.digits(re.sub(r"\D", "", part).lstrip("0"))
        who.push(part)
        expect(who.page.locator(".typed")).not_to_contain_text("€")
    expect(who.page.locator(".tenders li")).to_have_count(2)
    bounce(who, who.page.locator(".tenders li").first.get_by_role("button"))
    expect(who.page.locator(".tenders li")).to_have_count(1)
    expect(who.page.locator("section.pay .figure")).to_contain_text("3.30")
    paid(who)


def a_tab(who: Cashier) -> None:
    """A tab is reserved, and what is asked of the terminal is not cancelled."""
    who.menu("Tabs")
    who.digits("500")
    bounce(who, who.button(re.compile("^Reserve €5.00")))
    expect(who.page.get_by_text(ASKED)).to_be_visible()
    who.store.key("tap")
    expect(who.page.locator(".mine")).to_contain_text("5.00")
    who.push("Give up the reservation")
    expect(who.page.get_by_text("Tabs", exact=True).first).to_be_visible()
    expect(who.page.locator(".mine")).not_to_contain_text("Mastercard")
    who.push("Back", exact=True)


def pay_and_keys(who: Cashier) -> None:
    """Pay is pressed, and no key of the keypad that appears."""
    who.tap("Flat white")
    expect(who.lines).to_have_count(1)
    bounce(who, who.page.locator(".bottom .pay" if who.phone else ".order .pay"))
    expect(who.page.locator("section.pay .figure")).to_contain_text("3.80")
    expect(who.page.locator(".typed")).not_to_contain_text("€")
    paid(who)


def the_next_order(who: Cashier) -> None:
    """A new order begins, and nothing is rung up for whoever comes next."""
    rung_up(who)
    who.tender("€20.00")
    bounce(who, who.button("New order"))
    expect(who.page.locator(".tiles")).to_be_visible()
    who.page.wait_for_timeout(300)
    expect(who.lines).to_have_count(0)


def a_tile(who: Cashier) -> None:
    """The same tile is meant each time."""
    bounce(who, who.page.locator(".tile", has_text="Croissant").first)
    expect(who.lines.first).to_contain_text("7.80")
    expect(who.lines).to_have_count(1)
    who.pay()
    paid(who)


CASES: list[Callable[[Cashier], None]] = [
    cash_after_a_decline,
    cancel_and_again,
    a_part_in_cash,
    one_tender_back,
    pay_and_keys,
    the_next_order,
    a_tile,
    a_tab,
]


@pytest.mark.parametrize("size", [pytest.param(WIDE, marks=breadth), PHONE], ids=["wide", "phone"])
def test_a_second_tap_presses_nothing_else(
    cashier: MakeCashier, fresh_store: DemoStore, size: tuple[int, int]
) -> None:
    """Each place where the next button comes up under the finger, one after the other."""
    first = cashier(at=fresh_store)
    first.open()
    first.sign_on("Mia")
    first.open_till()
    who = cashier(size, touch=True, at=fresh_store)
    who.open()
    expect(who.page.locator(".sale")).to_be_visible()
    for case in CASES:
        case(who)


def test_a_second_enter_presses_nothing_else(cashier: MakeCashier, fresh_store: DemoStore) -> None:
    """Enter twice: the change stays on the screen; the same tile is rung up each time."""
    who = cashier(at=fresh_store)
    page = who.page
    who.open()
    who.sign_on("Mia")
    who.open_till()
    page.locator(".tile", has_text="Croissant").first.focus()
    for _ in range(TAPS):
        page.keyboard.press("Enter")
    expect(who.lines.first).to_contain_text("7.80")
    page.keyboard.press("F9")
    expect(page.locator("section.pay")).to_be_visible()
    who.digits("2000")
    for _ in range(TAPS):
        page.keyboard.press("Enter")
        page.wait_for_timeout(AGAIN_MS)
    expect(page.locator(".change")).to_contain_text("12.20")
    page.wait_for_timeout(500)
    page.keyboard.press("Enter")
    expect(page.locator(".tiles")).to_be_visible()


def test_an_enter_after_a_tap_is_meant(cashier: MakeCashier, fresh_store: DemoStore) -> None:
    """Whoever taps between two Enters meant both, however quick the hand: an item rung up by its
    key, Pay by a tap, and the way to pay by Enter again."""
    who = cashier(at=fresh_store)
    page = who.page
    who.open()
    who.sign_on("Mia")
    page.wait_for_timeout(LOOK_S * 1000)
    page.locator(".tile", has_text="Croissant").first.focus()
    page.keyboard.press("Enter")
    expect(who.lines).to_have_count(1)
    page.locator(".order .pay").click()
    expect(page.locator("section.pay .btn.main:focus")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text(ASKED)).to_be_visible()
