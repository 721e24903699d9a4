"""No decoder is forgotten: what reads bytes from outside is reached, or it is said why not."""

from __future__ import annotations

import ast
from fnmatch import fnmatchcase

from tests.fuzz.not_fuzzed import NOT_FUZZED
from tests.fuzz.reached import constructed, decoders, decoders_in, entry_points, reached


def test_every_entry_point_of_the_floor_is_fuzzed() -> None:
    """Whatever the stub of the extension says can be called with something, some target calls."""
    found = list(entry_points())
    assert {"emv_dol", "PriceBook.from_segment", "NexoLink.heard", "ZvtLink.__new__"} <= set(found)
    made = constructed()
    missing = [
        name
        for name in found
        if name not in reached().entries
        and not (name.endswith(".__new__") and name.partition(".")[0] in made)
    ]
    assert missing == [], "give each a target in tests/fuzz/targets_*.py"


def test_every_decoder_is_fuzzed() -> None:
    """A function that reads bytes or text lies on the way of some target's seed, or is listed."""
    found = [place for place in decoders() if place not in reached().functions]
    named = [f"{file}:{name}" for file, name in found]
    known = [one for one in named if any(fnmatchcase(one, pattern) for pattern in NOT_FUZZED)]
    assert sorted(set(named) - set(known)) == [], "add a target, or say in not_fuzzed.py why not"


def test_what_is_listed_as_not_fuzzed_is_so() -> None:
    """A reason goes when its function goes, or once a target reaches it."""
    found = [f"{file}:{name}" for file, name in set(decoders()) - reached().functions]
    gone = [one for one in NOT_FUZZED if not any(fnmatchcase(place, one) for place in found)]
    assert gone == []


def test_a_decoder_is_known_by_what_it_calls() -> None:
    """Functions and methods that parse, by whatever name they call it; others are none."""
    text = """
def read(text): return json.loads(text)
def plain(text): return text.upper()
class Door:
    async def heard(self, data): self.reader.feed(data)
    def shown(self): return str(self)
"""
    assert list(decoders_in(ast.parse(text).body)) == ["read", "Door.heard"]
