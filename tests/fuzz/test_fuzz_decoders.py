"""Every decoder of bytes from outside, fed anything: no panic, stray error, hang or flood."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.all_targets import TARGETS, Target
from tests.fuzz.judge import judge, judge_in_pieces
from tests.fuzz.mutate import pieces_of, spoiled

ALL = [pytest.param(target, id=name) for name, target in TARGETS.items()]
STREAMS = [pytest.param(target, id=name) for name, target in TARGETS.items() if target.is_stream]
HOSTILE = [pytest.param(one, id=name) for name, one in TARGETS.items() if one.hostile is not list]
RANDOMS = st.integers(0, 2**64 - 1).map(Random)


@pytest.mark.parametrize("target", ALL)
def test_every_seed_is_taken(target: Target) -> None:
    """What the project's own encoders make is decoded, so the seeds are worth spoiling."""
    assert target.valid
    for seed in target.valid:
        outcome = judge(target, (seed,), deadline_s=target.hostile_s)
        assert not (isinstance(outcome, tuple) and outcome[:1] == ("refused",)), seed
        assert judge(target, (seed,)) == outcome, "the same bytes come to the same"


def _examples(target: Target, share: float) -> int:
    most = settings().max_examples
    return max(1, int(most * share / (8 if target.slow else 1)))


@pytest.mark.parametrize("target", ALL)
def test_any_bytes(target: Target) -> None:
    """Arbitrary bytes are taken or refused by name, in time and in little memory."""

    @settings(max_examples=_examples(target, 0.5))
    @given(st.binary(max_size=600))
    def check(data: bytes) -> None:
        judge(target, (data,), weigh=True)

    check()


@pytest.mark.parametrize("target", ALL)
def test_spoiled_messages(target: Target) -> None:
    """Valid messages with flips, cuts, repeats, splices and wrong lengths fare the same."""

    @settings(max_examples=_examples(target, 2), suppress_health_check=list(HealthCheck))
    @given(RANDOMS)
    def check(random: Random) -> None:
        judge(target, (spoiled(target.valid, random),), weigh=True)

    check()


@pytest.mark.parametrize("target", STREAMS)
def test_in_any_pieces(target: Target) -> None:
    """What a stream comes to does not depend on how the wire cut it."""

    @settings(max_examples=_examples(target, 1), suppress_health_check=list(HealthCheck))
    @given(RANDOMS, st.booleans())
    def check(random: Random, sound: bool) -> None:
        data = random.choice(target.valid) if sound else spoiled(target.valid, random)
        judge_in_pieces(target, data, pieces_of(data, random))

    check()


@pytest.mark.parametrize("target", HOSTILE)
def test_claims_and_floods(target: Target) -> None:
    """Lengths that are only claimed, depths and floods cost a bounded time and bounded memory."""
    for data in target.hostile():
        judge(target, (data,), deadline_s=target.hostile_s, weigh=True)
