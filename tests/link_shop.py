"""A shop whose registers take payments by link, and a provider's words in the store's own types."""

from __future__ import annotations

from typing import Any

import attrs

from engine.limits import PAYLINK_LIFE_S
from engine.paylink.commands import HearPaylink, RequestPaylink
from engine.paylink.state import Paylink
from engine.provider import LinkKind, LinkState, Told
from engine.settings import DefineRegister
from tests.shop import Shop

PROVIDER = "provider/qr"


def link_shop(**changes: Any) -> Shop:
    """A shop that sells at two registers, both with a provider."""
    shop = Shop.selling(**changes)
    for register in ("1", "2"):
        with_provider(shop, register)
    return shop


def with_provider(shop: Shop, register: str) -> None:
    """Let a register take payments by link."""
    setup = shop.books.settings.registers[register]
    shop.ok(DefineRegister(attrs.evolve(setup, provider=PROVIDER)), admin=True)


def link_of(shop: Shop, paylink_id: str) -> Paylink:
    """One of them, wherever it stands."""
    found = shop.books.paylinks.known(paylink_id)
    assert found is not None
    return found


def told(link: Paylink, state: LinkState, **changes: Any) -> Told:
    """What a provider says of one: about the amount that was asked."""
    asked = link.asked
    base: dict[str, Any] = {
        "reference": asked.paylink_id,
        "state": state,
        "amount_minor": asked.amount_minor,
        "currency": asked.currency,
        "provider_reference": f"P-{asked.paylink_id}",
        "method": "wallet" if state is LinkState.PAID else "",
        "url": f"https://pay.example/{asked.paylink_id}" if state is LinkState.OPEN else "",
    }
    return Told(**{**base, **changes})


def hear(
    shop: Shop, paylink_id: str, state: LinkState, *, register: str = "1", **changes: Any
) -> dict[str, Any]:
    """The provider says so, and it is taken."""
    said = told(link_of(shop, paylink_id), state, **changes)
    return shop.ok(HearPaylink(PROVIDER, said), register, admin=True)


def not_heard(
    shop: Shop, paylink_id: str, state: LinkState, *, provider: str = PROVIDER, **changes: Any
) -> str:
    """The provider says so, and it is refused; the code."""
    said = told(link_of(shop, paylink_id), state, **changes)
    return shop.no(HearPaylink(provider, said), admin=True)


def asked(
    shop: Shop,
    *codes: str,
    register: str = "1",
    amount_minor: int = 0,
    life_s: int = PAYLINK_LIFE_S,
) -> str:
    """Ring up, ask for a link and have it offered; its id."""
    shop.ring(*codes, register=register)
    request = RequestPaylink(amount_minor, life_s)
    paylink_id: str = shop.ok(request, register)["paylink_id"]
    hear(shop, paylink_id, LinkState.OPEN, register=register)
    return paylink_id


def sold(shop: Shop, *codes: str, register: str = "1") -> str:
    """A sale paid by link whole; the order's id."""
    paylink_id = asked(shop, *codes, register=register)
    order_id = link_of(shop, paylink_id).asked.order_id
    hear(shop, paylink_id, LinkState.PAID, register=register)
    return order_id


def refunds(shop: Shop) -> list[Paylink]:
    """What the provider was asked to give back and has not told the end of."""
    return [e for e in shop.books.paylinks.open.values() if e.asked.kind is LinkKind.REFUND]
