"""The Starlette application: pages and their token, health, metrics, segments, receipts."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from os import PathLike, stat_result

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from actors.world import World
from protocols.front.guard import Guard
from protocols.http.callbacks import Callbacks
from protocols.http.metrics import CONTENT_TYPE, exposition, make_registry
from protocols.http.openapi import openapi
from protocols.http.pictures import link_picture
from protocols.http.settings import HttpSettings
from protocols.http.shield import BodySlowError, BodyTooLargeError, Shield, problem
from protocols.http.uploads import Uploads
from protocols.limits import BODY_BYTES_MAX

_RECEIPT_FORMS = ("png", "html", "txt")
_ORDER_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
# A printed receipt is shown as it is and may do nothing at all.
_RECEIPT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


class Pages(StaticFiles):
    """The built front ends: what has a hash in its name never changes, the rest is asked for
    again each time and answered 304 where it is the same."""

    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """A file with the caching it deserves."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        hashed = "/assets/" in scope["path"] and status_code == 200
        response.headers["cache-control"] = _FOR_EVER if hashed else _ASK_AGAIN
        return response


def make_app(settings: HttpSettings, world: World, guard: Guard) -> Starlette:
    """The application behind everything but `/ws`."""
    registry = make_registry(settings.samples)

    async def health(_: Request) -> Response:
        found = settings.health()
        return JSONResponse({"ok": found.ok, **found.data}, 200 if found.ok else 503)

    async def metrics(_: Request) -> Response:
        return Response(exposition(registry), headers={"content-type": CONTENT_TYPE})

    async def describe(_: Request) -> Response:
        return JSONResponse(openapi())

    async def session(_: Request) -> Response:
        return JSONResponse({"token": settings.front_token})

    routes: list[BaseRoute] = [
        Route("/health", health),
        Route("/metrics", metrics),
        Route("/api/openapi.json", describe),
        Route("/session.json", session),
    ]
    if settings.stage is not None and settings.uploads is not None:
        uploads = Uploads(settings, world)
        routes.append(Route("/api/segments/{sha256}", uploads.put, methods=["PUT"]))
    if settings.render is not None:
        routes.append(Route("/receipts/{order_id}.{form}", _receipts(settings)))
    if settings.hand is not None:
        callbacks = Callbacks(settings.hand)
        routes.append(Route("/callbacks/{provider}", callbacks.post, methods=["POST"]))
    if settings.opens is not None:
        routes.append(Route("/paylinks/{paylink_id}.svg", link_picture(settings.opens)))
    if settings.web is not None:
        routes.append(Mount("/", Pages(directory=settings.web, html=True, check_dir=False)))
    return Starlette(
        routes=routes,
        middleware=[Middleware(Shield, guard=guard)],
        exception_handlers={
            HTTPException: _http_problem,
            BodyTooLargeError: _body_problem,
            BodySlowError: _slow_problem,
        },
    )


def _receipts(settings: HttpSettings) -> Callable[[Request], Awaitable[Response]]:
    async def receipt(request: Request) -> Response:
        order_id, form = request.path_params["order_id"], request.path_params["form"]
        render = settings.render
        found = None
        if render is not None and form in _RECEIPT_FORMS and _ORDER_ID.fullmatch(order_id):
            found = await render(order_id, form)
        if found is None:
            return problem(404, "receipt_must_exist", "there is no such receipt, or not yet")
        headers = {"content-security-policy": _RECEIPT_POLICY, "content-type": found.media_type}
        return Response(found.body, headers=headers)

    return receipt


async def _http_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "not_taken")
    response = problem(error.status_code, code, str(error.detail))
    response.headers.update(error.headers or {})
    return response


async def _body_problem(_: Request, __: Exception) -> Response:
    detail = f"at most {BODY_BYTES_MAX} bytes are read here; nothing was kept"
    return problem(413, "body_too_large", detail)


async def _slow_problem(_: Request, __: Exception) -> Response:
    response = problem(408, "body_too_slow", "its rest did not come in time; nothing was kept")
    response.headers["connection"] = "close"
    return response
