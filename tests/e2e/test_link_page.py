"""Paying by QR code at the register page and the customer's display: paid, closed by itself."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.breadth import breadth
from tests.e2e.shop import Cashier, DemoStore, MakeCashier
from tests.e2e.test_looks import AXE, SCREENS, SIZES, Look
from tests.house.test_catalogues import catalogue

FITS = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
SCAN = "Let the customer scan this"
CODES = "[...document.images].filter((one) => one.src.includes('paylinks'))"
DRAWN = f"() => {CODES}.every((one) => one.complete && one.naturalWidth > 0)"


def phone(store: DemoStore, done: str = "link_pay") -> None:
    """The customer does something with what waits."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if links := store.counter()["links"]:
            store.do(done, reference=links[-1]["reference"])
            return
        time.sleep(0.05)
    raise AssertionError("nothing waits to be paid by QR code")


def to_link(who: Cashier, *names: str) -> None:
    """Ring up and ask for a code of all of it."""
    for name in names:
        who.tap(name)
    expect(who.lines).to_have_count(len(set(names)))
    who.pay()
    who.push(re.compile("^QR . link"))
    expect(who.page.get_by_text(SCAN)).to_be_visible()


@pytest.mark.feature("PAY-13", part="the code on both screens, and the sale closed by itself")
def test_a_code_is_shown_to_the_customer_and_the_sale_closes_by_itself(
    who: Cashier, cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """The register shows the code and so does the customer's display; paid on the phone, nobody
    touches the register and the receipt is printed, with the till still shut."""
    customer = cashier(at=fresh_store).page
    customer.goto(f"{fresh_store.url}/display/?register=1")
    to_link(who, "Flat white", "Croissant")
    expect(who.page.get_by_role("img", name=re.compile("QR code for"))).to_be_visible()
    expect(customer.get_by_text("Scan to pay")).to_be_visible()
    who.page.wait_for_function(DRAWN)
    customer.wait_for_function(DRAWN)
    phone(fresh_store)
    expect(who.page.get_by_text("Paid by QR code")).to_be_visible()
    expect(who.page.locator(".done")).to_contain_text("QR / link")
    expect(customer.get_by_text("Thank you")).to_be_visible()
    text = fresh_store.wait_receipts(1)
    assert "QR / link" in text
    assert "Reference" in text


@breadth
def test_a_call_that_never_came_is_asked_for(who: Cashier) -> None:
    """The provider's call is lost; the store looks, and the sale closes all the same."""
    to_link(who, "Espresso")
    phone(who.store, "link_pay_unheard")
    expect(who.page.get_by_text("Paid by QR code")).to_be_visible(timeout=15_000)


def test_a_code_that_is_there_is_no_sign_of_a_silent_provider(
    cashier: MakeCashier, tmp_path: Path
) -> None:
    """Seconds after the store began anew nobody has said yet how the provider is; it gave the code
    that is shown, so nobody is sent to the server for that."""
    store = DemoStore(tmp_path / "demo", has_nodes=True)
    store.start()
    try:
        mia: Cashier = cashier(at=store)
        page = mia.page
        mia.open()
        mia.sign_on("Mia")
        to_link(mia, "Espresso")
        store.kill()
        expect(page.get_by_role("alertdialog")).to_be_visible()
        store.start()
        expect(page.locator(".strip").last).to_contain_text("Payment provider: not heard of yet")
        expect(page.get_by_text(SCAN)).to_be_visible()
        expect(page.get_by_text("is silent")).to_have_count(0)
    finally:
        store.stop()


@breadth
def test_what_asks_the_provider_is_named_where_it_hangs(
    cashier: MakeCashier, tmp_path: Path
) -> None:
    """No code comes, and a phone has no status strip: the page says what is silent and what to do
    meanwhile, and goes on by itself once it is back."""
    store = DemoStore(tmp_path / "demo", has_nodes=True)
    store.start()
    try:
        mia = cashier(SIZES["390x844"], at=store)
        mia.open()
        mia.sign_on("Mia")
        mia.tap("Flat white")
        mia.pay()
        link = mia.button(re.compile("^QR . link"))
        expect(link).to_be_visible()
        with store.held_node("integrations"):
            mia.press(link)
            talk = mia.page.locator("section.talk")
            expect(talk).to_contain_text("Asking the payment provider")
            said = "The part of the store that asks the payment provider is silent"
            expect(talk).to_contain_text(said, timeout=40_000)
        expect(talk).to_contain_text(SCAN, timeout=40_000)
        expect(talk).not_to_contain_text(said, timeout=40_000)
    finally:
        store.stop()


@breadth
def test_a_code_is_withdrawn_when_its_sale_is_paid_otherwise(who: Cashier) -> None:
    """Another way is one press away, and the customer's phone has nothing left to pay."""
    page = who.page
    who.open_till()
    to_link(who, "Flat white")
    who.push("Pay another way")
    expect(page.get_by_text("still waits")).to_be_visible()
    who.tender("€10.00")
    expect(page.locator(".done")).to_contain_text("Change")
    deadline = time.monotonic() + 10
    while who.store.counter()["links"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [] == who.store.counter()["links"]


@breadth
def test_money_that_comes_late_is_listed_and_goes_back(who: Cashier) -> None:
    """Part of it was paid in coins meanwhile, so the whole is not wanted any more: what comes by
    the code is listed, and sent back by a person."""
    page = who.page
    who.open_till()
    to_link(who, "Flat white")
    who.push("Pay another way")
    expect(page.get_by_text("still waits")).to_be_visible()
    who.digits("100")
    who.push(re.compile("^Take €1.00"))
    phone(who.store)
    expect(page.get_by_role("button", name=re.compile("to settle")).first).to_be_visible(
        timeout=15_000
    )
    who.tender("€10.00")
    expect(page.locator(".done")).to_contain_text("Change")
    who.next_order()
    who.menu("Card payments")
    expect(page.get_by_text("Paid after the sale was settled otherwise")).to_be_visible()
    entry = page.locator(".exceptions li.part")
    expect(entry).to_contain_text(re.compile(r"\d\d:\d\d\s· Receipt 1-000001"))
    who.push("Send it back")
    expect(page.get_by_text("The provider was asked to send").first).to_be_visible()
    expect(page.get_by_text("Paid after the sale was settled otherwise")).to_be_hidden()
    deadline = time.monotonic() + 10
    while who.store.counter()["taken_by_link_minor"] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert 0 == who.store.counter()["taken_by_link_minor"]


def test_cancelled_refused_and_a_new_code(who: Cashier) -> None:
    """A refusal is told in plain words with a new code one press away; a cancelled one is gone."""
    page = who.page
    to_link(who, "Espresso")
    phone(who.store, "link_refuse")
    expect(page.get_by_text("The payment was refused")).to_be_visible()
    who.push("Make a new code")
    expect(page.get_by_text(SCAN)).to_be_visible()
    who.push("Cancel this payment")
    expect(page.locator("section.pay")).to_be_visible()
    page.keyboard.press("F3")
    expect(page.get_by_text(SCAN)).to_be_visible()
    page.reload()
    expect(page.get_by_text(SCAN)).to_be_visible()
    phone(who.store)
    expect(page.get_by_text("Paid by QR code")).to_be_visible()


@breadth
def test_a_new_code_is_for_the_same_share(who: Cashier) -> None:
    """Who pays a part is asked for that part again, and its amount stands on the button."""
    page = who.page
    who.tap("Flat white")
    expect(who.lines).to_have_count(1)
    who.pay()
    who.digits("100")
    who.push("QR / link €1.00")
    expect(page.get_by_text(SCAN)).to_be_visible()
    phone(who.store, "link_refuse")
    who.push("Make a new code: €1.00")
    expect(page.get_by_text(SCAN)).to_be_visible()
    phone(who.store)
    expect(page.get_by_text("€1.00 was paid by QR code").first).to_be_visible()
    expect(page.locator(".figure")).to_contain_text("2.80")


@breadth
def test_a_code_that_asks_for_too_much_says_so(who: Cashier) -> None:
    """A part was paid in coins meanwhile: in payment and beside the code it stands what comes of
    it; cancelled, a new one is for the rest."""
    page = who.page
    who.open_till()
    to_link(who, "Flat white")
    told = page.get_by_text("The code of €3.80 asks for more than is still due")
    expect(told).to_have_count(0)
    who.push("Pay another way")
    who.digits("100")
    who.push(re.compile("^Take €1.00"))
    expect(told).to_be_visible()
    who.push("Show the code")
    expect(page.get_by_text(SCAN)).to_be_visible()
    expect(told).to_be_visible()
    who.push("Cancel this payment")
    who.push("QR / link €2.80")
    expect(page.get_by_text(SCAN)).to_be_visible()
    expect(told).to_have_count(0)
    phone(who.store)
    expect(page.locator(".done")).to_contain_text("QR / link €2.80")


def test_a_return_goes_back_the_way_it_was_paid(who: Cashier) -> None:
    """The goods come back, at a register that has no card terminal; the money goes to the phone,
    and the return is done at once."""
    page = who.page
    to_link(who, "Espresso")
    phone(who.store)
    expect(page.get_by_text("Paid by QR code")).to_be_visible()
    who.next_order()
    who.menu("Sign off")
    who.open("2")
    who.sign_on("Mia")
    who.bring_back("Espresso")
    expect(page.get_by_role("button", name=re.compile("^Pay out"))).to_have_count(0)
    who.push("Back by QR")
    expect(page.get_by_text("On its way back to the customer")).to_be_visible()
    expect(page.locator("article.paper")).to_contain_text("QR / link")
    deadline = time.monotonic() + 10
    while who.store.counter()["taken_by_link_minor"] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert 0 == who.store.counter()["taken_by_link_minor"]


@breadth
def test_a_return_that_went_back_in_part_can_wait_for_the_card(who: Cashier) -> None:
    """The customer has what went to the phone for good; their card takes no money back today. The
    order waits, and the register is free."""
    page = who.page
    who.tap("Espresso")
    expect(who.lines).to_have_count(1)
    who.pay()
    who.digits("100")
    who.push(re.compile("^QR . link"))
    phone(who.store)
    expect(page.locator(".tenders li")).to_have_count(1)
    who.push(re.compile("^Card"))
    who.store.key("tap")
    expect(page.locator(".done .tenders li")).to_have_count(2)
    who.next_order()
    who.bring_back("Espresso")
    who.push("Back by QR")
    expect(page.locator(".tenders li")).to_have_count(1)
    who.push("Back to Mastercard ··0010")
    who.store.key("decline")
    who.push("To payment")
    expect(page.get_by_text("or park the order until it can")).to_be_visible()
    who.push("Park", exact=True)
    who.push("Park order")
    expect(page.get_by_text("The order is parked.").first).to_be_visible()
    expect(who.lines).to_have_count(0)


@breadth
@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_every_view_of_links_is_clean_and_kept_as_a_picture(
    cashier: MakeCashier, fresh_store: DemoStore, artefacts: Path, language: str
) -> None:
    """axe finds nothing in either theme or size, in three languages; each is a picture."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run `npm ci` in frontends/")
    folder = artefacts / "screenshots"
    folder.mkdir(exist_ok=True)
    texts = catalogue(language)
    locale = {"en": "en-GB", "de": "de-DE", "fr": "fr-FR"}[language]
    first = cashier(at=fresh_store)
    first.open()
    first.sign_on("Mia")
    first.tap("Flat white")
    first.tap("Croissant")
    first.pay()
    screens = []
    for size, theme in SCREENS:
        who = cashier(SIZES[size], theme, at=fresh_store, language=locale)
        who.page.add_init_script(f"localStorage.setItem('countertop.language', '{language}')")
        who.open()
        display = cashier(SIZES[size], theme, at=fresh_store, language=locale)
        display.page.goto(f"{fresh_store.url}/display/?register=1")
        screens.append((who, display, Look(folder, f"links-{language}-{size}-{theme}")))

    def each(name: str, wait: str, *, display: str = "") -> None:
        for who, customer, look in screens:
            expect(who.page.get_by_text(wait).filter(visible=True).first).to_be_visible(
                timeout=20_000
            )
            who.page.wait_for_function(DRAWN)
            look(who, f"link-{name}")
            if not who.page.evaluate(FITS):
                look.found.append(f"{name} ({look.suffix}): wider than the screen")
            if display:
                expect(customer.page.locator("figure.link")).to_be_visible()
                customer.page.wait_for_function(DRAWN)
                look(customer, f"link-{name}-display")
                if not customer.page.evaluate(FITS):
                    look.found.append(f"{name} display ({look.suffix}): wider than the screen")

    each("pay", texts["paylink.pay"].partition(" {")[0])
    first.push(re.compile("^QR . link"))
    each("waiting", texts["paylink.scan"], display="yes")
    phone(fresh_store, "link_refuse")
    each("refused", texts["paylink_end.failed"])
    first.push("Make a new code")
    each("again", texts["paylink.scan"])
    phone(fresh_store)
    each("done", texts["paylink.done"])
    found = [problem for *_, look in screens for problem in look.found]
    assert not found, "\n".join(["", *found])
