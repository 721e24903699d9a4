"""Payments by link through the whole store: register, journal, integrations node, HTTPS and back.

Whatever the provider's calls do, its books and the store's agree, and a sale is closed once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trio

from engine.paylink.events import LinkProblem
from engine.provider import LinkKind, LinkState, Told
from protocols.provider import limits
from protocols.provider.client import client_context, request
from protocols.provider.codec import describe
from protocols.provider.fake import ProviderFake
from tests.store.harness import eventually
from tests.store.link_rig import LinkShop, open_link_shop, open_provider


def problems(shop: LinkShop) -> list[LinkProblem]:
    """Why a person must look."""
    return [link.problem for link in shop.store.books.paylinks.exceptions.values()]


def back_of(sale: str, line: int) -> dict[str, Any]:
    """One piece of a line comes back."""
    return {"order_id": sale, "line": line, "quantity_milli": 1000, "reason": "stale"}


@pytest.mark.feature("PAY-13", part="a signed call closes the sale")
async def test_a_signed_call_closes_the_sale(folder: Path) -> None:
    """Asked over HTTPS, paid on a phone, called back: the sale is done and the provider thanked."""
    async with open_provider(folder) as provider, open_link_shop(folder, provider) as shop:
        paylink_id = await shop.ask_for_link("wine", "bread")
        (offered,) = provider.open_payments()
        assert (1149, "EUR", paylink_id) == (
            offered.amount_minor,
            offered.currency,
            offered.reference,
        )
        link = shop.link(paylink_id)
        assert link is not None
        assert link.url == f"{provider.url}/pay/{paylink_id}"
        view = await shop.look("display.state")
        assert view["paylink"]["url"] == link.url
        provider.pay(paylink_id)
        await shop.until(paylink_id, "confirmed")
        await eventually(lambda: provider.answers, "an answer to the call")
        assert [204] == provider.answers
        assert ["1-000001"] == await shop.until_receipts(1)
        assert [1149] == [entry["amount_minor"] for entry in shop.tenders()]


@pytest.mark.feature("PAY-13", part="where no call can reach the shop, it asks")
async def test_a_shop_that_nobody_can_call_asks(folder: Path) -> None:
    """Without an address to call, the same end by the same way: the payment page is paid, the
    store looks, the sale closes."""
    async with (
        open_provider(folder) as provider,
        open_link_shop(folder, provider, calls=False) as shop,
    ):
        paylink_id = await shop.ask_for_link("wine")
        link = shop.link(paylink_id)
        assert link is not None
        trusted = client_context((folder / "provider" / "authority.pem").read_text())
        page = await request(link.url, "GET", (), b"", trusted)
        assert b"Have the bank say no" in page.body
        paid = await request(link.url, "POST", (), b"do=pay", trusted)
        assert (200, True) == (paid.status, b"paid" in paid.body)
        await shop.until(paylink_id, "confirmed")
        assert [] == provider.answers
        assert ["1-000001"] == await shop.until_receipts(1)


@pytest.mark.feature("PAY-13")
@pytest.mark.parametrize(
    "trouble", [{"lose": 1}, {"repeat": 3}, {"delay_s": 0.5}, {"wrongly": 1}, {"hold": 1}]
)
async def test_whatever_becomes_of_the_calls_it_is_counted_once(
    folder: Path, trouble: dict[str, int]
) -> None:
    """Lost, repeated, late, wrongly signed or out of order: two sales, two receipts."""
    async with open_provider(folder) as provider, open_link_shop(folder, provider) as shop:
        for name, value in trouble.items():
            setattr(provider.troubles, name, value)
        for number in (1, 2):
            paylink_id = await shop.ask_for_link("wine")
            provider.pay(paylink_id)
            await shop.until(paylink_id, "confirmed")
            await shop.until_receipts(number)
        await trio.sleep(0.8)
        assert ["1-000001", "1-000002"] == shop.receipts()
        assert 2 * 799 == provider.ledger.taken_minor
        assert [] == problems(shop)
        assert set(provider.answers) <= {204, 401}


@pytest.mark.feature("PAY-13", part="two calls at once through two doors")
async def test_two_calls_at_once_are_one_payment(folder: Path) -> None:
    """The same word over many connections at once: one tender, and all thanked."""
    async with open_provider(folder) as provider, open_link_shop(folder, provider) as shop:
        paylink_id = await shop.ask_for_link("wine")
        provider.troubles.lose = 1
        provider.pay(paylink_id)
        held = provider.ledger.held[paylink_id]
        body = describe(held.told, held.kind)
        async with trio.open_nursery() as nursery:
            for _ in range(12):
                nursery.start_soon(provider.post, shop.callback_url, body)
        assert [204] * 12 == provider.answers
        assert ["1-000001"] == await shop.until_receipts(1)
        assert 1 == len(shop.records("paylink.confirmed/1"))


async def test_a_call_that_is_not_the_providers_changes_nothing(folder: Path) -> None:
    """Another key, another time, another body, no word at all, too much, nobody's door: each is
    refused by its name and leaves the journal as it was."""
    async with open_provider(folder) as provider, open_link_shop(folder, provider) as shop:
        paylink_id = await shop.ask_for_link("wine")
        paid = Told(paylink_id, LinkState.PAID, 799, "EUR", "SIM-1", "wallet")
        body = describe(paid, LinkKind.PAYMENT)
        before = shop.store.books.position
        url = shop.callback_url
        assert 401 == await provider.post(url, body, key="another key of somebody")
        provider.troubles.at_s = -330
        assert 401 == await provider.post(url, body)
        provider.troubles.at_s = 330
        assert 401 == await provider.post(url, body)
        provider.troubles.at_s = 0
        assert 400 == await provider.post(url, b"[]")
        assert 400 == await provider.post(url, b'{"reference":')
        assert 413 == await provider.post(url, b"x" * 20_000)
        assert 404 == await provider.post(url.replace("/qr", "/other"), body)
        nobody = Told("nobody", LinkState.CANCELLED, 5, "EUR", "SIM-2")
        assert 404 == await provider.post(url, describe(nobody, LinkKind.PAYMENT))
        assert 409 == await provider.post(
            url, body.replace(b'"payment"', b'"refund"').replace(b'"paid"', b'"refunded"')
        )
        unsigned = await request(url, "POST", (), body, client_context())
        assert (401, True) == (unsigned.status, b"signature_wrong" in unsigned.body)
        assert before == shop.store.books.position
        assert "waiting" == (await shop.until(paylink_id, "waiting")).standing.value


@pytest.mark.feature("PAY-13", part="cancelled, expired and late money")
async def test_cancelling_is_told_to_the_provider_and_late_money_goes_back(folder: Path) -> None:
    """The provider ends it; paid just before, the money is sent back once a person says so."""
    async with open_provider(folder) as provider, open_link_shop(folder, provider) as shop:
        first = await shop.ask_for_link("wine")
        await shop.do("paylink.cancel", paylink_id=first)
        await shop.until(first, "cancelled")
        assert not provider.pay(first)
        second = (await shop.do("paylink.request"))["paylink_id"]
        await shop.until(second, "waiting")
        await shop.do("order.tender_cash", amount_minor=799)
        await shop.do("order.complete")
        provider.pay(second)
        await eventually(lambda: problems(shop) == [LinkProblem.LATE], "late money")
        sent = (await shop.do("paylink.send_back", paylink_id=second))["paylink_id"]
        await shop.until(sent, "confirmed")
        assert 0 == provider.ledger.taken_minor
        assert [] == problems(shop)
        assert {} == shop.store.books.paylinks.open


async def test_a_refund_is_asked_for_until_it_went_or_is_listed(folder: Path) -> None:
    """A return ends at once though the provider is away; it goes back when it comes again, and one
    that fails is listed."""
    async with open_provider(folder) as provider, open_link_shop(folder, provider) as shop:
        paylink_id = await shop.ask_for_link("wine", "bread")
        provider.pay(paylink_id)
        await shop.until(paylink_id, "confirmed")
        await shop.until_receipts(1)
        sale = shop.records("order.completed/1")[0].data["order_id"]
        provider.troubles.down = True
        await shop.do("order.add_return_line", **back_of(sale, 1))
        back = await shop.do("paylink.request")
        assert "1-000002" == back["receipt_number"]
        provider.troubles.down = False
        await shop.until(back["paylink_id"], "confirmed")
        assert 350 == provider.ledger.taken_minor
        provider.ledger.auto_refund = False
        await shop.do("order.add_return_line", **back_of(sale, 2))
        back = await shop.do("paylink.request")
        await shop.until(back["paylink_id"], "waiting")
        provider.finish(back["paylink_id"], is_paid_back=False)
        await eventually(lambda: problems(shop) == [LinkProblem.NOT_RETURNED], "a listed refund")
        assert 350 == provider.ledger.taken_minor


async def test_a_provider_that_says_no_ends_it_at_once(folder: Path) -> None:
    """A bank that declines, and a provider that will not do it: told, and nothing moved."""
    async with open_provider(folder) as provider, open_link_shop(folder, provider) as shop:
        paylink_id = await shop.ask_for_link("wine")
        provider.refuse(paylink_id)
        link = await shop.until(paylink_id, "failed")
        assert "declined" == link.code
        provider.token = "another"
        second = (await shop.do("paylink.request"))["paylink_id"]
        assert "refused" == (await shop.until(second, "failed")).code


@pytest.mark.parametrize("spoilt", ["token", "secret", "authority.pem"])
async def test_a_provider_whose_keys_cannot_be_read_is_shown_and_nothing_is_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, spoilt: str
) -> None:
    """The board says so without saying what is in a file, and selling goes on."""
    # What it says first is lost, as its link to the store is not up yet.
    monkeypatch.setattr(limits, "ANNOUNCE_S", 0.2)
    async with open_provider(folder) as provider:
        (folder / "provider" / spoilt).write_text("")
        if spoilt == "authority.pem":
            (folder / "provider" / spoilt).unlink()
        async with open_link_shop(folder, provider) as shop:

            async def is_shown() -> bool:
                devices = (await shop.look("register.state"))["devices"]
                return any((d["state"], d["code"]) == ("failed", "not_set_up") for d in devices)

            await eventually(is_shown, "a provider that is not set up")
            await shop.sell("wine")
            assert [] == provider.requests


async def test_another_authority_is_not_believed(folder: Path) -> None:
    """A provider that another authority vouches for hears nothing, its token least of all."""
    async with open_provider(folder) as provider, open_provider(folder / "other") as other:
        pem = (other.folder / "authority.pem").read_text()
        (provider.folder / "authority.pem").write_text(pem)
        async with open_link_shop(folder, provider) as shop:
            await shop.do("order.add_line", code="wine")
            await shop.do("paylink.request")

            async def is_shown() -> bool:
                devices = (await shop.look("register.state"))["devices"]
                return any(d["code"] == "not_verified" for d in devices)

            await eventually(is_shown, "a provider that is not verified")
            assert [] == provider.requests


async def sold_by_link(shop: LinkShop, provider: ProviderFake) -> str:
    """Sell a bottle of wine that is paid by link; the order's id."""
    paylink_id = await shop.ask_for_link("wine")
    provider.pay(paylink_id)
    await shop.until(paylink_id, "confirmed")
    await shop.until_receipts(1)
    return str(shop.records("order.completed/1")[0].data["order_id"])


async def test_a_refund_that_its_provider_does_not_know_is_listed_not_asked_for_ever(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers 404, each time: listed, asked again when a person says so, listed again, and given
    back once, under the one reference, when the provider knows it."""
    for module in ("engine.limits", "actors.paylinks"):
        monkeypatch.setattr(f"{module}.PAYLINK_UNKNOWN_NS", 0)
    monkeypatch.setattr("actors.paylinks.LOOK_OFTEN_S", 0.05)
    async with (
        open_provider(folder) as provider,
        open_link_shop(folder, provider, calls=False) as shop,
    ):
        sale = await sold_by_link(shop, provider)
        known = ProviderFake._do
        monkeypatch.setattr(ProviderFake, "_do", lambda *_: None)
        await shop.do("order.add_return_line", **back_of(sale, 1))
        refund = (await shop.do("paylink.request"))["paylink_id"]
        unknown = [LinkProblem.NOT_KNOWN]
        for turn in range(2):
            await eventually(lambda: problems(shop) == unknown, "an unknown refund")
            asked_for = len(provider.requests)
            assert 3 * (turn + 1) <= len([one for one in provider.requests if one[0] == "PUT"]) - 1
            await trio.sleep(0.3)
            assert asked_for == len(provider.requests), "nobody asks any more"
            if turn:
                monkeypatch.setattr(ProviderFake, "_do", known)
            again = await shop.do("paylink.send_back", paylink_id=refund)
            assert refund == again["paylink_id"]
        await shop.until(refund, "confirmed")
        assert 0 == provider.ledger.taken_minor
        assert [] == problems(shop)


@pytest.mark.parametrize(
    ("status", "problem"), [(403, LinkProblem.REFUSED), (422, LinkProblem.NOT_RETURNED)]
)
async def test_a_refund_that_its_provider_refuses_is_listed_with_its_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, status: int, problem: LinkProblem
) -> None:
    """It says nothing of it, or that it will not be done: a person is told what it said, and nobody
    asks any more."""
    for module in ("engine.limits", "actors.paylinks"):
        monkeypatch.setattr(f"{module}.PAYLINK_UNKNOWN_NS", 0)
    monkeypatch.setattr("actors.paylinks.LOOK_OFTEN_S", 0.05)
    answers = ProviderFake._answer

    def refusing(fake: ProviderFake, method: str, path: str, *rest: Any) -> tuple[int, str, bytes]:
        if "/refunds/" in path:
            return status, "application/json", b'{"message": "too late"}'
        return answers(fake, method, path, *rest)

    monkeypatch.setattr(ProviderFake, "_answer", refusing)
    async with (
        open_provider(folder) as provider,
        open_link_shop(folder, provider, calls=False) as shop,
    ):
        sale = await sold_by_link(shop, provider)
        await shop.do("order.add_return_line", **back_of(sale, 1))
        refund = (await shop.do("paylink.request"))["paylink_id"]
        await eventually(lambda: problems(shop) == [problem], "a refused refund")
        listed = shop.store.books.paylinks.exceptions[refund]
        assert f"refused {status} too late" == listed.code
        asked_for = len(provider.requests)
        await trio.sleep(0.3)
        assert asked_for == len(provider.requests), "nobody asks any more"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<html>busy</html>", "200 not_json"),
        (
            b'{"state": "refunded", "detail": "to 4111 1111 1111 1111"}',
            "200 field_wrong kind to ***",
        ),
        (b"x" * (limits.ANSWER_BYTES_MAX + 1), "too_long"),
    ],
)
async def test_a_refund_whose_answers_cannot_be_read_is_listed_and_leaves_the_list_by_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, content: bytes, why: str
) -> None:
    """A person is told what is wrong with them; the provider is asked on, and its first word that
    can be read settles it."""
    for module in ("engine.limits", "actors.paylinks"):
        monkeypatch.setattr(f"{module}.PAYLINK_UNKNOWN_NS", 0)
    for name in ("LOOK_OFTEN_S", "LOOK_MAX_S"):
        monkeypatch.setattr(f"actors.paylinks.{name}", 0.05)
    answers = ProviderFake._answer

    def babbling(fake: ProviderFake, method: str, path: str, *rest: Any) -> tuple[int, str, bytes]:
        if "/refunds/" in path:
            return 200, "application/json", content
        return answers(fake, method, path, *rest)

    async with (
        open_provider(folder) as provider,
        open_link_shop(folder, provider, calls=False) as shop,
    ):
        paylink_id = await shop.ask_for_link("wine")
        provider.pay(paylink_id)
        await shop.until(paylink_id, "confirmed")
        await shop.until_receipts(1)
        sale = shop.records("order.completed/1")[0].data["order_id"]
        with monkeypatch.context() as patched:
            patched.setattr(ProviderFake, "_answer", babbling)
            await shop.do("order.add_return_line", **back_of(sale, 1))
            refund = (await shop.do("paylink.request"))["paylink_id"]
            await eventually(lambda: problems(shop) == [LinkProblem.UNREADABLE], "what is unread")
            assert f"unreadable {why}" == shop.store.books.paylinks.exceptions[refund].code
            asked_for = len(provider.requests)
            await eventually(lambda: len(provider.requests) > asked_for + 3, "it is asked on")
            assert 1 == len(shop.records("paylink.ended/1")), "listed once"
        await shop.until(refund, "confirmed")
        assert ([], 0) == (problems(shop), provider.ledger.taken_minor)
