"""The bench of a card payment still runs, and every sale in it was approved."""

from __future__ import annotations

import re

import pytest

from benches import card_sale


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["--one-process"]], ids=["three processes", "one process"])
def test_from_the_command_line(capsys: pytest.CaptureFixture[str], more: list[str]) -> None:
    """`--tiny` sells five times by card at a store of its own; the digest counts all that were."""
    assert card_sale.main(["--tiny", *more]) == 0
    *rows, cpu, at_half, at_most, digest = capsys.readouterr().out.splitlines()
    assert [row.split("  ")[0] for row in rows] == [
        "terminal alone",
        "through the store",
        "fdatasync",
    ]
    assert re.search(r"\d\.\d ms$", cpu)
    assert all("aim: under 5 ms" in line for line in (at_half, at_most))
    assert digest == "digest de123181a79a3a43"


def test_so_large_a_part_stays_within() -> None:
    """The nearest time that is not too short."""
    times = [float(number) for number in range(100, 0, -1)]
    assert (card_sale.share(times, 0.5), card_sale.share(times, 0.99)) == (51.0, 100.0)
