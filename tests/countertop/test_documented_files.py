"""What the pages show can be copied: every file in them is read as the command line reads it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from countertop.acquirers import read_acquirers
from countertop.charges import read_charges
from countertop.config import load
from countertop.currencies import read_currencies
from countertop.prices import read_prices
from countertop.promotions import read_promotions
from countertop.returns import read_returns
from countertop.settlement_columns import columns_named
from countertop.tenders import read_tenders

ROOT = Path(__file__).resolve().parents[2]
SHOWN: dict[str, tuple[Callable[[Path], Any], ...]] = {
    "docs/cards.md": (load,) * 3,
    "docs/payment-links.md": (load,),
    "docs/promotions.md": (read_promotions,) * 3,
    "docs/prices.md": (read_prices, partial(read_charges, minor_digits=2)),
    "docs/currencies.md": (read_currencies,),
    "docs/tenders.md": (partial(read_tenders, minor_digits=2),),
    "docs/returns.md": (partial(read_returns, minor_digits=2),),
    "docs/settlement.md": (
        partial(read_acquirers, minor_digits=2),
        lambda file: columns_named(str(file)),
    ),
    "docs/store.md": (load,),
    "hardware/README.md": (load,),
}


@pytest.mark.parametrize("page", SHOWN)
def test_every_file_a_page_shows_is_read(tmp_path: Path, page: str) -> None:
    """None has a key, a word or a figure that there is not."""
    text = (ROOT / page).read_text()
    shown = re.findall(r"^```toml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    shown += [dedent(block) for block in re.findall(r"^    \[(?:.|\n    )+", text, re.MULTILINE)]
    file = tmp_path / "shown.toml"
    for written, read in zip(shown, SHOWN[page], strict=True):
        file.write_text(written)
        read(file)
