"""A payment provider's actor: the only one that knows its keys, in the integrations node."""

from __future__ import annotations

import ssl
from pathlib import Path

import structlog
import trio
from attrs import define

from actors.actor import Post
from actors.mailbox import Envelope, Mailbox
from actors.messages import DeviceState, DeviceStatus, Failure
from actors.provider_messages import Callback, LookUp, Offer, Withdraw
from actors.web.exchange import HttpAnswer
from actors.world import World
from engine.limits import NS_PER_S
from engine.provider import LinkState, Told
from protocols.provider import codec, limits, signing
from protocols.provider.client import ReachError, client_context, request
from protocols.provider.codec import MessageError
from protocols.provider.settings import ProviderSettings

log = structlog.get_logger()


@define
class _Keys:
    """What only this actor has read."""

    token: str
    signing: tuple[bytes, ...]
    tls: ssl.SSLContext


class ProviderActor:
    """*Owns* the conversation with one provider and its keys. *Receives* `Offer`, `LookUp`,
    `Withdraw` from `paylinks`, and `Callback` for what a door was posted. *Sends* its state to
    `devices`. *If it dies* nothing is lost: whoever asked asks again, under the same reference.
    """

    def __init__(self, settings: ProviderSettings) -> None:
        self.address = settings.address
        self._settings = settings
        self._status = DeviceStatus(settings.address, DeviceState.STARTING, "starting")

    async def run(self, mailbox: Mailbox, post: Post, world: World) -> None:
        """Live until cancelled."""
        keys = self._read_keys()
        limiter = trio.CapacityLimiter(limits.AT_ONCE_MAX)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._announce, post, world)
            async for envelope in mailbox:
                body = envelope.body
                match body:
                    case Callback():
                        envelope.answer(self._callback(body, keys, world))
                    case Offer() | LookUp() | Withdraw():
                        nursery.start_soon(self._ask, envelope, body, keys, limiter, post)
                    case _:
                        envelope.answer(Failure("unknown_message", type(body).__name__))

    async def _announce(self, post: Post, world: World) -> None:
        while True:
            post.tell_nowait("devices", self._status)
            await world.sleep(limits.ANNOUNCE_S)

    def _show(self, state: DeviceState, code: str, detail: str, post: Post) -> None:
        status = DeviceStatus(self.address, state, code, detail)
        if status != self._status:
            self._status = status
            post.tell_nowait("devices", status)

    def _read_keys(self) -> _Keys | None:
        """What the settings' files hold; None, and said on the board, where they cannot be used."""
        settings = self._settings
        try:
            token = Path(settings.token_file).read_text("ascii").strip()
            keys = signing.keys_of(Path(settings.secret_file).read_text("utf-8"))
            pem = settings.authority_file
            tls = client_context(Path(pem).read_text("ascii") if pem else "")
            if not token or not token.isprintable():
                raise ValueError("the token is empty")
        except (OSError, ValueError) as error:
            # What a file holds is never told; which file, and why, is.
            why = type(error).__name__ if isinstance(error, UnicodeError) else str(error)[:200]
            log.warning("provider_not_set_up", provider=self.address, reason=why)
            self._status = DeviceStatus(self.address, DeviceState.FAILED, "not_set_up", why)
            return None
        self._status = DeviceStatus(self.address, DeviceState.READY, "ok")
        return _Keys(token, keys, tls)

    def _callback(self, body: Callback, keys: _Keys | None, world: World) -> Told | Failure:
        if keys is None:
            return Failure("not_set_up")
        now_s = world.now_ns() // NS_PER_S
        try:
            signing.check(keys.signing, body.timestamp, body.signature, body.body, now_s=now_s)
            return codec.read(body.body)
        except signing.SignatureError as error:
            log.warning("callback_refused", provider=self.address, reason=error.code)
            return Failure(error.code)
        except MessageError as error:
            log.warning("callback_refused", provider=self.address, reason=str(error))
            return Failure("callback_unreadable", str(error))

    async def _ask(
        self,
        envelope: Envelope,
        body: Offer | LookUp | Withdraw,
        keys: _Keys | None,
        limiter: trio.CapacityLimiter,
        post: Post,
    ) -> None:
        if keys is None:
            envelope.answer(Failure("not_set_up"))
            return
        asked = codec.question(body, self._settings.callback_url)
        try:
            async with limiter:
                told = await self._told(asked, keys)
        except ReachError as error:
            self._show(DeviceState.ABSENT, error.code, error.detail, post)
            envelope.answer(Failure(error.code, error.detail))
        except MessageError as error:
            self._show(DeviceState.FAILED, error.code, error.detail, post)
            envelope.answer(Failure(error.code, error.detail))
        else:
            if told.state in (LinkState.REFUSED, LinkState.UNREADABLE):
                log.warning("provider_tells_nothing", provider=self.address, reason=told.code)
                self._show(DeviceState.FAILED, told.state.value, told.code, post)
            else:
                self._show(DeviceState.READY, "ok", "", post)
            envelope.answer(told)

    async def _told(self, asked: codec.Question, keys: _Keys) -> Told:
        """What the provider has to say to a question.

        Raises:
            ReachError: it said nothing.
            MessageError: as `codec.answer`.
        """
        try:
            reply = await self._reach(asked, keys)
        except MessageError as error:
            return codec.unreadable(asked, str(error))
        return codec.answer(asked, reply.status, reply.body)

    async def _reach(self, asked: codec.Question, keys: _Keys) -> HttpAnswer:
        """Put a question to the provider.

        Raises:
            ReachError, MessageError: as `request`.
        """
        headers = [("Authorization", f"Bearer {keys.token}"), ("Accept", "application/json")]
        if asked.body:
            headers.append(("Content-Type", "application/json"))
        url = self._settings.url.rstrip("/") + asked.path
        return await request(url, asked.method, tuple(headers), asked.body, keys.tls)
