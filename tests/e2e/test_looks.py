"""Every view and state, in both themes and both sizes: kept as pictures, and checked by axe. On the
screens of those sizes' kinds nothing lies over anything else, and nothing is cut off.

The pictures are in `artefacts/screenshots/`. With COUNTERTOP_BLESS=1 one of them also becomes
`docs/register.png`, the picture in the README.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import define, field
from PIL import Image
from playwright.sync_api import expect

from tests.breadth import breadth, some_of
from tests.e2e.shop import ROOT, Cashier, DemoStore, MakeCashier
from tests.house.test_catalogues import catalogue

AXE = ROOT / "frontends" / "node_modules" / "axe-core" / "axe.min.js"
BLESSED = ROOT / "docs" / "register.png"
SIZES = {"1024x768": (1024, 768), "390x844": (390, 844)}
# The most telling first: `tests.breadth` may leave out what comes last.
SCREENS = [(size, theme) for theme in ("light", "dark") for size in SIZES]
IN_LANGUAGES = [
    ("1024x768", "light", "en"),
    ("390x844", "light", "de"),
    ("390x844", "light", "en"),
    ("1024x768", "dark", "en"),
    ("390x844", "dark", "en"),
    ("390x844", "light", "fr"),
]
# What else stands on counters, and lies in hands.
WIDE_SCREENS = ((800, 480), (768, 1024), (1280, 800), (1366, 768), (1920, 1080))
PHONES = ((360, 740), (430, 932))
SHOWN = "[matchMedia('(prefers-color-scheme: dark)').matches, document.documentElement.lang]"
WIDTH = "element => element.getBoundingClientRect().width"
BY_COLOURS = ["color-contrast", "link-in-text-block"]  # all that a theme can change
READABLE = (Path(__file__).parent / "readable.js").read_text()
RUN_AXE = """async (rules) => {
  // Tiles are alike: the first dozen stand for the hundred below them.
  const what = { include: [['html']], exclude: [['.tile:nth-of-type(n+13)']] };
  const only = rules ? { runOnly: rules } : {};
  const found = await axe.run(what, { resultTypes: ['violations'], ...only });
  return found.violations.map((rule) =>
    rule.id + ': ' + rule.nodes.slice(0, 3).map((node) => node.target.join(' ')).join(' | '));
}"""


@define
class Look:
    """Takes a picture of what is shown, lets axe read it and looks whether people can, on other
    screens of its kind, too; finds are kept, not thrown.

    Colours move no words and words have no colours: a dark page is read for its colours, and one in
    another language for where its words end.
    """

    folder: Path
    suffix: str
    found: list[str] = field(factory=list)
    count: int = 0

    def __call__(self, who: Cashier, name: str) -> None:
        """Keep `name` as it stands."""
        page = who.page
        self.count += 1
        page.evaluate("document.fonts.ready")
        page.screenshot(path=self.folder / f"{self.count:02d}-{name}-{self.suffix}.png")
        is_dark, language = page.evaluate(SHOWN)
        if language == "en":
            if not page.evaluate("'axe' in window"):
                page.evaluate(AXE.read_text())
            self._note(name, page.evaluate(RUN_AXE, BY_COLOURS if is_dark else None))
        if is_dark:
            return
        own = page.viewport_size
        assert own is not None
        others = PHONES if who.phone else WIDE_SCREENS
        for width, height in ((own["width"], own["height"]), *others):
            page.set_viewport_size({"width": width, "height": height})
            self._note(f"{name} at {width} x {height}", page.evaluate(READABLE))
        page.set_viewport_size(own)

    def _note(self, name: str, problems: list[str]) -> None:
        self.found += [f"{name} ({self.suffix}): {problem}" for problem in problems]


Screen = tuple[Cashier, Look, dict[str, str]]


def each_screen(
    cashier: MakeCashier, store: DemoStore, artefacts: Path, name: str
) -> Iterator[Screen]:
    """A register page of this store in each size and theme in English, and on a phone in the other
    languages; with it who looks at it, and its words. Pictures are named after `name`."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run `npm ci` in frontends/")
    folder = artefacts / "screenshots"
    folder.mkdir(exist_ok=True)
    for size, theme, language in some_of(IN_LANGUAGES, 2):
        found = cashier(SIZES[size], theme, at=store)
        keep = f"localStorage.setItem('countertop.language', '{language}')"
        found.page.add_init_script(keep)
        found.open()
        yield found, Look(folder, f"{name}-{size}-{theme}-{language}"), catalogue(language)


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=breadth)])
@pytest.mark.parametrize("size", ["1024x768", pytest.param("390x844", marks=breadth)])
def test_every_view_is_clean_and_kept_as_a_picture(
    cashier: MakeCashier, fresh_store: DemoStore, artefacts: Path, size: str, theme: str
) -> None:
    """axe finds nothing on any view; each is left as a picture to look at."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run `npm ci` in frontends/")
    folder = artefacts / "screenshots"
    folder.mkdir(exist_ok=True)
    look = Look(folder, f"{size}-{theme}")
    who: Cashier = cashier(SIZES[size], theme, at=fresh_store)
    for walk in (_walk_in, _walk_sale, _walk_line, _walk_payment, _walk_return, _walk_till):
        walk(who, look)
    _walk_devices(who, look, fresh_store)
    _walk_override(who, look)
    # A window of its own: a page behind another one is slowed down.
    _walk_customer(who, look, cashier(SIZES[size], theme, at=fresh_store))
    assert not look.found, "\n".join(["", *look.found])
    if os.environ.get("COUNTERTOP_BLESS") and (size, theme) == ("1024x768", "light"):
        _bless(folder)


def _bless(folder: Path) -> None:
    """The sale with a discount becomes the README's picture, in few colours to stay small."""
    BLESSED.parent.mkdir(exist_ok=True)
    picture = Image.open(next(folder.glob("*-sale-discounted-1024x768-light.png")))
    picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(BLESSED, optimize=True)


def _walk_in(who: Cashier, look: Callable[[Cashier, str], None]) -> None:
    page = who.page
    page.goto(who.store.url)
    expect(page.get_by_role("link", name="Open register").first).to_be_visible()
    look(who, "chooser")
    who.open()
    expect(page.locator(".face")).to_have_count(3)
    look(who, "sign-on")
    page.locator(".face", has_text="Mia").click()
    who.digits("99")
    look(who, "pin")
    who.digits("99")
    who.push("Sign on")
    expect(page.locator(".tile").first).to_be_visible()


def _walk_sale(who: Cashier, look: Callable[[Cashier, str], None]) -> None:
    page = who.page
    look(who, "till-closed")
    who.menu("Till")
    for _ in range(5):
        who.push("One €10.00 more")
    look(who, "till-opening")
    who.push(re.compile("Open with"))
    expect(page.locator(".tile").first).to_be_visible()
    look(who, "empty-order")
    for name in ("Flat white", "Flat white", "Croissant", "Espresso"):
        who.tap(name)
    who.order()
    expect(who.lines).to_have_count(3)
    who.items()
    page.locator("#search").fill("comte")
    expect(page.locator(".tile")).to_have_count(1)
    look(who, "search")
    page.keyboard.press("Enter")
    expect(page.locator(".weigh")).to_be_visible()
    who.digits("457")
    look(who, "weigh")
    who.push(re.compile("^Add 0.457"))
    page.locator("#search").fill("zzzzzz")
    expect(page.get_by_text("Nothing is called")).to_be_visible()
    look(who, "nothing-found")
    who.push("Clear search")
    who.menu("Open-price item")
    page.locator(".open-item .input").fill("Gift basket")
    page.locator(".open-item h2").click()
    who.digits("2500")
    look(who, "open-item")
    who.push("Add for €25.00")
    who.order()
    expect(who.lines).to_have_count(5)


def _walk_line(who: Cashier, look: Callable[[Cashier, str], None]) -> None:
    page = who.page
    line = who.lines.nth(1).locator("button").first
    line.click()
    look(who, "line")
    for part in ("Price", "Discount", "Note"):
        page.locator(".editor").get_by_role("button", name=part, exact=True).click()
        look(who, f"line-{part.lower()}")
    page.locator(".editor").get_by_role("button", name="Discount", exact=True).click()
    who.push("10 %")
    expect(who.lines.nth(1)).to_contain_text("−0.26")
    line.click()
    who.push("Discount", exact=True)
    look(who, "order-discount")
    who.push("5 %")
    who.order()
    expect(page.locator(".order")).to_contain_text("order discount 5 %")
    look(who, "sale-discounted")
    who.lines.nth(1).locator("button").first.click()
    who.push("Why?")
    expect(page.locator(".why article.chosen")).to_contain_text("Order discount 5 %")
    look(who, "why")
    page.keyboard.press("Escape")
    who.order()
    who.scan("9999999999994")
    expect(page.get_by_role("alert").filter(has_text="No item has").first).to_be_visible()
    look(who, "scan-refused")
    who.push("Note", exact=True)
    look(who, "note")
    page.keyboard.press("Escape")
    who.push("Park", exact=True)
    page.locator("dialog input").fill("Blue coat")
    look(who, "park")
    who.push("Park order")
    who.menu("Parked orders")
    expect(page.locator(".parked .entry")).to_have_count(1)
    look(who, "parked")
    page.locator(".parked .entry").click()
    expect(page.locator(".order h2").first).to_have_text("Blue coat")


def _walk_payment(who: Cashier, look: Callable[[Cashier, str], None]) -> None:
    page = who.page
    who.pay()
    look(who, "pay")
    who.digits("2000")
    who.push("Take €20.00")
    expect(page.locator(".tenders li")).to_have_count(1)
    look(who, "pay-in-part")
    who.press(page.locator(".quick .btn").nth(1))
    expect(page.locator("article.paper")).to_be_visible()
    look(who, "change")
    who.next_order()
    who.push("Menu") if who.phone else who.push("More", exact=True)
    look(who, "menu")
    page.keyboard.press("Escape")


def _walk_return(who: Cashier, look: Callable[[Cashier, str], None]) -> None:
    page = who.page
    who.menu("Receipts")
    expect(page.locator(".receipts .entry").first).to_be_visible()
    look(who, "receipts")
    page.locator(".receipts .entry").first.click()
    expect(page.locator("article.paper")).to_be_visible()
    look(who, "receipt")
    if not who.phone:
        page.set_viewport_size({"width": 768, "height": 1024})
        assert page.locator("article.paper").evaluate(WIDTH) > 300
        page.set_viewport_size({"width": 1024, "height": 768})
    who.push("Return goods")
    who.push("Croissant: one more")
    who.push("Faulty")
    look(who, "return")
    who.push("Take back 1 line")
    expect(who.lines).to_have_count(1)
    look(who, "returned")
    who.pay()
    look(who, "pay-out")
    who.push(re.compile("^Pay out"))
    expect(page.locator("article.paper")).to_be_visible()
    look(who, "paid-out")
    who.next_order()


def _walk_till(who: Cashier, look: Callable[[Cashier, str], None]) -> None:
    page = who.page
    who.menu("Till")
    look(who, "till")
    who.push("Paid in", exact=True)
    # Until an amount was typed the button says what it is for, with nothing left out of its words.
    expect(page.locator(".till .btn.main")).to_have_text("Paid in")
    who.digits("5000")
    look(who, "paid-in")
    who.push("Back")
    who.push("Count and close")
    look(who, "count")
    who.push(re.compile("^Lock count"))
    expect(page.get_by_text("Expected", exact=True)).to_be_visible()
    look(who, "difference")
    who.push("Close till")
    expect(page.get_by_text("The till is closed with")).to_be_visible()
    look(who, "till-done")
    who.push("To the Z report")
    expect(page.locator("table").first).to_be_visible()
    look(who, "x-report")
    who.push("Close the day (Z)")
    expect(page.get_by_role("heading", name=re.compile("Z report"))).to_be_visible()
    look(who, "z-report")
    who.push("Back")
    who.menu("Activity")
    expect(page.locator(".activity .entry").first).to_contain_text("Mia closed the day")
    look(who, "activity")
    who.push("Back")


def _walk_devices(who: Cashier, look: Callable[[Cashier, str], None], store: DemoStore) -> None:
    page = who.page
    store.do("paper_out")
    strip = page.locator("button.strip:visible")
    expect(strip).to_contain_text("out of paper")
    look(who, "device-trouble")
    strip.click()
    look(who, "status")
    store.do("paper_in")
    page.keyboard.press("Escape")
    expect(strip).not_to_contain_text("out of paper")


def _walk_override(who: Cashier, look: Callable[[Cashier, str], None]) -> None:
    page = who.page
    who.menu("Switch operator")
    look(who, "switch")
    page.locator("dialog li button", has_text="Ana").click()
    who.digits("1111")
    who.push("Sign on")
    expect(page.locator("dialog")).to_have_count(0)
    who.tap("Flat white")
    who.menu("Void order")
    who.push("Test")
    look(who, "void")
    who.push("Void order")
    expect(page.get_by_text("Who allows it?")).to_be_visible()
    look(who, "override")
    page.locator("dialog li button", has_text="Mia").click()
    look(who, "override-pin")
    who.digits("9999")
    who.push("Allow once")
    expect(page.locator("dialog")).to_have_count(0)
    who.menu("Start training")
    page.locator("dialog li button", has_text="Mia").click()
    who.digits("9999")
    who.push("Allow once")
    expect(page.locator(".training")).to_be_visible()
    look(who, "training")
    who.menu("End training")
    page.locator("dialog li button", has_text="Mia").click()
    who.digits("9999")
    who.push("Allow once")
    expect(page.locator(".training")).to_have_count(0)


def _walk_customer(who: Cashier, look: Callable[[Cashier, str], None], customer: Cashier) -> None:
    customer.page.goto(f"{who.store.url}/display/?register=1")
    expect(customer.page.get_by_text("Welcome")).to_be_visible()
    look(customer, "display-idle")
    for name in ("Flat white", "Croissant", "Brownie"):
        who.tap(name)
    expect(customer.page.locator("li")).to_have_count(3)
    look(customer, "display-lines")
    who.menu("Till")
    for _ in range(2):
        who.push("One €10.00 more")
    who.push(re.compile("Open with"))
    who.pay()
    who.tender("€10.00")
    expect(customer.page.get_by_text("Thank you!")).to_be_visible()
    look(customer, "display-thanks")
    who.next_order()
    who.menu("Till")
    who.push("Count and close")
    who.push(re.compile("^Lock count"))
    who.push("Close till")
    who.push("Sign off")
    expect(who.page.locator(".face")).to_have_count(3)
