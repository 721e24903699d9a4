"""The store's own secrets in files only its user can read: tokens of doors, the store's secret."""

from __future__ import annotations

from pathlib import Path

from actors.checkpoints import write_durably
from actors.world import World
from protocols.front.session import Tokens


def _secret(path: Path, world: World) -> bytes:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_durably(path, world.random_bytes(32))
        path.chmod(0o600)
    return path.read_bytes()


def store_secret(data_dir: Path, world: World) -> bytes:
    """Keys the hashes by which a repeated command is recognised."""
    return _secret(data_dir / "keys" / "store.secret", world)


def tokens(data_dir: Path, world: World) -> Tokens:
    """The doors' tokens, made at the first start."""
    front = _secret(data_dir / "keys" / "front.token", world)
    admin = _secret(data_dir / "keys" / "admin.token", world)
    return Tokens(front.hex(), admin.hex())
