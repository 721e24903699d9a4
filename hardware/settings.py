"""What a shop says about one device, checked before the device is built."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from attrs import field, frozen

from hardware.transport import TcpPlace, parse_transport

Kind = Literal["printer", "drawer", "scanner", "display", "terminal"]
KINDS = ("printer", "drawer", "scanner", "display", "terminal")
CARRIERS = ("https", "websocket")
TERMINATORS = {"cr": b"\r", "lf": b"\n", "crlf": b"\r\n", "tab": b"\t", "none": b""}


class SettingsError(ValueError):
    """A device is described wrongly; it was not started. The message says what to change."""


@frozen
class DeviceSettings:
    """One device. Fields that do not concern its kind keep their defaults.

    `address` is `kind/name`. `transport` is a URL of `hardware.transport`; a drawer has none and
    names its printer in `drawer_via` instead. `width` is a printer's columns. `protocol` is a
    printer's profile (`epson`, `escpos`, `escpos-mute`, `ascii`), a display's (`epson`, `cd5220`)
    or a terminal's (`zvt`, `nexo`); empty takes the first. `register` is the address a scanner
    speaks to.
    `drawer_open_level` is the level of pin 3 while the drawer is open: `high`, `low`, or `none`
    for a drawer without a switch. `same_code_ms` drops a repeat of a code within that time.

    A terminal's `width` is the columns of the printer its receipts come out of, `currency_code`
    ISO 4217's number, `password` its six digits (ZVT). `serial` is what it is known by: another at
    its place is not used. ZVT: the terminal identification, eight digits; empty takes the first
    that answers and tells its number. nexo: model and serial number, such as `V400m-324688179`.

    A nexo terminal shares `passphrase` with the shop, under `key_identifier` and `key_version`;
    `authority_file` is the certificate that vouches for it, `is_test` says it is one for trials,
    `carrier` how its messages come: `https` or `websocket`.
    """

    address: str
    kind: str
    transport: str = ""
    protocol: str = ""
    width: int = 42
    register: str = ""
    drawer_via: str = ""
    drawer_pin: int = 2
    drawer_on_ms: int = 100
    drawer_open_level: str = "high"
    terminator: str = "cr"
    same_code_ms: int = 0
    code_page: str = "CP437"
    currency_code: int = 978
    password: str = field(default="000000", repr=False)
    serial: str = ""
    key_identifier: str = ""
    key_version: int = 1
    passphrase: str = field(default="", repr=False)
    authority_file: str = ""
    is_test: bool = False
    carrier: str = "https"

    def __attrs_post_init__(self) -> None:
        """Check the fields against each other."""
        for ok, problem in self._checks():
            if not ok:
                raise SettingsError(f"{self.address or 'a device'} was not started: {problem}")
        if self.kind != "drawer":
            try:
                parse_transport(self.transport)
            except ValueError as error:
                raise SettingsError(f"{self.address} was not started: {error}") from None

    def _checks(self) -> tuple[tuple[bool, str], ...]:
        return (
            (self.kind in KINDS, f"its kind is one of {', '.join(KINDS)}, not {self.kind!r}"),
            (
                self.address.startswith(f"{self.kind}/") and len(self.address) > len(self.kind) + 1,
                f"its address is written {self.kind}/name",
            ),
            (
                self.kind != "drawer" or self.drawer_via.startswith("printer/"),
                "a drawer names its printer in drawer_via, such as printer/receipt-1",
            ),
            (
                self.kind != "scanner" or self.register.startswith("register/"),
                "a scanner names its register, such as register/1",
            ),
            (20 <= self.width <= 64, "its width is 20 to 64 columns"),
            (self.drawer_pin in (2, 5), "its drawer_pin is 2 or 5"),
            (1 <= self.drawer_on_ms <= 500, "its drawer_on_ms is 1 to 500"),
            (
                self.drawer_open_level in ("high", "low", "none"),
                "its drawer_open_level is high, low or none",
            ),
            (self.terminator in TERMINATORS, f"its terminator is one of {', '.join(TERMINATORS)}"),
            (0 <= self.same_code_ms <= 60_000, "its same_code_ms is 0 to 60000"),
            (1 <= self.currency_code <= 999, "its currency_code is 1 to 999"),
            (_is_digits(self.password, 6), "its password is six digits"),
            (
                self._speaks != "zvt" or not self.serial or _is_digits(self.serial, 8),
                "its serial is the terminal's identification of eight digits, or empty",
            ),
            (
                self._speaks != "nexo" or bool(self.authority_file),
                "its authority_file names the certificate that vouches for it",
            ),
            (
                self._speaks != "nexo" or self.transport.startswith("tcp://"),
                "its transport is tcp://host:8443",
            ),
            (self.carrier in CARRIERS, f"its carrier is one of {', '.join(CARRIERS)}"),
        )

    @property
    def _speaks(self) -> str:
        return (self.protocol or "zvt") if self.kind == "terminal" else ""


@frozen
class Unusable:
    """A device that is not started, and why, as it is told to people."""

    address: str
    reason: str


@frozen
class NexoShop:
    """What a shop says once of all nexo terminals that are paired at the register.

    The fields are those of `DeviceSettings`.
    """

    authority_file: str
    key_identifier: str
    passphrase: str = field(repr=False)
    key_version: int = 1
    is_test: bool = False
    carrier: str = "https"

    def __attrs_post_init__(self) -> None:
        """Check the fields; the certificate is read when a terminal is met."""
        # Most shops have no such table, and need not know how a key is told.
        from hardware.terminal.nexo.crypto import SecurityKey

        try:
            if not self.authority_file:
                raise ValueError("authority_file names the certificate that vouches for terminals")
            if self.carrier not in CARRIERS:
                raise ValueError(f"carrier is one of {', '.join(CARRIERS)}")
            SecurityKey(self.key_identifier, self.key_version, self.passphrase)
        except ValueError as error:
            raise SettingsError(f"[nexo] cannot be used: {error}") from None

    def reached(self, address: str, transport: str, serial: str) -> DeviceSettings:
        """The terminal of that number at that place."""
        return DeviceSettings(
            address,
            "terminal",
            transport,
            "nexo",
            serial=serial,
            key_identifier=self.key_identifier,
            key_version=self.key_version,
            passphrase=self.passphrase,
            authority_file=self.authority_file,
            is_test=self.is_test,
            carrier=self.carrier,
        )


def _is_digits(text: str, count: int) -> bool:
    return len(text) == count and text.isascii() and text.isdecimal()


def require_apart(devices: Iterable[DeviceSettings]) -> None:
    """Check that no two devices have one address or hang on one cable, and that no two are one
    terminal, whatever its place is called.

    Raises:
        SettingsError: two do; names both.
    """
    addresses: set[str] = set()
    cables: dict[object, str] = {}
    terminals: dict[str, str] = {}
    for device in devices:
        if device.address in addresses:
            raise SettingsError(f"{device.address} was not started: it is described twice")
        addresses.add(device.address)
        if device.kind == "drawer":
            continue
        place = parse_transport(device.transport)
        cable = place if isinstance(place, TcpPlace) else place.path
        if (other := cables.setdefault(cable, device.address)) != device.address:
            raise SettingsError(
                f"{device.address} was not started: {other} is at {device.transport} already"
            )
        number = device.serial if device.kind == "terminal" else ""
        if number and (other := terminals.setdefault(number, device.address)) != device.address:
            raise SettingsError(
                f"{device.address} was not started: {other} is the terminal {number} already"
            )
