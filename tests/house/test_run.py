"""The one script: what it says when asked for nothing or the wrong thing, and how it finds uv."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.left_behind import LANES
from tools import build_web
from tools.build_web import source_hash
from tools.get_uv import FetchError, choose, index_url, listing, platform_tags, unpack

ROOT = Path(__file__).resolve().parents[2]
TASKS = ("demo", "test", "check", "bench", "features", "simulate", "prove", "fix", "build")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Call ./run and keep what it says."""
    return subprocess.run(
        ["sh", str(ROOT / "run"), *arguments], capture_output=True, text=True, check=False
    )


def test_help_names_every_task() -> None:
    """`./run help` lists each task, so that nobody has to read the script."""
    told = run("help")
    assert 0 == told.returncode
    assert [] == [task for task in TASKS if f"./run {task}" not in told.stdout]


def test_lanes_are_known_to_who_reads_what_they_leave() -> None:
    """What a lane writes of its tests' names is not taken for what the tests left behind."""
    script = (ROOT / "run").read_text()
    named = re.findall(r'^LANES_THAT_\w+="([^"]*)"', script, re.MULTILINE)
    assert list(LANES) == [lane for lanes in named for lane in lanes.split()]


def test_an_unknown_task_is_refused_with_the_list() -> None:
    """A misspelt task runs nothing, says so and lists what there is."""
    told = run("tset")
    assert 2 == told.returncode
    assert "no task `tset`" in told.stderr
    assert "./run test" in told.stderr


def test_a_check_knows_one_option_and_the_build_machine_uses_it() -> None:
    """What it does not know is refused before anything is fetched or built. Only a person's check
    leaves something out."""
    told = run("check", "--all")
    assert 2 == told.returncode
    assert "only --whole; nothing was run" in told.stderr
    assert "exec ./run check --whole" in (ROOT / ".ci" / "run").read_text()


def test_uv_comes_from_the_index_pip_uses() -> None:
    """The environment's index wins over pip's configuration, and that over PyPI."""
    assert "https://a.example/simple" == index_url(
        {"PIP_INDEX_URL": "https://a.example/simple/"}, {"index-url": "https://b.example/simple"}
    )
    assert "https://b.example/simple" == index_url({}, {"index-url": "https://b.example/simple"})
    assert "https://pypi.org/simple" == index_url({}, {})


def test_both_forms_of_an_index_page_are_read() -> None:
    """The JSON form and the older HTML form name the same files and digests."""
    page = "https://index.example/simple/uv/"
    name = "uv-1.2.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    old = listing(f'<a href="../../f/{name}#sha256=ab">x</a>'.encode(), "text/html", page)
    digests = {"hashes": {"sha256": "ab"}}
    body = json.dumps({"files": [{"filename": name, "url": f"../../f/{name}", **digests}]})
    new = listing(body.encode(), "application/vnd.pypi.simple.v1+json", page)
    assert new == old
    assert [{"name": name, "url": f"https://index.example/f/{name}", "sha256": "ab"}] == new


def test_the_newest_finished_release_for_this_machine_is_chosen() -> None:
    """Other machines' wheels, source archives and pre-releases are passed over."""
    names = [
        "uv-0.9.9-py3-none-manylinux_2_17_x86_64.whl",
        "uv-0.13.9-py3-none-manylinux_2_17_x86_64.whl",
        "uv-0.14.0rc1-py3-none-manylinux_2_17_x86_64.whl",
        "uv-0.15.0-py3-none-macosx_11_0_arm64.whl",
        "uv-0.15.0.tar.gz",
    ]
    files = [{"name": name, "url": "", "sha256": ""} for name in names]
    linux = platform_tags("Linux", "x86_64", musl=False)
    assert names[1] == choose(files, linux, "Linux")["name"]
    assert names[3] == choose(files, platform_tags("Darwin", "arm64", musl=False), "Darwin")["name"]
    with pytest.raises(FetchError, match="no uv for this machine"):
        choose(files, platform_tags("Linux", "riscv64", musl=False), "Linux")


def test_only_the_program_is_unpacked(tmp_path: Path) -> None:
    """The wheel's uv program is written and can be run; a wheel without one is refused."""
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("uv-1.0.data/scripts/uv", "#!/bin/sh\necho here\n")
        archive.writestr("uv/__init__.py", "")
    program = unpack(wheel.getvalue(), tmp_path / "bin")
    assert ["uv"] == [path.name for path in (tmp_path / "bin").iterdir()]
    assert "here\n" == subprocess.run([program], capture_output=True, text=True, check=True).stdout
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    with pytest.raises(FetchError, match="no uv program"):
        unpack(empty.getvalue(), tmp_path / "other")


def test_front_ends_are_rebuilt_when_a_source_changes(tmp_path: Path) -> None:
    """The hash follows names and contents of sources, and ignores what building leaves behind."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.ts").write_text("1")
    before = source_hash(tmp_path)
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "x.js").write_text("2")
    assert before == source_hash(tmp_path)
    (tmp_path / "src" / "a.ts").write_text("3")
    changed = source_hash(tmp_path)
    assert before != changed
    (tmp_path / "src" / "a.ts").rename(tmp_path / "src" / "b.ts")
    assert changed != source_hash(tmp_path)
    assert hashlib.sha256().hexdigest() == source_hash(tmp_path, [])


def test_a_foreign_environment_is_never_touched(tmp_path: Path) -> None:
    """Where .venv's Python leads to packages outside it, nothing is installed or removed."""
    checkout = tmp_path / "checkout"
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / "tools").mkdir()
    (checkout / "run").write_text((ROOT / "run").read_text())
    (checkout / "tools" / "build_web.py").write_text("")
    wrapper = checkout / ".venv" / "bin" / "python"
    wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    # A stand-in that only writes down what it was asked: the real uv must not come near this.
    programs = tmp_path / "programs"
    programs.mkdir()
    asked = tmp_path / "asked"
    (programs / "uv").write_text(f'#!/bin/sh\necho "$@" >> "{asked}"\n')
    for program in (wrapper, programs / "uv"):
        program.chmod(0o755)
    told = subprocess.run(
        ["sh", str(checkout / "run"), "build"],
        env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 1 == told.returncode
    assert "not an environment of its own" in told.stderr
    assert "sync" not in asked.read_text()


def test_packages_that_are_only_linked_to_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """npm empties what a link to a folder of packages leads to: it is not called."""
    shared, front = tmp_path / "shared", tmp_path / "frontends"
    (shared / "svelte").mkdir(parents=True)
    front.mkdir()
    for name in ("package.json", "package-lock.json"):
        (front / name).write_text("{}")
    (front / "node_modules").symlink_to(shared)
    monkeypatch.setattr(build_web, "FRONTENDS", front)
    with pytest.raises(build_web.StepError, match="Remove the link"):
        build_web.install(["false"])
    assert (shared / "svelte").is_dir()
