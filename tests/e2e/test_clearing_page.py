"""Card money on its way, at the register page: what arrived, what differs, a terminal's day."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.breadth import breadth
from tests.e2e.shop import ROOT, Cashier, DemoStore, MakeCashier
from tests.e2e.test_link_page import phone, to_link
from tests.e2e.test_looks import AXE, SIZES, Look
from tests.e2e.test_tip_page import REGISTER
from tests.house.test_catalogues import LANGUAGES, catalogue

TERMS = """
[[acquirer]]
id = "bank"
name = "Harbour Card Services"
days = 0

[[acquirer.rate]]
presence = "in_person"
percent = 0.9
fixed = 0.05
"""
BY_LINK = """
[[acquirer]]
id = "web"
name = "Net Pay"
providers = ["provider/qr"]

[[acquirer.rate]]
presence = "online"
percent = 1.4
fixed = 0.25
"""
FITS = """() => [document.documentElement, document.querySelector('.clearing .column')]
  .every((one) => one.scrollWidth <= one.clientWidth)"""
HEAD = "kind,currency,gross,fee,batch,date,reference,own_reference,terminal_id,trace,receipt,brand"
AT_BANK = ("--acquirer", "bank")
RICH = """(table) => {
  for (const cell of table.querySelectorAll('td.num')) cell.textContent = '1.234,56\u00a0€';
}"""
SPARE = "(table) => Math.floor(table.parentElement.clientWidth - table.scrollWidth)"
IN_WORDS = {
    "en": ("English", "Card money"),
    "de": ("Deutsch", "Kartengeld"),
    "fr": ("Français", "Argent des cartes"),
}


def bring(store: DemoStore, what: str, text: str, *more: str) -> str:
    """Import a file by the command line; what it said."""
    file = store.folder / what
    file.write_text(text)
    kind = "acquirers" if what.endswith(".toml") else "settlement"
    told = subprocess.run(
        [
            *(sys.executable, "-m", "countertop", "import", kind, str(file), *more),
            *("--data", str(store.folder / "data")),
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return told.stdout


def card_sale(who: Cashier, store: DemoStore, name: str) -> None:
    """Sell one and take a card for it."""
    who.tap(name)
    who.pay()
    who.push(re.compile("^Card"))
    store.key("tap")
    expect(who.page.get_by_text("Receipt 1-").first).to_be_visible(timeout=20_000)
    who.next_order()


def row(kind: str, gross: str, fee: str, trace: int) -> str:
    """A row of a settlement file about the demo's terminal."""
    return f"{kind},EUR,{gross},{fee},7,2026-11-26,,,52500001,{trace},,mastercard"


@pytest.mark.feature("BO-12", part="at the register page")
def test_card_money_is_followed_to_the_bank_on_the_page(
    cashier: MakeCashier, fresh_store: DemoStore, artefacts: Path
) -> None:
    """Sold by card, settled by a file with faults: each difference in words, explained and gone;
    the terminal's day ends and agrees. Both themes and sizes are kept as pictures, read by axe."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run `npm ci` in frontends/")
    folder = artefacts / "screenshots"
    folder.mkdir(exist_ok=True)
    mia = cashier(SIZES["1024x768"], "light", at=fresh_store)
    mia.open()
    mia.sign_on("Mia")
    mia.open_till()
    for name in ("Espresso", "Flat white", "Croissant", "Espresso"):
        card_sale(mia, fresh_store, name)
    bring(fresh_store, "terms.toml", TERMS)
    rows = [
        row("payment", "2.20", "0.07", 1),
        row("payment", "3.50", "0.08", 2),
        row("payment", "4.00", "0.40", 3),
        row("payment", "9.99", "0.14", 77),
    ]
    told = bring(fresh_store, "bank.csv", "\n".join([HEAD, *rows, ""]), "--acquirer", "bank")
    assert "Imported 4 rows" in told
    again = bring(fresh_store, "bank.csv", "\n".join([HEAD, *rows, ""]), "--acquirer", "bank")
    assert "imported before" in again
    looks = look_at(cashier, fresh_store, folder)
    mia.menu("Card money")
    page = mia.page
    expect(page.get_by_text("Harbour Card Services").first).to_be_visible()
    differences = page.locator(".clearing li.card")
    count = differences.count()
    assert count >= 2, "a payment nobody knows and one that is missing, at least"
    expect(page.get_by_text("for a payment this store does not know").first).to_be_visible()
    expect(page.get_by_text("should have told of it in a statement by now").first).to_be_visible()
    unknown = differences.filter(has_text="this store does not know")
    mia.press(unknown.get_by_role("button", name="Say what it was"))
    mia.press(unknown.get_by_role("button", name="Payment company was asked"))
    mia.press(unknown.get_by_role("button", name="Say what it was").last)
    expect(differences).to_have_count(count - 1)
    mia.press(page.get_by_role("button", name="End the terminal’s day"))
    expect(page.get_by_text("ended its day with")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("as the registers have it")).to_be_visible()
    assert not looks, "\n".join(["", *looks])


@breadth
@pytest.mark.feature("BO-12", part="by link, at the register page")
def test_money_by_link_is_with_nobody_until_somebody_pays_it_out(who: Cashier) -> None:
    """Paid on a phone, the money is shown as nobody's; it is its payment company's once the terms
    name the provider, with its fee, and that company's file settles it."""
    store, page = who.store, who.page
    to_link(who, "Croissant")
    reference = store.counter()["links"][-1]["reference"]
    phone(store)
    expect(page.get_by_text("Paid by QR code")).to_be_visible()
    who.next_order()
    who.menu("Card money")
    panel = page.locator(".clearing")
    expect(panel.get_by_role("heading", name="Cards and links")).to_be_visible()
    expect(panel.get_by_text("not known yet who pays this money out")).to_be_visible()
    bring(store, "terms.toml", TERMS + BY_LINK)
    company = panel.locator("article").filter(has_text="Net Pay")
    expect(company).to_contain_text("Taken by card or link€2.60", timeout=20_000)
    expect(company).to_contain_text("Fees as agreed€0.29")
    expect(company).to_contain_text("still to come€2.60")
    expect(panel.get_by_text("not known yet who pays")).to_have_count(0)
    rows = f"{HEAD}\npayment,EUR,2.60,0.29,9,2026-11-26,{reference},,,,,\n"
    assert "Imported 1 rows" in bring(store, "web.csv", rows, "--acquirer", "web")
    expect(company).to_contain_text("Difference€0.00", timeout=20_000)
    expect(company.get_by_text("Everything agrees")).to_be_visible()


def look_at(cashier: MakeCashier, store: DemoStore, folder: Path) -> list[str]:
    """Pictures of the panel in every size, theme and language, and what is wrong with them."""
    found: list[str] = []
    for size, pixels in SIZES.items():
        for theme, language in (("light", "en"), ("dark", "en"), ("light", "de"), ("dark", "fr")):
            who = cashier(pixels, theme, at=store)
            who.open()
            expect(who.page.locator(".sale")).to_be_visible()
            who.order()
            who.push("More", exact=True)
            name, entry = IN_WORDS[language]
            who.push(name, exact=True)
            who.push(entry, exact=True)
            expect(who.page.get_by_text("Harbour Card Services").first).to_be_visible()
            days = who.page.locator(".days").bounding_box()
            if days is None or days["height"] < 80:
                found.append(f"{size} {theme} {language}: the days have no room")
            look = Look(folder, f"clearing-{size}-{theme}-{language}")
            look(who, "clearing")
            if not who.page.evaluate(FITS):
                look.found.append(f"{look.suffix}: wider than the screen")
            found += look.found
            who.page.context.close()
    return found


@breadth
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_days_of_card_money_fit_beside_the_order(
    who: Cashier, fresh_store: DemoStore, language: str
) -> None:
    """On an upright tablet and on a phone, with what a good day brings; and what came up today is
    said to be of today."""
    who.open_till()
    card_sale(who, fresh_store, "Espresso")
    bring(fresh_store, "terms.toml", TERMS)
    words, page = catalogue(language), who.page
    page.evaluate(f"localStorage.setItem('countertop.language', '{language}')")
    page.reload()
    for size in ((768, 1024), (390, 844), (360, 740)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        who.order()
        who.push(words["order.more"], exact=True)
        who.push(words["menu.clearing"], exact=True)
        table = page.locator(".clearing .days table")
        expect(table).to_be_visible()
        table.evaluate(RICH)
        assert table.evaluate(SPARE) >= 0, size
        who.push(words["common.back"])
    bring(fresh_store, "bank.csv", f"{HEAD}\n{row('payment', '9.99', '0.14', 77)}\n", *AT_BANK)
    who.order()
    who.push(words["order.more"], exact=True)
    who.push(words["menu.clearing"], exact=True)
    own = page.locator(".clearing li", has_text="0010")  # the card that paid here
    expect(own.locator(".badge").first).to_have_text(words["clearing.age_today"])


def test_the_day_that_is_ended_is_of_the_terminal_that_is_used_now(who: Cashier) -> None:
    """A register's terminal is taken away while its page is open, and given to it again: the page
    offers to end that terminal's day only while it has it."""
    page = who.page
    end = page.get_by_role("button", name="End the terminal’s day")
    for terminal in ("", "terminal/1"):
        setup = {**REGISTER, "terminal": terminal, "tips": bool(terminal), "tip_choices": None}
        answer = who.store.command("settings.define_register", {"setup": setup})
        assert answer.get("ok"), answer
        who.menu("Card money")
        expect(page.get_by_text("Nobody has paid by card or link yet.")).to_be_visible()
        expect(end).to_have_count(1 if terminal else 0)
        who.push("Back", exact=True)


def test_a_day_that_was_ended_at_the_terminal_is_said(who: Cashier, fresh_store: DemoStore) -> None:
    """Somebody ends it by the terminal's own menu between two sales: the next one's number shows
    that, and the page says so until the store ends the next day, which agrees but for that one."""
    who.open_till()
    for name in ("Espresso", "Flat white"):
        card_sale(who, fresh_store, name)
    fresh_store.key("end_day")
    card_sale(who, fresh_store, "Croissant")
    page, words = who.page, catalogue("en")
    who.menu("Card money")
    expect(page.get_by_text(words["clearing.day_anew"])).to_be_visible()
    who.press(page.get_by_role("button", name="End the terminal’s day"))
    expect(page.get_by_text("ended its day with")).to_be_visible(timeout=20_000)
    expect(page.get_by_text(words["clearing.day_anew"])).to_have_count(0)
