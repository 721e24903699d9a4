"""What a ZVT terminal told of a payment in doubt is not lost to the next customer's payment."""

from __future__ import annotations

import attrs
import pytest

from engine.terminal import Answer, Identity, Kind, Transaction, Verdict
from hardware.terminal.limits import FOLLOWED_MAX
from hardware.terminal.zvt import codec
from hardware.terminal.zvt.codec import StatusInfo
from hardware.terminal.zvt.memory import Memory
from hardware.terminal.zvt.session import ZvtSession
from tests.hardware.test_terminal_session import (
    LAST,
    OK,
    RESULT,
    ended,
    hear,
    opened,
    paying,
    sends,
    told,
)

AFTER: codec.Fields = [(0x27, 0), (0x04, 300), (0x0B, 6), (0x29, 52500001), (0x87, 11)]


def lost(session: ZvtSession) -> Answer:
    """A sale of 12.50 whose cable is pulled before its result was told."""
    answer = ended(paying(session).closed())
    assert answer.verdict is Verdict.UNKNOWN
    return answer


def back(session: ZvtSession, last: codec.Fields | None) -> ZvtSession:
    """The cable is in again; at the log-on the terminal tells its last transaction, or that it
    cannot, however often it is asked."""
    session.opened(0)
    hear(session, OK)
    hear(session, told(codec.COMPLETION, [(0x29, 52500001)]))
    hear(session, OK)
    hear(session, told(codec.COMPLETION, [("status", 0)]))
    while not session.is_idle:
        hear(session, OK)
        if last is None:
            hear(session, told(codec.ABORTION, [("result", 0x6C)]))
        else:
            hear(session, told(codec.STATUS_INFO, last))
            hear(session, told(codec.COMPLETION, []))
    return session


def paid(session: ZvtSession, result: codec.Fields = AFTER) -> ZvtSession:
    """The next customer's payment."""
    amount = dict(result)[0x04]
    session.transact("k", Transaction(Kind.SALE, amount, 978), 0)
    hear(session, OK)
    hear(session, told(codec.STATUS_INFO, result))
    session.kept("k", 0, is_kept=True)
    assert ended(hear(session, told(codec.COMPLETION, []))).verdict is Verdict.APPROVED
    return session


FIRST: codec.Fields = [(0x27, 0), (0x04, 1250), (0x0B, 1), (0x29, 52500001), (0x87, 1)]
SECOND: codec.Fields = [(0x27, 0), (0x04, 300), (0x0B, 2), (0x29, 52500001), (0x87, 2)]


@pytest.mark.parametrize(
    ("before", "result", "after", "number"), [(LAST, RESULT, AFTER, 10), (None, FIRST, SECOND, 1)]
)
def test_what_was_told_at_the_log_on_is_known_after_another_payment(
    before: codec.Fields | None, result: codec.Fields, after: codec.Fields, number: int
) -> None:
    """Nothing is asked: the terminal would tell of the other one. Also of its very first."""
    session = opened(before)
    doubt = lost(session)
    paid(back(session, result), after)
    actions = session.inquire("q", doubt, 0, gives_way=True)
    assert sends(actions) == []
    answer = ended(actions)
    assert (answer.verdict, answer.amount_minor) == (Verdict.APPROVED, 1250)
    assert answer.identity.receipt == number
    assert session.is_idle


def test_what_it_declined_is_known_too() -> None:
    """The terminal took it back as the cable went: nothing is left to look into."""
    session = opened(LAST)
    doubt = lost(session)
    paid(back(session, [(0x27, 0x6C), *RESULT[1:]]))
    answer = ended(session.inquire("q", doubt, 0, gives_way=True))
    assert (answer.verdict, answer.identity.receipt) == (Verdict.ABORTED, 10)


def test_as_long_as_it_is_the_last_the_terminal_itself_is_asked() -> None:
    """It may have been taken back there meanwhile, and it has the receipts."""
    session = opened(LAST)
    doubt = lost(session)
    back(session, RESULT)
    assert sends(session.inquire("q", doubt, 0, gives_way=True)) == ["0620051234560303"]


def test_for_whoever_waits_at_a_register_the_terminal_itself_is_asked() -> None:
    """Nothing of ours took its place; what somebody did by hand may have been to take it back."""
    session = opened(LAST)
    doubt = lost(session)
    back(session, RESULT).closed()
    back(session, AFTER)
    assert sends(session.inquire("q", doubt, 0)) == ["0620051234560303"]


@pytest.mark.parametrize("recalled", [None, LAST, [*RESULT[:1], (0x04, 999), *RESULT[2:]]])
def test_what_says_nothing_of_it_is_not_taken_for_it(recalled: codec.Fields | None) -> None:
    """The terminal did not tell its last, told the one before, or one of another amount."""
    session = opened(LAST)
    doubt = lost(session)
    paid(back(session, recalled))
    assert sends(session.inquire("q", doubt, 0, gives_way=True)) == ["0620051234560303"]


def test_another_process_knows_nothing_of_it() -> None:
    """Who was not there when it was told asks."""
    doubt = lost(opened(LAST))
    assert sends(paid(opened(RESULT)).inquire("q", doubt, 0, gives_way=True)) == [
        "0620051234560303"
    ]


def test_a_terminal_that_counts_anew_makes_the_numbers_worthless() -> None:
    """After a reset receipt 9 is another one, and what followed the old one is forgotten."""
    session = opened(LAST)
    doubt = lost(session)
    back(session, RESULT)
    paid(session, FIRST)
    assert sends(session.inquire("q", doubt, 0, gives_way=True)) == ["0620051234560303"]


def test_a_sale_of_another_day_with_the_same_number_is_another() -> None:
    """What was told as its last once it came back is kept by what was its last before, told apart
    by the day."""
    dated: list[tuple[int | str, object]] = [(0x0C, 190000), (0x0D, 1128)]
    session = opened([*LAST, *dated])
    doubt = lost(session)
    paid(back(session, [*RESULT[:2], *LAST[2:], (0x0C, 81500), (0x0D, 1129)]))
    assert doubt.before is not None
    told_of = session.memory.overtaken(doubt)
    assert told_of is not None
    assert told_of.identity.date == "1129"


def _info(receipt: int) -> StatusInfo:
    return StatusInfo(result=0, identity=Identity("1", receipt, receipt))


def test_a_memory_is_small() -> None:
    """The oldest goes first, and one that says it never had any forgot them all."""
    memory = Memory()
    for receipt in range(1, FOLLOWED_MAX + 3):
        memory.note(_info(receipt), was_awaited=False)
    memory.note(_info(FOLLOWED_MAX + 3), was_awaited=True)
    doubt = ended(paying(opened(LAST)).closed())

    def followed(receipt: int) -> bool:
        before = Identity("1", receipt, receipt)
        return memory.overtaken(attrs.evolve(doubt, before=before)) is not None

    assert [followed(receipt) for receipt in (1, 2, FOLLOWED_MAX + 1)] == [False, True, True]
    memory.has_none("1")
    assert not followed(2)
    assert memory.last is not None
    assert memory.last.is_told, "it had one, and forgot it"


def test_a_terminal_that_forgot_a_refused_card_does_not_count_anew() -> None:
    """What was told of a doubt before is known yet, though the newest number is told no more."""
    session = opened(LAST)
    doubt = lost(session)
    back(session, RESULT)
    session.transact("k", Transaction(Kind.SALE, 300, 978), 0)
    hear(session, OK)
    hear(session, told(codec.STATUS_INFO, [(0x27, 0x05), *AFTER[1:]]))
    session.kept("k", 0, is_kept=True)
    hear(session, told(codec.ABORTION, [("result", 0x05)]))
    session.recall(0)
    hear(session, OK)
    hear(session, told(codec.STATUS_INFO, RESULT))
    hear(session, told(codec.COMPLETION, []))
    paid(session)
    actions = session.inquire("q", doubt, 0, gives_way=True)
    assert sends(actions) == []
    assert ended(actions).verdict is Verdict.APPROVED
