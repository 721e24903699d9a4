"""What a ZVT terminal tells for paper that it leaves to the register, from its bytes."""

from __future__ import annotations

import pytest

from engine.terminal import Answer, ForPaper, Slip, SlipLine, Verdict, Wanted
from hardware.terminal.zvt import codec
from hardware.terminal.zvt.outcome import answer
from hardware.terminal.zvt.session import ZvtSession
from hardware.terminal.zvt.slips import SlipReader
from native import zvt_decode
from tests.hardware.test_terminal_receipts import DONE, block
from tests.hardware.test_terminal_session import LAST, OK, SALE, ended, hear, opened, told

NUMBER = b"455600000599   ".hex()


def text(words: str) -> str:
    """Words as the bytes of an object: their length, then they."""
    return f"{len(words):02x}{words.encode('cp437').hex()}"


def result(code: int, *objects: str, more: str = "") -> bytes:
    """A `04 0F` of 12.50 as it is on the wire, with the shop's number in field 2A."""
    container = "".join(objects)
    held = f"06{len(container) // 2:02x}{container}" if container else ""
    body = f"27{code:02x}040000000012500b00000529525000012a{NUMBER}{more}870010{held}"
    return bytes.fromhex(f"040f{len(body) // 2:02x}{body}")


def paper_of(*objects: str, more: str = "") -> ForPaper:
    """What is kept of a result for paper of ours."""
    return codec.status_info(zvt_decode(result(0, *objects, more=more))).paper


# Source: PA00P015 revision 13.08, chapters 6.3 and 6.4: the number of the shop (field 2A), that of
# the card's sequence (17) and the host's code (A0) stand on a receipt.
def test_the_numbers_a_receipt_must_have_are_kept() -> None:
    """Fields 2A without its filling, 17 and A0; none of them told is none."""
    told_all = paper_of(more="170001a001")
    assert ("455600000599", "1", "01") == (
        told_all.merchant_number, told_all.card_sequence, told_all.host_code)  # fmt: skip
    bare = codec.status_info(zvt_decode(bytes.fromhex("040f022700"))).paper
    assert ForPaper() == bare


@pytest.mark.parametrize(
    ("rule", "merchant", "customer"),
    [
        ("00000000", Wanted.NONE, Wanted.NONE),
        ("11000000", Wanted.APPROVED, Wanted.APPROVED),
        ("21000000", Wanted.ALL, Wanted.APPROVED),
        ("02000000", Wanted.NONE, Wanted.ALL),
        ("39000000", Wanted.UNTOLD, Wanted.UNTOLD),
        ("12", Wanted.APPROVED, Wanted.ALL),
    ],
)
def test_whose_copy_is_wanted_is_read_from_tag_45(
    rule: str, merchant: Wanted, customer: Wanted
) -> None:
    """Its first digit is the merchant's, its second the customer's; one nobody knows says nothing.
    An empty object does neither."""
    kept = paper_of(f"45{len(rule) // 2:02x}{rule}")
    assert (merchant, customer) == (kept.merchant, kept.customer)
    assert (Wanted.UNTOLD, Wanted.UNTOLD) == (paper_of("4500").merchant, paper_of("4500").customer)


def test_what_the_chip_says_stands_on_its_copy_unchanged() -> None:
    """Tag 46 is the customer's, 47 the merchant's, in their lines; no card number gets there."""
    kept = paper_of(
        "46" + text("EMV-AID A0000000041010"),
        "47" + text("TVR 0000048000\r\nTSI E800\r\n4761739001010119"),
    )
    assert (SlipLine("EMV-AID A0000000041010"),) == kept.customer_lines
    assert (
        SlipLine("TVR 0000048000"),
        SlipLine("TSI E800"),
        SlipLine("476173******0119"),
    ) == kept.merchant_lines


def test_newer_terminals_put_it_within_all_that_is_told_for_a_copy() -> None:
    """Tags 66 and 67 hold 46 and 47, and how the transaction went (68) in lines with attributes."""
    outcome = "090140" + "07" + text("** Zahlung erfolgt **")
    customer = "46" + text("AID A0") + f"68{len(outcome) // 2:02x}{outcome}"
    merchant = "47" + text("TVR 00")
    kept = paper_of(
        f"66{len(customer) // 2:02x}{customer}", f"67{len(merchant) // 2:02x}{merchant}"
    )
    done = SlipLine("** Zahlung erfolgt **", centred=True)
    assert (SlipLine("AID A0"), done) == kept.customer_lines
    assert (SlipLine("TVR 00"),) == kept.merchant_lines


def test_the_additional_text_is_for_both_copies_where_it_approves() -> None:
    """Field 3C; where it does not approve that is the reason, and stands there alone."""
    said = "3c" + "f0f0f7" + b"SERVICE".hex()
    kept = paper_of(more=said)
    assert (SlipLine("SERVICE"),) == kept.customer_lines == kept.merchant_lines
    declined = codec.status_info(zvt_decode(result(0x05, more=said)))
    assert ("SERVICE", ()) == (declined.detail, declined.paper.customer_lines)


def test_a_terminal_that_sends_whole_receipts_leaves_no_lines_to_us() -> None:
    """They are on those already. With one copy of two the other is still ours."""
    info = codec.status_info(zvt_decode(result(0, "46" + text("A"), "47" + text("B"))))
    for kinds, kept in (((), True), (("merchant",), True), (("merchant", "customer"), False)):
        reader = SlipReader(slips=[Slip((SlipLine("X"),), kind) for kind in kinds])
        paper = answer(SALE, info, reader, None).paper
        assert kept == bool(paper.customer_lines)
        assert "455600000599" == paper.merchant_number


@pytest.mark.parametrize("by_asking", [False, True])
def test_it_is_a_part_of_what_became_of_a_payment(by_asking: bool) -> None:
    """Of one that is paid, and of one whose reply was lost and that is asked about."""
    session = opened(LAST)
    session.transact("j", SALE, 0)
    hear(session, OK)
    if by_asking:
        doubt = ended(session.closed())
        session = opened(LAST)
        session.inquire("q", doubt, 0, gives_way=True)
        hear(session, OK)
    hear(session, result(0, "450421000000"))
    if not by_asking:
        session.kept("j", 0, is_kept=True)
    known = _end(session)
    assert Verdict.APPROVED is known.verdict
    assert (Wanted.ALL, Wanted.APPROVED) == (known.paper.merchant, known.paper.customer)


def test_a_declined_payment_keeps_its_own_lines_and_what_is_wanted_without() -> None:
    """The receipt a terminal sends of a decline, and what it tells beside it."""
    session = opened(LAST)
    session.transact("j", SALE, 0)
    hear(session, OK)
    hear(session, result(0x05, "450422000000"))
    session.kept("j", 0, is_kept=True)
    hear(session, block(2, b"ABGELEHNT"))
    known = ended(hear(session, told(codec.ABORTION, [("result", 0x05)])))
    assert (Verdict.DECLINED, "declined_05") == (known.verdict, known.code)
    assert (Slip((SlipLine("ABGELEHNT"),), "customer", must_print=True),) == known.slips
    assert (Wanted.ALL, Wanted.ALL) == (known.paper.merchant, known.paper.customer)


def _end(session: ZvtSession) -> Answer:
    actions = hear(session, DONE)
    try:
        return ended(actions)
    except ValueError:
        # Found by asking, it is asked for its receipts, which it does not know.
        return ended(hear(session, codec.UNKNOWN_COMMAND))
