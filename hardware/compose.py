"""From what a shop says about a device to the actor that runs it."""

from __future__ import annotations

from pathlib import Path
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
from hardware.terminal.zvt.codec import Profile as ZvtProfile
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
    match settings.protocol:
        case "" | "zvt":
            return _zvt(settings)
        case "nexo":
            return _nexo(settings)
        case other:
            raise SettingsError(
                f"{settings.address} was not started: its protocol is zvt or nexo, not {other}"
            )


def _zvt(settings: DeviceSettings) -> Actor:
    place = parse_transport(settings.transport)
    told = ZvtProfile(
        int(settings.password), settings.currency_code, settings.width, settings.serial
    )
    return ZvtDevice(settings.address, place, told, is_serial=isinstance(place, SerialPlace))


def _nexo(settings: DeviceSettings) -> Actor:
    # What speaks TLS takes its time to import, and most shops have none.
    from hardware.terminal.nexo.crypto import SecurityKey
    from hardware.terminal.nexo.device import NexoDevice
    from hardware.terminal.nexo.profile import Carrier
    from hardware.terminal.nexo.profile import Profile as NexoProfile

    try:
        authority_pem = Path(settings.authority_file).read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{settings.authority_file} cannot be read ({error})") from None
    told = NexoProfile(
        poi_id=settings.serial,
        sale_id=settings.address,
        key=SecurityKey(settings.key_identifier, settings.key_version, settings.passphrase),
        authority_pem=authority_pem,
        currency_code=settings.currency_code,
        is_test=settings.is_test,
        carrier=Carrier(settings.carrier),
    )
    return NexoDevice(settings.address, parse_transport(settings.transport), told)
