"""The page about a store of one's own says what works: its file and its commands make a store."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.warm import run

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "store.md"
START_S = 30.0
GOODS = """item_id,codes,name,department,tax_class,price_minor
bread,4006381333931,Bread,Bakery,reduced,350
"""


def _written(language: str) -> str:
    """The page's one example in a language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return str(found)


def test_a_store_is_made_as_the_page_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Served from the page's file, set up by the page's program, stocked, and then it sells."""
    monkeypatch.chdir(folder)
    config = (
        _written("toml").replace("8170", str(free_port())).replace("192.0.2.10:9100", "127.0.0.1:9")
    )
    Path("shop.toml").write_text(config)
    Path("items.csv").write_text(GOODS)
    serve = [sys.executable, "-m", "countertop", "serve", str(folder / "shop.toml")]
    with (
        Path("told").open("w+") as told,
        subprocess.Popen(
            serve, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=told, stderr=told
        ) as store,
    ):
        try:
            until = time.monotonic() + START_S
            while "countertop serves harbour" not in Path("told").read_text():
                assert store.poll() is None, Path("told").read_text()
                assert time.monotonic() < until, "the store did not start"
                time.sleep(0.05)
            exec(compile(_written("python"), str(PAGE), "exec"), {"__name__": "__main__"})
            shop = folder / "shop"
            done = run("import", "catalog", folder / "items.csv", "--data", shop)
            assert "The store sells 1 items now" in done.stdout, done.stderr
            at = ("--data", shop, "--operator", "ana", "--pin", "1111")
            refused = run("sell", "4006381333931", *at)
            assert "till_must_be_open" in refused.stderr
            until = time.monotonic() + START_S
            while "printer/receipt-1" not in (shown := run("status", "--data", shop).stdout):
                assert time.monotonic() < until, shown
        finally:
            store.terminate()
            assert store.wait(20) == 0
