"""Frames of the link: every fact survives its bytes, and garbage is refused without harm."""

from __future__ import annotations

import tracemalloc
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import LinkProtocolError, OversizedError
from actors.limits import FRAME_BYTES_MAX, ITEM_BYTES_MAX, ITEMS_PER_FRAME_MAX, LINK_VERSION
from actors.link_codec import (
    Answer,
    Ask,
    Beat,
    Data,
    Hello,
    Item,
    Refused,
    Tell,
    Welcome,
    decode,
    encode_answer,
    encode_ask,
    encode_beat,
    encode_data,
    encode_hello,
    encode_refused,
    encode_tell,
    encode_welcome,
    join_items,
)

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=60)
numbers = st.integers(0, 2**63 - 1)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
names = st.none() | words
items = st.one_of(
    st.builds(Ask, words, words, words, st.none() | st.integers(0, 3_600_000), names, plain),
    st.builds(Tell, words, words, words, names, plain),
    st.builds(Answer, words, st.just("ok"), names, plain),
    st.builds(Answer, words, st.sampled_from(["busy", "absent", "no_answer"]), st.none(), words),
)
handshakes = st.one_of(
    st.builds(Hello, numbers, words, words, words, words, numbers, numbers),
    st.builds(Welcome, numbers, words, words, words, numbers, numbers),
    st.builds(Refused, numbers, words, words),
)


def encode_item(item: Item) -> bytes:
    """The bytes of any item."""
    match item:
        case Ask():
            return encode_ask(item)
        case Tell():
            return encode_tell(item)
        case Answer():
            return encode_answer(item)


@given(st.lists(items, min_size=1, max_size=6), numbers, st.integers(0, 2**32 - 1))
def test_data_survives_its_bytes(batch: list[Item], session: int, sequence: int) -> None:
    """decode(encode(items)) gives the same items in order, with their counters."""
    frame = encode_data(session, sequence, sequence, join_items(map(encode_item, batch)))
    assert decode(frame) == Data(session, sequence, sequence, tuple(batch))


@given(handshakes)
def test_handshakes_survive_their_bytes(message: Hello | Welcome | Refused) -> None:
    """Hello, welcome and refusal come back as they were."""
    match message:
        case Hello():
            frame = encode_hello(message)
        case Welcome():
            frame = encode_welcome(message)
        case Refused():
            frame = encode_refused(message)
    assert decode(frame) == message


def test_beats_survive_their_bytes() -> None:
    """A beat is nineteen bytes and comes back as it was."""
    frame = encode_beat(2**63 - 1, 2**32 - 1, 7)
    assert len(frame) == 19
    assert decode(frame) == Beat(2**63 - 1, 2**32 - 1, 7)


def test_known_bytes() -> None:
    """The layout is fixed: another release or language reads these very bytes."""
    tell = encode_tell(Tell("1", "a", "b", None, {"x": 1}))
    assert tell == b'[1,"1","a","b",null,{"x":1}]'
    frame = encode_data(1, 2, 3, join_items([tell]))
    assert frame == b"CTD\0\0\0\0\0\0\0\1\0\0\0\2\0\0\0\3[" + tell + b"]"
    hello = encode_hello(Hello(LINK_VERSION, "n", "i", "o"))
    assert hello.startswith(b'CTH{"version":1,"name":"n"')


@given(st.binary(max_size=400))
def test_garbage_is_refused(garbage: bytes) -> None:
    """Random bytes are a protocol error or a frame, never another exception."""
    for frame in (garbage, b"CT" + garbage, b"CTD" + garbage, b"CTH" + garbage, b"CTB" + garbage):
        try:
            decode(frame)
        except LinkProtocolError:
            pass


@given(st.lists(items, min_size=1, max_size=3), st.data())
def test_mangled_frames_are_refused(batch: list[Item], data: st.DataObject) -> None:
    """A frame cut anywhere or with any byte changed is an error or a well-formed frame."""
    frame = bytearray(encode_data(1, 1, 0, join_items(map(encode_item, batch))))
    frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    for mangled in (bytes(frame), bytes(frame[: data.draw(st.integers(0, len(frame)))])):
        try:
            decode(mangled)
        except LinkProtocolError:
            pass


@given(plain)
def test_items_of_any_other_shape_are_refused(shape: Any) -> None:
    """Plain data that is no item is refused, whatever it is."""
    frame = encode_data(1, 1, 0, join_items([encode_tell(Tell("1", "a", "b", None, shape))]))
    assert decode(frame) == Data(1, 1, 0, (Tell("1", "a", "b", None, shape),))
    with pytest.raises(LinkProtocolError):
        decode(encode_data(1, 1, 0, b"[" + orjson.dumps(shape) + b"]"))


@pytest.mark.parametrize(
    "items",
    [
        b"[]",
        b"{}",
        b"[[0]]",
        b'[[0,"1","a","b",-1,null,1]]',
        b'[[0,"1","a","b",true,null,1]]',
        b'[[0,"1","a","b",3600001,null,1]]',
        b'[[0,"","a","b",1,null,1]]',
        b'[[0,"1","","b",1,null,1]]',
        b'[[0,"1","a","b",1,"",1]]',
        b'[[1,"1","a","b",7,1]]',
        b'[[2,"1","fine",null,1]]',
        b'[[2,"1","busy",null,1]]',
        b'[[3,"1","a","b",null,1]]',
        b"[" + b"[" * 5_000 + b"]" * 5_001,
        b"[" + b",".join([b'[1,"1","a","b",null,1]'] * (ITEMS_PER_FRAME_MAX + 1)) + b"]",
        b'[[1,"' + b"x" * 65 + b'","a","b",null,1]]',
        b'[[1,"1","' + b"x" * 129 + b'","b",null,1]]',
    ],
)
def test_items_beyond_their_limits_are_refused(items: bytes) -> None:
    """Wrong kinds, empty or endless names, times outside their range and too many items."""
    with pytest.raises(LinkProtocolError):
        decode(encode_data(1, 1, 0, items))


def test_oversized_frames_are_refused_unread() -> None:
    """A frame beyond its limit is refused, and at no cost."""
    frame = b"CTD" + b"[" * FRAME_BYTES_MAX
    tracemalloc.start()
    try:
        with pytest.raises(LinkProtocolError, match="at most"):
            decode(frame)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_oversized_items_are_not_sent() -> None:
    """A message that no frame could carry is refused where it is made."""
    with pytest.raises(OversizedError, match="in parts"):
        encode_tell(Tell("1", "a", "b", None, "x" * ITEM_BYTES_MAX))


def test_only_plain_data_is_sent() -> None:
    """Objects, floats' cousins and bytes are no plain data."""
    for value in (object(), b"bytes", {1: 2}, {"x": object()}):
        with pytest.raises(TypeError):
            encode_tell(Tell("1", "a", "b", None, value))


def test_a_long_refusal_is_cut() -> None:
    """A detail is cut to what a frame may carry."""
    refused = decode(encode_refused(Refused(1, "version", "x" * 5_000)))
    assert isinstance(refused, Refused)
    assert refused.detail == "x" * 400


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"version":true}', b'{"version":1,"name":"' + b"x" * 5_000 + b'"}'],
)
def test_odd_handshakes_are_refused(body: bytes) -> None:
    """A handshake without its fields, with others in their place, or without end."""
    for kind in (b"H", b"W", b"R"):
        with pytest.raises(LinkProtocolError):
            decode(b"CT" + kind + body)
