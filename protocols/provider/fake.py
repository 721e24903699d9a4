"""A payment provider on this machine: HTTPS, a page to pay on, callbacks with their troubles."""

from __future__ import annotations

import contextlib
import html
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import attrs
import h11
import trio
from attrs import define, field

from actors.world import World
from engine.limits import NS_PER_S
from engine.provider import LinkKind, LinkState, Told
from engine.wire import WireError, parse
from protocols.provider import limits, signing
from protocols.provider.client import ReachError, client_context, request
from protocols.provider.codec import MessageError, describe
from protocols.provider.ledger import Held, Ledger, LedgerError
from protocols.provider.papers import new_papers
from protocols.provider.settings import ProviderSettings

_PAUSES_S = (0.2, 0.4, 0.8, 1.6, 3.2)
_FOLDERS = {"payments": LinkKind.PAYMENT, "refunds": LinkKind.REFUND}
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Pay</title>
<main><h1>{amount} {currency}</h1><p>{words}</p>{buttons}</main></html>"""
_BUTTONS = """<form method="post"><button name="do" value="pay">Pay</button>
<button name="do" value="refuse">Have the bank say no</button></form>"""


@define
class Troubles:
    """What goes wrong with callbacks from here on. `lose` so many; post each `repeat` times more;
    after `delay_s`; newest first once `hold` many wait; sign `wrongly` many; `at_s` off the
    clock. `down` answers nothing at all."""

    lose: int = 0
    repeat: int = 0
    delay_s: float = 0.0
    hold: int = 0
    wrongly: int = 0
    at_s: int = 0
    down: bool = False


@define(eq=False)
class ProviderFake:
    """A provider that a shop talks to as to any other. `answers` are the statuses its callbacks
    got, `troubles` may be changed at any time."""

    world: World
    folder: Path
    ledger: Ledger = field(init=False)
    troubles: Troubles = field(factory=Troubles)
    answers: list[int] = field(factory=list)
    requests: list[tuple[str, str]] = field(factory=list)
    before_answer: Callable[[str, str], None] = field(default=lambda method, path: None)
    port: int = 0
    token: str = "sim-token"
    secret: str = "sim-secret-of-callbacks"
    _waiting: list[Held] = field(factory=list)
    _nursery: trio.Nursery | None = None

    def __attrs_post_init__(self) -> None:
        """Make its books, and the files that a shop is given."""
        self.ledger = Ledger(lambda reference: f"{self.url}/pay/{reference}")
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        """Where its interface begins."""
        return f"https://127.0.0.1:{self.port}"

    def settings(self, address: str = "provider/qr", callback_url: str = "") -> ProviderSettings:
        """What a shop is told; only once `run` has started."""
        files = {name: str(self.folder / name) for name in ("token", "secret", "authority.pem")}
        return ProviderSettings(
            address,
            self.url,
            files["token"],
            files["secret"],
            files["authority.pem"],
            callback_url,
        )

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled."""
        now = datetime.fromtimestamp(self.world.now_ns() // NS_PER_S, UTC)
        pem, tls = new_papers(now)
        for name, text in (
            ("token", self.token),
            ("secret", self.secret),
            ("authority.pem", pem),
        ):
            path = self.folder / name
            path.touch(0o600)
            path.write_text(text)
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            listeners = await trio.open_tcp_listeners(self.port, host="127.0.0.1")
            self.port = listeners[0].socket.getsockname()[1]

            async def secured(stream: trio.SocketStream) -> None:
                spoken = trio.SSLStream(stream, tls, server_side=True, https_compatible=True)
                await self._serve(spoken)

            nursery.start_soon(trio.serve_listeners, secured, listeners)
            task_status.started()

    def _now_s(self) -> int:
        return self.world.now_ns() // NS_PER_S

    # ------------------------------------------------------------------------ what people do there

    def open_payments(self) -> list[Told]:
        """What customers may pay now, oldest first."""
        now_s = self._now_s()
        found = [self.ledger.get(key, LinkKind.PAYMENT, now_s) for key in list(self.ledger.held)]
        return [one.told for one in found if one and one.told.state is LinkState.OPEN]

    def pay(self, reference: str, *, amount_minor: int = 0, currency: str = "") -> bool:
        """The customer pays; False where it is not open."""
        held = self.ledger.pay(
            reference, self._now_s(), amount_minor=amount_minor, currency=currency
        )
        return self._call_about(held)

    def refuse(self, reference: str) -> bool:
        """The customer's bank says no; False where it is not open."""
        return self._call_about(self.ledger.refuse(reference))

    def finish(self, reference: str, *, is_paid_back: bool = True) -> None:
        """A refund that waits went through, or did not."""
        self._call_about(self.ledger.finish(reference, is_paid_back=is_paid_back))

    # ---------------------------------------------------------------------------------- callbacks

    def _call_about(self, held: Held | None) -> bool:
        if held is None:
            return False
        troubles = self.troubles
        if not held.callback_url or self._nursery is None:
            return True
        if troubles.lose:
            troubles.lose -= 1
            return True
        self._waiting.append(held)
        if len(self._waiting) > troubles.hold:
            due, self._waiting = self._waiting[::-1], []
            self._nursery.start_soon(self._call_in_order, due)
        return True

    async def _call_in_order(self, due: list[Held]) -> None:
        await self.world.sleep(self.troubles.delay_s)
        for held in due:
            for _ in range(1 + self.troubles.repeat):
                await self._call(held)

    async def _call(self, held: Held) -> None:
        """Until it is taken, or as often as its patience lasts."""
        body = describe(held.told, held.kind)
        for pause_s in (*_PAUSES_S, 0.0):
            status = await self.post(held.callback_url, body)
            if 200 <= status < 300 or not pause_s:
                return
            await self.world.sleep(pause_s)

    async def post(self, url: str, body: bytes, *, key: str = "") -> int:
        """Post a signed body once; the status, 0 where nobody answered."""
        at_s = self._now_s() + self.troubles.at_s
        secret = key or self.secret
        if self.troubles.wrongly:
            self.troubles.wrongly -= 1
            secret = "somebody else's secret"
        headers = (
            ("Content-Type", "application/json"),
            (signing.TIMESTAMP_HEADER, str(at_s)),
            (signing.SIGNATURE_HEADER, signing.sign(secret.encode(), at_s, body)),
        )
        try:
            reply = await request(url, "POST", headers, body, client_context())
        except (ReachError, MessageError):
            self.answers.append(0)
            return 0
        self.answers.append(reply.status)
        return reply.status

    # --------------------------------------------------------------------------------- its server

    async def _serve(self, stream: trio.SSLStream[trio.SocketStream]) -> None:
        connection = h11.Connection(h11.SERVER)
        with contextlib.suppress(
            trio.BrokenResourceError, trio.ClosedResourceError, h11.RemoteProtocolError
        ):
            asked, body = await _whole_request(stream, connection)
            if self.troubles.down:
                return
            method, path = asked.method.decode(), asked.target.decode("ascii", "replace")
            self.requests.append((method, path))
            status, kind, told = self._answer(method, path, dict(asked.headers), body)
            self.before_answer(method, path)
            head = [("Content-Type", kind), ("Content-Length", str(len(told)))]
            for event in (
                h11.Response(status_code=status, headers=[*head, ("Connection", "close")]),
                h11.Data(data=told),
                h11.EndOfMessage(),
            ):
                await stream.send_all(connection.send(event) or b"")
        await trio.aclose_forcefully(stream)

    def _answer(
        self, method: str, path: str, headers: dict[bytes, bytes], body: bytes
    ) -> tuple[int, str, bytes]:
        parts = path.strip("/").split("/")
        if parts[0] == "pay" and len(parts) == 2:
            return self._page(method, parts[1], body)
        if headers.get(b"authorization") != f"Bearer {self.token}".encode():
            return 401, "application/json", b"{}"
        kind = _FOLDERS.get(parts[1]) if parts[0] == "v1" and len(parts) in (3, 4) else None
        if kind is None:
            return 404, "application/json", b"{}"
        try:
            held = self._do(method, kind, parts[2:], body)
        except LedgerError as error:
            return error.status, "application/json", b'{"code":"%s"}' % error.code.encode()
        if held is None:
            return 404, "application/json", b"{}"
        return 200, "application/json", describe(held.told, held.kind)

    def _do(self, method: str, kind: LinkKind, rest: list[str], body: bytes) -> Held | None:
        reference = rest[0]
        match (method, rest[1:]):
            case ("GET", []):
                return self.ledger.get(reference, kind, self._now_s())
            case ("POST", ["cancel"]) if kind is LinkKind.PAYMENT:
                return self.ledger.cancel(reference)
            case ("PUT", []):
                held = self.ledger.put(_asked(reference, kind, body))
                return self.ledger.get(reference, kind, self._now_s()) or held
        raise LedgerError(405, "method_unknown")

    def _page(self, method: str, reference: str, body: bytes) -> tuple[int, str, bytes]:
        if method == "POST":
            if b"do=pay" in body:
                self.pay(reference)
            elif b"do=refuse" in body:
                self.refuse(reference)
        held = self.ledger.get(reference, LinkKind.PAYMENT, self._now_s())
        if held is None:
            return 404, "text/plain", b"There is nothing to pay here."
        is_open = held.told.state is LinkState.OPEN
        page = _PAGE.format(
            amount=held.told.amount_minor,
            currency=html.escape(held.told.currency),
            words=html.escape(held.told.state.value),
            buttons=_BUTTONS if is_open else "",
        )
        return 200, "text/html; charset=utf-8", page.encode()


def _asked(reference: str, kind: LinkKind, body: bytes) -> Held:
    try:
        data = parse(body)
        told = Told(reference, LinkState.OPEN, int(data["amount_minor"]), str(data["currency"]))
        until_s = int(data["expires_at"]) if kind is LinkKind.PAYMENT else 0
        payment = "" if kind is LinkKind.PAYMENT else str(data["payment"])
        held = Held(told, kind, str(data.get("callback_url", "")), until_s, payment)
    except (WireError, KeyError, TypeError, ValueError, AttributeError):
        raise LedgerError(400, "not_understood") from None
    if told.amount_minor <= 0:
        raise LedgerError(422, "amount_wrong")
    return attrs.evolve(held)


async def _whole_request(
    stream: trio.SSLStream[trio.SocketStream], connection: h11.Connection
) -> tuple[h11.Request, bytes]:
    asked: h11.Request | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        match event:
            case h11.Request():
                asked = event
            case h11.Data():
                body += event.data
            case h11.EndOfMessage():
                assert asked is not None
                return asked, bytes(body)
            case h11.NEED_DATA:
                data = bytes(await stream.receive_some(limits.READ_BYTES_MAX))
                if not data:
                    raise trio.BrokenResourceError("it ended early")
                connection.receive_data(data)
            case _:
                raise trio.BrokenResourceError("no request came")
