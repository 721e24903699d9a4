"""What the command line tells a person."""

from __future__ import annotations

from actors.errors import ToldError


class CommandFailedError(ToldError):
    """Told to the person at the terminal as it stands; exit code 1."""


class UnsaidError(CommandFailedError):
    """What a command had to say found no room; what it had done before that stays done."""
