"""What a fact asks of the world: device jobs that leave through the outbox, at least once."""

from __future__ import annotations

from attrs import frozen

from engine.document import Document
from engine.wire import Registry

EFFECTS = Registry("effect")


@EFFECTS.name("printer.print/1")
@frozen
class Print:
    """Print a document and cut. A repeat whose first try may have printed is marked COPY."""

    document: Document


@EFFECTS.name("drawer.kick/1")
@frozen
class KickDrawer:
    """Open the drawer. Worthless after a few seconds, so it always carries an expiry."""

    reason: str = ""


Effect = Print | KickDrawer
