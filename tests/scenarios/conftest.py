"""What the scenarios share: a folder with a short path, for shops with sockets in it."""

from __future__ import annotations

from tests.store.conftest import folder

__all__ = ["folder"]
