"""From what a shop says about a device to the actor that runs it."""

from __future__ import annotations

from typing import assert_never, cast

from actors.actor import Actor
from hardware.display.codec import Protocol
from hardware.display.device import DisplayDevice
from hardware.drawer.device import DrawerDevice
from hardware.printer.codepages import pages_by_name
from hardware.printer.device import PrinterDevice
from hardware.printer.profile import profile
from hardware.scanner.device import ScannerDevice
from hardware.settings import TERMINATORS, DeviceSettings, Kind, SettingsError
from hardware.terminal.zvt.codec import Profile
from hardware.terminal.zvt.device import ZvtDevice
from hardware.transport import SerialPlace, parse_transport

_NS_PER_MS = 1_000_000


def build_device(settings: DeviceSettings) -> Actor:
    """The actor for one device; it connects when it runs.

    Raises:
        SettingsError: a protocol or code page nobody knows.
    """
    try:
        return _build(settings)
    except ValueError as error:
        if isinstance(error, SettingsError):
            raise
        raise SettingsError(f"{settings.address} was not started: {error}") from None


def _build(settings: DeviceSettings) -> Actor:
    address = settings.address
    kind = cast(Kind, settings.kind)
    match kind:
        case "printer":
            place = parse_transport(settings.transport)
            return PrinterDevice(
                address, place, profile(settings.protocol or "epson", settings.width)
            )
        case "drawer":
            return DrawerDevice(
                address,
                printer=settings.drawer_via,
                pin=settings.drawer_pin,
                on_ms=settings.drawer_on_ms,
                open_level=settings.drawer_open_level,
            )
        case "scanner":
            return ScannerDevice(
                address,
                parse_transport(settings.transport),
                register=settings.register,
                terminator=TERMINATORS[settings.terminator],
                same_code_ns=settings.same_code_ms * _NS_PER_MS,
            )
        case "display":
            return DisplayDevice(
                address,
                parse_transport(settings.transport),
                protocol=Protocol(settings.protocol or "epson"),
                page=pages_by_name((settings.code_page,))[0],
            )
        case "terminal":
            return _terminal(settings)
        case _:
            assert_never(kind)


def _terminal(settings: DeviceSettings) -> Actor:
    protocol = settings.protocol or "zvt"
    if protocol != "zvt":
        raise SettingsError(
            f"{settings.address} was not started: its protocol is zvt, not {protocol}"
        )
    place = parse_transport(settings.transport)
    told = Profile(int(settings.password), settings.currency_code, settings.width, settings.serial)
    return ZvtDevice(settings.address, place, told, is_serial=isinstance(place, SerialPlace))
