"""The paylink protocol's bytes: what is read, what is refused, and whose signature counts."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actors.provider_messages import LookUp, Offer, Withdraw
from engine.provider import LinkKind, LinkState, Told
from engine.wire import canonical, parse
from protocols.provider import codec, limits, signing
from protocols.provider.codec import MessageError
from protocols.provider.settings import ProviderSettings, ProviderSettingsError, require_distinct

PAID = Told("ref-1", LinkState.PAID, 799, "EUR", "P-1", "wallet")
KEY = b"a key of more than sixteen"


def body(**changes: object) -> bytes:
    """A word of a provider with some fields changed; None takes one out."""
    data = {**parse(codec.describe(PAID, LinkKind.PAYMENT)), **changes}
    return canonical({key: value for key, value in data.items() if value is not None})


@pytest.mark.parametrize("state", list(LinkState)[:6])
def test_what_is_written_is_read(state: LinkState) -> None:
    """Every state of a payment or a refund comes back as it went."""
    kind = LinkKind.REFUND if state is LinkState.REFUNDED else LinkKind.PAYMENT
    url = "https://pay.example/x" if state is LinkState.OPEN else ""
    told = Told("ref-1", state, 799, "EUR", "P-1", "wallet", url, "why")
    assert told == codec.read(codec.describe(told, kind))


def test_an_id_is_no_card_however_its_digits_fall() -> None:
    """One id in some two hundred could pass for the number of a card: it is read all the same."""
    number = "4111111111111111"
    unlucky = f"{number[:8]}-{number[8:12]}-{number[12:]}-a000-000000000000"
    assert codec.read(body(reference=unlucky)).reference == unlucky
    for text in (number, f"{unlucky}:{number}", f"{number[:8]}-{number[8:]}"):
        with pytest.raises(codec.MessageError):
            codec.read(body(reference=text))


def test_a_provider_may_say_more_one_day() -> None:
    """Fields nobody here knows are not looked at, nor kept."""
    assert PAID == codec.read(body(payer={"name": "Nobody", "card": "4111111111111111"}))


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_minor": 0},
        {"amount_minor": -1},
        {"amount_minor": True},
        {"amount_minor": 7.99},
        {"amount_minor": "799"},
        {"amount_minor": 10**15},
        {"amount_minor": None},
        {"currency": "eur"},
        {"currency": "EURO"},
        {"currency": None},
        {"reference": ""},
        {"reference": "a b"},
        {"reference": "x" * 65},
        {"reference": None},
        {"provider_reference": None},
        {"provider_reference": "4111111111111111"},
        {"provider_reference": "tx-4111-1111-1111-1111"},
        {"method": "Visa 1111"},
        {"method": "x" * 33},
        {"code": 5},
        {"kind": None},
        {"kind": []},
        {"kind": {}},
        {"state": []},
        {"kind": "refund"},
        {"state": "not_found"},
        {"state": "refunded"},
        {"state": "open", "url": ""},
        {"state": "open", "url": "http://pay.example/"},
        {"state": "open", "url": "javascript:alert(1)"},
        {"state": "open", "url": "https://user@pay.example/"},
        {"state": "open", "url": 'https://pay.example/"onload'},
        {"state": "open", "url": "https://pay.example/" + "x" * 600},
    ],
)
def test_fields_that_are_wrong_are_refused(changes: dict[str, object]) -> None:
    """None of it becomes a word, and no card number anything at all."""
    with pytest.raises(MessageError, match="field_wrong"):
        codec.read(body(**changes))


@given(st.binary(max_size=400))
@example(b"[" * 20_000)
@example(b"[]")
@example(b"null")
@example(b"{}")
@example(b'{"amount_minor":1e400}')
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing but the codec's own error comes of bytes."""
    code = ""
    try:
        codec.read(data)
    except MessageError as error:
        code = error.code
    assert code in ("", "too_long", "not_json", "field_wrong")


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_changed_byte_is_never_another_word(at: int, value: int) -> None:
    """Whatever is changed of a signed body, the signature says no."""
    whole = codec.describe(PAID, LinkKind.PAYMENT)
    signature = signing.sign(KEY, 1_000, whole)
    changed = bytearray(whole)
    changed[at % len(whole)] = value
    if bytes(changed) == whole:
        signing.check((KEY,), "1000", signature, whole, now_s=1_000)
        return
    with pytest.raises(signing.SignatureError, match="signature_wrong"):
        signing.check((KEY,), "1000", signature, bytes(changed), now_s=1_000)


@given(st.text(max_size=80), st.text(max_size=80))
@example("1000", "v1=" + "é" * 64)
@example("١٠٠٠", "v1=" + "0" * 64)
@example("-1", "")
@example("1000", "v1=" + "0" * 64)
def test_no_made_up_signature_counts(timestamp: str, signature: str) -> None:
    """Whatever stands in the headers."""
    with pytest.raises(signing.SignatureError, match="signature_wrong"):
        signing.check((KEY,), timestamp, signature, b"{}", now_s=1_000)


def test_the_signature_is_what_the_page_says() -> None:
    """HMAC-SHA-256 over `v1.`, the time, a dot and the raw body."""
    wanted = hmac.new(KEY, b"v1.1000." + b"{}", "sha256").hexdigest()
    assert f"v1={wanted}" == signing.sign(KEY, 1_000, b"{}")


@pytest.mark.parametrize(
    ("now_s", "counts"), [(1_000, True), (1_300, True), (1_301, False), (700, True), (699, False)]
)
def test_a_signature_counts_for_five_minutes_either_way(now_s: int, counts: bool) -> None:
    """An old one that was listened to is worth nothing."""
    signature = signing.sign(KEY, 1_000, b"{}")
    if counts:
        signing.check((KEY,), "1000", signature, b"{}", now_s=now_s)
        return
    with pytest.raises(signing.SignatureError, match="time_too_far"):
        signing.check((KEY,), "1000", signature, b"{}", now_s=now_s)


def test_old_and_new_key_count_while_they_change() -> None:
    """Two keys in the file, two signatures in the header: either is enough."""
    keys = signing.keys_of("an old key of the shop\n\na new key of the shop\n")
    assert 2 == len(keys)
    both = ",".join(signing.sign(key, 1_000, b"{}") for key in (KEY, keys[1]))
    signing.check(keys, "1000", both, b"{}", now_s=1_000)
    many = ",".join([signing.sign(KEY, 1_000, b"{}")] * 9 + [signing.sign(keys[0], 1_000, b"{}")])
    with pytest.raises(signing.SignatureError):
        signing.check(keys, "1000", many, b"{}", now_s=1_000)


@pytest.mark.parametrize(
    "text", ["", "\n \n", "short", "k" * 20 + "\nshort", "\n".join(["k" * 20] * 5)]
)
def test_keys_that_protect_nothing_are_refused(text: str) -> None:
    """None, too short, too many."""
    with pytest.raises(ValueError, match="key"):
        signing.keys_of(text)


def test_what_is_asked() -> None:
    """The requests of docs/payment-links.md."""
    offer = codec.question(Offer("r 1", LinkKind.PAYMENT, 5, "EUR", 99), "https://shop/cb")
    assert ("PUT", "/v1/payments/r%201") == (offer.method, offer.path)
    assert {
        "amount_minor": 5,
        "currency": "EUR",
        "callback_url": "https://shop/cb",
        "expires_at": 99,
    } == parse(offer.body)
    refund = codec.question(Offer("r2", LinkKind.REFUND, 5, "EUR", original="r1"))
    assert ("PUT", "/v1/refunds/r2", "r1") == (
        refund.method,
        refund.path,
        parse(refund.body)["payment"],
    )
    look = codec.question(LookUp("r2", LinkKind.REFUND))
    assert ("GET", "/v1/refunds/r2", b"") == (look.method, look.path, look.body)
    assert ("POST", "/v1/payments/r1/cancel") == (
        codec.question(Withdraw("r1")).method,
        codec.question(Withdraw("r1")).path,
    )


@pytest.mark.parametrize("status", [408, 423, 425, 429, 500, 503])
@pytest.mark.parametrize(
    "about", [Offer("ref-1", LinkKind.PAYMENT, 5, "EUR"), LookUp("ref-1", LinkKind.PAYMENT)]
)
def test_answers_that_settle_nothing(about: Offer | LookUp, status: int) -> None:
    """Too busy, out of time, broken: the store asks again."""
    with pytest.raises(MessageError, match="not_now"):
        codec.answer(codec.question(about), status, b"")


def test_an_answer_must_be_about_what_was_asked() -> None:
    """Another payment's word is no answer; not knowing one is, and so is a plain no."""
    look = codec.question(LookUp("ref-2", LinkKind.PAYMENT))
    said = Told("ref-2", LinkState.UNREADABLE, code="unreadable 200 other_reference")
    assert said == codec.answer(look, 200, body())
    assert Told("ref-2", LinkState.NOT_FOUND) == codec.answer(look, 404, b"")
    offer = codec.question(Offer("ref-2", LinkKind.PAYMENT, 5, "EUR"))
    assert Told("ref-2", LinkState.FAILED, code="refused") == codec.answer(offer, 422, b"")
    with pytest.raises(MessageError, match="not_now"):
        codec.answer(offer, 409, b"")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<html>4111111111111111</html>", "not_json"),
        (b"", "not_json"),
        (b"[]", "not_json"),
        (b"{" * 20_000, "too_long"),
        (b'{"message": "of card 4111 1111 1111 1111, done"}', "field_wrong kind of card ***, done"),
        (body(state="done"), "field_wrong state"),
        (body(amount_minor="1149"), "field_wrong amount_minor"),
        (body(provider_reference="4111111111111111"), "field_wrong provider_reference"),
        (body(kind="refund", state="refunded"), "field_wrong kind"),
        (body(kind="refund", state="open"), "field_wrong kind"),
    ],
)
def test_an_answer_that_cannot_be_read_says_so(content: bytes, why: str) -> None:
    """With what was wrong with it and its own words where it has any, and no number of a card."""
    look = codec.question(LookUp("ref-1", LinkKind.PAYMENT))
    told = codec.answer(look, 200, content)
    assert Told("ref-1", LinkState.UNREADABLE, code=f"unreadable 200 {why}") == told
    assert limits.SAID_LENGTH_MAX >= len(told.code)


@pytest.mark.parametrize(
    "about", [LookUp("ref-1", LinkKind.PAYMENT), Withdraw("ref-1"), LookUp("r", LinkKind.REFUND)]
)
@pytest.mark.parametrize("status", [204, 302, 400, 401, 403, 409, 410])
def test_no_status_but_one_says_how_a_payment_stands(about: LookUp | Withdraw, status: int) -> None:
    """Elsewhere, empty, or not for this shop: nobody knows by it whether the customer paid."""
    told = codec.answer(codec.question(about), status, b'{"message": "no"}')
    is_refund = about == LookUp("r", LinkKind.REFUND)
    state = LinkState.REFUSED if is_refund else LinkState.UNREADABLE
    word = "refused" if is_refund else "unreadable"
    assert (state, f"{word} {status} no") == (told.state, told.code)


@pytest.mark.parametrize("method", ["PUT", "GET"])
@pytest.mark.parametrize("status", [408, 423, 425, 429, 500, 502, 503, 504])
def test_a_refund_that_cannot_be_done_now_is_asked_for_again(method: str, status: int) -> None:
    """Busy, out of time, or broken: none of them says no."""
    with pytest.raises(MessageError, match="not_now"):
        codec.answer(refund_by(method), status, b"{}")


@pytest.mark.parametrize("status", [400, 402, 405, 410, 413, 415, 422, 451])
def test_a_refund_that_is_refused_will_never_be_done(status: int) -> None:
    """Its own content is the reason, and that does not change."""
    said = Told("ref-2", LinkState.FAILED, code=f"refused {status} charge_refunded All is back.")
    body = b'{"error": {"code": "charge_refunded", "message": "All\\n is back."}}'
    assert said == codec.answer(refund_by("PUT"), status, body)


@pytest.mark.parametrize(
    ("method", "status"),
    [
        *[("PUT", status) for status in (401, 403, 407, 409, 421, 424, 302, 204)],
        *[("GET", status) for status in (400, 401, 402, 403, 409, 410, 422, 301, 202)],
    ],
)
def test_a_refusal_that_does_not_say_whether_money_went_back(method: str, status: int) -> None:
    """Who asks is not known or may not, another request is in the way, or nothing is told."""
    said = codec.answer(refund_by(method), status, b"<html>no</html>")
    assert Told("ref-2", LinkState.REFUSED, code=f"refused {status}") == said
    assert LinkState.NOT_FOUND is codec.answer(refund_by(method), 404, b"").state


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"title": "Gone", "detail": "closed"}', " Gone closed"),
        (b'{"error": "no such thing"}', " no such thing"),
        (b'{"message": "of card 4111111111111111, no"}', " of card ***, no"),
        (b'{"message": "of 4111.1111 - 1111_1111 of 14 days"}', " of *** of 14 days"),
        (b'{"message": 5, "code": ["x"]}', ""),
        (b'["no"]', ""),
        (b"\xff\xfe", ""),
        (b'{"message": "' + b"x" * limits.ANSWER_BYTES_MAX + b'"}', ""),
    ],
)
def test_what_a_provider_says_as_it_refuses_a_refund(body: bytes, words: str) -> None:
    """Its own words, and no number of a card."""
    assert f"refused 422{words}" == codec.answer(refund_by("PUT"), 422, body).code


def test_what_a_provider_says_is_cut() -> None:
    """A page of words is none for a list."""
    body = b'{"message": "' + b"x" * 2_000 + b'"}'
    assert limits.SAID_LENGTH_MAX == len(codec.answer(refund_by("PUT"), 400, body).code)


def refund_by(method: str) -> codec.Question:
    """The question after a refund, or for one."""
    if method == "GET":
        return codec.question(LookUp("ref-2", LinkKind.REFUND))
    return codec.question(Offer("ref-2", LinkKind.REFUND, 5, "EUR", original="r1"))


@pytest.mark.parametrize("state", ["cancelled", "expired", "failed"])
def test_what_ended_before_it_was_known_has_no_amount(state: str) -> None:
    """A provider that was told to cancel before it heard of it says so again whenever it is asked;
    of what is open or paid the amount is told."""
    told = codec.read(body(state=state, amount_minor=0, currency="", method=""))
    assert (told.state.value, told.amount_minor, told.currency) == (state, 0, "")
    for wrong in ({"state": "paid"}, {"currency": "EUR"}, {"amount_minor": -1}):
        with pytest.raises(MessageError, match="field_wrong"):
            codec.read(body(**{"state": state, "amount_minor": 0, "currency": "", **wrong}))


@pytest.mark.parametrize(
    "changes",
    [
        {"address": "printer/1"},
        {"address": "provider/Ä"},
        {"url": "http://pay.example"},
        {"url": "https://"},
        {"url": "https://pay.example:99999"},
        {"callback_url": "ftp://shop"},
        {"token_file": ""},
        {"secret_file": ""},
    ],
)
def test_a_provider_that_is_described_wrongly_is_not_started(changes: dict[str, str]) -> None:
    """The message says what to change."""
    base = {"address": "provider/qr", "url": "https://pay.example", "token_file": "t"}
    with pytest.raises(ProviderSettingsError, match="was not started"):
        ProviderSettings(**{**base, "secret_file": "s", **changes})


def test_two_providers_have_two_addresses() -> None:
    """One address twice is refused."""
    one = ProviderSettings("provider/qr", "https://pay.example", "t", "s")
    with pytest.raises(ProviderSettingsError, match="twice"):
        require_distinct((one, one))
