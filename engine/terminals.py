"""Card terminals a person paired at the set-up page: where each is, and which one it must be.

A pairing is a fact: who paired which terminal where, and when, is known as long as the journal is.
It says no secret. What else a device needs (its password, a serial line, the key and certificate
of nexo) stays in the store's configuration file, and counts beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, assert_never

from attrs import frozen

from engine import limits
from engine.decision import COMMANDS, EVENTS, Decision, Fact, refuse
from engine.payment.refusal import Refusal as PaymentRefusal
from engine.payment.state import Payments

if TYPE_CHECKING:
    from engine.order.state import Order

STREAM = "terminals"
PORT, NEXO_PORT = 20007, 8443
SERIAL_RATES = (9600, 115_200, 19_200, 38_400, 57_600)
"""What a ZVT terminal's own menu has for its serial line, the usual one first."""
SEARCHED_MAX = 256
POI_ID = re.compile(r"[A-Za-z0-9]{1,20}-[A-Za-z0-9]{1,30}")
"""What a nexo terminal is known by: its model and its number."""
_NAME = re.compile(r"terminal/[a-z0-9-]{1,24}")
# Not every file there is a line: to open a watchdog restarts the machine.
_PORT = r"/dev/(?:tty|cu\.|rfcomm|pts/|serial/by-(?:id|path)/)[A-Za-z0-9._:+@-]{1,120}"
_PORT_NAMED = re.compile(_PORT)
_LINE = re.compile(rf"serial://(?P<port>{_PORT})\?baud=(?P<baud>[0-9]{{4,6}})&stop=2")
_WHERE = re.compile(r"([0-9.]+)(?:/([0-9]{1,2})|-([0-9]{1,3}))?(?::([0-9]{1,5}))?")


class TerminalProtocol(Enum):
    """What is spoken with a terminal."""

    ZVT = "zvt"
    NEXO = "nexo"


@frozen
class PairedTerminal:
    """`terminal` is its address among devices, `transport` where it is (`tcp://host:port`, or as
    `line_of` writes it), `serial` the number it tells: another one at that place is an alarm and is
    not paid at. A ZVT terminal's has eight digits; that of nexo is model and number, such as
    `V400m-324688179`."""

    terminal: str
    transport: str
    serial: str
    protocol: TerminalProtocol = TerminalProtocol.ZVT


@EVENTS.name("terminal.paired/1")
@frozen
class TerminalPaired:
    """This terminal is there from here on; it counts over what the configuration file says."""

    pairing: PairedTerminal


@EVENTS.name("terminal.unpaired/1")
@frozen
class TerminalUnpaired:
    """What the configuration file says counts again, if it says anything."""

    terminal: str


TerminalEvent = TerminalPaired | TerminalUnpaired
Terminals = dict[str, PairedTerminal]


def evolve(state: Terminals, event: TerminalEvent) -> Terminals:
    """The pairings after `event`."""
    match event:
        case TerminalPaired(pairing):
            return {**state, pairing.terminal: pairing}
        case TerminalUnpaired(terminal):
            return {name: entry for name, entry in state.items() if name != terminal}
        case _:
            assert_never(event)


@COMMANDS.name("terminal.pair")
@frozen
class PairTerminal:
    """Pay at this terminal, at this place, under that address; it may replace one there."""

    terminal: str
    transport: str
    serial: str
    protocol: TerminalProtocol = TerminalProtocol.ZVT


@COMMANDS.name("terminal.unpair")
@frozen
class UnpairTerminal:
    """Forget a pairing."""

    terminal: str


TerminalCommand = PairTerminal | UnpairTerminal


class Refusal:
    """In precedence order."""

    TERMINAL_MUST_BE_NAMED = "terminal_must_be_named"
    ADDRESSES_MUST_BE_LOCAL = "addresses_must_be_local"
    ADDRESSES_LIMIT_REACHED = "addresses_limit_reached"
    SEARCH_MUST_BE_OVER = "search_must_be_over"
    SERIAL_MUST_BE_DIGITS = "serial_must_be_digits"
    SERIAL_MUST_NAME_ITS_MODEL = "serial_must_name_its_model"
    TERMINALS_LIMIT_REACHED = "terminals_limit_reached"
    PLACE_MUST_BE_FREE = "place_must_be_free"
    TERMINAL_MUST_BE_PAIRED = "terminal_must_be_paired"
    TERMINAL_MUST_HOLD_NOTHING = "terminal_must_hold_nothing"


def decide(
    state: Terminals, body: TerminalCommand, payments: Payments, orders: Mapping[str, Order]
) -> Decision:
    """Decide a pairing; `orders` are those that are open.

    Refuses:
        As `Refusal` lists, before its last terminal_must_be_free: a payment nobody knows yet is
        asked about at the terminal that has it.
    """
    match body:
        case PairTerminal():
            refused = _why_not(state, body)
            pairing = PairedTerminal(body.terminal, body.transport, body.serial, body.protocol)
            fact = Fact(STREAM, TerminalPaired(pairing))
        case UnpairTerminal():
            refused = None
            if body.terminal not in state:
                refused = refuse(Refusal.TERMINAL_MUST_BE_PAIRED, terminal=body.terminal[:40])
            fact = Fact(STREAM, TerminalUnpaired(body.terminal))
        case _:
            assert_never(body)
    if refused is not None:
        return refused
    open_payment = payments.at_terminal(body.terminal)
    if open_payment is not None:
        asked = open_payment.asked
        return refuse(
            PaymentRefusal.TERMINAL_MUST_BE_FREE,
            payment_id=asked.payment_id,
            order_id=asked.order_id,
        )
    if isinstance(body, UnpairTerminal):
        held = _held(body.terminal, payments, orders)
        if held is not None:
            return held
    return Decision((fact,), {"terminal": body.terminal})


def _held(terminal: str, payments: Payments, orders: Mapping[str, Order]) -> Decision | None:
    """What only this terminal can end, as a refusal: a reservation is captured or let go where it
    was made, and what was taken offline is sent from there."""
    reserved = [order.tab for order in orders.values() if order.tab is not None]
    tabs = sum(tab.card.terminal == terminal for tab in reserved)
    stored = sum(one.asked.terminal == terminal for one in payments.offline.values())
    if tabs or stored:
        return refuse(
            Refusal.TERMINAL_MUST_HOLD_NOTHING, terminal=terminal, tabs=tabs, payments=stored
        )
    return None


def _why_not(state: Terminals, body: PairTerminal) -> Decision | None:
    if not _NAME.fullmatch(body.terminal):
        return refuse(Refusal.TERMINAL_MUST_BE_NAMED, terminal=body.terminal[:40])
    if (elsewhere := _elsewhere(body.transport, body.protocol)) is not None:
        return elsewhere
    if (unfit := _unfit(body.serial, body.protocol)) is not None:
        return refuse(unfit, serial=body.serial[:40])
    if body.terminal not in state and len(state) >= limits.REGISTERS_MAX:
        return refuse(Refusal.TERMINALS_LIMIT_REACHED, maximum=limits.REGISTERS_MAX)
    for other in state.values():
        same = _place(other.transport) == _place(body.transport) or other.serial == body.serial
        if same and other.terminal != body.terminal:
            return refuse(Refusal.PLACE_MUST_BE_FREE, terminal=other.terminal)
    return None


def _elsewhere(transport: str, protocol: TerminalProtocol) -> Decision | None:
    """A refusal of what is not one place: nexo is spoken on a network alone."""
    line = _LINE.fullmatch(transport)
    if line is not None:
        is_fit = int(line["baud"]) in SERIAL_RATES and protocol is TerminalProtocol.ZVT
        return None if is_fit else refuse(Refusal.ADDRESSES_MUST_BE_LOCAL, address=transport[:40])
    places = places_of(transport.removeprefix("tcp://"))
    if isinstance(places, Decision):
        return places
    if not transport.startswith("tcp://") or places != (transport,):
        return refuse(Refusal.ADDRESSES_MUST_BE_LOCAL, address=transport[:40])
    return None


def _place(transport: str) -> str:
    """Where that is: a serial line is the same at any speed."""
    return transport.partition("?")[0]


def line_of(port: str, *, baud: int) -> str:
    """The transport of a terminal on a serial line: eight bits, no parity, and two stop bits,
    which one that expects a single one understands, too."""
    return f"serial://{port}?baud={baud}&stop=2"


def is_port(path: str) -> bool:
    """Whether a file is named as a serial port is."""
    return _PORT_NAMED.fullmatch(path) is not None


def _unfit(serial: str, protocol: TerminalProtocol) -> str | None:
    match protocol:
        case TerminalProtocol.ZVT:
            is_fit = len(serial) == 8 and serial.isascii() and serial.isdecimal()
            return None if is_fit else Refusal.SERIAL_MUST_BE_DIGITS
        case TerminalProtocol.NEXO:
            return None if POI_ID.fullmatch(serial) else Refusal.SERIAL_MUST_NAME_ITS_MODEL
        case _:
            assert_never(protocol)


def places_of(text: str) -> tuple[str, ...] | Decision:
    """The places a person named, apart by spaces or commas: an address, a network such as
    `192.0.2.0/24`, or a range such as `192.0.2.10-40`, each with `:port` where it is not 20007; or
    a serial port of this machine, such as `/dev/ttyUSB0`.

    Refuses:
        addresses_must_be_local: not an address of this machine's or a private network, nor a serial
        port: nobody searches what is not theirs. addresses_limit_reached.
    """
    found: dict[str, None] = {}
    named_count = 0
    for word in dict.fromkeys(text.replace(",", " ").split()):
        hosts = _hosts(word)
        if hosts is None:
            return refuse(Refusal.ADDRESSES_MUST_BE_LOCAL, address=word[:40])
        found |= dict.fromkeys(hosts)
        # What ranges have in common counts with each, or thousands of them are written out here.
        named_count += len(hosts)
        if named_count > SEARCHED_MAX:
            return refuse(Refusal.ADDRESSES_LIMIT_REACHED, maximum=SEARCHED_MAX)
    if not found:
        return refuse(Refusal.ADDRESSES_MUST_BE_LOCAL, address="")
    return tuple(found)


def search(addresses: str, *, is_running: bool) -> tuple[str, ...] | Decision:
    """The places to look at, once no other search goes on.

    Refuses:
        those of `places_of`; search_must_be_over.
    """
    places = places_of(addresses)
    if not isinstance(places, Decision) and is_running:
        return refuse(Refusal.SEARCH_MUST_BE_OVER)
    return places


def _hosts(word: str) -> list[str] | None:
    """The places a word names, a few more than are allowed at most; None where it names none."""
    if is_port(word):
        return [f"serial://{word}"]
    match = _WHERE.fullmatch(word)
    if match is None:
        return None
    text, bits, last, port_text = match.groups()
    port = int(port_text or PORT)
    try:
        first = IPv4Address(text)
        if bits is not None:
            network = IPv4Network(f"{text}/{bits}", strict=False)
            hosts = list(network.hosts()) if network.num_addresses <= SEARCHED_MAX else None
            if hosts is None:
                hosts = [network.network_address + at for at in range(SEARCHED_MAX + 1)]
        else:
            end = int(last) if last is not None else int(first) % 256
            hosts = [first + at for at in range(end - int(first) % 256 + 1)]
    except ValueError:
        return None
    is_ours = all(host.is_private and not host.is_unspecified for host in hosts)
    if not hosts or not is_ours or not 1 <= port <= 65_535 or (last and int(last) > 255):
        return None
    return [f"tcp://{host}:{port}" for host in hosts]


def names_of(state: Mapping[str, PairedTerminal]) -> tuple[PairedTerminal, ...]:
    """Every pairing, by address."""
    return tuple(state[name] for name in sorted(state))
