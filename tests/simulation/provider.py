"""A payment provider beyond the shop's internet: its books, the customers who pay there, and its
calls, which come late, twice, in the wrong order or not at all.

The store asks it through its production actor; only the wire between the two is the simulation's.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import trio
from attrs import define, field

from actors.errors import PostError
from actors.provider_messages import Callback, Taken
from actors.web.exchange import HttpAnswer
from engine.limits import NS_PER_S
from engine.provider import LinkKind, LinkState, Told
from engine.wire import parse
from protocols.provider import codec, signing
from protocols.provider.actor import ProviderActor, _Keys
from protocols.provider.client import ReachError
from protocols.provider.ledger import Held, Ledger, LedgerError
from protocols.provider.settings import ProviderSettings
from tests.simulation.facts import PROVIDER
from tests.simulation.machines import keep_anchor
from tests.simulation.seen import Moved
from tests.simulation.shaky import Shaky

if TYPE_CHECKING:
    from actors.node import Node
    from engine.books import Books
    from tests.simulation.run import Simulation

KEY = b"the key of simulated calls"
WRONG_KEY = b"a key that nobody was given"
_URL = "https://provider.example"
_CALLS_MAX = 6
_KINDS = {"payments": LinkKind.PAYMENT, "refunds": LinkKind.REFUND}


def _page(reference: str) -> str:
    return f"{_URL}/pay/{reference}"


@define(eq=False)
class Provider:
    """The far end. `is_away` answers nothing and calls nobody. `twice` is what customers paid a
    second time, by reference; `before_put` is told of each reference before it is taken on."""

    sim: Simulation
    chance: random.Random
    ledger: Ledger = field(factory=lambda: Ledger(_page))
    is_away: bool = False
    twice: dict[str, int] = field(factory=dict)
    before_put: Callable[[str], None] = lambda reference: None
    calling: int = 0
    _calm: trio.Event = field(factory=trio.Event)

    # ---------------------------------------------------------------------------- what it is asked

    async def exchange(self, asked: codec.Question) -> HttpAnswer:
        """A question and its answer; either may be lost on the way.

        Raises:
            ReachError: no answer came.
        """
        await trio.sleep(self.chance.uniform(0.01, 0.2))
        if self.is_away or self._goes_wrong(0.05):
            raise ReachError("unreachable", "the internet is out")
        reply = self._answer(asked)
        await trio.sleep(self.chance.uniform(0.01, 0.2))
        if self._goes_wrong(0.05):
            raise ReachError("link_lost")
        return reply

    @property
    def _is_calm(self) -> bool:
        return self._calm.is_set()

    def _goes_wrong(self, share: float) -> bool:
        return not self._is_calm and self.chance.random() < share

    def _answer(self, asked: codec.Question) -> HttpAnswer:
        _, _, folder, reference, *rest = asked.path.split("/")
        kind = _KINDS[folder]
        try:
            if asked.method == "PUT":
                held: Held | None = self._put(reference, kind, parse(asked.body))
            elif rest:
                held = self.ledger.cancel(reference)
            else:
                held = self.ledger.get(reference, kind, self._now_s())
        except LedgerError as error:
            return HttpAnswer(error.status, b"{}")
        if held is None:
            return HttpAnswer(404, b"{}")
        return HttpAnswer(200, codec.describe(held.told, held.kind))

    def _put(self, reference: str, kind: LinkKind, data: dict[str, Any]) -> Held:
        is_known = reference in self.ledger.held
        self.before_put(reference)
        told = Told(reference, LinkState.OPEN, data["amount_minor"], data["currency"])
        is_refund = kind is LinkKind.REFUND
        self.ledger.auto_refund = self._is_calm or self.chance.random() < 0.5
        held = self.ledger.put(
            Held(told, kind, "", data.get("expires_at", 0), data["payment"] if is_refund else "")
        )
        if not is_known and held.told.state is LinkState.OPEN:
            wait = self._refund_ends if is_refund else self._customer
            self.sim.background.start_soon(wait, reference)
        return held

    def holds(self) -> dict[str, Moved]:
        """Its books, by reference: what the auditor holds the journal against."""
        return {
            reference: Moved(held.told.state.value, held.told.amount_minor)
            for reference, held in self.ledger.held.items()
        }

    def _now_s(self) -> int:
        return self.sim.world.now_ns() // NS_PER_S

    # -------------------------------------------------------------------------- who pays over there

    async def _customer(self, reference: str) -> None:
        """Pays at once or late, twice, has a bank that says no, or never does anything."""
        plans = ("pays", "pays_late", "pays_twice", "bank_says_no", "leaves")
        plan = self.chance.choices(plans, (8, 3, 2, 2, 2))[0]
        await trio.sleep(self.chance.uniform(0.2, 2.0))
        if plan == "pays_late":
            await trio.sleep(self.chance.uniform(2.0, 8.0))
        if plan == "leaves":
            await self._calm.wait()
        if plan in ("bank_says_no", "leaves"):
            self._call_about(self.ledger.refuse(reference))
            return
        held = self.ledger.pay(reference, self._now_s())
        self._call_about(held)
        if plan == "pays_twice" and held is not None:
            again = attrs.evolve(held.told, provider_reference=f"{held.told.provider_reference}-2")
            self.twice[reference] = again.amount_minor
            # Once one of the two is known the store asks no more: of the other only a call tells.
            for told in (held.told, again):
                self.calling += 1
                self.sim.background.start_soon(self._call, attrs.evolve(held, told=told), True)

    async def _refund_ends(self, reference: str) -> None:
        await trio.sleep(self.chance.uniform(0.5, 4.0))
        is_paid_back = self._is_calm or self.chance.random() < 0.8
        self._call_about(self.ledger.finish(reference, is_paid_back=is_paid_back))

    # -------------------------------------------------------------------------------- what it calls

    def _call_about(self, held: Held | None) -> None:
        """A word of what became of it: or none, or with an older one behind it."""
        if held is None or self._goes_wrong(0.3):
            return
        words = [held] * self.chance.choice((1, 1, 2))
        if held.kind is LinkKind.PAYMENT and self.chance.random() < 0.3:
            was = attrs.evolve(
                held.told, state=LinkState.OPEN, method="", url=_page(held.told.reference)
            )
            words.insert(self.chance.randrange(2), attrs.evolve(held, told=was))
        for word in words:
            self.calling += 1
            self.sim.background.start_soon(self._call, word, False)

    async def _call(self, held: Held, insists: bool) -> None:
        """Until it is taken; one that does not insist gives up at last."""
        try:
            tries = 0
            while insists or tries < _CALLS_MAX:
                tries += 1
                await trio.sleep(self.chance.choice((0.1, 0.5, 3.0)))
                if await self._is_taken(codec.describe(held.told, held.kind)):
                    return
        finally:
            self.calling -= 1

    async def _is_taken(self, body: bytes) -> bool:
        store = self.sim.store.store
        if store is None or self.is_away:
            return False
        key = WRONG_KEY if self._goes_wrong(0.15) else KEY
        at_s = self._now_s()
        call = Callback(PROVIDER, str(at_s), signing.sign(key, at_s, body), body)
        try:
            answer = await store.node.ask("paylinks", call, timeout_s=15.0)
        except PostError:
            return False
        if not isinstance(answer, Taken):
            return False
        if key is WRONG_KEY:
            self.sim.fail("Q3_asked_before_and_signed", f"taken, though signed wrongly: {body!r}")
        return True

    def heal(self) -> None:
        """It is there, says what it has to say, and nobody stands there undecided."""
        self.is_away = False
        self._calm.set()

    def not_drained(self, books: Books) -> list[str]:
        """What is still on its way between it and the store."""
        found = [f"link {link.asked.paylink_id} ({link.standing.value})"
                 for link in books.paylinks.open.values()]  # fmt: skip
        return [*found, f"{self.calling} calls of the provider"] if self.calling else found


class WiredProvider(ProviderActor):
    """The production actor, with the simulation's wire for HTTPS."""

    def __init__(self, provider: Provider) -> None:
        super().__init__(ProviderSettings(PROVIDER, _URL, "/token", "/secret"))
        self._provider = provider

    def _read_keys(self) -> Any:
        return _Keys("token", (KEY,), None)  # type: ignore[arg-type]

    async def _reach(self, asked: codec.Question, keys: Any) -> HttpAnswer:
        return await self._provider.exchange(asked)


def integrations_actors(
    provider: Provider, living: dict[str, Shaky]
) -> Callable[[Node, Any], None]:
    """What lives in the integrations node: its anchor, and whoever speaks with the provider."""

    def settle(node: Node, supervisor: Any) -> None:
        keep_anchor(node, supervisor)
        supervisor.start(partial(Shaky, lambda: WiredProvider(provider), living))

    return settle
