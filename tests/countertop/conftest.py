"""What the front door's tests share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path: the name of a socket has at most 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="shop-") as name:
        yield Path(name)
