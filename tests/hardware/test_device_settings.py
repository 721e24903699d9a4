"""What a shop writes about its devices."""

from __future__ import annotations

from typing import Any

import pytest

from hardware.compose import build_device
from hardware.display.device import DisplayDevice
from hardware.drawer.device import DrawerDevice
from hardware.printer.device import PrinterDevice
from hardware.scanner.device import ScannerDevice
from hardware.settings import SettingsError, device_settings

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
