"""A nexo terminal's own name, and its names for transactions, come through as it told them."""

from __future__ import annotations

import attrs
import orjson
import pytest
import trio

from engine.terminal import Identity, Kind, Transaction, Verdict
from hardware.terminal.nexo import envelope, ledger, naming, told, voice
from hardware.terminal.nexo import messages as m
from hardware.terminal.nexo.client import NoticeDoor
from hardware.terminal.nexo.outlet import TcpOutlet
from hardware.terminal.nexo.play import Plan
from hardware.terminal.nexo.profile import Carrier
from hardware.terminal.nexo.reading import read_json
from tests.hardware.nexo_rig import KEY, POI_ID, open_nexo, papers, profile
from tests.hardware.terminal_rig import sale

# Fifteen digits behind the model: with its last digit they look like a card's number.
LOOKS_LIKE_A_CARD = "S1F2-000158213605019"
# Made as Adyen makes them, with the digits of a card's number.
NAME = "HFK2001728622482801.PVXXZT3V86KBJQOI"
STAMP = "2024-10-11T04:54:42.801Z"


def poi_id_told(expected: str) -> str:
    """The name in a terminal's header, as it is told to whoever expects `expected`."""
    head = {"MessageCategory": "Diagnosis", "POIID": LOOKS_LIKE_A_CARD, "MessageType": "Response"}
    response = {"Response": {"Result": "Success"}}
    message = {"SaleToPOIResponse": {"MessageHeader": head, "DiagnosisResponse": response}}
    return told.answer(read_json(orjson.dumps(message), expected), "EUR")[0].poi_id


def test_only_the_expected_terminals_name_is_told_as_it_stands() -> None:
    """The shop knows it already; any other that looks like a card number is masked."""
    assert LOOKS_LIKE_A_CARD == poi_id_told(LOOKS_LIKE_A_CARD)
    masked = "S1F2-00015******5019"
    assert {masked} == {poi_id_told(other) for other in ("", POI_ID, LOOKS_LIKE_A_CARD.lower())}


@pytest.mark.parametrize("carrier", Carrier)
async def test_a_terminal_whose_serial_looks_like_a_card_number_is_paid_at(
    carrier: Carrier,
) -> None:
    """It becomes ready, takes a payment, and settles one whose answer was lost."""
    shown = papers(f"{LOOKS_LIKE_A_CARD}.live.terminal.adyen.com")
    asked = profile(poi_id=LOOKS_LIKE_A_CARD, carrier=carrier)
    async with open_nexo(
        TcpOutlet(), told=asked, shown=shown, poi_id=LOOKS_LIKE_A_CARD, carrier=carrier
    ) as shop:
        with trio.fail_after(20):
            assert Verdict.APPROVED is (await shop.device.request(sale(1250))).verdict
            shop.fake.plans.append(Plan(lose="reply"))
            doubt = await shop.device.request(sale(500))
            assert (Verdict.UNKNOWN, "link_lost") == (doubt.verdict, doubt.code)
            settled = await shop.device.inquire(doubt)
        assert (Verdict.APPROVED, 500) == (settled.verdict, settled.amount_minor)
        assert LOOKS_LIKE_A_CARD == settled.identity.terminal_id
        assert 1750 == shop.fake.ledger.booked_minor


async def test_its_notices_are_heard() -> None:
    """What it tells unasked is of the shop's terminal, too."""
    shown = papers(f"{LOOKS_LIKE_A_CARD}.live.terminal.adyen.com")
    head = m.Header("Display", "", "register-1", LOOKS_LIKE_A_CARD, "Request", "Device", "1")
    notice = envelope.close(
        head, voice.display(head, "PIN_ENTERED", None), KEY, bytes(16), "SaleToPOIRequest"
    )
    async with open_nexo(
        TcpOutlet(), told=profile(poi_id=LOOKS_LIKE_A_CARD), shown=shown,
        poi_id=LOOKS_LIKE_A_CARD, door=NoticeDoor("127.0.0.1", 0),
    ) as shop:  # fmt: skip
        with trio.fail_after(5):
            while not shop.device.door_port:  # noqa: ASYNC110
                await trio.sleep(0.01)
        shop.fake.notices = ("127.0.0.1", shop.device.door_port)
        await shop.fake.tell(notice)
        assert [200] == shop.fake.notice_answers


def call_payments(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the terminal call its first payment so."""

    def poi(one: ledger.Entry) -> m.PoiTransaction:
        return m.PoiTransaction(name if one.number == 1 else f"x{one.number}", STAMP)

    monkeypatch.setattr(ledger.Entry, "poi", property(poi))


async def test_a_payment_whose_name_looks_like_a_card_number_goes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A part of it as a refund, without a card; and the whole where it is taken back."""
    call_payments(NAME, monkeypatch)
    async with open_nexo(TcpOutlet()) as shop:
        with trio.fail_after(20):
            paid = await shop.device.request(sale(1250))
            assert f"{STAMP} {NAME}" == paid.identity.reference
            shop.fake.plans.append(Plan("none"))
            part = await shop.device.request(Transaction(Kind.REFUND, 250, 978, paid.identity))
            assert (Verdict.APPROVED, 250) == (part.verdict, part.amount_minor)
    async with open_nexo(TcpOutlet()) as shop:
        with trio.fail_after(20):
            back = await shop.device.reverse(await shop.device.request(sale(1250)))
        assert (Verdict.APPROVED, 0) == (back.verdict, shop.fake.ledger.booked_minor)


async def test_a_name_told_by_a_notice_comes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands in the doubt where the line broke before the answer."""
    call_payments(NAME, monkeypatch)
    async with open_nexo(TcpOutlet(), carrier=Carrier.WEBSOCKET) as shop:
        with trio.fail_after(20):
            shop.fake.plans.append(Plan(lose="reply"))
            doubt = await shop.device.request(sale(1250))
        assert f"{STAMP} {NAME}" == doubt.identity.reference


async def test_nothing_is_asked_under_a_name_that_was_masked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name made in no known way that looks like a card number is nobody's: it is not taken back
    under it, and a refund wants a card as where no name was told."""
    call_payments("4111111111111111", monkeypatch)
    async with open_nexo(TcpOutlet()) as shop:
        with trio.fail_after(20):
            paid = await shop.device.request(sale(1250))
            assert f"{STAMP} 411111******1111" == paid.identity.reference
            heard = shop.fake.heard.count("Reversal")
            back = await shop.device.reverse(paid)
            assert (Verdict.ABORTED, "original_not_named") == (back.verdict, back.code)
            refund = Transaction(Kind.REFUND, 250, 978, paid.identity)
            assert Verdict.APPROVED is (await shop.device.request(refund)).verdict
        assert heard == shop.fake.heard.count("Reversal")
    masked = Identity(POI_ID, receipt=9, reference=f"{STAMP} HFK200******2801")
    assert naming.poi_in(masked) is None
    assert naming.poi_in(attrs.evolve(masked, reference=f"{STAMP} {NAME}")) is not None
