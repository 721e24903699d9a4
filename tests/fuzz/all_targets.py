"""The whole registry: importing this registers every target."""

from __future__ import annotations

from tests.fuzz import (
    targets_devices,
    targets_files,
    targets_floor,
    targets_floor_more,
    targets_http,
    targets_nexo,
    targets_settlement,
    targets_terminal,
    targets_typed,
    targets_verifier,
    targets_wires,
)
from tests.fuzz.targets import TARGETS, Target, UnknownTargetError, named

ROOMS = (
    targets_wires,
    targets_http,
    targets_devices,
    targets_terminal,
    targets_nexo,
    targets_files,
    targets_typed,
    targets_verifier,
    targets_settlement,
    targets_floor,
    targets_floor_more,
)

__all__ = ["ROOMS", "TARGETS", "Target", "UnknownTargetError", "named"]
