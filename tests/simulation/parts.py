"""Finds what is registered: each file of a kind is imported, so that being there is enough."""

from __future__ import annotations

import importlib
import pkgutil

import tests.simulation


def load_all(kind: str) -> None:
    """Import every module here whose name begins so (`workloads`, `faults` …), in the order of
    their names: what a seed does must not follow from a folder's own order."""
    found = {module.name for module in pkgutil.iter_modules(tests.simulation.__path__)}
    for name in sorted(name for name in found if name.startswith(kind)):
        importlib.import_module(f"tests.simulation.{name}")
