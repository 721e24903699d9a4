"""What a command line tells of a store that refuses half of it, or goes away in the middle."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from countertop import remote
from countertop.config import Config
from countertop.doors_file import OpenDoors, write_doors
from countertop.errors import CommandFailedError
from protocols.front.client_types import Answer, RefusedError


class Store:
    """One that refuses a code of `bad`."""

    async def command(self, name: str, /, *, coupon: str, codes: list[str]) -> Answer:
        """Issue codes."""
        assert (name, coupon) == ("coupons.issue", "own")
        if "bad" in codes:
            raise RefusedError("code_must_be_well_formed", {"code": "bad"})
        return Answer({"codes": len(codes)}, 1, 1)


@pytest.mark.parametrize(("before", "good"), [(999, 0), (1_000, 1_000), (2_500, 2_000)])
def test_how_many_codes_are_good_is_told_where_a_later_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, before: int, good: int
) -> None:
    """An owner who prints the codes must know which of them the shop takes."""

    @contextlib.asynccontextmanager
    async def client(*_: Any, **__: Any) -> AsyncIterator[Store]:
        yield Store()

    monkeypatch.setattr(remote, "client_of", client)
    file, said = tmp_path / "codes.txt", list[str]()
    file.write_text("\n".join([*map(str, range(before)), "bad"]))
    with pytest.raises(CommandFailedError) as told:
        remote.issue_coupons("own", file, tmp_path, say=said.append)
    assert "code_must_be_well_formed" in str(told.value)
    words = f"The first {good:,} codes of it are good now" if good else "No code was issued"
    assert words in str(told.value)
    assert said == []


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError(111, "Connection refused"), http.client.IncompleteRead(b"{")]
)
def test_a_store_that_goes_away_in_an_upload_is_told_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception
) -> None:
    """Nothing is imported before the command that follows an upload; no path is at fault."""
    base = "127.0.0.1:8170"
    run_dir = Config(str(tmp_path)).run_dir
    run_dir.mkdir()
    write_doors(run_dir, OpenDoors(f"http://{base}/", f"ws://{base}/ws", "", ""))

    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(http.client.HTTPConnection, "request", fail)
    with pytest.raises(CommandFailedError, match="Nothing was imported") as told:
        remote._upload(tmp_path, b"goods")
    assert "still runs" in str(told.value)
