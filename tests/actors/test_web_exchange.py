"""One HTTP request and its answer."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actors.web.exchange import HttpError, HttpExchange

BODY_BYTES_MAX = 1_000


def ask() -> HttpExchange:
    """A question whose answer may be short."""
    return HttpExchange(
        "GET",
        "/v1/payments/x",
        (("Host", "pay.example:443"),),
        b"",
        head_bytes_max=1_000,
        body_bytes_max=BODY_BYTES_MAX,
    )


@given(st.binary(max_size=300), st.integers(1, 20))
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 3)
@example(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n", 7)
def test_any_bytes_of_a_server_are_an_answer_or_refused(data: bytes, step: int) -> None:
    """In whatever pieces they come, they end in an answer or in an error that has a name."""
    exchange = ask()
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    code = ""
    try:
        for piece in (*pieces, b""):
            if exchange.heard(piece) is not None:
                return
    except HttpError as error:
        code = error.code
    assert code in ("http_broken", "too_long")


def test_an_answer_without_end_is_cut() -> None:
    """No more is kept than an answer may have."""
    with pytest.raises(HttpError, match="too_long"):
        ask().heard(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (BODY_BYTES_MAX + 1))


def test_a_connection_that_ends_too_soon_is_told_from_nonsense() -> None:
    """What came was well as far as it went, or it was not."""
    short = ask()
    assert short.heard(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}") is None
    with pytest.raises(HttpError) as broken:
        short.heard(b"")
    with pytest.raises(HttpError) as early:
        ask().heard(b"")
    with pytest.raises(HttpError) as nonsense:
        ask().heard(b"\x00\x01\r\n\r\n")
    assert [True, False] == [early.value.ended_early, nonsense.value.ended_early]
    assert "http_broken" == broken.value.code
