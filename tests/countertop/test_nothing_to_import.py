"""A file with nothing in it takes nothing out, though it would take out everything."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from countertop.acquirers import read_acquirers
from countertop.charges import read_charges
from countertop.currencies import read_currencies
from countertop.errors import CommandFailedError
from countertop.prices import read_prices
from countertop.promotions import read_promotions
from countertop.returns import read_returns
from countertop.tenders import read_tenders

READERS: tuple[tuple[Callable[[Path], Any], str], ...] = (
    (read_promotions, "promotion = []"),
    (read_prices, "price_list = []"),
    (partial(read_charges, minor_digits=2), "charge = []"),
    (read_currencies, "currency = []"),
    (partial(read_tenders, minor_digits=2), "tender = []"),
    (partial(read_returns, minor_digits=2), "without_receipt = false"),
    (partial(read_acquirers, minor_digits=2), "acquirer = []"),
)


@pytest.mark.parametrize(("read", "none"), READERS)
@pytest.mark.parametrize("text", ["", "\n", "# all of it is gone\n", "\ufeff"])
def test_a_file_with_nothing_in_it_is_refused(
    tmp_path: Path, read: Callable[[Path], Any], none: str, text: str
) -> None:
    """It says how to write that nothing is meant, and a file that says so is read."""
    file = tmp_path / "file.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CommandFailedError, match=r"holds nothing to import\. Nothing was") as told:
        read(file)
    assert str(told.value).endswith(f"If all that is in force is to go, write {none} in it.")
    file.write_text(none)
    read(file)


def test_a_policy_without_promotions_is_refused(tmp_path: Path) -> None:
    """What is left where the promotions were lost is no wish to have none."""
    file = tmp_path / "promotions.toml"
    file.write_text('policy = "best"\n')
    with pytest.raises(CommandFailedError, match="holds nothing to import"):
        read_promotions(file)
