"""The rooms have short names; no other installed distribution may bring one of them."""

from __future__ import annotations

import importlib.util
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("native", "engine", "actors", "hardware", "protocols", "countertop", "verifier")


@pytest.mark.parametrize("room", ROOMS)
def test_no_distribution_takes_the_name_of_a_room(room: str) -> None:
    """An installed distribution that has a package of a room's name is this project or none."""
    owners = set(packages_distributions().get(room, ()))
    assert owners <= {"countertop"}, (
        f"`{room}` is also a package of {sorted(owners - {'countertop'})}. "
        "Drop that dependency or its version, or the room must be renamed before a release."
    )


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_from_the_checkout(room: str) -> None:
    """Importing a room finds the checkout's own folder, not a stale installed copy."""
    if not (ROOT / room / "__init__.py").is_file():
        pytest.skip(f"{room}/ is not built yet")
    spec = importlib.util.find_spec(room)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).resolve() == ROOT / room / "__init__.py", (
        f"`{room}` came from {spec.origin}. Remove .venv/ and run ./run test again."
    )
