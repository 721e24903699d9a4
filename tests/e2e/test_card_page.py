"""Paying by card at the register page: what the terminal says, and what the page makes of it."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from playwright.sync_api import WebSocketRoute, expect

from tests.breadth import breadth
from tests.e2e.shop import Cashier, DemoStore, MakeCashier

ASKED = "Ask the customer to tap or insert the card"


def to_card(who: Cashier, *names: str) -> None:
    """Ring up and ask the terminal for all of it."""
    for name in names:
        who.tap(name)
    expect(who.lines).to_have_count(len(set(names)))
    who.pay()
    who.push(re.compile("^Card"))
    expect(who.page.get_by_text(ASKED)).to_be_visible()


@breadth
def test_a_tap_pays_with_the_till_shut(who: Cashier) -> None:
    """The page asks for the card, then shows what was paid with which card; the receipt prints."""
    to_card(who, "Flat white", "Croissant")
    who.store.key("tap")
    expect(who.page.get_by_text("Paid by card")).to_be_visible()
    expect(who.page.locator(".done")).to_contain_text("Mastercard ··0010")
    who.page.keyboard.press("Enter")
    expect(who.page.locator(".tiles")).to_be_visible()
    assert "CARD PAYMENT" in who.store.wait_receipts(1)


def test_a_pin_by_keyboard_alone(who: Cashier) -> None:
    """F9 to pay, F10 for the card; a wrong PIN is told in words, the right one pays."""
    page = who.page
    who.tap("Espresso")
    expect(who.lines).to_have_count(1)
    page.keyboard.press("F9")
    expect(page.locator("section.pay")).to_be_visible()
    page.keyboard.press("F10")
    expect(page.get_by_text(ASKED)).to_be_visible()
    who.store.key("insert")
    expect(page.get_by_text("The customer types the PIN")).to_be_visible()
    who.store.key("wrong_pin")
    expect(page.get_by_text("The PIN was wrong; the customer may try again")).to_be_visible()
    expect(page.get_by_text("tries left: 2")).to_be_visible()
    who.store.key("pin")
    expect(page.get_by_text("Paid by card")).to_be_visible()


@pytest.mark.parametrize("size", [(390, 844), (800, 480)])
def test_a_card_is_one_touch_from_the_order(
    cashier: MakeCashier, fresh_store: DemoStore, size: tuple[int, int]
) -> None:
    """All of an order is asked of the terminal beside *Pay*; what was stopped leaves the order as
    it was, and the next touch asks anew. In training there is no card."""
    mia: Cashier = cashier(size, touch=True, at=fresh_store)
    page = mia.page
    mia.open()
    mia.sign_on("Mia")
    at_once = page.get_by_role("button", name=re.compile("^Card €")).filter(visible=True)
    expect(at_once).to_be_disabled()
    mia.tap("Espresso")
    expect(at_once).to_have_accessible_name("Card €2.20")
    mia.press(at_once)
    expect(page.get_by_text(ASKED)).to_be_visible()
    mia.push("Cancel card payment")
    expect(page.get_by_text("The card payment was stopped")).to_be_visible()
    mia.push("Back", exact=True)
    mia.press(at_once)
    fresh_store.key("tap")
    expect(page.get_by_text("Paid by card")).to_be_visible()
    mia.next_order()
    mia.menu("Start training")
    expect(page.get_by_text("Nothing here counts")).to_be_visible()
    expect(at_once).to_have_count(0)


def test_f10_at_an_order_asks_no_card_while_one_is_in_doubt(who: Cashier) -> None:
    """One key asks the terminal for all of it. Where nobody knows whether a card was charged for
    the order, it leads to payment, which says so and offers what is left."""
    page = who.page
    who.open_till(1)
    who.tap("Espresso")
    expect(who.lines).to_have_count(1)
    page.keyboard.press("F10")
    expect(page.get_by_text(ASKED)).to_be_visible()
    who.store.key("cut")
    who.push("Take cash instead")
    who.push("Back", exact=True)
    expect(page.locator(".tiles")).to_be_visible()
    page.keyboard.press("F10")
    expect(page.locator("section.pay .doubt")).to_be_visible()
    expect(page.locator("section.talk")).to_have_count(0)
    expect(page.locator(".notice.danger")).to_have_count(0)


def test_a_declined_card_and_then_cash(who: Cashier) -> None:
    """Why in plain words, the terminal's own below, and cash one press away."""
    page = who.page
    who.open_till()
    to_card(who, "Flat white")
    who.store.key("decline")
    expect(page.get_by_text("The card was declined")).to_be_visible()
    expect(page.get_by_text("The card’s bank said no")).to_be_visible()
    expect(page.get_by_text("The terminal says: declined 05")).to_be_visible()
    expect(who.button("Try again")).to_be_focused()
    who.push("Try again")
    who.store.key("decline")
    expect(page.get_by_text("The card was declined")).to_be_visible()
    who.push("Cash", exact=True)
    who.tender("€10.00")
    expect(page.locator(".done")).to_contain_text("Change")


def test_cancel_is_asked_of_the_terminal(who: Cashier) -> None:
    """The terminal ends it; nothing was charged, and the way back to the order is open."""
    page = who.page
    to_card(who, "Flat white")
    who.push("Cancel card payment")
    expect(page.get_by_text("The card payment was stopped")).to_be_visible()
    expect(page.get_by_text("Nothing was charged.", exact=False)).to_be_visible()
    who.push("Back", exact=True)
    expect(page.locator(".tiles")).to_be_visible()
    assert who.store.counter()["terminal"]["booked_minor"] == 0


def test_the_cable_is_pulled_before_the_card_and_nothing_was_charged(who: Cashier) -> None:
    """Unknown is said plainly and the card is not asked again until the terminal settles it."""
    page = who.page
    who.open_till()
    to_card(who, "Flat white")
    who.store.key("cut")
    expect(page.get_by_text("Nobody knows yet whether the card was charged")).to_be_visible()
    expect(page.get_by_text("Do not charge the customer by card again.")).to_be_visible()
    who.push("Take cash instead")
    expect(page.get_by_role("button", name=re.compile("^Card €"))).to_have_count(0)
    expect(page.locator(".quick")).to_be_visible()
    who.push("Show the card payment")
    who.store.key("plug")
    expect(page.get_by_text("The card payment never began")).to_be_visible(timeout=30_000)
    who.push("Try again")
    who.store.key("tap")
    expect(page.get_by_text("Paid by card")).to_be_visible()


def test_the_answer_is_lost_and_the_truth_is_that_the_card_paid(who: Cashier) -> None:
    """Money moved as the cable broke: the store finds out, and the sale closes by itself, once."""
    page = who.page
    to_card(who, "Flat white")
    who.store.key("lose_reply")
    who.store.key("tap")
    expect(page.get_by_text("Nobody knows yet whether the card was charged")).to_be_visible()
    expect(page.get_by_text("Paid by card")).to_be_visible(timeout=30_000)
    terminal = who.store.counter()["terminal"]
    assert [entry["booked"] for entry in terminal["transactions"]] == [True]


def test_a_late_approval_goes_back_by_itself_after_cash(who: Cashier) -> None:
    """The customer paid in cash while nobody knew; what the card paid is taken back unasked."""
    page = who.page
    who.open_till()
    to_card(who, "Flat white")
    who.store.key("lose_reply")
    who.store.key("tap")
    expect(page.get_by_text("Nobody knows yet whether the card was charged")).to_be_visible()
    who.push("Take cash instead")
    who.tender("€10.00")
    expect(page.locator(".done")).to_contain_text("Change")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        terminal = who.store.counter()["terminal"]
        entries = [(entry["kind"], entry["booked"]) for entry in terminal["transactions"]]
        if entries == [("reversal", True), ("sale", True)]:
            break
        page.wait_for_timeout(100)
    assert terminal["booked_minor"] == 0, terminal
    # A store that did not hear how that ended asks again after ten seconds.
    expect(page.get_by_text("The terminal took back €3.80.").first).to_be_visible(timeout=20_000)
    expect(page.get_by_role("button", name=re.compile("to settle"))).to_have_count(0)
    who.next_order()


@pytest.mark.feature("PAY-02", part="evenly at the register page, odd cents to the first shares")
def test_split_in_three_with_one_in_cash_survives_a_reload(who: Cashier) -> None:
    """Shares add up to the cent, each is paid its own way, and a reload in the middle forgets
    nothing."""
    page = who.page
    who.open_till()
    who.tap("Flat white")
    who.tap("Croissant")
    who.tap("Espresso")
    expect(who.lines).to_have_count(3)
    who.pay()
    page.keyboard.press("F7")
    who.push("One person more")
    shares = page.locator(".shares .num").all_inner_texts()
    assert len(shares) == 3
    due = page.locator(".split .due strong").inner_text()
    cents = [int(re.sub(r"\D", "", text)) for text in shares]
    assert sum(cents) == int(re.sub(r"\D", "", due))
    assert cents == sorted(cents, reverse=True)
    assert cents[0] - cents[-1] <= 1
    who.push("Split in 3")
    expect(page.get_by_text("Share 1 of 3")).to_be_visible()
    who.push(re.compile("^Card"))
    who.store.key("tap")
    expect(page.get_by_text("Share 2 of 3")).to_be_visible()
    who.tender("€5.00")
    expect(page.get_by_text(re.compile("^Give back €"))).to_be_visible()
    expect(page.get_by_text("Share 3 of 3")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Share 3 of 3")).to_be_visible()
    expect(page.locator(".tenders li")).to_have_count(2)
    who.push(re.compile("^Card"))
    who.store.key("tap")
    expect(page.locator(".done .tenders li")).to_have_count(3)
    booked = who.store.counter()["terminal"]["booked_minor"]
    assert booked == cents[0] + cents[2]


@pytest.mark.feature("PAY-02", part="by item and by amount at the register page")
def test_split_by_item_and_by_amount(who: Cashier) -> None:
    """Each pays what they had; the rest is never more than what is due."""
    page = who.page
    who.tap("Flat white")
    who.tap("Croissant")
    expect(who.lines).to_have_count(2)
    who.pay()
    who.push("Split")
    who.push("By item")
    page.get_by_role("checkbox", name=re.compile("Croissant")).click()
    who.push(re.compile("^Pay €2.60"))
    expect(page.get_by_text("Share 1", exact=True)).to_be_visible()
    who.push(re.compile("^Card €2.60"))
    who.store.key("tap")
    expect(page.get_by_role("checkbox", name=re.compile("Croissant"))).to_be_disabled()
    who.push("By amount")
    who.digits("100")
    who.push(re.compile("^Pay €1.00"))
    who.push(re.compile("^Card €1.00"))
    who.store.key("tap")
    who.push(re.compile("^Do not split"))
    who.push(re.compile("^Card"))
    who.store.key("tap")
    expect(page.locator(".done .tenders li")).to_have_count(3)


def test_a_tip_is_shown_with_its_card_and_in_the_report(who: Cashier) -> None:
    """The tip comes on top at the terminal; the till report has it by operator."""
    page = who.page
    to_card(who, "Flat white")
    who.store.key("tip", 100)
    who.store.key("tap")
    expect(page.locator(".done")).to_contain_text("and a tip of €1.00")
    who.next_order()
    who.menu("Reports")
    row = page.get_by_role("row", name=re.compile("Tips Mia"))
    expect(row).to_contain_text("€1.00")
    expect(page.get_by_role("row", name=re.compile("^Card"))).to_be_visible()


def test_a_card_with_less_on_it_pays_in_part(who: Cashier, cashier: MakeCashier) -> None:
    """What the card had counts; the page says what is still due and takes it any other way. So does
    another screen of the register, and no longer than there is a rest."""
    page = who.page
    other = cashier(at=who.store)
    other.open()
    who.open_till()
    to_card(who, "Flat white")
    who.store.key("partial")
    who.store.key("tap")
    expect(page.locator(".tenders li")).to_contain_text("1.90")
    expect(page.get_by_text(re.compile("^The card paid only €1.90")).first).to_be_visible()
    told = other.page.get_by_text(re.compile("^The card paid only €1.90"))
    expect(told.first).to_be_visible()
    who.tender("€2.00")
    expect(page.locator(".done .tenders li")).to_have_count(2)
    expect(told).to_have_count(0)


@breadth
def test_a_card_tender_is_handed_back_by_the_terminal(who: Cashier) -> None:
    """It is a tender until the terminal has taken it back."""
    page = who.page
    who.tap("Flat white")
    expect(who.lines).to_have_count(1)
    who.pay()
    who.digits("100")
    who.push(re.compile("^Card €1.00"))
    who.store.key("tap")
    expect(page.locator(".tenders li")).to_have_count(1)
    who.push(re.compile("^Have the terminal take back"))
    expect(page.locator(".tenders li")).to_have_count(0)
    expect(page.get_by_text("The terminal took back €1.00.").first).to_be_visible()
    assert who.store.counter()["terminal"]["booked_minor"] == 0


def test_goods_come_back_to_the_card_they_were_paid_with(who: Cashier) -> None:
    """The button names the card; the terminal gives back what it took."""
    page = who.page
    to_card(who, "Flat white")
    who.store.key("tap")
    expect(page.get_by_text("Paid by card")).to_be_visible()
    who.next_order()
    who.menu("Receipts")
    page.locator(".receipts .entry").first.click()
    expect(page.locator(".receipts .tenders")).to_contain_text("Mastercard ··0010")
    who.push("Return goods")
    who.push("Flat white: one more")
    who.push("Faulty")
    who.push("Take back 1 line")
    expect(who.lines).to_have_count(1)
    who.pay()
    # All of it was paid by card, so no coins are offered.
    expect(page.get_by_text("so it goes back to the card")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Pay out"))).to_have_count(0)
    who.push("Back to Mastercard ··0010")
    who.store.key("tap")
    expect(page.get_by_text("Given back to the card")).to_be_visible()
    assert who.store.counter()["terminal"]["booked_minor"] == 0


@breadth
def test_two_payments_of_one_card_are_told_apart_as_they_go_back(who: Cashier) -> None:
    """Each has a button of its own that says which payment it was; whichever goes back first, the
    other one is left."""
    page = who.page
    who.tap("Flat white")
    expect(who.lines).to_have_count(1)
    who.pay()
    who.digits("190")
    who.push(re.compile("^Card €1.90"))
    who.store.key("tap")
    expect(page.locator(".tenders li")).to_have_count(1)
    who.push(re.compile("^Card €1.90"))
    who.store.key("tap")
    expect(page.get_by_text("Paid by card")).to_be_visible()
    who.next_order()
    who.bring_back("Flat white")
    buttons = page.get_by_role("button", name=re.compile("^Back to Mastercard"))
    expect(buttons).to_have_count(2)
    second = buttons.filter(has_text="Payment 2: €1.90")
    expect(second).to_have_count(1)
    who.press(second)
    who.store.key("tap")
    expect(buttons).to_have_count(1)
    expect(buttons).to_contain_text("Payment 1: €1.90")
    who.press(buttons)
    who.store.key("tap")
    expect(page.get_by_text("Given back to the card")).to_be_visible()
    assert who.store.counter()["terminal"]["booked_minor"] == 0


def brought_back(who: Cashier) -> None:
    """Goods that a card paid come back, and their money is to go back."""
    to_card(who, "Flat white")
    who.store.key("tap")
    expect(who.page.get_by_text("Paid by card")).to_be_visible()
    who.next_order()
    who.bring_back("Flat white")


@breadth
def test_a_refund_that_the_card_does_not_take_is_no_dead_end(who: Cashier) -> None:
    """It may go to no other place, which is said where the other ways would be; the order can wait
    for a day on which the card takes it."""
    page = who.page
    brought_back(who)
    who.push("Back to Mastercard ··0010")
    who.store.key("decline")
    expect(page.get_by_text("see in the payment what else can be done")).to_be_visible()
    who.push("To payment")
    expect(page.get_by_text("can go back to that card alone")).to_be_visible()
    expect(who.button("Back to Mastercard ··0010")).to_be_visible()
    who.push("Park", exact=True)
    who.push("Park order")
    expect(page.get_by_text("The order is parked.").first).to_be_visible()
    expect(who.lines).to_have_count(0)


@breadth
def test_a_refund_that_the_card_does_not_take_may_be_store_credit(who: Cashier) -> None:
    """Where the house gives store credit for what comes back, that is named as the other way."""
    page = who.page
    rules = {"rules": {"store_credit": True}}
    answer = who.store.command("settings.set_return_rules", rules)
    assert answer.get("ok"), answer
    brought_back(who)
    who.push("Back to Mastercard ··0010")
    who.store.key("decline")
    who.push("To payment")
    expect(page.get_by_text("Try the card again, or give store credit.")).to_be_visible()
    who.push("Give store credit of €3.80")
    expect(page.locator(".done")).to_be_visible()


def test_a_refund_nobody_knows_is_not_paid_out_twice(who: Cashier) -> None:
    """The line breaks while money goes back: no other way is offered until it is known, and how it
    ended is said."""
    page = who.page
    brought_back(who)
    who.push("Back to Mastercard ··0010")
    expect(page.get_by_text(ASKED)).to_be_visible()
    who.store.key("cut")
    expect(page.get_by_text("whether the money went back to the card")).to_be_visible()
    who.push("To payment")
    other = page.get_by_role("button", name=re.compile("^(Pay out|Back to Master)"))
    expect(other).to_have_count(0)
    who.store.key("plug")
    expect(other).to_have_count(1, timeout=45_000)
    told = "Money back to the card, €3.80: never began. Nothing was given back."
    expect(page.locator(".order .notice")).to_contain_text(told)
    who.push("Back to Mastercard ··0010")
    who.store.key("tap")
    expect(page.get_by_text("Given back to the card")).to_be_visible()


def test_a_reload_in_the_middle_shows_the_same_conversation(who: Cashier) -> None:
    """All of it is the store's: the page comes back to it and closes the sale."""
    page = who.page
    to_card(who, "Flat white")
    page.reload()
    expect(page.get_by_text(ASKED)).to_be_visible()
    who.store.key("tap")
    expect(page.get_by_text("Paid by card")).to_be_visible()


# A page that is away hears of nothing until it is back, and then of what is so by then.
AWAY = """
  const Plain = WebSocket;
  window.lines = [];
  window.WebSocket = class extends Plain {
    constructor(url) {
      super(window.away ? url.replace('/ws', '/none') : url);
      window.lines.push(this);
    }
  };
"""


@breadth
def test_what_was_given_back_while_nobody_looked_is_said(who: Cashier) -> None:
    """The sale was paid in cash; the card's money came late and went back while this page was away.
    The first it hears is that it went back, and it says so."""
    page = who.page
    page.add_init_script(AWAY)
    page.reload()
    who.open_till()
    who.tap("Flat white")
    expect(who.lines).to_have_count(1)
    who.pay()
    who.push(re.compile("^Card"))
    who.store.key("lose_reply")
    who.store.key("tap")
    expect(page.get_by_text("Nobody knows yet whether the card was charged")).to_be_visible()
    who.store.key("cut")
    who.push("Take cash instead")
    who.tender("€10.00")
    expect(page.locator(".done")).to_be_visible()
    page.evaluate("() => { window.away = true; for (const one of window.lines) one.close(); }")
    expect(page.locator("dialog[open]")).to_be_visible()
    who.store.key("plug")
    deadline = time.monotonic() + 30
    while who.store.counter()["terminal"]["booked_minor"] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert 0 == who.store.counter()["terminal"]["booked_minor"]
    page.evaluate("() => { window.away = false; }")
    told = page.get_by_text("The terminal took back €3.80.").first
    expect(told).to_be_visible(timeout=20_000)


def test_a_payment_nobody_knows_is_listed_and_set_aside_and_closed(
    who: Cashier, cashier: MakeCashier
) -> None:
    """After half a minute it is before a person, who frees the terminal and says what was found.
    What it is found by stands there: of which order, at which terminal, and what that showed last;
    a touch opens who asked for it and what the order is of. That nobody need look any more is said
    at the other register, and not where somebody just did."""
    page = who.page
    other = cashier(at=who.store)
    other.open("2")
    other.sign_on("Ben")
    to_card(who, "Flat white", "Flat white")
    who.store.key("cut")
    expect(page.get_by_text("Nobody knows yet whether the card was charged")).to_be_visible()
    badge = page.get_by_role("button", name="Cards: 1 to settle")
    expect(badge).to_be_visible(timeout=45_000)
    who.press(badge)
    entry = page.locator(".exceptions li.part")
    expect(entry).to_contain_text("The store keeps asking")
    facts = entry.locator(".facts")
    for words in ("€7.60", "Card not known", "Card terminal (1)", "Order: Flat white"):
        expect(facts).to_contain_text(words)
    expect(facts).to_contain_text(re.compile(r"\b\d\d:\d\d\b"))
    expect(entry).to_contain_text("The terminal last showed: insert or tap card")
    expect(entry).not_to_contain_text("Mia")
    who.press(facts)
    expect(facts).to_have_attribute("aria-expanded", "true")
    for words in ("Mia · Register 1", "Being paid · €7.60", "2 × Flat white"):
        expect(entry.locator("dl")).to_contain_text(words)
    elsewhere = other.page.get_by_role("button", name="Cards: 1 to settle")
    expect(elsewhere).to_be_visible(timeout=15_000)
    who.push("Set aside")
    expect(entry.locator(".btn.main")).to_be_in_viewport(ratio=1)
    who.push("Terminal is broken")
    entry.locator(".btn.main").click()
    expect(entry).to_contain_text("Set aside: Terminal is broken")
    who.push("Close with finding")
    who.push("It is not on the statement")
    entry.locator(".btn.main").click()
    expect(page.get_by_text("No card payment waits for anybody")).to_be_visible()
    expect(badge).to_have_count(0)
    settled = "A card payment of €7.60 is settled. Activity says how."
    expect(other.page.get_by_text(settled).first).to_be_visible(timeout=15_000)
    expect(elsewhere).to_have_count(0)
    expect(page.get_by_text(settled)).to_have_count(0)


@breadth
def test_what_was_set_aside_here_and_then_settles_by_itself_is_said(who: Cashier) -> None:
    """Set aside is not closed: the store asks on, and says here what it heard after all."""
    page = who.page
    who.open_till()
    to_card(who, "Flat white", "Flat white")
    who.store.key("cut")
    badge = page.get_by_role("button", name="Cards: 1 to settle")
    expect(badge).to_be_visible(timeout=45_000)
    who.press(badge)
    who.push("Set aside")
    who.push("Terminal is broken")
    page.locator(".exceptions li.part .btn.main").click()
    expect(page.locator(".exceptions li.part")).to_contain_text("Set aside: Terminal is broken")
    who.push("Back")
    who.tender("€10.00")
    who.next_order()
    who.tap("Croissant")
    expect(who.lines).to_have_count(1)
    who.store.key("plug")
    settled = page.get_by_text("A card payment of €7.60 is settled. Activity says how.")
    expect(settled.first).to_be_visible(timeout=60_000)
    expect(badge).to_have_count(0)
    assert who.store.counter()["terminal"]["booked_minor"] == 0


@breadth
@pytest.mark.feature("NEW-15", part="the open exposure is on screen")
def test_what_may_be_offline_is_shown_against_its_ceiling(who: Cashier) -> None:
    """What a terminal may be storing counts from the moment nobody knows it."""
    page = who.page
    policy: dict[str, object] = {
        "payment_minor": 2000,
        "operator_minor": 4000,
        "register_minor": 4000,
    }
    policy |= {"total_minor": 4000, "age_s": 3600, "brands": []}
    answer = who.store.command("payment.set_offline_policy", {"policy": policy})
    assert answer.get("ok"), answer
    to_card(who, "Flat white")
    who.store.key("cut")
    expect(page.get_by_text("Nobody knows yet whether the card was charged")).to_be_visible()
    who.menu("Card payments")
    expect(page.locator(".offline")).to_contain_text("€3.80 of €40.00")
    expect(page.get_by_role("img", name="10 % of the limit")).to_be_visible()
    rows = page.locator(".ceilings div")
    expect(rows.filter(has_text="One payment")).to_contain_text("at most €20.00")
    for name in ("Whoever is signed on", "This register", "All registers"):
        expect(rows.filter(has_text=name)).to_contain_text(
            "€3.80 of €40.00 · up to €3.80 of it not known yet"
        )


def two_cards(who: Cashier) -> None:
    """Two cards pay one euro each, and something is due still."""
    who.tap("Flat white")
    expect(who.lines).to_have_count(1)
    who.pay()
    for number in (1, 2):
        who.digits("100")
        who.push(re.compile("^Card €1.00"))
        who.store.key("tap")
        expect(who.page.locator(".tenders li")).to_have_count(number)


@breadth
def test_of_two_cards_with_one_amount_the_same_is_asked_again(who: Cashier) -> None:
    """The bank cannot be reached for the second card; tried again, it is that one which goes back,
    and the first, with as much on it, pays on."""
    page = who.page
    two_cards(who)
    who.store.key("go_offline")
    page.locator(".tenders li").nth(1).get_by_role("button").click()
    expect(page.get_by_text("It was not taken back")).to_be_visible()
    expect(page.get_by_text("Check its network, then try again.")).to_be_visible()
    expect(page.get_by_text("The card payment still counts.")).to_be_visible()
    who.store.key("go_online")
    who.push("Try again")
    expect(page.locator(".tenders li")).to_have_count(1)
    took = [row for row in who.store.counter()["terminal"]["transactions"] if row["kind"] == "sale"]
    assert [row["ended"] for row in took] == ["reversed", "approved"], "the newest comes first"


def tell_otherwise(who: Cashier, told: dict[str, Any]) -> None:
    """Change what the page is told of a payment that was not taken back."""

    def changed(found: dict[str, Any]) -> dict[str, Any]:
        return {**found, **told} if found.get("problem") == "not_reversed" else found

    def change(socket: WebSocketRoute) -> None:
        def pass_on(text: str | bytes) -> None:
            socket.send(json.dumps(json.loads(text, object_hook=changed)))

        socket.connect_to_server().on_message(pass_on)

    who.page.route_web_socket(re.compile("/ws$"), change)


@breadth
def test_what_another_try_took_back_is_no_failure(
    cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """A reversal that the terminal refuses because the money is gone already is no problem to the
    store, nor to whoever asked for it."""
    who = cashier(at=fresh_store)
    page = who.page
    tell_otherwise(who, {"standing": "aborted", "problem": "", "code": "already_reversed"})
    who.open()
    who.sign_on("Mia")
    two_cards(who)
    who.store.key("go_offline")
    page.locator(".tenders li").nth(1).get_by_role("button").click()
    expect(page.get_by_text("The terminal took back €1.00.").first).to_be_visible()
    expect(page.locator(".talk")).to_have_count(0)


@breadth
@pytest.mark.parametrize(
    ("of_refund", "now", "again", "listed"),
    [
        (
            False,
            "Only €0.40 went back; the rest",
            "Try to give back again",
            "€0.40 went back, and the sale was then",
        ),
        (
            True,
            "Only €0.40 came back; the customer",
            "Try to take back",
            "€0.40 came back, and the return was then",
        ),
    ],
    ids=["payment", "refund"],
)
def test_what_went_back_in_part_is_said_where_it_was_asked_for(
    cashier: MakeCashier, fresh_store: DemoStore, of_refund: bool, now: str, again: str, listed: str
) -> None:
    """A terminal that gives back less than all leaves money that somebody must see to: the
    conversation says how much, and what is on the list. Completed with it, the sale stands, and
    the list offers nothing that would give it back twice. The simulated terminal takes back all or
    nothing, so its word is changed on the way to the page."""
    who = cashier(at=fresh_store)
    page = who.page
    less = {"standing": "partially_approved", "amount_minor": 40, "of_refund": of_refund}
    tell_otherwise(who, less)
    who.open()
    who.sign_on("Mia")
    who.open_till()
    two_cards(who)
    who.store.key("go_offline")
    page.locator(".tenders li").nth(1).get_by_role("button").click()
    expect(page.get_by_text("Only a part was taken back")).to_be_visible()
    expect(page.get_by_text(re.compile(f"^{now}"))).to_be_visible()
    expect(page.get_by_text("It is on the list of card payments to settle.")).to_be_visible()
    expect(who.button("Try again")).to_be_focused()
    who.press(page.locator(".talk .pair .btn"))
    expect(page.locator(".tenders li")).to_have_count(2)
    badge = page.get_by_role("button", name="Cards: 1 to settle")
    entry = page.locator(".exceptions li.part")
    who.press(badge)
    expect(entry).to_contain_text(now)
    ways = entry.locator(".chips").get_by_role("button")
    expect(ways).to_have_text([again, "Close with finding"])
    page.keyboard.press("Escape")
    who.tender("€2.00")
    who.next_order()
    who.press(badge)
    expect(entry).to_contain_text(listed)
    expect(entry).to_contain_text("Receipt")
    expect(ways).to_have_text(["Close with finding"])
