"""A file of foreign currencies: what a shop may write, and what is told where it may not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from countertop.currencies import read_currencies
from countertop.errors import CommandFailedError
from engine.foreign import ForeignCurrency

ROOT = Path(__file__).resolve().parents[2]


def test_the_example_of_the_documentation_is_read(tmp_path: Path) -> None:
    """Each currency of docs/currencies.md; a note has the digits of its own currency."""
    found = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/currencies.md").read_text(), re.DOTALL)
    file = tmp_path / "currencies.toml"
    file.write_text(found[0])
    assert read_currencies(file).currencies == (
        ForeignCurrency("USD", 921_000, 500),
        ForeignCurrency("JPY", 6_123, 1_000),
    )


def test_a_file_that_says_so_takes_none(tmp_path: Path) -> None:
    """A shop that stops taking notes imports a file that says that there are none."""
    file = tmp_path / "currencies.toml"
    file.write_text("currency = []")
    assert read_currencies(file).currencies == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[currency", "is no TOML"),
        ("rates = 1", "rates"),
        ("[[currency]]\nrate = 1", "code"),
        ('[[currency]]\ncode = "USD"', "rate"),
        ('[[currency]]\ncode = "USD"\nrate = "0.0000001"', "rate"),
        ('[[currency]]\ncode = "JPY"\nrate = 1\nnote = 0.5', "note"),
    ],
)
def test_what_is_no_file_of_currencies(tmp_path: Path, text: str, words: str) -> None:
    """The words say where; nothing was changed."""
    file = tmp_path / "currencies.toml"
    file.write_text(text)
    with pytest.raises(CommandFailedError, match=words) as caught:
        read_currencies(file)
    assert "Nothing was changed" in str(caught.value)
