"""The receipt of a ZVT payment whose reply was lost is had again, once it is known to be paid."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from engine.terminal import Answer, Slip, SlipLine, Verdict
from hardware.carrier import TcpCarrier
from hardware.terminal.actions import Done
from hardware.terminal.limits import RECEIPT_NS
from hardware.terminal.zvt import codec
from hardware.terminal.zvt.jobs import Action, Break
from hardware.terminal.zvt.person import Plan
from hardware.terminal.zvt.session import ZvtSession
from tests.hardware.terminal_rig import open_shop, sale
from tests.hardware.test_terminal_session import (
    LAST,
    OK,
    RESULT,
    SALE,
    ended,
    hear,
    lost,
    opened,
    sends,
    told,
)

DONE = told(codec.COMPLETION, [])
AGAIN = "0620051234560301"  # service byte 01: tell the result, and print


def block(kind: int, text: bytes) -> bytes:
    """A receipt as a block, whose it is, to be printed."""
    lines: list[tuple[int, Any]] = [(0x09, b"\x00"), (0x07, text), (0x09, b"\x81")]
    objects = [(0x1F07, bytes([kind])), (0x25, lines), (0x1F37, b"\x81")]
    return told(codec.PRINT_BLOCK, [(0x06, objects)])


def found(doubt: Answer, fields: codec.Fields) -> tuple[ZvtSession, list[Action]]:
    """A terminal that is asked what became of a doubt, and tells this."""
    session = opened(LAST)
    session.inquire("q", doubt, 0)
    hear(session, OK)
    hear(session, told(codec.STATUS_INFO, fields))
    return session, hear(session, DONE)


def doubtful() -> Answer:
    """A sale whose cable broke before anything was told of it."""
    return lost(opened(LAST))


def repeating() -> ZvtSession:
    """A terminal that told that it was paid, and is asked for the receipts."""
    session, actions = found(doubtful(), RESULT)
    assert sends(actions) == ["800000", AGAIN]
    assert not [one for one in actions if isinstance(one, Done)]
    return session


# Source: PA00P015 revision 13.08, `06 20` (repeat receipt), its service byte.
def test_both_copies_are_asked_for_once_it_is_known_to_be_paid() -> None:
    """The same transaction again with its receipts; they are a part of what became of it."""
    session = repeating()
    hear(session, OK)
    for message in (told(codec.STATUS_INFO, RESULT), block(1, b"SHOP"), block(2, b"YOURS")):
        assert sends(hear(session, message)) == ["800000"]
    answer = ended(hear(session, DONE))
    assert (answer.verdict, answer.amount_minor) == (Verdict.APPROVED, 1250)
    assert answer.slips == (
        Slip((SlipLine("SHOP"),), "merchant", must_print=True),
        Slip((SlipLine("YOURS"),), "customer", must_print=True),
    )
    assert sends(session.transact("k", SALE, 0))


@pytest.mark.parametrize(
    "said",
    [
        (codec.UNKNOWN_COMMAND,),
        (OK, told(codec.ABORTION, [("result", 0x83)])),
        (OK, told(codec.ABORTION, [("result", 0xCC)])),
        (OK, told(codec.STATUS_INFO, RESULT), DONE),
        (OK, block(2, b"WHOSE"), DONE),
        (OK, told(codec.STATUS_INFO, LAST), block(2, b"ANOTHER'S"), DONE),
    ],
    ids=["unknown", "aborted", "paper", "nothing", "nobody's", "another's"],
)
def test_without_a_receipt_it_is_paid_all_the_same(said: tuple[bytes, ...]) -> None:
    """What the terminal does not repeat, or repeats of another payment, changes nothing."""
    session = repeating()
    actions: list[Action] = []
    for message in said:
        actions = hear(session, message)
    answer = ended(actions)
    assert (answer.verdict, answer.code, answer.slips) == (Verdict.APPROVED, "ok", ())


def test_a_receipt_that_does_not_come_is_not_waited_for() -> None:
    """Ten seconds, however lively it is; then the connection is made anew, and what is known stays
    known. So it is where the cable breaks meanwhile."""
    session = repeating()
    assert session.deadline_ns is not None
    hear(session, OK)
    hear(session, told(codec.INTERMEDIATE, [("status", 0x0E)]), RECEIPT_NS - 1)
    assert session.tick(RECEIPT_NS - 1) == []
    assert session.tick(RECEIPT_NS) == [Break("the command never ended")]
    for broken in (session, repeating()):
        answer = ended(broken.closed())
        assert (answer.verdict, answer.amount_minor) == (Verdict.APPROVED, 1250)


def test_only_what_was_paid_and_has_none_is_asked_for() -> None:
    """A decline has none here; a doubt that kept both copies needs no other."""
    declined: codec.Fields = [(0x27, 0x05), *RESULT[1:]]
    assert ended(found(doubtful(), declined)[1]).verdict is Verdict.DECLINED
    assert ended(found(doubtful(), LAST)[1]).code == "not_found"
    session = opened(LAST)
    session.transact("j", SALE, 0)
    hear(session, OK)
    for message in (told(codec.STATUS_INFO, RESULT), block(1, b"SHOP"), block(2, b"YOURS")):
        hear(session, message)
        session.kept("j", 0, is_kept=True)
    doubt = ended(session.closed())
    assert (doubt.verdict, len(doubt.slips)) == (Verdict.UNKNOWN, 2)
    answer = ended(found(doubt, RESULT)[1])
    assert (answer.verdict, answer.slips) == (Verdict.APPROVED, doubt.slips)


def test_who_pays_goes_before_paper() -> None:
    """A payment that waits for a question which gives way begins before any receipt of it is asked
    for; one that comes while the receipt is out waits for its end, and is not refused."""
    for comes_before in (True, False):
        doubt = doubtful()
        session = opened(LAST)
        session.inquire("q", doubt, 0, gives_way=True)
        if comes_before:
            assert session.transact("k", SALE, 0) == []
        hear(session, OK)
        hear(session, told(codec.STATUS_INFO, RESULT))
        actions = hear(session, DONE)
        if comes_before:
            assert ended(actions).slips == ()
        else:
            assert sends(actions) == ["800000", AGAIN]
            assert session.transact("k", SALE, 0) == []
            actions = hear(session, codec.UNKNOWN_COMMAND)
            assert ended(actions).verdict is Verdict.APPROVED
        assert sends(actions)[-1].startswith("0601")


@pytest.mark.parametrize("by_line", [False, True])
async def test_a_lost_reply_leaves_both_copies(*, by_line: bool) -> None:
    """At the simulated terminal, whose cable broke before it told anything."""
    async with open_shop(TcpCarrier()) as shop:
        with trio.fail_after(30):
            shop.fake.plans.append(Plan(breaks=True, by_line=by_line))
            doubt = await shop.device.request(sale())
            assert (doubt.verdict, doubt.slips) == (Verdict.UNKNOWN, ())
            await shop.reconnected(1)
            answer = await shop.device.inquire(doubt)
            assert answer.verdict is Verdict.APPROVED
            assert [slip.kind for slip in answer.slips] == (
                ["merchant", ""] if by_line else ["merchant", "customer"]
            )
            assert (await shop.device.request(sale())).verdict is Verdict.APPROVED
    assert shop.fake.ledger.booked_minor == 2500
