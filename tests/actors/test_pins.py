"""PINs: only digits, hashed with the store's pepper, as slow for nobody as for somebody."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from actors.pins import NOBODY, Pins, pin_is_well_formed
from actors.world import ManualWorld, SystemWorld


@pytest.mark.parametrize(
    ("pin", "fits"),
    [
        ("1234", True), ("123456789012", True), ("123", False), ("1234567890123", False),
        ("12a4", False), ("", False), ("１２３４", False), ("12 4", False), ("-123", False),
    ],
)  # fmt: skip
def test_a_pin_is_four_to_twelve_digits(pin: str, fits: bool) -> None:
    """ASCII digits only, so that every keypad can type it."""
    assert pin_is_well_formed(pin) is fits


def test_a_pin_is_recognised(tmp_path: Path) -> None:
    """The right PIN is, a wrong one is not, and two hashes of one PIN differ."""
    pins = Pins.from_file(tmp_path / "keys" / "pepper", SystemWorld())
    one, two = pins.hash("1234"), pins.hash("1234")
    assert one != two
    assert one.startswith("$argon2id$")
    assert pins.check(one, "1234")
    assert not pins.check(one, "1235")
    assert not pins.check(one, "")


def test_nobody_has_no_pin(tmp_path: Path) -> None:
    """An unknown person's PIN is wrong whatever it is."""
    pins = Pins.from_file(tmp_path / "pepper", SystemWorld())
    assert not pins.check("", "1234")
    assert not pins.check("", "nobody")
    assert not pins.check("not a hash", "1234")


def test_nobody_costs_what_somebody_does(tmp_path: Path) -> None:
    """The stand-in is computed to the end and with the same costs, so no clock tells who exists."""
    told = Pins.from_file(tmp_path / "pepper", SystemWorld()).hash("1234")
    assert extract_parameters(told) == extract_parameters(NOBODY)
    with pytest.raises(VerifyMismatchError):
        PasswordHasher().verify(NOBODY, "1234")


def test_a_hash_is_worthless_without_the_pepper(tmp_path: Path) -> None:
    """A copied journal with another pepper recognises no PIN; the pepper is its user's only."""
    path = tmp_path / "keys" / "pepper"
    pins = Pins.from_file(path, SystemWorld())
    told = pins.hash("1234")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Pins.from_file(path, SystemWorld()).check(told, "1234")
    other = Pins.from_file(tmp_path / "other", ManualWorld(seed=1))
    assert not other.check(told, "1234")
