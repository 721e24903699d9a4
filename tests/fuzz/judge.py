"""Judges one input on one target: what it raised, how long it took, what it held, how it was cut.

Time is counted in the processor's, so that a busy machine makes no hang. A hang inside the floor
cannot be interrupted from here; `tests.fuzz.guided` and pytest's own timer see to that.
"""

from __future__ import annotations

import signal
import threading
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from types import FrameType

from tests.fuzz.mutate import pieces_of
from tests.fuzz.targets import DEADLINE_S, Target

_MEBIBYTE = 1 << 20
_TRACED_SLOWER = 5  # what counting memory costs in time
_PER_BYTE = 24  # a byte of JSON or of paper may well be an object of Python's


class Finding(AssertionError):  # noqa: N818 - it is what is looked for
    """An input that does what no input may; the message says what."""


class _HangError(BaseException):
    """Raised by the timer, past every handler of the decoder itself."""


def judge(
    target: Target,
    pieces: Sequence[bytes],
    *,
    deadline_s: float = DEADLINE_S,
    weigh: bool = False,
) -> object:
    """Let a target take an input; what came of it, `("refused", name of the error)` included.

    Raises:
        Finding: it raised what is not its own, took too long, or with `weigh` held too much.
    """
    try:
        with _deadline(deadline_s * (_TRACED_SLOWER if weigh else 1)):
            if weigh:
                return _weighed(target, pieces)
            return _taken(target, pieces)
    except _HangError:
        where = f"{target.name}: still at it after {deadline_s:g} s of the processor"
        raise Finding(where) from None


def judge_in_pieces(target: Target, whole: bytes, pieces: Sequence[bytes]) -> None:
    """Let a stream decoder take the same bytes whole and cut; nothing may depend on the cuts.

    Raises:
        Finding: as `judge`, or the outcomes differ.
    """
    assert b"".join(pieces) == whole
    first, second = judge(target, (whole,)), judge(target, pieces)
    if first != second:
        sizes = [len(piece) for piece in pieces]
        raise Finding(f"{target.name}: cut into {sizes} it comes to {second!r}, whole to {first!r}")


def judge_both_ways(target: Target, data: bytes) -> object:
    """As a fuzzer and `repeat` do: whole, and a stream also in pieces that follow from the bytes.

    Raises:
        Finding: as `judge` and `judge_in_pieces`.
    """
    if target.is_stream:
        judge_in_pieces(target, data, pieces_of(data, Random(data)))
    return judge(target, (data,))


def _taken(target: Target, pieces: Sequence[bytes]) -> object:
    try:
        return target.take(pieces)
    except target.allowed as refusal:
        return ("refused", type(refusal).__name__)
    except (_HangError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    # A panic of the floor is no Exception.
    except BaseException as error:
        said = f"{type(error).__name__}: {error}"[:400]
        raise Finding(f"{target.name}: raised {said}") from error


def _weighed(target: Target, pieces: Sequence[bytes]) -> object:
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        outcome = _taken(target, pieces)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        if not tracing:
            tracemalloc.stop()
    held = peak - before
    allowed = target.memory_bytes_max + _PER_BYTE * sum(map(len, pieces))
    if held > allowed:
        raise Finding(
            f"{target.name}: held {held / _MEBIBYTE:.1f} MiB at once for an input of "
            f"{sum(map(len, pieces))} bytes; {allowed / _MEBIBYTE:.1f} MiB are allowed"
        )
    return outcome


@contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """Raise `_HangError` here once this process used that much processor time."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def give_up(_: int, __: FrameType | None) -> None:
        raise _HangError

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
