"""Where a running store can be entered, in a file of its run directory, for programs beside it."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from actors.checkpoints import write_durably
from engine.wire import WireError, canonical, parse, structure, unstructure

NAME = "doors.json"


@frozen
class OpenDoors:
    """Addresses of the doors; `nng` and `hints` are empty where that door is closed."""

    http: str
    websocket: str
    nng: str
    hints: str


def write_doors(run_dir: Path, doors: OpenDoors) -> None:
    """Say where the store can be entered."""
    write_durably(run_dir / NAME, canonical(unstructure(doors)))


def read_doors(run_dir: Path) -> OpenDoors | None:
    """Where the store can be entered; None where none was started there."""
    try:
        return structure(parse((run_dir / NAME).read_bytes()), OpenDoors)
    except (OSError, WireError):
        return None


def remove_doors(run_dir: Path) -> None:
    """The store is closing."""
    (run_dir / NAME).unlink(missing_ok=True)
