"""A whole day at the register, in a real browser: by touch, and again without a pointer."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.shop import LOOK_S, Cashier, DemoStore, MakeCashier, code_of


def look_at_receipt(store: DemoStore, number: int, folder: Path) -> None:
    """Keep the printed receipt as a picture; assert that something is on the paper."""
    picture = store.picture(number)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"receipt-{number}.png").write_bytes(picture)
    paper = Image.open(io.BytesIO(picture)).convert("L")
    width, height = paper.size
    ink = sum(paper.histogram()[:128])
    assert width > 300
    assert height > 300
    assert ink * 100 > width * height, "less than one part in a hundred of the paper is printed"


@pytest.mark.feature("CHK-01", part="register page")
@pytest.mark.feature("CSH-05", part="register page")
@pytest.mark.feature("STF-03", part="register page")
def test_a_day_by_touch(cashier: MakeCashier, store: DemoStore, artefacts: Path) -> None:
    """Sign on, open, sell three ways, discount, change, park, return, count blind, close, Z."""
    ana: Cashier = cashier(touch=True)
    page = ana.page
    ana.open()
    ana.sign_on("Ana")
    expect(page.get_by_text("The till is closed. You can ring up")).to_be_visible()
    ana.open_till(5)

    printed = len(store.counter()["receipts"])
    # By grid (twice: one line), by search with a slip of the finger, by scan.
    ana.tap("Flat white")
    expect(ana.lines).to_have_count(1)
    ana.tap("Flat white")
    expect(ana.lines.first).to_contain_text("7.60")
    page.locator("#search").tap()
    ana.type("crosant")
    expect(page.locator(".tile").first).to_contain_text("Croissant")
    page.keyboard.press("Enter")
    expect(ana.lines).to_have_count(2)
    ana.scan(code_of("Pretzel"))
    expect(ana.lines).to_have_count(3)
    expect(ana.lines.nth(2)).to_contain_text("1.50")
    ana.scan("9999999999994")
    expect(page.get_by_role("alert").filter(has_text="No item has the code")).to_be_visible()
    expect(ana.lines).to_have_count(3)

    # A discount on one line, in its place.
    ana.press(ana.lines.nth(1).locator("button").first)
    ana.push("Discount", exact=True)
    ana.push("10 %")
    expect(ana.lines.nth(1)).to_contain_text("−0.26")
    expect(page.locator(".order .pay")).to_contain_text("11.44")

    # Cash, change, receipt on paper.
    ana.pay()
    ana.tender("€20.00")
    expect(page.locator(".change")).to_contain_text("8.56")
    expect(page.locator("article.paper")).to_contain_text("Total")
    paper = store.wait_receipts(printed + 1)
    assert "11.44" in paper
    assert "8.56" in paper
    look_at_receipt(store, printed + 1, artefacts / "screenshots")
    assert store.counter()["kicks"] >= 1
    ana.next_order()

    # Park under a name, take it up again.
    ana.tap("Espresso")
    ana.push("Park", exact=True)
    page.locator("dialog input").fill("Blue coat")
    ana.push("Park order")
    expect(page.get_by_text("Nothing rung up")).to_be_visible()
    ana.menu("Parked orders")
    ana.press(page.locator(".parked .entry", has_text="Blue coat"))
    expect(ana.lines).to_have_count(1)
    ana.pay()
    ana.tender("Exact")
    ana.next_order()

    # A return needs somebody who may; the price is the one that was paid.
    ana.menu("Return goods")
    page.locator(".receipts .input").fill("000001")
    ana.press(page.locator(".receipts .entry", has_text="1-000001"))
    ana.push("Croissant: one more")
    ana.push("Faulty")
    ana.push("Take back 1 line")
    expect(page.locator("dialog")).to_contain_text("Taking goods back")
    ana.allow("Ben")
    expect(ana.lines).to_have_count(1)
    expect(ana.lines.first).to_contain_text("−2.34")
    ana.pay()
    ana.push("Pay out €2.34")
    expect(page.locator(".change")).to_contain_text("2.34")
    ana.next_order()
    end_of_day(ana, page, store)


def end_of_day(ana: Cashier, page: Page, store: DemoStore) -> None:
    """Count blind, see the difference only afterwards, close, make the Z."""
    ana.menu("Till")
    expect(page.get_by_text("Expected")).to_have_count(0)
    ana.push("Count and close")
    expect(page.get_by_text("Expected", exact=True)).to_have_count(0)
    # 50.00 + 11.44 + 2.20 - 2.34 = 61.30
    for value, count in (("€50.00", 1), ("€10.00", 1), ("€1.00", 1), ("€0.20", 1)):
        for _ in range(count):
            ana.push(f"One {value} more")
    ana.push("Lock count of €61.20")
    expect(page.get_by_text("Expected", exact=True)).to_be_visible()
    expect(page.locator(".figures")).to_contain_text("61.30")
    expect(page.locator(".figures .total")).to_contain_text("−€0.10")
    ana.push("Close till")
    ana.push("To the Z report")
    ana.push("Close the day (Z)")
    ana.allow("Mia")
    expect(page.get_by_text("Z report 1").first).to_be_visible()
    expect(page.locator("table").first).to_contain_text("11.30")
    printed = store.wait_receipts(4)
    assert "Z report" in printed


def focus_on(page: Page, name: str) -> None:
    """Press Tab until the control of that name has the focus."""
    named = re.compile(name)
    for _ in range(250):
        page.keyboard.press("Tab")
        label = page.evaluate(
            """() => {
              const at = document.activeElement;
              if (!at) return '';
              return at.getAttribute('aria-label') || at.innerText || at.placeholder || '';
            }"""
        )
        if named.search(label.strip()):
            return
    raise AssertionError(f"Tab never reaches “{name}”")


def choose(page: Page, name: str) -> None:
    """Walk to a control and press it, with the keyboard alone."""
    focus_on(page, name)
    page.keyboard.press("Enter")


def test_a_day_by_keyboard(cashier: MakeCashier, store: DemoStore) -> None:
    """The same work on the other register without ever touching a pointer."""
    ben: Cashier = cashier()
    page = ben.page
    ben.open("2")
    expect(page.locator(".face")).to_have_count(3)
    choose(page, "^B?\\s*Ben")
    ben.digits("2222")
    page.keyboard.press("Enter")
    expect(page.locator(".sale")).to_be_visible()
    choose(page, "^Open till")
    focus_on(page, "^One €20.00 more")
    for _ in range(5):
        page.keyboard.press("Enter")
    choose(page, "^Open with €100.00")
    expect(page.get_by_text("The till is open with €100.00.").first).to_be_visible()

    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    ben.type("capucino")
    expect(page.locator(".tile").first).to_contain_text("Cappuccino")
    page.keyboard.press("Enter")
    expect(ben.lines).to_have_count(1)
    ben.type("brow")
    expect(page.locator(".tile").first).to_contain_text("Brownie")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(ben.lines).to_have_count(2)
    page.keyboard.press("F8")
    expect(ben.lines).to_have_count(1)

    page.keyboard.press("F2")
    focus_on(page, "^20")
    page.keyboard.press("Enter")
    expect(page.locator(".order .pay")).to_contain_text("2.88")
    page.keyboard.press("F9")
    expect(page.locator("section.pay")).to_be_visible()
    ben.digits("500")
    page.keyboard.press("Enter")
    expect(page.locator(".change")).to_contain_text("2.12")
    page.wait_for_timeout(LOOK_S * 1000)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing rung up")).to_be_visible()

    choose(page, "^More")
    choose(page, "^Till")
    choose(page, "^Count and close")
    focus_on(page, "^One €20.00 more")
    for _ in range(5):
        page.keyboard.press("Enter")
    choose(page, "^Lock count of €100.00")
    expect(page.locator(".figures .total")).to_contain_text("−€2.88")
    choose(page, "^Close till")
    choose(page, "^To the Z report")
    choose(page, "^Close the day")
    expect(page.get_by_text("Z report 1").first).to_be_visible()
