"""From what a shop says about a device to the actor that runs it."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never, cast

import structlog

from actors.actor import Actor
from actors.terminal_messages import Probed
from hardware.display.codec import Protocol
from hardware.display.device import DisplayDevice
from hardware.drawer.device import DrawerDevice
from hardware.printer.codepages import pages_by_name
from hardware.printer.device import PrinterDevice
from hardware.printer.profile import profile
from hardware.scanner.device import ScannerDevice
from hardware.settings import TERMINATORS, DeviceSettings, Kind, NexoShop, SettingsError
from hardware.terminal.finder import MeetNexo
from hardware.terminal.zvt.codec import Profile as ZvtProfile
from hardware.terminal.zvt.device import ZvtDevice
from hardware.transport import SerialPlace, TcpPlace, parse_transport

log = structlog.get_logger()
_NS_PER_MS = 1_000_000


def build_device(settings: DeviceSettings, folder: Path | None = None) -> Actor:
    """The actor for one device; it connects when it runs. What must outlive the node it keeps in
    `folder`, where there is one.

    Raises:
        SettingsError: a protocol or code page nobody knows.
    """
    try:
        return _build(settings, folder)
    except ValueError as error:
        if isinstance(error, SettingsError):
            raise
        raise SettingsError(f"{settings.address} was not started: {error}") from None


def _build(settings: DeviceSettings, folder: Path | None) -> Actor:
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
            return _terminal(settings, folder)
        case _:
            assert_never(kind)


def _terminal(settings: DeviceSettings, folder: Path | None) -> Actor:
    match settings.protocol:
        case "" | "zvt":
            return _zvt(settings, folder)
        case "nexo":
            return _nexo(settings)
        case other:
            raise SettingsError(
                f"{settings.address} was not started: its protocol is zvt or nexo, not {other}"
            )


def _zvt(settings: DeviceSettings, folder: Path | None) -> Actor:
    place = parse_transport(settings.transport)
    told = ZvtProfile(
        int(settings.password), settings.currency_code, settings.width, settings.serial
    )
    is_serial = isinstance(place, SerialPlace)
    return ZvtDevice(settings.address, place, told, is_serial=is_serial, folder=folder)


def _nexo(settings: DeviceSettings) -> Actor:
    # What speaks TLS takes its time to import, and most shops have none.
    from hardware.terminal.nexo.crypto import SecurityKey
    from hardware.terminal.nexo.device import NexoDevice
    from hardware.terminal.nexo.profile import Carrier
    from hardware.terminal.nexo.profile import Profile as NexoProfile

    told = NexoProfile(
        poi_id=settings.serial,
        sale_id=settings.address,
        key=SecurityKey(settings.key_identifier, settings.key_version, settings.passphrase),
        authority_pem=_authority(settings.authority_file),
        currency_code=settings.currency_code,
        is_test=settings.is_test,
        carrier=Carrier(settings.carrier),
    )
    return NexoDevice(settings.address, parse_transport(settings.transport), told)


def _authority(file: str) -> str:
    try:
        return Path(file).read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} cannot be read ({error})") from None


def meet_nexo(shop: NexoShop) -> MeetNexo:
    """Which nexo terminal of `shop` is at a place. A certificate that cannot be read vouches for
    nobody: what is met then is told as not trusted."""

    async def meet(place: TcpPlace) -> Probed:
        from hardware.terminal.nexo.probe import probe

        try:
            authority_pem = _authority(shop.authority_file)
        except ValueError as error:
            log.warning("authority_not_read", reason=str(error))
            authority_pem = ""
        return await probe(place, authority_pem, is_test=shop.is_test)

    return meet
