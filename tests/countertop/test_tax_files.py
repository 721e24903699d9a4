"""From a pack to a store's tax rules: what is told before, and what is refused in words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from countertop.errors import CommandFailedError
from countertop.pack_files import FOLDER, pack_countries
from countertop.tax_files import (
    pack_named,
    preview,
    setup_of,
    with_classes,
    with_dining,
    with_likes,
)
from engine.order.commands import AddOpenLine
from engine.settings import TaxClass
from engine.taxation import Dining
from engine.taxes import SetTaxes
from engine.wire import canonical, parse, structure, unstructure
from tests.shop import Shop

DAY = "2026-11-26"


def written(folder: Path, change: Callable[[dict[str, Any]], None], country: str = "ca") -> str:
    """A pack's file with something changed."""
    pack = json.loads((FOLDER / f"{country}.json").read_text(encoding="utf-8"))
    change(pack)
    path = folder / "pack.json"
    path.write_text(json.dumps(pack), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("country", pack_countries())
def test_every_shipped_pack_can_be_put_in_force(country: str) -> None:
    """From its file over the wire into a shop of its currency, in each of its jurisdictions; with
    the classes the import adds, something of every category is sold."""
    pack = pack_named(country.lower())
    for jurisdiction in sorted(pack.rules.jurisdictions):
        setup = setup_of(pack, jurisdiction)
        sent = structure(parse(canonical(unstructure(SetTaxes(setup)))), SetTaxes)
        assert SetTaxes(setup) == sent
        shop = Shop.selling(currency=pack.currency)
        classes = with_classes(setup, (), DAY)
        assert {entry.id for entry in classes} == pack.rules.categories
        assert len({entry.letter for entry in classes}) == len(classes)
        shop.books.settings.tax_classes.clear()
        shop.books.settings.tax_classes.update({entry.id: entry for entry in classes})
        shop.ok(sent, admin=True)
        shop.now_ns = 1_795_700_000 * 10**9
        for entry in classes:
            shop.ok(AddOpenLine("Thing", 100_000_000, entry.id))
        assert shop.pay()["total_minor"] > 0


def test_the_preview_tells_rates_letters_and_what_they_were() -> None:
    """A line a category; other ways of handing over where they differ; classes without one."""
    setup = with_dining(setup_of(pack_named("JP")), Dining.TAKEAWAY)
    classes = (TaxClass("standard", "VAT", 190_000, "A"), TaxClass("tea", "Tea", 0, "T"))
    lines = list(preview(setup, classes, DAY))
    assert "Taxes in JP on 2026-11-26, from JP as of 2026-11-26:" == lines[0]
    word = setup.receipt.words["tax"]
    assert f"  A standard: {word} 10 % (19 % before)" in lines
    assert f"  D meal: {word} 8 %; eat_in {word} 10 % (a new tax class)" in lines
    assert "  T tea: no category of the rules; the store refuses it" in lines


def test_the_preview_tells_what_cash_rounds_to() -> None:
    """Canada's coins of five cents."""
    lines = list(preview(setup_of(pack_named("CA"), "CA-QC"), (), DAY))
    assert "  A standard: GST 5 % + QST 9.975 % (a new tax class)" in lines
    assert "Cash rounds to 5 minor units, half_up." == lines[-1]


def overlap(pack: dict[str, Any]) -> None:
    """Two entries of one rule on the same days."""
    entry = pack["rules"][0]["entries"][0]
    pack["rules"][0]["entries"].append({**entry, "start": "2020-01-01"})


def circle(pack: dict[str, Any]) -> None:
    """Two taxes that each come after the other."""
    gst, pst = pack["rules"][2], pack["rules"][4]
    gst["after"] = [pst["id"]]


@pytest.mark.parametrize(
    ("change", "words"),
    [(overlap, "tax_windows_must_not_overlap"), (circle, "tax_order_must_not_circle")],
)
def test_a_pack_without_one_answer_is_told(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], words: str
) -> None:
    """Overlapping dates and circles: the file, what is wrong, that nothing was changed."""
    with pytest.raises(CommandFailedError, match=re.escape(words)) as told:
        pack_named(written(tmp_path, change))
    assert "pack.json" in str(told.value)
    assert "Nothing was changed" in str(told.value)


@pytest.mark.parametrize(
    ("country", "jurisdiction", "words"),
    [
        ("US", "", "several places. Nothing was changed; choose with --jurisdiction one of US,"),
        ("US", "US-XX", "no jurisdiction 'US-XX'. Nothing was changed"),
        ("XX", "", "There is no pack for 'XX'. Nothing was changed; choose one of AT, "),
        ("gone.json", "", "cannot be used as a country pack"),
    ],
)
def test_what_there_is_not_is_told_with_what_there_is(
    country: str, jurisdiction: str, words: str
) -> None:
    """A country without a pack, a place that is none, a file that is not there."""
    with pytest.raises(CommandFailedError, match=re.escape(words)):
        setup_of(pack_named(country), jurisdiction)


def test_a_class_of_the_shops_own_is_taxed_as_a_category_is() -> None:
    """`reduced=food` has food's rate, in a shop that keeps its two classes."""
    setup = with_likes(setup_of(pack_named("DE")), ("reduced=food",))
    classes = (TaxClass("standard", "VAT", 190_000, "A"), TaxClass("reduced", "VAT", 50_000, "B"))
    assert "  B reduced: MwSt. 7 % (5 % before)" in list(preview(setup, classes, DAY))
    shop = Shop.selling()
    shop.ok(SetTaxes(setup), admin=True)
    shop.ring("bread", "wine")
    assert shop.pay()["total_minor"] == 350 + 799
    for wrong in ("reduced", "reduced=tea", "=food"):
        with pytest.raises(CommandFailedError, match="names no category of the rules"):
            with_likes(setup, (wrong,))


def test_a_pack_of_the_shops_own_is_read_from_its_file(tmp_path: Path) -> None:
    """A file in the format of the shipped ones, with a rate of its own."""

    def dearer(pack: dict[str, Any]) -> None:
        pack["rules"][0]["entries"][-1]["value"] = "23"

    setup = setup_of(pack_named(written(tmp_path, dearer, "de")))
    assert "  A standard: MwSt. 23 % (a new tax class)" in list(preview(setup, (), DAY))
