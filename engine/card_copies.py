"""Which papers a card payment has beside its receipt: the terminal's own, else of our making.

What is to be signed always, what a terminal wants on paper, and what the register's rules want.
"""

from __future__ import annotations

from engine.altered import altered
from engine.card_paper import card_document, declined_document, slip_document
from engine.document import Document
from engine.order.figures import CardPaid
from engine.order.tender_events import CardTendered, TenderUndone
from engine.payment.events import PaymentHeard, Problem, Standing
from engine.payment.state import MOVED
from engine.settings import RegisterSetup, StoreRules
from engine.stamp import Stamp
from engine.terminal import Answer, Kind, Slip, is_signed, of_customer

_TENDERED = (Kind.SALE, Kind.REFUND, Kind.CAPTURE)
_ON_RECEIPT = (Problem.NONE, Problem.NOT_ITS_CARD)
_MERCHANT, _CUSTOMER = "merchant", "customer"


def papers_of_answer(
    heard: PaymentHeard,
    setup: RegisterSetup,
    rules: StoreRules,
    stamp: Stamp,
    undone: TenderUndone | None = None,
) -> list[Document]:
    """What is printed as a terminal's word arrives: to be signed, kept, or shown to who was
    declined.

    What the customer gets of a payment that is a tender now stands below the receipt; what else
    moved money has no receipt, and theirs is printed as it would be there. Of money taken back they
    have paper whatever the terminal sends. `undone` is the tender that went back with it.
    """
    answer, moved = heard.answer, heard.standing in MOVED
    theirs = of_customer(answer.slips) if moved else ()
    on_receipt = moved and answer.kind in _TENDERED and heard.problem in _ON_RECEIPT
    copies = _copies(heard, setup)
    papers = [
        slip_document(slip, rules)
        for slip in answer.slips
        if slip.needs_signature
        or (not on_receipt if slip in theirs else slip.must_print or _whose(slip) in copies)
    ]
    if on_receipt:
        return papers
    sent = [_whose(slip) for slip in answer.slips]
    return papers + [
        _ours(heard, copy, rules, stamp, undone) for copy in copies if copy not in sent
    ]


def papers_of_tender(
    tendered: CardTendered, setup: RegisterSetup, rules: StoreRules, stamp: Stamp
) -> list[Document]:
    """The merchant's copy of a payment that is a tender now, where somebody wants one, or it is to
    be signed, and the terminal sends none that is printed."""
    card = tendered.card
    is_wanted = setup.merchant_copies or card.paper.merchant.covers(is_approved=True)
    signs = _is_signed(card)
    is_sent = any(
        slip.needs_signature or (slip.kind == _MERCHANT and (slip.must_print or is_wanted))
        for slip in card.slips
    )
    if is_sent or not (is_wanted or signs):
        return []
    kind = Kind.REFUND if tendered.amount_minor < 0 else Kind.SALE
    amount = tendered.amount_minor
    return [card_document(kind, amount, card, rules, stamp, copy=_MERCHANT, is_signed=signs)]


def _copies(heard: PaymentHeard, setup: RegisterSetup) -> list[str]:
    """Whose copies are wanted, as the terminal or the register's rules have it."""
    answer, standing = heard.answer, heard.standing
    if standing in MOVED:
        signs = answer.kind is Kind.RESERVATION and _is_signed(_as_paid(answer))
        merchant, customer = setup.merchant_copies or signs, answer.kind is Kind.REVERSAL
    elif standing in (Standing.DECLINED, Standing.ABORTED):
        customer = setup.declined_slips and standing is Standing.DECLINED
        merchant = customer and setup.merchant_copies
    else:
        return []
    moved, told = standing in MOVED, answer.paper
    wanted = (
        (_MERCHANT, merchant or told.merchant.covers(is_approved=moved)),
        (_CUSTOMER, customer or told.customer.covers(is_approved=moved)),
    )
    return [copy for copy, is_wanted in wanted if is_wanted]


def _ours(
    heard: PaymentHeard, copy: str, rules: StoreRules, stamp: Stamp, undone: TenderUndone | None
) -> Document:
    answer, card = heard.answer, _as_paid(heard.answer)
    if undone is not None:
        # No card is read for it, and some terminals tell nothing but that it was done.
        number = card.paper.merchant_number or undone.merchant_number
        paid = altered(undone.card, entry="", verification="")
        shown = card.card if card.card.number else paid
        card = altered(card, card=shown, paper=altered(card.paper, merchant_number=number))
    if heard.standing not in MOVED:
        return declined_document(answer, card, rules, stamp, copy=copy)
    signs = copy == _MERCHANT and answer.kind is Kind.RESERVATION and _is_signed(card)
    amount = answer.amount_minor
    return card_document(answer.kind, amount, card, rules, stamp, copy=copy, is_signed=signs)


def _whose(slip: Slip) -> str:
    """Whose a terminal's slip is; what is not said to be anybody's, and not to be signed, is the
    customer's."""
    return slip.kind or (_MERCHANT if slip.needs_signature else _CUSTOMER)


def _is_signed(card: CardPaid) -> bool:
    return card.paper.needs_signature or is_signed(card.card.verification)


def _as_paid(answer: Answer) -> CardPaid:
    """What a paper says of a payment that is no tender."""
    return CardPaid(
        "",
        "",
        answer.currency_code,
        answer.identity,
        answer.card,
        answer.authorisation,
        is_offline=answer.is_offline,
        paper=answer.paper,
    )
