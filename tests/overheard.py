"""Words that reach a run of the tests and would be forgotten: what it reads from processes it
started, what these say to nobody, and what virtual printers print.

`Overheard` hands every byte of it to a keeper, named by where it came from, so that a number in two
pieces is found as one. It stands in `os.read` for pipes, which is how trio, asyncio and
`subprocess.communicate` read, and in the files of `subprocess.Popen`, which read below Python. What
goes to `DEVNULL` goes to a file instead.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hardware.printer.virtual import VirtualPrinter

Keep = Callable[[str, bytes], None]
"""Takes the name of a source and its next bytes."""


class _Pipe(io.RawIOBase):
    """The end of a pipe that a test reads; `keep` hears of it."""

    def __init__(self, raw: io.RawIOBase, keep: Keep) -> None:
        self._raw = raw
        self._keep = keep
        self._name = _name_of(raw.fileno())

    def readinto(self, room: Any) -> int | None:
        count: int | None = self._raw.readinto(room)
        if count:
            self._keep(self._name, bytes(memoryview(room)[:count]))
        return count

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def close(self) -> None:
        self._raw.close()
        super().close()


def _name_of(descriptor: int) -> str:
    """A pipe's name, the same wherever its end is held; empty for what is no pipe."""
    status = os.fstat(descriptor)
    return f"pipe-{status.st_ino}" if stat.S_ISFIFO(status.st_mode) else ""


def _listening(file: Any, keep: Keep) -> Any:
    """A file of `Popen` once more, so that what is read of it is kept."""
    if isinstance(file, io.TextIOWrapper):
        encoding, errors = file.encoding, file.errors
        inner = _listening(file.detach(), keep)
        return io.TextIOWrapper(inner, encoding=encoding, errors=errors)
    if isinstance(file, io.BufferedReader):
        return io.BufferedReader(_Pipe(file.detach(), keep))
    return _Pipe(file, keep)


class Overheard:
    """Listens from `install` to `uninstall`; `sink` names a file for what would be thrown away."""

    def __init__(self, keep: Keep, sink: Callable[[], Path]) -> None:
        self._keep = keep
        self._sink = sink
        self._read = os.read
        self._begin = subprocess.Popen.__init__
        self._print = VirtualPrinter.receive

    def install(self) -> None:
        """From now on everything is kept."""
        keep, sink, read, begin, carry_out = (
            *(self._keep, self._sink),
            *(self._read, self._begin, self._print),
        )

        def read_kept(descriptor: int, count: int, /) -> bytes:
            name = ""
            with contextlib.suppress(OSError):
                name = _name_of(descriptor)
            data = read(descriptor, count)
            if name and data:
                keep(name, data)
            return data

        def begin_kept(process: Any, *arguments: Any, **options: Any) -> None:
            with contextlib.ExitStack() as files:
                for name in ("stdout", "stderr"):
                    if options.get(name) == subprocess.DEVNULL:
                        options[name] = files.enter_context(sink().open("ab"))
                begin(process, *arguments, **options)
            for name in ("stdout", "stderr"):
                if (file := getattr(process, name)) is not None:
                    setattr(process, name, _listening(file, keep))

        def receive_kept(printer: Any, data: bytes) -> None:
            keep(f"paper-{id(printer)}", bytes(data))
            carry_out(printer, data)

        os.read = read_kept
        subprocess.Popen.__init__ = begin_kept  # type: ignore[assignment,method-assign]
        VirtualPrinter.receive = receive_kept  # type: ignore[assignment,method-assign]

    def uninstall(self) -> None:
        """As it was."""
        os.read = self._read
        subprocess.Popen.__init__ = self._begin  # type: ignore[method-assign]
        VirtualPrinter.receive = self._print  # type: ignore[method-assign]
