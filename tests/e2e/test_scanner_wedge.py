"""A keyboard-wedge scanner at full speed: every scan is rung up, none ends in a text field."""

from __future__ import annotations

import itertools
import re
import sys

import pytest
from playwright.sync_api import expect

from tests.breadth import breadth
from tests.e2e.shop import TYPING_MS, Cashier, DemoStore, MakeCashier, Wedge, code_of

SCANS = 60
PACE_PER_S = 20


def signed_on(cashier: MakeCashier) -> Cashier:
    """Ana at the register, whoever was there last."""
    ana: Cashier = cashier()
    ana.open()
    ana.page.wait_for_selector(".face, .sale")
    if ana.page.locator(".face").count():
        ana.sign_on("Ana")
    return ana


@pytest.mark.feature("HW-03")
def test_twenty_scans_a_second_are_all_taken(
    cashier: MakeCashier, store: DemoStore, capsys: pytest.CaptureFixture[str]
) -> None:
    """60 scans faster than 20 a second, with the cursor in a text field: none lost, none in it."""
    ana: Cashier = cashier()
    page = ana.page
    ana.open()
    ana.sign_on("Ana")
    names = ("Espresso", "Croissant", "Brownie", "Pretzel")
    codes = list(itertools.islice(itertools.cycle(code_of(name) for name in names), SCANS))
    page.locator("#search").focus()
    sent_per_s = Wedge(ana.debug_port, page).scan_all(codes, PACE_PER_S + 2)
    expect(ana.lines).to_have_count(SCANS, timeout=60_000)
    assert page.locator("#search").input_value() == ""
    shown = [re.sub(r"\s+", " ", text) for text in ana.lines.all_inner_texts()]
    wanted = list(itertools.islice(itertools.cycle(names), SCANS))
    assert all(name in text for name, text in zip(wanted, shown, strict=True))
    with capsys.disabled():
        sys.stdout.write(
            f"\n    wedge: {SCANS} scans at {sent_per_s:.1f}/s, none lost, none in the field\n"
        )
    assert sent_per_s >= PACE_PER_S, f"only {sent_per_s:.1f} scans/s were sent"


def test_codes_that_are_typed_before_the_store_answers_are_all_taken(
    cashier: MakeCashier, store: DemoStore
) -> None:
    """Where a busy machine makes keys of a scan so slow that they seem typed, the next code finds
    an empty field all the same; one that is refused is there again, to be mended."""
    ana = signed_on(cashier)
    page = ana.page
    before = ana.lines.count()
    search = page.locator("#search")
    search.focus()
    with store.held():
        for name in ("Espresso", "Croissant"):
            page.keyboard.type(code_of(name), delay=TYPING_MS)
            page.keyboard.press("Enter")
            expect(search).to_have_value("")
    expect(ana.lines).to_have_count(before + 2)
    page.keyboard.type("99998888", delay=TYPING_MS)
    page.keyboard.press("Enter")
    expect(search).to_have_value("99998888")
    page.keyboard.press("Escape")


@breadth
def test_a_scan_leaves_other_fields_alone(cashier: MakeCashier, store: DemoStore) -> None:
    """Scans while a note is being typed go to the order; what was typed stays typed, in order."""
    ana = signed_on(cashier)
    page = ana.page
    before = ana.lines.count()
    ana.push("Note", exact=True)
    field = page.locator("dialog input")
    field.focus()
    ana.type("no ")
    ana.scan(code_of("Espresso"))
    ana.type("sugar")
    expect(field).to_have_value("no sugar")
    expect(ana.lines).to_have_count(before + 1)
    page.keyboard.press("Escape")


@breadth
def test_a_scan_without_an_end_key_is_a_scan(cashier: MakeCashier, store: DemoStore) -> None:
    """A scanner that sends no Enter is understood by its speed and the pause after it."""
    ana = signed_on(cashier)
    page = ana.page
    before = ana.lines.count()
    page.locator("#search").focus()
    ana.scan(code_of("Espresso"), ends=False)
    expect(ana.lines).to_have_count(before + 1)
    assert page.locator("#search").input_value() == ""


@breadth
def test_a_scan_whose_keys_come_late_is_whole(cashier: MakeCashier, store: DemoStore) -> None:
    """Where a busy machine brings a scan's first key before the others, it is taken back out of the
    field that has it by then; what a person typed before stays."""
    ana = signed_on(cashier)
    page = ana.page
    before = ana.lines.count()
    search = page.locator("#search")
    search.focus()
    Wedge(ana.debug_port, page).scan_all([code_of("Espresso")], 20, late_s=0.4)
    expect(ana.lines).to_have_count(before + 1)
    expect(search).to_have_value("")
    ana.type("pretz")
    page.wait_for_timeout(300)
    Wedge(ana.debug_port, page).scan_all([code_of("Brownie")], 20, late_s=0.4)
    expect(ana.lines).to_have_count(before + 2)
    expect(search).to_have_value("pretz")
