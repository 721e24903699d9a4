"""What goes wrong, or half right, around a payment, and what the register page makes of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.breadth import breadth
from tests.e2e.shop import Cashier, DemoStore, MakeCashier

ASKED = "Ask the customer to tap or insert the card"
UNKNOWN = "Nobody knows yet whether the card was charged"


@pytest.fixture
def who(who: Cashier) -> Cashier:
    """Mia at register 1 of a fresh store, the till open."""
    who.open_till()
    return who


def rung_up(who: Cashier, *names: str) -> None:
    """Some items, and the pay panel."""
    for name in names:
        who.tap(name)
    expect(who.lines).to_have_count(len(names))
    who.pay()


def to_card(who: Cashier, *names: str) -> None:
    """All of it asked of the terminal."""
    rung_up(who, *names)
    who.push(re.compile("^Card"))
    expect(who.page.get_by_text(ASKED)).to_be_visible()


@breadth
def test_enter_presses_what_is_lit(who: Cashier) -> None:
    """The card at first; cash once an amount was typed, and the card again once it was erased."""
    page = who.page
    who.tap("Flat white")
    expect(who.lines).to_have_count(1)
    page.keyboard.press("F9")
    card = page.get_by_role("button", name=re.compile("^Card €"))
    expect(card).to_be_focused()
    who.digits("5")
    expect(page.get_by_role("button", name="Take €0.05")).to_be_focused()
    page.keyboard.press("Backspace")
    expect(card).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text(ASKED)).to_be_visible()
    expect(who.button("Cancel card payment")).to_be_focused()
    who.store.key("decline")
    who.push("Cash", exact=True)
    who.digits("500")
    page.keyboard.press("Enter")
    expect(page.locator(".change")).to_contain_text("1.20")


@breadth
def test_a_share_that_nobody_paid_is_chosen_anew(who: Cashier) -> None:
    """Only what was paid is kept from the others; nothing chosen is no amount to pay."""
    page = who.page
    rung_up(who, "Flat white", "Croissant")
    who.push("Split")
    who.push("By item")
    expect(who.button("Choose who had what")).to_be_disabled()
    croissant = page.get_by_role("checkbox", name=re.compile("Croissant"))
    croissant.click()
    who.push(re.compile("^Pay €2.60"))
    expect(page.get_by_text("Share 1", exact=True)).to_be_visible()
    who.push("Split")
    expect(croissant).to_be_enabled()
    page.get_by_role("checkbox", name=re.compile("Flat white")).click()
    who.push(re.compile("^Pay €3.80"))
    who.push(re.compile("^Card €3.80"))
    who.store.key("tap")
    expect(page.get_by_role("checkbox", name=re.compile("Flat white"))).to_be_disabled()
    expect(croissant).to_be_enabled()


@breadth
def test_shares_are_of_the_bill_they_were_made_of(who: Cashier) -> None:
    """Back in the order after a declined share, and more is rung up: the bill is whole again, and
    divided anew by whoever wants it so."""
    page = who.page
    rung_up(who, "Flat white", "Croissant")
    page.keyboard.press("F7")
    who.push("Split in 2")
    expect(page.get_by_text("Share 1 of 2")).to_be_visible()
    who.push(re.compile("^Card"))
    who.store.key("decline")
    expect(page.get_by_text("The card was declined")).to_be_visible()
    who.push("Back", exact=True)
    who.tap("Brownie")
    expect(who.lines).to_have_count(3)
    who.pay()
    expect(page.get_by_text("To pay", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile("^Share"))).to_have_count(0)


@breadth
def test_a_doubt_is_read_first_on_a_phone(who: Cashier, cashier: MakeCashier) -> None:
    """Cash instead of a card nobody knows of: the warning is on the screen, not scrolled away by
    the button that Enter would press."""
    mia = cashier((390, 844), at=who.store, touch=True)
    mia.open()
    mia.tap("Flat white")
    mia.pay()
    mia.push(re.compile("^Card"))
    expect(mia.page.get_by_text(ASKED)).to_be_visible()
    who.store.key("cut")
    expect(mia.page.get_by_text(UNKNOWN)).to_be_visible()
    mia.push("Take cash instead")
    expect(mia.page.locator("section.pay .doubt")).to_be_in_viewport(ratio=0.99)
    expect(mia.page.locator("section.pay .take")).to_be_focused()
    who.store.key("plug")


@breadth
def test_two_of_a_kind_go_to_two_shares(who: Cashier) -> None:
    """One by one with a stepper: one of two coffees is paid, the other is left and is seen to be;
    a touch on the line takes all that is left of it. Together the shares are the bill."""
    page = who.page
    who.tap("Flat white")
    who.tap("Flat white")
    expect(page.locator(".order .qty").first).to_contain_text("2")
    who.tap("Croissant")
    expect(who.lines).to_have_count(2)
    who.pay()
    who.push("Split")
    who.push("By item")
    coffees = page.get_by_role("checkbox", name=re.compile("Flat white"))
    who.push("Flat white: one more in this share")
    expect(coffees).to_have_attribute("aria-checked", "mixed")
    expect(page.locator(".units")).to_contain_text(re.compile(r"1 of 2.*€3\.80", re.DOTALL))
    who.push("Flat white: one more in this share")
    expect(who.button("Pay €7.60")).to_be_visible()
    expect(who.button("Flat white: one more in this share")).to_be_disabled()
    who.push("Flat white: one less in this share")
    who.push("Pay €3.80")
    who.push(re.compile("^Exact amount"))
    expect(coffees).to_contain_text("1 of 2 paid by somebody")
    expect(page.locator(".units")).to_have_count(0)
    coffees.click()
    who.push("Pay €3.80")
    who.push(re.compile("^Exact amount"))
    expect(coffees).to_be_disabled()
    page.get_by_role("checkbox", name=re.compile("Croissant")).click()
    who.push("Pay €2.60")
    who.push(re.compile("^Exact amount"))
    expect(page.locator(".done")).to_be_visible()


@breadth
def test_a_lost_server_says_what_is_open_at_the_card(who: Cashier) -> None:
    """Nobody starts a second one; what is not known now is not shown as if it were."""
    page = who.page
    to_card(who, "Flat white")
    who.store.kill()
    lost = page.get_by_role("alertdialog")
    expect(lost).to_contain_text("A card payment of €3.80 is open. Do not start another")
    expect(page.locator("button.strip")).to_contain_text("not known now")
    expect(page.locator("button.strip")).not_to_contain_text("Till open")


def test_a_doubt_stays_in_sight_and_ends_in_words(who: Cashier) -> None:
    """The order says so wherever the cashier went; the end is told, and moves no button."""
    page = who.page
    to_card(who, "Flat white")
    who.store.key("cut")
    expect(page.get_by_text(UNKNOWN)).to_be_visible()
    doubt = page.locator(".order .doubt")
    expect(doubt).to_have_count(0)
    who.push("Back", exact=True)
    expect(page.locator(".tiles")).to_be_visible()
    expect(doubt).to_contain_text("A card payment of €3.80 for this order is in doubt.")
    who.pay()
    expect(doubt).to_be_visible()
    exact = page.locator(".quick .exact")
    before = exact.bounding_box()
    who.store.key("plug")
    told = "The card payment of €3.80 came to nothing."
    expect(page.locator(".order .notice")).to_contain_text(told, timeout=45_000)
    expect(doubt).to_have_count(0)
    expect(page.locator("section.pay .doubt")).to_contain_text(told)
    after = exact.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 24, (before, after)
    who.push("Offer the card again")
    expect(who.button(re.compile("^Card €3.80"))).to_be_visible()


@breadth
@pytest.mark.parametrize("size", [(1024, 768), (390, 844)])
def test_that_the_terminal_is_at_something_else_is_not_said_for_ever(
    who: Cashier, size: tuple[int, int]
) -> None:
    """It was so when the card was asked for; nothing tells this page when it is over."""
    page = who.page
    to_card(who, "Flat white")
    who.store.key("cut")
    expect(page.get_by_text(UNKNOWN)).to_be_visible()
    who.push("Take cash instead")
    who.tender("€10.00")
    who.next_order()
    rung_up(who, "Croissant")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    who.push(re.compile("^Card"))
    told = page.locator(".notice:visible")
    expect(told).to_contain_text("still has a payment of another order")
    expect(told.get_by_role("button", name="Dismiss message")).to_be_visible()
    expect(told).to_have_count(0, timeout=12_000)


def test_a_terminal_that_is_cut_off_is_told_in_words(who: Cashier) -> None:
    """What it was asked for does not wait for it; its test says why it takes nothing."""
    page = who.page
    who.menu("Card terminals")
    who.store.key("cut")
    why = "The connection to the terminal broke. No card payment goes to it."
    row = page.locator(".terminals li.part")
    expect(row).to_contain_text(why, timeout=30_000)
    who.push("Test", exact=True)
    expect(row).to_contain_text(f"The terminal takes no payments now: {why}", timeout=30_000)


def test_what_hangs_between_store_and_terminal_is_named(
    cashier: MakeCashier, tmp_path: Path
) -> None:
    """The devices node hangs: a card comes to nothing, and the page sends nobody to the terminal's
    cable alone; as soon as the store knows that all devices there are silent, it says so. What was
    open then is not called open still."""
    store = DemoStore(tmp_path / "demo", has_nodes=True)
    store.start()
    try:
        mia = cashier(at=store)
        mia.open()
        mia.sign_on("Mia")
        mia.open_till()
        strip = mia.page.locator("button.strip:visible")
        expect(strip).to_contain_text("Devices ready", timeout=30_000)
        expect(strip).to_contain_text("Drawer open")
        mia.tap("Flat white")
        expect(mia.lines).to_have_count(1)
        mia.pay()
        with store.held_node("devices"):
            mia.push(re.compile("^Card"))
            why = mia.page.locator("section.talk .says")
            expect(why).to_contain_text("the computer it is connected to", timeout=20_000)
            expect(mia.page.locator("section.talk")).to_contain_text("Nothing was charged")
            expect(why).to_contain_text(
                "Check that the computer it is plugged into is on", timeout=40_000
            )
            expect(strip).to_contain_text("Cash drawer: silent")
            expect(strip).not_to_contain_text("Drawer open")
    finally:
        store.stop()


@breadth
def test_each_card_gets_back_what_is_left_of_it(who: Cashier) -> None:
    """The amount is on the button; a card that has all of it back is offered no longer."""
    page = who.page
    rung_up(who, "Flat white")
    who.digits("100")
    for part in ("1.00", "2.80"):
        who.push(f"Card €{part}")
        who.store.key("tap")
        expect(page.locator(".tenders")).to_contain_text(part)
    who.next_order()
    who.bring_back("Flat white")
    back = page.get_by_role("button", name=re.compile("^Back to Mastercard"))
    expect(back).to_have_text(
        [re.compile(r"Mastercard ··0010: €1\.00"), re.compile(r"Mastercard ··0010: €2\.80")]
    )
    back.first.click()
    expect(who.button("Cancel refund")).to_be_visible()
    who.store.key("tap")
    expect(page.locator(".tenders li")).to_have_count(1)
    expect(back).to_have_text([re.compile(r"Mastercard ··0010: €2\.80")])


LAID_OUT = """() => {
  const body = document.querySelector('section.pay .body');
  body.scrollTop = body.scrollHeight;
  const due = document.querySelector('section.pay .figure').getBoundingClientRect();
  const seen = document.elementFromPoint(due.x + due.width / 2, due.y + due.height / 2);
  const rights = [...document.querySelectorAll('.tenders .paid > .num')].map(
    (amount) => Math.round(amount.getBoundingClientRect().right));
  const page = document.documentElement;
  return {
    scrolled: body.scrollTop > 0,
    is_due_seen: !!seen && !!seen.closest('.figure'),
    edges: new Set(rights).size,
    fits: page.scrollWidth <= page.clientWidth && body.scrollWidth <= body.clientWidth,
  };
}"""


@breadth
def test_many_tenders_line_up_and_what_is_left_stays_in_sight(who: Cashier) -> None:
    """However many paid a part and whatever their cards are called: the amounts are one below
    another, nothing is wider than the screen, and what is still to pay is seen at the end, too."""
    page = who.page
    rung_up(who, "Flat white")
    who.digits("100")
    who.push("Card €1.00")
    who.store.key("tap")
    rows = page.locator(".tenders li")
    expect(rows).to_have_count(1)
    for paid in range(2, 10):
        who.digits("10")
        who.push("Take €0.10")
        expect(rows).to_have_count(paid)
    name = "(span) => (span.firstChild.data = 'American Express of a bank with a long name ··0010')"
    rows.first.locator(".name > span").evaluate(name)
    good = {"scrolled": True, "is_due_seen": True, "edges": 1, "fits": True}
    for width, height in ((1024, 768), (1280, 800), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        assert good == page.evaluate(LAID_OUT), width


@breadth
def test_nobody_leaves_while_the_terminal_waits(who: Cashier) -> None:
    """Signing off, switching and training wait until the card was seen through."""
    page = who.page
    to_card(who, "Flat white")
    expect(page.locator(".order .who")).to_be_disabled()
    who.push("More", exact=True)
    for name in ("Sign off", "Switch operator", "Start training"):
        expect(who.button(name)).to_be_disabled()
    who.store.key("decline")
    expect(who.button("Sign off")).to_be_enabled()


@breadth
def test_a_tab_is_seen_at_its_order(who: Cashier) -> None:
    """What is reserved, and that the bill is above it, before it is charged."""
    page = who.page
    who.menu("Tabs")
    who.digits("500")
    who.push(re.compile("^Reserve €5.00"))
    who.store.key("tap")
    expect(page.locator(".mine")).to_contain_text("5.00")
    tab = page.locator(".order .tab")
    expect(tab).to_contain_text("Tab on Mastercard ··0010")
    expect(tab).to_contain_text("€5.00 reserved")
    who.push("Back", exact=True)
    rung_up(who, "Flat white")
    over = page.locator("section.pay .tab .over")
    expect(over).to_have_count(0)
    who.push("Write down the tip")
    who.digits("150")
    expect(over).to_contain_text("The bill is above what is reserved")


@breadth
def test_a_part_that_nobody_can_hand_back_waits_with_its_order(who: Cashier) -> None:
    """1.00 by card, the terminal has ended its day, and the customer goes for money: that part goes
    back at no till, so the order is parked as it is, the next customer is served, and it is paid
    when the first one is back. Before, while the card could be handed back, it was not."""
    page, store = who.page, who.store
    rung_up(who, "Flat white")
    who.digits("100")
    who.push(re.compile("^Card €1.00"))
    store.key("tap")
    expect(page.locator(".tenders li")).to_have_count(1)
    parks = page.get_by_role("button", name="Park", exact=True)
    expect(parks).to_be_disabled()
    page.keyboard.press("F4")
    expect(page.locator("dialog[open]")).to_have_count(0)
    answer = store.command("terminal.end_day", {})
    assert answer.get("ok"), answer
    expect(parks).to_have_count(2)
    who.push("Park", exact=True)
    who.push("Park order")
    expect(page.get_by_text("The order is parked.").first).to_be_visible()
    who.tap("Espresso")
    expect(who.lines).to_have_count(1)
    who.pay()
    who.tender("€5.00")
    who.next_order()
    who.menu("Parked orders")
    who.press(page.locator(".parked .entry", has_text="Flat white"))
    expect(page.locator(".due")).to_contain_text("€2.80")
    who.tender("€5.00")
    expect(page.locator(".done .change")).to_contain_text("€2.20")
