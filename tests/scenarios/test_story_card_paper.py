"""What a card payment leaves on paper: the terminal's own lines, or what identifies it."""

from __future__ import annotations

import attrs
import pytest

from engine.card_paper import VERIFIED
from engine.document import Document
from engine.order.commands import AddReturnLine, CompleteOrder, ReprintReceipt, TenderCash
from engine.payment.commands import RequestPayment, ReverseTender
from engine.terminal import CardShown, Identity, Verdict
from engine.words import CATALOGUES
from hardware.terminal.nexo import codes as nexo
from hardware.terminal.zvt import codes as zvt
from tests.card_shop import VISA, card_shop, hear, paid_by_card, running, slip
from tests.shop import Shop


def printed_lines(shop: Shop, since: int = 0) -> list[list[str]]:
    """The lines of each paper after the first `since`, oldest first."""
    return [[block.left for block in paper.blocks] for paper in shop.printed()[since:]]


def test_the_receipt_shows_what_the_terminal_sent_unchanged() -> None:
    """Its customer slip stands below the receipt; the merchant's to be signed is printed apart and
    at once."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    slips = (
        slip("merchant", "** HAENDLERBELEG **", needs_signature=True),
        slip("customer", "** KUNDENBELEG **", "  EUR 7,99  "),
    )
    hear(shop, Verdict.APPROVED, slips=slips)
    merchant = shop.printed()[-1]
    assert merchant.blocks[0].left == "** HAENDLERBELEG **"
    assert any(block.left == "Signature" for block in merchant.blocks)
    shop.ok(CompleteOrder())
    lines = [block.left for block in shop.printed()[-1].blocks]
    at = lines.index("** KUNDENBELEG **")
    assert lines[at + 1] == "  EUR 7,99  "
    assert "** HAENDLERBELEG **" not in lines
    assert not any("476173" in line for line in lines), "the terminal's words stand for the fields"


def test_a_declined_payment_leaves_the_slips_its_terminal_wants_on_paper() -> None:
    """At once, and nothing of it on the receipt of what paid instead."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    slips = (slip("customer", "DECLINED", must_print=True), slip("merchant", "NOT WANTED"))
    hear(shop, Verdict.DECLINED, slips=slips)
    assert [["DECLINED"]] == printed_lines(shop)
    shop.ok(TenderCash(799))
    shop.ok(CompleteOrder())
    (receipt,) = printed_lines(shop, since=1)
    assert "DECLINED" not in receipt


def test_what_is_to_be_signed_is_printed_at_once_whosever_it_is() -> None:
    """A terminal that does not say whose a slip is wants it signed all the same; it stays with the
    shop, and the receipt has the fields."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, slips=(slip("", "PLEASE SIGN", needs_signature=True),))
    (to_sign,) = printed_lines(shop)
    assert ["PLEASE SIGN", "Signature"] == [line for line in to_sign if line]
    shop.ok(CompleteOrder())
    (receipt,) = printed_lines(shop, since=1)
    assert "PLEASE SIGN" not in receipt
    assert "  VISA DEBIT" in receipt
    shop.ring("wine")
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 2, slips=(slip("customer", "SIGN, KEEP", needs_signature=True),))
    shop.ok(CompleteOrder())
    to_sign, receipt = printed_lines(shop, since=2)
    assert "Signature" in to_sign
    assert "SIGN, KEEP" in receipt, "what is said to be the customer's is theirs too"


def pairs(paper: Document) -> list[str]:
    """What stands left and right on each line of a paper."""
    return [f"{block.left}|{block.right}" for block in paper.blocks]


FIELDS = [
    "  Payment|Customer copy",
    "  VISA DEBIT|476173******0119",
    "  AID|A0000000031010",
    "  Card read|Chip",
    "  Cardholder|PIN verified",
    "  Authorisation|A1B2C3",
    "  Terminal|29001234",
    "  Terminal time|11-26 10:15:00",
    "  Slip|1",
    "  Trace no.|1",
]


def test_without_slips_the_receipt_and_its_copy_have_the_fields() -> None:
    """All that the schemes ask for, below the tender, and one paper is enough."""
    shop = card_shop()
    order = paid_by_card(shop, "wine")
    shop.ok(CompleteOrder())
    shop.ok(ReprintReceipt(order))
    assert 2 == len(shop.printed())
    for paper in shop.printed():
        lines = pairs(paper)
        at = lines.index("Card|7.99")
        assert FIELDS == lines[at + 1 : at + 1 + len(FIELDS)]
    assert shop.printed()[-1].copy


def test_without_slips_a_signature_has_a_paper_of_ours_to_stand_on() -> None:
    """The merchant's copy, at once, with the shop's name and a line to sign on; the receipt is the
    customer's."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    card = attrs.evolve(VISA, verification="signature")
    hear(shop, Verdict.APPROVED, card=card, tip_minor=100, amount_minor=899)
    (ours,) = shop.printed()
    lines = pairs(ours)
    assert "Corner Shop|" == lines[0]
    at = lines.index("Card|EUR 7.99")
    assert ["  Tip|1.00", "  Charged to the card|8.99"] == lines[at + 1 : at + 3]
    signed = [line.replace("PIN verified", "Signature") for line in FIELDS]
    merchants = [line.replace("Customer", "Merchant") for line in signed]
    assert merchants == lines[at + 3 : at + 3 + len(FIELDS)]
    assert "Signature|" == lines[-1]
    shop.ok(CompleteOrder())
    receipt = pairs(shop.printed()[-1])
    assert set(signed) <= set(receipt)
    assert "Signature|" not in receipt


@pytest.mark.parametrize("verification", ["signature", "online_pin_and_signature"])
@pytest.mark.parametrize("kind", ["merchant", ""])
def test_a_terminal_that_sends_what_to_sign_needs_none_of_ours(
    verification: str, kind: str
) -> None:
    """Its own stands for it."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    slips = (slip(kind, "SIGN HERE", must_print=True, needs_signature=True),)
    card = attrs.evolve(VISA, verification=verification)
    hear(shop, Verdict.APPROVED, card=card, slips=slips)
    assert [["SIGN HERE", "", "", "Signature"]] == printed_lines(shop)


def test_signed_on_the_terminal_nothing_is_signed_on_paper() -> None:
    """It has the signature."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    card = attrs.evolve(VISA, verification="signature_capture")
    hear(shop, Verdict.APPROVED, card=card)
    shop.ok(CompleteOrder())
    (receipt,) = shop.printed()
    assert "  Cardholder|Signed on terminal" in pairs(receipt)


def test_without_slips_a_refund_and_a_reversal_say_what_they_are() -> None:
    """The refund on its receipt; what was taken back has none, so by itself."""
    shop = card_shop()
    order = paid_by_card(shop, "wine")
    shop.ok(CompleteOrder())
    shop.ok(AddReturnLine(order, 1, 1000, "broken"))
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 2)
    shop.ok(CompleteOrder())
    assert "  Refund|Customer copy" in pairs(shop.printed()[-1])
    paid_by_card(shop, "wine", number=3)
    before = len(shop.printed())
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.APPROVED, 4)
    (back,) = shop.printed()[before:]
    assert {"Card|EUR 7.99", "  Reversal|Customer copy", "  Trace no.|4"} <= set(pairs(back))


def test_a_reversal_that_failed_is_no_paper_of_ours() -> None:
    """Nothing moved."""
    shop = card_shop()
    paid_by_card(shop, "wine")
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.DECLINED, 2)
    assert [] == shop.printed()


def test_what_a_terminal_did_not_tell_is_left_out() -> None:
    """No empty line, and a clock of the whole world's time says so, since the shop's is another."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    named = Identity("V400m", receipt=7, date="1126", time="091500",
                     reference="2026-11-26T09:15:00.000Z BV0q.1")  # fmt: skip
    hear(shop, Verdict.APPROVED, identity=named, card=CardShown(brand="mc"), authorisation="")
    shop.ok(CompleteOrder())
    lines = pairs(shop.printed()[-1])
    at = lines.index("Card|7.99")
    assert [
        "  Payment|Customer copy",
        "  Card|mc",
        "  Terminal|V400m",
        "  Terminal time|11-26 09:15:00 UTC",
    ] == lines[at + 1 : at + 5]


@pytest.mark.parametrize("language", sorted(CATALOGUES))
def test_every_way_to_read_and_to_verify_a_card_has_words(language: str) -> None:
    """Of each protocol."""
    words = CATALOGUES[language]
    entries = {*zvt.ENTRIES.values(), *nexo.ENTRIES.values()}
    assert {f"read_{entry}" for entry in entries} <= words.keys()
    checks = {*zvt.VERIFICATIONS.values(), *nexo.VERIFICATIONS.values()}
    assert {VERIFIED.get(check) for check in checks} <= words.keys()


def test_a_payment_taken_back_leaves_the_customer_both_slips() -> None:
    """Its receipt will never be: what the terminal printed of the payment is given out with what it
    printed of taking it back, once each."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 1, slips=(slip("customer", "PAID"), slip("merchant", "OURS")))
    assert [] == printed_lines(shop), "it would stand below the receipt"
    shop.ok(ReverseTender(1))
    back = (slip("customer", "GIVEN BACK"), slip("merchant", "OURS BACK", must_print=True))
    hear(shop, Verdict.APPROVED, 2, slips=back)
    assert [["GIVEN BACK"], ["OURS BACK"], ["PAID"]] == printed_lines(shop)
    shop.ok(TenderCash(799))
    shop.ok(CompleteOrder())
    (receipt,) = printed_lines(shop, since=3)
    assert not {"PAID", "GIVEN BACK", "OURS"} & set(receipt)


def test_a_payment_that_came_late_leaves_the_customer_both_slips() -> None:
    """Paid in cash meanwhile, it is no tender: nothing of it stands below the receipt."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    payment = running(shop)
    hear(shop, Verdict.UNKNOWN, code="link_lost")
    shop.ok(TenderCash(799))
    shop.ok(CompleteOrder())
    hear(shop, Verdict.APPROVED, payment=payment, slips=(slip("customer", "PAID"),))
    hear(shop, Verdict.APPROVED, 2, slips=(slip("customer", "GIVEN BACK"),))
    assert [["PAID"], ["GIVEN BACK"]] == printed_lines(shop, since=1)


def test_a_refund_s_slip_stands_below_its_receipt_alone() -> None:
    """As that of a payment does, wanted on paper or not."""
    shop = card_shop()
    paid = paid_by_card(shop, "wine")
    shop.ok(CompleteOrder())
    shop.ok(AddReturnLine(paid, 1, 1000, "broken"))
    shop.ok(RequestPayment())
    hear(shop, Verdict.APPROVED, 2, slips=(slip("customer", "REFUND", must_print=True),))
    before = len(shop.printed())
    shop.ok(CompleteOrder())
    (receipt,) = printed_lines(shop, since=before)
    assert 1 == receipt.count("REFUND")
    assert not any("REFUND" in lines for lines in printed_lines(shop)[:before])
