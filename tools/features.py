"""Which features the tests prove: `./run features [--csv] [--collect-only]`.

A feature is *proven* when a test marked `feature(ID)` passed in the last full run and no test
marked with that id failed, was skipped or did not run; *partial* when that is not so but a test of
the whole passed, or every test of a named part did; *none* otherwise. With `--collect-only` the
marks are taken at their word and the heading says so.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

ROOT = Path(__file__).resolve().parent.parent
LIST = Path(__file__).resolve().parent / "features.csv"
RESULTS = ROOT / "artefacts" / "features"
"""One file for each lane of the last full run."""
PLAN = ROOT.parent / "shared" / "features.csv"
STATES = ("proven", "partial", "none")


@frozen
class Proof:
    """One test's claim on one feature, and how the test ended; `part` None claims the whole."""

    test: str
    part: str | None
    outcome: str


@frozen
class Standing:
    """How far one feature is proven: `parts` are those whose tests all passed, sorted."""

    state: str
    parts: tuple[str, ...]
    tests: int
    passed: int


def standing(proofs: Iterable[Proof]) -> Standing:
    """Judge the claims on one feature."""
    proofs = list(proofs)
    passed = {proof.test for proof in proofs if proof.outcome == "passed"}
    tests = {proof.test for proof in proofs}
    named = {proof.part for proof in proofs if proof.part is not None}
    parts = sorted(
        part
        for part in named
        if all(proof.test in passed for proof in proofs if proof.part == part)
    )
    whole = any(proof.part is None for proof in proofs)
    if whole and passed == tests:
        state = "proven"
    elif parts or (whole and passed):
        state = "partial"
    else:
        state = "none"
    return Standing(state, tuple(parts), len(tests), len(passed))


def claims(recorded: Mapping[str, Any], outcomes: Mapping[str, str]) -> dict[str, list[Proof]]:
    """Proofs by feature id, from the recorder's file and how each test ended."""
    found: dict[str, list[Proof]] = {}
    for test, entry in recorded["tests"].items():
        for claim in entry["claims"]:
            proof = Proof(test, claim["part"], outcomes.get(test, "not run"))
            found.setdefault(claim["id"], []).append(proof)
    return found


def read_list(place: Path) -> dict[str, str]:
    """Feature names by id, in the order of the file."""
    with place.open(newline="", encoding="utf-8") as file:
        return {row["id"]: row["feature"] for row in csv.DictReader(file)}


def collect() -> dict[str, Any]:
    """The marks of every test that exists now.

    Raises:
        SystemExit: the tests cannot be collected; pytest's own words come first.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "features.json"
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "--collect-only",
                "-q",
                "--tb=line",
                f"--features-json={place}",
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in (0, 5) or not place.is_file():
            print(done.stdout[-1_500:], done.stderr[-1_500:], sep="\n", file=sys.stderr)
            sys.exit("The tests cannot be collected, so nothing is counted. Mend the error above.")
        recorded: dict[str, Any] = json.loads(place.read_text())
    return recorded


def last_outcomes() -> dict[str, str]:
    """How each marked test ended in the last full run; empty where there was none."""
    kept = sorted(RESULTS.glob("*.json"))
    if not kept:
        print("No full run of the tests is kept: run ./run test first.", file=sys.stderr)
        return {}
    ended = max(place.stat().st_mtime for place in kept)
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(ended))
    print(f"Outcomes of the full run that ended {when}.", file=sys.stderr)
    outcomes: dict[str, str] = {}
    for place in kept:
        tests = json.loads(place.read_text())["tests"]
        outcomes |= {test: entry["outcome"] for test, entry in tests.items()}
    return outcomes


def print_csv(standings: Mapping[str, Standing]) -> None:
    """One line an id, for other programs."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["id", "state", "tests", "passed"])
    for feature, found in standings.items():
        writer.writerow([feature, found.state, found.tests, found.passed])


def print_report(names: Mapping[str, str], standings: Mapping[str, Standing]) -> None:
    """One line an id, then the counts, for people."""
    for feature, name in names.items():
        found = standings[feature]
        detail = f"{found.passed}/{found.tests}" if found.tests else ""
        parts = f"  in part: {', '.join(found.parts)}" if found.parts else ""
        print(f"{feature:<7} {found.state:<8} {detail:>7}  {name}{parts}")
    counts = dict.fromkeys(STATES, 0)
    for found in standings.values():
        counts[found.state] += 1
    print(", ".join(f"{counts[state]} {state}" for state in STATES), f"of {len(names)}")


def main() -> int:
    """Print the standing of every feature; 1 when a mark names an id the list does not have."""
    parser = argparse.ArgumentParser(prog="./run features", description=__doc__)
    parser.add_argument("--csv", action="store_true", help="print id,state,tests,passed")
    parser.add_argument(
        "--collect-only", action="store_true", help="count what tests claim, not how they ended"
    )
    options = parser.parse_args()
    names = read_list(LIST)
    recorded = collect()
    if options.collect_only:
        print("Claimed by marks; no outcome was looked at.", file=sys.stderr)
        outcomes = dict.fromkeys(recorded["tests"], "passed")
    else:
        outcomes = last_outcomes()
    found = claims(recorded, outcomes)
    standings = {feature: standing(found.get(feature, ())) for feature in names}
    if options.csv:
        print_csv(standings)
    else:
        print_report(names, standings)
    if PLAN.is_file() and (missing := read_list(PLAN).keys() - names.keys()):
        print(f"The plan has ids this list has not: {sorted(missing)}", file=sys.stderr)
    if unknown := found.keys() - names.keys():
        print(f"Marked, but not in tools/features.csv: {sorted(unknown)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
