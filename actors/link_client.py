"""Plain requests to a router of any kind, as front-end clients and load generators make them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import trio
from attrs import define, field

from actors.errors import AbsentError, NoAnswerError, OversizedError
from actors.limits import CREDIT, FRAME_BYTES_MAX
from actors.link import RawDialer, Tls
from actors.mailbox import OneShot, value_or_raise

_REQUEST_MARK = 0x8000_0000


@define(eq=False)
class PlainRequester:
    """Asks an nng router or REP socket, at most `window` requests at a time. Never sends twice."""

    _dialer: RawDialer
    _window: trio.CapacityLimiter
    _waiting: dict[int, OneShot] = field(factory=dict)
    _number: int = 0
    _joined: bool = False
    _change: trio.Event = field(factory=trio.Event)

    async def request(self, body: bytes, timeout_s: float) -> bytes:
        """Send one request and wait for its reply.

        Raises:
            AbsentError: nobody was connected within the time; nothing was sent.
            NoAnswerError: the request was sent, and the reply did not come, or the connection
                was lost first.
            OversizedError: the request is larger than any router takes.
        """
        url = self._dialer.url
        if len(body) > FRAME_BYTES_MAX:
            raise OversizedError(f"{len(body)} bytes; at most {FRAME_BYTES_MAX}; nothing was sent")
        reply = OneShot()
        sent = False
        number = 0
        with trio.move_on_after(timeout_s):
            async with self._window:
                try:
                    await self._wait_joined()
                    number = self._next_number()
                    self._waiting[number] = reply
                    sent = self._dialer.request_nowait(number, body)
                    if sent:
                        answer = value_or_raise(await reply.wait())
                        assert isinstance(answer, bytes)
                        return answer
                finally:
                    self._waiting.pop(number, None)
        if not sent:
            raise AbsentError(url, "not connected; nothing was sent")
        raise NoAnswerError(url, f"no reply within {timeout_s:g} s")

    async def _wait_joined(self) -> None:
        while not self._joined:
            await self._change.wait()

    def _next_number(self) -> int:
        self._number = (self._number + 1) & (_REQUEST_MARK - 1)
        return self._number | _REQUEST_MARK

    def _take_reply(self, number: int, body: bytes) -> None:
        reply = self._waiting.get(number)
        if reply is not None:
            reply.settle(body)

    def _take_change(self, joined: bool) -> None:
        self._joined = joined
        self._change.set()
        self._change = trio.Event()
        if not joined:
            for reply in list(self._waiting.values()):
                reply.settle(NoAnswerError(self._dialer.url, "the connection was lost"))

    @property
    def joined(self) -> bool:
        """Whether a connection stands."""
        return self._joined

    async def run(self) -> None:
        """Carry requests until cancelled."""
        await self._dialer.run_plain(self._take_reply, self._take_change)


@contextlib.asynccontextmanager
async def open_requester(
    url: str,
    *,
    window: int = CREDIT,
    tls: Tls | None = None,
    receive_bytes_max: int = FRAME_BYTES_MAX,
) -> AsyncIterator[PlainRequester]:
    """A `PlainRequester` on `url` for as long as the block lasts; `window` is at most `CREDIT`."""
    if not 0 < window <= CREDIT:
        raise ValueError(f"a window is 1 to {CREDIT} requests, not {window}")
    dialer = RawDialer(url, tls=tls, receive_bytes_max=receive_bytes_max)
    requester = PlainRequester(dialer, trio.CapacityLimiter(window))
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(requester.run)
            yield requester
            nursery.cancel_scope.cancel()
    finally:
        dialer.close()
