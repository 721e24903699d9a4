"""A shop in a network of its own with nothing in it: every room works without a way out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.store.harness import ROOT, assert_verified, offline, own_config


@pytest.fixture(scope="module")
def day() -> Iterator[dict[str, Any]]:
    """What happened in a store of three processes that had no network."""
    with TemporaryDirectory(prefix="shop-") as folder:
        told = subprocess.run(
            [*offline(), sys.executable, "-m", "tests.store.offline_day", folder],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert told.returncode == 0, told.stderr
        heard: dict[str, Any] = json.loads(told.stdout)
        assert heard["interfaces"] == ["lo"]
        assert heard["way_out"], "something outside could be reached"
        assert_verified(own_config(Path(folder)))
        yield heard


@pytest.mark.feature("OFF-01")
def test_a_whole_sale_needs_no_way_out(day: dict[str, Any]) -> None:
    """Sign-on, scan, cash, change, drawer and printed receipt, with the network unplugged."""
    assert day["sale"]["total_minor"] == 410
    assert day["sale"]["change_minor"] == 590
    for words in (day["sale"]["receipt_number"], "Water", "Bread", "4.10", "5.90", "Tax 7 %"):
        assert words in day["receipt"]


@pytest.mark.feature("OFF-02", part="registers, customer display and printer")
def test_registers_and_devices_reach_each_other(day: dict[str, Any]) -> None:
    """What register 1 parked is finished at register 2; display and printer followed."""
    assert day["parked"] == "Green coat"
    assert day["other"]["total_minor"] == 799
    assert day["other"]["receipt_number"] == "2-000001"


@pytest.mark.feature("OFF-04")
def test_a_card_is_taken_with_no_way_out(day: dict[str, Any]) -> None:
    """The terminal is reached over the shop's own network, and nothing else is there to be reached:
    asked, put in, approved, booked at the terminal, on the sale."""
    assert (day["payment"]["standing"], day["payment"]["amount_minor"]) == ("approved", 799)
    assert "*" in day["payment"]["card"]
    assert (day["card_sale"]["total_minor"], day["card_sale"]["change_minor"]) == (799, 0)
    assert day["booked_minor"] == 799


@pytest.mark.feature("STF-01")
def test_people_change_places_quickly_and_wrong_pins_wait(day: dict[str, Any]) -> None:
    """A switch of person takes under a second, PINs are throttled, all without a network."""
    assert day["switch_s"] < 1.0
    assert day["wrong_pins"] == ["pin_must_be_correct"] * 5 + ["operator_must_not_be_locked"]
