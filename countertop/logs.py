"""One structured log on standard error, without personal data: values are codes and numbers."""

from __future__ import annotations

import logging
import sys
from typing import TextIO, cast

import structlog


class _Spared:
    """A text file that drops what it cannot take.

    Standard error may be a file on a full disk, or a pipe whose reader is gone. A line that is
    lost there costs a line; raised at whoever logs, it would end a store that can sell.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        try:
            return self._file.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError:
            return


def configure(level: str = "info") -> None:
    """Log from `level` on; readable on a terminal, JSON lines elsewhere."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    renderer: structlog.typing.Processor
    if sys.stderr.isatty():
        renderer = structlog.dev.ConsoleRenderer()
    else:
        renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Spared(sys.stderr))),
        cache_logger_on_first_use=True,
    )
