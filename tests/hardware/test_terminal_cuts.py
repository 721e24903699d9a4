"""The wire to a ZVT terminal is cut in the middle of everything, and nobody has to guess."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from tests.hardware import terminal_cuts
from tests.hardware.terminal_cuts import CARRIERS, DIALOGUES, PLACES, Dialogue, Wire, cuts_of

# All of it takes a quarter of an hour; the ordinary run takes a sample.
EVERY = os.environ.get("HYPOTHESIS_PROFILE") == "night"
STEP = 1 if EVERY else 89


@pytest.mark.feature("NEW-07", part="the wire to a ZVT terminal, at every byte, without intents")
@pytest.mark.feature("PAY-09", part="the terminal's side: asking after a cut")
@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: dialogue.name)
async def test_the_truth_is_reached_after_any_cut(
    dialogue: Dialogue, carrier: str, tmp_path: Path
) -> None:
    """After the cable is back and the terminal was asked, what is known is what its books say, and
    it was asked for it once; at every byte at night."""
    ends: Counter[str] = Counter()
    for number, place in enumerate(PLACES):
        for keeps in (False, True):
            folder = tmp_path / f"{place}-{keeps}"
            folder.mkdir()
            first = 1 if EVERY else 3 + 2 * number + keeps
            ends += await cuts_of(
                dialogue, Wire(carrier, place, keeps), folder, step=STEP, first=first
            )
    assert ends.total() >= 4, "the sample has cuts in it"
    print(f"{ends.total()} cuts: {dict(ends)}")  # noqa: T201


def test_the_proof_leaves_its_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The long proof's part says how many cuts there were, and its aim."""
    monkeypatch.setattr(terminal_cuts, "CARRIERS", ("tcp",))
    place = tmp_path / "figures.json"
    assert terminal_cuts.main(["end of day", "--json", str(place)]) == 0
    (row,) = json.loads(place.read_text())["rows"]
    assert (row["ok"], row["aim"]) == (True, "0")
    assert "cuts in" in capsys.readouterr().out
