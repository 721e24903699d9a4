"""The country packs that come with Countertop, found by the country's ISO 3166 code."""

from __future__ import annotations

import json
from pathlib import Path

from countertop.errors import CommandFailedError
from engine.fields import FieldsError
from engine.packs import CountryPack, parse_pack
from engine.tax_rules import TaxRulesError

FOLDER = Path(__file__).with_name("packs")


def pack_countries() -> tuple[str, ...]:
    """The countries there are packs for, in alphabetical order."""
    return tuple(sorted(path.stem.upper() for path in FOLDER.glob("*.json")))


def load_pack(country: str) -> CountryPack:
    """The pack of a country.

    Raises:
        CommandFailedError: there is none, or its file cannot be used; told as it stands.
    """
    known = pack_countries()
    if country not in known:
        raise CommandFailedError(
            f"There is no pack for {country[:20]!r}. Nothing was changed; "
            f"choose one of {', '.join(known)}."
        )
    return read_pack(FOLDER / f"{country.lower()}.json")


def read_pack(path: Path) -> CountryPack:
    """A pack from a file, ours or anybody's.

    Raises:
        CommandFailedError: no such file, not JSON, or rules that have no one answer.
    """
    try:
        return parse_pack(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError, FieldsError, TaxRulesError) as error:
        raise CommandFailedError(
            f"{path} cannot be used as a country pack ({error}). Nothing was changed; "
            "correct the file."
        ) from error
