"""What a shop says about one device, checked before the device is built."""

from __future__ import annotations

from typing import Any, Literal

from attrs import frozen

from engine.wire import WireError, structure
from hardware.transport import parse_transport

Kind = Literal["printer", "drawer", "scanner", "display"]
KINDS = ("printer", "drawer", "scanner", "display")
TERMINATORS = {"cr": b"\r", "lf": b"\n", "crlf": b"\r\n", "tab": b"\t", "none": b""}


class SettingsError(ValueError):
    """A device is described wrongly; it was not started. The message says what to change."""


@frozen
class DeviceSettings:
    """One device. Fields that do not concern its kind keep their defaults.

    `address` is `kind/name`. `transport` is a URL of `hardware.transport`; a drawer has none and
    names its printer in `drawer_via` instead. `width` is a printer's columns. `protocol` is a
    printer's profile (`epson`, `escpos`, `escpos-mute`, `ascii`) or a display's (`epson`,
    `cd5220`); empty takes the first. `register` is the address a scanner speaks to.
    `drawer_open_level` is the level of pin 3 while the drawer is open: `high`, `low`, or `none`
    for a drawer without a switch. `same_code_ms` drops a repeat of a code within that time.
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
        )


def device_settings(data: Any) -> DeviceSettings:
    """Settings from plain data, such as one table of a TOML file.

    Raises:
        SettingsError: a field is unknown, of the wrong type, or does not fit the others.
    """
    name = data.get("address", "a device") if isinstance(data, dict) else "a device"
    try:
        return structure(data, DeviceSettings)
    except WireError as error:
        text = "; ".join(error.problems)
        if "was not started" not in text:
            text = f"{name} was not started: {text}"
        raise SettingsError(text) from None
