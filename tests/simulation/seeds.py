"""Seeds that once failed, kept in `seeds.txt` with what they had and why; each check runs them.

A line reads `SEED sales=N until=S faults=NAME:FORCE,NAME:FORCE why: WORDS`; `faults=` alone is
none.
"""

from __future__ import annotations

import re
from pathlib import Path

from attrs import frozen

from tests.simulation.faults import FAULTS
from tests.simulation.run import Outcome, Plan, force_of

SEEDS = Path(__file__).with_name("seeds.txt")
_LINE = re.compile(r"(\d+) sales=(\d+) until=(\d+(?:\.\d+)?) faults=(\S*) why: (\S.*)", re.ASCII)


class SeedsError(ValueError):
    """The file of seeds cannot be read; the message names the line."""


@frozen
class Kept:
    """A plan that once failed, and why it is kept."""

    plan: Plan
    why: str

    def line(self) -> str:
        """As it stands in the file."""
        plan = self.plan
        force = ",".join(f"{name}:{force!r}" for name, force in sorted(plan.force.items()))
        until = f"{plan.until_s:.3f}".rstrip("0").rstrip(".")
        head = f"{plan.seed} sales={plan.sales} until={until} faults={force}"
        return f"{head} why: {' '.join(self.why.split())}"


def kept_of(outcome: Outcome) -> Kept:
    """What is kept of a failing run."""
    assert outcome.failure is not None, "only what fails is kept"
    return Kept(outcome.plan, f"broke {outcome.failure.invariant}")


def read_seeds(path: Path | None = None) -> list[Kept]:
    """Every kept plan, in the file's order; empty lines and those with # are passed over.

    Raises:
        SeedsError: the file cannot be read, or a line is no plan or names a fault there is not.
    """
    path = SEEDS if path is None else path
    kept = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        raise SeedsError(f"{path} cannot be read: {error}. Put the kept seeds back.") from None
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            kept.append(_parse(path, number, line.strip()))
    return kept


def _parse(path: Path, number: int, line: str) -> Kept:
    where = f"{path.name}, line {number}"
    found = _LINE.fullmatch(line)
    if found is None:
        raise SeedsError(
            f"{where} is not a kept seed: {line[:60]!r}. Nothing was simulated. A line reads "
            "`SEED sales=N until=S faults=NAME:FORCE,… why: WORDS`; mend it or take it out."
        )
    seed, sales, until, faults, why = found.groups()
    if not int(sales) or not float(until):
        raise SeedsError(
            f"{where} needs a sale at least, and more than 0 seconds. Nothing was simulated."
        )
    force: dict[str, float] = {}
    for entry in filter(None, faults.split(",")):
        name, _, strength = entry.partition(":")
        if name not in FAULTS:
            raise SeedsError(
                f"{where} names the fault {name!r}, which there is not. Nothing was simulated. "
                f"Those there are: {', '.join(sorted(FAULTS))}"
            )
        if name in force:
            raise SeedsError(f"{where} names {name} twice. Nothing was simulated.")
        try:
            force[name] = force_of(strength)
        except ValueError:
            raise SeedsError(
                f"{where}: {entry!r} needs a force above 0, at most 1. Nothing was simulated."
            ) from None
    return Kept(Plan(int(seed), int(sales), force, float(until)), why)


def keep_seed(kept: Kept, path: Path | None = None) -> bool:
    """Put a plan at the end of the file; False where that very plan is there already.

    Raises:
        SeedsError: the file can be neither read nor written.
    """
    path = SEEDS if path is None else path
    if any(entry.plan == kept.plan for entry in read_seeds(path)):
        return False
    try:
        # An editor may have left the last line without its end: this one would be its reason.
        gap = "" if path.read_bytes()[-1:] in (b"", b"\n") else "\n"
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{gap}{kept.line()}\n")
    except OSError as error:
        raise SeedsError(f"{path} cannot be written: {error}. Put the line there.") from None
    return True
