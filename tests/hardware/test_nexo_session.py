"""What a nexo session asks and concludes, told as stories with the times given."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.terminal import Answer, Condition, Identity, Kind, Settlement, Transaction
from engine.terminal import Verdict as Ended
from hardware.terminal.actions import (
    Done,
    Reported,
    Store,
    Told,
)
from hardware.terminal.limits import KEEP_AGAIN_NS, KEEP_NS, NS_PER_S, WHOLE_NS
from hardware.terminal.nexo import codes, limits, naming, outcome
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.inquiry import Inquiry
from hardware.terminal.nexo.jobs import (
    Action,
    Drop,
    Post,
)
from hardware.terminal.nexo.money import NUMBERS
from hardware.terminal.nexo.profile import Carrier
from hardware.terminal.nexo.session import NexoSession
from tests.hardware.nexo_rig import POI_ID, profile
from tests.hardware.terminal_rig import about, sale

WHEN = "2026-11-26T09:30:00+00:00"
SUCCESS = m.Outcome("Success")
POI = m.PoiTransaction("BV0q001.REF1", "2026-11-26T09:30:05.000Z")


def failure(condition: str) -> m.Outcome:
    """A failure for that reason."""
    return m.Outcome("Failure", condition)


def paid(minor: int = 1250, **more: Any) -> m.PaymentTold:
    """A payment that went through."""
    told: dict[str, Any] = {"poi": POI, "amount_minor": minor, "currency": "EUR"} | more
    return m.PaymentTold(told.pop("outcome", SUCCESS), **told)


class Walk:
    """A session, and a terminal's answers put into its mouth."""

    def __init__(self) -> None:
        self.session = NexoSession(profile(), "PREFIX")
        self.now_ns = 0
        self.session.opened(0)
        self.ready()

    def ready(self) -> None:
        """Let the terminal say that it is."""
        (post,) = [one for one in self.out if isinstance(one.ask, m.DiagnosisAsk)]
        self.reply(post, m.DiagnosisTold(SUCCESS, "OK", "OK"))

    @property
    def out(self) -> list[Post]:
        """The question a job waits for, made up again."""
        job = self.session._job
        return [Post(job.asked, m.DiagnosisAsk(), 0)] if job is not None else []

    def pay(
        self,
        transaction: Transaction | None = None,
        job_id: str = "r1",
        *,
        is_written: bool = True,
    ) -> Post:
        """Begin a payment; the question that goes out, all of it unless told otherwise."""
        actions = self.session.transact(job_id, transaction or sale(), self.now_ns, when=WHEN)
        post, shown = actions
        assert isinstance(post, Post)
        assert shown == Told("at_terminal")
        assert not (is_written and self.session.written(post.service_id))
        return post

    def reply(self, post: Post, told: m.Told, **changes: str) -> list[Action]:
        """The terminal answers."""
        category = m.CATEGORIES[type(post.ask)]
        header = m.Header(category, post.service_id, "register-1", POI_ID, "Response")
        header = attrs.evolve(header, **changes)
        return self.session.replied(post.service_id, header, told, self.now_ns)

    def lose(self, post: Post, code: str = "link_lost", *, is_sent: bool = True) -> list[Action]:
        """No answer comes."""
        return self.session.failed(post.service_id, code, self.now_ns, is_sent=is_sent)

    def wait(self, seconds_ns: int) -> list[Action]:
        """Time passes."""
        self.now_ns += seconds_ns
        return self.session.tick(self.now_ns)

    def keep(self, *, is_kept: bool = True, job_id: str = "r1") -> list[Action]:
        """The books wrote it down, or could not."""
        return self.session.kept(job_id, self.now_ns, is_kept=is_kept)


def answer_in(actions: list[Action]) -> Answer:
    """The answer a job ended with."""
    results = [one.result for one in actions if isinstance(one, Done)]
    assert len(results) == 1, actions
    assert isinstance(results[0], Answer)
    return results[0]


def post_in(actions: list[Action]) -> Post:
    """The one question that goes out."""
    posts = [one for one in actions if isinstance(one, Post)]
    assert len(posts) == 1, actions
    return posts[0]


def ended(answer: Answer) -> tuple[str, str]:
    """Verdict and code."""
    return answer.verdict.value, answer.code


# ------------------------------------------------------------------------------------ payments


def test_a_payment() -> None:
    """One question under a name made from the request; the books first, then the answer."""
    walk = Walk()
    post = walk.pay()
    assert naming.service_id_of("r1") == post.service_id
    assert m.PaymentAsk(1250, "EUR", "r1", WHEN) == post.ask
    (store,) = walk.reply(post, paid())
    assert isinstance(store, Store)
    assert ("unknown", "not_completed_ok") == ended(store.answer)
    answer = answer_in(walk.keep())
    assert ("approved", "ok") == ended(answer)
    assert (1250, 978) == (answer.amount_minor, answer.currency_code)
    named = Identity(POI_ID, receipt=int(post.service_id, 36), date="1126", time="093005",
                     reference="2026-11-26T09:30:05.000Z BV0q001.REF1")  # fmt: skip
    assert named == answer.identity == walk.session.last
    assert store.answer.identity == answer.identity
    assert walk.session.is_idle


@pytest.mark.parametrize(
    ("told", "verdict", "code", "minor"),
    [
        (paid(1400, tip_minor=150), "approved", "ok", 1400),
        (paid(1251), "approved", "amount_differs", 1251),
        (paid(1000, outcome=m.Outcome("Partial")), "partially_approved", "amount_differs", 1000),
        (paid(1000), "partially_approved", "amount_differs", 1000),
        (paid(0), "unknown", "amount_differs", 0),
        (paid(100, tip_minor=150), "unknown", "amount_differs", 0),
        (m.PaymentTold(SUCCESS, currency="EUR"), "approved", "amount_not_told", 1250),
        (m.PaymentTold(m.Outcome("Partial"), currency="EUR"), "unknown", "amount_not_told", 0),
        (paid(currency="USD"), "unknown", "currency_differs", 0),
        (paid(outcome=m.Outcome("WordToCome")), "unknown", "result_unknown", 0),
        (paid(outcome=failure("Refusal")), "declined", "declined", 0),
        (paid(outcome=failure("InProgress")), "unknown", "in_progress", 0),
        (paid(outcome=failure("")), "aborted", "failed_unnamed", 0),
        (paid(outcome=failure("Word To Come")), "aborted", "failed_word_to_come", 0),
    ],
)
def test_what_an_answer_comes_to(told: m.PaymentTold, verdict: str, code: str, minor: int) -> None:
    """Each answer has its verdict and word; money is only where the terminal says so."""
    walk = Walk()
    actions = walk.reply(walk.pay(), told)
    if any(isinstance(one, Store) for one in actions):
        actions = walk.keep()
    if code == "in_progress":
        actions = walk.reply(post_in(actions), m.StatusTold(failure("NotFound")))
    answer = answer_in(actions)
    assert (verdict, code) == ended(answer)
    assert minor == answer.amount_minor


@pytest.mark.parametrize("named_minor", [0, 300])
def test_less_than_the_tip_that_was_said_before_pays_goods(named_minor: int) -> None:
    """A card has less than the tip the customer had chosen, and the terminal repeats that tip as it
    was asked, or names none: what moved is known, and pays goods."""
    walk = Walk()
    asked = attrs.evolve(sale(partial_allowed=True), tip_minor=300)
    walk.reply(walk.pay(asked), paid(94, tip_minor=named_minor, outcome=m.Outcome("Partial")))
    answer = answer_in(walk.keep())
    assert ("partially_approved", "ok") == ended(answer)
    assert (94, 0) == (answer.amount_minor, answer.tip_minor)


def test_a_tip_beyond_what_was_paid_and_asked_is_not_believed() -> None:
    """Nobody asked for so much, and the amount does not have it: a person looks."""
    walk = Walk()
    asked = attrs.evolve(sale(partial_allowed=True), tip_minor=300)
    told = paid(94, tip_minor=301, outcome=m.Outcome("Partial"))
    assert ("unknown", "amount_differs") == ended(answer_in(walk.reply(walk.pay(asked), told)))


def test_part_of_it_where_that_is_allowed() -> None:
    """Less than was asked for is no surprise where the register allowed it."""
    walk = Walk()
    post = walk.pay(sale(partial_allowed=True))
    assert isinstance(post.ask, m.PaymentAsk)
    assert post.ask.partial_allowed
    walk.reply(post, paid(1000, outcome=m.Outcome("Partial")))
    assert ("partially_approved", "ok") == ended(answer_in(walk.keep()))


def test_every_error_condition_has_a_word() -> None:
    """All that the model knows, and none of them is money."""
    seen = {}
    for condition in (*codes.DECLINES, *codes.ABORTS, "InProgress"):
        walk = Walk()
        actions = walk.reply(walk.pay(), paid(outcome=failure(condition)))
        if condition in codes.PERHAPS_TAKEN:
            actions = walk.reply(post_in(actions), m.StatusTold(failure("NotFound")))
        seen[condition] = ended(answer_in(actions))
    assert {"declined"} == {seen[one][0] for one in codes.DECLINES}
    assert {"aborted"} == {seen[one][0] for one in codes.ABORTS}
    assert ("unknown", "in_progress") == seen["InProgress"]
    assert ("aborted", "busy_at_terminal") == seen["Busy"]


def test_what_goes_out_for_what_is_asked() -> None:
    """A refund, a tip, offline, a reversal: each is its own question."""
    ask = Walk().pay(attrs.evolve(sale(), kind=Kind.REFUND, offline_allowed=True)).ask
    assert m.PaymentAsk(1250, "EUR", "r1", WHEN, is_refund=True, offline_allowed=True) == ask
    ask = Walk().pay(attrs.evolve(sale(), tip_allowed=True)).ask
    assert m.PaymentAsk(1250, "EUR", "r1", WHEN, tip_allowed=True) == ask
    identity = naming.identity(POI_ID, "AB12CD34EF", POI)
    walk = Walk()
    post = walk.pay(about(Kind.REVERSAL, identity))
    assert m.ReversalAsk(POI, 1250, "EUR", "r1", WHEN) == post.ask
    walk.reply(post, m.ReversalTold(SUCCESS, POI, "12.50"))
    assert ("approved", "ok") == ended(answer_in(walk.keep()))


@pytest.mark.parametrize(
    ("transaction", "code"),
    [
        (attrs.evolve(sale(), kind=Kind.RESERVATION), "function_not_supported"),
        (about(Kind.CAPTURE, Identity("x", receipt=1)), "function_not_supported"),
        (about(Kind.REVERSAL, Identity("x", receipt=1)), "original_not_named"),
        (attrs.evolve(sale(), currency_code=999), "currency_unknown"),
    ],
)
def test_what_is_refused_before_anything_is_sent(transaction: Transaction, code: str) -> None:
    """What cannot be asked is refused at once, and leaves no name behind."""
    (done,) = Walk().session.transact("r1", transaction, 0, when=WHEN)
    assert isinstance(done, Done)
    assert isinstance(done.result, Answer)
    assert ("aborted", code) == ended(done.result)
    assert not done.result.identity.is_told


def test_one_thing_at_a_time() -> None:
    """While one payment runs, everything else of a caller is refused or answered from memory."""
    walk = Walk()
    post = walk.pay()
    session = walk.session
    assert "terminal_busy" == answer_in(session.transact("r2", sale(), 0, when=WHEN)).code
    assert "terminal_busy" == answer_in(session.inquire("i", outcome.not_sent(sale(), ""), 0)).code
    assert [Done("s", Settlement(Ended.ABORTED, "terminal_busy"))] == session.settle("s", 0)
    assert [Done("l", Condition(is_ready=True, code="ready"))] == session.look("l", 0)
    walk.reply(post, paid(outcome=failure("Refusal")))
    assert walk.pay(job_id="r2").service_id == naming.service_id_of("r2")


# ---------------------------------------------------------------------------- what does not come


def test_nothing_was_sent() -> None:
    """A terminal that is not there was asked for nothing; one that is another says so."""
    for code, told in (("unreachable", "not_sent"), ("link_lost", "not_sent"),
                       ("no_reply", "not_sent"), ("certificate_expired", "certificate_expired"),
                       ("other_terminal", "other_terminal")):  # fmt: skip
        walk = Walk()
        answer = answer_in(walk.lose(walk.pay(), code, is_sent=False))
        assert ("aborted", told) == ended(answer)
        assert not answer.identity.is_told
        assert isinstance(post_in(walk.wait(0)).ask, m.DiagnosisAsk), "it is looked at right away"


def test_a_lost_answer_is_unknown_and_named() -> None:
    """Once anything was sent, no answer is no answer: unknown, and never sent again."""
    for code in ("link_lost", "no_reply", "seal_broken", "http_503", "empty_answer", "too_long"):
        walk = Walk()
        post = walk.pay()
        answer = answer_in(walk.lose(post, code))
        assert ("unknown", code) == ended(answer)
        assert Identity(POI_ID, receipt=int(post.service_id, 36)) == answer.identity
        assert post.service_id == naming.service_id_in(answer.identity)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"poi_id": "V400m-999"}, "other_terminal"),
        ({"service_id": "ZZZZZZZZZZ"}, "other_message"),
        ({"sale_id": "register-2"}, "other_message"),
        ({"type": "Request"}, "other_message"),
    ],
)
def test_an_answer_to_something_else(changes: dict[str, str], code: str) -> None:
    """An answer of another terminal, or to another question, is not taken for this one's."""
    walk = Walk()
    assert ("unknown", code) == ended(answer_in(walk.reply(walk.pay(), paid(), **changes)))


def test_an_answer_of_another_kind() -> None:
    """A payment answered by a diagnosis, or by a notice that it was rejected, is unknown."""
    walk = Walk()
    told = walk.reply(walk.pay(), m.DiagnosisTold(SUCCESS, "OK"))
    assert ("unknown", "other_message") == ended(answer_in(told))
    walk = Walk()
    told = walk.reply(walk.pay(), m.RejectedTold("Reject"))
    assert ("unknown", "not_delivered") == ended(answer_in(told))
    walk = Walk()
    told = walk.reply(walk.pay(), m.StatusTold(SUCCESS))
    assert ("unknown", "other_message") == ended(answer_in(told))
    walk = Walk()
    told = walk.reply(walk.pay(), m.ReversalTold(SUCCESS, POI, "12.50"))
    assert ("unknown", "other_message") == ended(answer_in(told))


def test_a_name_told_meanwhile_is_kept() -> None:
    """What the terminal called the transaction before the line broke stands in the doubt."""
    walk = Walk()
    post = walk.pay()
    named = m.Notice("TENDER_CREATED", "card", POI)
    assert [Told("insert_card", "card")] == walk.session.noticed(named)
    assert [Told("event_word_to_come")] == walk.session.noticed(
        m.Notice("WordToCome"[:4] + "_To_Come")
    )
    assert POI == naming.poi_in(answer_in(walk.lose(post)).identity)


def test_a_late_notice_of_the_customer_before_is_not_shown_and_names_nothing() -> None:
    """The card of the one before is taken out while the next payment begins: what is told of that
    is not about this one, by its whole name or by the half that is known before the host is."""
    walk = Walk()
    walk.reply(walk.pay(), paid())
    before = answer_in(walk.keep())
    assert POI == naming.poi_in(before.identity)
    post = walk.pay(job_id="r2")
    for name in (POI, attrs.evolve(POI, transaction_id="BV0q001")):
        for event in ("CARD_REMOVED", "TENDER_FINAL", "TENDER_CREATED"):
            assert [] == walk.session.noticed(m.Notice(event, "", name), post.service_id)
    assert naming.poi_in(answer_in(walk.lose(post)).identity) is None


def test_only_what_is_about_a_payment_names_it() -> None:
    """A notice that says which message it is about, or that a payment begins; any other may be
    late, of one nobody heard the end of, and is shown only."""
    other = m.PoiTransaction("BV0q009.REF9", "2026-11-26T09:00:00.000Z")
    for event, is_own, name in (
        ("TENDER_CREATED", None, POI),
        ("CARD_REMOVED", None, None),
        ("CARD_REMOVED", True, POI),
        ("TENDER_CREATED", False, None),
    ):
        walk = Walk()
        post = walk.pay()
        said = "" if is_own is None else post.service_id if is_own else "ANOTHERONE"
        assert walk.session.noticed(m.Notice(event, "", POI), said)
        walk.session.noticed(m.Notice("TENDER_FINAL", "", other))
        assert name == naming.poi_in(answer_in(walk.lose(post)).identity)


def test_quiet_for_long() -> None:
    """After two minutes the terminal is asked what it does; while it says that it is at it, it is
    waited for; what it says became of it counts as its answer."""
    walk = Walk()
    post = walk.pay()
    assert [] == walk.wait(limits.QUIET_NS - 1)
    asked = post_in(walk.wait(1))
    assert m.StatusAsk("Payment", post.service_id, wants_receipts=True) == asked.ask
    assert [] == walk.wait(NS_PER_S)
    assert [] == walk.reply(asked, m.StatusTold(failure("InProgress")))
    assert [] == walk.wait(limits.QUIET_AGAIN_NS - 1)
    asked = post_in(walk.wait(1))
    header = m.Header("Payment", post.service_id, "register-1", POI_ID, "Response")
    dropped, store = walk.reply(asked, m.StatusTold(SUCCESS, header, paid()))
    assert Drop(post.service_id) == dropped
    assert isinstance(store, Store)
    assert ("approved", "ok") == ended(answer_in(walk.keep()))
    assert [] == walk.reply(post, paid()), "the answer itself comes too late to matter"


def test_quiet_and_then_the_answer() -> None:
    """An answer that comes while the terminal is asked after it, is the answer."""
    walk = Walk()
    post = walk.pay()
    asked = post_in(walk.wait(limits.QUIET_NS))
    dropped, store = walk.reply(post, paid())
    assert Drop(asked.service_id) == dropped
    assert isinstance(store, Store)
    assert [] == walk.reply(asked, m.StatusTold(failure("InProgress")))
    assert ("approved", "ok") == ended(answer_in(walk.keep()))


@pytest.mark.parametrize(
    "said",
    [
        m.StatusTold(failure("NotFound")),
        m.StatusTold(SUCCESS),
        m.StatusTold(SUCCESS, m.Header("Payment", "OTHER", "r", POI_ID, "Response"), paid()),
        m.RejectedTold("Reject"),
        None,
    ],
)
def test_quiet_and_nothing_to_be_told(said: m.Told | None) -> None:
    """Where the terminal cannot tell, it is unknown, and nobody waits for the answer any more."""
    walk = Walk()
    post = walk.pay()
    asked = post_in(walk.wait(limits.QUIET_NS))
    actions = walk.lose(asked) if said is None else walk.reply(asked, said)
    assert ("unknown", "no_reply") == ended(answer_in(actions))
    assert {post.service_id, asked.service_id} >= {
        one.service_id for one in actions if isinstance(one, Drop)
    }
    assert Drop(post.service_id) in actions


def test_asked_for_once_more_after_a_crash() -> None:
    """A terminal that refuses a name it has taken already is asked what became of that: what the
    first came to is the answer, and a refusal stands only where it was a refusal."""
    for condition in codes.PERHAPS_TAKEN:
        walk = Walk()
        post = walk.pay()
        asked = post_in(walk.reply(post, paid(outcome=failure(condition))))
        assert m.StatusAsk("Payment", post.service_id, wants_receipts=True) == asked.ask
        assert [] == walk.reply(asked, RUNS)
        asked = post_in(walk.wait(limits.INQUIRE_AGAIN_NS))
        assert m.StatusAsk("Payment", post.service_id, wants_receipts=True) == asked.ask
        walk.reply(asked, remembered(post.service_id, paid()))
        assert ("approved", "ok") == ended(answer_in(walk.keep()))
    walk = Walk()
    post = walk.pay()
    refused = paid(outcome=failure("NotAllowed"))
    asked = post_in(walk.reply(post, refused))
    told = walk.reply(asked, remembered(post.service_id, refused))
    assert ("aborted", "function_not_allowed") == ended(answer_in(told))
    walk = Walk()
    asked = post_in(walk.reply(walk.pay(), refused))
    assert ("unknown", "no_reply") == ended(answer_in(walk.lose(asked)))
    walk = Walk()
    asked = post_in(walk.reply(walk.pay(), refused))
    walk.now_ns += WHOLE_NS
    assert ("unknown", "no_reply") == ended(answer_in(walk.reply(asked, RUNS)))


def test_a_terminal_that_is_at_something_else_keeps_no_register() -> None:
    """It refuses the payment, and to the question what became of it says no more than that it is
    busy, as long as that takes: soon the payment is in doubt, and asked after by and by."""
    walk = Walk()
    busy = m.StatusTold(failure("Busy"))
    walk.now_ns += limits.QUIET_NS // 2
    post = walk.pay()
    asked = post_in(walk.reply(post, paid(outcome=failure("Busy"))))
    begun_ns = walk.now_ns
    while not (actions := walk.reply(asked, busy)):
        asked = post_in(walk.wait(limits.INQUIRE_AGAIN_NS))
    assert ("unknown", "no_reply") == ended(answer_in(actions))
    assert walk.now_ns - begun_ns <= limits.INQUIRE_WHOLE_NS + limits.INQUIRE_AGAIN_NS


# --------------------------------------------------------------------------------- the books


def test_asked_to_write_it_down_thrice() -> None:
    """Books that cannot write are asked again, and the third time is in time."""
    walk = Walk()
    walk.reply(walk.pay(), paid())
    for _ in range(2):
        assert [] == walk.keep(is_kept=False)
        assert [] == walk.wait(KEEP_AGAIN_NS - 1)
        (store,) = walk.wait(1)
        assert isinstance(store, Store)
    assert ("approved", "ok") == ended(answer_in(walk.keep()))
    assert [] == walk.keep(), "said twice"


def unwritten() -> tuple[Walk, Post]:
    """A payment the books could not write down; the question that takes it back."""
    walk = Walk()
    post = walk.pay()
    walk.reply(post, paid(1400, tip_minor=150))
    for _ in range(2):
        assert [] == walk.wait(KEEP_NS)
        walk.wait(KEEP_AGAIN_NS)
    actions = walk.wait(KEEP_NS)
    assert Told("reversing") in actions
    back = post_in(actions)
    assert naming.take_back_id_of(post.service_id) == back.service_id
    return walk, back


def test_what_is_not_written_down_is_taken_back() -> None:
    """Books that never answer have the sale undone, tip and all, and hear that it was."""
    walk, back = unwritten()
    assert m.ReversalAsk(POI, 1400, "EUR", "r1-taken-back", WHEN, "Malfunction") == back.ask
    answer = answer_in(walk.reply(back, m.ReversalTold(SUCCESS, POI)))
    assert ("aborted", "taken_back") == ended(answer)
    assert (0, 0) == (answer.amount_minor, answer.tip_minor)


PARTS = [
    m.ReversalTold(m.Outcome("Partial"), POI, "4.00"),
    m.ReversalTold(m.Outcome("Partial"), POI),
    m.ReversalTold(SUCCESS, POI, "4.00"),
    m.ReversalTold(SUCCESS, POI, "4.005"),
]
PART_NAMES = ["part", "part without an amount", "less", "no amount"]


@pytest.mark.parametrize("part", PARTS, ids=PART_NAMES)
def test_what_was_taken_back_in_part_is_in_doubt(part: m.ReversalTold) -> None:
    """The customer still pays the rest, so nobody is told that nothing was paid; nor does asking
    again hide it."""
    walk, back = unwritten()
    answer = answer_in(walk.reply(back, part))
    assert ("unknown", "take_back_unknown") == ended(answer)
    told = remembered(NAME, paid()), remembered(BACK, part)
    assert ("unknown", "take_back_unknown") == ended(inquire(answer, *told)[0])


@pytest.mark.parametrize("amount", ["", "14.00", "14.01"])
def test_what_was_taken_back_in_whole(amount: str) -> None:
    """The amount is a copy of what was asked; nothing is left of the payment."""
    walk, back = unwritten()
    answer = answer_in(walk.reply(back, m.ReversalTold(SUCCESS, POI, amount)))
    assert (("aborted", "taken_back"), 0) == (ended(answer), answer.amount_minor)


def test_a_reversal_in_part_is_unknown_without_an_amount() -> None:
    """Nobody knows how much went back; with an amount that much did."""
    for told, verdict, minor in (
        (m.ReversalTold(m.Outcome("Partial"), POI), "unknown", 0),
        (m.ReversalTold(m.Outcome("Partial"), POI, "4.00"), "partially_approved", 400),
        (m.ReversalTold(SUCCESS, POI), "approved", 1250),
    ):
        walk = Walk()
        original = naming.identity(POI_ID, "AB12CD34EF", POI)
        actions = walk.reply(walk.pay(about(Kind.REVERSAL, original)), told)
        is_kept = any(isinstance(one, Store) for one in actions)
        answer = answer_in(walk.keep() if is_kept else actions)
        assert (verdict, minor) == (answer.verdict.value, answer.amount_minor)


def test_what_the_books_decide_against_is_taken_back_at_once() -> None:
    """Nobody asks again what was decided."""
    walk = Walk()
    walk.reply(walk.pay(), paid())
    actions = walk.session.kept("r1", walk.now_ns, is_kept=False, is_final=True)
    assert isinstance(post_in(actions).ask, m.ReversalAsk)


def test_what_cannot_be_taken_back() -> None:
    """A sale the terminal will not undo is paid; one whose undoing is in doubt is in doubt."""
    walk, back = unwritten()
    told = answer_in(walk.reply(back, m.ReversalTold(failure("NotAllowed"))))
    assert (("approved", "not_taken_back"), 1400) == (ended(told), told.amount_minor)
    walk, back = unwritten()
    assert ("unknown", "take_back_unknown") == ended(answer_in(walk.lose(back)))
    walk, back = unwritten()
    told = answer_in(walk.lose(back, "unreachable", is_sent=False))
    assert ("approved", "not_taken_back") == ended(told)
    for unsure in (failure("InProgress"), m.Outcome("WordToCome")):
        walk, back = unwritten()
        told = answer_in(walk.reply(back, m.ReversalTold(unsure)))
        assert ("unknown", "take_back_unknown") == ended(told)
    walk = Walk()
    walk.reply(walk.pay(), paid(poi=None))
    for _ in range(3):
        actions = walk.keep(is_kept=False)
        walk.wait(KEEP_AGAIN_NS)
    assert ("approved", "not_taken_back") == ended(answer_in(actions))


# ------------------------------------------------------------------------------------ inquiries


def doubt(**changes: Any) -> Answer:
    """A payment in doubt, with one before it."""
    known = outcome.unknown(
        sale(),
        "link_lost",
        poi_id=POI_ID,
        service_id=naming.service_id_of("r1"),
        before=naming.identity(POI_ID, naming.service_id_of("r0"), POI),
    )
    return attrs.evolve(known, **changes)


def remembered(service_id: str, told: m.PaymentTold | m.ReversalTold) -> m.StatusTold:
    """What the terminal was answered under that name."""
    category = "Reversal" if isinstance(told, m.ReversalTold) else "Payment"
    header = m.Header(category, service_id, "register-1", POI_ID, "Response")
    return m.StatusTold(SUCCESS, header, told)


def inquire(
    about_what: Answer,
    *said: m.Told | None,
    request_id: str = "",
    known: Identity | None = None,
) -> tuple[Answer, list[m.Ask]]:
    """Ask, and have the terminal say one thing after the other."""
    walk = Walk()
    asks: list[m.Ask] = []
    actions = walk.session.inquire(
        "i1", about_what, walk.now_ns, request_id=request_id, remembered=known
    )
    for told in said:
        post = post_in(actions)
        asks.append(post.ask)
        actions = walk.lose(post) if told is None else walk.reply(post, told)
        if not actions:
            actions = walk.wait(limits.INQUIRE_AGAIN_NS)
    return answer_in(actions), asks


NAME, BEFORE = naming.service_id_of("r1"), naming.service_id_of("r0")
BACK = naming.take_back_id_of(NAME)
NOT_FOUND = m.StatusTold(failure("NotFound"))
RUNS = m.StatusTold(failure("InProgress"))
IDLE = m.DiagnosisTold(SUCCESS, "OK", "OK")


def test_a_doubt_that_was_paid() -> None:
    """The terminal tells of that very message, and that nobody took it back."""
    answer, asks = inquire(doubt(), remembered(NAME, paid()), NOT_FOUND)
    assert ("approved", "ok") == ended(answer)
    assert doubt().before == answer.before
    assert [
        m.StatusAsk("Payment", NAME, wants_receipts=True),
        m.StatusAsk("Reversal", BACK),
    ] == asks


def test_a_doubt_that_was_taken_back() -> None:
    """A paid one that was undone since comes to nothing; a failed undoing changes nothing, and one
    that is still at it is waited for, and not for ever."""
    told = remembered(NAME, paid()), remembered(BACK, m.ReversalTold(SUCCESS, POI))
    assert ("aborted", "taken_back") == ended(inquire(doubt(), *told)[0])
    failed = remembered(BACK, m.ReversalTold(failure("NotAllowed")))
    assert ("approved", "ok") == ended(inquire(doubt(), told[0], failed)[0])
    runs = remembered(BACK, m.ReversalTold(failure("InProgress")))
    assert ("aborted", "taken_back") == ended(inquire(doubt(), told[0], runs, told[1])[0])
    assert ("unknown", "in_progress") == ended(inquire(doubt(), told[0], *[runs] * 8)[0])
    unsure = remembered(BACK, m.ReversalTold(m.Outcome("WordToCome")))
    assert ("unknown", "no_result") == ended(inquire(doubt(), told[0], unsure)[0])


def test_a_doubt_that_was_declined_or_runs() -> None:
    """A declined one is told as such; one that runs is waited for, and not for ever."""
    declined = remembered(NAME, paid(outcome=failure("Refusal")))
    assert ("declined", "declined") == ended(inquire(doubt(), RUNS, declined)[0])
    busy = m.StatusTold(failure("Busy"))
    assert ("declined", "declined") == ended(inquire(doubt(), busy, RUNS, declined)[0])
    answer, asks = inquire(doubt(), *[RUNS] * 8)
    assert ("unknown", "in_progress") == ended(answer)
    assert {m.StatusAsk("Payment", NAME, wants_receipts=True)} == set(asks)


def test_not_found_needs_a_memory() -> None:
    """Not found counts only where the terminal still knows what came before it."""
    was = remembered(BEFORE, paid(99))
    answer, asks = inquire(doubt(), NOT_FOUND, was, IDLE)
    assert ("unknown", "not_found") == ended(answer)
    assert [m.StatusAsk("Payment", BEFORE), m.DiagnosisAsk()] == asks[1:]
    assert "memory_lost" == inquire(doubt(), NOT_FOUND, NOT_FOUND)[0].code
    assert "link_lost" == inquire(doubt(), NOT_FOUND, None)[0].code
    assert "no_identity_before" == inquire(doubt(before=None), NOT_FOUND)[0].code
    other = remembered("OTHER", paid(99))
    assert "other_transaction" == inquire(doubt(), NOT_FOUND, other)[0].code


@pytest.mark.parametrize("condition", ["Busy", "InProgress"])
def test_busy_is_no_memory(condition: str) -> None:
    """A terminal that is at something says nothing of what came before, which has ended: it is
    asked again, and not for ever. Taken for a memory, it would have a payment given up that may
    have been charged."""
    at_it = m.StatusTold(failure(condition))
    was = remembered(BEFORE, paid(99))
    assert "memory_lost" == inquire(doubt(), NOT_FOUND, at_it, NOT_FOUND)[0].code
    assert "not_found" == inquire(doubt(), NOT_FOUND, at_it, was, IDLE)[0].code
    answer, asks = inquire(doubt(), NOT_FOUND, *[at_it] * 8)
    assert ("unknown", "in_progress") == ended(answer)
    assert {m.StatusAsk("Payment", BEFORE)} == set(asks[1:])


@pytest.mark.parametrize(
    "at_it", [m.DiagnosisTold(SUCCESS, "Busy"), m.DiagnosisTold(failure("Busy"))]
)
def test_what_a_busy_terminal_does_not_know_it_may_be_doing(at_it: m.DiagnosisTold) -> None:
    """It does not tell yet of the payment that it is at: not found counts only of a terminal that
    is at nothing, or does not say how it is."""
    was = remembered(BEFORE, paid(99))
    round_of_it = (NOT_FOUND, was, at_it)
    done = remembered(NAME, paid())
    answer, _ = inquire(doubt(), *round_of_it, *round_of_it, RUNS, done, NOT_FOUND)
    assert ("approved", "ok") == ended(answer)
    answer, asks = inquire(doubt(), *round_of_it * 8)
    assert ("unknown", "in_progress") == ended(answer)
    assert len(asks) == 3 * 8
    silent = m.DiagnosisTold(failure("NotAllowed"))
    assert "not_found" == inquire(doubt(), NOT_FOUND, was, silent)[0].code
    assert "other_message" == inquire(doubt(), NOT_FOUND, was, NOT_FOUND)[0].code


def test_the_books_know_what_a_new_device_does_not() -> None:
    """Where the device knew of nothing before it, what the books know of this very terminal is
    asked for; what it said itself goes before, and a name that was only guessed proves nothing."""
    books = naming.identity(POI_ID, naming.service_id_of("r-1"), POI)
    was = remembered(naming.service_id_of("r-1"), paid(99))
    for unsaid in (None, Identity(POI_ID)):
        answer, asks = inquire(doubt(before=unsaid), NOT_FOUND, was, IDLE, known=books)
        assert ("unknown", "not_found", books) == (*ended(answer), answer.before)
        assert m.StatusAsk("Payment", naming.service_id_of("r-1")) == asks[-2]
        assert (
            "memory_lost"
            == inquire(doubt(before=unsaid), NOT_FOUND, NOT_FOUND, known=books)[0].code
        )
    _, asks = inquire(doubt(), NOT_FOUND, NOT_FOUND, known=books)
    assert m.StatusAsk("Payment", BEFORE) == asks[-1]
    other = attrs.evolve(books, terminal_id="V400m-9")
    assert "no_identity_before" == inquire(doubt(before=None), NOT_FOUND, known=other)[0].code
    bare = Answer(Ended.UNKNOWN, Kind.SALE, 1250)
    said = inquire(bare, NOT_FOUND, request_id="r1", known=books)[0]
    assert "no_identity_before" == said.code


def test_what_settles_no_doubt() -> None:
    """Another message, another terminal, a refusal, silence: the doubt stays as it was."""
    for said, code in (
        (remembered("OTHER", paid()), "other_transaction"),
        (m.StatusTold(SUCCESS), "other_transaction"),
        (remembered(NAME, m.ReversalTold(SUCCESS, POI, "12.50")), "other_transaction"),
        (m.StatusTold(failure("NotAllowed")), "function_not_allowed"),
        (m.RejectedTold("Reject"), "not_delivered"),
        (m.DiagnosisTold(SUCCESS, "OK"), "other_message"),
        (None, "link_lost"),
    ):
        answer, _ = inquire(doubt(), said)
        assert doubt(code=code) == answer
    assert "other_terminal" == inquire(doubt(identity=Identity("V400m-9", receipt=1)))[0].code
    assert "currency_differs" == inquire(doubt(), remembered(NAME, paid(currency="USD")))[0].code


def test_a_doubt_of_which_only_the_request_is_known() -> None:
    """After a crash the request's own id finds the payment; not finding it proves nothing."""
    bare = Answer(Ended.UNKNOWN, Kind.SALE, 1250)
    told = remembered(NAME, paid()), NOT_FOUND
    answer, _ = inquire(bare, *told, request_id="r1")
    assert ("approved", "ok") == ended(answer)
    assert NAME == naming.service_id_in(answer.identity)
    assert "no_identity_before" == inquire(bare, NOT_FOUND, request_id="r1")[0].code
    assert "no_identity_before" == inquire(bare)[0].code
    assert (
        "no_identity_before" == inquire(attrs.evolve(bare, asked_minor=0), request_id="r1")[0].code
    )


def test_a_reversal_in_doubt() -> None:
    """A reversal is asked about as one, and nobody asks whether it was taken back."""
    unsure = doubt(kind=Kind.REVERSAL)
    answer, asks = inquire(unsure, remembered(NAME, m.ReversalTold(SUCCESS, POI, "12.50")))
    assert ("approved", "ok") == ended(answer)
    assert [m.StatusAsk("Reversal", NAME, wants_receipts=True)] == asks
    wrong = remembered(NAME, m.ReversalTold(SUCCESS, POI, "12.505"))
    assert "amount_wrong" == inquire(unsure, wrong)[0].code


# ------------------------------------------------------------------------- status, abort, day


def test_how_it_is() -> None:
    """What the terminal says of itself, by house words; ready is asked again in half a minute."""
    for told, condition in (
        (m.DiagnosisTold(SUCCESS, "OK", "OK"), Condition(is_ready=True, code="ready")),
        (m.DiagnosisTold(SUCCESS, "OK", "PaperLow"), Condition(is_ready=True, code="ready")),
        (m.DiagnosisTold(SUCCESS, "OK", "NoPaper"),
         Condition(is_ready=False, code="terminal_paper_out")),
        (m.DiagnosisTold(SUCCESS, "Busy"), Condition(is_ready=False, code="busy")),
        (m.DiagnosisTold(SUCCESS, "Maintenance"), Condition(is_ready=False, code="maintenance")),
        (m.DiagnosisTold(SUCCESS, "Unreachable"), Condition(is_ready=False, code="no_connection")),
        (m.DiagnosisTold(SUCCESS, "New Word"), Condition(is_ready=False, code="status_new_word")),
        (m.DiagnosisTold(SUCCESS, "OK", "", is_connected=False),
         Condition(is_ready=True, code="ready", detail="no_connection")),
        (m.DiagnosisTold(failure("NotAllowed")),
         Condition(is_ready=False, code="function_not_allowed")),
    ):  # fmt: skip
        walk = Walk()
        post = post_in(walk.session.look("l1", 0))
        assert [Reported(condition), Done("l1", condition)] == walk.reply(post, told)
        every_ns = limits.LOOK_EVERY_NS if condition.is_ready else limits.LOOK_BLOCKED_NS
        assert every_ns == walk.session.deadline_ns


def test_not_there_is_looked_for_less_and_less() -> None:
    """A terminal that is gone is looked for soon, then more seldom, and each pull looks anew."""
    walk = Walk()
    post = post_in(walk.session.unplugged(walk.now_ns))
    waits = []
    for _ in range(8):
        (reported,) = walk.lose(post, "unreachable", is_sent=False)
        assert Reported(Condition(is_ready=False, code="unreachable")) == reported
        deadline_ns = walk.session.deadline_ns
        assert deadline_ns is not None
        waits.append(deadline_ns - walk.now_ns)
        post = post_in(walk.wait(waits[-1]))
    assert sorted(waits) == waits
    assert (limits.LOOK_FIRST_NS, limits.LOOK_BLOCKED_NS) == (waits[0], waits[-1])
    assert [] == walk.session.unplugged(walk.now_ns), "it is being looked at"
    walk = Walk()
    paying = walk.pay()
    assert [] == walk.session.unplugged(walk.now_ns), "the payment's own connection tells more"
    walk.reply(paying, paid(outcome=failure("Refusal")))
    assert isinstance(post_in(walk.wait(0)).ask, m.DiagnosisAsk)


def test_aborting() -> None:
    """The end is asked for by name; whether in time, the payment's own answer says."""
    walk = Walk()
    assert (False, []) == walk.session.abort()
    post = walk.pay()
    is_running, actions = walk.session.abort()
    assert is_running
    abort = post_in(actions)
    assert m.AbortAsk("Payment", post.service_id) == abort.ask
    assert (True, []) == walk.session.abort()
    assert [] == walk.lose(abort, "empty_answer"), "an abort is not answered"
    told = walk.reply(post, paid(outcome=failure("Aborted")))
    assert ("aborted", "aborted_at_terminal") == ended(answer_in(told))


def test_a_cancel_of_what_waits_its_turn_leaves_it_unsent() -> None:
    """Behind the question how the terminal is, a payment is not there for it yet: called off, it
    never is."""
    walk = Walk()
    look = post_in(walk.wait(limits.LOOK_EVERY_NS))
    assert walk.session.transact("r1", sale(), walk.now_ns, when=WHEN) == []
    is_called_off, actions = walk.session.abort()
    assert is_called_off
    assert ended(answer_in(actions)) == ("aborted", "not_sent")
    assert walk.session.abort() == (False, [])
    actions = walk.reply(look, m.DiagnosisTold(SUCCESS, "OK", "OK"))
    assert not any(isinstance(one, Post) for one in actions)


UNHEARD = [
    ("unreachable", False),
    ("link_lost", True),
    ("http_400", True),
    ("http_503", True),
    ("not_delivered", True),
    ("seal_broken", True),
    ("no_reply", True),
]


def test_an_abort_that_may_not_have_arrived_is_told_again() -> None:
    """Where its connection broke, or it was refused, nobody knows that the terminal heard it; with
    the payment over, it is enough."""
    walk = Walk()
    paying = walk.pay()
    _, actions = walk.session.abort()
    names = set()
    for code, is_sent in UNHEARD:
        abort = post_in(actions)
        assert m.AbortAsk("Payment", paying.service_id) == abort.ask
        names.add(abort.service_id)
        assert (True, []) == walk.session.abort(), "one is on its way"
        assert [] == walk.lose(abort, code, is_sent=is_sent)
        assert [] == walk.wait(limits.INQUIRE_AGAIN_NS - 1)
        actions = walk.wait(1)
    assert len(UNHEARD) == len(names)
    walk = Walk()
    paying = walk.pay()
    _, actions = walk.session.abort()
    walk.lose(post_in(actions), "unreachable", is_sent=False)
    assert walk.session.deadline_ns == walk.now_ns + limits.INQUIRE_AGAIN_NS
    walk.reply(paying, paid())
    assert [] == walk.wait(limits.INQUIRE_AGAIN_NS), "the books are being kept; it was too late"


def test_an_abort_that_was_heard_is_told_again_while_the_payment_goes_on() -> None:
    """It may have come before the payment, and then ended nothing: it is told again, less often,
    and at once where the cashier presses again."""
    for carrier, silence in (
        (Carrier.HTTPS, "empty_answer"),
        (Carrier.WEBSOCKET, "empty_answer"),
        (Carrier.WEBSOCKET, "no_reply"),
    ):
        walk = Walk()
        walk.session.profile = profile(carrier=carrier)
        paying = walk.pay()
        _, actions = walk.session.abort()
        walk.lose(post_in(actions), silence)
        assert [] == walk.wait(limits.ABORT_AGAIN_NS - 1)
        walk.lose(post_in(walk.wait(1)), silence)
        is_running, actions = walk.session.abort()
        assert is_running
        walk.lose(post_in(actions), silence)
        told = walk.reply(paying, paid(outcome=failure("Aborted")))
        assert ("aborted", "aborted_at_terminal") == ended(answer_in(told))
        assert not any(isinstance(one, Post) for one in walk.wait(limits.ABORT_AGAIN_NS))


def test_an_abort_waits_for_its_payment_to_be_written() -> None:
    """A terminal that hears the abort first ends nothing, and then asks for a card."""
    walk = Walk()
    paying = walk.pay(is_written=False)
    for _ in range(3):
        assert (True, []) == walk.session.abort()
        assert [] == walk.wait(limits.ABORT_AGAIN_NS)
    assert [] == walk.session.written("ANOTHERONE")
    abort = post_in(walk.session.written(paying.service_id))
    assert m.AbortAsk("Payment", paying.service_id) == abort.ask
    walk = Walk()
    paying = walk.pay(is_written=False)
    walk.session.abort()
    never = answer_in(walk.lose(paying, "unreachable", is_sent=False))
    assert ("aborted", "not_sent") == ended(never)


@pytest.mark.parametrize("is_late", [False, True], ids=["before it", "while it is asked about"])
def test_a_doubt_that_was_cancelled_is_called_off(is_late: bool) -> None:
    """A terminal that still waits for a card, for a payment whose connection broke, is told the
    cancel as soon as it says so, and again while it goes on; one that does not is left alone."""
    walk = Walk()
    actions = walk.session.inquire("i1", doubt(), walk.now_ns, is_abort_wanted=not is_late)
    if is_late:
        assert (True, []) == walk.session.abort()
    abort = post_in(walk.reply(post_in(actions), RUNS))
    assert m.AbortAsk("Payment", NAME) == abort.ask
    assert [] == walk.lose(abort, "empty_answer")
    for _ in range(2):
        question = post_in(walk.wait(limits.INQUIRE_AGAIN_NS))
        assert [] == walk.reply(question, RUNS)
    again_ns = limits.ABORT_AGAIN_NS - 2 * limits.INQUIRE_AGAIN_NS
    abort = post_in(walk.wait(again_ns))
    assert m.AbortAsk("Payment", NAME) == abort.ask
    assert [] == walk.lose(abort, "link_lost")
    is_running, actions = walk.session.abort()
    assert is_running
    assert m.AbortAsk("Payment", NAME) == post_in(actions).ask
    question = post_in(walk.wait(limits.INQUIRE_AGAIN_NS))
    aborted = remembered(NAME, paid(outcome=failure("Aborted")))
    assert ("aborted", "aborted_at_terminal") == ended(answer_in(walk.reply(question, aborted)))
    actions = walk.session.inquire("i2", doubt(), walk.now_ns, is_abort_wanted=True)
    assert isinstance(post_in(walk.reply(post_in(actions), NOT_FOUND)).ask, m.StatusAsk)


def test_a_sale_goes_before_questions_that_wait() -> None:
    """One how the terminal is keeps nobody from it, and what waits behind that is asked after."""
    walk = Walk()
    look = post_in(walk.session.opened(walk.now_ns))
    assert [] == walk.session.inquire("i", doubt(), walk.now_ns)
    assert [] == walk.session.transact("r", sale(), walk.now_ns, when=WHEN)
    told = m.DiagnosisTold(m.Outcome("Success"), "OK")
    post = post_in(walk.reply(look, told))
    assert isinstance(post.ask, m.PaymentAsk)
    assert isinstance(post_in(walk.reply(post, paid(outcome=failure("Refusal")))).ask, m.StatusAsk)
    walk = Walk()
    look = post_in(walk.session.look("l", walk.now_ns))
    assert [] == walk.session.transact("r", sale(), walk.now_ns, when=WHEN)
    assert isinstance(post_in(walk.reply(look, told)).ask, m.PaymentAsk)


def test_a_doubt_nobody_cancelled_goes_on() -> None:
    """The customer may still be looking for the card; and what was stored long ago is over."""
    walk = Walk()
    question = post_in(walk.session.inquire("i1", doubt(), walk.now_ns))
    assert [] == walk.reply(question, RUNS)
    walk = Walk()
    question = post_in(walk.session.inquire("i1", doubt(), walk.now_ns, gives_way=True))
    assert (False, []) == walk.session.abort()
    assert [] == walk.reply(question, RUNS)


def test_the_end_of_a_day() -> None:
    """Totals as the terminal told them; unknown where nobody heard whether it ended."""
    walk = Walk()
    post = post_in(walk.session.settle("s", 0))
    told = m.ReconciliationTold(SUCCESS, (), 3900)
    assert Done("s", Settlement(Ended.APPROVED, amount_minor=3900)) in walk.reply(post, told)
    for is_sent, verdict, code in ((True, Ended.UNKNOWN, "link_lost"),
                                   (False, Ended.ABORTED, "not_sent")):  # fmt: skip
        post = post_in(walk.session.settle("s", 0))
        assert Done("s", Settlement(verdict, code)) in walk.lose(post, is_sent=is_sent)
    post = post_in(walk.session.settle("s", 0))
    refused = m.ReconciliationTold(failure("UnreachableHost"))
    assert Done("s", Settlement(Ended.ABORTED, "no_connection")) in walk.reply(post, refused)
    post = post_in(walk.session.settle("s", 0))
    unsure = m.ReconciliationTold(m.Outcome("WordToCome"))
    assert Done("s", Settlement(Ended.UNKNOWN, "result_unknown")) in walk.reply(post, unsure)


# ----------------------------------------------------------------------------------------- laws


@given(st.text(max_size=60))
def test_names_follow_from_requests(request_id: str) -> None:
    """A request has one name of ten letters and digits, which its identity gives back."""
    name = naming.service_id_of(request_id)
    assert len(name) == 10
    assert name.isalnum()
    assert name == naming.service_id_of(request_id)
    assert name != naming.take_back_id_of(name)
    identity = naming.identity(POI_ID, name, POI)
    assert (name, POI) == (naming.service_id_in(identity), naming.poi_in(identity))
    assert identity.is_told


def test_no_two_of_many_requests_share_a_name() -> None:
    """A hundred thousand requests have a hundred thousand names."""
    assert 100_000 == len({naming.service_id_of(f"request-{one}") for one in range(100_000)})


_TOLD = st.one_of(
    st.builds(
        m.PaymentTold,
        st.builds(m.Outcome, st.sampled_from(["Success", "Partial", "Failure", "Other"]),
                  st.sampled_from(["", "Refusal", "InProgress", "Busy", "Aborted"])),
        poi=st.none() | st.just(POI),
        amount_minor=st.none() | st.integers(0, 2000),
        tip_minor=st.integers(0, 300),
        currency=st.sampled_from(["EUR", "USD"]),
    ),
    st.builds(m.ReversalTold, st.just(SUCCESS)),
    st.builds(m.StatusTold, st.builds(m.Outcome, st.sampled_from(["Success", "Failure"]),
                                      st.sampled_from(["", "NotFound", "InProgress"]))),
    st.just(m.RejectedTold("Reject")),
)  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), _TOLD), max_size=12))
def test_whatever_happens_a_payment_is_asked_for_once(
    steps: list[tuple[int, bool, m.PaymentTold | m.ReversalTold | m.StatusTold | m.RejectedTold]],
) -> None:
    """In any order of answers, losses, times and books: one payment question, one end, and money
    only on the terminal's word that it was paid."""
    walk = Walk()
    post = walk.pay()
    open_posts, sent, ends = {post.service_id: post}, [post], []
    for kind, flag, told in steps:
        actions: list[Action] = []
        last = list(open_posts.values())[-1] if open_posts else None
        match kind:
            case 0 if last is not None:
                actions = walk.reply(last, told)
            case 1 if last is not None:
                actions = walk.lose(last, is_sent=flag)
            case 2:
                actions = walk.keep(is_kept=flag)
            case 3:
                actions = walk.wait(limits.QUIET_NS)
            case 4:
                actions = walk.session.abort()[1]
        for one in actions:
            if isinstance(one, Post):
                open_posts[one.service_id] = one
                sent.append(one)
            elif isinstance(one, Done) and one.job_id == "r1":
                ends.append(one.result)
    assert 1 == sum(isinstance(one.ask, m.PaymentAsk) for one in sent)
    assert len(ends) <= 1
    for end in ends:
        assert isinstance(end, Answer)
        if end.verdict in (Ended.APPROVED, Ended.PARTIALLY_APPROVED):
            assert any(
                kind == 0 and isinstance(told, m.PaymentTold) and told.outcome.is_success
                for kind, _, told in steps
            )


def test_settings_of_an_inquiry() -> None:
    """Every currency of the table can be asked about."""
    for code in NUMBERS.values():
        found = Inquiry.of(doubt(currency_code=code), profile(), "")
        assert isinstance(found, Inquiry)
        assert m.StatusAsk("Payment", NAME, wants_receipts=True) == found.question
