"""The list of features is sound, every mark names an entry of it, and the count is honest."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.features import LIST, Proof, read_list, standing

ROOT = Path(__file__).resolve().parents[2]


def marks(path: Path) -> Iterator[tuple[int, str]]:
    """Line and id of each feature mark in a test file, wherever it stands."""
    source = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)) if ".feature" in source else ():
        match node:
            case ast.Call(func=ast.Attribute(attr="feature"), args=[ast.Constant(value=str(name))]):
                yield node.lineno, name


def test_every_mark_names_a_feature_of_the_list() -> None:
    """A mark with an unknown id would count for nothing, so there is none."""
    known = read_list(LIST).keys()
    problems = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for line, name in marks(path)
        if name not in known
    ]
    assert not problems, "\n".join(
        ["", *problems, "", "Mend the id, or add its row to tools/features.csv with a definition."]
    )


def test_the_list_has_one_row_for_each_id() -> None:
    """Ids are unique and well formed, so that no two rows share one standing."""
    ids = [line.split(",")[0] for line in LIST.read_text(encoding="utf-8").splitlines()[1:]]
    assert len(ids) == len(set(ids))
    assert [] == [name for name in ids if not re.fullmatch(r"[A-Z]{2,3}-\d\d", name)]


def test_a_whole_claim_that_passed_proves() -> None:
    """Proven: a test of the whole definition passed, and so did every other test of the id."""
    proofs = [Proof("a", None, "passed"), Proof("b", "price", "passed")]
    found = standing(proofs)
    assert ("proven", ("price",), 2, 2) == (found.state, found.parts, found.tests, found.passed)


def test_a_skipped_or_failed_test_never_proves() -> None:
    """A skip or failure beside a pass leaves the feature partial; alone it leaves nothing."""
    assert "none" == standing([Proof("a", None, "skipped")]).state
    assert "none" == standing([Proof("a", None, "not run")]).state
    assert "partial" == standing([Proof("a", None, "passed"), Proof("b", None, "failed")]).state
    assert "partial" == standing([Proof("a", None, "failed"), Proof("b", "tax", "passed")]).state


def test_parts_alone_are_never_the_whole() -> None:
    """Any number of proven parts is partial, and a part with a failed test is not listed."""
    proofs = [
        Proof("a", "price", "passed"),
        Proof("b", "stock", "passed"),
        Proof("c", "stock", "failed"),
    ]
    assert ("partial", ("price",)) == (standing(proofs).state, standing(proofs).parts)
    assert "none" == standing([]).state


def test_the_recorder_notes_marks_and_outcomes(tmp_path: Path) -> None:
    """All marks of a test are kept, and one that fails or skips is written down as such."""
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = feature\n")
    (tmp_path / "test_sample.py").write_text(
        "import pytest\n"
        "feature = pytest.mark.feature\n"
        "@feature('CAT-01', part='price')\n@feature('PRC-01')\ndef test_good(): pass\n"
        "@feature('CSH-01')\ndef test_bad(): raise SystemError\n"
        "@feature('CSH-02')\ndef test_absent(): pytest.skip('nothing here')\n"
        "def test_unmarked(): pass\n"
    )
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--features-json=out.json",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    tests = json.loads((tmp_path / "out.json").read_text())["tests"]
    outcomes = {name.split("::")[1]: entry["outcome"] for name, entry in tests.items()}
    assert {"test_good": "passed", "test_bad": "failed", "test_absent": "skipped"} == outcomes
    claims = tests["test_sample.py::test_good"]["claims"]
    assert {("CAT-01", "price"), ("PRC-01", None)} == {(c["id"], c["part"]) for c in claims}
