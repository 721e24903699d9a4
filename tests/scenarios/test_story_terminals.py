"""Card terminals paired at the set-up page: what is a fact of it, and who may be looked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import limits, terminals
from engine.decision import Decision
from engine.image import books_from, image_of
from engine.order.commands import CompleteOrder
from engine.payment.commands import (
    OpenTab,
    ReleaseTab,
    ReportUpload,
    RequestPayment,
    SetOfflinePolicy,
)
from engine.payment.events import OfflinePolicy
from engine.payment.refusal import Refusal as PaymentRefusal
from engine.terminal import Verdict
from engine.terminals import (
    PairedTerminal,
    PairTerminal,
    Refusal,
    TerminalPaired,
    TerminalProtocol,
    UnpairTerminal,
    places_of,
)
from engine.views.terminals import terminals_view
from engine.wire import structure
from tests.card_shop import card_shop, hear, running

HERE = "tcp://192.168.1.20:20007"
PAIR = PairTerminal("terminal/1", HERE, "52500001")


@pytest.mark.feature("HW-07", part="paired by address and serial number, as a journaled fact")
def test_a_pairing_is_a_fact_and_can_be_replaced_and_forgotten() -> None:
    """Who is at a place is known for as long as the journal is; the state comes back from it."""
    shop = card_shop()
    shop.ok(PAIR, admin=True)
    shop.ok(PairTerminal("terminal/1", "tcp://192.168.1.21:20007", "52500002"), admin=True)
    view = terminals_view(shop.books, {})
    (first, second) = view.terminals
    assert (first.terminal, first.registers, first.is_paired) == ("terminal/1", ("1",), True)
    assert (first.transport, first.serial) == ("tcp://192.168.1.21:20007", "52500002")
    assert (first.state, first.code) == ("absent", "not_heard_of")
    assert (second.terminal, second.is_paired, second.serial) == ("terminal/2", False, "")
    assert [event.pairing.serial for event in shop.events(TerminalPaired)] == [
        "52500001",
        "52500002",
    ]
    assert shop.replayed().terminals == shop.books.terminals
    shop.ok(UnpairTerminal("terminal/1"), admin=True)
    assert not shop.books.terminals
    assert shop.no(UnpairTerminal("terminal/1"), admin=True) == Refusal.TERMINAL_MUST_BE_PAIRED


def test_what_a_terminal_speaks_is_part_of_its_pairing() -> None:
    """And comes back from the journal; a pairing from before anybody asked is one of ZVT."""
    shop = card_shop()
    shop.ok(PAIR, admin=True)
    place, serial = "tcp://192.168.1.30:8443", "V400m-324688179"
    shop.ok(PairTerminal("terminal/2", place, serial, TerminalProtocol.NEXO), admin=True)
    first, second = terminals_view(shop.books, {}).terminals
    assert (first.protocol, second.protocol) == (TerminalProtocol.ZVT, TerminalProtocol.NEXO)
    assert (second.transport, second.serial) == (place, serial)
    assert shop.replayed().terminals == shop.books.terminals
    assert books_from(image_of(shop.books), None).terminals == shop.books.terminals
    old = {"pairing": {"terminal": "terminal/1", "transport": HERE, "serial": "52500001"}}
    before = structure(old, TerminalPaired).pairing
    assert before == shop.books.terminals["terminal/1"]


def test_pairings_that_cannot_be() -> None:
    """Each refusal by name."""
    shop = card_shop()
    shop.ok(PAIR, admin=True)
    for name in ("printer/1", "terminal/", "terminal/A b", "terminal/" + "x" * 25):
        refused = shop.no(PairTerminal(name, HERE, "52500001"), admin=True)
        assert refused == Refusal.TERMINAL_MUST_BE_NAMED
    for place in ("serial:///dev/x", "tcp://8.8.8.8:20007", "tcp://192.168.1.20", "tcp://host:1",
                  "tcp://192.168.1.20-30:20007", "192.168.1.20:20007", ""):  # fmt: skip
        refused = shop.no(PairTerminal("terminal/2", place, "52500002"), admin=True)
        assert refused == Refusal.ADDRESSES_MUST_BE_LOCAL, place
    for serial in ("", "5250000", "5250000x", "٥٢٥٠٠٠٠١", "V400m-324688179"):
        refused = shop.no(PairTerminal("terminal/2", HERE, serial), admin=True)
        assert refused == Refusal.SERIAL_MUST_BE_DIGITS
    for serial in (
        "",
        "52500001",
        "V400m-",
        "-1",
        "V400m-3-4",
        "V400m-٣",
        "V 1-2",
        "x" * 21 + "-1",
    ):
        nexo = PairTerminal("terminal/2", HERE, serial, TerminalProtocol.NEXO)
        assert shop.no(nexo, admin=True) == Refusal.SERIAL_MUST_NAME_ITS_MODEL, serial
    for pair in (
        PairTerminal("terminal/2", HERE, "52500002"),
        PairTerminal("terminal/2", "tcp://192.168.1.21:20007", "52500001"),
    ):
        assert shop.no(pair, admin=True) == Refusal.PLACE_MUST_BE_FREE
    full = {
        f"terminal/{at}": PairedTerminal(f"terminal/{at}", f"{at}", f"{at}")
        for at in range(limits.REGISTERS_MAX)
    }
    decision = terminals.decide(
        full, PairTerminal("terminal/x", HERE, "52500009"), shop.books.payments, {}
    )
    assert decision.refused is not None
    assert decision.refused.code == Refusal.TERMINALS_LIMIT_REACHED


def test_a_terminal_that_may_hold_money_is_not_exchanged() -> None:
    """What nobody knows yet is asked about at the terminal that has it."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    hear(shop, Verdict.UNKNOWN)
    assert shop.no(PAIR, admin=True) == PaymentRefusal.TERMINAL_MUST_BE_FREE
    hear(shop, Verdict.DECLINED)
    shop.ok(PAIR, admin=True)


def test_a_terminal_is_not_forgotten_while_it_holds_what_only_it_can_end() -> None:
    """A tab is captured where it was reserved, and what was taken offline is sent from there."""
    shop = card_shop()
    shop.ok(PAIR, admin=True)
    shop.ok(SetOfflinePolicy(OfflinePolicy(1000, 1000, 1000, 1000, 86_400)), admin=True)
    shop.ring("wine")
    shop.ok(OpenTab(5000))
    hear(shop, Verdict.APPROVED)
    unpair = UnpairTerminal("terminal/1")
    assert shop.no(unpair, admin=True) == Refusal.TERMINAL_MUST_HOLD_NOTHING
    held = {"terminal": "terminal/1", "tabs": 1, "payments": 0}
    assert shop.refused(unpair, admin=True) == held
    shop.ok(ReleaseTab())
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(RequestPayment())
    stored = running(shop).asked.payment_id
    hear(shop, Verdict.APPROVED, 3, is_offline=True)
    shop.ok(CompleteOrder())
    assert shop.no(unpair, admin=True) == Refusal.TERMINAL_MUST_HOLD_NOTHING
    assert shop.refused(unpair, admin=True) == {**held, "tabs": 0, "payments": 1}
    shop.ok(ReportUpload(stored, is_paid=True), admin=True)
    shop.ok(unpair, admin=True)


def test_the_image_keeps_pairings_and_is_as_before_without() -> None:
    """A snapshot of a store that never paired anything reads and hashes as it did."""
    shop = card_shop()
    assert "terminals" not in image_of(shop.books)
    shop.ok(PAIR, admin=True)
    plain = image_of(shop.books)
    assert books_from(plain, None).terminals == shop.books.terminals


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("192.168.1.20", 1),
        ("192.168.1.20:20008", 1),
        ("10.0.0.10-12, 10.0.0.11 127.0.0.1:5000", 4),
        ("192.168.1.0/24", 254),
        ("192.168.1.7/24:20008", 254),
        ("192.168.1.250-255", 6),
        ("192.168.1.0-255", 256),
    ],
)
def test_places_that_may_be_looked_at(text: str, count: int) -> None:
    """Each once, with its port."""
    places = places_of(text)
    assert isinstance(places, tuple)
    assert len(places) == count
    assert all(place.startswith("tcp://") for place in places)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " , ",
        "terminal.local",
        "8.8.8.8",
        "8.8.8.0/24",
        "0.0.0.0",
        "192.168.1.20-10",
        "192.168.1.20-300",
        "192.168.1.300",
        "192.168.1.1:0",
        "192.168.1.1:70000",
        "192.168.1.1/33",
        "fe80::1",
        "192.168.1.1 and more",
    ],
)
def test_places_that_may_not(text: str) -> None:
    """Nothing that is not the shop's, and nothing that is no address."""
    refused = places_of(text)
    assert isinstance(refused, Decision)
    assert refused.refused is not None
    assert refused.refused.code == Refusal.ADDRESSES_MUST_BE_LOCAL


OVERLAPPING = " ".join(f"10.0.0.{first}-255" for first in range(200))


@pytest.mark.parametrize(
    "text", ["10.0.0.0/8", "192.168.0.0/23", "10.0.0.0/24 10.0.1.0/24", OVERLAPPING]
)
def test_a_search_is_bounded(text: str) -> None:
    """No more than 256 places, and a wide network does not even fill the memory; nor do ranges that
    have most of their places in common."""
    refused = places_of(text)
    assert isinstance(refused, Decision)
    assert refused.refused is not None
    assert refused.refused.code == Refusal.ADDRESSES_LIMIT_REACHED
    assert refused.refused.fields == {"maximum": 256}


@pytest.mark.parametrize(
    "port",
    [
        "/dev/ttyUSB0",
        "/dev/ttyACM3",
        "/dev/pts/4",
        "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A9007V-if00-port0",
        "/dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0",
    ],
)
def test_a_serial_port_may_be_looked_at_and_paired(port: str) -> None:
    """By its file, at a speed its menu has; a network is named beside it as ever, and nexo is not
    spoken there."""
    assert places_of(f"10.0.0.1 {port}") == ("tcp://10.0.0.1:20007", f"serial://{port}")
    shop = card_shop()
    line = terminals.line_of(port, baud=9600)
    shop.ok(PairTerminal("terminal/1", line, "52500001"), admin=True)
    assert shop.replayed().terminals["terminal/1"].transport == line
    again = PairTerminal("terminal/2", terminals.line_of(port, baud=19_200), "52500002")
    assert shop.no(again, admin=True) == Refusal.PLACE_MUST_BE_FREE
    other = PairTerminal("terminal/1", line, "X-1", TerminalProtocol.NEXO)
    assert shop.no(other, admin=True) == Refusal.ADDRESSES_MUST_BE_LOCAL


@pytest.mark.parametrize(
    "place",
    [
        "/dev/watchdog",
        "/dev/tty",
        "/dev/ttyUSB0/../sda",
        "/etc/passwd",
        "serial:///dev/ttyUSB0",
        "serial:///dev/ttyUSB0?baud=9601&stop=2",
        "serial:///dev/sda?baud=9600&stop=2",
    ],
)
def test_what_is_no_serial_port_is_not_opened(place: str) -> None:
    """To open some files is to do something."""
    shop = card_shop()
    pair = PairTerminal("terminal/1", place, "52500001")
    assert shop.no(pair, admin=True) == Refusal.ADDRESSES_MUST_BE_LOCAL
    refused = places_of(place)
    assert isinstance(refused, Decision)
    assert refused.refused is not None
    assert refused.refused.code == Refusal.ADDRESSES_MUST_BE_LOCAL


def test_one_search_at_a_time() -> None:
    """Whoever wants another waits for it, or stops it."""
    assert terminals.search("10.0.0.1", is_running=False) == ("tcp://10.0.0.1:20007",)
    refused = terminals.search("10.0.0.1", is_running=True)
    assert isinstance(refused, Decision)
    assert refused.refused is not None
    assert refused.refused.code == Refusal.SEARCH_MUST_BE_OVER


@given(st.text(alphabet="0123456789./-:, x", max_size=40))
def test_whatever_is_typed_is_places_or_a_refusal(text: str) -> None:
    """Never an error, never a place beyond the bound."""
    places = places_of(text)
    if isinstance(places, tuple):
        assert 0 < len(places) <= terminals.SEARCHED_MAX
    else:
        assert places.refused is not None
