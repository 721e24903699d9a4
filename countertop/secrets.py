"""The store's own secrets in files only its user can read: tokens of doors, the store's secret."""

from __future__ import annotations

from pathlib import Path

from actors.world import World
from protocols.front.tokens import Tokens


def _secret(path: Path, world: World) -> bytes:
    disk = world.disk
    if disk.size(path) is None:
        disk.make_folder(path.parent, 0o700)
        disk.write_durably(path, world.random_bytes(32), 0o600)
    return disk.read(path)


def store_secret(data_dir: Path, world: World) -> bytes:
    """Keys the hashes by which a repeated command is recognised."""
    return _secret(data_dir / "keys" / "store.secret", world)


def tokens(data_dir: Path, world: World) -> Tokens:
    """The doors' tokens, made at the first start."""
    front = _secret(data_dir / "keys" / "front.token", world)
    admin = _secret(data_dir / "keys" / "admin.token", world)
    return Tokens(front.hex(), admin.hex())
