"""The papers of a card payment whose terminal sends none: copies, and slips of a decline."""

from __future__ import annotations

from functools import cache
from typing import Any

import attrs
import pytest

from engine.document import Document
from engine.order.commands import AddReturnLine, CompleteOrder, ReprintReceipt, TenderCash
from engine.order.figures import CardPaid
from engine.order.tender_events import CardTendered
from engine.payment.commands import OpenTab, RequestPayment, ReverseTender
from engine.payment.events import PaymentHeard
from engine.register import CloseDay, DayClosed
from engine.settings import DefineRegister
from engine.terminal import Answer, CardShown, ForPaper, SlipLine, Verdict, Wanted
from engine.till import CloseTill, CountTill
from engine.wire import structure, unstructure
from tests.card_shop import VISA, card_shop, hear, paid_by_card, running, slip
from tests.golden_paper import hold
from tests.shop import Shop

PAPERS = ("receipt", "receipt-copy", "merchant", "signed", "declined")
ALL = ForPaper(merchant=Wanted.ALL, customer=Wanted.ALL)
CHIP = ForPaper(
    merchant_number="455600000599",
    card_sequence="1",
    host_code="01",
    merchant_lines=(SlipLine("EMV 0000048000/E800"),),
    customer_lines=(SlipLine("EMV-AID A0000000031010"),),
)


def ruled(shop: Shop, **rules: Any) -> Shop:
    """With a register that has such rules for paper."""
    setup = attrs.evolve(shop.books.settings.registers["1"], **rules)
    shop.ok(DefineRegister(setup), admin=True)
    return shop


def asked(shop: Shop) -> None:
    """A bottle of wine is to be paid by card."""
    shop.ring("wine")
    shop.ok(RequestPayment())


def pairs(paper: Document) -> list[str]:
    """What stands left and right on each line of a paper."""
    return [f"{block.left}|{block.right}" for block in paper.blocks]


def copies(shop: Shop, since: int = 0) -> list[str]:
    """Whose each paper after the first `since` is, or what a terminal wrote on top of it."""
    found = []
    for paper in shop.printed()[since:]:
        ours = [block.right for block in paper.blocks if block.right.endswith(" copy")]
        found.append(ours[0] if ours else paper.blocks[0].left)
    return found


def test_a_merchant_s_copy_is_printed_only_where_somebody_wants_it() -> None:
    """Neither the house nor the terminal does: no paper but the receipt. Either does: one, at once,
    with nothing to sign."""
    shop = card_shop()
    asked(shop)
    hear(shop, Verdict.APPROVED)
    assert [] == shop.printed()
    for rules, told in (({"merchant_copies": True}, ForPaper()),
                        ({}, ForPaper(merchant=Wanted.APPROVED)), ({}, ALL)):  # fmt: skip
        shop = ruled(card_shop(), **rules)
        asked(shop)
        hear(shop, Verdict.APPROVED, paper=told)
        (ours,) = shop.printed()
        assert {"Card|EUR 7.99", "  Payment|Merchant copy", "  Authorisation|A1B2C3"} <= set(
            pairs(ours)
        )
        assert "Signature|" not in pairs(ours)
        shop.ok(CompleteOrder())
        assert ["Merchant copy", "Customer copy"] == copies(shop)


@pytest.mark.parametrize("must_print", [False, True])
def test_the_terminal_s_own_merchant_copy_goes_before_ours(must_print: bool) -> None:
    """Wanted by the house, it is printed as it was sent, once, though the terminal would not."""
    shop = ruled(card_shop(), merchant_copies=True)
    asked(shop)
    hear(shop, Verdict.APPROVED, slips=(slip("merchant", "HAENDLER", must_print=must_print),
                                        slip("customer", "KUNDE")))  # fmt: skip
    assert ["HAENDLER"] == copies(shop)


def test_a_refund_and_what_is_taken_back_have_their_copies_too() -> None:
    """Of a refund the merchant's beside the receipt, of a reversal both: it has no receipt."""
    shop = ruled(card_shop(), merchant_copies=True)
    order = paid_by_card(shop, "wine")
    shop.ok(CompleteOrder())
    shop.ok(AddReturnLine(order, 1, 1000, "broken"))
    shop.ok(RequestPayment())
    before = len(shop.printed())
    hear(shop, Verdict.APPROVED, 2)
    (refund,) = shop.printed()[before:]
    assert "  Refund|Merchant copy" in pairs(refund)
    shop.ok(CompleteOrder())
    paid_by_card(shop, "wine", number=3)
    shop.ok(ReverseTender(1))
    before = len(shop.printed())
    hear(shop, Verdict.APPROVED, 4)
    assert ["  Reversal|Merchant copy", "  Reversal|Customer copy"] == [
        line for paper in shop.printed()[before:] for line in pairs(paper) if "Reversal" in line
    ]


def test_what_is_taken_back_without_a_word_of_the_card_names_the_one_that_paid() -> None:
    """A nexo terminal reads no card for it and tells none, nor who the merchant is."""
    shop = card_shop()
    asked(shop)
    hear(shop, Verdict.APPROVED, paper=CHIP)
    shop.ok(ReverseTender(1))
    hear(shop, Verdict.APPROVED, 2, card=CardShown(), authorisation="")
    (back,) = shop.printed()
    assert {
        "  Reversal|Customer copy",
        "  VISA DEBIT|476173******0119",
        "  Merchant no.|455600000599",
    } <= set(pairs(back))
    assert not any("PIN" in line or "Chip" in line for line in pairs(back)), "none was read"


def test_a_reservation_that_is_signed_for_has_paper_to_sign() -> None:
    """It has no receipt yet. A terminal may want one for the customer as well."""
    for told, expected in (
        (ForPaper(), ["  Reservation|Merchant copy"]),
        (ALL, ["  Reservation|Merchant copy", "  Reservation|Customer copy"]),
    ):
        shop = card_shop()
        shop.ring("wine")
        shop.ok(OpenTab(5000))
        card = attrs.evolve(VISA, verification="signature")
        hear(shop, Verdict.APPROVED, card=card, paper=told)
        papers = [pairs(paper) for paper in shop.printed()]
        assert expected == [line for paper in papers for line in paper if "Reservation" in line]
        assert [True, False][: len(papers)] == ["Signature|" in paper for paper in papers]


def test_a_receipt_that_a_terminal_names_without_lines_is_signed_on_ours() -> None:
    """It says that its merchant's copy is to be signed, and sends none."""
    shop = card_shop()
    asked(shop)
    hear(shop, Verdict.APPROVED, paper=ForPaper(merchant=Wanted.ALL, needs_signature=True))
    (ours,) = shop.printed()
    assert "Signature|" == pairs(ours)[-1]


def test_a_declined_slip_says_so_and_why() -> None:
    """Where the house wants one: that it is no receipt and nothing was paid, what was asked for,
    the card, the merchant's and the terminal's numbers, and the reason."""
    shop = ruled(card_shop(), declined_slips=True)
    asked(shop)
    hear(shop, Verdict.DECLINED, authorisation="", detail="Limit exceeded", paper=CHIP)
    (paper,) = shop.printed()
    lines = pairs(paper)
    marks = ["Declined|", "Nothing was charged or paid out.|", "This is not a receipt.|"]
    at = lines.index(marks[0])
    assert marks == lines[at : at + 3]
    assert paper.blocks[at].large
    assert {
        "Asked for|EUR 7.99",
        "  Payment|Customer copy",
        "  VISA DEBIT|476173******0119",
        "  Merchant no.|455600000599",
        "  Terminal|29001234",
        "  Trace no.|1",
        "  Reason|Limit exceeded",
    } <= set(lines)
    assert "Card slip" == paper.title
    assert not any(line.startswith("Card|") for line in lines), "no amount stands as if it was paid"


def test_without_a_rule_nobody_who_was_declined_gets_paper_of_ours() -> None:
    """Nor does anybody whose payment was only broken off, or became unknown, where the house has
    the rule."""
    shop = card_shop()
    asked(shop)
    hear(shop, Verdict.DECLINED)
    ruled(shop, declined_slips=True, merchant_copies=True)
    shop.ok(RequestPayment())
    hear(shop, Verdict.ABORTED, 2, code="aborted_at_terminal")
    shop.ok(RequestPayment())
    hear(shop, Verdict.UNKNOWN, code="link_lost", paper=ALL)
    assert [] == shop.printed()


@pytest.mark.parametrize("verdict", [Verdict.DECLINED, Verdict.ABORTED])
@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (ALL, ["Merchant copy", "Customer copy"]),
        (ForPaper(customer=Wanted.ALL), ["Customer copy"]),
        (ForPaper(merchant=Wanted.ALL), ["Merchant copy"]),
        (ForPaper(merchant=Wanted.APPROVED, customer=Wanted.APPROVED), []),
        (ForPaper(merchant=Wanted.NONE, customer=Wanted.NONE), []),
    ],
    ids=["both", "customer", "merchant", "approved", "none"],
)
def test_what_a_terminal_wants_of_a_failed_payment_is_printed(
    verdict: Verdict, told: ForPaper, expected: list[str]
) -> None:
    """Whatever the house's rules; and they say whether it was declined or broken off."""
    shop = card_shop()
    asked(shop)
    hear(shop, verdict, paper=told)
    assert expected == copies(shop)
    mark = "Declined|" if verdict is Verdict.DECLINED else "Ended without payment|"
    assert all(mark in pairs(paper) for paper in shop.printed())


@pytest.mark.parametrize("kind", ["customer", ""])
def test_the_terminal_s_own_lines_of_a_decline_go_before_ours(kind: str) -> None:
    """Printed once, unchanged, though the terminal only sends them: the house wants one."""
    shop = ruled(card_shop(), declined_slips=True)
    asked(shop)
    hear(shop, Verdict.DECLINED, slips=(slip(kind, "ABGELEHNT"), slip("merchant", "NOT WANTED")))
    assert ["ABGELEHNT"] == copies(shop)


def test_a_declined_payment_is_never_counted() -> None:
    """Its slip is paper alone: the order is due as before, the receipt has what paid it, and the Z
    has that once."""
    shop = ruled(card_shop(), declined_slips=True, merchant_copies=True)
    asked(shop)
    hear(shop, Verdict.DECLINED, amount_minor=799)
    assert ["Merchant copy", "Customer copy"] == copies(shop)
    shop.ok(TenderCash(799))
    shop.ok(CompleteOrder())
    receipt = pairs(shop.printed()[-1])
    assert not any("Declined" in line or "VISA" in line for line in receipt)
    shop.ok(CountTill(()))
    shop.ok(CloseTill())
    shop.ok(CloseDay())
    (closed,) = shop.events(DayClosed)
    assert 799 == closed.totals.gross_minor
    assert {"cash": 799} == closed.totals.tenders


def test_what_a_terminal_told_for_our_paper_is_on_the_receipt_and_its_copy() -> None:
    """The merchant's number, which of the cards of one number, the bank's code, and the chip's
    lines; each copy has its own lines."""
    shop = ruled(card_shop(), merchant_copies=True)
    asked(shop)
    order = running(shop).asked.order_id
    hear(shop, Verdict.APPROVED, paper=CHIP)
    shop.ok(CompleteOrder())
    shop.ok(ReprintReceipt(order))
    merchants, receipt, again = shop.printed()
    both = {"  Merchant no.|455600000599", "  Card sequence|1", "  Host code|01"}
    for paper in (merchants, receipt, again):
        assert both <= set(pairs(paper))
    shown = ["EMV-AID A0000000031010|" in pairs(paper) for paper in (merchants, receipt, again)]
    assert [False, True, True] == shown
    assert "EMV 0000048000/E800|" in pairs(merchants)
    assert [line for line in pairs(receipt) if line not in pairs(again)] == []
    assert again.copy


@pytest.mark.parametrize("shape", [Answer, CardPaid])
def test_a_payment_from_before_this_was_kept_is_read(shape: type) -> None:
    """Old journals have neither the merchant's number nor whose copies were wanted."""
    shop = card_shop()
    asked(shop)
    hear(shop, Verdict.APPROVED, paper=CHIP)
    event = CardTendered if shape is CardPaid else PaymentHeard
    kept = shop.events(event)[-1]
    stored: Any = unstructure(kept.card if shape is CardPaid else kept.answer)
    del stored["paper"]
    assert ForPaper() == structure(stored, shape).paper


@cache
def papers(language: str) -> dict[str, Document]:
    """Each paper of a card payment whose terminal sends none, in one language."""
    shop = ruled(card_shop(language=language), merchant_copies=True, declined_slips=True)
    asked(shop)
    hear(shop, Verdict.DECLINED, authorisation="", detail="51 Limit", paper=CHIP)
    declined = shop.printed()[-1]
    shop.ok(RequestPayment())
    order = running(shop).asked.order_id
    hear(shop, Verdict.APPROVED, 2, paper=CHIP)
    merchant = shop.printed()[-1]
    shop.ok(CompleteOrder())
    receipt = shop.printed()[-1]
    shop.ok(ReprintReceipt(order))
    copy = shop.printed()[-1]
    asked(shop)
    card = attrs.evolve(VISA, entry="contactless", verification="signature")
    hear(shop, Verdict.APPROVED, 3, card=card, paper=CHIP, tip_minor=100, amount_minor=899)
    signed = shop.printed()[-1]
    return dict(zip(PAPERS, (receipt, copy, merchant, signed, declined), strict=True))


@pytest.mark.parametrize("language", ["en", "de", "fr"])
@pytest.mark.parametrize("paper", PAPERS)
def test_golden_card_slips(language: str, paper: str) -> None:
    """What customer and shop hold of a card payment is, line for line, what is kept here."""
    hold(f"card-{paper}-{language}", papers(language)[paper])
