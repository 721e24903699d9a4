"""Every decision word for word: facts, answers, refusals with their figures, and the books after.

What the deciders say is kept in tests/golden/decisions, one file a scene. After a wanted change run
this file with UPDATE_GOLDEN=1 in the environment, then read the difference: a changed fact is a
change of what is kept for ever.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.engine import (
    decision_scenes,
    decision_scenes_cards,
    decision_scenes_offers,
    decision_scenes_paying,
)

SCENES = {
    **decision_scenes.SCENES,
    **decision_scenes_paying.SCENES,
    **decision_scenes_cards.SCENES,
    **decision_scenes_offers.SCENES,
}

GOLDEN = Path(__file__).parent.parent / "golden" / "decisions"


@pytest.mark.parametrize("scene", SCENES)
def test_what_is_decided_is_what_is_kept(scene: str) -> None:
    """Line for line, the store decides and answers as it did when the scene was last read."""
    told = SCENES[scene]().text()
    place = GOLDEN / f"{scene}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        place.write_text(told, encoding="utf-8")
    assert told.splitlines() == place.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("scene", sorted(SCENES.keys() - {"limits_reached"}))
def test_a_scene_replays_to_its_books(scene: str) -> None:
    """What the facts of a scene are folded to again is what the shop held at its end."""
    shop = SCENES[scene]().shop
    again = shop.replayed(shop.books.segments)
    for side in ("live", "training"):
        assert getattr(again, side) == getattr(shop.books, side)
    assert (again.staff, again.settings) == (shop.books.staff, shop.books.settings)
    assert (again.outbox, again.training_on) == (shop.books.outbox, shop.books.training_on)
