"""The generated schema says what the store takes and gives: no more, no less, and never stale."""

from __future__ import annotations

import copy
import functools
import types
import typing
from enum import Enum
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from engine.queries import ANSWERS, QUERIES
from engine.wire import WireError, canonical, parse, structure, unstructure
from protocols.front.answers import COMMAND_ANSWERS, SYSTEM_FIELDS, front_commands
from protocols.front.codec import ClientFrame, ServerFrame, encode
from protocols.front.frames import AnswerFrame, CommandFrame, FaultCode, Hello, Ping, Subscribe
from protocols.front.schema import asyncapi, definitions, hints_of, json_schema
from protocols.front.topics import TOPICS
from tools.schemas import drifted

pytestmark = pytest.mark.feature("NEW-21", part="schemas are generated and agree")
SCHEMA = json_schema()
TAKEN = [*(cls for _, cls in front_commands()), *(cls for _, cls in QUERIES.items())]
GIVEN = sorted(
    {*COMMAND_ANSWERS.values(), *(c for c in ANSWERS.values() if attrs.has(c))},
    key=lambda cls: cls.__name__,
)
PLAIN: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-9, 9),
    st.text(max_size=3),
    st.sampled_from((0.5, [], {}, ["x"], {"x": 1})).map(copy.deepcopy),
)


@functools.cache
def instances(annotation: Any) -> st.SearchStrategy[Any]:
    """Anything of a type the protocol knows."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is int:
        return st.integers(-(2**63) + 1, 2**63 - 1)
    if annotation is str:
        return st.text(max_size=5)
    if annotation is bool:
        return st.booleans()
    if annotation in (Any, object):
        return PLAIN
    if annotation is type(None):
        return st.none()
    if origin in (typing.Union, types.UnionType):
        return st.one_of([instances(arg) for arg in args])
    if origin is tuple:
        return st.lists(instances(args[0]), max_size=2).map(tuple)
    if origin is frozenset:
        return st.frozensets(instances(args[0]), max_size=2)
    if origin is dict:
        return st.dictionaries(st.text(max_size=3), instances(args[1]), max_size=2)
    if issubclass(annotation, Enum):
        return st.sampled_from(annotation)
    fields = {name: instances(hint) for name, hint in hints_of(annotation).items()}
    return st.builds(annotation, **fields)


def validator(reference: dict[str, Any]) -> Draft202012Validator:
    """A validator of one definition."""
    return Draft202012Validator({"$defs": SCHEMA["$defs"], **reference})


@functools.cache
def schema_of(cls: type, *, taken: bool) -> Draft202012Validator:
    """The validator of a class as it comes in or goes out."""
    name = cls.__name__
    found = f"{name}Input" if taken and f"{name}Input" in SCHEMA["$defs"] else name
    return validator({"$ref": f"#/$defs/{found}"})


def mutated(draw: Any, data: Any) -> Any:
    """The data with one thing in it replaced, taken away or added."""
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        keys: Any = value.keys() if isinstance(value, dict) else range(len(value))
        for key in keys:
            places.append((value, key))
            if isinstance(value[key], dict | list):
                walk(value[key])

    walk(data)
    holder, key = draw(st.sampled_from([*places, (data, "zz")]))
    if isinstance(holder, dict) and key in holder and draw(st.booleans()):
        del holder[key]
    else:
        holder[key] = draw(PLAIN)
    return data


@pytest.mark.parametrize("cls", TAKEN, ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_the_schema_takes_what_the_store_takes(cls: type, data: st.DataObject) -> None:
    """For a command or query and any one change to it, schema and store agree whether it is one."""
    plain = parse(canonical(unstructure(data.draw(instances(cls)))))
    for hidden in SYSTEM_FIELDS.get(cls, ()):
        del plain[hidden]
    check = schema_of(cls, taken=True)
    check.validate(plain)
    structure(plain, cls)
    changed = mutated(data.draw, copy.deepcopy(plain))
    try:
        structure(changed, cls)
        fits = True
    except WireError:
        fits = False
    assert fits == check.is_valid(changed), changed


@pytest.mark.parametrize("cls", GIVEN, ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_what_the_store_gives_fits_the_schema(cls: type, data: st.DataObject) -> None:
    """Any view or answer is valid, and what is valid can be read back."""
    plain = parse(canonical(unstructure(data.draw(instances(cls)))))
    check = schema_of(cls, taken=False)
    check.validate(plain)
    assert plain == parse(canonical(unstructure(structure(plain, cls))))
    changed = mutated(data.draw, copy.deepcopy(plain))
    if check.is_valid(changed):
        structure(changed, cls)


def test_the_schema_is_a_schema() -> None:
    """The document is valid draft 2020-12, and every reference in it leads somewhere."""
    Draft202012Validator.check_schema(SCHEMA)

    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            inner = [r for entry in value.values() for r in references(entry)]
            return [*inner, *([value["$ref"]] if isinstance(value.get("$ref"), str) else [])]
        if isinstance(value, list):
            return [r for entry in value for r in references(entry)]
        return []

    known = {f"#/$defs/{name}" for name in SCHEMA["$defs"]}
    assert set() == set(references(SCHEMA)) - known
    described = asyncapi()
    paths = set(references(described))
    for path in paths:
        place: Any = described
        for step in path.removeprefix("#/").split("/"):
            place = place[step]


def test_whole_frames_are_validated_with_their_data() -> None:
    """The one document judges a frame by its type and a command by its name."""
    check = Draft202012Validator(SCHEMA)
    right: list[ClientFrame | ServerFrame] = [
        Hello(1, "token", "1"),
        Ping(4),
        CommandFrame("018f0000-0000-7000-8000-000000000001", "order.add_line", {"code": "1"}),
        *(Subscribe(topic) for topic in TOPICS),
    ]
    for frame in right:
        check.validate(parse(encode(frame)))
    wrong: list[ClientFrame | ServerFrame] = [
        CommandFrame("018f0000-0000-7000-8000-000000000001", "order.add_line", {"price": 1}),
        CommandFrame("018f0000-0000-7000-8000-000000000001", "effect.start", {"effect_id": "e"}),
        CommandFrame("018f0000-0000-7000-8000-000000000001", "till.open", {}),
        Subscribe("money"),
        AnswerFrame("i", True),
    ]
    assert [] == [frame for frame in wrong if check.is_valid(parse(encode(frame)))]


def test_every_name_has_its_data_and_its_answer() -> None:
    """Whatever may be asked is in the document with both shapes, and the store's own is not."""
    found = definitions()
    assert {name for name, _ in front_commands()} == set(found["commands"])
    assert {name for name, _ in QUERIES.items()} == set(found["queries"])
    assert not [name for name in found["commands"] if name.startswith("effect.")]
    assert "pin_hash" not in str(found["$defs"]["AddOperatorInput"])
    assert {code.value for code in FaultCode} == set(found["$defs"]["FaultCode"]["enum"])


def test_nothing_generated_is_stale() -> None:
    """The committed schema, AsyncAPI, OpenAPI and TypeScript are what the classes say today."""
    assert [] == drifted(), "run: python tools/schemas.py, and commit what it wrote"
