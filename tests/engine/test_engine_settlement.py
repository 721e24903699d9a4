"""Rate cards and settlement files: what is accepted, what is refused, and what a payment costs."""

from __future__ import annotations

from datetime import date
from typing import Any

import attrs
import pytest

from engine import limits
from engine.image import books_from, image_of
from engine.settings import RoundingMode
from engine.settlement.decide import (
    ExplainItem,
    ImportSettlement,
    Refusal,
    SetTerms,
    StageSettlement,
)
from engine.settlement.fees import (
    acquirer_of,
    acquirer_of_provider,
    fee_minor,
    presence_of,
    rate_of,
    rounded,
)
from engine.settlement.judge import Account, Finding, ItemKind, TakenBack, judge
from engine.settlement.model import Acquirer, Presence, Rate, RowKind, SettlementRow
from engine.settlement.presented import day_of
from tests.clearing_shop import BANK, paid, payout
from tests.shop import Shop

FILE = "a" * 64
REFUND_TAKEN_BACK = Account(
    500,
    settled_minor=1000,
    settled_rows=2,
    settled_back_minor=500,
    settled_back_rows=1,
    fee_paid_minor=9,
    fee_charged_minor=19,
    fee_rows=3,
    taken_back=(TakenBack(500, 10),),
)
TWO_TAKEN_BACK = (TakenBack(300, 4), TakenBack(500, 10))
COSTS: dict[str, Any] = {"fee_paid_minor": 9, "fee_back_minor": 10, "fee_rows": 1}
IN_PERSON = Presence.IN_PERSON


def shop_with_bank() -> Shop:
    """A shop whose acquirer has terms."""
    shop = Shop.open()
    shop.ok(SetTerms((BANK,)), admin=True)
    return shop


def no(shop: Shop, body: Any) -> str:
    """Refused to the administrator; the code."""
    return shop.no(body, admin=True)


# --------------------------------------------------------------------------------------- fees


@pytest.mark.parametrize(
    ("mode", "fees"),
    [
        (RoundingMode.HALF_UP, (0, 1, 1, 2)),
        (RoundingMode.HALF_EVEN, (0, 0, 1, 2)),
        (RoundingMode.UP, (1, 1, 1, 2)),
        (RoundingMode.DOWN, (0, 0, 0, 1)),
    ],
)
def test_a_percentage_is_rounded_once_as_the_rate_card_says(
    mode: RoundingMode, fees: tuple[int, ...]
) -> None:
    """1 % of 49, 50, 51 and 150 cents; the fixed part is added after."""
    rate = Rate(IN_PERSON, 10_000, 0, rounding=mode)
    assert tuple(fee_minor(rate, amount) for amount in (49, 50, 51, 150)) == fees
    assert fee_minor(attrs.evolve(rate, fixed_minor=7), 50) == fees[1] + 7
    assert fee_minor(attrs.evolve(rate, refund_fixed_minor=9), 50, is_refund=True) == 9
    assert rounded(3, 2, RoundingMode.HALF_EVEN) == 2
    assert rounded(7, 3, RoundingMode.UP) == 3, "however small the rest is"
    assert rounded(6, 3, mode) == 2


def test_the_rate_of_a_payment() -> None:
    """The one for its brand before the one for all, on its day and for how the card was there."""
    new = Rate(IN_PERSON, 8_000, since="2027-01-01")
    old = Rate(IN_PERSON, 9_000, until="2026-12-31")
    amex = Rate(IN_PERSON, 19_000, brand="AMEX")
    acquirer = Acquirer("a", "A", rates=(old, new, amex, Rate(Presence.KEYED, 30_000)))
    assert rate_of(acquirer, IN_PERSON, "visa", "2026-12-31") == old
    assert rate_of(acquirer, IN_PERSON, "visa", "2027-01-01") == new
    assert rate_of(acquirer, IN_PERSON, "American Express", "2027-01-01") == amex
    assert rate_of(acquirer, Presence.ONLINE, "visa", "2027-01-01") is None
    entries = ("chip", "contactless", "", "keyed", "online")
    assert [presence_of(entry).value for entry in entries] == [
        "in_person",
        "in_person",
        "in_person",
        "keyed",
        "online",
    ]


@pytest.mark.parametrize(("credit", "mc"), [("credit", "mc"), (" CREDIT", "MasterCard")])
def test_debit_and_credit_cards_have_prices_of_their_own(credit: str, mc: str) -> None:
    """A rate of credit cards prices what is told as credit, and neither debit cards nor cards that
    are told as nothing in particular, which cost what all cost."""
    every, of_credit, of_mc = (
        Rate(IN_PERSON, 3_000),
        Rate(IN_PERSON, 20_000, brand="credit"),
        Rate(IN_PERSON, 9_000, brand="mastercard"),
    )
    bank = Acquirer("bank", "Bank", rates=(every, of_credit, of_mc))
    for told in ("debit", "", "card", "all", "other"):
        assert rate_of(bank, IN_PERSON, told, "2026-11-26") == every
    assert rate_of(bank, IN_PERSON, credit, "2026-11-26") == of_credit
    assert rate_of(bank, IN_PERSON, mc, "2026-11-26") == of_mc
    apart = tuple(Rate(IN_PERSON, 1, brand=brand) for brand in ("debit", "credit", ""))
    shop = shop_with_bank()
    assert shop.ok(SetTerms((Acquirer("x", "x", rates=apart),)), admin=True) == {"acquirers": 1}


def test_whose_a_terminal_is() -> None:
    """The acquirer that names it, else the one that names none; neither before its first day, and
    of two the one that came last."""
    named = Acquirer("n", "N", ("terminal/1",), since="2026-02-01")
    rest = Acquirer("r", "R")
    assert acquirer_of((rest, named), "terminal/1", "2026-02-01") == named
    assert acquirer_of((rest, named), "terminal/1", "2026-01-31") == rest
    assert acquirer_of((named,), "terminal/1", "2026-01-31") is None
    later = Acquirer("l", "L", ("terminal/1",), since="2026-03-01")
    for both in ((named, later, rest), (later, rest, named)):
        days = ("2026-01-31", "2026-02-28", "2026-03-01")
        found = [acquirer_of(both, "terminal/1", day) for day in days]
        assert found == [rest, named, later]
    all_others = attrs.evolve(named, terminals=())
    assert acquirer_of((rest, all_others), "t", "2026-02-01") == all_others
    assert acquirer_of((rest, named), "terminal/2", "2026-01-31") == rest
    assert acquirer_of((named,), "terminal/2", "2026-03-01") is None


def test_whose_a_provider_is() -> None:
    """Only of the acquirer that names it, from its first day on; and whoever names a provider and
    no terminal has no terminal by that."""
    web = Acquirer("w", "W", providers=("provider/qr",), since="2026-02-01")
    later = attrs.evolve(web, id="l", since="2026-03-01")
    rest = Acquirer("r", "R")
    for both in ((web, later, rest), (rest, later, web)):
        days = ("2026-01-31", "2026-02-28", "2026-03-01")
        assert [acquirer_of_provider(both, "provider/qr", day) for day in days] == [
            None,
            web,
            later,
        ]
        assert acquirer_of_provider(both, "provider/2", "2026-03-01") is None
        assert acquirer_of(both, "terminal/1", "2026-03-01") == rest
    assert acquirer_of((web, later), "terminal/1", "2026-03-01") is None


# -------------------------------------------------------------------------------------- terms


@pytest.mark.parametrize(
    ("acquirers", "code"),
    [
        ((BANK,) * (limits.ACQUIRERS_MAX + 1), Refusal.ACQUIRERS_LIMIT_REACHED),
        ((Acquirer("", "x"),), Refusal.TEXT_MUST_BE_SHORT),
        ((Acquirer("x", "x" * 200),), Refusal.TEXT_MUST_BE_SHORT),
        (
            (Acquirer("x", "x", ("t/1",)), Acquirer("x", "x", ("t/2",))),
            Refusal.ACQUIRERS_MUST_BE_DISTINCT,
        ),
        ((Acquirer("x", "x"), Acquirer("y", "y")), Refusal.TERMINALS_MUST_HAVE_ONE_ACQUIRER),
        (
            (Acquirer("x", "x", ("t/1",)), Acquirer("y", "y", ("t/1",))),
            Refusal.TERMINALS_MUST_HAVE_ONE_ACQUIRER,
        ),
        (
            (
                Acquirer("x", "x", providers=("p/1",)),
                Acquirer("y", "y", ("t/1",), providers=("p/1",)),
            ),
            Refusal.PROVIDERS_MUST_HAVE_ONE_ACQUIRER,
        ),
        ((Acquirer("x", "x", providers=("p" * 200,)),), Refusal.TEXT_MUST_BE_SHORT),
        (
            (Acquirer("x", "x", ("t/1",), providers=tuple(f"p/{n}" for n in range(500))),),
            Refusal.ACQUIRERS_LIMIT_REACHED,
        ),
        ((Acquirer("x", "x", rates=(Rate(IN_PERSON, -1),)),), Refusal.FEE_MUST_BE_IN_RANGE),
        ((Acquirer("x", "x", rates=(Rate(IN_PERSON, 1, -1),)),), Refusal.FEE_MUST_BE_IN_RANGE),
        ((Acquirer("x", "x", days=91, rates=(Rate(IN_PERSON),)),), Refusal.FEE_MUST_BE_IN_RANGE),
        ((Acquirer("x", "x", days=-1),), Refusal.FEE_MUST_BE_IN_RANGE),
        ((Acquirer("x", "x", since="2026-02-30"),), Refusal.FEE_DATES_MUST_EXIST),
        (
            (Acquirer("x", "x", rates=(Rate(IN_PERSON, since="2026-2-3"),)),),
            Refusal.FEE_DATES_MUST_EXIST,
        ),
        (
            (Acquirer("x", "x", rates=(Rate(IN_PERSON, since="2026-02-02", until="2026-02-01"),)),),
            Refusal.FEE_DATES_MUST_EXIST,
        ),
        (
            (
                Acquirer(
                    "x",
                    "x",
                    rates=(
                        Rate(IN_PERSON, brand="mc", until="2026-02-01"),
                        Rate(IN_PERSON, brand="Mastercard", since="2026-02-01"),
                    ),
                ),
            ),
            Refusal.FEES_MUST_NOT_CONTEND,
        ),
        (
            (
                Acquirer(
                    "x", "x", rates=(Rate(IN_PERSON, brand="debit"), Rate(IN_PERSON, brand="Debit"))
                ),
            ),
            Refusal.FEES_MUST_NOT_CONTEND,
        ),
    ],
)
def test_terms_that_cannot_be(acquirers: tuple[Acquirer, ...], code: str) -> None:
    """Each is refused by name, and the terms of before stay."""
    shop = shop_with_bank()
    assert no(shop, SetTerms(acquirers)) == code
    assert shop.books.settling.acquirers == (BANK,)


def test_acquirers_follow_one_another_by_date() -> None:
    """A shop that changes its bank names the terminal under both; the new one's day is later."""
    old, new = Acquirer("o", "O", ("t/1",)), Acquirer("n", "N", ("t/1",), since="2026-12-01")
    shop = shop_with_bank()
    assert shop.ok(SetTerms((old, new)), admin=True) == {"acquirers": 2}
    rest = (attrs.evolve(old, terminals=()), attrs.evolve(new, terminals=()))
    assert shop.ok(SetTerms(rest), admin=True) == {"acquirers": 2}
    links = tuple(attrs.evolve(one, terminals=(), providers=("p/1",)) for one in (old, new))
    assert shop.ok(SetTerms((*links, BANK)), admin=True) == {"acquirers": 3}


def test_a_bank_may_pay_on_the_very_day() -> None:
    """Nought days is a term like others."""
    shop = shop_with_bank()
    assert shop.ok(SetTerms((attrs.evolve(BANK, days=0),)), admin=True) == {"acquirers": 1}
    assert shop.books.settling.acquirers[0].days == 0


@pytest.mark.parametrize(
    ("told", "now", "day"),
    [
        ("1129", "2026-11-29", "2026-11-29"),
        ("1231", "2027-01-02", "2026-12-31"),
        ("0102", "2026-12-30", "2027-01-02"),
        ("0601", "2026-11-29", "2026-06-01"),
        ("0228", "2027-03-01", "2027-02-28"),
        ("0229", "2027-03-01", "2028-02-29"),
        ("0230", "2026-11-29", ""),
        ("", "2026-11-29", ""),
        ("112", "2026-11-29", ""),
        ("-11-29", "2026-11-29", ""),
        ("2026", "2026-11-29", ""),
    ],
)
def test_a_terminals_day_is_of_the_year_that_is_nearest(told: str, now: str, day: str) -> None:
    """A terminal tells month and day alone, and about a new year either may be meant; what is no
    such day is none."""
    local_s = (date.fromisoformat(now) - date(1970, 1, 1)).days * 86_400
    assert day_of(told, local_s) == day
    assert day_of(told, local_s + 86_399) == day


def test_terms_follow_one_another_by_date() -> None:
    """A rate that ends the day before the next begins does not contend with it."""
    rates = (Rate(IN_PERSON, 1, until="2026-01-31"), Rate(IN_PERSON, 2, since="2026-02-01"))
    shop = shop_with_bank()
    assert shop.ok(SetTerms((Acquirer("x", "x", rates=rates),)), admin=True) == {"acquirers": 1}


# -------------------------------------------------------------------------------------- files


def test_a_file_counts_whole_and_once() -> None:
    """Parts follow one another, the last command names them all; the same bytes are refused."""
    shop = shop_with_bank()
    whole = ImportSettlement(FILE, "june.csv", 2, 3)
    assert no(shop, whole) == Refusal.SETTLEMENT_PARTS_MUST_FOLLOW
    late = StageSettlement(FILE, 1, "bank", (paid(1, 5),))
    assert no(shop, late) == Refusal.SETTLEMENT_PARTS_MUST_FOLLOW
    shop.ok(StageSettlement(FILE, 0, "bank", (paid(1, 5), paid(2, 6))), admin=True)
    assert no(shop, whole) == Refusal.SETTLEMENT_PARTS_MUST_FOLLOW
    other = attrs.evolve(late, file="b" * 64)
    assert no(shop, other) == Refusal.SETTLEMENT_PARTS_MUST_FOLLOW
    shop.ok(late, admin=True)
    assert no(shop, attrs.evolve(whole, rows=4)) == Refusal.SETTLEMENT_PARTS_MUST_FOLLOW
    assert no(shop, attrs.evolve(whole, name="x" * 200)) == Refusal.TEXT_MUST_BE_SHORT
    assert shop.ok(whole, admin=True) == {"file": FILE, "rows": 3}
    assert no(shop, whole) == Refusal.SETTLEMENT_FILE_MUST_BE_NEW
    begin = StageSettlement(FILE, 0, "bank", ())
    assert no(shop, begin) == Refusal.SETTLEMENT_FILE_MUST_BE_NEW
    assert books_from(image_of(shop.books), None).settling == shop.books.settling


def test_a_file_of_an_acquirer_that_was_left_out_meanwhile_does_not_count() -> None:
    """Nobody would be shown what it says; once the terms name it again, it counts."""
    shop = shop_with_bank()
    named = shop.books.settling.acquirers
    shop.ok(StageSettlement(FILE, 0, "bank", (paid(1, 5),)), admin=True)
    shop.ok(SetTerms(()), admin=True)
    whole = ImportSettlement(FILE, "june.csv", 1, 1)
    assert no(shop, whole) == Refusal.ACQUIRER_MUST_EXIST
    shop.ok(SetTerms(named), admin=True)
    shop.ok(whole, admin=True)


def test_a_part_begun_anew_throws_the_former_away() -> None:
    """Part 0 begins a file, whichever was on its way."""
    shop = shop_with_bank()
    for _ in range(2):
        shop.ok(StageSettlement(FILE, 0, "bank", (paid(1, 5),)), admin=True)
    shop.ok(ImportSettlement(FILE, "f", 1, 1), admin=True)


def test_what_a_part_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store, an acquirer that it knows, a hash for a name, and not too many rows."""
    begin = StageSettlement(FILE, 0, "bank", (paid(1, 5),))
    assert Shop().no(begin, admin=True) == Refusal.STORE_MUST_BE_SET_UP
    shop = shop_with_bank()
    assert no(shop, attrs.evolve(begin, acquirer="x")) == Refusal.ACQUIRER_MUST_EXIST
    assert no(shop, attrs.evolve(begin, file="june.csv")) == Refusal.TEXT_MUST_BE_SHORT
    monkeypatch.setattr(limits, "SETTLEMENT_ROWS_MAX", 1)
    shop.ok(begin, admin=True)
    more = attrs.evolve(begin, part=1)
    assert no(shop, more) == Refusal.SETTLEMENT_ROWS_LIMIT_REACHED


@pytest.mark.parametrize(
    "row",
    [
        SettlementRow(RowKind.PAYMENT, 0),
        SettlementRow(RowKind.PAYMENT, -5),
        SettlementRow(RowKind.REFUND, 5),
        SettlementRow(RowKind.REFUND, 0),
        SettlementRow(RowKind.PAYOUT, -limits.AMOUNT_MINOR_MAX - 1),
        SettlementRow(RowKind.CHARGEBACK, 0),
        SettlementRow(RowKind.FEE, 5, 5),
        SettlementRow(RowKind.FEE, 0),
        paid(1, 5, date="2026-02-30"),
        paid(-1, 5),
        paid(1, 5, reference="x" * 65),
        paid(1, limits.AMOUNT_MINOR_MAX + 1),
    ],
)
def test_a_row_that_cannot_be(row: SettlementRow) -> None:
    """Signs fit the kind, days exist, texts and figures are bounded; the row is named."""
    shop = shop_with_bank()
    body = StageSettlement(FILE, 0, "bank", (payout(3), row))
    decision = shop.when(body, admin=True)
    assert decision.refused is not None
    assert (decision.refused.code, decision.refused.fields) == (
        Refusal.SETTLEMENT_ROW_MUST_BE_SOUND,
        {"row": 2},
    )


def test_an_explanation_has_words() -> None:
    """Whoever looked into a difference says what it is."""
    shop = Shop.selling()
    long = "x" * (limits.ITEM_ID_LENGTH_MAX + 1)
    for item in ("", long):
        assert shop.no(ExplainItem(item, "x")) == Refusal.TEXT_MUST_BE_SHORT
    assert shop.no(ExplainItem("unknown_here/1", "  ")) == Refusal.REASON_MUST_BE_GIVEN
    assert shop.ok(ExplainItem("unknown_here/1", "asked"))["item"] == "unknown_here/1"


# ------------------------------------------------------------------------------------ judging


@pytest.mark.parametrize(
    ("account", "findings", "waiting"),
    [
        (Account(500, settled_minor=500, settled_rows=1), (), 0),
        (Account(500, settled_minor=500, settled_rows=2), (), 0),
        (Account(500, paid_day="2026-11-02"), (), 500),
        (
            Account(500, paid_day="2026-11-01"),
            (Finding(ItemKind.MISSING_THERE, 500, 500, 0, due="2026-11-01"),),
            0,
        ),
        (
            Account(500, settled_minor=400, settled_rows=1),
            (Finding(ItemKind.AMOUNT_DIFFERS, 100, 500, 400),),
            0,
        ),
        (
            Account(500, settled_minor=1000, settled_rows=2),
            (Finding(ItemKind.PAID_TWICE, -500, 500, 1000),),
            0,
        ),
        (
            Account(0, settled_minor=500, settled_rows=1),
            (Finding(ItemKind.NOT_TAKEN_HERE, -500, 0, 500),),
            0,
        ),
        # Taken back before it was settled: acquirers leave both out, or list both.
        (Account(500, 500), (), 0),
        (Account(500, 500, 0, settled_minor=500, settled_rows=1), (), -500),
        (
            Account(
                500,
                500,
                settled_minor=500,
                settled_rows=1,
                settled_back_minor=500,
                settled_back_rows=1,
            ),
            (),
            0,
        ),
        (
            Account(500, 0, 200, "2026-11-01", "2026-11-01", 500, 1),
            (Finding(ItemKind.MISSING_THERE, -200, -200, 0, is_back=True, due="2026-11-01"),),
            0,
        ),
        # Two refunds, and a file that has one of them: the other is not due yet, or is.
        (Account(500, 0, 300, "2026-10-01", "2026-11-02", 500, 1, 200, 1), (), -100),
        (
            Account(500, 0, 300, "2026-10-01", "2026-11-01", 500, 1, 200, 1),
            (Finding(ItemKind.AMOUNT_DIFFERS, -100, -300, -200, True, "2026-11-01"),),
            0,
        ),
        (
            Account(500, 0, 300, "2026-10-01", "2026-11-02", 500, 1, 400, 1),
            (Finding(ItemKind.AMOUNT_DIFFERS, 100, -300, -400, True),),
            0,
        ),
        (
            Account(500, settled_minor=500, settled_rows=1, charged_minor=-500),
            (Finding(ItemKind.CHARGED_BACK, 500, 0, -500),),
            0,
        ),
        (
            Account(
                500,
                settled_minor=500,
                settled_rows=1,
                fee_paid_minor=9,
                fee_charged_minor=12,
                fee_rows=1,
            ),
            (Finding(ItemKind.FEE_DIFFERS, 3, 9, 12),),
            0,
        ),
        (Account(500, settled_minor=500, settled_rows=1, fee_paid_minor=9), (), 0),
        # A refund that was taken back, and an acquirer that lists both: the refund had its price.
        (REFUND_TAKEN_BACK, (), 0),
        # Of two refunds taken back the files have one, both ways: nothing differs.
        (attrs.evolve(REFUND_TAKEN_BACK, taken_back=TWO_TAKEN_BACK), (), 0),
        (attrs.evolve(REFUND_TAKEN_BACK, taken_back=TWO_TAKEN_BACK[::-1]), (), 0),
        # And with both, one of them the one way only, that one waits or differs.
        (
            attrs.evolve(
                REFUND_TAKEN_BACK,
                taken_back=TWO_TAKEN_BACK,
                settled_back_minor=800,
                settled_back_rows=2,
                back_day="2026-11-01",
                fee_charged_minor=23,
            ),
            (Finding(ItemKind.AMOUNT_DIFFERS, 300, 1300, 1000, due="2026-11-01"),),
            0,
        ),
        # Another refund, that nobody took back, is in no file yet.
        (
            attrs.evolve(
                REFUND_TAKEN_BACK, taken_back=TWO_TAKEN_BACK, back_minor=200, back_day="2026-11-02"
            ),
            (),
            -200,
        ),
        (
            Account(500, settled_minor=700, settled_rows=2, taken_back=(TakenBack(0),)),
            (Finding(ItemKind.PAID_TWICE, -200, 500, 700),),
            0,
        ),
        (
            Account(
                500,
                settled_minor=500 + 40 * 7,
                settled_rows=8,
                settled_back_minor=40 * 7,
                settled_back_rows=7,
                taken_back=(TakenBack(40),) * 30,
            ),
            (),
            0,
        ),
        (
            attrs.evolve(REFUND_TAKEN_BACK, fee_charged_minor=9),
            (Finding(ItemKind.FEE_DIFFERS, -10, 19, 9),),
            0,
        ),
        (
            attrs.evolve(REFUND_TAKEN_BACK, settled_minor=1500),
            (Finding(ItemKind.PAID_TWICE, -500, 1000, 1500),),
            0,
        ),
        # A wrong fee is one beside what is still to come, and what is still to come costs nothing.
        (
            Account(500, 0, 200, "2026-10-01", "2026-11-02", 500, 1, **COSTS, fee_charged_minor=12),
            (Finding(ItemKind.FEE_DIFFERS, 3, 9, 12),),
            -200,
        ),
        (
            Account(500, 0, 200, "2026-10-01", "2026-11-02", 500, 1, **COSTS, fee_charged_minor=9),
            (),
            -200,
        ),
        (
            Account(
                500, 0, 200, "2026-11-02", "2026-11-02", 0, 0, 200, 1, **COSTS, fee_charged_minor=10
            ),
            (),
            500,
        ),
        (
            Account(500, 0, 0, "2026-10-01", "", 400, 1, **COSTS, fee_charged_minor=12),
            (Finding(ItemKind.AMOUNT_DIFFERS, 100, 500, 400),),
            0,
        ),
    ],
)
def test_how_an_account_stands(
    account: Account, findings: tuple[Finding, ...], waiting: int
) -> None:
    """Each cent that is not settled waits or is a finding; a fee differs only where it was told."""
    standing = judge(account, "2026-11-01")
    assert (standing.findings, standing.waiting_minor) == (findings, waiting)
    held = standing.captured_minor + standing.captured_back_minor
    held -= standing.cleared_minor + standing.cleared_back_minor
    found = sum(one.difference_minor for one in findings if one.kind is not ItemKind.FEE_DIFFERS)
    assert held == waiting + found
