"""What may be taken offline, ceiling by ceiling."""

from __future__ import annotations

import pytest

from engine.payment.commands import RequestPayment, SetOfflinePolicy
from engine.payment.events import OfflinePolicy
from engine.terminal import Verdict
from engine.views.payments import payments_view
from tests.card_shop import card_shop, hear


@pytest.mark.feature("NEW-15", part="each ceiling with what is used of it")
def test_each_ceiling_is_shown_with_what_is_used_of_it() -> None:
    """By who is signed on and by register; another's part counts in the total alone."""
    shop = card_shop()
    assert payments_view(shop.books, now_ns=0, register="1").ceilings == ()
    shop.ok(SetOfflinePolicy(OfflinePolicy(1000, 2000, 3000, 4000, 60)), admin=True)
    for number, register in enumerate(("1", "2"), 1):
        shop.ring("wine", register=register)
        shop.ok(RequestPayment(), register)
        hear(shop, Verdict.APPROVED, number, register=register, is_offline=True)
    view = payments_view(shop.books, now_ns=0, register="1")
    shown = {row.ceiling: (row.used_minor, row.limit_minor) for row in view.ceilings}
    signed_on = shop.books.staff.signed_on
    mine = 1598 if signed_on["1"] == signed_on["2"] else 799
    assert shown == {
        "payment": (0, 1000),
        "operator": (mine, 2000),
        "register": (799, 3000),
        "total": (1598, 4000),
    }
    assert (view.offline_count, view.age_limit_s) == (2, 60)
