"""What the command line tells a person."""

from __future__ import annotations


class CommandFailedError(Exception):
    """Told to the person at the terminal as it stands; exit code 1."""
