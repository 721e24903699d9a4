"""A demo store that is begun anew beside an earlier one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors.journal_lock import JournalLock
from countertop import demo
from countertop.config import Config
from countertop.errors import CommandFailedError


@pytest.fixture
def began(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The data directories of the demo stores that would have been started."""
    stores: list[Path] = []

    async def begins(data: Path, *_: Any, **__: Any) -> None:
        stores.append(data)

    monkeypatch.setattr(demo, "_demo", begins)
    monkeypatch.setattr(demo, "configure", lambda _level: None)
    return stores


def _earlier(folder: Path) -> Path:
    data = folder / "demo"
    data.mkdir()
    Config(str(data)).journal_path.write_bytes(b"sold")
    return data


def test_an_earlier_store_is_set_aside(tmp_path: Path, began: list[Path]) -> None:
    """It is kept under another name, and the new one begins with nothing."""
    data = _earlier(tmp_path)
    demo.run_demo(data, 0, one_process=True, fresh=True)
    (aside,) = tmp_path.glob("demo-before-*")
    assert Config(str(aside)).journal_path.read_bytes() == b"sold"
    assert began == [data]
    assert not Config(str(data)).journal_path.exists()


def test_a_store_that_is_running_is_not_set_aside(tmp_path: Path, began: list[Path]) -> None:
    """Its directory stays where it is, and whoever asked is told who has it."""
    data = _earlier(tmp_path)
    lock = JournalLock(Config(str(data)).journal_path, since="")
    try:
        with pytest.raises(CommandFailedError, match="is running, by process"):
            demo.run_demo(data, 0, one_process=True, fresh=True)
    finally:
        lock.release()
    assert began == []
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
    demo.run_demo(data, 0, one_process=True, fresh=True)
    assert began == [data]


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_cannot_be_is_told(tmp_path: Path, began: list[Path], port: int) -> None:
    """Before anything is set aside or made."""
    data = _earlier(tmp_path)
    with pytest.raises(CommandFailedError, match="give another --port"):
        demo.run_demo(data, port, one_process=True, fresh=True)
    assert (began, [path.name for path in tmp_path.iterdir()]) == ([], ["demo"])
