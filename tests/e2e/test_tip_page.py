"""A tip on our own screen, turned to the customer: nothing else can be reached from it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import WebSocketRoute, expect

from countertop.seed import DEMO_RULES
from engine.wire import unstructure
from tests.breadth import breadth
from tests.e2e.shop import PEOPLE, Cashier, DemoStore, MakeCashier, code_of
from tests.e2e.test_looks import each_screen
from tests.house.test_catalogues import catalogue

ASKED = "Ask the customer to tap or insert the card"
FOLLOW = "Please follow the card terminal"
THANKS = "Thank you. Please hand back the screen"
QUESTION = "Would you like to leave a tip?"
FITS = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
REGISTER: dict[str, Any] = {
    "id": "1",
    "name": "Front",
    "printer": "printer/1",
    "drawer": "drawer/1",
    "display": "display/1",
    "scanner": "scanner/1",
    "terminal": "terminal/1",
    "tips": True,
    "tip_choices": {
        "percents_ppm": [50_000, 100_000, 150_000],
        "amounts_minor": [],
        "own_minor_max": 2_000,
    },
}


@pytest.fixture
def who(who: Cashier) -> Cashier:
    """Mia at a register that asks for tips on its own screen, an espresso rung up."""
    ask_here(who)
    return who


def ask_here(who: Cashier) -> None:
    """Switch the question on at register 1."""
    answer = who.store.command("settings.define_register", {"setup": REGISTER})
    assert answer.get("ok"), answer


def turn(who: Cashier, name: str = "Espresso") -> None:
    """Ring up, pay by card: the page is the customer's."""
    who.tap(name)
    expect(who.lines).to_have_count(1)
    who.pay()
    who.push(re.compile("^Card"))
    expect(who.page.get_by_role("heading", name=QUESTION)).to_be_visible()


def take_back(who: Cashier) -> None:
    """The screen is the shop's again."""
    who.push("For staff")
    who.digits(PEOPLE["Mia"])
    who.push("Take the screen back")
    expect(who.page.locator(".sale")).to_be_visible()


@pytest.mark.feature("PAY-03", part="the question on a screen turned to the customer")
def test_a_share_is_charged_and_reported_apart(who: Cashier) -> None:
    """One touch: the terminal has goods and tip in one amount, with the tip named; the receipt and
    the report keep it apart."""
    page = who.page
    turn(who)
    who.push(re.compile("^10"))
    expect(page.get_by_role("heading", name=FOLLOW)).to_be_visible()
    expect(page.locator(".figure")).to_contain_text("2.42")
    assert ["EUR 2.42", "of it tip EUR 0.22"] == who.store.wait_shown()[:2]
    who.store.key("tap")
    expect(page.get_by_role("heading", name=THANKS)).to_be_visible()
    take_back(who)
    expect(page.locator(".done")).to_contain_text("and a tip of €0.22")
    receipt = who.store.wait_receipts(2)  # the terminal's own slip is the first
    assert re.search(r"Tip +0\.22", receipt)
    assert 242 == who.store.counter()["terminal"]["booked_minor"]
    who.next_order()
    who.menu("Reports")
    expect(page.get_by_role("row", name=re.compile("Tips Mia"))).to_contain_text("€0.22")
    expect(page.get_by_role("row", name=re.compile("^Card"))).to_contain_text("€2.20")


def test_a_card_from_the_order_asks_for_the_tip_first(who: Cashier) -> None:
    """One touch beside *Pay* asks the customer, as payment does, before it asks the terminal."""
    who.tap("Espresso")
    expect(who.lines).to_have_count(1)
    who.push("Card €2.20")
    expect(who.page.get_by_role("heading", name=QUESTION)).to_be_visible()
    assert ["ready"] == who.store.counter()["terminal"]["shown"]


@breadth
def test_the_question_is_in_the_language_of_the_shop(who: Cashier) -> None:
    """Whoever works here chose French on this device; its customers read the shop's English, as on
    their own page. The PIN that takes the screen back is asked for in French, and then the rest."""
    page = who.page
    page.evaluate("localStorage.setItem('countertop.language', 'fr')")
    page.reload()
    french = catalogue("fr")
    who.tap("Espresso")
    expect(who.lines).to_have_count(1)
    who.pay()
    page.keyboard.press("F10")
    expect(page.get_by_role("heading", name=QUESTION)).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "en"
    who.push("For staff")
    expect(page.get_by_role("button", name=french["tip.leave"])).to_be_visible()
    who.push(french["common.back"])
    expect(page.get_by_role("heading", name=QUESTION)).to_be_visible()
    who.push("No tip")
    expect(page.get_by_role("heading", name=FOLLOW)).to_be_visible()
    who.push("For staff")
    who.digits(PEOPLE["Mia"])
    who.push(french["tip.leave"])
    expect(page.get_by_role("heading", name=french["card_title.sale"])).to_be_visible()


def test_no_tip_and_an_own_amount_by_keyboard(who: Cashier) -> None:
    """Nothing is as easy as something; a typed amount above the limit cannot be sent."""
    page = who.page
    turn(who)
    who.push("Other amount")
    expect(page.get_by_text("Type 5 0 0 for €5.00")).to_be_visible()
    who.digits("9")
    expect(page.locator("output.typed")).to_have_text("€0.09")
    who.digits("900")
    expect(page.locator(".hint.over")).to_be_visible()
    expect(page.locator(".tip .btn.main")).to_be_disabled()
    for _ in range(4):
        page.keyboard.press("Backspace")
    who.digits("100")
    who.push(re.compile("^Tip €1.00, in all €3.20"))
    expect(page.get_by_role("heading", name=FOLLOW)).to_be_visible()
    take_back(who)
    expect(page.get_by_text(ASKED)).to_be_visible()
    who.store.key("decline")
    who.push("Try again")
    expect(page.get_by_text(ASKED)).to_be_visible()
    assert "EUR 3.20" == who.store.wait_shown()[0]
    who.store.key("tap")
    expect(page.locator(".done")).to_contain_text("and a tip of €1.00")
    who.next_order()
    turn(who)
    who.push("No tip")
    expect(page.get_by_role("heading", name=FOLLOW)).to_be_visible()
    take_back(who)
    expect(page.get_by_text(ASKED)).to_be_visible()
    assert "EUR 2.20" == who.store.wait_shown()[0]


def switch_off(who: Cashier) -> None:
    """Nobody is asked for a tip at register 1 any more."""
    asks_none = {key: value for key, value in REGISTER.items() if key != "tip_choices"}
    answer = who.store.command("settings.define_register", {"setup": asks_none})
    assert answer.get("ok"), answer


@breadth
def test_a_tip_of_somebody_else_is_never_charged(who: Cashier) -> None:
    """Declined with a tip, only the next try keeps it, with the whole amount on its button; a card
    asked for in payment is asked anew, and where the question was switched off in between, no tip
    is charged that its owner was not asked for."""
    page = who.page
    turn(who, "Flat white")
    who.push(re.compile("^15"))
    expect(page.get_by_role("heading", name=FOLLOW)).to_be_visible()
    who.store.key("decline")
    take_back(who)
    expect(who.button("Try again: €4.37")).to_be_visible()
    expect(page.get_by_text("with a tip of €0.57")).to_be_visible()
    who.push("To payment")
    who.push("Card €3.80")
    expect(page.get_by_role("heading", name=QUESTION)).to_be_visible()
    who.push(re.compile("^15"))
    expect(page.get_by_role("heading", name=FOLLOW)).to_be_visible()
    who.store.key("decline")
    take_back(who)
    switch_off(who)
    expect(who.button("Try again: €3.80")).to_be_visible()
    who.push("To payment")
    who.push("Card €3.80")
    expect(page.get_by_text(ASKED)).to_be_visible()
    assert "EUR 3.80" == who.store.wait_shown()[0]


@breadth
def test_nobody_is_thanked_whose_card_was_not_charged(who: Cashier) -> None:
    """The turned screen says what became of the card: declined, that it was not charged; in doubt,
    that the terminal is asked; both times that the shop needs its screen. Who paid is thanked."""
    page = who.page
    heading = page.get_by_role("heading").last
    turn(who)
    who.push("No tip")
    expect(heading).to_have_text(FOLLOW)
    who.store.key("decline")
    expect(heading).to_have_text("The card was not charged")
    expect(page.get_by_text("Please hand back the screen")).to_be_visible()
    page.reload()
    expect(heading).to_have_text("The card was not charged")
    take_back(who)
    who.push("Try again")
    expect(page.get_by_text(ASKED)).to_be_visible()
    who.push("Cancel card payment")
    who.push("To payment")
    who.push(re.compile("^Card"))
    who.push("No tip")
    expect(heading).to_have_text(FOLLOW)
    who.store.wait_shown()  # cut off before it was told anything, it would know of no payment
    who.store.key("cut")
    expect(heading).to_have_text("One moment: we are asking the terminal")
    expect(page.get_by_text("Please hand back the screen")).to_be_visible()
    who.store.key("plug")


def test_a_customer_reads_no_words_for_staff_when_the_server_is_lost(who: Cashier) -> None:
    """The question, and the page loaded anew, ask for a moment and tell of no server."""
    page = who.page
    turn(who)
    who.store.kill()
    wait = page.get_by_role("heading", name="One moment please")
    expect(wait).to_be_visible()
    assert "server" not in page.locator("dialog[open]").inner_text()
    who.store.start()
    expect(wait).to_have_count(0, timeout=60_000)
    expect(page.get_by_role("heading", name=QUESTION)).to_be_visible()


@breadth
def test_wrong_pins_on_the_turned_screen_are_told_as_they_are(who: Cashier) -> None:
    """How many tries are left, in words that fit one of them; then for how long nobody may try, and
    that the screen is the customer's meanwhile. Nobody wanted to sign on."""
    page = who.page
    turn(who)
    who.push("For staff")
    for left in ("4 tries are", "3 tries are", "2 tries are", "1 try is", "0 tries are"):
        who.digits("1234")
        who.push("Take the screen back")
        expect(page.get_by_role("alert").filter(has_text=f"{left} left")).to_be_visible()
    who.digits(PEOPLE["Mia"])
    who.push("Take the screen back")
    told = page.get_by_role("alert").filter(has_text="The screen stays with the customer.")
    expect(told).to_be_visible()
    expect(page.get_by_text("Nobody was signed on")).to_have_count(0)


@breadth
def test_what_a_card_tender_gives_back_has_its_tip_in_it(who: Cashier) -> None:
    """The button that has the terminal take a share back names all that was charged."""
    page = who.page
    who.tap("Flat white")
    expect(who.lines).to_have_count(1)
    who.tap("Flat white")
    expect(who.lines.first).to_contain_text("7.60")
    who.pay()
    who.digits("380")
    who.push("Card €3.80")
    who.push(re.compile("^10"))
    who.store.key("tap")
    expect(page.get_by_role("heading", name=THANKS)).to_be_visible()
    take_back(who)
    expect(who.button("Have the terminal take back €4.18 of Mastercard ··0010")).to_be_visible()


def test_nothing_else_can_be_reached_without_the_pin(who: Cashier) -> None:
    """Keys, scans, a reload, the browser's way back, another page of the register and a program
    beside it: the question stays, and nothing is rung up, tendered or signed off."""
    page, store = who.page, who.store
    turn(who)
    heading = page.get_by_role("heading", name=QUESTION)
    code = code_of("Croissant")
    for key in ("F2", "F4", "F6", "F7", "F8", "F9", "F10", "Escape", "/", "Enter"):
        page.keyboard.press(key)
    who.scan(code)
    store.do("scan", code=code)
    expect(heading).to_be_visible()
    page.reload()
    expect(heading).to_be_visible()
    page.evaluate("history.back()")
    page.wait_for_timeout(300)
    expect(heading).to_be_visible()
    who.open()
    expect(heading).to_be_visible()
    assert 0 == page.locator("dialog[open]").count()
    assert 0 == page.get_by_role("button", name=re.compile("More|Pay|Cash|Card|Switch")).count()
    for name, data in (
        ("order.add_line", {"code": code}),
        ("order.tender_cash", {"amount_minor": 220}),
        ("staff.sign_off", {}),
        ("till.no_sale", {"reason": "x"}),
    ):
        refused = store.command(name, data).get("refusal", {})
        assert "tip_must_be_answered" == refused.get("code"), (name, refused)
    who.push("For staff")
    who.digits("1234")
    who.push("Take the screen back")
    expect(page.get_by_text("The PIN is wrong", exact=False)).to_be_visible()
    expect(heading).to_have_count(0)
    who.push("Back", exact=True)
    expect(heading).to_be_visible()
    who.push("For staff")
    who.digits("9999")
    who.push("Take the screen back")
    expect(page.locator("section.pay")).to_be_visible()
    assert 1 == who.lines.count()


@breadth
def test_the_answer_does_not_give_the_screen_back(who: Cashier) -> None:
    """Answered, paid and over, the page is still the customer's: after a reload, at another
    register's address and at the chooser's; a key, a scan and a wrong PIN change nothing."""
    page = who.page
    turn(who)
    who.push("No tip")
    follow = page.get_by_role("heading", name=FOLLOW)
    expect(follow).to_be_visible()
    for key in ("F9", "F10", "Escape", "/", "Enter"):
        page.keyboard.press(key)
    expect(follow).to_be_visible()
    page.reload()
    expect(follow).to_be_visible()
    who.open("2")
    expect(follow).to_be_visible()
    assert page.url.endswith("register=1")
    assert 0 == page.get_by_role("button", name=re.compile("More|Cancel|Cash|Card")).count()
    who.store.key("tap")
    thanks = page.get_by_role("heading", name=THANKS)
    expect(thanks).to_be_visible()
    page.goto(f"{who.store.url}/")
    expect(thanks).to_be_visible()
    who.scan(code_of("Croissant"))
    who.push("For staff")
    who.digits("1234")
    who.push("Take the screen back")
    expect(page.get_by_text("The PIN is wrong", exact=False)).to_be_visible()
    expect(page.locator(".sale")).to_have_count(0)
    who.push("Back", exact=True)
    take_back(who)
    expect(who.lines).to_have_count(0)
    who.open("2")
    expect(page.locator(".face").first).to_be_visible()


@breadth
def test_no_other_tab_of_the_browser_unlocks_a_turned_screen(who: Cashier) -> None:
    """Answered and over: a new tab at the same address, the way back out of the page and a tab that
    slept meanwhile are the customer's, too. A PIN in one of them serves all; a second register of
    the same browser stays with its own customer."""
    page, context = who.page, who.page.context
    asleep: list[bool] = []
    other = context.new_page()
    other.route_web_socket(re.compile("/ws$"), lambda socket: doze(socket, asleep))
    other.goto(f"{who.store.url}/")
    other.goto(page.url)
    expect(other.locator(".sale")).to_be_visible()
    asleep.append(True)
    turn(who)
    who.push("No tip")
    who.store.key("tap")
    expect(page.get_by_role("heading", name=THANKS)).to_be_visible()
    asleep.clear()
    expect(other.get_by_role("heading", name=THANKS)).to_be_visible(timeout=15_000)
    new = context.new_page()
    new.goto(page.url)
    expect(new.get_by_role("heading", name=THANKS)).to_be_visible()
    for _ in range(3):
        other.go_back()
        expect(other.get_by_role("heading", name=THANKS)).to_be_visible()
    # As if the customer of another register had been asked in a window beside it.
    page.evaluate("localStorage.setItem('countertop.turned.2', '1')")
    take_back(who)
    expect(new.locator(".sale")).to_be_visible()
    expect(other.locator(".sale")).to_be_visible()
    assert "1" == page.evaluate("localStorage.getItem('countertop.turned.2')")


def doze(socket: WebSocketRoute, asleep: list[bool]) -> None:
    """Pass everything on, but to a tab that is asleep: it hears nothing."""
    server = socket.connect_to_server()
    server.on_message(lambda message: None if asleep else socket.send(message))


@breadth
def test_a_screen_turned_at_a_register_that_is_gone_is_let_go(who: Cashier) -> None:
    """Another store is at this address now, and has no such register: there is none whose PIN could
    be given, so the page says what is wrong and leads to the registers that are there."""
    page = who.page
    page.evaluate("localStorage.setItem('countertop.turned.7', '1')")
    page.goto(f"{who.store.url}/")
    expect(page.get_by_role("link", name="Choose a register")).to_be_visible()
    page.get_by_role("link", name="Choose a register").click()
    expect(page.get_by_role("link", name="Open register").first).to_be_visible()
    who.open()
    expect(page.locator(".sale")).to_be_visible()


def test_a_new_colleague_takes_the_screen_back_without_a_reload(who: Cashier) -> None:
    """Who was added while the screen was the customer's is on the list of whose PIN is asked for,
    and on the page where people sign on."""
    turn(who)
    zoe = {"operator": "zoe", "name": "Zoe", "role": "cashier", "pin": "4321"}
    add_beside(who, zoe)
    who.push("For staff")
    who.page.get_by_label("Somebody else").select_option("Zoe")
    who.digits("4321")
    who.push("Take the screen back")
    expect(who.page.get_by_role("button", name="Zoe: switch operator")).to_be_visible()
    who.menu("Sign off")
    expect(who.page.locator(".face", has_text="Zoe")).to_be_visible()
    add_beside(who, {"operator": "tom", "name": "Tom", "role": "cashier", "pin": "4322"})
    expect(who.page.locator(".face", has_text="Tom")).to_be_visible(timeout=15_000)


def add_beside(who: Cashier, person: dict[str, str]) -> None:
    """The manager adds somebody at register 2."""
    signed = who.store.command("staff.sign_on", {"operator": "mia", "pin": PEOPLE["Mia"]}, "2")
    assert signed["ok"], signed["refusal"]
    added = who.store.command("staff.add_operator", person, "2")
    assert added["ok"], added["refusal"]


@breadth
def test_a_second_screen_comes_back_with_the_first_but_not_out_of_a_customers_hands(
    who: Cashier, cashier: MakeCashier
) -> None:
    """Of two screens of a register the one nobody touched is not the customer's: a PIN at the other
    one takes it back, too. Where somebody touched both, each wants its own."""
    other = cashier(at=who.store)
    other.open()
    turn(who)
    expect(other.page.get_by_role("heading", name=QUESTION)).to_be_visible()
    who.push("No tip")
    who.store.key("tap")
    expect(who.page.get_by_role("heading", name=THANKS)).to_be_visible()
    expect(other.page.get_by_role("heading", name=THANKS)).to_be_visible()
    take_back(who)
    expect(other.page.locator(".sale")).to_be_visible()
    who.next_order()
    turn(who)
    expect(other.page.get_by_role("heading", name=QUESTION)).to_be_visible()
    who.push("No tip")
    other.page.mouse.click(5, 5)
    who.store.key("tap")
    expect(who.page.get_by_role("heading", name=THANKS)).to_be_visible()
    take_back(who)
    expect(who.page.locator(".sale")).to_be_visible()
    other.page.reload()
    expect(other.page.get_by_role("heading", name=THANKS)).to_be_visible()
    take_back(other)
    who.next_order()
    turn(who)
    other.page.mouse.click(5, 5)
    take_back(who)
    expect(other.page.get_by_role("heading", name="Please hand back the screen")).to_be_visible()
    take_back(other)


def test_a_colleague_takes_the_screen_back_with_their_own_pin(who: Cashier) -> None:
    """Whoever turned it may be elsewhere: before the answer and after it, whose PIN is given serves
    on. A wrong one counts for them."""
    page = who.page
    turn(who)
    for answers in (False, True):
        if answers:
            who.push(re.compile("^Card"))
            who.push("No tip")
            expect(page.get_by_role("heading", name=FOLLOW)).to_be_visible()
        name = "Ana" if answers else "Ben"
        who.push("For staff")
        page.get_by_label("Somebody else").select_option(name)
        expect(page.get_by_role("heading", name=f"PIN of {name}")).to_be_visible()
        who.digits("1234")
        who.push("Take the screen back")
        expect(page.get_by_text("The PIN is wrong", exact=False)).to_be_visible()
        who.digits(PEOPLE[name])
        who.push("Take the screen back")
        expect(page.locator(".sale")).to_be_visible()
        expect(page.get_by_role("button", name=f"{name}: switch operator")).to_be_visible()


@breadth
def test_the_question_is_clean_in_every_size_theme_and_language(
    cashier: MakeCashier, fresh_store: DemoStore, artefacts: Path
) -> None:
    """Each part of it as a picture; axe finds nothing; nothing is wider than the screen."""
    screens = list(each_screen(cashier, fresh_store, artefacts, "tip"))
    first = screens[0][0]
    first.sign_on("Mia")
    ask_here(first)
    turn(first, "Flat white")
    # A screen that waits for a customer's answer changes no settings.
    office: Cashier = cashier(at=fresh_store)
    office.open("2")
    office.sign_on("Mia")
    for found, look, words in screens:
        # Customers are asked in the shop's language, whatever this screen's is.
        spoken = {**unstructure(DEMO_RULES), "language": look.suffix.rpartition("-")[2]}
        answer = fresh_store.command("settings.configure_store", {"rules": spoken}, "2")
        assert answer["ok"], answer["refusal"]
        expect(found.page.get_by_role("heading", name=words["tip.title"])).to_be_visible()
        look(found, "tip")
        found.push(words["tip.own"])
        look(found, "tip-own")
        found.push(words["common.back"], exact=True)
        found.push(words["tip.staff"])
        look(found, "tip-staff")
        if not found.page.evaluate(FITS):
            look.found.append(f"{look.suffix}: wider than the screen")
        found.push(words["common.back"], exact=True)
    problems = [problem for _, look, _ in screens for problem in look.found]
    assert not problems, "\n".join(["", *problems])


@breadth
def test_two_people_of_one_name_have_their_tips_reported_apart(who: Cashier) -> None:
    """A report has a row for each of them, and no row less than it has figures."""
    page = who.page
    person = {"operator": "mia2", "name": "Mia", "role": "manager", "pin": "4321"}
    added = who.store.command("staff.add_operator", person)
    assert added["ok"], added["refusal"]
    for percent in ("5", "10"):
        turn(who)
        who.push(re.compile(f"^{percent} "))
        who.store.key("tap")
        expect(page.get_by_role("heading", name=THANKS)).to_be_visible()
        who.push("For staff")
        who.digits(PEOPLE["Mia"] if percent == "5" else "4321")
        who.push("Take the screen back")
        who.next_order()
        if percent == "5":
            who.menu("Sign off")
            who.press(page.locator(".face", has_text="Mia").last)
            who.digits("4321")
            who.push("Sign on")
            expect(page.locator(".sale")).to_be_visible()
    who.menu("Reports")
    tips = page.get_by_role("row", name=re.compile("Tips Mia"))
    expect(tips).to_have_text([re.compile("0.11"), re.compile("0.22")])
