"""Mutants of the deciders: mutmut changes the code, the engine's own tests must notice.

mutmut writes every mutant of a file into that file, beside the original, and picks one at each
call; `forked` then needs to collect the tests only once. What lives is listed in
engine_survivors.toml with its reason.
"""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.util
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path

from attrs import define, field, frozen

from tests.mutants import forked
from tests.mutants.report import Row, finish, say, table
from tests.mutants.survivors import Change, Survivors, as_entries
from tests.mutants.tree import Tree, copied

COMMAND = "python -m tests.mutants engine"
LIST = Path(__file__).with_name("engine_survivors.toml")
AIM_PERCENT = 85
SAMPLE = 16
"""Of 18,000 mutants each sixteenth is tried unless told otherwise; all of them take days."""
INSTALL = "uv sync --group prove"

# What refuses or makes facts, and what says which and with which figures: test_mutants_lists.py
# knows the former by what it calls. Shapes, views and papers are not among them.
MODULES = (
    "engine/books.py", "engine/catalog.py",
    "engine/charge/decide.py", "engine/charge/model.py",
    "engine/coupon/decide.py", "engine/coupon/gs1.py", "engine/coupon/redeemed.py",
    "engine/credit/ledger.py", "engine/credit/rules.py",
    "engine/decision.py", "engine/foreign.py", "engine/money.py",
    "engine/order/bundle_returns.py", "engine/order/charging.py", "engine/order/choices.py",
    "engine/order/circumstances.py", "engine/order/context.py", "engine/order/counting.py",
    "engine/order/coins_back.py", "engine/order/coupons.py", "engine/order/credit_notes.py",
    "engine/order/decide.py", "engine/order/deposits.py", "engine/order/due.py",
    "engine/order/figures.py", "engine/order/finding.py", "engine/order/foreign_notes.py",
    "engine/order/held_goods.py", "engine/order/holding.py", "engine/order/offered.py",
    "engine/order/pricing.py",
    "engine/order/refunds.py", "engine/order/repricing.py", "engine/order/returned_promotions.py",
    "engine/order/returned_taxes.py", "engine/order/returns.py", "engine/order/ruled.py",
    "engine/order/settling.py", "engine/order/state.py", "engine/order/store_credit.py",
    "engine/order/tax_choices.py", "engine/order/tender_choice.py", "engine/order/tender_events.py",
    "engine/order/tendering.py", "engine/order/without_receipt.py",
    "engine/outbox.py",
    "engine/paylink/asking.py", "engine/paylink/closing.py", "engine/paylink/context.py",
    "engine/paylink/decide.py", "engine/paylink/hearing.py", "engine/paylink/state.py",
    "engine/paylink/withdrawing.py",
    "engine/payment/asking.py", "engine/payment/context.py", "engine/payment/decide.py",
    "engine/payment/ending_days.py", "engine/payment/exposure.py", "engine/payment/hearing.py",
    "engine/payment/outcome.py", "engine/payment/state.py", "engine/payment/tabs.py",
    "engine/payment/terminal_day.py", "engine/payment/tips.py",
    "engine/price_list/contention.py", "engine/price_list/decide.py", "engine/price_list/table.py",
    "engine/price_list/upload.py",
    "engine/promotion/check.py", "engine/promotion/deals.py", "engine/promotion/decide.py",
    "engine/promotion/payment.py", "engine/promotion/recorded.py", "engine/promotion/rewards.py",
    "engine/promotion/rows.py",
    "engine/register.py", "engine/requests.py", "engine/settings.py",
    "engine/settlement/decide.py", "engine/settlement/fees.py", "engine/settlement/judge.py",
    "engine/settlement/presented.py",
    "engine/staff.py", "engine/tax_rules.py", "engine/taxes.py", "engine/terminals.py",
    "engine/till.py", "engine/views/credits.py",
)  # fmt: skip
TESTS = ("tests/engine", "tests/scenarios")
_NOT_THESE = ("--ignore-glob=*/test_drill_*",)
_DEAD = ("killed", "time ran out")
_TIMEOUT_S = 14_400
_CONFIG = '\n[tool.mutmut]\nsource_paths = ["engine"]\n'


@frozen
class Mutant:
    """One mutant: its file, mutmut's name for it, and what it changes."""

    file: str
    name: str
    change: Change


@define
class Score:
    """How the mutants of one file ended."""

    ended: Counter[str] = field(factory=Counter)

    @property
    def killed(self) -> int:
        """Those a test noticed."""
        return sum(self.ended[how] for how in _DEAD)

    @property
    def percent(self) -> float:
        """Killed of all."""
        return 100 * self.killed / max(1, self.ended.total())


def run(
    module: str | None,
    json_file: Path | None,
    *,
    sample: int,
    begin: int,
    if_installed: bool,
    propose: bool,
) -> int:
    """Mutate some deciders or all; 1 where too many live, or one lives without a reason, 2 where
    nothing could be tried.

    `module` parts several by commas. `sample` 1 tries every mutant, 16 each sixteenth, after as
    many as `begin` says.
    """
    began = time.monotonic()
    if importlib.util.find_spec("mutmut") is None or not hasattr(os, "fork"):
        say(f"mutmut is not here (`{INSTALL}` brings it); no decider was mutated.")
        return 0 if if_installed else 2
    names = {_dotted(name) for name in module.split(",")} if module else set()
    chosen = [file for file in MODULES if not names or _dotted(file) in names]
    if len(chosen) < len(names):
        strange = ", ".join(sorted(names - set(map(_dotted, MODULES))))
        say(f"No decider is called {strange}; nothing was run. There are: {', '.join(MODULES)}.")
        return 2
    known = Survivors.load(LIST)
    with copied() as tree:
        mutants = [mutant for file in chosen for mutant in mutate(tree, file)][begin::sample]
        say(f"{len(mutants)} mutants of {len(chosen)} files; tests: {' '.join(TESTS)}")
        ended = judge(tree, mutants)
    if ended is None:
        return 2
    seconds = time.monotonic() - began
    return _tell(mutants, ended, known, seconds, json_file, sample=sample, propose=propose)


def _dotted(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".")


def mutate(tree: Tree, file: str) -> list[Mutant]:
    """Put every mutant of a file into the copy."""
    path = tree.path / file
    code = path.read_text(encoding="utf-8")
    before = Path.cwd()
    (tree.path / "setup.cfg").touch()
    pyproject = tree.path / "pyproject.toml"
    if _CONFIG not in pyproject.read_text(encoding="utf-8"):
        with pyproject.open("a", encoding="utf-8") as config:
            config.write(_CONFIG)
    os.chdir(tree.path)  # where mutmut looks for its configuration
    try:
        mutated = importlib.import_module("mutmut.mutation.file_mutation").mutate_file_contents(
            file, code
        )
    finally:
        os.chdir(before)
    path.write_text(mutated.code, encoding="utf-8")
    changes = changes_in(mutated.code, _dotted(file))
    return [Mutant(file, f"{_dotted(file)}.{name}", changes[name]) for name in mutated.mutant_names]


def changes_in(code: str, module: str) -> dict[str, Change]:
    """What each mutant in a mutated file changes, by mutmut's name of its function."""
    lines = code.splitlines()
    bodies = {
        node.name: _body(lines[node.lineno - 1 : node.end_lineno], node.name)
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.FunctionDef)
    }
    found = {}
    for name, body in bodies.items():
        mangled, is_mutant, number = name.partition("__mutmut_")
        if is_mutant and number != "orig":
            # `x_name`, or `xǁClassǁname` for a method.
            plain = mangled.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
            difference = difflib.ndiff(bodies[f"{mangled}__mutmut_orig"], body)
            found[name] = Change(f"{module}.{plain}", _described(list(difference)))
    return found


def _body(lines: list[str], name: str) -> list[str]:
    """A function's lines without their indent, its own name taken out of the first."""
    return [lines[0].strip().replace(name, "", 1), *(line.strip() for line in lines[1:])]


def _described(difference: list[str]) -> str:
    def part(sign: str) -> str:
        return " ".join(line[2:] for line in difference if line.startswith(sign))

    return f"{part('- ')} → {part('+ ')}".strip()


def judge(tree: Tree, mutants: list[Mutant]) -> dict[str, str] | None:
    """How each mutant ended, by name; None, after saying why, where the tests could not run."""
    results = tree.path / "results.json"
    plan = {
        "mutants": [mutant.name for mutant in mutants],
        "jobs": len(os.sched_getaffinity(0)),
        "results": str(results),
    }
    (tree.path / "plan.json").write_text(json.dumps(plan))
    os.environ[forked.PLAN] = str(tree.path / "plan.json")
    try:
        code = tree.watch(
            sys.executable, "-m", "pytest", "-q", "-s", "-p", "tests.mutants.forked",
            "-p", "no:cacheprovider", *TESTS, *_NOT_THESE, timeout_s=_TIMEOUT_S,
        )  # fmt: skip
    finally:
        del os.environ[forked.PLAN]
    if not results.exists():
        say(f"pytest ended with {code} before every mutant was tried; there is no figure.")
        return None
    ended: dict[str, str] = json.loads(results.read_text())
    return ended


def _tell(
    mutants: list[Mutant],
    ended: dict[str, str],
    known: Survivors,
    seconds: float,
    json_file: Path | None,
    *,
    sample: int,
    propose: bool,
) -> int:
    scores: dict[str, Score] = {}
    for mutant in mutants:
        scores.setdefault(mutant.file, Score()).ended[ended[mutant.name]] += 1
    table(
        ("file", "mutants", "killed", "%"),
        [
            (file, str(score.ended.total()), str(score.killed), f"{score.percent:.1f}")
            for file, score in scores.items()
        ],
    )
    living = [mutant.change for mutant in mutants if ended[mutant.name] not in _DEAD]
    unexplained = known.unexplained(living)
    whole = Score(sum((score.ended for score in scores.values()), Counter()))
    if unexplained:
        say(f"\n{len(unexplained)} live without a reason in {LIST.name}:")
        say(as_entries(unexplained) if propose else _lines(unexplained))
    if sample == 1 and len(scores) == len(MODULES) and (gone := known.gone(living)):
        say(f"\n{len(gone)} in {LIST.name} no longer live; take them out:\n{_lines(gone)}")
    part = "" if sample == 1 else f", each {sample}th"
    command = COMMAND if sample == SAMPLE else f"{COMMAND} --sample {sample}"
    figure = f"{whole.percent:.1f} % ({whole.killed} of {whole.ended.total()}{part})"
    rows = [
        Row("mutants of the deciders killed", figure, f"{AIM_PERCENT} %",
            whole.percent >= AIM_PERCENT, command),
        Row("survivors without a reason", str(len(unexplained)), "0", not unexplained, command),
    ]  # fmt: skip
    return finish("mutants-engine", seconds, rows, json_file)


def _lines(changes: list[Change]) -> str:
    return "\n".join(f"  {change.function}: {change.change}" for change in changes)
