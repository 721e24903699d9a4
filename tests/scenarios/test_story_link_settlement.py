"""The story of money paid by link: whose it is, what it costs, and how it arrives at the bank."""

from __future__ import annotations

from typing import Any

import attrs

from engine.order.commands import AddReturnLine, TenderCash, UndoTendering
from engine.paylink.commands import HearPaylink, RequestPaylink, SendBackPaylink
from engine.provider import LinkState, Told
from engine.settlement.model import Acquirer, Presence, Rate, RowKind, SettlementRow
from tests.clearing_shop import BANK, Clearing, link_names, payout
from tests.link_shop import PROVIDER, asked, hear, link_shop, sold

WINE = 799
WEB = Acquirer(
    "web",
    "Net Pay",
    days=3,
    rates=(
        Rate(Presence.ONLINE, 14_000, 25, refund_fixed_minor=10),
        Rate(Presence.ONLINE, 5_000, 0, brand="bank_transfer"),
    ),
    providers=(PROVIDER,),
)


def web_shop() -> Clearing:
    """A shop with a bank for its terminals, and somebody else who pays out what links brought."""
    clearing = Clearing(link_shop())
    clearing.terms(BANK, WEB)
    return clearing


def row(gross_minor: int, fee_minor: int | None, name: str, **more: Any) -> SettlementRow:
    """What a provider's file says, by its own name of the transaction."""
    kind = RowKind.PAYMENT if gross_minor > 0 else RowKind.REFUND
    base = SettlementRow(kind, gross_minor, fee_minor, "7", "2026-11-26", own_reference=name)
    return attrs.evolve(base, **more)


def web(clearing: Clearing, today: str = "2026-11-30") -> tuple[int, int, int]:
    """What was captured, is open and waits at the one who pays out the links."""
    (found,) = clearing.view(today, acquirer="web").acquirers
    return found.captured_minor, found.clearing_minor, found.waiting_minor


def settle(clearing: Clearing, *rows: SettlementRow) -> None:
    """The file comes from the one who pays out the links."""
    clearing.settle(rows, "web")


def give_back(clearing: Clearing, order: str) -> str:
    """Its first line comes back, and the provider is asked for its money; the refund."""
    clearing.shop.ok(AddReturnLine(order, 1, 1000, "broken"))
    refund_id: str = clearing.shop.ok(RequestPaylink())["paylink_id"]
    return refund_id


def test_what_links_brought_is_settled_to_nothing() -> None:
    """A fee by how it was paid, as soon as it is; the file names each by the provider's name or by
    ours, brings clearing to nothing, and the bank's own account knows nothing of it."""
    clearing = web_shop()
    shop = clearing.shop
    sold(shop, "wine")
    assert web(clearing) == (WINE, WINE, WINE)
    cheap = asked(shop, "book")
    assert len(clearing.fees()) == 1, "nobody has paid the second yet"
    hear(shop, cheap, LinkState.PAID, method="bank_transfer")
    told = [(one.presence, one.brand, one.fee_minor, one.has_rate) for one in clearing.fees()]
    # 1.4 % + 25 of 7.99, and 0.5 % of 12.00.
    assert told == [("online", "wallet", 36, True), ("online", "bank_transfer", 6, True)]
    settle(
        clearing,
        row(WINE, 36, link_names(clearing)[0]),
        row(1200, 6, "", reference=cheap),
        payout(WINE + 1200 - 42, "7"),
    )
    assert (web(clearing), clearing.kinds()) == ((WINE + 1200, 0, 0), [])
    assert [one.settled for one in clearing.fees()] == [True, True]
    bank, net = clearing.view().acquirers
    assert (bank.captured_minor, bank.cleared_minor) == (0, 0)
    assert (net.held_minor, net.fee_charged_minor) == (0, 42)


def test_a_link_that_is_in_no_file_in_time_is_missing_and_a_wrong_fee_is_told() -> None:
    """As with a terminal's payments: each difference is an item, to the cent."""
    clearing = web_shop()
    sold(clearing.shop, "wine")
    sold(clearing.shop, "book")
    settle(clearing, row(1200, 99, link_names(clearing)[1]))
    assert clearing.kinds("2026-11-25") == ["fee_differs"]
    (missing, fee) = sorted(clearing.view().items, key=lambda one: -one.difference_minor)
    assert (missing.kind, missing.difference_minor, missing.acquirer) == (
        "missing_there",
        WINE,
        "web",
    )
    # 1.4 % + 25 of 12.00 are 42.
    assert (fee.kind, fee.ours_minor, fee.theirs_minor) == ("fee_differs", 42, 99)
    assert [one.item_count for one in clearing.view().acquirers] == [0, 2]


def test_a_refund_by_link_is_in_the_account_of_its_payment() -> None:
    """It counts once the provider gave it back, costs what a refund costs, and its row says so."""
    clearing = web_shop()
    order = sold(clearing.shop, "wine")
    refund_id = give_back(clearing, order)
    assert web(clearing)[0] == WINE, "nothing went back yet"
    hear(clearing.shop, refund_id, LinkState.REFUNDED)
    assert web(clearing)[0] == 0
    paid_name, back_name = link_names(clearing)
    assert [(one.kind, one.amount_minor, one.fee_minor) for one in clearing.fees()] == [
        ("sale", WINE, 36),
        ("refund", -WINE, 10),
    ]
    settle(clearing, row(WINE, 36, paid_name))
    assert clearing.kinds() == ["missing_there"], "of what went back no file tells"
    settle(clearing, row(-WINE, 10, back_name, reference=paid_name))
    assert (web(clearing), clearing.kinds()) == ((0, 0, 0), [])


def test_a_refund_that_bounced_is_in_a_file_twice_or_not_at_all() -> None:
    """The money is with the provider again; both ways to tell of it are right, and half of one is
    an item."""
    clearing = web_shop()
    refund_id = give_back(clearing, sold(clearing.shop, "wine"))
    hear(clearing.shop, refund_id, LinkState.REFUNDED)
    hear(clearing.shop, refund_id, LinkState.FAILED, code="bounced")
    assert web(clearing)[0] == WINE
    paid_name, back_name = link_names(clearing)
    settle(clearing, row(WINE, 36, paid_name))
    assert (web(clearing)[1:], clearing.kinds()) == ((0, 0), [])
    settle(clearing, row(-WINE, 10, back_name))
    assert len(clearing.kinds()) == 1
    settle(clearing, row(WINE, 0, back_name, kind=RowKind.CHARGEBACK))
    assert (web(clearing)[1:], clearing.kinds()) == ((0, 0), [])


def test_money_that_fits_no_order_is_with_the_provider_all_the_same() -> None:
    """Paid late and sent back, paid twice, paid by who was never asked: all of it is captured, and
    what went back is of the payment it gave back."""
    clearing = web_shop()
    shop = clearing.shop
    late = asked(shop, "wine")
    shop.ok(TenderCash(WINE))
    hear(shop, late, LinkState.PAID)
    again = hear(shop, late, LinkState.PAID, provider_reference="P-again")["paylink_id"]
    nobody = Told("not-ours", LinkState.PAID, 500, "EUR", "P-nobody", "wallet")
    shop.ok(HearPaylink(PROVIDER, nobody), admin=True)
    assert web(clearing) == (2 * WINE + 500, 2 * WINE + 500, 2 * WINE + 500)
    for paylink_id in (late, again):
        refund_id = shop.ok(SendBackPaylink(paylink_id))["paylink_id"]
        hear(shop, refund_id, LinkState.REFUNDED)
    assert web(clearing)[0] == 500
    settle(
        clearing,
        row(WINE, 36, f"P-{late}"),
        row(WINE, 36, "P-again"),
        row(500, 32, "P-nobody"),
        *(row(-WINE, 10, name) for name in link_names(clearing)[1:]),
    )
    assert (web(clearing), clearing.kinds()) == ((500, 0, 0), [])


def test_another_amount_under_one_name_is_one_account() -> None:
    """A provider that tells one transaction with two amounts: the file says which it was."""
    clearing = web_shop()
    paylink_id = asked(clearing.shop, "wine")
    hear(clearing.shop, paylink_id, LinkState.PAID)
    hear(clearing.shop, paylink_id, LinkState.PAID, amount_minor=WINE + 1)
    assert web(clearing)[0] == 2 * WINE + 1
    settle(clearing, row(WINE, 36, link_names(clearing)[0]))
    (item,) = clearing.view().items
    assert (item.kind, item.difference_minor) == ("amount_differs", WINE + 1)


def test_a_code_that_nobody_paid_and_that_a_file_has_is_told() -> None:
    """It was withdrawn, and the provider settles it all the same; paid too late, it is paid."""
    clearing = web_shop()
    shop = clearing.shop
    paylink_id = asked(shop, "wine")
    shop.ok(UndoTendering())
    hear(shop, paylink_id, LinkState.CANCELLED)
    assert web(clearing) == (0, 0, 0)
    settle(clearing, row(WINE, 36, f"P-{paylink_id}"))
    (item,) = clearing.view().items
    assert (item.kind, item.difference_minor) == ("not_taken_here", -WINE)
    hear(shop, paylink_id, LinkState.PAID)
    assert (web(clearing), clearing.kinds()) == ((WINE, 0, 0), [])


def test_money_of_another_currency_is_not_in_clearing() -> None:
    """It is before a person, and nothing here is converted."""
    clearing = web_shop()
    paylink_id = asked(clearing.shop, "wine")
    hear(clearing.shop, paylink_id, LinkState.PAID, currency="CHF")
    stray = Told("not-ours", LinkState.PAID, 500, "CHF", "P-nobody", "wallet")
    clearing.shop.ok(HearPaylink(PROVIDER, stray), admin=True)
    assert (web(clearing), clearing.fees()) == ((0, 0, 0), ())


def test_what_a_provider_took_that_no_acquirer_names_is_told() -> None:
    """The bank that has every terminal has not every provider: the takings are with nobody, not out
    of sight, and somebody else's once the terms say whose they are."""
    clearing = Clearing(link_shop())
    clearing.terms(BANK)
    sold(clearing.shop, "wine")
    bank, nobody = clearing.view("2027-01-30").acquirers
    assert (bank.captured_minor, nobody.acquirer, nobody.clearing_minor) == (0, "", WINE)
    assert [one.has_rate for one in clearing.fees()] == [False]
    clearing.terms(BANK, WEB)
    assert web(clearing) == (WINE, WINE, WINE)
    assert [one.fee_minor for one in clearing.fees()] == [36]
    assert [one.acquirer for one in clearing.view().acquirers] == ["bank", "web"]


def test_a_file_before_the_providers_word() -> None:
    """The file is quicker than the call: the row waits for what the store hears later."""
    clearing = web_shop()
    paylink_id = asked(clearing.shop, "wine")
    settle(clearing, row(WINE, 36, f"P-{paylink_id}"))
    assert clearing.kinds() == ["unknown_here"]
    hear(clearing.shop, paylink_id, LinkState.PAID)
    assert (web(clearing), clearing.kinds()) == ((WINE, 0, 0), [])
