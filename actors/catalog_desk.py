"""Makes uploaded catalog segments ready, off the loop: merged over today's catalog, on disk."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import structlog

from actors.asks import ReadCatalog, SegmentReady, Staged, StageUpload
from actors.checkpoints import write_durably
from actors.errors import PostError
from actors.history import segment_path
from actors.limits import ASK_TIMEOUT_S
from actors.mailbox import Mailbox
from actors.messages import Failure
from actors.world import World
from engine.catalog import Catalog
from native import CoreError, PriceBook, SegmentBuilder

log = structlog.get_logger()


class CatalogDesk:
    """*Owns* the folder of segments. *Receives* `StageUpload` from doors. *Sends* `ReadCatalog`
    and `SegmentReady` to the bookkeeper. *If it dies* the upload is repeated; nothing was changed.
    """

    address = "catalog_desk"

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    async def run(self, mailbox: Mailbox, post: Any, world: World) -> None:
        """One upload after the other."""
        async for envelope in mailbox:
            if not isinstance(envelope.body, StageUpload):
                log.warning("message_not_understood", kind=type(envelope.body).__name__)
                continue
            try:
                envelope.answer(await self._stage(envelope.body, post, world))
            except PostError as error:
                envelope.answer(error)

    async def _stage(self, upload: StageUpload, post: Any, world: World) -> Staged | Failure:
        catalog: Catalog = await post.ask("bookkeeper", ReadCatalog(), timeout_s=ASK_TIMEOUT_S)
        try:
            digest, book = await world.in_thread(
                self._merge, Path(upload.path), upload.segment_hash, catalog.book
            )
        except (CoreError, ValueError) as error:
            return Failure("segment_must_be_valid", f"{error}. Nothing was changed.")
        except OSError as error:
            return Failure("segment_must_be_storable", f"{error}. Nothing was changed.")
        await post.ask("bookkeeper", SegmentReady(digest, book), timeout_s=ASK_TIMEOUT_S)
        return Staged(digest, book.item_count, catalog.version)

    def _merge(self, path: Path, expected: str, current: PriceBook) -> tuple[str, PriceBook]:
        """The upload put over what is for sale, written under its own hash."""
        data = path.read_bytes()
        if sha256(data).hexdigest() != expected:
            raise ValueError("the upload is not what its name says")
        builder = SegmentBuilder.from_segment(current.to_segment())
        builder.merge(data)
        merged = builder.build()
        book = PriceBook.from_segment(merged)
        digest = sha256(merged).hexdigest()
        target = segment_path(self._data_dir, digest)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            write_durably(target, merged)
        return digest, book
