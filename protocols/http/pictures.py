"""The QR code of a payment by link, drawn anew for whoever asks while it waits."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from protocols.http.settings import Opens
from protocols.http.shield import problem

_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
_QUIET_MODULES = 4  # ISO/IEC 18004: so many on each side are left blank


def link_picture(opens: Opens) -> Callable[[Request], Awaitable[Response]]:
    """The route that draws what `opens` says a customer opens."""

    async def picture(request: Request) -> Response:
        paylink_id = request.path_params["paylink_id"]
        url = opens(paylink_id) if _ID.fullmatch(paylink_id) else ""
        if not url:
            return problem(404, "paylink_must_be_open", "there is nothing to pay under it now")
        headers = {"content-security-policy": _POLICY}
        return Response(drawn(url), headers=headers, media_type="image/svg+xml")

    return picture


def drawn(text: str) -> bytes:
    """A QR code as a picture that scales: dark on white in every theme, or phones read nothing."""
    # Drawing takes a tenth of a second to import: the first picture pays it, not the start.
    import segno

    code = segno.make(text, error="m", micro=False)
    picture: str = code.svg_inline(border=_QUIET_MODULES, omitsize=True, light="#fff", dark="#000")
    return picture.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).encode()
