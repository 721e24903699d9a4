"""HTTP of the simulated terminal, over `h11`: answers to questions, and notices. Pure.

The register reads HTTP in the floor (`NexoLink`), so the two that talk in tests share no reader.
"""

from __future__ import annotations

from collections.abc import Sequence

import h11

from actors.web.exchange import HttpExchange
from hardware.terminal.nexo import limits
from hardware.terminal.nexo.reading import MessageError


def question(host: str, path: str, body: bytes) -> HttpExchange:
    """One POST and its answer, on a connection of its own."""
    headers = (
        ("Host", host),
        ("Content-Type", "application/json; charset=utf-8"),
        ("Accept", "application/json"),
    )
    return HttpExchange(
        "POST",
        path,
        headers,
        body,
        head_bytes_max=limits.HEAD_BYTES_MAX,
        body_bytes_max=limits.MESSAGE_BYTES_MAX,
    )


class HttpNotices:
    """The other side of a connection: what somebody posts here, one after the other."""

    def __init__(self) -> None:
        self._connection = h11.Connection(
            h11.SERVER, max_incomplete_event_size=limits.HEAD_BYTES_MAX
        )
        self._body = bytearray()
        self._request: h11.Request | None = None

    def heard(self, data: bytes) -> tuple[str, bytes] | None:
        """Take bytes, none at the end; path and body of a whole POST once it is there.

        Raises:
            MessageError: `http_broken`, `too_long`, or `method_unknown`.
        """
        try:
            self._connection.receive_data(data)
            return self._events()
        except h11.RemoteProtocolError as error:
            raise MessageError("http_broken", str(error)[:200]) from None

    def _events(self) -> tuple[str, bytes] | None:
        while True:
            event = self._connection.next_event()
            match event:
                case h11.Request():
                    self._request = event
                    if event.method != b"POST":
                        raise MessageError("method_unknown")
                case h11.Data():
                    self._body += event.data
                    if len(self._body) > limits.MESSAGE_BYTES_MAX:
                        raise MessageError("too_long")
                case h11.EndOfMessage():
                    assert self._request is not None
                    body, self._body = bytes(self._body), bytearray()
                    return self._request.target.decode("ascii", "replace"), body
                case _:
                    return None

    @property
    def is_over(self) -> bool:
        """Whether nothing more can come."""
        return self._connection.their_state in (h11.CLOSED, h11.ERROR, h11.MUST_CLOSE)

    def reply(self, status: int, body: bytes = b"", more: Sequence[tuple[str, str]] = ()) -> bytes:
        """The bytes of an answer to what came; `more` are headers."""
        headers = [*more, ("Content-Length", str(len(body)))]
        if body:
            headers.append(("Content-Type", "application/json; charset=utf-8"))
        send = self._connection.send
        parts = [send(h11.Response(status_code=status, headers=headers))]
        if body:
            parts.append(send(h11.Data(data=body)))
        parts.append(send(h11.EndOfMessage()))
        return b"".join(part or b"" for part in parts)

    def again(self) -> bool:
        """Get ready for the next one; False where the connection is to be closed."""
        if self._connection.our_state is h11.DONE and self._connection.their_state is h11.DONE:
            self._connection.start_next_cycle()
            return True
        return False
