"""Bytes of the front-end protocol: every frame survives the way, everything else has a code."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocols.front import codec
from protocols.front.codec import FrameError, decode_client, decode_server, encode
from protocols.front.frames import (
    AnswerFrame,
    CommandFrame,
    Fault,
    FaultCode,
    FrameApproval,
    Hello,
    Ping,
    Pong,
    QueryFrame,
    RefusalBody,
    Subscribe,
    Unsubscribe,
    Update,
    Welcome,
)
from protocols.limits import DETAIL_LENGTH_MAX, FRAME_BYTES_MAX, FRAME_DEPTH_MAX

WHOLE = st.integers(-(2**63) + 1, 2**63 - 1)
TEXT = st.text(max_size=20)
PLAIN = st.recursive(
    st.none() | st.booleans() | WHOLE | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
DATA = st.dictionaries(TEXT, PLAIN, max_size=3)
CLIENT = st.one_of(
    st.builds(Hello, version=st.just(1), token=TEXT, register=TEXT, client=TEXT),
    st.builds(
        CommandFrame,
        id=TEXT,
        name=TEXT,
        data=DATA,
        approval=st.none() | st.builds(FrameApproval, operator=TEXT, pin=TEXT),
    ),
    st.builds(QueryFrame, id=TEXT, name=TEXT, data=DATA),
    st.builds(Subscribe, topic=TEXT, position=WHOLE),
    st.builds(Unsubscribe, topic=TEXT),
    st.builds(Ping, at=WHOLE),
)
SERVER = st.one_of(
    st.builds(Welcome, version=WHOLE, store=TEXT, epoch=WHOLE, position=WHOLE, heartbeat_s=WHOLE),
    st.builds(
        AnswerFrame,
        id=TEXT,
        ok=st.booleans(),
        data=PLAIN,
        refusal=st.none() | st.builds(RefusalBody, code=TEXT, fields=DATA),
        epoch=WHOLE,
        position=WHOLE,
    ),
    st.builds(Update, topic=TEXT, epoch=WHOLE, position=WHOLE, data=PLAIN),
    st.builds(Pong, at=WHOLE, epoch=WHOLE, position=WHOLE),
    st.builds(Fault, code=TEXT, detail=TEXT, id=TEXT),
)


def refused(payload: bytes | str) -> FrameError:
    """The error a front end's bytes lead to."""
    with pytest.raises(FrameError) as caught:
        decode_client(payload)
    return caught.value


@given(CLIENT)
def test_what_a_front_end_sends_arrives_as_it_was(frame: Any) -> None:
    """Decoding the bytes of any client frame gives the frame."""
    assert frame == decode_client(encode(frame))
    assert frame == decode_client(encode(frame).decode())


@given(SERVER)
def test_what_the_store_sends_arrives_as_it_was(frame: Any) -> None:
    """Decoding the bytes of any server frame gives the frame."""
    assert frame == decode_server(encode(frame), 1 << 20)


def test_news_that_is_not_plain_yet_is_made_so() -> None:
    """A notice may carry what a refusal brought as it was in the books."""
    fields = {"codes": ("b",), "why": FaultCode.BUSY, "frame": Ping(7)}
    frame = Update("notice", 1, 2, {"refusal": {"fields": fields}})
    sent = decode_server(encode(frame), 1 << 20)
    assert isinstance(sent, Update)
    assert sent.data == {"refusal": {"fields": {"codes": ["b"], "why": "busy", "frame": {"at": 7}}}}


@given(st.binary(max_size=200) | st.text(max_size=200) | PLAIN.map(json.dumps))
@example(b'{"type":"ping","at":1}\x00')
@example('{"type":"ping","at":"\ud800"}')
def test_any_bytes_are_a_frame_or_an_error(payload: bytes | str) -> None:
    """Nothing from outside raises anything but a `FrameError` with a detail of bounded length."""
    found: FrameError | None = None
    try:
        decode_client(payload)
    except FrameError as error:
        found = error
    assert found is None or (found.code in FaultCode and 0 < len(found.detail) <= DETAIL_LENGTH_MAX)


@given(st.lists(st.tuples(st.sampled_from('ab:"'), WHOLE), max_size=5))
def test_a_field_stands_once(pairs: list[tuple[str, int]]) -> None:
    """A key that comes twice is refused, however it is spelt; texts with colons are no keys."""
    body = ",".join(f"{json.dumps(key)}:{value}" for key, value in pairs)
    text = f'{{"type":"command","id":"x","name":"\\":\\":","data":{{{body}}}}}'
    if len({key for key, _ in pairs}) == len(pairs):
        decode_client(text)
    else:
        error = refused(text)
        assert (FaultCode.MALFORMED, "x") == (error.code, error.id)
        assert "twice" in error.detail


def test_depth_has_an_end() -> None:
    """The deepest frame allowed is taken, one level more is not; a bottomless one costs nothing."""

    def nested(levels: int) -> bytes:
        inner = b"[" * levels + b"]" * levels
        return b'{"type":"query","id":"i","name":"n","data":{"d":' + inner + b"}}"

    decode_client(nested(FRAME_DEPTH_MAX - 2))
    assert FaultCode.MALFORMED is refused(nested(FRAME_DEPTH_MAX - 1)).code
    assert FaultCode.MALFORMED is refused(b'{"a":' * 10_000).code
    twice = b'{"type":"ping","at":' + b"[" * 1_010 + b"]" * 1_010 + b',"at":1}'
    assert FaultCode.MALFORMED is refused(twice).code


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("9223372036854775807", None),
        ("-9223372036854775807", None),
        ("9223372036854775808", FaultCode.MALFORMED),
        ("18446744073709551615", FaultCode.MALFORMED),
        ("18446744073709551616", FaultCode.INVALID_DATA),
        ("1e3", FaultCode.INVALID_DATA),
        ("1.0", FaultCode.INVALID_DATA),
        ("-0.0", FaultCode.INVALID_DATA),
        ("true", FaultCode.INVALID_DATA),
        ('"1"', FaultCode.INVALID_DATA),
        ("NaN", FaultCode.MALFORMED),
        ("1" * 5_000, FaultCode.MALFORMED),
    ],
)
def test_whole_numbers_are_whole_numbers(number: str, code: FaultCode | None) -> None:
    """An integer is taken from an integer within 64 bits, and from nothing that looks like one."""
    text = f'{{"type":"ping","at":{number}}}'
    if code is None:
        assert Ping(int(number)) == decode_client(text)
    else:
        assert code is refused(text).code


def test_size_is_judged_in_bytes_before_anything_else() -> None:
    """A frame at the limit is taken; one byte more is not, whether text or bytes."""
    shell = len(encode(Subscribe("")))
    fits = encode(Subscribe("x" * (FRAME_BYTES_MAX - shell)))
    assert FRAME_BYTES_MAX == len(fits)
    decode_client(fits)
    longer = encode(Subscribe("x" * (FRAME_BYTES_MAX - shell + 1)))
    assert FaultCode.FRAME_TOO_LARGE is refused(longer).code
    wide = f'{{"type":"unsubscribe","topic":"{"€" * (FRAME_BYTES_MAX // 2)}"}}'
    assert len(wide) < FRAME_BYTES_MAX
    assert FaultCode.FRAME_TOO_LARGE is refused(wide).code
    assert str(FRAME_BYTES_MAX) in refused(longer).detail


def test_another_version_is_told_before_its_shape() -> None:
    """A front end of the future may have other fields; it is told its version, not its fields."""
    error = refused(b'{"type":"hello","version":9,"device":{"key":"k"}}')
    assert FaultCode.VERSION_UNSUPPORTED is error.code
    assert "version 1" in error.detail


def test_server_frames_do_not_come_from_outside() -> None:
    """A front end cannot send what only the store says."""
    for frame in (Pong(1, 1, 1), Fault("x", "y"), AnswerFrame("i", True)):
        assert FaultCode.MALFORMED is refused(encode(frame)).code
    assert codec.clip("x" * 1_000).endswith("…")
