"""Imports: merged over what is for sale off the loop, on disk before they count, whole or not."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from actors.asks import StageUpload
from actors.messages import Failure
from countertop.importer import Prepared, prepare
from countertop.seed import doer, install_segment
from native import SegmentBuilder
from tests.store.harness import (
    OwnShop,
    Shop,
    open_shop,
)

CLASSES = frozenset(("standard", "reduced"))
HEADER = "code,name,price_minor,department,tax_class\n"


def _file(folder: Path, rows: str, name: str = "items.csv") -> Prepared:
    path = folder / name
    path.write_text(HEADER + rows)
    return prepare(path, "EUR", CLASSES)


def _upload(folder: Path, segment: bytes) -> StageUpload:
    path = folder / "upload.segment"
    path.write_bytes(segment)
    return StageUpload(str(path), sha256(segment).hexdigest())


async def _stage(shop: Shop, upload: StageUpload) -> Any:
    return await shop.node.ask("catalog_desk", upload, timeout_s=60)


async def _prices(shop: OwnShop, *codes: str) -> list[int | None]:
    book = shop.store.books.catalog.book
    rows = [book.find_code(code) for code in codes]
    return [None if row is None else row.unit_price_micros // 10_000 for row in rows]


async def test_an_import_goes_over_what_is_for_sale(tmp_path: Path) -> None:
    """New items come, known ones change, all others stay; also after a restart."""
    found = _file(tmp_path, "milk,Milk,145,Food,reduced\n777,Tea,299,Food,reduced\n")
    async with open_shop(tmp_path) as shop:
        count = shop.store.books.catalog.book.item_count
        assert await install_segment(shop.store, doer(shop.store), found.segment, "test") == (
            count + 1
        )
        assert await _prices(shop, "milk", "777", "bread") == [145, 299, 350]
        assert (await shop.sell("777"))["total_minor"] == 299
        before = shop.hash()
    async with open_shop(tmp_path, ready=False) as shop:
        assert shop.hash() == before
        assert await _prices(shop, "milk", "777", "bread") == [145, 299, 350]
        assert not list((tmp_path / "data" / "staging").iterdir())


async def test_bad_uploads_are_named(tmp_path: Path) -> None:
    """Bytes that are not what they say, no segment or not there: told, and nothing changes."""
    builder = SegmentBuilder()
    whole = builder.build()
    async with open_shop(tmp_path) as shop:
        version = shop.store.books.catalog.version
        upload = _upload(tmp_path, whole)
        for wrong, code in (
            (StageUpload(upload.path, "0" * 64), "segment_must_be_valid"),
            (_upload(tmp_path, b"garbage" * 1000), "segment_must_be_valid"),
            (_upload(tmp_path, whole[:-1]), "segment_must_be_valid"),
            (StageUpload(str(tmp_path / "none"), "0" * 64), "segment_must_be_storable"),
        ):
            failure = await _stage(shop, wrong)
            assert isinstance(failure, Failure)
            assert failure.code == code
            assert "Nothing was changed" in failure.detail
        reply = await shop.ask(
            "catalog.install_segment",
            "_office",
            {"segment_hash": "0" * 64, "base_version": version, "item_count": 1, "source": "x"},
            admin=True,
        )
        assert reply.refusal is not None
        assert reply.refusal["code"] == "segment_must_be_staged"
        assert shop.store.books.catalog.version == version
