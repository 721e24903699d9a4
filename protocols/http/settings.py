"""What the HTTP side is given by the front door: where it listens, what it shows, whom it asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from attrs import field, frozen

from actors.messages import Failure
from actors.provider_messages import Callback, Taken
from protocols.http.metrics import Sample


@frozen
class Health:
    """Whether the store can sell, and the figures that say why."""

    ok: bool
    data: dict[str, Any] = field(factory=dict)


@frozen
class Receipt:
    """A receipt in one of its forms, with its media type."""

    media_type: str
    body: bytes


# Called with the file an upload was written to and its SHA-256 in hexadecimal; the answer's fields
# go back to the uploader. The file is removed afterwards.
Stage = Callable[[Path, str], Awaitable[dict[str, Any] | Failure]]
# Called with an order id and `png`, `html` or `txt`; None where there is no such receipt.
Render = Callable[[str, str], Awaitable[Receipt | None]]
# Called with what a provider posted; answered once it is durable.
Hand = Callable[[Callback], Awaitable[Taken | Failure]]
# Called with the id of a payment by link; what its customer opens, "" where there is nothing to.
Opens = Callable[[str], str]


@frozen
class HttpSettings:
    """Where it listens, and what it serves; what is None or empty is not served at all.

    `port` 0 lets the system choose. `hosts` are further names of this store (`till.shop.example`),
    with their port unless that is the scheme's own. `uploads` is a folder of its own for uploads
    under way.
    """

    port: int
    health: Callable[[], Health]
    samples: Callable[[], list[Sample]]
    front_token: str
    admin_token: str
    address: str = "127.0.0.1"
    hosts: tuple[str, ...] = ()
    web: Path | None = None
    uploads: Path | None = None
    stage: Stage | None = None
    render: Render | None = None
    hand: Hand | None = None
    opens: Opens | None = None
