"""What else a cashier meets at the register: lock-out, hand-over, waiting jobs, languages."""

from __future__ import annotations

import csv
import json
import re
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.breadth import breadth
from tests.e2e.shop import Cashier, DemoStore, MakeCashier, code_of

AT_ONCE_MS = 3_000  # an open page asks by itself after ten seconds
TALL = "strip => strip.getBoundingClientRect().height"


def quiet_printer(page: Page) -> list[bool]:
    """Once something is in the list, the store answers that it has heard nothing of the printer for
    long; what it sends unasked is as before."""
    silent: list[bool] = []

    def between(door: WebSocketRoute) -> None:
        server = door.connect_to_server()

        def hand_on(message: str | bytes) -> None:
            frame = json.loads(message)
            if silent and frame["type"] == "answer":
                for device in (frame.get("data") or {}).get("devices", ()):
                    if device["address"].startswith("printer/"):
                        device["state"] = "stale"
                message = json.dumps(frame)
            door.send(message)

        server.on_message(hand_on)

    page.route_web_socket(re.compile("/ws"), between)
    return silent


@pytest.mark.feature("OFF-07")
def test_jobs_that_wait_show_number_age_and_reason(cashier: MakeCashier, store: DemoStore) -> None:
    """With no paper in the printer the sale completes; what waits is counted, aged, explained."""
    ana: Cashier = cashier()
    page = ana.page
    ana.open()
    ana.sign_on("Ana")
    ana.open_till(5)
    store.do("paper_out")
    strip = page.locator(".strip button.strip")
    expect(strip).to_contain_text("Receipt printer: out of paper")
    ana.tap("Espresso")
    ana.pay()
    ana.tender("€5.00")
    expect(page.locator(".change")).to_contain_text("2.80")
    expect(strip).to_contain_text("1 job waits")
    # In the longest language, with a second device in need, the strip stays one line.
    store.do("terminal", key="cut")
    expect(strip).to_contain_text("Card terminal: not reachable", timeout=15_000)
    page.evaluate("localStorage.setItem('countertop.language', 'de')")
    page.reload()
    for width, height in ((1280, 800), (1024, 768), (768, 1024)):
        page.set_viewport_size({"width": width, "height": height})
        expect(strip.get_by_text("Bondrucker: kein Papier")).to_be_visible()
        assert page.locator("div.strip").evaluate(TALL) <= 49, (width, height)
    expect(strip.locator(".more")).to_have_text("+2")
    page.set_viewport_size({"width": 1920, "height": 1080})
    expect(strip.locator(".more")).to_have_count(0)
    page.set_viewport_size({"width": 1024, "height": 768})
    page.evaluate("localStorage.setItem('countertop.language', 'en')")
    page.reload()
    store.do("terminal", key="plug")
    expect(strip).to_contain_text(re.compile(r"\d+ s"))
    strip.click()
    details = page.locator("dialog")
    expect(details).to_contain_text("Receipt 1-000001")
    expect(details).to_contain_text("Put in a new roll")
    store.do("paper_in")
    expect(details).to_contain_text("Nothing is waiting.")
    page.keyboard.press("Escape")
    store.wait_receipts(1)
    ana.menu("Sign off")


def test_a_counter_at_rest_asks_for_nothing(cashier: MakeCashier, fresh_store: DemoStore) -> None:
    """Paper in, drawer closed: the strip says that all is ready, before and after a sale; and no
    longer, once the printer was silent for long, which is no news that anybody sends."""
    ana: Cashier = cashier(at=fresh_store)
    strip = ana.page.locator("div.strip")
    ana.page.clock.install()
    silent = quiet_printer(ana.page)
    ana.open()
    ana.sign_on("Ana")
    expect(strip).to_contain_text("Devices ready")
    ana.open_till(1)
    fresh_store.do("close_drawer")
    expect(strip).not_to_contain_text("Drawer open")
    expect(strip).to_contain_text("Devices ready")
    silent.append(True)
    ana.page.clock.fast_forward(10_000)
    expect(strip).to_contain_text("Receipt printer: silent")
    expect(strip).not_to_contain_text("Devices ready")
    ana.press(strip)
    expect(ana.page.locator("dialog")).to_contain_text("Check that the computer it is plugged into")


@breadth
def test_too_many_wrong_pins_lock_and_say_for_how_long(
    cashier: MakeCashier, store: DemoStore
) -> None:
    """Five wrong PINs close the door for a while; the page counts the seconds down."""
    ben: Cashier = cashier()
    page = ben.page
    ben.open()
    ben.press(page.locator(".face", has_text="Ben"))
    for left in (4, 3, 2, 1, 0):
        ben.digits("0000")
        ben.push("Sign on")
        tries = "1 try is left" if left == 1 else f"{left} tries are left"
        expect(page.get_by_role("alert").filter(has_text=tries)).to_be_visible()
    ben.digits("2222")
    ben.push("Sign on")
    expect(page.get_by_text(re.compile(r"Try again in \d+ seconds"))).to_be_visible()
    expect(ben.button("Sign on")).to_be_disabled()


@breadth
@pytest.mark.feature("STF-08", part="register page")
def test_a_manager_reads_who_did_what_and_saves_it(
    cashier: MakeCashier, fresh_store: DemoStore, tmp_path: Path
) -> None:
    """By person and day, newest first, and as a file; a cashier without the right is told so."""
    mia: Cashier = cashier(at=fresh_store)
    page = mia.page
    mia.open()
    mia.sign_on("Ana")
    mia.open_till(5)
    mia.tap("Espresso")
    mia.pay()
    mia.tender("€5.00")
    mia.next_order()
    mia.menu("Activity")
    expect(page.get_by_role("alert").filter(has_text="not among your rights")).to_be_visible()
    mia.menu("Sign off")
    mia.sign_on("Mia")
    mia.menu("Activity")
    entries = page.locator(".activity .entry")
    expect(entries.first).to_contain_text("Mia signed on")
    page.get_by_label("Person").select_option("ana")
    expect(entries.first).to_contain_text("Ana signed off")
    expect(entries.filter(has_text="Ana sold, receipt 1-000001")).to_contain_text("2.20")
    expect(entries.filter(has_text="Mia")).to_have_count(0)
    with page.expect_download() as saved:
        mia.push("Save as file")
    saved.value.save_as(tmp_path / "ana.csv")
    rows = list(csv.DictReader((tmp_path / "ana.csv").read_text().splitlines()))
    assert len(rows) == entries.count()
    assert [row["what"] for row in rows][-2:] == ["order.completed", "staff.signed_off"]
    assert {row["person"] for row in rows} == {"ana"}
    page.get_by_label("Business day").fill("1999-12-31")
    expect(page.get_by_text("Nothing was done that fits.")).to_be_visible()


@breadth
@pytest.mark.feature("PRC-02", part="at the register page, the display and on the receipt")
def test_a_promotion_shows_as_it_applies(cashier: MakeCashier, fresh_store: DemoStore) -> None:
    """Three bars of chocolate: the cheapest is free on screen, on the display and on paper."""
    ana: Cashier = cashier(at=fresh_store)
    display: Cashier = cashier(at=fresh_store)
    display.page.goto(f"{fresh_store.url}/display/?register=1")
    ana.open()
    ana.sign_on("Ana")
    ana.open_till(1)
    for name in ("Dark chocolate", "Milk chocolate", "Dark chocolate"):
        ana.tap(name)
    expect(ana.lines).to_have_count(3)
    expect(ana.page.locator(".order")).to_contain_text("3 for 2 on chocolate")
    expect(ana.page.locator(".order .pay")).to_contain_text("3.78")
    expect(display.page.locator("main")).to_contain_text("3 for 2 on chocolate")
    ana.pay()
    ana.tender("€5.00")
    expect(ana.page.locator(".change")).to_contain_text("1.22")
    receipt = fresh_store.wait_receipts(1)
    assert "3 for 2 on chocolate" in receipt


@breadth
@pytest.mark.feature("NEW-22", part="at the register page and on paper where it is asked for")
def test_a_price_says_why_it_is_what_it_is(cashier: MakeCashier, fresh_store: DemoStore) -> None:
    """Every reason of the dearest bar that is not free, as it changes; and on a second copy."""
    mia: Cashier = cashier(at=fresh_store)
    page = mia.page
    mia.open()
    mia.sign_on("Mia")
    mia.open_till(1)
    for name in ("Dark chocolate", "Milk chocolate", "Dark chocolate", "Comté"):
        mia.tap(name)
        if name == "Comté":
            mia.digits("457")
            mia.push("Add")
    expect(mia.lines).to_have_count(4)
    mia.press(mia.lines.nth(0).locator("button").first)
    mia.push("Why?")
    chosen = page.locator(".why article.chosen")
    expect(chosen).to_contain_text("3 for 2 on chocolate")
    expect(chosen).to_contain_text("Tax included")
    cheese = page.locator(".why article", has_text="Comté")
    expect(cheese).to_contain_text("of which rounding")
    # What is shown follows what is done: a discount on everything is one reason more.
    page.keyboard.press("F2")
    mia.push("5 %")
    mia.press(mia.lines.nth(0).locator("button").first)
    mia.push("Why?")
    expect(page.locator(".why article.chosen")).to_contain_text("Order discount 5 %")
    page.keyboard.press("Escape")
    mia.pay()
    mia.tender("€20.00")
    assert "Why these prices" not in fresh_store.wait_receipts(1)
    mia.next_order()
    mia.menu("Receipts")
    mia.push(re.compile("1-000001"))
    mia.push("Print with the reasons of its prices")
    told = fresh_store.wait_receipts(2)
    assert "Why these prices" in told
    assert "COPY" in told
    assert told.count("3 for 2 on chocolate") >= 2


@pytest.mark.feature("STF-01", part="switch at the register page")
def test_handing_over_takes_less_than_a_second_and_keeps_the_order(
    cashier: MakeCashier, store: DemoStore
) -> None:
    """From the last digit of the PIN to the other person's name: under a second, order kept."""
    ana: Cashier = cashier()
    page = ana.page
    ana.open("2")
    ana.sign_on("Ana")
    ana.tap("Espresso")
    ana.push("Ana: switch operator")
    ana.press(page.locator("dialog li button", has_text="Mia"))
    ana.digits("9999")
    began = time.monotonic()
    ana.push("Sign on")
    expect(page.get_by_role("button", name="Mia: switch operator")).to_be_visible()
    assert time.monotonic() - began < 1
    expect(ana.lines).to_have_count(1)
    ana.menu("Void order")
    ana.push("Test")
    ana.push("Void order")
    expect(page.get_by_text("Nothing rung up")).to_be_visible()


@pytest.mark.feature("NEW-30", part="training at the register page")
def test_training_is_said_and_counts_nothing(cashier: MakeCashier, store: DemoStore) -> None:
    """Training shows on every screen; the till of the real shop stays as it was."""
    mia: Cashier = cashier()
    page = mia.page
    mia.open("2")
    page.wait_for_selector(".face, .sale")
    if page.locator(".face").count():
        mia.sign_on("Mia")
    mia.menu("Start training")
    expect(page.locator(".training")).to_contain_text("Nothing here counts")
    mia.tap("Espresso")
    expect(mia.lines).to_have_count(1)
    mia.menu("Void order")
    mia.push("Test")
    mia.push("Void order")
    mia.menu("End training")
    expect(page.locator(".training")).to_have_count(0)


@pytest.mark.feature("BO-17", part="register page in three languages")
@pytest.mark.parametrize(
    ("language", "search", "amount"),
    [
        ("de-DE", "Suchen oder scannen", "2,20\u00a0€"),
        ("fr-FR", "Chercher ou scanner", "2,20\u00a0€"),
        ("en-GB", "Search or scan", "€2.20"),
    ],
)
def test_words_and_amounts_follow_the_language(
    cashier: MakeCashier, store: DemoStore, language: str, search: str, amount: str
) -> None:
    """A language chosen on the device speaks in words, numbers and places of the currency sign."""
    mia: Cashier = cashier(language=language)
    page = mia.page
    page.add_init_script(f"localStorage.setItem('countertop.language', '{language[:2]}')")
    mia.open("2")
    page.wait_for_selector(".face, .sale")
    if page.locator(".face").count():
        mia.press(page.locator(".face", has_text="Mia"))
        mia.digits("9999")
        page.keyboard.press("Enter")
    expect(page.get_by_placeholder(search)).to_be_visible()
    mia.tap("Espresso")
    expect(page.locator(".figures dd").first).to_have_text(amount)
    page.keyboard.press("F8")
    expect(mia.lines).to_have_count(0)


@pytest.mark.feature("HW-03", part="a refused scan from a scanner on a cable")
def test_a_scanner_on_a_cable_is_heard_at_the_page(cashier: MakeCashier, store: DemoStore) -> None:
    """A scan by the store's own scanner adds its line; an unknown code is refused in words."""
    ana: Cashier = cashier()
    page = ana.page
    ana.open()
    ana.sign_on("Ana")
    store.do("scan", code=code_of("Pretzel"))
    expect(ana.lines).to_have_count(1)
    expect(ana.lines.first).to_contain_text("Pretzel")
    store.do("scan", code="9999999999994")
    expect(page.get_by_role("alert").filter(has_text="No item has the code").first).to_be_visible()
    expect(ana.lines).to_have_count(1)
    page.keyboard.press("F8")


def test_a_code_that_is_typed_sells_whole_and_is_searched_by_its_beginning(who: Cashier) -> None:
    """A whole code sells at Enter, its groups written apart or not, as an item's number does. What
    only begins so is there to be chosen: nothing says that Enter adds it, Enter says that no item
    has just this code, and what was typed stays, to be mended."""
    page = who.page
    search, tiles = page.locator("#search"), page.locator(".tile")
    code = code_of("Croissant")
    for typed in (code, f"{code[0]} {code[1:7]} {code[7:]}"):
        search.focus()
        who.type(typed)
        expect(tiles).to_have_count(1)
        expect(tiles).to_contain_text("Croissant")
        page.keyboard.press("Enter")
        expect(search).to_have_value("")
    expect(who.lines).to_have_count(2)
    search.focus()
    who.type(code[:11])
    expect(page.locator(".sub")).to_have_text(re.compile(r"^\d+ items? found$"))
    page.keyboard.press("Enter")
    expect(page.locator(".order .notice")).to_contain_text(f"No item has the code {code[:11]}")
    expect(search).to_have_value(code[:11])
    croissant = tiles.filter(has=page.get_by_text("Croissant", exact=True))
    expect(croissant).to_have_count(1)
    who.press(croissant)
    expect(who.lines).to_have_count(2)
    expect(who.lines.last).to_contain_text("2\u00a0× Croissant")


def test_undo_takes_back_what_was_done_last_or_is_gone(who: Cashier) -> None:
    """It says what it takes back, and does; once something else was done to the order, here or from
    elsewhere, or it went to payment and back, it offers nothing older under the same name."""
    page = who.page
    undo = page.locator(".order .acts .btn").first
    expect(undo).to_be_disabled()
    for name in ("Espresso", "Croissant"):
        who.tap(name)
        expect(undo).to_have_attribute("title", f"Undo: take {name} out again")
    expect(undo).to_be_enabled()
    who.push("Undo", exact=True)
    expect(who.lines).to_have_count(1)
    expect(who.lines).to_contain_text("Espresso")
    expect(undo).to_be_disabled()
    who.tap("Croissant")
    expect(undo).to_be_enabled()
    assert who.store.command("order.add_line", {"code": code_of("Flat white")})["ok"]
    expect(who.lines).to_have_count(3)
    expect(undo).to_be_disabled()
    who.tap("Flat white")
    expect(undo).to_have_attribute("title", "Undo: quantity of Flat white")
    who.pay()
    who.push("Back", exact=True)
    expect(page.locator(".tiles")).to_be_visible()
    expect(undo).to_be_disabled()
    who.tap("Flat white")
    expect(undo).to_be_enabled()
    who.lines.nth(2).locator(".line").click()
    page.locator(".editor").get_by_role("button", name="Note").click()
    page.locator(".editor input").fill("no sugar")
    page.locator(".editor .btn.main").click()
    expect(who.lines.nth(2)).to_contain_text("no sugar")
    expect(undo).to_be_disabled()


@breadth
def test_times_are_the_stores_wherever_the_tablet_thinks_it_is(
    cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """A page whose machine stands in another zone shows the times that are on the paper."""
    mia: Cashier = cashier(at=fresh_store, zone="Asia/Kolkata")
    page = mia.page
    mia.open()
    mia.sign_on("Mia")
    mia.open_till()
    mia.tap("Flat white")
    mia.pay()
    mia.tender("€5.00")
    page.locator("article.paper").wait_for()
    mia.next_order()
    mia.menu("Receipts")
    mia.press(page.locator(".receipts .entry").first)
    paper = page.locator("article.paper")
    expect(paper).to_contain_text("Receipt 1-000001")
    expect(page.locator(".acts p").first).to_have_text(re.compile(r"^\d\d:\d\d$"))
    printed = re.search(r"\d{4}-\d\d-\d\d (\d\d:\d\d)", paper.inner_text())
    assert printed is not None
    mia.push("Back")
    entry = page.locator(".receipts .entry").first
    expect(entry).to_contain_text(f"{printed[1]} · 1 line")
    # The business day may be yesterday's: a date beside the time would not be the paper's.
    expect(entry).not_to_contain_text(re.compile(r"\d{4}-\d\d"))
    mia.push("Back")
    mia.menu("Till")
    sold = datetime.strptime(printed[1], "%H:%M")  # noqa: DTZ007 - it is the store's, as all here
    near = [(sold + timedelta(minutes=by)).strftime("%H:%M") for by in (-2, -1, 0, 1, 2)]
    expect(page.get_by_text(re.compile("Mia · (" + "|".join(near) + ")"))).to_be_visible()
    expect(page.locator(".strip .clock").last).to_have_text(re.compile("|".join(near)))


def test_what_the_shop_changes_is_on_a_screen_that_is_open(
    cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """A new price stands on its tile at once, with nobody touching the page, and on what a search
    found: what is said before the sale is what is asked for in it. So does a new department."""
    mia: Cashier = cashier(at=fresh_store)
    mia.open()
    mia.sign_on("Mia")
    tile = mia.page.locator(".tile", has_text="Flat white").first
    expect(tile).to_contain_text("3.80")
    for price in (400, 410):
        fresh_store.change_price("Flat white", price)
        expect(tile).to_contain_text(f"{price // 100}.{price % 100:02}", timeout=AT_ONCE_MS)
    mia.press(tile)
    expect(mia.lines).to_contain_text("4.10")
    mia.page.locator("#search").fill("flat whi")
    expect(mia.page.locator(".tile")).to_have_count(1)
    fresh_store.change_price("Flat white", 420)
    expect(tile).to_contain_text("4.20", timeout=AT_ONCE_MS)
    mia.push("Clear")
    departments = mia.page.get_by_role("group", name="Departments")
    mia.press(departments.get_by_role("button", name="Bakery"))
    expect(tile).to_have_count(0)
    fresh_store.change_price("Flat white", 430, department="Seasonal")
    expect(departments.get_by_role("button", name="Seasonal")).to_be_visible(timeout=AT_ONCE_MS)


def test_an_even_exchange_tells_of_no_tax(who: Cashier) -> None:
    """The same goods for those that came back: no tax is in it, and no line tells of none."""
    who.open_till()
    who.tap("Espresso")
    expect(who.page.locator(".order .taxes")).to_contain_text("VAT")
    who.pay()
    who.tender("€2.20")
    who.next_order()
    who.menu("Return goods")
    who.page.locator(".receipts .entry").first.click()
    who.push("Espresso: one more")
    who.push("Faulty")
    who.push("Take back 1 line")
    expect(who.page.locator(".order .taxes")).to_contain_text("VAT")
    who.tap("Espresso")
    expect(who.lines).to_have_count(2)
    expect(who.page.locator(".order .taxes")).to_have_count(0)


def test_a_new_colleague_is_found_where_a_pin_is_asked_for(
    cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """Who was taken on while a page was open can let something through there, and take over."""
    mia: Cashier = cashier(at=fresh_store)
    mia.open()
    mia.sign_on("Mia")
    ana: Cashier = cashier(at=fresh_store)
    ana.open("2")
    ana.sign_on("Ana")
    ana.tap("Espresso")
    expect(ana.lines).to_have_count(1)
    person = {"operator": "eva", "name": "Eva", "role": "manager", "pin": "5555"}
    assert fresh_store.command("staff.add_operator", person)["ok"]
    ana.menu("Void order")
    ana.push("Customer left")
    ana.push("Void order", exact=True)
    dialog = ana.page.locator("dialog[open]")
    expect(dialog.locator("li button", has_text="Eva")).to_be_visible()
    ana.page.keyboard.press("Escape")
    mia.press(mia.page.locator("button.who").first)
    expect(mia.page.locator("dialog[open] li button", has_text="Eva")).to_be_visible()
