"""The set-up page of card terminals: which are paired, how each is, and what a search found."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from engine.books import Books
from engine.terminals import TerminalProtocol
from engine.views.shapes import DeviceView


@frozen
class TerminalSetupView:
    """One terminal by its address. `is_paired` says that it was paired by the page: else its place
    and number are in the configuration file, and empty here, and what it speaks is not known. What
    follows is what it last said of itself."""

    terminal: str
    registers: tuple[str, ...]
    is_paired: bool
    transport: str
    serial: str
    state: str
    code: str
    detail: str
    protocol: TerminalProtocol | None


@frozen
class TerminalFoundView:
    """What answered at a place as a card terminal does: its number, and how it said it is. `paired`
    is the terminal paired there already, "" where there is none. One that is not `is_trusted` tells
    that number and cannot show it; `code` says why."""

    transport: str
    serial: str
    code: str
    paired: str
    protocol: TerminalProtocol
    is_trusted: bool


@frozen
class SearchView:
    """A search, or the last one: how many places of how many were asked. `network` is that of this
    machine and `ports` are its serial ports, offered and not searched unasked."""

    is_running: bool = False
    done: int = 0
    total: int = 0
    is_stopped: bool = False
    found: tuple[TerminalFoundView, ...] = ()
    network: str = ""
    ports: tuple[str, ...] = ()


@frozen
class TerminalsView:
    """All terminals, and the search."""

    terminals: tuple[TerminalSetupView, ...]
    search: SearchView = SearchView()


@frozen
class TerminalTestView:
    """What a terminal said when it was asked how it is; no payment was asked for."""

    terminal: str
    is_ready: bool
    code: str
    detail: str


def terminals_view(books: Books, devices: Mapping[str, DeviceView]) -> TerminalsView:
    """Every terminal that is paired, or that a register has."""
    used: dict[str, list[str]] = {name: [] for name in books.terminals}
    for setup in books.settings.registers.values():
        if setup.terminal:
            used.setdefault(setup.terminal, []).append(setup.id)
    rows = []
    for name, registers in sorted(used.items()):
        pairing = books.terminals.get(name)
        device = devices.get(name) or DeviceView(name, "absent", "not_heard_of", "")
        rows.append(
            TerminalSetupView(
                name,
                tuple(sorted(registers)),
                pairing is not None,
                "" if pairing is None else pairing.transport,
                "" if pairing is None else pairing.serial,
                device.state,
                device.code,
                device.detail,
                None if pairing is None else pairing.protocol,
            )
        )
    return TerminalsView(tuple(rows))
