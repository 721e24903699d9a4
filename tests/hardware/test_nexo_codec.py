"""Messages of nexo: both sides agree, amounts are exact, and no card number gets through."""

from __future__ import annotations

import contextlib
from base64 import b64encode
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.link_codec import Answer, encode_answer
from actors.link_peer import to_wire
from engine.money import minor_digits
from engine.terminal import SettledTotal, SlipLine
from hardware.terminal.limits import SLIP_LINE_CHARS_MAX
from hardware.terminal.nexo import codec, envelope, limits, outcome, told, voice
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.money import LETTERS, NUMBERS, letters_of, to_major, to_minor
from hardware.terminal.nexo.reading import Members, MessageError, Number, read_json
from tests.hardware.nexo_rig import KEY, base64_extra
from tests.hardware.nexo_strategies import ASKS, CURRENCIES, PAYMENTS, TOLDS, TOTALS
from tests.hardware.nexo_vectors import DIAGNOSIS

PAN = "5413330089020011"
HEAD = m.Header("Payment", "AB12CD34EF", "register-1", "V400m-324688179")
CATEGORIES = {
    m.PaymentTold: "Payment",
    m.ReversalTold: "Reversal",
    m.StatusTold: "TransactionStatus",
    m.DiagnosisTold: "Diagnosis",
    m.ReconciliationTold: "Reconciliation",
    m.OutputTold: "Display",
    m.InputTold: "Input",
}


def head_of(category: str) -> m.Header:
    """A header of that category."""
    return m.Header(category, "AB12CD34EF", "register-1", "V400m-324688179")


def refusal(data: bytes) -> str:
    """Why it is not read."""
    with pytest.raises(MessageError) as caught:
        read_json(data)
    return caught.value.code


# --------------------------------------------------------------------------------- round trips


@given(ASKS)
def test_questions_arrive_as_they_were_put(ask: m.Ask) -> None:
    """What a register asks is what a terminal reads, header and all."""
    header = codec.header_for(ask, service_id="AB12CD34EF", sale_id="r-1", poi_id="V400m-3")
    heard = voice.question(read_json(codec.request(header, ask)))
    assert (header, ask) == heard


@given(TOLDS, CURRENCIES)
def test_answers_arrive_as_they_were_given(said: m.Told, currency: str) -> None:
    """What a terminal answers is what a register reads."""
    header = head_of(CATEGORIES[type(said)])
    head, heard = told.answer(read_json(voice.answer(header, said, currency)), currency)
    assert said == heard
    assert ("AB12CD34EF", "Response") == (head.service_id, head.type)


@given(PAYMENTS, st.sampled_from(["EUR", "JPY", "KWD"]))
def test_a_repeated_answer_is_the_answer(said: m.PaymentTold, currency: str) -> None:
    """What is told again, at either depth, is what was told, under its own header."""
    status = m.StatusTold(m.Outcome("Success"), voice.reply_header(HEAD), said)
    plain = voice.answer(head_of("TransactionStatus"), status, currency)
    _, heard = told.answer(read_json(plain), currency)
    assert status == heard
    message = orjson.loads(plain)
    repeated = message["SaleToPOIResponse"]["TransactionStatusResponse"]["RepeatedMessageResponse"]
    repeated |= {"PaymentResponse": voice.payment(said)}
    del repeated["RepeatedResponseMessageBody"]
    _, heard = told.answer(read_json(orjson.dumps(message)), currency)
    assert status == heard


def test_of_a_card_that_was_not_shown_nothing_is_told() -> None:
    """Called off before a card came, a terminal tells an empty card and no empty number. Source:
    Adyen Terminal API, verify transaction status, the example that was aborted."""
    called_off = m.PaymentTold(m.Outcome("Failure", "Aborted"), currency="EUR")
    shown = voice.payment(called_off)["PaymentResult"]["PaymentInstrumentData"]
    assert {"PaymentInstrumentType": "Card", "CardData": {}} == shown


@given(TOTALS)
def test_totals_add_up(totals: Any) -> None:
    """The day's totals come to what they are made of, debits less credits."""
    said = m.ReconciliationTold(m.Outcome("Success"), totals)
    plain = voice.answer(head_of("Reconciliation"), said, "EUR")
    _, heard = told.answer(read_json(plain), "EUR")
    assert isinstance(heard, m.ReconciliationTold)
    assert totals == heard.totals
    assert sum(one.amount_minor for one in totals) == heard.amount_minor
    _, foreign = told.answer(read_json(plain.replace(b'"EUR"', b'"USD"')), "EUR")
    assert isinstance(foreign, m.ReconciliationTold)
    assert foreign.amount_minor is None, "other currencies are not added to the shop's"
    assert {f"{one.name} USD" for one in totals} == {one.name for one in foreign.totals}


@pytest.mark.parametrize("digits", [10, 19, 20, 24])
def test_a_number_without_sense_costs_a_count_and_no_device(digits: int) -> None:
    """The end of a day was told, and one of its counts has more digits than any day has payments:
    what it came to goes on to the store, which could not be told a number of such a size."""
    said = m.ReconciliationTold(m.Outcome("Success"), (SettledTotal("mc", 123, 1250),))
    plain = voice.answer(head_of("Reconciliation"), said, "EUR")
    plain = plain.replace(b":123", b":" + b"8" * digits)
    _, heard = told.answer(read_json(plain), "EUR")
    assert isinstance(heard, m.ReconciliationTold)
    settlement = outcome.settlement(heard)
    assert (SettledTotal("mc", 0, 1250),) == settlement.totals
    assert encode_answer(Answer("id", "ok", *to_wire(settlement)))


@pytest.mark.parametrize(
    ("told_as", "expected"),
    [
        ({"MenuEntryNumber": 2}, m.InputTold(m.Outcome("Success"), entry_index=1)),
        ({"MenuEntryNumber": [2]}, m.InputTold(m.Outcome("Success"), entry_index=1)),
        ({"MenuEntryNumber": [0]}, m.InputTold(m.Outcome("Success"))),
        ({"MenuEntryNumber": [1, 2]}, m.InputTold(m.Outcome("Success"))),
        ({"DigitInput": "0815"}, m.InputTold(m.Outcome("Success"), text="0815")),
        ({"DigitInput": 815}, m.InputTold(m.Outcome("Success"), text="815")),
    ],
)
def test_an_answer_of_the_customer_in_either_form(
    told_as: dict[str, Any], expected: m.InputTold
) -> None:
    """A choice is a number or a list of one, digits are a text or a number. Source: the models of
    `@adyen/api-library` 32.1.0, `typings/terminal/input.ts` and `typings/tapi/input.ts`."""
    result = {"Response": {"Result": "Success"}, "Input": {"InputCommand": "x", **told_as}}
    header = codec.header_members(voice.reply_header(head_of("Input")))
    body = {"MessageHeader": header, "InputResponse": {"InputResult": result}}
    _, heard = told.answer(read_json(orjson.dumps({"SaleToPOIResponse": body})), "EUR")
    assert expected == heard


def test_notices() -> None:
    """What a terminal shows and what happens to it is heard, with the transaction it is about."""
    poi = m.PoiTransaction("BV0q001.ABC", "2026-11-26T09:30:00.000Z")
    header, notice = told.notice(read_json(voice.display(HEAD, "PIN_ENTERED", poi, "please wait")))
    assert m.Notice("PIN_ENTERED", "please wait", poi, is_display=True) == notice
    assert ("V400m-324688179", "Device") == (header.poi_id, header.message_class)
    _, notice = told.notice(read_json(voice.event(HEAD, "Shutdown", "someone pressed")))
    assert m.Notice("Shutdown", "someone pressed") == notice
    _, rejected = told.answer(read_json(voice.event(HEAD, "Reject", "not delivered")), "EUR")
    assert m.RejectedTold("Reject", "not delivered") == rejected
    for other in (DIAGNOSIS.encode(), codec.request(HEAD, m.DisplayAsk(()))):
        with pytest.raises(MessageError):
            told.notice(read_json(other))


# -------------------------------------------------------------------------------------- amounts


@given(st.integers(0, limits.MINOR_MAX - 1), CURRENCIES)
def test_amounts_are_exact(minor: int, currency: str) -> None:
    """Any amount in any currency is written as a decimal number and read back to the unit."""
    text = to_major(minor, currency)
    assert minor == to_minor(Number(text), currency)
    assert Decimal(text) * 10 ** minor_digits(currency) == minor


def test_amounts_as_others_write_them() -> None:
    """Fewer digits, exponents and a sign of nought are the same amount; too many digits are not."""
    for text, currency, minor in (
        ("12.5", "EUR", 1250), ("12", "EUR", 1200), ("1250e-2", "EUR", 1250), ("0.0", "EUR", 0),
        ("1.25E+1", "EUR", 1250), ("500", "JPY", 500), ("500.0", "JPY", 500),
        ("1.234", "KWD", 1234), ("-0.0", "EUR", 0), ("12.500", "EUR", 1250),
    ):  # fmt: skip
        assert minor == to_minor(Number(text), currency), text
    for text, currency in (
        ("12.505", "EUR"), ("500.5", "JPY"), ("1.2345", "KWD"), ("-1", "EUR"), ("1e99", "EUR"),
        ("1e-9", "EUR"), ("10000000000", "EUR"), ("x", "EUR"), ("", "EUR"), ("1e999999999", "EUR"),
    ):  # fmt: skip
        with pytest.raises(MessageError) as caught:
            to_minor(Number(text), currency)
        assert "amount_wrong" == caught.value.code, text
    with pytest.raises(MessageError, match="currency_unknown"):
        to_minor(Number("1"), "XXX")
    with pytest.raises(MessageError, match="currency_unknown"):
        letters_of(999)
    assert len(NUMBERS) == len(LETTERS)


def test_a_request_is_written_in_digits() -> None:
    """An amount stands in the message in the very digits of the currency."""
    ask = m.PaymentAsk(110, "EUR", "T", "2026-11-26T09:30:00+00:00")
    assert b'"RequestedAmount":1.10' in codec.request(HEAD, ask)
    ask = m.PaymentAsk(99_999_999_999, "JPY", "T", "2026-11-26T09:30:00+00:00")
    assert b'"RequestedAmount":99999999999' in codec.request(HEAD, ask)


@pytest.mark.feature("PAY-15", part="the question that has a number typed on the terminal (nexo)")
def test_typed_at_the_terminal() -> None:
    """An order by telephone asks for a number typed at the terminal, and says why."""
    ask = m.PaymentAsk(1250, "EUR", "T", "2026-11-26T09:30:00+00:00", entry="moto")
    body = orjson.loads(codec.request(HEAD, ask))["SaleToPOIRequest"]["PaymentRequest"]
    conditions = body["PaymentTransaction"]["TransactionConditions"]
    assert {"ForceOnlineFlag": True, "ForceEntryMode": ["Keyed"]} == conditions
    assert "tenderOption=ReceiptHandler,MOTO" == body["SaleData"]["SaleToAcquirerData"]


def test_an_answer_with_a_wrong_amount_is_not_read() -> None:
    """An amount that is not one makes the whole answer unread; a receipt that is none does not."""
    said = m.PaymentTold(m.Outcome("Success"), "T", amount_minor=1250, currency="EUR")
    good = voice.answer(HEAD, said, "EUR")
    for wrong in (b'"12.50"', b"12.505", b"true", b"-12.50", b"[12]", b"1e30"):
        with pytest.raises(MessageError) as caught:
            told.answer(read_json(good.replace(b"12.50", wrong)), "EUR")
        assert caught.value.code in ("amount_wrong", "number_wrong"), wrong
    _, heard = told.answer(read_json(good.replace(b'"PaymentReceipt":[]',
                                                  b'"PaymentReceipt":[7,{"OutputContent":7}]')),
                           "EUR")  # fmt: skip
    assert said == heard
    with pytest.raises(MessageError, match="currency_unknown"):
        told.answer(read_json(good.replace(b'"EUR"', b'"ZZZ"')), "EUR")


# -------------------------------------------------------------------------------------- reading


def test_what_is_not_read() -> None:
    """Bytes that are no message, or ask for too much, are refused by name."""
    assert "not_utf8" == refusal(b'{"a":"\xff"}')
    assert "not_json" == refusal(b"{")
    assert "not_json" == refusal(b"")
    assert "not_json" == refusal(b"\xef\xbb\xbf{}")
    assert "not_an_object" == refusal(b"[]")
    assert "number_wrong" == refusal(b'{"a":NaN}')
    assert "number_wrong" == refusal(b'{"a":' + b"1" * 25 + b"}")
    assert "member_doubled" == refusal(b'{"a":1,"a":2}')
    assert "too_long" == refusal(b" " * (limits.MESSAGE_BYTES_MAX + 1))
    assert "too_deep" == refusal(b'{"a":' * 30 + b"1" + b"}" * 30)
    assert "too_deep" == refusal(b'{"a":' + b"[" * 100_000)
    assert "too_many_members" == refusal(b'{"a":[' + b"1," * 30_000 + b"1]}")


def test_half_characters_are_put_up_with() -> None:
    """Half of a character, which is no text, does not stop what stands beside it."""
    data = b'{"Result":"\\ud800","SaleID":"\\u00fc"}'
    assert {"Result": "?", "SaleID": "ü"} == read_json(data)


def test_members_are_read_as_what_they_are() -> None:
    """What is of another type counts as not there, and a needed one is missed by its place."""
    members = Members(
        "x", {"t": "a", "n": Number("5"), "o": {}, "l": ["a", Number("1")], "f": True}
    )
    assert ("a", "", "") == (members.text("t"), members.text("n"), members.text("o"))
    assert (("a",), ("a",), ()) == (members.texts("l"), members.texts("t"), members.texts("n"))
    assert (True, False, 5, None) == (members.flag("f"), members.flag("t"), members.whole("n"),
                                      members.whole("t"))  # fmt: skip
    with pytest.raises(MessageError, match=r"member_missing x\.y"):
        members.need("y")
    with pytest.raises(MessageError, match=r"number_wrong x\.t"):
        members.number("t")
    with pytest.raises(MessageError, match=r"text_too_long x\.t"):
        Members("x", {"t": "a" * 129}).name("t")


PAID = m.PaymentTold(m.Outcome("Success"), "T", m.PoiTransaction("A", "B"), 1250, 0, "EUR")
PIECES = {
    "payment": voice.answer(HEAD, PAID, "EUR"),
    "diagnosis": DIAGNOSIS.encode(),
    "status": voice.answer(head_of("TransactionStatus"),
                           m.StatusTold(m.Outcome("Failure", "NotFound")), "EUR"),
    "notice": voice.display(HEAD, "PIN_ENTERED", m.PoiTransaction("A", "B")),
    "question": codec.request(HEAD, m.PaymentAsk(1250, "EUR", "T", "B", tip_allowed=True)),
}  # fmt: skip


def take(data: bytes) -> None:
    """Everything that reads plain text, whichever of it this is."""
    try:
        message = read_json(data)
    except MessageError:
        return
    for read in (lambda one: told.answer(one, "EUR"), told.notice, voice.question):
        with contextlib.suppress(MessageError):
            read(message)


@pytest.mark.parametrize("name", PIECES)
def test_every_flip_and_cut_is_refused_by_name_or_read(name: str) -> None:
    """Each bit flipped and each end cut off: a message, or a named refusal; never anything else."""
    data = bytearray(PIECES[name])
    for length in range(len(data)):
        take(bytes(data[:length]))
    for bit in range(len(data) * 8):
        data[bit // 8] ^= 1 << bit % 8
        take(bytes(data))
        data[bit // 8] ^= 1 << bit % 8


def test_every_flip_and_cut_of_an_envelope_is_refused() -> None:
    """A sealed message with one bit or its end changed is refused by name, or is the same message:
    no change of the clear part makes another one of it."""
    header = voice.reply_header(head_of("Diagnosis"))
    data = bytearray(
        envelope.close(header, DIAGNOSIS.encode(), KEY, bytes(16), "SaleToPOIResponse")
    )
    right, codes = envelope.opened(bytes(data), KEY), set()
    for bit in range(len(data) * 8):
        data[bit // 8] ^= 1 << bit % 8
        try:
            assert right == envelope.opened(bytes(data), KEY)
        except MessageError as error:
            codes.add(error.code)
        data[bit // 8] ^= 1 << bit % 8
    for length in range(len(data)):
        with pytest.raises(MessageError):
            envelope.opened(bytes(data[:length]), KEY)
    expected = {"seal_broken", "header_differs", "member_missing", "not_json", "key_version_other",
                "key_identifier_other", "crypto_version_other", "blob_wrong", "nonce_wrong",
                "not_sealed", "not_utf8"}  # fmt: skip
    assert codes <= expected
    assert {"seal_broken", "header_differs", "key_version_other"} <= codes


def test_another_header_outside_than_inside() -> None:
    """A clear header that names another message, or another side, is an alarm and not an answer."""
    for header in (head_of("Diagnosis"), voice.reply_header(head_of("Payment"))):
        sealed = envelope.close(header, DIAGNOSIS.encode(), KEY, bytes(16), "SaleToPOIResponse")
        with pytest.raises(MessageError, match="header_differs"):
            envelope.opened(sealed, KEY)
    right = voice.reply_header(head_of("Diagnosis"))
    sealed = envelope.close(right, DIAGNOSIS.encode(), KEY, bytes(16), "SaleToPOIRequest")
    with pytest.raises(MessageError, match="header_differs"):
        envelope.opened(sealed, KEY)


# ------------------------------------------------------------------------------------ card data


def leaky(pan: str) -> bytes:
    """A payment's answer with a card number everywhere it could stand."""
    said = m.PaymentTold(m.Outcome("Success"), "T", m.PoiTransaction("A.B", "S"), 1250, 0, "EUR")
    message = orjson.loads(voice.answer(HEAD, said, "EUR"))
    body = message["SaleToPOIResponse"]["PaymentResponse"]
    body["Response"]["AdditionalResponse"] = (
        f"pan={pan}&message=card+{pan}&cardBin={pan[:8]}&track2={pan}D25&refusalReason={quote(pan)}"
    )
    body["PaymentResult"]["PaymentInstrumentData"]["CardData"] = {
        "MaskedPan": pan,
        "PaymentBrand": f"mc {pan}",
        "SensitiveCardData": {"PAN": pan, "TrackData": [{"TrackValue": pan}], "ExpiryDate": "2512"},
        "ProtectedCardData": {"x": pan},
    }
    body["PaymentReceipt"] = [
        {
            "DocumentQualifier": "CustomerReceipt",
            "OutputContent": {
                "OutputText": [
                    {"Text": f"name=Card&value={pan}"},
                    {"Text": "name=Card&value=" + "".join(f"%{ord(one):02x}" for one in pan)},
                    {"Text": pan},
                    {"Text": " ".join(pan[at : at + 4] for at in range(0, 16, 4))},
                ]
            },
        }
    ]
    body["SaleData"]["SaleTransactionID"]["TransactionID"] = pan
    body["Unknown"] = [{pan: pan}, "number"]
    return orjson.dumps(message)


@pytest.mark.feature("PAY-08", part="a nexo terminal that tells too much, in its plain text")
def test_no_card_number_gets_through() -> None:
    """A number in any member, receipt line, pair or escape reaches nobody; six and four stay."""
    data = leaky(PAN)
    escaped = data.decode().replace(PAN, "".join(f"\\u{ord(one):04x}" for one in PAN))
    for one in (data, escaped.encode(), data.replace(b'"number"', PAN.encode())):
        cleaned = read_json(one)
        assert PAN not in repr(cleaned)
        assert "SensitiveCardData" not in repr(cleaned)
        _, heard = told.answer(cleaned, "EUR")
        assert isinstance(heard, m.PaymentTold)
        assert PAN not in repr(heard).replace(" ", "")
        assert "541333******0011" == heard.card.number
        assert {"message", "refusalReason"} == set(heard.outcome.extra)
        assert "541333******0011" == heard.outcome.extra["refusalReason"]
        assert SlipLine("Card  541333******0011") == heard.slips[0].lines[1]


@pytest.mark.parametrize("result", ["Success", "Failure"])
def test_both_copies_are_wanted_on_paper(result: str) -> None:
    """The terminal was asked not to print them, paid or declined; other documents are not asked
    for."""
    said = m.PaymentTold(m.Outcome(result), "T", m.PoiTransaction("A.B", "S"), 1250, 0, "EUR")
    message = orjson.loads(voice.answer(HEAD, said, "EUR"))
    message["SaleToPOIResponse"]["PaymentResponse"]["PaymentReceipt"] = [
        {
            "DocumentQualifier": qualifier,
            "RequiredSignatureFlag": qualifier == "CashierReceipt",
            "OutputContent": {"OutputText": [{"Text": "name=SHOP"}]},
        }
        for qualifier in ("CashierReceipt", "CustomerReceipt", "Journal")
    ]
    _, heard = told.answer(read_json(orjson.dumps(message)), "EUR")
    assert isinstance(heard, m.PaymentTold)
    assert [
        ("merchant", True, True),
        ("customer", True, False),
        ("administrative", False, False),
    ] == [(slip.kind, slip.must_print, slip.needs_signature) for slip in heard.slips]


def slip_of(*texts: tuple[str, bool]) -> tuple[SlipLine, ...]:
    """The lines of a receipt of these texts, each with whether it ends its line."""
    said = m.PaymentTold(m.Outcome("Success"), "T", m.PoiTransaction("A.B", "S"), 1250, 0, "EUR")
    message = orjson.loads(voice.answer(HEAD, said, "EUR"))
    content = {"OutputText": [{"Text": text, "EndOfLineFlag": is_end} for text, is_end in texts]}
    receipt = {"DocumentQualifier": "CustomerReceipt", "OutputContent": content}
    message["SaleToPOIResponse"]["PaymentResponse"]["PaymentReceipt"] = [receipt]
    _, heard = told.answer(read_json(orjson.dumps(message)), "EUR")
    assert isinstance(heard, m.PaymentTold)
    return heard.slips[0].lines


@pytest.mark.parametrize("is_last_ended", [True, False])
def test_a_number_in_parts_of_one_line_is_masked(is_last_ended: bool) -> None:
    """A line that comes in two texts is searched as it is printed."""
    lines = slip_of(("CARD 5413 3300", False), (" 8902 0011", is_last_ended), ("OK", True))
    assert " ".join(line.text for line in lines).startswith("CARD 5413 33** **** 0011")
    assert slip_of((PAN[:9], False), (PAN[9:], True)) == (SlipLine("541333******0011"),)


def test_a_line_has_its_bounds() -> None:
    """A line that has no end is cut, and a number that stands at the cut was masked before."""
    (line,) = slip_of(("x" * 30_000, False), ("y" * 30_000, True))
    assert line.text == "x" * SLIP_LINE_CHARS_MAX
    told_until = "x" * (SLIP_LINE_CHARS_MAX - 15)
    (line,) = slip_of((told_until, False), (PAN, True))
    assert line.text == told_until + "541333******001"


def told_of(name: str, text: str) -> Members:
    """A message of nothing but that member."""
    return Members("x", read_json(orjson.dumps({name: text})))


def test_card_numbers_are_shown_one_way() -> None:
    """However a terminal masks, six digits, stars and four digits are kept; else nothing is."""
    for number, shown in (
        ("541333 **** 0010", "541333******0010"),
        ("541333******0010", "541333******0010"),
        ("54133312******0010", "541333******0010"),
        ("541333XXXXXX0010", "541333******0010"),
        ("1234567890123456", "123456******3456"),
        ("************0010", ""),
        ("5413**78****0010", ""),
        ("0010", ""),
        ("", ""),
    ):
        assert shown == told_of("MaskedPan", number).text("MaskedPan"), number


def extra(text: str) -> dict[str, str]:
    """Additional data of that text."""
    return told_of("AdditionalResponse", text).pairs("AdditionalResponse")


def test_additional_data_in_both_forms() -> None:
    """Pairs come form-encoded or as base64 of JSON; what is neither comes to nothing."""
    assert {"a": "1 2", "b": ""} == extra("a=1+2&b=")
    packed = b64encode(b'{"additionalData":{"AID":"A0000000041010","offline":true},"store":"S"}')
    assert {
        "additionalData.AID": "A0000000041010",
        "additionalData.offline": "true",
        "store": "S",
    } == extra(packed.decode())
    assert {"additionalData.AID": "A1"} == extra(base64_extra({"AID": "A1"}))
    assert {} == extra("")
    assert {} == extra("====")
    assert {} == extra("&" * 500)
    assert {"x": "541333******0011"} == extra(f"x={PAN}&cardHolderName=A&expiryDate=25")


def test_lines_of_a_receipt() -> None:
    """Pairs become a name and a value, plain text stays, and control characters do not."""

    def line(text: str) -> str:
        return told.slip_text(told_of("Text", text).text("Text"))

    assert "Total  12.50 €" == line("name=Total&value=12.50%20%E2%82%AC&key=totalAmount")
    assert "" == line("key=filler")
    assert "a=b" == line("a=b")
    assert "a b" == line("a\x1bb")
    assert "x  y" == line("name=x&value=y&key=" + "k" * 50)
