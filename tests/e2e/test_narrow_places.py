"""Where words are long and places narrow: what is there is seen whole."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.breadth import breadth
from tests.e2e.shop import PEOPLE, Cashier, DemoStore, MakeCashier
from tests.e2e.test_without_receipt import RULES
from tests.house.test_catalogues import LANGUAGES, catalogue

FITS = "all => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"
CENTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 1)
STRAWBERRIES = "1043"  # 6.90 a kilogram
LINES = """(name) => {
  const range = document.createRange();
  range.selectNodeContents(name);
  return range.getClientRects().length;
}"""

# Its corners are its own: neither beyond the screen nor below what lies over it.
WHOLE = """(all) => all.every((one) => {
  const box = one.getBoundingClientRect();
  return [[box.left + 6, box.top + 6], [box.right - 6, box.bottom - 6]].every(([x, y]) =>
    one.contains(document.elementFromPoint(x, y)));
})"""

TOPS = """(text) => {
  const range = document.createRange();
  range.selectNodeContents(text);
  return new Set([...range.getClientRects()].map((one) => Math.round(one.top))).size;
}"""


def in_language(
    cashier: MakeCashier, store: DemoStore, size: tuple[int, int], name: str
) -> Cashier:
    """A page of register 1 in that language."""
    found: Cashier = cashier(size, at=store)
    found.page.add_init_script(f"localStorage.setItem('countertop.language', '{name}')")
    found.open()
    return found


def cut_off(buttons: Locator) -> Any:
    """The words of those that their buttons have no room for."""
    expect(buttons.first).to_be_visible()
    return buttons.evaluate_all(FITS)


def seen_whole(all_of: Locator) -> bool:
    """Whether there are some, and each of them stands on the screen, with nothing over it."""
    expect(all_of.first).to_be_visible()
    return bool(all_of.evaluate_all(WHOLE))


@pytest.fixture
def mia(cashier: MakeCashier, fresh_store: DemoStore) -> Cashier:
    """Mia at register 1, whose screens are all of the register's."""
    found: Cashier = cashier(at=fresh_store)
    found.open()
    found.sign_on("Mia")
    return found


@breadth
@pytest.mark.parametrize("language", LANGUAGES)
def test_themes_and_languages_fit_on_a_phone(
    mia: Cashier, cashier: MakeCashier, fresh_store: DemoStore, language: str
) -> None:
    """However long the word for *automatic* is, on the smallest phone, too."""
    words = catalogue(language)
    phone = in_language(cashier, fresh_store, (360, 740), language)
    phone.order()
    phone.push(words["order.more"], exact=True)
    assert cut_off(phone.page.locator(".menu .btn")) == []


@breadth
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_large_amount_that_goes_back_fits_its_button(
    mia: Cashier, cashier: MakeCashier, fresh_store: DemoStore, language: str
) -> None:
    """Beside the tiles of an upright tablet the order is narrow, and *Remboursement* is long."""
    rules = {**RULES, "ceiling_minor": 200_000}
    assert fresh_store.command("settings.set_return_rules", {"rules": rules})["ok"]
    wish = {"item_id": STRAWBERRIES, "quantity_milli": 200_000, "reason": "faulty"}
    assert fresh_store.command("order.add_return_without_receipt", wish)["ok"]
    tablet = in_language(cashier, fresh_store, (768, 1024), language)
    pay = tablet.page.locator(".order .pay")
    expect(pay).to_contain_text("380")
    assert cut_off(pay) == []


@breadth
def test_a_tile_breaks_no_word_on_a_phone(
    mia: Cashier, cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """A name of one word stands in one line."""
    phone: Cashier = cashier((390, 844), at=fresh_store)
    phone.open()
    name = phone.page.locator(".tile .name", has_text="Cappuccino")
    expect(name).to_be_visible()
    assert name.evaluate(LINES) == 1


@breadth
@pytest.mark.parametrize("size", [(390, 844), (360, 640), (800, 600), (800, 480), (1024, 768)])
def test_a_drawer_is_counted_without_scrolling_to_the_keys(
    mia: Cashier, cashier: MakeCashier, fresh_store: DemoStore, size: tuple[int, int]
) -> None:
    """Narrow as the screen is, the keys and what they make are under the list whatever is looked at
    in it, or beside it where it is low; the next coin comes into sight, and the last one can be
    reached."""
    ana: Cashier = cashier(size, at=fresh_store, touch=True)
    ana.open()
    ana.menu("Till")
    page = ana.page
    keys = page.locator(".pad")
    do = page.get_by_role("button", name=re.compile("^Open with"))
    for count in range(15):
        expect(keys).to_be_in_viewport(ratio=1)
        expect(do).to_be_in_viewport(ratio=1)
        row = page.locator(".sheet li.on")
        expect(row).to_have_attribute("data-denomination", str(CENTS[count]))
        expect(row).to_be_in_viewport(ratio=0.99)
        number = row.locator(".number").bounding_box()
        top = page.locator(".side").bounding_box()
        assert number is not None
        assert top is not None
        is_above = number["y"] + number["height"] <= top["y"]
        assert is_above or number["x"] + number["width"] <= top["x"], (count, number, top)
        page.keyboard.press("1")
        page.keyboard.press("Enter")
    expect(do).to_contain_text("€388.88")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sale_on_seven_inches_needs_no_scrolling(
    cashier: MakeCashier, fresh_store: DemoStore, language: str
) -> None:
    """On a screen of 800 by 480: the PIN and what sends it, lines of an order, all that can be done
    with one, what weighs apples, a card, and every note that is likely."""
    words = catalogue(language)
    ana = in_language(cashier, fresh_store, (800, 480), language)
    page = ana.page
    ana.press(page.locator(".face", has_text="Ana"))
    ana.digits(PEOPLE["Ana"])
    for one in (page.locator(".pad"), page.get_by_role("button", name=words["sign_on.do"])):
        expect(one).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    expect(page.locator(".tiles")).to_be_visible()
    assert fresh_store.command("till.open", {"denominations": []})["ok"]
    for name in ("Espresso", "Flat white", "Double espresso"):
        ana.tap(name)
    expect(ana.lines).to_have_count(3)
    assert seen_whole(ana.lines)
    ana.press(ana.lines.first)
    assert seen_whole(page.locator(".editor .btn"))
    ana.press(ana.lines.first.locator(".line"))
    ana.tap("Apples")
    assert seen_whole(page.locator(".weigh .btn"))
    page.keyboard.press("Escape")
    ana.pay()
    for part in (".pay .card.main", ".pay .quick .btn", ".pay .pad .btn", ".pay .take"):
        assert seen_whole(page.locator(part)), part


@breadth
@pytest.mark.parametrize("size", [(800, 600), (360, 640)])
def test_what_a_card_is_asked_for_stands_whole_above_the_doubt(
    mia: Cashier, cashier: MakeCashier, fresh_store: DemoStore, size: tuple[int, int]
) -> None:
    """On a screen that is not high, in the longest words: the amount, the warning and what to press
    are there together; the amount was cut by the panel's head, wherever one scrolled."""
    mia.tap("Croissant")
    expect(mia.lines).to_have_count(1)
    mia.pay()
    mia.page.keyboard.press("F10")
    small = in_language(cashier, fresh_store, size, "de").page
    talk = small.locator("section.talk")
    expect(talk.locator(".says")).to_be_in_viewport(ratio=1)
    fresh_store.key("cut")
    expect(talk.locator(".caution")).to_be_in_viewport(ratio=1)
    expect(talk.locator(".figure")).to_be_in_viewport(ratio=1)
    expect(talk.locator(".btn.stop")).to_be_in_viewport(ratio=1)


@breadth
def test_no_key_moves_while_an_amount_is_typed(mia: Cashier, cashier: MakeCashier) -> None:
    """From more than is due on a card pays no more, which is said where it moves no key: the next
    digit is where the last one was."""
    mia.open_till(1)
    mia.tap("Croissant")
    expect(mia.lines).to_have_count(1)
    small: Cashier = cashier((800, 600), at=mia.store, touch=True)
    small.open()
    small.pay()
    zero = small.page.locator(".pad").get_by_role("button", name="0", exact=True)
    small.digits("200")
    before = zero.bounding_box()
    small.digits("0")
    expect(small.page.get_by_text("A card pays at most what is due.")).to_be_visible()
    assert before == zero.bounding_box()


@breadth
def test_the_next_order_is_in_reach_however_many_have_paid(mia: Cashier) -> None:
    """Ten shares of a bill are more rows than the panel is high: it scrolls by itself, and the page
    around it stays where it is."""
    mia.open_till(5)
    for _ in range(3):
        mia.tap("Sourdough loaf")
    expect(mia.lines).to_contain_text("3\u00a0×")
    mia.pay()
    for _ in range(10):
        mia.digits("10")
        mia.push("Take €0.10")
    mia.tender("€20.00")
    done = mia.page.locator(".done")
    expect(done.locator(".tenders li")).to_have_count(11)
    expect(done.get_by_role("button", name="New order")).to_be_in_viewport(ratio=1)
    expect(mia.page.locator(".order header")).to_be_in_viewport(ratio=1)
    done.locator(".ok").scroll_into_view_if_needed()
    expect(done.locator(".ok")).to_be_in_viewport(ratio=1)
    expect(mia.page.locator(".order header")).to_be_in_viewport(ratio=1)


@breadth
def test_a_receipt_number_is_read_in_one_line(
    mia: Cashier, cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """Where a line ends on a phone it does not end within the number, neither in the log of who did
    what nor at goods that come back."""
    mia.open_till(5)
    mia.tap("Croissant")
    mia.pay()
    mia.tender("€5.00")
    mia.next_order()
    mia.bring_back("Croissant")
    mia.page.keyboard.press("Escape")
    expect(mia.page.locator("section.pay")).to_have_count(0)
    for width in (360, 375, 390, 412):
        phone = in_language(cashier, fresh_store, (width, 740), "fr")
        phone.order()
        detail = phone.page.locator(".order .more", has_text="1-000001")
        number = detail.locator(".num")
        expect(number).to_have_text("1-000001")
        assert number.evaluate(TOPS) == 1
        phone.push(catalogue("fr")["order.more"], exact=True)
        phone.push(catalogue("fr")["menu.activity"], exact=True)
        sold = phone.page.locator(".activity .about", has_text="1-000001").last
        assert sold.evaluate(TOPS) == 1, width


@breadth
def test_what_is_wrong_is_named_whole_in_the_status_strip(
    mia: Cashier, cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """A printer without paper and a terminal without its cable, in the longest words, on a narrow
    screen: both are named, nothing is counted instead, and the strip is as high as ever."""
    french = in_language(cashier, fresh_store, (800, 600), "fr").page
    strip = french.locator("button.strip:visible")
    expect(strip).to_contain_text(catalogue("fr")["status.devices_ok"], timeout=30_000)
    height = strip.evaluate("one => one.offsetHeight")
    fresh_store.do("paper_out")
    fresh_store.key("cut")
    for said in ("plus de papier", "injoignable"):
        wrong = strip.locator(".line .strong", has_text=said)
        expect(wrong).to_be_in_viewport(ratio=0.95, timeout=30_000)
    expect(strip.locator(".more.num")).to_have_count(0)
    assert height == strip.evaluate("one => one.offsetHeight")
    fresh_store.key("plug")
