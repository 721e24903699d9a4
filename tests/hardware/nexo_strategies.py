"""Any question a register may put, and any answer a terminal may give, for Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from engine.terminal import CardShown, ForPaper, SettledTotal, Slip, SlipLine
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.money import NUMBERS

_LETTERS = st.characters(codec="utf-8", exclude_categories=("C", "Z", "Nd"))
TEXTS = st.text(_LETTERS, max_size=30)
NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef0123.-", min_size=1, max_size=12)
SERVICE_IDS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=10)
AMOUNTS = st.integers(1, 10**9)
CURRENCIES = st.sampled_from(sorted(NUMBERS))
STAMPS = st.just("2026-11-26T09:30:00+00:00")
POIS = st.builds(m.PoiTransaction, NAMES, STAMPS)

LINES = st.lists(st.builds(m.Line, TEXTS, st.booleans(), st.booleans()), max_size=4).map(tuple)
_MENU = st.lists(st.text("abc", min_size=1, max_size=5), max_size=3).map(tuple)
ASKS = st.one_of(
    st.builds(
        m.PaymentAsk,
        AMOUNTS,
        CURRENCIES,
        NAMES,
        STAMPS,
        is_refund=st.booleans(),
        entry=st.sampled_from(["", "keyed", "moto"]),
        tip_minor=st.sampled_from([0, 1, 150]),
        tip_allowed=st.booleans(),
        partial_allowed=st.booleans(),
        offline_allowed=st.booleans(),
    ),
    st.builds(m.ReversalAsk, POIS, AMOUNTS, CURRENCIES, NAMES, STAMPS),
    st.builds(m.StatusAsk, st.sampled_from(["Payment", "Reversal"]), SERVICE_IDS, st.booleans()),
    st.builds(m.AbortAsk, st.sampled_from(["Payment", "Reversal"]), SERVICE_IDS),
    st.builds(m.DiagnosisAsk, st.booleans()),
    st.just(m.ReconciliationAsk()),
    st.builds(m.DisplayAsk, LINES),
    st.builds(m.PrintAsk, LINES),
    st.builds(
        m.InputAsk,
        st.sampled_from(["GetConfirmation", "GetMenuEntry", "TextString"]),
        TEXTS,
        st.lists(TEXTS, max_size=2).map(tuple),
        _MENU,
        st.integers(1, 120),
        st.just(2),
        st.integers(3, 12),
    ),
)

CONDITIONS = st.sampled_from(["Refusal", "Aborted", "InProgress", "NotFound", "WordToCome"])
OUTCOMES = st.one_of(
    st.sampled_from([m.Outcome("Success"), m.Outcome("Partial")]),
    st.builds(m.Outcome, st.just("Failure"), CONDITIONS,
              st.dictionaries(st.sampled_from(["message", "refusalReason"]), TEXTS)),
)  # fmt: skip
_SLIP_LINES = st.builds(SlipLine, TEXTS, st.booleans(), st.booleans(), st.booleans())
SLIPS = st.lists(
    st.builds(
        Slip,
        st.lists(_SLIP_LINES, min_size=1, max_size=3).map(tuple),
        st.sampled_from(["merchant", "customer"]),
        must_print=st.just(True),
        needs_signature=st.booleans(),
    ),
    max_size=2,
).map(tuple)
CARDS = st.builds(
    CardShown,
    st.sampled_from(["", "541333******0010"]),
    st.sampled_from(["", "mc", "visa"]),
    entry=st.sampled_from(["", "chip", "contactless", "magstripe", "keyed"]),
    verification=st.sampled_from(
        ["", "online_pin", "offline_pin", "signature", "offline_pin_and_signature"]
    ),
)
PAYMENTS = st.builds(
    m.PaymentTold,
    OUTCOMES,
    NAMES,
    st.none() | POIS,
    AMOUNTS,
    st.sampled_from([0, 1, 150]),
    CURRENCIES,
    st.booleans(),
    CARDS,
    st.sampled_from(["", "123456"]),
    st.sampled_from(["", "REF000001"]),
    SLIPS,
    st.builds(ForPaper, NAMES),
)
REVERSALS = st.builds(m.ReversalTold, OUTCOMES, st.none() | POIS,
                      st.sampled_from(["", "1", "12.50"]), SLIPS)  # fmt: skip
TOLDS = st.one_of(
    PAYMENTS,
    REVERSALS,
    st.builds(m.StatusTold, OUTCOMES),
    st.builds(m.DiagnosisTold, OUTCOMES, st.sampled_from(["OK", "Busy"]),
              st.sampled_from(["OK", "NoPaper"]), st.booleans()),
    st.builds(m.OutputTold, OUTCOMES),
    st.builds(m.InputTold, OUTCOMES, st.none() | st.booleans(), st.none() | st.integers(0, 9),
              TEXTS),
)  # fmt: skip
TOTALS = st.lists(
    st.builds(
        lambda name, count, amount_minor, takes_back: SettledTotal(
            name, count, amount_minor, count if takes_back else 0
        ),
        st.sampled_from(["mc", "visa"]), st.integers(1, 99), st.integers(-10**6, 10**6),
        st.booleans(),
    ),
    min_size=1, max_size=4,
).map(tuple)  # fmt: skip
