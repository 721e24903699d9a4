"""Every file of published cases."""

from __future__ import annotations

from tests.vectors.building import Cases
from tests.vectors.worked import worked


def all_files() -> list[Cases]:
    """The files in the order they are read best."""
    return [worked()]
