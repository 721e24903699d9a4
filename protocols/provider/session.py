"""One HTTP request and its answer, over `h11`. Pure: bytes in, bytes out, no clock."""

from __future__ import annotations

import h11
from attrs import frozen

from protocols.provider import limits
from protocols.provider.codec import MessageError

Headers = tuple[tuple[str, str], ...]


@frozen
class HttpReply:
    """A whole answer."""

    status: int
    body: bytes


class HttpExchange:
    """One request on a connection of its own; `data` is what to send."""

    def __init__(self, method: str, host: str, target: str, headers: Headers, body: bytes) -> None:
        self._connection = h11.Connection(
            h11.CLIENT, max_incomplete_event_size=limits.HEAD_BYTES_MAX
        )
        own = [("Host", host), ("Connection", "close"), ("Content-Length", str(len(body)))]
        request = h11.Request(method=method, target=target, headers=[*own, *headers])
        send = self._connection.send
        parts = (send(request), send(h11.Data(data=body)), send(h11.EndOfMessage()))
        self.data = b"".join(part or b"" for part in parts)
        self._body = bytearray()
        self._status = 0

    def heard(self, data: bytes) -> HttpReply | None:
        """Take bytes of the answer, none at its end; the answer once it is whole.

        Raises:
            MessageError: `http_broken`, or `too_long`.
        """
        try:
            self._connection.receive_data(data)
            return self._events(is_over=not data)
        except h11.RemoteProtocolError as error:
            raise MessageError("http_broken", str(error)[:200]) from None

    def _events(self, *, is_over: bool) -> HttpReply | None:
        while True:
            event = self._connection.next_event()
            match event:
                case h11.Response():
                    self._status = event.status_code
                case h11.InformationalResponse():
                    pass
                case h11.Data():
                    self._body += event.data
                    if len(self._body) > limits.ANSWER_BYTES_MAX:
                        raise MessageError("too_long")
                case h11.EndOfMessage():
                    return HttpReply(self._status, bytes(self._body))
                case _:
                    if is_over:
                        raise MessageError("http_broken", "it ended early")
                    return None
