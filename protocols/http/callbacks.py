"""`POST /callbacks/{provider}`: the door at which payment providers say what became of a payment.

Nothing in a body is looked at here: it goes as it came to the provider's own actor, which knows the
keys. What is answered with success is in the journal.
"""

from __future__ import annotations

import re
from contextlib import aclosing

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from actors.messages import Failure
from actors.provider_messages import Callback
from protocols.http.settings import Hand
from protocols.http.shield import BodyTooLargeError, problem
from protocols.limits import CALLBACK_BYTES_MAX

_NAME = re.compile(r"[a-z0-9-]{1,32}")
_HEADER_LENGTH_MAX = 512
_SIGNED_WRONGLY = ("signature_wrong", "time_too_far")
_NOT_THERE = ("paylink_must_exist", "provider_must_exist")
_WHAT_NEXT = "nothing was kept; call again"


class Callbacks:
    """Hands each body to `hand`, and says with which status it is answered."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand

    async def post(self, request: Request) -> Response:
        """204 once it is durable, or a problem."""
        name = request.path_params["provider"]
        if not _NAME.fullmatch(name):
            return problem(404, "provider_must_exist", "there is no such provider here")
        try:
            body = await _read(request)
        except BodyTooLargeError:
            detail = f"at most {CALLBACK_BYTES_MAX} bytes are read here; nothing was kept"
            return problem(413, "body_too_large", detail)
        except ClientDisconnect:
            return problem(400, "cut_short", "it ended too early; nothing was kept")
        timestamp = request.headers.get("paylink-timestamp", "")
        signature = request.headers.get("paylink-signature", "")
        if max(len(timestamp), len(signature)) > _HEADER_LENGTH_MAX:
            return problem(401, "signature_wrong", "it is not signed; nothing was kept")
        answer = await self._hand(Callback(f"provider/{name}", timestamp, signature, body))
        return _answered(answer.code if isinstance(answer, Failure) else "", answer)


def _answered(failed: str, answer: object) -> Response:
    if failed in _SIGNED_WRONGLY:
        return problem(401, failed, "it is not this provider's word of now; nothing was kept")
    if failed == "callback_unreadable":
        return problem(400, failed, "it is signed, and no word of this protocol; nothing was kept")
    refusal = failed or getattr(answer, "refusal", "")
    if refusal in _NOT_THERE:
        return problem(404, refusal, "nothing is known here under that name; nothing was kept")
    if failed:
        return problem(503, failed, _WHAT_NEXT)
    if refusal:
        return problem(409, refusal, "it contradicts what is known here; nothing was kept")
    return Response(status_code=204)


async def _read(request: Request) -> bytes:
    body = bytearray()
    async with aclosing(request.stream()) as chunks:
        async for chunk in chunks:
            body += chunk
            if len(body) > CALLBACK_BYTES_MAX:
                raise BodyTooLargeError
    return bytes(body)
