"""The line from a simulated terminal to its bank, whatever protocol it speaks to the register."""

from __future__ import annotations

from typing import Protocol


class Presenting(Protocol):
    """The memory of a terminal."""

    def present(self) -> None:
        """Have the bank decide what was taken without it."""


class HostLine:
    """Mixed into a simulated terminal: once its bank is back, what was stored is presented."""

    ledger: Presenting
    _is_offline = False

    @property
    def is_offline(self) -> bool:
        """Whether its bank cannot be reached."""
        return self._is_offline

    @is_offline.setter
    def is_offline(self, is_offline: bool) -> None:
        self._is_offline = is_offline
        if not is_offline:
            self.ledger.present()
