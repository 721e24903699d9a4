"""What the auditor is shown, in plain things: what was asked and answered, and what a store holds.

Nothing here knows the engine. `window.py` makes these of what runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from attrs import frozen


@frozen
class Asked:
    """What a front end asked for at its register, and by whose PIN beside the operator's."""

    id: str
    register: str
    name: str
    data: dict[str, Any]
    is_query: bool
    approver: str
    approver_pin: str


@frozen
class Answered:
    """What leaves the store for it, and the position of the journal it was computed at."""

    ok: bool
    data: Any
    refusal: dict[str, Any] | None
    fault: str
    position: int


@frozen
class Entry:
    """One transaction in a terminal's own memory. `signed_minor` is what it comes to on the
    merchant's account, towards the store; numbers are the terminal's. `is_stored` while its bank
    does not know of it, and `was_stored` from when it was taken without it. A nexo terminal names
    it by `reference` to its bank, and knows by which payment of the store's it was asked for
    (`asked_as`)."""

    kind: str
    signed_minor: int
    trace: int
    receipt: int
    original: int | None
    is_booked: bool
    is_reversed: bool
    is_stored: bool
    was_stored: bool
    reference: str = ""
    asked_as: str = ""


@frozen
class Moved:
    """What a payment provider holds under a reference: `state` is its word for how it stands."""

    state: str
    amount_minor: int


class Shown(Protocol):
    """A store that lives, as far as the auditor looks into it: its file, and its word for things
    that are no records."""

    def read(self, sql: str, values: tuple[Any, ...] = ()) -> list[Any]:
        """Rows of the journal's file, read past any fault of the disk."""

    def version(self) -> Any:
        """Another one after each change of that file; None amid a change."""

    def head(self) -> int:
        """The position of the newest record."""

    def position(self) -> int:
        """How far its books are."""

    def state_hashes(self) -> tuple[str, str]:
        """Of the books it goes on with, and of those that the whole journal comes to."""

    def payments_left(self) -> Mapping[str, dict[str, Any]]:
        """The payments by card that it puts before a person, by id."""

    def credit_left(self) -> dict[str, int]:
        """What its notes of store credit are worth, by code."""

    def views_stopped(self) -> str:
        """Which of its views no longer follow, "" where all do."""

    def view(self, sql: str) -> list[Any]:
        """Rows of what its views have folded, read past any fault of the disk."""
