"""What a shop writes about its devices."""

from __future__ import annotations

from typing import Any

import pytest

from hardware.compose import build_device
from hardware.display.device import DisplayDevice
from hardware.drawer.device import DrawerDevice
from hardware.printer.device import PrinterDevice
from hardware.scanner.device import ScannerDevice
from hardware.settings import DeviceSettings, SettingsError, device_settings, require_apart
from hardware.terminal.zvt.codec import Profile
from hardware.terminal.zvt.device import ZvtDevice

TCP = "tcp://192.0.2.1:9100"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"address": "printer/a", "kind": "printer", "transport": TCP, "width": 48}, PrinterDevice),
        ({"address": "drawer/a", "kind": "drawer", "drawer_via": "printer/a"}, DrawerDevice),
        (
            {
                "address": "scanner/a",
                "kind": "scanner",
                "transport": "serial:///dev/ttyACM0?baud=115200",
                "register": "register/1",
                "terminator": "crlf",
            },
            ScannerDevice,
        ),
        (
            {"address": "display/a", "kind": "display", "transport": TCP, "protocol": "cd5220"},
            DisplayDevice,
        ),
        ({"address": "terminal/a", "kind": "terminal", "transport": TCP}, ZvtDevice),
        (
            {
                "address": "terminal/a",
                "kind": "terminal",
                "transport": "serial:///dev/ttyUSB0?baud=115200",
                "protocol": "zvt",
                "currency_code": 756,
                "password": "012345",
                "serial": "52500001",
            },
            ZvtDevice,
        ),
    ],
)
def test_each_kind_is_built(data: dict[str, Any], kind: type) -> None:
    """Plain data becomes the actor of its kind, at its address."""
    actor = build_device(device_settings(data))
    assert isinstance(actor, kind)
    assert actor.address == data["address"]


PRINTER = {"address": "printer/a", "kind": "printer", "transport": TCP}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "toaster"}, "its kind is one of"),
        ({"address": "lamp/a"}, "printer/name"),
        ({"transport": ""}, "tcp:// or serial://"),
        ({"width": 5}, "20 to 64"),
        ({"width": "42"}, "expected int"),
        ({"speed": 9600}, "unknown field speed"),
        ({"protocol": "star"}, "unknown printer protocol star"),
        ({"drawer_pin": 3}, "2 or 5"),
        ({"kind": "scanner", "address": "scanner/a"}, "names its register"),
        ({"kind": "drawer", "address": "drawer/a"}, "names its printer"),
        ({"kind": "scanner", "address": "scanner/a", "register": "register/1",
          "terminator": "bell"}, "its terminator is one of"),
        ({"kind": "display", "address": "display/a", "code_page": "CP1"}, "unknown code page"),
        ({"kind": "display", "address": "display/a", "protocol": "lcd"}, "lcd"),
        ({"kind": "terminal", "address": "terminal/a", "protocol": "opi"}, "zvt, not opi"),
        ({"kind": "terminal", "address": "terminal/a", "password": "1234"}, "six digits"),
        ({"kind": "terminal", "address": "terminal/a", "password": "12345\u0663"}, "six digits"),
        ({"kind": "terminal", "address": "terminal/a", "serial": "5250"}, "eight digits"),
        ({"kind": "terminal", "address": "terminal/a", "currency_code": 0}, "1 to 999"),
    ],
)  # fmt: skip
def test_mistakes_are_named(change: dict[str, Any], says: str) -> None:
    """A mistake is refused with the device's address, what was not done and what is wrong."""
    with pytest.raises(SettingsError, match="was not started") as raised:
        build_device(device_settings(PRINTER | change))
    assert says in str(raised.value)


def test_not_even_a_table() -> None:
    """Anything but a table is refused the same way."""
    with pytest.raises(SettingsError, match="expected an object"):
        device_settings(["printer"])


def test_a_terminal_is_told_what_the_shop_wrote() -> None:
    """Password, currency, columns and serial number reach the conversation; the log sees none of
    the password."""
    data = {"address": "terminal/a", "kind": "terminal", "transport": TCP, "password": "012345",
            "currency_code": 756, "width": 32, "serial": "52500001"}  # fmt: skip
    settings = device_settings(data)
    device = build_device(settings)
    assert isinstance(device, ZvtDevice)
    assert device.session.profile == Profile(12345, 756, 32, "52500001")
    assert "12345" not in repr(settings)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("tcp://192.0.2.1:20007", "tcp://192.0.2.1:20007"),
        ("serial:///dev/ttyS0?baud=9600", "serial:///dev/ttyS0?baud=115200"),
    ],
)
@pytest.mark.feature("HW-07", part="two devices cannot be set to one address")
def test_two_devices_on_one_cable_are_refused(first: str, second: str) -> None:
    """Two devices of any kinds at one place are a mistake that is named before either starts."""
    one = DeviceSettings("terminal/a", "terminal", first)
    two = DeviceSettings("printer/b", "printer", second)
    with pytest.raises(SettingsError, match="printer/b was not started: terminal/a is at"):
        require_apart((one, two))


def test_devices_apart_are_taken() -> None:
    """Neighbours on one host, and a drawer, which has no cable of its own, are no mistake; one
    address written twice is."""
    one = DeviceSettings("terminal/a", "terminal", "tcp://192.0.2.1:20007")
    two = DeviceSettings("terminal/b", "terminal", "tcp://192.0.2.1:20008")
    drawers = [DeviceSettings(f"drawer/{n}", "drawer", drawer_via="printer/b") for n in (1, 2)]
    require_apart((one, two, *drawers))
    with pytest.raises(SettingsError, match="terminal/a was not started: it is described twice"):
        require_apart((one, DeviceSettings("terminal/a", "terminal", "tcp://192.0.2.9:1")))
