"""One request over HTTPS, verified, on a connection of its own. There is nothing to keep alive:
a shop asks seldom, and a connection that is fresh is never half dead."""

from __future__ import annotations

import ssl
from urllib.parse import urlsplit

import trio

from actors.web.exchange import Headers, HttpAnswer, HttpError, HttpExchange
from protocols.provider import limits
from protocols.provider.codec import MessageError


class ReachError(Exception):
    """There was no answer. `code` is `unreachable`, `not_verified`, `no_reply` or `link_lost`.

    Whether the request arrived is not known; under its reference it may be sent again.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail


def client_context(authority_pem: str = "") -> ssl.SSLContext:
    """TLS that trusts one authority, or those of this machine where none is given."""
    made = ssl.create_default_context(cadata=authority_pem or None)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made


async def request(
    url: str,
    method: str,
    headers: Headers,
    body: bytes,
    tls: ssl.SSLContext,
    *,
    within_s: float = limits.EXCHANGE_S,
) -> HttpAnswer:
    """Send one request and wait for the whole answer. Redirections are answers, not followed.

    Raises:
        ReachError: there was none.
        MessageError: it is not HTTP, or too long.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    host = parts.hostname or ""
    target = parts.path or "/"
    if parts.query:
        target = f"{target}?{parts.query}"
    exchange = HttpExchange(
        method,
        target,
        # As the address has it, RFC 9112, section 3.2: with brackets, and no port it does not say.
        (("Host", parts.netloc), ("Connection", "close"), *headers),
        body,
        head_bytes_max=limits.HEAD_BYTES_MAX,
        body_bytes_max=limits.ANSWER_BYTES_MAX,
    )
    with trio.move_on_after(within_s):
        stream = await _connect(host, port, tls if secure else None)
        try:
            return await _talk(stream, exchange)
        finally:
            await trio.aclose_forcefully(stream)
    raise ReachError("no_reply")


async def _connect(host: str, port: int, tls: ssl.SSLContext | None) -> trio.abc.Stream:
    try:
        plain = await trio.open_tcp_stream(host, port)
    except OSError as error:
        raise ReachError("unreachable", error.strerror or str(error)) from None
    if tls is None:
        return plain
    secured = trio.SSLStream(plain, tls, server_hostname=host, https_compatible=True)
    try:
        await secured.do_handshake()
    except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
        await trio.aclose_forcefully(secured)
        cause = error.__cause__
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise ReachError("not_verified", cause.verify_message) from None
        raise ReachError("link_lost") from None
    except BaseException:
        await trio.aclose_forcefully(secured)
        raise
    return secured


async def _talk(stream: trio.abc.Stream, exchange: HttpExchange) -> HttpAnswer:
    try:
        await stream.send_all(exchange.data)
        while True:
            data = bytes(await stream.receive_some(limits.READ_BYTES_MAX))
            if (reply := exchange.heard(data)) is not None:
                return reply
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        raise ReachError("link_lost") from None
    except HttpError as error:
        if error.ended_early:
            raise ReachError("link_lost") from None
        raise MessageError(error.code, error.detail) from None
