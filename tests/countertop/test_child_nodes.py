"""What a node beside the store is made of."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import trio

from actors.world import SystemWorld
from countertop.child_nodes import run_child
from countertop.config import Config
from hardware import compose
from hardware.settings import DeviceSettings


async def test_the_devices_node_keeps_its_files_with_the_stores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a terminal told unasked must be where the store's next life finds it."""
    made: dict[str, Path | None] = {}
    build = compose.build_device

    def watched(settings: DeviceSettings, folder: Path | None = None) -> object:
        made[settings.address] = folder
        return build(settings, folder)

    monkeypatch.setattr(compose, "build_device", watched)
    terminal = DeviceSettings("terminal/1", "terminal", "tcp://127.0.0.1:1")
    config = Config(str(tmp_path), "files", one_process=True, devices=(terminal,))
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(run_child, "devices", config, SystemWorld()))
        nursery.cancel_scope.cancel()
    assert made == {"terminal/1": tmp_path / "devices"}
