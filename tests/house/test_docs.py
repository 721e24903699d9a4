"""What the documents point at exists: paths in backticks, and links between files."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
BACKTICKED = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
SUFFIXES = {".py", ".pyi", ".rs", ".md", ".toml", ".csv", ".lock", ".ts", ".svelte", ".json", ".sh"}
# Made by building or running, so absent from a fresh checkout.
MADE = (
    "artefacts", "countertop/web", ".cache", "target", ".venv", "demo-store", "dist",
)  # fmt: skip
# Not ours to have: the plan beside the checkout.
BESIDE = ("../shared",)


def documents() -> list[Path]:
    """Every document git tracks or is about to; skips outside a checkout."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    try:
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout, so nobody can say which documents are committed")
    files = (ROOT / name for name in told.stdout.split("\0") if name)
    return sorted(file for file in files if file.is_file())


def looks_like_a_path(words: str) -> bool:
    """Whether words in backticks name a file or folder of the checkout.

    A path begins with a top-level folder of the checkout, or is a lone document in capitals
    (`README.md`); addresses such as `register/1` and options such as `--store` are neither.
    """
    if re.search(r"[\s<>{}$|=;,()…]|^-|://", words) or words.startswith((*MADE, *BESIDE, "/")):
        return False
    words = words.removeprefix("./").split("::")[0]
    first, _, rest = words.partition("/")
    if rest and (ROOT / first).is_dir():
        return True
    return bool(re.fullmatch(r"[A-Z]+\.md", words))


def exists(words: str, base: Path) -> bool:
    """Whether a path or pattern is there; `file.py:12` and `file.py::name` name the file."""
    plain = re.sub(r"(::.*|:\d+)$", "", words).removeprefix("./").rstrip("/")
    if any(sign in plain for sign in "*?["):
        return any(ROOT.glob(plain)) or any(base.glob(plain))
    if (ROOT / plain).exists() or (base / plain).exists():
        return True
    # `engine/money.allocate` names what is in a module.
    module = re.sub(r"(\.\w+)+$", "", plain)
    return Path(plain).suffix not in SUFFIXES and (ROOT / f"{module}.py").is_file()


def broken(path: Path) -> Iterator[str]:
    """What a document names that is not there."""
    text = path.read_text(encoding="utf-8")
    for words in BACKTICKED.findall(FENCE.sub("", text)):
        if looks_like_a_path(words) and not exists(words, path.parent):
            yield f"{path.relative_to(ROOT)}: `{words}`"
    for target in LINK.findall(text):
        place = target.split("#")[0]
        if not place or "://" in place or place.startswith(("mailto:", *BESIDE)):
            continue
        if not (path.parent / place).exists() and not place.startswith(MADE):
            yield f"{path.relative_to(ROOT)}: ({target})"


def test_documents_name_what_exists() -> None:
    """Every path and link in a document leads somewhere."""
    problems = [problem for path in documents() for problem in broken(path)]
    assert not problems, "\n".join(
        ["", *problems, "", "The code moved on: name where it lives now, or take the sentence out."]
    )


def test_the_search_tells_paths_from_addresses() -> None:
    """Paths are checked, and what only resembles one is left alone."""
    assert looks_like_a_path("engine/money.py")
    assert looks_like_a_path("README.md")
    assert not looks_like_a_path("register/1")
    assert not looks_like_a_path("countertop/web/index.html")
    assert not looks_like_a_path("--store tls+tcp://shop")
    assert not exists("engine/no_such_thing.py", ROOT)
    assert exists("engine/wire.py:12", ROOT)
    assert exists("tests/house/*.py", ROOT)
