"""Bugs in payments by link, planted as those of `planted.py`."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
from collections.abc import Iterator
from typing import Any
from unittest import mock

import attrs

from actors import paylinks
from engine.paylink import asking, hearing
from engine.paylink.closing import with_tender
from engine.paylink.events import PaylinkRequested
from engine.provider import LinkKind
from protocols.provider import signing
from tests.simulation.planted import Bug
from tests.simulation.planted_money import Planted


@contextlib.contextmanager
def word_repeated_is_more_money() -> Iterator[None]:
    """A word that is said twice is taken for another, and so is the money it tells of."""
    count = itertools.count()

    def anew(data: bytes) -> Any:
        return hashlib.sha256(data + str(next(count)).encode())

    with (
        mock.patch.object(paylinks, "sha256", anew),
        mock.patch.object(hearing, "_is_same", return_value=False),
    ):
        yield


def link_pays_double() -> Planted:
    """What was paid by link counts twice, and the change is real."""

    def doubled(order: Any, link: Any, minor: int, *args: Any, **rest: Any) -> Any:
        return with_tender(order, link, 2 * minor, *args, **rest)

    return mock.patch.object(hearing, "with_tender", doubled)


def refund_never_asked() -> Planted:
    """The receipt says that the money goes back, and nobody asks the provider for it."""
    asked = asking._asked

    def forgetful(what: Any, *args: Any, **rest: Any) -> Any:
        decision = asked(what, *args, **rest)
        if what.kind is not LinkKind.REFUND:
            return decision
        kept = [e for e in decision.facts if not isinstance(e.event, PaylinkRequested)]
        return attrs.evolve(decision, facts=tuple(kept))

    return mock.patch.object(asking, "_asked", forgetful)


def anybody_may_call() -> Planted:
    """Whoever knows the address says what was paid."""
    return mock.patch.object(signing, "check")


LINK_BUGS: dict[str, Bug] = {
    "word_repeated_is_more_money": Bug(
        word_repeated_is_more_money, ("Q2_no_link_money_is_lost",), sales=60
    ),
    "link_pays_double": Bug(link_pays_double, ("Q1_a_link_is_confirmed_once",), sales=40, seed=2),
    "refund_never_asked": Bug(
        refund_never_asked, ("Q1_a_link_is_confirmed_once",), sales=100, seed=26
    ),
    "anybody_may_call": Bug(anybody_may_call, ("Q3_asked_before_and_signed",), sales=60, seed=22),
}
