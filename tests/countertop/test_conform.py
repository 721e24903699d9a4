"""The published cases: the engine meets them all, and says plainly where a case is not met."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from countertop.conform import FAILED, PASSED, REFUSED, conform, run_case, run_files
from countertop.errors import CommandFailedError
from tests.vectors.files import all_files
from tests.warm import run

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests" / "vectors"
FILES = sorted(path for kind in ("tax", "price") for path in (VECTORS / kind).glob("*.json"))


def a_case() -> dict[str, Any]:
    """Two rates inside their prices, as published."""
    cases = json.loads((VECTORS / "tax" / "worked.json").read_text("utf-8"))["cases"]
    return copy.deepcopy(cases[0])


def changed(**more: Any) -> dict[str, Any]:
    """The same with other fields."""
    return a_case() | more


@pytest.mark.feature("NEW-05", part="one published, versioned set of vectors for price and tax")
def test_the_engine_meets_every_published_case() -> None:
    """All published cases pass, and each id is published once."""
    outcomes = run_files(FILES)
    assert [] == [outcome for outcome in outcomes if outcome.verdict != PASSED]
    assert len(outcomes) == len({outcome.id for outcome in outcomes}) >= 740


@pytest.mark.feature("TAX-02", part="stacks")
def test_every_stack_is_told_by_base_and_amount() -> None:
    """Cases of several taxes expect the base and amount of each tax of each line, and get them."""
    for name in ("stacks", "division", "per_unit"):
        for case in json.loads((VECTORS / "tax" / f"{name}.json").read_text("utf-8"))["cases"]:
            rows = case["expected"]["per_line"]
            assert [line["taxes"] for line in case["lines"]] == [
                [tax["id"] for tax in row["taxes"] if {"base", "tax"} <= tax.keys()] for row in rows
            ]
            assert PASSED == run_case(case).verdict


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_keeps_to_the_schema(path: Path) -> None:
    """What is published is what the schema says."""
    schema = json.loads((VECTORS / "schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(path.read_text("utf-8")))


def test_the_files_are_what_the_twin_makes_of_them() -> None:
    """The published figures are the twin's, held against hand-worked ones as they are made."""
    made = {f"{cases.folder.name}/{cases.name}": cases.text() for cases in all_files()}
    assert made == {f"{path.parent.name}/{path.stem}": path.read_text("utf-8") for path in FILES}


def test_a_wrong_figure_fails_with_its_difference() -> None:
    """A case that expects a cent more says which figure, both values, and the cent."""
    case = a_case()
    case["expected"]["per_tax"][1]["tax"] = "1.91"
    outcome = run_case(case)
    (difference,) = outcome.differences
    assert FAILED == outcome.verdict
    assert ("per_tax[19].tax", "1.91", "1.90", "-0.01") == (
        difference.path,
        difference.expected,
        difference.got,
        difference.less,
    )


def test_a_figure_that_does_not_exist_fails() -> None:
    """Expecting a third line of two is a failure, not a pass over nothing."""
    case = a_case()
    case["expected"]["per_line"].append({"net": "1.00"})
    outcome = run_case(case)
    assert FAILED == outcome.verdict
    assert ["per_line[2].net"] == [row.path for row in outcome.differences]


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (changed(rounding="line"), "field_must_be_known at rounding"),
        (changed(lines=[{"quantity": "1"}]), "field_must_be_present at lines[0].unit_price"),
        (
            changed(lines=[{"unit_price": 8.99, "quantity": "1"}]),
            "number_must_be_decimal_text at lines[0].unit_price: 8.99",
        ),
        (
            changed(lines=[{"unit_price": "0.0000001", "quantity": "1"}]),
            "decimals_must_be_at_most_6 at lines[0].unit_price: 0.0000001",
        ),
        (
            changed(lines=[{"unit_price": "1", "quantity": "1", "taxes": ["none"]}]),
            "tax_must_be_defined at lines[0].taxes[0]: none",
        ),
        (changed(policies={"mode": "bankers"}), "word_must_be_known at policies.mode: bankers"),
        (changed(policies={"modes": "up"}), "field_must_be_known at policies.modes"),
        (changed(currency={"minor_digits": 5}), "minor_digits_must_be_0_to_4"),
        (changed(taxes=7), "value_must_be_a_list at taxes: 7"),
        (changed(expected={}), "expectation_must_be_present at expected"),
        (
            changed(taxes=[{"id": "7", "kind": "tithe", "value": "10"}]),
            "word_must_be_known at taxes[0].kind: tithe",
        ),
        ([], "value_must_be_an_object"),
    ],
)
def test_what_cannot_be_expressed_is_refused_by_name(case: object, why: str) -> None:
    """A field, word or figure the engine does not know is named and the case is not counted."""
    outcome = run_case(case)
    assert REFUSED == outcome.verdict
    assert outcome.why.startswith(why)


def test_a_refusal_expected_must_come() -> None:
    """A case that must be refused fails where the engine counts it, and the other way round."""
    assert FAILED == run_case(changed(expected={"refused": True})).verdict
    case = a_case()
    case["lines"][0]["taxes"] = ["7", "7"]
    assert "cannot be its own base" in run_case(case).why
    case["expected"] = {"refused": True}
    assert PASSED == run_case(case).verdict


def written(path: Path, value: object) -> Path:
    """A file with some JSON."""
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def test_exit_codes_tell_a_failure_from_a_refusal(tmp_path: Path) -> None:
    """Nought where all passed, 1 on a failure, 2 where only something was refused."""
    good = written(tmp_path / "good.json", a_case())
    odd = written(tmp_path / "odd.json", [changed(price_lists=[{}])])
    bad = written(tmp_path / "bad.json", {"cases": [changed(expected={"tax": "2.50"})]})
    said: list[str] = []
    assert [0, 2, 1] == [conform([good], said.append), conform([odd], said.append),
                         conform([good, odd, bad], said.append)]  # fmt: skip
    assert "        tax: expected 2.50, got 2.49 (-0.01)" in said
    assert "1 passed, 1 failed, 1 refused" == said[-1]


def test_programs_are_told_the_same(tmp_path: Path) -> None:
    """`--json` is one document with the counts and every difference."""
    bad = written(tmp_path / "bad.json", changed(expected={"tax": "2.50"}))
    said: list[str] = []
    assert 1 == conform([bad], said.append, as_json=True)
    told = json.loads("".join(said))
    assert {"pass": 0, "fail": 1, "refused": 0} == told["counts"]
    wrong = {"path": "tax", "expected": "2.50", "got": "2.49", "difference": "-0.01"}
    assert [wrong] == told["cases"][0]["differences"]


def called(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """`countertop conform-prices` as a person calls it."""
    return run("conform-prices", *arguments)


def test_the_command_line_runs_files(tmp_path: Path) -> None:
    """The command passes its exit code on, speaks JSON when asked, and wants a file."""
    good = called(FILES[0], FILES[1])
    assert 0 == good.returncode
    assert good.stdout.splitlines()[-1].endswith("0 failed, 0 refused")
    bad = called("--json", written(tmp_path / "bad.json", changed(expected={"tax": "2.50"})))
    assert (1, 1) == (bad.returncode, json.loads(bad.stdout)["counts"]["fail"])
    none = called()
    assert (1, True) == (none.returncode, none.stderr.startswith("countertop: No file was given"))


@pytest.mark.parametrize("text", ["{", "7", "[]", '"case"', "[" * 100_000])
def test_a_file_without_cases_is_told_in_words(tmp_path: Path, text: str) -> None:
    """A file that is not JSON, or holds no cases, stops the run with a sentence."""
    path = tmp_path / "odd.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CommandFailedError, match="run"):
        run_files([path])
