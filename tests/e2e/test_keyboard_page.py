"""Where a key leads on from, when what it pressed is gone or can be pressed no more."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.shop import Cashier, DemoStore

STEPS_MAX = 40
NAME = """() => {
  const at = document.activeElement;
  return at === document.body ? '' : (at.getAttribute('aria-label') || at.innerText || '').trim();
}"""


def walk_to(page: Page, name: str) -> None:
    """Press Tab until the control of that name has the focus."""
    for _ in range(STEPS_MAX):
        if re.search(name, page.evaluate(NAME)):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no key leads to {name}")


def press(page: Page, name: str) -> None:
    """Walk there and press it."""
    walk_to(page, name)
    page.keyboard.press("Enter")


@pytest.fixture
def paid(who: Cashier, fresh_store: DemoStore) -> Cashier:
    """Two pretzels were paid by card, and the next order may begin."""
    who.open_till()
    who.tap("Pretzel")
    who.tap("Pretzel")
    expect(who.lines).to_contain_text("2\u00a0×")
    who.pay()
    who.push(re.compile("^Card €"))
    fresh_store.key("tap")
    expect(who.page.get_by_text("Paid by card")).to_be_visible()
    who.next_order()
    return who


def test_a_panel_that_a_key_opens_has_the_focus(paid: Cashier) -> None:
    """From the menu to the panel, to the receipt in it and back: the name of what came is said, and
    the next Tab leads into it, not to the top of the page."""
    page = paid.page
    press(page, "^Menu$")
    expect(page.locator("dialog[open]")).to_be_visible()
    press(page, "^Return goods$")
    panel = page.locator("section.receipts")
    expect(panel).to_be_focused()
    press(page, "^1-000001")
    expect(page.get_by_text("What comes back?")).to_be_visible()
    expect(panel).to_be_focused()
    page.keyboard.press("Tab")
    expect(panel.get_by_role("button", name="Back", exact=True)).to_be_focused()


def test_a_key_that_can_be_pressed_no_more_leads_on_from_where_it_is(paid: Cashier) -> None:
    """After the last piece there is no more to add: the same key does nothing, and the next control
    is one step away. What then goes back to the card is under the hand again after it was not
    taken."""
    page = paid.page
    paid.menu("Return goods")
    paid.press(page.locator(".receipts .entry").first)
    more = page.get_by_role("button", name="Pretzel: one more")
    for _ in range(2):
        walk_to(page, "^Pretzel: one more$")
        page.keyboard.press("Enter")
        page.wait_for_timeout(600)
    expect(more).to_be_disabled()
    page.keyboard.press("Enter")
    expect(page.locator(".receipts")).to_contain_text("2")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Pretzel: one less")).to_be_focused()
    press(page, "^Faulty$")
    press(page, "^Take back 1 line$")
    expect(paid.lines).to_have_count(1)
    page.keyboard.press("F9")
    back = page.get_by_role("button", name=re.compile("^Back to Mastercard"))
    expect(back).to_be_focused()
    page.keyboard.press("Enter")
    paid.store.key("decline")
    expect(page.get_by_text("see in the payment what else can be done")).to_be_visible()
    press(page, "^To payment$")
    expect(back).to_be_focused()


def test_tiles_are_one_stop_on_the_way_to_the_order(who: Cashier) -> None:
    """However many goods there are: from the search a few Tabs lead past them to the order, arrows
    lead among them, and back comes who left to where they were."""
    page = who.page
    tiles = page.locator(".tile")
    expect(tiles.first).to_be_visible()
    page.locator("#search").focus()
    page.keyboard.press("ArrowDown")
    expect(tiles.first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(tiles.nth(1)).to_be_focused()
    walk_to(page, "^More$")
    for _ in range(STEPS_MAX):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.matches('.tile')"):
            break
    expect(tiles.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(who.lines).to_have_count(1)


def test_a_count_is_typed_as_soon_as_it_is_chosen(who: Cashier) -> None:
    """With the keyboard alone: from the menu's entry on digits and Enter lead through the list, not
    back into the menu."""
    page = who.page
    page.get_by_role("button", name="More", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_be_visible()
    press(page, "^Till$")
    expect(page.locator("section.till")).to_be_focused()
    for key in ("3", "Enter", "2", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("button", name="Open with €0.07")).to_be_visible()
