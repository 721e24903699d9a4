"""What a payment provider must do for this store, whatever protocol its actor speaks.

A provider's actor passes by being given to `ProviderContract` together with a stand on which a
test can play the customer and the provider's caller.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import trio

from actors.actor import Actor
from actors.messages import Accepted, Failure
from actors.node import Node
from actors.provider_messages import Callback, LookUp, Offer, Withdraw
from actors.world import SystemWorld
from engine.limits import NS_PER_S
from engine.provider import LinkKind, LinkState, Told
from protocols.provider import signing
from protocols.provider.actor import ProviderActor
from protocols.provider.codec import describe
from protocols.provider.fake import ProviderFake

ADDRESS = "provider/qr"


class Stand(Protocol):
    """A provider one can play at."""

    node: Node

    def pay(self, reference: str) -> bool:
        """The customer pays; False where it is not open."""
        ...

    def call(self, reference: str, *, wrongly: bool = False, at_s: int = 0) -> Callback:
        """What the provider would post about one now, signed `at_s` off the clock."""
        ...


class PaylinkStand:
    """The simulated provider and the actor that speaks the paylink protocol to it."""

    def __init__(self, node: Node, provider: ProviderFake) -> None:
        self.node = node
        self.provider = provider

    def pay(self, reference: str) -> bool:
        """As `Stand`."""
        return self.provider.pay(reference)

    def call(self, reference: str, *, wrongly: bool = False, at_s: int = 0) -> Callback:
        """As `Stand`."""
        held = self.provider.ledger.held[reference]
        body = describe(held.told, held.kind)
        now_s = self.provider.world.now_ns() // NS_PER_S + at_s
        key = b"another key of somebody" if wrongly else self.provider.secret.encode()
        return Callback(ADDRESS, str(now_s), signing.sign(key, now_s, body), body)


@asynccontextmanager
async def paylink_stand(folder: Path) -> AsyncIterator[PaylinkStand]:
    """A stand for as long as the block lasts."""
    world = SystemWorld()
    provider = ProviderFake(world, folder / "provider")
    node = Node("rig", world)
    async with trio.open_nursery() as nursery:
        await nursery.start(provider.run)
        actor: Actor = ProviderActor(provider.settings(ADDRESS))

        async def board() -> None:
            async for envelope in node.open("devices"):
                envelope.answer(Accepted())

        nursery.start_soon(board)
        nursery.start_soon(actor.run, node.open(ADDRESS), node.post_for(ADDRESS), world)
        yield PaylinkStand(node, provider)
        nursery.cancel_scope.cancel()


class ProviderContract:
    """The promises the store builds on; each is one method."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand

    async def ask(self, body: object) -> Any:
        """The actor's answer."""
        return await self.stand.node.ask(ADDRESS, body, timeout_s=10)

    async def told(self, body: object) -> Told:
        """An answer that is a word."""
        found = await self.ask(body)
        assert isinstance(found, Told), found
        return found

    async def offered(self, reference: str, amount_minor: int = 799) -> Told:
        """A payment that waits."""
        now_s = SystemWorld().now_ns() // NS_PER_S
        payment = LinkKind.PAYMENT
        return await self.told(Offer(reference, payment, amount_minor, "EUR", now_s + 600))

    async def asks_once_under_one_reference(self) -> None:
        """Asked twice, it is one payment with one address to pay at."""
        first, again = await self.offered("a"), await self.offered("a")
        assert first == again
        assert (LinkState.OPEN, 799, "EUR", "a") == (
            first.state,
            first.amount_minor,
            first.currency,
            first.reference,
        )
        assert first.url.startswith("https://")
        assert first.provider_reference

    async def takes_money_once_and_says_so(self) -> None:
        """Paid once, it is paid for whoever looks, asks again or wants it ended."""
        await self.offered("b")
        assert self.stand.pay("b")
        assert not self.stand.pay("b")
        for question in (LookUp("b", LinkKind.PAYMENT), Withdraw("b")):
            assert (LinkState.PAID, 799) == (
                (await self.told(question)).state,
                (await self.told(question)).amount_minor,
            )
        assert LinkState.PAID is (await self.offered("b")).state

    async def ends_what_is_withdrawn(self) -> None:
        """And nobody can pay it any more; nor one that was withdrawn before it was known."""
        await self.offered("c")
        assert LinkState.CANCELLED is (await self.told(Withdraw("c"))).state
        assert not self.stand.pay("c")
        assert LinkState.NOT_FOUND is (await self.told(Withdraw("d"))).state
        assert LinkState.CANCELLED is (await self.offered("d")).state
        assert not self.stand.pay("d")

    async def knows_what_it_does_not_know(self) -> None:
        """A reference it was never given is not found, of either kind."""
        for kind in LinkKind:
            assert LinkState.NOT_FOUND is (await self.told(LookUp("nobody", kind))).state

    async def lets_time_run_out(self) -> None:
        """After its time a payment has expired and cannot be paid."""
        past_s = SystemWorld().now_ns() // NS_PER_S - 1
        ended = await self.told(Offer("e", LinkKind.PAYMENT, 100, "EUR", past_s))
        assert LinkState.EXPIRED is ended.state
        assert not self.stand.pay("e")

    async def gives_back_at_most_what_was_paid(self) -> None:
        """In parts, each once under its reference; beyond it, never."""
        await self.offered("f", 1000)
        self.stand.pay("f")
        refund = LinkKind.REFUND
        for _ in range(2):
            part = await self.told(Offer("f1", refund, 600, "EUR", original="f"))
            assert part.state in (LinkState.OPEN, LinkState.REFUNDED)
        more = await self.told(Offer("f2", refund, 401, "EUR", original="f"))
        assert LinkState.FAILED is more.state
        unpaid = await self.told(Offer("f3", refund, 1, "EUR", original="nobody"))
        assert LinkState.FAILED is unpaid.state

    async def believes_signed_calls_of_now_alone(self) -> None:
        """Its own, in time; nobody else's, and no old one."""
        await self.offered("g")
        self.stand.pay("g")
        assert LinkState.PAID is (await self.told(self.stand.call("g"))).state
        for refused, code in (
            (self.stand.call("g", wrongly=True), "signature_wrong"),
            (self.stand.call("g", at_s=-330), "time_too_far"),
            (self.stand.call("g", at_s=330), "time_too_far"),
        ):
            found = await self.ask(refused)
            assert isinstance(found, Failure)
            assert code == found.code


PROMISES = [name for name in vars(ProviderContract) if name[0] != "_" and name not in (
    "ask", "told", "offered",
)]  # fmt: skip
