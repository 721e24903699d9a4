"""Judges one input on one target: what it raised, how long it took, what it held, how it was cut.

Time is counted in the processor's, so that a busy machine makes no hang. A hang inside the floor
cannot be interrupted from here; `tests.fuzz.guided` and pytest's own timer see to that.

What the process held is weighed at every input, the floor's memory with it (`tests.fuzz.weight`);
to count Python's to the byte takes so long that it is done on demand.
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
from tests.fuzz.weight import weighed

_MEBIBYTE = 1 << 20
_TRACED_SLOWER = 5  # what counting memory costs in time
_TRACED_LARGER = 2  # and in memory of its own
_PER_BYTE = 24  # a byte of JSON or of paper may well be an object of Python's
_CLAIMED_BYTES_MAX = 256 << 20
"""Addresses that may be laid out besides: a thread's heap alone takes 128 MiB, and touches none."""
_HELD_BYTES_MAX = 8 << 20
"""Pages that may be held besides: what a first call imports, and garbage not yet collected."""


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
        Finding: it raised what is not its own, took too long or held too much; with `weigh` what
            Python held is counted, too.
    """
    with weighed() as weight:
        try:
            with _deadline(deadline_s * (_TRACED_SLOWER if weigh else 1)):
                outcome = (_counted if weigh else _taken)(target, pieces)
        except _HangError:
            where = f"{target.name}: still at it after {deadline_s:g} s of the processor"
            raise Finding(where) from None
    size = sum(map(len, pieces))
    most = _allowed(target, size) * (_TRACED_LARGER if weigh else 1)
    _require(target, size, weight.held_bytes, most + _HELD_BYTES_MAX, "the process held")
    _require(target, size, weight.claimed_bytes, most + _CLAIMED_BYTES_MAX, "the process claimed")
    return outcome


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


def _counted(target: Target, pieces: Sequence[bytes]) -> object:
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
    size = sum(map(len, pieces))
    _require(target, size, peak - before, _allowed(target, size), "Python held")
    return outcome


def _allowed(target: Target, size: int) -> int:
    return target.memory_bytes_max + _PER_BYTE * size


def _require(target: Target, size: int, found: int, most: int, did: str) -> None:
    if found > most:
        raise Finding(
            f"{target.name}: {did} {found / _MEBIBYTE:.1f} MiB at once for an input of "
            f"{size} bytes; {most / _MEBIBYTE:.1f} MiB are allowed"
        )


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
