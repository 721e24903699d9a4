"""What a card payment leaves on paper: the terminal's own lines, or what identifies it."""

from __future__ import annotations

from engine.order.commands import AddReturnLine, CompleteOrder, TenderCash
from engine.payment.commands import RequestPayment, ReverseTender
from engine.terminal import Verdict
from tests.card_shop import card_shop, hear, paid_by_card, running, slip
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


def test_without_slips_the_receipt_has_the_fields() -> None:
    """Label, masked number, application, authorisation, terminal."""
    shop = card_shop()
    paid_by_card(shop, "wine")
    shop.ok(CompleteOrder())
    lines = [f"{block.left}|{block.right}" for block in shop.printed()[-1].blocks]
    for expected in (
        "Card|7.99",
        "  VISA DEBIT|476173******0119",
        "  AID|A0000000031010",
        "  Authorisation|A1B2C3",
        "  Terminal|29001234",
    ):
        assert expected in lines


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
