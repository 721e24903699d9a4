"""Files that a shop writes by hand: TOML, read strictly, with decimals as they are written."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final, NoReturn

from countertop.errors import CommandFailedError
from engine.fields import Fields, scaled

NOT_READ: Final = "Nothing was changed. Correct the file and import it again."


def read_toml(file: Path, none: str = "") -> dict[str, Any]:
    """What a file holds. Decimals stay the text they are written as: no float ever holds a price.

    Where `none` is how a file says that nothing is to be in force, one that holds nothing at all is
    refused: most often something went wrong with it, and it would take out everything.

    Raises:
        CommandFailedError: it cannot be read, is no TOML, or holds nothing; the words say where
            and why.
    """
    try:
        # Some editors begin a file with a byte order mark, which is no part of it.
        found = tomllib.loads(file.read_text(encoding="utf-8-sig"), parse_float=str)
    except FileNotFoundError:
        raise CommandFailedError(f"There is no file {file}. {NOT_READ}") from None
    except RecursionError:
        raise CommandFailedError(f"{file} is nested too deeply. {NOT_READ}") from None
    except (OSError, ValueError) as error:  # also a whole number of thousands of digits
        raise CommandFailedError(f"{file} is no TOML: {error}. {NOT_READ}") from None
    if none and not found:
        refuse_nothing(file, none)
    return found


def refuse_nothing(file: Path, none: str) -> NoReturn:
    """Refuse a file that has nothing of what it is read for.

    Raises:
        CommandFailedError: with how it is written where that is meant.
    """
    raise CommandFailedError(
        f"{file} holds nothing to import. {NOT_READ} If all that is in force is to go, write "
        f"{none} in it."
    )


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
