"""The list of planted bugs is in order; two of them, and all that the simulator is to catch, are
really caught."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.breadth import breadth
from tests.mutants.planted import Mutant, check_sound, judge, load, problems, try_one
from tests.mutants.tree import Ended, Tree, copied

SAMPLE = ("instalment-rounded", "lock-out-forgotten")
SIMULATED = [mutant for mutant in load() if mutant.kind == "simulation"]


@pytest.fixture(scope="module")
def tree() -> Iterator[Tree]:
    """A copy of the checkout to plant in."""
    with copied() as copy:
        yield copy


def test_every_planted_bug_still_fits() -> None:
    """Names differ, there are enough, and each old text stands in its file exactly once."""
    assert problems(load()) == []


@pytest.mark.slow
def test_a_sample_is_caught(tree: Tree) -> None:
    """Planted in a copy of the checkout, a bug of paying and one of the staff are found."""
    sample = [mutant for mutant in load() if mutant.name in SAMPLE]
    assert len(sample) == len(SAMPLE)
    assert check_sound(tree, sample) == []
    assert [(v.mutant.name, v.why) for v in (try_one(tree, mutant) for mutant in sample)] == [
        (name, "") for name in SAMPLE
    ]


@breadth
@pytest.mark.slow
@pytest.mark.parametrize("mutant", SIMULATED, ids=[mutant.name for mutant in SIMULATED])
def test_the_days_of_a_detector_still_show_its_bug(tree: Tree, mutant: Mutant) -> None:
    """What a day sells changes with whatever is drawn for it: its seeds may show a bug no more."""
    assert try_one(tree, mutant).why == ""


@pytest.mark.parametrize(
    ("ended", "why"),
    [
        (Ended(1, "E   AssertionError: 350 == 351"), ""),
        (Ended(1, "  | AssertionError: 350 == 351"), ""),
        (Ended(0, "1 passed"), "survived"),
        (Ended(None, ""), "did not end"),
        (Ended(1, "E   ImportError: cannot import name"), "does not run: ImportError"),
        (Ended(2, "E   SyntaxError: invalid syntax"), "does not run: SyntaxError"),
        (Ended(1, "E   KeyError: 'x'"), "no failed assertion"),
        (Ended(4, "ERROR: not found: assert"), "no failed assertion"),
    ],
)
def test_only_a_failed_assertion_is_a_catch(ended: Ended, why: str) -> None:
    """A bug that cannot run, a test that is not there and a hang are no catches."""
    mutant = Mutant("x", "It hurts.", "f.py", "a", "b", "pytest tests/x.py::test_x")
    found = judge(mutant, ended)
    assert (found == "") == (why == "")
    assert why in found


def test_a_detector_may_name_what_it_says() -> None:
    """Where an error of the store's own is the catch, its words are part of the entry."""
    mutant = Mutant("x", "It hurts.", "f.py", "a", "b", "pytest tests/x.py", "changed since")
    assert judge(mutant, Ended(1, "E   JournalCorruptError: record 7 was changed since")) == ""
    assert "without saying" in judge(mutant, Ended(1, "E   AssertionError"))
    either = Mutant("x", "It hurts.", "f.py", "a", "b", "pytest tests/x.py", "gone | changed since")
    assert judge(either, Ended(1, "E   JournalCorruptError: record 7 was changed since")) == ""
    assert "without saying" in judge(either, Ended(1, "E   AssertionError"))
