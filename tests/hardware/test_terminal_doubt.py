"""When a terminal's last transaction settles a doubt, and when nothing does."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.terminal import Answer, Identity, Kind, Transaction, Verdict
from hardware.terminal.doubt import is_later, resolve
from hardware.terminal.limits import RECEIPT_NUMBERS, TRACE_NUMBERS

BEFORE = Identity("52500001", trace=10, receipt=7, date="1126", time="110000")
NEXT = Identity("52500001", trace=11, receipt=8, date="1126", time="120000")
DOUBT = Answer(Verdict.UNKNOWN, Kind.SALE, 1250, "link_lost", currency_code=978, before=BEFORE)
LAST = Answer(
    Verdict.APPROVED, Kind.SALE, 1250, amount_minor=1250, currency_code=978, identity=NEXT
)


def settled(
    doubt: Answer, last: Answer | None, told_minor: int | None = 1250, tip_minor: int = 0
) -> tuple[str, str]:
    """Verdict and code."""
    answer = resolve(doubt, last, told_minor=told_minor, told_tip_minor=tip_minor)
    assert answer.before == doubt.before
    assert answer.asked_minor == doubt.asked_minor
    return answer.verdict.value, answer.code


def test_the_next_transaction_of_that_amount_is_the_one() -> None:
    """Later than what came before, same terminal, same amount: that is the lost one."""
    assert settled(DOUBT, LAST) == ("approved", "ok")
    declined = attrs.evolve(LAST, verdict=Verdict.DECLINED, code="declined_05", amount_minor=0)
    assert settled(DOUBT, declined) == ("declined", "declined_05")
    first = attrs.evolve(DOUBT, before=Identity("52500001"))
    assert settled(first, LAST) == ("approved", "ok")
    with_tip = attrs.evolve(LAST, amount_minor=1400, tip_minor=150)
    assert settled(DOUBT, with_tip, 1400, 150) == ("approved", "ok")
    assert settled(DOUBT, with_tip, 1400) == ("unknown", "other_transaction")
    taken_back = attrs.evolve(declined, verdict=Verdict.ABORTED, code="aborted_at_terminal")
    assert settled(DOUBT, taken_back, 1400, 150) == ("aborted", "aborted_at_terminal")


def test_what_was_heard_of_it_must_be_told_again() -> None:
    """Once its own numbers were heard, only those settle it."""
    doubt = attrs.evolve(DOUBT, identity=NEXT, amount_minor=1250)
    assert settled(doubt, LAST) == ("approved", "ok")
    later = attrs.evolve(LAST, identity=attrs.evolve(NEXT, trace=12, receipt=9))
    assert settled(doubt, later) == ("unknown", "other_transaction")


def test_another_try_after_a_wrong_pin_is_the_same_payment() -> None:
    """A card is refused, its owner types the PIN again, and the cable breaks. The second try has a
    number of its own: approved and kept, the customer has paid, and must not be asked once more."""
    refused = attrs.evolve(DOUBT, identity=NEXT, code="not_completed_declined_55")
    again = attrs.evolve(NEXT, trace=12, receipt=9)
    assert settled(refused, attrs.evolve(LAST, identity=again)) == ("approved", "ok")
    failed = attrs.evolve(LAST, verdict=Verdict.ABORTED, code="failed", amount_minor=0)
    assert settled(refused, attrs.evolve(failed, identity=again)) == ("aborted", "failed")
    assert settled(refused, attrs.evolve(failed, identity=NEXT)) == ("aborted", "failed")
    third = attrs.evolve(failed, identity=attrs.evolve(NEXT, trace=13, receipt=10))
    assert settled(refused, third) == ("unknown", "other_transaction"), "the second may have paid"
    other = attrs.evolve(LAST, identity=again, amount_minor=900)
    assert settled(refused, other, 900) == ("unknown", "other_transaction")
    taken_back = attrs.evolve(refused, kind=Kind.REVERSAL)
    told = attrs.evolve(LAST, identity=again)
    assert settled(taken_back, told) == ("unknown", "other_transaction"), "it reads no card"


def test_a_refused_card_that_the_terminal_forgot_is_not_found() -> None:
    """A no was told, and the cable broke before the end. A terminal that keeps no memory of what
    came to nothing still tells the transaction before: nothing was paid. A yes that was heard is
    not given up so lightly."""
    still = attrs.evolve(LAST, identity=BEFORE)
    refused = attrs.evolve(DOUBT, identity=NEXT, code="not_completed_declined_55")
    assert settled(refused, still) == ("unknown", "not_found")
    paid = attrs.evolve(refused, amount_minor=1250)
    assert settled(paid, still) == ("unknown", "other_transaction")
    taken_back = attrs.evolve(refused, kind=Kind.REVERSAL)
    assert settled(taken_back, still) == ("unknown", "other_transaction")
    as_before = attrs.evolve(refused, identity=BEFORE)
    assert settled(as_before, still) == ("unknown", "other_transaction")


def test_the_first_payment_of_a_day_the_terminal_began_itself_is_found() -> None:
    """Asked for money, a terminal ends its day first, takes the money, and the cable breaks: its
    receipts begin anew at 1, and its traces tell that nothing else came between."""
    first = attrs.evolve(NEXT, trace=11, receipt=1, date="1127")
    paid = attrs.evolve(LAST, identity=first)
    assert settled(DOUBT, paid) == ("approved", "ok")
    declined = attrs.evolve(paid, verdict=Verdict.DECLINED, code="declined_05", amount_minor=0)
    assert settled(DOUBT, declined) == ("declined", "declined_05")
    quiet = attrs.evolve(DOUBT, before=attrs.evolve(BEFORE, receipt=1))
    assert settled(quiet, declined) == ("declined", "declined_05"), "one payment a day"
    for other in (
        attrs.evolve(first, trace=12),
        attrs.evolve(first, receipt=2),
        attrs.evolve(first, trace=None),
        attrs.evolve(first, trace=10, time="100000"),
    ):
        assert settled(DOUBT, attrs.evolve(paid, identity=other))[0] == "unknown"


@pytest.mark.parametrize("kind", [Kind.REVERSAL, Kind.CAPTURE, Kind.SALE])
def test_the_one_before_told_once_more_settles_nothing(kind: Kind) -> None:
    """A terminal tells the sale again within its reversal, and breaks off. Asked, it tells the sale
    once more: taken for the reversal, the customer had paid and the shop would say it gave back."""
    again = attrs.evolve(DOUBT, kind=kind, identity=BEFORE)
    assert settled(again, attrs.evolve(LAST, identity=BEFORE)) == ("unknown", "other_transaction")
    untimed = attrs.evolve(again, identity=Identity("52500001", 10, 7))
    assert settled(untimed, attrs.evolve(LAST, identity=BEFORE)) == ("unknown", "other_transaction")
    of_its_own = attrs.evolve(again, identity=attrs.evolve(BEFORE, time="120130"))
    told = attrs.evolve(LAST, identity=of_its_own.identity)
    assert settled(of_its_own, told) == ("approved", "ok"), "by the number of its sale, and later"


@pytest.mark.parametrize(
    ("last", "told_minor", "code"),
    [
        (None, None, "memory_lost"),
        (attrs.evolve(LAST, identity=Identity("52500001")), 1250, "identity_not_told"),
        (attrs.evolve(LAST, identity=BEFORE), 1250, "not_found"),
        (attrs.evolve(LAST, identity=attrs.evolve(NEXT, receipt=6, trace=9)), 1250,
         "other_transaction"),
        (attrs.evolve(LAST, identity=attrs.evolve(NEXT, trace=9)), 1250, "other_transaction"),
        (attrs.evolve(LAST, identity=attrs.evolve(NEXT, terminal_id="1")), 1250, "other_terminal"),
        (attrs.evolve(LAST, amount_minor=1251), 1251, "other_transaction"),
        (attrs.evolve(LAST, currency_code=826), 1250, "other_transaction"),
        (LAST, None, "other_transaction"),
        (attrs.evolve(LAST, verdict=Verdict.PARTIALLY_APPROVED, amount_minor=1000), 1000,
         "other_transaction"),
    ],
)  # fmt: skip
def test_what_does_not_settle_it(last: Answer | None, told_minor: int | None, code: str) -> None:
    """Anything else leaves it unknown, and says why."""
    assert settled(DOUBT, last, told_minor) == ("unknown", code)


@pytest.mark.parametrize("when", [("1127", "110000"), ("1126", "120130"), ("", "120130")])
def test_a_number_that_begins_anew_names_another(when: tuple[str, str]) -> None:
    """Of another day or time it is not the one from before, and not the one that was heard: a sale
    of today, or a reversal told by the number of its sale, would count as not found."""
    anew = attrs.evolve(LAST, identity=Identity("52500001", 10, 7, *when))
    assert settled(DOUBT, anew) == ("unknown", "other_transaction")
    assert settled(attrs.evolve(DOUBT, identity=BEFORE), anew) == ("unknown", "other_transaction")
    untold = attrs.evolve(LAST, identity=Identity("52500001", 10, 7))
    assert settled(DOUBT, untold) == ("unknown", "not_found"), "its number alone is told"


def test_not_found_is_what_had_none_and_has_none() -> None:
    """A terminal that never had a transaction knows that it did not have this one either; one that
    forgot what it had knows nothing."""
    first = attrs.evolve(DOUBT, before=Identity("52500001"))
    assert settled(first, None, None) == ("unknown", "not_found")
    assert settled(attrs.evolve(first, identity=NEXT), None, None) == ("unknown", "memory_lost")


def test_less_only_where_less_was_allowed() -> None:
    """A smaller amount settles it only if the terminal was allowed to approve less, and only the
    very next: a later customer's is smaller too, and the order would be paid with that."""
    less = attrs.evolve(LAST, verdict=Verdict.PARTIALLY_APPROVED, amount_minor=1000)
    allowed = attrs.evolve(DOUBT, partial_allowed=True)
    assert settled(allowed, less, 1000) == ("partially_approved", "ok")
    much_later = attrs.evolve(less, identity=attrs.evolve(NEXT, trace=15, receipt=12))
    assert settled(allowed, much_later, 1000) == ("unknown", "other_transaction")
    assert settled(DOUBT, less, 1000) == ("unknown", "other_transaction")


def test_less_that_came_to_nothing_is_the_very_next() -> None:
    """Approved in part and taken back, it is told with the smaller amount: that settles it where it
    is the very next transaction, and not where another may have been between."""
    gone = attrs.evolve(LAST, verdict=Verdict.ABORTED, code="aborted_at_terminal", amount_minor=0)
    allowed = attrs.evolve(DOUBT, partial_allowed=True)
    assert settled(allowed, gone, 700) == ("aborted", "aborted_at_terminal")
    assert settled(allowed, gone, 0) == ("unknown", "other_transaction")
    assert settled(allowed, gone, 1251) == ("unknown", "other_transaction")
    assert settled(DOUBT, gone, 700) == ("unknown", "other_transaction")
    for one in (attrs.evolve(NEXT, trace=12, receipt=9), attrs.evolve(NEXT, trace=12)):
        later = attrs.evolve(gone, identity=one)
        assert settled(allowed, later, 700) == ("unknown", "other_transaction")


@pytest.mark.parametrize("verdict", [Verdict.DECLINED, Verdict.ABORTED])
@pytest.mark.parametrize("partial_allowed", [True, False])
def test_a_second_try_that_failed_says_nothing_of_the_first(
    verdict: Verdict, partial_allowed: bool
) -> None:
    """The first was paid and its answer lost; somebody tries the same amount by hand, and it fails.
    The customer, who paid, must not be asked again for that."""
    failed = attrs.evolve(LAST, verdict=verdict, code="failed", amount_minor=0)
    second = attrs.evolve(failed, identity=attrs.evolve(NEXT, trace=12, receipt=9))
    doubt = attrs.evolve(DOUBT, partial_allowed=partial_allowed)
    assert settled(doubt, failed) == (verdict.value, "failed")
    assert settled(doubt, second) == ("unknown", "other_transaction")
    first = attrs.evolve(doubt, before=Identity("52500001"))
    one = attrs.evolve(failed, identity=attrs.evolve(NEXT, trace=1, receipt=1))
    two = attrs.evolve(failed, identity=attrs.evolve(NEXT, trace=2, receipt=2))
    assert settled(first, one) == (verdict.value, "failed")
    assert settled(first, two) == ("unknown", "other_transaction")
    approved = attrs.evolve(LAST, identity=second.identity)
    assert settled(doubt, approved) == ("approved", "ok"), "all of it, and paid"


def test_nothing_is_settled_against_nothing() -> None:
    """Where nobody knew the terminal's last transaction before, likeness proves nothing."""
    doubt = attrs.evolve(DOUBT, before=None)
    assert settled(doubt, LAST) == ("unknown", "no_identity_before")


@given(st.integers(1, RECEIPT_NUMBERS), st.integers(1, TRACE_NUMBERS), st.integers(1, 200))
def test_counters_wrap(receipt: int, trace: int, steps: int) -> None:
    """Later is later across the end of a counter, and never both ways."""
    one = Identity("1", trace=trace, receipt=receipt)
    other = Identity(
        "1",
        trace=(trace + steps - 1) % TRACE_NUMBERS + 1,
        receipt=(receipt + steps - 1) % RECEIPT_NUMBERS + 1,
    )
    assert is_later(other, one)
    assert not is_later(one, other)
    assert not is_later(one, one)


def test_transactions_that_cannot_be_asked_for() -> None:
    """No amount, too much, and a reversal of nothing are not transactions."""
    for amount_minor in (0, -1, 10**12):
        with pytest.raises(ValueError, match="amount_minor"):
            Transaction(Kind.SALE, amount_minor, 978)
    for kind in (Kind.REVERSAL, Kind.CAPTURE, Kind.RELEASE):
        with pytest.raises(ValueError, match="original"):
            Transaction(kind, 100, 978, Identity("1", trace=1))


def test_the_first_of_all_may_have_been_approved_in_part_and_taken_back() -> None:
    """Before it the terminal had none; that it came to nothing settles the doubt."""
    doubt = Answer(
        Verdict.UNKNOWN, Kind.SALE, 1149, before=Identity("52500003"), partial_allowed=True
    )
    last = Answer(Verdict.ABORTED, Kind.SALE, 1149, identity=Identity("52500003", 1, 1))
    assert resolve(doubt, last, told_minor=574).verdict is Verdict.ABORTED
