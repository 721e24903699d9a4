"""Names and bytes: what is registered comes back as it went, and nothing else gets in."""

from __future__ import annotations

import enum
import re
import threading
import typing
from collections.abc import Iterator
from typing import Any

import attrs
import cattrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import books, queries  # noqa: F401  the books register every noun
from engine.building import quick_structure
from engine.decision import COMMANDS, EVENTS
from engine.effects import EFFECTS
from engine.order.commands import AddLine, DiscountLine
from engine.settings import ConfigureStore
from engine.till import OpenTill
from engine.wire import (
    Registry,
    WireError,
    canonical,
    make_converter,
    parse,
    structure,
    unstructure,
)
from tests.draws import examples
from tests.shapes import INTS, instances, sample

REGISTRIES = (COMMANDS, EVENTS, EFFECTS, queries.QUERIES)
CLASSES = [(reg, name) for reg in REGISTRIES for name, _ in reg.items()]
VERSIONED = re.compile(r"[a-z]+\.[a-z_]+/[1-9][0-9]*")
_DETAILED = make_converter(detailed=True)
PLAIN = re.compile(r"[a-z]+\.[a-z_]+")


def test_the_books_know_every_class() -> None:
    """The modules looked at here are all of the engine's; the books import every noun."""
    assert len(EVENTS.items()) >= 37
    assert len(COMMANDS.items()) >= 41


EACH = pytest.mark.parametrize(("registry", "name"), CLASSES, ids=[name for _, name in CLASSES])


@EACH
def test_everything_registered_survives_the_wire(registry: Registry, name: str) -> None:
    """Packed, made canonical bytes, parsed and unpacked, an instance equals itself."""
    value = sample(registry.class_of(name))
    packed = parse(canonical(registry.pack(value)))
    assert registry.unpack(packed) == value
    assert packed["name"] == name


@settings(max_examples=examples(150))
@given(st.sampled_from(CLASSES).flatmap(
    lambda entry: st.tuples(st.just(entry[0]), instances(entry[0].class_of(entry[1])))
))  # fmt: skip
def test_any_value_survives_the_wire(drawn: tuple[Registry, Any]) -> None:
    """Whatever a field holds, it comes back the same, and the bytes are one form."""
    registry, value = drawn
    packed = canonical(registry.pack(value))
    assert registry.unpack(parse(packed)) == value
    assert canonical(registry.pack(registry.unpack(parse(packed)))) == packed


@settings(max_examples=examples(300))
@given(st.sampled_from(CLASSES).flatmap(
    lambda entry: st.tuples(st.just(entry[0].class_of(entry[1])),
                            instances(entry[0].class_of(entry[1])))
), st.data())  # fmt: skip
def test_the_quick_way_takes_and_refuses_what_the_long_way_does(
    drawn: tuple[type, Any], data: st.DataObject
) -> None:
    """Whatever one place of the data holds, or lacks, both build the same, or neither builds."""
    cls, value = drawn
    plain = unstructure(value)
    places = list(_places(plain))
    if places:
        holder, key = data.draw(st.sampled_from(places))
        wrong = st.sampled_from((None, True, 1, 1.0, "", "x", (), [], [1], {}, {"x": 1}))
        match data.draw(st.sampled_from(("as it is", "another", "more", "less"))):
            case "another":
                holder[key] = data.draw(wrong)
            case "more" if isinstance(holder, dict):
                holder["surprise"] = data.draw(wrong)
            case "less":
                del holder[key]
    try:
        expected: Any = _DETAILED.structure(plain, cls)
    except Exception:  # noqa: BLE001  whatever it is, it is a refusal
        with pytest.raises(WireError):
            structure(plain, cls)
    else:
        built: Any = structure(plain, cls)
        assert built == expected
        assert repr(built) == repr(expected)


def _places(plain: Any) -> Iterator[tuple[Any, Any]]:
    """Every (object or list, key or index) within plain data."""
    entries = plain.items() if isinstance(plain, dict) else enumerate(plain)
    for key, entry in entries:
        yield plain, key
        if isinstance(entry, dict | list):
            yield from _places(entry)


@EACH
def test_a_stray_field_is_named(registry: Registry, name: str) -> None:
    """No class lets a field pass that it does not have."""
    packed = registry.pack(sample(registry.class_of(name)))
    packed["data"]["surprise"] = 1
    with pytest.raises(WireError, match=r"unknown field surprise @ \$"):
        registry.unpack(packed)


@EACH
def test_no_number_is_taken_from_what_is_none(registry: Registry, name: str) -> None:
    """A float, a bool, a text or nothing in place of an integer is refused with its path."""
    cls = registry.class_of(name)
    packed = registry.pack(sample(cls))
    for field in attrs.fields(cls):
        if typing.get_type_hints(cls)[field.name] is int:
            for wrong in (1.0, True, "1", None, [1]):
                bad = {"name": name, "data": {**packed["data"], field.name: wrong}}
                with pytest.raises(WireError, match=rf"@ \$\.{field.name}"):
                    registry.unpack(bad)


@EACH
def test_names_are_nouns_and_verbs(registry: Registry, name: str) -> None:
    """What is stored or leaves for a device carries a version; what is asked does not."""
    style = VERSIONED if registry in (EVENTS, EFFECTS) else PLAIN
    assert style.fullmatch(name)


@EACH
def test_every_field_has_a_plain_type(registry: Registry, name: str) -> None:
    """No registered class holds a float, anywhere."""

    def look(hint: Any, seen: set[Any]) -> None:
        assert hint is not float
        if hint in seen:
            return
        seen.add(hint)
        if isinstance(hint, type) and attrs.has(hint):
            for inner in typing.get_type_hints(hint).values():
                look(inner, seen)
        for inner in typing.get_args(hint):
            if not isinstance(inner, enum.Enum):
                look(inner, seen)

    look(registry.class_of(name), set())


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"code": 5}, r"expected str, got int @ \$\.code"),
        ({"quantity_milli": 1.5}, r"expected int, got float @ \$\.quantity_milli"),
        ({"quantity_milli": 1e3}, r"expected int, got float @ \$\.quantity_milli"),
        ({"quantity_milli": True}, r"expected int, got bool @ \$\.quantity_milli"),
        ({"quantity_milli": "1000"}, r"expected int, got str @ \$\.quantity_milli"),
        ({"qty": 1}, r"unknown field qty @ \$"),
        ([], r"expected an object, got list @ \$"),
        ("x", r"expected an object, got str @ \$"),
        (None, r"expected an object, got NoneType @ \$"),
    ],
)
def test_faults_are_named_with_their_path(data: Any, problem: str) -> None:
    """What is wrong and where, in one line."""
    with pytest.raises(WireError, match=problem):
        structure(data, AddLine)


@pytest.mark.parametrize("data", [[], [["code", 1]], "ab", 5, None])
def test_fields_that_are_no_object_are_told_so(data: Any) -> None:
    """A list for what a command brings, as a program writes that knows no empty object."""
    with pytest.raises(WireError) as caught:
        structure({"data": data}, _Brought)
    found = type(data).__name__
    assert caught.value.problems == (f"expected an object, got {found} @ $.data",)


def test_a_word_no_choice_has_is_answered_with_the_choices() -> None:
    """Nor is the word itself repeated, which may have been meant for another field."""
    with pytest.raises(WireError) as caught:
        structure({"line": 1, "kind": "1234", "value": 1}, DiscountLine)
    assert caught.value.problems == ("expected one of percent, amount @ $.kind",)
    with pytest.raises(WireError, match=r"expected hexadecimal text @ \$\.picture"):
        structure({"picture": "no picture"}, _Drawn)


def test_every_fault_is_named_at_once() -> None:
    """Two faults are two problems, deep ones with the whole path."""
    with pytest.raises(WireError) as caught:
        structure({"denominations": [{"value_minor": 1.5, "count": "2"}, 7]}, OpenTill)
    assert caught.value.problems == (
        "expected int, got float @ $.denominations[0].value_minor",
        "expected int, got str @ $.denominations[0].count",
        "expected an object, got int @ $.denominations[1]",
    )


def test_missing_fields_and_unknown_words_are_named() -> None:
    """A required field left out, a list that is none, and a word no choice has."""
    with pytest.raises(WireError, match=r"required field missing @ \$\.denominations"):
        structure({}, OpenTill)
    with pytest.raises(WireError, match=r"expected a list, got str @ \$\.denominations"):
        structure({"denominations": "1000"}, OpenTill)
    with pytest.raises(WireError, match=r"@ \$\.kind"):
        structure({"line": 1, "kind": "free", "value": 1}, DiscountLine)
    with pytest.raises(WireError, match=r"\$\.rules\.currency"):
        structure({"rules": {"currency": 1}}, ConfigureStore)


@attrs.frozen
class _Brought:
    """Something with fields of any name."""

    data: dict[str, Any]


@attrs.frozen
class _Drawn:
    """Something with bytes."""

    picture: bytes


@attrs.frozen
class _Inner:
    """Something with a part of its own."""

    one: int
    two: int


@attrs.frozen
class _Outer:
    """Several parts that are neither text nor number."""

    one: int
    two: int
    first: _Inner
    second: _Inner | None
    more: tuple[_Inner, ...]


_INNER = {"one": 1, "two": 2}
_OUTER = {"one": 1, "two": 2, "first": _INNER, "second": _INNER, "more": [_INNER]}
_BUILT = _Outer(1, 2, _Inner(1, 2), _Inner(1, 2), (_Inner(1, 2),))


@pytest.mark.parametrize("at", range(1, 4))
def test_another_thread_gets_the_whole_while_it_is_prepared(at: int) -> None:
    """How a class is built is found out as it is first needed, and two threads may need it at the
    same moment: whichever part is being looked at, neither gets half of it."""
    converter = make_converter(detailed=False)
    asked, found = 0, list[Any]()

    def hook_of(kind: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == at:
            other = threading.Thread(target=lambda: found.append(build(_OUTER, _Outer)))
            other.start()
            other.join()
        return converter.get_structure_hook(kind)

    build: Any = quick_structure(_Outer, hook_of, lambda: converter.get_structure_hook(_Outer))
    assert build is not None
    assert [build(_OUTER, _Outer), build(_OUTER, _Outer), *found] == [_BUILT] * 3


@pytest.mark.parametrize("way", ["structure", "unstructure"])
def test_two_threads_that_need_a_list_first_both_get_it(
    monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """And so does whoever comes after them."""
    converter = make_converter(detailed=False)
    many = tuple[_Inner, ...]
    plain, built = [_INNER], (_Inner(1, 2),)
    hook: Any = getattr(converter, f"get_{way}_hook")(many)
    given = (plain, many) if way == "structure" else (built,)
    sound = getattr(cattrs.Converter, f"get_{way}_hook")
    both, found = threading.Barrier(2), list[Any]()

    def together(self: cattrs.Converter, kind: Any, **how: Any) -> Any:
        if kind is _Inner:
            both.wait(10)
        return sound(self, kind, **how)

    monkeypatch.setattr(cattrs.Converter, f"get_{way}_hook", together)
    threads = [threading.Thread(target=lambda: found.append(hook(*given))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [*found, hook(*given)] == [built if way == "structure" else plain] * 3


def _no_memory(*_: Any) -> None:
    raise MemoryError


@attrs.frozen
class _Heavy:
    """Takes more memory than there is."""

    value: int = attrs.field(validator=_no_memory)


@attrs.frozen
class _Heavies:
    """Several of it."""

    entries: tuple[_Heavy, ...]


@pytest.mark.parametrize(
    ("data", "kind"), [({"value": 1}, _Heavy), ({"entries": [{"value": 1}]}, _Heavies)]
)
def test_a_lack_of_memory_is_no_fault_of_the_data(data: Any, kind: type) -> None:
    """Whoever sent it is not told that something is wrong with it."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 - in however many groups
        structure(data, kind)
    error: BaseException = raised.value
    while isinstance(error, BaseExceptionGroup):
        (error,) = error.exceptions
    assert isinstance(error, MemoryError)


def test_packages_have_exactly_a_name_and_data() -> None:
    """Anything else around a packed value is refused, as is a name nobody gave."""
    wrong: list[Any] = [{}, {"name": "order.open"}, [], None, {"name": "a", "data": {}, "x": 1}]
    for packed in wrong:
        with pytest.raises(WireError, match="exactly name and data"):
            COMMANDS.unpack(packed)
    with pytest.raises(WireError, match=r"unknown command 'order\.steal'"):
        COMMANDS.unpack({"name": "order.steal", "data": {}})
    with pytest.raises(WireError):
        COMMANDS.unpack({"name": ["order.open"], "data": {}})


def test_a_name_is_given_once() -> None:
    """A second class cannot take a name that facts may already bear."""
    registry = Registry("thing")
    registry.name("a.b")(AddLine)
    with pytest.raises(ValueError, match=r"thing name a\.b is already taken"):
        registry.name("a.b")(OpenTill)


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"{'a':1}", b"1 2", b"NaN", b"\x00" * 9])
def test_bytes_that_are_no_json_are_refused(text: bytes) -> None:
    """Garbage is an error, never half a value."""
    with pytest.raises(WireError, match="not valid JSON"):
        parse(text)


@given(st.recursive(INTS | st.text() | st.booleans() | st.none(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
                    max_leaves=20))  # fmt: skip
def test_canonical_bytes_are_one_form(data: Any) -> None:
    """The same data has the same bytes whatever order its keys came in, and parses back."""
    assert parse(canonical(data)) == data
    if isinstance(data, dict):
        assert canonical(dict(reversed(data.items()))) == canonical(data)


def test_every_field_is_written() -> None:
    """A default is written too: a fact stays what it was when defaults change."""
    assert unstructure(AddLine("x")) == {
        "code": "x",
        "item_id": "",
        "quantity_milli": 1000,
        "tare_milli": 0,
    }
