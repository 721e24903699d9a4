"""A file of the rules of returns: what a shop may write, and what is told where it may not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from countertop.errors import CommandFailedError
from countertop.returns import read_returns
from engine.credit.rules import PriceRule, ReturnRules

ROOT = Path(__file__).resolve().parents[2]


def test_the_example_of_the_documentation_is_read(tmp_path: Path) -> None:
    """The rules of docs/returns.md; the ceiling has the digits of the store's currency."""
    found = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/returns.md").read_text(), re.DOTALL)
    file = tmp_path / "returns.toml"
    file.write_text(found[0])
    wanted = ReturnRules(without_receipt=True, ceiling_minor=5_000, price=PriceRule.LOWEST, days=30)
    assert wanted == read_returns(file, 2).rules


def test_a_file_that_says_so_takes_nothing_back_without_a_receipt(tmp_path: Path) -> None:
    """What is left out is off."""
    file = tmp_path / "returns.toml"
    file.write_text("without_receipt = false")
    assert ReturnRules() == read_returns(file, 2).rules


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ceiling = ", "is no TOML"),
        ("limit = 1", "limit"),
        ("without_receipt = 1", "without_receipt"),
        ("ceiling = 50.001", "ceiling"),
        ('ceiling = "a lot"', "ceiling"),
        ('price = "cheap"', "price"),
        ("days = 1.5", "days"),
    ],
)
def test_what_is_no_file_of_rules(tmp_path: Path, text: str, words: str) -> None:
    """The words say where; nothing was changed."""
    file = tmp_path / "returns.toml"
    file.write_text(text)
    with pytest.raises(CommandFailedError, match=words) as caught:
        read_returns(file, 2)
    assert "Nothing was changed" in str(caught.value)
