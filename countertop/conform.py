"""Run published price-and-tax cases through the engine and say where it differs.

A case is data that anybody can write: `tests/vectors/schema.json` says how. What a case holds and
the engine cannot express is refused by name, never passed over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from attrs import frozen

from countertop.conform_case import Case, read_case
from countertop.conform_count import Taken, documented, taken_off
from countertop.errors import CommandFailedError
from engine.fields import FieldsError, decimal_text
from engine.order.coins_back import coins_for
from engine.promotion.deals import TagsLimitError
from engine.tax_document import tax_document
from engine.taxation import CashStep
from native import CoreError, LineTax, TaxedDocument, TaxedLine, TaxSum

PASSED, FAILED, REFUSED = "pass", "fail", "refused"
FAILED_CODE, REFUSED_CODE = 1, 2  # exit codes; a failure outweighs a refusal


@frozen
class Difference:
    """One figure that is not what was expected, as decimal text; `less` is got less expected."""

    path: str
    expected: str
    got: str
    less: str


@frozen
class Outcome:
    """What became of a case. `why` says what was refused."""

    file: str
    id: str
    verdict: str
    differences: tuple[Difference, ...] = ()
    why: str = ""


def read_cases(path: Path) -> list[Any]:
    """The cases of a file: one case, a list of them, or an object whose `cases` is that list.

    Raises:
        CommandFailedError: no such file, it is not JSON of that shape, or it holds no case.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CommandFailedError(
            f"{path} could not be read as JSON ({error}). No case of it was run; correct the file."
        ) from error
    if isinstance(found, dict) and "cases" in found:
        found = found["cases"]
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list) or not found:
        raise CommandFailedError(
            f"{path} holds no cases. Nothing of it was run; give a case, or a list of them."
        )
    return found


def run_case(value: object, file: str = "") -> Outcome:
    """Count one case and compare it with what it expects."""
    name = value.get("id") if isinstance(value, dict) else None
    case_id = ascii(name)[1:-1] if isinstance(name, str) else "?"
    try:
        case = read_case(value)
    except FieldsError as error:
        return Outcome(file, case_id, REFUSED, why=str(error))
    try:
        got = _figures(case)
    except (CoreError, TagsLimitError) as error:
        if case.refused:
            return Outcome(file, case_id, PASSED)
        return Outcome(file, case_id, FAILED, why=f"the document was refused: {error}")
    if case.refused:
        return Outcome(file, case_id, FAILED, why="the document was to be refused and was not")
    differences = tuple(_differences(case, got))
    return Outcome(file, case_id, FAILED if differences else PASSED, differences)


def _figures(case: Case) -> dict[str, int]:
    """Every figure by its path, as integers."""
    taken = taken_off(case)
    done = tax_document(documented(case, taken), case.taxes, case.policy, case.minor_digits)
    got = _sums("", done) | _promotions(case, taken)
    for row in done.taxes:
        got |= _tax(f"per_tax[{case.tax_ids[row.tax_index]}]", row)
    for at, line in enumerate(done.lines):
        got |= _sums(f"per_line[{at}].", line)
        for tax in line.taxes:
            got |= _tax(f"per_line[{at}].taxes[{case.tax_ids[tax.tax_index]}]", tax)
    if case.cash is not None:
        part = done.gross_minor - case.cash.other_tenders_minor
        due = coins_for(part, CashStep(case.cash.step_minor, case.cash.mode))
        got |= {"cash.due": due, "cash.rounding": due - part}
    return got


def _promotions(case: Case, taken: Taken) -> dict[str, int]:
    """What each promotion took off, of each line and in all, and the order's discount by line."""
    got: dict[str, int] = {}
    for one in case.promotions:
        whole = f"per_promotion[{one.id}]"
        got |= {f"{whole}.amount": 0, f"{whole}.vendor": 0, f"{whole}.points": 0}
        for at, entries in enumerate(taken.promotions):
            mine = [entry for entry in entries if entry.promotion == one.id]
            amount = -sum(entry.amount_minor for entry in mine)
            got[f"per_line[{at}].promotions[{one.id}].amount"] = amount
            got[f"{whole}.amount"] += amount
            got[f"{whole}.vendor"] -= sum(entry.vendor_minor for entry in mine)
            got[f"{whole}.points"] += sum(entry.points for entry in mine)
    for at, share in enumerate(taken.order_discounts):
        got[f"per_line[{at}].order_discount"] = share
    return got


def _sums(path: str, row: TaxedDocument | TaxedLine) -> dict[str, int]:
    return {
        f"{path}{name}": getattr(row, f"{name}_minor") for name in ("price", "net", "tax", "gross")
    }


def _tax(path: str, row: LineTax | TaxSum) -> dict[str, int]:
    return {
        f"{path}.base": row.base_minor,
        f"{path}.tax": row.tax_minor,
        f"{path}.uncharged": row.uncharged_minor,
        f"{path}.exact": row.exact_e5,
    }


def _differences(case: Case, got: dict[str, int]) -> Iterable[Difference]:
    for want in case.wanted:
        value = got.get(want.path)
        expected = decimal_text(want.value, want.decimals)
        if value is None:
            yield Difference(want.path, expected, "", "")
        elif value != want.value:
            less = decimal_text(value - want.value, want.decimals)
            yield Difference(want.path, expected, decimal_text(value, want.decimals), less)


def run_files(paths: Iterable[Path]) -> list[Outcome]:
    """The outcomes of every case of every file, in order."""
    return [run_case(value, str(path)) for path in paths for value in read_cases(path)]


def conform(paths: Iterable[Path], say: Callable[[str], None], *, as_json: bool = False) -> int:
    """Run the files, tell what came of each case, and answer the exit code.

    Nought where all passed, 1 where one failed, 2 where none failed and some were refused.

    Raises:
        CommandFailedError: no file, or one without cases.
    """
    outcomes = run_files(paths)
    if not outcomes:
        raise CommandFailedError("No file was given, so no case was run; name one or more.")
    counts = {
        verdict: sum(outcome.verdict == verdict for outcome in outcomes)
        for verdict in (PASSED, FAILED, REFUSED)
    }
    if as_json:
        say(json.dumps({"counts": counts, "cases": [_as_data(one) for one in outcomes]}, indent=1))
    else:
        for outcome in outcomes:
            for line in _in_words(outcome):
                say(line)
        say(f"{counts[PASSED]} passed, {counts[FAILED]} failed, {counts[REFUSED]} refused")
    if counts[FAILED]:
        return FAILED_CODE
    return REFUSED_CODE if counts[REFUSED] else 0


def _as_data(outcome: Outcome) -> dict[str, Any]:
    rows = [
        {"path": row.path, "expected": row.expected, "got": row.got, "difference": row.less}
        for row in outcome.differences
    ]
    return {
        "file": outcome.file,
        "id": outcome.id,
        "verdict": outcome.verdict,
        "differences": rows,
        "why": outcome.why,
    }


def _in_words(outcome: Outcome) -> Iterable[str]:
    yield f"{outcome.verdict:8}{outcome.id}" + (f": {outcome.why}" if outcome.why else "")
    for row in outcome.differences:
        if row.got:
            yield f"        {row.path}: expected {row.expected}, got {row.got} ({row.less})"
        else:
            yield f"        {row.path}: expected {row.expected}, got no such figure"
