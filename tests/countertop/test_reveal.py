"""Names are opened on their way out, wherever they stand in what is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.personal import Keyring
from countertop.store import reveal_with

NAMES = ('Ana "Nana" Ω', "back\\slash", "two\nlines", "plain", "")


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Keyring]:
    """A keyring of its own."""
    held = Keyring(tmp_path / "personal.db")
    yield held
    held.close()


def _sealed(keyring: Keyring, name: str) -> str:
    return keyring.seal("operator/ana", "c", "name", name)


@pytest.mark.parametrize("name", NAMES)
def test_whatever_a_name_is_made_of_it_comes_out_as_it_went_in(keyring: Keyring, name: str) -> None:
    """Quotes, backslashes, lines and letters of any script, alone and within a text."""
    token = _sealed(keyring, name)
    shown = {"who": token, "rows": [1, None, {"text": f"for {token}, and {token}"}], "left": True}
    assert reveal_with(keyring)(shown) == {
        "who": name,
        "rows": [1, None, {"text": f"for {name}, and {name}"}],
        "left": True,
    }


def test_what_names_nobody_is_not_touched(keyring: Keyring) -> None:
    """It is the very same, and so is what only looks like a token."""
    shown: dict[str, Any] = {"total_minor": 5, "text": "~p1.not/a.token"}
    assert reveal_with(keyring)({"a": 1}) == {"a": 1}
    assert reveal_with(keyring)(shown) == shown


def test_what_json_cannot_hold_is_opened_all_the_same(keyring: Keyring) -> None:
    """A figure beyond 64 bits, say."""
    shown = {"who": _sealed(keyring, "Ana"), "huge": 1 << 70}
    assert reveal_with(keyring)(shown) == {"who": "Ana", "huge": 1 << 70}


TEXTS = st.lists(
    st.sampled_from([*range(len(NAMES)), "\n", "\\", '"', "~", "~p1.", "n", "\u2028", "é", "\0"]),
    max_size=5,
)


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_whatever_stands_around_a_name_it_is_opened_as_it_is_alone(
    parts: list[list[int | str]],
) -> None:
    """The quick way, in the bytes of the JSON, and the plain one, text by text, come to the same:
    whatever has to be written otherwise in JSON stands before or behind."""
    with TemporaryDirectory() as folder:
        keyring = Keyring(Path(folder) / "personal.db")
        tokens = [_sealed(keyring, name) for name in NAMES]
        texts = ["".join(tokens[p] if isinstance(p, int) else p for p in one) for one in parts]
        shown = {"rows": [{"text": text} for text in texts], "first": texts[0]}
        rows = [{"text": keyring.reveal(text)} for text in texts]
        assert reveal_with(keyring)(shown) == {"rows": rows, "first": rows[0]["text"]}
        keyring.close()


def test_who_was_erased_stays_so(keyring: Keyring) -> None:
    """The word that stands for them comes out."""
    token = _sealed(keyring, "Ana")
    keyring.erase("operator/ana")
    assert reveal_with(keyring)([token]) == ["(erased)"]
