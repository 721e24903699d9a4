"""What is read off the paper of a printer whose store was killed in the middle."""

from __future__ import annotations

from tests.crash.audit import prints

CUT = ("- " * 21,)
COPY = ("*** COPY ***",)


def receipt(number: int) -> tuple[str, ...]:
    """The lines that count."""
    return ("Corner Shop", f"Receipt 1-{number:06}   2026-11-26 10:00", "Thank you", "Journal 9·00")


def copies(*parts: tuple[str, ...]) -> list[tuple[str, bool, bool]]:
    """Number, whether it is a copy, and whether it is whole, of each try."""
    paper = "\n".join(line for part in parts for line in part)
    return [(one.number[-1], one.is_copy, one.is_whole) for one in prints([paper])]


def test_a_banner_above_or_below_makes_a_copy() -> None:
    """The next receipt is an original again."""
    found = copies(receipt(1), CUT, COPY, receipt(1), COPY, CUT, receipt(2), CUT)
    assert found == [("1", False, True), ("1", True, True), ("2", False, True)]


def test_a_copy_that_lost_its_last_line() -> None:
    """The banner behind it is the next copy's."""
    found = copies(receipt(1), CUT, COPY, receipt(1), COPY, receipt(1), COPY, CUT, receipt(2), CUT)
    assert [is_copy for _, is_copy, _ in found] == [False, True, True, False]


def test_a_copy_that_lost_only_its_cut() -> None:
    """What follows is another receipt, and no copy."""
    found = copies(receipt(1), CUT, COPY, receipt(1), COPY, receipt(2), CUT)
    assert [is_copy for _, is_copy, _ in found] == [False, True, False]


def test_a_second_print_without_a_banner_is_seen() -> None:
    """Behind a whole receipt, a part of one, and a copy that was cut off."""
    assert [is_copy for _, is_copy, _ in copies(receipt(1), CUT, receipt(1), CUT)] == [False, False]
    assert [is_copy for _, is_copy, _ in copies(receipt(1)[:2], receipt(1))] == [False, False]
    found = copies(receipt(1), CUT, COPY, receipt(1), COPY, CUT, receipt(1), CUT)
    assert [is_copy for _, is_copy, _ in found] == [False, True, False]
