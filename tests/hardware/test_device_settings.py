"""What a shop writes about its devices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from countertop.config import ConfigError, from_data
from hardware.compose import build_device
from hardware.display.device import DisplayDevice
from hardware.drawer.device import DrawerDevice
from hardware.printer.device import PrinterDevice
from hardware.scanner.device import ScannerDevice
from hardware.settings import DeviceSettings, SettingsError, require_apart
from hardware.terminal.nexo.crypto import SecurityKey
from hardware.terminal.nexo.device import NexoDevice
from hardware.terminal.nexo.profile import Profile as NexoProfile
from hardware.terminal.zvt.codec import Profile
from hardware.terminal.zvt.device import ZvtDevice
from tests.hardware.nexo_rig import authority

TCP = "tcp://192.0.2.1:9100"


def device_settings(table: Any) -> DeviceSettings:
    """What the store reads of one `[[devices]]` table of its configuration file."""
    (read,) = from_data({"data_dir": "x", "store_id": "x", "devices": [table]}, "x.toml").devices
    return read


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
        ({"kind": "terminal", "address": "terminal/a", "protocol": "opi"}, "zvt or nexo, not opi"),
        ({"kind": "terminal", "address": "terminal/a", "protocol": "nexo"}, "authority_file"),
        ({"kind": "terminal", "address": "terminal/a", "protocol": "nexo", "authority_file": "x",
          "transport": "serial:///dev/ttyS0"}, "tcp://host:8443"),
        ({"kind": "terminal", "address": "terminal/a", "password": "1234"}, "six digits"),
        ({"kind": "terminal", "address": "terminal/a", "password": "12345\u0663"}, "six digits"),
        ({"kind": "terminal", "address": "terminal/a", "serial": "5250"}, "eight digits"),
        ({"kind": "terminal", "address": "terminal/a", "currency_code": 0}, "1 to 999"),
    ],
)  # fmt: skip
def test_mistakes_are_named(change: dict[str, Any], says: str) -> None:
    """A mistake is refused with the device's address or its place in the file, what was not done
    and what is wrong."""
    wrong = r"(a was not started|devices\[0\].*Nothing was started)"
    with pytest.raises((ConfigError, SettingsError), match=wrong) as raised:
        build_device(device_settings(PRINTER | change))
    assert says in str(raised.value)


def test_not_even_a_table() -> None:
    """Anything but a table is refused the same way."""
    with pytest.raises(ConfigError, match="expected an object"):
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


@pytest.mark.feature("HW-07", part="two devices cannot be set to one address")
def test_one_terminal_under_two_names_is_refused() -> None:
    """Its number tells, whatever its place is called; without one nobody can know."""
    one = DeviceSettings("terminal/a", "terminal", "tcp://pay-1.lan:20007", serial="52500001")
    two = DeviceSettings("terminal/b", "terminal", TCP, serial="52500001")
    words = "terminal/b was not started: terminal/a is the terminal 52500001 already"
    with pytest.raises(SettingsError, match=words):
        require_apart((one, two))
    require_apart([attrs.evolve(each, serial="") for each in (one, two)])


def test_devices_apart_are_taken() -> None:
    """Neighbours on one host, and a drawer, which has no cable of its own, are no mistake; one
    address written twice is."""
    one = DeviceSettings("terminal/a", "terminal", "tcp://192.0.2.1:20007")
    two = DeviceSettings("terminal/b", "terminal", "tcp://192.0.2.1:20008")
    drawers = [DeviceSettings(f"drawer/{n}", "drawer", drawer_via="printer/b") for n in (1, 2)]
    require_apart((one, two, *drawers))
    with pytest.raises(SettingsError, match="terminal/a was not started: it is described twice"):
        require_apart((one, DeviceSettings("terminal/a", "terminal", "tcp://192.0.2.9:1")))


NEXO = {"address": "terminal/lane-2", "kind": "terminal", "transport": "tcp://192.0.2.1:8443",
        "protocol": "nexo", "serial": "V400m-324688179", "key_identifier": "shop", "key_version": 2,
        "passphrase": "p@ssw0rd123456", "currency_code": 756, "is_test": True}  # fmt: skip


def test_a_nexo_terminal_is_told_what_the_shop_wrote(tmp_path: Path) -> None:
    """Key, certificate, serial number and currency reach the conversation; the register's name at
    the terminal is its address; the log sees no passphrase."""
    authority_file = tmp_path / "terminals.pem"
    authority_file.write_text(authority().pem)
    settings = device_settings(NEXO | {"authority_file": str(authority_file)})
    device = build_device(settings)
    assert isinstance(device, NexoDevice)
    assert device.profile == NexoProfile(
        "V400m-324688179",
        "terminal/lane-2",
        SecurityKey("shop", 2, "p@ssw0rd123456"),
        authority().pem,
        currency_code=756,
        is_test=True,
    )
    assert "p@ssw0rd" not in repr(settings)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"authority_file": "/nowhere/terminals.pem"}, "cannot be read"),
        ({"serial": "52500001"}, "poi_id is model-serial"),
        ({"passphrase": ""}, "passphrase_must_not_be_empty"),
        ({"passphrase": "pässword"}, "passphrase_must_be_ascii"),
        ({"key_identifier": ""}, "key_must_be_named"),
        ({"currency_code": 1}, "currency"),
    ],
)
def test_mistakes_about_a_nexo_terminal_are_named(
    change: dict[str, Any], says: str, tmp_path: Path
) -> None:
    """Whatever cannot be used is refused when the device is built, with what to change."""
    authority_file = tmp_path / "terminals.pem"
    authority_file.write_text(authority().pem)
    told = NEXO | {"authority_file": str(authority_file)} | change
    with pytest.raises(SettingsError, match="terminal/lane-2 was not started") as raised:
        build_device(device_settings(told))
    assert says in str(raised.value)
