"""The set-up page of card terminals: found, paired, tested, swapped, and paid at."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trio
from playwright.sync_api import WebSocketRoute, expect

from hardware.carrier import Carrier, PtyCarrier, TcpCarrier
from hardware.terminal.zvt.fake import TerminalFake
from hardware.terminal.zvt.person import Plan
from hardware.transport import SerialPlace, open_serial
from tests.breadth import breadth
from tests.e2e.shop import Cashier, DemoStore, MakeCashier
from tests.e2e.test_looks import each_screen

FITS = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
SERIAL = "52500099"


class Counter:
    """A simulated terminal on a real socket or serial line of this machine, run by a thread of its
    own."""

    def __init__(self, carrier: Carrier | None = None) -> None:
        self.fake = TerminalFake(
            carrier or TcpCarrier(), terminal_id=int(SERIAL), is_serial=carrier is not None
        )
        self._ready = threading.Event()
        self._thread = threading.Thread(target=trio.run, args=(self._run,), daemon=True)

    async def _run(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        with trio.CancelScope() as self._scope:
            async with trio.open_nursery() as nursery:
                await nursery.start(self.fake.run)
                self._ready.set()
                await trio.sleep_forever()

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10)

    def stop(self) -> None:
        self._token.run_sync_soon(self._scope.cancel)
        self._thread.join(10)

    @property
    def place(self) -> str:
        """As a person types it."""
        return self.fake.carrier.url.removeprefix("tcp://")

    def swap(self, serial: str) -> None:
        """Somebody puts another terminal in its place."""
        self.fake.terminal_id = int(serial)
        trio.from_thread.run(self.fake.reboot, trio_token=self._token)


@pytest.fixture
def terminal() -> Iterator[Counter]:
    """Nobody has paired it yet."""
    counter = Counter()
    counter.start()
    yield counter
    counter.stop()


@pytest.fixture
def who(cashier: MakeCashier, fresh_store: DemoStore) -> Cashier:
    """Mia, who may set things up, at register 2, which has no terminal."""
    found = cashier(at=fresh_store)
    found.open("2")
    found.sign_on("Mia")
    return found


def look(who: Cashier, places: str) -> None:
    """Name places and have them asked."""
    who.page.locator(".terminals input").fill(places)
    who.push("Look at these addresses")


def pay_by_card(who: Cashier, terminal: Counter) -> None:
    """An espresso, back from the page of terminals."""
    who.push("Back", exact=True)
    terminal.fake.plans.append(Plan(card="tap"))
    who.tap("Espresso")
    expect(who.lines).to_have_count(1)
    who.pay()
    who.push(re.compile("^Card"))
    expect(who.page.get_by_text("Paid by card")).to_be_visible()
    assert 220 == terminal.fake.ledger.booked_minor


@pytest.mark.feature("HW-07")
def test_a_terminal_is_found_paired_tested_paid_at_and_a_swapped_one_is_an_alarm(
    who: Cashier, terminal: Counter
) -> None:
    """From nothing to a payment without touching a file; then another terminal at the same place
    is not paid at, and says so at the register, with what to do."""
    page = who.page
    who.menu("Card terminals")
    expect(page.get_by_text("set up in the configuration file")).to_be_visible()
    look(who, f"127.0.0.1:9, {terminal.place}")
    expect(page.locator(".found")).to_contain_text(f"No. {SERIAL}", timeout=20_000)
    who.push(re.compile("^Pair as"))
    row = page.locator("li.part", has_text=SERIAL)
    expect(row).to_contain_text("No register uses it yet")
    row.get_by_role("button", name="Use at this register").click()
    expect(row).to_contain_text("Registers: 2")
    expect(row.locator(".badge")).to_contain_text("Ready", timeout=20_000)
    row.get_by_role("button", name="Test").click()
    expect(row).to_contain_text("The terminal answers and takes payments. Nothing was charged.")
    assert 0 == terminal.fake.ledger.booked_minor
    look(who, terminal.place)
    expect(page.locator(".found")).to_contain_text("in use already", timeout=20_000)
    pay_by_card(who, terminal)
    who.next_order()
    terminal.swap("52500098")
    strip = page.locator("button.strip:visible")
    expect(strip).to_contain_text("Card terminal", timeout=30_000)
    strip.click()
    expect(page.locator("dialog[open]")).to_contain_text("Another terminal is at this place")
    page.keyboard.press("Escape")
    who.menu("Card terminals")
    expect(row.locator(".alarm")).to_contain_text("52500098")
    row.get_by_role("button", name="Test").click()
    expect(row).to_contain_text("The terminal takes no payments now")
    terminal.swap(SERIAL)
    expect(row.locator(".badge")).to_contain_text("Ready", timeout=30_000)
    row.get_by_role("button", name="Forget it").click()
    expect(row).to_have_count(0)


@pytest.mark.feature("HW-07", part="on a serial line from the set-up page")
def test_a_terminal_on_a_serial_line_is_found_paired_tested_and_paid_at(
    who: Cashier, tmp_path: Path
) -> None:
    """The port is offered, or typed as its file; from there it is as on the network. A port that
    another program has is said, and left alone."""
    page = who.page
    line, other = PtyCarrier(tmp_path, "terminal"), PtyCarrier(tmp_path, "scale")
    terminal, scale = Counter(line), Counter(other)
    terminal.start()
    scale.start()
    port = os.path.realpath(line.path)
    try:
        who.menu("Card terminals")
        held = open_serial(SerialPlace(os.path.realpath(other.path)))
        look(who, f"{port}, {os.path.realpath(other.path)}")
        found = page.locator(".found", has_text=port)
        expect(found).to_contain_text(f"No. {SERIAL} at {port}", timeout=20_000)
        taken = page.locator(".found", has_text=os.path.realpath(other.path))
        expect(taken).to_contain_text("Another program or device uses this port")
        expect(taken.get_by_role("button")).to_have_count(0)
        trio.run(held.aclose)
        found.get_by_role("button", name=re.compile("^Pair as")).click()
        row = page.locator("li.part", has_text=SERIAL)
        row.get_by_role("button", name="Use at this register").click()
        expect(row.locator(".badge")).to_contain_text("Ready", timeout=20_000)
        row.get_by_role("button", name="Test").click()
        expect(row).to_contain_text("The terminal answers and takes payments.")
        look(who, port)
        expect(found).to_contain_text("in use already", timeout=20_000)
        pay_by_card(who, terminal)
    finally:
        terminal.stop()
        scale.stop()


@breadth
def test_the_serial_ports_of_the_machine_are_offered_and_one_press_looks_there(
    cashier: MakeCashier, fresh_store: DemoStore, tmp_path: Path, artefacts: Path
) -> None:
    """Nobody need know what a port is called. This machine may have none, so the store's word is
    changed on the way to the page."""
    line = PtyCarrier(tmp_path, "terminal")
    terminal = Counter(line)
    terminal.start()
    port = os.path.realpath(line.path)
    who = cashier((390, 844), "dark", at=fresh_store)

    def with_port(found: dict[str, Any]) -> dict[str, Any]:
        return {**found, "ports": [port]} if "ports" in found else found

    def change(socket: WebSocketRoute) -> None:
        def pass_on(text: str | bytes) -> None:
            socket.send(json.dumps(json.loads(text, object_hook=with_port)))

        socket.connect_to_server().on_message(pass_on)

    who.page.route_web_socket(re.compile("/ws$"), change)
    try:
        who.open("2")
        who.sign_on("Mia")
        who.menu("Card terminals")
        who.push(f"Look at serial port {port}")
        found = who.page.locator(".found")
        expect(found).to_contain_text(f"No. {SERIAL} at {port}", timeout=20_000)
        (artefacts / "screenshots").mkdir(exist_ok=True)
        who.page.screenshot(path=artefacts / "screenshots" / "terminals-port-390x844-dark-en.png")
        assert who.page.evaluate(FITS)
    finally:
        terminal.stop()


@breadth
def test_a_search_shows_how_far_it_is_and_can_be_stopped(who: Cashier, terminal: Counter) -> None:
    """Only what is named is asked; stopped, what was found stays. What is wrong with an address is
    said at its field, which has the focus, until something else is typed."""
    page = who.page
    who.menu("Card terminals")
    look(who, "8.8.8.8")
    field = page.get_by_label("Addresses")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(
        re.compile("“8.8.8.8” is no address in a network of the shop")
    )
    wrong = page.get_by_role("alert")
    expect(wrong).to_have_count(1)
    expect(page.locator("form")).to_contain_text("is no address in a network of the shop")
    who.type("1")
    expect(wrong).to_have_count(0)
    expect(field).to_have_attribute("aria-invalid", "false")
    # Places of this machine where somebody listens and never says a word: each takes its time.
    with socket.create_server(("0.0.0.0", 0), backlog=200) as silent:
        port = silent.getsockname()[1]
        look(who, f"{terminal.place} 127.9.9.1-126:{port}")
        bar = page.get_by_role("progressbar")
        expect(bar).to_be_visible()
        expect(page.locator(".found")).to_contain_text(SERIAL, timeout=20_000)
        expect(page.get_by_text(re.compile(r"\d+ of 127 addresses asked"))).to_be_visible()
        who.push("Stop looking")
        expect(page.get_by_text("The search was stopped")).to_be_visible()
        expect(bar).to_have_count(0)
    expect(page.locator(".found")).to_contain_text(SERIAL)


@breadth
def test_only_who_may_set_things_up_looks_around(
    cashier: MakeCashier, fresh_store: DemoStore
) -> None:
    """A cashier has no such page, and the store asks nobody for them."""
    ana = cashier(at=fresh_store)
    ana.open()
    ana.sign_on("Ana")
    ana.push("More", exact=True)
    expect(ana.button("Card terminals")).to_have_count(0)
    refused = fresh_store.command("terminal.pair", {
        "terminal": "terminal/1", "transport": "tcp://127.0.0.1:20007", "serial": SERIAL,
    })["refusal"]  # fmt: skip
    assert "right_must_be_granted" == refused["code"]


@breadth
def test_what_is_printed_of_card_payments_is_set_where_terminals_are(
    cashier: MakeCashier, fresh_store: DemoStore, artefacts: Path
) -> None:
    """Each rule is turned on and off by itself, of this register, and the store says so."""
    mia = cashier(at=fresh_store)
    mia.open()
    mia.sign_on("Mia")
    mia.menu("Card terminals")
    paper = mia.page.get_by_label("Paper of card payments at this register")
    copies = paper.get_by_role("button", name="Merchant’s copy always")
    declined = paper.get_by_role("button", name="Slip when declined")
    for button in (copies, declined):
        expect(button).to_have_attribute("aria-pressed", "false")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
    paper.screenshot(path=str(artefacts / "card-paper.png"))
    copies.click()
    expect(copies).to_have_attribute("aria-pressed", "false")
    expect(declined).to_have_attribute("aria-pressed", "true")
    mia.page.reload()
    mia.menu("Card terminals")
    expect(declined).to_have_attribute("aria-pressed", "true")


@breadth
def test_the_page_is_clean_in_every_size_theme_and_language(
    cashier: MakeCashier, fresh_store: DemoStore, terminal: Counter, artefacts: Path
) -> None:
    """Each state as a picture; axe finds nothing; nothing is wider than the screen."""
    screens = list(each_screen(cashier, fresh_store, artefacts, "terminals"))
    first = screens[0][0]
    first.sign_on("Mia")
    for found, _, words in screens:
        expect(found.page.locator(".sale")).to_be_visible()
        found.order()
        found.push(words["order.more"], exact=True)
        found.push(words["menu.terminals"], exact=True)
    for found, eye, _ in screens:
        expect(found.page.locator("li.part")).to_be_visible()
        eye(found, "terminals")
    look(first, terminal.place)
    for found, eye, _ in screens:
        expect(found.page.locator(".found")).to_contain_text(SERIAL, timeout=20_000)
        eye(found, "terminals-found")
        if not found.page.evaluate(FITS):
            eye.found.append(f"{eye.suffix}: wider than the screen")
    problems = [problem for _, eye, _ in screens for problem in eye.found]
    assert not problems, "\n".join(["", *problems])
