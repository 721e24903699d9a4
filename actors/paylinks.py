"""Payments by link on their way: providers are asked, and their word is journaled, once."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import structlog
import trio

from actors.asks import Committed, ReadPaylinks, Reply, Submit
from actors.errors import PostError
from actors.limits import (
    ASK_TIMEOUT_S,
    LOOK_MAX_S,
    LOOK_OFTEN_NS,
    LOOK_OFTEN_S,
    LOOK_UNKNOWN_TIMES,
    NS_PER_S,
    PROVIDER_TIMEOUT_S,
)
from actors.mailbox import Envelope, Mailbox
from actors.messages import Failure
from actors.provider_messages import Callback, LookUp, Offer, Taken, Withdraw
from actors.register import OFFICE
from actors.world import World
from engine.limits import PAYLINK_GRACE_NS, PAYLINK_UNKNOWN_NS
from engine.paylink.events import LinkProblem, Standing
from engine.paylink.state import Paylink
from engine.provider import LinkKind, LinkState, Told
from engine.wire import canonical, unstructure

log = structlog.get_logger()
_UNTOLD = (LinkState.NOT_FOUND, LinkState.REFUSED, LinkState.UNREADABLE)


def concerns(news: Committed) -> bool:
    """Whether anything became of a payment by link."""
    return any(record.stream.startswith("paylink/") for record in news.records)


class PaylinksActor:
    """*Owns* which payments by link are being followed. *Receives* `Committed` from the bookkeeper,
    `Callback` from doors. *Sends* `Offer`, `LookUp`, `Withdraw` and `Callback` to providers,
    `paylink.hear` and `paylink.expire` to the bookkeeper. *If it dies* all that is open is followed
    anew: a provider does what it is asked under one reference once.

    What a provider answers and what it calls go one way, `_hear`, under an id made of the word
    itself: the same word twice, over whatever door, is one command.
    """

    address = "paylinks"

    def __init__(self) -> None:
        self._open: dict[str, Paylink] = {}
        self._followed: set[str] = set()
        self._changed: dict[str, trio.Event] = {}
        self._wake = trio.Event()
        self._met = trio.Event()

    async def run(self, mailbox: Mailbox, post: Any, world: World) -> None:
        """Look at what is open whenever facts about it were committed."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch, nursery, post, world)
            async for envelope in mailbox:
                match envelope.body:
                    case Committed() as news:
                        if concerns(news):
                            self._wake.set()
                    case Callback():
                        nursery.start_soon(self._called, envelope, envelope.body, post)
                    case _:
                        log.warning("message_not_understood", kind=type(envelope.body).__name__)

    async def _watch(self, nursery: trio.Nursery, post: Any, world: World) -> None:
        while True:
            self._wake = trio.Event()
            try:
                found = await post.ask("bookkeeper", ReadPaylinks(), timeout_s=ASK_TIMEOUT_S)
            except PostError:
                await world.sleep(LOOK_OFTEN_S)
                continue
            before, self._open = self._open, {link.asked.paylink_id: link for link in found}
            for paylink_id, link in self._open.items():
                if paylink_id not in self._followed:
                    self._followed.add(paylink_id)
                    nursery.start_soon(self._follow, paylink_id, post, world)
                elif link != before.get(paylink_id):
                    self._tell(paylink_id)
            self._met.set()
            for paylink_id in before:
                if paylink_id not in self._open:
                    self._tell(paylink_id)
            await self._wake.wait()

    def _tell(self, paylink_id: str) -> None:
        """Whoever follows it looks at it now."""
        if paylink_id in self._changed:
            self._changed[paylink_id].set()

    # ------------------------------------------------------------------------------- one of them

    async def _follow(self, paylink_id: str, post: Any, world: World) -> None:
        """Ask until its provider told how it ended: often while a customer may be waiting."""
        began_ns, pause_s, unknown = world.monotonic_ns(), LOOK_OFTEN_S, 0
        while (link := self._open.get(paylink_id)) is not None:
            self._changed[paylink_id] = trio.Event()
            answer = await self._ask(link, post)
            if isinstance(answer, Told):
                unknown = unknown + 1 if answer.state in _UNTOLD else 0
                if _is_news(link, answer, unknown, world.now_ns()):
                    await self._hear(link.asked.provider, answer, post)
            else:
                log.info("provider_waits", paylink=paylink_id, reason=answer.code)
            if link.is_payable and 0 < _until_ns(link) < world.now_ns():
                await self._expire(link, post, world)
            is_soon = world.monotonic_ns() - began_ns < LOOK_OFTEN_NS
            pause_s = LOOK_OFTEN_S if is_soon else min(2 * pause_s, LOOK_MAX_S)
            left_s = (_until_ns(link) - world.now_ns()) / NS_PER_S + 0.1
            if link.is_payable and left_s > 0:
                pause_s = min(pause_s, left_s)
            with trio.move_on_after(pause_s):
                await self._changed[paylink_id].wait()
        self._changed.pop(paylink_id, None)
        self._followed.discard(paylink_id)

    async def _ask(self, link: Paylink, post: Any) -> Told | Failure:
        asked = link.asked
        question: Offer | LookUp | Withdraw
        if link.standing is Standing.REQUESTED and not link.is_cancel_asked:
            question = Offer(
                asked.paylink_id,
                asked.kind,
                asked.amount_minor,
                asked.currency,
                asked.expires_ns // NS_PER_S,
                asked.original,
            )
        elif asked.kind is LinkKind.PAYMENT and (link.is_cancel_asked or not link.is_payable):
            question = Withdraw(asked.paylink_id)
        else:
            question = LookUp(asked.paylink_id, asked.kind)
        try:
            answer = await post.ask(asked.provider, question, timeout_s=PROVIDER_TIMEOUT_S)
        except PostError as error:
            return Failure(error.kind, error.detail)
        return answer if isinstance(answer, Told) else Failure(getattr(answer, "code", "unknown"))

    async def _expire(self, link: Paylink, post: Any, world: World) -> None:
        data = {"paylink_id": link.asked.paylink_id}
        submit = Submit(world.new_id(), link.asked.register, "paylink.expire", data, admin=True)
        try:
            await post.ask("bookkeeper", submit, timeout_s=ASK_TIMEOUT_S)
        except PostError as error:
            log.info("expiry_waits", paylink=link.asked.paylink_id, reason=error.kind)

    # ---------------------------------------------------------------------------------- the books

    async def _called(self, envelope: Envelope, body: Callback, post: Any) -> None:
        """A provider calls: its own actor says whether it is its word, the journal keeps it."""
        try:
            told = await post.ask(body.provider, body, timeout_s=PROVIDER_TIMEOUT_S)
            if isinstance(told, Told):
                told = await self._hear(body.provider, told, post)
        except PostError as error:
            told = Failure(error.kind, error.detail)
        envelope.answer(told)

    async def _hear(self, provider: str, told: Told, post: Any) -> Taken | Failure:
        """Have a word journaled. A failure leaves it to be said, or asked for, again."""
        await self._met.wait()
        link = self._open.get(told.reference)
        register = OFFICE if link is None or not link.asked.register else link.asked.register
        data = {"provider": provider, "told": unstructure(told)}
        identity = f"paylink:{sha256(canonical(data)).hexdigest()[:40]}"
        if link is not None and link.times_again:
            # Asked about anew, it may be told once more what it was told before.
            identity += f".{link.times_again}"
        submit = Submit(identity, register, "paylink.hear", data, admin=True)
        try:
            reply: Reply = await post.ask("bookkeeper", submit, timeout_s=ASK_TIMEOUT_S)
        except PostError as error:
            return Failure(error.kind, error.detail)
        if reply.fault == "command_id_reused":
            # The very word, for another register: heard before, or in the batch that is being
            # written. The bookkeeper answers the next question only after that.
            try:
                await post.ask("bookkeeper", ReadPaylinks(), timeout_s=ASK_TIMEOUT_S)
            except PostError as error:
                return Failure(error.kind, error.detail)
            return Taken()
        if reply.fault:
            log.error("paylink_not_heard", paylink=told.reference, fault=reply.fault)
            return Failure(reply.fault, reply.detail)
        if reply.refusal is not None:
            log.warning("paylink_not_heard", paylink=told.reference, why=reply.refusal["code"])
            return Taken(reply.refusal["code"])
        return Taken()


def _until_ns(link: Paylink) -> int:
    """When it is over here, by the clock of stamps; 0 where it never is."""
    return link.asked.expires_ns + PAYLINK_GRACE_NS if link.asked.expires_ns else 0


def _is_for_customer(link: Paylink) -> bool:
    """Whether somebody may still pay it."""
    return link.asked.kind is LinkKind.PAYMENT and link.is_payable


def _is_news(link: Paylink, told: Told, unknown: int, now_ns: int) -> bool:
    """Whether an answer can change anything; that the customer still has not paid is no news. A
    refund may be asked for anew meanwhile, so that it is not known, or that nothing is said of it,
    is news once it was said so often, `unknown`, and for so long that a person has to look. So is,
    of a payment too once its time is over, that what is said cannot be read."""
    is_listed = link.problem is LinkProblem.UNREADABLE
    if told.state is LinkState.OPEN:
        return link.standing is Standing.REQUESTED or is_listed
    if told.state not in _UNTOLD:
        return True
    if told.state is LinkState.UNREADABLE and (is_listed or _is_for_customer(link)):
        return False
    if link.asked.kind is LinkKind.PAYMENT and told.state is not LinkState.UNREADABLE:
        return not link.is_offered
    return unknown >= LOOK_UNKNOWN_TIMES and link.age_ns(now_ns) >= PAYLINK_UNKNOWN_NS
