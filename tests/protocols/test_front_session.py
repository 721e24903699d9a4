"""The conversation with a front end, without a wire: who may say what, and what follows from it."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.asks import Reply
from engine.rights import RIGHTS
from protocols.front.answers import COMMAND_ANSWERS, SYSTEM_FIELDS, front_commands
from protocols.front.frames import AnswerFrame, Fault, Pong, Welcome
from protocols.front.session import (
    AskRegister,
    Begin,
    Close,
    End,
    Head,
    Output,
    Phase,
    Send,
    Session,
)
from protocols.front.tokens import Access, Tokens
from protocols.front.topics import TOPICS
from protocols.limits import OUTSTANDING_MAX

TOKENS = Tokens("front-token", "admin-token")
UUID = "018f0000-0000-7000-8000-{:012x}"
STATUS = Reply(ok=True, data={"store": "s-1"}, epoch=2, position=40)


def fresh(**options: Any) -> Session:
    """A session before its hello."""
    numbers = count(1)
    return Session(TOKENS, Head(), lambda: UUID.format(next(numbers)), **options)


def say(session: Session, **frame: Any) -> list[Output]:
    """Receive one frame."""
    return session.receive(json.dumps(frame))


def hello(session: Session, token: str = "front-token", register: str = "1") -> list[Output]:
    """Say hello, and be welcomed where the token is right."""
    outputs = say(session, type="hello", version=1, token=token, register=register)
    asks = [output for output in outputs if isinstance(output, AskRegister)]
    return session.answered(asks[0].ticket, STATUS) if asks else outputs


def opened(token: str = "front-token", register: str = "1", **options: Any) -> Session:
    """A session that was welcomed."""
    session = fresh(**options)
    hello(session, token, register)
    assert session.phase is Phase.OPEN
    return session


def command(session: Session, number: int, name: str = "order.open", **data: Any) -> list[Output]:
    """Receive a command."""
    return say(session, type="command", id=UUID.format(number), name=name, data=data)


def fault_of(outputs: list[Output]) -> Fault:
    """The fault in the first output."""
    assert isinstance(outputs[0], Send)
    assert isinstance(outputs[0].frame, Fault)
    return outputs[0].frame


def test_a_hello_asks_the_register_whether_it_is_there() -> None:
    """The welcome waits for the register's answer and carries the store's position."""
    session = fresh()
    asked = say(session, type="hello", version=1, token="front-token", register="1")
    assert isinstance(asked[0], AskRegister)
    assert ("register/1", "store.status", True) == (
        asked[0].to,
        asked[0].ask.name,
        asked[0].ask.is_query,
    )
    assert [Send(Welcome(1, "s-1", 2, 40, 15))] == session.answered(asked[0].ticket, STATUS)
    assert (Phase.OPEN, Access.FRONT, "1") == (session.phase, session.access, session.register)


@pytest.mark.parametrize("kind", ["absent", "busy", "no_answer"])
def test_a_register_that_does_not_answer_welcomes_nobody(kind: str) -> None:
    """Without the register's answer the conversation ends, and the client may come again."""
    session = fresh()
    asked = say(session, type="hello", version=1, token="front-token", register="1")
    assert isinstance(asked[0], AskRegister)
    outputs = session.unanswered(asked[0].ticket, kind)
    code = "register_absent" if kind == "absent" else kind
    assert code == fault_of(outputs).code
    assert isinstance(outputs[1], Close)
    assert [] == say(session, type="ping", at=1), "after the end nothing is answered"


def test_nothing_is_done_before_the_welcome() -> None:
    """A command that comes with the hello is told to wait, not lost in silence."""
    session = fresh()
    say(session, type="hello", version=1, token="front-token", register="1")
    assert "hello_expected" == fault_of(command(session, 7)).code
    assert "hello_expected" == fault_of(say(session, type="subscribe", topic="register")).code
    assert [Send(Pong(3, 0, 0))] == say(session, type="ping", at=3)


@pytest.mark.parametrize(
    "token", ["", "front", "front-token ", "FRONT-TOKEN", "admin", "\ud800", "x" * 600]
)
def test_only_the_whole_token_opens(token: str) -> None:
    """A part, a variant or half a character of a token opens nothing."""
    session = fresh()
    payload = {"type": "hello", "version": 1, "token": token, "register": "1"}
    outputs = session.receive(json.dumps(payload))
    assert fault_of(outputs).code in ("token_wrong", "malformed")
    assert isinstance(outputs[-1], Close)


def test_an_empty_token_is_nobodys() -> None:
    """A store without an administrator's token lets no empty one in."""
    assert Tokens("f").judge("") is None
    assert Tokens("", "").judge("") is None
    assert Access.ADMIN is TOKENS.judge("admin-token")
    assert "front-token" not in repr(TOKENS)


def test_every_command_but_the_stores_own_may_be_sent() -> None:
    """Each command with a right is known to the doors, but those only the store's actors send."""
    own = {cls for cls in RIGHTS if cls not in COMMAND_ANSWERS}
    payments = {"KeepPayment", "HearPayment", "TakeBack", "HearTerminalDay", "ReportUpload"}
    stores = {"StartEffect", "FinishEffect", *payments, "HearPaylink", "ExpirePaylink"}
    assert stores == {cls.__name__ for cls in own}
    assert {cls for _, cls in front_commands()} == set(COMMAND_ANSWERS)


def test_what_the_store_fills_in_is_never_taken() -> None:
    """Forged checks of PINs are refused for each command that has such a field."""
    session = opened()
    names = {cls: name for name, cls in front_commands()}
    for cls, fields in SYSTEM_FIELDS.items():
        for field in fields:
            fault = fault_of(command(session, 9, names[cls], operator="a", **{field: True}))
            assert ("invalid_data", True) == (fault.code, field in fault.detail)


def test_too_many_at_once_are_busy_until_one_is_answered() -> None:
    """The limit counts what waits, and room comes back with each answer."""
    session = opened()
    tickets = []
    for number in range(OUTSTANDING_MAX):
        output = command(session, number)[0]
        assert isinstance(output, AskRegister)
        tickets.append(output.ticket)
    assert "busy" == fault_of(command(session, 999)).code
    session.answered(tickets[0], Reply(ok=True, data={}))
    assert isinstance(command(session, 999)[0], AskRegister)
    assert "busy" == fault_of(command(session, 1_000)).code


def test_the_same_id_may_wait_twice() -> None:
    """A repeat while the first is under way is asked too, and both are answered."""
    session = opened()
    first, second = command(session, 5)[0], command(session, 5)[0]
    assert isinstance(first, AskRegister)
    assert isinstance(second, AskRegister)
    assert first.ticket != second.ticket
    assert first.ask == second.ask
    for ask in (second, first):
        answer = session.answered(ask.ticket, Reply(ok=True, data={}, epoch=2, position=41))
        assert [Send(AnswerFrame(UUID.format(5), True, {}, None, 2, 41))] == answer
    assert [] == session.answered(first.ticket, Reply(ok=True)), "an answer counts once"


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ("busy", "busy", "nothing was done"),
        ("absent", "busy", "nothing was done"),
        ("no_answer", "no_answer", "nobody knows"),
    ],
)
def test_a_lost_answer_says_what_to_do(kind: str, code: str, words: str) -> None:
    """Whether it may have been done or not is told, and that the same id is to be repeated."""
    session = opened()
    ask = command(session, 5)[0]
    assert isinstance(ask, AskRegister)
    fault = fault_of(session.unanswered(ask.ticket, kind))
    assert (code, UUID.format(5)) == (fault.code, fault.id)
    assert words in fault.detail
    assert "same id" in fault.detail


def test_topics_begin_and_end() -> None:
    """Each topic begins with its view's query; following again begins anew; unknown ones fault."""
    session = opened(token="admin-token")
    for topic, query in TOPICS.items():
        begin = say(session, type="subscribe", topic=topic, position=7)[-1]
        assert isinstance(begin, Begin)
        place = "" if topic in ("status", "events") else "1"
        assert (topic, place, 7, "register/1", query) == (
            begin.topic,
            begin.register,
            begin.position,
            begin.ask_to,
            begin.query,
        )
    again = say(session, type="subscribe", topic="register")
    assert [End, Begin] == [type(output) for output in again]
    assert [End("register")] == say(session, type="unsubscribe", topic="register")
    assert [] == say(session, type="unsubscribe", topic="register")
    assert "unknown_name" == fault_of(say(session, type="subscribe", topic="money")).code
    negative = say(session, type="subscribe", topic="events", position=-1)
    assert "invalid_data" == fault_of(negative).code


def test_an_observer_follows_the_store_only() -> None:
    """Without a register there is no register's view, not even for the administrator."""
    for token in ("front-token", "admin-token"):
        session = opened(token=token, register="")
        assert "not_allowed" == fault_of(say(session, type="subscribe", topic="register")).code
        begin = say(session, type="subscribe", topic="status")[0]
        assert isinstance(begin, Begin)
        assert "register/_office" == begin.ask_to


def test_a_second_hello_is_a_mistake_but_over_nng() -> None:
    """A WebSocket greets once; an nng client greets again whenever its connection may be new."""
    session = opened()
    assert "hello_twice" == fault_of(hello(session)).code
    assert session.phase is Phase.OPEN
    over_nng = opened(request_reply=True)
    waiting = command(over_nng, 5)[0]
    assert isinstance(waiting, AskRegister)
    assert isinstance(hello(over_nng, register="2")[0], Send)
    assert "2" == over_nng.register
    late = over_nng.answered(waiting.ticket, Reply(ok=True, data={}))
    assert isinstance(late[0], Send), "each request has its reply"
    for topic in ("register", "events"):
        assert "not_allowed" == fault_of(say(over_nng, type="subscribe", topic=topic)).code
        assert "not_allowed" == fault_of(say(over_nng, type="unsubscribe", topic=topic)).code


ANSWERS_NOW: st.SearchStrategy[Any] = st.booleans()
FRAMES: st.SearchStrategy[Any] = st.one_of(
    st.builds(
        dict,
        type=st.sampled_from(["hello", "command", "query", "subscribe", "unsubscribe", "ping"]),
        version=st.sampled_from([1, 2]),
        token=st.sampled_from(["front-token", "admin-token", "x"]),
        register=st.sampled_from(["", "1", "?"]),
        id=st.sampled_from([UUID.format(1), UUID.format(2), "x"]),
        name=st.sampled_from(["order.open", "store.state", "effect.start", "?"]),
        topic=st.sampled_from([*TOPICS, "?"]),
        data=st.just({}),
        at=st.just(1),
    ).flatmap(lambda frame: st.just(_only_its_own(frame))),
    st.just({"type": "?"}),
)
_FIELDS = {
    "hello": ("version", "token", "register"),
    "command": ("id", "name", "data"),
    "query": ("id", "name", "data"),
    "subscribe": ("topic",),
    "unsubscribe": ("topic",),
    "ping": ("at",),
}


def _only_its_own(frame: dict[str, Any]) -> dict[str, Any]:
    return {"type": frame["type"], **{name: frame[name] for name in _FIELDS[frame["type"]]}}


@given(st.lists(FRAMES, max_size=12), st.booleans(), st.data())
def test_any_conversation_keeps_its_promises(
    frames: list[dict[str, Any]], request_reply: bool, data: st.DataObject
) -> None:
    """In any order of frames and answers: no ask before the hello's token was right, never more
    outstanding than allowed, one output a frame over nng, silence after the end."""
    session = fresh(request_reply=request_reply)
    waiting: list[int] = []
    greeted = False
    for frame in frames:
        was_closed = session.phase is Phase.CLOSED
        outputs = say(session, **frame)
        greeted = greeted or (
            frame["type"] == "hello" and frame["token"] != "x" and frame["version"] == 1
        )
        asks = [output for output in outputs if isinstance(output, AskRegister)]
        assert greeted or not asks
        assert not was_closed or outputs == []
        if request_reply and not was_closed:
            assert 1 == len([o for o in outputs if isinstance(o, Send | AskRegister)])
        waiting += [ask.ticket for ask in asks]
        assert session.outstanding <= OUTSTANDING_MAX
        answers_now: bool = data.draw(ANSWERS_NOW)
        if waiting and answers_now:
            session.answered(waiting.pop(0), STATUS)
    for ticket in waiting:
        session.unanswered(ticket, "no_answer")
    assert 0 == session.outstanding
