"""What makes two commands of one id the same, and what does not."""

from __future__ import annotations

import hmac
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import repeats
from actors.asks import Submit
from actors.repeats import hash_of, is_repeat
from engine.decision import COMMANDS
from engine.order.commands import AddLine
from engine.staff import SignOn
from engine.wire import canonical, structure, unstructure
from tests.draws import examples
from tests.shapes import instances

KEYED = hmac.new(b"secret", digestmod="sha256")
ANY_COMMAND = st.sampled_from([cls for _, cls in COMMANDS.items()]).flatmap(instances)
MILK = Submit("id-1", "1", "order.add_line", {"code": "milk"}, approver="max")


@attrs.frozen
class _Ribbon:
    colour: str
    length_mm: int = 500


@attrs.frozen
class _Wrapped:
    code: str
    ribbons: tuple[_Ribbon, ...] = ()


@attrs.frozen
class _LongerRibbon:
    colour: str
    length_mm: int = 500
    is_curled: bool = False


@attrs.frozen
class _LaterWrapped:
    code: str
    ribbons: tuple[_LongerRibbon, ...] = ()
    is_gift: bool = False
    notes: dict[str, str] = attrs.field(factory=dict)


def _hash(submit: Submit, body: Any) -> bytes:
    return hash_of(submit, body, KEYED)


def _stored_before(submit: Submit, body: Any) -> bytes:
    """As journals of before have it: every field, and what was found of the PINs."""
    data = unstructure(body)
    data.pop("pin_hash", None)
    mac = KEYED.copy()
    mac.update(
        canonical(
            {
                "name": submit.name,
                "data": data,
                "register": submit.register,
                "approver": submit.approver,
                "approver_pin_correct": submit.approver_pin_correct,
            }
        )
    )
    return mac.digest()


@pytest.mark.parametrize(
    "data",
    [
        {"code": "milk"},
        {"code": "milk", "ribbons": [{"colour": "red"}, {"colour": "blue", "length_mm": 20}]},
    ],
)
def test_a_field_added_later_leaves_a_repeat_what_it_was(data: dict[str, Any]) -> None:
    """The front end sends the same bytes; only the store was replaced by a newer one between."""
    before = _hash(MILK, structure(data, _Wrapped))
    assert _hash(MILK, structure(data, _LaterWrapped)) == before
    told = _LaterWrapped("milk", is_gift=True)
    assert _hash(MILK, told) != before


@pytest.mark.parametrize("body", [AddLine("milk"), SignOn("ana", pin_correct=True)])
def test_a_hash_of_before_is_known(body: Any) -> None:
    """What an older store wrote into the journal answers its repeats, and no other command's."""
    submit = attrs.evolve(MILK, name=COMMANDS.name_of(body))
    stored = _stored_before(submit, body)
    assert stored != _hash(submit, body)
    assert is_repeat(stored, submit, body, KEYED)
    assert not is_repeat(stored, attrs.evolve(submit, register="2"), body, KEYED)
    assert not is_repeat(stored, attrs.evolve(submit, approver="ana"), body, KEYED)
    assert not is_repeat(stored, MILK, AddLine("bread"), KEYED)
    assert not is_repeat(b"", submit, body, KEYED)


def test_whatever_was_sent_makes_it_another_command() -> None:
    """Name, register, approver and each field; what was found of a PIN does not."""
    first = _hash(MILK, AddLine("milk"))
    for other in (
        attrs.evolve(MILK, name="order.open"),
        attrs.evolve(MILK, register="2"),
        attrs.evolve(MILK, approver="ana"),
    ):
        assert _hash(other, AddLine("milk")) != first
    assert _hash(MILK, AddLine("milk", "", 7000)) != first
    assert _hash(attrs.evolve(MILK, approver_pin_correct=True), AddLine("milk")) == first


@settings(max_examples=examples(300))
@given(ANY_COMMAND)
def test_what_is_compared_is_the_whole_command(body: Any) -> None:
    """The fields left out are those that come back by themselves: no two commands look alike."""
    given_fields = repeats._given(body)
    assert structure(given_fields, type(body)) == body
