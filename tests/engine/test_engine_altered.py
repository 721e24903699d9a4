"""A copy with some fields changed is the one attrs makes."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import books  # noqa: F401  the books register every noun
from engine.altered import altered
from engine.decision import EVENTS
from engine.register import Totals
from tests.draws import examples
from tests.shapes import instances

CLASSES = [cls for _, cls in EVENTS.items()]


@settings(max_examples=examples(200))
@given(st.sampled_from(CLASSES).flatmap(
    lambda cls: st.tuples(instances(cls), instances(cls))
), st.data())  # fmt: skip
def test_it_is_what_attrs_evolves(drawn: tuple[Any, Any], data: st.DataObject) -> None:
    """Whichever fields are changed to whatever, and nothing happens to what was there."""
    before, other = drawn
    names = [field.name for field in attrs.fields(type(before))]
    chosen = data.draw(st.sets(st.sampled_from(names))) if names else set()
    changes = {name: getattr(other, name) for name in chosen}
    was = repr(before)
    expected = attrs.evolve(before, **changes)
    assert altered(before, **changes) == expected
    assert repr(altered(before, **changes)) == repr(expected)
    assert repr(before) == was


def test_a_name_that_is_no_field_is_an_error() -> None:
    """A change that would be lost is not."""
    with pytest.raises(TypeError, match="Totals has no field salez"):
        altered(Totals(), salez=1)  # type: ignore[call-arg]


def test_classes_that_are_built_otherwise_are_changed_all_the_same() -> None:
    """One with an alias, a field that is no argument, or one field alone."""

    @attrs.frozen
    class Aliased:
        _hidden: int
        seen: int

    @attrs.frozen(kw_only=True)
    class Named:
        one: int
        two: int

    @attrs.frozen
    class Alone:
        one: int

    assert altered(Aliased(1, 2), seen=3) == Aliased(1, 3)
    assert altered(Named(one=1, two=2), two=3) == Named(one=1, two=3)
    assert altered(Alone(1), one=2) == Alone(2)
