"""Files that a shop writes by hand: TOML, read strictly, with decimals as they are written."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

from countertop.errors import CommandFailedError
from engine.fields import Fields, scaled

NOT_READ: Final = "Nothing was changed. Correct the file and import it again."


def read_toml(file: Path) -> dict[str, Any]:
    """What a file holds. Decimals stay the text they are written as: no float ever holds a price.

    Raises:
        CommandFailedError: it cannot be read, or is no TOML; the words say where and why.
    """
    try:
        # Some editors begin a file with a byte order mark, which is no part of it.
        return tomllib.loads(file.read_text(encoding="utf-8-sig"), parse_float=str)
    except FileNotFoundError:
        raise CommandFailedError(f"There is no file {file}. {NOT_READ}") from None
    except RecursionError:
        raise CommandFailedError(f"{file} is nested too deeply. {NOT_READ}") from None
    except (OSError, ValueError) as error:  # also a whole number of thousands of digits
        raise CommandFailedError(f"{file} is no TOML: {error}. {NOT_READ}") from None


def number(row: Fields, name: str, decimals: int, default: int | None = None) -> int:
    """A number as an integer with so many decimals, written with or without quotes.

    Raises:
        FieldsError: it is missing and has no `default`, or is no number of so few decimals.
    """
    if default is not None and not row.has(name):
        return default
    value = row.take(name)
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return scaled(text, decimals, row.at(name))
