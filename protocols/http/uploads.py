"""Catalog segments as they come in: to a file of their own, counted and hashed, then staged.

A segment is named by its SHA-256. What does not hash to its name is thrown away unseen.
"""

from __future__ import annotations

import contextlib
import hmac
import re
from hashlib import sha256
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from actors.errors import PostError
from actors.messages import Failure
from actors.world import World
from protocols.http.settings import HttpSettings
from protocols.http.shield import BodyTooLargeError, problem
from protocols.limits import SEGMENT_BYTES_MAX

_HASH = re.compile(r"[0-9a-f]{64}")
_WRITE_BYTES = 1 << 20
_PART = ".part"


def bearer_is(request: Request, token: str) -> bool:
    """Whether the request carries `token`, in a time that says nothing about it; "" opens never."""
    scheme, _, offered = request.headers.get("authorization", "").partition(" ")
    right = hmac.compare_digest(offered.strip().encode(), token.encode())
    return scheme.lower() == "bearer" and right and token != ""


class Uploads:
    """`PUT /api/segments/{sha256}`; one upload at a time needs no more memory than a megabyte."""

    def __init__(self, settings: HttpSettings, world: World) -> None:
        self._settings = settings
        self._world = world
        if settings.uploads is not None:
            _remove_cut_off(settings.uploads)

    async def put(self, request: Request) -> Response:
        """Take an upload; 200 with what staging answered, or a problem and nothing kept."""
        if not bearer_is(request, self._settings.admin_token):
            refused = problem(401, "token_wrong", "send the administrator's token as a bearer")
            refused.headers["www-authenticate"] = "Bearer"
            return refused
        name = request.path_params["sha256"]
        if not _HASH.fullmatch(name):
            return problem(422, "invalid_data", "a segment is named by 64 hexadecimal digits")
        uploads = self._settings.uploads
        assert uploads is not None
        target = uploads / f"{self._world.new_id()}{_PART}"
        try:
            return await self._take(request, name, target)
        except BodyTooLargeError:
            detail = f"a segment has at most {SEGMENT_BYTES_MAX} bytes; nothing was kept"
            return problem(413, "body_too_large", detail)
        except ClientDisconnect:
            return problem(400, "cut_short", "the upload ended too early; nothing was kept")
        except OSError as error:
            detail = f"the upload could not be written: {error.strerror}; nothing was kept"
            return problem(507, "not_stored", detail)
        finally:
            await self._world.in_thread(target.unlink, missing_ok=True)

    async def _take(self, request: Request, name: str, target: Path) -> Response:
        digest = await self._write(request, target)
        if digest != name:
            detail = f"the bytes hash to {digest}; nothing was kept; send them again"
            return problem(422, "hash_differs", detail)
        stage = self._settings.stage
        assert stage is not None
        try:
            staged = await stage(target, name)
        except PostError as error:
            detail = f"the store is {error.kind}; nothing was staged; send it again shortly"
            return problem(503, error.kind, detail)
        if isinstance(staged, Failure):
            return problem(422, staged.code, staged.detail)
        return JSONResponse(staged)

    async def _write(self, request: Request, target: Path) -> str:
        """Write the body to `target`, a megabyte at a time off the loop; its hash."""
        digest = sha256()
        await self._world.in_thread(target.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
        waiting = bytearray()
        async for chunk in request.stream():
            waiting += chunk
            if len(waiting) >= _WRITE_BYTES:
                await self._world.in_thread(_append, target, waiting, digest)
                waiting = bytearray()
        await self._world.in_thread(_append, target, waiting, digest)
        return digest.hexdigest()


def _remove_cut_off(folder: Path) -> None:
    """Uploads that a server before this one was killed in; nothing else has that name."""
    for left in folder.glob(f"*{_PART}"):
        with contextlib.suppress(OSError):
            left.unlink()


def _append(target: Path, data: bytearray, digest: object) -> None:
    digest.update(data)  # type: ignore[attr-defined]
    with target.open("ab") as file:
        file.write(data)
