"""Store credit as people read it: one note, and the ledger of all that have something left."""

from __future__ import annotations

from engine.books import Books
from engine.credit.ledger import CreditNote, code_typed
from engine.decision import Refused
from engine.order.credit_notes import held_in
from engine.order.refusal import Refusal
from engine.views.credit_shapes import CreditsView, CreditView, ReturnsView

NOTES_MAX = 500


def _view(note: CreditNote, books: Books) -> CreditView:
    return CreditView(
        note.code,
        note.issued_minor,
        note.left_minor,
        held_in(books.live.orders.values(), note.code),
        note.receipt_number,
        note.business_date,
    )


def credit_view(typed: str, books: Books) -> CreditView | Refused:
    """The note of a code.

    Refuses:
        credit_must_be_known, credit_must_not_be_spent.
    """
    code = code_typed(typed)
    if books.credits.is_spent(code):
        return Refused(Refusal.CREDIT_MUST_NOT_BE_SPENT, {"code": code})
    note = books.credits.notes.get(code)
    if note is None:
        return Refused(Refusal.CREDIT_MUST_BE_KNOWN, {"code": code[:64]})
    return _view(note, books)


def credits_view(books: Books, limit: int) -> CreditsView:
    """The ledger as it is now, the newest first."""
    notes = list(books.credits.notes.values())
    newest = notes[::-1][: max(0, min(limit, NOTES_MAX))]
    return CreditsView(
        len(notes),
        sum(note.left_minor for note in notes),
        tuple(_view(note, books) for note in newest),
    )


def returns_view(books: Books) -> ReturnsView:
    """What the shop's rules let a register do."""
    rules = books.returns
    return ReturnsView(rules.without_receipt, rules.store_credit, bool(books.credits.notes))
