"""One HTTP request and its answer, over `h11`. Pure: bytes in, bytes out, no clock."""

from __future__ import annotations

import h11
from attrs import frozen

Headers = tuple[tuple[str, str], ...]


class HttpError(Exception):
    """What came is no answer. `code` is `http_broken` or `too_long`; `ended_early` says that
    it was well so far, and the connection ended."""

    def __init__(self, code: str, detail: str = "", *, ended_early: bool = False) -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail
        self.ended_early = ended_early


@frozen
class HttpAnswer:
    """A whole answer. `is_kept` says whether the other side leaves the connection open."""

    status: int
    body: bytes
    is_kept: bool = False


class HttpExchange:
    """One request on a connection of its own; `data` is what to send.

    Head and body of the answer may have so many bytes, the framing of chunks not counted.
    """

    def __init__(
        self,
        method: str,
        target: str,
        headers: Headers,
        body: bytes,
        *,
        head_bytes_max: int,
        body_bytes_max: int,
    ) -> None:
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=head_bytes_max)
        whole = [*headers, ("Content-Length", str(len(body)))]
        request = h11.Request(method=method, target=target, headers=whole)
        send = self._connection.send
        parts = (send(request), send(h11.Data(data=body)), send(h11.EndOfMessage()))
        self.data = b"".join(part or b"" for part in parts)
        self._body_bytes_max = body_bytes_max
        self._body = bytearray()
        self._status = 0

    def heard(self, data: bytes) -> HttpAnswer | None:
        """Take bytes of the answer, none at its end; the answer once it is whole.

        Raises:
            HttpError: it is no answer, or a longer one than is read.
        """
        try:
            self._connection.receive_data(data)
            return self._events(is_over=not data)
        except h11.RemoteProtocolError as error:
            raise HttpError("http_broken", str(error)[:200], ended_early=not data) from None

    def _events(self, *, is_over: bool) -> HttpAnswer | None:
        while True:
            event = self._connection.next_event()
            match event:
                case h11.Response():
                    self._status = event.status_code
                case h11.InformationalResponse():
                    pass
                case h11.Data():
                    self._body += event.data
                    if len(self._body) > self._body_bytes_max:
                        raise HttpError("too_long")
                case h11.EndOfMessage():
                    is_kept = self._connection.their_state is not h11.MUST_CLOSE
                    return HttpAnswer(self._status, bytes(self._body), is_kept)
                case _:
                    if is_over:
                        raise HttpError("http_broken", "it ended early", ended_early=True)
                    return None
