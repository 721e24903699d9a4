"""Card payments on paper: lines as the terminal sent them, and what must be there without them."""

from __future__ import annotations

import attrs
import pytest

from engine.card_paper import slip_blocks, tender_blocks
from engine.document import Document
from engine.order.figures import CardPaid, TenderFigures
from engine.payment.commands import RequestPayment
from engine.terminal import CardShown, Identity, Slip, SlipLine, Verdict
from hardware.printer.layout import lay_out
from tests.card_shop import VISA, card_shop, hear, slip

TALL = SlipLine("Betrag EUR                  12,34", tall=True)
WIDE = SlipLine("BEZAHLT", wide=True, tall=True)


@pytest.mark.parametrize("width", [48, 42])
def test_a_tall_line_stays_one_line(width: int) -> None:
    """It fills the terminal's paper; twice as wide it would be broken, and its amount torn off."""
    tall, wide = lay_out(Document("slip", tuple(slip_blocks(Slip((TALL, WIDE))))), width)
    assert (getattr(tall, "text", ""), getattr(tall, "large", None)) == (TALL.text, False)
    assert (getattr(wide, "text", ""), getattr(wide, "large", None)) == (WIDE.text, True)


def test_which_card_it_was_is_there_without_a_number() -> None:
    """A terminal may tell the application and no number."""
    shown = CardShown("", "girocard", "A00000035910100101", "girocard", "chip", "online_pin")
    card = CardPaid("", "", 978, Identity("29001234", 1, 1), shown, "A1")
    rules = card_shop().books.settings.required()
    blocks = tender_blocks(TenderFigures(1, "card", 799, card), rules)
    assert ("Card", "girocard") in [(block.left.strip(), block.right) for block in blocks]


@pytest.mark.parametrize("must_print", [False, True])
def test_what_is_signed_for_has_paper_though_the_terminals_own_is_not_wanted(
    must_print: bool,
) -> None:
    """A merchant's slip that is neither to be printed nor to be signed leaves nothing to sign on;
    one that is to be printed is what is signed."""
    shop = card_shop()
    shop.ring("wine")
    shop.ok(RequestPayment())
    theirs = slip("merchant", "HAENDLERBELEG", must_print=must_print)
    card = attrs.evolve(VISA, verification="signature")
    hear(shop, Verdict.APPROVED, card=card, slips=(theirs, slip("customer", "KUNDENBELEG")))
    (paper,) = shop.printed()
    lines = [block.left for block in paper.blocks]
    assert ("HAENDLERBELEG" in lines, lines[-1] == "Signature") == (must_print, not must_print)
